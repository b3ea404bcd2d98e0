"""The sentences of chapter 5 that state results, held to the stored results.

What has a row in the ledger is held there; this is the rest.
"""

import numpy as np
import pytest

from dropout_lib.checks import BACKWARD, EDGES, EVALUATION, FORWARD, examine, function_subject
from dropout_lib.exercises import questions
from dropout_lib.experiments import load, paired_difference, provenance

LADDER = load("hintons_ladder")
RATES = provenance("hintons_ladder")["settings"]["learning_rates"]
FULL = "hidden + input + max-norm"


def values(results, arm, measure):
    return [result[arm][measure] for result in results]


def gain(results, a, b, measure="test_error"):
    """How much lower it is with b than with a, run by run."""
    return paired_difference(values(results, a, measure), values(results, b, measure))


def contains_0(interval):
    return interval.low < 0 < interval.high


# --- the hook ----------------------------------------------------------------------------------


def test_switched_on_dropout_more_than_doubles_the_error_and_tuning_takes_it_back():
    at = [
        result["hidden + max-norm"]["test_error_by_rate"][RATES.index(chosen)]
        for result, chosen in zip(LADDER, values(LADDER, "max-norm", "learning_rate"), strict=True)
    ]
    without = np.mean(values(LADDER, "max-norm", "test_error"))
    assert np.mean(at) > 2 * without
    assert np.mean(values(LADDER, "hidden + max-norm", "test_error")) < 1.1 * without


# --- the ladder --------------------------------------------------------------------------------


def test_the_second_rung_in_error_begins_at_0():
    interval = gain(LADDER, "hidden", "hidden + input")
    assert abs(interval.low) < 0.0005  # half a tenth of a point


def test_every_network_learns_practically_all_training_digits():
    assert max(max(values(LADDER, arm, "train_error")) for arm in LADDER[0]) <= 0.005


def test_at_small_rates_max_norm_does_nothing_and_the_largest_is_its_best():
    by_rate = {
        arm: np.median(values(LADDER, arm, "test_error_by_rate"), axis=0)
        for arm in ("none", "max-norm")
    }
    assert np.abs(by_rate["none"] - by_rate["max-norm"])[:2].max() < 0.0005
    assert by_rate["max-norm"].argmin() == len(RATES) - 1
    assert by_rate["none"].argmin() < len(RATES) - 1
    lost = sum(result["none"]["test_error_by_rate"][-1] > 0.5 for result in LADDER)
    assert lost == 1
    assert values(LADDER, "max-norm", "learning_rate").count(RATES[-1]) >= 9


def test_max_norm_alone_is_level_with_hidden_dropout_in_error_and_ahead_in_loss():
    assert contains_0(gain(LADDER, "hidden", "max-norm"))
    assert gain(LADDER, "hidden", "max-norm", "test_loss").low > 0


def test_no_arm_with_dropout_chose_a_higher_rate_than_none_does_on_average():
    def mean(arm):
        return np.mean(np.log(values(LADDER, arm, "learning_rate")))

    assert max(mean(arm) for arm in ("hidden", "hidden + input", FULL)) < mean("none")


def test_without_max_norm_the_old_rate_costs_about_a_point_that_may_be_nothing():
    at_the_old_rate = [
        result["hidden"]["test_error_by_rate"][RATES.index(result["none"]["learning_rate"])]
        for result in LADDER
    ]
    cost = paired_difference(at_the_old_rate, values(LADDER, "hidden", "test_error"))
    assert 0.005 < cost.mean < 0.015
    assert contains_0(cost)


def test_more_units_are_at_the_bound_where_max_norm_is_alone():
    assert (
        paired_difference(values(LADDER, "max-norm", "bound"), values(LADDER, FULL, "bound")).low
        > 0
    )


def test_the_best_rung_by_itself_is_that_of_the_inputs():
    error = {arm: np.mean(values(LADDER, arm, "test_error")) for arm in LADDER[0]}
    assert min(("hidden", "input", "max-norm"), key=error.get) == "input"
    assert contains_0(gain(LADDER, "input", FULL))


def test_hidden_dropout_and_max_norm_each_win_about_half_of_the_runs():
    ahead = sum(r["hidden"]["test_error"] < r["max-norm"]["test_error"] for r in LADDER)
    assert 4 <= ahead <= 6


def test_without_dropout_64_units_a_layer_are_as_good_as_256():
    widths = load("width_crossover")

    def worth(p):
        narrow, wide = (
            [result["usual"][width][p]["test_error"] for result in widths]
            for width in ("64", "256")
        )
        return paired_difference(narrow, wide)

    assert contains_0(worth("0.0"))
    assert worth("0.5").low > 0


# --- a few lines, and quiz ---------------------------------------------------------------------


def test_the_share_of_draws_falls_with_the_width_and_more_slowly_in_narrow_networks():
    def share(width):
        """Draws for each product of a step, whose first layer needs no gradient of its inputs."""
        return 2 * width / (3 * (784 + width + 10) * width - 784 * width)

    falls = [share(width) / share(4 * width) for width in (64, 256, 1024)]
    assert 1 < falls[0] < falls[1] < falls[2] < 4


def test_the_usual_lines_drop_scale_and_go_back_rightly():
    def dropout(x, p, training, rng):
        if not training:
            return x, None
        mask = rng.random(x.shape) >= p
        return x * mask / (1 - p), mask

    def backward(grad_output, mask, p):
        return grad_output if mask is None else grad_output * mask / (1 - p)

    with np.errstate(all="ignore"):
        report = examine(
            function_subject(dropout, backward), (*FORWARD, *EVALUATION, *EDGES, *BACKWARD)
        )
    right = {name for name, diagnosis in report.outcomes if diagnosis is None}
    assert {
        "drop rate is p",
        "what is kept has the right scale",
        "backward uses the mask of forward",
    } <= right
    assert len(right) > 3 * (len(report.outcomes) - len(right))


@pytest.mark.parametrize(
    ("words", "right"), [("Gaussian noise is to have", 0.2 / 0.8), ("A paper retains", 1 - 0.8)]
)
def test_numbers_in_the_quiz_are_what_they_are_asked_for(words, right):
    (question,) = (q for q in questions("05") if q["question"].startswith(words))
    (answer,) = (a["value"] for a in question["answers"] if a.get("correct"))
    assert answer == pytest.approx(right)


# --- the second rate, and the rivals -----------------------------------------------------------

SWEEP = load("input_rate")
SWEPT = provenance("input_rate")["settings"]
RIVALS = load("with_other_regularisers")


def test_validation_never_chose_to_drop_no_inputs_nor_most_of_them():
    assert {result["chosen"] for result in SWEEP} == {0.2, 0.35, 0.5}


def test_between_02_and_05_lies_a_valley_and_the_ends_took_the_ends_of_the_grid():
    errors = np.mean([result["test_error"] for result in SWEEP], axis=0)
    at = {p: i for i, p in enumerate(SWEPT["input_rates"])}
    valley = [errors[at[p]] for p in (0.2, 0.35, 0.5)]
    assert max(valley) < min(errors[at[0.0]], errors[at[0.8]]) - 0.004
    assert max(valley) - min(valley) < 0.005
    largest, smallest = max(SWEPT["learning_rates"]), min(SWEPT["learning_rates"])
    assert sum(r["learning_rate"][at[0.0]] == largest for r in SWEEP) >= 5
    assert sum(r["learning_rate"][at[0.8]] == smallest for r in SWEEP) >= 4


def test_max_norm_stands_where_dropout_does_beside_the_ensemble():
    for arm in ("dropout", "max-norm"):
        error = gain(RIVALS, "ensemble", arm)
        assert error.low > 0
        assert error.mean < 0.006  # a little: about half a point
        assert contains_0(gain(RIVALS, "ensemble", arm, "test_loss"))


def test_every_arm_gains_over_none_in_error_and_loss():
    for arm in RIVALS[0]:
        if arm != "none":
            for measure in ("test_error", "test_loss"):
                assert gain(RIVALS, "none", arm, measure).low > 0


def test_the_first_member_of_the_ensemble_is_the_network_without_anything():
    for result in RIVALS:
        first = result["ensemble"]["members_test_error"][0]
        # the same seeds, stacked with other networks: sums in another order
        assert abs(first - result["none"]["test_error"]) <= 0.01


def test_a_step_with_dropout_is_nowhere_near_doubled():
    for run in load("cost_of_training"):
        assert max(run["seconds ratio"]["dropout"]) < 1.6
