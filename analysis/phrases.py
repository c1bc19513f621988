"""
Phrases of words and numbers, found in a text by their first word, longest first.

>>> Phrases([(("killed",), 1), (("killed", "or", "wounded"), 2)]).longest(["killed", "or", "wounded"], 0)
(('killed', 'or', 'wounded'), 2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from analysis.lexicon import Number

__all__ = ["Item", "Phrases"]

# A word or sign of a text, or a number that stood there.
Item = str | Number
Held = TypeVar("Held")


class Phrases(Generic[Held]):
    """
    Phrases, each with what it stands for.

    Parameters
    ----------
    pairs : iterable of (tuple of Item, object)
        Whole words; none is empty.
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
            if len(words) == 1 or tuple(items[at : at + len(words)]) == words:
                return words, held
        return None
