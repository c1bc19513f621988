"""
How well readings cover real outcomes: headlines of the first days against the counts that were coded in the end.

`read_pairs` has the pairs, `coverage` holds any reading against them, and `fit` is where the parameters of
``[rule.breaking]`` of "at least" and of ``[reporting.first-day]`` come from:

- the share of counts that end below and on the headline's number: of the hedge's own pairs;
- below it, ratios lie evenly on the logarithmic scale, from the third at which the pairs were cut off;
- above it, what comes on top is exponential, its mean from the pairs of both hedges, corrected for the cut at four
  times the number: 12 pairs of "at least" alone cannot tell a tail.

Three numbers for a hedge, in closed form. `cross_validate` fits without an event and reads that event's headlines.

>>> pairs = read_pairs()
>>> found = fit(pairs, "at least")
>>> round(found.below, 2), round(found.on, 2), round(found.excess, 2)
(0.19, 0.24, 0.52)
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from analysis.distributions import Distribution, LogNormal, Mixture, Pareto, Spliced, Uniform, point
from analysis.errors import InputError
from analysis.lexicon import Growth, Lexicon, read_lexicon
from analysis.wording import read

__all__ = [
    "HEDGES",
    "LEVELS",
    "PAIRS",
    "Coverage",
    "Pair",
    "about_pairs",
    "coverage",
    "cross_validate",
    "fit",
    "fitted",
    "interval_score",
    "present",
    "read_pairs",
    "recommended",
]

PAIRS = Path(__file__).parent / "data" / "headline-pairs.csv"
LEVELS = (0.5, 0.8, 0.9)
# The wording that stands for each hedge of the pairs; those without one have too few pairs, or are not one hedge.
HEDGES = {"at least": "at least {}", "bare": "{}"}


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A headline and its outcome.

    Parameters
    ----------
    event : str
        Of UCDP GED.
    hedge : str
        One of the column ``hedge``: "bare" is none.
    stated, final : float
        People killed, in the headline and as finally coded.
    sources : int
        That the count was coded from.
    """

    event: str
    hedge: str
    stated: float
    final: float
    sources: int

    @property
    def ratio(self) -> float:
        """The final count over the stated one."""
        return self.final / self.stated


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How often an interval held the outcome.

    Parameters
    ----------
    hedge : str
    level : float
        Probability that the interval should hold.
    pairs, covered : int
        How many outcomes there are, and how many of them lay inside, ends included.
    low, high : float
        Exact 95 % interval of the share covered (Clopper and Pearson 1934).
    score : float
        Mean interval score of the final count over the stated one; less is better (Gneiting and Raftery 2007).
    """

    hedge: str
    level: float
    pairs: int
    covered: int
    low: float
    high: float
    score: float

    @property
    def share(self) -> float:
        """Of outcomes inside, 0 to 1."""
        return self.covered / self.pairs


@cache
def about_pairs(path: Path = PAIRS) -> dict[str, object]:
    """What stands beside the pairs: title, source, licence, how they were chosen, and the recommended parameters."""
    return tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))


def read_pairs(path: Path = PAIRS) -> tuple[Pair, ...]:
    """
    Read pairs of headline and final count.

    Raises
    ------
    InputError
        With a line for each row whose numbers are none, or not positive.
    """
    pairs, faults = [], []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                pair = Pair(
                    row["event_id"], row["hedge"], float(row["stated"]), float(row["best"]), int(row["sources"])
                )
            except (KeyError, TypeError, ValueError):
                faults.append(f"{path.name}:{line}: is {row}, expected event_id, hedge, stated, best and sources")
                continue
            if not (0 < pair.stated < np.inf and 0 < pair.final < np.inf):
                faults.append(
                    f"{path.name}:{line}: stated and best are {pair.stated:g} and {pair.final:g}, expected > 0"
                )
            pairs.append(pair)
    if faults:
        raise InputError(*faults)
    return tuple(pairs)


def present(pair: Pair, *, lexicon: Lexicon | None = None) -> Distribution:
    """The reading of a headline as the lexicon has it now: breaking news, whoever spoke."""
    lexicon = lexicon or read_lexicon()
    name = lexicon.breaking.layer
    reading = read(HEDGES[pair.hedge].format(f"{pair.stated:,.0f}"), lexicon=lexicon)
    distribution = reading.reported_by(lexicon.reporting[name], name).distribution
    if distribution is None:
        raise ValueError(f"{reading.wording!r} has no number")
    return distribution


def recommended(pair: Pair) -> Distribution:
    """The reading of a headline with the parameters that were recommended before any fit."""
    old = about_pairs()["recommended"][pair.hedge]  # type: ignore[index]
    on, rest = point(pair.stated), 1 - old["on"]
    if pair.hedge == "bare":
        return Mixture((on, LogNormal(old["median"] * pair.stated, old["sd_log"])), (old["on"], rest))
    below = Uniform(old["uniform_from"] * pair.stated, pair.stated)
    weights = (old["below"], old["on"], 1 - old["below"] - old["on"])
    return Spliced((below, on, Pareto(pair.stated, old["alpha"])), weights)


def fitted(growth: Growth) -> Callable[[Pair], Distribution]:
    """The reading of a headline with these parameters."""
    return lambda pair: growth.distribution(pair.stated)


def fit(pairs: Iterable[Pair], hedge: str) -> Growth:
    """
    Parameters of first-day counts from pairs, by maximum likelihood (see the module's own words).

    Parameters
    ----------
    pairs : iterable of Pair
        Of both hedges.
    hedge : str
        One of `HEDGES`.
    """
    used = [pair for pair in pairs if pair.hedge in HEDGES]
    own = np.array([pair.ratio for pair in used if pair.hedge == hedge])
    every = np.array([pair.ratio for pair in used])
    return Growth(
        below=float(np.mean(own < 1)),
        floor=_trim("trimmed_below"),
        on=float(np.mean(own == 1)),
        excess=_exponential_mean(every[every > 1] - 1, most=_trim("trimmed_above") - 1),
    )


def _trim(name: str) -> float:
    return float(about_pairs()[name])  # type: ignore[arg-type]


def _exponential_mean(excess: np.ndarray, *, most: float) -> float:
    """The mean of an exponential of which only values below ``most`` were kept, by maximum likelihood."""
    from scipy.optimize import brentq  # half a second of imports, only where a fit is wanted

    seen = float(excess.mean())
    # The mean of what is kept is m - most / (exp(most / m) - 1), which rises in m towards most / 2.
    return float(brentq(lambda m: m - most / np.expm1(most / m) - seen, 0.1 * seen, 100 * most))


def cross_validate(pairs: Sequence[Pair], hedge: str, level: float) -> Coverage:
    """Coverage where each event's headlines are read with the parameters fitted to all other events."""
    readings = {}
    for event in {pair.event for pair in pairs if pair.hedge == hedge}:
        growth = fit([pair for pair in pairs if pair.event != event], hedge)
        readings[event] = fitted(growth)
    return coverage(pairs, hedge, level, reading=lambda pair: readings[pair.event](pair))


def coverage(
    pairs: Iterable[Pair], hedge: str, level: float, *, reading: Callable[[Pair], Distribution] = present
) -> Coverage:
    """
    How often the equal-tailed interval of a reading holds the final count.

    Parameters
    ----------
    pairs : iterable of Pair
    hedge : str
        Only its pairs are used.
    level : float
        Of the interval.
    reading : callable
        Makes a distribution of a pair without looking at its outcome.

    Raises
    ------
    InputError
        If no pair has this hedge.
    """
    from scipy.stats import binomtest  # a second of imports, only where coverage is wanted

    used = [pair for pair in pairs if pair.hedge == hedge]
    if not used:
        raise InputError(f"hedge is {hedge!r}, expected one that pairs have")
    ends = np.array([reading(pair).ppf(np.array([(1 - level) / 2, (1 + level) / 2])) / pair.stated for pair in used])
    ratios = np.array([pair.ratio for pair in used])
    # 1e-12: a count that ends on the number must lie inside an interval that ends on it, whatever was rounded.
    inside = (ends[:, 0] <= ratios * (1 + 1e-12)) & (ratios * (1 - 1e-12) <= ends[:, 1])
    share = binomtest(int(inside.sum()), len(used)).proportion_ci(0.95, method="exact")
    score = interval_score(ends[:, 0], ends[:, 1], ratios, level=level)
    return Coverage(
        hedge, level, len(used), int(inside.sum()), float(share.low), float(share.high), float(score.mean())
    )


def interval_score(low: np.ndarray, high: np.ndarray, value: np.ndarray, *, level: float) -> np.ndarray:
    """
    Width of an interval, plus what each miss costs (Gneiting and Raftery 2007, eq. 43).

    Parameters
    ----------
    low, high, value : array, same shape
    level : float
        Of the interval; a miss costs ``2 / (1 - level)`` times its distance.

    Examples
    --------
    >>> interval_score(np.array([1.0]), np.array([3.0]), np.array([3.5]), level=0.8).round(9)
    array([7.])
    """
    missed = np.maximum(low - value, 0.0) + np.maximum(value - high, 0.0)
    return high - low + 2 / (1 - level) * missed
