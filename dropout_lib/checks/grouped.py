"""Properties of dropout that drops groups of units: feature maps, or a unit at every time step.

The units of a group share one draw. Which axes a group reaches along, the subject says; for the
rest each property is the one of single units again, with groups in their place. Tolerances as in
:mod:`.elementwise`: six standard deviations.
"""

import math
from dataclasses import dataclass

import numpy as np

from .core import Diagnosis, Subject, scratch_subject, torch_subject


@dataclass(frozen=True)
class GroupedSubject(Subject):
    """A dropout whose units share draws.

    Args:
        shape: of the inputs it is tried on.
        axes: what the axes are called, in order.
        shared: the axes along which a group reaches.
        group: what a group is called.
    """

    shape: tuple = ()
    axes: tuple = ()
    shared: tuple = ()
    group: str = ""

    @property
    def groups(self):
        return math.prod(n for axis, n in enumerate(self.shape) if axis not in self.shared)


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


def _dropped(subject, p=0.5, seed=0):
    out = np.asarray(subject.make(p, seed).forward(_spread_out(subject)))
    return out == 0


def _of_groups(subject, values):
    """One value per group: the first along the shared axes."""
    return values[
        tuple(0 if axis in subject.shared else slice(None) for axis in range(values.ndim))
    ]


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


def drop_rate_of_groups_is_p(subject):
    rates = {
        p: float(_of_groups(subject, _dropped(subject, p, seed=1)).mean()) for p in (0.1, 0.4, 0.8)
    }

    def matches(expected):
        return all(
            abs(rate - expected(p)) <= 6 * math.sqrt(p * (1 - p) / subject.groups)
            for p, rate in rates.items()
        )

    if matches(lambda p: p):
        return None
    if matches(lambda p: 1 - p):
        return Diagnosis(
            "keep-and-drop-swapped",
            f"keep and drop are swapped: p = 0.1 drops {rates[0.1]:.0%} of the {subject.group}s",
            "is p used as the keep probability?",
        )
    seen = ", ".join(f"{rate:.2f} at p = {p}" for p, rate in rates.items())
    return Diagnosis(
        "drop-rate-off",
        f"the share of {subject.group}s dropped is {seen}",
        f"each {subject.group} is dropped with probability p",
    )


def every_pass_draws_anew(subject):
    layer = subject.make(0.5, 2)
    first, second = (np.asarray(layer.forward(_spread_out(subject))) for _ in range(2))
    if (first == second).all():
        return Diagnosis(
            "mask-never-redrawn",
            f"two passes drop the same {subject.group}s",
            "the mask is constant within a pass, not from one pass to the next",
        )
    return None


def what_is_kept_has_the_right_scale(subject):
    x, p = _spread_out(subject), 0.75
    out = np.asarray(subject.make(p, 3).forward(x))
    factor = out[out != 0] / x[out != 0]
    expected = subject.training_scale(p)
    if np.allclose(factor, expected, rtol=1e-5):
        return None
    if np.allclose(factor, 1, rtol=1e-5):
        return Diagnosis(
            "scale-forgotten",
            f"at p = {p} what is kept comes through unscaled",
            f"multiply it by 1 / (1 - p) = {expected:g}, as with single units",
        )
    return Diagnosis(
        "scale-off",
        f"at p = {p} what is kept is multiplied by {factor.min():.4g} to {factor.max():.4g}, "
        f"not by {expected:g}",
        f"the scale is 1 / (1 - p), however many {subject.group}s happen to stay",
    )


def evaluation_changes_nothing(subject):
    x, layer = _spread_out(subject), subject.make(0.5, 4)
    layer.forward(x)
    layer.eval()
    out = np.asarray(layer.forward(x))
    if (out == 0).any():
        return Diagnosis(
            "active-in-evaluation",
            f"in evaluation mode {(out == 0).mean():.0%} of the units are dropped",
            "look at `training` first: in evaluation mode there is no mask",
        )
    if not np.allclose(out, x * subject.evaluation_scale(0.5), rtol=1e-5):
        return Diagnosis(
            "scaled-in-evaluation",
            f"in evaluation mode everything is multiplied by {float((out / x).mean()):.3g}",
            "training has scaled already: evaluation returns x",
        )
    return None


def dropped_means_zero_at_every_extreme(subject):
    with np.errstate(all="ignore"):
        nothing = np.asarray(subject.make(1.0, 5).forward(_spread_out(subject)))
        x = np.full(subject.shape, np.inf, dtype=np.float32)
        out = np.asarray(subject.make(0.5, 5).forward(x))
    if not (nothing == 0).all():
        return Diagnosis(
            "nan-at-p-one",
            f"at p = 1 the output holds {nothing[nothing != 0].flat[0]}",
            "1 / (1 - p) is a division by zero there: nothing is kept, so nothing needs scaling",
        )
    zeros = float((out == 0).mean())
    if abs(zeros - 0.5) > 6 * 0.5 / math.sqrt(subject.groups):
        return Diagnosis(
            "non-finite-leaks",
            f"where x is infinite, {zeros:.0%} of the outputs are 0, not 50%",
            "0 * inf is NaN: set what is dropped to zero instead of multiplying it by it",
        )
    return None


def backward_uses_the_mask_of_forward(subject):
    p = 0.75
    layer = subject.make(p, 6)
    kept = np.asarray(layer.forward(_spread_out(subject))) != 0
    grad = np.asarray(layer.backward(np.ones(subject.shape, dtype=np.float32)))
    scale = subject.training_scale(p)
    if grad.shape == kept.shape and np.allclose(grad, scale * kept, rtol=1e-5):
        return None
    if grad.shape != kept.shape:
        return Diagnosis(
            "gradient-summed-over-the-group",
            f"the gradient has shape {grad.shape}, x has {kept.shape}",
            "units share a mask, not a gradient: each gets its own, multiplied by the shared mask",
        )
    if (grad != 0).all():
        return Diagnosis(
            "backward-without-mask",
            f"{subject.group}s that forward dropped receive a gradient",
            "multiply the gradient by forward's mask",
        )
    if ((grad != 0) == kept).all():
        return Diagnosis(
            "backward-scaled-wrong",
            f"the gradient of what is kept is multiplied by {grad.max():.4g}, not by {scale:g}",
            "what forward multiplied by, backward multiplies by",
        )
    return Diagnosis(
        "backward-with-another-mask",
        f"{((grad != 0) != kept).mean():.0%} of the units are dropped in one direction only",
        "keep the mask that forward drew, with its shape: backward draws nothing",
    )


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


GROUPED = (
    output_is_an_array_like_x,
    a_group_is_dropped_as_a_whole,
    every_group_has_its_own_draw,
    drop_rate_of_groups_is_p,
    every_pass_draws_anew,
    what_is_kept_has_the_right_scale,
    evaluation_changes_nothing,
    dropped_means_zero_at_every_extreme,
    backward_uses_the_mask_of_forward,
    the_mask_has_one_entry_per_group,
)
