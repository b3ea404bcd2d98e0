"""Dropout in PyTorch: the variants of ``dropout_lib.scratch`` again, as modules."""

from . import functional, models
from .inverted_dropout import Dropout, dropout_backward, dropout_forward
from .masks import draw_keep_mask
from .models import CNNWithSpatialDropout, MLPWithDropout
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

__all__ = [
    "CNNWithSpatialDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "MLPWithDropout",
    "StandardDropout",
    "VariationalDropout",
    "draw_keep_mask",
    "dropout_backward",
    "dropout_forward",
    "functional",
    "models",
    "spatial_dropout_backward",
    "spatial_dropout_forward",
    "standard_dropout_backward",
    "standard_dropout_forward",
    "variational_dropout_backward",
    "variational_dropout_forward",
]
