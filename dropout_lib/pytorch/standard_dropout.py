"""Standard dropout as a module: drops in training, scales by 1 - p in evaluation."""

from .functional import standard_dropout_forward
from .module import DropoutModule


class StandardDropout(DropoutModule):
    """Standard dropout: y = m * x in training, y = (1 - p) * x in evaluation.

    Srivastava et al. 2014, section 4 and Figure 2. Arguments and errors as in
    :class:`~dropout_lib.pytorch.Dropout`.

    >>> import torch
    >>> layer = StandardDropout(p=0.5)
    >>> layer(torch.tensor([1.0, 2.0, 3.0]), mask=torch.tensor([True, False, True]))
    tensor([1., 0., 3.])
    >>> layer.eval()(torch.tensor([1.0, 2.0, 3.0]))
    tensor([0.5000, 1.0000, 1.5000])
    """

    _forward = staticmethod(standard_dropout_forward)
