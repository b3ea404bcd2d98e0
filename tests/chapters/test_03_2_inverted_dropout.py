"""What chapter 3.2 states of results: held to the stored runs, or computed again here."""

import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib import pytorch
from dropout_lib.datasets import mnist5k
from dropout_lib.exercises import questions
from dropout_lib.experiments import load, paired_difference, provenance
from dropout_lib.experiments.two_scalings import ARMS, make_network, weights_behind_dropout
from dropout_lib.explorers.size_through_depth import RATES as RATES_TO_DROP
from dropout_lib.explorers.size_through_depth import size_by_layer, size_through_depth
from dropout_lib.explorers.two_scalings import PAIRS, two_scalings_explorer
from dropout_lib.scratch import (
    SGD,
    Adam,
    SoftmaxCrossEntropy,
    StandardDropout,
    multilayer_perceptron,
    train_epoch,
)
from dropout_lib.training import evaluate, fit

RESULTS = load("two_scalings")
RATES = provenance("two_scalings")["settings"]["learning_rates"]


def tuned(p, arm):
    """Test error in %, at the rate that is best on validation, by run."""
    runs = [result[f"p = {p}"][arm] for result in RESULTS]
    return [100 * run["test_error"][run["chosen"]] for run in runs]


def mean_error(p, arm):
    """Test error in %, by learning rate."""
    return 100 * np.mean([result[f"p = {p}"][arm]["test_error"] for result in RESULTS], axis=0)


# --- the experiment ---------------------------------------------------------------------------


def test_tuned_variants_differ_at_three_quarters_from_the_large_start_alone():
    for p, start, differs in (
        (0.5, "large", False),
        (0.5, "small", False),
        (0.75, "large", True),
        (0.75, "small", False),
    ):
        inverted, standard = PAIRS[start]
        difference = paired_difference(tuned(p, standard), tuned(p, inverted))
        assert (difference.low > 0) == differs, (p, start, difference)
        assert difference.high > 0


@pytest.mark.parametrize("p", [0.5, 0.75])
def test_the_small_start_is_better_for_inverted_dropout(p):
    assert paired_difference(tuned(p, "inverted"), tuned(p, "inverted, rescaled")).low > 0


def test_with_the_same_weights_standard_dropout_looks_better_at_three_quarters():
    assert paired_difference(tuned(0.75, "inverted"), tuned(0.75, "standard")).low > 0
    assert np.mean(tuned(0.75, "inverted, rescaled")) < np.mean(tuned(0.75, "standard"))


@pytest.mark.parametrize("p", [0.5, 0.75])
@pytest.mark.parametrize("arm", ARMS)
def test_no_arm_chose_the_end_of_the_grid(p, arm):
    chosen = {result[f"p = {p}"][arm]["chosen"] for result in RESULTS}
    assert 0 < min(chosen) <= max(chosen) < len(RATES) - 1


def test_the_moved_curve_is_a_fair_guide_at_one_half_and_none_at_three_quarters():
    def gap(p):
        """Standard dropout's error minus its prediction, by rate."""
        inverted, standard = (mean_error(p, arm) for arm in PAIRS["large"])
        steps = round(-2 * np.log2(1 - p))
        assert RATES[steps] * (1 - p) ** 2 == pytest.approx(RATES[0])
        return standard[steps:] - inverted[: len(RATES) - steps]

    moved = gap(0.5)
    assert np.abs(moved[:-2]).max() < 2
    assert (moved[-2:] > 4).all()
    inverted, standard = (mean_error(0.5, arm)[RATES.index(0.2)] for arm in PAIRS["large"])
    assert inverted > 2 * standard
    moved = gap(0.75)
    assert (moved > 2).all()
    assert (np.diff(moved) > 0).all()


# --- a checkpoint, and a p that changes ---------------------------------------------------------


def test_only_standard_dropout_depends_on_the_p_that_it_is_built_with():
    data = mnist5k(seed=0, train=1000)
    x, y, x_test, y_test = map(
        torch.from_numpy, (data.x_train, data.y_train, data.x_test, data.y_test)
    )

    def network(variant, p):
        hidden = [nn.Linear(784, 256), nn.ReLU(), variant(p)]
        hidden += [nn.Linear(256, 256), nn.ReLU(), variant(p)]
        return nn.Sequential(*hidden, nn.Linear(256, 10))

    for variant in (pytorch.Dropout, pytorch.StandardDropout):
        torch.manual_seed(0)
        yours, colleagues = network(variant, 0.5), network(variant, 0.2)
        fit(yours, x, y, epochs=10, learning_rate=0.1)
        colleagues.load_state_dict(yours.state_dict())
        losses, certain = [], []
        for model in (yours, colleagues):
            losses.append(evaluate(model, x_test, y_test)[1])
            highest = model.eval()(x_test).softmax(dim=1).amax(dim=1)
            certain.append((highest > 0.99).float().mean().item())
        if variant is pytorch.Dropout:
            assert losses[0] == losses[1]
        else:
            assert losses[1] > 1.3 * losses[0]
            assert certain[1] > 2 * certain[0]


def test_setting_p_to_zero_changes_the_evaluated_network_of_standard_dropout_alone():
    data = mnist5k(seed=0, train=1000)

    def loss(network):
        logits = network.eval().forward(data.x_train)
        return SoftmaxCrossEntropy().forward(logits, data.y_train)

    for arm, rate in (("inverted", 0.05), ("standard", 0.1)):
        network = built(arm, 0.5)
        sgd, order = SGD(network.parameters(), rate, momentum=0.9), np.random.default_rng(3)
        for epoch in range(16):
            if epoch == 8:
                before = loss(network)
                for layer in network.dropout_layers:
                    layer.p = 0.0
                after = loss(network)
            train_epoch(network, data.x_train, data.y_train, sgd, batch_size=50, rng=order)
        if arm == "inverted":
            assert before == after
        else:
            assert after > 1.2 * before


# --- the same path ------------------------------------------------------------------------------


def built(arm, p):
    rngs = {"rng": np.random.default_rng(1), "mask_rng": np.random.default_rng(2)}
    return make_network((784, 256, 256, 10), arm, p, **rngs)


def furthest(p, optimisers_of, steps=100):
    """The largest relative difference of the losses of the two variants, step by step."""
    data = mnist5k(seed=0, train=1000)
    inverted, standard = built("inverted", p), built("standard, rescaled", p)
    behind = weights_behind_dropout(standard)
    others = [q for q in standard.parameters() if q not in behind]
    optimisers = optimisers_of(inverted.parameters(), behind, others)
    rng, worst = np.random.default_rng(0), 0.0
    for _ in range(steps):
        batch, losses = rng.integers(0, 1000, size=50), []
        for network, its in zip((inverted, standard), optimisers, strict=True):
            criterion = SoftmaxCrossEntropy()
            losses.append(
                criterion.forward(network.forward(data.x_train[batch]), data.y_train[batch])
            )
            network.backward(criterion.backward())
            for optimiser in its:
                optimiser.step()
        worst = max(worst, abs(losses[1] / losses[0] - 1))
    return worst


def sgd(exponent, p):
    def optimisers_of(everything, behind, others, rate=0.05):
        faster = SGD(behind, rate / (1 - p) ** exponent, momentum=0.9)
        return [SGD(everything, rate, momentum=0.9)], [SGD(others, rate, momentum=0.9), faster]

    return optimisers_of


def adam(exponent, p, eps_factor):
    def optimisers_of(everything, behind, others, rate=1e-3):
        faster = Adam(behind, rate / (1 - p) ** exponent, eps=1e-8 * eps_factor)
        return [Adam(everything, rate)], [Adam(others, rate), faster]

    return optimisers_of


def test_sgd_takes_the_same_path_with_two_factors():
    assert furthest(0.5, sgd(2, 0.5)) == 0
    assert furthest(0.75, sgd(2, 0.75)) == 0
    assert 0 < furthest(0.8, sgd(2, 0.8)) < 1e-4
    assert furthest(0.8, sgd(1, 0.8)) > 0.05


def test_adam_takes_the_same_path_with_one_factor_and_a_smaller_epsilon():
    assert furthest(0.8, adam(1, 0.8, 0.2)) < 1e-4
    assert 1e-4 < furthest(0.8, adam(1, 0.8, 1.0)) < 0.05
    assert furthest(0.8, adam(2, 0.8, 0.2)) > 0.05
    assert furthest(0.8, adam(0, 0.8, 0.2)) > 0.05


# --- noise --------------------------------------------------------------------------------------


def test_noise_of_a_logit_falls_with_width_by_training_and_more_slowly_than_if_all_were_alike():
    data = mnist5k(seed=0, train=1000)

    def relative_noise(network):
        x = data.x_test
        for layer in network.eval().layers[:-1]:
            x = layer.forward(x)
        terms = x * network.layers[-1].weight.value[data.y_test]
        return np.sqrt((terms**2).sum(axis=1).mean() / (terms.sum(axis=1) ** 2).mean())

    widths, trained = np.array([20, 128, 1024]), []
    for width in widths:
        fresh, after = [], []
        for seed in range(4):
            rng = np.random.default_rng(seed)
            network = multilayer_perceptron((784, width, 10), p=0.5, rng=rng)
            fresh.append(relative_noise(network))
            optimiser = SGD(network.parameters(), 0.05, momentum=0.9)
            for _ in range(5):
                train_epoch(network, data.x_train, data.y_train, optimiser, batch_size=50, rng=rng)
            after.append(relative_noise(network))
        assert 0.8 < np.mean(fresh) < 1.25
        trained.append(np.mean(after))
    assert (np.diff(trained) < 0).all()
    assert (np.array(trained) > 2 * widths**-0.5).all()
    assert trained[0] > 0.5


@pytest.mark.parametrize("p", RATES_TO_DROP)
def test_size_changes_by_one_factor_per_layer(p):
    digits = mnist5k(seed=0, train=100, validation=100, test=100).x_test
    share = (size_by_layer(digits, p) / size_by_layer(digits, 0.0)) ** 2
    np.testing.assert_allclose(share, (1 - p) ** np.arange(8), rtol=0.15)


def test_the_scale_is_rounded_in_the_mask_of_torch_and_not_in_ours():
    x = (torch.rand(200_000, generator=torch.Generator().manual_seed(0)) + 1).bfloat16()
    for layer, off in ((nn.Dropout(0.1), True), (pytorch.Dropout(0.1), False)):
        torch.manual_seed(0)
        y = layer(x)
        error = (y[y != 0].double().sum() / x[y != 0].double().sum()).item() * 0.9 - 1
        assert (abs(error) > 1e-3) == off
        assert off or abs(error) < 1e-4


def test_the_share_that_played_ties_units_together():
    keep = np.random.default_rng(6).random((400_000, 8)) >= 0.5
    keep = keep[keep.any(axis=1)]
    y = keep / keep.mean(axis=1, keepdims=True)
    assert abs(y.mean() - 1) < 1e-9
    assert np.corrcoef(y[:, 0], y[:, 1])[0, 1] == pytest.approx(-1 / 7, abs=0.01)
    assert y.sum(axis=1).std() < 1e-9


# --- the pieces ---------------------------------------------------------------------------------


def test_the_two_arms_of_a_pair_compute_the_same_at_first():
    x = np.random.default_rng(0).random((5, 784), dtype=np.float32)
    outputs = {arm: built(arm, 0.75).eval().forward(x) for arm in ARMS}
    for inverted, standard in PAIRS.values():
        np.testing.assert_allclose(outputs[inverted], outputs[standard], rtol=1e-4, atol=1e-6)
    assert not np.allclose(outputs["inverted"], outputs["standard"])


def test_every_arm_has_its_variant_and_others_are_refused():
    for arm in ARMS:
        layers = built(arm, 0.5).dropout_layers
        is_standard = [isinstance(layer, StandardDropout) for layer in layers]
        assert is_standard == [arm.startswith("standard")] * 2
    with pytest.raises(ValueError, match="no arm 'upside down'"):
        built("upside down", 0.5)


def test_the_number_in_the_quiz_is_what_it_is_asked_for():
    (question,) = (q for q in questions("03-2") if q["type"] == "numeric")
    (right,) = (a["value"] for a in question["answers"] if a.get("correct"))
    assert right == pytest.approx(0.01 / (1 - 0.75) ** 2)


def test_two_scalings_reads_out_the_arms_of_the_start_that_was_chosen():
    settings = provenance("two_scalings")["settings"]
    draw = two_scalings_explorer(RESULTS, settings).picture
    for start, arms in PAIRS.items():
        reading = draw(learning_rate=0.1, p=0.75, start=start).reading
        for arm in arms:
            errors = [r["p = 0.75"][arm]["test_error"][RATES.index(0.1)] for r in RESULTS]
            assert f"{100 * np.median(errors):.1f}%" in reading


@pytest.mark.parametrize(
    ("scaling", "training", "evaluation"),
    [("inverted", "12", "1"), ("half", "1", "0.088"), ("standard", "0.09", "0.0078")],
)
def test_size_through_depth_reads_out_both_modes(scaling, training, evaluation):
    digits = mnist5k(seed=0, train=100, validation=100, test=100).x_test
    reading = size_through_depth(digits).picture(p=0.5, scaling=scaling).reading
    assert f"layer 8 are {training}" in reading
    assert f"evaluation {evaluation} times" in reading
