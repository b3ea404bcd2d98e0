"""A photograph's feature maps with units, blocks or maps missing, and with the holes filled."""

import base64
import io
from functools import cache

import numpy as np

from ..experiments.dropped_maps import SHAPES, keep_mask_of
from . import svg
from .explorer import Explorer, Figure, Picture, Slider

FILTERS = ("light", "upright edges", "level edges", "red")
RATES = (0.1, 0.3, 0.5, 0.7, 0.9)
SIDE = 48  # units of a map, in height and in width
_BLOCK = 7
_SEED = 352  # drops 1, 1, 2, 3 and all 4 maps
_TITLES = {"units": "single units", "blocks": f"{_BLOCK} × {_BLOCK} blocks", "maps": "whole maps"}
_GREYS = 16


@cache
def photograph():
    """A pavilion from scikit-learn's photograph china.jpg: (3, 50, 50) in [0, 1]."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    square = Image.fromarray(load_sample_image("china.jpg")).crop((20, 5, 420, 405))
    pixels = np.asarray(square.resize((SIDE + 2, SIDE + 2), Image.Resampling.BOX))
    return pixels.transpose(2, 0, 1) / 255  # channels first


@cache
def filters():
    """Four convolutional filters made by hand: (4, 3, 3, 3), output map, colour, height, width.

    >>> filters()[1].sum(axis=0)
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]])
    """
    edge = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])
    average = np.full((3, 3), 1 / 9)
    of_colours = {
        "light": [average / 3] * 3,
        "upright edges": [edge / 3] * 3,
        "level edges": [edge.T / 3] * 3,
        "red": [average, -average / 2, -average / 2],
    }
    return np.array([of_colours[name] for name in FILTERS])


@cache
def feature_maps():
    """The photograph through the filters and a ReLU: (4, 48, 48), each map in [0, 1]."""
    windows = np.lib.stride_tricks.sliding_window_view(photograph(), (3, 3), axis=(1, 2))
    maps = np.maximum(np.einsum("kchw,cijhw->kij", filters(), windows), 0)
    return np.minimum(maps / np.quantile(maps, 0.99, axis=(1, 2), keepdims=True), 1)


def keep_mask(units, p):
    """The keep-mask (4, 48, 48) of the explorer; at a larger p the same units are missing.

    >>> [keep_mask(units, 0.9).shape for units in SHAPES]
    [(4, 48, 48), (4, 48, 48), (4, 48, 48)]
    """
    import torch

    shape = (1, *feature_maps().shape)
    generator = torch.Generator().manual_seed(_SEED)
    keep = keep_mask_of(shape, units, p, _BLOCK, generator).numpy()
    return np.broadcast_to(keep, shape)[0]


def fill_holes(maps, keep):
    """Maps (C, H, W) in which each dropped unit is the mean of those of its 8 neighbours that are
    there, and 0 where none is.

    >>> maps, keep = np.array([[[1.0, 2.0, 9.0]]]), np.array([[[True, True, False]]])
    >>> fill_holes(maps, keep)
    array([[[1., 2., 2.]]])
    """
    around = ((0, 0), (1, 1), (1, 1))
    values = np.pad(np.where(keep, maps, 0.0), around)
    there = np.pad(keep, around)
    windows = (np.lib.stride_tricks.sliding_window_view(a, (3, 3), (1, 2)) for a in (values, there))
    total, count = (window.sum(axis=(-2, -1)) for window in windows)
    return np.where(keep, maps, total / np.maximum(count, 1))


def filling_error(maps, keep):
    """Root mean square error of the filled holes, as a share of what it is when they stay 0."""
    error = (fill_holes(maps, keep) - maps)[~keep]
    return float(np.sqrt((error**2).sum() / (maps[~keep] ** 2).sum()))


def holes_in_a_photograph():
    """Feature maps under masks of the three shapes, before and after filling, by p."""
    maps = feature_maps()

    def draw(p):
        elements, readings = [], []
        for column, units in enumerate(SHAPES):
            keep = keep_mask(units, p)
            error = filling_error(maps, keep)
            x = 150 * column
            elements += [
                svg.text(x + 70, 14, _TITLES[units], 14, "middle", font_weight="bold"),
                *_four(x, 22, np.where(keep, maps, 0)),
                svg.text(x + 70, 180, f"{100 * (~keep).mean():.0f}% dropped", 13, "middle"),
                *_four(x, 210, fill_holes(maps, keep)),
                svg.text(x + 70, 368, f"error {100 * error:.0f}%", 13, "middle"),
            ]
            readings.append(f"{_TITLES[units]} {100 * error:.0f}%")
        elements.append(
            svg.text(0, 203, "the holes filled from their neighbours:", 13, fill="soft")
        )
        reading = (
            f"At p = {p}, an error of 100% being that of holes left empty, filling them from their "
            f"neighbours leaves: {', '.join(readings)}."
        )
        return Picture(svg.drawing(440, 374, elements), reading)

    return Explorer(
        "holes-in-a-photograph",
        "What a neighbour gives away",
        "Four feature maps of one photograph: light, upright edges, level edges, red. Above, what "
        "is left of them (not scaled); below, every hole filled with the mean of the neighbours "
        "that are there. Pull p up and see how long you recognise the pavilion in each column.",
        [Slider("p", "drop probability p", RATES, 0.5, "{:.1f}")],
        draw,
    )


def photograph_through_filters(p=0.5):
    """The photograph, its four feature maps, and these with single units dropped."""
    maps, keep = feature_maps(), keep_mask("units", p)
    inside = photograph()[:, 1:-1, 1:-1].transpose(1, 2, 0)
    elements = [
        svg.image(0, 46, 84, 84, _png(inside)),
        svg.text(42, 144, "photograph", 12, "middle"),
    ]
    for k, name in enumerate(FILTERS):
        x = 92 + 88 * k
        elements += [
            svg.image(x, 0, 84, 84, _png(maps[k])),
            svg.image(x, 88, 84, 84, _png(np.where(keep[k], maps[k], 0))),
            svg.text(x + 42, 188, name, 12, "middle"),
        ]
    reading = (
        "A photograph of a pavilion, four feature maps of it, and the same maps with half of "
        "their units dropped: the pavilion is still to be seen in each."
    )
    return Figure(
        Picture(svg.drawing(440, 194, elements), reading),
        "One photograph through four filters and a ReLU. Below, the same maps with about half of "
        "their units dropped.",
    )


def _four(x, y, maps):
    """The four maps as tiles, each with an outline, or a dropped one would not show in the dark."""
    elements = []
    for k, pixels in enumerate(maps):
        left, top = x + 71 * (k % 2), y + 71 * (k // 2)
        elements.append(svg.image(left, top, 69, 69, _png(pixels)))
        elements.append(svg.rect(left, top, 69, 69, "none", stroke=svg.colour("soft")))
    return elements


def _png(pixels):
    """A picture in [0, 1], (H, W) in 16 greys or (H, W, 3) in colour, as base64."""
    from PIL import Image

    if pixels.ndim == 3:
        image = Image.fromarray(np.round(255 * pixels).astype(np.uint8))
        options = {}
    else:
        image = Image.fromarray(np.round((_GREYS - 1) * pixels).astype(np.uint8), mode="P")
        image.putpalette([level * 255 // (_GREYS - 1) for level in range(_GREYS) for _ in "rgb"])
        options = {"bits": 4}
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True, **options)
    return base64.b64encode(png.getvalue()).decode()
