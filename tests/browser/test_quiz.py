"""Quizzes and flashcards in Chromium, by keyboard alone, on a page of their own."""

from html.parser import HTMLParser

import pytest

from dropout_lib.exercises import questions
from dropout_lib.exercises.cards import cards_html
from dropout_lib.exercises.core import CHAPTERS
from dropout_lib.exercises.markup import to_html
from dropout_lib.exercises.quiz import question_id, quiz_html

pytestmark = pytest.mark.browser

# Text whose contrast to the question's background is below 4.5; there is one background.
FAINT = """boxes => boxes.flatMap(box => {
    const luminance = (colour) => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255);
        const [r, g, b] = parts.map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = luminance(getComputedStyle(box).backgroundColor);
    return [...box.querySelectorAll("*")].filter(element => {
        const [high, low] = [luminance(getComputedStyle(element).color), behind].sort().reverse();
        return (high + 0.05) / (low + 0.05) < 4.5;
    }).map(element => element.outerHTML.slice(0, 200));
})"""

CHAPTER = "02"
# a MathJax that is still loading is what jupyterquiz fails at, or fetches another one for
MATHJAX = '<script>window.MathJax = { version: "3.2.2" };</script>'
HEARD = """window.heard = [];
for (const name of ["dropout:answer", "dropout:quiz-ready"]) {
    document.addEventListener(name, (event) => heard.push([name, event.detail]));
}"""


def the_quiz(chapter=CHAPTER):
    return quiz_html(chapter, questions(chapter))


def page_of(*parts, theme="light", headings=()):
    sections = "".join(
        f'<section id="heading-{i}"><h2>{heading}'
        '<a class="headerlink" href="#">#</a></h2></section>'
        for i, heading in enumerate(headings)
    )
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>A page</title>'
        f"<script>{HEARD}</script>{MATHJAX}<main><h1>A page</h1>{sections}{''.join(parts)}"
        '<p><a href="#">behind</a></p></main>'
    )


@pytest.fixture
def page(open_page):
    headings = dict.fromkeys(question["section"] for question in questions(CHAPTER))
    return open_page(page_of(the_quiz(), headings=headings))


def asked(kind):
    return next(q for q in questions(CHAPTER) if q["type"] == kind)


def box(page, question):
    return page.locator(f'[data-question="{question_id(question)}"]')


def feedback(box):
    return box.get_by_role("status").inner_text().replace("\n\n", " ")


def events(page):
    return page.evaluate("heard.splice(0)")


def plain(text):
    """The words of a text without its markup."""
    parser, words = HTMLParser(), []
    parser.handle_data = words.append
    parser.feed(to_html(text))
    return "".join(words)


def dense(words):
    """Without spaces, which are not the same between the signs of a formula."""
    return "".join(words.split())


def focus_answer(page, question, wanted):
    """Walk with the arrow keys to the answer that is right, or to one that is not."""
    group = box(page, question).get_by_role("radiogroup")
    group.get_by_role("radio").first.focus()
    focused = "document.activeElement.closest('label').dataset.correct"
    for _ in range(10):
        if page.evaluate(focused) == str(wanted).lower():
            return
        page.keyboard.press("ArrowDown")
    pytest.fail("no arrow key led to the answer")


def test_questions_and_answers_have_names(page):
    for number, question in enumerate(questions(CHAPTER), start=1):
        found = page.get_by_role("group", name=f"Question {number} of {len(questions(CHAPTER))}")
        words = plain(question["question"])
        assert found.get_attribute("data-question") == question_id(question)
        assert found.get_by_role("status").get_attribute("aria-live") == "polite"
        if question["type"] == "numeric":
            found.get_by_role("textbox", name=words).wait_for()
            found.get_by_role("button", name="Check").wait_for()
        else:
            group = found.get_by_role("radiogroup", name=words)
            assert group.get_by_role("radio").count() == len(question["answers"])
    assert page.locator(".dx-quiz[data-ready]").count() == 1
    assert page.locator(".dx-quiz-plain").count() == 0
    assert events(page) == [["dropout:quiz-ready", {"chapter": CHAPTER}]]


def test_arrow_keys_move_and_do_not_answer(page):
    events(page)
    question = asked("multiple_choice")
    radios = box(page, question).get_by_role("radio")
    radios.first.focus()
    places = []
    for key in ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft"]:
        page.keyboard.press(key)
        places.append(radios.evaluate_all("all => all.indexOf(document.activeElement)"))
    assert places == [1, 2, 1, 0, radios.count() - 1]
    assert feedback(box(page, question)) == ""
    assert box(page, question).locator(":checked").count() == 0
    assert events(page) == []
    page.keyboard.press("Tab")
    assert not box(page, question).locator(":focus").count()


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_a_wrong_answer_hears_why_and_the_right_one_that_it_is(page, key):
    events(page)
    question = asked("multiple_choice")
    found = box(page, question)
    focus_answer(page, question, wanted=False)
    page.keyboard.press(key)
    said = feedback(found)
    wrong = [plain(a["feedback"]) for a in question["answers"] if not a["correct"]]
    assert said in [f"Not right. {text} Read again: {question['section']}" for text in wrong]
    assert (
        found.locator(":focus").evaluate("radio => radio.labels[0].innerText").endswith("not right")
    )
    focus_answer(page, question, wanted=True)
    page.keyboard.press(key)
    (right,) = [plain(a["feedback"]) for a in question["answers"] if a["correct"]]
    assert feedback(found) == f"Right. {right}"
    about = {"chapter": CHAPTER, "question": question_id(question)}
    assert events(page) == [
        ["dropout:answer", about | {"right": False}],
        ["dropout:answer", about | {"right": True}],
    ]


def test_a_click_answers_once(page):
    events(page)
    found = box(page, asked("multiple_choice"))
    found.locator("label[data-correct=true] span").first.click()
    assert feedback(found).startswith("Right. ")
    assert len(events(page)) == 1


def test_what_to_read_again_is_a_link_to_its_heading(page):
    question = asked("multiple_choice")
    focus_answer(page, question, wanted=False)
    page.keyboard.press("Space")
    box(page, question).get_by_role("link", name=question["section"]).click()
    assert page.locator("section:target h2").inner_text().startswith(question["section"])


def test_without_its_heading_in_the_page_a_section_is_named(open_page):
    page = open_page(page_of(the_quiz()))
    found = box(page, asked("multiple_choice"))
    found.locator("label[data-correct=false]").first.click()
    assert feedback(found).endswith(f"Read again: {asked('multiple_choice')['section']}")
    assert found.get_by_role("link").count() == 0


def test_a_number_is_judged_by_the_keyboard_and_by_the_button(page):
    question = asked("numeric")
    values = {a["correct"]: a for a in question["answers"] if "value" in a}
    found = box(page, question)
    field = found.get_by_role("textbox")
    field.focus()
    page.keyboard.type(str(values[False]["value"]))
    page.keyboard.press("Enter")
    assert feedback(found).startswith(f"Not right. {plain(values[False]['feedback'])}")
    assert field.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.type") == "text"
    page.keyboard.press("Control+A")
    page.keyboard.type(str(values[True]["value"]))
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert feedback(found) == f"Right. {plain(values[True]['feedback'])}"
    assert field.get_attribute("aria-invalid") == "false"
    assert page.evaluate("document.activeElement.innerText") == "Check"
    field.focus()
    assert field.input_value() == str(values[True]["value"])


def number_question(*values):
    """A question whose right answer is the first value."""
    answers = [
        {"type": "value", "value": v, "correct": v == values[0], "feedback": f"It is {v}."}
        for v in values
    ]
    answers.append({"type": "default", "feedback": "Another one."})
    return {"question": "How many?", "section": "One", "type": "numeric", "answers": answers}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12.5", 12.5), ("12,5", 12.5), (" 12.50 ", 12.5), ("25/2", 12.5), ("1250%", 12.5),
        ("-0,25", -0.25), ("\N{MINUS SIGN}1/4", -0.25), (".25", 0.25),
        ("85,002", 85002), ("85 002", 85002), ("85002", 85002), ("1,234,567", 1234567),
        ("0,125", 0.125), ("1,125", 1.125), ("2e3", 2000),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(open_page, typed, value):
    page = open_page(page_of(quiz_html("99", [number_question(value, 7)])))
    page.get_by_role("textbox").focus()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    assert feedback(page.locator(".dx-question")) == f"Right. It is {value}."


@pytest.mark.parametrize("typed", ["abc", "", "1/0", "1/", "5 ppm", "1.2.3", "-"])
def test_what_is_no_number_is_asked_for_again_and_not_judged(page, typed):
    events(page)
    found = box(page, asked("numeric"))
    found.get_by_role("textbox").fill(typed)
    found.get_by_role("button").click()
    assert feedback(found).startswith("Type a number")
    assert found.get_by_role("textbox").input_value() == typed
    assert events(page) == []


def test_a_number_can_be_pasted(page):
    found = box(page, asked("numeric"))
    found.get_by_role("textbox").focus()
    prevented = found.get_by_role("textbox").evaluate(
        "field => !field.dispatchEvent(new ClipboardEvent('paste', "
        "{ bubbles: true, cancelable: true }))"
    )
    assert not prevented


def test_every_number_of_every_quiz_meets_its_own_feedback(open_page):
    page = open_page(page_of(*map(the_quiz, CHAPTERS)))
    for chapter in CHAPTERS:
        for question in questions(chapter):
            if question["type"] != "numeric":
                continue
            found = page.locator(f'[data-chapter="{chapter}"]').locator(
                f'[data-question="{question_id(question)}"]'
            )
            for answer in question["answers"]:
                found.get_by_role("textbox").fill(str(answer.get("value", "0.123456789")))
                found.get_by_role("button").click()
                verdict = "Right." if answer.get("correct") else "Not right."
                said = found.get_by_role("status").text_content()
                assert dense(said).startswith(dense(verdict + plain(answer["feedback"])))


def test_at_the_end_the_first_attempts_are_counted(page):
    summary = page.locator(".dx-quiz-summary")
    assert summary.get_attribute("role") == "status"
    count = len(questions(CHAPTER))
    for number, question in enumerate(questions(CHAPTER), start=1):
        assert summary.inner_text() == ""
        found = box(page, question)
        if question["type"] == "numeric":
            found.get_by_role("textbox").fill("0.123456789")
            found.get_by_role("button").click()
        elif number == 1:
            found.locator("label[data-correct=false]").first.click()
            found.locator("label[data-correct=true]").click()
        else:
            found.locator("label[data-correct=true]").click()
    assert summary.inner_text().startswith(f"{count - 2} of {count} right at the first attempt.")
    assert questions(CHAPTER)[0]["section"] in summary.inner_text()


def test_an_earlier_verdict_is_told_until_the_question_is_answered_anew(page):
    found = box(page, asked("multiple_choice"))
    for earlier, words in (("right", "Last time: right."), ("wrong", "Last time: not right.")):
        found.evaluate("(element, earlier) => { element.dataset.earlier = earlier }", earlier)
        found.get_by_text(words, exact=True).wait_for()
    found.locator("label").first.click()
    assert found.get_by_text("Last time").count() == 0


def test_two_views_of_one_quiz_are_both_drawn(open_page):
    page = open_page(page_of(the_quiz(), the_quiz()))
    counts = page.locator(".dx-quiz").evaluate_all(
        "all => all.map(quiz => quiz.querySelectorAll('.dx-question').length)"
    )
    assert counts == [len(questions(CHAPTER))] * 2


def test_without_scripts_everything_can_be_read(open_page):
    page = open_page(page_of(the_quiz()), java_script_enabled=False)
    shown = page.locator(".dx-quiz").inner_text()
    for question in questions(CHAPTER):
        assert plain(question["question"]) in shown
        assert all(plain(a["answer"]) in shown for a in question["answers"] if "answer" in a)
        assert plain(question["answers"][0]["feedback"]) not in shown
    page.locator("summary").first.click()
    shown = page.locator(".dx-quiz").inner_text()
    assert plain(questions(CHAPTER)[0]["answers"][0]["feedback"]) in shown


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out_and_fit_a_phone(open_page, theme):
    page = open_page(page_of(*map(the_quiz, CHAPTERS), theme=theme), width=360)
    page.locator("label[data-correct]").evaluate_all("all => all.forEach(answer => answer.click())")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".dx-question").evaluate_all(FAINT) == []


# --- flashcards --------------------------------------------------------------------------------

DECK = [
    {
        "front": "One, $p^2$?",
        "back": "First: [more](09_key_concepts.ipynb#mask).",
        "section": "Here",
    },
    {"front": "Two?", "back": "Second.", "section": "09_key_concepts.ipynb#drop-probability"},
    {"front": "Three?", "back": "Third. " + "A long answer goes on. " * 20, "section": "Nowhere"},
]


@pytest.fixture
def deck(open_page):
    page = open_page(page_of(cards_html("10", DECK), headings=["Here"]))
    page.get_by_role("button", name="Turn over").focus()
    return page


def announced(page):
    """What a screen reader says, without the letters of formulas."""
    return " ".join(page.locator(".dx-cards-status").inner_text().split())


def seen(page):
    """The side that is not hidden from a screen reader."""
    (side,) = page.locator(".flashcard:not([aria-hidden=true])").all()
    assert side.evaluate("side => !side.inert")
    (hidden,) = page.locator(".flashcard[aria-hidden=true]").all()
    assert hidden.evaluate("side => side.inert")
    return " ".join(side.inner_text().split())


def focused(page):
    return page.evaluate("document.activeElement.innerText")


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_a_card_is_turned_by_the_keyboard_and_says_so(deck, key):
    turn = deck.get_by_role("button", name="Turn over")
    assert seen(deck).startswith("Question One")
    assert turn.get_attribute("aria-pressed") == "false"
    assert announced(deck) == ""
    deck.keyboard.press(key)
    assert seen(deck) == "Answer First: more. Read again: Here"
    assert announced(deck) == seen(deck)
    assert turn.get_attribute("aria-pressed") == "true"
    deck.keyboard.press(key)
    assert seen(deck).startswith("Question One")
    assert announced(deck).startswith("Card 1 of 3. Question One")
    assert focused(deck) == "Turn over"


def test_arrow_keys_and_buttons_go_on_and_back(deck):
    for act, number in (
        (lambda: deck.keyboard.press("ArrowRight"), 2),
        (lambda: deck.keyboard.press("ArrowRight"), 3),
        (lambda: deck.keyboard.press("ArrowRight"), 1),
        (lambda: deck.keyboard.press("ArrowLeft"), 3),
        (lambda: deck.get_by_role("button", name="Previous").press("Enter"), 2),
        (lambda: deck.get_by_role("button", name="Next").press("Space"), 3),
    ):
        act()
        words = f"Card {number} of 3"
        assert deck.locator(".dx-cards-count").inner_text() == words
        assert announced(deck).startswith(f"{words}. Question {DECK[number - 1]['front'][:3]}")
        assert seen(deck).startswith("Question")


def test_the_deck_is_no_trap_and_takes_no_key_outside(deck):
    names = []
    for _ in range(4):
        names.append(focused(deck))
        deck.keyboard.press("Tab")
    assert names == ["Turn over", "Next", "I know this one", "behind"]
    deck.get_by_role("link", name="behind").focus()
    deck.keyboard.press("ArrowRight")
    assert deck.locator(".dx-cards-count").inner_text() == "Card 1 of 3"
    deck.keyboard.press("Shift+Tab")
    assert focused(deck) == "I know this one"


def test_known_cards_are_left_out_until_all_are_known(deck):
    know = deck.get_by_role("button", name="I know this one")
    know.press("Enter")
    assert announced(deck).startswith("Card 2 of 3, 1 known. Question Two?")
    assert focused(deck) == "Turn over"
    deck.keyboard.press("ArrowLeft")
    assert announced(deck).startswith("Card 3 of 3, 1 known.")
    know.press("Enter")
    know.press("Enter")
    assert announced(deck) == "You know all 3 cards."
    assert focused(deck) == "All cards again"
    deck.keyboard.press("Enter")
    assert announced(deck).startswith("Card 1 of 3. Question One")
    assert focused(deck) == "Turn over"


def test_a_card_says_where_to_read_again(deck):
    assert deck.locator(".flashcard.back a").first.get_attribute("href") == (
        "09_key_concepts.ipynb#mask"
    )
    deck.keyboard.press("Space")
    deck.get_by_role("link", name="Here").click()
    assert deck.locator("section:target").count() == 1
    deck.get_by_role("button", name="Next").click()
    deck.get_by_role("button", name="Turn over").press("Enter")
    assert seen(deck).endswith("Read again: drop probability (chapter 9)")


def test_in_the_book_links_lead_to_pages(open_page):
    html = page_of(cards_html("10", DECK)).replace(
        "data-theme", "data-content_root='../' data-theme"
    )
    page = open_page(html)
    links = "links => links.map(link => link.getAttribute('href'))"
    page.get_by_role("button", name="Turn over").press("Enter")
    assert page.locator(".back a").evaluate_all(links) == ["09_key_concepts.html#mask"]
    page.get_by_role("button", name="Next").click()
    assert page.locator(".back a").evaluate_all(links) == ["09_key_concepts.html#drop-probability"]


def test_a_click_and_a_swipe_work_as_well(deck):
    card = deck.locator(".flip-container")
    card.click()
    assert seen(deck).startswith("Answer")
    card.dispatch_event("swiped-left", {"bubbles": True})
    assert announced(deck).startswith("Card 2 of 3.")
    card.dispatch_event("swiped-right", {"bubbles": True})
    assert announced(deck).startswith("Card 1 of 3.")


def test_cards_turn_at_once_for_who_wants_no_motion(open_page):
    page = open_page(page_of(cards_html("10", DECK)), reduced_motion="reduce")
    style = "card => getComputedStyle(card).transitionDuration"
    assert page.locator(".flipper").evaluate(style) == "0s"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_stand_out_and_fit_a_phone(open_page, theme):
    page = open_page(page_of(cards_html("10", DECK), theme=theme), width=360)
    page.get_by_role("button", name="Previous").click()
    page.get_by_role("button", name="Turn over").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".flashcard").evaluate_all(FAINT) == []
    overflowing = "cards => cards.filter(card => card.scrollHeight > card.clientHeight + 1).length"
    assert page.locator(".flashcard").evaluate_all(overflowing) == 0


def test_without_scripts_all_cards_can_be_unfolded(open_page):
    page = open_page(page_of(cards_html("10", DECK)), java_script_enabled=False)
    for summary in page.locator("summary").all():
        summary.click()
    shown = page.locator(".dx-cards").inner_text()
    for card in DECK[1:]:
        assert card["front"] in shown
        assert card["back"].strip() in shown
    assert page.locator(".dx-cards a").count() == 0


def test_the_styles_of_the_cards_stay_in_the_deck(open_page):
    page = open_page(page_of(cards_html("10", DECK), '<p class="next">a</p>'))
    assert page.locator("p.next").evaluate("p => getComputedStyle(p).opacity") == "1"


def test_a_frame_without_storage_shows_quiz_and_cards(open_page):
    """As Colab's may be, where cookies of other hosts are blocked."""
    html = page_of(the_quiz(), cards_html("10", DECK)).replace('"', "&quot;")
    page = open_page(f'<iframe sandbox="allow-scripts" srcdoc="{html}"></iframe>')
    frame = page.frame_locator("iframe")
    frame.locator(".dx-quiz[data-ready]").wait_for()
    frame.get_by_role("button", name="Turn over").click()
    assert "First: more" in frame.locator(".dx-cards-status").inner_text()
