"""Standard dropout: drops in training, scales by 1 - p in evaluation.

    training     y = m * x                  evaluation   y = (1 - p) * x

with m ~ Bernoulli(1 - p), one draw per unit and training case. Srivastava et al., JMLR 15 (2014),
section 4 and Figure 2.
"""

from .masks import apply_keep_mask, check_floating, check_mask, check_probability, keep_mask
from .module import DropoutModule


def standard_dropout_forward(
    x, dropout_rate=0.5, training=True, generator=None, *, mask=None, inplace=False
):
    """Standard dropout: y = m * x in training, y = (1 - p) * x in evaluation.

    Srivastava et al. 2014, section 4. Arguments, returns and errors as :func:`dropout_forward`.

    >>> import torch
    >>> x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    >>> standard_dropout_forward(x, 0.5, training=False)[0]
    tensor([0.5000, 1.0000, 1.5000, 2.0000])
    """
    check_floating(x)
    p = check_probability(dropout_rate)
    if not training:
        return (x.mul_(1 - p) if inplace else x * (1 - p)), None
    mask = keep_mask(x.shape, p, generator, mask, x.device)
    return apply_keep_mask(x, mask, 1, inplace), mask


def standard_dropout_backward(grad_output, mask, dropout_rate=0.5):
    """What autograd does with :func:`standard_dropout_forward`: dL/dx = m * dL/dy.

    After evaluation (1 - p) * dL/dy. Arguments, returns and errors as :func:`dropout_backward`.

    >>> import torch
    >>> standard_dropout_backward(torch.ones(3), torch.tensor([True, False, True]), 0.75)
    tensor([1., 0., 1.])
    """
    check_floating(grad_output)
    p = check_probability(dropout_rate)
    if mask is None:
        return grad_output * (1 - p)
    return apply_keep_mask(grad_output, check_mask(mask, grad_output.shape), 1)


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
