"""Properties of a recurrent network with one dropout mask per sequence.

A subject's ``make(rates, seed)`` gives a network in float64 with the interface of
``dropout_lib.scratch.VariationalRNN``: as many inputs as units, ReLU, and :class:`Rates` in place
of a single p. Its weights are set by the checks so that the masks can be read off what comes out:

- *relay*: W_ih = 1, W_hh = 0. What goes in comes out, step by step.
- *recall*: W_ih = 0, W_hh = 1. Each unit does nothing but remember itself.
- *sum*: both 1. Each unit adds up what comes in.

Tolerances as in :mod:`.elementwise`: six standard deviations.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from .core import Diagnosis, Subject
from .elementwise import _global_state

STEPS, CASES, UNITS = 6, 40, 50
MANY = 1000  # cases, where masks are counted
PLACES = ("input", "recurrent", "output")


class Rates(NamedTuple):
    """Probabilities to drop: an input feature, a unit of h[t-1], a unit of the output."""

    input: float = 0.0
    recurrent: float = 0.0
    output: float = 0.0
    units: int = UNITS  # how many the network has

    @property
    def keywords(self):
        return {f"{place}_p": getattr(self, place) for place in PLACES}


def recurrent_subject(layer_class):
    """``scratch.VariationalRNN``, or a class with its interface."""

    def make(rates, seed):
        return layer_class(
            rates.units,
            rates.units,
            "relu",
            rng=np.random.default_rng(seed),
            dtype=np.float64,
            **rates.keywords,
        )

    return Subject(f"scratch.{layer_class.__name__}", make)


def recurrent_torch_subject(module_class):
    """``pytorch.VariationalRNN``, or a class with its interface; its backward is autograd."""

    def make(rates, seed):
        import torch

        module = module_class(
            rates.units,
            rates.units,
            nonlinearity="relu",
            generator=torch.Generator().manual_seed(seed),
            dtype=torch.float64,
            **rates.keywords,
        )
        return _TorchRecurrent(module)

    return Subject(f"pytorch.{module_class.__name__}", make)


class _TorchParameter:
    def __init__(self, parameter):
        self._parameter, self.value = parameter, parameter.detach().numpy()  # one memory

    @property
    def grad(self):
        return self._parameter.grad.numpy()


class _TorchRecurrent:
    def __init__(self, module):
        import torch

        self._torch, self.module = torch, module
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(self, name, _TorchParameter(getattr(module, f"{name}_l0")))

    def train(self):
        self.module.train()

    def eval(self):
        self.module.eval()

    @property
    def masks(self):
        if self.module.masks is None:
            return None
        m_x, (m_h,), (m_y,) = (mask.numpy() for mask in self.module.masks)
        return m_x, m_h, m_y

    def forward(self, x, h0=None, masks=None):
        tensor = self._torch.tensor
        self._x = tensor(x, requires_grad=True)
        if masks is not None:
            masks = [tensor(masks[0]), tensor(masks[1][None]), tensor(masks[2][None])]
        self._out = self.module(self._x, None if h0 is None else tensor(h0[None]), masks)
        output, h_n = (part.detach().numpy().copy() for part in self._out)
        return output, h_n[0]

    def backward(self, grad_output, grad_h_n=None):
        self.module.zero_grad()
        output, h_n = self._out
        loss = (output * self._torch.tensor(grad_output)).sum()
        if grad_h_n is not None:
            loss = loss + (h_n[0] * self._torch.tensor(grad_h_n)).sum()
        loss.backward()
        return self._x.grad.numpy()


WEIGHTS = {"relay": (1, 0), "recall": (0, 1), "sum": (1, 1)}


def _network(subject, task, seed=0, **rates):
    network = subject.make(Rates(**rates), seed)
    for parameter, size in zip((network.weight_ih, network.weight_hh), WEIGHTS[task], strict=True):
        parameter.value[:] = size * np.eye(UNITS)
    network.bias_ih.value[:] = network.bias_hh.value[:] = 0
    return network


def _ones():
    return np.ones((STEPS, CASES, UNITS)), np.ones((CASES, UNITS))


def _revealing(subject, place, p=0.5, seed=0):
    """A network that shows the masks of a place: dropped units are 0 in its output."""
    return _network(subject, "recall" if place == "recurrent" else "relay", seed, **{place: p})


def _outputs(subject, place, p=0.5, seed=0):
    return tuple(map(np.asarray, _revealing(subject, place, p, seed).forward(*_ones())))


def _all_masks(subject, seed):
    """The three masks of one pass, each (MANY, UNITS), as what came out betrays them."""
    network = _network(subject, "sum", seed, input=0.5, recurrent=0.5, output=0.5)
    network.weight_hh.value[:] *= 3
    network.bias_ih.value[:] = 1
    output, h = network.forward(np.ones((1, MANY, UNITS)), np.ones((MANY, UNITS)))
    h = np.asarray(h).round()  # 1 + 2 m_x + 6 m_h
    return {"input": h % 6 == 3, "recurrent": h > 6, "output": np.asarray(output)[0] != 0}


def output_and_last_state_come_out(subject):
    x, h0 = _ones()
    answer = _network(subject, "sum").forward(x, h0)
    if not isinstance(answer, tuple) or len(answer) != 2:
        return Diagnosis(
            "last-state-not-returned",
            f"forward returned {type(answer).__name__}, not the pair (output, h_n)",
            "the next chunk of a sequence starts from the last state: return it beside the output",
        )
    shapes = tuple(np.shape(part) for part in answer)
    if shapes != (x.shape, h0.shape):
        return Diagnosis(
            "wrong-shapes",
            f"output and h_n have shapes {shapes[0]} and {shapes[1]}, not {x.shape} and {h0.shape}",
            "the output stacks the states of all steps; h_n is the last of them",
        )
    return None


def _drops_the_same_at_every_step(subject, place, seen):
    dropped = _outputs(subject, place)[0] == 0  # (T, N, H)
    if not dropped.any():
        return Diagnosis(
            "never-dropped",
            f"with {place}_p = 0.5 no unit of the {seen} is dropped",
            "is the mask drawn and multiplied in?",
        )
    if (dropped != dropped[0]).any():
        return Diagnosis(
            "mask-redrawn",
            f"the units of the {seen} that are dropped change from step to step",
            "draw the mask once, before the loop over time",
        )
    return None


def input_mask_is_the_same_at_every_step(subject):
    return _drops_the_same_at_every_step(subject, "input", "input")


def output_mask_is_the_same_at_every_step(subject):
    return _drops_the_same_at_every_step(subject, "output", "output")


def recurrent_mask_is_the_same_at_every_step(subject):
    output, h_n = _outputs(subject, "recurrent")
    dropped = output == 0
    if dropped.any() and not (h_n == 0).any():
        return Diagnosis(
            "only-the-output-dropped",
            "with recurrent_p = 0.5 units vanish from the output, and the next step sees them all",
            "the mask belongs on h[t-1], before it is multiplied with the recurrent weights",
        )
    if not dropped.any():
        return Diagnosis(
            "recurrent-never-dropped",
            "with recurrent_p = 0.5 every unit remembers its initial state",
            "is the mask drawn, and multiplied into h[t-1]?",
        )
    if not dropped[0].any():
        return Diagnosis(
            "first-step-unmasked",
            "the first step sees the whole initial state",
            "h[0] is a state like any other: the mask is on it too",
        )
    if (dropped != dropped[0]).any():
        left = ", ".join(f"{1 - share:.0%}" for share in dropped.mean(axis=(1, 2)))
        return Diagnosis(
            "recurrent-mask-redrawn",
            f"of units that only remember themselves, step by step this many still do: {left}",
            "a fresh mask per step lets a memory survive t steps with probability (1 - p)^t: "
            "draw it once, before the loop over time",
        )
    return None


def the_state_itself_is_not_dropped(subject):
    """The output's mask is on what leaves the network, not on what it remembers."""
    network = _network(subject, "recall", output=0.5)
    output, h_n = map(np.asarray, network.forward(*_ones()))
    dropped = output[0] == 0
    if not dropped.all() and (h_n[dropped] == 0).all():
        return Diagnosis(
            "output-mask-in-the-state",
            "with output_p = 0.5 and recurrent_p = 0 units that only remember themselves forget",
            "keep h, and make a masked copy of it for the output",
        )
    return None


def every_case_has_its_own_masks(subject):
    for place in PLACES:
        dropped = _outputs(subject, place)[0][0] == 0  # (N, H)
        if not dropped.all() and (dropped == dropped[0]).all():
            return Diagnosis(
                "one-mask-for-the-batch",
                f"all {CASES} cases of the batch have the same {place} mask",
                "the mask has a row for every case; what it lacks is an axis for the time",
            )
        different = len(np.unique(dropped, axis=0))
        if dropped.any() and not dropped.all() and different < CASES:
            return Diagnosis(
                "masks-repeated",
                f"the {CASES} cases of the batch have only {different} different {place} masks",
                "draw a row for every case; do not repeat or tile a smaller mask",
            )
    return None


def every_pass_draws_anew(subject):
    for place in PLACES:
        network = _revealing(subject, place, seed=1)
        first, second = (np.asarray(network.forward(*_ones())[0]) for _ in range(2))
        if first.any() and (first == second).all():
            return Diagnosis(
                "mask-never-redrawn",
                f"two passes have the same {place} mask",
                "the masks are kept within a sequence, not from one to the next: draw in forward",
            )
    return None


def every_rate_is_its_own_p(subject):
    rates, seen = {"input": 0.1, "recurrent": 0.4, "output": 0.8}, {}
    for place in PLACES:
        task = "recall" if place == "recurrent" else "relay"
        network = _network(subject, task, seed=2, **rates)
        output, h_n = map(np.asarray, network.forward(*_ones()))
        if place == "output":  # of the units that no other mask has dropped
            seen[place] = float((output[-1][h_n != 0] == 0).mean())
        else:
            seen[place] = float((h_n == 0).mean())

    def off(expected):
        return any(
            abs(seen[place] - expected(p)) > 6 * math.sqrt(p * (1 - p) / (0.85 * CASES * UNITS))
            for place, p in rates.items()
        )

    if not off(lambda p: p):
        return None
    told = ", ".join(f"{seen[place]:.2f} where {place}_p = {p}" for place, p in rates.items())
    if not off(lambda p: 1 - p):
        return Diagnosis(
            "keep-and-drop-swapped",
            f"keep and drop are swapped: the drop rate is {told}",
            "is p used as the keep probability?",
        )
    return Diagnosis(
        "drop-rate-off",
        f"the drop rate is {told}",
        "there are three probabilities: does each mask use its own?",
    )


def what_is_kept_has_the_right_scale(subject):
    p = 0.75
    for place in PLACES:
        output, _ = _outputs(subject, place, p, seed=3)
        kept = output[:, output[0] != 0]  # (T, units kept)
        power = np.arange(1, STEPS + 1) if place == "recurrent" else np.ones(STEPS)
        if np.allclose(kept, (1 / (1 - p)) ** power[:, None], rtol=1e-5):
            continue
        if np.allclose(kept, 1, rtol=1e-5):
            return Diagnosis(
                "scale-forgotten",
                f"at {place}_p = {p} what is kept comes through unscaled",
                f"multiply it by 1 / (1 - p) = {1 / (1 - p):g}",
            )
        return Diagnosis(
            "scale-off",
            f"at {place}_p = {p} the first step multiplies what is kept by {kept[0].mean():.4g}, "
            f"not by {1 / (1 - p):g}",
            "the scale is 1 / (1 - p) for each mask, once wherever that mask is applied",
        )
    return None


def units_are_dropped_independently(subject):
    for place, mask in _all_masks(subject, seed=9).items():
        counts = mask.sum(axis=1)  # (MANY,)
        if counts.std() == 0:
            return Diagnosis(
                "fixed-number-dropped",
                f"the {place} mask keeps exactly {counts[0]} of {UNITS} units in every case",
                "each unit tosses its own coin: the number dropped is binomial, not fixed",
            )
        ratio = counts.var(ddof=1) / (UNITS / 4)  # times MANY - 1 it is nearly chi-squared
        if abs(ratio - 1) > 6 * math.sqrt(2 / (MANY - 1)):
            return Diagnosis(
                "units-not-independent",
                f"the number dropped per case by the {place} mask varies {ratio:.1f} times as "
                "much as with independent units",
                "does one random number decide over several units?",
            )
    return None


def the_three_masks_are_independent(subject):
    masks = _all_masks(subject, seed=10)
    for one, other in itertools.combinations(PLACES, 2):
        agree = float((masks[one] == masks[other]).mean())
        if abs(agree - 0.5) > 6 * 0.5 / math.sqrt(MANY * UNITS):
            return Diagnosis(
                "masks-share-a-draw",
                f"at p = 0.5 the {one} mask and the {other} mask agree on {agree:.0%} of the "
                "units, not on half of them",
                "draw new random numbers for each of the three masks",
            )
    return None


def same_seed_gives_the_same_masks(subject):
    before = _global_state()
    first, second = (_all_masks(subject, seed=11) for _ in range(2))
    if _global_state() != before:
        return Diagnosis(
            "global-random-state",
            "numpy.random's global state was used or seeded",
            "draw from the generator that is handed in: `rng.random(shape)`",
        )
    for place in PLACES:
        if (first[place] != second[place]).any():
            return Diagnosis(
                "generator-ignored",
                f"two networks with the same seed have different {place} masks",
                "draw from the generator that is handed in: `rng.random(shape)`",
            )
    return None


def p_one_drops_everything(subject):
    for place in PLACES:
        try:
            with np.errstate(all="ignore"):
                output, _ = _outputs(subject, place, p=1.0)
            wrong = output[output != 0]  # NaN too
            seen = f"the output holds {wrong[0]:.4g}" if wrong.size else None
        except ZeroDivisionError as error:
            seen = f"it raises ZeroDivisionError: {error}"
        if seen:
            return Diagnosis(
                "not-zero-at-p-one",
                f"with {place}_p = 1 {seen}",
                "1 / (1 - p) is a division by zero there: nothing is kept, so nothing needs "
                "scaling",
            )
    return None


def dropped_means_zero_even_if_it_is_infinite(subject):
    for place in PLACES:
        # an infinite state must not reach the next step: there it would meet weights of 0
        rates = {"recurrent": 1.0} if place == "output" else {}
        network = _network(subject, "sum", seed=12, **{place: 0.5, **rates})
        network.weight_ih.value[:] *= 10
        x, h0 = _ones()
        expected, _ = network.forward(x, h0)
        masks = tuple(np.array(mask) for mask in network.masks)
        dropped = masks[PLACES.index(place)] == 0  # (N, I) or (N, H)
        if place == "recurrent":
            h0[dropped] = np.inf
        else:
            x[:, dropped] = np.inf if place == "input" else 1e308  # ten times that is infinite
        with np.errstate(all="ignore"):
            output, _ = network.forward(x, h0, masks)
        if (np.asarray(output) != np.asarray(expected)).any():
            return Diagnosis(
                "non-finite-leaks",
                f"what the {place} mask drops changes the output where it is infinite",
                "0 * inf is NaN: set what is dropped to zero instead of multiplying it by it",
            )
    return None


def evaluation_drops_nothing(subject):
    network = _network(subject, "sum", seed=4, input=0.5, recurrent=0.5, output=0.5)
    network.forward(*_ones())
    network.eval()
    output, h_n = map(np.asarray, network.forward(*_ones()))
    expected = np.arange(2, STEPS + 2)[:, None, None]  # the initial 1, and 1 more each step
    if np.allclose(output, expected) and np.allclose(h_n, STEPS + 1):
        return None
    if len(np.unique(output[-1])) > 1:
        return Diagnosis(
            "active-in-evaluation",
            "in evaluation mode units of the same value come out differently: masks are at work",
            "look at `training` first: in evaluation mode there is no mask",
        )
    return Diagnosis(
        "scaled-in-evaluation",
        "in evaluation mode the network is not the one without dropout",
        "training has scaled already: evaluation multiplies by nothing",
    )


def what_is_given_is_not_changed(subject):
    x, h0 = _ones()
    _network(subject, "sum", input=0.5, recurrent=0.5).forward(x, h0)
    for name, array in (("initial state", h0), ("input", x)):
        if (array != 1).any():
            return Diagnosis(
                "given-array-changed",
                f"forward overwrote {np.mean(array != 1):.0%} of the {name} it was given",
                "`h *= mask` writes into the caller's array; `h * mask` makes a new one",
            )
    return None


def _last_step_only():
    grad_output = np.zeros((STEPS, CASES, UNITS))
    grad_output[-1] = 1
    return grad_output


def gradient_reaches_the_first_step(subject):
    network = _network(subject, "sum")
    network.forward(*_ones())
    grad_x = np.asarray(network.backward(_last_step_only()))
    if (grad_x[0] == 0).all():
        reached = STEPS - int(np.argmax((grad_x != 0).any(axis=(1, 2))))
        return Diagnosis(
            "gradient-truncated",
            f"a loss at step {STEPS} reaches {reached} steps back and never the first",
            "each step passes the gradient of its state on to the step before",
        )
    return None


def dropped_features_get_no_gradient_at_any_step(subject):
    network = _network(subject, "relay", seed=5, input=0.5)
    network.bias_ih.value[:] = 1  # a unit without input is 1: above the kink of the ReLU
    output, _ = network.forward(*_ones())
    grad_x = np.asarray(network.backward(np.ones_like(output)))
    wrong = (grad_x != 0) & (np.asarray(output) == 1)
    if wrong.any():
        return Diagnosis(
            "input-mask-forgotten-in-backward",
            f"{wrong.mean():.0%} of the inputs were dropped and receive a gradient",
            "what forward multiplied x by, backward multiplies its gradient by",
        )
    return None


def gradient_passes_the_recurrent_mask(subject):
    network = _network(subject, "sum", seed=6, recurrent=0.5)
    output, _ = network.forward(*_ones())
    grad_x = np.asarray(network.backward(_last_step_only()))
    cut_off = np.asarray(output)[-1] == 1  # these remember nothing of earlier steps
    if (grad_x[0][cut_off] != 0).any():
        return Diagnosis(
            "recurrent-mask-forgotten-in-backward",
            "a unit that is cut off from its past sends a gradient back to the first step",
            "the gradient of h[t-1] passes the mask that h[t-1] passed, at every step",
        )
    return None


def dropped_outputs_pass_no_gradient_even_if_it_is_infinite(subject):
    network = _network(subject, "sum", seed=13, input=0.5, recurrent=0.5, output=0.5)
    output, _ = network.forward(*_ones())
    masks = tuple(np.array(mask) for mask in network.masks)
    grad_output = np.ones_like(output)
    expected = np.array(network.backward(grad_output))
    grad_output[:, masks[-1] == 0] = np.inf
    network.forward(*_ones(), masks)
    with np.errstate(all="ignore"):
        grad_x = np.asarray(network.backward(grad_output))
    if (grad_x != expected).any():
        return Diagnosis(
            "non-finite-gradient-leaks",
            "an infinite gradient of a dropped output reaches the input",
            "0 * inf is NaN in backward too: set the gradient of what is dropped to zero",
        )
    return None


def backward_after_evaluation_ignores_old_masks(subject):
    network = _network(subject, "sum", seed=14, input=0.5, recurrent=0.5, output=0.5)
    network.forward(*_ones())
    network.eval()
    network.forward(*_ones())
    grad_x = np.asarray(network.backward(_last_step_only()))
    if not np.allclose(grad_x, 1):
        return Diagnosis(
            "wrong-after-evaluation",
            "after a pass in evaluation mode the gradient is not that of the network without "
            "dropout",
            "in evaluation mode there is no mask: forget the old ones, and let backward do what "
            "forward did",
        )
    return None


def backward_matches_finite_differences(subject):
    """In a small network with every mask on, by x, by both weights and by a bias.

    The biases keep half of the units above 0 and half below, far from the kink of the ReLU.
    """
    rng = np.random.default_rng(7)
    network, (steps, cases, units) = subject.make(Rates(0.3, 0.3, 0.3, units=4), 8), (4, 3, 4)
    network.weight_ih.value[:] = rng.uniform(-0.2, 0.2, (units, units))
    network.weight_hh.value[:] = rng.uniform(-0.1, 0.1, (units, units))
    network.bias_ih.value[:] = 3, -10, 3, -10
    network.bias_hh.value[:] = 0
    x, grad_output = rng.uniform(-1, 1, (2, steps, cases, units))
    h0, grad_h_n = rng.uniform(-1, 1, (2, cases, units))
    network.forward(x, h0)
    masks = tuple(np.array(mask) for mask in network.masks)

    def gap(values, grad, grad_h_n):
        """Largest difference to finite differences, relative to the largest of them."""
        numerical = np.empty_like(values)
        for index in np.ndindex(values.shape):
            before, losses = values[index], []
            for shift in (1e-6, -1e-6):
                values[index] = before + shift
                output, h_n = network.forward(x, h0, masks)
                losses.append((output * grad_output).sum() + (h_n * grad_h_n).sum())
            values[index] = before
            numerical[index] = (losses[0] - losses[1]) / 2e-6
        return np.abs(np.asarray(grad) - numerical).max() / max(np.abs(numerical).max(), 1e-3)

    network.forward(x, h0, masks)
    grad_x = np.asarray(network.backward(grad_output, grad_h_n)).copy()
    weights = {name: getattr(network, name) for name in ("weight_ih", "weight_hh", "bias_hh")}
    grads = {name: np.array(parameter.grad) for name, parameter in weights.items()}
    if gap(x, grad_x, grad_h_n) > 1e-5:
        if gap(x, grad_x, 0 * grad_h_n) <= 1e-5:
            return Diagnosis(
                "last-state-gradient-ignored",
                "the gradient is right only for a loss that does not depend on the last state",
                "backward through time starts from dL/dh_n, not from zero",
            )
        return Diagnosis(
            "gradient-off",
            "dL/dx is not what finite differences under the same masks give",
            "at each step: add what comes from the output and from the next step, multiply by the "
            "slope of the nonlinearity, then by the weights, then by the masks",
        )
    for name, parameter in weights.items():
        if gap(parameter.value, grads[name], grad_h_n) > 1e-5:
            return Diagnosis(
                "weight-gradient-off",
                f"dL/dx is right, but the gradient of {name} is not",
                "a weight's gradient sums over all steps, and its other factor is what the weight "
                "was multiplied with in forward: the masked input, the masked state",
            )
    return None


RECURRENT = (
    output_and_last_state_come_out,
    input_mask_is_the_same_at_every_step,
    recurrent_mask_is_the_same_at_every_step,
    output_mask_is_the_same_at_every_step,
    the_state_itself_is_not_dropped,
    every_case_has_its_own_masks,
    every_pass_draws_anew,
    every_rate_is_its_own_p,
    what_is_kept_has_the_right_scale,
    what_is_given_is_not_changed,
    units_are_dropped_independently,
    the_three_masks_are_independent,
    same_seed_gives_the_same_masks,
    p_one_drops_everything,
    dropped_means_zero_even_if_it_is_infinite,
    evaluation_drops_nothing,
    gradient_reaches_the_first_step,
    dropped_features_get_no_gradient_at_any_step,
    gradient_passes_the_recurrent_mask,
    dropped_outputs_pass_no_gradient_even_if_it_is_infinite,
    backward_after_evaluation_ignores_old_masks,
    backward_matches_finite_differences,
)
