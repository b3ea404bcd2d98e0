"""Dropout beside batch norm: the shift of variance by placement and p, and what it does."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn

from ..datasets import mnist5k
from ..pytorch import Dropout
from ..training import evaluate, fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment

# Each hidden layer is Linear, [dropout], batch norm, ReLU, [dropout]. A placement says which of
# the two there are, in all layers but the last one and in the last one.
PLACEMENTS = {
    "before": ((True, False), (True, False)),  # directly before every batch norm
    "between": ((False, True), (False, False)),  # behind every activation that a batch norm follows
    "behind all": ((False, True), (False, True)),  # behind every activation
    "after": ((False, False), (False, True)),  # behind the last activation: no batch norm follows
}
_REACH = 7  # histograms go from -7 to 7 standard deviations


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    validation: int = 1000
    test: int = 3000
    hidden: int = 100  # units of each hidden layer
    rates: tuple = (0.1, 0.3, 0.5, 0.7)  # p; the best on validation is taken
    learning_rates: tuple = (0.02, 0.06, 0.18)  # for every p the best on validation
    # without dropout there is no p to choose: as many candidates, all of them learning rates
    learning_rates_without: tuple = (
        *(0.01, 0.014, 0.02, 0.028, 0.039, 0.055),
        *(0.077, 0.11, 0.15, 0.21, 0.3, 0.42),
    )
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 20
    deep_layers: int = 6  # the other networks have two hidden layers
    deep_placements: tuple = ("before", "between", "after")
    passes: int = 10  # with dropout on, of which the mean error is taken
    bins: int = 28


@experiment(
    settings=Settings(),
    quick={
        "train": 200,
        "hidden": 16,
        "learning_rates": (0.06,),
        "learning_rates_without": (0.06,),
        "epochs": 2,
    },
    question="Do dropout and batch norm go together, and where does dropout have to stand?",
)
def batch_norm(seed, settings):
    """Networks with and without batch norm and dropout: errors, and the shift of variance.

    Networks of one depth have the same widths, initial weights, order of cases and number of
    steps. Each is chosen on validation out of equally many candidates. The shift is measured at
    every p and placement, in the network whose learning rate is best at that p.
    """
    data = mnist5k(seed, settings.train, settings.validation, settings.test)
    task = data, seed, settings
    result = {
        "neither": _without(2, False, *task),
        "batch norm": _without(2, True, *task),
        "dropout": _with("behind all", 2, False, *task),
    }
    for placement in PLACEMENTS:
        result[placement] = _with(placement, 2, True, *task)
    deep = {"batch norm": _without(settings.deep_layers, True, *task)}
    for placement in settings.deep_placements:
        deep[placement] = _with(placement, settings.deep_layers, True, *task)
    return result | {"deep": deep}


def network(placement, p, layers, hidden, with_batch_norm=True):
    """A network for 784 inputs and ten classes; every dropout layer is there, some with p = 0.

    Args:
        placement: a name of :data:`PLACEMENTS`.
        p: probability to drop, where the placement says so.
        layers: number of hidden layers.
        hidden: units of each.
        with_batch_norm: whether there is any.
    """
    early, last = PLACEMENTS[placement]
    modules, inputs = [], 784
    for before, behind in [early] * (layers - 1) + [last]:
        modules += [nn.Linear(inputs, hidden), Dropout(p if before else 0.0)]
        modules += [nn.BatchNorm1d(hidden)] if with_batch_norm else []
        modules += [nn.ReLU(), Dropout(p if behind else 0.0)]
        inputs = hidden
    return nn.Sequential(*modules, nn.Linear(inputs, 10))


def train(data, placement, pairs, seed, settings, layers=2, with_batch_norm=True):
    """Networks for pairs of (p, learning rate), trained together; arguments as for
    :func:`network`.
    """
    models = []
    for p, _ in pairs:
        torch.manual_seed(seed)  # the same initial weights in every network
        models.append(network(placement, p, layers, settings.hidden, with_batch_norm))
    fit_many(
        models,
        *tensors(data, "train"),
        epochs=settings.epochs,
        learning_rate=[learning_rate for _, learning_rate in pairs],
        batch_size=settings.batch_size,
        momentum=settings.momentum,
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    return models


def _without(layers, with_batch_norm, data, seed, settings):
    """No dropout: what is measured at the learning rate that is best on validation."""
    pairs = [(0.0, learning_rate) for learning_rate in settings.learning_rates_without]
    models = train(data, "after", pairs, seed, settings, layers, with_batch_norm)
    best = lowest_error(models, *tensors(data, "validation"))
    return {"learning_rate": pairs[best][1]} | _measured(models[best], data, layers, settings)


def _with(placement, layers, with_batch_norm, data, seed, settings):
    """By p, what is measured at the best learning rate; and which p is best, all on validation."""
    pairs = [(p, rate) for p in settings.rates for rate in settings.learning_rates]
    models = train(data, placement, pairs, seed, settings, layers, with_batch_norm)
    best = pairs[lowest_error(models, *tensors(data, "validation"))][0]
    by_rate = {}
    for p in settings.rates:
        own = [i for i, (rate, _) in enumerate(pairs) if rate == p]
        i = own[lowest_error([models[i] for i in own], *tensors(data, "validation"))]
        measured = _measured(models[i], data, layers, settings)
        by_rate[str(p)] = {"learning_rate": pairs[i][1]} | measured
    return {"p": best, "by rate": by_rate}


def _measured(model, data, layers, settings):
    result = measures(model, data)
    if not any(isinstance(layer, nn.BatchNorm1d) for layer in model):
        return result
    result |= _noisy(model, data, settings) | _recalibrated(model, data) | _ratios(model, data)
    return result | (_histograms(model, data, settings) if layers == 2 else {})


# --- what batch norm has stored, and what it meets -------------------------------------------


@torch.no_grad()
def inputs_of_batch_norms(model, x, training):
    """What each batch norm of a trained network hears: a list of tensors (N, units).

    Args:
        model: a network with batch norm, from :func:`network`.
        x: (N, 784).
        training: whether dropout is on and batch norm uses the statistics of these N cases, as in
            training; otherwise both are as in evaluation. The model is left as it was.

    >>> heard = inputs_of_batch_norms(network("before", 0.5, 2, 8), torch.ones(3, 784), False)
    >>> [tuple(h.shape) for h in heard]
    [(3, 8), (3, 8)]
    """
    heard = []
    for layer in model:
        if isinstance(layer, nn.BatchNorm1d):
            heard.append(x)
            statistics = (None, None) if training else (layer.running_mean, layer.running_var)
            x = nn.functional.batch_norm(
                x, *statistics, layer.weight, layer.bias, training=training, eps=layer.eps
            )
        elif isinstance(layer, Dropout):
            x = nn.functional.dropout(x, layer.p, training)
        else:
            x = layer(x)
    return heard


def _ratios(model, data):
    """Variance that each batch norm has stored, over the variance that it meets in evaluation.

    Of the units of a layer, the median. "train" is over the training images, where nothing but
    the mode differs, and "test" over the test images.
    """
    norms = [layer for layer in model if isinstance(layer, nn.BatchNorm1d)]
    result = {}
    for part in ("train", "test"):
        heard = inputs_of_batch_norms(model, tensors(data, part)[0], training=False)
        ratios = []
        for layer, x in zip(norms, heard, strict=True):
            met = x.var(dim=0)
            alive = met > 1e-6
            ratios.append(round((layer.running_var[alive] / met[alive]).median().item(), 4))
        result[f"variance_ratio_{part}"] = ratios
    return result


def _histograms(model, data, settings):
    """What the second batch norm hears with dropout on and off, for the unit of median ratio."""
    x = tensors(data, "train")[0]
    torch.manual_seed(0)  # masks
    on, off = (inputs_of_batch_norms(model, x, training)[1] for training in (True, False))
    ratios = on.var(dim=0) / off.var(dim=0)
    unit = int((ratios - ratios.median()).abs().argmin())
    centre, deviation = off[:, unit].mean(), off[:, unit].std()
    result = {"ratio": round(ratios[unit].item(), 4)}
    for mode, values in (("on", on), ("off", off)):
        inside = ((values[:, unit] - centre) / deviation).clamp(0.001 - _REACH, _REACH - 0.001)
        counts = inside.histc(settings.bins, -_REACH, _REACH).int().tolist()
        result[mode] = " ".join(map(str, counts))  # a list would take a line for each
    return {"unit": result}


def _noisy(model, data, settings):
    """Test error with dropout on and the stored statistics: batch norm meets what it has stored."""
    torch.manual_seed(0)  # masks
    x, labels = tensors(data, "test")
    for layer in model:
        layer.train(isinstance(layer, Dropout))
    with torch.no_grad():
        answers = torch.stack([model(x).argmax(dim=1) for _ in range(settings.passes)])
    return {"noisy_test_error": round((answers != labels).float().mean().item(), 5)}


def recalibrated(model, x):
    """A copy whose batch norms have the statistics of x (N, 784) with dropout off."""
    copy = deepcopy(model).eval()
    with torch.no_grad():
        for place, layer in enumerate(copy):
            if isinstance(layer, nn.BatchNorm1d):
                heard = copy[:place](x)  # through the layers in front, as they are from now on
                layer.running_mean.copy_(heard.mean(dim=0))
                layer.running_var.copy_(heard.var(dim=0))
    return copy


def _recalibrated(model, data):
    copy = recalibrated(model, tensors(data, "train")[0])
    error, loss = evaluate(copy, *tensors(data, "test"))
    return {"recalibrated_test_error": round(error, 5), "recalibrated_test_loss": round(loss, 5)}
