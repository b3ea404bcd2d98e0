"""Exercises and quiz of chapter 8.1: three of the exercises judge tests, not dropouts."""

import math
import time
from itertools import product

import numpy as np

from ..checks import Diagnosis
from ..checks.mutants import elementwise as mutants
from ..scratch import Dropout
from .answers import agrees, first_wrong
from .core import NOT_STARTED, Exercise, multiple_choice

LONG_ENOUGH = 0.1  # seconds for right layers


def _maker(layer_class, shift=0):
    """``make(p, seed)`` of a layer class, with other random numbers for another shift."""
    return lambda p, seed: layer_class(p, rng=np.random.default_rng(1000 * shift + seed))


class _AlwaysTheSameMask(mutants.Textbook):
    """One row is drawn for each width, and used for every case of every pass."""

    def draw(self, x):
        row = np.random.default_rng(x.shape[-1]).random(x.shape[-1]) >= self.p
        return np.broadcast_to(row, x.shape)


class _HandsOnToTheNeighbour(mutants.Textbook):
    """Each unit says what the one before it should: the mean over all units is kept."""

    def apply(self, x, mask):
        return super().apply(np.roll(x, 1, axis=-1), mask)


class _IgnoresWhatComesIn(mutants.Textbook):
    """Its backward says how much each unit was scaled, whatever the gradient behind it."""

    def gradient(self, grad_output):
        return self.apply(np.ones_like(grad_output), self.mask)


class _FiveMasks(mutants.Textbook):
    """Five masks are dealt out in turn, fresh ones in every pass."""

    def draw(self, x):
        masks = self.rng.random((5, *x.shape[1:])) >= self.p
        return masks[np.arange(len(x)) % 5]


def _judge_test(test, wrong_ones, right_seeds=6):
    """What is wrong with a test: it has to pass on right layers and fail on each wrong one.

    Args:
        test: ``test(make)`` returns True if all is well.
        wrong_ones: tuples (layer class, code, what is wrong with it, hint).
        right_seeds: with how many random numbers the right layers are shown to it.
    """
    right = [_maker(layer, i) for i in range(right_seeds) for layer in (Dropout, mutants.Textbook)]
    answers, start = [], time.perf_counter()
    for make in right:
        if len(answers) >= 4 and time.perf_counter() - start > LONG_ENOUGH:
            break  # a test that draws one by one
        try:
            answers.append(test(make))
        except Exception as error:
            return Diagnosis(
                "raises-on-a-right-one",
                f"on a right dropout your test raised {type(error).__name__}: {error}",
                "try it on `make = lambda p, seed: Dropout(p, rng=np.random.default_rng(seed))`",
            )
    if all(answer is None for answer in answers):
        return NOT_STARTED
    if not all(isinstance(answer, bool | np.bool_) for answer in answers):
        return Diagnosis(
            "no-verdict",
            f"it returns {type(answers[0]).__name__}, and a verdict is asked for.",
            "return True if all is well, False if not: `bool((off < allowed).all())`",
        )
    false = sum(not answer for answer in answers)
    if false == len(answers) and all(_passes(test, _maker(layer)) for layer, *_ in wrong_ones):
        return Diagnosis(
            "turned-round",
            "it returns False for each right dropout, and True for each wrong one.",
            "True is to mean that all is well",
        )
    if false == len(answers):
        return Diagnosis(
            "false-alarm",
            f"it fails on all of {len(answers)} right dropouts.",
            "try it on `make = lambda p, seed: Dropout(p, rng=np.random.default_rng(seed))` and "
            "print both sides of your comparison: does it compare the right things, and does the "
            "tolerance fit the draws or the rounding?",
        )
    if false:
        return Diagnosis(
            "false-alarm",
            f"it fails on {false} of {len(answers)} right dropouts, which differ in their random "
            "numbers only.",
            "derive how far chance may carry the result, or compare under one mask, where "
            "nothing is left to chance",
        )
    for layer, code, message, hint in wrong_ones:
        if _passes(test, _maker(layer)):
            return Diagnosis(code, message, hint)
    return None


def _passes(test, make):
    try:
        return bool(test(make))
    except Exception:  # a wrong layer may raise: that is a failed test
        return False


# --- equal sums ----------------------------------------------------------------------------------


def chance_of_equal_sums(x, p):
    chance = 0.0
    for mask in product((0, 1), repeat=len(x)):
        kept = sum(m * value for m, value in zip(mask, x, strict=True))
        if math.isclose(kept, (1 - p) * sum(x)):  # kept / (1 - p) is the sum
            dropped = mask.count(0)
            chance += p**dropped * (1 - p) ** (len(x) - dropped)
    return chance


def _counts_masks(x, p):
    masks = list(product((0, 1), repeat=len(x)))
    return sum(math.isclose(np.dot(m, x), (1 - p) * sum(x)) for m in masks) / len(masks)


def _without_scale(x, p):
    masks = np.array(list(product((0, 1), repeat=len(x))))
    chances = np.prod(np.where(masks, 1 - p, p), axis=1)
    return float(chances[np.isclose(masks @ np.asarray(x), sum(x))].sum())


def _of_some_runs(x, p):
    masks = np.random.default_rng(0).random((200, len(x))) >= p
    return float(np.isclose(masks @ np.asarray(x), (1 - p) * sum(x)).mean())


def _chance_swapped(x, p):
    masks = np.array(list(product((0, 1), repeat=len(x))))
    chances = np.prod(np.where(masks, p, 1 - p), axis=1)
    return float(chances[np.isclose(masks @ np.asarray(x), (1 - p) * sum(x))].sum())


def _compared_exactly(x, p):
    masks = list(product((0, 1), repeat=len(x)))
    equal = [sum(m * v for m, v in zip(mask, x, strict=True)) == (1 - p) * sum(x) for mask in masks]
    dropped = [mask.count(0) for mask in masks]
    return sum(
        e * p**k * (1 - p) ** (len(x) - k) for e, k in zip(equal, dropped, strict=True)
    )  # fmt: skip


def _counts_units(x, p):
    stay = (1 - p) * len(x)
    if not math.isclose(stay, round(stay)):
        return 0.0
    stay = round(stay)
    return math.comb(len(x), stay) * (1 - p) ** stay * p ** (len(x) - stay)


def judge_equal_sums(answer):
    cases = (
        ([1.0, 2.0, 3.0, 4.0], 0.5),
        ([1.0, 1.0, 1.0, 1.0], 0.25),
        ([2.0, 1.0, 1.0, 4.0], 0.75),
        ([1.0, 2.0, 3.0, 4.0], 0.9),  # 1 - 0.9 is not quite 0.1
        ([1.0, 3.0, 0.5], 0.5),
        ([2.0, 1.0, 1.0, 2.0, 3.0, 1.0], 0.6),
    )
    answers = [answer(list(x), p) for x, p in cases]
    if any(value is None for value in answers):
        return NOT_STARTED

    def agree_with(formula):
        return agrees(answers, cases, formula, atol=1e-9)

    if agree_with(chance_of_equal_sums):
        return None
    slips = {
        "masks-alike": (
            _counts_masks,
            "that counts masks as if all were equally probable, which holds at p = 0.5 alone.",
            "a mask that drops k of n units has the probability p^k (1 − p)^(n − k)",
        ),
        "without-scale": (
            _without_scale,
            "that is the chance that nothing which counts is dropped.",
            "what is kept is divided by 1 − p before it is summed",
        ),
        "keep-and-drop-swapped": (
            _chance_swapped,
            "each mask got the probability of its opposite.",
            "p is the probability to drop: a mask's zeros count p each, its ones 1 − p",
        ),
        "compared-exactly": (
            _compared_exactly,
            "for [1, 2, 3, 4] and p = 0.9 it gives 0, although the mask that keeps the 1 alone "
            "leaves the sum as it is: 1 − 0.9 is not exactly 0.1 in floating point.",
            "sums of such numbers are compared with math.isclose, not with ==",
        ),
        "units-counted": (
            _counts_units,
            "that is the chance that the share of units kept is 1 − p.",
            "the units differ: it is their sum that has to stay, not their number",
        ),
    }
    for code, (formula, message, hint) in slips.items():
        if agree_with(formula):
            return Diagnosis(code, message, hint)
    right = [chance_of_equal_sums(x, p) for x, p in cases]
    if all(abs(a - b) < 0.15 for a, b in zip(answers, right, strict=True)):
        return Diagnosis(
            "near",
            "near, but not equal: it gives "
            f"{', '.join(f'{value:.4g}' for value in answers)} where "
            f"{', '.join(f'{chance:.4g}' for chance in right)} are right.",
            "there are only 2^n masks: go through all of them instead of drawing some, and compare "
            "sums with math.isclose",
        )
    (x, p), wrong, chance = first_wrong(answers, cases, chance_of_equal_sums)
    return Diagnosis(
        "another-number",
        f"for {list(x)} and p = {p} it gives {wrong:.4g}, and {chance:.4g} is right.",
        "go through all masks with itertools.product((0, 1), repeat=len(x))",
    )


# --- how many draws ------------------------------------------------------------------------------


def enough_draws(error, p):
    return 144 / error**2 * p / (1 - p)


def judge_enough_draws(answer):
    points = ((0.5, 0.5), (0.01, 0.2), (0.1, 0.9))
    answers = [answer(error, p) for error, p in points]
    if any(value is None for value in answers):
        return NOT_STARTED

    def is_(value, wanted):  # or the next whole number
        return math.isclose(value, wanted, rel_tol=1e-6) or 0 <= value - wanted <= 1 + 1e-6

    def agree_with(formula):
        return all(is_(a, formula(*point)) for a, point in zip(answers, points, strict=True))

    if agree_with(enough_draws):
        return None
    slips = {
        "six-only": (
            lambda e, p: 36 / e**2 * p / (1 - p),
            "with so many draws the mean of the wrong one lies on the limit, and half of the runs "
            "let it pass.",
            "six standard deviations are allowed, and chance may take back six more",
        ),
        "not-squared": (
            lambda e, p: 12 / e * math.sqrt(p / (1 - p)),
            "that is the square root of it.",
            "the standard deviation of a mean falls with the root of N: solve for N",
        ),
        "error-not-squared": (
            lambda e, p: 144 / e * p / (1 - p),
            "half the error wants four times as many draws, not twice.",
            "the standard deviation of a mean falls with the root of N: solve for N",
        ),
        "keep-and-drop-swapped": (
            lambda e, p: 144 / e**2 * (1 - p) / p,
            "keep and drop are swapped: there is more noise at p = 0.9 than at 0.1.",
            "the variance of y is p / (1 − p) x²",
        ),
        "not-scaled": (
            lambda e, p: 144 / e**2 * p * (1 - p),
            "that is for the mask alone, whose variance is p (1 − p).",
            "y = m x / (1 − p): its variance is p / (1 − p) x²",
        ),
        "twelve-not-squared": (
            lambda e, p: 12 / e**2 * p / (1 - p),
            "everything was squared but the twelve.",
            "(12 · deviation)² is 144 · variance",
        ),
        "six-and-six-as-variances": (
            lambda e, p: 72 / e**2 * p / (1 - p),
            "six and six were added in squares: that is 8.5 standard deviations, not twelve.",
            "the limit lies six away from the right mean, and the wrong mean six beyond the limit: "
            "distances add",
        ),
        "scale-squared": (
            lambda e, p: 144 / e**2 * p / (1 - p) ** 2,
            "the variance is divided by 1 − p once too often.",
            "p (1 − p) is the variance of the mask; the scale divides it by (1 − p)², once",
        ),
    }
    for code, (formula, message, hint) in slips.items():
        if agree_with(formula):
            return Diagnosis(code, message, hint)
    (error, p), wrong = next(
        (point, value)
        for point, value in zip(points, answers, strict=True)
        if not is_(value, enough_draws(*point))
    )
    return Diagnosis(
        "another-formula",
        f"for error = {error} and p = {p} it gives {wrong:.7g}, and "
        f"{enough_draws(error, p):.7g} are needed.",
        "set the error, ε x, equal to twelve standard deviations of the mean and solve for N",
    )


# --- a test of the mean --------------------------------------------------------------------------


def mean_test(make):
    draws, x = 3000, np.linspace(0.5, 3, 20)
    for p in (0.2, 0.7):
        mean = make(p, 0).forward(np.tile(x, (draws, 1))).mean(axis=0)
        allowed = 6 * x * np.sqrt(p / (1 - p) / draws)
        if not (np.abs(mean - x) < allowed).all():
            return False
    return True


def _mean_of_one_draw(make):
    x = np.array([1.0, 2.0, 3.0, 4.0])
    return bool(make(0.5, 0).forward(x).sum() == x.sum())


def _mean_two_sigma(make):
    draws, x = 400, np.linspace(0.5, 3, 20)
    mean = make(0.7, 0).forward(np.tile(x, (draws, 1))).mean(axis=0)
    return bool((np.abs(mean - x) < 2 * x * np.sqrt(0.7 / 0.3 / draws)).all())


def _mean_at_half(make):
    x = np.linspace(0.5, 3, 20)
    mean = make(0.5, 0).forward(np.tile(x, (3000, 1))).mean(axis=0)
    return bool((np.abs(mean - x) < 6 * x * np.sqrt(1 / 3000)).all())


def _mean_at_one_rate(make):
    x = np.linspace(0.5, 3, 20)
    mean = make(0.7, 0).forward(np.tile(x, (3000, 1))).mean(axis=0)
    return bool((np.abs(mean - x) < 6 * x * np.sqrt(0.7 / 0.3 / 3000)).all())


def _mean_without_abs(make):
    x = np.linspace(0.5, 3, 20)
    return all(
        bool(
            (
                make(p, 0).forward(np.tile(x, (3000, 1))).mean(axis=0) - x
                < 6 * x * np.sqrt(p / (1 - p) / 3000)
            ).all()
        )
        for p in (0.2, 0.7)
    )


def _mean_of_everything(make):
    x = np.tile(np.linspace(0.5, 3, 20), (3000, 1))
    means = [make(p, 0).forward(x).mean() for p in (0.2, 0.7)]
    return bool(np.allclose(means, x.mean(), rtol=0.06))


def _mean_loose(make):
    x = np.tile(np.linspace(0.5, 3, 20), (3000, 1))
    return all(
        bool(np.allclose(make(p, 0).forward(x).mean(axis=0), x[0], rtol=2.0)) for p in (0.2, 0.7)
    )


def _mean_of_ones(make):
    x = np.ones((3000, 20))
    return all(
        bool(
            (np.abs(make(p, 0).forward(x).mean(axis=0) - 1) < 6 * np.sqrt(p / (1 - p) / 3000)).all()
        )
        for p in (0.2, 0.7)
    )


def judge_mean_test(test):
    rates = set()

    def noting(make):
        def make_and_note(p, seed):
            rates.add(p)
            return make(p, seed)

        return test(make_and_note)

    problem = _judge_test(
        noting,
        (
            (
                mutants.MultipliesByKeep,
                "sees-nothing",
                "it passes a dropout that multiplies by 1 − p where it should divide.",
                "six standard deviations of a mean of a few thousand draws are a few per cent",
            ),
            (
                mutants.KeepsWithProbabilityP,
                "one-half-only",
                "it passes a dropout with keep and drop swapped.",
                "at p = 0.5 the two are the same: try other rates as well",
            ),
            (
                mutants.SparesLargeActivations,
                "activations-alike",
                "it passes a dropout that spares large activations at the cost of small ones.",
                "give the units different activations, and look at the mean of each",
            ),
            (
                _HandsOnToTheNeighbour,
                "units-thrown-together",
                "it passes a dropout that hands each unit's activation on to its neighbour: the "
                "mean over all units is right, that of a unit is not.",
                "take the mean over the draws alone, axis 0, and compare unit by unit",
            ),
            (
                mutants.ForgetsTheScale,
                "scale-missed",
                "it passes a dropout that forgets the scale.",
                "compare the mean over the draws with x",
            ),
        ),
    )
    if problem is None and len(rates) < 2:
        return Diagnosis(
            "one-rate",
            f"it tries the rate {min(rates):g} only: a dropout that uses this rate whatever it is "
            "told would pass.",
            "the statement asks for more than one rate: a loop over two of them",
        )
    return problem


# --- a test of the gradient ----------------------------------------------------------------------


def gradient_test(make):
    rng, step = np.random.default_rng(0), 1e-6
    x, to_loss = rng.uniform(1, 2, (3, 4)), rng.standard_normal((3, 4))

    def loss(x):  # the same seed gives the same mask
        return (to_loss * make(0.3, 0).forward(x)).sum()

    numerical = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        numerical[index] = (loss(x + shift) - loss(x - shift)) / (2 * step)
    layer = make(0.3, 0)
    layer.forward(x)
    return bool(np.abs(layer.backward(to_loss) - numerical).max() < 1e-6)


def _numerical(loss, x, step):
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        slopes[index] = (loss(x + shift) - loss(x - shift)) / (2 * step)
    return slopes


def _gradient_fresh_masks(make):
    x, layer = np.random.default_rng(0).uniform(1, 2, (3, 4)), make(0.3, 0)
    numerical = _numerical(lambda x: layer.forward(x).sum(), x, 1e-6)
    return bool(np.abs(layer.backward(np.ones_like(x)) - numerical).max() < 1e-6)


def _gradient_float32(make):
    x = np.random.default_rng(0).uniform(1, 2, (3, 4)).astype(np.float32)
    numerical = _numerical(lambda x: make(0.3, 0).forward(x).sum(), x, np.float32(1e-6))
    layer = make(0.3, 0)
    layer.forward(x)
    return bool(np.abs(layer.backward(np.ones_like(x)) - numerical).max() < 1e-6)


def _gradient_of_sum(make):
    layer, x = make(0.3, 0), np.random.default_rng(0).uniform(1, 2, (3, 4))
    numerical = _numerical(lambda x: make(0.3, 0).forward(x).sum(), x, 1e-6)
    layer.forward(x)
    return bool(abs(layer.backward(np.ones_like(x)).mean() - numerical.mean()) < 0.7)


def _gradient_shape(make):
    layer, x = make(0.3, 0), np.ones((3, 4))
    layer.forward(x)
    return layer.backward(np.ones_like(x)).shape == x.shape


def _gradient_zeros(make):
    layer, x = make(0.3, 0), np.random.default_rng(0).uniform(1, 2, (3, 4))
    out = layer.forward(x)
    return bool(((layer.backward(np.ones_like(x)) != 0) == (out != 0)).all())


def _gradient_of_ones(make):
    layer, x = make(0.3, 0), np.random.default_rng(0).uniform(1, 2, (3, 4))
    numerical = _numerical(lambda x: make(0.3, 0).forward(x).sum(), x, 1e-6)
    layer.forward(x)
    return bool(np.abs(layer.backward(np.ones_like(x)) - numerical).max() < 1e-6)


def _gradient_number(make):
    layer, x = make(0.3, 0), np.ones((3, 4))
    layer.forward(x)
    return float(np.abs(layer.backward(np.ones_like(x))).max())


def judge_gradient_test(test):
    return _judge_test(
        test,
        (
            (
                mutants.BackwardWithoutMask,
                "mask-missed",
                "it passes a backward without a mask.",
                "compare entry by entry with finite differences under forward's mask",
            ),
            (
                mutants.BackwardDrawsAgain,
                "fresh-mask-missed",
                "it passes a backward that draws a mask of its own.",
                "compare entry by entry with finite differences under forward's mask",
            ),
            (
                mutants.BackwardWithoutScale,
                "scale-missed",
                "it passes a backward that leaves the scale out.",
                "where the gradient is 0 is half of the question; how large it is elsewhere is "
                "the other half",
            ),
            (
                mutants.MultipliesByTheOutput,
                "x-alike",
                "it passes a backward that multiplies by x.",
                "if every x is 1, nobody sees a factor x",
            ),
            (
                mutants.BackwardScalesTwice,
                "scale-missed",
                "it passes a backward that scales twice.",
                "compare how large the entries are, within rounding",
            ),
            (
                mutants.BackwardTurnsTheMaskRound,
                "mask-missed",
                "it passes a backward whose mask is turned round.",
                "compare entry by entry with finite differences under forward's mask",
            ),
            (
                _IgnoresWhatComesIn,
                "weights-alike",
                "it passes a backward that ignores the gradient that comes in.",
                "if all weights of the loss are 1, nobody sees whether backward multiplies by "
                "them: take weights that differ",
            ),
        ),
        right_seeds=4,
    )


# --- a test of the masks -------------------------------------------------------------------------


def masks_test(make):
    layer, x = make(0.5, 0), np.ones((64, 100))
    masks = np.concatenate([layer.forward(x) != 0 for _ in range(4)])
    return len(np.unique(masks, axis=0)) == len(masks)


def _masks_two_passes(make):
    layer, x = make(0.5, 0), np.ones((64, 100))
    return bool((layer.forward(x) != layer.forward(x)).any())


def _masks_two_cases(make):
    out = make(0.5, 0).forward(np.ones((64, 100)))
    return bool((out[0] != out[1]).any())


def _masks_one_pass(make):
    out = make(0.5, 0).forward(np.ones((64, 100)))
    return len(np.unique(out, axis=0)) == 64


def _masks_few_units(make):
    layer, x = make(0.5, 0), np.ones((64, 6))
    masks = np.concatenate([layer.forward(x) != 0 for _ in range(4)])
    return len(np.unique(masks, axis=0)) == len(masks)


def _masks_of_new_layers(make):
    x = np.ones((64, 100))
    masks = np.concatenate([make(0.5, seed).forward(x) != 0 for seed in range(4)])
    return len(np.unique(masks, axis=0)) == len(masks)


def _masks_rate(make):
    out = make(0.5, 0).forward(np.ones((200, 200)))
    return bool(abs((out == 0).mean() - 0.5) < 0.02)


def judge_masks_test(test):
    return _judge_test(
        test,
        (
            (
                _AlwaysTheSameMask,
                "masks-not-compared",
                "it passes a dropout that has one mask for all cases and all passes.",
                "compare masks with each other: case with case, and pass with pass",
            ),
            (
                mutants.OneMaskForTheBatch,
                "cases-not-compared",
                "it passes a dropout that draws one mask for all cases of a batch.",
                "compare the cases of one pass with each other too",
            ),
            (
                _FiveMasks,
                "neighbours-only",
                "it passes a dropout that deals out five masks in turn within a batch.",
                "compare all cases with all others: len(np.unique(masks, axis=0))",
            ),
            (
                mutants.SeedsInForward,
                "passes-not-compared",
                "it passes a dropout that draws the same masks in every pass.",
                "run several passes through the *same* layer and compare",
            ),
            (
                mutants.DrawsOnceOnly,
                "new-layers-only",
                "it passes a layer that draws in its first pass and keeps those masks for good.",
                "make one layer, and run it several times",
            ),
            (
                mutants.CyclesTwoMasks,
                "two-passes-only",
                "it passes a dropout that has two sets of masks and takes them in turn.",
                "two passes are not enough: take four, and compare all cases of all of them",
            ),
        ),
    )


_STARTER = 'def {name}({arguments}):\n    # your code\n    ...\n\n\ncheck("{exercise}", {name})'

EXERCISES = (
    Exercise(
        name="08-1-equal-sums",
        title="How often does the line tell the truth?",
        statement=(
            "Write `chance_of_equal_sums(x, p)`: the probability, exactly, that the sum of a list "
            "of at most ten activations `x` is the same before and after inverted dropout with "
            "0 < p < 1. For `[1, 2, 3, 4]` and p = 0.5 it is 1/8."
        ),
        starter=_STARTER.format(
            name="chance_of_equal_sums", arguments="x, p", exercise="08-1-equal-sums"
        ),
        hints=(
            "Ten activations have 1,024 masks. You can afford to look at all of them.",
            "`itertools.product((0, 1), repeat=len(x))` gives the masks. Add up the probabilities "
            "of those whose kept sum is (1 − p) times the sum of x.",
            "A mask with k zeros has the probability p**k * (1 - p)**(n - k); compare sums with "
            "`math.isclose`, since 1 − p is rarely exact.",
        ),
        solution=chance_of_equal_sums,
        explanation=(
            "For most activations it is 0: their sums are kept on average, and never. With four "
            "equal ones and p = 0.25 exactly three have to stay, which happens in 42% of the runs."
        ),
        judge=judge_equal_sums,
        wrong_answers=(
            (_counts_masks, "masks-alike"),
            (_without_scale, "without-scale"),
            (_chance_swapped, "keep-and-drop-swapped"),
            (_compared_exactly, "compared-exactly"),
            (_counts_units, "units-counted"),
            (_of_some_runs, "near"),
            (lambda x, p: 1.0, "another-number"),
            (lambda x, p: None, "not-started"),
            (lambda x: 0.0, "other-arguments"),
        ),
    ),
    Exercise(
        name="08-1-enough-draws",
        title="How many draws?",
        statement=(
            "A test takes the mean of N draws of dropout's output and allows six standard "
            "deviations. Write `enough_draws(error, p)`: the N from which on it finds nearly every "
            "time that the scale is wrong by the share `error`, that is, for which the error is "
            "twelve standard deviations of the mean. (Take the standard deviation of the "
            "right dropout. Whether you round up is up to you.)"
        ),
        starter=_STARTER.format(
            name="enough_draws", arguments="error, p", exercise="08-1-enough-draws"
        ),
        hints=(
            "One draw of y has the standard deviation x √(p / (1 − p)). And the mean of N draws?",
            "The mean is off by error · x. Set this equal to 12 · x · √(p / ((1 − p) N)).",
            "x cancels. Square both sides: error² = 144 · p / ((1 − p) N).",
        ),
        solution=enough_draws,
        explanation=(
            "Half the error wants four times the draws. That is why what can be tested exactly, "
            "under a given mask, should be."
        ),
        judge=judge_enough_draws,
        wrong_answers=(
            (lambda e, p: 36 / e**2 * p / (1 - p), "six-only"),
            (lambda e, p: 12 / e * math.sqrt(p / (1 - p)), "not-squared"),
            (lambda e, p: 144 / e * p / (1 - p), "error-not-squared"),
            (lambda e, p: 144 / e**2 * (1 - p) / p, "keep-and-drop-swapped"),
            (lambda e, p: 144 / e**2 * p * (1 - p), "not-scaled"),
            (lambda e, p: 12 / e**2 * p / (1 - p), "twelve-not-squared"),
            (lambda e, p: 72 / e**2 * p / (1 - p), "six-and-six-as-variances"),
            (lambda e, p: 144 / e**2 * p / (1 - p) ** 2, "scale-squared"),
            (lambda e, p: 1000, "another-formula"),
            (lambda e, p: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-1-mean-test",
        title="A test of the mean",
        statement=(
            "Write `mean_test(make)`, where `make(p, seed)` gives a fresh dropout layer with "
            "`forward(x)`: True if every unit's mean over many draws is its activation, as far as "
            "chance allows, at more than one rate; False if not. It must pass on right "
            "dropouts, whatever their random numbers, and fail if the scale is forgotten, if keep "
            "and drop are swapped, or if large activations are spared at the cost of small ones."
        ),
        starter=_STARTER.format(name="mean_test", arguments="make", exercise="08-1-mean-test"),
        hints=(
            "The function `mean_is_kept` of this chapter does nearly all of it. At which rates?",
            "Stack many copies of one row of different activations: `np.tile(x, (3000, 1))`. The "
            "mean along axis 0 has one entry per unit.",
            "Allow `6 * x * np.sqrt(p / (1 - p) / draws)`, and try p = 0.2 and p = 0.7.",
        ),
        solution=mean_test,
        explanation=(
            "Three choices carry it: a rate that is not one half, activations that differ, and a "
            "tolerance that was derived."
        ),
        judge=judge_mean_test,
        wrong_answers=(
            (_mean_of_one_draw, "false-alarm"),
            (_mean_two_sigma, "false-alarm"),
            (_mean_loose, "sees-nothing"),
            (_mean_at_half, "one-half-only"),
            (_mean_of_ones, "activations-alike"),
            (_mean_of_everything, "units-thrown-together"),
            (_mean_at_one_rate, "one-rate"),
            (_mean_without_abs, "sees-nothing"),
            (lambda make: not mean_test(make), "turned-round"),
            (lambda make: True, "sees-nothing"),
            (lambda make: make(0.5, 0).forward(np.ones((9, 9))).mean(), "no-verdict"),
            (lambda make: make(0.5).forward(np.ones(9)), "raises-on-a-right-one"),
            (lambda make: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-1-gradient-test",
        title="A test of the gradient",
        statement=(
            "Write `gradient_test(make)`: True if `backward` agrees with finite differences under "
            "forward's mask, entry by entry, and False if not. `make(p, seed)` gives a fresh layer "
            "with `forward(x)` and `backward(grad_output)`; twice with the same seed, it gives two "
            "layers that draw the same mask in their first pass. The test must pass on right "
            "layers and fail on a backward that forgets the mask or the scale, draws a mask of its "
            "own, multiplies by x, or ignores the gradient that comes in."
        ),
        starter=_STARTER.format(
            name="gradient_test", arguments="make", exercise="08-1-gradient-test"
        ),
        hints=(
            "Which loss? A sum of the outputs with fixed weights that differ will do: its gradient "
            "by the outputs is those weights.",
            "For every entry of x: shift it by ±1e-6, take the loss of a *fresh* "
            "`make(0.3, 0)` both times, and divide the difference by 2e-6.",
            "Compare with `layer.backward(weights)` after `layer.forward(x)`, where layer is "
            "`make(0.3, 0)` too; 64-bit numbers, activations that differ.",
        ),
        solution=gradient_test,
        explanation=(
            "A fresh layer with the same seed is one way to the same mask; `forward(x, mask=m)` is "
            "another. Without either, each of the losses belongs to another function."
        ),
        judge=judge_gradient_test,
        wrong_answers=(
            (_gradient_fresh_masks, "false-alarm"),
            (_gradient_float32, "false-alarm"),
            (_gradient_shape, "mask-missed"),
            (_gradient_of_sum, "mask-missed"),
            (_gradient_zeros, "scale-missed"),
            (_gradient_of_ones, "weights-alike"),
            (lambda make: not gradient_test(make), "turned-round"),
            (_gradient_number, "no-verdict"),
            (lambda make: None, "not-started"),
            (lambda make: make(0.5), "raises-on-a-right-one"),
        ),
    ),
    Exercise(
        name="08-1-masks-test",
        title="A test of the masks",
        statement=(
            "Write `masks_test(make)`, where `make(p, seed)` gives a fresh dropout layer with "
            "`forward(x)`: True if each case of each pass through a layer has a mask "
            "of its own, False if masks come again, within a batch or from pass to pass. (Use "
            "enough units, so that two honest draws are never equal.)"
        ),
        starter=_STARTER.format(name="masks_test", arguments="make", exercise="08-1-masks-test"),
        hints=(
            "Send ones through the layer: then `out != 0` is the mask.",
            "Run the same layer several times and put the masks of all passes below each other "
            "with `np.concatenate`.",
            "`np.unique(masks, axis=0)` has one row for each different mask: are there as many as "
            "there are cases?",
        ),
        solution=masks_test,
        explanation=(
            "With 100 units at p = 0.5 two masks are equal with probability 2⁻¹⁰⁰, so this test "
            "needs no tolerance. It finds the mistake that cost nothing in this chapter's curves."
        ),
        judge=judge_masks_test,
        wrong_answers=(
            (_masks_rate, "masks-not-compared"),
            (_masks_two_passes, "cases-not-compared"),
            (_masks_two_cases, "neighbours-only"),
            (_masks_one_pass, "passes-not-compared"),
            (_masks_of_new_layers, "new-layers-only"),
            (_masks_few_units, "false-alarm"),
            (lambda make: _masks_one_pass(make) and _masks_two_passes(make), "two-passes-only"),
            (lambda make: None, "not-started"),
        ),
    ),
)


QUIZ = [
    multiple_choice(
        "Example 1 prints 'Expected sum preserved' and two numbers that differ. What is wrong?",
        "The function as it is given",
        (
            "The line: it announces an expectation and shows one draw",
            "The mean over all masks is the sum of x; one draw of it need not be.",
        ),
        (
            "The scale: it should be 1 / p, and 1 / (1 − p) is too large",
            "At p = 0.5 that is the same number. The scale is right at every p.",
        ),
        (
            "The mask: it keeps too few units",
            "Each unit is kept with probability 1 − p; how many stay varies from run to run.",
        ),
    ),
    multiple_choice(
        "A test of dropout allows two standard deviations for each of 50 means. How will it "
        "behave on right code, with a new seed each time?",
        "Pitfalls",
        (
            "It fails in most runs",
            "Each mean is outside in nearly 5% of runs, and some one of 50 in about nine of ten.",
        ),
        (
            "It fails in about one run of twenty",
            "That would be so if it looked at a single mean.",
        ),
        (
            "It never fails, as the code is right",
            "The code is right, and chance goes beyond two standard deviations often enough.",
        ),
    ),
    {
        "question": "At p = 0.5, a mean of how many draws has a standard deviation of one tenth "
        "of the activation?",
        "section": "What makes a print a test",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 100,
                "correct": True,
                "feedback": "One draw has a standard deviation of x; the root of 100 is 10.",
            },
            {
                "type": "value",
                "value": 10,
                "correct": False,
                "feedback": "The standard deviation of a mean falls with the root of the number.",
            },
            {
                "type": "value",
                "value": 3600,
                "correct": False,
                "feedback": "That is for six standard deviations to fit into a tenth.",
            },
            {
                "type": "default",
                "feedback": "x √(p / (1 − p)) / √N = x / 10 at p = 0.5.",
            },
        ],
    },
    multiple_choice(
        "Which of these mistakes does a gradient check see?",
        "The gradient of a whole network",
        (
            "Backward draws a mask of its own",
            "Backward is then not the derivative of this forward.",
        ),
        (
            "The mask is drawn once and never again",
            "Its backward is the derivative of its forward. The check asks for no more.",
        ),
        (
            "Keep and drop are swapped",
            "Forward is wrong, and backward is the right derivative of the wrong thing.",
        ),
        (
            "The scale is forgotten, forward and backward",
            "They agree with each other, and that is all that the check looks at.",
        ),
    ),
    multiple_choice(
        "A network with dropout diverges at a learning rate at which it trains without. At a "
        "third of the rate it trains, and does well. What follows?",
        "Twelve mistakes",
        (
            "Nothing yet: two of the mistakes of this chapter do exactly that",
            "Check the gradient before you write down that dropout needs a smaller rate.",
        ),
        (
            "Dropout needs smaller learning rates",
            "Correct dropout trained well at the common rate here. Backward without the forward "
            "mask did not.",
        ),
        (
            "The code is right, since it does well after tuning",
            "Tuned, two wrong backward passes came within five points of the right one.",
        ),
    ),
    multiple_choice(
        "Whoever logs the accuracy alone, and tunes the learning rate, overlooks above all ...",
        "Twelve mistakes",
        (
            "a forgotten scale",
            "Within a point in error, and several times the loss.",
        ),
        (
            "an evaluation that still drops",
            "Its noise is in every prediction: several points of error, tuned or not.",
        ),
        (
            "normal random numbers in place of uniform ones",
            "They drop another share than p says: several points of error, tuned or not.",
        ),
    ),
    multiple_choice(
        "A function for dropout is mended so that float32 stays float32, and its tests for "
        "dtype pass now. What has to be run?",
        "Mending, one complaint at a time",
        (
            "All tests",
            "This very repair made integers lose their fractions.",
        ),
        (
            "The tests for dtype, with float16 and float64 as well",
            "Good ones to run, and they would not have found what the repair broke.",
        ),
        (
            "Nothing: the tests pass",
            "The tests for dtype do. The repair changed what happens to integers.",
        ),
    ),
]
