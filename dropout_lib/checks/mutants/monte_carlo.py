"""Wrong Monte Carlo predictions: the textbook function with one mistake each."""

import copy
from contextlib import contextmanager

import torch
from torch import nn

from ..monte_carlo import prediction_subject
from .core import Mutant

MUTANTS = []


def mutant(expected, outputs="values"):
    """Enters a function in the catalogue, with the code of the diagnosis that it should get."""

    def enter(predict):
        MUTANTS.append(Mutant(predict, expected, outputs, prediction_subject))
        return predict

    return enter


@contextmanager
def dropout_on(model, kind="Dropout"):
    """Dropout in training mode, everything else in evaluation mode; afterwards as before."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for module in model.modules():
        if kind in type(module).__name__:
            module.train()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@torch.no_grad()
def passes_of(model, x, num_samples):
    with dropout_on(model):
        return torch.stack([model(x) for _ in range(num_samples)])  # (T, N, ...)


def textbook(model, x, num_samples):
    """Correct, one step a line, and not fast."""
    passes = passes_of(model, x, num_samples)
    return passes.mean(dim=0), passes.std(dim=0)


def textbook_classes(model, x, num_samples):
    """The same for a model that returns logits."""
    probabilities = passes_of(model, x, num_samples).softmax(dim=-1)
    return probabilities.mean(dim=0), probabilities.std(dim=0)


# What comes back


@mutant("returns-nothing")
def forgets_to_return(model, x, num_samples):
    textbook(model, x, num_samples)


@mutant("not-a-pair")
def mean_alone(model, x, num_samples):
    return passes_of(model, x, num_samples).mean(dim=0)


@mutant("over-the-cases")
def spread_of_everything(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes.mean(dim=0), passes.std()


@mutant("over-the-cases")
def spread_over_the_batch(model, x, num_samples):
    mean, _ = textbook(model, x, num_samples)
    return mean, mean.std(dim=0)


@mutant("not-over-the-passes")
def reduces_the_axis_of_the_cases(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes.mean(dim=1), passes.std(dim=1)


# Which masks


@mutant("no-spread")
@torch.no_grad()
def in_evaluation_mode(model, x, num_samples):
    model.eval()
    passes = torch.stack([model(x) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("no-spread", "probabilities")
def classes_in_evaluation_mode(model, x, num_samples):
    model.eval()
    passes = torch.stack([model(x).softmax(dim=-1) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("no-spread")
def sets_the_mode_of_the_model_alone(model, x, num_samples):
    model.training = True  # the layers inside have flags of their own
    passes = torch.stack([model(x) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("same-masks-in-every-pass")
@torch.no_grad()
def seeds_inside_the_loop(model, x, num_samples):
    passes = []
    with dropout_on(model):
        for _ in range(num_samples):
            torch.manual_seed(42)
            passes.append(model(x))
    return torch.stack(passes).mean(dim=0), torch.stack(passes).std(dim=0)


@mutant("same-masks-in-every-pass")
def one_pass_repeated(model, x, num_samples):
    passes = passes_of(model, x, 1).repeat(num_samples, *[1] * x.dim())
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("one-mask-for-all-cases")
def each_case_from_the_same_seed(model, x, num_samples):
    state = torch.get_rng_state()
    means, stds = [], []
    for case in x:
        torch.set_rng_state(state)
        mean, std = textbook(model, case[None], num_samples)
        means.append(mean)
        stds.append(std)
    return torch.cat(means), torch.cat(stds)


@mutant("number-of-passes-ignored")
def always_ten_passes(model, x, num_samples):
    return textbook(model, x, 10)


@mutant("number-of-passes-ignored")
def two_masks_in_turn(model, x, num_samples):
    passes = passes_of(model, x, 2).repeat((num_samples + 1) // 2, *[1] * x.dim())
    return passes.mean(dim=0), passes.std(dim=0, correction=0)


# Mean and spread


@mutant("mean-of-one-pass-without-dropout")
@torch.no_grad()
def band_around_the_ordinary_prediction(model, x, num_samples):
    _, std = textbook(model, x, num_samples)
    with dropout_on(model, kind="nothing"):
        prediction = model(x)
    return prediction, std


@mutant("mean-of-too-few-passes")
def last_pass_for_the_mean(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes[-1], passes.std(dim=0)


@mutant("summed-not-averaged")
def sum_of_the_passes(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes.sum(dim=0), passes.std(dim=0)


@mutant("mean-off")
def median_for_the_mean(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes.median(dim=0).values, passes.std(dim=0)


@mutant("variance-returned")
def returns_the_variance(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes.mean(dim=0), passes.var(dim=0)


@mutant("standard-error-returned")
def divides_by_the_root_of_the_passes(model, x, num_samples):
    mean, std = textbook(model, x, num_samples)
    return mean, std / num_samples**0.5


@mutant("wider-than-the-passes")
def two_standard_deviations(model, x, num_samples):
    mean, std = textbook(model, x, num_samples)
    return mean, 2 * std


@mutant("std-off")
def mean_absolute_deviation(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    mean = passes.mean(dim=0)
    return mean, (passes - mean).abs().mean(dim=0)


# Classes


@mutant("logits-averaged", "probabilities")
def mean_of_logits(model, x, num_samples):
    return textbook(model, x, num_samples)


@mutant("softmax-after-the-mean", "probabilities")
def softmax_of_the_mean(model, x, num_samples):
    mean, _ = textbook(model, x, num_samples)
    return mean.softmax(dim=-1), textbook_classes(model, x, num_samples)[1]


@mutant("probabilities-off", "probabilities")
def sigmoid_for_softmax(model, x, num_samples):
    probabilities = passes_of(model, x, num_samples).sigmoid()
    return probabilities.mean(dim=0), probabilities.std(dim=0)


@mutant("spread-of-logits", "probabilities")
def mean_of_one_and_spread_of_the_other(model, x, num_samples):
    passes = passes_of(model, x, num_samples)
    return passes.softmax(dim=-1).mean(dim=0), passes.std(dim=0)


# The model


@mutant("some-dropout-left-off")
@torch.no_grad()
def looks_for_one_class(model, x, num_samples):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    try:
        passes = torch.stack([model(x) for _ in range(num_samples)])
    finally:
        for module, mode in modes:
            module.training = mode
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("left-in-training")
@torch.no_grad()
def of_the_source_document(model, x, num_samples):
    model.train()
    passes = torch.stack([model(x) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("left-in-training")
@torch.no_grad()
def turns_dropout_on_and_not_off(model, x, num_samples):
    for module in model.modules():
        if "Dropout" in type(module).__name__:
            module.train()
    passes = torch.stack([model(x) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("left-in-evaluation")
@torch.no_grad()
def evaluation_mode_in_the_end(model, x, num_samples):
    model.train()
    passes = torch.stack([model(x) for _ in range(num_samples)])
    model.eval()
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("modes-levelled")
def mode_of_the_outermost_module(model, x, num_samples):
    training = model.training
    found = textbook(model, x, num_samples)
    model.train(training)
    return found


@mutant("statistics-updated")
@torch.no_grad()
def everything_in_training_mode(model, x, num_samples):
    modes = [(module, module.training) for module in model.modules()]
    model.train()
    try:
        passes = torch.stack([model(x) for _ in range(num_samples)])
    finally:
        for module, mode in modes:
            module.training = mode
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("batch-statistics-used")
def a_copy_in_training_mode(model, x, num_samples):
    return everything_in_training_mode(copy.deepcopy(model), x, num_samples)


@mutant("mode-lost-after-an-error")
@torch.no_grad()
def modes_put_back_without_finally(model, x, num_samples):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for module in model.modules():
        if "Dropout" in type(module).__name__:
            module.train()
    passes = torch.stack([model(x) for _ in range(num_samples)])
    for module, mode in modes:
        module.training = mode
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("error-hidden")
@torch.no_grad()
def goes_on_after_errors(model, x, num_samples):
    passes = []
    with dropout_on(model):
        for _ in range(num_samples):
            try:
                passes.append(model(x))
            except Exception:
                passes.append(torch.zeros_like(x))
    return torch.stack(passes).mean(dim=0), torch.stack(passes).std(dim=0)


# Gradients and random numbers


@mutant("gradients-recorded")
def with_gradients(model, x, num_samples):
    with dropout_on(model):
        passes = torch.stack([model(x) for _ in range(num_samples)])
    return passes.mean(dim=0), passes.std(dim=0)


@mutant("gradients-left-off")
def gradients_off_for_good(model, x, num_samples):
    torch.set_grad_enabled(False)
    return textbook(model, x, num_samples)


@mutant("global-generator-reseeded")
def seeds_before_the_loop(model, x, num_samples):
    torch.manual_seed(0)
    return textbook(model, x, num_samples)
