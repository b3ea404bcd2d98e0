"""Fit one PyTorch network or many at once, and measure them.

:func:`fit_many` trains networks of one architecture as one batched computation: weights carry a
leading dimension of members, and a step of all of them costs little more than a step of one.
Members may differ in their initial weights, the order of their cases, their data, their drop
probabilities, learning rates, weight decay and max-norm. What they never share is a mask.
"""

import torch
from torch.nn import functional as F

from .stacked import StackedLinear, stack


def fit(model, x, labels, *, epochs, learning_rate, batch_size=50, momentum=0.9, seed=0):
    """Train with momentum SGD, the learning rate falling linearly to 0; returns epoch losses.

    Args:
        model: a module from (N, features) to logits (N, classes).
        x: float tensor (N, features).
        labels: int64 tensor (N,).
        epochs: passes over the data.
        learning_rate: its value at the start.
        batch_size: cases per step.
        momentum: of SGD.
        seed: decides the order of the cases.

    Returns:
        the mean training loss of each epoch, dropout on: a list of ``epochs`` floats.

    >>> from dropout_lib.pytorch import MLPWithDropout
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(100, 4)
    >>> losses = fit(MLPWithDropout(4, [16], 2, [0.0]), x, (x[:, 0] > 0).long(),
    ...     epochs=20, learning_rate=0.1)
    >>> losses[-1] < 0.5 * losses[0]
    True
    """
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=epochs)
    losses = []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=order).split(batch_size):
            optimiser.zero_grad()
            loss = F.cross_entropy(model(x[batch]), labels[batch])
            loss.backward()
            optimiser.step()
            total += len(batch) * loss.item()
        schedule.step()
        losses.append(total / len(x))
    return losses


@torch.no_grad()
def evaluate(model, x, labels):
    """Error rate (a fraction) and mean cross-entropy (nats) in evaluation mode.

    >>> logits, labels = torch.tensor([[0.0, 9.0], [0.0, 9.0]]), torch.tensor([1, 0])
    >>> error, loss = evaluate(torch.nn.Identity(), logits, labels)
    >>> error, round(loss, 2)
    (0.5, 4.5)
    """
    modes = [(module, module.training) for module in model.modules()]
    try:
        logits = model.eval()(x)
    finally:
        for module, training in modes:
            module.training = training
    error = (logits.argmax(dim=1) != labels).float().mean().item()
    return error, F.cross_entropy(logits, labels).item()


def lowest_error(models, x, labels):
    """Index of the network with the lowest error on (x, labels); equal errors: the lower loss.

    Called with validation data, this is how the experiments choose learning rates and the like.

    >>> zero, one = (torch.nn.Linear(1, 2) for _ in range(2))
    >>> _ = [torch.nn.init.zeros_(weight) for m in (zero, one) for weight in m.parameters()]
    >>> one.bias.data[1] = 1.0
    >>> lowest_error([zero, one], torch.zeros(3, 1), torch.tensor([1, 1, 0]))
    1
    """
    scores = [evaluate(model, x, labels) for model in models]
    return scores.index(min(scores))


# --- many at once ----------------------------------------------------------------------------


def cross_entropy(logits, labels):
    """Mean cross-entropy of each member in nats: logits (M, N, classes), labels (M, N) -> (M,)."""
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return loss.view(labels.shape).mean(dim=1)


def squared_error(outputs, targets):
    """Mean squared error of each member: (M, N, ...) twice -> (M,)."""
    return (outputs - targets).square().flatten(1).mean(dim=1)


def fit_many(
    models,
    x,
    targets,
    *,
    epochs,
    learning_rate,
    batch_size=50,
    momentum=0.9,
    weight_decay=0.0,
    max_norm=None,
    seeds=0,
    optimiser="sgd",
    falling=True,
    loss=cross_entropy,
    generator=None,
    after_epoch=None,
):
    """Train networks of one architecture together, each as :func:`fit` would; in place.

    Args:
        models: ordinary networks, made of Linear, BatchNorm1d, dropout of single units and
            activation functions in ``nn.Sequential`` or ``MLPWithDropout``. Anything else
            needs a static method ``stacked(modules)`` that returns one module for all members,
            from (M, N, features) to (M, N, features).
        x: (N, features) for all members, or (M, N, features), a data set for each.
        targets: (N, ...) or (M, N, ...).
        epochs: passes over the data.
        learning_rate: at the start; one, or one per member ("sgd" only).
        batch_size: cases per step; N or more is full batch.
        momentum: of SGD.
        weight_decay: factor of the weights (biases excepted) that is added to their gradient;
            one, or one per member.
        max_norm: largest Euclidean norm of the weights into a hidden unit, kept by rescaling
            after each step; one, or one per member (``math.inf`` for none), or None.
        seeds: decide the order of the cases; one, or one per member.
        optimiser: "sgd" or "adam".
        falling: whether the learning rate falls linearly to 0, epoch by epoch.
        loss: from outputs (M, N, ...) and targets (M, N, ...) to (M,).
        generator: ``torch.Generator`` of the masks; None uses PyTorch's global one. Generators
            of the models' own layers are not used.
        after_epoch: called as ``after_epoch(epochs_done)`` with the models up to date.

    Returns:
        the mean training loss of each epoch and member, dropout on: float tensor (epochs, M).

    Raises:
        ValueError: the networks differ in architecture, or a list is not of length M.
        TypeError: a layer cannot be stacked.

    >>> from dropout_lib.pytorch import MLPWithDropout
    >>> x = torch.randn(200, 4)
    >>> models = [MLPWithDropout(4, [16], 2, [p]) for p in (0.0, 0.2, 0.5)]
    >>> losses = fit_many(models, x, (x[:, 0] > 0).long(), epochs=20, learning_rate=0.1)
    >>> losses.shape
    torch.Size([20, 3])
    >>> bool((losses[-1] < losses[0]).all())
    True
    """
    models = list(models)
    network = stack(models, generator)
    data = _Data(x, targets, _one_each(seeds, len(models), "seeds"), batch_size)
    step = _stepper(network, len(models), x.device, optimiser, momentum, learning_rate)
    decay = _decay(network, len(models), x.device, weight_decay)
    constrain = _constraint(network, len(models), x.device, max_norm)
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for x_batch, targets_batch in data.batches():  # (M, B, features), (M, B, ...)
            member_losses = loss(network(x_batch), targets_batch)
            step(member_losses, decay, 1 - epoch / epochs if falling else 1.0)
            constrain()
            total = total + x_batch.shape[1] * member_losses.detach()
        losses.append(total / data.cases)
        if after_epoch is not None:
            network.copy_back()
            after_epoch(epoch + 1)
    network.copy_back()
    return torch.stack(losses) if losses else torch.empty(0, len(models))


class _Data:
    """Batches for every member, each in the order that its seed gives."""

    def __init__(self, x, targets, seeds, batch_size):
        if x.dim() not in (2, 3) or (x.dim() == 3 and len(x) != len(seeds)):
            raise ValueError(
                f"x has to be (N, features), or (M, N, features) with M = {len(seeds)} members, "
                f"but has shape {tuple(x.shape)}"
            )
        self.shared = x.dim() == 2
        leading = x.shape[:-1]
        if targets.shape[: len(leading)] != leading:
            raise ValueError(
                f"x has shape {tuple(x.shape)}, so targets have to begin with {tuple(leading)}, "
                f"but have shape {tuple(targets.shape)}"
            )
        self.x, self.targets, self.batch_size = x, targets, batch_size
        self.orders = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.cases = x.shape[-2]

    def batches(self):
        order = torch.stack([torch.randperm(self.cases, generator=g) for g in self.orders])
        for batch in order.to(self.x.device).split(self.batch_size, dim=1):  # (M, B)
            rows = batch if self.shared else (torch.arange(len(batch))[:, None], batch)
            yield self.x[rows], self.targets[rows]


def _stepper(network, members, device, optimiser, momentum, learning_rate):
    """A function of (losses, decay, factor) that makes one step of all members."""
    rates = _one_each(learning_rate, members, "learning rates")
    equal = len(set(rates)) == 1
    # SGD is linear in the gradient: a member's rate can be put there
    base = rates[0] if equal else 1.0
    if optimiser == "sgd":
        fused = device.type in ("cpu", "cuda")
        steps = torch.optim.SGD(network.parameters(), lr=base, momentum=momentum, fused=fused)
    elif optimiser == "adam" and equal:
        steps = torch.optim.Adam(network.parameters(), lr=base)
    elif optimiser == "adam":
        raise ValueError(f"Adam takes one learning rate for all members, but got {rates}")
    else:
        raise ValueError(f"optimiser has to be 'sgd' or 'adam', but got {optimiser!r}")
    rates = torch.tensor(rates, device=device)

    def step(losses, decay, factor):
        steps.zero_grad()
        losses.sum().backward()
        decay()
        if not equal:
            for weight in network.parameters():
                weight.grad.mul_(_per_member(rates, weight))
        steps.param_groups[0]["lr"] = base * factor
        steps.step()

    return step


def _decay(network, members, device, weight_decay):
    """A function that adds the weights, times the factor of each member, to their gradients."""
    factors = _one_each(weight_decay, members, "factors of weight decay")
    if not any(factors):
        return lambda: None
    factors = torch.tensor(factors, device=device)

    @torch.no_grad()
    def add():
        for layer in _linear(network):
            layer.weight.grad.addcmul_(layer.weight, _per_member(factors, layer.weight))

    return add


def _constraint(network, members, device, max_norm):
    """A function that shrinks the weights into each hidden unit to the norm allowed."""
    if max_norm is None:
        return lambda: None
    limits = torch.tensor(_one_each(max_norm, members, "largest norms"), device=device)

    @torch.no_grad()
    def shrink():
        for layer in _linear(network)[:-1]:
            norms = layer.weight.norm(dim=1, keepdim=True)  # (M, 1, units)
            layer.weight.mul_((_per_member(limits, norms) / norms).clamp(max=1))

    return shrink


def _linear(network):
    return [layer for layer in network if isinstance(layer, StackedLinear)]


def _per_member(values, like):
    """values (M,) shaped to broadcast against a tensor (M, ...)."""
    return values.view(-1, *[1] * (like.dim() - 1))


def _one_each(values, members, what):
    """A list with a value for each member, from one value or as many as there are."""
    if isinstance(values, (int, float)):
        return [values] * members
    values = list(values)
    if len(values) != members:
        raise ValueError(f"got {len(values)} {what} for {members} models: give one, or one each")
    return values
