"""How fast the library is: ``pytest tests/bench/bench_speed.py``.

A target bounds a time by another one of the same run, so that it holds on any machine, or by
seconds. To add one: a row in ``TIMED`` for each new thing to time, a row in ``TARGETS``.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch

from dropout_lib import pytorch, scratch
from dropout_lib.training import fit, fit_many
from tests.explorer_support import MAKE_EXPLORERS, live_widgets
from tools import notebooks

ROOT = Path(__file__).parents[2]
P = 0.3


@dataclass(frozen=True)
class Timed:
    """Something to time: ``setup()`` is called once and returns the function to be timed."""

    setup: Callable[[], Callable[[], object]]
    rounds: int = 300  # the shortest of many is the time without interruptions
    statistic: str = "min"


@dataclass(frozen=True)
class Target:
    """``name`` takes at most ``at_most`` of the time of ``reference``, or seconds without one."""

    name: str
    reference: str | None
    at_most: float


def million():
    return np.random.default_rng(0).standard_normal((1000, 1000), dtype=np.float32)


def scratch_forward():
    x, layer = million(), scratch.Dropout(P)
    return lambda: layer.forward(x)


def scratch_backward():
    x, layer = million(), scratch.Dropout(P)
    layer.forward(x)
    return lambda: layer.backward(x)


def torch_forward():
    x = torch.from_numpy(million())
    return lambda: torch.nn.functional.dropout(x, P)


def naive_forward():
    x, keep = million(), 1 - P
    return lambda: (np.random.rand(*x.shape) < keep) * x / keep  # noqa: NPY002


def maps():
    return np.random.default_rng(0).standard_normal((64, 64, 32, 32), dtype=np.float32)


def scratch_maps():
    x, layer = maps(), scratch.Dropout2d(P)
    return lambda: layer.forward(x)


def bare_multiply():
    x, scale = maps(), np.float32(1 / (1 - P))
    return lambda: x * scale


def module(name, room):
    """A module in training mode, on a million units or on feature maps."""

    def setup():
        layer = getattr(room, name)(P)
        x = torch.from_numpy(million() if name == "Dropout" else maps())
        if name == "Dropout1d":
            x = x.flatten(2)
        if name == "Dropout3d":
            x = x.unflatten(3, (4, 8))
        return lambda: layer(x)

    return setup


def pooled_blocks():
    """DropBlock as it is usually written, with a max-pooling over numbers."""
    x, block_size = torch.from_numpy(maps()), 3
    rate = pytorch.dropblock.seed_rate(P, block_size)

    def run():
        seeds = torch.empty(64, 64, 34, 34).bernoulli_(rate)
        return x * (1 - torch.nn.functional.max_pool2d(seeds, block_size, 1)) / (1 - P)

    return run


def sequence():
    return torch.randn(50, 32, 128, generator=torch.Generator().manual_seed(0))  # (T, N, I)


def variational_lstm():
    x, lstm = sequence(), pytorch.VariationalLSTM(128, 256, input_p=P, recurrent_p=P, output_p=P)
    return lambda: lstm(x)


def loop_over_lstm_cell():
    x, cell = sequence(), torch.nn.LSTMCell(128, 256)

    def run():
        h = c = torch.zeros(32, 256)
        outputs = []
        for step in x:
            h, c = cell(step, (h, c))
            outputs.append(h)
        return torch.stack(outputs)

    return run


def on_two_cores(train):
    """Train ten networks 64-128-128-10 for some epochs on 1,000 cases, with two threads."""

    def setup():
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(1000, 64, generator=generator)
        labels = torch.randint(10, (1000,), generator=generator)

        def run():
            torch.set_num_threads(2)
            models = [pytorch.MLPWithDropout(64, [128, 128], 10, [0.5, 0.5]) for _ in range(10)]
            train(models, x, labels)
            torch.set_num_threads(1)

        return run

    return setup


def one_by_one(models, x, labels):
    for seed, model in enumerate(models):
        fit(model, x, labels, epochs=4, learning_rate=0.1, seed=seed)


def together(models, x, labels):
    fit_many(models, x, labels, epochs=4, learning_rate=0.1, seeds=range(len(models)))


def two_hidden_layers(hidden):
    """The network of the source document's example 5, with torch.nn's dropout."""
    return torch.nn.Sequential(
        *(torch.nn.Linear(10, hidden), torch.nn.ReLU(), torch.nn.Dropout(0.5)),
        *(torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Dropout(0.5)),
        torch.nn.Linear(hidden, 1),
    )


def loop_of_passes(hidden, cases):
    """Its prediction: one pass after the other in training mode."""

    def setup():
        model, x = two_hidden_layers(hidden).train(), torch.randn(cases, 10)

        def run():
            with torch.no_grad():
                predictions = torch.stack([model(x) for _ in range(100)])
            return predictions.mean(dim=0), predictions.std(dim=0)

        return run

    return setup


def monte_carlo(hidden, cases):
    def setup():
        model, x = two_hidden_layers(hidden), torch.randn(cases, 10)
        return lambda: pytorch.mc_predict(model, x, 100)

    return setup


def fresh_python(code):
    return lambda: lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def execute_chapter(path):
    def setup():
        copy = Path(tempfile.mkdtemp()) / path.name
        shutil.copy(path, copy)
        return lambda: notebooks.execute(copy)

    return setup


def redraw(make_explorer):
    """Move a live explorer's slider by one."""

    def setup():
        controls, _ = live_widgets(make_explorer().live())
        positions = cycle(range(len(controls[0].options)))
        return lambda: setattr(controls[0], "index", next(positions))

    return setup


CHAPTERS = {f"execute {path.stem}": path for path in notebooks.chapter_paths()}
SLIDERS = {f"move a slider of {make.__name__}": make for make in MAKE_EXPLORERS}

MODULES = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d")

MC = {"1 case, 128 units": (128, 1), "128 cases, 512 units": (512, 128)}

TIMED = {
    "torch.nn.functional.dropout, one thread": Timed(torch_forward),
    "(np.random.rand(*x.shape) < keep) * x / keep": Timed(naive_forward),
    "scratch.Dropout forward": Timed(scratch_forward),
    "scratch.Dropout backward": Timed(scratch_backward),
    "scratch.Dropout2d on (64, 64, 32, 32)": Timed(scratch_maps),
    "multiply (64, 64, 32, 32) by a number": Timed(bare_multiply),
    **{f"pytorch.{name}": Timed(module(name, pytorch)) for name in MODULES},
    **{f"torch.nn.{name}": Timed(module(name, torch.nn)) for name in MODULES},
    "pytorch.DropBlock2d": Timed(module("DropBlock2d", pytorch), 60),
    "DropBlock by max-pooling": Timed(pooled_blocks, 60),
    "pytorch.VariationalLSTM on (50, 32, 128), 256 units": Timed(variational_lstm, 60),
    "a loop over torch.nn.LSTMCell": Timed(loop_over_lstm_cell, 60),
    "ten networks one by one": Timed(on_two_cores(one_by_one), 10),
    "ten networks together": Timed(on_two_cores(together), 30),
    **{f"a loop of 100 passes, {size}": Timed(loop_of_passes(*n), 20) for size, n in MC.items()},
    **{f"mc_predict, {size}": Timed(monte_carlo(*n), 20) for size, n in MC.items()},
    "import numpy": Timed(fresh_python("import numpy"), rounds=20),
    "import dropout_lib.scratch": Timed(fresh_python("import dropout_lib.scratch"), rounds=20),
    "make book": Timed(lambda: lambda: subprocess.run(["make", "book"], cwd=ROOT, check=True), 1),
    **{name: Timed(redraw(make), 60, "median") for name, make in SLIDERS.items()},
    **{name: Timed(execute_chapter(path), 1) for name, path in CHAPTERS.items()},
}

TARGETS = [
    Target("scratch.Dropout forward", "torch.nn.functional.dropout, one thread", 0.15),
    Target("scratch.Dropout forward", "(np.random.rand(*x.shape) < keep) * x / keep", 0.3),
    Target("scratch.Dropout backward", "torch.nn.functional.dropout, one thread", 0.05),
    Target("scratch.Dropout2d on (64, 64, 32, 32)", "torch.nn.Dropout2d", 1.1),
    Target(
        "scratch.Dropout2d on (64, 64, 32, 32)", "multiply (64, 64, 32, 32) by a number", np.inf
    ),  # no target: how far it is from one pass over memory
    *(Target(f"pytorch.{name}", f"torch.nn.{name}", 1.1) for name in MODULES),
    Target("pytorch.DropBlock2d", "DropBlock by max-pooling", 0.5),
    Target(
        "pytorch.VariationalLSTM on (50, 32, 128), 256 units", "a loop over torch.nn.LSTMCell", 1.5
    ),
    Target("ten networks together", "ten networks one by one", 0.25),
    *(
        Target(f"mc_predict, {size}", f"a loop of 100 passes, {size}", at_most)
        for size, at_most in zip(MC, (0.2, 0.7), strict=True)
    ),
    Target("import dropout_lib.scratch", "import numpy", 3),
    Target("make book", None, 60),
    *(Target(name, None, 0.1) for name in SLIDERS),
    *(Target(name, None, 60) for name in CHAPTERS),
]

seconds = {}  # name -> the time of this run


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", TIMED)
def test_time(name, benchmark):
    timed = TIMED[name]
    warmup = 0 if timed.rounds == 1 else 1
    benchmark.pedantic(timed.setup(), rounds=timed.rounds, warmup_rounds=warmup)
    seconds[name] = getattr(benchmark.stats.stats, timed.statistic)


def test_targets_are_met(capsys):
    lines, missed = [], []
    for target in TARGETS:
        if target.name not in seconds or target.reference not in (None, *seconds):
            continue  # not timed in this run: pytest -k
        took = seconds[target.name]
        value = took / seconds[target.reference] if target.reference else took
        met = value <= target.at_most
        unit = "" if target.reference else " s"
        against = f" / {target.reference}" if target.reference else ""
        lines.append(
            f"{took * 1e3:10.3f} ms {value:7.3f}{unit:2} {target.at_most:6g}{unit:2} "
            f"{'ok' if met else 'OVER':5} {target.name}{against}"
        )
        if not met:
            missed.append(f"{target.name}: {value:.3f}{unit}, allowed {target.at_most}{unit}")
    with capsys.disabled():
        print(f"\n\n{'time':>13} {'value':>9} {'target':>8}   what\n" + "\n".join(lines))
    if missed:
        pytest.fail("; ".join(missed), pytrace=False)
