"""Error by drop probability: the plateau, and where it ends."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Figure

_LINES = {  # sweep: what stands at its line, line style
    "fixed width": ("width fixed", "-"),
    "fixed kept": ("width grows", (0, (4, 2))),
}
_MEASURES = {"test_error": ("test", "test"), "train_error": ("training, dropout off", "train")}


def error_by_rate(results, rates):
    """Test and training error by p, at fixed width and at a fixed number of units kept.

    Args:
        results: the stored results of the experiment ``rate_sweep``, by seed.
        rates: the drop probabilities of its settings.
    """
    with axes(height=2.9) as (figure, plot):
        told = {}
        for sweep, (words, style) in _LINES.items():
            for measure, (_, colour) in _MEASURES.items():
                curves = 100 * np.array([r[sweep][measure] for r in results])
                intervals = [mean_interval(column.tolist()) for column in curves.T]
                bounds = [[getattr(i, end) for i in intervals] for end in ("low", "high")]
                plot.fill_between(rates, *bounds, color=LIGHT[colour], alpha=0.15, linewidth=0)
                plot.plot(rates, curves.mean(axis=0), color=LIGHT[colour], linestyle=style)
                if measure == "test_error":
                    told[words] = curves.mean(axis=0)
        plot.annotate("test", (0.02, 12.4), color=LIGHT["test"])
        plot.annotate("training, dropout off", (0.02, 1.3), color=LIGHT["train"])
        plot.annotate("width fixed", (0.795, 25), ha="right", color=LIGHT["soft"])
        plot.annotate("width grows", (0.93, 15.5), color=LIGHT["soft"])
        plot.set(xlim=(0, 1.16), ylim=(0, 30))
        plot.set_xticks(rates)
        plot.set(xlabel="drop probability p", ylabel="error (%)")
    course = "; ".join(
        f"{words}, " + ", ".join(f"{mean[i]:.0f}% at p = {rates[i]}" for i in (0, 3, 5, 7, 9))
        for words, mean in told.items()
    )
    reading = f"Test error by p, mean of {len(results)} networks: {course}."
    return Figure(
        picture(figure, reading),
        "Errors by p, the learning rate tuned for each. Solid: two layers of 128 units whatever "
        "p is. Dashed: two layers of 64 / (1 − p) units, so that 64 are kept on average. Band: "
        "95% interval of the mean.",
    )
