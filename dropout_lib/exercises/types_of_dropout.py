"""Exercises and quiz of chapter 3."""

import math

import numpy as np

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice

SHAPES = {"units": (5, 7), "maps": (5, 3, 8, 6), "sequence": (9, 5, 7)}


def judge_mask_shape(mask_shape):
    for group, shape in SHAPES.items():
        answer = mask_shape(group, shape)
        if answer is None:
            return NOT_STARTED
        if not isinstance(answer, tuple | list):
            return Diagnosis(
                "not-a-shape",
                f"for {group!r} it returned {answer!r}, which is no shape.",
                "a shape is a tuple of integers, such as (5, 1, 1)",
            )
        diagnosis = _judge_shape(group, shape, tuple(answer))
        if diagnosis:
            return diagnosis
    return None


def _judge_shape(group, shape, answer):
    expected = mask_shape(group, shape)
    if answer == expected:
        return None
    seen = f"for {group!r} and x of shape {shape} it returned {answer}."
    if len(answer) != len(shape):
        return Diagnosis(
            "axes-missing",
            f"{seen} That has {len(answer)} axes and x has {len(shape)}.",
            "keep all axes and write 1 where entries share a draw: NumPy lines shapes up from "
            "the right, so a missing axis lands somewhere else",
        )
    if answer == shape:
        return Diagnosis(
            "nothing-shared",
            f"{seen} Every entry tosses its own coin.",
            "write 1 for the axes along which the entries are dropped together",
        )
    if answer[1 if group == "sequence" else 0] == 1:
        return Diagnosis(
            "cases-share",
            f"{seen} All cases lose the same.",
            "each case has its own draws: its axis keeps its length. Which axis is it?",
        )
    if [1 if n == 1 else 0 for n in answer] == [1 - (n == 1) for n in expected]:
        return Diagnosis(
            "the-other-way-round",
            f"{seen} The 1 stands where the draws differ.",
            "1 means one draw for the whole axis",
        )
    return Diagnosis(
        "wrong-axis",
        f"{seen} The 1 stands at another axis than what is dropped together.",
        "go through the axes one by one: do two entries that differ only there share their fate?",
    )


def mask_shape(group, shape):
    if group == "maps":  # (N, C, H, W)
        return (*shape[:2], 1, 1)
    if group == "sequence":  # (T, N, F)
        return (1, *shape[1:])
    return tuple(shape)


def _with(**given):
    return lambda group, shape: given.get(group, mask_shape)(group, shape)


PRINTED = (
    *((value, "drop") for value in (0.2, 0.5, 0.9)),
    *((value, "keep") for value in (0.2, 0.5, 0.8)),
    *((value, "alpha") for value in (0.25, 1.0, 4.0)),
)


def judge_to_p(to_p):
    answers = {printed: to_p(*printed) for printed in PRINTED}
    if any(answer is None for answer in answers.values()):
        return NOT_STARTED

    def differs(convention, rule):
        return all(
            math.isclose(answers[value, kind], rule(value), rel_tol=1e-9)
            for value, kind in PRINTED
            if kind == convention
        )

    if not differs("drop", lambda v: v):
        return Diagnosis(
            "drop-changed",
            f"a drop probability of 0.2 became {answers[0.2, 'drop']}.",
            "that one is p already",
        )
    if differs("keep", lambda v: v):
        return Diagnosis(
            "keep-unchanged",
            "a retention of 0.8 stayed 0.8.",
            "kept with probability 0.8 is dropped with the rest",
        )
    if differs("keep", lambda v: 1 / v):
        return Diagnosis(
            "scale-instead",
            f"a retention of 0.8 became {answers[0.8, 'keep']}: that is the scale.",
            "1 / keep is what survivors are multiplied by; p is a probability",
        )
    if not differs("keep", lambda v: 1 - v):
        return Diagnosis(
            "keep-wrong",
            f"a retention of 0.8 became {answers[0.8, 'keep']}.",
            "kept with probability 0.8 is dropped with the rest",
        )
    known = {
        "alpha-kept": (lambda a: 1 / (1 + a), "that is the probability to keep: p is the rest"),
        "alpha-unchanged": (lambda a: a, "α is the variance p / (1 - p), and no probability"),
        "alpha-backwards": (
            lambda a: a / (1 - a) if a != 1 else math.inf,
            "that turns a p into an α: solve for p",
        ),
        "alpha-as-deviation": (lambda a: a * a / (1 + a * a), "α is the variance already"),
    }
    if differs("alpha", lambda a: a / (1 + a)):
        return None
    for code, (rule, advice) in known.items():
        if differs("alpha", rule):
            return Diagnosis(code, f"α = 4 became {answers[4.0, 'alpha']:.3g}.", advice)
    return Diagnosis(
        "alpha-wrong",
        f"α = 4 became {answers[4.0, 'alpha']:.3g}.",
        "α = p / (1 - p): at α = 1 a unit is as often dropped as kept",
    )


def to_p(value, convention):
    if convention == "keep":
        return 1 - value
    if convention == "alpha":  # α = p / (1 - p), solved for p
        return value / (1 + value)
    return value


def _to_p_with(**given):
    return lambda value, convention: given.get(convention, lambda v: to_p(v, convention))(value)


def judge_sum(variance_of_sum):
    rng = np.random.default_rng(0)
    draws = [(rng.uniform(0.5, 2, 6), p) for p in (0.2, 0.5, 0.8)]
    for x, p in draws:
        for shared in (False, True):
            answer = variance_of_sum(x, p, shared)
            if answer is None:
                return NOT_STARTED
            diagnosis = _judge_variance(float(answer), x, p, shared)
            if diagnosis:
                return diagnosis
    return None


def _judge_variance(answer, x, p, shared):
    expected = variance_of_sum(x, p, shared)
    if math.isclose(answer, expected, rel_tol=1e-9):
        return None
    group = "one draw for all" if shared else "a draw of its own for each"
    seen = f"with {group} at p = {p} it gave {answer:.4g}, and {expected:.4g} is right."
    unit = p / (1 - p)
    known = (
        (variance_of_sum(x, p, not shared), "shared-and-separate-mixed-up", _SHARING),
        (
            math.sqrt(expected),
            "deviation-returned",
            "the variance was asked for: leave the root out",
        ),
        (
            expected / unit * p * (1 - p),
            "scale-forgotten",
            "p (1 - p) is the variance of the mask alone; the scale 1 / (1 - p) squares",
        ),
        (expected / unit, "noise-forgotten", "the factor p / (1 - p) of a single unit is missing"),
        (
            unit * x.sum(),
            "not-squared",
            "a factor in front of a random number comes out of its variance squared",
        ),
    )
    for value, code, advice in known:
        if math.isclose(answer, value, rel_tol=1e-9):
            return Diagnosis(code, seen, advice)
    return Diagnosis(
        "variance-off", seen, "Var[m x / (1 - p)] = p / (1 - p) x² for one unit: go on from there"
    )


_SHARING = (
    "with separate draws the variances add up; with one draw the sum is one number times the mask"
)


def variance_of_sum(x, p, shared):
    noise = p / (1 - p)
    if shared:  # the whole sum is kept or dropped
        return noise * x.sum() ** 2
    return noise * (x**2).sum()


def judge_coins(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    if answer == 16 * 100 * 20:
        return None
    known = {
        2000: (
            "one-mask-for-the-batch",
            "2,000 is one mask.",
            "every case of the batch has its own",
        ),
        1600: (
            "inputs-counted",
            "1,600 is the number of inputs in the batch, which dropout would toss for.",
            "DropConnect drops weights: how many lie between 100 inputs and 20 outputs?",
        ),
        320: (
            "outputs-counted",
            "320 is the number of outputs in the batch.",
            "DropConnect drops weights, not what they add up to",
        ),
        32320: (
            "bias-counted",
            "32,320 counts the biases too.",
            "Wan et al. drop biases too, the library never does",
        ),
        16000: (
            "dropped-counted",
            "16,000 is how many are dropped on average.",
            "a coin is tossed for each, whichever way it falls",
        ),
    }
    if answer in known:
        return Diagnosis(*known[answer])
    return Diagnosis(
        "count-off", f"{answer} is not it.", "cases times weights: 16 masks of 100 × 20 entries"
    )


EXERCISES = (
    Exercise(
        name="03-mask-shape",
        title="The shape of the mask",
        statement=(
            "Write `mask_shape(group, shape)`: the shape of the keep-mask for an array `x` of the "
            'given shape. `group` is `"units"` (every entry for itself), `"maps"` (x is (N, C, H, '
            'W), feature maps are dropped whole) or `"sequence"` (x is (T, N, F), a unit is '
            "dropped at all time steps)."
        ),
        starter=(
            "def mask_shape(group, shape):\n    # your code\n    ...\n\n\n"
            'check("03-mask-shape", mask_shape)'
        ),
        hints=(
            "Ask of each axis: do two entries that differ only along it share their fate?",
            "If they do, the mask has length 1 there; if not, the length of x.",
            '"maps": (N, C, 1, 1). "sequence": the time comes first, so (1, N, F).',
        ),
        solution=mask_shape,
        explanation=(
            "Apart from standard dropout's scale, the variants that drop activations differ in "
            "nothing else. The axis of the cases never has a 1: each case has its own mask."
        ),
        judge=judge_mask_shape,
        wrong_answers=(
            (lambda group, shape: shape, "nothing-shared"),
            (_with(maps=lambda g, s: s[:2]), "axes-missing"),
            (_with(maps=lambda g, s: (1, s[1], 1, 1)), "cases-share"),
            (_with(maps=lambda g, s: (s[0], 1, 1, s[3])), "wrong-axis"),
            (_with(maps=lambda g, s: (s[0], 1, 1, 1)), "wrong-axis"),
            (_with(sequence=lambda g, s: (s[0], 1, s[2])), "cases-share"),
            (_with(sequence=lambda g, s: (s[0], s[1], 1)), "wrong-axis"),
            (_with(sequence=lambda g, s: s[1:]), "axes-missing"),
            (_with(maps=lambda g, s: (1, 1, *s[2:])), "cases-share"),
            (_with(units=lambda g, s: s[0]), "not-a-shape"),
            (_with(units=lambda g, s: (1, s[1])), "cases-share"),
            (lambda group, shape: None, "not-started"),
        ),
    ),
    Exercise(
        name="03-convert",
        title="What does the number mean?",
        statement=(
            "Write `to_p(value, convention)`: the drop probability that a printed number stands "
            'for. `convention` is `"drop"`, `"keep"`, or `"alpha"` for the variance $\\alpha = '
            "p/(1-p)$ of Gaussian noise: which p has the same variance?"
        ),
        starter=(
            'def to_p(value, convention):\n    # your code\n    ...\n\n\ncheck("03-convert", to_p)'
        ),
        hints=(
            "Two of the three are one line of arithmetic.",
            "Kept with probability 0.8 is dropped with probability 0.2.",
            "α (1 − p) = p, so α = p (1 + α).",
        ),
        solution=to_p,
        explanation=(
            "$\\alpha = p/(1-p)$ gives $p = \\alpha/(1+\\alpha)$: α = 1 is p = 0.5, and α = 4 is "
            "p = 0.8."
        ),
        judge=judge_to_p,
        wrong_answers=(
            (lambda value, convention: value, "keep-unchanged"),
            (_to_p_with(drop=lambda v: 1 - v), "drop-changed"),
            (_to_p_with(keep=lambda v: 1 / v), "scale-instead"),
            (_to_p_with(keep=lambda v: 1 - v / 2), "keep-wrong"),
            (_to_p_with(alpha=lambda v: 1 / (1 + v)), "alpha-kept"),
            (_to_p_with(alpha=lambda v: v), "alpha-unchanged"),
            (_to_p_with(alpha=lambda v: v * v / (1 + v * v)), "alpha-as-deviation"),
            (_to_p_with(alpha=lambda v: v / (1 - v) if v != 1 else math.inf), "alpha-backwards"),
            (_to_p_with(alpha=lambda v: v / 2), "alpha-wrong"),
            (lambda value, convention: None, "not-started"),
        ),
    ),
    Exercise(
        name="03-coins",
        title="How many coins?",
        statement=(
            "A `DropConnectLinear` with 100 inputs and 20 outputs gets a batch of 16 cases. How "
            "many coins are tossed in one training step? (The library never drops biases.)"
        ),
        starter='coins = ...  # your answer\n\ncheck("03-coins", coins)',
        hints=(
            "What is dropped: inputs, outputs or weights?",
            "There are 100 × 20 weights between them.",
            "Every case of the batch has a mask of its own, as with every dropout of the book.",
        ),
        solution=32000,
        explanation=(
            "16 masks of 100 × 20 = 32,000. Dropout on the inputs of the same layer tosses "
            "16 × 100 = 1,600. That is the price of DropConnect."
        ),
        judge=judge_coins,
        wrong_answers=(
            (2000, "one-mask-for-the-batch"),
            (1600, "inputs-counted"),
            (320, "outputs-counted"),
            (32320, "bias-counted"),
            (16000, "dropped-counted"),
            (136, "count-off"),
            (..., "not-started"),
        ),
    ),
    Exercise(
        name="03-sum",
        title="Noise in a sum",
        statement=(
            "A unit adds up the activations `x` (a vector) after inverted dropout. Write "
            "`variance_of_sum(x, p, shared)`: the variance of what it hears, if every activation "
            "has its own draw (`shared=False`), and if all of them share one (`shared=True`)."
        ),
        starter=(
            "def variance_of_sum(x, p, shared):\n    # your code\n    ...\n\n\n"
            'check("03-sum", variance_of_sum)'
        ),
        hints=(
            "One activation: the variance of m x / (1 − p) is p / (1 − p) x².",
            "Independent: variances add up.",
            "Shared: the sum is m times one number, Σx, so it is one activation of that size.",
        ),
        solution=variance_of_sum,
        explanation=(
            "$\\frac{p}{1-p}\\sum x^2$ against $\\frac{p}{1-p}(\\sum x)^2$. For $k$ equal "
            "activations the second is $k$ times the first: sharing a draw is what makes noise "
            "that does not average out."
        ),
        judge=judge_sum,
        wrong_answers=(
            (
                lambda x, p, shared: variance_of_sum(x, p, not shared),
                "shared-and-separate-mixed-up",
            ),
            (lambda x, p, shared: variance_of_sum(x, p, False), "shared-and-separate-mixed-up"),
            (lambda x, p, shared: math.sqrt(variance_of_sum(x, p, shared)), "deviation-returned"),
            (lambda x, p, shared: p * (1 - p) * (x**2).sum(), "scale-forgotten"),
            (lambda x, p, shared: (x**2).sum(), "noise-forgotten"),
            (lambda x, p, shared: p / (1 - p) * x.sum(), "not-squared"),
            (lambda x, p, shared: p / (1 - p), "variance-off"),
            (lambda x, p, shared: None, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "Inverted, spatial and variational dropout all multiply activations by random zeros. In "
        "what do they differ?",
        "Who shares a coin?",
        (
            "In which activations share a draw",
            "None in the first, the pixels of a map in the second, the time steps of a unit in "
            "the third.",
        ),
        (
            "In the probability with which an activation is dropped",
            "At the same p each activation is dropped with probability p in all of them.",
        ),
        (
            "In the variance of a single activation",
            "It is p / (1 - p) x² in all of them. What differs is the covariance of two.",
        ),
    ),
    multiple_choice(
        "A paper trains with “p = 0.8 on the inputs”, where p is the probability of retaining a "
        "unit. What do you write in PyTorch?",
        "Drop or keep?",
        (
            "`nn.Dropout(0.2)`",
            "PyTorch's p is the probability to drop.",
        ),
        (
            "`nn.Dropout(0.8)`",
            "That drops four of five inputs. It is how “0.5 to 0.8 for input layers” probably "
            "came into the world.",
        ),
        (
            "`nn.Dropout(1.25)`",
            "1.25 = 1 / 0.8 is the scale, and an error as a probability.",
        ),
    ),
    multiple_choice(
        "In which of these is no single weight dropped?",
        "Names that mislead",
        (
            "DropPath in a network with residual blocks",
            "It drops a whole branch for a case, whatever some code calls it.",
        ),
        (
            "Dropping entries of the recurrent weight matrix of an LSTM",
            "Single weights are dropped there, with one mask for a whole batch and all time steps.",
        ),
        (
            "Multiplying a weight matrix by random zeros",
            "That is DropConnect itself.",
        ),
    ),
    multiple_choice(
        "A layer called SpatialDropout1D drops channels of sequences (N, T, C), each for all of "
        "its time steps. Which layer of this chapter does the same?",
        "Names that mislead",
        (
            "`VariationalDropout(batch_first=True)`",
            "One mask for all time steps, under another name.",
        ),
        (
            "`nn.Dropout`",
            "That draws anew for every time step.",
        ),
        (
            "`nn.Dropout1d` on the same array",
            "Nearly: `nn.Dropout1d` wants (N, C, T). On (N, T, C) it drops whole time steps.",
        ),
    ),
    multiple_choice(
        "“Variational dropout” in a paper on sparse networks learns a dropout rate for each "
        "weight. Is that the variational dropout of recurrent networks?",
        "Names that mislead",
        (
            "No: two methods share the name",
            "Learned Gaussian noise (Kingma et al. 2015), and one mask for all time steps (Gal "
            "and Ghahramani 2016).",
        ),
        (
            "Yes, applied to single weights instead of units",
            "The recurrent one has a fixed rate and nothing is learned about it.",
        ),
        (
            "Yes, after training",
            "They are different methods by different authors under one name.",
        ),
    ),
    {
        "question": "Feature maps (8, 24, 10, 10) go through `Dropout2d`. How many coins are "
        "tossed?",
        "section": "Who shares a coin?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 192,
                "correct": True,
                "feedback": "8 cases times 24 maps.",
            },
            {
                "type": "value",
                "value": 19200,
                "correct": False,
                "feedback": "That is one per pixel, as `nn.Dropout` would.",
            },
            {
                "type": "value",
                "value": 24,
                "correct": False,
                "feedback": "Every case has its own draws.",
            },
            {
                "type": "default",
                "feedback": "One coin for each map of each case. Give the number in digits.",
            },
        ],
    },
]
