"""The sentences of chapter 3.4 that state results, held to the stored results."""

import numpy as np

from dropout_lib.exercises import questions
from dropout_lib.experiments import load, mean_interval, paired_difference
from dropout_lib.experiments.dropconnect import Settings
from dropout_lib.scratch import DropConnectLinear

RESULTS = load("dropconnect")
BATCHES = Settings().train // Settings().batch_size


def values(arm, measure):
    return [result[arm][measure] for result in RESULTS]


def lead(a, b, measure):
    """How much lower it is with b than with a, run by run."""
    return paired_difference(values(a, measure), values(b, measure))


def steps(runs):
    """Median number of steps to a training loss of 0.1."""
    below = [np.flatnonzero(np.array(run["train_loss"]) < 0.1) for run in runs]
    return np.median([BATCHES * (b[0] + 1) if b.size else np.inf for b in below])


def at_rate_0_1(arm):
    return [
        next(r for r in result[arm]["runs"] if (r["p"], r["learning_rate"]) == (0.5, 0.1))
        for result in RESULTS
    ]


def contains_0(interval):
    return interval.low < 0 < interval.high


def test_both_noises_have_the_variance_of_the_formula_in_every_output():
    for state in ("noise before training", "noise"):
        for method in ("dropout", "dropconnect", "gaussian"):
            ratios = [result[state][method]["variance_over_formula"] for result in RESULTS]
            assert max(abs(ratio - 1) for ratio in ratios) < 0.02


def test_only_dropout_ties_outputs_together():
    for result in RESULTS:
        assert result["noise"]["dropout"]["mean_square_correlation"] > 0.05
        assert abs(result["noise"]["dropconnect"]["mean_square_correlation"]) < 0.001


def test_noise_in_the_logits_is_equal_before_training_and_several_times_dropouts_after():
    def ratios(state):
        pairs = [(r[state]["dropout"], r[state]["dropconnect"]) for r in RESULTS]
        return mean_interval([a["logit_variance"] / b["logit_variance"] for a, b in pairs])

    before, after = ratios("noise before training"), ratios("noise")
    assert 0.9 < before.low < before.high < 1.1
    assert after.low > 3


def test_dropout_throws_a_trained_network_further_off():
    for measure in ("noisy_error", "noisy_loss"):
        pairs = [[r["noise"][m][measure] for r in RESULTS] for m in ("dropout", "dropconnect")]
        assert paired_difference(*pairs).low > 0


def test_the_gaussian_throws_it_nearly_as_far_off_as_dropconnect():
    dropout, dropconnect, gaussian = (
        np.mean([result["noise"][method]["noisy_error"] for result in RESULTS])
        for method in ("dropout", "dropconnect", "gaussian")
    )
    assert abs(gaussian - dropconnect) < 0.25 * (dropout - dropconnect)


def test_dropconnect_holds_training_back_less_than_dropout():
    none, dropconnect, dropout, gaussian = (
        steps([result[arm] for result in RESULTS])
        for arm in ("none", "dropconnect", "dropout", "gaussian")
    )
    assert none < dropconnect < dropout
    assert gaussian < dropconnect
    assert steps(at_rate_0_1("dropconnect")) < steps(at_rate_0_1("dropout"))
    assert steps(at_rate_0_1("gaussian")) < steps(at_rate_0_1("dropconnect"))


def test_errors_of_dropout_and_dropconnect_cannot_be_told_apart():
    for a, b in (
        ("none", "dropout"),
        ("none", "dropconnect"),
        ("dropconnect", "dropout"),
        ("dropconnect tuned", "dropout tuned"),
        ("dropconnect", "gaussian"),
    ):
        assert contains_0(lead(a, b, "test_error")), (a, b)


def test_only_tuned_dropout_gains_in_error_over_no_noise():
    assert lead("none", "dropout tuned", "test_error").low > 0
    tuned = lead("none", "dropconnect tuned", "test_error")
    assert contains_0(tuned)
    assert tuned.low > -0.2 * tuned.high  # it just reaches 0
    assert values("none", "learning_rate").count(max(Settings().learning_rates)) >= 4


def test_both_gain_in_loss_and_dropout_a_little_more():
    gains = [lead("none", method, "test_loss") for method in ("dropout", "dropconnect")]
    assert all(gain.low > 0 for gain in gains)
    for method in ("dropout tuned", "dropconnect tuned"):
        assert lead("none", method, "test_loss").low > 0
    ahead = lead("dropconnect", "dropout", "test_loss")
    assert 0 < ahead.low < ahead.mean < min(gain.mean for gain in gains)
    assert contains_0(lead("dropconnect tuned", "dropout tuned", "test_loss"))
    assert contains_0(lead("dropconnect", "gaussian", "test_loss"))


def test_averages_are_better_in_loss_than_the_mean_weights_and_one_pass_is_worse():
    def of(way, column):
        return [result["inference"][way][column] for result in RESULTS]

    averages = ("gaussian by layer", "10 passes", "50 passes")
    loss = {way: paired_difference(of("mean weights", 1), of(way, 1)) for way in averages}
    assert all(gain.low > 0 for gain in loss.values())
    assert loss["gaussian by layer"].mean > 0.6 * loss["50 passes"].mean
    for way in averages:
        assert contains_0(paired_difference(of("mean weights", 0), of(way, 0)))
    for column in (0, 1):
        for way in (*averages, "mean weights"):
            assert paired_difference(of("1 passes", column), of(way, column)).low > 0


def test_a_step_takes_several_times_as_long():
    fastest = "fastest_step_milliseconds"
    ratios = [r["dropconnect"][fastest] / r["dropout"][fastest] for r in RESULTS]
    assert np.median(ratios) > 3


def test_numbers_in_the_quiz_are_what_they_are_asked_for():
    def right(words):
        (question,) = (q for q in questions("03-4") if words in q["question"])
        return [a["value"] for a in question["answers"] if a.get("correct")]

    assert right("100 inputs and 50 outputs") == [100 * 50]
    layer = DropConnectLinear(2, 1, p=0.5)
    layer.weight.value[:] = [[1, 2]]
    _, variance = layer.gaussian_moments(np.array([[2.0, 1.0]]))
    assert right("x = (2, 1)") == [variance[0, 0]]
