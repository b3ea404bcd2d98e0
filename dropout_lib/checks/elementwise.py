"""Properties of dropout that drops single units: standard and inverted dropout.

Each function is one property and is named after it. The statistical ones are seeded, and sized
so that a correct implementation fails one of them with a probability below 1e-6: their
tolerance is six standard deviations.
"""

import math

import numpy as np

from .core import Diagnosis

CASES, UNITS = 200, 200  # 40,000 units: six standard deviations of the drop rate are 0.015
RATES = (0.1, 0.25, 0.5, 0.75, 0.9)


def _output(subject, p, x, seed=0):
    return np.asarray(subject.make(p, seed).forward(x))


def _ones():
    return np.ones((CASES, UNITS), dtype=np.float32)


def _spread_out(seed=0):
    """Activations between 1 and 2: none is 0, so that a 0 in the output was dropped."""
    return np.random.default_rng(seed).uniform(1, 2, (CASES, UNITS)).astype(np.float32)


def _close(a, b, rtol=1e-5):
    return np.allclose(a, b, rtol=rtol, atol=1e-12)


def output_has_the_shape_of_x(subject):
    x = _ones()
    out = subject.make(0.5, 0).forward(x)
    if out is None:
        return Diagnosis("returns-nothing", "it returned None", "is there a `return` at the end?")
    out = np.asarray(out)
    if out.shape != x.shape:
        return Diagnosis(
            "shape-changed",
            f"the input has shape {x.shape}, the output {out.shape}",
            "dropout sets units to zero, it does not remove them from the array",
        )
    if out.dtype == bool:
        return Diagnosis(
            "mask-returned",
            "the output holds True and False: it is the mask itself",
            "multiply the activations by the mask, or choose with np.where(mask, x, 0)",
        )
    return None


def dtype_is_kept(subject):
    for dtype in (np.float16, np.float32, np.float64):
        out = np.asarray(subject.make(0.5, 0).forward(_ones().astype(dtype)))
        if out.dtype != dtype:
            return Diagnosis(
                "dtype-changed",
                f"{np.dtype(dtype)} went in and {out.dtype} came out",
                "a float64 mask turns everything it touches into float64: "
                "give the mask or the result the dtype of x",
            )
    return None


def input_is_not_changed(subject):
    x = _spread_out()
    before = x.copy()
    subject.make(0.5, 0).forward(x)
    if (x != before).any():
        return Diagnosis(
            "input-changed",
            f"{(x != before).sum():,} entries of the input array were overwritten",
            "`x *= mask` writes into the caller's array; `x * mask` makes a new one",
        )
    return None


def bad_probability_is_refused(subject):
    for p in (1.5, -0.1, math.nan, "0.5", None):
        try:
            subject.make(p, 0).forward(_ones())
        except ValueError as error:
            if "between 0 and 1" not in str(error) or str(p) not in str(error):
                return Diagnosis(
                    "unclear-error",
                    f"p = {p!r} raises ValueError with the words {str(error)!r}",
                    "say what is allowed and what was given: "
                    f"'dropout probability has to be between 0 and 1, but got {p}'",
                )
        except Exception as error:
            return Diagnosis(
                "wrong-error",
                f"p = {p!r} raises {type(error).__name__}: {error}",
                "a bad value is a ValueError that names the value",
            )
        else:
            return Diagnosis(
                "bad-probability-accepted",
                f"p = {p!r} is accepted",
                "check `0 <= p <= 1` before anything else (NaN compares false, which helps)",
            )
    return None


def integers_are_refused(subject):
    try:
        out = subject.make(0.5, 0).forward(np.ones((4, 4), dtype=np.int64))
    except TypeError:
        return None
    return Diagnosis(
        "integers-accepted",
        f"an int64 array goes in and {np.asarray(out).dtype} comes out",
        "scaled activations are no integers: raise a TypeError that says what to convert to",
    )


def _drop_rates(subject):
    return {p: float((_output(subject, p, _ones(), seed=1) == 0).mean()) for p in RATES}


def _matches(rates, expected):
    """Whether the realised rates are those of a rule p -> drop rate, within six sigma."""
    for p, rate in rates.items():
        e = expected(p)
        if abs(rate - e) > 6 * math.sqrt(max(e * (1 - e), 1e-4) / (CASES * UNITS)):
            return False
    return True


def _normal_below(z):
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def drop_rate_is_p(subject):
    rates = _drop_rates(subject)
    if _matches(rates, lambda p: p):
        return None
    seen = ", ".join(f"{rate:.2f} at p = {p}" for p, rate in rates.items())
    if _matches(rates, lambda p: 1 - p):
        return Diagnosis(
            "keep-and-drop-swapped",
            f"keep and drop are swapped: p = 0.1 drops {rates[0.1]:.0%} of the units",
            "is p used as the keep probability? `rng.random(shape) < p` is true with "
            "probability p: those are the ones to drop",
        )
    if _matches(rates, _normal_below) or _matches(rates, lambda p: 1 - _normal_below(1 - p)):
        return Diagnosis(
            "normal-instead-of-uniform",
            f"the drop rate is {seen}: what a normal random number gives",
            "`randn` is a bell curve around 0; compare p with a uniform number from [0, 1)",
        )
    if _matches(rates, lambda p: 0.0):
        return Diagnosis(
            "never-drops", "no unit is ever dropped", "is the mask drawn and multiplied in?"
        )
    if len({round(rate, 1) for rate in rates.values()}) == 1:
        return Diagnosis(
            "probability-ignored",
            f"the drop rate is {rates[0.5]:.2f} whatever p is",
            "is a constant written where p belongs?",
        )
    return Diagnosis(
        "drop-rate-off",
        f"the drop rate is {seen}",
        "each unit is dropped with probability p: compare a uniform random number with p",
    )


def small_probabilities_are_kept_apart(subject):
    """The drop rate is p also where p is no multiple of a hundredth, or of 1/256."""
    p, x = 0.003, np.ones(1_000_000, dtype=np.float32)
    rate = float((_output(subject, p, x, seed=1) == 0).mean())
    if abs(rate - p) > 6 * math.sqrt(p * (1 - p) / x.size):
        return Diagnosis(
            "probability-rounded",
            f"at p = {p} the drop rate is {rate:.4f}",
            "compare p with a number that has enough digits: a percentage or a byte rounds it",
        )
    return None


def every_case_has_its_own_mask(subject):
    dropped = _output(subject, 0.5, _ones(), seed=2) == 0
    if dropped.all() or not dropped.any():
        return None  # the drop rate will tell
    if (dropped == dropped[0]).all():
        return Diagnosis(
            "one-mask-for-the-batch",
            f"all {CASES} cases of the batch have the same units dropped",
            "draw a mask of the whole shape of x, not of one row that is broadcast",
        )
    if (dropped == dropped[:, :1]).all():
        return Diagnosis(
            "whole-cases-dropped",
            "a case is dropped with all its units, or kept with all of them",
            "draw one number per unit and case, not one per case",
        )
    different = len(np.unique(dropped, axis=0))
    if different < CASES:
        return Diagnosis(
            "masks-repeated",
            f"the {CASES} cases of a batch have only {different} different masks",
            "draw a number for every entry of x; do not repeat or tile a smaller mask",
        )
    return None


def every_axis_is_drawn_along(subject):
    """Units of a picture (cases, channels, height, width) are dropped one by one too."""
    dropped = _output(subject, 0.5, np.ones((10, 8, 12, 12), dtype=np.float32), seed=2) == 0
    for axis, name in enumerate(("cases", "channels", "rows", "columns")):
        if dropped.any() and (dropped == dropped.take([0], axis)).all():
            return Diagnosis(
                "mask-shared-along-an-axis",
                f"in an array of shape {dropped.shape} all {name} have the same units dropped",
                "draw a mask of the whole shape of x; dropping whole maps is another variant",
            )
    return None


def neighbours_do_not_share_their_luck(subject):
    """Entries beside each other, and half an axis apart, are dropped independently."""
    names = ("cases", "channels", "rows", "columns")
    dropped = _output(subject, 0.5, np.ones((10, 8, 12, 12), dtype=np.float32), seed=2) == 0
    luck = dropped - dropped.mean()
    if not luck.any():
        return None  # the drop rate will tell
    for axis, name in enumerate(names):
        for apart in (1, dropped.shape[axis] // 2):
            first = luck.take(np.arange(dropped.shape[axis] - apart), axis)
            other = luck.take(np.arange(apart, dropped.shape[axis]), axis)
            correlation = float((first * other).mean() / luck.var())
            if abs(correlation) > 6 / math.sqrt(first.size):
                return Diagnosis(
                    "neighbours-share-their-luck",
                    f"{name} that lie {apart} apart are dropped together, or in turn, with a "
                    f"correlation of {correlation:.2f}",
                    "one random number for every entry: none is used twice",
                )
    return None


def units_are_dropped_independently(subject):
    counts = (_output(subject, 0.5, _ones(), seed=3) == 0).sum(axis=1)  # (CASES,)
    if counts.std() == 0:
        return Diagnosis(
            "fixed-number-dropped",
            f"exactly {counts[0]} of {UNITS} units are dropped in every case",
            "each unit tosses its own coin: the number dropped is binomial, not fixed",
        )
    # (CASES - 1) s² / variance is chi-squared with CASES - 1 degrees of freedom
    ratio = counts.var(ddof=1) / (UNITS / 4)
    if abs(ratio - 1) > 6 * math.sqrt(2 / (CASES - 1)):
        return Diagnosis(
            "units-not-independent",
            f"the number dropped per case varies {ratio:.1f} times as much as with "
            "independent units",
            "does one random number decide over several units?",
        )
    return None


def every_pass_draws_anew(subject):
    layer = subject.make(0.5, 4)
    passes = [np.asarray(layer.forward(_ones())).tobytes() for _ in range(8)]
    if len(set(passes)) < len(passes):
        return Diagnosis(
            "mask-never-redrawn",
            "several passes through the same layer drop the same units",
            "draw the mask in forward, not at construction or import, and do not seed there",
        )
    return None


def what_is_kept_has_the_right_scale(subject):
    x = _spread_out()
    for p in (0.25, 0.75):
        out = _output(subject, p, x, seed=5)
        kept = out != 0
        factor = out[kept] / _spread_out()[kept]
        expected = subject.training_scale(p)
        if _close(factor, expected):
            continue
        typical = float(np.median(factor))
        if expected != 1 and _close(factor, 1):
            return Diagnosis(
                "scale-forgotten",
                f"at p = {p} the kept units come through unscaled",
                f"multiply what is kept by 1 / (1 - p) = {expected:.4g}, "
                "or the next layer sees less than it will at test time",
            )
        if _close(factor, 1 / p):
            return Diagnosis(
                "scaled-by-drop-probability",
                f"at p = {p} the kept units are multiplied by {typical:.4g} = 1 / p",
                "divide by the probability to keep, 1 - p",
            )
        if _close(factor, 1 - p):
            return Diagnosis(
                "scaled-the-wrong-way",
                f"at p = {p} the kept units are multiplied by {typical:.4g} = 1 - p",
                "dropping made the layer's sum smaller: what is kept has to grow",
            )
        if expected == 1 and _close(factor, 1 / (1 - p)):
            return Diagnosis(
                "scaled-in-training",
                f"at p = {p} the kept units are multiplied by {typical:.4g} = 1 / (1 - p)",
                "standard dropout scales at test time only; this is inverted dropout",
            )
        if abs(typical / expected - 1) < 0.05 and _close(factor, typical):
            return Diagnosis(
                "scaled-by-the-count",
                f"at p = {p} the factor is {typical:.5g}, near {expected:.5g} but not equal",
                "scale by the probability to keep, not by the fraction that happened to stay: "
                "one unit's factor must not depend on the others' luck",
            )
        return Diagnosis(
            "scale-off",
            f"at p = {p} the kept units are multiplied by {factor.min():.4g} to "
            f"{factor.max():.4g}, not by {expected:.4g}",
            "every kept unit is multiplied by the same number, which p alone decides",
        )
    return None


def mean_and_variance_are_right(subject):
    """Over many cases, each unit has mean s(1-p)x and variance s²p(1-p)x², s being the scale."""
    cases = 4000
    x = np.linspace(0.5, 4, 50).astype(np.float64)
    for p in (0.25, 0.75):
        out = _output(subject, p, np.tile(x, (cases, 1)), seed=6)
        scale = subject.training_scale(p)
        mean, deviation = scale * (1 - p) * x, scale * math.sqrt(p * (1 - p)) * x
        off = np.abs(out.mean(axis=0) - mean) / (deviation / math.sqrt(cases))
        if off.max() > 7:  # fifty units are looked at: seven sigma for the largest
            worst = int(off.argmax())
            return Diagnosis(
                "mean-depends-on-x",
                f"a unit with activation {x[worst]:.2f} is {out[:, worst].mean():.2f} on average "
                f"at p = {p}, where {mean[worst]:.2f} is expected",
                "the mask must not look at x: small and large activations are dropped alike",
            )
        kurtosis = (1 - 3 * p * (1 - p)) / (p * (1 - p))
        variance_error = deviation**2 * math.sqrt((kurtosis - 1) / cases)
        if (np.abs(out.var(axis=0) - deviation**2) > 7 * variance_error).any():
            return Diagnosis(
                "variance-off",
                f"at p = {p} the output varies by {out.var(axis=0)[-1]:.3g} where "
                f"{deviation[-1] ** 2:.3g} is expected",
                "are masks of different cases tied to each other?",
            )
    return None


def memory_layout_does_not_matter(subject):
    x = _spread_out()
    straight, across = _output(subject, 0.5, x, seed=20), _output(subject, 0.5, x.T, seed=20)
    scale = subject.training_scale(0.5)
    kept = across != 0
    if _close(across[kept], scale * x.T[kept]) and _close(straight, scale * x * (straight != 0)):
        return None
    return Diagnosis(
        "reads-memory-in-order",
        "a transposed array comes out with its activations in other places",
        "`ravel` and `reshape` copy in one order and write back in another: use the same for both",
    )


def evaluation_is_deterministic_and_scaled_right(subject):
    x = _spread_out()
    for p in (0.25, 0.75):
        layer = subject.make(p, 7)
        layer.forward(x)
        layer.eval()
        out, expected = np.asarray(layer.forward(x)), subject.evaluation_scale(p)
        factor = out / _spread_out()
        if _close(factor, expected):
            continue
        if (out == 0).any():
            return Diagnosis(
                "active-in-evaluation",
                f"in evaluation mode {(out == 0).mean():.0%} of the units are dropped",
                "look at `training` first: in evaluation mode there is no mask",
            )
        if subject.scaling == "inverted" and _close(factor, 1 - p):
            return Diagnosis(
                "scaled-in-evaluation",
                f"in evaluation mode everything is multiplied by 1 - p = {1 - p}",
                "inverted dropout has scaled in training already: scaling again counts twice",
            )
        if subject.scaling == "standard" and _close(factor, 1):
            return Diagnosis(
                "not-scaled-in-evaluation",
                "evaluation mode returns x as it is",
                "without scaling in training, the test-time output has to be (1 - p) x",
            )
        return Diagnosis(
            "evaluation-off",
            f"in evaluation mode at p = {p} the factor is {float(np.median(factor)):.4g}, "
            f"not {expected:.4g}",
            "evaluation mode gives the expectation of the training mode",
        )
    return None


def training_resumes_after_evaluation(subject):
    layer = subject.make(0.5, 7)
    layer.eval()
    layer.forward(_ones())
    layer.train()
    if not (np.asarray(layer.forward(_ones())) == 0).any():
        return Diagnosis(
            "stuck-in-evaluation",
            "after eval() and then train() nothing is dropped",
            "train() has to switch `training` back on",
        )
    return None


def output_does_not_share_memory_with_x(subject):
    for p, mode in ((0.5, "eval"), (0.0, "train")):
        layer = subject.make(p, 8)
        getattr(layer, mode)()
        x = _ones()
        if np.shares_memory(layer.forward(x), x):
            return Diagnosis(
                "output-is-the-input",
                f"with p = {p} in {mode} mode the very array that went in comes out",
                "whoever writes into the output changes x: return x.copy()",
            )
    return None


def _global_state():
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002
    return key.tobytes(), position


def same_seed_gives_the_same_masks(subject):
    before = _global_state()
    first, second = (_output(subject, 0.5, _ones(), seed=9) for _ in range(2))
    if _global_state() != before:
        return Diagnosis(
            "global-random-state",
            "numpy.random's global state was used or seeded",
            "draw from the generator that is handed in: `rng.random(shape)`",
        )
    if (first != second).any():
        return Diagnosis(
            "generator-ignored",
            "two layers with the same seed drop different units",
            "draw from the generator that is handed in: `rng.random(shape)`",
        )
    return None


def p_zero_keeps_all_and_p_one_drops_all(subject):
    x = _spread_out()
    with np.errstate(all="ignore"):
        out = _output(subject, 1.0, x, seed=10)
        unchanged = _output(subject, 0.0, x, seed=10)
    if not np.isfinite(out).all():
        return Diagnosis(
            "nan-at-p-one",
            f"at p = 1 the output is {out.flat[0]}",
            "1 / (1 - p) is a division by zero there: nothing is kept, so nothing needs scaling",
        )
    if (out != 0).any():
        return Diagnosis(
            "p-one-keeps",
            f"at p = 1 {(out != 0).sum()} units are kept",
            "random() can be 0 but never 1: `random() < p` is always true at p = 1",
        )
    if (unchanged != x).any():
        return Diagnosis(
            "p-zero-changes",
            "at p = 0 the output differs from x",
            "with p = 0 nothing is dropped and the scale is 1",
        )
    return None


def dropped_means_zero_even_if_x_is_infinite(subject):
    x = np.full((CASES, UNITS), np.inf, dtype=np.float32)
    x[::2] = np.nan
    with np.errstate(all="ignore"):
        layer = subject.make(0.5, 11)
        out = np.asarray(layer.forward(x))
        zeros = float((out == 0).mean())
    if abs(zeros - 0.5) > 6 * 0.5 / math.sqrt(CASES * UNITS):
        return Diagnosis(
            "non-finite-leaks",
            f"where x is infinite or NaN, {zeros:.0%} of the outputs are 0, not 50%",
            "0 * inf is NaN: set dropped units to zero instead of multiplying them by it",
        )
    return None


def backward_uses_the_mask_of_forward(subject):
    p = 0.75
    layer = subject.make(p, 12)
    kept = np.asarray(layer.forward(_spread_out())) != 0
    grad = np.asarray(layer.backward(_ones()))
    scale = subject.training_scale(p)
    if _close(grad, scale * kept):
        return None
    if (grad != 0).all():
        return Diagnosis(
            "backward-without-mask",
            "units that forward dropped receive a gradient",
            "a dropped unit had no influence on the output: multiply the gradient by the mask",
        )
    if ((grad != 0) == ~kept).all():
        return Diagnosis(
            "backward-with-mask-inverted",
            "the units that forward kept get no gradient, and those it dropped do",
            "the mask is true where a unit was kept: is it turned round somewhere?",
        )
    if scale != 1 and _close(grad, kept):
        return Diagnosis(
            "backward-without-scale",
            f"forward multiplies by {scale:.4g}, backward does not",
            "y = m x / (1 - p), so dy/dx = m / (1 - p): the scale belongs to the derivative",
        )
    if _close(grad, scale**2 * kept):
        return Diagnosis(
            "backward-scaled-twice",
            f"the gradient is multiplied by {scale**2:.4g} where {scale:.4g} is right",
            "if the mask holds the scale already, do not divide again",
        )
    if _close(grad, (1 - p) * kept) or _close(grad, kept / p):
        return Diagnosis(
            "backward-scaled-wrong",
            f"the gradient of kept units is multiplied by {grad.max():.4g}, not by {scale:.4g}",
            "what forward multiplied by, backward multiplies by: the derivative of a factor is "
            "the factor",
        )
    if ((grad != 0) != kept).mean() > 0.1:
        return Diagnosis(
            "backward-with-another-mask",
            f"{((grad != 0) != kept).mean():.0%} of the units are dropped in one direction only",
            "keep the mask that forward drew: backward draws nothing",
        )
    return None  # right units, unknown factor: the finite differences below will tell


def backward_follows_the_mode_of_forward(subject):
    layer = subject.make(0.5, 12)
    kept = np.asarray(layer.forward(_spread_out())) != 0
    layer.eval()  # between forward and backward
    if ((np.asarray(layer.backward(_ones())) != 0) != kept).any():
        return Diagnosis(
            "backward-follows-the-mode",
            "after forward in training and then eval(), backward no longer uses forward's mask",
            "backward belongs to the last forward: it asks for the mask, not for the mode",
        )
    return None


def dropped_units_get_gradient_zero_even_if_it_is_infinite(subject):
    layer = subject.make(0.5, 12)
    kept = np.asarray(layer.forward(_spread_out())) != 0
    with np.errstate(all="ignore"):
        grad = np.asarray(layer.backward(np.full((CASES, UNITS), np.inf, dtype=np.float32)))
    if not (grad[~kept] == 0).all():
        return Diagnosis(
            "non-finite-gradient-leaks",
            f"where the gradient is infinite, a dropped unit gets {grad[~kept][0]}, not 0",
            "0 * inf is NaN: set dropped units to zero instead of multiplying them by it",
        )
    return None


def gradient_flows_where_x_is_zero(subject):
    x = np.zeros((CASES, UNITS), dtype=np.float64)
    layer = subject.make(0.5, 13)
    layer.forward(x)
    grad = np.asarray(layer.backward(np.ones_like(x)))
    if not (grad != 0).any():
        return Diagnosis(
            "mask-inferred-from-output",
            "where x is 0, no unit receives a gradient, not even the kept ones",
            "an output of 0 does not mean dropped: a kept unit may be 0. Keep the mask",
        )
    return None


def gradient_matches_finite_differences(subject):
    rng = np.random.default_rng(14)
    x, weights = rng.uniform(1, 2, (2, 6)), rng.standard_normal((2, 6))
    step = 1e-6

    def loss(values):  # the same seed gives the same mask
        return float((weights * subject.make(0.25, 14).forward(values)).sum())

    numerical = np.empty_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        numerical[index] = (loss(x + shift) - loss(x - shift)) / (2 * step)
    layer = subject.make(0.25, 14)
    layer.forward(x)
    error = np.abs(np.asarray(layer.backward(weights)) - numerical).max()
    if not error < 1e-7 * max(1, np.abs(numerical).max()):
        return Diagnosis(
            "gradient-off",
            f"backward differs from finite differences by up to {error:.2g}",
            "write forward as one formula in x and differentiate that formula",
        )
    return None


def gradient_at_p_one_is_zero(subject):
    layer = subject.make(1.0, 15)
    layer.forward(_ones())
    with np.errstate(all="ignore"):
        grad = np.asarray(layer.backward(_ones()))
    if not (grad == 0).all():
        return Diagnosis(
            "gradient-nan-at-p-one",
            f"at p = 1 the gradient is {grad.flat[0]}",
            "1 / (1 - p) is a division by zero there: everything was dropped, the gradient is 0",
        )
    return None


def backward_does_not_change_its_input(subject):
    layer = subject.make(0.5, 15)
    layer.forward(_spread_out())
    grad_output = _ones()
    layer.backward(grad_output)
    if (grad_output != 1).any():
        return Diagnosis(
            "gradient-input-changed",
            "backward overwrites the gradient it is given",
            "`grad *= mask` writes into the caller's array; `grad * mask` makes a new one",
        )
    return None


def backward_after_evaluation_ignores_old_masks(subject):
    p = 0.5
    layer = subject.make(p, 16)
    layer.forward(_ones())
    layer.eval()
    layer.forward(_ones())
    grad = np.asarray(layer.backward(_ones()))
    if not _close(grad, subject.evaluation_scale(p)):
        return Diagnosis(
            "wrong-in-evaluation",
            "after a pass in evaluation mode the gradient has to be multiplied by "
            f"{subject.evaluation_scale(p):g} everywhere, but it is not",
            "in evaluation mode there is no mask: forget the old one, and let backward do what "
            "forward did",
        )
    return None


def gradient_dtype_is_kept(subject):
    layer = subject.make(0.5, 21)
    layer.forward(_ones())
    grad = np.asarray(layer.backward(_ones()))
    if grad.dtype != np.float32:
        return Diagnosis(
            "gradient-dtype-changed",
            f"a gradient of float32 went in and {grad.dtype} came out",
            "backward keeps the dtype, as forward does",
        )
    return None


def backward_needs_a_forward(subject):
    try:
        subject.make(0.5, 17).backward(_ones())
    except RuntimeError as error:
        if "forward" in str(error):
            return None
    except Exception as error:
        return Diagnosis(
            "unclear-order-error",
            f"backward before forward raises {type(error).__name__}: {error}",
            "raise a RuntimeError that says to run forward first",
        )
    return Diagnosis(
        "backward-before-forward",
        "backward works although forward never ran",
        "there is no mask yet: raise a RuntimeError that says to run forward first",
    )


def a_mask_can_be_replayed(subject):
    x = _spread_out()
    mask = np.random.default_rng(18).random(x.shape) < 0.5
    layer = subject.make(0.5, 18)
    out = np.asarray(layer.forward(x, mask=mask))
    if ((out != 0) != mask).any():
        return Diagnosis(
            "replay-ignored",
            "forward(x, mask=m) drops other units than m says",
            "draw a mask only where none was given",
        )
    scale = subject.training_scale(0.5)
    if not (_close(out, scale * x * mask) and _close(layer.backward(x), scale * x * mask)):
        return Diagnosis(
            "replayed-otherwise",
            "a pass with a given mask is scaled, or goes backward, in another way than one that "
            "draws",
            "the only thing that a given mask replaces is the draw",
        )
    try:
        layer.forward(x, mask=mask[:1])
    except ValueError:
        return None
    return Diagnosis(
        "mask-shape-unchecked",
        f"a mask of shape {mask[:1].shape} is accepted for x of shape {x.shape}",
        "broadcasting would give the whole batch one mask: compare the shapes",
    )


def the_mask_used_can_be_seen(subject):
    layer = subject.make(0.75, 19)
    out = np.asarray(layer.forward(_spread_out()))
    if layer.mask is not None and (np.asarray(layer.mask).astype(bool) == (out == 0)).all():
        return Diagnosis(
            "mask-shown-inverted",
            "the mask that is shown is true where a unit was dropped",
            "a keep-mask is true where a unit stays",
        )
    if layer.mask is not None and not np.isin(layer.mask, (0, 1)).all():
        return Diagnosis(
            "mask-holds-the-scale",
            f"the mask holds {np.max(layer.mask):g}: the scale is in it",
            "keep mask and scale apart, or backward will not know whether to scale",
        )
    if layer.mask is None or (np.asarray(layer.mask).astype(bool) != (out != 0)).any():
        return Diagnosis(
            "mask-not-shown",
            "the mask that is shown is not the one that was used",
            "keep exactly the mask that the output was made with",
        )
    return None


FORWARD = (
    output_has_the_shape_of_x,
    input_is_not_changed,
    every_case_has_its_own_mask,
    drop_rate_is_p,
    small_probabilities_are_kept_apart,
    every_axis_is_drawn_along,
    units_are_dropped_independently,
    neighbours_do_not_share_their_luck,
    every_pass_draws_anew,
    what_is_kept_has_the_right_scale,
    mean_and_variance_are_right,
    memory_layout_does_not_matter,
    dtype_is_kept,
    same_seed_gives_the_same_masks,
    the_mask_used_can_be_seen,
)
EVALUATION = (
    evaluation_is_deterministic_and_scaled_right,
    training_resumes_after_evaluation,
    output_does_not_share_memory_with_x,
)
EDGES = (
    bad_probability_is_refused,
    integers_are_refused,
    p_zero_keeps_all_and_p_one_drops_all,
    dropped_means_zero_even_if_x_is_infinite,
)
BACKWARD = (
    backward_uses_the_mask_of_forward,
    gradient_flows_where_x_is_zero,
    gradient_matches_finite_differences,
    backward_does_not_change_its_input,
    backward_after_evaluation_ignores_old_masks,
    gradient_at_p_one_is_zero,
    backward_follows_the_mode_of_forward,
    gradient_dtype_is_kept,
)
LAYER = (
    backward_needs_a_forward,
    a_mask_can_be_replayed,
    dropped_units_get_gradient_zero_even_if_it_is_infinite,
)
ELEMENTWISE = FORWARD + EVALUATION + EDGES + BACKWARD + LAYER
