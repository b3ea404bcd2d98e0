"""An explorer of the experiment ``data_size``: what dropout is worth by number of cases."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer
from .intervals import said

_MEASURES = {  # words in the menu: (measure, factor, name of the axis, decimals)
    "gain in test error": ("test_error", 100, "gain in test error (points)", 1),
    "share of the errors avoided": ("test_error", 100, "errors avoided (% of them)", 0),
    "gain in test loss": ("test_loss", 1, "gain in test loss (nats)", 2),
    "test error": ("test_error", 100, "test error (%)", 1),
    "test loss": ("test_loss", 1, "test loss (nats)", 2),
}


def values(results, arm, measure, rate=None):
    """One number per seed and size: an array (seeds, sizes).

    Args:
        results: of the experiment.
        arm: "few", "many", "tuned" or "by p".
        measure: for instance "test_error".
        rate: which of the p of "by p", by position.
    """
    runs = [result[arm] for result in results]
    if rate is not None:
        runs = [[size[rate] for size in run] for run in runs]
    return np.array([[size[measure] for size in run] for run in runs])


def data_size_explorer(results, settings):
    """Menus: which measure, and dropout with p = 0.5 or with p tuned; drawn over the sizes."""
    half = settings["rates"].index(0.5) - 1  # "by p" begins behind p = 0
    arms = {"p = 0.5": ("few", "by p", half), "p tuned": ("many", "tuned", None)}

    def draw(shown, arm):
        measure, unit, axis, digits = _MEASURES[shown]
        without_arm, with_arm, rate = arms[arm]
        without = unit * values(results, without_arm, measure)
        dropped = unit * values(results, with_arm, measure, rate)
        if shown.startswith("share"):
            share = 100 * (without - dropped) / without
            return _gain(settings["sizes"], share, axis, digits, arm)
        if shown.startswith("gain"):
            return _gain(settings["sizes"], without - dropped, axis, digits, arm)
        return _levels(settings["sizes"], without, dropped, axis, digits, arm)

    return Explorer(
        "data-size",
        "What is dropout worth with so many digits?",
        "Two hidden layers of 256 units, trained on 20 to 900 digits; each side has its best "
        "learning rate. Look for the sizes at which the interval of the gain stays clear of 0, "
        "first in error, then in loss. Then let p be tuned as well. Lines: 95% interval.",
        [
            Choice("shown", "Show", {words: words for words in _MEASURES}),
            Choice("arm", "Dropout with", {words: words for words in arms}),
        ],
        draw,
    )


def _gain(sizes, gains, axis, digits, arm):
    intervals = [mean_interval(column.tolist()) for column in gains.T]
    with axes(height=2.5) as (figure, plot):
        plot.axhline(0, color=LIGHT["soft"], linewidth=0.8)
        _draw(plot, sizes, intervals, "with-dropout")
        _finish(plot, sizes, axis)
    told = "; ".join(
        f"{size} digits {said(interval, digits)}"
        for size, interval in zip(sizes, intervals, strict=True)
    )
    reading = f"Dropout with {arm}, {axis}, mean and 95% interval: {told}."
    return picture(figure, reading)


def _levels(sizes, without, dropped, axis, digits, arm):
    sides = {
        "without dropout": ("without-dropout", without),
        f"dropout, {arm}": ("with-dropout", dropped),
    }
    means = {name: numbers.mean(axis=0) for name, (_, numbers) in sides.items()}
    with axes(height=2.5) as (figure, plot):
        for name, (colour, numbers) in sides.items():
            intervals = [mean_interval(column.tolist()) for column in numbers.T]
            _draw(plot, sizes, intervals, colour)
            higher = means[name][2] >= max(mean[2] for mean in means.values())
            plot.annotate(
                name,
                (sizes[2], means[name][2]),
                (6, 10) if higher else (-6, -14),
                textcoords="offset points",
                ha="left" if higher else "right",
                color=LIGHT[colour],
            )
        _finish(plot, sizes, axis)
        plot.set_ylim(bottom=0)
    told = "; ".join(
        f"{size} digits " + " and ".join(f"{mean[i]:.{digits}f}" for mean in means.values())
        for i, size in enumerate(sizes)
    )
    return picture(figure, f"{axis[0].upper()}{axis[1:]}, {' and '.join(means)}: {told}.")


def _draw(plot, sizes, intervals, colour):
    means = [interval.mean for interval in intervals]
    reach = [[i.mean - i.low for i in intervals], [i.high - i.mean for i in intervals]]
    plot.errorbar(sizes, means, reach, color=LIGHT[colour], marker="o", markersize=4, capsize=2)


def _finish(plot, sizes, axis):
    plot.set_xscale("log")
    plot.set_xticks(sizes, [str(size) for size in sizes], minor=False)
    plot.minorticks_off()
    plot.set(xlabel="digits to train with", ylabel=axis)
