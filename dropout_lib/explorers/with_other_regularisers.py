"""The experiment ``with_other_regularisers``: what each arm gains over none."""

from ..experiments import paired_difference
from .chart import LIGHT, axes, picture
from .explorer import Figure

_DROPPED = ("dropout", "dropout + L2", "dropout + max-norm", "Gaussian")
_NAMES = {"Gaussian": "Gaussian noise", "ensemble": "ensemble of five"}


def gains_over_none(results):
    """Gain in test error and loss over the plain network, run by run, for each arm: a Figure.

    Args:
        results: the stored results of the experiment ``with_other_regularisers``, by seed.
    """
    arms = [arm for arm in results[0] if arm != "none"]
    with axes(columns=2, width=5.8, height=2.8, sharey=True) as (figure, plots):
        words = []
        for plot, (measure, unit, label) in zip(
            plots,
            (
                ("test_error", 100, "gain in test error (points)"),
                ("test_loss", 1, "gain in test loss (nats)"),
            ),
            strict=True,
        ):
            plot.axvline(0, color=LIGHT["soft"], linewidth=1)
            for row, arm in enumerate(arms):
                plain, ours = (
                    [unit * result[name][measure] for result in results] for name in ("none", arm)
                )
                gain = paired_difference(plain, ours)
                colour = LIGHT["with-dropout" if arm in _DROPPED else "without-dropout"]
                plot.plot([gain.low, gain.high], [row, row], color=colour, linewidth=2.2)
                plot.plot(gain.mean, row, "o", color=colour, ms=5)
                if measure == "test_error":
                    words.append(f"{_NAMES.get(arm, arm)} {gain.mean:.1f}")
            plot.set(xlabel=label, ylim=(len(arms) - 0.5, -0.5))
        plots[0].set_yticks(range(len(arms)), [_NAMES.get(arm, arm) for arm in arms])
        plots[1].tick_params(labelleft=False)
        figure.subplots_adjust(left=0.27, wspace=0.12)
    reading = (
        f"Gain in points of test error over the plain network, mean of {len(results)} runs: "
        f"{', '.join(words)}."
    )
    return Figure(
        picture(figure, reading),
        "What each arm gains over the plain network, run by run, with 95% intervals; blue: noise "
        "in training. Right of the line is better.",
    )
