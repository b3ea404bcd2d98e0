"""A drawn network whose units are benched at random: a fresh mask for every training case."""

import numpy as np

from ..scratch import draw_keep_mask
from . import svg
from .explorer import Explorer, Picture, Slider

LAYERS = (4, 8, 8, 3)  # units drawn per layer: inputs, two hidden layers, outputs
CASES = 12
RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
WIDTH, HEIGHT = 440, 300
_X = (118, 214, 320, 416)


def benched_units(images, labels):
    """The network of the first chapter, under p and the number of the training case.

    Args:
        images: at least 12 digits (N, 784) in [0, 1], the training cases.
        labels: their classes (N,).
    """

    def draw(p, case):
        keep = hidden_masks(p, case)
        picture = svg.drawing(
            WIDTH, HEIGHT, _elements(keep, images[case - 1].reshape(28, 28)), max_width=620
        )
        return Picture(picture, _reading(p, case, labels[case - 1], keep))

    return Explorer(
        "benched-units",
        "One training case, one team",
        "Press the button a few times at p = 0.5: the team changes with every training case. "
        "Then pull p to 0 and to 0.9. (Drawn small: a real network has hundreds of units.)",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Slider(
                "case",
                "training case",
                tuple(range(1, CASES + 1)),
                1,
                "{} of 12",
                button="Next training case",
            ),
        ],
        draw,
    )


def hidden_masks(p, case):
    """The keep-masks of the two hidden layers; at a larger p the same units stay benched.

    >>> [mask.sum().item() for mask in hidden_masks(0.0, case=1)]
    [8, 8]
    """
    rng = np.random.default_rng(case)
    return [draw_keep_mask((units,), p, rng) for units in LAYERS[1:-1]]


def _elements(keep, image):
    on_field = [np.ones(LAYERS[0], bool), *keep, np.ones(LAYERS[-1], bool)]
    edges, units = [], []
    for left in range(len(LAYERS) - 1):
        for i in np.flatnonzero(on_field[left]):
            for j in np.flatnonzero(on_field[left + 1]):
                edges.append(
                    svg.line(_X[left], _y(left, i), _X[left + 1], _y(left + 1, j), "faint", 1)
                )
    for layer, plays in enumerate(on_field):
        hidden = 0 < layer < len(LAYERS) - 1
        for unit in range(LAYERS[layer]):
            units += _unit(_X[layer], _y(layer, unit), plays[unit], hidden)
    words = [
        svg.text(44, 294, "a digit", 12, "middle", "soft"),
        *(
            svg.text(x, 294, name, 12, "middle", "soft")
            for x, name in zip(_X, ("inputs", "hidden 1", "hidden 2", "outputs"), strict=True)
        ),
    ]
    return [svg.digit(8, 106, 72, image), *edges, *units, *words]


def _unit(x, y, plays, hidden):
    if plays:
        return [svg.circle(x, y, 11, "with-dropout" if hidden else "soft")]
    return [
        svg.circle(x, y, 10, "paper", stroke=svg.colour("soft"), stroke_dasharray="3 3"),
        svg.line(x - 5, y - 5, x + 5, y + 5, "soft", 1.5),
        svg.line(x - 5, y + 5, x + 5, y - 5, "soft", 1.5),
    ]


def _y(layer, unit):
    return 142 + 33 * (unit - (LAYERS[layer] - 1) / 2)


def _reading(p, case, label, keep):
    dropped = sum(int((~mask).sum()) for mask in keep)
    hidden = sum(LAYERS[1:-1])
    head = f"Training case {case}, a {label}, at p = {p:.1f}: "
    if dropped == 0:
        return head + f"all {hidden} hidden units play."
    if dropped == hidden:
        return head + f"all {hidden} hidden units are benched, and nothing gets through."
    names = " and ".join(
        f"{', '.join(str(unit + 1) for unit in np.flatnonzero(~mask)) or 'none'} of hidden {layer}"
        for layer, mask in enumerate(keep, start=1)
    )
    return head + f"{dropped} of {hidden} hidden units are benched, {names}."
