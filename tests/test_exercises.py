"""Every solution passes, and every wrong answer hears what is wrong with it."""

import random
import time

import numpy as np
import pytest

from dropout_lib import scratch
from dropout_lib.exercises import (
    all_exercises,
    check,
    exercise,
    find,
    hint,
    questions,
    quiz,
    solution,
)
from dropout_lib.exercises.core import CHAPTERS, chapter_of

EXERCISES = all_exercises()
WRONG = [
    pytest.param(e, answer, code, id=f"{e.name}-{code}")
    for e in EXERCISES
    for answer, code in e.wrong_answers
]
QUESTIONS = [
    pytest.param(question, id=f"{chapter}-{number}")
    for chapter in CHAPTERS
    for number, question in enumerate(questions(chapter), start=1)
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


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_has_one_right_answer_and_feedback_for_all(question):
    answers = question["answers"]
    assert sum(answer.get("correct", False) for answer in answers) == 1
    assert all(answer["feedback"] for answer in answers)
    assert question["section"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_quiz_is_the_same_text_every_time_and_draws_no_random_number(chapter, monkeypatch):
    shown = []
    for name in ("IPython.display.display", "jupyterquiz.dynamic.display.display"):
        monkeypatch.setattr(name, lambda output: shown.append(output.data))
    random.seed(1)
    quiz(chapter)
    after = random.random()
    first = shown.copy()
    shown.clear()
    quiz(chapter)
    assert shown == first
    random.seed(1)
    assert random.random() == after


def test_unknown_exercise_is_named_with_its_neighbours():
    with pytest.raises(ValueError, match=r"no exercise is named '02-bakward'.*02-backward"):
        find("02-bakward")
    with pytest.raises(ValueError, match=r"no exercise is named 'nonsense'.*01-bench"):
        check("nonsense", 1)
    with pytest.raises(ValueError, match="hints 1 to 3, but got 9"):
        hint("02-backward", 9)


def test_every_quiz_question_names_a_heading_of_its_chapter():
    import json
    from pathlib import Path

    for chapter, module in CHAPTERS.items():
        path = (
            Path(__file__).parents[1] / "chapters" / f"{chapter.replace('-', '_')}_{module}.ipynb"
        )
        cells = json.loads(path.read_text("utf-8"))["cells"]
        lines = "".join("".join(c["source"]) + "\n" for c in cells if c["cell_type"] == "markdown")
        headings = {line.lstrip("# ") for line in lines.splitlines() if line.startswith("##")}
        assert {question["section"] for question in questions(chapter)} <= headings


@pytest.mark.parametrize(
    ("chapter", "words", "right"),
    [
        ("01", "How many different teams do 10 units make", 2**10),
        ("02", "An activation is 3 and p = 0.5", 0.5 / (1 - 0.5) * 3**2),
        ("03-3", "A batch has 32 cases with 16 feature maps", 32 * 16),
        ("03-3", "A network has 8 maps", 0.5**-8),
        ("08-5", "The spread over masks is 3 ppm", np.hypot(3, 4)),
        ("08-5", "One pass has a mean squared error of 0.50", 0.50 - 0.20 + 0.20 / 4),
    ],
)
def test_numbers_in_the_quiz_are_what_they_are_asked_for(chapter, words, right):
    (question,) = (q for q in questions(chapter) if q["question"].startswith(words))
    assert [a["value"] for a in question["answers"] if a.get("correct")] == [right]


def test_scales_in_the_quiz_are_what_the_layers_do():
    (question,) = (q for q in questions("02") if "p = 0.2" in q["question"])
    (right,) = (float(a["answer"]) for a in question["answers"] if a["correct"])
    assert right == scratch.Dropout(0.2).forward(np.ones(1), mask=np.array([True]))[0]
