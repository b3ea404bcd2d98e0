"""With and without dropout, tuned alike, on points whose labels follow three different rules."""

from dataclasses import dataclass

import torch

from ..pytorch import MLPWithDropout
from ..training import evaluate, fit_many
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    train: int = 500
    validation: int = 500
    test: int = 3000
    features: int = 20
    hidden: int = 128  # units of each of the two hidden layers
    flipped: float = 0.2  # share of wrong labels under the linear rule
    rates: tuple = (0.2, 0.5, 0.65, 0.8)  # drop probabilities
    weight_decays: tuple = (0.003, 0.01, 0.03, 0.1)
    learning_rates: tuple = (0.001, 0.005, 0.025)
    # training may stop after any of these
    measured_at: tuple = (3, 6, 10, 15, 20, 30, 40, 60, 80, 110, 150, 200)


RULES = {  # x (N, features) -> whether the label is 1
    "sum": lambda x: x.sum(dim=1) > 0,
    "length": lambda x: x.square().sum(dim=1) > x.shape[1] - 2 / 3,  # about the median
    "pairs": lambda x: (x[:, 0::2] * x[:, 1::2]).sum(dim=1) > 0,
}


@experiment(
    settings=Settings(),
    quick={
        "train": 100,
        "validation": 100,
        "test": 500,
        "hidden": 32,
        "rates": (0.5,),
        "weight_decays": (0.01,),
        "learning_rates": (0.003,),
        "measured_at": (5, 10, 20),
    },
    question="Tuned alike, which rule for the labels lets a network with dropout do better?",
)
def label_rules(seed, settings):
    """No dropout, dropout, and weight decay; each with its best learning rate and stopping time.

    Full batch and Adam, as in example 4. "dropout" is p = 0.5 and has as many candidates as
    "none"; "dropout tuned" and "decay tuned" choose their strength as well. Everything is chosen
    by the lowest error on validation (equal errors: the lower loss). Wrong labels, where there
    are any, are in training, validation and test alike.
    """
    return {rule: _compare(draw_data(rule, seed, settings), seed, settings) for rule in RULES}


def draw_data(rule, seed, settings):
    """Pairs (x, labels) by name: "train", "validation", "test".

    >>> x, labels = draw_data("length", 0, Settings())["test"]
    >>> x.shape, round(labels.float().mean().item(), 1)
    (torch.Size([3000, 20]), 0.5)
    """
    generator = torch.Generator().manual_seed(seed)
    data = {}
    for part in ("train", "validation", "test"):
        size = getattr(settings, part)
        x = torch.randn(size, settings.features, generator=generator)
        wrong = torch.rand(size, generator=generator) < (settings.flipped if rule == "sum" else 0)
        data[part] = x, (RULES[rule](x) ^ wrong).long()
    return data


def _compare(data, seed, settings):
    candidates = [
        candidate
        for learning_rate in settings.learning_rates
        for candidate in _train(data, learning_rate, seed, settings)
    ]
    arms = {
        "none": [c for c in candidates if not c["p"] and not c["decay"]],
        "dropout": [c for c in candidates if c["p"] == 0.5],
        "dropout tuned": [c for c in candidates if c["p"]],
        "decay tuned": [c for c in candidates if c["decay"]],
    }
    result = {}
    for name, members in arms.items():
        result[name] = {
            # stopped by the epochs, or by validation
            "at the end": _best(c for c in members if c["epochs"] == settings.measured_at[-1]),
            "stopped": _best(members),
        }
    # what the example does: its learning rate, its network, and no choice at all
    for name in ("none", "dropout"):
        result[name]["untuned"] = next(
            c
            for c in arms[name]
            if (c["learning_rate"], c["epochs"])
            == (settings.learning_rates[0], settings.measured_at[-1])
        )
    return result


def _best(candidates):
    return min(candidates, key=lambda c: (c["validation_error"], c["validation_loss"]))


def _train(data, learning_rate, seed, settings):
    """All networks at one learning rate, as they are every few epochs: a list of dicts."""
    kinds = [(0.0, 0.0)]  # p, weight decay
    kinds += [(p, 0.0) for p in settings.rates]
    kinds += [(0.0, decay) for decay in settings.weight_decays]
    models = []
    for p, _ in kinds:
        torch.manual_seed(seed)  # the same initial weights for all
        models.append(MLPWithDropout(settings.features, [settings.hidden] * 2, 2, [p, p]))
    candidates = []

    def measure(epochs_done):
        if epochs_done not in settings.measured_at:
            return
        for model, (p, decay) in zip(models, kinds, strict=True):
            candidate = {
                "p": p,
                "decay": decay,
                "learning_rate": learning_rate,
                "epochs": epochs_done,
            }
            for part in ("validation", "test"):
                error, loss = evaluate(model, *data[part])
                candidate[f"{part}_error"] = round(error, 4)
                candidate[f"{part}_loss"] = round(loss, 4)
            candidates.append(candidate)

    fit_many(
        models,
        *data["train"],
        epochs=settings.measured_at[-1],
        learning_rate=learning_rate,
        batch_size=settings.train,
        weight_decay=[decay for _, decay in kinds],
        optimiser="adam",
        falling=False,
        generator=torch.Generator().manual_seed(seed),
        after_epoch=measure,
    )
    return candidates
