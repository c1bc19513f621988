"""
The specification grid of the seed on two cores, beside the same specifications run one by one, and where the gain lies.

Run with ``make bench`` or ``python tests/benchmarks/bench_grid.py [--full]``; prints ratios taken in this run. Without
``--full``, what is run one by one is a sample of the grid, and its time that of the sample times its share.
"""

import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from analysis.asked import ask
from analysis.inputs import prepare
from analysis.lattice import OnLattice, force_on, ratio_of
from analysis.model import THRESHOLDS, draw, ratio_quantiles
from analysis.pipeline import run
from analysis.pools import Combined
from analysis.sampling import cube, weighted_quantiles
from analysis.settings import Settings, scrambles
from analysis.specifications import PROBABILITIES, grid, specify

SETTINGS = Settings()
GRID = grid(SETTINGS)
LEVELS = np.array([p for p in PROBABILITIES if 0.025 <= p <= 0.975])


def afresh(settings: Settings) -> np.ndarray:
    """One specification with all that the grid needs of it and no more, nothing shared with another; (16, p + 4)."""
    question = prepare(settings).questions[settings.force]
    seeds = scrambles(settings)
    pool = ask(question, settings.pool, seeds[0])
    force = force_on(question.force)
    rows = []
    for seed in seeds:
        points = cube(seed, log2_points=10, dimensions=question.dimensions)
        combined = pool.combine(draw(question, points), points[:, 0])
        table = ratio_of(((combined.question.weights[name], one) for name, one in combined.draws.items()), force)
        rows.append(np.append(table.quantiles(LEVELS), table.exceeding(np.array(THRESHOLDS))))
    return np.array(rows)


def median_time(function, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def with_two(kind, function) -> None:
    with kind(2) as executor:
        function(executor)


def searched(combined: Combined, force: OnLattice) -> np.ndarray:
    return ratio_quantiles(combined.draws, combined.question, name="casualties_ratio", levels=LEVELS)


def tabled(combined: Combined, force: OnLattice) -> np.ndarray:
    shares = combined.question.weights
    return ratio_of(((shares[name], one) for name, one in combined.draws.items()), force).quantiles(LEVELS)


def counted(combined: Combined, force: OnLattice) -> np.ndarray:
    shares = combined.question.weights
    values = np.concatenate([one.quantity("casualties_ratio") for one in combined.draws.values()])
    weight = np.concatenate([shares[name] * one.mass / one.mass.sum() for name, one in combined.draws.items()])
    return weighted_quantiles(values, weight, LEVELS)


def quantile_ways(count: int) -> None:
    """Three ways to the 39 quantiles of one replicate: time, distance from the search, and error between replicates."""
    ways = {"search to 1e-11": searched, "lattice": tabled, "draws counted": counted}
    seconds = dict.fromkeys(ways, 0.0)
    found = {name: [] for name in ways}
    sample = np.random.default_rng(3).choice(len(GRID), count, replace=False)
    for settings in (GRID[at] for at in sorted(sample)):
        question = prepare(settings).questions[settings.force]
        seeds = scrambles(settings)
        pool, force = ask(question, settings.pool, seeds[0]), force_on(question.force)
        for seed in seeds:
            points = cube(seed, log2_points=10, dimensions=question.dimensions)
            combined = pool.combine(draw(question, points), points[:, 0])
            for name, way in ways.items():
                start = time.perf_counter()
                found[name].append(way(combined, force))
                seconds[name] += time.perf_counter() - start
    rows = {name: np.reshape(each, (count, 16, -1)) for name, each in found.items()}
    exact = rows["search to 1e-11"].mean(axis=1)
    print(f"\n{'39 quantiles of a replicate':34}{'time':>12}{'from the search':>18}{'standard error':>17}")
    for name, each in rows.items():
        mean, error = each.mean(axis=1), each.std(axis=1, ddof=1) / 4
        away = np.abs(mean / exact - 1).max()
        print(f"{name:34}{1e3 * seconds[name] / 16 / count:9.2f} ms{away:18.1e}{np.median(error / mean):17.1e}")
    print(f"worst of {count} specifications, as shares of a quantile; the standard error is the median over all")


def main() -> None:
    full = "--full" in sys.argv
    curve = specify(SETTINGS)  # imports and tables
    afresh(GRID[0])
    count = len(GRID)
    print(f"{count} specifications of 2**14 points, {curve.computed} of them distinct, {len(curve.refused)} refused")
    sample = [GRID[at] for at in np.random.default_rng(7).choice(count, count if full else 12, replace=False)]
    few = [GRID[at] for at in np.random.default_rng(7).choice(count, count if full else 54, replace=False)]
    answers = {id(one.answer): one.settings for one in reversed(curve.specifications)}
    distinct = list(answers.values())
    times = {
        "the grid, one worker": median_time(lambda: specify(SETTINGS), 5),
        "the grid, two threads": median_time(
            lambda: with_two(ThreadPoolExecutor, lambda two: specify(SETTINGS, executor=two)), 5
        ),
        "the grid, two processes": median_time(
            lambda: with_two(ProcessPoolExecutor, lambda two: specify(SETTINGS, executor=two)), 5
        ),
        "drawn afresh for each distinct": median_time(lambda: [afresh(one) for one in distinct], 3),
        "drawn afresh for each": median_time(lambda: [afresh(one) for one in few], 3) * count / len(few),
        "afresh, two processes": median_time(
            lambda: with_two(ProcessPoolExecutor, lambda two: list(two.map(afresh, few))), 3
        )
        * count
        / len(few),
        "pipeline.run of each": median_time(lambda: [run(one) for one in sample], 1 if full else 3)
        * count
        / len(sample),
        "pipeline.run, two processes": median_time(
            lambda: with_two(ProcessPoolExecutor, lambda two: list(two.map(_settings_only, sample))), 1 if full else 3
        )
        * count
        / len(sample),
    }
    best = min(seconds for name, seconds in times.items() if name.startswith("the grid"))
    print(f"{'way':34}{'time':>12}{'times the grid':>18}")
    for name, seconds in times.items():
        print(f"{name:34}{seconds:10.2f} s{seconds / best:18.1f}")
    if not full:
        print(
            f"afresh: {len(few)} of {count}; pipeline.run: {len(sample)} of {count}; times are those of the whole grid"
        )
    for as_of in ("2024-12-31", "2025-01-22"):
        other = Settings(register="public-record", as_of=as_of)
        made = specify(other)
        seconds = median_time(lambda other=other: specify(other), 3)
        counts = f"{len(made.specifications)} specifications, {made.computed} distinct, {len(made.refused)} refused"
        print(f"public-record as of {as_of}, one worker: {seconds:.2f} s, {counts}")
    quantile_ways(24 if full else 8)


def _settings_only(settings: Settings) -> float:
    """A run whose draws do not have to be sent back."""
    return run(settings).estimate("casualties_ratio").median


if __name__ == "__main__":
    main()
