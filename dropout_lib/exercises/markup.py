"""One line of Markdown, as the texts of quizzes and cards have it, to HTML with MathML.

Quizzes and cards are drawn by a script, in a page, in JupyterLab and in Colab. Each of these sets
mathematics in its own way, and some not at all in what a script draws. MathML is set by the
browser itself, and a screen reader reads it. What browsers do not show as it should be in what
latex2mathml writes is mended here: names of functions with the spaces of an operator or with none,
relations without any, a minus sign apart from its number, bold letters by an unknown attribute.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

_UPRIGHT = re.compile(r"\\(?:mathrm|operatorname\*?)(?=\{)")  # read as a word, if it is a text
_ARG = re.compile(r"\\arg(?![a-z])")  # unknown to latex2mathml
_RELATIONS = {"~": "∼", "<": "<", ">": ">", "±": "±", "∓": "∓"}
_ROWS = ("mrow", "mtd", "mstyle", "msqrt")


def to_html(text):
    r"""One line of Markdown (`code`, emphasis, links, $mathematics$) as HTML.

    HTML in the text is shown as it stands. A dollar sign and an opening square bracket come out as
    entities, as jupyterquiz and jupytercards would take them for their own markup.

    Args:
        text: one line of CommonMark, with LaTeX between dollar signs.

    Errors: ValueError for LaTeX that cannot be converted.

    >>> to_html("`p` is *dropped* if x < 1")
    '<code>p</code> is <em>dropped</em> if x &lt; 1'
    >>> to_html("$p^2$")
    '<math><mrow><msup><mi>p</mi><mn>2</mn></msup></mrow></math>'
    """
    return _parser().renderInline(text).replace("$", "&#36;").replace("[", "&#91;")


@cache
def _parser():
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def render(_, tokens, index, *options):
        return _mathml(tokens[index].content)

    parser = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin)
    parser.add_render_rule("math_inline", render)
    parser.add_render_rule("math_block", lambda *args: _on_its_own_line(render(*args)))
    return parser


def _on_its_own_line(math):
    block = math.replace("<math>", '<math display="block">', 1)
    return f'<p class="formula">{block}</p>\n'


def _mathml(latex):
    from latex2mathml.converter import convert

    try:
        written = convert(_ARG.sub(r"\\text{arg}", _UPRIGHT.sub(r"\\text", latex)))
        math = ElementTree.fromstring(re.sub(r"^<math[^>]*>", "<math>", written))
    except Exception as error:
        raise ValueError(f"cannot convert ${latex}$: {type(error).__name__} {error}") from error
    for element in math.iter():
        _mend_symbol(element)
    for element in math.iter():
        if element.tag in _ROWS:
            _mend_spaces(element)
    html = ElementTree.tostring(math, encoding="unicode")
    if unknown := re.search(r"\\\w*", html):
        raise ValueError(f"cannot convert ${latex}$: {unknown[0]} is unknown")
    return html


def _mend_symbol(element):
    text = element.text or ""
    style = element.get("mathvariant", "normal")
    if style != "normal":
        del element.attrib["mathvariant"]
        element.text = "".join(_in_alphabet(letter, style) for letter in text)
    elif element.tag == "mi" and text in _RELATIONS:
        element.tag, element.text = "mo", _RELATIONS[text]
    elif element.tag == "mo" and (text == "∂" or _is_name(element)):
        element.tag = "mi"
    elif text == "/":
        element.set("lspace", "0")
        element.set("rspace", "0")


def _in_alphabet(letter, style):
    """The letter in bold, bold-italic, ...: "x" -> "𝐱"."""
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(letter, ""))
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style.replace('-italic', ' italic')} {name}")
    except KeyError:
        return letter


def _is_name(element):
    return element.tag in ("mi", "mo", "mtext") and re.fullmatch("[A-Za-z]{2,}", element.text or "")


def _mend_spaces(row):
    pairs = list(pairwise(row))
    for place, (element, after) in reversed(list(enumerate(pairs, start=1))):
        if after.text == "−" and element.tag == "mo" and element.text not in ")]}":
            after.set("form", "prefix")
        name = element[0] if element.tag.startswith(("msu", "mun")) else element
        if _is_name(name) and after.tag != "mo":
            row.insert(place, ElementTree.Element("mspace", width="0.17em"))


def blocks_to_html(text):
    r"""Markdown of several paragraphs, lists and code blocks as HTML, for what no script takes up.

    A formula between two dollar signs on each side stands on a line of its own.

    Errors: ValueError for LaTeX that cannot be converted.

    >>> print(blocks_to_html("One.\n\n- two"), end="")
    <p>One.</p>
    <ul>
    <li>two</li>
    </ul>
    """
    return _parser().render(text)
