"""Exercises that know what went wrong: ``exercise``, ``check``, ``hint``, ``solution``, ``quiz``.

``progress`` draws what you have solved; it is kept on your own machine (``record``).

One module per chapter holds statements, hints, solutions, the wrong answers that learners really
give, and the questions of the quiz.
"""

from .cards import flashcards
from .core import Exercise, Verdict, all_exercises, check, exercise, find, hint, questions, solution
from .progress import progress
from .quiz import quiz
from .record import export_progress, forget_progress, import_progress

__all__ = [
    "Exercise",
    "Verdict",
    "all_exercises",
    "check",
    "exercise",
    "export_progress",
    "find",
    "flashcards",
    "forget_progress",
    "hint",
    "import_progress",
    "progress",
    "questions",
    "quiz",
    "solution",
]
