"""What chapter 7 states of results, where no row of the ledger says it already."""

import numpy as np
import pytest

from dropout_lib.exercises import questions
from dropout_lib.experiments import load, paired_difference, provenance
from dropout_lib.explorers.data_size import values
from dropout_lib.pytorch import MLPWithDropout

SIZES = provenance("data_size")["settings"]["sizes"]
DATA_SIZE, SINGLE, EARLY, FINE, MAPS = map(
    load, ("data_size", "single_epoch", "early_dropout", "fine_tuning", "dropped_maps")
)


def gain_at(size, measure, unit=1):
    """Of p = 0.5 over no dropout, at so many digits."""
    place = SIZES.index(size)
    without = unit * values(DATA_SIZE, "few", measure)[:, place]
    dropped = unit * values(DATA_SIZE, "by p", measure, rate=1)[:, place]
    return paired_difference(without.tolist(), dropped.tolist())


# --- how much data -----------------------------------------------------------------------------


def test_the_bound_of_the_text_and_the_weights_of_the_network():
    p, weight, noise = 0.5, 1.0, 3.0
    assert (2 - p) / p * noise**2 / weight**2 == 27
    network = MLPWithDropout(64, [256, 256], 10, [0.5, 0.5])
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert weights == 85_002
    (asked,) = (q for q in questions("07") if q["type"] == "numeric")
    assert [a["value"] for a in asked["answers"] if a.get("correct")] == [weights]
    assert max(SIZES) < weights / 50


def test_in_points_the_gain_is_much_the_same_from_20_to_200_digits():
    gains = [gain_at(size, "test_error", 100) for size in (20, 50, 100, 200)]
    means = [gain.mean for gain in gains]
    assert max(means) < 1.5 * min(means)
    assert all(gain.low < min(means) and max(means) < gain.high for gain in gains)


def test_with_900_digits_nothing_is_left_of_the_gain_in_error_but_the_loss_still_gains():
    error, loss = gain_at(900, "test_error", 100), gain_at(900, "test_loss")
    assert abs(error.mean) < 0.1
    assert loss.low > 0
    assert loss.mean < gain_at(200, "test_loss").mean


def test_the_share_of_errors_avoided_is_largest_at_200():
    without = values(DATA_SIZE, "few", "test_error")
    share = ((without - values(DATA_SIZE, "by p", "test_error", rate=1)) / without).mean(axis=0)
    assert SIZES[share.argmax()] == 200
    assert 0 < share[0] < share[1] < share[2] < share[3]


def test_with_tuned_p_the_gain_in_error_shrinks_too():
    gains = [
        100 * (values(DATA_SIZE, "many", "test_error") - values(DATA_SIZE, "tuned", "test_error"))
    ][0].mean(axis=0)
    assert gains[-1] < 0.2 < min(gains[:4])


# --- layers ------------------------------------------------------------------------------------


def test_doubt_about_the_head_goes_away_when_its_settings_are_chosen_on_test():
    none = [100 * r["none"]["test_error"] for r in MAPS]
    honest = paired_difference(none, [100 * r["head"]["test_error"] for r in MAPS])
    candidates = [[c["test_error"] for c in r["head"]["candidates"]] for r in MAPS]
    cheating = paired_difference(none, [100 * min(errors) for errors in candidates])
    assert honest.low < 0 < honest.high
    assert cheating.low > 0
    assert {len(errors) for errors in candidates} == {6}


# --- practice ----------------------------------------------------------------------------------


def test_every_run_took_the_smallest_p_for_dropout_throughout():
    assert {r["standard"]["p"] for r in EARLY} == {0.05}
    assert {r["late"]["p"] for r in EARLY} == {0.05}


def test_the_small_network_does_underfit():
    assert np.mean([r["none"]["train_error"] for r in EARLY]) > 0.2


@pytest.mark.parametrize("passes", ["1", "10"])
def test_with_few_passes_a_larger_p_costs_more(passes):
    errors = np.array([[run["test_error"] for run in r[passes]] for r in SINGLE]).mean(axis=0)
    assert (np.diff(errors) > 0).all()


def test_the_gain_in_loss_rises_with_the_number_of_passes_as_the_figure_says():
    for p in (1, 2, 3):
        gains = [
            np.mean([r[n][0]["test_loss"] - r[n][p]["test_loss"] for r in SINGLE])
            for n in ("1", "10", "50")
        ]
        assert gains == sorted(gains)


def test_one_pass_over_new_data_leaves_no_gap_and_fifty_leave_a_large_one():
    def gap(passes):
        return np.mean([r[passes][0]["test_loss"] - r[passes][0]["train_loss"] for r in SINGLE])

    assert abs(gap("1")) < 0.02
    assert gap("50") > 1


def test_before_fine_tuning_more_than_a_third_is_wrong():
    for start in ("pre-trained without", "pre-trained with"):
        assert np.mean([r["before"][start] for r in FINE]) > 1 / 3


def test_what_dropout_does_in_fine_tuning_is_small_beside_pre_training():
    def errors(start, size, p):
        return 100 * np.mean([r[start][size][p]["test_error"] for r in FINE])

    without = [errors("scratch", i, 0) - errors("pre-trained without", i, 0) for i in range(3)]
    dropped = [
        abs(errors("pre-trained with", i, 0) - errors("pre-trained with", i, 2)) for i in range(3)
    ]
    assert all(a > 1.5 * b for a, b in zip(without, dropped, strict=True))


def test_off_is_in_no_case_shown_to_be_better_than_a_gentle_p():
    for start in ("pre-trained without", "pre-trained with"):
        for size in range(3):
            for p in (1, 2):  # 0.1 and 0.3
                runs = [r[start][size] for r in FINE]
                gain = paired_difference(
                    [run[0]["test_error"] for run in runs], [run[p]["test_error"] for run in runs]
                )
                assert gain.high > 0


# --- what the grids and the arms leave open ----------------------------------------------------


def test_between_20_and_200_digits_the_gain_does_not_grow_as_data_become_fewer():
    """The formula of one weight would have it grow tenfold."""
    assert gain_at(20, "test_error", 100).mean < 2 * gain_at(200, "test_error", 100).mean


def test_with_few_digits_the_plain_network_often_takes_the_smallest_of_its_rates():
    smallest = min(provenance("data_size")["settings"]["learning_rates"])
    for place in (0, 1):
        assert sum(r["few"][place]["learning_rate"] == smallest for r in DATA_SIZE) >= 4


def test_in_the_convolutional_network_the_edges_of_the_grid_are_often_taken():
    settings = provenance("dropped_maps")["settings"]
    rates, learning_rates = settings["rates"], settings["learning_rates"]
    assert len(rates) * len(learning_rates) == len(settings["learning_rates_without"]) == 6
    for arm in ("units", "maps", "head"):
        assert sum(r[arm]["learning_rate"] == max(learning_rates) for r in MAPS) > 5
    by_p = [sum(r["maps"]["p"] == p for r in MAPS) for p in rates]
    assert by_p[0] == max(by_p)
    assert {r["units"]["p"] for r in MAPS} == {0.1, 0.3}  # as the guide says
    assert max(rates) == 0.5  # in the head no larger p was tried


def test_a_network_pre_trained_with_dropout_is_no_better_start_at_20_and_50_images():
    def behind(size, p):
        return paired_difference(
            [r["pre-trained with"][size][p]["test_error"] for r in FINE],
            [r["pre-trained without"][size][0]["test_error"] for r in FINE],
        )

    assert behind(0, 0).low > 0
    assert all(behind(size, p).high > 0 for size in (0, 1) for p in (1, 2))


def test_more_digits_did_more_than_dropout_on_the_fewer():
    """From each size to the next, up to 400."""
    dropped = values(DATA_SIZE, "by p", "test_error", rate=1)[:, :4]
    more = values(DATA_SIZE, "few", "test_error")[:, 1:5]
    for place in range(4):
        assert paired_difference(dropped[:, place].tolist(), more[:, place].tolist()).low > 0


# --- spread and data -------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.01, 0.1])
def test_the_spread_is_narrower_than_the_error_with_few_points_and_wider_with_many(p):
    place = provenance("mc_spread")["settings"]["rates"].index(p)

    def of(size, measure):
        return [run[size]["runs"][place][measure] for run in load("mc_spread")]

    errors = [np.mean(of(size, "error")) for size in load("mc_spread")[0]]
    assert errors == sorted(errors, reverse=True)
    assert paired_difference(of("16", "error"), of("16", "spread")).low > 0
    assert paired_difference(of("4096", "spread"), of("4096", "error")).low > 0


def test_the_best_p_gets_smaller_with_more_points():
    chosen = {
        size: np.median([run[size]["chosen"]["p"] for run in load("mc_spread")])
        for size in ("16", "64", "4096")
    }
    assert chosen["16"] >= chosen["64"] > chosen["4096"]
