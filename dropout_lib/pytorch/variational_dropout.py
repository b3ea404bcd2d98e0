"""Variational dropout for sequences: one mask for all time steps.

    training     y[t] = m * x[t] / (1 - p)   for every t        evaluation   y = x

with m ~ Bernoulli(1 - p), one draw per case and unit. Gal and Ghahramani, NeurIPS 2016,
section 4; also known as locked dropout.
"""

import torch

from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    inverted_scale,
    keep_mask,
)
from .module import DropoutModule


def variational_dropout_forward(
    x,
    dropout_rate=0.5,
    training=True,
    generator=None,
    *,
    mask=None,
    batch_first=False,
    inplace=False,
):
    """Variational dropout, forward: the same units are dropped in every time step.

    Args:
        x: (T, N, F), or (N, T, F) with ``batch_first``, or (T, F) for one sequence.
        dropout_rate: probability p to drop a unit, in [0, 1].
        training: False returns x itself.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        mask: keep-mask to use instead of drawing one: x's shape with 1 for the time.
        batch_first: where the time axis is.
        inplace: write the result into x.

    Returns:
        out, and the keep-mask used (None in evaluation).

    Raises:
        ValueError: x has neither 2 nor 3 axes, dropout_rate is not in [0, 1], or the mask does
            not fit.
        TypeError: x is not floating point.

    >>> import torch
    >>> variational_dropout_forward(torch.ones(2, 1, 2), mask=torch.tensor([[[True, False]]]))[0]
    tensor([[[2., 0.]],
    <BLANKLINE>
            [[2., 0.]]])
    """
    check_floating(x)
    p = check_probability(dropout_rate)
    shape = _mask_shape(x, batch_first)
    if not training:
        return x, None
    mask = keep_mask(shape, p, generator, mask, x.device)  # 1 for the time
    return apply_keep_mask(x, mask, inverted_scale(p), inplace), mask


def variational_dropout_backward(grad_output, mask, dropout_rate=0.5, *, batch_first=False):
    """What autograd does with :func:`variational_dropout_forward`.

    >>> import torch
    >>> variational_dropout_backward(torch.ones(2, 2), torch.tensor([[True, False]]))
    tensor([[2., 0.],
            [2., 0.]])
    """
    check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output
    mask = check_mask(mask, torch.Size(_mask_shape(grad_output, batch_first)))
    return apply_keep_mask(grad_output, mask, inverted_scale(p))


def _mask_shape(x, batch_first):
    """x's shape with 1 for the time."""
    if x.dim() not in (2, 3):
        raise ValueError(
            "VariationalDropout needs a sequence, (T, N, F), (N, T, F) with batch_first, or "
            f"(T, F), but got shape {tuple(x.shape)}"
        )
    time = 1 if batch_first and x.dim() == 3 else 0
    return tuple(1 if axis == time else size for axis, size in enumerate(x.shape))


class VariationalDropout(DropoutModule):
    """One mask for all time steps; see :func:`variational_dropout_forward`.

    Args:
        p: probability to drop a unit, in [0, 1].
        inplace: write the result into the input.
        batch_first: True for (N, T, F), False for (T, N, F).
        generator: ``torch.Generator``; None uses PyTorch's global one.

    >>> import torch
    >>> layer = VariationalDropout(0.5, batch_first=True)
    >>> layer
    VariationalDropout(p=0.5, inplace=False, batch_first=True)
    >>> layer(torch.ones(1, 2, 2), mask=torch.tensor([[[True, False]]]))
    tensor([[[2., 0.],
             [2., 0.]]])
    """

    def __init__(self, p=0.5, inplace=False, batch_first=False, *, generator=None):
        super().__init__(p, inplace, generator=generator)
        self.batch_first = batch_first

    def _forward(self, x, p, training, generator, *, mask, inplace):
        return variational_dropout_forward(
            x, p, training, generator, mask=mask, batch_first=self.batch_first, inplace=inplace
        )

    def extra_repr(self):
        return f"{super().extra_repr()}, batch_first={self.batch_first}"
