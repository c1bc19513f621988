"""The cdf of a ratio and its quantiles beside a slow twin: every draw, one threshold at a time, roots by halving."""

import numpy as np
import pytest

from analysis.distributions import LogNormal, Tabulated, as_table
from analysis.smooth import Smooth, WeightedLosses, pooled_below, pooled_quantiles

LEVELS = np.array([0.025, 0.05, 0.5, 0.95, 0.975])
FAR, NEAR = as_table(LogNormal(50_000.0, 0.2)), as_table(LogNormal(900.0, 0.3))


def losses(rng: np.random.Generator, n: int, *, median: float) -> tuple[np.ndarray, np.ndarray]:
    """A loss and the casualties that it is part of."""
    casualties = median * np.exp(0.4 * rng.standard_normal(n))
    return casualties * rng.uniform(0.1, 1.0, n), casualties


def drawn(force: Tabulated, *, n: int, tilted: bool = False) -> list[tuple[float, tuple]]:
    """Two origins: each with its share of the pool, and loss, casualties, weight and tilt of its draws."""
    rng, found = np.random.default_rng(3), []
    for share, median in ((0.3, 400.0), (0.7, 700.0)):
        loss, casualties = losses(rng, n, median=median)
        tilt = rng.uniform(0.0, 2.0, n) if tilted else None
        found.append((share, (loss, casualties, 1 - force.below(casualties), tilt)))
    return found


def pool(draws: list[tuple[float, tuple]], force: Tabulated) -> list[tuple[float, Smooth]]:
    return [(share, Smooth.of(*one[:3], force, tilt=one[3])) for share, one in draws]


def slow_below(draws: list[tuple[float, tuple]], force: Tabulated, threshold: float) -> float:
    """``P(loss / F <= t)`` given that the casualties are at most F."""
    total = 0.0
    for share, (loss, casualties, weight, tilt) in draws:
        tilt = np.ones(loss.size) if tilt is None else tilt
        short = tilt @ force.below(np.maximum(loss / threshold, casualties))
        total += share * (1 - short / tilt.sum()) / (weight @ tilt / tilt.sum())
    return total


def slow_quantile(draws: list[tuple[float, tuple]], force: Tabulated, level: float) -> float:
    low, high = 1e-9, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slow_below(draws, force, middle) < level else (low, middle)
    return high


def found(draws: list[tuple[float, tuple]], force: Tabulated, *, off: float) -> np.ndarray:
    """Quantiles of a search that starts ``off`` times the casualties' scale away."""
    start = np.full((1, LEVELS.size), off)
    ends = np.array([[1e-12], [1.0]])
    return pooled_quantiles([pool(draws, force)], LEVELS, low=start, high=1.1 * start, ends=ends)[0]


@pytest.mark.parametrize("force", [FAR, NEAR], ids=["far", "near"])
@pytest.mark.parametrize("tilted", [False, True])
def test_the_cdf_is_the_mean_over_the_draws(force, tilted):
    draws = drawn(force, n=300, tilted=tilted)
    thresholds = np.array([[0.001, 0.01], [0.1, 0.9]])
    slow = [[slow_below(draws, force, t) for t in row] for row in thresholds]
    fast = pooled_below(pool(draws, force), thresholds)
    # 1e-12: sums of 300 probabilities in another order.
    assert fast == pytest.approx(np.array(slow), abs=1e-12)
    # No threshold lies where the cdf is 0 or 1 for all: the middle ones count.
    assert np.any((fast > 0.05) & (fast < 0.95))


@pytest.mark.parametrize("force", [FAR, NEAR], ids=["far", "near"])
@pytest.mark.parametrize("tilted", [False, True])
@pytest.mark.parametrize("n", [40, 200, 256, 257, 700])  # a table holds 256
def test_quantiles_are_roots_of_the_cdf(force, tilted, n):
    draws = drawn(force, n=n, tilted=tilted)
    slow = [slow_quantile(draws, force, level) for level in LEVELS]
    # 1e-6: the last step is not looked at, and leaves 1e-7 in probability; worst seen 2e-7 of the value.
    assert found(draws, force, off=0.3) == pytest.approx(slow, rel=1e-6)
    assert 0 < slow[0] < slow[1] < slow[-1] < 1


@pytest.mark.parametrize("off", [1e-6, 1e-3, 0.9])
def test_a_bad_start_changes_the_way_and_not_the_end(off):
    draws = drawn(NEAR, n=300)
    assert found(draws, NEAR, off=off) == pytest.approx(found(draws, NEAR, off=0.3), rel=1e-9)  # as above


def test_pools_side_by_side_are_pools_alone():
    pools = [pool(drawn(NEAR, n=300), NEAR), pool([(1.0, drawn(NEAR, n=300)[0][1])] * 2, NEAR)]
    pools[1] = [(0.5, pools[1][0][1]), (0.5, pools[1][1][1])]
    start = np.full((2, LEVELS.size), 0.3)
    ends = np.array([[1e-12, 1e-12], [1.0, 1.0]])
    both = pooled_quantiles(pools, LEVELS, low=start, high=1.1 * start, ends=ends)
    for row, one in enumerate(pools):
        alone = pooled_quantiles([one], LEVELS, low=start[:1], high=1.1 * start[:1], ends=ends[:, :1])
        assert both[row] == pytest.approx(alone[0], rel=1e-9)  # as above
    assert np.all(np.abs(both[0] / both[1] - 1) > 0.01)


def test_losses_that_stand_for_many_by_hand():
    """A force from 10 to 20, evenly, and a threshold of 0.1."""
    force = Tabulated(np.array([10.0, 20.0]), np.array([0.0, 1.0]))
    nodes = WeightedLosses(np.array([[1.5, 1.2]]), np.array([[0.0, 0.7]]), np.array([[0.75, 0.25]]), np.ones(1), force)
    # 1.5 / 0.1 = 15: half. 1.2 / 0.1 = 12 would be a fifth, but the casualties leave 0.7 below. 1e-11: the table is
    # read 1e-12 of its value lower, for rounding.
    assert nodes.below(np.zeros(1, dtype=int), np.array([0.1])) == pytest.approx(1 - 0.75 * 0.5 - 0.25 * 0.7, abs=1e-11)
