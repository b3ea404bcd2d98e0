"""Every explorer of the book, on small data, and a way into the live ones."""

import ipywidgets
import numpy as np
import torch

from dropout_lib.experiments import load, provenance
from dropout_lib.explorers.averaged_subnetworks import averaged_subnetworks_explorer
from dropout_lib.explorers.batch_norm import variance_shift
from dropout_lib.explorers.benched_units import benched_units
from dropout_lib.explorers.calibration import reliability_explorer
from dropout_lib.explorers.co2 import co2_explorer, co2_passes_explorer
from dropout_lib.explorers.data_size import data_size_explorer
from dropout_lib.explorers.deleted_units import deleted_units_explorer
from dropout_lib.explorers.drop_or_keep import drop_or_keep, read_it_where
from dropout_lib.explorers.dropped_weights import dropped_weights
from dropout_lib.explorers.exact_identities import ridge_path_explorer
from dropout_lib.explorers.example_3 import maps_behind_the_blocks
from dropout_lib.explorers.example_4 import example_4_explorer
from dropout_lib.explorers.faulty_dropouts import faulty_dropouts_explorer
from dropout_lib.explorers.five_variants import five_variants
from dropout_lib.explorers.forgotten_scale import forgotten_scale_explorer
from dropout_lib.explorers.gaussian_preactivation import gaussian_preactivation
from dropout_lib.explorers.growing_evidence import growing_evidence
from dropout_lib.explorers.hintons_ladder import hintons_ladder_explorer
from dropout_lib.explorers.holes_in_a_photograph import holes_in_a_photograph
from dropout_lib.explorers.input_rate import input_rate_explorer
from dropout_lib.explorers.mask_scale_output import mask_scale_output
from dropout_lib.explorers.masks_over_time import masks_over_time
from dropout_lib.explorers.mc_spread import spread_by_p_explorer
from dropout_lib.explorers.never_for_good import never_for_good
from dropout_lib.explorers.printed_sum import printed_sum
from dropout_lib.explorers.rates_by_depth import noise_through_depth
from dropout_lib.explorers.running_mean import running_mean_explorer
from dropout_lib.explorers.size_through_depth import size_through_depth
from dropout_lib.explorers.two_scalings import two_scalings_explorer
from dropout_lib.explorers.which_variant import which_variant
from dropout_lib.explorers.who_shares import who_shares_explorer
from dropout_lib.explorers.width_crossover import width_crossover_explorer
from dropout_lib.pytorch import CNNWithSpatialDropout, MLPWithDropout

DIGITS = np.random.default_rng(0).random((20, 784))
LABELS = np.arange(20) % 10


def benched_units_on_noise():
    return benched_units(DIGITS, LABELS)


def reliability_stored():
    return reliability_explorer(load("calibration"), provenance("calibration")["settings"])


def co2_stored():
    return co2_explorer(load("co2"), provenance("co2")["settings"])


def co2_passes_stored():
    return co2_passes_explorer(load("co2"), provenance("co2")["settings"])


def deleted_units_on_noise():
    fractions = provenance("deleted_units")["settings"]["fractions"]
    return deleted_units_explorer(load("deleted_units"), fractions, DIGITS, LABELS)


def faulty_dropouts_stored():
    return faulty_dropouts_explorer(load("faulty_dropouts"))


def five_variants_on_noise():
    return five_variants(DIGITS[0], DIGITS[:6] - 0.5)


def who_shares_on_noise():
    return who_shares_explorer(DIGITS[0], DIGITS[1])


def forgotten_scale_on_noise():
    ratios = provenance("forgotten_scale")["settings"]["ratios"]
    results = load("forgotten_scale")
    images = np.tile(DIGITS, (50, 1))
    return forgotten_scale_explorer(results, ratios, images, np.tile(LABELS, 50))


def hintons_ladder_stored():
    return hintons_ladder_explorer(load("hintons_ladder"))


def input_rate_on_noise():
    settings = provenance("input_rate")["settings"]
    results = load("input_rate")
    return input_rate_explorer(results, settings, DIGITS[:4], LABELS[:4], DIGITS[4:], LABELS[4:])


def noise_through_depth_on_noise():
    torch.manual_seed(0)
    network = MLPWithDropout(784, [16, 12, 8], 10, [0.5, 0.4, 0.3]).network
    return noise_through_depth(network, DIGITS, LABELS, cases=5, passes=10)


def size_through_depth_on_noise():
    return size_through_depth(DIGITS)


def data_size_stored():
    return data_size_explorer(load("data_size"), provenance("data_size")["settings"])


def two_scalings_stored():
    settings = provenance("two_scalings")["settings"]
    return two_scalings_explorer(load("two_scalings"), settings)


def variance_shift_stored():
    return variance_shift(load("batch_norm"))


def width_crossover_stored():
    return width_crossover_explorer(load("width_crossover"))


def maps_behind_the_blocks_of_noise():
    models = {}
    for i, words in enumerate(("trained", "trained otherwise")):
        torch.manual_seed(i)
        sizes = {"image_size": 16, "channels": (4, 4, 8), "head_units": 8}
        models[words] = CNNWithSpatialDropout(in_channels=1, **sizes)
    image = torch.from_numpy(DIGITS[0, :256]).float().view(1, 16, 16)
    return maps_behind_the_blocks(models, image, 3)


def example_4_stored():
    return example_4_explorer(load("example_4"), provenance("example_4")["settings"])


def dropped_weights_of_noise():
    weight = np.random.default_rng(1).standard_normal((8, 16))
    return dropped_weights(weight, DIGITS[0, :16], DIGITS[0])


def gaussian_preactivation_of_noise():
    weight = np.random.default_rng(2).standard_normal((3, 20))
    return gaussian_preactivation(weight, np.zeros(3), DIGITS[0, :20], {"a": 0, "b": 1, "c": 2})


def averaged_subnetworks_on_noise():
    settings = provenance("averaged_subnetworks")["settings"]
    images, labels = np.tile(DIGITS, (50, 1)), np.tile(LABELS, 50)
    return averaged_subnetworks_explorer(load("averaged_subnetworks"), settings, images, labels)


def printed_sum_of_noise():
    return printed_sum(DIGITS[0])


def ridge_path_stored():
    return ridge_path_explorer(load("exact_identities"))


def spread_by_p_stored():
    return spread_by_p_explorer(load("mc_spread"), provenance("mc_spread")["settings"])


def growing_evidence_of_two_comparisons():
    a, b = [10.0, 9.5, 11.0, 12.0], [9.0, 9.2, 10.5, 10.0]
    return growing_evidence({"one": (a, b), "the other": (b, a)})


MAKE_EXPLORERS = [
    averaged_subnetworks_on_noise,
    benched_units_on_noise,
    data_size_stored,
    co2_stored,
    co2_passes_stored,
    deleted_units_on_noise,
    drop_or_keep,
    read_it_where,
    example_4_stored,
    faulty_dropouts_stored,
    five_variants_on_noise,
    forgotten_scale_on_noise,
    growing_evidence_of_two_comparisons,
    hintons_ladder_stored,
    holes_in_a_photograph,
    input_rate_on_noise,
    dropped_weights_of_noise,
    gaussian_preactivation_of_noise,
    maps_behind_the_blocks_of_noise,
    mask_scale_output,
    masks_over_time,
    never_for_good,
    noise_through_depth_on_noise,
    reliability_stored,
    printed_sum_of_noise,
    ridge_path_stored,
    running_mean_explorer,
    which_variant,
    size_through_depth_on_noise,
    spread_by_p_stored,
    two_scalings_stored,
    variance_shift_stored,
    width_crossover_stored,
    who_shares_on_noise,
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
