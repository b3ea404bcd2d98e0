"""Experiments: registered functions of (seed, settings), a runner, and stored results.

    python -m dropout_lib.experiments list
    python -m dropout_lib.experiments run deleted_units
    python -m dropout_lib.experiments run --all --quick

Chapters call :func:`load` for what is stored, and may run a small part themselves.
"""

from .registry import MODULES, Experiment, experiment, get
from .runner import load, provenance, run
from .statistics import Interval, mean_interval, paired_difference

__all__ = [
    "MODULES",
    "Experiment",
    "Interval",
    "experiment",
    "get",
    "load",
    "mean_interval",
    "paired_difference",
    "provenance",
    "run",
]
