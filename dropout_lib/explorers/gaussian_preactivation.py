"""One output of a DropConnect layer over its masks, and what a ReLU makes of it."""

import math

import numpy as np

from ..scratch import DropConnectLinear, rectified_gaussian_mean
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer, Slider

RATES = (0.25, 0.5, 0.75)
PASSES = (10, 100, 1000, 10_000)


def passes_through(weight, bias, x, p, passes=PASSES[-1], seed=4):
    """The outputs (passes, O) of a DropConnect layer that sees the same case x (I,) again."""
    layer = DropConnectLinear(
        len(x), len(weight), p=p, rng=np.random.default_rng(seed), dtype=weight.dtype
    )
    layer.weight.value[:], layer.bias.value[:] = weight, bias
    return layer, layer.forward(np.broadcast_to(x, (passes, len(x))))


def gaussian_preactivation(weight, bias, x, units):
    """The distribution of some outputs before the ReLU, under p and the number of passes.

    Args:
        weight: (O, I).
        bias: (O,).
        x: one case (I,).
        units: dict from words to output numbers, such as {"mostly on": 3}.
    """
    chosen = list(units.values())
    weight, bias = weight[chosen], bias[chosen]
    layers = {p: passes_through(weight, bias, x, p) for p in RATES}

    def draw(unit, p, passes):
        row = chosen.index(unit)
        layer, outputs = layers[p]
        mean, variance = (float(m[0, row]) for m in layer.gaussian_moments(x[None]))
        y = outputs[:passes, row]
        gaussian = float(rectified_gaussian_mean(np.array([mean]), np.array([variance]))[0])
        after = {
            "mean weights": max(mean, 0.0),
            "Gaussian": gaussian,
            f"{passes:,} passes": float(np.maximum(y, 0).mean()),
        }
        with axes(columns=2, width=5.6, height=2.6, width_ratios=(3, 2)) as (figure, plots):
            figure.subplots_adjust(left=0.07, right=0.98, wspace=0.55)
            _distribution(plots[0], y, mean, variance, _span(layers, row))
            _after_relu(plots[1], after, _highest(layers, row))
        readable = ", ".join(f"{value:.2f} by {name}" for name, value in after.items())
        return picture(
            figure,
            f"p = {p}: before the ReLU the output is {mean:.2f} on average, standard deviation "
            f"{math.sqrt(variance):.2f}. Its mean after the ReLU: {readable}.".replace("-", "−"),
        )

    return Explorer(
        "gaussian-preactivation",
        "One output, many masks",
        "Left: the output before the ReLU over masks, the Gaussian with the same mean and variance "
        "(line), and the mean weights' answer (dotted). Right: the mean after the ReLU, by three "
        "methods. Start with the unit that is mostly off, and raise p.",
        [
            Choice("unit", "unit", units),
            Slider("p", "drop probability p", RATES, 0.5),
            Slider("passes", "sampled passes", PASSES, 1000, "{:,}"),
        ],
        draw,
    )


def _span(layers, row):
    """The same x axis whatever p is: where most of the widest distribution lies."""
    _, widest = layers[max(RATES)]
    low, high = np.quantile(widest[:, row], (0.002, 0.998))
    return min(low, -0.5), max(high, 0.5)


def _highest(layers, row):
    _, widest = layers[max(RATES)]
    return 1.25 * float(np.maximum(widest[:, row], 0).mean()) + 0.05


def _distribution(plot, y, mean, variance, span):
    plot.hist(
        y,
        bins=np.linspace(*span, 36),
        weights=np.full(len(y), 35 / (len(y) * (span[1] - span[0]))),
        color=LIGHT["with-dropout"],
        alpha=0.45,
        linewidth=0,
    )
    at = np.linspace(*span, 90)
    density = np.exp(-((at - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
    plot.plot(at, density, color=LIGHT["ink"], linewidth=1.4)
    plot.axvline(mean, color=LIGHT["without-dropout"], linestyle=(0, (2, 2)), linewidth=1.6)
    plot.axvline(0, color=LIGHT["soft"], linewidth=0.8)
    plot.set(xlabel="output before the ReLU", ylabel="density", xlim=span, yticks=())
    plot.set_ylim(0, max(1.6 * density.max(), 1e-6))


def _after_relu(plot, after, highest):
    colours = ("without-dropout", "ink", "with-dropout")
    for row, ((name, value), colour) in enumerate(zip(after.items(), colours, strict=True)):
        plot.barh(-row, value, height=0.5, color=LIGHT[colour])
        plot.annotate(name, (0, -row + 0.32), color=LIGHT[colour], va="bottom", fontsize=8)
    plot.set(xlabel="mean after the ReLU", yticks=(), ylim=(-2.5, 0.85), xlim=(0, highest))
