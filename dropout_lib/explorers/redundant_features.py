"""What units look like that were trained with dropout and without: weights, and activations."""

import numpy as np

from ..experiments.redundant_features import EDGES, unpack
from . import svg
from .chart import LIGHT, axes, picture
from .explorer import Figure, Picture

_ARMS = {"without": "without dropout", "with": "with dropout"}
_TILE, _COLUMNS = 54, 4


def features_figure(result):
    """The weights of an autoencoder's first units as pictures, trained in two ways.

    Args:
        result: one seed's result of the experiment ``redundant_features``.
    """
    panels = []
    for arm, words in _ARMS.items():
        weights = unpack(result["features"][arm])  # (features, 784)
        rows = -(-len(weights) // _COLUMNS)
        tiles = [
            svg.digit(
                *(i % _COLUMNS * _TILE + 1, i // _COLUMNS * _TILE + 1, _TILE - 2),
                (weight.reshape(28, 28) + 1) / 2,
            )
            for i, weight in enumerate(weights)
        ]
        drawn = svg.drawing(_COLUMNS * _TILE, rows * _TILE, tiles, 300)
        panels.append(f'<div>\n<p style="text-align: center">{words}</p>\n{drawn}\n</div>')
    measured = "; ".join(
        f"{words}, weights of neighbouring pixels correlate by "
        f"{result['autoencoder'][arm]['neighbours']:.2f}"
        for arm, words in _ARMS.items()
    )
    markup = "\n".join(panels)
    return Figure(
        Picture(
            f'<div class="dx-panels">\n{markup}\n</div>',
            f"Weights of {len(weights)} units of two autoencoders. Without dropout they look like "
            f"fine-grained noise; with dropout, like coarser strokes and spots. {measured}.",
        ),
        f"The weights into {len(weights)} of the 256 hidden units of an autoencoder, the first "
        "ones and not chosen; white excites, black inhibits, each unit scaled by its largest. "
        "Same initial weights, so that each picture on the left has its twin on the right.",
    )


def activations_figure(results):
    """How loud the autoencoder's units are on test digits: the share of activations by value."""
    widths = np.diff(EDGES)
    middles = np.array(EDGES[:-1]) + widths / 2
    said = []
    with axes(height=2.5) as (figure, plot):
        for arm, words in _ARMS.items():
            rows = [result["autoencoder"][arm] for result in results]
            share = 100 * np.mean([row["histogram"] for row in rows], axis=0)
            plot.plot(middles, share, color=LIGHT[f"{arm}-dropout"])
            mean, silent = (np.mean([row[m] for row in rows]) for m in ("mean", "silent"))
            said.append(f"{words}, mean activation {mean:.1f} and {silent:.0%} silent")
        plot.annotate(_ARMS["with"], (0.95, 5.5), color=LIGHT["with-dropout"])
        plot.annotate(_ARMS["without"], (3.3, 3.7), color=LIGHT["without-dropout"])
        plot.set(
            xlabel="activation of a hidden unit",
            ylabel="share of activations (%)",
            xlim=(0, 8),
            ylim=(0, None),
        )
    return Figure(
        picture(figure, f"Activations of the hidden units: {'; '.join(said)}."),
        "Activations of the autoencoders' hidden units on test digits, dropout off; mean of "
        f"{len(results)} runs. Zeros are left out of the curves.",
    )
