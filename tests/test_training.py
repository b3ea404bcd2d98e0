"""One network is fitted as the experiments need it."""

import torch

from dropout_lib.pytorch import MLPWithDropout
from dropout_lib.training import evaluate, fit


def fitted(seed, p=0.5):
    torch.manual_seed(0)
    x = torch.randn(200, 10)
    labels = (x[:, 0] > 0).long()
    model = MLPWithDropout(10, [32], 2, [p], generator=torch.Generator().manual_seed(0))
    losses = fit(model, x, labels, epochs=5, learning_rate=0.1, seed=seed)
    return model, losses, x, labels


def test_same_seed_same_losses_other_seed_others():
    assert fitted(seed=0)[1] == fitted(seed=0)[1]
    assert fitted(seed=0)[1] != fitted(seed=1)[1]


def test_evaluation_is_without_dropout_and_restores_the_mode():
    model, _, x, labels = fitted(seed=0)
    assert model.training
    assert evaluate(model, x, labels) == evaluate(model, x, labels)
    assert model.training


def test_logged_loss_is_the_one_with_dropout_on():
    model, losses, x, labels = fitted(seed=0, p=0.9)
    assert losses[-1] > evaluate(model, x, labels)[1]
