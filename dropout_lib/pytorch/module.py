"""What every dropout module has: p, inplace, a generator and the mask just used."""

from torch import nn

from .masks import check_generator, check_probability


class DropoutModule(nn.Module):
    """State around a functional form: arguments and ``extra_repr`` as in torch.nn.

    A subclass names its ``_forward(x, p, training, generator, mask=..., inplace=...)``, which
    returns the output and the mask. ``mask`` is None after a pass in evaluation mode; it is not
    part of the state dict.

    Two things to know of a generator of one's own: copies of the module start from a copy of its
    state and so draw the same masks; and activation checkpointing, which runs forward again for
    backward, restores only PyTorch's global generator. Use the global one there.
    """

    def __init__(self, p=0.5, inplace=False, *, generator=None):
        super().__init__()
        self.p = p
        check_probability(p)
        self.inplace = inplace
        self.generator = check_generator(generator)
        self.mask = None

    def forward(self, input, mask=None):
        out, self.mask = self._forward(
            input, self.p, self.training, self.generator, mask=mask, inplace=self.inplace
        )
        return out

    def __getstate__(self):
        # a copy or a pickle takes no mask along: it is of one pass, and after torch.func's
        # transforms a wrapper that cannot be copied
        return {**self.__dict__, "mask": None}

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"
