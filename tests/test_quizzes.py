"""Questions of the quizzes and flashcards are in order, and their texts become safe HTML."""

import json
import random
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from dropout_lib import scratch
from dropout_lib.exercises import flashcards, questions, quiz
from dropout_lib.exercises.cards import cards_html, place
from dropout_lib.exercises.core import CHAPTERS, cards
from dropout_lib.exercises.markup import to_html
from dropout_lib.exercises.quiz import question_id, quiz_html

QUESTIONS = [
    pytest.param(question, id=f"{chapter}-{number}")
    for chapter in CHAPTERS
    for number, question in enumerate(questions(chapter), start=1)
]
CHOICES = [param for param in QUESTIONS if param.values[0]["type"] == "multiple_choice"]
NUMBERS = [param for param in QUESTIONS if param.values[0]["type"] == "numeric"]


def texts(question):
    answers = question["answers"]
    shown = [a[key] for a in answers for key in ("answer", "feedback") if key in a]
    return [question["question"], question["section"], *shown]


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_has_one_right_answer_and_feedback_for_all(question):
    assert question["type"] in ("multiple_choice", "numeric")
    answers = question["answers"]
    assert sum(answer.get("correct", False) for answer in answers) == 1
    assert all(answer["feedback"].strip() for answer in answers)
    feedback = [answer["feedback"] for answer in answers]
    assert len(set(feedback)) == len(feedback)


@pytest.mark.parametrize("question", QUESTIONS)
def test_feedback_leaves_the_verdict_to_the_quiz(question):
    """Which says "Right." or "Not right." in front of it."""
    for answer in question["answers"]:
        assert not re.match(r"(Yes|No|Right|Wrong|Correct)[.,:;!]", answer["feedback"])


@pytest.mark.parametrize("question", CHOICES)
def test_a_choice_is_between_true_and_false_or_among_three_or_four(question):
    options = {answer["answer"].strip().lower() for answer in question["answers"]}
    assert len(options) == len(question["answers"])
    assert 3 <= len(options) <= 4 or options == {"true", "false"}


def test_the_right_answer_is_not_to_be_known_by_its_length():
    """Who takes the longest answer each time is right little more often than by chance."""
    longest = []
    for param in CHOICES:
        right, *wrong = param.values[0]["answers"]
        assert right["correct"]
        if len(wrong) > 1:
            longest.append(len(right["answer"]) > max(len(other["answer"]) for other in wrong))
    assert 0.15 < np.mean(longest) < 0.45


@pytest.mark.parametrize("question", NUMBERS)
def test_every_number_can_be_told_from_the_others(question):
    """As jupyterquiz compares: both sides rounded to the precision, if there is one."""
    *values, default = question["answers"]
    assert default["type"] == "default"
    assert len(values) >= 2, "a number that people give by mistake hears why"
    assert all(set(value) == {"type", "value", "correct", "feedback"} for value in values)
    digits = question.get("precision", 17)
    rounded = [float(f"{value['value']:.{digits}g}") for value in values]
    assert len(set(rounded)) == len(rounded)
    right = next(value["value"] for value in values if value["correct"])
    assert len(Decimal(repr(float(right))).normalize().as_tuple().digits) <= digits
    assert float(f"{right:.6g}") == right, "who computes it rounds it: give a precision"


@pytest.mark.parametrize("question", QUESTIONS)
def test_texts_become_html(question):
    assert all(to_html(text) for text in texts(question))


def test_no_two_questions_are_remembered_as_one():
    ids = [question_id(param.values[0]) for param in QUESTIONS]
    assert len(set(ids)) == len(ids)


def headings(chapter):
    name = f"{chapter.replace('-', '_')}_{CHAPTERS[chapter]}.ipynb"
    path = Path(__file__).parents[1] / "chapters" / name
    cells = json.loads(path.read_text("utf-8"))["cells"]
    lines = "".join("".join(c["source"]) + "\n" for c in cells if c["cell_type"] == "markdown")
    return {line.lstrip("# ") for line in lines.splitlines() if line.startswith("##")}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_question_names_a_heading_of_its_chapter(chapter):
    assert {question["section"] for question in questions(chapter)} <= headings(chapter)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_quiz_is_the_same_text_every_time_and_draws_no_random_number(chapter, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda output: shown.append(output.data))
    random.seed(1)
    quiz(chapter)
    after = random.random()
    quiz(chapter)
    assert len(shown) == 2
    assert shown[0] == shown[1]
    random.seed(1)
    assert random.random() == after


class OpenTags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.stack = []

    def handle_starttag(self, tag, attributes):
        self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def test_a_quiz_closes_what_it_opens():
    """jupyterquiz leaves an element open, which would take in the rest of a page."""
    tags = OpenTags()
    tags.feed(quiz_html("02", questions("02")))
    assert tags.stack == []


@pytest.mark.parametrize(
    ("chapter", "words", "right"),
    [
        ("01", "How many different teams do 10 units make", 2**10),
        ("02", "An activation is 3 and p = 0.5", 0.5 / (1 - 0.5) * 3**2),
        ("03-3", "A batch has 32 cases with 16 feature maps", 32 * 16),
        ("03-3", "A network has 8 maps", 0.5**-8),
        ("08-5", "The spread over masks is 3 ppm", np.hypot(3, 4)),
        ("08-5", "One pass has a mean squared error of 0.50", 0.50 - 0.20 + 0.20 / 4),
    ],
)
def test_numbers_in_the_quiz_are_what_they_are_asked_for(chapter, words, right):
    (question,) = (q for q in questions(chapter) if q["question"].startswith(words))
    assert [a["value"] for a in question["answers"] if a.get("correct")] == [right]


def test_scales_in_the_quiz_are_what_the_layers_do():
    (question,) = (q for q in questions("02") if "p = 0.2" in q["question"])
    (right,) = (float(a["answer"]) for a in question["answers"] if a["correct"])
    assert right == scratch.Dropout(0.2).forward(np.ones(1), mask=np.array([True]))[0]


# --- texts -------------------------------------------------------------------------------------


def test_html_in_a_text_is_shown_as_it_stands():
    assert to_html("<b onclick='x'>1 & 2") == "&lt;b onclick='x'&gt;1 &amp; 2"
    assert "<a" not in to_html("[here](javascript:alert)")


@pytest.mark.parametrize("text", ["`x[0](mask)`", "[512, 256]", r"\$5 and \$6", "`$x$`"])
def test_nothing_is_left_that_the_libraries_take_for_their_own_markup(text):
    assert not set("$[") & set(to_html(text))


def test_a_name_is_one_word_with_the_spaces_of_a_function():
    for latex in (r"\operatorname{Var}[x]", r"\mathrm{Var}[x]"):
        assert "<mtext>Var</mtext><mo" in to_html(f"${latex}$")
    assert "<mi>log</mi><mspace" in to_html(r"$\log p$")
    assert "<mi>max</mi><mo" in to_html(r"$\max(0, x)$")
    assert "<mtext>arg</mtext><mspace" in to_html(r"$\arg\max_c p_c$")


def test_signs_have_the_role_that_browsers_space_them_by():
    assert "<mo>∼</mo>" in to_html(r"$m \sim q$")
    assert "<mo>&lt;</mo>" in to_html("$a < b$")
    assert '<mo form="prefix">−</mo>' in to_html("$a = -1$")
    assert "form" not in to_html("$(1 - p) - q$")


def test_bold_is_in_the_letters():
    assert "<mi>𝒙</mi>" in to_html(r"$\boldsymbol{x}$")
    assert "<mn>𝟏</mn>" in to_html(r"$\mathbf{1}$")
    assert "<mn>𝟙</mn>" in to_html(r"$\mathbb{1}$")


@pytest.mark.parametrize("latex", [r"\nonsense x", r"\begin{cases} a", r"\left( a"])
def test_latex_that_cannot_be_converted_is_an_error(latex):
    with pytest.raises(ValueError, match="cannot convert"):
        to_html(f"${latex}$")


# --- flashcards --------------------------------------------------------------------------------

CARDS = [pytest.param(chapter, card) for chapter in CHAPTERS for card in cards(chapter)]
SAMPLE = [{"front": "What is $p$?", "back": "A *rate*.", "section": "The idea"}]


@pytest.mark.parametrize(("chapter", "card"), CARDS)
def test_card_is_complete_and_names_a_place(chapter, card):
    assert set(card) == {"front", "back", "section"}
    assert to_html(card["front"])
    assert to_html(card["back"])
    if "section" in place(card["section"]):
        assert card["section"] in headings(chapter)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_two_cards_ask_the_same(chapter):
    fronts = [card["front"] for card in cards(chapter)]
    assert len(set(fronts)) == len(fronts)


def test_cards_are_the_same_text_every_time_and_are_not_changed():
    random.seed(1)
    first = cards_html("10", SAMPLE)
    after = random.random()
    assert cards_html("10", SAMPLE) == first
    random.seed(1)
    assert random.random() == after
    assert set(SAMPLE[0]) == {"front", "back", "section"}


def test_a_deck_closes_what_it_opens():
    tags = OpenTags()
    tags.feed(cards_html("10", SAMPLE))
    assert tags.stack == []


def test_a_place_is_a_heading_or_in_another_notebook():
    assert place("Five steps") == {"section": "Five steps"}
    assert (
        place("09_key_concepts.ipynb#drop-probability")["words"] == "drop probability (chapter 9)"
    )
    assert place("10_interview_tips.ipynb")["words"] == "chapter 10"


def test_a_chapter_without_cards_says_so():
    with pytest.raises(ValueError, match="chapter '02' has no flashcards"):
        flashcards("02")
