"""DropConnect beside dropout: noise of equal size, shared by the outputs of a layer or not."""

import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..datasets import mnist5k
from ..pytorch import DropConnectLinear, rectified_gaussian_mean
from ..pytorch.functional import dropconnect_linear, dropout
from ..scratch import draw_keep_mask
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: tuple = (128, 128)
    rates: tuple = (0.25, 0.5, 0.75)  # drop probabilities
    p: float = 0.5  # the one at which the methods are compared as they are
    learning_rates: tuple = (0.05, 0.1, 0.2)  # the best on validation is taken, per method
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 20
    passes: tuple = (1, 10, 50)  # sampled passes that are averaged at test time
    disturbed: int = 100  # training digits on which noise is measured
    draws: int = 100  # of the noise, for each of them


METHODS = ("dropout", "dropconnect", "gaussian")


@experiment(
    settings=Settings(),
    quick={
        "train": 200,
        "hidden": (32, 32),
        "rates": (0.5, 0.75),
        "learning_rates": (0.05,),
        "epochs": 3,
        "disturbed": 50,
        "draws": 40,
    },
    question="Does dropping weights disturb and regularise more than dropping units?",
)
def dropconnect(seed, settings):
    """Networks without noise, with dropout, with DropConnect, and with Gaussians in its place.

    All have the same widths, initial weights, data order and number of steps, and the learning
    rate that is best for them on validation. The noise is in the second and the third layer:
    dropout drops their inputs, DropConnect their weights, and "gaussian" draws each output from
    the Gaussian with DropConnect's mean and variance.
    """
    data = mnist5k(seed=seed, train=settings.train)
    runs, trained = _runs(data, "none", (0.0,), seed, settings)
    result = {
        "none": _best(runs),
        "noise before training": _noise(
            _network(data, "none", 0.0, seed, settings), data, settings
        ),
        "noise": _noise(trained, data, settings),
    }
    for method in METHODS:
        runs, trained = _runs(data, method, (settings.p,), seed, settings)
        result[method] = {**_best(runs), "runs": runs}
        if method == "dropconnect":
            result["inference"] = _inference(trained, data, seed, settings)
        if method != "gaussian":
            others = [p for p in settings.rates if p != settings.p]
            runs += _runs(data, method, others, seed, settings)[0]
            result[f"{method} tuned"] = _best(runs)
    return result


class Network(nn.Module):
    """A ReLU network with three layers of weights, and noise in the last two of them.

    Args:
        sizes: inputs, two hidden widths, classes.
        method: "none", or one of :data:`METHODS`.
        p: probability to drop.
        seed: of the noise.
    """

    def __init__(self, sizes, method, p, seed):
        super().__init__()
        self.layers = nn.ModuleList(DropConnectLinear(a, b) for a, b in pairwise(sizes))
        self.make_noise(method, p, seed)

    def make_noise(self, method, p, seed):
        """From now on, while training, this noise."""
        self.method = method
        self.generator = torch.Generator().manual_seed(seed)
        self.rng = np.random.Generator(np.random.SFC64(seed))
        for layer in self.layers:
            layer.p = p
        return self.train()

    def forward(self, x):
        first, second, third = self.layers
        x = F.relu(F.linear(x, first.weight, first.bias))
        return self._noisy(third, F.relu(self._noisy(second, x)))

    def _noisy(self, layer, x):
        """The layer's output, with the method's noise while training."""
        if not self.training or self.method == "none":
            return F.linear(x, layer.weight, layer.bias)
        if self.method == "dropout":
            x = dropout(x, layer.p, generator=self.generator)
            return F.linear(x, layer.weight, layer.bias)
        if self.method == "dropconnect":  # NumPy draws that many masks in an eighth of the time
            mask = draw_keep_mask((len(x), *layer.weight.shape), layer.p, self.rng)
            mask = torch.from_numpy(mask)
            return dropconnect_linear(x, layer.weight, layer.bias, layer.p, mask=mask)
        mean, variance = layer.gaussian_moments(x)
        noise = torch.randn(mean.shape, generator=self.generator)
        return mean + (variance + 1e-12).sqrt() * noise  # the root has no slope at 0


def _network(data, method, p, seed, settings):
    torch.manual_seed(seed)  # the same initial weights for every method
    return Network((data.x_train.shape[1], *settings.hidden, 10), method, p, seed)


def train(data, method, p, learning_rate, seed, settings):
    """Train one network; returns its measures and itself, in evaluation mode."""
    network = _network(data, method, p, seed, settings)
    x, labels = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(network.parameters(), lr=learning_rate, momentum=settings.momentum)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=settings.epochs)
    run = {"p": p, "learning_rate": learning_rate, "train_loss": []}
    fastest = float("inf")
    for _ in range(settings.epochs):
        network.train()
        for batch in torch.randperm(len(x), generator=order).split(settings.batch_size):
            start = time.perf_counter()
            loss = F.cross_entropy(network(x[batch]), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            fastest = min(fastest, time.perf_counter() - start)
        schedule.step()
        run["train_loss"].append(_measure(network.eval(), data.x_train, data.y_train)[1])
    run["fastest_step_milliseconds"] = round(1000 * fastest, 3)
    for part in ("validation", "test"):
        x, labels = getattr(data, f"x_{part}"), getattr(data, f"y_{part}")
        run[f"{part}_error"], run[f"{part}_loss"] = _measure(network, x, labels)
    return run, network


def _runs(data, method, rates, seed, settings):
    """The runs at all drop and learning rates, and the network that is best on validation."""
    pairs = [
        train(data, method, p, learning_rate, seed, settings)
        for p in rates
        for learning_rate in settings.learning_rates
    ]
    runs, networks = zip(*pairs, strict=True)
    return list(runs), networks[runs.index(_best(runs))]


def _best(runs):
    return min(runs, key=_validation)


def _validation(run):
    return run["validation_error"], run["validation_loss"]


@torch.no_grad()
def _measure(network, x, labels):
    """Error rate and mean loss in the network's present mode."""
    return _scores(F.log_softmax(network(torch.from_numpy(x)), dim=1), labels)


def _scores(log_probability, labels):
    labels = torch.from_numpy(labels)
    error = (log_probability.argmax(dim=1) != labels).float().mean().item()
    return round(error, 5), round(F.nll_loss(log_probability, labels).item(), 5)


@torch.no_grad()
def _noise(network, data, settings):
    """What the noise of each method does to one and the same network.

    Of the second layer's outputs before the ReLU: variance over the formula's, and correlation
    between two of them; of the logits, when that layer alone is noisy: their variance. And the
    loss and the error on training digits when both layers are.
    """
    x = torch.from_numpy(data.x_train[: settings.disturbed])
    labels = data.y_train[: settings.disturbed]
    first, second, third = network.layers
    hidden = F.relu(F.linear(x, first.weight, first.bias))
    result = {"clean_loss": _measure(network.eval(), x.numpy(), labels)[1]}
    for method in METHODS:
        network.make_noise(method, settings.p, seed=0)
        mean, variance = second.gaussian_moments(hidden)
        outputs = torch.stack([network._noisy(second, hidden) for _ in range(settings.draws)])
        logits = F.linear(F.relu(outputs), third.weight, third.bias)
        centred = outputs - mean  # (draws, digits, units)
        covariance = torch.einsum("tno,tnq->noq", centred, centred) / settings.draws
        sampled = covariance.diagonal(dim1=1, dim2=2)  # (digits, units)
        expected = torch.einsum("no,nq->noq", variance, variance).sqrt()
        between = ~torch.eye(variance.shape[1], dtype=bool) & (expected > 0)
        correlation = (covariance / expected)[between]
        scores = [_measure(network, x.numpy(), labels) for _ in range(settings.draws)]
        error, loss = np.mean(scores, axis=0)
        result[method] = {
            "variance_over_formula": round((sampled / variance)[variance > 0].mean().item(), 4),
            # sampling alone gives a mean square of 1 / draws
            "mean_square_correlation": round(
                correlation.square().mean().item() - 1 / settings.draws, 5
            ),
            "logit_variance": round(logits.var(dim=0).mean().item(), 5),
            "noisy_loss": round(float(loss), 5),
            "noisy_error": round(float(error), 5),
        }
    return result


@torch.no_grad()
def _inference(network, data, seed, settings):
    """Test error and loss of one network trained with DropConnect, by how it is used."""
    x, labels = torch.from_numpy(data.x_test), data.y_test
    result = {"mean weights": _scores(F.log_softmax(network.eval()(x), dim=1), labels)}

    first, second, third = network.layers
    hidden = F.relu(F.linear(x, first.weight, first.bias))
    hidden = rectified_gaussian_mean(*second.gaussian_moments(hidden))
    probability = third.gaussian_inference(
        hidden,
        lambda y: y.softmax(dim=1),
        num_samples=max(settings.passes),
        generator=torch.Generator().manual_seed(seed),
    )
    result["gaussian by layer"] = _scores(probability.log(), labels)

    for method, name in (("gaussian", "gaussian passes"), ("dropconnect", "passes")):
        network.make_noise(method, settings.p, seed)
        total = 0
        for count in range(1, max(settings.passes) + 1):
            total = total + network(x).softmax(dim=1)
            if count in settings.passes:
                result[f"{count} {name}"] = _scores((total / count).log(), labels)
    return result
