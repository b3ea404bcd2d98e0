"""How noisy the mean over a window of a feature map is, by the size of the window."""

import numpy as np

from ..experiments.dropped_maps import SHAPES, keep_mask_of
from .chart import LIGHT, axes, picture
from .explorer import Figure
from .holes_in_a_photograph import feature_maps

SIDES = (1, 3, 7, 15, 31, 47)
_BLOCK = 7
_STYLES = {"units": "-", "blocks": (0, (1, 2)), "maps": (0, (5, 2))}
_LABELS = {"units": "single units", "blocks": f"{_BLOCK} × {_BLOCK} blocks", "maps": "whole maps"}


def relative_noise(units, p=0.5, draws=2000):
    """Standard deviation of a window's mean over masks, divided by the mean: [one per side].

    The windows lie in the middle of the map "light" of :func:`feature_maps`.

    Args:
        units: "units", "blocks" or "maps".
        p: probability to drop.
        draws: how many masks to sample.
    """
    import torch

    light = feature_maps()[0]
    generator = torch.Generator().manual_seed(0)
    keep = keep_mask_of((draws, 1, *light.shape), units, p, _BLOCK, generator).numpy()
    dropped = np.where(keep, light, 0)[:, 0] / (1 - p)
    noise = []
    for side in SIDES:
        window = _window(side, len(light))
        noise.append(
            dropped[:, window, window].mean(axis=(1, 2)).std() / light[window, window].mean()
        )
    return noise


def predicted_noise(units, p=0.5):
    """What the formulas say for single units and whole maps: [one per side]."""
    light = feature_maps()[0]
    noise = []
    for side in SIDES:
        x = light[_window(side, len(light)), _window(side, len(light))]
        shrinks = np.sqrt((x**2).sum()) / x.sum() if units == "units" else 1.0
        noise.append(np.sqrt(p / (1 - p)) * shrinks)
    return noise


def noise_of_a_pooled_map(p=0.5):
    """Sampled noise (dots) of a pooled map and the formulas (lines)."""
    sampled = {units: relative_noise(units, p) for units in SHAPES}
    with axes(height=2.7) as (figure, plot):
        colour = LIGHT["with-dropout"]
        for units in SHAPES:
            line = sampled[units] if units == "blocks" else predicted_noise(units, p)
            plot.plot(SIDES, line, color=colour, linestyle=_STYLES[units])
            plot.plot(SIDES, sampled[units], "o", color=colour, markersize=4)
            plot.annotate(
                _LABELS[units], (SIDES[-1] * 1.15, sampled[units][-1]), va="center", color=colour
            )
        plot.set(xscale="log", yscale="log", xlim=(0.9, 190), ylim=(0.01, 2))
        plot.set_xticks(SIDES, SIDES)
        plot.set_yticks([0.01, 0.1, 1], ["1", "10", "100"])
        plot.minorticks_off()
        plot.set(xlabel="side of the window (units)", ylabel="noise of its mean (%)")
    first, last = ({units: 100 * sampled[units][end] for units in SHAPES} for end in (0, -1))
    reading = (
        f"At p = {p} the noise of a single unit is about {first['units']:.0f}% of its value under "
        f"every mask. In the mean over {SIDES[-1]} by {SIDES[-1]} units about "
        f"{last['units']:.0f}% are left when single units are dropped, {last['blocks']:.0f}% with "
        f"blocks, and {last['maps']:.0f}% with whole maps."
    )
    return Figure(
        picture(figure, reading),
        "Standard deviation of the mean over a square window, as a share of that mean, at "
        f"p = {p}. Dots: 2,000 sampled masks. Lines: the two formulas; for blocks, a guide for "
        "the eye.",
    )


def _window(side, length):
    start = (length - side) // 2
    return slice(start, start + side)
