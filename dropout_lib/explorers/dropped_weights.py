"""Single weights dropped beside whole columns, in a piece of a real weight matrix."""

import numpy as np

from ..scratch import draw_keep_mask
from . import svg
from .explorer import Explorer, Picture, Slider
from .theme import colour

RATES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
MASKS = (1, 2, 3, 4)
METHODS = {"dropout": "dropout drops inputs", "dropconnect": "DropConnect drops weights"}
_CELL, _LEFT, _TOP, _BARS = 17, 6, 24, 132


def dropped_weights(weight, x, image):
    """A piece of a layer's weights under both kinds of mask, with what its outputs become.

    Args:
        weight: (O, I), the piece that is shown.
        x: the activations (I,) that the digit gives its inputs.
        image: the digit (784,).
    """
    products = weight * x  # (O, I)
    full = products.sum(axis=1)
    reach = 1.5 * np.abs(full).max()  # a bar that is longer is cut there
    largest = np.abs(weight).max()
    left = 2 * _LEFT + _CELL * weight.shape[1]

    def draw(p, number):
        panels, said = [], []
        for method, title in METHODS.items():
            mask = _mask(method, weight.shape, p, number)
            out = np.where(mask, products, 0).sum(axis=1) / (1 - p)
            elements = [*_cells(weight, mask, largest), *_bars(out, full, reach, left)]
            height = _TOP + _CELL * len(weight) + 4
            panels.append(f"<p>{title}</p>\n" + svg.drawing(left + _BARS, height, elements, 460))
            off = out - full
            said.append((int((~mask).sum()), np.sqrt((off**2).mean() / (full**2).mean())))
        digit = svg.drawing(60, 60, [svg.digit(1, 1, 58, image.reshape(28, 28))], 60)
        markup = (
            f"{digit}\n"
            f'<div class="dx-panels">\n<div>\n{panels[0]}\n</div>\n<div>\n{panels[1]}\n</div>\n'
            "</div>"
        )
        return Picture(markup, _reading(p, number, weight.shape, said))

    return Explorer(
        "dropped-weights",
        "Columns, or single weights",
        "A piece of a trained layer: a column is an input, a row an output; the larger a square, "
        "the larger the weight, and open squares are negative. Bars: what each row adds up to for "
        "this digit (blue), and without any mask (orange line). Draw masks at p = 0.5. Which bars "
        "move together?",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Slider("number", "mask", MASKS, 1, "{} of 4", button="Next mask"),
        ],
        draw,
    )


def _mask(method, shape, p, number):
    rng = np.random.default_rng(10 * number + 3)
    if method == "dropout":
        return np.broadcast_to(draw_keep_mask((1, shape[1]), p, rng), shape)
    return draw_keep_mask(shape, p, rng)


def _cells(weight, mask, largest):
    elements = []
    for (row, column), value in np.ndenumerate(weight):
        x, y = _LEFT + _CELL * (column + 0.5), _TOP + _CELL * (row + 0.5)
        if not mask[row, column]:
            elements.append(svg.circle(x, y, 1, "faint"))
            continue
        side = (_CELL - 3) * np.sqrt(abs(value) / largest)
        if value > 0:
            elements.append(svg.rect(x - side / 2, y - side / 2, side, side, "ink"))
        else:
            more = {"stroke": colour("ink"), "stroke_width": 1}
            side = max(side - 1, 0.5)
            elements.append(svg.rect(x - side / 2, y - side / 2, side, side, "none", **more))
    return elements


def _bars(out, full, reach, left):
    """A bar for each row, from the middle; an orange line where it would end without a mask."""
    middle, scale = left + _BARS / 2, (_BARS / 2 - 4) / reach
    bottom = _TOP + _CELL * len(out)
    elements = [
        svg.text(middle, _TOP - 8, "row sums", 11, "middle", "soft"),
        svg.line(middle, _TOP, middle, bottom, "soft"),
    ]
    for row, (value, whole) in enumerate(zip(out, full, strict=True)):
        y, length = _TOP + _CELL * row, scale * float(np.clip(value, -reach, reach))
        elements.append(
            svg.rect(middle + min(length, 0), y + 4, abs(length), _CELL - 8, "with-dropout")
        )
        x = middle + scale * whole
        elements.append(svg.line(x, y + 1, x, y + _CELL - 1, "without-dropout", 2))
    return elements


def _reading(p, number, shape, said):
    outputs, inputs = shape
    (by_unit, unit_off), (by_weight, weight_off) = said
    return (
        f"p = {p:.1f}, mask {number}: dropout drops {by_unit // outputs} of {inputs} inputs, and "
        f"with each all {outputs} of its weights. DropConnect drops {by_weight} of "
        f"{outputs * inputs} weights, one by one. Typical change of a row's sum: "
        f"{unit_off:.0%} with dropout, {weight_off:.0%} with DropConnect."
    )
