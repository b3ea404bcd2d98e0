"""What experiments gave, on disk: one JSON file per seed, with where it came from.

A file is written under a temporary name and then moved into place, so whoever reads the folder
sees a whole file or none. A stored seed is current if it was made with the present settings by the
present source file of its experiment. What that file imports does not count: a library that is
being written would make every result stale every day. The version of ``dropout_lib`` is kept and
shown, and everything is run again (``make evidence``) before a version is published.
"""

import functools
import hashlib
import inspect
import json
import os
import platform
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import __version__

RESULTS = Path(__file__).parent / "results"
UNFINISHED = re.compile(r".+\.(?P<process>\d+)\.(?P<host>.*)\.unfinished")


def load(name, *, folder=RESULTS):
    """The stored results of an experiment: a list of dicts, by seed.

    Raises:
        FileNotFoundError: nothing is stored under that name.
        ValueError: a file is damaged, or the seeds were made with different settings.

    >>> len(load("deleted_units"))
    10
    """
    stored = _stored(name, folder)
    if any(seed["settings"] != stored[0]["settings"] for seed in stored):
        raise ValueError(f"the stored seeds of {name!r} have different settings: run it again")
    return [seed["result"] for seed in stored]


def provenance(name, *, folder=RESULTS):
    """How the first stored seed of an experiment was made: settings, versions, machine, time."""
    stored = _stored(name, folder)[0]
    return {"settings": stored["settings"], **stored["provenance"]}


@dataclass(frozen=True)
class Status:
    """What is stored of an experiment.

    Args:
        stored: how many of the seeds it needs are there.
        needed: how many seeds make up the full run.
        state: "current"; "stale" if a stored seed is damaged, or of other settings or code;
            else "missing" if a seed is not there.
        seconds: what the stored seeds took, together.
        again: how many seeds a repetition that was stopped has done; None if there is none.
        versions: the versions of dropout_lib that made the seeds.
    """

    stored: int
    needed: int
    state: str
    seconds: float
    again: int | None
    versions: tuple

    def __str__(self):
        notes = [self.state]
        if self.again is not None:
            notes.append(f"{self.again} run again")
        if set(self.versions) - {__version__}:
            notes.append(f"made with {'/'.join(self.versions)}")
        return ", ".join(notes)


def status(experiment, *, folder=RESULTS):
    """What is stored of an experiment, and whether it is what would be made today.

    >>> from dropout_lib.experiments import get
    >>> status(get("deleted_units")).needed
    10
    """
    paths = [path_of(folder, experiment.name, seed) for seed in range(experiment.seeds)]
    stored = [path for path in paths if path.exists()]
    stale = [path for path in stored if not is_current(path, experiment)]
    origins = [seed["provenance"] for seed in map(_read_if_whole, stored) if seed]
    repetition = repetition_of(experiment.name, folder)
    return Status(
        stored=len(stored),
        needed=experiment.seeds,
        state="stale" if stale else "missing" if len(stored) < len(paths) else "current",
        seconds=sum(origin["seconds"] for origin in origins),
        again=None
        if repetition is None
        else sum(origin.get("run") == repetition for origin in origins),
        versions=tuple(sorted({origin["versions"]["dropout_lib"] for origin in origins})),
    )


def path_of(folder, name, seed):
    """Where a seed is stored.

    >>> path_of("results", "deleted_units", 3).name
    'seed-3.json'
    """
    return Path(folder, name, f"seed-{seed}.json")


def is_current(path, experiment, repetition=None):
    """Whether a whole file is there, of the present settings and code (and of that repetition)."""
    stored = _read_if_whole(path)
    if stored is None:
        return False
    origin = stored["provenance"]
    return (
        stored["settings"] == _as_stored(experiment.settings)
        and origin["code"] == code_hash(experiment)
        and repetition in (None, origin.get("run"))
    )


def seconds_before(experiment, folder):
    """Mean seconds per stored seed of the same settings, the book's own results included; or None.

    Stored by code that has changed since, a seed still tells how long the next one will take.
    """
    settings = _as_stored(experiment.settings)
    for place in (folder, RESULTS):
        seeds = map(_read_if_whole, Path(place, experiment.name).glob("seed-*.json"))
        seconds = [
            seed["provenance"]["seconds"] for seed in seeds if seed and seed["settings"] == settings
        ]
        if seconds:
            return sum(seconds) / len(seconds)
    return None


def code_hash(experiment):
    """A hash of the source file that holds the experiment, as it is when first asked for."""
    return _hash_of_source(experiment.run)


@functools.cache  # the code that runs is the code that was imported, even if the file is edited
def _hash_of_source(function):
    source = Path(inspect.getsourcefile(function)).read_bytes()
    return hashlib.sha256(source).hexdigest()[:12]


def write(path, text):
    """Write a file whole or not at all, whatever happens on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{platform.node()}.unfinished")
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # also when the power goes: content first, then the name
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def remove_leftovers(folder, name):
    """Remove what processes that were killed while writing have left."""
    for file in Path(folder, name).glob("*.unfinished"):
        if _is_abandoned(file):
            file.unlink(missing_ok=True)


def _is_abandoned(file, patience=3600):
    """Whether nobody will finish that file: its process is gone, or has had an hour to write it."""
    writer = UNFINISHED.fullmatch(file.name)
    # Windows has no harmless signal to ask with, and other hosts have processes of their own
    if writer and os.name == "posix" and writer["host"] == platform.node():
        try:
            os.kill(int(writer["process"]), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
    try:
        return time.time() - file.stat().st_mtime > patience
    except FileNotFoundError:  # finished in this moment
        return False


# A repetition (``--again``) has a name, kept in a file beside the seeds until it is complete. The
# seeds it makes carry that name, so whoever goes on after a kill knows which are done.


def repetition_of(name, folder):
    """The name of the repetition that is not complete yet, or None."""
    try:
        return _repetition_file(folder, name).read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None


def begin_repetition(name, folder, new):
    """Go on with the repetition that is not complete, or begin the new one; returns its name."""
    begun = repetition_of(name, folder)
    if begun is None:
        write(_repetition_file(folder, name), new + "\n")
    return begun or new


def end_repetition(name, folder):
    """The repetition is complete: the next one begins from the first seed."""
    _repetition_file(folder, name).unlink(missing_ok=True)


def _repetition_file(folder, name):
    return Path(folder, name, "again")


def _stored(name, folder):
    paths = sorted(Path(folder, name).glob("seed-*.json"), key=_seed_of)
    if not paths:
        raise FileNotFoundError(
            f"no results of {name!r} are stored: run `python -m dropout_lib.experiments run {name}`"
        )
    return [_read(path) for path in paths]


def _read(path):
    """The content of a result file; a damaged one is a ValueError that names it."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        return {key: stored[key] for key in ("settings", "result", "provenance")}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}): delete it and run again") from error


def _read_if_whole(path):
    """The content of a result file, or None where it is missing or damaged."""
    try:
        return _read(path)
    except (FileNotFoundError, ValueError):
        return None


def _as_stored(settings):
    """Through JSON, so that a tuple equals the list it was stored as."""
    return json.loads(json.dumps(asdict(settings)))


def _seed_of(path):
    return int(path.stem.removeprefix("seed-"))
