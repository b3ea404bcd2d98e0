"""Averages of k sampled subnetworks against weight scaling, and how many a training run visits."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import mnist5k
from ..pytorch import MLPWithDropout
from ..pytorch.module import DropoutModule
from ..training import evaluate, fit, fit_many, lowest_error
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: tuple = (256, 256)
    p: float = 0.5
    learning_rates: tuple = (0.02, 0.05, 0.1, 0.2)  # the best on validation is taken, per arm
    epochs: int = 40
    counts: tuple = (1, 2, 5, 10, 20, 50, 100, 200)  # k, the subnetworks averaged
    passes: int = 400  # sampled in all: k of them make passes / k averages
    separate: int = 10  # networks trained one by one, without dropout
    visited_widths: tuple = (8, 12, 256)  # of two layers each, whose masks are counted
    shown: tuple = (0.5, 0.9, 1.0)  # digits kept for the explorer, by rank in how disputed
    shown_passes: int = 50


@experiment(
    settings=Settings(),
    quick={
        "train": 200,
        "hidden": (32, 32),
        "learning_rates": (0.05,),
        "epochs": 3,
        "counts": (1, 2, 10),
        "passes": 20,
        "separate": 2,
        "shown_passes": 10,
    },
    question="What do averages over sampled subnetworks give that weight scaling does not?",
)
def averaged_subnetworks(seed, settings):
    """One network with dropout, used in several ways, beside separate networks without dropout.

    Error and loss on test, by the number of subnetworks averaged. "arithmetic" averages their
    probabilities, "geometric" their log-probabilities. The separate networks have the same
    architecture and number of steps each, other initial weights and another order of cases.
    """
    data = mnist5k(seed=seed, train=settings.train)
    (dropped, dropped_rate), (_, plain_rate) = _tuned(data, seed, settings)
    x, labels = torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)
    log_q = sample(dropped, x, settings.passes, seed)  # (passes, N, classes)
    error, loss = evaluate(dropped, x, labels)
    return {
        "learning_rate": {"dropout": dropped_rate, "separate": plain_rate},
        "weight scaling": {"error": round(error, 5), "loss": round(loss, 5)},
        "arithmetic": _by_count(log_q.exp(), labels, settings.counts),
        "geometric": _by_count(log_q, labels, settings.counts),
        "separate": _separate(data, plain_rate, seed, settings),
        "visited": {
            str(width): visited(data, width, dropped_rate, seed, settings)
            for width in settings.visited_widths
        },
        "shown": _shown(dropped, x, log_q, settings),
    }


def _network(seed, p, hidden):
    torch.manual_seed(seed)
    return MLPWithDropout(784, list(hidden), 10, [p] * len(hidden))


def _tuned(data, seed, settings):
    """The best network on validation and its learning rate, with dropout and without."""
    arms = (settings.p, 0.0)
    rates = settings.learning_rates * len(arms)
    models = [_network(seed, p, settings.hidden) for p in arms for _ in settings.learning_rates]
    fit_many(
        models,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=rates,
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    validation = torch.from_numpy(data.x_validation), torch.from_numpy(data.y_validation)
    count = len(settings.learning_rates)
    for start in (0, count):
        best = start + lowest_error(models[start : start + count], *validation)
        yield models[best], rates[best]


@torch.no_grad()
def sample(model, x, passes, seed):
    """Log-probabilities (passes, N, classes) of sampled subnetworks, a mask for each case."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, DropoutModule):
            module.generator = generator
    model.train()
    first = model.network[:2](x)  # no noise so far: once is enough
    log_q = [model.network[2:](first).log_softmax(dim=1) for _ in range(passes)]
    model.eval()
    return torch.stack(log_q)


def _by_count(values, labels, counts):
    """Error and loss of averages over k, each a mean over as many disjoint groups as there are.

    Args:
        values: (passes, N, classes), log-probabilities or probabilities; their mean is made to
            sum to 1 over the classes.
        labels: (N,).
        counts: the numbers k.
    """
    result = {"error": [], "loss": []}
    for k in counts:
        groups = len(values) // k
        means = values[: groups * k].unflatten(0, (groups, k)).mean(dim=1)
        log_p = means.log_softmax(dim=2) if (values <= 0).all() else means.log()
        wrong = log_p.argmax(dim=2) != labels
        chosen = log_p[:, torch.arange(len(labels)), labels]
        result["error"].append(round(wrong.float().mean().item(), 5))
        result["loss"].append(round(-chosen.mean().item(), 5))
    return result


def _separate(data, learning_rate, seed, settings):
    """Error and loss by the number of separately trained networks averaged."""
    members = range(settings.separate)
    models = [_network(1000 * (seed + 1) + member, 0.0, settings.hidden) for member in members]
    fit_many(
        models,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=learning_rate,
        seeds=[1000 * (seed + 1) + member for member in members],
    )
    x, labels = torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)
    with torch.no_grad():
        q = torch.stack([model.eval()(x).softmax(dim=1) for model in models])
    return _by_count(q, labels, [1, settings.separate])


def visited(data, width, learning_rate, seed, settings):
    """How many different masks a training run draws, in each layer and in both together.

    "presentations" counts training cases shown, each of which draws a mask; "most_often" is how
    often the most frequent whole mask came.
    """
    model = _network(seed, settings.p, (width, width))
    counters = [Counter() for _ in range(3)]
    layers = [m for m in model.modules() if isinstance(m, DropoutModule)]
    layers[1].register_forward_hook(lambda *_: _count([m.mask for m in layers], counters))
    fit(
        model,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=learning_rate,
        seed=seed,
    )
    first, second, both = counters
    return {
        "presentations": both.total(),
        "first_layer": len(first),
        "second_layer": len(second),
        "both_layers": len(both),
        "most_often": max(both.values()),
    }


def _count(masks, counters):
    rows = [np.packbits(mask.numpy(), axis=1) for mask in masks]
    for parts, counter in zip((*rows, np.hstack(rows)), counters, strict=True):
        counter.update(row.tobytes() for row in parts)


def _shown(model, x, log_q, settings):
    """Single predictions in per cent for a few digits, from the least to the most disputed."""
    q = log_q.exp()
    votes = torch.nn.functional.one_hot(q.argmax(dim=2), 10).float().mean(dim=0)  # (N, classes)
    order = votes.amax(dim=1).argsort(descending=True, stable=True)
    chosen = order[[round(rank * (len(order) - 1)) for rank in settings.shown]]
    with torch.no_grad():
        scaled = model.eval()(x[chosen]).softmax(dim=1)
    return {
        "test_digits": chosen.tolist(),
        "weight scaling": (100 * scaled).round().int().tolist(),
        "passes": (100 * q[: settings.shown_passes, chosen]).round().int().tolist(),
    }
