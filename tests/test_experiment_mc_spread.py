"""Spread against data: the measures, and what the results say."""

import math

import numpy as np
import pytest
import torch

from dropout_lib.experiments import load, paired_difference
from dropout_lib.experiments.mc_spread import Settings, _log_likelihood, _spread_and_error, draw
from dropout_lib.explorers.mc_spread import spread_and_error

SETTINGS = Settings()
SIZES = [str(size) for size in SETTINGS.sizes]


def test_targets_lie_around_the_curve():
    x, targets = draw(20_000, 0.2, np.random.default_rng(0))
    assert x.shape == targets.shape == (20_000, 1)
    assert -1 <= x.min() < -0.99 < 0.99 < x.max() <= 1
    assert (targets - torch.sin(2 * torch.pi * x)).std().item() == pytest.approx(0.2, abs=0.005)


def test_the_error_is_that_of_the_mean_and_the_spread_that_around_it():
    samples = torch.tensor([[[0.0]], [[2.0]]])
    measured = _spread_and_error(samples, torch.tensor([[4.0]]))
    assert measured["spread"] == pytest.approx(math.sqrt(2), abs=1e-4)
    assert measured["error"] == 3


def test_the_likelihood_averages_densities():
    one = _log_likelihood(torch.zeros(1, 3, 1), torch.zeros(3, 1), 1.0)
    assert one == pytest.approx(-0.5 * math.log(2 * math.pi))
    far = _log_likelihood(torch.tensor([[[0.0]], [[100.0]]]), torch.zeros(1, 1), 1.0)
    assert far == pytest.approx(one + math.log(0.5))


# --- what the results say ----------------------------------------------------------------------


def of(size, p, measure):
    found = [run for r in load("mc_spread") for run in r[size]["runs"] if run["p"] == p]
    return [run[measure] for run in found]


@pytest.mark.parametrize("p", [0.003, 0.01, 0.03, 0.1])
def test_at_a_fixed_p_the_error_falls_with_data_and_the_spread_does_not(p):
    errors, spreads = ([np.mean(of(n, p, m)) for n in SIZES] for m in ("error", "spread"))
    assert errors[-1] < 0.6 * errors[1] < 0.6 * errors[0]
    assert max(spreads[1:]) < 1.2 * min(spreads[1:])


@pytest.mark.parametrize("p", [0.003, 0.01, 0.03, 0.1])
def test_with_little_data_the_spread_is_too_narrow_and_with_much_too_wide(p):
    few, many = (
        paired_difference(of(n, p, "spread"), of(n, p, "error")) for n in (SIZES[0], SIZES[-1])
    )
    assert few.high < 0 < many.low


def test_the_spread_follows_p_more_than_it_follows_the_data():
    smallest, largest = (np.mean(of("1024", p, "spread")) for p in (0.001, 0.3))
    assert largest > 4 * smallest


def test_choosing_p_makes_the_spread_smaller_with_more_data():
    few, many = ([r[n]["chosen"] for r in load("mc_spread")] for n in ("64", "4096"))
    assert paired_difference(*([run["spread"] for run in runs] for runs in (few, many))).low > 0
    assert np.mean([run["p"] for run in many]) < 0.5 * np.mean([run["p"] for run in few])


def test_the_figure_reads_what_it_shows():
    spread = np.mean(of("4096", 0.1, "spread"))
    reading = spread_and_error(load("mc_spread")).picture.reading
    assert f"at p = 0.1 the spread goes from {np.mean(of('16', 0.1, 'spread')):.2f}" in reading
    assert f"to {spread:.2f} and the error" in reading


def test_a_p_that_was_not_measured_is_named():
    with pytest.raises(ValueError, match=r"p = 0.42 was not measured: choose of 0.001, "):
        spread_and_error(load("mc_spread"), rates=(0.42,))
