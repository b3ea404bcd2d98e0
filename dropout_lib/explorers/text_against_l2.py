"""Figures of the experiment ``text_against_l2``: errors by penalty, and weights by frequency."""

import numpy as np

from ..experiments import mean_interval, paired_difference
from .chart import LIGHT, axes, picture
from .explorer import Figure

_ARMS = {  # arm: (words, colour)
    "none": ("next to no penalty", "without-dropout"),
    "adam": ("L2, steps of Adam tuned", "without-dropout"),
    "frequency": ("L2 weighted by frequency", "without-dropout"),
    "quadratic": ("dropout's quadratic term", "with-dropout"),
    "dropout": ("dropout", "with-dropout"),
}
_GROUPS = {"one class": ("in one class only", "-"), "both classes": ("in both", (0, (4, 2)))}


def errors_by_penalty(results):
    """How many points of test error each penalty saves against plain L2, with 95% intervals."""
    saved = {
        arm: paired_difference(
            *([100 * r[name]["by error"]["test_error"] for r in results] for name in ("l2", arm))
        )
        for arm in _ARMS
    }
    with axes(width=4.6, height=2.2) as (figure, plot):
        figure.subplots_adjust(left=0.36)
        for y, (arm, (_, colour)) in enumerate(_ARMS.items()):
            gain = saved[arm]
            plot.plot([gain.low, gain.high], [y, y], color=LIGHT[colour])
            plot.plot(gain.mean, y, "o", color=LIGHT[colour])
        top = len(_ARMS) - 0.6  # under the label
        plot.plot([0, 0], [-0.5, top], color=LIGHT["soft"], linewidth=1, linestyle=(0, (2, 3)))
        plot.annotate("plain L2", (0, len(_ARMS) - 0.45), ha="center", color=LIGHT["soft"])
        plot.set_yticks(range(len(_ARMS)), [words for words, _ in _ARMS.values()])
        plot.set(xlabel="points of test error saved against plain L2", ylim=(-0.5, len(_ARMS)))
        plot.tick_params(axis="y", length=0)
    error = np.mean([100 * r["l2"]["by error"]["test_error"] for r in results])
    reading = (
        f"Plain L2 errs on {error:.1f}% of the paragraphs. Points saved against it: "
        + ", ".join(f"{words} {saved[arm].mean:.1f}" for arm, (words, _) in _ARMS.items())
        + "."
    )
    return Figure(
        picture(figure, reading),
        "Test error saved against logistic regression with plain L2, every penalty tuned; line: "
        f"95% interval of the mean over {len(results)} paired splits.",
    )


def weights_by_frequency(results):
    """The size of dropout's weights relative to L2's, by how often a word occurs."""
    at_most = results[0]["per word"]["at most"]
    with axes(height=2.7) as (figure, plot):
        ends = {}
        for group, (words, style) in _GROUPS.items():
            ratios = [_ratios(result["per word"], group) for result in results]
            # a class of frequency that is empty in some splits has too few words to tell
            kept = [i for i, column in enumerate(zip(*ratios, strict=True)) if None not in column]
            intervals = [mean_interval([np.log(row[i]) for row in ratios]) for i in kept]
            plot.fill_between(
                kept,
                [np.exp(interval.low) for interval in intervals],
                [np.exp(interval.high) for interval in intervals],
                color=LIGHT["with-dropout"],
                alpha=0.15,
                linewidth=0,
            )
            means = [np.exp(interval.mean) for interval in intervals]
            plot.plot(kept, means, color=LIGHT["with-dropout"], linestyle=style)
            plot.annotate(
                words,
                (kept[-1], means[-1]),
                (6, 0),
                textcoords="offset points",
                va="center",
                color=LIGHT["with-dropout"],
            )
            ends[words] = means
        plot.axhline(1, color=LIGHT["without-dropout"], linewidth=1)
        plot.annotate("as with L2", (-0.3, 1.04), color=LIGHT["without-dropout"])
        plot.set_xticks(range(len(at_most)), _frequency_labels(at_most))
        plot.set(
            yscale="log",
            xlim=(-0.4, len(at_most) + 0.6),
            xlabel="training paragraphs that have the word",
            ylabel="size of its weight, dropout / L2",
        )
        plot.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
        plot.minorticks_off()
    (one, of_one), (both, of_both) = ends.items()
    reading = (
        f"Relative to L2, dropout gives the rarest words {of_one[0]:.1f} times the weight. Among "
        f"words {one} the ratio ends at {of_one[-1]:.1f}; among words {both} it falls from "
        f"{of_both[0]:.1f} to {of_both[-1]:.1f} for the most common."
    )
    return Figure(
        picture(figure, reading),
        "Root mean square weight under dropout, divided by the same under L2, by the number of "
        "training paragraphs with the word; solid: words that occur in one class only; dashed: "
        f"in both; band: 95% interval over {len(results)} splits.",
    )


def _ratios(per_word, group):
    return [
        None if a is None else a / b
        for a, b in zip(
            per_word["dropout"][group]["size"], per_word["l2"][group]["size"], strict=True
        )
    ]


def _frequency_labels(at_most):
    """ "1", "2", "3-4", ..., "33+"."""
    labels, above = [], 0
    for last in at_most:
        first = above + 1
        labels.append(
            f"{first}+" if last is None else f"{first}–{last}" if first < last else str(last)
        )
        above = last
    return labels
