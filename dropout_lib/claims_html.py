"""The ledger's rows as HTML: cards in the chapters, and the page that holds them all."""

import re
import unicodedata
from functools import cache
from html import escape
from importlib.resources import files

from .claims import EVIDENCE, STATUSES, VERDICTS, rounded, settle
from .explorers import svg
from .explorers.theme import stylesheet

MARKS = {"holds": "✓", "depends": "◐", "fails": "✗", "definition": "≡"}
LEDGER_PAGE = "11_evidence"


@cache
def _style():
    return f"{stylesheet()}\n{_file('claims.css')}"


def _file(name):
    return files("dropout_lib").joinpath(name).read_text("utf-8")


def cards(rows):
    """The cards of some claims, as they stand in a chapter."""
    shown = "\n".join(
        f'<article class="claim">\n{_row(row, _id_in_a_chapter(row))}\n</article>' for row in rows
    )
    return f'<div class="dx claims">\n<style>{_style()}</style>\n{shown}\n</div>'


def _id_in_a_chapter(row):
    """The claim's id; in the built page, and only there, it leads to the ledger."""
    shown = f"<code>{escape(row.id)}</code>"
    address = f"{LEDGER_PAGE}.html#claim-{row.id}"
    return (
        f'<span class="claim-id"><span class="in-notebook">{shown}</span>'
        f'<a class="in-book" hidden href="{address}" title="This claim in the ledger">{shown}</a>'
        "</span>"
    )


def _row(row, shown_id):
    """What a card and a row of the ledger have in common."""
    settled = settle(row)
    parts = [
        f'<p class="claim-head">{_badge(settled)} {shown_id}</p>',
        f'<p class="claim-statement">{escape(row.statement.strip())}</p>',
    ]
    if settled.outcomes:
        parts += [_outcomes(row, settled.outcomes), _experiment(row, settled.outcomes)]
    if row.check:
        parts.append('<p class="claim-fact">Checked by an exact calculation.</p>')
    if row.reference:
        parts.append(_references(row.reference))
    return "\n".join(parts)


def _badge(settled):
    mark = f'<span aria-hidden="true">{MARKS[settled.verdict]}</span>'
    return (
        f'<strong class="claim-verdict claim-{settled.verdict}">{mark} {settled.verdict}</strong> '
        f'<span class="claim-finding">{escape(settled.finding)}</span>'
    )


def _outcomes(row, outcomes):
    pictures = _pictures(row, outcomes)
    items = "\n".join(
        f'<li class="claim-{outcome.says}"><span class="claim-label">'
        f"{_unbroken(outcome.condition.label)}</span> {picture} {_numbers(outcome)}"
        f'<span class="claim-says">{outcome.says}</span></li>'
        for outcome, picture in zip(outcomes, pictures, strict=True)
    )
    return f'<ul class="claim-outcomes">\n{items}\n</ul>'


def _unbroken(label):
    """A label whose "p = 0.5" stays on one line."""
    return escape(label).replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def _numbers(outcome):
    interval, digits = outcome.interval, outcome.condition.digits
    mean, low, high = (rounded(v, digits) for v in (interval.mean, interval.low, interval.high))
    return f'<span class="claim-numbers"><b>{mean}</b> [{low}, {high}]</span>'


def _pictures(row, outcomes):
    """The intervals of one claim on one scale, with a line at what they have to exceed."""
    marks = [-row.margin, row.margin] if row.rule == "within" else [row.threshold]
    ends = [end for o in outcomes for end in (o.interval.low, o.interval.high)] + marks
    lowest, width = min(ends), (max(ends) - min(ends)) or 1.0

    def x(value):
        return 6 + 108 * (value - lowest) / width

    for outcome in outcomes:
        interval = outcome.interval
        elements = [svg.line(x(mark), 1, x(mark), 15, "soft", 1) for mark in marks]
        elements.append(svg.line(x(interval.low), 8, x(interval.high), 8, "ink", 2))
        elements.append(svg.circle(x(interval.mean), 8, 3.5))
        yield f'<span class="claim-picture">{svg.drawing(120, 16, elements)}</span>'


def _experiment(row, outcomes):
    wanted = (
        f"between −{row.margin:g} and {row.margin:g}"
        if row.rule == "within"
        else f"above {row.threshold:g}"
    )
    return (
        f'<p class="claim-fact">In {escape(row.unit)}; the claim asks for an effect {wanted}. '
        f"{outcomes[0].seeds} paired seeds of <code>{escape(row.experiment)}</code>; "
        f"to run it again: <code>python -m dropout_lib.experiments run "
        f'{escape(row.experiment)} <span class="claim-whole">--again</span></code></p>'
    )


def _references(references):
    items = "; ".join(
        f'<a href="{escape(r.url)}">{escape(r.paper)}</a>, {escape(r.where)} ({STATUSES[r.status]})'
        for r in references
    )
    return f'<p class="claim-fact">Literature: {items}.</p>'


# --- the page that holds them all --------------------------------------------------------------


def counts_table(counts):
    """How many claims have which verdict, by evidence: a table with a bar for each verdict."""
    most = max(sum(by.values()) for by in counts.values()) or 1
    rows = "\n".join(_count_row(verdict, by, most) for verdict, by in counts.items())
    heads = "".join(f'<th scope="col">{name}</th>' for name in (*EVIDENCE, "all"))
    return (
        f'<div class="dx claims">\n<style>{_style()}\n{_file("claims_ledger.css")}</style>\n'
        f'<table class="ledger-counts">\n<thead><tr><th scope="col">verdict</th>{heads}'
        f"<td></td></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _count_row(verdict, by_evidence, most):
    total = sum(by_evidence.values())
    numbers = "".join(f"<td>{by_evidence[name] or ''}</td>" for name in EVIDENCE)
    bar = svg.drawing(100, 10, [svg.rect(0, 0, 100 * total / most, 10, "soft")])
    mark = f'<span aria-hidden="true">{MARKS[verdict]}</span>'
    return (
        f'<tr><th scope="row"><span class="claim-verdict claim-{verdict}">{mark} {verdict}</span> '
        f'<span class="ledger-meaning">{VERDICTS[verdict]}</span></th>{numbers}'
        f'<td><b>{total}</b></td><td class="ledger-bar">{bar}</td></tr>'
    )


def ledger_page(rows):
    """All rows, with buttons for the verdicts and a search field; without scripts all are shown."""
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in VERDICTS}
    buttons = "\n".join(
        f'<button type="button" data-verdict="{verdict}" aria-pressed="{_true(not verdict)}">'
        f"{verdict or 'all'} <span>{number}</span></button>"
        for verdict, number in {"": len(rows), **counts}.items()
    )
    parts = "\n".join(_part(name, of_part) for name, of_part in _by_chapter(rows).items())
    return f"""<div class="dx claims ledger">
<style>{_style()}
{_file("claims_ledger.css")}</style>
<div class="ledger-controls" hidden>
<div role="group" aria-label="Show claims with the verdict">
{buttons}
</div>
<label>Search in the claims <input type="search" autocomplete="off"></label>
</div>
<p class="ledger-count" role="status" aria-live="polite">{len(rows)} claims</p>
{parts}
<script>{_file("claims.js")}</script>
</div>"""


def _true(value):
    return "true" if value else "false"


def _by_chapter(rows):
    """{name of a part: its rows}, by the chapter that discusses a claim first."""
    parts = {}
    for row in rows:
        first = row.discussed[0].chapter if row.discussed else ""
        parts.setdefault(chapter_name(first) if first else "Not discussed yet", []).append(row)
    return parts


def chapter_name(chapter):
    """What a chapter is called in the ledger.

    >>> chapter_name("03_4_dropconnect"), chapter_name("01_what_is_dropout")
    ('Chapter 3.4', 'Chapter 1')
    """
    numbers = re.match(r"(\d+)(?:_(\d+))?_", chapter)
    return "Chapter " + ".".join(str(int(number)) for number in numbers.groups() if number)


def _part(name, rows):
    articles = "\n".join(
        f'<article class="claim" id="claim-{row.id}" data-verdict="{row.verdict}">\n'
        f"{_row(row, _id_in_the_ledger(row))}\n{_places(row)}\n</article>"
        for row in rows
    )
    return (
        f'<section class="ledger-part" aria-label="{name}">\n<p>{name}</p>\n{articles}\n</section>'
    )


def _id_in_the_ledger(row):
    return f'<span class="claim-id"><code>{escape(row.id)}</code></span>'


def _places(row):
    """Where the claim is discussed, and which statements of the document it settles."""
    said = ""
    if row.numbers:
        which = " and ".join(str(number) for number in row.numbers)
        said = (
            f"Statement{'s' * (len(row.numbers) > 1)} {which} of the examined document, "
            f"“{escape(row.source)}”. "
        )
    links = "; ".join(_place(place) for place in row.discussed)
    return f'<p class="claim-fact">{said}{"Discussed in " if links else ""}{links}</p>'


def _place(place):
    """A link in the built page; in a notebook, where no page is, words."""
    section = escape(place.section.strip("“”"))  # a heading may be a quotation itself
    words = f"{chapter_name(place.chapter).lower()}, “{section}”"
    address = f"{place.chapter}.html#{anchor(place.section)}"
    return (
        f'<a class="in-book" hidden href="{address}">{words}</a>'
        f'<span class="in-notebook">{words}</span>'
    )


def anchor(heading):
    """The address of a heading in the built page, as docutils makes it.

    >>> anchor("Is 1 − p the best scale?")
    'is-1-p-the-best-scale'
    """
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", " ".join(plain.split())))
