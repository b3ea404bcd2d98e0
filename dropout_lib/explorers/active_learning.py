"""Figures of the experiment ``active_learning``: error by number of labels, and the differences."""

import numpy as np

from ..experiments import mean_interval, paired_difference
from .chart import LIGHT, apart, axes, picture
from .explorer import Figure
from .intervals import interval_chart

_LINES = {  # arm: label, colour, line style
    "random": ("drawn at random", "soft", "-"),
    "mc entropy": ("entropy, many passes", "with-dropout", "-"),
    "mutual information": ("mutual information", "with-dropout", (0, (1, 1.5))),
    "mc margin": ("margin, many passes", "with-dropout", (0, (4, 2))),
    "entropy": ("entropy, one pass", "without-dropout", "-"),
    "margin": ("margin, one pass", "without-dropout", (0, (4, 2))),
}


def error_by_labels(results):
    """Test error by number of labels, for every way of choosing them.

    Args:
        results: the stored results of the experiment ``active_learning``, by seed.
    """
    labels, told, ends = results[0]["labels"], [], {}
    with axes(width=4.8, height=3) as (figure, plot):
        for arm, (words, name, style) in _LINES.items():
            runs = 100 * np.array([r["arms"][arm]["error"] for r in results])
            intervals = [mean_interval(column.tolist()) for column in runs.T]
            bounds = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
            means, colour = [interval.mean for interval in intervals], LIGHT[name]
            plot.fill_between(labels, *bounds, color=colour, alpha=0.12, linewidth=0)
            plot.plot(labels, means, color=colour, linestyle=style)
            ends[arm] = means[-1]
            told.append(f"{words}: {means[len(means) // 2]:.1f}%, {means[-1]:.1f}%")
        for place, arm in zip(apart(list(ends.values()), 3.2), ends, strict=True):
            words, name, _ = _LINES[arm]
            end = (labels[-1] + 3, place)
            plot.annotate(words, end, va="center", color=LIGHT[name], fontsize=8)
        plot.set_xticks([labels[0], *range(50, labels[-1] + 1, 50)])
        plot.set(xlabel="labels", ylabel="test error (%)", ylim=(0, None))
        plot.set(xlim=(labels[0] - 5, labels[-1] * 1.55))
        plot.spines["bottom"].set_bounds(labels[0], labels[-1])
    reading = (
        f"Test error with {labels[len(labels) // 2]} and {labels[-1]} labels, means of "
        f"{len(results)} runs. {'; '.join(told)}. All begin with the same {labels[0]} labels, at "
        f"{100 * np.mean([r['arms']['random']['error'][0] for r in results]):.1f}%."
    )
    return Figure(
        picture(figure, reading),
        f"Test error of networks that differ only in the digits that they were taught. "
        f"{labels[1] - labels[0]} more are labelled in each round. Blue: chosen by Monte Carlo "
        "dropout; orange: by one pass of the same network with dropout off. Band: 95% interval.",
    )


def gain_over_random(results):
    """By how much each way of choosing lowers the mean error over the curve, paired.

    Args:
        results: the stored results of the experiment ``active_learning``, by seed.
    """

    def gain(arm, other):
        values = ([100 * r["arms"][name]["mean_error"] for r in results] for name in (other, arm))
        return paired_difference(*values)

    rows = [(_LINES[arm][0], gain(arm, "random")) for arm in _LINES if arm != "random"]
    return interval_chart(
        [
            *rows,
            None,
            ("many passes for one: entropy", gain("mc entropy", "entropy")),
            ("margin", gain("mc margin", "margin")),
        ],
        "mean test error saved (points)",
        "Mean over all rounds. Above: against labels drawn at random; below: what is gained if the "
        "same score is taken of many passes with dropout on, instead of one with dropout off. "
        f"Paired over {len(results)} runs; line: 95% interval.",
    )
