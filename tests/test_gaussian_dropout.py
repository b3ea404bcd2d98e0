"""Gaussian dropout: the formula, both rooms alike, the moments of its noise, what it refuses."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib import pytorch, scratch
from dropout_lib.pytorch import GaussianDropout, functional
from dropout_lib.stacked import stack
from dropout_lib.training import fit_many
from tests.variants import ROOMS, generator

LAYERS = {"scratch": scratch.GaussianDropout, "pytorch": pytorch.GaussianDropout}
SHAPE = (7, 11)


def example(dtype=np.float64):
    """Input, gradient of the output, and noise for both rooms to replay."""
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((3, *SHAPE)).astype(dtype))


def through(room, layer, x, grad_output, noise=None):
    """(output, gradient of the input), arrays in and arrays out."""
    if room == "scratch":
        return layer.forward(x, noise=noise), layer.backward(grad_output)
    leaf = torch.tensor(x, requires_grad=True)
    out = layer(leaf, noise=None if noise is None else torch.tensor(noise))
    out.backward(torch.tensor(grad_output))
    return out.detach().numpy(), leaf.grad.numpy()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_both_rooms_multiply_by_the_noise_in_both_directions(dtype):
    x, grad_output, noise = example(dtype)
    for room in ROOMS:
        out, grad = through(room, LAYERS[room](0.3), x, grad_output, noise)
        assert out.dtype == grad.dtype == dtype
        assert (out == noise * x).all()
        assert (grad == noise * grad_output).all()


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_the_noise_has_mean_1_and_the_variance_of_dropout_and_is_normal(room, p):
    layer = LAYERS[room](p, **generator(room, 1))
    ones = np.ones((400, 1000), dtype=np.float32)
    noise = through(room, layer, ones, ones)[0].astype(np.float64)
    variance, cases = p / (1 - p), noise.size
    assert abs(noise.mean() - 1) <= 6 * np.sqrt(variance / cases) + 1e-7
    assert abs(noise.var() - variance) <= 6 * variance * np.sqrt(2 / cases) + 1e-7
    if p:
        beyond = (np.abs(noise - 1) > np.sqrt(variance)).mean()
        assert abs(beyond - 0.3173) < 6 * np.sqrt(0.3173 * 0.6827 / cases)


@pytest.mark.parametrize("room", ROOMS)
def test_every_unit_case_and_pass_has_noise_of_its_own_and_a_seed_repeats_it(room):
    ones = np.ones(SHAPE)
    first, second = (LAYERS[room](0.5, **generator(room, 2)) for _ in range(2))
    passes = [through(room, first, ones, ones)[0] for _ in range(2)]
    assert len(np.unique(passes)) == 2 * ones.size
    assert all((through(room, second, ones, ones)[0] == out).all() for out in passes)


@pytest.mark.parametrize("room", ROOMS)
def test_backward_uses_the_noise_that_forward_drew(room):
    layer = LAYERS[room](0.5, **generator(room, 3))
    out, grad = through(room, layer, np.ones(SHAPE), np.ones(SHAPE))
    assert (out == grad).all()
    assert (np.asarray(layer.noise) == out).all()


@pytest.mark.parametrize("room", ROOMS)
def test_evaluation_is_the_identity(room):
    x, grad_output, noise = example()
    layer = LAYERS[room](0.5).eval()
    out, grad = through(room, layer, x, grad_output, noise)
    assert (out == x).all()
    assert (grad == grad_output).all()
    assert layer.noise is None
    if room == "scratch":
        assert not np.shares_memory(out, x)


def test_gradient_matches_finite_differences():
    x, weights, noise = example()
    layer = scratch.GaussianDropout(0.5)
    _, grad = through("scratch", layer, x, weights, noise)
    step = 1e-3
    for index in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[index] = step
        difference = layer.forward(x + change, noise) - layer.forward(x - change, noise)
        assert abs((weights * difference).sum() / (2 * step) - grad[index]) < 1e-9
    x, noise = torch.tensor(x, requires_grad=True), torch.tensor(noise)
    layer = GaussianDropout(0.5)
    assert torch.autograd.gradcheck(lambda x: layer(x, noise=noise), x)


def test_functional_forms_are_the_layer():
    x, grad_output, noise = example()
    out, used = scratch.gaussian_dropout_forward(x, 0.5, noise=noise)
    assert (out == noise * x).all()
    assert (scratch.gaussian_dropout_backward(grad_output, used) == noise * grad_output).all()
    assert (scratch.gaussian_dropout_backward(grad_output, None) == grad_output).all()
    x, grad_output, noise = map(torch.tensor, (x, grad_output, noise))
    assert torch.equal(functional.gaussian_dropout(x, noise=noise), noise * x)
    assert functional.gaussian_dropout(x, training=False) is x
    gradient = pytorch.gaussian_dropout_backward(grad_output, noise)
    assert torch.equal(gradient, noise * grad_output)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("p", [1.5, -0.1, float("nan"), "0.5", None])
def test_a_bad_probability_is_refused_in_the_words_of_the_house(room, p):
    with pytest.raises(ValueError, match="has to be between 0 and 1, but got"):
        LAYERS[room](p)


@pytest.mark.parametrize("room", ROOMS)
def test_p_1_is_refused_for_its_variance(room):
    with pytest.raises(ValueError, match="p below 1, where the variance is finite, but got 1"):
        LAYERS[room](1)


@pytest.mark.parametrize("room", ROOMS)
def test_integers_and_noise_that_does_not_fit_are_refused(room):
    array = np.asarray if room == "scratch" else torch.tensor
    layer = LAYERS[room](0.5)
    with pytest.raises(TypeError, match="convert first"):
        layer(array([1, 2]))
    with pytest.raises(ValueError, match=r"noise has shape \(3,\), but has to have shape \(2,\)"):
        layer(array([1.0, 2.0]), noise=array([1.0, 1.0, 1.0]))


def test_backward_before_forward_and_a_wrong_gradient_say_so():
    layer = scratch.GaussianDropout(0.5)
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(np.ones(3))
    layer.forward(np.ones(3))
    with pytest.raises(ValueError, match=r"shape \(4,\), but forward returned shape \(3,\)"):
        layer.backward(np.ones(4))


@pytest.mark.parametrize("room", ROOMS)
def test_changing_the_given_noise_afterwards_changes_nothing(room):
    x, grad_output, noise = example()
    layer, given = LAYERS[room](0.5), noise.copy()
    if room == "scratch":
        layer.forward(x, noise=given)
        given[:] = 0
        assert (layer.backward(grad_output) == noise * grad_output).all()
    else:
        leaf, given = torch.tensor(x, requires_grad=True), torch.tensor(given)
        out = layer(leaf, noise=given)
        given.zero_()
        out.backward(torch.tensor(grad_output))
        assert (leaf.grad.numpy() == noise * grad_output).all()


def test_copies_draw_alike_and_nothing_is_in_the_state_dict():
    layer = GaussianDropout(0.3, generator=torch.Generator().manual_seed(4))
    layer(torch.ones(SHAPE))
    copies = copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))
    expected = layer(torch.ones(SHAPE))
    assert not layer.state_dict()
    assert repr(layer) == "GaussianDropout(p=0.3)"
    for other in copies:
        assert torch.equal(other(torch.ones(SHAPE)), expected)


def test_global_random_state_is_untouched():
    numpy_before, torch_before = np.random.get_state()[1], torch.get_rng_state()  # noqa: NPY002
    for room in ROOMS:
        through(room, LAYERS[room](0.5, **generator(room, 5)), *np.ones((2, *SHAPE)))
    scratch.gaussian_dropout_forward(np.ones(3))
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_stacked_networks_have_their_own_p_and_their_own_noise():
    rates = (0.0, 0.2, 0.8)
    source = torch.Generator().manual_seed(6)
    network = stack([nn.Sequential(GaussianDropout(p, generator=source)) for p in rates])
    out = network(torch.ones(3, 300, 400))
    for member, p in zip(out, rates, strict=True):
        assert abs(member.mean() - 1) < 0.05
        assert abs(member.var() - p / (1 - p)) < 0.05 * p / (1 - p) + 1e-9
    again = stack([nn.Sequential(GaussianDropout(0.5)) for _ in range(2)])(torch.ones(2, 5, 5))
    assert not torch.equal(again[0], again[1])
    assert torch.equal(network.eval()(torch.ones(3, 2, 2)), torch.ones(3, 2, 2))


def test_networks_with_it_train_together():
    x = torch.randn(200, 4, generator=torch.Generator().manual_seed(7))
    models = [nn.Sequential(nn.Linear(4, 2), GaussianDropout(p)) for p in (0.0, 0.3)]
    losses = fit_many(models, x, (x[:, 0] > 0).long(), epochs=10, learning_rate=0.1)
    assert (losses[-1] < losses[0]).all()
