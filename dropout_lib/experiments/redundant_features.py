"""What dropout does to hidden units: how alike they are, how often they are silent, how loud."""

import base64
import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from ..datasets import mnist5k
from ..pytorch import MLPWithDropout
from ..training import evaluate, fit_many
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    p: float = 0.5
    hidden: tuple = (256, 256)
    learning_rates: tuple = (0.02, 0.05, 0.1, 0.2)  # of the classifier
    epochs: int = 40
    code: int = 256  # hidden units of the autoencoder
    code_learning_rates: tuple = (0.001, 0.003, 0.01)  # of the autoencoder, which Adam trains
    code_epochs: int = 40
    features: int = 12  # whose weights are kept as pictures: the first ones, not chosen


ARMS = ("without", "with")


@experiment(
    settings=Settings(),
    quick={"train": 200, "hidden": (32, 32), "epochs": 2, "code": 32, "code_epochs": 2},
    question="Are units trained with dropout less alike, more often silent, less active?",
)
def redundant_features(seed, settings):
    """Activations on test digits of classifiers and autoencoders trained with dropout and without.

    Both arms have the same widths, initial weights, order of cases and number of steps, and each
    the learning rate, out of as many, that is best for it on validation. Measured with dropout
    off. "at each rate" has the classifier's measures at every learning rate, not only the tuned.
    """
    data = mnist5k(seed=seed, train=settings.train)
    return {"classifier": _classifier(data, seed, settings), **_autoencoder(data, seed, settings)}


def measures(h):
    """What the activations h (N, units) of a ReLU layer look like.

    Returns:
        dict of "correlation", the mean absolute correlation between two units over the cases;
        "silent", the share of activations that are 0; "mean", the mean activation; and "dead",
        the share of units that are 0 for every case (they take no part in the correlation).
    """
    alive = h.std(axis=0) > 0
    between = np.abs(np.corrcoef(h[:, alive].T))
    units = len(between)
    values = {
        "correlation": (between.sum() - units) / (units * (units - 1)),
        "silent": (h == 0).mean(),
        "mean": h.mean(),
        "dead": 1 - alive.mean(),
    }
    return {name: round(float(value), 5) for name, value in values.items()}


# --- classifier ----------------------------------------------------------------------------------


def _classifier(data, seed, settings):
    rates = settings.learning_rates
    models = [
        _network(seed, list(settings.hidden), 10, p) for p in (0.0, settings.p) for _ in rates
    ]
    x_test = torch.from_numpy(data.x_test)
    result = {"before training": _layers(models[0], x_test)}
    fit_many(
        models,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=rates * 2,
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    validation = torch.from_numpy(data.x_validation), torch.from_numpy(data.y_validation)
    for arm, mine in zip(ARMS, (models[: len(rates)], models[len(rates) :]), strict=True):
        scores = [evaluate(model, *validation) for model in mine]
        at_each = [_layers(model, x_test) for model in mine]
        best = scores.index(min(scores))
        error, loss = evaluate(mine[best], x_test, torch.from_numpy(data.y_test))
        result[arm] = {
            "learning_rate": rates[best],
            "error": round(error, 5),
            "loss": round(loss, 5),
            **at_each[best],
            "at each rate": at_each,
        }
    return result


def _network(seed, hidden, outputs, p):
    torch.manual_seed(seed)
    return MLPWithDropout(784, hidden, outputs, [p] * len(hidden))


@torch.no_grad()
def _layers(model, x):
    """The measures of each hidden layer, with dropout off."""
    result, model = {}, model.eval()
    for layer in model.network:
        x = layer(x)
        if isinstance(layer, torch.nn.ReLU):
            result[("first layer", "second layer")[len(result)]] = measures(x.numpy())
    return result


# --- autoencoder ---------------------------------------------------------------------------------


def _autoencoder(data, seed, settings):
    """Pictures through 256 ReLU units and back; the outputs are logits of the pixels."""
    x, x_validation, x_test = (
        torch.from_numpy(getattr(data, f"x_{part}")) for part in ("train", "validation", "test")
    )
    runs = {arm: [] for arm in ARMS}
    for rate in settings.code_learning_rates:
        models = [_network(seed, [settings.code], 784, p) for p in (0.0, settings.p)]
        for model in models:  # or the first steps, spent on darkening the picture, kill units
            model.network[-1].bias.data = x.mean(dim=0).clamp(0.005, 0.995).logit()
        fit_many(
            models,
            x,
            x,
            epochs=settings.code_epochs,
            learning_rate=rate,
            optimiser="adam",
            seeds=seed,
            loss=_pixel_loss,
            generator=torch.Generator().manual_seed(seed),
        )
        for arm, model in zip(ARMS, models, strict=True):
            runs[arm].append((_reconstruction(model, x_validation), rate, model))
    result, features = {}, {}
    for arm in ARMS:
        _, rate, model = min(runs[arm], key=lambda run: run[0])
        with torch.no_grad():
            code = model.network[:2](x_test).numpy()
        result[arm] = {
            "learning_rate": rate,
            "reconstruction": round(_reconstruction(model, x_test), 5),
            **measures(code),
            "histogram": _histogram(code),
        }
        weights = model.network[0].weight.detach().numpy()
        result[arm]["neighbours"] = neighbour_correlation(weights[(code > 0).any(axis=0)])
        features[arm] = pack(weights[: settings.features])
    return {"autoencoder": result, "features": features}


def _pixel_loss(logits, pixels):
    """Cross-entropy of the pixels in nats, summed over a picture, for each member."""
    loss = F.binary_cross_entropy_with_logits(logits, pixels, reduction="none")
    return loss.sum(dim=2).mean(dim=1)


@torch.no_grad()
def _reconstruction(model, x):
    """Mean cross-entropy in nats per picture, with dropout off."""
    return _pixel_loss(model.eval()(x)[None], x[None]).item()


EDGES = tuple(np.linspace(0, 10, 41).round(2).tolist())  # of the histogram of activations


def _histogram(h):
    """Share of the activations in each bin of EDGES, zeros left out; what is above is in none."""
    counts, _ = np.histogram(h[h > 0], EDGES)
    return (counts / h.size).round(5).tolist()


def neighbour_correlation(weights):
    """Mean correlation between the weights (units, 784) of pixels side by side, unit by unit.

    0 if the weights are noise, 1 if they are flat. Only the inner 20 x 20 pixels count: the
    margin is black in every picture.
    """
    inner = weights.reshape(-1, 28, 28)[:, 4:24, 4:24]
    left, right = (side.reshape(len(inner), -1) for side in (inner[:, :, :-1], inner[:, :, 1:]))
    pairs = zip(left, right, strict=True)
    return round(float(np.mean([np.corrcoef(pair)[0, 1] for pair in pairs])), 5)


# --- pictures of weights --------------------------------------------------------------------------


def pack(weights):
    """Weights (features, 784) as text: each feature scaled to [-7, 7] and rounded.

    >>> unpack(pack(np.array([[0.5, -1.0, 0.0]])), 3)
    array([[ 0.57142857, -1.        ,  0.        ]])
    """
    largest = np.abs(weights).max(axis=1, keepdims=True)
    levels = np.round(7 * weights / largest).astype(np.int8)
    return base64.b64encode(zlib.compress(levels.tobytes(), 9)).decode()


def unpack(text, pixels=784):
    """Weights (features, pixels) in [-1, 1] from :func:`pack`'s text."""
    levels = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.int8)
    return levels.reshape(-1, pixels) / 7
