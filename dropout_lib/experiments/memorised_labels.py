"""Give a network wrong labels, and see how many of them it learns by heart."""

from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import mnist5k
from ..pytorch import MLPWithDropout
from ..training import evaluate, fit_many
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 500
    hidden: tuple = (256, 256)
    by_lot: float = 0.3  # share of the training digits that get another label, drawn by lot
    p: float = 0.5
    learning_rates: tuple = (0.003, 0.006, 0.01, 0.02, 0.05, 0.1)  # best on validation, per arm
    shown_rate: float = 0.02  # whose curves are kept
    epochs: int = 60


ARMS = ("without", "with")


@experiment(
    settings=Settings(),
    quick={"train": 100, "hidden": (32, 32), "learning_rates": (0.02, 0.05), "epochs": 3},
    question="Does dropout keep a network from learning wrong labels by heart?",
)
def memorised_labels(seed, settings):
    """Two networks, with dropout and without, on digits of which a share is labelled wrongly.

    Both have the same widths, initial weights, order of cases and number of steps, and each the
    learning rate that is best for it on validation, whose labels are right; "stopped" takes the
    best epoch on validation too. Measured with dropout off: the share of the wrong labels that
    the network reproduces, the error on the rightly labelled training digits, and error and loss
    on test digits. "at each rate" has the last epoch at every learning rate, "curves" all epochs
    at one of them.
    """
    data = mnist5k(seed=seed, train=settings.train)
    labels, wrong = mislabel(data.y_train, settings.by_lot, seed)
    curves = train(data, labels, wrong, seed, settings.learning_rates, settings)
    count = len(settings.learning_rates)
    return {
        arm: _summary(
            {name: rows[start : start + count] for name, rows in curves.items()}, settings
        )
        for arm, start in zip(ARMS, (0, count), strict=True)
    }


def _summary(curves, settings):
    """What is kept of one arm: curves are name -> (rates, epochs)."""
    rates = settings.learning_rates
    validation = list(
        zip(*(np.array(curves[f"validation {m}"]) for m in ("error", "loss")), strict=True)
    )
    last = min(range(len(rates)), key=lambda i: tuple(row[-1] for row in validation[i]))
    epochs = range(settings.epochs)
    stopped = min(
        ((i, epoch) for i in range(len(rates)) for epoch in epochs),
        key=lambda place: tuple(row[place[1]] for row in validation[place[0]]),
    )
    shown = rates.index(settings.shown_rate)
    kept = [name for name in curves if not name.startswith("validation")]
    return {
        "learning_rate": rates[last],
        "last": {name: curves[name][last][-1] for name in kept},
        "stopped": {
            "learning_rate": rates[stopped[0]],
            "epoch": stopped[1] + 1,
            **{name: curves[name][stopped[0]][stopped[1]] for name in kept},
        },
        "at each rate": {name: [curve[-1] for curve in curves[name]] for name in kept},
        "curves": {name: curves[name][shown] for name in kept},
    }


def mislabel(labels, share, seed):
    """The labels with a share of them replaced by another class, and where that was done.

    >>> labels, wrong = mislabel(np.arange(10), 0.3, seed=0)
    >>> int((labels != np.arange(10)).sum()), int(wrong.sum())
    (3, 3)
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(labels))[: round(share * len(labels))]
    mislabelled = labels.copy()
    mislabelled[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
    return mislabelled, mislabelled != labels


def train(data, labels, wrong, seed, rates, settings):
    """Train without dropout at all rates, then with; returns curves, name -> (members, epochs).

    Args:
        data: Split whose training labels are replaced.
        labels: those to train with (N,).
        wrong: where they are wrong (N,), booleans.
        seed: of weights, order and masks.
        rates: learning rates.
        settings: for widths, p and epochs.
    """
    models = []
    for p in (0.0, settings.p):
        for _ in rates:
            torch.manual_seed(seed)  # the same initial weights for all
            hidden = list(settings.hidden)
            models.append(MLPWithDropout(784, hidden, 10, [p] * len(hidden)))
    x, labels = torch.from_numpy(data.x_train), torch.from_numpy(labels)
    wrong = torch.from_numpy(wrong)
    validation = torch.from_numpy(data.x_validation), torch.from_numpy(data.y_validation)
    test = torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)
    names = ("wrong labels learned", "error on right labels", "test error", "test loss")
    names += ("validation error", "validation loss")
    curves = {name: [[] for _ in models] for name in names}

    def measure(_):
        for i, model in enumerate(models):
            error_of_wrong, _ = evaluate(model, x[wrong], labels[wrong])
            error_of_right, _ = evaluate(model, x[~wrong], labels[~wrong])
            held_out = (*evaluate(model, *test), *evaluate(model, *validation))
            values = (1 - error_of_wrong, error_of_right, *held_out)
            for name, value in zip(names, values, strict=True):
                curves[name][i].append(round(value, 4))

    fit_many(
        models,
        x,
        labels,
        epochs=settings.epochs,
        learning_rate=tuple(rates) * 2,
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
        after_epoch=measure,
    )
    return curves
