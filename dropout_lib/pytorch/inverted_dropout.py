"""Inverted dropout as a module: ``torch.nn.Dropout`` with a generator and replayable masks."""

from .functional import dropout_forward
from .module import DropoutModule


class Dropout(DropoutModule):
    """Inverted dropout: y = m * x / (1 - p) in training, y = x in evaluation.

    Drop-in for ``torch.nn.Dropout``; differs where that one returns NaN: a dropped unit is
    exactly 0 even where x is infinite or NaN. Srivastava et al. 2014, sections 4 and 10.

    Args:
        p: probability to drop a unit, in [0, 1].
        inplace: write the result into the input.
        generator: ``torch.Generator``; None uses PyTorch's global one.

    Raises:
        ValueError: p is not in [0, 1], or a replayed mask does not fit.
        TypeError: the input is not floating point.

    >>> import torch
    >>> layer = Dropout(p=0.5)
    >>> layer
    Dropout(p=0.5, inplace=False)
    >>> layer(torch.tensor([1.0, 2.0, 3.0]), mask=torch.tensor([True, False, True]))
    tensor([2., 0., 6.])
    """

    _forward = staticmethod(dropout_forward)
