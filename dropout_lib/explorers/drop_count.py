"""How many units are dropped: counts over many training cases, beside the binomial."""

import math

import numpy as np

from ..scratch import draw_keep_mask
from .chart import LIGHT, axes, picture
from .explorer import Figure


def drop_count_figure(units=100, p=0.3, cases=10_000, seed=0):
    """Histogram of the number of units dropped per case, with the binomial probabilities."""
    mask = draw_keep_mask((cases, units), p, np.random.default_rng(seed))
    counts = np.bincount((~mask).sum(axis=1), minlength=units + 1) / cases
    mean, deviation = units * p, math.sqrt(units * p * (1 - p))
    low, high = int(mean - 4 * deviation), int(mean + 4 * deviation) + 1
    shown = np.arange(low, high + 1)
    binomial = [math.comb(units, k) * p**k * (1 - p) ** (units - k) for k in shown]
    with axes(height=2.2) as (figure, plot):
        plot.bar(shown, 100 * counts[shown], width=0.8, color=LIGHT["with-dropout"], alpha=0.5)
        plot.plot(shown, 100 * np.array(binomial), "o", color=LIGHT["ink"], markersize=3)
        plot.set(xlabel=f"units dropped, of {units}", ylabel="training cases (%)")
    reading = (
        f"Bars: of {cases:,} training cases, how many dropped that many of {units} units at "
        f"p = {p}. The bars form a bell around {mean:.0f}, most of them between "
        f"{mean - 2 * deviation:.0f} and {mean + 2 * deviation:.0f}, and the dots of the binomial "
        "distribution sit on their tops."
    )
    return Figure(
        picture(figure, reading),
        f"Units dropped per training case at p = {p}: counted (bars) and binomial (dots).",
    )
