"""
From a worded figure to a reading: what kind of bound it is, its numbers, and a probability distribution.

The rules are data (``analysis/data/lexicon.toml``); this module turns them into distributions and fits text to
them, whole words, longest template first. What no rule fits raises and says where to add one; it never guesses.

>>> reading = read("at least 100")
>>> reading.kind, reading.low, reading.rule
('lower', 100.0, 'at least')
>>> reading.quantiles().round(1)
array([ 81.2, 100. , 110.1, 134.2, 212.6])
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.distributions import (
    Censored,
    Distribution,
    FloatArray,
    LogNormal,
    Pareto,
    Pert,
    Quotient,
    Reach,
    Scaled,
    ShiftedExponential,
    Spliced,
    Tabulated,
    Truncated,
    Uniform,
    point,
)
from analysis.errors import InputError

__all__ = ["QUANTILES", "Kind", "Lexicon", "Number", "Reading", "read", "read_lexicon"]

LEXICON = Path(__file__).parent / "data" / "lexicon.toml"

# The probabilities at which every reading is shown back.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Kind = Literal["lower", "upper", "approx", "point", "range", "just_below", "vague", "none"]


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

    Examples
    --------
    >>> Number(Decimal("12000")).zeros, Number(Decimal("150")).ends_in_five
    (3, True)
    """

    value: Decimal
    percent: bool = False

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


def _ferson_width(coefficients: tuple[float, ...], number: Number) -> float:
    """Total width in the number's unit that the median listener gives a hedge; Ferson et al. 2015."""
    a, b, c, d, e, f, g, h = coefficients
    z, r, five = np.log10(number.size), number.zeros, float(number.ends_in_five)
    log_width = a + b * z + c * r + d * five + e * z * r + f * z * five + g * r * five + h * z * r * five
    return float(10**log_width)


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    kind: Kind
    phrases: Annotated[tuple[str, ...], Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    judgement: str = ""
    reporting_included: bool = False


class _Approximator(_Rule):
    family: Literal["approximator"]
    coefficients: Annotated[tuple[float, ...], Field(min_length=8, max_length=8)]
    sigma: Annotated[float, Field(gt=0)]

    def width(self, number: Number) -> float:
        return _ferson_width(self.coefficients, number)

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


class _Bare(_Rule):
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


class _Exact(_Rule):
    family: Literal["exact"]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return point(numbers[0].size)


class _MoreThan(_Rule):
    family: Literal["more_than"]
    within: Annotated[float, Field(gt=0, lt=1)]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number = numbers[0]
        gap = number.top_unit / 2 if number.one_digit and number.zeros >= 1 else 10.0**number.zeros
        mean = gap / -np.log1p(-self.within)
        return Censored(ShiftedExponential(number.size, float(mean)), number.size + 2 * gap)


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    below: Annotated[float, Field(ge=0, lt=1)]
    floor: Annotated[float, Field(gt=0, lt=1)]
    on: Annotated[float, Field(gt=0, lt=1)]
    alpha: Annotated[float, Field(gt=1)]


class _AtLeast(_Rule):
    family: Literal["at_least"]
    breaking: _Form
    settled: _Form

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number, form = numbers[0].size, self.breaking if breaking else self.settled
        parts: list[Distribution] = [point(number), Pareto(number, form.alpha)]
        weights = [form.on, 1 - form.on - form.below]
        if form.below > 0:
            parts, weights = [Uniform(form.floor * number, number), *parts], [form.below, *weights]
        return Spliced(tuple(parts), tuple(weights))


class _Upper(_Rule):
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


class _Between(_Rule):
    family: Literal["between"]
    inside: Annotated[float, Field(gt=0, lt=1)]
    tail: Annotated[float, Field(gt=0)]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        low, high = numbers[0].size, numbers[1].size
        scale, beyond = self.tail * (high - low), (1 - self.inside) / 2
        parts = (ShiftedExponential(low, -scale), Uniform(low, high), ShiftedExponential(high, scale))
        return Spliced(parts, (beyond, self.inside, beyond))


class _Couple(_Rule):
    family: Literal["couple"]
    two: Annotated[float, Field(gt=0, lt=1)]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return Tabulated(np.array([2.0, 2.0, 3.0, 3.0]), np.array([0.0, self.two, self.two, 1.0]))


class _Vague(_Rule):
    family: Literal["vague"]
    median: float
    sd_log: float
    low: float
    high: float

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        return Truncated(LogNormal(self.median, self.sd_log), self.low, self.high)


class _NoNumber(_Rule):
    family: Literal["none"]

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> None:
        return None


Rule = Annotated[
    _Approximator | _Nearly | _Bare | _Exact | _MoreThan | _AtLeast | _Upper | _Between | _Couple | _Vague | _NoNumber,
    Field(discriminator="family"),
]


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    nouns: tuple[str, ...]
    remarks: tuple[str, ...]
    numbers: Mapping[str, int]
    multiples: Mapping[str, int]
    fractions: Mapping[str, float]


class Layer(BaseModel):
    """A positive factor: lognormal by ``median`` and ``sd_log``, uniform by ``low`` and ``high``, or none of both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: Annotated[float, Field(gt=0)] | None = None
    sd_log: Annotated[float, Field(gt=0)] | None = None
    low: Annotated[float, Field(ge=0)] | None = None
    high: Annotated[float, Field(gt=0)] | None = None
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
    source: str
    judgement: str


class Lexicon(BaseModel):
    """All rules and layers, as ``lexicon.toml`` states them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    largest: float
    references: Mapping[str, str]
    rule: tuple[Rule, ...]
    words: _Words
    reporting: Mapping[str, Layer]
    breaking: _Breaking
    wounded_per_killed: Mapping[str, Layer]
    digest: str
    file: str

    @cached_property
    def templates(self) -> list[tuple[tuple[str, ...], _Rule]]:
        """Every phrase as tokens with its rule, longest first."""
        found = [(tuple(_tokens(phrase)), rule) for rule in self.rule for phrase in rule.phrases]
        return sorted(found, key=lambda pair: (-len(pair[0]), pair[0]))


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


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a worded figure is taken to mean.

    Parameters
    ----------
    wording : str
        As it was printed.
    kind : Kind
        How the figure binds.
    low, best, high : float or None
        Only numbers that the words contain; soldiers, or a share from 0 to 1 for percentages.
    distribution : Distribution or None
        ``None`` for words without a number.
    rule, source, judgement : str
        The rule of the lexicon, where its numbers come from, and what is judgement in it.
    reporting_included : bool
        Whether the rule already holds what the reporting layer would add.
    reporting : str
        The reporting layer on it, or "none".
    """

    wording: str
    kind: Kind
    low: float | None
    best: float | None
    high: float | None
    distribution: Distribution | None
    rule: str
    source: str
    judgement: str
    reporting_included: bool = False
    reporting: str = "none"

    def quantiles(self) -> FloatArray | None:
        """The 5, 25, 50, 75 and 95 % quantiles, shape (5,), or ``None`` for words without a number."""
        return None if self.distribution is None else self.distribution.ppf(np.array(QUANTILES))

    @property
    def stated(self) -> float | None:
        """The largest number that the words contain."""
        return max((n for n in (self.low, self.best, self.high) if n is not None), default=None)

    def reported_by(self, layer: Layer, name: str) -> Reading:
        """
        The same reading with the reporting layer of its origin on it, unless it holds one or none applies.

        Examples
        --------
        >>> layer = read_lexicon().reporting["third-party"]
        >>> read("approximately 1,000").reported_by(layer, "third-party").quantiles().round(-1)
        array([ 640.,  830., 1000., 1190., 1540.])
        """
        bias = layer.distribution()
        if self.distribution is None or self.reporting_included or not isinstance(bias, LogNormal):
            return self
        return Reading(
            wording=self.wording,
            kind=self.kind,
            low=self.low,
            best=self.best,
            high=self.high,
            distribution=Quotient(self.distribution, bias),
            rule=self.rule,
            source=layer.source,
            judgement=layer.judgement,
            reporting_included=True,
            reporting=name,
        )


_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?|[가-힣]|[^\W\d_가-힣]+|\S")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?")
_AMBIGUOUS = re.compile(r"\d{1,3}\.\d{3}")


def _tokens(text: str) -> list[str]:
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3})", ",", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = text.replace("c.", "circa").replace("approx.", "approx").replace("per cent", "%").replace("percent", "%")
    return _TOKEN.findall(text)


def read(wording: str, *, lexicon: Lexicon | None = None, breaking: bool = True) -> Reading:
    """
    Read a worded figure, wording layer only.

    Parameters
    ----------
    wording : str
        As printed, like "at least 100".
    lexicon : Lexicon, optional
        The one that ships, unless another is given.
    breaking : bool
        Whether it is breaking news; "at least" is then read wider and may be broken downwards.

    Raises
    ------
    InputError
        If no rule fits, or a number is negative, zero under a hedge, or absurd.
    """
    lexicon = lexicon or read_lexicon()
    items = _items(_tokens(wording), wording, lexicon.words)
    for template, rule in lexicon.templates:
        numbers = _fitted(template, items)
        if numbers is not None and _rest_passes(items[len(template) :], lexicon.words):
            _check_numbers(numbers, wording, lexicon)
            return _reading(wording, rule, numbers, breaking=breaking)
    raise InputError(
        f"wording is {wording!r}, which no rule of {lexicon.file} fits; add its words to the phrases of a rule there"
    )


Item = str | Number


def _items(tokens: list[str], wording: str, words: _Words) -> list[Item]:
    """The tokens, with every number that stands in them in place of its tokens."""
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        number, used = _number_at(tokens[at:], wording, words)
        items.append(tokens[at] if number is None else number)
        at += used
    return items


def _number_at(tokens: list[str], wording: str, words: _Words) -> tuple[Number | None, int]:
    """The number at the beginning of the tokens and how many it takes, else ``None`` and 1."""
    if tokens[0][0].isdecimal():
        return _in_digits(tokens, wording, words)
    for parse in (_fraction, _in_words):
        number, used = parse(tokens, words)
        if number is not None:
            return number, used
    return None, 1


def _fraction(tokens: list[str], words: _Words) -> tuple[Number | None, int]:
    """Parts of the whole: "half", "a third", "two-thirds"."""
    first = [word for word in tokens[:3] if word != "-"]
    skipped = 1 if tokens[1:2] == ["-"] else 0
    if len(first) > 1 and first[1] in words.fractions and (first[0] == "a" or first[0] in words.numbers):
        count = words.numbers.get(first[0], 1)
        return Number(Decimal(str(count * words.fractions[first[1]])), percent=True), 2 + skipped
    if first and first[0] in words.fractions and not (len(first) > 1 and first[1] in ("a", *words.multiples)):
        return Number(Decimal(str(words.fractions[first[0]])), percent=True), 1
    return None, 1


def _in_digits(tokens: list[str], wording: str, words: _Words) -> tuple[Number, int]:
    """Digits with thousands separators, then "k", "thousand" or "%": "10k", "1.5 thousand", "40%"."""
    if not _THOUSANDS.fullmatch(tokens[0]) or _AMBIGUOUS.fullmatch(tokens[0]):
        raise InputError(f"wording is {wording!r}, where {tokens[0]!r} is not a plain number; expected one like 10,000")
    value, used = _multiplied(Decimal(tokens[0].replace(",", "")), tokens, 1, words)
    return _perhaps_percent(value, tokens, used)


def _multiplied(value: Decimal, tokens: list[str], used: int, words: _Words) -> tuple[Decimal, int]:
    while tokens[used : used + 1] and tokens[used] in words.multiples:
        value, used = value * words.multiples[tokens[used]], used + 1
    return value, used


def _perhaps_percent(value: Decimal, tokens: list[str], used: int) -> tuple[Number, int]:
    for sign in (["%"], ["percent"], ["per", "cent"]):
        if tokens[used : used + len(sign)] == sign:
            return Number(value, percent=True), used + len(sign)
    return Number(value), used


def _in_words(tokens: list[str], words: _Words) -> tuple[Number | None, int]:
    """Number words: "nine", "twenty-five", "two hundred", "a dozen", "half a dozen"."""
    if tokens[0] == "half" and tokens[1:2] == ["a"] and tokens[2:3] and tokens[2] in words.multiples:
        return Number(Decimal(words.multiples[tokens[2]]) / 2), 3
    if tokens[0] in ("a", "an") and tokens[1:2] and tokens[1] in words.multiples:
        value, used = _multiplied(Decimal(1), tokens, 1, words)
        return Number(value), used
    total, used = Decimal(0), 0
    while used < len(tokens) and tokens[used] in words.numbers:
        part = Decimal(words.numbers[tokens[used]])
        used += 1
        ones = tokens[used + 1 : used + 2] if tokens[used : used + 1] == ["-"] else tokens[used : used + 1]
        if part >= 20 and ones and 0 < words.numbers.get(ones[0], 0) < 10:
            part, used = part + words.numbers[ones[0]], used + (2 if tokens[used] == "-" else 1)
        part, used = _multiplied(part, tokens, used, words)
        total += part
    if used == 0:
        return None, 1
    return _perhaps_percent(total, tokens, used)


def _fitted(template: tuple[str, ...], items: list[Item]) -> tuple[Number, ...] | None:
    """The numbers at the places of #, if the items begin as the template says."""
    if len(items) < len(template):
        return None
    numbers = []
    for expected, item in zip(template, items, strict=False):
        if expected == "#" and isinstance(item, Number):
            numbers.append(item)
        elif expected != item:
            return None
    return tuple(numbers)


def _rest_passes(rest: list[Item], words: _Words) -> bool:
    """Whether what follows a figure is known to change nothing about it."""
    nouns = sorted((noun.split() for noun in words.nouns), key=len, reverse=True)
    while rest and rest[0] not in words.remarks:
        noun = next((noun for noun in nouns if rest[: len(noun)] == noun), None)
        if noun is None:
            return False
        rest = rest[len(noun) :]
    return True


def _check_numbers(numbers: tuple[Number, ...], wording: str, lexicon: Lexicon) -> None:
    for number in numbers:
        most = 100 if number.percent else lexicon.largest
        if number.value > most:
            raise InputError(f"wording is {wording!r}, more than {most:,.0f}; expected a number that can be true")
        if number.value == 0 and wording.strip("0% "):
            raise InputError(f"wording is {wording!r}; expected a number above 0 behind a hedge")
    if len(numbers) == 2 and (numbers[0].value >= numbers[1].value or numbers[0].percent != numbers[1].percent):
        raise InputError(f"wording is {wording!r}; expected a range from a smaller to a larger number")


def _reading(wording: str, rule: _Rule, numbers: tuple[Number, ...], *, breaking: bool) -> Reading:
    percent = any(number.percent for number in numbers)
    sizes = [number.size / 100 if percent else number.size for number in numbers]
    distribution = None
    if numbers or rule.kind == "vague":
        distribution = _bounded(rule.distribution(numbers, breaking=breaking), percent=percent)
    first, last = (sizes[0], sizes[-1]) if sizes else (None, None)
    return Reading(
        wording=wording,
        kind=rule.kind,
        low=first if rule.kind in ("lower", "range") else None,
        best=first if rule.kind in ("approx", "point", "just_below") else None,
        high=last if rule.kind in ("upper", "range", "just_below") else None,
        distribution=distribution,
        rule=rule.name,
        source=rule.source,
        judgement=rule.judgement,
        reporting_included=rule.reporting_included,
    )


def _bounded(distribution: Distribution, *, percent: bool) -> Distribution:
    """Nobody can be lost less than zero times, nor more than the whole."""
    low, high = distribution.ppf(np.array([0.0, 1.0]))
    top = 100.0 if percent else np.inf
    if low < 0 or high > top:
        distribution = Truncated(distribution, 0.0, top)
    return Scaled(distribution, 0.01) if percent else distribution
