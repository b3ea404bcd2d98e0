"""The functional forms, named as in ``torch.nn.functional``, with a generator and a mask to replay.

Everywhere p is the probability to drop, and ``mask`` a keep-mask: True where a unit stays. They
return the output alone; the pairs ``*_forward`` and ``*_backward`` of each variant's module also
return the mask. Like their namesakes they know nothing of ``model.eval()``: pass ``training=``.
"""

from functools import wraps

from torch.overrides import handle_torch_function, has_torch_function_unary

from .dropblock import dropblock_forward
from .dropconnect import dropconnect_forward
from .gaussian_dropout import gaussian_dropout_forward
from .inverted_dropout import dropout_forward
from .spatial_dropout import spatial_dropout_forward
from .standard_dropout import standard_dropout_forward
from .variational_dropout import variational_dropout_forward

__all__ = [
    "drop_block2d",
    "dropconnect_linear",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "gaussian_dropout",
    "standard_dropout",
    "variational_dropout",
]


def _overridable(function):
    """As the functions of torch.nn.functional are: by a tensor's class, or a TorchFunctionMode."""

    @wraps(function)
    def called(input, *args, **kwargs):
        if has_torch_function_unary(input):
            return handle_torch_function(called, (input,), input, *args, **kwargs)
        return function(input, *args, **kwargs)

    return called


@_overridable
def dropout(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """``torch.nn.functional.dropout``, with a generator and a mask to replay.

    Returns the output alone; arguments and errors otherwise as :func:`dropout_forward`.

    >>> import torch
    >>> dropout(torch.ones(3), 0.5, mask=torch.tensor([True, False, True]))
    tensor([2., 0., 2.])
    """
    return dropout_forward(input, p, training, generator, mask=mask, inplace=inplace)[0]


@_overridable
def standard_dropout(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """Standard dropout with the arguments of ``torch.nn.functional.dropout``.

    Returns the output alone; arguments and errors otherwise as :func:`standard_dropout_forward`.

    >>> import torch
    >>> standard_dropout(torch.ones(3), 0.5, mask=torch.tensor([True, False, True]))
    tensor([1., 0., 1.])
    """
    return standard_dropout_forward(input, p, training, generator, mask=mask, inplace=inplace)[0]


@_overridable
def gaussian_dropout(input, p=0.5, training=True, *, generator=None, noise=None):
    """Multiplies by Gaussian factors of mean 1 and variance p / (1 - p); torch.nn has none.

    Arguments and errors otherwise as :func:`~.gaussian_dropout.gaussian_dropout_forward`.

    >>> import torch
    >>> gaussian_dropout(torch.ones(2), noise=torch.tensor([1.5, -0.5]))
    tensor([ 1.5000, -0.5000])
    """
    return gaussian_dropout_forward(input, p, training, generator, noise=noise)[0]


@_overridable
def dropout1d(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """``torch.nn.functional.dropout1d``: drops channels of (N, C, L) or (C, L).

    Arguments and errors otherwise as :func:`~.spatial_dropout.spatial_dropout_forward`.

    >>> import torch
    >>> dropout1d(torch.ones(1, 2, 2), mask=torch.tensor([[[True], [False]]]))
    tensor([[[2., 2.],
             [0., 0.]]])
    """
    return spatial_dropout_forward(
        input, p, training, generator, mask=mask, spatial_dims=1, inplace=inplace
    )[0]


@_overridable
def dropout2d(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """``torch.nn.functional.dropout2d``: drops feature maps of (N, C, H, W).

    Arguments and errors otherwise as :func:`~.spatial_dropout.spatial_dropout_forward`.

    >>> import torch
    >>> dropout2d(torch.ones(1, 1, 1, 2), mask=torch.tensor([[[[True]]]]))
    tensor([[[[2., 2.]]]])
    """
    return spatial_dropout_forward(
        input, p, training, generator, mask=mask, spatial_dims=2, inplace=inplace
    )[0]


@_overridable
def dropout3d(input, p=0.5, training=True, inplace=False, *, generator=None, mask=None):
    """``torch.nn.functional.dropout3d``: drops feature maps of (N, C, D, H, W) or (C, D, H, W).

    Arguments and errors otherwise as :func:`~.spatial_dropout.spatial_dropout_forward`.

    >>> import torch
    >>> dropout3d(torch.ones(1, 1, 1, 1, 2), mask=torch.ones(1, 1, 1, 1, 1))
    tensor([[[[[2., 2.]]]]])
    """
    return spatial_dropout_forward(
        input, p, training, generator, mask=mask, spatial_dims=3, inplace=inplace
    )[0]


@_overridable
def drop_block2d(
    input, p=0.5, block_size=3, *, training=True, inplace=False, generator=None, mask=None
):
    """Drops squares of units of (N, C, H, W), as ``torchvision.ops.drop_block2d`` means to.

    Arguments and errors otherwise as :func:`~.dropblock.dropblock_forward`.

    >>> import torch
    >>> drop_block2d(torch.ones(1, 1, 1, 3), block_size=2, mask=torch.tensor([[[[1, 0, 0]]]]))
    tensor([[[[2., 0., 0.]]]])
    """
    return dropblock_forward(
        input, p, training, generator, mask=mask, block_size=block_size, inplace=inplace
    )[0]


@_overridable
def variational_dropout(
    input, p=0.5, training=True, inplace=False, *, batch_first=False, generator=None, mask=None
):
    """One mask for all time steps of (T, N, F), or (N, T, F) with ``batch_first``.

    Arguments and errors otherwise as
    :func:`~.variational_dropout.variational_dropout_forward`.

    >>> import torch
    >>> variational_dropout(torch.ones(2, 2), mask=torch.tensor([[True, False]]))
    tensor([[2., 0.],
            [2., 0.]])
    """
    return variational_dropout_forward(
        input, p, training, generator, mask=mask, batch_first=batch_first, inplace=inplace
    )[0]


@_overridable
def dropconnect_linear(
    input, weight, bias=None, p=0.5, training=True, *, generator=None, mask=None
):
    """``torch.nn.functional.linear`` that drops weights, with a mask (*, O, I) per case.

    Arguments and errors otherwise as :func:`~.dropconnect.dropconnect_forward`.

    >>> import torch
    >>> keep = torch.tensor([[[True, False]]])
    >>> dropconnect_linear(torch.ones(1, 2), torch.tensor([[1.0, 10.0]]), mask=keep)
    tensor([[2.]])
    """
    return dropconnect_forward(input, weight, bias, p, training, generator, mask=mask)[0]
