"""
Sobol indices: how much of the variance of a function comes from each of its independent inputs.

Refused: inputs that depend on each other. What inputs share must be an input of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.distributions import FloatArray
from analysis.sampling import cube, map_replicates, mean_and_mcse

__all__ = ["Indices", "indices"]


@dataclass(frozen=True, slots=True)
class Indices:
    """
    Sobol indices of a function of independent inputs, arrays of shape (dimensions,).

    Parameters
    ----------
    first, mcse_first : array
        Share of the variance that goes if this input alone were known, on average, and its Monte Carlo standard error.
    total, mcse_total : array
        Share of the variance that stays if all other inputs were known, likewise.
    sd : float
        Standard deviation of the function.
    """

    first: FloatArray
    mcse_first: FloatArray
    total: FloatArray
    mcse_total: FloatArray
    sd: float


def indices(
    function: Callable[[FloatArray], FloatArray],
    dimensions: int,
    seeds: Sequence[np.random.SeedSequence],
    log2_points: int,
    *,
    executor: Executor | None = None,
) -> Indices:
    """
    First-order and total Sobol indices of a function of independent inputs.

    Parameters
    ----------
    function : callable
        Takes points of the unit cube, shape (n, dimensions), and gives their values, shape (n,). Must be picklable
        for an executor of processes.
    dimensions : int
        At least two.
    seeds : sequence
        One for each replicate; two or more.
    log2_points : int
        Each replicate evaluates ``(dimensions + 2) * 2**log2_points`` points.
    executor : Executor, optional

    Notes
    -----
    Saltelli et al. (2010), table 2 (b) and (f), as `scipy.stats.sobol_indices` computes them, on the points of
    `sampling.cube`. Indices that are 0 scatter about it, to either side. A function without variance has none.

    Examples
    --------
    A sum of two inputs, one with twice the spread of the other, so four times its variance:

    >>> from analysis.sampling import replicate_seeds
    >>> seeds = replicate_seeds(np.random.default_rng(1), 4)
    >>> indices(lambda points: 2 * points[:, 0] + points[:, 1], 2, seeds, 8).first.round(2)
    array([0.8, 0.2])
    """
    task = partial(_indices_once, function, dimensions, log2_points)
    found = np.array(map_replicates(task, seeds, executor=executor))
    (first, total, spread), (mcse_first, mcse_total, _) = mean_and_mcse(found)
    return Indices(first, mcse_first, total, mcse_total, float(spread[0]))


def _indices_once(
    function: Callable[[FloatArray], FloatArray], dimensions: int, log2_points: int, seed: np.random.SeedSequence
) -> FloatArray:
    """One replicate: first-order indices, total indices, and the standard deviation; shape (3, dimensions)."""
    from scipy.stats import sobol_indices  # a second of imports: only when asked for

    points = cube(seed, log2_points=log2_points, dimensions=2 * dimensions)
    a, b = points[:, :dimensions], points[:, dimensions:]
    crossed = []
    for column in range(dimensions):
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        crossed.append(function(mixed)[None, :])
    at_a, at_b = function(a), function(b)
    both = np.concatenate([at_a, at_b])
    # Rounding is no variance, and shares of it would be any numbers.
    if np.ptp(both) <= 1e-12 * np.abs(both).max():
        return np.zeros((3, dimensions))
    values = {"f_A": at_a[None, :], "f_B": at_b[None, :], "f_AB": np.array(crossed)}
    found = sobol_indices(func=values, n=2**log2_points)
    return np.array([found.first_order, found.total_order, np.full(dimensions, both.std())])
