"""Five dropouts on the same feature maps of a real digit, side by side."""

import numpy as np

from ..scratch import (
    DropConnectLinear,
    Dropout,
    Dropout2d,
    StandardDropout,
    VariationalDropout,
)
from . import svg
from .explorer import Explorer, Picture, Slider

RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
DRAWS = (1, 2, 3, 4)
MAPS, SIDE, UNITS = 4, 14, 6
WIDTH, HEIGHT = 400, 446
_BRIGHTEST = 2.0  # activations from here on are white


def five_variants(digit, weights):
    """Four edge maps of one digit under five dropouts, and what six units behind them hear.

    Args:
        digit: pixels (784,) in [0, 1].
        weights: (6, 784), of a layer that takes the four 14 x 14 maps.
    """
    maps = edge_maps(digit)
    undisturbed = weights @ maps.reshape(-1)

    def draw(p, number):
        panels = [("no dropout", maps, undisturbed), *_dropped(maps, weights, p, number)]
        elements = [
            element
            for place, panel in enumerate(panels)
            for element in _panel(place, *panel, undisturbed)
        ]
        return Picture(svg.drawing(WIDTH, HEIGHT, elements, max_width=520), _reading(panels, p))

    return Explorer(
        "five-variants",
        "Five dropouts, the same activations",
        "Four maps of a real digit: left, right, upper and lower edges. Draw again a few times and "
        "find out what each variant takes away: pixels, whole maps, or columns. The bars are what "
        "six units with random weights hear behind it, the grey lines what they hear without "
        "dropout. (White is 2 or more. The picture of DropConnect shows what the first of the six "
        "gets to see; each of the others sees something else.)",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Slider("number", "draw", DRAWS, 1, "{} of 4", button="Draw again"),
        ],
        draw,
    )


def edge_maps(digit):
    """Left, right, upper and lower edges of a digit (784,): maps (4, 14, 14), at most 1.

    >>> edge_maps(np.zeros(784)).shape
    (4, 14, 14)
    """
    image = np.pad(np.asarray(digit, dtype=np.float64).reshape(28, 28), 1)
    across = image[1:-1, 2:] - image[1:-1, :-2]  # (28, 28)
    down = image[2:, 1:-1] - image[:-2, 1:-1]
    maps = np.maximum(np.stack([across, -across, down, -down]), 0)
    return maps.reshape(MAPS, SIDE, 2, SIDE, 2).max(axis=(2, 4))


def _dropped(maps, weights, p, number):
    """(name, picture of the maps, what the six units hear) for each of the five."""

    def rng():
        return np.random.default_rng(100 * number + round(10 * p))

    # (time, case, unit): rows are time steps, and a unit is a column of one of the maps
    rows = maps.transpose(1, 0, 2).reshape(SIDE, 1, MAPS * SIDE)
    read = VariationalDropout(p, rng=rng()).forward(rows)
    variants = {
        "standard dropout": StandardDropout(p, rng=rng()).forward(maps),
        "inverted dropout": Dropout(p, rng=rng()).forward(maps),
        "spatial dropout": Dropout2d(p, rng=rng()).forward(maps[None])[0],
        "variational dropout": read.reshape(SIDE, MAPS, SIDE).transpose(1, 0, 2),
    }
    panels = [(name, out, weights @ out.reshape(-1)) for name, out in variants.items()]
    layer = DropConnectLinear(weights.shape[1], UNITS, p=p, rng=rng(), dtype=np.float64)
    layer.weight.value[:] = weights
    heard = layer.forward(maps.reshape(1, -1))[0]
    seen = Dropout(p).forward(maps, mask=layer.mask[0, 0].reshape(maps.shape))
    return [*panels, ("DropConnect", seen, heard)]


def _panel(place, name, maps, heard, undisturbed):
    left, top = place % 2 * 208, place // 2 * 156
    mosaic = maps.reshape(2, 2, SIDE, SIDE).transpose(0, 2, 1, 3).reshape(2 * SIDE, 2 * SIDE)
    pixels = np.kron(np.clip(mosaic / _BRIGHTEST, 0, 1), np.ones((4, 4)))
    elements = [
        svg.text(left, top + 14, name, 14, font_weight="bold"),
        svg.digit(left, top + 22, 112, pixels),
        svg.line(left, top + 78, left + 112, top + 78, "paper", 1.5),
        svg.line(left + 56, top + 22, left + 56, top + 134, "paper", 1.5),
    ]
    middle = left + 156  # zero of the bars
    elements.append(svg.line(middle, top + 24, middle, top + 132, "soft"))
    for unit, (value, usual) in enumerate(zip(heard, undisturbed, strict=True)):
        y = top + 26 + 18 * unit
        length = 34 * np.clip(abs(value), 0, 1)
        elements.append(
            svg.rect(middle if value > 0 else middle - length, y, length, 12, "with-dropout")
        )
        mark = middle + 34 * np.clip(usual, -1, 1)
        elements.append(svg.line(mark, y - 2, mark, y + 14, "soft", 2.5))
    return elements


def _reading(panels, p):
    if p == 0:
        return "At p = 0 nothing is dropped: all six pictures are the same."
    left = {name: int(np.count_nonzero(maps)) for name, maps, _ in panels}
    spatial = next(maps for name, maps, _ in panels if name == "spatial dropout")
    whole = sum(bool(part.any()) for part in spatial)
    counts = ", ".join(
        f"{name.removesuffix(' dropout')} {left[name]}"
        for name in left
        if name not in ("no dropout", "standard dropout")
    )
    return (
        f"At p = {p}, spatial dropout leaves {whole} of the {MAPS} maps, whole; the others take "
        f"parts of them. Of {left['no dropout']} activations above 0 these are left: {counts}; "
        "standard dropout leaves them as they were, the others turn them up."
    )
