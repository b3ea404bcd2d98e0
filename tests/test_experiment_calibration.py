"""Calibration, experiment 22: its parts, and what the results say."""

import math

import numpy as np
import pytest
import torch

from dropout_lib.datasets import mnist5k
from dropout_lib.experiments import load, paired_difference
from dropout_lib.experiments.calibration import (
    Settings,
    _best,
    _bins,
    _measures,
    _predictions,
    _score,
    _scores,
    _told_apart,
    _trained,
    photo_patches,
    turned,
)
from dropout_lib.explorers.calibration import PREDICTIONS, measure_by_angle, pooled
from dropout_lib.explorers.unfamiliar_inputs import unfamiliar_inputs
from dropout_lib.pytorch import Dropout, summarise

SETTINGS = Settings()
DATA = mnist5k(seed=0, train=100)


# --- pictures ----------------------------------------------------------------------------------


def test_turned_digits_keep_their_range_and_turn_against_the_clock():
    x = DATA.x_test[:20]
    assert (turned(x, 0) == torch.from_numpy(x)).all()
    quarter = turned(x, 90).view(-1, 28, 28).numpy()
    assert quarter == pytest.approx(np.rot90(x.reshape(-1, 28, 28), axes=(1, 2)), abs=1e-4)
    for angle in SETTINGS.angles:
        images = turned(x, angle)
        assert images.dtype == torch.float32
        assert 0 <= images.min() <= images.max() <= 1


def test_patches_come_from_both_photographs_and_span_the_range():
    patches = photo_patches(40, np.random.default_rng(0))
    assert patches.shape == (40, 784)
    assert (patches.amin(dim=1) == 0).all()
    assert (patches.amax(dim=1) == 1).float().mean() > 0.9
    again = photo_patches(40, np.random.default_rng(0))
    assert (patches == again).all()
    assert len(torch.unique(patches, dim=0)) == 40


# --- networks and choice -----------------------------------------------------------------------


def test_a_member_starts_from_weights_of_its_own_and_the_first_is_the_single_one():
    part = torch.from_numpy(DATA.x_train), torch.from_numpy(DATA.y_train)
    plans = [(0.0, 0.0, 0), (0.5, 0.0, 0), (0.0, 0.0, 1)]  # a rate of 0 leaves them as they were
    how = (3, 1, torch.Generator(), SETTINGS)
    first, dropped, second = (
        [weight.detach() for weight in network.parameters()]
        for network in _trained(part, plans, how)
    )
    assert all((a == b).all() for a, b in zip(first, dropped, strict=True))
    assert not (first[0] == second[0]).any()


def test_the_score_is_that_of_the_mean_probability():
    logits = torch.tensor([[[0.0, 0.0]], [[math.log(3), 0.0]]])  # 1/2 and 3/4
    assert _score(logits, torch.tensor([0])) == (pytest.approx(-math.log(5 / 8)), 0)
    assert _score(logits, torch.tensor([1])) == (pytest.approx(-math.log(3 / 8)), 1)
    assert _score(logits.log(), torch.tensor([0])) == (math.inf, math.inf)


def test_each_arm_has_what_suits_it_and_passes_have_the_network_of_weight_scaling():
    scores = {
        "single": {(0.0, 0.01): (0.5, 0.1), (0.0, 0.02): (0.4, 0.2)},
        "weight scaling": {(0.5, 0.01): (0.5, 0.2), (0.5, 0.02): (0.6, 0.2)},
        "mc own": {(0.5, 0.01): (0.5, 0.3), (0.5, 0.02): (0.4, 0.2)},
    }
    best = _best(scores, "nll")
    assert best["single"] == (0.0, 0.02)
    assert best["mc own"] == (0.5, 0.02)
    assert {best[arm] for arm in ("mc", "mc few", "dropout ensemble")} == {(0.5, 0.01)}
    by_error = _best(scores, "error")
    assert by_error["single"] == (0.0, 0.01)
    assert by_error["weight scaling"] == (0.5, 0.01)  # equal errors: the lower NLL


def test_every_arm_is_scored_by_its_own_prediction():
    settings = Settings(rates=(0.5,), learning_rates=(0.1, 0.2), members=2, tuning_passes=3)
    rates = (*settings.learning_rates, *(2 * rate for rate in settings.learning_rates))
    plans = [(kind, p, rate, member) for kind in ("full", "short") for p in (0.0, 0.5)
             for rate in rates for member in (0, 1)]  # fmt: skip
    networks = {plan: torch.nn.Sequential(Dropout(0.5), torch.nn.Linear(4, 3)) for plan in plans}
    networks = {plan: network.eval() for plan, network in networks.items()}
    x, labels = torch.randn(6, 4), torch.tensor([0, 1, 2] * 2)
    scores = _scores(networks, (x, labels), torch.Generator(), settings)
    with torch.no_grad():
        alone = networks["full", 0.0, 0.1, 0](x)[None]
        both = torch.stack([networks["short", 0.0, 0.4, member](x) for member in (0, 1)])
    assert scores["single"][0.0, 0.1] == _score(alone, labels)
    assert scores["short ensemble"][0.0, 0.4] == _score(both, labels)
    assert set(scores["mc own"]) == {(0.5, 0.1), (0.5, 0.2)}
    assert scores["mc own"][0.5, 0.1] != scores["weight scaling"][0.5, 0.1]


def test_passes_spread_and_one_network_does_not():
    network = torch.nn.Sequential(Dropout(0.5), torch.nn.Linear(4, 3)).eval()
    arms = {"single": [network], "mc": [network], "mc few": [network], "ensemble": [network] * 2}
    said = _predictions(arms, torch.ones(5, 4), torch.Generator(), Settings(passes=9, few=3))
    assert set(said) == set(arms)
    for arm in ("single", "ensemble"):
        assert said[arm].mutual_information.abs().max() < 1e-12
        with torch.no_grad():
            assert said[arm].mean.float() == pytest.approx(network(torch.ones(5, 4)).softmax(1))
    for arm in ("mc", "mc few"):
        assert said[arm].mutual_information.min() > 0


# --- measures ----------------------------------------------------------------------------------


def prediction(probabilities):
    return summarise(torch.tensor([probabilities] * 2, dtype=torch.float64), "probabilities")


def test_temperature_changes_what_is_scaled_alone():
    said = prediction([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    plain, scaled = (_measures(said, np.array([0, 1, 1]), t, 15) for t in (1.0, 2.0))
    for name in ("nll", "brier", "ece"):
        assert plain[name] == plain[f"scaled {name}"] == scaled[name] != scaled[f"scaled {name}"]
    assert plain["error"] == pytest.approx(1 / 3, abs=1e-4)


def test_bins_are_stored_so_that_they_can_be_pooled():
    said = prediction([[0.5, 0.5], [0.1, 0.9], [0.2, 0.8]])
    text = _bins(said.mean, np.array([1, 1, 0]), 1.0, bins=2)
    assert text == "1 0 500,2 1 850"
    assert pooled([text, "0,1 1 1000"]).tolist() == [[1, 3], [0, 2], [0.5, 2.7]]


def test_a_score_tells_apart_what_it_ranks():
    sure, unsure = prediction([[0.99, 0.01]] * 3), prediction([[0.6, 0.4]] * 3)
    found = _told_apart(sure, unsure)
    assert found == {"confidence": 1.0, "entropy": 1.0, "mutual_information": 0.5}


# --- figures -----------------------------------------------------------------------------------


def test_the_curves_by_angle_read_what_they_show():
    results = load("calibration")
    figure = measure_by_angle(results, vars(SETTINGS))
    upright = np.mean([r["tuned by nll"]["mc"]["by angle"]["nll"][0] for r in results])
    assert f"Monte Carlo, as predicted: {upright:.2f} upright" in figure.picture.reading
    with pytest.raises(ValueError, match="no measure 'loss' by angle: choose of nll, ece, brier"):
        measure_by_angle(results, vars(SETTINGS), "loss")


def test_the_figure_of_unfamiliar_inputs_reads_what_it_shows():
    results = load("calibration")
    mean = np.mean([r["tuned by nll"]["mc"]["photographs"]["entropy"] for r in results])
    reading = unfamiliar_inputs(results).picture.reading
    assert f"patches of photographs, Monte Carlo, 100, entropy {mean:.2f}" in reading
    assert "weight scaling, mutual information" not in reading


def test_what_the_explorer_offers_is_stored_and_every_digit_is_in_a_bin():
    for run in load("calibration"):
        for arm, scaled in PREDICTIONS.values():
            texts = run["tuned by nll"][arm][f"reliability {scaled}".strip()]
            assert len(texts) == len(SETTINGS.angles)
            counts, right, _ = zip(*(pooled([text]).sum(axis=1) for text in texts), strict=True)
            assert set(counts) == {1000}
            errors = run["tuned by nll"][arm]["by angle"]["error"]
            assert 1 - np.array(right) / 1000 == pytest.approx(np.array(errors), abs=1e-4)


# --- what the results say, beside the rows of the ledger -----------------------------------------


def of(tuned, arm, measure):
    runs = [r[f"tuned by {tuned}"][arm] for r in load("calibration")]
    return [run["by angle"][measure][0] if "by angle" in run else run[measure] for run in runs]


def test_chosen_by_nll_many_passes_are_not_sure_enough_and_by_error_all_are_too_sure():
    def temperatures(tuned, arm):
        return [r[f"tuned by {tuned}"][arm]["temperature"] for r in load("calibration")]

    assert np.mean(np.array(temperatures("nll", "mc")) < 1) >= 0.8
    for arm in ("single", "weight scaling", "ensemble"):
        assert min(temperatures("error", arm)) > 1.3


def test_temperature_scaling_leaves_little_to_choose_upright():
    scaled = [
        np.mean(of("error", arm, "scaled nll")) for arm in ("weight scaling", "mc", "ensemble")
    ]
    assert max(scaled) - min(scaled) < 0.02
    assert np.mean(of("error", "single", "nll")) > 1.5 * max(scaled)


def test_a_network_chosen_by_nll_errs_more_than_one_chosen_by_error():
    for arm in ("single", "weight scaling"):
        assert paired_difference(of("nll", arm, "error"), of("error", arm, "error")).low > 0


def test_what_is_chosen_lies_within_the_grid_but_for_two_arms():
    rates = sorted(SETTINGS.learning_rates)
    for arm in ("weight scaling", "short ensemble"):
        factor = SETTINGS.members if arm == "short ensemble" else 1
        for r in load("calibration"):
            chosen = r["tuned by nll"][arm]
            assert rates[0] < chosen["learning_rate"] / factor < rates[-1]
            if arm == "weight scaling":
                assert min(SETTINGS.rates) < chosen["p"] < max(SETTINGS.rates)
