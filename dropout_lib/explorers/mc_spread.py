"""Pictures of the experiment ``mc_spread``: spread and error by the number of points."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Explorer, Figure, Slider

_LINES = {"error": ("actual error", "test"), "spread": ("spread over masks", "with-dropout")}


def spread_and_error(results, rates=(0.01, 0.1)):
    """Mean spread over masks, and the error of the mean, for two values of p, on two panels."""
    sizes = [int(size) for size in results[0]]
    course = {}
    with axes(columns=2, width=6.4, height=2.7, sharey=True) as (figure, plots):
        for plot, p in zip(plots, rates, strict=True):
            for measure, (words, colour) in _LINES.items():
                intervals = [mean_interval(_values(results, size, p, measure)) for size in sizes]
                means = [interval.mean for interval in intervals]
                _draw_line(plot, sizes, intervals, LIGHT[colour])
                # above the spread or below the error, at the right
                place = (0, 7) if measure == "spread" else (0, -14)
                plot.annotate(
                    words,
                    (sizes[-1], means[-1]),
                    place,
                    textcoords="offset points",
                    ha="right",
                    color=LIGHT[colour],
                )
                course[p, measure] = means
            plot.set(xscale="log", yscale="log", xlabel="training points", title=f"p = {p:g}")
            plot.set_xticks(sizes, [f"{size:,}" for size in sizes])
            plot.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
            plot.set(ylim=(0.015, 0.8))
            plot.minorticks_off()
        plots[0].set(ylabel="in units of the target")
        figure.subplots_adjust(top=0.9)
    reading = (
        f"From {sizes[0]} to {sizes[-1]:,} points, "
        + "; ".join(
            f"at p = {p:g} the spread goes from {course[p, 'spread'][0]:.2f} to "
            f"{course[p, 'spread'][-1]:.2f} and the error from {course[p, 'error'][0]:.2f} to "
            f"{course[p, 'error'][-1]:.2f}"
            for p in rates
        )
        + "."
    )
    return Figure(
        picture(figure, reading),
        "Mean standard deviation over masks, and the distance of the mean from the true curve, by "
        f"the number of training points, both axes logarithmic; band: 95% interval over "
        f"{len(results)} data sets.",
    )


def _draw_line(plot, sizes, intervals, colour):
    lows, highs = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
    plot.fill_between(sizes, lows, highs, color=colour, alpha=0.15, linewidth=0)
    means = [interval.mean for interval in intervals]
    plot.plot(sizes, means, "o-", markersize=4, color=colour)


def _values(results, size, p, measure):
    found = [run[measure] for r in results for run in r[str(size)]["runs"] if run["p"] == p]
    if len(found) != len(results):
        rates = sorted({run["p"] for run in results[0][str(size)]["runs"]})
        raise ValueError(f"p = {p} was not measured: choose of {', '.join(map(str, rates))}")
    return np.array(found).tolist()


def spread_by_p_explorer(results, settings):
    """Mean spread over masks, and the error of the mean, with p under a slider.

    Args:
        results: the stored results of the experiment.
        settings: its settings.
    """
    sizes, rates = settings["sizes"], tuple(settings["rates"])
    chosen = {
        p: [str(sum(r[str(size)]["chosen"]["p"] == p for r in results)) for size in sizes]
        for p in rates
    }

    def draw(p):
        course = {}
        with axes(width=4.6, height=2.9) as (figure, plot):
            for measure, (words, colour) in _LINES.items():
                intervals = [mean_interval(_values(results, size, p, measure)) for size in sizes]
                means = [interval.mean for interval in intervals]
                _draw_line(plot, sizes, intervals, LIGHT[colour])
                higher = measure == "error"  # at 16 points, where the words stand
                plot.annotate(
                    words,
                    (sizes[0], means[0]),
                    (4, 7 if higher else -15),
                    textcoords="offset points",
                    color=LIGHT[colour],
                )
                course[measure] = means
            for size, number in zip(sizes, chosen[p], strict=True):
                plot.annotate(number, (size, 0.0112), ha="center", color=LIGHT["soft"])
            plot.annotate(
                f"of {len(results)} runs, so many chose this p:",
                (sizes[0] * 0.85, 0.0145),
                color=LIGHT["soft"],
            )
            plot.set(xscale="log", yscale="log", xlabel="training points")
            plot.set(ylabel="in units of the target", ylim=(0.01, 0.8))
            plot.set_xticks(sizes, [f"{size:,}" for size in sizes])
            plot.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
            plot.minorticks_off()
        reading = (
            f"p = {p:g}: from {sizes[0]} to {sizes[-1]:,} points the spread goes from "
            f"{course['spread'][0]:.2f} to {course['spread'][-1]:.2f}, and the error from "
            f"{course['error'][0]:.2f} to {course['error'][-1]:.2f}."
        )
        return picture(figure, reading)

    return Explorer(
        "mc-spread",
        "Where the spread is as large as the error",
        "The line of the spread hardly bends, whatever p is. Move p, and watch where the line of "
        "the error crosses it. The numbers at the bottom say how many runs chose that p on "
        f"validation. Both axes are logarithmic; shaded: 95% interval, {len(results)} data sets.",
        [Slider("p", "drop probability p", rates, rates[2], "{:g}")],
        draw,
    )
