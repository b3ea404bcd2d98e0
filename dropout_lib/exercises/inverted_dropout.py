"""Exercises and quiz of chapter 3.2."""

import math

import numpy as np

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice


def _first_slip(answers, slips, points):
    """The diagnosis of the first slip whose formula gives all the answers, or None."""
    for code, (formula, message, next_step) in slips.items():
        expected = [formula(*point) for point in points]
        if np.allclose(answers, expected, rtol=1e-6, atol=1e-9):
            return Diagnosis(code, message, next_step)
    return None


# --- 03-2-family -----------------------------------------------------------------------------


def judge_family(family):
    x, mask = np.array([[1.0, -2.0, 3.0]]), np.array([[True, False, True]])
    before = x.copy()
    points = ((0.5, 1.0), (0.2, 0.0), (0.75, 0.5), (0.2, 2.0))
    scales = {}
    for training in (True, False):
        answers = [family(x, p, a, training, mask) for p, a in points]
        if any(answer is None for answer in answers):
            return NOT_STARTED
        answers = np.array(answers, dtype=float)
        if answers.shape != (len(points), 1, 3):
            return Diagnosis(
                "shape-changed",
                f"for x of shape (1, 3) the output has shape {answers.shape[1:]}.",
                "return the array of outputs and nothing else",
            )
        if not np.array_equal(x, before):
            return Diagnosis(
                "input-changed",
                "x itself was changed.",
                "`x * mask` makes a new array; `x *= mask` writes into the old one",
            )
        dropped = (answers[:, 0, 1] == 0).all()
        if dropped != training:
            return Diagnosis(
                "mask-in-evaluation" if dropped else "nothing-dropped",
                "in evaluation a unit is silent." if dropped else "in training nobody is dropped.",
                "the mask belongs to training, and to training alone",
            )
        if (answers[:, 0, 0] == 0).any():
            return Diagnosis(
                "drops-the-kept",
                "the units that the mask keeps are silent.",
                "True means keep: multiply by the mask, not by its opposite",
            )
        scales[training] = answers[:, 0, 0]
    right = all(
        np.allclose(scales[training], [_family_scale(p, a, training) for p, a in points])
        for training in (True, False)
    )
    if right:
        return _family_at_one(family)
    both = np.concatenate([scales[True], scales[False]])
    doubled = [(p, a, training) for training in (True, False) for p, a in points]
    slip = _first_slip(both, _FAMILY_SLIPS, doubled)
    return slip or Diagnosis(
        "another-formula",
        f"for p = 0.5 and a = 1 a kept unit is multiplied by {scales[True][0]:.4g} in training and "
        f"{scales[False][0]:.4g} in evaluation; it should be 2 and 1.",
        "divide by (1 − p)^a in training, and multiply by what is still missing in evaluation",
    )


def _family_at_one(family):
    with np.errstate(all="ignore"):
        out = np.asarray(family(np.ones((1, 2)), 1.0, 1.0, True, np.zeros((1, 2), dtype=bool)))
    if np.isfinite(out).all():
        return None
    return Diagnosis(
        "nan-at-p-one",
        f"at p = 1 the output is {out[0, 0]}.",
        "there is nothing to scale at p = 1: return zeros before you divide",
    )


def _family_scale(p, a, training):
    return (1 - p) ** -a if training else (1 - p) ** (1 - a)


_FAMILY_SLIPS = {
    "exponent-turned-round": (
        lambda p, a, training: (1 - p) ** (a - 1) if training else (1 - p) ** a,
        "a and 1 − a have changed places: at a = 1 it is standard dropout.",
        "a = 1 is to be inverted dropout, which divides by 1 − p in training",
    ),
    "scaled-twice": (
        lambda p, a, training: (1 - p) ** -a if training else (1 - p) ** a,
        "evaluation undoes the scale of training: at a = 1 it multiplies by 1 − p on top.",
        "the mask takes away a factor 1 − p on average; training gave back (1 − p)^(-a) of it, and "
        "evaluation takes what is left, (1 − p)^(1 − a)",
    ),
    "evaluation-not-scaled": (
        lambda p, a, training: (1 - p) ** -a if training else 1.0,
        "evaluation never scales, which is right at a = 1 only.",
        "the mean in training is (1 − p)^(1 − a) x: evaluation should give the same",
    ),
    "a-without-effect": (
        lambda p, a, training: 1 / (1 - p) if training else 1.0,
        "a has no effect: this is inverted dropout.",
        "the scale is (1 − p) to the power −a",
    ),
    "multiplied-instead-of-divided": (
        lambda p, a, training: (1 - p) ** a if training else (1 - p) ** (1 - a),
        "in training what is kept gets quieter.",
        "divide by (1 − p)^a: those who play speak for those who don't",
    ),
    "keep-and-drop-swapped": (
        lambda p, a, training: p**-a if training else p ** (1 - a),
        "the scale is made of p instead of 1 − p.",
        "p is the probability to drop; what is kept on average is the share 1 − p",
    ),
}


def family(x, p, a, training, mask):
    if not training:
        return x * (1 - p) ** (1 - a)
    if p == 1:
        return np.zeros_like(x)
    return x * mask / (1 - p) ** a


def _family_of(scale, evaluation=None):
    """A wrong answer with other scales."""

    def wrong(x, p, a, training, mask):
        if training:
            return x * mask * scale(p, a)
        return x * (evaluation(p, a) if evaluation else 1.0)

    return wrong


def _family_in_place(x, p, a, training, mask):
    if training:
        x *= mask
        return x / (1 - p) ** a
    return x * (1 - p) ** (1 - a)


def _family_keeps_the_dropped(x, p, a, training, mask):
    return family(x, p, a, training, ~mask)


def _family_ignores_mode(x, p, a, training, mask):
    return x * mask / (1 - p) ** a


def _family_nan(x, p, a, training, mask):
    return x * mask / np.float64(1 - p) ** a if training else x * (1 - p) ** (1 - a)


def _family_nothing(x, p, a, training, mask): ...


# --- 03-2-rates ------------------------------------------------------------------------------


def judge_rates(settings):
    points = (("SGD", 0.5, 0.1), ("SGD", 0.8, 0.02), ("Adam", 0.5, 0.1), ("Adam", 0.75, 0.001))
    answers = [settings(*point) for point in points]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    if any(not isinstance(answer, tuple | list) or len(answer) != 2 for answer in answers):
        return Diagnosis(
            "not-two-numbers",
            "two numbers are asked for: the factor on the weights, and the learning rate.",
            "`return factor, rate`",
        )
    answers = [[float(number) for number in answer] for answer in answers]
    if np.allclose(answers, [standard_settings(*point) for point in points]):
        return None
    weights = [answer[0] for answer in answers]
    if not np.allclose(weights, [1 / (1 - p) for _, p, _ in points]):
        turned = np.allclose(weights, [1 - p for _, p, _ in points])
        return Diagnosis(
            "weights-turned-round" if turned else "weights-wrong",
            "with these weights the two do not compute the same"
            + (": standard dropout would be quieter still." if turned else "."),
            "standard dropout lets through 1 − p times as much as inverted; what factor on the "
            "weights behind it makes up for that?",
        )
    slip = _first_slip([answer[1] for answer in answers], _RATE_SLIPS, points)
    return slip or Diagnosis(
        "another-rate",
        f"for SGD at p = 0.5 and learning rate 0.1 it gives {answers[0][1]:.4g}, but 0.4 is right.",
        "write w for the inverted weight and v = w / (1 − p) for the standard one: what is dL/dv, "
        "and how far has v to move?",
    )


def standard_settings(optimiser, p, learning_rate):
    factor = 1 / (1 - p)
    if optimiser == "Adam":  # its step does not know how large the gradient is
        return factor, learning_rate / (1 - p)
    return factor, learning_rate / (1 - p) ** 2


_RATE_SLIPS = {
    "moved-the-wrong-way": (
        lambda o, p, rate: rate * (1 - p) ** (1 if o == "Adam" else 2),
        "these rates are lower than inverted dropout's; standard dropout already learns too "
        "slowly behind the mask.",
        "(1 − p)² is what standard dropout loses: the rate has to make up for it",
    ),
    "rate-unchanged": (
        lambda o, p, rate: rate,
        "with the same rate the weights behind dropout move on another path.",
        "the weights are 1 / (1 − p) times as large: how far do they have to move?",
    ),
    "adam-like-sgd": (
        lambda o, p, rate: rate / (1 - p) ** 2,
        "right for SGD, but too fast for Adam.",
        "Adam divides the gradient by its own size: one of the two factors is gone",
    ),
    "sgd-like-adam": (
        lambda o, p, rate: rate / (1 - p),
        "right for Adam, but too slow for SGD.",
        "the weights have to move 1 / (1 − p) times as far, and the gradient that moves them is "
        "1 − p times as large: that makes two factors",
    ),
    "optimisers-swapped": (
        lambda o, p, rate: rate / (1 - p) ** (2 if o == "Adam" else 1),
        "SGD and Adam have changed places.",
        "which of the two takes smaller steps when the gradient is smaller?",
    ),
    "adam-unchanged": (
        lambda o, p, rate: rate / (1 - p) ** (0 if o == "Adam" else 2),
        "right for SGD. Adam does not see the smaller gradient, but its weights are larger too.",
        "the same step means less to a weight that is 1 / (1 − p) times as large",
    ),
}


def _settings_of(weights, rate):
    """A wrong answer with another factor or another rate."""
    return lambda optimiser, p, learning_rate: (weights(p), rate(optimiser, p, learning_rate))


def _right_weights(p):
    return 1 / (1 - p)


def _settings_nothing(optimiser, p, learning_rate): ...


# --- 03-2-noise ------------------------------------------------------------------------------


def judge_noise(answer):
    cases = (
        (np.ones(4), np.ones(4), 0.5),
        (np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, 3.0]), 0.2),
        (np.array([-1.0, -3.0]), np.array([2.0, 1.0]), 0.9),
    )
    answers = [answer(*case) for case in cases]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    answers = np.array(answers, dtype=float)
    if answers.shape != (len(cases),):
        return Diagnosis(
            "not-one-number",
            f"for four units it gives an array of shape {answers.shape[1:]}.",
            "sum over the units before you divide",
        )
    if np.allclose(answers, [relative_noise(*case) for case in cases]):
        return None
    if (answers < 0).any():
        return Diagnosis(
            "negative",
            f"a standard deviation cannot be negative, but {answers.min():.3g} is.",
            "divide by the absolute value of the mean",
        )
    return _first_slip(answers, _NOISE_SLIPS, cases) or Diagnosis(
        "another-formula",
        f"for four ones, weights 1 and p = 0.5 it gives {answers[0]:.4g}, but 0.5 is right.",
        "the variances of independent terms add: p / (1 − p) times the sum of (w x)²",
    )


def relative_noise(w, x, p):
    return math.sqrt(p / (1 - p) * ((w * x) ** 2).sum()) / abs((w * x).sum())


_NOISE_SLIPS = {
    "variance": (
        lambda w, x, p: relative_noise(w, x, p) ** 2,
        "that is the variance over the squared mean.",
        "the standard deviation is its root",
    ),
    "variance-over-mean": (
        lambda w, x, p: p / (1 - p) * ((w * x) ** 2).sum() / abs((w * x).sum()),
        "that is the variance over the mean.",
        "take the root of the variance first",
    ),
    "keep-and-drop-swapped": (
        lambda w, x, p: relative_noise(w, x, 1 - p),
        "keep and drop are swapped: at p = 0.9 there would be little noise.",
        "p is the probability to drop: the factor is p / (1 − p)",
    ),
    "deviations-added": (
        lambda w, x, p: math.sqrt(p / (1 - p)) * abs(w * x).sum() / abs((w * x).sum()),
        "the standard deviations of the units were added.",
        "independent masks: the variances add, and the root comes last",
    ),
    "squared-after-the-sum": (
        lambda w, x, p: math.sqrt(p / (1 - p)),
        "the sum was squared instead of its terms: what is left does not depend on w and x.",
        "`((w * x) ** 2).sum()`, not `(w * x).sum() ** 2`",
    ),
    "assumes-alike-units": (
        lambda w, x, p: math.sqrt(p / ((1 - p) * len(w))),
        "that is right only if all terms w x are alike.",
        "take each term's own square",
    ),
    "not-scaled": (
        lambda w, x, p: math.sqrt(p * (1 - p) * ((w * x) ** 2).sum()) / abs((w * x).sum()),
        "the scale 1 / (1 − p) is missing from the noise.",
        "a unit's variance under inverted dropout is p / (1 − p) times its square",
    ),
}


def _noise_without_root_of_squares(w, x, p):
    return math.sqrt(p / (1 - p)) * abs(w * x).sum() / abs((w * x).sum())


def _noise_signed(w, x, p):
    return math.sqrt(p / (1 - p) * ((w * x) ** 2).sum()) / (w * x).sum()


def _noise_nothing(w, x, p): ...


# --- 03-2-share ------------------------------------------------------------------------------


def judge_share(repaired):
    masks = {
        "all": np.ones((1, 4), dtype=bool),
        "half": np.array([[True, True, False, False]]),
        "one": np.array([[True, False, False, False]]),
        "none": np.zeros((1, 4), dtype=bool),
    }
    x = np.full((1, 4), 3.0)
    with np.errstate(all="ignore"):
        answers = {name: repaired(x, mask, 0.5) for name, mask in masks.items()}
        if any(answer is None for answer in answers.values()):
            return NOT_STARTED
        at_one = np.asarray(repaired(x, masks["none"], 1.0))
    kept = {
        name: float(np.asarray(answers[name])[0, 0]) / 3 for name in ("all", "half", "one")
    }  # fmt: skip
    if not np.allclose(np.asarray(answers["one"])[0, 1:], 0):
        return Diagnosis(
            "drops-the-kept",
            "a unit that the mask drops is not silent.",
            "multiply by the mask; True means keep",
        )
    if np.ptp(list(kept.values())) > 1e-9:
        batch = np.asarray(repaired(np.ones((2, 4)), np.array([[True] * 4, [False] * 4]), 0.5))
        shared = "cases" if np.isclose(batch[0, 0], 2) and kept["all"] == 1 else "units"
        return Diagnosis(
            "still-the-share",
            f"what a kept unit says still depends on the mask of the other {shared}: "
            f"× {kept['all']:.3g} if all four play, × {kept['one']:.3g} if it plays alone.",
            "the scale has to be known before the mask is drawn: it depends on p alone",
        )
    if np.isclose(kept["all"], 1):
        return Diagnosis(
            "scale-forgotten",
            "nothing is scaled: the next layer hears half as much as in evaluation.",
            "divide by 1 − p",
        )
    if not np.isclose(kept["all"], 2):
        return Diagnosis(
            "another-scale",
            f"at p = 0.5 a kept unit is multiplied by {kept['all']:.3g}, but 2 is right.",
            "divide by 1 − p",
        )
    if not np.isclose(float(np.asarray(repaired(x, masks["all"], 0.8))[0, 0]), 15):
        return Diagnosis(
            "scaled-by-drop-probability",
            "right at p = 0.5, wrong at p = 0.8: there a kept unit should be multiplied by 5.",
            "p is the probability to drop; divide by 1 − p",
        )
    if not np.isfinite(at_one).all():
        return Diagnosis(
            "nan-at-p-one",
            f"at p = 1 the output is {at_one[0, 0]}.",
            "0 / 0 is not a number: return zeros at p = 1",
        )
    return None


def repaired(x, mask, p):
    if p == 1:
        return np.zeros_like(x)
    return x * mask / (1 - p)


def _share_of_batch(x, mask, p):
    return x * mask / max(mask.mean(), 1e-9)


def _share_of_case(x, mask, p):
    return x * mask / np.maximum(mask.mean(axis=1, keepdims=True), 1e-9)


def _share_guarded(x, mask, p):
    kept = mask.sum()
    return x * mask * (mask.size / kept) if kept else np.zeros_like(x)


def _share_nothing(x, mask, p): ...


# --- 03-2-schedule ---------------------------------------------------------------------------


def judge_schedule(answer):
    points = [(epoch, epochs, start) for epochs, start in ((10, 0.5), (20, 0.3)) for epoch in
              range(epochs)]  # fmt: skip
    answers = [answer(*point) for point in points]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    answers = np.array(answers, dtype=float)
    if np.allclose(answers, [p_at(*point) for point in points]):
        return None
    if ((answers < 0) | (answers > 1)).any():
        return Diagnosis(
            "not-a-probability",
            f"it gives {answers.min() if answers.min() < 0 else answers.max():.3g}, which is no "
            "probability.",
            "the line goes on below 0 in the second half: `max(0.0, ...)`",
        )
    return _first_slip(answers, _SCHEDULE_SLIPS, points) or Diagnosis(
        "another-schedule",
        f"of 10 epochs, from p = 0.5, epoch 1 has p = {answers[1]:.3g}, but 0.4 is right.",
        "the first epoch, number 0, has `start`; the one in the middle has 0",
    )


def p_at(epoch, epochs, start):
    return start * max(0.0, 1 - epoch / (epochs / 2))


_SCHEDULE_SLIPS = {
    "constant": (
        lambda epoch, epochs, start: start,
        "p never changes.",
        "how far is epoch on its way to epochs / 2?",
    ),
    "too-late": (
        lambda epoch, epochs, start: start * (1 - epoch / epochs),
        "p reaches 0 at the end of training, not in the middle.",
        "divide by half the epochs, and stop at 0",
    ),
    "in-one-step": (
        lambda epoch, epochs, start: start if epoch < epochs / 2 else 0.0,
        "p falls in one step.",
        "that is the early dropout of the paper; here it is to fall on a straight line",
    ),
    "rises": (
        lambda epoch, epochs, start: start * min(1.0, epoch / (epochs / 2)),
        "p rises instead of falling.",
        "at epoch 0 it should be `start`: 1 − epoch / (epochs / 2)",
    ),
    "one-epoch-off": (
        lambda epoch, epochs, start: start * max(0.0, 1 - (epoch + 1) / (epochs / 2)),
        "everything comes one epoch early.",
        "epochs are counted from 0: the first one has `start` itself",
    ),
}


def _schedule_below_zero(epoch, epochs, start):
    return start * (1 - epoch / (epochs / 2))


def _schedule_nothing(epoch, epochs, start): ...


EXERCISES = (
    Exercise(
        name="03-2-family",
        title="One family",
        statement=(
            "Write `family(x, p, a, training, mask)`: dropout with the share $a$ of the scale in "
            "training. a = 1 is inverted dropout, a = 0 standard dropout, and for every a "
            "evaluation is the mean of training. `mask` is True where a unit is kept; p = 1 gives "
            "zeros in training."
        ),
        starter=(
            "def family(x, p, a, training, mask):\n    # your code\n    ...\n\n\n"
            'check("03-2-family", family)'
        ),
        hints=(
            "In training a kept unit is divided by a power of 1 − p. Which, for a = 1, for a = 0?",
            "On average the mask leaves 1 − p, and training has divided by (1 − p)^a. What is "
            "the mean of the output?",
            "Training `x * mask / (1 - p) ** a`, evaluation `x * (1 - p) ** (1 - a)`; and look "
            "out for p = 1.",
        ),
        solution=family,
        explanation=(
            "The two exponents add up to 1, because the mask's own factor $1-p$ has to be given "
            "back once, no matter in which mode."
        ),
        judge=judge_family,
        wrong_answers=(
            (
                _family_of(lambda p, a: (1 - p) ** (a - 1), lambda p, a: (1 - p) ** a),
                "exponent-turned-round",
            ),
            (_family_of(lambda p, a: (1 - p) ** -a, lambda p, a: (1 - p) ** a), "scaled-twice"),
            (_family_of(lambda p, a: (1 - p) ** -a), "evaluation-not-scaled"),
            (_family_of(lambda p, a: 1 / (1 - p)), "a-without-effect"),
            (
                _family_of(lambda p, a: (1 - p) ** a, lambda p, a: (1 - p) ** (1 - a)),
                "multiplied-instead-of-divided",
            ),
            (_family_of(lambda p, a: p**-a, lambda p, a: p ** (1 - a)), "keep-and-drop-swapped"),
            (_family_of(lambda p, a: 7.0), "another-formula"),
            (_family_in_place, "input-changed"),
            (_family_keeps_the_dropped, "nothing-dropped"),
            (_family_ignores_mode, "mask-in-evaluation"),
            (_family_nan, "nan-at-p-one"),
            (_family_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-2-rates",
        title="Make standard behave as inverted",
        statement=(
            "You have settings for inverted dropout and want standard dropout to take the same "
            "path. Write `standard_settings(optimiser, p, learning_rate)`, where `optimiser` is "
            '`"SGD"` or `"Adam"`: it returns the factor on the initial weights behind dropout, '
            "and the learning rate for them. (Take Adam's ε as negligible.)"
        ),
        starter=(
            "def standard_settings(optimiser, p, learning_rate):\n    # your code\n    ...\n\n\n"
            'check("03-2-rates", standard_settings)'
        ),
        hints=(
            "The same function first: standard dropout's output is 1 − p times as large.",
            "With v = w / (1 − p), the chain rule gives dL/dv = (1 − p) dL/dw; and v has to move "
            "1 / (1 − p) times as far as w.",
            "SGD: both factors, `learning_rate / (1 - p) ** 2`. Adam's step does not depend on "
            "the size of the gradient: one factor is left.",
        ),
        solution=standard_settings,
        explanation=(
            "The weights are $1/(1-p)$ times as large, so they have to move $1/(1-p)$ times as "
            "far. Under SGD the gradient, $1-p$ times as large, costs a second factor."
        ),
        judge=judge_rates,
        wrong_answers=(
            (
                _settings_of(
                    _right_weights, lambda o, p, rate: rate * (1 - p) ** (1 if o == "Adam" else 2)
                ),
                "moved-the-wrong-way",
            ),
            (_settings_of(_right_weights, lambda o, p, rate: rate), "rate-unchanged"),
            (
                _settings_of(_right_weights, lambda o, p, rate: rate / (1 - p) ** 2),
                "adam-like-sgd",
            ),
            (_settings_of(_right_weights, lambda o, p, rate: rate / (1 - p)), "sgd-like-adam"),
            (
                _settings_of(
                    _right_weights, lambda o, p, rate: rate / (1 - p) ** (2 if o == "Adam" else 1)
                ),
                "optimisers-swapped",
            ),
            (
                _settings_of(
                    _right_weights, lambda o, p, rate: rate / (1 - p) ** (0 if o == "Adam" else 2)
                ),
                "adam-unchanged",
            ),
            (_settings_of(lambda p: 1 - p, lambda o, p, rate: rate), "weights-turned-round"),
            (_settings_of(lambda p: 1.0, lambda o, p, rate: rate), "weights-wrong"),
            (lambda optimiser, p, rate: rate / (1 - p) ** 2, "not-two-numbers"),
            (_settings_of(_right_weights, lambda o, p, rate: 1.0), "another-rate"),
            (_settings_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-2-noise",
        title="How noisy is a sum?",
        statement=(
            "A unit hears $z = \\sum_i w_i y_i$ from a layer with inverted dropout. Write "
            "`relative_noise(w, x, p)`: the standard deviation of z over the absolute value of "
            "its mean. `w` and `x` are arrays of the same length."
        ),
        starter=(
            "import math\n\n\n"
            "def relative_noise(w, x, p):\n    # your code\n    ...\n\n\n"
            'check("03-2-noise", relative_noise)'
        ),
        hints=(
            "The mean of z is the sum that evaluation computes.",
            "Each term has variance p / (1 − p) (w x)², and the masks are independent.",
            "`math.sqrt(p / (1 - p) * ((w * x) ** 2).sum())`, over `abs((w * x).sum())`.",
        ),
        solution=relative_noise,
        explanation=(
            "Variances add, so squares come before the sum and the root after it. For n terms "
            "that are alike it is $\\sqrt{p/((1-p)\\,n)}$."
        ),
        judge=judge_noise,
        wrong_answers=(
            (lambda w, x, p: relative_noise(w, x, p) ** 2, "variance"),
            (
                lambda w, x, p: p / (1 - p) * ((w * x) ** 2).sum() / abs((w * x).sum()),
                "variance-over-mean",
            ),
            (lambda w, x, p: relative_noise(w, x, 1 - p), "keep-and-drop-swapped"),
            (_noise_without_root_of_squares, "deviations-added"),
            (lambda w, x, p: math.sqrt(p / (1 - p)), "squared-after-the-sum"),
            (lambda w, x, p: math.sqrt(p / ((1 - p) * len(w))), "assumes-alike-units"),
            (lambda w, x, p: relative_noise(w, x, p) * (1 - p), "not-scaled"),
            (_noise_signed, "negative"),
            (lambda w, x, p: w * x, "unusable"),
            (lambda w, x, p: 1.0, "another-formula"),
            (_noise_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-2-schedule",
        title="Early dropout, on a slope",
        statement=(
            "Write `p_at(epoch, epochs, start)`: the drop probability of an epoch (counted from "
            "0). It begins at `start`, falls on a straight line, reaches 0 in the middle of "
            "training, and stays there."
        ),
        starter=(
            "def p_at(epoch, epochs, start):\n    # your code\n    ...\n\n\n"
            'check("03-2-schedule", p_at)'
        ),
        hints=(
            "At epoch 0 it is `start`, at epoch `epochs / 2` it is 0.",
            "A straight line between them: `start * (1 - epoch / (epochs / 2))`.",
            "That line goes on below 0: take `max(0.0, ...)` of the bracket.",
        ),
        solution=p_at,
        explanation=(
            "With inverted dropout these are all the lines there are: set `layer.p` at the "
            "beginning of each epoch, and leave evaluation alone."
        ),
        judge=judge_schedule,
        wrong_answers=(
            (_schedule_below_zero, "not-a-probability"),
            (lambda epoch, epochs, start: start, "constant"),
            (lambda epoch, epochs, start: start * (1 - epoch / epochs), "too-late"),
            (lambda epoch, epochs, start: start if epoch < epochs / 2 else 0.0, "in-one-step"),
            (
                lambda epoch, epochs, start: start * min(1.0, epoch / (epochs / 2)),
                "rises",
            ),
            (
                lambda epoch, epochs, start: start * max(0.0, 1 - (epoch + 1) / (epochs / 2)),
                "one-epoch-off",
            ),
            (lambda epoch, epochs, start: 0.0, "another-schedule"),
            (_schedule_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-2-share",
        title="Find the bug",
        statement=(
            "Somebody divides by the share of units that this mask happened to keep:\n\n"
            "```python\ndef found(x, mask, p):\n    return x * mask / mask.mean()\n```\n\n"
            "Its outputs look right, and even its mean is. Write `repaired(x, mask, p)`, for x "
            "and mask of shape (N, units): inverted dropout, in training, p = 1 included. Then "
            "say for yourself what was wrong."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def repaired(x, mask, p):\n    # your code\n    ...\n\n\n"
            'check("03-2-share", repaired)'
        ),
        hints=(
            "What does one unit's output say about the others' masks?",
            "The mean of the mask is close to 1 − p, but not equal to it; use what is known "
            "before anything is drawn.",
            "`x * mask / (1 - p)`, with zeros at p = 1.",
        ),
        solution=repaired,
        explanation=(
            "With the realised share, every output depends on every mask: if one unit more plays, "
            "all the others get quieter, over the whole batch. The noise that they should have in "
            "common is gone. And where nobody plays, it divides by 0."
        ),
        judge=judge_share,
        wrong_answers=(
            (_share_of_batch, "still-the-share"),
            (_share_of_case, "still-the-share"),
            (_share_guarded, "still-the-share"),
            (lambda x, mask, p: x * mask, "scale-forgotten"),
            (lambda x, mask, p: x * mask * (1 - p), "another-scale"),
            (lambda x, mask, p: x * mask / max(p, 1e-9), "scaled-by-drop-probability"),
            (lambda x, mask, p: x * ~mask / (1 - p), "drops-the-kept"),
            (lambda x, mask, p: x * mask / np.float64(1 - p), "nan-at-p-one"),
            (_share_nothing, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "A network was trained with inverted dropout at p = 0.5 and saved. You build it with p "
        "= 0.1, load the file, and call `eval()`. What comes out?",
        "Nothing to do",
        (
            "The same as from the network that was trained",
            "Evaluation doesn't read p.",
        ),
        (
            "Outputs that are too loud, by a factor of 0.9 / 0.5 per layer",
            "So it would be with standard dropout, whose evaluation multiplies by 1 − p.",
        ),
        (
            "An error: the file holds another p",
            "The file holds no p at all, and loading cannot notice.",
        ),
    ),
    multiple_choice(
        "Halfway through training you set p from 0.5 to 0. What happens to the network in "
        "evaluation mode at that moment?",
        "p may change while you train",
        (
            "Nothing with inverted dropout, a jump with standard dropout",
            "Only standard dropout's evaluation contains p.",
        ),
        (
            "Nothing with either, as no weight has moved",
            "No weight has, but standard dropout multiplies by 1 − p, and that was 0.5 and is "
            "now 1.",
        ),
        (
            "A jump with inverted dropout, nothing with standard dropout",
            "The other way round: inverted dropout has p in training only.",
        ),
    ),
    multiple_choice(
        "The member of the family with a = 0.5 multiplies in evaluation by ...",
        "One family",
        (
            "the root of 1 − p",
            "1 − a = 0.5, and training has given back the other root.",
        ),
        (
            "1",
            "That is a = 1, inverted dropout.",
        ),
        (
            "1 − p",
            "That is a = 0, standard dropout.",
        ),
        (
            "1 over the root of 1 − p",
            "That is its factor on kept units in training.",
        ),
    ),
    {
        "question": "Inverted dropout, p = 0.75, SGD with learning rate 0.01. Standard dropout "
        "is to take the same path: which learning rate do the weights behind it need?",
        "section": "The same path",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.16,
                "correct": True,
                "feedback": "0.01 / (1 − 0.75)².",
            },
            {
                "type": "value",
                "value": 0.04,
                "correct": False,
                "feedback": "That is one factor, right for Adam.",
            },
            {
                "type": "value",
                "value": 0.01,
                "correct": False,
                "feedback": "That is the rate of the first layer and of the biases.",
            },
            {
                "type": "default",
                "feedback": "Divide by (1 − p) squared.",
            },
        ],
    },
    multiple_choice(
        "Why has Adam one factor 1 − p less than SGD?",
        "Adam",
        (
            "Its step does not depend on how large the gradient is",
            "But for ε, it does not: only the size of the weights is left.",
        ),
        (
            "Its step does not depend on how large the weights are",
            "Neither does that of SGD; and this is the factor that stays.",
        ),
        (
            "It has momentum, which averages the gradients of many steps",
            "SGD can have it too, and it changes nothing: momentum is linear in the gradients.",
        ),
    ),
    multiple_choice(
        "A unit hears n units, and all terms w x are alike. The layer is made four times as "
        "wide. The relative noise of the sum becomes ...",
        "How noisy is a sum?",
        (
            "half as large",
            "It falls like 1 / √n.",
        ),
        (
            "a quarter as large",
            "That is the relative variance.",
        ),
        (
            "no smaller",
            "So it is with random signs, where the sum itself grows like √n.",
        ),
        (
            "twice as large",
            "The noise does become larger, but the sum grows faster.",
        ),
    ),
    multiple_choice(
        "You export a model and two calls with the same input disagree. Why?",
        "Pitfalls",
        (
            "It was in training mode when you exported it",
            "The mode became part of the graph. Call `eval()` and export again.",
        ),
        (
            "You forgot to call `eval()` on the exported program",
            "It has no modes to switch.",
        ),
        (
            "You forgot `torch.no_grad()`",
            "That switches off gradients, not dropout.",
        ),
    ),
]
