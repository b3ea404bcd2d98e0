"""Gaussian dropout: multiply each activation by a Gaussian number instead of by 0 or 1 / (1 - p).

    training     y = r * x                  evaluation   y = x

with r ~ Normal(1, p / (1 - p)), one draw per unit and training case: the mean and the variance of
inverted dropout's factor m / (1 - p). Srivastava et al., JMLR 15 (2014), section 10, whose p is
the probability to *retain*; here p is the probability to drop.
"""

import torch
from torch import nn

from .masks import check_floating, check_generator, check_probability


def check_gaussian_probability(p):
    """Return p as a float; ValueError unless 0 <= p < 1."""
    if check_probability(p) == 1:
        raise ValueError(
            f"Gaussian dropout needs p below 1, where the variance is finite, but got {p}"
        )
    return float(p)


def gaussian_dropout_forward(x, dropout_rate=0.5, training=True, generator=None, *, noise=None):
    """Gaussian dropout: y = r * x in training, y = x in evaluation.

    Srivastava et al. 2014, section 10.

    Args:
        x: tensor of any shape, floating point.
        dropout_rate: p in [0, 1): the factors have variance p / (1 - p).
        training: False returns x itself, as torch.nn does.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        noise: factors r of x's shape to use instead of drawing them; without effect in evaluation.

    Returns:
        out, and the factors used, in x's dtype (None in evaluation).

    Raises:
        ValueError: dropout_rate is not in [0, 1), or the noise does not fit x.
        TypeError: x is not floating point.

    >>> noise = torch.tensor([1.5, -0.5, 1.0])
    >>> gaussian_dropout_forward(torch.tensor([1.0, 2.0, 3.0]), noise=noise)[0]
    tensor([ 1.5000, -1.0000,  3.0000])
    """
    check_floating(x)
    p = check_gaussian_probability(dropout_rate)
    if not training:
        return x, None
    if noise is None:
        noise = draw_gaussian_noise(x.shape, p, generator, x.device).to(x.dtype)
    noise = _check_noise(noise, x)
    return noise * x, noise


def gaussian_dropout_backward(grad_output, noise):
    """What autograd does with :func:`gaussian_dropout_forward`: dL/dx = r * dL/dy.

    Args:
        grad_output: dL/dy, the shape of y.
        noise: the factors that ``gaussian_dropout_forward`` returned; None after evaluation.

    Returns:
        dL/dx, the shape and dtype of grad_output; after evaluation grad_output itself.

    Raises:
        ValueError: the noise does not fit grad_output.
        TypeError: grad_output is not floating point.

    >>> gaussian_dropout_backward(torch.ones(2), torch.tensor([1.5, -0.5]))
    tensor([ 1.5000, -0.5000])
    """
    check_floating(grad_output)
    return grad_output if noise is None else _check_noise(noise, grad_output) * grad_output


def draw_gaussian_noise(shape, p, generator=None, device=None):
    """Factors with mean 1 and variance p / (1 - p), independent: float32 of the given shape.

    >>> noise = draw_gaussian_noise((100_000,), 0.5, torch.Generator().manual_seed(0))
    >>> round(noise.mean().item(), 1), round(noise.var().item(), 1)
    (1.0, 1.0)
    """
    p = check_gaussian_probability(p)
    noise = torch.randn(shape, generator=generator, device=device)
    return noise.mul_((p / (1 - p)) ** 0.5).add_(1)


def _check_noise(noise, x):
    """The noise as a copy in x's dtype, for the caller may change theirs; ValueError for shape."""
    if not isinstance(noise, torch.Tensor):
        raise TypeError(f"the noise has to be a tensor, but got {type(noise).__name__}")
    if noise.shape != x.shape:
        raise ValueError(
            f"the noise has shape {tuple(noise.shape)}, but has to have shape {tuple(x.shape)}"
        )
    return noise.to(x.dtype, copy=True)


class GaussianDropout(nn.Module):
    """Gaussian dropout: y = r * x in training, y = x in evaluation. torch.nn has none.

    Srivastava et al. 2014, section 10.

    Args:
        p: in [0, 1); the factors have the variance that dropout's have at this p, p / (1 - p).
        generator: ``torch.Generator``; None uses PyTorch's global one.

    Raises:
        ValueError: p is not in [0, 1), or replayed noise does not fit.
        TypeError: the input is not floating point.

    ``noise`` holds the factors of the last pass, None after one in evaluation mode; it is not part
    of the state dict, and copies do not take it along.

    >>> layer = GaussianDropout(p=0.5)
    >>> layer
    GaussianDropout(p=0.5)
    >>> layer(torch.tensor([1.0, 2.0]), noise=torch.tensor([1.5, -0.5]))
    tensor([ 1.5000, -1.0000])
    """

    def __init__(self, p=0.5, *, generator=None):
        super().__init__()
        self.p = p
        check_gaussian_probability(p)
        self.generator = check_generator(generator)
        self.noise = None

    def forward(self, input, noise=None):
        out, self.noise = gaussian_dropout_forward(
            input, self.p, self.training, self.generator, noise=noise
        )
        return out

    @staticmethod
    def stacked(modules):
        """One module for the networks that ``fit_many`` trains together, each with its own p.

        All draw from the generator of the first.
        """
        return StackedGaussianDropout([m.p for m in modules], modules[0].generator)

    def __getstate__(self):
        return {**self.__dict__, "noise": None}

    def extra_repr(self):
        return f"p={self.p}"


class StackedGaussianDropout(nn.Module):
    """Gaussian dropout of M networks at once: (M, N, features) to the same shape.

    Args:
        rates: p of each network, in [0, 1).
        generator: ``torch.Generator``; None uses PyTorch's global one.

    >>> StackedGaussianDropout([0.0, 0.5])(torch.ones(2, 3, 4))[0].unique()
    tensor([1.])
    """

    def __init__(self, rates, generator=None):
        super().__init__()
        rates = [check_gaussian_probability(p) for p in rates]
        deviations = torch.tensor([(p / (1 - p)) ** 0.5 for p in rates])
        self.register_buffer("deviations", deviations[:, None, None])  # (M, 1, 1)
        self.generator = generator

    def forward(self, x):
        if not self.training:
            return x
        noise = torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=self.generator)
        return x * noise.mul_(self.deviations).add_(1)
