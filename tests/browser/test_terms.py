"""Definitions of terms in Chromium: by pointer, keyboard and touch, on a phone, without scripts."""

from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "_build" / "html"
CONCEPTS = "chapters/09_key_concepts.html"
HAS_TERM = '<a class="term '
WITH_TERMS = [
    page.relative_to(BOOK).as_posix()
    for page in sorted(BOOK.glob("chapters/*.html"))
    if HAS_TERM in page.read_text(encoding="utf-8")
]

pytestmark = [
    pytest.mark.browser,
    # with chapter 9 in the book they have to run: the test below sees to that
    pytest.mark.skipif(
        not WITH_TERMS and not (BOOK / CONCEPTS).exists(), reason="the book has no chapter 9 yet"
    ),
]


def test_chapters_link_to_concepts():
    assert WITH_TERMS


@pytest.fixture
def page(visit):
    visited = visit(WITH_TERMS[0])
    yield visited.page
    assert visited.complaints == []


@pytest.fixture
def touch_page(visit):
    visited = visit(WITH_TERMS[0], width=360, has_touch=True, is_mobile=True)
    yield visited.page
    assert visited.complaints == []


def terms(page):
    return page.locator("article a.term").filter(visible=True)


def middle(page, locator):
    """Scroll an element to the middle of the window; the coordinates of its own middle."""
    locator.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    return locator.evaluate(
        "e => { const b = e.getClientRects()[0]; return [b.x + b.width / 2, b.y + b.height / 2] }"
    )


def shown(page):
    """The tooltips that are shown: their texts."""
    return page.locator("[role=tooltip]").filter(visible=True).all_inner_texts()


def definition(term):
    """What the term is described by, whether it is shown or not."""
    return term.evaluate(
        "e => document.getElementById(e.getAttribute('aria-describedby')).innerText"
    )


def wait_until_shown(page, *texts):
    page.wait_for_function(
        """texts => [...document.querySelectorAll("[role=tooltip]")]
            .filter(e => e.offsetParent || e.getClientRects().length)
            .map(e => e.innerText).join("|") === texts.join("|")""",
        arg=list(texts),
        timeout=3_000,
    )


def test_the_pointer_opens_the_definition_and_leaves_it(page):
    term = terms(page).first
    page.mouse.move(*middle(page, term))
    wait_until_shown(page, definition(term))
    page.mouse.move(2, 2, steps=5)
    wait_until_shown(page)


def test_the_pointer_can_move_into_the_tooltip_and_stay(page):
    term = terms(page).first
    page.mouse.move(*middle(page, term))
    wait_until_shown(page, definition(term))
    box = page.locator("[role=tooltip]").filter(visible=True).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=8)
    page.wait_for_timeout(800)
    assert shown(page) == [definition(term)]


def test_a_pointer_that_passes_opens_nothing(page):
    x, y = middle(page, terms(page).first)
    page.mouse.move(x, y)
    page.mouse.move(2, 2)
    page.wait_for_timeout(500)
    assert shown(page) == []


def test_escape_closes_it_where_pointer_and_focus_are(page):
    term = terms(page).first
    page.mouse.move(*middle(page, term))
    wait_until_shown(page, definition(term))
    page.keyboard.press("Escape")
    assert shown(page) == []
    page.wait_for_timeout(500)
    assert shown(page) == []  # and it stays closed


def focus_by_keyboard(page, term):
    term.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert term.evaluate("e => e === document.activeElement")


def test_the_keyboard_opens_and_closes_it(page):
    term = terms(page).first
    focus_by_keyboard(page, term)
    wait_until_shown(page, definition(term))
    page.wait_for_timeout(800)
    assert shown(page) == [definition(term)]  # it stays as long as the focus
    page.keyboard.press("Escape")
    assert shown(page) == []
    assert term.evaluate("e => e === document.activeElement")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    wait_until_shown(page, definition(term))
    page.keyboard.press("Shift+Tab")
    assert definition(term) not in shown(page)


def test_a_focused_definition_outlasts_the_pointer(page):
    term = terms(page).first
    focus_by_keyboard(page, term)
    page.mouse.move(*middle(page, term))
    page.mouse.move(2, 2, steps=5)
    page.wait_for_timeout(800)
    assert shown(page) == [definition(term)]


@pytest.mark.parametrize("press", ["Enter", "click"])
def test_a_click_and_enter_follow_the_link(page, press):
    term = terms(page).first
    target = term.evaluate("e => e.href")
    middle(page, term)
    term.click() if press == "click" else term.press("Enter")
    page.wait_for_url(target)


def test_the_first_tap_shows_and_the_second_follows(touch_page):
    page, term = touch_page, terms(touch_page).first
    here, target = page.url, term.evaluate("e => e.href")
    page.touchscreen.tap(*middle(page, term))
    wait_until_shown(page, definition(term))
    tip = page.locator("[role=tooltip]").filter(visible=True)
    assert "Tap the word again" in tip.evaluate("e => getComputedStyle(e, '::after').content")
    assert page.url == here
    page.touchscreen.tap(*middle(page, term))
    page.wait_for_url(target)


def test_a_tap_elsewhere_closes_and_another_term_takes_over(touch_page):
    page = touch_page
    first = terms(page).first
    others = [t for t in terms(page).all() if definition(t) != definition(first)]
    page.touchscreen.tap(*middle(page, first))
    wait_until_shown(page, definition(first))
    if others:
        page.touchscreen.tap(*middle(page, others[0]))
        wait_until_shown(page, definition(others[0]))
    middle(page, page.locator("article h1"))
    box = page.locator("article h1").bounding_box()
    page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    wait_until_shown(page)


CONTRAST = """element => {
    const channels = colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number)
        .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const light = colour => { const [r, g, b] = channels(colour);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const style = getComputedStyle(element);
    const both = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
    return (both[1] + 0.05) / (both[0] + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_definitions_and_their_words_can_be_read(visit, scheme):
    page = visit(WITH_TERMS[0], scheme=scheme).page
    term = terms(page).first
    focus_by_keyboard(page, term)
    assert page.locator("[role=tooltip]").filter(visible=True).evaluate(CONTRAST) >= 4.5
    colours = "e => [e, e.parentElement].map(part => getComputedStyle(part).color)"
    assert len(set(term.evaluate(colours))) == 1  # the words are as dark as those around them
    assert "dotted" in term.evaluate(
        "e => getComputedStyle(e).textDecorationLine + ' ' +getComputedStyle(e).textDecorationStyle"
    )


@pytest.mark.parametrize("name", WITH_TERMS)
def test_every_definition_fits_a_narrow_phone(visit, name):
    visited = visit(name, width=360)
    page = visited.page
    for term in terms(page).all():
        middle(page, term)
        focus_by_keyboard(page, term)
        wait_until_shown(page, definition(term))
        tip = page.locator("[role=tooltip]").filter(visible=True)
        box = tip.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["y"] + box["height"] <= 900
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.keyboard.press("Escape")
    assert visited.complaints == []


def test_a_term_near_the_top_has_its_definition_below(page):
    term = terms(page).first
    _, y = middle(page, term)
    page.mouse.move(2, 2)
    page.evaluate("y => window.scrollBy({top: y, behavior: 'instant'})", y - 80)
    box = term.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    wait_until_shown(page, definition(term))
    tip = page.locator("[role=tooltip]").filter(visible=True).bounding_box()
    assert tip["y"] >= box["y"] + box["height"]


def test_without_scripts_the_definition_is_the_links_title(visit):
    page = visit(WITH_TERMS[0], java_script_enabled=False).page
    for term in page.locator("article a.term").all():
        assert term.get_attribute("title").strip()
    assert page.locator("[role=tooltip]").count() == 0


def test_the_concepts_page_itself_has_no_tooltips(visit):
    assert visit(CONCEPTS).page.locator("a.term, [role=tooltip]").count() == 0
