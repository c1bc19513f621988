"""
What stands behind a figure: nouns that say what it counts, words that make it a rate, and remarks.

The words are data (`analysis.lexicon.Words`). Whatever is neither a known noun nor the beginning of a remark might
change the figure, so it is refused: `Remarks.read` then gives ``None``.

>>> from analysis.lexicon import read_lexicon, tokenize
>>> remarks = Remarks(read_lexicon().words)
>>> remarks.read(tokenize("north korean casualties, most of them killed"))
Remark(counts=('casualties',), parts=('killed',), rate='', nouns=('north', 'korean', 'casualties'), at=3)
>>> remarks.read(tokenize("geese"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.lexicon import Number, Words, tokenize
from analysis.numerals import Numerals
from analysis.phrases import Item, Phrases

__all__ = ["Remark", "Remarks"]


@dataclass(frozen=True, slots=True)
class Remark:
    """
    What the words behind a figure say about it.

    Parameters
    ----------
    counts : tuple of str
        Quantities that its own nouns name: ("casualties",) behind 4,000 in "4,000 casualties, a quarter killed".
    parts : tuple of str
        Quantities that a remark names for a part of it: ("killed",) in the same words.
    rate : str
        The words that make it a rate or a flow, like "per day", else empty.
    nouns : tuple of Item
        Its own nouns.
    at : int
        Where they end and a remark begins.
    """

    counts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    rate: str = ""
    nouns: tuple[Item, ...] = ()
    at: int = 0


class Remarks:
    """The words of a lexicon that may stand behind a figure, ready to be looked up."""

    __slots__ = ("_nouns", "_partly", "_rates", "_signs", "hedges_behind", "takes_back")

    def __init__(self, words: Words) -> None:
        quantities = {phrase: quantity for quantity, phrases in words.quantities.items() for phrase in phrases}
        nouns = {**dict.fromkeys(words.nouns, ""), **quantities}
        numerals = Numerals(words)
        self._nouns = Phrases((tuple(tokenize(noun)), quantity) for noun, quantity in nouns.items())
        # With their numbers, as they stand in a text: "in one day".
        self._rates = Phrases((tuple(numerals.items(tokenize(rate))[0]), rate) for rate in words.rates)
        self._signs = Phrases((tuple(tokenize(sign)), sign) for sign in words.remarks)
        self._partly = frozenset(words.partly)
        self.hedges_behind = tuple(tuple(tokenize(phrase)) for phrase in words.hedges_behind)
        self.takes_back = Phrases((tuple(tokenize(phrase)), phrase) for phrase in words.takes_back)

    def read(self, rest: Sequence[Item]) -> Remark | None:
        """What the words behind a figure say, or ``None`` if they may change it."""
        if not rest:
            return Remark()
        counts, at = self._counted(rest, 0)
        nouns = tuple(rest[:at])
        if at == len(rest):
            return Remark(counts, nouns=nouns, at=at)
        sign, rate = self._signs.longest(rest, at), self._rates.longest(rest, at)
        if sign is None and rate is None:
            return None
        # "40 in 100" and "3 per 10" are shares of something else.
        following = rest[at + 1] if at + 1 < len(rest) else ""
        if rate is None and rest[at] in ("in", "per", "each") and isinstance(following, Number):
            return None
        rates = (self._rates.longest(rest, place) for place in range(at, len(rest)))
        parts = self._parts(rest, at)
        if sign is not None:
            more, _ = self._counted(rest, at + len(sign[0]))
            counts = counts or (() if sign[1] in self._partly else more)
            if counts and "casualties" not in counts and sign[1] not in self._partly:
                parts = ()  # "100 killed, 200 wounded": the wounded stand beside the killed
        parts = tuple(part for part in parts if part not in counts)
        return Remark(counts, parts, next((found[1] for found in rates if found), ""), nouns, at)

    def _counted(self, items: Sequence[Item], at: int) -> tuple[tuple[str, ...], int]:
        """The quantities that the nouns from a place on name, and where the nouns end."""
        named: list[str] = []
        while found := self._nouns.longest(items, at):
            words, quantity = found
            # "A third of the wounded" says what it is a share of.
            named += [quantity] if quantity and (at == 0 or items[at - 1] != "of") else []
            at += len(words)
        return tuple(dict.fromkeys(named)), at

    def _parts(self, items: Sequence[Item], at: int) -> tuple[str, ...]:
        """The quantities behind a number, or a word like "most", in a remark."""
        named: list[str] = []
        while at < len(items):
            partly = isinstance(items[at], Number) or items[at] in self._partly
            at += 1
            if partly:
                more, at = self._counted(items, at)
                named += more
        return tuple(dict.fromkeys(named))
