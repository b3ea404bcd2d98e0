"""Who plays when: twenty units over fifty training cases, and the longest time on the bench."""

from itertools import groupby

import numpy as np

from ..scratch import draw_keep_mask
from . import svg
from .explorer import Explorer, Picture, Slider

UNITS, CASES = 20, 50
RATES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
TOSSES = 5  # sets of coins to choose from
WIDTH, HEIGHT = 328, 302
_LEFT, _TOP, _STEP, _ROW = 36, 32, 5.7, 12


def never_for_good():
    """Every unit's presence over 50 training cases, under p and the set of coins."""

    def draw(p, coins):
        plays = presence(p, coins)
        absence = longest_absence(plays)
        markup = svg.drawing(WIDTH, HEIGHT, _elements(plays, absence), max_width=480)
        return Picture(markup, _reading(p, plays, absence))

    return Explorer(
        "never-for-good",
        "When was each unit dropped?",
        "Find a unit that is gone for good. Then press the button: are the units that were "
        "dropped most still the same ones? At which p does the longest absence begin to worry you?",
        [
            Slider("p", "drop probability p", RATES, 0.5, "{:.1f}"),
            Slider(
                "coins",
                "set of coins",
                tuple(range(1, TOSSES + 1)),
                1,
                f"{{}} of {TOSSES}",
                button="Other coins",
            ),
        ],
        draw,
    )


def presence(p, coins):
    """Which unit plays for which case, (units, cases); at a larger p the same ones stay out.

    >>> presence(0.0, coins=1).all().item()
    True
    """
    return draw_keep_mask((UNITS, CASES), p, np.random.default_rng(coins))


def longest_absence(plays):
    """The longest run of cases in which one unit is dropped: (cases, unit, first case).

    >>> longest_absence(np.array([[1, 1, 0, 1], [1, 0, 0, 1]], dtype=bool))
    (2, 1, 1)
    """
    longest = (0, 0, 0)
    for unit, row in enumerate(plays):
        first = 0
        for played, run in groupby(row):
            cases = len(list(run))
            if not played and cases > longest[0]:
                longest = (cases, unit, first)
            first += cases
    return longest


def _elements(plays, absence):
    right, bottom = _x(CASES), _y(UNITS - 1)
    rows = [
        svg.line(
            *(_LEFT, _y(unit), right, _y(unit), "with-dropout", 8),
            stroke_dasharray=_dashes(row),
        )
        for unit, row in enumerate(plays)
        if row.any()
    ]
    numbers = [
        svg.text(_LEFT - 6, _y(unit) + 4, unit + 1, 11, "end", "soft") for unit in range(UNITS)
    ]
    ticks = [
        svg.text(_x(case - 0.5), bottom + 20, case, 12, "middle", "soft")
        for case in (1, 10, 20, 30, 40, 50)
    ]
    words = [
        svg.text(_LEFT + 16, 16, "bar: plays, gap: dropped", 12, "start", "soft"),
        svg.text(_LEFT - 6, 16, "unit", 12, "end", "soft"),
        svg.text((_LEFT + right) / 2, bottom + 37, "training case", 12, "middle", "soft"),
    ]
    cases, unit, first = absence
    if cases == 0:
        return [*rows, *numbers, *ticks, *words]
    frame = svg.rect(
        *(_x(first), _y(unit) - 5.5, cases * _STEP, 11, "none"),
        stroke=svg.colour("wrong"),
        stroke_width=1.6,
    )
    label = svg.text(right, 16, "longest absence", 12, "end", "wrong")
    return [*rows, *numbers, *ticks, *words, frame, label]


def _dashes(row):
    """A dash for each run of cases played, a gap for each run dropped; the first is a dash."""
    lengths = [(played, len(list(run)) * _STEP) for played, run in groupby(row)]
    if not lengths[0][0]:
        lengths.insert(0, (True, 0))
    if len(lengths) % 2:
        lengths.append((False, 0))
    return " ".join(f"{length:g}" for _, length in lengths)


def _x(case):
    return _LEFT + _STEP * case


def _y(unit):
    return _TOP + _ROW * unit


def _reading(p, plays, absence):
    played = plays.sum(axis=1)
    head = f"p = {p:.1f}: "
    if played.min() == CASES:
        return head + f"all {UNITS} units play in all {CASES} cases."
    benched = int((played == 0).sum())
    who = f"all but {benched} of the {UNITS} units play" if benched else f"all {UNITS} units play"
    cases, unit, first = absence
    words = "case" if cases == 1 else "cases in a row"
    return head + (
        f"{who}, each in {played[played > 0].min()} to {played.max()} of {CASES} cases. The "
        f"longest absence is that of unit {unit + 1}: {cases} {words}, from case {first + 1} on."
    )
