"""How Monte Carlo dropout makes its passes: which layers draw, and many rows at a time.

A row is one pass of one case. The rows of a chunk stand sample-major along the batch axis, and
the layers before the first dropout see each case once: its dropout layer makes the copies. For as
long as the passes run, every dropout layer's ``forward`` is replaced by one that draws, and every
module is in evaluation mode; what a layer keeps of a pass, and its mode, are put back at the end.
"""

import inspect
import warnings
from contextlib import contextmanager, nullcontext
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
from .variational_rnn import RecurrentMasks, _VariationalRecurrent

_NUMBERS_AT_ONCE = {"cpu": 2**20, "cuda": 2**26}  # in the largest activation of a chunk

_ELEMENTWISE = (DropoutModule, GaussianDropout, _DropoutNd)  # out = a + b * input, a and b random
_ALPHA = (nn.AlphaDropout, nn.FeatureAlphaDropout)  # the ones with a != 0
_SHARE_MASKS = (*_ELEMENTWISE, DropConnectLinear, _VariationalRecurrent)
_FUNCTIONAL = {
    *(F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout),
    *(getattr(functional, name) for name in functional.__all__),
}
_BITS_OF = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
_KEPT = ("training", "generator", "mask", "masks", "noise", "forward")  # of a module, if it has it


def blocks_of_passes(model, x, num_samples, consistent, batch_axis, generator, chunk_size):
    """Yields the passes in blocks: ((first pass, axis of the cases, first case), samples).

    samples are (t, ..., n, ...): t passes of n cases, which stand on that axis of an output. The
    model is as it was when the last block has been taken, or the generator was closed.
    """
    check_generator(generator)
    cases = check_cases(x, batch_axis)
    if chunk_size is not None and (not isinstance(chunk_size, Integral) or chunk_size < 1):
        raise ValueError(f"chunk_size has to be at least 1 row, but got {chunk_size!r}")
    model = getattr(model, "_orig_mod", model)  # not the compiled one: it has its mode built in
    with torch.no_grad(), _as_it_was(model, generator):
        plan = _Plan(model, x.narrow(batch_axis, 0, 1), batch_axis, consistent)
        rows = chunk_size or plan.rows_at_once(x.device.type)
        t = min(num_samples, rows)
        n = min(cases, rows // t)
        blocks = [(i, j) for j in range(0, cases, n) for i in range(0, num_samples, t)]
        if consistent:  # a pass keeps its masks for all cases, so it is finished first
            blocks.sort()
        passes = _Passes(model, plan, batch_axis, consistent, generator)
        for i, j in blocks:
            if j == 0:
                passes.masks.clear()
            part = x.narrow(batch_axis, j, min(n, cases - j))
            yield (i, plan.output_axis, j), passes.run(part, min(t, num_samples - i))


def check_cases(x, batch_axis):
    """How many cases there are."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x has to be a tensor, but got {type(x).__name__}")
    if not 0 <= batch_axis < x.dim():
        raise ValueError(
            f"x has shape {tuple(x.shape)} and no axis {batch_axis} for the cases: "
            "a single case needs a batch axis too, x.unsqueeze(0)"
        )
    if not x.shape[batch_axis]:
        raise ValueError(f"x has shape {tuple(x.shape)}: there is no case to predict")
    return x.shape[batch_axis]


@contextmanager
def _as_it_was(model, generator):
    """Everything in evaluation mode, and afterwards as it was, whatever happens in between."""
    modules = list(model.modules())
    kept = [{name: vars(m)[name] for name in _KEPT if name in vars(m)} for m in modules]
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # it goes past the dropout layers
        for module in modules:
            module.training = False
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
    """What a pass of one case in evaluation mode shows of a model.

    Attributes:
        layers: the dropout layers that take part, the first to be called first.
        unreached: dropout that stays as it is, in words.
        always_on: whether there is functional dropout that knows no evaluation mode.
        largest: numbers in the largest activation from the first dropout on.
        output_shape: of the output.
        output_axis: on which axis of it the cases are.
    """

    def __init__(self, model, case, batch_axis, consistent):
        self.layers, self.unreached, self.always_on, self.largest = [], [], False, 1
        _refuse_statistics_of_the_batch(model)
        with _Watch(self, model):
            out = model(case)
        if not isinstance(out, torch.Tensor):
            raise TypeError(
                f"{type(model).__name__} returns a {type(out).__name__}, but one tensor is needed: "
                "wrap it in a module that returns what is to be predicted"
            )
        self.output_shape = tuple(out.shape)
        has_axis = out.dim() > batch_axis and out.shape[batch_axis] == 1
        self.output_axis = batch_axis if has_axis else 0
        reached = self.always_on or bool(self.layers)
        if consistent:
            reached = any(isinstance(layer, _SHARE_MASKS) for layer in self.layers)
            self._note_what_shares_no_masks(model)
        self._report(type(model).__name__, reached)

    def _note_what_shares_no_masks(self, model):
        names = {module: name for name, module in model.named_modules()}
        for layer in self.layers:
            if not isinstance(layer, _SHARE_MASKS):
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

    def rows_at_once(self, device):
        return max(1, _NUMBERS_AT_ONCE.get(device, 2**24) // self.largest)


class _Watch(TorchFunctionMode):
    """Fills in a plan: every operation passes through ``__torch_function__``."""

    def __init__(self, plan, model):
        self.plan, self.inside = plan, 0  # of how many dropout layers
        for module in model.modules():
            if _draws(module):
                module.forward = self._noticing(module, module.forward)
        super().__init__()

    def _noticing(self, layer, forward):
        def noticed(*args, **kwargs):
            if layer not in self.plan.layers:
                self.plan.layers.append(layer)
            self.inside += 1
            layer.forward = forward
            out = forward(*args, **kwargs)
            self.inside -= 1
            self._size(out)
            if isinstance(layer, DropConnectLinear):  # it has a mask for each weight
                self.plan.largest = max(self.plan.largest, layer.in_features * out.numel())
            return out

        return noticed

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _FUNCTIONAL and not self.inside:
            self._functional(func, inspect.signature(func).bind(*args, **kwargs))
        out = func(*args, **kwargs)
        if self.plan.layers or self.plan.always_on:
            self._size(out)
        return out

    def _functional(self, func, bound):
        bound.apply_defaults()
        p, training = bound.arguments["p"], bound.arguments["training"]
        note = f"functional {func.__name__} with p = {p:g}, which evaluation mode turned off"
        if p and training:
            self.plan.always_on = True
        elif p and note not in self.plan.unreached:
            self.plan.unreached.append(note)

    def _size(self, out):
        if isinstance(out, torch.Tensor):
            self.plan.largest = max(self.plan.largest, out.numel())


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
    return isinstance(module, _SHARE_MASKS)


# --- drawing -----------------------------------------------------------------------------------


class _Passes:
    """A model whose dropout layers draw, for t passes of n cases at a time."""

    def __init__(self, model, plan, axis, consistent, generator):
        self.model, self.plan, self.axis, self.generator = model, plan, axis, generator
        self.masks = []  # of consistent passes, one entry for each call of a layer
        first = plan.layers[0] if plan.layers else None
        # where the first layer draws for single rows, it also makes the rows
        self.copies_late = not plan.always_on and isinstance(
            first, (*_ELEMENTWISE, DropConnectLinear)
        )
        for layer in plan.layers:
            shared = consistent and isinstance(layer, _SHARE_MASKS)
            layer.forward = self._drawing(layer, layer.forward, shared)

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

        def forward(input, *args, **kwargs):
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
            a, b = (part.unsqueeze(axis + 1) for part in mask)
            x = input.unflatten(axis, (self.t, self.n))
            # a choice and not only a product: what is dropped may be infinite
            return torch.where(b == 0, a, a + b * x).flatten(axis, axis + 1)

        return forward

    def _axis_of(self, layer, input):
        """On which axis of a layer's input the cases are."""
        rows = self.t * self.n if self.copied else self.n
        axis = self.axis
        if hasattr(layer, "batch_first") and input.dim() == 3:
            axis = 0 if layer.batch_first else 1
        fitting = [a for a, size in enumerate(input.shape) if size == rows]
        if axis in fitting:
            return axis
        if len(fitting) == 1:  # as where of a sequence only the last step goes on
            return fitting[0]
        raise ValueError(
            f"{type(layer).__name__} sees an input of shape {tuple(input.shape)}, and no single "
            f"axis of it has the {rows} rows: for masks that the cases share they have to be found"
        )

    def _draw(self, layer, original, x, *args, **kwargs):
        """The layer's output in training mode, with masks of its own for each row."""
        forward = type(layer).forward
        if type(layer) is Dropout or forward is nn.Dropout.forward:
            generator = self.generator or getattr(layer, "generator", None)
            return dropped(x, layer.p, generator)
        if forward is DropoutModule.forward:
            generator = self.generator or layer.generator
            return layer._forward(x, layer.p, True, generator, mask=None, inplace=False)[0]
        if isinstance(layer, GaussianDropout):
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
