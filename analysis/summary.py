"""
Numbers that carry their uncertainty, and how they print: the range first, the centre second.

An `Estimate` cannot be built without intervals, so no number is printed without one. Digits follow from the
standard uncertainty and from the Monte Carlo standard error; more are never shown.

>>> interval = Interval(0.9, "equal-tailed", 0.0284, 0.1584, 0.00001, 0.00001)
>>> share = Estimate("casualties_ratio", "share of the force", 0.0827, 0.0855, 0.0436, 0.00001, 0.00001, (interval,))
>>> share.text(0.9, digits=2)
'2.8 % to 15.8 %, centre 8.3 %'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.displays import Displayed, Section, Table

__all__ = [
    "LIKELIHOOD",
    "NAMES",
    "PHIA",
    "Estimate",
    "Exceedance",
    "Interval",
    "estimates_table",
    "in_phia_gap",
    "kept_place",
    "likelihood",
    "percent",
    "rounded",
]

# What each quantity is called where it is shown.
NAMES = {
    "killed": "killed",
    "wounded": "wounded",
    "casualties": "casualties",
    "force": "size of the force",
    "killed_ratio": "killed, of the force",
    "wounded_ratio": "wounded, of the force",
    "casualties_ratio": "casualties, of the force",
    "wounded_per_killed": "wounded per killed",
    "killed_share": "killed, of casualties",
}

# Significant digits of the standard uncertainty where no setting says how many; the settings' own default.
_DIGITS = 2

# ICD 203 (2015): word and range in percent; nothing has a word below 1 and above 99 %. The ranges leave no gap
# between, so these words are the ones that print, and no word of another scale stands beside them.
LIKELIHOOD = (
    (1, 5, "almost no chance"),
    (5, 20, "very unlikely"),
    (20, 45, "unlikely"),
    (45, 55, "roughly even chance"),
    (55, 80, "likely"),
    (80, 95, "very likely"),
    (95, 99, "almost certain"),
)

# The ranges in percent to which the yardstick of the United Kingdom (PHIA) gives a word. It leaves gaps on purpose: a
# probability between two ranges has no word there, and a report that owed its words to that scale would print none.
PHIA = ((0, 5), (10, 20), (25, 35), (40, 50), (55, 75), (80, 90), (95, 100))


@dataclass(frozen=True, slots=True)
class Interval:
    """
    An interval with the probability inside it.

    Parameters
    ----------
    level : float
        Probability inside.
    kind : str
        "equal-tailed": as much probability below ``low`` as above ``high``.
    low, high : float
        In the unit of the estimate.
    mcse_low, mcse_high : float
        Monte Carlo standard errors of the two ends.
    """

    level: float
    kind: str
    low: float
    high: float
    mcse_low: float
    mcse_high: float


@dataclass(frozen=True, slots=True)
class Estimate(Displayed):
    """
    A quantity: centre, standard uncertainty and intervals.

    Shown with the Monte Carlo standard error of every number, and how many digits of the standard uncertainty that
    supports.

    Parameters
    ----------
    name, unit : str
    median, mean, sd : float
        ``sd`` is the standard uncertainty.
    mcse, mcse_mean : float
        Monte Carlo standard errors of the median and of the mean.
    intervals : tuple of Interval
        At least one, rising in level.

    Examples
    --------
    >>> interval = Interval(0.9, "equal-tailed", 0.0284, 0.1584, 0.00002, 0.0003)
    >>> print(Estimate("casualties_ratio", "share of the force", 0.0827, 0.0855, 0.0436, 0.00002, 0.001, (interval,)))
    casualties, of the force
    measure                     value    Monte Carlo standard error    digits that it supports
    --------------------  -----------  ----------------------------  -------------------------
    90 % range            2.8 to 16 %              0.002 and 0.03 %                          1
    median                      8.3 %                       0.002 %                          3
    mean                          9 %                         0.1 %                          1
    standard uncertainty        4.4 %
    Numbers print with 2 digits of the standard uncertainty, and with fewer where their Monte Carlo standard error does
    not support so many.
    """

    name: str
    unit: str
    median: float
    mean: float
    sd: float
    mcse: float
    mcse_mean: float
    intervals: tuple[Interval, ...]

    def __post_init__(self) -> None:
        if not self.intervals:
            raise ValueError(f"{self.name} has no interval; a number is not shown without one")

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Estimate:
        """The estimate that a record of results.json holds."""
        intervals = tuple(Interval(**interval) for interval in record["intervals"])  # type: ignore[attr-defined]
        return cls(**{**record, "intervals": intervals})  # type: ignore[arg-type]

    def interval(self, level: float) -> Interval:
        """
        The interval of this level.

        Raises
        ------
        KeyError
            If there is none.
        """
        for interval in self.intervals:
            if abs(interval.level - level) < 1e-9:  # levels are typed decimals; 1e-9 absorbs their binary form
                return interval
        raise KeyError(f"{self.name} has no interval of level {level}")

    def place(self, digits: int, mcse: float) -> int:
        """
        The decimal place to which a number of this estimate prints, as a power of ten.

        So many significant digits of the standard uncertainty, fewer where twice the number's own Monte Carlo
        standard error exceeds half a unit of the place (JCGM 101, 7.9.2).
        """
        # 1e-9 of the value is rounding of the processor and no uncertainty: whole soldiers, whole percents.
        if self.sd <= 1e-9 * abs(self.median):
            return -2 if self.is_share else 0
        place = int(np.floor(np.log10(self.sd))) - digits + 1
        while 2 * mcse > 0.5 * 10.0**place:
            place += 1
        return place

    def supported(self, mcse: float) -> int:
        """
        How many significant digits of the standard uncertainty a number with this standard error supports.

        As many as keep twice the error within half a unit of the last (JCGM 101, 7.9.2); at most 9, and 0 if not one.

        Examples
        --------
        >>> interval = Interval(0.9, "equal-tailed", 0.0284, 0.1584, 0.00001, 0.00001)
        >>> share = Estimate("casualties_ratio", "share of the force", 0.08, 0.09, 0.0436, 0.00002, 0.0003, (interval,))
        >>> share.supported(share.mcse), share.supported(share.mcse_mean), share.supported(0.0)
        (3, 1, 9)
        """
        if mcse <= 1e-9 * abs(self.median) or mcse <= 1e-9 * self.sd:  # rounding of the processor
            return 9
        # 1e-9 lets an error that is just half a unit pass.
        digits = int(np.floor(np.log10(self.sd))) + 1 - int(np.ceil(np.log10(4 * mcse) - 1e-9))
        return min(max(digits, 0), 9)

    @property
    def is_share(self) -> bool:
        """Whether it prints as a percentage."""
        return self.unit.startswith("share")

    def range(self, level: float, *, digits: int, signed: bool = True) -> str:
        """The interval in words: "290 to 1,540", "2.8 % to 15.8 %"."""
        interval = self.interval(level)
        low = self._shown(interval.low, self.place(digits, interval.mcse_low))
        high = self._shown(interval.high, self.place(digits, interval.mcse_high))
        sign = " %" if self.is_share and signed else ""
        return f"{low}{sign} to {high}{sign}"

    def centre(self, *, digits: int, signed: bool = True) -> str:
        """The median: "830", "8.3 %"."""
        return self._shown(self.median, self.place(digits, self.mcse)) + (" %" if self.is_share and signed else "")

    def average(self, *, digits: int) -> str:
        """The mean: "850", "8.5 %"."""
        return self._shown(self.mean, self.place(digits, self.mcse_mean)) + (" %" if self.is_share else "")

    def text(self, level: float, *, digits: int) -> str:
        """Range first, centre second."""
        return f"{self.range(level, digits=digits)}, centre {self.centre(digits=digits)}"

    def sections(self) -> tuple[Section, ...]:
        """Each range, then the centres and the standard uncertainty."""
        headings = ("measure", "value", "Monte Carlo standard error", "digits that it supports")
        rows = [
            (
                f"{100 * one.level:g} % range",
                self.range(one.level, digits=_DIGITS, signed=False) + self._sign,
                f"{self._error(one.mcse_low)} and {self._error(one.mcse_high)}{self._sign}",
                f"{min(map(self.supported, (one.mcse_low, one.mcse_high)))}",
            )
            for one in self.intervals
        ]
        centre, average = self.centre(digits=_DIGITS), self.average(digits=_DIGITS)
        for name, value, error in (("median", centre, self.mcse), ("mean", average, self.mcse_mean)):
            rows.append((name, value, f"{self._error(error)}{self._sign}", f"{self.supported(error)}"))
        rows.append(("standard uncertainty", self._shown(self.sd, self.place(_DIGITS, 0.0)) + self._sign, "", ""))
        unit = ", soldiers" if self.unit == "soldiers" else ""
        return (Section(NAMES.get(self.name, self.name) + unit, Table(headings, tuple(rows)), (_HONEST,)),)

    @property
    def _sign(self) -> str:
        return " %" if self.is_share else ""

    def _error(self, mcse: float) -> str:
        """A standard error with one digit."""
        if mcse <= 1e-9 * abs(self.median):  # rounding of the processor
            return "0"
        error = float(f"{100 * mcse if self.is_share else mcse:.0e}")
        return rounded(error, int(np.floor(np.log10(error) + 1e-9)))  # 1e-9: the logarithm of 0.001 is just below -3

    def _shown(self, value: float, place: int) -> str:
        place = kept_place(value, place, least=-12 if self.is_share or not self.unit.startswith("soldiers") else 0)
        return rounded(value * 100, place + 2) if self.is_share else rounded(value, place)


_HONEST = (
    f"Numbers print with {_DIGITS} digits of the standard uncertainty, and with fewer where their Monte Carlo standard "
    "error does not support so many."
)


def estimates_table(estimates: Sequence[Estimate], *, digits: int = _DIGITS) -> Table:
    """Every estimate in a row: equal-tailed intervals, median and mean."""
    levels = [interval.level for interval in estimates[0].intervals]
    headings = ("interval that holds", *(f"{100 * level:g} %" for level in levels), "median", "mean")
    rows = []
    for one in estimates:
        sign = " %" if one.is_share else ""
        ranges = (one.range(level, digits=digits, signed=False) + sign for level in levels)
        rows.append((NAMES[one.name], *ranges, one.centre(digits=digits), one.average(digits=digits)))
    return Table(headings, tuple(rows))


@dataclass(frozen=True, slots=True)
class Exceedance:
    """
    Probability that a ratio exceeds a share of the force.

    Parameters
    ----------
    name : str
        The ratio.
    threshold, probability, mcse : float
        All shares from 0 to 1.
    """

    name: str
    threshold: float
    probability: float
    mcse: float


def rounded(value: float, place: int) -> str:
    """
    A number to a decimal place, with separators for thousands.

    Examples
    --------
    >>> rounded(1536.6, 1), rounded(2.84, -1)
    ('1,540', '2.8')
    """
    value = float(np.round(value, -place))
    return f"{value:,.{max(-place, 0)}f}"


def kept_place(value: float, place: int, *, least: int = -12) -> int:
    """
    The place to print a value to, so that its first digit is not rounded away: at most four places below the one given.

    Parameters
    ----------
    value : float
    place : int
        What its error supports, as a power of ten.
    least : int
        A place that is not gone below for this: 0 for soldiers, of whom there are no fractions.

    Examples
    --------
    >>> kept_place(630.0, 3), kept_place(4_870.0, 2), kept_place(0.4, 1, least=0), kept_place(0.4, 0)
    (2, 2, 0, -1)
    >>> kept_place(1e-9, 0)
    -4
    """
    if value == 0 or abs(value) >= 10.0**place:
        return place
    return min(place, max(int(np.floor(np.log10(abs(value)))), place - 4, least))


def percent(probability: float) -> str:
    """
    A probability in whole percent; the ends are named, never rounded to certainty.

    Examples
    --------
    >>> percent(0.746), percent(0.0001), percent(0.9995)
    ('75 %', 'less than 1 %', 'more than 99 %')
    """
    if probability < 0.01:
        return "less than 1 %"
    if probability > 0.99:
        return "more than 99 %"
    return f"{100 * probability:.0f} %"


def likelihood(probability: float) -> str | None:
    """
    The word of ICD 203 for a probability, or ``None`` where it has none.

    Examples
    --------
    >>> likelihood(0.36), likelihood(0.92), likelihood(0.001)
    ('unlikely', 'very likely', None)
    """
    for low, high, word in LIKELIHOOD:
        if low <= 100 * probability < high:
            return word
    return None


def in_phia_gap(probability: float) -> bool:
    """
    Whether the yardstick of PHIA has no word for a probability, because it lies between two of its ranges.

    Examples
    --------
    >>> in_phia_gap(0.92), in_phia_gap(0.37), in_phia_gap(0.85), in_phia_gap(0.4)
    (True, True, False, False)
    """
    # 1e-9 lets a typed decimal stand on the end of a range.
    return not any(low - 1e-9 <= 100 * probability <= high + 1e-9 for low, high in PHIA)
