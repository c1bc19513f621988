"""Points, replicates, quantiles, roots and the tolerance."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.sampling import (
    blocks,
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


def test_every_replicate_has_its_own_seed():
    assert len({tuple(one.generate_state(4).tolist()) for one in replicate_seeds(np.random.default_rng(7), 64)}) == 64
    fewer = replicate_seeds(np.random.default_rng(7), 2)
    assert [one.spawn_key for one in fewer] == [one.spawn_key for one in SEEDS[:2]]


def test_a_seed_gives_the_same_points_every_time_and_another_seed_others():
    first = cube(SEEDS[0], log2_points=5, dimensions=3)
    assert np.array_equal(first, cube(SEEDS[0], log2_points=5, dimensions=3))
    assert not np.array_equal(first, cube(SEEDS[1], log2_points=5, dimensions=3))


@pytest.mark.parametrize("depth", [0, 1, 5, 8])
def test_more_points_continue_the_same_sequence(depth):
    short, long = (cube(SEEDS[0], log2_points=deep, dimensions=4) for deep in (depth, depth + 1))
    assert len(long) == 2 * len(short) == 2 ** (depth + 1)
    assert np.array_equal(short, long[: len(short)])


@pytest.mark.parametrize("log2_block", [0, 3, 6, 9])
def test_blocks_are_the_points_cut_up(log2_block):
    parts = list(blocks(SEEDS[0], log2_points=6, dimensions=4, log2_block=log2_block))
    assert {len(part) for part in parts} == {2 ** min(log2_block, 6)}
    assert np.array_equal(np.concatenate(parts), cube(SEEDS[0], log2_points=6, dimensions=4))


def test_replicates_estimate_independently():
    """Means over replicates scatter as their own error says, around the truth."""
    seeds = replicate_seeds(np.random.default_rng(41), 64)
    squares = np.array([(cube(seed, log2_points=6, dimensions=3) ** 2).mean(axis=0) for seed in seeds])
    mean, mcse = mean_and_mcse(squares)
    # E[U**2] = 1/3. Five standard errors of 64 replicates: a false alarm in 200,000 for each of the three columns.
    assert np.all(np.abs(mean - 1 / 3) < 5 * mcse)
    # Plain sampling of as many points would err by 0.298 / 64.
    assert np.all(mcse < 0.298 / 64 / 10)


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


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 6)), min_size=1, max_size=12, unique_by=lambda x: x[0]))
def test_a_weight_is_a_repetition_in_the_middle_of_its_share(pairs):
    values, counts = map(np.array, zip(*sorted(pairs), strict=True))
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    repeated = np.quantile(np.repeat(values, counts), middle, method="hazen")
    # In the middle of a value's share both are the value itself; 1e-9 is rounding of values up to 50.
    assert repeated == pytest.approx(values, abs=1e-9)
    assert weighted_quantiles(values.astype(float), counts.astype(float), middle) == pytest.approx(values, abs=1e-9)


@given(st.lists(st.tuples(st.floats(-50, 50), st.sampled_from([0.0, 0.5, 1.0, 3.0])), min_size=1, max_size=12))
def test_a_value_without_weight_is_as_if_it_were_not_there(pairs):
    assume(any(weight for _, weight in pairs))
    values, weights = map(np.array, zip(*pairs, strict=True))
    p = np.array([0.0, 0.01, 0.3, 0.5, 0.9, 1.0])
    kept = weighted_quantiles(values[weights > 0], weights[weights > 0], p)
    assert np.array_equal(weighted_quantiles(values, weights, p), kept)


def test_weights_count_as_repetitions_far_from_the_ends():
    values = np.arange(1.0, 1001.0)
    weights = np.where(values <= 500, 3.0, 1.0)
    repeated = np.repeat(values, weights.astype(int))
    p = np.linspace(0.05, 0.95, 19)
    # A value's share is spread around it, so the two differ by at most one value.
    assert weighted_quantiles(values, weights, p) == pytest.approx(np.quantile(repeated, p, method="hazen"), abs=1)


def test_root_of_smooth_functions():
    targets = np.array([0.2, 0.5, 0.9])
    exact = -np.log(1 - targets)

    def function(t, which):
        return 1 - np.exp(-t) - targets[which]

    roots = root_between(function, exact * 0.95, exact * 1.05, ends=(0.0, 10.0))
    # It stops at 1e-11 of the function, whose slope is at least 0.1.
    assert roots == pytest.approx(exact, abs=2e-10)


def test_a_root_known_to_be_near_takes_two_looks():
    """``x**3 - 2`` from 1e-7 beside its root, where it is known: one look, and a step that leaves next to none."""
    looks, root = [], 2 ** (1 / 3)

    def cubic(x, which):
        looks.append(len(x))
        return x**3 - 2

    start = np.full(2, root * (1 - 1e-7))
    found = root_between(cubic, start, np.full(2, root * (1 + 1e-7)), ends=(0.0, 2.0), known=start**3 - 2)
    assert found == pytest.approx([root, root], rel=1e-13)
    assert looks == [2]


def test_each_root_has_its_own_ends():
    ends = np.array([[0.0, 5.0], [1.0, 9.0]])
    found = root_between(
        lambda x, which: x - np.array([3.0, 3.0])[which], np.array([0.5, 6.0]), np.array([0.6, 7.0]), ends=ends
    )
    # Neither root is inside: the nearest end each.
    assert found == pytest.approx([1.0, 5.0], abs=1e-9)


def test_root_far_from_where_the_search_starts():
    found = root_between(lambda t, _: t**3 - 1.0, np.array([0.8, 5.0]), np.array([0.95, 6.0]), ends=(0.0, 100.0))
    assert found == pytest.approx([1.0, 1.0], abs=1e-10)


@pytest.mark.parametrize("step", [0.9, 0.95, 1.0, 1.05, 1.1])
@pytest.mark.parametrize("rise", [(-0.5, 0.5), (-0.01, 0.99), (-0.99, 0.01)])
def test_root_of_a_step_is_the_step(step, rise):
    low, high = np.array([0.9]), np.array([1.1])
    root = root_between(lambda t, _: np.where(t < step, *rise), low, high, ends=(0.0, 2.0))
    assert root == pytest.approx([step], rel=1e-10)


def test_root_beyond_a_flat_stretch():
    """A pool of two origins far apart: nothing between 1 and 9, and the root behind it."""
    found = root_between(
        lambda t, _: np.interp(t, [0, 1, 9, 10], [0, 0.5, 0.5, 1]) - 0.51,
        np.array([0.9]),
        np.array([1.0]),
        ends=(0.0, 10.0),
    )
    assert found == pytest.approx([9.02], abs=1e-9)


@pytest.mark.parametrize(
    ("uncertainty", "digits", "expected"),
    [
        # The three examples of 7.9.2: a mass standard with u = 0.00035 g at two digits and at one; u = 2 K.
        (0.00035, 2, 0.000005),
        (0.0004, 1, 0.00005),
        (2.0, 1, 0.5),
        (0.35e-6, 2, 0.5e-8),
        (35.0, 2, 0.5),
        (99.9, 2, 0.5),
        (100.0, 2, 5.0),
        (0.0357, 2, 0.0005),
        (0.0, 2, 0.0),
    ],
)
def test_tolerance_by_hand(uncertainty, digits, expected):
    assert tolerance(uncertainty, digits) == pytest.approx(expected, rel=1e-12)


@given(st.integers(1, 4), st.data(), st.integers(-12, 9))
def test_tolerance_is_half_a_unit_of_the_last_digit(digits, data, place):
    leading = data.draw(st.integers(10 ** (digits - 1), 10**digits - 1))
    # The decimal as it would be typed; its binary form is off by a unit in the last place, powers of ten included.
    assert tolerance(float(f"{leading}e{place}"), digits) == pytest.approx(0.5 * 10.0**place, rel=1e-12)
