"""With half of the hidden units dropped and without, by the number of training cases."""

from dataclasses import dataclass

import torch

from ..datasets import digits
from ..pytorch import MLPWithDropout
from ..training import fit_many, lowest_error
from .measures import measures, tensors
from .registry import experiment


@dataclass(frozen=True)
class Settings:
    sizes: tuple = (20, 50, 100, 200, 400, 900)
    hidden: tuple = (256, 256)
    rates: tuple = (0.0, 0.2, 0.5)  # p
    learning_rates: tuple = (0.01, 0.03, 0.1, 0.3, 0.6)  # the best on validation is taken
    # for the comparison with tuned p: as many networks without dropout
    more_learning_rates: tuple = (0.005, 0.02, 0.05, 0.15, 0.45)
    steps: int = 400
    batch_size: int = 50
    validation: int = 360
    test: int = 537


@experiment(
    settings=Settings(),
    quick={"sizes": (20, 50), "steps": 10, "learning_rates": (0.1,), "more_learning_rates": ()},
    question="With how many training cases does dropping hidden units lower the test error?",
    seeds=12,
)
def data_size(seed, settings):
    """Error and loss by number of cases: at each p, at the p chosen on validation, and without.

    At every size all networks have the same initial weights and the same number of steps. Each
    training set is drawn anew, stratified by digit. Without dropout, "few" is the best of as many
    networks as were tried at each p, and "many" of as many as were tried at all p together.
    """
    result = {"few": [], "many": [], "tuned": [], "by p": []}
    for size in settings.sizes:
        data = digits(seed=seed, train=size, validation=settings.validation, test=settings.test)
        few = [(0.0, rate) for rate in settings.learning_rates]
        many = few + [(0.0, rate) for rate in settings.more_learning_rates]
        dropped = [(p, r) for p in settings.rates[1:] for r in settings.learning_rates]
        candidates = many + dropped
        models = _trained(data, candidates, seed, settings)
        groups = {"few": few, "many": many, "tuned": dropped}
        for name, group in groups.items():
            result[name].append(_best(data, models, candidates, group))
        by_p = [
            _best(data, models, candidates, [c for c in dropped if c[0] == p])
            for p in settings.rates[1:]
        ]
        result["by p"].append(by_p)
    return result


def _trained(data, candidates, seed, settings):
    models = []
    for p, _ in candidates:
        torch.manual_seed(seed)  # the same initial weights in every network
        models.append(MLPWithDropout(64, list(settings.hidden), 10, [p] * len(settings.hidden)))
    x, labels = tensors(data, "train")
    batch_size = min(settings.batch_size, len(x))
    fit_many(
        models,
        x,
        labels,
        epochs=round(settings.steps * batch_size / len(x)),
        learning_rate=[rate for _, rate in candidates],
        batch_size=batch_size,
        seeds=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    return models


def _best(data, models, candidates, group):
    """The network of the group with the lowest validation error, in numbers."""
    group = [candidates.index(candidate) for candidate in group]
    chosen = group[lowest_error([models[i] for i in group], *tensors(data, "validation"))]
    p, learning_rate = candidates[chosen]
    return {"p": p, "learning_rate": learning_rate, **measures(models[chosen], data)}
