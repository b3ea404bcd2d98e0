import re
import warnings
from functools import partial

import numpy as np
import pytest
import torch

from dropout_lib import pytorch, scratch
from dropout_lib.pytorch import functional
from tests.variants import Variant

LAYERS = [1, 2, 3]


class Spatial(Variant):
    """One draw per case and channel."""

    spatial_dims = None

    @staticmethod
    def train_scale(p):
        return 1 / (1 - p) if p < 1 else 0

    @staticmethod
    def eval_scale(p):
        return 1

    @staticmethod
    def mask_shape(shape):
        return (*shape[:2], *[1] * (len(shape) - 2))

    def test_one_case_without_the_batch_axis(self):
        if self.spatial_dims == 2:
            pytest.skip("torch.nn reads three axes as (N, C, L)")
        x, _, mask = self.example(0.5, shape=self.shape)
        alone = self.layer("scratch", 0.5).forward(x[0], mask=mask[0])
        assert (alone == self.layer("scratch", 0.5).forward(x, mask=mask)[0]).all()
        for room in ("scratch", "pytorch"):
            layer = self.layer(room, 0.5)
            out = layer.forward(x[0] if room == "scratch" else torch.from_numpy(x[0]))
            assert layer.mask.shape == mask[0].shape
            assert ((np.asarray(out) == 0) == ~np.asarray(layer.mask)).all()

    @pytest.mark.parametrize("batch", [0, 1])
    def test_a_batch_of_one_and_of_none(self, batch):
        x = np.ones((batch, *self.shape[1:]))
        for room in ("scratch", "pytorch"):
            out = self.layer(room, 0.5).forward(x if room == "scratch" else torch.from_numpy(x))
            assert out.shape == x.shape

    def test_empty_maps_pass(self):
        x = np.ones((2, 3, *[0] * self.spatial_dims))
        for training in (True, False):
            assert self.layer("scratch", 0.5, training).forward(x).shape == x.shape
            assert self.layer("pytorch", 0.5, training)(torch.from_numpy(x)).shape == x.shape

    def test_axes_in_any_order_of_memory(self):
        x, _, mask = self.example(0.5)
        strided = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
        assert not strided.flags.c_contiguous
        expected = self.layer("scratch", 0.5).forward(x, mask=mask)
        assert (self.layer("scratch", 0.5).forward(strided, mask=mask) == expected).all()
        theirs = self.layer("pytorch", 0.5)(torch.from_numpy(strided), mask=torch.tensor(mask))
        assert (theirs.numpy() == expected).all()
        assert theirs.stride() == torch.from_numpy(strided).stride()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_of_pytorch(self, dtype):
        x, _, mask = map(torch.tensor, self.example(0.5))
        out = self.layer("pytorch", 0.5)(x.to(dtype), mask=mask)
        assert out.dtype == dtype
        assert torch.equal(out, torch.where(mask, x.to(dtype) * 2, 0))


def spatial(dims):
    names = {
        "spatial_dims": dims,
        "scratch_layer": getattr(scratch, f"Dropout{dims}d"),
        "torch_layer": getattr(pytorch, f"Dropout{dims}d"),
        "torch_namesake": getattr(torch.nn, f"Dropout{dims}d"),
        "torch_function": staticmethod(getattr(functional, f"dropout{dims}d")),
    }
    for room, module in (("scratch", scratch), ("torch", pytorch)):
        for way in ("forward", "backward"):
            pair = partial(getattr(module, f"spatial_dropout_{way}"), spatial_dims=dims)
            names[f"{room}_{way}"] = staticmethod(pair)
    return names


class TestDropout1d(Spatial):
    locals().update(spatial(1))
    shape, small_shape, large_shape = (9, 7, 11), (2, 3, 2), (500, 300, 2)


class TestDropout2d(Spatial):
    locals().update(spatial(2))
    shape, small_shape, large_shape = (9, 7, 5, 4), (2, 3, 2, 1), (500, 300, 1, 2)

    def test_channels_last_memory_is_kept(self):
        x, _, mask = map(torch.tensor, self.example(0.5))
        last = x.to(memory_format=torch.channels_last)
        for training in (True, False):
            out = self.layer("pytorch", 0.5, training)(last, mask=mask)
            assert out.is_contiguous(memory_format=torch.channels_last)
            assert torch.equal(out, self.layer("pytorch", 0.5, training)(x, mask=mask))


class TestDropout3d(Spatial):
    locals().update(spatial(3))
    shape, small_shape, large_shape = (9, 7, 2, 3, 4), (2, 3, 1, 2, 1), (500, 300, 1, 1, 2)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dims", LAYERS)
@pytest.mark.parametrize("axes", range(7))
def test_torch_nn_accepts_warns_and_refuses_alike(dims, axes, training):
    x = torch.ones([2] * axes)

    def outcome(make):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                out = make(0.5).train(training)(x.clone())
            except Exception as error:
                return type(error)
        assert out.shape == x.shape
        return len(caught) > 0

    theirs = outcome(getattr(torch.nn, f"Dropout{dims}d"))
    ours = outcome(getattr(pytorch, f"Dropout{dims}d"))
    no_channels = axes < (1 if dims == 3 else 2)  # torch refuses that in training only
    assert ours == (RuntimeError if no_channels else theirs)


@pytest.mark.parametrize("dims", LAYERS)
@pytest.mark.parametrize("axes", range(2, 7))
def test_the_same_units_share_a_draw_as_in_torch_nn(dims, axes):
    x = torch.ones([40, 40, 2, 2, 2, 2][:axes])
    if dims == 1 and axes > 3:
        return  # refused
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = getattr(pytorch, f"Dropout{dims}d")(0.5)(x)
        theirs = getattr(torch.nn, f"Dropout{dims}d")(0.5)(x)
        by_hand = getattr(scratch, f"Dropout{dims}d")(0.5).forward(x.numpy())
    for out in (ours, theirs, torch.from_numpy(by_hand)):
        shared = [bool((out == out.narrow(axis, 0, 1)).all()) for axis in range(axes)]
        one_case = axes == 2 if dims == 1 else dims == 3 and axes != 5
        assert shared == [False] * (2 - one_case) + [True] * (axes - 2 + one_case)


@pytest.mark.parametrize("dims", LAYERS)
@pytest.mark.parametrize("axes", range(7))
def test_both_rooms_accept_warn_and_refuse_alike(dims, axes):
    def outcome(layer, x):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                layer.forward(x)
            except (ValueError, RuntimeError) as error:
                return str(error)
        return [str(warning.message) for warning in caught]

    x = np.ones([2] * axes)
    ours = outcome(getattr(scratch, f"Dropout{dims}d")(0.5), x)
    assert ours == outcome(getattr(pytorch, f"Dropout{dims}d")(0.5), torch.from_numpy(x))


def test_a_picture_without_its_batch_axis_is_named_in_the_warning():
    with pytest.warns(UserWarning, match=re.escape("(3, 8, 8) and reads it as (N, C, L)")):
        scratch.Dropout2d(0.5).forward(np.ones((3, 8, 8)))


def test_a_wrong_number_of_axes_is_told_with_the_shape():
    with pytest.raises(ValueError, match=r"dropout1d needs 3 axes.*got shape \(2, 3, 4, 5\)"):
        scratch.Dropout1d(0.5).forward(np.ones((2, 3, 4, 5)))
    with pytest.raises(RuntimeError, match=r"dropout1d needs 3 axes.*got shape \(2, 3, 4, 5\)"):
        pytorch.Dropout1d(0.5)(torch.ones(2, 3, 4, 5))
