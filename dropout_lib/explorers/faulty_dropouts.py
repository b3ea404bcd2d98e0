"""The experiment ``faulty_dropouts``: curves under each mistake, and what each costs."""

import numpy as np

from ..experiments import mean_interval, paired_difference
from .chart import LIGHT, apart, axes, picture, to_svg
from .explorer import Choice, Explorer, Figure, Picture
from .intervals import said

FAULTS = {  # name in the experiment: what is wrong, in words
    "scale forgotten": "the scale is forgotten",
    "scaled again in evaluation": "scaled by 1 − p in evaluation too",
    "on in evaluation": "evaluation still drops",
    "keep and drop swapped": "p is taken for the chance to keep",
    "normal numbers": "normal random numbers",
    "one mask for the batch": "one mask for the whole batch",
    "1 mask for good": "one mask, drawn once and kept",
    "5 masks for good": "five masks, drawn once and kept",
    "50 masks for good": "fifty masks, drawn once and kept",
    "backward without mask": "backward without a mask",
    "backward draws again": "backward with a fresh mask",
    "backward without scale": "backward without the scale",
}
HOW = {"given": "the same for all", "tuned": "tuned for each"}
_LINES = {  # arm: (what stands at its line, colour, line style); the fault comes last
    "without": ("no dropout", "without-dropout", (0, (1, 2))),
    "correct": ("correct", "with-dropout", (0, (4, 2))),
}


def which_is_faulty(results, names, how="given"):
    """Validation loss by epoch of networks that are not named: A, B, ...

    Args:
        results: the stored results of the experiment, by seed.
        names: arms of the experiment, in the order of the letters; two of them.
        how: "given" or "tuned" learning rates.
    """
    ends, styles = {}, ("-", (0, (4, 2)))
    with axes(height=2.5) as (figure, plot):
        for letter, name, style in zip("AB", names, styles, strict=True):
            curve = _mean_curve(results, name, how, "validation_losses")
            epochs = np.arange(1, len(curve) + 1)
            plot.plot(epochs, curve, color=LIGHT["ink"], linestyle=style)
            ends[letter] = curve[-1]
        for letter, place in zip(ends, apart(list(ends.values()), 0.06), strict=True):
            plot.annotate(letter, (epochs[-1] + 0.6, place), va="center", color=LIGHT["ink"])
        plot.set(xlabel="epoch", ylabel="validation loss (nats)", ylim=(0.2, 1.0))
    told = " and ".join(f"{letter} at {loss:.2f}" for letter, loss in ends.items())
    reading = f"Two validation losses fall in nearly the same way and end close together, {told}."
    return Figure(
        picture(figure, reading),
        f"Validation loss of two networks on the same digits, mean of {len(results)} runs each. "
        "One of them has a mistake in its dropout.",
    )


def faulty_dropouts_explorer(results):
    """The log and the validation loss of a network whose dropout has a mistake.

    Args:
        results: the stored results of the experiment ``faulty_dropouts``, by seed.
    """

    def draw(fault, how):
        panels = []
        for key, label, limits in (
            ("logged_losses", "training loss as logged (nats)", (2e-4, 4)),
            ("validation_losses", "validation loss (nats)", (0.25, 4)),
        ):
            panels.append(to_svg(_curves(results, fault, how, key, label, limits)))
        joined = "\n</div>\n<div>\n".join(panels)
        markup = f'<div class="dx-panels">\n<div>\n{joined}\n</div>\n</div>'
        return Picture(markup, reading(fault, how))

    def reading(fault, how):
        named = {FAULTS[fault]: fault, "correct": "correct", "no dropout": "without"}
        told = []
        for words, name in named.items():
            error = 100 * np.mean([r[name][how]["test_error"] for r in results])
            told.append(f"{words}: {error:.1f}% test error, {_loss(results, name, how)}")
        rates = sorted({result[fault][how]["learning_rate"] for result in results})
        rates = ", ".join(f"{rate:g}" for rate in rates)
        told = "; ".join(told)
        told = told[0].upper() + told[1:]
        return f"{told} (means of {len(results)} runs; learning rate with the mistake: {rates})."

    return Explorer(
        "faulty-dropouts",
        "Build in a mistake",
        "Choose a mistake, and ask before you look at the numbers: would these curves have made "
        "you search for it, if you had not known the dashed line? Then let every network have its "
        "own best learning rate, and ask again. (The red line ends with ↑ where it leaves the "
        "picture, or where its numbers have become infinite.)",
        [
            Choice("fault", "mistake", {words: name for name, words in FAULTS.items()}),
            Choice("how", "learning rate", {words: how for how, words in HOW.items()}),
        ],
        draw,
    )


def _loss(results, name, how):
    losses = [result[name][how]["test_loss"] for result in results]
    return "no finite loss" if None in losses else f"loss {np.mean(losses):.2f}"


def _mean_curve(results, name, how, key):
    """Mean over the seeds by epoch, up to the first epoch in which one of them is not finite."""
    runs = [result[name][how][key] for result in results]
    columns = list(zip(*runs, strict=False))
    finite = next((i for i, column in enumerate(columns) if None in column), len(columns))
    return np.array([np.mean(column) for column in columns[:finite]])


def _curves(results, fault, how, key, label, limits):
    """One panel: the mistake in red, between the correct dropout and none."""
    lines = {**_LINES, fault: ("this one", "wrong", "-")}
    epochs = max(len(result["without"][how][key]) for result in results)
    with axes(width=3.3, height=2.5) as (figure, plot):
        ends = {}
        for name, (words, colour, style) in lines.items():
            curve = _mean_curve(results, name, how, key)
            plot.plot(np.arange(1, len(curve) + 1), curve, color=LIGHT[colour], linestyle=style)
            gone = len(curve) < epochs or curve[-1] > limits[1]
            end = limits[1] if gone else curve[-1]
            ends[f"{words} ↑" if gone else words] = np.log10(end), LIGHT[colour]
        width = np.log10(limits[1] / limits[0])
        places = apart([end for end, _ in ends.values()], 0.075 * width)
        over = max(max(places) - np.log10(limits[1]), 0)
        for (words, (_, colour)), place in zip(ends.items(), places, strict=True):
            plot.annotate(words, (1.03 * epochs, 10 ** (place - over)), va="center", color=colour)
        plot.set(xlabel="epoch", ylabel=label, yscale="log", ylim=limits)
        plot.set(xlim=(0, 1.5 * epochs))
        plot.set_xticks(np.linspace(0, epochs, 4).round())
        ticks = [t for t in (0.001, 0.01, 0.1, 0.3, 1, 3) if limits[0] <= t <= limits[1]]
        ticks = [t for t in ticks if limits[0] > 0.1 or t not in (0.3, 3)]
        plot.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        plot.minorticks_off()
    return figure


def cost(results, fault, how, measure, unit=1):
    """How much higher a measure is with the mistake than with correct dropout, by seed."""
    sides = [
        [unit * result[name][how][measure] for result in results] for name in (fault, "correct")
    ]
    return paired_difference(*sides)


def what_faults_cost(results):
    """Test error and loss of each mistake less those of correct dropout, both tuned.

    Args:
        results: the stored results of the experiment ``faulty_dropouts``, by seed.
    """
    rows = {fault: cost(results, fault, "tuned", "test_error", 100) for fault in FAULTS}
    rows["without"] = cost(results, "without", "tuned", "test_error", 100)
    rows = dict(sorted(rows.items(), key=lambda row: row[1].mean))
    losses = {fault: cost(results, fault, "tuned", "test_loss") for fault in rows}
    words = {**FAULTS, "without": "no dropout at all"}
    with axes(columns=2, width=4.4, height=3.6, sharey=True) as (figure, (left, right)):
        figure.subplots_adjust(left=0.45, wspace=0.15)
        for plot, values in ((left, rows), (right, losses)):
            plot.axvline(0, color=LIGHT["soft"], linewidth=0.8)
            for place, (name, interval) in enumerate(values.items()):
                colour = LIGHT["without-dropout" if name == "without" else "wrong"]
                plot.plot([interval.low, interval.high], [-place] * 2, color=colour)
                plot.plot(interval.mean, -place, "o", markersize=5, color=colour)
            plot.spines["left"].set_visible(False)
            plot.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
            plot.locator_params(axis="x", nbins=3)
        left.set_yticks([-place for place in range(len(rows))], [words[name] for name in rows])
        left.set(xlabel="more error (points)")
        right.set(xlabel="more loss (nats)")
    told = "; ".join(
        f"{words[name]} {said(rows[name], 2)} points, {said(losses[name], 2)} nats" for name in rows
    )
    right_one = mean_interval([100 * r["correct"]["tuned"]["test_error"] for r in results])
    return Figure(
        picture(figure, f"What each mistake costs, in error and in loss: {told}."),
        "Test error and test loss with each mistake, less those of correct dropout; 95% intervals "
        f"over {len(results)} paired runs, each network at its own best learning rate. Correct "
        f"dropout errs on {said(right_one, 1)}%.",
    )
