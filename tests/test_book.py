"""The built book hangs together: every link and anchor leads somewhere, nothing is fetched."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

BOOK = Path(__file__).resolve().parents[1] / "_build" / "html"
LOADING = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data", "link": "href",
}  # fmt: skip


def pages():
    """The built pages, leaving out what the theme keeps in folders of its own."""
    if not (BOOK / "index.html").is_file():
        return [None]
    return sorted(
        page for page in BOOK.rglob("*.html") if not page.relative_to(BOOK).parts[0].startswith("_")
    )


@pytest.fixture(params=pages(), ids=lambda page: page and page.relative_to(BOOK).as_posix())
def page(request):
    if request.param is None:
        pytest.fail("there is no built book: run make book first")
    return request.param


@cache
def soup(page):
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page):
    named = {tag["name"] for tag in soup(page).find_all("a", attrs={"name": True})}
    return {tag["id"] for tag in soup(page).find_all(id=True)} | named


def addresses(page):
    """Everything that the page links to or loads."""
    for tag in soup(page).find_all(True):
        for attribute in ("href", "src", "data"):
            if tag.get(attribute) and (attribute != "data" or tag.name == "object"):
                yield tag[attribute]


def dead_end(page, address):
    """What is wrong with ``address`` on ``page``, or None."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return f"{address}: no such file"
    if parts.fragment and target.suffix == ".html":
        fragment = unquote(parts.fragment)
        if fragment not in anchors(target) | {"", "top"}:
            return f"{address}: no such anchor"
    return None


def test_every_internal_link_leads_somewhere(page):
    found = {dead_end(page, address) for address in addresses(page)} - {None}
    assert not found


def test_nothing_is_loaded_from_another_host(page):
    found = [
        tag[attribute]
        for name, attribute in LOADING.items()
        for tag in soup(page).find_all(name)
        if urlsplit(tag.get(attribute, "")).netloc
    ]
    styles = "".join(tag.text for tag in soup(page).find_all("style"))
    found += re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)", styles)
    assert not found


def test_every_image_says_what_it_shows(page):
    for image in soup(page).find_all("img"):
        alt = image.get("alt")
        assert alt is not None, f"no alt text: {image}"
        assert not re.search(r"\.(png|svg|jpe?g)$", alt), f"a file name as alt text: {alt}"


def test_every_stored_explorer_is_on_its_page(page):
    chapter = (BOOK.parents[1] / page.relative_to(BOOK)).with_suffix(".ipynb")
    stored = chapter.read_text(encoding="utf-8") if chapter.is_file() else ""
    names = re.findall(r'<div [^>]*data-explorer=\\"([^"\\]+)', stored)
    assert names == [tag["data-explorer"] for tag in soup(page).select("div[data-explorer]")]


def test_every_link_to_a_concept_carries_its_definition(page):
    """A concept is a heading of level 3 in chapter 9, and what follows it is its definition."""
    concepts = (BOOK / "chapters" / "09_key_concepts.html").resolve()
    for link in soup(page).select("article a.reference.internal"):
        path, _, anchor = link["href"].partition("#")
        if page.resolve() == concepts or not anchor or (page.parent / path).resolve() != concepts:
            continue
        section = soup(concepts).find(id=anchor)
        if section.find("h3", recursive=False):
            begins = section.p.text.split("\\(")[0][:20]  # mathematics reads otherwise there
            assert "term" in link["class"], link
            assert link["title"].startswith(begins), link


def test_every_page_has_a_title_and_one_main_heading(page):
    assert soup(page).title.text.strip()
    if page.name != "search.html":  # the theme writes its heading with a script
        assert len(soup(page).select("article h1")) == 1
