"""The sentences of chapter 8.4 that state results, held to stored and live results."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dropout_lib.exercises import questions
from dropout_lib.exercises import with_and_without_dropout as exercises
from dropout_lib.experiments import load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.example_4 import Settings, draw_data
from dropout_lib.explorers.example_4 import (
    as_in_the_example,
    at_equal_training_loss,
    label_rules_figure,
)
from dropout_lib.pytorch import MLPWithDropout, ModelWithDropout, ModelWithoutDropout, train_model
from dropout_lib.training import evaluate, fit_many

RESULTS = load("example_4")
SETTINGS = provenance("example_4")["settings"]
TRIALS = load("label_rules")


def of(arm, p, measure, epoch=100):
    at, i = SETTINGS["rates"].index(p), SETTINGS["epochs"].index(epoch)
    return [result[arm][at][measure][i] for result in RESULTS]


def gain(arm, p, measure, epoch=100):
    return paired_difference(of(arm, 0.0, measure, epoch), of(arm, p, measure, epoch))


def contains_0(interval):
    return interval.low < 0 < interval.high


# --- the example as it is given ------------------------------------------------------------------


@pytest.fixture(scope="module", params=[ModelWithDropout, None], ids=["ours", "torch.nn"])
def case(request):
    """Data, networks and losses as in the chapter; and the same with PyTorch's own dropout."""
    torch.manual_seed(42)
    x_train, x_test = torch.randn(1000, 20), torch.randn(200, 20)
    data = (
        *(x_train, (x_train.sum(dim=1) > 0).long()),
        *(x_test, (x_test.sum(dim=1) > 0).long()),
    )
    models = ModelWithoutDropout(), ModelWithDropout()
    if request.param is None:
        layers = [
            torch.nn.Dropout(layer.p) if hasattr(layer, "p") else layer
            for layer in models[1].network
        ]
        models[1].network = torch.nn.Sequential(*layers)
    return data, models, [train_model(model, *data) for model in models]


def test_the_gap_of_the_example_is_smaller_with_dropout_and_negative(case):
    *_, losses = case
    without, dropping = (test[-1] - train[-1] for train, test in losses)
    assert dropping < 0 < without


def test_the_test_loss_is_higher_with_dropout_and_falls_nearly_to_the_end_without(case):
    *_, ((_, without), (_, dropping)) = case
    assert dropping[-1] > without[-1]
    assert np.argmin(without) > 70


def test_measured_alike_the_gap_is_not_negative(case):
    data, models, _ = case
    for model in models:
        assert evaluate(model, *data[2:])[1] > evaluate(model, *data[:2])[1] + 0.02


def test_two_hundred_points_cannot_say_which_loss_is_lower(case):
    (*_, x_test, y_test), models, _ = case
    with torch.no_grad():
        without, dropping = (
            F.cross_entropy(model.eval()(x_test), y_test, reduction="none").tolist()
            for model in models
        )
    assert contains_0(paired_difference(dropping, without))
    for losses in (without, dropping):
        interval = mean_interval(losses)
        assert interval.high - interval.low > 0.9 * interval.mean


# --- over seeds -----------------------------------------------------------------------------------


def test_what_dropout_adds_to_the_training_loss_is_the_largest_part_and_one_step_the_smallest():
    noisy, before = (
        of("as given", 0.5, "noisy_train_loss"),
        of("as given", 0.5, "train_loss", 99),
    )
    after, test = of("as given", 0.5, "train_loss"), of("as given", 0.5, "test_loss")
    added, step = paired_difference(noisy, before), paired_difference(before, after)
    alike = paired_difference(test, after)
    assert added.low > alike.mean > alike.low > 10 * abs(step.mean)
    assert abs(paired_difference(test, noisy).mean) < added.mean


def test_without_dropout_the_training_points_are_fitted_much_further():
    dropped, plain = (np.mean(of("as given", p, "train_loss")) for p in (0.5, 0.0))
    assert dropped > 3 * plain


def test_over_seeds_the_differences_are_tiny_and_of_opposite_sign():
    loss, error = gain("as given", 0.5, "test_loss"), gain("as given", 0.5, "test_error")
    assert -0.01 < loss.low < loss.high < 0
    assert 0 < error.low < error.high < 0.005


def test_on_two_hundred_points_dropout_has_the_lower_loss_in_nearly_half_of_the_seeds():
    dropped, plain = (
        [r["as given"][SETTINGS["rates"].index(p)]["small_test"]["loss"] for r in RESULTS]
        for p in (0.5, 0.0)
    )
    on_few = sum(d < w for d, w in zip(dropped, plain, strict=True))
    pairs = zip(of("as given", 0.5, "test_loss"), of("as given", 0.0, "test_loss"), strict=True)
    assert len(RESULTS) == 20
    assert 7 <= on_few < 10
    assert sum(d < w for d, w in pairs) < 5


def test_with_fewer_points_the_error_is_higher_with_dropout_and_then_not_to_be_told_apart():
    assert gain("fewer points", 0.5, "test_error", 100).high < 0
    assert contains_0(gain("fewer points", 0.5, "test_error", 300))


def test_with_fewer_points_both_overfit_and_dropout_later():
    def lowest(p):
        curves = np.mean([r["fewer points"][SETTINGS["rates"].index(p)]["test_loss"]
                          for r in RESULTS], axis=0)  # fmt: skip
        assert curves[-1] > curves.min() + 0.05
        return int(curves.argmin())

    assert lowest(0.0) < lowest(0.5) < len(SETTINGS["epochs"]) - 2


def test_wrong_labels_cost_many_points_and_a_loss_that_runs_away_without_dropout():
    assert gain("noisy labels", 0.5, "test_error", 300).low > 0.04
    assert np.mean(of("noisy labels", 0.0, "test_loss", 300)) > 1.5
    assert np.mean(of("noisy labels", 0.5, "test_loss", 300)) < 1


def test_with_wrong_labels_more_dropout_is_best_later_and_nearly_as_good():
    curves = [
        np.mean([r["noisy labels"][i]["test_error"] for r in RESULTS], axis=0)
        for i in range(len(SETTINGS["rates"]))
    ]
    best = [curve.min() for curve in curves]
    when = [int(curve.argmin()) for curve in curves]
    at_the_end = [curve[-1] for curve in curves]
    assert max(best) - min(best) < 0.01
    assert best[0] == max(best)
    assert when == sorted(when)
    assert when[-1] > when[0]
    assert at_the_end == sorted(at_the_end, reverse=True)


def error_of(rule, arm, how="stopped"):
    return [100 * trial[rule][arm][how]["test_error"] for trial in TRIALS]


def trial_gain(rule, arm, how="stopped"):
    return paired_difference(error_of(rule, "none", how), error_of(rule, arm, how))


def test_untuned_dropout_wins_by_many_points_where_labels_are_wrong_and_tuned_it_cannot_be_told():
    assert trial_gain("sum", "dropout", "untuned").low > 4
    assert contains_0(trial_gain("sum", "dropout"))
    assert contains_0(trial_gain("sum", "dropout tuned"))


def test_dropout_gains_by_the_length_and_loses_by_the_pairs_whether_p_is_tuned_or_not():
    for arm in ("dropout", "dropout tuned"):
        assert trial_gain("length", arm).low > 2
        assert trial_gain("pairs", arm).high < -2
    assert trial_gain("pairs", "dropout", "untuned").high < 0


def test_many_choices_lie_on_the_edges_that_the_text_names():
    settings = provenance("label_rules")["settings"]
    smallest, *_, largest = settings["learning_rates"]

    def share(rule, arm, key, value):
        return np.mean([t[rule][arm]["stopped"][key] == value for t in TRIALS])

    assert share("length", "none", "learning_rate", smallest) > 0.5
    assert share("length", "dropout tuned", "learning_rate", largest) > 0.8
    assert share("sum", "none", "learning_rate", largest) == 0.5
    for arm in ("none", "dropout", "dropout tuned", "decay tuned"):
        assert 0 < share("length", arm, "epochs", settings["measured_at"][-1]) < 0.5
    assert share("sum", "decay tuned", "learning_rate", largest) > 0.5
    assert share("pairs", "decay tuned", "decay", min(settings["weight_decays"])) > 0.5


def test_after_longer_training_the_network_is_surer_of_its_mistakes():
    data = draw_data(1000, 0.0, 0, Settings())
    torch.manual_seed(0)
    model = MLPWithDropout(20, [128, 128], 2, [0.0, 0.0])
    x, labels = data["large test"]
    losses = []

    def measure(epochs_done):
        if epochs_done in (100, 300):
            with torch.no_grad():
                logits = model(x)
            wrong = logits.argmax(dim=1) != labels
            losses.append(F.cross_entropy(logits[wrong], labels[wrong]).item())

    fit_many(
        [model],
        *data["train"],
        epochs=300,
        learning_rate=0.001,
        batch_size=1000,
        optimiser="adam",
        falling=False,
        generator=torch.Generator().manual_seed(0),
        after_epoch=measure,
    )
    assert losses[1] > 1.2 * losses[0]


def test_for_the_pairs_tuning_takes_the_smallest_p_every_time():
    rates = provenance("label_rules")["settings"]["rates"]
    assert {t["pairs"]["dropout tuned"]["stopped"]["p"] for t in TRIALS} == {min(rates)}


def test_choosing_on_test_pays_as_much_as_dropout_on_wrong_labels():
    gained = gain("noisy labels", 0.5, "test_error", 300)
    assert gained.low - 0.01 < 0.07 < gained.high + 0.01


# --- figures, exercises, quiz ---------------------------------------------------------------------


def test_figures_say_in_words_what_the_chapter_says_of_them(case):
    *_, losses = case
    assert f"{losses[0][1][-1]:.2f} on test data" in repr(as_in_the_example(*losses))
    matched = repr(at_equal_training_loss(RESULTS, SETTINGS))
    assert f"{np.mean(of('as given', 0.5, 'test_loss')):.3f}" in matched
    assert "label by the length: no dropout, untuned" in repr(label_rules_figure(TRIALS))


def test_the_lowest_of_sixty_is_about_seven_points_too_low():
    rng = np.random.default_rng(0)
    tries = rng.binomial(200, 0.3, size=(10_000, 60)) / 200
    assert 0.3 - tries.min(axis=1).mean() == pytest.approx(0.07, abs=0.01)


def test_numbers_in_quiz_and_exercises_are_what_they_are_asked_for():
    (question,) = (q for q in questions("08-4") if q["type"] == "numeric")
    assert [a["value"] for a in question["answers"] if a.get("correct")] == [
        pytest.approx(0.08 - 0.03)
    ]
    points = 1.96**2 * 0.03 * 0.97 / 0.005**2
    (exercise,) = (e for e in exercises.EXERCISES if e.name == "08-4-enough-points")
    assert exercise.solution == math.ceil(points)
    assert f"{1.96 * math.sqrt(0.03 * 0.97 / 200):.3f}" == "0.024"  # ± 2.4 points
