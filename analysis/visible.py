"""
What a reader sees of an edition: the text of its page in blocks, and that of its paper in lines.

A block is a paragraph, a point of a list, a heading, the text of a picture, a formula, a piece of code or a row of a
table with the headings above it. Scripts and styles are not seen.

>>> visible("<p>In soldiers: <b>290</b> to 1,530.</p><script>7</script>")
(Block(kind='text', text='In soldiers: 290 to 1,530.', headings=(), cells=()),)
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from analysis.errors import WorkError

__all__ = ["Block", "paper_lines", "visible"]

_UNSEEN = {"script", "style", "template", "noscript"}
_INLINE = {"a", "abbr", "b", "br", "code", "em", "i", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub"}
_INLINE |= {"math", "sup", "time", "u", "var", "wbr"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass(frozen=True, slots=True)
class Block:
    """
    A piece of a page that is read as one.

    Parameters
    ----------
    kind : str
        "text", "row" of a table, "alt" of a picture, "code", "formula", or "contents": links to sections.
    text : str
        On one line; the cells of a row have a bar between them.
    headings, cells : tuple of str
        Of a row, as long as each other where the table is regular; the headings' own row has no headings.
    """

    kind: str
    text: str
    headings: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()


def visible(page: str) -> tuple[Block, ...]:
    """
    The blocks of a page, in its order.

    Parameters
    ----------
    page : str
        HTML.

    Examples
    --------
    >>> visible("<table><tr><th>name</th><th>90 %</th></tr><tr><td>killed</td><td>46 to 263</td></tr></table>")[1]
    Block(kind='row', text='killed | 46 to 263', headings=('name', '90 %'), cells=('killed', '46 to 263'))
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.flush()
    return tuple(reader.blocks)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._formula: list[str] = []
        self._open: list[tuple[str, str]] = []  # tag and class
        self._headings: tuple[str, ...] = ()
        self._cells: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self._add("alt", given.get("alt") or "")
        elif tag not in _INLINE and not self._within("math"):
            self.flush()
        if tag == "br":
            self._text.append(" ")
        if tag == "table":
            self._headings = ()
        if tag == "tr":
            self._cells = []
        if tag not in _VOID:
            self._open.append((tag, given.get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "math":
            self._add("formula", " ".join(self._formula))
            self._formula = []
        elif tag in ("td", "th") and self._cells is not None:
            self._cells.append(_one_line("".join(self._text)))
            self._text = []
        elif tag == "tr":
            self._end_row()
        elif tag not in _INLINE and not self._within("math"):
            self.flush()
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                break

    def handle_data(self, data: str) -> None:
        if any(tag in _UNSEEN for tag, _ in self._open) or self._within("annotation"):
            return
        (self._formula if self._within("math") else self._text).append(data)

    def _within(self, tag: str) -> bool:
        return any(tag == one for one, _ in self._open)

    def _end_row(self) -> None:
        cells, self._cells = tuple(self._cells or ()), None
        if not self._headings:
            self._add("row", " | ".join(cells), (), cells)
            self._headings = cells
        else:
            self._add("row", " | ".join(cells), self._headings, cells)

    def flush(self) -> None:
        """End the block that is being read; text between the cells of a table belongs to none."""
        text, self._text = "".join(self._text), []
        if self._cells is not None and any(tag in ("td", "th") for tag, _ in self._open):
            self._text = [text, " "]  # a paragraph within a cell
            return
        kind = "contents" if self._within("nav") else "text"
        if any(tag == "details" and "code" in name.split() for tag, name in self._open) and not self._within("summary"):
            kind = "code"
        self._add(kind, text)

    def _add(self, kind: str, text: str, headings: tuple[str, ...] = (), cells: tuple[str, ...] = ()) -> None:
        if line := _one_line(text):
            self.blocks.append(Block(kind, line, headings, cells))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def paper_lines(file: Path) -> tuple[tuple[str, ...], ...]:
    """
    The lines of each page of a PDF.

    Raises
    ------
    WorkError
        The file is no PDF that can be read.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(file)
    except (pypdfium2.PdfiumError, OSError) as error:
        raise WorkError(f"{file.name} cannot be read as a PDF: {error}") from error
    with document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    # PDFium reads a hyphen at the end of a line as this.
    return tuple(tuple(text.replace("\x02", "-").splitlines()) for text in texts)
