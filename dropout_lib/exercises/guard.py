"""Runs a judge over what a reader wrote, whatever that does: loop, raise, print, write into its
arguments, read or set a global seed.

What the exercise's own solution does under the same watch is allowed; what the answer does beyond
that becomes a diagnosis.
"""

import contextlib
import ctypes
import functools
import inspect
import io
import linecache
import random
import sys
import threading
import time
import traceback
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from ..checks import Diagnosis

SHORTEST_LIMIT = 0.5  # seconds; ten times what the solution takes, where that is more
LIBRARY = Path(__file__).resolve().parents[1]

NOT_STARTED = Diagnosis(
    "not-started",
    "there is nothing to judge yet.",
    "put your answer where the ... stands; if it is a function, does it end with `return`?",
)


def guarded(found, answer):
    """What is wrong with an answer to the exercise ``found``, or None; never raises."""
    if answer is None or answer is Ellipsis:
        return NOT_STARTED
    if callable(found.solution) and not callable(answer):
        return Diagnosis(
            "not-a-function",
            f"a function is asked for, but got {_shown(answer)}.",
            "pass the function itself, by its name and without parentheses: "
            "`my_function`, not `my_function(...)`",
        )
    if callable(answer) and not callable(found.solution):
        return Diagnosis(
            "not-a-value",
            f"a value is asked for, but got {_shown(answer)}.",
            "call your function and pass what it returns",
        )
    limit = limit_of(found)
    watched = _Watched(answer, found.solution)
    trial = _try(found.judge, watched, limit)
    return _verdict(trial, watched, _of_solution(found).watched)


def limit_of(found):
    """How many seconds the check of an answer may take."""
    return max(SHORTEST_LIMIT, 10 * _of_solution(found).seconds)


@dataclass
class _Trial:
    """One run of a judge."""

    diagnosis: object = None
    error: BaseException = None
    stopped_after: float = None
    seconds: float = 0.0
    printed: str = ""
    watched: object = None


@cache
def _of_solution(found):
    """How the solution fares: how long the judge takes, and which liberties it takes itself.

    The run also imports what the judge needs, so that no answer waits for it.
    """
    watched = _Watched(found.solution, found.solution)
    found.judge(watched.answer)  # a first run is slower
    return _try(found.judge, watched, limit=60)


def _try(judge, watched, limit):
    """Run the judge in a thread of its own, for at most ``limit`` seconds."""
    trial = _Trial(watched=watched)

    def run():
        with np.errstate(all="ignore"):
            try:
                trial.diagnosis = judge(watched.answer)
            except BaseException as error:  # SystemExit and KeyboardInterrupt, too
                trial.error = error

    thread = threading.Thread(target=run, daemon=True)
    printed = io.StringIO()
    with _global_generators_restored(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            start = time.perf_counter()
            try:
                thread.start()
                _wait(thread, limit)
            finally:  # also when the reader interrupts
                trial.seconds = time.perf_counter() - start
                if thread.is_alive():
                    trial.stopped_after = limit
                    _stop(thread)
    trial.printed = printed.getvalue()
    return trial


def _wait(thread, limit):
    """Wait for the end of a thread, at most ``limit`` seconds in which it imports nothing."""
    imported = -1
    while thread.is_alive() and imported < len(sys.modules):
        imported = len(sys.modules)
        thread.join(limit)


class _TimeIsUp(BaseException):
    pass


def _stop(thread):
    """Raise an exception in another thread, a few times in case that it catches the first."""
    for _ in range(10):
        if not thread.is_alive():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_TimeIsUp)
        )
        thread.join(0.01)


NO_RESULT = object()


@dataclass
class _Calls:
    """What was seen of an answer while it was judged."""

    result: object = NO_RESULT  # the last one
    errors: list = field(default_factory=list)
    changed: str = ""
    draws: bool = False
    seeds: bool = False


class _Watched:
    """An answer; a function among them is watched at each call."""

    def __init__(self, answer, solution):
        self.seen = _Calls()
        self._states = {}
        watchable = inspect.isroutine(answer) or isinstance(answer, functools.partial)
        self.answer = self._watching(answer, solution) if watchable else answer

    def _watching(self, function, solution):
        def call(*args, **kwargs):
            self._refuse_other_arguments(function, solution, args, kwargs)
            copies = [(name, value, _copy(value)) for name, value in _named(solution, args, kwargs)]
            before = _states()
            try:
                self.seen.result = function(*args, **kwargs)
                return self.seen.result
            except BaseException as error:
                self.seen.errors.append(error)
                raise
            finally:
                self._compare(copies, before, _states())

        return functools.wraps(function)(call) if hasattr(function, "__name__") else call

    def _refuse_other_arguments(self, function, solution, args, kwargs):
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):  # some built-in functions have none
            return
        try:
            signature.bind(*args, **kwargs)
        except TypeError:
            wanted = ", ".join(name for name, _ in _named(solution, args, kwargs))
            error = _OtherArgumentsError(
                f"it is called as f({wanted}), but yours takes {signature}."
            )
            self.seen.errors.append(error)
            raise error from None

    def _compare(self, copies, before, after):
        for name, value, copy in copies:
            if copy is not None and not _same(value, copy):
                self.seen.changed = self.seen.changed or name
        for name, state in after.items():
            if state == before.get(name, state):
                continue
            self.seen.draws = True
            # from another beginning to the same end: only a seed set within does that
            beginning = self._states.setdefault((name, state), before[name])
            self.seen.seeds = self.seen.seeds or beginning != before[name]


class _OtherArgumentsError(TypeError):
    pass


def _named(function, args, kwargs):
    """(name, value) of each argument, named as in ``function``, in the order of the call."""
    try:
        return list(inspect.signature(function).bind(*args, **kwargs).arguments.items())
    except (TypeError, ValueError):
        return [(f"argument {i}", value) for i, value in enumerate(args, 1)] + [*kwargs.items()]


def _copy(value):
    if isinstance(value, np.ndarray):
        return value.copy()
    if hasattr(value, "detach") and hasattr(value, "clone"):  # a tensor, without importing torch
        return value.detach().clone()
    if isinstance(value, list) and not any(map(callable, value)):
        return [entry if (copy := _copy(entry)) is None else copy for entry in value]
    return None


def _same(value, copy):
    if isinstance(copy, list):
        return len(value) == len(copy) and all(
            one is other or _same(one, other) for one, other in zip(value, copy, strict=True)
        )
    if isinstance(copy, np.ndarray):
        return value.shape == copy.shape and value.tobytes() == copy.tobytes()
    if hasattr(copy, "clone"):
        value = value.detach()
        return value.shape == copy.shape and value.equal(copy) | (value != value).any().item()
    return value == copy


# --- random generators that everybody shares ------------------------------------------------------


def _states():
    """{name: state} of the global generators, each in a form that can be compared."""
    numpys = np.random.get_state(legacy=True)  # noqa: NPY002 (it is only looked at)
    states = {
        "numpy": (numpys[1].tobytes(), *numpys[2:]),
        "python": random.getstate(),
    }
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


@contextlib.contextmanager
def _global_generators_restored():
    """Whatever is judged, the reader's own random numbers go on as if nothing had been drawn."""
    numpys, pythons = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch = sys.modules.get("torch")
    torchs = torch and torch.get_rng_state()
    try:
        yield
    finally:
        np.random.set_state(numpys)  # noqa: NPY002
        random.setstate(pythons)
        if torch:
            torch.set_rng_state(torchs)


# --- from what was seen to a diagnosis ------------------------------------------------------------


def _verdict(trial, watched, solution):
    """The diagnosis to give: what an answer does beside its task often explains the rest."""
    seen = watched.seen
    if trial.stopped_after is not None:
        return Diagnosis(
            "does-not-end",
            f"it was stopped after {trial.stopped_after:.1f} seconds; the solution needs far less.",
            "is there a loop whose end is never reached? Does it call itself? "
            "Whole arrays at once are also faster than loops over their elements",
        )
    if seen.errors and isinstance(seen.errors[0], _OtherArgumentsError):
        return Diagnosis(
            "other-arguments",
            str(seen.errors[0]),
            "the starter shows the arguments, in their order; keep all of them",
        )
    diagnosis = trial.diagnosis
    if trial.error is not None or _is(diagnosis, "raises"):
        diagnosis = _raised_or_unusable(trial, watched, solution)
    if diagnosis is not None and seen.result is None and trial.printed.strip():
        return Diagnosis(
            "prints-only",
            f"your function prints ({_shown(trial.printed.strip())}) and returns nothing.",
            "`print` shows a value to a person, `return` hands it to whoever called: return it",
        )
    return _beside_the_task(seen, solution.seen, diagnosis) or diagnosis


def _beside_the_task(seen, allowed, diagnosis):
    if seen.seeds and not allowed.seeds and not _about(diagnosis, "global", "seed"):
        return Diagnosis(
            "seeds-inside",
            "your function sets a global seed, so every call draws the same numbers.",
            "draw from the generator that comes as an argument, and leave seeds to the caller",
        )
    if seen.changed and not allowed.changed and not _about(diagnosis, "changed"):
        return Diagnosis(
            "input-changed",
            f"your function overwrites its argument {seen.changed}.",
            "`x *= mask`, `x[...] = 0` and `sort()` write into the caller's array: "
            "make a new one, as `x * mask` does",
        )
    if diagnosis is None and seen.draws and not allowed.draws:
        return Diagnosis(
            "global-random-state",
            "your function draws from a global generator, which everything else draws from, too.",
            "draw from the generator that comes as an argument: then the caller can repeat it",
        )
    return None


def _about(diagnosis, *words):
    """Whether the exercise has a diagnosis of its own for this."""
    return diagnosis is not None and any(word in diagnosis.code for word in words)


def _is(diagnosis, code):
    return diagnosis is not None and diagnosis.code == code


def _raised_or_unusable(trial, watched, solution):
    """Something raised: the reader's function, or the judge over what that returned."""
    seen = watched.seen
    if seen.errors:
        return _raised(seen.errors[-1])
    if seen.result is not NO_RESULT:
        return Diagnosis(
            "unusable",
            f"your function returns {_kind(seen.result)}, "
            f"where the solution returns {_kind(solution.seen.result)}.",
            "the statement says what to return, and in which form",
        )
    if trial.error is None:
        return trial.diagnosis
    if callable(watched.answer):
        return _raised(trial.error)
    return Diagnosis(
        "unusable",
        f"{_shown(watched.answer)} can't be judged ({type(trial.error).__name__}: {trial.error}).",
        "the statement says what is asked for, and in which form",
    )


def _kind(value):
    """What sort of thing a value is, in a few words."""
    if isinstance(value, tuple | list) and 0 < len(value) <= 4:
        return f"a {type(value).__name__} of " + " and ".join(_kind(entry) for entry in value)
    if isinstance(getattr(value, "shape", None), tuple) and value.shape:
        return f"an array of shape {tuple(value.shape)}"
    if value is None or isinstance(value, bool | int | float | complex | str):
        return _shown(value)
    return f"a value of type {type(value).__name__}"


def _raised(error):
    return Diagnosis(
        "raises",
        f"your code raised {type(error).__name__}: {error}{_place(error)}",
        "call it on a small array yourself and read the last line of the traceback",
    )


def _place(error):
    """The reader's own line in which an error was raised, as the last words of a sentence."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        ours = Path(frame.filename).is_relative_to(LIBRARY) or "site-packages" in frame.filename
        line = linecache.getline(frame.filename, frame.lineno).strip()
        if line and not ours:
            return f" (in `{line}`)"
    return ""


def _shown(value):
    """A value in a few words."""
    if callable(value):
        return f"the function {getattr(value, '__name__', 'without a name')}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a class of the reader's own
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
