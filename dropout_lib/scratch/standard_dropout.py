"""Standard dropout, as first published: drop while training, scale at test time.

With m ~ Bernoulli(1 - p), one draw per unit and training case:

    training     y = m * x                  dL/dx = m * dL/dy
    evaluation   y = (1 - p) * x            dL/dx = (1 - p) * dL/dy

Srivastava et al., JMLR 15 (2014), section 4 and Figure 2, where the outgoing weights are
multiplied by the retention probability; scaling the activations is the same thing.
"""

from .layer import DropoutLayer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    keep_mask,
    scaled,
)


def standard_dropout_forward(x, dropout_rate=0.5, training=True, rng=None, *, mask=None):
    """Standard dropout, forward: y = m * x in training, y = (1 - p) * x in evaluation.

    Args:
        x: activations, any shape, float16, float32 or float64; not changed.
        dropout_rate: probability p to drop a unit, in [0, 1].
        training: True drops; False scales by 1 - p.
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
    >>> out, mask = standard_dropout_forward(x, 0.5, rng=np.random.default_rng(6))
    >>> out
    array([[1., 0., 0., 4.]])
    >>> standard_dropout_forward(x, 0.5, training=False)[0]
    array([[0.5, 1. , 1.5, 2. ]])
    """
    x = check_floating(x)
    p = check_probability(dropout_rate)
    if not training:
        return scaled(x, 1 - p), None
    mask = keep_mask(x.shape, p, rng, mask)
    return apply_keep_mask(x, mask, 1.0), mask


def standard_dropout_backward(grad_output, mask, dropout_rate=0.5):
    """Standard dropout, backward: dL/dx = m * dL/dy in training, (1 - p) * dL/dy in evaluation.

    Args:
        grad_output: dL/dy, the shape of y.
        mask: the mask that ``standard_dropout_forward`` returned; None after evaluation.
        dropout_rate: the p that forward used.

    Returns:
        dL/dx, the shape and dtype of grad_output.

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit grad_output.
        TypeError: grad_output is not floating point.

    >>> import numpy as np
    >>> standard_dropout_backward(np.ones(4), np.array([True, False, True, True]), 0.75)
    array([1., 0., 1., 1.])
    """
    grad_output = check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return scaled(grad_output, 1 - p)
    return apply_keep_mask(grad_output, check_mask(mask, grad_output.shape), 1.0)


class StandardDropout(DropoutLayer):
    """Standard dropout as a layer; see :func:`standard_dropout_forward`.

    Args:
        p: probability to drop a unit, in [0, 1].
        rng: ``numpy.random.Generator``; None seeds a fresh one.

    Raises:
        ValueError: p is not in [0, 1].
        RuntimeError: ``backward`` before ``forward``.

    >>> import numpy as np
    >>> layer = StandardDropout(p=0.5, rng=np.random.default_rng(6))
    >>> layer.forward(np.array([1.0, 2.0, 3.0, 4.0]))
    array([1., 0., 0., 4.])
    >>> layer.eval().forward(np.array([1.0, 2.0, 3.0, 4.0]))
    array([0.5, 1. , 1.5, 2. ])
    """

    _forward = staticmethod(standard_dropout_forward)
    _backward = staticmethod(standard_dropout_backward)
