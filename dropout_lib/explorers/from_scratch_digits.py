"""Figures of the experiment ``from_scratch_digits``: losses by epoch."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Figure

_ARMS = {  # arm: (what stands at its line, colour, line style)
    "without": ("without dropout", "without-dropout", "-"),
    "hidden": ("hidden dropped", "with-dropout", (0, (4, 2))),
    "hidden and input": ("hidden, inputs dropped", "with-dropout", "-"),
}


def validation_curves(results):
    """Validation loss by epoch of the three networks: mean over the seeds, 95% interval."""
    with axes(height=2.7) as (figure, plot):
        ends = {}
        for arm, (label, colour, style) in _ARMS.items():
            curves = np.array([result[arm]["validation_loss"] for result in results])
            epochs = np.arange(1, curves.shape[1] + 1)
            intervals = [mean_interval(column.tolist()) for column in curves.T]
            plot.fill_between(
                epochs,
                [i.low for i in intervals],
                [i.high for i in intervals],
                color=LIGHT[colour],
                alpha=0.15,
                linewidth=0,
            )
            plot.plot(epochs, curves.mean(axis=0), color=LIGHT[colour], linestyle=style)
            ends[arm] = curves.mean(axis=0)[-1]
            plot.annotate(label, (epochs[-1] + 0.7, ends[arm]), va="center", color=LIGHT[colour])
        plot.set(xlabel="epoch", ylabel="validation loss (nats)", ylim=(0.2, 0.9))
        plot.set(xlim=(0, len(epochs) * 1.7))
        plot.set_xticks(range(0, len(epochs) + 1, 10))
    lowest = {
        arm: np.mean([result[arm]["validation_loss"] for result in results], axis=0).min()
        for arm in _ARMS
    }
    course = ", ".join(
        f"{label} {lowest[arm]:.2f} and {ends[arm]:.2f}" for arm, (label, *_) in _ARMS.items()
    )
    reading = (
        f"Validation loss over {len(epochs)} epochs, mean of {len(results)} runs. Each curve falls "
        f"steeply at first. Its lowest point and its end: {course}."
    )
    return Figure(
        picture(figure, reading),
        "Validation loss of the same network, trained in three ways; band: 95% interval of the "
        f"mean over {len(results)} runs.",
    )


def training_loss_with_and_without_noise(results, arm="hidden and input"):
    """The training loss that a log shows, the one with dropout off, and the validation loss."""
    lines = {
        "noisy_train_loss": ("training, dropout on", "train", "-", 0.1),
        "train_loss": ("training, dropout off", "train", (0, (4, 2)), -0.02),
        "validation_loss": ("validation", "test", "-", 0.05),
    }
    with axes(height=2.7) as (figure, plot):
        means = {}
        for key, (label, colour, style, above) in lines.items():
            means[key] = np.mean([result[arm][key] for result in results], axis=0)
            epochs = np.arange(1, len(means[key]) + 1)
            plot.plot(epochs, means[key], color=LIGHT[colour], linestyle=style)
            plot.annotate(
                label,
                (epochs[-1] + 0.7, means[key][-1] + above),
                va="center",
                color=LIGHT[colour],
            )
        plot.set(xlabel="epoch", ylabel="loss (nats)", ylim=(-0.05, 2.1))
        plot.set(xlim=(0, len(epochs) * 1.65))
        plot.set_xticks(range(0, len(epochs) + 1, 10))
    below = int((means["validation_loss"] < means["noisy_train_loss"]).sum())
    reading = (
        f"For the first {below} epochs the validation loss lies below the training loss that was "
        "measured with dropout on. Measured with dropout off, the training loss is below the "
        "validation loss in every epoch."
    )
    return Figure(
        picture(figure, reading),
        "One network, three losses: the training loss as it is logged while training, the same "
        "with dropout switched off, and the validation loss.",
    )
