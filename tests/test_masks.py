import warnings

import numpy as np
import pytest

from dropout_lib.scratch import draw_keep_mask, dropout_forward
from dropout_lib.scratch.masks import _CHUNK, LEVELS, apply_keep_mask, check_probability

SHAPES = [(), (0,), (1,), (3, 5, 7), (2, 0, 4), (_CHUNK - 1,), (_CHUNK,), (2 * _CHUNK + 3,)]
BIT_GENERATORS = [np.random.MT19937, np.random.PCG64, np.random.Philox, np.random.SFC64]


def within_six_sigma(dropped, units, p):
    return abs(dropped - units * p) <= 6 * np.sqrt(units * p * (1 - p))


# --- drawing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0, 0.001, 0.1, 0.3, 0.5, 0.9, 0.999, 1])
def test_realised_drop_rate_is_p(p):
    mask = draw_keep_mask((1000, 1000), p, np.random.default_rng(1))
    assert within_six_sigma(np.count_nonzero(~mask), mask.size, p)


@pytest.mark.parametrize("p", [4e-6, 1 - 4e-6, 0.99999])
def test_drop_rate_is_exact_beyond_sixteen_bits(p):
    units = 30_000_000
    dropped = np.count_nonzero(~draw_keep_mask(units, p, np.random.default_rng(2)))
    assert within_six_sigma(dropped, units, p)
    # sixteen bits alone could only have realised a neighbouring multiple of 1 / 65536
    below = np.floor(p * LEVELS) / LEVELS
    for rounded in (below, below + 1 / LEVELS):
        assert not within_six_sigma(dropped, units, rounded)


class Rigged(np.random.Generator):
    """A generator whose 16-bit draws are all the same number."""

    def __init__(self, level):
        super().__init__(np.random.SFC64(3))
        self.level = level

    def integers(self, low, high, size, dtype):
        return np.full(4 * size, self.level, dtype=np.uint16).view(dtype)


@pytest.mark.parametrize("p", [0.999, 0.3, 0.1, 1e-6])
def test_a_draw_on_the_threshold_is_dropped_with_the_remainder(p):
    units = 200_000
    threshold, remainder = divmod(p * LEVELS, 1)
    on_it = draw_keep_mask(units, p, Rigged(int(threshold)))
    assert within_six_sigma(np.count_nonzero(~on_it), units, remainder)
    assert draw_keep_mask(units, p, Rigged(int(threshold) + 1)).all()
    if threshold:
        assert not draw_keep_mask(units, p, Rigged(int(threshold) - 1)).any()


@pytest.mark.parametrize("bit_generator", BIT_GENERATORS)
def test_every_bit_generator_serves(bit_generator):
    def draw():
        return draw_keep_mask(100_001, 0.3, np.random.Generator(bit_generator(4)))

    assert within_six_sigma(np.count_nonzero(~draw()), 100_001, 0.3)
    assert np.array_equal(draw(), draw())


@pytest.mark.parametrize("p", [0, 0.3, 0.5, 1])
@pytest.mark.parametrize("shape", SHAPES)
def test_masks_have_the_shape_asked_for(shape, p):
    mask = draw_keep_mask(shape, p, np.random.default_rng(5))
    assert mask.shape == shape
    assert mask.dtype == bool


def test_a_generator_goes_on_to_a_fresh_mask():
    rng = np.random.default_rng(6)
    assert not np.array_equal(draw_keep_mask(1000, 0.5, rng), draw_keep_mask(1000, 0.5, rng))
    assert not np.array_equal(draw_keep_mask(1000, 0.5), draw_keep_mask(1000, 0.5))


def test_units_are_dropped_independently_of_their_neighbours():
    mask = draw_keep_mask(1_000_000, 0.5, np.random.default_rng(7))
    for distance in (1, 2, 3, 4, _CHUNK):  # four neighbours share one 64-bit number
        agree = np.count_nonzero(mask[distance:] == mask[:-distance])
        assert within_six_sigma(agree, mask.size - distance, 0.5)


# --- applying ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("shape", SHAPES)
def test_kept_units_are_scaled_and_dropped_ones_are_zero(shape, dtype):
    rng = np.random.default_rng(8)
    x = rng.standard_normal(shape).astype(dtype)
    mask = draw_keep_mask(shape, 0.3, rng)
    before = x.copy()
    out = apply_keep_mask(x, mask, 1.25)
    assert out.dtype == x.dtype
    assert out.shape == x.shape
    assert np.array_equal(out, np.where(mask, x * 1.25, 0).astype(dtype))
    assert np.array_equal(x, before)
    assert not np.shares_memory(out, x)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_dropped_unit_is_zero_whatever_it_was(dtype):
    x = np.array([np.inf, -np.inf, np.nan, -np.nan, -0.0, np.finfo(dtype).max, 3], dtype=dtype)
    dropped = np.array([False] * 6 + [True])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = apply_keep_mask(x, dropped, 2.0)
    assert out.tolist() == [0, 0, 0, 0, 0, 0, 6]
    assert not np.signbit(out).any()


@pytest.mark.parametrize(
    "view",
    [
        np.transpose,
        np.asfortranarray,
        lambda a: a[::2],
        lambda a: a[:, ::-3],
        lambda a: np.broadcast_to(a[:1], a.shape),
    ],
    ids=["transposed", "Fortran", "every second row", "backwards", "broadcast"],
)
def test_memory_layout_does_not_matter(view):
    rng = np.random.default_rng(9)
    x, mask = rng.standard_normal((60, 90)), draw_keep_mask((60, 90), 0.3, rng)
    out = apply_keep_mask(view(x), view(mask), 2.0)
    assert np.array_equal(out, np.where(view(mask), 2 * view(x), 0))


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("p", [1.5, -0.1, np.nan, np.inf, "0.5", None, 1j, [0.5]])
def test_a_bad_probability_is_named(p):
    with pytest.raises(ValueError, match=r"between 0 and 1, but got") as caught:
        draw_keep_mask((3,), p)
    got = repr(p) if isinstance(p, str) else p
    assert str(caught.value) == f"dropout probability has to be between 0 and 1, but got {got}"


@pytest.mark.parametrize("p", [0, 1, 0.25, np.float32(0.25), np.float64(0.25), np.int64(1)])
def test_any_real_number_is_a_probability(p):
    assert check_probability(p) == p


@pytest.mark.parametrize("rng", [0, "seed", np.random.RandomState(0), np.random.PCG64(0)])
def test_rng_has_to_be_a_generator(rng):
    with pytest.raises(TypeError, match=r"make one with numpy\.random\.default_rng\(seed\)"):
        draw_keep_mask((3,), 0.5, rng)


@pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex, object])
def test_input_has_to_be_floating_point(dtype):
    with pytest.raises(TypeError, match=r"dropout needs float16, float32 or float64 input"):
        dropout_forward(np.ones(3, dtype=dtype))


def test_a_mask_has_to_have_the_shape_of_the_input():
    with pytest.raises(ValueError, match=r"mask has shape \(2, 3\), but has .* \(3, 2\)"):
        dropout_forward(np.ones((3, 2)), mask=np.ones((2, 3), dtype=bool))


@pytest.mark.parametrize("value", [2, -1, 0.5, np.nan])
def test_a_mask_holds_nothing_but_0_and_1(value):
    with pytest.raises(ValueError, match=f"but got {value}"):
        dropout_forward(np.ones(3), mask=np.array([0, 1, value]))
