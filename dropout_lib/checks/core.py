"""What a check is, what it examines, and the report it gives.

A check looks at a :class:`Subject` and returns None, or a :class:`Diagnosis` in plain words. It
knows an implementation only through the layer interface of the book: ``forward(x)``,
``backward(grad_output)``, ``train()``, ``eval()``, ``mask``; NumPy arrays go in and come out.
The adapters below give PyTorch modules and pairs of functions that same face.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong (``message``, with what was seen), and what to look at (``hint``).

    ``right`` names the properties that were found in order before.
    """

    code: str
    message: str
    hint: str
    right: tuple = ()

    def __str__(self):
        return f"{wrapped(self.message)}\n{wrapped(f'Hint: {self.hint}')}"


def wrapped(text):
    """The text in lines that a page shows without scrolling, all but the first indented."""
    lines = textwrap.wrap(text, 74, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines)


@dataclass(frozen=True)
class Subject:
    """An implementation under examination.

    Args:
        name: how the report calls it.
        make: ``make(p, seed)`` returns a fresh layer with drop probability p.
        scaling: "inverted" (scales in training) or "standard" (scales in evaluation).
    """

    name: str
    make: Callable
    scaling: str = "inverted"

    def training_scale(self, p):
        """The factor on what is kept in training."""
        return 1.0 if self.scaling == "standard" or p == 1 else 1 / (1 - p)

    def evaluation_scale(self, p):
        return 1 - p if self.scaling == "standard" else 1.0


class Report:
    """The outcome of every check, in order; prints as a list with the diagnoses."""

    def __init__(self, name, outcomes):
        self.name = name
        self.outcomes = outcomes  # [(name of the check, Diagnosis or None)]

    @property
    def passed(self):
        return self.first is None

    @property
    def first(self):
        """The first diagnosis, or None: checks are ordered so that it is the one to mend first."""
        return next((diagnosis for _, diagnosis in self.outcomes if diagnosis), None)

    def __str__(self):
        lines = [f"{self.name}: " + ("all checks pass" if self.passed else "not yet right")]
        for name, diagnosis in self.outcomes:
            lines.append(f"✗ {name}\n{diagnosis}" if diagnosis else f"✓ {name}")
        return "\n".join(lines)

    __repr__ = __str__


def examine(subject, checks, *, stop_at_first=False):
    """Run the checks over the subject; an exception that a check did not expect is a diagnosis.

    >>> from dropout_lib.checks import ELEMENTWISE, scratch_subject
    >>> from dropout_lib.scratch import Dropout
    >>> examine(scratch_subject(Dropout), ELEMENTWISE).passed
    True
    """
    outcomes = []
    for check in checks:
        try:
            diagnosis = check(subject)
        except Exception as error:  # whatever a reader's code raises becomes a diagnosis
            diagnosis = Diagnosis(
                "raises",
                f"it raised {type(error).__name__}: {error}",
                "run it on a small array yourself and read the last line of the traceback",
            )
        outcomes.append((property_name(check), diagnosis))
        if diagnosis and stop_at_first:
            break
    return Report(subject.name, outcomes)


def property_name(check):
    """The property that a check is named after: ``drop_rate_is_p`` -> "drop rate is p"."""
    return check.__name__.replace("_", " ")


def scratch_subject(layer_class, scaling="inverted"):
    """A layer class with the interface of ``dropout_lib.scratch``."""

    def make(p, seed):
        return layer_class(p, rng=np.random.default_rng(seed))

    return Subject(f"scratch.{layer_class.__name__}", make, scaling)


def function_subject(forward, backward=None, scaling="inverted", name=None):
    """A pair ``forward(x, p, training, rng) -> (out, mask)``, ``backward(grad, mask, p)``."""

    def make(p, seed):
        return _FunctionLayer(forward, backward, p, np.random.default_rng(seed))

    return Subject(name or forward.__name__, make, scaling)


class _FunctionLayer:
    training = True

    def __init__(self, forward, backward, p, rng):
        self._forward, self._backward, self.p, self.rng = forward, backward, p, rng

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        answer = self._forward(x, self.p, self.training, self.rng)
        out, self.mask = answer if isinstance(answer, tuple) else (answer, None)
        return out

    def backward(self, grad_output):
        return self._backward(grad_output, self.mask, self.p)


def torch_subject(module_class, scaling="inverted"):
    """A module with the interface of ``dropout_lib.pytorch``; its backward is autograd."""

    def make(p, seed):
        import torch

        return _TorchLayer(module_class(p, generator=torch.Generator().manual_seed(seed)))

    return Subject(f"pytorch.{module_class.__name__}", make, scaling)


class _TorchLayer:
    def __init__(self, module):
        import torch

        self._torch, self.module, self._out = torch, module, None

    def train(self):
        self.module.train()

    def eval(self):
        self.module.eval()

    @property
    def mask(self):
        return None if self.module.mask is None else self.module.mask.numpy()

    def forward(self, x, mask=None):
        self._x = self._torch.tensor(x)
        if self._x.is_floating_point():
            self._x.requires_grad_()
        if mask is None:
            self._out = self.module(self._x)
        else:
            self._out = self.module(self._x, mask=self._torch.tensor(mask))
        return self._out.detach().numpy().copy()

    def backward(self, grad_output):
        if self._out is None:
            raise RuntimeError("backward was called before forward")
        (grad,) = self._torch.autograd.grad(
            self._out, self._x, self._torch.tensor(grad_output), retain_graph=True
        )
        return grad.numpy()
