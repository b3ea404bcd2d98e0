"""The runner keeps whole results or none, goes on where it was killed, and says where from."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import pytest

from dropout_lib.experiments import (
    Experiment,
    RunError,
    get,
    load,
    provenance,
    run,
    run_all,
    runner,
    status,
    store,
)
from dropout_lib.experiments import __main__ as command_line
from dropout_lib.experiments.__main__ import main
from dropout_lib.experiments.progress import Bar, Forecast


@dataclass(frozen=True)
class Settings:
    times: int = 2


def double(seed, settings):
    return {"value": settings.times * seed}


EXPERIMENT = Experiment("double", double, Settings(), {"times": 1}, seeds=3, question="Twice?")


def counting(calls, name="double"):
    """The experiment, noting every seed it is run for."""

    def run_and_count(seed, settings):
        calls.append(seed)
        return {"value": settings.times * seed}

    return replace(EXPERIMENT, run=run_and_count, name=name)


# --- what is stored ------------------------------------------------------------------------------


def test_results_are_stored_by_seed_with_their_provenance(tmp_path):
    paths = run(EXPERIMENT, folder=tmp_path, progress=False)
    assert [path.name for path in paths] == ["seed-0.json", "seed-1.json", "seed-2.json"]
    assert load("double", folder=tmp_path) == [{"value": 0}, {"value": 2}, {"value": 4}]
    origin = provenance("double", folder=tmp_path)
    assert origin["settings"] == {"times": 2}
    assert origin["device"] == "cpu"
    expected = {"seconds", "processor_seconds", "finished", "machine", "versions", "code", "run"}
    assert expected <= set(origin)


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
    experiment = replace(experiment, settings=Settings(5))
    run(experiment, seeds=1, folder=tmp_path, progress=False)
    assert load("double", folder=tmp_path) == [{"value": 0}]
    monkeypatch.setattr(store, "code_hash", lambda experiment: "changed")
    run(experiment, seeds=1, folder=tmp_path, progress=False)
    assert calls == [0, 0, 0]


def test_seeds_of_different_settings_are_not_mixed(tmp_path):
    run(EXPERIMENT, seeds=2, folder=tmp_path, progress=False)
    run(replace(EXPERIMENT, settings=Settings(5)), seeds=1, folder=tmp_path, progress=False)
    with pytest.raises(ValueError, match="different settings: run it again"):
        load("double", folder=tmp_path)


def test_seeds_are_loaded_in_numerical_order(tmp_path):
    run(EXPERIMENT, seeds=12, folder=tmp_path, progress=False)
    assert [result["value"] for result in load("double", folder=tmp_path)] == list(range(0, 24, 2))


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"settings": {}}', "\x00"])
def test_a_damaged_file_is_named_and_run_again(tmp_path, content):
    (path,) = run(EXPERIMENT, seeds=1, folder=tmp_path, progress=False)
    path.write_text(content)
    for read in (load, provenance):
        with pytest.raises(ValueError, match=r"seed-0.json is damaged.*delete it and run again"):
            read("double", folder=tmp_path)
    assert status(EXPERIMENT, folder=tmp_path).state == "stale"
    run(EXPERIMENT, seeds=1, folder=tmp_path, progress=False)
    assert load("double", folder=tmp_path) == [{"value": 0}]


@pytest.mark.parametrize("what", ["seeds", "jobs"])
def test_numbers_below_one_are_refused(tmp_path, what):
    for number in (0, -2):
        with pytest.raises(ValueError, match=f"{what} has to be at least 1, but got {number}"):
            run(EXPERIMENT, folder=tmp_path, **{what: number})


def test_missing_results_say_how_to_make_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="run double"):
        load("double", folder=tmp_path)


def test_status_tells_current_stale_and_missing_apart(tmp_path):
    def state(experiment=EXPERIMENT):
        return status(experiment, folder=tmp_path).state

    assert state() == "missing"
    run(EXPERIMENT, seeds=2, folder=tmp_path, progress=False)
    assert (state(), status(EXPERIMENT, folder=tmp_path).stored) == ("missing", 2)
    run(EXPERIMENT, folder=tmp_path, progress=False)
    assert state() == "current"
    assert state(replace(EXPERIMENT, settings=Settings(5))) == "stale"


def test_status_says_when_another_version_of_the_library_made_the_results(tmp_path):
    (path, *_) = run(EXPERIMENT, folder=tmp_path, progress=False)
    assert str(status(EXPERIMENT, folder=tmp_path)) == "current"
    content = json.loads(path.read_text("utf-8"))
    content["provenance"]["versions"]["dropout_lib"] = "0.0.7"
    path.write_text(json.dumps(content), "utf-8")
    assert str(status(EXPERIMENT, folder=tmp_path)).startswith("current, made with 0.0.7")


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_a_result_that_json_cannot_hold_is_not_stored(tmp_path, value):
    experiment = replace(EXPERIMENT, run=lambda seed, settings: {"value": value})
    with pytest.raises(RunError, match=r"(?s)double, seed 0.*JSON"):
        run(experiment, folder=tmp_path, progress=False)
    assert list(tmp_path.rglob("seed-*")) == []


# --- many seeds of many experiments --------------------------------------------------------------


def test_parallel_jobs_give_the_same_results(tmp_path):
    run(EXPERIMENT, folder=tmp_path / "one", progress=False)
    run(EXPERIMENT, folder=tmp_path / "two", jobs=2, progress=False)
    assert load("double", folder=tmp_path / "one") == load("double", folder=tmp_path / "two")


def test_seeds_of_all_experiments_are_one_pool_with_the_longest_first(tmp_path):
    calls = []
    short, long, new = (counting(calls, name) for name in ("short", "long", "new"))
    for experiment, seconds in ((short, 1), (long, 60)):
        for path in run(experiment, seeds=2, folder=tmp_path, progress=False):
            content = json.loads(path.read_text("utf-8"))
            content["provenance"]["seconds"] = seconds
            path.write_text(json.dumps(content), "utf-8")
    calls.clear()

    def named(experiment):
        return replace(experiment, run=lambda seed, _: calls.append((experiment.name, seed)) or {})

    experiments = [named(short), named(long), named(new)]
    paths = run_all(experiments, seeds=3, folder=tmp_path, again=True, progress=False)
    assert calls == [(name, seed) for name in ("new", "long", "short") for seed in range(3)]
    assert {name: len(stored) for name, stored in paths.items()} == dict.fromkeys(paths, 3)


def test_an_experiment_named_twice_runs_once(tmp_path):
    calls = []
    run_all([counting(calls)] * 2, folder=tmp_path, progress=False)
    assert calls == [0, 1, 2]


def test_an_experiment_that_fails_leaves_the_others_alone(tmp_path):
    calls = []

    def fail(seed, settings):
        calls.append(seed)
        raise ZeroDivisionError("by zero")

    failing = replace(EXPERIMENT, name="failing", run=fail)
    with pytest.raises(RunError, match=r"(?s)failing, seed 0:.*by zero.*start the same command"):
        run_all([failing, EXPERIMENT], folder=tmp_path, progress=False)
    assert calls == [0]  # the other seeds would fail alike
    assert len(load("double", folder=tmp_path)) == 3


def test_source_edited_while_seeds_run_is_not_mixed_in(tmp_path, monkeypatch):
    hashes = iter(["before", "after"])
    monkeypatch.setattr(runner, "code_hash", lambda experiment: next(hashes))
    with pytest.raises(RunError, match=r"here \(after\) is not the one that the run began with"):
        run(EXPERIMENT, seeds=1, folder=tmp_path, progress=False)


# --- stopped, killed, and started once more ------------------------------------------------------


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    (path,) = run(EXPERIMENT, seeds=1, folder=tmp_path, progress=False)
    before = path.read_bytes()
    monkeypatch.setattr(store.os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        store.write(path, "other")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["seed-0.json"]


def stopped(*_):
    raise KeyboardInterrupt


def test_a_repetition_that_was_stopped_goes_on_and_the_next_begins_from_the_start(tmp_path, capsys):
    calls = []
    first, second = counting(calls, "first"), counting(calls, "second")

    def stop(seed, settings):
        return double(seed, settings) if seed < 1 else stopped()

    def again(*experiments):
        calls.clear()
        run_all(experiments, folder=tmp_path, again=True)
        return calls

    run_all([first, second], folder=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        again(first, replace(second, run=stop))
    assert calls == [0, 1, 2]
    assert str(status(second, folder=tmp_path)) == "current, 1 run again"
    assert again(first, second) == [1, 2]
    assert "4 of 6 seeds are done (to begin from the first, delete" in capsys.readouterr().err
    assert str(status(second, folder=tmp_path)) == "current"
    assert again(first, second) == [0, 1, 2] * 2


def test_a_run_beside_this_one_divides_the_work(tmp_path):
    calls = []

    def run_the_others(seed, settings):
        if not calls:
            run(counting(calls), folder=tmp_path, progress=False)
        calls.append(seed)
        return double(seed, settings)

    run(replace(EXPERIMENT, run=run_the_others), folder=tmp_path, progress=False)
    assert calls == [0, 1, 2, 0]  # seeds 1 and 2 were there when their turn came
    assert len(load("double", folder=tmp_path)) == 3


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL")

# Runs to kill, forked from one process that has imported everything, so that many can be killed.
RUNS = """
import os, sys, time
from dataclasses import dataclass
import joblib, torch, tqdm
from dropout_lib.experiments import Experiment, run, store

folder, again, slowly = sys.argv[1], sys.argv[2] == "again", sys.argv[3] == "slowly"

@dataclass(frozen=True)
class Settings:
    pass

def noting(seed, settings):
    with open(f"{folder}/begun", "a") as file:
        file.write(f"{seed}\\n")
    return {"value": seed, "long": list(range(300))}

class Slow:
    def __init__(self, *arguments, **options):
        self.file = open(*arguments, **options)
        self.flush, self.fileno = self.file.flush, self.file.fileno

    def write(self, text):
        for start in range(0, len(text), 500):
            self.file.write(text[start : start + 500])
            self.file.flush()
            time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

if slowly:
    store.open = Slow
experiment = Experiment("noting", noting, Settings(), {}, 20, "?")
for number in sys.stdin:
    children = []
    for _ in range(int(number)):
        child = os.fork()
        if not child:
            run(experiment, folder=folder, again=again, progress=False)
            os._exit(0)
        children.append(child)
    print(*children, flush=True)
    print(*(os.waitpid(child, 0)[1] for child in children), flush=True)
"""


def script_beside_a_quick_torch(folder, text):
    """A script; what it runs needs no PyTorch, whose import would take longer than all the rest."""
    (folder / "torch.py").write_text(
        "def set_num_threads(number):\n    pass\n\n\n"
        "def set_flush_denormal(mode):\n    return False\n"
    )
    script = folder / "script.py"
    script.write_text(text)
    return script


@pytest.fixture
def start_runs(tmp_path):
    """A function that starts runs and gives their processes, and one that waits for their end."""
    servers = []
    script = script_beside_a_quick_torch(tmp_path, RUNS)

    def server(*options):
        command = [sys.executable, script, tmp_path, *options]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        servers.append(subprocess.Popen(command, **pipes))

        def numbers():
            return [int(word) for word in servers[-1].stdout.readline().split()]

        def start(number):
            print(number, file=servers[-1].stdin, flush=True)
            return numbers()

        return start, numbers

    yield server
    for process in servers:
        process.communicate()


def killed(process, wait):
    """Kill the run; whether that came before its end."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return wait() != [0]


@POSIX
@pytest.mark.parametrize("again", ["again", "missing"])
def test_killed_at_any_moment_a_run_loses_at_most_the_seed_in_flight(tmp_path, start_runs, again):
    if again == "again":  # a complete first run, to be repeated
        start, wait = start_runs("missing", "quickly")
        start(1)
        assert wait() == [0]
        (tmp_path / "begun").unlink()
    start, wait = start_runs(again, "slowly")
    moments = random.Random(0)
    kills, half_written, done = 0, 0, set()
    while len(done) < 20:
        (process,) = start(1)
        time.sleep(moments.uniform(0, 0.015 * (5 + kills)))
        kills += killed(process, wait)
        half_written += bool(list(tmp_path.rglob("*.unfinished")))
        stored = [json.loads(path.read_text()) for path in tmp_path.rglob("seed-*.json")]
        repetition = store.repetition_of("noting", tmp_path)
        if again == "again" and repetition is None:  # not begun yet, or complete
            assert done == set() or len(begun(tmp_path)) >= 20
            if done:
                break
            continue
        now = {s["seed"] for s in stored if repetition in (None, s["provenance"]["run"])}
        assert done <= now
        done = now
    runs = begun(tmp_path)
    assert kills >= 5
    assert half_written >= 1
    assert set(runs) == set(range(20))
    assert len(runs) <= 20 + kills
    assert sorted(runs) == runs  # a seed that is stored is never begun again
    start(1)
    assert wait() == [0]
    assert [result["value"] for result in load("noting", folder=tmp_path)] == list(range(20))
    assert {file.name for file in (tmp_path / "noting").iterdir()} == {
        f"seed-{seed}.json" for seed in range(20)
    }


def begun(folder):
    return [int(seed) for seed in (folder / "begun").read_text().split()]


@POSIX
@pytest.mark.parametrize("again", ["again", "missing"])
def test_runs_beside_each_other_damage_nothing(tmp_path, start_runs, again):
    start, wait = start_runs(again, "slowly")
    start(3)
    for _ in range(100):
        for path in tmp_path.rglob("seed-*.json"):
            assert json.loads(path.read_text())["result"]["value"] == int(path.stem[5:])
        time.sleep(0.01)
    assert wait() == [0, 0, 0]
    assert [result["value"] for result in load("noting", folder=tmp_path)] == list(range(20))
    assert len(list((tmp_path / "noting").iterdir())) == 20


@POSIX
def test_leftovers_go_when_their_process_is_gone(tmp_path):
    living = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (tmp_path / "double").mkdir()
    name = f"{living.pid}.{store.platform.node()}.unfinished"
    mine = tmp_path / "double" / f"seed-0.json.{name}"
    foreign = tmp_path / "double" / f"seed-1.json.{living.pid}.elsewhere.unfinished"
    forgotten = tmp_path / "double" / f"seed-2.json.{name}"
    for file in (mine, foreign, forgotten):
        file.touch()
    os.utime(forgotten, (0, 0))
    store.remove_leftovers(tmp_path, "double")
    assert set((tmp_path / "double").iterdir()) == {mine, foreign}
    living.kill()
    living.wait()
    run(EXPERIMENT, folder=tmp_path, progress=False)
    assert not mine.exists()
    assert foreign.exists()


PARALLEL = """
import os, sys, time
from dataclasses import dataclass
from dropout_lib.experiments import Experiment, run, store

@dataclass(frozen=True)
class Settings:
    pass

def slow(seed, settings):
    os.write(1, f"{seed} {os.getpid()}\\n".encode())  # a line at once: two workers share the pipe
    time.sleep(0.2)
    return {"value": seed}

quickly = os.fsync
def slowly(file):
    time.sleep(0.05)
    quickly(file)
store.os.fsync = slowly

run(Experiment("slow", slow, Settings(), {}, 10, "?"), folder=sys.argv[1], jobs=2, progress=False)
"""


def start_in_parallel(folder):
    script = script_beside_a_quick_torch(folder, PARALLEL)
    return subprocess.Popen(
        [sys.executable, script, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def is_alive(pid):
    """Whether that process exists and is no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True).stdout
    return bool(state.strip()) and "Z" not in state


@POSIX
def test_killed_with_several_jobs_a_run_goes_on_and_leaves_no_worker_behind(tmp_path):
    runs, before, moments = [], set(), random.Random(1)
    for _ in range(3):
        program = start_in_parallel(tmp_path)
        first = program.stdout.readline()
        time.sleep(moments.uniform(0.1, 0.5))
        program.kill()
        lines = [line.split() for line in [first, *program.stdout]]
        program.communicate()
        assert not before & {seed for seed, _ in lines}  # what is stored is not run again
        runs += lines
        before = {path.stem[5:] for path in tmp_path.glob("slow/seed-*.json")}
        workers = {worker for _, worker in lines}
        until = time.monotonic() + 10
        while any(map(is_alive, workers)) and time.monotonic() < until:
            time.sleep(0.1)
        assert not any(map(is_alive, workers))
    assert 0 < len(before) < 10
    lines = start_in_parallel(tmp_path).communicate()[0].splitlines()
    assert len(lines) == 10 - len(before)
    assert len(runs) <= len(before) + 3 * 4  # two in flight, two that were not written yet
    assert [result["value"] for result in load("slow", folder=tmp_path)] == list(range(10))
    assert len(list((tmp_path / "slow").iterdir())) == 10


@POSIX
def test_a_killed_worker_ends_the_run_with_what_to_do(tmp_path):
    program = start_in_parallel(tmp_path)
    for line in program.stdout:
        seed, worker = line.split()
        if int(seed) >= 5:
            os.kill(int(worker), signal.SIGKILL)
            break
    error = program.communicate()[1]
    assert program.returncode == 1
    assert "a worker process died" in error
    assert "start the same command once more" in error
    stored = len(list(tmp_path.glob("slow/seed-*.json")))
    assert 2 <= stored < 10
    program = start_in_parallel(tmp_path)
    lines = program.communicate()[0].splitlines()
    assert program.returncode == 0
    assert len(lines) == 10 - stored


# --- how far it is -------------------------------------------------------------------------------


def test_the_forecast_weighs_experiments_by_what_they_took_before():
    forecast = Forecast({"long": 10, "short": 10}, {"long": 100, "short": 1}, jobs=2)
    assert forecast.seconds() == 505
    for _ in range(10):
        forecast.finished("long", 100)
    assert forecast.seconds() == 505  # half of the seeds, but nearly all of the time


def test_the_forecast_learns_from_what_seeds_take_now():
    forecast = Forecast({"new": 4, "known": 4}, {"new": None, "known": 10}, jobs=1)
    assert forecast.seconds() == 80  # what was never run is taken to be average
    forecast.finished("new", 1)
    assert forecast.seconds() == 44
    forecast.finished("known", 30)  # a slower machine, or a busy one
    assert forecast.seconds() == 124
    forecast.skipped("known")
    assert forecast.seconds() == 94


def test_without_earlier_runs_nothing_is_forecast_before_a_seed_is_finished():
    forecast = Forecast({"new": 2}, {"new": None}, jobs=1)
    assert forecast.seconds() is None
    forecast.finished("new", 3)
    assert forecast.seconds() == 6


def test_one_bar_counts_all_seeds_and_says_what_is_left(capsys):
    with Bar(Forecast({"long": 1, "short": 1}, {"long": 90, "short": 10}, jobs=1)) as bar:
        bar.start -= 90
        bar.finished("long", 90)
        bar.start -= 20
        bar.draw()
        bar.finished("short", 30)
    drawn = capsys.readouterr().err
    for line in ("0/2 seeds   0%", "about 01:40 left", "1/2 seeds  90%", "about 00:10 left"):
        assert line in drawn
    assert "time left unknown" in drawn  # when the forecast is used up, it makes nothing up
    assert "2/2 seeds 100%" in drawn
    assert "done" in drawn


# --- devices -------------------------------------------------------------------------------------


def with_device(seed, settings, device="cpu"):
    return {"device": device}


def test_the_device_goes_to_experiments_that_take_one_and_into_provenance(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(runner, "check_device", lambda device: None)
    takes = replace(EXPERIMENT, name="takes", run=with_device)
    run_all([takes, EXPERIMENT], folder=tmp_path, device="mps")
    assert load("takes", folder=tmp_path)[0] == {"device": "mps"}
    assert provenance("takes", folder=tmp_path)["device"] == "mps"
    assert provenance("double", folder=tmp_path)["device"] == "cpu"
    assert "double runs on the CPU: it takes no device" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_a_device_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path, capsys, device):
    options = ["--device", device, "--folder", str(tmp_path)]
    assert main(["run", "from_scratch_digits", *options]) == 1
    error = capsys.readouterr().err
    assert f"cannot use the device {device!r} here" in error
    assert "say --device cpu" in error
    assert not list(tmp_path.iterdir())


# --- the command line ----------------------------------------------------------------------------


def test_list_shows_each_experiment_with_its_state(capsys, tmp_path):
    assert main(["list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == list(command_line.MODULES)
    assert "10/10" in lines["deleted_units"]
    assert re.search(r"10/10   \d:\d\d:\d\d  current", lines["deleted_units"])
    assert lines["deleted_units"].endswith("the loss of hidden units better?")
    assert main(["list", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    downloading = [name for name in lines if get(name).downloads]
    assert out.count("missing") == len(lines) - len(downloading)
    for name in downloading:
        assert re.search(rf"{name} +0/\d.* not run \(it downloads {get(name).downloads}\)", out)


def test_what_has_to_be_downloaded_is_run_only_when_it_is_named(monkeypatch):
    chosen = []

    def run_all(experiments, **options):
        chosen.append([e.name for e in experiments])

    monkeypatch.setattr(command_line, "run_all", run_all)
    main(["run", "--all"])
    main(["run", "example_3_cifar10", "--device", "cuda"])
    main(["run", "--all", "example_3_cifar10", "--quick"])
    everything = list(command_line.MODULES)
    assert chosen[0] == [name for name in everything if name != "example_3_cifar10"]
    assert chosen[1:] == [["example_3_cifar10"], everything]


def test_report_shows_experiments_and_claims(capsys):
    pytest.importorskip("dropout_lib.claims")
    assert main(["report"]) == 0
    experiments, claims = capsys.readouterr().out.split("\n\n", 1)
    assert len(experiments.splitlines()) == len(command_line.MODULES)
    assert claims.strip()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["no_such_thing"], "no experiment is named 'no_such_thing'"),
        ([], "name an experiment, or say --all"),
        (["--all", "--seeds", "0"], "a whole number of at least 1, but got 0"),
        (["--all", "--jobs", "two"], "a whole number of at least 1, but got two"),
        (["--all", "--backend", "dask"], "both --backend dask and --scheduler ADDRESS"),
        (["--all", "--scheduler", "tcp://x:1"], "both --backend dask and --scheduler ADDRESS"),
    ],
)
def test_the_command_line_refuses_what_it_cannot_do(capsys, arguments, error):
    with pytest.raises(SystemExit):
        main(["run", *arguments])
    assert error in capsys.readouterr().err


def test_a_quick_run_stores_nothing_and_runs_in_parallel(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command_line, "get", lambda name: EXPERIMENT)
    arguments = ["run", "double", "--quick", "--jobs", "2", "--folder", str(tmp_path)]
    assert main(arguments) == 0
    assert "2/2 seeds 100%" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_with_nothing_to_do_says_so(tmp_path, capsys):
    run(EXPERIMENT, folder=tmp_path)
    run(EXPERIMENT, folder=tmp_path)
    assert "all 3 seeds are stored; --again runs them again" in capsys.readouterr().err


def test_help_says_how_to_go_on_after_a_kill(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert "To begin from the first seed, delete that file." in capsys.readouterr().out


# --- a cluster; last, since its threads would not survive a fork ---------------------------------


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster


def test_a_cluster_of_two_workers_gives_the_results_of_this_machine(cluster, tmp_path, capsys):
    quick = get("deleted_units").quickly()
    run(quick, folder=tmp_path / "here", progress=False)
    run(quick, folder=tmp_path / "there", scheduler=cluster.scheduler_address)
    assert load(quick.name, folder=tmp_path / "there") == load(quick.name, folder=tmp_path / "here")
    assert "2/2 seeds 100%" in capsys.readouterr().err


def test_the_command_line_reaches_the_cluster(cluster, capsys):
    options = ["--backend", "dask", "--scheduler", cluster.scheduler_address]
    assert main(["run", "from_scratch_digits", "--quick", *options]) == 0
    assert "2/2 seeds 100%" in capsys.readouterr().err


def test_an_error_on_a_worker_comes_back(cluster, tmp_path):
    quick = get("deleted_units").quickly()
    wrong = replace(quick, settings=replace(quick.settings, train=-1))
    with pytest.raises(RunError, match="deleted_units, seed"):
        run(wrong, folder=tmp_path, scheduler=cluster.scheduler_address, progress=False)


def test_a_cluster_that_is_lost_ends_the_run_with_what_to_do(cluster):
    from distributed import CancelledError

    with (
        pytest.raises(RunError, match=r"was lost.*start the same command once more"),
        runner._client(cluster.scheduler_address),
    ):
        raise CancelledError("scheduler-connection-lost")


def test_workers_with_threads_are_refused(tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, **options) as threads:
        address = threads.scheduler_address
        with pytest.raises(RunError, match="--nthreads 1"):
            run(EXPERIMENT, folder=tmp_path, scheduler=address, progress=False)


def test_a_cluster_that_is_not_there_is_an_error_that_says_what_to_do(monkeypatch):
    with (
        pytest.raises(RunError, match="no Dask scheduler answers at 'tcp://127"),
        runner._client("tcp://127.0.0.1:9", patience=0.5),
    ):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(RunError, match=r"pip install 'dropout_lib\[cluster\]'"),
        runner._client("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_cluster_without_workers_says_how_to_start_some():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(RunError, match="has no workers: start some with `dask worker"),
        runner._client(empty.scheduler_address, patience=0.5),
    ):
        pass
