"""The runner keeps whole results or none, goes on where it was killed, and says where from."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from dropout_lib.experiments import MODULES, Experiment, get, load, provenance, run, runner
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


def counting(calls):
    """The experiment, noting every seed it is run for."""

    def run_and_count(seed, settings):
        calls.append(seed)
        return {"value": settings.times * seed}

    return replace(EXPERIMENT, run=run_and_count)


def test_only_missing_seeds_are_run(tmp_path):
    calls = []
    run(counting(calls), seeds=2, folder=tmp_path, progress=False)
    run(counting(calls), seeds=4, folder=tmp_path, progress=False)
    assert calls == [0, 1, 2, 3]
    run(counting(calls), seeds=2, folder=tmp_path, again=True, progress=False)
    assert calls[4:] == [0, 1]


def test_other_settings_or_other_code_run_again(tmp_path, monkeypatch):
    calls = []
    experiment = counting(calls)
    run(experiment, seeds=1, folder=tmp_path, progress=False)
    run(replace(experiment, settings=Settings(5)), seeds=1, folder=tmp_path, progress=False)
    assert load("double", folder=tmp_path) == [{"value": 0}]
    monkeypatch.setattr(runner, "code_hash", lambda experiment: "changed")
    run(replace(experiment, settings=Settings(5)), seeds=1, folder=tmp_path, progress=False)
    assert calls == [0, 0, 0]


def test_seeds_of_different_settings_are_not_mixed(tmp_path):
    run(EXPERIMENT, seeds=2, folder=tmp_path, progress=False)
    run(replace(EXPERIMENT, settings=Settings(5)), seeds=1, folder=tmp_path, progress=False)
    with pytest.raises(ValueError, match="different settings: run it again"):
        load("double", folder=tmp_path)


def test_seeds_are_loaded_in_numerical_order(tmp_path):
    run(EXPERIMENT, seeds=12, folder=tmp_path, progress=False)
    assert [result["value"] for result in load("double", folder=tmp_path)] == list(range(0, 24, 2))


@pytest.mark.parametrize("content", ["", "{", "{}", '{"settings": {}}'])
def test_a_damaged_file_is_named(tmp_path, content):
    (path,) = run(EXPERIMENT, seeds=1, folder=tmp_path, progress=False)
    path.write_text(content)
    for read in (load, provenance):
        with pytest.raises(ValueError, match=r"seed-0.json is damaged.*delete it and run again"):
            read("double", folder=tmp_path)


def test_a_number_of_seeds_below_one_is_refused(tmp_path):
    for seeds in (0, -2):
        with pytest.raises(ValueError, match="at least 1"):
            run(EXPERIMENT, seeds=seeds, folder=tmp_path)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    (path,) = run(EXPERIMENT, seeds=1, folder=tmp_path, progress=False)
    before = path.read_bytes()

    def half(self, text, encoding):
        with open(self, "w", encoding=encoding) as file:
            file.write(text[: len(text) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(KeyboardInterrupt):
        run(EXPERIMENT, seeds=1, folder=tmp_path, again=True, progress=False)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["seed-0.json"]


def test_parallel_jobs_give_the_same_results(tmp_path):
    run(EXPERIMENT, folder=tmp_path / "one", progress=False)
    run(EXPERIMENT, folder=tmp_path / "two", jobs=2, progress=False)
    assert load("double", folder=tmp_path / "one") == load("double", folder=tmp_path / "two")


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_a_result_that_json_cannot_hold_is_not_stored(tmp_path, value):
    experiment = replace(EXPERIMENT, run=lambda seed, settings: {"value": value})
    with pytest.raises((TypeError, ValueError)):
        run(experiment, folder=tmp_path, progress=False)
    assert list((tmp_path / "double").iterdir()) == []


KILLED = """
import sys, time
from dataclasses import dataclass
from dropout_lib.experiments import Experiment, run

@dataclass(frozen=True)
class Settings:
    pass

def slow(seed, settings):
    print(seed, flush=True)
    time.sleep(0.3)
    return {"value": seed}

run(Experiment("slow", slow, Settings(), {}, 6, "?"), folder=sys.argv[1], progress=False)
"""


def test_a_killed_run_loses_at_most_the_seed_in_flight(tmp_path):
    script = tmp_path / "slow.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(tmp_path)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in program.stdout:
        if line.strip() == "3":
            program.send_signal(signal.SIGKILL)
            break
    program.wait()
    stored = sorted(path.name for path in tmp_path.glob("slow/seed-*.json"))
    assert stored == ["seed-0.json", "seed-1.json", "seed-2.json"]

    second = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert second.stdout.split() == ["3", "4", "5"]
    assert [result["value"] for result in load("slow", folder=tmp_path)] == list(range(6))


@pytest.mark.parametrize("name", MODULES)
def test_stored_results_are_complete_and_of_the_present_settings(name):
    experiment = get(name)
    assert len(load(name)) == experiment.seeds >= 10
    for seed in range(experiment.seeds):
        stored = json.loads((RESULTS / name / f"seed-{seed}.json").read_text("utf-8"))
        assert stored["settings"] == json.loads(json.dumps(vars(experiment.settings)))
        assert stored["provenance"]["code"] == runner.code_hash(experiment)


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
    def ahead(survivors):
        arms = ("without", "with")
        return gains("deleted_units", arms, lambda arm: arm[survivors]["error"][fraction])

    assert ahead("rescaled").low > 0
    if fraction <= 7:
        assert ahead("plain").low > 0
    else:  # eight or nine of ten are gone, and the lead with them
        assert ahead("plain").low < 0 < ahead("plain").high
    if fraction == 0:
        assert ahead("plain").mean < 2
        pairs = load("deleted_units")
        ranks = [p["without"]["plain"]["error"][0] - p["with"]["plain"]["error"][0] for p in pairs]
        assert sum(rank > 0 for rank in ranks) > len(ranks) / 2
        assert any(rank < 0 for rank in ranks)
    if fraction == 9:  # most digits are read wrongly even then
        for arm in ("without", "with"):
            errors = [pair[arm]["rescaled"]["error"][9] for pair in load("deleted_units")]
            assert np.mean(errors) > 0.5


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
