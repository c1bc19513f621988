"""
The specification curve: the answer under every combination of choices, and what follows from all of them.

The envelope says what can be said whatever the choice; the alternatives, what each choice moves alone; the drivers,
which choices the differences come from. Nothing here samples. Refused: a combination left out. One that could not be
answered is there with its reason, and counts for nothing else.

>>> apportion(np.array([[0.0, 2.0], [1.0, 3.0]]), "median").first
(0.2, 0.8)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.distributions import FloatArray
from analysis.model import THRESHOLDS
from analysis.sampling import mean_and_mcse
from analysis.settings import Settings
from analysis.summary import Estimate, Exceedance, Interval

__all__ = [
    "CHOICES",
    "OUTPUTS",
    "Alternative",
    "Answer",
    "Choice",
    "Curve",
    "Drivers",
    "Envelope",
    "Level",
    "Specification",
    "apportion",
]

# In the order of the grid; each but the last is a setting, and "origins" stands for the weights.
CHOICES = ("pool", "width", "wounded_per_killed", "force", "origins")
# What the choices are held responsible for.
OUTPUTS = ("median", "interval width")


@dataclass(frozen=True, slots=True)
class Level:
    """
    One way to make a choice.

    Parameters
    ----------
    value : str or float
        What the setting holds; of the choice "origins", the weights.
    label : str
        For people: "linear", "2", "without NIS".
    """

    value: str | float
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """
    A choice of method and the ways to make it.

    Parameters
    ----------
    name : str
        One of `CHOICES`.
    levels : tuple of Level
    used : int
        Which of them the settings use.
    """

    name: str
    levels: tuple[Level, ...]
    used: int


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """
    The casualties ratio under one specification.

    Parameters
    ----------
    probabilities : array, shape (p,)
        `specifications.PROBABILITIES` and the ends of the settings' level, rising.
    quantiles, mcse : array, shape (p,)
        Means over the replicates, and their Monte Carlo standard errors.
    replicates : array, shape (16, p)
        The quantiles of each replicate; the same replicate of all specifications has the same points.
    estimate : Estimate
        The same as a run gives it, with 50, 80, 90 and 95 % intervals and that of the settings' level.
    exceedance : tuple of Exceedance
        At `model.THRESHOLDS`.
    kept : float
        Share of the draws in which casualties do not exceed the force.
    """

    probabilities: FloatArray
    quantiles: FloatArray
    mcse: FloatArray
    replicates: FloatArray
    estimate: Estimate
    exceedance: tuple[Exceedance, ...]
    kept: float

    @property
    def median(self) -> float:
        """Share of the force."""
        return self.estimate.median

    def at(self, p: float) -> float:
        """
        The quantile at one of ``probabilities``.

        Raises
        ------
        KeyError
            If it is none of them.
        """
        near = np.flatnonzero(np.abs(self.probabilities - p) < 1e-12)  # decimals in their binary form
        if not near.size:
            raise KeyError(f"no quantile at {p}")
        return float(self.quantiles[near[0]])

    def interval(self, level: float) -> Interval:
        """The interval of a level that a run gives."""
        return self.estimate.interval(level)


@dataclass(frozen=True, slots=True, eq=False)
class Specification:
    """
    One combination of the choices.

    Parameters
    ----------
    settings : Settings
        `pipeline.run` of them gives the same numbers.
    levels : tuple of int
        Place in ``Choice.levels``, for each of `CHOICES`.
    used : bool
        Whether it is the one in use.
    answer : Answer or None
        ``None`` if it is refused.
    refused : str or None
        What `pipeline.run` says of it; ``None`` if it is answered.
    """

    settings: Settings
    levels: tuple[int, ...]
    used: bool
    answer: Answer | None
    refused: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """
    The least and the largest of all answered specifications: a p-box, whatever the choice within these.

    Its ends belong to single specifications; no specification is the envelope, and it has no probability of its own.

    Parameters
    ----------
    probabilities : array, shape (p,)
    low, high : array, shape (p,)
        Least and largest quantile, shares of the force.
    low_from, high_from : array of int, shape (p,)
        Places in ``Curve.specifications`` of those that give them; the first of several.
    thresholds : array, shape (t,)
        `model.THRESHOLDS`.
    exceeding_low, exceeding_high, exceeding_low_from, exceeding_high_from : array, shape (t,)
        The same for the probability of exceeding each threshold.
    """

    probabilities: FloatArray
    low: FloatArray
    high: FloatArray
    low_from: NDArray[np.intp]
    high_from: NDArray[np.intp]
    thresholds: FloatArray
    exceeding_low: FloatArray
    exceeding_high: FloatArray
    exceeding_low_from: NDArray[np.intp]
    exceeding_high_from: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """
    One choice made another way, all else as in use.

    Parameters
    ----------
    choice : Choice
    level : Level
    specification : Specification
    difference, mcse : float or None
        Of the median from the one in use, shares of the force; the error is that of the difference in each replicate,
        whose points are the same. ``None`` if refused.
    killed : Estimate or None
        The killed over the force, the same as a run gives it: wounded per killed moves these where it moves no
        casualties. ``None`` if refused.
    """

    choice: Choice
    level: Level
    specification: Specification
    difference: float | None
    mcse: float | None
    killed: Estimate | None


@dataclass(frozen=True, slots=True)
class Drivers:
    """
    How much of what differs between specifications comes from each choice: Sobol indices over the factorial.

    Every level counts alike, and so does every answered combination: that is judgement. Nobody need hold a halved
    width as probable as a doubled one, and two levels that come to the same (where one claim is both the force
    reported and the force deployed) count as two.

    Where all combinations are answered, ``first`` is the share of the variance that a choice explains alone, ``total``
    the share that is left when all other choices are made, and what ``total`` has more is interactions. Where some are
    refused, both are taken over the answered ones. The choices are then no longer independent, since one may decide
    whether another can be made: ``first`` holds some of what the others explain, and ``total`` may be below it.

    Parameters
    ----------
    output : str
        One of `OUTPUTS`: logarithm of the median, or of the width of the interval of the settings' level.
    variance : float
        Of the logarithm, over the answered combinations.
    first, total : tuple of float
        For each of `CHOICES`; 0 where nothing differs.
    answered, combinations : int
        How many have the output, and how many there are.
    """

    output: str
    variance: float
    first: tuple[float, ...]
    total: tuple[float, ...]
    answered: int
    combinations: int


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """
    Every specification, answered or refused.

    Parameters
    ----------
    settings : Settings
        Those in use.
    choices : tuple of Choice
        In the order of `CHOICES`.
    specifications : tuple of Specification
        In the order of `specifications.grid`: the last choice changes first.
    computed : int
        How many answers were computed; a choice that plays no part in a specification has no answer of its own.
    killed : mapping of tuple of int to Estimate
        The killed over the force, by `Specification.levels`: of the one in use and those that differ from it in one
        choice, where they are answered.
    """

    settings: Settings
    choices: tuple[Choice, ...]
    specifications: tuple[Specification, ...]
    computed: int
    killed: Mapping[tuple[int, ...], Estimate]

    @property
    def used(self) -> Specification:
        """The one in use; it is always answered."""
        return next(one for one in self.specifications if one.used)

    @property
    def answered(self) -> tuple[Specification, ...]:
        """Those with an answer, in the order of the grid."""
        return tuple(one for one in self.specifications if one.answer)

    @property
    def refused(self) -> tuple[Specification, ...]:
        """Those without one."""
        return tuple(one for one in self.specifications if one.refused is not None)

    def by_median(self) -> tuple[Specification, ...]:
        """The answered ones, medians rising; those with the same median as in the grid."""
        return tuple(sorted(self.answered, key=lambda one: one.answer.median))  # type: ignore[union-attr]

    def envelope(self) -> Envelope:
        """The p-box of all answered specifications."""
        places = np.array([at for at, one in enumerate(self.specifications) if one.answer])
        answers = [one.answer for one in self.answered if one.answer]
        quantiles = np.array([one.quantiles for one in answers])
        exceeding = np.array([[at.probability for at in one.exceedance] for one in answers])
        return Envelope(
            answers[0].probabilities,
            quantiles.min(axis=0),
            quantiles.max(axis=0),
            places[quantiles.argmin(axis=0)],
            places[quantiles.argmax(axis=0)],
            np.array(THRESHOLDS),
            exceeding.min(axis=0),
            exceeding.max(axis=0),
            places[exceeding.argmin(axis=0)],
            places[exceeding.argmax(axis=0)],
        )

    def alternatives(self) -> tuple[Alternative, ...]:
        """Every level of every choice with all else as in use, the level in use among them."""
        by_levels = {one.levels: one for one in self.specifications}
        found = []
        for at, choice in enumerate(self.choices):
            for place, level in enumerate(choice.levels):
                other = by_levels[(*self.used.levels[:at], place, *self.used.levels[at + 1 :])]
                moved = _difference(other.answer, self.used.answer)
                found.append(Alternative(choice, level, other, *moved, self.killed.get(other.levels)))
        return tuple(found)

    def drivers(self) -> tuple[Drivers, ...]:
        """What the choices are responsible for, for each of `OUTPUTS`."""
        return tuple(apportion(self._table(output), output) for output in OUTPUTS)

    def _table(self, output: str) -> FloatArray:
        """The logarithm of an output over the factorial; nan for what has none."""
        values = []
        for one in self.specifications:
            value = 0.0
            if one.answer:
                ends = one.answer.interval(self.settings.level)
                value = one.answer.median if output == "median" else ends.high - ends.low
            values.append(np.log(value) if value > 0 else np.nan)
        return np.reshape(values, [len(choice.levels) for choice in self.choices])


def _difference(other: Answer | None, used: Answer | None) -> tuple[float | None, float | None]:
    if other is None or used is None:
        return None, None
    at = int(np.flatnonzero(used.probabilities == 0.5)[0])
    mean, mcse = mean_and_mcse(other.replicates[:, at] - used.replicates[:, at])
    return float(mean), float(mcse)


def apportion(table: FloatArray, output: str) -> Drivers:
    """
    Analysis of variance over a factorial.

    Parameters
    ----------
    table : array
        An axis for each choice; nan where there is no answer. A level without any answer is no level.
    output : str
        What the table holds.

    Notes
    -----
    With Y over the answered cells, each as probable as any other: first = Var(E[Y | X_i]) / Var(Y) and total =
    E[Var(Y | all but X_i)] / Var(Y) (Homma and Saltelli 1996), exactly, since every cell is known. O(cells * choices).

    Examples
    --------
    Two choices that add up, the second of which moves the answer twice as far.

    >>> apportion(np.array([[0.0, 2.0], [1.0, 3.0]]), "median").first
    (0.2, 0.8)
    """
    known = ~np.isnan(table)
    values = np.where(known, table, 0.0)
    count = int(known.sum())
    centred = np.where(known, values - values.sum() / max(count, 1), 0.0)
    # Answers that are alike to their last digits are alike: what is left of a sum of them is its rounding.
    alike = count == 0 or np.ptp(table[known]) <= 1e-12 * np.abs(table[known]).max()
    variance = 0.0 if alike else float((centred**2).sum() / count)
    first, total = [], []
    for axis in range(table.ndim):
        others = tuple(other for other in range(table.ndim) if other != axis)
        explained = float((_means(centred, known, others) ** 2 * known).sum())
        left = np.where(known, centred - _means(centred, known, (axis,)), 0.0)
        first.append(_share(explained / max(count, 1), variance))
        total.append(_share(float((left**2).sum()) / max(count, 1), variance))
    return Drivers(output, variance, tuple(first), tuple(total), count, table.size)


def _means(values: FloatArray, known: NDArray[np.bool_], axes: tuple[int, ...]) -> FloatArray:
    """Means of the known values along axes, in the shape of the table; 0 where none is known."""
    counts = known.sum(axis=axes, keepdims=True)
    return values.sum(axis=axes, keepdims=True) / np.maximum(counts, 1)


def _share(part: float, whole: float) -> float:
    # Below 1e-12 a share is the rounding of the sums, and would differ from one processor to the next.
    return part / whole if whole > 0 and part > 1e-12 * whole else 0.0
