"""Gaussian dropout: multiply each activation by a Gaussian number instead of by 0 or 1 / (1 - p).

    training     y = r * x                  dL/dx = r * dL/dy
    evaluation   y = x                      dL/dx = dL/dy

with r ~ Normal(1, p / (1 - p)), one draw per unit and training case: the mean and the variance of
inverted dropout's factor m / (1 - p). Nothing is ever dropped. Srivastava et al., JMLR 15 (2014),
section 10, whose p is the probability to *retain*; here p is the probability to drop.
"""

import numpy as np

from .layer import Layer
from .masks import check_floating, check_probability, check_rng


def check_gaussian_probability(p):
    """Return p as a float; ValueError unless 0 <= p < 1.

    >>> check_gaussian_probability(1)
    Traceback (most recent call last):
    ...
    ValueError: Gaussian dropout needs p below 1, where the variance is finite, but got 1
    """
    if check_probability(p) == 1:
        raise ValueError(
            f"Gaussian dropout needs p below 1, where the variance is finite, but got {p}"
        )
    return float(p)


def gaussian_dropout_forward(x, dropout_rate=0.5, training=True, rng=None, *, noise=None):
    """Gaussian dropout, forward: y = r * x.

    Args:
        x: activations, any shape, float16, float32 or float64; not changed.
        dropout_rate: p in [0, 1): the factors have variance p / (1 - p).
        training: True multiplies; False returns a copy of x.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.
        noise: factors r of x's shape to use instead of drawing them; without effect in evaluation.

    Returns:
        out: array of x's shape and dtype.
        noise: the factors used, in x's dtype, or None in evaluation.

    Raises:
        ValueError: dropout_rate is not in [0, 1), or the noise does not fit x.
        TypeError: x is not floating point, or rng is not a Generator.

    >>> x = np.array([1.0, 2.0, 3.0])
    >>> gaussian_dropout_forward(x, noise=np.array([1.5, -0.5, 1.0]))[0]
    array([ 1.5, -1. ,  3. ])
    """
    x = check_floating(x)
    p = check_gaussian_probability(dropout_rate)
    if not training:
        return x.copy(), None
    if noise is None:
        noise = draw_gaussian_noise(x.shape, p, rng)
    noise = _check_noise(noise, x)
    return noise * x, noise


def gaussian_dropout_backward(grad_output, noise):
    """Gaussian dropout, backward: dL/dx = r * dL/dy, with forward's own factors.

    Args:
        grad_output: dL/dy, the shape of y.
        noise: the factors that ``gaussian_dropout_forward`` returned; None after evaluation.

    Returns:
        dL/dx, the shape and dtype of grad_output.

    Raises:
        ValueError: the noise does not fit grad_output.
        TypeError: grad_output is not floating point.

    >>> gaussian_dropout_backward(np.ones(3), np.array([1.5, -0.5, 1.0]))
    array([ 1.5, -0.5,  1. ])
    """
    grad_output = check_floating(grad_output)
    return grad_output.copy() if noise is None else _check_noise(noise, grad_output) * grad_output


def draw_gaussian_noise(shape, p, rng=None):
    """Factors with mean 1 and variance p / (1 - p), independent: float64 of the given shape.

    >>> noise = draw_gaussian_noise((100_000,), 0.5, np.random.default_rng(0))
    >>> round(noise.mean(), 1), round(noise.var(), 1)
    (np.float64(1.0), np.float64(1.0))
    """
    p = check_gaussian_probability(p)
    return check_rng(rng).normal(1.0, (p / (1 - p)) ** 0.5, shape)


def _check_noise(noise, x):
    """The noise as a new array in x's dtype; ValueError for a wrong shape."""
    if np.shape(noise) != x.shape:
        raise ValueError(f"the noise has shape {np.shape(noise)}, but has to have shape {x.shape}")
    return np.array(noise, dtype=x.dtype)


class GaussianDropout(Layer):
    """Gaussian dropout as a layer; see :func:`gaussian_dropout_forward` and its backward.

    Args:
        p: in [0, 1); the factors have the variance that dropout's have at this p, p / (1 - p).
        rng: ``numpy.random.Generator``; None seeds a fresh one.

    Raises:
        ValueError: p is not in [0, 1).
        RuntimeError: ``backward`` before ``forward``.

    ``noise`` holds the factors of the last forward pass; None after one in evaluation mode.

    >>> layer = GaussianDropout(p=0.5)
    >>> layer.forward(np.array([1.0, 2.0, 3.0]), noise=np.array([1.5, -0.5, 1.0]))
    array([ 1.5, -1. ,  3. ])
    >>> layer.backward(np.ones(3))
    array([ 1.5, -0.5,  1. ])
    >>> layer.eval().forward(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 3.])
    """

    noise = None

    def __init__(self, p=0.5, *, rng=None):
        self.p = check_gaussian_probability(p)
        self.rng = check_rng(rng)

    def forward(self, x, noise=None):
        out, self.noise = gaussian_dropout_forward(x, self.p, self.training, self.rng, noise=noise)
        self._output_shape = out.shape
        return out

    def backward(self, grad_output):
        grad_output = self._check_grad(grad_output, self._kept_from_forward("_output_shape"))
        return gaussian_dropout_backward(grad_output, self.noise)

    def __repr__(self):
        return f"{type(self).__name__}(p={self.p})"
