"""Exercises and quiz of chapter 1."""

import math

import numpy as np

from ..checks import Diagnosis, function_subject
from ..checks.elementwise import (
    drop_rate_is_p,
    dtype_is_kept,
    every_case_has_its_own_mask,
    every_pass_draws_anew,
    input_is_not_changed,
    output_has_the_shape_of_x,
    same_seed_gives_the_same_masks,
    units_are_dropped_independently,
    what_is_kept_has_the_right_scale,
)
from .answers import as_number, called, close, every_unit_has_a_draw, pairs
from .core import NOT_STARTED, Exercise, first_diagnosis, multiple_choice

BENCH_CHECKS = (
    output_has_the_shape_of_x,
    input_is_not_changed,
    every_case_has_its_own_mask,
    every_unit_has_a_draw,
    drop_rate_is_p,
    units_are_dropped_independently,
    every_pass_draws_anew,
    what_is_kept_has_the_right_scale,
    dtype_is_kept,
    same_seed_gives_the_same_masks,
)


def judge_bench(bench):
    def forward(x, p, training, rng):
        return bench(x, np.full(x.shape[1], p), rng)

    diagnosis = _judge_values(bench) or first_diagnosis(
        function_subject(forward, scaling="standard"), BENCH_CHECKS
    )
    return diagnosis or _judge_unequal_rates(bench)


def _judge_values(bench):
    """What comes back where a unit plays, and where it does not."""
    activations = np.arange(1.0, 1201.0).reshape(400, 3)
    out = bench(activations.copy(), np.array([0.5, 0.5, 0.5]), np.random.default_rng(0))
    if out is None:
        return NOT_STARTED
    if isinstance(out, tuple):
        return Diagnosis(
            "not-one-array",
            f"{len(out)} things come back, and one is asked for.",
            "return the array with the zeros in it, and nothing else",
        )
    out = np.asarray(out)
    if out.shape != activations.shape or out.dtype.kind not in "fiu":
        return None  # the checks have words for that
    if np.isnan(out).any():
        return Diagnosis(
            "nan-instead-of-zero",
            f"{np.isnan(out).mean():.0%} of the entries are NaN.",
            "who sits out hands on 0: NaN is no number, and every sum with it is NaN",
        )
    if np.isin(out, (0, 1)).all() and out.any():
        return Diagnosis(
            "mask-returned",
            "only zeros and ones come back: that is who plays, and not what they hand on.",
            "where a unit plays, its activation stands: multiply, or choose with np.where",
        )
    factors = out / activations
    if ((factors > 0) & (factors < 1)).all() and np.ptp(factors) > 0.9:
        return Diagnosis(
            "multiplied-by-the-draw",
            "every activation comes back smaller, each by another factor: the random numbers "
            "themselves were multiplied in.",
            "a draw decides, it does not scale: compare it with the rate first",
        )
    if np.allclose(factors, 0.5):
        return Diagnosis(
            "mean-instead-of-a-draw",
            "every activation comes back halved at a rate of 0.5: that is the average over many "
            "draws.",
            "in one case a unit plays whole or not at all: draw a random number for each entry",
        )
    return None


def _judge_unequal_rates(bench):
    """Unit 0 never sits out, unit 3 always does, the others half of the time."""
    rates = np.array([0.0, 0.3, 0.8, 1.0])
    played = bench(np.ones((2000, 4)), rates, np.random.default_rng(0))
    played = np.asarray(played).mean(axis=0)
    if np.abs(played - (1 - rates)).max() > 0.1:
        return Diagnosis(
            "one-rate-for-all",
            f"units with rates {rates.tolist()} play in {played.round(2).tolist()} of the cases.",
            "compare column by column: each unit has a rate of its own, and NumPy lines `rates` up "
            "with the columns of `activations`",
        )
    return None


def bench(activations, rates, rng):
    plays = rng.random(activations.shape) >= rates  # broadcast over the cases
    return np.where(plays, activations, 0)


def _bench_keeps_p(activations, rates, rng):
    return np.where(rng.random(activations.shape) < rates, activations, 0)


def _bench_one_team_for_all(activations, rates, rng):
    return np.where(rng.random(activations.shape[1]) >= rates, activations, 0)


def _bench_normal(activations, rates, rng):
    return np.where(rng.standard_normal(activations.shape) > rates, activations, 0)


def _bench_exact_share(activations, rates, rng):
    rank = rng.random(activations.shape).argsort(axis=1).argsort(axis=1)
    return np.where(rank >= rates * activations.shape[1], activations, 0)


def _bench_in_place(activations, rates, rng):
    activations[rng.random(activations.shape) < rates] = 0
    return activations


def _bench_global(activations, rates, rng):
    return np.where(np.random.rand(*activations.shape) >= rates, activations, 0)  # noqa: NPY002


def _bench_scaled(activations, rates, rng):
    return np.where(rng.random(activations.shape) >= rates, activations / (1 - rates), 0)


def _bench_same_every_time(activations, rates, rng):
    plays = np.random.default_rng(0).random(activations.shape) >= rates
    return np.where(plays, activations, 0)


def _bench_first_rate(activations, rates, rng):
    return np.where(rng.random(activations.shape) >= rates[0], activations, 0)


def _bench_mask(activations, rates, rng):
    return rng.random(activations.shape) >= rates


def _bench_doubles(activations, rates, rng):
    return activations * rng.binomial(1, 1 - rates, activations.shape)


def _bench_zeros_and_ones(activations, rates, rng):
    return (rng.random(activations.shape) >= rates).astype(activations.dtype)


def _bench_mean(activations, rates, rng):
    return (activations * (1 - rates)).astype(activations.dtype)


def _bench_nan(activations, rates, rng):
    return np.where(rng.random(activations.shape) >= rates, activations, np.nan)


def _bench_one_coin(activations, rates, rng):
    return np.where(rng.random((len(activations), 1)) >= rates, activations, 0)


def _bench_nothing(activations, rates, rng): ...


def judge_someone_plays(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    known = {
        0.008: (
            "complement",
            "0.2³ is the chance that nobody plays.",
            "somebody plays in all the other cases",
        ),
        0.512: (
            "all-of-them",
            "0.8³ is the chance that all three play.",
            "one of them is enough",
        ),
        0.488: (
            "not-all",
            "1 − 0.8³ is the chance that at least one is benched.",
            "ask when nobody plays, and take the opposite",
        ),
        0.8: (
            "one-unit-only",
            "0.8 is the chance that one given unit plays.",
            "there are three of them, and any one will do",
        ),
        2.4: (
            "added-up",
            "3 × 0.8 is how many play on average, and no probability.",
            "chances of events that can happen together do not add up: take the opposite event",
        ),
        0.384: (
            "exactly-two",
            "0.384 is the chance that exactly two of the three play.",
            "one, two or three: “at least one” is all but “none”",
        ),
        0.096: (
            "exactly-one",
            "0.096 is the chance that exactly one plays.",
            "one, two or three: “at least one” is all but “none”",
        ),
        0.6: (
            "added-up",
            "3 × 0.2 adds up the chances to sit out.",
            "chances of events that can happen together do not add up: when does nobody play?",
        ),
        0.4: (
            "added-up",
            "1 − 3 × 0.2 takes off the chance of each to sit out, one after the other.",
            "nobody plays if all three sit out *together*: independent chances multiply",
        ),
        0.96: (
            "two-units",
            "1 − 0.2² is the chance for two units.",
            "how many have to sit out for nobody to play?",
        ),
        99.2: ("per-cent", "that is per cent.", "a probability lies between 0 and 1"),
        0.99: ("rounded", "0.99 is close, but rounded.", "let Python multiply, with all digits"),
    }
    return _judge_number(answer, 0.992, known)


def _judge_number(answer, right, known):
    value = as_number(answer)
    if value is None:
        return Diagnosis(
            "not-a-number", f"{answer!r} is not a number.", "write it as Python would: 3 / 4"
        )
    if close(value, right, 1e-4):
        return None
    for wrong, diagnosis in known.items():
        if close(value, wrong, 1e-4):
            return Diagnosis(*diagnosis)
    if not 0 <= value <= 1:
        return Diagnosis(
            "not-a-probability",
            f"{value:g} is no probability.",
            "a probability lies between 0 and 1: was something added up that has to be multiplied?",
        )
    return Diagnosis(
        "another-number",
        f"{value:g} is not it.",
        "write down what has to happen for one unit, then for all of them",
    )


def judge_survivors(answer):
    """Compare with the mean and the standard deviation of the binomial distribution."""
    points = ((100, 0.2), (7, 0.3), (50, 0.5))
    found = pairs(
        {called("survivors", *point): answer(*point) for point in points},
        "not-a-pair",
        "mean, standard_deviation",
    )
    if isinstance(found, Diagnosis):
        return found
    for (call, (mean, deviation)), (units, p) in zip(found.items(), points, strict=True):
        diagnosis = _judge_mean(call, mean, deviation, units, p) or _judge_deviation(
            call, deviation, units, p
        )
        if diagnosis:
            return diagnosis
    return None


def _judge_mean(call, mean, deviation, units, p):
    right = survivors(units, p)
    if close(mean, right[0]):
        return None
    if close(deviation, right[0]):
        return Diagnosis(
            "order-swapped",
            f"{call} gives {mean:.4g} first and {deviation:.4g} then: mean and standard deviation "
            "have changed places.",
            "return mean, standard_deviation",
        )
    if close(mean, units * p) and p != 0.5:
        return Diagnosis(
            "mean-of-the-benched",
            f"{call} counts the benched, {mean:g} on average.",
            "p is the probability to sit out: those who play have 1 − p",
        )
    if close(mean, 1 - p):
        return Diagnosis(
            "share-instead-of-count",
            f"{call} has the mean {mean:g}: that is the share that plays.",
            "the number of units that play is asked for: add up the means of all units",
        )
    if close(mean, round(right[0])) or close(mean, int(right[0])):
        return Diagnosis(
            "mean-rounded",
            f"{call} has the mean {mean:g}, a whole number.",
            "how many play is whole in every case, but its mean need not be: leave it unrounded",
        )
    if close(mean, right[0], 0.01):
        return Diagnosis(
            "simulated",
            f"{call} has the mean {mean:.5g}: nearly right, as an average over draws is.",
            "no draws are needed: each unit plays with probability 1 − p, and means add up",
        )
    return Diagnosis(
        "mean-off",
        f"{call} has the mean {mean:g}, which is not right.",
        "each unit plays with probability 1 − p, and means add up",
    )


def _judge_deviation(call, deviation, units, p):
    one = p * (1 - p)  # the variance of one unit
    if close(deviation, math.sqrt(units * one)):
        return None
    gives = f"the mean is right. For the deviation {call} gives {deviation:.4g}:"
    known = (
        (units * one, "variance-returned", "the variance.", "its square root is asked for"),
        (
            units * math.sqrt(one),
            "deviations-added",
            "the deviations of the units added up.",
            "for independent units variances add up, standard deviations do not",
        ),
        (
            math.sqrt(one),
            "deviation-of-one-unit",
            "the deviation of one single unit.",
            f"here {units} of them are counted: add up the variances before you take the root",
        ),
        (
            math.sqrt(one / units),
            "deviation-of-the-share",
            "the deviation of the share that plays, not of the number.",
            "a sum of units is asked for, and no mean over them: do not divide",
        ),
        (
            math.sqrt((units - 1) * one),
            "one-unit-less",
            f"the root of {units - 1} variances.",
            "units − 1 belongs to the estimate from data; here the probability is known",
        ),
        (
            math.sqrt(units * (1 - p)),
            "deviation-of-a-poisson-count",
            "the root of the mean.",
            "that is right for rare events. One unit has variance p(1 − p), not 1 − p",
        ),
    )
    for value, code, what, hint in known:
        if close(deviation, value):
            return Diagnosis(code, f"{gives} {what}", hint)
    return Diagnosis(
        "deviation-off",
        f"{gives} not right.",
        "one unit has variance p(1 − p); add up, then take the root",
    )


def survivors(units, p):
    mean = units * (1 - p)
    standard_deviation = (units * p * (1 - p)) ** 0.5
    return mean, standard_deviation


EXERCISES = (
    Exercise(
        name="01-someone-plays",
        title="Somebody on the field",
        statement=(
            "A layer has three units and $p = 0.2$. In what fraction of training cases does at "
            "least one of them play? Put the number (from 0 to 1, unrounded) into `answer`. "
            "Guess before you calculate."
        ),
        starter='answer = ...\n\ncheck("01-someone-plays", answer)',
        hints=(
            "“At least one” is hard to count. When does it not happen?",
            "It does not happen when all three sit out, each with probability 0.2.",
            "Independent tosses multiply: nobody plays with probability 0.2³. Somebody does in all "
            "other cases.",
        ),
        solution=0.992,
        explanation=(
            "$1 - 0.2^3 = 0.992$. In the other 0.8% nothing gets through, and the network answers "
            "with what its biases say. At $p = 0.8$ the same three units would leave you without "
            "an answer in half of the cases: small layers and large p do not go together."
        ),
        judge=judge_someone_plays,
        wrong_answers=(
            (0.008, "complement"),
            (0.512, "all-of-them"),
            (1 - 0.8**3, "not-all"),
            (0.8, "one-unit-only"),
            (2.4, "added-up"),
            (0.384, "exactly-two"),
            (0.096, "exactly-one"),
            (3 * 0.2, "added-up"),
            (1 - 3 * 0.2, "added-up"),
            (1 - 0.2**2, "two-units"),
            (99.2, "per-cent"),
            (0.99, "rounded"),
            (0.7, "another-number"),
            (1 - 3 * 0.8, "not-a-probability"),
            (80, "not-a-probability"),
            ([0.992], "not-a-number"),
            ("0.992", "not-a-number"),
            ("most of them", "not-a-number"),
            (None, "not-started"),
        ),
    ),
    Exercise(
        name="01-bench",
        title="Players with a history",
        statement=(
            "Some players need more rest. Write `bench(activations, rates, rng)` with one drop "
            "probability per *unit*: `rates` has as many entries as `activations` (cases × units) "
            "has columns. Return a new array of the same shape and dtype in which each entry is 0 "
            "with its unit's probability, every unit and every case deciding for itself, and "
            "otherwise what it was. Draw from `rng`, and for the whole array at once (the check "
            "tries large ones). No scaling: that is the next chapter's business. With activations "
            "`[[1., 2.], [3., 4.]]` and rates `[0., 1.]` the result is `[[1., 0.], [3., 0.]]`."
        ),
        starter=(
            "def bench(activations, rates, rng):\n    # your code\n    ...\n\n\n"
            'check("01-bench", bench)'
        ),
        hints=(
            "`rng.random(shape)` gives one number from 0 to 1 per entry, all equally likely.",
            "An entry sits out where its number is below its unit's rate.",
            "NumPy lines a vector up with the columns by itself: `... >= rates`. Then "
            "`np.where(plays, activations, 0)`.",
        ),
        solution=bench,
        explanation=(
            "`rng.random(activations.shape)` is the heart of it: one draw per entry. With the "
            "shape of one row the whole batch would play with one team; with "
            "`rng.standard_normal` the share benched would not be p."
        ),
        judge=judge_bench,
        wrong_answers=(
            (_bench_keeps_p, "keep-and-drop-swapped"),
            (_bench_one_team_for_all, "one-mask-for-the-batch"),
            (_bench_normal, "normal-instead-of-uniform"),
            (_bench_exact_share, "fixed-number-dropped"),
            (_bench_in_place, "input-changed"),
            (_bench_global, "global-random-state"),
            (_bench_scaled, "scaled-in-training"),
            (_bench_same_every_time, "mask-never-redrawn"),
            (_bench_first_rate, "one-rate-for-all"),
            (_bench_mask, "mask-returned"),
            (_bench_zeros_and_ones, "mask-returned"),
            (_bench_mean, "mean-instead-of-a-draw"),
            (_bench_nan, "nan-instead-of-zero"),
            (_bench_one_coin, "whole-cases-dropped"),
            (lambda a, rates, rng: np.where(rng.random() >= rates, a, 0), "one-draw-for-all"),
            (lambda a, rates, rng: a * rng.random(a.shape), "multiplied-by-the-draw"),
            (lambda a, rates, rng: (bench(a, rates, rng), rates), "not-one-array"),
            (_bench_doubles, "dtype-changed"),
            (_bench_nothing, "not-started"),
            (0.5, "not-a-function"),
        ),
    ),
    Exercise(
        name="01-survivors",
        title="How many play?",
        statement=(
            "Write `survivors(units, p)`: the mean and the standard deviation of the number of "
            "units that play in one training case, as two numbers, from formulas and without "
            "drawing. `survivors(4, 0.5)` is `(2.0, 1.0)`. For 100 units at $p = 0.2$, between "
            "which numbers does it usually lie?"
        ),
        starter=(
            "def survivors(units, p):\n    # your code\n    ...\n\n\n"
            'check("01-survivors", survivors)'
        ),
        hints=(
            "The number that play is a sum of independent zeros and ones.",
            "One such zero-or-one has mean 1 − p and variance p(1 − p).",
            "Means add up, and so do variances: `units * p * (1 - p)`. The standard deviation is "
            "the root of that.",
        ),
        solution=survivors,
        explanation=(
            "The count is binomial: mean $n(1-p)$, standard deviation $\\sqrt{n p (1-p)}$. For "
            "100 units at p = 0.2 that is 80 ± 4, so between 72 and 88 in most cases. “Drops a "
            "fraction p” is true on average only."
        ),
        judge=judge_survivors,
        wrong_answers=(
            (lambda n, p: (n * p, math.sqrt(n * p * (1 - p))), "mean-of-the-benched"),
            (lambda n, p: (n * (1 - p), n * p * (1 - p)), "variance-returned"),
            (lambda n, p: (n * (1 - p), n * math.sqrt(p * (1 - p))), "deviations-added"),
            (lambda n, p: (n * (1 - p), math.sqrt(n * p)), "deviation-off"),
            (lambda n, p: (n * (1 - p) ** 2, 0), "mean-off"),
            (lambda n, p: (int(n * (1 - p)), math.sqrt(n * p * (1 - p))), "mean-rounded"),
            (lambda n, p: (1 - p, math.sqrt(p * (1 - p) / n)), "share-instead-of-count"),
            (lambda n, p: (n * (1 - p), math.sqrt(p * (1 - p))), "deviation-of-one-unit"),
            (lambda n, p: (n * (1 - p), math.sqrt(p * (1 - p) / n)), "deviation-of-the-share"),
            (lambda n, p: (n * (1 - p), math.sqrt((n - 1) * p * (1 - p))), "one-unit-less"),
            (
                lambda n, p: (n * (1 - p), math.sqrt(n * (1 - p))),
                "deviation-of-a-poisson-count",
            ),
            (lambda n, p: (n * (1 - p) + 0.01, 4), "simulated"),
            (lambda n, p: (math.sqrt(n * p * (1 - p)), n * (1 - p)), "order-swapped"),
            (lambda n, p: n * (1 - p), "not-a-pair"),
            (lambda n, p: None, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "How often is a new set of units chosen to be dropped?",
        "A fresh team for every case",
        (
            "For every training case",
            "Two cases of the same batch lose different units.",
        ),
        (
            "For every batch",
            "Often written, but the paper and the frameworks draw a mask per case: in a batch "
            "of 32 there are 32 masks.",
        ),
        (
            "For every epoch",
            "Then a unit would be out for hundreds of steps in a row, and the others would come "
            "to rely on its absence.",
        ),
        (
            "Once, when the network is built",
            "That is a smaller network, not dropout: the dropped units would never learn.",
        ),
    ),
    multiple_choice(
        "A layer of 100 units is trained with p = 0.3. How many units are dropped in one "
        "training case?",
        "A fresh team for every case",
        (
            "30 on average, varying from case to case",
            "Each unit tosses its own coin, the count is binomial.",
        ),
        (
            "Exactly 30, but different ones in every case",
            "That would need the coins to agree with each other. They are independent, so the "
            "count varies.",
        ),
        (
            "70 on average, varying from case to case",
            "That is how many stay. Here p is the probability to drop; many papers print the "
            "probability to keep.",
        ),
    ),
    multiple_choice(
        "What becomes of a unit that was dropped in one training case?",
        "The idea",
        (
            "It is back in the draw for the next case",
            "It gave 0 and got no gradient from this case; nothing else happened to it.",
        ),
        (
            "It is removed from the network for good",
            "That is pruning. Dropout removes nothing for more than a case.",
        ),
        (
            "Its weights are set to zero, and have to be learned again",
            "Its activation is set to zero, for this case. The weights stay.",
        ),
    ),
    multiple_choice(
        "What is the hope behind dropping units?",
        "The idea",
        (
            "That no unit relies on particular others being there",
            "The authors call the opposite co-adaptation. Whether that is why dropout helps is "
            "a question of its own.",
        ),
        (
            "That training gets faster, as there is less to compute",
            "The dropped units are computed and then multiplied by zero, and training usually "
            "takes more steps.",
        ),
        (
            "That the trained network is smaller",
            "The trained network uses all of its units.",
        ),
    ),
    multiple_choice(
        "Two trained networks lose half of their hidden units, and the one trained with dropout "
        "still recognises more digits. What does that show?",
        "Take units away from a trained network",
        (
            "That it depends less on any particular units",
            "No more than that: it was trained for exactly this.",
        ),
        (
            "That it is the better network when nothing is missing",
            "That is another comparison: the left end of the curve, where 0% are deleted.",
        ),
        (
            "That half of its units are superfluous",
            "Its error rises too, only more slowly.",
        ),
    ),
    {
        "question": "How many different teams do 10 units make?",
        "section": "How many teams?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 1024,
                "correct": True,
                "feedback": "2 to the power of 10. Every further unit doubles it.",
            },
            {
                "type": "value",
                "value": 100,
                "correct": False,
                "feedback": "100 counts pairs, 10 × 10. Every unit is in or out: 2 × 2 × 2 ...",
            },
            {
                "type": "value",
                "value": 20,
                "correct": False,
                "feedback": "Two possibilities per unit multiply, they do not add up.",
            },
            {
                "type": "default",
                "feedback": "Every unit is in or out, and the possibilities multiply. Give the "
                "number in digits.",
            },
        ],
    },
]
