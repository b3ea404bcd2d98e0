"""What the spread over masks says in a network that has learned nothing."""

import numpy as np

from .chart import LIGHT, axes, picture
from .explorer import Figure


def untrained_spread_figure(x, spread):
    """The ± of an untrained network over the length of its input, one dot per case.

    Args:
        x: inputs (N, features), standardised.
        spread: standard deviation over the masks (N,).
    """
    length = np.linalg.norm(x, axis=1)
    correlation = np.corrcoef(length, spread)[0, 1]
    with axes(height=2.6) as (figure, plot):
        plot.plot(length, spread, "o", markersize=4, alpha=0.7, color=LIGHT["with-dropout"])
        plot.set(xlabel="distance from the average patient (standard deviations)")
        plot.set(ylabel="± of the prediction", xlim=(0, None), ylim=(0, None))
    reading = (
        f"{len(x)} dots that rise from left to right, with a correlation of {correlation:.1f}: the "
        "further a patient is from the average, the larger the spread, though nothing was learned."
    )
    return Figure(
        picture(figure, reading),
        "Spread over masks of a network that was never trained, for real patients.",
    )
