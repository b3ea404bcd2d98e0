"""A figure of the experiment ``calibration``: which score knows what was never learned."""

from ..experiments import mean_interval
from .calibration import side_by_side
from .chart import LIGHT, axes
from .explorer import Figure

_ARMS = {  # label and colour
    "single": ("one network", "without-dropout"),
    "short ensemble": ("5 networks, short", "without-dropout"),
    "ensemble": ("5 networks", "without-dropout"),
    "weight scaling": ("weight scaling", "with-dropout"),
    "mc few": ("Monte Carlo, 5", "with-dropout"),
    "mc": ("Monte Carlo, 100", "with-dropout"),
}
_SCORES = {  # words, marker, and how far it stands above the middle of the row
    "confidence": ("1 − highest probability", "o", 0.24),
    "entropy": ("entropy", "s", 0.0),
    "mutual_information": ("mutual information", "D", -0.24),
}
_ONE_PASS = ("single", "weight scaling")  # which have no mutual information
_GROUPS = {"photographs": "patches of photographs", "held-out classes": "digits never learned"}


def unfamiliar_inputs(results):
    """AUROC of every arm's scores, for patches of photographs and for classes left out.

    Args:
        results: the stored results of the experiment ``calibration``, by seed.
    """
    told, figures = [], []
    for group, title in _GROUPS.items():
        rows = {
            (arm, score): mean_interval([r["tuned by nll"][arm][group][score] for r in results])
            for arm in _ARMS
            for score in _SCORES
            if score != "mutual_information" or arm not in _ONE_PASS
        }
        figures.append(_panel(rows, title))
        told += [
            f"{title}, {_ARMS[arm][0]}, {_SCORES[score][0]} {interval.mean:.2f}"
            for (arm, score), interval in rows.items()
        ]
    return Figure(
        side_by_side(figures, f"AUROC, means of {len(results)} runs. {'; '.join(told)}."),
        "How well a score tells inputs that the network has not learned from test digits that it "
        "has (1: always, 0.5: no better than a coin). Circle: 1 − highest probability; square: "
        "predictive entropy; diamond: mutual information. Orange: without dropout; blue: with "
        "dropout. Short: the five together trained no longer than the one. Line: 95% interval.",
    )


def _panel(rows, title):
    """The intervals of all scores of all arms, an arm below the other."""
    places = {arm: -place for place, arm in enumerate(_ARMS)}
    with axes(width=3.3, height=2.9) as (figure, plot):
        figure.subplots_adjust(left=0.36, top=0.9)
        for (arm, score), interval in rows.items():
            (_, marker, shift), colour = _SCORES[score], LIGHT[_ARMS[arm][1]]
            place = places[arm] + shift
            plot.plot([interval.low, interval.high], [place] * 2, color=colour, linewidth=1)
            face = LIGHT["paper"] if marker == "o" else colour
            plot.plot(interval.mean, place, marker, color=colour, mfc=face, markersize=4.5)
        plot.set_yticks(list(places.values()), [label for label, _ in _ARMS.values()])
        plot.set(xlabel="AUROC", title=title)
        plot.locator_params(axis="x", nbins=4)
        plot.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
    return figure
