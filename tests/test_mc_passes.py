"""How PyTorch's Monte Carlo passes are made: what draws, what doesn't, and what is left behind."""

import copy
import subprocess
import sys
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dropout_lib import pytorch as room
from dropout_lib.checks import examine, monte_carlo
from dropout_lib.pytorch import functional as ours
from dropout_lib.pytorch import mc_passes, mc_predict, mc_samples


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


class Wrapped(nn.Module):
    """A model whose forward is the given function of its layers and x."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.function = forward
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x):
        return self.function(self, x)


def mlp(dropout, hidden=16):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, hidden), nn.ReLU(), dropout, nn.Linear(hidden, hidden), nn.Tanh(),
        copy.deepcopy(dropout), nn.Linear(hidden, 2),
    )  # fmt: skip


def first_output(layer):
    return Wrapped(lambda self, x: self.layer(x)[0], layer=layer)


# every family, with an input of five cases and the axis they stand on
FAMILIES = {
    "nn.Dropout": (mlp(nn.Dropout(0.3)), (5, 3), 0),
    "nn.Dropout, in place": (mlp(nn.Dropout(0.3, inplace=True)), (5, 3), 0),
    "nn.AlphaDropout": (mlp(nn.AlphaDropout(0.3)), (5, 3), 0),
    "Dropout": (mlp(room.Dropout(0.3)), (5, 3), 0),
    "StandardDropout": (mlp(room.StandardDropout(0.3)), (5, 3), 0),
    "GaussianDropout": (mlp(room.GaussianDropout(0.3)), (5, 3), 0),
    "DropConnectLinear": (nn.Sequential(room.DropConnectLinear(3, 4, p=0.3)), (5, 3), 0),
    "nn.Dropout1d": (nn.Sequential(nn.Conv1d(3, 4, 1), nn.Dropout1d(0.3)), (5, 3, 6), 0),
    "Dropout1d": (nn.Sequential(nn.Conv1d(3, 4, 1), room.Dropout1d(0.3)), (5, 3, 6), 0),
    "nn.Dropout2d": (nn.Sequential(nn.Conv2d(3, 4, 1), nn.Dropout2d(0.3)), (5, 3, 6, 6), 0),
    "Dropout2d": (nn.Sequential(nn.Conv2d(3, 4, 1), room.Dropout2d(0.3)), (5, 3, 6, 6), 0),
    "nn.FeatureAlphaDropout": (nn.Sequential(nn.FeatureAlphaDropout(0.3)), (5, 3, 6, 6), 0),
    "nn.Dropout3d": (nn.Sequential(nn.Dropout3d(0.3)), (5, 3, 2, 2, 2), 0),
    "Dropout3d": (nn.Sequential(room.Dropout3d(0.3)), (5, 3, 2, 2, 2), 0),
    "VariationalDropout": (nn.Sequential(room.VariationalDropout(0.3)), (7, 5, 3), 1),
    "VariationalDropout, batch first": (
        nn.Sequential(room.VariationalDropout(0.3, batch_first=True)), (5, 7, 3), 0,
    ),
    "VariationalRNN": (first_output(room.VariationalRNN(3, 4, recurrent_p=0.3)), (7, 5, 3), 1),
    "VariationalLSTM": (
        first_output(room.VariationalLSTM(3, 4, batch_first=True, input_p=0.3, output_p=0.3)),
        (5, 7, 3), 0,
    ),
    "nn.LSTM": (first_output(nn.LSTM(3, 4, num_layers=2, dropout=0.3)), (7, 5, 3), 1),
    "nn.GRU": (
        first_output(nn.GRU(3, 4, num_layers=2, dropout=0.3, batch_first=True)), (5, 7, 3), 0,
    ),
    "nn.MultiheadAttention": (
        Wrapped(
            lambda self, x: self.attention(x, x, x, need_weights=False)[0],
            attention=nn.MultiheadAttention(3, 1, dropout=0.3, batch_first=True),
        ),
        (5, 7, 3), 0,
    ),
    "nn.TransformerEncoderLayer": (
        nn.TransformerEncoderLayer(4, 2, 8, dropout=0.3, batch_first=True), (5, 7, 4), 0,
    ),
}  # fmt: skip
OUT_OF_REACH_WHEN_CONSISTENT = ("nn.LSTM", "nn.GRU", "nn.MultiheadAttention")


@pytest.fixture(params=FAMILIES)
def family(request):
    model, shape, axis = FAMILIES[request.param]
    x = torch.rand(shape, generator=seeded(1)) + 0.5
    return request.param, copy.deepcopy(model), x, axis


def state(model):
    return {
        name: (module.training, {k: id(v) for k, v in vars(module).items()})
        for name, module in model.named_modules()
    }


def by_case(samples, axis):
    """(T, N, everything else)."""
    return samples.movedim(axis + 1, 1).flatten(2)


# --- every family ------------------------------------------------------------------------------


def test_each_pass_and_each_case_has_masks_of_its_own(family):
    _, model, x, axis = family
    same = x.narrow(axis, 0, 1).repeat_interleave(x.shape[axis], axis)  # the same case five times
    samples = by_case(mc_samples(model, same, 8, batch_axis=axis, generator=seeded()), axis)
    assert len(samples.flatten(0, 1).unique(dim=0)) > 4
    for n in range(1, samples.shape[1]):
        assert not torch.equal(samples[:, 0], samples[:, n])


def test_the_mean_is_that_of_passes_in_training_mode(family):
    name, model, x, axis = family
    passes = 500
    found = mc_predict(model, x, passes, batch_axis=axis, generator=seeded())
    torch.manual_seed(2)
    model.train()
    with torch.no_grad():
        looped = torch.stack([model(x.clone()) for _ in range(passes)])
    error = (looped.var(dim=0) * 2 / passes).sqrt() + 1e-6
    assert ((found.mean - looped.mean(dim=0)).abs() < 6 * error).all(), name
    assert found.std.mean().item() == pytest.approx(looped.std(dim=0).mean().item(), rel=0.15), name


def test_consistent_passes_share_their_masks(family):
    name, model, x, axis = family
    if name in OUT_OF_REACH_WHEN_CONSISTENT:
        with pytest.raises(ValueError, match="cannot be reached"):
            mc_samples(model, x, 8, batch_axis=axis, consistent=True)
        return
    if name == "nn.TransformerEncoderLayer":
        with pytest.warns(UserWarning, match="out of reach: MultiheadAttention 'self_attn'"):
            mc_samples(model, x, 8, batch_axis=axis, consistent=True)
        return
    same = x.narrow(axis, 0, 1).repeat_interleave(x.shape[axis], axis)
    for chunk in (None, 3):  # 3 rows: a pass is finished in several chunks
        samples = by_case(
            mc_samples(
                model, same, 8, batch_axis=axis, consistent=True, generator=seeded(),
                chunk_size=chunk,
            ),
            axis,
        )  # fmt: skip
        torch.testing.assert_close(samples, samples[:, :1].expand_as(samples))
        assert len(samples[:, 0].unique(dim=0)) > 1


def test_consistent_passes_have_the_right_mean_and_spread(family):
    name, model, x, axis = family
    if name in OUT_OF_REACH_WHEN_CONSISTENT or name == "nn.TransformerEncoderLayer":
        return
    fresh = mc_predict(model, x, 4000, batch_axis=axis, generator=seeded())
    shared = mc_predict(model, x, 4000, batch_axis=axis, generator=seeded(9), consistent=True)
    error = (fresh.std**2 * 2 / 4000).sqrt() + 1e-6
    assert ((fresh.mean - shared.mean).abs() < 6 * error).all()
    assert shared.std.mean().item() == pytest.approx(fresh.std.mean().item(), rel=0.06)


def test_a_model_is_left_as_it_was(family):
    _, model, x, axis = family
    for mode in (True, False):
        model.train(mode)
        before, random = state(model), torch.get_rng_state()
        mc_predict(model, x, 4, batch_axis=axis, generator=seeded())
        assert state(model) == before
        assert torch.equal(torch.get_rng_state(), random), "the global generator was touched"


def test_a_seed_gives_the_same_passes_again(family):
    _, model, x, axis = family
    one, same, other = (
        mc_samples(model, x, 4, batch_axis=axis, generator=seeded(s)) for s in (0, 0, 1)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_chunks_do_not_change_the_distribution(family):
    _, model, x, axis = family
    whole = mc_predict(model, x, 2000, batch_axis=axis, generator=seeded(), chunk_size=10**6)
    parts = mc_predict(model, x, 2000, batch_axis=axis, generator=seeded(3), chunk_size=333)
    error = (whole.std**2 * 2 / 2000).sqrt() + 1e-6
    assert ((whole.mean - parts.mean).abs() < 6 * error).all()


# --- the state of the model --------------------------------------------------------------------


class Failing(nn.Module):
    """Passes x on, and raises at the given call."""

    def __init__(self, call, failure):
        super().__init__()
        self.call, self.failure, self.calls = call, failure, 0

    def forward(self, x):
        self.calls += 1
        if self.calls >= self.call:
            raise self.failure
        return x


@pytest.mark.parametrize("failure", [RuntimeError("no"), KeyboardInterrupt()])
@pytest.mark.parametrize("call", [1, 2, 4])  # of the plan, of the first chunk, of a later one
def test_modes_are_restored_when_a_pass_fails(failure, call):
    failing = Failing(call, failure)
    model = nn.Sequential(nn.BatchNorm1d(2), room.Dropout(0.5), failing, nn.Dropout(0.5))
    model.train()
    model[0].eval()
    before = state(model)
    with pytest.raises(type(failure)):
        mc_predict(model, torch.ones(4, 2), 10, chunk_size=10)
    assert {name: mode for name, (mode, _) in state(model).items()} == {
        name: mode for name, (mode, _) in before.items()
    }
    assert not any("forward" in vars(module) for module in model.modules())
    assert model[1].generator is None


def test_batch_norm_is_in_evaluation_and_learns_nothing():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.0), nn.Linear(8, 1))
    model.train()
    before = copy.deepcopy(model.state_dict())
    far = 100 + torch.randn(50, 2, generator=seeded())
    samples = mc_samples(model, far, 10)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    with torch.no_grad():
        torch.testing.assert_close(samples, model.eval()(far).expand(10, 50, 1))


def test_batch_norm_without_running_statistics_is_refused():
    norm = nn.BatchNorm1d(3, track_running_stats=False)
    with pytest.raises(ValueError, match=r"BatchNorm1d '0' keeps no running statistics"):
        mc_predict(nn.Sequential(norm, nn.Dropout(0.5)), torch.ones(4, 3))


def test_masks_of_the_last_pass_stay_those_of_training():
    model = nn.Sequential(room.Dropout(0.5))
    model(torch.ones(2, 3))
    mask = model[0].mask
    mc_predict(model, torch.ones(2, 3), 4)
    assert model[0].mask is mask


def test_no_gradients_are_recorded_and_the_input_is_not_changed():
    model, x = mlp(nn.Dropout(0.5, inplace=True)), torch.rand(4, 3, requires_grad=True)
    copied = x.detach().clone()
    prediction = mc_predict(model, x, 4)
    assert not prediction.mean.requires_grad
    assert torch.equal(x, copied)
    assert torch.is_grad_enabled()


def test_the_fast_path_of_attention_is_put_back():
    model = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.3, batch_first=True).eval()
    assert mc_predict(model, torch.ones(2, 3, 4), 8).std.min() > 0
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_forward_of_the_instance_is_kept():
    model = nn.Sequential(nn.Dropout(0.5))
    model[0].forward = own = lambda x: 3 * x
    mc_predict(model, torch.ones(2, 2), 4)
    assert model[0].forward is own


def test_a_subclass_of_torchs_dropout_draws_by_its_own_forward():
    class Announced(nn.Dropout):
        def forward(self, x):
            return 10 + super().forward(x)

    samples = mc_samples(nn.Sequential(Announced(0.5)), torch.ones(3, 4), 50)
    assert set(samples.unique().tolist()) == {10.0, 12.0}


# --- once, and in chunks -----------------------------------------------------------------------


class Counting(nn.Module):
    """Notes how many rows it is given."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, x):
        self.rows.append(len(x))
        return x


@pytest.mark.parametrize("chunk", [None, 100, 7])
def test_layers_before_the_first_dropout_are_computed_once_and_chunks_are_bounded(chunk):
    before, after = Counting(), Counting()
    model = nn.Sequential(before, nn.Dropout(0.5), after)
    mc_predict(model, torch.ones(20, 3), 50, chunk_size=chunk)
    rows = before.rows[2:]  # the first ones are of the plan: a case, and the same twice
    # 7 rows hold no 50 passes of a case, so its first layers are seen once in each of 8 parts
    assert sum(rows) == 20 * (8 if chunk == 7 else 1)
    assert sum(after.rows[2:]) == 20 * 50
    assert max(after.rows) <= (chunk or 1000)


def test_a_wide_layer_makes_the_chunk_smaller(monkeypatch):
    monkeypatch.setattr(mc_passes, "_NUMBERS_AT_ONCE", {"cpu": 1000})
    after = Counting()
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 100), after, nn.Linear(100, 1))
    mc_predict(model, torch.ones(20, 3), 50)
    assert max(after.rows) == 10
    after.rows.clear()
    weights = nn.Sequential(room.DropConnectLinear(20, 25), after)
    mc_predict(weights, torch.ones(20, 20), 50)
    assert max(after.rows) == 2  # a mask of 500 for each row


def test_a_wide_layer_before_dropout_bounds_the_cases(monkeypatch):
    monkeypatch.setattr(mc_passes, "_NUMBERS_AT_ONCE", {"cpu": 1000})
    before, after = Counting(), Counting()
    first = nn.Sequential(nn.Linear(3, 100), before, nn.Linear(100, 2))
    x = torch.ones(60, 3)
    mc_predict(nn.Sequential(first, nn.Dropout(0.5), after), x, 5)
    assert max(before.rows) <= 10
    assert max(after.rows) == 50
    assert sum(before.rows) < 60 + 10, "the first layers are computed once"
    past = Wrapped(
        lambda self, x: self.first(x)[:, :1] + self.drop(x), first=first, drop=nn.Dropout()
    )
    before.rows.clear()
    mc_predict(past, x, 5)
    assert max(before.rows) <= 10
    both = Wrapped(
        lambda self, x: torch.cat([x, self.drop(self.first(x))], 1), first=first, drop=nn.Dropout()
    )
    before.rows.clear()
    mc_predict(both, x, 5)
    assert max(before.rows) <= 10


@pytest.mark.parametrize("source", ["global", "given", "the layer's"])
def test_looking_at_a_model_draws_nothing(source, monkeypatch):
    own = seeded(1) if source == "the layer's" else None
    given = seeded(1) if source == "given" else None
    wide = nn.Sequential(nn.Linear(3, 100), nn.Linear(100, 3)).requires_grad_(False)
    model = nn.Sequential(wide, room.Dropout(0.5, generator=own))
    torch.manual_seed(1)
    samples = mc_samples(model, torch.ones(4, 3), 2, generator=given)
    torch.manual_seed(1)
    again = own.manual_seed(1) if own else given.manual_seed(1) if given else None
    monkeypatch.setattr(mc_passes, "_NUMBERS_AT_ONCE", {"cpu": 800})  # room for 8 cases first
    assert torch.equal(
        mc_samples(model, torch.ones(4, 3), 2, generator=again if given else None), samples
    )


def test_a_batch_too_large_for_memory_is_computed_in_chunks():
    code = """
import resource, torch
from dropout_lib.pytorch import Dropout, mc_predict
model = torch.nn.Sequential(Dropout(0.5), torch.nn.Linear(1000, 1))
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
mc_predict(model, torch.ones(10, 1000), 10)
before = peak()
mc_predict(model, torch.ones(250, 1000), 1000)  # 1 GB, were all rows there at once
print(peak() - before)
"""
    pytest.importorskip("resource")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 100  # MiB


def test_what_is_needed_before_and_behind_dropout_is_copied_from_the_start():
    def forward(self, x):
        x = self.first(x)
        return torch.cat([x, self.drop(x)], dim=1)

    model = Wrapped(forward, first=nn.Identity(), drop=nn.Dropout(0.5))
    x = torch.rand(4, 2, generator=seeded()) + 1
    samples = mc_samples(model, x, 30)
    assert torch.equal(samples[..., :2], x.expand(30, 4, 2))
    assert set((samples[..., 2:] / x).unique().round().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("cases", [1, 4])
def test_a_skip_connection_past_dropout(cases):
    model = Wrapped(lambda self, x: self.drop(x) + 10 * x, drop=nn.Dropout(0.5))
    samples = mc_samples(model, torch.ones(cases, 3), 40)
    assert samples.shape == (40, cases, 3)
    assert set(samples.unique().tolist()) == {10.0, 12.0}


def test_a_reshape_by_the_number_of_cases_before_dropout():
    def forward(self, x):
        cases = len(x)
        return self.drop(x).reshape(cases, -1)

    samples = mc_samples(Wrapped(forward, drop=nn.Dropout(0.5)), torch.ones(4, 3), 40)
    assert samples.shape == (40, 4, 3)


def test_a_sequence_whose_axes_are_exchanged_inside():
    def forward(self, x):  # (N, T, F), inside (T, N, F), with T = N
        return self.drop(x.transpose(0, 1)).transpose(0, 1)

    model = Wrapped(forward, drop=nn.Dropout(0.5))
    samples = mc_samples(model, torch.ones(4, 4, 3), 40)
    assert samples.shape == (40, 4, 4, 3)
    assert abs(samples.mean() - 1) < 0.1


def test_of_a_sequence_only_the_last_step_goes_on():
    model = Wrapped(
        lambda self, x: self.drop(self.rnn(x)[0][-1]), rnn=nn.RNN(3, 4), drop=nn.Dropout()
    )
    x = torch.rand(6, 1, 3).expand(6, 5, 3)
    samples = mc_samples(model, x, 30, batch_axis=1, consistent=True)
    assert samples.shape == (30, 5, 4)
    torch.testing.assert_close(samples, samples[:, :1].expand_as(samples))


def test_half_precision_and_double():
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        samples = mc_samples(nn.Sequential(nn.Dropout(0.5)), torch.ones(4, 3, dtype=dtype), 20)
        assert samples.dtype == dtype
        assert set(samples.unique().tolist()) == {0.0, 2.0}


def test_tokens_are_an_input_too():
    model = nn.Sequential(nn.Embedding(5, 4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(12, 2))
    assert mc_predict(model, torch.tensor([[0, 1, 2], [3, 4, 0]]), 10).mean.shape == (2, 2)


def test_a_compiled_model_is_run_as_it_was_written():
    model = torch.compile(mlp(nn.Dropout(0.5)), backend="eager")
    assert mc_predict(model, torch.ones(2, 3), 20).std.min() > 0


def test_a_compiled_part_is_run_as_it_was_written():
    part = torch.compile(nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)), backend="eager")
    in_place = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).eval()
    in_place.compile(backend="eager")
    in_place(torch.ones(1, 3))
    for model in (nn.Sequential(part, nn.Linear(3, 1)), in_place):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert mc_predict(model, torch.ones(2, 3), 20).std.min() > 0
    assert in_place._compiled_call_impl is not None
    assert part.forward != part._orig_mod.__call__, "not compiled any more"


# --- where the cases are -----------------------------------------------------------------------


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3), (24, 3)])
def test_dropout_of_what_all_cases_share_is_fresh_in_each_pass(shape, consistent):
    rows = shape[0] if len(shape) == 2 else 1
    model = Wrapped(
        lambda self, x: x + self.drop(self.offset).reshape(rows, 3).mean(dim=0),
        drop=nn.Dropout(0.5),
    )
    model.offset = nn.Parameter(torch.ones(shape))
    samples = mc_samples(model, torch.zeros(4, 3), 400, consistent=consistent, generator=seeded())
    assert samples.std(dim=0).mean().item() == pytest.approx(rows**-0.5, rel=0.15)


def test_dropout_of_weights_is_fresh_in_each_pass():
    layers = {
        "functional": lambda self, w: F.dropout(w, 0.5),
        "layer": lambda self, w: self.drop(w),
    }
    for name, drop in layers.items():
        model = Wrapped(
            lambda self, x, drop=drop: F.linear(x, drop(self, self.w)), drop=nn.Dropout()
        )
        model.w = nn.Parameter(torch.ones(1, 1))
        samples = mc_samples(model, torch.ones(4, 1), 200)
        assert samples.mean().item() == pytest.approx(1, abs=0.5), name
        assert set(samples.unique().tolist()) == {0.0, 2.0}, name
    parts = mc_samples(model, torch.ones(4, 1), 50, consistent=True, chunk_size=3)
    assert torch.equal(parts, parts[:, :1].expand_as(parts))
    assert len(parts.unique()) == 2


def test_features_as_many_as_cases_are_not_taken_for_them():
    def forward(self, x):  # (N, 3, F), folded to (3 N, F), with F = N
        return self.drop(x.reshape(-1, 4)).reshape(-1, 3, 4)

    x = torch.rand(4, 3, 4, generator=seeded()) + 1
    model = Wrapped(forward, drop=nn.Dropout(0.5))
    samples = mc_samples(model, x, 40)
    assert set((samples / x).unique().round(decimals=3).tolist()) == {0.0, 2.0}
    with pytest.raises(ValueError, match="no single axis of it has the 4 rows"):
        mc_samples(model, x, 1, consistent=True)


def test_steps_as_many_as_rows_are_not_taken_for_them():
    model = Wrapped(lambda self, x: self.drop(x.transpose(0, 1)).transpose(0, 1), drop=nn.Dropout())
    samples = mc_samples(model, torch.ones(4, 24, 3), 6, consistent=True)  # 24 rows, 24 steps
    torch.testing.assert_close(samples, samples[:, :1].expand_as(samples))


def test_dropout_called_for_each_case_shares_no_masks():
    model = Wrapped(lambda self, x: torch.stack([self.drop(row) for row in x]), drop=nn.Dropout())
    samples = mc_samples(model, torch.ones(6, 5), 20)
    assert len(samples.flatten(0, 1).unique(dim=0)) > 10
    with pytest.raises(ValueError, match="no single axis of it has the"):
        mc_samples(model, torch.ones(6, 5), 20, consistent=True)


def test_a_branch_that_the_first_case_does_not_take_draws_too():
    def forward(self, x):  # each case by one of two experts
        out, large = torch.empty_like(x), x[:, 0] > 1
        out[large], out[~large] = self.large(x[large]), self.small(x[~large])
        return out

    def only_if_any(layer):
        return Wrapped(lambda self, x: self.layer(x) if len(x) else x, layer=layer)

    model = Wrapped(forward, large=only_if_any(nn.Dropout()), small=only_if_any(nn.Dropout()))
    samples = mc_samples(model, torch.tensor([[0.5], [2.0], [0.5]]), 50)
    assert (samples.std(dim=0) > 0).all()


@pytest.mark.parametrize("last", [lambda x: x[-1], lambda x: x[-1].sum(-1, keepdim=True)])
def test_an_output_with_one_unit_and_its_cases_first(last):
    model = Wrapped(lambda self, x: last(self.drop(x)), drop=nn.Dropout(0.5))  # (T, N, 1)
    assert mc_samples(model, torch.ones(5, 4, 1), 7, batch_axis=1).shape == (7, 4, 1)


def test_a_squeeze_of_any_axis_is_told_to_name_its_own():
    model = Wrapped(lambda self, x: self.drop(x).squeeze(), drop=nn.Dropout(0.5))
    with pytest.raises(ValueError, match=r"squeeze\(\) that takes any axis away has to name its"):
        mc_predict(model, torch.ones(4, 1), 5)


# --- layers of one's own, and other calls ------------------------------------------------------


def test_one_layer_in_two_places_is_not_taken_for_functional_dropout():
    shared = nn.Dropout(0.5)
    model = nn.Sequential(nn.Linear(3, 4), shared, nn.Linear(4, 4), shared)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mc_predict(model, torch.ones(2, 3), 5)


def test_arguments_by_name():
    attention = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True)
    models = (
        Wrapped(lambda self, x: self.layer(key=x, value=x, query=x)[0], layer=attention),
        Wrapped(lambda self, x: self.layer(input=x), layer=nn.Dropout(0.5)),
    )
    for model in models:
        assert mc_predict(model, torch.rand(3, 5, 4), 20).std.max() > 0


class Shifted(nn.Dropout):
    def forward(self, x):
        return 10 + super().forward(x)


class ShiftedGaussian(room.GaussianDropout):
    def forward(self, x):
        return 10 + super().forward(x)


class ShiftedDropConnect(room.DropConnectLinear):
    def forward(self, x):
        return 10 + super().forward(x)


@pytest.mark.parametrize(
    "kind", [Shifted, ShiftedGaussian, lambda p: ShiftedDropConnect(3, 3, p=p)]
)
def test_a_forward_of_ones_own_is_called_and_shares_no_masks(kind):
    model = nn.Sequential(kind(p=0.5))
    assert mc_samples(model, torch.zeros(4, 3), 20).min() > 9
    with pytest.raises(ValueError, match="whose masks are out of reach"):
        mc_samples(model, torch.zeros(4, 3), 20, consistent=True)
    layer = nn.Dropout(0.5)
    layer.forward = lambda x: 10 + F.dropout(x, 0.5, layer.training)
    assert mc_samples(nn.Sequential(layer), torch.ones(4, 3), 20).min() >= 10


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_scripted_dropout_is_named():
    script = torch.jit.script(nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)))
    with pytest.raises(ValueError, match="Dropout '1', which is compiled to TorchScript"):
        mc_predict(script, torch.ones(2, 3), 5)


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -3, 2.5, True, "ten", None])
def test_a_number_of_passes_that_is_none(number):
    with pytest.raises(ValueError, match=r"num_samples has to be an integer of at least 2, but"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), number)
    with pytest.raises(ValueError, match=r"num_samples has to be an integer of at least 1, but"):
        mc_samples(mlp(nn.Dropout()), torch.ones(2, 3), number)


def test_one_pass_has_no_spread():
    with pytest.raises(ValueError, match="a single pass has no spread"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), 1)
    assert mc_samples(mlp(nn.Dropout()), torch.ones(2, 3), 1).shape == (1, 2, 2)


def test_a_model_without_dropout_is_told_what_to_add():
    for model in (nn.Linear(3, 2), Wrapped(lambda self, x: x, unused=nn.Dropout(0.5))):
        with pytest.raises(ValueError, match=r"no dropout layer .* add torch\.nn\.Dropout\(p\)"):
            mc_predict(model, torch.ones(2, 3))


@pytest.mark.parametrize("dropout", [F.dropout, ours.dropout, F.alpha_dropout])
def test_functional_dropout_that_evaluation_turns_off_is_named(dropout):
    def forward(self, x):
        return dropout(self.linear(x), 0.25, self.training)

    model = Wrapped(forward, linear=nn.Linear(3, 2))
    with pytest.raises(ValueError, match=f"functional {dropout.__name__} with p = 0.25"):
        mc_predict(model, torch.ones(2, 3))
    both = nn.Sequential(model, nn.Dropout(0.5))
    with pytest.warns(UserWarning, match=f"functional {dropout.__name__} with p = 0.25") as found:
        mc_predict(both, torch.ones(2, 3))
    assert found[0].filename == __file__


def test_functional_dropout_that_is_always_on_is_fresh_for_each_row():
    model = Wrapped(lambda self, x: F.dropout(self.first(x), 0.5), first=nn.Identity())
    samples = mc_samples(model, torch.ones(6, 5), 30)
    assert len(samples.flatten(0, 1).unique(dim=0)) > 20
    with pytest.raises(ValueError, match="functional dropout with a mask for each case"):
        mc_samples(model, torch.ones(6, 5), 30, consistent=True)


def test_dropout_layers_are_not_taken_for_functional_dropout():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mc_predict(mlp(nn.Dropout(0.5)), torch.ones(2, 3))
        mc_predict(mlp(nn.AlphaDropout(0.5)), torch.ones(2, 3))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_prediction_that_is_not_finite_is_named(wrong):
    x = torch.ones(5, 3)
    x[3] = wrong
    for predict in (mc_predict, mc_samples):
        with pytest.raises(ValueError, match=r"case 3 is not finite in \d+ of 20 passes"):
            predict(nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 1)), x, 20)


def test_classes_that_are_none():
    single, three = mlp(nn.Dropout()), torch.ones(2, 3)
    with pytest.raises(ValueError, match=r'are they logits\? Then say outputs="logits"'):
        mc_predict(single, three, outputs="probabilities")
    with pytest.raises(ValueError, match="one of values, logits, probabilities, but got 'classes'"):
        mc_predict(single, three, outputs="classes")
    with pytest.raises(ValueError, match="last axis, which has the length 1"):
        room.summarise(torch.zeros(2, 3, 1), "logits")


def test_inputs_that_are_no_batch():
    with pytest.raises(ValueError, match="there is no case to predict"):
        mc_predict(mlp(nn.Dropout()), torch.ones(0, 3))
    with pytest.raises(ValueError, match=r"no axis 0 .* x\.unsqueeze\(0\)"):
        mc_predict(nn.Sequential(nn.Dropout()), torch.tensor(1.0))
    with pytest.raises(ValueError, match="no axis 2"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), batch_axis=2)
    with pytest.raises(TypeError, match="x has to be a tensor, but got list"):
        mc_predict(mlp(nn.Dropout()), [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="chunk_size has to be at least 1 row, but got 0"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), chunk_size=0)
    with pytest.raises(TypeError, match=r"generator has to be a torch\.Generator"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), generator=0)
    with pytest.raises(TypeError, match="returns a tuple, but one tensor is needed"):
        mc_predict(nn.LSTM(3, 4, 2, dropout=0.5), torch.ones(5, 2, 3), batch_axis=1)


def test_rows_that_depend_on_each_other_are_refused_where_the_shape_shows_it():
    model = Wrapped(lambda self, x: self.drop(x).sum(dim=0, keepdim=True), drop=nn.Dropout(0.5))
    with pytest.raises(ValueError, match="the rows of a prediction must not depend"):
        mc_predict(model, torch.ones(4, 3))


@pytest.mark.parametrize("wrong", [True, 2.5, "all", -1])
def test_a_chunk_or_an_axis_that_is_none(wrong):
    with pytest.raises(ValueError, match="chunk_size has to be at least 1 row"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), chunk_size=wrong)
    with pytest.raises(ValueError, match="no axis"):
        mc_predict(mlp(nn.Dropout()), torch.ones(2, 3), batch_axis=wrong)


def test_whole_numbers_have_a_mean_that_is_none():
    mean, std, *_ = room.summarise(torch.tensor([[1, 2], [2, 2]]))
    torch.testing.assert_close(mean, torch.tensor([1.5, 2.0]))
    torch.testing.assert_close(std, torch.tensor([0.5**0.5, 0.0]))
    votes = Wrapped(lambda self, x: self.drop(x) > 0, drop=nn.Dropout(0.5))
    assert mc_predict(votes, torch.ones(3, 2), 500).mean.mean().item() == pytest.approx(
        0.5, abs=0.1
    )


def test_a_summary_of_what_has_none():
    with pytest.raises(TypeError, match=r"put together by torch\.stack"):
        room.summarise([torch.ones(2, 3)] * 2)
    with pytest.raises(ValueError, match=r"have to be \(T, N, ...\)"):
        room.summarise(torch.tensor(1.0))
    with pytest.raises(TypeError, match="complex predictions have no one spread"):
        room.summarise(torch.ones(2, 3, dtype=torch.complex64))


def test_the_checks_leave_gradients_on_whatever_they_are_shown():
    def predict(model, x, num_samples):
        torch.set_grad_enabled(False)
        return mc_predict(model, x, num_samples)[:2]

    subject = monte_carlo.prediction_subject(predict)
    found = examine(subject, monte_carlo.MONTE_CARLO)
    assert torch.is_grad_enabled()
    assert found.first.code == "gradients-left-off"


# --- ensembles ---------------------------------------------------------------------------------


def test_an_ensemble_is_summarised_like_passes():
    torch.manual_seed(0)
    models = [mlp(nn.Dropout(0.5)) for _ in range(3)]
    for model in models:
        model[0].weight.data.normal_()
    models[0].train(), models[1].eval()
    before = [state(model) for model in models]
    x = torch.rand(4, 3)
    samples = room.ensemble_samples(models, x)
    assert [state(model) for model in models] == before
    assert not samples.requires_grad
    torch.testing.assert_close(samples[1], models[1].eval()(x).detach())
    prediction = room.summarise(samples, "logits")
    torch.testing.assert_close(prediction.mean, samples.softmax(-1).mean(0))
    with pytest.raises(ValueError, match="at least two models, but got 1"):
        room.ensemble_samples(models[:1], x)
