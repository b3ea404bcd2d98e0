"""Dropout in PyTorch: the variants of ``dropout_lib.scratch`` again, as modules."""

from . import functional, models
from .dropblock import DropBlock2d, draw_block_mask, dropblock_backward, dropblock_forward
from .dropconnect import (
    DropConnectLinear,
    dropconnect_backward,
    dropconnect_forward,
    rectified_gaussian_mean,
)
from .ensembles import ensemble_samples
from .gaussian_dropout import (
    GaussianDropout,
    gaussian_dropout_backward,
    gaussian_dropout_forward,
)
from .inverted_dropout import Dropout, dropout_backward, dropout_forward
from .masks import draw_keep_mask
from .mc_dropout import Prediction, mc_predict, mc_samples, summarise
from .models import (
    CNNWithSpatialDropout,
    MCDropoutModel,
    MLPWithDropout,
    ModelWithDropout,
    ModelWithoutDropout,
    train_model,
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
from .variational_rnn import RecurrentMasks, VariationalLSTM, VariationalRNN

__all__ = [
    "CNNWithSpatialDropout",
    "DropBlock2d",
    "DropConnectLinear",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "GaussianDropout",
    "MCDropoutModel",
    "MLPWithDropout",
    "ModelWithDropout",
    "ModelWithoutDropout",
    "Prediction",
    "RecurrentMasks",
    "StandardDropout",
    "VariationalDropout",
    "VariationalLSTM",
    "VariationalRNN",
    "draw_block_mask",
    "draw_keep_mask",
    "dropblock_backward",
    "dropblock_forward",
    "dropconnect_backward",
    "dropconnect_forward",
    "dropout_backward",
    "dropout_forward",
    "ensemble_samples",
    "functional",
    "gaussian_dropout_backward",
    "gaussian_dropout_forward",
    "mc_predict",
    "mc_samples",
    "models",
    "rectified_gaussian_mean",
    "spatial_dropout_backward",
    "spatial_dropout_forward",
    "standard_dropout_backward",
    "standard_dropout_forward",
    "summarise",
    "train_model",
    "variational_dropout_backward",
    "variational_dropout_forward",
]
