"""
One replicate of any length in fixed memory: draws pass through in blocks, and what is kept of them has a fixed size.

Means and standard deviations are weighted sums. Quantiles come from counts and sums in `CELLS` cells, each a few parts
in ten thousand wide: a draw is known by its cell, so every quantile lies between two values that are given beside it.
The ratios integrate the force out, as `analysis.model` does, over the means of the cells.

Nothing depends on how the points are cut into blocks: counts are whole numbers, and sums are made in one order.

This is for draws too many to hold, which `analysis.smooth` needs sorted and `analysis.lattice` for one ratio only.

>>> from analysis.distributions import LogNormal, as_table
>>> given = {"NIS": {"casualties": LogNormal(1000.0, 0.3)}}
>>> question = Question(given, {"NIS": 1.0}, LogNormal(3.0, 0.5), as_table(LogNormal(10_000.0, 0.1)))
>>> found = stream({"reported": question}, np.random.SeedSequence(7), log2_points=12)["reported"]
>>> median = found.summarize(np.array([0.5])).quantiles[QUANTITIES.index("casualties")]
>>> round(float(median[0]))
1000
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.distributions import FloatArray, Tabulated
from analysis.model import QUANTITIES, RATIOS, THRESHOLDS, Draws, Question, Summary, draw, over
from analysis.sampling import blocks, cube, root_between, weighted_quantiles
from analysis.smooth import WeightedLosses

__all__ = ["CELLS", "Between", "Streamed", "stream"]

# Of each quantity: its values lie by their logarithm in so many cells of one width, open at either end.
CELLS = 2**14
# Draws near the force lie by loss, and by the share of the force below their casualties, in so many cells.
_TIGHT = 512, 64
# Points that say where the cells have to be, and how far beyond what they reach the cells go on.
_LOG2_FIRST, _BEYOND = 12, 2.0
# Sums are made of so many draws at a time, so that blocks of any larger power of two give the same bits.
_LOG2_SUM = 10

_CELLED = tuple(name for name in QUANTITIES if name not in RATIOS)
_LOSSES = tuple(RATIOS.values())


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells of each quantity of `_CELLED`: ``start`` is the logarithm of their lower end, ``step`` their width."""

    start: FloatArray  # shape (6, 1)
    step: FloatArray  # the same

    @classmethod
    def of(cls, drawn: Mapping[str, Draws]) -> _Grid:
        """Cells for draws like these."""
        values = np.concatenate([_values(one, _CELLED) for one in drawn.values()], axis=1)
        most = values.max(axis=1, keepdims=True)
        most[most == 0] = 1.0  # nobody wounded, say: all lie in the first cell
        least = np.where(values > 0, values, most).min(axis=1, keepdims=True)
        low, high = np.log(least / _BEYOND), np.log(most * _BEYOND)
        return cls(low, (high - low) / (CELLS - 2))

    def cell(self, values: FloatArray) -> np.ndarray:
        """Which cell each value is in, shape (6, n); the first and the last are open."""
        with np.errstate(divide="ignore"):  # log(0) is -inf, which is in the first cell
            place = (np.log(values) - self.start) / self.step
        return np.clip(np.floor(place) + 1, 0, CELLS - 1).astype(np.intp)

    def edges(self) -> FloatArray:
        """Where the cells meet, shape (6, CELLS - 1)."""
        return np.exp(self.start + self.step * np.arange(CELLS - 1))


def _values(one: Draws, names: Sequence[str]) -> FloatArray:
    return np.array([one.quantity(name) for name in names])


@dataclass(slots=True)
class _Tally:
    """
    All that is kept of one origin's draws over one force.

    Draws are free, if no force is below their casualties, or tight. What is kept of the tight ones tells both the loss
    and the share of the force below the casualties, which a threshold needs together.
    """

    grid: _Grid
    force: Tabulated
    about: FloatArray  # shape (9, 1): near the means, so that squares of differences keep their digits
    moments: FloatArray  # shape (2, 9): weighted sums of differences and of their squares
    weight: float
    points: int
    counts: np.ndarray  # shape (6, CELLS): of the free draws
    sums: FloatArray  # shape (6, CELLS): of their values
    weights: FloatArray  # shape (6, CELLS): of the tight draws
    weighted: FloatArray  # shape (6, CELLS): of their values
    tight: FloatArray  # shape (3, 3, cells): for each loss, counts, and sums of losses and of shares below
    extremes: FloatArray  # shape (2, 6): smallest and largest values with weight
    violation: float

    @classmethod
    def empty(cls, grid: _Grid, force: Tabulated, first: Draws) -> _Tally:
        return cls(
            grid=grid,
            force=force,
            about=_values(first, QUANTITIES).mean(axis=1, keepdims=True),
            moments=np.zeros((2, len(QUANTITIES))),
            weight=0.0,
            points=0,
            counts=np.zeros((len(_CELLED), CELLS), dtype=np.int64),
            sums=np.zeros((len(_CELLED), CELLS)),
            weights=np.zeros((len(_CELLED), CELLS)),
            weighted=np.zeros((len(_CELLED), CELLS)),
            tight=np.zeros((len(RATIOS), 3, _TIGHT[0] * _TIGHT[1])),
            extremes=np.array([np.full(len(_CELLED), np.inf), np.full(len(_CELLED), -np.inf)]),
            violation=0.0,
        )

    def add(self, one: Draws) -> None:
        """Count in the draws of a block, one after the other; O(n), and O(CELLS) of memory whatever has been added."""
        values = _values(one, QUANTITIES)
        killed, wounded, casualties = (values[QUANTITIES.index(name)] for name in _LOSSES)
        worst = float(np.abs(killed + wounded - casualties).max()), float((casualties - one.force).max())
        self.violation = max(self.violation, *worst)
        self._sum(values, one.weight)
        values = values[[QUANTITIES.index(name) for name in _CELLED]]
        free = casualties <= self.force.x[0]
        if free.all():
            self._count(values)
        else:
            self._count(values[:, free])
            self._weigh(values[:, ~free], one.weight[~free])

    def _sum(self, values: FloatArray, weight: FloatArray) -> None:
        """Add to the moments, in groups of one size, one after the other."""
        size = min(2**_LOG2_SUM, weight.size)
        aside = (values - self.about).reshape(len(values), -1, size)
        each = weight.reshape(-1, size)
        weighted = aside * each
        sums = np.array([weighted.sum(axis=2), (weighted * aside).sum(axis=2)])
        for group in np.moveaxis(sums, 2, 0):
            self.moments += group
        for one in each.sum(axis=1):
            self.weight += float(one)
        self.points += weight.size

    def _count(self, values: FloatArray) -> None:
        if not values.size:
            return
        for row, (cell, one) in enumerate(zip(self.grid.cell(values), values, strict=True)):
            self.counts[row] += np.bincount(cell, minlength=CELLS)
            np.add.at(self.sums[row], cell, one)  # one after the other, as a sum of sums would not be
        self._stretch(values)

    def _weigh(self, values: FloatArray, weight: FloatArray) -> None:
        cells = self.grid.cell(values)
        for row, (cell, one) in enumerate(zip(cells, values, strict=True)):
            np.add.at(self.weights[row], cell, weight)
            np.add.at(self.weighted[row], cell, weight * one)
        if (weight > 0).any():
            self._stretch(values[:, weight > 0])
        below = 1 - weight
        floor = np.minimum((below * _TIGHT[1]).astype(np.intp), _TIGHT[1] - 1)
        for row, name in enumerate(_LOSSES):
            at = _CELLED.index(name)
            cell = (cells[at] * _TIGHT[0] // CELLS) * _TIGHT[1] + floor
            for place, one in enumerate((np.ones(weight.size), values[at], below)):
                np.add.at(self.tight[row, place], cell, one)

    def _stretch(self, values: FloatArray) -> None:
        self.extremes[0] = np.minimum(self.extremes[0], values.min(axis=1))
        self.extremes[1] = np.maximum(self.extremes[1], values.max(axis=1))

    @property
    def size(self) -> int:
        """Numbers kept."""
        arrays = self.moments, self.counts, self.sums, self.weights, self.weighted, self.tight, self.extremes
        return sum(one.size for one in arrays)

    def mean(self) -> FloatArray:
        return self.about[:, 0] + self.moments[0] / self.weight

    def variance(self) -> FloatArray:
        return self.moments[1] / self.weight - (self.moments[0] / self.weight) ** 2


# Origins of a pool with their shares, or one alone with all of it.
Source = Sequence[tuple[float, _Tally]]


@dataclass(frozen=True, slots=True)
class _Nodes:
    """One value for each cell of a tally: where in their cells the draws are taken to lie."""

    values: FloatArray  # shape (6, CELLS)
    tight: FloatArray  # shape (3, tight cells): of each loss
    floor: FloatArray  # the same: share of the force below the casualties

    @classmethod
    def means(cls, tally: _Tally) -> _Nodes:
        counts, sums, shares = np.moveaxis(tally.tight, 1, 0)
        values = _mean(tally.sums + tally.weighted, tally.counts + tally.weights)
        return cls(values, _mean(sums, counts), _mean(shares, counts))

    @classmethod
    def lower(cls, tally: _Tally) -> _Nodes:
        edges = np.column_stack([tally.extremes[0], tally.grid.edges()])
        return cls._at(edges, edges[: len(_LOSSES), :: CELLS // _TIGHT[0]], 0)

    @classmethod
    def upper(cls, tally: _Tally) -> _Nodes:
        edges = np.column_stack([tally.grid.edges(), tally.extremes[1]])
        return cls._at(edges, edges[: len(_LOSSES), CELLS // _TIGHT[0] - 1 :: CELLS // _TIGHT[0]], 1)

    @classmethod
    def _at(cls, edges: FloatArray, coarse: FloatArray, side: int) -> _Nodes:
        floor = (np.arange(_TIGHT[1]) + side) / _TIGHT[1]
        return cls(edges, np.repeat(coarse, _TIGHT[1], axis=1), np.tile(floor, (len(_LOSSES), _TIGHT[0])))


def _mean(sums: FloatArray, counts: FloatArray) -> FloatArray:
    return np.divide(sums, counts, out=np.zeros(sums.shape), where=counts > 0)


def _cdf(source: Source, row: int, nodes: Callable[[_Tally], _Nodes]) -> WeightedLosses:
    """The cdf of a ratio, its force integrated out, with every cell's losses at one node."""
    losses, floors, shares, one = [], [], [], 0.0
    for share, tally in source:
        at, each = nodes(tally), share / tally.weight
        one += each * tally.points
        for loss, floor, counts in (
            (at.values[row], np.zeros(CELLS), tally.counts[row]),
            (at.tight[row], at.floor[row], tally.tight[row, 0]),
        ):
            losses.append(loss[counts > 0])
            floors.append(floor[counts > 0])
            shares.append(each * counts[counts > 0])
    arrays = (np.concatenate(part)[None] for part in (losses, floors, shares))
    return WeightedLosses(*arrays, np.array([one]), source[0][1].force)


@dataclass(frozen=True, slots=True)
class Between:
    """What quantiles lie between, of the same shape as they."""

    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a quantity that a source has draws in, rising."""

    share: FloatArray
    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    largest: float  # the largest share of one draw

    @classmethod
    def of(cls, source: Source, row: int) -> _Cells:
        each = [share / tally.weight for share, tally in source]
        shares, sums = np.zeros(CELLS), np.zeros(CELLS)
        for one, (_, tally) in zip(each, source, strict=True):
            shares += one * (tally.counts[row] + tally.weights[row])
            sums += one * (tally.sums[row] + tally.weighted[row])
        kept, edges = shares > 0, source[0][1].grid.edges()[row]
        least, most = (fold(t.extremes[k, row] for _, t in source) for k, fold in enumerate((min, max)))
        lower, upper = np.append(least, edges)[kept], np.append(edges, most)[kept]
        return cls(shares[kept], sums[kept] / shares[kept], lower, upper, max(each))

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """Between the means of the cells."""
        between = self.between(levels)
        return np.clip(weighted_quantiles(self.mean, self.share, levels), between.low, between.high)

    def between(self, levels: FloatArray) -> Between:
        # Draws in memory are interpolated between their midpoints, which may reach one draw into the next cell.
        upto = np.cumsum(self.share)
        first = np.searchsorted(upto, levels - self.largest)
        last = np.searchsorted(upto, levels + self.largest, side="right")
        return Between(*(ends[np.minimum(at, upto.size - 1)] for ends, at in ((self.lower, first), (self.upper, last))))


def _ratio_quantiles(
    source: Source, row: int, levels: FloatArray, nodes: Callable[[_Tally], _Nodes], near: FloatArray
) -> FloatArray:
    """Roots of the cdf of a ratio, looked for near some values."""
    force, most = source[0][1].force, max(float(tally.extremes[1, row]) for _, tally in source)
    ends = 1e-12, min(1.0 + 1e-9, most / force.x[0]) if force.x[0] > 0 else 1.0
    cdf = _cdf(source, row, nodes)

    def off(t: FloatArray, which: NDArray[np.intp]) -> FloatArray:
        return cdf.below(np.zeros(t.size, dtype=np.intp), t) - levels[which]

    return np.maximum.accumulate(root_between(off, near * 0.999, near * 1.001, ends=ends))


@dataclass(frozen=True, slots=True)
class Streamed:
    """
    One replicate of a question, gone by; what is asked of it takes no more than what was kept.

    Parameters
    ----------
    question : Question
    tallies : mapping of str to _Tally
        Of each origin.
    """

    question: Question
    tallies: Mapping[str, _Tally]

    @property
    def size(self) -> int:
        """Numbers kept, however many draws there were."""
        return sum(tally.size for tally in self.tallies.values())

    def summarize(self, levels: FloatArray, *, origins: Sequence[str] | None = None) -> Summary:
        """
        Summarize the linear pool of some origins, as `model.summarize` does; of one, if only one is named.

        Parameters
        ----------
        levels : array, shape (p,)
            Probabilities of the quantiles, rising.
        origins : sequence of str, optional
            All, if not given.
        """
        source = self._source(origins)
        shares = np.array([share for share, _ in source])
        means = np.array([tally.mean() for _, tally in source])
        mean = shares @ means
        variance = shares @ (np.array([tally.variance() for _, tally in source]) + (means - mean) ** 2)
        sd = np.sqrt(np.maximum(variance, 0.0))  # rounding may leave less than nothing of a constant
        exceedance = np.array([_exceedance(source, row) for row in range(len(RATIOS))])
        kept = float(sum(share * tally.weight / tally.points for share, tally in source))
        violation = max(tally.violation for _, tally in source)
        return Summary(mean, sd, _quantiles(source, levels), exceedance, kept, violation)

    def between(self, levels: FloatArray, *, origins: Sequence[str] | None = None) -> Between:
        """
        What the quantiles of the same draws held in memory lie between, shape (9, p), and those of `summarize` too.

        To the rounding of a search, a billionth of the value.
        """
        source = self._source(origins)
        found = _quantiles(source, levels)
        low, high = found.copy(), found.copy()
        force = source[0][1].force
        for at, name in enumerate(QUANTITIES):
            one = _one_value(force, name)
            if name in RATIOS and one is None:
                row = tuple(RATIOS).index(name)
                low[at] = _ratio_quantiles(source, row, levels, _Nodes.lower, found[at])
                high[at] = _ratio_quantiles(source, row, levels, _Nodes.upper, found[at])
            else:
                ends = _Cells.of(source, _CELLED.index(RATIOS.get(name, name))).between(levels)
                low[at], high[at] = ends.low / (one or 1.0), ends.high / (one or 1.0)
        return Between(low, high)

    def _source(self, origins: Sequence[str] | None) -> Source:
        names = list(self.tallies if origins is None else origins)
        total = sum(self.question.weights[name] for name in names)
        shares = {name: self.question.weights[name] / total if total else 1 / len(names) for name in names}
        return [(share, self.tallies[name]) for name, share in shares.items() if share > 0]


def _one_value(force: Tabulated, name: str) -> float | None:
    """The force that a ratio divides by, if it is one value: then there is nothing to integrate out."""
    return float(force.x[0]) if name in RATIOS and force.x[0] == force.x[-1] else None


def _quantiles(source: Source, levels: FloatArray) -> FloatArray:
    """Of every quantity, shape (9, p)."""
    force, found = source[0][1].force, []
    for name in QUANTITIES:
        celled = _Cells.of(source, _CELLED.index(RATIOS.get(name, name))).quantiles(levels)
        one = _one_value(force, name)
        if name in RATIOS and one is None:
            near = celled / force.ppf(np.array(0.5))
            found.append(_ratio_quantiles(source, tuple(RATIOS).index(name), levels, _Nodes.means, near))
        else:
            found.append(celled / (one or 1.0))
    return np.array(found)


def _exceedance(source: Source, row: int) -> FloatArray:
    thresholds = np.array(THRESHOLDS)
    below = _cdf(source, row, _Nodes.means).below(np.zeros(thresholds.size, dtype=np.intp), thresholds)
    return np.clip(1 - below, 0.0, 1.0)


def stream(
    questions: Mapping[str, Question], seed: np.random.SeedSequence, *, log2_points: int, log2_block: int = 14
) -> dict[str, Streamed]:
    """
    Draw one replicate of each question, all from the same points, and keep of the draws what has a fixed size.

    Parameters
    ----------
    questions : mapping of str to Question
        Of the same origins and the same R; only the force differs.
    seed : SeedSequence
        Of the replicate; the points are those of `sampling.cube`.
    log2_points : int
        Points are ``2**log2_points``.
    log2_block : int
        Points that are held at a time, at least 10; changes the memory and the time, and no bit of the result.

    Notes
    -----
    O(2**log2_points) time; memory O(2**log2_block + CELLS) for each origin and question.
    """
    chosen = next(iter(questions.values()))
    first = cube(seed, log2_points=min(log2_points, _LOG2_FIRST), dimensions=chosen.dimensions)
    kept = {}
    for key, question in questions.items():
        drawn = draw(question, first)
        grid = _Grid.of(drawn)
        kept[key] = Streamed(question, {name: _Tally.empty(grid, question.force, one) for name, one in drawn.items()})
    size = max(log2_block, _LOG2_SUM)
    for points in blocks(seed, log2_points=log2_points, dimensions=chosen.dimensions, log2_block=size):
        drawn = draw(chosen, points)
        for one in kept.values():
            given = drawn if one.question is chosen else over(drawn, one.question, points)
            for name, tally in one.tallies.items():
                tally.add(given[name])
    return kept
