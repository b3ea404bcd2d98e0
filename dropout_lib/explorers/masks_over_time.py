"""Masks over the steps of a sequence: a fresh one at every step beside one for all of them."""

import numpy as np

from ..scratch import draw_keep_mask
from . import svg
from .explorer import Explorer, Picture, Slider

TEXT = "simple is better"  # from the Zen of Python
UNITS, SEQUENCES = 12, 4
RATES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
WIDTH, HEIGHT = 440, 424
_LEFT, _CELL, _ROW, _TOPS = 10, 20, 12, (26, 238)  # px


def masks_over_time():
    """Twelve units that only remember, over sixteen characters, under p and the sequence."""

    def draw(p, sequence):
        per_step, tied = masks_of(p, sequence)
        elements = _panel(per_step, _TOPS[0], "A fresh mask at every step")
        elements += _panel(tied, _TOPS[1], "One mask for the sequence")
        picture = svg.drawing(WIDTH, HEIGHT, elements, max_width=560)
        return Picture(picture, _reading(p, sequence, per_step, tied))

    return Explorer(
        "masks-over-time",
        "Who still remembers the first letter?",
        "Each row is a unit that only remembers, each column a step. Solid: what it knew at the "
        "start is still there. Pale: it is kept, but was dropped before and has forgotten. "
        "Begin at p = 0.1, then raise p, and press the button.",
        [
            Slider("p", "drop probability p", RATES, 0.1, "{:.1f}"),
            Slider(
                "sequence",
                "sequence",
                tuple(range(1, SEQUENCES + 1)),
                1,
                f"{{}} of {SEQUENCES}",
                button="Next sequence",
            ),
        ],
        draw,
    )


def masks_of(p, sequence):
    """Keep-masks (steps, units): per step, and tied. A larger p drops the same units, and more.

    >>> [mask.all().item() for mask in masks_of(0.0, sequence=1)]
    [True, True]
    """
    rng = np.random.default_rng(28 + sequence)
    shape = (len(TEXT), UNITS)
    per_step = draw_keep_mask(shape, p, rng)
    return per_step, np.broadcast_to(draw_keep_mask((1, UNITS), p, rng), shape)


def survivors(keep):
    """Which units (units,) were dropped at no step."""
    return keep.all(axis=0)


def _panel(keep, top, title):
    remembers = np.logical_and.accumulate(keep, axis=0)  # up to and including each step
    elements = [svg.text(_LEFT, top - 9, title, 13)]
    for t, character in enumerate(TEXT):
        for unit in range(UNITS):
            elements.append(_cell(t, top + unit * _ROW, keep[t, unit], remembers[t, unit]))
        shown = "␣" if character == " " else character
        elements.append(svg.text(_x(t) + 9, top + UNITS * _ROW + 14, shown, 12, "middle", "soft"))
    end = _x(len(TEXT)) + 8
    count = int(survivors(keep).sum())
    elements += [
        svg.text(end, top + 64, f"{count} of {UNITS}", 15, fill="with-dropout"),
        svg.text(end, top + 80, "still", 12, fill="soft"),
        svg.text(end, top + 95, "remember", 12, fill="soft"),
    ]
    return elements


def _cell(t, y, kept, remembers):
    if not kept:
        return svg.rect(_x(t) + 1, y + 1, 16, 8, "none", stroke=svg.colour("faint"))
    more = {} if remembers else {"opacity": "0.3"}
    return svg.rect(_x(t), y, 18, 10, "with-dropout", **more)


def _x(t):
    return _LEFT + t * _CELL


def _reading(p, sequence, per_step, tied):
    steps = len(TEXT)
    expected = UNITS * (1 - p) ** steps
    expected = f"{expected:.1f}" if expected >= 0.05 else "less than 0.1"
    return (
        f"Sequence {sequence} at p = {p:.1f}. After the {steps} steps of “{TEXT}”, "
        f"{survivors(per_step).sum()} of {UNITS} units still remember the start with a fresh mask "
        f"at every step; on average it would be {expected}. With one mask "
        f"{survivors(tied).sum()} do; on average it would be {UNITS * (1 - p):.1f}."
    )
