"""What noise costs: steps until the training data are learned, and the time of a step."""

import time
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product

import numpy as np
import torch
from torch import nn

from ..datasets import mnist5k
from ..pytorch import DropConnectLinear, Dropout
from ..pytorch.functional import dropconnect_linear
from ..scratch import draw_keep_mask
from ..training import evaluate, fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment


@dataclass(frozen=True)
class Arm:
    """One way to train: what disturbs the two hidden layers, and with which p."""

    noise: str = "dropout"
    p: float = 0.0
    decay: bool = False


ARMS = {
    "none": Arm(),
    "weight decay": Arm(decay=True),
    "dropout, p = 0.2": Arm(p=0.2),
    "dropout": Arm(p=0.5),
    "gaussian": Arm("gaussian", p=0.5),
    "dropconnect": Arm("dropconnect", p=0.5),
}


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: int = 100  # units of each of the two hidden layers
    learning_rates: tuple = (0.015, 0.04, 0.1, 0.25)
    decays: tuple = (0.0003, 0.001, 0.003)  # factors of the weights in their gradient
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 40  # at a learning rate that does not fall
    targets: tuple = (0.3, 0.1, 0.03)  # training loss in nats, measured with dropout off
    target: int = 1  # index of the one that "fastest" is about
    timed_widths: tuple = (128, 256, 512, 1024)
    timed_steps: int = 50


@experiment(
    settings=Settings(),
    quick={
        "train": 200,
        "hidden": 32,
        "learning_rates": (0.03, 0.09),
        "decays": (0.001,),
        "epochs": 6,
        "timed_steps": 2,
    },
    question="How many more steps does dropout take, and how much longer is a step?",
)
def cost_of_training(seed, settings):
    """Steps to given training losses by method, and the time of a training step by width.

    All networks begin with the same weights and see the cases in the same order. "tuned" is the
    learning rate (and decay) with the lowest validation error at the end, "fastest" the one that
    reaches the loss of 0.1 first, whatever its errors. A loss that is not reached takes all steps
    of the budget.
    """
    data = mnist5k(seed, settings.train)
    result = {name: _arm(data, arm, seed, settings) for name, arm in ARMS.items()}
    return result | {"seconds ratio": _step_times(seed, settings)}


def _arm(data, arm, seed, settings):
    grid = list(product(settings.learning_rates, settings.decays if arm.decay else (0.0,)))
    models = []
    for _ in grid:
        torch.manual_seed(seed)  # the same initial weights in every network
        models.append(network(arm.noise, arm.p, settings.hidden))
    curves = _train(models, grid, data, seed, settings)  # (networks, epochs + 1)
    per_epoch = -(-settings.train // settings.batch_size)
    steps = [[steps_to(t, curve, per_epoch) for t in settings.targets] for curve in curves]
    tuned = lowest_error(models, *tensors(data, "validation"))
    fastest = min(range(len(models)), key=lambda i: (steps[i][settings.target], i != tuned))

    def told(i):
        chosen = {"learning_rate": grid[i][0], "decay": grid[i][1], "steps": steps[i]}
        return chosen | measures(models[i], data)

    curve = [round(loss, 4) for loss in curves[tuned]]
    return {"tuned": told(tuned), "fastest": told(fastest), "curve": curve}


def _train(models, grid, data, seed, settings):
    """Train in place; returns the training loss, noise off, before and after each epoch."""
    losses = []

    def measure(_):
        losses.append([evaluate(model, *tensors(data, "train"))[1] for model in models])

    measure(0)
    torch.manual_seed(seed)  # of noise that takes no generator
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=settings.epochs,
        learning_rate=[learning_rate for learning_rate, _ in grid],
        batch_size=settings.batch_size,
        momentum=settings.momentum,
        weight_decay=[decay for _, decay in grid],
        seeds=seed,
        falling=False,
        generator=torch.Generator().manual_seed(seed),
        after_epoch=measure,
    )
    return np.array(losses).T.tolist()


def steps_to(target, curve, per_epoch):
    """Steps until a curve of losses by epoch first reaches a target; a line between the epochs.

    A curve that does not get there gives all of its steps, and one that is no number after
    diverging never gets there.

    >>> steps_to(0.5, [2.0, 1.0, 0.0], per_epoch=20)
    30
    >>> steps_to(0.5, [2.0, 1.0, float("nan")], per_epoch=20)
    40
    """
    for epoch, (before, after) in enumerate(pairwise(curve)):
        if after <= target:
            return round(per_epoch * (epoch + (before - target) / (before - after)))
    return per_epoch * (len(curve) - 1)


# --- networks --------------------------------------------------------------------------------


def network(noise, p, hidden):
    """Two hidden layers for 784 inputs and ten classes, both disturbed.

    Args:
        noise: "dropout" and "gaussian" disturb what a layer hands on, "dropconnect" the weights
            that receive it.
        p: probability to drop; Gaussian noise has the same variance, p / (1 - p).
        hidden: units of each hidden layer.
    """
    if noise == "dropconnect":
        second, third = _DropConnect(hidden, hidden, p=p), _DropConnect(hidden, 10, p=p)
        return nn.Sequential(nn.Linear(784, hidden), nn.ReLU(), second, nn.ReLU(), third)
    disturb = {"dropout": Dropout, "gaussian": GaussianNoise}[noise]
    return nn.Sequential(
        *(nn.Linear(784, hidden), nn.ReLU(), disturb(p)),
        *(nn.Linear(hidden, hidden), nn.ReLU(), disturb(p)),
        nn.Linear(hidden, 10),
    )


class GaussianNoise(nn.Module):
    """In training, y = x (1 + e) with e of mean 0 and the variance of inverted dropout.

    Args:
        p: the drop probability whose variance p / (1 - p) it has.
    """

    def __init__(self, p):
        super().__init__()
        self.deviation = (p / (1 - p)) ** 0.5

    def forward(self, x):
        if not self.training:
            return x
        return x * torch.randn_like(x).mul_(self.deviation).add_(1)

    @staticmethod
    def stacked(modules):
        return modules[0]  # without weights, and element by element


class _DropConnect(DropConnectLinear):
    @staticmethod
    def stacked(modules):
        return _StackedDropConnect(modules)


class _StackedDropConnect(nn.Module):
    """DropConnect with weights of its own for each member: (M, N, in) to (M, N, out)."""

    def __init__(self, modules):
        super().__init__()
        self.weight = nn.Parameter(torch.stack([m.weight.detach() for m in modules]))
        self.bias = nn.Parameter(torch.stack([m.bias.detach() for m in modules]))
        self.p = modules[0].p
        # NumPy draws that many masks in an eighth of the time
        self.rng = np.random.Generator(np.random.SFC64(torch.initial_seed()))

    def forward(self, x):
        shape = (x.shape[1], *self.weight.shape[1:])  # (N, out, in)
        outputs = []
        for case, weight, bias in zip(x, self.weight, self.bias, strict=True):
            mask = torch.from_numpy(draw_keep_mask(shape, self.p, self.rng))
            outputs.append(dropconnect_linear(case, weight, bias, self.p, mask=mask))
        return torch.stack(outputs)

    def copy_back(self, modules):
        for module, weight, bias in zip(modules, self.weight, self.bias, strict=True):
            module.weight.copy_(weight)
            module.bias.copy_(bias)


# --- the time of a step ----------------------------------------------------------------------


def _step_times(seed, settings):
    """Time of a training step with noise over the time without, by noise and width.

    The steps of the networks compared take turns, so that whatever else the machine does slows
    all of them, and of each the median is taken.
    """
    torch.manual_seed(seed)
    x = torch.randn(settings.batch_size, 784)
    labels = torch.randint(0, 10, (settings.batch_size,))
    noises = {
        "none": nn.Identity,
        "dropout": partial(nn.Dropout, 0.5),
        "gaussian": partial(GaussianNoise, 0.5),
    }
    result = {"dropout": [], "gaussian": []}
    for width in settings.timed_widths:
        networks = [_timed_network(width, noise) for noise in noises.values()]
        optimisers = [
            torch.optim.SGD(n.parameters(), lr=0.01, momentum=settings.momentum) for n in networks
        ]
        seconds = np.zeros((settings.timed_steps, len(noises)))
        for turn in range(settings.timed_steps):
            for i, (model, optimiser) in enumerate(zip(networks, optimisers, strict=True)):
                start = time.perf_counter()
                optimiser.zero_grad()
                nn.functional.cross_entropy(model(x), labels).backward()
                optimiser.step()
                seconds[turn, i] = time.perf_counter() - start
        medians = np.median(seconds, axis=0)
        for i, noise in enumerate(list(noises)[1:], start=1):
            result[noise].append(round(float(medians[i] / medians[0]), 3))
    return result


def _timed_network(width, noise):
    return nn.Sequential(
        *(nn.Linear(784, width), nn.ReLU(), noise()),
        *(nn.Linear(width, width), nn.ReLU(), noise()),
        nn.Linear(width, 10),
    )
