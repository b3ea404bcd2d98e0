"""The experiment ``calibration``: is a prediction right as often as it says, and by what angle."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, apart, axes, picture
from .explorer import Choice, Explorer, Figure, Slider

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
        return picture(_diagram(bins, LIGHT[_LINES[arm][1]]), reading)

    return Explorer(
        "reliability",
        "Right as often as it says?",
        f"Test digits of {len(results)} runs, by how sure the prediction is of its answer. On the "
        "dashed line it is right as often as it says; a grey line shows by how much a bin misses. "
        "Turn the digits, then look which way of predicting notices that it can no longer read "
        f"them. On the left, bins with fewer than {_FEW} digits are left out.",
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
    count, right, confidence = bins
    filled = count >= _FEW
    sure, accurate = (values[filled] / count[filled] for values in (confidence, right))
    edges = np.linspace(0, 1, len(count) + 1)
    with axes(columns=2, width=6.2, height=2.8) as (figure, (left, histogram)):
        figure.subplots_adjust(wspace=0.3)
        left.plot([0, 1], [0, 1], color=LIGHT["soft"], linewidth=1, linestyle=(0, (4, 3)))
        ends = np.stack([accurate, sure, np.full(len(sure), np.nan)], axis=1).ravel()
        left.plot(np.repeat(sure, 3), ends, color=LIGHT["soft"], linewidth=1.2)
        left.plot(sure, accurate, "o-", color=colour, markersize=4, linewidth=1.2)
        histogram.stairs(100 * count / count.sum(), edges, fill=True, color=colour, alpha=0.6)
        for plot in (left, histogram):
            plot.set(xlim=(0, 1.02), xlabel="how sure (confidence)")
            plot.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        left.set(ylim=(0, 1.02), ylabel="how often right (accuracy)")
        left.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
        histogram.set(ylim=(0, 100), ylabel="digits (%)")
    return figure


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
    told = []
    with axes(columns=2, width=6.8, height=3, sharey=True) as (figure, plots):
        for plot, scaled, title in zip(
            plots, ("", "scaled "), ("as predicted", "temperature scaled"), strict=True
        ):
            ends = {}
            for arm, (_, name, style) in _LINES.items():
                runs = [r["tuned by nll"][arm]["by angle"][scaled + measure] for r in results]
                intervals = [mean_interval(column.tolist()) for column in factor * np.array(runs).T]
                bounds = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
                colour, means = LIGHT[name], [interval.mean for interval in intervals]
                plot.fill_between(angles, *bounds, color=colour, alpha=0.12, linewidth=0)
                plot.plot(angles, means, color=colour, linestyle=style)
                ends[arm] = means[-1]
                highest = int(np.argmax(means))
                told.append(
                    f"{_LINES[arm][0]}, {title}: {means[0]:.2f} upright, at most "
                    f"{means[highest]:.2f} at {angles[highest]}°"
                )
            gap = 0.075 * plot.get_ylim()[1]
            for place, arm in zip(apart(list(ends.values()), gap), ends, strict=True):
                label, name, _ = _LINES[arm]
                plot.annotate(label, (184, place), va="center", color=LIGHT[name], fontsize=8)
            plot.set(xlabel="digits turned by (degrees)", title=title, xlim=(0, 255))
            plot.set_xticks([0, 45, 90, 135, 180])
            plot.spines["bottom"].set_bounds(0, 180)
        plots[0].set(ylabel=words, ylim=(0, None))
        figure.subplots_adjust(top=0.9, wspace=0.08)
    return Figure(
        picture(figure, f"{words} by angle, means of {len(results)} runs. {'; '.join(told)}."),
        f"{words[0].upper()}{words[1:]} of test digits that are turned. Orange: networks without "
        "dropout, one, five that were each trained as long, and five that took no longer together "
        "(short). Blue: one network with dropout. Right: the same, each with a temperature that "
        "was fitted on upright validation digits. Band: 95% interval.",
    )
