"""What one dropout layer does to eight activations: mask, scale, output."""

import numpy as np

from ..scratch import Dropout, StandardDropout
from . import svg
from .explorer import Choice, Explorer, Picture, Slider

X = np.array([1.2, 0.4, 2.0, 0.8, 1.6, 0.6, 1.0, 1.4])  # sums to 9
RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
VARIANTS = {"inverted dropout": Dropout, "standard dropout": StandardDropout}
WIDTH, HEIGHT = 440, 340
_CEILING = 4.0  # activations above this are drawn to the top, with their value on them


def mask_scale_output():
    """Eight activations before and after, under p, mode, variant and the number of the pass."""

    def draw(p, variant, training, draw_number):
        layer = VARIANTS[variant](p, rng=np.random.default_rng(9 + draw_number))
        if not training:
            layer.eval()
        out = layer.forward(X)
        factor = _factor(p, variant, training)
        picture = svg.drawing(WIDTH, HEIGHT, _elements(layer.mask, out, factor), max_width=620)
        return Picture(picture, _reading(p, variant, training, layer.mask, out, factor))

    return Explorer(
        "mask-scale-output",
        "Through one dropout layer",
        "At p = 0.5, draw a few masks and watch the sum jump around 9. Switch to evaluation. Then "
        "do the same with standard dropout: its jumps are around 4.5, and evaluation meets them.",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Choice("variant", "variant", {name: name for name in VARIANTS}),
            Choice("training", "mode", {"train()": True, "eval()": False}),
            Slider("draw_number", "mask", (1, 2, 3, 4, 5), 1, "{} of 5", button="Next mask"),
        ],
        draw,
    )


def _factor(p, variant, training):
    if variant == "standard dropout":
        return 1.0 if training else 1 - p
    return 1 / (1 - p) if training and p < 1 else 1.0


def _elements(mask, out, factor):
    kept = np.ones(len(X), bool) if mask is None else mask
    factor_text = f"× {factor:.2f}" if kept.any() else "nothing is left to scale"
    return [
        *_row(92, "x", X, np.ones(len(X), bool), "soft"),
        *_mask_row(128, kept, mask is None),
        svg.text(4, 172, "scale", 13),
        svg.text(64, 172, factor_text, 14, fill="with-dropout", font_weight="bold"),
        *_row(310, "y", out, kept, "with-dropout"),
    ]


def _mask_row(y, kept, no_mask):
    elements = [svg.text(4, y + 4, "mask", 13)]
    if no_mask:
        return [*elements, svg.text(64, y + 4, "none: every unit passes", 13, fill="soft")]
    for column, keep in enumerate(kept):
        x = _x(column)
        elements.append(svg.text(x, y + 4, int(keep), 15, "middle", "ink" if keep else "soft"))
    return elements


def _row(bottom, name, values, kept, fill):
    elements = [
        svg.text(4, bottom - 6, name, 15, font_style="italic"),
        svg.line(48, bottom, 432, bottom, "soft"),
        svg.text(432, bottom + 22, f"sum {values.sum():.2f}", 14, "end", font_weight="bold"),
    ]
    for column, (value, keep) in enumerate(zip(values, kept, strict=True)):
        x, height = _x(column), 24 * min(value, _CEILING)
        if keep:
            elements.append(svg.rect(x - 14, bottom - height, 28, height, fill))
            elements.append(svg.text(x, bottom - height - 5, f"{value:.2g}", 12, "middle"))
        else:
            elements.append(svg.text(x, bottom - 5, "0", 12, "middle", "soft"))
    return elements


def _x(column):
    return 76 + 48 * column


def _reading(p, variant, training, mask, out, factor):
    mode = "training" if training else "evaluation"
    head = f"{variant.capitalize()}, {mode}, p = {p:.1f}: "
    if mask is None:
        return head + (
            f"no mask, everything times {factor:.2f}, and the sum of 9.00 becomes {out.sum():.2f}."
        )
    dropped = int((~mask).sum())
    if dropped == len(X):
        return head + f"all {dropped} units dropped; nothing is left to scale, and the sum is 0.00."
    who = f"{dropped} of {len(X)} units dropped, the others" if dropped else "no unit dropped, all"
    return head + f"{who} times {factor:.2f}; the sum of 9.00 becomes {out.sum():.2f}."
