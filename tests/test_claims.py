"""Results, ledger and chapters agree; and the machinery that says so notices when they don't."""

import json

import nbformat
import pytest
import yaml

from dropout_lib import claims
from dropout_lib.claims import evaluate, judge, load_claims, report_lines, settle, verdict_of
from dropout_lib.experiments import MODULES, Interval
from tools import claims as ledger
from tools.notebooks import chapter_paths

CLAIMS = load_claims()
PATHS = chapter_paths()
CHAPTERS = [path.stem for path in PATHS]


@pytest.fixture(params=CLAIMS.values(), ids=CLAIMS)
def row(request):
    return request.param


# --- the book's own ledger ---------------------------------------------------------------------


def test_the_verdict_typed_is_the_verdict_computed(row):
    assert list(ledger.verdict_problems({row.id: row})) == []


def test_an_experiment_of_the_ledger_is_registered(row):
    if row.experiment:
        assert row.experiment in MODULES
        assert all(outcome.seeds >= 10 for outcome in settle(row).outcomes)


def test_effects_are_printed_with_the_decimals_that_they_need(row):
    """Or a card would say that an effect of 0.0 exceeds 0."""
    for outcome in settle(row).outcomes:
        low, high = (
            round(end, outcome.condition.digits)
            for end in (outcome.interval.low, outcome.interval.high)
        )
        printed = Interval(0.0, low, high)
        assert judge(printed, row.rule, row.threshold, row.margin) == outcome.says, outcome


def test_rows_and_marks_in_the_chapters_agree():
    assert list(ledger.mark_problems(CLAIMS, ledger.all_marks(PATHS), CHAPTERS)) == []


def test_every_numbered_statement_has_a_row_and_every_row_a_chapter():
    assert list(ledger.coverage_problems(CLAIMS, CHAPTERS)) == []


def test_a_paper_that_nobody_read_lends_no_number(row):
    if row.evidence == "literature" and {r.status for r in row.reference} == {"unread"}:
        assert not any(character.isdigit() for character in row.statement)


# --- ledgers in miniature ----------------------------------------------------------------------

ROW = {
    "id": "05-redundant-units",
    "numbers": [5],
    "statement": "A beats B.",
    "source": "Key idea",
    "evidence": "experiment",
    "experiment": "toy",
    "unit": "points",
    "conditions": [{"label": "all", "effect": "r['a'] - r['b']", "digits": 1}],
    "verdict": "holds",
    "discussed": [{"chapter": "01_one", "section": "Results"}],
}


@pytest.fixture
def write(tmp_path):
    """write(row, ...) gives the claims of a ledger with these rows."""

    def write(*rows):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yml"
        path.write_text(yaml.safe_dump(list(rows)), encoding="utf-8")
        return load_claims(path)

    return write


@pytest.fixture
def results(tmp_path):
    """results(a=[...], b=[...]) stores a toy experiment, and gives its folder."""

    def store(**values):
        folder = tmp_path / f"results {len(list(tmp_path.iterdir()))}"
        (folder / "toy").mkdir(parents=True)
        for seed, row in enumerate(zip(*values.values(), strict=True)):
            content = {"result": dict(zip(values, row, strict=True)), "settings": {"rates": [0.5]}}
            path = folder / "toy" / f"seed-{seed}.json"
            path.write_text(json.dumps({**content, "provenance": {}}), encoding="utf-8")
        return folder

    return store


def chapter(*texts):
    return list(ledger.marks_of("01_one", [nbformat.v4.new_markdown_cell(text) for text in texts]))


GOOD = "# One\n\n## Results\n\nA beats B. <!-- claim: 05-redundant-units holds -->"


@pytest.mark.parametrize(
    ("a", "verdict", "finding"),
    [
        ([3.0, 4.0, 5.0], "holds", "shown"),
        ([-3.0, -4.0, -5.0], "fails", "the opposite is shown"),
        ([-1.0, 0.0, 2.0], "fails", "not shown"),
        ([0.0, 0.0, 0.0], "fails", "not shown"),
        ([1.0, 1.0, 1.0], "holds", "shown"),
    ],
)
def test_a_verdict_follows_from_the_seeds(write, results, a, verdict, finding):
    (row,) = write(ROW).values()
    settled = settle(row, results(a=a, b=[0.0, 0.0, 0.0]))
    assert (settled.verdict, settled.finding) == (verdict, finding)


def test_a_claim_that_holds_under_one_condition_of_two_depends(write, results):
    conditions = [*ROW["conditions"], {"label": "reversed", "effect": "r['b'] - r['a']"}]
    (row,) = write({**ROW, "conditions": conditions}).values()
    settled = settle(row, results(a=[3.0, 4.0, 5.0], b=[0.0, 0.0, 1.0]))
    assert (settled.verdict, settled.finding) == ("depends", "shown under some conditions")
    assert [outcome.says for outcome in settled.outcomes] == ["supports", "contradicts"]


@pytest.mark.parametrize(
    ("interval", "says"),
    [((-0.4, 0.4), "supports"), ((-0.4, 0.6), "undecided"), ((0.6, 0.9), "contradicts")],
)
def test_a_claim_of_no_difference_needs_an_interval_inside_its_margin(interval, says):
    assert judge(Interval(0.0, *interval), rule="within", margin=0.5) == says
    mirrored = Interval(0.0, -interval[1], -interval[0])
    assert judge(mirrored, rule="within", margin=0.5) == says


def test_an_effect_has_to_exceed_the_threshold():
    assert judge(Interval(2.0, 1.5, 2.5), threshold=1.0) == "supports"
    assert judge(Interval(2.0, 0.5, 2.5), threshold=1.0) == "undecided"
    assert judge(Interval(0.5, 0.2, 0.8), threshold=1.0) == "contradicts"


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        (["supports"], "holds"),
        (["supports", "contradicts"], "depends"),
        (["undecided", "contradicts"], "fails"),
    ],
)
def test_verdicts_of_several_conditions(says, verdict):
    assert verdict_of(says)[0] == verdict


# --- what must not go unnoticed ----------------------------------------------------------------


def test_a_ledger_in_order_has_no_problem(write, results):
    rows, folder = write(ROW), results(a=[3.0, 4.0, 5.0], b=[0.0, 0.0, 1.0])
    found = ledger.problems(rows, chapter(GOOD), ["01_one"], folder)
    assert [problem for problem in found if not problem.startswith("statement")] == []


def test_a_wrong_verdict_is_noticed(write, results):
    rows = write({**ROW, "verdict": "depends"})
    (found,) = ledger.verdict_problems(rows, results(a=[3.0, 4.0, 5.0], b=[0.0, 0.0, 0.0]))
    assert "05-redundant-units: typed depends, computed holds" in found


def test_a_false_check_is_noticed(write, monkeypatch):
    monkeypatch.setitem(claims.CHECKS, "one_is_two", lambda: False)
    (row,) = write(check_row(check="one_is_two")).values()
    assert "computed fails" in next(ledger.verdict_problems({row.id: row}))


def check_row(**changes):
    kept = {key: ROW[key] for key in ("id", "numbers", "statement", "source")}
    return {**kept, "evidence": "check", "check": "toy", "verdict": "definition", **changes}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            GOOD.replace("05-redundant-units", "05-other"),
            "no row of the ledger has the id",
        ),
        (GOOD.replace(" holds", " fails"), "05-redundant-units fails; it is holds"),
        (GOOD.replace("Results", "Other"), "'Other', but not listed under `discussed`"),
        ("# One\n\n## Results\n\nA beats B.", "listed under 01_one, 'Results', but not marked"),
    ],
)
def test_text_that_parts_from_its_row_is_noticed(write, text, told):
    assert any(told in p for p in ledger.mark_problems(write(ROW), chapter(text), ["01_one"]))


@pytest.mark.parametrize(
    "comment",
    [
        "<!-- claim 05-redundant-units holds -->",
        "<!--claim: 05-redundant-units holds-->",
        "<!-- claim: 05-redundant-units -->",
        "<!-- Claims: 05-redundant-units holds -->",
        "<!-- claim: 05-redundant-units",
    ],
)
def test_a_comment_that_is_nearly_a_mark_is_refused(comment):
    with pytest.raises(ValueError, match="has to be written as"):
        chapter(f"# One\n\nA beats B. {comment}")


def test_several_marks_may_follow_one_sentence_and_code_has_no_headings():
    two = "<!-- claim: 05-one holds --> <!-- claim: two-words depends -->"
    marks = chapter("## `Code` and *words*", f"```\n# no heading\n```\nA. {two}")
    assert [mark.id for mark in marks] == ["05-one", "two-words"]
    assert {mark.section for mark in marks} == {"Code and words"}


def every_number(numbers):
    return [check_row(id=f"{number:02}-x", numbers=[number]) for number in numbers]


def test_a_statement_without_a_row_is_noticed_once_its_chapters_exist(write):
    later = {number for numbers in ledger.SETTLED_LATER.values() for number in numbers}
    rows = write(*every_number(set(range(1, 61)) - later - {7}))
    assert list(ledger.coverage_problems(rows, ["01_one"])) == ["statement 7 has no row"]
    with_84 = list(ledger.coverage_problems(rows, ["01_one", "08_4_with_and_without"]))
    assert with_84 == ["statement 7 has no row", "statement 51 has no row"]
    all_chapters = [f"{prefix}_name" for prefix in ledger.SETTLED_LATER]
    found = list(ledger.coverage_problems(rows, all_chapters))
    assert {f"statement {number} has no row" for number in later | {7}} < set(found)


def test_a_row_that_no_chapter_discusses_is_noticed_once_all_exist(write):
    rows = write(check_row(), check_row(id="found-by-us", numbers=[]))
    all_chapters = [f"{prefix}_name" for prefix in ledger.SETTLED_LATER]
    found = list(ledger.coverage_problems(rows, all_chapters))
    assert "found-by-us: no chapter discusses it" in found


def test_a_place_in_a_chapter_that_is_not_written_yet_can_wait(write):
    rows = write({**ROW, "discussed": [{"chapter": "04_why", "section": "Redundancy"}]})
    assert list(ledger.mark_problems(rows, [], ["01_one"])) == []
    assert list(ledger.mark_problems(rows, [], ["04_why"]))
    rows = write({**ROW, "discussed": [{"chapter": "01_won", "section": "Results"}]})
    assert list(ledger.mark_problems(rows, [], ["01_one"]))


# --- rows that are refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"verdict": "true"}, "verdict 'true': choose one of holds, depends"),
        ({"evidence": "feeling"}, "evidence 'feeling': choose one of"),
        ({"rule": "large"}, "rule 'large': choose one of"),
        ({"efect": 1}, "unknown field 'efect'"),
        ({"conditions": []}, "needs `conditions`"),
        ({"check": "toy"}, "which has no `check`"),
        ({"evidence": "literature"}, "which has no `experiment`"),
        ({"rule": "within"}, "`margin` goes with rule 'within'"),
        ({"rule": "within", "margin": -1}, "margin -1: it has to be above 0"),
        ({"numbers": [6]}, "its id has to begin with it"),
        ({"numbers": []}, "`numbers` is empty"),
        ({"id": "99-nine", "numbers": [99]}, "numbered 1 to 60"),
        ({"id": "05_redundant"}, "small letters and digits"),
        ({"statement": "A beats B"}, "full stop"),
        ({"source": ""}, "under which heading"),
        ({"conditions": [{"effect": "1"}]}, "label"),
        ({"discussed": 2 * ROW["discussed"]}, "listed twice"),
        ({"discussed": [{"chapter": "chapter 1", "section": "A"}]}, "the stem of its file"),
        ({"reference": [{"paper": "P", "where": "1", "url": "u", "status": "heard"}]}, "'heard'"),
    ],
)
def test_a_row_that_is_not_in_order_is_refused_by_name(write, changes, told):
    with pytest.raises(ValueError, match=r"claim \S+: ") as refused:
        write({**ROW, **changes})
    assert told in str(refused.value)


def test_an_id_or_a_key_that_is_given_twice_is_refused(write, tmp_path):
    with pytest.raises(ValueError, match="two rows have this id"):
        write(ROW, ROW)
    path = tmp_path / "twice.yml"
    path.write_text("- id: 05-a\n  verdict: holds\n  verdict: fails\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: verdict given twice"):
        load_claims(path)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("r['c']", "KeyError"),
        ("r['a'] / 0", "ZeroDivisionError"),
        ("r['a'].real", "is not allowed"),
        ("__import__('os')", "NameError"),
        ("open('x')", "NameError"),
        ("r", "has to be a finite number"),
        ("1e999", "has to be a finite number"),
        ("r['a'", "SyntaxError"),
        ("(lambda: 1)()", "is not allowed"),
    ],
)
def test_an_effect_that_gives_no_number_names_its_row(write, results, expression, told):
    condition = {"label": "half", "effect": expression}
    (row,) = write({**ROW, "conditions": [condition]}).values()
    with pytest.raises(ValueError, match="claim 05-redundant-units, condition 'half'") as refused:
        settle(row, results(a=[1.0, 2.0], b=[0.0, 0.0]))
    assert told in str(refused.value)


def test_an_effect_knows_settings_and_loops():
    result, settings = {"a": [1.0, 3.0], "b": [2.0, 1.0]}, {"rates": [0.25, 0.5]}
    assert evaluate("r['a'][index(s['rates'], 0.5)]", result, settings) == 3
    assert evaluate("mean([x - y for x, y in zip(r['a'], r['b'])])", result, settings) == 0.5
    assert evaluate("sum(r['a'][i] for i in range(len(s['rates'])))", result, settings) == 4


def test_missing_results_and_a_single_seed_name_the_row(write, results, tmp_path):
    (row,) = write(ROW).values()
    with pytest.raises(ValueError, match=r"claim 05-redundant-units.*run toy"):
        settle(row, tmp_path)
    with pytest.raises(ValueError, match="at least two"):
        settle(row, results(a=[1.0], b=[0.0]))


def test_an_unknown_check_and_one_without_an_answer_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="no exact check is named 'no_such'"):
        claims.run_check("no_such")
    monkeypatch.setitem(claims.CHECKS, "says_maybe", lambda: "maybe")
    with pytest.raises(ValueError, match="has to return True or False, but gave 'maybe'"):
        claims.run_check("says_maybe")


# --- what is shown -----------------------------------------------------------------------------


def test_an_unknown_claim_lists_near_ones():
    with pytest.raises(ValueError, match=r"no claim is named '05-redundant-unit'.*05-redundant-u"):
        claims.claim("05-redundant-unit")
    with pytest.raises(ValueError, match="at least one"):
        claims.claim()


def test_a_card_says_verdict_effects_seeds_and_how_to_run_it_again(row):
    card = claims.claim(row.id)
    html = card._repr_html_()
    assert f"claim-{settle(row).verdict}" in html
    assert row.id in repr(card)
    if row.experiment:
        assert f"python -m dropout_lib.experiments run {row.experiment} " in html
        assert html.count('<span class="claim-picture"') == len(row.conditions)
    for reference in row.reference:
        assert reference.url.replace("&", "&amp;") in html


def test_the_report_has_every_claim_and_every_effect():
    lines = list(report_lines())
    effects = sum(len(row.conditions) for row in CLAIMS.values())
    assert len(lines) == len(CLAIMS) + effects


def test_the_tool_reports_and_checks(capsys):
    assert ledger.main(["report", "05"]) == 0
    assert "05-redundant-units: " in capsys.readouterr().out
    assert ledger.main(["report", "zzz"]) == 1
    assert ledger.main(["check"]) == 0
    assert "agree with results and chapters" in capsys.readouterr().out
