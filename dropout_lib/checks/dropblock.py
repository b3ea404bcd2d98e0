"""Properties of DropBlock: squares of a feature map are dropped, each unit with probability p.

A map of a single unit lies in b² possible squares too, so that DropBlock on such maps is dropout
of single units: the properties of :mod:`.elementwise` are checked there.

The statistical checks look at many maps, which are independent, one place at a time: what is
counted at a place is binomial. Their tolerance is six and a half standard deviations, as several
hundred places are looked at.
"""

import functools
from dataclasses import dataclass

import numpy as np

from .core import Diagnosis, scratch_subject, torch_subject
from .elementwise import ELEMENTWISE, RATES, output_has_the_shape_of_x
from .grouped import GroupedSubject, as_groups

CASES, CHANNELS = 60, 50  # 3,000 maps


@dataclass(frozen=True)
class BlockSubject(GroupedSubject):
    """A dropout of squares with ``block_size`` units a side."""

    block_size: int = 3


def dropblock_subject(layer_class, scaling="inverted", block_size=3):
    """``DropBlock2d`` from scratch, or a class with its interface."""
    return _blocks(scratch_subject(_of_size(layer_class, block_size), scaling), block_size)


def dropblock_torch_subject(module_class, scaling="inverted", block_size=3):
    return _blocks(torch_subject(_of_size(module_class, block_size), scaling), block_size)


def _of_size(layer_class, block_size):
    @functools.wraps(layer_class, updated=())
    def make(p, **source):
        return layer_class(p, block_size, **source)

    return make


def _blocks(subject, block_size):
    """The maps have a middle that no square reaches from outside."""
    return BlockSubject(
        f"{subject.name}({block_size})",
        subject.make,
        subject.scaling,
        shape=(CASES, CHANNELS, 2 * block_size + 3, 2 * block_size + 2),
        axes=("cases", "channels", "rows", "columns"),
        shared=(2, 3),
        group="feature map",
        size=1,
        block_size=block_size,
    )


def _maps(subject, seed=0):
    """Activations between 1 and 2: none is 0, so that a 0 in the output was dropped."""
    return np.random.default_rng(seed).uniform(1, 2, subject.shape).astype(np.float32)


def _dropped(subject, p=0.5, seed=0, shape=None):
    x = np.ones(shape or subject.shape, dtype=np.float32)
    return np.asarray(subject.make(p, seed).forward(x)) == 0


def _off(share, expected):
    """Where the share of the maps is not what is expected."""
    variance = np.maximum(expected * (1 - expected), 1e-4) / (CASES * CHANNELS)
    return np.abs(share - expected) > 6.5 * np.sqrt(variance)


def the_map_keeps_its_size(subject):
    x = _maps(subject)
    out = np.asarray(subject.make(0.5, 0).forward(x))
    if out.shape != x.shape:
        return Diagnosis(
            "map-size-changed",
            f"maps of {x.shape[2]} x {x.shape[3]} units went in, {out.shape[2:]} came out",
            "growing squares, or padding for them, changes the number of rows and columns: "
            "cut the mask to the size of the map",
        )
    return None


def every_map_has_its_own_squares(subject):
    dropped = _dropped(subject)
    if dropped.all() or not dropped.any():
        return None  # the drop rate will tell
    if (dropped == dropped[:1]).all():
        return Diagnosis(
            "one-mask-for-the-batch",
            "all cases of a batch have the same squares dropped",
            "the draws have an axis for the cases",
        )
    if (dropped == dropped[:, :1]).all():
        return Diagnosis(
            "one-mask-for-all-maps",
            "all feature maps of a case have the same squares dropped",
            "the draws have an axis for the channels: each map has squares of its own",
        )
    if (dropped == dropped[..., :1, :1]).all():
        return Diagnosis(
            "whole-maps-dropped",
            "a feature map is dropped as a whole, or not at all",
            "that is spatial dropout; DropBlock drops squares within a map",
        )
    return None


def dropped_units_form_squares(subject):
    """Each dropped unit lies in a square that is dropped, as far as it is on the map."""
    b = subject.block_size
    dropped = _dropped(subject, 0.25, seed=1)
    padding = [(0, 0), (0, 0), (b - 1, b - 1), (b - 1, b - 1)]
    around = np.pad(dropped, padding, constant_values=True)  # a square may reach over the border
    whole = _windows(np.logical_and, around, b)
    alone = dropped & ~_windows(np.logical_or, whole, b)
    if not alone.any():
        return None
    kept_together = (~dropped[..., 1:] & ~dropped[..., :-1]).mean(axis=(0, 1))
    rate = dropped.mean()
    if not _off(kept_together, (1 - rate) ** 2).any():
        return Diagnosis(
            "single-units-dropped",
            "units are dropped one by one, whatever becomes of their neighbours",
            f"each draw stands for a square of {b} x {b} units: grow it before it is applied",
        )
    return Diagnosis(
        "not-squares",
        f"{alone.sum() / dropped.sum():.0%} of the dropped units lie in no dropped square of "
        f"{b} x {b} units",
        f"a square has {b} rows and {b} columns, and all of it is dropped",
    )


def _windows(combine, values, size):
    """All windows of size x size units, combined; smaller by size - 1 in rows and columns."""
    rows = values.shape[2] - size + 1
    columns = values.shape[3] - size + 1
    values = functools.reduce(combine, (values[:, :, i : i + rows] for i in range(size)))
    return functools.reduce(combine, (values[..., i : i + columns] for i in range(size)))


def drop_rate_is_p_at_every_place(subject):
    rates = {p: _dropped(subject, p, seed=2).mean(axis=(0, 1)) for p in RATES}  # (H, W) each

    def are(expected):
        return not any(_off(rate, expected(p)).any() for p, rate in rates.items())

    if are(lambda p: p):
        return None
    area = subject.block_size**2
    height, width = subject.shape[2:]
    middle, corner = (height // 2, width // 2), (0, 0)
    seen = ", ".join(
        f"{rate[middle]:.2f} in the middle and {rate[corner]:.2f} in a corner at p = {p}"
        for p, rate in rates.items()
        if p in (0.5, 0.9)
    )
    if are(lambda p: 1 - p):
        return Diagnosis(
            "keep-and-drop-swapped",
            f"keep and drop are swapped: p = 0.1 drops {rates[0.1].mean():.0%} of the units",
            "is p used as the keep probability, as the paper's keep_prob is?",
        )
    if are(lambda p: 1 - (1 - p) ** area):
        return Diagnosis(
            "p-for-squares",
            f"the drop rate is {seen}: squares begin with probability p",
            f"a unit lies in {area} possible squares and is dropped by any of them: "
            f"they have to be rarer, gamma = 1 - (1 - p) ** (1 / {area})",
        )
    if are(lambda p: 1 - (1 - p / area) ** area):
        return Diagnosis(
            "overlaps-counted-twice",
            f"the drop rate is {seen}",
            f"squares overlap, so p / {area} for each drops too few units: "
            f"gamma = 1 - (1 - p) ** (1 / {area})",
        )
    inside = _squares_inside(height, width, subject.block_size)
    places = (height - subject.block_size + 1) * (width - subject.block_size + 1)
    if are(lambda p: 1 - (1 - p / area * height * width / places) ** inside):
        return Diagnosis(
            "rate-of-the-paper",
            f"the drop rate is {seen}, and {rates[0.9].mean():.2f} over the whole map at p = 0.9",
            "the paper's equation (1) is an approximation for small p, and its squares lie "
            "inside the map: let them reach over the border, and take the exact gamma",
        )
    if not any(_off(rate[middle], p) for p, rate in rates.items()):
        return Diagnosis(
            "border-dropped-less",
            f"the drop rate is {seen}",
            f"a unit at the border has to lie in {area} possible squares, like the others: "
            "squares may begin outside the map",
        )
    return Diagnosis(
        "drop-rate-off",
        f"the drop rate is {seen}",
        f"a unit in {area} possible squares is kept with probability (1 - gamma) ** {area}, "
        "which has to be 1 - p",
    )


def _squares_inside(height, width, size):
    """In how many squares that lie wholly inside the map each unit lies: (H, W)."""
    rows, columns = (
        np.minimum.reduce(
            [np.arange(n) + 1, n - np.arange(n), np.full(n, size), np.full(n, n - size + 1)]
        )
        for n in (height, width)
    )
    return np.outer(rows, columns)


def units_share_their_luck_as_squares_overlap(subject):
    """Both of two units are kept with probability (1 - p)^(2 - share of squares in common)."""
    p, b = 0.5, subject.block_size
    kept = ~_dropped(subject, p, seed=3)
    apart = ((0, 1), (1, 0), (1, 1), (0, b), (0, 2 * b))
    pairs = {a: _kept_together(kept, *a) for a in apart}

    def as_of_size(size):
        return not any(_off(pairs[a], _both_kept(p, size, *a)).any() for a in apart)

    def distance(size):
        return sum((pairs[a].mean() - _both_kept(p, size, *a)) ** 2 for a in apart)

    if as_of_size(b):
        return None
    share, expected = float(pairs[0, 1].mean()), _both_kept(p, b, 0, 1)
    seen = f"of two neighbours both are kept with probability {share:.2f}, not {expected:.2f}"
    other = min(range(1, 3 * b), key=distance)
    if as_of_size(other):
        return Diagnosis(
            "squares-of-another-size",
            f"{seen}: the squares have a side of {other}, not of {b}",
            "block_size is the whole side of a square, neither half of it nor the padding",
        )
    if (pairs[0, 1] > 1 - p - 0.05).any():  # some neighbours never part
        return Diagnosis(
            "squares-on-a-grid",
            "some neighbours are always dropped together, others independently",
            "a square may begin at every place; a small mask, enlarged, has them on a grid",
        )
    return Diagnosis(
        "squares-not-independent",
        seen,
        f"every place begins a square of side {b} with the same probability, independently of "
        "all others",
    )


def _kept_together(kept, rows, columns):
    """Share of maps in which a unit and the one so far below and right of it are both kept."""
    _, _, height, width = kept.shape
    first, other = kept[..., : height - rows, : width - columns], kept[..., rows:, columns:]
    return (first & other).mean(axis=(0, 1))


def _both_kept(p, size, rows, columns):
    common = max(0, size - rows) * max(0, size - columns) / size**2
    return (1 - p) ** (2 - common)


def maps_smaller_than_a_square_have_drop_rate_p(subject):
    p, side = 0.5, max(1, subject.block_size - 1)
    rate = _dropped(subject, p, seed=4, shape=(CASES, CHANNELS, side, side)).mean(axis=(0, 1))
    if _off(rate, p).any():
        return Diagnosis(
            "small-maps-off",
            f"on maps of {side} x {side} units the drop rate is {rate.mean():.2f} at p = {p}",
            "a square larger than the map is a square all the same: let it reach over the border "
            "instead of making it smaller",
        )
    return None


def scale_does_not_depend_on_what_was_kept(subject):
    p, x = 0.25, _maps(subject)
    out = np.asarray(subject.make(p, 5).forward(x)).astype(np.float64)
    kept = out != 0
    factor = out / x
    for whose, axes in (("batch", (0, 1, 2, 3)), ("case", (1, 2, 3)), ("feature map", (2, 3))):
        share = np.maximum(kept.mean(axis=axes, keepdims=True), 1 / kept.size)
        if np.allclose(factor, kept / share, rtol=1e-5):
            return Diagnosis(
                "scaled-by-the-count",
                f"what is kept is multiplied by 1 / (share of the {whose} that was kept): "
                f"{factor[kept].min():.4g} to {factor[kept].max():.4g}",
                "the paper does so because its drop rate isn't p. Where it is p, divide by 1 - p: "
                "a unit's factor must not depend on the luck of the others",
            )
    return None  # another factor: the checks of single units will tell


def backward_drops_the_squares_of_forward(subject):
    layer = subject.make(0.5, 6)
    kept = np.asarray(layer.forward(_maps(subject))) != 0
    passed = np.asarray(layer.backward(_maps(subject, seed=1))) != 0
    if passed.all() or (passed == kept).all():
        return None  # a backward pass without any mask: the checks of single units will tell
    return Diagnosis(
        "backward-with-other-squares",
        f"{(passed != kept).mean():.0%} of the units are dropped in one direction only",
        "backward needs the mask after its squares were grown, the one that forward multiplied by",
    )


def the_mask_says_of_each_unit_whether_it_is_kept(subject):
    layer = subject.make(0.5, 7)
    x = _maps(subject)
    kept = np.asarray(layer.forward(x)) != 0
    mask = np.asarray(layer.mask)
    if mask.shape != kept.shape or (mask.astype(bool) != kept).any():
        return Diagnosis(
            "mask-not-shown",
            f"`mask` has shape {mask.shape}, x has {kept.shape}, or it is not what was used",
            "keep the mask after its squares were grown: one entry for each unit",
        )
    given = np.random.default_rng(7).random(x.shape) < 0.9
    if ((np.asarray(layer.forward(x, mask=given)) != 0) != given).any():
        return Diagnosis(
            "replayed-mask-grown",
            "forward(x, mask=m) drops other units than m says",
            "a mask that is given is a finished one: its squares are not grown again",
        )
    return None


OF_BLOCKS = (
    the_map_keeps_its_size,
    every_map_has_its_own_squares,
    dropped_units_form_squares,
    drop_rate_is_p_at_every_place,
    units_share_their_luck_as_squares_overlap,
    maps_smaller_than_a_square_have_drop_rate_p,
    scale_does_not_depend_on_what_was_kept,
    backward_drops_the_squares_of_forward,
    the_mask_says_of_each_unit_whether_it_is_kept,
)

# first that something comes out: without it the squares cannot be looked at
DROPBLOCK = (
    as_groups(output_has_the_shape_of_x),
    *OF_BLOCKS,
    *(as_groups(check) for check in ELEMENTWISE if check is not output_has_the_shape_of_x),
)
