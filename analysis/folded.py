"""
What is long and for reference: shown under its name, and unfolded by whoever wants it; paper shows it whole.

>>> print(Folded("Two words", Prose(("a", "b"))))
Two words
a
b
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from analysis.displays import Table
from analysis.prose import Prose

__all__ = ["Folded"]


@dataclass(frozen=True, slots=True)
class Folded:
    """
    A table or a list under a name.

    Parameters
    ----------
    name : str
        Plain text, what is seen while it is folded.
    content : Table or Prose
    """

    name: str
    content: Table | Prose

    def __repr__(self) -> str:
        return f"{self.name}\n{self.content!r}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        inner = self.content._repr_mimebundle_()["text/html"]
        page = f"<details><summary>{html.escape(self.name)}</summary>\n{inner}\n</details>"
        return {"text/html": page, "text/plain": repr(self)}
