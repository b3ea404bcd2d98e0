"""Which digits to have labelled next: what Monte Carlo dropout asks for, and what asks as well."""

from dataclasses import dataclass

import numpy as np
import torch

from ..datasets import CLASSES, mnist5k
from ..pytorch import MLPWithDropout
from ..pytorch.mc_dropout import entropy, mc_predict
from ..training import evaluate, fit_many
from .measures import tensors
from .registry import experiment

ARMS = ("random", "mc entropy", "mutual information", "mc margin", "entropy", "margin")
COUNTERPARTS = {"mc entropy": "entropy", "mutual information": "entropy", "mc margin": "margin"}


@dataclass(frozen=True)
class Settings:
    pool: int = 1500  # digits that can be asked for
    per_class: int = 2  # labels at the start
    added: int = 10  # labels in each round
    labels: int = 200  # at the end
    hidden: tuple = (128, 128)
    # p, learning rate and epochs are those with which, on other seeds, 20 to 200 digits drawn at
    # random gave low errors on validation; all arms and rounds have them
    p: float = 0.5
    learning_rate: float = 0.06
    epochs: int = 50
    batch_size: int = 20
    passes: int = 100
    targets: tuple = (0.3, 0.25, 0.2)  # test errors to be reached


@experiment(
    settings=Settings(),
    quick={"pool": 200, "labels": 40, "epochs": 2, "passes": 3},
    question="Does Monte Carlo dropout ask for labels that teach more than others?",
    seeds=12,
)
def active_learning(seed, settings):
    """Test error by number of labels, each round's digits chosen by one score of the pool.

    "mc entropy", "mutual information" and "mc margin" (the two highest probabilities are close)
    score many passes with dropout on; "entropy" and "margin" one pass of the same network with
    dropout off; "random" draws. All start from the same labels and the same network. In every
    round each arm trains anew on its labels, from weights and in an order that are the same for
    all arms, and the digits with the highest scores get their labels. Errors are with dropout off,
    so that arms differ in their labels alone.

    "needed" is the number of labels at which an arm first reached an error, one round more than
    there were if it didn't; "alike" the share of the digits that an arm of many passes chose which
    one pass of the same network, with dropout off, would have chosen as well by its entropy ("mc
    margin": by its margin).
    """
    data = mnist5k(seed=seed, train=settings.pool)
    x, labels = tensors(data, "train")
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    start = _start(data.y_train, settings.per_class, rng)
    chosen = {arm: start.copy() for arm in ARMS}
    errors, alike = {arm: [] for arm in ARMS}, {arm: [] for arm in COUNTERPARTS}
    networks = dict.fromkeys(ARMS, _trained([start], x, labels, seed, generator, settings)[0])
    while True:
        for arm, network in networks.items():
            errors[arm].append(round(evaluate(network, *tensors(data, "test"))[0], 4))
        if len(chosen["random"]) >= settings.labels:
            break
        for arm in ARMS:
            scores = _scores(arm, networks[arm], x, rng, generator, settings)
            asked = _highest(scores, chosen[arm], settings.added)
            if arm in alike:
                plain = _scores(COUNTERPARTS[arm], networks[arm], x, rng, generator, settings)
                same = np.isin(asked, _highest(plain, chosen[arm], settings.added))
                alike[arm].append(same.mean())
            chosen[arm] = np.concatenate([chosen[arm], asked])
        sets = [chosen[arm] for arm in ARMS]
        networks = dict(
            zip(ARMS, _trained(sets, x, labels, seed, generator, settings), strict=True)
        )
    return {
        "labels": list(range(len(start), settings.labels + 1, settings.added)),
        "arms": {
            arm: {
                "error": errors[arm],
                "mean_error": round(float(np.mean(errors[arm][1:])), 5),  # the first is shared
                "needed": _needed(errors[arm], len(start), settings),
                "by_class": np.bincount(data.y_train[chosen[arm]], minlength=CLASSES).tolist(),
            }
            for arm in ARMS
        },
        "alike": {arm: round(float(np.mean(shares)), 4) for arm, shares in alike.items()},
    }


def _start(labels, per_class, rng):
    """Indices of the first digits, as many of each class."""
    of_class = [np.flatnonzero(labels == digit) for digit in range(CLASSES)]
    return np.concatenate([rng.choice(indices, per_class, replace=False) for indices in of_class])


def _trained(sets, x, labels, seed, generator, settings):
    """A network for every set of indices, all of one size, in evaluation mode."""
    size = len(sets[0])
    networks = []
    for _ in sets:
        torch.manual_seed(1000 * size + seed)
        rates = [settings.p] * len(settings.hidden)
        networks.append(MLPWithDropout(x.shape[1], list(settings.hidden), CLASSES, rates))
    rows = torch.from_numpy(np.stack(sets))  # (M, size)
    fit_many(
        networks,
        x[rows],
        labels[rows],
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        seeds=1000 * size + seed,
        generator=generator,
    )
    return [network.eval() for network in networks]


@torch.no_grad()
def _scores(arm, network, x, rng, generator, settings):
    """How much each digit of the pool is worth asking for, (N,)."""
    if arm == "random":
        return rng.random(len(x))
    if arm in ("entropy", "margin"):
        probabilities = network(x).softmax(dim=1)
        return _doubt(probabilities, arm).numpy()
    said = mc_predict(network, x, settings.passes, outputs="logits", generator=generator)
    if arm == "mutual information":
        return said.mutual_information.numpy()
    return _doubt(said.mean, arm.removeprefix("mc ")).numpy()


def _doubt(probabilities, measure):
    """Of probabilities (N, K): their entropy, or the highest less the second with a minus.

    >>> _doubt(torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]]), "margin")
    tensor([ 0.0000, -0.5000])
    """
    if measure == "entropy":
        return entropy(probabilities)
    first, second = probabilities.topk(2, dim=1).values.T
    return second - first


def _highest(scores, taken, number):
    """Indices of the highest scores among those not taken yet."""
    scores = np.array(scores, dtype=float)
    scores[taken] = -np.inf
    return np.argsort(-scores, kind="stable")[:number]


def _needed(errors, start, settings):
    """The number of labels at which each target was first reached, by target."""
    needed = {}
    for target in settings.targets:
        reached = [place for place, error in enumerate(errors) if error <= target]
        needed[str(target)] = start + settings.added * (reached[0] if reached else len(errors))
    return needed
