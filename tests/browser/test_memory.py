"""What the pages remember, in Chromium: chapters that were read, quizzes, and how to forget it."""

import json
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "_build" / "html"
KEY = "dropout-book-1"
CHAPTERS = [p.relative_to(BOOK).as_posix() for p in sorted(BOOK.glob("chapters/[0-9][0-9]_*.html"))]
FIRST, SECOND = CHAPTERS[:2] if len(CHAPTERS) > 1 else ("chapters/01.html", "chapters/02.html")
WITH_QUIZ = [
    name
    for name in CHAPTERS
    if re.search(r'class="[^"]*\bdx-quiz[ "]', (BOOK / name).read_text(encoding="utf-8"))
]
OTHER_PAGES = ["index.html", "search.html", "genindex.html"]
OLD = "aaaaaaaa"  # a question that no quiz has
READ = "I have read this chapter"

pytestmark = pytest.mark.browser

REFUSED = """Object.defineProperty(window, "localStorage",
    {get() { throw new DOMException("no", "SecurityError"); }});"""
FULL = """Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError"); };"""


def number(name):
    """The chapter of a page: chapters/03_1_standard_dropout.html is "03-1"."""
    first, second = Path(name).stem.split("_")[:2]
    return f"{first}-{second}" if second.isdigit() else first


@pytest.fixture
def reader(visit):
    """reader(name) opens a page as a reader of whom nothing is known; its page may go on."""
    visits = []

    def open_page(name, **options):
        visits.append(visit(name, **options))
        return visits[-1].page

    yield open_page
    assert [visited.complaints for visited in visits] == [[]] * len(visits)


def go(page, name):
    """Go on to another page of the book."""
    host = page.url[: page.url.index("/", len("http://"))]
    page.goto(f"{host}/{name}", wait_until="load")


def stored(page):
    return json.loads(page.evaluate("key => localStorage.getItem(key)", KEY) or "{}")


def store(page, text):
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, text])
    page.reload(wait_until="load")


def read_button(page):
    return page.get_by_role("button", name=READ)


def marked(page):
    """The chapters that have a mark in the sidebar, by the last part of their address."""
    links = page.locator("nav.bd-docs-nav a:has(.memory-mark)")
    assert all("read" in words for words in links.all_text_contents())  # not by a sign alone
    return links.evaluate_all("all => all.map(a => new URL(a.href).pathname.split('/').pop())")


def name_of(page_name):
    return Path(page_name).name


def reading(page):
    return page.locator("#your-reading")


# --- chapters that were read --------------------------------------------------------------------


def test_at_first_nothing_is_stored_and_nothing_marked(reader):
    page = reader(FIRST)
    assert read_button(page).get_attribute("aria-pressed") == "false"
    assert marked(page) == []
    go(page, "index.html")
    assert reading(page).get_by_role("link").inner_text() == title_of(page, FIRST)
    assert not reading(page).get_by_role("button").count()
    assert page.evaluate("key => localStorage.getItem(key)", KEY) is None


def title_of(page, chapter):
    link = page.locator(f"nav.bd-docs-nav a[href$='{name_of(chapter)}']").first
    return link.evaluate("e => e.firstChild.textContent.trim()")


def test_a_reader_says_by_keyboard_that_a_chapter_is_read_and_takes_it_back(reader):
    page = reader(FIRST)
    status = page.locator(".memory-end [role=status]")
    read_button(page).focus()
    page.keyboard.press("Enter")
    assert read_button(page).get_attribute("aria-pressed") == "true"
    assert status.inner_text() == "Marked as read."
    assert marked(page) == [name_of(FIRST)]
    page.reload(wait_until="load")
    assert read_button(page).get_attribute("aria-pressed") == "true"
    read_button(page).focus()
    page.keyboard.press("Space")
    assert read_button(page).get_attribute("aria-pressed") == "false"
    assert status.inner_text() == "Marked as not read."
    assert marked(page) == []
    assert stored(page) == {}


def test_the_first_page_says_where_to_go_on(reader):
    page = reader(FIRST)
    read_button(page).click()
    go(page, "index.html")
    assert marked(page) == [name_of(FIRST)]
    assert f"You have read 1 of {len(CHAPTERS)} chapters." in reading(page).inner_text()
    page.get_by_text("Chapter by chapter").click()
    items = reading(page).locator("li")
    assert items.count() == len(CHAPTERS)
    assert items.nth(0).inner_text() == f"{title_of(page, FIRST)} – read"
    assert items.nth(1).inner_text() == f"{title_of(page, SECOND)} – not read yet"
    assert "never leaves" in reading(page).inner_text()
    reading(page).get_by_role("link", name=title_of(page, SECOND)).first.click()
    page.wait_for_url(f"**/{SECOND}")


def test_with_all_chapters_read_there_is_nothing_to_go_on_with(reader):
    page = reader("index.html")
    store(page, json.dumps({number(name): {"read": True} for name in CHAPTERS}))
    assert f"You have read all {len(CHAPTERS)} chapters." in reading(page).inner_text()
    assert len(marked(page)) == len(CHAPTERS)


def with_a_clock(page):
    """The page again, with a clock that the test moves."""
    page.clock.install()
    page.reload(wait_until="load")
    return page


def scroll_through(page, start=0.0, end=1.0):
    """Read the page from one part of its height to another, a second for each screen."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for y in range(int(start * height), int(end * height), 600):
        page.evaluate("y => window.scrollTo({top: y, behavior: 'instant'})", y)
        page.clock.run_for(1000)


def show_the_end(page):
    page.locator("#summary, article section").last.evaluate(
        "e => e.scrollIntoView({behavior: 'instant'})"
    )


def test_a_chapter_that_was_scrolled_through_counts_as_read(reader):
    page = with_a_clock(reader(FIRST))
    scroll_through(page)
    show_the_end(page)
    page.clock.run_for(6000)
    assert read_button(page).get_attribute("aria-pressed") == "true"
    assert "marked as read" in page.locator(".memory-end [role=status]").inner_text()
    assert marked(page) == [name_of(FIRST)]


def test_a_reader_who_said_so_is_not_overruled(reader):
    page = with_a_clock(reader(FIRST))
    read_button(page).click()
    read_button(page).click()
    scroll_through(page)
    show_the_end(page)
    page.clock.run_for(20_000)
    assert stored(page) == {}


def test_neither_a_jump_to_the_end_nor_half_a_chapter_counts(reader):
    page = with_a_clock(reader(FIRST))
    show_the_end(page)
    page.clock.run_for(60_000)
    assert stored(page) == {}
    page.reload(wait_until="load")
    scroll_through(page, end=0.5)
    page.clock.run_for(60_000)
    assert stored(page) == {}


# --- quizzes ------------------------------------------------------------------------------------

needs_quizzes = pytest.mark.skipif(
    not WITH_QUIZ and not (BOOK / "chapters" / "09_key_concepts.html").exists(),
    reason="neither quizzes nor chapter 9 are in the book yet",
)
ANSWER = """([chapter, question, right]) => document.dispatchEvent(
    new CustomEvent("dropout:answer", {bubbles: true, detail: {chapter, question, right}}))"""


@needs_quizzes
def test_chapters_have_quizzes():
    assert WITH_QUIZ


def questions(page):
    """The ids of a page's questions, as soon as its quiz is ready."""
    page.locator(".dx-quiz[data-ready]").first.wait_for()
    return page.locator("[data-question]").evaluate_all("all => all.map(e => e.dataset.question)")


def earlier(page):
    """{question: what the page says of the last visit}"""
    questions(page)
    pairs = page.locator("[data-earlier]").evaluate_all(
        "all => all.map(e => [e.dataset.question, e.dataset.earlier])"
    )
    return dict(pairs)


def answer(page, question, right):
    """What a quiz says when a question has been answered."""
    page.evaluate(ANSWER, [number(WITH_QUIZ[0]), question, right])


def results(page):
    return stored(page)[number(WITH_QUIZ[0])]["quiz"]


@needs_quizzes
def test_answers_are_kept_and_given_back_at_the_next_visit(reader):
    page = reader(WITH_QUIZ[0])
    a, b, c, *others = questions(page)
    assert earlier(page) == {}
    answer(page, a, True)
    answer(page, b, False)
    answer(page, b, True)
    answer(page, c, False)
    assert results(page) == {a: "first", b: "later", c: "wrong"}
    answer(page, a, False)  # trying another answer afterwards spoils nothing
    assert results(page)[a] == "first"
    assert earlier(page) == {}  # what was said just now is no earlier visit
    go(page, "index.html")
    page.get_by_text("Chapter by chapter").click()
    said = f"not read to the end, quiz 1 of {3 + len(others)} right at the first attempt"
    words = f"{title_of(page, WITH_QUIZ[0])} – {said}"
    assert words in reading(page).locator("li").all_inner_texts()
    go(page, WITH_QUIZ[0])
    assert earlier(page) == {a: "right", b: "right", c: "wrong"}


@needs_quizzes
def test_a_quiz_that_is_taken_again_counts_anew(reader):
    page = reader(WITH_QUIZ[0])
    a, b, *_ = questions(page)
    answer(page, a, True)
    answer(page, b, False)
    page.reload(wait_until="load")
    answer(page, a, False)
    answer(page, b, True)
    assert results(page) == {a: "wrong", b: "first"}


@needs_quizzes
def test_a_changed_question_forgets_its_old_result(reader):
    page = reader(WITH_QUIZ[0])
    kept = questions(page)[0]
    quiz = {kept: "first", OLD: "first"}
    entry = {number(WITH_QUIZ[0]): {"read": True, "questions": 6, "quiz": quiz}}
    store(page, json.dumps(entry))
    assert earlier(page) == {kept: "right"}
    assert results(page) == {kept: "first"}


@pytest.mark.parametrize("name", WITH_QUIZ)
def test_the_quiz_of_a_chapter_tells_its_answers(reader, name):
    page = reader(name)
    count = len(questions(page))
    question = page.locator("[data-question]").filter(has=page.locator("input[type=radio]")).first
    question.locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    entry = stored(page)[number(name)]
    answered = question.get_attribute("data-question")
    assert list(entry["quiz"]) == [answered]
    assert entry["questions"] == count
    page.reload(wait_until="load")
    assert list(earlier(page)) == [answered]


# --- forgetting ---------------------------------------------------------------------------------


def test_forget_asks_once_more_removes_everything_and_says_so(reader):
    page = reader(FIRST)
    quiz = {"read": True, "questions": 2, "quiz": {OLD: "first"}}
    store(page, json.dumps({number(FIRST): quiz, number(SECOND): quiz}))
    page.evaluate("localStorage.setItem('other', 'stays')")
    go(page, "index.html")
    forget = page.get_by_role("button", name="Forget all of this")
    page.once("dialog", lambda dialog: dialog.dismiss())
    forget.press("Enter")
    assert stored(page).keys() == {number(FIRST), number(SECOND)}
    page.once("dialog", lambda dialog: dialog.accept())
    forget.press("Enter")
    assert page.evaluate("Object.keys(localStorage).includes('dropout-book-1')") is False
    assert page.evaluate("localStorage.getItem('other')") == "stays"
    assert "nothing is stored" in reading(page).locator("[role=status]").inner_text()
    assert marked(page) == []
    assert not forget.is_visible()
    assert page.evaluate("document.activeElement.closest('#your-reading') !== null")
    go(page, FIRST)
    assert read_button(page).get_attribute("aria-pressed") == "false"


# --- two tabs, bad stores, no scripts -----------------------------------------------------------


def test_two_tabs_know_of_each_other_and_lose_nothing(reader):
    one = reader(FIRST)
    two = one.context.new_page()
    two.goto(one.url.replace(FIRST, SECOND), wait_until="load")
    read_button(one).click()
    two.locator("nav.bd-docs-nav .memory-mark").first.wait_for(state="attached", timeout=5_000)
    assert marked(two) == [name_of(FIRST)]
    read_button(two).click()
    one.wait_for_function("document.querySelectorAll('nav .memory-mark').length === 2")
    assert stored(one).keys() == {number(FIRST), number(SECOND)}
    read_button(one).click()  # what this tab knew before the other one wrote must not come back
    assert stored(one).keys() == {number(SECOND)}


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "5", '"words"', "[1, 2]", '{"01": null}', '{"01": 7}',
        '{"01": {"read": "yes", "quiz": [1]}}',
        '{"01": {"quiz": {"zz": "first", "aaaaaaaa": "perhaps"}, "questions": "many"}}',
    ],
)  # fmt: skip
def test_a_store_that_makes_no_sense_is_as_good_as_an_empty_one(reader, text):
    page = reader(FIRST)
    store(page, text)
    assert marked(page) == []
    read_button(page).click()
    assert stored(page) == {number(FIRST): {"read": True, "questions": 0, "quiz": {}}}
    go(page, "index.html")
    assert f"You have read 1 of {len(CHAPTERS)}" in reading(page).inner_text()


def test_chapters_that_are_no_more_are_dropped_and_the_rest_is_kept(reader):
    page = reader(FIRST)
    old = {"read": True, "questions": 2, "quiz": {OLD: "later"}}
    store(page, json.dumps({"77": old, number(SECOND): old}))
    read_button(page).click()
    assert stored(page).keys() == {number(FIRST), number(SECOND)}
    assert stored(page)[number(SECOND)] == old


def without_storage(browser, address, script):
    context = browser.new_context()
    context.add_init_script(script)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error.stack))
    page.goto(address, wait_until="load")
    return page, errors


def test_a_browser_that_refuses_to_store_is_told_so_and_nothing_pretends(browser, book_address):
    page, errors = without_storage(browser, f"{book_address}{FIRST}", REFUSED)
    if WITH_QUIZ:
        answer(page, OLD, True)
    assert not read_button(page).count()
    page.goto(f"{book_address}index.html", wait_until="load")
    assert "Your browser stores nothing" in reading(page).inner_text()
    assert not reading(page).get_by_role("button").count()
    # the theme stores light or dark, and complains; the book's own scripts don't
    assert [error for error in errors if "memory.js" in error or "reading.js" in error] == []
    page.context.close()


def test_a_store_that_is_full_is_admitted(browser, book_address):
    page, errors = without_storage(browser, f"{book_address}{FIRST}", FULL)
    read_button(page).click()
    assert "does not keep" in page.locator(".memory-end [role=status]").inner_text()
    assert read_button(page).get_attribute("aria-pressed") == "false"
    assert [error for error in errors if "memory.js" in error or "reading.js" in error] == []
    page.context.close()


def test_it_works_from_files(browser):
    page = browser.new_context().new_page()
    page.goto((BOOK / FIRST).as_uri(), wait_until="load")
    read_button(page).click()
    assert read_button(page).get_attribute("aria-pressed") == "true"
    assert marked(page) == [name_of(FIRST)]
    page.goto((BOOK / "index.html").as_uri(), wait_until="load")
    assert f"You have read 1 of {len(CHAPTERS)}" in reading(page).inner_text()
    assert "make serve" in reading(page).inner_text()
    page.context.close()


@pytest.mark.parametrize("name", [FIRST, *OTHER_PAGES])
def test_without_scripts_nothing_shows(visit, name):
    page = visit(name, java_script_enabled=False).page
    assert page.locator("[class^=memory-], #your-reading").filter(visible=True).count() == 0


@pytest.mark.parametrize("name", OTHER_PAGES)
def test_every_page_marks_the_chapters_that_were_read(reader, name):
    page = reader(FIRST)
    read_button(page).click()
    go(page, name)
    assert marked(page) == [name_of(FIRST)]
    assert page.locator(".memory-end").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", FIRST])
def test_it_fits_a_narrow_phone(reader, name, scheme):
    page = reader(name, width=360, scheme=scheme)
    quiz = {"read": True, "questions": 6, "quiz": {OLD: "first"}}
    store(page, json.dumps({number(chapter): quiz for chapter in CHAPTERS}))
    page.locator("#your-reading details").evaluate_all("all => all.forEach(d => { d.open = true })")
    edges = page.locator("#your-reading *, .memory-end *").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().right)"
    )
    assert edges
    assert max(edges) <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
