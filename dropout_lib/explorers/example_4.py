"""The experiment ``example_4``: its curves, what p does to them, and equal training losses."""

import numpy as np

from ..experiments import mean_interval
from .chart import LIGHT, apart, axes, picture, to_svg
from .explorer import Choice, Explorer, Figure, Picture, Slider

SETTINGS = {  # name: (arm of the experiment, in words, whether it stops where the example does,
    # the largest loss that is shown)
    "as given": ("as given", "as given", True, 0.35),
    "longer": ("as given", "trained three times as long", False, 0.35),
    "fewer points": ("fewer points", "on a tenth of the points", False, 0.75),
    "noisy labels": ("noisy labels", "with every fifth label wrong", False, 1.3),
}
_CURVES = {  # curve: (what stands at its line, colour, line style)
    "noisy_train_loss": ("training, dropout on", "train", "-"),
    "train_loss": ("training, dropout off", "train", (0, (4, 2))),
    "test_loss": ("test", "test", "-"),
    "test_without": ("test, p = 0", "without-dropout", (0, (1, 2))),
}


def as_in_the_example(without, dropping):
    """Two panels of losses by epoch, measured as the example measures them.

    Args:
        without: (train_losses, test_losses) of the network without dropout.
        dropping: the same of the network with dropout.
    """
    titles = {"without dropout": without, "with dropout": dropping}
    charts = [_two_losses(title, *losses) for title, losses in titles.items()]
    markup = "\n".join(f"<div>\n{to_svg(chart)}\n</div>" for chart in charts)
    ends = ", ".join(
        f"{title} {train[-1]:.2f} in training and {test[-1]:.2f} on test data"
        for title, (train, test) in titles.items()
    )
    epochs = len(without[0])
    reading = f"Losses fall over {epochs} epochs in both panels. They end at: {ends}."
    return Figure(
        Picture(f'<div class="dx-panels">\n{markup}\n</div>', reading),
        "The example's two plots, one run of each network, on a common scale. The training loss "
        "is the one from the step; the test loss is measured after it.",
    )


def _two_losses(title, train_losses, test_losses):
    """One panel of the example: both losses by epoch."""
    with axes(width=3.3, height=2.4) as (figure, plot):
        figure.subplots_adjust(top=0.88)
        epochs = np.arange(1, len(train_losses) + 1)
        lines = {"training": (train_losses, "train"), "test": (test_losses, "test")}
        ends = apart([losses[-1] for losses, _ in lines.values()], 0.07)
        for (word, (losses, colour)), end in zip(lines.items(), ends, strict=True):
            plot.plot(epochs, losses, color=LIGHT[colour])
            plot.annotate(word, (len(epochs) + 2, end), va="center", color=LIGHT[colour])
        plot.set(xlabel="epoch", ylabel="loss (nats)", title=title)
        plot.set(ylim=(-0.04, 0.75), xlim=(0, 1.4 * len(epochs)))
        plot.set_xticks(np.linspace(0, len(epochs), 5))
    return figure


def example_4_explorer(results, settings):
    """Training and test curves under p, in the example's setting and in three others.

    Args:
        results: the stored results of the experiment ``example_4``, by seed.
        settings: the settings that they were made with, a dict.
    """
    rates = tuple(settings["rates"])
    curves = {
        arm: [_mean_curves(results, arm, at) for at in range(len(rates))]
        for arm in ("as given", "fewer points", "noisy labels")
    }

    def draw(p, setting):
        arm, words, stops, top = SETTINGS[setting]
        shown = [e for e in settings["epochs"] if not stops or e <= settings["given_epochs"]]
        run = curves[arm][rates.index(p)]
        run = {name: curve[: len(shown)] for name, curve in run.items()}
        if p:
            run["test_without"] = curves[arm][0]["test_loss"][: len(shown)]
        logged, same = (
            run["test_loss"][-1] - run[name][-1] for name in ("noisy_train_loss", "train_loss")
        )
        reading = (
            f"The example {words}, p = {p}: after {shown[-1]} epochs the test loss is "
            f"{run['test_loss'][-1]:.2f} and the test error {100 * run['test_error'][-1]:.1f}%. "
            f"The gap between training and test loss is {_signed(logged)} as the example measures "
            f"it, {_signed(same)} with dropout off (means of {len(results)} runs)."
        )
        return Picture(to_svg(_losses(shown, run, top)), reading)

    return Explorer(
        "example-4",
        "Which change makes it overfit?",
        "Choose a setting and pull p to 0: does the test loss turn up? Then move p, and watch both "
        "training losses: the one that the example plots, and the one that is measured as the test "
        "loss is. All settings but the first go on for 300 epochs. (With one label in five wrong, "
        "0.50 is the lowest test loss that can be expected. An arrow: the curve has left the "
        "picture.)",
        [
            Slider("p", "drop probability p", rates, 0.5, "{}"),
            Choice("setting", "setting", {_menu(name): name for name in SETTINGS}),
        ],
        draw,
    )


def _menu(name):
    return {
        "as given": "as given (100 epochs)",
        "longer": "longer (300 epochs)",
        "fewer points": "fewer points (100)",
        "noisy labels": "noisy labels (one in five)",
    }[name]


def _signed(value):
    """Two decimals with a sign, and no −0.00."""
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−").replace("+0.00", "0.00")


def _mean_curves(results, arm, at):
    names = ("noisy_train_loss", "train_loss", "test_loss", "test_error")
    return {name: np.mean([r[arm][at][name] for r in results], axis=0) for name in names}


def _losses(epochs, run, top):
    """The curves of one p over the epochs, each named at its end."""
    shown = {name: run[name] for name in _CURVES if name in run}
    with axes(height=2.8) as (figure, plot):
        ends = apart([min(curve[-1], 0.97 * top) for curve in shown.values()], 0.09 * top)
        lowest, highest = min(ends), max(ends)  # labels outside of the axes would not be drawn
        up = max(0.01 * top - lowest, 0) - max(highest - 0.97 * top, 0)
        ends = [end + up for end in ends]
        for (name, curve), end in zip(shown.items(), ends, strict=True):
            label, colour, style = _CURVES[name]
            plot.plot(epochs, curve, color=LIGHT[colour], linestyle=style)
            label += " ↑" if curve[-1] > top else ""
            plot.annotate(label, (1.02 * epochs[-1], end), va="center", color=LIGHT[colour])
        plot.set(xlabel="epoch", ylabel="loss (nats)", ylim=(-0.03 * top, top))
        plot.set(xlim=(0, 1.55 * epochs[-1]))
        plot.set_xticks(np.linspace(0, epochs[-1], 5))
    return figure


def at_equal_training_loss(results, settings, p=0.5):
    """Test loss over training loss, dropout off, along the training of two networks.

    Args:
        results: the stored results of the experiment ``example_4``, by seed.
        settings: the settings that they were made with, a dict.
        p: the drop probability of the second network.
    """
    arms = {"without dropout": (0, "without-dropout", "-")}
    arms["with dropout"] = (settings["rates"].index(p), "with-dropout", (0, (4, 2)))
    given = settings["epochs"].index(settings["given_epochs"])
    at_given = {}
    with axes(height=2.8) as (figure, plot):
        for (name, (at, colour, style)), above in zip(arms.items(), (0.02, -0.02), strict=True):
            curves = _mean_curves(results, "as given", at)
            train, test = curves["train_loss"], curves["test_loss"]
            plot.plot(train, test, color=LIGHT[colour], linestyle=style)
            plot.plot(train[given], test[given], "o", color=LIGHT[colour])
            plot.annotate(
                f"{name},\nepoch {settings['given_epochs']}",
                (train[given] / 1.15, test[given] + above),
                va="bottom" if above > 0 else "top",
                color=LIGHT[colour],
            )
            at_given[name] = train[given], test[given]
        plot.set(xscale="log", xlim=(0.7, 3e-4), ylim=(0, 0.2))
        plot.set(xlabel="training loss, dropout off (nats, log scale)")
        plot.set(ylabel="test loss (nats)")
        plot.set_xticks([0.1, 0.01, 0.001], ["0.1", "0.01", "0.001"])
        plot.set_yticks([0, 0.05, 0.1, 0.15, 0.2])
        plot.minorticks_off()
    matched = np.mean([r["as given"][at]["matched_test_loss"][0] for r in results])
    (_, test) = at_given["with dropout"]
    reading = (
        "Two paths from high to low training loss lie on each other at first. After "
        f"{settings['given_epochs']} epochs the network with dropout is at test loss {test:.3f}; "
        f"the one without had {matched:.3f} when it came by the same training loss. Further on "
        "the path without dropout rises earlier."
    )
    return Figure(
        picture(figure, reading),
        "Test loss by training loss, both with dropout off, as training goes on from left to "
        f"right; mean of {len(results)} runs. The dots: where the example stops.",
    )


_RULES = {
    "sum": "label by the sum, every fifth wrong",
    "length": "label by the length",
    "pairs": "label by products of pairs",
}
_ARMS = {  # words: (arm, how it was trained, colour, marker)
    "no dropout, untuned": ("none", "untuned", "without-dropout", "o"),
    "p = 0.5, untuned": ("dropout", "untuned", "with-dropout", "o"),
    "no dropout": ("none", "stopped", "without-dropout", "s"),
    "p = 0.5": ("dropout", "stopped", "with-dropout", "s"),
    "p tuned": ("dropout tuned", "stopped", "with-dropout", "D"),
    "weight decay": ("decay tuned", "stopped", "soft", "D"),
}


def label_rules_figure(results):
    """Test error of the arms of the experiment ``label_rules``, rule by rule.

    Args:
        results: the stored results of the experiment, by seed.
    """
    readings, ticks = [], {}
    with axes(width=4.8, height=5.2) as (figure, plot):
        figure.subplots_adjust(left=1.35 / 4.8)
        for group, (rule, title) in enumerate(_RULES.items()):
            top, words = -7.6 * group, []
            plot.annotate(title, (0.01, top + 0.9), xycoords=("axes fraction", "data"), va="center")
            for row, (label, (arm, how, colour, marker)) in enumerate(_ARMS.items()):
                place = top - row - (0.4 if how == "stopped" else 0)
                found = mean_interval([100 * r[rule][arm][how]["test_error"] for r in results])
                plot.plot([found.low, found.high], [place] * 2, color=LIGHT[colour])
                plot.plot(found.mean, place, marker, color=LIGHT[colour], markersize=5)
                ticks[place] = label, LIGHT[colour]
                words.append(f"{label} {found.mean:.1f}")
            readings.append(f"{title}: {', '.join(words)}")
        plot.set(xlabel="test error (%)", ylim=(-21.4, 1.5))
        plot.set_yticks(list(ticks), [label for label, _ in ticks.values()])
        plot.set_xticks(range(20, 40, 5))
        plot.tick_params(axis="y", length=0)
        for label, (_, colour) in zip(plot.get_yticklabels(), ticks.values(), strict=True):
            label.set_color(colour)
    return Figure(
        picture(figure, f"Test error in per cent. {'. '.join(readings)}."),
        "Test error under three rules for the labels; mean and 95% interval over "
        f"{len(results)} runs. Circles: the example's learning rate, 200 epochs. Squares and "
        "diamonds: learning rate and stopping time chosen on validation, diamonds the strength "
        "too.",
    )
