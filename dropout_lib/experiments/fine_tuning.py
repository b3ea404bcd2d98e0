"""A network trained on many digits of one source, and then on a few of another."""

from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import digits, perturbed_digits
from ..pytorch import MLPWithDropout
from ..training import evaluate, fit_many, lowest_error
from .registry import experiment
from .single_epoch import networks

STARTS = ("scratch", "pre-trained without", "pre-trained with")


@dataclass(frozen=True)
class Settings:
    pretrain: int = 20_000  # perturbed MNIST digits
    pretrain_p: float = 0.2
    pretrain_epochs: int = 3
    pretrain_rate: float = 0.06
    sizes: tuple = (20, 50, 200)  # of scikit-learn's digits
    hidden: tuple = (128, 128)
    rates: tuple = (0.0, 0.1, 0.3, 0.5)  # p while fine-tuning
    learning_rates: tuple = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # the best on validation, per p
    steps: int = 300
    batch_size: int = 20
    validation: int = 360
    test: int = 1000


@experiment(
    settings=Settings(),
    quick={
        "pretrain": 400,
        "pretrain_epochs": 1,
        "sizes": (20,),
        "learning_rates": (0.1,),
        "steps": 10,
    },
    question="Should dropout be switched off when a pre-trained network is fine-tuned?",
)
def fine_tuning(seed, settings):
    """Test error on the second source by start, number of images and p of fine-tuning.

    The start is a network with fresh weights, or one trained on perturbed MNIST digits without
    dropout or with ``pretrain_p``. All layers are fine-tuned. At every p the learning rate is the
    one with the lowest validation error; "before" is the error before any fine-tuning.
    """
    starts = _starts(seed, settings)
    candidates = [
        (s, p, r) for s in STARTS for p in settings.rates for r in settings.learning_rates
    ]
    result = {start: [] for start in STARTS}
    for size in settings.sizes:
        few, validation, test = _images(seed, size, settings)
        models = [_copy(starts[start], p, settings) for start, p, _ in candidates]
        fit_many(
            models,
            *few,
            epochs=round(settings.steps * settings.batch_size / size),
            learning_rate=[rate for *_, rate in candidates],
            batch_size=settings.batch_size,
            seeds=seed,
            generator=torch.Generator().manual_seed(seed),
        )
        for start in STARTS:
            result[start].append(
                [_best(models, candidates, (start, p), validation, test) for p in settings.rates]
            )
    result["before"] = {start: round(evaluate(starts[start], *test)[0], 5) for start in STARTS}
    return result


def _starts(seed, settings):
    """The three networks to start from, by name; all have the same initial weights."""
    data = perturbed_digits(settings.pretrain, np.random.default_rng(seed))
    models = networks([0.0, 0.0, settings.pretrain_p], settings.hidden, seed)
    fit_many(
        models[1:],
        *map(torch.from_numpy, data),
        epochs=settings.pretrain_epochs,
        learning_rate=settings.pretrain_rate,
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    return dict(zip(STARTS, models, strict=True))


def _images(seed, size, settings):
    """Tensors (x, labels) of training, validation and test, from scikit-learn's digits."""
    split = digits(seed=seed, train=size, validation=settings.validation, test=settings.test)
    return [
        (torch.from_numpy(as_large_as_the_others(x)), torch.from_numpy(labels))
        for x, labels in (
            (split.x_train, split.y_train),
            (split.x_validation, split.y_validation),
            (split.x_test, split.y_test),
        )
    ]


def as_large_as_the_others(x):
    """Images of 8 x 8 pixels enlarged to 10 x 10, in a margin of 2: (N, 64) to (N, 196).

    >>> as_large_as_the_others(np.ones((3, 64), dtype=np.float32)).sum(axis=1)
    array([100., 100., 100.], dtype=float32)
    """
    from scipy.ndimage import zoom

    large = zoom(x.reshape(-1, 8, 8), (1, 10 / 8, 10 / 8), order=1)
    return np.pad(large, ((0, 0), (2, 2), (2, 2))).reshape(-1, 196)


def _copy(start, p, settings):
    model = MLPWithDropout(196, list(settings.hidden), 10, [p] * len(settings.hidden))
    model.load_state_dict(start.state_dict())
    return model


def _best(models, candidates, start_and_p, validation, test):
    """The learning rate with the lowest validation error, and the errors and loss at it."""
    group = [i for i, candidate in enumerate(candidates) if candidate[:2] == start_and_p]
    chosen = group[lowest_error([models[i] for i in group], *validation)]
    error, loss = evaluate(models[chosen], *test)
    return {
        "learning_rate": candidates[chosen][2],
        "validation_error": round(evaluate(models[chosen], *validation)[0], 5),
        "test_error": round(error, 5),
        "test_loss": round(loss, 5),
    }
