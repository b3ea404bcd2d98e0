"""Exercises and quiz of chapter 3.3."""

import math

import numpy as np

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice

_SHAPE = (60, 50, 3, 5)  # N, C, H, W: all different, so that a swapped axis shows


def judge_mask(spatial_mask):
    answers = [spatial_mask(_SHAPE, p, np.random.default_rng(0)) for p in (0.2, 0.2, 0.0, 1.0)]
    mask, again, all_kept, none_kept = answers
    if mask is None:
        return NOT_STARTED
    try:
        mask = np.broadcast_to(mask, _SHAPE)
    except ValueError:
        return Diagnosis(
            "shape-does-not-fit",
            f"a mask of shape {np.shape(mask)} does not broadcast to {_SHAPE}.",
            "one draw per case and channel, and axes of length 1 for height and width",
        )
    if not np.isin(mask, (0, 1)).all():
        return Diagnosis(
            "mask-holds-the-scale",
            "the mask holds other values than True and False (or 1 and 0).",
            "the scale is applied with the mask, but is no part of it",
        )
    if (mask != again).any():
        return Diagnosis(
            "generator-not-used",
            "two generators with the same seed gave two different masks.",
            "draw from the `rng` that you are given",
        )
    if (np.asarray(none_kept) != 0).any() or not np.asarray(all_kept).all():
        return Diagnosis(
            "edges",
            "at p = 0 every map has to be kept, and at p = 1 none.",
            "rng.random() lies in [0, 1): compare it with >= p",
        )
    return _sharing(mask) or _rate(mask)


def _sharing(mask):
    """Which axes share their draws, of a mask that was broadcast to _SHAPE."""
    constant = [bool((mask == mask.take([0], axis=axis)).all()) for axis in range(4)]
    if constant == [False, False, True, True]:
        return None
    if constant[0]:
        return Diagnosis(
            "one-mask-for-the-batch",
            "all cases of the batch lose the same maps.",
            "every case draws its own: the first axis of the draws has length N",
        )
    if constant[1]:
        return Diagnosis(
            "all-maps-of-a-case",
            "a case loses all its maps or none.",
            "the draws need an axis of length C, the second one",
        )
    if not constant[2] and not constant[3]:
        return Diagnosis(
            "single-units",
            "within one map some units are kept and others dropped: that is element-wise dropout.",
            "draw an array of shape (N, C, 1, 1)",
        )
    return Diagnosis(
        "rows-or-columns",
        "rows or columns of a map are dropped, and not the map.",
        "neither height nor width has draws of its own: (N, C, 1, 1)",
    )


def _rate(mask):
    kept = mask[:, :, 0, 0].mean()  # of 3,000 draws: deviates by less than 0.04 from its mean
    if abs(kept - 0.8) < 0.04:
        return None
    if abs(kept - 0.2) < 0.04:
        return Diagnosis(
            "keep-and-drop-swapped",
            f"at p = 0.2 a share of {kept:.2f} is kept, and 0.8 should be.",
            "True means keep, and p is the probability to drop: rng.random(...) >= p",
        )
    return Diagnosis(
        "drop-rate-wrong",
        f"at p = 0.2 a share of {kept:.2f} is kept, and 0.8 should be.",
        "compare uniform numbers from [0, 1) with p: rng.random(...) >= p",
    )


def spatial_mask(shape, p, rng):
    cases, channels, *_ = shape
    return rng.random((cases, channels, 1, 1)) >= p


def _mask_units(shape, p, rng):
    return rng.random(shape) >= p


def _mask_of_the_batch(shape, p, rng):
    return rng.random((1, shape[1], 1, 1)) >= p


def _mask_of_cases(shape, p, rng):
    return rng.random((shape[0], 1, 1, 1)) >= p


def _mask_rows(shape, p, rng):
    return rng.random((*shape[:3], 1)) >= p


def _mask_last(shape, p, rng):
    return rng.random((shape[0], 1, 1, shape[1])) >= p


def _mask_two_axes(shape, p, rng):
    return rng.random(shape[:2]) >= p


def _mask_swapped(shape, p, rng):
    return rng.random((*shape[:2], 1, 1)) < p


def _mask_normal(shape, p, rng):
    return rng.standard_normal((*shape[:2], 1, 1)) >= p


def _mask_scaled(shape, p, rng):
    return spatial_mask(shape, p, rng) / max(1 - p, 1e-9)


def _mask_global(shape, p, rng):
    return np.random.default_rng().random((*shape[:2], 1, 1)) >= p


def _mask_nothing(shape, p, rng): ...


_BY_HAND = np.array([[1.0, 2.0], [3.0, 6.0]])


def judge_pooled_variance(answer):
    """Compare with the formula, and recognise the usual slips."""
    slips = {
        "single-units": (
            lambda x, p: p / (1 - p) * (x**2).sum() / x.size**2,
            "that is the variance when every unit has a draw of its own.",
            "with one draw m, the mean over the map is m / (1 − p) times the mean of x",
        ),
        "sum-of-squares": (
            lambda x, p: p / (1 - p) * (x**2).mean(),
            "the squares are averaged, and it is the mean that has to be squared.",
            "the mean over the map is m / (1 − p) times the mean of x: one number, then squared",
        ),
        "sum-instead-of-mean": (
            lambda x, p: p / (1 - p) * x.sum() ** 2,
            "that is the variance of the sum over the map.",
            "the pooled value is the mean: divide by H · W before squaring",
        ),
        "standard-deviation": (
            lambda x, p: math.sqrt(p / (1 - p)) * abs(x.mean()),
            "that is the standard deviation.",
            "the variance is its square",
        ),
        "not-scaled": (
            lambda x, p: p * (1 - p) * x.mean() ** 2,
            "the scale 1 / (1 − p) is missing.",
            "a factor on a random variable enters its variance squared",
        ),
        "keep-and-drop-swapped": (
            lambda x, p: (1 - p) / p * x.mean() ** 2,
            "keep and drop are swapped: at small p there is little noise, not much.",
            "p is the probability to drop; what is divided by is 1 − p",
        ),
        "all-pairs-forgotten": (
            lambda x, p: p / (1 - p) * x.mean() ** 2 / x.size,
            "the variance was divided by H · W, as if the units' noise averaged out.",
            "it does not: all units of the map have the same m",
        ),
    }
    points = ((_BY_HAND, 0.2), (np.array([[1.0, -1.0, 4.0]]), 0.5), (3 * _BY_HAND, 0.9))
    answers = [answer(x.copy(), p) for x, p in points]
    if any(value is None for value in answers):
        return NOT_STARTED
    if any(np.ndim(value) for value in answers):
        return Diagnosis(
            "not-one-number",
            f"an array of shape {np.shape(answers[0])} comes back, and one number is asked for.",
            "the pooled value of a map is one random number; it has one variance",
        )

    def agrees(formula):
        return all(
            math.isclose(value, formula(x, p), rel_tol=1e-6)
            for value, (x, p) in zip(answers, points, strict=True)
        )

    if agrees(pooled_variance):
        return None
    for code, (formula, message, next_step) in slips.items():
        if agrees(formula):
            return Diagnosis(code, message, next_step)
    return Diagnosis(
        "another-formula",
        f"for [[1, 2], [3, 6]] and p = 0.2 it gives {answers[0]:.4g}, but the variance is 2.25.",
        "write the pooled value as (a random number) × (a number that is known)",
    )


def pooled_variance(x, p):
    return p / (1 - p) * x.mean() ** 2


def judge_channels_last(drop_maps):
    x = np.ones((40, 3, 5, 30))  # N, H, W, C
    answer = drop_maps(x.copy(), 0.5, np.random.default_rng(0))
    if answer is None:
        return NOT_STARTED
    if np.shape(answer) != x.shape:
        return Diagnosis(
            "shape-changed",
            f"an input of shape {x.shape} came back with shape {np.shape(answer)}.",
            "what was moved has to be moved back",
        )
    marked = np.arange(1.0, x.size + 1).reshape(x.shape)
    out = drop_maps(marked.copy(), 0.5, np.random.default_rng(0))
    kept = out != 0
    if not np.isin(out[kept] / marked[kept], 1.0).all() and not np.allclose(
        out[kept], 2 * marked[kept]
    ):
        return Diagnosis(
            "values-moved",
            "values turn up at places where they do not belong.",
            "`reshape` keeps the order in memory and mixes the axes: `np.moveaxis` moves one",
        )
    if np.allclose(out[kept], marked[kept]):
        return Diagnosis(
            "scale-forgotten",
            "what is kept is not scaled.",
            "spatial_dropout_forward scales already: return what it returns",
        )
    constant = [bool((kept == kept.take([0], axis=axis)).all()) for axis in range(4)]
    if constant == [False, True, True, False]:
        return None
    if constant[3]:
        return Diagnosis(
            "channels-share-a-draw",
            "some rows of pixels are gone from all maps at once, and no map is gone.",
            "the second axis is height here: bring the channels there first",
        )
    return Diagnosis(
        "not-whole-maps",
        "what is dropped is not whole maps x[n, :, :, c].",
        "np.moveaxis(x, -1, 1) gives (N, C, H, W); np.moveaxis(out, 1, -1) takes it back",
    )


def drop_maps_channels_last(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    channels_first = np.moveaxis(x, -1, 1)  # (N, C, H, W)
    out, _ = spatial_dropout_forward(channels_first, p, rng=rng)
    return np.moveaxis(out, 1, -1)  # (N, H, W, C)


def _last_as_it_is(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    return spatial_dropout_forward(x, p, rng=rng)[0]


def _last_not_back(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    return spatial_dropout_forward(np.moveaxis(x, -1, 1), p, rng=rng)[0]


def _last_reshaped(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    n, height, width, c = x.shape
    out, _ = spatial_dropout_forward(x.reshape(n, c, height, width), p, rng=rng)
    return out.reshape(x.shape)


def _last_moved_and_reshaped(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    return spatial_dropout_forward(np.moveaxis(x, -1, 1), p, rng=rng)[0].reshape(x.shape)


def _last_units(x, p, rng):
    from dropout_lib.scratch import dropout_forward

    return dropout_forward(x, p, rng=rng)[0]


def _last_unscaled(x, p, rng):
    return x * (rng.random((len(x), 1, 1, x.shape[-1])) >= p)


def _last_both(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    return spatial_dropout_forward(x, p, rng=rng)


def _last_nothing(x, p, rng): ...


def judge_silent(silent):
    slips = {
        "all-are-kept": (
            lambda maps, p: (1 - p) ** maps,
            "that is the chance that every map is kept.",
            "a map is gone with probability p, and all of them have to be",
        ),
        "at-least-one": (
            lambda maps, p: 1 - (1 - p) ** maps,
            "that is the chance that at least one map is gone.",
            "*and*, not *or*: independent chances multiply",
        ),
        "not-all": (
            lambda maps, p: 1 - p**maps,
            "that is the chance that something is left.",
            "you are one subtraction too far",
        ),
        "multiplied": (
            lambda maps, p: p * maps,
            "it grows with the number of maps, but many maps are rarely gone all at once.",
            "p for the first, times p for the second, times ...",
        ),
        "divided": (
            lambda maps, p: p / maps,
            "it does not fall fast enough.",
            "p for the first, times p for the second, times ...",
        ),
    }
    points = ((8, 0.5), (3, 0.2), (1, 0.4))
    answers = [silent(maps, p) for maps, p in points]
    if any(value is None for value in answers):
        return NOT_STARTED

    def agrees(formula):
        return all(
            math.isclose(value, formula(maps, p), rel_tol=1e-9)
            for value, (maps, p) in zip(answers, points, strict=True)
        )

    if agrees(chance_of_silence):
        return None
    for code, (formula, message, next_step) in slips.items():
        if agrees(formula):
            return Diagnosis(code, message, next_step)
    return Diagnosis(
        "another-formula",
        f"for 3 maps and p = 0.2 it gives {answers[1]:.4g}, but the chance is 0.008.",
        "the draws of the maps are independent",
    )


def chance_of_silence(maps, p):
    return p**maps


EXERCISES = (
    Exercise(
        name="03-3-mask",
        title="The mask",
        statement=(
            "Write `spatial_mask(shape, p, rng)`: a keep-mask for an array of shape (N, C, H, W) "
            "that broadcasts to it. True means keep."
        ),
        starter=(
            "def spatial_mask(shape, p, rng):\n    # your code\n    ...\n\n\n"
            'check("03-3-mask", spatial_mask)'
        ),
        hints=(
            "How many draws are there? One decides about all H · W units of a map.",
            "N · C draws, in an array that NumPy stretches over height and width by itself.",
            "An axis of length 1 is stretched: draw an array of shape (N, C, 1, 1).",
        ),
        solution=spatial_mask,
        explanation=(
            "The axes of length 1 do the sharing: `x * mask` repeats each draw over height and "
            "width, and no mask of the full size is ever made."
        ),
        judge=judge_mask,
        wrong_answers=(
            (_mask_units, "single-units"),
            (_mask_of_the_batch, "one-mask-for-the-batch"),
            (_mask_of_cases, "all-maps-of-a-case"),
            (_mask_rows, "rows-or-columns"),
            (_mask_last, "shape-does-not-fit"),
            (_mask_two_axes, "shape-does-not-fit"),
            (_mask_swapped, "edges"),
            (_mask_normal, "edges"),
            (_mask_scaled, "mask-holds-the-scale"),
            (_mask_global, "generator-not-used"),
            (_mask_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-3-pooled-variance",
        title="The noise of a pooled map",
        statement=(
            "A map `x` (H, W) goes through spatial dropout and is then averaged over all its "
            "units (global average pooling). Write `pooled_variance(x, p)`: the variance of the "
            "one number that comes out, over the masks. Predict first whether it shrinks when the "
            "map gets larger."
        ),
        starter=(
            "def pooled_variance(x, p):\n    # your code\n    ...\n\n\n"
            'check("03-3-pooled-variance", pooled_variance)'
        ),
        hints=(
            "The whole map has one m. What does the mean over the map look like with that m?",
            "It is m / (1 − p) times the mean of x. Only m is random.",
            "Var[m] = p(1 − p), and a factor enters the variance squared.",
        ),
        solution=pooled_variance,
        explanation=(
            "The pooled value is the pooled value without dropout, times 0 or 1 / (1 − p). The "
            "size of the map does not enter. With a draw per unit it would: the sum of the "
            "squares, divided by (H · W)²."
        ),
        judge=judge_pooled_variance,
        wrong_answers=(
            (lambda x, p: p / (1 - p) * (x**2).sum() / x.size**2, "single-units"),
            (lambda x, p: p / (1 - p) * (x**2).mean(), "sum-of-squares"),
            (lambda x, p: p / (1 - p) * x.sum() ** 2, "sum-instead-of-mean"),
            (lambda x, p: (p / (1 - p)) ** 0.5 * abs(x.mean()), "standard-deviation"),
            (lambda x, p: p * (1 - p) * x.mean() ** 2, "not-scaled"),
            (lambda x, p: (1 - p) / p * x.mean() ** 2, "keep-and-drop-swapped"),
            (lambda x, p: p / (1 - p) * x.mean() ** 2 / x.size, "all-pairs-forgotten"),
            (lambda x, p: p / (1 - p) * x**2, "not-one-number"),
            (lambda x, p: 0.0, "another-formula"),
            (lambda x, p: None, "not-started"),
            (lambda x: x, "other-arguments"),
        ),
    ),
    Exercise(
        name="03-3-channels-last",
        title="Channels last",
        statement=(
            "Your pictures come as (N, H, W, C), and `spatial_dropout_forward` expects "
            "(N, C, H, W). Write `drop_maps(x, p, rng)`, which drops whole maps of such "
            "pictures and returns them in the order in which they came. It is always training."
        ),
        starter=(
            "import numpy as np\n\nfrom dropout_lib.scratch import spatial_dropout_forward\n\n\n"
            "def drop_maps(x, p, rng):\n    # your code\n    ...\n\n\n"
            'check("03-3-channels-last", drop_maps)'
        ),
        hints=(
            "Bring the channels to the second place, drop, take them back.",
            "`np.moveaxis(x, source, destination)` moves one axis and keeps the order of the rest.",
            "`np.moveaxis(x, -1, 1)` on the way in, `np.moveaxis(out, 1, -1)` on the way out; the "
            "function returns the output and the mask.",
        ),
        solution=drop_maps_channels_last,
        explanation=(
            "`moveaxis` changes how an array is read, `reshape` cuts the same row of numbers "
            "elsewhere: it would mix channels with pixels. Equally good: "
            "`x * mask / (1 - p)` with draws of shape (N, 1, 1, C)."
        ),
        judge=judge_channels_last,
        wrong_answers=(
            (_last_as_it_is, "channels-share-a-draw"),
            (_last_not_back, "shape-changed"),
            (_last_reshaped, "not-whole-maps"),
            (_last_moved_and_reshaped, "values-moved"),
            (_last_units, "not-whole-maps"),
            (_last_unscaled, "scale-forgotten"),
            (_last_both, "unusable"),
            (_last_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-3-silence",
        title="Nothing gets through",
        statement=(
            "Write `chance_of_silence(maps, p)`: the probability that spatial dropout drops all "
            "maps of a layer in one training case. Then try it with 3 (a colour picture) and with "
            "64."
        ),
        starter=(
            "def chance_of_silence(maps, p):\n    # your code\n    ...\n\n\n"
            'check("03-3-silence", chance_of_silence)'
        ),
        hints=(
            "Chapter 1 asked when somebody plays; this is the other side of it.",
            "One map is gone with probability p. The draws are independent.",
            "Independent chances multiply: p · p · … · p.",
        ),
        solution=chance_of_silence,
        explanation=(
            "With 64 maps it never happens in practice. With the 3 channels of a picture it does: "
            "at p = 0.2 in 8 of 1,000 cases the network is shown a black picture, with its label."
        ),
        judge=judge_silent,
        wrong_answers=(
            (lambda maps, p: (1 - p) ** maps, "all-are-kept"),
            (lambda maps, p: 1 - (1 - p) ** maps, "at-least-one"),
            (lambda maps, p: 1 - p**maps, "not-all"),
            (lambda maps, p: p * maps, "multiplied"),
            (lambda maps, p: p / maps, "divided"),
            (lambda maps, p: p, "another-formula"),
            (lambda maps, p: None, "not-started"),
        ),
    ),
)

QUIZ = [
    {
        "question": "A batch has 32 cases with 16 feature maps of 10 × 10 units each. How many "
        "draws does spatial dropout make?",
        "section": "One draw per map",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 512,
                "correct": True,
                "feedback": "32 · 16: one per case and map.",
            },
            {
                "type": "value",
                "value": 16,
                "correct": False,
                "feedback": "That would drop the same maps in every case.",
            },
            {
                "type": "value",
                "value": 51200,
                "correct": False,
                "feedback": "That is element-wise dropout: one draw per unit.",
            },
            {
                "type": "default",
                "feedback": "One draw per case and map.",
            },
        ],
    },
    multiple_choice(
        "Why can a dropped unit of a feature map be guessed under element-wise dropout?",
        "What a neighbour knows",
        (
            "Its neighbours in the map say nearly the same, and most are there",
            "How nearly they do depends on the map.",
        ),
        (
            "The scale 1 / (1 − p) of the units around it tells how large it was",
            "The scale is the same for all that is kept, and says nothing of a single unit.",
        ),
        (
            "The mask is known to the next layer",
            "The next layer sees a 0, and cannot tell a dropped unit from one that was 0.",
        ),
    ),
    multiple_choice(
        "Under spatial dropout, what is the covariance of two different units x and z of the "
        "same map?",
        "Mean, variance, covariance",
        (
            "p / (1 − p) · x z",
            "They share their m.",
        ),
        (
            "0",
            "That is element-wise dropout, where each has its own m.",
        ),
        (
            "p / (1 − p) · x²",
            "That is the variance of one of them.",
        ),
        (
            "p (1 − p) · x z",
            "The scale 1 / (1 − p) is missing, twice.",
        ),
    ),
    multiple_choice(
        "An edge filter (weights that add up to 0) looks at a region where the map is constant. "
        "Which dropout in front of it makes it see edges that are not there?",
        "Sums and differences",
        (
            "Element-wise",
            "Every dropped unit is an edge.",
        ),
        (
            "Spatial",
            "A constant map stays constant, at 0 or at x / (1 − p): the filter answers 0.",
        ),
        (
            "Both, equally",
            "Units that share their m keep their differences of 0.",
        ),
    ),
    multiple_choice(
        "`nn.Dropout2d` gets one picture of shape (3, 32, 32), without a batch axis. In the "
        "PyTorch of this book it drops ...",
        "Three axes",
        (
            "rows of the channels",
            "It reads the shape as (N, C, L), and warns.",
        ),
        (
            "whole channels, as its name says",
            "That is what one would like. It does so for (1, 3, 32, 32).",
        ),
        (
            "single pixels, as `nn.Dropout` does",
            "Its draws are shared along the last axis.",
        ),
    ),
    {
        "question": "A network has 8 maps behind a convolution, and spatial dropout with p = "
        "0.5. In about one case out of how many are all maps gone?",
        "section": "A share of few",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 256,
                "correct": True,
                "feedback": "2⁸: half of a half of a half ...",
            },
            {
                "type": "value",
                "value": 16,
                "correct": False,
                "feedback": "8 / 0.5 is no probability; 0.5 multiplies with itself 8 times.",
            },
            {
                "type": "default",
                "feedback": "One in 1 / 0.5⁸.",
            },
        ],
    },
]
