"""Figures of the experiment ``recurrent_dropout``: bits per character by training step."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Figure

_ARMS = {  # arm: (what stands at its line, colour, line style, how far above its end)
    "none": ("without dropout", "without-dropout", "-", 0.0),
    "tied": ("tied masks", "with-dropout", "-", 0.06),
    "per step": ("a mask per step", "with-dropout", (0, (4, 2)), 0.0),
    "not recurrent": ("state not dropped", "with-dropout", (0, (1, 1.5)), -0.06),
}


def validation_bits(results, measured_every):
    """Bits per character on validation by training step, compared with the same run's best
    without dropout: mean over the seeds, 95% interval.
    """
    with axes(height=2.8) as (figure, plot):
        course = {}
        best = np.array([min(_curve(result, "none")) for result in results])
        for arm, (label, colour, style, above) in _ARMS.items():
            curves = np.array([_curve(result, arm) for result in results]) - best[:, None]
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
        plot.plot([0, steps[-1]], [0, 0], color=LIGHT["soft"], linewidth=0.8)
        plot.set(xlabel="training step", ylabel="validation (bits, 0: best without)")
        plot.set(xlim=(0, steps[-1] * 1.5), ylim=(-0.2, 0.5))
        plot.set_xticks(range(0, int(steps[-1]) + 1, 200))
    told = "; ".join(
        f"{label} {low:.2f} at step {at}, {end:.2f} at the end"
        for label, (low, at, end) in course.items()
    )
    reading = (
        "Bits per character on validation, less the lowest value that the same run reached "
        f"without dropout. Lowest and last, mean of {len(results)} runs: {told}."
    )
    return Figure(
        picture(figure, reading),
        "The same LSTM trained in four ways, each with the rates that were best for it: bits per "
        "character on validation, counted from the best that the same run reached without "
        f"dropout. Bands: 95% interval of the mean over {len(results)} runs, for two of the four.",
    )


def _curve(result, arm):
    return result["language"][arm]["validation_bits_by_step"]
