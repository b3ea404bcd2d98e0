"""Exercises and quiz of chapter 8.3."""

import math

import numpy as np

from ..checks import Diagnosis
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
            lambda c, h, w, n: c * (h // (2 * n)) * (w // (2 * n)),
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
    points = ((256, 32, 32, 3), (64, 28, 28, 3), (10, 30, 20, 2), (256, 64, 64, 3))
    answers = [answer(*point) for point in points]
    if any(value is None for value in answers):
        return NOT_STARTED

    def agrees(formula):
        return all(value == formula(*point) for value, point in zip(answers, points, strict=True))

    if agrees(head_inputs):
        if any(not float(value).is_integer() or isinstance(value, float) for value in answers):
            return Diagnosis(
                "not-whole", "nn.Linear needs an integer, and a float comes back.", "divide with //"
            )
        return None
    for code, (formula, message, next_step) in slips.items():
        if agrees(formula):
            return Diagnosis(code, message, next_step)
    return Diagnosis(
        "another-number",
        f"for 64 maps of 28 × 28 and 3 poolings it gives {answers[1]}, but 576 units are left.",
        "28, 14, 7, 3: what is 3 · 3 · 64?",
    )


def head_inputs(channels, height, width, poolings):
    return channels * (height // 2**poolings) * (width // 2**poolings)


def judge_share_in_head(answer):
    import torch

    from ..pytorch import CNNWithSpatialDropout

    torch.manual_seed(0)
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

    torch.manual_seed(0)
    layers = {
        "nn.Dropout2d": (nn.Dropout2d(0.5), True),
        "the book's Dropout2d": (pytorch.Dropout2d(0.3), True),
        "nn.Dropout": (nn.Dropout(0.5), False),
        "DropBlock2d": (pytorch.DropBlock2d(0.5, block_size=3), False),
        "nn.Dropout2d in evaluation mode": (nn.Dropout2d(0.5).eval(), True),
        "one that drops rows": (_layer(lambda shape: (*shape[:3], 1)), False),
        "nn.Identity": (nn.Identity(), False),
    }
    answers, modes = {}, {}
    for name, (layer, _) in layers.items():
        before = layer.training
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
    if wrong == {"nn.Dropout2d in evaluation mode"}:
        return Diagnosis(
            "in-evaluation-mode",
            "an nn.Dropout2d that came in evaluation mode is not recognised: there it drops "
            "nothing.",
            "switch it to training mode before you send ones through it",
        )
    if wrong == {"nn.Identity"} or wrong == {"nn.Identity", "nn.Dropout2d in evaluation mode"}:
        return Diagnosis(
            "nothing-dropped",
            "a layer that drops nothing counts as one that drops maps.",
            "each map is all kept or all gone, *and* some are gone",
        )
    if "the book's Dropout2d" in wrong and "nn.Dropout2d" not in wrong:
        return Diagnosis(
            "by-its-type",
            "another class that drops maps is not recognised.",
            "look at what comes out, not at the class, and send so many maps through that some are "
            "dropped at a small p",
        )
    if "nn.Dropout" in wrong:
        return Diagnosis(
            "single-units",
            "nn.Dropout counts as a layer that drops whole maps.",
            "within a map, all units have to share their fate: compare each with the first one",
        )
    if "one that drops rows" in wrong:
        return Diagnosis(
            "rows",
            "a layer that drops rows of pixels counts as one that drops maps.",
            "compare along height *and* along width",
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


def _maps_or_nothing(layer):
    import torch

    before = layer.training
    out = layer.train()(torch.ones(8, 16, 6, 6))
    layer.train(before)
    return (out == out[:, :, :1, :1]).all().item()


def _maps_always(layer):
    return False


_TRAIN = np.random.default_rng(0).random((40, 3, 4, 4)) * [[[[1.0]], [[3.0]], [[0.5]]]] + 1
_TEST = np.random.default_rng(1).random((30, 3, 4, 4)) * 2 + 4


def judge_standardise(standardise):
    answer = standardise(_TRAIN.copy(), _TEST.copy())
    if answer is None:
        return NOT_STARTED
    train, test = answer
    slips = {
        "own-statistics": (
            (_standard(_TRAIN), _standard(_TEST)),
            "the test images are standardised by their own mean and deviation.",
            "at prediction time there may be one image: use the numbers of the training images",
        ),
        "all-images": (
            tuple(np.split(_standard(np.concatenate([_TRAIN, _TEST])), [len(_TRAIN)])),
            "the test images take part in the mean and the deviation.",
            "they are to be unknown: measure on the training images alone",
        ),
        "colours-together": (
            (_standard(_TRAIN, None), _standard(_TEST, None, _TRAIN)),
            "all three colours share one mean and one deviation.",
            "leave the axis of the channels out: axis=(0, 2, 3)",
        ),
        "pixel-by-pixel": (
            (_standard(_TRAIN, 0), _standard(_TEST, 0, _TRAIN)),
            "each pixel has a mean and a deviation of its own.",
            "a filter slides over all places, so they share theirs: axis=(0, 2, 3)",
        ),
        "image-by-image": (
            (_standard(_TRAIN, (2, 3)), _standard(_TEST, (2, 3))),
            "each image is standardised by itself, and how light it is gets lost.",
            "average over the images too: axis=(0, 2, 3)",
        ),
        "not-divided": (
            (_TRAIN - _mean(_TRAIN), _TEST - _mean(_TRAIN)),
            "the deviation is not 1.",
            "divide by the standard deviation of each channel",
        ),
        "test-left-alone": (
            (_standard(_TRAIN), _TEST),
            "the test images are as they were, and the network would see another world.",
            "the same shift and scale for both",
        ),
    }

    def is_equal(pair):
        return all(
            np.shape(a) == b.shape and np.allclose(a, b, rtol=0.03, atol=0.01)
            for a, b in zip((train, test), pair, strict=True)
        )

    for code, (pair, message, next_step) in slips.items():
        if is_equal(pair):
            return Diagnosis(code, message, next_step)
    if is_equal((_standard(_TRAIN), _standard(_TEST, source=_TRAIN))):
        return None
    return Diagnosis(
        "another-result",
        "the training images have not mean 0 and deviation 1 in each channel, or the test images "
        "another shift and scale.",
        "(x − mean) / deviation, with both of shape (1, 3, 1, 1)",
    )


def _mean(x, axis=(0, 2, 3)):
    return x.mean(axis=axis, keepdims=True)


def _standard(x, axis=(0, 2, 3), source=None):
    source = x if source is None else source
    return (x - _mean(source, axis)) / source.std(axis=axis, keepdims=True)


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
            "`nn.MaxPool2d(2, 2)`. The sizes may be odd."
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
            (lambda c, h, w, n: c * (h // (2 * n)) * (w // (2 * n)), "divided-once"),
            (lambda c, h, w, n: c * (h * w // 2**n), "one-side-halved"),
            (lambda c, h, w, n: c * (h * w // 4**n), "rounded-late"),
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
            "Write `share_in_head(model)`: which share of a `CNNWithSpatialDropout`'s parameters "
            "sits in `model.classifier`? Then find an `image_size` at which it is below a half."
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
            (_share_of_weights, "another-number"),
            (lambda m: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-3-drops-maps",
        title="Does it drop maps?",
        statement=(
            "Write `drops_maps(layer)`: True if the layer, in training mode, drops whole maps of "
            "an input (N, C, H, W), and nothing smaller. You get the layer in whatever mode it is "
            "in, and leave it in that mode. A layer that drops nothing does not drop maps."
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
            (_maps_always, "wrong-for-some"),
            (lambda layer: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-3-standardise",
        title="Pixels that a network can learn from",
        statement=(
            "Before you go on to colour photographs: write `standardise(x_train, x_test)` for two "
            "NumPy arrays of shape (N, 3, H, W). It returns both, shifted and scaled channel by "
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
            (lambda a, b: (a - _mean(a), b - _mean(a)), "not-divided"),
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
