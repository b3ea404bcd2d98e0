"""Deep ensembles: several networks trained from different initial weights.

Lakshminarayanan, Pritzel and Blundell, "Simple and scalable predictive uncertainty estimation
using deep ensembles", NeurIPS 2017. They train each network without dropout and average the
probabilities, which is :func:`~.mc_dropout.summarise` over networks instead of over masks.
"""

import torch


@torch.no_grad()
def ensemble_samples(models, x):
    """What each network says in evaluation mode; every module keeps the mode it came in.

    Args:
        models: at least two ``nn.Module`` from x to outputs of one shape.
        x: input, (N, ...).

    Returns:
        tensor (M, *shape of an output), to be given to :func:`~.mc_dropout.summarise`.

    Raises:
        ValueError: fewer than two models.

    >>> from dropout_lib.pytorch import summarise
    >>> models = [torch.nn.Linear(1, 1) for _ in range(2)]
    >>> for model, weight in zip(models, (1.0, 3.0)):
    ...     _ = torch.nn.init.constant_(model.weight, weight), torch.nn.init.zeros_(model.bias)
    >>> summarise(ensemble_samples(models, torch.ones(1, 1))).mean
    tensor([[2.]])
    """
    models = list(models)
    if len(models) < 2:
        raise ValueError(f"an ensemble needs at least two models, but got {len(models)}")
    return torch.stack([_in_evaluation(model, x) for model in models])


def _in_evaluation(model, x):
    modes = {module: module.training for module in model.modules()}
    try:
        return model.eval()(x)
    finally:
        for module, mode in modes.items():
            module.training = mode
