"""A clock for the tasks of a chapter, for readers who want to practise against time."""

import time

from ..display import Markdown
from . import core
from .core import Verdict

TASKS = 5
_now = time.monotonic
_round = {}  # while one runs: its beginning, its minutes, and the names of the tasks solved


def coding_round(minutes):
    """Start the clock; from now on :func:`check` says when a task was solved.

    Args:
        minutes: how many there are for the five tasks; None stops the clock.

    Errors: ValueError for anything but None or a positive number.

    >>> coding_round(45)
    The clock runs: 45 minutes for 5 tasks. Run the cell again to start anew.
    >>> coding_round(None)
    No clock runs. A number of minutes starts one.
    """
    if minutes is None:
        _round.clear()
        return Markdown("No clock runs. A number of minutes starts one.")
    if not isinstance(minutes, int | float) or not minutes > 0:
        raise ValueError(f"a round takes a positive number of minutes, but got {minutes!r}")
    _round.update(began=_now(), minutes=minutes, solved=set())
    return Markdown(
        f"The clock runs: {minutes:g} minutes for {TASKS} tasks. Run the cell again to start anew."
    )


def check(name, answer):
    """Judge an answer as everywhere in the book; while the clock runs, say how long it took."""
    verdict = core.check(name, answer)
    if _round and verdict.passed:
        _round["solved"].add(name)
        return TimedVerdict(name, _round)
    return verdict


class TimedVerdict(Verdict):
    """A verdict on a right answer that says at which minute of the round it was given."""

    def __init__(self, name, round_):
        super().__init__(name, None)
        self.at = (_now() - round_["began"]) / 60
        self.minutes, self.solved = round_["minutes"], len(round_["solved"])

    def __repr__(self):
        late = "" if self.at <= self.minutes else ", after time"
        return (
            f"{super().__repr__()}\nMinute {self.at:.0f} of {self.minutes:g}{late}: "
            f"{self.solved} of {TASKS} tasks solved."
        )
