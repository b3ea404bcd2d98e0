"""Figures of the chapter on DropConnect: shared and separate noise, and training with either."""

import numpy as np

from ..scratch import Dropout
from .chart import LIGHT, axes, picture
from .explorer import Figure
from .gaussian_preactivation import passes_through

_LINES = {  # method: (what stands at its line, colour, line style)
    "dropout": ("dropout", "with-dropout", "-"),
    "dropconnect": ("DropConnect", "test", "-"),
    "none": ("neither", "without-dropout", "-"),
}


def two_outputs(weight, bias, x, p=0.5, passes=250):
    """Two outputs of a layer over passes of one case: dropout on its inputs, and DropConnect.

    Args:
        weight: (2, I).
        bias: (2,).
        x: one case (I,).
    """
    dropped = Dropout(p, rng=np.random.default_rng(5)).forward(np.tile(x, (passes, 1)))
    by_dropout = dropped @ weight.T + bias  # (passes, 2)
    _, by_weight = passes_through(weight, bias, x, p, passes)
    panels = (("dropout", by_dropout), ("DropConnect", by_weight))
    everything = np.concatenate([by_dropout, by_weight])
    limits = [
        (low - 0.3, high + 0.3)
        for low, high in zip(everything.min(0), everything.max(0), strict=True)
    ]
    with axes(columns=2, width=5.2, height=2.8, sharey=True) as (figure, plots):
        figure.subplots_adjust(wspace=0.12, top=0.88)
        for plot, (name, y) in zip(plots, panels, strict=True):
            plot.plot(*y.T, "o", color=LIGHT["with-dropout"], markersize=2.2, alpha=0.6)
            plot.set(title=name, xlabel="output 1", xlim=limits[0], ylim=limits[1])
        plots[0].set_ylabel("output 2")
    said = ", ".join(
        f"{name} {y[:, 0].std():.1f} and {y[:, 1].std():.1f}, "
        f"correlation {np.corrcoef(y.T)[0, 1]:.1f}"
        for name, y in panels
    )
    return Figure(
        picture(figure, f"Standard deviations of two outputs: {said}."),
        f"Two outputs of a trained layer for one digit, over {passes} masks at p = {p}. Each "
        "spreads as widely on the right as on the left. On the left they move together.",
    )


def training_curves(results):
    """Training loss by epoch, without noise, at the learning rate that each method chose."""
    with axes(height=2.7) as (figure, plot):
        figure.subplots_adjust(left=0.15)  # powers of ten take more room
        said = []
        for method, (label, colour, style) in _LINES.items():
            curves = np.array([result[method]["train_loss"] for result in results])
            mean = np.exp(np.log(np.maximum(curves, 1e-5)).mean(axis=0))
            epochs = np.arange(1, len(mean) + 1)
            plot.plot(epochs, mean, color=LIGHT[colour], linestyle=style)
            plot.annotate(label, (epochs[-1] + 0.7, mean[-1]), va="center", color=LIGHT[colour])
            said.append(f"{label} {mean[9]:.3f} after 10 epochs")
        plot.set(xlabel="epoch", ylabel="training loss (nats)", yscale="log")
        plot.set(xlim=(0, len(epochs) * 1.4))
        plot.set_xticks(range(0, len(epochs) + 1, 10))
    return Figure(
        picture(figure, f"Training loss on a logarithmic scale: {', '.join(said)}."),
        "Loss on the training digits with the noise switched off, geometric mean over "
        f"{len(results)} runs. A network that fits them faster was held back less.",
    )
