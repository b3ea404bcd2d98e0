"""The experiment ``calibration``: is a prediction right as often as it says, and by what angle."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, apart, axes, to_svg
from .explorer import Choice, Explorer, Figure, Picture, Slider

PREDICTIONS = {  # arm, and whether its temperature is scaled
    "one network without dropout": ("single", ""),
    "the same, temperature scaled": ("single", "scaled"),
    "dropout, weight scaling": ("weight scaling", ""),
    "weight scaling, temperature scaled": ("weight scaling", "scaled"),
    "100 Monte Carlo passes": ("mc", ""),
    "5 networks, trained as long as one": ("short ensemble", ""),
    "5 networks, each trained as long": ("ensemble", ""),
}
_LINES = {  # arm: label, colour, line style
    "single": ("one network", "without-dropout", (0, (1, 1.5))),
    "short ensemble": ("5, short", "without-dropout", (0, (4, 2))),
    "ensemble": ("5 networks", "without-dropout", "-"),
    "weight scaling": ("weight scaling", "with-dropout", (0, (1, 1.5))),
    "mc": ("Monte Carlo", "with-dropout", "-"),
}
_MEASURES = {  # words and factor
    "nll": ("NLL (nats)", 1),
    "ece": ("calibration error (%)", 100),
    "brier": ("Brier score", 1),
}
_FEW = 20  # digits: a bin with fewer says nothing of how often it is right


def reliability_explorer(results, settings):
    """Accuracy against confidence, bin by bin, of test digits that are turned.

    Args:
        results: the stored results of the experiment ``calibration``, by seed.
        settings: its settings, a dict.
    """
    angles = tuple(settings["angles"])
    words_of = {prediction: words for words, prediction in PREDICTIONS.items()}

    def draw(angle, prediction):
        at, (arm, scaled) = angles.index(angle), prediction
        runs = [r["tuned by nll"][arm] for r in results]
        bins = pooled([run[f"reliability {scaled}".strip()][at] for run in runs])
        count, right, confidence = bins.sum(axis=1)
        nll, ece = (
            np.mean([run["by angle"][f"{scaled} {measure}".strip()][at] for run in runs])
            for measure in ("nll", "ece")
        )
        words = words_of[prediction]
        reading = (
            f"{words[0].upper()}{words[1:]}; digits turned by {angle}°: sure of the answer at "
            f"{100 * confidence / count:.0f}% on average, right in {100 * right / count:.0f}%. "
            f"Expected calibration error {100 * ece:.0f}%, NLL {nll:.2f} nats."
        )
        return side_by_side(_diagram(bins, LIGHT[_LINES[arm][1]]), reading)

    return Explorer(
        "reliability",
        "Right as often as it says?",
        f"Test digits of {len(results)} runs, by how sure the prediction is of its answer. On the "
        "dashed line it is right as often as it says; a grey line shows by how much a bin misses. "
        "Turn the digits, then look which way of predicting notices that it can no longer read "
        f"them. Bins with fewer than {_FEW} digits have no point.",
        [
            Slider("angle", "digits turned by", angles, angles[0], "{}°"),
            Choice("prediction", "prediction", PREDICTIONS),
        ],
        draw,
    )


def pooled(texts):
    """Bins of several runs put together: (3, bins), their cases, those right, summed confidence.

    >>> pooled(["0,3 2 700", "1 0 400,3 3 900"])
    array([[1. , 6. ],
           [0. , 5. ],
           [0.4, 4.8]])
    """
    return sum(np.array([_bin(text) for text in run.split(",")]).T for run in texts)


def _bin(text):
    count, right, confidence = map(int, text.split() if text != "0" else "000")
    return count, right, count * confidence / 1000


def _diagram(bins, colour):
    """Accuracy against confidence, and how many digits got which confidence."""
    count, right, confidence = bins
    filled = count >= _FEW
    sure, accurate = (values[filled] / count[filled] for values in (confidence, right))
    with axes(width=3.1, height=2.7) as (diagram, plot):
        plot.plot([0, 1], [0, 1], color=LIGHT["soft"], linewidth=1, linestyle=(0, (4, 3)))
        ends = np.stack([accurate, sure, np.full(len(sure), np.nan)], axis=1).ravel()
        plot.plot(np.repeat(sure, 3), ends, color=LIGHT["soft"], linewidth=1.2)
        plot.plot(sure, accurate, "o-", color=colour, markersize=4, linewidth=1.2)
        _confidence_axis(plot)
        plot.set(ylim=(0, 1.02), ylabel="how often right (accuracy)")
        plot.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    with axes(width=3.1, height=2.7) as (histogram, plot):
        edges = np.linspace(0, 1, len(count) + 1)
        plot.stairs(100 * count / count.sum(), edges, fill=True, color=colour, alpha=0.6)
        _confidence_axis(plot)
        plot.set(ylim=(0, 100), ylabel="digits (%)")
    return diagram, histogram


def _confidence_axis(plot):
    plot.set(xlim=(0, 1.02), xlabel="how sure (confidence)")
    plot.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])


def side_by_side(figures, reading):
    """Charts beside each other, or below each other where there is no room, as one picture."""
    markup = "\n".join(f"<div>\n{to_svg(figure)}\n</div>" for figure in figures)
    return Picture(f'<div class="dx-panels">\n{markup}\n</div>', reading)


def measure_by_angle(results, settings, measure="nll"):
    """A measure of every arm by the angle of the digits, without and with temperature scaling.

    Args:
        results: the stored results of the experiment ``calibration``, by seed.
        settings: its settings, a dict.
        measure: "nll", "ece" or "brier".
    """
    if measure not in _MEASURES:
        raise ValueError(f"no measure {measure!r} by angle: choose of {', '.join(_MEASURES)}")
    (words, factor), angles = _MEASURES[measure], settings["angles"]
    panels = {
        title: {
            arm: [
                mean_interval(column.tolist())
                for column in factor
                * np.array(
                    [r["tuned by nll"][arm]["by angle"][scaled + measure] for r in results]
                ).T
            ]
            for arm in _LINES
        }
        for title, scaled in (("as predicted", ""), ("temperature scaled", "scaled "))
    }
    top = max(i.high for panel in panels.values() for arm in panel.values() for i in arm)
    figures = [_curves(panel, angles, title, words, 1.02 * top) for title, panel in panels.items()]
    told = [
        f"{_LINES[arm][0]}, {title}: {intervals[0].mean:.2f} upright, {_highest(intervals, angles)}"
        for title, panel in panels.items()
        for arm, intervals in panel.items()
    ]
    return Figure(
        side_by_side(
            figures, f"{words} by angle, means of {len(results)} runs. {'; '.join(told)}."
        ),
        f"{words[0].upper()}{words[1:]} of test digits that are turned. Orange: networks without "
        "dropout, one, five that were each trained as long, and five that took no longer together "
        "(short). Blue: one network with dropout. The other panel: the same, each with a "
        "temperature that was fitted on upright validation digits. Band: 95% interval.",
    )


def _highest(intervals, angles):
    highest = max(range(len(angles)), key=lambda place: intervals[place].mean)
    return f"at most {intervals[highest].mean:.2f} at {angles[highest]}°"


def _curves(panel, angles, title, words, top):
    """The measure of every arm by angle, with its interval."""
    with axes(width=3.3, height=2.9) as (figure, plot):
        for arm, intervals in panel.items():
            _, name, style = _LINES[arm]
            bounds = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
            plot.fill_between(angles, *bounds, color=LIGHT[name], alpha=0.12, linewidth=0)
            means = [interval.mean for interval in intervals]
            plot.plot(angles, means, color=LIGHT[name], linestyle=style)
        ends = apart([intervals[-1].mean for intervals in panel.values()], 0.065 * top)
        for place, (label, name, _) in zip(ends, _LINES.values(), strict=True):
            plot.annotate(label, (184, place), va="center", color=LIGHT[name], fontsize=8)
        plot.set(xlabel="digits turned by (degrees)", ylabel=words, title=title)
        plot.set(xlim=(0, 265), ylim=(0, top))
        plot.set_xticks([0, 45, 90, 135, 180])
        plot.spines["bottom"].set_bounds(0, 180)
        figure.subplots_adjust(top=0.9)
    return figure
