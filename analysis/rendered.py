"""
A rendered edition as checks see it: its files, and what each cell of its executed notebook shows.

>>> Finding("met", "It is there.").state
'met'
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from analysis import linter
from analysis.claims import Register, read_register
from analysis.errors import InputError
from analysis.pipeline import run
from analysis.records import to_json
from analysis.settings import Settings

__all__ = ["Before", "Edition", "Finding", "MissingError", "State", "second_run", "tags"]

State = Literal["met", "not met", "does not apply"]


class MissingError(LookupError):
    """A file or a cell that a check needs is not in the edition."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a state, and a sentence that says why."""

    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Before:
    """The edition that this one is compared with: its name, and the SHA-256 of its results.json."""

    edition: str
    results_sha256: str


def second_run(folder: Path) -> str:
    """
    The results.json of a second run, from an edition's own copies of its register.

    Raises
    ------
    InputError
        The copies cannot be read.
    """
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    register = folder / f"{record['register']['name']}.csv"
    return to_json(run(Settings(**{**record["settings"], "register": str(register)})))


@dataclass(frozen=True)
class Edition:
    """
    An edition in the making, as the checks see it.

    Parameters
    ----------
    folder : Path
        Where results.json, the register's copies and figures/ lie.
    notebook : NotebookNode
        Executed.
    before : Before or None
        ``None`` for a first edition.
    gates : tuple of str or None
        The reasons that make this edition a draft; ``None`` where no gate was asked.
    code : str
        SHA-256 of the package's code; empty where it is not known.
    again : callable or None
        Gives the results.json of a second run; ``None`` where there was none.
    """

    folder: Path
    notebook: Any
    before: Before | None = None
    gates: tuple[str, ...] | None = None
    code: str = ""
    again: Callable[[], str] | None = None

    def bytes_of(self, name: str) -> bytes:
        """The content of a file of the edition."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise MissingError(f"{name} is not in the edition") from None

    def digest(self, name: str) -> str:
        """SHA-256 of a file of the edition."""
        return hashlib.sha256(self.bytes_of(name)).hexdigest()

    @cached_property
    def results(self) -> Mapping[str, Any]:
        """The content of results.json."""
        return json.loads(self.bytes_of("results.json"))

    @cached_property
    def sensitivity(self) -> Mapping[str, Any]:
        """The content of sensitivity.json."""
        return json.loads(self.bytes_of("sensitivity.json"))

    @cached_property
    def published(self) -> tuple[Mapping[str, Any], ...]:
        """The claims that were published by the day."""
        day = self.results["settings"]["as_of"]
        return tuple(claim for claim in self.results["claims"] if claim["published"] <= day)

    @property
    def counted(self) -> tuple[Mapping[str, Any], ...]:
        """The claims that the answer rests on."""
        return tuple(claim for claim in self.published if claim["used_as"])

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """What each cell shows, by its id: Markdown, and outputs as a reader sees them."""
        return {cell["id"]: _shown(cell) for cell in self.notebook.cells}

    @cached_property
    def text(self) -> str:
        """All that the notebook shows."""
        return "\n".join(self.shown.values())

    def cell(self, name: str) -> str:
        """What one cell shows."""
        if not self.shown.get(name, "").strip():
            raise MissingError(f"the notebook shows nothing in its cell {name}")
        return self.shown[name]

    def rows(self, name: str) -> list[list[str]]:
        """The rows of the table that a cell shows, as text."""
        pages = [data["text/html"] for cell in self.notebook.cells if cell["id"] == name for data in _data(cell)]
        rows = re.findall(r"<tr>(.*?)</tr>", "".join("".join(page) for page in pages), re.DOTALL)
        cells = (re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows)
        found = [[" ".join(html.unescape(cell).split()) for cell in row] for row in cells if row]
        if not found:
            raise MissingError(f"the notebook shows no table in its cell {name}")
        return found

    @cached_property
    def breaches(self) -> tuple[linter.Breach, ...]:
        """Where the notebook's text breaks the rules of words; what a register says is left alone."""
        return linter.breaches(self.text, verbatim=linter.taken_from(self.register))

    @cached_property
    def register(self) -> Register:
        """The register, read again from the edition's copies."""
        try:
            return read_register(self.folder / f"{self.results['register']['name']}.csv")
        except InputError:
            raise MissingError("what was read of the register is not in the edition") from None


def _data(cell: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The data of a cell's outputs that show HTML."""
    for output in cell.get("outputs", ()):
        if "text/html" in output.get("data", {}):
            yield output["data"]


def _shown(cell: Mapping[str, Any]) -> str:
    """A cell as text: its Markdown, or its outputs."""
    if cell["cell_type"] == "markdown":
        return re.sub(r"\$+[^$]*\$+", "…", linter.text_of("".join(cell["source"]).replace("\n", "<br>")))
    parts = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        if "text/html" in data:
            parts.append(linter.text_of("".join(data["text/html"])))
        elif "text/markdown" in data:
            parts.append("".join(data["text/markdown"]))
        else:
            parts += [given.get("alt", "") for given in output.get("metadata", {}).values() if isinstance(given, dict)]
            parts.append("" if "image/png" in data else "".join(data.get("text/plain", output.get("text", ""))))
    return "\n".join(part for part in parts if part)


def tags(cell: Mapping[str, Any]) -> list[str]:
    """The tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", ()))
