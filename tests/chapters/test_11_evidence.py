"""What chapter 11 says of runs, intervals and the ledger is so."""

import numpy as np
import pytest
from scipy.stats import t

from dropout_lib.claims import corrected_for_all, count_verdicts, judge, load_claims, settle
from dropout_lib.experiments import Interval, load, paired_difference
from dropout_lib.explorers.growing_evidence import growing_evidence, unpaired_difference

DELETED = load("deleted_units")


def errors(name, at):
    return [100 * run[name]["plain"]["error"][at] for run in DELETED]


def pair(at):
    return errors("without", at), errors("with", at)


def bits(arm):
    return [run["language"][arm]["test_bits"] for run in load("recurrent_dropout")]


def test_an_interval_leaves_0_out_and_with_one_run_more_contains_it_again():
    a, b = pair(8)
    says = [judge(paired_difference(a[:runs], b[:runs])) for runs in range(2, len(a) + 1)]
    assert [says[i : i + 2] for i in range(len(says))].count(["supports", "undecided"]) > 1
    assert says[0] == "undecided"


def test_quantiles_of_student_are_those_of_the_text():
    assert t.ppf(0.975, 9) == pytest.approx(2.26, abs=0.005)
    assert t.ppf(0.975, 1) == pytest.approx(12.7, abs=0.05)
    assert t.ppf(0.975, 1e9) == pytest.approx(1.96, abs=0.005)


def test_pairs_decide_where_runs_have_something_in_common_and_buy_nothing_where_not():
    for a, b in (pair(0), (bits("none"), bits("tied"))):
        assert np.corrcoef(a, b)[0, 1] > 0.5
        assert judge(paired_difference(a, b)) == "supports"
        assert judge(unpaired_difference(a, b)) == "undecided"
    a, b = pair(5)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.4
    paired, heaps = paired_difference(a, b), unpaired_difference(a, b)
    assert 0.9 < (paired.high - paired.low) / (heaps.high - heaps.low) < 1.3


def test_many_intervals_decide_and_a_good_part_no_longer_does_once_widened():
    found = corrected_for_all()
    rows = load_claims()
    assert found.intervals == sum(len(row.conditions) for row in rows.values())
    assert 0.2 * found.decided < len(found.no_longer) < 0.6 * found.decided
    for claim_id, label in found.no_longer:
        outcomes = {o.condition.label: o for o in settle(rows[claim_id]).outcomes}
        assert outcomes[label].says != "undecided"


def test_the_table_counts_every_claim_once():
    counts = count_verdicts(load_claims().values())
    assert sum(sum(by.values()) for by in counts.values()) == len(load_claims())


@pytest.mark.parametrize("pairing", ["paired", "unpaired"])
@pytest.mark.parametrize("runs", [2, 7, 10])
def test_the_explorer_reads_out_the_interval_that_it_draws(runs, pairing):
    a, b = pair(0)
    explorer = growing_evidence({"one": (a, b)})
    reading = explorer.picture(runs=runs, comparison="one", pairing=pairing).reading
    interval = {"paired": paired_difference, "unpaired": unpaired_difference}[pairing](
        a[:runs], b[:runs]
    )
    assert isinstance(interval, Interval)
    assert f"{interval:.1f} points" in reading
    assert ("contains 0" in reading) == (judge(interval) == "undecided")
