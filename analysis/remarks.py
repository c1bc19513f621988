"""
What stands behind a figure: nouns that say what it counts, words that make it a rate, and remarks.

The words are data (`analysis.lexicon.Words`). Whatever is neither a known noun nor the beginning of a remark might
change the figure, so it is refused: `Remarks.read` then gives ``None``.

>>> from analysis.lexicon import read_lexicon, tokenize
>>> remarks = Remarks(read_lexicon().words)
>>> remarks.read(tokenize("north korean casualties, most of them killed"))
Remark(counts=('casualties',), parts=('killed',), rate='')
>>> remarks.read(tokenize("geese"))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from analysis.lexicon import Number, Words, tokenize

__all__ = ["Item", "Phrases", "Remark", "Remarks"]

Item = str | Number
Held = TypeVar("Held")


class Phrases(Generic[Held]):
    """
    Phrases as tuples of words, each with what it stands for; found by their first word, longest first.

    Examples
    --------
    >>> Phrases([(("killed",), 1), (("killed", "or", "wounded"), 2)]).longest(["killed", "or", "wounded"], 0)
    (('killed', 'or', 'wounded'), 2)
    """

    __slots__ = ("_by_first",)

    def __init__(self, pairs: Iterable[tuple[tuple[Item, ...], Held]]) -> None:
        self._by_first: dict[Item, list[tuple[tuple[Item, ...], Held]]] = {}
        for words, held in sorted(pairs, key=lambda pair: -len(pair[0])):
            self._by_first.setdefault(words[0], []).append((words, held))

    def longest(self, items: Sequence[Item], at: int) -> tuple[tuple[Item, ...], Held] | None:
        """The longest phrase that stands at a place, with what it stands for."""
        if at >= len(items):
            return None
        for words, held in self._by_first.get(items[at], ()):
            if tuple(items[at : at + len(words)]) == words:
                return words, held
        return None


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
    """

    counts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    rate: str = ""


class Remarks:
    """The words of a lexicon that may stand behind a figure, ready to be looked up."""

    __slots__ = ("_nouns", "_partly", "_rates", "_signs")

    def __init__(self, words: Words) -> None:
        quantities: Mapping[str, str] = {
            phrase: quantity for quantity, phrases in words.quantities.items() for phrase in phrases
        }
        nouns = {**dict.fromkeys(words.nouns, ""), **quantities}
        self._nouns = Phrases((tuple(tokenize(noun)), quantity) for noun, quantity in nouns.items())
        self._rates = Phrases((tuple(tokenize(rate)), rate) for rate in words.rates)
        self._signs = Phrases((tuple(tokenize(sign)), sign) for sign in words.remarks)
        self._partly = frozenset(words.partly)

    def read(self, rest: Sequence[Item]) -> Remark | None:
        """What the words behind a figure say, or ``None`` if they may change it."""
        counts, at = self._counted(rest, 0)
        sign = self._signs.longest(rest, at)
        if at < len(rest) and sign is None and self._rates.longest(rest, at) is None:
            return None
        # "40 in 100" and "3 per 10" are shares of something else.
        if (
            sign is not None
            and sign[1] in ("in", "per", "each")
            and at + 1 < len(rest)
            and not isinstance(rest[at + 1], str)
        ):
            return None
        rate = next((found[1] for place in range(at, len(rest)) if (found := self._rates.longest(rest, place))), "")
        if sign is not None:
            more, _ = self._counted(rest, at + 1)
            counts = counts or more
        parts = self._parts(rest, at)
        if counts and "casualties" not in counts and sign is not None and sign[1] not in self._partly:
            parts = ()  # "100 killed, 200 wounded": the wounded stand beside the killed
        return Remark(counts, tuple(part for part in parts if part not in counts), rate)

    def _counted(self, items: Sequence[Item], at: int) -> tuple[tuple[str, ...], int]:
        """The quantities that the nouns from a place on name, and where the nouns end."""
        named: list[str] = []
        while found := self._nouns.longest(items, at):
            words, quantity = found
            named += [quantity] if quantity else []
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
