"""Dropout beside L2, max-norm and Gaussian noise, with them, and against a real ensemble."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..datasets import mnist5k
from ..pytorch import Dropout, GaussianDropout
from ..training import evaluate, fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment

ARMS = {  # name: the hyperparameters that it has beside the learning rate
    "none": (),
    "L2": ("weight_decay",),
    "max-norm": ("max_norm",),
    "dropout": ("p",),
    "dropout + L2": ("p", "weight_decay"),
    "dropout + max-norm": ("p", "max_norm"),
    "Gaussian": ("p",),
}


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    width: int = 128  # of each of two hidden layers
    input_share: float = 0.4  # inputs are dropped with this times p
    candidates: int = 8  # settings drawn for each arm; the best on validation is taken
    learning_rate: tuple = (0.05, 0.5)  # drawn evenly in the logarithm, as the next two
    weight_decay: tuple = (1e-4, 1e-2)
    max_norm: tuple = (0.7, 2.0)
    p: tuple = (0.1, 0.7)  # drawn evenly
    ensemble: int = 5  # plain networks whose probabilities are averaged
    epochs: int = 40
    batch_size: int = 100


@experiment(
    settings=Settings(),
    quick={"train": 200, "width": 32, "epochs": 2, "candidates": 2, "ensemble": 2},
    question="Does tuned dropout need other regularisers, or do they need it?",
)
def with_other_regularisers(seed, settings):
    """Error and loss on test of each arm, with the best of equally many settings.

    Setting number k of all arms comes from one draw of (learning rate, p, weight decay, largest
    norm): an arm uses the ones that it has. All networks have the same initial weights, data order
    and number of steps. "Gaussian" multiplies by numbers of mean 1 and variance p / (1 - p), as
    dropout does, on inputs and hidden units. "ensemble" averages the probabilities of plain
    networks with the setting chosen for "none", each from initial weights and an order of its own;
    the first of them is that of "none".
    """
    data = mnist5k(seed=seed, train=settings.train)
    draws = _draws(seed, settings)
    dropped = [name for name in ARMS if name != "Gaussian"]
    models = {
        **_fit_arms(dropped, Dropout, draws, data, seed, settings),
        **_fit_arms(["Gaussian"], GaussianDropout, draws, data, seed, settings),
    }
    result = {}
    for name, candidates in models.items():
        best = lowest_error(candidates, *tensors(data, "validation"))
        result[name] = {
            "chosen": {key: draws[best][key] for key in ("learning_rate", *ARMS[name])},
            **measures(candidates[best], data),
        }
    rate = result["none"]["chosen"]["learning_rate"]
    members = [_network(Dropout, 0.0, seed + 1000 * k, settings) for k in range(settings.ensemble)]
    fit_many(
        members,
        *tensors(data, "train"),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=rate,
        seeds=[seed + 1000 * k for k in range(settings.ensemble)],
    )
    result["ensemble"] = {
        "chosen": {"learning_rate": rate},
        "members_test_error": [round(evaluate(m, *tensors(data, "test"))[0], 5) for m in members],
        **measures(Ensemble(members), data),
    }
    return result


class Ensemble(nn.Module):
    """The logarithm of the mean of the members' probabilities, in place of logits.

    >>> sure, unsure = (torch.nn.Linear(1, 2) for _ in range(2))
    >>> _ = [weight.data.zero_() for m in (sure, unsure) for weight in m.parameters()]
    >>> sure.bias.data[0] = 99.0
    >>> Ensemble([sure, unsure])(torch.zeros(1, 1)).exp()
    tensor([[0.7500, 0.2500]], grad_fn=<ExpBackward0>)
    """

    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, x):
        log_probabilities = torch.stack([m(x).log_softmax(dim=1) for m in self.members])
        return log_probabilities.logsumexp(dim=0) - math.log(len(self.members))


def _draws(seed, settings):
    """A list of settings, each a dict of the four hyperparameters, rounded to three digits.

    The learning rates and so on are spread over their ranges: one in each of equal parts, in
    random order.
    """
    rng, count = np.random.default_rng(seed), settings.candidates
    columns = {}
    for key in ("learning_rate", "p", "weight_decay", "max_norm"):
        low, high = getattr(settings, key)
        position = (rng.permutation(count) + rng.random(count)) / count
        values = low + position * (high - low)
        if key != "p":
            values = low * (high / low) ** position
        columns[key] = [float(f"{value:.3g}") for value in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _fit_arms(names, layer, draws, data, seed, settings):
    """The trained networks of these arms: {name: [one for each draw]}."""
    members = [(name, draw) for name in names for draw in draws]

    def of(key, without):
        return [draw[key] if key in ARMS[name] else without for name, draw in members]

    models = [_network(layer, p, seed, settings) for p in of("p", 0.0)]
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=[draw["learning_rate"] for _, draw in members],
        weight_decay=of("weight_decay", 0.0),
        max_norm=of("max_norm", math.inf),
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    each = len(draws)
    return {name: models[i * each : (i + 1) * each] for i, name in enumerate(names)}


def _network(layer, p, seed, settings):
    torch.manual_seed(seed)  # the same initial weights in every arm
    width = settings.width
    masks = torch.Generator().manual_seed(seed)
    return nn.Sequential(
        layer(settings.input_share * p, generator=masks),
        *(nn.Linear(784, width), nn.ReLU(), layer(p, generator=masks)),
        *(nn.Linear(width, width), nn.ReLU(), layer(p, generator=masks)),
        nn.Linear(width, 10),
    )
