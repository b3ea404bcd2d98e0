"""The functional side of ``dropout_lib.pytorch``, named as in ``torch.nn.functional``.

Everywhere p is the probability to drop, and ``mask`` a keep-mask: True where a unit stays.
"""

from numbers import Real

import torch


def check_probability(p):
    """Return the drop probability as a float; ValueError, worded as in torch.nn, if it is none."""
    if not isinstance(p, Real) or not 0 <= p <= 1:  # NaN compares false and is refused too
        got = p if isinstance(p, Real) else repr(p)
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {got}")
    return float(p)


def keep_mask_like(input, p, generator=None):
    """Draw a keep-mask of input's shape, device and memory format: True = keep.

    Args:
        input: tensor of any shape.
        p: probability to drop, in [0, 1].
        generator: ``torch.Generator``; None uses PyTorch's global one.

    Raises:
        ValueError: p is not in [0, 1].

    >>> x = torch.zeros(4)
    >>> keep_mask_like(x, 0.5, torch.Generator().manual_seed(0)).shape
    torch.Size([4])
    """
    keep = 1 - check_probability(p)
    return torch.empty_like(input, dtype=torch.bool).bernoulli_(keep, generator=generator)


def _check_input(input):
    if not input.is_floating_point():
        raise TypeError(
            f"dropout needs floating point input, but got {input.dtype}: "
            "convert first, for example integers with x.float()"
        )


def _check_mask(mask, shape):
    if not isinstance(mask, torch.Tensor):
        raise TypeError(f"the mask has to be a tensor, but got {type(mask).__name__}")
    if mask.shape != shape:
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)}, but the input has shape {tuple(shape)}"
        )
    if mask.dtype != torch.bool:
        wrong = mask[(mask != 0) & (mask != 1)]
        if wrong.numel():
            raise ValueError(
                "a mask holds 1 where a unit is kept and 0 where it is dropped, but got "
                f"{wrong[0].item()}"
            )
    return mask.bool()


def _apply_keep_mask(input, mask, scale, inplace=False):
    if scale == 0:  # p = 1: nothing is kept, whatever the mask says
        mask = torch.zeros_like(mask)
    # masked_fill and not a product with the mask: 0 * inf is NaN, in both directions
    if inplace:
        return input.masked_fill_(~mask, 0).mul_(scale)
    kept = input.clone().masked_fill_(~mask, 0)  # clone keeps the memory format
    return kept if scale == 1 else kept * scale


def _masked(input, p, inplace, generator, mask, scale):
    """Drop with the given mask, or one drawn here; returns (out, mask)."""
    if mask is None:
        mask = keep_mask_like(input, p, generator)
    else:
        mask = _check_mask(mask, input.shape).clone()  # the caller may change theirs
    return _apply_keep_mask(input, mask, scale, inplace), mask


def _inverted_scale(p):
    return 1 / (1 - p) if p < 1 else 0.0  # at p = 1 nothing is left to scale


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

    >>> mask = torch.tensor([True, False, False, True])
    >>> dropout_forward(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5, mask=mask)[0]
    tensor([2., 0., 0., 8.])
    """
    _check_input(x)
    p = check_probability(dropout_rate)
    if not training:
        return x, None
    return _masked(x, p, inplace, generator, mask, _inverted_scale(p))


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

    >>> dropout_backward(torch.ones(3), torch.tensor([True, False, True]), 0.75)
    tensor([4., 0., 4.])
    """
    _check_input(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output
    return _apply_keep_mask(grad_output, _check_mask(mask, grad_output.shape), _inverted_scale(p))


def standard_dropout_forward(
    x, dropout_rate=0.5, training=True, generator=None, *, mask=None, inplace=False
):
    """Standard dropout: y = m * x in training, y = (1 - p) * x in evaluation.

    Srivastava et al. 2014, section 4. Arguments, returns and errors as :func:`dropout_forward`.

    >>> x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    >>> standard_dropout_forward(x, 0.5, training=False)[0]
    tensor([0.5000, 1.0000, 1.5000, 2.0000])
    """
    _check_input(x)
    p = check_probability(dropout_rate)
    if not training:
        return (x.mul_(1 - p) if inplace else x * (1 - p)), None
    return _masked(x, p, inplace, generator, mask, scale=1)


def standard_dropout_backward(grad_output, mask, dropout_rate=0.5):
    """What autograd does with :func:`standard_dropout_forward`: dL/dx = m * dL/dy.

    After evaluation (1 - p) * dL/dy. Arguments, returns and errors as :func:`dropout_backward`.

    >>> standard_dropout_backward(torch.ones(3), torch.tensor([True, False, True]), 0.75)
    tensor([1., 0., 1.])
    """
    _check_input(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output * (1 - p)
    return _apply_keep_mask(grad_output, _check_mask(mask, grad_output.shape), 1)


def dropout(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """``torch.nn.functional.dropout``, with a generator and a mask to replay.

    Returns the output alone; arguments and errors otherwise as :func:`dropout_forward`.

    >>> dropout(torch.ones(3), 0.5, mask=torch.tensor([True, False, True]))
    tensor([2., 0., 2.])
    """
    return dropout_forward(input, p, training, generator, mask=mask, inplace=inplace)[0]


def standard_dropout(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """Standard dropout with the arguments of ``torch.nn.functional.dropout``.

    Returns the output alone; arguments and errors otherwise as :func:`standard_dropout_forward`.

    >>> standard_dropout(torch.ones(3), 0.5, mask=torch.tensor([True, False, True]))
    tensor([1., 0., 1.])
    """
    return standard_dropout_forward(input, p, training, generator, mask=mask, inplace=inplace)[0]
