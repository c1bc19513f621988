"""
What is settled about an edition once its notebook has run: what changed, which gates it meets, which standards.

It fills the cells that a notebook keeps for it, tagged ``edition-changes`` and ``edition-compliance``, with outputs and
not with Markdown, so that text from a register is shown letter by letter.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from analysis import changes, changes_prose, compliance
from analysis.changes import Comparison
from analysis.editions import write_whole
from analysis.gates import Gate, gates
from analysis.manifest import digest
from analysis.parameters import read_notebook
from analysis.prose import Prose

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["PREVIOUS", "Last", "Settled", "mark_draft", "results", "settle"]

PREVIOUS = "previous"  # the folder of an edition that holds what it was compared with
_NOTE = "# filled in when the edition was rendered"


@dataclass(frozen=True, slots=True)
class Last:
    """
    The edition to compare with.

    Parameters
    ----------
    name, code : str
        Of it; ``code`` is the digest of the program that made it.
    folder : Path
        Holds its results.json and its register as it was used.
    files : tuple of str
        Their names.
    """

    name: str
    code: str
    folder: Path
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """
    What is settled.

    Parameters
    ----------
    comparison : Comparison or None
        ``None`` for a first edition.
    met : tuple of Gate
        Every gate it meets, approved or not.
    approved : str or None
        Who approved it and why; ``None`` where there was nothing to approve.
    last : Last or None
        What it was compared with.
    """

    comparison: Comparison | None
    met: tuple[Gate, ...]
    approved: str | None
    last: Last | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is a draft; empty where it is none."""
        return () if self.approved else tuple(gate.reason for gate in self.met)


class _Shown(Protocol):
    def _repr_mimebundle_(self) -> dict[str, str]: ...


def settle(
    folder: Path,
    executed: Path,
    *,
    last: Last | None,
    code: str,
    max_age: int,
    approved: str,
    again: Callable[[], str] | None = None,
) -> Settled:
    """
    Settle an edition whose notebook has run, and write changes.json and compliance.json into its folder.

    Parameters
    ----------
    folder : Path
        Of the edition, on its way.
    executed : Path
        Its notebook, whose kept cells are filled.
    last : Last, optional
    code : str
        Digest of the program.
    max_age : int
        Days that the newest claim may be old.
    approved : str
        Who approves what a person may approve, and why; empty for nobody.
    again : callable, optional
        Gives the results.json of a second run.
    """
    record = results(folder)
    if record is None:
        return Settled(None, (), None, None)
    comparison = None
    if last is not None:
        model = () if last.code == code else ("the program was changed",)
        comparison = changes.compare(last.folder, folder, edition=last.name, model=model)
        _keep(last, folder)
    (folder / "changes.json").write_text(changes.to_json(comparison), encoding="utf-8")
    met = gates(record, comparison, max_age=max_age)
    may = bool(met and approved) and all(gate.approvable for gate in met)
    settled = Settled(comparison, met, approved if may else None, last)
    settings = record["settings"]
    notebook = read_notebook(executed)
    _fill(notebook, "edition-changes", _changed(settled, level=settings["level"], digits=settings["digits"]))
    before = None
    if last is not None:
        before = compliance.Before(last.name, digest(folder / PREVIOUS / "results.json"))
    checked = compliance.check(folder, notebook, before=before, gates=settled.reasons, code=code, again=again)
    (folder / "compliance.json").write_text(compliance.to_json(checked), encoding="utf-8")
    _fill(notebook, "edition-compliance", (Prose((checked.sentence,)), checked.table()))
    _write(notebook, executed)
    return settled


def results(folder: Path) -> Mapping[str, object] | None:
    """What results.json holds; nothing for a notebook that writes none, or one of its own kind."""
    if not (folder / "results.json").is_file():
        return None
    try:
        record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except ValueError:
        return None
    return record if isinstance(record, dict) and record.get("schema") == "results-1" else None


def _keep(last: Last, folder: Path) -> None:
    """Copy what an edition was compared with, so that it can be checked without the other."""
    (folder / PREVIOUS).mkdir()
    for name in last.files:
        shutil.copyfile(last.folder / name, folder / PREVIOUS / name)


def _changed(settled: Settled, *, level: float, digits: int) -> Sequence[_Shown]:
    """What changed, for readers."""
    comparison = settled.comparison
    shown: list[_Shown] = [changes_prose.since(comparison, level=level, digits=digits)]
    if settled.approved:
        reasons = "; ".join(gate.reason for gate in settled.met)
        shown.append(
            Prose((f"Published after a review of what would have made it a draft ({reasons}): {settled.approved}",))
        )
    if comparison is not None and not comparison.same:
        shown.append(changes_prose.steps(comparison, level=level, digits=digits))
        shown += [changes_prose.came(comparison)] if comparison.came else []
        shown += [changes_prose.corrected(comparison)] if comparison.corrected else []
    return shown


def _fill(notebook: NotebookNode, tag: str, shown: Sequence[_Shown]) -> None:
    """Put a cell with outputs behind the heading of each cell of this tag, in place of its text."""
    from nbformat.v4 import new_code_cell, new_output

    outputs = [new_output("display_data", data=one._repr_mimebundle_()) for one in shown]
    for index, cell in reversed(list(enumerate(notebook.cells))):
        if tag in cell.metadata.get("tags", []):
            cell.source = cell.source.splitlines()[0]
            filled = new_code_cell(_NOTE, id=f"{tag}-filled", metadata={"tags": ["hide-input", tag]}, outputs=outputs)
            notebook.cells.insert(index + 1, filled)


def mark_draft(executed: Path, reasons: Sequence[str]) -> None:
    """Say at the top of an executed notebook that the edition is a draft, and why."""
    from nbformat.v4 import new_code_cell, new_output

    notebook = read_notebook(executed)
    text = Prose(("DRAFT", *reasons), lead=True)
    outputs = [new_output("display_data", data=text._repr_mimebundle_())]
    cell = new_code_cell(_NOTE, id="edition-draft", metadata={"tags": ["hide-input"]}, outputs=outputs)
    notebook.cells.insert(0, cell)
    _write(notebook, executed)


def _write(notebook: NotebookNode, path: Path) -> None:
    import nbformat

    write_whole(path, f"{nbformat.writes(notebook)}\n".encode())
