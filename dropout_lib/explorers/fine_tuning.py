"""Figure of the experiment ``fine_tuning``: dropout on or off while fine-tuning."""

import numpy as np

from ..experiments import mean_interval, paired_difference
from .chart import LIGHT, axes, picture
from .explorer import Figure

_STARTS = {
    "scratch": "from scratch",
    "pre-trained without": "pre-trained without dropout",
    "pre-trained with": "pre-trained with dropout",
}


def error_by_p(results, settings):
    """A panel for each start: test error over p, a line for each number of images."""
    rates, sizes = settings["rates"], settings["sizes"]
    lines = ("-", (0, (4, 2)), (0, (1, 1.5)))
    told = []
    with axes(columns=3, width=7.2, height=2.8, sharey=True) as (figure, plots):
        figure.subplots_adjust(top=0.88, wspace=0.12)
        for plot, (start, words) in zip(plots, _STARTS.items(), strict=True):
            for i, (size, style) in enumerate(zip(sizes, lines, strict=True)):
                errors = 100 * np.array(
                    [[run["test_error"] for run in r[start][i]] for r in results]
                )
                intervals = [mean_interval(column.tolist()) for column in errors.T]
                means = [interval.mean for interval in intervals]
                reach = [[v.mean - v.low for v in intervals], [v.high - v.mean for v in intervals]]
                plot.errorbar(
                    rates, means, reach, color=LIGHT["with-dropout"], linestyle=style, capsize=2
                )
                plot.plot(rates[0], means[0], "o", markersize=5, color=LIGHT["without-dropout"])
                if start == "scratch":
                    plot.annotate(
                        f"{size} images",
                        (rates[1], means[1]),
                        (0, 7),
                        textcoords="offset points",
                        color=LIGHT["with-dropout"],
                        fontsize=8,
                    )
                told.append(f"{words}, {size} images: " + ", ".join(f"{m:.1f}" for m in means))
            plot.set_title(words, fontsize=8.5)
            plot.set(xlabel="p while fine-tuning")
            plot.set_xticks(rates, [f"{rate:g}" for rate in rates])
        plots[0].set(ylabel="test error (%)", ylim=(0, None))
    reading = f"Test error in % at p = {', '.join(f'{r:g}' for r in rates)}. {'; '.join(told)}."
    return Figure(
        picture(figure, reading),
        "Test error by p of the second training, at its best learning rate; orange: no dropout. "
        f"Bars: 95% interval over {len(results)} runs.",
    )


def gain(results, start, size, rate, measure="test_error", unit=100):
    """What p at position ``rate`` gains over no dropout, after ``start``, at position ``size``."""
    runs = [result[start][size] for result in results]
    return paired_difference(
        [unit * run[0][measure] for run in runs], [unit * run[rate][measure] for run in runs]
    )
