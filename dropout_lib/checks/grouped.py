"""Properties of dropout that drops groups of units: feature maps, or a unit at every time step.

The units of a group share one draw, along the axes that the subject names. Apart from that, each
property is one of single units with groups in their place, and is checked as such.
"""

import functools
from dataclasses import dataclass

import numpy as np

from .core import Diagnosis, Subject, scratch_subject, torch_subject
from .elementwise import ELEMENTWISE


@dataclass(frozen=True)
class GroupedSubject(Subject):
    """A dropout whose units share draws.

    Args:
        shape: of the inputs it is tried on.
        axes: what the axes are called, in order.
        shared: the axes along which a group reaches.
        group: what a group is called.
        size: units that a group has along each of these axes where it stands for a single unit.
    """

    shape: tuple = ()
    axes: tuple = ()
    shared: tuple = ()
    group: str = ""
    size: int = 2


SPATIAL = {
    "shape": (60, 50, 6, 5),
    "axes": ("cases", "channels", "rows", "columns"),
    "shared": (2, 3),
    "group": "feature map",
}
SEQUENCE = {
    "shape": (7, 60, 50),
    "axes": ("time steps", "cases", "units"),
    "shared": (0,),
    "group": "unit",
}


def spatial_subject(layer_class, scaling="inverted"):
    """``Dropout2d`` from scratch, or a class with its interface."""
    return _grouped(scratch_subject(layer_class, scaling), SPATIAL)


def spatial_torch_subject(module_class):
    return _grouped(torch_subject(module_class), SPATIAL)


def sequence_subject(layer_class, scaling="inverted"):
    """``VariationalDropout`` from scratch, or a class with its interface, on (T, N, F)."""
    return _grouped(scratch_subject(layer_class, scaling), SEQUENCE)


def sequence_torch_subject(module_class):
    return _grouped(torch_subject(module_class), SEQUENCE)


def _grouped(subject, kind):
    return GroupedSubject(subject.name, subject.make, subject.scaling, **kind)


def _spread_out(subject):
    """Activations between 1 and 2: none is 0, so that a 0 in the output was dropped."""
    return np.random.default_rng(0).uniform(1, 2, subject.shape).astype(np.float32)


def _dropped(subject):
    out = np.asarray(subject.make(0.5, 0).forward(_spread_out(subject)))
    return out == 0


def _same_along(values, axis):
    return bool((values == values.take([0], axis)).all())


def output_is_an_array_like_x(subject):
    x = _spread_out(subject)
    out = subject.make(0.5, 0).forward(x)
    if out is None:
        return Diagnosis("returns-nothing", "it returned None", "is there a `return` at the end?")
    out = np.asarray(out)
    if out.shape != x.shape or out.dtype != x.dtype:
        return Diagnosis(
            "not-like-the-input",
            f"{x.dtype} of shape {x.shape} went in, {out.dtype} of shape {out.shape} came out",
            "the mask has 1 along the shared axes and is broadcast; give it the dtype of x",
        )
    return None


def a_group_is_dropped_as_a_whole(subject):
    dropped = _dropped(subject)
    apart = [axis for axis in subject.shared if not _same_along(dropped, axis)]
    if not apart:
        return None
    names = " and ".join(subject.axes[axis] for axis in apart)
    others = [axis for axis in range(dropped.ndim) if axis not in subject.shared]
    together = [subject.axes[axis] for axis in others if _same_along(dropped, axis)]
    if together:
        return Diagnosis(
            "shared-along-the-wrong-axis",
            f"{' and '.join(together)} share their draws, {names} do not",
            f"the mask needs its 1 where the {names} are: look at the order of the axes",
        )
    return Diagnosis(
        "single-units-dropped",
        f"within one {subject.group}, {names} are dropped one by one",
        f"draw one number per {subject.group}: the mask has 1 for {names}",
    )


def every_group_has_its_own_draw(subject):
    dropped = _dropped(subject)
    if dropped.all() or not dropped.any():
        return None  # the drop rate will tell
    for axis in range(dropped.ndim):
        if axis in subject.shared or not _same_along(dropped, axis):
            continue
        if subject.axes[axis] == "cases":
            return Diagnosis(
                "one-mask-for-the-batch",
                f"all cases of a batch have the same {subject.group}s dropped",
                "the mask has one row per case",
            )
        return Diagnosis(
            "whole-cases-dropped",
            f"a case loses all its {subject.axes[axis]}, or none",
            f"draw one number per case and {subject.group}, not one per case",
        )
    return None


def every_unit_gets_its_own_gradient(subject):
    layer = subject.make(0.5, 6)
    kept = np.asarray(layer.forward(_spread_out(subject))) != 0
    grad_output = _spread_out(subject)
    grad = np.asarray(layer.backward(grad_output))
    if grad.shape != kept.shape:
        return Diagnosis(
            "gradient-summed-over-the-group",
            f"the gradient has shape {grad.shape}, x has {kept.shape}",
            "units share a mask, not a gradient: each gets its own, multiplied by the shared mask",
        )
    factor = (grad / grad_output)[kept & (grad != 0)]  # another mask is another mistake
    if factor.size and np.ptp(factor) > 1e-5:
        return Diagnosis(
            "gradient-not-its-own",
            "units of one group get each other's gradients, or their mean",
            "multiply the gradient by the mask, entry by entry",
        )
    return None


def the_mask_has_one_entry_per_group(subject):
    """The mask can be seen, and has 1 along the shared axes."""
    layer = subject.make(0.5, 7)
    dropped = np.asarray(layer.forward(_spread_out(subject))) == 0
    mask = np.asarray(getattr(layer, "mask", None))
    small = tuple(1 if axis in subject.shared else n for axis, n in enumerate(subject.shape))
    if mask.shape != small or (np.broadcast_to(mask == 0, dropped.shape) != dropped).any():
        return Diagnosis(
            "mask-not-shown",
            f"`mask` has shape {mask.shape} and not {small}, or is not the mask that was used",
            "keep the small mask and let NumPy broadcast it: it says what was drawn",
        )
    return None


OF_GROUPS = (
    output_is_an_array_like_x,
    a_group_is_dropped_as_a_whole,
    every_group_has_its_own_draw,
    every_unit_gets_its_own_gradient,
    the_mask_has_one_entry_per_group,
)


class _PerGroup:
    """A layer for groups, seen as one for single units: a unit (N, U) stands for a whole group.

    Arrays of other shapes are taken for (N, rest), with their shape restored afterwards.
    """

    def __init__(self, layer, shared, size):
        self.layer, self.shared, self.size = layer, shared, size

    def train(self):
        self.layer.train()

    def eval(self):
        self.layer.eval()

    @property
    def mask(self):
        mask = getattr(self.layer, "mask", None)
        return None if mask is None else self._per_group(np.asarray(mask)).reshape(self.shape)

    def forward(self, x, mask=None):
        self.shape = x.shape
        groups = self._groups(x)
        before = groups.copy()
        more = {} if mask is None else {"mask": self._groups(mask, size=1)}
        out = self.layer.forward(groups, **more)
        if not np.array_equal(groups, before, equal_nan=groups.dtype.kind == "f"):
            x[...] = self._per_group(groups).reshape(x.shape)  # it wrote into its input
        return self._back(out)

    def backward(self, grad_output):
        return self._back(self.layer.backward(self._groups(grad_output)))

    def _groups(self, values, size=None):
        """(N, U) with the shared axes put in, ``size`` units to a group along each."""
        size = size or self.size
        values = values.reshape(len(values) if values.ndim > 1 else 1, -1)
        for axis in self.shared:
            values = np.expand_dims(values, axis)
        shape = [size if axis in self.shared else n for axis, n in enumerate(values.shape)]
        return np.ascontiguousarray(np.broadcast_to(values, shape))

    def _per_group(self, values):
        axes = range(values.ndim)
        return values[tuple(0 if axis in self.shared else slice(None) for axis in axes)]

    def _back(self, out):
        return None if out is None else self._per_group(np.asarray(out)).reshape(self.shape)


def per_group(subject):
    """The subject as one that drops single units, for the checks of :mod:`.elementwise`."""

    def make(p, seed):
        return _PerGroup(subject.make(p, seed), subject.shared, subject.size)

    return Subject(subject.name, make, subject.scaling)


def as_groups(check):
    """A property of single units, with groups in their place."""

    @functools.wraps(check)
    def of_groups(subject):
        return check(per_group(subject))

    return of_groups


# the first few fail in a way that says more if groups are looked at as groups
GROUPED = OF_GROUPS + tuple(as_groups(check) for check in ELEMENTWISE)
