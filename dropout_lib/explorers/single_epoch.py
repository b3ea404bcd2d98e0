"""Figure of the experiment ``single_epoch``: what dropout gains by how often a case is seen."""

from ..claims import rounded
from ..experiments import paired_difference
from . import svg
from .chart import LIGHT, axes, to_svg
from .explorer import Figure, Picture

_STYLES = ("-", (0, (4, 2)), (0, (1, 1.5)))  # for p from small to large


def of_one_digit(images, label):
    """The same handwritten digit as the stream may bring it.

    Args:
        images: (N, 196), each of 14 x 14 pixels.
        label: which digit it is, for the words.
    """
    elements = [svg.digit(60 * i, 0, 52, image.reshape(14, 14)) for i, image in enumerate(images)]
    reading = (
        f"{len(images)} pictures of a handwritten {label}, each turned, shifted and zoomed "
        "differently; all of them are easy to read."
    )
    return Figure(
        Picture(svg.drawing(60 * len(images) - 8, 52, elements, max_width=480), reading),
        f"Pictures of a {label} as the stream brings them.",
    )


def gain_by_passes(results, settings):
    """Two panels over the number of passes: what each p gains in test error, and in test loss."""
    panels = [
        _panel(results, settings, "test_error", 100, "gain in test error (points)"),
        _panel(results, settings, "test_loss", 1, "gain in test loss (nats)"),
    ]
    passes, rates = sorted(settings["passes"]), settings["rates"]
    told = "; ".join(
        f"p = {rate}: {', '.join(_said(_gain(results, n, i, 'test_error', 100)) for n in passes)}"
        for i, rate in enumerate(rates)
        if i
    )
    reading = (
        f"Gain in test error over no dropout, in points, with {', '.join(map(str, passes))} "
        f"passes: {told}. The gain in loss rises with the number of passes, too."
    )
    return Figure(
        Picture(f'<div class="dx-panels">{"".join(panels)}</div>', reading),
        f"The same number of steps, {settings['shown']:,} pictures shown in all: once each, or "
        "fewer pictures and more passes. Orange: without dropout. Lines: 95% interval over "
        f"{len(results)} runs.",
    )


def _panel(results, settings, measure, unit, axis):
    """A chart of the gains in one measure, a line for each p."""
    passes, rates = sorted(settings["passes"]), settings["rates"]
    blue = LIGHT["with-dropout"]
    with axes(width=3.5, height=2.7) as (figure, plot):
        figure.subplots_adjust(left=0.19)
        plot.axhline(0, color=LIGHT["without-dropout"], linewidth=1.2)
        for i, style in zip(range(1, len(rates)), _STYLES, strict=True):
            intervals = [_gain(results, n, i, measure, unit) for n in passes]
            means = [interval.mean for interval in intervals]
            reach = [[v.mean - v.low for v in intervals], [v.high - v.mean for v in intervals]]
            plot.errorbar(passes, means, reach, color=blue, linestyle=style, capsize=2)
            place = {"textcoords": "offset points", "ha": "right", "va": "center"}
            plot.annotate(f"p = {rates[i]}", (passes[0], means[0]), (-5, 0), color=blue, **place)
        plot.set_xscale("log")
        plot.set_xticks(passes, [str(n) for n in passes])
        plot.minorticks_off()
        plot.set(xlabel="passes over the data", ylabel=axis)
        plot.set(xlim=(passes[0] / 4, passes[-1] * 1.3))
    return to_svg(figure)


def _said(interval):
    return rounded(interval.mean, 1)


def _gain(results, passes, i, measure, unit):
    runs = [result[str(passes)] for result in results]
    return paired_difference(
        [unit * run[0][measure] for run in runs], [unit * run[i][measure] for run in runs]
    )
