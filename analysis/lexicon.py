"""
The lexicon: the rules by which worded figures are read, each with its evidence, as ``lexicon.toml`` states them.

A rule knows its phrases and how to make a distribution from the numbers in them; the rules are data, checked here.

>>> lexicon = read_lexicon()
>>> next(rule.source for rule in lexicon.rule if rule.name == "around")
"Ferson 2015, row 'around'"
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.distributions import (
    Censored,
    Distribution,
    LogNormal,
    LogUniform,
    Pareto,
    Pert,
    Reach,
    ShiftedExponential,
    Spliced,
    Tabulated,
    Truncated,
    Uniform,
    point,
)
from analysis.errors import InputError

__all__ = [
    "LEXICON",
    "Growth",
    "Kind",
    "Layer",
    "Lexicon",
    "Number",
    "Rule",
    "Words",
    "ferson_width",
    "read_lexicon",
    "tokenize",
]

LEXICON = Path(__file__).parent / "data" / "lexicon.toml"

Kind = Literal["lower", "upper", "approx", "point", "range", "just_below", "vague", "none"]

_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?|[가-힣]|[^\W\d_가-힣]+|\S")


def tokenize(text: str) -> list[str]:
    """
    A text as numbers, words and signs, in small letters; all dashes are one.

    Examples
    --------
    >>> tokenize("At least 11,000–12,000")
    ['at', 'least', '11,000', '-', '12,000']
    """
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3})", ",", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = text.replace("c.", "circa").replace("approx.", "approx").replace("per cent", "%").replace("percent", "%")
    return _TOKEN.findall(text)


@dataclass(frozen=True, slots=True)
class Number:
    """
    A number as it was written.

    Parameters
    ----------
    value : Decimal
        Soldiers, or percent if ``percent``.
    percent : bool
        A percentage or a part of the whole ("a third").
    multiple : int
        What a word behind the digits multiplied them with: 1,000 in "10 thousand".

    Examples
    --------
    >>> Number(Decimal("12000")).zeros, Number(Decimal("150")).ends_in_five
    (3, True)
    """

    value: Decimal
    percent: bool = False
    multiple: int = 1

    @property
    def size(self) -> float:
        """The value as a float."""
        return float(self.value)

    @property
    def zeros(self) -> int:
        """Trailing zeros: the decimal place of the last significant digit. Fractions count as whole percents."""
        return int(self._whole().normalize().as_tuple().exponent)

    @property
    def ends_in_five(self) -> bool:
        """Whether the last significant digit is 5."""
        return self._whole().normalize().as_tuple().digits[-1] == 5

    @property
    def top_unit(self) -> float:
        """The decimal unit of the first digit: 1,000 for 3,000."""
        return float(10 ** self._whole().adjusted())

    @property
    def one_digit(self) -> bool:
        """Whether only the first digit differs from 0."""
        return len(self._whole().normalize().as_tuple().digits) == 1

    def _whole(self) -> Decimal:
        # A third is 33.33...; nobody who says so has four digits in mind.
        return round(self.value) + Decimal(0) if self.percent and len(self.value.as_tuple().digits) > 6 else self.value


def ferson_width(coefficients: tuple[float, ...], number: Number) -> float:
    """Total width in the number's unit that the median listener gives a hedge; Ferson et al. 2015."""
    a, b, c, d, e, f, g, h = coefficients
    z, r, five = np.log10(number.size), number.zeros, float(number.ends_in_five)
    log_width = a + b * z + c * r + d * five + e * z * r + f * z * five + g * r * five + h * z * r * five
    return float(10**log_width)


class Rule(BaseModel):
    """What every rule states; a subclass for each family adds its numbers and makes its distribution."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    kind: Kind
    phrases: Annotated[tuple[str, ...], Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    judgement: str = ""
    reporting_included: bool = False


class _Approximator(Rule):
    family: Literal["approximator"]
    coefficients: Annotated[tuple[float, ...], Field(min_length=8, max_length=8)]
    sigma: Annotated[float, Field(gt=0)]

    def width(self, number: Number) -> float:
        return ferson_width(self.coefficients, number)

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        half = self.width(numbers[0]) / 2
        # Clipped to 0.1 to 6 times the median reach: beyond it the regression's spread is noise.
        spread = self.sigma * np.log(10)
        return Reach(numbers[0].size, half, spread, least=0.1 * half, most=6 * half, shape=1, above=0.5)


class _Nearly(_Approximator):
    family: Literal["nearly"]  # type: ignore[assignment]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number = numbers[0].size
        reach, most = self.width(numbers[0]), 0.3 * number
        return Reach(number, reach, self.sigma * np.log(10), least=0.0, most=most, shape=2, above=0.02)


class _Bare(Rule):
    family: Literal["bare"]
    exact: float
    near: float
    far: float
    near_reach: float
    far_reach: float
    far_cap: float

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number = numbers[0]
        if number.zeros < 1:
            return point(number.size)
        unit = 10.0**number.zeros
        near = self.near_reach * unit
        far = max(min(self.far_reach * unit, self.far_cap * number.size), near)
        offsets = np.array([-far, -near, 0.0, 0.0, near, far])
        spread = self.near * np.clip((offsets + near) / (2 * near), 0, 1)
        spread += self.far * np.clip((offsets + far) / (2 * far), 0, 1)
        spread[3:] += self.exact
        spread /= spread[-1]
        return Tabulated(number.size + offsets, spread)


class _Exact(Rule):
    family: Literal["exact"]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return point(numbers[0].size)


class _Sum(Rule):
    family: Literal["sum"]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return point(sum(number.size for number in numbers))


class _MoreThan(Rule):
    family: Literal["more_than"]
    within: Annotated[float, Field(gt=0, lt=1)]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number = numbers[0]
        gap = number.top_unit / 2 if number.one_digit and number.zeros >= 1 else 10.0**number.zeros
        mean = gap / -np.log1p(-self.within)
        return Censored(ShiftedExponential(number.size, float(mean)), number.size + 2 * gap)


class Growth(BaseModel):
    """
    How the truth lies about a stated count: below it, on it, or above it.

    Parameters
    ----------
    below, on : float
        Probability of less than the count, and of exactly the count; the rest lies above it.
    floor : float
        The least part of the count that it may come down to; between, evenly on the scale of ratios.
    excess : float, optional
        Mean of what comes on top, in counts: an exponential tail.
    alpha : float, optional
        In place of ``excess``: a Pareto tail.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    below: Annotated[float, Field(ge=0, lt=1)]
    floor: Annotated[float, Field(gt=0, lt=1)]
    on: Annotated[float, Field(gt=0, lt=1)]
    excess: Annotated[float | None, Field(gt=0)] = None
    alpha: Annotated[float | None, Field(gt=1)] = None

    @model_validator(mode="after")
    def _whole(self) -> Growth:
        if (self.excess is None) == (self.alpha is None):
            raise ValueError("a tail needs either excess or alpha")
        if self.below + self.on >= 1:
            raise ValueError("below and on leave nothing above")
        return self

    def distribution(self, count: float) -> Distribution:
        """The truth behind a count; same unit."""
        above: Distribution = Pareto(count, self.alpha) if self.alpha else ShiftedExponential(count, self._mean(count))
        parts: list[Distribution] = [point(count), above]
        weights = [self.on, 1 - self.on - self.below]
        if self.below > 0:
            parts, weights = [LogUniform(self.floor * count, count), *parts], [self.below, *weights]
        return Spliced(tuple(parts), tuple(weights))

    def _mean(self, count: float) -> float:
        return (self.excess or 0.0) * count


class _AtLeast(Rule):
    family: Literal["at_least"]
    breaking: Growth
    settled: Growth

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return (self.breaking if breaking else self.settled).distribution(numbers[0].size)


class _Upper(Rule):
    family: Literal["upper"]
    low: float
    mode: float
    leak: Annotated[float, Field(ge=0, lt=1)]
    leak_to: float

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number = numbers[0].size
        body = Pert(self.low * number, self.mode * number, number)
        if self.leak == 0:
            return body
        return Spliced((body, Uniform(number, self.leak_to * number)), (1 - self.leak, self.leak))


class _Between(Rule):
    family: Literal["between"]
    inside: Annotated[float, Field(gt=0, lt=1)]
    tail: Annotated[float, Field(gt=0)]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        low, high = numbers[0].size, numbers[-1].size
        scale, beyond = self.tail * (high - low), (1 - self.inside) / 2
        parts = (ShiftedExponential(low, -scale), Uniform(low, high), ShiftedExponential(high, scale))
        return Spliced(parts, (beyond, self.inside, beyond))


class _Couple(Rule):
    family: Literal["couple"]
    two: Annotated[float, Field(gt=0, lt=1)]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return Tabulated(np.array([2.0, 2.0, 3.0, 3.0]), np.array([0.0, self.two, self.two, 1.0]))


class _Vague(Rule):
    family: Literal["vague"]
    median: float
    sd_log: float
    low: float
    high: float

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return Truncated(LogNormal(self.median, self.sd_log), self.low, self.high)


class _NoNumber(Rule):
    family: Literal["none"]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> None:
        return None


AnyRule = Annotated[
    _Approximator
    | _Nearly
    | _Bare
    | _Exact
    | _Sum
    | _MoreThan
    | _AtLeast
    | _Upper
    | _Between
    | _Couple
    | _Vague
    | _NoNumber,
    Field(discriminator="family"),
]


class Words(BaseModel):
    """Numbers in words, and what may follow a figure without changing it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nouns: tuple[str, ...]
    quantities: Mapping[str, tuple[str, ...]]
    remarks: tuple[str, ...]
    partly: tuple[str, ...]
    rates: tuple[str, ...]
    numbers: Mapping[str, int]
    multiples: Mapping[str, int]
    fractions: Mapping[str, float]


class Layer(BaseModel):
    """
    A positive factor: lognormal by ``median`` and ``sd_log``, uniform by ``low`` and ``high``, or none of both.

    A layer with ``growth`` holds for breaking news and for the rules that it names. It was measured on stated
    numbers, so it stands in place of what the words leave open and not on top of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: Annotated[float, Field(gt=0)] | None = None
    sd_log: Annotated[float, Field(gt=0)] | None = None
    low: Annotated[float, Field(ge=0)] | None = None
    high: Annotated[float, Field(gt=0)] | None = None
    growth: Growth | None = None
    rules: tuple[str, ...] = ()
    source: Annotated[str, Field(min_length=1)]
    judgement: str = ""

    def distribution(self) -> LogNormal | Uniform | None:
        """The factor's distribution, or ``None`` where there is no factor."""
        if self.median is not None and self.sd_log is not None:
            return LogNormal(self.median, self.sd_log)
        if self.low is not None and self.high is not None:
            return Uniform(self.low, self.high)
        return None


class _Breaking(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[int, Field(ge=0)]
    layer: str
    source: str
    judgement: str


class Lexicon(BaseModel):
    """All rules and layers, as ``lexicon.toml`` states them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    largest: float
    references: Mapping[str, str]
    rule: tuple[AnyRule, ...]
    words: Words
    reporting: Mapping[str, Layer]
    breaking: _Breaking
    wounded_per_killed: Mapping[str, Layer]
    digest: str
    file: str

    def __hash__(self) -> int:
        return hash(self.digest)

    def growth_of(self, name: str) -> Growth:
        """How first-day counts grow behind the rule of this name, which must hold it."""
        rule = next(rule for rule in self.rule if rule.name == name)
        if not isinstance(rule, _AtLeast):
            raise ValueError(f"the rule {name!r} holds no growth")
        return rule.breaking


@lru_cache(maxsize=8)
def read_lexicon(path: Path = LEXICON) -> Lexicon:
    """
    Read and check a lexicon.

    Raises
    ------
    InputError
        With a line for every fault.
    """
    content = path.read_bytes()
    try:
        tables = tomllib.loads(content.decode("utf-8"))
        return Lexicon.model_validate({**tables, "digest": hashlib.sha256(content).hexdigest(), "file": path.name})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name}: is not TOML ({error})") from None
    except ValidationError as error:
        where = [".".join(str(step) for step in fault["loc"]) for fault in error.errors()]
        messages = [fault["msg"].lower() for fault in error.errors()]
        raise InputError(*(f"{path.name}: {w}: {m}" for w, m in zip(where, messages, strict=True))) from None
