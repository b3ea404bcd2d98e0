"""The sentences of chapter 8.1 that state results, held to stored and live results."""

import numpy as np
import pytest

from dropout_lib.checks import ELEMENTWISE, examine, scratch_subject
from dropout_lib.checks.mutants import elementwise as mutants
from dropout_lib.claims_checks import example_1
from dropout_lib.exercises import from_scratch as exercises
from dropout_lib.exercises import questions
from dropout_lib.experiments import load, paired_difference, provenance
from dropout_lib.experiments.faulty_dropouts import ARMS, MasksForGood
from dropout_lib.explorers.faulty_dropouts import (
    FAULTS,
    HOW,
    cost,
    faulty_dropouts_explorer,
    what_faults_cost,
    which_is_faulty,
)
from dropout_lib.explorers.intervals import said
from dropout_lib.scratch import Dropout

RESULTS = load("faulty_dropouts")
SETTINGS = provenance("faulty_dropouts")["settings"]


def losses(name, how="given", measure="validation_losses"):
    return [result[name][how][measure][-1] for result in RESULTS]


def test_the_faulty_network_of_the_hook_ends_lower():
    lead = paired_difference(losses("correct"), losses("backward without scale"))
    assert lead.low > 0
    told = repr(which_is_faulty(RESULTS, ("backward without scale", "correct")))
    assert f"A at {np.mean(losses('backward without scale')):.2f}" in told


def test_there_are_twelve_mistakes_and_ten_runs():
    assert len(RESULTS) == 10
    assert list(FAULTS) == list(ARMS)[2:]
    assert len(FAULTS) == 12
    for result in RESULTS:
        assert {run["given"]["learning_rate"] for run in result.values()} == {
            SETTINGS["given_rate"]
        }


def test_no_network_chose_the_largest_rate_and_hardly_one_the_smallest():
    smallest, *_, largest = SETTINGS["learning_rates"]
    chosen = [run["tuned"]["learning_rate"] for result in RESULTS for run in result.values()]
    assert largest not in chosen
    assert chosen.count(smallest) <= 1


def test_tuned_the_network_without_dropout_errs_less():
    assert cost(RESULTS, "without", "tuned", "test_error", 100).high < 0


def test_both_wrong_backward_passes_often_overflow_at_the_common_rate():
    for fault in ("backward without mask", "backward draws again"):
        assert sum(r[fault]["given"]["test_loss"] is None for r in RESULTS) >= 4


def test_three_mistakes_cost_less_than_a_point_once_tuned_and_nine_more():
    within = [
        fault
        for fault in FAULTS
        if cost(RESULTS, fault, "tuned", "test_error", 100).low > -1
        and cost(RESULTS, fault, "tuned", "test_error", 100).high < 1
    ]
    assert within == ["scale forgotten", "50 masks for good", "backward without scale"]
    for fault in set(FAULTS) - set(within):
        assert cost(RESULTS, fault, "tuned", "test_error", 100).low > 0


@pytest.mark.parametrize("how", HOW)
def test_two_mistakes_cannot_be_told_from_nothing_in_error(how):
    for fault in ("50 masks for good", "backward without scale"):
        points = cost(RESULTS, fault, how, "test_error", 100)
        assert points.low < 0 < points.high


def test_forgetting_the_scale_makes_the_loss_three_or_four_times_as_large():
    for how in HOW:
        ratio = [
            np.mean([r[name][how]["test_loss"] for r in RESULTS])
            for name in ("scale forgotten", "correct")
        ]
        assert 2.7 < ratio[0] / ratio[1] < 4.3


def test_five_masks_cost_about_a_point_and_one_several():
    assert 0.5 < cost(RESULTS, "5 masks for good", "tuned", "test_error", 100).mean < 1.6
    assert cost(RESULTS, "1 mask for good", "tuned", "test_error", 100).low > 2


def test_expensive_mistakes_still_have_curves_that_fall():
    for fault in ("on in evaluation", "keep and drop swapped", "normal numbers"):
        curve = np.mean([r[fault]["given"]["validation_losses"] for r in RESULTS], axis=0)
        assert curve[-1] < 1.1 * curve.min() < 0.9 * curve[0]


def test_checks_find_all_twelve():
    for dropout in list(ARMS.values())[2:]:
        assert not examine(scratch_subject(dropout), ELEMENTWISE, stop_at_first=True).passed


def test_a_run_with_fifty_masks_trains_fifty_networks():
    assert SETTINGS["batch_size"] == 50
    assert SETTINGS["train"] % SETTINGS["batch_size"] == 0
    layers = [ARMS["50 masks for good"](0.5, rng=np.random.default_rng(i)) for i in range(3)]
    trained = {
        tuple(map(tuple, case))
        for _ in range(4)
        for case in zip(*(layer.forward(np.ones((50, 30))) for layer in layers), strict=True)
    }
    assert len(trained) == 50


def test_a_wrong_backward_trains_at_a_third_of_the_common_rate():
    for fault in ("backward without mask", "backward draws again"):
        chosen = [r[fault]["tuned"]["learning_rate"] for r in RESULTS]
        assert np.median(chosen) == pytest.approx(SETTINGS["given_rate"] / 3, rel=0.15)


def test_all_masks_for_good_are_dealt_out_in_turn():
    layer = MasksForGood(0.5, rng=np.random.default_rng(0))
    layer.number = 3
    out = layer.forward(np.ones((8, 40)))
    assert len(np.unique(out, axis=0)) == 3
    assert (out[0] == out[3]).all()
    assert (layer.forward(np.ones((8, 40))) == out).all()


# --- the function as it is given ----------------------------------------------------------------


def test_the_given_function_has_the_faults_that_the_chapter_names():
    ones = np.ones((3, 4), dtype=np.float32)
    assert example_1(ones)[0].dtype == np.float64
    assert example_1(ones, training=False)[0] is ones
    with np.errstate(all="ignore"):
        assert np.isnan(example_1(ones, 1.0)[0]).all()
        assert np.isnan(example_1(np.full(40, np.inf))[0]).any()
    with pytest.raises(AttributeError):
        example_1(np.array(3.0))


def test_an_integer_that_is_scaled_and_cut_off():
    assert np.array([2 / 0.6]).astype(int)[0] == 3
    assert round(3 / 0.6, 9) == 5


def test_mistakes_that_only_show_away_from_one_half():
    x = np.tile(np.linspace(1, 2, 50), (4000, 1))
    for layer in (mutants.AlwaysOneHalf, mutants.DividesByP, mutants.KeepsWithProbabilityP):
        off = {}
        for p in (0.25, 0.5):
            mean = layer(p, rng=np.random.default_rng(0)).forward(x).mean(axis=0)
            off[p] = np.abs(mean / x[0] - 1).max()
        assert off[0.5] < 0.1 < 0.3 < off[0.25]


def test_six_hundred_and_a_million_draws_are_what_the_formula_gives():
    assert exercises.enough_draws(0.5, 0.5) < 600
    assert exercises.enough_draws(0.01, 0.5) > 1e6


def test_six_standard_deviations_are_twice_in_a_billion():
    from scipy.stats import norm

    assert 1e-9 < 2 * norm.sf(6) < 3e-9
    assert 1 - (1 - 2 * norm.sf(2)) ** 50 == pytest.approx(0.9, abs=0.01)


def test_a_tolerance_by_feel_fails_in_about_four_runs_of_five():
    from scipy.stats import binom

    outside = 2 * binom.cdf(39, 100, 0.5)  # of the mean of 100 draws, beyond 20%
    assert 0.03 < outside < 0.04
    assert 0.78 < 1 - (1 - outside) ** 50 < 0.85


def test_judges_take_the_next_whole_number_and_name_a_case_that_is_wrong():
    assert exercises.judge_enough_draws(lambda e, p: int(exercises.enough_draws(e, p)) + 1) is None
    found = exercises.judge_equal_sums(lambda x, p: 0.125)
    assert "[1.0, 1.0, 1.0, 1.0]" in str(found) or "0.4219" in str(found)


def test_numbers_in_quiz_and_explanations():
    (question,) = (q for q in questions("08-1") if q["type"] == "numeric")
    (right,) = (a["value"] for a in question["answers"] if a.get("correct"))
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    means = layer.forward(np.ones((right, 20_000))).mean(axis=0)
    assert means.std() == pytest.approx(0.1, abs=0.002)
    assert exercises.chance_of_equal_sums([1.0] * 4, 0.25) == pytest.approx(0.42, abs=0.005)


def test_figures_say_in_words_what_they_show():
    told = repr(what_faults_cost(RESULTS))
    fifty = said(cost(RESULTS, "50 masks for good", "tuned", "test_error", 100), 2)
    assert f"fifty masks, drawn once and kept {fifty} points" in told
    explorer = faulty_dropouts_explorer(RESULTS)
    assert "no finite loss" in explorer.picture(fault="backward draws again", how="given").reading
    assert "loss 1.09" in explorer.first_picture.reading


def test_trusted_tests_miss_more_than_half_and_random_cases_make_up_for_it():
    import re
    from pathlib import Path

    path = Path(__file__).parents[2] / "chapters" / "08_1_from_scratch.ipynb"
    text = path.read_text("utf-8")
    found = re.search(r"caught by at least one: (\d+) of (\d+)", text)
    caught, wrong = map(int, found.groups())
    assert caught < wrong / 2
    more = int(re.search(r"caught by none of the five others: (\d+)", text)[1])
    assert caught + more > wrong / 2
    assert wrong == sum(m.scaling == "inverted" for m in mutants.MUTANTS)
