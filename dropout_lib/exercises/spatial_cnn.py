"""Exercises and quiz of chapter 8.3."""

import math

import numpy as np

from ..checks import Diagnosis
from .answers import agrees, first_wrong
from .core import NOT_STARTED, Exercise, multiple_choice


def judge_head_inputs(answer):
    """Compare with the sizes, and recognise the usual slips."""
    slips = {
        "pooling-forgotten": (
            lambda c, h, w, n: c * h * w,
            "the maps are counted at the size of the image.",
            "each pooling halves height and width",
        ),
        "divided-once": (
            lambda c, h, w, n: c * (h // (2 * n or 1)) * (w // (2 * n or 1)),
            "three poolings divide by 6 here.",
            "halving three times divides by 2 · 2 · 2",
        ),
        "one-side-halved": (
            lambda c, h, w, n: c * (h * w // 2**n),
            "each pooling makes a quarter of the units, and here it makes a half.",
            "height *and* width are halved",
        ),
        "rounded-late": (
            lambda c, h, w, n: c * (h * w // 4**n),
            "it is right for sides that can be halved evenly, and too large for 28 × 28.",
            "max pooling leaves out a last odd row: round down each side, not the product",
        ),
        "rounded-late ": (
            lambda c, h, w, n: c * h * w // 4**n,
            "it is right for sides that can be halved evenly, and too large for 28 × 28.",
            "max pooling leaves out a last odd row: round down each side, not the product",
        ),
        "rounded-late  ": (
            lambda c, h, w, n: c * h * w / 4**n,
            "it is right for sides that can be halved evenly, and too large for 28 × 28.",
            "max pooling leaves out a last odd row: round down each side, not the product",
        ),
        "three-poolings": (
            lambda c, h, w, n: c * (h // 8) * (w // 8),
            "it halves three times, whatever `poolings` is.",
            "the sides are divided by 2 for each of the poolings",
        ),
        "squares-only": (
            lambda c, h, w, n: c * (h // 2**n) ** 2,
            "it is right for square images only: the width plays no part.",
            "the sides are pooled each by itself",
        ),
        "halved-once": (
            lambda c, h, w, n: c * (h // 2) * (w // 2),
            "the sides are halved once, however many poolings there are.",
            "32 becomes 16, then 8, then 4: one halving for each of the poolings",
        ),
        "rounded-up": (
            lambda c, h, w, n: c * math.ceil(h / 2**n) * math.ceil(w / 2**n),
            "odd sides are rounded up.",
            "nn.MaxPool2d(2, 2) leaves out a last odd row and column",
        ),
        "channels-forgotten": (
            lambda c, h, w, n: (h // 2**n) * (w // 2**n),
            "that is the size of one map.",
            "Flatten puts all maps behind each other",
        ),
    }
    points = (
        (256, 32, 32, 3),
        (64, 28, 28, 3),
        (10, 30, 20, 2),
        (256, 64, 64, 3),
        (3, 7, 9, 1),
        (5, 6, 4, 0),
    )
    answers = [answer(*point) for point in points]
    if any(value is None for value in answers):
        return NOT_STARTED

    def agree_with(formula):
        return agrees(answers, points, formula)

    if agree_with(head_inputs):
        if any(not float(value).is_integer() or isinstance(value, float) for value in answers):
            return Diagnosis(
                "not-whole", "nn.Linear needs an integer, and a float comes back.", "divide with //"
            )
        return None
    for code, (formula, message, next_step) in slips.items():
        if agree_with(formula):
            return Diagnosis(code.strip(), message, next_step)
    (maps, height, width, poolings), found, right = first_wrong(answers, points, head_inputs)
    return Diagnosis(
        "another-number",
        f"for {maps} maps of {height} × {width} and {poolings} poolings it gives {found}, but "
        f"{right} units are left.",
        "follow one side on paper: 28, 14, 7, 3; then the other; and there are so many maps",
    )


def head_inputs(channels, height, width, poolings):
    return channels * (height // 2**poolings) * (width // 2**poolings)


def judge_share_in_head(answer):
    import torch

    from ..pytorch import CNNWithSpatialDropout

    with torch.random.fork_rng():
        models = [
            CNNWithSpatialDropout(),
            CNNWithSpatialDropout(3, in_channels=1, image_size=8, channels=(2, 3, 4), head_units=5),
        ]
    answers = [answer(model) for model in models]
    if any(value is None for value in answers):
        return NOT_STARTED
    slips = {
        "tensors-counted": (
            lambda m: len(list(m.classifier.parameters())) / len(list(m.parameters())),
            "tensors are counted, and a bias of 10 numbers weighs as much as 2 million weights.",
            "`parameter.numel()` is how many numbers a tensor holds",
        ),
        "the-other-part": (
            lambda m: 1 - share_in_head(m),
            "that is the share of the convolutions.",
            "the head is `model.classifier`",
        ),
        "ratio": (
            lambda m: _numbers(m.classifier) / _numbers(m.features),
            "that is head to convolutions; a share is of the whole.",
            "divide by the numbers of the whole model",
        ),
        "per-cent": (
            lambda m: 100 * share_in_head(m),
            "that is in per cent.",
            "a share lies between 0 and 1",
        ),
        "one-layer-only": (
            lambda m: _numbers(m.classifier[1]) / _numbers(m),
            "the head's last layer is missing.",
            "take all parameters of `model.classifier`",
        ),
        "biases-left-out": (
            _share_of_weights,
            "the weights are counted and the biases are not.",
            "parameters() goes through all that is learned",
        ),
        "the-number": (
            lambda m: _numbers(m.classifier),
            "that is how many there are.",
            "divide by how many the whole model has",
        ),
    }
    for code, (formula, message, next_step) in slips.items():
        if all(math.isclose(a, formula(m)) for a, m in zip(answers, models, strict=True)):
            return Diagnosis(code, message, next_step)
    if all(
        math.isclose(a, share_in_head(m), rel_tol=1e-3)  # it may be rounded
        for a, m in zip(answers, models, strict=True)
    ):
        return None
    return Diagnosis(
        "another-number",
        f"for a small network it gives {answers[1]:.4g} and not {share_in_head(models[1]):.4g}.",
        "sum numel() over the parameters of the head, and over those of the model; biases count",
    )


def _numbers(module):
    return sum(p.numel() for p in module.parameters())


def share_in_head(model):
    in_head = sum(p.numel() for p in model.classifier.parameters())
    return in_head / sum(p.numel() for p in model.parameters())


def _share_of_weights(model):
    from torch import nn

    def count(part):
        return sum(m.weight.numel() for m in part.modules() if isinstance(m, nn.Linear | nn.Conv2d))

    return count(model.classifier) / count(model)


def judge_drops_maps(drops_maps):
    import torch
    from torch import nn

    from .. import pytorch

    layers = {
        "nn.Dropout2d": (nn.Dropout2d(0.5), True),
        "the book's Dropout2d": (pytorch.Dropout2d(0.3), True),
        "nn.Dropout": (nn.Dropout(0.5), False),
        "DropBlock2d": (pytorch.DropBlock2d(0.5, block_size=3), False),
        "nn.Dropout2d in evaluation mode": (nn.Dropout2d(0.5).eval(), True),
        "one that drops rows": (_layer(lambda shape: (*shape[:3], 1)), False),
        "one that drops columns": (_layer(lambda shape: (*shape[:2], 1, shape[3])), False),
        "one that drops places in all maps": (_layer(lambda s: (s[0], 1, *s[2:])), False),
        "a class of another name that drops maps": (_layer(lambda s: (*s[:2], 1, 1)), True),
        "nn.Dropout2d with p = 0": (nn.Dropout2d(0.0), False),
        "nn.Identity": (nn.Identity(), False),
    }
    answers, modes = {}, {}
    for name, (layer, _) in layers.items():
        before = layer.training
        with torch.random.fork_rng():
            torch.manual_seed(len(answers))
            answers[name] = drops_maps(layer)
        modes[name] = layer.training == before
    if any(value is None for value in answers.values()):
        return NOT_STARTED
    wrong = {name for name, (_, right) in layers.items() if bool(answers[name]) != right}
    if not wrong:
        if all(modes.values()):
            return None
        return Diagnosis(
            "mode-changed",
            "the layer's mode is another one afterwards.",
            "remember layer.training, and set it again: layer.train(before)",
        )
    if all(bool(answers[name]) is not right for name, (_, right) in layers.items()):
        return Diagnosis(
            "turned-round",
            "it says False for every layer that drops maps, and True for all others.",
            "True means that whole maps are dropped, and nothing smaller",
        )
    if wrong == {name for name, (_, right) in layers.items() if right}:
        return Diagnosis(
            "maps-not-recognised",
            "even nn.Dropout2d does not count as a layer that drops maps.",
            "what it keeps is scaled: of ones it makes 0 and 1 / (1 − p). Compare the units of a "
            "map with each other, not with 1; and of the many maps only some are gone",
        )
    quiet, asleep = {"nn.Identity", "nn.Dropout2d with p = 0"}, {"nn.Dropout2d in evaluation mode"}
    if wrong == asleep:
        return Diagnosis(
            "in-evaluation-mode",
            "an nn.Dropout2d that came in evaluation mode is not recognised: there it drops "
            "nothing.",
            "switch it to training mode before you send ones through it",
        )
    if "nn.Dropout2d" not in wrong and wrong & {
        "the book's Dropout2d",
        "a class of another name that drops maps",
    }:
        return Diagnosis(
            "by-its-type",
            "another class that drops maps is not recognised.",
            "look at what comes out, not at the class, its name or its p, and send so many maps "
            "through that some are dropped at a small p",
        )
    if wrong & quiet and wrong <= quiet | asleep:
        return Diagnosis(
            "nothing-dropped",
            "a layer that drops nothing counts as one that drops maps.",
            "each map is all kept or all gone, *and* some are gone",
        )
    if "nn.Dropout" in wrong:
        return Diagnosis(
            "single-units",
            "nn.Dropout counts as a layer that drops whole maps.",
            "within a map, all units have to share their fate: compare each with the first one",
        )
    for code, pieces in (("rows", "one that drops rows"), ("columns", "one that drops columns")):
        if pieces in wrong:
            return Diagnosis(
                code,
                f"a layer that drops {code} of pixels counts as one that drops maps.",
                "compare along height *and* along width",
            )
    if "one that drops places in all maps" in wrong:
        return Diagnosis(
            "across-the-maps",
            "a layer that drops the same places in all maps counts as one that drops maps.",
            "the axes of a map are the last two; axis 1 goes across the maps",
        )
    return Diagnosis(
        "wrong-for-some",
        f"it is wrong for: {', '.join(sorted(wrong))}.",
        "send torch.ones of shape (N, C, H, W) through, and see where zeros are",
    )


def _layer(mask_shape):
    """A layer that drops with p = 0.5, with a draw for each place of ``mask_shape(shape)``."""
    import torch
    from torch import nn

    class Layer(nn.Module):
        def forward(self, x):
            keep = torch.rand(mask_shape(x.shape)) >= 0.5
            return 2 * x * keep if self.training else x

    return Layer()


def drops_maps(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6))
    layer.train(before)
    whole = (out == out[:, :, :1, :1]).all().item()
    return whole and (out == 0).any().item()


def _maps_by_type(layer):
    from torch import nn

    return isinstance(layer, nn.Dropout2d)


def _maps_mode_left(layer):
    import torch

    out = layer.train()(torch.ones(8, 16, 6, 6))
    return (out == out[:, :, :1, :1]).all().item() and (out == 0).any().item()


def _maps_as_it_comes(layer):
    import torch

    out = layer(torch.ones(8, 16, 6, 6))
    return (out == out[:, :, :1, :1]).all().item() and (out == 0).any().item()


def _maps_any_zero(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6))
    layer.train(before)
    return (out == 0).any().item()


def _maps_along_width(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6))
    layer.train(before)
    return (out == out[..., :1]).all().item() and (out == 0).any().item()


def _maps_along_height(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6))
    layer.train(before)
    return (out == out[:, :, :1]).all().item() and (out == 0).any().item()


def _maps_compared_with_one(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6)).sum(dim=(2, 3))
    layer.train(before)
    return ((out == 0) | (out == 36)).all().item() and (out == 0).any().item()


def _maps_or_nothing(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6))
    layer.train(before)
    return (out == out[:, :, :1, :1]).all().item()


def _maps_always(layer):
    return False


def _colours(seed, train, test, size):
    """Training and test images (N, 3, H, W) whose colours differ, and whose two sets do."""
    rng = np.random.default_rng(seed)
    contrast = np.array([1.0, 3.0, 0.5]).reshape(1, 3, 1, 1)
    return rng.random((train, 3, *size)) * contrast + 1, rng.random((test, 3, *size)) * 2 + 4


_PHOTOGRAPHS = (_colours(0, 40, 30, (4, 4)), _colours(2, 25, 60, (3, 5)))


def judge_standardise(standardise):
    pairs = [standardise(a.copy(), b.copy()) for a, b in _PHOTOGRAPHS]
    if any(pair is None for pair in pairs):
        return NOT_STARTED
    pair, (x_train, x_test) = pairs[0], _PHOTOGRAPHS[0]
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        shape = (
            f"one of shape {np.shape(pair)}" if hasattr(pair, "shape") else f"{len(pair)} things"
        )
        return Diagnosis(
            "not-a-pair",
            f"two arrays are asked for, and {shape} came back.",
            "return x_train, x_test, in this order",
        )
    if tuple(map(np.shape, pair)) == (x_test.shape, x_train.shape):
        return Diagnosis(
            "swapped",
            "the test images come back first, and the training images second.",
            "return them in the order in which they come in",
        )
    slips = {
        "own-statistics": (
            lambda a, b: (_standard(a), _standard(b)),
            "the test images are standardised by their own mean and deviation.",
            "at prediction time there may be one image: use the numbers of the training images",
        ),
        "all-images": (
            lambda a, b: np.split(_standard(np.concatenate([a, b])), [len(a)]),
            "the test images take part in the mean and the deviation.",
            "they are to be unknown: measure on the training images alone",
        ),
        "statistics-of-the-test-images": (
            lambda a, b: (_standard(a, source=b), _standard(b)),
            "both are standardised by mean and deviation of the test images.",
            "they are to be unknown: measure on the training images",
        ),
        "colours-together": (
            lambda a, b: (_standard(a, None), _standard(b, None, a)),
            "all three colours share one mean and one deviation.",
            "average over images, rows and columns, but not over the colours",
        ),
        "pixel-by-pixel": (
            lambda a, b: (_standard(a, 0), _standard(b, 0, a)),
            "each pixel has a mean and a deviation of its own.",
            "a filter slides over all places, so they share theirs: average over rows and columns, "
            "too",
        ),
        "image-by-image": (
            lambda a, b: (_standard(a, (2, 3)), _standard(b, (2, 3))),
            "each image is standardised by itself, and how light it is gets lost.",
            "average over the images, too",
        ),
        "colours-last": (
            lambda a, b: (_standard(a, (0, 1, 2)), _standard(b, (0, 1, 2), a)),
            "each column of pixels has a mean and a deviation of its own, and the colours share "
            "them: that would be right for images (N, H, W, 3).",
            "in (N, 3, H, W) the colours are axis 1: average over the others",
        ),
        "not-divided": (
            lambda a, b: (a - _mean(a), b - _mean(a)),
            "the deviation is not 1.",
            "divide by the standard deviation of each channel",
        ),
        "not-shifted": (
            lambda a, b: (a / _deviation(a), b / _deviation(a)),
            "the mean is not 0.",
            "subtract the mean of each channel before you divide",
        ),
        "divided-by-the-variance": (
            lambda a, b: (_by_variance(a, a), _by_variance(b, a)),
            "each colour was divided by its variance.",
            "the standard deviation is its root",
        ),
        "test-left-alone": (
            lambda a, b: (_standard(a), b),
            "the test images are as they were, and the network would see another world.",
            "the same shift and scale for both",
        ),
    }

    def are(rule):
        return all(
            np.shape(found) == wanted.shape and np.allclose(found, wanted, rtol=0.03, atol=0.01)
            for pair, images in zip(pairs, _PHOTOGRAPHS, strict=True)
            for found, wanted in zip(pair, rule(*images), strict=True)
        )

    for code, (rule, message, next_step) in slips.items():
        if are(rule):
            return Diagnosis(code, message, next_step)
    if are(_both_by_training):
        return None
    return Diagnosis(
        "another-result",
        "the training images have not mean 0 and deviation 1 in each channel, or the test images "
        "another shift and scale.",
        "look at mean and deviation of each colour in what you return, and at the shapes of those "
        "that you subtract and divide by",
    )


def _mean(x, axis=(0, 2, 3)):
    return x.mean(axis=axis, keepdims=True)


def _standard(x, axis=(0, 2, 3), source=None):
    source = x if source is None else source
    return (x - _mean(source, axis)) / source.std(axis=axis, keepdims=True)


def _deviation(x):
    return x.std(axis=(0, 2, 3), keepdims=True)


def _by_variance(x, source):
    return (x - _mean(source)) / _deviation(source) ** 2


def _both_by_training(x_train, x_test):
    return _standard(x_train), _standard(x_test, source=x_train)


def standardise(x_train, x_test):
    mean = x_train.mean(axis=(0, 2, 3), keepdims=True)  # (1, C, 1, 1)
    deviation = x_train.std(axis=(0, 2, 3), keepdims=True)
    return (x_train - mean) / deviation, (x_test - mean) / deviation


EXERCISES = (
    Exercise(
        name="08-3-head-inputs",
        title="The number that ties the head",
        statement=(
            "Write `head_inputs(channels, height, width, poolings)`: how many units Flatten hands "
            "to the head, if the last block has `channels` maps, the images have `height` × "
            "`width` pixels, the convolutions keep the size, and each of the `poolings` is an "
            "`nn.MaxPool2d(2, 2)`. All four are whole numbers, and so is the answer. The sizes may "
            "be odd, and there may be no pooling at all."
        ),
        starter=(
            "def head_inputs(channels, height, width, poolings):\n    # your code\n    ...\n\n\n"
            'check("08-3-head-inputs", head_inputs)'
        ),
        hints=(
            "Follow one side: 28 becomes 14, then 7. What does a pooling make of 7?",
            "Pooling leaves out a last odd row, so 7 becomes 3: whole-number division.",
            "Halving n times and rounding down each time is `// 2**n`, for height and for width.",
        ),
        solution=head_inputs,
        explanation=(
            "With it, `image_size` can be an argument. (PyTorch can also find the number itself: "
            "`nn.LazyLinear(512)` takes it from the first batch, and `nn.AdaptiveAvgPool2d(1)` "
            "does away with it.)"
        ),
        judge=judge_head_inputs,
        wrong_answers=(
            (lambda c, h, w, n: c * h * w, "pooling-forgotten"),
            (
                lambda c, h, w, n: c * (h // (2 * n or 1)) * (w // (2 * n or 1)),
                "divided-once",
            ),
            (lambda c, h, w, n: c * (h * w // 2**n), "one-side-halved"),
            (lambda c, h, w, n: c * (h * w // 4**n), "rounded-late"),
            (lambda c, h, w, n: c * h * w // 4**n, "rounded-late"),
            (lambda c, h, w, n: c * h * w / 4**n, "rounded-late"),
            (lambda c, h, w, n: c * (h // 8) * (w // 8), "three-poolings"),
            (lambda c, h, w, n: c * (h // 2) * (w // 2), "halved-once"),
            (lambda c, h, w, n: c * (h // 2**n) ** 2, "squares-only"),
            (lambda c, h, w, n: c * math.ceil(h / 2**n) * math.ceil(w / 2**n), "rounded-up"),
            (lambda c, h, w, n: (h // 2**n) * (w // 2**n), "channels-forgotten"),
            (lambda c, h, w, n: float(c * (h // 2**n) * (w // 2**n)), "not-whole"),
            (lambda c, h, w, n: 256 * 4 * 4, "another-number"),
            (lambda c, h, w, n: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-3-share-in-head",
        title="Where the weights sit",
        statement=(
            "Write `share_in_head(model)`: which share, from 0 to 1 and not rounded, of a "
            "`CNNWithSpatialDropout`'s parameters (single numbers, all that are learned) sits in "
            "`model.classifier`? Then find an `image_size` at which it is below a half."
        ),
        starter=(
            "def share_in_head(model):\n    # your code\n    ...\n\n\n"
            'check("08-3-share-in-head", share_in_head)'
        ),
        hints=(
            "`model.parameters()` and `model.classifier.parameters()` go through the tensors.",
            "How many numbers a tensor p holds is p.numel().",
            "sum(p.numel() for p in model.classifier.parameters()), divided by the same sum over "
            "the whole model.",
        ),
        solution=share_in_head,
        explanation=(
            "Nearly all of it is the one matrix behind Flatten, whose size grows with the area of "
            "the image. With 16 × 16 pixels the share is just below a half. With 8 × 8 that matrix "
            "is a sixteenth of what it was, and the share about a fifth."
        ),
        judge=judge_share_in_head,
        wrong_answers=(
            (
                lambda m: len(list(m.classifier.parameters())) / len(list(m.parameters())),
                "tensors-counted",
            ),
            (lambda m: 1 - share_in_head(m), "the-other-part"),
            (lambda m: _numbers(m.classifier) / _numbers(m.features), "ratio"),
            (lambda m: 100 * share_in_head(m), "per-cent"),
            (lambda m: _numbers(m.classifier[1]) / _numbers(m), "one-layer-only"),
            (lambda m: _numbers(m.classifier), "the-number"),
            (_share_of_weights, "biases-left-out"),
            (lambda m: 0.9, "another-number"),
            (lambda m: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-3-drops-maps",
        title="Does it drop maps?",
        statement=(
            "Write `drops_maps(layer)` for an `nn.Module`: True if the layer, in training mode, "
            "drops whole maps of an input (N, C, H, W), and nothing smaller, else False. You get "
            "the layer in whatever mode it is in, and leave it in that mode. A layer that drops "
            "nothing does not drop maps."
        ),
        starter=(
            "def drops_maps(layer):\n    # your code\n    ...\n\n\n"
            'check("08-3-drops-maps", drops_maps)'
        ),
        hints=(
            "Send torch.ones(8, 16, 6, 6) through it and look along which axes zeros hang "
            "together.",
            "If maps are dropped, every unit of a map equals its first one: out[:, :, :1, :1] "
            "broadcasts against out.",
            "Two conditions: all units equal the first of their map, and some are 0. And before: "
            "layer.train(), and afterwards back to what layer.training was.",
        ),
        solution=drops_maps,
        explanation=(
            "It asks what the layer does and not what it is called, so it works for layers that "
            "you have not seen, and for `nn.Dropout2d` where it does not do what its name says."
        ),
        judge=judge_drops_maps,
        wrong_answers=(
            (_maps_by_type, "by-its-type"),
            (_maps_mode_left, "mode-changed"),
            (_maps_as_it_comes, "in-evaluation-mode"),
            (_maps_any_zero, "single-units"),
            (_maps_along_width, "rows"),
            (_maps_or_nothing, "nothing-dropped"),
            (_maps_along_height, "columns"),
            (_maps_compared_with_one, "maps-not-recognised"),
            (_maps_always, "maps-not-recognised"),
            (lambda layer: not drops_maps(layer), "turned-round"),
            (lambda layer: "2d" in type(layer).__name__, "by-its-type"),
            (lambda layer: "Dropout2d" in type(layer).__name__, "by-its-type"),
            (lambda layer: getattr(layer, "p", 0) == 0.5, "by-its-type"),
            (lambda layer: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-3-standardise",
        title="Pixels that a network can learn from",
        statement=(
            "Before you go on to colour photographs: write `standardise(x_train, x_test)` for two "
            "NumPy arrays of shape (N, 3, H, W), of which the test images are not to be learned "
            "from. It returns both, as new arrays in this order, shifted and scaled channel by "
            "channel so that over the training images each colour has mean 0 and standard "
            "deviation 1."
        ),
        starter=(
            "def standardise(x_train, x_test):\n    # your code\n    ...\n\n\n"
            'check("08-3-standardise", standardise)'
        ),
        hints=(
            "How many means are there? One for each colour.",
            "Average over images, rows and columns, and keep the axes so that it broadcasts: "
            "mean(axis=(0, 2, 3), keepdims=True).",
            "Subtract the training images' mean and divide by their deviation, in both arrays.",
        ),
        solution=standardise,
        explanation=(
            "The numbers belong to the training set, like weights. What is measured on test "
            "images, even a mean, makes them a little less new."
        ),
        judge=judge_standardise,
        wrong_answers=(
            (lambda a, b: (_standard(a), _standard(b)), "own-statistics"),
            (
                lambda a, b: tuple(np.split(_standard(np.concatenate([a, b])), [len(a)])),
                "all-images",
            ),
            (lambda a, b: (_standard(a, None), _standard(b, None, a)), "colours-together"),
            (lambda a, b: (_standard(a, 0), _standard(b, 0, a)), "pixel-by-pixel"),
            (lambda a, b: (_standard(a, (2, 3)), _standard(b, (2, 3))), "image-by-image"),
            (lambda a, b: (_standard(a, source=b), _standard(b)), "statistics-of-the-test-images"),
            (lambda a, b: (_standard(a, (0, 1, 2)), _standard(b, (0, 1, 2), a)), "colours-last"),
            (lambda a, b: (a / _deviation(a), b / _deviation(a)), "not-shifted"),
            (lambda a, b: (_by_variance(a, a), _by_variance(b, a)), "divided-by-the-variance"),
            (lambda a, b: (a - _mean(a), b - _mean(a)), "not-divided"),
            (lambda a, b: (_standard(a), _standard(b, source=a), _mean(a)), "not-a-pair"),
            (lambda a, b: _standard(a), "not-a-pair"),
            (lambda a, b: standardise(a, b)[::-1], "swapped"),
            (lambda a, b: (_standard(a), b), "test-left-alone"),
            (lambda a, b: (a / 255, b / 255), "another-result"),
            (lambda a, b: None, "not-started"),
        ),
    ),
)

QUIZ = [
    {
        "question": "The network is to take pictures of 64 × 64 pixels. How many inputs does "
        "the head's first layer need?",
        "section": "The number 256 · 4 · 4",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 16384,
                "correct": True,
                "feedback": "256 · 8 · 8: three poolings make 8 of 64.",
            },
            {
                "type": "value",
                "value": 4096,
                "correct": False,
                "feedback": "That is 256 · 4 · 4, for 32 × 32.",
            },
            {
                "type": "value",
                "value": 8192,
                "correct": False,
                "feedback": "Both sides double, so it is four times as many as for 32 × 32.",
            },
            {
                "type": "default",
                "feedback": "64, 32, 16, 8: what is left, times 256 maps?",
            },
        ],
    },
    multiple_choice(
        "Where do most of this network's weights sit?",
        "The network, block by block",
        (
            "In the one matrix between the last maps and the hidden layer",
            "Every unit of every map has a weight to every hidden unit.",
        ),
        (
            "In the first convolution, which sees the most pixels",
            "A filter is used at all places: that layer has the fewest weights.",
        ),
        (
            "In the last convolution, which has the most maps",
            "It has the most of the convolutions, and still far fewer than the head.",
        ),
    ),
    multiple_choice(
        "Behind which block does dropping single units come nearest to dropping whole maps?",
        "What is left behind each block",
        (
            "The last one, whose maps are smallest",
            "At 1 × 1 the two would be the same.",
        ),
        (
            "The first one, whose maps are largest",
            "There a unit is the smallest part of a map.",
        ),
        (
            "It depends on p alone",
            "What a draw decides about depends on the size of the map.",
        ),
    ),
    multiple_choice(
        "Why do all arms of the experiment get the same three learning rates to choose from?",
        "Which dropout does what",
        (
            "So that no arm is better only because it was tried more often",
            "And dropout may want another rate than no dropout does.",
        ),
        (
            "So that all arms end up with the same learning rate",
            "They need not: each takes its own best one on validation.",
        ),
        (
            "So that the rates of dropout are tuned too",
            "Those are the example's, and are not tuned here.",
        ),
    ),
    multiple_choice(
        "Max pooling stands behind dropout at p = 0.5, and four equal units x > 0 meet in a "
        "window. Single units are dropped. What is the mean of the pooled value in training?",
        "Dropout in front of the pooling",
        (
            "1.875 x",
            "With probability 15/16 one is left, and it counts 2x.",
        ),
        (
            "x",
            "So it would be behind the pooling, or for whole maps.",
        ),
        (
            "0.5 x",
            "A window is silent only if all four are gone, and what is left is scaled.",
        ),
        (
            "2 x",
            "That would be if one were always left: once in 16 none is.",
        ),
    ),
    multiple_choice(
        "The network runs on `torch.randn(8, 3, 32, 32)` and returns (8, 10). What has been shown?",
        "Random pictures",
        (
            "That the shapes fit",
            "Nothing about what it learns.",
        ),
        (
            "That dropout works",
            "The shape would be the same with every dropout layer wrong.",
        ),
        (
            "That spatial dropout suits convolutions",
            "For that, something has to be trained and compared.",
        ),
    ),
    multiple_choice(
        "`nn.Dropout2d` in your own `forward()` keeps dropping while you evaluate. What is the "
        "likeliest cause?",
        "Left in training mode",
        (
            "`model.eval()` was not called, or the layer is made anew in `forward()`",
            "A layer made in `forward()` is no child of the model, and always in training mode.",
        ),
        (
            "`torch.no_grad()` is missing around the loop that goes through the test data",
            "That switches gradients off, and no dropout.",
        ),
        (
            "p is so large that evaluation cannot make up for it",
            "In evaluation mode it drops nothing, whatever p is.",
        ),
    ),
]
