"""The experiment ``two_scalings``: training curves by learning rate, and where each is best."""

import numpy as np

from .chart import LIGHT, apart, axes, to_svg
from .explorer import Choice, Explorer, Picture, Slider

PAIRS = {  # the two arms that compute the same at first
    "large": ("inverted", "standard, rescaled"),
    "small": ("inverted, rescaled", "standard"),
}
_STYLES = (
    ("inverted", LIGHT["with-dropout"], "-"),
    ("standard", LIGHT["ink"], (0, (4, 2))),
)


def two_scalings_explorer(results, settings):
    """Training loss by epoch at one learning rate, and test error over the learning rate.

    Args:
        results: the stored results of the experiment ``two_scalings``, by seed.
        settings: the settings that they were made with, a dict.
    """
    rates = tuple(settings["learning_rates"])

    def median(p, arm, key):
        return np.median([result[f"p = {p}"][arm][key] for result in results], axis=0)

    def draw(learning_rate, p, start):
        at = rates.index(learning_rate)
        arms = PAIRS[start]
        losses = [median(p, arm, "train_loss")[at] for arm in arms]
        errors = [100 * median(p, arm, "test_error") for arm in arms]
        charts = _losses(losses), _errors(rates, errors, at, 1 / (1 - p) ** 2)
        markup = "\n".join(f"<div>\n{to_svg(chart)}\n</div>" for chart in charts)
        reading = (
            f"At p = {p} and learning rate {learning_rate}, from {start} weights: the training "
            f"loss ends at {losses[0][-1]:.2f} for inverted and {losses[1][-1]:.2f} for standard "
            f"dropout; the test error is {errors[0][at]:.1f}% and {errors[1][at]:.1f}% (medians of "
            f"{len(results)} runs)."
        )
        return Picture(f'<div class="dx-panels">\n{markup}\n</div>', reading)

    return Explorer(
        "two-scalings",
        "Who likes which learning rate?",
        "Find the best rate of each on the right, and look how the training loss falls there on "
        "the left. The dotted line is the blue one, moved to the right by 1 / (1 − p)²: there "
        "the other would be if the first layer and the biases played no part.",
        [
            Slider("learning_rate", "learning rate", rates, 0.05, "{}"),
            Choice("p", "drop probability p", {str(p): p for p in settings["rates_to_drop"]}),
            Choice(
                "start",
                "first weights behind dropout",
                {"large (He's, for inverted)": "large", "small (He's, for standard)": "small"},
            ),
        ],
        draw,
    )


def _losses(losses):
    """Both training losses by epoch."""
    with axes(width=3.3, height=2.5) as (figure, plot):
        epochs = np.arange(1, len(losses[0]) + 1)
        for loss, (_, colour, style) in zip(losses, _STYLES, strict=True):
            plot.plot(epochs, loss, color=colour, linestyle=style)
        ends = [min(float(loss[-1]), 2.9) for loss in losses]
        for at, (name, colour, _) in zip(apart(ends, 0.28), _STYLES, strict=True):
            plot.annotate(name, (len(epochs) + 0.6, at), va="center", color=colour)
        plot.set(xlabel="epoch", ylabel="training loss (nats)", ylim=(-0.1, 3), xlim=(0, 33))
        plot.set_xticks([0, 8, 16, 24])
    return figure


def _errors(rates, errors, at, moved):
    """Both test errors over the learning rate, and the first one moved."""
    with axes(width=3.3, height=2.5) as (figure, plot):
        shown = moved * np.array(rates) <= rates[-1] * 1.001
        plot.plot(
            moved * np.array(rates)[shown],
            errors[0][shown],
            color=LIGHT["with-dropout"],
            linestyle=(0, (1, 2)),
            linewidth=1.3,
        )
        for error, (_, colour, style) in zip(errors, _STYLES, strict=True):
            plot.plot(rates, error, color=colour, linestyle=style)
            plot.plot(rates[at], error[at], "o", color=colour)
        dotted = np.interp(np.log(rates[-1] / moved), np.log(rates), errors[0])
        ends = apart([errors[0][-1], errors[1][-1], dotted], 9)
        words = [(name, colour) for name, colour, _ in _STYLES]
        words.append(("inverted,\nmoved", LIGHT["with-dropout"]))
        for end, (name, colour) in zip(ends, words, strict=True):
            plot.annotate(name, (rates[-1] * 1.3, end), va="center", color=colour)
        plot.set(
            xscale="log",
            xlabel="learning rate (log scale)",
            ylabel="test error (%)",
            ylim=(0, 95),
            xlim=(rates[0] / 1.2, rates[-1] * 5),
        )
        plot.set_xticks([0.01, 0.1], ["0.01", "0.1"])
        plot.minorticks_off()
    return figure
