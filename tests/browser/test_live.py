"""Explorers where a kernel runs: JupyterLab, a real kernel, a slider moved with the keyboard."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from tools import notebooks

pytestmark = pytest.mark.browser

PLAIN_EXPLORER = """\
import ipywidgets

slider = ipywidgets.IntSlider(value=2, max=9, description="size")
picture = ipywidgets.HTML("size 2")
picture.add_class("explorer-live-picture")
slider.observe(lambda change: setattr(picture, "value", f"size {change.new}"), names="value")
explorer = ipywidgets.VBox([slider, picture])
explorer.add_class("explorer-live")
explorer"""

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # every cell is in the page, also those that are not in view
    "notebook-extension/tracker": {"windowingMode": "none"},
}


def explorer_count(path):
    """How many explorers the stored outputs of a chapter show."""
    chapter = nbformat.read(path, as_version=4)
    return sum(
        output.get("data", {}).get("text/html", "").count('data-explorer="')
        for cell in chapter.cells
        for output in cell.get("outputs", ())
    )


def plain_notebook(folder):
    cells = [nbformat.v4.new_code_cell(PLAIN_EXPLORER)]
    notebook = notebooks.normalise(nbformat.v4.new_notebook(cells=cells))
    (folder / "plain.ipynb").write_text(notebooks.to_text(notebook), encoding="utf-8")
    return folder / "plain.ipynb"


CHAPTERS = [path for path in notebooks.chapter_paths() if explorer_count(path)]


@pytest.fixture(params=CHAPTERS or [None], ids=lambda path: path.stem if path else "plain")
def notebook(request, tmp_path):
    """(a copy of the chapter in a folder of its own, the number of its explorers)"""
    folder = tmp_path / "chapters"
    folder.mkdir()
    if request.param is None:
        return plain_notebook(folder), 1
    copy = folder / request.param.name
    copy.write_bytes(request.param.read_bytes())
    return copy, explorer_count(request.param)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def jupyterlab(notebook, tmp_path):
    """The address of a JupyterLab that knows nothing of the reader's own settings."""
    path, _ = notebook
    port = free_port()
    environment = os.environ | {
        f"JUPYTER{name}_DIR": str(tmp_path / name.strip("_").lower())
        for name in ("_CONFIG", "_DATA", "_RUNTIME", "LAB_SETTINGS", "LAB_WORKSPACES")
    }
    for name, settings in SETTINGS.items():
        file = tmp_path / "lab_settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    options = [
        "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={path.parent}",
        "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    log = tmp_path / "jupyterlab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield wait_for_server(server, f"http://127.0.0.1:{port}/", log)
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_for_server(server, address, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}api", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return address
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    await app.commands.execute("notebook:run-all-cells");
}"""
# connected, and not idle: the message that it became idle may have come before the page listened
KERNEL_IS_CONNECTED = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.sessionContext?.session?.kernel?.connectionStatus === "connected";
}"""


def open_and_run(browser, address, path):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}lab/tree/{path.name}")
    page.wait_for_function(KERNEL_IS_CONNECTED)
    page.evaluate(RUN_ALL)
    return page


def test_a_live_slider_redraws_its_picture(browser, jupyterlab, notebook):
    path, count = notebook
    page = open_and_run(browser, jupyterlab, path)
    live = page.locator(".explorer-live")
    live.nth(count - 1).wait_for(state="visible", timeout=180_000)
    assert live.count() == count
    for explorer in live.all():
        move_first_control(explorer)
    page.context.close()


def move_first_control(explorer):
    """Move the first slider, or choose anew where there is none; wait for another picture."""
    picture = explorer.locator(".explorer-live-picture")
    before = picture.inner_html()
    if explorer.locator(".noUi-handle").count():
        handle = explorer.locator(".noUi-handle").first
        at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.focus()
        handle.press("ArrowLeft" if at_the_end else "ArrowRight")
    else:
        explorer.locator("select").first.select_option(index=1)
    explorer.page.wait_for_function(
        "([picture, before]) => picture.innerHTML !== before",
        arg=[picture.element_handle(), before],
    )
