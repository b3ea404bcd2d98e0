"""Exercises and quiz of chapter 4."""

from itertools import product

import numpy as np

from ..checks import Diagnosis
from .answers import described, judge_formula, nothing_back
from .core import NOT_STARTED, Exercise, multiple_choice

# --- the ridge penalty of linear regression ------------------------------------------------------


def judge_penalty(answer):
    rng = np.random.default_rng(0)
    points = [
        (rng.standard_normal(shape) * np.arange(1, shape[1] + 1), rng.standard_normal(shape[1]), p)
        for shape, p in (((7, 3), 0.2), ((4, 4), 0.75), ((2, 5), 0.5))
    ]
    return judge_formula(
        answer,
        points,
        penalty,
        _PENALTY_SLIPS,
        name="penalty",
        advice="write the variance of sum_j w_j x_ij m_j / (1 − p) for one case, then add up the "
        "cases",
        hint="add up: over the features, and over the cases, too",
    )


def _penalty_times(factor):
    return lambda x, w, p: penalty(x, w, p) * factor(x, p)


_PENALTY_SLIPS = {
    "plain-ridge": (
        lambda x, w, p: p / (1 - p) * np.square(w).sum(),
        "that is the penalty of plain L2: each w_j² counts the same.",
        "the noise in feature j is as large as the feature: w_j² is multiplied by the squared "
        "length of column j",
    ),
    "squared-after-the-sum": (
        lambda x, w, p: p / (1 - p) * np.square(x @ w).sum(),
        "the terms w_j x_ij were added up before they were squared.",
        "the features are dropped independently, so their variances add: square first",
    ),
    "columns-summed-first": (
        lambda x, w, p: p / (1 - p) * np.square(w) @ np.square(x.sum(axis=0)),
        "the columns were added up before they were squared.",
        "each case has its own draws: the variances of the cases add, so square each entry first",
    ),
    "centred-columns": (
        lambda x, w, p: p / (1 - p) * np.square(w) @ x.var(axis=0) * len(x),
        "the variance of the columns is in it: their means were taken off.",
        "what varies is the mask, not x: a feature that is the same in all cases is dropped, too",
    ),
    "lengths-not-squared": (
        lambda x, w, p: p / (1 - p) * np.square(w) @ np.linalg.norm(x, axis=0),
        "the lengths of the columns are not squared.",
        "a factor enters the variance squared, and x_ij is one, like w_j",
    ),
    "weights-not-squared": (
        lambda x, w, p: p / (1 - p) * w @ np.square(x).sum(axis=0),
        "the weights are not squared.",
        "a factor enters the variance squared, and w_j is one, like x_ij",
    ),
    "absolute-weights": (
        lambda x, w, p: p / (1 - p) * np.abs(w) @ np.square(x).sum(axis=0),
        "the weights enter with their absolute value, as in L1.",
        "a factor enters the variance squared, and w_j is one",
    ),
    "all-with-all": (
        lambda x, w, p: p / (1 - p) * np.square(w).sum() * np.square(x).sum(),
        "every weight was multiplied by every column.",
        "w_j meets column j and no other: multiply before you add up",
    ),
    "not-scaled": (
        _penalty_times(lambda x, p: (1 - p) ** 2),
        "that is the variance of masks without the scale 1 / (1 − p).",
        "Var[m / (1 − p)] = p (1 − p) / (1 − p)²",
    ),
    "scaled-once": (
        _penalty_times(lambda x, p: 1 - p),
        "the factor is p: the scale entered once.",
        "Var[m / (1 − p)] = p (1 − p) / (1 − p)²: how much is left?",
    ),
    "second-moment": (
        _penalty_times(lambda x, p: 1 / p),
        "the factor is 1 / (1 − p): that is the mean of the square.",
        "the variance is the mean of the square less the square of the mean. At p = 0 there has to "
        "be no penalty",
    ),
    "keep-and-drop-swapped": (
        lambda x, w, p: penalty(x, w, 1 - p),
        "the penalty grows as less is dropped.",
        "p is the probability to drop: at p = 0 there has to be no penalty",
    ),
    "averaged": (
        _penalty_times(lambda x, p: 1 / len(x)),
        "that is the mean over the cases.",
        "the loss of this exercise is a sum over the cases, and so is its penalty",
    ),
    "halved": (
        _penalty_times(lambda x, p: 0.5),
        "that is half of it.",
        "the loss of this exercise is the sum of the squared errors, without a factor ½",
    ),
    "root-taken": (
        lambda x, w, p: np.sqrt(penalty(x, w, p)),
        "a root was taken.",
        "it is added to squared errors: the variance, and not the deviation",
    ),
}


def penalty(x, w, p):
    return p / (1 - p) * (np.square(w) @ np.square(x).sum(axis=0))


# --- the average over all masks ------------------------------------------------------------------


def _log_softmax(z):
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _average(h, weight, bias, p, kind):
    masks = np.array(list(product((0, 1), repeat=len(h))))
    probability = np.prod(np.where(masks, 1 - p, p), axis=1)
    if "alike" in kind:
        probability = np.full(len(masks), 1 / len(masks))
        kind = "geometric" if kind == "alike" else "arithmetic"
    log_q = _log_softmax((masks * h / (1 - p)) @ weight.T + bias)
    if kind == "arithmetic":
        return probability @ np.exp(log_q)
    mean = np.exp(probability @ log_q)
    return mean / mean.sum() if kind == "geometric" else mean


def judge_all_masks(answer):
    rng = np.random.default_rng(1)
    questions = [
        (2 * rng.random(units), rng.standard_normal((classes, units)), rng.standard_normal(classes))
        for units, classes in ((5, 3), (3, 4), (6, 2))
    ]
    questions = [(*arrays, p) for arrays, p in zip(questions, (0.3, 0.5, 0.8), strict=True)]
    calls = [
        f"geometric_mean(h, weight, bias, {p}) for {len(h)} units and {len(bias)} classes"
        for h, _, bias, p in questions
    ]
    given = [answer(h.copy(), w.copy(), b.copy(), p) for h, w, b, p in questions]
    if diagnosis := nothing_back(dict(zip(calls, given, strict=True))):
        return diagnosis
    for call, value, (_, _, bias, _) in zip(calls, given, questions, strict=True):
        if np.shape(value) != bias.shape:
            return Diagnosis(
                "wrong-shape",
                f"{call} gives {described(value)}, and {len(bias)} probabilities are asked for.",
                "average over the masks, not over the classes",
            )
    values = [np.asarray(value, dtype=float) for value in given]

    def are(rule):
        return all(
            np.allclose(value, rule(*question), rtol=1e-4, atol=1e-6)
            for value, question in zip(values, questions, strict=True)
        )

    if are(geometric_mean):
        return None
    for code, (rule, message, hint) in _MEAN_SLIPS.items():
        if are(rule):
            return Diagnosis(code, message, hint)
    return _another_mean(calls, values, questions)


def _another_mean(calls, values, questions):
    for call, value, question in zip(calls, values, questions, strict=True):
        right = geometric_mean(*question)
        if np.allclose(value, right, rtol=1e-4, atol=1e-6):
            continue
        if not np.isclose(value.sum(), 1):
            return Diagnosis(
                "no-distribution",
                f"{call} gives numbers that add up to {value.sum():.4g}.",
                "what comes back is a distribution over the classes: which step is the last one?",
            )
        near = np.abs(value - right).max() < 0.05
        return Diagnosis(
            "another-formula",
            f"{call} gives {value.round(3).tolist()}"
            + (": near, as an average over some masks is." if near else ", which is not right."),
            "there are 2ⁿ masks, each with its probability. For each: softmax of weight @ "
            "(mask * h / (1 − p)) + bias; then comes the mean, of which quantity?",
        )
    return None


def _softmax(z):
    return np.exp(_log_softmax(z))


_MEAN_SLIPS = {
    "arithmetic": (
        lambda h, w, b, p: _average(h, w, b, p, "arithmetic"),
        "that is the arithmetic mean: the probabilities themselves were averaged.",
        "average their logarithms, take exp, and divide by the sum",
    ),
    "not-normalised": (
        lambda h, w, b, p: _average(h, w, b, p, "unnormalised"),
        "the numbers add up to less than 1.",
        "a geometric mean of distributions is no distribution yet: divide by its sum",
    ),
    "logarithms-returned": (
        lambda h, w, b, p: np.log(_average(h, w, b, p, "unnormalised")),
        "all numbers are negative: those are mean logarithms.",
        "go back to probabilities, and see to it that they add up to 1",
    ),
    "all-masks-alike": (
        lambda h, w, b, p: _average(h, w, b, p, "alike"),
        "every mask counts the same, which is right at p = 0.5 and nowhere else.",
        "a mask that keeps k of n units has probability (1 − p)^k p^(n − k)",
    ),
    "all-masks-alike-and-unscaled": (
        lambda h, w, b, p: _softmax(w @ h / 2 + b),
        "every mask counts the same, and what is kept is not scaled.",
        "a mask that keeps k of n units has probability (1 − p)^k p^(n − k); and in inverted "
        "dropout, what is kept is divided by 1 − p",
    ),
    "arithmetic-and-all-masks-alike": (
        lambda h, w, b, p: _average(h, w, b, p, "arithmetic of all alike"),
        "the probabilities themselves were averaged, and every mask counts the same.",
        "average logarithms instead; and a mask that keeps k of n units has probability "
        "(1 − p)^k p^(n − k)",
    ),
    "mask-probabilities-swapped": (
        lambda h, w, b, p: _softmax(p / (1 - p) * w @ h + b),
        "the probabilities of the masks have keep and drop swapped.",
        "a unit that is kept contributes 1 − p to the probability of its mask",
    ),
    "scale-missing": (
        lambda h, w, b, p: _softmax((1 - p) * w @ h + b),
        "what is kept is not scaled by 1 / (1 − p).",
        "in inverted dropout the kept activations are divided by 1 − p",
    ),
    "scaled-twice": (
        lambda h, w, b, p: _softmax(w @ h / (1 - p) + b),
        "the activations are larger than they are on average.",
        "is every mask weighted by its probability? The scale 1 / (1 − p) makes up for it already",
    ),
    "bias-forgotten": (
        lambda h, w, b, p: _softmax(w @ h),
        "the bias is missing.",
        "it is added in every subnetwork, whatever the mask",
    ),
    "bias-scaled": (
        lambda h, w, b, p: _softmax(w @ h + b / (1 - p)),
        "the bias is divided by 1 − p.",
        "only what is dropped is scaled: the bias belongs to the next layer",
    ),
    "logits-returned": (
        lambda h, w, b, p: w @ h + b,
        "those are logits.",
        "probabilities are asked for: numbers that add up to 1",
    ),
    "product-instead-of-mean": (
        lambda h, w, b, p: _product(h, w, b, p),
        "the probabilities of all masks were multiplied, without the root.",
        "a geometric mean of N numbers is the N-th root of their product; with unequal weights, "
        "average the logarithms",
    ),
}


def _product(h, weight, bias, p):
    masks = np.array(list(product((0, 1), repeat=len(h))))
    return _softmax(_log_softmax((masks * h / (1 - p)) @ weight.T + bias).sum(axis=0))


def geometric_mean(h, weight, bias, p):
    masks = np.array(list(product((0, 1), repeat=len(h))))  # (2^n, n)
    probability = np.prod(np.where(masks, 1 - p, p), axis=1)
    z = (masks * h / (1 - p)) @ weight.T + bias  # (2^n, classes)
    log_q = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    mean = np.exp(probability @ log_q)
    return mean / mean.sum()


# --- how many subnetworks a run visits -----------------------------------------------------------


def _expected(units, draws):
    networks = 2.0**units
    return networks * -np.expm1(draws * np.log1p(-1 / networks))


def judge_visited(answer):
    return judge_formula(
        answer,
        ((8, 100), (10, 2000), (20, 50_000), (3, 5)),
        _expected,
        _VISITED_SLIPS,
        name="masks_visited",
        advice="at p = 0.5 every mask has probability 2⁻ⁿ in each draw: how many are never drawn?",
        hint="return the expected number of masks",
    )


_VISITED_SLIPS = {
    "all-of-them": (
        lambda n, draws: 2.0**n,
        "that is how many there are, not how many come.",
        "in 100 draws no more than 100 can come",
    ),
    "no-repetition": (
        lambda n, draws: min(2**n, draws),
        "that would be right if no mask ever came twice before all had come once.",
        "a given mask is missed by one draw with probability 1 − 2⁻ⁿ; by all of them?",
    ),
    "number-of-draws": (
        lambda n, draws: draws,
        "that counts draws, and some masks come again.",
        "of 1,024 masks, 2,000 draws cannot show 2,000",
    ),
    "one-mask-only": (
        lambda n, draws: 1 - (1 - 2.0**-n) ** draws,
        "that is the chance that one given mask comes at all.",
        "there are 2ⁿ masks with that chance: expectations add",
    ),
    "one-mask-missed": (
        lambda n, draws: (1 - 2.0**-n) ** draws,
        "that is the chance that one given mask never comes.",
        "in the other cases it comes, and there are 2ⁿ masks",
    ),
    "the-missed-ones": (
        lambda n, draws: 2.0**n - _expected(n, draws),
        "those are the masks that never come.",
        "the others do",
    ),
    "draws-per-mask": (
        lambda n, draws: draws / 2.0**n,
        "that is how often each mask comes, on average.",
        "how many come at least once? Begin with the chance that one given mask does",
    ),
    "approximation": (
        lambda n, draws: 2.0**n * -np.expm1(-draws / 2.0**n),
        "that is the approximation (1 − 2⁻ⁿ)^draws ≈ exp(−draws / 2ⁿ), which is good for large n.",
        "leave the power as it is: for few units the difference shows",
    ),
    "one-draw-short": (
        lambda n, draws: _expected(n, draws - 1),
        "one draw is left out.",
        "the power is the number of draws: a mask is missed by every one of them",
    ),
    "pairs-only": (
        lambda n, draws: draws - draws * (draws - 1) / 2.0 ** (n + 1),
        "for each pair of draws that agree, one mask was taken off: three that agree are counted "
        "wrongly.",
        "ask mask by mask and not draw by draw: what is the chance that it never comes?",
    ),
    "rounded": (
        lambda n, draws: round(_expected(n, draws)),
        "that is a whole number.",
        "the number that comes is whole in every run; its mean need not be: leave it unrounded",
    ),
    "rounded-down": (
        lambda n, draws: int(_expected(n, draws)),
        "that is a whole number.",
        "the number that comes is whole in every run; its mean need not be: leave it unrounded",
    ),
    "two-per-unit": (
        lambda n, draws: 2 * n * (1 - (1 - 1 / (2 * n)) ** draws),
        "with 2 n masks in place of 2ⁿ.",
        "every unit is in or out: the possibilities multiply",
    ),
    "squares": (
        lambda n, draws: n**2 * (1 - (1 - 1 / n**2) ** draws),
        "with n² masks in place of 2ⁿ.",
        "every unit is in or out: 2 × 2 × 2 ...",
    ),
}


def masks_visited(units, draws):
    networks = 2.0**units
    # networks * (1 - (1 - 1 / networks) ** draws), for large numbers too
    return -networks * np.expm1(draws * np.log1p(-1 / networks))


# --- a prediction that could fail ----------------------------------------------------------------

_FORBIDS = {
    "a": (
        "Co-adaptation could explain that, and the opposite too: alike may mean redundant or "
        "dependent.",
        "ask of each what would have to be seen for the explanation to be given up",
    ),
    "b": (
        "an explanation that fits every outcome forbids none, and so says nothing about this one.",
        "look for the sentence that names a number that can be wrong",
    ),
    "d": (
        "the picture was looked at first, and nobody had said what would count against it.",
        "what would the picture have to look like for the explanation to fail?",
    ),
}


def judge_prediction(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    letter = str(answer).strip().lower().strip("(). ")
    if letter == "c":
        return None
    if letter in _FORBIDS:
        return Diagnosis(f"not-{letter}", *_FORBIDS[letter])
    return Diagnosis(
        "no-such-letter",
        f"{answer!r} is not one of the four.",
        'answer with a letter: "a", "b", "c" or "d"',
    )


EXERCISES = (
    Exercise(
        name="04-penalty",
        title="The price of a weight",
        statement=(
            "Linear regression with dropout on the inputs, and a loss that is the *sum* of the "
            "squared errors. Write `penalty(x, w, p)`: what inverted dropout, with a draw for "
            "each entry of x, adds to the loss on average, one number, for x (N, features) and "
            "weights w (features,)."
        ),
        starter=(
            'def penalty(x, w, p):\n    # your code\n    ...\n\n\ncheck("04-penalty", penalty)'
        ),
        hints=(
            "The mean of a squared error is the square of the mean error, and a variance.",
            "For one case the prediction is Σ_j w_j x_ij m_j / (1 − p). Its mean is what it is "
            "without dropout. What is its variance?",
            "Var[m / (1 − p)] = p / (1 − p), and each term of the sum has w_j² x_ij² in front of "
            "that. Add up features, then cases: `np.square(x).sum(axis=0)` is one number per "
            "feature.",
        ),
        solution=penalty,
        explanation=(
            "The variance of one prediction is p / (1 − p) Σ_j w_j² x_ij². Summed over the cases, "
            "w_j² is multiplied by the squared length of column j: ridge regression on columns of "
            "equal length."
        ),
        judge=judge_penalty,
        wrong_answers=(
            (lambda x, w, p: p / (1 - p) * np.square(w).sum(), "plain-ridge"),
            (lambda x, w, p: p / (1 - p) * np.square(x @ w).sum(), "squared-after-the-sum"),
            (lambda x, w, p: p * (1 - p) * (w**2) @ (x**2).sum(axis=0), "not-scaled"),
            (
                lambda x, w, p: (1 - p) / p * (w**2) @ (x**2).sum(axis=0),
                "keep-and-drop-swapped",
            ),
            (lambda x, w, p: penalty(x, w, p) / len(x), "averaged"),
            (
                lambda x, w, p: p / (1 - p) * (w**2) @ np.square(x.sum(axis=0)),
                "columns-summed-first",
            ),
            (lambda x, w, p: p / (1 - p) * (w**2) @ x.var(axis=0) * len(x), "centred-columns"),
            (
                lambda x, w, p: p / (1 - p) * (w**2) @ np.linalg.norm(x, axis=0),
                "lengths-not-squared",
            ),
            (lambda x, w, p: p / (1 - p) * w @ (x**2).sum(axis=0), "weights-not-squared"),
            (lambda x, w, p: p / (1 - p) * abs(w) @ (x**2).sum(axis=0), "absolute-weights"),
            (lambda x, w, p: p / (1 - p) * (w**2).sum() * (x**2).sum(), "all-with-all"),
            (lambda x, w, p: (1 - p) * penalty(x, w, p), "scaled-once"),
            (lambda x, w, p: penalty(x, w, p) / p, "second-moment"),
            (lambda x, w, p: penalty(x, w, p) / 2, "halved"),
            (lambda x, w, p: penalty(x, w, p) ** 0.5, "root-taken"),
            (lambda x, w, p: p / (1 - p) * w**2 * (x**2).sum(axis=0), "not-one-number"),
            (lambda x, w, p: 0.0, "another-formula"),
            (lambda x, w, p: None, "not-started"),
        ),
    ),
    Exercise(
        name="04-all-masks",
        title="All masks there are",
        statement=(
            "One layer of n activations h (at most 6 here) under inverted dropout, and a softmax "
            "layer behind it with weight (classes, n) and bias (classes,). Write "
            "`geometric_mean(h, weight, bias, p)`: the normalised geometric mean of the "
            "predictions of all 2ⁿ subnetworks, each weighted by the probability of its mask, an "
            "array of one probability per class. Before you run it, say how it will differ from "
            "softmax(weight @ h + bias); then compare."
        ),
        starter=(
            "def geometric_mean(h, weight, bias, p):\n    # your code\n    ...\n\n\n"
            'check("04-all-masks", geometric_mean)'
        ),
        hints=(
            "`itertools.product((0, 1), repeat=n)` lists the masks.",
            "A mask that keeps k units comes with probability (1 − p)^k p^(n − k). At p = 0.5 they "
            "are all equal, so test with another p.",
            "Average the log-probabilities with these weights, take exp, divide by the sum.",
        ),
        solution=geometric_mean,
        explanation=(
            "The logits are linear in the mask, so their average is weight @ h + bias. The "
            "logarithm of a softmax is the logits minus a number that is the same for all classes, "
            "and normalising removes it."
        ),
        judge=judge_all_masks,
        wrong_answers=(
            (lambda h, w, b, p: _average(h, w, b, p, "arithmetic"), "arithmetic"),
            (lambda h, w, b, p: _average(h, w, b, p, "unnormalised"), "not-normalised"),
            (lambda h, w, b, p: _average(h, w, b, p, "alike"), "all-masks-alike"),
            (
                lambda h, w, b, p: np.exp(_log_softmax((1 - p) * w @ h + b)),
                "scale-missing",
            ),
            (
                lambda h, w, b, p: _average(h, w, b, p, "arithmetic of all alike"),
                "arithmetic-and-all-masks-alike",
            ),
            (lambda h, w, b, p: np.exp(_log_softmax(w @ h)), "bias-forgotten"),
            (lambda h, w, b, p: _softmax(w @ h + b / (1 - p)), "bias-scaled"),
            (lambda h, w, b, p: _softmax(w @ h / 2 + b), "all-masks-alike-and-unscaled"),
            (lambda h, w, b, p: _softmax(w @ h * p / (1 - p) + b), "mask-probabilities-swapped"),
            (lambda h, w, b, p: _softmax(w @ h / (1 - p) + b), "scaled-twice"),
            (lambda h, w, b, p: w @ h + b, "logits-returned"),
            (
                lambda h, w, b, p: np.log(_average(h, w, b, p, "unnormalised")),
                "logarithms-returned",
            ),
            (_product, "product-instead-of-mean"),
            (lambda h, w, b, p: 1 / (1 + np.exp(-(w @ h + b))), "no-distribution"),
            (lambda h, w, b, p: 0.5, "wrong-shape"),
            (lambda h, w, b, p: np.full(len(b), 1 / len(b)), "another-formula"),
            (lambda h, w, b, p: None, "not-started"),
        ),
    ),
    Exercise(
        name="04-visited",
        title="How many come?",
        statement=(
            "At p = 0.5 all 2ⁿ masks of n units are equally likely. Write `masks_visited(units, "
            "draws)`: how many different ones come in so many draws, on average, unrounded. Check "
            "it by hand: with one unit and two draws it is 1.5."
        ),
        starter=(
            "def masks_visited(units, draws):\n    # your code\n    ...\n\n\n"
            'check("04-visited", masks_visited)'
        ),
        hints=(
            "Take one mask. What is the probability that it never comes?",
            "(1 − 2⁻ⁿ) to the power of the draws.",
            "The expected number is the sum over all masks of the probability that each comes: 2ⁿ "
            "times 1 − (1 − 2⁻ⁿ)^draws.",
        ),
        solution=masks_visited,
        explanation=(
            "Linearity of expectation: it does not matter that the masks compete for the draws. "
            "From 54 units on, 1 − 2⁻ⁿ is rounded to 1; `log1p` and `expm1` keep what would be "
            "lost. For n in the hundreds the result is the number of draws."
        ),
        judge=judge_visited,
        wrong_answers=(
            (lambda units, draws: 2.0**units, "all-of-them"),
            (lambda units, draws: min(2**units, draws), "no-repetition"),
            (lambda units, draws: draws, "number-of-draws"),
            (lambda units, draws: 1 - (1 - 2.0**-units) ** draws, "one-mask-only"),
            (lambda units, draws: 2.0**units * (1 - 2.0**-units) ** draws, "the-missed-ones"),
            (lambda units, draws: (1 - 2.0**-units) ** draws, "one-mask-missed"),
            (lambda units, draws: draws / 2.0**units, "draws-per-mask"),
            (lambda n, draws: 2.0**n * (1 - np.exp(-draws / 2.0**n)), "approximation"),
            (lambda units, draws: masks_visited(units, draws - 1), "one-draw-short"),
            (lambda n, draws: draws - draws * (draws - 1) / 2.0 ** (n + 1), "pairs-only"),
            (lambda units, draws: round(masks_visited(units, draws)), "rounded"),
            (lambda units, draws: int(masks_visited(units, draws)), "rounded-down"),
            (lambda n, draws: 2 * n * (1 - (1 - 1 / (2 * n)) ** draws), "two-per-unit"),
            (lambda n, draws: n**2 * (1 - (1 - 1 / n**2) ** draws), "squares"),
            (lambda units, draws: [draws], "not-one-number"),
            (lambda units, draws: draws / 2, "another-formula"),
            (lambda units, draws: None, "not-started"),
        ),
    ),
    Exercise(
        name="04-could-fail",
        title="Which of them could have been wrong?",
        statement=(
            "Four sentences about dropout. Only one of them says beforehand what a computation "
            "must give, so that the sentence or the computation is wrong if it gives something "
            "else. Which?\n\n"
            "a. Units of networks with dropout are alike, or they are not, and both show how "
            "dropout works on them.\n\n"
            "b. Dropout makes networks robust, as one sees where it helps; where it does not, "
            "they were robust already.\n\n"
            "c. With squared error and a linear model, dropout on the inputs has the minimum of "
            "ridge regression with weights p / (1 − p) ‖x_j‖².\n\n"
            "d. The first-layer features look more meaningful with dropout."
        ),
        starter='answer = ...\n\ncheck("04-could-fail", answer)',
        hints=(
            "For each sentence, try to write down a result that would refute it.",
            "Words such as robust and meaningful need a number before they can fail.",
            "One of the four has a formula in it.",
        ),
        solution="c",
        explanation=(
            "It names the solution before anything is trained, coefficient by coefficient. As it "
            "is proved, a run that ends elsewhere has a mistake in its code or is not there yet; "
            "what can fail is the use that is made of it, with other data and other losses. The "
            "others may be true, but no result would count against them."
        ),
        judge=judge_prediction,
        wrong_answers=(
            ("a", "not-a"),
            ("b", "not-b"),
            ("d", "not-d"),
            ("all of them", "no-such-letter"),
            (3, "no-such-letter"),
            (None, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "A network fits digits of which three in ten have a label drawn by lot. What does a "
        "training error of 0 tell you?",
        "Overfitting, built on purpose",
        (
            "That it has learned the wrong labels by heart, too",
            "There is nothing in the pictures to infer them from.",
        ),
        (
            "That it will read new digits well",
            "The test error went up while the wrong labels were being learned.",
        ),
        (
            "That it was trained with dropout",
            "At the same rate the one with dropout learned them more slowly.",
        ),
    ),
    {
        "question": "Two inputs have weights 3 and 1, and for one case the values 2 and 4. p = "
        "0.5. What does dropout on the inputs add to this case's squared error, on average?",
        "section": "Linear regression: ridge, exactly",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 52,
                "correct": True,
                "feedback": "p / (1 − p) = 1, times (3 · 2)² + (1 · 4)².",
            },
            {
                "type": "value",
                "value": 100,
                "correct": False,
                "feedback": "The terms are squared one by one, then added.",
            },
            {
                "type": "value",
                "value": 10,
                "correct": False,
                "feedback": "That is the sum of the squared weights. How large are the inputs?",
            },
            {
                "type": "value",
                "value": 13,
                "correct": False,
                "feedback": "That is p (1 − p) times 52: the scale 1 / (1 − p) is missing.",
            },
            {
                "type": "default",
                "feedback": "p / (1 − p) times the sum of (w x)².",
            },
        ],
    },
    multiple_choice(
        "Weight scaling is exactly the normalised geometric mean of all thinned networks if ...",
        "What the whole network averages",
        (
            "the dropped layer feeds a softmax layer directly",
            "The logits are linear in the mask.",
        ),
        (
            "p = 0.5",
            "Any p will do, if each mask is weighed with its probability.",
        ),
        (
            "all layers are ReLU layers",
            "A ReLU behind the dropped layer is what spoils it.",
        ),
        (
            "the network was trained with dropout",
            "It is an identity: any weights will do.",
        ),
    ),
    multiple_choice(
        "A run of 40,000 training cases drops units in a layer of 256. How many of the 2²⁵⁶ "
        "masks does it train?",
        "How many networks?",
        (
            "At most 40,000, each for one step and with the weights of all others",
            "One for each case that was shown.",
        ),
        (
            "All of them: each step moves the weights that all of them share",
            "They are moved, but none except the sampled ones was asked to predict anything.",
        ),
        (
            "One per batch",
            "Each case of a batch has a mask of its own.",
        ),
    ),
    multiple_choice(
        "Gaussian noise, drawn for each input by itself, multiplies the inputs of a linear "
        "regression: mean 1, variance p / (1 − p). Compared with dropout, the penalty is ...",
        "Zeros or Gaussians?",
        (
            "the same",
            "A squared error sees the mean and the variance of the noise, and no more.",
        ),
        (
            "smaller, as nothing is ever dropped",
            "The variance is equal, and that is all that enters.",
        ),
        (
            "larger, as the noise has no limit",
            "Large draws are rare, and the variance has counted them.",
        ),
    ),
    multiple_choice(
        "Units are less correlated with dropout than without. Does that show that dropout helps "
        "because it prevents co-adaptation?",
        "What an explanation is worth",
        (
            "No: it follows from dropout, and need not be what causes the gain",
            "To show a cause, one would have to change the correlation alone and see the gain "
            "follow.",
        ),
        (
            "Yes: the authors predicted it",
            "A prediction come true is a survived test. The step from there to the cause of the "
            "gain is another.",
        ),
        (
            "Yes, if the interval of the difference in correlation leaves 0 out",
            "That says that the correlation differs, not what it does.",
        ),
    ),
]
