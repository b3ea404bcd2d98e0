"""Single subnetworks, the average of k of them, and the whole network with its weights scaled."""

import numpy as np

from ..experiments import mean_interval
from . import svg
from .chart import LIGHT, axes, to_svg
from .explorer import Choice, Explorer, Picture, Slider

_WIDTH, _HEIGHT = 440, 188
_GRID, _COLUMN, _ROW, _TOP = 132, 3.8, 14, 26  # left edge, width, height, upper edge
_BARS, _LONGEST = 346, 84


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
    digits = dict(zip(names, range(len(names)), strict=True))

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
        "Begin with one, at the digit on which they differ most: every column is one thinned "
        "network, the darker the surer. Then average more, and watch the blue bars settle. They "
        "need not settle where the whole network is. Below: all test digits.",
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
    said = "One subnetwork says" if k == 1 else f"{k} subnetworks say"
    return (
        f"A {label}. {said} {', '.join(map(str, answers))}; their mean is {mean.argmax()} with "
        f"{mean.max():.0%}, the whole network's answer {scaled.argmax()} with {scaled.max():.0%}. "
        f"On all test digits the mean of {k} has {100 * error:.1f}% errors and a loss of "
        f"{loss:.2f}, the whole network {100 * of_scaling:.1f}% and {loss_of_scaling:.2f}."
    )


def _chart(results, counts, k, measure):
    """Error in % or loss by k: both kinds of mean, weight scaling, and separate networks."""
    unit = 100 if measure == "error" else 1
    with axes(width=3.3, height=2.5) as (figure, plot):
        for kind, style in (("arithmetic", "-"), ("geometric", (0, (4, 2)))):
            curves = unit * np.array([result[kind][measure] for result in results])
            mean = curves.mean(axis=0)
            plot.plot(counts, mean, color=LIGHT["with-dropout"], linestyle=style)
            if kind == "arithmetic":
                bands = [mean_interval(column.tolist()) for column in curves.T]
                edges = [band.low for band in bands], [band.high for band in bands]
                plot.fill_between(
                    counts, *edges, color=LIGHT["with-dropout"], alpha=0.15, linewidth=0
                )
                at = counts.index(k)
                plot.plot(k, mean[at], "o", color=LIGHT["with-dropout"])
        scaling = unit * np.mean([result["weight scaling"][measure] for result in results])
        plot.axhline(scaling, color=LIGHT["soft"], linewidth=1.2, linestyle=(0, (1, 2)))
        separate = unit * np.mean([r["separate"][measure] for r in results], axis=0)
        sizes = (1, 10)
        plot.plot(sizes, separate, "o-", color=LIGHT["without-dropout"], markersize=4)
        top = max(separate.max(), 1.3 * scaling) * 1.25
        plot.set(
            xscale="log",
            xlabel="networks averaged, k (log scale)",
            ylabel="test error (%)" if measure == "error" else "test loss (nats)",
            ylim=(0, top),
            xlim=(0.8, 260),
        )
        plot.set_xticks([1, 10, 100], ["1", "10", "100"])
        plot.minorticks_off()
    return figure
