"""The noise of dropout on its way through a network, training curves, and rates by depth."""

from functools import cache

import numpy as np
import torch
from torch import nn

from ..experiments import paired_difference
from ..experiments.rates_by_depth import activations, noise_by_layer
from . import svg
from .chart import LIGHT, apart, axes, picture, to_svg
from .explorer import Explorer, Figure, Picture, Slider
from .intervals import said

RATES = (0.0, 0.3, 0.4, 0.5)
_TILE = 42
_PLACES = ("layer 1", "dropped", "layer 2", "dropped", "layer 3", "dropped", "logits")


def noise_through_depth(network, images, labels, cases=40, passes=50):
    """How much noise three dropout layers make, and how much of it the layers between remove.

    Args:
        network: trained ``nn.Sequential`` of Linear, ReLU, Dropout three times and Linear.
        images: test digits (N, 784).
        labels: their classes (N,), with each of the ten at least once.
        cases: how many of the images the noise is measured on.
        passes: with masks of their own.
    """
    shown = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    with torch.no_grad():  # what no mask has touched yet is the same in every pass
        first, ten = (
            network[:2](torch.as_tensor(x, dtype=torch.float32))
            for x in (images[:cases], images[shown])
        )
    rest = network[2:]

    @cache
    def noise(*rates):
        found = noise_by_layer(rest, rates, first, passes)
        kept = [
            share
            for layer, share in zip(rest, found, strict=True)
            if not isinstance(layer, nn.Linear)
        ]
        return [0.0, *kept, found[-1]]  # behind ReLU, behind dropout, and the logits

    def draw(p1, p2, p3):
        rates = p1, p2, p3
        here, turned = noise(*rates), noise(*rates[::-1])
        right = _right(rest, rates, ten)
        alive = (1 - p1) * (1 - p2) * (1 - p3)
        words = f"At rates {p1}, {p2}, {p3} a path from layer 1 to the logits is whole in "
        words += f"{alive:.0%} of the passes. The noise of the logits is {here[-1]:.2f} of their "
        words += f"size, in the order turned round {turned[-1]:.2f}. More than half of the "
        words += f"passes name {(right > 0.5).sum()} of these ten digits rightly."
        digits = _digits(images[shown].reshape(-1, 28, 28), right)
        return Picture(f"{digits}\n{to_svg(_zigzag(here, turned))}", words)

    return Explorer(
        "noise-through-depth",
        "Where does the noise come from, and where does it go?",
        "Each steep step up is a dropout layer, each step down the layer behind it, which sums "
        "over many units and so averages noise away. Dashed: the same three rates in reverse "
        "order. Begin with the example's 0.5, 0.4, 0.3: which order leaves more noise at the end? "
        "Then leave one rate at 0.5 and set the others to 0, one after the other. Under each "
        "digit: how many of 100 passes name it rightly.",
        [
            Slider("p1", "p, layer 1", RATES, 0.5),
            Slider("p2", "p, layer 2", RATES, 0.4),
            Slider("p3", "p, layer 3", RATES, 0.3),
        ],
        draw,
    )


def _right(network, rates, first, passes=100):
    """Share of the passes that name each of the ten digits rightly."""
    *_, (_, logits) = activations(network, rates, first, passes, seed=1)
    return (logits.argmax(dim=-1) == torch.arange(10)).double().mean(dim=0).numpy()


def _digits(images, right):
    elements = []
    for i, (image, share) in enumerate(zip(images, right, strict=True)):
        elements.append(svg.digit(i * _TILE + 1, 2, _TILE - 2, image))
        colour = "ink" if share > 0.5 else "wrong"
        elements.append(
            svg.text((i + 0.5) * _TILE, _TILE + 15, f"{100 * share:.0f}", 12, "middle", colour)
        )
    return svg.drawing(_TILE * len(images), _TILE + 20, elements, max_width=480)


def _zigzag(here, turned):
    blue, soft = LIGHT["with-dropout"], LIGHT["soft"]
    with axes(height=2.7) as (figure, plot):
        at = range(len(_PLACES))
        plot.plot(at, turned, color=soft, linestyle=(0, (4, 2)), linewidth=1.2)
        plot.plot(at, here, color=blue)
        plot.plot(at[-1], here[-1], "o", color=blue, markersize=5)
        ends = apart([here[-1], turned[-1]], 0.11)
        plot.annotate(f"{here[-1]:.2f}", (6.15, ends[0]), va="center", color=blue)
        if abs(here[-1] - turned[-1]) > 0.005:
            plot.annotate(f"{turned[-1]:.2f} reversed", (6.15, ends[1]), va="center", color=soft)
        plot.set_xticks(at, _PLACES)
        plot.set(xlim=(-0.1, 7.6), ylim=(-0.03, 1.25))
        plot.set(ylabel="noise / signal", xlabel="on the way through the network")
    return figure


def training_curves(epochs):
    """The logged training loss of a network with dropout, and two losses without it.

    Args:
        epochs: for each epoch a dict with "log", "train" and "validation", in nats.
    """
    curves = {
        "log (dropout on)": ("log", "train", "-"),
        "training (dropout off)": ("train", "train", (0, (4, 2))),
        "validation (dropout off)": ("validation", "test", "-"),
    }
    at = range(1, len(epochs) + 1)
    with axes(height=2.8) as (figure, plot):
        lines = {label: [epoch[name] for epoch in epochs] for label, (name, *_) in curves.items()}
        ends = apart([line[-1] for line in lines.values()], 0.1)
        ends = [end + max(0.06 - min(ends), 0) for end in ends]
        for (label, line), end in zip(lines.items(), ends, strict=True):
            _, colour, style = curves[label]
            plot.plot(at, line, color=LIGHT[colour], linestyle=style)
            plot.annotate(label, (at[-1] + 0.3, end), va="center", color=LIGHT[colour])
        plot.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, 1.2), xlim=(1, 1.55 * len(epochs)))
        plot.set_xticks(range(1, len(epochs) + 1, 2))
    first, last = (
        "above" if epoch["log"] > epoch["validation"] else "below"
        for epoch in (epochs[0], epochs[-1])
    )
    overfits = "below" if epochs[-1]["train"] < epochs[-1]["validation"] else "not below"
    reading = (
        f"The logged loss begins {first} the validation loss and ends {last} it. The training "
        f"loss with dropout off ends {overfits} validation, which is by then "
        f"{epochs[-1]['validation']:.1f}."
    )
    caption = "The same training digits twice, with dropout on and off, and validation digits."
    return Figure(picture(figure, reading), f"{caption} The first epochs leave the picture.")


_LABELS = {
    "falling": "0.5, 0.4, 0.3",
    "constant": "0.4, 0.4, 0.4",
    "rising": "0.3, 0.4, 0.5",
    "first": "0.5, 0, 0",
    "second": "0, 0.5, 0",
    "third": "0, 0, 0.5",
    "input": "inputs 0.2 alone",
    "input and falling": "inputs, 0.5, 0.4, 0.3",
}
_GAPS = ("first", "input")  # arms that begin a group


def gain_by_arm(results):
    """What each choice of rates gains over no dropout, in test error and in test loss.

    Args:
        results: the stored results of the experiment ``rates_by_depth``, by seed.
    """
    measures = {
        "test error (points)": ("by error", "test_error", 100, 1),
        "test loss (nats)": ("by loss", "test_loss", 1, 3),
    }
    readings, blue = [], LIGHT["with-dropout"]
    with axes(columns=2, width=5.2, height=3.2, sharey=True) as (figure, plots):
        figure.subplots_adjust(left=1.5 / 5.2, top=0.9, wspace=0.15)
        for plot, (title, (choice, measure, unit, digits)) in zip(
            plots, measures.items(), strict=True
        ):
            plot.axvline(0, color=LIGHT["soft"], linewidth=0.8)
            place, places, told = 0.0, [], []
            for arm, label in _LABELS.items():
                place -= 1.6 if arm in _GAPS else 1
                none, with_rates = (
                    [unit * r["narrowing"][name][choice][measure] for r in results]
                    for name in ("none", arm)
                )
                gain = paired_difference(none, with_rates)
                plot.plot([gain.low, gain.high], [place] * 2, color=blue)
                plot.plot(gain.mean, place, "o", color=blue, markersize=5)
                places.append(place)
                told.append(f"{label}: {said(gain, digits)}")
            readings.append(f"{title}: {'; '.join(told)}")
            plot.set_title(title)
            plot.set(xlabel="gain over no dropout")
            plot.set_yticks(places, _LABELS.values())
            plot.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
            plot.spines["left"].set_visible(False)
            plot.locator_params(axis="x", nbins=4)
    return Figure(
        picture(figure, f"Gain over no dropout. {'. '.join(readings)}."),
        "What dropping gains over no dropout, by the rates of the three hidden layers; mean and "
        f"95% interval of {len(results)} paired runs. Error: learning rate chosen by validation "
        "error; loss: by validation loss.",
    )
