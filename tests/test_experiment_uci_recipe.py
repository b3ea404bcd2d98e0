"""The UCI recipe: its measures, and what the results say."""

import math

import numpy as np
import pytest
import torch

from dropout_lib.experiments import load, paired_difference, provenance
from dropout_lib.experiments.uci_recipe import Settings, _log_likelihood, _measures
from dropout_lib.explorers.uci_recipe import passes_against_weight_scaling

SETTINGS = Settings(precisions=(0.5, 2.0), passes=(1, 4))


def test_the_likelihood_of_one_pass_is_gaussian():
    found = _log_likelihood(torch.ones(1, 2, 1), torch.zeros(2, 1), tau=4.0)
    assert found == pytest.approx(0.5 * math.log(4.0 / (2 * math.pi)) - 2.0)


def test_few_passes_are_judged_over_many_groups():
    """Passes +1 and -1 about a truth of 0: each is off by 1, their mean by nothing."""
    passes = torch.tensor([1.0, -1.0] * 4)[:, None, None]
    samples, ys = (
        dict.fromkeys(("validation", "test"), value) for value in (passes, torch.zeros(1, 1))
    )
    assert _measures(samples, ys, 2.0, 1, SETTINGS)["error"] == 1
    assert _measures(samples, ys, 2.0, 4, SETTINGS)["error"] == 0
    assert _measures(samples, ys, 2.0, 1, SETTINGS)["own tau"] == 0.5


def test_the_density_of_the_average_is_at_least_the_average_density():
    generator = torch.Generator().manual_seed(0)
    passes = torch.randn(8, 30, 1, generator=generator)
    samples, ys = (
        dict.fromkeys(("validation", "test"), value) for value in (passes, torch.zeros(30, 1))
    )
    one, all_of_them = (_measures(samples, ys, 2.0, k, SETTINGS) for k in (1, 8))
    assert all_of_them["log_likelihood"] > one["log_likelihood"]


# --- what the results say ----------------------------------------------------------------------


def gain(measure, better, worse):
    """The paired difference of two ways of predicting, signed so that more is better."""
    sign = 1 if "likelihood" in measure else -1
    results = load("uci_recipe")
    return paired_difference(
        *([sign * value(result, measure) for result in results] for value in (better, worse))
    )


def one_pass(result, measure):
    return result["by passes"][measure][0]


def many_passes(result, measure):
    return result["by passes"][measure][-1]


def weight_scaling(result, measure):
    return result["weight scaling"][measure]


@pytest.mark.parametrize("measure", ["error", "log_likelihood", "log_likelihood, own tau"])
@pytest.mark.parametrize("better", [many_passes, weight_scaling])
def test_a_single_pass_is_worse_than_either_alternative(measure, better):
    assert gain(measure, better, one_pass).low > 0


def test_the_lead_over_a_single_pass_is_far_larger_than_the_one_over_weight_scaling():
    over_one, over_scaling = (
        gain("error", many_passes, other) for other in (one_pass, weight_scaling)
    )
    assert over_one.low > 5 * abs(over_scaling.mean)


def test_chosen_values_lie_inside_their_grids():
    settings = provenance("uci_recipe")["settings"]
    for key, grid in (("p", settings["rates"]), ("tau", settings["precisions"])):
        chosen = [result[key] for result in load("uci_recipe")]
        assert sum(value in (grid[0], grid[-1]) for value in chosen) <= len(chosen) / 4


def test_the_figure_reads_what_it_shows():
    results = load("uci_recipe")
    figure = passes_against_weight_scaling(results, provenance("uci_recipe")["settings"]["passes"])
    mean = np.mean([weight_scaling(result, "error") for result in results])
    assert f"{mean:.2f} for weight scaling; test log-likelihood" in figure.picture.reading
