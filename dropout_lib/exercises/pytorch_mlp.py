"""Exercises and quiz of chapter 8.2."""

import math
from copy import deepcopy

import numpy as np
import torch
from torch import nn

from ..checks import Diagnosis
from ..pytorch import Dropout
from .core import NOT_STARTED, Exercise, multiple_choice

_SIZES, _RATES = (16, 12, 8), (0.5, 0.4, 0.3)


def judge_build(build):
    network = build(20, list(_SIZES), 3, list(_RATES))
    if network is None:
        return NOT_STARTED
    if not isinstance(network, nn.Sequential):
        return Diagnosis(
            "not-a-sequential",
            f"a {type(network).__name__} came back.",
            "collect the layers in a list and return nn.Sequential(*layers)",
        )
    layers = list(_leaves(network))
    slip = _slip_of_layers(layers) or _slip_of_rates(layers)
    return slip or _slip_of_another_order(build) or _slip_of_lengths(build)


def _slip_of_another_order(build):
    """The same for other numbers of hidden layers, in one word."""
    for sizes, rates in (((7,), (0.25,)), ((9, 5, 6, 4), (0.1, 0.2, 0.0, 0.6))):
        network = build(6, list(sizes), 2, list(rates))
        layers = list(_leaves(network)) if isinstance(network, nn.Sequential) else []
        linear = [
            (layer.in_features, layer.out_features)
            for layer in layers
            if isinstance(layer, nn.Linear)
        ]
        found = [layer.p for layer in layers if _is_dropout(layer)]
        wanted = list(zip((6, *sizes), (*sizes, 2), strict=True))
        if linear != wanted or found != list(rates):
            return Diagnosis(
                "only-for-three",
                f"right for three hidden layers; for sizes {list(sizes)} and rates {list(rates)} "
                f"it has the layers {linear} and the rates {found}.",
                "how many hidden layers there are is for the lists to say: a loop over them",
            )
    return None


def _leaves(network):
    for layer in network:
        if isinstance(layer, nn.Sequential):
            yield from _leaves(layer)
        else:
            yield layer


def _is_dropout(layer):
    return isinstance(layer, nn.Dropout | Dropout)


def _slip_of_layers(layers):
    """What is wrong with kinds, sizes and order of the layers, or None."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    sizes = [(layer.in_features, layer.out_features) for layer in linear]
    if sizes != [(20, 16), (16, 12), (12, 8), (8, 3)]:
        return Diagnosis(
            "sizes",
            f"the linear layers go {sizes}; 20 inputs, 16, 12 and 8 hidden units and 3 classes "
            "need (20, 16), (16, 12), (12, 8), (8, 3).",
            "keep the size of the layer before, and update it after each hidden layer",
        )
    if layers and _is_dropout(layers[-1]):
        return Diagnosis(
            "dropout-after-the-output",
            "the last layer is dropout: it would remove logits.",
            "end with the linear layer to the classes",
        )
    if not isinstance(layers[-1], nn.Linear):
        return Diagnosis(
            "activation-after-the-output",
            f"behind the output stands a {type(layers[-1]).__name__}.",
            "logits may be negative: end with the linear layer",
        )
    if sum(isinstance(layer, nn.ReLU) for layer in layers) != len(_SIZES):
        return Diagnosis(
            "activations",
            "there is not one ReLU for each hidden layer.",
            "without an activation function, linear layers in a row are one linear layer",
        )
    if sum(map(_is_dropout, layers)) != len(_SIZES):
        return Diagnosis(
            "not-one-dropout-each",
            f"three hidden layers have {sum(map(_is_dropout, layers))} dropout layers.",
            "one behind each hidden layer, the last one too",
        )
    groups = [layers[i : i + 3] for i in range(0, len(layers) - 1, 3)]
    if not all(isinstance(group[0], nn.Linear) for group in groups):
        return Diagnosis(
            "order",
            "the layers don't stand in threes: Linear, ReLU, Dropout.",
            "dropout belongs behind the units that it drops, so behind Linear and ReLU",
        )
    return None


def _slip_of_rates(layers):
    dropouts = [layer for layer in layers if _is_dropout(layer)]
    found = [layer.p for layer in dropouts]
    if found == list(_RATES):
        return None
    if len({id(layer) for layer in dropouts}) == 1:
        return Diagnosis(
            "one-dropout-shared",
            "the three places hold one and the same module, so they have one rate.",
            "make a new nn.Dropout in each round of the loop",
        )
    if np.allclose(found, [1 - p for p in _RATES]):
        return Diagnosis(
            "keep-for-drop",
            f"the rates are {found}: what should be dropped is kept.",
            "nn.Dropout's p is the probability to drop, as dropout_rates is",
        )
    return Diagnosis(
        "rates",
        f"the rates are {found} from the inputs on; ordered were {list(_RATES)}.",
        "walk along hidden_sizes and dropout_rates together",
    )


def _slip_of_lengths(build):
    for rates, code, words in (
        ([0.5, 0.4], "short-list-accepted", "two rates for three hidden layers"),
        ([0.5, 0.4, 0.3, 0.2], "long-list-accepted", "four rates for three hidden layers"),
    ):
        try:
            build(20, list(_SIZES), 3, rates)
        except ValueError:
            continue
        except Exception as error:
            return Diagnosis(
                "another-error",
                f"{words} end in {type(error).__name__}: {error}",
                "say what is wrong with a ValueError, before the first layer is built",
            )
        return Diagnosis(
            code,
            f"{words} build a network without a word.",
            "zip stops at the shorter list; compare the lengths, or say strict=True",
        )
    return None


def build(input_size, hidden_sizes, num_classes, dropout_rates):
    layers, size = [], input_size
    for units, p in zip(hidden_sizes, dropout_rates, strict=True):
        layers += [nn.Linear(size, units), nn.ReLU(), nn.Dropout(p)]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, num_classes))


def _build_with_plain_zip(input_size, hidden_sizes, num_classes, dropout_rates):
    layers, size = [], input_size
    for units, p in zip(hidden_sizes, dropout_rates):  # noqa: B905
        layers += [nn.Linear(size, units), nn.ReLU(), nn.Dropout(p)]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, num_classes))


def _build_by_index(input_size, hidden_sizes, num_classes, dropout_rates):
    layers, size = [], input_size
    for i, units in enumerate(hidden_sizes):
        layers += [nn.Linear(size, units), nn.ReLU(), nn.Dropout(dropout_rates[i])]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, num_classes))


def _build_checks_one_side(input_size, hidden_sizes, num_classes, dropout_rates):
    if len(dropout_rates) < len(hidden_sizes):
        raise ValueError("too few rates")
    return _build_with_plain_zip(input_size, hidden_sizes, num_classes, dropout_rates)


def _build_dropout_everywhere(input_size, hidden_sizes, num_classes, dropout_rates):
    network = build(input_size, hidden_sizes, num_classes, dropout_rates)
    return network.append(nn.Dropout(dropout_rates[-1]))


def _build_relu_everywhere(input_size, hidden_sizes, num_classes, dropout_rates):
    return build(input_size, hidden_sizes, num_classes, dropout_rates).append(nn.ReLU())


def _build_without_relu(input_size, hidden_sizes, num_classes, dropout_rates):
    layers = build(input_size, hidden_sizes, num_classes, dropout_rates)
    return nn.Sequential(*(layer for layer in layers if not isinstance(layer, nn.ReLU)))


def _build_sizes_not_updated(input_size, hidden_sizes, num_classes, dropout_rates):
    layers = []
    for units, p in zip(hidden_sizes, dropout_rates, strict=True):
        layers += [nn.Linear(input_size, units), nn.ReLU(), nn.Dropout(p)]
    return nn.Sequential(*layers, nn.Linear(units, num_classes))


def _build_one_dropout(input_size, hidden_sizes, num_classes, dropout_rates):
    layers, size, drop = [], input_size, nn.Dropout(dropout_rates[0])
    for units in hidden_sizes:
        layers += [nn.Linear(size, units), nn.ReLU(), drop]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, num_classes))


def _build_keep(input_size, hidden_sizes, num_classes, dropout_rates):
    return build(input_size, hidden_sizes, num_classes, [1 - p for p in dropout_rates])


def _build_dropout_first(input_size, hidden_sizes, num_classes, dropout_rates):
    layers, size = [], input_size
    for units, p in zip(hidden_sizes, dropout_rates, strict=True):
        layers += [nn.Dropout(p), nn.Linear(size, units), nn.ReLU()]
        size = units
    return nn.Sequential(*layers, nn.Linear(size, num_classes))


def _build_not_behind_the_last(input_size, hidden_sizes, num_classes, dropout_rates):
    layers = list(build(input_size, hidden_sizes, num_classes, dropout_rates))
    return nn.Sequential(*layers[:-2], layers[-1])


def _build_one_rate(input_size, hidden_sizes, num_classes, dropout_rates):
    rates = [dropout_rates[0]] * len(hidden_sizes)
    return build(input_size, hidden_sizes, num_classes, rates)


def _build_three_by_hand(input_size, hidden_sizes, num_classes, dropout_rates):
    return build(input_size, (*hidden_sizes, *_SIZES)[:3], num_classes, (*dropout_rates, 0, 0)[:3])


def _build_a_list(*arguments):
    return list(build(*arguments))


def _build_nothing(input_size, hidden_sizes, num_classes, dropout_rates): ...


class _Mislabelled(nn.Dropout):
    """Says p and drops 0.6."""

    def forward(self, x):
        return nn.functional.dropout(x, 0.6, self.training)


def _suspect():
    generator = torch.Generator().manual_seed(0)
    layers = [nn.Linear(20, 300), nn.ReLU(), nn.Dropout(0.5)]
    layers += [nn.Linear(300, 200), nn.ReLU(), _Mislabelled(0.3), nn.Linear(200, 4)]
    network = nn.Sequential(*layers)
    for weight in network.parameters():
        nn.init.normal_(weight, generator=generator)
    return network, torch.randn(500, 20, generator=generator)


def _another_suspect():
    """Dropout on the input as well, and once without a ReLU before it."""
    generator = torch.Generator().manual_seed(1)
    layers = [nn.Dropout(0.1), nn.Linear(40, 60), nn.Dropout(0.25), nn.ReLU(), nn.Dropout(0.8)]
    network = nn.Sequential(*layers, nn.Linear(60, 3))
    for weight in network.parameters():
        nn.init.normal_(weight, generator=generator)
    return network, torch.randn(600, 40, generator=generator)


def judge_realised_rates(realised_rates):
    network, x = _suspect()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = realised_rates(network.eval(), x)
        if found is None:
            return NOT_STARTED
        if np.ndim(found) != 1 or len(found) != 2:
            return Diagnosis(
                "not-one-per-dropout",
                f"the network has two dropout layers, and {_shape_of(found)} came back.",
                "a list with a number for each layer that isinstance(layer, nn.Dropout)",
            )
        slip = _slip_of_rates_found([float(share) for share in found])
        return slip or _slip_elsewhere(realised_rates, *_another_suspect())


def _slip_of_rates_found(found):
    known = (
        (
            (0.5, 0.3),
            "reads-p",
            "that is what the layers say of themselves. The second one drops more.",
            "don't look at p: compare what goes into a layer with what comes out",
        ),
        (
            (0.0, 0.0),
            "evaluation-mode",
            "nothing was dropped: the network came in evaluation mode.",
            "call network.train() first",
        ),
        (
            (0.5, 0.4),
            "kept-not-dropped",
            "the second layer drops 0.6; 0.4 is the share that it keeps.",
            "count what came in and did not come out",
        ),
        (
            (50.0, 60.0),
            "per-cent",
            "that is in per cent.",
            "a share lies between 0 and 1",
        ),
    )
    if np.allclose(found, (0.5, 0.6), atol=0.03):
        return None
    for rates, code, message, hint in known:
        if np.allclose(found, rates, rtol=0.03, atol=0.03):
            return Diagnosis(code, message, hint)
    return _slip_of_counting(found)


def _slip_elsewhere(realised_rates, network, x):
    found = [float(share) for share in realised_rates(network.train(), x)]
    if len(found) == 3 and np.allclose(found, (0.1, 0.25, 0.8), atol=0.03):
        return None
    shown = ", ".join(f"{share:.2f}" for share in found)
    if np.allclose(found[:2], (0.5, 0.6), atol=0.03):
        return Diagnosis(
            "same-for-every-network",
            f"another network drops 0.10, 0.25 and 0.80, and {shown} came back as before.",
            "the rates are those of the network that you are given: run x through it",
        )
    if len(found) == 3 and np.allclose(found[:2], (0.1, 0.25), atol=0.03):
        return Diagnosis(
            "zeros-before-the-layer",
            f"of three layers in a row the last drops 0.80, and {found[2]:.2f} came back.",
            "what was 0 before a layer is no work of that layer",
        )
    return Diagnosis(
        "right-for-one-network",
        "another network, with dropout on its inputs and before its ReLU, drops 0.10, 0.25 and "
        f"0.80, and {shown or 'nothing'} came back.",
        "take the layers as they come, and look at each nn.Dropout when x passes it",
    )


def _slip_of_counting(found):
    if found[0] > 0.65:
        return Diagnosis(
            "counts-zeros-of-relu",
            f"{found[0]:.2f} and {found[1]:.2f}: units that ReLU had silenced already are counted "
            "as dropped.",
            "look only at units that are not 0 before the layer",
        )
    if found[0] < 0.4:
        return Diagnosis(
            "share-of-all-units",
            f"{found[0]:.2f} and {found[1]:.2f}: what was dropped is divided by all units, also "
            "those that were 0 before.",
            "divide by the number of units that were not 0 before the layer",
        )
    return Diagnosis(
        "other-rates",
        f"{found[0]:.2f} and {found[1]:.2f} came back for layers that drop 0.50 and 0.60.",
        "of the units that are not 0 before a layer, how many are 0 behind it? Count over the "
        "whole batch",
    )


def _shape_of(found):
    return f"{len(found)} numbers" if np.ndim(found) == 1 else f"{found!r}"


@torch.no_grad()
def realised_rates(network, x):
    network.train()
    rates = []
    for layer in network:
        before, x = x, layer(x)
        if isinstance(layer, nn.Dropout):
            rates.append((x[before != 0] == 0).float().mean().item())
    return rates


def _rates_as_labelled(network, x):
    return [layer.p for layer in network if isinstance(layer, nn.Dropout)]


def _rates_in_the_mode_it_came(network, x):
    rates = []
    for layer in network:
        before, x = x, layer(x)
        if isinstance(layer, nn.Dropout):
            rates.append((x[before != 0] == 0).float().mean().item())
    return rates


def _rates_all_zeros(network, x):
    network.train()
    rates = []
    for layer in network:
        x = layer(x)
        if isinstance(layer, nn.Dropout):
            rates.append((x == 0).float().mean().item())
    return rates


def _rates_of_all_units(network, x):
    network.train()
    rates = []
    for layer in network:
        before, x = x, layer(x)
        if isinstance(layer, nn.Dropout):
            rates.append(((x == 0) & (before != 0)).float().mean().item())
    return rates


def _rates_of_this_network(network, x):
    return [0.5, 0.6]


def _rates_behind_relu(network, x):
    network.train()
    rates, behind_relu = [], False
    for layer in network:
        before, x = x, layer(x)
        if isinstance(layer, nn.Dropout) and behind_relu:
            rates.append((x[before != 0] == 0).float().mean().item())
        behind_relu = isinstance(layer, nn.ReLU)
    return rates


def _rates_kept(network, x):
    return [1 - rate for rate in realised_rates(network, x)]


def _rates_averaged(network, x):
    return float(np.mean(realised_rates(network, x)))


def _rates_of_every_layer(network, x):
    network.train()
    rates = []
    for layer in network:
        x = layer(x)
        rates.append((x == 0).float().mean().item())
    return rates


def _rates_nothing(network, x): ...


class _Recorder(nn.Linear):
    """A model of one weight that knows whether anything was loaded into it."""

    def __init__(self):
        super().__init__(1, 1, bias=False)
        nn.init.zeros_(self.weight)
        self.loaded = False

    def load_state_dict(self, *args, **kwargs):
        self.loaded = True
        return super().load_state_dict(*args, **kwargs)


_VALIDATION = (0.9, 0.5, 0.7, 0.4, 0.8, 0.4, 0.6)
_OTHER_RUNS = (
    (2.5, 2.1, 2.3),
    (0.2, 0.3, 0.4),
    (3.0, 2.0, 1.5, 1.2),
    (0.5, 0.6, 0.7, 0.8, 0.9, 0.8, 0.7, 0.3),
)


def _trained(train_and_keep_best, validation):
    """(answer, model, after which epochs validation was measured) of a run with these losses."""
    model, measured_at = _Recorder(), []

    def train_epoch():
        with torch.no_grad():
            model.weight += 1  # the weight says how many epochs it has seen

    def validation_loss():
        measured_at.append(int(model.weight.item()))
        return validation[min(len(measured_at), len(validation)) - 1]

    answer = train_and_keep_best(model, train_epoch, validation_loss, len(validation))
    return answer, model, measured_at


def judge_keep_the_best(train_and_keep_best):
    answer, model, measured_at = _trained(train_and_keep_best, _VALIDATION)
    weight = round(model.weight.item())
    if answer is None and not measured_at:
        return NOT_STARTED
    slip = _slip_of_order(measured_at) or _slip_of_the_best(answer, weight, model.loaded)
    return slip or _slip_of_other_runs(train_and_keep_best)


def _slip_of_other_runs(train_and_keep_best):
    for validation in _OTHER_RUNS:
        try:
            answer, model, measured_at = _trained(train_and_keep_best, validation)
        except (NameError, TypeError) as error:  # nothing was kept, and it is loaded
            answer, model, measured_at = error, _Recorder(), validation
        best, weight = validation.index(min(validation)) + 1, round(model.weight.item())
        if weight == best and np.ndim(answer) == 0 and answer == best:
            continue
        if len(measured_at) < len(validation):
            return _stopped_early(measured_at, validation)
        if min(validation) > 1:
            raised = isinstance(answer, Exception)
            return Diagnosis(
                "losses-above-one",
                f"with losses of {list(validation)} epoch {best} is the best, and "
                + (
                    f"{type(answer).__name__} is raised: no epoch was kept."
                    if raised
                    else f"the weights of epoch {weight} and {answer!r} came back."
                ),
                "which value does your lowest loss start with? A loss may be larger: math.inf",
            )
        return Diagnosis(
            "right-for-one-run",
            f"with losses of {list(validation)} epoch {best} is the best, and the weights of epoch "
            f"{weight} and {answer!r} came back.",
            "the first epoch may be the best one, and the last one, too",
        )
    return None


def _stopped_early(measured_at, validation):
    return Diagnosis(
        "stopped-early",
        f"after {len(measured_at)} of {len(validation)} epochs it stopped. The lowest loss came "
        "later.",
        "dropout makes validation losses bumpy: run all epochs, and choose at the end",
    )


def _slip_of_order(measured_at):
    if measured_at[:1] == [0]:
        return Diagnosis(
            "measured-before-training",
            "the first loss was measured before the first epoch: it is that of the fresh network.",
            "in each round first train_epoch(), then validation_loss()",
        )
    if len(measured_at) < len(_VALIDATION):
        return _stopped_early(measured_at, _VALIDATION)
    if measured_at != list(range(1, len(_VALIDATION) + 1)):
        return Diagnosis(
            "not-once-per-epoch",
            f"validation was measured after epochs {measured_at}.",
            "once after each epoch, and keep the number: measuring takes time",
        )
    return None


def _slip_of_the_best(answer, weight, loaded):
    if weight == len(_VALIDATION):
        if loaded:
            return Diagnosis(
                "kept-a-reference",
                "weights were loaded at the end, and they are those of the last epoch: what was "
                "kept went on learning.",
                "state_dict() holds the model's own tensors; keep deepcopy(model.state_dict())",
            )
        return Diagnosis(
            "never-loaded",
            "the model still has the weights of the last epoch.",
            "at the end, model.load_state_dict(...) with what you kept",
        )
    known = {
        1: ("highest", "the weights are those of the highest loss.", "lower is better"),
        2: ("a-valley", "the weights are those of epoch 2; epoch 4 was lower.", "keep comparing"),
        6: (
            "later-of-equals",
            "epochs 4 and 6 have equal losses, and the weights are those of 6.",
            "replace what you keep only if the loss is lower: < and not <=",
        ),
    }
    if weight in known:
        return Diagnosis(*known[weight])
    if weight != 4:
        return Diagnosis(
            "other-weights",
            f"the weights are those of epoch {weight}, the lowest loss first came after epoch 4.",
            "keep a copy whenever the loss is lower than all before",
        )
    return _slip_of_the_answer(answer)


def _slip_of_the_answer(answer):
    if answer is None:
        return Diagnosis(
            "returns-nothing", "the weights are right, and nothing came back.", "return the epoch"
        )
    if np.ndim(answer) == 0 and answer == 4:
        return None
    if np.ndim(answer) == 0 and math.isclose(float(answer), 0.4):
        return Diagnosis(
            "returns-the-loss", "the lowest loss came back.", "return when it came, 1 for the first"
        )
    if np.ndim(answer) == 0 and answer == 3:
        return Diagnosis(
            "counts-from-zero",
            "the weights are right; the epoch is counted from 0.",
            "the first epoch is 1",
        )
    if np.ndim(answer) == 0 and answer == 6:
        return Diagnosis(
            "later-of-equals",
            "epochs 4 and 6 have equal losses, and the weights are those of 4.",
            "name the epoch whose weights you keep, the first of equals",
        )
    return Diagnosis(
        "other-answer", f"{answer!r} came back, epoch 4 was the best.", "return one whole number"
    )


def train_and_keep_best(model, train_epoch, validation_loss, epochs):
    lowest, best_epoch, best = math.inf, 0, deepcopy(model.state_dict())
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss < lowest:
            lowest, best_epoch, best = loss, epoch, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_by_reference(model, train_epoch, validation_loss, epochs):
    lowest, best_epoch = math.inf, 0
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss < lowest:
            lowest, best_epoch, best = loss, epoch, model.state_dict()
    model.load_state_dict(best)
    return best_epoch


def _best_by_shallow_copy(model, train_epoch, validation_loss, epochs):
    lowest, best_epoch = math.inf, 0
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss < lowest:
            lowest, best_epoch, best = loss, epoch, dict(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_not_loaded(model, train_epoch, validation_loss, epochs):
    losses = []
    for _ in range(epochs):
        train_epoch()
        losses.append(validation_loss())
    return losses.index(min(losses)) + 1


def _best_highest(model, train_epoch, validation_loss, epochs):
    highest = -math.inf
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss > highest:
            highest, best_epoch, best = loss, epoch, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_stops_at_the_first_rise(model, train_epoch, validation_loss, epochs):
    lowest = math.inf
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss > lowest:
            break
        lowest, best_epoch, best = loss, epoch, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_last_of_equals(model, train_epoch, validation_loss, epochs):
    lowest = math.inf
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss <= lowest:
            lowest, best_epoch, best = loss, epoch, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_measured_before(model, train_epoch, validation_loss, epochs):
    lowest = math.inf
    for epoch in range(1, epochs + 1):
        loss = validation_loss()
        if loss < lowest:
            lowest, best_epoch, best = loss, epoch, deepcopy(model.state_dict())
        train_epoch()
    model.load_state_dict(best)
    return best_epoch


def _best_measured_twice(model, train_epoch, validation_loss, epochs):
    lowest = math.inf
    for epoch in range(1, epochs + 1):
        train_epoch()
        if validation_loss() < lowest:
            lowest = validation_loss()
            best_epoch, best = epoch, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_below_one(model, train_epoch, validation_loss, epochs):
    lowest, best_epoch, best = 1.0, 0, deepcopy(model.state_dict())
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss < lowest:
            lowest, best_epoch, best = loss, epoch, deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best_epoch


def _best_of_falling_only(model, train_epoch, validation_loss, epochs):
    losses, states = [], []
    for _ in range(epochs):
        train_epoch()
        losses.append(validation_loss())
        states.append(deepcopy(model.state_dict()))
    best = min(range(1, epochs), key=losses.__getitem__)
    model.load_state_dict(states[best])
    return best + 1


def _best_without_patience(model, train_epoch, validation_loss, epochs):
    lowest, waited = math.inf, 0
    for epoch in range(1, epochs + 1):
        train_epoch()
        loss = validation_loss()
        if loss < lowest:
            lowest, best_epoch, best, waited = loss, epoch, deepcopy(model.state_dict()), 0
        elif (waited := waited + 1) == 3:
            break
    model.load_state_dict(best)
    return best_epoch


def _best_from_zero(*arguments):
    return train_and_keep_best(*arguments) - 1


def _best_loss(*arguments):
    train_and_keep_best(*arguments)
    return min(_VALIDATION)


def _best_silent(*arguments):
    train_and_keep_best(*arguments)


def _best_nothing(model, train_epoch, validation_loss, epochs): ...


def judge_one_rate(one_rate):
    found = one_rate(list(_RATES))
    if found is None:
        return NOT_STARTED
    if np.ndim(found) != 0:
        return Diagnosis(
            "not-a-number", f"one rate is asked for, but {found!r} came back.", "return a float"
        )
    found, right = float(found), 1 - 0.21 ** (1 / 3)
    if not math.isclose(found, right, abs_tol=5e-4):
        known = {
            0.4: (
                "mean",
                "0.4 is the mean of the rates: near, and not the same number of whole paths.",
                "a path is whole with a product of probabilities",
            ),
            0.21: (
                "share-of-whole-paths",
                "0.21 is how many paths are whole.",
                "which p gives (1 - p) ** 3 = 0.21?",
            ),
            1 - 0.21: ("no-root", "0.79 would be one layer's rate in place of three.", "a root"),
            0.21 ** (1 / 3): ("kept-not-dropped", "that is the share kept.", "1 less that"),
            0.06 ** (1 / 3): (
                "product-of-drop",
                "that is the mean of the drop probabilities, taken as a product: the chance that "
                "a path is gone in all layers.",
                "a path needs to be kept in all layers: multiply 1 - p",
            ),
            1 - math.sqrt(0.21): ("square-root", "that would do for two layers.", "there are 3"),
            0.41124: (
                "mean-of-odds",
                "that is the rate with the mean of p / (1 - p).",
                "variances of one path multiply: the mean is that of logarithms of 1 - p",
            ),
        }
        for value, (code, message, hint) in known.items():
            if math.isclose(found, value, abs_tol=5e-4):
                return Diagnosis(code, message, hint)
        return Diagnosis(
            "another-rate",
            f"{found:.3g} for 0.5, 0.4 and 0.3: a path would be whole in "
            f"{max(1 - found, 0) ** 3:.0%} of the passes, and should be in 21%.",
            "which share of the paths do the given rates leave whole? Which p in each of three "
            "layers leaves the same?",
        )
    return _slip_at_other_rates(one_rate)


def _slip_at_other_rates(one_rate):
    for rates, right in (
        ([0.2], 0.2),
        ([0.3] * 5, 0.3),
        ([0.0, 0.0], 0.0),
        ([0.75, 0.0], 0.5),
    ):
        found = float(one_rate(list(rates)))
        if math.isclose(found, right, abs_tol=5e-4):
            continue
        if rates == [0.75, 0.0]:
            return Diagnosis(
                "layers-without-dropout",
                f"for {rates} it gives {found:.3g} in place of {right}.",
                "a layer that drops nothing is a layer as well: it counts in the root",
            )
        return Diagnosis(
            "only-for-three",
            f"for {rates} it gives {found:.3g} in place of {right}.",
            "the root is that of the number of layers",
        )
    try:
        all_dropped = float(one_rate([1.0, 0.5]))
    except ValueError:  # math.log(0)
        all_dropped = math.nan
    if not math.isclose(all_dropped, 1, abs_tol=1e-4):
        return Diagnosis(
            "all-dropped",
            "with one layer dropped altogether no path is whole, so the rate has to be 1.",
            "take the product itself; a logarithm of 0 needs care",
        )
    return None


def one_rate(rates):
    whole = math.prod(1 - p for p in rates)
    return 1 - whole ** (1 / len(rates))


def _rate_mean(rates):
    return sum(rates) / len(rates)


def _rate_no_root(rates):
    return 1 - math.prod(1 - p for p in rates)


def _rate_whole(rates):
    return math.prod(1 - p for p in rates)


def _rate_kept(rates):
    return 1 - one_rate(rates)


def _rate_product_of_p(rates):
    return math.prod(rates) ** (1 / len(rates))


def _rate_cube_root(rates):
    return 1 - math.prod(1 - p for p in rates) ** (1 / 3)


def _rate_square_root(rates):
    return 1 - math.sqrt(math.prod(1 - p for p in rates))


def _rate_odds(rates):
    odds = sum(p / (1 - p) for p in rates) / len(rates)
    return odds / (1 + odds)


def _rate_one_for_each(rates):
    return [one_rate(rates)] * len(rates)


def _rate_by_logarithms(rates):
    return 1 - math.exp(sum(math.log(1 - p) for p in rates) / len(rates))


def _rate_nothing(rates): ...


EXERCISES = (
    Exercise(
        name="08-2-build",
        title="Build it, and refuse",
        statement=(
            "Write `build(input_size, hidden_sizes, num_classes, dropout_rates)`. It returns an "
            "`nn.Sequential`: for each of `hidden_sizes` `nn.Linear`, `nn.ReLU` and `nn.Dropout` "
            "with its own rate out of `dropout_rates`, then the `nn.Linear` to the classes. Lists "
            "of different length are a `ValueError`, whichever of them is longer."
        ),
        starter=(
            "from torch import nn\n\n\n"
            "def build(input_size, hidden_sizes, num_classes, dropout_rates):\n"
            "    # your code\n    ...\n\n\n"
            'check("08-2-build", build)'
        ),
        hints=(
            "Which two lists do you walk along together? What does `zip` do at the end of the "
            "shorter one?",
            "`zip(hidden_sizes, dropout_rates, strict=True)` raises a ValueError where they "
            "differ. Keep the size of the layer before.",
            "In the loop: `layers += [nn.Linear(size, units), nn.ReLU(), nn.Dropout(p)]`, then "
            "`size = units`. Behind it, `nn.Sequential(*layers, nn.Linear(size, num_classes))`.",
        ),
        solution=build,
        explanation=(
            "The library's `MLPWithDropout` compares the lengths first, so that its message can "
            "name both. Dropout in front of the ReLU would be the same function."
        ),
        judge=judge_build,
        wrong_answers=(
            (_build_with_plain_zip, "short-list-accepted"),
            (_build_by_index, "another-error"),
            (_build_checks_one_side, "long-list-accepted"),
            (_build_dropout_everywhere, "dropout-after-the-output"),
            (_build_relu_everywhere, "activation-after-the-output"),
            (_build_without_relu, "activations"),
            (_build_sizes_not_updated, "sizes"),
            (_build_one_dropout, "one-dropout-shared"),
            (_build_keep, "keep-for-drop"),
            (_build_dropout_first, "order"),
            (_build_not_behind_the_last, "not-one-dropout-each"),
            (_build_one_rate, "rates"),
            (_build_three_by_hand, "only-for-three"),
            (_build_a_list, "not-a-sequential"),
            (_build_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="08-2-realised-rates",
        title="What is really dropped",
        statement=(
            "Write `realised_rates(network, x)` for an `nn.Sequential` and a batch x (N, inputs): "
            "a list with a number for each `nn.Dropout` in it, in their order: of the units that "
            "are not 0 before the layer, the share that is 0 behind it, in training mode. Don't "
            "trust `p`. The network may come in evaluation mode."
        ),
        starter=(
            "import torch\nfrom torch import nn\n\n\n"
            "def realised_rates(network, x):\n    # your code\n    ...\n\n\n"
            'check("08-2-realised-rates", realised_rates)'
        ),
        hints=(
            "Which units could a dropout layer have silenced, and which were silent before?",
            "`for layer in network:` walks along the layers; let `x` go through each, and look at "
            "it before and behind.",
            "`before, x = x, layer(x)`; and where `isinstance(layer, nn.Dropout)`, "
            "`(x[before != 0] == 0).float().mean().item()`. First of all `network.train()`.",
        ),
        solution=realised_rates,
        explanation=(
            "One of the two layers was mislabelled: it says 0.3 and drops 0.6. Behind a ReLU "
            "many units are 0 anyway; they say nothing about the mask."
        ),
        judge=judge_realised_rates,
        wrong_answers=(
            (_rates_as_labelled, "reads-p"),
            (_rates_in_the_mode_it_came, "evaluation-mode"),
            (_rates_all_zeros, "counts-zeros-of-relu"),
            (_rates_of_all_units, "share-of-all-units"),
            (_rates_kept, "kept-not-dropped"),
            (lambda network, x: [100 * r for r in realised_rates(network, x)], "per-cent"),
            (_rates_of_this_network, "same-for-every-network"),
            (_rates_behind_relu, "right-for-one-network"),
            (_rates_averaged, "not-one-per-dropout"),
            (_rates_of_every_layer, "not-one-per-dropout"),
            (_rates_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="08-2-keep-the-best",
        title="Keep the best",
        statement=(
            "Write `train_and_keep_best(model, train_epoch, validation_loss, epochs)`. Call "
            "`train_epoch()`, which trains the model for an epoch, and then `validation_loss()`, "
            "which measures it and returns a number, `epochs` times. In the end the model has the "
            "weights of the epoch with the lowest loss (the first of equals), and the number of "
            "that epoch comes back, 1 for the first."
        ),
        starter=(
            "from copy import deepcopy\n\n\n"
            "def train_and_keep_best(model, train_epoch, validation_loss, epochs):\n"
            "    # your code\n    ...\n\n\n"
            'check("08-2-keep-the-best", train_and_keep_best)'
        ),
        hints=(
            "You need three things from the best epoch so far: its loss, its number, its weights. "
            "When do you replace them?",
            "`model.state_dict()` holds the model's own tensors, which go on learning. "
            "`deepcopy` makes a copy that doesn't.",
            "`if loss < lowest:` keep `loss`, `epoch` and `deepcopy(model.state_dict())`; behind "
            "the loop `model.load_state_dict(best)` and `return best_epoch`.",
        ),
        solution=train_and_keep_best,
        explanation=(
            "Without the copy nothing fails: the last weights are loaded over themselves. Of an "
            "exception or a strange number there is no trace, only the wrong network."
        ),
        judge=judge_keep_the_best,
        wrong_answers=(
            (_best_by_reference, "kept-a-reference"),
            (_best_by_shallow_copy, "kept-a-reference"),
            (_best_not_loaded, "never-loaded"),
            (_best_highest, "highest"),
            (_best_last_of_equals, "later-of-equals"),
            (_best_stops_at_the_first_rise, "stopped-early"),
            (_best_measured_before, "measured-before-training"),
            (_best_measured_twice, "not-once-per-epoch"),
            (_best_without_patience, "stopped-early"),
            (_best_below_one, "losses-above-one"),
            (_best_of_falling_only, "right-for-one-run"),
            (_best_from_zero, "counts-from-zero"),
            (_best_loss, "returns-the-loss"),
            (_best_silent, "returns-nothing"),
            (_best_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="08-2-one-rate",
        title="One rate for all layers",
        statement=(
            "Write `one_rate(rates)` for a list of drop rates, one for each layer: the p that, "
            "used in every layer, leaves as many paths whole as they do. A path is whole if "
            "nothing on it is dropped. A rate may also be 0 or 1. For `[0.75, 0.0]` it is 0.5."
        ),
        starter=(
            'def one_rate(rates):\n    # your code\n    ...\n\n\ncheck("08-2-one-rate", one_rate)'
        ),
        hints=(
            "With what probability is a path through layers of rates 0.5, 0.4, 0.3 whole?",
            "That is the product of 1 − p over the layers. With one p in L layers it is "
            "(1 − p) to the power of L.",
            "`whole = math.prod(1 - p for p in rates)`; then solve "
            "`(1 - p) ** len(rates) == whole` for p.",
        ),
        solution=one_rate,
        explanation=(
            "1 − p is the geometric mean of what the layers keep. The mean of the rates is close "
            "as long as they are: 0.4 against 0.406 in the example, but 0.375 against 0.5 for "
            "rates of 0.75 and 0."
        ),
        judge=judge_one_rate,
        wrong_answers=(
            (_rate_mean, "mean"),
            (_rate_no_root, "no-root"),
            (_rate_whole, "share-of-whole-paths"),
            (_rate_kept, "kept-not-dropped"),
            (_rate_product_of_p, "product-of-drop"),
            (_rate_cube_root, "only-for-three"),
            (_rate_square_root, "square-root"),
            (_rate_odds, "mean-of-odds"),
            (lambda rates: one_rate([p for p in rates if p] or [0.0]), "layers-without-dropout"),
            (lambda rates: 0.406, "only-for-three"),
            (_rate_by_logarithms, "all-dropped"),
            (_rate_one_for_each, "not-a-number"),
            (_rate_nothing, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "A network's outputs in training mode and in evaluation mode differ. What do you know?",
        "A test that can fail",
        (
            "Only that something in it is random, or depends on the mode",
            "Swapped keep and drop, a missing scale and dropout that ignores `eval()` all pass.",
        ),
        (
            "That its dropout works",
            "The four broken networks of the chapter have different outputs, too.",
        ),
        (
            "That dropout is on in training mode, and off in evaluation mode",
            "Two passes that both drop differ as well. Compare two passes in evaluation mode "
            "with each other.",
        ),
    ),
    multiple_choice(
        "A network has three hidden layers. Average its logits over very many passes in "
        "training mode. Do they meet the logits in evaluation mode?",
        "What the mean over passes meets",
        (
            "Nearly; a distance remains, however many passes you take",
            "Behind a ReLU the mean is not kept. Up to the second linear layer it is.",
        ),
        (
            "Exactly, in the limit",
            "That holds up to the second linear layer, where masks enter linearly.",
        ),
        (
            "No, they are larger by 1 / (1 − p) for each of the three layers",
            "Inverted dropout scales in training just so that they are not.",
        ),
    ),
    {
        "question": "In the log the training loss is 0.40, validation 0.30. With dropout off "
        "the training loss is 0.26, and with dropout on, after the epoch, 0.35. How much of the "
        "log's training loss is the noise of dropout?",
        "section": "Why is the validation loss lower?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.09,
                "correct": True,
                "feedback": "0.35 − 0.26: the same weights, dropout on and off.",
            },
            {
                "type": "value",
                "value": 0.14,
                "correct": False,
                "feedback": "0.40 − 0.26 contains the improvement during the epoch, too.",
            },
            {
                "type": "value",
                "value": 0.1,
                "correct": False,
                "feedback": "That is log less validation, the sum of all three parts.",
            },
            {
                "type": "value",
                "value": 0.05,
                "correct": False,
                "feedback": "0.40 − 0.35 is the improvement during the epoch.",
            },
            {
                "type": "default",
                "feedback": "Compare the same weights with dropout on and off.",
            },
        ],
    },
    multiple_choice(
        "A colleague adds a line that shuffles a list with `torch.randperm` before your "
        "training. Your seed is unchanged. What happens to your masks?",
        "Seeds",
        (
            "They are other ones, unless the layers have a generator of their own",
            "A seed fixes a sequence of draws, and the line takes some of it.",
        ),
        (
            "Nothing: the seed is the same, and `torch.randperm` has no part in dropout",
            "All draws come from one generator; one more moves all that follow.",
        ),
        (
            "They become predictable",
            "They are as random as before, only others.",
        ),
    ),
    multiple_choice(
        "Layers of 512, 256 and 128 units; rates of 0.5, 0.4 and 0.3 in this or in the reverse "
        "order. Which order makes more noise at the logits?",
        "One path, and many",
        (
            "The rising one, with 0.5 at the narrow layer",
            "A sum over few units averages little noise away.",
        ),
        (
            "Both make the same",
            "On one path they do. A network sums over many.",
        ),
        (
            "The falling one, as 0.5 sits where most weights are",
            "Most weights, and most units to average over.",
        ),
    ),
    multiple_choice(
        "What did the order of the rates do for the test error in the experiment?",
        "What it does for the error",
        (
            "Nothing that ten runs could show",
            "Neither in a network that narrows nor in one that widens. That is not a proof that "
            "there is nothing.",
        ),
        (
            "Falling rates had the lower error, as they make less noise",
            "They make less noise where the network narrows; the errors could not be told apart.",
        ),
        (
            "It proved that the order never matters",
            "An interval around 0 shows no difference, and excludes only large ones, in this "
            "network.",
        ),
    ),
    multiple_choice(
        "You load a state dict into a network that was built with other dropout rates. What "
        "does PyTorch say?",
        "Saving and loading",
        (
            "All keys matched",
            "Rates are no weights. In evaluation it makes no difference, in further training it "
            "does.",
        ),
        (
            "It raises an error",
            "Only if there are more or fewer layers, as the keys are places.",
        ),
        (
            "It restores the rates from the file",
            "They are not in the file.",
        ),
    ),
    multiple_choice(
        "Three hidden sizes, two rates, and a loop over `zip` of both, as in the example. What "
        "do you get?",
        "A list that is too short",
        (
            "A network with two hidden layers",
            "There is no message. Say `strict=True`.",
        ),
        (
            "A network whose third layer has no dropout",
            "The third layer itself is missing: `zip` stops at the shorter list.",
        ),
        (
            "An IndexError",
            "That would be the luckier case. `zip` raises nothing.",
        ),
    ),
]
