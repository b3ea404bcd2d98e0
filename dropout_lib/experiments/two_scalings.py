"""Inverted against standard dropout: one grid of learning rates, training curves and test error."""

from dataclasses import dataclass

import numpy as np

from ..datasets import mnist5k
from ..scratch import (
    SGD,
    Dropout,
    Linear,
    Sequential,
    SoftmaxCrossEntropy,
    StandardDropout,
    multilayer_perceptron,
    train_epoch,
)
from .registry import experiment

ARMS = ("inverted", "standard, rescaled", "standard", "inverted, rescaled")
_HIGHEST = 9.99  # nats: what is stored for a loss above it, or for one that is not finite


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: tuple = (256, 256)
    # (1 - p)² is 1/4 and 1/16, so that a curve moved by it falls on rates of the grid
    rates_to_drop: tuple = (0.5, 0.75)
    learning_rates: tuple = (0.00625, 0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 24


@experiment(
    settings=Settings(),
    quick={"train": 200, "epochs": 2, "learning_rates": (0.05, 0.8)},
    question="What does it change to scale in evaluation instead of in training?",
)
def two_scalings(seed, settings):
    """Four networks at every learning rate: losses by epoch, and the errors at the end.

    All have the same widths, order of cases and masks, and weights from the same draw. "inverted"
    and "standard" begin with these weights. Behind dropout, "standard, rescaled" has them
    1 / (1 - p) times as large, and so computes at first what "inverted" computes; "inverted,
    rescaled" has them 1 - p times as large, and computes at first what "standard" computes.
    Each list is by learning rate; ``chosen`` is the place of the rate with the lowest error on
    validation.
    """
    data = mnist5k(seed=seed, train=settings.train)
    return {
        f"p = {p}": {arm: _sweep(data, arm, p, seed, settings) for arm in ARMS}
        for p in settings.rates_to_drop
    }


def make_network(sizes, arm, p, *, rng, mask_rng):
    """The network of one arm, from scratch.

    Args:
        sizes: units per layer, inputs first.
        arm: one of ``ARMS``.
        p: probability to drop a hidden unit.
        rng: ``numpy.random.Generator`` for the weights.
        mask_rng: another one for the masks.

    Raises:
        ValueError: there is no such arm.

    >>> rng = np.random.default_rng(0)
    >>> make_network((4, 3, 2), "standard", 0.5, rng=rng, mask_rng=rng).layers[2]
    StandardDropout(p=0.5)
    """
    if arm not in ARMS:
        raise ValueError(f"there is no arm {arm!r}: choose one of {', '.join(map(repr, ARMS))}")
    network = multilayer_perceptron(sizes, p, rng=rng, mask_rng=mask_rng)
    if arm.endswith("rescaled"):
        factor = 1 - p if arm.startswith("inverted") else 1 / (1 - p)
        for weight in weights_behind_dropout(network):
            weight.value *= np.float32(factor)
    if arm.startswith("inverted"):
        return network
    return Sequential(
        *(
            StandardDropout(layer.p, rng=layer.rng) if isinstance(layer, Dropout) else layer
            for layer in network.layers
        )
    )


def weights_behind_dropout(network):
    """The weights that meet dropped units: of all linear layers but the first, without biases.

    >>> rng = np.random.default_rng(0)
    >>> [w.value.shape for w in weights_behind_dropout(multilayer_perceptron((4, 3, 2), 0.5))]
    [(2, 3)]
    """
    linear = [layer for layer in network.layers if isinstance(layer, Linear)]
    return [layer.weight for layer in linear[1:]]


def _sweep(data, arm, p, seed, settings):
    """One arm at every learning rate; keys of :func:`train`, each a list by rate, and the best."""
    runs = [train(data, arm, p, rate, seed, settings) for rate in settings.learning_rates]
    best = min(runs, key=lambda run: (run["validation_error"], run["validation_loss"]))
    return {
        **{key: [run[key] for run in runs] for key in runs[0]},
        "chosen": runs.index(best),
    }


def train(data, arm, p, learning_rate, seed, settings):
    """Train one network, the learning rate falling linearly to 0.

    Args:
        data: a :class:`~dropout_lib.datasets.Split` of images.
        arm: one of ``ARMS``.
        p: probability to drop a hidden unit.
        learning_rate: of SGD with momentum, at the start.
        seed: of the weights, the masks and the order of the cases.
        settings: :class:`Settings`.

    Returns:
        dict with the training loss by epoch (nats, dropout on), and after the last epoch the
        errors (fractions) and losses (nats) on validation and test.
    """
    weight_rng, mask_rng, order_rng = np.random.default_rng(seed).spawn(3)
    sizes = (data.x_train.shape[1], *settings.hidden, 10)
    network = make_network(sizes, arm, p, rng=weight_rng, mask_rng=mask_rng)
    optimiser = SGD(network.parameters(), learning_rate, momentum=settings.momentum)
    losses = []
    with np.errstate(all="ignore"):  # the highest rates let some networks diverge
        for epoch in range(settings.epochs):
            optimiser.learning_rate = learning_rate * (1 - epoch / settings.epochs)
            loss = train_epoch(
                network,
                data.x_train,
                data.y_train,
                optimiser,
                batch_size=settings.batch_size,
                rng=order_rng,
            )
            losses.append(_stored(loss))
            if not np.isfinite(loss):  # there is no way back from NaN
                losses += [_HIGHEST] * (settings.epochs - len(losses))
                break
        validation_error, validation_loss = _measure(network, data.x_validation, data.y_validation)
        test_error, test_loss = _measure(network, data.x_test, data.y_test)
    return {
        "train_loss": losses,
        "validation_error": validation_error,
        "validation_loss": validation_loss,
        "test_error": test_error,
        "test_loss": test_loss,
    }


def _measure(network, x, labels):
    """Error rate and mean loss in evaluation mode."""
    logits = network.eval().forward(x)
    loss = float(SoftmaxCrossEntropy().forward(logits, labels))
    return round(float((logits.argmax(axis=1) != labels).mean()), 5), _stored(loss)


def _stored(loss):
    return round(min(loss, _HIGHEST), 4) if np.isfinite(loss) else _HIGHEST
