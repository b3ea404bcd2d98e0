"""Passes with dropout on."""

import pytest
import torch
from torch import nn

from dropout_lib.experiments.passes import noisy_passes
from dropout_lib.pytorch import Dropout


def network(p):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 50), nn.ReLU(), Dropout(p), nn.Linear(50, 2)).eval()


def generator():
    return torch.Generator().manual_seed(1)


X = torch.linspace(-1, 1, 12).view(4, 3)


def test_without_dropout_every_pass_is_the_network():
    out = noisy_passes(network(0.0), X, 3, generator())
    assert out.shape == (3, 4, 2)
    assert torch.allclose(out, network(0.0)(X).expand(3, 4, 2), atol=1e-6)


def test_the_mean_of_many_passes_is_weight_scaling_where_the_rest_is_linear():
    out = noisy_passes(network(0.3), X, 20_000, generator())
    assert torch.allclose(out.mean(dim=0), network(0.3)(X), atol=0.02)


def test_the_spread_is_that_of_passes_in_training_mode():
    model = network(0.3).train()
    torch.manual_seed(2)
    by_hand = torch.stack([model(X) for _ in range(4000)]).std(dim=0)
    spread = noisy_passes(model, X, 4000, generator()).std(dim=0)
    assert torch.allclose(spread, by_hand, rtol=0.1)


def test_one_mask_is_shared_by_the_cases_of_a_pass_and_by_no_two_passes():
    same = X[:1].expand(4, 3)
    shared = noisy_passes(network(0.5), same, 5, generator(), one_mask=True)
    assert (shared == shared[:, :1]).all()
    assert len({tuple(row) for row in shared[:, 0].tolist()}) == 5
    own = noisy_passes(network(0.5), same, 5, generator())
    assert not (own == own[:, :1]).all()


def test_each_case_has_the_same_spread_whether_masks_are_shared_or_not():
    spreads = [
        noisy_passes(network(0.3), X, 4000, generator(), one).std(0) for one in (True, False)
    ]
    assert torch.allclose(*spreads, rtol=0.1)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_stays_as_it_is(training):
    model = network(0.5).train(training)
    before = [weight.clone() for weight in model.parameters()]
    noisy_passes(model, X, 2, generator())
    assert model.training == model[2].training == training
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_at_p_1_nothing_is_left_and_nothing_is_nan():
    model = network(1.0)
    assert torch.equal(noisy_passes(model, X, 2, generator())[0, 0], model[3].bias)
