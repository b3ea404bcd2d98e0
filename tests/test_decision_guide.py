"""The decision guide: every branch ends in advice, and advice rests on rows of the ledger."""

import re
from html.parser import HTMLParser

import pytest

from dropout_lib.claims import in_words, load_claims, settle
from dropout_lib.explorers.decision_guide import (
    ANSWERS,
    Advice,
    Guide,
    Question,
    decision_guide,
)

GUIDE = decision_guide()
LEAVES = list(GUIDE.leaves())
HTML = GUIDE._repr_html_()


@pytest.fixture(params=LEAVES, ids=[" / ".join(path) for path, _ in LEAVES])
def leaf(request):
    return request.param


class Details(HTMLParser):
    """Checks nesting, and collects what each <details> is and holds."""

    def __init__(self):
        super().__init__()
        self.stack, self.names, self.summaries, self.ids = [], [], 0, []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("circle", "line", "rect"):
            return
        self.stack.append(tag)
        if tag == "details":
            self.names.append((self.stack.count("details"), attributes["name"]))
        self.summaries += tag == "summary"
        if "id" in attributes:
            self.ids.append(attributes["id"])

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


@pytest.fixture(scope="module")
def parsed():
    parser = Details()
    parser.feed(HTML)
    assert parser.stack == []
    return parser


def test_every_branch_ends_in_an_answer(leaf):
    path, advice = leaf
    assert advice.answer in ANSWERS
    assert GUIDE.advice(*path) is advice
    assert advice.text.endswith(".")


def test_advice_rests_on_rows_of_the_ledger_and_shows_what_they_say(leaf):
    _, advice = leaf
    for claim_id in advice.claims:
        row = load_claims()[claim_id]
        assert " ".join(row.statement.split())[:60] in re.sub(r"&\w+;|\s+", " ", HTML)
        outcomes = settle(row).outcomes
        if outcomes:
            assert in_words(outcomes[0], row.unit) in HTML


def test_a_yes_and_a_no_have_evidence(leaf):
    _, advice = leaf
    if advice.answer in ("Yes", "No"):
        assert advice.claims


def test_no_script_is_needed(parsed):
    assert "script" not in HTML
    assert parsed.summaries == len(parsed.names) >= len(LEAVES)


def test_answers_to_one_question_close_each_other_and_no_others(parsed):
    """A name is shared by the answers of one question, which all lie at one depth."""
    depth_of = {}
    for depth, name in parsed.names:
        assert depth_of.setdefault(name, depth) == depth
    assert len(set(parsed.ids)) == len(parsed.ids)


def test_the_words_for_readers_without_pages_hold_every_leaf(leaf):
    path, advice = leaf
    assert f"{advice.answer}. {advice.text}" in repr(GUIDE)
    assert all(answer in repr(GUIDE) for answer in path)


def test_nobody_has_to_answer_more_than_six_questions():
    assert max(len(path) for path, _ in LEAVES) <= 6


def test_it_says_try_it_more_often_than_yes_and_we_dont_know_at_least_once():
    answers = [advice.answer for _, advice in LEAVES]
    assert answers.count("Try it") > answers.count("Yes") >= 1
    assert answers.count("No") >= 1
    assert answers.count("We don't know") >= 1


def test_a_wrong_answer_is_refused_with_the_right_ones():
    with pytest.raises(ValueError, match="To see how sure the network is"):
        GUIDE.advice("because")
    path, _ = LEAVES[0]
    with pytest.raises(ValueError, match="nothing left to answer"):
        GUIDE.advice(*path, "and?")


def test_markup_in_words_is_escaped():
    tree = Question("a < b?", {"<yes>": Advice("No", "Not & never.", code="if a < b:")})
    html = Guide("<i>", tree, "c > d")._repr_html_()
    assert "&lt;yes&gt;" in html
    assert "a &lt; b" in html
    assert "<i>" not in html
