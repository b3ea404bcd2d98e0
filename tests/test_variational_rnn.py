"""Recurrent networks with one mask per sequence: by hand, and beside torch.nn."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from dropout_lib import pytorch, scratch

STEPS, CASES, FEATURES, UNITS = 5, 3, 4, 6
RATES = {"input_p": 0.4, "recurrent_p": 0.3, "output_p": 0.5}
ZERO = dict.fromkeys(RATES, 0.0)
nonlinearities = pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
modules = pytest.mark.parametrize("name", ["VariationalRNN", "VariationalLSTM"])
layouts = pytest.mark.parametrize("layout", ["time first", "batch first", "no batch"])


def arranged(x, layout):
    """An array (T, N, .) in another layout; without the batch axis, the first case."""
    return {"time first": x, "batch first": x.swapaxes(0, 1), "no batch": x[:, 0]}[layout]


def by_hand(nonlinearity="tanh", layout="time first", seed=31, **rates):
    return scratch.VariationalRNN(
        FEATURES,
        UNITS,
        nonlinearity,
        batch_first=layout == "batch first",
        rng=np.random.default_rng(seed),
        dtype=np.float64,
        **rates,
    )


def example(layout="time first"):
    """x, h0, and gradients of the output and of the last state."""
    rng = np.random.default_rng(32)
    x, grad_output = (
        arranged(rng.standard_normal((STEPS, CASES, size)), layout) for size in (FEATURES, UNITS)
    )
    h0, grad_h_n = rng.standard_normal((2, CASES, UNITS))
    if layout == "no batch":
        h0, grad_h_n = h0[0], grad_h_n[0]
    return x, h0, grad_output, grad_h_n


def in_torch(rnn, layout="time first", **rates):
    """The module with the numbers of the network from scratch."""
    module = pytorch.VariationalRNN(
        FEATURES,
        UNITS,
        nonlinearity=rnn.nonlinearity,
        batch_first=layout == "batch first",
        dtype=torch.float64,
        **rates,
    )
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    module.load_state_dict({f"{name}_l0": torch.tensor(getattr(rnn, name).value) for name in names})
    return module


def make(name, layers=2, **kwargs):
    """A module in float64, and its namesake in torch.nn with the same weights."""
    torch.manual_seed(33)
    kwargs = {"num_layers": layers, "dtype": torch.float64, **kwargs}
    theirs = {key: value for key, value in kwargs.items() if key not in (*RATES, "generator")}
    ours = getattr(pytorch, name)(FEATURES, UNITS, **kwargs)
    namesake = getattr(nn, name.removeprefix("Variational"))(FEATURES, UNITS, **theirs)
    namesake.load_state_dict(ours.state_dict())
    return ours, namesake


def state_of(name, layers=2, batch=(CASES,), dtype=torch.float64):
    torch.manual_seed(34)
    state = torch.randn(2, layers, *batch, UNITS, dtype=dtype).unbind()
    return state if name == "VariationalLSTM" else state[0]


def flat(result):
    output, state = result
    return [output, *(state if isinstance(state, tuple) else [state])]


def masks_of(shape_i, shape_h, seed=35):
    g = torch.Generator().manual_seed(seed)
    shapes = (shape_i, shape_h, shape_h)
    return pytorch.RecurrentMasks(*(torch.rand(shape, generator=g) < 0.6 for shape in shapes))


# --- from scratch ------------------------------------------------------------------------------


@nonlinearities
@layouts
@pytest.mark.parametrize("rates", [RATES, ZERO, dict.fromkeys(RATES, 1.0), None])
@pytest.mark.parametrize("given", [True, False])
def test_both_rooms_agree_forward_and_back_through_time(nonlinearity, layout, rates, given):
    x, h0, grad_output, grad_h_n = example(layout)
    rnn = by_hand(nonlinearity, layout, **(rates or RATES))
    module = in_torch(rnn, layout, **(rates or RATES))
    if rates is None:
        rnn.eval(), module.eval()
    output, h_n = rnn.forward(x, h0 if given else None)
    grad_x = rnn.backward(grad_output, grad_h_n if given else None)

    x = torch.tensor(x, requires_grad=True)
    h0 = torch.tensor(h0[None], requires_grad=True)
    masks = rnn.masks and [
        torch.tensor(mask if place == "input" else mask[None])
        for place, mask in rnn.masks._asdict().items()
    ]
    their_output, their_h_n = module(x, h0 if given else None, masks)
    loss = (their_output * torch.tensor(grad_output)).sum()
    if given:
        loss = loss + (their_h_n[0] * torch.tensor(grad_h_n)).sum()
    loss.backward()
    pairs = [(output, their_output), (h_n, their_h_n[0]), (grad_x, x.grad)]
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        pairs.append((getattr(rnn, name).grad, getattr(module, f"{name}_l0").grad))
    if given:
        pairs.append((rnn.grad_h0, h0.grad[0]))
    for ours, theirs in pairs:
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-12)


@nonlinearities
@layouts
@pytest.mark.parametrize("training", [True, False])
def test_back_through_time_matches_finite_differences(nonlinearity, layout, training):
    x, h0, grad_output, grad_h_n = example(layout)
    rnn = by_hand(nonlinearity, layout, **RATES)
    if not training:
        rnn.eval()
    rnn.forward(x, h0)
    masks = rnn.masks
    grad_x = rnn.backward(grad_output, grad_h_n)
    pairs = [(x, grad_x), (h0, rnn.grad_h0)]
    pairs += [(parameter.value, parameter.grad) for parameter in rnn.parameters()]

    def loss():
        output, h_n = rnn.forward(x, h0, masks)
        return (output * grad_output).sum() + (h_n * grad_h_n).sum()

    for values, grad in pairs:
        numerical, step = np.empty_like(values), 1e-6
        for index in np.ndindex(values.shape):
            value = values[index]
            values[index] = value + step
            above = loss()
            values[index] = value - step
            numerical[index] = (above - loss()) / (2 * step)
            values[index] = value
        assert np.linalg.norm(numerical - grad) <= 1e-7 * np.linalg.norm(grad)


def test_dropped_features_and_units_are_removed_whatever_they_hold():
    x, h0, grad_output, _ = example()
    rnn = by_hand(**RATES)
    rnn.forward(x, h0)
    masks = rnn.masks
    expected = rnn.forward(x, h0, masks)[0], rnn.backward(grad_output)
    bad_x, bad_h0, bad_grad = x.copy(), h0.copy(), grad_output.copy()
    bad_x[:, ~masks.input] = np.nan
    bad_h0[~masks.recurrent] = np.inf
    bad_grad[:, ~masks.output] = np.nan
    got = rnn.forward(bad_x, bad_h0, masks)[0], rnn.backward(bad_grad)
    for values, wanted in zip(got, expected, strict=True):
        assert (values == wanted).all()
    assert (got[1][:, ~masks.input] == 0).all()
    assert (rnn.grad_h0[~masks.recurrent] == 0).all()

    module = in_torch(rnn, **RATES)
    x, h0 = (torch.tensor(values, requires_grad=True) for values in (bad_x, bad_h0[None]))
    masks = [torch.tensor(masks[0]), *(torch.tensor(mask[None]) for mask in masks[1:])]
    output, _ = module(x, h0, masks)
    output.backward(torch.tensor(bad_grad))
    np.testing.assert_allclose(output.detach(), expected[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(x.grad, expected[1], rtol=1e-10, atol=1e-12)
    assert (h0.grad[0][~masks[1][0]] == 0).all()


def test_masks_from_scratch_are_drawn_for_each_case_and_pass_and_repeat_with_the_seed():
    x = np.zeros((2, 500, FEATURES))
    first, second = (by_hand(seed=36, **RATES) for _ in range(2))
    for _ in range(2):
        first.forward(x)
        second.forward(x)
        for place in RATES:
            ours, theirs = (getattr(rnn.masks, place[:-2]) for rnn in (first, second))
            assert (ours == theirs).all()
            dropped = np.count_nonzero(~ours)
            p = RATES[place]
            assert abs(dropped - p * ours.size) <= 6 * np.sqrt(p * (1 - p) * ours.size)
            assert len(np.unique(ours, axis=0)) > 1
    before = first.masks
    first.forward(x)
    assert all((a != b).any() for a, b in zip(first.masks, before, strict=True))
    assert first.eval().forward(x)[0].shape == (2, 500, UNITS)
    assert first.masks is None


def test_what_the_network_from_scratch_refuses():
    rnn = by_hand(**RATES)
    x, h0, grad_output, _ = example()
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        rnn.backward(grad_output)
    for bad in (x[..., :2], x[0, 0], x[:0], x[None]):
        with pytest.raises(ValueError, match=r"needs x \(T, N, 4\) or \(T, 4\) with at least one"):
            rnn.forward(bad)
    with pytest.raises(ValueError, match=r"h0 has shape \(1, 3, 6\), but .* \(3, 6\)"):
        rnn.forward(x, h0[None])
    with pytest.raises(TypeError, match=r"h0 is float32, but the weights are float64"):
        rnn.forward(x, h0.astype(np.float32))
    with pytest.raises(TypeError, match="int64"):
        rnn.forward(x.astype(np.int64))
    rnn.forward(x)
    with pytest.raises(ValueError, match=r"grad_output has shape \(3, 6\), but forward returned"):
        rnn.backward(grad_output[0])
    with pytest.raises(ValueError, match=r"grad_h_n has shape \(2, 6\)"):
        rnn.backward(grad_output, h0[:2])
    with pytest.raises(ValueError, match="masks have to be three"):
        rnn.forward(x, masks=rnn.masks[:2])
    with pytest.raises(ValueError, match=r"the mask has shape \(3, 6\), but .* \(3, 4\)"):
        rnn.forward(x, masks=[rnn.masks.output] * 3)
    with pytest.raises(ValueError, match="nonlinearity has to be 'tanh' or 'relu', but got 'gelu'"):
        by_hand("gelu")
    for place in RATES:
        with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
            by_hand(**{place: 1.5})


def test_nothing_given_to_the_network_from_scratch_is_changed_or_kept():
    x, h0, grad_output, grad_h_n = example()
    given = [x, h0, grad_output, grad_h_n]
    before = copy.deepcopy(given)
    rnn = by_hand(**ZERO).eval()
    output, h_n = rnn.forward(x, h0)
    expected = rnn.backward(grad_output, grad_h_n)
    output[:], h_n[:] = 99, 99
    assert (rnn.backward(grad_output, grad_h_n) == expected).all()
    assert all((a == b).all() for a, b in zip(given, before, strict=True))
    assert "recurrent_p=0.0" in repr(rnn)


# --- beside torch.nn ---------------------------------------------------------------------------


@modules
@layouts
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_without_dropout_it_is_torch_nn(name, layout, layers, bias, given, training):
    rates = ZERO if training else RATES
    ours, theirs = make(name, layers, bias=bias, batch_first=layout == "batch first", **rates)
    ours.train(training)
    x = torch.tensor(np.ascontiguousarray(example(layout)[0]))
    hx = state_of(name, layers, () if layout == "no batch" else (CASES,)) if given else None
    results = []
    for module in (ours, theirs):
        leaf = x.clone().requires_grad_()
        outs = flat(module(leaf, hx))
        sum(
            (out * torch.arange(out.numel()).view(out.shape).cos()).sum() for out in outs
        ).backward()
        grads = [parameter.grad for _, parameter in sorted(module.named_parameters())]
        results.append([*outs, leaf.grad, *grads])
    for a, b in zip(*results, strict=True):
        assert a.shape == b.shape
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def test_relu_and_single_precision_are_those_of_torch_nn():
    torch.manual_seed(37)
    for ours, theirs in (
        (pytorch.VariationalRNN(4, 6, 2, "relu"), nn.RNN(4, 6, 2, "relu")),
        (pytorch.VariationalLSTM(4, 6, 2), nn.LSTM(4, 6, 2)),
    ):
        ours.load_state_dict(theirs.state_dict())
        theirs.load_state_dict(ours.state_dict())
        x = torch.randn(20, 3, 4)
        for a, b in zip(flat(ours(x)), flat(theirs(x)), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


@modules
def test_a_seed_gives_the_initial_weights_of_torch_nn(name):
    torch.manual_seed(38)
    ours = getattr(pytorch, name)(4, 6, 2).state_dict()
    torch.manual_seed(38)
    theirs = getattr(nn, name.removeprefix("Variational"))(4, 6, 2).state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def outcome(module, x, hx):
    try:
        module(x, hx)
    except Exception as error:
        return type(error)
    return None


@modules
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("shape", "states"),
    [
        ((5, 3, 4), [(2, 3, 6)]),
        ((5, 3, 4), [(2, 3, 5)]),
        ((5, 3, 4), [(2, 2, 6)]),
        ((5, 3, 4), [(1, 3, 6)]),
        ((5, 3, 4), [(2, 6)]),
        ((5, 4), [(2, 6)]),
        ((5, 4), [(2, 1, 6)]),
        ((5, 4), [(2, 5)]),
        ((5, 3, 7), None),
        ((5, 7), None),
        ((4,), None),
        ((5, 3, 4, 1), None),
        ((0, 3, 4), None),
        ((0, 4), None),
        ((5, 0, 4), None),
    ],
)
def test_wrong_shapes_raise_what_torch_nn_raises(name, training, shape, states):
    ours, theirs = make(name, **RATES)
    parts = 2 if name == "VariationalLSTM" else 1
    hx = None
    if states:
        hx = tuple(torch.zeros(states[0], dtype=torch.float64) for _ in range(parts))
        hx = hx if parts == 2 else hx[0]
    x = torch.zeros(shape, dtype=torch.float64)
    assert outcome(ours.train(training), x, hx) is outcome(theirs, x, hx)


@modules
def test_wrong_types_are_refused(name):
    ours, theirs = make(name)
    for x in (torch.zeros(5, 3, 4), torch.zeros(5, 3, 4, dtype=torch.int64)):
        assert outcome(ours, x, None) is outcome(theirs, x, None) is not None
    with pytest.raises(TypeError, match="does not take a PackedSequence: pass a padded tensor"):
        ours(pack_sequence([torch.zeros(5, 4, dtype=torch.float64)]))
    with pytest.raises(TypeError, match="generator has to be"):
        getattr(pytorch, name)(4, 6, generator=3)
    for place in RATES:
        with pytest.raises(ValueError, match="between 0 and 1, but got nan"):
            getattr(pytorch, name)(4, 6, **{place: float("nan")})
    with pytest.raises(ValueError, match="Unknown nonlinearity 'gelu'"):
        pytorch.VariationalRNN(4, 6, nonlinearity="gelu")


@modules
@pytest.mark.parametrize("training", [True, False])
def test_a_wrong_state_is_refused(name, training):
    module, _ = make(name, **RATES)
    module.train(training)
    x, h = (torch.zeros(shape, dtype=torch.float64) for shape in ((5, 3, 4), (2, 3, 6)))
    if name == "VariationalRNN":
        for hx in ((h,), (h, h), [h], 5):
            with pytest.raises(TypeError, match=r"VariationalRNN needs a tensor as hx, but got"):
                module(x, hx)
        return
    for hx in (torch.stack([h, h]), (h, None), 5):
        with pytest.raises(TypeError, match=r"needs a pair of tensors \(h_0, c_0\) as hx, but got"):
            module(x, hx)
    for hx in ((), (h,), (h, h, h)):
        with pytest.raises(RuntimeError, match=f"expects two hidden states.* but got {len(hx)}"):
            module(x, hx)
    assert torch.equal(module.eval()(x, [h, h])[0], module(x, (h, h))[0])  # as torch.nn does


@modules
def test_masks_that_do_not_fit_are_refused(name):
    module, _ = make(name, **RATES)
    x = torch.zeros(5, 3, 4, dtype=torch.float64)
    module(x)
    fits = module.masks
    assert [tuple(mask.shape) for mask in fits] == [(3, 4), (2, 3, 6), (2, 3, 6)]
    for masks, told in (
        (fits[:2], "masks have to be three"),
        ((fits.input[:2], *fits[1:]), "the mask has shape"),
        ((*fits[:2], fits.output[:1]), "the mask has shape"),
        ((fits.input * 2, *fits[1:]), "but got 2"),
    ):
        with pytest.raises(ValueError, match=told):
            module(x, masks=masks)


# --- the masks ---------------------------------------------------------------------------------


@modules
def test_masks_are_fresh_for_case_layer_and_pass_and_replay(name):
    module = getattr(pytorch, name)(40, 50, 2, generator=torch.Generator().manual_seed(39), **RATES)
    x = torch.randn(4, 3, 40)
    output, _ = module(x)
    masks = module.masks
    for mask in masks[1:]:
        flat_masks = mask.reshape(6, 50)  # layers and cases
        assert len(torch.unique(flat_masks, dim=0)) == 6
    assert torch.equal(module(x, masks=masks)[0], output)
    module(x)
    assert all(not torch.equal(a, b) for a, b in zip(masks, module.masks, strict=True))
    again = getattr(pytorch, name)(40, 50, 2, generator=torch.Generator().manual_seed(39), **RATES)
    again(x)
    assert all(torch.equal(a, b) for a, b in zip(masks, again.masks, strict=True))
    assert module.eval()(x)[0].shape == (4, 3, 50)
    assert module.masks is None


@modules
def test_output_and_gradients_obey_the_masks_at_every_step(name):
    module, _ = make(name, **RATES)
    x = torch.randn(5, 3, 4, dtype=torch.float64, requires_grad=True)
    hx = state_of(name)
    leaves = hx if isinstance(hx, tuple) else (hx,)
    for leaf in leaves:
        leaf.requires_grad_()
    output, _ = module(x, hx)
    output.square().sum().backward()
    masks = module.masks
    assert ((output != 0) == masks.output[1]).all()
    assert ((x.grad != 0) == masks.input).all()
    assert ((leaves[0].grad != 0) == masks.recurrent).all()
    if len(leaves) == 2:
        assert (leaves[1].grad != 0).any(dim=2).all()  # the memory cell is never dropped


@modules
def test_at_p_one_the_state_is_dropped_whatever_the_mask_says(name):
    module, _ = make(name, 1, recurrent_p=1.0)
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    masks = [torch.ones(shape) for shape in ((3, 4), (1, 3, 6), (1, 3, 6))]
    c0 = torch.randn(1, 3, 6, dtype=torch.float64)
    outs = []
    for h0 in (torch.full_like(c0, torch.inf), torch.zeros_like(c0)):
        outs.append(module(x, (h0, c0) if name == "VariationalLSTM" else h0, masks)[0])
    assert torch.equal(*outs)


@modules
def test_a_dropped_state_is_zero_where_weight_and_scale_together_overflow(name):
    module, _ = make(name, 1, dtype=torch.float16, recurrent_p=0.9999)
    x = torch.randn(5, 3, 4, dtype=torch.float16)
    masks = [torch.ones(3, 4), torch.zeros(1, 3, 6), torch.ones(1, 3, 6)]
    results = []
    for weight in (8, 0):  # 8 / (1 - 0.9999) is infinite in half precision
        nn.init.constant_(module.weight_hh_l0, weight)
        module.zero_grad()
        output, _ = module(x, masks=masks)
        output.sum().backward()
        results.append([output, module.weight_ih_l0.grad, module.weight_hh_l0.grad])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    assert (results[0][2] == 0).all()


def test_the_lstm_is_the_loop_over_its_masked_cell():
    module, _ = make("VariationalLSTM", 1, **RATES)
    cell = nn.LSTMCell(FEATURES, UNITS, dtype=torch.float64)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in module.state_dict().items()})
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    h, c = (part[0] for part in state_of("VariationalLSTM", 1))
    output, (h_n, c_n) = module(x, (h[None], c[None]))
    m_x, (m_h,), (m_y,) = module.masks
    for t, step in enumerate(x):
        h, c = cell(step * m_x / (1 - 0.4), (h * m_h / (1 - 0.3), c))
        torch.testing.assert_close(output[t], h * m_y / (1 - 0.5))
    torch.testing.assert_close(h_n[0], h)
    torch.testing.assert_close(c_n[0], c)


@modules
def test_a_sequence_in_two_chunks_with_the_masks_kept_is_the_whole_sequence(name):
    module, _ = make(name, **RATES)
    x = torch.randn(8, 3, 4, dtype=torch.float64)
    whole, _ = module(x)
    masks = module.masks
    first, state = module(x[:5], masks=masks)
    second, _ = module(x[5:], state, masks=masks)
    torch.testing.assert_close(torch.cat([first, second]), whole)


# --- derivatives, transforms, copies -----------------------------------------------------------


@modules
@pytest.mark.parametrize("training", [True, False])
def test_first_and_second_derivatives_pass_gradcheck(name, training):
    module, _ = make(name, **RATES)
    module.train(training)
    x = torch.randn(3, 2, 4, dtype=torch.float64, requires_grad=True)
    hx = state_of(name, batch=(2,))
    masks = masks_of((2, 4), (2, 2, 6))
    weights = [parameter for key, parameter in module.named_parameters() if "weight" in key]

    def run(x, *_):
        return tuple(flat(module(x, hx, masks)))

    assert torch.autograd.gradcheck(run, (x, *weights))
    assert torch.autograd.gradgradcheck(run, (x,))


@modules
@pytest.mark.parametrize("axis", [0, None])
def test_vmap_draws_other_masks_for_each_of_what_it_maps_over(name, axis):
    module, _ = make(name, **RATES)
    x = torch.randn(3, 2, 4, dtype=torch.float64)
    inputs = x.expand(6, *x.shape) if axis == 0 else x

    def run(x, _):
        return module(x)[0]

    over = torch.func.vmap(run, in_dims=(axis, 0), randomness="different")
    out = over(inputs, torch.zeros(6))
    assert len(torch.unique(out.flatten(1), dim=0)) == 6
    assert copy.deepcopy(module).masks is None
    out = torch.func.vmap(run, in_dims=(axis, 0), randomness="same")(inputs, torch.zeros(6))
    assert (out == out[0]).all()
    module.eval()
    out = torch.func.vmap(run, in_dims=(axis, 0))(inputs, torch.zeros(6))
    torch.testing.assert_close(out, module(x)[0].expand_as(out))


@modules
def test_compiled_is_the_same_under_masks_and_draws_anew(name):
    module, _ = make(name, 1, **RATES)
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    x = torch.randn(3, 2, 4, dtype=torch.float64)
    masks = masks_of((2, 4), (1, 2, 6))
    torch.testing.assert_close(compiled(x, masks=masks)[0], module(x, masks=masks)[0])
    outs = [compiled(x)[0] for _ in range(4)]
    assert not all(torch.equal(out, outs[0]) for out in outs[1:])


@modules
@pytest.mark.parametrize("given", [True, False])
def test_under_autocast_it_is_torch_nn(name, given):
    ours, theirs = make(name, dtype=torch.float32, **ZERO)
    x, hx = torch.randn(5, 3, 4), state_of(name, dtype=torch.float32) if given else None
    with torch.autocast("cpu", torch.bfloat16):
        results = flat(ours(x, hx)), flat(theirs(x, hx))
    for a, b in zip(*results, strict=True):
        assert a.dtype == b.dtype == torch.bfloat16
        torch.testing.assert_close(a, b, rtol=0.02, atol=0.02)


@modules
def test_on_the_meta_device_it_has_shapes(name):
    module, _ = make(name, device="meta", **RATES)
    output, _ = module(torch.zeros(5, 3, 4, dtype=torch.float64, device="meta"))
    assert output.is_meta
    assert output.shape == (5, 3, 6)


@modules
def test_copies_pickles_and_state_dicts_behave_as_the_original(name):
    module, namesake = make(name, generator=torch.Generator().manual_seed(40), **RATES)
    x = torch.randn(3, 2, 4, dtype=torch.float64)
    module(x)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    copies = [copy.deepcopy(module), pickle.loads(pickle.dumps(module))]
    expected, _ = module(x)
    for other in copies:
        assert other.masks is None
        assert torch.equal(other(x)[0], expected)
    namesake.load_state_dict(torch.load(file))
    torch.testing.assert_close(namesake(x)[0], module.eval()(x)[0])
    assert copy.copy(module)(x)[0].shape == expected.shape


@modules
def test_it_trains(name):
    torch.manual_seed(41)
    module = getattr(pytorch, name)(2, 16, recurrent_p=0.1, output_p=0.1)
    readout = nn.Linear(16, 1)
    optimiser = torch.optim.Adam([*module.parameters(), *readout.parameters()], 0.01)
    x = torch.randn(6, 64, 2)
    losses = []
    for _ in range(150):
        optimiser.zero_grad()
        loss = (readout(module(x)[0])[-1, :, 0] - x[2, :, 0]).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_the_namesake_in_repr_is_complete():
    assert repr(pytorch.VariationalLSTM(3, 4, 2, batch_first=True, input_p=0.2)) == (
        "VariationalLSTM(3, 4, num_layers=2, batch_first=True, input_p=0.2, recurrent_p=0.0, "
        "output_p=0.0)"
    )
