"""Exercises and quiz of chapter 6."""

import math

from ..checks import Diagnosis
from .answers import agrees, first_wrong
from .core import NOT_STARTED, Exercise, multiple_choice

# --- the variance that batch norm stores -----------------------------------------------------


def variance_ratio(mean, variance, p):
    noise = p / (1 - p) * (variance + mean**2)
    return (variance + noise) / variance


def judge_variance_ratio(answer):
    points = ((0.0, 1.0, 0.5), (1.0, 2.0, 0.2), (-3.0, 0.5, 0.75))
    values = [answer(*point) for point in points]
    if any(value is None for value in values):
        return NOT_STARTED

    def are(rule):
        return agrees(values, points, rule)

    if are(variance_ratio):
        return None
    if are(lambda mean, variance, p: 1 / variance_ratio(mean, variance, p)):
        return Diagnosis(
            "upside-down",
            "that is evaluation over training.",
            "what is asked for is above 1: training is the noisy one, and stands on top",
        )
    if are(lambda mean, variance, p: 1 / (1 - p)):
        return Diagnosis(
            "mean-forgotten",
            "it is right for a unit of mean 0 and for no other.",
            "dropout's noise has the variance p / (1 - p) times the mean of x², and that is "
            "variance + mean²",
        )
    if are(lambda mean, variance, p: p / (1 - p) * (variance + mean**2) / variance):
        return Diagnosis(
            "noise-alone",
            "that is the noise over the variance; the signal itself is missing.",
            "in training there is the variance of x, and the noise on top",
        )
    if are(lambda mean, variance, p: (variance + p * (variance + mean**2)) / variance):
        return Diagnosis(
            "with-p", "the factor of the noise is p.", "Var[m / (1 - p)] = p (1 - p) / (1 - p)²"
        )
    if are(lambda mean, variance, p: (variance + p / (1 - p) * (variance + mean)) / variance):
        return Diagnosis(
            "mean-not-squared", "the mean enters without its square.", "E[x²] = Var[x] + E[x]²"
        )
    if are(lambda mean, variance, p: variance_ratio(mean, variance, 1 - p)):
        return Diagnosis(
            "keep-and-drop-swapped",
            "p is used as the probability to keep.",
            "at p = 0.2 the noise has a quarter of E[x²], not four times as much",
        )
    if are(lambda mean, variance, p: 1 + p / (1 - p) * mean**2 / variance):
        return Diagnosis(
            "noise-of-the-mean-alone",
            "the noise is counted as if every case had the activation `mean`.",
            "cases differ: take the mean of x² over them, which is more than mean²",
        )
    if are(lambda mean, variance, p: (1 - p) ** 2 * variance_ratio(mean, variance, p)):
        return Diagnosis(
            "scale-forgotten",
            "that is for m x without the division by 1 - p.",
            "inverted dropout scales in training: y = m x / (1 - p)",
        )
    if are(lambda mean, variance, p: math.sqrt(variance_ratio(mean, variance, p))):
        return Diagnosis(
            "of-deviations",
            "that is the ratio of the standard deviations.",
            "batch norm stores variances, and their ratio is asked for: no root",
        )
    if are(lambda mean, variance, p: variance * variance_ratio(mean, variance, p)):
        return Diagnosis(
            "no-ratio",
            "that is the variance in training by itself.",
            "how many times that of evaluation is it?",
        )
    if are(lambda mean, variance, p: variance_ratio(mean, variance**2, p)):
        return Diagnosis(
            "variance-squared",
            "`variance` was squared, as if it were a standard deviation.",
            "it is given as a variance: E[x²] = variance + mean²",
        )
    (mean, variance, p), found, right = first_wrong(values, points, variance_ratio)
    return Diagnosis(
        "another-formula",
        f"for mean {mean:g}, variance {variance:g} and p = {p:g} it gives {found:.4g}, and "
        f"{right:.4g} is right.",
        "write down E[y] and E[y²] for y = m x / (1 - p), then Var[y]",
    )


# --- a layer that is silent ------------------------------------------------------------------


def smallest_width(p, chance):
    width = 1
    while p**width > chance:
        width += 1
    return width


def _smallest_below(p, chance):
    width = 1
    while p**width >= chance:
        width += 1
    return width


def judge_smallest_width(answer):
    points = ((0.5, 0.0625), (0.2, 0.001), (0.8, 0.01), (0.5, 0.001))
    values = [answer(*point) for point in points]
    if any(value is None for value in values):
        return NOT_STARTED

    def are(rule):
        return agrees(values, points, rule)

    if are(smallest_width):
        return None
    if are(lambda p, chance: smallest_width(1 - p, chance)):
        return Diagnosis(
            "keep-and-drop-swapped",
            "that is how many it takes until hardly ever all of them play.",
            "all n units are *dropped* with probability pⁿ",
        )
    if are(lambda p, chance: smallest_width(p, chance) + 1) or are(_smallest_below):
        return Diagnosis(
            "one-too-many",
            "it is one too wide, if only where pⁿ is exactly what is allowed.",
            "the chance may be equal to what is allowed: four units at p = 0.5 are all dropped "
            "in exactly 0.0625 of the cases",
        )
    if are(lambda p, chance: round(math.log(chance) / math.log(p))):
        return Diagnosis(
            "rounded",
            "log(chance) / log(p) was rounded to the nearest number, which may be too small.",
            "4 units are too few where 4.3 are needed: which way do you have to round?",
        )
    if are(lambda p, chance: math.ceil(-math.log2(chance))):
        return Diagnosis(
            "at-one-half-only",
            "it is right at p = 0.5 and at no other p: p plays no part.",
            "n units are all dropped with probability pⁿ, which is 2⁻ⁿ at p = 0.5 alone",
        )
    if are(lambda p, chance: smallest_width(p, chance) - 1) or are(
        lambda p, chance: math.floor(math.log(chance) / math.log(p))
    ):
        return Diagnosis(
            "one-too-few",
            "with so few units it still happens too often.",
            "round up, or go on until pⁿ is no more than allowed",
        )
    if are(lambda p, chance: math.log(chance) / math.log(p)):
        return Diagnosis(
            "not-whole",
            "a layer has a whole number of units.",
            "log(chance) / log(p) is where pⁿ = chance; which whole number is enough?",
        )
    if are(lambda p, chance: math.ceil(p / chance)):
        return Diagnosis(
            "not-a-power",
            "the chance is taken to fall like p / n.",
            "each unit tosses its own coin: the probabilities multiply",
        )
    (p, chance), found, right = first_wrong(values, points, smallest_width)
    happens = f"it happens with probability {p**found:.2g}" if found > 0 else "a layer has units"
    return Diagnosis(
        "another-number",
        f"at p = {p:g}, {chance:g} allowed, it gives {found:g}: "
        + (happens if found < right else f"{right} are enough")
        + ".",
        "try n = 1, 2, 3, ... for p = 0.5 by hand: 0.5, 0.25, 0.125, ...",
    )


# --- is it still dropping? -------------------------------------------------------------------


def still_dropping(model, x):
    import copy

    import torch

    model = copy.deepcopy(model)  # a pass in training mode moves batch norm's averages
    with torch.no_grad():
        return not torch.equal(model(x), model(x))


def _patients():
    """Name, model, and whether it drops: the models that a detector is tried on."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Functional(nn.Module):
        def forward(self, x):
            return F.dropout(x, p=0.5)

    class FunctionalThatHears(nn.Module):
        def forward(self, x):
            return F.dropout(x, p=0.5, training=self.training)

    def layers(*middle):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return nn.Sequential(nn.Linear(8, 16), *middle, nn.Linear(16, 4))

    return {
        "in evaluation": (layers(nn.ReLU(), nn.Dropout(0.5)).eval(), False),
        "in training": (layers(nn.ReLU(), nn.Dropout(0.5)).train(), True),
        "functional": (layers(Functional()).eval(), True),
        "without dropout": (layers(nn.BatchNorm1d(16), nn.ReLU()).train(), False),
        "one layer on": (layers(nn.ReLU(), nn.Dropout(0.5)).eval(), True),
        "functional, in training": (layers(nn.ReLU(), FunctionalThatHears()).train(), True),
        "p = 0": (layers(nn.ReLU(), nn.Dropout(0.0)).train(), False),
    }


def judge_still_dropping(answer):
    import torch

    patients = _patients()
    patients["one layer on"][0][2].train()
    x = torch.linspace(-2, 2, 64 * 8).view(64, 8)
    found = {}
    for name, (model, _) in patients.items():
        before = _state(model)
        with torch.random.fork_rng():
            torch.manual_seed(len(found))
            found[name] = answer(model, x)
        if found[name] is None:
            return NOT_STARTED
        if _state(model)[0] != before[0]:
            return Diagnosis(
                "changes-the-mode",
                "the model comes back in another mode than it went in.",
                "ask a copy (copy.deepcopy), or leave eval() and train() alone: what is asked is "
                "what the model does *now*",
            )
        if any(not torch.equal(a, b) for a, b in zip(_state(model)[1], before[1], strict=True)):
            return Diagnosis(
                "moves-batch-norm",
                "batch norm's running statistics have moved.",
                "a pass in training mode updates them, also under no_grad(); ask a copy",
            )
    if all(bool(found[name]) is not drops for name, (_, drops) in patients.items()):
        return Diagnosis(
            "turned-round",
            "every model that drops is called quiet, and every quiet one dropping.",
            "True means: it drops, so two passes differ",
        )
    if not found["in training"]:
        return Diagnosis(
            "misses-training-mode",
            "a model in training mode, with nn.Dropout in it, is called quiet.",
            "run the same x through twice *as the model is*, and compare",
        )
    if found["without dropout"]:
        return Diagnosis(
            "takes-the-mode-for-it",
            "a model in training mode that has no dropout is called dropping.",
            "the mode is not the question; whether two passes differ is",
        )
    unnoticed = Diagnosis(
        "looks-at-modules",
        f"functional dropout in {'training' if found['functional'] else 'evaluation'} mode goes "
        "unnoticed.",
        "it is no module, and no attribute tells of it; only its outputs do",
    )
    if not found["functional"]:
        return unnoticed
    if found["p = 0"]:
        return Diagnosis(
            "takes-the-mode-for-it",
            "nn.Dropout with p = 0 is in training mode, and drops nothing.",
            "a module and its mode are not the question; whether two passes differ is",
        )
    if not found["functional, in training"]:
        return unnoticed
    if not found["one layer on"]:
        return Diagnosis(
            "looks-at-the-top",
            "one layer left in training mode goes unnoticed.",
            "model.training is the flag of the outermost module; each layer has its own",
        )
    if found["in evaluation"]:
        return Diagnosis(
            "false-alarm",
            "a model in evaluation mode is called dropping.",
            "two passes over the same x, and True only if they differ",
        )
    return None


def _state(model):
    return (
        [module.training for module in model.modules()],
        [buffer.clone() for buffer in model.buffers()],
    )


def _by_flag(model, x):
    return model.training


def _by_flags_of_layers(model, x):
    from torch import nn

    return any(isinstance(m, nn.Dropout) and m.training for m in model.modules())


def _after_eval(model, x):
    import torch

    model.eval()
    with torch.no_grad():
        return not torch.equal(model(x), model(x))


def _without_copy(model, x):
    import torch

    with torch.no_grad():
        return not torch.equal(model(x), model(x))


def _by_flags_or_in_eval(model, x):
    return _by_flags_of_layers(model, x) or _of_a_copy_in_eval(model, x)


def _by_rates_or_in_eval(model, x):
    from torch import nn

    on = any(isinstance(m, nn.Dropout) and m.training and m.p > 0 for m in model.modules())
    return on or _of_a_copy_in_eval(model, x)


def _of_a_copy_in_eval(model, x):
    import copy

    return _after_eval(copy.deepcopy(model), x)


def _seeds_before_each_pass(model, x):
    import copy

    import torch

    model, outputs = copy.deepcopy(model), []
    for _ in range(2):
        torch.manual_seed(0)
        outputs.append(model(x))
    return not torch.equal(*outputs)


def _beside_evaluation(model, x):
    import copy

    import torch

    quiet = copy.deepcopy(model).eval()
    with torch.no_grad():
        return not torch.equal(copy.deepcopy(model)(x), quiet(x))


def _of_a_copy_in_train(model, x):
    import copy

    return _without_copy(copy.deepcopy(model).train(), x)


# --- many passes, and the model as it was ----------------------------------------------------


def mean_of_passes(model, x, passes):
    import torch
    from torch import nn

    dropped = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    modes = [m.training for m in dropped]
    try:
        for module in dropped:
            module.train()  # these alone: batch norm stays as it is
        with torch.no_grad():
            return torch.stack([model(x) for _ in range(passes)]).mean(dim=0)
    finally:
        for module, mode in zip(dropped, modes, strict=True):
            module.train(mode)


def _for_passes(p, early_on=False):
    """A model in evaluation mode with a nested dropout layer and, if asked, one left on."""
    from torch import nn

    early = nn.Dropout(0.5)
    inner = nn.Sequential(nn.ReLU(), nn.Dropout(p))
    norm = nn.BatchNorm1d(16)
    model = nn.Sequential(nn.Linear(8, 16), norm, early, inner, nn.Linear(16, 4)).eval()
    early.p = 0.5 if early_on else 0.0
    early.train(early_on)
    return model


def judge_mean_of_passes(answer):
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = _for_passes(0.5)
        x = torch.randn(32, 8) + 1
        before = _state(model)
        out = answer(model, x, 20)
        if out is None:
            return NOT_STARTED
        modes, buffers = _state(model)
        quiet = model.eval()(x).detach()
        others = _for_passes(0.0), _for_passes(0.5, early_on=True)
    if not isinstance(out, torch.Tensor) or out.shape != quiet.shape:
        return Diagnosis(
            "wrong-shape",
            f"what comes back is not a tensor of shape {tuple(quiet.shape)}.",
            "stack the passes and take the mean over them, dim=0",
        )
    if any(not torch.equal(a, b) for a, b in zip(buffers, before[1], strict=True)):
        return Diagnosis(
            "moves-batch-norm",
            "batch norm's running statistics have moved: the model has learned from x.",
            "model.train() switches on more than dropout; switch on the nn.Dropout modules alone",
        )
    if modes != before[0]:
        return Diagnosis(
            "left-in-training",
            "the model went in in evaluation mode and comes out in another.",
            "remember the modes, and put them back when the passes are done",
        )
    rows = []  # cases that went through the first layer, in however many calls
    hook = model[0].register_forward_hook(lambda layer, inputs, out: rows.append(len(inputs[0])))
    with torch.random.fork_rng():
        torch.manual_seed(2)
        again, many = answer(model, x, 20), answer(model, x, 500)
        hook.remove()
        same = answer(others[0], x, 3)  # p = 0: all passes are equal, and so is their mean
        modes = _state(others[1])[0]
        answer(others[1], x, 2)
    if torch.equal(out, again):
        return Diagnosis(
            "nothing-drops",
            "twenty passes, and all of them the same.",
            "in evaluation mode nothing is dropped; the nn.Dropout modules have to be in training, "
            "also those inside another module: model.modules() finds them",
        )
    if out.requires_grad:
        return Diagnosis(
            "keeps-gradients",
            "the result drags the graph of all passes along.",
            "predictions need no gradients: with torch.no_grad()",
        )
    if sum(rows) < 520 * len(x):
        return Diagnosis(
            "another-number-of-passes",
            "20 and then 500 passes were asked for, and fewer were made.",
            "the third argument says how many",
        )
    still = others[0].eval()(x).detach()
    if not torch.allclose(same, still, atol=1e-4) or not torch.allclose(many, quiet, atol=0.3):
        return Diagnosis(
            "not-the-mean",
            "it is not the mean of the passes.",
            "add up `passes` outputs and divide by `passes`",
        )
    if (skewed := _slip_of_a_skewed_mean(answer)) is not None:
        return skewed
    if _state(others[1])[0] != modes:
        return Diagnosis(
            "not-the-mode-before",
            "a dropout layer that was on before the call is off after it.",
            "put back the mode that each module had, not evaluation mode for all",
        )
    return None


def _slip_of_a_skewed_mean(answer):
    """Each output is 4 in three passes of four and else 0, so that 3 is its mean and no value."""
    import torch
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(50, 50, bias=False), nn.Dropout(0.25)).eval()
        nn.init.eye_(model[0].weight)
        found = answer(model, torch.full((40, 50), 3.0), 99)
    if found.shape == (40, 50) and (found - 3).abs().max() < 1:  # six standard deviations
        return None
    if found.shape == (40, 50) and (found == 4).float().mean() > 0.9:
        return Diagnosis(
            "median",
            "an output that is 4 in three passes of four and else 0 comes back as 4: that is the "
            "median.",
            "its mean is 3: .mean(dim=0)",
        )
    return Diagnosis(
        "not-the-mean",
        "an output that is 4 in three passes of four and else 0 has the mean 3; what comes back "
        f"lies between {found.min():.2f} and {found.max():.2f}.",
        "add up `passes` outputs and divide by `passes`",
    )


def _median_of_passes(model, x, passes):
    import torch

    alone = [mean_of_passes(model, x, 1) for _ in range(passes)]
    return torch.stack(alone).median(dim=0).values


def _train_and_forget(model, x, passes):
    import torch

    model.train()
    with torch.no_grad():
        return torch.stack([model(x) for _ in range(passes)]).mean(dim=0)


def _dropout_left_on(model, x, passes):
    import torch
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        return torch.stack([model(x) for _ in range(passes)]).mean(dim=0)


def _all_to_eval(model, x, passes):
    try:
        return _dropout_left_on(model, x, passes)
    finally:
        model.eval()


def _always_twenty(model, x, passes):
    return mean_of_passes(model, x, 20)


def _one_pass_too_few(model, x, passes):
    return passes / (passes - 1) * mean_of_passes(model, x, passes)


def _outermost_modules(model, x, passes):
    import torch
    from torch import nn

    dropped = [m for m in model.children() if isinstance(m, nn.Dropout)]
    for module in dropped:
        module.train()
    with torch.no_grad():
        mean = torch.stack([model(x) for _ in range(passes)]).mean(dim=0)
    for module in dropped:
        module.eval()
    return mean


def _in_eval(model, x, passes):
    import torch

    model.eval()
    with torch.no_grad():
        return torch.stack([model(x) for _ in range(passes)]).mean(dim=0)


def _sum_of_passes(model, x, passes):
    return passes * mean_of_passes(model, x, passes)


def _all_passes(model, x, passes):
    import torch

    return torch.stack([mean_of_passes(model, x, 1) for _ in range(passes)])


EXERCISES = (
    Exercise(
        name="06-variance-ratio",
        title="What batch norm stores",
        statement=(
            "A unit has, over the training cases, the given mean and variance. Inverted dropout "
            "with probability p follows, and then batch norm. Write `variance_ratio(mean, "
            "variance, p)`: the variance that batch norm sees in training, over the one that it "
            "meets in evaluation. All three are numbers, variance > 0 and p < 1; for mean 0, "
            "variance 1 and p = 0.5 it is 2."
        ),
        starter=(
            "def variance_ratio(mean, variance, p):\n    # your code\n    ...\n\n\n"
            'check("06-variance-ratio", variance_ratio)'
        ),
        hints=(
            "In evaluation dropout does nothing. So the lower number is given to you.",
            "The noise of one case has the variance p / (1 − p) · x². What is its mean over the "
            "cases?",
            "E[x²] = variance + mean². In training: variance + p / (1 − p) · (variance + mean²).",
        ),
        solution=variance_ratio,
        explanation=(
            "With mean 0 it is 1 / (1 − p). A unit that is far from 0 all the time has a ratio "
            "without limit: dropout makes it jump between 0 and something large, and evaluation "
            "knows nothing of those jumps."
        ),
        judge=judge_variance_ratio,
        wrong_answers=(
            (
                lambda mean, variance, p: 1 / variance_ratio(mean, variance, p),
                "upside-down",
            ),
            (lambda mean, variance, p: 1 / (1 - p), "mean-forgotten"),
            (
                lambda mean, variance, p: p / (1 - p) * (variance + mean**2) / variance,
                "noise-alone",
            ),
            (lambda mean, variance, p: 1 + p * (variance + mean**2) / variance, "with-p"),
            (
                lambda mean, variance, p: 1 + p / (1 - p) * (variance + mean) / variance,
                "mean-not-squared",
            ),
            (
                lambda mean, variance, p: variance_ratio(mean, variance, 1 - p),
                "keep-and-drop-swapped",
            ),
            (
                lambda mean, variance, p: 1 + p / (1 - p) * mean**2 / variance,
                "noise-of-the-mean-alone",
            ),
            (
                lambda mean, variance, p: ((1 - p) * variance + p * (1 - p) * mean**2) / variance,
                "scale-forgotten",
            ),
            (
                lambda mean, variance, p: math.sqrt(variance_ratio(mean, variance, p)),
                "of-deviations",
            ),
            (lambda mean, variance, p: variance * variance_ratio(mean, variance, p), "no-ratio"),
            (
                lambda mean, variance, p: variance_ratio(mean, variance**2, p),
                "variance-squared",
            ),
            (lambda mean, variance, p: 1.0, "another-formula"),
            (lambda mean, variance, p: None, "not-started"),
        ),
    ),
    Exercise(
        name="06-silent-layer",
        title="A layer that is silent",
        statement=(
            "A hidden layer whose units are all dropped says nothing about its case. Count every "
            "unit as one that would have had something to say. Write "
            "`smallest_width(p, chance)`: how many units, at least 1, does a layer need so that "
            "this happens with probability `chance` or less? A whole number, for p and `chance` "
            "between 0 and 1: 4 for p = 0.5 and a chance of 0.1."
        ),
        starter=(
            "def smallest_width(p, chance):\n    # your code\n    ...\n\n\n"
            'check("06-silent-layer", smallest_width)'
        ),
        hints=(
            "Every unit tosses its own coin. What is the probability that two are dropped? Three?",
            "All n are dropped with probability pⁿ.",
            "Begin with n = 1 and add one while p**n is above `chance`.",
        ),
        solution=smallest_width,
        explanation=(
            "At p = 0.5 ten units make it rarer than once in 1,000 cases, if all ten play. Behind "
            "a ReLU many are 0 for a case anyway, and then n is the number of the others."
        ),
        judge=judge_smallest_width,
        wrong_answers=(
            (lambda p, chance: smallest_width(1 - p, chance), "keep-and-drop-swapped"),
            (lambda p, chance: smallest_width(p, chance) + 1, "one-too-many"),
            (_smallest_below, "one-too-many"),
            (lambda p, chance: smallest_width(p, chance) - 1, "one-too-few"),
            (lambda p, chance: math.log(chance) / math.log(p), "not-whole"),
            (lambda p, chance: int(math.log(chance) / math.log(p)), "one-too-few"),
            (lambda p, chance: round(math.log(chance) / math.log(p)), "rounded"),
            (lambda p, chance: math.ceil(math.log2(1 / chance)), "at-one-half-only"),
            (lambda p, chance: math.ceil(p / chance), "not-a-power"),
            (lambda p, chance: 64, "another-number"),
            (lambda p, chance: None, "not-started"),
        ),
    ),
    Exercise(
        name="06-still-dropping",
        title="A detector",
        statement=(
            "Write `still_dropping(model, x)`: True if the PyTorch model, as it is now, drops "
            "anything when it is given the batch x (64, 8), and False if not. It has to find "
            "functional dropout too, must not take training mode for dropout, and must leave the "
            "model exactly as it was, batch norm's running statistics included."
        ),
        starter=(
            "def still_dropping(model, x):\n    # your code\n    ...\n\n\n"
            'check("06-still-dropping", still_dropping)'
        ),
        hints=(
            "What does a dropping model do that no other does, if you ask it twice?",
            "`not torch.equal(model(x), model(x))`. But a pass in training mode moves batch "
            "norm's running mean and variance.",
            "Ask a `copy.deepcopy(model)`, under `torch.no_grad()`.",
        ),
        solution=still_dropping,
        explanation=(
            "It finds all that is random in a forward pass, dropout or not, and it needs a batch "
            "with enough units in it: two draws of few units can be equal by chance."
        ),
        judge=judge_still_dropping,
        wrong_answers=(
            (_by_flag, "takes-the-mode-for-it"),
            (_by_flags_of_layers, "looks-at-modules"),
            (_after_eval, "changes-the-mode"),
            (_without_copy, "moves-batch-norm"),
            (lambda model, x: not still_dropping(model, x), "turned-round"),
            (_seeds_before_each_pass, "seeds-inside"),
            (_beside_evaluation, "takes-the-mode-for-it"),
            (_of_a_copy_in_eval, "misses-training-mode"),
            (_of_a_copy_in_train, "false-alarm"),
            (_by_flags_or_in_eval, "takes-the-mode-for-it"),
            (_by_rates_or_in_eval, "looks-at-modules"),
            (lambda model, x: False, "misses-training-mode"),
            (lambda model, x: None, "not-started"),
        ),
    ),
    Exercise(
        name="06-mean-of-passes",
        title="Many passes, and the model as it was",
        statement=(
            "Somebody averages passes under dropout so:\n\n"
            "```python\ndef mean_of_passes(model, x, passes):\n    model.train()\n"
            "    return sum(model(x) for _ in range(passes)) / passes\n```\n\n"
            "Three things are wrong with it. Mend them: `mean_of_passes(model, x, passes)` returns "
            "the mean output, a tensor of the shape of `model(x)`, over so many passes with the "
            "model's `nn.Dropout` layers on, wherever in the model they are, and everything else "
            "as it was. Afterwards every module is in the mode that it had before, batch norm has "
            "learned nothing, and the result needs no gradient."
        ),
        starter=(
            "def mean_of_passes(model, x, passes):\n    # your code\n    ...\n\n\n"
            'check("06-mean-of-passes", mean_of_passes)'
        ),
        hints=(
            "`model.train()` switches on dropout. What else?",
            "Go through `model.modules()` and put the `nn.Dropout` among them into training mode. "
            "Note their modes first.",
            "`try: ... finally:` puts the modes back even if a pass fails. The passes themselves "
            "go under `torch.no_grad()`.",
        ),
        solution=mean_of_passes,
        explanation=(
            "Predicting must not change the predictor. With model.train() each pass over the test "
            "data moves batch norm's averages towards them."
        ),
        judge=judge_mean_of_passes,
        wrong_answers=(
            (_train_and_forget, "moves-batch-norm"),
            (_dropout_left_on, "left-in-training"),
            (_in_eval, "nothing-drops"),
            (_outermost_modules, "nothing-drops"),
            (_all_to_eval, "not-the-mode-before"),
            (_always_twenty, "another-number-of-passes"),
            (_one_pass_too_few, "not-the-mean"),
            (_sum_of_passes, "not-the-mean"),
            (_median_of_passes, "median"),
            (_all_passes, "wrong-shape"),
            (lambda model, x, passes: None, "not-started"),
        ),
    ),
)

QUIZ = [
    {
        "question": "A layer has 8 units and p = 0.5. In how many cases of 256 is all of it "
        "dropped, on average?",
        "section": "How wide is wide enough?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 1,
                "correct": True,
                "feedback": "0.5⁸ = 1/256. (Silent it is more often: some of the eight are 0 "
                "for a case anyway.)",
            },
            {
                "type": "value",
                "value": 128,
                "correct": False,
                "feedback": "That is how often one given unit is dropped.",
            },
            {
                "type": "value",
                "value": 16,
                "correct": False,
                "feedback": "That would be four units: 0.5⁴ = 1/16.",
            },
            {
                "type": "default",
                "feedback": "All eight coins have to fall the same way.",
            },
        ],
    },
    multiple_choice(
        "A network with dropout makes many errors on test data. Which number tells you whether "
        "it *under*fits?",
        "How wide is wide enough?",
        (
            "its error on the training data, with dropout off",
            "If it has not learned even those, more noise is not what it lacks. (Whether "
            "dropout is the cause, the same network without it says.)",
        ),
        (
            "the training loss in the log",
            "That one is measured with dropout on, on thinned networks, and is high even where "
            "all is well.",
        ),
        (
            "the gap between the test error and the training error",
            "A network that has learned nothing has no gap at all.",
        ),
    ),
    {
        "question": "A unit has mean 0 and variance 1. Dropout with p = 0.5 follows, then batch "
        "norm. Which variance does batch norm store in training?",
        "section": "One unit by hand",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 2,
                "correct": True,
                "feedback": "1 + p / (1 − p) · 1. In evaluation it meets a variance of 1.",
            },
            {
                "type": "value",
                "value": 1,
                "correct": False,
                "feedback": "The mean is kept by dropout, the variance is not.",
            },
            {
                "type": "value",
                "value": 0.5,
                "correct": False,
                "feedback": "Without the scale it would be half; inverted dropout scales by 2, "
                "and the variance by 4.",
            },
            {
                "type": "default",
                "feedback": "1 + p / (1 − p) · E[x²].",
            },
        ],
    },
    multiple_choice(
        "Where does dropout not disturb any batch norm?",
        "By placement",
        (
            "behind the last batch norm",
            "No batch norm hears its noise.",
        ),
        (
            "behind every ReLU",
            "The batch norm of the next layer hears it, mixed by the weights between.",
        ),
        (
            "directly before batch norm, which then normalises the noise",
            "It does, in training. In evaluation the noise is gone, and what was stored "
            "includes it.",
        ),
    ),
    multiple_choice(
        "Two passes of the same batch through `model.eval()` give different outputs, though all "
        "`nn.Dropout` layers are in evaluation mode. Why?",
        "A detector",
        (
            "`F.dropout` is called without `training=self.training`",
            "Its default is `training=True`, whatever the module's mode.",
        ),
        (
            "`torch.no_grad()` is missing",
            "`no_grad()` concerns gradients. It changes no output.",
        ),
        (
            "Batch norm uses the batch at hand, also in evaluation",
            "In evaluation mode it uses what it has stored, and changes nothing.",
        ),
    ),
    multiple_choice(
        "How do you compare the number of steps that two ways of training need?",
        "More steps",
        (
            "steps to the same training loss, dropout off, each at its own best learning rate",
            "The same goal, the same ruler, and each at its best.",
        ),
        (
            "steps until the logged training losses are equal",
            "The log of the one with dropout is that of thinned networks: another ruler.",
        ),
        (
            "steps to the same training loss, dropout off, at one learning rate for both, to be "
            "fair",
            "Fair to whom? A rate that suits one of them handicaps the other.",
        ),
    ),
]
