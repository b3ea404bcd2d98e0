"""DropBlock: drop squares of a feature map, with a drop probability that is p.

Neighbouring units of a feature map say nearly the same. Spatial dropout takes the whole map away;
DropBlock takes squares of b x b units, which cover a unit together with its neighbours:

    training     y[n, c, i, j] = m[n, c, i, j] * x[n, c, i, j] / (1 - p)
    evaluation   y = x

Ghiasi, Lin and Le, "DropBlock: A regularization method for convolutional networks", NeurIPS 2018,
with masks drawn for every feature map by itself, as in their Algorithm 1. Their keep_prob is the
probability to *keep*; here p is the probability to drop.

**How often a square may begin.** Let each of the places where a square can lie get one with
probability gamma, independently. If a unit lies in k possible squares, it is kept when none of
them is there:

    P(kept) = (1 - gamma)^k

A square that may reach over the border of the map can lie in (H + b - 1)(W + b - 1) places, and
each unit, in the middle or in a corner, lies in k = b² of them. So P(kept) = 1 - p, everywhere and
for every size of map and square, if

    gamma = 1 - (1 - p)^(1 / b²)

**What the paper does instead.** Its squares lie wholly inside the map, and its equation (1) sets
gamma = p / b² * HW / ((H - b + 1)(W - b + 1)). Then the share of dropped units would be p on
average if overlaps were counted twice. They are not, so the real drop rate is lower wherever
squares can overlap: it is the mean of 1 - (1 - gamma)^k over the map, and gamma * k has mean p.
The authors call this an approximation. Where p is small it is a good one over the whole map, but
not place by place: a unit in a corner lies in one possible square only and is dropped far less
often than p, and one in the middle, in return, more often.

Because its rate isn't p, the paper scales by what was kept: count(m) / count_ones(m), in its
published code over the whole batch. That makes the average factor on a unit 1, whatever the rate.
But then a case's output depends on the other cases' luck, nothing is defined where all is dropped,
and border and middle get the same factor although they are dropped at different rates. With an
exact rate none of this is needed: 1 / (1 - p) is right for each unit, as in all inverted dropout.

**Units are dropped together.** Let two units lie r rows and s columns apart. They have
o = max(0, b - r) * max(0, b - s) possible squares in common, so 2b² - o squares must be absent for
both to be kept:

    P(both kept) = (1 - gamma)^(2b² - o) = (1 - p)^(2 - o / b²)

For units d < b apart in a row or column the correlation of their masks is therefore
((1 - p)^(d / b) - (1 - p)) / p, and it is 0 from d = b on.

**The two ends.** With b = 1 this is :class:`~dropout_lib.scratch.Dropout`. With a square larger
than the map it is *not* yet :class:`~dropout_lib.scratch.Dropout2d`: the square's border may run
through the map and drop a part of it. A map is kept whole with probability
(1 - p)^((H + b - 1)(W + b - 1) / b²), which comes near 1 - p only where b is much larger than H
and W.
"""

import math
from numbers import Integral

import numpy as np

from .layer import DropoutLayer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    draw_keep_mask,
    inverted_scale,
    keep_mask,
)


def dropblock_forward(x, dropout_rate=0.5, training=True, rng=None, *, mask=None, block_size=3):
    """DropBlock, forward: squares of units are dropped, in each case and feature map others.

    Args:
        x: (N, C, H, W), float16, float32 or float64; not changed.
        dropout_rate: probability p to drop a unit, in [0, 1]. It is the same for every unit, at
            the border too.
        training: True drops and scales; False returns a copy of x.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.
        mask: keep-mask of x's shape to use instead of drawing one; without effect in evaluation.
        block_size: side b of the squares, in units, at least 1; it may be larger than the map.

    Returns:
        out: array of x's shape and dtype.
        mask: the keep-mask used (bool, True = keep), or None in evaluation.

    Raises:
        ValueError: x has not 4 axes, dropout_rate is not in [0, 1], block_size is no positive
            integer, or the mask does not fit x.
        TypeError: x is not floating point, or rng is not a Generator.

    >>> import numpy as np
    >>> x = np.ones((1, 1, 5, 8))
    >>> out, mask = dropblock_forward(x, 0.5, rng=np.random.default_rng(6), block_size=3)
    >>> out[0, 0]
    array([[2., 2., 0., 0., 0., 2., 2., 2.],
           [2., 2., 0., 0., 0., 2., 2., 2.],
           [2., 0., 0., 0., 2., 2., 0., 0.],
           [0., 0., 0., 0., 2., 2., 0., 0.],
           [0., 0., 0., 0., 2., 0., 0., 0.]])
    """
    x = check_floating(x)
    p = check_probability(dropout_rate)
    check_block_size(block_size)
    _check_axes(x)
    if not training:
        return x.copy(), None
    if mask is None:
        mask = draw_block_mask(x.shape, p, block_size, rng)
    else:
        mask = keep_mask(x.shape, p, mask=mask)
    return apply_keep_mask(x, mask, inverted_scale(p)), mask


def dropblock_backward(grad_output, mask, dropout_rate=0.5):
    """DropBlock, backward: dL/dx = m * dL/dy / (1 - p), with forward's own mask.

    Arguments and errors as for :func:`~dropout_lib.scratch.dropout_backward`; grad_output has 4
    axes. The size of the squares does not matter any more: it is in the mask.

    >>> import numpy as np
    >>> keep = np.array([[[[True, False, False], [True, False, False]]]])
    >>> dropblock_backward(np.ones((1, 1, 2, 3)), keep, 0.75)[0, 0]
    array([[4., 0., 0.],
           [4., 0., 0.]])
    """
    grad_output = check_floating(grad_output)
    p = check_probability(dropout_rate)
    _check_axes(grad_output)
    if mask is None:
        return grad_output.copy()
    return apply_keep_mask(grad_output, check_mask(mask, grad_output.shape), inverted_scale(p))


def seed_rate(p, block_size):
    """The probability gamma = 1 - (1 - p)^(1 / b²) that a square lies at a given place.

    Args:
        p: probability to drop a unit, in [0, 1].
        block_size: side b of the squares.

    Raises:
        ValueError: p is not in [0, 1], or block_size is no positive integer.

    >>> round(seed_rate(0.5, block_size=1), 4), round(seed_rate(0.5, block_size=3), 4)
    (0.5, 0.0741)
    """
    p, block_size = check_probability(p), check_block_size(block_size)
    if p == 1:
        return 1.0
    return -math.expm1(math.log1p(-p) / block_size**2)  # exact where p is small, too


def draw_block_mask(shape, p, block_size=3, rng=None):
    """Draw a keep-mask whose dropped units are squares that may overlap.

    A square is named by its lower right corner. Corners lie within the map and up to b - 1 rows
    below it and columns right of it, so that each unit lies in exactly b² possible squares.

    Args:
        shape: (N, C, H, W).
        p: probability to drop a unit, in [0, 1].
        block_size: side b of the squares.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.

    Returns:
        bool array (N, C, H, W), True = keep.

    Raises:
        ValueError: p is not in [0, 1], or block_size is no positive integer.
        TypeError: rng is not a Generator.

    >>> import numpy as np
    >>> draw_block_mask((1, 1, 3, 8), 0.5, 2, np.random.default_rng(6))[0, 0].astype(int)
    array([[1, 0, 0, 0, 0, 0, 1, 1],
           [1, 1, 1, 1, 0, 0, 1, 1],
           [1, 1, 1, 1, 1, 1, 0, 0]])
    """
    gamma = seed_rate(p, block_size)
    n, c, height, width = shape
    corners = (n, c, height + block_size - 1, width + block_size - 1)
    free = draw_keep_mask(corners, gamma, rng)  # True: no square here
    return _free_windows(_free_windows(free, block_size, axis=2), block_size, axis=3)


def _free_windows(free, size, axis):
    """Whether all of each ``size`` neighbours along an axis are free; size - 1 entries fewer.

    Two windows side by side make one of twice the width, so that few passes are needed.
    """
    free, width = np.moveaxis(free, axis, 0), 1
    while width < size:
        step = min(width, size - width)
        free = free[:-step] & free[step:]
        width += step
    return np.moveaxis(free, 0, axis)


def check_block_size(block_size):
    """Return the side of a square; ValueError if it is no positive integer.

    >>> check_block_size(0)
    Traceback (most recent call last):
    ...
    ValueError: block_size has to be an integer from 1 on, but got 0
    """
    if not isinstance(block_size, Integral) or isinstance(block_size, bool) or block_size < 1:
        raise ValueError(f"block_size has to be an integer from 1 on, but got {block_size!r}")
    return int(block_size)


def _check_axes(x):
    if x.ndim != 4:
        raise ValueError(
            f"dropblock needs 4 axes, (N, C, H, W), but got shape {x.shape}: for one "
            "picture (C, H, W) add the batch axis, x[None]"
        )


class DropBlock2d(DropoutLayer):
    """Drops squares of units of (N, C, H, W); see :func:`dropblock_forward`.

    Args:
        p: probability to drop a unit, in [0, 1].
        block_size: side of the squares, in units.
        rng: ``numpy.random.Generator``; None seeds a fresh one.

    Raises:
        ValueError: p is not in [0, 1], or block_size is no positive integer.
        RuntimeError: ``backward`` before ``forward``.

    >>> import numpy as np
    >>> layer = DropBlock2d(0.5, block_size=2, rng=np.random.default_rng(6))
    >>> layer.forward(np.ones((1, 1, 3, 8)))[0, 0]
    array([[2., 0., 0., 0., 0., 0., 2., 2.],
           [2., 2., 2., 2., 0., 0., 2., 2.],
           [2., 2., 2., 2., 2., 2., 0., 0.]])
    """

    def __init__(self, p=0.5, block_size=3, *, rng=None):
        super().__init__(p, rng=rng)
        self.block_size = check_block_size(block_size)

    def _forward(self, x, p, training, rng, *, mask):
        return dropblock_forward(x, p, training, rng, mask=mask, block_size=self.block_size)

    def _backward(self, grad_output, mask, p):
        return dropblock_backward(grad_output, mask, p)

    def __repr__(self):
        return f"DropBlock2d(p={self.p}, block_size={self.block_size})"
