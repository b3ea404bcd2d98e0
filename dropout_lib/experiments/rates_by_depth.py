"""Rates that fall with depth, rates that rise, one layer alone; in a network that narrows."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from ..datasets import mnist5k
from ..pytorch import Dropout, dropout_forward
from ..training import evaluate, fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment

# p of the inputs, then of the three hidden layers
ARMS = {
    "none": (0.0, 0.0, 0.0, 0.0),
    "falling": (0.0, 0.5, 0.4, 0.3),
    "rising": (0.0, 0.3, 0.4, 0.5),
    "constant": (0.0, 0.4, 0.4, 0.4),
    # rising, and by p / (1 - p) over units, summed, as much noise as falling makes
    "rising, gentler": (0.0, 0.23, 0.32, 0.41),
    "first": (0.0, 0.5, 0.0, 0.0),
    "second": (0.0, 0.0, 0.5, 0.0),
    "third": (0.0, 0.0, 0.0, 0.5),
    "input": (0.2, 0.0, 0.0, 0.0),
    "input and falling": (0.2, 0.5, 0.4, 0.3),
}
WIDENING = ("falling", "rising", "constant")  # arms that are tried in the network turned round, too


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    test: int = 3000
    hidden: tuple = (256, 128, 64)  # half as wide as in example 2; turned round where it widens
    learning_rates: tuple = (0.0125, 0.025, 0.05, 0.1, 0.2)  # the best on validation, for each arm
    epochs: int = 30
    batch_size: int = 50
    noise_cases: int = 100
    noise_passes: int = 50


@experiment(
    settings=Settings(),
    quick={
        **{"train": 200, "test": 200, "hidden": (32, 16, 8), "learning_rates": (0.05, 0.1)},
        **{"epochs": 2, "noise_cases": 20, "noise_passes": 5},
    },
    question="Should drop probabilities fall or rise with depth, and which layer matters most?",
)
def rates_by_depth(seed, settings):
    """Test error and loss by the rates of three hidden layers and the inputs.

    All networks of one shape have the same initial weights, data order and number of steps. Each
    arm takes the learning rate, of equally many, with which its validation error is lowest
    ("by error"), and once more the one with which its validation loss is ("by loss").

    "noise" is the noise of the logits in training mode as a share of the logits themselves, see
    :func:`noise_by_layer`: in each arm's own network under its own rates, and, in "same network",
    in that of the constant arm under the rates of the others.
    """
    data = mnist5k(seed=seed, train=settings.train, test=settings.test)
    return {
        "narrowing": _arms(tuple(ARMS), settings.hidden, data, seed, settings),
        "widening": _arms(WIDENING, settings.hidden[::-1], data, seed, settings),
    }


def _arms(names, hidden, data, seed, settings):
    members = [(name, rate) for name in names for rate in settings.learning_rates]
    models = [_network(ARMS[name], hidden, seed) for name, _ in members]
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=[rate for _, rate in members],
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    found, chosen, each = {}, {}, len(settings.learning_rates)
    for i, name in enumerate(names):
        candidates = models[i * each : (i + 1) * each]
        found[name], chosen[name] = _row(candidates, ARMS[name], data, seed, settings)
    found["same network"] = {
        name: _noise(chosen["constant"], ARMS[name], data, seed, settings)
        for name in ("falling", "rising", "constant", "rising, gentler")
    }
    return found


def _network(rates, hidden, seed):
    torch.manual_seed(seed)  # the same initial weights in every network of one shape
    layers, size = [Dropout(rates[0])], 784
    for units, p in zip(hidden, rates[1:], strict=True):
        layers += [nn.Linear(size, units), nn.ReLU(), Dropout(p)]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, 10))


def _row(candidates, rates, data, seed, settings):
    """An arm in numbers, and its network with the lowest validation error."""
    validation, test = tensors(data, "validation"), tensors(data, "test")
    best = lowest_error(candidates, *validation)
    losses = [evaluate(model, *validation)[1] for model in candidates]
    lowest = losses.index(min(losses))
    tested = [evaluate(model, *test) for model in candidates]
    row = {
        "by error": {
            "learning_rate": settings.learning_rates[best],
            **measures(candidates[best], data),
            "noisy_train_loss": _noisy_loss(candidates[best], rates, data, seed),
            "noise": _noise(candidates[best], rates, data, seed, settings),
        },
        "by loss": {
            "learning_rate": settings.learning_rates[lowest],
            **measures(candidates[lowest], data),
        },
        "test_error_by_rate": [round(error, 5) for error, _ in tested],
        "test_loss_by_rate": [round(loss, 5) for _, loss in tested],
    }
    return row, candidates[best]


def _noisy_loss(network, rates, data, seed, passes=5):
    """Loss on the training images in training mode, mean of a few passes."""
    x, labels = tensors(data, "train")
    *_, (_, logits) = activations(network, rates, x, passes, seed)
    return round(F.cross_entropy(logits.flatten(0, 1), labels.repeat(passes)).item(), 5)


def _noise(network, rates, data, seed, settings):
    x = torch.from_numpy(data.x_test[: settings.noise_cases])
    return round(noise_by_layer(network, rates, x, settings.noise_passes, seed)[-1], 4)


@torch.no_grad()
def activations(network, rates, x, passes, seed=0):
    """Layer by layer, what a network computes in training mode, each pass with masks of its own.

    Args:
        network: ``nn.Sequential``; its own drop probabilities and its mode play no part.
        rates: p for each of its Dropout layers.
        x: (N, features).
        passes: T.
        seed: of the masks.

    Yields:
        each layer and its output (T, N, units).
    """
    generator, remaining = torch.Generator().manual_seed(seed), iter(rates)
    x = x.expand(passes, *x.shape)
    for layer in network:
        if isinstance(layer, Dropout):
            x, _ = dropout_forward(x, next(remaining), generator=generator)
        else:
            x = layer(x)
        yield layer, x


def noise_by_layer(network, rates, x, passes=50, seed=0):
    """How large the noise of dropout is behind each layer, as a share of the signal.

    With mean and variance over the masks, summed over all units and cases, it is
    sqrt(sum of variances / sum of squared means). Right behind a dropout layer that sees no noise
    itself that is sqrt(p / (1 - p)). A constant added to all logits changes nothing for softmax:
    of the last layer's outputs, differences from their mean over the classes are taken.

    Args:
        network, rates, x, passes, seed: as in :func:`activations`; at least two passes.

    Returns:
        one number for each layer.

    >>> network = nn.Sequential(Dropout(0.2), nn.Linear(1000, 2), nn.Linear(2, 2))
    >>> noise = noise_by_layer(network, [0.5], torch.ones(20, 1000), passes=200)
    >>> [round(share, 1) for share in noise[:1]]
    [1.0]
    """
    found = []
    for i, (_, out) in enumerate(activations(network, rates, x, passes, seed), start=1):
        if i == len(network):
            out = out - out.mean(dim=-1, keepdim=True)
        variance = out.var(dim=0).sum()
        signal = out.mean(dim=0).square().sum() - variance / passes  # the mean is noisy, too
        found.append((variance / signal).sqrt().item())
    return found
