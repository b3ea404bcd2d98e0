"""How many wrong labels two networks learn by heart, and what it costs them, epoch by epoch."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, axes, to_svg
from .explorer import Figure, Picture

_ARMS = {"without": "without dropout", "with": "with dropout"}
_PANELS = {
    "wrong labels learned": "wrong labels learned (%)",
    "test error": "test error (%)",
}


def memorised_labels_figure(results):
    """Share of the wrong labels reproduced and test error by epoch, at one learning rate.

    Args:
        results: results of the experiment ``memorised_labels``; one of them has no band.
    """
    charts = [to_svg(_chart(results, name, label)) for name, label in _PANELS.items()]
    markup = "\n".join(f"<div>\n{chart}\n</div>" for chart in charts)
    said = "; ".join(f"{words}, {_course(results, arm)}" for arm, words in _ARMS.items())
    runs = f"mean of {len(results)} runs" if len(results) > 1 else "one run"
    return Figure(
        Picture(f'<div class="dx-panels">\n{markup}\n</div>', f"After the last epoch: {said}."),
        "Two networks on digits of which three in ten carry a wrong label, at the same learning "
        f"rate; {runs}"
        + (", band: 95% interval of the mean." if len(results) > 1 else ".")
        + " Left: how many of the wrong labels the network gives back. Right: its error on new "
        "digits, whose labels are right.",
    )


def _curves(results, arm, name):
    return 100 * np.array([result[arm]["curves"][name] for result in results])


def _course(results, arm):
    learned, error = (_curves(results, arm, name).mean(axis=0) for name in _PANELS)
    return (
        f"{learned[-1]:.0f}% of the wrong labels learned and {error[-1]:.0f}% errors on test, "
        f"where {error.min():.0f}% was the least"
    )


def _chart(results, name, label):
    with axes(width=3.3, height=2.6) as (figure, plot):
        for arm in _ARMS:
            curves = _curves(results, arm, name)
            colour = LIGHT[f"{arm}-dropout"]
            epochs = np.arange(1, curves.shape[1] + 1)
            if len(results) > 1:
                bands = [mean_interval(column.tolist()) for column in curves.T]
                edges = [band.low for band in bands], [band.high for band in bands]
                plot.fill_between(epochs, *edges, color=colour, alpha=0.2, linewidth=0)
            plot.plot(epochs, curves.mean(axis=0), color=colour)
        if name == "wrong labels learned":
            plot.annotate(_ARMS["without"], (1, 93), color=LIGHT["without-dropout"])
            plot.annotate(_ARMS["with"], (1, 83), color=LIGHT["with-dropout"])
        plot.set(xlabel="epoch", ylabel=label, ylim=(0, 102), xlim=(0, curves.shape[1] + 1))
        if name == "test error":
            plot.set(ylim=(0, 60))
    return figure
