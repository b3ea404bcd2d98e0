"""One real digit at several drop probabilities of its pixels."""

import numpy as np

from ..scratch import draw_keep_mask
from . import svg
from .explorer import Figure, Picture

_SIZE, _STEP = 96, 110


def dropped_inputs(image, rates=(0.0, 0.2, 0.5, 0.8), seed=0):
    """A digit (784,) whole and with pixels dropped; at a larger rate the same pixels are gone."""
    elements, left = [], []
    for i, p in enumerate(rates):
        mask = draw_keep_mask(image.shape, p, np.random.default_rng(seed))
        left.append(int(((image > 0) & mask).sum()))
        elements.append(svg.digit(i * _STEP, 0, _SIZE, (image * mask).reshape(28, 28)))
        elements.append(svg.text(i * _STEP + _SIZE / 2, _SIZE + 18, f"p = {p:.1f}", 13, "middle"))
    width = _STEP * (len(rates) - 1) + _SIZE
    words = ", ".join(f"{n} at p = {p:.1f}" for n, p in zip(left, rates, strict=True))
    return Figure(
        Picture(
            svg.drawing(width, _SIZE + 24, elements, max_width=520),
            f"The same digit {len(rates)} times. Pixels of its ink that are left: {words}.",
        ),
        "A digit as the network sees it when inputs are dropped.",
    )
