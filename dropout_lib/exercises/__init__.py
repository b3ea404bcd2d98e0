"""Exercises that know what went wrong: ``exercise``, ``check``, ``hint``, ``solution``, ``quiz``.

One module per chapter holds statements, hints, solutions, the wrong answers that learners really
give, and the questions of the quiz.
"""

from .core import Exercise, Verdict, all_exercises, check, exercise, find, hint, questions, solution
from .quiz import quiz

__all__ = [
    "Exercise",
    "Verdict",
    "all_exercises",
    "check",
    "exercise",
    "find",
    "hint",
    "questions",
    "quiz",
    "solution",
]
