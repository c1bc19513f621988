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

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.distributions import FloatArray

if TYPE_CHECKING:
    from scipy.stats.qmc import Sobol

__all__ = [
    "Convergence",
    "blocks",
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
    return _inside(_sequence(seed, dimensions).random_base2(log2_points))


def blocks(seed: np.random.SeedSequence, *, log2_points: int, dimensions: int, log2_block: int) -> Iterator[FloatArray]:
    """
    The points of `cube` in its order, so many at a time: what it holds at once takes no more memory than a block.

    Examples
    --------
    >>> seed = np.random.SeedSequence(7)
    >>> parts = list(blocks(seed, log2_points=5, dimensions=2, log2_block=3))
    >>> len(parts), np.array_equal(np.concatenate(parts), cube(seed, log2_points=5, dimensions=2))
    (4, True)
    """
    sequence, log2_block = _sequence(seed, dimensions), min(log2_block, log2_points)
    for _ in range(2 ** (log2_points - log2_block)):
        yield _inside(sequence.random(2**log2_block))


def _sequence(seed: np.random.SeedSequence, dimensions: int) -> Sobol:
    from scipy.stats import qmc  # a second of imports: only when points are drawn

    # scipy spawns from the generator it is given, which would change the seed for its next use: give it a copy.
    copy = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key, pool_size=seed.pool_size)
    return qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(copy))


def _inside(points: FloatArray) -> FloatArray:
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
    if weights.size and 0 < weights.min() == weights.max():  # the same, in a third of the time
        return np.interp(p * values.size - 0.5, np.arange(values.size), np.sort(values))
    counts = weights > 0  # a value without weight is no node to interpolate from
    values, weights = values[counts], weights[counts]
    order = np.argsort(values)
    shares = weights[order]
    upto = np.cumsum(shares)
    return np.interp(p * upto[-1], upto - shares / 2, values[order])


def root_between(
    function: Callable[[FloatArray, NDArray[np.intp]], FloatArray],
    low: FloatArray,
    high: FloatArray,
    *,
    ends: tuple[float, float] | FloatArray,
    known: FloatArray | None = None,
    left: float = 1e-12,
) -> FloatArray:
    """
    Where rising functions cross zero, side by side: secant steps kept inside a bracket that always shrinks.

    Parameters
    ----------
    function : callable
        Takes values and the places that they belong to, shape (k,), and gives that many; each place has its own
        function. Only places whose root is not yet found are asked for.
    low, high : array, shape (n,)
        Near the root, where the search starts.
    ends : tuple of float, or array of shape (2, n)
        Values that every root lies between.
    known : array, shape (n,), optional
        The functions at ``low``, where they have been asked already.
    left : float
        What a last step may leave, as foreseen from the two before it: it is taken and not looked at.

    Notes
    -----
    Smooth functions take two to six steps, by how near the start is. Every third step halves the bracket unless it
    brings the root nearer, so that flat stretches (a gap between two origins) and steps (probability on single
    values) end as well; at most 120 steps.
    """
    least, most = np.full(low.shape, ends[0]), np.full(low.shape, ends[1])
    before, now = np.clip(low, *ends), np.clip(high, *ends)
    f_before = function(before, np.arange(low.size)) if known is None else known.copy()
    least, most = np.where(f_before < 0, before, least), np.where(f_before >= 0, before, most)
    open_ = np.arange(low.size)
    for step in range(120):
        at = now[open_]
        f_now = function(at, open_)
        least[open_] = np.where(f_now < 0, np.maximum(least[open_], at), least[open_])
        most[open_] = np.where(f_now >= 0, np.minimum(most[open_], at), most[open_])
        # 1e-11 in probability or in value: far below any Monte Carlo error.
        going = (np.abs(f_now) >= 1e-11) & (most[open_] - least[open_] > 1e-11 * most[open_])
        if not going.any():
            break
        open_, at, f_now = open_[going], at[going], f_now[going]
        slope, product = f_now - f_before[open_], np.abs(f_now * f_before[open_])
        flat = slope == 0
        guess = at - np.where(flat, 0.0, f_now * (at - before[open_]) / np.where(flat, 1.0, slope))
        slow = (step % 3 == 2) & (np.abs(f_now) > np.abs(f_before[open_]) / 2)
        halved = flat | (guess <= least[open_]) | (guess >= most[open_]) | slow
        before[open_], f_before[open_] = at, f_now
        now[open_] = np.where(halved, (least[open_] + most[open_]) / 2, guess)
        # A secant step leaves about the product of the two errors before it.
        open_ = open_[halved | (product > left)]
        if not open_.size:
            break
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
