"""How good predicted probabilities are, and how good a measure of uncertainty is: NumPy.

Probabilities are (N, K), a row for each case that sums to 1, from whatever model; labels are (N,),
numbers from 0 to K - 1. All measures are computed in 64 bits. Nothing here knows of dropout.
"""

from typing import NamedTuple

import numpy as np

_TOLERANCE = 1e-3  # of the sum of a row; probabilities in 16 bits miss 1 by about that much


def negative_log_likelihood(probabilities, labels):
    """Mean of -log p(label) over the cases, in nats; less is better.

    A probability of exactly 0 counts as the smallest step of 64-bit numbers, 36 nats, as in
    scikit-learn, whose ``log_loss`` this is.

    Args:
        probabilities: (N, K).
        labels: (N,).

    Raises:
        ValueError: no probabilities, a label out of range, shapes that don't fit; in all functions
            of this module.

    >>> round(negative_log_likelihood([[0.5, 0.5], [0.1, 0.9]], [0, 1]), 4)  # log 2 and -log 0.9
    0.3993
    """
    from sklearn.metrics import log_loss

    probabilities, labels = _checked(probabilities, labels)
    # scikit-learn warns of rows that miss 1 by what 32 bits round
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return float(log_loss(labels, probabilities, labels=np.arange(probabilities.shape[1])))


def brier_score(probabilities, labels):
    """Mean squared distance of the probabilities from the truth, from 0 to 2; less is better.

    The truth is 1 at the label and 0 elsewhere, and squares are summed over the classes, as in
    Brier (1950). For two classes this is twice the distance of one column.

    Args:
        probabilities: (N, K).
        labels: (N,).

    >>> round(brier_score([[0.5, 0.5], [0.1, 0.9]], [0, 1]), 4)  # 0.5 and 0.02
    0.26
    """
    probabilities, labels = _checked(probabilities, labels)
    missed = probabilities - np.eye(probabilities.shape[1])[labels]  # (N, K)
    return float(np.square(missed).sum(axis=1).mean())


class Reliability(NamedTuple):
    """What :func:`reliability` measured in each bin, arrays (bins,); NaN where no case fell.

    Args:
        confidence: mean probability of the class predicted.
        accuracy: share of the cases predicted rightly.
        count: how many cases.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


def reliability(probabilities, labels, bins=15):
    """Cases sorted by the probability of the class predicted: is it right as often as it says?

    Bins are of equal width; bin b of B holds confidences above b/B up to (b + 1)/B, b from 0, as
    in Guo et al. (2017), section 2.

    Args:
        probabilities: (N, K).
        labels: (N,).
        bins: how many.

    Returns:
        :class:`Reliability`.

    >>> found = reliability([[0.5, 0.5], [0.1, 0.9], [0.2, 0.8]], [1, 1, 0], bins=2)
    >>> found.count
    array([1, 2])
    >>> found.confidence, found.accuracy
    (array([0.5 , 0.85]), array([0. , 0.5]))
    """
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ValueError(f"bins has to be a whole number, 1 or more, but got {bins!r}")
    probabilities, labels = _checked(probabilities, labels)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.arange(bins + 1) / bins  # linspace rounds: its 5/7 is not the 5/7 of 5 votes of 7
    place = (np.searchsorted(edges, confidence) - 1).clip(0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 where no case fell
        means = (
            np.bincount(place, weights, minlength=bins) / count for weights in (confidence, right)
        )
        return Reliability(*means, count)


def expected_calibration_error(probabilities, labels, bins=15):
    """Mean distance between confidence and accuracy, bins weighted by their cases; from 0 to 1.

    Guo et al. (2017), equation 3. It depends on the bins, and with few cases it lies above 0 even
    if the probabilities are right: compare only with equal N and bins.

    Args:
        probabilities: (N, K).
        labels: (N,).
        bins: how many, of equal width.

    >>> round(expected_calibration_error([[0.5, 0.5], [0.1, 0.9], [0.2, 0.8]], [1, 1, 0]), 4)
    0.4667
    """
    found = reliability(probabilities, labels, bins)
    filled = found.count > 0
    distance = np.abs(found.accuracy - found.confidence)[filled]
    return float(np.average(distance, weights=found.count[filled]))


def coverage(mean, std, y, width=2.0):
    """Share of the targets within ``width`` standard deviations of the mean.

    Args:
        mean, std, y: numbers of one shape, as predicted and as they were; std not negative.
        width: of the band, to either side.

    Returns:
        a float from 0 to 1. For Gaussian targets and the right std it is 0.954 at width 2.

    Raises:
        ValueError: shapes differ, nothing is given, a number isn't finite, std is negative.

    >>> coverage(mean=[0.0, 0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0, 1.0], y=[0.5, -1.9, 2.1, 0.0])
    0.75
    """
    mean, std, y = (
        _finite(values, name) for values, name in ((mean, "mean"), (std, "std"), (y, "y"))
    )
    if not mean.shape == std.shape == y.shape:
        raise ValueError(
            f"mean, std and y have to be of one shape, but have {mean.shape}, {std.shape} and "
            f"{y.shape}"
        )
    if (std < 0).any():
        raise ValueError(f"a standard deviation can't be negative, but the least is {std.min():g}")
    if not 0 <= width < np.inf:
        raise ValueError(f"width has to be 0 or more and finite, but got {width!r}")
    return float((np.abs(y - mean) <= width * std).mean())


def auroc(scores_inside, scores_outside):
    """How well a score tells two groups apart: the chance that one outside has the higher one.

    Drawn at random, one from each group; equal scores count half. 1: the score separates them, 0.5:
    it knows nothing, 0: it separates them the wrong way round. It is the area under the receiver
    operating characteristic, scikit-learn's ``roc_auc_score``.

    Args:
        scores_inside: (N,), such as the predictive entropies of test digits.
        scores_outside: (M,), those of inputs that are no digits.

    Raises:
        ValueError: a group is empty or not one-dimensional, or a score isn't finite.

    >>> auroc([0.1, 0.2], [0.2, 0.9])  # three of four pairs, and a half
    0.875
    """
    from sklearn.metrics import roc_auc_score

    groups = _finite(scores_inside, "scores_inside"), _finite(scores_outside, "scores_outside")
    for group, name in zip(groups, ("scores_inside", "scores_outside"), strict=True):
        if group.ndim != 1:
            raise ValueError(
                f"{name} has to be one score for each case, (N,), but has shape {group.shape}"
            )
    outside = np.repeat([False, True], [len(group) for group in groups])
    return float(roc_auc_score(outside, np.concatenate(groups)))


# --- temperature -----------------------------------------------------------------------------


def with_temperature(probabilities, temperature):
    """Probabilities made less sure (temperature above 1) or surer (below 1); the order stays.

    Each is raised to the power 1/T, and the row divided by its sum: for softmax probabilities the
    same as dividing the logits by T, Guo et al. (2017), section 4.2.

    Args:
        probabilities: (N, K).
        temperature: T, above 0.

    Returns:
        (N, K) float64.

    >>> with_temperature([[0.1, 0.9]], 2.0)
    array([[0.25, 0.75]])
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature has to be above 0 and finite, but got {temperature!r}")
    logarithms = _logarithm(_probabilities(probabilities))
    below = logarithms - logarithms.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):  # -inf where the temperature is next to 0, which is right
        return _softmax(below / temperature)


def best_temperature(probabilities, labels):
    """The temperature with the least negative log-likelihood on these cases; use held-out ones.

    Args:
        probabilities: (N, K).
        labels: (N,).

    Returns:
        a float between 0.01 and 100; what lies at the ends has no minimum between them.

    >>> sure = np.array([[0.99, 0.01]] * 10)  # right in 7 of 10
    >>> temperature = best_temperature(sure, [0] * 7 + [1] * 3)
    >>> with_temperature(sure[:1], temperature).round(3)
    array([[0.7, 0.3]])
    """
    from scipy.optimize import minimize_scalar

    probabilities, labels = _checked(probabilities, labels)
    logarithms = _logarithm(probabilities)

    def loss(log_temperature):
        scaled = _softmax(logarithms / np.exp(log_temperature))
        return -_logarithm(scaled[np.arange(len(labels)), labels]).mean()

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.01), np.log(100))).x))


def _logarithm(probabilities):
    return np.log(probabilities.clip(np.finfo(float).tiny))  # of 0: a finite number


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# --- what is refused -------------------------------------------------------------------------


def _checked(probabilities, labels):
    """Both as arrays, float64 (N, K) and integers (N,)."""
    probabilities = _probabilities(probabilities)
    labels = np.asarray(labels)
    cases, classes = probabilities.shape
    if labels.shape != (cases,):
        more = ": of one-hot rows take argmax(axis=1)" if labels.ndim == 2 else ""
        raise ValueError(
            f"probabilities of {cases} cases need labels of shape ({cases},), but they have shape "
            f"{labels.shape}{more}"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels have to be whole numbers, but are of type {labels.dtype}")
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(outside):
        raise ValueError(
            f"labels have to be from 0 to {classes - 1}, a column of the probabilities each, but "
            f"label {outside[0]} is {labels[outside[0]]}"
        )
    return probabilities, labels


def _probabilities(probabilities):
    probabilities = _finite(probabilities, "probabilities")
    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise ValueError(
            "probabilities have to be (N, K), a column for each of two or more classes, but have "
            f"shape {probabilities.shape}"
        )
    sums = probabilities.sum(axis=1)
    wrong = (probabilities < 0).any(axis=1) | (np.abs(sums - 1) > _TOLERANCE)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            "each row of the probabilities has to sum to 1 and hold nothing negative, but row "
            f"{row} sums to {sums[row]:.4g} and its least is {probabilities[row].min():.4g}: "
            "if these are logits, take their softmax first"
        )
    return probabilities


def _finite(values, name):
    values = np.asarray(values, dtype=float)
    if values.size == 0:
        raise ValueError(f"{name} is empty: give at least one case")
    if not np.isfinite(values).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(f"{name} has to be finite, but is {values[place]} at {place}")
    return values
