"""Dropout from scratch: NumPy only, each forward with its backward, by hand."""

from .dropblock import DropBlock2d, draw_block_mask, dropblock_backward, dropblock_forward
from .dropconnect import (
    DropConnectLinear,
    dropconnect_backward,
    dropconnect_forward,
    rectified_gaussian_mean,
)
from .gaussian_dropout import (
    GaussianDropout,
    gaussian_dropout_backward,
    gaussian_dropout_forward,
)
from .inverted_dropout import Dropout, dropout_backward, dropout_forward
from .masks import draw_keep_mask
from .mc_dropout import Prediction, mc_predict, mc_samples, summarise
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
from .spatial_dropout import (
    Dropout1d,
    Dropout2d,
    Dropout3d,
    spatial_dropout_backward,
    spatial_dropout_forward,
)
from .standard_dropout import (
    StandardDropout,
    standard_dropout_backward,
    standard_dropout_forward,
)
from .variational_dropout import (
    VariationalDropout,
    variational_dropout_backward,
    variational_dropout_forward,
)
from .variational_rnn import RecurrentMasks, VariationalRNN

__all__ = [
    "SGD",
    "Adam",
    "DropBlock2d",
    "DropConnectLinear",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "GaussianDropout",
    "Linear",
    "Parameter",
    "Prediction",
    "ReLU",
    "RecurrentMasks",
    "Sequential",
    "SoftmaxCrossEntropy",
    "StandardDropout",
    "VariationalDropout",
    "VariationalRNN",
    "draw_block_mask",
    "draw_keep_mask",
    "dropblock_backward",
    "dropblock_forward",
    "dropconnect_backward",
    "dropconnect_forward",
    "dropout_backward",
    "dropout_forward",
    "gaussian_dropout_backward",
    "gaussian_dropout_forward",
    "mc_predict",
    "mc_samples",
    "multilayer_perceptron",
    "rectified_gaussian_mean",
    "spatial_dropout_backward",
    "spatial_dropout_forward",
    "standard_dropout_backward",
    "standard_dropout_forward",
    "summarise",
    "train_epoch",
    "variational_dropout_backward",
    "variational_dropout_forward",
]
