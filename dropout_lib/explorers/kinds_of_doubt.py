"""Pass by pass, what a classifier says of a few pictures, and the two parts of its doubt."""

import numpy as np

from . import svg
from .explorer import Figure, Picture

_ROW, _CLASS, _PASS = 132, 10.5, 9.5  # heights of a picture's row and of a class, width of a pass
_LEFT = 118  # where the passes begin
_NAT = 100 / np.log(10)  # length of a nat: the bars end where all classes are equally likely


def kinds_of_doubt(kinds, shown=24):
    """A row per picture: the picture, the classes that single passes choose, and the entropies.

    Args:
        kinds: a list of (words, image, samples): the image (784,) or (28, 28) in [0, 1], and the
            passes' probabilities (T, 10).
        shown: how many passes are drawn; the entropies are of all.
    """
    elements, readings = [], []
    for row, (words, image, samples) in enumerate(kinds):
        samples = np.asarray(samples, dtype=float)
        total, expected = entropies(samples)
        elements += _row(row * _ROW, words, np.reshape(image, (28, 28)), samples[:shown])
        right = _LEFT + 16 + _PASS * shown
        parts = {"total": total, "expected": expected, "mutual": total - expected}
        for place, (part, entropy) in enumerate(parts.items()):
            y = row * _ROW + 36 + 30 * place
            elements.append(svg.text(right + 6, y, part))
            elements.append(svg.rect(right + 6, y + 4, _NAT * np.log(10), 7, "faint"))
            elements.append(svg.rect(right + 6, y + 4, _NAT * entropy, 7, "with-dropout"))
        told = _told(total, expected)
        often = np.bincount(samples.argmax(axis=1), minlength=10) > 0.02 * len(samples)
        readings.append(f"{words}: the passes choose {_listed(np.flatnonzero(often))}; {told}")
    width = _LEFT + 16 + _PASS * shown + 112
    drawing = svg.drawing(width, _ROW * len(kinds) - 8, elements, max_width=620)
    return Figure(
        Picture(drawing, "; ".join(readings) + "."),
        f"Each column is one pass, each circle a class, its area the probability; {shown} "
        f"of {len(kinds[0][2])} passes are drawn. The bars are the entropies over all; "
        "they would fill the grey if all ten classes were equally likely.",
    )


def _told(total, expected):
    """What the bars show, in words that don't hang on the last digits of a training."""
    share = total / np.log(10)
    if share < 0.1:
        return "hardly any doubt"
    larger = "expected" if expected > total / 2 else "mutual"
    side = "less" if share < 0.5 else "more"
    return f"total {side} than half of what it can be, the larger part of it {larger}"


def _listed(classes):
    return ", ".join(map(str, classes.tolist()))


def entropies(samples):
    """Total and expected entropy (nats) of passes' probabilities (T, K).

    >>> total, expected = entropies(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> round(total, 2), round(expected, 2)
    (0.69, 0.0)
    """

    def entropy(q):
        return -(q * np.log(np.where(q > 0, q, 1.0))).sum(axis=-1)

    return float(entropy(samples.mean(axis=0))), float(entropy(samples).mean())


def _row(top, words, image, samples):
    yield svg.text(0, top + 12, words)
    yield svg.digit(0, top + 22, 84, image)
    for label in range(10):
        y = top + 18 + _CLASS * label
        yield svg.text(_LEFT, y + 3.5, label, size=9.5, anchor="end", fill="soft")
        yield svg.line(_LEFT + 6, y, _LEFT + 10 + _PASS * len(samples), y, "faint", 0.6)
        for place, probability in enumerate(samples[:, label]):
            if probability > 0.02:  # smaller ones would be specks
                radius = 4.6 * np.sqrt(probability)
                x = _LEFT + 12 + _PASS * place
                yield svg.circle(x, y, radius, "with-dropout")
