"""Text against L2: the task, the penalty and its derivation, and what the results say."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.sparse import csr_matrix

from dropout_lib.experiments import get, load, paired_difference, provenance
from dropout_lib.experiments import text_against_l2 as text
from dropout_lib.explorers.text_against_l2 import errors_by_penalty, weights_by_frequency

SETTINGS = text.Settings()


@pytest.fixture
def toy():
    """Twelve cases of four words, which cannot be separated; and weights."""
    rng = np.random.default_rng(0)
    x = csr_matrix((rng.random((12, 4)) < 0.6).astype(float))
    return x, (rng.random(12) < 0.5).astype(float), rng.standard_normal(5)


def expected_loss(x, labels, weights, p):
    """The mean loss over all masks, exactly: all masks of a case, one after the other."""
    total = 0.0
    for case, label in zip(x.toarray(), labels, strict=True):
        for mask in product((0, 1), repeat=len(case)):
            chance = np.prod([1 - p if kept else p for kept in mask])
            logit = case * mask / (1 - p) @ weights[:-1] + weights[-1]
            total += chance * text._losses(logit, label)
    return total / len(labels)


# --- the task ----------------------------------------------------------------------------------


def test_a_paragraph_stands_in_one_reference_and_once_only():
    found = text.paragraphs()
    assert len({tuple(words) for words, _ in found}) > 0.99 * len(found)
    assert all(len(words) >= 5 and words == sorted(set(words)) for words, _ in found)
    assert 0.15 < np.mean([label for _, label in found]) < 0.5


def test_the_vocabulary_is_that_of_training():
    data = text.paragraphs_split(0, SETTINGS)
    x, labels = data.train
    assert x.shape == (500, len(data.words))
    assert (np.asarray(x.sum(axis=0)) > 0).all()
    assert set(x.data) == {1.0}
    assert data.validation[0].shape == (400, len(data.words))
    assert data.test[0].shape == (600, len(data.words))
    assert 0 < labels.mean() < 1


def test_fewer_paragraphs_and_fewer_words_change_nothing_else():
    data = text.paragraphs_split(0, SETTINGS)
    fewer, common = data.with_first(125), data.with_common(5)
    for smaller in (fewer, common):
        columns = [data.words.index(word) for word in smaller.words]
        assert (smaller.test[0] != data.test[0][:, columns]).nnz == 0
    assert (np.asarray(fewer.train[0].sum(axis=0)) >= 1).all()
    assert (np.asarray(common.train[0].sum(axis=0)) >= 5).all()
    assert fewer.train[0].shape[0] == 125


def test_a_manual_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="are asked for, but this Python's manual has only"):
        text.paragraphs_split(0, text.Settings(train=10_000))


# --- the penalty -------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_the_quadratic_penalty_is_the_exact_one_for_small_noise(toy, p):
    x, labels, weights = toy
    gaps = []
    for factor in (0.3, 0.03):
        small = factor * weights
        clean = text._losses(text._logits(x, small), labels).mean()
        exact = expected_loss(x, labels, small, p) - clean
        gaps.append(abs(text.quadratic_penalty(x, small, p) / exact - 1))
    assert gaps[0] < 0.35
    assert gaps[1] < gaps[0] / 5  # it goes to 0 with the weights
    assert gaps[1] < 0.03


def test_with_every_case_uncertain_the_penalty_is_l2_weighted_by_frequency(toy):
    x, _, weights = toy
    frequency = np.asarray(x.mean(axis=0))[0]
    wanted = 0.4 / 0.6 / 8 * np.sum(frequency * weights[:-1] ** 2)
    assert text.quadratic_penalty(x, weights, 0.4, adaptive=False) == pytest.approx(wanted)


@pytest.mark.parametrize("adaptive", [True, False])
def test_the_penalty_and_its_gradient_belong_together(toy, adaptive):
    x, _, weights = toy
    numerical = approx_fprime(weights, lambda w: text.quadratic_penalty(x, w, 0.4, adaptive), 1e-7)
    assert text._penalty_gradient(x, weights, 0.4, adaptive) == pytest.approx(numerical, abs=1e-6)


@pytest.mark.parametrize("penalty", ["l2", "quadratic", "frequency"])
def test_what_is_minimised_is_at_a_minimum(toy, penalty):
    x, labels, _ = toy
    found = text.train(x, labels, penalty, 0.3, 0.01, 0, SETTINGS)

    def objective(weights):
        loss = text._losses(text._logits(x, weights), labels).mean()
        loss += 0.01 / 2 * np.sum(weights[:-1] ** 2)
        if penalty != "l2":
            loss += text.quadratic_penalty(x, weights, 0.3, penalty == "quadratic")
        return loss

    assert approx_fprime(found, objective, 1e-7) == pytest.approx(np.zeros(5), abs=1e-4)


def test_training_with_masks_lands_where_their_expected_loss_is_lowest(toy):
    x, labels, _ = toy
    decay, p = 0.05, 0.3

    def objective(weights):
        return expected_loss(x, labels, weights, p) + decay / 2 * np.sum(weights[:-1] ** 2)

    best = minimize(objective, np.zeros(5))
    found = text.train(x, labels, "dropout", p, decay, 0, SETTINGS)
    assert objective(found) == pytest.approx(best.fun, abs=2e-3)
    assert objective(found) < objective(np.zeros(5)) - 0.01


def test_every_arm_has_as_many_candidates():
    arms = [arm for arm in text.ARMS if arm != "none"]
    assert {len(text._candidates(arm, SETTINGS)) for arm in arms} == {30}


# --- what the results say ----------------------------------------------------------------------


def saved(arm, against="l2", part=None, how="by error", measure="test_error", unit=100):
    """By how much one arm lies below another, over the paired splits."""
    results = [r[part] if part else r for r in load("text_against_l2")]
    pair = ([unit * r[name][how][measure] for r in results] for name in (against, arm))
    return paired_difference(*pair)


def lower_loss(arm, against="l2", part=None):
    return saved(arm, against, part, "by loss", "test_loss", unit=1)


@pytest.mark.parametrize("part", [None, "250 paragraphs", "125 paragraphs"])
def test_dropout_beats_tuned_l2(part):
    assert saved("dropout", part=part).low > 0.5
    assert lower_loss("dropout", part=part).low > 0.01


def test_the_penalty_alone_without_masks_does_as_well():
    assert saved("quadratic").low > 1
    assert abs(saved("dropout", "quadratic").mean) < 0.5
    assert abs(lower_loss("dropout", "quadratic").mean) < 0.005


def test_weighting_l2_by_frequency_is_most_of_it():
    assert saved("frequency").mean > 0.6 * saved("dropout").mean
    assert lower_loss("frequency").mean > 0.9 * lower_loss("dropout").mean
    assert saved("dropout", "frequency").low > 0
    assert lower_loss("dropout", "frequency").low < 0 < lower_loss("dropout", "frequency").high


def test_stopping_adam_early_does_about_as_much():
    assert saved("adam").low > 1
    assert saved("dropout", "adam").low < 0 < saved("dropout", "adam").high


def test_rare_words_carry_about_half_of_the_gain_in_loss():
    with_rare, without = lower_loss("dropout"), lower_loss("dropout", part="common words")
    assert without.low > 0
    assert 0.35 < without.mean / with_rare.mean < 0.65
    assert without.high < with_rare.low


def test_weights_of_rare_words_grow_and_those_of_common_words_shrink():
    for result in load("text_against_l2"):
        rare, common = (
            [
                result["per word"][arm][group]["size"][i]
                / result["per word"]["l2"][group]["size"][i]
                for arm in ("dropout", "frequency")
            ]
            for group, i in (("one class", 0), ("both classes", -1))
        )
        assert min(rare) > 1.5
        assert max(common) < 1


def test_a_word_of_one_class_is_penalised_less_than_one_of_both_that_is_as_frequent():
    for result in load("text_against_l2"):
        one, both = (
            result["per word"]["dropout"][group]["uncertainty"]
            for group in ("one class", "both classes")
        )
        assert all(a < b for a, b in zip(one[1:5], both[1:5], strict=True))


def test_candidates_were_rarely_at_the_edge():
    settings = provenance("text_against_l2")["settings"]
    grids = {
        "l2": ("decay", settings["l2_decays"]),
        "dropout": ("p or steps", settings["rates"]),
        "quadratic": ("p or steps", settings["rates"]),
        "frequency": ("p or steps", settings["frequency_rates"]),
        "adam": ("p or steps", settings["adam_steps"]),
    }
    for arm, (key, grid) in grids.items():
        for how in ("by error", "by loss"):
            chosen = [result[arm][how][key] for result in load("text_against_l2")]
            assert sum(value in (grid[0], grid[-1]) for value in chosen) <= len(chosen) / 3


def test_the_figures_read_what_they_show():
    results = load("text_against_l2")
    assert f"dropout {saved('dropout').mean:.1f}." in errors_by_penalty(results).picture.reading
    assert "falls from" in weights_by_frequency(results).picture.reading
    assert get("text_against_l2").seeds == len(results) == 20
