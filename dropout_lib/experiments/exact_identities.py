"""What dropout is exactly, and what it is nearly: averages over every mask that there is."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import nn

from ..datasets import diabetes, digits
from ..pytorch import Dropout
from ..training import fit_many, lowest_error, squared_error
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    rates: tuple = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # to drop an input
    linear_epochs: int = 1000
    linear_learning_rate: float = 0.0005
    logistic_epochs: int = 300
    logistic_learning_rate: float = 0.02
    units: int = 10  # of the layer whose masks are all enumerated
    width: int = 64  # of the ReLU layer that may follow it
    network_rates: tuple = (0.2, 0.5)
    learning_rates: tuple = (
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
    )  # the best on validation is taken, per network
    epochs: int = 60


@experiment(
    settings=Settings(),
    quick={"linear_epochs": 5, "logistic_epochs": 5, "units": 6, "epochs": 3},
    question="Where does dropout equal a penalty or an average exactly, and how near else?",
)
def exact_identities(seed, settings):
    """Linear regression against ridge, logistic regression against Wager's penalty, and averages.

    The seed decides the split of the data, the initial weights, the order of cases and the masks.
    """
    torch.manual_seed(seed)
    return {
        "linear": linear_regression(diabetes(seed), settings),
        "logistic": logistic_regression(diabetes(seed), settings),
        **{
            name: averages(digits(seed), seed, hidden, settings)
            for name, hidden in (("softmax behind", False), ("relu behind", True))
        },
    }


def all_masks(units, p):
    """Every keep-mask of a layer (2^units, units), and the probability of each (2^units,)."""
    masks = np.array(list(product((0.0, 1.0), repeat=units)))
    kept = masks.sum(axis=1)
    return masks, (1 - p) ** kept * p ** (units - kept)


# --- linear regression -------------------------------------------------------------------------


def expected_squared_error(x, y, w, p):
    """Sum of squared errors with dropout on the inputs, averaged over every mask.

    Every case has a mask of its own, but the expectation of a sum is the sum of expectations.
    """
    masks, probability = all_masks(x.shape[1], p)
    predicted = (masks * w / (1 - p)) @ x.T  # (2^features, N)
    return float(probability @ np.square(y - predicted).sum(axis=1))


def ridge_penalty(x, w, p):
    """p / (1 - p) * sum_j w_j^2 |x_j|^2, with x_j the j-th column (Srivastava et al. 2014, 9.1)."""
    return float(p / (1 - p) * np.square(w) @ np.square(x).sum(axis=0))


def ridge_solution(x, y, p):
    """The w that minimises squared error plus :func:`ridge_penalty`."""
    gram = x.T @ x
    return np.linalg.solve(gram + p / (1 - p) * np.diag(np.diag(gram)), x.T @ y)


def sgd_with_dropout(x, y, rates, *, epochs, learning_rate, seed):
    """Weights (len(rates), features) of linear regression trained with dropout on its inputs."""
    models = [nn.Sequential(Dropout(p), nn.Linear(x.shape[1], 1, bias=False)) for p in rates]
    for model in models:
        nn.init.zeros_(model.double()[1].weight)
    fit_many(
        models,
        torch.from_numpy(x),
        torch.from_numpy(y)[:, None],
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=32,
        seeds=seed,
        loss=squared_error,
        generator=torch.Generator().manual_seed(seed),
    )
    return np.stack([model[1].weight.detach().numpy()[0] for model in models])


def linear_regression(data, settings):
    """How far enumeration is from the formula, and SGD with dropout from the ridge solution."""
    x, y = data.x_train, data.y_train
    least_squares = np.linalg.lstsq(x, y, rcond=None)[0]
    seed = torch.initial_seed()
    by_sgd = sgd_with_dropout(
        *(x, y, settings.rates),
        epochs=settings.linear_epochs,
        learning_rate=settings.linear_learning_rate,
        seed=seed,
    )
    result = {"test_error_least_squares": _left(data.x_test, data.y_test, least_squares)}
    for p, w in zip(settings.rates, by_sgd, strict=True):
        ridge = ridge_solution(x, y, p)
        formula = float(np.square(y - x @ w).sum()) + ridge_penalty(x, w, p)
        norm = np.linalg.norm(ridge)
        result[f"p = {p}"] = {
            "enumeration_over_formula_minus_1": abs(
                expected_squared_error(x, y, w, p) / formula - 1
            ),
            "sgd_from_ridge": round(float(np.linalg.norm(w - ridge) / norm), 5),
            "least_squares_from_ridge": round(
                float(np.linalg.norm(least_squares - ridge) / norm), 5
            ),
            "sgd": np.round(w, 4).tolist(),
            "validation_error_ridge": _left(data.x_validation, data.y_validation, ridge),
            "test_error_ridge": _left(data.x_test, data.y_test, ridge),
            "test_error_sgd": _left(data.x_test, data.y_test, w),
        }
    return result


def _left(x, y, w):
    """Share of the target's mean square that the prediction leaves."""
    return round(float(np.square(y - x @ w).mean() / np.square(y).mean()), 5)


# --- logistic regression -----------------------------------------------------------------------


def logistic_penalty(x, w, b, p):
    """E[A(noisy logit)] - A(logit), averaged over every mask, summed over cases; A = log(1 + e^z).

    This is what dropout adds to the expected negative log-likelihood, exactly: the term that is
    linear in the logit keeps its mean (Wager, Wang and Liang 2013).
    """
    masks, probability = all_masks(x.shape[1], p)
    noisy = (masks * w / (1 - p)) @ x.T + b  # (2^features, N)
    return float((probability @ np.logaddexp(0, noisy) - np.logaddexp(0, x @ w + b)).sum())


def adaptive_penalty(x, w, b, p):
    """Its second-order approximation: L2 with weights that the data and the model set.

    p / (1 - p) / 2 * sum_j w_j^2 sum_i q_i (1 - q_i) x_ij^2, with q_i the predicted probability.
    """
    q = 1 / (1 + np.exp(-(x @ w + b)))
    return float(p / (1 - p) / 2 * np.square(w) @ ((q * (1 - q)) @ np.square(x)))


def logistic_regression(data, settings):
    """Penalties of a logistic regression trained with dropout: is the progression above average?"""
    x, labels = data.x_train, (data.y_train > 0).astype(float)
    models = [nn.Sequential(Dropout(p), nn.Linear(x.shape[1], 1)) for p in settings.rates]
    for model in models:
        nn.init.zeros_(model.double()[1].weight)
    seed = torch.initial_seed()
    fit_many(
        models,
        torch.from_numpy(x),
        torch.from_numpy(labels)[:, None],
        epochs=settings.logistic_epochs,
        learning_rate=settings.logistic_learning_rate,
        batch_size=32,
        seeds=seed,
        loss=_logistic_loss,
        generator=torch.Generator().manual_seed(seed),
    )
    result = {}
    for p, model in zip(settings.rates, models, strict=True):
        w, b = model[1].weight.detach().numpy()[0], model[1].bias.item()
        exact, nearly = logistic_penalty(x, w, b, p), adaptive_penalty(x, w, b, p)
        order = np.argsort(np.abs(x @ w + b))  # the nearer to 0, the less certain
        less, more = np.split(order, [len(x) // 2])
        result[f"p = {p}"] = {
            "exact_penalty": round(exact, 5),
            "adaptive_over_exact": round(nearly / exact, 5),
            "price_of_noise_less_over_more_certain": round(
                _price(x[less], w, b, p) / _price(x[more], w, b, p), 5
            ),
        }
    return result


def _price(x, w, b, p):
    """What the cases pay for each unit of variance that the masks put into their logits."""
    return logistic_penalty(x, w, b, p) / ridge_penalty(x, w, p)


def _logistic_loss(outputs, targets):
    loss = nn.functional.softplus(outputs) - targets * outputs
    return loss.flatten(1).mean(dim=1)


# --- averages over all thinned networks ----------------------------------------------------------


def averages(data, seed, hidden, settings):
    """Weight scaling beside the exact means over all masks of a small layer, in trained networks.

    The layer has ``settings.units`` ReLU units with dropout. A softmax layer follows it, or
    (``hidden``) a ReLU layer without dropout and then the softmax.
    """
    candidates = [(p, rate) for p in settings.network_rates for rate in settings.learning_rates]
    models = []
    for p, _ in candidates:
        torch.manual_seed(seed)
        behind = [nn.Linear(settings.units, settings.width), nn.ReLU()] if hidden else []
        last = settings.width if hidden else settings.units
        front = [nn.Linear(64, settings.units), nn.ReLU(), Dropout(p)]
        models.append(nn.Sequential(*front, *behind, nn.Linear(last, 10)))
    fit_many(
        models,
        torch.from_numpy(data.x_train),
        torch.from_numpy(data.y_train),
        epochs=settings.epochs,
        learning_rate=[rate for _, rate in candidates],
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    validation = torch.from_numpy(data.x_validation), torch.from_numpy(data.y_validation)
    result = {}
    for p in settings.network_rates:
        mine = [i for i, candidate in enumerate(candidates) if candidate[0] == p]
        best = mine[lowest_error([models[i] for i in mine], *validation)]
        x, labels = torch.from_numpy(data.x_test), data.y_test
        result[f"p = {p}"] = {
            "learning_rate": candidates[best][1],
            **compare_averages(models[best].eval(), x, labels, p),
        }
    return result


@torch.no_grad()
def compare_averages(model, x, labels, p):
    """Log-probabilities of a network by weight scaling and by both exact means over all masks.

    Args:
        model: front (three modules, the last of them dropout) and what follows.
        x: (N, features).
        labels: (N,).
        p: the probability to drop that weighs the masks.
    """
    model = model.eval().double()
    activations = model[:3](x.double())  # (N, units)
    masks, probability = all_masks(activations.shape[1], p)
    masks, probability = torch.from_numpy(masks) / (1 - p), torch.from_numpy(probability)
    logits = model[3:](activations[:, None] * masks)  # (N, 2^units, classes)
    log_q = logits.log_softmax(dim=2)
    ways = {
        "weight scaling": model[3:](activations).log_softmax(dim=1),
        "geometric": torch.einsum("nmc,m->nc", log_q, probability).log_softmax(dim=1),
        "arithmetic": torch.einsum("nmc,m->nc", log_q.exp(), probability).log(),
    }
    answers = {way: log_p.argmax(dim=1).numpy() for way, log_p in ways.items()}
    rows = np.arange(len(labels))
    result = {
        way: {
            "error": round(float((answers[way] != labels).mean()), 5),
            "loss": round(float(-log_p.numpy()[rows, labels].mean()), 5),
        }
        for way, log_p in ways.items()
    }
    single = log_q.numpy()[rows, :, labels]  # (N, 2^units)
    wrong = log_q.argmax(dim=2).numpy() != labels[:, None]
    result["single"] = {
        "error": round(float((wrong @ probability.numpy()).mean()), 5),
        "loss": round(float(-(single @ probability.numpy()).mean()), 5),
    }
    scaled = ways["weight scaling"]
    for way in ("geometric", "arithmetic"):
        apart = (ways[way].exp() - scaled.exp()).abs()
        result[f"scaling and {way}"] = {
            "largest_difference": float(f"{apart.max().item():.3g}"),
            "total_variation": float(f"{apart.sum(dim=1).mean().item() / 2:.3g}"),
            "same_answer": round(float((answers[way] == answers["weight scaling"]).mean()), 5),
        }
    return result
