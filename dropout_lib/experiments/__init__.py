"""Experiments: registered functions of (seed, settings), a runner, and stored results.

    python -m dropout_lib.experiments list
    python -m dropout_lib.experiments run deleted_units
    python -m dropout_lib.experiments run --all --quick --jobs 2
    python -m dropout_lib.experiments report

Chapters call :func:`load` for what is stored, and may run a small part themselves.
"""

from .registry import MODULES, Experiment, experiment, get
from .runner import RunError, run, run_all
from .statistics import Interval, mean_interval, paired_difference
from .store import load, provenance, status

__all__ = [
    "MODULES",
    "Experiment",
    "Interval",
    "RunError",
    "experiment",
    "get",
    "load",
    "mean_interval",
    "paired_difference",
    "provenance",
    "run",
    "run_all",
    "status",
]
