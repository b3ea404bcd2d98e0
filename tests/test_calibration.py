"""Calibration: against scikit-learn and torchmetrics, by hand, and what is refused."""

import re

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from torchmetrics.classification import MulticlassCalibrationError

from dropout_lib.calibration import (
    auroc,
    best_temperature,
    brier_score,
    coverage,
    expected_calibration_error,
    negative_log_likelihood,
    reliability,
    with_temperature,
)


def predictions(cases=400, classes=10, sharp=3.0, seed=0, labels="random"):
    """Random probabilities, and labels drawn at random or from the probabilities themselves."""
    rng = np.random.default_rng(seed)
    probabilities = softmax(sharp * rng.standard_normal((cases, classes)))
    if labels == "right":
        return probabilities, np.array([rng.choice(classes, p=row) for row in probabilities])
    return probabilities, rng.integers(classes, size=cases)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# --- against other libraries -------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nll_is_scikit_learns_and_pytorchs(classes, dtype):
    probabilities, labels = predictions(classes=classes)
    ours = negative_log_likelihood(probabilities.astype(dtype), labels)
    theirs = log_loss(labels, probabilities, labels=range(classes))
    pytorch = torch.nn.functional.nll_loss(torch.tensor(probabilities).log(), torch.tensor(labels))
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert ours == pytest.approx(pytorch.item(), rel=1e-6)


def test_nll_knows_classes_that_no_label_has():
    assert negative_log_likelihood([[0.2, 0.3, 0.5]] * 2, [1, 1]) == pytest.approx(-np.log(0.3))


def test_nll_of_float32_is_not_cut_at_what_float32_can_tell_from_1():
    sure = torch.tensor([[0.0, 40.0]]).softmax(dim=1)
    assert negative_log_likelihood(sure, [0]) > 30
    assert negative_log_likelihood([[1.0, 0.0]], [1]) == pytest.approx(36.04, abs=0.01)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_brier_score_is_scikit_learns(classes):
    probabilities, labels = predictions(classes=classes)
    each = [brier_score_loss(labels == k, probabilities[:, k]) for k in range(classes)]
    assert brier_score(probabilities, labels) == pytest.approx(sum(each))


@pytest.mark.parametrize("bins", [1, 7, 15, 40])
@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("sharp", [0.5, 3.0])
def test_expected_calibration_error_is_that_of_torchmetrics(bins, classes, sharp):
    probabilities, labels = predictions(classes=classes, sharp=sharp)
    theirs = MulticlassCalibrationError(classes, n_bins=bins, norm="l1")
    theirs = theirs(torch.tensor(probabilities), torch.tensor(labels)).item()
    assert expected_calibration_error(probabilities, labels, bins) == pytest.approx(
        theirs, rel=1e-5
    )


def test_auroc_is_scikit_learns():
    rng = np.random.default_rng(0)
    inside, outside = rng.integers(0, 20, 300) / 20, rng.integers(5, 25, 200) / 20  # with ties
    labels = np.repeat([0, 1], [300, 200])
    assert auroc(inside, outside) == roc_auc_score(labels, np.concatenate([inside, outside]))
    assert auroc(inside, outside) + auroc(outside, inside) == pytest.approx(1)
    above = (outside[:, None] > inside).mean() + 0.5 * (outside[:, None] == inside).mean()
    assert auroc(inside, outside) == pytest.approx(above)


# --- by hand -----------------------------------------------------------------------------------


def test_of_right_probabilities_accuracy_is_confidence():
    found = reliability(*predictions(cases=40_000, sharp=1.5, labels="right"))
    filled = found.count > 500
    assert filled.sum() >= 10
    assert found.accuracy[filled] == pytest.approx(found.confidence[filled], abs=0.06)
    assert expected_calibration_error(*predictions(40_000, 10, 1.5, 0, "right")) < 0.02


def test_every_case_is_in_one_bin_and_the_edges_belong_to_the_lower_one():
    confidences = np.array([0.5, 0.6, 0.75, 0.76, 1.0])
    found = reliability(np.stack([confidences, 1 - confidences], axis=1), [0] * 5, bins=4)
    assert found.count.tolist() == [0, 1, 2, 2]
    assert np.isnan(found.accuracy[0])
    assert np.isnan(found.confidence[0])
    assert found.confidence[1:] == pytest.approx([0.5, 0.675, 0.88])


@pytest.mark.parametrize("bins", [5, 7, 10, 15, 20, 30])
def test_votes_that_make_an_edge_belong_to_the_lower_bin(bins):
    for votes in range(bins // 2 + 1, bins + 1):
        share = votes / bins
        found = reliability([[share, 1 - share]], [0], bins)
        assert found.count.argmax() == votes - 1, votes


def test_of_equal_probabilities_the_first_class_is_predicted():
    assert reliability([[0.5, 0.5]] * 2, [0, 1], bins=1).accuracy == [0.5]
    assert expected_calibration_error([[0.5, 0.5]] * 2, [0, 1]) == 0


def test_coverage_of_a_gaussian_is_that_of_the_table():
    rng = np.random.default_rng(0)
    mean, std = rng.standard_normal((2, 200_000))
    y = mean + np.abs(std) * rng.standard_normal(len(mean))
    assert coverage(mean, np.abs(std), y) == pytest.approx(0.9545, abs=0.003)
    assert coverage(mean, np.abs(std), y, width=1) == pytest.approx(0.6827, abs=0.005)
    assert coverage(mean[:9].reshape(3, 3), np.ones((3, 3)), mean[:9].reshape(3, 3), width=0) == 1


def test_next_to_temperature_0_the_largest_takes_all():
    probabilities = [[0.6, 0.4], [0.5, 0.5]]
    for temperature in (1e-3, 1e-310):
        found = with_temperature(probabilities, temperature)
        assert found == pytest.approx(np.array([[1, 0], [0.5, 0.5]]))


def test_temperature_divides_logits():
    logits = 5 * np.random.default_rng(0).standard_normal((50, 10))
    assert with_temperature(softmax(logits), 2.5) == pytest.approx(softmax(logits / 2.5))
    assert with_temperature(softmax(logits), 1) == pytest.approx(softmax(logits))


def test_the_temperature_that_was_put_in_is_found_again():
    probabilities, labels = predictions(cases=40_000, sharp=1.5, labels="right")
    assert best_temperature(with_temperature(probabilities, 1 / 3), labels) == pytest.approx(
        3, rel=0.05
    )


def test_the_best_temperature_lowers_nll_and_keeps_every_decision():
    probabilities, labels = predictions(sharp=2.0, labels="right")
    sharper = with_temperature(probabilities, 0.4)
    scaled = with_temperature(sharper, best_temperature(sharper, labels))
    assert negative_log_likelihood(scaled, labels) < negative_log_likelihood(sharper, labels)
    assert (scaled.argmax(axis=1) == sharper.argmax(axis=1)).all()
    for factor in (0.95, 1.05):  # it is a minimum
        near = with_temperature(scaled, factor)
        assert negative_log_likelihood(near, labels) > negative_log_likelihood(scaled, labels)


def test_a_probability_of_0_has_a_temperature_too():
    assert with_temperature([[1.0, 0.0]], 2.0) == pytest.approx(np.array([[1.0, 0.0]]))
    assert np.isfinite(best_temperature([[1.0, 0.0]] * 4, [0, 0, 0, 1]))


def test_tensors_are_taken_as_they_are():
    probabilities, labels = predictions()
    tensors = torch.tensor(probabilities), torch.tensor(labels)
    for measure in (negative_log_likelihood, brier_score, expected_calibration_error):
        assert measure(*tensors) == measure(probabilities, labels)
        assert isinstance(measure(*tensors), float)


# --- what is refused ---------------------------------------------------------------------------

MEASURES = [
    negative_log_likelihood,
    brier_score,
    expected_calibration_error,
    reliability,
    best_temperature,
]
REFUSED = {
    "logits": ([[2.0, 1.0]], [0], "row 0 sums to 3 .* take their softmax first"),
    "negative": ([[0.5, 0.5], [1.2, -0.2]], [0, 0], "row 1 sums to 1 and its least is -0.2"),
    "NaN": ([[0.5, 0.5], [np.nan, 1.0]], [0, 0], r"is nan at \(1, 0\)"),
    "one column": ([[1.0]], [0], r"two or more classes, but have shape \(1, 1\)"),
    "flat": ([0.2, 0.8], [0, 1], r"have to be \(N, K\).* have shape \(2,\)"),
    "none": (np.empty((0, 3)), [], "probabilities is empty"),
    "too few labels": ([[0.5, 0.5]] * 3, [0, 1], r"labels of shape \(3,\), .* shape \(2,\)"),
    "one-hot labels": ([[0.5, 0.5]], [[0, 1]], r"of one-hot rows take argmax\(axis=1\)"),
    "label too high": ([[0.5, 0.5]] * 2, [0, 2], "from 0 to 1, .* label 1 is 2"),
    "label negative": ([[0.5, 0.5]] * 2, [-1, 0], "label 0 is -1"),
    "labels with decimals": ([[0.5, 0.5]], [0.0], "whole numbers, but are of type float64"),
}


@pytest.mark.parametrize("measure", MEASURES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("what", REFUSED)
def test_bad_input_is_refused(measure, what):
    probabilities, labels, says = REFUSED[what]
    with pytest.raises(ValueError, match=says):
        measure(probabilities, labels)


@pytest.mark.parametrize("bins", [0, -1, 2.5, True])
def test_bins_have_to_be_a_number_of_bins(bins):
    with pytest.raises(ValueError, match=f"1 or more, but got {re.escape(repr(bins))}"):
        reliability([[0.5, 0.5]], [0], bins)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.0], [1.0, 1.0], [0.0]), r"of one shape, but have \(1,\), \(2,\) and \(1,\)"),
        (([0.0], [-1.0], [0.0]), "can't be negative, but the least is -1"),
        (([0.0], [1.0], [np.inf]), r"y has to be finite, but is inf at \(0,\)"),
        (([], [], []), "mean is empty"),
        (([0.0], [1.0], [0.0], -1), "0 or more and finite, but got -1"),
        (([0.0], [0.0], [0.0], np.inf), "0 or more and finite, but got inf"),
    ],
)
def test_coverage_refuses(arguments, says):
    with pytest.raises(ValueError, match=says):
        coverage(*arguments)


def test_auroc_refuses():
    with pytest.raises(ValueError, match="scores_outside is empty"):
        auroc([0.1], [])
    with pytest.raises(ValueError, match=r"\(N,\), but has shape \(1, 2\)"):
        auroc([[0.1, 0.2]], [0.1])
    with pytest.raises(ValueError, match="scores_inside has to be finite, but is nan"):
        auroc([np.nan], [0.1])


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), float("nan")])
def test_a_temperature_is_above_0(temperature):
    with pytest.raises(ValueError, match="above 0 and finite, but got"):
        with_temperature([[0.5, 0.5]], temperature)
