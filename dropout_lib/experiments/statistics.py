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

    Values count as equal if they differ by no more than floating-point numbers round: differences
    such as 9.1 - 8.5 and 7.3 - 6.7, whose spread would be nothing but that.

    >>> f"{mean_interval([1.0, 2.0, 3.0]):.2f}"
    '2.00 [-0.48, 4.48]'
    >>> f"{mean_interval([9.1 - 8.5, 7.3 - 6.7]):.2f}"
    '0.60 [0.60, 0.60]'
    """
    spread, size = max(values) - min(values), max(abs(value) for value in values)
    if len(values) > 1 and spread <= 1e-12 * size:
        return Interval(*3 * (float(values[0]),))
    from scipy.stats import ttest_1samp

    test = ttest_1samp(values, 0.0)
    interval = test.confidence_interval(confidence)
    return Interval(float(sum(values) / len(values)), float(interval.low), float(interval.high))
