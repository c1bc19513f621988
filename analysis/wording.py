"""
From a worded figure to a reading: what kind of bound it is, its numbers, and a probability distribution.

The rules are data (see `analysis.lexicon`); this module fits text to them, whole words, longest template first.
What no rule fits raises and says where to add one; it never guesses.

>>> reading = read("at least 100")
>>> reading.kind, reading.low, reading.rule
('lower', 100.0, 'at least')
>>> reading.quantiles().round(1)
array([ 44.5, 100. , 106.8, 142.9, 226.5])
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

import numpy as np

from analysis.distributions import Distribution, FloatArray, LogNormal, Quotient, Scaled, Truncated
from analysis.errors import InputError
from analysis.lexicon import Kind, Layer, Lexicon, Number, Rule, Words, read_lexicon, tokenize
from analysis.remarks import Item, Remark, Remarks

__all__ = ["QUANTILES", "Reading", "read"]

# The probabilities at which every reading is shown back.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


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
    percent : bool
        Whether the numbers are shares.
    rate : bool
        Whether the words make it a rate or a flow ("per day"), never a total.
    counts, parts : tuple of str
        Quantities that the nouns behind the figure name, and those that a remark names for a part of it.
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
    percent: bool = False
    rate: bool = False
    counts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    reporting_included: bool = False
    reporting: str = "none"

    def quantiles(self) -> FloatArray | None:
        """The 5, 25, 50, 75 and 95 % quantiles, shape (5,), or ``None`` for words without a number."""
        return None if self.distribution is None else self.distribution.ppf(np.array(QUANTILES))

    @property
    def stated(self) -> float | None:
        """The largest number that the words contain."""
        return max((n for n in (self.low, self.best, self.high) if n is not None), default=None)

    def reported_by(self, layer: Layer, name: str, *, breaking: bool = True) -> Reading:
        """
        The same reading with a reporting layer on it, unless it holds one or the layer does not apply.

        Parameters
        ----------
        layer : Layer
            Of the origin, from the lexicon.
        name : str
            Its name there.
        breaking : bool
            Whether it is breaking news: only then do first counts grow.

        Examples
        --------
        >>> layer = read_lexicon().reporting["third-party"]
        >>> read("approximately 1,000").reported_by(layer, "third-party").quantiles().round(-1)
        array([ 640.,  830., 1000., 1190., 1540.])
        """
        if self.stated == 0 or self.distribution is None or self.reporting_included:
            return self
        bias = layer.distribution()
        if layer.growth and self.stated and breaking and self.rule in layer.rules and not self.percent:
            reported: Distribution = layer.growth.distribution(self.stated)
        elif isinstance(bias, LogNormal):
            reported = Quotient(self.distribution, bias)
        else:
            return self
        return replace(
            self,
            distribution=reported,
            source=layer.source,
            judgement=layer.judgement,
            reporting_included=True,
            reporting=name,
        )


_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?")
_AMBIGUOUS = re.compile(r"\d{1,3}\.\d{3}")


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
    return _read(wording, lexicon or read_lexicon(), breaking)


@dataclass(frozen=True, slots=True)
class _Grammar:
    """The templates of a lexicon by their first word, longest first, and what may follow them."""

    templates: Mapping[str, tuple[tuple[tuple[str, ...], Rule], ...]]
    remarks: Remarks


@lru_cache(maxsize=8)
def _grammar(lexicon: Lexicon) -> _Grammar:
    found = [(tuple(tokenize(phrase)), rule) for rule in lexicon.rule for phrase in rule.phrases]
    found.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    firsts = {template[0] for template, _ in found}
    by_first = {first: tuple(pair for pair in found if pair[0][0] == first) for first in firsts}
    return _Grammar(by_first, Remarks(lexicon.words))


@lru_cache(maxsize=4096)
def _read(wording: str, lexicon: Lexicon, breaking: bool) -> Reading:
    if any(unicodedata.category(letter) == "No" for letter in wording):  # a raised 2 is a note, or a power
        raise InputError(f"wording is {wording!r}; expected digits that stand on the line")
    items = _items(tokenize(wording), wording, lexicon.words)
    grammar = _grammar(lexicon)
    first = (items[0] if isinstance(items[0], str) else "#") if items else ""
    for template, rule in grammar.templates.get(first, ()):
        numbers = _fitted(template, items)
        if numbers is not None and (remark := grammar.remarks.read(items[len(template) :])) is not None:
            if rule.kind == "range":
                numbers = _same_unit(numbers, wording)
            _check_numbers(numbers, rule, wording, lexicon)
            return _reading(wording, rule, numbers, breaking=breaking, remark=remark)
    if re.match(r"\W*-\s*\d", wording) or re.search(r"[^\W\d_]\s+-\d", wording):
        raise InputError(f"wording is {wording!r}; expected a figure that is not negative")
    raise InputError(
        f"wording is {wording!r}, which no rule of {lexicon.file} fits; add its words to the phrases of a rule there"
    )


def _items(tokens: list[str], wording: str, words: Words) -> list[Item]:
    """The tokens, with every number that stands in them in place of its tokens."""
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        number, used = _number_at(tokens[at:], wording, words)
        items.append(tokens[at] if number is None else number)
        at += used
    return items


def _number_at(tokens: list[str], wording: str, words: Words) -> tuple[Number | None, int]:
    """The number at the beginning of the tokens and how many it takes, else ``None`` and 1."""
    if tokens[0][0].isdecimal():
        return _in_digits(tokens, wording, words)
    for parse in (_fraction, _in_words):
        number, used = parse(tokens, words)
        if number is not None:
            return number, used
    return None, 1


def _fraction(tokens: list[str], words: Words) -> tuple[Number | None, int]:
    """Parts of the whole: "half", "a third", "two-thirds"."""
    first = [word for word in tokens[:3] if word != "-"]
    skipped = 1 if tokens[1:2] == ["-"] else 0
    if len(first) > 1 and first[1] in words.fractions and (first[0] == "a" or first[0] in words.numbers):
        count = words.numbers.get(first[0], 1)
        return Number(Decimal(str(count * words.fractions[first[1]])), percent=True), 2 + skipped
    if first and first[0] in words.fractions and not (len(first) > 1 and first[1] in ("a", *words.multiples)):
        return Number(Decimal(str(words.fractions[first[0]])), percent=True), 1
    return None, 1


def _in_digits(tokens: list[str], wording: str, words: Words) -> tuple[Number, int]:
    """Digits with thousands separators, then "k", "thousand" or "%": "10k", "1.5 thousand", "40%"."""
    if not _THOUSANDS.fullmatch(tokens[0]) or _AMBIGUOUS.fullmatch(tokens[0]):
        raise InputError(f"wording is {wording!r}, where {tokens[0]!r} is not a plain number; expected one like 10,000")
    plain = Decimal(tokens[0].replace(",", ""))
    value, used = _multiplied(plain, tokens, 1, words)
    return _perhaps_percent(value, tokens, used, multiple=int(value / plain) if plain else 1)


def _multiplied(value: Decimal, tokens: list[str], used: int, words: Words) -> tuple[Decimal, int]:
    while tokens[used : used + 1] and tokens[used] in words.multiples:
        value, used = value * words.multiples[tokens[used]], used + 1
    return value, used


def _perhaps_percent(value: Decimal, tokens: list[str], used: int, *, multiple: int = 1) -> tuple[Number, int]:
    for sign in (["%"], ["percent"], ["per", "cent"]):
        if tokens[used : used + len(sign)] == sign:
            return Number(value, percent=True), used + len(sign)
    return Number(value, multiple=multiple), used


def _in_words(tokens: list[str], words: Words) -> tuple[Number | None, int]:
    """Number words: "nine", "twenty-five", "two hundred", "a dozen", "half a dozen"."""
    if tokens[0] == "half" and tokens[1:2] == ["a"] and tokens[2:3] and tokens[2] in words.multiples:
        return Number(Decimal(words.multiples[tokens[2]]) / 2), 3
    if tokens[0] in ("a", "an") and tokens[1:2] and tokens[1] in words.multiples:
        value, used = _multiplied(Decimal(1), tokens, 1, words)
        return Number(value), used
    total, used, multiple = Decimal(0), 0, 1
    while (
        used < len(tokens) and tokens[used] in words.numbers and (used == 0 or words.numbers[tokens[used]] < multiple)
    ):
        part = Decimal(words.numbers[tokens[used]])
        used += 1
        ones = tokens[used + 1 : used + 2] if tokens[used : used + 1] == ["-"] else tokens[used : used + 1]
        if part >= 20 and ones and 0 < words.numbers.get(ones[0], 0) < 10:
            part, used = part + words.numbers[ones[0]], used + (2 if tokens[used] == "-" else 1)
        plain = part
        part, used = _multiplied(part, tokens, used, words)
        multiple = int(part / plain) if plain else 1
        total += part
    if used == 0:
        return None, 1
    return _perhaps_percent(total, tokens, used, multiple=multiple)


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


def _same_unit(numbers: tuple[Number, ...], wording: str) -> tuple[Number, ...]:
    """The ends of a range in one unit: "10-12 thousand" and "5 to 10 %" name it once."""
    first, last = numbers[0], numbers[-1]
    if last.percent and not first.percent:
        first = Number(first.value, percent=True)
    elif last.multiple > 1 and first.multiple == 1 and first.value < last.value / last.multiple:
        first = Number(first.value * last.multiple, multiple=last.multiple)
    elif last.multiple == 1 and first.value * 1000 <= last.value:
        expected = "expected a range like 10,000 to 12,000"
        raise InputError(f"wording is {wording!r}, whose first number may mean thousands; {expected}")
    return (first, *numbers[1:])


def _check_numbers(numbers: tuple[Number, ...], rule: Rule, wording: str, lexicon: Lexicon) -> None:
    for number in numbers:
        most = 100 if number.percent else lexicon.largest
        if number.value > most:
            raise InputError(f"wording is {wording!r}, more than {most:,.0f}; expected a number that can be true")
        if number.size == 0 and rule.family not in ("bare", "exact"):
            raise InputError(f"wording is {wording!r}; expected a number above 0 behind a hedge")
    if rule.kind == "range" and (numbers[0].value >= numbers[-1].value or len({one.percent for one in numbers}) > 1):
        raise InputError(f"wording is {wording!r}; expected a range from a smaller to a larger number")


def _reading(wording: str, rule: Rule, numbers: tuple[Number, ...], *, breaking: bool, remark: Remark) -> Reading:
    percent = any(number.percent for number in numbers)
    sizes = [number.size / 100 if percent else number.size for number in numbers]
    distribution = None
    try:
        if (made := rule.distribution(numbers, breaking=breaking)) is not None:
            distribution = _bounded(made, percent=percent)
    except ValueError as error:
        raise InputError(f"wording is {wording!r}; expected a figure that can be true ({error})") from None
    if rule.family == "sum":
        sizes = [sum(sizes)]
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
        percent=percent,
        rate=bool(remark.rate),
        counts=remark.counts,
        parts=remark.parts,
        reporting_included=rule.reporting_included,
    )


def _bounded(distribution: Distribution, *, percent: bool) -> Distribution:
    """Nobody can be lost less than zero times, nor more than the whole."""
    low, high = distribution.ppf(np.array([0.0, 1.0]))
    top = 100.0 if percent else np.inf
    if low < 0 or high > top:
        distribution = Truncated(distribution, 0.0, top)
    return Scaled(distribution, 0.01) if percent else distribution
