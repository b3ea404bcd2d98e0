"""Asking for labels: the parts of the experiment, and what the results say."""

import numpy as np
import pytest
import torch

from dropout_lib.experiments import load, mean_interval, paired_difference
from dropout_lib.experiments.active_learning import (
    ARMS,
    COUNTERPARTS,
    Settings,
    _doubt,
    _highest,
    _needed,
    _scores,
    _start,
    _trained,
)
from dropout_lib.explorers.active_learning import error_by_labels, gain_over_random
from dropout_lib.pytorch import MLPWithDropout

SETTINGS = Settings()


def test_the_start_has_as_many_of_every_class():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 7))
    start = _start(labels, 2, np.random.default_rng(0))
    assert len(set(start.tolist())) == 20
    assert np.bincount(labels[start]).tolist() == [2] * 10


def test_the_highest_scores_are_asked_for_and_none_twice():
    assert _highest([0.1, 0.9, 0.5, 0.9, 0.7], [1], 3).tolist() == [3, 4, 2]
    assert _highest([0.5] * 4, [0], 2).tolist() == [1, 2]


def test_doubt_is_entropy_or_a_small_margin():
    probabilities = torch.tensor([[0.5, 0.5, 0.0], [0.45, 0.3, 0.25], [0.9, 0.1, 0.0]])
    assert _doubt(probabilities, "margin").tolist() == pytest.approx([0, -0.15, -0.8])
    assert _doubt(probabilities, "entropy").argsort().tolist() == [2, 0, 1]


def test_a_target_is_needed_when_first_reached():
    settings = Settings(added=10, targets=(0.3, 0.2, 0.1))
    assert _needed([0.5, 0.3, 0.15, 0.25], 20, settings) == {"0.3": 30, "0.2": 40, "0.1": 60}


def test_sets_are_taught_side_by_side_from_the_same_weights():
    x = torch.rand(30, 784, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(30) % 10
    settings = Settings(p=0.0, epochs=3)
    sets = [np.arange(10), np.arange(10), np.arange(10, 20)]
    first, same, other = _trained(sets, x, labels, 0, torch.Generator(), settings)
    assert not first.training
    with torch.no_grad():
        assert first(x) == pytest.approx(same(x), abs=1e-5)
        assert (first(x) - other(x)).abs().max() > 0.001
    (alone,) = _trained([np.arange(10, 20)], x, labels, 0, torch.Generator(), settings)
    with torch.no_grad():
        assert alone(x) == pytest.approx(other(x), abs=1e-5)


def test_only_the_arms_of_monte_carlo_make_many_passes():
    torch.manual_seed(0)
    network = MLPWithDropout(4, [8], 3, [0.5]).eval()
    x, rng = torch.randn(6, 4), np.random.default_rng(0)

    def scores(arm, seed):
        return _scores(arm, network, x, rng, torch.Generator().manual_seed(seed), SETTINGS)

    for arm in ARMS[1:]:
        assert scores(arm, 0) == pytest.approx(scores(arm, 0))
        differ = np.abs(np.asarray(scores(arm, 0)) - np.asarray(scores(arm, 1))).max() > 1e-4
        assert differ == (arm in COUNTERPARTS)
    assert not network.training


# --- what is stored ----------------------------------------------------------------------------


def test_all_arms_begin_at_one_point_and_have_as_many_labels():
    for run in load("active_learning"):
        assert run["labels"] == list(range(20, 201, 10))
        assert len({run["arms"][arm]["error"][0] for arm in ARMS}) == 1
        for arm in ARMS:
            assert len(run["arms"][arm]["error"]) == len(run["labels"])
            assert sum(run["arms"][arm]["by_class"]) == 200
            assert min(run["arms"][arm]["by_class"]) >= 2


def test_the_figures_read_what_they_show():
    results = load("active_learning")

    def of(arm, measure):
        return 100 * np.array([r["arms"][arm][measure] for r in results])

    middle, last = of("mc entropy", "error").mean(axis=0)[[9, -1]]
    reading = error_by_labels(results).picture.reading
    assert f"entropy, many passes: {middle:.1f}%, {last:.1f}%" in reading
    gain = (of("random", "mean_error") - of("margin", "mean_error")).mean()
    assert f"margin, one pass {gain:.1f} [" in gain_over_random(results).picture.reading


# --- what the results say, beside the rows of the ledger -----------------------------------------


def alike(arm):
    return [r["alike"][arm] for r in load("active_learning")]


def test_passes_ask_for_the_same_digits_by_entropy_and_for_others_by_the_rest():
    assert mean_interval(alike("mc entropy")).low > 0.6
    assert mean_interval(alike("mc margin")).high < 0.3
    assert max(alike("mutual information")) < 0.05


def test_entropy_of_one_pass_asks_worse_than_chance_too():
    random, entropy = (
        [r["arms"][arm]["mean_error"] for r in load("active_learning")]
        for arm in ("random", "entropy")
    )
    assert paired_difference(entropy, random).low > 0
