"""DropConnect in both rooms: the formula, its gradients, its moments, and what is refused."""

import copy
import math
import pickle
import sys
import tracemalloc

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from dropout_lib import pytorch, scratch

PROBABILITIES = [0, 0.1, 0.3, 0.5, 0.9, 1]
DTYPES = [np.float32, np.float64]
ROOMS = ["scratch", "pytorch"]
CASES, OUTPUTS, INPUTS = 5, 7, 11


def example(dtype=np.float64, p=0.5, cases=CASES):
    """x, weight, bias, the gradient of the output, and a mask for both rooms to replay."""
    rng = np.random.default_rng(21)
    shapes = (cases, INPUTS), (OUTPUTS, INPUTS), (OUTPUTS,), (cases, OUTPUTS)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    return *arrays, scratch.draw_keep_mask((cases, OUTPUTS, INPUTS), p, rng)


def make(room, p, weight, bias, training=True, seed=None):
    """A layer of either room with these weights."""
    outputs, inputs = weight.shape
    if room == "scratch":
        layer = scratch.DropConnectLinear(
            inputs, outputs, bias is not None, p=p, rng=seed and np.random.default_rng(seed)
        )
        layer.weight.value = weight
        if bias is not None:
            layer.bias.value = bias
    else:
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        layer = pytorch.DropConnectLinear(
            inputs, outputs, bias is not None, p=p, generator=generator
        )
        layer.weight.data = torch.tensor(weight)
        if bias is not None:
            layer.bias.data = torch.tensor(bias)
    return layer if training else layer.eval()


def through(room, layer, x, grad_output, mask=None):
    """output, and the gradients of x, weight and bias, as arrays"""
    if room == "scratch":
        out, grad_x = layer.forward(x, mask=mask), layer.backward(grad_output)
        return out, grad_x, *(parameter.grad for parameter in layer.parameters())
    leaf = torch.tensor(x, requires_grad=True)
    out = layer(leaf, mask=None if mask is None else torch.tensor(mask))
    layer.zero_grad()
    out.backward(torch.tensor(grad_output))
    grads = [leaf.grad, *(parameter.grad for parameter in layer.parameters())]
    return out.detach().numpy(), *(grad.numpy() for grad in grads)


def formula(x, weight, bias, grad_output, mask, p):
    """The same four by the formulas, written out with a thinned weight matrix per case."""
    kept = np.where(mask, weight, 0) * (1 / (1 - p) if p < 1 else 0)  # (N, O, I)
    factor = mask * (1 / (1 - p) if p < 1 else 0)
    return (
        np.einsum("noi,ni->no", kept, x) + bias,
        np.einsum("noi,no->ni", kept, grad_output),
        np.einsum("noi,no,ni->oi", factor, grad_output, x),
        grad_output.sum(axis=0),
    )


def close(a, b, dtype):
    """Equal up to the order in which the terms of a sum are added."""
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    return np.abs(a - b).max(initial=0) <= tolerance * np.abs(b).max(initial=0)


# --- the formula, and parity ---------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_training_and_gradients_follow_the_formula(room, p, dtype):
    x, weight, bias, grad_output, mask = example(dtype, p)
    got = through(room, make(room, p, weight, bias), x, grad_output, mask)
    for ours, expected in zip(got, formula(x, weight, bias, grad_output, mask, p), strict=True):
        assert ours.dtype == dtype
        assert close(ours, expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_both_rooms_agree_under_a_shared_mask(p, dtype):
    # to rounding and not to the last bit: the two add the terms of each sum in another order
    x, weight, bias, grad_output, mask = example(dtype, p)
    rooms = [through(room, make(room, p, weight, bias), x, grad_output, mask) for room in ROOMS]
    for ours, theirs in zip(*rooms, strict=True):
        assert close(ours, theirs, dtype)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_evaluation_is_the_mean_weight_network(room, p):
    x, weight, bias, grad_output, _ = example()
    layer = make(room, p, weight, bias, training=False)
    out, grad_x, grad_weight, grad_bias = through(room, layer, x, grad_output)
    assert layer.mask is None
    assert close(out, x @ weight.T + bias, np.float64)
    assert close(grad_x, grad_output @ weight, np.float64)
    assert close(grad_weight, grad_output.T @ x, np.float64)
    assert close(grad_bias, grad_output.sum(axis=0), np.float64)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
def test_a_layer_without_bias(room, training):
    x, weight, bias, grad_output, mask = example()
    layer = make(room, 0.5, weight, None, training)
    out, *grads = through(room, layer, x, grad_output, mask)
    with_bias = make(room, 0.5, weight, bias, training)
    expected, *expected_grads = through(room, with_bias, x, grad_output, mask)
    assert close(out + bias, expected, np.float64)
    assert len(grads) == 2
    assert all((a == b).all() for a, b in zip(grads, expected_grads, strict=False))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [0.3, 1])
def test_functional_forms_are_the_layer(p, training):
    x, weight, bias, grad_output, mask = example()
    layer = make("scratch", p, weight, bias, training)
    out, *grads = through("scratch", layer, x, grad_output, mask)
    again, used = scratch.dropconnect_forward(x, weight, bias, p, training, mask=mask)
    assert (out == again).all()
    backward = scratch.dropconnect_backward(grad_output, x, weight, used, p)
    assert all((a == b).all() for a, b in zip(grads, backward, strict=True))

    layer = make("pytorch", p, weight, bias, training)
    out, *grads = through("pytorch", layer, x, grad_output, mask)
    x, weight, bias, grad_output, mask = map(torch.tensor, (x, weight, bias, grad_output, mask))
    again, used = pytorch.dropconnect_forward(x, weight, bias, p, training, mask=mask)
    assert (out == again.numpy()).all()
    backward = pytorch.dropconnect_backward(grad_output, x, weight, used, p)
    for ours, theirs in zip(grads, backward, strict=True):
        assert close(ours, theirs.numpy(), np.float64)
    named = pytorch.functional.dropconnect_linear(x, weight, bias, p, training, mask=mask)
    assert torch.equal(named, again)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [0, 0.3, 0.9])
def test_gradients_match_finite_differences_in_scratch(p, training):
    x, weight, bias, grad_output, mask = example(p=p)
    layer = make("scratch", p, weight, bias, training)
    _, *grads = through("scratch", layer, x, grad_output, mask)
    step = 1e-3  # linear in each argument, so the step need not be small
    for values, by_hand in zip((x, weight, bias), grads, strict=True):
        numerical = np.empty_like(values)
        for index in np.ndindex(values.shape):
            sides = []
            for change in (step, -2 * step):
                values[index] += change
                sides.append((grad_output * layer.forward(x, mask)).sum())
            values[index] += step
            numerical[index] = (sides[0] - sides[1]) / (2 * step)
        assert np.linalg.norm(numerical - by_hand) <= 1e-9 * max(np.linalg.norm(by_hand), 1)


@pytest.mark.parametrize("p", [0, 0.3, 1])
@pytest.mark.parametrize("training", [True, False])
def test_first_and_second_derivatives_pass_gradcheck_in_pytorch(p, training):
    x, weight, bias, _, mask = (torch.tensor(a) for a in example(cases=2))
    factors = [a.requires_grad_() for a in (x, weight, bias)]

    def forward(x, weight, bias):
        return pytorch.dropconnect_forward(x, weight, bias, p, training, mask=mask)[0]

    assert torch.autograd.gradcheck(
        forward, factors, check_forward_ad=True, check_batched_grad=True
    )
    assert torch.autograd.gradgradcheck(forward, factors)


def test_backward_uses_the_mask_that_forward_drew():
    x, weight, bias, grad_output, _ = example()
    for room in ROOMS:
        layer = make(room, 0.3, weight, bias, seed=22)
        for _ in range(2):
            got = through(room, layer, x, grad_output)
            mask = np.asarray(layer.mask)
            expected = formula(x, weight, bias, grad_output, mask, 0.3)
            assert all(close(a, b, np.float64) for a, b in zip(got, expected, strict=True))


# --- dropped means removed -----------------------------------------------------------------------

BAD = (np.inf, -np.inf, np.nan)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("where", ["x", "weight", "grad_output"])
def test_what_is_not_finite_is_not_heard_through_dropped_weights(room, where, bad):
    x, weight, bias, grad_output, mask = example()
    touched = {"x": np.s_[:, :, 2], "weight": np.s_[:, 3, 2], "grad_output": np.s_[1, 3, :]}[where]
    mask[touched] = False  # wherever the bad value goes, nothing is kept
    expected = through(room, make(room, 0.5, weight, bias), x, grad_output, mask)
    {"x": x[:, 2:3], "weight": weight[3:4, 2:3], "grad_output": grad_output[1:2, 3:4]}[where][:] = (
        bad
    )
    got = through(room, make(room, 0.5, weight, bias), x, grad_output, mask)
    for name, ours, wanted in zip(("y", "x", "weight", "bias"), got, expected, strict=True):
        if name == "bias" and where == "grad_output":
            continue  # the bias is never dropped
        assert close(ours, wanted, np.float64), name


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_not_finite_is_heard_through_kept_weights(room):
    x, weight, bias, grad_output, mask = example()
    x[0, 2] = np.inf
    mask[0, :, 2] = np.arange(OUTPUTS) % 2
    out, *_ = through(room, make(room, 0.5, weight, bias), x, grad_output, mask)
    assert (np.isfinite(out[0]) == ~mask[0, :, 2]).all()
    assert np.isfinite(out[1:]).all()


@pytest.mark.parametrize("room", ROOMS)
def test_at_p_1_only_the_bias_is_left_whatever_comes_in(room):
    x, weight, bias, grad_output, mask = example()
    x[0, 0], weight[0, 0] = np.inf, np.nan
    layer = make(room, 1, weight, bias)
    for given in (None, mask):
        out, grad_x, grad_weight, grad_bias = through(room, layer, x, grad_output, given)
        assert (out == bias).all()
        assert (grad_x == 0).all()
        assert (grad_weight == 0).all()
        assert close(grad_bias, grad_output.sum(axis=0), np.float64)


def test_what_is_dropped_warns_of_nothing_in_scratch(recwarn):
    x, weight = np.array([[np.inf, 1e200]]), np.array([[0.0, 1e200]])
    out, mask = scratch.dropconnect_forward(x, weight, mask=np.zeros((1, 1, 2), bool))
    scratch.dropconnect_backward(np.full((1, 1), np.inf), x, weight, mask)
    assert out == 0
    assert not recwarn.list


# --- randomness ----------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_realised_drop_rate_is_p(room, p):
    x, weight = np.ones((100, 50), np.float32), np.ones((40, 50), np.float32)
    layer = make(room, p, weight, None, seed=23)
    out, *_ = through(room, layer, x, np.ones((100, 40), np.float32))
    mask = np.asarray(layer.mask)
    assert mask.shape == (100, 40, 50)
    assert abs((~mask).sum() - p * mask.size) <= 6 * np.sqrt(mask.size * p * (1 - p))
    scale = 1 / (1 - p) if p < 1 else 0
    np.testing.assert_allclose(out, mask.sum(axis=2) * scale, rtol=1e-5)


@pytest.mark.parametrize("room", ROOMS)
def test_a_seed_repeats_the_masks_and_each_case_and_pass_has_its_own(room):
    x, weight, bias, grad_output, _ = example()
    first, second = (make(room, 0.5, weight, bias, seed=24) for _ in range(2))
    masks = []
    for _ in range(2):
        a, *_ = through(room, first, x, grad_output)
        b, *_ = through(room, second, x, grad_output)
        assert (a == b).all()
        masks.append(np.asarray(first.mask))
    assert (masks[0] != masks[1]).any()
    assert (masks[0][0] != masks[0][1]).any()


@pytest.mark.parametrize("room", ROOMS)
def test_global_random_state_is_untouched(room):
    x, weight, bias, grad_output, _ = example()
    layer = make(room, 0.5, weight, bias, seed=25)
    numpy_before = np.random.get_state()  # noqa: NPY002
    torch_before = torch.get_rng_state()
    through(room, layer, x, grad_output)
    if room == "scratch":
        layer.gaussian_inference(x, np.tanh, num_samples=2)
    else:
        layer.gaussian_inference(torch.tensor(x), torch.tanh, num_samples=2)
    assert all(map(np.array_equal, numpy_before, np.random.get_state()))  # noqa: NPY002
    assert torch.equal(torch_before, torch.get_rng_state())


# --- inputs, and what is refused -----------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("cases", [0, 1])
def test_batches_of_one_case_and_of_none(room, training, cases):
    x, weight, bias, grad_output, mask = example(cases=cases)
    got = through(room, make(room, 0.5, weight, bias, training), x, grad_output, mask)
    if not training:
        mask[:] = True
    expected = formula(x, weight, bias, grad_output, mask, 0.5 if training else 0)
    for ours, wanted in zip(got, expected, strict=True):
        assert ours.shape == wanted.shape
        assert close(ours, wanted, np.float64)


@pytest.mark.parametrize("room", ROOMS)
def test_a_single_input_and_a_single_output(room):
    x, weight, grad = np.array([[2.0]]), np.array([[3.0]]), np.array([[1.0]])
    mask = np.ones((1, 1, 1), bool)
    results = through(room, make(room, 0.5, weight, None), x, grad, mask)
    assert [float(r.item()) for r in results] == [12.0, 6.0, 4.0]


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
def test_half_precision_is_kept(room, training):
    x, weight, bias, grad_output, mask = example(np.float16)
    got = through(room, make(room, 0.5, weight, bias, training), x, grad_output, mask)
    if not training:
        mask[:] = True
    expected = formula(x, weight, bias, grad_output, mask, 0.5 if training else 0)
    for ours, wanted in zip(got, expected, strict=True):
        assert ours.dtype == np.float16
        np.testing.assert_allclose(ours, wanted, rtol=0.01, atol=0.03)


@pytest.mark.parametrize("autocast", [True, False])
def test_many_cases_of_bfloat16_are_added_up_in_single_precision(autocast, monkeypatch):
    module = sys.modules[pytorch.DropConnectLinear.__module__]
    monkeypatch.setattr(module, "_WEIGHTS", 1)  # as with very many weights: one case at a time
    layer = pytorch.DropConnectLinear(
        4, 3, p=0, dtype=torch.float32 if autocast else torch.bfloat16
    )
    x = torch.ones(512, 4, dtype=layer.weight.dtype)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        layer(x).sum().backward()
    assert (layer.weight.grad == 512).all()  # 1 + 1 + ... ends at 256 in bfloat16
    assert (layer.bias.grad == 512).all()


@pytest.mark.parametrize("last", [1, torch.inf])  # with and without anything that is not finite
def test_products_too_large_for_half_precision_may_cancel(last):
    x = torch.tensor([[300, 300, last]], dtype=torch.float16)
    weight = torch.tensor([[300, -300, 1]], dtype=torch.float16)
    mask = torch.tensor([[[True, True, False]]])
    assert pytorch.dropconnect_forward(x, weight, mask=mask)[0] == 0


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
def test_nothing_that_goes_in_is_changed(room, training):
    arrays = example()
    before = [a.copy() for a in arrays]
    x, weight, bias, grad_output, mask = arrays
    through(room, make(room, 0.5, weight, bias, training), x, grad_output, mask)
    assert all((a == b).all() for a, b in zip(arrays, before, strict=True))


@pytest.mark.parametrize("room", ROOMS)
def test_the_replayed_mask_is_copied_and_may_be_integers(room):
    x, weight, bias, grad_output, mask = example()
    layer = make(room, 0.5, weight, bias)
    expected, *_ = through(room, layer, x, grad_output, mask)
    given = mask.astype(np.int64)
    got, *_ = through(room, layer, x, grad_output, given)
    assert (got == expected).all()
    given = mask.copy()
    if room == "scratch":
        layer.forward(x, mask=given)
    else:
        layer(torch.tensor(x), mask=torch.from_numpy(given))
    given[:] = False
    assert (np.asarray(layer.mask) == mask).all()


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("p", [1.5, -0.1, float("nan"), "0.5", None])
def test_a_bad_probability_is_refused_at_construction(room, p):
    _, weight, bias, *_ = example()
    got = repr(p) if isinstance(p, str) else p
    with pytest.raises(ValueError, match="dropout probability has to be") as caught:
        make(room, p, weight, bias)
    assert str(caught.value) == f"dropout probability has to be between 0 and 1, but got {got}"


@pytest.mark.parametrize("layer", [scratch.DropConnectLinear, pytorch.DropConnectLinear])
def test_a_probability_in_the_place_of_bias_is_refused(layer):
    with pytest.raises(TypeError, match=r"bias has to be True or False, but got 0.8.*p=0.5"):
        layer(3, 2, 0.8)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
def test_integers_are_refused(room, training):
    _, weight, bias, *_ = example()
    layer = make(room, 0.5, weight, bias, training)
    x = np.ones((2, INPUTS), int)
    with pytest.raises(TypeError, match="int64: convert first"):
        layer.forward(x if room == "scratch" else torch.tensor(x))


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
def test_inputs_that_do_not_fit_are_refused(room, training):
    _, weight, bias, *_ = example()
    layer = make(room, 0.5, weight, bias, training)
    x = np.ones((2, INPUTS + 1))
    if room == "scratch":
        with pytest.raises(ValueError, match=r"needs x \(N, 11\), but got shape \(2, 12\)"):
            layer.forward(x)
        with pytest.raises(ValueError, match=r"but got shape \(11,\)"):
            layer.forward(x[0, 1:])
    else:
        with pytest.raises(RuntimeError):
            layer(torch.tensor(x))
        with pytest.raises(RuntimeError):
            layer(torch.ones(2, INPUTS, dtype=torch.float32))  # the weights are float64


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("training", [True, False])
def test_a_bias_that_does_not_fit_is_refused(room, training):
    x, weight, bias, *_ = example(np.float32)
    wrong_shape, wrong_dtype = np.ones((5, 1, OUTPUTS), np.float32), bias.astype(np.float64)
    if room == "scratch":
        for wrong in (wrong_shape, bias[:1], bias[0]):
            with pytest.raises(ValueError, match=r"needs a bias \(7,\), but got shape"):
                scratch.dropconnect_forward(x, weight, wrong, training=training)
        with pytest.raises(TypeError, match="the bias is float64"):
            scratch.dropconnect_forward(x, weight, wrong_dtype, training=training)
        out, _ = scratch.dropconnect_forward(x.astype(float), weight, bias, training=training)
        assert out.dtype == np.float64  # a narrower bias is no harm
    else:
        for wrong in (wrong_shape, wrong_dtype):
            tensors = map(torch.tensor, (x, weight, wrong))
            with pytest.raises(RuntimeError):  # in evaluation PyTorch's own
                pytorch.dropconnect_forward(*tensors, training=training)


@pytest.mark.parametrize("room", ROOMS)
def test_a_mask_that_does_not_fit_is_refused(room):
    x, weight, bias, grad_output, mask = example()
    layer = make(room, 0.5, weight, bias)
    for wrong in (mask[:1], mask[0], mask.transpose(0, 2, 1)):
        with pytest.raises(ValueError, match=r"has to have shape \(5, 7, 11\)"):
            through(room, layer, x, grad_output, wrong)
    with pytest.raises(ValueError, match="but got 2"):
        through(room, layer, x, grad_output, mask * 2)


def test_backward_before_forward_and_gradients_of_the_wrong_shape_are_refused():
    x, weight, bias, grad_output, mask = example()
    layer = make("scratch", 0.5, weight, bias)
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(grad_output)
    for training in (True, False):
        layer.training = training
        layer.forward(x)
        with pytest.raises(ValueError, match=r"shape \(7, 5\), but forward returned .* \(5, 7\)"):
            layer.backward(grad_output.T)
    tensors = map(torch.tensor, (grad_output.T.copy(), x, weight, mask))
    with pytest.raises(ValueError, match=r"shape \(7, 5\), but forward returned .* \(5, 7\)"):
        pytorch.dropconnect_backward(*tensors)


def test_what_is_no_generator_is_refused_by_name():
    with pytest.raises(TypeError, match=r"generator has to be a torch\.Generator, but got 3"):
        pytorch.DropConnectLinear(2, 2, generator=3)
    with pytest.raises(TypeError, match=r"rng has to be a numpy\.random\.Generator, but got 3"):
        scratch.DropConnectLinear(2, 2, rng=3)


# --- the price of a mask per case ----------------------------------------------------------------


def test_no_array_of_all_products_is_made_in_scratch():
    cases, units = 64, 256
    layer = scratch.DropConnectLinear(units, units, rng=np.random.default_rng(26))
    x = np.ones((cases, units), dtype=np.float32)
    tracemalloc.start()
    layer.forward(x)
    layer.backward(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    products = 4 * cases * units**2  # bytes
    assert peak < 0.9 * products  # the masks and the random bits they are made of: three quarters


def test_autograd_keeps_the_masks_and_no_product_in_pytorch():
    layer, kept = pytorch.DropConnectLinear(64, 64), []

    def pack(tensor):
        kept.append(tensor.element_size() * tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        layer(torch.ones(32, 64))
    assert max(kept) == 32 * 64 * 64  # one byte for every weight of every case


# --- a module like torch.nn.Linear ---------------------------------------------------------------


def test_initial_weights_and_state_dict_are_those_of_linear():
    torch.manual_seed(0)
    ours = pytorch.DropConnectLinear(4, 3, p=0.3)
    torch.manual_seed(0)
    theirs = torch.nn.Linear(4, 3)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert torch.equal(ours.weight, theirs.weight)
    other = torch.nn.Linear(4, 3)
    assert str(ours.load_state_dict(other.state_dict())) == "<All keys matched successfully>"
    x = torch.randn(5, 4)
    assert torch.equal(ours.eval()(x), other(x))
    ours.train()(x)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert repr(ours) == "DropConnectLinear(in_features=4, out_features=3, bias=True, p=0.3)"


def test_positional_arguments_are_those_of_linear():
    layer = pytorch.DropConnectLinear(4, 3, False, "cpu", torch.float64)
    assert layer.bias is None
    assert layer.weight.dtype == torch.float64
    assert pytorch.DropConnectLinear(4, 3, device="meta").weight.is_meta


@pytest.mark.parametrize("leading", [(), (6,), (2, 3), (2, 0), (2, 1, 3)])
def test_every_index_of_the_leading_axes_is_a_case(leading):
    layer = pytorch.DropConnectLinear(50, 40)
    x = torch.ones(*leading, 50)
    out = layer(x)
    assert out.shape == (*leading, 40)
    assert layer.mask.shape == (*leading, 40, 50)
    masks = layer.mask.reshape(-1, 40, 50)
    assert len(masks.unique(dim=0)) == len(masks) if len(masks) else True
    for row, mask, expected in zip(x.reshape(-1, 50), masks, out.reshape(-1, 40), strict=True):
        torch.testing.assert_close(layer(row, mask=mask), expected)


def test_copies_and_pickles_behave_as_the_original_and_carry_no_mask():
    layer = pytorch.DropConnectLinear(4, 3, generator=torch.Generator().manual_seed(27))
    x = torch.ones(2, 4)
    layer(x)
    copies = copy.copy(layer), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))
    assert all(other.mask is None for other in copies)
    expected = layer(x)
    for other in copies[1:]:  # the first shares its generator
        assert torch.equal(other(x), expected)


def test_vmap_draws_as_its_randomness_argument_says():
    layer, x = pytorch.DropConnectLinear(50, 40), torch.ones(20, 50)
    different = torch.func.vmap(layer, randomness="different")(x)
    assert len(different.unique(dim=0)) == 20
    same = torch.func.vmap(layer, randomness="same")(x)
    assert (same == same[0]).all()
    with pytest.raises(RuntimeError, match="randomness"):
        torch.func.vmap(layer)(x)
    assert copy.deepcopy(layer).mask is None


def test_gradients_per_case_by_vmap():
    x, weight, bias, _, mask = (torch.tensor(a) for a in example())

    def loss(weight, x, mask):
        out, _ = pytorch.dropconnect_forward(x, weight, bias, 0.5, mask=mask)
        return out.square().sum()

    per_case = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(weight, x, mask)
    whole = torch.func.grad(loss)(weight, x, mask)
    assert per_case.shape == (CASES, OUTPUTS, INPUTS)
    torch.testing.assert_close(per_case.sum(0), whole)
    # and the other way round: derivatives of what vmap computed
    batched = torch.func.grad(lambda w: torch.func.vmap(lambda a, m: loss(w, a, m))(x, mask).sum())
    torch.testing.assert_close(batched(weight), whole)


def test_several_networks_at_once_by_vmap_over_the_weights():
    x, weight, *_, mask = (torch.tensor(a) for a in example())
    weights = torch.stack([weight, 2 * weight])

    def forward(weight):
        return pytorch.dropconnect_forward(x, weight, None, 0.5, mask=mask)[0]

    out = torch.func.vmap(forward)(weights)
    torch.testing.assert_close(out[1], 2 * forward(weight))


def test_torch_compile_gives_the_same():
    x, weight, bias, grad_output, mask = (torch.tensor(a) for a in example(np.float32))
    x.requires_grad_()

    def loss(x):
        out, _ = pytorch.dropconnect_forward(x, weight, bias, 0.5, mask=mask)
        return (out * grad_output).sum()

    (expected,) = torch.autograd.grad(loss(x), x)
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    (got,) = torch.autograd.grad(compiled(x), x)
    torch.testing.assert_close(got, expected)
    layer = torch.compile(pytorch.DropConnectLinear(INPUTS, 40), backend="aot_eager")
    assert len(layer(torch.ones(30, INPUTS)).unique(dim=0)) > 1  # drawn per case


def test_autocast_is_followed_as_linear_follows_it():
    layer, x = pytorch.DropConnectLinear(8, 4), torch.ones(3, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        training, evaluation = layer(x), layer.eval()(x)
    assert training.dtype == evaluation.dtype == torch.bfloat16
    training.float().sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def test_autocast_leaves_double_precision_alone_as_with_linear():
    layer = pytorch.DropConnectLinear(8, 4, dtype=torch.float64)
    x = torch.ones(3, 8, dtype=torch.float64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        training, evaluation = layer(x), layer.eval()(x)
    assert training.dtype == evaluation.dtype == torch.float64


def test_what_has_no_values_has_shapes():
    layer, x = pytorch.DropConnectLinear(8, 4), torch.ones(3, 8)
    meta = pytorch.DropConnectLinear(8, 4, device="meta")
    meta(x.to("meta")).sum().backward()
    assert meta.weight.grad.shape == (4, 8)
    with FakeTensorMode():
        fake, fake_x = pytorch.DropConnectLinear(8, 4), torch.ones(3, 8)
        out = fake(fake_x)
        out.sum().backward()
    assert out.shape == (3, 4)
    assert fake.weight.grad.shape == (4, 8)
    traced = make_fx(layer)(x)
    assert len({traced(x).sum().item() for _ in range(8)}) > 1  # and a trace draws anew


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_derivatives_in_many_directions_at_once():
    x, weight, bias, _, mask = (torch.tensor(a) for a in example())

    def forward(x):
        return pytorch.dropconnect_forward(x, weight, bias, 0.5, mask=mask)[0]

    one_by_one, at_once = (
        torch.autograd.functional.jacobian(forward, x, vectorize=vectorize)
        for vectorize in (False, True)
    )
    torch.testing.assert_close(at_once, one_by_one)


def test_only_what_needs_a_gradient_gets_one():
    layer = pytorch.DropConnectLinear(4, 3, p=0.5)
    layer.weight.requires_grad_(False)
    layer(torch.ones(2, 4)).sum().backward()
    assert layer.weight.grad is None
    assert layer.bias.grad is not None


# --- at test time --------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0, 0.3, 0.5, 0.9, 1])
def test_both_rooms_have_the_same_moments(p):
    x, weight, bias, *_ = example()
    ours = make("scratch", p, weight, bias).gaussian_moments(x)
    theirs = make("pytorch", p, weight, bias).gaussian_moments(torch.tensor(x))
    for a, b in zip(ours, theirs, strict=True):
        assert close(a, b.detach().numpy(), np.float64)
    if p == 1:
        assert (ours[0] == bias).all()
        assert (ours[1] == 0).all()


@pytest.mark.parametrize("p", [0.3, 0.5, 0.9])
def test_moments_are_exact_over_all_masks(p):
    x, weight = np.array([[1.0, -2.0, 0.5]]), np.array([[0.7, 0.3, -1.1]])
    masks = np.array(list(np.ndindex(2, 2, 2)), dtype=bool)  # all eight
    chances = np.where(masks, 1 - p, p).prod(axis=1)
    y, _ = scratch.dropconnect_forward(np.tile(x, (8, 1)), weight, None, p, mask=masks[:, None])
    mean = chances @ y[:, 0]
    variance = chances @ (y[:, 0] - mean) ** 2
    moments = make("scratch", p, weight, None).gaussian_moments(x)
    np.testing.assert_allclose([float(m.item()) for m in moments], [mean, variance], rtol=1e-12)


def test_moments_in_wans_form_are_ours_after_scaling():
    # Wan et al. keep with probability q and do not scale: mean q W v, variance q (1 - q) W² v²
    x, weight, *_ = example()
    q = 0.3
    mean, variance = make("scratch", 1 - q, weight, None).gaussian_moments(x)
    np.testing.assert_allclose(q * mean, q * x @ weight.T, rtol=1e-12)
    np.testing.assert_allclose(q**2 * variance, q * (1 - q) * x**2 @ (weight**2).T, rtol=1e-12)


@pytest.mark.parametrize("room", ROOMS)
def test_gaussian_inference_approaches_the_mean_of_a_rectified_gaussian(room):
    x, weight, bias, *_ = example()
    layer = make(room, 0.5, weight, bias, seed=28)
    wrap = np.asarray if room == "scratch" else torch.tensor
    relu = (lambda y: np.maximum(y, 0)) if room == "scratch" else torch.relu
    samples = 4000
    out = np.asarray(layer.gaussian_inference(wrap(x), relu, num_samples=samples))
    mean, variance = layer.gaussian_moments(wrap(x))
    namespace = scratch if room == "scratch" else pytorch
    exact = namespace.rectified_gaussian_mean(mean, variance)
    exact, variance = (
        np.asarray(a if room == "scratch" else a.detach()) for a in (exact, variance)
    )
    assert (np.abs(out - exact) <= 7 * np.sqrt(variance / samples)).all()
    assert (exact >= np.maximum(x @ weight.T + bias, 0)).all()


@pytest.mark.parametrize("room", ROOMS)
def test_gaussian_inference_is_repeatable_and_refuses_no_samples(room):
    x, weight, bias, *_ = example(np.float32)
    layer = make(room, 0.5, weight, bias)

    def run(seed, num_samples=3):
        if room == "scratch":
            rng = np.random.default_rng(seed)
            return layer.gaussian_inference(x, np.tanh, num_samples=num_samples, rng=rng)
        generator = torch.Generator().manual_seed(seed)
        out = layer.gaussian_inference(
            torch.tensor(x), torch.tanh, num_samples=num_samples, generator=generator
        )
        assert not out.requires_grad
        return out.numpy()

    assert (run(1) == run(1)).all()
    assert (run(1) != run(2)).any()
    assert run(1).dtype == np.float32
    with pytest.raises(ValueError, match="num_samples has to be 1 or more, but got 0"):
        run(1, 0)


def test_rectified_gaussian_mean_is_the_integral_and_has_its_derivatives():
    z = np.linspace(-12, 12, 400_001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    mean, variance = np.array([-3.0, -0.5, 0.0, 2.0]), np.array([1.0, 4.0, 0.25, 9.0])
    y = np.maximum(mean[:, None] + np.sqrt(variance)[:, None] * z, 0)
    integral = (y * density).sum(axis=1) * (z[1] - z[0])
    np.testing.assert_allclose(scratch.rectified_gaussian_mean(mean, variance), integral, atol=1e-9)
    mean, variance = torch.tensor(mean), torch.tensor(variance)
    np.testing.assert_allclose(pytorch.rectified_gaussian_mean(mean, variance), integral, atol=1e-9)
    leaves = mean.requires_grad_(), variance.requires_grad_()
    assert torch.autograd.gradcheck(pytorch.rectified_gaussian_mean, leaves)
    certain = torch.zeros(3, requires_grad=True)
    pytorch.rectified_gaussian_mean(torch.tensor([-1.0, 0.0, 2.0]), certain).sum().backward()
    assert certain.grad.isfinite().all()


@pytest.mark.parametrize("room", ROOMS)
def test_rectified_gaussian_mean_is_exact_far_out_and_keeps_its_bound(room):
    module, wrap = (scratch, np.asarray) if room == "scratch" else (pytorch, torch.tensor)

    def rectified(mean, variance):
        variance = np.full_like(mean, variance)
        return np.asarray(module.rectified_gaussian_mean(wrap(mean), wrap(variance)))

    y = np.linspace(0, 8, 400_001)
    for mean in (-3.0, -5.0, -10.0):
        exact = (y * np.exp(-((y - mean) ** 2) / 2)).sum() * y[1] / math.sqrt(2 * math.pi)
        for dtype in DTYPES:
            assert rectified(np.array([mean], dtype), 1)[0] == pytest.approx(exact, rel=1e-5)
    for dtype in (np.float16, *DTYPES):
        means = np.linspace(-40, 40, 2001).astype(dtype)
        for variance in (0, 1e-4, 1, 100):
            out = rectified(means, variance)
            assert out.dtype == dtype
            assert (out >= np.maximum(means, 0)).all()
        edges = rectified(np.array([-np.inf, np.inf, np.nan], dtype), 1)
        np.testing.assert_array_equal(edges, [0, np.inf, np.nan])


def test_rectified_gaussian_mean_has_finite_derivatives_at_the_edges():
    mean = torch.tensor([-torch.inf, -50, 50, torch.inf], requires_grad=True)
    variance = torch.ones(4, requires_grad=True)
    pytorch.rectified_gaussian_mean(mean, variance).sum().backward()
    assert mean.grad.tolist() == [0, 0, 1, 1]
    assert variance.grad.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("p", [0.3, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_moments_have_gradients_in_pytorch(p, bias):
    layer = pytorch.DropConnectLinear(4, 3, bias, p=p)
    x = torch.randn(2, 4, requires_grad=True)
    for which in (0, 1):
        layer.gaussian_moments(x)[which].sum().backward()
        assert x.grad.isfinite().all()
        assert (layer.weight.grad != 0).any() == (p < 1)


@pytest.mark.parametrize("room", ROOMS)
def test_at_p_1_the_moments_do_not_hear_what_is_not_finite(room):
    x, weight, bias, *_ = example()
    x[0, 0], weight[0, 0] = np.inf, np.nan
    layer = make(room, 1, weight, bias)
    mean, variance = layer.gaussian_moments(x if room == "scratch" else torch.tensor(x))
    assert (np.asarray(mean.data) == bias).all()
    assert (np.asarray(variance.data) == 0).all()


@pytest.mark.parametrize("room", ROOMS)
def test_moments_refuse_a_p_that_was_set_to_nonsense(room):
    x, weight, bias, *_ = example()
    layer = make(room, 0.5, weight, bias)
    layer.p = 1.5
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
        layer.gaussian_moments(x if room == "scratch" else torch.tensor(x))


# --- dropout's noise beside DropConnect's --------------------------------------------------------


def test_one_output_has_equal_variance_and_two_have_unequal_covariance():
    """Over all masks of two inputs: shared by the outputs (dropout), and one each (DropConnect)."""
    x, weight, p = np.array([1.0, -2.0]), np.array([[0.5, 1.0], [2.0, -0.3]]), 0.25
    scale = 1 / (1 - p)

    def covariance(masks):  # (draws, O, I)
        chances = np.where(masks, 1 - p, p)
        y = scale * (masks * weight * x).sum(axis=2)
        return y, chances

    units = np.array(list(np.ndindex(2, 2)))
    y, chances = covariance(np.repeat(units[:, None], 2, axis=1))
    by_dropout = np.cov(y.T, aweights=chances[:, 0].prod(axis=1), bias=True)
    y, chances = covariance(np.array(list(np.ndindex(2, 2, 2, 2))).reshape(-1, 2, 2))
    by_dropconnect = np.cov(y.T, aweights=chances.prod(axis=(1, 2)), bias=True)

    formula = p / (1 - p) * (weight * x**2) @ weight.T
    np.testing.assert_allclose(by_dropout, formula, atol=1e-12)
    np.testing.assert_allclose(by_dropconnect, np.diag(np.diag(formula)), atol=1e-12)
