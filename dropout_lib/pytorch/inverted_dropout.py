"""Inverted dropout: ``torch.nn.Dropout`` with a generator and replayable masks.

    training     y = m * x / (1 - p)        evaluation   y = x

with m ~ Bernoulli(1 - p), one draw per unit and training case. Srivastava et al., JMLR 15 (2014),
section 4, with the scaling in training that section 10 mentions.
"""

from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    inverted_scale,
    keep_mask,
)
from .module import DropoutModule


def dropout_forward(
    x, dropout_rate=0.5, training=True, generator=None, *, mask=None, inplace=False
):
    """Inverted dropout: y = m * x / (1 - p) in training, y = x in evaluation.

    Srivastava et al. 2014, section 4, with the scaling in training that section 10 mentions.

    Args:
        x: tensor of any shape, floating point.
        dropout_rate: probability p to drop a unit, in [0, 1].
        training: False returns x itself, as torch.nn does.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        mask: keep-mask of x's shape to use instead of drawing one; without effect in evaluation.
        inplace: write the result into x.

    Returns:
        out, and the keep-mask used (None in evaluation).

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit x.
        TypeError: x is not floating point.

    >>> import torch
    >>> mask = torch.tensor([True, False, False, True])
    >>> dropout_forward(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, mask=mask)[0]
    tensor([2., 0., 0., 8.])
    """
    check_floating(x)
    p = check_probability(dropout_rate)
    if not training:
        return x, None
    mask = keep_mask(x.shape, p, generator, mask, x.device)
    return apply_keep_mask(x, mask, inverted_scale(p), inplace), mask


def dropout_backward(grad_output, mask, dropout_rate=0.5):
    """What autograd does with :func:`dropout_forward`: dL/dx = m * dL/dy / (1 - p).

    Args:
        grad_output: dL/dy, the shape of y.
        mask: the mask that ``dropout_forward`` returned; None after evaluation.
        dropout_rate: the p that forward used.

    Returns:
        dL/dx, the shape and dtype of grad_output; after evaluation grad_output itself.

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit grad_output.
        TypeError: grad_output is not floating point.

    >>> import torch
    >>> dropout_backward(torch.ones(3), torch.tensor([True, False, True]), 0.75)
    tensor([4., 0., 4.])
    """
    check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output
    return apply_keep_mask(grad_output, check_mask(mask, grad_output.shape), inverted_scale(p))


class Dropout(DropoutModule):
    """Inverted dropout: y = m * x / (1 - p) in training, y = x in evaluation.

    Drop-in for ``torch.nn.Dropout``; differs where that one returns NaN: a dropped unit is
    exactly 0 even where x is infinite or NaN. Srivastava et al. 2014, sections 4 and 10.

    Args:
        p: probability to drop a unit, in [0, 1].
        inplace: write the result into the input.
        generator: ``torch.Generator``; None uses PyTorch's global one.

    Raises:
        ValueError: p is not in [0, 1], or a replayed mask does not fit.
        TypeError: the input is not floating point.

    >>> import torch
    >>> layer = Dropout(p=0.5)
    >>> layer
    Dropout(p=0.5, inplace=False)
    >>> layer(torch.tensor([1.0, 2.0, 3.0]), mask=torch.tensor([True, False, True]))
    tensor([2., 0., 6.])
    """

    _forward = staticmethod(dropout_forward)
