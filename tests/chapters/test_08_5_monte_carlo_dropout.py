"""What chapter 8.5 states of results, where no row of the ledger says it already."""

import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib import datasets
from dropout_lib.experiments import load, mean_interval, provenance
from dropout_lib.pytorch import Dropout, mc_predict, mc_samples

CO2, CO2_SETTINGS = load("co2"), provenance("co2")["settings"]
RATES = CO2_SETTINGS["rates"]
PARTS = ("inside", "0-2", "2-4", "4-8", "8-12", "12-16")


def of(activation, p, part, measure):
    return np.array([run[activation][RATES.index(p)][part][measure] for run in CO2])


# --- the recipe --------------------------------------------------------------------------------


def test_the_monte_carlo_errors_of_mean_and_spread_are_what_the_text_says():
    samples = torch.randn(2000, 100, generator=torch.Generator().manual_seed(0))
    assert samples.mean(dim=1).std().item() == pytest.approx(0.1, rel=0.1)
    assert samples.std(dim=1).std().item() == pytest.approx(198**-0.5, rel=0.1)
    said = {10: 0.24, 100: 0.07, 1000: 0.02}  # a quarter, 7%, 2%
    assert {T: round((2 * T - 2) ** -0.5, 2) for T in said} == said


# --- carbon dioxide ----------------------------------------------------------------------------


@pytest.mark.parametrize("p", RATES)
def test_own_masks_widen_a_difference_threefold_with_relu_and_much_more_with_tanh(p):
    def ratio(activation):
        at = RATES.index(p)
        own, shared = (
            np.array([run[activation][at][f"spread of growth, {kind} masks"] for run in CO2])
            for kind in ("own", "shared")
        )
        return (own / shared).mean()

    assert ratio("relu") == pytest.approx(3, abs=0.3)
    assert ratio("tanh") > 10


@pytest.mark.parametrize("p", RATES)
def test_with_relu_the_spread_doubles_and_with_tanh_the_error_is_dozens_of_spreads(p):
    doubled = of("relu", p, "12-16", "spread") / of("relu", p, "0-2", "spread")
    assert doubled.mean() == pytest.approx(2, abs=0.2)
    off = of("tanh", p, "12-16", "error") / of("tanh", p, "12-16", "spread")
    assert off.min() > 24


def test_coverage_with_tanh_falls_at_once_and_ends_at_nothing():
    shares = [of("tanh", 0.1, part, "coverage with noise").mean() for part in PARTS]
    assert shares == sorted(shares, reverse=True)
    assert shares[1] < 0.9 * shares[0]
    assert shares[-1] < 0.01


def test_ten_runs_cannot_say_whether_relu_holds_nine_weeks_of_ten_at_the_end():
    share = mean_interval(of("relu", 0.1, "12-16", "coverage with noise").tolist())
    assert share.low < 0.9 < share.high
    assert share.mean < of("relu", 0.1, "inside", "coverage with noise").mean()


def test_two_passes_are_jagged_with_own_masks_and_smooth_with_shared_ones():
    def jags(masks, number):
        kept = CO2[0]["relu"][1]["from so many passes"][masks][str(number)]
        return np.abs(np.diff([float(ppm) for ppm in kept["mean"].split()], n=2)).mean()

    assert jags("own", 2) > 3 * jags("shared", 2)
    assert jags("own", 100) < jags("own", 2) / 3


def test_at_100_passes_own_and_shared_masks_agree():
    for activation in ("relu", "tanh"):
        for measured in CO2[0][activation]:
            kept = [measured["from so many passes"][kind]["100"] for kind in ("own", "shared")]
            means = [np.array([float(ppm) for ppm in k["mean"].split()]) for k in kept]
            spread = np.mean([float(ppm) for ppm in kept[0]["spread"].split()])
            assert np.abs(means[0] - means[1]).mean() < 0.3 * spread


def test_the_seasons_stay_within_two_standard_deviations_of_the_trend():
    """So the noise around a curve without seasons is not normal."""
    weeks, ppm = datasets.co2()
    seen = weeks < CO2_SETTINGS["until"]
    off = ppm[seen] - np.polynomial.Polynomial.fit(weeks[seen], ppm[seen], 4)(weeks[seen])
    assert (np.abs(off) < 2 * off.std()).mean() > 0.98
    assert of("relu", 0.1, "inside", "error").mean() > 0.9 * off.std()  # the swing is not learned


# --- spread and error --------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "sign"), [("16", -1), ("4096", 1)])
def test_with_p_chosen_the_spread_is_too_small_at_16_points_and_too_large_at_4096(points, sign):
    chosen = [run[points]["chosen"] for run in load("mc_spread")]
    ratio = [sign * np.log(one["spread"] / one["error"]) for one in chosen]
    assert mean_interval(ratio).low > 0


def test_squared_spread_less_squared_error_factors_as_the_text_says():
    rng = np.random.default_rng(0)
    for _ in range(20):
        p, weight, e = rng.random(3)
        error = p**2 * weight**2 + (1 - p) ** 2 * e
        spread = p * (1 - p) * (weight**2 + e)
        assert spread - error == pytest.approx((1 - 2 * p) * (p * weight**2 - (1 - p) * e))


def test_copies_of_an_input_divide_the_variance():
    """With the weight shared among k copies."""
    x, weight, p = 2.0, 3.0, 0.3
    variances = [p / (1 - p) * k * (weight / k * x) ** 2 for k in (1, 4)]
    assert variances[1] == pytest.approx(variances[0] / 4)


def test_a_wave_never_leaves_two_of_its_standard_deviations():
    wave = np.sin(np.linspace(0, 2 * np.pi, 1000, endpoint=False))
    assert np.abs(wave).max() / wave.std() == pytest.approx(2**0.5, rel=1e-4)


# --- the gap -----------------------------------------------------------------------------------


def test_the_variance_of_one_hidden_layer_is_the_formula():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(1, 100), nn.ReLU(), Dropout(0.1), nn.Linear(100, 1))
    x = torch.linspace(-2, 2, 9)[:, None]
    std = mc_predict(network, x, 4000, generator=torch.Generator().manual_seed(0)).std[:, 0]
    with torch.no_grad():
        formula = (0.1 / 0.9 * (network[3].weight * network[:2](x)).square().sum(1)).sqrt()
    assert torch.allclose(std, formula, rtol=0.05)


def test_one_mask_for_all_passes_has_no_spread():
    torch.manual_seed(0)
    layer = Dropout(0.5)
    mask = torch.rand(1, 8) >= 0.5
    passes = torch.stack([layer(torch.ones(1, 8), mask=mask) for _ in range(5)])
    assert passes.std(dim=0).max() == 0
    assert mc_samples(layer, torch.ones(1, 8), 5).std(dim=0).max() > 0


# --- calibration -------------------------------------------------------------------------------

CALIBRATION = [run["tuned by nll"] for run in load("calibration")]
ANGLES = provenance("calibration")["settings"]["angles"]
WAYS = ("single", "weight scaling", "mc", "ensemble", "short ensemble")


def by_angle(way, measure, angle):
    return [run[way]["by angle"][measure][ANGLES.index(angle)] for run in CALIBRATION]


def test_turned_by_30_degrees_all_err_on_a_third_and_by_90_on_most():
    for way in WAYS:
        assert np.mean(by_angle(way, "error", 30)) > 1 / 3
        assert np.mean(by_angle(way, "error", 90)) > 0.8


def test_chosen_by_nll_passes_want_to_be_surer_and_weight_scaling_less_sure():
    assert sum(run["mc"]["temperature"] < 1 for run in CALIBRATION) >= 9
    assert all(run["weight scaling"]["temperature"] > 1 for run in CALIBRATION)


def test_chosen_by_error_the_network_is_much_too_sure():
    runs = [run["tuned by error"]["weight scaling"]["temperature"] for run in load("calibration")]
    assert min(runs) > 1.2


def test_what_suits_passes_is_a_higher_learning_rate_than_what_suits_weight_scaling():
    for run in load("calibration"):
        assert run["mc own"]["learning_rate"] >= run["tuned by nll"]["mc"]["learning_rate"]
    higher = [
        run["mc own"]["learning_rate"] > run["tuned by nll"]["mc"]["learning_rate"]
        for run in load("calibration")
    ]
    assert sum(higher) > 5


def test_upright_the_passes_are_not_sure_enough():
    pairs = zip(by_angle("mc", "nll", 0), by_angle("mc", "scaled nll", 0), strict=True)
    assert mean_interval([plain - scaled for plain, scaled in pairs]).low > 0


def test_learning_rates_at_the_ends_of_the_grid_are_told():
    grid = provenance("calibration")["settings"]["learning_rates"]
    assert sum(run["single"]["learning_rate"] == grid[0] for run in CALIBRATION) == 6
    assert sum(run["ensemble"]["learning_rate"] == grid[-1] for run in CALIBRATION) == 4


def test_with_many_points_the_lowest_p_was_often_chosen():
    runs, lowest = load("mc_spread"), provenance("mc_spread")["settings"]["rates"][0]
    for points in ("1024", "4096"):
        assert sum(run[points]["chosen"]["p"] == lowest for run in runs) >= 4


def test_at_90_degrees_even_the_passes_are_far_surer_than_right():
    assert np.mean(by_angle("mc", "ece", 90)) > 0.4


def test_the_entropies_of_passes_and_of_one_pass_part_by_about_a_hundredth():
    for kind in ("photographs", "held-out classes"):
        gap = [
            run["mc"][kind]["entropy"] - run["weight scaling"][kind]["entropy"]
            for run in CALIBRATION
        ]
        assert 0 < np.mean(gap) < 0.02


# --- asking for labels -------------------------------------------------------------------------


def test_labels_asked_for_by_entropy_or_mutual_information_teach_less_than_drawn_ones():
    arms = [run["arms"] for run in load("active_learning")]
    for judge in ("mc entropy", "mutual information"):
        worse = [of_run[judge]["mean_error"] - of_run["random"]["mean_error"] for of_run in arms]
        assert mean_interval(worse).low > 0
        saved = [
            of_run["random"]["needed"]["0.2"] - of_run[judge]["needed"]["0.2"] for of_run in arms
        ]
        assert mean_interval(saved).mean < 0


def test_the_numbers_of_the_design_are_those_of_the_settings():
    settings = provenance("active_learning")["settings"]
    assert (settings["pool"], settings["labels"], settings["added"]) == (1500, 200, 10)
    assert (settings["per_class"], settings["passes"], len(load("active_learning"))) == (2, 100, 12)
    settings = provenance("calibration")["settings"]
    assert (settings["train"], settings["hidden"], settings["members"]) == (1000, [256, 256], 5)
    assert (settings["passes"], len(load("calibration"))) == (100, 10)
