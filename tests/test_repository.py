"""The repository's address stands in one place and is carried to the others."""

import shutil
import sys

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

from tools import notebooks, repository
from tools.notebooks import ROOT

ADDRESS = "https://example.org/ada/dropout"


@pytest.fixture
def book(tmp_path):
    """A copy of the book with one chapter and no address."""
    for name in ("pyproject.toml", "_config.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "dropout_lib").mkdir()
    shutil.copy(ROOT / "dropout_lib" / "__init__.py", tmp_path / "dropout_lib")
    (tmp_path / "chapters").mkdir()
    cells = [nbformat.v4.new_markdown_cell("# One"), nbformat.v4.new_code_cell("old")]
    notebook = notebooks.normalise(nbformat.v4.new_notebook(cells=cells))
    repository.write(tmp_path / "chapters" / "01_one.ipynb", notebooks.to_text(notebook))
    repository.set_address("", tmp_path)
    return tmp_path


def contents(book):
    return {path: path.read_bytes() for path in book.rglob("*") if path.is_file()}


def sources(book):
    chapter = nbformat.read(book / "chapters" / "01_one.ipynb", as_version=4)
    return [cell.source for cell in chapter.cells]


def first_source(book):
    return sources(book)[1]


def test_the_book_agrees_with_itself():
    assert repository.outdated() == {}, "run make set-repository"


def test_an_address_reaches_all_its_places(book):
    changed = repository.set_address(ADDRESS, book)
    assert {path.name for path in changed} == {"pyproject.toml", "_config.yml", "01_one.ipynb"}
    assert repository.address(book) == ADDRESS
    config = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == ADDRESS
    assert config["launch_buttons"]["colab_url"] == repository.COLAB
    pinned = f"dropout_lib[book] @ git+{ADDRESS}@v{repository.version(ROOT)}"
    assert pinned in first_source(book) == repository.first_cell(book)
    assert notebooks.problems(book / "chapters" / "01_one.ipynb") == []


def test_no_code_of_a_chapter_is_lost(book):
    repository.set_address(ADDRESS, book)
    assert sources(book) == ["# One", repository.first_cell(book), "old"]


def test_setting_it_twice_changes_nothing(book):
    repository.set_address(ADDRESS, book)
    before = contents(book)
    assert repository.set_address(ADDRESS, book) == []
    assert contents(book) == before


def test_taking_it_away_restores_every_byte(book):
    before = contents(book)
    repository.set_address(ADDRESS, book)
    repository.set_address("https://example.org/grace/dropout", book)
    repository.set_address("", book)
    assert contents(book) == before


def test_without_an_address_there_are_no_launch_buttons(book):
    config = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    assert not config["repository"]["url"]
    assert not config["launch_buttons"]["colab_url"]
    assert "make lab" in first_source(book)


@pytest.mark.parametrize("wrong", ["dropout", "http://example.org/a/b", 'https://x.org/a"b', "-"])
def test_what_is_no_address_is_refused_and_nothing_changes(book, wrong):
    before = contents(book)
    with pytest.raises(ValueError, match="https://host/owner/name"):
        repository.set_address(wrong, book)
    assert contents(book) == before


def test_without_the_library_the_first_cell_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "dropout_lib", None)
    with pytest.raises(ModuleNotFoundError, match="make lab"):
        exec(repository.CELL_WITHOUT_ADDRESS, {})


def test_with_an_address_the_first_cell_is_what_ipython_can_run(book):
    repository.set_address(ADDRESS, book)
    transformed = TransformerManager().transform_cell(repository.first_cell(book))
    compile(transformed, "first cell", "exec")
    assert "run_line_magic('pip'" in transformed
