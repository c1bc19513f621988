"""
The lexicon: the rules by which worded figures are read, each with its evidence, as ``lexicon.toml`` states them.

A rule knows its phrases and how to make a distribution from the numbers in them; the rules are data, checked here.

>>> lexicon = read_lexicon()
>>> next(rule.source for rule in lexicon.rule if rule.name == "around")
"Ferson 2015, row 'around'"
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

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

_Named = tuple[str, ...] | Mapping[str, int]
Kind = Literal["lower", "upper", "approx", "point", "range", "just_below", "vague", "none"]

_SPACED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?: \d{3})+(?![\d.,]*\d)")
_SHORT = tuple(
    (re.compile(pattern), full)
    for pattern, full in (
        (r"(?<![^\W\d_])c\.", "circa"),
        (r"(?<![^\W\d_])approx\.", "approx"),
        (r"(?<![^\W\d_])(тис|млн|чол)\.", r"\1 "),
        (r"(?<=[а-яіїєґ])['’`´](?=[а-яіїєґ])", "ʼ"),
    )
)
_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?|[가-힣]|[^\W\d_가-힣]+|\S")


def tokenize(text: str) -> list[str]:
    """
    A text as numbers, words and signs, in small letters; all dashes are one, and short forms are written out.

    Examples
    --------
    >>> tokenize("At least 11,000–12,000")
    ['at', 'least', '11,000', '-', '12,000']
    >>> tokenize("понад 12 000")
    ['понад', '12,000']
    """
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3})", ",", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text).replace("\u301c", "~")
    if " " in text:
        cyrillic = re.search(r"[а-яіїєґ]", text) is not None
        text = _SPACED.sub(lambda found: _unspaced(found.group(), cyrillic=cyrillic), text)
    for short, full in _SHORT:
        text = short.sub(full, text)
    return _TOKEN.findall(text)


def _unspaced(digits: str, *, cyrillic: bool) -> str:
    """Thousands that a plain space sets apart: as Ukrainian prints them, and elsewhere where zeros leave no doubt."""
    first, *groups = digits.split(" ")
    return ",".join((first, *groups)) if cyrillic or set(groups) == {"000"} else digits


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
        What a word behind the digits multiplied them with: 1,000 in "10 thousand"; 12 where dozens are counted.
    text : str
        How it is written where digits would not do: "two-thirds".

    Examples
    --------
    >>> Number(Decimal("12000")).zeros, Number(Decimal("150")).ends_in_five
    (3, True)
    >>> Number(Decimal("24"), multiple=12).written
    '2 dozen'
    """

    value: Decimal
    percent: bool = False
    multiple: int = 1
    text: str = field(default="", compare=False)

    @property
    def size(self) -> float:
        """The value as a float."""
        return float(self.value)

    @property
    def zeros(self) -> int:
        """Trailing zeros: the decimal place of the last significant digit. Fractions count as whole percents."""
        return int(self._counted().normalize().as_tuple().exponent)

    @property
    def place(self) -> float:
        """The same where dozens are counted: 1.08, since 12 stands between 10 and 100."""
        return self.zeros + np.log10(12) if self._dozens else self.zeros

    @property
    def unit(self) -> float:
        """The unit of the last significant digit: 100 for 1,200, and 12 for two dozen."""
        return (12.0 if self._dozens else 1.0) * 10.0**self.zeros

    @property
    def ends_in_five(self) -> bool:
        """Whether the last significant digit is 5."""
        return self._counted().normalize().as_tuple().digits[-1] == 5

    @property
    def top_unit(self) -> float:
        """The unit of the first digit: 1,000 for 3,000, and 12 for two dozen."""
        return (12.0 if self._dozens else 1.0) * float(10 ** self._counted().adjusted())

    @property
    def one_digit(self) -> bool:
        """Whether only the first digit differs from 0."""
        return len(self._counted().normalize().as_tuple().digits) == 1

    @property
    def written(self) -> str:
        """The number as it is printed, which reads back as the same number."""
        if self.text:
            return self.text
        if self._dozens:
            return "a dozen" if self.value == 12 else f"{self._counted():,f} dozen"
        digits = f"{self.value:,f}"
        if "." in digits:
            digits = digits.rstrip("0").rstrip(".")
            # Three decimals could be thousands; a fourth leaves no doubt.
            digits += "0" if re.fullmatch(r"\d{1,3}\.\d{3}", digits) else ""
        return f"{digits}%" if self.percent else digits

    @property
    def _dozens(self) -> bool:
        return self.multiple == 12

    def _counted(self) -> Decimal:
        """What the digits say: dozens where dozens are counted."""
        if self._dozens:
            return self.value / 12
        # A third is 33.33...; nobody who says so has four digits in mind.
        return round(self.value) + Decimal(0) if self.percent and len(self.value.as_tuple().digits) > 6 else self.value


def ferson_width(coefficients: tuple[float, ...], number: Number) -> float:
    """Total width in the number's unit that the median listener gives a hedge; Ferson et al. 2015."""
    a, b, c, d, e, f, g, h = coefficients
    z, r, five = np.log10(number.size), number.place, float(number.ends_in_five)
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
    # Phrases whose first number is also what the speaker takes to be true: "some # or more".
    central: tuple[str, ...] = ()

    def kind_of(self, numbers: tuple[Number, ...]) -> Kind:
        """How a figure with these numbers binds."""
        return self.kind


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
    approx_from_zeros: Annotated[int, Field(ge=1)]

    def kind_of(self, numbers: tuple[Number, ...]) -> Kind:
        round_number = numbers[0].zeros >= self.approx_from_zeros and not numbers[0].percent
        return "approx" if round_number else self.kind

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        number = numbers[0]
        if number.unit < 10:
            return point(number.size)
        unit = number.unit
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
        gap = number.top_unit / 2 if number.one_digit and number.unit >= 10 else number.unit
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


class _HedgedVague(Rule):
    """A hedge before a vague word: the word's distribution times a factor, both lognormal."""

    family: Literal["hedged_vague"]
    median: Annotated[float, Field(gt=0)]
    sd_log: Annotated[float, Field(ge=0)]
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]

    def of(self, word: _Vague) -> Distribution:
        """The distribution that the hedge leaves of a vague word."""
        body = LogNormal(word.median * self.median, math.hypot(word.sd_log, self.sd_log))
        return Truncated(body, word.low * self.low, word.high * self.high)

    def distribution(self, numbers: tuple[Number, ...], *, breaking: bool) -> Distribution:
        raise NotImplementedError("a hedge before a vague word needs that word")


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
    | _HedgedVague
    | _NoNumber,
    Field(discriminator="family"),
]


class Words(BaseModel):
    """Numbers in words, and what may stand around a figure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: tuple[str, ...]
    nouns: tuple[str, ...]
    quantities: Mapping[str, tuple[str, ...]]
    remarks: tuple[str, ...]
    linking: tuple[str, ...]
    joins: tuple[str, ...]
    partly: tuple[str, ...]
    takes_back: tuple[str, ...]
    hedges_behind: tuple[str, ...]
    rates: tuple[str, ...]
    percents: tuple[str, ...]
    decimal_comma: tuple[str, ...]
    alone: tuple[str, ...]
    numbers: Mapping[str, Annotated[int, Field(ge=0)]]
    multiples: Mapping[str, Annotated[int, Field(gt=1)]]
    places: Mapping[str, Annotated[int, Field(gt=1)]]
    fractions: Mapping[str, Annotated[float, Field(gt=0, lt=100)]]

    @field_validator("decimal_comma", "alone", "partly", "numbers", "multiples", "places")
    @classmethod
    def _single_words(cls, words: _Named) -> _Named:
        """Their spelling as a text's words are spelled; each is looked up as one word."""
        for word in words:
            if len(tokenize(word)) != 1:
                raise ValueError(f"{word!r} is not one word")
        if isinstance(words, Mapping):
            return {tokenize(word)[0]: value for word, value in words.items()}
        return tuple(tokenize(word)[0] for word in words)


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

    largest: Annotated[float, Field(gt=0)]
    widest_range: Annotated[float, Field(gt=1)]
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
        lexicon = Lexicon.model_validate({**tables, "digest": hashlib.sha256(content).hexdigest(), "file": path.name})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name}: is not TOML ({error})") from None
    except ValidationError as error:
        where = [_path(fault["loc"], tables) for fault in error.errors()]
        messages = [fault["msg"].lower() for fault in error.errors()]
        raise InputError(*(f"{path.name}: {w}: {m}" for w, m in zip(where, messages, strict=True))) from None
    if faults := [*_faults_of_rules(lexicon), *_faults_of_layers(lexicon)]:
        raise InputError(*(f"{path.name}: {fault}" for fault in faults))
    return lexicon


def _path(steps: tuple[int | str, ...], tables: Mapping[str, object]) -> str:
    """Where a fault is inside the document, a rule with its name: "rule.3 (about).sigma"."""
    rules = tables.get("rule")
    if steps[0] != "rule" or len(steps) < 2 or not isinstance(rules, list):
        return ".".join(str(step) for step in steps)
    rule = rules[int(steps[1])]
    name = rule.get("name", "no name") if isinstance(rule, dict) else "no table"
    families = {rule.get("family")} if isinstance(rule, dict) else set()
    return ".".join((f"rule.{steps[1]} ({name})", *(str(step) for step in steps[2:] if step not in families)))


# How many # a phrase of a family holds, at least and at most.
_PLACES = {"sum": (2, 9), "between": (2, 9), "vague": (0, 0), "couple": (0, 0), "hedged_vague": (0, 0), "none": (0, 9)}
# Numbers that every rule is tried with: small and large, round and not, so that no width or end is out of order.
_TRIED = tuple(Number(Decimal(value)) for value in (7, 40, 4_137, 60_000))


def _faults_of_rules(lexicon: Lexicon) -> Iterator[str]:
    """A line for each rule that describes no distribution, or whose phrases it cannot have numbers from."""
    owners: dict[tuple[str, ...], str] = {}
    names: set[str] = set()
    for place, rule in enumerate(lexicon.rule):
        where = f"rule.{place} ({rule.name})"
        if rule.name in names:
            yield f"{where}: name is there twice, expected one rule of each name"
        names.add(rule.name)
        for phrase in rule.phrases:
            tokens = tuple(tokenize(phrase))
            least, most = _PLACES.get(rule.family, (1, 1))
            if not tokens or not least <= tokens.count("#") <= most:
                wanted = f"{least} #" if least == most else f"{least} # or more"
                yield f"{where}: phrase {phrase!r} holds {tokens.count('#')} #, expected {wanted} ({rule.family})"
            if (rule.family == "hedged_vague") != ("*" in tokens) or "*" in tokens[:-1]:
                yield f"{where}: phrase {phrase!r}, expected a * at the end in the family hedged_vague, and in no other"
            if owners.get(tokens, where) != where:
                yield f"{where}: phrase {phrase!r} is also one of {owners[tokens]}, expected it once"
            owners[tokens] = where
        if strangers := set(rule.central) - set(rule.phrases):
            yield f"{where}: central holds {min(strangers)!r}, expected only phrases of the rule"
        try:
            _try(rule)
        except ValueError as error:
            yield f"{where}: {error}"


def _try(rule: AnyRule) -> None:
    """Raise ``ValueError`` if a rule describes no distribution."""
    if rule.family == "hedged_vague":
        word = _Vague(name="a word", kind="vague", phrases=("a",), family="vague", source="none", **_SOME_WORD)
        made = [rule.of(word)]
    elif rule.family in ("between", "sum"):
        made = [rule.distribution(pair, breaking=True) for pair in itertools.pairwise(_TRIED)]
    elif rule.family == "at_least":
        made = [rule.distribution((one,), breaking=breaking) for one in _TRIED for breaking in (True, False)]
    elif rule.family in ("vague", "couple", "none"):
        made = [rule.distribution((), breaking=True)]
    else:
        made = [rule.distribution((one,), breaking=True) for one in _TRIED]
    for one in made:
        if one is None or isinstance(one, Reach):  # a reach is checked when it is made, and slow to turn round
            continue
        quantiles = one.ppf(np.array([0.001, 0.25, 0.5, 0.75, 0.999]))
        if not np.all(np.isfinite(quantiles)) or np.any(np.diff(quantiles) < 0):
            raise ValueError("its quantiles are not in order, expected numbers that describe a distribution")


# A word like "several hundred", to try a hedge before it.
_SOME_WORD = {"median": 500.0, "sd_log": 0.4, "low": 200.0, "high": 999.0}


def _faults_of_layers(lexicon: Lexicon) -> Iterator[str]:
    """A line for each layer that describes no factor and does not say that there is none."""
    if lexicon.breaking.layer not in lexicon.reporting:
        known = ", ".join(lexicon.reporting)
        yield f"breaking: layer is {lexicon.breaking.layer!r}, expected one of {known}"
    for table, layers in (("reporting", lexicon.reporting), ("wounded_per_killed", lexicon.wounded_per_killed)):
        for name, layer in layers.items():
            try:
                factor = layer.distribution()
            except ValueError as error:
                yield f"{table}.{name}: {error}"
                continue
            if unknown := sorted(set(layer.rules) - {rule.name for rule in lexicon.rule}):
                yield f"{table}.{name}: rules names {', '.join(unknown)}, expected names of rules"
            if bool(layer.growth) != bool(layer.rules):
                yield f"{table}.{name}: states growth or rules alone, expected both, or neither"
            numbers = layer.model_fields_set - {"source", "judgement", "growth", "rules"}
            if factor is None and (stated := sorted(numbers)):
                whole = "expected median and sd_log, or low and high, or none of them"
                yield f"{table}.{name}: states {', '.join(stated)} alone, {whole}"
