"""The network from scratch on real digits, without dropout and with it."""

from dataclasses import dataclass

import numpy as np

from ..datasets import mnist5k
from ..scratch import SGD, SoftmaxCrossEntropy, multilayer_perceptron, train_epoch
from .registry import experiment


@dataclass(frozen=True)
class Arm:
    """One of the networks compared; they differ in nothing but these two probabilities."""

    p: float
    input_p: float


ARMS = {
    "without": Arm(p=0.0, input_p=0.0),
    "hidden": Arm(p=0.5, input_p=0.0),
    "hidden and input": Arm(p=0.5, input_p=0.2),
}


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: tuple = (256, 256)
    learning_rates: tuple = (0.02, 0.05, 0.1, 0.2)  # the best on validation is taken, per arm
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 40


@experiment(
    settings=Settings(),
    quick={"train": 200, "epochs": 3, "learning_rates": (0.05,)},
    question="What does dropout change when 1,000 digits train a network of 256 + 256 units?",
)
def from_scratch_digits(seed, settings):
    """Test error and losses by epoch of three networks of equal width, weights and budget."""
    data = mnist5k(seed=seed, train=settings.train)
    return {name: _tuned(data, arm, seed, settings) for name, arm in ARMS.items()}


def _tuned(data, arm, seed, settings):
    """The run with the learning rate that has the lowest validation error.

    The test errors at all rates are kept beside it: they show what tuning is worth.
    """
    runs = [train(data, arm, rate, seed, settings) for rate in settings.learning_rates]
    best = min(runs, key=lambda run: (run["validation_error"], run["validation_loss"][-1]))
    return {**best, "test_error_by_rate": [run["test_error"] for run in runs]}


def train(data, arm, learning_rate, seed, settings, epochs=None):
    """Train one network; the learning rate falls linearly to 0 over ``settings.epochs``.

    Args:
        data: a :class:`~dropout_lib.datasets.Split` of images.
        arm: an :class:`Arm`.
        learning_rate: of SGD with momentum, at the start.
        seed: of the weights, the masks and the order of the cases.
        settings: :class:`Settings`.
        epochs: stop after so many; None trains to the end.

    Returns:
        dict of errors (fractions) and losses (nats): at the end, and by epoch.
    """
    # one generator each, so that the arms share initial weights and the order of the cases
    weight_rng, mask_rng, order_rng = np.random.default_rng(seed).spawn(3)
    network = multilayer_perceptron(
        (data.x_train.shape[1], *settings.hidden, 10),
        arm.p,
        input_p=arm.input_p,
        rng=weight_rng,
        mask_rng=mask_rng,
    )
    optimiser = SGD(network.parameters(), learning_rate, momentum=settings.momentum)
    run = {"learning_rate": learning_rate}
    by_epoch = ("noisy_train_loss", "train_loss", "train_error", "validation_loss")
    run |= {key: [] for key in by_epoch}
    for epoch in range(epochs or settings.epochs):
        optimiser.learning_rate = learning_rate * (1 - epoch / settings.epochs)
        noisy = train_epoch(
            network,
            data.x_train,
            data.y_train,
            optimiser,
            batch_size=settings.batch_size,
            rng=order_rng,
        )
        run["noisy_train_loss"].append(round(noisy, 5))
        train_error, train_loss = measure(network, data.x_train, data.y_train)
        run["train_error"].append(train_error)
        run["train_loss"].append(train_loss)
        run["validation_loss"].append(measure(network, data.x_validation, data.y_validation)[1])
    run["validation_error"] = measure(network, data.x_validation, data.y_validation)[0]
    run["test_error"], run["test_loss"] = measure(network, data.x_test, data.y_test)
    return run


def measure(network, x, labels):
    """Error rate and mean loss in evaluation mode."""
    logits = network.eval().forward(x)
    error = float((logits.argmax(axis=1) != labels).mean())
    return round(error, 5), round(float(SoftmaxCrossEntropy().forward(logits, labels)), 5)
