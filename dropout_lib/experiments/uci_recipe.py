"""Gal & Ghahramani's recipe for regression, and what its table compares."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import nn

from ..datasets import diabetes
from ..pytorch import Dropout, mc_samples
from ..training import fit_many, squared_error
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 282
    validation: int = 80
    test: int = 80
    hidden: int = 50
    rates: tuple = (0.005, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5)  # p, of inputs and hidden units
    precisions: tuple = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # tau; y has variance 1
    length_scale: float = 1e-2
    epochs: int = 400
    batch_size: int = 128
    learning_rate: float = 1e-3  # of Adam
    passes: tuple = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@experiment(
    settings=Settings(),
    quick={"rates": (0.01, 0.1), "precisions": (1.0, 2.0), "epochs": 5, "passes": (1, 10)},
    question="Are many passes better than weight scaling, or only better than a single pass?",
    seeds=20,
)
def uci_recipe(seed, settings):
    """Test error and log-likelihood of one network, predicted in three ways.

    The recipe of Gal & Ghahramani (2016), Table 1, on data that needs no network: one hidden
    layer of 50, dropout before both layers of weights, L2 as their prior gives it. p and the
    precision of the noise, tau, are those with the highest validation log-likelihood. Theirs
    trains again with the validation part; here it stays apart. Errors are in standard deviations
    of the target over the training part.
    """
    data = diabetes(seed, settings.train, settings.validation, settings.test)
    parts = {
        part: (_float(getattr(data, f"x_{part}")), _float(getattr(data, f"y_{part}"))[:, None])
        for part in ("train", "validation", "test")
    }
    generator = torch.Generator().manual_seed(seed)
    candidates = list(product(settings.rates, settings.precisions))
    networks = _trained(parts["train"], candidates, seed, generator, settings)
    x, y = parts["validation"]
    number = max(settings.passes)
    scores = [
        _log_likelihood(mc_samples(network, x, number // 5, generator=generator), y, tau)
        for network, (_, tau) in zip(networks, candidates, strict=True)
    ]
    best = int(np.argmax(scores))
    p, tau = candidates[best]
    result = {"p": p, "tau": tau, "validation_log_likelihood": round(scores[best], 4)}
    return result | _three_ways(networks[best], parts, tau, generator, settings)


def _float(values):
    return torch.tensor(values, dtype=torch.float32)


def _trained(part, candidates, seed, generator, settings):
    """A network for every pair of p and tau, all with the same initial weights."""
    x, y = part
    networks = []
    for p, _ in candidates:
        torch.manual_seed(seed)
        first, second = nn.Linear(x.shape[1], settings.hidden), nn.Linear(settings.hidden, 1)
        networks.append(nn.Sequential(Dropout(p), first, nn.ReLU(), Dropout(p), second))
    # the gradient of l² (1 - p) / (2 N tau) times the sum of squared weights
    decay = [settings.length_scale**2 * (1 - p) / (len(x) * tau) for p, tau in candidates]
    fit_many(
        networks,
        x,
        y,
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        weight_decay=decay,
        optimiser="adam",
        falling=False,
        seeds=seed,
        loss=squared_error,
        generator=generator,
    )
    return networks


def _three_ways(network, parts, tau, generator, settings):
    """Test measures by number of passes, and of weight scaling.

    Each way of predicting is also given the tau that suits it best on validation ("own tau").
    What few passes give depends on the masks: such measures are means over many groups of them.
    """
    number = max(settings.passes)
    samples = {
        part: mc_samples(network, parts[part][0], number, generator=generator)
        for part in ("validation", "test")
    }
    with torch.no_grad():
        network.eval()
        scaled = {part: network(parts[part][0])[None] for part in samples}
    ys = {part: parts[part][1] for part in samples}
    by_passes = [_measures(samples, ys, tau, k, settings) for k in settings.passes]
    return {
        "by passes": {
            measure: [measures[measure] for measures in by_passes] for measure in by_passes[0]
        },
        "weight scaling": _measures(scaled, ys, tau, 1, settings),
    }


def _measures(samples, ys, tau, k, settings):
    """Of predictions from k passes: samples (passes, N, 1) are taken in at most 20 groups of k."""
    groups = min(len(samples["test"]) // k, 20)

    def mean(of):
        return float(np.mean([of(slice(i * k, (i + 1) * k)) for i in range(groups)]))

    def log_likelihood(part, tau):
        return mean(lambda group: _log_likelihood(samples[part][group], ys[part], tau))

    own = max(settings.precisions, key=lambda tau: log_likelihood("validation", tau))
    test, y = samples["test"], ys["test"]
    return {
        "error": round(mean(lambda g: (test[g].mean(0) - y).square().mean().sqrt().item()), 5),
        "log_likelihood": round(log_likelihood("test", tau), 5),
        "own tau": own,
        "log_likelihood, own tau": round(log_likelihood("test", own), 5),
    }


def _log_likelihood(samples, y, tau):
    """Mean log density of y, Gaussian with precision tau, averaged over the passes first."""
    log_density = torch.distributions.Normal(samples, tau**-0.5).log_prob(y)
    return (log_density.logsumexp(dim=0) - np.log(len(samples))).mean().item()
