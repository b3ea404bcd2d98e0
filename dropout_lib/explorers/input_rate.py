"""The experiment ``input_rate``: real digits with dropped inputs, and what dropping them does."""

import numpy as np

from ..experiments import mean_interval
from ..scratch import draw_keep_mask
from . import svg
from .chart import LIGHT, axes, to_svg
from .explorer import Explorer, Picture, Slider

_TILE = 44


def input_rate_explorer(results, settings, images, labels, known, known_labels):
    """Digits as the network is shown them, with the nearest training digit's guess, by input rate.

    Args:
        results: the stored results of the experiment ``input_rate``, by seed.
        settings: the settings that they were made with, a dict.
        images: test digits (N, 784) to be shown.
        labels: their classes (N,).
        known: training digits (M, 784), among which the nearest is sought.
        known_labels: their classes (M,).
    """
    rates = tuple(settings["input_rates"])
    networks = _intervals(results, "test_error")
    neighbours = _intervals(results, "neighbour")

    def draw(p):
        # at a larger rate the same pixels are gone, and more
        mask = draw_keep_mask(images.shape, p, np.random.default_rng(1))
        answers = known_labels[_nearest(images, mask, known)]
        at = rates.index(p)
        right = int((answers == labels).sum())
        elements = []
        for i, (image, answer, label) in enumerate(
            zip(images * mask, answers, labels, strict=True)
        ):
            elements.append(svg.digit(i * _TILE + 1, 2, _TILE - 2, image.reshape(28, 28)))
            wrong = answer != label
            middle = (i + 0.5) * _TILE
            colour, weight = ("wrong", "bold") if wrong else ("ink", "normal")
            elements.append(
                svg.text(middle, _TILE + 17, answer, 14, "middle", colour, font_weight=weight)
            )
            if wrong:
                elements.append(
                    svg.line(middle - 8, _TILE + 18, middle + 8, _TILE + 6, "wrong", 1.5)
                )
        markup = f"{svg.drawing(_TILE * len(images), _TILE + 24, elements)}\n"
        charts = _charts(rates, networks, neighbours, at)
        panels = "\n".join(f"<div>\n{chart}\n</div>" for chart in charts)
        markup += f'<div class="dx-panels">\n{panels}\n</div>'
        reading = (
            f"Inputs dropped with p = {p}: looking at the damaged digits, the nearest training "
            f"digit is right for {right} of the {len(labels)} shown and wrong for "
            f"{neighbours[at].mean:.0f}% of all test digits. A network trained on such damage "
            f"errs on {networks[at].mean:.1f}% of the undamaged test digits (mean of "
            f"{len(results)} networks)."
        )
        return Picture(markup, reading)

    return Explorer(
        "input-rate",
        "How much of a picture can be missing?",
        "The digits are what the network sees in training; the number under each is the label of "
        "the training digit that is nearest in the pixels left, crossed in red where it is wrong. "
        "Move to 0.5 and on to 0.8: which digits could you still name? Then look at the blue "
        "curve: networks trained on such pictures, tested on whole ones.",
        [Slider("p", "inputs dropped, p", rates, rates[0], "{}")],
        draw,
    )


def _nearest(images, mask, known):
    """Index of the training image that is nearest in the pixels kept, for each image."""
    distances = mask.astype(np.float32) @ (known**2).T - 2 * (images * mask) @ known.T
    return distances.argmin(axis=1)


def _intervals(results, key):
    """Per cent by input rate, with intervals over seeds."""
    columns = 100 * np.array([result[key] for result in results]).T
    return [mean_interval(column.tolist()) for column in columns]


def _charts(rates, networks, neighbours, at):
    """A panel for the networks and one for the nearest training digit."""
    blue, ink = LIGHT["with-dropout"], LIGHT["ink"]
    for intervals, colour, title, xlabel in (
        (networks, blue, "networks, tested on whole digits", "inputs dropped in training, p"),
        (neighbours, ink, "nearest training digit, damaged digits", "pixels dropped, p"),
    ):
        with axes(width=3.3, height=2.4) as (figure, plot):
            figure.subplots_adjust(top=0.88)
            low, high = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
            means = [interval.mean for interval in intervals]
            plot.fill_between(rates, low, high, color=colour, alpha=0.2, linewidth=0)
            plot.plot(rates, means, color=colour)
            plot.plot(rates[at], means[at], "o", color=colour)
            plot.set_title(title, color=colour)
            plot.set(xlabel=xlabel, ylabel="test error (%)", ylim=(0, 22))
        yield to_svg(figure)
