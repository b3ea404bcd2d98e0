"""Verdicts over paired runs: what the interval says, and what the usual wrong rules say."""

import math
from statistics import mean, stdev

from ..checks import Diagnosis
from ..experiments import mean_interval, paired_difference

# In brackets: mean over standard error, which has to exceed Student's t.
GAINS = (  # a - b, run by run
    (15.0, 16.0, 14.0, 15.5, 14.5),  # up, by any rule
    (0.4, 0.5, 0.6, 0.3, 0.7),  # up, but for those who don't pair
    (-0.9, -0.7, -0.8, -1.2),  # down, but for those who don't pair
    (-0.9, 2.0, -0.2, 1.1, -0.4),  # doubtful, but for those who compare means
    (1.0, 0.2, 0.7),  # [2.7] the normal quantile says up
    (0.1, 0.4, 0.8, 0.72),  # [3.1] a deviation that divides by n says up
    (0.3, 0.1, 0.8, 1.1),  # [2.5] 95% on one side says up
    (0.5, 0.2, 0.67),  # [3.3] n degrees of freedom say up
    (0.2, 1.0, 0.7, 0.4, 1.2),  # [3.8] up; 99% can't tell
    (0.4, 1.0, 0.7, 1.1, 0.6),  # [5.9] up; standard deviations in place of errors can't tell
    (1.0, 1.2, 0.9, -0.4, 1.1, 1.3, 0.6, 0.3),  # [3.8] up, with a run that is against it
    (1.0, 1.2, -0.9, 1.4, 0.1, -0.5, 1.3, 0.3),  # [1.5] one standard error says up
    (-2.0, 0.4, 0.5, 0.4, 0.6, 0.3),  # doubtful, though five of six are for it
)
_LEVELS = (5.0, 9.0, 3.0, 7.0, 6.0, 4.0, 8.0, 6.5)  # seeds differ more than the two sides do


def runs(middle):
    """Pairs of lists (a, b) around ``middle``, with the gains above."""
    pairs = []
    for gains in GAINS:
        b = [round(middle + level, 1) for level in _LEVELS[: len(gains)]]
        pairs.append(([round(y + gain, 2) for y, gain in zip(b, gains, strict=True)], b))
    return pairs


def sign(low, high):
    """1 where the interval lies above 0, -1 below, and 0 where it contains 0."""
    return int(low > 0) - int(high < 0)


def by_interval(a, b):
    gain = paired_difference(a, b)
    return sign(gain.low, gain.high)


def by_means(a, b):
    return 1 if mean(a) > mean(b) else -1


def by_two_intervals(a, b):
    a, b = mean_interval(a), mean_interval(b)
    return sign(a.low - b.high, a.high - b.low)


def by_unpaired_difference(a, b):
    half = t(0.975, 2 * len(a) - 2) * math.sqrt((stdev(a) ** 2 + stdev(b) ** 2) / len(a))
    return sign(mean(a) - mean(b) - half, mean(a) - mean(b) + half)


def by_signs(a, b):
    gains = _differences(a, b)
    return sign(min(gains), max(gains))


def by_majority(a, b):
    ups = sum(x > y for x, y in zip(a, b, strict=True))
    return 1 if 2 * ups > len(a) else -1 if 2 * ups < len(a) else 0


def by_width(half):
    """The rule of mean ± ``half(standard error, number of runs)``."""

    def rule(a, b):
        gains = _differences(a, b)
        reach = half(stdev(gains) / math.sqrt(len(gains)), len(gains))
        return sign(mean(gains) - reach, mean(gains) + reach)

    return rule


def t(q, freedom):
    from scipy.stats import t

    return t.ppf(q, freedom)


def _differences(a, b):
    return [x - y for x, y in zip(a, b, strict=True)]


by_normal = by_width(lambda error, n: 1.96 * error)
by_one_error = by_width(lambda error, n: error)
by_one_side = by_width(lambda error, n: t(0.95, n - 1) * error)
by_99_percent = by_width(lambda error, n: t(0.995, n - 1) * error)
by_n = by_width(lambda error, n: t(0.975, n - 1) * error * math.sqrt((n - 1) / n))
by_n_degrees = by_width(lambda error, n: t(0.975, n) * error)
by_deviation = by_width(lambda error, n: t(0.975, n - 1) * error * math.sqrt(n))
by_two_deviations = by_width(lambda error, n: 1.96 * error * math.sqrt(n))

_UNPAIRED = (
    "runs that all gain a little are called undecided: what differs between seeds was counted as "
    "doubt.",
    "the same seed made both numbers of a pair: subtract run by run first, and take the interval "
    "of the differences",
)
_SPREAD = (
    "that is how far a single run spreads, not how well the mean is known: more runs would never "
    "make it narrower.",
    "the standard error of a mean of n runs is their standard deviation divided by √n",
)
_RULES = (  # (code, rule, what was seen, what to look at)
    (
        "means-compared",
        by_means,
        "every set of runs gets a clear answer, also one whose gains point both ways.",
        "ask whether the interval of the gain contains 0",
    ),
    (
        "runs-counted",
        by_majority,
        "it goes by how many runs are for it: five small gains outvote one large loss.",
        "how large the gains are counts too: take the interval of their mean",
    ),
    (
        "all-runs-agree",
        by_signs,
        "it goes by whether all runs have the same sign: three gains out of three are not rare by "
        "chance, and one run of eight may well be against a clear gain.",
        "take the interval of the mean gain, and look where 0 lies",
    ),
    ("runs-not-paired", by_two_intervals, *_UNPAIRED),
    ("runs-not-paired", by_unpaired_difference, *_UNPAIRED),
    (
        "normal-not-student",
        by_normal,
        "three runs are trusted too much: 1.96 standard errors, or two, are for many runs.",
        "with few runs the factor is Student's t, 4.3 for three of them: paired_difference knows "
        "it",
    ),
    (
        "one-standard-error",
        by_one_error,
        "one standard error on either side covers about two thirds, not 95%.",
        "paired_difference of dropout_lib.experiments gives the 95% interval",
    ),
    (
        "one-sided",
        by_one_side,
        "runs whose interval contains 0 are called a clear gain: that is t at 95%, with 5% on each "
        "side.",
        "95% in the middle leave 2.5% on each side: t at 97.5%",
    ),
    (
        "deviation-of-all-n",
        by_n,
        "runs whose interval just contains 0 are called a clear gain: the interval is a little too "
        "narrow, as if the variance were divided by n.",
        "the deviation of a sample divides by n − 1: statistics.stdev, or ddof=1",
    ),
    (
        "wrong-freedom",
        by_n_degrees,
        "three runs whose interval just contains 0 are called a clear gain: that is t for n "
        "degrees of freedom.",
        "n differences leave n − 1",
    ),
    (
        "another-confidence",
        by_99_percent,
        "runs whose 95% interval lies above 0 are called undecided: that is the 99% interval.",
        "2.5% on each side: t at 97.5%",
    ),
    ("spread-of-single-runs", by_deviation, *_SPREAD),
    ("spread-of-single-runs", by_two_deviations, *_SPREAD),
)


def slip(said, pairs, words):
    """The diagnosis of what was said of each pair, or None if all is right.

    Args:
        said: answers, each one of ``words``.
        pairs: the runs (a, b) that they were given for.
        words: what to say for a sign of 1, 0 and -1.
    """
    signs = [(1, 0, -1)[words.index(word)] for word in said]
    right = [by_interval(a, b) for a, b in pairs]
    if signs == right:
        return None
    if len(set(signs)) == 1:
        return Diagnosis(
            "always-the-same",
            f"it says {said[0]!r} whatever the numbers are.",
            "of these runs some gain, some lose, and some leave it open: what tells them apart?",
        )
    if signs == [-one for one in right]:
        return Diagnosis(
            "the-other-way-round",
            f"runs in which dropout is better get {said[0]!r}, and the other way round.",
            "which way do you have to subtract? Of errors less is better, of accuracies more",
        )
    for code, rule, message, hint in _RULES:
        if signs == [rule(a, b) for a, b in pairs]:
            return Diagnosis(code, message, hint)
    (a, b), word, wanted = next(
        (pair, word, wanted)
        for pair, word, found, wanted in zip(pairs, said, signs, right, strict=True)
        if found != wanted
    )
    gain = paired_difference(a, b)
    return Diagnosis(
        "another-rule",
        f"for {a} and {b} it says {word!r}. The differences have the mean {gain.mean:.2f}, and "
        f"its 95% interval is from {gain.low:.2f} to {gain.high:.2f}: {words[1 - wanted]!r}.",
        "above 0 with its whole length, below 0, or neither",
    )
