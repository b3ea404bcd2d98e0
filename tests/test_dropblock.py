from functools import reduce
from importlib import import_module

import numpy as np
import pytest
import torch

from dropout_lib import pytorch, scratch
from dropout_lib.experiments import dropped_maps
from dropout_lib.pytorch import functional
from tests.variants import ROOMS, Variant, generator

SMALL = [(1, 1, 3), (1, 3, 2), (2, 2, 2), (2, 3, 2), (1, 2, 3), (2, 1, 3), (2, 2, 3)]  # (H, W, b)


class TestDropBlock2d(Variant):
    scratch_layer, torch_layer = scratch.DropBlock2d, pytorch.DropBlock2d
    scratch_forward = staticmethod(scratch.dropblock_forward)
    scratch_backward = staticmethod(scratch.dropblock_backward)
    torch_forward = staticmethod(pytorch.dropblock_forward)
    torch_backward = staticmethod(pytorch.dropblock_backward)
    # maps of one unit in the large shape, where all draws are independent
    shape, small_shape, large_shape = (9, 7, 5, 4), (2, 3, 2, 1), (500, 300, 1, 1)

    @staticmethod
    def torch_function(x, p, training, mask):
        return functional.drop_block2d(x, p, training=training, mask=mask)

    @staticmethod
    def train_scale(p):
        return 1 / (1 - p) if p < 1 else 0

    @staticmethod
    def eval_scale(p):
        return 1

    @staticmethod
    def mask_shape(shape):
        return shape

    def test_arguments_and_repr_are_those_of_torch_nn(self):
        """torch.nn has none: those of torchvision.ops.DropBlock2d."""
        layer = pytorch.DropBlock2d(0.2, 5, True)
        assert (layer.p, layer.block_size, layer.inplace) == (0.2, 5, True)
        assert repr(layer) == "DropBlock2d(p=0.2, block_size=5, inplace=True)"
        assert repr(scratch.DropBlock2d(0.2, 5)) == "DropBlock2d(p=0.2, block_size=5)"

    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("replayed", [True, False])
    def test_memory_format_is_kept(self, training, replayed):
        x, _, mask = map(torch.tensor, self.example(0.5))
        last = x.to(memory_format=torch.channels_last)
        mask = mask if replayed else None
        out = self.layer("pytorch", 0.5, training)(last, mask=mask)
        assert out.is_contiguous(memory_format=torch.channels_last)
        if replayed:
            assert torch.equal(out, self.layer("pytorch", 0.5, training)(x, mask=mask))

    def test_the_memory_format_does_not_change_the_draw(self):
        x = torch.ones(self.shape)
        masks = []
        for each in (x, x.to(memory_format=torch.channels_last)):
            layer = self.layer("pytorch", 0.5, **generator("pytorch", 1))
            layer(each)
            masks.append(layer.mask)
        assert torch.equal(*masks)

    @pytest.mark.parametrize("room", ROOMS)
    @pytest.mark.parametrize("shape", [(0, 3, 4, 4), (1, 3, 4, 4), (2, 0, 4, 4), (2, 3, 0, 0)])
    def test_empty_and_single_batches_and_maps_pass(self, room, shape):
        x = np.ones(shape)
        for training in (True, False):
            layer = self.layer(room, 0.5, training)
            assert layer.forward(x if room == "scratch" else torch.from_numpy(x)).shape == shape

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_of_pytorch(self, dtype):
        x, _, mask = map(torch.tensor, self.example(0.5))
        out = self.layer("pytorch", 0.5)(x.to(dtype), mask=mask)
        assert out.dtype == dtype
        assert torch.equal(out, torch.where(mask, x.to(dtype) * 2, 0))


# --- where squares begin: exactly, over all patterns of draws -------------------------------------


def module(room):
    return import_module(f"dropout_lib.{room}.dropblock")


def masks_of(room, free, block_size, monkeypatch):
    """The masks that draws make: (patterns, H + b - 1, W + b - 1) to (patterns, H, W)."""
    patterns, height, width = free.shape
    asked = []

    def draw(shape, p, *_):
        asked.append(p)
        assert tuple(shape) == (patterns, 1, height, width)
        drawn = free[:, None]
        return drawn if room == "scratch" else torch.from_numpy(drawn)

    monkeypatch.setattr(module(room), "draw_keep_mask", draw)
    size = height - block_size + 1, width - block_size + 1
    mask = module(room).draw_block_mask((patterns, 1, *size), 0.3, block_size)
    assert asked == [module(room).seed_rate(0.3, block_size)]
    return np.asarray(mask)[:, 0]


def every_pattern(height, width, block_size):
    """All patterns of free places, and the number of places taken in each."""
    places = (height + block_size - 1) * (width + block_size - 1)
    bits = np.arange(2**places)[:, None] >> np.arange(places) & 1
    free = bits.astype(bool).reshape(-1, height + block_size - 1, width + block_size - 1)
    return free, places - bits.sum(axis=1)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize(("height", "width", "block_size"), SMALL)
def test_all_patterns_together_give_p_and_the_joint_probabilities(
    room, height, width, block_size, monkeypatch
):
    free, taken = every_pattern(height, width, block_size)
    kept = masks_of(room, free, block_size, monkeypatch)
    units = [(i, j) for i in range(height) for j in range(width)]
    for p in (0.1, 0.5, 0.9):
        gamma = module(room).seed_rate(p, block_size)
        probability = gamma**taken * (1 - gamma) ** (free[0].size - taken)
        assert probability.sum() == pytest.approx(1, abs=1e-12)
        for a in units:
            for b in units:  # the same unit too: then both are kept with 1 - p
                together = probability[kept[:, a[0], a[1]] & kept[:, b[0], b[1]]].sum()
                apart = abs(a[0] - b[0]), abs(a[1] - b[1])
                common = np.prod([max(0, block_size - d) for d in apart]) / block_size**2
                assert together == pytest.approx((1 - p) ** (2 - common), abs=1e-12)
        whole = probability[kept.all(axis=(1, 2))].sum()
        assert whole == pytest.approx((1 - p) ** (free[0].size / block_size**2), abs=1e-12)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("block_size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 16])
def test_a_unit_is_kept_where_all_squares_that_reach_it_are_absent(room, block_size, monkeypatch):
    height, width = 6, 9
    rng = np.random.default_rng(3)
    shape = (50, height + block_size - 1, width + block_size - 1)
    free = rng.random(shape) > 0.7 / block_size**2
    kept = masks_of(room, free, block_size, monkeypatch)
    windows = np.lib.stride_tricks.sliding_window_view(free, (block_size, block_size), (1, 2))
    assert kept.any()
    assert not kept.all()
    assert (kept == windows.all(axis=(-2, -1))).all()


def test_the_experiment_on_dropped_maps_draws_the_same_squares(monkeypatch):
    n, c, height, width, b = 4, 3, 8, 7, 5
    source = torch.Generator().manual_seed(5)
    theirs = dropped_maps.keep_mask_of((n, c, height, width), "blocks", 0.4, b, source)
    around = (n, c, height + b - 1, width + b - 1)
    rate = module("pytorch").seed_rate(0.4, b)
    free = dropped_maps._draw_channels_last(around, rate, torch.Generator().manual_seed(5))
    ours = masks_of("pytorch", free.flatten(0, 1).numpy(), b, monkeypatch)
    assert (ours.reshape(theirs.shape) == theirs.numpy()).all()


# --- how often -----------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("size", [(6, 5), (1, 7), (2, 2)])
@pytest.mark.parametrize("block_size", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_every_place_of_a_map_is_dropped_with_probability_p(room, size, block_size, p):
    maps = 20_000
    key, source = next(iter(generator(room, 17).items()))
    mask = module(room).draw_block_mask((maps // 10, 10, *size), p, block_size, **{key: source})
    rate = 1 - np.asarray(mask).mean(axis=(0, 1))
    assert (np.abs(rate - p) < 6.5 * np.sqrt(p * (1 - p) / maps)).all()


@pytest.mark.parametrize("room", ROOMS)
def test_the_rate_of_squares_is_exact_at_the_ends(room):
    seed_rate = module(room).seed_rate
    for block_size in (1, 2, 7):
        assert seed_rate(0, block_size) == 0
        assert seed_rate(1, block_size) == 1
        assert seed_rate(1e-13, block_size) == pytest.approx(1e-13 / block_size**2, rel=1e-12)
        for p in (0.1, 0.5, 0.999):
            kept = (1 - seed_rate(p, block_size)) ** block_size**2
            assert kept == pytest.approx(1 - p, rel=1e-12)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("p", [0.3, 0.5])
def test_squares_of_one_unit_are_dropout(room, p):
    x = np.ones((5, 4, 6, 7))
    x = x if room == "scratch" else torch.from_numpy(x)
    room_of = {"scratch": scratch, "pytorch": pytorch}[room]
    blocks = room_of.DropBlock2d(p, 1, **generator(room, 8)).forward(x)
    units = room_of.Dropout(p, **generator(room, 8)).forward(x)
    assert (blocks == units).all()


def test_large_squares_come_near_to_whole_maps_but_slowly():
    rng, shape = np.random.default_rng(2), (1000, 4, 4, 4)
    for block_size in (4, 40):
        mask = scratch.draw_block_mask(shape, 0.5, block_size, rng)
        parts = mask.any(axis=(2, 3)) & ~mask.all(axis=(2, 3))
        whole = 0.5 ** ((3 + block_size) ** 2 / block_size**2)
        kept = mask.all(axis=(2, 3)).mean()
        assert abs(kept - whole) < 6 * np.sqrt(whole * (1 - whole) / 4000)
        assert (parts.mean() > 0.5) == (block_size == 4)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5])
@pytest.mark.parametrize(("side", "block_size"), [(7, 3), (14, 7), (32, 5), (3, 3)])
def test_the_rate_of_the_paper_is_below_p_and_lowest_in_the_corners(p, side, block_size):
    """What the docstring says of equation (1) of Ghiasi et al. 2018."""
    places = side - block_size + 1
    begins = np.zeros((side, side), dtype=int)
    squares = reduce(
        np.add,
        (
            np.pad(np.ones((places, places), int), ((i, side - places - i), (j, side - places - j)))
            for i in range(block_size)
            for j in range(block_size)
        ),
        begins,
    )  # in how many each unit lies
    gamma = p / block_size**2 * side**2 / places**2
    assert (gamma * squares).mean() == pytest.approx(p)
    rate = 1 - (1 - gamma) ** squares
    assert squares[0, 0] == 1
    assert rate.min() == rate[0, 0]
    if side == block_size:
        return  # there is one square only, without overlap
    assert rate.mean() < p
    if p == 0.05:
        assert rate.mean() == pytest.approx(p, rel=0.05)
        assert rate[side // 2, side // 2] > 1.15 * p
        assert rate[0, 0] < 0.3 * p


@pytest.mark.parametrize("block_size", [2, 3, 7])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_correlation_of_the_docstring(block_size, p):
    for d in range(block_size + 2):
        common = max(0, block_size - d) / block_size
        covariance = (1 - p) ** (2 - common) - (1 - p) ** 2
        told = ((1 - p) ** (d / block_size) - (1 - p)) / p if d < block_size else 0
        assert covariance / (p * (1 - p)) == pytest.approx(told, abs=1e-12)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("block_size", [0, -1, 2.5, float("nan"), "3", None, True])
def test_a_bad_block_size_is_refused(room, block_size):
    told = f"block_size has to be an integer from 1 on, but got {block_size!r}"
    room_of = {"scratch": scratch, "pytorch": pytorch}[room]
    x = np.ones((1, 1, 2, 2)) if room == "scratch" else torch.ones(1, 1, 2, 2)
    for attempt in (
        lambda: room_of.DropBlock2d(0.5, block_size),
        lambda: room_of.dropblock_forward(x, block_size=block_size),
        lambda: room_of.draw_block_mask(x.shape, 0.5, block_size),
    ):
        with pytest.raises(ValueError, match="block_size has to be") as caught:
            attempt()
        assert str(caught.value) == told


@pytest.mark.parametrize("room", ROOMS)
def test_a_block_size_of_numpy_is_one(room):
    room_of = {"scratch": scratch, "pytorch": pytorch}[room]
    assert room_of.DropBlock2d(0.5, np.int64(4)).block_size == 4


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("axes", [0, 1, 2, 3, 5])
def test_both_rooms_refuse_what_is_no_batch_of_maps_alike(axes, training):
    x, told = np.ones([2] * axes), []
    for room, values in (("scratch", x), ("pytorch", torch.from_numpy(x))):
        room_of = {"scratch": scratch, "pytorch": pytorch}[room]
        for attempt in (
            lambda values=values, room_of=room_of: room_of.dropblock_forward(values, 0.5, training),
            lambda values=values, room_of=room_of: room_of.dropblock_backward(values, None),
        ):
            with pytest.raises(ValueError, match="dropblock needs 4 axes") as caught:
                attempt()
            told.append(str(caught.value))
    assert len(set(told)) == 1
    assert f"got shape {x.shape}" in told[0]


# --- Monte Carlo passes --------------------------------------------------------------------------


@pytest.mark.parametrize("consistent", [True, False])
def test_monte_carlo_passes_draw_squares_for_each_case_or_share_them(consistent):
    model, x = torch.nn.Sequential(pytorch.DropBlock2d(0.5, 2)), torch.ones(4, 2, 6, 6)
    source = torch.Generator().manual_seed(1)
    samples = pytorch.mc_samples(model, x, 50, consistent=consistent, generator=source)
    assert not (samples == samples[:1]).all()
    assert bool((samples == samples[:, :1]).all()) == consistent
    dropped = samples == 0
    alone = dropped[..., 1:-1] & ~dropped[..., :-2] & ~dropped[..., 2:]
    assert dropped.any()
    assert not alone.any()  # a square has two columns
