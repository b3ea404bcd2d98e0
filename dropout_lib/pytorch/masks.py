"""Keep-masks for PyTorch: how they are drawn, checked and applied.

A keep-mask holds True where a unit stays. It is drawn from raw random bits: each unit gets 32 of
them, read as an integer, and is kept where that integer does not lie below the threshold that
belongs to p. ``torch.bernoulli_`` makes a floating point number for each unit instead, which on a
processor takes most of the time of ``torch.nn.functional.dropout``.
"""

from numbers import Real

import torch
from torch.nn.functional import embedding_bag

_LOWEST = -(2**31)  # of a 32-bit integer


def check_probability(p):
    """Return the drop probability as a float; ValueError, worded as in torch.nn, if it is none."""
    if not isinstance(p, Real) or not 0 <= p <= 1:  # NaN compares false and is refused too
        got = p if isinstance(p, Real) else repr(p)
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {got}")
    return float(p)


def check_generator(generator):
    """Return the generator, which may be None; anything else is a TypeError."""
    if not isinstance(generator, torch.Generator | None):
        raise TypeError(
            f"generator has to be a torch.Generator, but got {generator!r}: "
            "make one with torch.Generator().manual_seed(seed)"
        )
    return generator


def check_floating(input):
    """Return the input; TypeError if it is not floating point."""
    if not input.is_floating_point():
        raise TypeError(
            f"dropout needs floating point input, but got {input.dtype}: "
            "convert first, for example integers with x.float()"
        )
    return input


def check_mask(mask, shape):
    """Return the keep-mask as booleans; ValueError for a wrong shape or values besides 0, 1."""
    if not isinstance(mask, torch.Tensor):
        raise TypeError(f"the mask has to be a tensor, but got {type(mask).__name__}")
    if mask.shape != shape:
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)}, but has to have shape {tuple(shape)}"
        )
    if mask.dtype != torch.bool and not torch.compiler.is_compiling():
        wrong = mask[(mask != 0) & (mask != 1)]
        if wrong.numel():
            raise ValueError(
                "a mask holds 1 where a unit is kept and 0 where it is dropped, but got "
                f"{wrong[0].item()}"
            )
    return mask.bool()


def draw_keep_mask(shape, p, generator=None, device=None):
    """Draw a keep-mask: each unit is dropped with probability p, independently of all others.

    Args:
        shape: shape of the mask.
        p: probability to drop, in [0, 1]; realised to the nearest multiple of 2**-32.
        generator: ``torch.Generator``; None uses PyTorch's global one.
        device: where the mask is to be.

    Returns:
        bool tensor of the given shape, True = keep.

    Raises:
        ValueError: p is not in [0, 1].

    >>> draw_keep_mask((2, 4), 0.5, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 4])
    """
    p = check_probability(p)
    units = torch.Size(shape).numel()
    if p == 1:
        return torch.zeros(shape, dtype=torch.bool, device=device)
    # the compiler takes randint with sizes that vary only where no generator is named
    source = {} if generator is None else {"generator": generator}
    pairs = (units + 1) // 2
    bits = torch.randint(-(2**63), 2**63 - 1, (pairs,), dtype=torch.int64, device=device, **source)
    threshold = min(round(p * 2**32) + _LOWEST, 2**31 - 1)
    return (bits.view(torch.int32)[:units] >= threshold).reshape(shape)


def inverted_scale(p):
    """The factor 1 / (1 - p) of inverted dropout; 0 at p = 1, where nothing is left to scale."""
    return 1 / (1 - p) if p < 1 else 0.0


def keep_mask(shape, p, generator=None, mask=None, device=None):
    """The mask that a forward pass uses: a copy of the one given, or one drawn here.

    >>> keep_mask((2,), 0.5, mask=torch.tensor([1, 0]))
    tensor([ True, False])
    """
    if mask is None:
        return draw_keep_mask(shape, p, generator, device)
    return check_mask(mask, torch.Size(shape)).clone()  # the caller may change theirs


def apply_keep_mask(input, mask, scale, inplace=False):
    """Return ``scale * input`` where the mask keeps, and exactly 0 where it drops.

    Args:
        input: floating point tensor.
        mask: bool tensor that broadcasts to input's shape, True = keep.
        scale: factor for what is kept.
        inplace: write the result into the input.

    >>> apply_keep_mask(torch.tensor([1.0, torch.inf]), torch.tensor([True, False]), 2.0)
    tensor([2., 0.])
    """
    if scale == 0:  # p = 1: nothing is kept, whatever the mask says
        mask = torch.zeros_like(mask)
    # a choice and not a product with the mask: 0 * inf is NaN, in both directions
    if inplace:
        return input.masked_fill_(~mask, 0).mul_(scale)
    if _drops_whole_blocks(input, mask):
        return _KeepBlocks.apply(input, mask, scale)
    if not input.is_contiguous():  # the result keeps the memory format that the mask has
        mask = torch.ones_like(input, dtype=torch.bool) & mask
    kept = torch.where(mask, input, 0)
    return kept if scale == 1 else kept.mul_(scale)


def _drops_whole_blocks(input, mask):
    """Whether each draw decides over a block that is contiguous in memory, as in (N, C, 1, 1)."""
    leading = mask.dim()
    while leading and mask.shape[leading - 1] == 1:
        leading -= 1
    return (
        mask.shape[:leading] == input.shape[:leading]
        and input.shape[leading:].numel() > 1
        and input.numel() > 0
        and input.is_contiguous()
        and input.device.type == "cpu"
        and input.dtype in (torch.float32, torch.float64)
        and type(input) in (torch.Tensor, torch.nn.Parameter)  # none that only stands for one
        and not torch.compiler.is_compiling()  # the compiler fuses the general form by itself
    )


class _KeepBlocks(torch.autograd.Function):
    """``apply_keep_mask`` for whole blocks, as fast as one product: a dropped block is not read.

    Each block is a row of a table, and each output the weighted sum of no row, or of one. It is
    linear in the input, so its derivatives in every direction are itself.
    """

    @staticmethod
    def forward(input, mask, scale):
        blocks, kept = input.reshape(mask.numel(), -1), mask.reshape(-1)
        rows = kept.nonzero().squeeze(1)
        return embedding_bag(
            rows,
            blocks,
            offsets=kept.cumsum(0) - kept.long(),
            mode="sum",
            per_sample_weights=blocks.new_full((len(rows),), scale),
        ).reshape(input.shape)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, mask, ctx.scale = inputs
        ctx.save_for_backward(mask)
        ctx.save_for_forward(mask)

    @staticmethod
    def backward(ctx, grad_output):
        return apply_keep_mask(grad_output, *ctx.saved_tensors, ctx.scale), None, None

    @staticmethod
    def jvp(ctx, tangent, *_):
        return apply_keep_mask(tangent, *ctx.saved_tensors, ctx.scale)

    @staticmethod
    def vmap(info, in_dims, input, mask, scale):
        input, mask = (
            x.expand(info.batch_size, *x.shape) if dim is None else x.movedim(dim, 0)
            for x, dim in zip((input, mask), in_dims, strict=False)
        )
        return apply_keep_mask(input, mask, scale), 0
