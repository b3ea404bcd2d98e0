"""The drill in Chromium, by keyboard alone, on a page of its own and in the built book."""

import re

import pytest

from dropout_lib.exercises.drill import drill, first_order
from dropout_lib.exercises.interview_tips import DRILL

pytestmark = pytest.mark.browser

ORDER = first_order(len(DRILL))
TOTAL = len(DRILL)
TOPICS = list(dict.fromkeys(question.topic for question in DRILL))

# text whose contrast to what is behind it is below 4.5
FAINT = """root => {
    const luminance = (colour) => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255);
        const [r, g, b] = parts.map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = luminance(getComputedStyle(root.querySelector("button")).backgroundColor);
    return [...root.querySelectorAll("*:not(input)")]
        .filter(element => element.checkVisibility())
        .filter(element => {
            const own = luminance(getComputedStyle(element).color);
            const [low, high] = [own, behind].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05) < 4.5;
        }).map(element => element.outerHTML.slice(0, 200));
}"""


def page_of(html, theme="light"):
    paper = {"light": "#ffffff", "dark": "#14181f"}[theme]
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>A page</title>'
        f'<body style="background: {paper}"><main><h1>A page</h1>{html}'
        '<p><a href="#">behind</a></p></main>'
    )


@pytest.fixture(scope="module")
def html():
    return drill("10")._repr_html_()


@pytest.fixture
def page(open_page, html):
    return open_page(page_of(html))


def words(number):
    """The first words of a question, without its markup."""
    return re.split(r"[`$]", DRILL[number].question)[0].strip()[:30]


def asked(page):
    return page.locator(".drill-asked").inner_text()


def announced(page):
    return page.get_by_role("status").inner_text()


def focused(page):
    return page.evaluate(
        "document.activeElement.textContent.trim() || document.activeElement.tagName"
    )


def press_button(page, name):
    """Walk to a button with the Tab key and press it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused(page) == name:
            page.keyboard.press("Enter")
            return
    pytest.fail(f"the Tab key does not lead to {name!r}")


def answer(page, mark):
    press_button(page, "Show the answer")
    press_button(page, mark)


def test_the_first_question_is_the_same_for_everybody_and_is_counted(page):
    assert asked(page).startswith(words(ORDER[0]))
    assert announced(page) == f"1 of {TOTAL}."
    assert not page.locator(".drill-answer").is_visible()
    assert not page.locator(".drill-all").is_visible()


def test_three_depths_and_the_follow_up_open_by_keyboard_alone(page):
    page.keyboard.press("Tab")
    press_button(page, "Show the answer")
    shown = page.locator(".drill-answer")
    assert announced(page) == f"1 of {TOTAL}. The answer is shown. Say how it went."
    assert page.evaluate("document.activeElement.className") == "drill-answer"
    assert shown.get_by_text("In one sentence.").is_visible()
    for summary in ("In one minute", "At the whiteboard", "Then they ask:"):
        page.keyboard.press("Tab")
        assert focused(page).startswith(summary)
        folded = shown.locator("details").filter(has_text=summary)
        assert folded.get_attribute("open") is None
        page.keyboard.press("Enter")
        assert folded.get_attribute("open") is not None
    assert shown.locator("math").first.is_visible()


def test_what_is_typed_stays_until_the_next_question(page):
    own = page.get_by_label("Your answer, in a few words, or say it aloud")
    own.focus()
    page.keyboard.type("dropout goes on, a, b, dd")
    press_button(page, "Show the answer")
    assert own.input_value() == "dropout goes on, a, b, dd"
    press_button(page, "Knew it")
    assert own.input_value() == ""


def test_the_next_question_gets_the_focus_and_is_counted(page):
    answer(page, "Knew it")
    assert asked(page).startswith(words(ORDER[1]))
    assert page.evaluate("document.activeElement.className") == "drill-asked"
    assert announced(page) == f"Noted. 2 of {TOTAL}."


@pytest.mark.parametrize(("mark", "others"), [("No", 2), ("Partly", 5)])
def test_what_went_badly_comes_again_and_sooner_the_worse_it_went(page, mark, others):
    first = asked(page)
    answer(page, mark)
    assert (
        announced(page) == f"It comes again after {others} others. 2 of {TOTAL}, 1 to come again."
    )
    for _ in range(others):
        assert asked(page) != first
        answer(page, "Knew it")
    assert asked(page) == first
    assert announced(page) == f"Noted. Once more; asked so far: {others + 1} of {TOTAL}."
    answer(page, "Knew it")
    assert asked(page).startswith(words(ORDER[others + 1]))


def test_at_the_end_it_says_what_to_read_again_and_begins_in_another_order(page):
    page.get_by_label("Topic").select_option(TOPICS[0])
    count = sum(question.topic == TOPICS[0] for question in DRILL)
    first = asked(page)
    assert announced(page) == f"1 of {count}."
    answer(page, "No")
    for _ in range(count):
        answer(page, "Knew it")
    assert announced(page) == f"Noted. All {count} done."
    end = page.locator(".drill-end")
    assert focused(page) == f"You knew {count - 1} of {count} at once. Read these again tomorrow:"
    assert end.locator("li").all_inner_texts() == [first]
    press_button(page, "Begin again, in another order")
    assert announced(page) == f"1 of {count}."
    assert page.evaluate("document.activeElement.className") == "drill-asked"


def test_the_last_question_comes_again_at_once_if_it_went_badly(page):
    page.get_by_label("Topic").select_option("Code")
    question = asked(page)
    answer(page, "No")
    assert asked(page) == question
    answer(page, "Knew it")
    assert announced(page) == "Noted. All 1 done."


def test_a_topic_asks_its_questions_only_and_lists_them(page):
    for topic in TOPICS:
        page.get_by_label("Topic").select_option(topic)
        of_topic = [n for n in ORDER if DRILL[n].topic == topic]
        assert asked(page).startswith(words(of_topic[0]))
        assert announced(page) == f"1 of {len(of_topic)}."
    page.get_by_role("button", name="Show all questions").click()
    assert page.locator(".drill-question:visible").count() == len(of_topic)
    assert page.locator(".drill-list").get_attribute("aria-expanded") == "true"


def test_the_clock_is_silent_and_runs_for_who_asks_for_it(page):
    clock = page.get_by_role("timer", include_hidden=True)
    assert not clock.is_visible()
    page.get_by_label("Clock").check()
    assert clock.is_visible()
    assert clock.get_attribute("aria-live") == "off"
    page.wait_for_function("document.querySelector('.drill-clock').textContent === '0:01'")
    press_button(page, "Show the answer")
    assert re.search(r"You took 0:0\d\. Say how it went\.$", announced(page))
    before = clock.inner_text()
    page.wait_for_timeout(1500)
    assert clock.inner_text() == before
    press_button(page, "Knew it")
    assert clock.inner_text() == "0:00"


def test_every_question_can_be_asked_and_answered(page):
    heard = set()
    for _ in DRILL:
        heard.add(asked(page))
        page.locator(".drill-show").click()
        assert page.locator(".drill-answer details").count() == 3
        page.get_by_role("button", name="Knew it").click()
    assert len(heard) == TOTAL
    assert page.locator(".drill-end p").inner_text() == f"You knew {TOTAL} of {TOTAL} at once."


def test_the_drill_is_no_trap(page):
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused(page) == "behind":
            return
    pytest.fail("the Tab key does not lead out of the drill")


def test_two_views_of_one_drill_work_beside_each_other(open_page, html):
    page = open_page(page_of(html + html))
    page.locator(".drill-show").nth(1).click()
    assert page.locator(".drill-answer:visible").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(set(ids)) == len(ids)


def test_without_scripts_all_questions_can_be_unfolded(open_page, html):
    page = open_page(page_of(html), java_script_enabled=False)
    assert page.locator(".drill-stage").count() == 0
    assert page.locator(".drill-question:visible").count() == TOTAL
    first = page.locator(".drill-question").first
    first.locator("summary").first.click()
    assert first.get_by_text("In one sentence.").is_visible()
    first.get_by_text("In one minute").click()
    assert first.locator("details p").first.is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_stands_out_and_fits_a_phone(open_page, html, theme):
    page = open_page(page_of(html, theme), width=360)
    page.locator(".drill-show").click()
    page.locator(".drill-list").click()
    page.evaluate("document.querySelectorAll('.drill details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    wide = page.locator(".drill p, .drill li, .drill pre").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    )
    assert wide == []
    assert page.locator(".drill").evaluate(FAINT) == []


def test_in_the_book_links_lead_to_pages_and_rows(visit):
    visited = visit("chapters/10_interview_tips.html")
    page = visited.page
    page.locator(".drill-show").click()
    where = page.locator(".drill-answer .drill-where")
    assert where.locator("a:visible").count() >= 3
    where.locator("a[href*='#claim-']").first.click()
    page.wait_for_url("**/11_evidence.html#claim-*")
    assert page.locator(":target").count() == 1
    assert visited.complaints == []
