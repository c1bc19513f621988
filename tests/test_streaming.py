"""Draws that stream through beside the same draws held in memory: equal, or between what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

from analysis import streaming
from analysis.distributions import LogNormal, Pareto, Spliced, Uniform, as_table, point
from analysis.inputs import prepare
from analysis.model import QUANTITIES, RATIOS, Question, draw, ratio_below, summarize
from analysis.pipeline import run
from analysis.sampling import cube
from analysis.settings import Settings
from analysis.streaming import CELLS, stream

SEED = np.random.SeedSequence(20241219)
LEVELS = np.array([0.001, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 0.999])
TWO = {
    "a": {"killed": LogNormal(100.0, 0.4), "wounded": LogNormal(1000.0, 0.3)},
    "b": {"casualties": LogNormal(500.0, 0.4)},
}


def question(origins, *, force, weights=None) -> Question:
    weights = weights or {name: 1 / len(origins) for name in origins}
    return Question(origins, weights, LogNormal(3.0, 0.5), as_table(force))


SOMETIMES_NONE = {"a": {"killed": LogNormal(90.0, 0.3), "casualties": LogNormal(110.0, 0.3)}}
HEAVY = {"a": {"killed": Spliced((Uniform(50.0, 100.0), Pareto(100.0, 1.5)), (0.3, 0.7))}}
PROBLEMS = {
    "the seed": prepare(Settings()).questions["reported"],
    "a force far above": question(TWO, force=LogNormal(100_000.0, 0.3), weights={"a": 0.2, "b": 0.8}),
    "a force often too small": question(TWO, force=LogNormal(900.0, 0.3)),
    "a force of one value": question(TWO, force=point(1500.0)),
    "nobody wounded in some draws": question(SOMETIMES_NONE, force=LogNormal(10_000.0, 0.1)),
    "a tail beyond the cells": question(HEAVY, force=LogNormal(1e9, 0.3)),
    "an origin without weight": question(TWO, force=LogNormal(5_000.0, 0.3), weights={"a": 0.0, "b": 1.0}),
}


def both(asked: Question, *, log2_points: int = 14):
    """The streamed replicate, and what memory says of the same draws."""
    points = cube(SEED, log2_points=log2_points, dimensions=asked.dimensions)
    return stream({"one": asked}, SEED, log2_points=log2_points)["one"], draw(asked, points)


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_summed_is_as_in_memory(name):
    asked = PROBLEMS[name]
    streamed, drawn = both(asked)
    got, want = streamed.summarize(LEVELS), summarize(drawn, asked, LEVELS)
    # 1e-12 of the value: sums of 16,384 numbers in another order.
    assert got.mean == pytest.approx(want.mean, rel=1e-12)
    # A standard deviation is a difference of squares: the same of its scale; a constant has one of rounding alone.
    assert got.sd == pytest.approx(want.sd, rel=1e-9, abs=1e-9 * want.mean.max())
    assert got.kept == pytest.approx(want.kept, rel=1e-12)
    assert got.violation == want.violation == 0


@pytest.mark.parametrize("name", PROBLEMS)
def test_quantiles_in_memory_lie_between_what_is_given(name):
    asked = PROBLEMS[name]
    streamed, drawn = both(asked)
    for origins in [None, *([one] for one in asked.origins)]:
        got, between = streamed.summarize(LEVELS, origins=origins), streamed.between(LEVELS, origins=origins)
        want = summarize({one: drawn[one] for one in origins or drawn}, asked, LEVELS).quantiles
        # 1e-9: the search for the roots of either side, which takes what is below a trillionth for nothing.
        for quantiles in (want, got.quantiles):
            assert np.all(quantiles >= between.low * (1 - 1e-9) - 1e-11)
            assert np.all(quantiles <= between.high * (1 + 1e-9) + 1e-11)
        assert np.all(np.diff(got.quantiles) >= 0)


def test_what_is_given_is_narrow():
    """Of the seed: two cells, each 4 in 10,000 of the value at most, and the step from one draw to the next."""
    streamed, _ = both(PROBLEMS["the seed"])
    inner = LEVELS[2:-2]
    between = streamed.between(inner)
    wide = between.high / between.low - 1
    # Losses over a force with no atom: nothing but the width of a cell. 16,384 draws are sparse, so for the others a
    # draw may be 2 in 1,000 from the next.
    ratios = [QUANTITIES.index(name) for name in RATIOS]
    assert wide[ratios].max() < 4e-4
    assert wide.max() < 4e-3


def test_ratios_err_by_far_less_than_a_cell():
    asked = PROBLEMS["the seed"]
    streamed, drawn = both(asked)
    rows = [QUANTITIES.index(name) for name in RATIOS]
    got, want = streamed.summarize(LEVELS), summarize(drawn, asked, LEVELS)
    # A cell's mean leaves the square of its width (2e-7 of the value, and a few times that where the density bends);
    # in memory the last step of the search leaves 1e-7 in probability. Worst seen 1.3e-4 of the value, at an end.
    assert got.quantiles[rows] == pytest.approx(want.quantiles[rows], rel=3e-4)
    for name, row in zip(RATIOS, rows, strict=True):
        below = ratio_below(drawn, asked, name=name, threshold=got.quantiles[row])
        assert below == pytest.approx(LEVELS, abs=1e-6), name
    assert got.exceedance == pytest.approx(want.exceedance, abs=1e-7)


@pytest.mark.parametrize("name", ["the seed", "a force often too small", "a tail beyond the cells"])
def test_blocks_change_no_bit(name):
    asked = {"one": PROBLEMS[name]}
    whole = stream(asked, SEED, log2_points=13, log2_block=20)["one"].summarize(LEVELS)
    for log2_block in (0, 10, 11, 13):
        parts = stream(asked, SEED, log2_points=13, log2_block=log2_block)["one"].summarize(LEVELS)
        for field in ("mean", "sd", "quantiles", "exceedance"):
            assert getattr(parts, field).tobytes() == getattr(whole, field).tobytes(), field
        assert (parts.kept, parts.violation) == (whole.kept, whole.violation)


def test_what_is_kept_does_not_grow(monkeypatch):
    asked, held = {"one": PROBLEMS["a force often too small"]}, []

    def counted(question, points):
        held.append(len(points))
        return draw(question, points)

    monkeypatch.setattr(streaming, "draw", counted)
    sizes = {stream(asked, SEED, log2_points=log2, log2_block=11)["one"].size for log2 in (11, 14)}
    assert len(sizes) == 1
    # Six quantities in four arrays of cells, and for three losses three arrays of tight cells, two origins; and little.
    cells = 2 * (6 * 4 * CELLS + 3 * 3 * 512 * 64)
    assert cells < sizes.pop() < cells + 100
    # The first look takes 4,096 points, whatever the block.
    assert sorted(set(held)) == [2048, 4096]
    assert sum(held) == 2048 + 2048 + 4096 + 2**14


def test_forces_side_by_side_are_forces_alone():
    asked = {"near": PROBLEMS["a force often too small"], "far": question(TWO, force=LogNormal(20_000.0, 0.3))}
    together = stream(asked, SEED, log2_points=11)
    for key, one in asked.items():
        alone = stream({key: one}, SEED, log2_points=11)[key].summarize(LEVELS)
        assert together[key].summarize(LEVELS).quantiles.tobytes() == alone.quantiles.tobytes()


def test_numbers_without_doubt_by_hand():
    """400 casualties, three wounded for each killed, 8,000 sent: 100, 300, 5 %."""
    asked = Question({"a": {"casualties": point(400.0)}}, {"a": 1.0}, point(3.0), point(8_000.0))
    found = stream({"one": asked}, SEED, log2_points=10)["one"].summarize(np.array([0.5]))
    by_hand = {
        "killed": 100.0,
        "wounded": 300.0,
        "casualties": 400.0,
        "force": 8_000.0,
        "killed_ratio": 0.0125,
        "wounded_ratio": 0.0375,
        "casualties_ratio": 0.05,
        "wounded_per_killed": 3.0,
        "killed_share": 0.25,
    }
    # 1e-12: a mean of equal numbers.
    assert dict(zip(QUANTITIES, found.quantiles[:, 0], strict=True)) == pytest.approx(by_hand, rel=1e-12)
    assert found.mean == pytest.approx(list(by_hand.values()), rel=1e-12)
    assert found.sd == pytest.approx(np.zeros(9), abs=1e-9)


def test_a_run_that_streams_says_what_a_run_in_memory_says(monkeypatch):
    settings = Settings(max_draws=2**16, digits=4)
    held = run(settings)
    monkeypatch.setattr("analysis.replicates.HELD_LOG2_POINTS", 11)
    streamed = run(settings)
    assert streamed.convergence.points == held.convergence.points == 2**12
    # What figures show is the first of each replicate's points.
    assert streamed.draws["NIS"].force.size == 16 * 2**11
    for name in QUANTITIES:
        got, want = streamed.estimate(name), held.estimate(name)
        assert got.mean == pytest.approx(want.mean, rel=1e-12)  # sums in another order
        # A cell, and a draw of 4,096 to the next; ratios integrate over cells.
        near = 1e-6 if name in RATIOS else 2e-3
        assert got.median == pytest.approx(want.median, rel=near), name
        assert got.interval(0.9).low == pytest.approx(want.interval(0.9).low, rel=near), name
        assert got.interval(0.9).high == pytest.approx(want.interval(0.9).high, rel=near), name
    for one, other in zip(streamed.denominators, held.denominators, strict=True):
        ratio = one.estimate("casualties_ratio"), other.estimate("casualties_ratio")
        assert ratio[0].median == pytest.approx(ratio[1].median, rel=1e-6)
    for one, other in zip(streamed.origins, held.origins, strict=True):
        assert one.estimate("casualties_ratio").median == pytest.approx(
            other.estimate("casualties_ratio").median, rel=1e-6
        )
    assert (streamed.kept, streamed.violation) == (pytest.approx(held.kept, rel=1e-12), 0)


def test_only_the_linear_pool_streams():
    assert replace(Settings(), max_draws=2**30).max_draws == 2**30
    for pool in ("logarithmic", "median"):
        assert Settings(pool=pool, max_draws=2**20).pool == pool
        with pytest.raises(ValueError, match=f"with the {pool} pool, expected at most 1048576"):
            Settings(pool=pool, max_draws=2**21)
