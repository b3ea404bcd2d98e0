"""Networks of one architecture stacked into one, which computes all of them at once.

A stacked network maps (M, N, features) to (M, N, outputs): M members, each with weights of its
own, N cases for each. :func:`~dropout_lib.training.fit_many` trains it.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .pytorch import Dropout, MLPWithDropout, StandardDropout

_ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.Tanh, nn.Sigmoid, nn.Identity)


def stack(models, generator=None):
    """One network that computes all the models, in training mode.

    Args:
        models: at least one; the same layers of the same sizes in each.
        generator: ``torch.Generator`` of all masks; None uses PyTorch's global one.

    Returns:
        module from (M, N, features) to (M, N, outputs).

    Raises:
        ValueError: no model, or models of different architecture.
        TypeError: a layer that cannot be stacked.

    >>> models = [nn.Sequential(nn.Linear(4, 8), nn.ReLU(), Dropout(p)) for p in (0.2, 0.5)]
    >>> stack(models)(torch.ones(2, 10, 4)).shape
    torch.Size([2, 10, 8])
    """
    models = list(models)
    if not models:
        raise ValueError("there is no model to stack: give at least one")
    columns = [list(_layers(model)) for model in models]
    kinds = [[type(layer) for layer in column] for column in columns]
    for member, kind in enumerate(kinds):
        if kind != kinds[0]:
            raise ValueError(
                f"models 0 and {member} differ in their layers: "
                f"{_names(kinds[0])} and {_names(kind)}"
            )
    return StackedNetwork(list(zip(*columns, strict=True)), generator)


def _layers(model):
    """The layers of a model in the order of computation, containers opened."""
    if isinstance(model, MLPWithDropout):
        model = model.network
    if not isinstance(model, nn.Sequential):
        yield model
        return
    for layer in model:
        yield from _layers(layer)


def _names(kinds):
    return ", ".join(kind.__name__ for kind in kinds)


class StackedNetwork(nn.Sequential):
    """The stacked layers in a row; each knows how to hand its weights back.

    Args:
        rows: for each layer, the modules that the members have there.
        generator: of the masks.
    """

    def __init__(self, rows, generator):
        super().__init__(*(_stack_layer(modules, generator) for modules in rows))
        self.rows = rows  # a list of tuples, so the models are no submodules

    @torch.no_grad()
    def copy_back(self):
        """Copy weights, and batch norm's statistics, to the models that were stacked."""
        for stacked, modules in zip(self, self.rows, strict=True):
            if hasattr(stacked, "copy_back"):
                stacked.copy_back(modules)


def _stack_layer(modules, generator):
    first = modules[0]
    if hasattr(first, "stacked"):
        return first.stacked(modules)
    if isinstance(first, nn.Linear):
        return StackedLinear(modules)
    if isinstance(first, (Dropout, nn.Dropout, StandardDropout)):
        return StackedDropout(
            [module.p for module in modules], isinstance(first, StandardDropout), generator
        )
    if isinstance(first, nn.BatchNorm1d):
        return StackedBatchNorm1d(modules)
    if isinstance(first, _ELEMENTWISE):
        return _same(modules)
    raise TypeError(
        f"a {type(first).__name__} layer cannot be stacked: give its class a static method "
        "stacked(modules) that returns one module for all members, or fit the models one by one"
    )


def _same(modules):
    """The first of some modules without weights, which have to have the same settings."""
    for member, module in enumerate(modules):
        if repr(module) != repr(modules[0]):
            raise ValueError(f"models 0 and {member} differ: {modules[0]} and {module}")
    return modules[0]


def _stack_tensors(tensors):
    """Stack along a new first dimension, as a copy without gradient history."""
    for member, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise ValueError(
                f"models 0 and {member} differ in size: a weight has shape "
                f"{tuple(tensors[0].shape)} and {tuple(tensor.shape)}"
            )
    return torch.stack([tensor.detach() for tensor in tensors])


class StackedLinear(nn.Module):
    """y_m = x_m W_m + b_m for every member m: (M, N, in) to (M, N, out).

    Args:
        modules: the ``nn.Linear`` of each member.
    """

    def __init__(self, modules):
        super().__init__()
        weights = _stack_tensors([module.weight for module in modules])  # (M, out, in)
        self.weight = nn.Parameter(weights.transpose(1, 2).contiguous())  # (M, in, out)
        self.bias = None
        if modules[0].bias is not None:
            self.bias = nn.Parameter(_stack_tensors([m.bias for m in modules])[:, None])

    def forward(self, x):
        if self.bias is None:
            return torch.bmm(x, self.weight)
        return torch.baddbmm(self.bias, x, self.weight)

    def copy_back(self, modules):
        for member, module in enumerate(modules):
            module.weight.copy_(self.weight[member].T)
            if self.bias is not None:
                module.bias.copy_(self.bias[member, 0])


class StackedDropout(nn.Module):
    """Dropout with a p for each member, and a draw of its own for each member, case and unit.

    A draw takes 16 random bits. p is realised to the nearest multiple of 2**-16, and what is kept
    is scaled by what is realised, so that the mean of the output is the input.

    Args:
        rates: p of each member.
        standard: scale by 1 - p in evaluation, instead of by 1 / (1 - p) in training.
        generator: ``torch.Generator``; None uses PyTorch's global one.
    """

    def __init__(self, rates, standard=False, generator=None):
        super().__init__()
        thresholds = [round(p * 2**16) for p in rates]
        kept = [1 - threshold / 2**16 for threshold in thresholds]
        scales = [1 / k if k else 0.0 for k in kept]
        if standard:  # in training 1, but 0 where p = 1
            scales = [float(k > 0) for k in kept]
        lowest = torch.tensor([min(t - 2**15, 2**15 - 1) for t in thresholds], dtype=torch.int16)
        self.register_buffer("lowest_kept", lowest[:, None, None])
        self.register_buffer("scale", torch.tensor(scales)[:, None, None])
        self.register_buffer("evaluation_scale", torch.tensor(kept)[:, None, None])
        self.standard = standard
        self.generator = generator
        self.drops = any(thresholds)

    def forward(self, x):
        if not self.training:
            return x * self.evaluation_scale if self.standard else x
        if not self.drops:
            return x
        keep = self._bits(x) >= self.lowest_kept
        # from bytes to numbers PyTorch converts much faster than from booleans
        return x * keep.view(torch.uint8).to(x.dtype).mul_(self.scale)

    def _bits(self, x):
        """16 random bits for each unit, as integers."""
        words = (x.numel() + 3) // 4
        bits = torch.randint(
            *(-(2**63), 2**63 - 1, (words,)),
            dtype=torch.int64,
            device=x.device,
            generator=self.generator,
        )
        return bits.view(torch.int16)[: x.numel()].view(x.shape)


class StackedBatchNorm1d(nn.Module):
    """Batch norm with weights and statistics of its own for each member.

    Args:
        modules: the ``nn.BatchNorm1d`` of each member, affine and with running statistics.
    """

    def __init__(self, modules):
        super().__init__()
        self.weight = nn.Parameter(_stack_tensors([module.weight for module in modules]))  # (M, D)
        self.bias = nn.Parameter(_stack_tensors([module.bias for module in modules]))
        for name in ("running_mean", "running_var"):
            statistics = _stack_tensors([getattr(module, name) for module in modules])
            self.register_buffer(name, statistics.flatten())  # (M * D)
        self.momentum, self.eps = modules[0].momentum, modules[0].eps

    def forward(self, x):
        members, cases, units = x.shape
        normed = F.batch_norm(
            x.transpose(0, 1).reshape(cases, members * units),
            self.running_mean,
            self.running_var,
            self.weight.flatten(),
            self.bias.flatten(),
            self.training,
            self.momentum,
            self.eps,
        )
        return normed.view(cases, members, units).transpose(0, 1)

    def copy_back(self, modules):
        running_mean = self.running_mean.view_as(self.weight)
        running_var = self.running_var.view_as(self.weight)
        for member, module in enumerate(modules):
            module.weight.copy_(self.weight[member])
            module.bias.copy_(self.bias[member])
            module.running_mean.copy_(running_mean[member])
            module.running_var.copy_(running_var[member])
