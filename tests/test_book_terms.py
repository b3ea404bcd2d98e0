"""Links to concepts of chapter 9 carry definitions: in a small book, built here."""

import doctest
import io
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tools.book_terms.plain_math import plain_math

ROOT = Path(__file__).resolve().parents[1]
CONCEPTS = r"""# Key concepts

## Words

### Drop probability

The probability $p$ that a unit is *dropped*; what is kept is scaled by $\frac{1}{1-p}$ in
`train()`. <!-- claim: an-id holds -->

More about it, see [mask](#mask).

## Signs

### Mask

One draw of zeros & ones: see [drop probability](09_key_concepts.ipynb#drop-probability).

### Monte-Carlo passes, $T$ of them

Several predictions with dropout on.

## Summary

That was it.
"""
SETTINGS = {
    "extensions": ["myst_nb", "tools.book_terms"],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["dollarmath"],
    "myst_heading_anchors": 3,
    "root_doc": "index",
    "html_theme": "basic",
}


def write_notebook(path, text):
    cell = nbformat.v4.new_markdown_cell(text, id="one")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), path)


class Book:
    """A book of a first page, chapter 1 and chapter 9."""

    def __init__(self, folder):
        self.folder = folder
        toc = "```{toctree}\nchapters/01_first\nchapters/09_key_concepts\n```"
        index = f"# Book\n\n[Mask](chapters/09_key_concepts.ipynb#mask)\n\n{toc}\n"
        (folder / "index.md").write_text(index, encoding="utf-8")
        self.concepts(CONCEPTS)

    def concepts(self, text):
        write_notebook(self.folder / "chapters" / "09_key_concepts.ipynb", text)

    def chapter(self, text):
        write_notebook(self.folder / "chapters" / "01_first.ipynb", f"# First\n\n{text}")

    def build(self):
        """What Sphinx warned of."""
        warnings = io.StringIO()
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                self.folder, None, self.folder / "out", self.folder / "doctrees", "html",
                confoverrides=SETTINGS, status=None, warning=warnings,
            )  # fmt: skip
            app.build()
        return warnings.getvalue()

    def link(self, words, page="chapters/01_first"):
        text = (self.folder / "out" / f"{page}.html").read_text(encoding="utf-8")
        main = BeautifulSoup(text, "html.parser").select_one("div.body")
        return next(link for link in main.select("a.reference") if link.text == words)


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_link_carries_the_definition_in_plain_text(book):
    book.chapter(
        "The [drop rate](09_key_concepts.ipynb#drop-probability) and the "
        "[`mask`](09_key_concepts.ipynb#mask), "
        "[passes](09_key_concepts.ipynb#monte-carlo-passes--of-them), "
        "[the page](09_key_concepts.ipynb), [its end](09_key_concepts.ipynb#summary)."
    )
    assert book.build() == ""
    assert book.link("drop rate")["title"].replace("\N{NO-BREAK SPACE}", " ") == (
        "The probability p that a unit is dropped; what is kept is scaled by 1/(1 − p) in train()."
    )
    assert book.link("mask")["title"] == "One draw of zeros & ones: see drop probability."
    assert book.link("passes")["title"] == "Several predictions with dropout on."
    for words in ("drop rate", "mask", "passes"):
        assert "term" in book.link(words)["class"]
    for words in ("the page", "its end"):
        assert "term" not in book.link(words)["class"]
        assert not book.link(words).get("title")
    assert book.link("Mask", "index")["title"] == book.link("mask")["title"]


def test_links_within_the_concepts_page_stay_ordinary(book):
    book.chapter("Text.")
    book.build()
    for words in ("mask", "drop probability"):
        assert "term" not in book.link(words, "chapters/09_key_concepts")["class"]


def test_a_link_to_a_concept_that_there_is_not_is_a_warning(book):
    book.chapter("[nothing](09_key_concepts.ipynb#no-such-concept)")
    assert "no-such-concept" in book.build()


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ("", "'Mask' has no paragraph that defines it"),
        ("- a list\n- and no sentence", "'Mask' has no paragraph that defines it"),
        ("Word " * 60, "the definition of 'Mask' has 299 characters, at most 240 fit"),
        (r"The sign $\unheardof$.", r"\unheardof in '\\unheardof' has no plain form yet"),
    ],
)
def test_a_concept_without_a_usable_definition_is_a_warning(book, definition, complaint):
    book.concepts(f"# Key concepts\n\n## Words\n\n### Mask\n\n{definition}\n")
    book.chapter("[mask](09_key_concepts.ipynb#mask)")
    assert complaint in book.build()


def test_a_changed_definition_reaches_the_pages_that_did_not_change(book):
    book.chapter("[mask](09_key_concepts.ipynb#mask)")
    book.build()
    book.concepts(CONCEPTS.replace("One draw of zeros & ones", "Zeros and ones"))
    book.build()
    assert book.link("mask")["title"].startswith("Zeros and ones")


def test_the_book_uses_the_extension():
    """Jupyter Book ignores local_extensions where a list of extensions is given."""
    sphinx = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]
    assert sphinx["local_extensions"] == {"book_terms": "tools"}
    assert "book_terms" in sphinx["config"]["extensions"]


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\frac{p}{1-p}x^2", "p/(1 − p) x²"),
        (r"\frac12", "1/2"),
        ("-1", "−1"),
        (r"x_{t-1}, W_{hh}^\top", "xₜ₋₁, Wₕₕᵀ"),
        (r"w_{q}", "w_q"),
        (r"m_{n,c}", "m_(n,c)"),
        (r"x\sqrt{p/((1-p)\,T)}", "x√(p/((1 − p) T))"),
        (r"\mathbb{E}[y]=\mu", "E[y] = μ"),
        (r"y \in \{0, 1\}", "y ∈ {0, 1}"),
        (r"\max(z, 0)", "max(z, 0)"),
    ],
)
def test_mathematics_stays_readable_without_typesetting(tex, text):
    assert plain_math(tex) == text


@pytest.mark.parametrize("tex", [r"\frac{1}", "{x", r"x^", r"\begin{matrix}"])
def test_mathematics_without_a_plain_form_is_refused(tex):
    with pytest.raises(ValueError, match=r"argument is missing|no plain form"):
        plain_math(tex)


def test_the_examples_in_the_docstring_hold():
    assert doctest.testmod(sys.modules[plain_math.__module__]) == (0, 2)
