"""Spatial dropout: ``torch.nn.Dropout1d/2d/3d`` with a generator and replayable masks.

    training     y[n, c, ...] = m[n, c] * x[n, c, ...] / (1 - p)        evaluation   y = x

with m ~ Bernoulli(1 - p), one draw per case and channel. Tompson et al., CVPR 2015, section 3.2.
"""

import warnings

from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    inverted_scale,
    keep_mask,
)
from .module import DropoutModule


def spatial_dropout_forward(
    x,
    dropout_rate=0.5,
    training=True,
    generator=None,
    *,
    mask=None,
    spatial_dims=2,
    inplace=False,
):
    """Spatial dropout, forward: one draw per case and channel.

    Args:
        x: (N, C, ...) with ``spatial_dims`` axes after the channels, floating point. Without the
            batch axis, (C, ...), for one and three spatial dimensions.
        dropout_rate: probability p to drop a feature map, in [0, 1].
        training: False returns x itself, as torch.nn does.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        mask: keep-mask (N, C, 1, ...) or (C, 1, ...) to use instead of drawing one.
        spatial_dims: 1, 2 or 3.
        inplace: write the result into x.

    Returns:
        out, and the keep-mask used (None in evaluation).

    Raises:
        RuntimeError: x has a number of axes that torch.nn refuses.
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit.
        TypeError: x is not floating point.

    Warns:
        UserWarning: where torch.nn warns: 3 axes in two dimensions are read as (N, C, L), not as
            one case without its batch axis.

    >>> import torch
    >>> keep = torch.tensor([True, False]).reshape(1, 2, 1, 1)
    >>> spatial_dropout_forward(torch.ones(1, 2, 1, 3), mask=keep)[0][0, :, 0]
    tensor([[2., 2., 2.],
            [0., 0., 0.]])
    """
    check_floating(x)
    p = check_probability(dropout_rate)
    _check_axes(x, spatial_dims)
    if not training:
        return x, None
    mask = keep_mask(_mask_shape(x, spatial_dims), p, generator, mask, x.device)  # (N, C, 1, ...)
    return apply_keep_mask(x, mask, inverted_scale(p), inplace), mask


def spatial_dropout_backward(grad_output, mask, dropout_rate=0.5, *, spatial_dims=2):
    """What autograd does with :func:`spatial_dropout_forward`.

    >>> import torch
    >>> keep = torch.tensor([True, False]).reshape(1, 2, 1)
    >>> spatial_dropout_backward(torch.ones(1, 2, 2), keep, spatial_dims=1)
    tensor([[[2., 2.],
             [0., 0.]]])
    """
    check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output
    mask = check_mask(mask, _mask_shape(grad_output, spatial_dims))
    return apply_keep_mask(grad_output, mask, inverted_scale(p))


def _mask_shape(x, spatial_dims):
    """(N, C, 1, ...), or (C, 1, ...) for one case alone."""
    leading = 1 if _is_one_case(x, spatial_dims) else 2
    return (*x.shape[:leading], *[1] * (x.dim() - leading))


def _is_one_case(x, spatial_dims):
    """Whether torch.nn takes the first axis for the channels."""
    return x.dim() == 2 if spatial_dims == 1 else x.dim() != 5 and spatial_dims == 3


def _check_axes(x, spatial_dims):
    """Refuse what torch.nn refuses, and warn where it warns."""
    name, axes = f"dropout{spatial_dims}d", spatial_dims + 2
    if x.dim() == axes or (x.dim() == axes - 1 and spatial_dims != 2):
        return
    if x.dim() < (1 if spatial_dims == 3 else 2) or spatial_dims == 1:
        raise RuntimeError(
            f"{name} needs {axes} axes, (N, C, ...) with the channels second, but got shape "
            f"{tuple(x.shape)}"
        )
    if x.dim() == 3 and spatial_dims == 2:
        message = (
            f"dropout2d got shape {tuple(x.shape)} and reads it as (N, C, L), as torch.nn does: it "
            "drops rows. For one picture (C, H, W) add the batch axis; for (N, C, L) use dropout1d"
        )
    else:
        shared = "first axis" if spatial_dims == 3 else "first two"
        message = (
            f"{name} is meant for {axes} axes and got shape {tuple(x.shape)}: it drops everything "
            f"that shares the {shared}, as torch.nn does"
        )
    warnings.warn(message, stacklevel=5)


class _SpatialDropout(DropoutModule):
    spatial_dims = None

    def _forward(self, x, p, training, generator, *, mask, inplace):
        return spatial_dropout_forward(
            x,
            p,
            training,
            generator,
            mask=mask,
            spatial_dims=self.spatial_dims,
            inplace=inplace,
        )


class Dropout1d(_SpatialDropout):
    """Drops channels of (N, C, L) or (C, L); drop-in for ``torch.nn.Dropout1d``.

    >>> import torch
    >>> Dropout1d(0.5)(torch.ones(1, 2, 3), mask=torch.tensor([[[True], [False]]]))
    tensor([[[2., 2., 2.],
             [0., 0., 0.]]])
    """

    spatial_dims = 1


class Dropout2d(_SpatialDropout):
    """Drops feature maps of (N, C, H, W); drop-in for ``torch.nn.Dropout2d``.

    >>> import torch
    >>> keep = torch.tensor([True, False]).reshape(1, 2, 1, 1)
    >>> Dropout2d(0.5)(torch.ones(1, 2, 1, 3), mask=keep)[0, :, 0]
    tensor([[2., 2., 2.],
            [0., 0., 0.]])
    """

    spatial_dims = 2


class Dropout3d(_SpatialDropout):
    """Drops feature maps of (N, C, D, H, W) or (C, D, H, W); as ``torch.nn.Dropout3d``.

    >>> import torch
    >>> keep = torch.tensor([True, False]).reshape(1, 2, 1, 1, 1)
    >>> Dropout3d(0.5)(torch.ones(1, 2, 1, 1, 3), mask=keep)[0, :, 0, 0]
    tensor([[2., 2., 2.],
            [0., 0., 0.]])
    """

    spatial_dims = 3
