"""Example 3 of the source document: what its layers drop, and what that did to the error."""

import base64
import io

import numpy as np

from ..experiments import mean_interval, paired_difference
from . import svg
from .chart import LIGHT, axes, to_svg
from .explorer import Choice, Explorer, Figure, Picture, Slider

SHAPES = {"whole maps": "maps", "single units": "units", "blocks": "blocks"}
RATES = (0.0, 0.2, 0.4, 0.6, 0.8)
_PASSES = 200  # with fresh masks, of which the first is shown
_DROPOUT = (5, 11, 15)  # places of the dropout layers in CNNWithSpatialDropout.features
_PER_ROW = (4, 8, 8)  # maps side by side in the picture of a block
_BLUE = tuple(bytes.fromhex(LIGHT["with-dropout"][1:]))


def maps_behind_the_blocks(models, image, label):
    """The feature maps behind each block under masks of three shapes, and the network's answer.

    Args:
        models: dict from words to a :class:`~dropout_lib.pytorch.CNNWithSpatialDropout` for grey
            images; all of one architecture.
        image: tensor (1, size, size), a digit.
        label: what it is.
    """
    models = {words: model.eval() for words, model in models.items()}
    cases = image.expand(_PASSES, -1, -1, -1)
    whole = {words: _forward(model, cases[:1], "maps", 0.0) for words, model in models.items()}

    def draw(network, shape, p):
        blocks, answers = _forward(models[network], cases, shape, p)
        whole_blocks, whole_answers = whole[network]
        elements, shares = [], []
        elements += [
            svg.text(0, 12, "input", 12, font_weight="bold"),
            svg.image(0, 20, 62, 62, _grid(_stretched(image.numpy()), None, 1)),
        ]
        for k, (maps, keep) in enumerate(blocks):
            shares.append(f"{100 * (1 - keep.mean()):.0f}%")
            n, side = len(maps), maps.shape[-1]
            x, width = (78, 196, 314)[k], 110
            height = width * -(-n // _PER_ROW[k]) / _PER_ROW[k]
            picture = _grid(np.sqrt(maps / whole_blocks[k][0].max()), keep, _PER_ROW[k])
            elements += [
                svg.text(x, 12, f"{n} maps, {side} × {side}", 12, font_weight="bold"),
                svg.image(x, 20, width, height, picture),
                svg.text(x, height + 35, f"{shares[k]} dropped", 12),
            ]
        elements += _answer(answers[0], whole_answers[0], label)
        right = (answers.argmax(axis=1) == label).mean()
        reading = (
            f"The network {network}, {_words(shape)} dropped at p = {p}: of a {label}, "
            f"{shares[0]}, {shares[1]} and {shares[2]} are gone behind the three blocks, and what "
            f"is left says {answers[0].argmax()}. "
            # to tens: the networks are trained anew, and processors round differently
            f"Under about {10 * round(10 * right)}% of {_PASSES} masks it says {label}."
        )
        return Picture(svg.drawing(430, 262, elements, max_width=560), reading)

    return Explorer(
        "maps-behind-the-blocks",
        "What is left behind each block",
        "One digit and one mask behind each of the three blocks: blue is what the mask drops, "
        "black is a unit that was 0 anyway. Below, the probabilities that the network gives the "
        "ten digits; the lines are without dropout. Raise p with one network, then with the "
        "other: which of them stands more? Then change what is dropped, and look at the last "
        "block: how much of a map is one unit there?",
        [
            Choice("network", "network", {words: words for words in models}),
            Choice("shape", "drop", SHAPES),
            Slider("p", "p behind every block", RATES, 0.4, "{:.1f}"),
        ],
        draw,
    )


def _words(shape):
    return next(words for words, name in SHAPES.items() if name == shape)


def _forward(model, x, shape, p):
    """(maps, keep) of the first case behind each block, and the answers (N, classes), as arrays.

    At a larger p the same units are missing, and more.
    """
    import torch

    from ..pytorch import DropBlock2d, Dropout, Dropout2d

    generator = torch.Generator().manual_seed(4)
    blocks, begin = [], 0
    with torch.no_grad():
        for end, size in zip(_DROPOUT, (3, 3, 2), strict=True):
            x = model.features[begin:end](x)
            layer = {
                "maps": Dropout2d(p, generator=generator),
                "units": Dropout(p, generator=generator),
                "blocks": DropBlock2d(p, size, generator=generator),
            }[shape]
            before, x, begin = x[0], layer(x.contiguous()), end + 1
            keep = layer.mask[0].expand(before.shape)
            blocks.append((before.numpy(), keep.numpy()))
        head = model.classifier
        answers = torch.softmax(head[-1](head[:3](x)), dim=1).numpy()
    return blocks, answers


def _stretched(values):
    return (values - values.min()) / (values.max() - values.min())


def _answer(answer, answer_of_all, label):
    """Bars of the ten probabilities, with a line where each is without dropout."""
    elements = [svg.text(0, 176, "probability of each digit", 12, font_weight="bold")]
    for k, (now, before) in enumerate(zip(answer, answer_of_all, strict=True)):
        x = 8 + 42 * k
        elements += [
            svg.rect(x, 244 - 56 * now, 28, max(56 * now, 0.5), "with-dropout"),
            svg.line(x - 3, 244 - 56 * before, x + 31, 244 - 56 * before, "without-dropout", 2),
            svg.text(x + 14, 259, k, 12, "middle", font_weight="bold" if k == label else "normal"),
        ]
    return elements


def _grid(maps, keep, per_row):
    """Maps (C, h, w) in [0, 1] side by side, dropped units blue, as the base64 text of a PNG."""
    from PIL import Image

    c, height, width = maps.shape
    rows = -(-c // per_row)
    levels = np.round(14 * np.clip(maps, 0, 1)).astype(np.uint8)
    if keep is not None:
        levels[~keep] = 15
    picture = np.full((rows * (height + 1) - 1, per_row * (width + 1) - 1), 7, dtype=np.uint8)
    for i, level in enumerate(levels):
        top, left = i // per_row * (height + 1), i % per_row * (width + 1)
        picture[top : top + height, left : left + width] = level
    if keep is None:
        picture = levels[0]
    image = Image.fromarray(picture, mode="P")
    image.putpalette([level * 255 // 14 for level in range(15) for _ in "rgb"] + list(_BLUE))
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True, bits=4)
    return base64.b64encode(png.getvalue()).decode()


_ARMS = {  # arm of the experiment: in words
    "maps": "maps",
    "units": "single units",
    "blocks": "blocks",
    "head": "head alone",
    "as given": "as given: maps + head",
    "units, head": "single units + head",
    "turned": "as given, rates falling",
}


def gains_figure(results, settings):
    """By how much each arm of the experiment ``example_3`` errs less than no dropout.

    Args:
        results: the stored results of ``example_3`` or ``example_3_longer``, by seed.
        settings: the settings that they were made with, a dict.
    """
    arms = {arm: words for arm, words in _ARMS.items() if arm in results[0]}
    panels, told = [], []
    for key, unit, factor, without in (
        ("test_error", "fewer errors than without (points)", 100, "{:.2f}% errors"),
        ("test_loss", "lower loss than without (nats)", 1, "a loss of {:.2f} nats"),
    ):
        gains = {
            words: paired_difference(*(_of(results, a, key, factor) for a in ("none", arm)))
            for arm, words in arms.items()
        }
        panels.append(_panel(gains, unit))
        none = mean_interval(_of(results, "none", key, factor)).mean
        listed = ", ".join(f"{words} {gain:.2f}" for words, gain in gains.items())
        told.append(f"Without dropout {without.format(none)}. {unit.capitalize()}: {listed}")
    return Figure(
        Picture(f'<div class="dx-panels">{"".join(panels)}</div>', f"{'. '.join(told)}."),
        "What each kind of dropout gained over none in test error (left) and test loss (right): "
        f"after {settings['epochs']} epochs: mean and 95% interval of {len(results)} paired runs. "
        "Right of the line is better.",
    )


def _of(results, arm, key, factor):
    return [factor * result[arm][key] for result in results]


def _panel(gains, unit):
    with axes(width=3.6, height=0.8 + 0.23 * len(gains)) as (figure, plot):
        figure.subplots_adjust(left=1.55 / 3.6)
        plot.axvline(0, color=LIGHT["without-dropout"], linewidth=1)
        for place, gain in enumerate(gains.values()):
            plot.plot([gain.low, gain.high], [-place, -place], color=LIGHT["with-dropout"])
            plot.plot(gain.mean, -place, "o", markersize=5, color=LIGHT["with-dropout"])
        plot.set_yticks([-place for place in range(len(gains))], list(gains))
        plot.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
        plot.spines["left"].set_visible(False)
        plot.set(xlabel=unit, ylim=(0.5 - len(gains), 0.5))
        plot.locator_params(axis="x", nbins=5)
    return f"<div>{to_svg(figure)}</div>"
