"""The ratio on a lattice: closed forms, single values, and the search of `model` that it stands in for."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.distributions import LogNormal, Tabulated, Uniform, as_table
from analysis.lattice import STEP, RatioTable, force_on, mixed, ratio_of
from analysis.model import Losses, Question, over_force, ratio_below, ratio_quantiles

LEVELS = np.array([0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975])
PLACES = (np.arange(2048) + 0.5) / 2048


def drawn(casualties, force, places=PLACES):
    return over_force(Losses(casualties, np.zeros(casualties.size)), force, places)


def test_a_ratio_of_lognormals_is_lognormal():
    # 500 over 10,000 with spreads of 0.3 and 0.4 is 5 % with 0.5; casualties above the force are 6 spreads away.
    force = as_table(LogNormal(10_000.0, 0.4))
    places = (np.arange(2**16) + 0.5) / 2**16
    table = ratio_of([(1.0, drawn(LogNormal(500.0, 0.3).ppf(places), force, places))], force_on(force))
    # 3e-6: the step of the lattice, the force's own table, and what midpoints miss of the tails; worst seen 9e-7.
    assert table.quantiles(LEVELS) == pytest.approx(LogNormal(0.05, 0.5).ppf(LEVELS), rel=3e-6)
    thresholds = np.array([0.02, 0.05, 0.1])
    assert table.exceeding(thresholds) == pytest.approx(1 - LogNormal(0.05, 0.5).cdf(thresholds), abs=1e-5)


def test_casualties_above_the_force_are_left_out():
    # Uniform on 0 to 1 over a force uniform on 0.5 to 1, times 1,000: kept is 3/4, since P(C <= F) = E[F].
    force = as_table(Uniform(500.0, 1000.0))
    one = drawn(1000 * PLACES, force)
    assert one.mass.mean() == pytest.approx(0.75, abs=1e-4)
    table = ratio_of([(1.0, one)], force_on(force))
    # Given that it is kept the ratio is uniform: P(C <= tF) = t E[F]. Midpoints in 2,048 steps miss half of one.
    assert table.quantiles(LEVELS) == pytest.approx(LEVELS, abs=2.5e-4)
    assert table.exceeding(np.array([1.0])).tolist() == [0.0]


def test_a_force_of_two_values_keeps_both_of_them_in_place():
    force = Tabulated([10_000.0, 10_000.0, 15_000.0, 15_000.0], [0.0, 0.4, 0.4, 1.0])
    table = ratio_of([(1.0, drawn(np.full(2048, 1500.0), force))], force_on(force))
    # 10 % with 0.6 and 15 % with 0.4, each within a step of the lattice.
    assert table.quantiles(np.array([0.3, 0.8])) == pytest.approx([0.10, 0.15], rel=STEP)
    assert table.exceeding(np.array([0.12]))[0] == pytest.approx(0.4, abs=1e-12)


def test_the_force_is_averaged_over_each_step():
    # A force that is one value between two nodes: their probabilities put its mean where it is.
    value = np.exp(STEP * 9000.3)
    on = force_on(Tabulated([value, value], [0.0, 1.0]))
    assert on.mass.sum() == pytest.approx(1.0, abs=1e-12)
    mean = on.mass @ np.arange(on.start, on.stop + 1)
    # 9000.3 + 0.5, since a node holds what lies below it up to the node before; the rest is the bend of the logarithm.
    assert mean == pytest.approx(9000.8, abs=1e-3)


@pytest.mark.parametrize("tilted", [False, True])
def test_the_table_is_what_the_search_finds(tilted):
    force = as_table(Uniform(8000.0, 12_000.0))
    rng = np.random.default_rng(5)
    one = drawn(LogNormal(1000.0, 0.4).ppf(rng.random(1024)), force, rng.random(1024))
    other = drawn(LogNormal(4000.0, 0.5).ppf(rng.random(1024)), force, rng.random(1024))
    if tilted:
        one, other = (replace(each, tilt=rng.random(1024)) for each in (one, other))
    asked = Question({"A": {}, "B": {}}, {"A": 0.3, "B": 0.7}, Uniform(1.0, 2.0), force)
    both = {"A": one, "B": other}
    slow = ratio_quantiles(both, asked, name="casualties_ratio", levels=LEVELS)
    on = force_on(force)
    together = ratio_of([(0.3, one), (0.7, other)], on)
    apart = mixed([(0.3, ratio_of([(1.0, one)], on)), (0.7, ratio_of([(1.0, other)], on))])
    # 1e-5: the step of the lattice, squared, times what a cdf bends; worst seen 3e-6.
    assert together.quantiles(LEVELS) == pytest.approx(slow, rel=1e-5)
    assert apart.quantiles(LEVELS) == pytest.approx(together.quantiles(LEVELS), rel=1e-12)
    thresholds = np.array([0.05, 0.1, 0.2, 0.33])
    exceeding = 1 - ratio_below(both, asked, name="casualties_ratio", threshold=thresholds)
    assert together.exceeding(thresholds) == pytest.approx(exceeding, abs=1e-5)


def test_a_mixture_of_tables_by_hand():
    one, other = RatioTable(-2, np.array([0.2, 0.6, 1.0])), RatioTable(-1, np.array([0.5, 1.0]))
    table = mixed([(0.25, one), (0.75, other)])
    assert table.start == -2
    assert table.upto == pytest.approx([0.05, 0.525, 1.0], abs=1e-15)
