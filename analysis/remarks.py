"""
What stands behind a figure: nouns that say what it counts, words that make it a rate, and remarks.

The words are data (`analysis.lexicon.Words`). Whatever is neither a known noun nor the beginning of a remark might
change the figure, so it is refused: `Remarks.read` then gives ``None``.

>>> from analysis.lexicon import read_lexicon, tokenize
>>> remarks = Remarks(read_lexicon().words)
>>> remarks.read(tokenize("north korean casualties, most of them killed"))
Remark(counts=('casualties',), parts=('killed',), rate='', nouns=('north', 'korean', 'casualties'), at=3, end=4)
>>> remarks.read(tokenize("killed, wounded or missing")).counts
('killed', 'wounded', 'missing')
>>> remarks.read(tokenize("geese"))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    end : int
        Where the nouns at the beginning of that remark end: behind "killed" in "3,000 were killed, if not more".
    """

    counts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    rate: str = ""
    nouns: tuple[Item, ...] = ()
    at: int = 0
    end: int = 0


# What the nouns from a place on name, and where they end.
_Named = tuple[tuple[str, ...], int]
# Signs of a remark behind which a noun may belong to a figure of its own: "3,000, killed 200".
_BREAKS = frozenset((",", ";", "("))


class Remarks:
    """The words of a lexicon that may stand behind a figure, ready to be looked up."""

    __slots__ = ("_joins", "_linked", "_nouns", "_rates", "_signs", "_verbs", "hedges_behind", "partly", "takes_back")

    def __init__(self, words: Words) -> None:
        quantities = {phrase: quantity for quantity, phrases in words.quantities.items() for phrase in phrases}
        nouns = {**dict.fromkeys(words.nouns, ""), **quantities}
        numerals = Numerals(words)
        self._nouns = _phrases(nouns)
        self._linked = _phrases({**dict.fromkeys(words.linking, ""), **nouns})
        # With their numbers, as they stand in a text: "in one day".
        self._rates = Phrases((tuple(numerals.items(tokenize(rate))[0]), rate) for rate in words.rates)
        self._signs = _phrases(dict(zip(words.remarks, words.remarks, strict=True)))
        self._joins = _phrases(dict(zip(words.joins, words.joins, strict=True)))
        self.partly = frozenset(words.partly)
        self._verbs = frozenset(words.linking).intersection(words.remarks)
        self.hedges_behind = tuple(tuple(tokenize(phrase)) for phrase in words.hedges_behind)
        self.takes_back = _phrases(dict(zip(words.takes_back, words.takes_back, strict=True)))

    def read(self, rest: Sequence[Item], named: str = "") -> Remark | None:
        """What the words behind a figure say, or ``None`` if they may change it; ``named`` is the noun before it."""
        before = (named,) if named else ()
        if not rest:
            return Remark(before)
        counts, at = self._counted(rest, 0, self._nouns)
        if counts:
            if (listed := self._listed(rest, at)) is None:
                return None
            counts, at = _once(counts, listed[0]), listed[1]
        counts = counts or before
        nouns = tuple(rest[:at])
        if at == len(rest):
            return Remark(counts, nouns=nouns, at=at, end=at)
        sign, rate = self._signs.longest(rest, at), self._rates.longest(rest, at)
        if sign is None and rate is None:
            return None
        # "40 in 100" is a share of something else.
        following = rest[at + 1] if at + 1 < len(rest) else ""
        if rate is None and rest[at] == "in" and isinstance(following, Number):
            return None
        rates = (self._rates.longest(rest, place) for place in range(at, len(rest)))
        parts, end = self._parts(rest, at), at
        if sign is not None:
            if (behind := self._counted_or_listed(rest, at + len(sign[0]))) is None:
                return None
            more, end = behind
            if sign[1] in self._verbs and self.takes_back.longest(rest, end):
                return None  # "100 were not killed", "100 were killed or 200"
            if sign[1] in _BREAKS and self._figure_follows(rest, end):
                more, parts = (), _once(more, parts)
            counts = counts or (() if sign[1] in self.partly else more)
            if counts and not _whole(counts) and sign[1] not in self.partly:
                parts = ()  # "100 killed, 200 wounded": the wounded stand beside the killed
        parts = tuple(part for part in parts if part not in counts or len(counts) > 1)
        return Remark(counts, parts, next((found[1] for found in rates if found), ""), nouns, at, end)

    def hedged_first(self, items: Sequence[Item]) -> list[Item] | None:
        """The words with a hedge behind the nouns put before them, "100 or more men" for "100 men or more"."""
        at = next((place for place, item in enumerate(items, 1) if isinstance(item, Number)), len(items))
        _, end = self._counted(items, at, self._nouns)
        for hedge in self.hedges_behind if end > at else ():
            behind = end + len(hedge)
            if tuple(items[end:behind]) == hedge and (
                behind == len(items) or self._signs.longest(items, behind) or self._rates.longest(items, behind)
            ):
                return [*items[:at], *hedge, *items[at:end], *items[behind:]]
        return None

    def _counted(self, items: Sequence[Item], at: int, nouns: Phrases[str]) -> _Named:
        """The quantities that the nouns from a place on name, and where the nouns end."""
        named: list[str] = []
        while found := nouns.longest(items, at):
            words, quantity = found
            # "A third of the wounded" says what it is a share of.
            named += [quantity] if quantity and (at == 0 or items[at - 1] != "of") else []
            at += len(words)
        return tuple(dict.fromkeys(named)), at

    def _counted_or_listed(self, items: Sequence[Item], at: int) -> _Named | None:
        """The same behind linking words, with what a list adds; ``None`` where a list ends in another figure."""
        counts, at = self._counted(items, at, self._linked)
        if not counts:
            return counts, at
        listed = self._listed(items, at)
        return None if listed is None else (_once(counts, listed[0]), listed[1])

    def _listed(self, items: Sequence[Item], start: int) -> _Named | None:
        """
        The quantities that a list adds, "wounded or missing" behind "killed", and where it ends.

        None where what follows may be a figure of its own ("killed, wounded 200"). ``None`` where the list does not
        end in a noun ("killed, wounded and 200 missing").
        """
        named: tuple[str, ...] = ()
        at, joined = start, False
        while join := self._joins.longest(items, at):
            more, end = self._counted(items, at + len(join[0]), self._nouns)
            if not more:
                break
            named, at, joined = _once(named, more), end, joined or join[1] != ","
        if not named:
            return (), start
        if join and join[1] != ",":
            return None
        sign = self._signs.longest(items, at)
        # Words alone that commas part end at a comma too; behind "or" or "and" any remark may follow.
        ended = at == len(items) or items[at] == ")" or (sign is not None and (joined or sign[1] in (",", ";")))
        if ended or (joined and self._rates.longest(items, at)):
            bracketed = sign is not None and sign[1] == "(" and self._figure_follows(items, at + 1)
            return ((), start) if bracketed else (named, at)
        return (), start

    def _figure_follows(self, items: Sequence[Item], at: int) -> bool:
        """Whether a figure stands before the next sign of a remark."""
        while at < len(items) and items[at] != ")":
            if isinstance(items[at], Number) or items[at] in self.partly:
                return True
            if self._signs.longest(items, at):
                return False
            at += 1
        return False

    def _parts(self, items: Sequence[Item], at: int) -> tuple[str, ...]:
        """The quantities behind a number, or a word like "most", in a remark."""
        named: tuple[str, ...] = ()
        while at < len(items):
            partly = isinstance(items[at], Number) or items[at] in self.partly
            at += 1
            if partly:
                more, at = self._counted(items, at, self._linked)
                named = _once(named, more)
        return named


def _phrases(held: Mapping[str, str]) -> Phrases[str]:
    return Phrases((tuple(tokenize(phrase)), what) for phrase, what in held.items())


def _once(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _whole(counts: tuple[str, ...]) -> bool:
    """Whether a figure that counts these may have one of them as a part."""
    return "casualties" in counts or len(counts) > 1
