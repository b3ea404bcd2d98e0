"""Interview questions, asked one at a time, with model answers at three depths.

What is shown is made of ``<details>`` elements, one in the other, so that it can be read where no
script runs. A script turns them into a drill: it asks, lets the reader answer, opens the model
answer, hears how it went, and asks again what went badly.
"""

import inspect
import random
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from xml.etree import ElementTree

from ..claims_html import LEDGER_PAGE, MARKS, chapter_name
from ..explorers.theme import stylesheet
from .core import _module
from .markup import blocks_to_html, to_html


@dataclass(frozen=True)
class Question:
    """A question as an interviewer asks it.

    Args:
        question: the words; one line of Markdown.
        topic: what the filter knows it by.
        tips: numbers of the interview tips that it practises.
        sentence: the answer in one sentence; one line of Markdown.
        minute: the answer in one minute; Markdown.
        whiteboard: the answer with its derivation; Markdown with $mathematics$.
        follow_up, follow_up_answer: what an examiner asks next, and the answer.
        where: pairs (words, "STEM.ipynb#anchor") of where the book treats it.
        claims: pairs (id of a row of the ledger, its verdict) that the answers rest on.
    """

    question: str
    topic: str
    tips: tuple
    sentence: str
    minute: str
    whiteboard: str
    follow_up: str
    follow_up_answer: str
    where: tuple
    claims: tuple = ()


class Drill:
    """The questions of a chapter; display it as the last line of a cell."""

    def __init__(self, chapter, questions):
        self.chapter, self.questions = chapter, list(questions)

    def __repr__(self):
        lines = [f"{len(self.questions)} questions"]
        lines += [f"{n}. {q.question}" for n, q in enumerate(self.questions, start=1)]
        return "\n".join(lines)

    def _repr_html_(self):
        asked = "\n".join(_question(n, q) for n, q in enumerate(self.questions, start=1))
        order = " ".join(map(str, first_order(len(self.questions))))
        return (
            f'<div class="dx drill" data-order="{order}" data-lm-suppress-shortcuts="true">\n'
            f"<style>{stylesheet()}\n{_file('drill.css')}</style>\n"
            f'<script type="text/html">{_stage(self.questions)}</script>\n'
            f'<div class="drill-all">\n{asked}\n</div>\n'
            f"<script>{_file('drill.js')}</script>\n</div>"
        )


def drill(chapter):
    """Drill the interview questions of a chapter, such as "10"."""
    return Drill(chapter, _module(chapter).DRILL)


def first_order(count):
    """The order in which the questions come first; a later round has another one.

    >>> sorted(first_order(4)), first_order(4) == first_order(4)
    ([0, 1, 2, 3], True)
    """
    order = list(range(count))
    random.Random("drill").shuffle(order)
    return order


@cache
def _file(name):
    return files("dropout_lib.exercises").joinpath(name).read_text("utf-8")


def _stage(questions):
    """What the script works with. Where no script runs, and where a preview throws scripts away,
    nothing of it is to be seen, as it stands in one.
    """
    topics = dict.fromkeys(question.topic for question in questions)
    options = "".join(
        f'<option value="{escape(topic)}">{escape(topic)} '
        f"({sum(q.topic == topic for q in questions)})</option>"
        for topic in topics
    )
    return f"""<div class="drill-stage">
<div class="drill-controls">
<label>Topic <select><option value="">all ({len(questions)})</option>{options}</select></label>
<label class="drill-with-clock"><input type="checkbox"> Clock</label>
<span class="drill-clock" role="timer" aria-live="off" hidden>0:00</span>
</div>
<p class="drill-progress" role="status" aria-live="polite"></p>
<div class="drill-card">
<p class="drill-asked" tabindex="-1"></p>
<label class="drill-own">Your answer, in a few words, or say it aloud
<textarea rows="3"></textarea></label>
<button type="button" class="drill-show">Show the answer</button>
<div class="drill-answer" hidden></div>
<div class="drill-marks" role="group" aria-label="How did it go?" hidden>
<span>How did it go?</span>
<button type="button" data-mark="knew">Knew it</button>
<button type="button" data-mark="partly">Partly</button>
<button type="button" data-mark="no">No</button>
</div>
</div>
<div class="drill-end" hidden>
<p tabindex="-1"></p>
<ul></ul>
<button type="button" class="drill-again">Begin again, in another order</button>
</div>
<button type="button" class="drill-list" aria-expanded="false">Show all questions</button>
</div>"""


def _question(number, question):
    return f"""<details class="drill-question" data-topic="{escape(question.topic)}">
<summary>{number}. <span class="drill-words">{to_html(question.question)}</span></summary>
<div class="drill-body">
<p class="drill-sentence"><strong>In one sentence.</strong> {_line(question.sentence)}</p>
{_folded("In one minute", _blocks(question.minute))}
{_folded("At the whiteboard", _blocks(question.whiteboard))}
{_folded(f"Then they ask: {to_html(question.follow_up)}", _blocks(question.follow_up_answer))}
<p class="drill-where">{_places(question)}</p>
</div>
</details>"""


def _folded(summary, html):
    return f"<details><summary>{summary}</summary>\n{html}</details>"


def _line(text):
    return _readable_without_tags(to_html(text))


def _blocks(text):
    return _readable_without_tags(blocks_to_html(inspect.cleandoc(text)))


def _places(question):
    tips = " and ".join(map(str, question.tips))
    practises = f"Practises tip{'s' * (len(question.tips) > 1)} {tips}. "
    links = [_link(words, *_page(address)) for words, address in question.where]
    links += [
        _link(f"{MARKS[verdict]} {verdict}: {name}", LEDGER_PAGE, f"claim-{name}")
        for name, verdict in question.claims
    ]
    return practises + "; ".join(links) + "."


def _page(address):
    stem, _, fragment = address.partition("#")
    return stem.removesuffix(".ipynb"), fragment


def _link(words, stem, fragment):
    """Words; in the built page, where there are pages to go to, the script makes them a link."""
    address = f"{stem}.html#{fragment}" if fragment else f"{stem}.html"
    place = words if stem == LEDGER_PAGE else f"{words} ({chapter_name(stem).lower()})"
    return f'<span data-page="{escape(address)}">{escape(place)}</span>'


# --- formulas where only the text is left ----------------------------------------------------

_MATH = re.compile(r"<math.*?</math>", re.DOTALL)
_CUT = {"mfrac": " /", "msup": " ^", "msub": " _", "msubsup": " _^"}  # before each part


def _readable_without_tags(html):
    """Formulas that can still be read where a preview throws their tags away.

    A fraction without tags would run together, as would a power. So the sign that is missing then
    stands in the formula, in an element that no browser shows.

    >>> mended = _readable_without_tags("<math><mfrac><mi>x</mi><mn>2</mn></mfrac></math>")
    >>> re.sub("<[^>]*>", "", mended)
    'x/2'
    """
    return _MATH.sub(lambda found: _with_signs(found[0]), html)


def _with_signs(math):
    root = ElementTree.fromstring(math)
    for element in list(root.iter()):
        if element.tag == "msqrt":
            element[:] = [*_sign("√("), *element, *_sign(")")]
        for place, part in enumerate(list(element) if element.tag in _CUT else ()):
            text = "".join(part.itertext())
            several = len(text) > 1 and not text.startswith("(")
            opening, closing = ("(", ")") if several else ("", "")
            row = ElementTree.Element("mrow")
            row.extend(_sign(_CUT[element.tag][place].strip() + opening))
            row.append(part)
            row.extend(_sign(closing))
            if place == len(element) - 1 and element.tag != "mfrac":
                row.extend(_sign(" "))
            element[place] = row
    return ElementTree.tostring(root, encoding="unicode")


def _sign(text):
    if not text:
        return []
    phantom = ElementTree.Element("mphantom", style="display:none")
    ElementTree.SubElement(phantom, "mtext").text = text
    return [phantom]
