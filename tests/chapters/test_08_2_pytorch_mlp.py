"""The sentences of chapter 8.2 that state results, held to stored and live results."""

import contextlib
import io
import math
from collections import Counter

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib.datasets import mnist5k
from dropout_lib.exercises import questions
from dropout_lib.experiments import load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.measures import tensors
from dropout_lib.experiments.rates_by_depth import ARMS, activations, noise_by_layer
from dropout_lib.explorers.rates_by_depth import gain_by_arm, training_curves
from dropout_lib.pytorch import Dropout, MLPWithDropout
from dropout_lib.training import fit
from tools.notebooks import ROOT

RESULTS = load("rates_by_depth")
SETTINGS = provenance("rates_by_depth")["settings"]
CELLS = nbformat.read(ROOT / "chapters" / "08_2_pytorch_mlp.ipynb", as_version=4).cells


def of(arm, choice, measure, shape="narrowing"):
    return [result[shape][arm][choice][measure] for result in RESULTS]


def lead(b, a, measure, shape="narrowing"):
    """How much lower a measure is with a than with b."""
    choice = "by error" if measure == "test_error" else "by loss"
    return paired_difference(of(b, choice, measure, shape), of(a, choice, measure, shape))


def contains_0(interval):
    return interval.low < 0 < interval.high


# --- the stored runs ------------------------------------------------------------------------------


def test_the_order_cannot_be_told_by_the_error_in_either_shape():
    for shape in ("narrowing", "widening"):
        assert contains_0(lead("rising", "falling", "test_error", shape))


def test_the_falling_order_has_the_lower_loss_where_the_network_narrows_by_an_interval_close_to_0():
    narrow, wide = (
        lead("rising", "falling", "test_loss", shape) for shape in ("narrowing", "widening")
    )
    assert 0 < narrow.low < 0.01
    assert contains_0(wide)


def test_the_gentler_order_makes_less_noise_and_has_the_higher_loss():
    noise = [r["narrowing"]["same network"] for r in RESULTS]
    gentler, falling = ([n[name] for n in noise] for name in ("rising, gentler", "falling"))
    assert paired_difference(falling, gentler).low > 0
    assert lead("rising, gentler", "falling", "test_loss").low > 0
    assert contains_0(lead("rising, gentler", "falling", "test_error"))
    rates = zip(ARMS["rising, gentler"][1:], ARMS["falling"][1:], strict=True)
    assert sum(gentle - other for gentle, other in rates) < 0


def test_the_gentler_rates_make_as_much_noise_as_the_falling_ones_by_the_sum():
    def by_the_sum(arm):
        return sum(
            p / (1 - p) / units for p, units in zip(ARMS[arm][1:], SETTINGS["hidden"], strict=True)
        )

    assert by_the_sum("rising, gentler") == pytest.approx(by_the_sum("falling"), rel=0.01)


def test_the_first_layer_alone_makes_the_least_noise_at_the_logits():
    noise = [of(arm, "by error", "noise") for arm in ("first", "second", "third")]
    assert all(paired_difference(other, noise[0]).low > 0 for other in noise[1:])


def test_which_layer_and_what_for():
    for arm in ("first", "input"):
        assert lead("falling", arm, "test_error").low > 0
    assert 0 < lead("first", "falling", "test_loss").low < 0.01
    others = [arm for arm in ARMS if arm != "input and falling"]
    assert all(lead(arm, "input and falling", "test_loss").low > 0 for arm in others)
    assert lead("input", "input and falling", "test_error").high < 0


def test_three_layers_lower_loss_and_error_and_the_falling_order_leaves_the_error_in_doubt():
    for arm in ("falling", "constant", "rising"):
        assert lead("none", arm, "test_loss").low > 0
    assert lead("none", "constant", "test_error").low > 0
    assert lead("none", "rising", "test_error").low > 0
    assert contains_0(lead("none", "falling", "test_error"))


def test_choices_lie_where_the_text_says():
    smallest, *inside, largest = SETTINGS["learning_rates"]
    assert set(of("none", "by loss", "learning_rate")) == {smallest}
    for arm in ("falling", "rising", "constant"):
        for choice in ("by error", "by loss"):
            assert set(of(arm, choice, "learning_rate")) <= set(inside)
    assert Counter(of("input", "by error", "learning_rate"))[largest] < 5
    assert len(RESULTS) == 10


# --- the chapter's own runs -----------------------------------------------------------------------


def run_cells(*beginnings):
    """The names that cells of the chapter leave behind, each found by how its code begins."""
    names = {}
    code = [cell.source for cell in CELLS if cell.cell_type == "code"]
    for beginning in beginnings:
        (source,) = (c for c in code if c.startswith(beginning))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(source, names)
        names[beginning] = said.getvalue()
    return names


NETWORKS = "import torch\nfrom torch import nn"


@pytest.fixture(scope="module")
def tested():
    return run_cells(NETWORKS, "x = torch.randn(32, 784)", "@torch.no_grad()\ndef modes")


@pytest.fixture(scope="module")
def trained():
    build = "from dropout_lib.pytorch import MLPWithDropout"
    return run_cells(
        NETWORKS,
        build,
        "import math",
        "from copy import deepcopy",
        "_ = torch.manual_seed(0)\nyoung",
        'print("epoch  log is',
        "for mode in (True, False)",
        "@torch.no_grad()\ndef distance",
    )


def test_the_last_line_finds_all_five_networks_different(tested):
    assert tested["x = torch.randn(32, 784)"].count("different: True") == 5


def test_each_broken_network_fails_and_each_question_catches_something(tested):
    said = tested["@torch.no_grad()\ndef modes"].splitlines()
    failed = [set(line.split("fails: ")[1].split(", ")) for line in said]
    assert failed[0] == {"nothing"}
    assert all(found != {"nothing"} for found in failed[1:])
    assert set.union(*failed[1:]) == {"modes", "rates", "scale", "own_masks"}


def test_seven_in_ten_weights_sit_below_the_first_hidden_layer():
    network = MLPWithDropout(784, [512, 256, 128], 10, [0.5, 0.4, 0.3]).network
    first, total = (
        sum(weight.numel() for weight in part.parameters()) for part in (network[0], network)
    )
    assert round(10 * first / total) == 7


def test_the_log_lies_above_validation_first_and_below_it_in_the_end(trained):
    losses = trained["losses"]
    above = [row["log"] - row["validation"] for row in losses]
    improvement = [row["log"] - row["noisy"] for row in losses]
    noise = [row["noisy"] - row["train"] for row in losses]
    gap = [row["validation"] - row["train"] for row in losses]
    assert all(difference > 0 for difference in above[:6])
    assert improvement[1] > noise[1]
    assert all(noise[i] > improvement[i] for i in (4, 5, 6, 7))
    assert -0.1 < above[-1] < 0
    assert gap[-1] > max(gap[:4])
    assert all(row["train"] < row["validation"] for row in losses[3:])
    for difference, a, b, c in zip(above, improvement, noise, gap, strict=True):
        assert difference == pytest.approx(a + b - c)


def test_the_table_names_improvement_then_noise_then_the_gap(trained):
    rows = [line.split() for line in trained['print("epoch  log is'].splitlines()[1:]]
    assert rows == [
        ["2", "higher", "improvement"],
        ["6", "higher", "noise"],
        ["12", "lower", "gap"],
    ]


def test_after_three_epochs_the_log_is_higher_by_improvement_and_noise_and_no_gap_is_seen(trained):
    said = trained["_ = torch.manual_seed(0)\nyoung"].splitlines()
    log, noisy, quiet, validation = (float(line.split()[-1]) for line in said)
    assert log > noisy > quiet == validation


def test_a_forgotten_eval_costs_points_and_no_grad_does_not_help(trained):
    said = trained["for mode in (True, False)"].splitlines()
    assert [line.split("noise: ")[1].split()[0] for line in said] == ["True"] * 2 + ["False"] * 2
    assert [line.endswith("True") for line in said] == [True, False, True, False]
    model, x, y = trained["model"], trained["x_test"], trained["y_test"]
    with torch.no_grad():
        noisy, quiet = (
            (model.train(mode)(x).argmax(dim=1) != y).float().mean().item()
            for mode in (True, False)
        )
    assert noisy > quiet + 0.01


def test_training_lowers_the_loss_of_dropped_logits_and_cannot_remove_it():
    """All others at -b: a wrong one costs only where it is gone together with the right one."""
    logits = torch.full((100_000, 10), -20.0)
    logits[:, 0] = 20
    right = torch.zeros(100_000, dtype=torch.long)
    torch.manual_seed(0)
    loss = nn.functional.cross_entropy(nn.functional.dropout(logits, 0.3), right).item()
    ties = sum(math.comb(9, k) * 0.3**k * 0.7 ** (9 - k) * math.log(1 + k) for k in range(10))
    assert loss == pytest.approx(0.3 * ties, rel=0.05)
    assert 0.1 < loss < 0.8 * 0.3 * math.log(10)


def test_the_mean_over_passes_meets_evaluation_at_the_second_layer_and_not_at_the_logits(trained):
    lines = trained["@torch.no_grad()\ndef distance"].splitlines()[1:]
    second, logits = (
        [float(line.split()[column].rstrip("%")) for line in lines] for column in (1, 2)
    )
    assert second[0] > 5 * second[2]
    assert logits[1] == pytest.approx(logits[2], rel=0.3)
    assert logits[2] > 3 * second[2]


def test_narrow_layers_make_more_noise_by_the_sum_and_less_where_the_network_widens():
    def noise(rates, widths):
        return sum(p / (1 - p) / n for p, n in zip(rates, widths, strict=True))

    falling, rising = (0.5, 0.4, 0.3), (0.3, 0.4, 0.5)
    assert noise(rising, (512, 256, 128)) > noise(falling, (512, 256, 128))
    assert noise(rising, (128, 256, 512)) < noise(falling, (128, 256, 512))
    assert 1 - math.prod(1 - p for p in falling) ** (1 / 3) == pytest.approx(0.406, abs=0.001)


def test_the_measured_ratio_of_noise_is_nearer_to_1_than_the_sum_says():
    falling, rising = (ARMS[arm][1:] for arm in ("falling", "rising"))
    for shape, widths in (
        ("narrowing", SETTINGS["hidden"]),
        ("widening", SETTINGS["hidden"][::-1]),
    ):
        up, down = (
            sum(p / (1 - p) / n for p, n in zip(rates, widths, strict=True))
            for rates in (rising, falling)
        )
        noise = [r[shape]["same network"] for r in RESULTS]
        measured = mean_interval([math.log(n["rising"] / n["falling"]) for n in noise])
        predicted = math.log(up / down) / 2
        assert max(abs(measured.low), abs(measured.high)) < abs(predicted)
        assert measured.mean * predicted > 0


# --- the experiment's functions -------------------------------------------------------------------


def test_the_noise_of_a_mean_of_equal_units_is_the_formula():
    units, p = 400, 0.3
    mean = nn.Linear(units, 2, bias=False)
    nn.init.constant_(mean.weight, 1 / units)
    with torch.no_grad():
        mean.weight[1] *= -1  # logits are taken less their mean over the classes
    network = nn.Sequential(Dropout(0.9), mean)
    behind, summed = noise_by_layer(network, [p], torch.ones(50, units), passes=400)
    assert behind == pytest.approx(math.sqrt(p / (1 - p)), rel=0.02)
    assert summed == pytest.approx(math.sqrt(p / (1 - p) / units), rel=0.05)


def test_the_narrower_the_layer_the_more_of_its_noise_reaches_the_logits():
    data = mnist5k(seed=0, train=1000)
    x = torch.from_numpy(data.x_test[:50])
    for hidden in ([64, 128, 256], [256, 128, 64]):
        torch.manual_seed(0)
        model = MLPWithDropout(784, hidden, 10, [0.4, 0.4, 0.4])
        fit(model, *tensors(data, "train"), epochs=15, learning_rate=0.05)
        alone = [
            noise_by_layer(model.network, rates, x)[-1]
            for rates in ((0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5))
        ]
        assert alone == sorted(alone, reverse=hidden[0] == 64)
    behind = noise_by_layer(model.network, (0.5, 0.4, 0.3), x)
    assert all(0.7 < behind[place] < 1.1 for place in (2, 5, 8))
    assert all(behind[place + 1] < 0.7 * behind[place] for place in (2, 5, 8))


def test_activations_leave_mode_and_rates_alone_and_repeat_under_a_seed():
    network = MLPWithDropout(20, [16], 3, [0.9]).network.eval()
    x = torch.randn(5, 20)
    first, again = (
        [out for _, out in activations(network, [0.5], x, passes=7, seed=3)] for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert first[-1].shape == (7, 5, 3)
    assert not network.training
    assert network[2].p == 0.9


# --- figures and quiz -----------------------------------------------------------------------------


def test_figures_say_in_words_what_the_chapter_says_of_them(trained):
    said = repr(training_curves(trained["losses"]))
    assert "begins above the validation loss and ends below it" in said
    gain = lead("none", "input", "test_error")
    assert f"inputs 0.2 alone: {100 * gain.mean:.1f} [" in repr(gain_by_arm(RESULTS))


def test_the_number_asked_for_in_the_quiz_is_the_noise():
    (question,) = (q for q in questions("08-2") if q["type"] == "numeric")
    right = [a["value"] for a in question["answers"] if a.get("correct")]
    assert right == [pytest.approx(0.35 - 0.26)]
    assert np.mean([0.75, 0.0]) == 0.375  # named in the explanation of 08-2-one-rate
