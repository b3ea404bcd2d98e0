"""Exercises and quiz of chapter 5."""

import math

import numpy as np

from ..checks import Diagnosis
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
    if np.shape(out) == wanted.shape and np.allclose(out, wanted):
        return None
    return Diagnosis(
        "c-not-used",
        "with c = 2 the answer is right, with c = 0.4 it isn't.",
        "the bound is the argument c: no number of the example belongs in the function",
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
    return None


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


def _squared(weight, c):
    square = (weight**2).sum(axis=1, keepdims=True)
    return weight * np.minimum(1, c / np.maximum(square, 1e-9))


# --- Gaussian noise ----------------------------------------------------------------------------


def judge_gaussian(gaussian_noise):
    """By the moments of 200,000 draws, all within 2 % of what they should be, and no draw twice."""
    x = np.tile([[3.0, -1.0]], (100_000, 1))
    rates = (0.2, 0.2, 0.6, 0.0)
    answers = [gaussian_noise(x.copy(), p, np.random.default_rng(0)) for p in rates]
    out, again, at_06, without = answers
    if out is None:
        return NOT_STARTED
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
    out = np.asarray(out)
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
    return _moments(out, np.asarray(at_06), without, x)


def _neighbours_agree(out):
    """Whether the noise of one entry says something about that of the next unit or case."""
    centred = (out - out.mean(axis=0)) / out.std(axis=0)
    first, second = centred.T
    pairs = ((first, second), (first[1:], first[:-1]), (second[1:], second[:-1]))
    return max(abs((a * b).mean()) for a, b in pairs) > 0.02


def _moments(out, at_06, without, x):
    mean, variance = out.mean(axis=0), out.var(axis=0)
    if abs(mean[0]) < 0.1 or abs(mean[1]) < 0.05:
        return Diagnosis(
            "mean-0",
            f"an activation of 3 is {mean[0]:.1f} on average.",
            "the factor has mean 1, so that evaluation needs nothing",
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
        "p / (1 − p), the variance of dropout's own factor",
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
            lambda q, y: np.log(q.mean(axis=0)[np.arange(len(y)), y]).mean(),
            "the loss is negative.",
            "a probability is below 1, its logarithm below 0: minus in front",
        ),
        "summed-over-cases": (
            lambda q, y: -np.log(q.mean(axis=0)[np.arange(len(y)), y]).sum(),
            "that is the sum over the cases.",
            "the mean over the cases is asked for",
        ),
        "all-classes": (
            lambda q, y: -np.log(q.mean(axis=0)).mean(),
            "the logarithms of all classes were averaged.",
            "of each case only the probability of the right class counts: p[np.arange(N), labels]",
        ),
        "labels-ignored": (
            lambda q, y: -np.log(q.mean(axis=0).max(axis=1)).mean(),
            "the probability of the likeliest class was taken, right or wrong.",
            "the label says which probability counts: averaged[np.arange(N), labels]",
        ),
        "every-case-with-every-label": (
            lambda q, y: -np.log(q.mean(axis=0)[:, y]).mean(),
            "each case was paired with the labels of all cases.",
            "averaged[:, labels] is (cases, cases); pair them: averaged[np.arange(N), labels]",
        ),
        "log-outside": (
            lambda q, y: -np.log(q.mean(axis=0)[np.arange(len(y)), y].mean()),
            "the probabilities were averaged over the cases as well.",
            "average over members, take the logarithm, average over cases: in this order",
        ),
        "geometric": (lambda q, y: _geometric(q, y), *_GEOMETRIC),
    }
    answer = answer_of(_MEMBERS.copy(), _TRUTH.copy())
    if answer is None:
        return NOT_STARTED
    if np.ndim(answer):
        return Diagnosis(
            "not-one-number",
            f"an array of shape {np.shape(answer)} came back.",
            "one loss for the ensemble: the mean over the cases",
        )
    if math.isclose(answer, ensemble_loss(_MEMBERS, _TRUTH), rel_tol=1e-6):
        return None
    for code, (formula, message, hint) in slips.items():
        if math.isclose(answer, formula(_MEMBERS, _TRUTH), rel_tol=1e-6):
            return Diagnosis(code, message, hint)
    return Diagnosis(
        "another-formula",
        f"for the example it gives {answer:.4g}, and the loss is "
        f"{ensemble_loss(_MEMBERS, _TRUTH):.4g}.",
        "minus the logarithm of the mean probability of the right class, averaged over cases",
    )


_GEOMETRIC = (
    "that averages logarithms and normalises again: the geometric mean.",
    "it is a fair way to average too, and the one that weight scaling approximates; here "
    "the arithmetic mean is asked for",
)


def _geometric(probabilities, labels):
    scores = np.exp(np.log(probabilities).mean(axis=0))
    normalised = scores / scores.sum(axis=1, keepdims=True)
    return -np.log(normalised[np.arange(len(labels)), labels]).mean()


def ensemble_loss(probabilities, labels):
    averaged = probabilities.mean(axis=0)  # (cases, classes)
    return -np.log(averaged[np.arange(len(labels)), labels]).mean()


# --- a fair comparison -------------------------------------------------------------------------

_RNG = np.random.default_rng(5)
_TABLES = {  # (seeds, learning rates), in %: dropout likes another rate, and test flatters
    "val_without": np.array([9.0, 8.0, 10.0, 30.0]) + _RNG.normal(0, 0.6, (6, 4)),
    "test_without": np.array([9.5, 8.5, 10.5, 31.0]) + _RNG.normal(0, 0.6, (6, 4)),
    "val_with": np.array([12.0, 9.0, 7.0, 9.0]) + _RNG.normal(0, 0.6, (6, 4)),
    "test_with": np.array([12.5, 9.5, 7.5, 7.6]) + _RNG.normal(0, 0.6, (6, 4)),
}


def judge_fair(answer_of):
    copies = {name: table.copy() for name, table in _TABLES.items()}
    answer = answer_of(*copies.values())
    if answer is None:
        return NOT_STARTED
    if np.ndim(answer):
        return Diagnosis(
            "not-one-number",
            f"an array of shape {np.shape(answer)} came back.",
            "the mean over the seeds is asked for",
        )

    def is_that_of(rule):
        return math.isclose(answer, rule(**_TABLES), rel_tol=1e-9)

    if is_that_of(tuned_gain):
        return None
    slips = {
        "sign": (
            lambda **t: -tuned_gain(**t),
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
    return Diagnosis(
        "another-rule",
        f"it gives {answer:.3f}, and a fair comparison {tuned_gain(**_TABLES):.3f}.",
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


def _one_rate_a_side(val_without, test_without, val_with, test_with):
    without = test_without[:, val_without.mean(axis=0).argmin()]
    return (without - test_with[:, val_with.mean(axis=0).argmin()]).mean()


EXERCISES = (
    Exercise(
        name="05-max-norm",
        title="The third rung",
        statement=(
            "Write `max_norm(weight, c)`. `weight` is (outputs, inputs); return weights in which "
            "the vector into each output has length at most `c`, shortened where it is longer and "
            "left alone where it is not."
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
            (lambda w, c: w.clip(-c, c), "entries-clipped"),
            (lambda w, c: _shrunk(w.T, c).T, "columns-instead-of-rows"),
            (lambda w, c: w, "nothing-shrunk"),
            (lambda w, c: _shrunk(w, c).T, "shape-changed"),
            (lambda w, c: _shrunk(w, c / 2), "another-rule"),
            (lambda w, c: _shrunk(w, 2.0), "c-not-used"),
            (lambda w, c: None, "not-started"),
        ),
    ),
    Exercise(
        name="05-gaussian",
        title="Noise without zeros",
        statement=(
            "Write `gaussian_noise(x, p, rng)`: multiply every entry of `x` by a Gaussian number "
            "of its own that has the mean and the variance of dropout's factor $m/(1-p)$."
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
            "Write `ensemble_loss(probabilities, labels)`. `probabilities` is (members, cases, "
            "classes), `labels` (cases,). The ensemble's answer is the mean of its members' "
            "probabilities; return its cross-entropy in nats, averaged over the cases."
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
            (lambda q, y: -np.log(q.mean(0).max(1)).mean(), "labels-ignored"),
            (lambda q, y: -np.log(q.mean(0)[:, y]).mean(), "every-case-with-every-label"),
            (lambda q, y: -np.log(q.mean(0)[np.arange(len(y)), y]), "not-one-number"),
            (lambda q, y: (q.mean(0).argmax(1) != y).mean(), "another-formula"),
            (lambda q, y: None, "not-started"),
        ),
    ),
    Exercise(
        name="05-fair",
        title="A fair comparison",
        statement=(
            "Somebody trained networks with and without dropout, for several seeds, at several "
            "learning rates. You get four tables of errors in %, each (seeds, rates): "
            "`val_without`, `test_without`, `val_with`, `test_with`. Write `tuned_gain`, which "
            "returns by how much dropout lowers the test error, mean over the seeds: in each seed "
            "each side with the rate that *it* would choose there."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def tuned_gain(val_without, test_without, val_with, test_with):\n"
            "    # your code\n    ...\n\n\n"
            'check("05-fair", tuned_gain)'
        ),
        hints=(
            "A network may choose with validation only. Which rate does each seed choose?",
            "`val_without.argmin(axis=1)`: for each seed the number of a rate. The same for the "
            "other side, which may choose another rate.",
            "`test_without[np.arange(seeds), chosen]` are the test errors at the rates chosen.",
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
