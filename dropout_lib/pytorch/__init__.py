"""Dropout in PyTorch: the rooms of ``dropout_lib.scratch`` again, as modules."""

from . import functional, models
from .functional import (
    dropout_backward,
    dropout_forward,
    standard_dropout_backward,
    standard_dropout_forward,
)
from .inverted_dropout import Dropout
from .models import MLPWithDropout
from .standard_dropout import StandardDropout

__all__ = [
    "Dropout",
    "MLPWithDropout",
    "StandardDropout",
    "dropout_backward",
    "dropout_forward",
    "functional",
    "models",
    "standard_dropout_backward",
    "standard_dropout_forward",
]
