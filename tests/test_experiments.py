"""The runner keeps whole results or none, goes on where it was killed, and says where from."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from dropout_lib.experiments import MODULES, Experiment, get, load, provenance, run
from dropout_lib.experiments.__main__ import main
from dropout_lib.experiments.runner import RESULTS
from dropout_lib.experiments.statistics import paired_difference


@dataclass(frozen=True)
class Settings:
    times: int = 2


def double(seed, settings):
    return {"value": settings.times * seed}


EXPERIMENT = Experiment("double", double, Settings(), {"times": 1}, seeds=3, question="Twice?")


def test_results_are_stored_by_seed_with_their_provenance(tmp_path):
    paths = run(EXPERIMENT, folder=tmp_path, progress=False)
    assert [path.name for path in paths] == ["seed-0.json", "seed-1.json", "seed-2.json"]
    assert load("double", folder=tmp_path) == [{"value": 0}, {"value": 2}, {"value": 4}]
    origin = provenance("double", folder=tmp_path)
    assert origin["settings"] == {"times": 2}
    assert {"seconds", "finished", "machine", "versions", "code"} <= set(origin)


def test_a_second_run_does_nothing_and_other_settings_run_again(tmp_path):
    paths = run(EXPERIMENT, folder=tmp_path, progress=False)
    before = [path.read_bytes() for path in paths]
    run(EXPERIMENT, folder=tmp_path, progress=False)
    assert [path.read_bytes() for path in paths] == before
    run(replace(EXPERIMENT, settings=Settings(5)), folder=tmp_path, progress=False)
    assert load("double", folder=tmp_path)[1] == {"value": 5}


def test_parallel_jobs_give_the_same_results(tmp_path):
    run(EXPERIMENT, folder=tmp_path / "one", progress=False)
    run(EXPERIMENT, folder=tmp_path / "two", jobs=2, progress=False)
    assert load("double", folder=tmp_path / "one") == load("double", folder=tmp_path / "two")


def test_a_seed_that_fails_leaves_nothing_half_written(tmp_path):
    def fails(seed, settings):
        if seed == 1:
            raise ZeroDivisionError
        return {"value": object()} if seed == 2 else {"value": seed}

    for seeds, error in ((2, ZeroDivisionError), (3, ZeroDivisionError)):
        with pytest.raises(error):
            run(replace(EXPERIMENT, run=fails), seeds=seeds, folder=tmp_path, progress=False)
    assert [path.name for path in (tmp_path / "double").iterdir()] == ["seed-0.json"]


def test_a_killed_run_goes_on_with_the_missing_seeds(tmp_path):
    command = [sys.executable, "-m", "dropout_lib.experiments", "run", "from_scratch_digits"]
    program = subprocess.Popen([*command, "--folder", str(tmp_path)], stderr=subprocess.DEVNULL)
    time.sleep(2.5)
    program.send_signal(signal.SIGKILL)
    program.wait()
    stored = list(tmp_path.glob("*/seed-*.json"))
    assert all(json.loads(path.read_text())["result"] for path in stored)

    quick = get("from_scratch_digits").quickly()
    run(quick, folder=tmp_path, progress=False)
    assert len(load("from_scratch_digits", folder=tmp_path)) >= quick.seeds


@pytest.mark.parametrize("name", MODULES)
def test_stored_results_are_complete_and_of_the_present_settings(name):
    experiment = get(name)
    assert len(load(name)) == experiment.seeds >= 10
    for seed in range(experiment.seeds):
        stored = json.loads((RESULTS / name / f"seed-{seed}.json").read_text("utf-8"))
        assert stored["settings"] == json.loads(json.dumps(vars(experiment.settings)))


@pytest.mark.parametrize("name", MODULES)
def test_quick_run_has_the_same_form_as_the_stored_results(name, tmp_path):
    experiment = get(name).quickly()
    run(experiment, folder=tmp_path, progress=False)

    def form(result):
        return {k: form(v) if isinstance(v, dict) else type(v) for k, v in result.items()}

    assert form(load(name, folder=tmp_path)[0]) == form(load(name)[0])


def test_command_line_lists_and_refuses_unknown_names(capsys):
    assert main(["list"]) == 0
    assert all(name in capsys.readouterr().out for name in MODULES[:1])
    with pytest.raises(SystemExit):
        main(["run", "no_such_thing"])
    assert "no experiment is named 'no_such_thing'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["run"])


def test_missing_results_say_how_to_make_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="run double"):
        load("double", folder=tmp_path)


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
    ahead = gains("deleted_units", ("without", "with"), lambda arm: arm["error"][fraction])
    if fraction <= 7:
        assert ahead.low > 0
    else:  # eight or nine of ten are gone, and nothing is left of the lead
        assert ahead.low < 0 < ahead.high


def test_digits_from_scratch_say_what_chapter_2_says():
    def gain(arm, value):
        return gains("from_scratch_digits", ("without", arm), value)

    hidden = gain("hidden", lambda arm: arm["test_error"])
    both = gain("hidden and input", lambda arm: arm["test_error"])
    assert hidden.low < 0 < hidden.high
    assert both.low > 0
    assert gain("hidden and input", lambda arm: arm["test_loss"]).low > 0
    for rate in (0, 1):  # at the lower rates the gains look larger, and certain
        untuned = gain("hidden", lambda arm, rate=rate: arm["test_error_by_rate"][rate])
        assert untuned.low > 0
        untuned = gain("hidden and input", lambda arm, rate=rate: arm["test_error_by_rate"][rate])
        assert untuned.mean > 1.9 * both.mean
    for arm in ("hidden", "hidden and input"):  # and at the rate that suits the other side, gone
        at_high_rate = gain(arm, lambda arm: arm["test_error_by_rate"][2])
        assert at_high_rate.low < 0 < at_high_rate.high


def test_loss_curves_say_what_their_figures_say():
    def curve(arm, key):
        return np.mean([result[arm][key] for result in load("from_scratch_digits")], axis=0)

    without = curve("without", "validation_loss")
    both = curve("hidden and input", "validation_loss")
    assert without.argmin() < 20
    assert without[-1] > without.min()
    assert both[-1] < 1.01 * both.min()
    assert both[-1] < curve("hidden", "validation_loss")[-1] < without[-1]
    noisy, clean = (curve("hidden and input", key) for key in ("noisy_train_loss", "train_loss"))
    assert (both[:5] < noisy[:5]).all()
    assert (clean < both).all()
