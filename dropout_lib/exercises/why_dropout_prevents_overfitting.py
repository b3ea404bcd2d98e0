"""Exercises and quiz of chapter 4."""

from itertools import product

import numpy as np

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice

# --- the ridge penalty of linear regression ------------------------------------------------------


def judge_penalty(answer):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((7, 3)) * [1, 2, 3], rng.standard_normal(3)
    values = {p: answer(x, w, p) for p in (0.2, 0.75)}
    if any(value is None for value in values.values()):
        return NOT_STARTED
    if any(np.shape(value) != () for value in values.values()):
        return Diagnosis(
            "not-one-number",
            f"one number is asked for, and an array of shape {np.shape(values[0.2])} comes back.",
            "add up the features: each gives w_j² times the squared length of its column",
        )

    def are(rule):
        return all(np.isclose(value, rule(p)) for p, value in values.items())

    columns = np.square(x).sum(axis=0)
    right = np.square(w) @ columns
    if are(lambda p: p / (1 - p) * right):
        return None
    if are(lambda p: p / (1 - p) * np.square(w).sum()):
        return Diagnosis(
            "plain-ridge",
            "that is the penalty of plain L2: each w_j² counts the same.",
            "the noise in feature j is as large as the feature: w_j² is multiplied by the squared "
            "length of column j",
        )
    if are(lambda p: p / (1 - p) * np.square(x @ w).sum()):
        return Diagnosis(
            "squared-after-the-sum",
            "the terms w_j x_ij were added up before they were squared.",
            "the features are dropped independently, so their variances add: square first",
        )
    if are(lambda p: p * (1 - p) * right):
        return Diagnosis(
            "not-scaled",
            "that is the variance of masks without the scale 1 / (1 − p).",
            "Var[m / (1 − p)] = p (1 − p) / (1 − p)²",
        )
    if are(lambda p: (1 - p) / p * right):
        return Diagnosis(
            "keep-and-drop-swapped",
            "the penalty grows as less is dropped.",
            "p is the probability to drop: at p = 0 there has to be no penalty",
        )
    if are(lambda p: p / (1 - p) * right / len(x)):
        return Diagnosis(
            "averaged",
            "that is the mean over the cases.",
            "the loss of this exercise is a sum over the cases, and so is its penalty",
        )
    return Diagnosis(
        "another-formula",
        "it differs from the average over all masks.",
        "write the variance of sum_j w_j x_ij m_j / (1 − p) for one case, then add up the cases",
    )


def penalty(x, w, p):
    return p / (1 - p) * (np.square(w) @ np.square(x).sum(axis=0))


# --- the average over all masks ------------------------------------------------------------------


def _log_softmax(z):
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _average(h, weight, bias, p, kind):
    masks = np.array(list(product((0, 1), repeat=len(h))))
    probability = np.prod(np.where(masks, 1 - p, p), axis=1)
    if kind == "alike":
        probability, kind = np.full(len(masks), 1 / len(masks)), "geometric"
    log_q = _log_softmax((masks * h / (1 - p)) @ weight.T + bias)
    if kind == "arithmetic":
        return probability @ np.exp(log_q)
    mean = np.exp(probability @ log_q)
    return mean / mean.sum() if kind == "geometric" else mean


def judge_all_masks(answer):
    rng = np.random.default_rng(1)
    h, weight, bias = rng.random(5), rng.standard_normal((3, 5)), rng.standard_normal(3)
    values = {p: answer(h, weight, bias, p) for p in (0.3, 0.5)}
    if any(value is None for value in values.values()):
        return NOT_STARTED
    if any(np.shape(value) != (3,) for value in values.values()):
        return Diagnosis(
            "wrong-shape",
            f"for three classes, {np.shape(values[0.5])} comes back.",
            "average over the masks, not over the classes: three probabilities",
        )

    def are(rule):
        return all(np.allclose(value, rule(p)) for p, value in values.items())

    if are(lambda p: _average(h, weight, bias, p, "geometric")):
        return None
    if are(lambda p: _average(h, weight, bias, p, "arithmetic")):
        return Diagnosis(
            "arithmetic",
            "that is the arithmetic mean: the probabilities themselves were averaged.",
            "average their logarithms, take exp, and divide by the sum",
        )
    if are(lambda p: _average(h, weight, bias, p, "unnormalised")):
        return Diagnosis(
            "not-normalised",
            "the three numbers add up to less than 1.",
            "a geometric mean of distributions is no distribution yet: divide by its sum",
        )

    if are(lambda p: _average(h, weight, bias, p, "alike")):
        return Diagnosis(
            "all-masks-alike",
            "every mask counts the same, which is right at p = 0.5 and nowhere else.",
            "a mask that keeps k of n units has probability (1 − p)^k p^(n − k)",
        )

    def unscaled(p):
        return np.exp(_log_softmax((1 - p) * weight @ h + bias))

    if are(unscaled):
        return Diagnosis(
            "scale-missing",
            "what is kept is not scaled by 1 / (1 − p).",
            "in inverted dropout the kept activations are divided by 1 − p",
        )
    return Diagnosis(
        "another-formula",
        "it differs from the geometric mean over all 2ⁿ masks.",
        "for each mask: softmax of weight @ (mask * h / (1 − p)) + bias; then average the logs, "
        "each with the probability of its mask",
    )


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
    points = ((8, 100), (10, 2000), (20, 50_000))
    values = [answer(*point) for point in points]
    if any(value is None for value in values):
        return NOT_STARTED
    if any(np.shape(value) != () for value in values):
        return Diagnosis(
            "not-one-number", "one number is asked for.", "return the expected number of masks"
        )

    def are(rule):
        return all(np.isclose(v, rule(*p), rtol=1e-6) for v, p in zip(values, points, strict=True))

    if are(_expected):
        return None
    if are(lambda n, draws: 2.0**n):
        return Diagnosis(
            "all-of-them",
            "that is how many there are, not how many come.",
            "in 100 draws no more than 100 can come",
        )
    if are(lambda n, draws: min(2**n, draws)):
        return Diagnosis(
            "no-repetition",
            "that would be right if no mask ever came twice before all had come once.",
            "a given mask is missed by one draw with probability 1 − 2⁻ⁿ; by all of them?",
        )
    if are(lambda n, draws: draws):
        return Diagnosis(
            "number-of-draws",
            "that counts draws, and some masks come again.",
            "of 256 masks, 2,000 draws cannot show 2,000",
        )
    if are(lambda n, draws: 1 - (1 - 2.0**-n) ** draws):
        return Diagnosis(
            "one-mask-only",
            "that is the chance that one given mask comes at all.",
            "there are 2ⁿ masks with that chance: expectations add",
        )
    if are(lambda n, draws: 2.0**n - _expected(n, draws)):
        return Diagnosis(
            "the-missed-ones",
            "those are the masks that never come.",
            "subtract from 2ⁿ",
        )
    return Diagnosis(
        "another-formula",
        "it differs from 2ⁿ times the chance that a given mask comes.",
        "at p = 0.5 every mask has probability 2⁻ⁿ in each draw",
    )


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
    letter = str(answer).strip().lower().strip("().")
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
            "squared errors. Write `penalty(x, w, p)`: what dropout adds to the loss on average, "
            "for x (N, features) and weights w (features,)."
        ),
        starter=(
            'def penalty(x, w, p):\n    # your code\n    ...\n\n\ncheck("04-penalty", penalty)'
        ),
        hints=(
            "The mean of a squared error is the square of the mean error, and a variance.",
            "For one case the prediction is Σ_j w_j x_ij m_j / (1 − p). Its mean is what it is "
            "without dropout. What is its variance?",
            "Var[m / (1 − p)] = p / (1 − p). Add up features, then cases.",
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
            (lambda x, w, p: p / (1 - p) * w**2 * (x**2).sum(axis=0), "not-one-number"),
            (lambda x, w, p: 0.0, "another-formula"),
            (lambda x, w, p: None, "not-started"),
        ),
    ),
    Exercise(
        name="04-all-masks",
        title="All masks there are",
        statement=(
            "One layer of n activations h under dropout, and a softmax layer behind it with "
            "weight (classes, n) and bias (classes,). Write `geometric_mean(h, weight, bias, p)`: "
            "the normalised geometric mean of the predictions of all 2ⁿ subnetworks. Then compare "
            "it with softmax(weight @ h + bias)."
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
            "draws)`: how many different ones come in so many draws, on average."
        ),
        starter=(
            "def masks_visited(units, draws):\n    # your code\n    ...\n\n\n"
            'check("04-visited", masks_visited)'
        ),
        hints=(
            "Take one mask. What is the probability that it never comes?",
            "(1 − 2⁻ⁿ) to the power of the draws.",
            "The expected number is the sum over all masks of the probability that each comes.",
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
