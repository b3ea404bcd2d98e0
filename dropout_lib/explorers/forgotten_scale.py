"""What a wrong scale at test time does to a network trained with standard dropout."""

import numpy as np

from ..experiments import mean_interval
from . import svg
from .chart import LIGHT, axes, picture, to_svg
from .explorer import Explorer, Figure, Picture, Slider

P = 0.5  # of the network that is shown
SPECIAL = {0.25: "applied twice", 0.5: "right", 1.0: "forgotten"}  # factor: what it is
_CARD, _BARS = (146, 92), 48  # width and height of one digit with its bars; where the bars begin
_TICKS, _LOSS_TICKS = (0.1, 0.25, 0.5, 1, 2), (0.3, 1, 3, 10)


def forgotten_scale_explorer(results, ratios, images, labels):
    """Six real digits and two curves, by the factor that stands in place of 1 - p = 0.5.

    Args:
        results: the stored results of the experiment ``forgotten_scale``, by seed.
        ratios: the factors of the experiment, in units of 1 - p.
        images: the test digits (N, 784) of seed 0.
        labels: their classes (N,).
    """
    index = {round(ratio * (1 - P), 2): i for i, ratio in enumerate(ratios) if ratio != 1.25}
    shown = results[0]["shown"]
    measures = {
        key: np.array([result["p = 0.5"]["test"][key] for result in results])
        for key in ("error", "loss", "confidence")
    }

    def draw(factor):
        at = index[factor]
        percent = shown["percent"][at]
        cards = [svg.drawing(3 * _CARD[0], 2 * _CARD[1], _cards(images, labels, shown, percent))]
        charts = [
            to_svg(_curve(ratios, 100 * measures["error"], at, "test error (%)", (0, 62))),
            to_svg(_curve(ratios, measures["loss"], at, "test loss (nats, log scale)", (0.25, 14))),
        ]
        panels = "\n</div>\n<div>\n".join(charts)
        markup = f'{cards[0]}\n<div class="dx-panels">\n<div>\n{panels}\n</div>\n</div>'
        return Picture(markup, reading(factor, at, percent))

    def reading(factor, at, percent):
        right = sum(
            int(np.argmax(p)) == labels[digit]
            for p, digit in zip(percent, shown["digits"], strict=True)
        )
        error, loss, confidence = (measures[key][:, at].mean() for key in measures)
        what = f", {SPECIAL[factor]}" if factor in SPECIAL else ""
        return (
            f"Hidden activations times {factor:.2f}{what}: {right} of the {len(percent)} digits "
            f"shown are read rightly. Over all test digits, mean of {len(results)} networks: error "
            f"{100 * error:.0f}%, loss {loss:.2f} nats, mean confidence {100 * confidence:.0f}%."
        )

    return Explorer(
        "forgotten-scale",
        "The scale at test time",
        "Trained with standard dropout at p = 0.5, so 0.50 is right. Go to 1.00 and watch the loss "
        "and the bars of the wrong answers, then to 0.25 and below. Bars: the probability that one "
        "network gives to 0 to 9. Upper row: the first three test digits that it reads rightly at "
        "0.50; lower row: the first three that it gets wrong there. Curves: mean of all networks, "
        "and 95% interval.",
        [Slider("factor", "hidden activations times", tuple(index), 0.5, "{:.2f}")],
        draw,
    )


def _cards(images, labels, shown, percent):
    elements = []
    for i, digit in enumerate(shown["digits"]):
        x, y = i % 3 * _CARD[0], i // 3 * _CARD[1]
        elements.append(svg.digit(x, y + 2, 46, images[digit].reshape(28, 28)))
        elements += _bars(x + _BARS, y + 62, percent[i], labels[digit])
    return elements


def _bars(x, bottom, percent, label):
    """Ten bars, one per class; the answer is written below them, a wrong one in red."""
    answer = int(np.argmax(percent))
    colour = "ink" if answer == label else "wrong"
    elements = [svg.line(x, bottom, x + 92, bottom, "soft")]
    for k, value in enumerate(percent):
        left = x + 3 + 9 * k
        fill = colour if k == answer else "soft"
        elements.append(svg.rect(left, bottom - 0.58 * value, 6, 0.58 * value, fill))
    middle = x + 6 + 9 * answer
    middle = min(max(middle, x + 24), x + 70)  # inside the card
    words = f"{answer}: {percent[answer]}%"
    elements.append(svg.text(middle, bottom + 17, words, 14, "middle", colour))
    return elements


def _curve(ratios, values, at, label, limits):
    """Mean and interval of (seeds, ratios) values by factor, with the present place marked."""
    factors = [ratio * (1 - P) for ratio in ratios]
    intervals = [mean_interval(column.tolist()) for column in values.T]
    means = [interval.mean for interval in intervals]
    with axes(width=3.3, height=2.4) as (figure, plot):
        plot.fill_between(
            factors,
            [interval.low for interval in intervals],
            [interval.high for interval in intervals],
            color=LIGHT["with-dropout"],
            alpha=0.2,
            linewidth=0,
        )
        for factor, name in SPECIAL.items():
            plot.axvline(factor, color=LIGHT["soft"], linewidth=1, linestyle=(0, (2, 3)))
            plot.annotate(
                name,
                (factor, limits[1]),
                (-2, -2),
                textcoords="offset points",
                rotation=90,
                ha="right",
                va="top",
                fontsize=8,
                color=LIGHT["soft"],
            )
        plot.plot(factors, means, color=LIGHT["with-dropout"])
        plot.plot(factors[at], means[at], "o", color=LIGHT["with-dropout"])
        _factor_axis(plot)
        plot.set(ylabel=label, ylim=limits)
        if limits[0] > 0:
            plot.set_yscale("log")
            plot.set_yticks(_LOSS_TICKS, [f"{tick:g}" for tick in _LOSS_TICKS])
            plot.minorticks_off()
    return figure


def _factor_axis(plot):
    plot.set(xscale="log", xlim=(0.09, 2.8), xlabel="factor at test time (log scale)")
    plot.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    plot.minorticks_off()


_LINES = {  # what is compared: (label, place of the label, colour, line style)
    "as trained": ("with biases", (0.135, 42), "with-dropout", "-"),
    "biases follow": ("biases scaled along", (0.8, 14), "with-dropout", (0, (4, 2))),
    "no biases": ("trained without biases", (0.8, 3.5), "ink", (0, (1, 1.5))),
}


def error_and_biases(results, ratios):
    """Test error by factor: with biases, with biases scaled along, and without any."""
    errors = {
        "as trained": [result["p = 0.5"]["test"]["error"] for result in results],
        "biases follow": [result["p = 0.5"]["biases follow"]["error"] for result in results],
        "no biases": [result["no biases"]["test"]["error"] for result in results],
    }
    factors = [ratio * (1 - P) for ratio in ratios]
    with axes(height=2.5) as (figure, plot):
        for name, (label, place, colour, style) in _LINES.items():
            means = 100 * np.mean(errors[name], axis=0)
            plot.plot(factors, means, color=LIGHT[colour], linestyle=style)
            plot.annotate(label, place, color=LIGHT[colour])
        _factor_axis(plot)
        plot.set(ylabel="test error (%)", ylim=(0, 62))
    whole = 100 * np.mean(errors["as trained"], axis=0)
    flat = " and ".join(
        f"{100 * np.mean(errors[name]):.1f}% ({_LINES[name][0]})"
        for name in ("biases follow", "no biases")
    )
    words = (
        f"With biases the error is {whole[0]:.0f}% at a factor of {factors[0]:.1f}, and between "
        f"{whole[8:].min():.1f}% and {whole[8:].max():.1f}% from {1 - P} on. The two other lines "
        f"are flat, at {flat}."
    )
    return Figure(
        picture(figure, words),
        f"Test error by the factor in place of 1 − p = {1 - P}, mean of {len(results)} networks.",
    )
