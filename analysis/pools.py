"""
How origins are combined: the linear pool, the logarithmic pool, and the median of quantiles.

A pool is a rule for the casualties. How these are split into killed and wounded, and the force behind them, stay with
the draws that the casualties come from, so that in every draw of every pool the identity holds and casualties do not
exceed the force.

linear       averages the origins' probabilities: ``sum w f``. It keeps their disagreement, and is the headline.
logarithmic  multiplies their densities: ``prod f**w``, up to a factor, with weights that add to 1, so that origins
             which say the same are worth one of them. It is at home where all agree; one narrow origin can veto.
median       takes the median of the origins' quantiles at every probability. It keeps the shape of an origin, and
             lies between origins that disagree, where none of them is.

Genest and Zidek (1986) compare the first two; the third is how ensembles of forecasts are made (Lichtendahl,
Grushka-Cockayne and Winkler 2013, on averaging quantiles).

Raising a lower bound lowers no quantile of the linear pool, nor of the casualties of the median pool. In the
logarithmic pool it may: where two origins part, that pool goes to what they still share.

Refused: a logarithmic pool of origins that have no number of casualties in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.distributions import Distribution, FloatArray, as_table
from analysis.errors import InputError
from analysis.model import Draws, Losses, Question

__all__ = ["POOLS", "RESOLUTION", "Combined", "Pooling", "pooling"]

POOLS = ("linear", "logarithmic", "median")

# Two numbers of casualties nearer than this, as a share of them, are one to the logarithmic pool. Judgement: half of
# the last digit of a number printed with two. Origins that put probability on single numbers have no density else.
RESOLUTION = 0.05
_CELLS = 4  # to a RESOLUTION
_REACH = 4  # standard deviations of the blur
# Nodes of what is integrated over where casualties are made of two things; the blur hides what lies between them.
_NODES = 512
# Cells begin where less than so much of any origin lies, and end likewise.
_OUTSIDE = 1e-7


@dataclass(frozen=True, slots=True)
class Tilt:
    """
    How probable the logarithmic pool makes a number of casualties, as a share of what the linear pool makes it.

    Parameters
    ----------
    start, step : float
        Of the cells, in logarithms of casualties.
    value : array, shape (cells,)
        ``prod f**w / sum w f``, at most 1, which it is where all origins agree.
    """

    start: float
    step: float
    value: FloatArray

    def at(self, casualties: FloatArray) -> FloatArray:
        """The value for each number of casualties; that of the nearest cell beyond the ends."""
        with np.errstate(divide="ignore"):
            cell = np.floor((np.log(casualties) - self.start) / self.step)
        return self.value[np.clip(cell, 0, self.value.size - 1).astype(np.intp)]


@dataclass(frozen=True, slots=True)
class Combined:
    """
    Draws of a pool, by the origin that each comes from, for `model.summarize` and its like.

    Parameters
    ----------
    draws : mapping of str to Draws
        Of the origins with weight.
    question : Question
        With the weight that each origin's draws have in this pool.
    """

    draws: Mapping[str, Draws]
    question: Question


@dataclass(frozen=True, slots=True)
class Pooling:
    """
    A pool of a question's origins, ready for any number of draws; made by `pooling`.

    Parameters
    ----------
    rule : str
        One of `POOLS`.
    question : Question
    tilt : Tilt or None
        Of the logarithmic pool.
    agreement : float
        Mean of the tilt in the linear pool, from 0 (no number in common) to 1 (all say the same); 1 for other pools.
    """

    rule: str
    question: Question
    tilt: Tilt | None
    agreement: float

    def combine(self, drawn: Mapping[str, Draws], places: FloatArray) -> Combined:
        """
        Pool the origins drawn, from one matrix of points.

        Parameters
        ----------
        drawn : mapping of str to Draws
            Of every origin of the question.
        places : array, shape (n,)
            The force's column of the points.
        """
        weights = _shares(self.question)
        weighted = {name: drawn[name] for name in weights}
        question = replace(self.question, weights=weights)
        if len(weighted) == 1 or self.rule == "linear":
            return Combined(weighted, question)
        if self.tilt is not None:
            return _tilted(weighted, question, self.tilt)
        return _median(weighted, question, places)


def pooling(question: Question, rule: str) -> Pooling:
    """
    Prepare a pool.

    Parameters
    ----------
    question : Question
        Its weights must not all be zero.
    rule : str
        One of `POOLS`.

    Raises
    ------
    InputError
        If the pool is logarithmic and the origins have no number of casualties in common.

    Examples
    --------
    Two origins, each sure of a range; the logarithmic pool keeps what they have in common, here half of each, and some
    more at their edges by its resolution.

    >>> from analysis.distributions import Uniform, point
    >>> origins = {"A": {"casualties": Uniform(100.0, 300.0)}, "B": {"casualties": Uniform(200.0, 400.0)}}
    >>> asked = Question(origins, {"A": 0.5, "B": 0.5}, point(3.0), point(10_000.0))
    >>> round(pooling(asked, "logarithmic").agreement, 2)
    0.59
    """
    weights = _shares(question)
    if rule != "logarithmic" or len(weights) == 1:
        return Pooling(rule, question, None, 1.0)
    tilt, agreement = _agreement(question, weights)
    if agreement < _OUTSIDE:
        raise InputError(
            f"pool is 'logarithmic', but {' and '.join(weights)} have no number of casualties in common; "
            "expected linear or median"
        )
    return Pooling(rule, question, tilt, agreement)


def _shares(question: Question) -> dict[str, float]:
    """The weight of each origin that has one, adding to 1."""
    total = sum(question.weights.values())
    return {name: weight / total for name, weight in question.weights.items() if weight > 0}


def _agreement(question: Question, weights: Mapping[str, float]) -> tuple[Tilt, float]:
    """The tilt on cells that hold all origins, and its mean in the linear pool."""
    made = {name: _Casualties.of(question.origins[name], question.wounded_per_killed) for name in weights}
    step = RESOLUTION / _CELLS
    ends = [one.ends() for one in made.values()]
    start, stop = np.log(min(low for low, _ in ends)), np.log(max(high for _, high in ends))
    edges = np.exp(start + step * np.arange(-_REACH * _CELLS, int((stop - start) / step) + _REACH * _CELLS + 2))
    kept = 1 - question.force.below(np.sqrt(edges[1:] * edges[:-1]))
    masses = np.array([np.diff(one.cdf(edges)) * kept for one in made.values()])
    masses /= masses.sum(axis=1, keepdims=True)
    densities = np.array([_blurred(mass) for mass in masses])
    shares = np.array(list(weights.values()))
    with np.errstate(divide="ignore"):
        product = np.exp(shares @ np.log(densities))
    average = shares @ densities
    value = np.divide(product, average, out=np.zeros(average.size), where=average > 0)
    return Tilt(float(np.log(edges[0])), step, value), float((shares @ masses) @ value)


@dataclass(frozen=True, slots=True)
class _Casualties:
    """
    The cdf of an origin's casualties: those of a figure times each of some factors, or plus each of some numbers.

    ``ceiling`` is a second figure that the casualties are not below, or ``None``.
    """

    figure: Distribution
    factors: FloatArray
    terms: FloatArray
    ceiling: Distribution | None = None

    @classmethod
    def of(cls, given: Mapping[str, Distribution], wounded_per_killed: Distribution) -> _Casualties:
        nodes = (np.arange(_NODES) + 0.5) / _NODES
        one, none = np.ones(1), np.zeros(1)
        match dict(given):
            case {"killed": killed, "wounded": wounded}:
                return cls(as_table(wounded), one, killed.ppf(nodes))
            case {"killed": killed, "casualties": casualties}:
                return cls(as_table(casualties), one, none, as_table(killed))
            case {"casualties": casualties}:
                return cls(as_table(casualties), one, none)
            case {"killed": killed}:
                return cls(as_table(killed), 1 + wounded_per_killed.ppf(nodes), none)
            case {"wounded": wounded}:
                return cls(as_table(wounded), 1 + 1 / wounded_per_killed.ppf(nodes), none)
            case _:  # `model.draw` says what is expected
                raise ValueError(f"figures are {sorted(given)}")

    def cdf(self, x: FloatArray) -> FloatArray:
        parts = [self.figure.cdf((x - term) / factor) for factor in self.factors for term in self.terms]
        below = np.mean(parts, axis=0)
        return below if self.ceiling is None else below * self.ceiling.cdf(x)

    def ends(self) -> tuple[float, float]:
        """Casualties that next to nothing lies below and above."""
        figures = [self.figure] if self.ceiling is None else [self.figure, self.ceiling]
        low, high = np.max([one.ppf(np.array([_OUTSIDE, 1 - _OUTSIDE])) for one in figures], axis=0)
        high = float(high * self.factors.max() + self.terms.max())
        return max(float(low * self.factors.min() + self.terms.min()), 1e-9 * high), high


def _blurred(masses: FloatArray) -> FloatArray:
    """The mass of each cell, blurred by a normal of the resolution."""
    steps = np.arange(-_REACH * _CELLS, _REACH * _CELLS + 1) / _CELLS
    kernel = np.exp(-(steps**2) / 2)
    return np.convolve(masses, kernel / kernel.sum(), mode="same")


def _tilted(drawn: Mapping[str, Draws], question: Question, tilt: Tilt) -> Combined:
    """The linear pool's draws, each as probable as the product of the densities makes it beside their average."""
    tilted = {name: replace(one, tilt=tilt.at(one.losses.casualties)) for name, one in drawn.items()}
    shares = {
        name: question.weights[name] * float(one.mass.sum() / drawn[name].mass.sum()) for name, one in tilted.items()
    }
    # An origin none of whose draws has a place in the pool is not in it.
    total = sum(shares.values())
    kept = {name: one for name, one in tilted.items() if shares[name] > 0}
    return Combined(kept, replace(question, weights={name: shares[name] / total for name in kept}))


def _median(drawn: Mapping[str, Draws], question: Question, places: FloatArray) -> Combined:
    """Every origin's draws at their own rank, with the casualties that the pool has there."""
    orders = {name: np.argsort(one.losses.casualties, kind="stable") for name, one in drawn.items()}
    curves = {}
    for name, one in drawn.items():
        mass = one.mass[orders[name]]
        upto = np.cumsum(mass)
        curves[name] = ((upto - mass / 2) / upto[-1], one.losses.casualties[orders[name]])
    weights = np.array([question.weights[name] for name in drawn])
    moved = {}
    for name, one in drawn.items():
        ranks = curves[name][0]
        quantiles = np.array([np.interp(ranks, p, casualties) for p, casualties in curves.values()])
        casualties = np.empty(ranks.size)
        casualties[orders[name]] = _medians(quantiles, weights)
        moved[name] = _moved(one, casualties, question, places)
    return Combined(moved, question)


def _medians(values: FloatArray, weights: FloatArray) -> FloatArray:
    """
    Weighted medians of columns, interpolated as `sampling.weighted_quantiles` does.

    Parameters
    ----------
    values : array, shape (k, n)
    weights : array, shape (k,), positive, adding to 1

    Examples
    --------
    >>> _medians(np.array([[1.0, 4.0], [3.0, 2.0]]), np.array([0.75, 0.25]))
    array([1.5, 3.5])
    """
    order = np.argsort(values, axis=0, kind="stable")
    values, shares = np.take_along_axis(values, order, axis=0), weights[order]
    middle = np.cumsum(shares, axis=0) - shares / 2
    above = np.clip((middle < 0.5).sum(axis=0), 1, len(weights) - 1)
    columns = np.arange(values.shape[1])
    low, high = middle[above - 1, columns], middle[above, columns]
    part = np.clip((0.5 - low) / (high - low), 0.0, 1.0)
    return values[above - 1, columns] * (1 - part) + values[above, columns] * part


def _moved(one: Draws, casualties: FloatArray, question: Question, places: FloatArray) -> Draws:
    """A draw with other casualties, split in the same proportion, and the force given that it is at least these."""
    before = one.losses.casualties
    killed = casualties * np.divide(one.losses.killed, before, out=np.zeros(before.size), where=before > 0)
    losses = Losses(killed, casualties - killed)
    below = question.force.below(losses.casualties)
    force = np.maximum(question.force.ppf(below + places * (1 - below)), losses.casualties)
    tilt = np.divide(one.mass, 1 - below, out=np.zeros(before.size), where=below < 1)
    return Draws(losses, force, 1 - below, tilt)
