"""The experiment ``hintons_ladder``: eight networks, run by run, against the one without a rung."""

from ..experiments import mean_interval, paired_difference
from ..experiments.hintons_ladder import arm_name
from .chart import LIGHT, axes, to_svg
from .explorer import Choice, Explorer, Picture

_MEASURES = {"error": ("test error (%)", 100, (4, 12)), "loss": ("test loss (nats)", 1, (0.1, 0.9))}


def hintons_ladder_explorer(results):
    """Test error and loss of the network with the rungs chosen, joined run by run to that of none.

    Args:
        results: the stored results of the experiment ``hintons_ladder``, by seed.
    """

    def draw(hidden, inputs, max_norm):
        arm = arm_name((hidden, inputs, max_norm))
        rates = [result[arm]["learning_rate"] for result in results]
        common = max(sorted(set(rates)), key=rates.count)
        reading = f"{_in_words(arm)}: {_values(results, arm, 'error')} test error"
        if arm != "none":
            gain = paired_difference(_all(results, "none", "error"), _all(results, arm, "error"))
            better = sum(
                ours < plain
                for ours, plain in zip(
                    _all(results, arm, "error"), _all(results, "none", "error"), strict=True
                )
            )
            reading += (
                f", {gain.mean:.1f} points less than with none (95% interval {gain.low:.1f} to "
                f"{gain.high:.1f}), and less in {better} of {len(results)} runs"
            )
        reading += (
            f". Test loss {_values(results, arm, 'loss')}. Learning rate chosen most often: "
            f"{common:g}."
        )
        panels = "\n".join(f"<div>\n{chart}\n</div>" for chart in _charts(results, arm))
        return Picture(f'<div class="dx-panels">\n{panels}\n</div>', reading)

    on_first, off_first = {"on": True, "off": False}, {"off": False, "on": True}
    return Explorer(
        "hintons-ladder",
        "Which rungs carry?",
        "Switch the rungs on one after the other, then each alone. A line joins two networks of "
        "the same run: same split, same initial weights, same order of cases; each kind took its "
        "best learning rate on validation. Bars are 95% intervals of the mean.",
        [
            Choice("hidden", "hidden units, p = 0.5", on_first),
            Choice("inputs", "inputs, p = 0.2", off_first),
            Choice("max_norm", "max-norm, 1", off_first),
        ],
        draw,
    )


def _in_words(arm):
    words = {"hidden": "hidden units dropped", "input": "inputs dropped", "none": "no rung"}
    rungs = [words.get(rung, rung) for rung in arm.split(" + ")]
    return ", ".join(rungs).capitalize()


def _all(results, arm, measure):
    unit = _MEASURES[measure][1]
    return [unit * result[arm][f"test_{measure}"] for result in results]


def _values(results, arm, measure):
    mean = mean_interval(_all(results, arm, measure)).mean
    return f"{mean:.1f}%" if measure == "error" else f"{mean:.2f}"


def _charts(results, arm):
    """A panel for each measure: the runs of both networks, joined, with interval and mean."""
    dropped = "hidden" in arm or "input" in arm
    colours = LIGHT["without-dropout"], LIGHT["with-dropout" if dropped else "without-dropout"]
    for measure, (label, _, limits) in _MEASURES.items():
        pair = [_all(results, name, measure) for name in ("none", arm)]
        with axes(width=3.3, height=2.5) as (figure, plot):
            for run in zip(*pair, strict=True):
                plot.plot((0, 1), run, color=LIGHT["faint"], linewidth=1)
            for place, (values, colour) in enumerate(zip(pair, colours, strict=True)):
                plot.plot([place] * len(values), values, "o", color=colour, ms=4, alpha=0.6)
                interval = mean_interval(values)
                beside = place + (0.14 if place else -0.14)
                plot.plot([beside] * 2, [interval.low, interval.high], color=colour, linewidth=2.4)
                plot.plot(beside, interval.mean, "_", color=colour, ms=12, mew=2.4)
            plot.set(ylabel=label, xlim=(-0.5, 1.5), ylim=limits)
            plot.set_xticks([0, 1], ["no rung", "with the rungs that are on"])
        yield to_svg(figure)
