"""How many inputs to drop, beside half of the hidden units."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..datasets import mnist5k
from ..pytorch import Dropout
from ..scratch import dropout_forward
from ..training import fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    width: int = 256  # of each of two hidden layers
    hidden_p: float = 0.5
    input_rates: tuple = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8)
    learning_rates: tuple = (0.05, 0.1, 0.2)  # the best on validation, for each input rate
    epochs: int = 40
    batch_size: int = 100


@experiment(
    settings=Settings(),
    quick={
        **{"train": 200, "width": 32, "epochs": 2},
        **{"input_rates": (0.0, 0.5), "learning_rates": (0.1, 0.2)},
    },
    question="Which share of the inputs should be dropped?",
)
def input_rate(seed, settings):
    """Test error and loss by the probability to drop an input; hidden units drop with 0.5.

    All networks have the same initial weights, data order and number of steps, and each input rate
    the learning rate, of equally many, with which it has the lowest error on validation. "chosen"
    is the input rate that validation prefers among all of these. "neighbour" is the error of the
    nearest training image for test images whose pixels are dropped at that rate: how much is left
    to see. Only there are test images damaged.
    """
    data = mnist5k(seed=seed, train=settings.train)
    members = [(p, rate) for p in settings.input_rates for rate in settings.learning_rates]
    models = [_network(p, seed, settings) for p, _ in members]
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=[rate for _, rate in members],
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    rows, each = [], len(settings.learning_rates)
    for i, p in enumerate(settings.input_rates):
        candidates = models[i * each : (i + 1) * each]
        best = lowest_error(candidates, *tensors(data, "validation"))
        rows.append(
            {
                "learning_rate": settings.learning_rates[best],
                **measures(candidates[best], data),
                "neighbour": _neighbour_error(data, p, seed),
            }
        )
    chosen = min(range(len(rows)), key=lambda i: _validation(rows[i]))
    return {
        "chosen": settings.input_rates[chosen],
        **{key: [row[key] for row in rows] for key in rows[0]},
    }


def _validation(row):
    return row["validation_error"], row["validation_loss"]


def _network(p, seed, settings):
    torch.manual_seed(seed)  # the same initial weights in every network
    width, hidden_p = settings.width, settings.hidden_p
    return nn.Sequential(
        Dropout(p),
        *(nn.Linear(784, width), nn.ReLU(), Dropout(hidden_p)),
        *(nn.Linear(width, width), nn.ReLU(), Dropout(hidden_p)),
        nn.Linear(width, 10),
    )


def _neighbour_error(data, p, seed):
    """How often the nearest whole training image shows another digit than the damaged one."""
    seen, mask = dropout_forward(data.x_test, p, rng=np.random.default_rng(seed))
    seen = seen * (1 - p)  # what is kept as it was
    # distance over the pixels kept: |s|² - 2 s t + sum of m t², the first the same for all t
    distances = mask.astype(np.float32) @ (data.x_train**2).T - 2 * seen @ data.x_train.T
    answers = data.y_train[distances.argmin(axis=1)]
    return round(float((answers != data.y_test).mean()), 5)
