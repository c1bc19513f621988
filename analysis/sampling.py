"""
Randomized quasi-Monte Carlo: points, replicates, when to stop, and quantiles of weighted draws.

A replicate is one scramble of a Sobol sequence, which comes from one seed. Estimates are means over replicates,
and their Monte Carlo standard error comes from the replicates' spread, so it is honest for quantiles too
(Owen 1997; L'Ecuyer and Lemieux 2002). Replicates are the unit of parallel work.

>>> seeds = replicate_seeds(np.random.default_rng(7), 2)
>>> cube(seeds[0], log2_points=3, dimensions=2).shape
(8, 2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analysis.distributions import FloatArray

__all__ = [
    "Convergence",
    "cube",
    "map_replicates",
    "mean_and_mcse",
    "replicate_seeds",
    "root_between",
    "tolerance",
    "weighted_quantiles",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Convergence:
    """
    The sampling record of a run.

    Parameters
    ----------
    replicates, points : int
        Independent scrambles, and points in each.
    reached : bool
        Whether the stopping rule was met before ``max_draws``.
    digits : int
        Significant digits of the standard uncertainty that had to be stable.
    slowest : str
        The quantity furthest from (or last to reach) its tolerance.
    shortfall : float
        Twice its standard error over its tolerance; at most 1 if reached.
    """

    replicates: int
    points: int
    reached: bool
    digits: int
    slowest: str
    shortfall: float


def replicate_seeds(rng: np.random.Generator, replicates: int) -> tuple[np.random.SeedSequence, ...]:
    """
    Independent seeds, one for each replicate, from one generator.

    The same generator gives the same seeds, whatever else was drawn from it.
    """
    return tuple(rng.bit_generator.seed_seq.spawn(replicates))  # type: ignore[attr-defined]


def cube(seed: np.random.SeedSequence, *, log2_points: int, dimensions: int) -> FloatArray:
    """
    One replicate: scrambled Sobol points, shape (2**log2_points, dimensions), inside the open unit cube.

    More points of the same seed continue the same sequence. O(points * dimensions).
    """
    from scipy.stats import qmc  # a second of imports: only when points are drawn

    # scipy spawns from the generator it is given, which would change the seed for its next use: give it a copy.
    copy = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key, pool_size=seed.pool_size)
    points = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(copy)).random_base2(log2_points)
    # A scrambled coordinate may be 0, whose quantile may be infinite; half a step of the sequence is not.
    return np.clip(points, 2.0**-33, 1 - 2.0**-33)


def map_replicates(
    task: Callable[[np.random.SeedSequence], T],
    seeds: Sequence[np.random.SeedSequence],
    *,
    executor: Executor | None = None,
) -> list[T]:
    """
    The task's result for each replicate, in the order of the seeds, whoever computes it.

    Parameters
    ----------
    task : callable
        Must be picklable for an executor of processes.
    seeds : sequence
        One for each replicate.
    executor : Executor, optional
        Any of `concurrent.futures`, or one that behaves like it; without one the replicates run one by one.
    """
    return list(map(task, seeds) if executor is None else executor.map(task, seeds))


def mean_and_mcse(replicates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Mean over the first axis and its Monte Carlo standard error.

    Examples
    --------
    >>> mean_and_mcse(np.array([1.0, 3.0]))
    (np.float64(2.0), np.float64(1.0))
    """
    return replicates.mean(axis=0), replicates.std(axis=0, ddof=1) / np.sqrt(len(replicates))


def weighted_quantiles(values: FloatArray, weights: FloatArray, p: FloatArray) -> FloatArray:
    """
    Quantiles of weighted values, interpolated between the midpoints of the values' shares (Hazen 1914).

    Parameters
    ----------
    values, weights : array, shape (n,)
        Weights are not negative; they need not add to 1.
    p : array, any shape
        Probabilities.

    Examples
    --------
    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.ones(3), np.array([0.5]))
    array([2.])
    """
    counts = weights > 0  # a value without weight is no node to interpolate from
    values, weights = values[counts], weights[counts]
    order = np.argsort(values)
    shares = weights[order]
    upto = np.cumsum(shares)
    return np.interp(p * upto[-1], upto - shares / 2, values[order])


def root_between(function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray) -> FloatArray:
    """
    Where rising functions cross zero, by four secant steps from both ends of narrow brackets, all at once.

    Parameters
    ----------
    function : callable
        Takes and gives arrays of the same shape, each place its own function.
    low, high : array, same shape
        Near the root on either side; the answer stays within three times their distance.

    Notes
    -----
    For smooth functions the error shrinks about as its 1.6th power in each step. No step leaves the places
    where the sign is known to change, so a function with steps (probability on single values) does no harm.
    """
    least, most = low - (high - low), high + (high - low)
    before, now = low, high
    f_before = function(before)
    for _ in range(4):
        f_now = function(now)
        for x, f in ((before, f_before), (now, f_now)):
            least, most = np.where(f < 0, np.maximum(least, x), least), np.where(f > 0, np.minimum(most, x), most)
        slope = f_now - f_before
        flat = slope == 0
        step = np.where(flat, 0.0, f_now * (now - before) / np.where(flat, 1.0, slope))
        before, now, f_before = now, np.clip(now - step, least, most), f_now
    return now


def tolerance(uncertainty: float, digits: int) -> float:
    """
    The numerical tolerance of a standard uncertainty: half a unit of its last significant digit.

    JCGM 101:2008, 7.9.2: the uncertainty is c * 10**l with c an integer of so many digits; half of 10**l.

    Examples
    --------
    >>> tolerance(0.0357, 2)
    0.0005
    """
    if uncertainty == 0:
        return 0.0
    return 0.5 * 10.0 ** (int(np.floor(np.log10(uncertainty))) - digits + 1)
