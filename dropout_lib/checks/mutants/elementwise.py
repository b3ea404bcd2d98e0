"""Wrong dropouts for single units: the textbook implementation with one mistake each."""

import numpy as np

from .core import catalogue


class Textbook:
    """Inverted dropout as a textbook has it: correct, one step a method, and not fast."""

    training = True
    mask = None

    def __init__(self, p=0.5, *, rng):
        if isinstance(p, str) or p is None or not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.rng, self.ran = p, rng, False

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 0.0

    def mask_shape(self, x):
        return x.shape

    def draw(self, x):
        return self.rng.random(self.mask_shape(x)) >= self.p

    def apply(self, x, mask):
        return (np.where(mask, x, 0) * self.scale()).astype(x.dtype)

    def evaluate(self, x):
        return x.copy()

    def forward(self, x, mask=None):
        if x.dtype.kind != "f":
            raise TypeError(f"dropout needs floating point input, but got {x.dtype}")
        if mask is not None and mask.shape != self.mask_shape(x):
            raise ValueError(f"the mask has shape {mask.shape}, but the input has shape {x.shape}")
        self.ran = True
        if not self.training:
            self.mask = None
            return self.evaluate(x)
        self.mask = self.draw(x) if mask is None else mask
        return self.apply(x, self.mask)

    def backward(self, grad_output):
        if not self.ran:
            raise RuntimeError("backward was called before forward")
        if self.mask is None:
            return self.evaluate(grad_output)
        return self.gradient(grad_output)

    def gradient(self, grad_output):
        return self.apply(grad_output, self.mask)


class TextbookStandard(Textbook):
    """Standard dropout: no scale in training, 1 - p in evaluation."""

    def scale(self):
        return 1.0

    def evaluate(self, x):
        return x * x.dtype.type(1 - self.p)


MUTANTS, mutant = catalogue()


# What comes out


@mutant("returns-nothing")
class ForgetsToReturn(Textbook):
    def forward(self, x, mask=None):
        super().forward(x, mask)


@mutant("shape-changed")
class RemovesUnits(Textbook):
    def apply(self, x, mask):
        return x[mask] * self.scale()


@mutant("mask-returned")
class ReturnsTheMask(Textbook):
    def apply(self, x, mask):
        return mask


@mutant("dtype-changed")
class MaskOfDoubles(Textbook):
    def apply(self, x, mask):
        return x * mask.astype(float) * self.scale()


@mutant("input-changed")
class WritesIntoInput(Textbook):
    def apply(self, x, mask):
        x *= mask
        return x * x.dtype.type(self.scale())


# What is dropped


@mutant("keep-and-drop-swapped")
class KeepsWithProbabilityP(Textbook):
    def draw(self, x):
        return self.rng.random(x.shape) < self.p


@mutant("keep-and-drop-swapped", "standard")
class StandardKeepsWithProbabilityP(TextbookStandard):
    def draw(self, x):
        return self.rng.random(x.shape) < self.p


@mutant("normal-instead-of-uniform")
class NormalAboveP(Textbook):
    def draw(self, x):
        return self.rng.standard_normal(x.shape) > self.p


@mutant("normal-instead-of-uniform")
class NormalBelowKeep(Textbook):
    def draw(self, x):
        return self.rng.standard_normal(x.shape) < 1 - self.p


@mutant("never-drops")
class MaskComparedAsIntegers(Textbook):
    def draw(self, x):
        return self.rng.random(x.shape).astype(int) >= 0


@mutant("probability-ignored")
class AlwaysOneHalf(Textbook):
    def draw(self, x):
        return self.rng.random(x.shape) >= 0.5


@mutant("drop-rate-off")
class DropsTwice(Textbook):
    def draw(self, x):
        return super().draw(x) & super().draw(x)


@mutant("one-mask-for-the-batch")
class OneMaskForTheBatch(Textbook):
    def draw(self, x):
        return np.broadcast_to(self.rng.random(x.shape[1:]) >= self.p, x.shape)


@mutant("whole-cases-dropped")
class DropsWholeCases(Textbook):
    def draw(self, x):
        keep = self.rng.random((len(x),) + (1,) * (x.ndim - 1)) >= self.p
        return np.broadcast_to(keep, x.shape)


@mutant("fixed-number-dropped")
class DropsExactlyThatMany(Textbook):
    def draw(self, x):
        rank = self.rng.random(x.shape).argsort(axis=-1).argsort(axis=-1)
        return rank >= round(self.p * x.shape[-1])


@mutant("units-not-independent")
class OneCoinForTwoUnits(Textbook):
    def draw(self, x):
        half = self.rng.random((*x.shape[:-1], (x.shape[-1] + 1) // 2)) >= self.p
        return half.repeat(2, axis=-1)[..., : x.shape[-1]]


@mutant("masks-repeated")
class TilesHalfTheBatch(Textbook):
    def draw(self, x):
        half = super().draw(x[: (len(x) + 1) // 2])
        return np.concatenate([half, half])[: len(x)]


@mutant("mask-shared-along-an-axis")
class DropsWholeMaps(Textbook):
    def draw(self, x):
        if x.ndim <= 2:
            return super().draw(x)
        return np.broadcast_to(super().draw(x[:, :, :1, :1]), x.shape)


@mutant("probability-rounded")
class ComparesBytes(Textbook):
    def draw(self, x):
        return self.rng.integers(0, 256, x.shape) >= 256 * self.p


@mutant("probability-rounded")
class RoundsToPerCent(Textbook):
    def draw(self, x):
        return self.rng.random(x.shape) >= round(100 * self.p) / 100


@mutant("mask-never-redrawn")
class CyclesTwoMasks(Textbook):
    passes = 0

    def draw(self, x):
        self.passes += 1
        return np.random.default_rng(self.passes % 2).random(x.shape) >= self.p


@mutant("mask-never-redrawn")
class SeedsInForward(Textbook):
    def draw(self, x):
        return np.random.default_rng(0).random(x.shape) >= self.p


@mutant("mask-never-redrawn")
class DrawsOnceOnly(Textbook):
    first = None

    def draw(self, x):
        if self.first is None or self.first.shape != x.shape:
            self.first = super().draw(x)
        return self.first


# The scale


@mutant("scale-forgotten")
class ForgetsTheScale(Textbook):
    def scale(self):
        return 1.0


@mutant("scaled-by-drop-probability")
class DividesByP(Textbook):
    def scale(self):
        return 1 / self.p if self.p else 1.0


@mutant("scaled-the-wrong-way")
class MultipliesByKeep(Textbook):
    def scale(self):
        return 1 - self.p


@mutant("scaled-by-the-count")
class ScalesByTheFractionKept(Textbook):
    def apply(self, x, mask):
        return (np.where(mask, x, 0) / max(mask.mean(), 1e-9)).astype(x.dtype)


@mutant("scaled-in-training", "standard")
class StandardScalesInTraining(TextbookStandard):
    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 0.0


@mutant("scale-off")
class NoiseOnTheScale(Textbook):
    def apply(self, x, mask):
        noise = 2 * self.rng.random(x.shape)
        return (np.where(mask, x, 0) * self.scale() * noise).astype(x.dtype)


@mutant("mean-depends-on-x")
class SparesLargeActivations(Textbook):
    def draw(self, x):
        larger = np.where(x > x.mean(), 1.5, 0.5) if x.std() else np.ones_like(x)
        return self.rng.random(x.shape) >= self.p * np.minimum(larger, 1 / max(self.p, 1e-9))


# Randomness


@mutant("global-random-state")
class GlobalRandomState(Textbook):
    def draw(self, x):
        return np.random.rand(*x.shape) >= self.p  # noqa: NPY002


@mutant("generator-ignored")
class OwnGenerator(Textbook):
    def draw(self, x):
        return np.random.default_rng().random(x.shape) >= self.p


@mutant("mask-not-shown")
class ShowsAnotherMask(Textbook):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.mask = None if self.mask is None else self.draw(x)
        return out


@mutant("mask-holds-the-scale")
class PutsTheScaleIntoTheMask(Textbook):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.mask = None if self.mask is None else self.mask * self.scale()
        return out


@mutant("mask-shown-inverted")
class KeepsTheDroppedInstead(Textbook):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.mask = None if self.mask is None else ~self.mask
        return out


# Train and eval


@mutant("active-in-evaluation")
class IgnoresEval(Textbook):
    def eval(self):
        pass


@mutant("scaled-in-evaluation")
class ScalesTwice(Textbook):
    def evaluate(self, x):
        return x * x.dtype.type(1 - self.p)


@mutant("not-scaled-in-evaluation", "standard")
class StandardForgetsTestTime(TextbookStandard):
    def evaluate(self, x):
        return x.copy()


@mutant("active-in-evaluation", "standard")
class StandardIgnoresEval(TextbookStandard):
    def eval(self):
        pass


@mutant("evaluation-off", "standard")
class StandardScalesByP(TextbookStandard):
    def evaluate(self, x):
        return x * x.dtype.type(self.p)


@mutant("stuck-in-evaluation")
class TrainDoesNothing(Textbook):
    def train(self):
        pass


@mutant("output-is-the-input")
class ReturnsItsInput(Textbook):
    def evaluate(self, x):
        return x


# Edges


@mutant("bad-probability-accepted")
class AcceptsAnyP(Textbook):
    def __init__(self, p=0.5, *, rng):
        self.p, self.rng, self.ran = p, rng, False


@mutant("wrong-error")
class AssertsP(Textbook):
    def __init__(self, p=0.5, *, rng):
        assert 0 <= p <= 1
        self.p, self.rng, self.ran = p, rng, False


@mutant("unclear-error")
class SaysTooLittle(Textbook):
    def __init__(self, p=0.5, *, rng):
        try:
            super().__init__(p, rng=rng)
        except ValueError:
            raise ValueError("invalid p") from None


@mutant("output-is-the-input")
class ShortcutAtPZero(Textbook):
    def apply(self, x, mask):
        return x if self.p == 0 else super().apply(x, mask)


@mutant("integers-accepted")
class TruncatesIntegers(Textbook):
    def forward(self, x, mask=None):
        if x.dtype.kind != "f":
            return (x * self.draw(x) * self.scale()).astype(x.dtype)
        return super().forward(x, mask)


@mutant("nan-at-p-one")
class DividesByZero(Textbook):
    def apply(self, x, mask):
        return (np.where(mask, x, 0) / x.dtype.type(1 - self.p)).astype(x.dtype)


@mutant("p-one-keeps")
class KeepsAtLeastOne(Textbook):
    def draw(self, x):
        mask = super().draw(x)
        mask.flat[0] |= not mask.any()
        return mask

    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 1.0


@mutant("non-finite-leaks")
class MultipliesByTheMask(Textbook):
    def apply(self, x, mask):
        return x * mask * x.dtype.type(self.scale())


# Backward


@mutant("backward-without-mask")
class BackwardWithoutMask(Textbook):
    def gradient(self, grad_output):
        return grad_output * self.scale()


@mutant("backward-without-mask", "standard")
class StandardBackwardWithoutMask(TextbookStandard):
    def gradient(self, grad_output):
        return grad_output.copy()


@mutant("backward-without-scale")
class BackwardWithoutScale(Textbook):
    def gradient(self, grad_output):
        return grad_output * self.mask


@mutant("backward-scaled-twice")
class BackwardScalesTwice(Textbook):
    def gradient(self, grad_output):
        return super().gradient(grad_output) * self.scale()


@mutant("backward-with-mask-inverted")
class BackwardTurnsTheMaskRound(Textbook):
    def gradient(self, grad_output):
        return self.apply(grad_output, ~self.mask)


@mutant("backward-scaled-wrong")
class BackwardMultipliesByKeep(Textbook):
    def gradient(self, grad_output):
        return grad_output * self.mask * (1 - self.p)


@mutant("gradient-nan-at-p-one")
class BackwardDividesByZero(Textbook):
    def gradient(self, grad_output):
        with np.errstate(all="ignore"):
            scale = np.divide(1.0, 1 - self.p)
            return (grad_output * self.mask * scale).astype(grad_output.dtype)


@mutant("backward-with-another-mask")
class BackwardDrawsAgain(Textbook):
    def gradient(self, grad_output):
        return self.apply(grad_output, self.draw(grad_output))


@mutant("backward-follows-the-mode")
class AsksForTheModeAgain(Textbook):
    def backward(self, grad_output):
        if self.ran and not self.training:
            return grad_output.copy()
        return super().backward(grad_output)


@mutant("non-finite-gradient-leaks")
class MultipliesTheGradientByTheMask(Textbook):
    def gradient(self, grad_output):
        return grad_output * self.mask * grad_output.dtype.type(self.scale())


@mutant("mask-inferred-from-output")
class InfersTheMaskFromZeros(Textbook):
    def forward(self, x, mask=None):
        self.out = super().forward(x, mask)
        return self.out

    def gradient(self, grad_output):
        return self.apply(grad_output, self.out != 0)


@mutant("gradient-off")
class MultipliesByTheOutput(Textbook):
    def forward(self, x, mask=None):
        self.x = x
        return super().forward(x, mask)

    def gradient(self, grad_output):
        return super().gradient(grad_output) * np.where(self.x, self.x, 1)


@mutant("gradient-input-changed")
class WritesIntoGradient(Textbook):
    def gradient(self, grad_output):
        grad_output *= self.mask
        return grad_output * grad_output.dtype.type(self.scale())


@mutant("wrong-in-evaluation")
class KeepsTheOldMask(Textbook):
    def forward(self, x, mask=None):
        old = self.mask
        out = super().forward(x, mask)
        self.mask = old if self.mask is None else self.mask
        return out


# The layer's contract


@mutant("backward-before-forward")
class BackwardAnyTime(Textbook):
    def backward(self, grad_output):
        self.ran = True
        return super().backward(grad_output)


@mutant("unclear-order-error")
class StumblesOverTheMissingMask(Textbook):
    def backward(self, grad_output):
        return grad_output * self.last_mask if self.training else super().backward(grad_output)

    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.last_mask = None if self.mask is None else self.mask * x.dtype.type(self.scale())
        return out


@mutant("replay-ignored")
class IgnoresTheGivenMask(Textbook):
    def forward(self, x, mask=None):
        out = super().forward(x)
        if mask is not None and mask.shape != x.shape:
            raise ValueError("the mask has another shape")
        return out


@mutant("mask-shape-unchecked")
class BroadcastsTheGivenMask(Textbook):
    def forward(self, x, mask=None):
        return super().forward(x, None if mask is None else np.broadcast_to(mask, x.shape))


@mutant("replayed-otherwise")
class ForgetsToScaleReplays(Textbook):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        return out if mask is None or not self.training else np.where(mask, x, 0)


@mutant("replayed-otherwise")
class GoesBackwardWithItsOwnMask(Textbook):
    """A replayed pass, but backward uses a mask that was drawn."""

    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.own = self.draw(x) if mask is not None and self.training else None
        return out

    def gradient(self, grad_output):
        return self.apply(grad_output, self.mask if self.own is None else self.own)


@mutant("gradient-dtype-changed")
class GradientOfDoubles(Textbook):
    def gradient(self, grad_output):
        return np.where(self.mask, grad_output, 0.0) * np.float64(self.scale())


@mutant("neighbours-share-their-luck")
class DropsPatches(Textbook):
    """DropBlock's squares, in pictures."""

    def draw(self, x):
        if x.ndim < 4:
            return super().draw(x)
        small = self.rng.random((*x.shape[:2], *(-(-n // 2) for n in x.shape[2:]))) >= self.p
        return small.repeat(2, 2).repeat(2, 3)[:, :, : x.shape[2], : x.shape[3]]


@mutant("neighbours-share-their-luck")
class DrawsAntitheticPairs(Textbook):
    """The second half of the batch gets the random numbers of the first, turned round."""

    def draw(self, x):
        half = self.rng.random((-(-len(x) // 2), *x.shape[1:])) if x.ndim else self.rng.random(())
        both = np.concatenate([half, 1 - half])[: len(x)] if x.ndim else half
        return both >= self.p


@mutant("reads-memory-in-order")
class RavelsInMemoryOrder(Textbook):
    def apply(self, x, mask):
        kept = x.ravel(order="K") * mask.ravel() * x.dtype.type(self.scale())
        return kept.reshape(x.shape)
