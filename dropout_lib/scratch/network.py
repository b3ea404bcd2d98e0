"""Enough of a neural network to train one: layers, a loss and two optimisers.

Each backward stands under its forward. Shapes: N cases, I inputs, O outputs of a layer.
Weights are (O, I), as in PyTorch, so that both rooms can be given the same numbers.
"""

from itertools import pairwise

import numpy as np

from .inverted_dropout import Dropout
from .layer import DropoutLayer, Layer
from .masks import check_probability, check_rng


class Parameter:
    """An array that an optimiser changes, with the gradient of the loss by it."""

    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class Linear(Layer):
    """y = x Wᵀ + b, with W (O, I) drawn from N(0, 2 / I) (He et al. 2015, eq. 10) and b = 0.

    >>> layer = Linear(2, 1, rng=np.random.default_rng(0))
    >>> layer.weight.value[:] = [[1.0, 2.0]]
    >>> layer.forward(np.array([[3.0, 4.0]], dtype=np.float32))
    array([[11.]], dtype=float32)
    """

    def __init__(self, in_features, out_features, *, rng=None, dtype=np.float32):
        weight = check_rng(rng).standard_normal((out_features, in_features))
        self.weight = Parameter((weight * np.sqrt(2 / in_features)).astype(dtype))
        self.bias = Parameter(np.zeros(out_features, dtype=dtype))

    def parameters(self):
        return [self.weight, self.bias]

    def forward(self, x):
        self.x = x  # (N, I)
        return x @ self.weight.value.T + self.bias.value  # (N, O)

    def backward(self, grad_output):
        x = self._kept_from_forward("x")
        grad_output = self._check_grad(grad_output, (len(x), len(self.bias.value)))
        self.weight.grad = grad_output.T @ x  # (O, N) @ (N, I)
        self.bias.grad = grad_output.sum(axis=0)
        return grad_output @ self.weight.value  # (N, I)


class ReLU(Layer):
    """y = max(x, 0).

    >>> ReLU().forward(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def forward(self, x):
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, grad_output):
        positive = self._kept_from_forward("positive")
        return self._check_grad(grad_output, positive.shape) * positive


class SoftmaxCrossEntropy:
    """Mean over the cases of -log softmax(logits)[label], in nats.

    ``forward`` takes logits (N, classes) and integer labels (N,); a label that is no class, or
    labels of another shape or type, are a ValueError.

    >>> loss = SoftmaxCrossEntropy()
    >>> float(loss.forward(np.zeros((1, 4)), np.array([2])))  # log 4
    1.3862943611198906
    >>> loss.backward()
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """

    def forward(self, logits, labels):
        labels = np.asarray(labels)
        cases, classes = logits.shape
        if labels.shape != (cases,) or labels.dtype.kind not in "iu":
            raise ValueError(
                f"labels have to be {cases} integers, one per case, but have shape "
                f"{labels.shape} and dtype {labels.dtype}"
            )
        if cases and not (labels.min() >= 0 and labels.max() < classes):
            raise ValueError(
                f"labels have to be between 0 and {classes - 1}, but reach from "
                f"{labels.min()} to {labels.max()}"
            )
        shifted = logits - logits.max(axis=1, keepdims=True)  # exp cannot overflow
        log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.probability, self.labels = np.exp(log_probability), labels
        return -log_probability[np.arange(len(labels)), labels].mean()

    def backward(self):
        if not hasattr(self, "probability"):
            raise RuntimeError("SoftmaxCrossEntropy.backward was called before forward")
        grad = self.probability.copy()  # (N, classes)
        grad[np.arange(len(self.labels)), self.labels] -= 1
        return grad / len(self.labels)


class Sequential(Layer):
    """Layers in a row. ``masks``, one per dropout layer, replays them instead of drawing.

    >>> net = Sequential(Dropout(0.5), ReLU())
    >>> net.forward(np.array([[1.0, 2.0]]), masks=[np.array([[True, False]])])
    array([[2., 0.]])
    """

    def __init__(self, *layers):
        if len(set(map(id, layers))) < len(layers):
            raise ValueError(
                "a layer stands twice in the row: what it keeps from forward for backward would be "
                "overwritten, so make two layers"
            )
        self.layers = layers

    @property
    def dropout_layers(self):
        return [layer for layer in self.layers if isinstance(layer, DropoutLayer)]

    def parameters(self):
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def train(self):
        for layer in self.layers:
            layer.train()
        return super().train()

    def eval(self):
        for layer in self.layers:
            layer.eval()
        return super().eval()

    def forward(self, x, masks=None):
        if masks is not None and len(masks) != len(self.dropout_layers):
            raise ValueError(
                f"got {len(masks)} masks for {len(self.dropout_layers)} dropout layers"
            )
        replay = iter(masks or ())
        for layer in self.layers:
            if masks is not None and isinstance(layer, DropoutLayer):
                x = layer.forward(x, mask=next(replay))
            else:
                x = layer.forward(x)
        return x

    def backward(self, grad_output):
        for layer in reversed(self.layers):
            grad_output = layer.backward(grad_output)
        return grad_output


class SGD:
    """Gradient descent with momentum, and optionally a max-norm constraint.

    velocity <- momentum * velocity - learning_rate * grad;  value <- value + velocity

    ``max_norm`` = c then rescales every row of every weight matrix, the weights that come into
    one unit, to length c where it is longer (Srivastava et al. 2014, section 5.1).

    >>> weight = Parameter(np.array([[3.0, 4.0]]))
    >>> SGD([weight], learning_rate=0.1, max_norm=1.0).step()
    >>> weight.value
    array([[0.6, 0.8]])
    """

    def __init__(self, parameters, learning_rate, *, momentum=0.0, max_norm=None):
        self.parameters = list(parameters)
        self.learning_rate, self.momentum, self.max_norm = learning_rate, momentum, max_norm
        self.velocity = [np.zeros_like(parameter.value) for parameter in self.parameters]

    def step(self):
        for parameter, velocity in zip(self.parameters, self.velocity, strict=True):
            velocity *= self.momentum
            velocity -= self.learning_rate * parameter.grad
            parameter.value += velocity
            if self.max_norm is not None and parameter.value.ndim == 2:
                norm = np.linalg.norm(parameter.value, axis=1, keepdims=True)  # (O, 1)
                parameter.value *= np.minimum(1, self.max_norm / np.maximum(norm, 1e-12))


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1), with its bias-corrected moments.

    >>> weight = Parameter(np.array([1.0]))
    >>> weight.grad = np.array([123.0])
    >>> Adam([weight], learning_rate=0.1).step()
    >>> weight.value.round(6)
    array([0.9])
    """

    def __init__(self, parameters, learning_rate=1e-3, *, betas=(0.9, 0.999), eps=1e-8):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps = learning_rate, betas, eps
        self.mean = [np.zeros_like(parameter.value) for parameter in self.parameters]
        self.square = [np.zeros_like(parameter.value) for parameter in self.parameters]
        self.steps = 0

    def step(self):
        self.steps += 1
        beta1, beta2 = self.betas
        for parameter, mean, square in zip(self.parameters, self.mean, self.square, strict=True):
            mean += (1 - beta1) * (parameter.grad - mean)
            square += (1 - beta2) * (parameter.grad**2 - square)
            mean_hat = mean / (1 - beta1**self.steps)
            square_hat = square / (1 - beta2**self.steps)
            parameter.value -= self.learning_rate * mean_hat / (np.sqrt(square_hat) + self.eps)


def multilayer_perceptron(sizes, p, *, input_p=0.0, rng=None, mask_rng=None, dtype=np.float32):
    """Linear layers of the given sizes, with ReLU and dropout(p) after each hidden one.

    Args:
        sizes: units per layer, inputs first: (784, 256, 256, 10).
        p: probability to drop a hidden unit.
        input_p: probability to drop an input; 0 puts no dropout layer there.
        rng: ``numpy.random.Generator`` for the weights.
        mask_rng: another one for the masks; None takes ``rng``.
        dtype: of the weights.

    >>> len(multilayer_perceptron((4, 3, 2), p=0.5).layers)  # linear, ReLU, dropout, linear
    4
    """
    rng = check_rng(rng)
    mask_rng = rng if mask_rng is None else mask_rng
    p, input_p = check_probability(p), check_probability(input_p)
    layers = [Dropout(input_p, rng=mask_rng)] if input_p else []
    for in_features, out_features in pairwise(sizes[:-1]):
        layers += [Linear(in_features, out_features, rng=rng, dtype=dtype), ReLU()]
        layers += [Dropout(p, rng=mask_rng)]
    return Sequential(*layers, Linear(sizes[-2], sizes[-1], rng=rng, dtype=dtype))


def train_epoch(network, x, labels, optimiser, *, batch_size, rng):
    """One pass over shuffled data in training mode; returns the mean loss seen (dropout on).

    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((64, 4)).astype(np.float32)
    >>> net = multilayer_perceptron((4, 16, 2), p=0.0, rng=rng)
    >>> sgd = SGD(net.parameters(), 0.5)
    >>> losses = [train_epoch(net, x, x[:, 0] > 0, sgd, batch_size=16, rng=rng) for _ in range(9)]
    >>> losses[-1] < 0.5 * losses[0]
    True
    """
    network.train()
    loss = SoftmaxCrossEntropy()
    labels = np.asarray(labels, dtype=np.int64)
    order = rng.permutation(len(x))
    total = 0.0
    for start in range(0, len(x), batch_size):
        batch = order[start : start + batch_size]
        total += len(batch) * float(loss.forward(network.forward(x[batch]), labels[batch]))
        network.backward(loss.backward())
        optimiser.step()
    return total / len(x)
