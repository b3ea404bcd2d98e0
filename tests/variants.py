"""What every dropout of activations has to hold, in both rooms; a test file subclasses this.

The subclass names its layers, its functional pairs, its two scales, and the shape of its masks.
"""

import contextlib
import copy
import pickle
import re

import numpy as np
import pytest
import torch

from dropout_lib import scratch

PROBABILITIES = [0, 0.1, 0.3, 0.5, 0.9, 1]
WIDE = [np.float32, np.float64]  # half precision is rounded once, which NumPy's own product is not
DTYPES = [np.float16, *WIDE]
ROOMS = ["scratch", "pytorch"]


def poisoned(values, mask):
    """The values, with infinities and NaNs wherever the mask drops."""
    values, dropped = values.copy(), ~np.broadcast_to(mask, values.shape)
    values[dropped] = np.resize([np.inf, -np.inf, np.nan], np.count_nonzero(dropped))
    return values


def generator(room, seed):
    if room == "scratch":
        return {"rng": np.random.default_rng(seed)}
    return {"generator": torch.Generator().manual_seed(seed)}


class Variant:
    shape, small_shape, large_shape = None, None, None
    case_axis = 0
    scratch_layer, scratch_forward, scratch_backward = None, None, None
    torch_layer, torch_forward, torch_backward, torch_function = None, None, None, None
    torch_namesake = torch.nn.Dropout

    @staticmethod
    def train_scale(p):
        raise NotImplementedError

    @staticmethod
    def eval_scale(p):
        raise NotImplementedError

    @staticmethod
    def mask_shape(shape):
        """The shape of the mask for an input of this shape: 1 where units share a draw."""
        raise NotImplementedError

    def example(self, p, dtype=np.float64, shape=None):
        """Input, gradient of the output, and a mask for both rooms to replay."""
        shape, rng = shape or self.shape, np.random.default_rng(11)
        x, grad_output = rng.standard_normal((2, *shape)).astype(dtype)
        return x, grad_output, scratch.draw_keep_mask(self.mask_shape(shape), p, rng)

    # --- one pass through either room, arrays in and arrays out ----------------------------------

    def layer(self, room, p, training=True, **kwargs):
        layer = (self.scratch_layer if room == "scratch" else self.torch_layer)(p, **kwargs)
        return layer if training else layer.eval()

    def through(self, room, layer, x, grad_output, mask=None):
        """(output, gradient of the input)"""
        if room == "scratch":
            return layer.forward(x, mask=mask), layer.backward(grad_output)
        leaf = torch.tensor(x, requires_grad=True)
        out = layer(leaf, mask=None if mask is None else torch.tensor(mask))
        out.backward(torch.tensor(grad_output))
        return out.detach().numpy(), leaf.grad.numpy()

    # --- the formula, and parity -----------------------------------------------------------------

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_both_rooms_agree_exactly_under_a_shared_mask(self, p, dtype):
        x, grad_output, mask = self.example(p, dtype)
        results = [self.through(room, self.layer(room, p), x, grad_output, mask) for room in ROOMS]
        for ours, theirs in zip(*results, strict=True):
            assert ours.dtype == theirs.dtype == dtype
            assert (ours == theirs).all()

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("dtype", WIDE)
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_training_follows_the_formula(self, room, p, dtype):
        x, grad_output, mask = self.example(p, dtype)
        out, grad_input = self.through(room, self.layer(room, p), x, grad_output, mask)
        scale = dtype(self.train_scale(p))
        assert (out == np.where(mask, x * scale, 0)).all()
        assert (grad_input == np.where(mask, grad_output * scale, 0)).all()

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("dtype", WIDE)
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_evaluation_drops_nothing(self, room, p, dtype):
        x, grad_output, _ = self.example(p, dtype)
        layer = self.layer(room, p, training=False)
        out, grad_input = self.through(room, layer, x, grad_output)
        scale = dtype(self.eval_scale(p))
        assert (out == x * scale).all()
        assert (grad_input == grad_output * scale).all()
        assert out.dtype == dtype
        assert layer.mask is None

    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_functional_pair_is_the_layer_in_scratch(self, p, training):
        x, grad_output, mask = self.example(p)
        out, used = self.scratch_forward(x, p, training, mask=mask)
        layer = self.layer("scratch", p, training)
        expected = self.through("scratch", layer, x, grad_output, mask)
        assert (out == expected[0]).all()
        assert (self.scratch_backward(grad_output, used, p) == expected[1]).all()
        assert used is None if not training else (used == mask).all()

    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_functional_forms_are_the_layer_in_pytorch(self, p, training):
        x, grad_output, mask = self.example(p)
        layer = self.layer("pytorch", p, training)
        expected = self.through("pytorch", layer, x, grad_output, mask)
        x, grad_output, mask = map(torch.tensor, (x, grad_output, mask))
        out, used = self.torch_forward(x, p, training, mask=mask)
        assert (out.numpy() == expected[0]).all()
        assert (self.torch_backward(grad_output, used, p).numpy() == expected[1]).all()
        assert used is None if not training else torch.equal(used, mask)
        assert torch.equal(self.torch_function(x, p, training, mask=mask), out)

    # --- gradients -------------------------------------------------------------------------------

    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_gradient_matches_finite_differences_in_scratch(self, p, training):
        x, weights, mask = self.example(
            p, shape=self.small_shape
        )  # the loss is sum(weights * output)
        layer = self.layer("scratch", p, training)
        _, grad_input = self.through("scratch", layer, x, weights, mask)
        numerical, step = np.empty_like(x), 1e-3  # linear in x, so the step need not be small
        for index in np.ndindex(x.shape):
            change = np.zeros_like(x)
            change[index] = step
            difference = layer.forward(x + change, mask) - layer.forward(x - change, mask)
            numerical[index] = (weights * difference).sum() / (2 * step)
        error = np.linalg.norm(numerical - grad_input)
        assert error <= 1e-7 * np.linalg.norm(grad_input)

    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("p", [0.3, 1])
    def test_first_and_second_derivatives_pass_gradcheck_in_pytorch(self, p, training):
        x, _, mask = self.example(p, shape=self.small_shape)
        x, mask = torch.tensor(x, requires_grad=True), torch.tensor(mask)
        layer = self.layer("pytorch", p, training)
        assert torch.autograd.gradcheck(lambda x: layer(x, mask=mask), x)
        assert torch.autograd.gradgradcheck(lambda x: layer(x, mask=mask), x)

    @pytest.mark.parametrize("room", ROOMS)
    def test_a_kept_zero_passes_its_gradient_on(self, room):
        _, _, mask = self.example(0.5)
        zeros, ones = np.zeros(self.shape), np.ones(self.shape)
        _, grad_input = self.through(room, self.layer(room, 0.5), zeros, ones, mask)
        assert (grad_input == self.train_scale(0.5) * mask).all()

    @pytest.mark.parametrize("room", ROOMS)
    def test_backward_uses_the_mask_that_forward_drew(self, room):
        x, ones = np.ones((2, *self.shape))
        layer = self.layer(room, 0.3, **generator(room, 12))
        for _ in range(2):
            out, grad_input = self.through(room, layer, x, ones)
            assert (grad_input == out).all()
            assert np.asarray(layer.mask).shape == self.mask_shape(self.shape)
            assert (np.broadcast_to(layer.mask, out.shape) == (out != 0)).all()

    # --- dropped means removed -------------------------------------------------------------------

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_infinity_and_nan_at_dropped_units_give_zero(self, room, p, dtype):
        x, grad_output, mask = self.example(p, dtype)
        layer = self.layer(room, p)
        expected = self.through(room, layer, x, grad_output, mask)
        bad_x, bad_grad = poisoned(x, mask), poisoned(grad_output, mask)
        for got, wanted in zip(
            self.through(room, layer, bad_x, bad_grad, mask), expected, strict=True
        ):
            assert (got == wanted).all()
            assert (got[~np.broadcast_to(mask, got.shape)] == 0).all()

    @pytest.mark.parametrize("room", ROOMS)
    def test_at_p_0_nothing_changes_and_at_p_1_everything_is_zero(self, room):
        x, grad_output, _ = self.example(0)
        out, grad_input = self.through(room, self.layer(room, 0), x, grad_output)
        assert (out == x).all()
        assert (grad_input == grad_output).all()
        x[0], x[1] = np.inf, np.nan
        for result in self.through(room, self.layer(room, 1), x, grad_output):
            assert (result == 0).all()

    # --- randomness ------------------------------------------------------------------------------

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("p", PROBABILITIES)
    def test_realised_drop_rate_is_p(self, room, p):
        x = np.ones(self.large_shape, dtype=np.float32)
        layer = self.layer(room, p, **generator(room, 13))
        out, _ = self.through(room, layer, x, x)
        dropped = np.count_nonzero(~np.asarray(layer.mask))
        draws = np.prod(self.mask_shape(x.shape))
        assert draws > 100_000
        assert abs(dropped - p * draws) <= 6 * np.sqrt(draws * p * (1 - p))
        assert abs((out == 0).mean() - dropped / draws) < 1e-9

    @pytest.mark.parametrize("room", ROOMS)
    def test_a_seed_repeats_the_masks_and_each_pass_draws_a_fresh_one(self, room):
        x, grad_output, _ = self.example(0.5)
        first, second = (self.layer(room, 0.5, **generator(room, 14)) for _ in range(2))
        passes = [self.through(room, first, x, grad_output)[0] for _ in range(3)]
        for out in passes:
            assert (self.through(room, second, x, grad_output)[0] == out).all()
        assert not (passes[0] == passes[1]).all()
        dropped = np.moveaxis(passes[0] == 0, self.case_axis, 0)
        assert (dropped != dropped[0]).any()  # fresh per case

    @pytest.mark.parametrize("room", ROOMS)
    def test_global_random_state_is_untouched(self, room):
        x, grad_output, _ = self.example(0.5)
        numpy_before = np.random.get_state()  # noqa: NPY002
        torch_before = torch.get_rng_state()
        self.through(room, self.layer(room, 0.5, **generator(room, 15)), x, grad_output)
        self.scratch_forward(x)
        numpy_after = np.random.get_state()  # noqa: NPY002
        assert all(map(np.array_equal, numpy_before, numpy_after))
        assert torch.equal(torch_before, torch.get_rng_state())

    # --- inputs, and what is refused -------------------------------------------------------------

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("training", [True, False])
    def test_input_and_gradient_are_not_changed_nor_returned(self, room, training):
        x, grad_output, mask = self.example(0.5)
        before = x.copy(), grad_output.copy()
        results = self.through(room, self.layer(room, 0.5, training), x, grad_output, mask)
        assert (x == before[0]).all()
        assert (grad_output == before[1]).all()
        for result in results:
            assert not np.shares_memory(result, x)
            assert not np.shares_memory(result, grad_output)

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
    def test_a_mask_of_zeros_and_ones_is_a_mask(self, room, dtype):
        x, grad_output, mask = self.example(0.5)
        layer = self.layer(room, 0.5)
        expected = self.through(room, layer, x, grad_output, mask)
        got = self.through(room, layer, x, grad_output, mask.astype(dtype))
        assert all((a == b).all() for a, b in zip(got, expected, strict=True))

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("p", [1.5, -0.1, float("nan"), "0.5", None])
    def test_a_bad_probability_is_refused_at_construction(self, room, p):
        with pytest.raises(ValueError, match="dropout probability has to be") as caught:
            self.layer(room, p)
        got = repr(p) if isinstance(p, str) else p
        assert str(caught.value) == f"dropout probability has to be between 0 and 1, but got {got}"

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("training", [True, False])
    def test_integers_are_refused(self, room, training):
        x = np.ones(self.shape, dtype=np.int64)
        x = x if room == "scratch" else torch.from_numpy(x)
        with pytest.raises(TypeError, match="int64: convert first"):
            self.layer(room, 0.5, training)(x)

    @pytest.mark.parametrize("room", ROOMS)
    def test_a_mask_that_does_not_fit_is_refused(self, room):
        x, grad_output, mask = self.example(0.5)
        layer = self.layer(room, 0.5)
        told = re.escape(f"the mask has shape {mask.T.shape}, but has to have shape {mask.shape}")
        with pytest.raises(ValueError, match=told):
            self.through(room, layer, x, grad_output, mask.T)
        with pytest.raises(ValueError, match="but got 2"):
            self.through(room, layer, x, grad_output, mask * 2)

    @pytest.mark.parametrize("room", ROOMS)
    def test_p_may_change_between_forward_and_backward(self, room):
        x, grad_output, mask = self.example(0.5)
        layer = self.layer(room, 0.5)
        _, expected = self.through(room, layer, x, grad_output, mask)
        if room == "scratch":
            layer.forward(x, mask=mask)
            layer.p = 0.9
            grad_input = layer.backward(grad_output)
        else:
            leaf = torch.tensor(x, requires_grad=True)
            out = layer(leaf, mask=torch.tensor(mask))
            layer.p = 0.9
            out.backward(torch.tensor(grad_output))
            grad_input = leaf.grad.numpy()
        assert (grad_input == expected).all()

    def test_backward_before_forward_says_so(self):
        with pytest.raises(RuntimeError, match="backward was called before forward"):
            self.layer("scratch", 0.5).backward(np.ones(3))

    @pytest.mark.parametrize("training", [True, False])
    def test_a_gradient_of_the_wrong_shape_is_refused(self, training):
        layer = self.layer("scratch", 0.5, training)
        layer.forward(np.ones(self.shape))
        other = self.shape[::-1]
        told = re.escape(f"shape {other}, but forward returned shape {self.shape}")
        with pytest.raises(ValueError, match=told):
            layer.backward(np.ones(other))

    # --- a module like those of torch.nn ---------------------------------------------------------

    def test_arguments_and_repr_are_those_of_torch_nn(self):
        layer, theirs = self.torch_layer(0.2, True), self.torch_namesake(0.2, True)
        assert (layer.p, layer.inplace) == (theirs.p, theirs.inplace)
        assert layer.extra_repr() == theirs.extra_repr()
        assert self.torch_layer().extra_repr() == self.torch_namesake().extra_repr()

    @pytest.mark.parametrize("training", [True, False])
    def test_inplace_writes_into_the_input(self, training):
        x, _, mask = self.example(0.5)
        x, mask = torch.tensor(x), torch.tensor(mask)
        expected = self.layer("pytorch", 0.5, training)(x, mask=mask)
        out = self.layer("pytorch", 0.5, training, inplace=True)(x, mask=mask)
        assert out is x
        assert torch.equal(x, expected)

    def test_copies_and_pickles_behave_as_the_original(self):
        layer = self.torch_layer(0.3, generator=torch.Generator().manual_seed(16))
        x = torch.ones(self.shape)
        layer(x)
        copies = copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))
        expected = layer(x)
        for other in copies:
            assert (other.p, other.training) == (layer.p, layer.training)
            assert torch.equal(other(x), expected)

    def test_there_is_nothing_in_the_state_dict(self):
        layer = self.torch_layer(0.3)
        layer(torch.ones(self.shape))
        assert not layer.state_dict()
        assert not list(layer.parameters())
        assert not list(layer.buffers())

    def test_vmap_draws_as_its_randomness_argument_says(self):
        layer, x = self.torch_layer(0.5), torch.ones(20, *self.shape)
        different = torch.func.vmap(layer, randomness="different")(x)
        assert not (different == different[0]).all()
        same = torch.func.vmap(layer, randomness="same")(x)
        assert (same == same[0]).all()
        with pytest.raises(RuntimeError, match="randomness"):
            torch.func.vmap(layer)(x)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
    def test_vmap_over_masks_alone(self, dtype):
        layer, x = self.layer("pytorch", 0.5), torch.ones(self.shape, dtype=dtype)
        drawn = torch.func.vmap(lambda _: layer(x), randomness="different")(torch.arange(4))
        assert not (drawn == drawn[0]).all()
        masks = torch.stack([torch.tensor(self.example(p)[2]) for p in (0.3, 0.7)])
        replayed = torch.func.vmap(lambda mask: layer(x, mask=mask))(masks)
        assert torch.equal(replayed, torch.stack([layer(x, mask=mask) for mask in masks]))

    def test_shapes_can_be_worked_out_without_values(self):
        from torch._subclasses import FakeTensorMode

        with FakeTensorMode():
            assert self.layer("pytorch", 0.5)(torch.ones(self.shape)).shape == self.shape
        assert self.layer("pytorch", 0.5)(torch.ones(self.shape, device="meta")).is_meta

    def test_the_shown_mask_cannot_change_the_gradient_unnoticed(self):
        x = torch.ones(self.shape, requires_grad=True)
        layer = self.layer("pytorch", 0.5)
        out = layer(x)
        layer.mask.fill_(True)
        with contextlib.suppress(RuntimeError):  # autograd may also notice, and refuse
            out.sum().backward()
            assert torch.equal(x.grad, out.detach())

    @pytest.mark.parametrize("room", ROOMS)
    def test_a_subclass_behaves_as_its_parent(self, room):
        mine = self.layer(room, 0.5)
        mine.__class__ = type("Mine", (type(mine),), {})
        x, grad_output, mask = self.example(0.5)
        expected = self.through(room, self.layer(room, 0.5), x, grad_output, mask)
        got = self.through(room, mine, x, grad_output, mask)
        assert all((a == b).all() for a, b in zip(got, expected, strict=True))

    def test_what_is_dropped_gives_no_warning(self):
        x, grad_output, _ = self.example(0.5, np.float32)
        nothing = np.zeros(self.mask_shape(self.shape), dtype=bool)
        with np.errstate(all="raise"):
            out = self.through(
                "scratch", self.layer("scratch", 0.5), x + 3e38, grad_output, nothing
            )
        assert (out[0] == 0).all()

    # --- what a caller does afterwards -----------------------------------------------------------

    @pytest.mark.parametrize("room", ROOMS)
    def test_changing_the_given_mask_afterwards_changes_nothing(self, room):
        layer = self.layer(room, 0.5)
        _, _, given = self.example(0.5)
        before = given.copy()
        mask = given if room == "scratch" else torch.from_numpy(given)
        ones = np.ones(self.shape) if room == "scratch" else torch.ones(self.shape)
        layer.forward(ones, mask=mask)
        given[:] = ~given
        assert (np.asarray(layer.mask) == before).all()

    @pytest.mark.parametrize("room", ROOMS)
    def test_at_p_1_nothing_is_kept_whatever_the_mask_says(self, room):
        if self.train_scale(1) != 0:
            pytest.skip("a variant that does not scale in training keeps what the mask says")
        x, grad_output, mask = self.example(0)
        x[0] = np.nan
        layer = self.layer(room, 1.0)
        for out in self.through(room, layer, x, grad_output, mask):
            assert (out == 0).all()

    @pytest.mark.parametrize("transform", [torch.func.grad, torch.func.vmap])
    def test_a_module_can_be_copied_after_torch_func(self, transform):
        layer = self.layer("pytorch", 0.5)
        if transform is torch.func.grad:
            torch.func.grad(lambda x: layer(x).sum())(torch.ones(self.shape))
        else:
            torch.func.vmap(layer, randomness="different")(torch.ones(3, *self.shape))
        assert copy.deepcopy(layer).mask is None
        assert pickle.loads(pickle.dumps(layer)).mask is None

    def test_what_is_no_generator_and_no_mask_is_refused_by_name(self):
        with pytest.raises(TypeError, match=r"generator has to be a torch\.Generator, but got 3"):
            self.layer("pytorch", 0.5, generator=3)
        with pytest.raises(TypeError, match="mask has to be a tensor, but got list"):
            self.layer("pytorch", 0.5)(torch.ones(self.shape), mask=[True, False])

    # --- forward-mode derivatives and the compiler -----------------------------------------------

    @pytest.mark.parametrize("training", [True, False])
    def test_forward_mode_and_vmapped_gradients_agree_with_backward(self, training):
        x, grad_output, mask = map(torch.tensor, self.example(0.5))
        layer = self.layer("pytorch", 0.5, training)
        out, tangent = torch.func.jvp(lambda x: layer(x, mask=mask), (x,), (grad_output,))
        assert torch.equal(tangent, layer(grad_output, mask=mask))
        _, pullback = torch.func.vjp(lambda x: layer(x, mask=mask), x)
        cotangents = torch.stack([grad_output, x])
        (grads,) = torch.func.vmap(pullback)(cotangents)
        assert torch.equal(grads[0], pullback(grad_output)[0])
        assert torch.equal(out, layer(x, mask=mask))

    def test_the_whole_layer_compiles(self):
        torch.compiler.reset()  # or the layers of other tests count against this one
        layer = self.layer("pytorch", 0.5)
        compiled = torch.compile(layer, fullgraph=True, backend="eager")
        x = torch.ones(self.shape)
        out = compiled(x)
        assert set(out.unique().tolist()) == {0.0, float(self.train_scale(0.5))}
        _, _, mask = map(torch.tensor, self.example(0.5))
        assert torch.equal(compiled(x, mask=mask), layer(x, mask=mask))


class Elementwise(Variant):
    """One draw per unit."""

    shape, small_shape, large_shape = (33, 65), (4, 5), (300, 1000)

    @staticmethod
    def mask_shape(shape):
        return shape

    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("replayed", [True, False])
    def test_memory_format_is_kept(self, training, replayed):
        x = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
        mask = (torch.rand(2, 3, 4, 5) < 0.5) if replayed else None
        out = self.layer("pytorch", 0.5, training)(x, mask=mask)
        assert out.is_contiguous(memory_format=torch.channels_last)
        transposed = torch.randn(6, 8).t()
        assert self.layer("pytorch", 0.5, training)(transposed).stride() == transposed.stride()

    @pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3)])
    def test_scalars_and_empty_tensors_pass(self, shape):
        for training in (True, False):
            out = self.layer("pytorch", 0.5, training)(torch.ones(shape))
            assert out.shape == shape
            assert self.layer("scratch", 0.5, training)(np.ones(shape)).shape == shape
