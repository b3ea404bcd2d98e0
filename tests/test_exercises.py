"""Every solution passes, and every wrong answer hears what is wrong with it."""

import time

import numpy as np
import pytest

from dropout_lib.checks import Diagnosis
from dropout_lib.exercises import (
    Verdict,
    all_exercises,
    check,
    exercise,
    find,
    hint,
    questions,
    solution,
)
from dropout_lib.exercises.core import CHAPTERS, chapter_of

EXERCISES = all_exercises()
WRONG = [
    pytest.param(e, answer, code, id=f"{e.name}-{code}")
    for e in EXERCISES
    for answer, code in e.wrong_answers
]


@pytest.mark.parametrize("found", EXERCISES, ids=lambda e: e.name)
def test_solution_passes(found):
    assert check(found.name, found.solution).passed


@pytest.mark.parametrize(("found", "answer", "code"), WRONG)
def test_wrong_answer_gets_its_diagnosis(found, answer, code):
    start = time.perf_counter()
    with np.errstate(all="ignore"):
        verdict = check(found.name, answer)
    assert not verdict.passed
    assert verdict.diagnosis.code == code, verdict
    assert "hint(" in repr(verdict)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("found", EXERCISES, ids=lambda e: e.name)
def test_starter_is_recognised(found, capsys):
    said = []
    names = {"check": lambda name, answer: said.append(check(name, answer))}
    exec(found.starter, names)
    assert said[0].diagnosis.code == "not-started"


@pytest.mark.parametrize("found", EXERCISES, ids=lambda e: e.name)
def test_exercise_has_hints_wrong_answers_and_a_place(found):
    assert len(found.hints) >= 3
    assert len(found.wrong_answers) >= 4
    assert chapter_of(found.name) in CHAPTERS
    shown = repr(exercise(found.name))
    assert shown.count("<details>") == len(found.hints) + 1
    assert found.explanation in repr(solution(found.name))
    assert found.hints[0] in repr(hint(found.name))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_has_three_to_five_exercises_and_five_questions(chapter):
    assert 3 <= sum(chapter_of(e.name) == chapter for e in EXERCISES) <= 5
    assert len(questions(chapter)) >= 5


def test_unknown_exercise_is_named_with_its_neighbours():
    with pytest.raises(ValueError, match=r"no exercise is named '02-bakward'.*02-backward"):
        find("02-bakward")
    with pytest.raises(ValueError, match=r"no exercise is named 'nonsense'.*01-bench"):
        check("nonsense", 1)
    with pytest.raises(ValueError, match="hints 1 to 3, but got 9"):
        hint("02-backward", 9)


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ((), ""),
        (("a", "b", "c"), "Right so far: a, b, c.\n"),
        (("a", "b", "c", "d"), "Right so far: 1 other, b, c, d.\n"),
        (("a", "b", "c", "d", "e"), "Right so far: 2 others, c, d, e.\n"),
    ],
)
def test_a_verdict_names_the_last_three_properties_that_are_right(right, said):
    diagnosis = Diagnosis("code", "this is wrong.", "look there", right)
    assert repr(Verdict("02-forward", diagnosis)).startswith(f"{said}Not yet: this is wrong.")
