import pytest
import torch

from dropout_lib import pytorch, scratch
from tests.variants import Elementwise


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_kept(dtype):
    out = pytorch.Dropout(0.3)(torch.ones(10_000, dtype=dtype))
    assert out.dtype == dtype
    assert out.unique().tolist() == [0, torch.tensor(1 / 0.7, dtype=dtype)]


@pytest.mark.parametrize("p", [1e-4, 0.3, 0.999])
def test_rare_draws_have_their_probability(p):
    units = 2_000_001  # an odd number: two units share a random number
    dropped = (~pytorch.draw_keep_mask((units,), p)).sum().item()
    assert abs(dropped - p * units) <= 6 * (units * p * (1 - p)) ** 0.5


def test_neighbouring_units_are_drawn_independently():
    keep = pytorch.draw_keep_mask((1_000_000,), 0.5).float() - 0.5
    for lag in (1, 2, 3):
        assert abs((keep[lag:] * keep[:-lag]).mean()) < 6 * 0.25 / 1000


def test_evaluation_returns_the_input_itself_as_torch_nn_does():
    x = torch.ones(3)
    assert pytorch.Dropout(0.5).eval()(x) is x
    assert torch.nn.Dropout(0.5).eval()(x) is x
