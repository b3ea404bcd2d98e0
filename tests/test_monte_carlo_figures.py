"""The pictures of chapter 8.5: what they say is what they are given."""

import numpy as np
import pytest

from dropout_lib.experiments import load, mean_interval, provenance
from dropout_lib.explorers.co2 import co2_passes_explorer, coverage_by_years
from dropout_lib.explorers.gap import band_over_a_gap
from dropout_lib.explorers.kinds_of_doubt import entropies, kinds_of_doubt
from dropout_lib.explorers.mc_spread import spread_by_p_explorer

CO2 = load("co2"), provenance("co2")["settings"]


def test_coverage_is_read_off_the_results():
    reading = coverage_by_years(*CO2).picture.reading
    inside = [100 * r["relu"][1]["inside"]["coverage"] for r in CO2[0]]
    assert f"ReLU, masks alone: {mean_interval(inside).mean:.0f}% in the training" in reading


def test_the_explorer_of_passes_tells_the_spread_of_the_passes_chosen():
    explorer = co2_passes_explorer(*CO2)
    kept = CO2[0][0]["tanh"][2]["from so many passes"]["shared"]["20"]
    last = float(kept["spread"].split()[-1])
    reading = explorer.picture(activation="tanh", p=0.2, number=20, masks="shared").reading
    assert "tanh, p = 0.2, 20 passes" in reading
    assert f"{last:.1f} ppm in 2002" in reading


def test_the_explorers_are_small_enough_for_a_page():
    spread = spread_by_p_explorer(load("mc_spread"), provenance("mc_spread")["settings"])
    for explorer in (spread, co2_passes_explorer(*CO2)):
        assert len(explorer.html()) < 250_000


def test_the_number_of_runs_that_chose_a_p_is_drawn():
    results = load("mc_spread")
    explorer = spread_by_p_explorer(results, provenance("mc_spread")["settings"])
    chosen = sum(r["1024"]["chosen"]["p"] == 0.001 for r in results)
    assert f">{chosen}<" in explorer.picture(p=0.001).markup


def test_entropies_add_up_and_are_told():
    contrary = np.eye(10)[[3, 8] * 20]  # each pass sure, of another class
    hedging = np.full((40, 10), 0.1)
    assert entropies(contrary) == pytest.approx((np.log(2), 0))
    assert entropies(hedging) == pytest.approx((np.log(10), np.log(10)))
    image = np.zeros(784)
    figure = kinds_of_doubt([("contrary", image, contrary), ("hedging", image, hedging)])
    assert "contrary: the passes choose 3, 8; total less than half of" in repr(figure)
    assert "what it can be, the larger part of it mutual" in repr(figure)
    assert "hedging: the passes choose 0; total more than half of" in repr(figure)
    assert "what it can be, the larger part of it expected." in repr(figure)


def test_the_gap_says_what_the_spread_is_in_it_and_around():
    x = np.linspace(-2, 2, 41)
    std = np.where(np.abs(x) < 1, 0.25, 0.5)
    figure = band_over_a_gap(x, x, std, np.array([-2.0, 2.0]), np.zeros(2), (-1, 1))
    assert "up to 0.50; in the gap between them it is 0.25 at most" in repr(figure)
