"""What chapter 3.5 states of results: held to the stored runs, or computed again here."""

import numpy as np
import pytest

from dropout_lib.exercises import questions
from dropout_lib.experiments import load, mean_interval, paired_difference
from dropout_lib.experiments.recurrent_dropout import (
    ALPHABET,
    ARMS,
    MEMORY_ARMS,
    Settings,
    draw_masks,
    python_topics,
    split,
)
from dropout_lib.explorers.masks_over_time import (
    RATES,
    SEQUENCES,
    UNITS,
    masks_of,
    masks_over_time,
    survivors,
)
from dropout_lib.explorers.recurrent_dropout import validation_bits

RESULTS = load("recurrent_dropout")
DROPPING = [name for name, arm in ARMS.items() if arm.drops]
EVALUATION, ONE_PASS, MEAN = "evaluation", "one masked pass", "mean of masked passes"


def bits(arm):
    return [result["language"][arm]["test_bits"] for result in RESULTS]


def recalled(cell, length, arm, way):
    at = Settings().memory_lengths.index(length)
    return [result["memory"][cell][at][arm][way] for result in RESULTS]


# --- the explorer ------------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", range(1, SEQUENCES + 1))
def test_the_explorer_shows_what_its_reading_says(sequence):
    explorer = masks_over_time()
    before = None
    for p in RATES:
        per_step, tied = masks_of(p, sequence)
        assert (tied == tied[0]).all()
        if before is not None:  # a larger p drops the same units, and more
            assert not (per_step & ~before[0]).any()
            assert not (tied & ~before[1]).any()
        before = per_step, tied
        reading = explorer.picture(p=p, sequence=sequence).reading
        assert f"{survivors(per_step).sum()} of {UNITS} units still remember" in reading
        assert f"With one mask {survivors(tied).sum()} do" in reading
        if p >= 0.1:
            assert survivors(per_step).sum() < survivors(tied).sum()


# --- the experiment ----------------------------------------------------------------------------


def test_arms_draw_what_they_are_named_after():
    class Sizes:
        embedding, hidden = 6, 7

    import torch

    arms, p = list(ARMS.values()), torch.tensor([0.0, 0.5, 0.5, 0.5])
    masks = draw_masks(arms, p, (5, 9), Sizes, torch.Generator().manual_seed(0))
    for place, units in (("input", 6), ("recurrent", 7), ("output", 7)):
        none, not_recurrent, per_step, tied = masks[place]
        assert none.shape == (9, 5, units)
        assert (none == 1).all()
        assert (tied == tied[0]).all()
        assert not (per_step == per_step[0]).all()
        assert set(tied.unique().tolist()) == set(per_step.unique().tolist()) == {0.0, 2.0}
        expected = none if place == "recurrent" else per_step
        assert (not_recurrent == expected).all()


def test_text_and_its_parts():
    text, source = python_topics()
    assert source["characters"] == len(text) > 100_000
    assert text.min() >= 0
    assert text.max() < len(ALPHABET)
    parts = split(text, 3, (100, 200, 300))
    assert [len(part) for part in parts] == [100, 200, 300]
    assert len({result["text"]["checksum"] for result in RESULTS}) == 1


def test_ten_runs_with_grids_of_equal_size():
    assert len(RESULTS) == 10
    for result in RESULTS:
        assert {len(result["language"][arm]["grid"]) for arm in ARMS} == {4}
        for run in result["language"].values():
            chosen = min(run["grid"], key=lambda setting: setting["validation_bits"])
            assert chosen["test_bits"] == run["test_bits"]


def test_every_way_to_drop_gains_and_tied_masks_cannot_be_told_from_the_others():
    for arm in DROPPING:
        assert paired_difference(bits("none"), bits(arm)).low > 0
    for arm in ("not recurrent", "per step"):
        difference = paired_difference(bits(arm), bits("tied"))
        assert difference.low < 0 < difference.high
    added = paired_difference(bits("not recurrent"), bits("per step"))
    gained = paired_difference(bits("none"), bits("not recurrent"))
    assert -0.5 * gained.mean < added.mean <= added.high < 0  # it cost a little


def test_without_dropout_validation_is_best_early_and_then_gets_worse():
    curves = [result["language"]["none"]["validation_bits_by_step"] for result in RESULTS]
    mean = np.mean(curves, axis=0)
    assert mean.argmin() < len(mean) / 2
    assert mean[-1] > mean.min() + 0.05


def test_more_hangs_on_the_settings_than_on_the_way():
    for arm in DROPPING:
        runs = [result["language"][arm] for result in RESULTS]
        assert sum(run["learning_rate"] == 0.02 for run in runs) > 0.5 * len(runs)
        assert {run["p"] for run in runs} == {0.25, 0.4}
        spread = np.mean([np.ptp([s["test_bits"] for s in run["grid"]]) for run in runs])
        for other in DROPPING:
            assert spread > abs(paired_difference(bits(arm), bits(other)).mean)


def test_the_figure_reads_what_it_shows():
    figure = validation_bits(RESULTS, Settings().measured_every)
    assert "mean of 10 runs" in repr(figure)


# --- memory ------------------------------------------------------------------------------------


def test_up_to_ten_steps_every_network_is_right_in_evaluation():
    for cell in ("Elman", "LSTM"):
        for length in (3, 10):
            for arm in MEMORY_ARMS:
                assert np.mean(recalled(cell, length, arm, EVALUATION)) > 0.98


def test_after_ten_steps_the_elman_network_loses_it_under_fresh_masks_and_not_under_tied():
    lost = [1 - share for share in recalled("Elman", 10, "per step", ONE_PASS)]
    assert mean_interval(lost).low > 0.1
    assert np.mean(recalled("Elman", 10, "tied", ONE_PASS)) > 0.98


def test_after_twenty_steps_tied_masks_keep_it_with_masks_on_and_lose_it_in_evaluation():
    assert min(recalled("Elman", 20, "none", EVALUATION)) > 0.98
    for way in (EVALUATION, ONE_PASS, MEAN):
        assert np.mean(recalled("Elman", 20, "per step", way)) < 0.6
    assert min(recalled("Elman", 20, "tied", ONE_PASS)) > 0.95
    assert min(recalled("Elman", 20, "tied", MEAN)) > 0.98
    assert np.mean(recalled("Elman", 20, "tied", EVALUATION)) < 0.5


def test_after_twenty_steps_the_lstm_has_trouble_and_most_under_tied_masks():
    for arm in ("per step", "tied"):
        behind = paired_difference(
            recalled("LSTM", 20, "none", EVALUATION), recalled("LSTM", 20, arm, EVALUATION)
        )
        assert behind.low > 0
    behind = paired_difference(
        recalled("LSTM", 20, "per step", EVALUATION), recalled("LSTM", 20, "tied", EVALUATION)
    )
    assert behind.low > 0
    assert min(recalled("LSTM", 20, "none", EVALUATION)) < 0.9  # not always learned at all


# --- the arithmetic ----------------------------------------------------------------------------


def test_quiz_names_sections_of_the_chapter():
    sections = {question["section"] for question in questions("03-5")}
    assert sections <= {
        "Two methods, one name",
        "One draw per sequence",
        "What is remembered",
        "What PyTorch's dropout argument does",
        "By hand, back through time",
        "Pitfalls",
    }


@pytest.mark.parametrize("p", [0.1, 0.25])
@pytest.mark.parametrize("steps", [1, 4, 8])
def test_mean_and_variance_of_a_unit_that_only_remembers(p, steps):
    # all 2^steps outcomes, with their probabilities
    outcomes = np.array(np.meshgrid(*[[0, 1]] * steps)).reshape(steps, -1)
    probability = np.prod(np.where(outcomes, 1 - p, p), axis=0)
    value = np.prod(outcomes / (1 - p), axis=0)
    mean = (probability * value).sum()
    assert mean == pytest.approx(1)
    variance = (probability * (value - mean) ** 2).sum()
    assert variance == pytest.approx((1 - p) ** -steps - 1)
    tied = (1 - p) * (1 / (1 - p)) ** steps
    assert tied == pytest.approx((1 - p) ** (1 - steps))
