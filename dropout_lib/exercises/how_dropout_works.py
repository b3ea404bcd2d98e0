"""Exercises and quiz of chapter 2."""

import math

import numpy as np

from .. import scratch
from ..checks import BACKWARD, EDGES, EVALUATION, FORWARD, Diagnosis, function_subject
from ..checks.elementwise import p_zero_keeps_all_and_p_one_drops_all
from .answers import (
    described,
    every_unit_has_a_draw,
    in_both_modes,
    judge_formula,
    nothing_back,
)
from .core import Exercise, first_diagnosis, multiple_choice


def judge_forward(forward):
    x = np.ones((2, 3))
    given = in_both_modes("forward", forward, x)
    if diagnosis := nothing_back(given):
        return diagnosis
    for call, answer in given.items():
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            return Diagnosis(
                "mask-missing",
                f"{call} gives {described(answer)}, and two things are asked for.",
                "return out, mask: backward will need the mask",
            )
    (out, mask), (_, in_evaluation) = given.values()
    if np.asarray(out).dtype == bool and np.asarray(mask).dtype != bool:
        return Diagnosis(
            "order-swapped",
            "the mask comes first and the output second.",
            "whoever calls it writes out, mask = forward(...): keep that order",
        )
    if mask is None and in_evaluation is not None:
        return Diagnosis(
            "modes-swapped",
            "in training the mask is None, and in evaluation there is one.",
            "`training` is True in training: which branch drops?",
        )
    if in_evaluation is not None:
        return Diagnosis(
            "mask-in-evaluation",
            "in evaluation mode the mask has to be None.",
            "None tells backward that nothing was dropped",
        )

    def as_tuple(x, p, training, rng):
        return tuple(forward(x, p, training, rng))

    checks = (every_unit_has_a_draw, *FORWARD, *EVALUATION[:1])
    checks += (p_zero_keeps_all_and_p_one_drops_all,)
    return first_diagnosis(function_subject(as_tuple, name="forward"), checks)


def forward(x, p, training, rng):
    if not training:
        return x.copy(), None
    mask = rng.random(x.shape) >= p
    scale = 1 / (1 - p) if p < 1 else 0.0
    return (x * mask * scale).astype(x.dtype), mask


def _forward_keeps_p(x, p, training, rng):
    if not training:
        return x, None
    mask = rng.random(x.shape) < p
    return (x * mask / max(p, 1e-9)).astype(x.dtype), mask


def _forward_normal(x, p, training, rng):
    if not training:
        return x, None
    mask = rng.standard_normal(x.shape) > p
    return (x * mask / (1 - p)).astype(x.dtype), mask


def _forward_unscaled(x, p, training, rng):
    if not training:
        return x, None
    mask = rng.random(x.shape) >= p
    return x * mask, mask


def _forward_divides_by_p(x, p, training, rng):
    if not training:
        return x, None
    mask = rng.random(x.shape) >= p
    return (x * mask / p).astype(x.dtype), mask


def _forward_doubles(x, p, training, rng):
    if not training:
        return x, None
    mask = (rng.random(x.shape) >= p).astype(float)
    return x * mask / (1 - p), mask


def _forward_one_row(x, p, training, rng):
    if not training:
        return x, None
    mask = np.broadcast_to(rng.random(x.shape[1]) >= p, x.shape)
    return (x * mask / (1 - p)).astype(x.dtype), mask


def _forward_ignores_mode(x, p, training, rng):
    mask = rng.random(x.shape) >= p
    return (x * mask / max(1 - p, 1e-9)).astype(x.dtype), mask


def _forward_still_drops(x, p, training, rng):
    out, mask = _forward_ignores_mode(x, p, True, rng)
    return out, mask if training else None


def _forward_scales_twice(x, p, training, rng):
    if not training:
        return (x * (1 - p)).astype(x.dtype), None
    mask = rng.random(x.shape) >= p
    return (x * mask / max(1 - p, 1e-9)).astype(x.dtype), mask


def _forward_nan_at_one(x, p, training, rng):
    if not training:
        return x, None
    mask = rng.random(x.shape) >= p
    return (x * mask / np.float64(1 - p)).astype(x.dtype), mask


def _forward_no_mask(x, p, training, rng):
    return forward(x, p, training, rng)[0]


def _forward_scaled_mask(x, p, training, rng):
    if not training:
        return x, None
    mask = ((rng.random(x.shape) >= p) / max(1 - p, 1e-9)).astype(x.dtype)
    return x * mask, mask


def _forward_drop_mask(x, p, training, rng):
    out, mask = forward(x, p, training, rng)
    return out, None if mask is None else ~mask


def _forward_mask_always(x, p, training, rng):
    out, mask = forward(x, p, training, rng)
    return out, np.ones(x.shape, bool) if mask is None else mask


def _forward_in_place(x, p, training, rng):
    if training:
        mask = rng.random(x.shape) >= p
        x *= mask
        return (x / (1 - p)).astype(x.dtype), mask
    return x, None


def _forward_swapped_order(x, p, training, rng):
    return forward(x, p, training, rng)[::-1]


def _forward_one_draw(x, p, training, rng):
    if not training:
        return x, None
    mask = np.full(x.shape, rng.random() >= p)
    return (x * mask / max(1 - p, 1e-9)).astype(x.dtype), mask


def _forward_fixed_number(x, p, training, rng):
    if not training:
        return x, None
    mask = rng.permutation(x.size).reshape(x.shape) >= p * x.size
    return (x * mask / max(1 - p, 1e-9)).astype(x.dtype), mask


def _forward_swapped_modes(x, p, training, rng):
    return forward(x, p, not training, rng)


def _forward_forgets_evaluation(x, p, training, rng):
    if training:
        return forward(x, p, training, rng)
    return None


def _does_nothing(x, p, training, rng): ...


def judge_backward(backward):
    def right_forward(x, p, training, rng):
        return scratch.dropout_forward(x, p, training, rng)

    subject = function_subject(right_forward, backward, name="backward")
    grad, mask = np.full((2, 2), 3.0), np.eye(2, dtype=bool)
    given = {
        "backward(grad_output, mask, p)": backward(grad.copy(), mask.copy(), 0.2),
        "backward(grad_output, None, p)": _unless_it_raises(backward, grad.copy(), None, 0.2),
    }
    if diagnosis := nothing_back(given):
        return diagnosis
    for call, answer in given.items():
        if isinstance(answer, tuple):
            return Diagnosis(
                "not-one-array",
                f"{call} gives {len(answer)} things, and one is asked for.",
                "return the gradient alone; nobody needs the mask any more",
            )
        if np.shape(answer) != (2, 2):
            return Diagnosis(
                "wrong-shape",
                f"a gradient of shape (2, 2) went in, and {call} gives {described(answer)}.",
                "every entry of x has a gradient of its own: nothing is summed here",
            )
    factor = np.asarray(given["backward(grad_output, mask, p)"], dtype=float)
    if np.allclose(factor, mask / 0.8) or np.allclose(factor, mask):
        return Diagnosis(
            "incoming-gradient-forgotten",
            "the result is the same whatever gradient comes in.",
            "that is dy/dx. By the chain rule it is multiplied by dL/dy, which is grad_output",
        )
    in_evaluation = np.asarray(given["backward(grad_output, None, p)"], dtype=float) / grad
    scaled = np.allclose(in_evaluation, 0.8) or np.allclose(in_evaluation, 1.25)
    if scaled and np.allclose(factor, grad * mask / 0.8):
        return Diagnosis(
            "scaled-in-evaluation",
            f"in evaluation, at p = 0.2, the gradient is multiplied by {in_evaluation[0, 0]:.4g}.",
            "inverted dropout hands x on as it is in evaluation: what is the derivative of y = x?",
        )
    with np.errstate(all="ignore"):
        return _constant_scale(backward) or first_diagnosis(subject, BACKWARD)


def _unless_it_raises(function, *arguments):
    """What a function returns; an array where it raises, which the checks will come to."""
    try:
        return function(*arguments)
    except Exception:
        return np.ones_like(arguments[0])


def _constant_scale(backward):
    factors = [
        float(np.asarray(backward(np.ones((1, 1)), np.ones((1, 1), dtype=bool), p))[0, 0])
        for p in (0.2, 0.5, 0.75)
    ]
    if np.ptp(factors) < 1e-9 and factors[0] not in (0, 1):
        return Diagnosis(
            "scale-does-not-know-p",
            f"a kept unit's gradient is multiplied by {factors[0]:.4g} at p = 0.2, 0.5 and 0.75.",
            "the scale depends on p: what is it at another p than the one you had in mind?",
        )
    return None


def backward(grad_output, mask, p):
    if mask is None:  # evaluation: the output was x itself
        return grad_output.copy()
    scale = 1 / (1 - p) if p < 1 else 0.0
    return grad_output * mask * scale


def _backward_no_mask(grad_output, mask, p):
    return grad_output / (1 - p)


def _backward_no_scale(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask


def _backward_twice(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask / (1 - p) ** 2


def _backward_new_mask(grad_output, mask, p):
    return grad_output * (np.random.default_rng().random(grad_output.shape) >= p) / (1 - p)


def _backward_in_place(grad_output, mask, p):
    if mask is None:
        return grad_output.copy()
    grad_output *= mask
    return grad_output / (1 - p)


def _backward_no_evaluation(grad_output, mask, p):
    return grad_output * mask / (1 - p)


def _backward_inverted(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * ~mask / (1 - p)


def _backward_by_p(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask / p


def _backward_pair(grad_output, mask, p):
    return backward(grad_output, mask, p), mask


def _backward_zero_in_evaluation(grad_output, mask, p):
    return 0 * grad_output if mask is None else backward(grad_output, mask, p)


def _backward_nan_at_one(grad_output, mask, p):
    if mask is None:
        return grad_output.copy()
    return grad_output * mask * np.divide(1.0, 1 - p)


def _backward_multiplies(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask * (1 - p)


def _backward_scales_evaluation(grad_output, mask, p):
    return grad_output * (1 - p) if mask is None else backward(grad_output, mask, p)


def _backward_derivative_only(grad_output, mask, p):
    return grad_output.copy() if mask is None else mask / (1 - p)


def _backward_doubles(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask * 2


def _backward_nothing(grad_output, mask, p): ...


def judge_variance(answer):
    """Compare with the formula, and recognise the usual slips."""
    return judge_formula(
        answer,
        ((2.0, 0.2), (3.0, 0.75), (0.5, 0.9), (-2.0, 0.5)),
        output_variance,
        _VARIANCE_SLIPS,
        name="output_variance",
        advice="start with Var[m] = p(1 − p), then multiply by what m is multiplied by, squared",
    )


_VARIANCE_SLIPS = {
    "not-scaled": (
        lambda x, p: p * (1 - p) * x**2,
        "that is the variance of m x, without the scale.",
        "y = m x / (1 − p): a factor on a random variable enters its variance squared",
    ),
    "keep-and-drop-swapped": (
        lambda x, p: (1 - p) / p * x**2 if p else math.inf,
        "keep and drop are swapped: at small p there is little noise, not much.",
        "p is the probability to drop; what is divided by is 1 − p",
    ),
    "standard-deviation": (
        lambda x, p: math.sqrt(p / (1 - p)) * abs(x),
        "that is the standard deviation.",
        "the variance is its square",
    ),
    "signed-standard-deviation": (
        lambda x, p: math.sqrt(p / (1 - p)) * x,
        "that is the standard deviation, with the sign of x.",
        "the variance is its square, and never negative",
    ),
    "x-not-squared": (
        lambda x, p: p / (1 - p) * x,
        "the variance does not grow in proportion to x.",
        "a factor on a random variable enters its variance squared",
    ),
    "x-forgotten": (
        lambda x, p: p / (1 - p),
        "that is the variance for x = 1, and x has no effect.",
        "the random factor m / (1 − p) is multiplied by x: how does a factor enter the variance?",
    ),
    "neither-scaled-nor-squared": (
        lambda x, p: p * (1 - p) * x,
        "neither the scale is in it, nor is x squared.",
        "y is m times x / (1 − p), and that factor enters the variance squared",
    ),
    "second-moment": (
        lambda x, p: x**2 / (1 - p),
        "that is E[y²].",
        "the variance is E[y²] − E[y]², and E[y] = x",
    ),
    "mean-not-squared": (
        lambda x, p: x**2 / (1 - p) - x,
        "that is E[y²] − E[y].",
        "the mean is squared before it is taken off: what is E[y]²?",
    ),
    "scaled-once": (
        lambda x, p: p * x**2,
        "the scale entered once.",
        "a factor enters the variance squared: how much of p(1 − p) / (1 − p)² is left?",
    ),
    "scale-squared-too-often": (
        lambda x, p: p / (1 - p) ** 2 * x**2,
        "one factor 1 − p is left out.",
        "the variance of the mask is p(1 − p), and not p",
    ),
    "whole-squared": (
        lambda x, p: (p / (1 - p) * x) ** 2,
        "p / (1 − p) was squared together with x.",
        "only what multiplies m is squared, x / (1 − p). The variance of m itself is not",
    ),
    "variance-of-the-kept": (
        lambda x, p: (x / (1 - p)) ** 2,
        "that is the square of what a kept unit says.",
        "the variance of m is missing, or the mean: over the masks, y is not always that large",
    ),
}


def output_variance(x, p):
    return p / (1 - p) * x**2


def judge_repair(repaired):
    answer = repaired(np.ones((2, 3)), 0.5, True, np.random.default_rng(0))
    if answer is not None and (not isinstance(answer, tuple) or len(answer) != 2):
        return Diagnosis(
            "mask-missing",
            f"it returns {described(answer)}, and two things are asked for.",
            "as found, it returned the output and the mask: leave that as it is",
        )
    checks = (every_unit_has_a_draw, *FORWARD, *EVALUATION, *EDGES)
    diagnosis = first_diagnosis(function_subject(repaired, name="your function"), checks)
    if diagnosis and diagnosis.code == "raises":
        return _wrong_error_for_integers(repaired) or diagnosis
    return diagnosis


def _wrong_error_for_integers(repaired):
    try:
        repaired(np.ones((2, 3), dtype=int), 0.5, True, np.random.default_rng(0))
    except TypeError:
        return None
    except Exception as error:
        return Diagnosis(
            "wrong-error-for-integers",
            f"an array of integers raises {type(error).__name__}: {error}",
            "the value is not at fault, its type is: raise a TypeError",
        )
    return None


def repaired(x, dropout_rate, training, rng):
    if isinstance(dropout_rate, str) or dropout_rate is None or not 0 <= dropout_rate <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {dropout_rate}")
    if x.dtype.kind != "f":
        raise TypeError(f"dropout needs floating point input, but got {x.dtype}")
    if not training:
        return x.copy(), None
    mask = rng.random(x.shape) >= dropout_rate
    scale = 1 / (1 - dropout_rate) if dropout_rate < 1 else 0.0
    return (np.where(mask, x, 0) * scale).astype(x.dtype), mask


def _as_found(x, dropout_rate, training, rng):
    if not training:
        return x, None
    keep_prob = 1 - dropout_rate
    mask = (np.random.rand(*x.shape) < keep_prob).astype(float)  # noqa: NPY002
    return mask * x / keep_prob, mask


def _repaired_dtype(x, dropout_rate, training, rng):
    out, mask = _as_found(x, dropout_rate, training, rng)
    return out.astype(x.dtype), mask


def _repaired_rng(x, dropout_rate, training, rng):
    if not training:
        return x, None
    mask = rng.random(x.shape) >= dropout_rate
    return (mask * x / np.float64(1 - dropout_rate)).astype(x.dtype), mask


def _repaired_copy(x, dropout_rate, training, rng):
    out, mask = _repaired_rng(x, dropout_rate, training, rng)
    return (out if training else x.copy()), mask


def _repaired_rate(x, dropout_rate, training, rng):
    if isinstance(dropout_rate, str) or dropout_rate is None or not 0 <= dropout_rate <= 1:
        raise ValueError(f"dropout_rate has to be between 0 and 1, but got {dropout_rate}")
    return _repaired_copy(x, dropout_rate, training, rng)


def _repaired_integers(x, dropout_rate, training, rng):
    if x.dtype.kind != "f":
        raise TypeError("floats only")
    return _repaired_rate(x, dropout_rate, training, rng)


def _repaired_division(x, dropout_rate, training, rng):
    _repaired_integers(x, dropout_rate, False, rng)
    if not training:
        return x.copy(), None
    mask = rng.random(x.shape) >= dropout_rate
    scale = 1 / (1 - dropout_rate) if dropout_rate < 1 else 0.0
    return (mask * x * scale).astype(x.dtype), mask


def _repaired_value_error(x, dropout_rate, training, rng):
    if x.dtype.kind != "f":
        raise ValueError("floats only")
    return repaired(x, dropout_rate, training, rng)


EXERCISES = (
    Exercise(
        name="02-forward",
        title="Forward",
        statement=(
            "Write inverted dropout: `forward(x, p, training, rng)` for an array `x` of any shape, "
            "with a draw from `rng` for each entry. It returns two things, the output and the "
            "mask, True where an entry is kept (`None` in evaluation). It keeps the dtype of `x`, "
            "and p = 1 gives zeros. Work on the whole array at once: the check tries a million "
            "units. With p = 0.5, `[3., 3.]` may become `[6., 0.]`, with the mask "
            "`[True, False]`."
        ),
        starter=(
            "def forward(x, p, training, rng):\n    # your code\n    ...\n\n\n"
            'check("02-forward", forward)'
        ),
        hints=(
            "Handle evaluation first: there is no mask and nothing to scale.",
            "`mask = rng.random(x.shape) >= p` is true with probability 1 − p.",
            "Multiply by the mask and by 1 / (1 − p), and mind p = 1. "
            "`.astype(x.dtype)` at the end keeps the dtype even where p or the mask is a float64.",
        ),
        solution=forward,
        explanation=(
            "Leaving early in evaluation keeps the rest free of branches. At p = 1 nothing is "
            "kept, so any finite scale will do."
        ),
        judge=judge_forward,
        wrong_answers=(
            (_forward_keeps_p, "keep-and-drop-swapped"),
            (_forward_normal, "normal-instead-of-uniform"),
            (_forward_unscaled, "scale-forgotten"),
            (_forward_divides_by_p, "scaled-by-drop-probability"),
            (_forward_doubles, "dtype-changed"),
            (_forward_one_row, "one-mask-for-the-batch"),
            (_forward_ignores_mode, "mask-in-evaluation"),
            (_forward_still_drops, "active-in-evaluation"),
            (_forward_scales_twice, "scaled-in-evaluation"),
            (_forward_nan_at_one, "nan-at-p-one"),
            (_forward_no_mask, "mask-missing"),
            (_forward_mask_always, "mask-in-evaluation"),
            (_forward_scaled_mask, "mask-holds-the-scale"),
            (_forward_drop_mask, "mask-shown-inverted"),
            (_forward_in_place, "input-changed"),
            (_forward_swapped_order, "order-swapped"),
            (_forward_one_draw, "one-draw-for-all"),
            (_forward_fixed_number, "fixed-number-dropped"),
            (_forward_swapped_modes, "modes-swapped"),
            (_forward_forgets_evaluation, "returns-nothing-here"),
            (_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="02-backward",
        title="Backward",
        statement=(
            "Write `backward(grad_output, mask, p)`: the gradient of the loss with respect to x, "
            "an array like `grad_output` (its dtype too). `mask` is what forward returned: True "
            "where a unit was kept, or `None` in evaluation. p may be 1. Predict first: what "
            "gradient does a dropped unit get?"
        ),
        starter=(
            "def backward(grad_output, mask, p):\n    # your code\n    ...\n\n\n"
            'check("02-backward", backward)'
        ),
        hints=(
            "For one unit, y = m x / (1 − p). What is dy/dx?",
            "The derivative is m / (1 − p), whatever x is: multiply the incoming gradient by it.",
            "`grad_output * mask / (1 - p)`, and `grad_output.copy()` where mask is None. At p = 1 "
            "the division would be by zero: there the gradient is 0.",
        ),
        solution=backward,
        explanation=(
            "Dropout is linear in x once the mask is fixed, so forward and backward are the same "
            "multiplication. That is why the mask has to be kept: a second one, drawn in "
            "backward, would send gradient to units that had no part in the output."
        ),
        judge=judge_backward,
        wrong_answers=(
            (_backward_no_mask, "backward-without-mask"),
            (_backward_no_scale, "backward-without-scale"),
            (_backward_twice, "backward-scaled-twice"),
            (_backward_new_mask, "backward-with-another-mask"),
            (_backward_in_place, "gradient-input-changed"),
            (_backward_no_evaluation, "raises"),
            (_backward_multiplies, "backward-scaled-wrong"),
            (_backward_by_p, "backward-scaled-wrong"),
            (_backward_inverted, "backward-with-mask-inverted"),
            (_backward_pair, "not-one-array"),
            (_backward_zero_in_evaluation, "wrong-in-evaluation"),
            (_backward_nan_at_one, "gradient-nan-at-p-one"),
            (_backward_scales_evaluation, "scaled-in-evaluation"),
            (_backward_derivative_only, "incoming-gradient-forgotten"),
            (_backward_doubles, "scale-does-not-know-p"),
            (lambda g, mask, p: backward(g, mask, p).sum(axis=0), "wrong-shape"),
            (lambda g, mask, p: None if mask is None else g * mask, "returns-nothing-here"),
            (_backward_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="02-variance",
        title="How much noise?",
        statement=(
            "Write `output_variance(x, p)`: the variance over the masks of y, the output of one "
            "unit with activation x under inverted dropout. x and p are numbers, p below 1, and "
            "so is the result, from a formula. What happens to it as p approaches 1?"
        ),
        starter=(
            "def output_variance(x, p):\n    # your code\n    ...\n\n\n"
            'check("02-variance", output_variance)'
        ),
        hints=(
            "The mask is 0 or 1; a 0-or-1 variable with mean q has variance q(1 − q).",
            "Var[c m] = c² Var[m], and here c = x / (1 − p).",
            "x² / (1 − p)² · p (1 − p): one factor 1 − p cancels.",
        ),
        solution=output_variance,
        explanation=(
            "$\\operatorname{Var}[y] = \\frac{p}{1-p} x^2$. It grows without bound as p "
            "approaches 1: a unit that plays once in a hundred cases has to shout a hundred "
            "times as loud."
        ),
        judge=judge_variance,
        wrong_answers=(
            (lambda x, p: p * (1 - p) * x**2, "not-scaled"),
            (lambda x, p: (1 - p) / p * x**2, "keep-and-drop-swapped"),
            (lambda x, p: math.sqrt(p / (1 - p)) * abs(x), "standard-deviation"),
            (lambda x, p: math.sqrt(p / (1 - p)) * x, "signed-standard-deviation"),
            (lambda x, p: p / (1 - p) * x, "x-not-squared"),
            (lambda x, p: x**2 / (1 - p), "second-moment"),
            (lambda x, p: p * x**2, "scaled-once"),
            (lambda x, p: p / (1 - p), "x-forgotten"),
            (lambda x, p: p * (1 - p) * x, "neither-scaled-nor-squared"),
            (lambda x, p: x**2 / (1 - p) - x, "mean-not-squared"),
            (lambda x, p: p / (1 - p) ** 2 * x**2, "scale-squared-too-often"),
            (lambda x, p: (p / (1 - p) * x) ** 2, "whole-squared"),
            (lambda x, p: (x / (1 - p)) ** 2, "variance-of-the-kept"),
            (lambda x, p: x**2, "another-formula"),
            (lambda x, p: p / (1 - p) * x**2 if p < 0.9 else None, "returns-nothing-here"),
            (lambda x, p: np.array([x, p]), "not-one-number"),
            (lambda x, p: 0.0, "another-formula"),
            (lambda x, p: None, "not-started"),
            (lambda x: x, "other-arguments"),
        ),
    ),
    Exercise(
        name="02-repair",
        title="A small project: repair it",
        statement=(
            "Take the function of the clinic above, give it the argument `rng`, and repair it "
            "until `check` has nothing left to say. Each time, mend what it names first. It "
            "returns the output and the mask, as found. A bad rate (NaN, a string and None are "
            "bad, too) is to be a `ValueError` whose words hold “between 0 and 1” and the value, "
            "an array of integers a `TypeError`, and a dropped unit 0 even if its activation is "
            "infinite."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def repaired(x, dropout_rate, training, rng):\n    # your code\n    ...\n\n\n"
            'check("02-repair", repaired)'
        ),
        hints=(
            "Put the refusals at the top: a rate outside [0, 1], an integer array.",
            "Evaluation returns a copy; training draws from `rng`, not from `np.random`.",
            "`np.where(mask, x, 0)` instead of `mask * x` keeps an infinite activation from "
            "turning into NaN; the scale is 0 where the rate is 1.",
        ),
        solution=repaired,
        explanation=(
            "Two of these repairs prevent NaN, the others surprises: doubled memory, overwritten "
            "inputs, zeros for a rate of 1.5, integers that would be cut off once the dtype is "
            "kept, runs that cannot be repeated."
        ),
        judge=judge_repair,
        wrong_answers=(
            (_as_found, "dtype-changed"),
            (_repaired_dtype, "global-random-state"),
            (_repaired_rng, "output-is-the-input"),
            (_repaired_copy, "bad-probability-accepted"),
            (_repaired_rate, "integers-accepted"),
            (_repaired_integers, "nan-at-p-one"),
            (_repaired_division, "non-finite-leaks"),
            (_repaired_value_error, "wrong-error-for-integers"),
            (lambda x, dropout_rate, training, rng: x, "mask-missing"),
            (_does_nothing, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "With inverted dropout at p = 0.2, a unit that is kept in training has its activation "
        "multiplied by ...",
        "Five steps",
        (
            "1.25",
            "1 / (1 − 0.2).",
        ),
        (
            "0.8",
            "0.8 is the factor of standard dropout in evaluation.",
        ),
        (
            "5",
            "5 = 1 / p. It is the probability to keep that one divides by.",
        ),
        (
            "1",
            "That is standard dropout in training, or a forgotten scale.",
        ),
    ),
    multiple_choice(
        "In evaluation, standard dropout ...",
        "Standard and inverted",
        (
            "keeps every unit and multiplies by 1 − p",
            "It did not scale in training, so it has to now.",
        ),
        (
            "keeps every unit and multiplies by nothing",
            "That is inverted dropout, which has scaled in training already.",
        ),
        (
            "drops units as in training",
            "That is Monte Carlo dropout, on purpose, or a forgotten `eval()`.",
        ),
    ),
    multiple_choice(
        "A unit was dropped in the forward pass. Which gradient do its incoming weights get "
        "from this case?",
        "Backward",
        (
            "Zero",
            "The output did not depend on it.",
        ),
        (
            "The usual one, as the weights still exist",
            "They exist, but in this case the loss would be the same whatever they were.",
        ),
        (
            "The usual one times 1 / (1 − p)",
            "That is what the kept units get.",
        ),
    ),
    multiple_choice(
        "Why is it wrong to recover the mask in the backward pass by asking where the output is 0?",
        "Pitfalls",
        (
            "The activation of a kept unit can be exactly 0",
            "Behind a layer that starts at 0 all of them are, and the layer would never learn.",
        ),
        (
            "Dropped units are not exactly 0",
            "They are; that is not the trouble.",
        ),
        (
            "The scale 1 / (1 − p) has changed the outputs of the kept units",
            "It has, but a factor turns no kept unit into a 0.",
        ),
    ),
    {
        "question": "An activation is 3 and p = 0.5. What is the variance of the unit's output "
        "under inverted dropout?",
        "section": "Mean and variance",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 9,
                "correct": True,
                "feedback": "p / (1 − p) = 1, times 3².",
            },
            {
                "type": "value",
                "value": 3,
                "correct": False,
                "feedback": "That is the standard deviation; the variance is its square.",
            },
            {
                "type": "value",
                "value": 2.25,
                "correct": False,
                "feedback": "That is p(1 − p) x², without the scale.",
            },
            {
                "type": "default",
                "feedback": "p / (1 − p) times x squared.",
            },
        ],
    },
    multiple_choice(
        "In PyTorch, what does `model.eval()` do to `nn.Dropout`?",
        "Train and eval",
        (
            "It passes its input through unchanged",
            "The very same tensor comes out.",
        ),
        (
            "It multiplies its input by 1 − p, the share that was kept",
            "PyTorch's dropout is inverted: it has scaled in training.",
        ),
        (
            "It switches off gradients too",
            "That is `torch.no_grad()`. The two have nothing to do with each other.",
        ),
        (
            "Nothing; one has to set p to 0",
            "True of functional dropout called without `training=`, not of the module.",
        ),
    ),
]
