"""Monte Carlo dropout: both rooms give what the masks give, and leave the model as it was."""

import itertools
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib import pytorch, scratch

X = np.array([[1.0, -2.0], [3.0, 0.5], [-1.0, 1.0]])
W1 = np.array([[1.0, 0.5], [-1.0, 1.0], [0.5, -1.0], [2.0, 1.0]])
W2 = np.array([[1.0, 2.0, -1.0, 0.5], [0.5, -1.0, 3.0, 1.0], [1.0, 1.0, 1.0, -2.0]])
BIAS1 = np.array([6.0, 5.0, 4.0, 7.0])  # so that every hidden unit is active in every case
BIAS2 = np.array([0.1, -0.2, 0.3])
HIDDEN = np.maximum(X @ W1.T + BIAS1, 0)


class Scratch:
    """Room of NumPy."""

    room = scratch

    @staticmethod
    def generator(seed):
        return {"rng": np.random.default_rng(seed)}

    @staticmethod
    def linear(weight, bias):
        layer = scratch.Linear(*weight.shape[::-1], dtype=np.float64)
        layer.weight.value[:], layer.bias.value[:] = weight, bias
        return layer

    relu = scratch.ReLU
    sequential = scratch.Sequential
    values = staticmethod(np.asarray)
    array = staticmethod(np.asarray)

    class Spy(scratch.layer.Layer):
        """Hands through what comes, and remembers how many rows came, or raises."""

        def __init__(self, error=None):
            self.seen, self.error = [], error

        def forward(self, x):
            if self.error:
                raise self.error
            if x.shape[0] != 1:  # one row is for measuring
                self.seen.append(x.shape[0])
            return x

    @staticmethod
    def modes(network):
        return [(layer, layer.training) for layer in network.layers]


class Torch:
    """Room of PyTorch."""

    room = pytorch

    @staticmethod
    def generator(seed):
        return {"generator": torch.Generator().manual_seed(seed)}

    @staticmethod
    def linear(weight, bias):
        layer = nn.Linear(*weight.shape[::-1], dtype=torch.float64)
        with torch.no_grad():
            layer.weight[:], layer.bias[:] = torch.tensor(weight), torch.tensor(bias)
        return layer

    relu = nn.ReLU
    sequential = nn.Sequential
    array = staticmethod(torch.tensor)

    @staticmethod
    def values(tensor):
        assert not tensor.requires_grad
        return tensor.numpy()

    class Spy(nn.Module):
        def __init__(self, error=None):
            super().__init__()
            self.seen, self.error = [], error

        def forward(self, x):
            if self.error:
                raise self.error
            if x.shape[0] > 2:  # one and two rows are for measuring
                self.seen.append(x.shape[0])
            return x

    @staticmethod
    def modes(network):
        return [(layer, layer.training) for layer in network]


@pytest.fixture(params=[Scratch, Torch], ids=["scratch", "pytorch"])
def room(request):
    return request.param


def network(room, p, *more, seed=0, behind=()):
    """Linear, ReLU, Dropout of four units, Linear; ``more`` stands between, ``behind`` last."""
    dropout = room.room.Dropout(p, **room.generator(seed))
    return room.sequential(
        room.linear(W1, BIAS1), room.relu(), *more, dropout, room.linear(W2, BIAS2), *behind
    )


def samples_of(room, model, x, *args, **kwargs):
    return room.values(room.room.mc_samples(model, room.array(x), *args, **kwargs))


def predict(room, model, x, *args, **kwargs):
    found = room.room.mc_predict(model, room.array(x), *args, **kwargs)
    return [None if part is None else room.values(part) for part in found]


def thinned(p):
    """The outputs under each of the 16 masks (16, N, 3), and the masks' probabilities (16,)."""
    masks = np.array(list(itertools.product((0, 1), repeat=4)))
    probabilities = np.prod(np.where(masks == 1, 1 - p, p), axis=1)
    return (masks[:, None] * HIDDEN / (1 - p)) @ W2.T + BIAS2, probabilities


def in_units(values):
    """Hashable, without rounding errors."""
    return [tuple(row) for row in np.round(values, 6).tolist()]


# What the passes are


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 7, 1000])
@pytest.mark.parametrize("consistent", [False, True])
def test_every_pass_is_the_output_under_some_mask(room, consistent, chunk_size):
    found = samples_of(
        room, network(room, 0.3), X, 50, consistent=consistent, chunk_size=chunk_size
    )
    assert found.shape == (50, 3, 3)
    outputs, _ = thinned(0.3)
    for case in range(3):
        assert set(in_units(found[:, case])) <= set(in_units(outputs[:, case]))


@pytest.mark.parametrize("chunk_size", [None, 16])
@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("p", [0.2, 0.4])
def test_mean_and_spread_are_those_over_all_masks(room, p, consistent, chunk_size):
    outputs, weights = thinned(p)
    mean = np.tensordot(weights, outputs, 1)
    variance = np.tensordot(weights, (outputs - mean) ** 2, 1)
    fourth = np.tensordot(weights, (outputs - mean) ** 4, 1)
    passes = 3000
    found_mean, found_std, *entropies = predict(
        room,
        network(room, p, seed=1),
        X,
        passes,
        consistent=consistent,
        chunk_size=chunk_size,
    )
    assert entropies == [None, None]
    assert (abs(found_mean - mean) <= 6 * np.sqrt(variance / passes)).all()
    assert (abs(found_std**2 - variance) <= 6 * np.sqrt((fourth - variance**2) / passes)).all()


@pytest.mark.parametrize("consistent", [False, True])
def test_masks_are_fresh_for_every_pass_and_case_unless_asked_otherwise(room, consistent):
    alike = np.repeat(X[:1], 40, axis=0)
    found = samples_of(room, network(room, 0.5), alike, 60, consistent=consistent, chunk_size=70)
    assert len(set(in_units(found[:, 0]))) > 3
    for one_pass in found:
        assert (len(set(in_units(one_pass))) == 1) is consistent


@pytest.mark.parametrize("chunk_size", [None, 1, 3, 7, 1000])
def test_one_mask_a_pass_is_replayed_over_chunks_of_cases(room, chunk_size):
    x = np.tile(X, (5, 1))  # each case five times
    found = samples_of(
        room, network(room, 0.5), x, 20, consistent=True, chunk_size=chunk_size
    ).reshape(20, 5, 3, 3)
    np.testing.assert_allclose(found, np.broadcast_to(found[:, :1], found.shape), atol=1e-12)
    outputs, _ = thinned(0.5)
    for one_pass in found:  # there is one mask that explains all three cases
        assert np.isclose(outputs, one_pass[0], atol=1e-9).all(axis=(1, 2)).any()


@pytest.mark.parametrize("outputs", ["values", "logits"])
@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 2, 4, 1000])
def test_the_prediction_summarises_the_passes(room, outputs, consistent, chunk_size):
    how = {"consistent": consistent, "chunk_size": chunk_size}
    found = room.room.mc_predict(
        network(room, 0.5, seed=3), room.array(X), 37, outputs=outputs, **how
    )
    samples = room.room.mc_samples(network(room, 0.5, seed=3), room.array(X), 37, **how)
    for part, other in zip(found, room.room.summarise(samples, outputs), strict=True):
        if part is None:
            assert other is None
        else:
            np.testing.assert_allclose(room.values(part), room.values(other), atol=1e-12)


def test_nothing_varies_at_p_zero_and_p_one(room):
    for p, expected in ((0, HIDDEN @ W2.T + BIAS2), (1, np.tile(BIAS2, (3, 1)))):
        for consistent in (False, True):
            mean, std, entropy, information = predict(
                room, network(room, p), X, 11, chunk_size=7, consistent=consistent, outputs="logits"
            )
            assert (std < 1e-12).all()
            assert (information < 1e-12).all()
            exp = np.exp(expected)
            right = exp / exp.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(mean, right, atol=1e-12)
            np.testing.assert_allclose(entropy, -(right * np.log(right)).sum(axis=1), atol=1e-12)


def test_equal_passes_have_no_spread_at_all(room):
    x = np.random.default_rng(0).standard_normal((20, 7))
    model = room.sequential(room.room.Dropout(0.0))
    _, std, *_ = predict(room, model, x, 13, chunk_size=60)
    assert (std == 0).all()


def test_a_generator_makes_the_passes_repeatable_and_is_taken_for_all_layers(room):
    model = network(room, 0.5, room.room.Dropout(0.5, **room.generator(8)), seed=9)
    first = samples_of(room, model, X, 20, **room.generator(5))
    assert (samples_of(room, model, X, 20, **room.generator(5)) == first).all()
    assert (samples_of(room, model, X, 20, **room.generator(6)) != first).any()
    own = [samples_of(room, model, X, 20) for _ in range(2)]
    assert (own[0] != own[1]).any()
    again = network(room, 0.5, room.room.Dropout(0.5, **room.generator(8)), seed=9)
    assert (samples_of(room, again, X, 20) == own[0]).all()  # the layers' own, not used meanwhile


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 1, 4])
def test_cases_may_stand_on_another_axis(room, consistent, chunk_size):
    x = np.random.default_rng(0).uniform(1, 2, (4, 3, 5))  # (T, N, F)
    layer = room.room.VariationalDropout(0.5, **room.generator(0))
    found = samples_of(
        room, layer, x, 6, batch_axis=1, consistent=consistent, chunk_size=chunk_size
    )
    assert found.shape == (6, 4, 3, 5)
    factor = found / x
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape))  # all steps
    assert (factor == factor[:, :, :1]).all() == consistent
    mean = predict(room, layer, x, 6, batch_axis=1, chunk_size=chunk_size)[0]
    assert mean.shape == x.shape


# What is computed, and how much of it at once


def test_layers_before_the_first_dropout_run_once_for_each_case(room):
    before, behind = room.Spy(), room.Spy()
    x = np.tile(X, (4, 1))
    samples_of(room, network(room, 0.5, before, behind=(behind,)), x, 10, chunk_size=36)
    assert sum(before.seen) == len(x)
    assert sum(behind.seen) == 10 * len(x)
    assert max(before.seen + behind.seen) <= 36


@pytest.mark.parametrize("outputs", ["values", "logits"])
@pytest.mark.parametrize("consistent", [False, True])
def test_memory_does_not_grow_with_the_passes(outputs, consistent):
    model = scratch.multilayer_perceptron((50, 200, 200, 10), 0.5, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((30, 50)).astype(np.float32)

    def peak(number, **how):
        tracemalloc.start()
        scratch.mc_predict(model, x, number, outputs=outputs, consistent=consistent, **how)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # what is made once and stays
    at_100 = peak(100)
    assert peak(1000) < 1.05 * at_100
    assert peak(100, chunk_size=30) < 0.3 * at_100


def test_the_chosen_chunk_keeps_dropped_weights_within_bounds():
    model = scratch.DropConnectLinear(500, 500, p=0.5, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((50, 500)).astype(np.float32)
    tracemalloc.start()
    scratch.mc_predict(model, x, 4)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30e6  # 200 masks of 250,000 weights would be 50 MB


# The model stays as it was


class Interruption:
    """Errors that a layer may raise, and passes that end well."""

    cases = (None, ValueError("no"), KeyboardInterrupt())


@pytest.mark.parametrize("error", Interruption.cases, ids=["none", "error", "interrupt"])
@pytest.mark.parametrize("consistent", [False, True])
def test_modes_are_restored_each_by_itself(room, error, consistent):
    model = network(room, 0.5, room.room.Dropout(0.5), behind=(room.Spy(error),))
    model.eval()
    for i, (layer, _) in enumerate(room.modes(model)):
        layer.training = i % 2 == 0
    before = room.modes(model)
    for function in (room.room.mc_predict, room.room.mc_samples):
        if error is None:
            function(model, room.array(X), 5, consistent=consistent)
        else:
            with pytest.raises(type(error)):
                function(model, room.array(X), 5, consistent=consistent)
        assert room.modes(model) == before
        assert not model.training


@pytest.mark.parametrize("error", Interruption.cases, ids=["none", "error", "interrupt"])
def test_masks_and_generators_are_restored(room, error):
    spy = room.Spy()
    model = network(room, 0.5, behind=(spy,))
    model(room.array(X))
    dropout = room.modes(model)[2][0]
    name = "rng" if room is Scratch else "generator"
    mask, generator = dropout.mask, getattr(dropout, name)
    spy.error = error
    try:
        room.room.mc_samples(model, room.array(X), 5, **room.generator(3))
    except (ValueError, KeyboardInterrupt):
        assert error is not None
    assert dropout.mask is mask
    assert getattr(dropout, name) is generator


@pytest.mark.parametrize("consistent", [False, True])
def test_a_backward_pass_may_be_finished_afterwards(consistent):
    def gradients(between):
        rng = np.random.default_rng(4)
        model = scratch.multilayer_perceptron((2, 4, 3), 0.5, rng=rng, dtype=np.float64)
        model.forward(X)
        before = [dict(vars(layer)) for layer in model.layers]
        if between:
            scratch.mc_predict(model, X, 10, consistent=consistent)
        for layer, attributes in zip(model.layers, before, strict=True):
            assert vars(layer).keys() == attributes.keys()
            assert all(vars(layer)[name] is attributes[name] for name in attributes)
        return model.backward(np.ones((3, 3)))

    assert (gradients(True) == gradients(False)).all()


# All dropout layers of the room of NumPy

LAYERS = {  # name: (make, shape of one case, batch axis)
    "Dropout": (lambda rng: scratch.Dropout(0.5, rng=rng), (4,), 0),
    "Dropout on pictures": (lambda rng: scratch.Dropout(0.5, rng=rng), (2, 3, 3), 0),
    "StandardDropout": (lambda rng: scratch.StandardDropout(0.5, rng=rng), (4,), 0),
    "GaussianDropout": (lambda rng: scratch.GaussianDropout(0.5, rng=rng), (4,), 0),
    "Dropout1d": (lambda rng: scratch.Dropout1d(0.5, rng=rng), (5, 3), 0),
    "Dropout2d": (lambda rng: scratch.Dropout2d(0.5, rng=rng), (5, 2, 3), 0),
    "Dropout3d": (lambda rng: scratch.Dropout3d(0.5, rng=rng), (5, 2, 3, 2), 0),
    "DropBlock2d": (lambda rng: scratch.DropBlock2d(0.5, 3, rng=rng), (5, 6, 6), 0),
    "VariationalDropout": (lambda rng: scratch.VariationalDropout(0.5, rng=rng), (6, 4), 1),
    "VariationalDropout, batch first": (
        lambda rng: scratch.VariationalDropout(0.5, True, rng=rng),
        (6, 4),
        0,
    ),
    "DropConnectLinear": (
        lambda rng: scratch.DropConnectLinear(4, 3, p=0.5, rng=rng, dtype=np.float64),
        (4,),
        0,
    ),
    "VariationalRNN": (
        lambda rng: scratch.VariationalRNN(
            4, 5, input_p=0.5, recurrent_p=0.3, output_p=0.5, rng=rng, dtype=np.float64
        ),
        (6, 4),
        1,
    ),
    "VariationalRNN, batch first": (
        lambda rng: scratch.VariationalRNN(
            4, 5, "relu", True, recurrent_p=0.5, output_p=0.5, rng=rng, dtype=np.float64
        ),
        (6, 4),
        0,
    ),
}


@pytest.mark.parametrize("chunk_size", [None, 1, 5, 12])
@pytest.mark.parametrize("name", LAYERS)
def test_every_dropout_layer_draws_per_case_or_once_for_all(name, chunk_size):
    make, shape, axis = LAYERS[name]
    layer = make(np.random.default_rng(1))
    case = np.random.default_rng(2).uniform(1, 2, shape)
    x = np.stack([case] * 6, axis)
    how = {"batch_axis": axis, "chunk_size": chunk_size}
    shared = np.moveaxis(scratch.mc_samples(layer, x, 15, consistent=True, **how), axis + 1, 1)
    np.testing.assert_allclose(shared, np.broadcast_to(shared[:, :1], shared.shape), atol=1e-12)
    assert len({sample.tobytes() for sample in shared[:, 0].round(9)}) > 5
    own = np.moveaxis(scratch.mc_samples(layer, x, 15, **how), axis + 1, 1).round(9)
    assert len({sample.tobytes() for sample in own[3]}) > 1
    assert len({sample.tobytes() for sample in own[:, 0]}) > 5
    ordinary = layer.forward(x)
    ordinary = ordinary[0] if isinstance(ordinary, tuple) else ordinary
    mean, std, *_ = scratch.mc_predict(layer, x, 15, **how)
    assert mean.shape == std.shape == ordinary.shape


@pytest.mark.parametrize("name", LAYERS)
def test_a_pass_is_what_the_layer_does_in_training_mode(name):
    make, shape, axis = LAYERS[name]
    x = np.random.default_rng(2).uniform(1, 2, (*shape[:axis], 3, *shape[axis:]))
    found = scratch.mc_samples(make(np.random.default_rng(1)), x, 1, batch_axis=axis)[0]
    expected = make(np.random.default_rng(1)).forward(x)
    assert (found == (expected[0] if isinstance(expected, tuple) else expected)).all()


def test_two_layers_that_share_a_generator_replay_both():
    rng = np.random.default_rng(0)
    inner = scratch.Sequential(scratch.ReLU(), scratch.Dropout(0.5, rng=rng))
    model = scratch.Sequential(scratch.Dropout(0.5, rng=rng), inner)
    x = np.ones((7, 20))
    found = scratch.mc_samples(model, x, 9, consistent=True, chunk_size=3)
    assert (found == found[:, :1]).all()
    assert len({sample.tobytes() for sample in found[:, 0]}) == 9


# Summaries of whatever samples


def reference(samples, outputs):
    if outputs == "logits":
        samples = np.exp(samples) / np.exp(samples).sum(axis=-1, keepdims=True)
    mean, std = samples.mean(axis=0), samples.std(axis=0, ddof=1)
    if outputs == "values":
        return mean, std, None, None

    def entropy(p):
        return -(p * np.log(p)).sum(axis=-1)

    return mean, std, entropy(mean), entropy(mean) - entropy(samples).mean(axis=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outputs", ["values", "logits", "probabilities"])
def test_a_summary_is_what_its_formulas_say(room, outputs, dtype):
    samples = np.random.default_rng(0).standard_normal((9, 4, 5, 3))
    if outputs == "probabilities":
        samples = np.exp(samples) / np.exp(samples).sum(axis=-1, keepdims=True)
    found = room.room.summarise(room.array(samples.astype(dtype)), outputs)
    for part, right in zip(found, reference(samples, outputs), strict=True):
        if right is None:
            assert part is None
        else:
            assert room.values(part).shape == right.shape
            np.testing.assert_allclose(
                room.values(part), right, atol=1e-12 if dtype == np.float64 else 1e-5
            )


def test_entropies_of_the_sure_and_of_those_who_contradict_each_other(room):
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])[:, None]  # (S, N, K)
    contrary = np.array([[1.0, 0.0], [0.0, 1.0]])[:, None]
    unsure = np.array([[0.5, 0.5], [0.5, 0.5]])[:, None]
    samples = np.concatenate([sure, contrary, unsure], axis=1)
    _, _, entropy, information = room.room.summarise(room.array(samples), "probabilities")
    np.testing.assert_allclose(room.values(entropy), np.log([1, 2, 2]), atol=1e-12)
    np.testing.assert_allclose(room.values(information), [0, np.log(2), 0], atol=1e-12)


def test_no_digits_are_lost_far_from_zero(room):
    noise = np.random.default_rng(0).standard_normal((100, 2))
    _, std, *_ = room.room.summarise(room.array(1e9 + noise))
    np.testing.assert_allclose(room.values(std), noise.std(axis=0, ddof=1), rtol=1e-5)
    x = np.full((1, 1), 1e9)

    class Shifted(scratch.layer.Layer):
        def forward(self, x):
            return 1e9 + x / 1e9

    model = scratch.Sequential(scratch.Dropout(0.5, rng=np.random.default_rng(0)), Shifted())
    _, std, *_ = scratch.mc_predict(model, x, 4000, chunk_size=10)
    assert abs(std - 1).max() < 0.01


def test_mutual_information_is_never_negative(room):
    logits = np.tile(np.random.default_rng(0).standard_normal((1, 500, 7)), (3, 1, 1))
    _, _, _, information = room.room.summarise(room.array(logits.astype(np.float32)), "logits")
    assert (room.values(information) >= 0).all()


def test_huge_logits_give_no_nan(room):
    logits = np.array([[[1e4, 0.0]], [[0.0, 1e4]]])
    mean, _, entropy, _ = room.room.summarise(room.array(logits), "logits")
    np.testing.assert_allclose(room.values(mean), [[0.5, 0.5]])
    np.testing.assert_allclose(room.values(entropy), np.log(2))


# What is refused


@pytest.mark.parametrize("number", [1, 0, -3, 2.5, True])
def test_a_single_pass_has_no_spread(room, number):
    with pytest.raises(ValueError, match=rf"{number}: a single pass has no spread"):
        room.room.mc_predict(network(room, 0.5), room.array(X), number)
    if number != 1:
        with pytest.raises(ValueError, match=f"at least 1, but got {number}"):
            room.room.mc_samples(network(room, 0.5), room.array(X), number)


def test_a_single_sample_has_no_spread(room):
    with pytest.raises(ValueError, match="at least two samples, but got 1"):
        room.room.summarise(room.array(X[None]))


def test_a_model_without_dropout_is_refused_and_told_what_to_add(room):
    for function in (room.room.mc_predict, room.room.mc_samples):
        with pytest.raises(ValueError, match=r"no dropout.*add .*Dropout\(p\)"):
            function(room.sequential(room.linear(W1, np.zeros(4)), room.relu()), room.array(X))


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_prediction_that_is_not_finite_names_its_case(room, bad, consistent):
    x = np.tile(X, (4, 1))
    x[7, 0] = bad
    for function in (room.room.mc_predict, room.room.mc_samples):
        for chunk_size in (None, 5, 30):
            with pytest.raises(ValueError, match=r"case 7\b"):
                function(
                    network(room, 0.1),
                    room.array(x),
                    40,
                    chunk_size=chunk_size,
                    consistent=consistent,
                )
    for samples in (np.stack([x, x]), np.stack([x, x])[..., 0]):
        with pytest.raises(ValueError, match=r"case 7\b"):
            room.room.summarise(room.array(samples))


def test_other_arguments_are_checked(room):
    model, x = network(room, 0.5), room.array(X)
    with pytest.raises(ValueError, match="'classes'"):
        room.room.mc_predict(model, x, outputs="classes")
    with pytest.raises(ValueError, match="'classes'"):
        room.room.summarise(room.array(np.stack([X, X])), "classes")
    with pytest.raises(ValueError, match=r"chunk_size.*0"):
        room.room.mc_predict(model, x, chunk_size=0)
    for axis in (2, -1, 0.0, False):
        with pytest.raises(ValueError, match=f"no axis {axis} for the cases"):
            room.room.mc_predict(model, x, batch_axis=axis)
    with pytest.raises(ValueError, match="no case to predict"):
        room.room.mc_predict(model, x[:0])


def test_samples_without_cases_are_refused(room):
    for samples in (np.ones(()), np.ones(5)):
        with pytest.raises(ValueError, match=r"samples have to be \(T, N, ...\)"):
            room.room.summarise(room.array(samples))


def test_complex_samples_are_refused_and_not_cut(room):
    with pytest.raises(TypeError, match="complex predictions have no one spread"):
        room.room.summarise(room.array(np.ones((2, 3), dtype=complex)))


def test_whole_numbers_have_a_mean_that_is_none(room):
    class Sign(type(room.Spy())):
        def forward(self, x):
            return (x > 0) * 3  # a whole number

    model = network(room, 0.5, behind=(Sign(),))
    mean, *_ = predict(room, model, X, 200)
    assert mean.dtype.kind == "f"
    samples = samples_of(room, model, X, 200)
    assert samples.dtype.kind == "i"
    assert ((mean > 0) & (mean < 3)).any()


def test_what_cannot_be_probabilities_of_classes_is_refused(room):
    with pytest.raises(ValueError, match='Then say outputs="logits"'):
        room.room.summarise(room.array(np.stack([X, X])), "probabilities")
    with pytest.raises(ValueError, match="give both"):
        room.room.summarise(room.array(np.ones((3, 5, 1))), "logits")


def test_scratch_refuses_what_it_cannot_reach_or_lay_out():
    class Residual(scratch.Sequential):
        def forward(self, x):
            return x + super().forward(x)

    with pytest.raises(ValueError, match="Residual has layers inside"):
        scratch.mc_predict(Residual(scratch.Dropout(0.5)), X)
    with pytest.raises(TypeError, match=r"layer of dropout_lib\.scratch"):
        scratch.mc_predict(lambda x: x, X)
    with pytest.raises(TypeError, match="default_rng"):
        scratch.mc_predict(scratch.Dropout(0.5), X, rng=3)
    sequence = np.ones((5, 4, 3))
    with pytest.raises(ValueError, match=r"cases on axis 1 of three.*batch_axis=0"):
        scratch.mc_predict(scratch.VariationalDropout(0.5), sequence)
    with pytest.raises(ValueError, match="of three, but got shape"):
        scratch.mc_predict(scratch.VariationalDropout(0.5), sequence[0], batch_axis=1)
