"""Properties that a correct dropout has, each with a diagnosis for who lacks it.

The tests of the library run them over every variant, the exercises over what a reader wrote,
and the mutants (wrong dropouts that people really write) prove that they catch what they should.

:mod:`.monte_carlo`, whose subjects are functions for PyTorch models, is imported by its own name.
"""

from .core import (
    Diagnosis,
    Report,
    Subject,
    examine,
    function_subject,
    property_name,
    scratch_subject,
    torch_subject,
)
from .dropblock import DROPBLOCK, dropblock_subject, dropblock_torch_subject
from .dropconnect import (
    DROPCONNECT,
    scratch_dropconnect_subject,
    torch_dropconnect_subject,
)
from .elementwise import BACKWARD, EDGES, ELEMENTWISE, EVALUATION, FORWARD, LAYER
from .grouped import (
    GROUPED,
    sequence_subject,
    sequence_torch_subject,
    spatial_subject,
    spatial_torch_subject,
)
from .recurrent import RECURRENT, recurrent_subject, recurrent_torch_subject

__all__ = [
    "BACKWARD",
    "DROPBLOCK",
    "DROPCONNECT",
    "EDGES",
    "ELEMENTWISE",
    "EVALUATION",
    "FORWARD",
    "GROUPED",
    "LAYER",
    "RECURRENT",
    "Diagnosis",
    "Report",
    "Subject",
    "dropblock_subject",
    "dropblock_torch_subject",
    "examine",
    "function_subject",
    "property_name",
    "recurrent_subject",
    "recurrent_torch_subject",
    "scratch_dropconnect_subject",
    "scratch_subject",
    "sequence_subject",
    "sequence_torch_subject",
    "spatial_subject",
    "spatial_torch_subject",
    "torch_dropconnect_subject",
    "torch_subject",
]
