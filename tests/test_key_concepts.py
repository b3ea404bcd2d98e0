"""Chapter 9 has every word of the book, each entry has its parts, and all chapters link to it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from dropout_lib import pytorch
from dropout_lib.explorers.drop_or_keep import PLACES, conventions_table, read_it_where
from dropout_lib.explorers.five_variants import edge_maps
from dropout_lib.explorers.who_shares import VARIANTS, left_over, who_shares_explorer

CHAPTERS = sorted((Path(__file__).parents[1] / "chapters").glob("*.ipynb"))
PAGE = "09_key_concepts"
LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<page>[\w.]*)#(?P<anchor>[\w-]+)\)")
SETTLED_ELSEWHERE = ("10_", "12_")  # chapters that link as they like

OF_THE_DOCUMENT = {  # the key concepts of the examined document: the entries that treat them
    "Dropout rate (p)": ["Drop probability"],
    "Keep probability (1-p)": ["Keep probability"],
    "Inverted dropout": ["Inverted dropout"],
    "Standard dropout": ["Standard dropout"],
    "mc_dropout": ["Monte Carlo dropout"],
    "Spatial dropout": ["Spatial dropout", "Feature map"],
    "Variational dropout": ["Variational dropout", "Variational dropout with learned noise"],
    "Typical rates": ["Typical rates"],
}


def markdown(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def without_marks(text):
    return re.sub(r"\s*<!--.*?-->", "", text)


TEXTS = {path.stem: markdown(path) for path in CHAPTERS}
LINKING = [stem for stem in TEXTS if stem != PAGE and not stem.startswith(SETTLED_ELSEWHERE)]


def slug(heading):
    """The anchor of a heading, as MyST makes it."""
    bare = re.sub(r"[`*$]", "", heading).lower().replace(" ", "-")
    return re.sub(r"[^\w-]", "", bare)


def anchors(stem):
    return {slug(m[1]) for m in re.finditer(r"^#{1,3} (.+)$", TEXTS[stem], re.MULTILINE)}


def concepts():
    """{heading: text below it} of the level-3 headings of chapter 9."""
    parts = re.split(r"^(#{2,3}) (.+)$", TEXTS[PAGE], flags=re.MULTILINE)
    triples = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {heading: text.strip() for level, heading, text in triples if level == "###"}


CONCEPTS = concepts()


def definition(heading):
    """The first paragraph of an entry as plain text, which a hover shows."""
    text = without_marks(CONCEPTS[heading].split("\n\n")[0])
    return re.sub(r"[`*$]", "", LINK.sub(r"\g<words>", text)).strip()


def paragraphs(text):
    """Paragraphs, with items of a list and rows of a table each for itself."""
    for block in text.split("\n\n"):
        yield from re.split(r"\n(?=[-|] ?)", block)


# --- the entries -------------------------------------------------------------------------------


@pytest.mark.parametrize("of_the_document", OF_THE_DOCUMENT)
def test_every_key_concept_of_the_document_is_there(of_the_document):
    assert set(OF_THE_DOCUMENT[of_the_document]) <= set(CONCEPTS)


@pytest.mark.parametrize("heading", CONCEPTS)
def test_a_definition_is_short_and_can_be_read_alone(heading):
    said = definition(heading)
    assert 40 <= len(said) <= 240, len(said)
    assert said.endswith(".")
    assert len(re.findall(r"[.:?](?= [A-Z]|$)", said)) <= 2  # sentences
    assert not re.search(r"\b(above|below|this chapter)\b|\\", said)
    assert not LINK.search(CONCEPTS[heading].split("\n\n")[0])


@pytest.mark.parametrize("heading", CONCEPTS)
def test_an_entry_says_where_it_is_used_and_what_it_is_mistaken_for(heading):
    text = CONCEPTS[heading]
    assert re.search(r"\]\((?!09)\d\d\w*\.ipynb", text), "no link to a chapter"
    assert text.count("**Mistaken for**") == 1


def test_every_concept_is_linked_from_a_chapter():
    linked = {m["anchor"] for stem in LINKING for m in links_to_the_page(stem)}
    assert {slug(heading) for heading in CONCEPTS} <= linked


def test_links_of_the_page_lead_somewhere():
    for found in LINK.finditer(TEXTS[PAGE]):
        page = found["page"].removesuffix(".ipynb") or PAGE
        assert found["anchor"] in anchors(page), found[0]


# --- the index ---------------------------------------------------------------------------------


def test_the_index_is_complete_and_sorted():
    index = TEXTS[PAGE].split("## Index")[1]
    entries = [(m["words"].replace("`", ""), m["anchor"]) for m in LINK.finditer(index)]
    names = [name.lower() for name, _ in entries]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    assert set(CONCEPTS) <= {name for name, _ in entries}
    assert {anchor for _, anchor in entries} == {slug(heading) for heading in CONCEPTS}
    assert all(slug(name) == anchor for name, anchor in entries if name in CONCEPTS)
    for line in filter(None, map(str.strip, index.splitlines())):
        letter = re.match(r"\*\*(\w)\*\*", line)[1]
        assert all(m["words"].strip("`")[0].upper() == letter for m in LINK.finditer(line))


# --- links from the chapters -------------------------------------------------------------------


def links_to_the_page(stem):
    return [m for m in LINK.finditer(TEXTS[stem]) if m["page"] == f"{PAGE}.ipynb"]


@pytest.mark.parametrize("stem", LINKING)
def test_a_chapter_links_to_at_least_five_concepts_and_not_too_many(stem):
    found = [m["anchor"] for m in links_to_the_page(stem)]
    assert len(set(found)) >= 5
    assert len(found) <= 15
    for text in paragraphs(TEXTS[stem]):
        assert text.count(f"]({PAGE}.ipynb#") <= 2, text


@pytest.mark.parametrize("stem", [stem for stem in TEXTS if stem != PAGE])
def test_every_link_to_the_page_has_its_concept(stem):
    places = anchors(PAGE)
    assert [m[0] for m in links_to_the_page(stem) if m["anchor"] not in places] == []


@pytest.mark.parametrize("stem", LINKING)
def test_no_heading_and_no_head_of_a_table_is_a_link(stem):
    for line in TEXTS[stem].splitlines():
        assert not (line.startswith("#") and f"{PAGE}.ipynb" in line), line
    for head in re.findall(r"^(\|.*)\n\|[-| :]+\|$", TEXTS[stem], re.MULTILINE):
        assert f"{PAGE}.ipynb" not in head


# --- the converter -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.where)
def test_a_keyword_says_whether_it_keeps_or_drops(place):
    if re.search("keep|retain|survival", place.written):
        assert place.convention == "keep"
    elif re.search("drop|rate|ratio", place.written):
        assert place.convention == "drop"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.where)
def test_the_code_for_a_place_runs(place):
    names = {name: getattr(pytorch, name) for name in pytorch.__all__}
    names |= {"nn": torch.nn, "F": torch.nn.functional, "torch": torch}
    exec(place.code.format(0.2), {**names, "n": 3, "m": 4, "N": 5, "weight_hh": torch.ones(4, 4)})


def test_one_number_means_two_things():
    explorer = read_it_where()
    number = {place.where: i for i, place in enumerate(PLACES)}
    old, new = (
        explorer.picture(place=number[where], value=0.8).reading
        for where in ("TensorFlow 1, tf.nn.dropout", "TensorFlow 2 and Keras, Dropout")
    )
    assert old.endswith("p = 0.2.")
    assert new.endswith("p = 0.8.")
    rows = repr(conventions_table()).splitlines()
    assert len(rows) == 2 + len(PLACES)
    assert all(row.count("|") == 3 for row in rows)  # two columns


# --- who shares a draw -------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_entries_share_a_draw_where_the_shape_has_a_1(variant, p):
    maps = np.ones((2, 4, 14, 14))
    left = left_over(variant, maps, p, 1)
    if variant.name == "variational dropout":
        left = left.transpose(2, 0, 1, 3).reshape(14, 2, 56)  # (time, case, unit)
    for axis, length in enumerate(variant.shape):
        same = (left == left.take([0], axis=axis)).all()
        assert same or length > 1
        if variant.name != "DropBlock" and length > 2:
            assert not same, axis
    if variant.name != "stochastic depth":  # of two draws, none may be zero
        assert (left == 0).any() == (variant.name != "Gaussian dropout")


def test_first_draw_of_stochastic_depth_shows_both_fates():
    (number,) = (i for i, v in enumerate(VARIANTS) if v.name == "stochastic depth")
    digit = np.random.default_rng(0).random(784)
    left = left_over(VARIANTS[number], np.stack([edge_maps(digit)] * 2), 0.5, 1)
    assert left[0].any() != left[1].any()
    said = who_shares_explorer(digit, digit).picture(variant=number, p=0.5, number=1).reading
    assert "the second 0 of" in said or "the first case keeps 0 of" in said
