"""Wrong recurrent dropouts: the textbook network with one mistake each."""

from types import SimpleNamespace

import numpy as np

from ..recurrent import PLACES, recurrent_subject
from .core import catalogue


class TextbookRNN:
    """A ReLU network with one mask per sequence: correct, step by step, and not fast."""

    training = True

    def __init__(self, inputs, units, nonlinearity, *, input_p, recurrent_p, output_p, rng, dtype):
        self.p = {"input": input_p, "recurrent": recurrent_p, "output": output_p}
        self.rng = rng
        self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh = (
            SimpleNamespace(value=rng.uniform(-1, 1, shape).astype(dtype), grad=None)
            for shape in ((units, inputs), (units, units), units, units)
        )

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    # the masks

    def draw(self, place, cases, size):
        return self.rng.random((cases, size)) >= self.p[place]

    def draw_masks(self, cases):
        units, inputs = self.weight_ih.value.shape
        sizes = (inputs, units, units)
        return tuple(
            self.draw(place, cases, size) for place, size in zip(PLACES, sizes, strict=True)
        )

    def masks_in_evaluation(self, cases):
        return None

    def scale(self, place):
        return 1 / (1 - self.p[place]) if self.p[place] < 1 else 0.0

    def mask(self, place, t):
        return self.masks[PLACES.index(place)]

    def drop(self, values, place, t):
        """The values of one step (N, .) under the mask of a place, forward and backward alike."""
        if self.masks is None:
            return values
        kept = np.where(self.mask(place, t), values, 0)  # no product: 0 * inf is NaN
        return kept * self.scale(place)

    # forward

    def forward(self, x, h0=None, masks=None):
        cases, units = x.shape[1], len(self.bias_hh.value)
        if masks is None:
            masks = self.draw_masks(cases) if self.training else self.masks_in_evaluation(cases)
        self.masks = masks
        h = np.zeros((cases, units)) if h0 is None else h0
        self.u, self.v, self.h, outputs = [], [], [h], []
        for t, step in enumerate(x):
            self.u.append(self.drop(step, "input", t))
            self.v.append(self.from_the_past(h, t))
            a = self.u[t] @ self.weight_ih.value.T + self.v[t] @ self.weight_hh.value.T
            h, output = self.leave(np.maximum(a + self.bias_ih.value + self.bias_hh.value, 0), t)
            self.h.append(h)
            outputs.append(output)
        return self.answer(np.stack(outputs), h)

    def from_the_past(self, h, t):
        return self.drop(h, "recurrent", t)

    def leave(self, h, t):
        """What the network remembers, and what it gives."""
        return h, self.drop(h, "output", t)

    def answer(self, output, h_n):
        return output, h_n

    # and back through time

    def backward(self, grad_output, grad_h_n=None):
        from_next = self.gradient_of_the_last_state(grad_output, grad_h_n)
        grad_a, grad_x = np.empty_like(grad_output), np.empty_like(np.stack(self.u))
        for t in reversed(range(len(grad_output))):
            grad_h = self.from_the_output(grad_output[t], t) + from_next
            grad_a[t] = grad_h * self.slope(t)
            from_next = self.to_the_past(grad_a[t] @ self.weight_hh.value, t)
            grad_x[t] = self.to_the_input(grad_a[t] @ self.weight_ih.value, t)
        self.weight_ih.grad = np.einsum("tnh,tni->hi", grad_a, np.stack(self.u))
        self.weight_hh.grad = np.einsum("tnh,tni->hi", grad_a, np.stack(self.seen_of_the_past()))
        self.bias_ih.grad = self.bias_hh.grad = grad_a.sum(axis=(0, 1))
        return grad_x

    def gradient_of_the_last_state(self, grad_output, grad_h_n):
        return np.zeros_like(grad_output[0]) if grad_h_n is None else grad_h_n

    def from_the_output(self, grad, t):
        return self.drop(grad, "output", t)

    def slope(self, t):
        return self.h[t + 1] > 0

    def to_the_past(self, grad, t):
        return self.drop(grad, "recurrent", t)

    def to_the_input(self, grad, t):
        return self.drop(grad, "input", t)

    def seen_of_the_past(self):
        return self.v


MUTANTS, mutant = catalogue(lambda layer_class, scaling: recurrent_subject(layer_class))


# What comes out


@mutant("last-state-not-returned")
class ReturnsTheOutputOnly(TextbookRNN):
    def answer(self, output, h_n):
        return output


@mutant("wrong-shapes")
class ReturnsTheLastStepTwice(TextbookRNN):
    def answer(self, output, h_n):
        return output[-1], h_n


# Over time


class RedrawsAtEveryStep(TextbookRNN):
    place = None

    def mask(self, place, t):
        if place != self.place:
            return super().mask(place, t)
        while len(self.steps) <= t:
            self.steps.append(self.draw(place, *super().mask(place, t).shape))
        return self.steps[t]

    def forward(self, x, h0=None, masks=None):
        self.steps = []
        return super().forward(x, h0, masks)


@mutant("mask-redrawn")
class NewInputMaskAtEveryStep(RedrawsAtEveryStep):
    """What ``nn.Dropout`` in front of the network does."""

    place = "input"


@mutant("recurrent-mask-redrawn")
class NewRecurrentMaskAtEveryStep(RedrawsAtEveryStep):
    """Ordinary dropout on the state, inside the loop."""

    place = "recurrent"


@mutant("mask-redrawn")
class NewOutputMaskAtEveryStep(RedrawsAtEveryStep):
    """What ``nn.LSTM(dropout=...)`` does to the outputs of a layer."""

    place = "output"


@mutant("never-dropped")
class ForgetsTheInput(TextbookRNN):
    def draw(self, place, cases, size):
        return super().draw(place, cases, size) | (place == "input")


@mutant("recurrent-never-dropped")
class ForgetsTheState(TextbookRNN):
    """``nn.LSTM(dropout=...)`` again: nothing between one step and the next."""

    def draw(self, place, cases, size):
        return super().draw(place, cases, size) | (place == "recurrent")


@mutant("never-dropped")
class ForgetsTheOutput(TextbookRNN):
    def draw(self, place, cases, size):
        return super().draw(place, cases, size) | (place == "output")


@mutant("only-the-output-dropped")
class MasksTheOutputInsteadOfTheState(TextbookRNN):
    def from_the_past(self, h, t):
        return h

    def leave(self, h, t):
        return h, self.drop(self.drop(h, "recurrent", t), "output", t)


@mutant("first-step-unmasked")
class MasksFromTheSecondStep(TextbookRNN):
    def from_the_past(self, h, t):
        return super().from_the_past(h, t) if t else h


@mutant("output-mask-in-the-state")
class RemembersTheDroppedOutput(TextbookRNN):
    def leave(self, h, t):
        output = self.drop(h, "output", t)
        return output, output


# The draw


@mutant("one-mask-for-the-batch")
class OneMaskForTheBatch(TextbookRNN):
    def draw(self, place, cases, size):
        return np.repeat(super().draw(place, 1, size), cases, axis=0)


@mutant("masks-repeated")
class RecyclesMasksWithinTheBatch(TextbookRNN):
    """Eight masks for the whole batch, in turn."""

    def draw(self, place, cases, size):
        return super().draw(place, 8, size)[np.arange(cases) % 8]


@mutant("fixed-number-dropped")
class DropsAFixedNumber(TextbookRNN):
    def draw(self, place, cases, size):
        ranks = self.rng.random((cases, size)).argsort(axis=1).argsort(axis=1)
        return ranks >= round(self.p[place] * size)


@mutant("units-not-independent")
class DropsUnitsInPairs(TextbookRNN):
    def draw(self, place, cases, size):
        return np.repeat(super().draw(place, cases, (size + 1) // 2), 2, axis=1)[:, :size]


@mutant("masks-share-a-draw")
class OneDrawForInputAndState(TextbookRNN):
    """Each has its own p, and both compare it with the same random numbers."""

    def draw_masks(self, cases):
        _, _, m_y = super().draw_masks(cases)
        numbers = self.rng.random(m_y.shape)
        return numbers >= self.p["input"], numbers >= self.p["recurrent"], m_y


@mutant("generator-ignored")
class SeedsItself(TextbookRNN):
    def draw(self, place, cases, size):
        return np.random.default_rng().random((cases, size)) >= self.p[place]


@mutant("global-random-state")
class DrawsFromTheGlobalState(TextbookRNN):
    def draw(self, place, cases, size):
        return np.random.rand(cases, size) >= self.p[place]  # noqa: NPY002


@mutant("mask-never-redrawn")
class DrawsOnce(TextbookRNN):
    def draw_masks(self, cases):
        if not hasattr(self, "first"):
            self.first = super().draw_masks(cases)
        return self.first


@mutant("mask-never-redrawn")
class DrawsTheStateMaskOnce(TextbookRNN):
    def draw_masks(self, cases):
        m_x, m_h, m_y = super().draw_masks(cases)
        if not hasattr(self, "m_h") or len(self.m_h) != cases:
            self.m_h = m_h
        return m_x, self.m_h, m_y


@mutant("keep-and-drop-swapped")
class KeepsWithProbabilityP(TextbookRNN):
    def draw(self, place, cases, size):
        return self.rng.random((cases, size)) < self.p[place]


@mutant("drop-rate-off")
class OneRateForAll(TextbookRNN):
    def draw(self, place, cases, size):
        return self.rng.random((cases, size)) >= max(self.p.values())


@mutant("scale-forgotten")
class ForgetsTheScale(TextbookRNN):
    def scale(self, place):
        return 1.0


@mutant("scale-off")
class ScalesByWhatStayed(TextbookRNN):
    """1 / (share of units kept), which differs from case to case."""

    def drop(self, values, place, t):
        if self.masks is None:
            return values
        mask = self.mask(place, t)
        return values * mask / np.maximum(mask.mean(axis=1, keepdims=True), 1e-9)


@mutant("not-zero-at-p-one")
class DividesByZero(TextbookRNN):
    def scale(self, place):
        return 1 / (1 - self.p[place])


@mutant("not-zero-at-p-one")
class DividesAnArrayByZero(TextbookRNN):
    """Where NumPy divides there is no error, and 0 * inf is NaN."""

    def scale(self, place):
        return np.divide(1, 1 - self.p[place])


@mutant("not-zero-at-p-one")
class KeepsSomethingAtPOne(TextbookRNN):
    """p is cut off below 1, against the division by zero."""

    def __init__(self, *sizes, **keywords):
        super().__init__(*sizes, **keywords)
        self.p = {place: min(p, 0.99) for place, p in self.p.items()}


class MultipliesByTheMask(TextbookRNN):
    place = None

    def drop(self, values, place, t):
        if place != self.place or self.masks is None:
            return super().drop(values, place, t)
        return values * self.mask(place, t) * self.scale(place)


@mutant("non-finite-leaks")
class MultipliesTheInput(MultipliesByTheMask):
    place = "input"


@mutant("non-finite-leaks")
class MultipliesTheState(MultipliesByTheMask):
    place = "recurrent"


@mutant("non-finite-leaks")
class MultipliesTheOutput(MultipliesByTheMask):
    place = "output"


# Evaluation, and what is given


@mutant("active-in-evaluation")
class DropsInEvaluation(TextbookRNN):
    def masks_in_evaluation(self, cases):
        return self.draw_masks(cases)


@mutant("scaled-in-evaluation")
class ScalesInEvaluationToo(TextbookRNN):
    def drop(self, values, place, t):
        if self.masks is None:
            return values * (1 - self.p[place])
        return super().drop(values, place, t)


@mutant("given-array-changed")
class WritesIntoTheInitialState(TextbookRNN):
    def from_the_past(self, h, t):
        if self.masks is not None:
            h *= self.mask("recurrent", t)
            h *= self.scale("recurrent")
        return h


# Back through time


@mutant("gradient-truncated")
class StopsAtEveryStep(TextbookRNN):
    """The state is detached in each step."""

    def to_the_past(self, grad, t):
        return np.zeros_like(grad)


@mutant("input-mask-forgotten-in-backward")
class ForgetsTheInputMaskInBackward(TextbookRNN):
    def to_the_input(self, grad, t):
        return grad


@mutant("recurrent-mask-forgotten-in-backward")
class ForgetsTheRecurrentMaskInBackward(TextbookRNN):
    def to_the_past(self, grad, t):
        return grad


@mutant("non-finite-gradient-leaks")
class MultipliesTheGradient(TextbookRNN):
    def from_the_output(self, grad, t):
        return grad * self.drop(np.ones_like(grad), "output", t)


@mutant("wrong-after-evaluation")
class KeepsOldMasksForBackward(TextbookRNN):
    """A pass in evaluation leaves the masks as they were."""

    old = None

    def forward(self, x, h0=None, masks=None):
        answer = super().forward(x, h0, masks)
        if self.masks is not None:
            self.old = self.masks
        return answer

    def backward(self, grad_output, grad_h_n=None):
        self.masks = self.old
        return super().backward(grad_output, grad_h_n)


@mutant("last-state-gradient-ignored")
class StartsFromZero(TextbookRNN):
    def gradient_of_the_last_state(self, grad_output, grad_h_n):
        return np.zeros_like(grad_output[0])


@mutant("gradient-off")
class ForgetsTheSlope(TextbookRNN):
    def slope(self, t):
        return 1.0


@mutant("weight-gradient-off")
class TakesTheWholeStateForTheWeight(TextbookRNN):
    """The gradient of W_hh with h[t-1] where forward had the masked one."""

    def seen_of_the_past(self):
        return self.h[:-1]
