"""Exact checks: claims that are settled by a calculation, not by an experiment.

Each takes nothing, runs in less than a second, and returns whether its claim is true. A row of
``claims.yml`` names the function under ``check``.
"""

import math
from itertools import product

import numpy as np

from .claims import exact_check


def _all_masks(units):
    """Every mask of so many units: array (2^units, units) of zeros and ones."""
    return np.array(list(product((0, 1), repeat=units)))


def _probabilities(masks, p):
    """The probability of each mask when every unit is dropped with probability p."""
    return np.prod(np.where(masks, 1 - p, p), axis=1)


# --- chapter 1: what is dropout ----------------------------------------------------------------


@exact_check
def the_same_number_is_dropped_in_every_case():
    """Whether all masks of eight units that can be drawn at p = 0.5 drop equally many."""
    masks = _all_masks(8)
    return len(set((1 - masks).sum(axis=1))) == 1


@exact_check
def number_dropped_is_binomial():
    """The distribution of the number dropped, summed over all masks, against the formulas."""
    for n, p in ((4, 0.5), (8, 0.3)):
        masks = _all_masks(n)
        dropped, probability = (1 - masks).sum(axis=1), _probabilities(masks, p)
        for k in range(n + 1):
            binomial = math.comb(n, k) * p**k * (1 - p) ** (n - k)
            if not math.isclose(probability[dropped == k].sum(), binomial):
                return False
        mean = probability @ dropped
        variance = probability @ (dropped - mean) ** 2
        if not (math.isclose(mean, n * p) and math.isclose(variance, n * p * (1 - p))):
            return False
    return math.isclose(_probabilities(np.zeros((1, 4)), 0.5)[0], 1 / 16)


@exact_check
def cases_of_a_batch_share_a_mask():
    """Whether a layer, from scratch, in PyTorch or ours, treats all cases of a batch alike."""
    import torch

    from . import pytorch, scratch

    torch.manual_seed(0)
    layers = (torch.nn.Dropout(0.5), pytorch.Dropout(0.5))
    outputs = [layer(torch.ones(16, 64)).numpy() for layer in layers]
    from_scratch = scratch.Dropout(0.5, rng=np.random.default_rng(0))
    outputs.append(from_scratch.forward(np.ones((16, 64))))
    return all((output == output[0]).all() for output in outputs)


@exact_check
def a_run_visits_every_network():
    """Whether 40,000 presentations can visit all networks that 64 hidden units make."""
    return 2**64 <= 40_000  # a presentation visits one at most


# --- chapter 2: how dropout works --------------------------------------------------------------


def _mean_and_variance_over_masks(x, p):
    """Of inverted dropout's output: each an array of x's shape, over all masks."""
    masks = _all_masks(len(x))
    outputs, probability = masks * x / (1 - p), _probabilities(masks, p)
    mean = probability @ outputs
    return mean, probability @ (outputs - mean) ** 2


@exact_check
def scaling_keeps_the_mean():
    """The mean of the output over all masks is the input, at several p."""
    x = np.array([1.0, -2.0, 0.5, 3.0])
    return all(np.allclose(_mean_and_variance_over_masks(x, p)[0], x) for p in (0.1, 0.5, 0.9))


@exact_check
def variance_is_p_over_1_minus_p():
    """The variance of the output over all masks is the formula's, at several p."""
    x = np.array([1.0, -2.0, 0.5, 3.0])
    return all(
        np.allclose(_mean_and_variance_over_masks(x, p)[1], p / (1 - p) * x**2)
        for p in (0.1, 0.5, 0.9)
    )


@exact_check
def mean_is_kept_through_a_relu():
    """Whether a ReLU behind two dropped units that cancel has the mean that evaluation gives."""
    x, weights = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    masks = _all_masks(2)
    training = _probabilities(masks, 0.5) @ np.maximum((2 * masks * x) @ weights, 0)
    return math.isclose(training, max(x @ weights, 0))


@exact_check
def every_sum_is_kept():
    """Whether 1 + 2 + 3 + 4 is kept under each of the 16 masks at p = 0.5; it is under two."""
    sums = (2 * _all_masks(4) * np.array([1.0, 2.0, 3.0, 4.0])).sum(axis=1)
    return bool((sums == 10).all())


@exact_check
def backward_is_that_of_the_thinned_network():
    """With a mask, gradients are those of the network without the dropped units."""
    from .scratch import dropout_backward, dropout_forward

    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 5)), rng.standard_normal((5, 3))
    kept = np.array([True, False, True, True, False])
    _, mask = dropout_forward(x, 0.4, mask=kept[None])
    gradient = dropout_backward(np.ones((1, 3)) @ weight.T, mask, 0.4)
    thinned = np.ones((1, 3)) @ weight[kept].T / 0.6
    return bool((gradient[0, ~kept] == 0).all() and np.allclose(gradient[0, kept], thinned))


@exact_check
def inverted_dropout_evaluates_to_its_input():
    """In evaluation: PyTorch's layer gives back its very input, ours from scratch its values."""
    import torch

    from . import scratch

    x = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    same_object = torch.nn.Dropout(0.5).eval()(x) is x
    layer = scratch.Dropout(0.5)
    layer.eval()
    return same_object and bool((layer.forward(x.numpy()) == x.numpy()).all())


@exact_check
def standard_dropout_evaluates_to_its_mean():
    """Evaluation is (1 - p) x, the mean of training over all masks."""
    from .scratch import StandardDropout

    x, p = np.array([1.0, -2.0, 0.5, 3.0]), 0.3
    layer = StandardDropout(p)
    masks = _all_masks(4).astype(bool)
    outputs = np.array([layer.forward(x, mask=mask) for mask in masks])
    layer.eval()
    evaluated = layer.forward(x)
    mean = _probabilities(masks, p) @ outputs
    return bool(np.allclose(evaluated, (1 - p) * x) and np.allclose(evaluated, mean))


@exact_check
def forward_is_the_formula():
    """m x / (1 - p) under every mask of four units."""
    from .scratch import Dropout

    x, p = np.array([1.0, -2.0, 0.5, 3.0]), 0.3
    masks = _all_masks(4).astype(bool)
    return all(np.allclose(Dropout(p).forward(x, mask=m), m * x / (1 - p)) for m in masks)


@exact_check
def standard_dropout_takes_a_shorter_step():
    """One step of both variants from the same function: the change of the output they cause."""
    x, mask, p, rate = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 0, 1]), 0.3, 0.1
    w_inverted = np.array([0.3, -0.2, 0.5, 0.1])
    w_standard = w_inverted / (1 - p)
    heard_inverted, heard_standard = mask * x / (1 - p), mask * x
    moved_inverted = heard_inverted @ (rate * heard_inverted)  # the gradient of w y by w is y
    moved_standard = heard_standard @ (rate * heard_standard)
    same_output = math.isclose(heard_inverted @ w_inverted, heard_standard @ w_standard)
    return same_output and math.isclose(moved_standard, (1 - p) ** 2 * moved_inverted)


@exact_check
def only_eval_switches_dropout_off():
    """A fresh layer drops, no_grad leaves it on, eval() switches it off, functional ignores it."""
    import torch
    from torch.nn import functional

    torch.manual_seed(0)
    layer, ones = torch.nn.Dropout(0.5), torch.ones(1000)

    def drops(output):
        return bool((output == 0).any())

    fresh = drops(layer(ones))
    with torch.no_grad():
        under_no_grad = drops(layer(ones))
    evaluated = drops(layer.eval()(ones))
    functional_by_itself = drops(functional.dropout(ones, 0.5))
    functional_told = drops(functional.dropout(ones, 0.5, training=False))
    on = fresh and under_no_grad and functional_by_itself
    return on and not (evaluated or functional_told)


# --- chapter 3: types of dropout ---------------------------------------------------------------


# --- chapter 3.1: standard dropout -------------------------------------------------------------


# --- chapter 3.2: inverted dropout -------------------------------------------------------------


# --- chapter 3.3: spatial dropout --------------------------------------------------------------


# --- chapter 3.4: DropConnect ------------------------------------------------------------------


# --- chapter 3.5: variational dropout ----------------------------------------------------------


# --- chapter 4: why dropout prevents overfitting -----------------------------------------------


# --- chapter 5: advantages ---------------------------------------------------------------------


# --- chapter 6: limitations --------------------------------------------------------------------


# --- chapter 7: when to use dropout ------------------------------------------------------------


# --- chapter 8.4: with and without dropout -----------------------------------------------------


# --- not yet discussed in a chapter of its own -------------------------------------------------
