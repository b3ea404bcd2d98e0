"""How Monte Carlo dropout makes its passes: which layers draw, and many rows at a time.

A row is one pass of one case. The rows of a chunk stand sample-major along the batch axis, and
the layers before the first dropout see each case once: its dropout layer makes the copies. For as
long as the passes run, every dropout layer's ``forward`` is replaced by one that draws, and every
module is in evaluation mode; what a layer keeps of a pass, and its mode, are put back at the end.
"""

import inspect
import warnings
from contextlib import ExitStack, contextmanager, nullcontext
from numbers import Integral

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.dropout import _DropoutNd
from torch.overrides import TorchFunctionMode

from . import functional
from .dropconnect import DropConnectLinear
from .gaussian_dropout import GaussianDropout, gaussian_dropout_forward
from .inverted_dropout import Dropout
from .masks import check_floating, check_generator, draw_keep_mask, inverted_scale
from .module import DropoutModule
from .spatial_dropout import spatial_dropout_forward
from .variational_rnn import (
    RecurrentMasks,
    VariationalLSTM,
    VariationalRNN,
    _VariationalRecurrent,
)

_NUMBERS_AT_ONCE = {"cpu": 2**20, "cuda": 2**26}  # in the largest activation of a chunk

_ELEMENTWISE = (DropoutModule, GaussianDropout, _DropoutNd)  # out = a + b * input, a and b random
_ALPHA = (nn.AlphaDropout, nn.FeatureAlphaDropout)  # the ones with a != 0
_OURS_AND_TORCHS = (*_ELEMENTWISE, DropConnectLinear, _VariationalRecurrent)
_KNOWN_FORWARDS = {
    kind.forward
    for kind in (
        *(DropoutModule, GaussianDropout, DropConnectLinear, VariationalRNN, VariationalLSTM),
        *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, *_ALPHA),
    )
}
_FUNCTIONAL = {
    *(F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout),
    *(getattr(functional, name) for name in functional.__all__),
}
_BITS_OF = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
# of a module, if it has it
_KEPT = ("training", "generator", "mask", "masks", "noise", "forward", "_compiled_call_impl")


def blocks_of_passes(model, x, num_samples, consistent, batch_axis, generator, chunk_size):
    """Yields the passes in blocks: ((first pass, axis of the cases, first case), samples).

    samples are (t, ..., n, ...): t passes of n cases, which stand on that axis of an output. The
    model is as it was when the last block has been taken, or the generator was closed.
    """
    check_generator(generator)
    cases = check_cases(x, batch_axis)
    if chunk_size is not None and (not is_integer(chunk_size) or chunk_size < 1):
        raise ValueError(f"chunk_size has to be at least 1 row, but got {chunk_size!r}")
    with torch.no_grad(), _as_it_was(model, generator):
        plan = _Plan(model, x.narrow(batch_axis, 0, 1), batch_axis, consistent)
        passes = _Passes(model, plan, batch_axis, consistent, generator)
        rows, before = (chunk_size, chunk_size) if chunk_size else passes.rows_at_once(x)
        t = 1 if plan.same_for_all else min(num_samples, rows)
        n = min(cases, rows // t, before)
        blocks = [(i, j) for j in range(0, cases, n) for i in range(0, num_samples, t)]
        if consistent:  # a pass keeps its masks for all cases, so it is finished first
            blocks.sort()
        for i, j in blocks:
            if j == 0:
                passes.masks.clear()
            part = x.narrow(batch_axis, j, min(n, cases - j))
            yield (i, plan.output_axis, j), passes.run(part, min(t, num_samples - i))


def is_integer(number):
    return isinstance(number, Integral) and not isinstance(number, bool)


def check_cases(x, batch_axis):
    """How many cases there are."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x has to be a tensor, but got {type(x).__name__}")
    if not is_integer(batch_axis) or not 0 <= batch_axis < x.dim():
        raise ValueError(
            f"x has shape {tuple(x.shape)} and no axis {batch_axis!r} for the cases: "
            "a single case needs a batch axis too, x.unsqueeze(0)"
        )
    if not x.shape[batch_axis]:
        raise ValueError(f"x has shape {tuple(x.shape)}: there is no case to predict")
    return x.shape[batch_axis]


@contextmanager
def _as_it_was(model, generator):
    """Everything in evaluation mode, and afterwards as it was, whatever happens in between.

    What is compiled is run as it was written: the compiled form has its mode built in.
    """
    modules = list(model.modules())
    kept = [{name: vars(m)[name] for name in _KEPT if name in vars(m)} for m in modules]
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # it goes past the dropout layers
        for module in modules:
            module.training = False
            if "_compiled_call_impl" in vars(module):
                module._compiled_call_impl = None
            if "_orig_mod" in module._modules:
                module.forward = module._orig_mod.__call__
            if generator is not None and "generator" in vars(module):
                module.generator = generator
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, values in zip(modules, kept, strict=True):
            vars(module).pop("forward", None)
            vars(module).update(values)


# --- what there is to draw ---------------------------------------------------------------------


class _Plan:
    """What a pass of one case in evaluation mode shows of a model, and a pass of it twice.

    Attributes:
        layers: the dropout layers that take part, the first to be called first.
        unreached: dropout that stays as it is, in words.
        always_on: whether there is functional dropout that knows no evaluation mode.
        largest: numbers in the largest activation from the first dropout on.
        widest: and in the largest of all.
        axes: of each layer, on which axis of its input the cases are; None where the input has
            none, as weights that are dropped.
        same_for_all: whether there is such an input: its masks are of a whole pass.
        output_shape: of the output.
        output_axis: on which axis of it the cases are.
    """

    def __init__(self, model, case, batch_axis, consistent):
        _refuse_statistics_of_the_batch(model)
        one = _Watch(model, case)
        two = _Watch(model, torch.cat([case, case], batch_axis))
        self.layers, self.unreached, self.always_on = one.layers, one.unreached, one.always_on
        self.largest, self.widest = one.largest, one.widest
        self.axes, self.same_for_all = _axes_of_cases(one.inputs, two.inputs)
        reached = self.always_on or bool(self.layers)
        if consistent:
            reached = any(_shares_masks(layer) for layer in self.layers)
            self._note_what_shares_no_masks(model)
        self._report(type(model).__name__, reached)
        self.output_shape, twice = tuple(one.out.shape), tuple(two.out.shape)
        self.output_axis = _axis_that_grew(self.output_shape, twice)
        if self.output_axis is None:
            raise ValueError(
                f"one case gives an output of shape {self.output_shape}, and two cases {twice}: "
                "an axis has to be that of the cases, and the rows of a prediction must not "
                "depend on each other. A squeeze() that takes any axis away has to name its own"
            )

    def _note_what_shares_no_masks(self, model):
        names = {module: name for name, module in model.named_modules()}
        for layer in self.layers:
            if not _shares_masks(layer):
                self.unreached.append(
                    f"{type(layer).__name__} {names[layer]!r}, whose masks are out of reach and "
                    "not the same for all cases"
                )
        if self.always_on:
            self.unreached.append("functional dropout with a mask for each case")

    def _report(self, name, reached):
        found = "; ".join(self.unreached)
        if not reached and found:
            raise ValueError(
                f"the dropout of {name} cannot be reached: {found}. Make it a layer of its own, "
                "such as torch.nn.Dropout(p)"
            )
        if not reached:
            raise ValueError(
                f"no dropout layer takes part in a pass of {name}, so all passes would be the "
                "same: add torch.nn.Dropout(p) behind its hidden layers and train it with them"
            )
        if found:
            warnings.warn(f"{name} has dropout that is out of reach: {found}", stacklevel=5)


def _axes_of_cases(one, two):
    """``axes`` and ``same_for_all`` of a plan, from the inputs of dropout for one case and two."""
    axes, unclear, same_for_all = {}, set(), False
    if [layer for layer, _ in one] != [layer for layer, _ in two]:  # such as a call for each case
        return axes, same_for_all
    for (layer, shape), (_, larger) in zip(one, two, strict=True):
        axis = _axis_that_grew(shape, larger)
        same_for_all |= shape == larger
        if (axis is None and shape != larger) or axes.setdefault(layer, axis) != axis:
            unclear.add(layer)
    return {layer: axis for layer, axis in axes.items() if layer not in unclear}, same_for_all


def _axis_that_grew(shape, larger):
    """The one axis whose length is 1 in the first shape and 2 in the other, or None."""
    if len(shape) != len(larger):
        return None
    grown = [axis for axis, length in enumerate(shape) if length != larger[axis]]
    return grown[0] if [(shape[axis], larger[axis]) for axis in grown] == [(1, 2)] else None


class _Watch(TorchFunctionMode):
    """A pass that is looked at: every operation goes through ``__torch_function__``.

    Attributes as of :class:`_Plan`, and

        out: the output.
        inputs: (layer, shape of its input), or (function, ...), for each call of dropout.
    """

    def __init__(self, model, x):
        super().__init__()
        self.layers, self.inputs, self.unreached, self.always_on = [], [], [], False
        self.largest = self.widest = 1
        self.inside = 0  # of how many dropout layers
        layers = [module for module in model.modules() if _draws(module)]
        before = [vars(layer).get("forward") for layer in layers]
        for layer in layers:
            layer.forward = self._noticing(layer, layer.forward)
        with self:
            self.out = model(x)
        for layer, own in zip(layers, before, strict=True):
            del layer.forward
            if own is not None:
                layer.forward = own
        self._note_scripts(model)
        if not isinstance(self.out, torch.Tensor):
            raise TypeError(
                f"{type(model).__name__} returns a {type(self.out).__name__}, but one tensor is "
                "needed: wrap it in a module that returns what is to be predicted"
            )

    def _noticing(self, layer, forward):
        def noticed(*args, **kwargs):
            (input, *_), _ = _in_place(forward, args, kwargs)
            self.inputs.append((layer, tuple(input.shape)))
            if layer not in self.layers:
                self.layers.append(layer)
            self.inside += 1
            try:
                out = forward(*args, **kwargs)
            finally:
                self.inside -= 1
            self._size(out)
            if isinstance(layer, DropConnectLinear):  # it has a mask for each weight
                self.largest = max(self.largest, layer.in_features * out.numel())
                self.widest = max(self.widest, self.largest)
            return out

        return noticed

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _FUNCTIONAL and not self.inside:
            self._functional(func, inspect.signature(func).bind(*args, **kwargs))
        out = func(*args, **kwargs)
        self._size(out)
        return out

    def _functional(self, func, bound):
        bound.apply_defaults()
        p, training = bound.arguments["p"], bound.arguments["training"]
        note = f"functional {func.__name__} with p = {p:g}, which evaluation mode turned off"
        if p and training:
            self.always_on = True
            self.inputs.append((func, tuple(bound.arguments["input"].shape)))
        elif p and note not in self.unreached:
            self.unreached.append(note)

    def _note_scripts(self, model):
        for name, module in model.named_modules():
            kind = module.original_name if isinstance(module, torch.jit.ScriptModule) else ""
            if "Dropout" in kind:
                self.unreached.append(f"{kind} {name!r}, which is compiled to TorchScript")

    def _size(self, out):
        if isinstance(out, torch.Tensor):
            self.widest = max(self.widest, out.numel())
            if self.layers or self.always_on:
                self.largest = max(self.largest, out.numel())


def _refuse_statistics_of_the_batch(model):
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None:
            raise ValueError(
                f"{type(module).__name__} {name!r} keeps no running statistics and takes those of "
                "the batch, so that a prediction would depend on what else is computed: set "
                "track_running_stats=True and train it so"
            )


def _draws(module):
    """Whether it is a dropout layer, or a layer of torch.nn with dropout inside."""
    if isinstance(module, nn.RNNBase) and not isinstance(module, _VariationalRecurrent):
        return module.dropout > 0 and module.num_layers > 1
    if isinstance(module, nn.MultiheadAttention):
        return module.dropout > 0
    return isinstance(module, _OURS_AND_TORCHS)


def _shares_masks(layer):
    """Whether its masks can be had; with a ``forward`` of its own it may do anything."""
    forward = getattr(layer.forward, "__func__", layer.forward)
    return isinstance(layer, _OURS_AND_TORCHS) and forward in _KNOWN_FORWARDS


def _in_place(forward, args, kwargs):
    """Where all arguments are given by name: those that have a place, in their places."""
    if args:
        return args, kwargs
    bound = inspect.signature(forward).bind(**kwargs)
    return bound.args, bound.kwargs


# --- drawing -----------------------------------------------------------------------------------


class _Passes:
    """A model whose dropout layers draw, for t passes of n cases at a time."""

    def __init__(self, model, plan, axis, consistent, generator):
        self.model, self.plan, self.axis, self.generator = model, plan, axis, generator
        self.masks = []  # of consistent passes, one entry for each call of a layer
        first = plan.layers[0] if plan.layers else None
        # where the first layer draws for single rows, it also makes the rows
        self.copies_late = (
            isinstance(first, (*_ELEMENTWISE, DropConnectLinear))
            and not plan.always_on
            and not plan.same_for_all
        )
        for layer in filter(_draws, model.modules()):  # other cases may take another branch
            shared = consistent and _shares_masks(layer)
            layer.forward = self._drawing(layer, layer.forward, shared)

    def rows_at_once(self, x):
        """How many rows from the first dropout on, and how many cases before it."""
        numbers = _NUMBERS_AT_ONCE.get(x.device.type, 2**24)
        rows, cases = (max(1, numbers // size) for size in (self.plan.largest, self.plan.widest))
        if cases < rows and self.copies_late:
            with self._without_a_trace():  # are rows really made at the first dropout only?
                self.run(x.narrow(self.axis, 0, min(2, x.shape[self.axis])), 2)
        return (rows if self.copies_late else cases), cases

    @contextmanager
    def _without_a_trace(self):
        generators = [getattr(layer, "generator", None) for layer in self.plan.layers]
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng())
            for generator in {self.generator, *generators} - {None}:
                stack.enter_context(_replayed(generator))
            yield

    def run(self, part, t):
        """t passes of the cases in ``part``: (t, ..., n, ...), the cases on the output's axis."""
        self.t, self.n = t, part.shape[self.axis]
        known = len(self.masks)
        if self.copies_late:
            try:
                out = self._pass(part, copied=t == 1)
                if self._fits(out):
                    return self._by_pass(out)
            except Exception:
                pass  # what comes before the first dropout is needed after it, in other shapes
            del self.masks[known:]
            self.copies_late = False
        out = self._pass(self._copies(part, self.axis), copied=True)
        if not self._fits(out):
            raise ValueError(
                f"{t} x {self.n} rows gave an output of shape {tuple(out.shape)}, but one case "
                f"gives {self.plan.output_shape}: the rows of a prediction must not depend on "
                f"each other, and the cases have to be on axis {self.axis} of x"
            )
        return self._by_pass(out)

    def _pass(self, x, copied):
        self.calls, self.copied = 0, copied
        return self.model(x)

    def _copies(self, x, axis):
        repeats = [1] * x.dim()
        repeats[axis] = self.t
        return x.repeat(repeats)

    def _fits(self, out):
        shape = list(self.plan.output_shape)
        shape[self.plan.output_axis] = self.t * self.n
        return list(out.shape) == shape

    def _by_pass(self, out):
        axis = self.plan.output_axis
        return out.unflatten(axis, (self.t, self.n)).movedim(axis, 0)

    def _drawing(self, layer, original, shared):
        """What stands in for the layer's forward."""

        def forward(*args, **kwargs):
            (input, *args), kwargs = _in_place(original, args, kwargs)
            if not self.copied or shared:
                axis = self._axis_of(layer, input)
            if not self.copied:
                input = self._copies(input, axis)
                self.copied = True
            if not shared:
                return self._draw(layer, original, input, *args, **kwargs)
            if self.calls == len(self.masks):
                self.masks.append(self._masks(layer, original, input, axis))
            mask = self.masks[self.calls]
            self.calls += 1
            if isinstance(layer, DropConnectLinear):
                return self._thinned(layer, input, mask, axis)
            if isinstance(layer, _VariationalRecurrent):
                masks = RecurrentMasks(*(m.repeat_interleave(self.n, dim=-2) for m in mask))
                return self._in_training(layer, original, input, *args, masks=masks, **kwargs)
            if axis is None:
                return torch.where(mask[1] == 0, mask[0], mask[0] + mask[1] * input)
            a, b = (part.unsqueeze(axis + 1) for part in mask)
            x = input.unflatten(axis, (self.t, self.n))
            # a choice and not only a product: what is dropped may be infinite
            return torch.where(b == 0, a, a + b * x).flatten(axis, axis + 1)

        return forward

    def _axis_of(self, layer, input):
        """On which axis of a layer's input the cases are; None where it is the same for all."""
        rows = self.t * self.n if self.copied else self.n
        if layer in self.plan.axes:
            axis = self.plan.axes[layer]
            if axis is None and isinstance(layer, _ELEMENTWISE):
                return None
            if axis is not None and axis < input.dim() and input.shape[axis] == rows:
                return axis
        raise ValueError(
            f"{type(layer).__name__} sees an input of shape {tuple(input.shape)}, and no single "
            f"axis of it has the {rows} rows: for masks that the cases share they have to be found"
        )

    def _draw(self, layer, original, x, *args, **kwargs):
        """The layer's output in training mode, with masks of its own for each row."""
        forward = getattr(original, "__func__", original)
        plain = type(layer) is Dropout and forward is Dropout.forward
        if plain or forward is nn.Dropout.forward:
            generator = self.generator or getattr(layer, "generator", None)
            return dropped(x, layer.p, generator)
        if forward is DropoutModule.forward:
            generator = self.generator or layer.generator
            return layer._forward(x, layer.p, True, generator, mask=None, inplace=False)[0]
        if forward is GaussianDropout.forward:
            return gaussian_dropout_forward(x, layer.p, True, self.generator or layer.generator)[0]
        for dims, kind in enumerate((nn.Dropout1d, nn.Dropout2d, nn.Dropout3d), 1):
            if forward is kind.forward:
                return spatial_dropout_forward(x, layer.p, True, self.generator, spatial_dims=dims)[
                    0
                ]
        return self._in_training(layer, original, x, *args, **kwargs)

    def _in_training(self, layer, original, *args, **kwargs):
        own_source = self.generator is None or "generator" in vars(layer)
        layer.training = True
        try:
            with nullcontext() if own_source else self._global_generator():
                return original(*args, **kwargs)
        finally:
            layer.training = False

    @contextmanager
    def _global_generator(self):
        """PyTorch's global generator seeded by ours, and afterwards as it was."""
        seed = torch.randint(2**62, (), generator=self.generator, device=self.generator.device)
        with torch.random.fork_rng():
            torch.manual_seed(seed.item())
            yield

    def _masks(self, layer, original, x, axis):
        """What t passes draw in a layer, without the cases, which share it."""
        if axis is not None:
            x = x.unflatten(axis, (self.t, self.n)).select(axis + 1, 0)  # (..., t, ...)
        if isinstance(layer, DropConnectLinear):
            shape = (*x.shape[:-1], *layer.weight.shape)
            return draw_keep_mask(shape, layer.p, layer.generator, x.device)
        if isinstance(layer, _VariationalRecurrent):
            self._in_training(layer, original, x)
            return layer.masks
        a = torch.zeros_like(x)
        if isinstance(layer, _ALPHA):
            with torch.random.fork_rng() if self.generator is None else _replayed(self.generator):
                a = self._draw(layer, original, a)
        # the same draws again, from the same state of the generator
        return a, self._draw(layer, original, torch.ones_like(x)) - a

    def _thinned(self, layer, x, mask, axis):
        """DropConnect whose weights (..., t, ..., O, I) are thinned alike for the cases."""
        weight = layer.weight.where(mask, 0) * inverted_scale(layer.p)
        x = x.unflatten(axis, (self.t, self.n)).movedim(axis + 1, -2)  # (..., t, ..., n, I)
        out = (x @ weight.transpose(-1, -2)).movedim(-2, axis + 1).flatten(axis, axis + 1)
        return out if layer.bias is None else out + layer.bias


def dropped(x, p, generator=None):
    """Inverted dropout without gradients, in a third of the time of the form that has them.

    A unit takes 8 random bits where p is a multiple of 2**-8, or else 32; the bits of a number
    are multiplied by 0 or 1, and so infinite ones can be dropped too.

    >>> x = torch.tensor([1.0, torch.inf, torch.nan, 2.0])
    >>> dropped(x, 0.5, torch.Generator().manual_seed(4)), dropped(x, 1.0)
    (tensor([0., inf, 0., 0.]), tensor([0., 0., 0., 0.]))
    """
    check_floating(x)
    if p in (0, 1):
        return x.clone() if p == 0 else torch.zeros_like(x)
    if p * 2**8 % 1:
        keep = draw_keep_mask(x.shape, p, generator, x.device)
    else:
        words = torch.randint(
            *(-(2**63), 2**63 - 1, ((x.numel() + 7) // 8,)), generator=generator, device=x.device
        )
        keep = words.view(torch.int8)[: x.numel()].view(x.shape) >= int(p * 2**8) - 2**7
    bits = x.contiguous().view(_BITS_OF[x.element_size()]) * keep.view(torch.uint8)
    return bits.view(x.dtype).mul_(inverted_scale(p))


@contextmanager
def _replayed(generator):
    """Afterwards the generator will draw the same again."""
    state = generator.get_state()
    try:
        yield
    finally:
        generator.set_state(state)
