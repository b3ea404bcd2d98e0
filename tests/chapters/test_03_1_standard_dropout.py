"""What chapter 3.1 says in words is what its stored results say."""

import numpy as np
import pytest
import torch

from dropout_lib.datasets import mnist5k
from dropout_lib.exercises import questions
from dropout_lib.experiments import load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.forgotten_scale import build, logits_at, measure
from dropout_lib.explorers.dropped_inputs import dropped_inputs
from dropout_lib.explorers.forgotten_scale import error_and_biases, forgotten_scale_explorer

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


def test_forgotten_at_one_half_the_error_stays_and_the_loss_more_than_triples():
    assert contains_zero(change("p = 0.5", "error", 2))
    tripled = paired_difference(values("p = 0.5", "loss", 2), 3 * values("p = 0.5", "loss"))
    assert tripled.low > 0
    assert change("p = 0.5", "confidence", 2).low > 0


def test_twice_at_one_half_the_error_rises_and_the_loss_stays():
    assert change("p = 0.5", "error", 0.5).low > 0
    loss = change("p = 0.5", "loss", 0.5)
    assert contains_zero(loss)
    assert abs(loss.mean) < 0.05
    assert change("p = 0.5", "confidence", 0.5).high < 0


def test_the_damage_grows_with_p():
    for ratio in (1.25, 0.8):
        assert contains_zero(change("p = 0.2", "error", ratio))
    assert change("p = 0.8", "error", 5).low > 0
    assert values("p = 0.8", "error", 0.2).mean() > 0.6
    losses = [change(f"p = {p}", "loss", 1 / (1 - p)) for p in (0.2, 0.5, 0.8)]
    assert losses[0].high < losses[1].low
    assert losses[1].high < losses[2].low


def test_without_biases_or_with_biases_scaled_along_the_error_is_the_same_at_every_scale():
    for result in RESULTS:
        for arm in TRAINED:
            assert len(set(result[arm]["biases follow"]["error"])) == 1
        assert len(set(result["no biases"]["test"]["error"])) == 1


def test_a_forgotten_scale_does_nearly_all_of_its_damage_through_the_size_of_the_logits():
    forgotten = values("p = 0.5", "loss", 2)
    following = values("p = 0.5", "loss", 2, part="biases follow")
    of_biases = paired_difference(forgotten, following)
    assert of_biases.high < 0.15 * change("p = 0.5", "loss", 2).mean


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
        assert surplus.high < 0.01
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
        assert contains_zero(paired_difference(error, values("p = 0.5", "error")))
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
    image = np.ones(784, dtype=np.float32)
    assert "784 at p = 0.0" in dropped_inputs(image).picture.reading


def test_numbers_in_the_quiz_are_what_they_are_asked_for():
    answers = {
        question["question"][:12]: [a["value"] for a in question["answers"] if a.get("correct")]
        for question in questions("03-1")
        if question["type"] == "numeric"
    }
    assert list(answers.values()) == [[1 / (1 - 0.5) ** 2], [pytest.approx((1 - 0.2) * (1 - 0.5))]]


@pytest.mark.parametrize("arm", ["p = 0", "p = 0.2", "p = 0.5"])
def test_smaller_logits_alone_gain_no_less_loss(arm):
    right = values(arm, "loss")
    plain = right - values(arm, "loss", 0.7)
    follow = right - values(arm, "loss", 0.7, part="biases follow")
    assert mean_interval(plain).low > 0
    assert mean_interval(follow).low > 0
    assert paired_difference(follow, plain).low > -0.01
