"""Experiments by name: a function of (seed, settings) that returns numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module


@dataclass(frozen=True)
class Experiment:
    """A registered experiment.

    Args:
        name: its name on the command line and in the folder of results.
        run: ``run(seed, settings)`` returns a dict of numbers, lists and strings.
        settings: a frozen dataclass that holds everything that could be chosen otherwise.
        quick: fields of the settings that a smoke run replaces, to finish in seconds.
        seeds: how many paired seeds make up the full run.
        question: what it asks, in a sentence.
        downloads: what has to be downloaded before, in words; None for nothing. Such an
            experiment is run only when it is named, and no chapter stands on its results.
    """

    name: str
    run: Callable
    settings: object
    quick: dict
    seeds: int
    question: str
    downloads: str | None = None

    def quickly(self):
        """The same experiment at the size of a smoke run: two seeds, small settings."""
        return replace(self, settings=replace(self.settings, **self.quick), seeds=2)


MODULES = (
    "active_learning",
    "averaged_subnetworks",
    "batch_norm",
    "calibration",
    "co2",
    "cost_of_training",
    "data_size",
    "deleted_units",
    "dropconnect",
    "dropped_maps",
    "early_dropout",
    "exact_identities",
    "example_3",
    "example_3_cifar10",
    "example_3_longer",
    "example_4",
    "faulty_dropouts",
    "fine_tuning",
    "forgotten_scale",
    "from_scratch_digits",
    "hintons_ladder",
    "input_rate",
    "label_rules",
    "mc_spread",
    "memorised_labels",
    "rate_sweep",
    "rates_by_depth",
    "recurrent_dropout",
    "redundant_features",
    "single_epoch",
    "text_against_l2",
    "two_scalings",
    "uci_recipe",
    "width_crossover",
    "with_other_regularisers",
)  # each holds the experiment of its name
REGISTRY = {}


def experiment(*, settings, quick, question, seeds=10, downloads=None):
    """Register the decorated function under its own name."""

    def register(run):
        name = run.__name__
        REGISTRY[name] = Experiment(name, run, settings, quick, seeds, question, downloads)
        return run

    return register


def get(name):
    """The experiment of that name; a name that is not registered is a KeyError that lists all.

    >>> get("deleted_units").seeds
    10
    """
    if name not in MODULES:
        raise KeyError(f"no experiment is named {name!r}: there are {', '.join(MODULES)}")
    import_module(f".{name}", __package__)  # which registers it
    return REGISTRY[name]
