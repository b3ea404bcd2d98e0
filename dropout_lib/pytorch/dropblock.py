"""DropBlock: drop squares of a feature map, with a drop probability that is p.

    training     y[n, c, i, j] = m[n, c, i, j] * x[n, c, i, j] / (1 - p)        evaluation   y = x

A square of b x b units is dropped wherever one of many rare draws says so. How rare they have to
be, so that each unit is dropped with probability p, is derived in
:mod:`dropout_lib.scratch.dropblock`. Ghiasi, Lin and Le, NeurIPS 2018.
"""

import math
from numbers import Integral

from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    draw_keep_mask,
    inverted_scale,
    keep_mask,
)
from .module import DropoutModule


def dropblock_forward(
    x,
    dropout_rate=0.5,
    training=True,
    generator=None,
    *,
    mask=None,
    block_size=3,
    inplace=False,
):
    """DropBlock, forward: squares of units are dropped, in each case and feature map others.

    Args:
        x: (N, C, H, W), floating point.
        dropout_rate: probability p to drop a unit, in [0, 1]. It is the same for every unit, at
            the border too.
        training: False returns x itself, as torch.nn does.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        mask: keep-mask of x's shape to use instead of drawing one; without effect in evaluation.
        block_size: side b of the squares, in units, at least 1; it may be larger than the map.
        inplace: write the result into x.

    Returns:
        out, and the keep-mask used (None in evaluation).

    Raises:
        ValueError: x has not 4 axes, dropout_rate is not in [0, 1], block_size is no positive
            integer, or the mask does not fit x.
        TypeError: x is not floating point.

    >>> import torch
    >>> keep = torch.tensor([[[[True, False, False], [True, False, False]]]])
    >>> dropblock_forward(torch.ones(1, 1, 2, 3), mask=keep, block_size=2)[0][0, 0]
    tensor([[2., 0., 0.],
            [2., 0., 0.]])
    """
    check_floating(x)
    p = check_probability(dropout_rate)
    check_block_size(block_size)
    _check_axes(x)
    if not training:
        return x, None
    if mask is None:
        mask = draw_block_mask(x.shape, p, block_size, generator, x.device)
    else:
        mask = keep_mask(x.shape, p, mask=mask)
    return apply_keep_mask(x, mask, inverted_scale(p), inplace), mask


def dropblock_backward(grad_output, mask, dropout_rate=0.5):
    """What autograd does with :func:`dropblock_forward`: dL/dx = m * dL/dy / (1 - p).

    Arguments and errors as for :func:`~dropout_lib.pytorch.dropout_backward`.

    >>> import torch
    >>> dropblock_backward(torch.ones(1, 1, 1, 3), torch.tensor([[[[True, False, False]]]]), 0.75)
    tensor([[[[4., 0., 0.]]]])
    """
    check_floating(grad_output)
    p = check_probability(dropout_rate)
    _check_axes(grad_output)
    if mask is None:
        return grad_output
    return apply_keep_mask(grad_output, check_mask(mask, grad_output.shape), inverted_scale(p))


def seed_rate(p, block_size):
    """The probability gamma = 1 - (1 - p)^(1 / b²) with which a square begins at a place.

    Args:
        p: probability to drop a unit, in [0, 1].
        block_size: side b of the squares.

    >>> round(seed_rate(0.5, block_size=3), 4)
    0.0741
    """
    p, block_size = check_probability(p), check_block_size(block_size)
    if p == 1:
        return 1.0
    return -math.expm1(math.log1p(-p) / block_size**2)  # exact where p is small, too


def draw_block_mask(shape, p, block_size=3, generator=None, device=None):
    """Draw a keep-mask whose dropped units are squares that may overlap.

    A square is named by its lower right corner. Corners lie within the map and up to b - 1 rows
    below it and columns right of it, so that each unit lies in exactly b² possible squares.

    Args:
        shape: (N, C, H, W).
        p: probability to drop a unit, in [0, 1]; realised to within b² * 2**-33.
        block_size: side b of the squares.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        device: where the mask is to be.

    Returns:
        bool tensor (N, C, H, W), True = keep.

    Raises:
        ValueError: p is not in [0, 1], or block_size is no positive integer.

    >>> import torch
    >>> draw_block_mask((2, 3, 4, 4), 0.5, 3, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3, 4, 4])
    """
    gamma = seed_rate(p, block_size)
    n, c, height, width = shape
    corners = (n, c, height + block_size - 1, width + block_size - 1)
    free = draw_keep_mask(corners, gamma, generator, device)  # True: no square here
    return _free_windows(_free_windows(free, block_size, axis=2), block_size, axis=3)


def _free_windows(free, size, axis):
    """Whether all of each ``size`` neighbours along an axis are free; size - 1 entries fewer.

    Two windows side by side make one of twice the width, so that few passes are needed.
    """
    width = 1
    while width < size:
        step = min(width, size - width)
        length = free.shape[axis] - step
        free = free.narrow(axis, 0, length) & free.narrow(axis, step, length)
        width += step
    return free


def check_block_size(block_size):
    """Return the side of a square; ValueError if it is no positive integer."""
    if not isinstance(block_size, Integral) or isinstance(block_size, bool) or block_size < 1:
        raise ValueError(f"block_size has to be an integer from 1 on, but got {block_size!r}")
    return int(block_size)


def _check_axes(x):
    if x.dim() != 4:
        raise ValueError(
            f"dropblock needs 4 axes, (N, C, H, W), but got shape {tuple(x.shape)}: for one "
            "picture (C, H, W) add the batch axis, x[None]"
        )


class DropBlock2d(DropoutModule):
    """Drops squares of units of (N, C, H, W); arguments as ``torchvision.ops.DropBlock2d``.

    Every unit is dropped with probability p, and what is kept is multiplied by 1 / (1 - p): see
    :func:`dropblock_forward`. torchvision's module differs in both, and follows the paper, whose
    drop rate lies below p: :mod:`dropout_lib.scratch.dropblock` says why.

    Args:
        p: probability to drop a unit, in [0, 1].
        block_size: side of the squares, in units.
        inplace: write the result into the input.
        generator: ``torch.Generator``; None uses PyTorch's global one.

    Raises:
        ValueError: p is not in [0, 1], block_size is no positive integer, the input has not 4
            axes, or a replayed mask does not fit.
        TypeError: the input is not floating point.

    >>> import torch
    >>> layer = DropBlock2d(0.5, block_size=2)
    >>> layer
    DropBlock2d(p=0.5, block_size=2, inplace=False)
    >>> layer(torch.ones(1, 1, 2, 3), mask=torch.tensor([[[[1, 0, 0], [1, 0, 0]]]]))[0, 0]
    tensor([[2., 0., 0.],
            [2., 0., 0.]])
    """

    def __init__(self, p=0.5, block_size=3, inplace=False, *, generator=None):
        super().__init__(p, inplace, generator=generator)
        self.block_size = check_block_size(block_size)

    def _forward(self, x, p, training, generator, *, mask, inplace):
        return dropblock_forward(
            x, p, training, generator, mask=mask, block_size=self.block_size, inplace=inplace
        )

    def extra_repr(self):
        return f"p={self.p}, block_size={self.block_size}, inplace={self.inplace}"
