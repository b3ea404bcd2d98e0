"""Exercises and quiz of chapter 3.4."""

import numpy as np

from ..checks import Diagnosis, Subject
from ..checks import dropconnect as checks
from .answers import called, described, nothing_back, pairs
from .core import NOT_STARTED, Exercise, first_diagnosis, multiple_choice


class _AsLayer:
    """The face of a layer around a function ``forward(x, weight, bias, p, rng)``."""

    def __init__(self, forward, weight, bias, p, rng):
        self._forward, self._arguments = forward, (weight, bias, p, rng)

    def forward(self, x):
        out, self.mask = self._forward(x, *self._arguments)
        return out


def judge_forward(forward):
    rng = np.random.default_rng(0)
    answer = forward(np.ones((3, 4)), np.ones((2, 4)), np.zeros(2), 0.5, rng)
    if answer is None:
        return NOT_STARTED
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return Diagnosis(
            "mask-missing",
            f"it returns {described(answer)}, and two things are asked for.",
            "return out, mask: backward will need the masks",
        )
    out, mask = map(np.asarray, answer)
    if (out.shape, mask.shape) == ((3, 2, 4), (3, 2)):
        return Diagnosis(
            "order-swapped",
            "the masks come first and the output second.",
            "return out, mask",
        )
    if out.shape != (3, 2):
        return Diagnosis(
            "wrong-shape",
            f"for x (3, 4) and weights (2, 4) the output has shape {out.shape}.",
            "sum over the inputs: one number for every case and output, (3, 2)",
        )
    return _shown_otherwise(mask) or _weight_shared(forward) or _forward_checks(forward)


def _shown_otherwise(mask):
    if mask.shape == (3, 4, 2):
        return Diagnosis(
            "mask-transposed",
            f"for x (3, 4) and weights (2, 4) the masks have shape {mask.shape}.",
            "they are asked for as (N, O, I), like the weights",
        )
    if mask.shape == (3, 2, 4) and not np.isin(mask, (0, 1)).all():
        return Diagnosis(
            "mask-holds-the-scale",
            f"the masks hold {mask.max():.4g}: the scale is in them.",
            "true where a weight stays, and nothing else: keep the scale apart",
        )
    return None


def _weight_shared(forward):
    """Slips of the scale, with one weight and one input, both 1."""
    factors = {}
    for p in (0.2, 0.75):
        rng = np.random.default_rng(0)
        out, mask = forward(np.ones((60, 1)), np.ones((1, 1)), np.zeros(1), p, rng)
        out, mask = np.asarray(out).ravel(), np.asarray(mask).ravel() != 0
        if len(mask) != 60:
            return None  # the checks have words for that
        if (out == 0).all() or (out != 0).all():
            what = "all" if (out == 0).all() else "none"
            return Diagnosis(
                "all-dropped" if what == "all" else "nothing-dropped",
                f"of 60 weights, {what} are dropped at p = {p}.",
                "a weight is dropped where its random number is below p: is the mask drawn so, and "
                "multiplied in?",
            )
        if (mask == (out == 0)).all() and mask.any():
            return Diagnosis(
                "mask-shown-inverted",
                "the masks are true where a weight was dropped.",
                "true where a weight stays: that is what backward multiplies by",
            )
        factors[p] = out[out != 0]
    if any(np.ptp(kept) > 1e-6 for kept in factors.values()):
        return None
    first, second = (float(kept[0]) for kept in factors.values())
    known = {
        "scaled-by-drop-probability": (5.0, 4 / 3, "divided by p", "what is left is 1 − p"),
        "scaled-the-wrong-way": (
            0.8,
            0.25,
            "multiplied by 1 − p",
            "the sum lost terms: those that are left have to make up for them",
        ),
        "scaled-twice": (
            1.5625,
            16.0,
            "scaled twice",
            "on the weights or on the sum, and not on both",
        ),
    }
    for code, (at_first, at_second, what, hint) in known.items():
        if np.allclose((first, second), (at_first, at_second)):
            return Diagnosis(code, f"kept weights are {what}: × {first:.4g} at p = 0.2.", hint)
    return None


def _forward_checks(forward):
    def as_arrays(*arguments):
        out, mask = forward(*arguments)
        return np.asarray(out), np.asarray(mask)

    def make(p, seed):
        return lambda w, b: _AsLayer(as_arrays, w, b, p, np.random.default_rng(seed))

    return first_diagnosis(
        Subject("forward", make),
        (
            checks.every_case_has_its_own_mask,
            checks.weights_are_dropped_and_not_units,
            checks.every_pass_draws_anew,
            checks.same_seed_gives_the_same_masks,
            checks.drop_rate_is_p,
            checks.what_is_kept_has_the_right_scale,
            checks.bias_is_neither_dropped_nor_scaled,
            checks.the_mask_used_can_be_seen,
        ),
    )


def forward(x, weight, bias, p, rng):
    mask = rng.random((len(x), *weight.shape)) >= p  # (N, O, I)
    thinned = mask * weight / (1 - p)
    return np.einsum("noi,ni->no", thinned, x) + bias, mask


def _forward_shared(x, weight, bias, p, rng):
    mask = rng.random(weight.shape) >= p
    return x @ (mask * weight).T / (1 - p) + bias, mask


def _forward_units(x, weight, bias, p, rng):
    mask = rng.random(x.shape) >= p
    return (x * mask) @ weight.T / (1 - p) + bias, mask


def _forward_outputs(x, weight, bias, p, rng):
    mask = rng.random((len(x), len(weight))) >= p
    return mask * (x @ weight.T) / (1 - p) + bias, mask


def _forward_swapped(x, weight, bias, p, rng):
    mask = rng.random((len(x), *weight.shape)) < p
    return np.einsum("noi,ni->no", mask * weight / (1 - p), x) + bias, mask


def _forward_unscaled(x, weight, bias, p, rng):
    mask = rng.random((len(x), *weight.shape)) >= p
    return np.einsum("noi,ni->no", mask * weight, x) + bias, mask


def _forward_bias_scaled(x, weight, bias, p, rng):
    mask = rng.random((len(x), *weight.shape)) >= p
    return (np.einsum("noi,ni->no", mask * weight, x) + bias) / (1 - p), mask


def _forward_no_mask(x, weight, bias, p, rng):
    return forward(x, weight, bias, p, rng)[0]


def _forward_no_sum(x, weight, bias, p, rng):
    mask = rng.random((len(x), *weight.shape)) >= p
    return mask * weight * x[:, None] / (1 - p), mask


def _forward_with(divisor):
    """A wrong answer that divides by something else than 1 − p."""

    def wrong(x, weight, bias, p, rng):
        mask = rng.random((len(x), *weight.shape)) >= p
        return np.einsum("noi,ni->no", mask * weight, x) / divisor(p) + bias, mask

    return wrong


def _forward_drop_mask(x, weight, bias, p, rng):
    out, mask = forward(x, weight, bias, p, rng)
    return out, ~mask


def _forward_scaled_mask(x, weight, bias, p, rng):
    out, mask = forward(x, weight, bias, p, rng)
    return out, mask / (1 - p)


def _forward_mask_transposed(x, weight, bias, p, rng):
    out, mask = forward(x, weight, bias, p, rng)
    return out, mask.transpose(0, 2, 1)


def _forward_bias_dropped(x, weight, bias, p, rng):
    out, mask = forward(x, weight, bias, p, rng)
    return out - bias * (rng.random(len(bias)) < p), mask


def _forward_does_nothing(x, weight, bias, p, rng): ...


def judge_weight_gradient(answer):
    rng = np.random.default_rng(1)
    for (cases, outputs, inputs), p in (((6, 3, 5), 0.75), ((4, 2, 7), 0.2)):
        x = rng.standard_normal((cases, inputs))
        grad_output = rng.standard_normal((cases, outputs))
        mask = rng.random((cases, outputs, inputs)) >= p
        grad = answer(grad_output.copy(), x.copy(), mask.copy(), p)
        if grad is None:
            return NOT_STARTED
        diagnosis = _judge_gradient(np.asarray(grad), grad_output, x, mask, p)
        if diagnosis:
            return diagnosis
    return None


def _judge_gradient(grad, grad_output, x, mask, p):
    wanted = mask.shape[1:]
    if grad.shape != wanted:
        hint = "every case has had its say: sum over the cases"
        if grad.shape == wanted[::-1]:
            hint = "dL/dW has the shape of W, (O, I): look at the order of the letters"
        return Diagnosis(
            "wrong-shape", f"the gradient of weights {wanted} has shape {grad.shape}.", hint
        )
    right = weight_gradient(grad_output, x, mask, p)
    if np.allclose(grad, right, rtol=1e-4, atol=1e-6):
        return None
    dense, keep = grad_output.T @ x, 1 - p
    after_the_sum = "each case has its own mask: multiply first, sum over the cases then"
    known = {
        "without-mask": (
            dense,
            "a weight learns from cases in which it was dropped.",
            "the product of x and dL/dy is (N, O, I) before it is summed: that is where the mask "
            "belongs",
        ),
        "mask-after-the-sum": (
            dense * mask[0],
            "the mask of the first case was laid over the sum of all cases.",
            after_the_sum,
        ),
        "any-mask-after-the-sum": (
            dense * mask.any(axis=0),
            "a weight learns from all cases if it played in any.",
            after_the_sum,
        ),
        "mean-mask-after-the-sum": (
            dense * mask.mean(axis=0),
            "the mean of the masks was laid over the sum of all cases.",
            after_the_sum,
        ),
        "summed-mask-after-the-sum": (
            dense * mask.sum(axis=0),
            "the sum of the masks was laid over the sum of all cases.",
            after_the_sum,
        ),
        "mask-inverted": (
            weight_gradient(grad_output, x, ~mask, p) * keep,
            "weights learn from the cases in which they were dropped, and from no others.",
            "the mask is true where a weight stays",
        ),
        "input-forgotten": (
            np.einsum("noi,no->oi", mask, grad_output),
            "x is not in it.",
            "one weight's term in y is M W x: what is its derivative by W?",
        ),
        "incoming-gradient-forgotten": (
            np.einsum("noi,ni->oi", mask, x),
            "dL/dy is not in it.",
            "by the chain rule, dL/dW is dL/dy times dy/dW, summed",
        ),
        "one-case-only": (
            right * keep - weight_gradient(grad_output[:-1], x[:-1], mask[:-1], p) * keep,
            "that is what the last case says alone.",
            "add up what all cases say: is the sum overwritten in a loop?",
        ),
    }
    for code, (value, message, hint) in known.items():
        scales = (1, 1 / keep, 1 / len(x), 1 / keep / len(x))
        if any(np.allclose(grad, value * scale) for scale in scales):
            return Diagnosis(code, message, hint)
    return _gradient_scale(grad, right, mask, p)


def _gradient_scale(grad, right, mask, p):
    keep, cases = 1 - p, len(mask)
    known = {
        "without-scale": (
            keep,
            "the scale is missing.",
            "y = sum of M W x / (1 - p): the derivative by W has all that multiplies W",
        ),
        "averaged": (
            1 / cases,
            "the mean over the cases comes back instead of the sum.",
            "the loss has averaged already if it wanted to: dL/dW adds up what the cases say",
        ),
        "averaged-without-scale": (
            keep / cases,
            "the mean over the cases comes back, and the scale is missing.",
            "dL/dW adds up what the cases say; and what else multiplies W in forward?",
        ),
        "scaled-twice": (
            1 / keep,
            "it is divided by 1 − p twice.",
            "forward divided once, and so does the derivative",
        ),
        "scaled-the-wrong-way": (
            keep**2,
            "it is multiplied by 1 − p.",
            "what forward divided by, backward divides by, too",
        ),
        "divided-by-p": (
            keep / p,
            "it is divided by p.",
            "p is the probability to drop. What did forward divide by?",
        ),
    }
    for code, (factor, message, hint) in known.items():
        if np.allclose(grad, right * factor):
            return Diagnosis(code, message, hint)
    kept = np.maximum(mask.sum(axis=0), 1)
    if np.allclose(grad, right / kept) or np.allclose(grad, right * keep / kept):
        return Diagnosis(
            "averaged-over-the-kept",
            "it is the mean over the cases in which a weight stayed.",
            "the scale 1 / (1 − p) makes up for the others already, on average: sum",
        )
    seen = np.unravel_index(np.argmax(np.abs(grad - right)), grad.shape)
    return Diagnosis(
        "another-formula",
        f"for p = {p}, dL/dW[{seen[0]}, {seen[1]}] is {right[seen]:.4g}, and {grad[seen]:.4g} came "
        "back.",
        "write down what one case says about one weight, then sum with einsum: check the letters",
    )


def weight_gradient(grad_output, x, mask, p):
    return np.einsum("noi,no,ni->oi", mask, grad_output, x) / (1 - p)


def _noise(x, weight, p, shared):
    """The covariance matrix (O, O) of the outputs for one case."""
    matrix = p / (1 - p) * (weight * x**2) @ weight.T
    return matrix if shared else np.diag(np.diag(matrix))


def judge_covariance(answer):
    rng = np.random.default_rng(2)
    questions = [
        (rng.standard_normal(inputs), rng.standard_normal((outputs, inputs)), p, shared)
        for outputs, inputs, p in ((3, 4, 0.2), (3, 4, 0.75), (2, 5, 0.6))
        for shared in (True, False)
    ]
    calls = [
        f"covariance(x, weight, {p}, {shared}) for weight of shape {weight.shape}"
        for _, weight, p, shared in questions
    ]
    given = [answer(x.copy(), weight.copy(), p, shared) for x, weight, p, shared in questions]
    if diagnosis := nothing_back(dict(zip(calls, given, strict=True))):
        return diagnosis
    for call, value, (_, weight, *_) in zip(calls, given, questions, strict=True):
        wanted = (len(weight), len(weight))
        if np.shape(value) != wanted:
            return Diagnosis(
                "wrong-shape",
                f"{call} gives {described(value)}, and a matrix {wanted} is asked for.",
                "entry [o, q] is the covariance of outputs o and q; the diagonal holds the "
                "variances",
            )
    answers = [np.asarray(value, dtype=float) for value in given]

    def are(rule):
        return all(
            np.allclose(value, rule(*question), rtol=1e-4, atol=1e-6)
            for value, question in zip(answers, questions, strict=True)
        )

    if are(_noise):
        return None
    for code, (rule, message, hint) in _COVARIANCE_SLIPS.items():
        if are(rule):
            return Diagnosis(code, message, hint)
    return _where_it_is_off(answers, questions)


def _where_it_is_off(answers, questions):
    for value, question in zip(answers, questions, strict=True):
        right, (_, _, p, shared) = _noise(*question), question
        if np.allclose(value, right):
            continue
        layer = "dropout" if shared else "DropConnect"
        variances = np.allclose(np.diag(value), np.diag(right))
        o, q = (0, 1) if variances else (0, 0)
        return Diagnosis(
            "another-formula",
            f"with {layer} at p = {p} "
            + ("the variances are right, and the covariances are not: " if variances else "")
            + f"entry [{o}, {q}] is {right[o, q]:.4g}, and {value[o, q]:.4g} came back.",
            "for one input, Cov[m W[o, i] x[i], m W[q, i] x[i]] = Var[m] W[o, i] W[q, i] x[i]²; "
            "add up the inputs",
        )
    return None


def _off_the_diagonal(x, weight, p, shared):
    matrix = _noise(x, weight, p, shared)
    return matrix - np.diag(np.diag(matrix))


def _noise_of_the_sum(x, weight, p, shared):
    matrix = p / (1 - p) * np.outer(weight @ x, weight @ x)
    return matrix if shared else np.diag(np.diag(matrix))


def _x_not_squared(x, weight, p, shared):
    matrix = p / (1 - p) * (weight * x) @ weight.T
    return matrix if shared else np.diag(np.diag(matrix))


def _correlation(matrix):
    deviations = np.sqrt(np.diag(matrix))
    return matrix / np.outer(deviations, deviations)


def _noise_times(factor):
    return lambda x, weight, p, shared: _noise(x, weight, p, shared) * factor(p)


_COVARIANCE_SLIPS = {
    "methods-swapped": (
        lambda x, weight, p, shared: _noise(x, weight, p, not shared),
        "dropout and DropConnect are swapped.",
        "`shared` is dropout: one draw per input, heard by all outputs",
    ),
    "always-shared": (
        lambda x, weight, p, shared: _noise(x, weight, p, True),
        "with DropConnect, two outputs get a covariance that is not 0.",
        "their masks are independent, and what is independent has covariance 0",
    ),
    "never-shared": (
        lambda x, weight, p, shared: _noise(x, weight, p, False),
        "with dropout, two outputs get covariance 0.",
        "they lose the same inputs: for outputs o and q the terms W[o, i] x[i] and W[q, i] "
        "x[i] come and go together",
    ),
    "one-draw-for-all-inputs": (
        _noise_of_the_sum,
        "the terms W[o, i] x[i] were added up before they were squared, as if all inputs were "
        "dropped together.",
        "different inputs have different draws: multiply two outputs' terms for one input, and add "
        "up the inputs last",
    ),
    "x-not-squared": (
        _x_not_squared,
        "x is not squared.",
        "both outputs hear x[i] in their term: it enters twice",
    ),
    "x-forgotten": (
        lambda x, weight, p, shared: _noise(np.ones_like(x), weight, p, shared),
        "x is not in it.",
        "the term of input i is m W[o, i] x[i]",
    ),
    "absolute-values": (
        lambda x, weight, p, shared: np.abs(_noise(x, weight, p, shared)),
        "no covariance is negative.",
        "if the same input pushes one output up and the other down, they vary against each other",
    ),
    "variances-missing": (
        _off_the_diagonal,
        "the diagonal is 0.",
        "it holds the variances of the outputs, which both methods have",
    ),
    "keep-and-drop-swapped": (
        lambda x, weight, p, shared: _noise(x, weight, 1 - p, shared),
        "keep and drop are swapped: at p = 0.2 there would be much noise.",
        "p is the probability to drop: the noise grows with it",
    ),
    "deviations": (
        lambda x, weight, p, shared: np.sqrt(np.abs(_noise(x, weight, p, shared))),
        "roots were taken.",
        "variances and covariances are asked for, and a covariance may be negative",
    ),
    "correlations": (
        lambda x, weight, p, shared: _correlation(_noise(x, weight, p, shared)),
        "that is the matrix of correlations: its diagonal is 1.",
        "leave the covariances as they are: nothing is divided by deviations",
    ),
    "with-p": (
        _noise_times(lambda p: 1 - p),
        "the factor is p.",
        "Var[m / (1 - p)] = p (1 - p) / (1 - p)²",
    ),
    "second-moment": (
        _noise_times(lambda p: 1 / p),
        "the factor is 1 / (1 − p): that is the mean of (m / (1 − p))².",
        "the variance is the mean of the square less the square of the mean",
    ),
    "scaled-too-often": (
        _noise_times(lambda p: 1 / (1 - p)),
        "the factor is p / (1 − p)².",
        "the variance of m is p (1 − p): one 1 − p cancels",
    ),
    "not-scaled": (
        _noise_times(lambda p: (1 - p) ** 2),
        "that is the noise of masks without a scale.",
        "m is divided by 1 - p, so its variance is divided by (1 - p)²",
    ),
}


def covariance(x, weight, p, shared):
    matrix = p / (1 - p) * (weight * x**2) @ weight.T  # (O, O)
    return matrix if shared else np.diag(np.diag(matrix))


def judge_batch_noise(answer):
    points = ((4.0, 10), (2.0, 64), (5.0, 3))
    found = pairs(
        {called("batch_noise", *point): answer(*point) for point in points},
        "not-two",
        "one_each, one_for_all",
    )
    if isinstance(found, Diagnosis):
        return found

    def are(one_each, one_for_all):
        return all(
            np.allclose(value, (one_each(v, n), one_for_all(v, n)), rtol=1e-5)
            for value, (v, n) in zip(found.values(), points, strict=True)
        )

    if are(lambda v, n: v / n, lambda v, n: v):
        return None
    for code, (one_each, one_for_all, message, hint) in _BATCH_SLIPS.items():
        if are(one_each, one_for_all):
            return Diagnosis(code, message, hint)
    call, (each, for_all) = next(iter(found.items()))
    right = [bool(np.isclose(each, 0.4)), bool(np.isclose(for_all, 4.0))]
    which = {
        (True, False): "; the first is right already",
        (False, True): "; the second is right already",
    }
    return Diagnosis(
        "another-formula",
        f"{call} gives {each:.4g} and {for_all:.4g}{which.get(tuple(right), '')}.",
        "write the mean of N terms with variance v: once independent, once all equal",
    )


_BATCH_SLIPS = {
    "swapped": (
        lambda v, n: v,
        lambda v, n: v / n,
        "the two are swapped.",
        "which noises can cancel: different or equal ones?",
    ),
    "both-average-out": (
        lambda v, n: v / n,
        lambda v, n: v / n,
        "the noise of one mask for all is divided by the number of cases.",
        "dividing by N takes independent terms; here all N terms are one and the same",
    ),
    "neither-averages-out": (
        lambda v, n: v,
        lambda v, n: v,
        "with a mask for each case the noise of the mean is as large as that of one case.",
        "independent noises cancel in part: what is the variance of a sum of N of them?",
    ),
    "deviation": (
        lambda v, n: v / n**0.5,
        lambda v, n: v,
        "the root belongs to the standard deviation.",
        "Var[sum / N] = N v / N²",
    ),
    "deviations": (
        lambda v, n: (v / n) ** 0.5,
        lambda v, n: v**0.5,
        "those are standard deviations.",
        "the variances are asked for: their squares",
    ),
    "divided-twice": (
        lambda v, n: v / n**2,
        lambda v, n: v,
        "with a mask each, the variance of one case is divided by N².",
        "dividing a sum by N divides its variance by N²: and what is the variance of that sum?",
    ),
    "one-case-less": (
        lambda v, n: v / (n - 1),
        lambda v, n: v,
        "the variance is divided by N − 1.",
        "N − 1 belongs to an estimate from data; here the variance is known",
    ),
    "sum-not-mean": (
        lambda v, n: n * v,
        lambda v, n: n * n * v,
        "that is the variance of a sum.",
        "a mean is the sum divided by N",
    ),
    "sum-and-not-shared": (
        lambda v, n: n * v,
        lambda v, n: n * v,
        "that is the variance of a sum, with independent masks in both.",
        "a mean is the sum divided by N; and equal noises do not cancel",
    ),
    "shared-as-a-sum": (
        lambda v, n: v / n,
        lambda v, n: n * v,
        "with one mask for all, the noise of the mean grows with the batch.",
        "N times the same number, divided by N: what is left?",
    ),
    "shared-cancels": (
        lambda v, n: v / n,
        lambda v, n: 0.0,
        "with one mask for all there is no noise left.",
        "it is the same in all cases, but still random: the next batch has another mask",
    ),
}


def batch_noise(variance, cases):
    return variance / cases, variance


EXERCISES = (
    Exercise(
        name="03-4-forward",
        title="Forward, with a mask per case",
        statement=(
            "Write the training pass of DropConnect: `forward(x, weight, bias, p, rng)` with x "
            "(N, I), weight (O, I), bias (O,) and p < 1. Return two things, the output (N, O) and "
            "the masks (N, O, I), true where a weight stays: every weight of every case has a "
            "draw of its own from `rng`. The bias is neither dropped nor scaled. Whole arrays at "
            "once, please: the check sends 200 cases through 2,000 weights."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def forward(x, weight, bias, p, rng):\n    # your code\n    ...\n\n\n"
            'check("03-4-forward", forward)'
        ),
        hints=(
            "How many coins does one case toss? And the whole batch?",
            "`rng.random((len(x), *weight.shape)) >= p` has one entry for every case and weight; "
            "times `weight` it is a matrix of its own for each case.",
            '`np.einsum("noi,ni->no", thinned, x)` sends case n through its own matrix. Scale the '
            "thinned weights, and add the bias last.",
        ),
        solution=forward,
        explanation=(
            "The einsum is N products of a matrix with a vector. Nothing can be shared between "
            "the cases any more, which is why DropConnect is slow."
        ),
        judge=judge_forward,
        wrong_answers=(
            (_forward_shared, "one-mask-for-the-batch"),
            (_forward_units, "input-units-dropped"),
            (_forward_outputs, "output-units-dropped"),
            (_forward_swapped, "keep-and-drop-swapped"),
            (_forward_unscaled, "scale-forgotten"),
            (_forward_bias_scaled, "bias-scaled"),
            (_forward_no_mask, "mask-missing"),
            (_forward_no_sum, "wrong-shape"),
            (lambda *arguments: forward(*arguments)[::-1], "order-swapped"),
            (_forward_with(lambda p: p), "scaled-by-drop-probability"),
            (_forward_with(lambda p: 1 / (1 - p)), "scaled-the-wrong-way"),
            (_forward_with(lambda p: (1 - p) ** 2), "scaled-twice"),
            (_forward_drop_mask, "mask-shown-inverted"),
            (_forward_scaled_mask, "mask-holds-the-scale"),
            (_forward_mask_transposed, "mask-transposed"),
            (_forward_bias_dropped, "bias-dropped"),
            (
                lambda x, w, b, p, rng: (x @ w.T + b, np.ones((len(x), *w.shape), bool)),
                "nothing-dropped",
            ),
            (
                lambda x, w, b, p, rng: (0 * (x @ w.T), np.zeros((len(x), *w.shape), bool)),
                "all-dropped",
            ),
            (_forward_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-4-weight-gradient",
        title="What a weight learns",
        statement=(
            "Write `weight_gradient(grad_output, x, mask, p)`: dL/dW (O, I) from dL/dy (N, O), x "
            "(N, I) and the masks (N, O, I) of the forward pass, summed over the cases. From how "
            "many of the N cases "
            "does a weight learn on average?"
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def weight_gradient(grad_output, x, mask, p):\n    # your code\n    ...\n\n\n"
            'check("03-4-weight-gradient", weight_gradient)'
        ),
        hints=(
            "For one case and one weight, y = M W x / (1 − p) + other terms. What is dy/dW?",
            "Case n adds M[n, o, i] x[n, i] / (1 − p) times dL/dy[n, o].",
            'Sum that over n: `np.einsum("noi,no,ni->oi", mask, grad_output, x)`, and the scale.',
        ),
        solution=weight_gradient,
        explanation=(
            "From (1 − p) N of them. `grad_output.T @ x`, which a linear layer would compute, has "
            "summed over the cases already, and no mask can be put in afterwards."
        ),
        judge=judge_weight_gradient,
        wrong_answers=(
            (lambda grad_output, x, mask, p: grad_output.T @ x, "without-mask"),
            (lambda grad_output, x, mask, p: grad_output.T @ x / (1 - p), "without-mask"),
            (
                lambda grad_output, x, mask, p: np.einsum("noi,no,ni->oi", mask, grad_output, x),
                "without-scale",
            ),
            (
                lambda grad_output, x, mask, p: weight_gradient(grad_output, x, mask, p) / len(x),
                "averaged",
            ),
            (
                lambda grad_output, x, mask, p: (grad_output.T @ x) * mask[0] / (1 - p),
                "mask-after-the-sum",
            ),
            (
                lambda grad_output, x, mask, p: mask * grad_output[:, :, None] * x[:, None],
                "wrong-shape",
            ),
            (
                lambda grad_output, x, mask, p: weight_gradient(grad_output, x, ~mask, p),
                "mask-inverted",
            ),
            (lambda g, x, mask, p: weight_gradient(g, x, mask, p).T, "wrong-shape"),
            (lambda g, x, mask, p: g.T @ x * mask.any(axis=0), "any-mask-after-the-sum"),
            (lambda g, x, mask, p: g.T @ x * mask.mean(axis=0), "mean-mask-after-the-sum"),
            (lambda g, x, mask, p: g.T @ x * mask.sum(axis=0), "summed-mask-after-the-sum"),
            (
                lambda g, x, mask, p: np.einsum("noi,no->oi", mask, g) / (1 - p),
                "input-forgotten",
            ),
            (
                lambda g, x, mask, p: np.einsum("noi,ni->oi", mask, x) / (1 - p),
                "incoming-gradient-forgotten",
            ),
            (
                lambda g, x, mask, p: mask[-1] * np.outer(g[-1], x[-1]) / (1 - p),
                "one-case-only",
            ),
            (lambda g, x, mask, p: weight_gradient(g, x, mask, p) / (1 - p), "scaled-twice"),
            (
                lambda g, x, mask, p: weight_gradient(g, x, mask, p) * (1 - p) ** 2,
                "scaled-the-wrong-way",
            ),
            (lambda g, x, mask, p: weight_gradient(g, x, mask, 1 - p), "divided-by-p"),
            (
                lambda g, x, mask, p: (
                    weight_gradient(g, x, mask, p) / np.maximum(mask.sum(axis=0), 1)
                ),
                "averaged-over-the-kept",
            ),
            (
                lambda g, x, mask, p: weight_gradient(g, x, mask, p) * (1 - p) / len(x),
                "averaged-without-scale",
            ),
            (lambda g, x, mask, p: np.zeros(mask.shape[1:]), "another-formula"),
            (lambda grad_output, x, mask, p: None, "not-started"),
        ),
    ),
    Exercise(
        name="03-4-covariance",
        title="Noise that is shared",
        statement=(
            "Write `covariance(x, weight, p, shared)`: the matrix (O, O) of variances and "
            "covariances of a layer's outputs for one case x (I,). With `shared=True` dropout "
            "drops the inputs, with `shared=False` DropConnect drops the weights."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def covariance(x, weight, p, shared):\n    # your code\n    ...\n\n\n"
            'check("03-4-covariance", covariance)'
        ),
        hints=(
            "Begin with one input. With dropout, all outputs see the same m.",
            "The variance of m / (1 − p) is p / (1 − p). Different inputs are independent, so "
            "their contributions add up.",
            "`p / (1 - p) * (weight * x**2) @ weight.T` for dropout; with DropConnect only the "
            "diagonal of it is left.",
        ),
        solution=covariance,
        explanation=(
            "The diagonals agree: no single output can tell dropout from DropConnect. All of the "
            "difference is off the diagonal."
        ),
        judge=judge_covariance,
        wrong_answers=(
            (lambda x, weight, p, shared: _noise(x, weight, p, not shared), "methods-swapped"),
            (lambda x, weight, p, shared: _noise(x, weight, p, True), "always-shared"),
            (lambda x, weight, p, shared: _noise(x, weight, p, False), "never-shared"),
            (lambda x, weight, p, shared: (1 - p) * _noise(x, weight, p, shared), "with-p"),
            (
                lambda x, weight, p, shared: (1 - p) ** 2 * _noise(x, weight, p, shared),
                "not-scaled",
            ),
            (lambda x, weight, p, shared: p / (1 - p) * x**2 @ weight.T**2, "wrong-shape"),
            (_noise_of_the_sum, "one-draw-for-all-inputs"),
            (_x_not_squared, "x-not-squared"),
            (lambda x, w, p, shared: _noise(np.ones_like(x), w, p, shared), "x-forgotten"),
            (lambda x, w, p, shared: np.abs(_noise(x, w, p, shared)), "absolute-values"),
            (_off_the_diagonal, "variances-missing"),
            (lambda x, w, p, shared: _noise(x, w, 1 - p, shared), "keep-and-drop-swapped"),
            (lambda x, w, p, shared: np.sqrt(np.abs(_noise(x, w, p, shared))), "deviations"),
            (lambda x, w, p, shared: _correlation(_noise(x, w, p, shared)), "correlations"),
            (lambda x, w, p, shared: _noise(x, w, p, shared) / p, "second-moment"),
            (lambda x, w, p, shared: _noise(x, w, p, shared) / (1 - p), "scaled-too-often"),
            (lambda x, w, p, shared: np.diag(_noise(x, w, p, shared)), "wrong-shape"),
            (
                lambda x, w, p, shared: _noise(x, w, p, shared) if shared else None,
                "returns-nothing-here",
            ),
            (lambda x, weight, p, shared: np.eye(len(weight)), "another-formula"),
            (lambda x, weight, p, shared: None, "not-started"),
        ),
    ),
    Exercise(
        name="03-4-batch-noise",
        title="One mask for all, or one each",
        statement=(
            "An output has variance v over the masks, for every case the same. What is the "
            "variance of its *mean over a batch* of N cases? Write `batch_noise(variance, cases)` "
            "that returns two numbers: with a mask for each case, and with one mask for all. "
            "(In both, x is the same in all cases.) Guess the second before you calculate."
        ),
        starter=(
            "def batch_noise(variance, cases):\n    # your code\n    ...\n\n\n"
            'check("03-4-batch-noise", batch_noise)'
        ),
        hints=(
            "With a mask each, the mean is over N independent numbers.",
            "With one mask and, say, the same x in all cases, the N numbers are one number N "
            "times.",
            "Var[(a₁ + … + a_N) / N] is v / N if they are independent, and v if they are equal.",
        ),
        solution=batch_noise,
        explanation=(
            "A gradient is a mean over the batch too. One mask for all saves nearly all of the "
            "time, and leaves a noise that no batch size averages out. (Here all cases react to "
            "a mask alike. In a real batch they differ, and the truth lies in between.)"
        ),
        judge=judge_batch_noise,
        wrong_answers=(
            (lambda variance, cases: (variance, variance / cases), "swapped"),
            (lambda variance, cases: (variance / cases, variance / cases), "both-average-out"),
            (lambda variance, cases: (variance / cases**0.5, variance), "deviation"),
            (
                lambda variance, cases: (cases * variance, cases * cases * variance),
                "sum-not-mean",
            ),
            (lambda variance, cases: (variance, variance), "neither-averages-out"),
            (lambda v, cases: ((v / cases) ** 0.5, v**0.5), "deviations"),
            (lambda v, cases: (v / cases**2, v), "divided-twice"),
            (lambda v, cases: (v / (cases - 1), v), "one-case-less"),
            (lambda v, cases: (v * cases, v * cases), "sum-and-not-shared"),
            (lambda v, cases: (v / cases, v * cases), "shared-as-a-sum"),
            (lambda v, cases: (v / cases, 0), "shared-cancels"),
            (lambda variance, cases: variance / cases, "not-two"),
            (lambda variance, cases: (0.0, variance), "another-formula"),
            (lambda variance, cases: None, "not-started"),
        ),
    ),
)

QUIZ = [
    {
        "question": "A layer has 100 inputs and 50 outputs. How many zeros and ones does "
        "DropConnect draw for one training case?",
        "section": "Single weights instead of columns",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 5000,
                "correct": True,
                "feedback": "One for every weight. Dropout on the inputs draws 100.",
            },
            {
                "type": "value",
                "value": 100,
                "correct": False,
                "feedback": "That is dropout on the inputs.",
            },
            {
                "type": "value",
                "value": 150,
                "correct": False,
                "feedback": "Inputs and outputs are units. It is the weights between them that "
                "are dropped.",
            },
            {
                "type": "default",
                "feedback": "Count the weights.",
            },
        ],
    },
    multiple_choice(
        "Dropout on a layer's inputs and DropConnect on its weights, same p. Which makes a "
        "single output vary more?",
        "The noise of one output, and of two",
        (
            "Neither: the variances are equal",
            "One output sees each input through one weight, and does not notice which of the "
            "two was dropped.",
        ),
        (
            "DropConnect: it drops more things",
            "More coins are tossed, but each decides over less: a weight, not a column of them.",
        ),
        (
            "Dropout: it drops whole columns",
            "In one row, a whole column is one entry.",
        ),
    ),
    multiple_choice(
        "What differs, then?",
        "The noise of one output, and of two",
        (
            "With dropout the noise of different outputs is correlated",
            "They lose the same inputs.",
        ),
        (
            "With DropConnect the mean is another",
            "Both scale by 1 / (1 − p), and both have the mean x Wᵀ + b.",
        ),
        (
            "With DropConnect the cases of a batch are correlated",
            "Only if somebody draws one mask for the whole batch.",
        ),
    ),
    multiple_choice(
        "Why is `grad_output.T @ x` wrong as the weight gradient of DropConnect?",
        "Forward and backward",
        (
            "It has summed over the cases, and each case has its own mask",
            "The mask belongs inside the sum.",
        ),
        (
            "It has the wrong shape",
            "It is (O, I), which is right; that is why nobody notices.",
        ),
        (
            "It is right: the weights were dropped in forward, and come back in backward",
            "A weight that was dropped had no influence on that case's loss.",
        ),
    ),
    {
        "question": "An output has x = (2, 1), weights (1, 2), no bias, p = 0.5. What is its "
        "variance over the masks of DropConnect?",
        "section": "The noise of one output, and of two",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 8,
                "correct": True,
                "feedback": "p / (1 − p) = 1, times (2 · 1)² + (1 · 2)².",
            },
            {
                "type": "value",
                "value": 16,
                "correct": False,
                "feedback": "The terms are squared one by one, then added.",
            },
            {
                "type": "value",
                "value": 2,
                "correct": False,
                "feedback": "That is p (1 − p) times 8, without the scale.",
            },
            {
                "type": "default",
                "feedback": "p / (1 − p) times the sum of (w x)².",
            },
        ],
    },
    multiple_choice(
        "Behind a ReLU, the mean of many passes lies ... what the mean weights give.",
        "After training",
        (
            "at or above",
            "The ReLU cuts off the downs and lets the ups through.",
        ),
        (
            "at",
            "Before the ReLU, yes. Not behind it, where noise crosses zero.",
        ),
        (
            "below",
            "It would be for a function that bends the other way.",
        ),
    ),
    multiple_choice(
        "`F.linear(x, F.dropout(W, p), b)` is ...",
        "Pitfalls",
        (
            "DropConnect with one mask for the whole batch",
            "It is fast, and its noise does not average out over the batch.",
        ),
        (
            "DropConnect: a mask on the weights, and the bias as it is",
            "In DropConnect every case has a mask of its own.",
        ),
        (
            "dropout on the inputs",
            "Single entries of W are dropped, not columns.",
        ),
    ),
]
