"""Monte Carlo dropout on the carbon dioxide curve, by activation function and p."""

import numpy as np

from .. import datasets
from ..experiments import mean_interval
from .chart import LIGHT, axes, picture, to_svg
from .explorer import Choice, Explorer, Figure, Picture, Slider

_ACTIVATIONS = {"ReLU": "relu", "tanh": "tanh"}
_MASKS = {"a fresh mask for every year": "own", "one mask a pass, for all years": "shared"}
_BANDS = {"spread over masks": "spread", "spread and noise": "noise", "three passes": "lines"}


def co2_explorer(results, settings):
    """The band of Monte Carlo dropout over the years, inside and outside of the training data.

    Args:
        results: the stored results of the experiment ``co2``; the picture shows seed 0.
        settings: its settings.
    """
    result, rates = results[0], tuple(settings["rates"])
    years = np.array(result["years"])

    def draw(activation, p, shown):
        measured = result[activation][rates.index(p)]
        mean, spread = np.array(measured["mean"]), np.array(measured["spread"])
        with axes(width=4.6, height=2.8) as (figure, plot):
            _draw_series(plot, settings["until"])
            if shown == "lines":
                for line in measured["lines"]:
                    plot.plot(years[::2], line, color=LIGHT["with-dropout"], linewidth=1)
            else:
                wide = spread if shown == "spread" else np.hypot(spread, measured["noise"])
                _draw_band(plot, years, mean, wide)
            _label_series(plot)
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


def co2_passes_explorer(results, settings):
    """Mean and band by the number of passes, p, and how masks are shared among the years.

    Args:
        results: the stored results of the experiment ``co2``; the picture shows seed 0.
        settings: its settings.
    """
    result, rates = results[0], tuple(settings["rates"])
    numbers = (*settings["few"], settings["passes"])
    years = np.array(result["years"])

    def draw(activation, p, number, masks):
        kept = result[activation][rates.index(p)]["from so many passes"][masks]
        mean, spread = _numbers(kept[str(number)], "mean"), _numbers(kept[str(number)], "spread")
        with axes(width=4.6, height=2.8) as (figure, plot):
            _draw_series(plot, settings["until"])
            _draw_band(plot, years, mean, spread)
            _label_series(plot)
        inside = years < settings["until"]
        step = np.abs(np.diff(mean, n=2)).mean()
        reading = (
            f"{activation if activation == 'tanh' else 'ReLU'}, p = {p:g}, {number} passes: the "
            f"spread is {spread[inside].mean():.1f} ppm on average in the years of training and "
            f"{spread[-1]:.1f} ppm in {years[-1]}. From one year to the next the slope of the mean "
            f"changes by {step:.1f} ppm a year on average."
        )
        return picture(figure, reading)

    return Explorer(
        "co2-passes",
        "Carbon dioxide at Mauna Loa: how many passes, and which masks",
        "Begin with two passes and a fresh mask for every year, then let all years of a pass share "
        "one. Go on to 100 passes and back. Then change p: data and training stay, the band does "
        "not. Band: mean ± two standard deviations over the passes. This is one network of "
        f"{len(results)}.",
        [
            Choice("activation", "activation function", _ACTIVATIONS),
            Slider("p", "drop probability p", rates, rates[len(rates) // 2], "{:g}"),
            Slider("number", "number of passes", numbers, numbers[0]),
            Choice("masks", "masks", _MASKS),
        ],
        draw,
    )


def coverage_by_years(results, settings, p=0.1):
    """Share of the weeks within two standard deviations, by years from the training data.

    Args:
        results: the stored results of the experiment ``co2``.
        settings: its settings.
        p: one of its rates.
    """
    at = list(settings["rates"]).index(p)
    parts = {"inside": "trained on"} | {
        part: part.replace("-", "–") for part in results[0]["relu"][at] if part[0].isdigit()
    }
    panels, readings = [], []
    for words, activation in _ACTIVATIONS.items():
        shares = {
            measure: [
                mean_interval([100 * r[activation][at][part][measure] for r in results])
                for part in parts
            ]
            for measure in _COVERAGES
        }
        panels.append(_coverage_panel(words, activation, shares, parts.values()))
        readings += [
            f"{words}, {name}: {shares[measure][0].mean:.0f}% in the training years, "
            f"{shares[measure][-1].mean:.0f}% {list(parts)[-1].replace('-', ' to ')} years on"
            for measure, (name, _) in _COVERAGES.items()
        ]
    return Figure(
        Picture(f'<div class="dx-panels">{"".join(panels)}</div>', "; ".join(readings) + "."),
        "Share of the held-out weeks that lie within two standard deviations of the mean, at "
        f"p = {p:g}: of the spread over masks alone, and with the noise of the data added. "
        f"Shaded: 95% interval, {len(results)} runs. Dotted: the share of a normal distribution.",
    )


_COVERAGES = {
    "coverage with noise": ("masks and noise", "o-"),
    "coverage": ("masks alone", "o--"),
}
_LABELS = {  # where the words stand beside their lines
    ("relu", "coverage with noise"): (1.1, 102),
    ("relu", "coverage"): (1.2, 42),
    ("tanh", "coverage with noise"): (1.3, 62),
    ("tanh", "coverage"): (-0.2, 10),
}


def _coverage_panel(words, activation, shares, parts):
    with axes(width=3.5, height=2.7) as (figure, plot):
        for measure, (name, style) in _COVERAGES.items():
            lows, highs = ([getattr(i, end) for i in shares[measure]] for end in ("low", "high"))
            colour = LIGHT["with-dropout"]
            plot.fill_between(range(len(parts)), lows, highs, color=colour, alpha=0.15, linewidth=0)
            means = [share.mean for share in shares[measure]]
            plot.plot(means, style, markersize=4, color=colour)
            plot.annotate(name, _LABELS[activation, measure], color=colour)
        plot.axhline(95, color=LIGHT["ink"], linewidth=1, linestyle=(0, (2, 2)))
        if activation == "tanh":
            plot.annotate("95%", (5.1, 95), (0, -11), textcoords="offset points", ha="right")
        plot.set_xticks(range(len(parts)), parts)
        plot.tick_params(axis="x", labelsize=7.5)
        plot.set(xlabel="years after the last one of training", ylabel="weeks in the band (%)")
        plot.set(title=words, ylim=(-4, 108))
        figure.subplots_adjust(top=0.9)
    return to_svg(figure)


def _numbers(kept, measure):
    return np.array([float(number) for number in kept[measure].split()])


def _draw_series(plot, until):
    weeks, ppm = datasets.co2()
    plot.axvspan(until, 2004, color=LIGHT["faint"], alpha=0.35, linewidth=0)
    for part, colour in ((weeks < until, "train"), (weeks >= until, "test")):
        plot.plot(weeks[part][::4], ppm[part][::4], color=LIGHT[colour], linewidth=0.9)


def _draw_band(plot, years, mean, spread):
    plot.fill_between(
        years,
        mean - 2 * spread,
        mean + 2 * spread,
        color=LIGHT["with-dropout"],
        alpha=0.25,
        linewidth=0,
    )
    plot.plot(years, mean, color=LIGHT["with-dropout"])


def _label_series(plot):
    plot.annotate("trained on", (1959, 326), color=LIGHT["train"])
    plot.annotate("not seen", (1987, 372), color=LIGHT["test"])
    plot.set(xlabel="year", ylabel="CO₂ (ppm)", xlim=(1957, 2003), ylim=(305, 390))
