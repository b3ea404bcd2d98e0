"""The ledger of claims: what the book states, what it rests on, and a verdict that is computed.

A row of ``claims.yml`` is one claim. If it rests on an experiment, the verdict follows from the
stored results by a rule; if on an exact check, from a function of ``claims_checks.py``; if on
the literature alone, nothing is computed, and the page says so.

    from dropout_lib.claims import claim

    claim("05-redundant-units")       # in a chapter: the row as a card
"""

import ast
import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from .experiments import Interval, load, mean_interval, provenance
from .experiments.runner import RESULTS

EVIDENCE = ("experiment", "check", "literature")
RULES = ("positive", "within")
VERDICTS = {
    "holds": "true wherever we looked",
    "depends": "true under some of the conditions we looked at, not under others",
    "fails": "not true, or not to be seen, in any condition we looked at",
    "definition": "true by definition or by an exact calculation",
}
STATUSES = {
    "read": "read there",
    "reported": "as others report it",
    "unread": "not read for this book",
}
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
CHAPTER = re.compile(r"\d\d_(\d_)?[a-z]\w*")


# --- what a row is -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Condition:
    """One comparison: what it is of, and a number for each seed as a Python expression."""

    label: str
    effect: str
    digits: int = 1


@dataclass(frozen=True)
class Reference:
    """A paper: what of it, its address, and whether the numbers were read there."""

    paper: str
    where: str
    url: str
    status: str


@dataclass(frozen=True)
class Place:
    """A chapter (the stem of its file) and the heading under which the claim stands."""

    chapter: str
    section: str


@dataclass(frozen=True)
class Claim:
    """A row of the ledger.

    Args:
        id: of a statement of the examined document its number and a few words,
            "05-redundant-units"; of a claim of the book's own a few words.
        numbers: which of the document's numbered statements it settles.
        statement: a sentence that can be true or false.
        evidence: "experiment", "check" or "literature".
        verdict: "holds", "depends", "fails" or "definition", as the author typed it.
        source: the heading under which the examined document says it; "" for the book's own.
        reference: tuple of :class:`Reference`.
        experiment: the name of the experiment (evidence "experiment").
        unit: of what the effects are, "points of test error".
        conditions: tuple of :class:`Condition` (evidence "experiment").
        rule: "positive" or "within"; see :func:`judge`.
        threshold: what an effect has to exceed (rule "positive").
        margin: how large an effect may be at most (rule "within").
        check: the name of a function of ``claims_checks.py`` (evidence "check").
        discussed: tuple of :class:`Place`.
    """

    id: str
    numbers: tuple
    statement: str
    evidence: str
    verdict: str
    source: str = ""
    reference: tuple = ()
    experiment: str = ""
    unit: str = ""
    conditions: tuple = ()
    rule: str = "positive"
    threshold: float = 0.0
    margin: float | None = None
    check: str = ""
    discussed: tuple = ()


PARTS = {"conditions": Condition, "reference": Reference, "discussed": Place}


@cache
def load_claims(path=None):
    """The rows of a ledger by id, in the order of the file; None for the book's own ledger.

    Raises:
        ValueError: a row is not as it has to be; says which one and why.

    >>> load_claims()["05-redundant-units"].verdict
    'holds'
    """
    source = files("dropout_lib").joinpath("claims.yml") if path is None else Path(path)
    claims = {}
    for row in _read_yaml(source.read_text("utf-8")) or []:
        claim_of_row = _claim(row)
        if claim_of_row.id in claims:
            raise ValueError(f"claim {claim_of_row.id}: two rows have this id; name one anew")
        claims[claim_of_row.id] = claim_of_row
    return claims


def _read_yaml(text):
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses a key that is given twice, of which YAML would take the last."""

        def construct_mapping(self, node, deep=False):
            keys = [key.value for key, _ in node.value]
            twice = {key for key in keys if keys.count(key) > 1}
            if twice:
                line = node.start_mark.line + 1
                raise ValueError(f"line {line}: {', '.join(twice)} given twice: keep one")
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader)  # a subclass of SafeLoader


def _claim(row):
    """The claim of a row of the file; a ValueError that names the row if something is amiss."""
    name = row.get("id", row) if isinstance(row, dict) else row
    try:
        made = _make(Claim, row)
        for problem in _problems_of_form(made):
            raise ValueError(problem)
    except (TypeError, ValueError) as error:
        raise ValueError(f"claim {name}: {error}") from None
    return made


def _make(kind, row):
    """A dataclass of a mapping, with its parts; says which field is unknown or missing."""
    if not isinstance(row, dict):
        raise ValueError(f"{row!r} has to be a mapping with the fields of a {kind.__name__}")
    known = {field.name for field in fields(kind)}
    if unknown := set(row) - known:
        raise ValueError(f"unknown field {min(unknown)!r}: there are {', '.join(sorted(known))}")
    values = {
        name: tuple(_make(PARTS[name], part) for part in value or ()) if name in PARTS else value
        for name, value in row.items()
    }
    if "numbers" in values:
        values["numbers"] = tuple(values["numbers"] or ())
    return kind(**values)


def _problems_of_form(row):
    """What is wrong with a row by itself, in words."""
    if not ID.fullmatch(row.id):
        yield "an id is small letters and digits with hyphens between, as 05-redundant-units"
    if row.numbers and not row.id.startswith(f"{row.numbers[0]:02}-"):
        yield f"settles statement {row.numbers[0]}, so its id has to begin with it"
    if not row.numbers and re.match(r"\d\d-", row.id):
        yield "its id begins with a number, but `numbers` is empty"
    if not set(row.numbers) <= set(range(1, 61)):
        yield f"numbers {row.numbers}: the statements are numbered 1 to 60"
    if row.numbers and not row.source:
        yield "say in `source` under which heading the document states it"
    if not row.statement.strip().endswith("."):
        yield "the statement has to be a sentence with a full stop"
    yield from _problems_of_choice(row)
    yield from _problems_of_evidence(row)


def _problems_of_choice(row):
    for name, value, allowed in (
        ("evidence", row.evidence, EVIDENCE),
        ("verdict", row.verdict, VERDICTS),
        ("rule", row.rule, RULES),
        *(("status", reference.status, STATUSES) for reference in row.reference),
    ):
        if value not in allowed:
            yield f"{name} {value!r}: choose one of {', '.join(allowed)}"
    for place in row.discussed:
        if not CHAPTER.fullmatch(place.chapter):
            yield f"chapter {place.chapter!r}: give the stem of its file, as 01_what_is_dropout"
    places = [(place.chapter, place.section) for place in row.discussed]
    if len(set(places)) < len(places):
        yield "a place is listed twice under `discussed`"


def _problems_of_evidence(row):
    needed = {"experiment": ("experiment", "unit", "conditions"), "check": ("check",)}
    wanted = needed.get(row.evidence, ())
    for name in ("experiment", "unit", "conditions", "check"):
        if name in wanted and not getattr(row, name):
            yield f"evidence is {row.evidence!r}, so it needs `{name}`"
        if name not in wanted and getattr(row, name):
            yield f"evidence is {row.evidence!r}, which has no `{name}`"
    if row.evidence == "literature" and not row.reference:
        yield "evidence is 'literature', so it needs `reference`"
    if (row.rule == "within") != (row.margin is not None):
        yield "`margin` goes with rule 'within', and with no other"
    if row.margin is not None and not row.margin > 0:
        yield f"margin {row.margin}: it has to be above 0"


# --- from results to numbers -------------------------------------------------------------------


def index(sequence, value):
    """Where a value stands in a list of settings: ``r["error"][index(s["rates"], 0.5)]``."""
    return list(sequence).index(value)


NAMES = {
    "mean": statistics.fmean,
    "median": statistics.median,
    **{function.__name__: function for function in (index, math.exp, math.log, math.sqrt)},
    **{function.__name__: function for function in (abs, all, any, enumerate, len, list)},
    **{function.__name__: function for function in (max, min, range, round, set, sorted)},
    **{function.__name__: function for function in (sum, tuple, zip)},
}
REFUSED = (ast.Attribute, ast.Lambda, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


@cache
def _compiled(expression):
    tree = ast.parse(expression.strip(), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, REFUSED):
            raise ValueError(f"`{ast.unparse(node)}` is not allowed in an effect")
    return compile(tree, "<effect>", "eval")


def evaluate(expression, result, settings):
    """The number that an effect's expression gives for one seed.

    Args:
        expression: Python without attributes; it knows ``r``, ``s`` and the functions of NAMES.
        result: one seed's stored result, ``r`` in the expression.
        settings: the experiment's stored settings, ``s`` in the expression.

    >>> evaluate("100 * (r['a'] - min(r['b']))", {"a": 0.5, "b": [0.3, 0.25]}, {})
    25.0
    """
    try:
        code = _compiled(expression)
        value = eval(code, {"__builtins__": {}, **NAMES, "r": result, "s": settings})
    except Exception as error:  # whatever the expression of a row does, the row is to blame
        raise ValueError(f"the effect `{expression}`: {type(error).__name__}: {error}") from error
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"the effect `{expression}` has to be a finite number, but is {value!r}")
    return float(value)


@cache
def _stored(name, folder):
    return load(name, folder=folder), provenance(name, folder=folder)["settings"]


def effects(row, condition, folder=RESULTS):
    """A condition's effect in each of the paired seeds: list of floats."""
    try:
        results, settings = _stored(row.experiment, folder)
        if len(results) < 2:
            raise ValueError(f"one seed of {row.experiment!r} gives no interval: run at least two")
        return [evaluate(condition.effect, result, settings) for result in results]
    except (FileNotFoundError, ValueError) as error:
        raise ValueError(f"claim {row.id}, condition {condition.label!r}: {error}") from error


# --- from numbers to a verdict -----------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What the seeds say under one condition: "supports", "contradicts" or "undecided"."""

    condition: Condition
    interval: Interval
    seeds: int
    says: str


@dataclass(frozen=True)
class Settled:
    """The computed verdict of a claim, what was found in a few words, and by condition."""

    verdict: str
    finding: str
    outcomes: tuple = ()


def judge(interval, rule="positive", threshold=0.0, margin=None):
    """What a 95% interval says of a claim.

    "positive" claims an effect above ``threshold``: the interval supports it if all of it lies
    above, and contradicts it if all of it lies below. "within" claims that there is no effect
    that matters, none beyond ``margin`` on either side: the interval supports it if all of it
    lies inside, and contradicts it if all of it lies beyond one side.

    >>> judge(Interval(2.0, 0.5, 3.5))
    'supports'
    >>> judge(Interval(2.0, -0.5, 4.5))
    'undecided'
    >>> judge(Interval(0.1, -0.2, 0.4), rule="within", margin=0.5)
    'supports'
    """
    low, high = interval.low, interval.high
    if rule == "within":
        if -margin < low and high < margin:
            return "supports"
        beyond = low > margin or high < -margin
        return "contradicts" if beyond else "undecided"
    if low > threshold:
        return "supports"
    return "contradicts" if high < threshold else "undecided"


def verdict_of(says):
    """(verdict, finding) of what the conditions say.

    >>> verdict_of(["supports", "undecided"])
    ('depends', 'shown under some conditions')
    """
    if all(word == "supports" for word in says):
        return "holds", "shown"
    if "supports" in says:
        return "depends", "shown under some conditions"
    if all(word == "contradicts" for word in says):
        return "fails", "the opposite is shown"
    return "fails", "not shown"


def settle(row, folder=RESULTS):
    """The verdict of a claim from its evidence: computed, or for literature the one typed."""
    if row.evidence == "literature":
        return Settled(row.verdict, "from the literature, not tested here")
    if row.evidence == "check":
        found = ("definition", "shown exactly"), ("fails", "shown to be false")
        return Settled(*found[not run_check(row.check)])
    outcomes = tuple(_outcome(row, condition, folder) for condition in row.conditions)
    return Settled(*verdict_of([outcome.says for outcome in outcomes]), outcomes)


def _outcome(row, condition, folder):
    values = effects(row, condition, folder)
    interval = mean_interval(values)
    says = judge(interval, row.rule, row.threshold, row.margin)
    return Outcome(condition, interval, len(values), says)


@dataclass(frozen=True)
class Corrected:
    """How many intervals there are, how many decide, and which don't once they are widened."""

    intervals: int
    decided: int
    no_longer: tuple  # pairs (claim id, label of the condition)


def corrected_for_all(rows=None, folder=RESULTS):
    """Widen all intervals so that with 95% none of them misses, and see what is still decided.

    With m intervals each is taken at the level 1 - 0.05/m (Bonferroni's correction).
    """
    rows = [row for row in _rows(rows) if row.evidence == "experiment"]
    pairs = [(row, outcome) for row in rows for outcome in settle(row, folder).outcomes]
    decided = [(row, o) for row, o in pairs if o.says != "undecided"]
    no_longer = tuple(
        (row.id, outcome.condition.label)
        for row, outcome in decided
        if _says_at(1 - 0.05 / len(pairs), row, outcome, folder) != outcome.says
    )
    return Corrected(len(pairs), len(decided), no_longer)


def _says_at(confidence, row, outcome, folder):
    interval = mean_interval(effects(row, outcome.condition, folder), confidence)
    return judge(interval, row.rule, row.threshold, row.margin)


def _rows(rows):
    return list(load_claims().values() if rows is None else rows)


# --- exact checks ------------------------------------------------------------------------------

CHECKS: dict[str, Callable] = {}


def exact_check(function):
    """Register a function that takes nothing, computes exactly, and says if a claim is true."""
    CHECKS[function.__name__] = function
    return function


@cache
def run_check(name):
    """Whether the exact check of that name finds its claim true.

    >>> run_check("backward_is_that_of_the_thinned_network")
    True
    """
    import_module(".claims_checks", __package__)  # which registers them
    if name not in CHECKS:
        raise ValueError(f"no exact check is named {name!r}: there are {', '.join(sorted(CHECKS))}")
    found = CHECKS[name]()
    if found not in (True, False):
        raise ValueError(f"the check {name!r} has to return True or False, but gave {found!r}")
    return bool(found)


# --- in words ----------------------------------------------------------------------------------


def rounded(value, digits):
    """A number with so many decimals and a true minus sign, never "-0.0".

    >>> rounded(-1.25, 1), rounded(-0.01, 1)
    ('−1.2', '0.0')
    """
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def in_words(outcome, unit):
    """An outcome as text: label, mean, interval, unit, and what it says."""
    interval, digits = outcome.interval, outcome.condition.digits
    mean, low, high = (rounded(v, digits) for v in (interval.mean, interval.low, interval.high))
    return f"{outcome.condition.label}: {mean} [{low}, {high}] {unit} ({outcome.says})"


def report_lines(rows=None, folder=RESULTS):
    """The ledger as lines of text: for each claim its verdict, and its effects below."""
    for row in _rows(rows):
        settled = settle(row, folder)
        yield f"{row.id}: {settled.verdict}, {settled.finding}"
        yield from (f"    {in_words(outcome, row.unit)}" for outcome in settled.outcomes)


# --- as a chapter shows them -------------------------------------------------------------------


def find(claim_id):
    """The row of that id; a ValueError that lists near ones for an id that there is not."""
    rows = load_claims()
    if claim_id not in rows:
        from difflib import get_close_matches

        near = get_close_matches(str(claim_id), rows, n=3, cutoff=0.3) or list(rows)[:3]
        raise ValueError(f"no claim is named {claim_id!r}: there are {', '.join(near)}, ...")
    return rows[claim_id]


class Shown:
    """HTML for the page, and the same in plain words for where there is none."""

    def __init__(self, html, words):
        self.html, self.words = html, words

    def _repr_html_(self):
        return self.html

    def __repr__(self):
        return self.words


def claim(*ids):
    """Show rows of the ledger as cards: statement, verdict, effects with intervals, sources.

    >>> claim("08-gradient-of-a-dropped-unit")
    08-gradient-of-a-dropped-unit: definition, shown exactly
    """
    from .claims_html import cards

    if not ids:
        raise ValueError('name at least one claim: claim("05-redundant-units")')
    rows = [find(claim_id) for claim_id in ids]
    return Shown(cards(rows), "\n".join(report_lines(rows)))


def verdict_counts(rows=None):
    """Show how many claims have which verdict, by what they rest on."""
    from .claims_html import counts_table

    counts = count_verdicts(_rows(rows))
    words = ", ".join(f"{sum(by.values())} {verdict}" for verdict, by in counts.items())
    return Shown(counts_table(counts), words)


def count_verdicts(rows):
    """{verdict: {evidence: number of claims}}."""
    return {
        verdict: {
            evidence: sum((row.verdict, row.evidence) == (verdict, evidence) for row in rows)
            for evidence in EVIDENCE
        }
        for verdict in VERDICTS
    }


def ledger():
    """Show the whole ledger, with a choice of verdicts and a search field."""
    from .claims_html import ledger_page

    rows = _rows(None)
    return Shown(ledger_page(rows), f"The ledger: {len(rows)} claims")
