"""Wrong dropouts for groups of units: spatial and variational dropout with one mistake each."""

import numpy as np

from ..grouped import sequence_subject, spatial_subject
from .core import catalogue
from .elementwise import Textbook


class TextbookSpatial(Textbook):
    """``Dropout2d`` on (N, C, H, W): one draw per case and channel."""

    def mask_shape(self, x):
        return (*x.shape[:2], 1, 1)


class TextbookVariational(TextbookSpatial):
    """``VariationalDropout`` on (T, N, F): one draw per case and unit."""

    def mask_shape(self, x):
        return (1, *x.shape[1:])


spatial_mutants, spatial = catalogue(spatial_subject)
sequence_mutants, sequence = catalogue(sequence_subject)

# What shares a draw


@spatial("single-units-dropped")
class DropsPixels(TextbookSpatial):
    def mask_shape(self, x):
        return x.shape


@spatial("single-units-dropped")
class DropsRows(TextbookSpatial):
    def mask_shape(self, x):
        return (*x.shape[:3], 1)


@spatial("shared-along-the-wrong-axis")
class ThinksChannelsAreLast(TextbookSpatial):
    """The mask of (N, H, W, C) on (N, C, H, W)."""

    def mask_shape(self, x):
        return (x.shape[0], 1, 1, x.shape[3])


@spatial("one-mask-for-the-batch")
class OneMaskForTheBatchOfMaps(TextbookSpatial):
    def mask_shape(self, x):
        return (1, x.shape[1], 1, 1)


@spatial("whole-cases-dropped")
class DropsWholePictures(TextbookSpatial):
    """DropPath's mask, one draw per case."""

    def mask_shape(self, x):
        return (x.shape[0], 1, 1, 1)


@sequence("single-units-dropped")
class NewMaskAtEveryStep(TextbookVariational):
    """What ``nn.Dropout`` does to a sequence."""

    def mask_shape(self, x):
        return x.shape


@sequence("shared-along-the-wrong-axis")
class ThinksTheBatchIsFirst(TextbookVariational):
    """The mask of (N, T, F) on (T, N, F)."""

    def mask_shape(self, x):
        return (x.shape[0], 1, x.shape[2])


@sequence("one-mask-for-the-batch")
class OneMaskForAllSequences(TextbookVariational):
    def mask_shape(self, x):
        return (1, 1, x.shape[2])


@sequence("mask-never-redrawn")
class KeepsTheMaskForEver(TextbookVariational):
    """One mask for all time steps, and for all time."""

    def draw(self, x):
        if not hasattr(self, "drawn"):
            self.drawn = super().draw(x)
        return self.drawn


# How it is drawn and applied


@spatial("returns-nothing")
class ForgetsToReturnMaps(TextbookSpatial):
    def forward(self, x, mask=None):
        super().forward(x, mask)


@spatial("not-like-the-input")
class MapMaskOfDoubles(TextbookSpatial):
    def apply(self, x, mask):
        return x * mask.astype(float) * self.scale()


@spatial("keep-and-drop-swapped")
class KeepsMapsWithProbabilityP(TextbookSpatial):
    def draw(self, x):
        return self.rng.random(self.mask_shape(x)) < self.p


@spatial("probability-ignored")
class DropsAFixedShareOfHalf(TextbookSpatial):
    def draw(self, x):
        return self.rng.random(self.mask_shape(x)) >= 0.5


@spatial("scale-forgotten")
class ForgetsToScaleMaps(TextbookSpatial):
    def scale(self):
        return 1.0


@sequence("scaled-by-the-count")
class ScalesByTheShareKept(TextbookVariational):
    def apply(self, x, mask):
        kept = mask.mean()
        return (np.where(mask, x, 0) / kept).astype(x.dtype) if kept else np.zeros_like(x)


@sequence("active-in-evaluation")
class DropsInEvaluationToo(TextbookVariational):
    def eval(self):
        pass


@sequence("scaled-in-evaluation")
class ScalesInBothModes(TextbookVariational):
    def evaluate(self, x):
        return x * x.dtype.type(1 - self.p)


@spatial("nan-at-p-one")
class DividesByZeroMaps(TextbookSpatial):
    def apply(self, x, mask):
        return (np.where(mask, x, 0) / np.float32(1 - self.p)).astype(x.dtype)


@spatial("non-finite-leaks")
class MultipliesMapsByZero(TextbookSpatial):
    def apply(self, x, mask):
        return (x * mask * self.scale()).astype(x.dtype)


# Backward


@spatial("backward-without-mask")
class PassesEveryGradient(TextbookSpatial):
    def gradient(self, grad_output):
        return grad_output * self.scale()


@sequence("backward-without-scale")
class ForgetsTheScaleBackward(TextbookVariational):
    def gradient(self, grad_output):
        return grad_output * self.mask


@sequence("backward-with-another-mask")
class DrawsAgainBackward(TextbookVariational):
    def gradient(self, grad_output):
        return self.apply(grad_output, self.draw(grad_output))


@sequence("gradient-summed-over-the-group")
class SumsTheGradientOverTime(TextbookVariational):
    """The gradient of something broadcast is summed; x is not broadcast, the mask is."""

    def gradient(self, grad_output):
        return self.apply(grad_output, self.mask).sum(axis=0)


@spatial("mask-not-shown")
class HidesItsMask(TextbookSpatial):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.kept, self.mask = self.mask, None
        return out

    def backward(self, grad_output):
        return self.apply(grad_output, self.kept)


@sequence("gradient-not-its-own")
class AveragesTheGradientOverTime(TextbookVariational):
    def gradient(self, grad_output):
        mean = np.broadcast_to(grad_output.mean(axis=0, keepdims=True), grad_output.shape)
        return self.apply(mean, self.mask)


# What goes wrong with groups just as with single units


@spatial("global-random-state")
class DrawsMapsFromTheGlobalState(TextbookSpatial):
    def draw(self, x):
        return np.random.rand(*self.mask_shape(x)) >= self.p  # noqa: NPY002


@spatial("stuck-in-evaluation")
class StaysInEvaluation(TextbookSpatial):
    def train(self):
        pass


@sequence("replay-ignored")
class IgnoresTheReplayedMask(TextbookVariational):
    def forward(self, x, mask=None):
        return super().forward(x)


@spatial("fixed-number-dropped")
class DropsAFixedNumberOfMaps(TextbookSpatial):
    def draw(self, x):
        rank = self.rng.random(self.mask_shape(x)).argsort(axis=1).argsort(axis=1)
        return rank >= round(self.p * x.shape[1])


@spatial("masks-repeated")
class RecyclesMasks(TextbookSpatial):
    def draw(self, x):
        drawn = super().draw(x)
        return drawn[np.arange(len(drawn)) % max(1, len(drawn) // 4)]


@sequence("wrong-in-evaluation")
class KeepsAStaleMask(TextbookVariational):
    """After a pass in evaluation, backward still uses the mask of the one in training."""

    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.stale = getattr(self, "stale", None) if self.mask is None else self.mask
        return out

    def backward(self, grad_output):
        if self.mask is None and self.stale is not None:
            return self.apply(grad_output, self.stale)
        return super().backward(grad_output)


@sequence("dtype-changed")
class AlwaysSingle(TextbookVariational):
    def apply(self, x, mask):
        return (np.where(mask, x, 0) * self.scale()).astype(np.float32)


@spatial("input-changed")
class WritesIntoTheMaps(TextbookSpatial):
    def apply(self, x, mask):
        x *= mask
        return x * x.dtype.type(self.scale())


MUTANTS = [*spatial_mutants, *sequence_mutants]
