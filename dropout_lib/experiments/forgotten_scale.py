"""The scale of standard dropout at test time: right, forgotten, applied twice, and between."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from ..datasets import mnist5k
from ..pytorch import StandardDropout
from ..training import fit_many, lowest_error
from .registry import experiment


@dataclass(frozen=True)
class Arm:
    """One of the networks compared."""

    p: float
    bias: bool = True


ARMS = {
    "p = 0": Arm(0.0),
    "p = 0.2": Arm(0.2),
    "p = 0.5": Arm(0.5),
    "p = 0.8": Arm(0.8),
    "no biases": Arm(0.5, bias=False),
}


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    sizes: tuple = (784, 256, 256, 10)
    learning_rates: tuple = (0.05, 0.1, 0.2, 0.4, 0.8)  # the best on validation is taken, per arm
    epochs: int = 40
    # the scale at test time, in units of the right one: a ratio r puts r (1 - p) behind each
    # hidden layer; 1 / (1 - p), the forgotten scale, and 1 - p, applied twice, are among them
    ratios: tuple = (
        *(0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2),
        *(1.25, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0),
    )
    shown: int = 3  # test digits read rightly, and as many read wrongly, kept for the explorer


@experiment(
    settings=Settings(),
    quick={"train": 200, "epochs": 3, "learning_rates": (0.2,)},
    question="What does a network trained with standard dropout lose when its scale is wrong?",
)
def forgotten_scale(seed, settings):
    """Error, loss and confidence by the scale at test time, of networks trained at several p.

    All have the same widths, data order and number of steps, and each the learning rate that is
    best for it on validation. "biases follow" is the same network on the same test digits, with
    each bias scaled as its input is; "first" and "second" forget the scale behind one hidden
    layer of the network of p = 0.5 only.
    """
    data = mnist5k(seed=seed, train=settings.train)
    test = torch.from_numpy(data.x_test).double(), torch.from_numpy(data.y_test)
    validation = torch.from_numpy(data.x_validation).double(), torch.from_numpy(data.y_validation)
    tuned = {}
    for bias in (True, False):
        arms = {name: arm for name, arm in ARMS.items() if arm.bias == bias}
        tuned |= _tuned(data, arms, seed, settings)
    result = {}
    for name, (model, learning_rate) in tuned.items():
        result[name] = {
            "learning_rate": learning_rate,
            "validation": _by_ratio(model, *validation, settings),
            "test": _by_ratio(model, *test, settings),
            "biases follow": _by_ratio(model, *test, settings, biases_follow=True),
        }
        if name == "p = 0.5":
            forgotten = 1 / (1 - ARMS[name].p)
            result["first"] = measure(logits_at(model, test[0], (forgotten, 1)), test[1])
            result["second"] = measure(logits_at(model, test[0], (1, forgotten)), test[1])
            result["shown"] = _shown(model, *test, settings)
    return result


def build(sizes, p, bias=True):
    """Linear, ReLU and standard dropout for each hidden layer, then a linear layer."""
    layers = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [nn.Linear(inputs, outputs, bias), nn.ReLU()]
        layers += [StandardDropout(p)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], bias))


def _tuned(data, arms, seed, settings):
    """For each arm the learning rate with the lowest validation error: {arm: (model, rate)}.

    The arms are trained together, so either all of them have biases or none.
    """
    rates = settings.learning_rates
    models = []
    for arm in (arm for arm in arms.values() for _ in rates):
        torch.manual_seed(seed)  # the same initial weights in every network with biases
        models.append(build(settings.sizes, arm.p, arm.bias))
    fit_many(
        models,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=rates * len(arms),
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    validation = torch.from_numpy(data.x_validation), torch.from_numpy(data.y_validation)
    tuned = {}
    for place, name in enumerate(arms):
        candidates = models[place * len(rates) : (place + 1) * len(rates)]
        best = lowest_error(candidates, *validation)
        # 64 bits from here on: if two logits change places, the scale did it, and not rounding
        tuned[name] = candidates[best].double().eval(), rates[best]
    return tuned


@torch.no_grad()
def logits_at(model, x, ratios, biases_follow=False):
    """The logits with ratio * (1 - p) in place of 1 - p, one ratio for each dropout layer.

    Args:
        model: what :func:`build` returns.
        x: images (N, inputs).
        ratios: as many as there are dropout layers; all 1 is evaluation as it should be.
        biases_follow: multiply each bias by the ratios of the layers before it.
    """
    remaining, volume = iter(ratios), 1.0
    for layer in model:
        if isinstance(layer, StandardDropout):
            ratio = next(remaining)
            x, volume = x * (ratio * (1 - layer.p)), volume * ratio
        elif isinstance(layer, nn.Linear) and biases_follow and layer.bias is not None:
            x = F.linear(x, layer.weight, layer.bias * volume)
        else:
            x = layer(x)
    return x


def measure(logits, labels):
    """Error rate, mean cross-entropy in nats, and mean probability of the class answered."""
    return {
        "error": round((logits.argmax(dim=1) != labels).double().mean().item(), 5),
        "loss": round(F.cross_entropy(logits, labels).item(), 5),
        "confidence": round(logits.softmax(dim=1).max(dim=1).values.mean().item(), 5),
    }


def _by_ratio(model, x, labels, settings, biases_follow=False):
    """The three measures, each a list by ratio."""
    hidden = len(settings.sizes) - 2
    rows = [
        measure(logits_at(model, x, [ratio] * hidden, biases_follow), labels)
        for ratio in settings.ratios
    ]
    return {key: [row[key] for row in rows] for key in rows[0]}


def _shown(model, x, labels, settings):
    """The first test digits read rightly and wrongly, with probabilities in % by ratio."""
    hidden = len(settings.sizes) - 2
    right = logits_at(model, x, [1] * hidden).argmax(dim=1) == labels
    digits = [
        *right.nonzero()[: settings.shown, 0].tolist(),
        *(~right).nonzero()[: settings.shown, 0].tolist(),
    ]
    probabilities = [
        (100 * logits_at(model, x[digits], [ratio] * hidden).softmax(dim=1)).round().int()
        for ratio in settings.ratios
    ]
    return {"digits": digits, "percent": [p.tolist() for p in probabilities]}
