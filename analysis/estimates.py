"""
Estimates over replicates: every quantity's centre, intervals and exceedances, each with its Monte Carlo standard error.

>>> probabilities(0.9)
array([0.025, 0.05 , 0.1  , 0.25 , 0.5  , 0.75 , 0.9  , 0.95 , 0.975])
"""

from __future__ import annotations

import numpy as np

from analysis.distributions import FloatArray
from analysis.model import QUANTITIES, RATIOS, THRESHOLDS, UNITS, Summary
from analysis.sampling import mean_and_mcse
from analysis.summary import Estimate, Exceedance, Interval

__all__ = ["LEVELS", "estimate_at", "estimate_of", "estimates_of", "exceedances_of", "probabilities"]

LEVELS = (0.5, 0.8, 0.9, 0.95)


def _levels(level: float) -> tuple[float, ...]:
    """Levels of the intervals, rising: the usual four and the one asked for."""
    return tuple(sorted({*LEVELS, level}))


def probabilities(level: float) -> FloatArray:
    """Every probability that an interval or a centre needs, rising."""
    ends = {round((1 + side * one) / 2, 15) for one in _levels(level) for side in (-1, 1)}
    return np.array(sorted({0.5, *ends}))


def estimates_of(summaries: list[Summary], level: float) -> tuple[Estimate, ...]:
    """Every quantity's estimate over the replicates, summarized at `probabilities` of the level."""
    mean = np.array([summary.mean for summary in summaries])
    sd = np.array([summary.sd for summary in summaries])
    quantiles = np.array([summary.quantiles for summary in summaries])
    return tuple(
        estimate_of(name, level, mean=mean[:, row], sd=sd[:, row], quantiles=quantiles[:, row])
        for row, name in enumerate(QUANTITIES)
    )


def estimate_of(name: str, level: float, *, mean: FloatArray, sd: FloatArray, quantiles: FloatArray) -> Estimate:
    """
    One quantity's estimate from what each replicate says of it.

    Parameters
    ----------
    name : str
        Of `QUANTITIES`.
    level : float
    mean, sd : array, shape (replicates,)
    quantiles : array, shape (replicates, p)
        At `probabilities` of the level.
    """
    average, mcse_mean = mean_and_mcse(mean)
    at, moments = probabilities(level), (float(average), float(mcse_mean), float(sd.mean(axis=0)))
    return estimate_at(name, level, at, quantiles=mean_and_mcse(quantiles), moments=moments)


def estimate_at(
    name: str,
    level: float,
    at: FloatArray,
    *,
    quantiles: tuple[FloatArray, FloatArray],
    moments: tuple[float, float, float],
) -> Estimate:
    """
    One quantity's estimate from its quantiles.

    Parameters
    ----------
    name : str
        Of `QUANTITIES`.
    level : float
    at : array, shape (p,)
        Probabilities, those of `probabilities` of the level among them.
    quantiles : pair of array, shape (p,)
        At these probabilities, and their Monte Carlo standard errors.
    moments : tuple of three float
        The mean, its Monte Carlo standard error, and the standard uncertainty.
    """
    (value, mcse), (mean, mcse_mean, sd) = quantiles, moments
    # 12 digits: two sums that come to one probability may differ by their rounding.
    place = {round(p, 12): column for column, p in enumerate(at)}
    intervals = []
    for one in _levels(level):
        low, high = place[round((1 - one) / 2, 12)], place[round((1 + one) / 2, 12)]
        ends = value[low], value[high], mcse[low], mcse[high]
        intervals.append(Interval(one, "equal-tailed", *map(float, ends)))
    middle = place[0.5]
    centre, error = float(value[middle]), float(mcse[middle])
    return Estimate(name, UNITS[name], centre, mean, sd, error, mcse_mean, tuple(intervals))


def exceedances_of(summaries: list[Summary]) -> tuple[Exceedance, ...]:
    """Every ratio's exceedances over the replicates."""
    mean, mcse = mean_and_mcse(np.array([summary.exceedance for summary in summaries]))
    return tuple(
        Exceedance(name, threshold, float(mean[row, column]), float(mcse[row, column]))
        for row, name in enumerate(RATIOS)
        for column, threshold in enumerate(THRESHOLDS)
    )
