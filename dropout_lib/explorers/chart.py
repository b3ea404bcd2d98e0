"""Charts: matplotlib's drawing, turned into SVG that follows the page's colours and font."""

import io
import re
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from .explorer import Picture
from .theme import COLOURS

LIGHT = {name: light for name, (light, _) in COLOURS.items()}

_RC = {
    "svg.fonttype": "none",  # text stays text: selectable, and in the page's font
    "svg.hashsalt": "dropout",  # the same figure gives the same ids
    "font.size": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LIGHT["soft"],
    "axes.labelcolor": LIGHT["ink"],
    "xtick.color": LIGHT["soft"],
    "ytick.color": LIGHT["soft"],
    "text.color": LIGHT["ink"],
    "lines.linewidth": 1.8,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
}


@contextmanager
def axes(columns=1, width=4.4, height=2.6, **options):
    """A matplotlib figure with the book's style; yields (figure, axes).

    It is made without pyplot, so that nothing stays behind and nothing is shown twice.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_RC):
        figure = Figure(figsize=(width, height))
        # fixed margins: to fit them takes matplotlib longer than to draw the rest
        figure.subplots_adjust(
            left=0.5 / width, right=1 - 0.1 / width, bottom=0.42 / height, top=1 - 0.12 / height
        )
        yield figure, figure.subplots(1, columns, **options)


def picture(figure, reading):
    """The figure as a :class:`Picture`; ``reading`` says in words what is to be seen."""
    return Picture(to_svg(figure), reading)


def to_svg(figure):
    """The figure as one svg element: rounded numbers, themed colours, no fixed size."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context(_RC):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]*)"', svg)[1]
    opening = f'<svg viewBox="{box}" aria-hidden="true" class="dx-chart">'
    svg = re.sub(r"<svg[^>]*>", opening, svg, count=1)
    svg = re.sub(r"<[^>]*>", _rounded, svg)  # within tags: a tick's 0.001 stays what it is
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)  # the page's font
    for name, light in LIGHT.items():
        svg = svg.replace(light, f"var(--dx-{name})")
    referenced = set(re.findall(r"#([\w-]+)[)\"]", svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in referenced else "", svg)
    svg = re.sub(r'"[^"]*"', lambda m: re.sub(r"\s+", " ", m[0]), svg)  # a path on one line
    return re.sub(r"\n\s*", "\n", svg).strip()


def _rounded(tag):
    return re.sub(r"-?\d+\.\d+", lambda number: f"{round(float(number[0]), 2):g}", tag[0])


def apart(places, gap):
    """Places for labels on an axis, moved so that no two are closer than the gap.

    >>> apart([0.0, 1.0, 5.0], gap=2)
    [-0.5, 1.5, 4.5]
    """
    order = np.argsort(places)
    moved = np.array(places, dtype=float)
    for low, high in pairwise(order):
        push = gap - (moved[high] - moved[low])
        if push > 0:
            moved[high] += push
    # back by half of what the highest was pushed, so that the labels stay near their lines
    return (moved - (moved - places).max() / 2).tolist()
