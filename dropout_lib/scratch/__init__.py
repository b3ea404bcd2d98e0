"""Dropout from scratch: NumPy only, each forward with its backward, by hand."""

from .inverted_dropout import Dropout, dropout_backward, dropout_forward
from .masks import draw_keep_mask
from .network import (
    SGD,
    Adam,
    Linear,
    Parameter,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    multilayer_perceptron,
    train_epoch,
)
from .standard_dropout import (
    StandardDropout,
    standard_dropout_backward,
    standard_dropout_forward,
)

__all__ = [
    "SGD",
    "Adam",
    "Dropout",
    "Linear",
    "Parameter",
    "ReLU",
    "Sequential",
    "SoftmaxCrossEntropy",
    "StandardDropout",
    "draw_keep_mask",
    "dropout_backward",
    "dropout_forward",
    "multilayer_perceptron",
    "standard_dropout_backward",
    "standard_dropout_forward",
    "train_epoch",
]
