"""What chapter 10 states is so: the tips and their marks, the sentences, the invented example."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from dropout_lib.claims import load_claims, settle
from dropout_lib.exercises.interview_tips import CARDS, DRILL, QUIZ, TIPS
from dropout_lib.experiments import paired_difference

PATH = Path(__file__).parents[2] / "chapters" / "10_interview_tips.ipynb"
CELLS = json.loads(PATH.read_text("utf-8"))["cells"]
TEXT = "\n\n".join("".join(c["source"]) for c in CELLS if c["cell_type"] == "markdown")
MARKS = {"right": "✓", "incomplete": "◐", "wrong": "✗"}
CLAIMS = load_claims()


def corrections():
    part = TEXT.split("## The tips that cost points")[1].split("\n## ")[0]
    return dict(re.findall(r'^### "([^"\n]*)"$(.*?)(?=^### |\Z)', part, re.MULTILINE | re.DOTALL))


def test_the_table_marks_all_fifteen_tips():
    rows = re.findall(r"^\| (\d+)\. .*? \| (.) .*\|$", TEXT, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(TIPS)
    assert [mark for _, mark in rows] == [MARKS[fares] for _, fares in TIPS.values()]


def test_the_table_has_two_columns():
    rows = [line for line in TEXT.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {3}


def test_the_chapter_counts_its_marks_right():
    fares = [how for _, how in TIPS.values()]
    words = {2: "two", 4: "four", 9: "nine"}
    wrong, incomplete, right = (fares.count(how) for how in ("wrong", "incomplete", "right"))
    assert (
        f"{words[wrong]} are wrong as they stand, {words[incomplete]} are true as far as they go, "
        f"and {words[right]} need nothing"
    ) in TEXT
    assert "Two tips of the list are wrong" in TEXT


@pytest.mark.parametrize("name", corrections())
def test_a_correction_has_words_to_say_kindness_and_evidence(name):
    said = corrections()[name]
    assert "> *Say:*" in said
    assert "> *If they insist:*" in said
    assert "<!-- claim: " in said
    assert ".ipynb#" in said
    for claim, verdict in re.findall(r"<!-- claim: (\S+) (\S+) -->", said):
        assert CLAIMS[claim].verdict == verdict


def test_what_is_wrong_in_the_tips_is_corrected():
    said = " ".join(corrections())
    for word in ("generalisation", "2ⁿ", "inputs", "hyperparameter", "training time", "batch norm",
                 "small", "Spatial", "Variational", "uncertainty", "L2"):  # fmt: skip
        assert word in said


# --- sentences that say more than a verdict --------------------------------------------------


def says(claim):
    return {o.condition.label: o.says for o in settle(CLAIMS[claim]).outcomes}


def finding(claim):
    return settle(CLAIMS[claim]).finding


@pytest.mark.parametrize(
    "claim",
    [
        "ensemble-against-dropout",
        "42-spatial-is-better-for-convolutions",
        "zeros-add-to-the-noise",
        "dropping-the-state-pays",
        "33-works-with-batch-norm",
        "many-passes-beat-weight-scaling",
        "early-dropout-fits-better",
    ],
)
def test_what_is_called_not_shown_is_not_shown(claim):
    assert finding(claim) == "not shown"


def test_single_units_had_the_lower_loss():
    assert finding("spatial-is-better-in-loss") == "the opposite is shown"


def test_the_shift_was_not_shown_to_harm_two_layers_and_did_harm_six():
    found = says("40-shift-does-harm")
    assert {how for label, how in found.items() if "two hidden" in label} == {"undecided"}
    assert found["directly before batch norm, six hidden layers"] == "supports"


def test_dropout_on_top_of_batch_norm_was_shown_to_help_nowhere():
    assert "supports" not in says("33-works-with-batch-norm").values()


def test_the_old_learning_rate_was_bad_with_max_norm_and_undecided_without():
    found = says("34-no-other-hyperparameter")
    assert {how for label, how in found.items() if "max-norm" in label} == {"contradicts"}
    assert {how for label, how in found.items() if "max-norm" not in label} == {"undecided"}


def test_against_five_networks_the_error_was_lower_and_the_loss_undecided():
    for claim in ("dropout-instead-of-an-ensemble", "dropout-over-l2"):
        assert says(claim) == {"error": "supports", "loss": "undecided"}


def test_units_were_less_correlated_in_the_autoencoder_and_more_in_one_layer():
    found = says("03-units-less-alike")
    assert found["autoencoder"] == "supports"
    assert found["classifier, second layer"] == "contradicts"


def test_the_mean_over_masks_is_met_worse_at_a_larger_rate():
    near = {
        o.condition.label: o.interval
        for o in settle(CLAIMS["26-whole-network-is-the-average"]).outcomes
    }
    assert near["ReLU layer behind, p = 0.2"].high < near["ReLU layer behind, p = 0.5"].low


def test_behind_weights_the_shift_is_much_smaller():
    found = {o.condition.label: o.interval for o in settle(CLAIMS["40-variance-shift"]).outcomes}
    behind = found["behind ReLUs that a batch norm follows"]
    assert 2 * behind.high < found["directly before batch norm"].low


def test_at_some_sizes_a_chosen_p_brings_the_spread_near():
    assert "supports" in says("chosen-p-brings-it-near").values()
    assert says("spread-shrinks-by-choosing-p")["against 64 points"] == "supports"


def test_more_steps_is_two_to_three_times_at_one_half_only():
    found = says("37-two-to-three-times-the-steps")
    assert {how for label, how in found.items() if "0.2" in label} == {"contradicts"}
    assert "supports" in {how for label, how in found.items() if "0.2" not in label}


def test_tied_masks_were_better_than_nothing_and_not_shown_better_than_fresh_ones():
    found = says("49-tied-masks-in-recurrent-networks")
    assert found["than no dropout"] == "supports"
    assert found["than fresh masks"] == "undecided"


def test_with_weight_decay_it_depended_on_the_rate():
    found = says("39-hurts-regularised-networks")
    assert {how for label, how in found.items() if "0.5" in label} == {"supports"}
    assert {how for label, how in found.items() if "0.2" in label} == {"undecided"}


def test_every_rate_did_harm_in_a_single_pass():
    assert set(says("single-pass-hurts").values()) == {"supports"}


def test_a_forgotten_scale_cost_less_than_a_point_at_one_half():
    (outcome,) = (
        o for o in settle(CLAIMS["forgotten-scale-costs-error"]).outcomes
        if "0.5" in o.condition.label
    )  # fmt: skip
    assert outcome.interval.high < 1


def test_what_fine_tuning_wants_depends_on_the_pre_training():
    found = says("50-off-while-fine-tuning")
    assert found["pre-trained with p = 0.2, off against p = 0.3"] == "contradicts"
    assert found["pre-trained without, off against p = 0.5"] == "supports"


# --- the example, and numbers ------------------------------------------------------------------


def test_pairs_show_what_twenty_numbers_out_of_order_hide():
    (source,) = ("".join(c["source"]) for c in CELLS if "shuffled" in "".join(c["source"]))
    names = {}
    exec(source, names)
    pairs = paired_difference(names["without"], names["with_dropout"])
    torn = paired_difference(names["without"], names["shuffled"])
    assert pairs.low > 0
    assert torn.low < 0 < torn.high
    assert pairs.low < 0.4 < pairs.high


def test_the_quick_number_of_the_quiz():
    (asked,) = (question for question in QUIZ if question["type"] == "numeric")
    right = {a["value"] for a in asked["answers"] if a.get("correct")}
    assert right == {np.float64(4) / (1 - 0.2)}


def test_texts_quote_no_gain_of_the_early_papers():
    """They were read second-hand; the chapter tells readers not to do that."""
    texts = [text for q in DRILL for text in (q.sentence, q.minute, q.follow_up_answer)]
    texts += [card["back"] for card in CARDS] + [TEXT]
    for number in ("1.60", "1.25", "0.95", "22.7", "130 errors", "110 errors"):
        assert not [text for text in texts if number in text]
