"""What chapter 3 states is so: its code, its conversions, and who shares a draw."""

import numpy as np
import pytest
import torch

from dropout_lib import pytorch, scratch
from dropout_lib.explorers.drop_or_keep import CONVENTIONS, to_drop_probability
from dropout_lib.explorers.five_variants import edge_maps
from dropout_lib.explorers.which_variant import PLACES, rates_table


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.where)
def test_the_code_of_the_chooser_makes_a_module(place):
    names = {"nn": torch.nn, **{name: getattr(pytorch, name) for name in pytorch.__all__}}
    assert isinstance(eval(place.code, names), torch.nn.Module)
    assert place.origin in repr(rates_table())


@pytest.mark.parametrize("p", [0.05, 0.2, 0.5, 0.9])
def test_every_convention_leads_back_to_p(p):
    printed = {"drop": p, "keep": 1 - p, "alpha": p / (1 - p)}
    assert set(printed) == set(CONVENTIONS)
    for convention, value in printed.items():
        assert to_drop_probability(value, convention) == pytest.approx(p)


@pytest.mark.parametrize(
    ("value", "convention", "told"),
    [
        (1.5, "keep", "between 0 and 1, but got 1.5"),
        (-0.1, "drop", "between 0 and 1, but got -0.1"),
        (-1, "alpha", "at least 0, but got -1"),
        (float("nan"), "drop", "but got nan"),
        (0.5, "rate", "no convention is named 'rate'"),
    ],
)
def test_a_number_that_cannot_be_is_refused(value, convention, told):
    with pytest.raises(ValueError, match=told):
        to_drop_probability(value, convention)


@pytest.mark.parametrize("shared", [False, True])
def test_noise_of_a_sum_is_as_the_formulas_say(shared):
    maps = edge_maps(np.random.default_rng(0).random(784))[None]  # (1, 4, 14, 14)
    layer = (scratch.Dropout2d if shared else scratch.Dropout)(0.5, rng=np.random.default_rng(1))
    sums = [layer.forward(maps).sum() for _ in range(4000)]
    groups = maps.sum(axis=(2, 3)) if shared else maps
    expected = (groups**2).sum()  # p / (1 - p) = 1
    assert np.var(sums) == pytest.approx(expected, rel=6 * np.sqrt(2 / 4000))
