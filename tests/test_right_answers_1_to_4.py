"""Right answers that look otherwise than the solution pass: other formulas, loops, types."""

import functools
import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from dropout_lib.exercises import all_exercises, check, find
from dropout_lib.exercises.answers import as_number, judge_formula
from dropout_lib.scratch import spatial_dropout_forward


def passes(name, answer):
    verdict = check(name, answer)
    assert verdict.passed, verdict


# --- numbers of any type --------------------------------------------------------------------------

ONE_NUMBER = (
    "02-variance", "03-convert", "03-sum", "03-2-noise", "03-2-schedule", "03-3-pooled-variance",
    "03-3-silence", "04-penalty", "04-visited",
)  # fmt: skip
TWO_NUMBERS = ("01-survivors", "03-2-rates", "03-4-batch-noise", "03-5-survival")


@pytest.mark.parametrize("kind", [float, np.float32, np.array, torch.tensor, Fraction])
@pytest.mark.parametrize("name", ONE_NUMBER)
def test_a_number_of_another_type(name, kind):
    found = find(name).solution
    passes(name, functools.wraps(found)(lambda *arguments: kind(float(found(*arguments)))))


@pytest.mark.parametrize(
    "kind", [tuple, list, np.array, torch.tensor, lambda pair: tuple(map(np.float32, pair))]
)
@pytest.mark.parametrize("name", TWO_NUMBERS)
def test_two_numbers_in_another_wrapping(name, kind):
    found = find(name).solution
    passes(name, functools.wraps(found)(lambda *arguments: kind(found(*arguments))))


@pytest.mark.parametrize(
    "answer",
    [1 - 0.2**3, Fraction(124, 125), Decimal("0.992"), np.float32(0.992), torch.tensor(0.992)],
)
def test_a_probability_of_another_type(answer):
    passes("01-someone-plays", answer)


@pytest.mark.parametrize("answer", [32000.0, np.int64(32000), np.prod([16, 100, 20])])
def test_a_count_of_another_type(answer):
    passes("03-coins", answer)


@pytest.mark.parametrize("answer", ["C", "c.", "(c)", " c) "])
def test_a_letter_as_people_write_it(answer):
    passes("04-could-fail", answer)


@pytest.mark.parametrize("value", ["0.5", True, [0.5], np.ones(1), None, 1j, object(), float])
def test_what_is_no_number(value):
    assert as_number(value) is None


# --- arrays of another type -----------------------------------------------------------------------

ONE_ARRAY = (
    "03-1-forgotten-logits", "03-1-repair", "03-2-family", "03-2-share", "03-3-mask",
    "03-3-channels-last", "03-4-weight-gradient", "03-4-covariance", "03-5-back", "03-5-chunks",
    "04-all-masks",
)  # fmt: skip


@pytest.mark.parametrize("kind", [torch.tensor, lambda array: array.tolist()])
@pytest.mark.parametrize("name", ONE_ARRAY)
def test_an_array_of_another_type(name, kind):
    found = find(name).solution

    @functools.wraps(found)
    def other(*arguments):
        return kind(found(*arguments))

    passes(name, other)


IMPLEMENTED = [e.name for e in all_exercises() if callable(e.solution) and e.name[:2] <= "04"]


@pytest.mark.parametrize("name", IMPLEMENTED)
def test_a_partial_and_a_callable_object(name):
    found = find(name).solution
    passes(name, functools.partial(found))

    class Answer:
        def __call__(self, *arguments):
            return found(*arguments)

    passes(name, Answer())


# --- other ways to the same end -------------------------------------------------------------------


def bench_column_by_column(activations, rates, rng):
    out = np.zeros_like(activations)
    for unit, rate in enumerate(rates):
        plays = rng.random(len(activations)) > rate
        out[plays, unit] = activations[plays, unit]
    return out


def forward_with_binomial(x, p, training, rng):
    if not training:
        return [x.copy(), None]
    mask = rng.binomial(1, 1 - p, x.shape).astype(x.dtype)
    return [mask * x / (1 - p if p < 1 else 1), mask]


def forward_into_a_copy(x, p, training, rng):
    if not training:
        return x, None
    mask = ~(rng.uniform(size=x.shape) < p)
    out = np.zeros_like(x)
    if p < 1:
        out[mask] = x[mask] / (1 - p)
    return out, mask


def backward_with_where(grad_output, mask, p):
    if mask is None:
        return grad_output
    return np.where(mask, grad_output / (1 - p), 0) if p < 1 else np.zeros_like(grad_output)


def predict_with_scaled_weights(x, weights, biases, p):
    h = np.maximum(x @ weights[0].T + biases[0], 0)
    for w, b in zip(weights[1:-1], biases[1:-1], strict=True):
        h = np.maximum(h @ (w * (1 - p)).T + b, 0)
    return h @ (weights[-1] * (1 - p)).T + biases[-1]


def channels_by_hand(x, p, rng):
    return x * (rng.random((len(x), 1, 1, x.shape[-1])) >= p) / (1 - p)


def channels_with_swapaxes(x, p, rng):
    return spatial_dropout_forward(x.swapaxes(1, 3), p, rng=rng)[0].swapaxes(1, 3)


def dropconnect_case_by_case(x, weight, bias, p, rng):
    masks = np.array([rng.random(weight.shape) >= p for _ in x])
    return [(masks * weight @ x[:, :, None])[..., 0] / (1 - p) + bias, masks]


def weight_gradient_in_a_loop(grad_output, x, mask, p):
    grad = np.zeros(mask.shape[1:])
    for n in range(len(x)):
        grad += mask[n] * np.outer(grad_output[n], x[n])
    return grad / (1 - p)


def covariance_entry_by_entry(x, weight, p, shared):
    matrix = np.zeros((len(weight), len(weight)))
    for o, q in itertools.product(range(len(weight)), repeat=2):
        if shared or o == q:
            matrix[o, q] = p / (1 - p) * (weight[o] * weight[q] * x**2).sum()
    return matrix


def steps_in_a_loop(x, p, training, rng):
    if not training:
        return np.array(x)
    mask = rng.random(x.shape[1:]) < 1 - p
    return np.stack([np.where(mask, step / (1 - p), 0).astype(x.dtype) for step in x])


def chunks_with_split(rnn, x, length):
    outputs, h, masks = [], None, None
    for chunk in np.split(x, range(length, len(x), length)):
        output, h = rnn.forward(chunk, h0=h, masks=masks)
        masks = rnn.masks
        outputs.extend(output)
    return outputs


def mean_over_masks_by_bits(h, weight, bias, p):
    logs = np.zeros(len(bias))
    for number in range(2 ** len(h)):
        mask = np.array([number >> unit & 1 for unit in range(len(h))])
        z = weight @ (mask * h / (1 - p)) + bias
        probability = math.prod(np.where(mask, 1 - p, p))
        logs += probability * (z - np.logaddexp.reduce(z))
    return np.exp(logs) / np.exp(logs).sum()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("01-bench", bench_column_by_column),
        ("01-survivors", lambda n, p: (n - n * p, np.sqrt(n) * np.sqrt(p - p * p))),
        ("02-forward", forward_with_binomial),
        ("02-forward", forward_into_a_copy),
        ("02-backward", backward_with_where),
        ("02-variance", lambda x, p: x**2 / (1 - p) - x**2),
        ("02-variance", lambda x, p: (1 - p) * (x / (1 - p) - x) ** 2 + p * x**2),
        ("03-mask-shape", lambda g, s: np.array(find("03-mask-shape").solution(g, s))),
        ("03-mask-shape", lambda g, s: torch.Size(find("03-mask-shape").solution(g, s))),
        (
            "03-sum",
            lambda x, p, shared: (
                p / (1 - p) * (np.outer(x, x).sum() if shared else np.trace(np.outer(x, x)))
            ),
        ),
        ("03-1-backward", lambda g, m, p: g * ((1 - p) if m is None else m)),
        (
            "03-1-convert",
            lambda w, b, rates: [tuple(m - m * p for m, p in zip(w, rates, strict=True)), b],
        ),
        ("03-1-repair", predict_with_scaled_weights),
        ("03-2-noise", lambda w, x, p: np.linalg.norm(w * x) * (p / (1 - p)) ** 0.5 / abs(w @ x)),
        ("03-2-schedule", lambda e, n, start: np.interp(e, [0, n / 2], [start, 0])),
        ("03-2-share", lambda x, mask, p: x * mask / max(1 - p, 1e-9)),
        ("03-3-mask", lambda s, p, rng: rng.binomial(1, 1 - p, (*s[:2], 1, 1))),
        ("03-3-mask", lambda s, p, rng: np.ones(s) * (rng.random((*s[:2], 1, 1)) > p)),
        ("03-3-channels-last", channels_by_hand),
        ("03-3-channels-last", channels_with_swapaxes),
        ("03-4-forward", dropconnect_case_by_case),
        ("03-4-weight-gradient", weight_gradient_in_a_loop),
        ("03-4-covariance", covariance_entry_by_entry),
        ("03-5-mask", steps_in_a_loop),
        ("03-5-chunks", chunks_with_split),
        ("04-penalty", lambda x, w, p: p / (1 - p) * np.linalg.norm(x * w) ** 2),
        ("04-all-masks", mean_over_masks_by_bits),
        ("04-visited", lambda n, draws: 2**n * (1 - (1 - 2**-n) ** draws)),
        ("04-visited", lambda n, draws: sum((1 - 2**-n) ** k for k in range(draws))),
    ],
)  # fmt: skip
def test_another_way_passes(name, answer):
    passes(name, answer)


# --- what the judge of formulas says --------------------------------------------------------------


def double(x):
    return 2 * x


def said_of(answer):
    slips = {"squared": (lambda x: x**2, "that is the square.", "how often is x in it?")}
    return judge_formula(
        answer, ((3.0,), (2.0,), (0.5,)), double, slips, name="double", advice="add x to x"
    )


def test_a_formula_is_told_where_it_goes_wrong():
    assert said_of(double) is None
    slip = said_of(lambda x: x * x)
    assert slip.code == "squared"
    assert slip.message == "double(3.0) gives 9: that is the square."
    near = said_of(lambda x: 2.01 * x)
    assert near.code == "nearly-right"
    assert "gives 6.03, and 6 is right" in near.message
    half = said_of(lambda x: 2 * x if x < 3 else None)
    assert half.code == "returns-nothing-here"
    assert "double(3.0) returns None" in half.message
    other = said_of(lambda x: x + 2)
    assert other.message == "double(3.0) gives 5, and 6 is right; double(2.0) is right already."
    endless = said_of(lambda x: math.inf)
    assert "divide by 0" in endless.hint
    assert said_of(lambda x: [2 * x]).code == "not-one-number"
    assert said_of(lambda x: None).code == "not-started"
