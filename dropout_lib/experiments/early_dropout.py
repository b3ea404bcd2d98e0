"""Dropout throughout, only at the beginning or only at the end, in a network that underfits."""

from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import perturbed_digits
from ..pytorch import Dropout
from ..training import evaluate
from .registry import experiment
from .single_epoch import networks, train_in_stages


@dataclass(frozen=True)
class Settings:
    cases: int = 20_000
    passes: int = 10
    hidden: tuple = (16, 16)
    rates: tuple = (0.05, 0.1, 0.2)  # p; the best on validation is taken, with its learning rate
    learning_rates: tuple = (0.03, 0.06, 0.12)
    # without dropout there is no p to choose: as many networks, all of them learning rates
    learning_rates_without: tuple = (0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.24)
    stages: int = 10
    share: float = 0.3  # of the stages, that early dropout is on; late dropout begins there
    held_out: int = 5_000


ARMS = ("none", "standard", "early", "late")


@experiment(
    settings=Settings(),
    quick={
        "cases": 200,
        "passes": 2,
        "rates": (0.1,),
        "learning_rates": (0.1,),
        "learning_rates_without": (0.1,),
        "stages": 2,
        "share": 0.5,
        "held_out": 200,
    },
    question="Does dropout at the beginning help a small network to fit its training data?",
    seeds=20,
)
def early_dropout(seed, settings):
    """Training and test loss, dropout off, of four networks; each tuned on validation loss."""
    rng = np.random.default_rng(seed)
    train, validation, test = (
        tuple(map(torch.from_numpy, perturbed_digits(cases, rng)))
        for cases in (settings.cases, settings.held_out, settings.held_out)
    )
    with_p = [(p, rate) for p in settings.rates for rate in settings.learning_rates]
    candidates = [("none", 0.0, rate) for rate in settings.learning_rates_without]
    candidates += [(arm, p, rate) for arm in ARMS[1:] for p, rate in with_p]
    models = networks([p for _, p, _ in candidates], settings.hidden, seed)

    def set_p(models, stage):
        for model, (arm, p, _) in zip(models, candidates, strict=True):
            on = is_on(arm, stage / settings.stages, settings.share)
            for layer in model.network:
                if isinstance(layer, Dropout):
                    layer.p = p if on else 0.0

    rates = [rate for *_, rate in candidates]
    train_in_stages(models, train, settings.passes, rates, seed, settings.stages, set_p)
    groups = {arm: [i for i, c in enumerate(candidates) if c[0] == arm] for arm in ARMS}
    return {
        arm: _best([(candidates[i], models[i]) for i in group], train, validation, test)
        for arm, group in groups.items()
    }


def is_on(arm, done, share):
    """Whether dropout is on when the fraction ``done`` of the training is done.

    >>> [is_on(arm, 0.5, share=0.3) for arm in ARMS]
    [False, True, False, True]
    """
    return {
        "none": False,
        "standard": True,
        "early": done < share,
        "late": done >= share,
    }[arm]


def _best(group, train, validation, test):
    """The network with the lowest validation loss, in numbers."""
    (_, p, learning_rate), model = min(group, key=lambda pair: evaluate(pair[1], *validation)[1])
    train_error, train_loss = evaluate(model, *train)
    error, loss = evaluate(model, *test)
    return {
        "p": p,
        "learning_rate": learning_rate,
        "train_error": round(train_error, 5),
        "train_loss": round(train_loss, 5),
        "test_error": round(error, 5),
        "test_loss": round(loss, 5),
    }
