"""Run the seeds of many experiments as one pool of jobs, here or on a Dask cluster.

Workers return results, and the process that was started stores them: workers need no disk in
common, and what is stored has one author. The longest experiments start first, so that no core is
left with a long seed at the end. A run that was killed goes on with the seeds that are not stored.
"""

import asyncio
import functools
import inspect
import json
import os
import platform
import sys
import threading
import time
import traceback
import uuid
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from .progress import Bar, Forecast
from .registry import Experiment
from .store import (
    RESULTS,
    begin_repetition,
    code_hash,
    end_repetition,
    is_current,
    path_of,
    remove_leftovers,
    seconds_before,
    write,
)


class RunError(RuntimeError):
    """A run that cannot begin, or could not finish; its text says what to do."""


@dataclass(frozen=True)
class Seed:
    """A seed to run, and all that a worker has to know about it.

    Args:
        experiment: whose seed it is.
        seed: its number.
        device: where it runs, in PyTorch's words; experiments that take no device get the CPU.
        run: the name of the run, or of the repetition, that it belongs to.
        code: the hash of the source that the run began with.
        coordinator: the process to stop with; None for a worker of a cluster.
    """

    experiment: Experiment
    seed: int
    device: str
    run: str
    code: str
    coordinator: int | None


@dataclass(frozen=True)
class Outcome:
    """What a worker returns: the text to store, or what went wrong."""

    name: str
    seed: int
    seconds: float
    text: str | None = None
    error: str | None = None


def run(experiment, **options):
    """Run the seeds of one experiment that are not stored yet; returns the paths of all seeds.

    Args:
        experiment: an :class:`~dropout_lib.experiments.registry.Experiment`.
        **options: as for :func:`run_all`.
    """
    return run_all([experiment], **options)[experiment.name]


def run_all(
    experiments,
    *,
    seeds=None,
    jobs=1,
    folder=RESULTS,
    again=False,
    device="cpu",
    scheduler=None,
    progress=True,
):
    """Run the seeds that are not stored yet; returns the paths of all seeds, by experiment.

    Args:
        experiments: what to run.
        seeds: how many of each; None for each experiment's own number.
        jobs: processes to run side by side, on this machine.
        folder: where results are kept, a folder per experiment.
        again: run the stored seeds too. If that is stopped on the way, the next call with
            ``again`` goes on where it stopped.
        device: where to run, in PyTorch's words; for experiments that take a device.
        scheduler: the address of a Dask scheduler, whose workers then take the place of jobs.
        progress: whether to show how far the run is.

    Raises:
        ValueError: a number of seeds or jobs below 1.
        RunError: the device or the cluster is not there, a worker died, or seeds failed.
    """
    for what, number in (("seeds", seeds), ("jobs", jobs)):
        if number is not None and number < 1:
            raise ValueError(f"the number of {what} has to be at least 1, but got {number}")
    if scheduler is None:
        check_device(device)  # a worker of a cluster checks its own
    experiments = list({experiment.name: experiment for experiment in experiments}.values())
    say = functools.partial(_say, progress)
    for experiment in experiments:
        remove_leftovers(folder, experiment.name)
        if device != "cpu" and not takes_device(experiment):
            say(f"{experiment.name} runs on the CPU: it takes no device")

    plan = _Plan(experiments, seeds, folder, again, device, scheduler)
    if again and plan.done:
        say(
            f"going on with the repetition that was stopped: {plan.done} of {plan.needed} seeds "
            f"are done (to begin from the first, delete {Path(folder, '*', 'again')})"
        )
    if plan.seeds:
        _run_plan(plan, jobs, scheduler, progress)
    elif not again:
        say(f"all {plan.needed} seeds are stored; --again runs them again")
    for name in plan.repetitions:
        end_repetition(name, folder)
    return plan.paths


class _Plan:
    """Which seeds to run, longest first, and where to store them."""

    def __init__(self, experiments, seeds, folder, again, device, scheduler):
        self.folder = folder
        new = uuid.uuid4().hex[:12]
        self.repetitions = {
            experiment.name: begin_repetition(experiment.name, folder, new)
            for experiment in (experiments if again else ())
        }
        before = {e.name: seconds_before(e, folder) for e in experiments}
        # what was never run comes first: it may be long, and the forecast should know soon
        experiments = sorted(experiments, key=lambda e: -(before[e.name] or float("inf")))
        self.paths, self.seeds = {}, []
        for experiment in experiments:
            numbers = range(seeds or experiment.seeds)
            self.paths[experiment.name] = [path_of(folder, experiment.name, n) for n in numbers]
            self.seeds += [
                Seed(
                    experiment=experiment,
                    seed=number,
                    device=device if takes_device(experiment) else "cpu",
                    run=self.repetitions.get(experiment.name, new),
                    code=code_hash(experiment),
                    coordinator=os.getpid() if scheduler is None else None,
                )
                for number in numbers
            ]
        self.needed = len(self.seeds)
        self.seeds = [seed for seed in self.seeds if not self.is_done(seed)]
        self.done = self.needed - len(self.seeds)
        waiting = {e.name: sum(s.experiment is e for s in self.seeds) for e in experiments}
        self.waiting = {name: count for name, count in waiting.items() if count}
        self.before = {name: before[name] for name in self.waiting}

    def is_done(self, seed):
        name = seed.experiment.name
        path = path_of(self.folder, name, seed.seed)
        return is_current(path, seed.experiment, self.repetitions.get(name))


def _run_plan(plan, jobs, scheduler, progress):
    failures = {}
    with (
        _workers(jobs, scheduler) as (parallel, places),
        Bar(Forecast(plan.waiting, plan.before, places), progress) as bar,
    ):
        for outcome in parallel(_calls(plan, failures, bar)):
            if outcome.error:
                failures.setdefault(outcome.name, outcome)
                bar.skipped(outcome.name)
            else:
                write(path_of(plan.folder, outcome.name, outcome.seed), outcome.text)
                bar.finished(outcome.name, outcome.seconds)
    if failures:
        details = "\n".join(f"{f.name}, seed {f.seed}:\n{f.error}" for f in failures.values())
        raise RunError(
            f"{details}\n{len(failures)} of the experiments failed ({', '.join(failures)}); what "
            "else was finished is stored. Repair them and start the same command once more."
        )


def _calls(plan, failures, bar):
    """The calls for the workers, made as workers become free."""
    from joblib import delayed

    for seed in plan.seeds:
        # a run beside this one may have stored it by now
        if seed.experiment.name in failures or plan.is_done(seed):
            bar.skipped(seed.experiment.name)
        else:
            yield delayed(run_seed)(seed)


@contextmanager
def _workers(jobs, scheduler):
    """joblib's Parallel, and how many seeds it runs side by side."""
    from joblib import Parallel, parallel_config

    # one seed at a time: in a batch, finished seeds would wait for the others to be stored
    options = {"batch_size": 1, "return_as": "generator_unordered"}
    try:
        if scheduler is None:
            # none in a queue either: workers would go on with those after the coordinator is gone
            yield Parallel(n_jobs=jobs, pre_dispatch="n_jobs", **options), jobs
        else:
            with _client(scheduler) as client, parallel_config(backend="dask", client=client):
                yield Parallel(n_jobs=-1, **options), len(client.nthreads())
    except BrokenProcessPool as error:
        raise RunError(
            f"a worker process died ({error}). What was finished is stored: start the same command "
            "once more, with fewer --jobs if memory ran out."
        ) from error


@contextmanager
def _client(scheduler, patience=10):
    """A connection to a Dask cluster whose workers run one seed at a time."""
    try:
        from distributed import CancelledError, Client, KilledWorker
    except ImportError as error:
        raise RunError(
            "a Dask cluster needs the package distributed: pip install 'dropout_lib[cluster]', "
            "or pip install distributed"
        ) from error
    try:
        client = Client(scheduler, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RunError(
            f"no Dask scheduler answers at {scheduler!r} ({error}): start one with `dask "
            "scheduler`, and give the address that it prints, like tcp://192.168.0.10:8786"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=patience)
        except (TimeoutError, asyncio.TimeoutError) as error:  # the same from Python 3.11 on
            raise RunError(
                f"the Dask scheduler at {scheduler} has no workers: start some with "
                f"`dask worker {scheduler} --nthreads 1`"
            ) from error
        threads = {worker: n for worker, n in client.nthreads().items() if n > 1}
        if threads:
            raise RunError(
                f"Dask workers with more than one thread: {threads}. Experiments seed PyTorch's "
                "global generator, which threads share: start the workers with --nthreads 1, and "
                "as many of them as there are cores (--nworkers)"
            )
        try:
            yield client
        except (CancelledError, KilledWorker) as error:
            raise RunError(
                f"the Dask cluster at {scheduler} was lost ({error}). What was finished is stored: "
                "see that scheduler and workers run and have memory, and start the same command "
                "once more"
            ) from error


_ONE_AT_A_TIME = threading.RLock()  # for workers with threads that join a cluster later


def run_seed(task):
    """Run a seed, in whichever process this is; an error is part of the outcome."""
    if task.coordinator not in (None, os.getpid()):
        _stop_with(task.coordinator)
    with _ONE_AT_A_TIME:
        start = time.perf_counter()
        try:
            text = _result_of(task)
        except Exception:
            outcome = {"error": traceback.format_exc()}
        else:
            outcome = {"text": text}
        seconds = time.perf_counter() - start
    return Outcome(task.experiment.name, task.seed, seconds, **outcome)


def _result_of(task):
    """The text to store: what the experiment gives, and where it comes from."""
    import torch

    torch.set_num_threads(1)  # parallel jobs would fight over the cores
    experiment = task.experiment
    code = code_hash(experiment)
    if code != task.code:
        raise RunError(
            f"the source of {experiment.name} here ({code}) is not the one that the run began with "
            f"({task.code}): it was edited in the meantime, or this worker has another dropout_lib"
        )
    check_device(task.device)
    device = {"device": task.device} if takes_device(experiment) else {}
    start, worked_before = time.perf_counter(), time.process_time()
    with _denormals_as_zero():
        result = experiment.run(task.seed, experiment.settings, **device)
    content = {
        "experiment": experiment.name,
        "seed": task.seed,
        "settings": asdict(experiment.settings),
        "result": result,
        "provenance": {
            "seconds": round(time.perf_counter() - start, 2),
            # what it took of the processor, whatever else the machine was busy with
            "processor_seconds": round(time.process_time() - worked_before, 2),
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "device": _device_name(task.device),
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in ("dropout_lib", "numpy", "torch")},
            },
            "code": code,
            "run": task.run,
        },
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


@functools.cache
def _stop_with(coordinator):
    """End this process when the one it works for is gone: `kill -9` leaves it no time to say so."""

    def watch():
        while os.getppid() == coordinator:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _denormals_as_zero():
    """Within it, numbers below 1e-38 count as 0: processors take many times as long for them.

    The momentum of a dead unit falls through that range, and in some experiments a fifth of the
    time went there.
    """
    import numpy as np
    import torch

    for dtype in (np.float32, np.float64):
        np.finfo(dtype)  # NumPy looks for the smallest number once, and warns if it finds 0
    if not torch.set_flush_denormal(True):  # not on every processor
        yield
        return
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def takes_device(experiment):
    """Whether the experiment's function has a keyword ``device``.

    >>> from dropout_lib.experiments import get
    >>> takes_device(get("from_scratch_digits"))
    False
    """
    return "device" in inspect.signature(experiment.run).parameters


def check_device(device):
    """Raise RunError where PyTorch cannot compute on that device.

    >>> check_device("cpu")
    """
    if device == "cpu":
        return
    import torch

    try:
        torch.ones(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0]
        raise RunError(
            f"PyTorch cannot use the device {device!r} here ({reason}): say --device cpu, or "
            "install a PyTorch that is built for this device (pytorch.org shows how)"
        ) from error


def _device_name(device):
    """The device as provenance keeps it, a GPU with its model."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def _say(aloud, line):
    if aloud:
        print(line, file=sys.stderr)
