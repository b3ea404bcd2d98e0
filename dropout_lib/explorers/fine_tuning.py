"""Figure of the experiment ``fine_tuning``: dropout on or off while fine-tuning."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, to_svg
from .explorer import Figure, Picture

_STARTS = {
    "scratch": "from scratch",
    "pre-trained without": "pre-trained without dropout",
    "pre-trained with": "pre-trained with dropout",
}
_STYLES = ("-", (0, (4, 2)), (0, (1, 1.5)))  # for few images and for more


def error_by_p(results, settings):
    """A panel for each start: test error over p, a line for each number of images."""
    rates = settings["rates"]
    panels = [_panel(results, settings, start, words) for start, words in _STARTS.items()]
    told = "; ".join(
        f"{words}, {size} images: "
        + ", ".join(f"{np.mean(errors):.1f}" for errors in _errors(results, start, i).T)
        for start, words in _STARTS.items()
        for i, size in enumerate(settings["sizes"])
    )
    return Figure(
        Picture(
            f'<div class="dx-panels">{"".join(panels)}</div>',
            f"Test error in % at p = {', '.join(f'{rate:g}' for rate in rates)}. {told}.",
        ),
        "Test error by p of the second training, at its best learning rate; orange: no dropout. "
        f"Lines: 95% interval over {len(results)} runs.",
    )


def _errors(results, start, size):
    """Test errors in % (runs, rates) after a start, at position ``size``."""
    return 100 * np.array([[run["test_error"] for run in r[start][size]] for r in results])


def _panel(results, settings, start, words):
    rates, blue = settings["rates"], LIGHT["with-dropout"]
    with axes(width=3.4, height=2.5) as (figure, plot):
        figure.subplots_adjust(left=0.17, top=0.88)
        for i, (size, style) in enumerate(zip(settings["sizes"], _STYLES, strict=True)):
            errors = _errors(results, start, i)
            intervals = [mean_interval(column.tolist()) for column in errors.T]
            means = [interval.mean for interval in intervals]
            reach = [[v.mean - v.low for v in intervals], [v.high - v.mean for v in intervals]]
            plot.errorbar(rates, means, reach, color=blue, linestyle=style, capsize=2)
            orange = LIGHT["without-dropout"]
            plot.plot(rates[0], means[0], "o", markersize=5, color=orange, zorder=5)
            place = {"textcoords": "offset points", "va": "center", "color": blue}
            plot.annotate(f"{size} images", (rates[-1], means[-1]), (6, 0), fontsize=8, **place)
        plot.set_title(words)
        plot.set_xticks(rates, [f"{rate:g}" for rate in rates])
        plot.set(xlabel="p while fine-tuning", ylabel="test error (%)")
        plot.set(ylim=(0, 33), xlim=(-0.04, rates[-1] * 1.4))
    return f'<div style="max-width:21rem">{to_svg(figure)}</div>'  # a last one alone, too
