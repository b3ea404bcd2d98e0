"""Delete hidden units of trained networks, and see how much each still recognises."""

from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import mnist5k
from ..pytorch import MLPWithDropout
from ..training import fit_many, lowest_error
from .registry import experiment

ARMS = {"without": 0, "with": 1}  # the factor of p


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: tuple = (256, 256)
    p: float = 0.5
    learning_rates: tuple = (0.02, 0.05, 0.1, 0.2)  # the best on validation is taken, per network
    epochs: int = 40
    fractions: tuple = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    deletions: int = 20  # random choices of units per fraction
    shown: int = 20  # test digits whose predictions are kept, for the explorer


@experiment(
    settings=Settings(),
    quick={"train": 200, "epochs": 2, "learning_rates": (0.05,), "deletions": 2},
    question="Does a network trained with dropout survive the loss of hidden units better?",
)
def deleted_units(seed, settings):
    """Error of two networks, trained with dropout p and without, by fraction of units deleted.

    Both have the same widths, initial weights, data order and number of steps, and each the
    learning rate that is best for it on validation. Deleted units give 0. The units that are left
    are used as they are ("plain"), and multiplied by 1 / (1 - fraction deleted) ("rescaled").
    """
    data = mnist5k(seed=seed, train=settings.train)
    result = {}
    for name, (model, learning_rate) in _tuned(data, seed, settings).items():
        result[name] = {
            "learning_rate": learning_rate,
            "plain": _by_fraction(model, data, seed, settings, rescale=False),
            "rescaled": _by_fraction(model, data, seed, settings, rescale=True),
        }
    return result


def _by_fraction(model, data, seed, settings, rescale):
    """Test error by fraction deleted, and what one draw of deletions makes of the first digits."""
    images, labels = torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)
    rng = np.random.default_rng(seed)  # the same units are deleted in every network
    errors, predictions = [], []
    for fraction in settings.fractions:
        scale = 1 / (1 - fraction) if rescale else 1.0
        draws = [
            _predict(model, images, _deleted(fraction, settings.hidden, rng), scale)
            for _ in range(settings.deletions)
        ]
        error = np.mean([(draw != labels).float().mean().item() for draw in draws])
        errors.append(round(float(error), 5))
        predictions.append(draws[0][: settings.shown].tolist())
    return {"error": errors, "predictions": predictions}


def _tuned(data, seed, settings):
    """For each network the learning rate with the lowest validation error: (model, rate)."""
    names, rates = list(ARMS), settings.learning_rates
    models = []
    for p in (ARMS[name] * settings.p for name in names for _ in rates):
        torch.manual_seed(seed)  # the same initial weights in every network
        models.append(MLPWithDropout(784, list(settings.hidden), 10, [p] * len(settings.hidden)))
    fit_many(
        models,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=rates * len(names),
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    validation = torch.from_numpy(data.x_validation), torch.from_numpy(data.y_validation)
    tuned = {}
    for place, name in enumerate(names):
        candidates = models[place * len(rates) : (place + 1) * len(rates)]
        best = lowest_error(candidates, *validation)
        tuned[name] = candidates[best].eval(), rates[best]
    return tuned


def _deleted(fraction, hidden, rng):
    """For each hidden layer, 1 for units that stay and 0 for the given fraction of them."""
    stays = []
    for units in hidden:
        alive = np.ones(units, dtype=np.float32)
        alive[rng.permutation(units)[: round(fraction * units)]] = 0
        stays.append(torch.from_numpy(alive))
    return stays


@torch.no_grad()
def _predict(model, images, stays, scale):
    """The classes predicted when units are gone; deletion comes after each ReLU."""
    remaining = iter(stays)
    x = images
    for layer in model.network:
        x = layer(x)
        if isinstance(layer, torch.nn.ReLU):
            x = x * next(remaining) * scale
    return x.argmax(dim=1)
