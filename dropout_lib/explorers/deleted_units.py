"""What two trained networks still recognise when some of their hidden units are gone."""

import numpy as np

from ..experiments import mean_interval
from . import svg
from .chart import LIGHT, axes, to_svg
from .explorer import Choice, Explorer, Picture, Slider

NAMES = {"without": "trained without dropout", "with": "trained with dropout"}
_COLUMNS, _TILE = 10, 42


def deleted_units_explorer(results, fractions, images, labels):
    """Real digits with what two networks make of them, by the fraction of units deleted.

    Args:
        results: the stored results of the experiment ``deleted_units``, by seed.
        fractions: the fractions of hidden units that were deleted.
        images: the test digits (N, 784) whose predictions seed 0 kept.
        labels: their classes (N,).
    """
    percent = tuple(round(100 * fraction) for fraction in fractions)
    intervals = {
        survivors: {name: _recognised(results, name, survivors) for name in NAMES}
        for survivors in ("plain", "rescaled")
    }
    tiles = [
        svg.digit((i % _COLUMNS) * _TILE + 1, 8 + i // _COLUMNS * 62, _TILE - 2, image)
        for i, image in enumerate(images.reshape(-1, 28, 28))
    ]

    def draw(deleted, survivors):
        at = percent.index(deleted)
        panels, right = [], {}
        for name, title in NAMES.items():
            predictions = results[0][name][survivors]["predictions"][at]
            right[name] = sum(p == label for p, label in zip(predictions, labels, strict=True))
            panels.append(
                f"<p>{title}: {right[name]} of {len(labels)}</p>\n"
                + svg.drawing(_COLUMNS * _TILE, 134, [*tiles, *_answers(predictions, labels)])
            )
        chart = to_svg(_chart(percent, intervals[survivors], at))
        markup = (
            f'<div class="dx-panels">\n<div>\n{panels[0]}\n</div>\n<div>\n{panels[1]}\n</div>\n'
            f"</div>\n{chart}"
        )
        shares = {name: intervals[survivors][name][at].mean for name in NAMES}
        reading = (
            f"{deleted}% of the hidden units deleted"
            + (", the others turned up" if survivors == "rescaled" else "")
            + f": trained without dropout, {right['without']} of the {len(labels)} digits shown "
            f"are recognised, and {shares['without']:.0f}% of all test digits (mean of "
            f"{len(results)} networks); trained with dropout, {right['with']} and "
            f"{shares['with']:.0f}%."
        )
        return Picture(markup, reading)

    return Explorer(
        "deleted-units",
        "How many units can it lose?",
        "Delete more and more units and watch which digits go first (the digits show one random "
        "deletion, the curve the mean over many). The number under a digit is what the network "
        "answers; a wrong one is crossed in red. Then turn the units that are left up.",
        [
            Slider("deleted", "hidden units deleted", percent, 0, "{}%"),
            Choice(
                "survivors",
                "the units that are left",
                {"as they are": "plain", "turned up, × 1 / (1 − share deleted)": "rescaled"},
            ),
        ],
        draw,
    )


def _recognised(results, name, survivors):
    """Per cent of the test digits recognised, by fraction deleted, with intervals."""
    errors = np.array([result[name][survivors]["error"] for result in results])
    return [mean_interval(column.tolist()) for column in 100 * (1 - errors).T]


def _answers(predictions, labels):
    elements = []
    for i, (prediction, label) in enumerate(zip(predictions, labels, strict=True)):
        x = (i % _COLUMNS + 0.5) * _TILE
        y = 66 - 2 + i // _COLUMNS * 62
        if prediction == label:
            elements.append(svg.text(x, y, prediction, 14, "middle"))
        else:
            elements.append(svg.text(x, y, prediction, 14, "middle", "wrong", font_weight="bold"))
            elements.append(svg.line(x - 8, y + 1, x + 8, y - 11, "wrong", 1.5))
    return elements


def _chart(percent, intervals, at):
    with axes(width=4.6, height=2.3) as (figure, plot):
        for name in NAMES:
            colour = LIGHT[f"{name}-dropout"]
            means = [interval.mean for interval in intervals[name]]
            plot.fill_between(
                percent,
                [interval.low for interval in intervals[name]],
                [interval.high for interval in intervals[name]],
                color=colour,
                alpha=0.2,
                linewidth=0,
            )
            plot.plot(percent, means, color=colour)
            plot.plot(percent[at], means[at], "o", color=colour)
        plot.axhline(10, color=LIGHT["soft"], linewidth=1, linestyle=(0, (2, 3)))
        plot.annotate("guessing", (1, 12), color=LIGHT["soft"])
        plot.annotate(NAMES["with"], (1, 46), ha="left", color=LIGHT["with-dropout"])
        plot.annotate(NAMES["without"], (1, 34), ha="left", color=LIGHT["without-dropout"])
        plot.set(
            xlabel="hidden units deleted (%)",
            ylabel="digits recognised (%)",
            ylim=(0, 100),
            xlim=(-2, 92),
        )
    return figure
