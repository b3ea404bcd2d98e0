"""Error by drop probability, at a fixed width and at a fixed number of units that are kept."""

from dataclasses import dataclass
from itertools import product

import torch

from ..datasets import mnist5k
from ..pytorch import MLPWithDropout
from ..training import fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    validation: int = 1000
    test: int = 3000
    rates: tuple = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # p
    width: int = 128  # units of each of the two hidden layers
    kept: int = 64  # or so many units kept on average: width = kept / (1 - p)
    learning_rates: tuple = (0.005, 0.015, 0.04, 0.1, 0.25)  # the best on validation, for each p
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 20


@experiment(
    settings=Settings(),
    quick={
        "train": 200,
        "rates": (0.0, 0.5),
        "width": 16,
        "kept": 8,
        "learning_rates": (0.08,),
        "epochs": 2,
    },
    question="How carefully does p have to be chosen?",
)
def rate_sweep(seed, settings):
    """Errors and losses by p, with the learning rate that is best on validation for that p.

    "fixed width" trains networks of one width, "fixed kept" such that as many units are kept on
    average, ``width * (1 - p)``, whatever p is. Networks of one width begin with the same
    weights, and all of them see the cases in the same order.
    """
    data = mnist5k(seed, settings.train, settings.validation, settings.test)
    widths = {
        "fixed width": [settings.width] * len(settings.rates),
        "fixed kept": [round(settings.kept / (1 - p)) for p in settings.rates],
    }
    return {name: _sweep(data, of_p, seed, settings) for name, of_p in widths.items()}


def _sweep(data, widths, seed, settings):
    """Lists by p of what is measured in the network that is best on validation at that p."""
    trained = _trained_by_rate(data, widths, seed, settings)
    chosen = []
    for models in trained:
        best = lowest_error(models, *tensors(data, "validation"))
        tuned = {"learning_rate": settings.learning_rates[best]}
        chosen.append(tuned | measures(models[best], data))
    result = {key: [run[key] for run in chosen] for key in chosen[0]}
    middle = len(settings.learning_rates) // 2
    untuned = [measures(models[middle], data)["test_error"] for models in trained]
    return {"width": widths} | result | {"test_error_at_the_middle_rate": untuned}


def _trained_by_rate(data, widths, seed, settings):
    """For every p the networks at all learning rates; equal widths are trained together."""
    members = list(product(range(len(widths)), settings.learning_rates))
    models = []
    for i, _ in members:
        torch.manual_seed(seed)
        p = settings.rates[i]
        models.append(MLPWithDropout(784, [widths[i]] * 2, 10, [p, p]))
    for width in sorted(set(widths)):
        of_this_width = [m for m, (i, _) in enumerate(members) if widths[i] == width]
        for together in torch.tensor(of_this_width).split(10):  # more at a time is slower
            fit_many(
                [models[m] for m in together],
                *tensors(data, "train"),
                epochs=settings.epochs,
                learning_rate=[members[m][1] for m in together],
                batch_size=settings.batch_size,
                momentum=settings.momentum,
                seeds=seed,
                generator=torch.Generator().manual_seed(seed),
            )
    rates = len(settings.learning_rates)
    return [models[i : i + rates] for i in range(0, len(models), rates)]
