"""A Sphinx extension: a link to a concept of chapter 9 carries the concept's definition.

A concept is a heading of level 3 in chapter 9, and the paragraph below it is its definition. Links
to concepts from the other pages get the class ``term`` and the definition, as plain text, for
their title: browsers show it, and ``_static/terms.js`` shows it better. A link to a heading that
chapter 9 does not have is a warning of MyST's; a concept without a usable definition is one here.
"""

import re

from docutils import nodes
from sphinx.util import logging

from .plain_math import plain_math

CONCEPTS = "chapters/09_key_concepts"
LONGEST = 240  # characters; a tooltip is not a page
LOGGER = logging.getLogger(__name__)


def setup(app):
    app.connect("env-updated", read_definitions)
    app.connect("doctree-resolved", mark_links)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def read_definitions(app, env):
    """Keep {anchor: definition}; where one has changed, all pages have to be written again."""
    before = getattr(env, "book_terms", {})
    known = CONCEPTS in env.all_docs
    env.book_terms = dict(definitions(env.get_doctree(CONCEPTS))) if known else {}
    return sorted(env.all_docs) if env.book_terms != before else ()


def definitions(document):
    """The anchors of the concepts on a page, each with its definition."""
    for section in document.findall(nodes.section):
        if level(section) == 3 and (text := definition(section)):
            for anchor in section["ids"]:
                yield anchor, text


def level(section):
    return 1 + (level(section.parent) if isinstance(section.parent, nodes.section) else 0)


def definition(section):
    """The first paragraph below a heading as plain text; None, with a warning, if it is no good."""
    concept = repr(section[0].astext())
    paragraph = next((part for part in section if isinstance(part, nodes.paragraph)), None)
    if paragraph is None:
        return complain(f"{concept} has no paragraph that defines it", section)
    try:
        text = re.sub(r"[ \n]+", " ", plain(paragraph)).strip()
    except ValueError as error:
        return complain(f"the definition of {concept}: {error}", paragraph)
    if len(text) > LONGEST:
        words = f"the definition of {concept} has {len(text)} characters, at most {LONGEST} fit"
        return complain(words, paragraph)
    return text


def complain(words, place):
    LOGGER.warning(words, location=place, type="book_terms")


def plain(node):
    """The text of a node, with mathematics in plain text and without comments."""
    if isinstance(node, nodes.math):
        return plain_math(node.astext()).replace(" ", "\N{NO-BREAK SPACE}")
    if isinstance(node, (nodes.raw, nodes.comment)):
        return ""
    return str(node) if isinstance(node, nodes.Text) else "".join(map(plain, node.children))


def mark_links(app, document, page):
    """Give a page's links to the concepts of the other page their class and their definition."""
    start = app.builder.get_relative_uri(page, CONCEPTS) + "#"
    for link in document.findall(nodes.reference):
        address = link.get("refuri", "")
        text = app.env.book_terms.get(address[len(start) :])
        if text and address.startswith(start):
            link["classes"].append("term")
            link["reftitle"] = text
