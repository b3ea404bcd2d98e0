"""Dropout in networks of growing width: where it does harm, where it does good, and why."""

from dataclasses import dataclass
from itertools import product

import torch

from ..datasets import digits
from ..pytorch import MLPWithDropout
from ..training import fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 900
    validation: int = 400
    test: int = 497
    widths: tuple = (4, 8, 16, 32, 64, 128, 256)  # units of each of the two hidden layers
    rates: tuple = (0.0, 0.2, 0.5)  # p
    learning_rates: tuple = (0.005, 0.015, 0.05, 0.15, 0.5)  # the best on validation is taken
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 40
    patient_widths: tuple = (4, 8, 16)  # that are also trained for longer
    patience: int = 5  # times as many epochs
    regularised_widths: tuple = (16, 64)  # that are also trained with weight decay
    decays: tuple = (0.0003, 0.001, 0.003, 0.01)  # factors of the weights in their gradient


@experiment(
    settings=Settings(),
    quick={  # all widths: the results have the form of the full run's
        "train": 200,
        "learning_rates": (0.05,),
        "epochs": 2,
        "patience": 2,
        "decays": (0.001,),
    },
    question="How wide does a network have to be for dropout to help?",
)
def width_crossover(seed, settings):
    """Errors by width and p, of networks trained as usual, for longer, and with weight decay.

    Networks of one width begin with the same weights and see the cases in the same order. Each
    has the learning rate, and where there is one the weight decay, that is best for it on
    validation.
    """
    data = digits(seed, settings.train, settings.validation, settings.test)

    def by_width(widths, epochs=settings.epochs, decays=(0.0,)):
        return {
            str(width): _by_rate(data, width, epochs, decays, seed, settings) for width in widths
        }

    return {
        "usual": by_width(settings.widths),
        "longer": by_width(settings.patient_widths, settings.patience * settings.epochs),
        "decay": by_width(settings.regularised_widths, decays=settings.decays),
    }


def _by_rate(data, width, epochs, decays, seed, settings):
    """For every p, what is measured of the network that is best on validation."""
    grid = list(product(settings.rates, settings.learning_rates, decays))
    models = []
    for p, _, _ in grid:
        torch.manual_seed(seed)  # the same initial weights at every p
        models.append(MLPWithDropout(64, [width, width], 10, [p, p]))
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=epochs,
        learning_rate=[learning_rate for _, learning_rate, _ in grid],
        batch_size=settings.batch_size,
        momentum=settings.momentum,
        weight_decay=[decay for *_, decay in grid],
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    result = {}
    for p in settings.rates:
        own = [i for i, (rate, *_) in enumerate(grid) if rate == p]
        best = own[lowest_error([models[i] for i in own], *tensors(data, "validation"))]
        _, learning_rate, decay = grid[best]
        chosen = {"learning_rate": learning_rate, "decay": decay}
        result[str(p)] = chosen | measures(models[best], data)
    return result
