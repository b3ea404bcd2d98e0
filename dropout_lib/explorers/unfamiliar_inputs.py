"""A figure of the experiment ``calibration``: which score knows what was never learned."""

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Figure

_ARMS = {  # label and colour
    "single": ("one network", "without-dropout"),
    "short ensemble": ("5 networks, short", "without-dropout"),
    "ensemble": ("5 networks", "without-dropout"),
    "weight scaling": ("weight scaling", "with-dropout"),
    "mc few": ("Monte Carlo, 5 passes", "with-dropout"),
    "mc": ("Monte Carlo, 100", "with-dropout"),
}
_SCORES = {  # words and marker
    "confidence": ("1 − highest probability", "o"),
    "entropy": ("entropy", "s"),
    "mutual_information": ("mutual information", "D"),
}
_GROUPS = {"photographs": "patches of photographs", "held-out classes": "digits never learned"}


def unfamiliar_inputs(results):
    """AUROC of every arm's scores, for patches of photographs and for classes left out.

    Args:
        results: the stored results of the experiment ``calibration``, by seed.
    """
    told = []
    with axes(columns=2, width=6.8, height=3, sharey=True) as (figure, plots):
        figure.subplots_adjust(left=0.21, top=0.82, wspace=0.1)
        for plot, (group, title) in zip(plots, _GROUPS.items(), strict=True):
            for row, (arm, (label, name)) in enumerate(_ARMS.items()):
                for score, (_, marker) in _SCORES.items():
                    if score == "mutual_information" and arm in ("single", "weight scaling"):
                        continue  # one pass has none
                    values = [r["tuned by nll"][arm][group][score] for r in results]
                    interval, colour = mean_interval(values), LIGHT[name]
                    place = -row + {"o": 0.24, "s": 0.0, "D": -0.24}[marker]
                    plot.plot([interval.low, interval.high], [place] * 2, color=colour, linewidth=1)
                    face = LIGHT["paper"] if marker == "o" else colour
                    plot.plot(
                        *(interval.mean, place, marker),
                        color=colour,
                        markersize=4.5,
                        markerfacecolor=face,
                    )
                    told.append(f"{title}, {label}, {_SCORES[score][0]} {interval.mean:.2f}")
            plot.set(xlabel="AUROC", title=title)
            plot.locator_params(axis="x", nbins=5)
            plot.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
        plots[0].set_yticks([-row for row in range(len(_ARMS))], [a for a, _ in _ARMS.values()])
        for place, (words, marker) in zip((0.22, 0.5, 0.7), _SCORES.values(), strict=True):
            face = LIGHT["paper"] if marker == "o" else LIGHT["ink"]
            plots[0].plot(
                *(place, 0.955, marker),
                color=LIGHT["ink"],
                markersize=4.5,
                markerfacecolor=face,
                transform=figure.transFigure,
                clip_on=False,
            )
            figure.text(place + 0.015, 0.955, words, va="center", fontsize=8)
    return Figure(
        picture(figure, f"AUROC, means of {len(results)} runs. {'; '.join(told)}."),
        "How well a score tells inputs that the network has not learned from test digits that it "
        "has (1: always, 0.5: no better than a coin). Orange: without dropout; blue: with dropout. "
        "Short: five that together trained no longer than one. Line: 95% interval.",
    )
