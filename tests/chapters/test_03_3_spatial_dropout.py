"""What chapter 3.3 states of results: held to the stored runs, or computed again here."""

import numpy as np
import pytest
import torch

from dropout_lib.experiments import load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.dropped_maps import (
    ARMS,
    SHAPES,
    Settings,
    _explained,
    keep_mask_of,
    neighbour_correlation,
    network,
)
from dropout_lib.explorers.holes_in_a_photograph import (
    RATES,
    feature_maps,
    fill_holes,
    filling_error,
    filters,
    keep_mask,
)
from dropout_lib.explorers.noise_of_a_pooled_map import predicted_noise, relative_noise

RESULTS = load("dropped_maps")
P = provenance("dropped_maps")["settings"]["prediction_rates"]


def errors(arm):
    return [100 * result[arm]["test_error"] for result in RESULTS]


def losses(arm):
    return [result[arm]["test_loss"] for result in RESULTS]


def explained(shape, source):
    """R² by run and p."""
    return np.array([result["prediction"][shape][source] for result in RESULTS])


# --- the photograph --------------------------------------------------------------------------


def test_filling_undoes_most_of_dropped_units_some_of_blocks_and_nothing_of_maps():
    maps = feature_maps()
    by_shape = {
        shape: [filling_error(maps, keep_mask(shape, p)) for p in RATES] for shape in SHAPES
    }
    assert 0.2 < by_shape["units"][RATES.index(0.5)] < 0.3
    assert all(error == 1 for error in by_shape["maps"])
    for units, blocks in zip(by_shape["units"], by_shape["blocks"], strict=True):
        assert units < blocks < 1
    assert by_shape["units"] == sorted(by_shape["units"])  # it rises with p
    assert by_shape["units"][-1] > 0.5


def test_edge_filters_add_up_to_zero_and_light_is_an_average():
    sums = filters().sum(axis=(1, 2, 3))
    assert sums == pytest.approx([1, 0, 0, 0])


def test_what_is_kept_is_not_filled():
    maps, keep = feature_maps(), keep_mask("units", 0.7)
    assert (fill_holes(maps, keep)[keep] == maps[keep]).all()


@pytest.mark.parametrize("shape", ["units", "maps"])
def test_noise_of_a_pooled_map_is_what_the_formula_says(shape):
    assert relative_noise(shape) == pytest.approx(predicted_noise(shape), rel=0.1)


def test_pooling_averages_out_the_noise_of_units_and_not_that_of_maps():
    units, blocks, maps = (relative_noise(shape)[-1] for shape in SHAPES)
    assert 0.01 < units < 0.05  # a few per cent
    assert units < blocks < maps
    assert maps == pytest.approx(1, abs=0.05)


# --- the masks of the experiment -------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_every_unit_is_dropped_with_probability_p_wherever_it_lies(shape, p):
    keep = keep_mask_of((4000, 1, 6, 6), shape, p, 5, torch.Generator().manual_seed(0))
    dropped = 1 - keep.expand(4000, 1, 6, 6).float().mean(dim=(0, 1))  # at each place
    tolerance = 5 * (p * (1 - p) / 4000) ** 0.5
    assert (dropped - p).abs().max() < tolerance


def test_blocks_are_squares_and_maps_are_whole():
    generator = torch.Generator().manual_seed(0)
    dropped = ~keep_mask_of((50, 4, 14, 14), "blocks", 0.1, 5, generator)[..., 4:-4, 4:-4]
    neighbour = dropped[..., 1:] & dropped[..., :-1]
    assert neighbour.sum() / dropped[..., 1:].sum() > 0.7
    assert keep_mask_of((2, 3, 14, 14), "maps", 0.5).shape == (2, 3, 1, 1)


def test_regression_recovers_a_copy_and_nothing_from_an_empty_map():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((2, 300, 1, 6, 6))
    train, test = (np.concatenate([maps, 2 * maps], axis=1) for maps in noise)

    def masks(maps):
        keep = np.ones(maps.shape, dtype=bool)
        keep[:, 0] = False  # the first map is gone, the second is twice the first
        return keep, np.ones(maps.shape, dtype=bool)

    r2 = _explained(train[:, :2], test[:, :2], masks, 0, Settings(targets=500))
    assert abs(r2["own neighbours"]) < 0.1
    assert r2["other maps"] == pytest.approx(1 / 5, abs=0.05)  # map 0, and not map 1


def test_correlation_of_neighbours_is_that_of_numpy():
    maps = np.random.default_rng(0).standard_normal((40, 1, 1, 2)).cumsum(axis=-1)
    maps -= maps.mean(axis=(0, 2, 3), keepdims=True)
    a, b = maps[:, 0, 0].T
    expected = (a @ b) / np.sqrt((a @ a) * (b @ b))
    both = np.concatenate([maps, maps], axis=2)  # a vertical neighbour that is equal
    assert neighbour_correlation(both) == pytest.approx((expected + 1) / 2)


def test_arms_differ_in_nothing_but_dropout():
    shapes = {
        tuple(tuple(p.shape) for p in network(arm, 0.3).parameters()) for arm in ARMS.values()
    }
    assert len(shapes) == 1
    x = torch.rand(3, 784)
    torch.manual_seed(0)
    reference = network(ARMS["none"], 0.0).eval()(x)
    for arm in ARMS.values():
        torch.manual_seed(0)
        assert torch.equal(network(arm, 0.3).eval()(x), reference)


def test_all_arms_have_equally_many_candidates():
    for result in RESULTS:
        assert {len(result[arm]["candidates"]) for arm in ARMS} == {6}


# --- what the stored runs say ----------------------------------------------------------------


def difference(measure, arm, other):
    return paired_difference(measure(arm), measure(other))


@pytest.mark.parametrize("measure", [errors, losses])
def test_dropping_maps_is_worse_than_dropping_units(measure):
    assert difference(measure, "maps", "units").low > 0


@pytest.mark.parametrize("measure", [errors, losses])
def test_units_gain_over_no_dropout(measure):
    assert difference(measure, "none", "units").low > 0


@pytest.mark.parametrize("arm", ["blocks", "maps", "head"])
def test_the_others_lower_the_loss_and_their_error_is_undecided(arm):
    assert difference(losses, "none", arm).low > 0
    error = difference(errors, "none", arm)
    assert error.low < 0 < error.high


def test_maps_lower_the_loss_less_than_all_others():
    gain = {
        arm: difference(losses, "none", arm).mean for arm in ("units", "blocks", "maps", "head")
    }
    assert min(gain, key=gain.get) == "maps"


def test_between_the_convolutions_maps_are_worse_in_loss_and_undecided_in_error():
    error = difference(errors, "maps, between", "units, between")
    assert error.low < 0 < error.high
    assert difference(losses, "maps, between", "units, between").low > 0


def test_tuning_chose_every_rate_that_was_offered():
    dropped = [arm for arm in ARMS if arm != "none"]
    chosen = {result[arm]["p"] for result in RESULTS for arm in dropped}
    assert chosen == set(Settings().rates)


def test_neighbours_tell_much_of_units_little_of_blocks_and_nothing_of_maps():
    units, blocks, maps = (explained(shape, "own neighbours").mean(axis=0) for shape in SHAPES)
    assert (maps == 0).all()
    assert (blocks < units / 2).all()
    assert (units[:3] > 0.3).all()
    for line in (units, blocks):
        assert (np.diff(line) < 0).all()  # the more is missing, the less


def test_other_maps_tell_as_much_under_every_shape_and_more_than_neighbours():
    others = [explained(shape, "other maps").mean(axis=0) for shape in SHAPES]
    assert np.ptp(others, axis=0).max() < 0.05
    for shape, line in zip(SHAPES, others, strict=True):
        assert (line > explained(shape, "own neighbours").mean(axis=0)).all()


def test_most_of_what_both_sources_know_the_other_maps_know():
    both = explained("units", "both").mean(axis=0)
    others = explained("maps", "other maps").mean(axis=0)
    assert (others > 0.5 * both).all()
    assert others[P.index(0.5)] > 0.7 * both[P.index(0.5)]


def test_training_with_maps_dropped_leaves_neighbours_as_alike_as_with_units_dropped():
    units, maps = (
        mean_interval([result[arm]["neighbour_correlation"] for result in RESULTS])
        for arm in ("units", "maps")
    )
    assert units.low < maps.mean < units.high
    assert maps.low < units.mean < maps.high


def test_maps_shake_the_outputs_more_than_units_at_the_same_p():
    for result in RESULTS:
        noise = {shape: np.array(result["noise"][shape]) for shape in SHAPES}
        assert (noise["maps"] > noise["units"]).all()
    mean = {
        shape: np.mean([result["noise"][shape] for result in RESULTS], axis=0) for shape in SHAPES
    }
    assert (mean["maps"] < 2 * mean["units"]).all()
