"""Figures of the experiment ``active_learning``: error by number of labels, and the differences."""

import numpy as np

from ..experiments import mean_interval, paired_difference
from .calibration import side_by_side
from .chart import LIGHT, apart, axes
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

_PANELS = {
    "by entropy": ("random", "mc entropy", "mutual information", "entropy"),
    "by margin": ("random", "mc margin", "margin"),
}
_TOP = 52  # % of test error


def error_by_labels(results):
    """Test error by number of labels, for every way of choosing them.

    Args:
        results: the stored results of the experiment ``active_learning``, by seed.
    """
    labels, told = results[0]["labels"], []
    curves = {
        arm: [
            mean_interval(column.tolist())
            for column in 100 * np.array([r["arms"][arm]["error"] for r in results]).T
        ]
        for arm in _LINES
    }
    for arm, intervals in curves.items():
        middle, last = intervals[len(intervals) // 2].mean, intervals[-1].mean
        told.append(f"{_LINES[arm][0]}: {middle:.1f}%, {last:.1f}%")
    figures = [
        _panel(title, labels, {arm: curves[arm] for arm in arms}) for title, arms in _PANELS.items()
    ]
    reading = (
        f"Test error with {labels[len(labels) // 2]} and {labels[-1]} labels, means of "
        f"{len(results)} runs. {'; '.join(told)}. All begin with the same {labels[0]} labels, at "
        f"{100 * np.mean([r['arms']['random']['error'][0] for r in results]):.1f}%."
    )
    return Figure(
        side_by_side(figures, reading),
        f"Test error of networks that differ only in the digits that they were taught. "
        f"{labels[1] - labels[0]} more are labelled in each round. Blue: chosen by Monte Carlo "
        "dropout; orange: by one pass of the same network with dropout off. Band: 95% interval.",
    )


def _panel(title, labels, curves):
    """Some of the lines, each tied to its name at the right."""
    with axes(width=3.6, height=2.9) as (figure, plot):
        ends = [intervals[-1].mean for intervals in curves.values()]
        for place, (arm, intervals) in zip(apart(ends, 3.6), curves.items(), strict=True):
            words, name, style = _LINES[arm]
            colour = LIGHT[name]
            bounds = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
            plot.fill_between(labels, *bounds, color=colour, alpha=0.12, linewidth=0)
            means = [interval.mean for interval in intervals]
            plot.plot(labels, means, color=colour, linestyle=style)
            tie = [labels[-1] + step for step in (2, 16, 30)]
            plot.plot(tie, [means[-1], place, place], color=colour, linestyle=style, linewidth=1)
            plot.annotate(words, (tie[-1] + 3, place), va="center", color=colour, fontsize=8)
        plot.set_xticks([labels[0], *range(50, labels[-1] + 1, 50)])
        plot.set(xlabel="labels", ylabel="test error (%)", title=title)
        plot.set(xlim=(labels[0] - 5, 1.85 * labels[-1]), ylim=(0, _TOP))
        plot.spines["bottom"].set_bounds(labels[0], labels[-1])
        figure.subplots_adjust(top=0.9)
    return figure


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
            ("entropy: many for one", gain("mc entropy", "entropy")),
            ("margin: many for one", gain("mc margin", "margin")),
        ],
        "mean test error saved (points)",
        "Mean over all rounds. Above: against labels drawn at random; below: what is gained if the "
        "same score is taken of many passes with dropout on, instead of one with dropout off. "
        f"Paired over {len(results)} runs; line: 95% interval.",
    )
