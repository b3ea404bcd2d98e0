"""Every built page in Chromium: quiet, self-contained, readable on a phone; sliders move."""

from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(
    page.relative_to(BOOK).as_posix()
    for page in BOOK.rglob("*.html")
    if not page.relative_to(BOOK).parts[0].startswith("_")
) or ["index.html"]
WITH_EXPLORERS = [
    name
    for name in PAGES
    if (BOOK / name).is_file() and 'data-explorer="' in (BOOK / name).read_text(encoding="utf-8")
]

pytestmark = pytest.mark.browser

# What reaches beyond the right edge. Code may: it scrolls in a box of its own. What a script hides
# for screen readers is clipped to a point and is not looked at.
OVERFLOWING = """() => {
    const edge = document.documentElement.clientWidth + 1;
    const article = document.querySelector("article") ?? document.body;
    const wide = [...article.querySelectorAll("*")].filter(element =>
        !element.closest("pre, .highlight, mjx-assistive-mml") &&
        !element.parentElement.closest("svg, mjx-container") &&
        element.getClientRects().length > 0 &&
        element.getBoundingClientRect().right > edge);
    const names = wide.map(element => element.tagName + "." + element.getAttribute("class"));
    if (document.documentElement.scrollWidth > edge) names.push("the page itself");
    return names;
}"""

READING = """explorer => [".explorer-picture", ".explorer-reading"]
    .map(part => explorer.querySelector(part)?.innerHTML ?? "").join("\\n")"""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_opens_without_a_complaint(visit, name, width, scheme):
    visited = visit(name, width=width, scheme=scheme)
    assert visited.complaints == []
    assert visited.page.evaluate("document.documentElement.dataset.theme") == scheme


@pytest.mark.parametrize("name", PAGES)
def test_nothing_but_code_is_wider_than_a_phone(visit, name):
    assert visit(name, width=390).page.evaluate(OVERFLOWING) == []


# --- explorers ---------------------------------------------------------------------------------


@pytest.fixture(params=WITH_EXPLORERS)
def explorers(request, visit):
    """The explorers of a page; whatever is done to them must leave the page without complaint."""
    visited = visit(request.param)
    found = visited.page.locator(".explorer").all()
    assert found
    yield found
    assert visited.complaints == []


def changes(explorer, before, expression=READING):
    """Wait until ``expression`` of the explorer differs from ``before``."""
    handle = explorer.element_handle()
    explorer.page.wait_for_function(
        f"([element, before]) => ({expression})(element) !== before",
        arg=[handle, before],
        timeout=5_000,
    )


def name_of(explorer):
    return explorer.get_attribute("data-explorer")


def test_every_explorer_can_be_read_aloud(explorers):
    for explorer in explorers:
        picture = explorer.locator(".explorer-picture")
        assert picture.get_attribute("role") == "img", name_of(explorer)
        assert picture.get_attribute("aria-label").strip(), name_of(explorer)
        assert explorer.locator(".explorer-reading[aria-live=polite]").count() == 1
        unnamed = explorer.locator("input, select, button").evaluate_all(
            """controls => controls.filter(control => !(control.labels?.length ||
                control.ariaLabel || control.textContent.trim())).map(c => c.outerHTML)"""
        )
        assert unnamed == [], name_of(explorer)


def test_every_slider_moves_with_the_keyboard(explorers):
    for explorer in explorers:
        for slider in explorer.locator("input[type=range]").all():
            at_the_end = slider.evaluate("s => Number(s.value) + Number(s.step || 1) > s.max")
            picture = explorer.locator(".explorer-picture").evaluate("picture => picture.innerHTML")
            spoken = slider.get_attribute("aria-valuetext")
            slider.focus()
            slider.press("ArrowLeft" if at_the_end else "ArrowRight")
            changes(explorer, picture, 'e => e.querySelector(".explorer-picture").innerHTML')
            changes(slider, spoken, 's => s.getAttribute("aria-valuetext")')


def test_every_choice_changes_what_is_shown(explorers):
    for explorer in explorers:
        for select in explorer.locator("select").all():
            before = explorer.evaluate(READING)
            count = select.locator("option").count()
            select.select_option(index=(select.evaluate("s => s.selectedIndex") + 1) % count)
            changes(explorer, before)
        for radio in explorer.locator("input[type=radio]:not(:checked)").all():
            before = explorer.evaluate(READING)
            radio.check(force=True)
            changes(explorer, before)
        for box in explorer.locator("input[type=checkbox]").all():
            before = explorer.evaluate(READING)
            box.set_checked(not box.is_checked(), force=True)
            changes(explorer, before)


def test_every_button_changes_what_is_shown(explorers):
    for explorer in explorers:
        for button in explorer.locator(".explorer-controls button:enabled").all():
            before = explorer.evaluate(READING)
            button.press("Enter")
            changes(explorer, before)


@pytest.mark.parametrize("name", WITH_EXPLORERS)
def test_the_first_picture_needs_no_script(visit, name):
    page = visit(name, java_script_enabled=False).page
    for picture in page.locator(".explorer-picture").all():
        assert picture.inner_html().strip()
