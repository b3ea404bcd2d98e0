"""Exercises and quiz of chapter 3.5."""

from dataclasses import replace

import numpy as np

from .. import scratch
from ..checks import Diagnosis, function_subject, sequence_subject
from ..checks.elementwise import (
    drop_rate_is_p,
    dtype_is_kept,
    evaluation_is_deterministic_and_scaled_right,
    every_pass_draws_anew,
    same_seed_gives_the_same_masks,
    what_is_kept_has_the_right_scale,
)
from ..checks.grouped import (
    a_group_is_dropped_as_a_whole,
    as_groups,
    every_group_has_its_own_draw,
    output_is_an_array_like_x,
)
from .answers import (
    called,
    close,
    described,
    every_unit_has_a_draw,
    in_both_modes,
    nothing_back,
    pairs,
)
from .core import NOT_STARTED, Exercise, first_diagnosis, multiple_choice

# --- one mask for all steps --------------------------------------------------------------------


def judge_mask(variational_dropout):
    like = sequence_subject(scratch.VariationalDropout)
    own = function_subject(variational_dropout, name="variational_dropout")
    x = np.ones((2, 3, 4), dtype=np.float32)
    given = in_both_modes("variational_dropout", variational_dropout, x)
    if diagnosis := nothing_back(given):
        return diagnosis
    for call, answer in given.items():
        if isinstance(answer, tuple):
            return Diagnosis(
                "not-one-array",
                f"{call} gives {len(answer)} things, and one is asked for.",
                "here the mask stays inside: return the output alone",
            )
    untouched = variational_dropout(x, 0.5, False, np.random.default_rng(0))
    if np.shares_memory(np.asarray(untouched), x):
        return Diagnosis(
            "output-is-the-input",
            "in evaluation the very array that went in comes out.",
            "whoever writes into the output would change x: a copy is asked for",
        )
    checks = (
        output_is_an_array_like_x,
        a_group_is_dropped_as_a_whole,
        every_group_has_its_own_draw,
        as_groups(every_unit_has_a_draw),
        as_groups(drop_rate_is_p),
        as_groups(every_pass_draws_anew),
        as_groups(what_is_kept_has_the_right_scale),
        as_groups(evaluation_is_deterministic_and_scaled_right),
        as_groups(dtype_is_kept),
        as_groups(same_seed_gives_the_same_masks),
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


def _mask_own_generator(x, p, training, rng):
    return variational_dropout(x, p, training, np.random.default_rng())


def _mask_one_draw(x, p, training, rng):
    if not training:
        return x.copy()
    return (x * (rng.random() >= p) / (1 - p)).astype(x.dtype)


def _does_nothing(*arguments): ...


# --- who still remembers -----------------------------------------------------------------------


def judge_survival(survival):
    points = ((0.25, 10), (0.5, 3), (0.1, 40), (0.0, 7))
    found = pairs(
        {called("survival", *point): survival(*point) for point in points},
        "not-two-numbers",
        "per_step, tied",
    )
    if isinstance(found, Diagnosis):
        return found

    def agrees(formula):
        return all(
            close(value, wanted)
            for answer, point in zip(found.values(), points, strict=True)
            for value, wanted in zip(answer, formula(*point), strict=True)
        )

    if agrees(survival_of_a_unit):
        return None
    for code, (formula, message, next_step) in _SURVIVAL_SLIPS.items():
        if agrees(formula):
            return Diagnosis(code, message, next_step)
    (call, (per_step, tied)), *_ = found.items()
    right = survival_of_a_unit(*points[0])
    which = {
        (True, False): "; the first is right",
        (False, True): "; the second is right",
    }.get((close(per_step, right[0]), close(tied, right[1])), "")
    return Diagnosis(
        "another-formula",
        f"{call} gives {per_step:.4g} and {tied:.4g}{which}.",
        "count the draws that have to go well, once for a fresh mask at every step, once for one "
        "mask. Begin with one step, then two",
    )


_SURVIVAL_SLIPS = {
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
    "per-step-keep-and-drop-swapped": (
        lambda p, t: (p**t, 1 - p),
        "the second is right; the first is the probability to be dropped at every step.",
        "to survive is to be kept, at every one of the steps",
    ),
    "tied-keep-and-drop-swapped": (
        lambda p, t: ((1 - p) ** t, p),
        "the first is right; the second is the probability to be dropped.",
        "to survive is to be kept, with one mask as with many",
    ),
    "tied-always-survives": (
        lambda p, t: ((1 - p) ** t, 1.0),
        "the first is right; with one mask, every unit would survive.",
        "one mask is drawn, too: a unit may be dropped by it, and then at all steps",
    ),
    "not-dropped-every-time": (
        lambda p, t: (1 - p**t, 1 - p),
        "the first is the probability to be kept at one step or more.",
        "being dropped once is enough to lose it for good",
    ),
    "one-step-short": (
        lambda p, t: ((1 - p) ** (t - 1), 1 - p),
        "one draw is left out.",
        "at each of the steps there is a mask, at the first one, too",
    ),
    "one-step-too-many": (
        lambda p, t: ((1 - p) ** (t + 1), 1 - p),
        "one draw too many is counted.",
        "at each of the steps there is one mask, and none before",
    ),
    "steps-ignored": (
        lambda p, t: (1 - p, 1 - p),
        "the number of steps has no effect.",
        "with a fresh mask there is another draw at every step",
    ),
    "dropped-at-least-once": (
        lambda p, t: (1 - (1 - p) ** t, p),
        "that is the probability to be dropped at some step.",
        "its complement survives",
    ),
    "dropped-at-least-once-per-step": (
        lambda p, t: (1 - (1 - p) ** t, 1 - p),
        "the second is right; the first is the probability to be dropped at some step.",
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
    "sum-below-zero": (
        lambda p, t: (1 - p * t, 1 - p),
        "the risks of the single steps are added up, and the result falls below 0.",
        "independent draws: multiply the probabilities to be kept",
    ),
}


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
    questions = (
        ([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], 0.2),
        ([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]], 0.75),
    )
    for kept, p in questions:
        mask = np.array(kept, dtype=bool)
        units = mask.shape[1]
        grad_a, weight_hh = rng.standard_normal(mask.shape), rng.standard_normal((units, units))
        diagnosis = _judge_step_back(back, (grad_a, weight_hh, mask), p)
        if diagnosis:
            return diagnosis
    return None


def _judge_step_back(back, arrays, p):
    grad_a, weight_hh, mask = arrays
    arguments = [array.copy() for array in arrays]
    answer = back(*arguments, p)
    if answer is None:
        return NOT_STARTED
    if isinstance(answer, tuple):
        return Diagnosis(
            "not-one-array",
            f"{len(answer)} things come back, and one is asked for.",
            "return the gradient of h[t-1] alone",
        )
    answer = np.asarray(answer)
    if answer.shape != grad_a.shape:
        return Diagnosis(
            "wrong-shape",
            f"the gradient of h[t-1] has shape {grad_a.shape} here, and {answer.shape} came back.",
            "(N, H) times (H, H) is (N, H)",
        )
    if any((a != b).any() for a, b in zip(arguments, arrays, strict=True)):
        return Diagnosis(
            "input-changed",
            "one of the arrays that you were given has been overwritten.",
            "`grad *= mask` writes into the caller's array; `grad * mask` makes a new one",
        )
    expected = grad_a @ weight_hh * mask / (1 - p)

    def is_(value):
        return np.allclose(answer, value, rtol=1e-4, atol=1e-6)

    if is_(expected):
        return None
    return (
        _scale_of_the_step(is_, expected, p)
        or _path_of_the_step(is_, *arrays, p)
        or Diagnosis(
            "another-gradient",
            f"that is not the gradient of h[t-1]: for p = {p} the first entry is "
            f"{expected[0, 0]:.4g}, and {answer[0, 0]:.4g} came back.",
            "v = m h / (1 - p) and a = v W_hhᵀ + ...: go back through the two, the last one first",
        )
    )


def _scale_of_the_step(is_, right, p):
    """The right path, with another factor."""
    known = {
        "scale-forgotten": (1 - p, "the mask is there, and the scale is not."),
        "scaled-the-wrong-way": ((1 - p) ** 2, "the gradient is multiplied by 1 − p."),
        "scaled-twice": (1 / (1 - p), "the gradient is divided by 1 − p twice."),
        "divided-by-p": ((1 - p) / p, "the gradient is divided by p."),
    }
    for code, (factor, message) in known.items():
        if is_(right * factor):
            return Diagnosis(
                code,
                f"the path is right. At p = {p} {message}",
                "forward multiplied by m / (1 - p): both belong to the gradient, once",
            )
    return None


def _path_of_the_step(is_, grad_a, weight_hh, mask, p):
    """Another path, with the scale or without."""
    through = grad_a @ weight_hh
    known = {
        "weights-transposed": (
            grad_a @ weight_hh.T * mask,
            "the weights are the wrong way round.",
            "forward multiplied by W_hhᵀ, so backward multiplies by W_hh",
        ),
        "mask-forgotten": (
            through,
            "units that were cut off from the next step get a gradient from it.",
            "what forward multiplied h[t-1] by, backward multiplies its gradient by",
        ),
        "weights-transposed-and-no-mask": (
            grad_a @ weight_hh.T,
            "the weights are the wrong way round, and units that were cut off get a gradient.",
            "forward multiplied by W_hhᵀ, so backward multiplies by W_hh; then comes the mask",
        ),
        "mask-before-the-weights": (
            (grad_a * mask) @ weight_hh,
            "the mask is on the gradient of a[t], on the wrong side of the weights.",
            "forward: first the mask, then the weights. Backward goes the other way round",
        ),
        "mask-on-both-sides": (
            (grad_a * mask) @ weight_hh * mask,
            "the mask is on both sides of the weights.",
            "forward masked h[t-1] and not a[t]: only the gradient of h[t-1] gets the mask",
        ),
        "weights-forgotten": (
            grad_a * mask,
            "the gradient does not go through the weights.",
            "what does a[t] hear of v? That is the last step of forward, and the first of backward",
        ),
        "dropped-instead-of-kept": (
            through * ~mask,
            "only the dropped units get a gradient.",
            "mask is True where a unit is kept",
        ),
        "one-mask-for-the-batch": (
            through * mask[0],
            "all cases get the mask of the first.",
            "the mask has a row for each case",
        ),
    }
    for code, (value, message, next_step) in known.items():
        if is_(value) or is_(value / (1 - p)):
            return Diagnosis(code, message, next_step)
    return None


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
    """Ten steps in chunks of 4, and with another network seven in chunks of 3."""
    return _judge_long_sequence(in_chunks, 10, 4) or _judge_long_sequence(in_chunks, 7, 3)


def _network(seed):
    rates = {"input_p": 0.3, "recurrent_p": 0.3, "output_p": 0.3}
    rng = np.random.default_rng(seed)
    return scratch.VariationalRNN(6, 20, rng=rng, dtype=np.float64, **rates)


class _Counting:
    """A network that notes how many steps each pass had."""

    def __init__(self, rnn):
        self._rnn, self.lengths = rnn, []

    def forward(self, x, *arguments, **named):
        self.lengths.append(len(x))
        return self._rnn.forward(x, *arguments, **named)

    __call__ = forward

    def __getattr__(self, name):
        return getattr(self._rnn, name)


def _judge_long_sequence(in_chunks, steps, length):
    x, second = np.random.default_rng(steps).standard_normal((2, steps, 3, 6))
    rnn, whole = _Counting(_network(2)), _network(2)
    answer = in_chunks(rnn, x, length)
    if answer is None:
        return NOT_STARTED
    if isinstance(answer, tuple | list) and len(answer) != steps:
        return Diagnosis(
            "not-one-array",
            f"{described(answer)} comes back, and one array of all outputs is asked for.",
            "put the outputs of the chunks together along the time: np.concatenate",
        )
    answer = np.asarray(answer)
    lengths = [min(length, steps - start) for start in range(0, steps, length)]
    if answer.shape != (steps, 3, 20):
        return _wrong_steps(answer.shape, steps, length, lengths)
    if rnn.lengths != lengths:
        return Diagnosis(
            "other-chunks",
            f"for {steps} steps and length {length} the passes had {rnn.lengths} steps, "
            f"not {lengths}.",
            "cut along the time, the first axis, into pieces of `length` steps; the last may be "
            "shorter",
        )
    expected, _ = whole.forward(x)  # the same seed: its first draw is the same
    if not np.allclose(answer[:length], expected[:length]):
        return Diagnosis(
            "first-chunk-off",
            "even the first chunk is not what the network gives in training.",
            f"rnn.forward(x[:{length}]) draws the masks; hand its output on as it is, and leave "
            "the mode alone",
        )
    return _wrong_hand_over(in_chunks, rnn, answer, expected, second, length)


def _wrong_steps(shape, steps, length, lengths):
    hint = f"{steps} steps in chunks of {length} are chunks of {lengths}: x[start : start + length]"
    if shape == (3, 20):
        hint = "that is the last state; the outputs of all steps are asked for"
    elif shape == (lengths[-1], 3, 20):
        hint = "that is the last chunk alone: collect the outputs of all of them"
    return Diagnosis(
        "steps-missing",
        f"{steps} steps of 3 cases went in, and an array of shape {shape} came out.",
        hint,
    )


def _wrong_hand_over(in_chunks, rnn, answer, expected, second, length):
    dropped = answer == 0  # by the output's mask
    if (dropped != dropped[0]).any():
        return Diagnosis(
            "new-masks-per-chunk",
            "the dropped units change where a new chunk begins.",
            "the chunks are one sequence: give rnn.masks of the first to all that follow",
        )
    if not np.allclose(answer, expected):
        if np.allclose(answer, _from_the_outputs(_network(2), len(answer), length)):
            return Diagnosis(
                "output-instead-of-state",
                "a chunk begins with the last output of the one before, and that has been through "
                "the mask of the outputs.",
                "forward returns (output, h_n): h_n is the state",
            )
        return Diagnosis(
            "state-lost",
            "the masks are kept, and the network forgets what it had read where a chunk begins.",
            "forward returns (output, h_n): h_n is the h0 of the next chunk",
        )
    again = np.asarray(in_chunks(rnn, second, length))
    if ((again == 0)[0] == dropped[0]).all():
        return Diagnosis(
            "masks-kept-for-ever",
            "the next sequence gets the masks of the one before.",
            "masks=None in the first chunk of each sequence draws new ones",
        )
    return None


def _from_the_outputs(rnn, steps, length):
    x, _ = np.random.default_rng(steps).standard_normal((2, steps, 3, 6))
    return _chunks_output_as_state(rnn, x, length)


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


def _chunks_output_as_state(rnn, x, length):
    outputs, h, masks = [], None, None
    for start in range(0, len(x), length):
        output, _ = rnn.forward(x[start : start + length], h, masks)
        h, masks = output[-1], rnn.masks
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
            "Return the output alone, with the dtype of `x`; draw from `rng`. `p` is below 1 here."
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
            (lambda x, p, t, rng: (variational_dropout(x, p, t, rng), None), "not-one-array"),
            (
                lambda x, p, t, rng: variational_dropout(x, p, t, rng) if t else None,
                "returns-nothing-here",
            ),
            (_mask_own_generator, "generator-ignored"),
            (lambda x, p, t, rng: np.float32(variational_dropout(x, p, t, rng)), "dtype-changed"),
            (_mask_one_draw, "one-draw-for-all"),
            (
                lambda x, p, t, rng: variational_dropout(x, p, t, rng) if t else x,
                "output-is-the-input",
            ),
        ),
    ),
    Exercise(
        name="03-5-survival",
        title="Who still remembers?",
        statement=(
            "A unit only remembers: what it knows at step t is what it knew at step t − 1, unless "
            "it was dropped in between; then it is lost for good. With drop probability `p`, what "
            "is the probability that it still knows after `steps` steps, with a draw at each of "
            "them? Write `survival(p, steps)`, which returns two numbers: with a fresh mask at "
            "every step, and with one mask for all of them. Guess for p = 0.5 and ten steps first."
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
            (lambda p, steps: (p**steps, 1 - p), "per-step-keep-and-drop-swapped"),
            (lambda p, steps: ((1 - p) ** steps, p), "tied-keep-and-drop-swapped"),
            (lambda p, steps: ((1 - p) ** steps, 1.0), "tied-always-survives"),
            (lambda p, steps: (1 - p**steps, 1 - p), "not-dropped-every-time"),
            (lambda p, steps: ((1 - p) ** (steps - 1), 1 - p), "one-step-short"),
            (lambda p, steps: ((1 - p) ** (steps + 1), 1 - p), "one-step-too-many"),
            (lambda p, steps: (1 - p, 1 - p), "steps-ignored"),
            (lambda p, steps: (1 - (1 - p) ** steps, 1 - p), "dropped-at-least-once-per-step"),
            (lambda p, steps: (1 - p * steps, 1 - p), "sum-below-zero"),
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
            "So `grad_a @ weight_hh` first. Then what `h` was multiplied by on its way to `v`, "
            "m / (1 − p), multiplies the gradient too.",
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
            (lambda g, w, mask, p: back(g, w, mask, p) * (1 - p) ** 2, "scaled-the-wrong-way"),
            (lambda g, w, mask, p: back(g, w, mask, p) / (1 - p), "scaled-twice"),
            (lambda g, w, mask, p: back(g, w, mask, 1 - p), "divided-by-p"),
            (lambda g, w, mask, p: g @ w.T, "weights-transposed-and-no-mask"),
            (lambda g, w, mask, p: back(g * mask, w, mask, p), "mask-on-both-sides"),
            (lambda g, w, mask, p: g * mask / (1 - p), "weights-forgotten"),
            (lambda g, w, mask, p: g @ w * mask[0] / (1 - p), "one-mask-for-the-batch"),
            (lambda g, w, mask, p: (back(g, w, mask, p), mask), "not-one-array"),
            (lambda g, w, mask, p: g @ w * mask * 1.25, "another-gradient"),
            (_back_fresh_mask, "another-gradient"),
            (_back_in_place, "input-changed"),
        ),
    ),
    Exercise(
        name="03-5-chunks",
        title="A long sequence in chunks",
        statement=(
            "A sequence is too long for one pass. Run `rnn`, a `VariationalRNN` from scratch in "
            "training mode, over `x` (T, N, I) in chunks of `length` steps (the last may be "
            "shorter), and return one array (T, N, H) of the outputs: what one long pass would "
            "give. `rnn.forward(x, h0, masks)` returns `output, h_n`; `rnn.masks` holds the masks "
            "that it used. The next sequence has to get masks of its own."
        ),
        starter=(
            "def in_chunks(rnn, x, length):\n    # your code\n    ...\n\n\n"
            'check("03-5-chunks", in_chunks)'
        ),
        hints=(
            "What does the second chunk have to know of the first? Two things.",
            "The state, `h_n`, and the masks, `rnn.masks`.",
            "Begin with `h, masks = None, None`. For each chunk, "
            "`output, h = rnn.forward(chunk, h, masks)` and then `masks = rnn.masks`; "
            "`np.concatenate` joins the outputs.",
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
            (_chunks_output_as_state, "output-instead-of-state"),
            (lambda rnn, x, length: in_chunks(rnn, x, 4), "other-chunks"),
            (lambda rnn, x, length: rnn.forward(x)[0], "other-chunks"),
            (lambda rnn, x, length: (in_chunks(rnn, x, length), 0), "not-one-array"),
            (lambda rnn, x, length: in_chunks(rnn, x, length)[-1], "steps-missing"),
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
