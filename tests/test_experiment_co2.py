"""The carbon dioxide curve: its parts, and what the results say."""

import numpy as np
import pytest

from dropout_lib.experiments import load, paired_difference
from dropout_lib.experiments.co2 import Settings, _of_part, _Weeks

RATES = Settings().rates
FAR = ("8-12", "12-16")


@pytest.fixture(scope="module")
def weeks():
    return _Weeks(0, Settings())


# --- the data ----------------------------------------------------------------------------------


def test_the_parts_share_no_week_and_training_sees_nothing_of_later_years(weeks):
    parts = (weeks.is_train, weeks.is_validation, weeks.is_test, weeks.is_outside)
    assert np.sum(parts, axis=0).max() == 1
    assert weeks.years[weeks.is_train].max() < 1986 <= weeks.years[weeks.is_outside].min()
    assert weeks.years[weeks.is_outside].max() > 2001.9
    inside = (weeks.years < 1986).sum()
    for part in parts[1:3]:
        assert 0.07 < part.sum() / inside < 0.13


def test_the_scale_is_that_of_training_and_can_be_undone(weeks):
    x = weeks.x(weeks.years[weeks.is_train])
    y = weeks.standard_ppm(weeks.is_train)
    for standard in (x, y):
        assert standard.mean().item() == pytest.approx(0, abs=1e-5)
        assert standard.std(unbiased=False).item() == pytest.approx(1, abs=1e-5)
    assert weeks.in_ppm(y) == pytest.approx(weeks.ppm[weeks.is_train], abs=1e-3)
    assert weeks.x(weeks.years).max() > 2  # years not seen lie outside


def test_coverage_counts_the_weeks_in_the_band():
    samples = 1 + np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]]) / np.sqrt(2)  # deviation 1
    measured = _of_part(samples, np.zeros(3), np.array([2.5, 3.5, 9.0]), noise=1.0)
    assert measured["spread"] == 1
    assert measured["coverage"] == pytest.approx(1 / 3, abs=0.01)
    assert measured["coverage with noise"] == pytest.approx(2 / 3, abs=0.01)


# --- what the results say ----------------------------------------------------------------------


def of(activation, p, part, measure):
    at = RATES.index(p)
    return [result[activation][at][part][measure] for result in load("co2")]


def lead(a, b):
    return paired_difference(a, b)


@pytest.mark.parametrize("p", RATES)
def test_with_relu_the_spread_grows_with_distance_and_with_tanh_it_stands_still(p):
    relu, tanh = (
        [np.mean(of(activation, p, part, "spread")) for part in ("inside", "0-2", "4-8", "12-16")]
        for activation in ("relu", "tanh")
    )
    assert relu == sorted(relu)
    assert relu[-1] > 2.5 * relu[0]
    assert tanh[-1] < 1.5 * tanh[0]
    assert abs(tanh[-1] / tanh[1] - 1) < 0.1


@pytest.mark.parametrize("p", RATES)
def test_with_tanh_the_error_grows_far_beyond_the_spread(p):
    assert np.min(of("tanh", p, "12-16", "error")) > 10 * np.max(of("tanh", p, "12-16", "spread"))
    assert np.max(of("tanh", p, "12-16", "coverage with noise")) < 0.05


def test_masks_of_a_pass_may_be_shared_without_changing_the_spread():
    for activation in ("relu", "tanh"):
        for p in RATES:
            own = of(activation, p, "outside", "spread")
            at = RATES.index(p)
            shared = [r[activation][at]["spread outside, one mask a pass"] for r in load("co2")]
            assert abs(np.mean(shared) / np.mean(own) - 1) < 0.05


def test_inside_the_spread_alone_covers_few_weeks_and_with_the_noise_nearly_all():
    for activation in ("relu", "tanh"):
        for p in RATES:
            assert np.mean(of(activation, p, "inside", "coverage")) < 0.6
            assert np.mean(of(activation, p, "inside", "coverage with noise")) > 0.95
