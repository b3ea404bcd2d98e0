import pytest
import torch

from dropout_lib import pytorch, scratch
from tests.elementwise import PROBABILITIES, Elementwise


class TestInvertedDropout(Elementwise):
    scratch_layer = scratch.Dropout
    scratch_forward = staticmethod(scratch.dropout_forward)
    scratch_backward = staticmethod(scratch.dropout_backward)
    torch_layer = pytorch.Dropout
    torch_forward = staticmethod(pytorch.dropout_forward)
    torch_backward = staticmethod(pytorch.dropout_backward)
    torch_function = staticmethod(pytorch.functional.dropout)

    @staticmethod
    def train_scale(p):
        return 1 / (1 - p) if p < 1 else 0

    @staticmethod
    def eval_scale(p):
        return 1


SHAPES = [(), (0,), (7,), (100, 37), (4, 3, 8, 8), (100_000,)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", PROBABILITIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_gives_what_torch_nn_gives(shape, p, dtype):
    x = torch.randn(shape, dtype=dtype)
    torch.manual_seed(17)
    expected = torch.nn.Dropout(p)(x)
    torch.manual_seed(17)
    out = pytorch.Dropout(p)(x)
    assert out.dtype == expected.dtype
    assert out.stride() == expected.stride()
    assert torch.equal(out, expected)
    torch.manual_seed(17)
    assert torch.equal(pytorch.functional.dropout(x, p), expected)


def test_the_same_seed_gives_what_torch_nn_gives_in_channels_last():
    x = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    torch.manual_seed(18)
    expected = torch.nn.Dropout(0.5)(x)
    torch.manual_seed(18)
    assert torch.equal(pytorch.Dropout(0.5)(x), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_drops_the_units_that_torch_nn_drops(dtype):
    x = torch.ones(10_000, dtype=dtype)
    torch.manual_seed(19)
    expected = torch.nn.Dropout(0.3)(x)
    torch.manual_seed(19)
    out = pytorch.Dropout(0.3)(x)
    assert out.dtype == dtype
    assert torch.equal(out == 0, expected == 0)
    # torch.nn rounds 1 - p to half precision before it divides, so the scales are only close
    torch.testing.assert_close(out, expected, rtol=0.01, atol=0)


def test_evaluation_returns_the_input_itself_as_torch_nn_does():
    x = torch.ones(3)
    assert pytorch.Dropout(0.5).eval()(x) is x
    assert torch.nn.Dropout(0.5).eval()(x) is x
