"""Variational dropout for sequences: one mask for all time steps.

With one draw m ~ Bernoulli(1 - p) per case and unit, kept for the whole sequence,

    training     y[t] = m * x[t] / (1 - p)   for every t
    evaluation   y = x

Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural
networks", NeurIPS 2016, section 4. Also known as locked dropout. The method of the same name by
Kingma et al. (2015), which learns Gaussian rates, is another one.
"""

from .layer import DropoutLayer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    inverted_scale,
    keep_mask,
)


def variational_dropout_forward(
    x, dropout_rate=0.5, training=True, rng=None, *, mask=None, batch_first=False
):
    """Variational dropout, forward: the same units are dropped in every time step.

    Args:
        x: (T, N, F), or (N, T, F) with ``batch_first``, or (T, F) for one sequence; not changed.
        dropout_rate: probability p to drop a unit, in [0, 1].
        training: True drops and scales; False returns a copy of x.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.
        mask: keep-mask to use instead of drawing one: x's shape with 1 for the time.
        batch_first: where the time axis is.

    Returns:
        out: array of x's shape and dtype.
        mask: the keep-mask used, or None in evaluation.

    Raises:
        ValueError: x has neither 2 nor 3 axes, dropout_rate is not in [0, 1], or the mask does
            not fit.
        TypeError: x is not floating point, or rng is not a Generator.

    >>> import numpy as np
    >>> x = np.ones((3, 1, 4))  # three steps, one case, four units
    >>> variational_dropout_forward(x, rng=np.random.default_rng(6))[0][:, 0]
    array([[2., 0., 0., 2.],
           [2., 0., 0., 2.],
           [2., 0., 0., 2.]])
    """
    x = check_floating(x)
    p = check_probability(dropout_rate)
    shape = _mask_shape(x, batch_first)
    if not training:
        return x.copy(), None
    mask = keep_mask(shape, p, rng, mask)  # 1 for the time: every step uses the same
    return apply_keep_mask(x, mask, inverted_scale(p)), mask


def variational_dropout_backward(grad_output, mask, dropout_rate=0.5, *, batch_first=False):
    """Variational dropout, backward: dL/dx[t] = m * dL/dy[t] / (1 - p).

    >>> import numpy as np
    >>> variational_dropout_backward(np.ones((2, 1, 2)), np.array([[[True, False]]]))[:, 0]
    array([[2., 0.],
           [2., 0.]])
    """
    grad_output = check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output.copy()
    mask = check_mask(mask, _mask_shape(grad_output, batch_first))
    return apply_keep_mask(grad_output, mask, inverted_scale(p))


def _mask_shape(x, batch_first):
    """x's shape with 1 for the time."""
    if x.ndim not in (2, 3):
        raise ValueError(
            "VariationalDropout needs a sequence, (T, N, F), (N, T, F) with batch_first, or "
            f"(T, F), but got shape {x.shape}"
        )
    time = 1 if batch_first and x.ndim == 3 else 0
    return tuple(1 if axis == time else size for axis, size in enumerate(x.shape))


class VariationalDropout(DropoutLayer):
    """One mask for all time steps; see :func:`variational_dropout_forward`.

    Args:
        p: probability to drop a unit, in [0, 1].
        batch_first: True for (N, T, F), False for (T, N, F).
        rng: ``numpy.random.Generator``; None seeds a fresh one.

    >>> import numpy as np
    >>> layer = VariationalDropout(0.5, batch_first=True, rng=np.random.default_rng(6))
    >>> layer.forward(np.ones((1, 2, 4)))
    array([[[2., 0., 0., 2.],
            [2., 0., 0., 2.]]])
    """

    def __init__(self, p=0.5, batch_first=False, *, rng=None):
        super().__init__(p, rng=rng)
        self.batch_first = batch_first

    def _forward(self, x, p, training, rng, *, mask):
        return variational_dropout_forward(
            x, p, training, rng, mask=mask, batch_first=self.batch_first
        )

    def _backward(self, grad_output, mask, p):
        return variational_dropout_backward(grad_output, mask, p, batch_first=self.batch_first)

    def __repr__(self):
        return f"VariationalDropout(p={self.p}, batch_first={self.batch_first})"
