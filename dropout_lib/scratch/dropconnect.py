"""DropConnect: drop weights instead of units.

With one draw M[n, o, i] ~ Bernoulli(1 - p) per training case and weight,

    training     y[n, o] = sum over i of M[n, o, i] W[o, i] x[n, i] / (1 - p) + b[o]
    evaluation   y = x Wᵀ + b                               the mean-weight network

Wan et al., "Regularization of neural networks using DropConnect", ICML 2013, section 3. Two
things are ours: the scaling in training, as in inverted dropout (the paper's p is the probability
to keep, and it does not scale), and that the bias is never dropped and never scaled (the paper
masks it like a weight).

Where a non-linearity follows, the paper's own inference (section 3.1) does better than the mean
weights. A sum of many randomly dropped terms is nearly Gaussian, so draw y from the Gaussian that
has the same moments, and average what the non-linearity makes of it. With the scaling above:

    mean         x Wᵀ + b
    variance     p / (1 - p) (x * x) (W * W)ᵀ

The masks of N cases are N O I entries, one byte each: 10 MB for 50 cases and 784 x 256 weights.
That is the price of a mask per case. The products that they drop are worked through a few cases
at a time and never stand in memory all at once.
"""

import math

import numpy as np

from .layer import Layer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    check_rng,
    inverted_scale,
    keep_mask,
)
from .network import Linear

_PRODUCTS = 2**17  # products of weights and inputs worked on at a time


def dropconnect_forward(
    x, weight, bias=None, dropout_rate=0.5, training=True, rng=None, *, mask=None
):
    """DropConnect, forward: every case goes through its own thinned weights.

    Args:
        x: inputs (N, I), float16, float32 or float64; not changed.
        weight: (O, I).
        bias: (O,), neither dropped nor scaled; None for none.
        dropout_rate: probability p to drop a weight, in [0, 1].
        training: True drops and scales; False returns x Wᵀ + b.
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.
        mask: keep-mask (N, O, I) to use instead of drawing one; without effect in evaluation.

    Returns:
        out: (N, O), of the dtype that ``x @ weight.T`` has.
        mask: the keep-mask used (bool, True = keep), or None in evaluation.

    Raises:
        ValueError: dropout_rate is not in [0, 1], or x, bias or mask does not fit the weights.
        TypeError: x is not floating point, the bias is of a wider dtype than x and the weights,
            or rng is not a Generator.

    >>> x, weight = np.ones((2, 2)), np.array([[1.0, 10.0]])
    >>> mask = np.array([[[True, False]], [[True, True]]])  # one for each of two cases
    >>> dropconnect_forward(x, weight, np.array([5.0]), mask=mask)[0]
    array([[ 7.],
           [27.]])
    """
    x, bias = _check_input(x, weight), _check_bias(bias, x, weight)
    p = check_probability(dropout_rate)
    bias = 0 if bias is None else bias
    if not training:
        return x @ weight.T + bias, None
    shape = len(x), *weight.shape  # (N, O, I)
    mask, scale = keep_mask(shape, p, rng, mask), inverted_scale(p)
    out = _sum_of_kept(x[:, None], weight[None], mask, scale, axis=2)
    return out + bias, mask


def dropconnect_backward(grad_output, x, weight, mask, dropout_rate=0.5):
    """DropConnect, backward: the mask that thinned a case's weights thins its gradients.

        dL/dx[n, i] = sum over o of M[n, o, i] W[o, i] dL/dy[n, o] / (1 - p)
        dL/dW[o, i] = sum over n of M[n, o, i] x[n, i] dL/dy[n, o] / (1 - p)
        dL/db[o]    = sum over n of dL/dy[n, o]

    Args:
        grad_output: dL/dy, (N, O).
        x: the inputs that forward had, (N, I).
        weight: the weights that forward had, (O, I).
        mask: the mask that ``dropconnect_forward`` returned; None after evaluation.
        dropout_rate: the p that forward used.

    Returns:
        dL/dx (N, I), dL/dW (O, I), dL/db (O,).

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the shapes do not fit.
        TypeError: grad_output is not floating point.

    >>> x, weight = np.array([[3.0, 4.0]]), np.array([[1.0, 10.0]])
    >>> dropconnect_backward(np.ones((1, 1)), x, weight, np.array([[[True, False]]]))
    (array([[2., 0.]]), array([[6., 0.]]), array([1.]))
    """
    x = _check_input(x, weight)
    grad_y = Layer._check_grad(grad_output, (len(x), len(weight)))
    p = check_probability(dropout_rate)
    grad_bias = grad_y.sum(axis=0)
    if mask is None:
        return grad_y @ weight, grad_y.T @ x, grad_bias
    mask = check_mask(mask, (len(x), *weight.shape))
    grad_y, scale = grad_y[:, :, None], inverted_scale(p)  # (N, O, 1)
    grad_x = _sum_of_kept(grad_y, weight[None], mask, scale, axis=1)
    grad_weight = _sum_of_kept(grad_y, x[:, None], mask, scale, axis=0)
    return grad_x, grad_weight, grad_bias


def _sum_of_kept(left, right, mask, scale, axis):
    """``scale`` times the sum over an axis of the products that the mask (N, O, I) keeps.

    ``left`` and ``right`` have three axes, with 1 where they do not vary. A dropped product counts
    exactly 0 whatever its factors are: with 0 * inf, a dropped weight would still be heard.
    """
    cases, at_a_time = len(mask), max(1, _PRODUCTS // max(1, mask[:1].size))
    shape = np.delete(mask.shape, axis)
    dtype = np.result_type(left, right)
    out = np.zeros(shape, dtype=np.promote_types(dtype, np.float32))  # half is too coarse to add up
    for start in range(0, cases, at_a_time):
        chunk = slice(start, start + at_a_time)
        products = (part[chunk] if len(part) == cases else part for part in (left, right))
        with np.errstate(over="ignore", invalid="ignore"):  # it may be among the dropped ones
            products = np.multiply(*products, dtype=out.dtype)
        kept = apply_keep_mask(products, mask[chunk], scale).sum(axis=axis)
        if axis == 0:
            out += kept
        else:
            out[chunk] = kept
    return out.astype(dtype, copy=False)


def _check_input(x, weight):
    x = check_floating(x)
    if x.ndim != 2 or x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"DropConnect with weights {weight.shape} needs x (N, {weight.shape[1]}), "
            f"but got shape {x.shape}"
        )
    return x


def _check_bias(bias, x, weight):
    if bias is None:
        return None
    bias, dtype = np.asarray(bias), np.result_type(x, weight)
    if bias.shape != weight.shape[:1]:
        raise ValueError(
            f"DropConnect with weights {weight.shape} needs a bias ({len(weight)},), "
            f"but got shape {bias.shape}"
        )
    if np.promote_types(dtype, bias.dtype) != dtype:
        raise TypeError(
            f"the bias is {bias.dtype} and would widen the output, which x and the weights "
            f"make {dtype}: convert it"
        )
    return bias


def rectified_gaussian_mean(mean, variance):
    """The mean of max(y, 0) for Gaussian y: what a ReLU gives on average.

    With s² the variance, and Φ and φ the standard normal distribution and density,
    E[max(y, 0)] = mean Φ(mean / s) + s φ(mean / s).

    Args:
        mean, variance: arrays of one shape.

    Returns:
        array of that shape, at least max(mean, 0).

    >>> rectified_gaussian_mean(np.array([0.0, 3.0]), np.array([1.0, 0.0])).round(4)
    array([0.3989, 3.    ])
    """
    dtype = mean.dtype
    mean, variance = np.asarray(mean, float), np.asarray(variance, float)  # the tails cancel
    certain = (variance == 0) | np.isinf(mean)
    deviation = np.sqrt(np.where(certain, 1, variance))
    finite = np.where(certain, 0, mean)  # inf * 0 would be NaN
    z = finite / deviation
    below = 0.5 * _erfc(-z / math.sqrt(2))  # Φ(z)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    rectified, least = finite * below + deviation * density, np.maximum(mean, 0)
    return np.where(certain, least, np.maximum(rectified, least)).astype(dtype)


_erfc = np.vectorize(math.erfc, otypes=[float])  # 1 - erf, without the loss; NumPy has none


class DropConnectLinear(Layer):
    """A linear layer whose weights are dropped, with a mask of its own for every case.

    Args:
        in_features: inputs I.
        out_features: outputs O.
        bias: whether there is one. It is neither dropped nor scaled.
        p: probability to drop a weight, in [0, 1].
        rng: ``numpy.random.Generator`` for the weights and the masks; None seeds a fresh one.
        dtype: of weights and bias, which begin as those of :class:`~.network.Linear`.

    Raises:
        ValueError: p is not in [0, 1], or x or a mask does not fit the weights.
        TypeError: bias is neither True nor False (a probability, perhaps), or x is not floating
            point.
        RuntimeError: ``backward`` before ``forward``.

    ``mask`` is (N, O, I), True = keep, or None after a pass in evaluation mode.

    >>> layer = DropConnectLinear(2, 1, p=0.5, rng=np.random.default_rng(0))
    >>> layer.weight.value[:] = [[1.0, 10.0]]
    >>> masks = np.array([[[True, False]], [[True, True]]])  # one for each of two cases
    >>> layer.forward(np.ones((2, 2), dtype=np.float32), mask=masks)
    array([[ 2.],
           [22.]], dtype=float32)
    >>> layer.eval().forward(np.ones((1, 2), dtype=np.float32))
    array([[11.]], dtype=float32)
    """

    mask = None

    def __init__(self, in_features, out_features, bias=True, *, p=0.5, rng=None, dtype=np.float32):
        if not isinstance(bias, bool | np.bool_):
            raise TypeError(
                f"bias has to be True or False, but got {bias!r}: "
                "the drop probability is given by name, p=0.5"
            )
        self.p = check_probability(p)
        self.rng = check_rng(rng)
        linear = Linear(in_features, out_features, rng=self.rng, dtype=dtype)
        self.weight, self.bias = linear.weight, linear.bias if bias else None

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def forward(self, x, mask=None):
        out, self.mask = dropconnect_forward(
            x, self.weight.value, self._bias, self.p, self.training, self.rng, mask=mask
        )
        self.x, self._forward_p = np.asarray(x), self.p
        return out

    def backward(self, grad_output):
        x = self._kept_from_forward("x")
        grad_x, self.weight.grad, grad_bias = dropconnect_backward(
            grad_output, x, self.weight.value, self.mask, self._forward_p
        )
        if self.bias is not None:
            self.bias.grad = grad_bias
        return grad_x

    def gaussian_moments(self, x):
        """Mean and variance of y over the masks, each (N, O). Exact; only the shape is not.

        >>> layer = DropConnectLinear(2, 1, p=0.5)
        >>> layer.weight.value[:] = [[1.0, 2.0]]
        >>> mean, variance = layer.gaussian_moments(np.ones((1, 2), dtype=np.float32))
        >>> float(mean[0, 0]), float(variance[0, 0])
        (3.0, 5.0)
        """
        weight = self.weight.value
        x, p = _check_input(x, weight), check_probability(self.p)
        if p == 1:  # every weight is dropped, whatever it was: only the bias is left
            x, weight = np.zeros_like(x), np.zeros_like(weight)
        mean, variance = x @ weight.T, (x * x) @ (weight * weight).T
        variance *= variance.dtype.type(p * inverted_scale(p))
        return (mean if self.bias is None else mean + self.bias.value), variance

    def gaussian_inference(self, x, activation, *, num_samples=1000, rng=None):
        """The mean of ``activation(y)`` over draws of Gaussian y with those moments.

        Wan et al. 2013, section 3.1, with the moments of :meth:`gaussian_moments`, in either mode.
        For a ReLU, :func:`rectified_gaussian_mean` is what this approaches as samples grow.

        Args:
            x: (N, I).
            activation: the function that follows the layer.
            num_samples: draws per output, 1 or more.
            rng: ``numpy.random.Generator``; None uses the layer's own.

        Returns:
            (N, O)

        >>> layer = DropConnectLinear(2, 1, p=0.5, rng=np.random.default_rng(0))
        >>> layer.weight.value[:] = [[1.0, -1.0]]
        >>> x = np.ones((1, 2), dtype=np.float32)
        >>> layer.gaussian_inference(x, lambda y: np.maximum(y, 0), num_samples=10_000).round(1)
        array([[0.6]], dtype=float32)
        """
        if num_samples < 1:
            raise ValueError(f"num_samples has to be 1 or more, but got {num_samples}")
        rng = self.rng if rng is None else check_rng(rng)
        mean, variance = self.gaussian_moments(x)
        deviation, total = np.sqrt(variance), 0
        for _ in range(num_samples):
            noise = rng.standard_normal(mean.shape).astype(mean.dtype)
            total = total + activation(mean + deviation * noise)
        return total / num_samples

    @property
    def _bias(self):
        return None if self.bias is None else self.bias.value

    def __repr__(self):
        out_features, in_features = self.weight.value.shape
        return f"DropConnectLinear({in_features}, {out_features}, p={self.p})"
