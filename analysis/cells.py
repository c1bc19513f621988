r"""
Files of text as rows of cells, or as tables, and what is wrong with them as files.

Refused: what is no text in UTF-8, cells that are no cells, and letters that hide or turn what a reader sees
(control characters, overrides of direction). A formula is text like any other.

>>> hidden("at least \u202e001")
'RIGHT-TO-LEFT OVERRIDE (U+202E)'
"""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import Fault

__all__ = [
    "LONGEST_CELL",
    "Row",
    "decoded",
    "harmless",
    "hidden",
    "path_shown",
    "read_bytes",
    "rows",
    "spelt_out",
    "tables",
]

# The csv module's own limit, stated here because other code in the process may move it.
LONGEST_CELL = 131_072

# Control characters but tab and line ends; embeddings, overrides and isolates of direction. The marks U+200E and
# U+200F stay: names in Arabic or Hebrew need them, and they turn no letter that has a direction of its own.
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# The same, and halves of letters, which no file of UTF-8 holds but a text made in Python may.
_UNSHOWN = re.compile(f"{_HIDDEN.pattern}|[\ud800-\udfff]")

# What spreadsheets take for the beginning of a formula, the wide forms of East Asian keyboards included.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# A line with its end, whichever of the three ends it has.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def hidden(text: str) -> str | None:
    """The name of the first letter of a text that hides or turns others, or ``None``."""
    if not (found := _HIDDEN.search(text)):
        return None
    return _name(found[0])


def _name(letter: str) -> str:
    other = "half a letter" if "\ud800" <= letter <= "\udfff" else "a control character"
    return f"{unicodedata.name(letter, other)} (U+{ord(letter):04X})"


def spelt_out(text: str) -> str:
    r"""
    A text on one line, each letter that hides or turns others replaced by its name; what no file can hold likewise.

    Examples
    --------
    >>> spelt_out("at\n least \u202e001"), spelt_out("\x1b[2J")
    ('at least [RIGHT-TO-LEFT OVERRIDE (U+202E)]001', '[a control character (U+001B)][2J')
    """
    line = " ".join(text.split())
    return _UNSHOWN.sub(lambda found: f"[{_name(found[0])}]", line)


def harmless(text: str) -> str:
    """
    A text as a cell of a table for spreadsheets: none of them runs it, after the convention of OWASP.

    Only for tables that are made here. A register keeps every cell as it was printed.

    Examples
    --------
    >>> harmless("=1+1"), harmless("NIS")
    ("'=1+1", 'NIS')
    """
    return f"'{text}" if text.startswith(_RUN) else text


def path_shown(path: Path) -> str:
    """A path as a user would type it here."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.as_posix()


def read_bytes(path: Path, faults: list[Fault]) -> bytes | None:
    """All of a file, or ``None`` and a fault."""
    reason = "cannot be read"
    try:
        if not path.exists() or path.is_file() or path.is_dir():  # a device or a pipe may never end
            return path.read_bytes()
        reason = "is no regular file"
    except OSError as error:
        reason = (error.strerror or reason).lower()
    except ValueError:  # a zero byte in the name
        reason = "is no name of a file"
    expected = "a file that can be read"
    faults.append(Fault(path_shown(path), None, "", None, expected, told=f"{reason}, expected {expected}"))
    return None


def decoded(content: bytes, where: str, faults: list[Fault]) -> str | None:
    """The text of a file, or ``None`` and a fault."""
    expected = "text in UTF-8"
    line, told = None, ""
    if content.startswith(_BYTE_ORDER_MARKS):
        expected = 'text in UTF-8; save it again as "CSV UTF-8"'
        told = f"is in UTF-16 by its byte order mark, expected {expected}"
    elif b"\0" in content:
        told = f"holds binary data, expected {expected}"
    else:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            told = f"is not UTF-8, expected {expected}"
    faults.append(Fault(where, line, "", None, expected, told=told))
    return None


@dataclass(frozen=True, slots=True)
class Row:
    """
    The cells of a row, the line on which it begins, and its SHA-256.

    The digest is that of the row as it lies in the file, in UTF-8 and without the end of its last line.
    """

    line: int
    cells: list[str]
    sha256: str


def rows(text: str, where: str, faults: list[Fault]) -> Iterator[Row]:
    """Every row that is not empty, in order; ends with a fault where what follows can be no rows."""
    lines: list[str] = []

    def each() -> Iterator[str]:
        for line in _LINE.finditer(text):  # no second copy of the text
            lines.append(line[0])
            yield line[0]

    reader = csv.reader(each(), strict=True)
    start = 1
    try:
        for cells in reader:
            if cells:
                raw = "".join(lines).rstrip("\r\n")
                if len(raw) > LONGEST_CELL and max(map(len, cells)) > LONGEST_CELL:
                    raise csv.Error(f"field larger than field limit ({LONGEST_CELL})")  # as the module says it
                yield Row(start, cells, hashlib.sha256(raw.encode("utf-8")).hexdigest())
            lines.clear()
            start = reader.line_num + 1
    except csv.Error as error:
        expected = "cells split by commas"
        if "field limit" in str(error):
            expected = f"cells of at most {LONGEST_CELL:,} letters; a quote may have been left open above"
        told = f"is not CSV ({error}), expected {expected}"
        faults.append(Fault(where, start, "", None, expected, told=told))


def tables(text: str, where: str, faults: list[Fault]) -> dict[str, object]:
    """What a TOML file holds by key; nothing and a fault if it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of too many digits
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        line = re.search(r"at line (\d+)", reason)
    expected = "one table for each origin"
    told = f"is not TOML ({reason}), expected {expected}"
    faults.append(Fault(where, int(line[1]) if line else None, "", None, expected, told=told))
    return {}
