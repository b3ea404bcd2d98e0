"""Every explorer of the book, on small data, and a way into the live ones."""

import ipywidgets
import numpy as np

from dropout_lib.experiments import load, provenance
from dropout_lib.explorers.benched_units import benched_units
from dropout_lib.explorers.deleted_units import deleted_units_explorer
from dropout_lib.explorers.dropped_weights import dropped_weights
from dropout_lib.explorers.gaussian_preactivation import gaussian_preactivation
from dropout_lib.explorers.mask_scale_output import mask_scale_output
from dropout_lib.explorers.running_mean import running_mean_explorer

DIGITS = np.random.default_rng(0).random((20, 784))
LABELS = np.arange(20) % 10


def benched_units_on_noise():
    return benched_units(DIGITS, LABELS)


def deleted_units_on_noise():
    fractions = provenance("deleted_units")["settings"]["fractions"]
    return deleted_units_explorer(load("deleted_units"), fractions, DIGITS, LABELS)


def dropped_weights_of_noise():
    weight = np.random.default_rng(1).standard_normal((8, 16))
    return dropped_weights(weight, DIGITS[0, :16], DIGITS[0])


def gaussian_preactivation_of_noise():
    weight = np.random.default_rng(2).standard_normal((3, 20))
    return gaussian_preactivation(weight, np.zeros(3), DIGITS[0, :20], {"a": 0, "b": 1, "c": 2})


MAKE_EXPLORERS = [
    benched_units_on_noise,
    deleted_units_on_noise,
    dropped_weights_of_noise,
    gaussian_preactivation_of_noise,
    mask_scale_output,
    running_mean_explorer,
]


def live_widgets(box):
    """The widgets that carry a value, in order, and the HTML widget with the picture."""
    found, waiting = [], [box]
    while waiting:
        widget = waiting.pop(0)
        waiting = [*getattr(widget, "children", ()), *waiting]
        if isinstance(widget, ipywidgets.SelectionSlider | ipywidgets.Dropdown):
            found.append(widget)
        elif "explorer-live-picture" in widget._dom_classes:
            picture = widget
    return found, picture
