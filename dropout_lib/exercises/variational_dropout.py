"""Exercises and quiz of chapter 3.5."""

import math
from dataclasses import replace

import numpy as np

from .. import scratch
from ..checks import Diagnosis, function_subject, sequence_subject
from ..checks.elementwise import (
    drop_rate_is_p,
    evaluation_is_deterministic_and_scaled_right,
    every_pass_draws_anew,
    what_is_kept_has_the_right_scale,
)
from ..checks.grouped import (
    a_group_is_dropped_as_a_whole,
    as_groups,
    every_group_has_its_own_draw,
    output_is_an_array_like_x,
)
from .core import NOT_STARTED, Exercise, first_diagnosis, multiple_choice

# --- one mask for all steps --------------------------------------------------------------------


def judge_mask(variational_dropout):
    like = sequence_subject(scratch.VariationalDropout)
    own = function_subject(variational_dropout, name="variational_dropout")
    checks = (
        output_is_an_array_like_x,
        a_group_is_dropped_as_a_whole,
        every_group_has_its_own_draw,
        as_groups(drop_rate_is_p),
        as_groups(every_pass_draws_anew),
        as_groups(what_is_kept_has_the_right_scale),
        as_groups(evaluation_is_deterministic_and_scaled_right),
    )
    return first_diagnosis(replace(like, name=own.name, make=own.make), checks)


def variational_dropout(x, p, training, rng):
    if not training:
        return x.copy()
    mask = rng.random((1, *x.shape[1:])) >= p  # (1, N, F): 1 for the time
    return (x * mask / (1 - p)).astype(x.dtype)


def _mask_per_step(x, p, training, rng):
    if not training:
        return x.copy()
    return (x * (rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)


def _mask_batch_first(x, p, training, rng):
    if not training:
        return x.copy()
    mask = rng.random((x.shape[0], 1, x.shape[2])) >= p
    return (x * mask / (1 - p)).astype(x.dtype)


def _mask_one_for_the_batch(x, p, training, rng):
    if not training:
        return x.copy()
    mask = rng.random(x.shape[2]) >= p
    return (x * mask / (1 - p)).astype(x.dtype)


def _mask_swapped(x, p, training, rng):
    if not training:
        return x.copy()
    mask = rng.random((1, *x.shape[1:])) < p
    return (x * mask / (1 - p)).astype(x.dtype)


def _mask_seeded(x, p, training, rng):
    if not training:
        return x.copy()
    mask = np.random.default_rng(0).random((1, *x.shape[1:])) >= p
    return (x * mask / (1 - p)).astype(x.dtype)


def _mask_unscaled(x, p, training, rng):
    if not training:
        return x.copy()
    return (x * (rng.random((1, *x.shape[1:])) >= p)).astype(x.dtype)


def _mask_in_evaluation(x, p, training, rng):
    return variational_dropout(x, p, True, rng)


def _mask_doubles(x, p, training, rng):
    return variational_dropout(x.astype(np.float64), p, training, rng)


def _does_nothing(*arguments): ...


# --- who still remembers -----------------------------------------------------------------------


def judge_survival(survival):
    points = ((0.25, 10), (0.5, 3), (0.1, 40), (0.0, 7))
    answers = [survival(p, steps) for p, steps in points]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    if any(not isinstance(answer, tuple) or len(answer) != 2 for answer in answers):
        return Diagnosis(
            "not-two-numbers",
            "two probabilities are asked for, and something else came back.",
            "return per_step, tied",
        )

    def agrees(formula):
        return all(
            math.isclose(value, wanted, rel_tol=1e-6, abs_tol=1e-9)
            for answer, (p, steps) in zip(answers, points, strict=True)
            for value, wanted in zip(answer, formula(p, steps), strict=True)
        )

    slips = {
        "the-other-way-round": (
            lambda p, t: (1 - p, (1 - p) ** t),
            "the two are in the other order.",
            "with a fresh mask at every step a unit has to be lucky at every step",
        ),
        "keep-and-drop-swapped": (
            lambda p, t: (p**t, p),
            "that is the probability to be dropped at every step.",
            "to survive is to be kept: with probability 1 − p each time",
        ),
        "dropped-at-least-once": (
            lambda p, t: (1 - (1 - p) ** t, p),
            "that is the probability to be dropped at some step.",
            "its complement survives",
        ),
        "tied-draws-again": (
            lambda p, t: ((1 - p) ** t, (1 - p) ** t),
            "the tied mask is treated as if it were drawn at every step.",
            "how many draws decide over a unit when one mask serves all steps?",
        ),
        "sum-instead-of-product": (
            lambda p, t: (max(0.0, 1 - p * t), 1 - p),
            "the risks of the single steps are added up.",
            "independent draws: multiply the probabilities to be kept",
        ),
    }
    if agrees(survival_of_a_unit):
        return None
    for code, (formula, message, next_step) in slips.items():
        if agrees(formula):
            return Diagnosis(code, message, next_step)
    return Diagnosis(
        "another-formula",
        f"for p = 0.5 and three steps it gives {answers[1][0]:.4g} and {answers[1][1]:.4g}, "
        "but it is 1/8 and 1/2.",
        "count the draws that have to go well",
    )


def survival_of_a_unit(p, steps):
    return (1 - p) ** steps, 1 - p


def _survival_swapped(p, steps):
    return 1 - p, (1 - p) ** steps


def _survival_of_the_dropped(p, steps):
    return p**steps, p


def _survival_complement(p, steps):
    return 1 - (1 - p) ** steps, p


def _survival_same(p, steps):
    return (1 - p) ** steps, (1 - p) ** steps


def _survival_linear(p, steps):
    return max(0.0, 1 - p * steps), 1 - p


def _survival_scaled(p, steps):
    return (1 - p) ** steps / (1 - p), 1.0


def _survival_one_number(p, steps):
    return (1 - p) ** steps


# --- one step back in time ---------------------------------------------------------------------


def judge_back(back):
    rng = np.random.default_rng(0)
    grad_a, weight_hh = rng.standard_normal((3, 4)), rng.standard_normal((4, 4))
    mask, p = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], dtype=bool), 0.2
    arguments = [array.copy() for array in (grad_a, weight_hh, mask)]
    answer = back(*arguments, p)
    if answer is None:
        return NOT_STARTED
    answer = np.asarray(answer)
    if answer.shape != grad_a.shape:
        return Diagnosis(
            "wrong-shape",
            f"the gradient of h[t-1] has shape (3, 4) here, and {answer.shape} came back.",
            "(N, H) times (H, H) is (N, H)",
        )
    if any((a != b).any() for a, b in zip(arguments, (grad_a, weight_hh, mask), strict=True)):
        return Diagnosis(
            "input-changed",
            "one of the arrays that you were given has been overwritten.",
            "`grad *= mask` writes into the caller's array; `grad * mask` makes a new one",
        )
    scale = 1 / (1 - p)
    slips = {
        "right": grad_a @ weight_hh * mask * scale,
        "weights-transposed": grad_a @ weight_hh.T * mask * scale,
        "mask-forgotten": grad_a @ weight_hh,
        "mask-forgotten-but-scaled": grad_a @ weight_hh * scale,
        "scale-forgotten": grad_a @ weight_hh * mask,
        "mask-before-the-weights": (grad_a * mask * scale) @ weight_hh,
        "dropped-instead-of-kept": grad_a @ weight_hh * ~mask * scale,
    }
    found = next((name for name, value in slips.items() if np.allclose(answer, value)), None)
    if found == "right":
        return None
    said = {
        "weights-transposed": (
            "the weights are the wrong way round.",
            "forward multiplied by W_hhᵀ, so backward multiplies by W_hh",
        ),
        "mask-forgotten": (
            "units that were cut off from the next step get a gradient from it.",
            "what forward multiplied h[t-1] by, backward multiplies its gradient by",
        ),
        "scale-forgotten": (
            "the mask is there, and the scale is not.",
            "forward multiplied by m / (1 - p): both belong to the gradient",
        ),
        "mask-before-the-weights": (
            "the mask is on the gradient of a[t], on the wrong side of the weights.",
            "forward: first the mask, then the weights. Backward goes the other way round",
        ),
        "dropped-instead-of-kept": (
            "only the dropped units get a gradient.",
            "mask is True where a unit is kept",
        ),
    }
    if found == "mask-forgotten-but-scaled":
        found = "mask-forgotten"
    message, next_step = said.get(
        found,
        (
            "that is not the gradient of h[t-1].",
            "v = m h / (1 - p) and a = v W_hhᵀ + ...: go back through the two, the last one first",
        ),
    )
    return Diagnosis(found or "another-gradient", message, next_step)


def back(grad_a, weight_hh, mask, p):
    grad_v = grad_a @ weight_hh  # (N, H): forward was a = v W_hhᵀ
    return grad_v * mask / (1 - p)  # forward was v = m h / (1 - p)


def _back_transposed(grad_a, weight_hh, mask, p):
    return grad_a @ weight_hh.T * mask / (1 - p)


def _back_no_mask(grad_a, weight_hh, mask, p):
    return grad_a @ weight_hh


def _back_no_scale(grad_a, weight_hh, mask, p):
    return grad_a @ weight_hh * mask


def _back_mask_first(grad_a, weight_hh, mask, p):
    return (grad_a * mask / (1 - p)) @ weight_hh


def _back_inverted(grad_a, weight_hh, mask, p):
    return grad_a @ weight_hh * ~mask / (1 - p)


def _back_fresh_mask(grad_a, weight_hh, mask, p):
    fresh = np.random.default_rng(1).random(mask.shape) >= p
    return grad_a @ weight_hh * fresh / (1 - p)


def _back_in_place(grad_a, weight_hh, mask, p):
    grad_a @= weight_hh
    return grad_a * mask / (1 - p)


def _back_weight_gradient(grad_a, weight_hh, mask, p):
    return grad_a.T @ grad_a


# --- a long sequence in chunks -----------------------------------------------------------------


def judge_chunks(in_chunks):
    def network(seed):
        rates = {"input_p": 0.3, "recurrent_p": 0.3, "output_p": 0.3}
        rng = np.random.default_rng(seed)
        return scratch.VariationalRNN(6, 20, rng=rng, dtype=np.float64, **rates)

    x, second = np.random.default_rng(1).standard_normal((2, 10, 3, 6))
    rnn, whole = network(2), network(2)
    answer = in_chunks(rnn, x, 4)
    if answer is None:
        return NOT_STARTED
    answer = np.asarray(answer)
    if answer.shape != (10, 3, 20):
        return Diagnosis(
            "steps-missing",
            f"ten steps of 3 cases went in, and an array of shape {answer.shape} came out.",
            "10 steps in chunks of 4 are three chunks, the last one of 2: x[start : start + 4]",
        )
    expected, _ = whole.forward(x)  # the same seed: its first draw is the same
    if not np.allclose(answer[:4], expected[:4]):
        return Diagnosis(
            "first-chunk-off",
            "even the first chunk is not what the network gives.",
            "rnn.forward(x[:4]) draws the masks; hand its output on as it is",
        )
    dropped = answer == 0  # by the output's mask
    if (dropped != dropped[0]).any():
        return Diagnosis(
            "new-masks-per-chunk",
            "the dropped units change where a new chunk begins.",
            "the chunks are one sequence: give rnn.masks of the first to all that follow",
        )
    if not np.allclose(answer, expected):
        return Diagnosis(
            "state-lost",
            "the masks are kept, and the network forgets what it had read where a chunk begins.",
            "forward returns (output, h_n): h_n is the h0 of the next chunk",
        )
    again = np.asarray(in_chunks(rnn, second, 4))
    if ((again == 0)[0] == dropped[0]).all():
        return Diagnosis(
            "masks-kept-for-ever",
            "the next sequence gets the masks of the one before.",
            "masks=None in the first chunk of each sequence draws new ones",
        )
    return None


def in_chunks(rnn, x, length):
    outputs, h, masks = [], None, None  # None: begin at zero, and draw
    for start in range(0, len(x), length):
        output, h = rnn.forward(x[start : start + length], h, masks)
        masks = rnn.masks
        outputs.append(output)
    return np.concatenate(outputs)


def _chunks_new_masks(rnn, x, length):
    outputs, h = [], None
    for start in range(0, len(x), length):
        output, h = rnn.forward(x[start : start + length], h)
        outputs.append(output)
    return np.concatenate(outputs)


def _chunks_no_state(rnn, x, length):
    outputs, masks = [], None
    for start in range(0, len(x), length):
        outputs.append(rnn.forward(x[start : start + length], None, masks)[0])
        masks = rnn.masks
    return np.concatenate(outputs)


def _chunks_whole_only(rnn, x, length):
    return in_chunks(rnn, x[: len(x) // length * length], length)


def _chunks_kept_for_ever(rnn, x, length):
    outputs, h = [], None
    for start in range(0, len(x), length):
        output, h = rnn.forward(x[start : start + length], h, rnn.masks)
        outputs.append(output)
    return np.concatenate(outputs)


def _chunks_evaluation(rnn, x, length):
    rnn.eval()
    return in_chunks(rnn, x, length)


EXERCISES = (
    Exercise(
        name="03-5-mask",
        title="One mask for all steps",
        statement=(
            "Write `variational_dropout(x, p, training, rng)` for `x` of shape (T, N, F): time "
            "first. In training return `x` with each unit of each case dropped with probability "
            "`p`, the same at every step, and what is kept scaled; in evaluation a copy of `x`. "
            "Keep the dtype. `p` is below 1 here."
        ),
        starter=(
            "def variational_dropout(x, p, training, rng):\n    # your code\n    ...\n\n\n"
            'check("03-5-mask", variational_dropout)'
        ),
        hints=(
            "Which of the three axes does the mask not depend on?",
            "NumPy stretches an axis of length 1 to whatever it meets.",
            "A mask of shape `(1, N, F)` is `rng.random((1, *x.shape[1:])) >= p`.",
        ),
        solution=variational_dropout,
        explanation=(
            "The 1 stands where the time is. Everything else is chapter 2: keep where the random "
            "number is at least p, divide by 1 − p, and give the result the dtype of `x`."
        ),
        judge=judge_mask,
        wrong_answers=(
            (_does_nothing, "not-started"),
            (_mask_per_step, "single-units-dropped"),
            (_mask_batch_first, "shared-along-the-wrong-axis"),
            (_mask_one_for_the_batch, "one-mask-for-the-batch"),
            (_mask_swapped, "keep-and-drop-swapped"),
            (_mask_seeded, "mask-never-redrawn"),
            (_mask_unscaled, "scale-forgotten"),
            (_mask_in_evaluation, "active-in-evaluation"),
            (_mask_doubles, "not-like-the-input"),
        ),
    ),
    Exercise(
        name="03-5-survival",
        title="Who still remembers?",
        statement=(
            "A unit only remembers: what it knows at step t is what it knew at step t − 1, unless "
            "it was dropped in between; then it is lost for good. With drop probability `p`, what "
            "is the probability that it still knows after `steps` steps? Return two numbers: with "
            "a fresh mask at every step, and with one mask for all of them."
        ),
        starter=(
            "def survival(p, steps):\n    # return per_step, tied\n    ...\n\n\n"
            'check("03-5-survival", survival)'
        ),
        hints=(
            "How many coins are tossed for one unit in each of the two?",
            "Independent events that all have to happen: multiply.",
            "With a fresh mask it has to be kept `steps` times, with one mask once.",
        ),
        solution=survival_of_a_unit,
        explanation=(
            "A fresh mask tosses a coin per step, and all of them have to fall well: "
            "$(1-p)^T$. One mask tosses one coin: $1-p$, however long the sequence is."
        ),
        judge=judge_survival,
        wrong_answers=(
            (_does_nothing, "not-started"),
            (_survival_swapped, "the-other-way-round"),
            (_survival_of_the_dropped, "keep-and-drop-swapped"),
            (_survival_complement, "dropped-at-least-once"),
            (_survival_same, "tied-draws-again"),
            (_survival_linear, "sum-instead-of-product"),
            (_survival_scaled, "another-formula"),
            (_survival_one_number, "not-two-numbers"),
        ),
    ),
    Exercise(
        name="03-5-back",
        title="One step back in time",
        statement=(
            "In forward, $a_t = v_t W_{hh}^\\top + \\dots$ with $v_t = m\\,h_{t-1}/(1-p)$. You "
            "have `grad_a` = $\\partial L/\\partial a_t$, of shape (N, H), the weights "
            "`weight_hh` (H, H) and the `mask` (N, H), True = keep. Return what flows from there "
            "to $h_{t-1}$."
        ),
        starter=(
            "def back(grad_a, weight_hh, mask, p):\n    # your code\n    ...\n\n\n"
            'check("03-5-back", back)'
        ),
        hints=(
            "Two things happened to $h_{t-1}$ on its way to $a_t$. Undo the last one first.",
            "$a = v W^\\top$ gives $\\partial L/\\partial v = (\\partial L/\\partial a)\\,W$.",
            "What `v` was multiplied out of `h` by, m / (1 − p), multiplies the gradient too.",
        ),
        solution=back,
        explanation=(
            "First through the weights, then through the mask, each as forward had it. The mask is "
            "the same one at every step, so a dropped unit sends nothing back at any of them."
        ),
        judge=judge_back,
        wrong_answers=(
            (_does_nothing, "not-started"),
            (_back_transposed, "weights-transposed"),
            (_back_no_mask, "mask-forgotten"),
            (_back_no_scale, "scale-forgotten"),
            (_back_mask_first, "mask-before-the-weights"),
            (_back_inverted, "dropped-instead-of-kept"),
            (_back_fresh_mask, "another-gradient"),
            (_back_in_place, "input-changed"),
        ),
    ),
    Exercise(
        name="03-5-chunks",
        title="A long sequence in chunks",
        statement=(
            "A sequence is too long for one pass. Run `rnn`, a `VariationalRNN` from scratch in "
            "training mode, over `x` (T, N, I) in chunks of `length` steps, so that the outputs, "
            "one after the other, are what one long pass would give. `rnn.forward(x, h0, masks)` "
            "returns `output, h_n`; `rnn.masks` holds the masks that it used. The next sequence "
            "has to get masks of its own."
        ),
        starter=(
            "def in_chunks(rnn, x, length):\n    # your code\n    ...\n\n\n"
            'check("03-5-chunks", in_chunks)'
        ),
        hints=(
            "What does the second chunk have to know of the first? Two things.",
            "The state, `h_n`, and the masks, `rnn.masks`.",
            "Begin with `h, masks = None, None`, and after each chunk set both.",
        ),
        solution=in_chunks,
        explanation=(
            "None means: begin at zero, and draw. After the first chunk the state and the masks "
            "are handed on, so that where the chunks are cut makes no difference."
        ),
        judge=judge_chunks,
        wrong_answers=(
            (_does_nothing, "not-started"),
            (_chunks_new_masks, "new-masks-per-chunk"),
            (_chunks_no_state, "state-lost"),
            (_chunks_whole_only, "steps-missing"),
            (_chunks_kept_for_ever, "masks-kept-for-ever"),
            (_chunks_evaluation, "first-chunk-off"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "x has shape (T, N, F). What is the shape of the mask of variational dropout?",
        "One draw per sequence",
        (
            "(1, N, F)",
            "One draw per case and unit, and every step uses it.",
        ),
        (
            "(T, N, F)",
            "That is a fresh mask at every step: ordinary dropout.",
        ),
        (
            "(T, 1, F)",
            "That shares a mask over the batch and redraws it at every step: both the wrong way "
            "round.",
        ),
        (
            "(1, 1, F)",
            "Constant over time, but the whole batch shares it.",
        ),
    ),
    {
        "question": "Units that only remember, p = 0.5, a fresh mask at every step. Out of "
        "1,000 units, how many still remember after 3 steps, on average?",
        "section": "What is remembered",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 125,
                "correct": True,
                "feedback": "Half of half of half: 1,000 times 0.5³.",
            },
            {
                "type": "value",
                "value": 500,
                "correct": False,
                "feedback": "That is one mask for all steps.",
            },
            {
                "type": "value",
                "value": 875,
                "correct": False,
                "feedback": "Those are the units that have forgotten.",
            },
            {
                "type": "default",
                "feedback": "A unit has to be kept three times in a row.",
            },
        ],
    },
    multiple_choice(
        "`nn.LSTM(64, 64, num_layers=2, dropout=0.5)`, in training. What is dropped?",
        "What PyTorch's dropout argument does",
        (
            "What the first layer gives to the second, with a fresh mask per step",
            "That, and nothing else.",
        ),
        (
            "What the first layer gives to the second, with one mask per sequence",
            "The place is right. The mask is drawn for every step.",
        ),
        (
            "The state, on its way from one step to the next",
            "It never touches the state.",
        ),
        (
            "The outputs of both layers",
            "The last layer's output is left alone; that is why a single layer warns that "
            "nothing will be dropped.",
        ),
    ),
    multiple_choice(
        "Kingma, Salimans and Welling (2015) also speak of variational dropout. What do they mean?",
        "Two methods, one name",
        (
            "Gaussian noise whose strength is learned",
            "It has nothing to do with sequences.",
        ),
        (
            "One mask for all time steps",
            "That is Gal and Ghahramani (2016), the method of this chapter.",
        ),
        (
            "A p that varies from step to step",
            "Neither method does that.",
        ),
    ),
    multiple_choice(
        "What does the gradient of a dropped input feature look like, with one mask per sequence?",
        "By hand, back through time",
        (
            "It is 0 at every step",
            "No step has seen the feature.",
        ),
        (
            "It is 0 at the last step only",
            "The mask is on all steps, forward and backward.",
        ),
        (
            "It is small, as it comes back through many steps",
            "Nothing comes back from where nothing went in.",
        ),
    ),
    multiple_choice(
        "You cut a long text into chunks and hand the state from one to the next. What happens "
        "if each chunk draws new masks?",
        "Pitfalls",
        (
            "The mask is constant within a chunk only, and changes where you cut",
            "That is a choice one may make, if one knows of it.",
        ),
        (
            "Nothing: the state has been handed on, and its mask along with it",
            "The state carries no mask. It is the same, but what the next step sees of it is not.",
        ),
        (
            "An error, as the masks don't fit",
            "They have the same shape. Nothing warns you.",
        ),
    ),
    multiple_choice(
        "A sequence model drops `h[t-1]` with one mask and uses the weights of the recurrence "
        "20 times. Is the network in evaluation the average of the masked ones?",
        "What is remembered",
        (
            "Not in general: 1 / (1 − p) comes in at every step, for the same units",
            "For a unit that only remembers, the mean grows like (1 − p) to the power 1 − t.",
        ),
        (
            "Yes: at each step the scale 1 / (1 − p) makes up for what the mask takes",
            "It does so in one multiplication. Here the same mask is multiplied in again and "
            "again, and the mean of a product is not the product of the means.",
        ),
        (
            "Yes, if the nonlinearity is a ReLU",
            "It fails even without any nonlinearity.",
        ),
    ),
]
