"""DropConnect: drop weights instead of units.

With one draw M[n] ~ Bernoulli(1 - p) per training case n and weight,

    training     y[n] = x[n] (M[n] * W)ᵀ / (1 - p) + b
    evaluation   y = x Wᵀ + b                          the mean-weight network

Wan et al., "Regularization of neural networks using DropConnect", ICML 2013, section 3; the
scaling in training is ours, as in inverted dropout. The bias is never dropped and never scaled.

The paper's own inference is better than the mean weights where a non-linearity follows: the sum
of many randomly dropped terms is nearly Gaussian, so draw y from the Gaussian with the same mean
and variance (section 3.1, equation 6) and average what comes out of the non-linearity:

    mean         x Wᵀ + b
    variance     p / (1 - p) (x * x) (W * W)ᵀ
"""

import numpy as np

from .layer import Layer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    check_rng,
    draw_keep_mask,
)
from .network import Linear


class DropConnectLinear(Layer):
    """A linear layer whose weights are dropped, with a mask of its own for every case.

    Args:
        in_features: inputs I.
        out_features: outputs O.
        p: probability to drop a weight, in [0, 1].
        rng: ``numpy.random.Generator`` for the weights and the masks.
        dtype: of weights and bias.

    Raises:
        ValueError: p is not in [0, 1], or x does not have I features.
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

    def __init__(self, in_features, out_features, p=0.5, *, rng=None, dtype=np.float32):
        self.p = check_probability(p)
        self.rng = check_rng(rng)
        linear = Linear(in_features, out_features, rng=self.rng, dtype=dtype)
        self.weight, self.bias = linear.weight, linear.bias

    def parameters(self):
        return [self.weight, self.bias]

    @property
    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 0.0  # at p = 1 nothing is left to scale

    def forward(self, x, mask=None):
        self.x, self.mask = self._check_input(x), None
        if not self.training:
            return x @ self.weight.value.T + self.bias.value
        shape = (len(x), *self.weight.value.shape)  # (N, O, I)
        if mask is None:
            mask = draw_keep_mask(shape, self.p, self.rng)
        self.mask = check_mask(mask, shape)
        return np.einsum("ni,noi->no", x, self._thinned_weight()) + self.bias.value

    def backward(self, grad_output):
        x = self._kept_from_forward("x")
        self.bias.grad = grad_output.sum(axis=0)
        if self.mask is None:
            self.weight.grad = grad_output.T @ x
            return grad_output @ self.weight.value
        outer = np.einsum("no,ni->noi", grad_output, x)
        self.weight.grad = apply_keep_mask(outer, self.mask, self.scale).sum(axis=0)
        return np.einsum("no,noi->ni", grad_output, self._thinned_weight())

    def gaussian_moments(self, x):
        """Mean and variance of y over the masks, each (N, O): exact, whatever their shape.

        >>> layer = DropConnectLinear(2, 1, p=0.5, rng=np.random.default_rng(0))
        >>> layer.weight.value[:] = [[1.0, 2.0]]
        >>> mean, variance = layer.gaussian_moments(np.ones((1, 2), dtype=np.float32))
        >>> float(mean[0, 0]), float(variance[0, 0])
        (3.0, 5.0)
        """
        x = self._check_input(x)
        mean = x @ self.weight.value.T + self.bias.value
        if self.p == 1:
            return np.broadcast_to(self.bias.value, mean.shape).copy(), np.zeros_like(mean)
        return mean, self.p / (1 - self.p) * (x**2) @ (self.weight.value**2).T

    def gaussian_inference(self, x, activation, *, num_samples=1000):
        """The mean of ``activation(y)`` over Gaussian y with these moments (Wan et al., 3.1).

        Args:
            x: (N, I).
            activation: the function that follows the layer.
            num_samples: draws per output.

        Returns:
            (N, O)
        """
        mean, variance = self.gaussian_moments(x)
        total = np.zeros_like(mean)
        for _ in range(num_samples):
            noise = self.rng.standard_normal(mean.shape, dtype=mean.dtype)
            total += activation(mean + np.sqrt(variance) * noise)
        return total / num_samples

    def _thinned_weight(self):
        weight = np.broadcast_to(self.weight.value, self.mask.shape)
        return apply_keep_mask(weight, self.mask, self.scale)

    def _check_input(self, x):
        x = check_floating(x)
        features = self.weight.value.shape[1]
        if x.ndim != 2 or x.shape[1] != features:
            raise ValueError(f"DropConnectLinear needs x (N, {features}), but got shape {x.shape}")
        return x

    def __repr__(self):
        out_features, in_features = self.weight.value.shape
        return f"DropConnectLinear({in_features}, {out_features}, p={self.p})"
