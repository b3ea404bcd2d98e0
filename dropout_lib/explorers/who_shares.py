"""Nine ways to drop, one at a time: what two training cases keep, and who shares a draw."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..scratch import DropBlock2d, Dropout, Dropout2d, GaussianDropout, VariationalDropout
from . import svg
from .explorer import Choice, Explorer, Picture, Slider
from .five_variants import MAPS, SIDE, edge_maps

RATES = (0.2, 0.5, 0.8)
DRAWS = (1, 2, 3)
WIDTH, HEIGHT = 360, 266
OUTPUTS, INPUTS = 8, 14  # of the weight matrix
_BRIGHTEST = 2.0  # activations from here on are white


@dataclass(frozen=True)
class Variant:
    """One way to drop.

    Args:
        name: what it is called.
        shape: the shape of the draws.
        shares: who shares a draw, in words.
        drawn: function of activations (2, 4, 14, 14), p and a generator that returns what is left
            of them; or, for weights, of (2, 8, 14) ones.
        weights: whether it drops weights.
    """

    name: str
    shape: tuple
    shares: str
    drawn: Callable
    weights: bool = False


def _over_time(maps, p, rng):
    rows = maps.transpose(2, 0, 1, 3).reshape(SIDE, 2, MAPS * SIDE)  # (time, case, unit)
    out = VariationalDropout(p, rng=rng).forward(rows)
    return out.reshape(SIDE, 2, MAPS, SIDE).transpose(1, 2, 0, 3)


def _shared(*shape):
    """Dropout with one draw along every axis where ``shape`` has a 1."""

    def drawn(x, p, rng):
        mask = Dropout(p, rng=rng).forward(np.ones(shape)) > 0
        return Dropout(p).forward(x, mask=np.broadcast_to(mask, x.shape))

    return drawn


UNITS = (2, MAPS, SIDE, SIDE)
VARIANTS = (
    Variant(
        "dropout",
        UNITS,
        "nobody: every unit of every case has its own",
        lambda x, p, rng: Dropout(p, rng=rng).forward(x),
    ),
    Variant(
        "Gaussian dropout",
        UNITS,
        "nobody, and no draw is zero",
        lambda x, p, rng: GaussianDropout(p, rng=rng).forward(x),
    ),
    Variant(
        "spatial dropout",
        (2, MAPS, 1, 1),
        "all units of a map",
        lambda x, p, rng: Dropout2d(p, rng=rng).forward(x),
    ),
    Variant(
        "DropBlock",
        (2, MAPS, SIDE + 4, SIDE + 4),
        "the units of a square of 5 × 5; squares may overlap",
        lambda x, p, rng: DropBlock2d(p, 5, rng=rng).forward(x),
    ),
    Variant(
        "variational dropout",
        (1, 2, MAPS * SIDE),
        "a unit with itself at all time steps; here a row is a step and a column a unit",
        _over_time,
    ),
    Variant(
        "stochastic depth",
        (2, 1, 1, 1),
        "all units of a branch",
        _shared(2, 1, 1, 1),
    ),
    Variant(
        "DropConnect",
        (2, OUTPUTS, INPUTS),
        "nobody: every weight has its own, in every case anew",
        _shared(2, OUTPUTS, INPUTS),
        weights=True,
    ),
    Variant(
        "weight-drop",
        (1, OUTPUTS, INPUTS),
        "all cases: one mask of weights for the batch",
        _shared(1, OUTPUTS, INPUTS),
        weights=True,
    ),
    Variant(
        "one mask for the batch (a mistake)",
        (1, MAPS, SIDE, SIDE),
        "all cases: both lose the same units",
        _shared(1, MAPS, SIDE, SIDE),
    ),
)


def who_shares_explorer(first, second):
    """What two cases keep, under the variant, p and the draw.

    Args:
        first, second: digits, pixels (784,) in [0, 1].
    """
    maps = np.stack([edge_maps(first), edge_maps(second)])

    def draw(variant, p, number):
        found = VARIANTS[variant]
        left = left_over(found, maps, p, number)
        panel = _weights if found.weights else _maps
        elements = [
            *(element for case in (0, 1) for element in panel(case, left[case])),
            svg.text(0, 234, f"shape of the draws: {_written(found.shape)}", 13),
            svg.text(0, 256, f"number of draws: {np.prod(found.shape):,}", 13),
        ]
        picture = svg.drawing(WIDTH, HEIGHT, elements, max_width=480)
        return Picture(picture, _reading(found, left, maps, p))

    return Explorer(
        "who-shares",
        "Who shares a draw?",
        "Go through the variants at p = 0.5 and compare the two cases: which entries go together, "
        "and is anything the same in both? Maps are the left, right, upper and lower edges of a "
        "digit (white is 2 or more); of weights, a filled square is kept.",
        [
            Choice("variant", "variant", {v.name: i for i, v in enumerate(VARIANTS)}),
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Slider("number", "draw", DRAWS, 1, f"{{}} of {len(DRAWS)}", button="Draw again"),
        ],
        draw,
    )


def left_over(variant, maps, p, number):
    """What is left of activations (2, 4, 14, 14), or of weights that are all 1, under one draw."""
    rng = np.random.default_rng(98 + 10 * number)
    x = np.ones((2, OUTPUTS, INPUTS)) if variant.weights else maps
    return variant.drawn(x, p, rng)


def _written(shape):
    return "(" + ", ".join(map(str, shape)) + ")"


def _title(case):
    return svg.text(case * 186, 14, ("first case", "second case")[case], 13)


def _maps(case, left):
    mosaic = left.reshape(2, 2, SIDE, SIDE).transpose(0, 2, 1, 3).reshape(2 * SIDE, 2 * SIDE)
    pixels = np.kron(np.clip(mosaic / _BRIGHTEST, 0, 1), np.ones((3, 3)))
    x, middle = case * 186, case * 186 + 87
    return [
        _title(case),
        svg.digit(x, 24, 174, pixels),
        svg.line(x, 111, x + 174, 111, "paper", 1.5),
        svg.line(middle, 24, middle, 198, "paper", 1.5),
    ]


def _weights(case, left):
    x, step = case * 186, 12.4
    cells = [
        svg.rect(
            x + step * i, 50 + step * o, step - 2, step - 2, "with-dropout" if kept else "faint"
        )
        for (o, i), kept in np.ndenumerate(left > 0)
    ]
    label = svg.text(x, 42, f"{OUTPUTS} outputs × {INPUTS} inputs", 12, fill="soft")
    return [_title(case), label, *cells]


def _reading(variant, left, maps, p):
    there = np.ones_like(left, dtype=bool) if variant.weights else maps != 0
    counts = [int(np.count_nonzero(left[case])) for case in (0, 1)]
    of = [int(there[case].sum()) for case in (0, 1)]
    what = "weights" if variant.weights else "activations that are not 0"
    return (
        f"{variant.name}, p = {p}: the first case keeps {counts[0]} of {of[0]} {what}, the second "
        f"{counts[1]} of {of[1]}. Who shares a draw: {variant.shares}."
    )
