"""
The cdf of a ratio with the force integrated out, and its quantiles.

``P(loss / F > t) = E[P(casualties <= F < loss / t)] / E[P(casualties <= F)]``: a smooth average over the losses drawn,
with an error far below that of counting draws. A pool is some origins' cdfs, each with its share.

This is for what a run prints, exact roots for draws in memory: `analysis.lattice` and `streaming` only come near them.

>>> ten_to_twenty = Tabulated(np.array([10.0, 20.0]), np.array([0.0, 1.0]))
>>> loss = np.array([1.0, 2.0])
>>> one = Smooth.of(loss, loss, np.ones(2), ten_to_twenty)
>>> one.exceeding(np.array([0.08, 0.1, 0.15]))
array([0.625     , 0.5       , 0.16666667])
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.distributions import FloatArray, Tabulated
from analysis.sampling import root_between

__all__ = ["Smooth", "SmoothPool", "WeightedLosses", "pooled_below", "pooled_quantiles"]

# Losses that stand for all of an origin's where only a first approximation is wanted.
_NODES = 256
# A value whose cdf misses the probability by less is a step from the quantile that need not be looked at: what the
# step leaves is this times what the table's slope is wrong by, a hundredth. In probability.
_SURE = 1e-5
# And nodes of the table of the force there.
_COARSE = 512


@dataclass(frozen=True, slots=True)
class Smooth:
    """
    What one origin's draws say of a ratio, made once for many thresholds.

    Parameters
    ----------
    loss : array, rising
        Of the draws whose casualties no force is below, soldiers.
    tight, casualties : array
        Losses and casualties of the other draws.
    weight : float
        Probability that the force is at least the casualties, over all draws.
    force : Tabulated
        Soldiers.
    tilts : tuple of array, optional
        By how much a pool makes the draws of ``loss`` and of ``tight`` more probable than others; the mean is 1.
    from_here : array, shape (loss.size + 1,), optional
        The sum of the tilts of ``loss`` from each on.
    """

    loss: FloatArray
    tight: FloatArray
    casualties: FloatArray
    weight: float
    force: Tabulated
    tilts: tuple[FloatArray, FloatArray] | None = None
    from_here: FloatArray | None = None

    @classmethod
    def of(
        cls,
        loss: FloatArray,
        casualties: FloatArray,
        weight: FloatArray,
        force: Tabulated,
        *,
        tilt: FloatArray | None = None,
    ) -> Smooth:
        """
        Sort an origin's draws.

        Parameters
        ----------
        loss, casualties, weight : array, shape (n,)
            ``weight`` is the share of each draw that is kept.
        force : Tabulated
        tilt : array, shape (n,), optional
            Up to a factor; without it all draws are alike.
        """
        free = casualties <= force.x[0]
        every = bool(free.all())
        tight = (np.empty(0), np.empty(0)) if every else (loss[~free], casualties[~free])
        if tilt is None:
            return cls(np.sort(loss if every else loss[free]), *tight, float(weight.mean()), force)
        tilt = tilt / tilt.mean()
        order = np.argsort(loss[free])
        tilts = tilt[free][order], tilt[~free]
        from_here = np.append(np.cumsum(tilts[0][::-1])[::-1], 0.0)
        return cls(loss[free][order], *tight, float((weight * tilt).mean()), force, tilts, from_here)

    def exceeding(self, threshold: FloatArray) -> FloatArray:
        """Probability that the ratio exceeds each threshold, any shape."""
        threshold = np.asarray(threshold, dtype=float)
        return _exceeding([(self, threshold.ravel())])[0].reshape(threshold.shape)


def _exceeding(asked: Sequence[tuple[Smooth, FloatArray]]) -> list[FloatArray]:
    """
    `Smooth.exceeding` for some at once, each with thresholds of shape (k,); all of one force, all with tilts or none.

    The table has to be read only for losses between the ends of the force, and is read in one go.
    """
    force = asked[0][0].force
    losses, tilts, totals = [], [], []
    for one, threshold in asked:
        # 1e-9 is more than `below` takes for rounding.
        first, last = np.searchsorted(one.loss, np.outer([force.x[0], force.x[-1] * (1 + 1e-9)], threshold))
        losses += [one.loss[i:j] / t for i, j, t in zip(first, last, threshold, strict=True)]
        if one.tilts is not None:
            tilts += [one.tilts[0][i:j] for i, j in zip(first, last, strict=True)]
        total = (one.loss.size - last).astype(float) if one.from_here is None else one.from_here[last]
        if one.tight.size:
            below = force.below(np.maximum(one.tight / threshold[:, None], one.casualties))
            total += below.sum(axis=1) if one.tilts is None else below @ one.tilts[1]
        totals.append(total)
    sizes = np.array([part.size for part in losses])
    between = np.zeros(len(losses))
    if sizes.any():  # reduceat takes an empty part for its first value
        starts = (np.cumsum(sizes) - sizes)[sizes > 0]
        near = force.below(np.concatenate(losses))
        between[sizes > 0] = np.add.reduceat(near * np.concatenate(tilts) if tilts else near, starts)
    found, done = [], 0
    for (one, threshold), total in zip(asked, totals, strict=True):
        below = (total + between[done : done + threshold.size]) / (one.loss.size + one.tight.size)
        found.append(np.maximum(1 - (1 - below) / one.weight, 0.0))  # rounding takes a probability of 0 below it
        done += threshold.size
    return found


SmoothPool = Sequence[tuple[float, Smooth]]


def pooled_below(pool: SmoothPool, threshold: FloatArray) -> FloatArray:
    """The cdf of a pool at thresholds of any shape; shares are positive and add to 1."""
    return 1 - sum(share * one.exceeding(threshold) for share, one in pool)


@dataclass(frozen=True, slots=True)
class WeightedLosses:
    """
    Cdfs of ratios, the force integrated out, from losses that stand for many draws each.

    ``cdf(t) = one - sum(shares * max(P(F < losses / t), floor))``, side by side in rows.

    Parameters
    ----------
    losses : array, shape (rows, nodes), soldiers
    floor : array, same shape
        Probability that the force is below the casualties.
    shares : array, same shape
        Of each node, over the probability that the force is not below the casualties.
    one : array, shape (rows,)
        Their sum.
    force : Tabulated
        Soldiers.
    """

    losses: FloatArray
    floor: FloatArray
    shares: FloatArray
    one: FloatArray
    force: Tabulated

    def below(self, row: NDArray[np.intp], threshold: FloatArray) -> FloatArray:
        """The cdf of a row at a threshold, shape (k,)."""
        found = np.maximum(self.force.below(self.losses[row] / threshold[:, None]), self.floor[row])
        return self.one[row] - np.einsum("ij,ij->i", self.shares[row], found)


def _few(pools: Sequence[SmoothPool]) -> bool:
    """Whether no origin has more losses than a table holds, so that the table is exact."""
    return all(max(one.loss.size, one.tight.size) <= _NODES for pool in pools for _, one in pool)


def _table(pools: Sequence[SmoothPool]) -> WeightedLosses:
    """Cdfs of some pools in one table: of many losses a few, with a coarse force, within about 1e-5."""
    force = pools[0][0][1].force if _few(pools) else _coarse(pools[0][0][1].force)
    nodes = [np.concatenate([_nodes(share, one, force) for share, one in pool], axis=1) for pool in pools]
    one = np.array([sum(share / one.weight for share, one in pool) for pool in pools])
    return WeightedLosses(*np.stack(nodes, axis=1), one, force)


@functools.lru_cache(maxsize=16)
def _coarse(force: Tabulated) -> Tabulated:
    kept = np.unique(np.linspace(0, force.x.size - 1, min(_COARSE, force.x.size)).round().astype(int))
    return Tabulated(force.x[kept], force.p[kept])


@functools.lru_cache(maxsize=256)
def _edges(size: int) -> NDArray[np.intp]:
    """Where so many losses, rising, are cut: between all if few, else closer towards the ends, where they lie apart."""
    if size <= _NODES:
        return np.arange(size + 1)
    shares = np.sin(np.linspace(0.0, np.pi / 2, _NODES + 1)) ** 2
    return np.unique(np.round(shares * size).astype(np.intp))


def _nodes(share: float, smooth: Smooth, force: Tabulated) -> FloatArray:
    """Losses, floors and shares, shape (3, nodes): means of neighbours, and every so manieth of the tight draws."""
    edges, step = _edges(smooth.loss.size), -(-smooth.tight.size // _NODES) or 1
    tight = smooth.tight[::step]
    nodes = np.zeros((3, edges.size - 1 + tight.size))
    loss, floor, shares = nodes
    if edges.size > 1:
        tilt = None if smooth.tilts is None else smooth.tilts[0]
        counts = np.diff(edges) if tilt is None else np.add.reduceat(tilt, edges[:-1])
        sums = np.add.reduceat(smooth.loss if tilt is None else smooth.loss * tilt, edges[:-1])
        loss[: counts.size] = np.divide(sums, counts, out=smooth.loss[edges[:-1]], where=counts > 0)
        shares[: counts.size] = counts
    if tight.size:
        loss[edges.size - 1 :] = tight
        floor[edges.size - 1 :] = force.below(smooth.casualties[::step])
        each = smooth.tight.size / tight.size
        shares[edges.size - 1 :] = each if smooth.tilts is None else each * smooth.tilts[1][::step]
    shares *= share / smooth.weight / (smooth.loss.size + smooth.tight.size)
    return nodes


def pooled_quantiles(
    pools: Sequence[SmoothPool], levels: FloatArray, *, low: FloatArray, high: FloatArray, ends: FloatArray
) -> FloatArray:
    """
    Quantiles of some pools side by side: roots of their cdfs, found on a table first. Shape (pools, p).

    Parameters
    ----------
    pools : sequence
        Of one set of draws: each with as many draws as the others.
    levels : array, shape (p,)
        Probabilities, rising.
    low, high : array, shape (pools, p)
        Near the quantiles, where the search starts.
    ends : array, shape (2, pools)
        Values that all quantiles of a pool lie between.
    """
    row, column = (index.ravel() for index in np.indices(low.shape))
    table = _table(pools)

    def roughly(t: FloatArray, which: NDArray[np.intp]) -> FloatArray:
        return table.below(row[which], t) - levels[column[which]]

    def exactly(t: FloatArray, which: NDArray[np.intp]) -> FloatArray:
        mine = [row[which] == number for number in range(len(pools))]
        found = _exceeding([(one, t[m]) for pool, m in zip(pools, mine, strict=True) for _, one in pool])
        below, parts = np.empty(t.size), iter(found)
        for pool, m in zip(pools, mine, strict=True):
            below[m] = 1 - sum(share * next(parts) for share, _ in pool)
        return below - levels[column[which]]

    ends = ends[:, row]
    few = _few(pools)
    start = root_between(roughly, low.ravel(), high.ravel(), ends=ends, left=1e-12 if few else 1e-9)
    if few:
        return np.maximum.accumulate(start.reshape(low.shape), axis=1)
    # One step from there with the table's slope; then secants between exact values take over.
    everywhere, aside = np.arange(start.size), 0.002 * start
    off, rise = exactly(start, everywhere), roughly(start + aside, everywhere)
    step = np.divide(off * aside, rise, out=np.array(aside), where=rise > 0)
    found = start - step
    open_ = np.flatnonzero(np.abs(off) > _SURE)
    if open_.size:
        found[open_] = root_between(
            lambda t, which: exactly(t, open_[which]), start[open_], found[open_], ends=ends[:, open_], known=off[open_]
        )
    return np.maximum.accumulate(found.reshape(low.shape), axis=1)
