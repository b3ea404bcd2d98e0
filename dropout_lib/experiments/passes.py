"""Many passes through a network with dropout on, at once."""

import torch

from ..pytorch import Dropout


@torch.no_grad()
def noisy_passes(network, x, number, generator=None, one_mask=False):
    """Outputs of a network under dropout masks; the network itself stays as it is.

    Args:
        network: ``nn.Sequential`` of layers without state, some of them :class:`Dropout`.
        x: (N, features).
        number: how many passes.
        generator: ``torch.Generator`` of the masks; None uses PyTorch's global one.
        one_mask: whether all cases of a pass share one mask; otherwise each has its own.

    Returns:
        (number, N, outputs).

    >>> generator = torch.Generator().manual_seed(0)
    >>> noisy_passes(torch.nn.Sequential(Dropout(0.5)), torch.ones(2, 1), 3, generator)[..., 0]
    tensor([[0., 2.],
            [0., 0.],
            [0., 2.]])
    """
    out = x.expand(number, *x.shape)
    for layer in network:
        if isinstance(layer, Dropout):
            cases = 1 if one_mask else len(x)
            keep = torch.rand(number, cases, out.shape[-1], generator=generator) >= layer.p
            out = (out / (1 - layer.p)).where(keep, 0.0)  # 0 at p = 1 too
        else:
            out = layer(out)
    return out
