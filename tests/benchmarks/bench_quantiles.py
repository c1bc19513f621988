"""
Error of the three headline quantiles and the time it takes, beside plain NumPy Monte Carlo at the same error.

Run with ``make bench`` or ``python tests/benchmarks/bench_quantiles.py [--full]``; prints ratios taken in this run.
``--full`` makes the reference of 16 x 2**20 points; without it, of 16 x 2**16.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from analysis.inputs import prepare
from analysis.lexicon import read_lexicon
from analysis.model import draw, ratio_quantiles
from analysis.pipeline import run
from analysis.sampling import cube, replicate_seeds
from analysis.settings import REPLICATES, Settings
from analysis.wording import read

LEVELS = np.array([0.05, 0.5, 0.95])
SETTINGS = Settings()
QUESTION = prepare(SETTINGS).questions["reported"]


def product(log2_points: int, seed: int) -> np.ndarray:
    """The headline quantiles as the product computes them, shape (3,)."""
    found = []
    for one in replicate_seeds(np.random.default_rng(seed), REPLICATES):
        drawn = draw(QUESTION, cube(one, log2_points=log2_points, dimensions=QUESTION.dimensions))
        found.append(ratio_quantiles(drawn, QUESTION, name="casualties_ratio", levels=LEVELS))
    return np.mean(found, axis=0)


def counted(log2_points: int, seed: int) -> np.ndarray:
    """The same points without integrating the force out: quantiles of the draws, shape (3,)."""
    found = []
    for one in replicate_seeds(np.random.default_rng(seed), REPLICATES):
        drawn = draw(QUESTION, cube(one, log2_points=log2_points, dimensions=QUESTION.dimensions))
        values = np.concatenate([one.quantity("casualties_ratio") for one in drawn.values()])
        found.append(np.quantile(values, LEVELS))
    return np.mean(found, axis=0)


def plain(draws: int, seed: int) -> np.ndarray:
    """Plain NumPy Monte Carlo of the same model, each distribution drawn in the quickest way, shape (3,)."""
    rng = np.random.default_rng(seed)

    def approximator(wording: str) -> np.ndarray:
        reach = read(wording).distribution
        h = np.clip(reach.reach * np.exp(reach.sd_log * rng.standard_normal(draws)), reach.least, reach.most)
        return reach.center + h * rng.uniform(-1, 1, draws)

    layer = read_lexicon().reporting["third-party"]
    u = rng.random(draws)
    killed = np.where(
        u < 0.08, rng.uniform(50, 100, draws), np.where(u < 0.3, 100.0, 100 * rng.random(draws) ** (-1 / 3.5))
    )
    nis = killed + approximator("approximately 1,000") / np.exp(layer.sd_log * rng.standard_normal(draws))
    several = np.exp(np.log(500) + 0.36 * rng.standard_normal(int(draws * 1.1)))  # 4.6 % fall outside 200 to 999
    several = several[(several >= 200) & (several <= 999)][:draws]
    us = several / np.exp(layer.sd_log * rng.standard_normal(several.size))
    force = approximator("around 10,000")
    return np.quantile(np.concatenate([nis / force, us / force[: us.size]]), LEVELS)


def measured(function, size: int, reference: np.ndarray, repeats: int) -> tuple[float, float]:
    """Worst of the three root mean square relative errors, and the median time in seconds."""
    errors, times = [], []
    for seed in range(repeats):
        start = time.perf_counter()
        value = function(size, 1000 + seed)
        times.append(time.perf_counter() - start)
        errors.append(value / reference - 1)
    return float(np.sqrt(np.mean(np.square(errors), axis=0)).max()), statistics.median(times)


def main() -> None:
    product(4, 0)  # imports and tables
    depth = 20 if "--full" in sys.argv else 16
    reference = product(depth, 424242)
    shown = " ".join(f"{value:.8f}" for value in reference)
    print(f"reference, 16 x 2**{depth} points: {shown}")
    print(f"{'method':34}{'points':>12}{'worst error':>13}{'time':>12}")
    rows = []
    default = int(np.log2(run(SETTINGS).convergence.points))
    for name, function, sizes in (
        ("product, force integrated out", product, (6, 8, 10, default)),
        ("the same, draws counted", counted, (6, 8, 10, default)),
    ):
        for size in sizes:
            error, seconds = measured(function, size, reference, 5)
            rows.append((name, size, error, seconds))
            mark = "  <- default settings" if size == default else ""
            print(f"{name:34}{16 * 2**size:12,}{100 * error:11.4f} %{1e3 * seconds:9.1f} ms{mark}")
    for draws in (100_000, 1_000_000, 4_000_000):
        error, seconds = measured(plain, draws, reference, 8)
        print(f"{'plain NumPy Monte Carlo':34}{draws:12,}{100 * error:11.4f} %{1e3 * seconds:9.1f} ms")
    for name, size, ours, seconds_ours in rows:
        # The error of plain Monte Carlo falls as one over the root of the draws; its time grows with them.
        needed = draws * (error / ours) ** 2
        ratio = seconds * needed / draws / seconds_ours
        print(f"{name}, {16 * 2**size:,} points: plain NumPy needs {needed:,.0f} draws, {ratio:,.0f} times as long")
    times = []
    for _ in range(5):
        start = time.perf_counter()
        run(SETTINGS)
        times.append(time.perf_counter() - start)
    print(f"a whole run (9 quantities, 3 denominators, 2 origins, stopping rule): {statistics.median(times):.2f} s")


if __name__ == "__main__":
    main()
