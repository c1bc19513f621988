"""
The casualties ratio on a lattice of logarithms: its whole cdf at once, with the force integrated out.

The ratio is the losses over the force, so its logarithm is a difference, and the chances of a difference on a lattice
are a convolution. All quantiles and exceedances come from one table, and pools are mixed from their origins' tables.

This is for specifications, hundreds at once: roots on the coarse table of `analysis.smooth` take five times as long.

What it costs is the step of the lattice, a thousandth of a value. Losses are shared between the two nodes beside them,
and the force is averaged over each step, so that the error is of second order. For 39 quantiles of 1,024 draws, 2.5 to
97.5 %, over specifications of the seed (``tests/benchmarks/bench_grid.py``; errors as shares of a quantile, the last
one of the mean of 16 replicates):

============================  =======  =================  ==============
way                           time     worst error of it  standard error
============================  =======  =================  ==============
`model.ratio_quantiles`       3.6 ms   none               1.1e-4
this table                    0.3 ms   1.3e-5             1.1e-4
quantiles of weighted draws   0.1 ms   none               6.8e-4
============================  =======  =================  ==============

Where the force has probability on single values, it is within 1e-3: the search stops at the draws behind these values,
the table at its nodes. Refused by who calls it: a force of one value, over which there is nothing to average.

>>> from analysis.distributions import Uniform, as_table
>>> from analysis.model import Draws, Losses, over_force
>>> force = as_table(Uniform(800.0, 1250.0))
>>> killed = np.full(4, 100.0)
>>> drawn = over_force(Losses(killed, 0 * killed), force, np.full(4, 0.5))
>>> ratio_of([(1.0, drawn)], force_on(force)).quantiles(np.array([0.5])).round(4)  # 100 / 1025
array([0.0976])
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analysis.distributions import FloatArray, Tabulated
from analysis.model import Draws

__all__ = ["STEP", "OnLattice", "RatioTable", "force_on", "mixed", "ratio_of"]

# In natural logarithms: a thousandth of a value.
STEP = 2.0**-10
# Casualties are placed between these, soldiers: less is nobody, more is above any force.
_LEAST, _MOST = 1e-3, 1e9


@dataclass(frozen=True, slots=True, eq=False)
class OnLattice:
    """
    Probabilities on the nodes ``exp(STEP * k)``, k from ``start`` on.

    Parameters
    ----------
    start : int
    mass : array, shape (n,)
        Adding to 1.
    """

    start: int
    mass: FloatArray

    @property
    def stop(self) -> int:
        """The last k."""
        return self.start + self.mass.size - 1


@dataclass(frozen=True, slots=True, eq=False)
class RatioTable:
    """
    The cdf of a ratio at ``exp(STEP * k)``, k from ``start`` to 0, which is a ratio of 1.

    Parameters
    ----------
    start : int
    upto : array, shape (1 - start,)
        Rising to 1.
    """

    start: int
    upto: FloatArray

    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles at probabilities, shares of the force."""
        nodes = np.arange(self.start, 1, dtype=float)
        return np.exp(STEP * np.interp(p, self.upto, nodes))

    def exceeding(self, threshold: FloatArray) -> FloatArray:
        """Probability of more than each threshold, shares of the force up to 1."""
        nodes = np.arange(self.start, 1, dtype=float)
        more = 1 - np.interp(np.log(threshold) / STEP, nodes, self.upto, left=0.0)
        # Below 1e-12 it is the rounding of the convolution, and would differ from one processor to the next.
        return np.where(more > 1e-12, more, 0.0)


def force_on(force: Tabulated) -> OnLattice:
    """
    A force on the lattice, averaged over each step.

    Parameters
    ----------
    force : Tabulated
        Soldiers.
    """
    lowest, highest = np.log(np.clip(force.x[[0, -1]], _LEAST, _MOST)) / STEP
    start, stop = int(np.floor(lowest)) - 1, int(np.ceil(highest)) + 2
    edges = np.exp(STEP * (np.arange(start - 1, stop + 1) + 0.5))
    upto = np.diff(_area(force, edges)) / np.diff(edges)
    return OnLattice(start, np.diff(np.append(0.0, np.clip(upto, 0.0, 1.0))))


def _area(force: Tabulated, x: FloatArray) -> FloatArray:
    """The integral of the cdf up to each x, exact for its straight pieces."""
    areas = np.append(0.0, np.cumsum(np.diff(force.x) * (force.p[1:] + force.p[:-1]) / 2))
    piece = np.clip(np.searchsorted(force.x, x, side="right") - 1, 0, force.x.size - 1)
    beyond = np.maximum(x - force.x[piece], 0.0)
    return areas[piece] + beyond * (force.p[piece] + force.cdf(x)) / 2 * (x >= force.x[0])


def ratio_of(parts: Iterable[tuple[float, Draws]], force: OnLattice) -> RatioTable:
    """
    The casualties over a force that is at least as many: of an origin, or of a linear pool of some.

    Parameters
    ----------
    parts : iterable of pairs of float and Draws
        Each origin's with its share; the shares add to 1.
    force : OnLattice
        What their force was drawn from.
    """
    parts = [(share, one, np.ones(one.force.size) if one.tilt is None else one.tilt) for share, one in parts]
    # P(ratio <= t) = sum of share * P(casualties <= t * force) / P(casualties <= force). The divisor comes from the
    # draws, which know it better than the lattice where casualties and force are one number.
    by = [share / float(one.mass.sum() / tilt.sum()) for share, one, tilt in parts]
    weights = [each * tilt / tilt.sum() for each, (_, _, tilt) in zip(by, parts, strict=True)]
    casualties = np.concatenate([one.losses.casualties for _, one, _ in parts])
    losses = _losses_on(casualties, np.concatenate(weights))
    # Differences of two nodes, summed from the largest on: P(casualties > t * force).
    more = np.cumsum(_convolved(losses.mass, force.mass[::-1])[::-1])[::-1]
    start = min(losses.start - force.stop, 0)
    upto = np.full(1 - start, sum(by))
    upto[: more.size] -= more[: upto.size]
    upto = np.maximum.accumulate(np.clip(upto, 0.0, 1.0))
    upto[-1] = 1.0
    return RatioTable(start, upto)


def _losses_on(casualties: FloatArray, weight: FloatArray) -> OnLattice:
    """Draws on the lattice, each shared between the two nodes beside it."""
    place = np.log(np.clip(casualties, _LEAST, _MOST)) / STEP
    node = np.floor(place)
    part, start = place - node, int(node.min())
    at = node.astype(np.intp) - start
    size = int(at.max()) + 2
    mass = np.bincount(at, weight * (1 - part), size) + np.bincount(at + 1, weight * part, size)
    return OnLattice(start, mass)


def _convolved(one: FloatArray, other: FloatArray) -> FloatArray:
    size = one.size + other.size - 1
    padded = 1 << (size - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(one, padded) * np.fft.rfft(other, padded), padded)[:size]


def mixed(parts: Iterable[tuple[float, RatioTable]]) -> RatioTable:
    """
    The linear pool of tables.

    Parameters
    ----------
    parts : iterable of pairs of float and RatioTable
        Each with its share; the shares add to 1.
    """
    parts = list(parts)
    start = min(table.start for _, table in parts)
    upto = np.zeros(1 - start)
    for share, table in parts:
        upto[table.start - start :] += share * table.upto
    return RatioTable(start, upto)
