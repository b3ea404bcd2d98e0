"""The ledger's rows as HTML: cards in the chapters, and the page that holds them all."""

from functools import cache
from html import escape
from importlib.resources import files

from .claims import STATUSES, rounded, settle
from .explorers import svg
from .explorers.theme import stylesheet

MARKS = {"holds": "✓", "depends": "◐", "fails": "✗", "definition": "≡"}
LEDGER_PAGE = "11_evidence"


@cache
def _style():
    return f"{stylesheet()}\n{files('dropout_lib').joinpath('claims.css').read_text('utf-8')}"


def cards(rows):
    """The cards of some claims, as they stand in a chapter."""
    shown = "\n".join(
        f'<article class="claim">\n{_row(row)}\n{_to_the_ledger(row)}\n</article>' for row in rows
    )
    return f'<div class="dx claims">\n<style>{_style()}</style>\n{shown}\n</div>'


def _to_the_ledger(row):
    # only the built page has a ledger to lead to; claims.css shows the link there
    address = f"{LEDGER_PAGE}.html#claim-{row.id}"
    return f'<p class="claim-more"><a class="in-book" hidden href="{address}">In the ledger</a></p>'


def _row(row):
    """What a card and a row of the ledger have in common."""
    settled = settle(row)
    parts = [
        f'<p class="claim-head">{_badge(settled)} '
        f'<code class="claim-id">{escape(row.id)}</code></p>',
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
        f"{escape(outcome.condition.label)}</span> {picture} {_numbers(outcome)}"
        f'<span class="claim-says">{outcome.says}</span></li>'
        for outcome, picture in zip(outcomes, pictures, strict=True)
    )
    return f'<ul class="claim-outcomes">\n{items}\n</ul>'


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
        f"{escape(row.experiment)} --again</code></p>"
    )


def _references(references):
    items = "; ".join(
        f'<a href="{escape(r.url)}">{escape(r.paper)}</a>, {escape(r.where)} ({STATUSES[r.status]})'
        for r in references
    )
    return f'<p class="claim-fact">Literature: {items}.</p>'
