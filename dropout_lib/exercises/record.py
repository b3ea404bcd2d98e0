"""What a reader has solved: kept in a small file on the reader's own machine, and nowhere else.

The file is ``progress.json`` in the folder where programs keep their data; another place can be
named in the environment variable ``DROPOUT_PROGRESS`` (``off`` keeps nothing beyond the session).
In Colab the machine is gone after the session: ``export_progress()`` gives a file to keep, and
``import_progress(...)`` takes it back.
"""

import datetime
import json
import os
import sys
import tempfile
import warnings
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_data_path

VERSION = 1
LONGEST_WAIT = 2.0  # seconds for another notebook to finish writing

_session = {}  # what could not be kept in a file, as long as the kernel lives
_said = set()  # warnings that one reading is enough for


# --- the file -------------------------------------------------------------------------------------


def progress_path():
    """Where progress is kept; None if it is kept for the session only."""
    chosen = os.environ.get("DROPOUT_PROGRESS", "")
    if chosen == "off":
        return None
    return Path(chosen) if chosen else user_data_path("dropout-book", False) / "progress.json"


def in_colab():
    """Whether the machine is a rented one, gone after the session."""
    return "google.colab" in sys.modules


def load():
    """{exercise: {"tries": ..., "hints": ..., "solved": date, "solution": bool}}."""
    path, kept = progress_path(), {}
    try:
        kept = _read(path)["exercises"] if path else {}
    except OSError as error:
        _say_once(f"{path} can't be read ({error})")
    return {**kept, **_session}


def update(name, change):
    """Apply ``change`` to what is known of an exercise, and keep it; never raises for the file."""
    path = progress_path()
    if path is None:
        _session[name] = change(dict(_session.get(name, {})))
        return
    try:
        with _alone(path):
            known = _read(path)
            exercises = known["exercises"]
            exercises[name] = change(dict(exercises.get(name, {}) | _session.pop(name, {})))
            _write(path, known)
    except (OSError, Timeout) as error:
        _say_once(f"progress is kept for this session only: {path} can't be written ({error})")
        _session[name] = change(dict(load().get(name, {})))


@contextmanager
def _alone(path):
    """Several notebooks may write at the same time: one after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=LONGEST_WAIT):
        yield


def _read(path):
    try:
        return _parsed(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except ValueError:
        _set_aside(path)
    return _of({})


def _of(exercises):
    return {"version": VERSION, "exercises": exercises}


def _parsed(text):
    """What a file of ours holds; ValueError for any other."""
    try:
        known = json.loads(text)
        exercises = known["exercises"]
        ours = known["version"] == VERSION and all(isinstance(v, dict) for v in exercises.values())
    except (KeyError, TypeError, AttributeError):
        ours = False
    if not ours:
        raise ValueError("not a file of progress")
    return known


def _set_aside(path):
    """A file that is not ours, or damaged, is kept under another name rather than overwritten."""
    aside = path.with_suffix(".unreadable")
    with suppress(OSError):
        os.replace(path, aside)
        _say_once(f"{path} could not be understood: it is now {aside.name}; progress begins anew")


def _write(path, known):
    """Replace the file in one step: whatever interrupts this, the old or the new one is there."""
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            json.dump(known, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(half)
        raise


def _say_once(words):
    if words not in _said:
        _said.add(words)
        warnings.warn(words, stacklevel=3)


# --- what is noted --------------------------------------------------------------------------------


def note_try(name, solved):
    """An answer was judged."""

    def change(known):
        known["tries"] = known.get("tries", 0) + ("solved" not in known)
        if solved:
            known.setdefault("solved", datetime.date.today().isoformat())
        return known

    update(name, change)


def note_hint(name, number):
    """Hint ``number`` was shown."""
    update(name, lambda known: known | {"hints": max(number, known.get("hints", 0))})


def note_solution(name):
    """The solution was shown."""
    update(name, lambda known: known | {"solution": True})


def hints_seen(name):
    return load().get(name, {}).get("hints", 0)


def forget_progress():
    """Forget everything that was solved; the file goes."""
    _session.clear()
    if path := progress_path():
        with _alone(path):
            path.unlink(missing_ok=True)


def export_progress(path="dropout_progress.json"):
    """Write what is known to a file of your own, and in Colab download it; return its path."""
    path = Path(path)
    _write(path.resolve(), _of(load()))
    if in_colab():
        import_module("google.colab.files").download(str(path))
    return path


def import_progress(path="dropout_progress.json"):
    """Take in a file that ``export_progress`` wrote; what is known here and there stays solved."""
    try:
        taken = _parsed(Path(path).read_text("utf-8"))
    except ValueError:
        raise ValueError(f"{path} is not a file that export_progress() wrote") from None
    for name, theirs in taken["exercises"].items():
        update(name, lambda ours, theirs=theirs: _merged(ours, theirs))


def _merged(ours, theirs):
    merged = {**theirs, **ours}
    for count in ("tries", "hints"):
        if count in merged:
            merged[count] = max(ours.get(count, 0), theirs.get(count, 0))
    if dates := [known["solved"] for known in (ours, theirs) if "solved" in known]:
        merged["solved"] = min(dates)
    return merged
