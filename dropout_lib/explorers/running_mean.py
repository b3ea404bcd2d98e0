"""The mean of many passes through a dropout layer converges, and to what."""

import math

import numpy as np

from ..scratch import draw_keep_mask
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer, Slider

RATES = (0.1, 0.3, 0.5, 0.7, 0.9)
PASSES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_SHOWN = np.unique(np.geomspace(1, PASSES[-1], 60).astype(int))  # where the curve has points


def running_mean(p, scaled, passes, seed=7):
    """The mean output of the first 1, 2, ... passes of one unit with activation 1.

    >>> running_mean(0.5, scaled=True, passes=2).tolist()
    [0.0, 1.0]
    """
    keep = draw_keep_mask((passes,), p, np.random.default_rng(seed))
    output = keep / (1 - p) if scaled else keep
    return np.cumsum(output) / np.arange(1, passes + 1)


def running_mean_explorer():
    """The running mean under p, the number of passes, and whether the scale is there."""

    def draw(p, passes, scaled):
        means = running_mean(p, scaled, PASSES[-1])
        scale = 1 / (1 - p) if scaled else 1.0
        expected, deviation = scale * (1 - p), scale * math.sqrt(p * (1 - p))
        with axes() as (figure, plot):
            points = _SHOWN[passes >= _SHOWN]
            every = _SHOWN.astype(float)
            plot.fill_between(
                every,
                expected - 2 * deviation / np.sqrt(every),
                expected + 2 * deviation / np.sqrt(every),
                color=LIGHT["with-dropout"],
                alpha=0.15,
                linewidth=0,
            )
            plot.plot([1, 5000], [1, 1], color=LIGHT["ink"], linewidth=1, linestyle=(0, (4, 3)))
            plot.plot(points, means[points - 1], color=LIGHT["with-dropout"])
            plot.plot(passes, means[passes - 1], "o", color=LIGHT["with-dropout"])
            plot.set(
                xscale="log",
                xlim=(0.9, 7500),
                ylim=(-0.1, 3.2),
                xlabel="passes (log scale)",
                ylabel="mean output so far",
            )
            plot.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
            plot.minorticks_off()
            plot.annotate("x", (5700, 1), va="center", color=LIGHT["ink"])
            plot.annotate(
                f"{means[passes - 1]:.2f}",
                (passes, means[passes - 1]),
                (0, 8),
                textcoords="offset points",
                ha="center",
                color=LIGHT["with-dropout"],
            )
        reading = (
            f"At p = {p:.1f} {'with' if scaled else 'without'} the scale, the mean of "
            f"{passes:,} {'pass' if passes == 1 else 'passes'} is {means[passes - 1]:.2f}; it "
            f"settles at {expected:.2f}, and two standard deviations reach ±"
            f"{2 * deviation / math.sqrt(passes):.2f} from there, the width of the band."
        )
        return picture(figure, reading)

    return Explorer(
        "running-mean",
        "The mean of many passes",
        "Move the number of passes to the right and watch the curve settle. Without the scale it "
        "settles too, but in the wrong place. At p = 0.9 it takes long: why?",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Slider("passes", "passes", PASSES, 10, "{:,}"),
            Choice("scaled", "scale", {"1 / (1 − p)": True, "forgotten": False}),
        ],
        draw,
    )
