"""Run experiments seed by seed, and keep what they give with where it came from.

Each seed is one JSON file, written to a temporary name and then moved into place: whoever reads
the folder sees a whole file or none, and a run that was killed goes on with the seeds that are
missing. A stored seed counts only if it was made with the same settings by the
same source file.
"""

import hashlib
import inspect
import json
import os
import platform
import time
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def run(experiment, *, seeds=None, jobs=1, folder=RESULTS, again=False, progress=True):
    """Run the seeds that are not stored yet, in parallel; returns the paths of all seeds.

    Args:
        experiment: an :class:`~dropout_lib.experiments.registry.Experiment`.
        seeds: how many; None for the experiment's own number.
        jobs: processes to run side by side.
        folder: where results are kept, a folder per experiment.
        again: run the stored seeds too.
        progress: whether to draw a progress bar.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    seeds = range(experiment.seeds if seeds is None else seeds)
    if not seeds:
        raise ValueError("the number of seeds has to be at least 1")
    paths = [_path(folder, experiment.name, seed) for seed in seeds]
    missing = [
        (seed, path)
        for seed, path in zip(seeds, paths, strict=True)
        if again or not _is_current(path, experiment)
    ]
    done = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_run_seed)(experiment, seed, path) for seed, path in missing
    )
    for _ in tqdm(done, total=len(missing), desc=experiment.name, disable=not progress):
        pass
    return paths


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


def _stored(name, folder):
    paths = sorted(Path(folder, name).glob("seed-*.json"), key=_seed_of)
    if not paths:
        raise FileNotFoundError(
            f"no results of {name!r} are stored: run `python -m dropout_lib.experiments run {name}`"
        )
    return [_read(path) for path in paths]


def _run_seed(experiment, seed, path):
    import torch

    torch.set_num_threads(1)  # parallel jobs would fight over the cores
    code = code_hash(experiment)  # of what runs now: the file may be edited in the meantime
    start = time.perf_counter()
    result = experiment.run(seed, experiment.settings)
    _write(
        path,
        {
            "experiment": experiment.name,
            "seed": seed,
            "settings": asdict(experiment.settings),
            "result": result,
            "provenance": {
                "seconds": round(time.perf_counter() - start, 2),
                "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
                "versions": {
                    "python": platform.python_version(),
                    **{package: version(package) for package in ("dropout_lib", "numpy", "torch")},
                },
                "code": code,
            },
        },
    )


def code_hash(experiment):
    """A hash of the source file that holds the experiment."""
    source = Path(inspect.getsourcefile(experiment.run)).read_bytes()
    return hashlib.sha256(source).hexdigest()[:12]


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
    try:
        unfinished.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _read(path):
    """The content of a result file; a damaged one is a ValueError that names it."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        return {key: stored[key] for key in ("settings", "result", "provenance")}
    except (json.JSONDecodeError, KeyError) as error:
        raise ValueError(f"{path} is damaged ({error}): delete it and run again") from error


def _path(folder, name, seed):
    return Path(folder, name, f"seed-{seed}.json")


def _seed_of(path):
    return int(path.stem.removeprefix("seed-"))


def _is_current(path, experiment):
    if not path.exists():
        return False
    stored = _read(path)
    # through JSON, so that a tuple equals the list it was stored as
    settings = json.loads(json.dumps(asdict(experiment.settings)))
    return stored["settings"] == settings and stored["provenance"]["code"] == code_hash(experiment)
