"""
Numbers as they are printed: digits, words, dozens, percentages and parts, in English, Korean and Ukrainian.

The words are data (`analysis.lexicon.Words`); this module knows how they combine. What is no plain number, like
"10.000", which is ten in one country and ten thousand in another, stays a token and is named as odd.

>>> from analysis.lexicon import read_lexicon, tokenize
>>> numerals = Numerals(read_lexicon().words)
>>> [numerals.items(tokenize(text))[0][0].written for text in ("a hundred and one", "1만 2천", "two-thirds", "10k")]
['101', '12,000', 'two-thirds', '10,000']
>>> numerals.items(tokenize("10.000 men"))
(['10.000', 'men'], '10.000')
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from analysis.lexicon import Number, Words, tokenize
from analysis.phrases import Item, Phrases

__all__ = ["Numerals"]

_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?")
_AMBIGUOUS = re.compile(r"\d{1,3}\.\d{3}")
_COMMA = re.compile(r"\d+,\d{1,2}")
_ARTICLES = ("a", "an")
_HUNDRED, _DOZEN, _MYRIAD = 100, 12, 10_000

# A number and how many tokens it takes.
Found = tuple[Number, int]


class Numerals:
    """The number words of a lexicon, ready to be looked up."""

    __slots__ = ("_fractions", "_percents", "_units", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words
        self._units = {**words.multiples, **words.places}
        self._fractions = Phrases(
            (tuple(tokenize(name)), Decimal(str(share))) for name, share in words.fractions.items()
        )
        self._percents = Phrases((tuple(tokenize(name)), True) for name in words.percents)

    def items(self, tokens: Sequence[str]) -> tuple[list[Item], str | None]:
        """The tokens with every number in place of its own, and the first that looks like a number and is none."""
        items: list[Item] = []
        at, odd = 0, None
        while at < len(tokens):
            if found := self._number(tokens, at):
                items.append(found[0])
                at += found[1]
                continue
            if tokens[at][0].isdecimal():
                odd = odd or tokens[at]
            items.append(tokens[at])
            at += 1
        return items, odd

    def _number(self, tokens: Sequence[str], at: int) -> Found | None:
        if fraction := self._fraction(tokens, at):
            return fraction
        found = self._in_digits(tokens, at) if tokens[at][0].isdecimal() else self._in_words(tokens, at)
        if found and (sign := self._percents.longest(tokens, at + found[1])):
            return Number(found[0].value, percent=True), found[1] + len(sign[0])
        return found

    def _fraction(self, tokens: Sequence[str], at: int) -> Found | None:
        """Parts of the whole: "half", "a third", "two-thirds"; but not the half of "half a dozen"."""
        if found := self._fractions.longest(tokens, at):
            used = len(found[0])
            unit = at + used + (_at(tokens, at + used) in _ARTICLES)
            if _at(tokens, unit) in self._words.multiples:
                return None
            return Number(found[1], percent=True, text=_joined(tokens[at : at + used])), used
        count = 1 if tokens[at] in _ARTICLES else self._words.numbers.get(tokens[at])
        before = 2 if tokens[at + 1 : at + 2] == ["-"] else 1
        if count is None or not (found := self._fractions.longest(tokens, at + before)):
            return None
        used = before + len(found[0])
        return Number(count * found[1], percent=True, text=_joined(tokens[at : at + used])), used

    def _in_digits(self, tokens: Sequence[str], at: int) -> Found | None:
        """Digits with thousands separators, then their units: "10k", "1.5 thousand", "3천 800", "1,5 тис."."""
        unit = tokens[at + 1] if at + 1 < len(tokens) else ""
        value = _plain(tokens[at], decimal_comma=unit in self._words.decimal_comma)
        if value is None:
            return None
        if unit in self._words.places:
            return self._added_up(tokens, at)
        used, most, multiple = 1, 0, 1
        while at + used < len(tokens) and self._words.multiples.get(tokens[at + used], 0) > most:
            most = self._words.multiples[tokens[at + used]]
            multiple, used = multiple * most, used + 1
        return Number(value * multiple, multiple=multiple), used

    def _added_up(self, tokens: Sequence[str], at: int) -> Found | None:
        """Parts with units that add up: "1만 2천" is 12,000, "3 тис. 800" is 3,800, "천만" is 1,000 times 10,000."""
        places, total, start = self._words.places, Decimal(0), at
        least, largest, first = Decimal("Infinity"), 0, Decimal(0)
        while at < len(tokens):
            unit = places.get(tokens[at], 0)
            if first and largest < _MYRIAD <= unit:
                total, least, largest, at = total * unit, Decimal(unit), unit, at + 1
                continue
            value = Decimal(1) if tokens[at] in self._words.alone else None
            if tokens[at][0].isdecimal():
                after = _at(tokens, at + 1)
                value, unit = _plain(tokens[at], decimal_comma=after in self._words.decimal_comma), places.get(after, 0)
            part = (value or 0) * max(unit, 1)
            # Nothing adds up behind 1.5 thousand, and nothing but whole numbers adds up.
            if not 0 < part < least or (first and (first % 1 or value % 1)):
                break
            at += tokens[at][0].isdecimal() + (unit > 0)
            total, first, largest, least = total + part, first or value, max(largest, unit), Decimal(unit)
            if not unit:
                break
        if not first:
            return None
        alone = not tokens[start][0].isdecimal() or total % first or at - start > 2 + (largest >= _MYRIAD)
        return Number(total, multiple=1 if alone else int(total / first)), at - start

    def _in_words(self, tokens: Sequence[str], at: int) -> Found | None:
        """Number words: "nine", "twenty-five", "two hundred and fifty", "a dozen", "half a dozen", "двісті"."""
        multiples = self._words.multiples
        if tokens[at] == "half":
            unit = at + 2 if tokens[at + 1 : at + 2] == ["a"] else at + 1
            if unit < len(tokens) and tokens[unit] in multiples:
                return Number(Decimal(multiples[tokens[unit]]) / 2), unit + 1 - at
            return None
        if tokens[at] in self._words.alone:
            return self._added_up(tokens, at)
        start, total, least, multiple, groups = at, 0, None, 1, 0
        while part := self._part(tokens, at, start):
            value, used, of_part = part
            if least is not None and value >= least:
                break
            total, at, groups, multiple = total + value, at + used, groups + 1, of_part
            unit = self._units.get(tokens[at - 1], 1)
            if unit < 1000:  # nothing adds up behind dozens, hundreds or ones
                break
            least = unit
        if not groups:
            return None
        article = tokens[start] in _ARTICLES and multiple != _DOZEN
        return Number(Decimal(total), multiple=1 if groups > 1 or article else multiple), at - start

    def _part(self, tokens: Sequence[str], at: int, start: int) -> tuple[int, int, int] | None:
        """A number of up to 999 with a unit behind it: its value, how many tokens it takes, and its multiple."""
        joined = 1 if at > start and self._adds(tokens, at) else 0
        found = self._below_thousand(tokens, at + joined)
        article = _at(tokens, at + joined) in _ARTICLES
        if found is None or (article and at > start):
            return None
        value, used, multiple = found
        used += joined
        unit = self._units.get(tokens[at + used], 1) if at + used < len(tokens) else 1
        if unit != 1 and unit != _HUNDRED and value < 1000:
            return value * unit, used + 1, multiple * unit
        return None if article and value == 1 else (value, used, multiple)  # an article alone is no number

    def _below_thousand(self, tokens: Sequence[str], at: int) -> tuple[int, int, int] | None:
        """Hundreds, tens, ones, falling, each once at most; "nineteen hundred" and "thirty-two hundred" too."""
        if at >= len(tokens):
            return None
        numbers, multiples = self._words.numbers, self._words.multiples
        value = 1 if tokens[at] in _ARTICLES else numbers.get(tokens[at])
        if value is None:
            return None
        used, multiple = 1, 1
        least = 100 if value >= 100 else 10 if value >= 20 else 0
        if 0 < value < 20 and multiples.get(_at(tokens, at + 1)) == _HUNDRED:
            value, used, least, multiple = value * 100, 2, 100, 100
        while least:
            joined = 1 if self._adds(tokens, at + used) and least == 100 else 0
            joined = 1 if _at(tokens, at + used) == "-" and least == 10 else joined
            more = numbers.get(_at(tokens, at + used + joined), 0)
            if multiples.get(_at(tokens, at + used + joined + 1)) == _HUNDRED:
                if value > 100 and least == 10:  # "a hundred and thirty-two hundred" is no number
                    return None
                if 20 <= value < 100 and 0 < more < 10:  # "thirty-two hundred"
                    value, used, least, multiple = (value + more) * 100, used + joined + 2, 100, 100
                    continue
                break
            if not 0 < more < least:
                break
            value, used, multiple = value + more, used + joined + 1, 1
            least = 10 if more >= 20 and least == 100 else 0
        return value, used, multiple

    def _adds(self, tokens: Sequence[str], at: int) -> bool:
        """Whether an "and" joins two parts of one number: never behind "between"."""
        return _at(tokens, at) == "and" and "between" not in tokens[:at]


def _at(tokens: Sequence[str], at: int) -> str:
    return tokens[at] if at < len(tokens) else ""


def _plain(token: str, *, decimal_comma: bool = False) -> Decimal | None:
    """The value of digits, or ``None`` where a sign among them could mean two things."""
    if decimal_comma and "," in token:
        return Decimal(token.replace(",", ".")) if _COMMA.fullmatch(token) else None
    if not _THOUSANDS.fullmatch(token) or _AMBIGUOUS.fullmatch(token):
        return None
    return Decimal(token.replace(",", ""))


def _joined(tokens: Sequence[str]) -> str:
    return " ".join(tokens).replace(" - ", "-")
