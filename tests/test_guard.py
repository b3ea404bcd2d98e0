"""Whatever a reader's code does, ``check`` answers in words, soon, and leaves no trace."""

import functools
import random
import sys
import threading
import time

import numpy as np
import pytest
import torch

from dropout_lib.exercises import all_exercises, check
from dropout_lib.exercises.core import CHAPTERS, chapter_of
from dropout_lib.exercises.guard import limit_of

FUNCTIONS = [e for e in all_exercises() if callable(e.solution)]
VALUES = [e for e in all_exercises() if not callable(e.solution)]
ONE_PER_CHAPTER = [next(e for e in FUNCTIONS if chapter_of(e.name) == c) for c in CHAPTERS]

every_function = pytest.mark.parametrize("found", FUNCTIONS, ids=lambda e: e.name)


def with_same_arguments(found, body):
    """A function with the signature of the solution that does something else."""
    return functools.wraps(found.solution)(body)


def code_of(found, answer):
    verdict = check(found.name, answer)
    assert not verdict.passed
    assert "Traceback" not in repr(verdict)
    return verdict.diagnosis.code


@pytest.mark.parametrize("found", ONE_PER_CHAPTER, ids=lambda e: e.name)
def test_a_loop_without_end_is_stopped(found):
    def loops(*args, **kwargs):
        while True:
            pass

    limit = limit_of(found)  # the solution's time; half a second where nothing else runs
    start, threads = time.perf_counter(), threading.active_count()
    code = code_of(found, with_same_arguments(found, loops))
    assert code == "does-not-end"
    assert time.perf_counter() - start < limit + 0.5
    assert threading.active_count() == threads


@every_function
def test_nothing_comes_back(found):
    assert code_of(found, with_same_arguments(found, lambda *a, **k: None)) == "not-started"
    assert code_of(found, None) == "not-started"
    assert code_of(found, ...) == "not-started"


@every_function
def test_the_expected_value_is_printed_instead_of_returned(found, capsys):
    def prints(*args, **kwargs):
        print(found.solution(*args, **kwargs))

    assert code_of(found, with_same_arguments(found, prints)) == "prints-only"
    assert capsys.readouterr().out == ""


@every_function
def test_one_expected_value_for_all_questions(found):
    first = []

    def remembers(*args, **kwargs):
        if not first:
            first.append(found.solution(*args, **kwargs))
        return first[0]

    code_of(found, with_same_arguments(found, remembers))


@every_function
@pytest.mark.parametrize(
    "error", [ZeroDivisionError, SystemExit, KeyboardInterrupt, RecursionError]
)
def test_an_exception_is_told_with_its_line(found, error):
    def raises(*args, **kwargs):
        raise error("oh no")

    verdict = check(found.name, with_same_arguments(found, raises))
    assert verdict.diagnosis.code.startswith("raises")
    if verdict.diagnosis.code != "raises":
        return  # the exercise is about exceptions and has its own words for them
    words = " ".join(repr(verdict).split())
    assert f'{error.__name__}: oh no (in `raise error("oh no")`)' in words


@every_function
@pytest.mark.parametrize(
    "odd", [object(), "0.5", [], {}, (), 1j, float("nan"), True, np.array([]), np.float64, sys],
    ids=repr,
)  # fmt: skip
def test_an_odd_return_value_gets_an_answer(found, odd):
    assert code_of(found, with_same_arguments(found, lambda *a, **k: odd))


@every_function
def test_other_arguments_than_asked_for(found):
    assert code_of(found, lambda: 0) == "other-arguments"


@every_function
@pytest.mark.parametrize("value", [0.5, "0.5", [1, 2], np.ones(3)], ids=repr)
def test_a_value_where_a_function_is_asked_for(found, value):
    assert code_of(found, value) == "not-a-function"


@pytest.mark.parametrize("found", VALUES, ids=lambda e: e.name)
@pytest.mark.parametrize("odd", [object(), "x", [], {}, 1j, float("nan"), np.ones(3)], ids=repr)
def test_an_odd_value_gets_an_answer(found, odd):
    assert code_of(found, odd)
    assert code_of(found, lambda: found.solution) == "not-a-value"


def overwrite(value):
    if isinstance(value, np.ndarray) and value.dtype != bool:
        value[...] = 7
    elif isinstance(value, torch.Tensor):
        value.detach().fill_(7)


@every_function
def test_arguments_that_are_written_into(found):
    touched = []

    def overwrites(*args, **kwargs):
        answer = found.solution(*args, **kwargs)
        for value in (*args, *kwargs.values()):
            if isinstance(value, np.ndarray | torch.Tensor) and value.size:
                touched.append(True)
                overwrite(value)
        return answer

    verdict = check(found.name, with_same_arguments(found, overwrites))
    if not touched:
        assert verdict.passed
    else:
        assert "changed" in verdict.diagnosis.code, verdict


@every_function
def test_a_global_seed_is_neither_set_nor_disturbed(found):
    def seeds(*args, **kwargs):
        answer = found.solution(*args, **kwargs)
        np.random.seed(0)  # noqa: NPY002
        return answer

    numpys, pythons, torchs = np.random.get_state(), random.getstate(), torch.get_rng_state()  # noqa: NPY002
    verdict = check(found.name, with_same_arguments(found, seeds))
    assert verdict.passed or verdict.diagnosis.code in ("seeds-inside", "global-random-state")
    np.testing.assert_equal(np.random.get_state(), numpys)  # noqa: NPY002
    assert random.getstate() == pythons
    assert torch.get_rng_state().equal(torchs)


def test_a_seed_within_is_found():
    def forward(x, p, training, rng):
        np.random.seed(0)  # noqa: NPY002
        mask = np.random.rand(*x.shape) >= p  # noqa: NPY002
        if not training:
            return x, None
        return (x * mask / max(1 - p, 1e-9)).astype(x.dtype), mask

    assert check("02-forward", forward).diagnosis.code == "seeds-inside"


def test_the_readers_own_interruption_gets_through(monkeypatch):
    def interrupted(self, timeout=None):
        raise KeyboardInterrupt

    found = FUNCTIONS[0]
    check(found.name, found.solution)
    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check(found.name, with_same_arguments(found, lambda *a, **k: time.sleep(0.1)))
