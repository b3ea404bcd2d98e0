"""Exercises and quiz of chapter 3.4."""

import numpy as np

from .. import scratch
from ..checks import Diagnosis, Subject
from ..checks import dropconnect as checks
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
    if not isinstance(answer, tuple) or len(answer) != 2:
        return Diagnosis(
            "mask-missing",
            "one thing comes back, and two are asked for.",
            "return out, mask: backward will need the masks",
        )
    if np.shape(answer[0]) != (3, 2):
        return Diagnosis(
            "wrong-shape",
            f"for x (3, 4) and weights (2, 4) the output has shape {np.shape(answer[0])}.",
            "sum over the inputs: one number for every case and output, (3, 2)",
        )

    def make(p, seed):
        return lambda w, b: _AsLayer(forward, w, b, p, np.random.default_rng(seed))

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


def _forward_does_nothing(x, weight, bias, p, rng): ...


def judge_weight_gradient(weight_gradient):
    rng = np.random.default_rng(1)
    x, grad_output = rng.standard_normal((6, 5)), rng.standard_normal((6, 3))
    mask, p = rng.random((6, 3, 5)) >= 0.75, 0.75
    grad = weight_gradient(grad_output, x, mask, p)
    if grad is None:
        return NOT_STARTED
    if np.shape(grad) != (3, 5):
        return Diagnosis(
            "wrong-shape",
            f"the gradient of weights (3, 5) has shape {np.shape(grad)}.",
            "every case has had its say: sum over the cases",
        )
    _, right, _ = scratch.dropconnect_backward(grad_output, x, np.zeros((3, 5)), mask, p)

    def is_(values):
        return np.allclose(grad, values)

    if is_(right):
        return None
    if is_(grad_output.T @ x) or is_(grad_output.T @ x / (1 - p)):
        return Diagnosis(
            "without-mask",
            "a weight learns from cases in which it was dropped.",
            "the product of x and dL/dy is (N, O, I) before it is summed: that is where the mask "
            "belongs",
        )
    if is_(right * (1 - p)):
        return Diagnosis(
            "without-scale",
            "the scale is missing.",
            "y = sum of M W x / (1 - p): the derivative by W is M x / (1 - p)",
        )
    if is_(right / len(x)):
        return Diagnosis(
            "averaged",
            "the mean over the cases comes back instead of the sum.",
            "the loss has averaged already if it wanted to: dL/dW adds up what the cases say",
        )
    if is_((grad_output.T @ x) * mask[0] / (1 - p)) or is_((grad_output.T @ x) * mask.any(axis=0)):
        return Diagnosis(
            "mask-after-the-sum",
            "one mask was laid over the sum of all cases.",
            "each case has its own mask: multiply first, sum over the cases then",
        )
    return Diagnosis(
        "another-formula",
        "it differs from sum over n of M[n, o, i] x[n, i] dL/dy[n, o] / (1 - p).",
        "write the sum with einsum and check the letters",
    )


def weight_gradient(grad_output, x, mask, p):
    return np.einsum("noi,no,ni->oi", mask, grad_output, x) / (1 - p)


def _noise(x, weight, p, shared):
    """The covariance matrix (O, O) of the outputs for one case."""
    matrix = p / (1 - p) * (weight * x**2) @ weight.T
    return matrix if shared else np.diag(np.diag(matrix))


def judge_covariance(covariance):
    rng = np.random.default_rng(2)
    x, weight = rng.standard_normal(4), rng.standard_normal((3, 4))
    answers = {}
    for p in (0.2, 0.75):
        for shared in (True, False):
            answer = covariance(x, weight, p, shared)
            if answer is None:
                return NOT_STARTED
            if np.shape(answer) != (3, 3):
                return Diagnosis(
                    "wrong-shape",
                    f"for three outputs a matrix (3, 3) is asked for, not {np.shape(answer)}.",
                    "entry [o, q] is the covariance of outputs o and q; the diagonal holds the "
                    "variances",
                )
            answers[p, shared] = np.asarray(answer, dtype=float)

    def are(rule):
        return all(np.allclose(answer, rule(*key)) for key, answer in answers.items())

    def scaled(factor):
        return lambda p, shared: _noise(x, weight, p, shared) * factor(p)

    if are(lambda p, shared: _noise(x, weight, p, shared)):
        return None
    if are(lambda p, shared: _noise(x, weight, p, not shared)):
        return Diagnosis(
            "methods-swapped",
            "dropout and DropConnect are swapped.",
            "`shared` is dropout: one draw per input, heard by all outputs",
        )
    if are(lambda p, shared: _noise(x, weight, p, True)):
        return Diagnosis(
            "always-shared",
            "with DropConnect, two outputs get a covariance that is not 0.",
            "their masks are independent, and what is independent has covariance 0",
        )
    if are(lambda p, shared: _noise(x, weight, p, False)):
        return Diagnosis(
            "never-shared",
            "with dropout, two outputs get covariance 0.",
            "they lose the same inputs: for outputs o and q the terms W[o, i] x[i] and W[q, i] "
            "x[i] come and go together",
        )
    if are(scaled(lambda p: 1 - p)):
        return Diagnosis("with-p", "the factor is p.", "Var[m / (1 - p)] = p (1 - p) / (1 - p)²")
    if are(scaled(lambda p: (1 - p) ** 2)):
        return Diagnosis(
            "not-scaled",
            "that is the noise of masks without a scale.",
            "m is divided by 1 - p, so its variance is divided by (1 - p)²",
        )
    return Diagnosis(
        "another-formula",
        "it differs from the covariance over many masks.",
        "for one input, Cov[m W[o, i] x[i], m W[q, i] x[i]] = Var[m] W[o, i] W[q, i] x[i]²; add "
        "up the inputs",
    )


def covariance(x, weight, p, shared):
    matrix = p / (1 - p) * (weight * x**2) @ weight.T  # (O, O)
    return matrix if shared else np.diag(np.diag(matrix))


def judge_batch_noise(answer):
    points = ((4.0, 10), (2.0, 64))
    values = [answer(variance, cases) for variance, cases in points]
    if any(value is None for value in values):
        return NOT_STARTED
    if any(not isinstance(value, tuple) or len(value) != 2 for value in values):
        return Diagnosis(
            "not-two",
            "two variances are asked for.",
            "return one_each, one_for_all",
        )

    def are(one_each, one_for_all):
        return all(
            np.allclose(value, (one_each(v, n), one_for_all(v, n)))
            for value, (v, n) in zip(values, points, strict=True)
        )

    if are(lambda v, n: v / n, lambda v, n: v):
        return None
    if are(lambda v, n: v, lambda v, n: v / n):
        return Diagnosis(
            "swapped", "the two are swapped.", "which noises can cancel: different or equal ones?"
        )
    if are(lambda v, n: v / n, lambda v, n: v / n):
        return Diagnosis(
            "both-average-out",
            "the noise of one mask for all is divided by the number of cases.",
            "dividing by N takes independent terms; here all N terms are one and the same",
        )
    if are(lambda v, n: v / n**0.5, lambda v, n: v):
        return Diagnosis(
            "deviation", "the root belongs to the standard deviation.", "Var[sum / N] = N v / N²"
        )
    if are(lambda v, n: n * v, lambda v, n: n * v) or are(
        lambda v, n: n * v, lambda v, n: n * n * v
    ):
        return Diagnosis(
            "sum-not-mean", "that is the variance of a sum.", "a mean is the sum divided by N"
        )
    return Diagnosis(
        "another-formula",
        f"for variance 4 and 10 cases it gives {values[0]}.",
        "write the mean of N terms with variance v: once independent, once all equal",
    )


def batch_noise(variance, cases):
    return variance / cases, variance


EXERCISES = (
    Exercise(
        name="03-4-forward",
        title="Forward, with a mask per case",
        statement=(
            "Write the training pass of DropConnect: `forward(x, weight, bias, p, rng)` with x "
            "(N, I), weight (O, I), bias (O,) and p < 1. Return the output (N, O) and the masks "
            "(N, O, I), true where a weight stays."
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
            (_forward_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-4-weight-gradient",
        title="What a weight learns",
        statement=(
            "Write `weight_gradient(grad_output, x, mask, p)`: dL/dW (O, I) from dL/dy (N, O), x "
            "(N, I) and the masks (N, O, I) of the forward pass. From how many of the N cases "
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
                "another-formula",
            ),
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
            "that returns two numbers: with a mask for each case, and with one mask for all."
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
