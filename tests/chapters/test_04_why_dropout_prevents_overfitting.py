"""The sentences of chapter 4 that state results, held to the stored results."""

import itertools

import numpy as np
import pytest

from dropout_lib.claims import effects, load_claims
from dropout_lib.datasets import DIABETES_FEATURES, diabetes
from dropout_lib.exercises import questions
from dropout_lib.exercises.why_dropout_prevents_overfitting import masks_visited, penalty
from dropout_lib.experiments import load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.exact_identities import (
    Settings,
    adaptive_penalty,
    expected_squared_error,
    logistic_penalty,
    logistic_regression,
    ridge_solution,
)

CHAPTER = "04_why_dropout_prevents_overfitting"
MEMORISED = load("memorised_labels")
REDUNDANT = load("redundant_features")
AVERAGED = load("averaged_subnetworks")
IDENTITIES = load("exact_identities")
TEXT = load("text_against_l2")
COUNTS = provenance("averaged_subnetworks")["settings"]["counts"]


def contains_0(interval):
    return interval.low < 0 < interval.high


# --- overfitting, built on purpose -------------------------------------------------------------


def learned(arm):
    """Share of the wrong labels learned, by learning rate, in the mean over the runs."""
    return np.mean([r[arm]["at each rate"]["wrong labels learned"] for r in MEMORISED], axis=0)


def test_the_wrong_labels_are_learned_and_the_test_error_rises_meanwhile():
    for arm in ("without", "with"):
        curves = [r[arm]["curves"] for r in MEMORISED]
        error = np.mean([curve["test error"] for curve in curves], axis=0)
        assert error[-1] > error.min() + 0.03
    without, dropped = (
        np.mean([r[arm]["curves"]["wrong labels learned"] for r in MEMORISED], axis=0)
        for arm in ("without", "with")
    )
    assert without[-1] > 0.95
    assert (without[14:] > dropped[14:]).all()


def gain_with_wrong_labels(of):
    return paired_difference(
        [of(r["without"]) for r in MEMORISED], [of(r["with"]) for r in MEMORISED]
    )


def test_the_gain_is_several_points_at_equal_rates_and_small_against_a_tuned_opponent():
    rates = provenance("memorised_labels")["settings"]["learning_rates"]
    for i, rate in enumerate(rates):
        gain = gain_with_wrong_labels(lambda arm, i=i: arm["at each rate"]["test error"][i])
        if rate >= 0.01:
            assert gain.low > 0.03
    at_005 = rates.index(0.05)  # where both have learned practically all of the wrong labels
    assert min(learned("without")[at_005], learned("with")[at_005]) > 0.98
    assert max(learned("without")[0], learned("with")[0]) < 0.1  # few by anybody
    tuned = gain_with_wrong_labels(lambda arm: arm["last"]["test error"])
    assert 0 < tuned.low < tuned.high < 0.01
    assert contains_0(gain_with_wrong_labels(lambda arm: arm["stopped"]["test error"]))
    for column in ("last", "stopped"):
        loss = gain_with_wrong_labels(lambda arm, column=column: arm[column]["test loss"])
        assert contains_0(loss)


def test_at_its_own_best_rate_dropout_learns_more_wrong_labels_and_errs_less():
    for column in ("last", "stopped"):
        fewer = gain_with_wrong_labels(lambda arm, c=column: arm[c]["wrong labels learned"])
        assert fewer.high < 0
    rates = [[r[arm]["learning_rate"] for r in MEMORISED] for arm in ("without", "with")]
    assert np.mean([a < b for a, b in zip(*rates, strict=True)]) > 0.5  # mostly the larger


# --- co-adaptation -----------------------------------------------------------------------------


def less_correlated(layer, rate=None):
    def of(result, arm):
        if layer == "autoencoder":
            return result["autoencoder"][arm]["correlation"]
        at = result["classifier"][arm]
        return (at if rate is None else at["at each rate"][rate])[layer]["correlation"]

    return paired_difference(*([of(r, arm) for r in REDUNDANT] for arm in ("without", "with")))


def test_units_are_less_alike_in_the_autoencoder_and_more_alike_in_the_second_layer():
    assert less_correlated("autoencoder").low > 0
    assert contains_0(less_correlated("first layer"))
    assert less_correlated("second layer").high < 0
    rates = [
        [r["classifier"][arm]["learning_rate"] for r in REDUNDANT] for arm in ("without", "with")
    ]
    assert np.mean([a > b for a, b in zip(*rates, strict=True)]) > 0.5


def test_at_equal_rates_the_first_layer_is_less_alike_and_the_second_depends_on_the_rate():
    assert all(less_correlated("first layer", rate).low > 0 for rate in range(4))
    assert all(less_correlated("second layer", rate).high < 0 for rate in (0, 1))
    assert contains_0(less_correlated("second layer", 2))
    assert less_correlated("second layer", 3).low > 0


def dead(arm, rate):
    at = [r["classifier"][arm]["at each rate"][rate]["first layer"]["dead"] for r in REDUNDANT]
    return np.mean(at)


def test_at_the_higher_rates_much_of_the_silence_of_the_first_layer_is_of_dead_units():
    assert max(dead("without", 0), dead("with", 0)) < 0.01
    for rate in (2, 3):
        more_dead = dead("with", rate) - dead("without", rate)
        more_silent = np.mean(
            [
                np.subtract(
                    *(
                        r["classifier"][arm]["at each rate"][rate]["first layer"]["silent"]
                        for arm in ("with", "without")
                    )
                )
                for r in REDUNDANT
            ]
        )
        assert more_dead > 0.2
        assert more_dead > 0.5 * more_silent


# --- redundant features ------------------------------------------------------------------------


def test_the_autoencoder_is_quieter_coarser_and_worse_with_dropout():
    def gain(measure):
        rows = ([r["autoencoder"][arm][measure] for r in REDUNDANT] for arm in ("without", "with"))
        return paired_difference(*rows)

    assert gain("mean").low > 1
    assert gain("silent").high < -0.2
    assert -0.1 < gain("neighbours").low < gain("neighbours").high < 0
    assert gain("reconstruction").high < -10


# --- an ensemble -------------------------------------------------------------------------------


def test_a_run_visits_what_the_formula_says_and_with_wide_layers_nothing_twice():
    for result in AVERAGED:
        visited = result["visited"]
        assert all(row["presentations"] == 40_000 for row in visited.values())
        assert visited["8"]["first_layer"] == visited["8"]["second_layer"] == 2**8
        assert visited["256"]["both_layers"] == 40_000
        assert visited["256"]["most_often"] == 1
        for width in (8, 12):
            expected = masks_visited(2 * width, 40_000)
            assert visited[str(width)]["both_layers"] == pytest.approx(expected, rel=0.01)


def over_scaling(kind, k, measure, unit=1):
    at = COUNTS.index(k)
    return paired_difference(
        [unit * r["weight scaling"][measure] for r in AVERAGED],
        [unit * r[kind][measure][at] for r in AVERAGED],
    )


@pytest.mark.parametrize("k", COUNTS)
def test_averages_of_k_subnetworks_do_what_chapter_4_says(k):
    error, loss = (over_scaling("arithmetic", k, measure) for measure in ("error", "loss"))
    if k <= 10:
        assert error.high < 0
    if k >= 50:
        assert contains_0(error)
    if k >= 5:
        assert loss.low > 0
        assert loss.mean > 0.05
    assert error.mean < 0  # none makes fewer errors


def test_ten_separate_networks_lie_between_the_whole_network_and_the_mean_in_loss():
    def ahead(of, measure):
        return paired_difference(
            [r["separate"][measure][1] for r in AVERAGED], [of(r)[measure] for r in AVERAGED]
        )

    def mean_of_200(r):
        return {measure: r["arithmetic"][measure][-1] for measure in ("error", "loss")}

    assert contains_0(ahead(lambda r: r["weight scaling"], "error"))
    assert contains_0(ahead(mean_of_200, "error"))
    assert ahead(lambda r: r["weight scaling"], "loss").high < 0
    assert ahead(mean_of_200, "loss").low > 0
    rates = [r["learning_rate"]["separate"] for r in AVERAGED]
    largest = max(provenance("averaged_subnetworks")["settings"]["learning_rates"])
    assert rates.count(largest) >= 4


def gap(network, p, kind):
    return mean_interval(
        [r[network][f"p = {p}"][f"scaling and {kind}"]["total_variation"] for r in IDENTITIES]
    )


def test_the_gap_behind_a_relu_layer_is_larger_at_the_larger_p_and_none_behind_a_softmax():
    assert gap("softmax behind", 0.2, "geometric").high < 1e-12
    assert gap("softmax behind", 0.5, "geometric").high < 1e-12
    assert gap("relu behind", 0.2, "geometric").low > 0.005
    assert gap("relu behind", 0.2, "geometric").high < gap("relu behind", 0.5, "geometric").low
    for network in ("softmax behind", "relu behind"):
        for p in (0.2, 0.5):
            assert gap(network, p, "arithmetic").low > 0.05
            rows = [r[network][f"p = {p}"] for r in IDENTITIES]
            for better, worse, measure in (
                ("weight scaling", "arithmetic", "loss"),
                ("weight scaling", "single", "error"),
            ):
                pair = ([row[way][measure] for row in rows] for way in (worse, better))
                assert paired_difference(*pair).low > 0


# --- noise -------------------------------------------------------------------------------------


def test_the_worked_example_of_ridge_is_right():
    x, w = np.array([[2.0, 1.0]]), np.array([1.0, 3.0])
    target = np.array([6.0])
    assert np.square(target - x @ w).sum() == 1
    assert expected_squared_error(x, target, w, 0.5) == 14
    assert penalty(x, w, 0.5) == 13


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_sgd_with_dropout_lands_on_ridge_and_least_squares_is_far(p):
    rows = [r["linear"][f"p = {p}"] for r in IDENTITIES]
    assert max(row["enumeration_over_formula_minus_1"] for row in rows) < 1e-12
    assert mean_interval([row["sgd_from_ridge"] for row in rows]).high < 0.1
    assert mean_interval([row["least_squares_from_ridge"] for row in rows]).low > 1


def test_least_squares_plays_cholesterol_against_ldl():
    for seed in range(10):
        data = diabetes(seed)
        w = np.linalg.lstsq(data.x_train, data.y_train, rcond=None)[0]
        total, ldl = (DIABETES_FEATURES.index(name) for name in ("cholesterol", "LDL"))
        assert np.corrcoef(data.x_train[:, [total, ldl]].T)[0, 1] > 0.8
        assert w[total] * w[ldl] < 0
        for p in (0.1, 0.5):
            ridge = ridge_solution(data.x_train, data.y_train, p)
            assert np.abs(ridge[[total, ldl]]).max() < 0.3 * np.abs(w[[total, ldl]]).max()


def test_the_adaptive_penalty_is_near_first_too_low_then_too_high():
    def ratio(p, key):
        return mean_interval([r["logistic"][f"p = {p}"][key] for r in IDENTITIES])

    assert ratio(0.1, "adaptive_over_exact").low > 0.8
    assert ratio(0.1, "adaptive_over_exact").high < 1 < ratio(0.9, "adaptive_over_exact").low
    assert ratio(0.9, "adaptive_over_exact").high < 1.2
    prices = [ratio(p, "price_of_noise_less_over_more_certain") for p in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert all(price.low > 1 for price in prices)
    assert all(a.mean > b.mean for a, b in itertools.pairwise(prices))


def ahead_on_text(a, b, by="by error", measure="test_error", where=None):
    def of(result, arm):
        return (result if where is None else result[where])[arm][by][measure]

    return paired_difference([of(r, a) for r in TEXT], [of(r, b) for r in TEXT])


def test_most_of_the_gain_on_text_needs_neither_masks_nor_rare_words():
    gain = ahead_on_text("l2", "dropout")
    assert gain.low > 0
    assert ahead_on_text("l2", "frequency").mean > 0.5 * gain.mean  # the larger part
    assert contains_0(ahead_on_text("adam", "dropout"))
    loss = ahead_on_text("adam", "dropout", "by loss", "test_loss")
    assert contains_0(loss)
    kept = ahead_on_text("l2", "dropout", where="common words")
    assert kept.low > 0
    assert kept.mean > 0.5 * gain.mean  # most of it


def test_without_the_rarest_words_about_half_of_the_lead_goes_in_loss():
    every = ahead_on_text("l2", "dropout", "by loss", "test_loss")
    kept = ahead_on_text("l2", "dropout", "by loss", "test_loss", where="common words")
    assert kept.low > 0
    assert 0.4 < kept.mean / every.mean < 0.6


def test_the_quadratic_term_is_most_of_the_penalty_and_all_of_it_at_small_weights():
    def share(weights):
        rows = [r["penalty"][weights] for r in TEXT]
        return mean_interval([row["quadratic"] / row["sampled"] for row in rows])

    assert 0.75 < share("trained").low < share("trained").high < 0.9
    assert abs(share("a tenth").mean - 1) < 0.01
    gain = ahead_on_text("l2", "dropout").mean
    assert 0.4 < 0.01 / gain < 0.6  # a point of error is about half of the gain


def test_candidates_on_text_are_equally_many_and_seldom_best_at_an_edge():
    settings = provenance("text_against_l2")["settings"]
    for name in ("rates", "frequency_rates", "adam_steps"):
        assert len(settings[name]) * len(settings["decays"]) == 30
    for arm, grid in (("adam", "adam_steps"), ("frequency", "frequency_rates")):
        for by in ("by error", "by loss"):
            chosen = [r[arm][by]["p or steps"] for r in TEXT]
            edges = min(settings[grid]), max(settings[grid])
            assert sum(choice in edges for choice in chosen) <= 5


def test_the_expansion_of_the_logistic_penalty_is_in_the_weights_not_in_p():
    x = diabetes(0).x_train
    w = np.random.default_rng(0).standard_normal(x.shape[1])

    def off(scale, p):
        exact = logistic_penalty(x, scale * w, 0.0, p)
        return abs(adaptive_penalty(x, scale * w, 0.0, p) / exact - 1)

    assert off(0.03, 0.1) < 0.01  # small weights
    assert off(1.0, 0.01) > 0.05  # small p alone


def test_dropout_leaves_a_logistic_regression_larger_weights_at_smaller_p():
    kept = {}

    def look(x, w, b, p):
        kept[p] = float(np.linalg.norm(w))
        return 1.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(logistic_regression.__globals__, "logistic_penalty", look)
        patch.setitem(logistic_regression.__globals__, "adaptive_penalty", look)
        logistic_regression(diabetes(0), Settings(rates=(0.1, 0.5, 0.9), logistic_epochs=100))
    assert kept[0.1] > kept[0.5] > kept[0.9]


# --- ledger and quiz ---------------------------------------------------------------------------


def test_rows_of_the_chapter_have_finite_effects():
    rows = [
        row
        for row in load_claims().values()
        if row.discussed[:1] and row.discussed[0].chapter == CHAPTER
    ]
    assert len(rows) > 25
    for row in rows:
        for condition in row.conditions:
            assert np.isfinite(effects(row, condition)).all()


def test_the_number_in_the_quiz_is_the_penalty():
    (question,) = (q for q in questions("04") if q["type"] == "numeric")
    (right,) = (a["value"] for a in question["answers"] if a.get("correct"))
    assert right == penalty(np.array([[2.0, 4.0]]), np.array([3.0, 1.0]), 0.5)
