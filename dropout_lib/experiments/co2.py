"""Monte Carlo dropout on the carbon dioxide curve, inside and outside of the training years."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from .. import datasets
from ..pytorch import Dropout, mc_samples
from ..training import fit_many, squared_error
from .registry import experiment

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
KINDS = {"own": False, "shared": True}  # a mask for each case, or one for all cases of a pass
BEYOND = ((0, 2), (2, 4), (4, 8), (8, 12), (12, 16))  # years past the last one of training


@dataclass(frozen=True)
class Settings:
    until: int = 1986  # the first year that training doesn't see
    held_out: float = 0.1  # share of the weeks before, for validation, and as much for test
    hidden: tuple = (256, 256, 256, 256)
    rates: tuple = (0.05, 0.1, 0.2)  # p, after every hidden layer
    learning_rate: float = 1e-3  # of Adam, falling to 0
    batch_size: int = 100
    epochs: int = 100
    passes: int = 100
    few: tuple = (2, 5, 20)  # numbers of passes whose mean and spread are kept too, of one seed
    every: int = 4  # of the weeks after, one in so many is looked at
    lines: int = 3  # passes kept whole, each with one mask for all weeks
    growth: tuple = (1990, 2000)  # from when to when, for the spread of a difference


@experiment(
    settings=Settings(),
    quick={
        "hidden": (16, 16),
        "rates": (0.1,),
        "epochs": 3,
        "passes": 10,
        "few": (2,),
        "every": 40,
    },
    question="Does Monte Carlo dropout know how far it is from the carbon dioxide it has seen?",
)
def co2(seed, settings):
    """Spread, error and coverage of Monte Carlo dropout, by years from the training data.

    The set-up of Gal & Ghahramani (2016), section 5.1, at the scale of a laptop: one input, the
    date; the two activation functions of theirs. Everything is in ppm.
    """
    weeks = _Weeks(seed, settings)
    result = {"train": int(weeks.is_train.sum()), "years": weeks.grid.tolist()}
    for name, activation in ACTIVATIONS.items():
        torch.manual_seed(seed)
        networks = [_network(activation, p, settings.hidden) for p in settings.rates]
        masks = torch.Generator().manual_seed(seed)
        fit_many(
            networks,
            weeks.x(weeks.years[weeks.is_train]),
            weeks.standard_ppm(weeks.is_train),
            epochs=settings.epochs,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
            optimiser="adam",
            seeds=seed,
            loss=squared_error,
            generator=masks,
        )
        result[name] = [_measured(network, weeks, masks, settings) for network in networks]
        if seed == 0:  # the networks that are drawn
            for measured, network in zip(result[name], networks, strict=True):
                measured["from so many passes"] = _by_passes(network, weeks, masks, settings)
    return result


class _Weeks:
    """The series in its parts, and the scale on which networks see it."""

    def __init__(self, seed, settings):
        self.years, self.ppm = datasets.co2()
        inside = self.years < settings.until
        lot = np.random.default_rng(seed).random(len(self.years))
        self.is_validation = inside & (lot < settings.held_out)
        self.is_test = inside & ~self.is_validation & (lot < 2 * settings.held_out)
        self.is_train = inside & ~self.is_validation & ~self.is_test
        outside = np.flatnonzero(~inside)[:: settings.every]
        self.is_outside = np.zeros(len(self.years), dtype=bool)
        self.is_outside[outside] = True
        self.grid = np.arange(1958, 2003)
        self.year_mean, self.year_deviation = self._scale(self.years)
        self.ppm_mean, self.ppm_deviation = self._scale(self.ppm)

    def _scale(self, values):
        return values[self.is_train].mean(), values[self.is_train].std()

    def x(self, years):
        """What the networks see: (N, 1)."""
        standard = (years - self.year_mean) / self.year_deviation
        return torch.tensor(standard, dtype=torch.float32)[:, None]

    def standard_ppm(self, part):
        """What the networks are trained on: (N, 1)."""
        standard = (self.ppm[part] - self.ppm_mean) / self.ppm_deviation
        return torch.tensor(standard, dtype=torch.float32)[:, None]

    def in_ppm(self, outputs):
        """Outputs of a network (..., N, 1) in ppm (..., N)."""
        return outputs[..., 0].double().numpy() * self.ppm_deviation + self.ppm_mean


def _network(activation, p, hidden):
    layers, inputs = [], 1
    for units in hidden:
        layers += [nn.Linear(inputs, units), activation(), Dropout(p)]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


def _sampled(network, years, weeks, generator, passes, one_mask=False):
    """Passes with dropout on, in ppm: (passes, N)."""
    x = weeks.x(years)
    samples = mc_samples(network, x, passes, consistent=one_mask, generator=generator)
    return weeks.in_ppm(samples)


def _measured(network, weeks, generator, settings):
    """Numbers of one network, in ppm, inside and by the years beyond."""

    def sampled(years, passes=settings.passes, one_mask=False):
        return _sampled(network, years, weeks, generator, passes, one_mask)

    network.eval()
    validation = sampled(weeks.years[weeks.is_validation]).mean(axis=0)
    noise = np.sqrt(np.mean((weeks.ppm[weeks.is_validation] - validation) ** 2))
    measured = {"noise": _rounded(noise)}
    parts = {"inside": weeks.is_test, "outside": weeks.is_outside}
    for first, last in BEYOND:
        past = weeks.years - settings.until
        parts[f"{first}-{last}"] = weeks.is_outside & (past >= first) & (past < last)
    for name, part in parts.items():
        samples = sampled(weeks.years[part])
        with torch.no_grad():
            scaled = weeks.in_ppm(network(weeks.x(weeks.years[part])))
        measured[name] = _of_part(samples, scaled, weeks.ppm[part], noise)
    one_mask = sampled(weeks.years[weeks.is_outside], one_mask=True)
    measured["spread outside, one mask a pass"] = _rounded(_spread(one_mask).mean())
    on_grid = sampled(weeks.grid)
    measured["mean"] = _rounded(on_grid.mean(axis=0))
    measured["spread"] = _rounded(_spread(on_grid))
    measured["lines"] = _rounded(sampled(weeks.grid[::2], settings.lines, one_mask=True))
    years = np.array(settings.growth)
    for kind, one_mask in KINDS.items():
        samples = sampled(years, 5 * settings.passes, one_mask)
        measured[f"spread of growth, {kind} masks"] = _rounded(
            _spread(samples[:, 1] - samples[:, 0])
        )
    return measured


def _by_passes(network, weeks, generator, settings):
    """Mean and spread by year from few passes and from all, each a string of numbers."""
    kept = {}
    for kind, one_mask in KINDS.items():
        samples = _sampled(network, weeks.grid, weeks, generator, settings.passes, one_mask)
        for number in (*settings.few, settings.passes):
            first = samples[:number]
            mean, spread = first.mean(axis=0), _spread(first)
            kept.setdefault(kind, {})[str(number)] = {
                "mean": " ".join(f"{value:.1f}" for value in mean),
                "spread": " ".join(f"{value:.2f}" for value in spread),
            }
    return kept


def _spread(samples):
    """Standard deviation over passes, with the divisor of a sample."""
    return samples.std(axis=0, ddof=1)


def _of_part(samples, scaled, ppm, noise):
    """samples (passes, N), outputs with weight scaling (N,), and the truth (N,)."""
    mean, spread = samples.mean(axis=0), _spread(samples)
    off = np.abs(mean - ppm)
    return {
        "weeks": len(ppm),
        "spread": _rounded(spread.mean()),
        "error": _rounded(np.sqrt(np.mean(off**2))),
        "error, weight scaling": _rounded(np.sqrt(np.mean((scaled - ppm) ** 2))),
        "coverage": _rounded(np.mean(off < 2 * spread)),
        # the noise of the data, as validation shows it, is no part of what masks do
        "coverage with noise": _rounded(np.mean(off < 2 * np.sqrt(spread**2 + noise**2))),
    }


def _rounded(values):
    return np.round(np.asarray(values, dtype=float), 2).tolist()
