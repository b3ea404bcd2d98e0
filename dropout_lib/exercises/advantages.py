"""Exercises and quiz of chapter 5."""

import math

import numpy as np

from ..checks import Diagnosis
from .answers import agrees, first_wrong
from .core import NOT_STARTED, Exercise, multiple_choice

# --- max-norm ----------------------------------------------------------------------------------

_WEIGHT = np.array([[3.0, 4.0, 0.0], [0.3, 0.0, 0.4], [0.0, 0.0, 0.0], [1.0, 2.0, 2.0]])


def judge_max_norm(max_norm):
    given = _WEIGHT.copy()
    out = max_norm(given, 2.0)
    if out is None:
        return NOT_STARTED
    if np.shape(out) != _WEIGHT.shape:
        return Diagnosis(
            "shape-changed",
            f"weights of shape {_WEIGHT.shape} came back with shape {np.shape(out)}.",
            "shrinking changes values, not shapes",
        )
    if np.isnan(out).any():
        return Diagnosis(
            "zero-divided-by-zero",
            "a unit whose weights are all 0 came back as NaN.",
            "only rows that are too long need a division: np.minimum(1, c / norm) with care "
            "for 0, or np.where",
        )
    norms, wanted = np.linalg.norm(out, axis=1), np.array([2.0, 0.5, 0.0, 2.0])
    if np.allclose(norms, wanted) and np.allclose(out, _shrunk(_WEIGHT, 2.0)):
        return _with_another_c(max_norm)
    return _wrong_norm(out, norms) or Diagnosis(
        "another-rule",
        f"with c = 2, rows of length 5, 0.5, 0 and 3 came back with lengths {norms.round(2)}.",
        "longer rows are shortened to c, in their direction; shorter rows stay",
    )


def _with_another_c(max_norm):
    out, wanted = max_norm(_WEIGHT.copy(), 0.4), _shrunk(_WEIGHT, 0.4)
    if np.shape(out) != wanted.shape or not np.allclose(out, wanted):
        return Diagnosis(
            "c-not-used",
            "with c = 2 the answer is right, with c = 0.4 it isn't.",
            "the bound is the argument c: no number of the example belongs in the function",
        )
    square = np.random.default_rng(1).normal(size=(3, 3)) * [[0.2], [1.0], [3.0]]
    out, wanted = max_norm(square.copy(), 1.5), _shrunk(square, 1.5)
    if np.shape(out) == wanted.shape and np.allclose(out, wanted):
        return None
    return Diagnosis(
        "not-for-a-square",
        "right for 4 outputs of 3 inputs; for 3 outputs of 3 inputs it isn't.",
        "where both sides are equally long, NumPy broadcasts lengths of shape (3,) along the wrong "
        "one without a word: keep them as (3, 1)",
    )


def _wrong_norm(out, norms):
    """The usual slips, each known by what it makes of the example."""
    if np.allclose(out, _WEIGHT):
        return Diagnosis(
            "nothing-shrunk",
            "the weights came back unchanged, with a row of length 5 among them.",
            "compare the length of each row with c",
        )
    if math.isclose(np.linalg.norm(out), 2.0, rel_tol=1e-6):
        return Diagnosis(
            "whole-matrix",
            "the length of the whole matrix was bounded.",
            "every unit has a bound of its own: np.linalg.norm(weight, axis=1)",
        )
    if math.isclose(norms[1], 2.0, rel_tol=1e-6):
        return Diagnosis(
            "short-rows-stretched",
            "a row of length 0.5 came back with length 2.",
            "max-norm is a bound, not a normalisation: the factor is at most 1",
        )
    if np.allclose(out, _WEIGHT.clip(-2, 2)):
        return Diagnosis(
            "entries-clipped",
            "single weights were clipped, which turns the row into another direction.",
            "shrink the row as a whole: multiply it by one number",
        )
    if np.allclose(out, _shrunk(_WEIGHT.T, 2.0).T):
        return Diagnosis(
            "columns-instead-of-rows",
            "the weights that *leave* an input were bounded.",
            "weight is (outputs, inputs): what comes into a unit is a row",
        )
    if np.allclose(
        out, _WEIGHT * np.minimum(1, 2.0 / np.maximum((_WEIGHT**2).sum(1), 1e-9))[:, None]
    ):
        return Diagnosis(
            "squared-length",
            "rows were divided by their squared length.",
            "the length is the square root of the sum of squares",
        )
    if np.allclose(out, _by_absolutes(_WEIGHT, 2.0)):
        return Diagnosis(
            "sum-of-absolutes",
            "the length of a row was taken to be the sum of its absolute values: 7 for (3, 4, 0).",
            "the length of (3, 4, 0) is 5, the square root of the sum of squares",
        )
    if np.allclose(out, _to_length_1(_WEIGHT, 2.0)):
        return Diagnosis(
            "shortened-to-1",
            "a row of length 5 came back with length 1: divided by its length, it forgot c.",
            "which number makes 2 of 5?",
        )
    if np.allclose(out, 2.0 * _WEIGHT / 5):
        return Diagnosis(
            "one-factor-for-all",
            "all rows were multiplied by the same number, short ones too.",
            "a row of length 0.5 was within the bound: each row has a factor of its own",
        )
    return None


def _by_absolutes(weight, c):
    return weight * np.minimum(1, c / np.maximum(np.abs(weight).sum(1, keepdims=True), 1e-9))


def _to_length_1(weight, c):
    norm = np.linalg.norm(weight, axis=1, keepdims=True)
    return np.where(norm > c, weight / np.maximum(norm, 1e-9), weight)


def _shrunk(weight, c):
    norm = np.linalg.norm(weight, axis=1, keepdims=True)
    return weight * np.minimum(1, c / np.maximum(norm, 1e-12))


def max_norm(weight, c):
    norm = np.linalg.norm(weight, axis=1, keepdims=True)  # (outputs, 1)
    return np.where(norm > c, weight * (c / np.maximum(norm, c)), weight)


def _stretched(weight, c):
    return c * weight / np.maximum(np.linalg.norm(weight, axis=1, keepdims=True), 1e-12)


def _divided_by_zero(weight, c):
    with np.errstate(all="ignore"):
        norm = np.linalg.norm(weight, axis=1, keepdims=True)
        return weight / norm * np.minimum(norm, c)


def _whole(weight, c):
    return weight * min(1, c / np.linalg.norm(weight))


def _one_factor(weight, c):
    return weight * min(1, c / np.linalg.norm(weight, axis=1).max())


def _along_the_wrong_side(weight, c):
    factor = np.minimum(1, c / np.maximum(np.linalg.norm(weight, axis=1), 1e-9))
    return weight * (factor if len(factor) == weight.shape[1] else factor[:, None])


def _squared(weight, c):
    square = (weight**2).sum(axis=1, keepdims=True)
    return weight * np.minimum(1, c / np.maximum(square, 1e-9))


# --- Gaussian noise ----------------------------------------------------------------------------


def judge_gaussian(gaussian_noise):
    """By the moments of 200,000 draws, all within 2 % of what they should be, and no draw twice."""
    x = np.tile([[3.0, -1.0]], (100_000, 1))
    rates = (0.2, 0.2, 0.6, 0.0)
    answers = [gaussian_noise(x.copy(), p, np.random.default_rng(0)) for p in rates]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    out, again, at_06, without = map(np.asarray, answers)
    if np.shape(out) != x.shape:
        return Diagnosis(
            "shape-changed",
            f"an input of shape {x.shape} came back with shape {np.shape(out)}.",
            "one factor for each entry of x",
        )
    if (out != again).any():
        return Diagnosis(
            "generator-not-used",
            "two generators with the same seed gave different noise.",
            "draw from the `rng` that you are given",
        )
    other = np.asarray(gaussian_noise(x.copy(), 0.2, np.random.default_rng(1)))
    if (other == out).mean() > 0.9:
        return Diagnosis(
            "same-noise-always",
            "two generators with different seeds gave the same noise: every batch would be "
            "disturbed alike.",
            "draw from the `rng` that you are given, without a seed of your own",
        )
    if (out == 0).mean() > 0.1:
        return Diagnosis(
            "still-a-mask",
            f"{(out == 0).mean():.0%} of the entries come out as 0: they are dropped.",
            "Gaussian numbers take the place of the mask; none of them is exactly 0",
        )
    if (out[:, 0] == out[0, 0]).all() or np.allclose(out[:, 0], -3 * out[:, 1]):
        return Diagnosis(
            "noise-shared",
            "units or cases share one draw.",
            "draw an array of x's shape: rng.normal(..., size=x.shape)",
        )
    if len(np.unique(out[:, 0])) < 10:
        return Diagnosis(
            "still-a-mask",
            "the factors take only a few values: that is dropout.",
            "draw Gaussian numbers: rng.normal(mean, standard deviation, x.shape)",
        )
    if len(np.unique(out[:, 0])) < 0.9 * len(out) or _neighbours_agree(out):
        return Diagnosis(
            "noise-shared",
            "several cases share one draw.",
            "draw an array of x's shape: rng.normal(..., size=x.shape)",
        )
    return _moments(out, at_06, without, x)


def _neighbours_agree(out):
    """Whether the noise of one entry says something about that of the next unit or case."""
    centred = (out - out.mean(axis=0)) / out.std(axis=0)
    first, second = centred.T
    pairs = ((first, second), (first[1:], first[:-1]), (second[1:], second[:-1]))
    return max(abs((a * b).mean()) for a, b in pairs) > 0.02


def _moments(out, at_06, without, x):
    mean, variance = out.mean(axis=0), out.var(axis=0)
    if abs(mean[0] - mean[1]) < 0.05 and abs(mean[0]) > 0.5:
        return Diagnosis(
            "x-left-out",
            f"activations of 3 and of −1 both come out as {mean[0]:.1f} on average: that is the "
            "noise by itself.",
            "what you draw are factors: multiply x by them",
        )
    if abs(mean[0]) < 0.1 or abs(mean[1]) < 0.05:
        return Diagnosis(
            "mean-0",
            f"an activation of 3 is {mean[0]:.1f} on average.",
            "the factor has mean 1, so that evaluation needs nothing",
        )
    if abs(mean[0] / 3.75 - 1) < 0.02:
        return Diagnosis(
            "scaled-twice",
            f"at p = 0.2 an activation of 3 is {mean[0]:.2f} on average.",
            "the numbers to draw have mean 1 as m / (1 − p) has: there is nothing left to scale",
        )
    if np.abs(mean / x[0] - 1).max() > 0.02:
        return Diagnosis(
            "mean-not-1",
            f"at p = 0.2 an activation of 3 is {mean[0]:.2f} on average.",
            "the factor is m / (1 − p), whose mean is 1; 1 − p is the mean of the mask alone",
        )
    if abs(variance[0] - variance[1]) < 0.1 * variance[0]:
        return Diagnosis(
            "added",
            "the noise is as large on an activation of 3 as on one of −1: it was added.",
            "multiply: then it grows with the activation, as that of dropout does",
        )
    ratio = variance[0] / 9
    slips = {
        "variance-as-deviation": (
            0.25**2,
            "rng.normal takes the standard deviation: the square root of p / (1 − p).",
        ),
        "p-as-deviation": (0.2**2, "the variance of the factor is p / (1 − p)."),
        "scale-forgotten": (0.16, "p(1 − p) is the variance of the mask without its scale."),
        "keep-and-drop-swapped": (4.0, "p is the probability to drop: p / (1 − p)."),
        "p-as-variance": (0.2, "p / (1 − p), and at p = 0.2 that is 0.25."),
    }
    if abs(ratio / 0.25 - 1) < 0.03:
        return _beyond_variance(out, at_06, without, x)
    for code, (wrong, hint) in slips.items():
        if abs(ratio / wrong - 1) < 0.03:
            said = f"at p = 0.2 the factor has variance {ratio:.2f}, and 0.25 is asked for."
            return Diagnosis(code, said, hint)
    return Diagnosis(
        "variance-off",
        f"at p = 0.2 the factor has variance {ratio:.3g}, and 0.25 is asked for.",
        "what is the variance of dropout's own factor m / (1 − p)? Chapter 2 has it",
    )


def _beyond_variance(out, at_06, without, x):
    """What an answer can still have wrong whose mean and variance at p = 0.2 are right."""
    fourth = (((out - out.mean(axis=0)) / out.std(axis=0)) ** 4).mean()
    if abs(fourth - 3) > 0.15:
        return Diagnosis(
            "not-gaussian",
            "mean and variance are right, but the factors are not Gaussian.",
            "the bell curve is rng.normal(mean, standard deviation, x.shape)",
        )
    ratio = at_06[:, 0].var() / 9
    if abs(ratio / 1.5 - 1) > 0.03:
        return Diagnosis(
            "right-at-one-p-only",
            f"at p = 0.6 the factor has variance {ratio:.2f}, and 1.5 is asked for.",
            "0.25 is the variance at p = 0.2; at another p it is p / (1 − p) again",
        )
    if not np.allclose(without, x):
        return Diagnosis(
            "noise-at-p-0", "at p = 0 the output is not x.", "at p = 0 the variance is 0"
        )
    return None


def _uniform(x, p, rng):
    return x * (1 + np.sqrt(3 * p / (1 - p)) * rng.uniform(-1, 1, x.shape))


def _in_pairs(x, p, rng):
    noise = rng.normal(1, np.sqrt(p / (1 - p)), (len(x) // 2, x.shape[1]))
    return x * noise.repeat(2, axis=0)


def gaussian_noise(x, p, rng):
    return x * rng.normal(1.0, np.sqrt(p / (1 - p)), size=x.shape)


# --- an ensemble's loss ------------------------------------------------------------------------

_MEMBERS = np.array(
    [
        [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.5, 0.2], [0.2, 0.7, 0.1]],
        [[0.3, 0.3, 0.4], [0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]],
        [[0.2, 0.1, 0.7], [0.5, 0.2, 0.3], [0.4, 0.5, 0.1], [0.1, 0.6, 0.3]],
    ]
)  # (members, cases, classes); together they get the third case wrong
_TRUTH = np.array([2, 0, 0, 1])


def _ensemble(seed, members, cases, classes):
    rng = np.random.default_rng(seed)
    shares = rng.uniform(0.1, 1, (members, cases, classes))
    return shares / shares.sum(axis=-1, keepdims=True), rng.integers(classes, size=cases)


_ENSEMBLES = ((_MEMBERS, _TRUTH), _ensemble(1, 2, 7, 4), _ensemble(2, 5, 2, 3))


def judge_ensemble(answer_of):
    slips = {
        "mean-of-losses": (
            lambda q, y: -np.log(q[:, np.arange(len(y)), y]).mean(),
            "that is the mean of the members' own losses.",
            "average the probabilities first, then take the logarithm",
        ),
        "not-averaged": (
            lambda q, y: -np.log(q.sum(axis=0)[np.arange(len(y)), y]).mean(),
            "the probabilities were added and not averaged: they sum to the number of members.",
            "mean over the axis of the members",
        ),
        "sign": (
            lambda q, y: -ensemble_loss(q, y),
            "the loss is negative.",
            "a probability is below 1, its logarithm below 0: minus in front",
        ),
        "summed-over-cases": (
            lambda q, y: len(y) * ensemble_loss(q, y),
            "that is the sum over the cases.",
            "the mean over the cases is asked for",
        ),
        "bits": (
            lambda q, y: ensemble_loss(q, y) / math.log(2),
            "that is in bits, with the logarithm to base 2.",
            "in nats it is np.log",
        ),
        "one-member": (
            lambda q, y: -np.log(q[0, np.arange(len(y)), y]).mean(),
            "that is the loss of the first member alone.",
            "axis 0 of probabilities is the members: average over it",
        ),
        "share-of-errors": (
            lambda q, y: (q.mean(axis=0).argmax(axis=1) != y).mean(),
            "that is the share of cases that the ensemble gets wrong.",
            "the cross-entropy asks how probable the right class was, not whether it came first",
        ),
        "all-classes": (
            lambda q, y: -np.log(q.mean(axis=0)).mean(),
            "the logarithms of all classes were averaged.",
            "of each case only the probability of the right class counts",
        ),
        "labels-ignored": (
            lambda q, y: -np.log(q.mean(axis=0).max(axis=1)).mean(),
            "the probability of the likeliest class was taken, right or wrong.",
            "the label says which probability counts, even where another class is likelier",
        ),
        "every-case-with-every-label": (
            lambda q, y: -np.log(q.mean(axis=0)[:, y]).mean(),
            "each case was paired with the labels of all cases.",
            "averaged[:, labels] is (cases, cases); to pair them, index the cases as well",
        ),
        "divided-by-classes-too": (
            lambda q, y: ensemble_loss(q, y) / q.shape[2],
            "it is too small by the number of classes: with a one-hot table the mean also counts "
            "the zeros.",
            "sum over the classes, and divide by the number of cases",
        ),
        "softmax-of-probabilities": (
            _softmax_again,
            "the probabilities went through a softmax once more, as F.cross_entropy does.",
            "that function wants logits; these are probabilities already: only the logarithm is "
            "left to do",
        ),
        "members-multiplied": (
            lambda q, y: -np.log(q.prod(axis=0)[np.arange(len(y)), y]).mean(),
            "the members' probabilities were multiplied.",
            "the ensemble's answer is their mean",
        ),
        "log-outside": (
            lambda q, y: -np.log(q.mean(axis=0)[np.arange(len(y)), y].mean()),
            "the probabilities were averaged over the cases as well.",
            "average over members, take the logarithm, average over cases: in this order",
        ),
        "geometric": (_geometric, *_GEOMETRIC),
    }
    answers = [answer_of(q.copy(), y.copy()) for q, y in _ENSEMBLES]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    if np.ndim(answers[0]):
        return Diagnosis(
            "not-one-number",
            f"an array of shape {np.shape(answers[0])} came back.",
            "one loss for the ensemble: the mean over the cases",
        )
    if agrees(answers, _ENSEMBLES, ensemble_loss, rtol=1e-5):
        return None
    for code, (formula, message, hint) in slips.items():
        if agrees(answers, _ENSEMBLES, formula, rtol=1e-5):
            return Diagnosis(code, message, hint)
    (q, _), found, right = first_wrong(answers, _ENSEMBLES, ensemble_loss, rtol=1e-5)
    return Diagnosis(
        "another-formula",
        f"for {q.shape[0]} members and {q.shape[1]} cases it gives {found:.4g}, and the loss is "
        f"{right:.4g}.",
        "minus the logarithm of the mean probability of the right class, averaged over cases",
    )


_GEOMETRIC = (
    "that averages logarithms and normalises again: the geometric mean.",
    "it is a fair way to average too, and the one that weight scaling approximates; here "
    "the arithmetic mean is asked for",
)


def _softmax_again(probabilities, labels):
    scores = np.exp(probabilities.mean(axis=0))
    again = scores / scores.sum(axis=1, keepdims=True)
    return -np.log(again[np.arange(len(labels)), labels]).mean()


def _geometric(probabilities, labels):
    scores = np.exp(np.log(probabilities).mean(axis=0))
    normalised = scores / scores.sum(axis=1, keepdims=True)
    return -np.log(normalised[np.arange(len(labels)), labels]).mean()


def ensemble_loss(probabilities, labels):
    averaged = probabilities.mean(axis=0)  # (cases, classes)
    return -np.log(averaged[np.arange(len(labels)), labels]).mean()


# --- a fair comparison -------------------------------------------------------------------------


def _tables(seed, seeds, rates):
    """Errors (seeds, rates) in %: dropout likes another rate, and test flatters."""
    rng = np.random.default_rng(seed)

    def noisy(means):
        return np.array(means)[rates] + rng.normal(0, 0.6, (seeds, len(rates)))

    return {
        "val_without": noisy([9.0, 8.0, 10.0, 30.0]),
        "test_without": noisy([9.5, 8.5, 10.5, 31.0]),
        "val_with": noisy([12.0, 9.0, 7.0, 9.0]),
        "test_with": noisy([12.5, 9.5, 7.5, 7.6]),
    }


_RACES = [_tables(5, 6, [0, 1, 2, 3]), _tables(6, 4, [3, 2, 1]), _tables(7, 4, [2, 3, 0, 1])]
_TABLES = [tuple(tables.values()) for tables in _RACES]


def judge_fair(answer_of):
    answers = [answer_of(*(table.copy() for table in tables)) for tables in _TABLES]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    if np.ndim(answers[0]):
        return Diagnosis(
            "not-one-number",
            f"an array of shape {np.shape(answers[0])} came back.",
            "the mean over the seeds is asked for",
        )

    def is_that_of(rule):
        return agrees(answers, _TABLES, rule)

    if is_that_of(tuned_gain):
        return None
    slips = {
        "sign": (
            lambda *t: -tuned_gain(*t),
            "with and without are swapped: it comes out as a loss.",
            "a gain is error without minus error with",
        ),
        "tuned-on-test": (
            _on_test,
            "each rate was chosen on the test set, which then flatters.",
            "choose with val_…, report with test_…",
        ),
        "one-rate-for-both": (
            _rate_of_without,
            "the rate that is best without dropout was used for both.",
            "each side gets the rate that is best for it",
        ),
        "rate-of-dropout-for-both": (
            _rate_of_with,
            "the rate that is best with dropout was used for both.",
            "each side gets the rate that is best for it",
        ),
        "dropout-tuned-on-test": (
            _with_on_test,
            "dropout's rate was chosen on the test set, the other side's was not.",
            "choose with val_… on both sides, or the one that sees the test set wins",
        ),
        "highest-chosen": (
            _highest,
            "in each seed the rate with the *highest* validation error was chosen.",
            "these are errors, of which lower is better: argmin",
        ),
        "best-seed-only": (
            _best_seed,
            "one cell was chosen out of each whole table: the luckiest seed speaks for all.",
            "choose within each row, axis=1, and take the mean over the rows",
        ),
        "reported-on-validation": (
            _on_validation,
            "the errors reported are those on which the rates were chosen.",
            "choose with val_…, report with test_…",
        ),
        "one-rate-for-all-seeds": (
            _one_rate_a_side,
            "each side has one rate for all seeds, the best on average over them. That is a "
            "fair rule too, and not the one asked for.",
            "let each seed choose for itself: argmin along axis 1",
        ),
        "mean-over-rates": (
            lambda val_without, test_without, val_with, test_with: (
                test_without.mean() - test_with.mean()
            ),
            "all learning rates were averaged, the useless ones too.",
            "argmin along axis 1 of val_… says which rate each seed would choose",
        ),
    }
    for code, (rule, message, hint) in slips.items():
        if is_that_of(rule):
            return Diagnosis(code, message, hint)
    tables, answer, right = first_wrong(answers, _TABLES, tuned_gain)
    return Diagnosis(
        "another-rule",
        f"for tables of {tables[0].shape[0]} seeds and {tables[0].shape[1]} rates it gives "
        f"{answer:.3f}, and a fair comparison {right:.3f}.",
        "for each seed and side: the rate with the lowest validation error, and its test error",
    )


def _at(table, columns):
    return table[np.arange(len(table)), columns]


def tuned_gain(val_without, test_without, val_with, test_with):
    seeds = np.arange(len(val_without))
    without = test_without[seeds, val_without.argmin(axis=1)]
    dropped = test_with[seeds, val_with.argmin(axis=1)]
    return (without - dropped).mean()


def _on_test(val_without, test_without, val_with, test_with):
    return test_without.min(axis=1).mean() - test_with.min(axis=1).mean()


def _on_validation(val_without, test_without, val_with, test_with):
    return val_without.min(axis=1).mean() - val_with.min(axis=1).mean()


def _rate_of_without(val_without, test_without, val_with, test_with):
    best = val_without.argmin(axis=1)
    return (_at(test_without, best) - _at(test_with, best)).mean()


def _rate_of_with(val_without, test_without, val_with, test_with):
    best = val_with.argmin(axis=1)
    return (_at(test_without, best) - _at(test_with, best)).mean()


def _with_on_test(val_without, test_without, val_with, test_with):
    return (_at(test_without, val_without.argmin(axis=1)) - test_with.min(axis=1)).mean()


def _highest(val_without, test_without, val_with, test_with):
    return tuned_gain(-val_without, test_without, -val_with, test_with)


def _best_seed(val_without, test_without, val_with, test_with):
    without = test_without.flat[val_without.argmin()]
    return without - test_with.flat[val_with.argmin()]


def _one_rate_a_side(val_without, test_without, val_with, test_with):
    without = test_without[:, val_without.mean(axis=0).argmin()]
    return (without - test_with[:, val_with.mean(axis=0).argmin()]).mean()


EXERCISES = (
    Exercise(
        name="05-max-norm",
        title="The third rung",
        statement=(
            "Write `max_norm(weight, c)`. `weight` is an array (outputs, inputs) and c > 0; return "
            "a new array of weights in which the vector into each output has length at most `c`, "
            "shortened in its own direction where it is longer and left alone where it is not. "
            "For `[[3, 4], [0, 1]]` and c = 2 that is `[[1.2, 1.6], [0, 1]]`."
        ),
        starter=(
            "import numpy as np\n\n\ndef max_norm(weight, c):\n    # your code\n    ...\n\n\n"
            'check("05-max-norm", max_norm)'
        ),
        hints=(
            "What comes into one output is one row. How long is each row?",
            "`np.linalg.norm(weight, axis=1, keepdims=True)` has shape (outputs, 1). What number "
            "does a row of length 5 have to be multiplied by, with c = 2?",
            "By c / 5. A row that is shorter than c is multiplied by 1: "
            "`np.minimum(1, c / norm)`, and mind a row of zeros.",
        ),
        solution=max_norm,
        explanation=(
            "A projection: each row goes to the nearest point of a ball of radius c. It is done "
            "after every step of the optimiser, so the gradient knows nothing of it. This is "
            "what `fit_many` does with `max_norm=`."
        ),
        judge=judge_max_norm,
        wrong_answers=(
            (_stretched, "short-rows-stretched"),
            (_divided_by_zero, "zero-divided-by-zero"),
            (_whole, "whole-matrix"),
            (_squared, "squared-length"),
            (_by_absolutes, "sum-of-absolutes"),
            (_to_length_1, "shortened-to-1"),
            (_one_factor, "one-factor-for-all"),
            (_along_the_wrong_side, "not-for-a-square"),
            (lambda w, c: w.clip(-c, c), "entries-clipped"),
            (lambda w, c: _shrunk(w.T, c).T, "columns-instead-of-rows"),
            (lambda w, c: w, "nothing-shrunk"),
            (lambda w, c: _shrunk(w, c).T, "shape-changed"),
            (lambda w, c: _shrunk(w, c / 4), "another-rule"),
            (lambda w, c: _shrunk(w, 2.0), "c-not-used"),
            (lambda w, c: None, "not-started"),
        ),
    ),
    Exercise(
        name="05-gaussian",
        title="Noise without zeros",
        statement=(
            "Write `gaussian_noise(x, p, rng)`: multiply every entry of `x`, an array (cases, "
            "units), by a Gaussian number of its own that has the mean and the variance of "
            "dropout's factor $m/(1-p)$. Draw the numbers from the generator `rng`, all at once: "
            "`x` may have 100,000 cases, which are too many for a loop."
        ),
        starter=(
            "import numpy as np\n\n\ndef gaussian_noise(x, p, rng):\n    # your code\n    ...\n\n\n"
            'check("05-gaussian", gaussian_noise)'
        ),
        hints=(
            "Chapter 2 has mean and variance of dropout's output for an activation x.",
            "With x = 1 they are 1 and p / (1 − p).",
            "`rng.normal(mean, standard_deviation, size)`: the second argument is the square "
            "root of the variance.",
        ),
        solution=gaussian_noise,
        explanation=(
            "Nothing is ever exactly 0, and nothing has to be scaled in evaluation. Backward "
            "multiplies by the same numbers."
        ),
        judge=judge_gaussian,
        wrong_answers=(
            (lambda x, p, rng: x * rng.normal(1, p / (1 - p), x.shape), "variance-as-deviation"),
            (lambda x, p, rng: x * rng.normal(1, p, x.shape), "p-as-deviation"),
            (lambda x, p, rng: x * rng.normal(1, p**0.5, x.shape), "p-as-variance"),
            (lambda x, p, rng: x * rng.normal(1, (p * (1 - p)) ** 0.5, x.shape), "scale-forgotten"),
            (
                lambda x, p, rng: x * rng.normal(1, ((1 - p) / max(p, 1e-9)) ** 0.5, x.shape),
                "keep-and-drop-swapped",
            ),
            (lambda x, p, rng: x + rng.normal(0, (p / (1 - p)) ** 0.5, x.shape), "added"),
            (lambda x, p, rng: x * rng.normal(0, (p / (1 - p)) ** 0.5, x.shape), "mean-0"),
            (lambda x, p, rng: x * rng.normal(1, (p / (1 - p)) ** 0.5), "noise-shared"),
            (
                lambda x, p, rng: x * rng.normal(1, (p / (1 - p)) ** 0.5, (len(x), 1)),
                "noise-shared",
            ),
            (lambda x, p, rng: x * rng.normal(1, (p / (1 - p)) ** 0.5, x.shape[1]), "noise-shared"),
            (_in_pairs, "noise-shared"),
            (
                lambda x, p, rng: x * np.random.default_rng(0).normal(1, 0.5, x.shape),
                "same-noise-always",
            ),
            (
                lambda x, p, rng: (
                    x
                    * rng.normal(1, (p / (1 - p)) ** 0.5, x.shape)
                    * (rng.random(x.shape) >= p)
                    / (1 - p)
                ),
                "still-a-mask",
            ),
            (
                lambda x, p, rng: x * rng.normal(1, (p / (1 - p)) ** 0.5, x.shape) / (1 - p),
                "scaled-twice",
            ),
            (lambda x, p, rng: rng.normal(1, (p / (1 - p)) ** 0.5, x.shape), "x-left-out"),
            (lambda x, p, rng: x * rng.normal(1, p / (1 - p) ** 0.5, x.shape), "variance-off"),
            (lambda x, p, rng: x * (rng.random(x.shape) >= p) / (1 - p), "still-a-mask"),
            (
                lambda x, p, rng: x * rng.normal(1 - p, (p * (1 - p)) ** 0.5, x.shape),
                "mean-not-1",
            ),
            (_uniform, "not-gaussian"),
            (lambda x, p, rng: x * rng.normal(1, 0.5, x.shape), "right-at-one-p-only"),
            (
                lambda x, p, rng: x * rng.normal(1, (p / (1 - p) + 1e-3) ** 0.5, x.shape),
                "noise-at-p-0",
            ),
            (
                lambda x, p, rng: x * np.random.default_rng().normal(1, 0.5, x.shape),
                "generator-not-used",
            ),
            (lambda x, p, rng: None, "not-started"),
        ),
    ),
    Exercise(
        name="05-ensemble",
        title="What five networks say together",
        statement=(
            "Write `ensemble_loss(probabilities, labels)`. `probabilities` is an array (members, "
            "cases, classes), `labels` (cases,) the numbers of the right classes. The ensemble's "
            "answer is the mean of its members' probabilities; return its cross-entropy in nats, "
            "averaged over the cases: one number. Two members that give the right class of one "
            "case 0.2 and 0.6 have −log 0.4 ≈ 0.92."
        ),
        starter=(
            "import numpy as np\n\n\ndef ensemble_loss(probabilities, labels):\n"
            "    # your code\n    ...\n\n\n"
            'check("05-ensemble", ensemble_loss)'
        ),
        hints=(
            "Average over the members first. What shape is left?",
            "(cases, classes). Of each case pick the probability of its label: "
            "`averaged[np.arange(len(labels)), labels]`.",
            "Minus the logarithm of those, and the mean over the cases.",
        ),
        solution=ensemble_loss,
        explanation=(
            "The logarithm is concave, so the loss of the mean is at most the mean of the losses: "
            "an ensemble cannot do worse, in loss, than its members do on average."
        ),
        judge=judge_ensemble,
        wrong_answers=(
            (lambda q, y: -np.log(q[:, np.arange(len(y)), y]).mean(), "mean-of-losses"),
            (lambda q, y: -np.log(q.sum(0)[np.arange(len(y)), y]).mean(), "not-averaged"),
            (lambda q, y: np.log(q.mean(0)[np.arange(len(y)), y]).mean(), "sign"),
            (lambda q, y: -np.log(q.mean(0)[np.arange(len(y)), y]).sum(), "summed-over-cases"),
            (lambda q, y: -np.log(q.mean(0)).mean(), "all-classes"),
            (lambda q, y: -np.log(q.mean(0)[np.arange(len(y)), y].mean()), "log-outside"),
            (_geometric, "geometric"),
            (_softmax_again, "softmax-of-probabilities"),
            (
                lambda q, y: -(np.eye(q.shape[2])[y] * np.log(q.mean(0))).mean(),
                "divided-by-classes-too",
            ),
            (lambda q, y: -np.log(q.prod(0)[np.arange(len(y)), y]).mean(), "members-multiplied"),
            (lambda q, y: -np.log(q.mean(0).max(1)).mean(), "labels-ignored"),
            (lambda q, y: -np.log(q.mean(0)[:, y]).mean(), "every-case-with-every-label"),
            (lambda q, y: -np.log(q.mean(0)[np.arange(len(y)), y]), "not-one-number"),
            (lambda q, y: (q.mean(0).argmax(1) != y).mean(), "share-of-errors"),
            (lambda q, y: -np.log2(q.mean(0)[np.arange(len(y)), y]).mean(), "bits"),
            (lambda q, y: -np.log(q[0, np.arange(len(y)), y]).mean(), "one-member"),
            (lambda q, y: 1 - q.mean(0)[np.arange(len(y)), y].mean(), "another-formula"),
            (lambda q, y: None, "not-started"),
        ),
    ),
    Exercise(
        name="05-fair",
        title="Unfair to whom?",
        statement=(
            "Somebody trained networks with and without dropout, for several seeds, at several "
            "learning rates. You get four arrays of errors in %, each (seeds, rates). A report "
            "that you have to check computes the gain so:\n\n"
            "```python\nbest = val_without.argmin(axis=1)\nseeds = np.arange(len(best))\n"
            "gain = (test_without[seeds, best] - test_with[seeds, best]).mean()\n```\n\n"
            "To which side is that unfair? Write `tuned_gain(val_without, test_without, val_with, "
            "test_with)`, which mends it: by how much, mean over the seeds, dropout lowers the "
            "test error, in each seed each side with the rate that *it* would choose there. One "
            "number, below 0 where dropout does harm."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def tuned_gain(val_without, test_without, val_with, test_with):\n"
            "    # your code\n    ...\n\n\n"
            'check("05-fair", tuned_gain)'
        ),
        hints=(
            "On whose validation errors is `best` chosen, and whose test errors are read there?",
            "`val_without.argmin(axis=1)`: for each seed the number of a rate. The same for the "
            "other side, which may choose another rate.",
            "`test_with[np.arange(len(val_with)), val_with.argmin(axis=1)]` are dropout's test "
            "errors at the rates that it would choose. The mean of the differences is the gain.",
        ),
        solution=tuned_gain,
        explanation=(
            "Two common rules favour a side: one rate for both favours the side it was found "
            "with, choosing on test favours the side with more luck to choose from."
        ),
        judge=judge_fair,
        wrong_answers=(
            (lambda *tables: -tuned_gain(*tables), "sign"),
            (_on_test, "tuned-on-test"),
            (_on_validation, "reported-on-validation"),
            (_rate_of_without, "one-rate-for-both"),
            (_rate_of_with, "rate-of-dropout-for-both"),
            (_with_on_test, "dropout-tuned-on-test"),
            (_highest, "highest-chosen"),
            (_best_seed, "best-seed-only"),
            (_one_rate_a_side, "one-rate-for-all-seeds"),
            (
                lambda val_without, test_without, val_with, test_with: (
                    test_without.mean() - test_with.mean()
                ),
                "mean-over-rates",
            ),
            (lambda a, b, c, d: b - d, "not-one-number"),
            (lambda *tables: 1.0, "another-rule"),
            (lambda *tables: None, "not-started"),
        ),
    ),
)

QUIZ = [
    {
        "question": "Gaussian noise is to have the variance of dropout at p = 0.2. What is the "
        "variance of its factor?",
        "section": "Noise without zeros",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.25,
                "correct": True,
                "feedback": "0.2 / 0.8; its standard deviation is 0.5.",
            },
            {
                "type": "value",
                "value": 0.5,
                "correct": False,
                "feedback": "That is the standard deviation; its square is asked for.",
            },
            {
                "type": "value",
                "value": 0.16,
                "correct": False,
                "feedback": "That is p(1 − p), the mask without its scale.",
            },
            {
                "type": "value",
                "value": 4,
                "correct": False,
                "feedback": "Keep and drop are swapped: (1 − p) / p.",
            },
            {
                "type": "value",
                "value": 0.2,
                "correct": False,
                "feedback": "0.2 is p itself. The scale of what is kept makes the noise larger: "
                "p / (1 − p).",
            },
            {
                "type": "default",
                "feedback": "p / (1 − p).",
            },
        ],
    },
    {
        "question": "A paper retains inputs with probability 0.8. What is that in this book, "
        "where p is the probability to drop?",
        "section": "The second rate",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.2,
                "correct": True,
                "feedback": "One minus it.",
            },
            {
                "type": "value",
                "value": 0.8,
                "correct": False,
                "feedback": "That is how 0.8 got into lists of drop rates.",
            },
            {
                "type": "value",
                "value": 1.25,
                "correct": False,
                "feedback": "That is the scale of what is kept.",
            },
            {
                "type": "default",
                "feedback": "To retain and to drop add up to 1.",
            },
        ],
    },
    multiple_choice(
        "You switch max-norm on, with a bound that no unit's weights ever reach. What changes?",
        "A rung that may not be there",
        (
            "Nothing: it is the same network",
            "Count how many units are at the bound before you say what it did.",
        ),
        (
            "The weights are pulled towards 0 a little",
            "That is L2. Max-norm does nothing below its bound.",
        ),
        (
            "The weights are stretched to the bound",
            "It is a bound from above, not a length that is given.",
        ),
    ),
    multiple_choice(
        "A layer is made twice as wide, on both sides. How does dropout's share of its "
        "multiplications change?",
        "What a step costs",
        (
            "It halves",
            "Twice as many units to draw for, four times as many weights.",
        ),
        (
            "It stays",
            "Draws grow with the units, products with the weights between them.",
        ),
        (
            "It doubles",
            "The draws double, and the products they are compared with quadruple.",
        ),
    ),
    multiple_choice(
        "Why does every arm of a comparison get equally many settings to choose from?",
        "Together, or instead",
        (
            "Because the best of many looks better than the best of few",
            "Even if all of them are equally good, as validation has luck.",
        ),
        (
            "Because an arm with more hyperparameters needs fewer settings",
            "It needs more of them, if anything; that it gets no more is the price of its "
            "hyperparameters.",
        ),
        (
            "Because otherwise the test set would be used twice",
            "Nobody chooses on the test set here. The choice is on validation, and there more "
            "settings mean more luck.",
        ),
    ),
    multiple_choice(
        "What does a network trained with dropout save, compared with an ensemble of five?",
        "Many networks for the price of one?",
        (
            "Four trainings, and at test time four forward passes",
            "One set of weights, one pass.",
        ),
        (
            "The need to train for longer",
            "Noise slows training down, if it changes its length at all.",
        ),
        (
            "Nothing: it trains exponentially many networks at once",
            "It samples thinned networks that share their weights; a step for one moves them all.",
        ),
    ),
]
