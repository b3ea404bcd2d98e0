"""Exercises and quiz of chapter 3."""

import math
import operator

import numpy as np

from ..checks import Diagnosis
from .answers import (
    as_number,
    called,
    close,
    described,
    judge_formula,
    nothing_back,
    numbers,
)
from .core import NOT_STARTED, Exercise, multiple_choice

SHAPES = {
    "units": ((5, 7), (4, 2, 6)),
    "maps": ((5, 3, 8, 6), (2, 9, 4, 7)),
    "sequence": ((9, 5, 7), (6, 8, 3)),
}


def judge_mask_shape(mask_shape):
    asked = [(group, shape) for group, shapes in SHAPES.items() for shape in shapes]
    given = {called("mask_shape", *question): mask_shape(*question) for question in asked}
    if diagnosis := nothing_back(given):
        return diagnosis
    for (group, shape), (call, answer) in zip(asked, given.items(), strict=True):
        sizes = _sizes(answer)
        if sizes is None:
            return Diagnosis(
                "not-a-shape",
                f"{call} gives {described(answer)}, which is no shape.",
                "a shape is a tuple of integers, such as (5, 1, 1)",
            )
        diagnosis = _judge_shape(group, shape, sizes)
        if diagnosis:
            return diagnosis
    return None


def _sizes(answer):
    """A tuple of integers out of a tuple, a list or an array of integers; else None."""
    try:
        sizes = tuple(operator.index(n) for n in answer)
    except TypeError:
        return None
    return None if isinstance(answer, str | bytes | dict | set) else sizes


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
    if any(n not in (1, length) for n, length in zip(answer, shape, strict=True)):
        return Diagnosis(
            "does-not-broadcast",
            f"{seen} A mask of that shape does not fit to x.",
            "each axis has either the length that x has there, or 1. Take the lengths from `shape`",
        )
    cases = 1 if group == "sequence" else 0
    if answer[cases] == 1:
        return Diagnosis(
            "cases-share",
            f"{seen} All cases lose the same.",
            "each case has its own draws: its axis keeps its length. Which axis is it?",
        )
    if group == "units":
        return Diagnosis(
            "units-share",
            f"{seen} There, units of a case are dropped together.",
            "here every entry decides for itself: nothing is shared along any axis",
        )
    name = {"maps": "a map", "sequence": "a unit"}[group]
    shared = [axis for axis, n in enumerate(answer) if n == 1]
    wanted = [axis for axis, n in enumerate(expected) if n == 1]
    if set(shared) < set(wanted):
        return Diagnosis(
            "shares-too-little",
            f"{seen} Parts of {name} still have draws of their own.",
            "a group is dropped whole: 1 along every axis that it reaches along",
        )
    if set(shared) > set(wanted):
        return Diagnosis(
            "shares-too-much",
            f"{seen} Along axis {min(set(shared) - set(wanted))} several groups share a draw.",
            f"{name} is dropped as a whole, but each one for itself",
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


def judge_to_p(answer):
    given = {called("to_p", *printed): answer(*printed) for printed in PRINTED}
    if diagnosis := nothing_back(given):
        return diagnosis
    values = numbers(given, "return the drop probability itself")
    if isinstance(values, Diagnosis):
        return values
    values = dict(zip(PRINTED, values.values(), strict=True))

    def follows(convention, rule):
        return all(
            close(value, rule(printed))
            for (printed, kind), value in values.items()
            if kind == convention
        )

    if not follows("drop", lambda v: v):
        return Diagnosis(
            "drop-changed",
            f"a drop probability of 0.2 became {values[0.2, 'drop']:.4g}.",
            "that one is p already",
        )
    if not follows("keep", lambda v: 1 - v):
        return _judge_keep(f"a retention of 0.8 became {values[0.8, 'keep']:.4g}", follows)
    if not follows("alpha", lambda a: a / (1 + a)):
        return _judge_alpha(f"α = 4 became {values[4.0, 'alpha']:.3g}", follows)
    return None


def _judge_keep(seen, follows):
    known = {
        "keep-unchanged": (lambda v: v, "", "kept with probability 0.8 is dropped with the rest"),
        "scale-instead": (
            lambda v: 1 / v,
            ": that is the scale",
            "1 / keep is what survivors are multiplied by; p is a probability",
        ),
        "odds-instead": (
            lambda v: v / (1 - v),
            ": those are the odds, kept to dropped",
            "odds are no probability: how many of 100 units are dropped?",
        ),
        "per-cent": (
            lambda v: 100 * (1 - v),
            ": that is per cent",
            "a probability lies between 0 and 1",
        ),
    }
    for code, (rule, what, advice) in known.items():
        if follows("keep", rule):
            return Diagnosis(code, f"{seen}{what}.", advice)
    return Diagnosis("keep-wrong", f"{seen}.", "kept with probability 0.8 is dropped with the rest")


def _judge_alpha(seen, follows):
    known = {
        "alpha-kept": (lambda a: 1 / (1 + a), "that is the probability to keep: p is the rest"),
        "alpha-unchanged": (lambda a: a, "α is the variance p / (1 - p), and no probability"),
        "alpha-backwards": (
            lambda a: a / (1 - a) if a != 1 else math.inf,
            "that turns a p into an α: solve for p",
        ),
        "alpha-sign": (
            lambda a: a / (a - 1) if a != 1 else math.inf,
            "no probability is larger than 1: look at the signs where you solved for p",
        ),
        "alpha-as-keep": (lambda a: 1 - a, "α is no probability to keep: it can be larger than 1"),
        "alpha-as-scale": (lambda a: 1 / a, "α is the variance of the noise, not its scale"),
        "alpha-as-deviation": (lambda a: a * a / (1 + a * a), "α is the variance already"),
        "alpha-root": (
            lambda a: math.sqrt(a) / (1 + math.sqrt(a)),
            "α is compared with the variance p / (1 - p), not with its root",
        ),
    }
    for code, (rule, advice) in known.items():
        if follows("alpha", rule):
            return Diagnosis(code, f"{seen}.", advice)
    return Diagnosis(
        "alpha-wrong", f"{seen}.", "α = p / (1 - p): at α = 1 a unit is as often dropped as kept"
    )


def to_p(value, convention):
    if convention == "keep":
        return 1 - value
    if convention == "alpha":  # α = p / (1 - p), solved for p
        return value / (1 + value)
    return value


def _to_p_with(**given):
    return lambda value, convention: given.get(convention, lambda v: to_p(v, convention))(value)


def judge_sum(answer):
    rng = np.random.default_rng(0)
    points = [
        (rng.uniform(-1, 2, size), p, shared)
        for size, p in ((4, 0.2), (3, 0.5), (6, 0.8))
        for shared in (False, True)
    ]
    return judge_formula(
        answer,
        points,
        variance_of_sum,
        _SUM_SLIPS,
        name="variance_of_sum",
        advice="Var[m x / (1 - p)] = p / (1 - p) x² for one unit: go on from there",
        hint="the sum is one random number, so it has one variance: add up over the units",
    )


_SHARING = (
    "with separate draws the variances add up; with one draw the sum is one number times the mask"
)
_SUM_SLIPS = {
    "shared-and-separate-mixed-up": (
        lambda x, p, shared: variance_of_sum(x, p, not shared),
        "shared and separate draws have changed places.",
        _SHARING,
    ),
    "always-separate": (
        lambda x, p, shared: variance_of_sum(x, p, False),
        "that is right for separate draws; `shared` has no effect.",
        _SHARING,
    ),
    "always-shared": (
        lambda x, p, shared: variance_of_sum(x, p, True),
        "that is right for one shared draw; `shared` has no effect.",
        _SHARING,
    ),
    "count-instead-of-square": (
        lambda x, p, shared: variance_of_sum(x, p, False) * (len(x) if shared else 1),
        "with one draw it is the number of activations times the sum of squares.",
        "that is right for activations that are all equal: what is the sum before the draw?",
    ),
    "signs-lost": (
        lambda x, p, shared: variance_of_sum(np.abs(x), p, shared),
        "the activations were added up without their signs.",
        "with one draw, a positive and a negative activation cancel before they are dropped",
    ),
    "mean-instead-of-sum": (
        lambda x, p, shared: variance_of_sum(x, p, shared) / len(x) ** (2 if shared else 1),
        "a mean was taken where a sum is asked for.",
        "the unit adds up: nothing is divided by the number of activations",
    ),
    "deviation-returned": (
        lambda x, p, shared: math.sqrt(variance_of_sum(x, p, shared)),
        "that is the standard deviation.",
        "the variance was asked for: leave the root out",
    ),
    "scale-forgotten": (
        lambda x, p, shared: variance_of_sum(x, p, shared) * (1 - p) ** 2,
        "the scale is not in it.",
        "p (1 - p) is the variance of the mask alone; the scale 1 / (1 - p) squares",
    ),
    "scaled-once": (
        lambda x, p, shared: variance_of_sum(x, p, shared) * (1 - p),
        "the scale entered once.",
        "a factor in front of a random number comes out of its variance squared",
    ),
    "keep-and-drop-swapped": (
        lambda x, p, shared: variance_of_sum(x, 1 - p, shared),
        "keep and drop are swapped: at p = 0.2 there would be much noise.",
        "p is the probability to drop: the noise grows with it",
    ),
    "second-moment": (
        lambda x, p, shared: variance_of_sum(x, p, shared) / p,
        "the factor is 1 / (1 - p): that is the mean of the square.",
        "Var = E[square] - (mean)², and dropout leaves the mean as it is",
    ),
    "noise-forgotten": (
        lambda x, p, shared: variance_of_sum(x, 0.5, shared),
        "p is not in it.",
        "the factor p / (1 - p) of a single unit is missing",
    ),
    "shared-only": (
        lambda x, p, shared: p / (1 - p) * (x.sum() ** 2 if shared else x.sum()),
        "with separate draws the activations are not squared.",
        "a factor in front of a random number comes out of its variance squared",
    ),
    "not-squared": (
        lambda x, p, shared: p / (1 - p) * x.sum(),
        "the activations are not squared.",
        "a factor in front of a random number comes out of its variance squared",
    ),
}


def variance_of_sum(x, p, shared):
    noise = p / (1 - p)
    if shared:  # the whole sum is kept or dropped
        return noise * x.sum() ** 2
    return noise * (x**2).sum()


def judge_coins(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    value = as_number(answer)
    if value is None:
        return Diagnosis(
            "not-one-number",
            f"{described(answer)} is no number.",
            "write it as Python would: 3 * 4",
        )
    if value == 16 * 100 * 20:
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
        100: (
            "inputs-of-one-case",
            "100 is the number of inputs of one case, which dropout would toss for.",
            "DropConnect drops weights, and each case has its own mask",
        ),
        320: (
            "outputs-counted",
            "320 is the number of outputs in the batch.",
            "DropConnect drops weights, not what they add up to",
        ),
        1920: (
            "units-counted",
            "1,920 = 16 × (100 + 20) is the number of inputs and outputs in the batch.",
            "what is dropped lies between them: each of 100 inputs reaches each of 20 outputs",
        ),
        120: (
            "units-counted",
            "120 is the number of inputs and outputs.",
            "what is dropped lies between them: each of 100 inputs reaches each of 20 outputs",
        ),
        32320: (
            "bias-counted",
            "32,320 counts the biases too.",
            "Wan et al. drop biases too, the library never does",
        ),
        2020: (
            "bias-counted",
            "2,020 is one mask, with the biases.",
            "the library never drops biases, and every case has its own mask",
        ),
        16000: (
            "dropped-counted",
            "16,000 is how many are dropped on average at p = 0.5.",
            "a coin is tossed for each, whichever way it falls",
        ),
    }
    if value in known:
        return Diagnosis(*known[value])
    return Diagnosis(
        "count-off",
        f"{value:,.6g} is not it.",
        "how many weights are there, and how many masks of them does one batch need?",
    )


EXERCISES = (
    Exercise(
        name="03-mask-shape",
        title="The shape of the mask",
        statement=(
            "Write `mask_shape(group, shape)`: the shape of the smallest keep-mask that broadcasts "
            "to an array `x` of the given shape (a tuple), with as many axes as x. Return a tuple "
            'of integers. `group` is `"units"` (every entry for itself, x of any shape with the '
            'cases first), `"maps"` (x is (N, C, H, W), feature maps are dropped whole) or '
            '`"sequence"` (x is (T, N, F), a unit is dropped at all time steps).'
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
            (_with(maps=lambda g, s: (s[0], 1, 1, 1)), "shares-too-much"),
            (_with(maps=lambda g, s: (*s[:3], 1)), "shares-too-little"),
            (_with(units=lambda g, s: (*s[:-1], 1)), "units-share"),
            (_with(maps=lambda g, s: (5, 3, 1, 1)), "does-not-broadcast"),
            (_with(maps=lambda g, s: (s[0], s[1], 1.0, 1.0)), "not-a-shape"),
            (_with(sequence=lambda g, s: None), "returns-nothing-here"),
            (_with(sequence=lambda g, s: (s[0], 1, s[2])), "cases-share"),
            (_with(sequence=lambda g, s: (s[0], s[1], 1)), "wrong-axis"),
            (_with(sequence=lambda g, s: s[1:]), "axes-missing"),
            (_with(maps=lambda g, s: (1, 1, *s[2:])), "cases-share"),
            (_with(units=lambda g, s: s[0]), "not-a-shape"),
            (_with(units=lambda g, s: (1, *s[1:])), "cases-share"),
            (lambda group, shape: None, "not-started"),
        ),
    ),
    Exercise(
        name="03-convert",
        title="What does the number mean?",
        statement=(
            "Write `to_p(value, convention)`: the drop probability that a printed number stands "
            'for. `convention` is `"drop"`, `"keep"`, or `"alpha"` for the variance $\\alpha = '
            "p/(1-p)$ of Gaussian noise: which p has the same variance? `value` and the result "
            'are numbers: `to_p(0.9, "drop")` is 0.9.'
        ),
        starter=(
            'def to_p(value, convention):\n    # your code\n    ...\n\n\ncheck("03-convert", to_p)'
        ),
        hints=(
            "Two of the three are one line of arithmetic.",
            "Kept with probability 0.8 is dropped with probability 0.2.",
            "α (1 − p) = p, so α = p (1 + α). Divide by 1 + α.",
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
            (_to_p_with(alpha=lambda v: v / (v - 1) if v != 1 else math.inf), "alpha-sign"),
            (_to_p_with(alpha=lambda v: 1 - v), "alpha-as-keep"),
            (_to_p_with(alpha=lambda v: 1 / v), "alpha-as-scale"),
            (_to_p_with(alpha=lambda v: math.sqrt(v) / (1 + math.sqrt(v))), "alpha-root"),
            (_to_p_with(alpha=lambda v: v / 2), "alpha-wrong"),
            (_to_p_with(keep=lambda v: v / (1 - v)), "odds-instead"),
            (_to_p_with(keep=lambda v: 100 * (1 - v)), "per-cent"),
            (_to_p_with(keep=lambda v: [1 - v]), "not-one-number"),
            (_to_p_with(alpha=lambda v: None), "returns-nothing-here"),
            (lambda value, convention: None, "not-started"),
        ),
    ),
    Exercise(
        name="03-coins",
        title="How many coins?",
        statement=(
            "A `DropConnectLinear` with 100 inputs and 20 outputs gets a batch of 16 cases. How "
            "many coins are tossed in one training step? (The library never drops biases.) "
            "Give the number, or the product."
        ),
        starter='coins = ...  # your answer\n\ncheck("03-coins", coins)',
        hints=(
            "What is dropped: inputs, outputs or weights?",
            "There are 100 × 20 weights between them.",
            "Every case of the batch has a mask of its own, as with every dropout of the book: "
            "multiply the three numbers.",
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
            (100, "inputs-of-one-case"),
            (16 * (100 + 20), "units-counted"),
            (120, "units-counted"),
            (2020, "bias-counted"),
            ("16 * 2000", "not-one-number"),
            ([32000], "not-one-number"),
            (136, "count-off"),
            (..., "not-started"),
        ),
    ),
    Exercise(
        name="03-sum",
        title="Noise in a sum",
        statement=(
            "A unit adds up the activations `x` (a vector, with both signs) after inverted "
            "dropout. Write `variance_of_sum(x, p, shared)`: the variance of what it hears, one "
            "number, if every activation has its own draw (`shared=False`), and if all of them "
            "share one (`shared=True`). Before you calculate: which of the two is larger for "
            "`[1., 1.]`, and which for `[1., -1.]`?"
        ),
        starter=(
            "def variance_of_sum(x, p, shared):\n    # your code\n    ...\n\n\n"
            'check("03-sum", variance_of_sum)'
        ),
        hints=(
            "One activation: the variance of m x / (1 − p) is p / (1 − p) x².",
            "Independent: variances add up.",
            "Shared: the sum is m times one number, Σx, so it is one activation of that size. The "
            "factor p / (1 − p) stands in front of `(x**2).sum()` or of `x.sum() ** 2`.",
        ),
        solution=variance_of_sum,
        explanation=(
            "$\\frac{p}{1-p}\\sum x^2$ against $\\frac{p}{1-p}(\\sum x)^2$. For $k$ equal "
            "activations the second is $k$ times the first: sharing a draw is what makes noise "
            "that does not average out. For `[1., -1.]` it is 0: the two cancel, kept or not."
        ),
        judge=judge_sum,
        wrong_answers=(
            (
                lambda x, p, shared: variance_of_sum(x, p, not shared),
                "shared-and-separate-mixed-up",
            ),
            (lambda x, p, shared: variance_of_sum(x, p, False), "always-separate"),
            (lambda x, p, shared: variance_of_sum(x, p, True), "always-shared"),
            (
                lambda x, p, shared: variance_of_sum(x, p, False) * (len(x) if shared else 1),
                "count-instead-of-square",
            ),
            (lambda x, p, shared: variance_of_sum(np.abs(x), p, shared), "signs-lost"),
            (lambda x, p, shared: variance_of_sum(x, 1 - p, shared), "keep-and-drop-swapped"),
            (lambda x, p, shared: (1 - p) * variance_of_sum(x, p, shared), "scaled-once"),
            (lambda x, p, shared: variance_of_sum(x, p, shared) / p, "second-moment"),
            (lambda x, p, shared: p / (1 - p) * x**2, "not-one-number"),
            (
                lambda x, p, shared: p / (1 - p) * (x.mean() ** 2 if shared else (x**2).mean()),
                "mean-instead-of-sum",
            ),
            (
                lambda x, p, shared: p / (1 - p) * (x.sum() ** 2 if shared else x.sum()),
                "shared-only",
            ),
            (lambda x, p, shared: math.sqrt(variance_of_sum(x, p, shared)), "deviation-returned"),
            (lambda x, p, s: (1 - p) ** 2 * variance_of_sum(x, p, s), "scale-forgotten"),
            (lambda x, p, shared: variance_of_sum(x, 0.5, shared), "noise-forgotten"),
            (lambda x, p, shared: p / (1 - p) * x.sum(), "not-squared"),
            (lambda x, p, shared: p / (1 - p), "another-formula"),
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
