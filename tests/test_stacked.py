"""Networks trained together are those that are trained one by one."""

import math

import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn

from dropout_lib.datasets import digits
from dropout_lib.pytorch import Dropout, Dropout2d, MLPWithDropout, StandardDropout
from dropout_lib.stacked import StackedDropout, stack
from dropout_lib.training import evaluate, fit, fit_many, lowest_error, squared_error

X = torch.randn(120, 6, generator=torch.Generator().manual_seed(0))
LABELS = (X[:, 0] + X[:, 1] > 0).long()
TOGETHER = {"epochs": 4, "batch_size": 50}  # the last batch has 20 cases


def mlp(seed, p=0.0, hidden=(8, 8)):
    torch.manual_seed(seed)
    return MLPWithDropout(6, list(hidden), 2, [p] * len(hidden))


def batch_normed(seed, p=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 2, bias=False))


def tensors(model):
    return [tensor.float() for name, tensor in model.state_dict().items() if "num_b" not in name]


def assert_same(models, others):
    for model, other in zip(models, others, strict=True):
        torch.testing.assert_close(tensors(model), tensors(other), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", [mlp, batch_normed])
def test_without_dropout_they_are_the_very_networks_that_fit_gives(build):
    rates, seeds = [0.1, 0.2, 0.4], [3, 4, 5]
    together, apart = ([build(seed) for seed in seeds] for _ in range(2))
    losses = fit_many(together, X, LABELS, learning_rate=rates, seeds=seeds, **TOGETHER)
    for model, rate, seed, member in zip(apart, rates, seeds, losses.T, strict=True):
        alone = fit(model, X, LABELS, learning_rate=rate, seed=seed, **TOGETHER)
        assert member.tolist() == pytest.approx(alone, rel=1e-4)
    assert_same(together, apart)


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_steps_are_those_of_torch_with_weight_decay(optimiser):
    decays, together, apart = [0.0, 0.3], [mlp(0), mlp(0)], [mlp(0), mlp(0)]
    fit_many(
        *(together, X, LABELS),
        **{"epochs": 6, "batch_size": 999, "learning_rate": 0.05, "optimiser": optimiser},
        weight_decay=decays,
        falling=False,
    )
    for model, decay in zip(apart, decays, strict=True):
        groups = [
            {"params": [w for w in model.parameters() if (w.dim() == 2) == weights], **extra}
            for weights, extra in ((True, {"weight_decay": decay}), (False, {}))
        ]
        if optimiser == "sgd":
            steps = torch.optim.SGD(groups, lr=0.05, momentum=0.9)
        else:
            steps = torch.optim.Adam(groups, lr=0.05)
        for _ in range(6):
            steps.zero_grad()
            nn.functional.cross_entropy(model(X), LABELS).backward()
            steps.step()
    assert_same(together, apart)


def test_max_norm_binds_for_hidden_units_of_the_members_that_have_it():
    models = [mlp(0), mlp(0), mlp(0)]
    limits = [0.3, 0.6, math.inf]
    fit_many(models, X, LABELS, learning_rate=0.5, max_norm=limits, **TOGETHER)
    norms = [
        [layer.weight.norm(dim=1).max().item() for layer in model.network[::3]] for model in models
    ]
    for (first, second, last), limit in zip(norms, limits[:2], strict=False):
        assert max(first, second) == pytest.approx(limit, rel=1e-5)
        assert last > limit
    assert max(norms[2][:2]) > 0.6


def test_members_may_have_data_of_their_own():
    x, y = torch.stack([X, -2 * X]), torch.stack([LABELS, 1 - LABELS])
    together, apart = [mlp(0), mlp(1)], [mlp(0), mlp(1)]
    fit_many(together, x, y, learning_rate=0.1, seeds=7, **TOGETHER)
    for model, own_x, own_y in zip(apart, x, y, strict=True):
        fit(model, own_x, own_y, learning_rate=0.1, seed=7, **TOGETHER)
    assert_same(together, apart)


def test_other_losses_and_a_look_after_every_epoch():
    models, seen = [nn.Sequential(nn.Linear(6, 1)) for _ in range(2)], []
    target = X @ torch.arange(6.0)[:, None]

    def look(epochs):
        seen.append((epochs, (models[0](X) - target).square().mean().item()))

    fit_many(
        *(models, X, target),
        **{"epochs": 30, "learning_rate": 0.02, "loss": squared_error, "after_epoch": look},
    )
    assert [epochs for epochs, _ in seen] == list(range(1, 31))
    assert seen[-1][1] < 0.01 * seen[0][1]


# --- masks -----------------------------------------------------------------------------------


def test_masks_are_fresh_for_every_member_case_and_pass():
    layer = StackedDropout([0.5, 0.5, 0.5], generator=torch.Generator().manual_seed(0))
    masks = torch.stack([layer(torch.ones(3, 40, 30)) > 0 for _ in range(2)])  # (2, 3, 40, 30)
    rows = masks.flatten(0, 2)  # equal only if drawn once: 2**-30 for each pair by chance
    assert len(torch.unique(rows, dim=0)) == 2 * 3 * 40


def test_each_member_has_its_own_rate_and_its_mean_is_kept():
    rates = [0.0, 0.1, 0.5, 0.9, 1.0]
    layer = StackedDropout(rates, generator=torch.Generator().manual_seed(0))
    out = layer(torch.ones(5, 1000, 200))
    for p, member in zip(rates, out, strict=True):
        # five standard deviations of 200,000 draws
        spread = 5 * math.sqrt(p * (1 - p) / member.numel())
        assert (member == 0).float().mean().item() == pytest.approx(p, abs=spread + 2**-16)
        kept = member[member > 0]
        assert p == 1 or torch.allclose(kept, torch.tensor(1 / (1 - p)), rtol=2e-4)
    assert not (out[-1] != 0).any()


def test_gradient_goes_through_the_mask_of_the_forward_pass():
    layer = StackedDropout([0.3, 0.6])
    x = torch.ones(2, 50, 20, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


@pytest.mark.parametrize("kind", [Dropout, nn.Dropout, StandardDropout])
def test_evaluation_is_that_of_the_single_layers(kind):
    layers = [nn.Sequential(kind(p)).eval() for p in (0.25, 0.5)]
    x = torch.randn(2, 5, 3)
    expected = torch.stack([layer(own) for layer, own in zip(layers, x, strict=True)])
    torch.testing.assert_close(stack(layers).eval()(x), expected)


@pytest.mark.parametrize("kind", [Dropout, StandardDropout])
def test_errors_are_distributed_as_those_of_networks_trained_alone(kind):
    data = digits(seed=0, train=200, validation=0, test=1500)
    x, y, x_test, y_test = map(
        torch.from_numpy, (data.x_train, data.y_train, data.x_test, data.y_test)
    )

    def build(seed):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(64, 24), nn.ReLU(), kind(0.5), nn.Linear(24, 10))

    how = {"epochs": 12, "learning_rate": 0.1}
    together, apart = ([build(seed) for seed in range(first, first + 40)] for first in (0, 100))
    losses = fit_many(together, x, y, seeds=range(40), **how)
    alone = [fit(model, x, y, seed=seed, **how)[-1] for seed, model in enumerate(apart)]
    errors, others = ([evaluate(m, x_test, y_test)[0] for m in ms] for ms in (together, apart))
    assert ks_2samp(errors, others).pvalue > 1e-4
    assert ks_2samp(losses[-1], alone).pvalue > 1e-4
    # and the comparison is sharp enough to notice a rate of 0.3 instead of 0.5
    other = [build(seed) for seed in range(40)]
    for model in other:
        model[2].p = 0.3
    assert ks_2samp(fit_many(other, x, y, seeds=range(40), **how)[-1], alone).pvalue < 1e-4


# --- bad input -------------------------------------------------------------------------------


def test_what_cannot_be_stacked_is_refused():
    with pytest.raises(ValueError, match="no model"):
        stack([])
    with pytest.raises(ValueError, match=r"models 0 and 1 differ in their layers: Linear.* and"):
        stack([mlp(0), batch_normed(0)])
    with pytest.raises(ValueError, match=r"models 0 and 1 differ in size: .*\(8, 6\) and \(9, 6\)"):
        stack([mlp(0), mlp(0, hidden=(9, 8))])
    with pytest.raises(ValueError, match="models 0 and 1 differ: LeakyReLU"):
        stack([nn.LeakyReLU(0.1), nn.LeakyReLU(0.2)])
    with pytest.raises(TypeError, match="a Dropout2d layer cannot be stacked"):
        stack([nn.Sequential(Dropout2d(0.5))])


def test_a_layer_may_say_how_it_is_stacked():
    class Doubling(nn.Module):
        stacked = staticmethod(lambda modules: Doubling())

        def forward(self, x):
            return 2 * x

    assert stack([Doubling(), Doubling()])(torch.ones(2, 1, 1)).tolist() == [[[2.0]], [[2.0]]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": [0.1]}, "1 learning rates for 2 models"),
        ({"seeds": [1, 2, 3]}, "3 seeds for 2 models"),
        ({"optimiser": "lion"}, "'sgd' or 'adam', but got 'lion'"),
        ({"optimiser": "adam", "learning_rate": [0.1, 0.2]}, "Adam takes one learning rate"),
        ({"x": torch.ones(3, 120, 6)}, r"M = 2 members, but has shape \(3, 120, 6\)"),
        ({"targets": LABELS[:7]}, r"have to begin with \(120,\), but have shape \(7,\)"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {"x": X, "targets": LABELS, "epochs": 1, "learning_rate": 0.1, **change}
    with pytest.raises(ValueError, match=message):
        fit_many([mlp(0), mlp(1)], **arguments)


def test_lowest_error_decides_ties_by_the_loss():
    sure, unsure = nn.Linear(6, 2), nn.Linear(6, 2)
    for model, size in ((sure, 5.0), (unsure, 1.0)):
        nn.init.zeros_(model.bias)
        model.weight.data = size * torch.tensor([[-1.0, -1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]])
    assert evaluate(sure, X, LABELS)[0] == evaluate(unsure, X, LABELS)[0] == 0
    assert lowest_error([unsure, sure], X, LABELS) == 1
