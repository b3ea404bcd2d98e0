"""What the experiments write down of a trained network."""

import torch

from ..training import evaluate


def tensors(data, part):
    """x and labels of a part of a :class:`~dropout_lib.datasets.Split`, as tensors.

    >>> from dropout_lib.datasets import digits
    >>> x, labels = tensors(digits(train=100), "train")
    >>> tuple(x.shape), tuple(labels.shape)
    ((100, 64), (100,))
    """
    return tuple(torch.from_numpy(getattr(data, f"{name}_{part}")) for name in "xy")


def measures(model, data):
    """Error rate and loss (nats) in evaluation mode on each part of the data, rounded.

    >>> from dropout_lib.datasets import digits
    >>> sorted(measures(torch.nn.Linear(64, 10), digits(train=100)))[:3]
    ['test_error', 'test_loss', 'train_error']
    """
    result = {}
    for part in ("train", "validation", "test"):
        error, loss = evaluate(model, *tensors(data, part))
        result |= {f"{part}_error": round(error, 5), f"{part}_loss": round(loss, 5)}
    return result
