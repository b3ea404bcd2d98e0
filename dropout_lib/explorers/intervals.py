"""A chart of intervals: one line for each comparison, and a line at no difference."""

from ..claims import rounded
from .chart import LIGHT, axes, picture
from .explorer import Figure


def interval_chart(rows, xlabel, caption, digits=1):
    """Effects with their 95% intervals, one below the other.

    Args:
        rows: pairs of a label and an ``Interval``; None in place of a pair leaves a gap.
        xlabel: what the effects are, with their unit and direction.
        caption: of the figure.
        digits: decimals in the words for those who don't see the picture.

    >>> from dropout_lib.experiments import Interval
    >>> interval_chart([("a", Interval(1.0, 0.5, 1.5))], "gain (points)", "A chart.")
    gain (points): a 1.0 [0.5, 1.5].
    """
    with axes(height=0.7 + 0.25 * len(rows)) as (figure, plot):
        figure.subplots_adjust(left=0.36)
        plot.axvline(0, color=LIGHT["soft"], linewidth=0.8)
        for place, row in enumerate(rows):
            if row is None:
                continue
            _, interval = row
            plot.plot([interval.low, interval.high], [-place, -place], color=LIGHT["with-dropout"])
            plot.plot(interval.mean, -place, "o", markersize=5, color=LIGHT["with-dropout"])
        named = [(place, row[0]) for place, row in enumerate(rows) if row]
        plot.set_yticks([-place for place, _ in named], [label for _, label in named])
        plot.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
        plot.spines["left"].set_visible(False)
        plot.set(xlabel=xlabel, ylim=(0.6 - len(rows), 0.6))
        plot.locator_params(axis="x", nbins=5)
    told = "; ".join(f"{label} {said(interval, digits)}" for label, interval in filter(None, rows))
    return Figure(picture(figure, f"{xlabel}: {told}."), caption)


def said(interval, digits):
    """An interval in words, without a negative zero: \"1.0 [0.5, 1.5]\"."""
    mean, low, high = (rounded(v, digits) for v in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"
