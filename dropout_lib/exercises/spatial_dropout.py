"""Exercises and quiz of chapter 3.3."""

import math

import numpy as np

from ..checks import Diagnosis
from .answers import close, described, judge_formula, nothing_back
from .core import NOT_STARTED, Exercise, multiple_choice

_SHAPE = (60, 50, 3, 5)  # N, C, H, W: all different, so that a swapped axis shows
_ANOTHER_SHAPE = (40, 7, 6, 2)


def judge_mask(spatial_mask):
    def draw(shape, p, seed):
        return spatial_mask(shape, p, np.random.default_rng(seed))

    questions = {
        f"spatial_mask({shape}, {p}, rng)": (shape, p)
        for shape in (_SHAPE, _ANOTHER_SHAPE)
        for p in (0.2, 0.0, 1.0)
    }
    given = {call: draw(*question, 0) for call, question in questions.items()}
    if diagnosis := nothing_back(given):
        return diagnosis
    masks = {}
    for call, answer in given.items():
        shape, _ = questions[call]
        try:
            masks[questions[call]] = np.broadcast_to(np.asarray(answer), shape)
        except ValueError:
            return Diagnosis(
                "shape-does-not-fit",
                f"{call} gives {described(answer)}, which does not broadcast to {shape}.",
                "one draw per case and channel, and axes of length 1 for height and width",
            )
    return (
        _values(masks)
        or _edges_swapped(masks)
        or _sharing(masks[_SHAPE, 0.2])
        or _rate(masks[_SHAPE, 0.2])
        or _edges(masks)
        or _sharing(masks[_ANOTHER_SHAPE, 0.2])
        or _drawn_from_rng(draw, masks[_SHAPE, 0.2])
        or _independent(draw)
    )


def _values(masks):
    for (_, p), mask in masks.items():
        if not np.isin(mask, (0, 1)).all():
            if ((mask >= 0) & (mask < 1)).all():
                return Diagnosis(
                    "not-compared",
                    "the mask holds the random numbers themselves.",
                    "a number decides by being compared with p: that gives True or False",
                )
            other = mask[~np.isin(mask, (0, 1))].flat[0]
            return Diagnosis(
                "mask-holds-the-scale",
                f"at p = {p} the mask holds {other:.4g}, beside True and False (or 1 and 0).",
                "the scale is applied with the mask, but is no part of it",
            )
    return None


def _edges_swapped(masks):
    """At p = 0 all are dropped, at p = 1 none: True means drop here."""
    kept = [masks[_SHAPE, p].mean() for p in (0.0, 1.0)]
    if kept == [0, 1]:
        return Diagnosis(
            "keep-and-drop-swapped",
            "at p = 0 no map is kept, and at p = 1 all are.",
            "True means keep, and p is the probability to drop: when is a map to stay?",
        )
    return None


def _edges(masks):
    for (_, p), mask in masks.items():
        if p in (0, 1) and (mask != (p == 0)).any():
            return Diagnosis(
                "edges",
                f"at p = {p:g}, {mask.mean():.0%} of the units are kept.",
                "rng.random() lies in [0, 1): it can be 0, but never 1. Which comparison is right "
                "at both ends?",
            )
    return None


def _drawn_from_rng(draw, mask):
    if (np.broadcast_to(np.asarray(draw(_SHAPE, 0.2, 0)), _SHAPE) != mask).any():
        return Diagnosis(
            "generator-not-used",
            "two generators with the same seed gave two different masks.",
            "draw from the `rng` that you are given",
        )
    if (np.broadcast_to(np.asarray(draw(_SHAPE, 0.2, 1)), _SHAPE) == mask).all():
        return Diagnosis(
            "generator-not-used",
            "two generators with different seeds gave the same mask.",
            "draw from the `rng` that you are given: one made inside draws the same every time",
        )
    return None


def _independent(draw):
    shape = (400, 50, 2, 2)
    kept = np.broadcast_to(np.asarray(draw(shape, 0.5, 0)), shape)[:, :, 0, 0].astype(float)
    counts = kept.sum(axis=1)
    if np.ptp(counts) == 0:
        return Diagnosis(
            "fixed-number-dropped",
            f"exactly {int(counts[0])} of 50 maps are kept in every case.",
            "each map tosses its own coin: the number that stay varies from case to case",
        )
    luck = kept - kept.mean()
    for apart in range(1, 26):  # 10,000 pairs or more: six standard deviations are 0.06
        correlation = (luck[:, apart:] * luck[:, :-apart]).mean() / luck.var()
        if abs(correlation) > 0.06:
            return Diagnosis(
                "maps-share-their-luck",
                f"maps that lie {apart} apart are dropped together, with a correlation of "
                f"{correlation:.2f}.",
                "one draw for every map of every case: none is used twice",
            )
    return None


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


def _mask_raw(shape, p, rng):
    return rng.random((*shape[:2], 1, 1))


def _mask_fixed_number(shape, p, rng):
    order = rng.random(shape[:2]).argsort(axis=1).argsort(axis=1)
    return (order >= p * shape[1])[:, :, None, None]


def _mask_in_pairs(shape, p, rng):
    draws = rng.random((shape[0], (shape[1] + 1) // 2, 1, 1)) >= p
    return draws.repeat(2, axis=1)[:, : shape[1]]


def _mask_constant_rate(shape, p, rng):
    return rng.random((*shape[:2], 1, 1)) >= 0.5


def _mask_keeps_at_one(shape, p, rng):
    return (rng.random((*shape[:2], 1, 1)) >= p) | (p == 1)


def _mask_seeded(shape, p, rng):
    return spatial_mask(shape, p, np.random.default_rng(0))


def _mask_hardcoded(shape, p, rng):
    return rng.random((60, 50, 1, 1)) >= p


def _mask_nothing(shape, p, rng): ...


_BY_HAND = np.array([[1.0, 2.0], [3.0, 6.0]])


def judge_pooled_variance(answer):
    """Compare with the formula, and recognise the usual slips."""
    return judge_formula(
        answer,
        ((_BY_HAND, 0.2), (np.array([[1.0, -1.0, 4.0]]), 0.5), (-3 * _BY_HAND, 0.9)),
        pooled_variance,
        _POOLED_SLIPS,
        name="pooled_variance",
        advice="write the pooled value as (a random number) × (a number that is known)",
        hint="the pooled value of a map is one random number; it has one variance",
    )


_POOLED_SLIPS = {
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
    "signed-standard-deviation": (
        lambda x, p: math.sqrt(p / (1 - p)) * x.mean(),
        "that is the standard deviation, with the sign of the mean.",
        "the variance is its square",
    ),
    "mean-not-squared": (
        lambda x, p: p / (1 - p) * x.mean(),
        "the mean of x is not squared.",
        "a factor on a random variable enters its variance squared",
    ),
    "variance-within-the-map": (
        lambda x, p: p / (1 - p) * x.var(),
        "the variance of the units within the map is in it.",
        "x is fixed: what varies is m, from pass to pass. What multiplies it?",
    ),
    "not-over-the-masks": (
        lambda x, p: x.var(),
        "that is the variance of the units within the map.",
        "x is fixed: what varies is the mask, from pass to pass",
    ),
    "x-forgotten": (
        lambda x, p: p / (1 - p),
        "that is the variance of m / (1 − p) alone.",
        "what is it multiplied by, before it comes out?",
    ),
    "second-moment": (
        lambda x, p: x.mean() ** 2 / (1 - p),
        "that is the mean of the square.",
        "the variance is the mean of the square less the square of the mean",
    ),
    "scaled-once": (
        lambda x, p: p * x.mean() ** 2,
        "the scale entered once.",
        "a factor enters the variance squared: how much of p(1 − p) / (1 − p)² is left?",
    ),
    "whole-squared": (
        lambda x, p: (p / (1 - p) * x.mean()) ** 2,
        "p / (1 − p) was squared together with the mean.",
        "the variance of m is p(1 − p), not squared; what multiplies m is squared",
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


def pooled_variance(x, p):
    return p / (1 - p) * x.mean() ** 2


def judge_channels_last(drop_maps):
    questions = (((40, 3, 5, 30), 0.5), ((50, 6, 4, 9), 0.2))  # N, H, W, C
    for shape, p in questions:
        x = np.arange(1.0, math.prod(shape) + 1).reshape(shape)
        answer = drop_maps(x.copy(), p, np.random.default_rng(0))
        if answer is None:
            return NOT_STARTED
        if isinstance(answer, tuple):
            return Diagnosis(
                "not-one-array",
                f"{len(answer)} things come back, and one is asked for.",
                "spatial_dropout_forward returns the output and the mask: only the first is yours "
                "to return",
            )
        if np.shape(answer) != shape:
            return Diagnosis(
                "shape-changed",
                f"an input of shape {shape} came back with shape {np.shape(answer)}.",
                "what was moved has to be moved back, and to where it came from",
            )
        diagnosis = _judge_maps(np.asarray(answer), x, p)
        if diagnosis:
            return diagnosis
    return _same_for_the_same_seed(drop_maps)


def _judge_maps(out, x, p):
    kept = out != 0
    factors = out[kept] / x[kept]
    if not kept.any():
        return Diagnosis("all-dropped", f"at p = {p} every map is dropped.", "what became of p?")
    if not np.isfinite(out).all():
        return Diagnosis(
            "not-finite",
            f"{(~np.isfinite(out)).mean():.0%} of what comes back is NaN or infinite.",
            "what is dropped is 0, and what is kept is divided by a number that is not 0",
        )
    if np.ptp(out[kept]) < 1e-6:
        return Diagnosis(
            "x-forgotten",
            "every kept unit comes back with the same value: x is not in it.",
            "the mask, or what spatial_dropout_forward makes, has to be applied to x",
        )
    if np.ptp(factors) > 1e-6:
        return Diagnosis(
            "values-moved",
            "values turn up at places where they do not belong.",
            "`reshape` keeps the order in memory and mixes the axes: `np.moveaxis` moves one",
        )
    constant = [bool((kept == kept.take([0], axis=axis)).all()) for axis in range(4)]
    if kept.all():
        return Diagnosis(
            "nothing-dropped",
            f"at p = {p} no map is dropped.",
            "it is always training here: is spatial_dropout_forward told so?",
        )
    if constant != [False, True, True, False]:
        return _wrong_groups(constant)
    return _judge_rate(kept[:, 0, 0, :].mean(), factors[0], p)


def _wrong_groups(constant):
    if constant[0]:
        return Diagnosis(
            "one-mask-for-the-batch",
            "all pictures of the batch lose the same maps.",
            "every case has draws of its own",
        )
    if constant[3]:
        return Diagnosis(
            "channels-share-a-draw",
            "some rows of pixels are gone from all maps at once, and no map is gone.",
            "the second axis is height here: bring the channels there first",
        )
    return Diagnosis(
        "not-whole-maps",
        "what is dropped is not whole maps x[n, :, :, c].",
        "where are the channels when spatial_dropout_forward gets the array, and do they come "
        "back from there?",
    )


def _judge_rate(kept, factor, p):
    """Of 450 draws or more: the share kept deviates by less than 0.12 from its mean."""
    if abs(kept - (1 - p)) > 0.12:
        if abs(kept - p) < 0.12:
            return Diagnosis(
                "keep-and-drop-swapped",
                f"at p = {p} only {kept:.0%} of the maps are kept.",
                "p is the probability to drop, here and in spatial_dropout_forward",
            )
        return Diagnosis(
            "drop-rate-wrong",
            f"at p = {p}, {kept:.0%} of the maps are kept.",
            "is p handed on as it came?",
        )
    known = {
        "scale-forgotten": (1.0, "what is kept is not scaled."),
        "scaled-twice": (1 / (1 - p) ** 2, "what is kept is scaled twice."),
        "scaled-by-drop-probability": (1 / p, "what is kept is divided by p."),
        "scaled-the-wrong-way": (1 - p, "what is kept is multiplied by 1 − p."),
    }
    if close(factor, 1 / (1 - p)):
        return None
    for code, (value, message) in known.items():
        if close(factor, value):
            return Diagnosis(
                code,
                f"at p = {p} maps are multiplied by {factor:.4g}: {message}",
                "spatial_dropout_forward scales already: return what it returns. If you multiply "
                "by a mask of your own, divide by what is kept on average",
            )
    return Diagnosis(
        "scale-off",
        f"at p = {p} maps are multiplied by {factor:.4g}, and {1 / (1 - p):.4g} is right.",
        "the scale is 1 / (1 − p)",
    )


def _same_for_the_same_seed(drop_maps):
    seeds = (0, 0, 1)
    x = np.ones((20, 2, 3, 8))
    outs = (drop_maps(x.copy(), 0.5, np.random.default_rng(seed)) for seed in seeds)
    first, again, other = map(np.asarray, outs)
    if np.array_equal(first, again) and not np.array_equal(first, other):
        return None
    what = "other maps with the same seed" if (first != again).any() else "the same maps always"
    return Diagnosis(
        "generator-not-used",
        f"it drops {what}.",
        "hand the `rng` that you are given on: spatial_dropout_forward(..., rng=rng)",
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


def _last_other_rng(x, p, rng):
    return drop_maps_channels_last(x, p, np.random.default_rng())


def _last_evaluation(x, p, rng):
    from dropout_lib.scratch import spatial_dropout_forward

    return spatial_dropout_forward(x, p, False, rng)[0]


def _last_one_for_the_batch(x, p, rng):
    return x * (rng.random(x.shape[-1]) >= p) / (1 - p)


def _last_nothing(x, p, rng): ...


def judge_silent(answer):
    return judge_formula(
        answer,
        ((3, 0.2), (8, 0.5), (1, 0.4)),
        chance_of_silence,
        _SILENCE_SLIPS,
        name="chance_of_silence",
        advice="the draws of the maps are independent: what has to happen for each of them?",
    )


_SILENCE_SLIPS = {
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
    "exactly-one": (
        lambda maps, p: maps * p * (1 - p) ** (maps - 1),
        "that is the chance that exactly one map is gone.",
        "all of them have to be gone together",
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
    "one-map-only": (
        lambda maps, p: p,
        "that is the chance that one given map is gone.",
        "how does it get smaller with each further map?",
    ),
    "base-and-exponent-swapped": (
        lambda maps, p: maps**p,
        "a number of maps to the power of p is no probability.",
        "p for the first, times p for the second, times ...",
    ),
    "per-cent": (
        lambda maps, p: 100 * p**maps,
        "that is per cent.",
        "a probability lies between 0 and 1",
    ),
    "divided": (
        lambda maps, p: p / maps,
        "it does not fall fast enough.",
        "p for the first, times p for the second, times ...",
    ),
}


def chance_of_silence(maps, p):
    return p**maps


EXERCISES = (
    Exercise(
        name="03-3-mask",
        title="The mask",
        statement=(
            "Write `spatial_mask(shape, p, rng)`: a keep-mask, an array that broadcasts to an "
            "array of shape (N, C, H, W), in which every map of every case is dropped whole with "
            "probability p, independently of all others. True means keep. Draw from `rng`; p may "
            "be 0 or 1. Before you write: how many random numbers does it take for a shape of "
            "(32, 16, 28, 28)?"
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
            "width, and no mask of the full size is ever made. For (32, 16, 28, 28) that takes "
            "32 · 16 = 512 random numbers, and not 401,408."
        ),
        judge=judge_mask,
        wrong_answers=(
            (_mask_units, "single-units"),
            (_mask_of_the_batch, "one-mask-for-the-batch"),
            (_mask_of_cases, "all-maps-of-a-case"),
            (_mask_rows, "rows-or-columns"),
            (_mask_last, "shape-does-not-fit"),
            (_mask_two_axes, "shape-does-not-fit"),
            (_mask_swapped, "keep-and-drop-swapped"),
            (_mask_normal, "drop-rate-wrong"),
            (_mask_raw, "not-compared"),
            (_mask_fixed_number, "fixed-number-dropped"),
            (_mask_in_pairs, "maps-share-their-luck"),
            (_mask_constant_rate, "drop-rate-wrong"),
            (_mask_keeps_at_one, "edges"),
            (_mask_seeded, "generator-not-used"),
            (_mask_hardcoded, "shape-does-not-fit"),
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
            "one number that comes out, over the masks, itself one number. Predict first whether "
            "it shrinks when the "
            "map gets larger."
        ),
        starter=(
            "def pooled_variance(x, p):\n    # your code\n    ...\n\n\n"
            'check("03-3-pooled-variance", pooled_variance)'
        ),
        hints=(
            "The whole map has one m. What does the mean over the map look like with that m?",
            "It is m / (1 − p) times the mean of x. Only m is random.",
            "Var[m] = p(1 − p), and a factor enters the variance squared: "
            "`(x.mean() / (1 - p)) ** 2` times that.",
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
            (lambda x, p: (p / (1 - p)) ** 0.5 * x.mean(), "signed-standard-deviation"),
            (lambda x, p: p / (1 - p) * x.mean(), "mean-not-squared"),
            (lambda x, p: p / (1 - p) * x.var(), "variance-within-the-map"),
            (lambda x, p: x.var(), "not-over-the-masks"),
            (lambda x, p: p / (1 - p), "x-forgotten"),
            (lambda x, p: x.mean() ** 2 / (1 - p), "second-moment"),
            (lambda x, p: p * x.mean() ** 2, "scaled-once"),
            (lambda x, p: (p / (1 - p) * x.mean()) ** 2, "whole-squared"),
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
            "pictures and returns one array with the axes in the order in which they came. It is "
            "always training."
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
            (_last_both, "not-one-array"),
            (lambda x, p, rng: drop_maps_channels_last(x, 1 - p, rng), "keep-and-drop-swapped"),
            (lambda x, p, rng: drop_maps_channels_last(x, 0.5, rng), "drop-rate-wrong"),
            (lambda x, p, rng: drop_maps_channels_last(x, p, rng) / (1 - p), "scaled-twice"),
            (lambda x, p, rng: _last_unscaled(x, p, rng) / p, "scaled-by-drop-probability"),
            (lambda x, p, rng: _last_unscaled(x, p, rng) * (1 - p), "scaled-the-wrong-way"),
            (lambda x, p, rng: _last_unscaled(np.ones(x.shape), p, rng), "x-forgotten"),
            (lambda x, p, rng: x * np.nan, "not-finite"),
            (_last_other_rng, "generator-not-used"),
            (_last_evaluation, "nothing-dropped"),
            (_last_one_for_the_batch, "one-mask-for-the-batch"),
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
            (lambda maps, p: p, "one-map-only"),
            (lambda maps, p: maps * p * (1 - p) ** (maps - 1), "exactly-one"),
            (lambda maps, p: maps**p, "base-and-exponent-swapped"),
            (lambda maps, p: 100 * p**maps, "per-cent"),
            (lambda maps, p: 0.0, "another-formula"),
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
