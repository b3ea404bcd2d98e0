"""What batch norm has stored and what it meets: by placement of dropout, p and depth."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer, Figure, Slider

PLACES = {
    "before each batch norm": "before",
    "behind the first ReLU": "between",
    "behind both ReLUs": "behind all",
    "behind the last ReLU": "after",
}
_REACH = 7


def variance_shift(results):
    """One unit before the second batch norm, dropout on and off, by placement and p.

    Args:
        results: the stored results of the experiment ``batch_norm``, by seed; the first one's
            unit is drawn, all of them make up the mean.
    """
    rates = tuple(float(p) for p in results[0]["before"]["by rate"])
    words_of = {placement: words for words, placement in PLACES.items()}

    def draw(placement, p):
        unit = results[0][placement]["by rate"][str(p)]["unit"]
        ratios = [r[placement]["by rate"][str(p)]["variance_ratio_train"][1] for r in results]
        histograms = {mode: np.array(unit[mode].split(), dtype=float) for mode in ("on", "off")}
        reading = (
            f"Dropout with p = {p} {words_of[placement]}: with dropout on, the variance of this "
            f"unit is {unit['ratio']:.2f} times what it is with dropout off. Over the units of "
            f"the layer and {len(results)} networks, batch norm has stored {np.mean(ratios):.2f} "
            "times the variance that it meets in evaluation."
        )
        return picture(_histogram(histograms, unit["ratio"]), reading)

    return Explorer(
        "variance-shift",
        "What batch norm hears, and what it has stored",
        "One unit of a trained network, just before the second batch norm, over the 1,000 "
        "training digits. Outline: dropout on, as in training, which is what batch norm has "
        "stored. Filled: dropout off, what it meets in evaluation. Move p up, then move dropout.",
        [
            Slider("p", "drop probability p", rates, 0.5, "{:.1f}"),
            Choice("placement", "dropout stands", PLACES),
        ],
        draw,
    )


def _histogram(histograms, ratio):
    edges = np.linspace(-_REACH, _REACH, len(histograms["on"]) + 1)
    share = {mode: 100 * counts / counts.sum() for mode, counts in histograms.items()}
    highest = 32
    with axes(height=2.6) as (figure, plot):
        colour = LIGHT["without-dropout"]
        plot.stairs(np.minimum(share["off"], highest), edges, fill=True, color=colour, alpha=0.35)
        plot.stairs(
            np.minimum(share["on"], highest), edges, color=LIGHT["with-dropout"], linewidth=1.6
        )
        if share["on"].max() > highest:
            place = (edges[share["on"].argmax() + 1] + 0.15, highest - 1.5)
            words = f"{share['on'].max():.0f}% in this bar"
            plot.annotate(words, place, color=LIGHT["with-dropout"], va="top")
        plot.annotate("dropout on", (-6.8, 27), color=LIGHT["with-dropout"])
        plot.annotate("dropout off", (-6.8, 23.5), color=colour)
        plot.annotate(f"variance × {ratio:.2f}", (-6.8, 18), color=LIGHT["ink"])
        plot.set(xlim=(-_REACH, _REACH), ylim=(0, highest + 1))
        plot.set(
            xlabel="input of the unit's batch norm (standard deviations, dropout off)",
            ylabel="training digits (%)",
        )
        plot.xaxis.label.set_size(8.5)
    return figure


def ratio_by_layer(results):
    """Stored over met variance in each of the layers of the deep networks."""
    lines = (  # placement, p, words, line style
        ("before", "0.5", "before each, p = 0.5", "-"),
        ("between", "0.5", "between, p = 0.5", (0, (4, 2))),
        ("before", "0.3", "before each, p = 0.3", (0, (1, 1.5))),
        ("after", "0.5", "after, p = 0.5", (0, (5, 2, 1, 2))),
    )
    with axes(height=2.7) as (figure, plot):
        told = []
        for placement, p, words, style in lines:
            curves = np.array(
                [r["deep"][placement]["by rate"][p]["variance_ratio_train"] for r in results]
            )
            layers = np.arange(1, curves.shape[1] + 1)
            intervals = [mean_interval(column.tolist()) for column in np.log(curves).T]
            means = np.exp([i.mean for i in intervals])
            colour = LIGHT["with-dropout"]
            bounds = (np.exp([getattr(i, end) for i in intervals]) for end in ("low", "high"))
            plot.fill_between(layers, *bounds, color=colour, alpha=0.15, linewidth=0)
            plot.plot(layers, means, color=colour, linestyle=style)
            end = (layers[-1] + 0.12, means[-1])
            plot.annotate(words, end, va="center", color=colour, fontsize=8)
            told.append(f"{words}, from {means[0]:.1f} in the first to {means[-1]:.1f}")
        plot.plot(layers[[0, -1]], [1, 1], color=LIGHT["soft"], linewidth=0.8)
        plot.set(yscale="log", xlim=(0.9, layers[-1] * 1.5), ylim=(0.8, 8))
        plot.set_xticks(layers)
        plot.set_yticks((1, 2, 5), ["1", "2", "5"])
        plot.minorticks_off()
        plot.set(xlabel="hidden layer", ylabel="stored / met variance (log)")
    reading = (
        f"Stored over met variance by layer, mean of {len(results)} networks. "
        f"{'; '.join(told)} in the last layer. At 1 batch norm meets what it has stored."
    )
    return Figure(
        picture(figure, reading),
        "Variance that batch norm has stored in training, over the variance that it meets in "
        "evaluation, in networks of six hidden layers. Dropout stands directly before each batch "
        "norm, between (behind every ReLU but the last), or after all of them. Band: 95% interval.",
    )
