"""
The page of an edition made again from its notebook, and that notebook beside the one that it was run from.

No code of either runs. A page that this program would not make of the notebook, byte for byte, is a fault where the
program and its libraries are those that made it. What cells have put out is not computed again.

>>> _first_difference("<p>8.2 to 9</p>", "<p>9.2 to 9</p>")
'<p>8.2 to 9</p>, expected <p>9.2 to 9</p>'
"""

from __future__ import annotations

import ast
import base64
import re
import tempfile
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.execution import INJECTED
from analysis.manifest import Edition, digest
from analysis.parameters import read_notebook
from analysis.verdicts import Check, checked

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["page_again", "ran"]

_DRAFT = "edition-draft"
_FILLED = ("edition-changes", "edition-compliance")
_ACTIVE = {"script", "iframe", "frame", "object", "embed", "applet", "form", "base", "link", "audio", "video"}


def page_again(folder: Path, edition: Edition, *, others: Sequence[str]) -> Iterator[Check]:
    """
    The page beside what this program makes of the notebook.

    Parameters
    ----------
    folder : Path
    edition : Edition
    others : sequence of str
        What differs between the program here and the one that made the edition.
    """
    from nbformat import writes

    from analysis.page import to_html

    page = (folder / "report.html").read_text(encoding="utf-8")
    if faults := _Active(page).faults:
        yield Check("page", "fault", tuple(faults))
    notebook = read_notebook(folder / edition.notebook)
    if edition.is_draft != any(cell.id == _DRAFT for cell in notebook.cells):
        told = "does not say" if edition.is_draft else "says"
        yield Check("draft mark", "fault", (f"{edition.notebook} {told} that this is a draft",))
    notebook.cells = [cell for cell in notebook.cells if cell.id != _DRAFT]  # it is put in when the page is made
    with tempfile.TemporaryDirectory(prefix="casualty-report-") as made:
        plain = Path(made) / edition.notebook
        plain.write_text(writes(notebook) + "\n", encoding="utf-8")
        again = to_html(plain, draft=edition.reasons, vectors=folder / "figures")
    if page == again:
        yield Check("page again", "sound", (f"report.html is what this program makes of {edition.notebook}",))
        return
    told = f"report.html is not what this program makes of {edition.notebook}: {_first_difference(page, again)}"
    if not others:
        yield Check("page again", "fault", (told,))
    else:
        yield Check("page again", "not confirmed", (f"{told}; it was made with others: {'; '.join(others)}",))


def _first_difference(one: str, other: str) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    at = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, at - 60)
    return f"{_piece(one, start, at)}, expected {_piece(other, start, at)}"


def _piece(text: str, start: int, at: int) -> str:
    return " ".join(text[start : at + 60].split()) or "nothing more"


class _Active(HTMLParser):
    """What no page of any version of this program holds: what runs, what loads, and what sends."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.faults.append(f"<{tag}> in report.html; a page runs nothing and loads nothing")
        self.faults += [f"<{tag} {name}> in report.html; a page runs nothing" for name, _ in attrs if name[:2] == "on"]


def ran(folder: Path, edition: Edition, source: Path | None) -> Iterator[Check]:
    """
    Whether the notebook was run from its source: its cells, and its title, parameters and figures.

    Parameters
    ----------
    folder : Path
    edition : Edition
    source : Path, optional
        The notebook before it ran.
    """
    notebook = read_notebook(folder / edition.notebook)
    cells = [cell for cell in notebook.cells if cell.id != _DRAFT]
    faults = [*_title(notebook.cells, edition), *_given(cells, edition), *_figures(folder, cells)]
    yield checked("notebook", faults, "title, parameters and figures are those of edition.json and the folder")
    name = "notebook's source"
    if source is None or digest(source) != edition.inputs.notebook:
        there = f"{source.name} here is another one" if source else f"there is no {edition.notebook} here"
        line = f"{there}: words and code cannot be compared with what it was run from; name that with --notebook"
        yield Check(name, "not confirmed", (line,))
        return
    expected = [_source(cell) for cell in read_notebook(source).cells]
    found = [_source(cell) for cell in cells if cell.id not in {INJECTED, *(f"{tag}-filled" for tag in _FILLED)}]
    faults = [
        f"{'cell' if kind == 'code' else 'text'} {text[:100]!r} is not of {source.name}"
        for kind, text in found
        if (kind, text) not in expected
    ]
    if not faults and found != expected:
        faults = [f"cells of {source.name} are missing, or come in another order"]
    yield checked(name, faults, f"{len(found)} cells have the words and code of {source.name}")


def _source(cell: NotebookNode) -> tuple[str, str]:
    """Kind and text of a cell; of one that is filled when an edition is made, the heading alone."""
    filled = set(_FILLED) & set(cell.metadata.get("tags", []))
    return cell.cell_type, cell.source.partition("\n")[0] if filled else cell.source


def _title(cells: Sequence[NotebookNode], edition: Edition) -> Iterator[str]:
    """The title is the first heading; drafts were once given the first comment of the cell that marks them."""
    words = [cell for cell in cells if cell.cell_type == "markdown"]
    titles = [_heading(some, edition) for some in (words, cells, [cell for cell in cells if cell.id != _DRAFT])]
    if edition.title not in titles:
        yield f"title is {edition.title!r}, the notebook has {titles[0]!r}"


def _heading(cells: Sequence[NotebookNode], edition: Edition) -> str:
    lines = (line for cell in cells for line in cell.source.splitlines())
    return next((line[2:].strip() for line in lines if line.startswith("# ")), Path(edition.notebook).stem)


def _given(cells: Sequence[NotebookNode], edition: Edition) -> Iterator[str]:
    """What the cell of parameters gives, beside edition.json."""
    given: dict[str, object] = {}
    for cell in cells:
        if cell.id == INJECTED:
            for line in ast.parse(cell.source).body:
                if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
                    yield f"the cell of parameters holds {ast.unparse(line)[:100]!r}, expected a line like level = 0.9"
                    return
                given[line.targets[0].id] = ast.literal_eval(line.value)
    for name, value in given.items():
        expected = "." if name == "output_dir" else edition.inputs.parameters.get(name)
        shown = re.sub(r"(?i)\.csv$", "", Path(str(value)).name) if name == "register" else value
        if shown != expected:
            yield f"{name} is {value!r} in the notebook, {expected!r} in edition.json"


def _figures(folder: Path, cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Each figure is a picture of the notebook, byte for byte, and is what its name says."""
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.get("data", {}) for output in outputs]
    pictures = {data["image/png"].replace("\n", "") for data in shown if "image/png" in data}
    for file in sorted((folder / "figures").glob("*.png")):
        if base64.b64encode(file.read_bytes()).decode() not in pictures:
            yield f"figures/{file.name} is no picture of the notebook"
