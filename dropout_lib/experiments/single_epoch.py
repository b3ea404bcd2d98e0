"""The same number of training steps on cases seen once, ten times and a hundred times."""

from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import perturbed_digits
from ..pytorch import MLPWithDropout
from ..training import evaluate, fit_many, lowest_error
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    shown: int = 50_000  # training cases that each network is shown, with repetitions
    passes: tuple = (1, 10, 50)  # over as many cases as that takes
    hidden: tuple = (128, 128)
    rates: tuple = (0.0, 0.1, 0.3, 0.5)  # p
    learning_rates: tuple = (0.03, 0.06, 0.12, 0.24)  # the best on validation is taken, per p
    stages: int = 10  # the learning rate falls from one to the next
    held_out: int = 5_000  # cases for validation, and as many to test


@experiment(
    settings=Settings(),
    quick={"shown": 500, "learning_rates": (0.1,), "stages": 2, "held_out": 200},
    question="Does dropout help or hurt when no training case is seen twice?",
)
def single_epoch(seed, settings):
    """Test error and losses by number of passes and p; all networks get as many steps.

    The cases are :func:`~dropout_lib.datasets.perturbed_digits`, independent draws from one
    distribution. At every p the learning rate is the one with the lowest validation error.
    """
    rng = np.random.default_rng(seed)
    stream, validation, test = (
        tuple(map(torch.from_numpy, perturbed_digits(cases, rng)))
        for cases in (settings.shown, settings.held_out, settings.held_out)
    )
    candidates = [(p, rate) for p in settings.rates for rate in settings.learning_rates]
    rates = [rate for _, rate in candidates]
    result = {}
    for passes in settings.passes:
        train = tuple(part[: len(part) // passes] for part in stream)
        models = networks([p for p, _ in candidates], settings.hidden, seed)
        train_in_stages(models, train, passes, rates, seed, settings.stages)
        seen = tuple(part[: settings.held_out] for part in train)
        by_p = {p: [] for p in settings.rates}
        for (p, rate), model in zip(candidates, models, strict=True):
            by_p[p].append((rate, model))
        result[str(passes)] = [_best(group, seen, validation, test) for group in by_p.values()]
    return result


def networks(rates, hidden, seed):
    """A network for each p, all with the same initial weights."""
    models = []
    for p in rates:
        torch.manual_seed(seed)
        models.append(MLPWithDropout(196, list(hidden), 10, [p] * len(hidden)))
    return models


def train_in_stages(models, data, passes, learning_rates, seed, stages, before_stage=None):
    """Train all models together; the learning rate falls linearly from stage to stage.

    A stage is an equal share of the passes over the data, or of the data if there is one pass.
    Momentum begins anew with each. ``before_stage(models, stage)`` may change the models.

    Args:
        models: networks of one architecture; changed in place.
        data: tensors x (N, features) and labels (N,).
        passes: over the data; 1, or a multiple of ``stages``.
        learning_rates: of each model, in the first stage.
        seed: of the masks and the order of the cases.
        stages: how many.
    """
    if passes != 1 and passes % stages:
        raise ValueError(f"passes has to be 1 or a multiple of {stages}, but got {passes}")
    x, labels = data
    generator = torch.Generator().manual_seed(seed)
    for stage in range(stages):
        part = slice(None)
        if passes == 1:
            part = slice(stage * len(x) // stages, (stage + 1) * len(x) // stages)
        if before_stage:
            before_stage(models, stage)
        fit_many(
            models,
            x[part],
            labels[part],
            epochs=max(1, passes // stages),
            learning_rate=[rate * (1 - stage / stages) for rate in learning_rates],
            seeds=1000 * seed + stage,
            falling=False,
            generator=generator,
        )


def _best(group, train, validation, test):
    """The network with the lowest validation error, in numbers; group: (learning rate, model)."""
    learning_rate, model = group[lowest_error([model for _, model in group], *validation)]
    train_error, train_loss = evaluate(model, *train)
    error, loss = evaluate(model, *test)
    return {
        "learning_rate": learning_rate,
        "train_error": round(train_error, 5),
        "train_loss": round(train_loss, 5),
        "test_error": round(error, 5),
        "test_loss": round(loss, 5),
    }
