"""Chromium, and the built book behind an address on this machine."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

BOOK = Path(__file__).resolve().parents[2] / "_build" / "html"


def chromium_path():
    return shutil.which("chromium") or shutil.which("chromium-browser")


def browser_is_required():
    return os.environ.get("CI") == "true" or os.environ.get("DROPOUT_REQUIRE_BROWSER") == "1"


@pytest.fixture(scope="session")
def browser():
    if not chromium_path():
        give_up = pytest.fail if browser_is_required() else pytest.skip
        give_up("Chromium is missing: on Debian and Ubuntu, apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--no-proxy-server"]
        )
        yield browser
        browser.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def book_address():
    """The address of the built book, served on a free port."""
    if not (BOOK / "index.html").is_file():
        pytest.fail("there is no built book: run make book first")
    handler = functools.partial(Quiet, directory=str(BOOK))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Visit:
    """A page opened in the browser, with what went wrong on it."""

    def __init__(self, page, address):
        self.page = page
        self.complaints = []
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("request", lambda request: self.note_request(request, address))
        page.on("response", self.note_response)

    def note_console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def note_request(self, request, address):
        if not request.url.startswith((address, "data:", "blob:")):
            self.complaints.append(f"asked another host for {request.url}")

    def note_response(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status} for {response.url}")


@pytest.fixture
def visit(browser, book_address):
    """visit(name, width=, scheme=) opens a page of the built book."""
    contexts = []

    def open_page(name, width=1280, scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        contexts.append(context)
        visited = Visit(context.new_page(), book_address)
        visited.page.goto(book_address + name, wait_until="load")
        if options.get("java_script_enabled", True):
            settle(visited.page)
        return visited

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """open_page(html) opens a page of its own, where nothing may be logged or fetched."""
    contexts, complaints = [], []

    def opened(html, width=1000, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5_000)
        own = (path.as_uri(), "about:srcdoc")
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url.split("#")[0] in own or complaints.append(r.url))
        page.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            page.locator(".dx:not([data-ready])").wait_for(state="detached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def settle(page):
    """Wait until nothing is being fetched and the formulas are set."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => window.MathJax?.startup?.promise?.then(() => null)")
