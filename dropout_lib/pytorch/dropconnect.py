"""DropConnect: ``torch.nn.Linear`` that drops weights, with a mask of its own for every case.

    training     y[n, o] = sum over i of M[n, o, i] W[o, i] x[n, i] / (1 - p) + b[o]
    evaluation   y = x Wᵀ + b                               the mean-weight network

with M ~ Bernoulli(1 - p), one draw per case and weight. Wan et al., ICML 2013, section 3; the
scaling in training is ours, and so is that the bias is neither dropped nor scaled.

The masks of N cases are N O I entries, one byte each: 10 MB for 50 cases and 784 x 256 weights.
Autograd keeps those and the factors; on a processor, thinned weights exist for a few cases at a
time. ``torch.where`` and autograd alone would keep them all, several times.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from .masks import (
    check_floating,
    check_generator,
    check_mask,
    check_probability,
    inverted_scale,
    keep_mask,
)

_WEIGHTS = 2**18  # thinned weights that exist at a time
_W, _X, _Y = 0, 1, 2  # of the axes (N, O, I), the one along which W, x and y do not vary


def dropconnect_forward(
    x, weight, bias=None, dropout_rate=0.5, training=True, generator=None, *, mask=None
):
    """DropConnect, forward: every case goes through its own thinned weights.

    Args:
        x: inputs (*, I), floating point. Every index of the leading axes is a case with its own
            mask: in (N, T, I) every time step of every sequence.
        weight: (O, I).
        bias: (O,), neither dropped nor scaled; None for none.
        dropout_rate: probability p to drop a weight, in [0, 1].
        training: True drops and scales; False is ``torch.nn.functional.linear``.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        mask: keep-mask (*, O, I) to use instead of drawing one; without effect in evaluation.

    Returns:
        out (*, O), and the keep-mask used (None in evaluation).

    Raises:
        ValueError: dropout_rate is not in [0, 1], or the mask does not fit.
        RuntimeError: x or the bias does not fit the weights, in shape or dtype.
        TypeError: x is not floating point.

    >>> x, weight = torch.ones(2, 2), torch.tensor([[1.0, 10.0]])
    >>> mask = torch.tensor([[[True, False]], [[True, True]]])  # one for each of two cases
    >>> dropconnect_forward(x, weight, torch.tensor([5.0]), mask=mask)[0]
    tensor([[ 7.],
            [27.]])
    """
    check_floating(x)
    p = check_probability(dropout_rate)
    if not training:
        return F.linear(x, weight, bias), None
    x, weight, bias = _as_autocast_would(x, weight, bias)
    leading = _check_fit(x, weight, bias)
    mask = keep_mask((*leading, *weight.shape), p, generator, mask, x.device)  # (*, O, I)
    inputs = x.reshape(leading.numel(), 1, x.shape[-1])  # (N, 1, I)
    masks = mask.reshape(leading.numel(), *weight.shape)  # (N, O, I)
    out = _sum_of_kept((inputs, _X), (weight.unsqueeze(0), _W), masks, inverted_scale(p))
    out = out.reshape(*leading, len(weight))
    return (out if bias is None else out + bias), mask


def dropconnect_backward(grad_output, x, weight, mask, dropout_rate=0.5):
    """What autograd does with :func:`dropconnect_forward`: the masks thin the gradients too.

        dL/dx[n, i] = sum over o of M[n, o, i] W[o, i] dL/dy[n, o] / (1 - p)
        dL/dW[o, i] = sum over n of M[n, o, i] x[n, i] dL/dy[n, o] / (1 - p)
        dL/db[o]    = sum over n of dL/dy[n, o]

    Arguments and results as for :func:`~dropout_lib.scratch.dropconnect_backward`, and x and the
    errors as for :func:`dropconnect_forward`.

    >>> x, weight = torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0, 10.0]])
    >>> dropconnect_backward(torch.ones(1, 1), x, weight, torch.tensor([[[True, False]]]))
    (tensor([[2., 0.]]), tensor([[6., 0.]]), tensor([1.]))
    """
    check_floating(grad_output)
    p = check_probability(dropout_rate)
    leading = _check_fit(x, weight)
    if grad_output.shape != (*leading, len(weight)):
        raise ValueError(
            f"grad_output has shape {tuple(grad_output.shape)}, but forward returned shape "
            f"{(*leading, len(weight))}"
        )
    inputs = x.reshape(leading.numel(), x.shape[-1])
    grads = grad_output.reshape(leading.numel(), len(weight))
    grad_bias = grads.sum(0)
    if mask is None:
        return grad_output @ weight, grads.T @ inputs, grad_bias
    masks = check_mask(mask, torch.Size((*leading, *weight.shape)))
    masks, scale = masks.reshape(leading.numel(), *weight.shape), inverted_scale(p)
    grads = grads.unsqueeze(2), _Y  # (N, O, 1)
    grad_x = _sum_of_kept(grads, (weight.unsqueeze(0), _W), masks, scale)
    grad_weight = _sum_of_kept(grads, (inputs.unsqueeze(1), _X), masks, scale)
    return grad_x.reshape(x.shape), grad_weight.squeeze(0), grad_bias


def _check_fit(x, weight, bias=None):
    """The leading axes of x (*, I); refuses what ``torch.nn.functional.linear`` refuses."""
    if x.dim() == 0 or x.shape[-1] != weight.shape[1]:
        raise RuntimeError(
            f"DropConnect with weights {tuple(weight.shape)} needs x (*, {weight.shape[1]}), "
            f"but got shape {tuple(x.shape)}"
        )
    if x.dtype != weight.dtype:
        raise RuntimeError(f"x is {x.dtype} and the weights are {weight.dtype}: convert one")
    if bias is not None and (bias.shape != weight.shape[:1] or bias.dtype != weight.dtype):
        raise RuntimeError(
            f"DropConnect with weights {tuple(weight.shape)} of {weight.dtype} needs a bias "
            f"({len(weight)},) of that dtype, but got {tuple(bias.shape)} of {bias.dtype}"
        )
    return x.shape[:-1]


def _as_autocast_would(*tensors):
    """The tensors in the dtype in which autocast, where it is on, would multiply them."""
    device = tensors[0].device.type  # not every device has autocast: "meta" has none
    if not torch.amp.is_autocast_available(device) or not torch.is_autocast_enabled(device):
        return tensors
    dtype = torch.get_autocast_dtype(device)
    return [
        tensor.to(dtype)
        if tensor is not None and tensor.is_floating_point() and tensor.dtype != torch.float64
        else tensor
        for tensor in tensors
    ]


def _sum_of_kept(left, right, mask, scale):
    """``scale`` times the sum of the products left * right that the mask (N, O, I) keeps.

    ``left`` and ``right`` are pairs of a tensor with three axes and the number of the one along
    which it does not vary. The sum goes over the axis along which both do. A dropped product
    counts exactly 0 whatever its factors are, and so does its derivative.
    """
    (left, of_left), (right, of_right) = left, right
    if scale == 0:  # p = 1: nothing is kept, whatever the mask says
        mask = torch.zeros_like(mask)
    axes = of_left, of_right, 3 - of_left - of_right
    if torch.compiler.is_compiling():  # the compiler fuses the plain form into one loop
        return _sum_of_masked(left, right, mask, axes) * scale
    return _SumOfKept.apply(left, right, mask, axes) * scale


def _sum_of_masked(left, right, mask, axes):
    """The sum in plain operations. Both factors are masked: with one, 0 * inf would be left."""
    products = _wide(left).where(mask, 0) * _wide(right).where(mask, 0)
    return products.sum(axes[2] - 3, keepdim=True).to(left.dtype)


def _wide(tensor):
    """In single precision at least: ones that are added up in bfloat16 get no further than 256."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _sum_of_thinned(left, right, mask, axes):
    """The same as matrix products, a few cases at a time; 0 * inf is NaN here."""
    of_left, of_right, of_sum = axes
    left_name, sum_name = ("noi".replace("noi"[axis], "") for axis in (of_left, of_sum))
    at_a_time = max(1, _WEIGHTS // max(1, mask[:1].numel()))

    def sum_over(chunk):
        thinned = mask[chunk] * (right if of_right == _W else right[chunk])  # (n, O, I)
        factor = (left if of_left == _W else left[chunk]).squeeze(of_left)
        return torch.einsum(f"noi,{left_name}->{sum_name}", thinned, factor)

    starts = range(0, len(mask), at_a_time)
    sums = (sum_over(slice(start, start + at_a_time)) for start in starts)
    if not starts:
        return _sum_of_masked(left, right, mask, axes)
    out = sum(map(_wide, sums)).to(left.dtype) if of_sum == _W else torch.cat(list(sums))
    return out.unsqueeze(of_sum)


def _have_values(*tensors):
    """Whether one can ask for their values: fake, meta, traced and batched tensors have none.

    The batched ones are those of ``is_grads_batched``; ``torch.func.vmap`` never comes here.
    """
    return not is_in_torch_dispatch_mode() and all(
        type(tensor) in (torch.Tensor, nn.Parameter)
        and not tensor.is_meta
        and not torch._C._functorch.is_legacy_batchedtensor(tensor)
        for tensor in tensors
    )


class _SumOfKept(torch.autograd.Function):
    """That sum, keeping no product for backward: its derivatives are sums of the same kind.

    T = sum over n, o, i of M[n, o, i] g[n, o] W[o, i] x[n, i] is linear in each of its factors.
    The layer's output is its derivative by g, and the gradients are those by W and by x.
    """

    @staticmethod
    def forward(left, right, mask, axes):
        if _have_values(left, right, mask):
            out = _sum_of_thinned(left, right, mask, axes)
            if out.isfinite().all():
                return out
        return _sum_of_masked(left, right, mask, axes)  # slower, and 0 where a weight is dropped

    @staticmethod
    def setup_context(ctx, inputs, output):
        *tensors, ctx.axes = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx, grad):
        (left, right, mask), (of_left, of_right, of_sum) = ctx.saved_tensors, ctx.axes
        by_left = by_right = None
        if ctx.needs_input_grad[0]:
            by_left = _SumOfKept.apply(grad, right, mask, (of_sum, of_right, of_left))
        if ctx.needs_input_grad[1]:
            by_right = _SumOfKept.apply(grad, left, mask, (of_sum, of_left, of_right))
        return by_left, by_right, None, None

    @staticmethod
    def jvp(ctx, left_tangent, right_tangent, *_):
        left, right, mask = ctx.saved_tensors
        parts = []
        if left_tangent is not None:
            parts.append(_SumOfKept.apply(left_tangent, right, mask, ctx.axes))
        if right_tangent is not None:
            parts.append(_SumOfKept.apply(left, right_tangent, mask, ctx.axes))
        return sum(parts)

    @staticmethod
    def vmap(info, in_dims, left, right, mask, axes):
        tensors = (left, right, mask)
        left, right, mask = (
            x if dim is None else x.movedim(dim, 0)
            for x, dim in zip(tensors, in_dims[:3], strict=True)
        )
        return _sum_of_masked(left, right, mask, axes), 0


def rectified_gaussian_mean(mean, variance):
    """The mean of max(y, 0) for Gaussian y: what a ReLU gives on average.

    With s² the variance, and Φ and φ the standard normal distribution and density,
    E[max(y, 0)] = mean Φ(mean / s) + s φ(mean / s).

    Args:
        mean, variance: tensors of one shape.

    Returns:
        tensor of that shape, at least max(mean, 0).

    >>> rectified_gaussian_mean(torch.tensor([0.0, 3.0]), torch.tensor([1.0, 0.0]))
    tensor([0.3989, 3.0000])
    """
    dtype, mean, variance = mean.dtype, mean.double(), variance.double()  # the tails cancel
    certain = (variance == 0) | mean.isinf()
    deviation = variance.masked_fill(certain, 1).sqrt()  # the root has no derivative at 0
    finite = mean.masked_fill(certain, 0)  # and inf * 0 would be NaN, in the derivatives too
    z = finite / deviation
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    rectified = finite * torch.special.ndtr(z) + deviation * density
    rectified = torch.maximum(rectified, mean.relu())  # rounding may have ended below
    return torch.where(certain, mean.relu(), rectified).to(dtype)


class DropConnectLinear(nn.Linear):
    """``torch.nn.Linear`` whose weights are dropped, with a mask of its own for every case.

    Arguments, initial weights and state dict are those of ``torch.nn.Linear``; p and the
    generator are given by name. Input (*, I): every index of the leading axes is a case.

    Args:
        in_features: inputs I.
        out_features: outputs O.
        bias: whether there is one. It is neither dropped nor scaled.
        device, dtype: of weights and bias.
        p: probability to drop a weight, in [0, 1].
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    Raises:
        ValueError: p is not in [0, 1], or a replayed mask does not fit.
        TypeError: bias is neither True nor False (a probability, perhaps), or the input is not
            floating point.
        RuntimeError: the input does not fit the weights.

    ``mask`` is (*, O, I), True = keep, or None after a pass in evaluation mode. It is not part of
    the state dict, and copies do not take it along. Of a generator of one's own the same is to
    know as for :class:`~.module.DropoutModule`.

    >>> layer = DropConnectLinear(2, 1, bias=False, p=0.5)
    >>> layer
    DropConnectLinear(in_features=2, out_features=1, bias=False, p=0.5)
    >>> _ = torch.nn.init.ones_(layer.weight)
    >>> layer(torch.ones(1, 2), mask=torch.tensor([[[True, False]]])).tolist()
    [[2.0]]
    """

    def __init__(
        self,
        in_features,
        out_features,
        bias=True,
        device=None,
        dtype=None,
        *,
        p=0.5,
        generator=None,
    ):
        if not isinstance(bias, bool):
            raise TypeError(
                f"bias has to be True or False, but got {bias!r}: "
                "the drop probability is given by name, p=0.5"
            )
        super().__init__(in_features, out_features, bias, device, dtype)
        self.p = p
        check_probability(p)
        self.generator = check_generator(generator)
        self.mask = None

    def forward(self, input, mask=None):
        out, self.mask = dropconnect_forward(
            input, self.weight, self.bias, self.p, self.training, self.generator, mask=mask
        )
        return out

    def gaussian_moments(self, input):
        """Mean and variance of the output over the masks, each (*, O), differentiable.

        Mean x Wᵀ + b, variance p / (1 - p) (x * x) (W * W)ᵀ: exact; only the shape of the
        distribution is not Gaussian. (Wan et al. 2013, section 3.1, do not scale in training, so
        theirs are (1 - p) x Wᵀ and p (1 - p) (x * x) (W * W)ᵀ.)

        >>> layer = DropConnectLinear(2, 1, bias=False, p=0.5)
        >>> _ = layer.weight.data.copy_(torch.tensor([[1.0, 2.0]]))
        >>> [moment.item() for moment in layer.gaussian_moments(torch.ones(1, 2))]
        [3.0, 5.0]
        """
        check_floating(input)
        p = check_probability(self.p)
        weight = self.weight
        if p == 1:  # every weight is dropped, whatever it was: only the bias is left
            dropped = torch.ones((), dtype=torch.bool, device=input.device)
            input, weight = (factor.masked_fill(dropped, 0) for factor in (input, weight))
        variance = F.linear(input.square(), weight.square()) * (p * inverted_scale(p))
        return F.linear(input, weight, self.bias), variance

    @torch.no_grad()
    def gaussian_inference(self, input, activation, *, num_samples=1000, generator=None):
        """The mean of ``activation(y)`` over draws of Gaussian y with those moments.

        Wan et al. 2013, section 3.1, with the moments of :meth:`gaussian_moments`, in either mode
        and without gradients. For a ReLU, :func:`rectified_gaussian_mean` is what this approaches
        as samples grow.

        Args:
            input: (*, I).
            activation: the function that follows the layer.
            num_samples: draws per output, 1 or more.
            generator: ``torch.Generator``; None uses the layer's own.

        Returns:
            (*, O)

        >>> layer = DropConnectLinear(2, 1, bias=False, p=0.5)
        >>> _ = layer.weight.data.copy_(torch.tensor([[1.0, -1.0]]))
        >>> seeded = torch.Generator().manual_seed(0)
        >>> out = layer.gaussian_inference(torch.ones(1, 2), torch.relu, generator=seeded)
        >>> round(out.item(), 1)
        0.6
        """
        if num_samples < 1:
            raise ValueError(f"num_samples has to be 1 or more, but got {num_samples}")
        generator = self.generator if generator is None else check_generator(generator)
        mean, variance = self.gaussian_moments(input)
        deviation, total = variance.sqrt(), 0
        for _ in range(num_samples):
            noise = torch.randn(
                mean.shape, generator=generator, dtype=mean.dtype, device=mean.device
            )
            total = total + activation(mean + deviation * noise)
        return total / num_samples

    def __getstate__(self):
        return {**self.__dict__, "mask": None}  # as DropoutModule, and for its reasons

    def extra_repr(self):
        return f"{super().extra_repr()}, p={self.p}"
