"""Honest answers in other words than the solution's: none of them may be rejected."""

import copy
import functools
import io
import itertools
import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from torch import nn
from torch.nn import functional as F

from dropout_lib.exercises import check

# --- chapters 5 to 8 ------------------------------------------------------------------------------


def max_norm_row_by_row(weight, c):
    rows = []
    for row in weight:
        length = sum(entry**2 for entry in row) ** 0.5
        rows.append([entry * min(1, c / length) if length else entry for entry in row])
    return rows


def max_norm_of_torch(weight, c):
    return torch.renorm(torch.tensor(weight), 2, 0, c)


class MaxNorm:
    def __call__(self, weight, c):
        longest = np.maximum(1, np.sqrt(np.einsum("ij,ij->i", weight, weight)) / c)
        return weight / longest[:, None]


def noise_added_in_proportion(x, p, rng):
    return x + np.abs(x) * rng.normal(0, np.sqrt(p / (1 - p)), x.shape)


def ensemble_by_torch(probabilities, labels):
    averaged = torch.tensor(probabilities).mean(dim=0)
    return F.nll_loss(averaged.log().float(), torch.tensor(labels))


def fair_by_loops(val_without, test_without, val_with, test_with):
    tables = (t.tolist() for t in (val_without, test_without, val_with, test_with))
    gains = [b[a.index(min(a))] - d[c.index(min(c))] for a, b, c, d in zip(*tables, strict=True)]
    return sum(gains) / len(gains)


def width_by_logarithms(p, chance):
    return np.ceil(np.log(chance) / np.log(p))


def drops_if_restored(model, x):
    kept = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        differs = (model(x) != model(x)).any()
    model.load_state_dict(kept)
    return differs


def mean_of_one_large_batch(model, x, passes):
    modes = {name: module.training for name, module in model.named_modules()}
    for module in model.modules():
        if "Dropout" in type(module).__name__:
            module.train()
    with torch.inference_mode():
        out = model(x.repeat(passes, 1)).view(passes, len(x), -1).mean(dim=0)
    for name, module in model.named_modules():
        module.training = modes[name]
    return out


def gap_of_a_copy(model, train, validation):
    quiet = copy.deepcopy(model).eval()
    return F.cross_entropy(quiet(validation[0]), validation[1]) - F.cross_entropy(
        quiet(train[0]), train[1]
    )


def gain_by_pairs(validation, test):
    return (
        min(zip(validation["without"], test["without"], strict=True))[1]
        - (min(zip(validation["with"], test["with"], strict=True))[1])
    )


def verdict_by_a_test(words, a, b):
    test = scipy.stats.ttest_rel(a, b)
    if test.pvalue >= 0.05:
        return words[1]
    return words[0] if test.statistic > 0 else words[2]


def helps(without, dropped):
    return verdict_by_a_test(("helps", "can't tell", "hurts"), without, dropped)


def helped(with_dropout, without):
    return verdict_by_a_test(("helped", "cannot tell", "hurt"), with_dropout, without)


def accuracy_of_a_copy(model, x, y):
    quiet = copy.deepcopy(model).eval()
    with torch.no_grad():
        return float((quiet(x).max(dim=1).indices == y).sum()) / len(y)


class Layers(nn.Module):
    def __init__(self, input_size, hidden_sizes, num_classes, dropout_rates):
        super().__init__()
        if len(hidden_sizes) != len(dropout_rates):
            raise ValueError(f"{len(hidden_sizes)} sizes, {len(dropout_rates)} rates")
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(itertools.starmap(nn.Linear, itertools.pairwise(sizes)))
        self.output, self.rates = nn.Linear(sizes[-1], num_classes), dropout_rates

    def forward(self, x):
        for layer, p in zip(self.hidden, self.rates, strict=True):
            x = F.dropout(torch.relu(layer(x)), p, self.training)
        return self.output(x)


# --- chapters 8.1 to 8.3 --------------------------------------------------------------------------


def equal_sums_by_recursion(x, p):
    def chance(i, kept):
        if i == len(x):
            return float(np.isclose(kept / (1 - p), sum(x)))
        return p * chance(i + 1, kept) + (1 - p) * chance(i + 1, kept + x[i])

    return chance(0, 0.0)


def mean_test_draw_by_draw(make):
    x, draws = np.linspace(1, 3, 10), 1000
    for p in (0.3, 0.6):
        layer = make(p, 1)
        mean = sum(layer.forward(x[None])[0] for _ in range(draws)) / draws
        if np.any(np.abs(mean - x) > 6 * x * math.sqrt(p / (1 - p) / draws)):
            return False
    return True


def gradient_test_by_quotients(make):
    rng, layer = np.random.default_rng(1), make(0.4, 3)
    x, weights = rng.uniform(1, 2, (5, 6)), rng.standard_normal((5, 6))
    factors = layer.forward(x) / x
    return np.allclose(layer.backward(weights.copy()), weights * factors)


def masks_test_by_bytes(make):
    layer = make(0.5, 0)
    rows = [row for _ in range(5) for row in layer.forward(np.ones((20, 200))) != 0]
    return len({row.tobytes() for row in rows}) == 100


def build_dropout_before_relu(input_size, hidden_sizes, num_classes, dropout_rates):
    if len(hidden_sizes) != len(dropout_rates):
        raise ValueError("as many rates as layers")
    sizes = [input_size, *hidden_sizes]
    blocks = [
        nn.Sequential(nn.Linear(sizes[i], sizes[i + 1]), nn.Dropout(p), nn.ReLU(inplace=True))
        for i, p in enumerate(dropout_rates)
    ]
    return nn.Sequential(*blocks, nn.Linear(sizes[-1], num_classes))


def rates_by_hooks(network, x):
    rates = []

    def note(layer, inputs, out):
        rates.append(((inputs[0] != 0) & (out == 0)).sum() / (inputs[0] != 0).sum())

    hooks = [m.register_forward_hook(note) for m in network if isinstance(m, nn.Dropout)]
    network.train()(x)
    for hook in hooks:
        hook.remove()
    return rates


def best_from_a_file(model, train_epoch, validation_loss, epochs):
    best = float("inf")
    for epoch in range(epochs):
        train_epoch()
        loss = validation_loss()
        if loss < best:
            best, number, file = loss, epoch + 1, io.BytesIO()
            torch.save(model.state_dict(), file)
    file.seek(0)
    model.load_state_dict(torch.load(file))
    return np.int64(number)


def one_rate_by_numpy(rates):
    return 1 - np.prod(1 - np.array(rates)) ** (1 / len(rates))


def head_inputs_by_pooling(channels, height, width, poolings):
    x = torch.zeros(1, channels, height, width)
    for _ in range(poolings):
        x = nn.MaxPool2d(2, 2)(x)
    return x.flatten(1).shape[1]


def share_by_names(model):
    named = list(model.named_parameters())
    head = sum(p.numel() for name, p in named if name.startswith("classifier"))
    return torch.tensor(head / sum(p.numel() for _, p in named))


def drops_maps_of_random_images(layer):
    was = layer.training
    out = layer.train()(torch.rand(4, 32, 5, 7) + 1)
    layer.train(was)
    gone = (out == 0).flatten(2).float().mean(dim=2)
    return bool(((gone == 0) | (gone == 1)).all() and (gone == 1).any())


def standardise_colour_by_colour(x_train, x_test):
    a, b = x_train.astype(np.float32), x_test.astype(np.float32)
    for colour in range(3):
        mean, deviation = x_train[:, colour].mean(), x_train[:, colour].std(ddof=1)
        for x in (a, b):
            x[:, colour] = (x[:, colour] - mean) / deviation
    return [a, b]


# --- chapters 8.4, 8.5 and 11 ---------------------------------------------------------------------


def losses_of_a_copy(model, x_train, y_train, x_test, y_test):
    quiet = copy.deepcopy(model).eval()
    with torch.no_grad():
        return np.array(
            [F.cross_entropy(quiet(x), y) for x, y in ((x_train, y_train), (x_test, y_test))]
        )


def gap_by_a_loop(train_losses, test_losses, level):
    for train_loss, test_loss in zip(train_losses, test_losses, strict=True):
        if train_loss <= level:
            return test_loss - train_loss
    return math.nan


def report_of_the_flat_table(validation_loss, test_loss):
    return test_loss.ravel()[np.argmin(validation_loss)].item()


def predict_with_a_copy(model, x, num_samples=100):
    dropping = copy.deepcopy(model).eval()
    for module in dropping.modules():
        if "Dropout" in type(module).__name__:
            module.train()
    with torch.no_grad():
        passes = torch.stack([dropping(x) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0, correction=0)


def information_by_divergence(samples):
    return scipy.special.rel_entr(samples, samples.mean(axis=0)).sum(axis=-1).mean(axis=0).tolist()


def information_with_a_small_number(samples):
    def entropy(p):
        return -(p * np.log(p + 1e-7)).sum(axis=-1)

    return entropy(samples.mean(axis=0)) - entropy(samples).mean(axis=0)


def coverage_in_single_precision(samples, targets):
    samples, targets = torch.tensor(samples), torch.tensor(targets)
    inside = (targets - samples.mean(dim=0)).abs() <= 2 * samples.std(dim=0)
    return inside.float().mean().item()


def likelihood_of_scipy(samples, targets, noise):
    log_density = scipy.stats.norm.logpdf(targets, samples, noise)
    return float(scipy.special.logsumexp(log_density, axis=0, b=1 / len(samples)).mean())


def interval_of_scipy(a, b):
    gains = np.array(a) - np.array(b)
    mean, error = gains.mean(), scipy.stats.sem(gains)
    return [round(end, 3) for end in (mean, *scipy.stats.t.interval(0.95, len(a) - 1, mean, error))]


def verdict_by_extremes(intervals):
    if min(intervals)[0] > 0:
        return "holds"
    return "depends" if max(intervals)[0] > 0 else "fails"


def tuned_by_pairs(runs):
    return min((run["validation_error"], run["test_error"]) for run in runs)[1]


RIGHT = {
    "05-max-norm": (
        max_norm_row_by_row,
        max_norm_of_torch,
        MaxNorm(),
        functools.partial(max_norm_row_by_row),
    ),
    "05-gaussian": (noise_added_in_proportion,),
    "05-ensemble": (ensemble_by_torch,),
    "05-fair": (fair_by_loops,),
    "06-variance-ratio": (lambda mean, variance, p: (1 + p * mean**2 / variance) / (1 - p),),
    "06-silent-layer": (width_by_logarithms,),
    "06-still-dropping": (drops_if_restored,),
    "06-mean-of-passes": (mean_of_one_large_batch,),
    "07-gap": (gap_of_a_copy,),
    "07-fair": (gain_by_pairs,),
    "07-verdict": (helps,),
    "07-crossover": (lambda p, weight, noise: np.float32((2 - p) / p * (noise / weight) ** 2),),
    "08-accuracy": (accuracy_of_a_copy,),
    "08-layers": (Layers,),
    "08-verdict": (helped,),
    "08-1-equal-sums": (equal_sums_by_recursion,),
    "08-1-enough-draws": (lambda error, p: math.ceil(144 * p / ((1 - p) * error**2)),),
    "08-1-mean-test": (mean_test_draw_by_draw,),
    "08-1-gradient-test": (gradient_test_by_quotients,),
    "08-1-masks-test": (masks_test_by_bytes,),
    "08-2-build": (build_dropout_before_relu,),
    "08-2-realised-rates": (rates_by_hooks,),
    "08-2-keep-the-best": (best_from_a_file,),
    "08-2-one-rate": (one_rate_by_numpy,),
    "08-3-head-inputs": (head_inputs_by_pooling,),
    "08-3-share-in-head": (share_by_names,),
    "08-3-drops-maps": (drops_maps_of_random_images,),
    "08-3-standardise": (standardise_colour_by_colour,),
    "08-4-measured-alike": (losses_of_a_copy,),
    "08-4-equal-training-loss": (gap_by_a_loop,),
    "08-4-choose-then-report": (report_of_the_flat_table,),
    "08-5-predict": (predict_with_a_copy,),
    "08-5-mutual-information": (information_by_divergence, information_with_a_small_number),
    "08-5-coverage": (coverage_in_single_precision,),
    "08-5-log-likelihood": (likelihood_of_scipy,),
    "11-interval": (interval_of_scipy,),
    "11-verdict": (verdict_by_extremes,),
    "11-tuned": (tuned_by_pairs,),
    "08-4-enough-points": (4471.0, np.int64(4500)),
    "08-5-how-many-passes": (np.array(100),),
}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        pytest.param(name, answer, id=f"{name}-{i}")
        for name, answers in RIGHT.items()
        for i, answer in enumerate(answers)
    ],
)
def test_another_right_answer_passes(name, answer):
    verdict = check(name, answer)
    assert verdict.passed, verdict


def test_whoever_seeds_before_each_loss_hears_of_the_seed():
    def gap(model, train, validation):
        torch.manual_seed(0)
        losses = [F.cross_entropy(model.train()(x), y) for x, y in (train, validation)]
        return losses[1] - losses[0]

    assert check("07-gap", gap).diagnosis.code == "seeds-inside"
