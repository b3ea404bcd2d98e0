"""The stored chapters are in order: executed, normalised, readable wherever they are opened."""

import re

import nbformat
import pytest

from tools import notebooks, repository
from tools.notebooks import ROOT

CHAPTERS = notebooks.chapter_paths()
IMAGE_TYPES = {"image/png", "image/jpeg", "image/svg+xml"}
LOADED_FROM_ELSEWHERE = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio|embed|object)\b[^>]*"
    r"\b(?:src|href|data|srcset)\s*=\s*[\"']?\s*(?:https?:)?//[^>]*>"
    r"|url\(\s*[\"']?(?:https?:)?//[^)]*\)|@import\s+[\"'](?:https?:)?//",
    re.IGNORECASE,
)
IMAGE_WITHOUT_ALT = re.compile(
    r"!\[\s*\]\([^)]*\)|<img\b(?![^>]*\balt\s*=\s*[\"'][^\"']*\S[^\"']*[\"'])[^>]*>"
)


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def chapter(path):
    return nbformat.read(path, as_version=4)


def code_cells(chapter):
    return [cell for cell in chapter.cells if cell.cell_type == "code" and cell.source.strip()]


def outputs(chapter):
    return [(cell, output) for cell in code_cells(chapter) for output in cell.outputs]


def test_the_table_of_contents_names_what_exists():
    missing = [
        name
        for name in notebooks.toc_files()
        if not any((ROOT / f"{name}{suffix}").is_file() for suffix in ("", ".ipynb", ".md"))
    ]
    assert not missing


def test_every_chapter_is_in_the_table_of_contents():
    named = {name.removesuffix(".ipynb") for name in notebooks.toc_files()}
    assert {f"chapters/{path.stem}" for path in CHAPTERS} <= named


def test_is_normalised(path):
    assert notebooks.problems(path) == []


def test_every_code_cell_was_executed_in_order(chapter):
    cells = code_cells(chapter)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert outputs(chapter), "the chapter shows no output: run make execute"


def test_no_error_and_no_warning_is_stored(chapter):
    for cell, output in outputs(chapter):
        assert output.output_type != "error", f"cell {cell.id} stores an error"
        assert output.get("name") != "stderr", f"cell {cell.id} stores: {output.text}"


def test_begins_with_the_lines_that_find_the_library(chapter):
    assert code_cells(chapter)[0].source == repository.first_cell(), "run make set-repository"


def test_outputs_load_nothing_from_another_host(chapter):
    for cell, output in outputs(chapter):
        found = LOADED_FROM_ELSEWHERE.search(output.get("data", {}).get("text/html", ""))
        assert not found, f"cell {cell.id} loads {found.group()}"


def test_what_others_draw_finds_no_mathjax_to_wait_for_or_to_fetch(chapter):
    """Quizzes and cards bring MathML; their libraries would look for MathJax and log it."""
    texts = [text for cell in code_cells(chapter) for _, text in notebooks.texts_of(cell)]
    drawn = [text for text in texts if "MathJax" in text]
    assert all("(function (MathJax, console" in text for text in drawn)


def test_only_figures_are_left_out_of_the_comparison(chapter):
    for cell in code_cells(chapter):
        assert "NBVAL_" not in cell.source.upper(), f"cell {cell.id}: use a cell tag"
        tags = {tag for tag in cell.metadata.get("tags", ()) if tag.startswith("nbval-")}
        assert tags <= {"nbval-ignore-output"}, f"cell {cell.id} has {tags}"
        if tags:
            kinds = [IMAGE_TYPES & set(output.get("data", {})) for output in cell.outputs]
            assert all(kinds), f"cell {cell.id} ignores an output that is no figure"


def test_no_line_of_text_stands_behind_a_comment(chapter):
    """Markdown takes such a line for HTML, and does not typeset what is in it."""
    texts = [cell.source for cell in chapter.cells if cell.cell_type == "markdown"]
    lines = [line for text in texts for line in text.splitlines()]
    assert [line for line in lines if re.match(r"\s*<!--.*?-->\s*[^<\s]", line)] == []


def test_every_image_in_the_text_says_what_it_shows(chapter):
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            found = IMAGE_WITHOUT_ALT.search(cell.source)
            assert not found, f"cell {cell.id}: no alt text in {found.group()}"


# --- the tool itself ---------------------------------------------------------------------------


def new_notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def code(source="1", count=1, outputs=(), **options):
    return nbformat.v4.new_code_cell(
        source, execution_count=count, outputs=list(outputs), **options
    )


def printed(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def shown(data, **options):
    return nbformat.v4.new_output("display_data", data=data, **options)


def test_normalising_twice_changes_nothing():
    notebook = new_notebook(code(outputs=[printed("a"), printed("b")]), code(count=7))
    once = notebooks.to_text(notebooks.normalise(notebook))
    assert notebooks.to_text(notebooks.normalise(nbformat.reads(once, as_version=4))) == once


def test_cell_ids_are_kept_where_they_are_valid_and_unique():
    notebook = new_notebook(code(), code(), code(), code())
    for cell, name in zip(notebook.cells, ["hook", "hook", "c001", "not valid"], strict=True):
        cell.id = name
    notebooks.normalise(notebook)
    assert [cell.id for cell in notebook.cells] == ["hook", "c002", "c001", "c003"]


def test_execution_is_counted_from_one():
    notebook = notebooks.normalise(new_notebook(code(count=4), code(count=None), code(count=9)))
    assert [cell.execution_count for cell in notebook.cells] == [1, None, 2]


def test_pieces_of_one_printed_text_are_joined():
    pieces = [printed("a"), printed("b"), printed("c", name="stderr"), printed("d")]
    notebook = notebooks.normalise(new_notebook(code(outputs=pieces)))
    assert [output.text for output in notebook.cells[0].outputs] == ["ab", "c", "d"]


def test_a_widget_is_stored_as_html_only():
    data = {notebooks.WIDGET_VIEW: {"model_id": "1"}, "text/html": "<b>", "text/plain": "b"}
    notebook = notebooks.normalise(new_notebook(code(outputs=[shown(data)])))
    assert set(notebook.cells[0].outputs[0].data) == {"text/html", "text/plain"}


def test_timing_and_machine_metadata_go():
    cell = code(metadata={"execution": {"iopub.status.busy": "now"}, "tags": ["hide-input"]})
    notebook = new_notebook(cell)
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    notebooks.normalise(notebook)
    assert notebook.cells[0].metadata == {"tags": ["hide-input"]}
    assert notebook.metadata["language_info"] == {"name": "python"}
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize(
    "text",
    [
        "<object at 0x7f3a5c0b2d10>",
        "File /home/ada/book.py",
        "see /var/folders/ab/x",
        r"C:\Users\ada\book",
    ],
)
def test_what_differs_between_machines_is_refused(text):
    assert notebooks.refusals(new_notebook(code(outputs=[printed(text)])))


@pytest.mark.parametrize(
    "text", ["2/3 of them", "https://arxiv.org/home/work", "</var><b>", "a/tmp/b", "and/or"]
)
def test_ordinary_text_is_not_refused(text):
    assert notebooks.refusals(new_notebook(code(outputs=[printed(text)]))) == []


def test_execution_stores_the_outputs_and_twice_gives_the_same_file(tmp_path):
    path = tmp_path / "chapter.ipynb"
    cell = code("import os\nprint(os.listdir())\n1 / 2", count=None)
    path.write_text(notebooks.to_text(new_notebook(cell)), encoding="utf-8")
    notebooks.execute(path)
    once = path.read_bytes()
    notebooks.execute(path)
    assert path.read_bytes() == once
    stored = nbformat.read(path, as_version=4).cells[0].outputs
    assert stored[0].text == "[]\n"
    assert stored[1].data["text/plain"] == "0.5"
    assert notebooks.problems(path) == []


def test_a_chapter_that_fails_is_left_as_it_was(tmp_path):
    path = tmp_path / "chapter.ipynb"
    path.write_text(notebooks.to_text(new_notebook(code("1 / 0"))), encoding="utf-8")
    before = path.read_bytes()
    assert notebooks.run_execute([path]) == 1
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
