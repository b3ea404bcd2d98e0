"""What a mistake in dropout costs a network on real digits, and whether its curves betray it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..checks.mutants import elementwise as mutants
from ..datasets import mnist5k
from ..scratch import SGD, Linear, ReLU, Sequential, train_epoch
from ..scratch.layer import Layer
from .from_scratch_digits import measure
from .registry import experiment


class MasksForGood(mutants.Textbook):
    """So many masks, drawn at the first pass and dealt out in turn to the cases of every batch."""

    masks = None
    number = 1

    def draw(self, x):
        if self.masks is None:
            self.masks = self.rng.random((self.number, *x.shape[1:])) >= self.p
        return self.masks[np.arange(len(x)) % self.number]


class FiveMasksForGood(MasksForGood):
    number = 5


class FiftyMasksForGood(MasksForGood):
    number = 50


ARMS = {  # name: the class of its dropout layers; None leaves them out
    "without": None,
    "correct": mutants.Textbook,
    "scale forgotten": mutants.ForgetsTheScale,
    "scaled again in evaluation": mutants.ScalesTwice,
    "on in evaluation": mutants.IgnoresEval,
    "keep and drop swapped": mutants.KeepsWithProbabilityP,
    "normal numbers": mutants.NormalAboveP,
    "one mask for the batch": mutants.OneMaskForTheBatch,
    "1 mask for good": MasksForGood,
    "5 masks for good": FiveMasksForGood,
    "50 masks for good": FiftyMasksForGood,
    "backward without mask": mutants.BackwardWithoutMask,
    "backward draws again": mutants.BackwardDrawsAgain,
    "backward without scale": mutants.BackwardWithoutScale,
}


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    hidden: tuple = (128, 128)
    p: float = 0.5
    input_p: float = 0.2
    learning_rates: tuple = (0.005, 0.015, 0.05, 0.15, 0.45)
    given_rate: float = 0.05  # of the runs that are not tuned; one of the rates above
    momentum: float = 0.9
    batch_size: int = 50
    epochs: int = 30


@experiment(
    settings=Settings(),
    quick={"train": 200, "epochs": 3, "learning_rates": (0.05,)},
    question="What does each usual mistake in dropout cost, and do the curves show it?",
)
def faulty_dropouts(seed, settings):
    """Test error and loss, and losses by epoch, of networks that differ in their dropout alone.

    All have the same initial weights, the same order of cases and masks from the same random
    numbers. "given" has the learning rate that is the same for all, "tuned" the one that is best
    for it on validation.
    """
    data = mnist5k(seed=seed, train=settings.train)
    result = {}
    for name, dropout in ARMS.items():
        runs = [train(data, dropout, rate, seed, settings) for rate in settings.learning_rates]
        result[name] = {
            "given": runs[settings.learning_rates.index(settings.given_rate)],
            "tuned": min(runs, key=lambda run: (run["validation_error"], run["learning_rate"])),
        }
    return result


class _AsLayer(Layer):
    """A dropout of the catalogue of mutants as a layer that a network can hold."""

    def __init__(self, dropout):
        self.dropout = dropout

    def train(self):
        self.dropout.train()
        return super().train()

    def eval(self):
        self.dropout.eval()
        return super().eval()

    def forward(self, x):
        return self.dropout.forward(x)

    def backward(self, grad_output):
        return self.dropout.backward(grad_output)


def build(sizes, dropout, settings, weight_rng, mask_rng):
    """A perceptron with ReLU; the given class of dropout on its inputs and hidden layers.

    Args:
        sizes: units per layer, inputs first.
        dropout: a class of dropout layers with the arguments of the textbook's, or None.
        settings: :class:`Settings`, of which it takes ``p`` and ``input_p``.
        weight_rng, mask_rng: one ``numpy.random.Generator`` each.

    >>> rngs = np.random.default_rng(0).spawn(2)
    >>> len(build((4, 3, 2), mutants.Textbook, Settings(), *rngs).layers)
    5
    """

    def dropped(p):
        return [] if dropout is None else [_AsLayer(dropout(p, rng=mask_rng))]

    layers = dropped(settings.input_p)
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [Linear(inputs, outputs, rng=weight_rng), ReLU(), *dropped(settings.p)]
    return Sequential(*layers, Linear(sizes[-2], sizes[-1], rng=weight_rng))


@np.errstate(all="ignore")  # some mistakes make the weights overflow; that is their result
def train(data, dropout, learning_rate, seed, settings, epochs=None):
    """Train one network; the learning rate falls linearly to 0 over ``settings.epochs``.

    Args:
        data: a :class:`~dropout_lib.datasets.Split` of images.
        dropout: a class of dropout layers with the arguments of the textbook's, or None.
        learning_rate: of SGD with momentum, at the start.
        seed: of the weights, the masks and the order of the cases.
        settings: :class:`Settings`.
        epochs: stop after so many; None trains to the end.

    Returns:
        dict of errors (fractions) and losses (nats): at the end, and by epoch. A loss that is not
        a finite number is None, and ends the training.
    """
    # one generator each, so that the arms share initial weights, masks and the order of the cases
    weight_rng, mask_rng, order_rng = np.random.default_rng(seed).spawn(3)
    sizes = (data.x_train.shape[1], *settings.hidden, 10)
    network = build(sizes, dropout, settings, weight_rng, mask_rng)
    optimiser = SGD(network.parameters(), learning_rate, momentum=settings.momentum)
    logged, validation = [], []
    for epoch in range(epochs or settings.epochs):
        optimiser.learning_rate = learning_rate * (1 - epoch / settings.epochs)
        loss = train_epoch(
            network,
            data.x_train,
            data.y_train,
            optimiser,
            batch_size=settings.batch_size,
            rng=order_rng,
        )
        logged.append(_finite(loss))
        loss = measure(network, data.x_validation, data.y_validation)[1]
        validation.append(_finite(loss))
        if logged[-1] is None:
            break
    run = {"learning_rate": learning_rate}
    for part in ("train", "validation", "test"):
        error, loss = measure(network, getattr(data, f"x_{part}"), getattr(data, f"y_{part}"))
        run |= {f"{part}_error": error, f"{part}_loss": _finite(loss)}
    return run | {"logged_losses": logged, "validation_losses": validation}


def _finite(loss):
    return round(loss, 4) if np.isfinite(loss) else None
