"""One mask for all time steps: the same in both rooms."""

from functools import partial

import numpy as np
import pytest
import torch

from dropout_lib import pytorch, scratch
from tests.variants import DTYPES, PROBABILITIES, ROOMS, Variant, generator, poisoned

LAYOUTS = {  # name: (shape of x, shape of the mask, axis of time, batch_first)
    "time first": ((6, 4, 5), (1, 4, 5), 0, False),
    "batch first": ((4, 6, 5), (4, 1, 5), 1, True),
    "no batch": ((6, 5), (1, 5), 0, False),
    "no batch, batch first": ((6, 5), (1, 5), 0, True),
    "no steps": ((0, 4, 5), (1, 4, 5), 0, False),
    "no steps, batch first": ((4, 0, 5), (4, 1, 5), 1, True),
    "a batch of 1": ((6, 1, 5), (1, 1, 5), 0, False),
    "a batch of 1, batch first": ((1, 6, 5), (1, 1, 5), 1, True),
    "one step": ((1, 4, 5), (1, 4, 5), 0, False),
    "one feature": ((4, 6, 1), (4, 1, 1), 1, True),
    "no cases": ((6, 0, 5), (1, 0, 5), 0, False),
    "no features": ((4, 6, 0), (4, 1, 0), 1, True),
}
layouts = pytest.mark.parametrize("layout", LAYOUTS)
rooms = pytest.mark.parametrize("room", ROOMS)


def example(layout, p, dtype=np.float64):
    shape, mask_shape, _, _ = LAYOUTS[layout]
    rng = np.random.default_rng(21)
    x, grad_output = rng.standard_normal((2, *shape)).astype(dtype)
    return x, grad_output, scratch.draw_keep_mask(mask_shape, p, rng)


def make(room, p, layout="time first", training=True, **kwargs):
    rooms = {"scratch": scratch, "pytorch": pytorch}
    layer = rooms[room].VariationalDropout(p, batch_first=LAYOUTS[layout][3], **kwargs)
    return layer if training else layer.eval()


def through(room, layer, x, grad_output, mask=None):
    """(output, gradient of the input), as arrays."""
    if room == "scratch":
        return layer.forward(x, mask=mask), layer.backward(grad_output)
    leaf = torch.tensor(x, requires_grad=True)
    out = layer(leaf, mask=None if mask is None else torch.tensor(mask))
    out.backward(torch.tensor(grad_output))
    return out.detach().numpy(), leaf.grad.numpy()


def scale_of(p):
    return 1 / (1 - p) if p < 1 else 0


class TestTimeFirst(Variant):
    shape, small_shape, large_shape, case_axis = (7, 9, 11), (2, 3, 4), (2, 300, 500), 1
    scratch_layer = scratch.VariationalDropout
    scratch_forward = staticmethod(scratch.variational_dropout_forward)
    scratch_backward = staticmethod(scratch.variational_dropout_backward)
    torch_layer = pytorch.VariationalDropout
    torch_forward = staticmethod(pytorch.variational_dropout_forward)
    torch_backward = staticmethod(pytorch.variational_dropout_backward)
    torch_function = staticmethod(pytorch.functional.variational_dropout)
    batch_first = False

    @staticmethod
    def train_scale(p):
        return scale_of(p)

    @staticmethod
    def eval_scale(p):
        return 1

    @staticmethod
    def mask_shape(shape):
        return (1, *shape[1:])

    def test_arguments_and_repr_are_those_of_torch_nn(self):
        layer = self.torch_layer(0.2, True)
        assert (layer.p, layer.inplace) == (0.2, True)
        told = f"p=0.2, inplace=True, batch_first={self.batch_first}"
        assert layer.extra_repr() == told


def batch_first(way):
    return staticmethod(partial(way, batch_first=True))


class TestBatchFirst(TestTimeFirst):
    shape, small_shape, large_shape, case_axis = (9, 7, 11), (3, 2, 4), (300, 2, 500), 0
    scratch_layer = batch_first(scratch.VariationalDropout)
    scratch_forward = batch_first(scratch.variational_dropout_forward)
    scratch_backward = batch_first(scratch.variational_dropout_backward)
    torch_layer = batch_first(pytorch.VariationalDropout)
    torch_forward = batch_first(pytorch.variational_dropout_forward)
    torch_backward = batch_first(pytorch.variational_dropout_backward)
    torch_function = batch_first(pytorch.functional.variational_dropout)
    batch_first = True

    @staticmethod
    def mask_shape(shape):
        return (shape[0], 1, *shape[2:])


# --- the formula, and parity -------------------------------------------------------------------


@layouts
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_both_rooms_agree_exactly_under_a_shared_mask(layout, p, dtype):
    x, grad_output, mask = example(layout, p, dtype)
    results = [through(room, make(room, p, layout), x, grad_output, mask) for room in ROOMS]
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        assert ours.shape == theirs.shape == x.shape
        assert (ours == theirs).all()


@rooms
@layouts
@pytest.mark.parametrize("p", PROBABILITIES)
def test_evaluation_drops_nothing(room, layout, p):
    x, grad_output, mask = example(layout, p)
    layer = make(room, p, layout, training=False)
    out, grad_input = through(room, layer, x, grad_output, mask)
    assert (out == x).all()
    assert (grad_input == grad_output).all()
    assert layer.mask is None


# --- gradients ---------------------------------------------------------------------------------


@layouts
@pytest.mark.parametrize("p", [0.3, 1])
def test_gradient_matches_finite_differences_in_scratch(layout, p):
    x, weights, mask = example(layout, p)
    layer = make("scratch", p, layout)
    _, grad_input = through("scratch", layer, x, weights, mask)
    numerical, step = np.empty_like(x), 1e-3  # linear in x, so the step need not be small
    for index in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[index] = step
        difference = layer.forward(x + change, mask) - layer.forward(x - change, mask)
        numerical[index] = (weights * difference).sum() / (2 * step)
    assert np.linalg.norm(numerical - grad_input) <= 1e-7 * np.linalg.norm(grad_input)


@rooms
@layouts
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_infinity_and_nan_at_dropped_units_give_zero(room, layout, p, dtype):
    x, grad_output, mask = example(layout, p, dtype)
    whole = np.broadcast_to(mask, x.shape)
    layer = make(room, p, layout)
    expected = through(room, layer, x, grad_output, mask)
    got = through(room, layer, poisoned(x, whole), poisoned(grad_output, whole), mask)
    for values, wanted in zip(got, expected, strict=True):
        assert (values == wanted).all()
        assert (values[~whole] == 0).all()


# --- randomness --------------------------------------------------------------------------------


@rooms
@pytest.mark.parametrize("layout", ["time first", "batch first", "no batch"])
def test_one_mask_over_time_fresh_for_each_case_and_each_pass(room, layout):
    shape, _, time, _ = LAYOUTS[layout]
    shape = tuple(10 * size for size in shape)
    ones = np.ones(shape)
    layer = make(room, 0.5, layout, **generator(room, 22))
    passes = [through(room, layer, ones, ones) for _ in range(3)]
    for out, grad_input in passes:
        assert (out == out.take([0], time)).all()
        assert (grad_input == out).all()
        if len(shape) == 3:
            masks = out.take(0, time)
            assert len(np.unique(masks, axis=0)) == len(masks)
    assert not (passes[0][0] == passes[1][0]).all()
    again = make(room, 0.5, layout, **generator(room, 22))
    assert all((through(room, again, ones, ones)[0] == out).all() for out, _ in passes)
    assert (np.asarray(layer.mask) == (passes[2][0].take([0], time) != 0)).all()


@rooms
def test_the_wrong_axis_shares_the_mask_over_the_batch(room):
    x = np.ones((20, 30, 8))  # meant as 20 cases of 30 steps
    out, _ = through(room, make(room, 0.5, "time first", **generator(room, 24)), x, x)
    assert (out == out[:1]).all()  # every case the same
    assert not (out == out[:, :1]).all()  # and another mask at every step


# --- what is refused ---------------------------------------------------------------------------


@rooms
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4, 5)])
@pytest.mark.parametrize("training", [True, False])
def test_what_is_no_sequence_is_refused(room, shape, training):
    with pytest.raises(ValueError, match=r"needs a sequence.*got shape \("):
        through(room, make(room, 0.5, training=training), np.ones(shape), np.ones(shape))


@rooms
@pytest.mark.parametrize("shape", [(6, 4, 5), (4, 5), (1, 4, 1), (4, 1, 5)])
def test_a_mask_of_another_shape_is_refused(room, shape):
    x, grad_output, _ = example("time first", 0.5)
    with pytest.raises(ValueError, match=r"the mask has shape .* has to have shape \(1, 4, 5\)"):
        through(room, make(room, 0.5), x, grad_output, np.ones(shape, bool))


# --- a module among modules --------------------------------------------------------------------


@rooms
def test_repr_says_where_the_time_is(room):
    assert "batch_first=True" in repr(make(room, 0.5, "batch first"))


@pytest.mark.parametrize("layout", ["time first", "batch first", "no batch"])
def test_vmap_draws_for_each_of_what_it_maps_over(layout):
    shape, _, time, _ = LAYOUTS[layout]
    layer = make("pytorch", 0.5, layout)
    x = torch.ones(7, *(5 * size for size in shape))
    out = torch.func.vmap(layer, randomness="different")(x)
    assert not (out == out[0]).all()
    assert (out == out.narrow(1 + time, 0, 1)).all()
    same = torch.func.vmap(layer, randomness="same")(x)
    assert (same == same[0]).all()


def test_compiled_is_the_same_under_a_mask_and_keeps_one_mask_over_time():
    layer = make("pytorch", 0.5, "batch first")
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    x, _, mask = (torch.tensor(part) for part in example("batch first", 0.5))
    assert torch.equal(compiled(x, mask=mask), layer(x, mask=mask))
    out = compiled(torch.ones(20, 6, 30))
    assert (out == out[:, :1]).all()
    assert not (out == out[:1]).all()
