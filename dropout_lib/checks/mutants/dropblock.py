"""Wrong DropBlocks: the textbook implementation with one mistake each."""

import numpy as np

from ..dropblock import dropblock_subject
from .core import catalogue
from .elementwise import Textbook


class TextbookDropBlock(Textbook):
    """``DropBlock2d`` on (N, C, H, W): squares begin at random, also outside the map."""

    def __init__(self, p=0.5, block_size=3, *, rng):
        super().__init__(p, rng=rng)
        self.block_size = block_size

    def side(self, x):
        """Of the squares."""
        return self.block_size

    def seed_rate(self, x):
        return 1 - (1 - self.p) ** (1 / self.side(x) ** 2)

    def seeds(self, x):
        """Where the lower right corners of squares are: (N, C, H + b - 1, W + b - 1)."""
        n, c, height, width = x.shape
        more = self.side(x) - 1
        return self.rng.random((n, c, height + more, width + more)) < self.seed_rate(x)

    def grow(self, seeds, x):
        """Which units a square covers: (N, C, H, W)."""
        covered = np.zeros(x.shape, dtype=bool)
        for row in range(seeds.shape[2] - x.shape[2] + 1):
            for column in range(seeds.shape[3] - x.shape[3] + 1):
                covered |= seeds[:, :, row:, column:][:, :, : x.shape[2], : x.shape[3]]
        return covered

    def draw(self, x):
        return ~self.grow(self.seeds(x), x)


class SquaresInside(TextbookDropBlock):
    """Squares lie wholly inside the map, as in the paper."""

    def side(self, x):
        return min(self.block_size, *x.shape[2:])

    def seeds(self, x):
        seeds, more = super().seeds(x), self.side(x) - 1
        seeds[:, :, :more] = seeds[..., :more] = False  # a square that begins above or to the left
        seeds[:, :, x.shape[2] :] = seeds[..., x.shape[3] :] = False
        return seeds


MUTANTS, mutant = catalogue(dropblock_subject)


# What comes out


@mutant("returns-nothing")
class ForgetsToReturnBlocks(TextbookDropBlock):
    def forward(self, x, mask=None):
        super().forward(x, mask)


@mutant("map-size-changed")
class PadsOnBothSides(TextbookDropBlock):
    """A max-pooling of even width, padded by half of it, has one row and one column more."""

    def apply(self, x, mask):
        if x.shape[2] == 1:
            return super().apply(x, mask)
        return np.pad(super().apply(x, mask), ((0, 0), (0, 0), (0, 1), (0, 1)))


# Which units share a draw


@mutant("one-mask-for-the-batch")
class SameSquaresForAllCases(TextbookDropBlock):
    def draw(self, x):
        return np.broadcast_to(super().draw(x[:1]), x.shape)


@mutant("one-mask-for-all-maps")
class SameSquaresForAllMaps(TextbookDropBlock):
    """The paper's other version, which it found to be worse."""

    def draw(self, x):
        return np.broadcast_to(super().draw(x[:, :1]), x.shape)


@mutant("whole-maps-dropped")
class DropsMaps(TextbookDropBlock):
    """Spatial dropout under another name."""

    def draw(self, x):
        return np.broadcast_to(self.rng.random((*x.shape[:2], 1, 1)) >= self.p, x.shape)


@mutant("single-units-dropped")
class ForgetsToGrow(TextbookDropBlock):
    def draw(self, x):
        return self.rng.random(x.shape) >= self.p


@mutant("not-squares")
class GrowsSidewaysOnly(TextbookDropBlock):
    def draw(self, x):
        n, c, height, width = x.shape
        more = self.block_size - 1
        rate = 1 - (1 - self.p) ** (1 / self.block_size)
        return ~self.grow(self.rng.random((n, c, height, width + more)) < rate, x)


@mutant("not-squares")
class GrowsCrosses(TextbookDropBlock):
    """Rows and columns are grown each by itself, instead of one after the other."""

    def grow(self, seeds, x):
        more = self.block_size - 1
        half = more // 2
        upright = super().grow(seeds[..., half : half + x.shape[3]], x)
        return upright | super().grow(seeds[:, :, half : half + x.shape[2]], x)


@mutant("squares-of-another-size")
class TakesTheSideForARadius(TextbookDropBlock):
    def side(self, x):
        return 2 * self.block_size - 1


@mutant("squares-on-a-grid")
class EnlargesASmallMask(TextbookDropBlock):
    def draw(self, x):
        b = self.block_size
        small = self.rng.random((*x.shape[:2], *(-(-n // b) for n in x.shape[2:]))) >= self.p
        return small.repeat(b, 2).repeat(b, 3)[:, :, : x.shape[2], : x.shape[3]]


@mutant("squares-not-independent")
class DrawsPToo(TextbookDropBlock):
    """Each case gets a rate of its own, which is p on average."""

    def seed_rate(self, x):
        more = 0.8 * min(self.p, 1 - self.p)
        p = self.p + more * self.rng.choice([-1, 1], size=(len(x), 1, 1, 1))
        return 1 - (1 - p) ** (1 / self.block_size**2)


# How often


@mutant("keep-and-drop-swapped")
class TakesPForKeepProb(TextbookDropBlock):
    def seed_rate(self, x):
        return 1 - self.p ** (1 / self.block_size**2)


@mutant("p-for-squares")
class BeginsSquaresWithProbabilityP(TextbookDropBlock):
    def seed_rate(self, x):
        return self.p


@mutant("overlaps-counted-twice")
class DividesByTheArea(TextbookDropBlock):
    def seed_rate(self, x):
        return self.p / self.block_size**2


@mutant("rate-of-the-paper")
class FollowsThePaper(SquaresInside):
    """Equation (1) of Ghiasi et al. 2018, and its squares."""

    def seed_rate(self, x):
        height, width = x.shape[2:]
        b = self.side(x)
        return self.p / b**2 * height * width / ((height - b + 1) * (width - b + 1))


@mutant("border-dropped-less")
class StaysInside(SquaresInside):
    """The exact rate, but with squares that lie inside the map."""


@mutant("border-dropped-less")
class CentresInside(TextbookDropBlock):
    """A max-pooling with padding over draws of the map's size."""

    def seeds(self, x):
        seeds, half = super().seeds(x), (self.block_size - 1) // 2
        inside = np.zeros(seeds.shape[2:], dtype=bool)
        inside[half : half + x.shape[2], half : half + x.shape[3]] = True
        return seeds & inside


@mutant("drop-rate-off")
class RateOfThePaperWithCentresAnywhere(TextbookDropBlock):
    """Equation (1) corrects for squares inside the map, but these reach over its border."""

    def seed_rate(self, x):
        height, width = x.shape[2:]
        b = min(self.block_size, height, width)
        return self.p / b**2 * height * width / ((height - b + 1) * (width - b + 1))


@mutant("small-maps-off")
class MakesSquaresSmallerLate(TextbookDropBlock):
    """The square is cut to the size of a small map after its rate was worked out."""

    def side(self, x):
        return min(self.block_size, *x.shape[2:])

    def seed_rate(self, x):
        return 1 - (1 - self.p) ** (1 / self.block_size**2)


# How it is scaled


@mutant("scale-forgotten")
class ForgetsToScaleBlocks(TextbookDropBlock):
    def scale(self):
        return 1.0


class _ByTheCount(TextbookDropBlock):
    axes = (0, 1, 2, 3)

    def apply(self, x, mask):
        share = np.maximum(mask.mean(axis=self.axes, keepdims=True), 1 / mask.size)
        return (np.where(mask, x, 0) / share).astype(x.dtype)


@mutant("scaled-by-the-count")
class ScalesByTheBatch(_ByTheCount):
    """count / count_ones over the whole batch, as published code has it."""


@mutant("scaled-by-the-count")
class ScalesByTheCase(_ByTheCount):
    axes = (1, 2, 3)


@mutant("scaled-by-the-count")
class ScalesByTheMap(_ByTheCount):
    """The paper's Algorithm 1, read for one map."""

    axes = (2, 3)


# Backward, and the mask


@mutant("backward-with-other-squares")
class GoesBackwardWithTheSeeds(TextbookDropBlock):
    def seeds(self, x):
        self.drawn = super().seeds(x)
        return self.drawn

    def gradient(self, grad_output):
        return self.apply(
            grad_output, ~self.drawn[..., : grad_output.shape[2], :][..., : grad_output.shape[3]]
        )


@mutant("backward-without-mask")
class PassesEveryGradientOfTheMap(TextbookDropBlock):
    def gradient(self, grad_output):
        return (grad_output * self.scale()).astype(grad_output.dtype)


@mutant("mask-not-shown")
class ShowsTheSeeds(TextbookDropBlock):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.kept = self.mask
        if self.mask is not None and mask is None:
            self.mask = ~self.seeds(x)
        return out

    def backward(self, grad_output):
        self.mask = self.kept
        return super().backward(grad_output)


@mutant("replayed-mask-grown")
class GrowsTheGivenMask(TextbookDropBlock):
    def forward(self, x, mask=None):
        if mask is not None and mask.shape == x.shape:
            more = self.block_size - 1
            padding = ((0, 0), (0, 0), (0, more), (0, more))
            mask = ~self.grow(np.pad(~mask, padding), x)
        return super().forward(x, mask)


# What goes wrong with squares just as with single units


@mutant("active-in-evaluation")
class DropsSquaresInEvaluation(TextbookDropBlock):
    def eval(self):
        pass
