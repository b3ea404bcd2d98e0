"""The ledger in Chromium: verdicts and words filter it, by mouse and by keyboard."""

import pytest

from dropout_lib.claims import load_claims

pytestmark = pytest.mark.browser

PAGE = "chapters/11_evidence.html"
ROWS = list(load_claims().values())
VERDICTS = ("holds", "depends", "fails", "definition")


def ids_with(verdict):
    return {f"claim-{row.id}" for row in ROWS if verdict in ("", row.verdict)}


@pytest.fixture
def page(visit):
    visited = visit(PAGE)
    yield visited.page
    assert visited.complaints == []


def shown(page):
    return set(page.locator(".ledger .claim:visible").evaluate_all("all => all.map(c => c.id)"))


def announced(page):
    return page.locator(".ledger-count[aria-live=polite]").inner_text()


def button(page, verdict):
    return page.locator(f".ledger-controls button[data-verdict='{verdict}']")


def test_at_first_everything_is_shown_and_counted(page):
    assert shown(page) == ids_with("")
    assert announced(page) == f"{len(ROWS)} claims"
    assert button(page, "").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_click_on_a_verdict_leaves_its_rows_and_says_how_many(page, verdict):
    button(page, verdict).click()
    assert shown(page) == ids_with(verdict)
    assert announced(page) == f"{len(ids_with(verdict))} of {len(ROWS)} claims"
    pressed = page.locator(".ledger-controls [aria-pressed=true]")
    assert pressed.evaluate_all("all => all.map(b => b.dataset.verdict)") == [verdict]
    for part in page.locator(".ledger-part:visible").all():
        assert part.locator(".claim:visible").count()


def test_the_filter_works_with_the_keyboard_alone(page):
    button(page, "").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page) == ids_with("fails")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert shown(page) == ids_with("depends")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.type("spatial")
    assert page.evaluate("document.activeElement.type") == "search"
    assert 0 < len(shown(page)) < len(ids_with("depends"))


def test_words_and_verdict_narrow_together_and_can_leave_nothing(page):
    search = page.get_by_label("Search in the claims")
    search.fill("Recurrent  MASK")
    found = shown(page)
    assert "claim-49-tied-masks-in-recurrent-networks" in found
    assert found < ids_with("")
    button(page, "depends").click()
    assert shown(page) == found & ids_with("depends")
    search.fill("no claim speaks of zebras")
    assert shown(page) == set()
    assert announced(page) == f"0 of {len(ROWS)} claims"
    search.fill("")
    button(page, "").click()
    assert shown(page) == ids_with("")


def test_a_link_to_a_hidden_claim_brings_it_back(page):
    button(page, "definition").click()
    target = "claim-05-redundant-units"
    page.evaluate("id => { location.hash = id }", target)
    page.locator(f"#{target}").wait_for(state="visible", timeout=5_000)
    assert shown(page) == ids_with("")


def test_a_card_leads_to_its_row_and_the_row_back_to_the_chapter(visit):
    page = visit("chapters/01_what_is_dropout.html").page
    page.locator(".claims a.in-book").first.click()
    page.wait_for_url("**/11_evidence.html#claim-*")
    row = page.locator(".ledger .claim:target")
    assert row.locator(".in-notebook").filter(visible=True).count() == 0
    row.locator("a.in-book").first.click()
    page.wait_for_url("**/01_what_is_dropout.html#*")
    assert page.locator(":target").count() == 1


def test_without_scripts_everything_is_visible_and_no_control_pretends(visit):
    page = visit(PAGE, java_script_enabled=False).page
    assert shown(page) == ids_with("")
    assert not page.locator(".ledger-controls").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rows_fit_a_narrow_phone(visit, scheme):
    page = visit(PAGE, width=360, scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    wide = page.locator(".claims *:not(svg *)").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > 361).length"
    )
    assert wide == 0
