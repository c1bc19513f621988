r"""
How an object shows itself: tables as HTML in a notebook, and as aligned text on a terminal.

A class that is `Displayed` says what it shows as sections, each a title, a table of text and notes. Text is as wide on
every machine, so that the stored outputs of a notebook repeat. Words that are too long are wrapped and then cut, with
an ellipsis; a column of numbers is neither. Colours are those of the page around it.

Refused: a letter that hides or turns others (`analysis.cells`); its name stands in its place. HTML is escaped.

>>> print(Table(("name", "share"), (("killed", "1.1 %"),)))
name      share
------  -------
killed    1.1 %
>>> print(Section('said by "\u202eSIN"', Table(("name", "share"), (("북한군", "1.1 %"),))).text())
said by "[RIGHT-TO-LEFT OVERRIDE (U+202E)]SIN"
name      share
------  -------
북한군    1.1 %
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from analysis.cells import spelt_out

__all__ = ["EACH_END", "Displayed", "Section", "Table", "abridged"]

# Rows of a table that is shown whole, and at each end of a longer one. Judgement: a screen or so.
_MOST_ROWS = 30
EACH_END = 10
# Columns of text, the same on every terminal. Judgement: a table of estimates fits, and an indented example.
_WIDTH = 116
# A column of words is not made narrower than this, nor a cell higher: 16 letters hold 10,000,000 and its hedge.
_NARROWEST, _MOST_LINES = 16, 3
# Letters of a cell on a page, where lines are as long as the window allows.
_LONGEST = 300
# Spaces between columns, and how much wider than its heading a column is at least, as tabulate sets them.
_BETWEEN, _BESIDE = 2, 2

_WHOLE = "white-space: nowrap;"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Table:
    """
    Headings and rows of text.

    Parameters
    ----------
    headings : tuple of str
    rows : tuple of tuple of str
        As wide as the headings.
    align : tuple of str, optional
        "left" or "right" for each column; without it, the first is left and the others right.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: tuple[str, ...] = ()

    def aligned(self) -> tuple[str, ...]:
        """Each column's side."""
        return self.align or ("left", *("right",) * (len(self.headings) - 1))

    def __repr__(self) -> str:
        return self._as("simple")

    def _repr_html_(self) -> str:
        return self._as("html")

    def _as(self, form: str) -> str:
        from tabulate import tabulate

        return str(tabulate(self.rows, self.headings, tablefmt=form, disable_numparse=True, colalign=self.aligned()))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


@dataclass(frozen=True, slots=True)
class Section:
    """
    A table under its title, and what must be said with it.

    Parameters
    ----------
    title : str
    table : Table or None
        ``None`` where there is nothing to count out; a note then says why.
    notes : tuple of str

    Examples
    --------
    >>> section = Section("a & b", Table(("", "share"), (("killed", "1.1 %"),)), ("One line.",))
    >>> print(section.text())
    a & b
              share
    ------  -------
    killed    1.1 %
    One line.
    >>> section.html().splitlines()[1]
    '<caption style="text-align: left;">a &amp; b</caption>'
    """

    title: str
    table: Table | None
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """For a terminal, at most 116 columns wide unless its numbers need more."""
        shown = [repr(_narrowed(self.table))] if self.table else []
        return "\n".join(
            (*_wrapped(_cut(self.title)), *shown, *(line for note in self.notes for line in _wrapped(note)))
        )

    def html(self) -> str:
        """For a page: escaped, without a colour of its own."""
        title, notes = _cut(self.title), [f"<p>{html.escape(_cut(note, None))}</p>" for note in self.notes]
        if self.table is None:
            return "\n".join([f"<p>{html.escape(title)}</p>", *notes])
        headings, *rows = (tuple(map(_cut, row)) for row in (self.table.headings, *self.table.rows))
        table = Table(headings, tuple(rows), self.table.aligned())._repr_html_()
        # All that comes from a cell is escaped, its quotes too, so that what is replaced is markup.
        table = table.replace(
            "<table>", f'<table>\n<caption style="text-align: left;">{html.escape(title)}</caption>', 1
        )
        table = table.replace('style="text-align: right;"', f'style="text-align: right; {_WHOLE}"')
        # JupyterLab sets to the right what says nothing of its side, and breaks a day at its hyphens.
        table = re.sub(r"<td>(?=\d{4}-\d{2}-\d{2} *</td>)", f'<td style="text-align: left; {_WHOLE}">', table)
        table = re.sub(r"<(t[hd])>", r'<\1 style="text-align: left;">', table)
        table = table.replace("<th style=", '<th scope="col" style=')
        return "\n".join([table, *notes])


class Displayed:
    """
    What shows itself in sections: ``print`` and a terminal give the text, a notebook the HTML.

    A dataclass with ``repr=False`` shows the text in Python's own prompt too: those that hold many others, whose fields
    would fill pages. That of an estimate or a reading stays exact.

    Examples
    --------
    >>> class Half(Displayed):
    ...     def sections(self):
    ...         return (Section("half", Table(("", "share"), (("it", "50 %"),))),)
    >>> print(Half())
    half
          share
    --  -------
    it     50 %
    >>> sorted(Half()._repr_mimebundle_())
    ['text/html', 'text/plain']
    """

    __slots__ = ()

    def sections(self) -> tuple[Section, ...]:
        """What is shown, in order."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return "\n\n".join(section.text() for section in self.sections())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # A class of each version of MathJax keeps it from reading a $ of a cell as a formula.
        shell = (
            '<div class="tex2jax_ignore mathjax_ignore" style="overflow-x: auto; font-variant-numeric: tabular-nums;">'
        )
        return {
            "text/html": "\n".join([shell, *(section.html() for section in self.sections()), "</div>"]),
            "text/plain": str(self),
        }


def abridged(items: Sequence[Item], row: Callable[[int, Item], tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """
    A row for each item, or for those at both ends of many, with a row between that says how many are not shown.

    Parameters
    ----------
    items : sequence
    row : callable
        Makes the row of an item, given its number from 1 and the item. Called for what is shown only.

    Examples
    --------
    >>> rows = abridged("x" * 5021, lambda number, item: (f"{number:,}", item))
    >>> len(rows), rows[9:12]
    (21, (('10', 'x'), ('…', '5,001 more'), ('5,012', 'x')))
    """
    if len(items) <= _MOST_ROWS:
        return tuple(row(number, item) for number, item in enumerate(items, 1))
    first = [row(number, item) for number, item in enumerate(items[:EACH_END], 1)]
    last = [row(number, item) for number, item in enumerate(items[-EACH_END:], len(items) - EACH_END + 1)]
    left_out = f"{len(items) - 2 * EACH_END:,} more"
    return (*first, ("…", left_out, *("…",) * (len(first[0]) - 2)), *last)


def _cut(text: str, longest: int | None = _LONGEST) -> str:
    """A text with nothing hidden in it, cut at the end of a word where it is long."""
    text = spelt_out(text)
    if longest is None or len(text) <= longest:
        return text
    kept = text[:longest]
    return f"{kept.rpartition(' ')[0] or kept} …"


def _wrapped(text: str, width: int = _WIDTH, lines: int | None = None) -> list[str]:
    """Lines of a text by the width of its letters, of which those of East Asia are two columns wide."""
    from wcwidth import wrap

    return wrap(spelt_out(text), width, break_on_hyphens=False, max_lines=lines, placeholder=" …") or [""]


def _narrowed(table: Table) -> Table:
    """The same with its columns of words wrapped, the widest first, so far as the whole then fits a terminal."""
    headings, *rows = (tuple(map(_cut, row)) for row in (table.headings, *table.rows))
    sides = table.aligned()
    columns = zip(headings, *rows, strict=True)
    widths = [max([_columns(heading) + _BESIDE, *map(_columns, cells)]) for heading, *cells in columns]
    room = _WIDTH - _BETWEEN * (len(widths) - 1)
    room -= sum(width for width, side in zip(widths, sides, strict=True) if side != "left")
    most = _most(sorted(width for width, side in zip(widths, sides, strict=True) if side == "left"), room)
    made = tuple(
        tuple(
            cell if side != "left" else "\n".join(_wrapped(cell, most, _MOST_LINES))
            for cell, side in zip(row, sides, strict=True)
        )
        for row in rows
    )
    return Table(headings, made, sides)


def _columns(text: str) -> int:
    from wcwidth import width

    return int(width(text, control_codes="ignore"))


def _most(widths: Iterable[int], room: int) -> int:
    """
    How wide a column may be so that all fit into the room; the narrow leave theirs to the wide.

    Examples
    --------
    >>> _most([4, 30, 50], 60), _most([4, 10], 60), _most([40, 40], 20)
    (28, 56, 16)
    """
    left = list(widths)
    while left and left[0] * len(left) <= room and len(left) > 1:
        room -= left.pop(0)
    return max(room // max(len(left), 1), _NARROWEST)
