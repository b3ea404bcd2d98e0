"""Hold the chapters' text to the ledger of claims.

    python -m tools.claims report [05]    verdicts and effects, of the ids that start with 05 or all
    python -m tools.claims check          what does not agree: verdicts, marks in the text, places

A sentence that makes an empirical claim ends with a comment that no reader sees:
``<!-- claim: 05-redundant-units holds -->``.
"""

import argparse
import re
import sys
from dataclasses import dataclass

import nbformat

from dropout_lib.claims import RESULTS, load_claims, report_lines, settle
from tools.notebooks import ROOT, chapter_paths

MARK = re.compile(r"<!-- claim: (?P<id>\S+) (?P<verdict>\S+) -->")
LIKE_A_MARK = re.compile(r"<!--(?=[^>]*claim).*?(?:-->|$)", re.IGNORECASE | re.MULTILINE)
HEADING = re.compile(r"#{1,6} +(?P<words>.*?)[ #]*")
FENCE = re.compile(r" {0,3}(```|~~~)")

# Chapters that settle numbered statements and are not there from the first day. A statement has to
# be covered as soon as all chapters that might settle it exist; those of no chapter here, at once.
SETTLED_LATER = {
    "04": {3, 25, 26, 27, 35, 46, 57},
    "05": {29, 30, 31, 32, 33, 34, 36, 40, 48, 56},
    "06": {33, 37, 38, 39, 40, 42, 47, 48, 60},
    "07": {31, 32, 42, 43, 44, 45, 46, 47, 48, 50, 52, 53, 54, 55, 56, 57},
    "08_4": {51},
}


@dataclass(frozen=True)
class Mark:
    """A comment in a chapter that says which row a sentence stands on."""

    chapter: str
    section: str
    id: str
    verdict: str


def marks_of(chapter, cells):
    """The marks in the Markdown cells of a chapter, with the heading that each stands under.

    Raises:
        ValueError: a comment speaks of a claim and is not written as a mark.
    """
    section = ""
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        fenced = False
        for line in cell.source.splitlines():
            fenced ^= bool(FENCE.match(line))
            if heading := None if fenced else HEADING.fullmatch(line):
                section = plain(heading["words"])
            for comment in LIKE_A_MARK.findall(line):
                if not (mark := MARK.fullmatch(comment)):
                    raise ValueError(
                        f"{chapter}, {section!r}: {comment} has to be written as "
                        "<!-- claim: 05-redundant-units holds -->"
                    )
                yield Mark(chapter, section, mark["id"], mark["verdict"])


def plain(heading):
    """A heading without the signs of Markdown."""
    return re.sub(r"[`*]|\[(.*?)\]\(.*?\)", r"\1", heading).strip()


def all_marks(paths):
    return [
        mark
        for path in paths
        for mark in marks_of(path.stem, nbformat.read(path, as_version=4).cells)
    ]


# --- what does not agree -----------------------------------------------------------------------


def verdict_problems(claims, folder=RESULTS):
    """Rows whose typed verdict is not the one that their evidence gives."""
    for row in claims.values():
        settled = settle(row, folder)
        if settled.verdict != row.verdict:
            yield (
                f"{row.id}: typed {row.verdict}, computed {settled.verdict} ({settled.finding}); "
                "change the verdict, and what the text says"
            )


def mark_problems(claims, marks, chapters):
    """Where rows and marks part; ``chapters`` are the stems of those that exist."""
    for mark in marks:
        if mark.id not in claims:
            yield f"{mark.chapter}, {mark.section!r}: no row of the ledger has the id {mark.id}"
        elif mark.verdict != claims[mark.id].verdict:
            verdict = claims[mark.id].verdict
            yield f"{mark.chapter}, {mark.section!r}: {mark.id} {mark.verdict}; it is {verdict}"
    marked = {(mark.id, mark.chapter, mark.section) for mark in marks if mark.id in claims}
    listed = {
        (row.id, place.chapter, place.section)
        for row in claims.values()
        for place in row.discussed
        if not is_due_later(place.chapter, chapters)
    }
    for claim_id, chapter, section in sorted(listed - marked):
        yield f"{claim_id}: listed under {chapter}, {section!r}, but not marked there"
    for claim_id, chapter, section in sorted(marked - listed):
        yield f"{claim_id}: marked in {chapter}, {section!r}, but not listed under `discussed`"


def coverage_problems(claims, chapters):
    """Numbered statements that no row settles, and rows that no chapter discusses."""
    missing = missing_chapters(chapters)
    covered = {number for row in claims.values() for number in row.numbers}
    tolerated = {number for prefix in missing for number in SETTLED_LATER[prefix]}
    for number in sorted(set(range(1, 61)) - covered - tolerated):
        yield f"statement {number} has no row"
    for row in claims.values():
        if not row.discussed and not missing:
            yield f"{row.id}: no chapter discusses it"


def missing_chapters(chapters):
    """Of the chapters that settle statements, those that do not exist yet."""
    return [
        prefix
        for prefix in SETTLED_LATER
        if not any(chapter.startswith(f"{prefix}_") for chapter in chapters)
    ]


def is_due_later(chapter, chapters):
    return any(chapter.startswith(f"{prefix}_") for prefix in missing_chapters(chapters))


def problems(claims, marks, chapters, folder=RESULTS):
    """Everything in which ledger, results and chapters do not agree, in words."""
    return [
        *verdict_problems(claims, folder),
        *mark_problems(claims, marks, chapters),
        *coverage_problems(claims, chapters),
    ]


# --- the command line --------------------------------------------------------------------------


def run_report(start):
    rows = [row for row in load_claims().values() if row.id.startswith(start)]
    if not rows:
        print(f"no claim's id begins with {start!r}", file=sys.stderr)
        return 1
    for row in rows:
        print("\n".join(report_lines([row])))
        for place in row.discussed:
            print(f"    {place.chapter}: {place.section}")
    return 0


def run_check():
    paths = chapter_paths(root=ROOT)
    found = problems(load_claims(), all_marks(paths), [path.stem for path in paths])
    print("\n".join(found) or f"{len(load_claims())} claims agree with results and chapters")
    return int(bool(found))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["report", "check"])
    parser.add_argument("start", nargs="?", default="", help="how the ids begin, as 05")
    options = parser.parse_args(arguments)
    return run_report(options.start) if options.command == "report" else run_check()


if __name__ == "__main__":
    sys.exit(main())
