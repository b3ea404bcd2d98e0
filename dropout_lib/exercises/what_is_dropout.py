"""Exercises and quiz of chapter 1."""

import math

import numpy as np

from ..checks import Diagnosis, function_subject
from ..checks.elementwise import (
    drop_rate_is_p,
    every_case_has_its_own_mask,
    every_pass_draws_anew,
    input_is_not_changed,
    output_is_an_array_like_x,
    same_seed_gives_the_same_masks,
    units_are_dropped_independently,
    what_is_kept_has_the_right_scale,
)
from .core import NOT_STARTED, Exercise, first_diagnosis

BENCH_CHECKS = (
    output_is_an_array_like_x,
    input_is_not_changed,
    every_case_has_its_own_mask,
    drop_rate_is_p,
    units_are_dropped_independently,
    every_pass_draws_anew,
    what_is_kept_has_the_right_scale,
    same_seed_gives_the_same_masks,
)


def judge_bench(bench):
    def forward(x, p, training, rng):
        return bench(x, p, rng)

    return first_diagnosis(function_subject(forward, scaling="standard"), BENCH_CHECKS)


def bench(activations, p, rng):
    plays = rng.random(activations.shape) >= p  # one toss per unit and case
    return np.where(plays, activations, 0)


def _bench_keeps_p(activations, p, rng):
    return np.where(rng.random(activations.shape) < p, activations, 0)


def _bench_one_team_for_all(activations, p, rng):
    return np.where(rng.random(activations.shape[1]) >= p, activations, 0)


def _bench_normal(activations, p, rng):
    return np.where(rng.standard_normal(activations.shape) > p, activations, 0)


def _bench_exact_share(activations, p, rng):
    rank = rng.random(activations.shape).argsort(axis=1).argsort(axis=1)
    return np.where(rank >= p * activations.shape[1], activations, 0)


def _bench_in_place(activations, p, rng):
    activations[rng.random(activations.shape) < p] = 0
    return activations


def _bench_global(activations, p, rng):
    return np.where(np.random.rand(*activations.shape) >= p, activations, 0)  # noqa: NPY002


def _bench_scaled(activations, p, rng):
    return np.where(rng.random(activations.shape) >= p, activations / (1 - p), 0)


def _bench_same_every_time(activations, p, rng):
    plays = np.random.default_rng(0).random(activations.shape) >= p
    return np.where(plays, activations, 0)


def _bench_nothing(activations, p, rng): ...


def judge_all_benched(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    known = {
        0.5: (
            "one-unit-only",
            "0.5 is the chance that one given unit sits out.",
            "all four have to sit out in the same case: four coin tosses, all tails",
        ),
        0.25: (
            "divided-by-four",
            "1/4 would be right if the units took turns.",
            "the units do not take turns: each tosses its own coin, so the chances multiply",
        ),
        0.125: (
            "one-factor-short",
            "1/8 is the chance for three units.",
            "there are four units: how many factors of 1/2 does that make?",
        ),
        15 / 16: (
            "complement",
            "15/16 is the chance that at least one of them plays.",
            "the question is about the other case",
        ),
        0.0: (
            "never",
            "it does happen, though rarely.",
            "nothing keeps four independent coins from falling the same way",
        ),
        16.0: (
            "inverse",
            "one case in 16 is right, but a probability lies between 0 and 1.",
            "write it as 1 / 16",
        ),
    }
    return _judge_number(answer, 1 / 16, known)


def _judge_number(answer, right, known):
    value = float(answer)
    if math.isclose(value, right, rel_tol=1e-3):
        return None
    for wrong, diagnosis in known.items():
        if math.isclose(value, wrong, rel_tol=1e-3, abs_tol=1e-9):
            return Diagnosis(*diagnosis)
    return Diagnosis(
        "another-number",
        f"{value:g} is not it.",
        "write down what has to happen for one unit, then for all of them",
    )


def judge_survivors(survivors):
    """Compare with the mean and the standard deviation of the binomial distribution."""
    for units, p in ((100, 0.2), (8, 0.75), (50, 0.5)):
        answer = survivors(units, p)
        if answer is None:
            return NOT_STARTED
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            return Diagnosis(
                "not-a-pair",
                f"one pair of numbers is asked for, but survivors({units}, {p}) gave {answer!r}.",
                "return mean, standard_deviation",
            )
        mean, deviation = answer
        if math.isclose(mean, units * p) and p != 0.5:
            return Diagnosis(
                "mean-of-the-benched",
                f"survivors({units}, {p}) counts the benched, {mean:g} on average.",
                "p is the probability to sit out: those who play have 1 − p",
            )
        if not math.isclose(mean, units * (1 - p)):
            return Diagnosis(
                "mean-off",
                f"the mean for {units} units at p = {p} is not {mean:g}.",
                "each unit plays with probability 1 − p, and means add up",
            )
        variance = units * p * (1 - p)
        if math.isclose(deviation, variance):
            return Diagnosis(
                "variance-returned",
                f"{deviation:g} is the variance for {units} units at p = {p}.",
                "the standard deviation is its square root",
            )
        if math.isclose(deviation, units * math.sqrt(p * (1 - p))):
            return Diagnosis(
                "deviations-added",
                f"{deviation:g} adds up the deviations of {units} units.",
                "for independent units variances add up, standard deviations do not",
            )
        if not math.isclose(deviation, math.sqrt(variance)):
            return Diagnosis(
                "deviation-off",
                f"the standard deviation for {units} units at p = {p} is not {deviation:g}.",
                "one unit has variance p(1 − p); add up, then take the root",
            )
    return None


def survivors(units, p):
    mean = units * (1 - p)
    standard_deviation = math.sqrt(units * p * (1 - p))
    return mean, standard_deviation


EXERCISES = (
    Exercise(
        name="01-all-benched",
        title="Nobody on the field",
        statement=(
            "A hidden layer has four units and $p = 0.5$. In what fraction of training cases are "
            "all four benched? Put the number into `answer`. Guess before you calculate."
        ),
        starter='answer = ...\n\ncheck("01-all-benched", answer)',
        hints=(
            "What is the probability that the first unit sits out?",
            "The units toss independent coins, so probabilities multiply.",
            "Four factors of one half.",
        ),
        solution=0.0625,
        explanation=(
            "$0.5^4 = 1/16$. In such a case nothing gets through the layer, and the network "
            "answers with what its biases say. With 256 units the chance is $2^{-256}$: nobody "
            "will see it. Small layers and large p are where dropout hurts, as you can see "
            "already with a pencil."
        ),
        judge=judge_all_benched,
        wrong_answers=(
            (0.5, "one-unit-only"),
            (0.25, "divided-by-four"),
            (1 / 8, "one-factor-short"),
            (15 / 16, "complement"),
            (0, "never"),
            (16, "inverse"),
            (0.1, "another-number"),
            (None, "not-started"),
            ("one in sixteen", "raises"),
        ),
    ),
    Exercise(
        name="01-bench",
        title="Be the coach",
        statement=(
            "Write `bench(activations, p, rng)`: it returns a copy of `activations` (cases × "
            "units) in which each entry is 0 with probability `p`, every unit and every case "
            "deciding for itself. Draw from `rng`. Leave out any scaling; that is the next "
            "chapter's business."
        ),
        starter=(
            "def bench(activations, p, rng):\n    # your code\n    ...\n\n\n"
            'check("01-bench", bench)'
        ),
        hints=(
            "`rng.random(shape)` gives one number from 0 to 1 per entry, all equally likely.",
            "An entry sits out where its number is below p, and plays where it is not.",
            "`np.where(plays, activations, 0)` keeps the activation where `plays` is true.",
        ),
        solution=bench,
        explanation=(
            "`rng.random(activations.shape)` is the heart of it. With the shape of one row the "
            "whole batch would play with one team; with `rng.standard_normal` the share benched "
            "would not be p."
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
            (_bench_nothing, "not-started"),
            (0.5, "raises"),
        ),
    ),
    Exercise(
        name="01-survivors",
        title="How many play?",
        statement=(
            "Write `survivors(units, p)`: the mean and the standard deviation of the number of "
            "units that play in one training case. For 100 units at $p = 0.2$, between which "
            "numbers does it usually lie?"
        ),
        starter=(
            "import math\n\n\ndef survivors(units, p):\n    # your code\n    ...\n\n\n"
            'check("01-survivors", survivors)'
        ),
        hints=(
            "The number that play is a sum of independent zeros and ones.",
            "One such zero-or-one has mean 1 − p and variance p(1 − p).",
            "Means add up, and so do variances; the standard deviation is the root of the sum.",
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
            (lambda n, p: n * (1 - p), "not-a-pair"),
            (lambda n, p: None, "not-started"),
        ),
    ),
)

QUIZ = [
    {
        "question": "How often is a new set of units chosen to be dropped?",
        "section": "A fresh team for every case",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "For every training case",
                "correct": True,
                "feedback": "Yes. Two cases of the same batch lose different units.",
            },
            {
                "answer": "For every batch",
                "correct": False,
                "feedback": "Often written, but the paper and the frameworks draw a mask per case: "
                "in a batch of 32 there are 32 masks.",
            },
            {
                "answer": "For every epoch",
                "correct": False,
                "feedback": "Then a unit would be out for hundreds of steps in a row, and the "
                "others would come to rely on its absence.",
            },
            {
                "answer": "Once, when the network is built",
                "correct": False,
                "feedback": "That is a smaller network, not dropout: the dropped units "
                "would never learn.",
            },
        ],
    },
    {
        "question": "A layer of 100 units is trained with p = 0.3. How many units are dropped in "
        "one training case?",
        "section": "A fresh team for every case",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "30 on average, varying from case to case",
                "correct": True,
                "feedback": "Yes: each unit tosses its own coin, the count is binomial.",
            },
            {
                "answer": "Exactly 30",
                "correct": False,
                "feedback": "That would need the coins to agree with each other. They are "
                "independent, so the count varies.",
            },
            {
                "answer": "70 on average",
                "correct": False,
                "feedback": "That is how many stay. Here p is the probability to drop; many papers "
                "print the probability to keep.",
            },
        ],
    },
    {
        "question": "What becomes of a unit that was dropped in one training case?",
        "section": "The idea",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "It is back in the draw for the next case, with its weights as they were",
                "correct": True,
                "feedback": "Yes. It gave 0 and learned nothing from this case; nothing else "
                "happened to it.",
            },
            {
                "answer": "It is removed from the network",
                "correct": False,
                "feedback": "That is pruning. Dropout removes nothing for good.",
            },
            {
                "answer": "Its weights are set to zero",
                "correct": False,
                "feedback": "Its activation is set to zero, for this case. The weights stay.",
            },
        ],
    },
    {
        "question": "What is the hope behind dropping units?",
        "section": "The idea",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "That no unit relies on particular others being there",
                "correct": True,
                "feedback": "Yes. The authors call the opposite co-adaptation. Whether that is "
                "why dropout helps is a question of its own.",
            },
            {
                "answer": "That training gets faster, as there is less to compute",
                "correct": False,
                "feedback": "The dropped units are computed and then multiplied by zero, and "
                "training usually takes more steps.",
            },
            {
                "answer": "That the trained network is smaller",
                "correct": False,
                "feedback": "The trained network uses all of its units.",
            },
        ],
    },
    {
        "question": "Two trained networks lose half of their hidden units, and the one trained "
        "with dropout still recognises more digits. What does that show?",
        "section": "Take units away from a trained network",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "That it has learned to work with missing units",
                "correct": True,
                "feedback": "Yes, no more than that: it was trained for exactly this.",
            },
            {
                "answer": "That it is the better network when nothing is missing",
                "correct": False,
                "feedback": "That is another comparison: the left end of the curve, where 0% are "
                "deleted.",
            },
            {
                "answer": "That half of its units are superfluous",
                "correct": False,
                "feedback": "Its error rises too, only more slowly. Spread out is not superfluous.",
            },
        ],
    },
    {
        "question": "The drawing has 16 hidden units. How many different teams are there?",
        "section": "How many teams?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 65536,
                "correct": True,
                "feedback": "2 to the power of 16. A real layer has more teams than training can "
                "ever try.",
            },
            {
                "type": "value",
                "value": 256,
                "correct": False,
                "feedback": "256 counts pairs, 16 × 16. Every unit is in or out: 2 × 2 × 2 ...",
            },
            {
                "type": "value",
                "value": 32,
                "correct": False,
                "feedback": "Two possibilities per unit multiply, they do not add up.",
            },
            {
                "type": "default",
                "feedback": "Every unit is in or out, and the possibilities multiply.",
            },
        ],
    },
]
