"""The stored results are those of the present experiments, and say what the book says."""

import json

import numpy as np
import pytest

from dropout_lib.experiments import MODULES, get, load, run, runner
from dropout_lib.experiments.runner import RESULTS
from dropout_lib.experiments.statistics import mean_interval, paired_difference

STORED = [name for name in MODULES if not get(name).downloads]


@pytest.mark.parametrize("name", STORED)
def test_stored_results_are_complete_and_of_the_present_settings(name):
    experiment = get(name)
    assert len(load(name)) == experiment.seeds >= 10
    for seed in range(experiment.seeds):
        stored = json.loads((RESULTS / name / f"seed-{seed}.json").read_text("utf-8"))
        assert stored["settings"] == json.loads(json.dumps(vars(experiment.settings)))
        assert stored["provenance"]["code"] == runner.code_hash(experiment)


@pytest.mark.parametrize("name", STORED)
def test_quick_run_has_the_same_form_as_the_stored_results(name, tmp_path):
    experiment = get(name).quickly()
    run(experiment, folder=tmp_path, progress=False)

    def form(result):
        if isinstance(result, dict):
            return {key: form(value) for key, value in result.items()}
        return float if result is None else type(result)  # None: a loss that overflowed

    assert form(load(name, folder=tmp_path)[0]) == form(load(name)[0])


def test_paired_difference_is_students_interval():
    difference = paired_difference([2.0, 4.0, 3.0], [1.0, 2.0, 3.0])
    assert difference.mean == 1
    half_width = 4.302653 / 3**0.5  # t with two degrees of freedom; the deviation is 1
    assert difference.high - 1 == pytest.approx(half_width, rel=1e-5)


def test_the_network_from_scratch_repeats_itself():
    quick = get("from_scratch_digits").quickly()
    assert quick.run(0, quick.settings) == quick.run(0, quick.settings)


def gains(name, arms, value):
    """The paired difference over the seeds between two arms of an experiment."""
    results = load(name)
    return paired_difference(*([100 * value(result[arm]) for result in results] for arm in arms))


@pytest.mark.parametrize("fraction", range(10))
def test_deleted_units_say_what_chapter_1_says(fraction):
    def ahead(survivors):
        arms = ("without", "with")
        return gains("deleted_units", arms, lambda arm: arm[survivors]["error"][fraction])

    assert ahead("rescaled").low > 0
    if fraction <= 7:
        assert ahead("plain").low > 0
    if fraction == 0:
        assert ahead("plain").mean < 2
        leads = leads_with_deleted_units(0)
        assert sum(lead > 0 for lead in leads) > len(leads) / 2
        assert any(lead < 0 for lead in leads)
    if fraction == 9:
        assert ahead("plain").low < 0
        for arm in ("without", "with"):  # about half of the digits, or more, are read wrongly
            errors = [pair[arm]["rescaled"]["error"][9] for pair in load("deleted_units")]
            assert mean_interval(errors).low > 0.45


def leads_with_deleted_units(fraction):
    """By how much the network trained with dropout errs less, for each pair."""
    return [
        pair["without"]["plain"]["error"][fraction] - pair["with"]["plain"]["error"][fraction]
        for pair in load("deleted_units")
    ]


def test_with_eight_of_ten_units_gone_some_pairs_have_the_lead_and_some_do_not():
    leads = leads_with_deleted_units(8)
    assert sum(lead > 0 for lead in leads) >= 2
    assert sum(lead < 0 for lead in leads) >= 2
    assert paired_difference(leads_with_deleted_units(7), leads).low > 0


def test_digits_from_scratch_say_what_chapter_2_says():
    def gain(arm, value):
        return gains("from_scratch_digits", ("without", arm), value)

    hidden = gain("hidden", lambda arm: arm["test_error"])
    both = gain("hidden and input", lambda arm: arm["test_error"])
    assert hidden.low < 0 < hidden.high
    assert both.low > 0
    assert gain("hidden", lambda arm: arm["test_loss"]).low > 0
    assert gain("hidden and input", lambda arm: arm["test_loss"]).low > 0
    for arm, tuned in (("hidden", hidden), ("hidden and input", both)):
        by_rate = [gain(arm, lambda a, i=i: a["test_error_by_rate"][i]) for i in range(4)]
        assert all(untuned.low > 0 and untuned.mean > tuned.mean for untuned in by_rate[:2])
        assert by_rate[2].low < 0 < by_rate[2].high
        assert by_rate[3].high < -5


def test_loss_curves_say_what_their_figures_and_chapter_2_say():
    def curve(arm, key):
        return np.mean([result[arm][key] for result in load("from_scratch_digits")], axis=0)

    without, hidden, both = (
        curve(arm, "validation_loss") for arm in ("without", "hidden", "hidden and input")
    )
    for rises in (without, hidden):
        assert rises.argmin() < 15
        assert rises[-1] > 1.05 * rises.min()
    assert both[-1] < 1.02 * both.min()
    assert both[-1] < hidden[-1] < without[-1]
    assert curve("without", "train_error")[without.argmin() :].max() < 0.01
    noisy, clean = (curve("hidden and input", key) for key in ("noisy_train_loss", "train_loss"))
    assert (both[:5] < noisy[:5]).all()
    assert (clean < both).all()
    first = {key: curve("without", key)[0] for key in ("noisy_train_loss", "validation_loss")}
    assert first["validation_loss"] < 0.8 * first["noisy_train_loss"]
