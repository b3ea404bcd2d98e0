"""Spatial dropout: drop whole feature maps instead of single units.

Neighbouring pixels of a feature map say nearly the same, so a dropped one can be read off its
neighbours. With one draw m ~ Bernoulli(1 - p) per case n and channel c,

    training     y[n, c, ...] = m[n, c] * x[n, c, ...] / (1 - p)
    evaluation   y = x

Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015,
section 3.2, where it is called SpatialDropout; ``torch.nn.Dropout1d/2d/3d``.
"""

import warnings

from .layer import DropoutLayer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    inverted_scale,
    keep_mask,
)


def spatial_dropout_forward(
    x, dropout_rate=0.5, training=True, rng=None, *, mask=None, spatial_dims=2
):
    """Spatial dropout, forward: one draw per case and channel.

    Args:
        x: (N, C, ...) with ``spatial_dims`` axes after the channels; not changed. Without the
            batch axis, (C, ...), for one and three spatial dimensions.
        dropout_rate: probability p to drop a feature map, in [0, 1].
        training: True drops and scales; False returns a copy of x.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.
        mask: keep-mask (N, C, 1, ...) or (C, 1, ...) to use instead of drawing one.
        spatial_dims: 1, 2 or 3.

    Returns:
        out: array of x's shape and dtype.
        mask: the keep-mask used, or None in evaluation.

    Raises:
        ValueError: x has the wrong number of axes, dropout_rate is not in [0, 1], or the mask
            does not fit.
        TypeError: x is not floating point, or rng is not a Generator.

    Warns:
        UserWarning: where torch.nn warns: 3 axes in two dimensions are read as (N, C, L), not as
            one case without its batch axis.

    >>> import numpy as np
    >>> out, mask = spatial_dropout_forward(np.ones((1, 3, 2, 2)), rng=np.random.default_rng(6))
    >>> out[0].reshape(3, 4)
    array([[2., 2., 2., 2.],
           [0., 0., 0., 0.],
           [0., 0., 0., 0.]])
    """
    x = check_floating(x)
    p = check_probability(dropout_rate)
    _check_axes(x, spatial_dims)
    if not training:
        return x.copy(), None
    mask = keep_mask(_mask_shape(x, spatial_dims), p, rng, mask)  # (N, C, 1, ...)
    return apply_keep_mask(x, mask, inverted_scale(p)), mask


def spatial_dropout_backward(grad_output, mask, dropout_rate=0.5, *, spatial_dims=2):
    """Spatial dropout, backward: dL/dx = m * dL/dy / (1 - p), with forward's own mask.

    Arguments and errors as for :func:`~dropout_lib.scratch.dropout_backward`.

    >>> import numpy as np
    >>> keep = np.array([True, False]).reshape(1, 2, 1, 1)
    >>> spatial_dropout_backward(np.ones((1, 2, 1, 3)), keep)[0, :, 0]
    array([[2., 2., 2.],
           [0., 0., 0.]])
    """
    grad_output = check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output.copy()
    mask = check_mask(mask, _mask_shape(grad_output, spatial_dims))
    return apply_keep_mask(grad_output, mask, inverted_scale(p))


def _mask_shape(x, spatial_dims):
    """(N, C, 1, ...), or (C, 1, ...) for one case alone."""
    leading = 1 if _is_one_case(x, spatial_dims) else 2
    return (*x.shape[:leading], *[1] * (x.ndim - leading))


def _is_one_case(x, spatial_dims):
    """Whether torch.nn takes the first axis for the channels."""
    return x.ndim == 2 if spatial_dims == 1 else x.ndim != 5 and spatial_dims == 3


def _check_axes(x, spatial_dims):
    """Refuse what torch.nn refuses, and warn where it warns."""
    name, axes = f"dropout{spatial_dims}d", spatial_dims + 2
    if x.ndim == axes or (x.ndim == axes - 1 and spatial_dims != 2):
        return
    if x.ndim < (1 if spatial_dims == 3 else 2) or spatial_dims == 1:
        raise ValueError(
            f"{name} needs {axes} axes, (N, C, ...) with the channels second, but got shape "
            f"{x.shape}"
        )
    if x.ndim == 3 and spatial_dims == 2:
        message = (
            f"dropout2d got shape {x.shape} and reads it as (N, C, L), as torch.nn does: it "
            "drops rows. For one picture (C, H, W) add the batch axis; for (N, C, L) use dropout1d"
        )
    else:
        shared = "first axis" if spatial_dims == 3 else "first two"
        message = (
            f"{name} is meant for {axes} axes and got shape {x.shape}: it drops everything "
            f"that shares the {shared}, as torch.nn does"
        )
    warnings.warn(message, stacklevel=5)


class _SpatialDropout(DropoutLayer):
    spatial_dims = None

    def _forward(self, x, p, training, rng, *, mask):
        return spatial_dropout_forward(
            x, p, training, rng, mask=mask, spatial_dims=self.spatial_dims
        )

    def _backward(self, grad_output, mask, p):
        return spatial_dropout_backward(grad_output, mask, p, spatial_dims=self.spatial_dims)


class Dropout1d(_SpatialDropout):
    """Drops channels of (N, C, L) or (C, L); see :func:`spatial_dropout_forward`.

    >>> import numpy as np
    >>> layer = Dropout1d(0.5, rng=np.random.default_rng(6))
    >>> layer.forward(np.ones((1, 2, 3)))
    array([[[2., 2., 2.],
            [0., 0., 0.]]])
    """

    spatial_dims = 1


class Dropout2d(_SpatialDropout):
    """Drops feature maps of (N, C, H, W); see :func:`spatial_dropout_forward`.

    >>> import numpy as np
    >>> layer = Dropout2d(0.5, rng=np.random.default_rng(6))
    >>> layer.forward(np.ones((2, 2, 1, 3)))[:, :, 0]
    array([[[2., 2., 2.],
            [0., 0., 0.]],
    <BLANKLINE>
           [[0., 0., 0.],
            [2., 2., 2.]]])
    """

    spatial_dims = 2


class Dropout3d(_SpatialDropout):
    """Drops feature maps of (N, C, D, H, W) or (C, D, H, W).

    >>> import numpy as np
    >>> layer = Dropout3d(0.5, rng=np.random.default_rng(6))
    >>> layer.forward(np.ones((1, 2, 1, 1, 3)))[0, :, 0, 0]
    array([[2., 2., 2.],
           [0., 0., 0.]])
    """

    spatial_dims = 3
