"""Schematic pictures as SVG text: one element a line, so that frames can share what is equal."""

import base64
import io
from html import escape

import numpy as np

from .theme import colour


def _attributes(named):
    return "".join(f' {key.replace("_", "-")}="{value}"' for key, value in named.items())


def _n(value):
    """A coordinate in at most one decimal: equal on every machine, and short."""
    return f"{round(float(value), 1):g}"


def circle(x, y, r, fill="ink", **more):
    place = f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"'
    return f'<circle {place} fill="{_paint(fill)}"{_attributes(more)}/>'


def line(x1, y1, x2, y2, stroke="ink", width=1, **more):
    return (
        f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" '
        f'stroke="{_paint(stroke)}" stroke-width="{width}"{_attributes(more)}/>'
    )


def rect(x, y, width, height, fill="ink", **more):
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'fill="{_paint(fill)}"{_attributes(more)}/>'
    )


def text(x, y, words, size=13, anchor="start", fill="ink", **more):
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size}" text-anchor="{anchor}" '
        f'style="fill:{_paint(fill)}"{_attributes(more)}>{escape(str(words))}</text>'
    )


def digit(x, y, size, pixels):
    """A grey picture (height, width) with values in [0, 1], white on black as MNIST has it."""
    from PIL import Image

    image = Image.fromarray(np.round(255 * np.asarray(pixels)).astype(np.uint8))
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True)
    data = base64.b64encode(png.getvalue()).decode()
    return (
        f'<image x="{_n(x)}" y="{_n(y)}" width="{_n(size)}" height="{_n(size)}" '
        f'href="data:image/png;base64,{data}"/>'
    )


def image(x, y, width, height, png):
    """A picture, given as the base64 text of a PNG, with its pixels as squares."""
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<image {place} style="image-rendering:pixelated" href="data:image/png;base64,{png}"/>'


def _paint(name):
    return name if name == "none" else colour(name)


def drawing(width, height, elements, max_width=None):
    """An svg element of the given size in user units; it scales to the width it finds."""
    style = f' style="max-width:{max_width}px"' if max_width else ""
    opening = f'<svg viewBox="0 0 {width} {height}" aria-hidden="true"{style}>'
    return "\n".join([opening, *elements, "</svg>"])
