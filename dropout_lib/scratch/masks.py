"""Keep-masks: how they are drawn, checked and applied.

A keep-mask holds True where a unit stays and False where it is dropped.

**Drawing.** The textbook line ``np.random.rand(*shape) < keep`` spends 64 random bits and a
division on every unit, for a decision that needs far fewer. Here each unit gets 16 random bits,
read as an integer from 0 to 65,535, and is dropped where that integer lies below the threshold
``65536 * p``. One 64-bit random number so serves four units, and the comparison of small
integers is nearly free.

Sixteen bits alone can only realise multiples of 1/65,536. At p = 0.3 nobody would notice; at
p = 0.999 the probability to keep would be 0.00101 instead of 0.001, and every output 0.7 % off
its expectation. So where the integer falls exactly *on* the threshold (once in 65,536 units) a
second draw decides, with the fraction that rounding would have lost. The probability realised is
then p itself, and 1 / (1 - p) is the right scale.

**Applying.** ``0 * x`` is not always 0: where x is infinite or NaN it is NaN, and a dropped unit
would poison its layer. :func:`apply_keep_mask` therefore multiplies the *bits* of x, read as an
unsigned integer, by 0 or 1. Zero bits are the number 0.0, whatever x was.
"""

from numbers import Real

import numpy as np

LEVELS = 2**16  # what 16 random bits can tell apart
_CHUNK = 2**17  # units per pass
_BITS_OF = {4: np.uint32, 8: np.uint64}  # itemsize -> integer of the same size


def check_probability(p):
    """Return the drop probability as a float, or raise ValueError if it is none.

    >>> check_probability(1.5)
    Traceback (most recent call last):
    ...
    ValueError: dropout probability has to be between 0 and 1, but got 1.5
    """
    if not isinstance(p, Real) or not 0 <= p <= 1:  # NaN compares false and is refused too
        got = p if isinstance(p, Real) else repr(p)
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {got}")
    return float(p)


def check_rng(rng):
    """Return ``rng``, or a freshly seeded generator for None; anything else is a TypeError."""
    if rng is None:
        return np.random.Generator(np.random.SFC64())  # NumPy's fastest
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng has to be a numpy.random.Generator, but got {rng!r}: "
            "make one with numpy.random.default_rng(seed)"
        )
    return rng


def check_floating(x):
    """Return x as an array of float16, float32 or float64; other dtypes are a TypeError."""
    x = np.asarray(x)
    if x.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(
            f"dropout needs float16, float32 or float64 input, but got {x.dtype}: "
            "convert first, for example with x.astype(numpy.float32)"
        )
    return x


def check_mask(mask, shape):
    """Return the keep-mask as booleans; ValueError for a wrong shape or values besides 0, 1."""
    mask = np.asarray(mask)
    if mask.shape != shape:
        raise ValueError(f"the mask has shape {mask.shape}, but has to have shape {shape}")
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise ValueError(
            "a mask holds 1 where a unit is kept and 0 where it is dropped, but got "
            f"{mask[~np.isin(mask, (0, 1))][0]}"
        )
    return mask.astype(bool, copy=False)


def inverted_scale(p):
    """The factor 1 / (1 - p) of inverted dropout; 0 at p = 1, where nothing is left to scale."""
    return 1 / (1 - p) if p < 1 else 0.0


def keep_mask(shape, p, rng=None, mask=None):
    """The mask that a forward pass uses: a copy of the one given, or one drawn here.

    >>> keep_mask((2,), 0.5, mask=np.array([1, 0]))
    array([ True, False])
    """
    return draw_keep_mask(shape, p, rng) if mask is None else check_mask(mask, shape).copy()


def draw_keep_mask(shape, p, rng=None):
    """Draw a keep-mask: each unit is dropped with probability p, independently of all others.

    Args:
        shape: shape of the mask.
        p: probability to drop, in [0, 1].
        rng: ``numpy.random.Generator``; None draws from a freshly seeded one.

    Returns:
        bool array of the given shape, True = keep.

    Raises:
        ValueError: p is not a number between 0 and 1.
        TypeError: rng is not a Generator.

    >>> draw_keep_mask((2, 4), p=0.5, rng=np.random.default_rng(6))
    array([[ True, False, False,  True],
           [False,  True,  True, False]])
    """
    p = check_probability(p)
    rng = check_rng(rng)
    if p == 1:
        return np.zeros(shape, dtype=bool)

    units = int(np.prod(shape, dtype=np.int64))
    bits = rng.integers(0, 2**64, size=(units + 3) // 4, dtype=np.uint64).view(np.uint16)[:units]

    threshold, remainder = divmod(p * LEVELS, 1)
    threshold = np.uint16(threshold)
    mask = np.empty(units, dtype=bool)
    for chunk in _chunks(units):
        np.greater_equal(bits[chunk], threshold, out=mask[chunk])
        if remainder:  # on the threshold itself: dropped with probability `remainder`
            undecided = np.flatnonzero(bits[chunk] == threshold)
            if undecided.size:
                mask[chunk][undecided] = rng.random(undecided.size) >= remainder
    return mask.reshape(shape)


def _chunks(units, size=_CHUNK):
    """Slices that cover the units, each small enough that its intermediates stay in the cache."""
    return (slice(start, start + size) for start in range(0, units, size))


def apply_keep_mask(x, mask, scale):
    """Return ``scale * x`` where the mask keeps, and exactly 0 where it drops.

    Args:
        x: array of float16, float32 or float64; not changed.
        mask: bool array, True = keep; of x's shape, or with 1 where units share one draw.
        scale: factor for what is kept.

    Returns:
        a new array of x's shape and dtype.

    >>> apply_keep_mask(np.array([1.0, np.inf, 3.0]), np.array([True, False, True]), scale=2.0)
    array([2., 0., 6.])
    """
    if scale == 0:  # p = 1: nothing is kept, whatever the mask says
        return np.zeros_like(x)
    if x.dtype == np.float16:  # in single precision, as the scale may be too large for half
        return apply_keep_mask(x.astype(np.float32), mask, scale).astype(np.float16)
    if mask.shape != x.shape:
        return _apply_shared(x, mask, scale)
    bits_dtype = _BITS_OF[x.dtype.itemsize]
    x_bits = np.ascontiguousarray(x).reshape(-1).view(bits_dtype)
    keep = np.ascontiguousarray(mask).reshape(-1).view(np.uint8)  # 1 or 0
    out = np.empty(x.size, dtype=x.dtype)
    kept_bits = np.empty(min(x.size, _CHUNK), dtype=bits_dtype)
    kept = kept_bits.view(x.dtype)
    for chunk in _chunks(x.size):
        part = out[chunk]
        bits = kept_bits[: part.size]
        np.copyto(bits, keep[chunk])  # 0 or 1
        np.multiply(bits, x_bits[chunk], out=bits)
        np.multiply(kept[: part.size], scale, out=part)
    return out.reshape(x.shape)


def _apply_shared(x, mask, scale):
    """As above, for a mask that is shared along some axes, such as (N, C, 1, 1)."""
    leading = x.ndim
    while leading and mask.shape[leading - 1] == 1:
        leading -= 1
    blocks = mask.reshape(mask.shape[:leading])
    if blocks.shape != x.shape[:leading]:  # shared in the middle: one entry per unit after all
        return apply_keep_mask(x, np.broadcast_to(mask, x.shape), scale)
    x = np.ascontiguousarray(x)
    out, dropped = np.empty_like(x), ~blocks.reshape(-1)
    if not x.size:
        return out
    units = x.size // dropped.size  # that share a draw
    from_rows, rows = x.reshape(-1, units), out.reshape(-1, units)
    blocks = rows.view(np.dtype((np.void, units * x.itemsize)))[:, 0]  # each block one entry
    zero, scale = np.zeros((), blocks.dtype), x.dtype.type(scale)  # zero bits are the number 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # of what is dropped afterwards
        for chunk in _chunks(dropped.size, max(1, _CHUNK // units)):
            np.multiply(from_rows[chunk], scale, out=rows[chunk])
            blocks[chunk][dropped[chunk]] = zero
    return out


def scaled(x, factor):
    """Return ``factor * x`` in x's dtype, rounded once.

    >>> scaled(np.array([1, 2], dtype=np.float16), 0.1)
    array([0.1, 0.2], dtype=float16)
    """
    if x.dtype == np.float16:
        return (x.astype(np.float32) * np.float32(factor)).astype(np.float16)
    return x * x.dtype.type(factor)
