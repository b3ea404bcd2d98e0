"""Figures of the experiment ``recurrent_dropout``: bits per character by training step."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Figure

_ARMS = {  # arm: (what stands at its line, colour, line style, how far above its end)
    "none": ("without dropout", "without-dropout", "-", 0.0),
    "tied": ("tied masks", "with-dropout", "-", 0.09),
    "per step": ("a mask per step", "with-dropout", (0, (4, 2)), 0.0),
    "not recurrent": ("state not dropped", "with-dropout", (0, (1, 1.5)), -0.09),
}


def validation_bits(results, measured_every):
    """Bits per character on validation by training step: mean over the seeds, 95% interval."""
    with axes(height=2.8) as (figure, plot):
        course = {}
        for arm, (label, colour, style, above) in _ARMS.items():
            curves = [result["language"][arm]["validation_bits_by_step"] for result in results]
            curves = np.array(curves)
            steps = measured_every * np.arange(1, curves.shape[1] + 1)
            mean = curves.mean(axis=0)
            plot.plot(steps, mean, color=LIGHT[colour], linestyle=style)
            if arm in ("none", "tied"):
                intervals = [mean_interval(column.tolist()) for column in curves.T]
                bounds = [i.low for i in intervals], [i.high for i in intervals]
                plot.fill_between(steps, *bounds, color=LIGHT[colour], alpha=0.15, linewidth=0)
            end = (steps[-1] * 1.02, mean[-1] + above)
            plot.annotate(label, end, va="center", color=LIGHT[colour])
            course[label] = (mean.min(), int(steps[mean.argmin()]), mean[-1])
        plot.set(xlabel="training step", ylabel="validation (bits per character)")
        plot.set(xlim=(0, steps[-1] * 1.5))
        plot.set_xticks(range(0, int(steps[-1]) + 1, 200))
    told = "; ".join(
        f"{label} {low:.2f} at step {at}, {end:.2f} at the end"
        for label, (low, at, end) in course.items()
    )
    reading = (
        f"Bits per character on validation, lowest and last, mean of {len(results)} runs: {told}."
    )
    return Figure(
        picture(figure, reading),
        "The same LSTM trained in four ways, each with the rates that were best for it. Bands: "
        f"95% interval of the mean over {len(results)} runs, for two of the four.",
    )
