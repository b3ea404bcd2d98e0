"""A converter: a number in a paper or a library, and the drop probability that it means."""

import math
from dataclasses import dataclass

from .explorer import Choice, Explorer, Picture, Slider

RATES = (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Convention:
    """What a number stands for, and who writes it so."""

    kind: str
    written_by: str


CONVENTIONS = {
    "keep": Convention(
        "a probability to keep (retention)",
        "Srivastava et al. 2014, Wan et al. 2013, TensorFlow 1 (keep_prob), DropBlock (keep_prob)",
    ),
    "drop": Convention(
        "a probability to drop",
        "torch.nn, Keras, TensorFlow 2, Flax, and this book",
    ),
    "alpha": Convention(
        "α, the variance of multiplicative noise",
        "Gaussian dropout, Kingma et al. 2015: noise of mean 1 and variance α",
    ),
}


def to_drop_probability(value, convention):
    """The drop probability p that a number stands for.

    Args:
        value: the number, in [0, 1] for "drop" and "keep", at least 0 for "alpha".
        convention: "drop", "keep", or "alpha" for the variance p / (1 - p) of the noise.

    Raises:
        ValueError: an unknown convention, or a value outside of its range.

    >>> to_drop_probability(0.8, "keep")
    0.2
    >>> to_drop_probability(1.0, "alpha")
    0.5
    """
    if convention not in CONVENTIONS:
        known = ", ".join(CONVENTIONS)
        raise ValueError(f"no convention is named {convention!r}: choose one of {known}")
    if not (value >= 0 and (convention == "alpha" or value <= 1)):
        limit = "at least 0" if convention == "alpha" else "between 0 and 1"
        raise ValueError(f"{CONVENTIONS[convention].kind} has to be {limit}, but got {value}")
    p = {"drop": value, "keep": 1 - value, "alpha": value / (1 + value)}[convention]
    return round(p, 12)


def drop_or_keep():
    """The number that is printed and what it means -> p, retention, scale and noise."""

    def draw(value, convention):
        p = to_drop_probability(value, convention)
        rows = (
            ("probability to drop, p", f"{p:.3g}"),
            ("probability to keep", f"{1 - p:.3g}"),
            ("scale in training, 1 / (1 − p)", f"{1 / (1 - p):.3g}"),
            ("variance of the noise, p / (1 − p)", f"{p / (1 - p):.3g}"),
            ("standard deviation of the noise", f"{math.sqrt(p / (1 - p)):.3g}"),
            ("in PyTorch", f"<code>nn.Dropout({p:.3g})</code>"),
        )
        body = "\n".join(
            f'<tr><td style="text-align:left;padding:.15rem 1.5rem .15rem 0">{name}</td>'
            f'<td style="text-align:left"><strong>{number}</strong></td></tr>'
            for name, number in rows
        )
        known = CONVENTIONS[convention]
        markup = (
            f'<table style="border:0;margin:0">\n{body}\n</table>\n'
            f'<p class="dx-caption">Written so by {known.written_by}.</p>'
        )
        if convention == "alpha":
            return Picture(
                markup, f"Gaussian noise of variance {value:g} varies as much as p = {p:.3g}."
            )
        reading = (
            f"{value:g} as {known.kind} means p = {p:.3g}: units are kept with probability "
            f"{1 - p:.3g} and multiplied by {1 / (1 - p):.3g} in training."
        )
        return Picture(markup, reading)

    return Explorer(
        "drop-or-keep",
        "Drop or keep?",
        "Set the number that you read somewhere, then say what its author means by it. At 0.5 "
        "nobody notices a mix-up. Try 0.8.",
        [
            Slider("value", "the number printed", RATES, 0.8, "{:g}"),
            Choice(
                "convention",
                "it is",
                {known.kind: name for name, known in CONVENTIONS.items()},
            ),
        ],
        draw,
    )
