"""How loud a network is, layer by layer, in training and in evaluation."""

import numpy as np

from ..scratch import Linear, ReLU, draw_keep_mask
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer, Slider

RATES = (0.1, 0.2, 0.3, 0.5, 0.7)
LAYERS, _UNITS = 8, 256
SCALES = {  # what kept units are multiplied by, in training and in evaluation
    "inverted": (lambda p: 1 / (1 - p), lambda p: 1.0),
    "half": (lambda p: 1 / (1 - p) ** 0.5, lambda p: (1 - p) ** 0.5),
    "standard": (lambda p: 1.0, lambda p: 1 - p),
    "forgotten": (lambda p: 1.0, lambda p: 1.0),
}
_WORDS = {
    "inverted dropout": "inverted",
    "half and half: a = ½": "half",
    "standard dropout": "standard",
    "forgotten in both modes": "forgotten",
}


def size_by_layer(images, p, networks=8):
    """Root mean square of the activations after each ReLU, units dropped but not scaled.

    Eight layers of 256 units, not trained, with He's initial weights and dropout behind each.

    Args:
        images: digits (N, pixels).
        p: probability to drop a unit; 0 for a network without dropout.
        networks: how many draws of weights and masks to average over.

    Returns:
        array (8,).

    >>> size_by_layer(np.ones((10, 4), np.float32), 0.5).shape
    (8,)
    """
    squares = np.zeros(LAYERS)
    for seed in range(networks):
        weight_rng, mask_rng = np.random.default_rng(seed).spawn(2)
        x = np.asarray(images, dtype=np.float32)
        for layer in range(LAYERS):
            x = ReLU().forward(Linear(x.shape[1], _UNITS, rng=weight_rng).forward(x))
            squares[layer] += (x**2).mean() / networks
            x = x * draw_keep_mask(x.shape, p, mask_rng)
    return np.sqrt(squares)


def size_through_depth(images):
    """Size by layer in both modes, under p and the place of the scale.

    Args:
        images: digits (N, pixels).
    """
    without = size_by_layer(images, 0.0)
    thinned = {p: size_by_layer(images, p) / without for p in RATES}
    below = np.arange(LAYERS)  # dropout layers below each hidden layer

    def draw(p, scaling):
        in_training, in_evaluation = (scale(p) for scale in SCALES[scaling])
        # a factor on one layer's output is a factor on all that follow: ReLU lets it through
        sizes = {
            "training": thinned[p] * in_training**below,
            "evaluation": in_evaluation**below,
        }
        ends = {mode: float(size[-1]) for mode, size in sizes.items()}
        reading = (
            f"At p = {p:.1f}, {_DESCRIPTIONS[scaling]}: in training, the activations of layer "
            f"{LAYERS} are {_two_digits(ends['training'])} times as large as without dropout, in "
            f"evaluation {_two_digits(ends['evaluation'])} times. Between the modes lies a factor "
            f"of {_two_digits(max(ends.values()) / min(ends.values()))}."
        )
        return picture(_chart(sizes, ends), reading)

    return Explorer(
        "size-through-depth",
        "Eight layers deep",
        "Which placing keeps training at its size through all layers, which evaluation? Is there "
        "one that keeps both? Then forget the scale, and see by how much the modes differ.",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Choice("scaling", "the scale", _WORDS),
        ],
        draw,
    )


_DESCRIPTIONS = {
    "inverted": "scaled in training",
    "half": "scaled in both modes by a root each",
    "standard": "scaled in evaluation",
    "forgotten": "scaled in no mode",
}


def _two_digits(size):
    """Two digits, and no power of ten."""
    return (
        f"{size:.0f}"
        if size >= 10
        else np.format_float_positional(size, 2, fractional=False, trim="-")
    )


def _chart(sizes, ends):
    with axes(height=2.7) as (figure, plot):
        layers = np.arange(1, LAYERS + 1)
        plot.plot([1, LAYERS], [1, 1], color=LIGHT["soft"], linewidth=1, linestyle=(0, (2, 3)))
        loud, quiet = sorted(ends, key=ends.get, reverse=True)
        push = max(1.0, 2.4 / (ends[loud] / ends[quiet])) ** 0.5  # so that labels stay apart
        for mode, colour in (("training", "train"), ("evaluation", "test")):
            plot.plot(layers, sizes[mode], "o-", color=LIGHT[colour], markersize=3.5)
            at = ends[mode] * push if mode == loud else ends[mode] / push
            plot.annotate(mode, (LAYERS + 0.2, at), va="center", color=LIGHT[colour])
        plot.set(
            yscale="log",
            ylim=(1e-4, 1e3),
            xlim=(0.7, LAYERS + 2.2),
            xlabel="hidden layer",
            ylabel="size (without dropout: 1)",
        )
        plot.set_xticks(layers)
        plot.set_yticks([1e-2, 1, 1e2], ["0.01", "1", "100"])
        plot.minorticks_off()
    return figure
