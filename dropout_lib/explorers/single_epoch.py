"""Figure of the experiment ``single_epoch``: what dropout gains by how often a case is seen."""

from ..experiments import paired_difference
from . import svg
from .chart import LIGHT, axes, picture
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
    passes, rates = sorted(settings["passes"]), settings["rates"]
    panels = (
        ("test_error", 100, "gain in test error (points)"),
        ("test_loss", 1, "gain in test loss (nats)"),
    )
    told = []
    with axes(columns=2, width=6.2, height=2.8) as (figure, plots):
        figure.subplots_adjust(wspace=0.32)
        for plot, (measure, unit, axis) in zip(plots, panels, strict=True):
            plot.axhline(0, color=LIGHT["without-dropout"], linewidth=1.2)
            for i, style in zip(range(1, len(rates)), _STYLES, strict=True):
                intervals = [_gain(results, n, i, measure, unit) for n in passes]
                means = [interval.mean for interval in intervals]
                reach = [[v.mean - v.low for v in intervals], [v.high - v.mean for v in intervals]]
                plot.errorbar(
                    passes, means, reach, color=LIGHT["with-dropout"], linestyle=style, capsize=2
                )
                plot.annotate(
                    f"p = {rates[i]}",
                    (passes[0], means[0]),
                    (-4, -3),
                    ha="right",
                    textcoords="offset points",
                    color=LIGHT["with-dropout"],
                    fontsize=8,
                )
                if measure == "test_loss":
                    told.append(
                        f"p = {rates[i]} gains "
                        + ", ".join(f"{m:.2f}".replace("-", "−") for m in means)
                    )
            plot.set_xscale("log")
            plot.set_xticks(passes, [str(n) for n in passes])
            plot.minorticks_off()
            plot.set(
                xlabel="passes over the data", ylabel=axis, xlim=(passes[0] / 3, passes[-1] * 1.3)
            )
    reading = (
        f"Test loss, gain over no dropout in nats with {', '.join(map(str, passes))} passes: "
        f"{'; '.join(told)}."
    )
    shown = settings["shown"]
    return Figure(
        picture(figure, reading),
        f"The same number of steps, {shown:,} pictures shown in all: once each, or fewer "
        "pictures and more passes. Orange: without dropout. Bars: 95% interval over "
        f"{len(results)} runs.",
    )


def _gain(results, passes, i, measure, unit):
    runs = [result[str(passes)] for result in results]
    return paired_difference(
        [unit * run[0][measure] for run in runs], [unit * run[i][measure] for run in runs]
    )
