"""An interval seed by seed: what a comparison says after two runs, after three, after ten."""

from ..claims import judge
from ..experiments import Interval, mean_interval, paired_difference
from . import svg
from .explorer import Choice, Explorer, Picture, Slider

WORDS = {
    "supports": "the interval lies above 0: the claim is supported",
    "contradicts": "the interval lies below 0: the claim is contradicted",
    "undecided": "the interval contains 0: undecided",
}
_LEFT, _RIGHT = 12, 408  # of the axis, in user units


def growing_evidence(comparisons):
    """Runs of two networks come in one by one, and with them the interval of the difference.

    Args:
        comparisons: ``{words: (a, b)}``, of each comparison the errors in per cent of two networks,
            a number for each seed; the claim is that b errs less.
    """
    seeds = len(next(iter(comparisons.values()))[0])

    def draw(runs, comparison, pairing):
        a, b = (side[:runs] for side in comparisons[comparison])
        interval = paired_difference(a, b) if pairing == "paired" else unpaired_difference(a, b)
        differences = [x - y for x, y in zip(a, b, strict=True)]
        reading = (
            f"{runs} runs of each network, {PAIRINGS[pairing]}: the error of a less that of b is "
            f"{interval:.1f} points; {WORDS[judge(interval)]}."
        )
        return Picture(_picture(differences, interval, _ends(comparisons[comparison])), reading)

    return Explorer(
        "growing-evidence",
        "How many runs does it take?",
        "Add runs one by one and watch the interval. With which number of runs would you have "
        "stopped, and what would you have written? Then forget which runs belong together.",
        [
            Slider("runs", "runs of each network", tuple(range(2, seeds + 1)), 2),
            Choice("comparison", "a against b", {words: words for words in comparisons}),
            Choice("pairing", "compare", {words: name for name, words in PAIRINGS.items()}),
        ],
        draw,
    )


PAIRINGS = {"paired": "run by run", "unpaired": "one heap against the other"}


def unpaired_difference(a, b):
    """The mean of a less that of b with Welch's 95% interval, as if no runs belonged together.

    >>> f"{unpaired_difference([3.0, 5.0, 4.0], [1.0, 2.0, 3.0]):.2f}"
    '2.00 [-0.27, 4.27]'
    """
    from scipy.stats import ttest_ind

    ends = ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    mean = mean_interval(a).mean - mean_interval(b).mean
    return Interval(mean, float(ends.low), float(ends.high))


def _ends(sides):
    """The axis of a comparison: all differences, 0, and some room for intervals."""
    differences = [x - y for x, y in zip(*sides, strict=True)]
    low, high = min(0, *differences), max(0, *differences)
    return low - 0.4 * (high - low), high + 0.4 * (high - low)


def _picture(differences, interval, ends):
    low, high = ends

    def x(value):
        share = (min(max(value, low), high) - low) / (high - low)
        return _LEFT + (_RIGHT - _LEFT) * share

    elements = [
        svg.line(x(0), 20, x(0), 50, "soft", 1),
        svg.line(x(0), 72, x(0), 106, "soft", 1),
        svg.text(x(0), 120, "0", 12, "middle"),
        svg.text(_LEFT, 138, "← a errs less", 12),
        svg.text(_RIGHT, 138, "b errs less →", 12, "end"),
        svg.text(210, 156, "difference of the errors (points)", 12, "middle", "soft"),
        svg.text(_LEFT, 12, "the runs", 12, fill="soft"),
        svg.text(_LEFT, 66, "their mean, and its interval", 12, fill="soft"),
        svg.line(x(interval.low), 84, x(interval.high), 84, "ink", 3),
        svg.circle(x(interval.mean), 84, 6),
    ]
    elements += [svg.circle(x(d), 36, 4, "with-dropout", opacity="0.75") for d in differences]
    elements += [_arrow(_LEFT, -1)] if interval.low < low else []
    elements += [_arrow(_RIGHT, 1)] if interval.high > high else []
    return svg.drawing(420, 164, elements, max_width=560)


def _arrow(at, to):
    """Says that the interval goes on beyond the picture."""
    points = f"{at + 10 * to},84 {at},77 {at},91"
    return f'<polygon points="{points}" fill="var(--dx-ink)"/>'
