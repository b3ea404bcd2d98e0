import numpy as np
import pytest
import torch

from dropout_lib import scratch
from dropout_lib.pytorch import MLPWithDropout
from dropout_lib.scratch import (
    SGD,
    Adam,
    Dropout,
    Linear,
    Parameter,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    StandardDropout,
    draw_keep_mask,
    multilayer_perceptron,
    train_epoch,
)

# --- gradients -----------------------------------------------------------------------------------


def relative_error(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def numerical_gradient(loss, array, step=1e-5):
    """Central differences of loss() by every element of the array, which is changed in place."""
    grad = np.empty_like(array)
    for index in np.ndindex(array.shape):
        original, losses = array[index], []
        for moved in (original + step, original - step):
            array[index] = moved
            losses.append(loss())
        array[index] = original
        grad[index] = (losses[0] - losses[1]) / (2 * step)
    return grad


@pytest.mark.parametrize("layer", [Dropout, StandardDropout])
@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_the_whole_network_match_finite_differences(layer, training):
    rng = np.random.default_rng(0)
    network = Sequential(
        layer(0.2, rng=rng),
        Linear(7, 6, rng=rng, dtype=np.float64),
        ReLU(),
        layer(0.5, rng=rng),
        Linear(6, 4, rng=rng, dtype=np.float64),
    )
    if not training:
        network.eval()
    for parameter in network.parameters():
        parameter.value += 0.1 * rng.standard_normal(parameter.value.shape)
    x, labels = rng.standard_normal((5, 7)), rng.integers(0, 4, 5)
    masks = [draw_keep_mask((5, 7), 0.2, rng), draw_keep_mask((5, 6), 0.5, rng)]
    criterion = SoftmaxCrossEntropy()

    def loss():
        return criterion.forward(network.forward(x, masks=masks), labels)

    loss()
    grad_input = network.backward(criterion.backward())
    analytical = [parameter.grad.copy() for parameter in network.parameters()]
    for parameter, grad in zip(network.parameters(), analytical, strict=True):
        assert relative_error(numerical_gradient(loss, parameter.value), grad) < 1e-7
    assert relative_error(numerical_gradient(loss, x), grad_input) < 1e-7


def test_cross_entropy_stays_finite_for_huge_logits():
    criterion = SoftmaxCrossEntropy()
    loss = criterion.forward(np.array([[1e4, 0.0], [-1e4, 1e4]]), np.array([0, 0]))
    assert loss == 1e4
    assert np.array_equal(criterion.backward(), [[0, 0], [-0.5, 0.5]])


@pytest.mark.parametrize("layer", [Linear(2, 3), ReLU(), Dropout(0.5)])
def test_backward_before_forward_says_so(layer):
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(np.ones((1, 3)))


# --- optimisers ----------------------------------------------------------------------------------

OPTIMISERS = [
    pytest.param(
        lambda parameters: SGD(parameters, 0.05, momentum=0.9),
        lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
        id="SGD with momentum",
    ),
    pytest.param(
        lambda parameters: SGD(parameters, 0.05),
        lambda parameters: torch.optim.SGD(parameters, lr=0.05),
        id="SGD",
    ),
    pytest.param(
        lambda parameters: Adam(parameters, 0.01),
        lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        id="Adam",
    ),
    pytest.param(
        lambda parameters: Adam(parameters, 0.01, betas=(0.8, 0.9), eps=1e-3),
        lambda parameters: torch.optim.Adam(parameters, lr=0.01, betas=(0.8, 0.9), eps=1e-3),
        id="Adam, other settings",
    ),
]


@pytest.mark.parametrize(("make_ours", "make_theirs"), OPTIMISERS)
def test_optimisers_take_the_steps_of_torch(make_ours, make_theirs):
    # torch's SGD keeps the velocity without the learning rate; at a constant one it moves alike
    rng = np.random.default_rng(1)
    values = [rng.standard_normal((4, 3)), rng.standard_normal(4)]
    ours = [Parameter(value.copy()) for value in values]
    theirs = [torch.nn.Parameter(torch.tensor(value)) for value in values]
    our_optimiser, their_optimiser = make_ours(ours), make_theirs(theirs)
    for _ in range(50):
        for our, their in zip(ours, theirs, strict=True):
            our.grad = rng.standard_normal(our.value.shape)
            their.grad = torch.tensor(our.grad)
        our_optimiser.step()
        their_optimiser.step()
        for our, their in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(our.value, their.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_max_norm_holds_after_every_step():
    rng = np.random.default_rng(2)
    weight, bias = Parameter(rng.standard_normal((6, 5))), Parameter(np.full(6, 9.0))
    optimiser = SGD([weight, bias], 0.5, momentum=0.9, max_norm=1.5)
    constrained = 0
    for _ in range(30):
        weight.grad = rng.standard_normal((6, 5))
        optimiser.step()
        norms = np.linalg.norm(weight.value, axis=1)
        assert norms.max() <= 1.5 * (1 + 1e-12)
        constrained += np.count_nonzero(np.isclose(norms, 1.5))
    assert constrained
    assert (bias.value == 9).all()  # a constraint on weights only


def test_max_norm_leaves_short_and_zero_rows_alone():
    weight = Parameter(np.array([[0.3, 0.4], [0.0, 0.0]]))
    SGD([weight], 0.1, max_norm=1.0).step()
    assert np.array_equal(weight.value, [[0.3, 0.4], [0, 0]])


# --- networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [0, 1, 3])
def test_a_wrong_number_of_masks_is_refused(given):
    network = multilayer_perceptron((4, 3, 3, 2), p=0.5)
    with pytest.raises(ValueError, match=f"got {given} masks for 2 dropout layers"):
        network.forward(np.ones((1, 4), dtype=np.float32), masks=[np.ones((1, 3))] * given)


def test_a_wrong_number_of_masks_is_refused_in_pytorch():
    network = MLPWithDropout(4, [3, 3], 2, [0.5, 0.5])
    with pytest.raises(ValueError, match="got 1 masks for 2 dropout layers"):
        network(torch.ones(1, 4), masks=[torch.ones(1, 3)])


def test_train_and_eval_reach_every_layer():
    network = multilayer_perceptron((4, 3, 2), p=0.5, input_p=0.2)
    assert not any(layer.training for layer in network.eval().layers)
    assert all(layer.training for layer in network.train().layers)
    x = np.ones((2, 4), dtype=np.float32)
    assert np.array_equal(network.eval().forward(x), network.forward(x))


def test_float32_stays_float32():
    rng = np.random.default_rng(3)
    network = multilayer_perceptron((4, 8, 2), p=0.5, rng=rng)
    optimisers = [SGD(network.parameters(), 0.1, momentum=0.9, max_norm=1.0)]
    optimisers.append(Adam(network.parameters()))
    x = rng.standard_normal((16, 4)).astype(np.float32)
    for optimiser in optimisers:
        train_epoch(network, x, x[:, 0] > 0, optimiser, batch_size=8, rng=rng)
    assert network.forward(x).dtype == np.float32
    for parameter in network.parameters():
        assert parameter.value.dtype == parameter.grad.dtype == np.float32


@pytest.mark.parametrize("input_p", [0.0, 0.2])
def test_both_rooms_have_the_same_losses_over_100_steps(input_p):
    rng = np.random.default_rng(4)
    sizes, p, batch = (50, 64, 32, 10), 0.5, 32
    ours = multilayer_perceptron(sizes, p, input_p=input_p, rng=rng)
    theirs = MLPWithDropout(
        sizes[0], sizes[1:-1], sizes[-1], [p] * len(sizes[1:-1]), input_dropout_rate=input_p
    )
    with torch.no_grad():
        for our, their in zip(ours.parameters(), theirs.parameters(), strict=True):
            their.copy_(torch.from_numpy(our.value))
    our_optimiser = SGD(ours.parameters(), 0.1, momentum=0.9)
    their_optimiser = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    criterion = SoftmaxCrossEntropy()

    our_losses, their_losses = [], []
    for _ in range(100):
        x = rng.standard_normal((batch, sizes[0])).astype(np.float32)
        labels = rng.integers(0, sizes[-1], batch)
        masks = [draw_keep_mask((batch, size), p, rng) for size in sizes[1:-1]]
        if input_p:
            masks.insert(0, draw_keep_mask(x.shape, input_p, rng))

        our_losses.append(criterion.forward(ours.forward(x, masks=masks), labels))
        ours.backward(criterion.backward())
        our_optimiser.step()

        logits = theirs(torch.from_numpy(x), masks=[torch.from_numpy(mask) for mask in masks])
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
        their_losses.append(loss.item())
        their_optimiser.zero_grad()
        loss.backward()
        their_optimiser.step()

    np.testing.assert_allclose(our_losses, their_losses, rtol=1e-5)


def test_a_layer_cannot_stand_twice_in_a_row():
    layer = scratch.Dropout(0.5)
    with pytest.raises(ValueError, match="a layer stands twice in the row"):
        scratch.Sequential(layer, scratch.ReLU(), layer)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array([[0], [1]]), r"2 integers, one per case, but have shape \(2, 1\)"),
        (np.array([0]), r"2 integers, one per case, but have shape \(1,\)"),
        (np.array([True, False]), "dtype bool"),
        (np.array([0.0, 1.0]), "dtype float64"),
        (np.array([0, -1]), "between 0 and 2, but reach from -1 to 0"),
        (np.array([0, 3]), "between 0 and 2, but reach from 0 to 3"),
    ],
)
def test_labels_that_fit_no_class_are_refused(labels, words):
    with pytest.raises(ValueError, match=words):
        scratch.SoftmaxCrossEntropy().forward(np.zeros((2, 3)), labels)


@pytest.mark.parametrize(
    "layer", [scratch.SoftmaxCrossEntropy(), scratch.ReLU(), scratch.Linear(2, 2)]
)
def test_backward_before_forward_says_what_to_do(layer):
    with pytest.raises(RuntimeError, match="before forward"):
        layer.backward(*([] if isinstance(layer, scratch.SoftmaxCrossEntropy) else [np.ones(2)]))


def test_a_gradient_of_another_shape_is_not_broadcast():
    relu = scratch.ReLU()
    relu.forward(np.ones((4, 1)))
    with pytest.raises(ValueError, match=r"grad_output has shape \(1, 4\)"):
        relu.backward(np.ones((1, 4)))


def test_relu_has_gradient_0_at_0_as_in_torch():
    relu = scratch.ReLU()
    relu.forward(np.array([-1.0, 0.0, 1.0]))
    assert relu.backward(np.ones(3)).tolist() == [0, 0, 1]


def test_initial_weights_have_the_variance_of_he():
    weight = scratch.Linear(1000, 1000, rng=np.random.default_rng(0)).weight.value
    assert abs(weight.var() * 1000 / 2 - 1) < 0.01
    assert abs(weight.mean()) < 1e-3


def test_an_epoch_shuffles_and_weighs_every_case_alike():
    class Watched(scratch.Sequential):
        def forward(self, x, masks=None):
            seen.append(x[:, 0].astype(int).tolist())
            return super().forward(x)

    x = np.arange(10, dtype=np.float32).reshape(10, 1)
    labels = np.zeros(10, dtype=int)
    orders = []
    for _ in range(2):
        seen = []
        network = Watched(scratch.Linear(1, 2, rng=np.random.default_rng(0)))
        still = scratch.SGD(network.parameters(), 0.0)
        loss = scratch.train_epoch(
            network, x, labels, still, batch_size=4, rng=np.random.default_rng(1)
        )
        orders.append(seen)
    assert [len(batch) for batch in seen] == [4, 4, 2]
    assert orders[0] == orders[1]
    order = [case for batch in seen for case in batch]
    assert order != list(range(10))
    assert sorted(order) == list(range(10))
    whole = scratch.SoftmaxCrossEntropy().forward(network.eval().forward(x), labels)
    assert loss == pytest.approx(float(whole), rel=1e-5)


@pytest.mark.parametrize("arguments", [{"p": 7}, {"p": 0.5, "input_p": None}])
def test_a_bad_probability_is_refused_even_without_a_layer_for_it(arguments):
    with pytest.raises(ValueError, match="between 0 and 1"):
        scratch.multilayer_perceptron((4, 2), **arguments)
