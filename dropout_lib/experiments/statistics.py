"""Paired comparisons over seeds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A mean over paired seeds with its 95% confidence interval."""

    mean: float
    low: float
    high: float

    def __format__(self, spec):
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def paired_difference(a, b):
    """The mean of a - b over paired seeds, with Student's 95% interval.

    >>> f"{paired_difference([3.0, 5.0, 4.0], [1.0, 2.0, 3.0]):.2f}"
    '2.00 [-0.48, 4.48]'
    """
    return mean_interval([x - y for x, y in zip(a, b, strict=True)])


def mean_interval(values, confidence=0.95):
    """The mean with Student's interval, 95% unless said otherwise; of equal values it is a point.

    >>> f"{mean_interval([1.0, 2.0, 3.0]):.2f}"
    '2.00 [-0.48, 4.48]'
    """
    if len(values) > 1 and len(set(values)) == 1:
        return Interval(*3 * (float(values[0]),))
    from scipy.stats import ttest_1samp

    test = ttest_1samp(values, 0.0)
    interval = test.confidence_interval(confidence)
    return Interval(float(sum(values) / len(values)), float(interval.low), float(interval.high))
