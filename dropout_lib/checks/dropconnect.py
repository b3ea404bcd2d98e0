"""Properties of DropConnect: a linear layer that drops weights, with a mask for every case.

What is examined here has weights, so ``subject.make(p, seed)`` returns a function of weights
(O, I) and bias (O,) that builds the layer. Beside ``forward`` and ``backward`` a layer has
``weight_grad``, ``bias_grad``, ``gaussian_moments(x)`` and ``gaussian_inference(x, activation,
num_samples)``. The statistical checks allow six standard deviations, or seven where the largest
of many numbers is looked at.
"""

import math

import numpy as np

from .core import Diagnosis, Subject

CASES, OUTPUTS, INPUTS = 200, 40, 50


def scratch_dropconnect_subject(layer_class, scaling="inverted"):
    """A class with the interface of ``dropout_lib.scratch.DropConnectLinear``."""

    def make(p, seed):
        def build(weight, bias):
            layer = layer_class(
                *weight.shape[::-1], p=p, rng=np.random.default_rng(seed), dtype=weight.dtype
            )
            layer.weight.value[:], layer.bias.value[:] = weight, bias
            return _ScratchLayer(layer)

        return build

    return Subject(f"scratch.{layer_class.__name__}", make, scaling)


class _ScratchLayer:
    def __init__(self, layer):
        self._layer = layer

    def __getattr__(self, name):
        return getattr(self._layer, name)

    @property
    def weight_grad(self):
        return self._layer.weight.grad

    @property
    def bias_grad(self):
        return self._layer.bias.grad


def torch_dropconnect_subject(module_class, scaling="inverted"):
    """A module with the interface of ``dropout_lib.pytorch.DropConnectLinear``."""

    def make(p, seed):
        import torch

        def build(weight, bias):
            module = module_class(
                *weight.shape[::-1], p=p, generator=torch.Generator().manual_seed(seed)
            )
            module.weight.data, module.bias.data = torch.tensor(weight), torch.tensor(bias)
            return _TorchLayer(module, torch)

        return build

    return Subject(f"pytorch.{module_class.__name__}", make, scaling)


class _TorchLayer:
    def __init__(self, module, torch):
        self._module, self._torch = module, torch

    def train(self):
        self._module.train()

    def eval(self):
        self._module.eval()

    @property
    def mask(self):
        return None if self._module.mask is None else self._module.mask.numpy()

    def forward(self, x, mask=None):
        self._x = self._torch.tensor(x, requires_grad=True)
        mask = None if mask is None else self._torch.tensor(mask)
        self._out = self._module(self._x, mask=mask)
        return self._out.detach().numpy().copy()

    def backward(self, grad_output):
        leaves = self._x, self._module.weight, self._module.bias
        grads = self._torch.autograd.grad(self._out, leaves, self._torch.tensor(grad_output))
        grad_x, self.weight_grad, self.bias_grad = (grad.numpy() for grad in grads)
        return grad_x

    def gaussian_moments(self, x):
        moments = self._module.gaussian_moments(self._torch.tensor(x))
        return tuple(moment.detach().numpy() for moment in moments)

    def gaussian_inference(self, x, activation, num_samples):
        def on_arrays(y):
            return self._torch.from_numpy(activation(y.numpy()))

        x = self._torch.tensor(x)
        return self._module.gaussian_inference(x, on_arrays, num_samples=num_samples).numpy()


def _layer(subject, p, seed, *, bias=0.0, weight=1.0, shape=(OUTPUTS, INPUTS)):
    """A layer whose weights and bias all have these values, or are these arrays."""
    weight = np.broadcast_to(np.asarray(weight, dtype=np.float64), shape).copy()
    bias = np.broadcast_to(np.asarray(bias, dtype=np.float64), shape[:1]).copy()
    return subject.make(p, seed)(weight, bias)


def _one_input_each():
    """Case n has its only input, 1, at n: y[n, o] is then one weight, 0 where it was dropped."""
    return np.tile(np.eye(INPUTS), (CASES // INPUTS, 1))


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def _close(a, b, rtol=1e-9):
    return np.allclose(a, b, rtol=rtol, atol=1e-12)


def dtype_is_kept(subject):
    for dtype in (np.float32, np.float64):
        weight, bias = np.ones((3, 4), dtype=dtype), np.ones(3, dtype=dtype)
        out = np.asarray(subject.make(0.5, 0)(weight, bias).forward(np.ones((2, 4), dtype=dtype)))
        if out.dtype != dtype:
            return Diagnosis(
                "dtype-changed",
                f"{np.dtype(dtype)} went in and {out.dtype} came out",
                "a float64 mask turns everything it touches into float64: "
                "give the mask or the result the dtype of x",
            )
    return None


def every_case_has_its_own_mask(subject):
    out = _layer(subject, 0.5, 1).forward(np.ones((CASES, INPUTS)))
    if (out != out[0, 0]).any() and (out == out[0]).all():
        return Diagnosis(
            "one-mask-for-the-batch",
            f"all {CASES} cases of the batch went through the same thinned weights",
            "draw a mask (N, O, I): one weight matrix for every case",
        )
    return None


def weights_are_dropped_and_not_units(subject):
    out = _layer(subject, 0.5, 2).forward(_one_input_each())
    dropped = out == 0  # (CASES, OUTPUTS)
    if dropped.any() and (dropped == dropped[:, :1]).all():
        return Diagnosis(
            "input-units-dropped",
            "where one output has lost an input, all outputs of the case have lost it",
            "this is dropout on the inputs: draw a number for every weight (N, O, I), not for "
            "every input (N, I)",
        )
    silent = _layer(subject, 0.5, 2).forward(np.ones((CASES, INPUTS))) == 0
    if silent.any():
        return Diagnosis(
            "output-units-dropped",
            f"{silent.mean():.0%} of the outputs have lost all of their {INPUTS} inputs",
            "this is dropout on the outputs: draw a number for every weight (N, O, I), not for "
            "every output (N, O)",
        )
    return None


def every_pass_draws_anew(subject):
    layer, x = _layer(subject, 0.5, 3), _normal(4, INPUTS)
    passes = {layer.forward(x).tobytes() for _ in range(8)}
    if len(passes) < 8:
        return Diagnosis(
            "mask-never-redrawn",
            "several passes through the same layer drop the same weights",
            "draw the mask in forward, not at construction",
        )
    return None


def same_seed_gives_the_same_masks(subject):
    before = _global_state()
    first, second, other = (
        _layer(subject, 0.5, seed).forward(_one_input_each()) for seed in (4, 4, 5)
    )
    if _global_state() != before:
        return Diagnosis(
            "global-random-state",
            "numpy.random's global state was used or seeded",
            "draw from the generator that is handed in",
        )
    if (first != second).any():
        return Diagnosis(
            "generator-ignored",
            "two layers with the same seed drop different weights",
            "draw from the generator that is handed in",
        )
    if (first == other).all():
        return Diagnosis(
            "seed-ignored",
            "two layers with different seeds drop the same weights",
            "draw from the generator that is handed in, and make none with a fixed seed",
        )
    return None


def _global_state():
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002
    return key.tobytes(), position


def drop_rate_is_p(subject):
    rates = {
        p: float((_layer(subject, p, 5).forward(_one_input_each()) == 0).mean())
        for p in (0.1, 0.5, 0.9)
    }

    def match(rule):
        draws = CASES * OUTPUTS
        return all(
            abs(rate - rule(p)) <= 6 * math.sqrt(rule(p) * (1 - rule(p)) / draws)
            for p, rate in rates.items()
        )

    if match(lambda p: p):
        return None
    if match(lambda p: 1 - p):
        return Diagnosis(
            "keep-and-drop-swapped",
            f"p = 0.1 drops {rates[0.1]:.0%} of the weights",
            "p is the probability to drop; the paper's p is the probability to keep",
        )
    seen = ", ".join(f"{rate:.2f} at p = {p}" for p, rate in rates.items())
    return Diagnosis(
        "drop-rate-off",
        f"the drop rate of the weights is {seen}",
        "each weight of each case is dropped with probability p",
    )


def what_is_kept_has_the_right_scale(subject):
    for p in (0.25, 0.75):
        out = _layer(subject, p, 6).forward(_one_input_each())
        factor, expected = out[out != 0], 1 / (1 - p)
        if _close(factor, expected):
            continue
        if _close(factor, 1):
            return Diagnosis(
                "scale-forgotten",
                f"at p = {p} the kept weights act unscaled",
                f"multiply by 1 / (1 - p) = {expected:.4g} in training, "
                "or the layer is quieter than in evaluation",
            )
        return Diagnosis(
            "scale-off",
            f"at p = {p} kept weights act with {factor.min():.4g} to {factor.max():.4g} times "
            f"their size, not {expected:.4g} times",
            "every kept weight is multiplied by 1 / (1 - p)",
        )
    return None


def every_weight_has_a_draw_of_its_own(subject):
    passes, cases, outputs, inputs = 40, 20, 10, 20
    layer = _layer(subject, 0.5, 18, shape=(outputs, inputs))
    powers = 2.0 ** np.arange(inputs)
    x = np.tile(powers, (cases, 1))
    out = np.stack([layer.forward(x) for _ in range(passes)]) / 2  # 2 is the scale at p = 0.5
    kept = out[..., None] // powers % 2  # the binary digits of a sum of powers are its mask

    def spread(*axes):
        """Variance of the number kept along these axes, in those of as many fair coins; draws."""
        coins = math.prod(kept.shape[axis] for axis in axes)
        counts = kept.sum(axis=axes)
        return float(((counts - coins / 2) ** 2).mean() / (coins / 4)), counts.size

    if spread(1, 2, 3)[0] < 0.05:
        return Diagnosis(
            "fixed-number-dropped",
            f"at p = 0.5 all of {passes} passes drop the same number of weights",
            "let every weight have its own chance p; how many are dropped is chance too",
        )
    for axis, name in ((1, "cases"), (2, "outputs"), (3, "inputs")):
        times, draws = spread(axis)
        if times > 1 + 6 * math.sqrt(2 / draws):
            return Diagnosis(
                "draws-shared",
                f"counted over the {name}, the number of weights kept varies {times:.1f} times as "
                "much as with a draw for each",
                f"weights of different {name} share draws: draw a number for every entry of "
                "(N, O, I)",
            )
    return None


def bias_is_neither_dropped_nor_scaled(subject):
    bias = np.linspace(1, 2, OUTPUTS)
    for p in (0.25, 0.75):
        out = _layer(subject, p, 7, bias=bias).forward(np.zeros((CASES, INPUTS)))
        if (out == 0).any():
            return Diagnosis(
                "bias-dropped",
                f"with x = 0 the output should be the bias; at p = {p} {(out == 0).mean():.0%} of "
                "the outputs are 0",
                "add the bias after the thinned product (to mask it too, as the paper does, is "
                "another layer: then say so)",
            )
        if not _close(out, bias):
            return Diagnosis(
                "bias-scaled",
                f"with x = 0 the output should be the bias, but at p = {p} it is "
                f"{float(np.median(out / bias)):.4g} times the bias",
                "scale the product of x and W, then add the bias: nothing of it was dropped",
            )
    return None


def evaluation_uses_the_mean_weights(subject):
    x, weight, bias = _normal(20, INPUTS), _normal(OUTPUTS, INPUTS, seed=1), _normal(OUTPUTS)
    for p in (0.25, 0.75):
        layer = _layer(subject, p, 8, weight=weight, bias=bias)
        layer.forward(x)
        layer.eval()
        out = layer.forward(x)
        if _close(out, x @ weight.T + bias, 1e-6):
            continue
        if (layer.forward(x) != out).any():
            return Diagnosis(
                "active-in-evaluation",
                "in evaluation mode two passes over the same input differ",
                "look at `training` first: in evaluation mode there is no mask",
            )
        if _close(out, (1 - p) * x @ weight.T + bias, 1e-6):
            return Diagnosis(
                "scaled-in-evaluation",
                f"in evaluation mode the weights act with 1 - p = {1 - p} times their size",
                "training has scaled by 1 / (1 - p) already: the mean of a thinned weight is W",
            )
        return Diagnosis(
            "evaluation-off",
            "in evaluation mode the output is not x Wᵀ + b",
            "evaluation uses the mean weights, which with inverted scaling are W themselves",
        )
    return None


def a_mask_can_be_replayed(subject):
    mask = np.random.default_rng(9).random((CASES, OUTPUTS, INPUTS)) < 0.5
    out = _layer(subject, 0.5, 9).forward(_one_input_each(), mask=mask)
    wanted = mask[np.arange(CASES), :, np.arange(CASES) % INPUTS]  # what each case can show
    if ((out != 0) != wanted).any():
        return Diagnosis(
            "replay-ignored",
            "forward(x, mask=m) drops other weights than m says",
            "draw a mask only where none was given",
        )
    return None


def the_mask_used_can_be_seen(subject):
    layer = _layer(subject, 0.5, 10)
    out = layer.forward(_one_input_each())
    mask = None if layer.mask is None else np.asarray(layer.mask)
    shown = mask is not None and mask.shape == (CASES, OUTPUTS, INPUTS)
    if not shown or ((out != 0) != mask[np.arange(CASES), :, np.arange(CASES) % INPUTS]).any():
        return Diagnosis(
            "mask-not-shown",
            "`mask` is not the keep-mask (N, O, I) that was used",
            "keep exactly the mask that the output was made with: true where a weight stays",
        )
    return None


def weight_gradient_uses_the_mask(subject):
    layer = _layer(subject, 0.75, 11)
    kept = layer.forward(np.eye(INPUTS)).T != 0  # (OUTPUTS, INPUTS): case i shows weight [:, i]
    layer.backward(np.ones((INPUTS, OUTPUTS)))
    grad = np.asarray(layer.weight_grad)
    if (grad[~kept] != 0).any():
        return Diagnosis(
            "weight-gradient-without-mask",
            "weights that were dropped in every case that could use them get a gradient",
            "dL/dW is a sum over cases of x times dL/dy, each under the case's own mask: "
            "grad_output.T @ x forgets the masks",
        )
    return None


def input_gradient_uses_the_mask(subject):
    p = 0.75
    layer = _layer(subject, p, 12)
    kept = layer.forward(np.eye(INPUTS)) != 0  # (cases, OUTPUTS)
    grad = np.diagonal(layer.backward(np.ones((INPUTS, OUTPUTS))))  # of the only input of each
    if not _close(grad, kept.sum(axis=1) / (1 - p)) and _close(grad, grad[0]):
        return Diagnosis(
            "input-gradient-without-mask",
            "the gradient of an input does not depend on how many of its weights were kept",
            "dL/dx goes back through the weights that were kept: grad_output @ W forgets the mask",
        )
    return None


def gradients_match_finite_differences(subject):
    arrays = {"x": _normal(3, 5), "weight": _normal(4, 5, seed=1), "bias": _normal(4, seed=2)}
    grad_output, step = _normal(3, 4, seed=3), 1e-3

    def layer():  # the same seed gives the same masks
        return _layer(subject, 0.25, 13, weight=arrays["weight"], bias=arrays["bias"], shape=(4, 5))

    examined = layer()
    examined.forward(arrays["x"])
    by_hand = {"x": examined.backward(grad_output)}
    by_hand |= {"weight": examined.weight_grad, "bias": examined.bias_grad}
    for name, values in arrays.items():
        numerical = np.empty_like(values)
        for index in np.ndindex(values.shape):
            original, sides = values[index], []
            for shift in (step, -step):
                values[index] = original + shift
                sides.append((grad_output * layer().forward(arrays["x"])).sum())
            values[index] = original
            numerical[index] = (sides[0] - sides[1]) / (2 * step)
        error = np.abs(np.asarray(by_hand[name]) - numerical).max()
        if not error < 1e-7 * max(1, np.abs(numerical).max()):
            return Diagnosis(
                "gradient-off",
                f"the gradient of {name} differs from finite differences by up to {error:.2g}",
                "write y as a sum over i of M W x / (1 - p), plus b, and differentiate that",
            )
    return None


def backward_after_evaluation_uses_all_weights(subject):
    x, weight = _normal(20, INPUTS), _normal(OUTPUTS, INPUTS, seed=1)
    grad_output = np.ones((20, OUTPUTS))
    layer = _layer(subject, 0.5, 19, weight=weight)
    layer.forward(x)
    layer.eval()
    layer.forward(x)
    grad_x = layer.backward(grad_output)
    if not _close(grad_x, grad_output @ weight) or not _close(layer.weight_grad, grad_output.T @ x):
        return Diagnosis(
            "old-mask-after-evaluation",
            "backward after a pass in evaluation mode is not that of a linear layer",
            "forward in evaluation mode has to forget the mask of the last training pass: "
            "nothing was dropped and nothing scaled",
        )
    return None


def p_zero_keeps_all_and_p_one_leaves_the_bias(subject):
    x, weight, bias = _normal(20, INPUTS), _normal(OUTPUTS, INPUTS, seed=1), _normal(OUTPUTS)
    with np.errstate(all="ignore"):
        layer = _layer(subject, 1.0, 14, weight=weight, bias=bias)
        out = layer.forward(x)
        grad = layer.backward(np.ones((20, OUTPUTS)))
    if not np.isfinite(out).all() or not np.isfinite(grad).all():
        return Diagnosis(
            "nan-at-p-one",
            "at p = 1 something is infinite or NaN",
            "1 / (1 - p) is a division by zero there: nothing is kept, so nothing needs scaling",
        )
    unchanged = _layer(subject, 0.0, 14, weight=weight, bias=bias).forward(x)
    if not _close(out, np.tile(bias, (20, 1))) or not _close(unchanged, x @ weight.T + bias, 1e-6):
        return Diagnosis(
            "edges-off",
            "p = 1 should leave the bias alone, and p = 0 should be a linear layer",
            "`random() >= p` keeps everything at p = 0 and nothing at p = 1",
        )
    return None


def a_dropped_weight_is_not_heard_even_if_x_is_infinite(subject):
    x = np.where(_one_input_each() == 1, np.inf, 1.0)
    with np.errstate(all="ignore"):
        finite = float(np.isfinite(_layer(subject, 0.5, 15).forward(x)).mean())
    if abs(finite - 0.5) > 6 * 0.5 / math.sqrt(CASES * OUTPUTS):
        return Diagnosis(
            "non-finite-leaks",
            f"one input is infinite, its weight dropped half of the time, but {finite:.0%} of the "
            "outputs are finite",
            "0 * inf is NaN: set the product to zero where the mask drops",
        )
    return None


def gradients_do_not_hear_dropped_weights_even_if_they_are_infinite(subject):
    x, weight = np.ones((20, INPUTS)), np.ones((OUTPUTS, INPUTS))
    mask = _normal(20, OUTPUTS, INPUTS) > 0
    x[:, 2] = weight[3, 4] = np.inf  # each of them is dropped wherever it would be used
    mask[:, :, 2] = mask[:, 3, 4] = False
    with np.errstate(all="ignore"):
        layer = _layer(subject, 0.5, 20, weight=weight)
        layer.forward(x, mask=mask)
        grads = {"x": layer.backward(np.ones((20, OUTPUTS))), "weight": layer.weight_grad}
    for name, grad in grads.items():
        if not np.isfinite(grad).all():
            return Diagnosis(
                "non-finite-gradient",
                "an infinite input and an infinite weight are dropped in every case, but the "
                f"gradient of {name} is not finite",
                "0 * inf is NaN: backward too sets to zero what the mask drops",
            )
    return None


def gaussian_moments_match_many_passes(subject):
    cases, (outputs, inputs) = 4000, (10, 12)
    x, weight, bias = _normal(1, inputs), _normal(outputs, inputs, seed=1), _normal(outputs)
    for p in (0.25, 0.75):
        layer = _layer(subject, p, 16, weight=weight, bias=bias, shape=(outputs, inputs))
        passes = layer.forward(np.repeat(x, cases, axis=0))
        mean, variance = (np.asarray(moment)[0] for moment in layer.gaussian_moments(x))
        squares = ((x * weight) ** 2).sum(axis=1)
        fourth = ((x * weight) ** 4).sum(axis=1)
        # of a sum of independent terms a M / (1 - p), M ~ Bernoulli(1 - p)
        true_variance = p / (1 - p) * squares
        cumulant = p * (1 - p) * (1 - 6 * p * (1 - p)) / (1 - p) ** 4 * fourth
        if (np.abs(passes.mean(axis=0) - mean) > 7 * np.sqrt(true_variance / cases)).any():
            return Diagnosis(
                "mean-off",
                f"at p = {p} the mean of {cases:,} passes is not the mean that is computed",
                "with inverted scaling the mean is x Wᵀ + b, whatever p is",
            )
        error = np.sqrt(2 * true_variance**2 / (cases - 1) + cumulant / cases)
        if (np.abs(passes.var(axis=0, ddof=1) - variance) <= 7 * error).all():
            continue
        more = "more" if passes.var(axis=0).mean() > variance.mean() else "less"
        message = f"at p = {p} {cases:,} passes vary {more} than the computed variance says"
        if _close(variance, p * squares, 1e-6):
            return Diagnosis("variance-with-p", message, "the factor is p / (1 - p), not p")
        if _close(variance, p * (1 - p) * squares, 1e-6):
            return Diagnosis(
                "variance-without-scale",
                message,
                "p (1 - p) belongs to the paper's unscaled masks; scaling by 1 / (1 - p) divides "
                "it by (1 - p)²",
            )
        if _close(variance, np.sqrt(true_variance), 1e-6):
            return Diagnosis(
                "deviation-for-variance", message, "the variance is asked for, not its root"
            )
        return Diagnosis(
            "variance-off", message, "variance p / (1 - p) (x * x) (W * W)ᵀ, without the bias"
        )
    return None


def at_p_one_the_moments_are_those_of_the_bias(subject):
    x, weight, bias = _normal(20, INPUTS), _normal(OUTPUTS, INPUTS, seed=1), _normal(OUTPUTS)
    with np.errstate(all="ignore"):
        layer = _layer(subject, 1.0, 21, weight=weight, bias=bias)
        mean, variance = (np.asarray(moment) for moment in layer.gaussian_moments(x))
    if not _close(mean, np.tile(bias, (20, 1))) or not _close(variance, np.zeros((20, OUTPUTS))):
        return Diagnosis(
            "moments-at-p-one",
            "at p = 1 the moments are not the bias and 0",
            "p / (1 - p) is a division by zero there: every pass gives the bias, so write that",
        )
    return None


def gaussian_inference_draws_from_the_generator(subject):
    def infer(seed):
        before = _global_state()
        layer = _layer(subject, 0.5, seed, shape=(10, 12))
        inferred = layer.gaussian_inference(np.ones((4, 12)), _relu, num_samples=3)
        return np.asarray(inferred).tobytes(), _global_state() == before

    (first, untouched), (second, _), (other, _) = infer(22), infer(22), infer(23)
    if untouched and first == second and first != other:
        return None
    return Diagnosis(
        "inference-ignores-generator",
        "Gaussian inference does not follow the seed of the layer",
        "draw the noise from the generator that is handed in",
    )


def gaussian_inference_is_nearer_to_many_passes_than_the_mean_weights(subject):
    cases, outputs = 2000, 20
    x, weight = _normal(1, INPUTS), _normal(outputs, INPUTS, seed=1)
    layer = _layer(subject, 0.5, 17, weight=weight, shape=(outputs, INPUTS))
    many = _relu(layer.forward(np.repeat(x, cases, axis=0))).mean(axis=0)
    inferred = np.asarray(layer.gaussian_inference(x, _relu, num_samples=cases))[0]
    mean_weights = _relu(x @ weight.T)[0]
    error, plain = (np.abs(estimate - many).mean() for estimate in (inferred, mean_weights))
    if _close(inferred, mean_weights, 1e-6):
        return Diagnosis(
            "inference-is-mean-weights",
            "Gaussian inference gives what the mean weights give",
            "average activation(y) over draws of y; the activation of the mean is something else",
        )
    if error > 0.25 * plain:
        return Diagnosis(
            "inference-off",
            f"behind a ReLU, Gaussian inference is off the mean of {cases:,} passes by "
            f"{error:.2g}, the mean weights by {plain:.2g}",
            "draw y = mean + sqrt(variance) * noise, and average activation(y)",
        )
    return None


def _relu(y):
    return np.maximum(y, 0)


DROPCONNECT_FORWARD = (
    dtype_is_kept,
    every_case_has_its_own_mask,
    weights_are_dropped_and_not_units,
    every_pass_draws_anew,
    same_seed_gives_the_same_masks,
    drop_rate_is_p,
    what_is_kept_has_the_right_scale,
    every_weight_has_a_draw_of_its_own,
    bias_is_neither_dropped_nor_scaled,
    evaluation_uses_the_mean_weights,
    a_mask_can_be_replayed,
    the_mask_used_can_be_seen,
)
DROPCONNECT_BACKWARD = (
    weight_gradient_uses_the_mask,
    input_gradient_uses_the_mask,
    gradients_match_finite_differences,
    backward_after_evaluation_uses_all_weights,
)
DROPCONNECT_EDGES = (
    p_zero_keeps_all_and_p_one_leaves_the_bias,
    a_dropped_weight_is_not_heard_even_if_x_is_infinite,
    gradients_do_not_hear_dropped_weights_even_if_they_are_infinite,
)
DROPCONNECT_INFERENCE = (
    gaussian_moments_match_many_passes,
    at_p_one_the_moments_are_those_of_the_bias,
    gaussian_inference_is_nearer_to_many_passes_than_the_mean_weights,
    gaussian_inference_draws_from_the_generator,
)
DROPCONNECT = DROPCONNECT_FORWARD + DROPCONNECT_BACKWARD + DROPCONNECT_EDGES + DROPCONNECT_INFERENCE
