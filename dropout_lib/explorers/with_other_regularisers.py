"""The experiment ``with_other_regularisers``: what each arm gains over none."""

from ..experiments import paired_difference
from .chart import LIGHT, axes, to_svg
from .explorer import Figure, Picture

_DROPPED = ("dropout", "dropout + L2", "dropout + max-norm", "Gaussian")
_NAMES = {"Gaussian": "Gaussian noise", "ensemble": "ensemble of five"}


def gains_over_none(results):
    """Gain in test error and loss over the plain network, run by run, for each arm: a Figure.

    Args:
        results: the stored results of the experiment ``with_other_regularisers``, by seed.
    """
    arms = [arm for arm in results[0] if arm != "none"]
    measures = (
        ("test_error", 100, "gain in test error (points)"),
        ("test_loss", 1, "gain in test loss (nats)"),
    )
    gains = {
        measure: [_gain(results, arm, measure, unit) for arm in arms]
        for measure, unit, _ in measures
    }
    panels = "\n".join(
        f"<div>\n{to_svg(_chart(arms, gains[measure], label))}\n</div>"
        for measure, _, label in measures
    )
    words = [
        f"{_NAMES.get(arm, arm)} {gain.mean:.1f}"
        for arm, gain in zip(arms, gains["test_error"], strict=True)
    ]
    reading = (
        f"Gain in points of test error over the plain network, mean of {len(results)} runs: "
        f"{', '.join(words)}."
    )
    return Figure(
        Picture(f'<div class="dx-panels">\n{panels}\n</div>', reading),
        "What each arm gains over the plain network, run by run, with 95% intervals. Blue: noise "
        "in training; orange: none. Right of the line is better.",
    )


def _gain(results, arm, measure, unit):
    plain, ours = ([unit * result[name][measure] for result in results] for name in ("none", arm))
    return paired_difference(plain, ours)


def _chart(arms, gains, label):
    with axes(width=3.5, height=2.6) as (figure, plot):
        figure.subplots_adjust(left=0.36)
        plot.axvline(0, color=LIGHT["soft"], linewidth=1)
        for row, (arm, gain) in enumerate(zip(arms, gains, strict=True)):
            colour = LIGHT["with-dropout" if arm in _DROPPED else "without-dropout"]
            plot.plot([gain.low, gain.high], [row, row], color=colour, linewidth=2.2)
            plot.plot(gain.mean, row, "o", color=colour, ms=5)
        plot.set(xlabel=label, ylim=(len(arms) - 0.5, -0.5))
        plot.set_yticks(range(len(arms)), [_NAMES.get(arm, arm) for arm in arms])
    return figure
