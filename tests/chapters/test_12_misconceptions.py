"""Every belief of chapter 12 has one short cell, and the cell shows what the text says it does."""

import contextlib
import io
import re

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib.claims import judge, load_claims, settle
from dropout_lib.exercises import check, questions
from dropout_lib.exercises.misconceptions import CALLS, CAUSES, SHAPES_TO_TRY, SYMPTOMS
from dropout_lib.experiments import load, paired_difference, provenance
from dropout_lib.explorers.never_for_good import (
    CASES,
    RATES,
    TOSSES,
    UNITS,
    longest_absence,
    never_for_good,
    presence,
)
from tools.notebooks import ROOT

CHAPTER = nbformat.read(ROOT / "chapters" / "12_misconceptions.ipynb", as_version=4)


def beliefs():
    """{belief: its code cells}, and the cell that they need."""
    found, belief, setup = {}, None, None
    for cell in CHAPTER.cells:
        if cell.cell_type == "code":
            if belief:
                found[belief].append(cell.source)
            elif "from torch import nn" in cell.source:
                setup = cell.source
            continue
        for line in cell.source.splitlines():
            if line.startswith("#"):
                quoted = re.fullmatch(r"### “(.*)”", line)
                belief = quoted[1] if quoted else None
                if belief:
                    found[belief] = []
    return found, setup


BELIEFS, SETUP = beliefs()


def printed(beginning):
    """What the cell under a belief prints, beside the names that it makes."""
    (belief,) = (words for words in BELIEFS if words.startswith(beginning))
    names, out = {}, io.StringIO()
    with contextlib.redirect_stdout(out), torch.random.fork_rng(devices=[]):
        exec(SETUP, names)
        exec(BELIEFS[belief][0], names)
    return out.getvalue().splitlines(), names


def numbers(line):
    return [float(number) for number in re.findall(r"(?<![\w.])[-+]?\d+(?:\.\d+)?", line)]


# --- the form ------------------------------------------------------------------------------------


def test_there_are_as_many_beliefs_as_the_chapter_says():
    corrections = ["Never use", "In convolutions", "Dropout is obsolete"]
    assert [words[: len(c)] for words, c in zip([*BELIEFS][-3:], corrections, strict=True)] == (
        corrections
    )
    assert len(BELIEFS) == 24 + 3
    assert "twenty-four beliefs" in CHAPTER.cells[0].source


@pytest.mark.parametrize("belief", BELIEFS)
def test_a_belief_has_exactly_one_short_cell(belief):
    (source,) = BELIEFS[belief]
    lines = source.splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 15
    assert max(map(len, lines)) <= 76


def test_outputs_are_folded_so_that_one_can_predict_them():
    for cell in CHAPTER.cells:
        if cell.cell_type == "code" and any(cell.source == s for (s,) in BELIEFS.values()):
            in_the_page = "hide-output" in cell.metadata.get("tags", ())
            in_jupyterlab = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
            assert (in_the_page and in_jupyterlab) or "never_for_good" in cell.source


def test_jupyterlab_shows_the_first_line_of_a_folded_output_so_there_are_more():
    for belief in BELIEFS:
        if belief != "A dropped unit is gone for good":
            assert len(printed(belief)[0]) > 1


def test_answers_are_folded_so_that_they_do_not_give_an_output_away():
    answers = 0
    for cell, after in zip(CHAPTER.cells, CHAPTER.cells[1:], strict=False):
        if cell.cell_type == "code" and any(cell.source == s for (s,) in BELIEFS.values()):
            answer, end, _ = after.source.partition("\n\n</details>")
            assert end
            assert answer.startswith("<details>\n<summary>The answer</summary>\n\n")
            assert "\n#" not in answer  # a heading within could not be linked to while it is folded
            answers += 1
    assert answers == len(BELIEFS)


def test_outputs_fit_a_phone():
    for belief in BELIEFS:
        if belief != "A dropped unit is gone for good":
            assert max(map(len, printed(belief)[0])) <= 34


def test_every_belief_has_a_row_of_the_ledger():
    marked = {}
    section = None
    for cell in CHAPTER.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("#"):
                    section = line.lstrip("# ").strip("“”")
                if "<!-- claim:" in line:
                    marked[section] = True
    assert set(BELIEFS) <= set(marked)


def test_the_quiz_before_reading_mixes_true_and_false():
    asked = questions("12")
    choices = [q for q in asked if q["type"] == "multiple_choice"]
    right = [next(a["answer"] for a in q["answers"] if a["correct"]) for q in choices]
    assert len(choices) == 14
    assert len(asked) == 15
    assert 5 <= right.count("True") <= 9
    assert {q["section"].strip("“”") for q in asked} <= set(BELIEFS)


# --- what the cells show -------------------------------------------------------------------------


def test_validation_is_below_the_log_and_above_training_measured_alike():
    log, off, validation = (numbers(line) for line in printed("Validation loss")[0])
    assert validation[0] < log[0]
    assert all(a < b for a, b in zip(off, validation, strict=True))
    assert max(log[0], off[0], validation[0]) == log[0]


def test_the_gap_is_negative_in_the_log_and_positive_measured_alike():
    (log_without, alike_without), (log_with, alike_with) = (
        numbers(line.partition("log")[2]) for line in printed("With dropout the gap")[0]
    )
    assert log_with < 0 < alike_with < alike_without
    assert log_without == pytest.approx(alike_without, abs=0.01)
    assert provenance("example_4")["settings"]["epochs"][10] == 100
    assert provenance("example_4")["settings"]["rates"][3] == 0.5


def test_error_by_p_is_a_plateau_and_a_cliff():
    errors = {line[4:7]: numbers(line)[-1] for line in printed("More dropout")[0]}
    assert max(errors[p] for p in ("0.0", "0.1", "0.3", "0.5")) < 1.2 * errors["0.3"]
    assert errors["0.7"] < errors["0.8"] < errors["0.9"]
    assert errors["0.9"] > 3 * errors["0.3"]


def test_wrong_labels_are_kept_out_in_the_middle_and_not_at_the_largest_rate():
    _, without, dropped = (
        [int(share) for share in re.findall(r"(\d+)%", line)]
        for line in printed("A network with dropout")[0]
    )
    assert dropped[1] < without[1] - 10
    assert dropped[2] < without[2] - 10
    assert dropped[3] > 90
    rates = provenance("memorised_labels")["settings"]["learning_rates"]
    assert rates[1:5] == [0.006, 0.01, 0.02, 0.05]


def test_at_one_rate_more_is_silent_and_at_rates_of_their_own_it_depends():
    heads, *rows = (line.split() for line in printed("Dropout makes")[0])
    assert heads == ["layer", "rate", "without", "with"]
    shares = {(layer, rate): (int(a[:-1]), int(b[:-1])) for layer, rate, a, b in rows}
    for layer in ("first", "second"):
        assert shares[layer, "same"][0] + 5 < shares[layer, "same"][1]
    assert shares["second", "own"][0] > shares["second", "own"][1] + 5
    outcomes = settle(load_claims()["units-more-often-silent"]).outcomes
    says = {o.condition.label.rpartition(", ")[2]: o.interval for o in outcomes}
    assert says["second layer"].high < 0
    assert says["autoencoder"].low > 25
    assert provenance("redundant_features")["settings"]["learning_rates"][1] == 0.05
    assert provenance("redundant_features")["settings"]["p"] == 0.5


def test_two_rates_above_0_move_the_generator_equally_far():
    orders = []
    for p in (0.3, 0.5):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            torch.nn.functional.dropout(torch.ones(100), p)
            orders.append(torch.randperm(1000))
    assert torch.equal(*orders)


def test_inputs_have_a_valley_and_dropping_most_of_them_costs():
    rows = {line[:4]: numbers(line)[1:] for line in printed("Inputs are")[0][1:]}
    settings = provenance("input_rate")["settings"]
    assert [float(p) for p in rows] == settings["input_rates"]
    assert settings["hidden_p"] == 0.5
    assert rows["0.80"][0] > rows["0.00"][0] > rows["0.20"][0]
    assert rows["0.50"][1] < rows["0.20"][1]
    outcomes = settle(load_claims()["inputs-dropped-by-half"]).outcomes
    half = {o.condition.label: o.interval for o in outcomes}
    assert half["p = 0.5, error"].low < 0 < half["p = 0.5, error"].high
    assert half["p = 0.5, loss"].low > 0


def test_dropconnect_is_as_strong_before_training_and_weaker_after():
    before, after, *misread = (numbers(line)[-1] for line in printed("At the same p")[0][1:])
    assert before == pytest.approx(1, abs=0.1)
    assert after > 3
    outcomes = settle(load_claims()["20-more-aggressive"]).outcomes
    assert all(o.interval.high < 0 for o in outcomes)
    assert misread[0] > misread[1]
    outcomes = settle(load_claims()["dropconnect-errs-less"]).outcomes
    tuned = next(o.interval for o in outcomes if o.condition.label == "p tuned")
    assert tuned.low < 0 < tuned.high


def test_dropout_moves_the_order_of_the_second_epoch():
    assert [line.rpartition(" ")[2] for line in printed("Same seed")[0]] == ["True", "False"]


def test_every_case_has_a_mask_of_its_own_and_three_units_are_too_few_to_see_it():
    lines, names = printed("All cases")
    assert lines == ["rows: 32", "different ones: 32"]
    assert 2**3 < 32  # what the question in brackets asks about
    assert names["out"].shape == (32, 64)


def test_three_of_ten_is_the_likeliest_number_and_mostly_it_is_another():
    lines, names = printed("A share p")
    counts = np.bincount(names["dropped"], minlength=11)
    assert counts.argmax() == 3
    assert counts[3] < counts.sum() / 2
    assert counts[8:].sum() < counts.sum() / 100  # not printed
    assert len(lines) == 8


def test_nobody_is_gone_for_good_in_any_picture():
    for p in RATES:
        for coins in range(1, TOSSES + 1):
            plays = presence(p, coins)
            assert plays.shape == (UNITS, CASES)
            assert plays.any(axis=1).all()
            reading = never_for_good().picture(p=p, coins=coins).reading
            assert f"all {UNITS} units play" in reading
    longest = [longest_absence(presence(0.9, coins))[0] for coins in range(1, TOSSES + 1)]
    assert min(longest) > CASES / 2  # "most of the picture"


def test_the_reading_names_the_longest_absence():
    plays = presence(0.5, 2)
    cases, unit, first = longest_absence(plays)
    assert not plays[unit, first : first + cases].any()
    assert first == 0 or plays[unit, first - 1]
    assert f"unit {unit + 1}: {cases} cases in a row, from case {first + 1} on" in (
        never_for_good().picture(p=0.5, coins=2).reading
    )


def test_momentum_moves_a_weight_whose_gradient_is_0():
    lines, _ = printed("Where a unit")
    assert all("gradient 0.0" in line for line in lines)
    assert [line.rpartition(" ")[2] for line in lines] == ["False", "True"]


def test_no_product_is_saved():
    assert len({line.partition(":")[2] for line in printed("Half of the units")[0]}) == 1


def test_each_switch_switches_one_thing():
    heads, *rows = (line.split() for line in printed("no_grad()")[0])
    assert heads == ["drops", "records"]
    assert rows == [["no_grad", "True", "False"], ["eval()", "False", "True"]]


def test_functional_dropout_drops_in_evaluation_mode():
    assert printed("F.dropout")[0] == ["training mode: False", "dropped: 0.5 of all"]


def test_p_is_dropped():
    assert printed("p is the")[0][1:] == ["kept: 0.2 of all, each as 5"]


def test_evaluation_is_the_mean_of_training_and_half_of_it_is_not():
    training, evaluation, twice = (line.split()[-3:] for line in printed("In evaluation")[0])
    assert training == evaluation == ["1.0", "2.0", "4.0"]
    assert twice == ["0.5", "1.0", "2.0"]


def test_scaling_twice_costs_by_p_what_the_text_says():
    outcomes = settle(load_claims()["scale-twice-costs-error"]).outcomes
    by_p = {o.condition.label[:7]: o for o in outcomes}
    assert by_p["p = 0.2"].interval.high < 0.5
    assert 0 < by_p["p = 0.5"].interval.low < by_p["p = 0.5"].interval.high < 5
    assert by_p["p = 0.8"].interval.low > 50


def test_an_lstm_drops_between_its_layers_only():
    _, first, second = printed("nn.LSTM")[0]
    assert first.endswith("True")
    assert second.endswith("False")
    with pytest.warns(UserWarning, match="dropout option"):
        single = nn.LSTM(4, 8, dropout=0.9)
    x = torch.ones(5, 1, 4)
    assert torch.equal(single(x)[0], single(x)[0])


def test_training_mode_changes_a_model_and_dropout_alone_does_not():
    _, everything, alone = printed("For Monte Carlo")[0]
    assert everything.endswith("False")
    assert alone.endswith("True")


def test_so_many_networks_take_half_a_million_years():
    _, line = printed("Dropout trains")[0]
    assert line == "after 584,942 years"


def test_the_whole_network_is_the_geometric_mean_and_not_the_arithmetic_one():
    _, names = printed("The whole network")
    whole = names["probabilities"](names["hidden"] @ names["weights"])
    geometric = names["geometric"] / names["geometric"].sum()
    assert whole == pytest.approx(geometric, abs=1e-12)
    assert np.abs(whole - names["thinned"].mean(axis=0)).max() > 0.02


def test_the_error_falls_and_the_spread_stays():
    rows = [numbers(line) for line in printed("The ± of")[0][1:]]
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
    assert rows[0][1] > 4 * rows[-1][1]
    spreads = [row[2] for row in rows]
    assert max(spreads) < 1.25 * min(spreads)
    assert provenance("mc_spread")["settings"]["rates"][4:] == [0.1, 0.3]


def test_dropout_follows_the_unit_of_a_feature_and_weight_decay_does_not():
    dropout, decay = (numbers(line)[-1] for line in printed("Dropout and weight")[0][1:])
    assert dropout == 0
    assert decay > 0.5


def test_with_features_of_one_size_the_two_penalties_are_one():
    x = np.random.default_rng(1).standard_normal((30, 2))
    x /= np.linalg.norm(x, axis=0)
    assert np.ptp((x**2).sum(axis=0)) < 1e-12


def test_the_shift_costs_digits_in_six_layers_directly_before_batch_norm_alone():
    outcomes = settle(load_claims()["40-shift-does-harm"]).outcomes
    costs = {o.condition.label: o.interval for o in outcomes}
    assert costs.pop("directly before batch norm, six hidden layers").low > 5
    assert all(cost.low < 0 for cost in costs.values())


def test_tuned_dropout_errs_less_than_tuned_weight_decay_and_losses_are_not_told_apart():
    outcomes = settle(load_claims()["dropout-over-l2"]).outcomes
    gains = {o.condition.label: o.interval for o in outcomes}
    assert gains["error"].low > 0
    assert gains["loss"].low < 0 < gains["loss"].high


def test_evaluation_behind_batch_norm_has_the_variance_1_minus_p():
    for line in printed("In front of batch norm")[0]:
        p, variance = numbers(line)
        assert variance == pytest.approx(1 - p, abs=0.01)


def test_dropout_behind_the_last_batch_norm_leaves_the_error_where_it_was():
    alone, before, between, after = (numbers(line)[-1] for line in printed("Never use")[0])
    assert after == pytest.approx(alone, abs=1)
    assert before > 5 * alone
    assert alone + 5 < between < before
    deep = [run["deep"] for run in load("batch_norm")]
    pair = (
        [run["batch norm"]["test_error"] for run in deep],
        [run["after"]["by rate"]["0.5"]["test_error"] for run in deep],
    )
    assert judge(paired_difference(*pair)) == "undecided"


def test_units_gain_and_maps_are_not_seen_to():
    _, units, maps = printed("In convolutions")[0]
    assert numbers(units)[1] > 0
    assert numbers(maps)[1] < 0 < numbers(maps)[2]


def test_the_gain_grows_with_the_passes_and_changes_its_sign():
    gains = [
        numbers(line.partition("passes:")[2]) for line in printed("Dropout is obsolete")[0][1:]
    ]
    means = [gain[0] for gain in gains]
    assert means == sorted(means)
    assert means[0] < 0 < gains[2][1]
    assert provenance("single_epoch")["settings"]["rates"][1] == 0.1


# --- the exercises -------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", CALLS)
def test_a_call_loses_what_the_exercise_says(letter):
    layer, shape, whole = CALLS[letter]
    axes = shape.strip("()").split(", ")
    leading = {"numbers": len(axes), "steps": 2, "channels": 2, "cases": 1}[whole]
    assert axes[leading - 1] == {"steps": "L", "cases": "N"}.get(whole, axes[leading - 1])
    torch.manual_seed(0)
    make = eval(layer, {"nn": nn})
    draws = []
    for _ in range(20):
        dropped = make(torch.ones(SHAPES_TO_TRY[letter])) == 0
        together = dropped.reshape(*dropped.shape[:leading], -1)
        assert torch.equal(together.all(dim=-1), together.any(dim=-1))
        draws.append(together[..., 0].reshape(-1, dropped.shape[leading - 1]))
    rows = torch.cat(draws)  # and no more than that goes together
    assert (rows.any(dim=1) & ~rows.all(dim=1)).any()


def test_symptoms_are_not_given_in_the_order_of_the_causes():
    right = [cause for _, cause in SYMPTOMS.values()]
    assert right != sorted(right)
    assert len(set(right)) == len(right) == len(CAUSES) - 2


def test_seeding_inside_is_told_from_a_shared_generator():
    def seeds_itself(cases, p, number, seed):
        torch.manual_seed(seed)
        return [torch.randperm(cases) for _ in range(number)]

    assert not check("12-same-batches", seeds_itself).passed
