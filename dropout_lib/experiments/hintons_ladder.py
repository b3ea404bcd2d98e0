"""Three rungs on a network that overfits: hidden dropout, input dropout, max-norm; all mixtures."""

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import nn

from ..datasets import mnist5k
from ..pytorch import Dropout
from ..training import fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment

ARMS = tuple(product((False, True), repeat=3))  # (hidden dropout, input dropout, max-norm)


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    width: int = 256  # of each of two hidden layers
    hidden_p: float = 0.5
    input_p: float = 0.2
    max_norm: float = 1.0  # of the weights into a hidden unit
    learning_rates: tuple = (0.05, 0.1, 0.2, 0.4)  # the best on validation, for each arm
    epochs: int = 40
    batch_size: int = 100


@experiment(
    settings=Settings(),
    quick={"train": 200, "width": 32, "epochs": 2, "learning_rates": (0.1, 0.2)},
    question="What do dropout in hidden layers, dropout on inputs and max-norm add to each other?",
)
def hintons_ladder(seed, settings):
    """Error and loss of the eight networks with each of the three rungs on or off.

    All have the same initial weights, data order and number of steps, and each the learning rate,
    of equally many, with which it has the lowest error on validation. At the end, "norm" is the
    mean length of the weights into a hidden unit, and "bound" the fraction of units that have the
    length which max-norm allows, or, where it is off, more.
    """
    data = mnist5k(seed=seed, train=settings.train)
    members = [(arm, rate) for arm in ARMS for rate in settings.learning_rates]
    models = [_network(arm, seed, settings) for arm, _ in members]
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=[rate for _, rate in members],
        max_norm=[settings.max_norm if arm[2] else math.inf for arm, _ in members],
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    result, each = {}, len(settings.learning_rates)
    for i, arm in enumerate(ARMS):
        candidates = models[i * each : (i + 1) * each]
        best = lowest_error(candidates, *tensors(data, "validation"))
        result[arm_name(arm)] = {
            "learning_rate": settings.learning_rates[best],
            **measures(candidates[best], data),
            **_lengths(candidates[best], settings.max_norm),
            "test_error_by_rate": [measures(m, data)["test_error"] for m in candidates],
        }
    return result


def arm_name(arm):
    """The rungs that are on, joined: the key of an arm in the results.

    >>> arm_name((True, False, True))
    'hidden + max-norm'
    >>> arm_name((False, False, False))
    'none'
    """
    rungs = ("hidden", "input", "max-norm")
    return " + ".join(rung for rung, on in zip(rungs, arm, strict=True) if on) or "none"


def _network(arm, seed, settings):
    hidden, inputs, _ = arm
    torch.manual_seed(seed)  # the same initial weights in every network
    width, p = settings.width, settings.hidden_p if hidden else 0.0
    return nn.Sequential(
        Dropout(settings.input_p if inputs else 0.0),
        *(nn.Linear(784, width), nn.ReLU(), Dropout(p)),
        *(nn.Linear(width, width), nn.ReLU(), Dropout(p)),
        nn.Linear(width, 10),
    )


def _lengths(model, max_norm):
    """How long the weights into a hidden unit are, and how many units are at the bound or over."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    norms = torch.cat([layer.weight.detach().norm(dim=1) for layer in layers[:-1]])
    bound = (norms > 0.999 * max_norm).float().mean()
    return {"norm": round(norms.mean().item(), 3), "bound": round(bound.item(), 3)}
