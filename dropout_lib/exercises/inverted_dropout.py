"""Exercises and quiz of chapter 3.2."""

import math

import numpy as np

from ..checks import Diagnosis
from .answers import (
    called,
    close,
    judge_formula,
    numbers,
    pairs,
    wrong_shape,
)
from .core import Exercise, multiple_choice


def _first_slip(answers, slips, points):
    """The diagnosis of the first slip whose formula gives all the answers, or None."""
    for code, (formula, message, next_step) in slips.items():
        expected = [formula(*point) for point in points]
        if np.allclose(answers, expected, rtol=1e-5, atol=1e-9):
            return Diagnosis(code, message, next_step)
    return None


# --- 03-2-family -----------------------------------------------------------------------------


def judge_family(family):
    x = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]])
    mask = np.array([[True, False, True], [False, True, True]])
    points = ((0.5, 1.0), (0.2, 0.0), (0.75, 0.5), (0.2, 2.0))
    scales = {}
    given = {
        f"family(x, {p}, {a}, {training}, mask)": family(x.copy(), p, a, training, mask.copy())
        for training in (True, False)
        for p, a in points
    }
    if diagnosis := wrong_shape(given, x):
        return diagnosis
    both = np.array([np.asarray(answer) for answer in given.values()], dtype=float)
    for call, answer in zip(given, both, strict=True):
        if not np.isfinite(answer).all():
            return Diagnosis(
                "not-finite",
                f"{call} gives {answer[~np.isfinite(answer)][0]}.",
                "what is divided by is 0 there: the power is taken of 1 − p, and not of p alone",
            )
    for training, answers in zip((True, False), np.split(both, 2), strict=True):
        factors = answers / x
        if (factors[:, mask] == 0).all(axis=1).any():
            return Diagnosis(
                "drops-the-kept",
                f"in {'training' if training else 'evaluation'}, the units that the mask keeps "
                "are silent.",
                "is the output multiplied by the opposite of the mask, or by a? a is an exponent",
            )
        dropped = (factors[:, ~mask] == 0).all()
        if dropped != training:
            return _wrong_mode(training, factors[:, ~mask], factors[:, mask])
        told = factors[:, mask] if training else factors.reshape(len(points), -1)
        if np.ptp(told, axis=1).max() > 1e-6:
            return Diagnosis(
                "units-scaled-differently",
                "kept units of the same pass are multiplied by different numbers.",
                "p and a alone decide about the scale, for every unit and case",
            )
        scales[training] = told[:, 0]
    right = all(
        np.allclose(scales[training], [_family_scale(p, a, training) for p, a in points])
        for training in (True, False)
    )
    return _family_at_one(family) if right else _family_slip(scales, points)


def _wrong_mode(training, of_dropped, of_kept):
    if not training:
        return Diagnosis(
            "mask-in-evaluation",
            "in evaluation a unit is silent.",
            "the mask belongs to training, and to training alone",
        )
    if (of_dropped == 0).any():
        return Diagnosis(
            "one-mask-for-the-batch",
            "in training some units are dropped and others are not, but not as the mask says.",
            "the mask has a row for each case: use all of it",
        )
    return Diagnosis(
        "nothing-dropped",
        "in training nobody is dropped.",
        "the mask belongs to training, and to training alone",
    )


def _family_slip(scales, points):
    both = np.concatenate([scales[True], scales[False]])
    doubled = [(p, a, training) for training in (True, False) for p, a in points]
    if slip := _first_slip(both, _FAMILY_SLIPS, doubled):
        return slip
    expected = np.array([_family_scale(*point) for point in doubled])
    seen = int(np.argmax(~np.isclose(both, expected)))
    p, a, training = doubled[seen]
    return Diagnosis(
        "another-formula",
        f"for p = {p} and a = {a:g} a kept unit is multiplied by {both[seen]:.4g} in "
        f"{'training' if training else 'evaluation'}; it should be {expected[seen]:.4g}.",
        "divide by (1 − p)^a in training, and multiply by what is still missing in evaluation",
    )


def _family_at_one(family):
    """At p = 1 the mask keeps nobody; and where p < 1, an unlucky mask may keep nobody, too."""
    nobody = np.zeros((1, 2), dtype=bool)
    with np.errstate(all="ignore"):
        out = np.asarray(family(np.ones((1, 2)), 1.0, 1.0, True, nobody.copy()))
        unlucky = np.asarray(family(np.ones((1, 2)), 0.5, 1.0, True, nobody.copy()))
    if not np.isfinite(out).all():
        return Diagnosis(
            "nan-at-p-one",
            f"at p = 1 the output is {out[0, 0]}.",
            "there is nothing to scale at p = 1: return zeros before you divide",
        )
    if out.any() or unlucky.any():
        p = 1 if out.any() else 0.5
        return Diagnosis(
            "nobody-plays",
            f"at p = {p}, with a mask that keeps nobody, something else than zeros comes back.",
            "what is dropped is 0, also if all is dropped; p = 1 is no reason to return x",
        )
    return None


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
    "mixed-instead-of-a-power": (
        lambda p, a, training: a / (1 - p) + 1 - a if training else a + (1 - a) * (1 - p),
        "the two scales are mixed, a parts of the one and 1 − a of the other: training and "
        "evaluation agree at a = 0 and a = 1 only.",
        "the mean in training times what evaluation does must be the same for every a: share out "
        "a product, with a as an exponent",
    ),
    "evaluation-always-scaled": (
        lambda p, a, training: (1 - p) ** -a if training else 1 - p,
        "evaluation always multiplies by 1 − p, which is right at a = 0 only.",
        "the mean in training is (1 − p)^(1 − a) x: evaluation should give the same",
    ),
    "evaluation-divided": (
        lambda p, a, training: (1 - p) ** -a if training else (1 - p) ** (a - 1),
        "in evaluation the activations get larger.",
        "at a = 0, standard dropout, evaluation multiplies by 1 − p: look at the exponent's sign",
    ),
    "training-by-p": (
        lambda p, a, training: p**-a if training else (1 - p) ** (1 - a),
        "evaluation is right. In training the scale is made of p instead of 1 − p.",
        "p is the probability to drop; what is kept on average is the share 1 − p",
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


def _family_returns_x_at_one(x, p, a, training, mask):
    return x.copy() if p == 1 else family(x, p, a, training, mask)


def _family_first_row(x, p, a, training, mask):
    return family(x, p, a, training, np.broadcast_to(mask[0], x.shape))


def _family_pair(x, p, a, training, mask):
    return family(x, p, a, training, mask), mask


def _family_nothing(x, p, a, training, mask): ...


# --- 03-2-rates ------------------------------------------------------------------------------


def judge_rates(settings):
    points = (("SGD", 0.5, 0.1), ("SGD", 0.8, 0.02), ("Adam", 0.5, 0.1), ("Adam", 0.75, 0.001))
    found = pairs(
        {called("standard_settings", *point): settings(*point) for point in points},
        "not-two-numbers",
        "factor, rate",
    )
    if isinstance(found, Diagnosis):
        return found
    answers = np.array(list(found.values()))
    right = np.array([standard_settings(*point) for point in points])
    if np.allclose(answers, right):
        return None
    if np.allclose(answers, right[:, ::-1]):
        return Diagnosis(
            "order-swapped",
            "the learning rate comes first, and the factor on the weights second.",
            "return factor, rate",
        )
    weights, rates = answers.T
    if not np.allclose(weights, right[:, 0]):
        return _weights_diagnosis(weights, points)
    if np.allclose(rates[:2], right[:2, 1]) and np.allclose(rates[2:], right[2:, 1] * _of(points)):
        return Diagnosis(
            "adam-moved-the-wrong-way",
            "right for SGD. For Adam the rate gets lower.",
            "Adam's weights are larger too, so they have to move further, not less far",
        )
    seen = int(np.argmax(~np.isclose(rates, right[:, 1])))
    return _first_slip(rates, _RATE_SLIPS, points) or Diagnosis(
        "another-rate",
        f"{list(found)[seen]} gives the rate {rates[seen]:.4g}, but {right[seen, 1]:.4g} is right.",
        "write w for the inverted weight and v = w / (1 − p) for the standard one: what is dL/dv, "
        "and how far has v to move?",
    )


def _of(points):
    """What Adam's rates are multiplied by if they are multiplied by 1 − p, not divided."""
    return np.array([(1 - p) ** 2 for optimiser, p, _ in points if optimiser == "Adam"])


def _weights_diagnosis(weights, points):
    shares = np.array([p for _, p, _ in points])
    known = {
        "weights-turned-round": (1 - shares, ": standard dropout would be quieter still"),
        "weights-unchanged": (1 + 0 * shares, ": the factor 1 leaves standard dropout quieter"),
        "weights-by-p": (1 / shares, ": 1 / p would make up for what is dropped, not for the rest"),
        "weights-twice": (
            (1 - shares) ** -2.0,
            ": the factor stands in twice. Only the rate needs a square",
        ),
    }
    for code, (factors, words) in known.items():
        if np.allclose(weights, factors):
            return Diagnosis(code, f"with these weights the two differ{words}.", _WEIGHTS_HINT)
    return Diagnosis(
        "weights-wrong",
        f"at p = {points[1][1]} the weights are multiplied by {weights[1]:.4g}, and the two do not "
        "compute the same.",
        _WEIGHTS_HINT,
    )


_WEIGHTS_HINT = (
    "standard dropout lets through 1 − p times as much as inverted; what factor on the weights "
    "behind it makes up for that?"
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
    "one-factor-short": (
        lambda o, p, rate: rate / (1 - p) ** (0 if o == "Adam" else 1),
        "the smaller gradient is made up for, but the weights themselves are larger, too.",
        "the same step means less to a weight that is 1 / (1 − p) times as large: that is another "
        "factor, for both optimisers",
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
    return judge_formula(
        answer,
        cases,
        relative_noise,
        _NOISE_SLIPS,
        name="relative_noise",
        advice="the variances of independent terms add: p / (1 − p) times the sum of (w x)²",
        hint="sum over the units before you divide",
    )


def relative_noise(w, x, p):
    return math.sqrt(p / (1 - p) * ((w * x) ** 2).sum()) / abs((w * x).sum())


_NOISE_SLIPS = {
    "negative": (
        lambda w, x, p: relative_noise(w, x, p) * (1 if (w * x).sum() > 0 else -1),
        "a standard deviation cannot be negative.",
        "divide by the absolute value of the mean",
    ),
    "mean-forgotten": (
        lambda w, x, p: relative_noise(w, x, p) * abs((w * x).sum()),
        "that is the standard deviation itself.",
        "it is asked for in relation to the mean: what is the mean of z?",
    ),
    "terms-without-signs": (
        lambda w, x, p: relative_noise(w, x, p) * abs((w * x).sum()) / abs(w * x).sum(),
        "divided by the sum of the absolute values.",
        "positive and negative terms cancel in the mean: the absolute value comes after the sum",
    ),
    "mean-shrunk": (
        lambda w, x, p: relative_noise(w, x, p) / (1 - p),
        "the mean was taken as 1 − p times the sum.",
        "inverted dropout leaves the mean of each activation as it is",
    ),
    "means-instead-of-sums": (
        lambda w, x, p: relative_noise(w, x, p) * len(w) ** 0.5,
        "means were taken in place of sums: that does not cancel under the root.",
        "the unit adds up: take sums, above and below",
    ),
    "weights-forgotten": (
        lambda w, x, p: math.sqrt(p / (1 - p) * (x**2).sum()) / abs((w * x).sum()),
        "in the noise, the weights are missing.",
        "a term is w x: its variance has the square of both",
    ),
    "weights-forgotten-everywhere": (
        lambda w, x, p: math.sqrt(p / (1 - p) * (x**2).sum()) / abs(x.sum()),
        "the weights are nowhere in it.",
        "the unit hears w x: both the mean and the variance are made of that",
    ),
    "turned-round": (
        lambda w, x, p: 1 / relative_noise(w, x, p),
        "that is the mean over the standard deviation.",
        "the noise stands above",
    ),
    "factor-outside-the-root": (
        lambda w, x, p: relative_noise(w, x, p) * math.sqrt(p / (1 - p)),
        "p / (1 − p) was left outside of the root.",
        "p / (1 − p) belongs to the variance: the root is taken of all of it",
    ),
    "second-moment": (
        lambda w, x, p: relative_noise(w, x, p) / math.sqrt(p),
        "the factor is 1 / (1 − p): that is the mean of the square.",
        "the variance is the mean of the square less the square of the mean",
    ),
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
    x = np.array([[3.0, -1.0, 2.0, 5.0], [4.0, 6.0, -2.0, 1.0]])
    masks = {
        "all": np.ones((2, 4), dtype=bool),
        "half": np.array([[True, True, False, False], [False, False, True, True]]),
        "one": np.array([[True, False, False, False], [False] * 4]),
        "none": np.zeros((2, 4), dtype=bool),
    }
    with np.errstate(all="ignore"):
        given = {
            f"repaired(x, {name}, 0.2)": repaired(x.copy(), mask.copy(), 0.2)
            for name, mask in masks.items()
        }
        if diagnosis := wrong_shape(given, x):
            return diagnosis
        outs = {name: np.asarray(out) / x for name, out in zip(masks, given.values(), strict=True)}
        at_one = np.asarray(repaired(x.copy(), masks["none"], 1.0))
    return _share_diagnosis(outs, masks, x) or _share_at_one(outs["none"], at_one)


def _share_diagnosis(factors, masks, x):
    """Look at what x was multiplied by at p = 0.2 with each of the masks."""
    for name in ("half", "one"):
        if np.nan_to_num(factors[name][~masks[name]]).any():
            return Diagnosis(
                "drops-the-kept",
                "a unit that the mask drops is not silent.",
                "multiply by the mask that is given; True means keep",
            )
    alone, among_all = factors["one"][0, 0], factors["all"][0, 0]
    kept = np.concatenate([factors[name][masks[name]] for name in ("all", "half", "one")])
    if (kept == 0).any():
        return Diagnosis(
            "drops-the-kept",
            "a unit that the mask keeps is silent.",
            "multiply by the mask that is given; True means keep",
        )
    if np.allclose(
        kept * np.concatenate([x[masks[n]] for n in ("all", "half", "one")]), kept[0] * 3
    ):
        return Diagnosis(
            "mask-without-x",
            "every kept unit hands on the same number: x is not in it.",
            "the mask and the scale multiply x",
        )
    if np.ptp(kept) > 1e-6:
        return Diagnosis(
            "still-the-share",
            "what a kept unit is multiplied by still depends on the mask of the others: "
            f"× {among_all:.3g} if all play, × {alone:.3g} if it plays alone.",
            "the scale has to be known before the mask is drawn: it depends on p alone",
        )
    known = {
        "scale-forgotten": (
            1.0,
            "nothing is scaled: the next layer hears less than it will in evaluation.",
        ),
        "scaled-by-drop-probability": (
            5.0,
            "at p = 0.2 a kept unit is multiplied by 5 = 1 / p. Right at p = 0.5 only.",
        ),
        "right-at-one-half": (
            2.0,
            "at p = 0.2 a kept unit is multiplied by 2, which is right at p = 0.5 only.",
        ),
        "scaled-the-wrong-way": (
            0.8,
            "at p = 0.2 a kept unit is multiplied by 0.8 = 1 − p: it gets quieter.",
        ),
        "scaled-twice": (1.5625, "at p = 0.2 a kept unit is multiplied by 1.5625 = 1 / 0.8²."),
    }
    for code, (factor, message) in known.items():
        if close(kept[0], factor):
            return Diagnosis(code, message, _SHARE_HINT)
    if not close(kept[0], 1.25):
        return Diagnosis(
            "another-scale", f"at p = 0.2 a kept unit is multiplied by {kept[0]:.4g}.", _SHARE_HINT
        )
    return None


_SHARE_HINT = (
    "p is the probability to drop. How much of the layer is left on average, and what makes up "
    "for the rest?"
)


def _share_at_one(unlucky, at_one):
    if not np.isfinite(at_one).all() or not np.isfinite(unlucky).all():
        p = 0.2 if np.isfinite(at_one).all() else 1
        return Diagnosis(
            "nan-at-p-one" if p == 1 else "nan-if-nobody-plays",
            f"where nobody plays, at p = {p}, the output is not finite.",
            "0 / 0 is not a number: whatever is divided by must not be 0",
        )
    if at_one.any() or unlucky.any():
        return Diagnosis(
            "nobody-plays",
            f"where nobody plays, at p = {1 if at_one.any() else 0.2}, something else than zeros "
            "comes back.",
            "what is dropped is 0, also if all is dropped",
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
    points = [
        (epoch, epochs, start)
        for epochs, start in ((10, 0.5), (20, 0.3))
        for epoch in range(epochs)
    ]
    values = numbers(
        {called("p_at", *point): answer(*point) for point in points},
        "the probability of one epoch is asked for: the schedule comes about call by call",
    )
    if isinstance(values, Diagnosis):
        return values
    calls, values = list(values), list(values.values())
    right = [p_at(*point) for point in points]
    if all(map(close, values, right)):
        return None
    if slip := _first_slip(values, _SCHEDULE_SLIPS, points):
        return slip
    seen = next(i for i, both in enumerate(zip(values, right, strict=True)) if not close(*both))
    if not 0 <= values[seen] <= 1:
        return Diagnosis(
            "not-a-probability",
            f"{calls[seen]} gives {values[seen]:.3g}, which is no probability.",
            "the line goes on below 0 in the second half: where has it to stop?",
        )
    return Diagnosis(
        "another-schedule",
        f"{calls[seen]} gives {values[seen]:.3g}, but {right[seen]:.3g} is right"
        + (", and so are the epochs before." if seen else "."),
        "the first epoch, number 0, has `start`; the one in the middle, and all later ones, 0",
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
    "stops-half-way": (
        lambda epoch, epochs, start: start * (1 - epoch / epochs) if epoch < epochs / 2 else 0.0,
        "p falls to half of `start`, and then in one step to 0.",
        "the line itself has to reach 0 in the middle: by what is epoch divided?",
    ),
    "up-again": (
        lambda epoch, epochs, start: start * abs(1 - epoch / (epochs / 2)),
        "p reaches 0 in the middle and rises again.",
        "from the middle on it stays 0: no absolute value",
    ),
    "start-ignored": (
        lambda epoch, epochs, start: 0.5 * max(0.0, 1 - epoch / (epochs / 2)),
        "every schedule begins at 0.5, whatever `start` is.",
        "`start` is the height of the line",
    ),
    "start-not-in-the-slope": (
        lambda epoch, epochs, start: max(0.0, start - epoch / (epochs / 2)),
        "p begins at `start` and falls too fast: by 1 over half of the training.",
        "over half of the training it has to fall by `start`",
    ),
    "keep-instead-of-drop": (
        lambda epoch, epochs, start: 1 - start * max(0.0, 1 - epoch / (epochs / 2)),
        "that is the probability to keep.",
        "`start` is a probability to drop, and so is the result",
    ),
    "zero-one-epoch-early": (
        lambda epoch, epochs, start: start * max(0.0, 1 - epoch / (epochs / 2 - 1)),
        "the line reaches 0 one epoch before the middle.",
        "`np.linspace(start, 0, n)` has n − 1 steps. The middle is epoch epochs / 2",
    ),
    "one-epoch-late": (
        lambda epoch, epochs, start: start * min(1.0, max(0.0, 1 - (epoch - 1) / (epochs / 2))),
        "everything comes one epoch late.",
        "epochs are counted from 0: the second one, number 1, is on its way already",
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
            "evaluation is the mean of training. x is an array (cases, units), `mask` one of the "
            "same shape, True where a unit is kept; p = 1 gives zeros in training, and is not "
            "asked for in evaluation. Return the output alone."
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
            (_family_keeps_the_dropped, "drops-the-kept"),
            (_family_of(lambda p, a: np.divide(1, 1 - p**a)), "not-finite"),
            (_family_ignores_mode, "mask-in-evaluation"),
            (_family_nan, "nan-at-p-one"),
            (_family_returns_x_at_one, "nobody-plays"),
            (_family_first_row, "one-mask-for-the-batch"),
            (_family_pair, "shape-changed"),
            (
                _family_of(lambda p, a: a / (1 - p) + 1 - a, lambda p, a: a + (1 - a) * (1 - p)),
                "mixed-instead-of-a-power",
            ),
            (
                _family_of(lambda p, a: (1 - p) ** -a, lambda p, a: 1 - p),
                "evaluation-always-scaled",
            ),
            (
                _family_of(lambda p, a: (1 - p) ** -a, lambda p, a: (1 - p) ** (a - 1)),
                "evaluation-divided",
            ),
            (
                _family_of(lambda p, a: p**-a, lambda p, a: (1 - p) ** (1 - a)),
                "training-by-p",
            ),
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
            "and the learning rate for them, two numbers. (Take Adam's ε as negligible.)"
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
            (_settings_of(lambda p: 1.0, lambda o, p, rate: rate), "weights-unchanged"),
            (_settings_of(lambda p: 1 / p, lambda o, p, rate: rate), "weights-by-p"),
            (_settings_of(lambda p: (1 - p) ** -2, lambda o, p, rate: rate), "weights-twice"),
            (_settings_of(lambda p: 2.0, lambda o, p, rate: rate), "weights-wrong"),
            (lambda *point: standard_settings(*point)[::-1], "order-swapped"),
            (
                _settings_of(
                    _right_weights,
                    lambda o, p, rate: rate * (1 - p) if o == "Adam" else rate / (1 - p) ** 2,
                ),
                "adam-moved-the-wrong-way",
            ),
            (
                _settings_of(
                    _right_weights, lambda o, p, rate: rate / (1 - p) ** (0 if o == "Adam" else 1)
                ),
                "one-factor-short",
            ),
            (lambda optimiser, p, rate: rate / (1 - p) ** 2, "not-two-numbers"),
            (_settings_of(_right_weights, lambda o, p, rate: 1.0), "another-rate"),
            (_settings_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-2-noise",
        title="How noisy is a sum?",
        statement=(
            "A unit hears $z = \\sum_i w_i y_i$ from a layer with inverted dropout, a draw for "
            "each $y_i$. Write `relative_noise(w, x, p)`: the standard deviation of z over the "
            "absolute value of its mean, one number. `w` and `x` are arrays of the same length, "
            "with both signs."
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
            (lambda w, x, p: w * x, "not-one-number"),
            (lambda w, x, p: relative_noise(w, x, p) * abs((w * x).sum()), "mean-forgotten"),
            (lambda w, x, p: relative_noise(w, x, p) / (1 - p), "mean-shrunk"),
            (lambda w, x, p: relative_noise(w, x, p) * len(w) ** 0.5, "means-instead-of-sums"),
            (
                lambda w, x, p: np.sqrt(p / (1 - p) * ((w * x) ** 2).sum()) / abs(w * x).sum(),
                "terms-without-signs",
            ),
            (
                lambda w, x, p: np.sqrt(p / (1 - p) * (x**2).sum()) / abs((w * x).sum()),
                "weights-forgotten",
            ),
            (
                lambda w, x, p: np.sqrt(p / (1 - p) * (x**2).sum()) / abs(x.sum()),
                "weights-forgotten-everywhere",
            ),
            (lambda w, x, p: 1 / relative_noise(w, x, p), "turned-round"),
            (
                lambda w, x, p: relative_noise(w, x, p) * math.sqrt(p / (1 - p)),
                "factor-outside-the-root",
            ),
            (lambda w, x, p: relative_noise(w, x, p) / math.sqrt(p), "second-moment"),
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
            "training, at epoch `epochs / 2`, and stays there. (Take `epochs` as even.) Of 4 "
            "epochs from 0.5, they are 0.5, 0.25, 0 and 0."
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
            (
                lambda e, n, start: start * (1 - e / n) if e < n / 2 else 0.0,
                "stops-half-way",
            ),
            (lambda e, n, start: start * abs(1 - 2 * e / n), "up-again"),
            (lambda e, n, start: 0.5 * max(0.0, 1 - 2 * e / n), "start-ignored"),
            (lambda e, n, start: max(0.0, start - 2 * e / n), "start-not-in-the-slope"),
            (lambda e, n, start: 1 - start * max(0.0, 1 - 2 * e / n), "keep-instead-of-drop"),
            (
                lambda e, n, start: np.linspace(start, 0, n // 2)[e] if e < n // 2 else 0.0,
                "zero-one-epoch-early",
            ),
            (
                lambda e, n, start: start * min(1.0, max(0.0, 1 - (e - 1) / (n / 2))),
                "one-epoch-late",
            ),
            (lambda e, n, start: [start * max(0.0, 1 - i / n) for i in [e]], "not-one-number"),
            (lambda e, n, start: start if e < n / 2 else None, "returns-nothing-here"),
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
            "and mask of shape (N, units): inverted dropout, in training, p = 1 included, where "
            "it gives zeros. Then say for yourself what was wrong."
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
            (lambda x, mask, p: x * mask * (1 - p), "scaled-the-wrong-way"),
            (lambda x, mask, p: x * mask * 2, "right-at-one-half"),
            (lambda x, mask, p: x * mask / max(1 - p, 1e-9) ** 2, "scaled-twice"),
            (lambda x, mask, p: x * mask / max(1 - p, 1e-9) ** 0.5, "another-scale"),
            (lambda x, mask, p: mask / max(1 - p, 1e-9), "mask-without-x"),
            (lambda x, mask, p: x * mask / np.maximum(mask.mean(axis=0), 1e-9), "still-the-share"),
            (lambda x, mask, p: x if p == 1 else x * mask / (1 - p), "nobody-plays"),
            (
                lambda x, mask, p: x * mask / max(1 - p, 1e-9) if mask.any() else x,
                "nobody-plays",
            ),
            (lambda x, mask, p: (repaired(x, mask, p), mask), "shape-changed"),
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
