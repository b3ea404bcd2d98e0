"""Single subnetworks, the average of k of them, and the whole network with its weights scaled."""

import numpy as np

from ..experiments import mean_interval
from . import svg
from .chart import LIGHT, axes, to_svg
from .explorer import Choice, Explorer, Picture, Slider

_WIDTH, _HEIGHT = 440, 188
_GRID, _COLUMN, _ROW, _TOP = 132, 3.8, 14, 26  # left edge, width, height, upper edge
_BARS, _LONGEST = 346, 84
_SEPARATE = 10  # networks trained one by one


def averaged_subnetworks_explorer(results, settings, images, labels):
    """What k subnetworks say of one digit, and error and loss of their average, by k.

    Args:
        results: the stored results of the experiment ``averaged_subnetworks``, by seed.
        settings: the settings that they were made with, a dict.
        images: all test digits of seed 0 (N, 784).
        labels: their classes (N,).
    """
    shown = results[0]["shown"]
    counts = tuple(k for k in settings["counts"] if k <= len(shown["passes"]))
    names = ("they agree", "they differ a little", "they differ most")
    digits = {name: place for place, name in reversed(list(enumerate(names)))}

    def draw(k, digit):
        q = np.array(shown["passes"])[:, digit] / 100  # (passes, classes)
        scaled = np.array(shown["weight scaling"][digit]) / 100
        place = shown["test_digits"][digit]
        panel = svg.drawing(
            _WIDTH, _HEIGHT, _panel(q[:k], len(q), scaled, images[place].reshape(28, 28))
        )
        charts = [to_svg(_chart(results, settings["counts"], k, m)) for m in ("error", "loss")]
        two = "\n".join(f"<div>\n{chart}\n</div>" for chart in charts)
        markup = f'{panel}\n<div class="dx-panels">\n{two}\n</div>'
        return Picture(markup, _reading(results, settings, k, q[:k], scaled, labels[place]))

    return Explorer(
        "averaged-subnetworks",
        "How many subnetworks make an average?",
        "Every column is one thinned network, the darker the surer. Average more of them and "
        "watch the blue bars settle; they need not settle where the whole network is. Then a "
        "digit on which they agree. Below, all test digits: solid the mean of the probabilities, "
        "dashed their geometric mean, orange networks trained one by one without dropout.",
        [
            Slider("k", "subnetworks averaged", counts, counts[0], "{}"),
            Choice("digit", "a digit on which", digits),
        ],
        draw,
    )


def _panel(q, passes, scaled, image):
    """The digit, a column of squares for each subnetwork, and bars for both kinds of answer."""
    elements = [
        svg.digit(4, 46, 92, image),
        svg.text(_GRID, 15, "one subnetwork a column", 12),
        svg.text(_BARS, 12, "their mean", 12, fill="with-dropout"),
        svg.text(_BARS, 24, "whole network", 12, fill="soft"),
        svg.rect(
            _GRID - 1, _TOP, passes * _COLUMN + 2, 10 * _ROW, "none", stroke=svg.colour("faint")
        ),
    ]
    mean = q.mean(axis=0)
    for digit in range(10):
        y = _TOP + digit * _ROW
        elements.append(svg.text(_GRID - 8, y + 11, digit, 12, "end"))
        for column, value in enumerate(q[:, digit]):
            if value >= 0.05:
                x = _GRID + column * _COLUMN
                opacity = f"{value:.1f}"
                elements.append(
                    svg.rect(x, y + 1, _COLUMN - 0.4, _ROW - 2, "with-dropout", opacity=opacity)
                )
        elements.append(svg.rect(_BARS, y + 2, _LONGEST * mean[digit], 5, "with-dropout"))
        elements.append(svg.rect(_BARS, y + 8, _LONGEST * scaled[digit], 4, "soft"))
    elements.append(svg.text(_GRID, _HEIGHT - 5, f"{len(q)} of {passes} shown", 12, fill="soft"))
    return elements


def _reading(results, settings, k, q, scaled, label):
    at = settings["counts"].index(k)
    answers = np.unique(q.argmax(axis=1))
    mean = q.mean(axis=0)
    error, loss = (
        np.mean([result["arithmetic"][m][at] for result in results]) for m in ("error", "loss")
    )
    of_scaling, loss_of_scaling = (
        np.mean([result["weight scaling"][m] for result in results]) for m in ("error", "loss")
    )
    said = f"One subnetwork says {answers[0]}, with {mean.max():.0%}"
    if k > 1:
        said = (
            f"{k} subnetworks say {', '.join(map(str, answers))}; their mean {mean.argmax()}, with "
            f"{mean.max():.0%}"
        )
    return (
        f"A {label}. {said}; the whole network {scaled.argmax()}, with {scaled.max():.0%}. "
        f"On all test digits the mean of {k} has {100 * error:.1f}% errors and a loss of "
        f"{loss:.2f}, the whole network {100 * of_scaling:.1f}% and {loss_of_scaling:.2f}."
    )


def _chart(results, counts, k, measure):
    """Error in % or loss by k: both kinds of mean, weight scaling, and separate networks."""
    unit = 100 if measure == "error" else 1
    blue, orange, soft = (LIGHT[c] for c in ("with-dropout", "without-dropout", "soft"))

    def of(kind):
        return unit * np.array([result[kind][measure] for result in results])

    arithmetic, geometric = of("arithmetic").mean(axis=0), of("geometric").mean(axis=0)
    scaling, separate = of("weight scaling").mean(), of("separate").mean(axis=0)
    with axes(width=3.3, height=2.5) as (figure, plot):
        bands = [mean_interval(column.tolist()) for column in of("arithmetic").T]
        edges = [band.low for band in bands], [band.high for band in bands]
        plot.fill_between(counts, *edges, color=blue, alpha=0.15, linewidth=0)
        plot.axhline(scaling, color=soft, linewidth=1.2, linestyle=(0, (1, 2)))
        plot.plot((1, _SEPARATE), separate, "o-", color=orange, markersize=4)
        plot.plot(counts, geometric, color=blue, linestyle=(0, (4, 2)))
        plot.plot(counts, arithmetic, color=blue)
        plot.plot(k, arithmetic[counts.index(k)], "o", color=blue)
        plot.annotate("separate networks", (12.5, separate[1]), va="center", color=orange)
        above = {"xytext": (0, 8 if measure == "error" else 1), "textcoords": "offset points"}
        plot.annotate("whole network", (250, scaling), ha="right", color=soft, **above)
        if measure == "error":
            plot.annotate("mean of k", (1.25, arithmetic[0]), va="bottom", color=blue)
        else:
            below = {"xytext": (0, -4), "textcoords": "offset points", "va": "top", "ha": "right"}
            plot.annotate("mean of k", (250, arithmetic[-1]), color=blue, **below)
            plot.annotate("geometric mean", (2.2, geometric[1]), va="bottom", color=blue)
        values = [*arithmetic, *geometric, *separate, scaling]
        space = 0.15 * (max(values) - min(values))
        plot.set(
            xscale="log",
            xlabel="networks averaged, k (log scale)",
            ylabel="test error (%)" if measure == "error" else "test loss (nats)",
            ylim=(min(values) - space, max(values) + space),
            xlim=(0.8, 260),
        )
        plot.set_xticks([1, 10, 100], ["1", "10", "100"])
        plot.minorticks_off()
    return figure
