"""The sum that code example 1 prints, over many runs, for layers of several sizes."""

import numpy as np

from ..scratch import Dropout, Linear, ReLU
from .chart import LIGHT, axes, picture
from .explorer import Explorer, Slider

UNITS = (4, 16, 64, 256, 1024)
RATES = (0.1, 0.25, 0.5, 0.75, 0.9)
RUNS = 4000
_WIDEST, _BIN = 300, 10  # in % of the sum before dropout


def printed_sum(image):
    """Histogram of the sum after dropout, by the number of units and p.

    Args:
        image: what a fresh layer sees, an array of any shape; its activations behind ReLU are what
            is summed. (Four units are those of the example: 1, 2, 3 and 4.)
    """
    layers = {units: _activations(image, units) for units in UNITS}

    def draw(units, p):
        x = layers[units]
        dropout = Dropout(p, rng=np.random.default_rng(0))
        sums = dropout.forward(np.tile(x, (RUNS, 1))).sum(axis=1)
        percent = 100 * sums / x.sum()
        low, high = np.percentile(percent, [2.5, 97.5])
        equal = np.mean(np.round(sums, 2) == np.round(x.sum(), 2))
        near = np.mean(np.abs(percent - 100) <= 5)
        reading = (
            f"{units} units, p = {p}: the mean of {RUNS:,} sums is {percent.mean():.0f}% of the "
            f"sum before dropout. 95% of them lie between {low:.0f}% and {high:.0f}%, "
            f"{_share(near)} within 5% of it, and {_share(equal)} print the same two decimals."
        )
        return picture(_histogram(percent), reading)

    return Explorer(
        "printed-sum",
        "Is the sum preserved?",
        "Move the number of units, then p. The mean stays where it should; how far a single run is "
        "from it does not. When does the example's line tell the truth, and when nearly? (With 4 "
        "units: the example's activations. With more: a fresh layer that sees a real digit.)",
        [
            Slider("units", "units in the layer", UNITS, 4),
            Slider("p", "drop probability p", RATES, 0.5),
        ],
        draw,
    )


def _activations(image, units):
    if units == 4:
        return np.array([1.0, 2.0, 3.0, 4.0])
    pixels = np.asarray(image, dtype=np.float64).reshape(1, -1)
    layer = Linear(pixels.size, units, rng=np.random.default_rng(units), dtype=np.float64)
    return ReLU().forward(layer.forward(pixels))[0]


def _share(fraction):
    """A share in words: none, a percentage, or less than one per cent."""
    if fraction == 0:
        return "none"
    return f"{100 * fraction:.0f}%" if fraction >= 0.01 else "less than 1%"


def _histogram(percent):
    """Shares of the runs in bins of 10%; what lies beyond 300% is counted in the last one."""
    edges = np.arange(-_BIN / 2, _WIDEST + _BIN, _BIN)
    counts, _ = np.histogram(np.minimum(percent, _WIDEST), edges)
    with axes(height=2.5) as (figure, plot):
        plot.stairs(
            100 * counts / len(percent), edges, fill=True, color=LIGHT["with-dropout"], alpha=0.75
        )
        plot.axvline(100, color=LIGHT["ink"], linewidth=1, linestyle=(0, (4, 2)))
        plot.annotate("sum before dropout", (104, 97), va="top", color=LIGHT["ink"], fontsize=8)
        plot.set(xlabel="sum after dropout (% of the sum before)", ylabel="share of runs (%)")
        plot.set(xlim=(-8, _WIDEST + 8), ylim=(0, 100))
    return figure
