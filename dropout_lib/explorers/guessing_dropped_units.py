"""Figure of the experiment ``dropped_maps``: how well dropped units can be guessed, by p."""

import numpy as np

from ..experiments.dropped_maps import SHAPES
from .chart import LIGHT, axes, picture
from .explorer import Figure

_STYLES = {"units": "-", "blocks": (0, (1, 2)), "maps": (0, (5, 2))}
_LABELS = {"units": "units dropped", "blocks": "blocks dropped", "maps": "maps dropped"}


def guessing_dropped_units(results, rates):
    """Share of variance explained (R²) by own neighbours and by the other maps, by p.

    Args:
        results: the stored results of ``dropped_maps``, by seed.
        rates: the values of p at which it was measured.
    """
    explained = {
        (units, source): np.mean([r["prediction"][units][source] for r in results], axis=0)
        for units in SHAPES
        for source in ("own neighbours", "other maps")
    }
    with axes(columns=2, width=5.6, height=2.7, sharey=True) as (figure, (own, other)):
        figure.subplots_adjust(top=0.88, wspace=0.12)
        for units in SHAPES:
            for plot, source in ((own, "own neighbours"), (other, "other maps")):
                line = explained[units, source]
                plot.plot(
                    rates, line, "o", linestyle=_STYLES[units], color=LIGHT["with-dropout"], ms=3.5
                )
        for units, raised in zip(SHAPES, (0.05, 0.05, 0.04), strict=True):
            start = explained[units, "own neighbours"][0]
            own.annotate(
                _LABELS[units], (rates[0], start + raised), color=LIGHT["with-dropout"], fontsize=8
            )
        other.annotate(
            "all three",
            (rates[1], explained["units", "other maps"][1] + 0.05),
            color=LIGHT["with-dropout"],
            fontsize=8,
        )
        own.set(
            title="from its 8 neighbours",
            xlabel="drop probability p",
            ylabel="variance explained (R²)",
        )
        other.set(title="from the other maps, same place", xlabel="drop probability p")
        own.set(ylim=(-0.05, 1), xlim=(0, 1))
        other.set(xlim=(0, 1))
    middle = list(rates).index(0.5)
    at_half = {key: line[middle] for key, line in explained.items()}
    own_words = ", ".join(
        f"{at_half[units, 'own neighbours']:.2f} with {units}" for units in SHAPES
    )
    other_words = [at_half[units, "other maps"] for units in SHAPES]
    reading = (
        "Share of a dropped unit's variance that a linear regression explains; all lines fall with "
        f"p. At p = 0.5, from its 8 neighbours: {own_words}. From the other maps at the same "
        f"place: {min(other_words):.2f} to {max(other_words):.2f} with all three."
    )
    return Figure(
        picture(figure, reading),
        "How well a dropped unit of the first layer can be predicted on test images, mean of "
        f"{len(results)} networks trained without dropout. Left, from its 8 neighbours in the "
        "same map; right, from the other 15 maps at the same place.",
    )
