"""Example 4 of the source document, and what becomes of it when one thing is changed."""

from dataclasses import dataclass

import numpy as np
import torch

from ..pytorch import MLPWithDropout
from ..training import evaluate, fit_many
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    points: int = 1000  # for training
    few: int = 100  # in the arm with fewer of them
    flipped: float = 0.2  # share of labels that are wrong in the arm with noise
    features: int = 20
    hidden: int = 128  # units of each of the two hidden layers
    small_test: int = 200  # test points of the example
    large_test: int = 5000  # test points that the curves are measured on
    rates: tuple = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8)  # drop probabilities
    learning_rate: float = 0.001
    given_epochs: int = 100  # where the example stops
    # 99 and 100: the last step of the example is looked at from both sides
    epochs: tuple = (
        *(1, 10, 20, 30, 40, 50, 60, 70, 85, 99, 100),
        *(125, 150, 200, 250, 300),
    )


ARMS = ("as given", "fewer points", "noisy labels")


@experiment(
    settings=Settings(),
    quick={
        "points": 200,
        "few": 50,
        "hidden": 32,
        "large_test": 500,
        "rates": (0.0, 0.5),
        "epochs": (1, 10, 20, 40, 70, 99, 100, 150),
    },
    question="Does the example that compares networks with and without dropout show what it says?",
    seeds=20,
)
def example_4(seed, settings):
    """Curves of the example's network over p, on its data, on fewer points, with wrong labels.

    Full batch, Adam, and the sizes of the example. Within an arm all rates share the data and the
    initial weights. The arm "as given" goes on after the example's last epoch, which makes it the
    longer training too.
    """
    result = {}
    for arm in ARMS:
        data = draw_data(
            settings.few if arm == "fewer points" else settings.points,
            settings.flipped if arm == "noisy labels" else 0.0,
            seed,
            settings,
        )
        result[arm] = _curves(data, seed, settings)
    return result


def draw_data(points, flipped, seed, settings):
    """Pairs (x, labels) by name: "train", "small test", "large test".

    The label says whether the features sum to more than 0. A share of the labels is turned over,
    in training and in test data alike.

    >>> data = draw_data(1000, 0.2, 0, Settings())
    >>> x, labels = data["train"]
    >>> x.shape, round((labels != (x.sum(dim=1) > 0)).float().mean().item(), 1)
    (torch.Size([1000, 20]), 0.2)
    """
    generator = torch.Generator().manual_seed(seed)
    sizes = {"train": points, "small test": settings.small_test, "large test": settings.large_test}
    data = {}
    for name, size in sizes.items():
        x = torch.randn(size, settings.features, generator=generator)
        wrong = torch.rand(size, generator=generator) < flipped
        data[name] = x, ((x.sum(dim=1) > 0) ^ wrong).long()
    return data


def _curves(data, seed, settings):
    """For each p: losses and errors over ``settings.epochs``, and some at the example's end.

    "noisy_train_loss" is the example's: before the epoch's step, dropout on. "train_loss" is of
    the same points after the step, dropout off. "matched_test_loss", after the example's epochs
    and after all, is that of the network without dropout at equal training loss.
    """
    models = []
    for p in settings.rates:
        torch.manual_seed(seed)  # the same initial weights for every p
        models.append(MLPWithDropout(settings.features, [settings.hidden] * 2, 2, [p, p]))
    runs = [
        {name: [] for name in ("noisy_train_loss", "train_loss", "test_loss", "test_error")}
        for _ in models
    ]

    def measure(epochs_done):
        if epochs_done not in settings.epochs:
            return
        for model, run in zip(models, runs, strict=True):
            run["train_loss"].append(evaluate(model, *data["train"])[1])
            error, loss = evaluate(model, *data["large test"])
            run["test_loss"].append(loss)
            run["test_error"].append(error)
            if epochs_done == settings.given_epochs:
                error, loss = evaluate(model, *data["small test"])
                run["small_test"] = {"error": error, "loss": loss}

    losses = fit_many(
        models,
        *data["train"],
        epochs=max(settings.epochs),
        learning_rate=settings.learning_rate,
        batch_size=len(data["train"][0]),
        optimiser="adam",
        falling=False,
        generator=torch.Generator().manual_seed(seed),
        after_epoch=measure,
    )  # (epochs, rates): before each step, dropout on
    at = np.array(settings.epochs) - 1
    for run, noisy in zip(runs, losses.T.numpy(), strict=True):
        run["noisy_train_loss"] = noisy[at].tolist()
        run["matched_test_loss"] = [
            _at_equal_training_loss(runs[0], run, settings.epochs.index(epochs))
            for epochs in (settings.given_epochs, max(settings.epochs))
        ]
    return [{name: _rounded(values) for name, values in run.items()} for run in runs]


def _at_equal_training_loss(plain, run, at):
    """The first network's test loss when its training loss was the other's at that measurement.

    Between two measurements it is interpolated over the logarithm of the training loss.
    """
    log_loss = np.log(np.maximum(plain["train_loss"], 1e-9))[::-1]  # np.interp wants it rising
    return np.interp(np.log(run["train_loss"][at]), log_loss, plain["test_loss"][::-1])


def _rounded(values):
    if isinstance(values, dict):
        return {name: round(value, 4) for name, value in values.items()}
    return [round(float(value), 4) for value in values]
