"""Error by width, with and without dropout: where the curves cross."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer, Slider

_ARMS = {  # p: (what stands at its line, colour, line style)
    "0.0": ("without", "without-dropout", "-"),
    "0.2": ("p = 0.2", "with-dropout", (0, (4, 2))),
    "0.5": ("p = 0.5", "with-dropout", "-"),
}
_MEASURES = {"test_error": "test error", "train_error": "training error, dropout off"}


def width_crossover_explorer(results):
    """Test and training error by width, with a slider over the widths.

    Args:
        results: the stored results of the experiment ``width_crossover``, by seed.
    """
    widths = tuple(int(width) for width in results[0]["usual"])

    def intervals(measure, p):
        return [
            mean_interval([100 * r["usual"][str(width)][p][measure] for r in results])
            for width in widths
        ]

    curves = {m: {p: intervals(m, p) for p in _ARMS} for m in _MEASURES}

    def draw(width, measure):
        at = widths.index(width)
        means = {p: curves[measure][p][at].mean for p in _ARMS}
        reading = (
            f"Two hidden layers of {width} units, {_MEASURES[measure]}, mean of {len(results)} "
            f"networks: {means['0.0']:.1f}% without dropout, {means['0.2']:.1f}% with p = 0.2, "
            f"{means['0.5']:.1f}% with p = 0.5."
        )
        return picture(_chart(widths, curves[measure], at, _MEASURES[measure]), reading)

    return Explorer(
        "width-crossover",
        "How wide does it have to be?",
        "Begin on the left, where dropout ruins the network, and find the width at which the blue "
        "curves pass the orange one. Then look at the training error of the same networks: which "
        "of them have learned their own training digits? Band: 95% interval of the mean.",
        [
            Slider("width", "units per hidden layer", widths, widths[1]),
            Choice("measure", "show", {words: key for key, words in _MEASURES.items()}),
        ],
        draw,
    )


def _chart(widths, curves, at, label):
    test = label == "test error"
    with axes(width=4.6, height=2.9) as (figure, plot):
        for p, (_, colour, style) in _ARMS.items():
            means = np.array([interval.mean for interval in curves[p]])
            bounds = [[max(getattr(i, end), 0.02) for i in curves[p]] for end in ("low", "high")]
            plot.fill_between(widths, *bounds, color=LIGHT[colour], alpha=0.15, linewidth=0)
            plot.plot(widths, np.maximum(means, 0.02), color=LIGHT[colour], linestyle=style)
            plot.plot(widths[at], max(means[at], 0.02), "o", color=LIGHT[colour])
        plot.axvline(widths[at], color=LIGHT["faint"], linewidth=1, zorder=0)
        plot.set(xscale="log", yscale="log", xlim=(widths[0] * 0.85, widths[-1] * 1.15))
        plot.set_xticks(widths, [str(width) for width in widths])
        ticks = (2, 5, 10, 20, 50) if test else (0.1, 1, 10, 50)
        plot.set_ylim(*((1.7, 75) if test else (0.05, 75)))
        plot.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        plot.minorticks_off()
        plot.set(xlabel="units per hidden layer (log scale)", ylabel=f"{label} (%, log scale)")
        plot.yaxis.label.set_size(8.5)
        places = {"0.5": (10, 31), "0.2": (10, 10.8), "0.0": (4.3, 5.2)}
        if not test:
            places = {"0.5": (14, 18), "0.2": (13, 3), "0.0": (4.2, 0.45)}
        for p, place in places.items():
            words, colour, _ = _ARMS[p]
            plot.annotate(words, place, color=LIGHT[colour], fontweight="bold", fontsize=9)
    return figure
