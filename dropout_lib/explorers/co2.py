"""Monte Carlo dropout on the carbon dioxide curve, by activation function and p."""

import numpy as np

from .. import datasets
from .chart import LIGHT, axes, picture
from .explorer import Choice, Explorer, Slider

_ACTIVATIONS = {"ReLU": "relu", "tanh": "tanh"}
_BANDS = {"spread over masks": "spread", "spread and noise": "noise", "three passes": "lines"}


def co2_explorer(results, settings):
    """The band of Monte Carlo dropout over the years, inside and outside of the training data.

    Args:
        results: the stored results of the experiment ``co2``; the picture shows seed 0.
        settings: its settings.
    """
    result, rates = results[0], tuple(settings["rates"])
    years = np.array(result["years"])
    weeks, ppm = datasets.co2()

    def draw(activation, p, shown):
        measured = result[activation][rates.index(p)]
        mean, spread = np.array(measured["mean"]), np.array(measured["spread"])
        with axes(width=4.6, height=2.8) as (figure, plot):
            plot.axvspan(settings["until"], 2004, color=LIGHT["faint"], alpha=0.35, linewidth=0)
            for part, colour in (
                (weeks < settings["until"], "train"),
                (weeks >= settings["until"], "test"),
            ):
                plot.plot(weeks[part][::4], ppm[part][::4], color=LIGHT[colour], linewidth=0.9)
            if shown == "lines":
                for line in measured["lines"]:
                    plot.plot(years[::2], line, color=LIGHT["with-dropout"], linewidth=1)
            else:
                wide = spread if shown == "spread" else np.hypot(spread, measured["noise"])
                plot.fill_between(
                    years,
                    mean - 2 * wide,
                    mean + 2 * wide,
                    color=LIGHT["with-dropout"],
                    alpha=0.25,
                    linewidth=0,
                )
                plot.plot(years, mean, color=LIGHT["with-dropout"])
            plot.annotate("trained on", (1959, 326), color=LIGHT["train"])
            plot.annotate("not seen", (1987, 372), color=LIGHT["test"])
            plot.set(xlabel="year", ylabel="CO₂ (ppm)", xlim=(1957, 2003), ylim=(305, 390))
        inside, far = measured["inside"], measured["12-16"]
        reading = (
            f"{activation if activation == 'tanh' else 'ReLU'}, p = {p:g}: the mean spread is "
            f"{inside['spread']:.1f} ppm inside the training years and {far['spread']:.1f} ppm 12 "
            f"to 16 years after, where the mean is off by {far['error']:.1f} ppm. "
        )
        covered = far["coverage with noise" if shown == "noise" else "coverage"]
        reading += {
            "lines": "Each line is one pass with one mask for all years.",
        }.get(shown, f"The band holds {100 * covered:.0f}% of the weeks there.")
        return picture(figure, reading)

    return Explorer(
        "co2",
        "Carbon dioxide at Mauna Loa: what the masks say about years not seen",
        "The network has seen the years up to the grey part. Go from ReLU to tanh and look at the "
        "width of the band on the right. Then add the noise that the data have around the mean, or "
        f"look at single passes. This is one network of {len(results)}: {_range(results, rates)}.",
        [
            Choice("activation", "activation function", _ACTIVATIONS),
            Slider("p", "drop probability p", rates, rates[len(rates) // 2], "{:g}"),
            Choice("shown", "band", _BANDS),
        ],
        draw,
    )


def _range(results, rates):
    """How differently the networks end, in words."""
    middle = len(rates) // 2
    off = {
        words: [result[activation][middle]["12-16"]["error"] for result in results]
        for words, activation in _ACTIVATIONS.items()
    }
    return f"at p = {rates[middle]:g}, 12 to 16 years after, the mean is off by " + " and by ".join(
        f"{min(errors):.0f} to {max(errors):.0f} ppm with {words}" for words, errors in off.items()
    )
