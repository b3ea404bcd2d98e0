"""Inverted dropout: scale while training, do nothing at test time.

With m ~ Bernoulli(1 - p), one draw per unit and training case:

    training     y = m * x / (1 - p)        dL/dx = m * dL/dy / (1 - p)
    evaluation   y = x                      dL/dx = dL/dy

Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15
(2014): the masks are those of section 4, the scaling in training is the variant that section 10
mentions. The paper's p is the probability to *retain*; here p is the probability to drop.
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


def dropout_forward(x, dropout_rate=0.5, training=True, rng=None, *, mask=None):
    """Inverted dropout, forward: y = m * x / (1 - p).

    Args:
        x: activations, any shape, float16, float32 or float64; not changed.
        dropout_rate: probability p to drop a unit, in [0, 1].
        training: True drops and scales; False returns a copy of x.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.
        mask: keep-mask of x's shape to use instead of drawing one; without effect in evaluation.

    Returns:
        out: array of x's shape and dtype.
        mask: the keep-mask used (bool, True = keep), or None in evaluation.

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit x.
        TypeError: x is not floating point, or rng is not a Generator.

    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> out, mask = dropout_forward(x, 0.5, rng=np.random.default_rng(6))
    >>> out
    array([[2., 0., 0., 8.]])
    """
    x = check_floating(x)
    p = check_probability(dropout_rate)
    if not training:
        return x.copy(), None
    mask = keep_mask(x.shape, p, rng, mask)
    return apply_keep_mask(x, mask, inverted_scale(p)), mask


def dropout_backward(grad_output, mask, dropout_rate=0.5):
    """Inverted dropout, backward: dL/dx = m * dL/dy / (1 - p), with forward's own mask.

    Args:
        grad_output: dL/dy, the shape of y.
        mask: the mask that ``dropout_forward`` returned; None after evaluation.
        dropout_rate: the p that forward used.

    Returns:
        dL/dx, the shape and dtype of grad_output.

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit grad_output.
        TypeError: grad_output is not floating point.

    >>> import numpy as np
    >>> dropout_backward(np.ones(4), np.array([True, False, True, True]), 0.75)
    array([4., 0., 4., 4.])
    """
    grad_output = check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output.copy()
    return apply_keep_mask(grad_output, check_mask(mask, grad_output.shape), inverted_scale(p))


class Dropout(DropoutLayer):
    """Inverted dropout as a layer; see :func:`dropout_forward`, :func:`dropout_backward`.

    Args:
        p: probability to drop a unit, in [0, 1].
        rng: ``numpy.random.Generator``; None seeds a fresh one.

    Raises:
        ValueError: p is not in [0, 1].
        RuntimeError: ``backward`` before ``forward``.

    >>> import numpy as np
    >>> layer = Dropout(p=0.5, rng=np.random.default_rng(6))
    >>> layer.forward(np.array([1.0, 2.0, 3.0, 4.0]))
    array([2., 0., 0., 8.])
    >>> layer.backward(np.ones(4))
    array([2., 0., 0., 2.])
    >>> layer.eval().forward(np.array([1.0, 2.0, 3.0, 4.0]))
    array([1., 2., 3., 4.])
    """

    _forward = staticmethod(dropout_forward)
    _backward = staticmethod(dropout_backward)
