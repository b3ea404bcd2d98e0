"""What chapter 6 states of results, beside the rows of the ledger: held to the stored runs."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib.datasets import digits, mnist5k
from dropout_lib.exercises import check, questions
from dropout_lib.exercises.limitations import mean_of_passes, smallest_width, variance_ratio
from dropout_lib.experiments import batch_norm as norms
from dropout_lib.experiments import cost_of_training as costs
from dropout_lib.experiments import load, paired_difference, provenance
from dropout_lib.experiments.cost_of_training import GaussianNoise, steps_to
from dropout_lib.pytorch import MLPWithDropout
from dropout_lib.training import evaluate, fit, fit_many

WIDTHS = load("width_crossover")
SWEEP = load("rate_sweep")
RATES = provenance("rate_sweep")["settings"]["rates"]


def errors(width, p, training="usual", measure="test_error"):
    return [100 * r[training][str(width)][p][measure] for r in WIDTHS]


# --- width -----------------------------------------------------------------------------------


def test_the_curves_cross_between_32_and_256_units():
    gains = {
        width: paired_difference(errors(width, "0.0"), errors(width, "0.5"))
        for width in (32, 64, 128, 256)
    }
    assert gains[32].high < 0 < gains[256].low
    for width in (64, 128):
        assert gains[width].low < 0 < gains[width].high


def test_up_to_16_units_training_errors_with_dropout_exceed_test_errors_without():
    for width in (4, 8, 16):
        with_dropout = errors(width, "0.5", measure="train_error")
        assert paired_difference(with_dropout, errors(width, "0.0")).low > 0, width


def test_most_units_of_a_small_layer_are_silent_anyway_and_few_passes_are_lost_at_32():
    lost = {}
    for width in (16, 32):
        data = digits(0, train=900)
        x, labels = map(torch.from_numpy, (data.x_train, data.y_train))
        torch.manual_seed(0)
        model = MLPWithDropout(64, [width, width], 10, [0.5, 0.5])
        fit(model, x, labels, epochs=40, learning_rate=0.05)
        with torch.no_grad():
            on = model.network[:2](x) > 0
        active = on.sum(dim=1).float()
        assert active.mean() < width / 2
        assert not on.any(dim=0).all()  # some units are 0 for every digit
        lost[width] = (0.5**active).mean().item()
    assert lost[16] > 0.03 > lost[32]


def test_from_64_units_on_halving_the_width_without_dropout_costs_less_than_a_point_and_a_half():
    for width in (64, 128, 256):
        for other in (errors(width, "0.5"), errors(width // 2, "0.0")):
            cost = paired_difference(other, errors(width, "0.0"))
            assert -1.5 < cost.low < cost.high < 1.5
    assert paired_difference(errors(32, "0.5"), errors(16, "0.0")).low < 0


def test_decay_alone_is_not_seen_to_gain_and_the_smallest_is_often_chosen_beside_dropout():
    for width in (16, 64):
        gain = paired_difference(errors(width, "0.0"), errors(width, "0.0", "decay"))
        assert gain.low < 0 < gain.high
    smallest = min(provenance("width_crossover")["settings"]["decays"])
    picks = [r["decay"][w]["0.5"]["decay"] for r in WIDTHS for w in ("16", "64")]
    assert 0.3 < np.mean([pick == smallest for pick in picks]) < 0.7


def test_time_helps_small_networks_with_dropout():
    for width in (4, 8, 16):
        usual, longer = (np.mean(errors(width, "0.5", t)) for t in ("usual", "longer"))
        assert longer < usual


def test_sixteen_units_with_dropout_are_worse_than_eight_without():
    assert paired_difference(errors(16, "0.5"), errors(8, "0.0")).low > 0


def test_learning_rates_and_decays_lie_inside_their_grids():
    """With few exceptions: where the best value is at an end, a better one may lie beyond."""
    settings = provenance("width_crossover")["settings"]
    for key, grid in (("learning_rate", "learning_rates"), ("decay", "decays")):
        part = "usual" if key == "learning_rate" else "decay"
        chosen = [
            run[key] for r in WIDTHS for of_width in r[part].values() for run in of_width.values()
        ]
        ends = {settings[grid][0], settings[grid][-1]}
        assert np.mean([value in ends for value in chosen]) < 0.3


# --- p ---------------------------------------------------------------------------------------


def test_the_larger_p_the_smaller_the_learning_rate():
    rates = np.array([r["fixed width"]["learning_rate"] for r in SWEEP])
    typical = np.exp(np.log(rates).mean(axis=0))
    assert typical[0] > typical[5] > typical[7] > typical[9]
    largest = max(provenance("rate_sweep")["settings"]["learning_rates"])
    assert (rates[:, 0] == largest).mean() == 0.5  # "half of the runs", at p = 0
    assert (rates[:, 1:] < largest).all()


def test_at_fixed_width_half_costs_as_much_as_dropout_gains_and_0_3_is_better_wide():
    fixed, growing = (
        100 * np.array([r[how]["test_error"] for r in SWEEP]).T
        for how in ("fixed width", "fixed kept")
    )
    gain, cost = fixed[0] - fixed[3], fixed[5] - fixed[3]
    assert 0.75 < cost.mean() / gain.mean() < 1.5
    assert paired_difference(growing[3].tolist(), fixed[3].tolist()).low > 0
    assert SWEEP[0]["fixed kept"]["width"][5] == SWEEP[0]["fixed width"]["width"][5] == 128


def test_the_floor_tilts_beyond_0_6():
    for how in ("fixed width", "fixed kept"):
        mean = np.mean([r[how]["test_error"] for r in SWEEP], axis=0)
        assert mean[7] < mean[8] < mean[9]
        assert mean[9] > 1.5 * mean[5]


# --- batch norm ------------------------------------------------------------------------------


NORMS = load("batch_norm")
DEEP = [r["deep"] for r in NORMS]


def at(p, placement, measure, of=NORMS):
    return np.mean([r[placement]["by rate"][p][measure] for r in of], axis=0)


def test_directly_before_batch_norm_the_ratio_is_near_that_of_the_formula():
    for p in ("0.1", "0.3", "0.5", "0.7"):
        before = at(p, "before", "variance_ratio_train")[1]
        assert before == pytest.approx(1 / (1 - float(p)), rel=0.15)
        between = at(p, "between", "variance_ratio_train")[1]
        assert 1 < between < 1 + 0.5 * (before - 1)


def test_tuning_mostly_takes_the_smallest_p():
    chosen = [r[placement]["p"] for r in NORMS for placement in norms.PLACEMENTS]
    assert np.mean([p == 0.1 for p in chosen]) > 0.5
    assert all(r[placement]["p"] == 0.1 for r in DEEP for placement in ("before", "between"))


def test_with_dropout_the_largest_learning_rate_is_chosen_about_every_other_time():
    settings = provenance("batch_norm")["settings"]
    largest = max(settings["learning_rates"])
    chosen = [
        r[placement]["by rate"][str(r[placement]["p"])]["learning_rate"]
        for r in NORMS
        for placement in norms.PLACEMENTS
    ]
    assert 0.4 < np.mean([rate == largest for rate in chosen]) < 0.6
    assert max(settings["learning_rates_without"]) > 2 * largest


def test_with_two_layers_recalibrating_never_wins_more_than_a_fraction_of_a_point():
    for placement in norms.PLACEMENTS:
        for p in ("0.1", "0.3", "0.5", "0.7"):
            runs = [r[placement]["by rate"][p] for r in NORMS]
            evaluated = [100 * run["test_error"] for run in runs]
            recalibrated = [100 * run["recalibrated_test_error"] for run in runs]
            assert paired_difference(evaluated, recalibrated).high < 0.5
    assert at("0.7", "before", "test_error", DEEP) > 0.85  # guesses


def test_dropout_raises_the_error_in_two_placements():
    def tuned(result, name):
        return result[name]["by rate"][str(result[name]["p"])]["test_error"]

    alone = [r["batch norm"]["test_error"] for r in NORMS]
    raised = [
        placement
        for placement in norms.PLACEMENTS
        if paired_difference([tuned(r, placement) for r in NORMS], alone).low > 0
    ]
    assert len(raised) == 2


def test_the_deep_network_errs_on_most_digits_and_recalibrating_wins_back_a_tenth():
    evaluated, recalibrated = (
        at("0.5", "before", f"{way}test_error", DEEP) for way in ("", "recalibrated_")
    )
    alone = np.mean([r["batch norm"]["test_error"] for r in DEEP])
    assert evaluated > 0.5
    assert evaluated - recalibrated > 0.1
    assert recalibrated > 3 * alone
    assert recalibrated - alone > evaluated - recalibrated  # most of the harm is not the shift
    assert at("0.5", "between", "test_error", DEEP) > 1.5 * alone


def test_every_placement_has_its_dropout_where_it_says():
    places = {}
    for placement in norms.PLACEMENTS:
        model = norms.network(placement, 0.5, 3, 8)
        assert [type(layer).__name__ for layer in model][:5] == [
            *("Linear", "Dropout", "BatchNorm1d", "ReLU", "Dropout")
        ]
        places[placement] = [i for i, m in enumerate(model) if getattr(m, "p", 0) == 0.5]
    assert places == {
        "before": [1, 6, 11],
        "between": [4, 9],
        "behind all": [4, 9, 14],
        "after": [14],
    }


def test_recalibrated_statistics_are_those_of_the_data_without_dropout():
    torch.manual_seed(0)
    model, x = norms.network("before", 0.5, 2, 8), torch.randn(200, 784)
    model.train()(x)
    before = [b.clone() for b in model.buffers()]
    copy = norms.recalibrated(model, x)
    for norm, heard in zip(
        (copy[2], copy[7]), norms.inputs_of_batch_norms(copy, x, False), strict=True
    ):
        torch.testing.assert_close(norm.running_mean, heard.mean(dim=0))
        torch.testing.assert_close(norm.running_var, heard.var(dim=0))
    assert all(torch.equal(a, b) for a, b in zip(before, model.buffers(), strict=True))


def test_passes_in_training_mode_spoil_the_model_only_over_images_unlike_those_of_training():
    data = mnist5k(seed=0, train=1000)
    (trained,) = norms.train(data, "after", [(0.5, 0.06)], 0, norms.Settings())
    x, labels = map(torch.from_numpy, (data.x_test, data.y_test))
    error = {0: evaluate(trained, x, labels)[0]}
    for brightness in (1, 3):
        model = deepcopy(trained).train()
        with torch.no_grad():
            for _ in range(20):
                model(brightness * x)
        error[brightness] = evaluate(model, x, labels)[0]
    assert error[1] < error[0] + 0.02
    assert error[3] > 2 * error[0]


def test_formula_behind_weights_gives_what_a_trained_network_shows():
    data = mnist5k(seed=0, train=300)
    settings = norms.Settings(hidden=32, epochs=5)
    (model,) = norms.train(data, "between", [(0.5, 0.06)], 0, settings)
    x = torch.from_numpy(data.x_train)
    with torch.no_grad():
        still = norms.inputs_of_batch_norms(model, x, training=False)[1]
        hidden, weight = model.eval()[:4](x), model[5].weight
        formula = 1 + (weight**2) @ (hidden**2).mean(dim=0) / still.var(dim=0)
        passes = [weight @ nn.functional.dropout(hidden, 0.5).T for _ in range(400)]
        measured = torch.cat(passes, dim=1).var(dim=1) / still.var(dim=0)
    torch.testing.assert_close(measured, formula, rtol=0.05, atol=0)


# --- cost ------------------------------------------------------------------------------------


COSTS = load("cost_of_training")


def chosen(arm):
    return [r[arm]["tuned"]["learning_rate"] for r in COSTS]


def test_noise_makes_tuning_choose_smaller_learning_rates():
    assert set(chosen("none")) == {0.1}
    assert max(chosen("dropout")) < 0.1
    assert max(chosen("gaussian")) < 0.1
    smallest = min(provenance("cost_of_training")["settings"]["learning_rates"])
    assert np.mean([rate == smallest for rate in chosen("gaussian")]) > 0.5


def test_dropout_takes_two_to_three_times_the_steps_on_the_average():
    for choice in ("tuned", "fastest"):
        steps = np.array(
            [[r[arm][choice]["steps"][1] for arm in ("dropout", "none")] for r in COSTS]
        )
        assert 2 < (steps[:, 0] / steps[:, 1]).mean() < 3


def test_the_goal_is_reached_by_all():
    budget = provenance("cost_of_training")["settings"]["epochs"] * 20
    for arm in costs.ARMS:
        assert all(r[arm]["tuned"]["steps"][1] < budget for r in COSTS)


def test_a_step_takes_a_third_longer_in_a_narrow_network():
    by_width = np.median([r["seconds ratio"]["dropout"] for r in COSTS], axis=0)
    assert by_width[0] == pytest.approx(4 / 3, abs=0.05)
    assert 1 < by_width[3] < by_width[0]


@pytest.mark.parametrize("noise", ["dropout", "gaussian", "dropconnect"])
def test_networks_of_every_noise_train_together_and_get_their_weights_back(noise):
    torch.manual_seed(0)
    models = [costs.network(noise, 0.5, 8) for _ in range(2)]
    before = [parameter.clone() for parameter in models[1].parameters()]
    x, labels = torch.randn(40, 784), torch.arange(40) % 10
    fit_many(models, x, labels, epochs=1, learning_rate=[0.1, 0.2], batch_size=20)
    after = list(models[1].parameters())
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_gaussian_noise_has_mean_and_variance_of_dropout():
    torch.manual_seed(0)
    noisy = GaussianNoise(0.2)(2 * torch.ones(200_000))
    assert noisy.mean() == pytest.approx(2, abs=0.02)
    assert noisy.var() == pytest.approx(4 * 0.25, rel=0.02)
    assert torch.equal(GaussianNoise(0.2).eval()(noisy), noisy)


def test_steps_are_read_between_the_epochs():
    assert steps_to(0.5, [2.0, 1.0, 0.0], 20) == 30
    assert steps_to(0.5, [2.0, 1.0, 0.9], 20) == 40  # not reached


# --- exercises and quiz ----------------------------------------------------------------------


def test_solutions_do_what_the_chapter_says():
    assert variance_ratio(1.0, 1.0, 0.5) == 3
    assert variance_ratio(0.0, 5.0, 0.5) == 2
    assert smallest_width(0.5, 0.001) == 10
    model = nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.5), nn.Linear(64, 2)).eval()
    mean_of_passes(model, torch.ones(3, 4), 2)
    assert not any(module.training for module in model.modules())


def test_a_judge_leaves_the_random_state_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    check("06-mean-of-passes", mean_of_passes)
    check("06-still-dropping", lambda model, x: True)
    assert torch.equal(torch.rand(2), expected)


def test_numbers_in_the_quiz_are_what_they_are_asked_for():
    def right(words):
        (question,) = (q for q in questions("06") if words in q["question"])
        return [a["value"] for a in question["answers"] if a.get("correct")]

    assert right("8 units and p = 0.5") == [256 * 0.5**8]
    assert right("mean 0 and variance 1") == [variance_ratio(0, 1, 0.5)]
