"""What an exercise is, and what happens when a reader asks for it, for a hint or for a verdict."""

import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

from ..checks import examine
from ..checks.core import wrapped
from ..display import Markdown
from . import record
from .guard import NOT_STARTED, guarded

CHAPTERS = {  # number: module; the notebook is chapters/NUMBER_MODULE.ipynb, with _ for -
    "01": "what_is_dropout",
    "02": "how_dropout_works",
    "03": "types_of_dropout",
    "03-1": "standard_dropout",
    "03-2": "inverted_dropout",
    "03-3": "spatial_dropout",
    "03-4": "dropconnect",
    "03-5": "variational_dropout",
    "04": "why_dropout_prevents_overfitting",
    "05": "advantages",
    "06": "limitations",
    "07": "when_to_use_dropout",
    "08": "code_examples",
    "08-1": "from_scratch",
    "08-2": "pytorch_mlp",
    "08-3": "spatial_cnn",
    "08-4": "with_and_without_dropout",
    "08-5": "monte_carlo_dropout",
    "09": "key_concepts",
    "10": "interview_tips",
    "11": "evidence",
    "12": "misconceptions",
}

TITLES = {
    "01": "What is dropout?",
    "02": "How dropout works",
    "03": "Types of dropout",
    "03-1": "Standard dropout",
    "03-2": "Inverted dropout",
    "03-3": "Spatial dropout",
    "03-4": "DropConnect",
    "03-5": "Variational dropout",
    "04": "Why dropout prevents overfitting",
    "05": "Advantages of dropout",
    "06": "Limitations",
    "07": "When to use dropout",
    "08": "The code examples",
    "08-1": "Dropout from scratch: one that you can trust",
    "08-2": "A multilayer perceptron in PyTorch",
    "08-3": "A convolutional network",
    "08-4": "With and without dropout",
    "08-5": "Monte Carlo dropout",
    "09": "Key concepts",
    "10": "Interview tips",
    "11": "Evidence",
    "12": "Misconceptions",
}


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise of a chapter.

    Args:
        name: chapter number and a word: "02-backward", "03-4-bias".
        title: a few words.
        statement: what to do, in Markdown.
        starter: the code a reader begins with.
        hints: at least three, from a nudge to nearly the solution.
        solution: the answer, a function (its source is shown) or a value.
        explanation: why the solution is right, in Markdown.
        judge: function of an answer that returns None or a Diagnosis.
        wrong_answers: pairs (answer, code of the diagnosis it should get).
    """

    name: str
    title: str
    statement: str
    starter: str
    hints: tuple
    solution: object
    explanation: str
    judge: Callable
    wrong_answers: tuple


class Verdict:
    """What ``check`` found; prints what is right, or what is wrong and where to go from there."""

    def __init__(self, name, diagnosis):
        self.name, self.diagnosis = name, diagnosis

    @property
    def passed(self):
        return self.diagnosis is None

    def __repr__(self):
        if self.passed:
            return f'Right. Compare with solution("{self.name}") if you like.'
        so_far = [wrapped(_right_so_far(self.diagnosis.right))] if self.diagnosis.right else []
        return "\n".join([*so_far, f"Not yet: {self.diagnosis}", f'Stuck? hint("{self.name}")'])


def _right_so_far(names):
    """The last three properties that were found in order; how many others there are."""
    before = len(names) - 3
    others = f"{before} {'other' if before == 1 else 'others'}, " if before > 0 else ""
    return f"Right so far: {others}{', '.join(names[-3:])}."


def find(name):
    """The exercise of that name; ValueError for a name that there is not."""
    exercises = _of_chapter(chapter_of(str(name)))
    for exercise in exercises:
        if exercise.name == name:
            return exercise
    known = exercises or [e for chapter in CHAPTERS for e in _of_chapter(chapter)]
    raise ValueError(f"no exercise is named {name!r}: there are {', '.join(e.name for e in known)}")


def chapter_of(name):
    """The chapter that an exercise belongs to: "02-backward" -> "02", "03-4-bias" -> "03-4"."""
    number = re.match(r"\d\d(-\d)?", name)
    return number[0] if number else ""


def all_exercises():
    return [exercise for chapter in CHAPTERS for exercise in _of_chapter(chapter)]


def _of_chapter(chapter):
    return _module(chapter).EXERCISES if chapter in CHAPTERS else ()


def _module(chapter):
    if chapter not in CHAPTERS:
        raise ValueError(f"there is no chapter {chapter!r}: there are {', '.join(CHAPTERS)}")
    return import_module(f".{CHAPTERS[chapter]}", __package__)


def multiple_choice(question, section, right, *wrong):
    """A quiz question for jupyterquiz, with one right answer.

    Args:
        question: its words.
        section: the heading of the chapter that it asks about.
        right, wrong: answers, each a pair of its words and the feedback that it gets.

    >>> asked = multiple_choice("1 + 1?", "Sums", ("2", "Right."), ("3", "One too many."))
    >>> [answer["correct"] for answer in asked["answers"]]
    [True, False]
    """
    answers = [{"answer": right[0], "correct": True, "feedback": right[1]}]
    answers += [{"answer": words, "correct": False, "feedback": said} for words, said in wrong]
    return {
        "question": question,
        "section": section,
        "type": "multiple_choice",
        "answers": answers,
    }


def questions(chapter):
    """The quiz questions of a chapter, in the format of jupyterquiz."""
    return _module(chapter).QUIZ


def cards(chapter):
    """The flashcards of a chapter; most have none."""
    return getattr(_module(chapter), "CARDS", ())


def exercise(name):
    """Show the statement, with its hints and the solution folded away."""
    found = find(name)
    folded = [_folded(f"Hint {i}", text) for i, text in enumerate(found.hints, start=1)]
    folded.append(_folded("Solution", _solution_text(found)))
    return Markdown("\n\n".join([f"**{found.title}**", found.statement, *folded]))


def hint(name, number=None):
    """Show the next hint, or the one of that number: 1 is a nudge, the last nearly the solution."""
    hints = find(name).hints
    if number is None:
        number = min(record.hints_seen(name) + 1, len(hints))
    if number not in range(1, len(hints) + 1):
        raise ValueError(f"{name} has hints 1 to {len(hints)}, but got {number!r}")
    record.note_hint(name, number)
    then = f'`hint("{name}")` again' if number < len(hints) else f'`solution("{name}")`'
    return Markdown(
        f"Hint {number} of {len(hints)}: {hints[number - 1]}\n\nStill stuck? Then {then}."
    )


def solution(name):
    """Show the solution and why it is right."""
    found = find(name)
    record.note_solution(name)
    return Markdown(_solution_text(found))


def check(name, answer):
    """Judge an answer, and say what to mend first; never raises for what the answer does.

    >>> check("01-someone-plays", 0.8)
    Not yet: 0.8 is the chance that one given unit plays.
    Hint: there are three of them, and any one will do
    Stuck? hint("01-someone-plays")
    """
    diagnosis = guarded(find(name), answer)
    if diagnosis is not NOT_STARTED:
        record.note_try(name, solved=diagnosis is None)
    return Verdict(name, diagnosis)


def first_diagnosis(subject, checks):
    """The first thing wrong with a subject; a None that comes back counts as not started."""
    report = examine(subject, checks, stop_at_first=True)
    if report.passed:
        return None
    if report.first.code == "returns-nothing":
        return NOT_STARTED
    passed = tuple(name for name, diagnosis in report.outcomes if diagnosis is None)
    return replace(report.first, right=passed)


def _solution_text(found):
    if callable(found.solution):
        source = textwrap.dedent(inspect.getsource(found.solution))
        return f"```python\n{source.rstrip()}\n```\n\n{found.explanation}"
    return f"`{found.solution}`\n\n{found.explanation}"


def _folded(summary, text):
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"
