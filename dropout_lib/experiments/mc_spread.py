"""The spread of Monte Carlo dropout and the actual error, by the number of training points."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import nn

from ..pytorch import Dropout, mc_samples
from ..training import fit_many, squared_error
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    sizes: tuple = (16, 64, 256, 1024, 4096)  # training points
    hidden: tuple = (50, 50)
    rates: tuple = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # p
    noise: float = 0.2  # standard deviation of the targets around the curve
    length_scale: float = 1.0  # of the prior, which gives the weight decay
    epochs: int = 32  # over the largest set; 128 steps each, and as many for smaller ones
    batch_size: int = 32
    learning_rate: float = 0.003  # of Adam, falling to 0
    passes: int = 200
    validation: int = 500
    points: int = 201  # where spread and error are measured


@experiment(
    settings=Settings(),
    quick={"rates": (0.01, 0.1), "epochs": 1, "passes": 20},
    question="Does the spread of Monte Carlo dropout shrink as data comes in?",
)
def mc_spread(seed, settings):
    """Mean spread over masks, and the error of the mean, by p and number of training points.

    The spread is meant as the uncertainty about the curve, so it is compared with the distance
    from the curve, without the noise of the targets. Training is what the method prescribes: the
    objective of variational inference under a Gaussian prior, whose L2 term falls as 1/N (Gal &
    Ghahramani 2016, section 3). "chosen" is the p with the highest validation log-likelihood.
    """
    rng = np.random.default_rng(seed)
    x, targets = draw(max(settings.sizes), settings.noise, rng)
    x_validation, targets_validation = draw(settings.validation, settings.noise, rng)
    points = torch.linspace(-1, 1, settings.points)[:, None]
    generator = torch.Generator().manual_seed(seed)
    result = {}
    networks = _trained(x, targets, seed, generator, settings)
    for size in settings.sizes:
        measured = []
        for p in settings.rates:
            samples = mc_samples(networks[size, p], points, settings.passes, generator=generator)
            held_out = mc_samples(
                networks[size, p], x_validation, settings.passes, generator=generator
            )
            likelihood = _log_likelihood(held_out, targets_validation, settings.noise)
            measured.append(
                {
                    "p": p,
                    **_spread_and_error(samples, curve(points)),
                    "validation_log_likelihood": round(likelihood, 4),
                }
            )
        chosen = max(measured, key=lambda run: run["validation_log_likelihood"])
        result[str(size)] = {"runs": measured, "chosen": chosen}
    return result


def curve(x):
    """What is to be learned.

    >>> curve(torch.tensor([0.0, 0.25])).round(decimals=3)
    tensor([0., 1.])
    """
    return torch.sin(2 * torch.pi * x)


def draw(number, noise, rng):
    """Points x, uniform in [-1, 1], and noisy targets: two float tensors (number, 1)."""
    x = torch.tensor(rng.uniform(-1, 1, (number, 1)), dtype=torch.float32)
    return x, curve(x) + torch.tensor(noise * rng.standard_normal((number, 1)), dtype=x.dtype)


def _trained(x, targets, seed, generator, settings):
    """A network for every pair of size and p, all with the same initial weights.

    A smaller set is repeated to the length of the largest, so that all take the same steps and
    can be trained at once. Its L2 term is that of its own size.
    """
    members = list(product(settings.sizes, settings.rates))
    rows = torch.stack([torch.arange(len(x)) % size for size, _ in members])  # (M, N)
    precision = settings.noise**-2
    networks = [_network(settings.hidden, p, seed) for _, p in members]
    fit_many(
        networks,
        x[rows],
        targets[rows],
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        weight_decay=[
            settings.length_scale**2 * (1 - p) / (size * precision) for size, p in members
        ],
        optimiser="adam",
        seeds=seed,
        loss=squared_error,
        generator=generator,
    )
    return dict(zip(members, networks, strict=True))


def _network(hidden, p, seed):
    torch.manual_seed(seed)
    first, second = hidden
    return nn.Sequential(
        *(nn.Linear(1, first), nn.ReLU(), Dropout(p)),
        *(nn.Linear(first, second), nn.ReLU(), Dropout(p)),
        nn.Linear(second, 1),
    )


def _spread_and_error(samples, truth):
    mean, spread = samples.mean(dim=0), samples.std(dim=0)
    return {
        "spread": round(spread.mean().item(), 5),
        "error": round((mean - truth).square().mean().sqrt().item(), 5),
        "coverage": round(((mean - truth).abs() < 2 * spread).float().mean().item(), 4),
    }


def _log_likelihood(samples, targets, noise):
    """Mean log density of the targets, the noise known, averaged over the passes first."""
    log_density = torch.distributions.Normal(samples, noise).log_prob(targets)
    return (log_density.logsumexp(dim=0) - np.log(len(samples))).mean().item()
