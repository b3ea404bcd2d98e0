"""Training loss by step, measured without the noise: what noise costs in steps."""

import numpy as np

from .chart import LIGHT, axes, picture
from .explorer import Figure

_ARMS = {  # arm: (what stands at its line, colour, line style)
    "none": ("no noise", "without-dropout", "-"),
    "weight decay": ("weight decay", "without-dropout", (0, (4, 2))),
    "dropout, p = 0.2": ("dropout, p = 0.2", "with-dropout", (0, (4, 2))),
    "dropconnect": ("DropConnect", "with-dropout", (0, (5, 2, 1, 2))),
    "dropout": ("dropout, p = 0.5", "with-dropout", "-"),
    "gaussian": ("Gaussian noise", "with-dropout", (0, (1, 1.5))),
}


def training_loss_by_step(results, settings):
    """Training loss, noise off, by step at each method's tuned learning rate.

    Args:
        results: the stored results of the experiment ``cost_of_training``, by seed.
        settings: its settings, as ``provenance`` gives them.
    """
    per_epoch = settings["train"] // settings["batch_size"]
    shown = 20  # epochs
    with axes(height=3.0) as (figure, plot):
        ends, at_target = {}, {}
        for arm, (words, colour, style) in _ARMS.items():
            curves = np.log([r[arm]["curve"][: shown + 1] for r in results])
            mean = np.exp(curves.mean(axis=0))  # geometric
            plot.plot(per_epoch * np.arange(len(mean)), mean, color=LIGHT[colour], linestyle=style)
            ends[words] = (mean[-1], colour)
            steps = [r[arm]["tuned"]["steps"][settings["target"]] for r in results]
            at_target[words] = np.median(steps)
        last = per_epoch * (len(mean) - 1)
        goal = settings["targets"][settings["target"]]
        plot.plot([0, last], [goal, goal], color=LIGHT["soft"], linewidth=0.8)
        for (words, (_, colour)), height in zip(
            sorted(ends.items(), key=lambda item: item[1][0]), _apart(ends), strict=True
        ):
            plot.annotate(words, (last * 1.02, height), va="center", color=LIGHT[colour])
        plot.set(yscale="log", xlim=(0, last * 1.45), ylim=(0.0004, 3))
        plot.set_xticks(range(0, last + 1, 100))
        plot.set_yticks((0.001, 0.01, 0.1, 1), ["0.001", "0.01", "0.1", "1"])
        plot.minorticks_off()
        plot.set(xlabel="training step", ylabel="training loss, noise off (nats, log)")
        plot.yaxis.label.set_size(8.5)
    course = ", ".join(f"{words} {round(steps, -1):.0f}" for words, steps in at_target.items())
    reading = (
        f"Steps until the training loss, measured without noise, is {goal} nats, median of "
        f"{len(results)} networks: {course}."
    )
    return Figure(
        picture(figure, reading),
        "Training loss by step at the learning rate that is best on validation for each, measured "
        f"with the noise off; geometric mean of {len(results)} networks.",
    )


def _apart(ends):
    """Heights for labels on a log axis, from the lowest up, no two closer than a line of text."""
    heights = []
    for value, _ in sorted(ends.values()):
        heights.append(max(value, heights[-1] * 1.75) if heights else value)
    return heights
