"""One network is fitted as the experiments need it."""

import pytest
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


def test_every_module_gets_its_own_mode_back_even_after_an_error():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)).train()
    model[1].eval()  # frozen
    evaluate(model, torch.ones(3, 2), torch.zeros(3, dtype=torch.long))
    assert [module.training for module in model.modules()] == [True, True, False]
    with pytest.raises(RuntimeError):
        evaluate(model, torch.ones(3, 5), torch.zeros(3, dtype=torch.long))
    assert [module.training for module in model.modules()] == [True, True, False]


def test_the_learning_rate_falls_linearly_to_zero(monkeypatch):
    rates = []
    step = torch.optim.SGD.step

    def watched(self, *arguments):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.SGD, "step", watched)
    model = torch.nn.Linear(1, 2)
    fit(model, torch.ones(4, 1), torch.zeros(4).long(), epochs=4, learning_rate=1.0, batch_size=4)
    assert rates == pytest.approx([1, 0.75, 0.5, 0.25])
