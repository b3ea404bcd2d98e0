"""Fit one PyTorch network, and measure it."""

import torch
from torch.nn import functional as F


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
