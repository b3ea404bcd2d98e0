"""Exact checks: claims that are settled by a calculation, not by an experiment.

Each takes nothing, runs in less than a second, and returns whether its claim is true. A row of
``claims.yml`` names the function under ``check``.
"""

import ast
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


@exact_check
def torch_drops_with_probability_p():
    """At 0 nothing is dropped and at 1 everything, in PyTorch's layer and in ours."""
    import torch

    from . import pytorch

    ones = torch.ones(1000)
    return all(
        bool((layer(0.0)(ones) == 1).all() and (layer(1.0)(ones) == 0).all())
        for layer in (torch.nn.Dropout, pytorch.Dropout)
    )


@exact_check
def a_shared_draw_adds_up_before_it_is_squared():
    """Mean and variance of each of four terms and of their sum, with own draws and with one."""
    terms, p = np.array([1.0, -2.0, 0.5, 3.0]), 0.3
    factor = p / (1 - p)
    own, probability = _all_masks(4) * terms / (1 - p), _probabilities(_all_masks(4), p)
    shared, chance = np.array([[0], [1]]) * terms / (1 - p), np.array([p, 1 - p])
    variances = [probability @ (own - terms) ** 2, chance @ (shared - terms) ** 2]
    total = terms.sum()
    of_sums = [probability @ (own.sum(1) - total) ** 2, chance @ (shared.sum(1) - total) ** 2]
    return bool(
        np.allclose(probability @ own, terms)
        and np.allclose(chance @ shared, terms)
        and np.allclose(variances, factor * terms**2)
        and np.allclose(of_sums, [factor * (terms**2).sum(), factor * total**2])
    )


@exact_check
def one_mask_serves_all_time_steps():
    """VariationalDropout draws once for a case and unit, whatever the number of steps."""
    from .scratch import VariationalDropout

    layer = VariationalDropout(0.5, rng=np.random.default_rng(0))
    out = layer.forward(np.ones((7, 8, 9)))  # (T, N, F)
    between_cases = bool((out == out[:, :1]).all())
    return layer.mask.shape == (1, 8, 9) and bool((out == out[0]).all()) and not between_cases


@exact_check
def nn_lstm_drops_between_time_steps():
    """Whether nn.LSTM(dropout=) changes what one layer does: its steps are all that it has."""
    import warnings

    import torch

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says itself that one layer is not dropped
        lstm = torch.nn.LSTM(4, 6, dropout=0.9)
    x = torch.randn(10, 3, 4)
    return not torch.equal(lstm.train()(x)[0], lstm.eval()(x)[0])


@exact_check
def dropout1d_is_variational_dropout():
    """Under one mask the two layers agree once the axes of time and features change places."""
    from .scratch import Dropout1d, VariationalDropout

    rng = np.random.default_rng(0)
    sequence = rng.random((5, 7, 6))  # (N, T, F)
    layer = VariationalDropout(0.3, batch_first=True, rng=rng)
    out = layer.forward(sequence)
    same = Dropout1d(0.3).forward(sequence.swapaxes(1, 2), mask=layer.mask.swapaxes(1, 2))
    return bool(np.array_equal(out, same.swapaxes(1, 2)))


# --- chapter 3.1: standard dropout -------------------------------------------------------------


# --- chapter 3.2: inverted dropout -------------------------------------------------------------


@exact_check
def only_inverted_dropout_forgets_p():
    """In evaluation: the same output for all p from inverted dropout, others from standard."""
    from .scratch import Dropout, StandardDropout

    def evaluated(kind, p):
        layer = kind(p)
        layer.eval()
        return layer.forward(np.ones(5)).tolist()

    inverted, standard = ([evaluated(k, p) for p in (0.2, 0.5)] for k in (Dropout, StandardDropout))
    return inverted[0] == inverted[1] and standard[0] != standard[1]


@exact_check
def adam_asks_for_one_factor():
    """Ten steps of Adam on a weight w behind inverted dropout and on v = w / (1 - p)."""
    from .scratch import Adam, Parameter

    p, rate, eps = 0.75, 0.01, 1e-3
    w, v = Parameter(np.array([0.3, -0.2])), Parameter(np.array([0.3, -0.2]) / (1 - p))
    of_w = Adam([w], rate, eps=eps)
    of_v = Adam([v], rate / (1 - p), eps=(1 - p) * eps)
    for gradient in np.random.default_rng(0).standard_normal((10, 2)):
        w.grad, v.grad = gradient, (1 - p) * gradient  # the chain rule
        of_w.step()
        of_v.step()
    return bool(np.allclose(w.value, (1 - p) * v.value, rtol=1e-12))


@exact_check
def noise_of_equal_terms_falls_with_width():
    """Standard deviation over mean of a sum of n equal terms, over all masks."""
    for n, p in ((3, 0.5), (8, 0.2)):
        masks = _all_masks(n)
        sums, probability = masks.sum(axis=1) / (1 - p), _probabilities(masks, p)
        deviation = math.sqrt(probability @ (sums - n) ** 2)
        if not math.isclose(deviation / n, math.sqrt(p / ((1 - p) * n))):
            return False
    return True


@exact_check
def dividing_by_the_share_ties_units():
    """Eight equal units, over all masks in which anybody plays: the sum never varies."""
    masks = _all_masks(8)
    masks = masks[masks.any(axis=1)]
    outputs = masks / masks.mean(axis=1, keepdims=True)
    correlation = np.corrcoef(outputs[:, 0], outputs[:, 1])[0, 1]
    return bool(np.allclose(outputs.sum(axis=1), 8) and math.isclose(correlation, -1 / 7))


# --- chapter 3.3: spatial dropout --------------------------------------------------------------


@exact_check
def spatial_dropout_drops_whole_maps():
    """The mask has one entry for a case and map, and each map is whole or gone."""
    from .scratch import Dropout2d

    layer = Dropout2d(0.5, rng=np.random.default_rng(0))
    out = layer.forward(np.ones((4, 8, 5, 6)))
    whole = bool((out == out[:, :, :1, :1]).all())
    return whole and layer.mask.shape == (4, 8, 1, 1) and 0 < layer.mask.sum() < layer.mask.size


@exact_check
def a_kept_map_is_only_scaled():
    """Each map that comes through is the map that went in, times 1 / (1 - p)."""
    from .scratch import Dropout2d

    rng = np.random.default_rng(0)
    maps = rng.random((4, 8, 5, 6))
    layer = Dropout2d(0.5, rng=rng)
    out = layer.forward(maps)
    kept = layer.mask[:, :, 0, 0]
    return bool(kept.any() and np.array_equal(out[kept], maps[kept] / 0.5))


@exact_check
def units_of_a_map_are_correlated():
    """The covariance of two units over all masks: one draw for both, and a draw for each."""
    x, z, p = 2.0, 3.0, 0.3
    chance = np.array([p, 1 - p])
    shared = chance @ np.array([0, x * z]) / (1 - p) ** 2 - x * z
    masks = _all_masks(2)
    own = _probabilities(masks, p) @ (masks[:, 0] * x * masks[:, 1] * z) / (1 - p) ** 2 - x * z
    return math.isclose(shared, p / (1 - p) * x * z) and math.isclose(own, 0, abs_tol=1e-12)


# --- chapter 3.4: DropConnect ------------------------------------------------------------------


@exact_check
def dropconnect_drops_weights_by_case():
    """A mask entry for each case and weight; the output is the formula's under these masks."""
    from .scratch import DropConnectLinear

    rng = np.random.default_rng(0)
    layer = DropConnectLinear(5, 4, p=0.5, rng=rng, dtype=np.float64)
    x = rng.standard_normal((3, 5))
    out = layer.forward(x)
    by_hand = ((layer.mask * layer.weight.value) @ x[:, :, None])[..., 0] / 0.5 + layer.bias.value
    return layer.mask.shape == (3, 4, 5) and bool(np.allclose(out, by_hand))


@exact_check
def one_output_cannot_tell_dropconnect_from_dropout():
    """Two outputs of three inputs, over all masks: each alone the same, together not."""
    x, weight, p = np.array([1.0, 2.0, -1.0]), np.array([[1.0, 0.5, 2.0], [0.3, 1.0, 1.0]]), 0.3
    inputs, weights = _all_masks(3), _all_masks(6).reshape(-1, 2, 3)
    by_dropout = (inputs[:, None] * weight) @ x / (1 - p)  # (masks, 2)
    by_dropconnect = (weights * weight) @ x / (1 - p)
    chances = _probabilities(inputs, p), _probabilities(weights.reshape(-1, 6), p)

    def moments(outputs, chance, power):
        return chance @ (outputs - chance @ outputs) ** power

    def covariance(outputs, chance):
        return chance @ np.prod(outputs - chance @ outputs, axis=1)

    alike = all(
        np.allclose(moments(by_dropout, chances[0], k), moments(by_dropconnect, chances[1], k))
        for k in (2, 3, 4, 5, 6, 7)  # eight values at most: their moments fix the distribution
    )
    tied = p / (1 - p) * (weight[0] * weight[1]) @ x**2
    return (
        alike
        and math.isclose(covariance(by_dropout, chances[0]), tied)
        and math.isclose(covariance(by_dropconnect, chances[1]), 0, abs_tol=1e-12)
    )


# --- chapter 3.5: variational dropout ----------------------------------------------------------


@exact_check
def fresh_masks_forget_and_one_mask_shouts():
    """Survival and mean of a unit that only remembers, over all masks of eight steps."""
    p, steps = 0.25, 8
    masks = _all_masks(steps)
    probability = _probabilities(masks, p)
    fresh = masks.prod(axis=1) / (1 - p) ** steps
    survives, mean = probability @ (fresh > 0), probability @ fresh
    tied_mean = (1 - p) * (1 / (1 - p)) ** steps  # one draw, the scale at every step
    return (
        math.isclose(survives, (1 - p) ** steps)
        and math.isclose(mean, 1)
        and math.isclose(tied_mean, (1 - p) ** (1 - steps))
        and tied_mean > 1.1
    )


# --- chapter 4: why dropout prevents overfitting -----------------------------------------------


def _expected_squared_error(x, y, w, values, chances):
    """Sum of squared errors, averaged over all ways to multiply the inputs by one of two values."""
    masks = _all_masks(x.shape[1])
    noise = np.where(masks, values[1], values[0])
    probability = np.prod(np.where(masks, chances[1], chances[0]), axis=1)
    return probability @ np.square(y - (noise * w) @ x.T).sum(axis=1)


def _regression():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((20, 6)) * [1, 1, 2, 2, 5, 0.1], rng.standard_normal(6)
    return x, rng.standard_normal(20), w


def _with_ridge_penalty(x, y, w, p):
    return np.square(y - x @ w).sum() + p / (1 - p) * np.square(w) @ np.square(x).sum(axis=0)


@exact_check
def dropout_is_ridge():
    """Dropout's squared error over all masks of six inputs, against squared error plus ridge."""
    x, y, w = _regression()
    return all(
        math.isclose(
            _expected_squared_error(x, y, w, (0, 1 / (1 - p)), (p, 1 - p)),
            _with_ridge_penalty(x, y, w, p),
            rel_tol=1e-12,
        )
        for p in (0.1, 0.5, 0.9)
    )


@exact_check
def multiplicative_noise_is_a_penalty_by_its_variance():
    """Noise that is never 0, 1 ± s by the toss of a coin, has the penalty of dropout if s² is its
    variance; with another variance it has not."""
    x, y, w = _regression()

    def penalised(p, deviation):
        noisy = _expected_squared_error(x, y, w, (1 - deviation, 1 + deviation), (0.5, 0.5))
        return math.isclose(noisy, _with_ridge_penalty(x, y, w, p), rel_tol=1e-12)

    return all(
        penalised(p, math.sqrt(p / (1 - p))) and not penalised(p, p / (1 - p)) for p in (0.1, 0.8)
    )


@exact_check
def weight_scaling_is_the_geometric_mean_of_a_softmax_layer():
    """The normalised geometric mean over all masks of six units, and softmax(W h + b)."""
    rng = np.random.default_rng(0)
    h, weight, bias = rng.random(6), 3 * rng.standard_normal((4, 6)), rng.standard_normal(4)
    whole = np.exp(weight @ h + bias) / np.exp(weight @ h + bias).sum()
    masks = _all_masks(6)
    for p in (0.2, 0.5, 0.9):
        logits = (masks * h / (1 - p)) @ weight.T + bias  # (masks, classes)
        log_q = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        mean = np.exp(_probabilities(masks, p) @ log_q)
        if not np.allclose(mean / mean.sum(), whole, rtol=1e-10):
            return False
    return True


# --- chapter 5: advantages ---------------------------------------------------------------------


@exact_check
def the_usual_lines_have_every_property():
    """Whether dropout as it is usually shown, in a few lines, passes the checks of this book."""
    from .checks import BACKWARD, EDGES, EVALUATION, FORWARD, examine, function_subject

    def dropout(x, p, training, rng):
        if not training:
            return x, None
        mask = rng.random(x.shape) >= p
        return x * mask / (1 - p), mask

    def dropout_backward(grad_output, mask, p):
        return grad_output if mask is None else grad_output * mask / (1 - p)

    checks = (*FORWARD, *EVALUATION, *EDGES, *BACKWARD)
    with np.errstate(all="ignore"):
        return examine(function_subject(dropout, dropout_backward), checks).passed


@exact_check
def the_share_of_draws_halves_when_the_width_doubles():
    """Draws for a layer's outputs against its products, forward and backward, for one case."""

    def share(width):
        forward, by_weights, by_inputs = (width * width,) * 3
        return width / (forward + by_weights + by_inputs)

    return all(math.isclose(share(2 * width), share(width) / 2) for width in (64, 256, 1024))


@exact_check
def the_mean_probability_loses_no_more_than_its_members_do_on_average():
    """The loss of averaged probabilities against the mean of the losses: the log is concave."""
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(10), size=(1000, 5))  # (cases, members, classes)
    of_label = probabilities[:, :, 0]
    return bool((-np.log(of_label.mean(axis=1)) <= -np.log(of_label).mean(axis=1)).all())


# --- chapter 6: limitations --------------------------------------------------------------------


def _variance_of_a_sum(x, weights, p):
    """Var[sum of w m x / (1 - p)] over equally likely cases x (N, units) and over all masks."""
    masks = _all_masks(x.shape[1])
    sums = (x[:, None] * masks / (1 - p)) @ weights  # (N, masks)
    probability = np.tile(_probabilities(masks, p) / len(x), (len(x), 1))
    mean = (probability * sums).sum()
    return (probability * (sums - mean) ** 2).sum()


@exact_check
def variance_of_one_unit_behind_dropout():
    """The variance of one unit over its cases and both masks, against the formula."""
    x = np.array([[-1.0], [0.5], [2.0], [7.0]])
    return all(
        math.isclose(
            _variance_of_a_sum(x, np.ones(1), p),
            x.var() + p / (1 - p) * (x.var() + x.mean() ** 2),
        )
        for p in (0.2, 0.5, 0.9)
    )


@exact_check
def variance_of_a_sum_behind_dropout():
    """The variance of a weighted sum of six units over cases and all masks, against the formula."""
    rng = np.random.default_rng(0)
    x, weights = rng.standard_normal((5, 6)) + 1, rng.standard_normal(6)
    return all(
        math.isclose(
            _variance_of_a_sum(x, weights, p),
            (x @ weights).var() + p / (1 - p) * (weights**2 @ (x**2).mean(axis=0)),
        )
        for p in (0.2, 0.5, 0.9)
    )


# --- chapter 7: when to use dropout ------------------------------------------------------------


@exact_check
def dropout_wins_below_the_crossover():
    """One weight, all masks and all signs of the noise: where the two risks meet.

    With p = 0.5 and noise as large as the weight the bound is at three cases.
    """
    p, weight = 0.5, 1.0
    gains = []
    for n in (2, 3, 4):
        x = np.array([1.0, -1.0, 1.0, 1.0])[:n]
        masks, chance = _all_masks(n), _probabilities(_all_masks(n), p)
        plain, dropped = [], []
        for signs in product((-1.0, 1.0), repeat=n):
            target = weight * x + np.array(signs)
            # the expected loss, a v² - 2 b v + c, over all masks
            inputs = masks * x / (1 - p)
            a, b = chance @ (inputs**2).sum(axis=1), chance @ (inputs @ target)
            plain.append((x @ target / (x @ x) - weight) ** 2)
            dropped.append((b / a - weight) ** 2)
        gains.append(float(np.mean(plain) - np.mean(dropped)))
    return gains[0] > 0 and math.isclose(gains[1], 0, abs_tol=1e-12) and gains[2] < 0


# --- chapter 8: the code examples --------------------------------------------------------------


def example_1(x, dropout_rate=0.5, training=True):
    """The function of code example 1, as it is given."""
    if not training:
        return x, None
    keep_prob = 1 - dropout_rate
    mask = (np.random.rand(*x.shape) < keep_prob).astype(float)  # noqa: NPY002
    return mask * x / keep_prob, mask


@exact_check
def one_run_in_eight_prints_equal_sums():
    """Over all 16 masks of the example's four activations."""
    x, masks = np.array([1.0, 2.0, 3.0, 4.0]), _all_masks(4)
    equal = (masks * x / 0.5).sum(axis=1) == x.sum()
    return math.isclose(_probabilities(masks, 0.5)[equal].sum(), 1 / 8)


@exact_check
def example_2_loses_a_layer():
    """How the example pairs sizes with rates: three layers ordered, two built."""
    sizes, rates = [512, 256, 128], [0.5, 0.4]
    return [size for size, _ in zip(sizes, rates)] == sizes[:2]  # noqa: B905 (as it is given)


@exact_check
def example_2_says_true_without_eval():
    """Two passes of the example's network in training mode are told apart, as it tells modes."""
    import torch

    from .pytorch import MLPWithDropout

    generator = torch.Generator().manual_seed(0)
    model = MLPWithDropout(784, [512, 256, 128], 10, [0.5, 0.4, 0.3], generator=generator)
    x = torch.ones(32, 784)
    return not torch.allclose(model(x), model(x))


EXAMPLE_3_PRINTS = r"""
print(f"Output shape: {output.shape}") # (8, 10)
print("\nSpatial Dropout (Dropout2D):")
print("- Drops entire feature maps (channels)")
print("- Preserves spatial correlations within each channel")
print("- Better for CNNs than regular dropout on conv layers")
print("\nRegular Dropout:")
print("- Drops individual neurons/pixels")
print("- Better for fully connected layers")
"""


@exact_check
def example_3_verdict_is_fixed():
    """Every line of its output but the first names no variable."""
    calls = [statement.value for statement in ast.parse(EXAMPLE_3_PRINTS).body]
    named = [any(isinstance(node, ast.Name) for node in ast.walk(c.args[0])) for c in calls]
    return named == [True] + 7 * [False]


@exact_check
def rates_fall_and_rise():
    """Example 2's rates, as it gives them, and those of the network of example 3."""
    from .pytorch import CNNWithSpatialDropout

    falling = [0.5, 0.4, 0.3]
    rising = [module.p for module in CNNWithSpatialDropout().modules() if hasattr(module, "p")]
    return falling == sorted(falling, reverse=True) and rising == sorted(rising)


@exact_check
def spread_is_proportional_to_the_input():
    """Without biases: three times the input, three times every output, mask by mask."""
    from .scratch import Dropout, Linear, ReLU, Sequential

    rng = np.random.default_rng(0)
    layers = [Linear(10, 50, rng=rng, dtype=np.float64), ReLU(), Dropout(0.5, rng=rng)]
    layers += [Linear(50, 50, rng=rng, dtype=np.float64), ReLU(), Dropout(0.5, rng=rng)]
    network = Sequential(*layers, Linear(50, 1, rng=rng, dtype=np.float64))
    x, spreads = rng.standard_normal((5, 10)), []
    masks = [[rng.random((5, 50)) >= 0.5 for _ in range(2)] for _ in range(30)]
    for factor in (1, 3):
        outputs = [network.forward(factor * x, masks=pair) for pair in masks]
        spreads.append(np.std(outputs, axis=0))
    return np.allclose(spreads[1], 3 * spreads[0]) and (spreads[0] > 0).all()


@exact_check
def example_5_changes_the_network():
    """Passes in training mode, as it makes them: the mode stays, and batch norm has moved."""
    import torch

    model = torch.nn.Sequential(torch.nn.BatchNorm1d(10), torch.nn.Dropout(0.5)).eval()
    before = model[0].running_mean.clone()
    model.train()
    with torch.no_grad():
        model(torch.ones(4, 10))
    return model.training and not model[0].running_mean.equal(before)


# --- chapter 8.1: from scratch -----------------------------------------------------------------


@exact_check
def three_mistakes_are_none_at_one_half():
    """From the same random numbers: the same outputs, or those of the opposite mask."""
    from .checks.mutants import elementwise as mutants

    x = np.linspace(1, 2, 400).reshape(20, 20)

    def output(layer, p):
        return layer(p, rng=np.random.default_rng(0)).forward(x)

    for p, alike in ((0.5, True), (0.25, False)):
        right = output(mutants.Textbook, p)
        opposite = np.where(right == 0, x / (1 - p), 0)  # at one half as probable as the mask
        found = [
            np.array_equal(output(mutants.AlwaysOneHalf, p), right),
            np.array_equal(output(mutants.DividesByP, p), right),
            np.array_equal(output(mutants.KeepsWithProbabilityP, p), opposite),
        ]
        if found != 3 * [alike]:
            return False
    return True


@exact_check
def example_1_takes_three_times_the_memory():
    from .scratch import dropout_forward

    x = np.ones((64, 64), dtype=np.float32)
    given = sum(array.nbytes for array in example_1(x))
    ours = sum(array.nbytes for array in dropout_forward(x, rng=np.random.default_rng(0)))
    return given == 16 * x.size and ours == 5 * x.size


@exact_check
def example_1_accepts_any_rate():
    x = np.linspace(1, 2, 200)
    silent = all((example_1(x, rate)[0] == 0).all() for rate in (1.5, 50.0))
    return silent and np.allclose(example_1(x, -0.5)[0], x / 1.5)


@exact_check
def a_mask_from_a_quarter_of_the_bits():
    """Counts the numbers taken; and the chance to be dropped, over all values of 16 bits."""
    from .scratch import draw_keep_mask
    from .scratch.masks import LEVELS

    used, skipped = np.random.PCG64(0), np.random.PCG64(0)
    draw_keep_mask(1000, 0.5, np.random.Generator(used))
    if used.state["state"] != skipped.advance(250).state["state"]:
        return False

    class EveryValue(np.random.Generator):
        """Deals out every value of 16 bits once, and then even shares of [0, 1)."""

        def integers(self, low, high, size, dtype):
            return np.arange(LEVELS, dtype=np.uint16).view(np.uint64)

        def random(self, size):
            self.decided = size
            return np.zeros(size)

    for p in (0.3, 0.003, 0.00001):
        rng = EveryValue(np.random.PCG64(0))
        mask = draw_keep_mask(LEVELS, p, rng)  # with 0 as second draw: dropped on the threshold
        below, remainder = divmod(p * LEVELS, 1)
        if rng.decided != 1 or (~mask).sum() != below + 1:
            return False
        if not math.isclose((below + remainder) / LEVELS, p):
            return False
    return True


@exact_check
def backward_without_scale_is_a_shorter_step():
    """Gradients of a network with three layers and dropout on inputs and both hidden layers."""
    from .checks.mutants import elementwise as mutants
    from .experiments.faulty_dropouts import Settings, build
    from .scratch import SoftmaxCrossEntropy

    x, labels = np.random.default_rng(0).random((8, 6)), np.arange(8) % 3

    def gradients(dropout):
        rngs = np.random.default_rng(1).spawn(2)
        network = build((6, 5, 5, 3), dropout, Settings(p=0.5), *rngs)
        criterion = SoftmaxCrossEntropy()
        criterion.forward(network.forward(x), labels)
        network.backward(criterion.backward())
        return [parameter.grad for parameter in network.parameters()]

    right = gradients(mutants.Textbook)
    without = gradients(mutants.BackwardWithoutScale)
    factors = np.repeat([0.25, 0.5, 1.0], 2)  # weights and biases of each layer
    return all(
        np.allclose(b, factor * a) and a.any()
        for a, b, factor in zip(right, without, factors, strict=True)
    )


# --- chapter 8.2: a multilayer perceptron ------------------------------------------------------


@exact_check
def different_outputs_tell_correct_from_broken():
    """Whether the outputs of the two modes differ for correct dropout and for no broken one."""
    import torch

    def differ(drop):
        generator = torch.Generator().manual_seed(0)
        x = torch.ones(8, 64)
        return not torch.allclose(drop(x, True, generator), drop(x, False, generator))

    def kept(x, share, generator):
        return torch.rand(x.shape, generator=generator) < share

    def correct(x, training, generator):
        return x * kept(x, 0.7, generator) / 0.7 if training else x

    def keep_and_drop_swapped(x, training, generator):
        return x * kept(x, 0.3, generator) / 0.3 if training else x

    def scale_forgotten(x, training, generator):
        return x * kept(x, 0.7, generator) if training else x

    def drops_in_evaluation(x, training, generator):
        return x * kept(x, 0.7, generator) / 0.7

    broken = keep_and_drop_swapped, scale_forgotten, drops_in_evaluation
    return differ(correct) and not any(differ(drop) for drop in broken)


# --- chapter 8.3: a convolutional network --------------------------------------------------------


@exact_check
def units_in_front_of_max_pooling():
    """Windows of four, over all masks: units raise the mean of the largest, maps leave it."""
    windows = np.vstack([np.ones(4), np.zeros(4), np.random.default_rng(0).random((50, 4))])
    for p in (0.2, 0.5, 0.9):
        masks = _all_masks(4)
        chance, whole = _probabilities(masks, p), windows.max(axis=1)
        units = (windows[:, None] * masks / (1 - p)).max(axis=2) @ chance  # (windows,)
        maps = (1 - p) * (windows / (1 - p)).max(axis=1)  # kept or gone as one
        if not np.isclose(units[0], (1 - p**4) / (1 - p)) or not np.allclose(maps, whole):
            return False
        if units[1] != 0 or (units[2:] <= whole[2:]).any():
            return False
    return True


# --- chapter 8.4: with and without dropout -----------------------------------------------------


# --- not yet discussed in a chapter of its own -------------------------------------------------


# --- chapter 8.5: Monte Carlo dropout ------------------------------------------------------------


@exact_check
def spread_of_a_linear_output():
    """The variance of a linear output over all masks against p/(1-p) times the sum of w²x²."""
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 8))
    masks = _all_masks(8)
    for p in (0.1, 0.5, 0.9):
        probability, outputs = _probabilities(masks, p), masks @ (weight * x) / (1 - p)
        variance = probability @ (outputs - probability @ outputs) ** 2
        if not math.isclose(variance, p / (1 - p) * ((weight * x) ** 2).sum()):
            return False
    return True


@exact_check
def spread_is_the_error_at_one_p():
    """Of one weight: whether the p of lowest risk is the one at which spread² is the risk.

    Both are expectations over the data; p = 1/2, where the two are equal as well, is left out.
    """
    rates = np.arange(1, 500_000) / 1_000_000  # up to 0.5
    for weight, noise, cases in ((1.0, 3.0, 30), (2.0, 1.0, 5), (0.5, 1.0, 4096)):
        error = noise**2 / cases
        risk = rates**2 * weight**2 + (1 - rates) ** 2 * error
        spread = rates * (1 - rates) * (weight**2 + error)
        best = rates[risk.argmin()]
        if not math.isclose(best / (1 - best), error / weight**2, rel_tol=0.01):
            return False
        ratio = spread / risk
        if not math.isclose(ratio[risk.argmin()], 1, rel_tol=0.01):
            return False
        if (ratio[rates < 0.9 * best] > 1).any() or (ratio[rates > 1.1 * best] < 1).any():
            return False
    return True


@exact_check
def one_pass_errs_by_the_spread_too():
    """The squared error of one pass, over all masks, is that of their mean plus the variance."""
    masks, target = _all_masks(8), 0.7
    probability = _probabilities(masks, 0.3)
    rng = np.random.default_rng(0)
    hidden = np.maximum(masks * rng.standard_normal(8) @ rng.standard_normal((8, 5)), 0)
    outputs = hidden @ rng.standard_normal(5)  # through a ReLU layer: nothing here is linear
    mean = probability @ outputs
    variance = probability @ (outputs - mean) ** 2
    return math.isclose(probability @ (outputs - target) ** 2, (mean - target) ** 2 + variance)


@exact_check
def total_is_expected_plus_mutual():
    """Total entropy less its expectation over the passes is what a pass tells of the class."""
    rng = np.random.default_rng(0)
    passes = rng.dirichlet(np.full(10, 0.3), size=50)  # (T, K)
    mean = passes.mean(axis=0)
    total = -(mean * np.log(mean)).sum()
    expected = -(passes * np.log(passes)).sum(axis=1).mean()
    mutual = (passes * np.log(passes / mean)).sum(axis=1).mean()  # Kullback and Leibler's
    return bool(mutual >= 0 and math.isclose(total, expected + mutual))


@exact_check
def variance_is_convex_in_one_hidden_layer():
    """Whether the variance over masks of a single ReLU layer ever bulges upwards between points."""
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 3, 601)
    for _ in range(20):
        slope, bias, weight = rng.standard_normal((3, 50, 1))
        variance = (weight**2 * np.maximum(slope * x + bias, 0) ** 2).sum(axis=0)  # p = 1/2
        if (np.diff(variance, 2) < -1e-9).any():
            return False
    return True


@exact_check
def untrained_networks_have_a_funnel():
    """Fresh weights: far out ReLU's spread doubles with the distance, tanh's stays as it is."""
    import torch
    from torch import nn

    from . import pytorch

    doubled = {}
    for activation in (nn.ReLU, nn.Tanh):
        torch.manual_seed(0)
        network = nn.Sequential(
            *(nn.Linear(1, 50), activation(), pytorch.Dropout(0.1)),
            *(nn.Linear(50, 50), activation(), pytorch.Dropout(0.1), nn.Linear(50, 1)),
        ).double()
        x = torch.tensor([[1e4], [2e4]], dtype=torch.float64)
        generator = torch.Generator().manual_seed(0)
        std = pytorch.mc_predict(network, x, consistent=True, generator=generator).std
        doubled[activation] = (std[1] / std[0]).item()
    return math.isclose(doubled[nn.ReLU], 2, rel_tol=0.01) and math.isclose(
        doubled[nn.Tanh], 1, rel_tol=0.01
    )


# --- chapter 12: misconceptions ----------------------------------------------------------------


@exact_check
def a_dropped_unit_stays_dropped():
    """Whether any of 20 units that a layer drops plays for none of the 50 cases that follow."""
    from . import scratch

    layer = scratch.Dropout(0.5, rng=np.random.default_rng(0))
    first, *rest = (layer.forward(np.ones((1, 20)))[0] != 0 for _ in range(51))
    return bool((~np.any(rest, axis=0) & ~first).any())


@exact_check
def weights_of_a_dropped_unit_stay():
    """Whether a weight stays where it is while its unit is dropped: SGD, with momentum, Adam."""
    import torch

    from . import pytorch

    stays = []
    for make, options in (
        (torch.optim.SGD, {"lr": 0.1}),
        (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        (torch.optim.Adam, {}),
    ):
        unit, dropout = torch.nn.Linear(1, 1), pytorch.Dropout(0.5)
        optimizer = make(unit.parameters(), **options)
        for plays in (True, False):
            before = unit.weight.item()
            optimizer.zero_grad()
            dropout(unit(torch.ones(1, 1)), mask=torch.tensor([[plays]])).sum().backward()
            optimizer.step()
        if unit.weight.grad.item() != 0:
            raise RuntimeError(f"the gradient of a dropped unit is {unit.weight.grad.item()}")
        stays.append(unit.weight.item() == before)
    return all(stays)


@exact_check
def dropout_saves_products():
    """Whether PyTorch counts fewer products in a training step at p = 0.5 than at p = 0."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counts = {}
    for p in (0.0, 0.5):
        layers = (torch.nn.Linear(8, 16), torch.nn.Dropout(p), torch.nn.Linear(16, 4))
        with FlopCounterMode(display=False) as counter:
            torch.nn.Sequential(*layers)(torch.ones(5, 8)).sum().backward()
        counts[p] = counter.get_total_flops()
    return counts[0.5] < counts[0.0]


@exact_check
def runs_of_one_seed_see_the_same_batches():
    """Whether the second epoch's order is the same if p is 0.5 in place of 0."""
    import torch

    orders = []
    for p in (0.0, 0.5):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            torch.randperm(100)  # the first epoch
            torch.nn.functional.dropout(torch.ones(10), p)
            orders.append(torch.randperm(100))
    return torch.equal(*orders)


@exact_check
def dropouts_penalty_follows_the_unit_of_a_feature():
    """Predictions with a feature in metres and in centimetres: ridge's move, dropout's don't."""
    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((30, 2)), rng.standard_normal(30)

    def predictions(x, penalty):
        return x @ np.linalg.solve(x.T @ x + np.diag(penalty(x)), x.T @ targets)

    moved = [
        np.abs(predictions(x * [1, 100], penalty) - predictions(x, penalty)).max()
        for penalty in (lambda x: (x**2).sum(axis=0), lambda x: np.full(2, 30.0))  # p = 1/2; L2
    ]
    return bool(moved[0] < 1e-9 and moved[1] > 0.1)
