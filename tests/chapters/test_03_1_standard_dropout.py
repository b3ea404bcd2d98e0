"""What chapter 3.1 says in words is what its stored results say."""

import numpy as np
import pytest
import torch

from dropout_lib.datasets import mnist5k
from dropout_lib.exercises import questions
from dropout_lib.exercises.standard_dropout import as_found
from dropout_lib.experiments import load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.forgotten_scale import build, logits_at, measure
from dropout_lib.explorers.dropped_inputs import dropped_inputs
from dropout_lib.explorers.forgotten_scale import error_and_biases, forgotten_scale_explorer
from dropout_lib.training import fit

RESULTS = load("forgotten_scale")
RATIOS = provenance("forgotten_scale")["settings"]["ratios"]
TRAINED = ("p = 0", "p = 0.2", "p = 0.5", "p = 0.8")


def values(arm, key, ratio=1.0, part="test"):
    at = RATIOS.index(round(ratio, 2))
    return np.array([result[arm][part][key][at] for result in RESULTS])


def change(arm, key, ratio):
    return paired_difference(values(arm, key, ratio), values(arm, key))


def contains_zero(interval):
    return interval.low <= 0 <= interval.high


def is_little(error):
    """Less than one digit in a hundred."""
    return error.low > -0.01 and error.high < 0.01


def network(bias=True):
    torch.manual_seed(0)
    return build((8, 6, 5, 3), p=0.5, bias=bias).double().eval()


def test_a_ratio_of_one_is_evaluation():
    model, x = network(), torch.rand(7, 8).double()
    for follow in (False, True):
        assert torch.equal(logits_at(model, x, (1, 1), follow), model(x))


@pytest.mark.parametrize("bias", [True, False])
def test_where_no_bias_stands_still_ratios_multiply_the_logits(bias):
    model, x = network(bias), torch.rand(7, 8).double()
    scaled = logits_at(model, x, (2, 3), biases_follow=True)
    assert torch.allclose(scaled, 6 * model(x))
    if bias:
        assert not torch.allclose(logits_at(model, x, (2, 3)), 6 * model(x))


def test_measure_counts_what_it_says():
    logits = torch.log(torch.tensor([[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]]))
    found = measure(logits, torch.tensor([0, 1, 0]))
    assert found["error"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["loss"] == pytest.approx(-np.log([0.75, 0.5, 0.125]).mean(), abs=1e-4)
    assert found["confidence"] == pytest.approx((0.75 + 0.5 + 0.875) / 3, abs=1e-4)


def test_at_one_half_the_error_hardly_shows_a_forgotten_scale_nor_the_loss_one_applied_twice():
    assert is_little(change("p = 0.5", "error", 2))
    tripled = paired_difference(values("p = 0.5", "loss", 2), 3 * values("p = 0.5", "loss"))
    assert tripled.low > 0
    assert change("p = 0.5", "error", 0.5).low > 0
    loss = change("p = 0.5", "loss", 0.5)
    assert loss.low > -0.1
    assert loss.high < 0.1


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_the_mean_confidence_shows_both_mistakes(p):
    assert change(f"p = {p}", "confidence", 1 / (1 - p)).low > 0
    assert change(f"p = {p}", "confidence", 1 - p).high < 0


def test_at_a_fifth_the_error_shows_neither_and_at_four_fifths_both_cost_far_more():
    for ratio in (1.25, 0.8):
        assert is_little(change("p = 0.2", "error", ratio))
    assert change("p = 0.8", "error", 5).low > 0.02
    assert mean_interval(values("p = 0.8", "error", 0.2)).low > 0.6
    for forgotten_or_twice in (lambda p: 1 / (1 - p), lambda p: 1 - p):
        for key in ("error", "loss"):
            half = change("p = 0.5", key, forgotten_or_twice(0.5))
            assert half.high < change("p = 0.8", key, forgotten_or_twice(0.8)).low


def test_twice_the_right_scale_costs_most_error_at_four_fifths():
    for arm in ("p = 0.2", "p = 0.5"):
        assert is_little(change(arm, "error", 2))
        cost = values(arm, "error", 2) - values(arm, "error")
        at_most = values("p = 0.8", "error", 2) - values("p = 0.8", "error")
        assert paired_difference(at_most, cost).low > 0


def test_without_biases_or_with_biases_scaled_along_the_error_is_the_same_at_every_scale():
    for result in RESULTS:
        for arm in TRAINED:
            assert len(set(result[arm]["biases follow"]["error"])) == 1
        assert len(set(result["no biases"]["test"]["error"])) == 1


def of_the_biases(p):
    """What the biases add to the loss when the scale is forgotten, and the whole of it."""
    arm, ratio = f"p = {p}", 1 / (1 - p)
    following = values(arm, "loss", ratio, part="biases follow")
    return paired_difference(values(arm, "loss", ratio), following), change(arm, "loss", ratio)


def test_at_one_half_the_loss_is_in_the_size_of_the_logits():
    added, whole = of_the_biases(0.5)
    assert -0.15 * whole.mean < added.low
    assert added.high < 0.15 * whole.mean


def test_at_four_fifths_the_biases_add_the_smaller_part_of_the_loss():
    added, whole = of_the_biases(0.8)
    assert added.low > 0
    assert added.high < 0.5 * whole.low


def gain(arm, key):
    """Test value at the right scale less that at the scale with the best validation value."""
    gained, chosen = [], []
    for result in RESULTS:
        valid = result[arm]["validation"][key]
        at = min(range(len(RATIOS)), key=lambda i: (valid[i], abs(np.log(RATIOS[i]))))
        gained.append(result[arm]["test"][key][RATIOS.index(1)] - result[arm]["test"][key][at])
        chosen.append(RATIOS[at])
    return gained, float(np.median(chosen))


@pytest.mark.parametrize("arm", TRAINED)
def test_no_error_is_to_be_gained_by_another_scale(arm):
    assert contains_zero(mean_interval(gain(arm, "error")[0]))


@pytest.mark.parametrize("arm", TRAINED)
def test_loss_is_gained_where_the_network_is_too_sure(arm):
    gained, chosen = gain(arm, "loss")
    surplus = mean_interval(values(arm, "confidence") - (1 - values(arm, "error")))
    if arm == "p = 0.8":
        assert contains_zero(mean_interval(gained))
        assert surplus.high < 0
    else:
        assert mean_interval(gained).low > 0
        assert chosen < 0.85
        assert surplus.low > 0.02


def test_the_network_without_dropout_gains_no_less_than_the_others():
    for arm in ("p = 0.2", "p = 0.5"):
        assert paired_difference(gain("p = 0", "loss")[0], gain(arm, "loss")[0]).mean > 0


def test_forgetting_in_one_layer_is_a_smaller_version_of_the_same():
    for layer in ("first", "second"):
        error = [result[layer]["error"] for result in RESULTS]
        assert is_little(paired_difference(error, values("p = 0.5", "error")))
        loss = paired_difference(
            [result[layer]["loss"] for result in RESULTS], values("p = 0.5", "loss")
        )
        assert loss.low > 0
        assert loss.high < change("p = 0.5", "loss", 2).low


def test_learning_rates_are_chosen_inside_the_grid():
    rates = provenance("forgotten_scale")["settings"]["learning_rates"]
    for arm in TRAINED:
        chosen = [result[arm]["learning_rate"] for result in RESULTS]
        assert max(chosen) < max(rates)


def explorer():
    digits = mnist5k(seed=0, train=1000)
    return forgotten_scale_explorer(RESULTS, RATIOS, digits.x_test, digits.y_test), digits


def test_the_explorer_starts_at_the_right_scale_with_its_own_numbers():
    reading = explorer()[0].first_picture.reading
    assert "times 0.50, right: 3 of the 6 digits" in reading
    assert f"error {100 * values('p = 0.5', 'error').mean():.0f}%" in reading
    assert f"loss {values('p = 0.5', 'loss').mean():.2f} nats" in reading


def test_the_digits_shown_are_the_first_that_are_read_rightly_and_wrongly():
    shown = RESULTS[0]["shown"]
    labels = explorer()[1].y_test
    answers = np.argmax(shown["percent"][RATIOS.index(1)], axis=1)
    right = answers == labels[shown["digits"]]
    assert right.tolist() == [True] * 3 + [False] * 3
    assert shown["digits"][:3] == sorted(shown["digits"][:3])


def test_at_the_forgotten_scale_the_wrong_answers_shown_are_surer():
    percent = np.array(RESULTS[0]["shown"]["percent"]).max(axis=2)
    right, forgotten = (percent[RATIOS.index(ratio), 3:] for ratio in (1, 2))
    assert (forgotten >= right).all()
    assert (forgotten > right).any()


def test_figures_say_what_they_show():
    words = error_and_biases(RESULTS, RATIOS).picture.reading
    assert f"{100 * values('no biases', 'error').mean():.1f}% (trained without biases)" in words


def test_dropped_inputs_counts_what_is_left():
    image = np.ones(784, dtype=np.float32)
    assert "784 at p = 0.0" in dropped_inputs(image).picture.reading


def test_numbers_in_the_quiz_are_what_they_are_asked_for():
    answers = {
        question["question"][:12]: [a["value"] for a in question["answers"] if a.get("correct")]
        for question in questions("03-1")
        if question["type"] == "numeric"
    }
    assert list(answers.values()) == [[1 / (1 - 0.5) ** 2], [pytest.approx((1 - 0.2) * (1 - 0.5))]]


def loss_gains(arm, ratio):
    """What another scale gains in loss, as trained and with the biases scaled along."""
    right = values(arm, "loss")
    follow = values(arm, "loss", ratio, part="biases follow")
    return right - values(arm, "loss", ratio), right - follow


@pytest.mark.parametrize("arm", ["p = 0", "p = 0.2", "p = 0.5"])
def test_smaller_logits_alone_gain_as_much_to_two_hundredths_of_a_nat(arm):
    trained, follow = loss_gains(arm, 0.7)
    assert mean_interval(trained).low > 0
    assert mean_interval(follow).low > 0
    difference = paired_difference(follow, trained)
    assert difference.low > -0.02
    assert difference.high < 0.02


def test_at_one_half_logits_of_a_quarter_cost_about_as_much_as_those_of_full_size():
    trained, follow = loss_gains("p = 0.5", 0.5)
    for gained in (trained, follow):
        assert mean_interval(gained).low > -0.1
        assert mean_interval(gained).high < 0.1
    between = loss_gains("p = 0.5", 0.7)[1]
    assert mean_interval(between).low > 0
    assert paired_difference(between, follow).low > 0
    losses = [values("p = 0.5", "loss", r, part="biases follow").mean() for r in RATIOS]
    assert 0.5 < RATIOS[int(np.argmin(losses))] < 1


def test_at_four_fifths_larger_logits_cost_though_the_network_is_not_too_sure():
    assert mean_interval(loss_gains("p = 0.8", 1.1)[1]).high < 0


@pytest.fixture(scope="module")
def home():
    """The network of the chapter's beginning and its test digits."""
    digits = mnist5k(seed=0, train=1000)
    torch.manual_seed(0)
    model = build((784, 256, 256, 10), p=0.5)
    x, y = torch.from_numpy(digits.x_train), torch.from_numpy(digits.y_train)
    fit(model, x, y, epochs=15, learning_rate=0.2)
    x, y = torch.from_numpy(digits.x_test).double(), torch.from_numpy(digits.y_test)
    return model.double().eval(), x, y


def test_in_the_new_home_the_loss_shows_it_and_the_error_does_not(home):
    model, x, labels = home
    old, new = (logits_at(model, x, (ratio, ratio)) for ratio in (1, 2))
    before, after = measure(old, labels), measure(new, labels)
    assert abs(after["error"] - before["error"]) < 0.02
    assert after["loss"] > 2 * before["loss"]
    assert after["confidence"] > 0.97


def test_in_the_new_home_the_rule_asks_seldom_and_lets_most_mistakes_pass(home):
    model, x, labels = home
    asked, passed = [], []
    for ratio in (1, 2):
        sure, answers = logits_at(model, x, (ratio, ratio)).softmax(dim=1).max(dim=1)
        asked.append((sure <= 0.95).double().mean())
        passed.append((sure > 0.95)[answers != labels].double().mean())
    assert asked[1] < 0.5 * asked[0]
    assert passed[0] < 0.4
    assert passed[1] > 0.55


def test_a_misplaced_scale_hides_in_the_error(home):
    model, x, labels = home
    right = model(x)
    scaled_inputs = model(0.5 * x)
    weights = [p.detach().numpy() for p in model.parameters()]
    clinic = torch.from_numpy(as_found(x.numpy(), weights[::2], weights[1::2], 0.5))
    with torch.no_grad():
        for layer in (3, 6):
            model[layer].bias *= 0.5
        scaled_biases = model(x)
        for layer in (3, 6):
            model[layer].bias *= 2
    for wrong in (scaled_inputs, scaled_biases):
        assert not torch.allclose(wrong, right)
        assert abs(measure(wrong, labels)["error"] - measure(right, labels)["error"]) < 0.025
    assert not torch.allclose(clinic, right)
    assert (clinic.argmax(dim=1) == right.argmax(dim=1)).double().mean() > 0.95
