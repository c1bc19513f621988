"""Points, replicates, quantiles, roots and the tolerance."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sampling import (
    cube,
    map_replicates,
    mean_and_mcse,
    replicate_seeds,
    root_between,
    tolerance,
    weighted_quantiles,
)

SEEDS = replicate_seeds(np.random.default_rng(7), 4)


def test_seeds_do_not_depend_on_what_was_drawn_before():
    used = np.random.default_rng(7)
    used.random(100)
    again = replicate_seeds(used, 4)
    assert [one.generate_state(4).tolist() for one in again] == [one.generate_state(4).tolist() for one in SEEDS]


def test_a_seed_gives_the_same_points_every_time_and_another_seed_others():
    first = cube(SEEDS[0], log2_points=5, dimensions=3)
    assert np.array_equal(first, cube(SEEDS[0], log2_points=5, dimensions=3))
    assert not np.array_equal(first, cube(SEEDS[1], log2_points=5, dimensions=3))


def test_more_points_continue_the_same_sequence():
    short, long = (cube(SEEDS[0], log2_points=depth, dimensions=4) for depth in (5, 8))
    assert np.array_equal(short, long[:32])


def test_points_fill_every_row_evenly_and_stay_inside():
    points = cube(SEEDS[2], log2_points=10, dimensions=6)
    assert points.min() > 0
    assert points.max() < 1
    for column in points.T:
        # A scrambled net has one point in each 1,024th of every axis.
        assert np.array_equal(np.sort((column * 1024).astype(int)), np.arange(1024))


@pytest.mark.parametrize("pool", [None, ThreadPoolExecutor, ProcessPoolExecutor])
def test_replicates_are_the_same_whoever_computes_them(pool):
    task = partial(cube, log2_points=4, dimensions=2)
    alone = [task(seed) for seed in SEEDS]
    if pool is None:
        found = map_replicates(task, SEEDS)
    else:
        with pool(2) as executor:
            found = map_replicates(task, SEEDS, executor=executor)
    assert np.array_equal(alone, found)


def test_mean_and_error_by_hand():
    mean, mcse = mean_and_mcse(np.array([[1.0, 10.0], [2.0, 10.0], [6.0, 10.0]]))
    assert mean == pytest.approx([3.0, 10.0])
    # Squares 4 + 1 + 9 over 2 is 7; the root of 7 / 3.
    assert mcse == pytest.approx([np.sqrt(7 / 3), 0.0])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 1))
def test_equal_weights_are_numpy_s_hazen(values, p):
    ours = weighted_quantiles(np.array(values), np.full(len(values), 2.5), np.array(p))
    # Two ways of one interpolation: rounding relative to the largest value.
    assert ours == pytest.approx(np.quantile(values, p, method="hazen"), abs=1e-9 * (1 + max(map(abs, values))))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 5)), min_size=2, max_size=20), st.randoms())
def test_order_and_scale_of_weights_change_nothing(pairs, random):
    p = np.array([0.1, 0.5, 0.9])
    values, weights = map(np.array, zip(*pairs, strict=True))
    expected = weighted_quantiles(values, weights, p)
    order = list(range(len(pairs)))
    random.shuffle(order)
    # Values that tie may have their weights swapped; where values differ nothing may move.
    if len(set(values.tolist())) == len(pairs):
        assert weighted_quantiles(values[order], 3 * weights[order], p) == pytest.approx(expected, abs=1e-9)


def test_weights_count_as_repetitions_far_from_the_ends():
    values = np.arange(1.0, 1001.0)
    weights = np.where(values <= 500, 3.0, 1.0)
    repeated = np.repeat(values, weights.astype(int))
    p = np.linspace(0.05, 0.95, 19)
    # A value's share is spread around it, so the two differ by at most one value.
    assert weighted_quantiles(values, weights, p) == pytest.approx(np.quantile(repeated, p, method="hazen"), abs=1)


def test_root_of_smooth_functions():
    targets = np.array([0.2, 0.5, 0.9])
    roots = root_between(lambda t: 1 - np.exp(-t) - targets, -np.log(1 - targets) * 0.95, -np.log(1 - targets) * 1.05)
    # Four secant steps from 5 %: worst seen 1.1e-10.
    assert roots == pytest.approx(-np.log(1 - targets), rel=1e-9)


def test_root_of_a_step_stays_near_its_bracket():
    low, high = np.array([0.9]), np.array([1.1])
    root = root_between(lambda t: np.where(t < 1.0, -0.5, 0.5), low, high)
    assert 0.7 <= root[0] <= 1.3
    flat = root_between(lambda t: np.zeros_like(t), low, high)
    assert flat == pytest.approx(high)


@pytest.mark.parametrize(
    ("uncertainty", "digits", "expected"),
    [
        (0.35e-6, 2, 0.5e-8),
        (2.0, 1, 0.5),
        (35.0, 2, 0.5),
        (99.9, 2, 0.5),
        (100.0, 2, 5.0),
        (0.0357, 2, 0.0005),
        (0.0, 2, 0.0),
    ],
)
def test_tolerance_by_hand(uncertainty, digits, expected):
    assert tolerance(uncertainty, digits) == pytest.approx(expected, rel=1e-12)
