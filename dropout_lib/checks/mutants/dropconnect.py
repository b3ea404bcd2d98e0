"""Wrong DropConnects: the textbook implementation with one mistake each."""

import numpy as np

from ..core import Subject
from .core import catalogue


def textbook_subject(layer_class, scaling="inverted"):
    """What the checks examine: ``make(p, seed)`` builds the layer from weights and bias."""

    def make(p, seed):
        return lambda weight, bias: layer_class(weight, bias, p, np.random.default_rng(seed))

    return Subject(layer_class.__name__, make, scaling)


class Textbook:
    """DropConnect as a textbook has it: correct, one step a method, and not sparing of memory."""

    training = True
    mask = None

    def __init__(self, weight, bias, p, rng):
        self.weight, self.bias, self.p, self.rng = weight, bias, p, rng

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 0.0

    def draw(self, cases):
        return self.rng.random((cases, *self.weight.shape)) >= self.p  # (N, O, I)

    def thin(self, products):
        """What is left of an array (N, O, I) of products."""
        return np.where(self.mask, products, 0) * products.dtype.type(self.scale())

    def evaluate(self, x):
        return x @ self.weight.T + self.bias

    def train_forward(self, x):
        return self.thin(x[:, None] * self.weight).sum(axis=2) + self.bias

    def forward(self, x, mask=None):
        self.x = x
        if not self.training:
            self.mask = None
            return self.evaluate(x)
        self.mask = self.draw(len(x)) if mask is None else mask
        return self.train_forward(x)

    def weight_gradient(self, grad_output):
        return self.thin(grad_output[:, :, None] * self.x[:, None]).sum(axis=0)

    def input_gradient(self, grad_output):
        return self.thin(grad_output[:, :, None] * self.weight).sum(axis=1)

    def bias_gradient(self, grad_output):
        return grad_output.sum(axis=0)

    def backward(self, grad_output):
        self.bias_grad = self.bias_gradient(grad_output)
        if self.mask is None:  # after evaluation
            self.weight_grad = grad_output.T @ self.x
            return grad_output @ self.weight
        self.weight_grad = self.weight_gradient(grad_output)
        return self.input_gradient(grad_output)

    def variance(self, x):
        return self.p / (1 - self.p) * x**2 @ (self.weight**2).T

    def gaussian_moments(self, x):
        if self.p == 1:  # only the bias is left
            nothing = np.zeros((len(x), len(self.bias)), x.dtype)
            return nothing + self.bias, nothing
        return self.evaluate(x), self.variance(x)

    def sample(self, mean, variance):
        return mean + np.sqrt(variance) * self.rng.standard_normal(mean.shape)

    def gaussian_inference(self, x, activation, num_samples):
        mean, variance = self.gaussian_moments(x)
        return sum(activation(self.sample(mean, variance)) for _ in range(num_samples)) / (
            num_samples
        )


MUTANTS, mutant = catalogue(textbook_subject)


@mutant("dtype-changed")
class MaskOfDoubles(Textbook):
    def thin(self, products):
        return products * (self.mask * np.float64(self.scale()))


# What is dropped


@mutant("one-mask-for-the-batch")
class OneMaskForTheBatch(Textbook):
    def draw(self, cases):
        return np.broadcast_to(super().draw(1), (cases, *self.weight.shape))


@mutant("input-units-dropped")
class DropsInputUnits(Textbook):
    def draw(self, cases):
        keep = self.rng.random((cases, 1, self.weight.shape[1])) >= self.p
        return np.broadcast_to(keep, (cases, *self.weight.shape))


@mutant("output-units-dropped")
class DropsOutputUnits(Textbook):
    def draw(self, cases):
        keep = self.rng.random((cases, len(self.weight), 1)) >= self.p
        return np.broadcast_to(keep, (cases, *self.weight.shape))


@mutant("mask-never-redrawn")
class DrawsAtConstruction(Textbook):
    def __init__(self, weight, bias, p, rng):
        super().__init__(weight, bias, p, rng)
        self.seed = rng.integers(2**32)

    def draw(self, cases):
        return np.random.default_rng(self.seed).random((cases, *self.weight.shape)) >= self.p


@mutant("generator-ignored")
class OwnGenerator(Textbook):
    def draw(self, cases):
        return np.random.default_rng().random((cases, *self.weight.shape)) >= self.p


@mutant("global-random-state")
class SeedsTheGlobalState(Textbook):
    def __init__(self, weight, bias, p, rng):
        super().__init__(weight, bias, p, rng)
        np.random.seed(rng.integers(2**32))  # noqa: NPY002

    def draw(self, cases):
        return np.random.rand(cases, *self.weight.shape) >= self.p  # noqa: NPY002


@mutant("seed-ignored")
class AlwaysTheSameSeed(Textbook):
    def __init__(self, weight, bias, p, rng):
        super().__init__(weight, bias, p, np.random.default_rng(0))


@mutant("fixed-number-dropped")
class DropsAFixedNumber(Textbook):
    def draw(self, cases):
        count = cases * self.weight.size
        keep = np.arange(count) >= round(count * self.p)
        return self.rng.permutation(keep).reshape(cases, *self.weight.shape)


@mutant("fixed-number-dropped")
class DropsAFixedNumberOfEveryOutput(Textbook):
    def draw(self, cases):
        ranks = self.rng.random((cases, *self.weight.shape)).argsort(axis=2).argsort(axis=2)
        return ranks >= round(self.weight.shape[1] * self.p)


@mutant("draws-shared")
class NeighbouringOutputsShare(Textbook):
    def draw(self, cases):
        return np.repeat(super().draw(cases)[:, ::2], 2, axis=1)[:, : len(self.weight)]


@mutant("draws-shared")
class NeighbouringInputsShare(Textbook):
    def draw(self, cases):
        return np.repeat(super().draw(cases)[..., ::2], 2, axis=2)[..., : self.weight.shape[1]]


@mutant("draws-shared")
class NeighbouringCasesShare(Textbook):
    def draw(self, cases):
        return np.repeat(super().draw(cases)[::2], 2, axis=0)[:cases]


@mutant("keep-and-drop-swapped")
class KeepsWithProbabilityP(Textbook):
    def draw(self, cases):
        return ~super().draw(cases)


@mutant("drop-rate-off")
class DropsTwice(Textbook):
    def draw(self, cases):
        return super().draw(cases) & super().draw(cases)


# Scale, bias, evaluation


@mutant("scale-forgotten")
class ForgetsTheScale(Textbook):
    def scale(self):
        return 1.0


@mutant("scale-off")
class MultipliesByKeep(Textbook):
    def scale(self):
        return 1 - self.p


@mutant("bias-dropped")
class DropsTheBias(Textbook):
    def train_forward(self, x):
        keep = self.rng.random((len(x), len(self.bias))) >= self.p
        return self.thin(x[:, None] * self.weight).sum(axis=2) + keep * self.bias


@mutant("bias-scaled")
class ScalesTheBias(Textbook):
    def train_forward(self, x):
        products = np.where(self.mask, x[:, None] * self.weight, 0)
        return (products.sum(axis=2) + self.bias) * x.dtype.type(self.scale())


@mutant("active-in-evaluation")
class IgnoresEval(Textbook):
    def eval(self):
        pass


@mutant("scaled-in-evaluation")
class ScalesTwice(Textbook):
    def evaluate(self, x):
        return (1 - self.p) * x @ self.weight.T + self.bias


@mutant("evaluation-off")
class ScalesTheBiasInEvaluation(Textbook):
    def evaluate(self, x):
        return (1 - self.p) * super().evaluate(x)


@mutant("replay-ignored")
class IgnoresTheGivenMask(Textbook):
    def forward(self, x, mask=None):
        return super().forward(x)


@mutant("mask-not-shown")
class ShowsAnotherMask(Textbook):
    def forward(self, x, mask=None):
        out = super().forward(x, mask)
        self.mask = self.draw(len(x))
        return out


# Backward


@mutant("weight-gradient-without-mask")
class WeightGradientWithoutMask(Textbook):
    def weight_gradient(self, grad_output):
        return grad_output.T @ self.x * self.scale()


@mutant("input-gradient-without-mask")
class InputGradientWithoutMask(Textbook):
    def input_gradient(self, grad_output):
        return grad_output @ self.weight * self.scale()


@mutant("old-mask-after-evaluation")
class KeepsTheMaskInEvaluation(Textbook):
    def forward(self, x, mask=None):
        before = self.mask
        out = super().forward(x, mask)
        if not self.training:
            self.mask = before
        return out


@mutant("gradient-off")
class AveragesOverTheBatch(Textbook):
    def weight_gradient(self, grad_output):
        return super().weight_gradient(grad_output) / len(self.x)


@mutant("gradient-off")
class ScalesTheGradientOfTheBias(Textbook):
    def bias_gradient(self, grad_output):
        return super().bias_gradient(grad_output) * self.scale()


# Edges


@mutant("nan-at-p-one")
class DividesByZero(Textbook):
    def thin(self, products):
        return np.where(self.mask, products, 0) / products.dtype.type(1 - self.p)


@mutant("edges-off")
class KeepsAtLeastOne(Textbook):
    def draw(self, cases):
        mask = super().draw(cases)
        mask[..., 0] |= not mask.any()
        return mask

    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 1.0


@mutant("non-finite-leaks")
class MultipliesByTheMask(Textbook):
    def thin(self, products):
        return products * self.mask * products.dtype.type(self.scale())


@mutant("non-finite-gradient")
class MultipliesTheInputGradientByTheMask(Textbook):
    def input_gradient(self, grad_output):
        return np.einsum("no,oi,noi->ni", grad_output, self.weight, self.mask) * self.scale()


@mutant("non-finite-gradient")
class MultipliesTheWeightGradientByTheMask(Textbook):
    def weight_gradient(self, grad_output):
        return np.einsum("no,ni,noi->oi", grad_output, self.x, self.mask) * self.scale()


# Gaussian inference


@mutant("mean-off")
class ScalesTheMean(Textbook):
    def evaluate(self, x):
        return (1 - self.p if self.training else 1) * x @ self.weight.T + self.bias


@mutant("variance-with-p")
class VarianceWithP(Textbook):
    def variance(self, x):
        return self.p * x**2 @ (self.weight**2).T


@mutant("variance-without-scale")
class VarianceOfThePaper(Textbook):
    def variance(self, x):
        return self.p * (1 - self.p) * x**2 @ (self.weight**2).T


@mutant("deviation-for-variance")
class DeviationForVariance(Textbook):
    def variance(self, x):
        return np.sqrt(super().variance(x))


@mutant("variance-off")
class SquaresTheSum(Textbook):
    def variance(self, x):
        return self.p / (1 - self.p) * (x @ self.weight.T) ** 2


@mutant("moments-at-p-one")
class DividesTheVarianceByZero(Textbook):
    def gaussian_moments(self, x):
        return self.evaluate(x), self.variance(x)

    def variance(self, x):
        return np.divide(self.p, 1 - self.p) * x**2 @ (self.weight**2).T


@mutant("moments-at-p-one")
class ForgetsTheMeanAtPOne(Textbook):
    def gaussian_moments(self, x):
        return self.evaluate(x), super().gaussian_moments(x)[1]


@mutant("inference-is-mean-weights")
class ActivationOfTheMean(Textbook):
    def gaussian_inference(self, x, activation, num_samples):
        return activation(self.evaluate(x))


@mutant("inference-off")
class VarianceForDeviation(Textbook):
    def sample(self, mean, variance):
        return mean + variance * self.rng.standard_normal(mean.shape)


@mutant("inference-ignores-generator")
class NoiseOfItsOwn(Textbook):
    def sample(self, mean, variance):
        return mean + np.sqrt(variance) * np.random.default_rng().standard_normal(mean.shape)


@mutant("inference-ignores-generator")
class NoiseOfTheGlobalState(Textbook):
    def sample(self, mean, variance):
        return mean + np.sqrt(variance) * np.random.standard_normal(mean.shape)  # noqa: NPY002
