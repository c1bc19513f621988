"""
Editions: a parameterized notebook is executed, turned into one page, and moved into place in one step.

The same notebook and parameters give the same bytes.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from analysis.editions import publish
from analysis.errors import InputError, WorkError
from analysis.execution import INJECTED, execute
from analysis.page import to_html
from analysis.parameters import cast_parameters, declared_parameters, read_notebook

__all__ = ["render"]


def render(notebook: Path, target: Path, parameters: Mapping[str, object]) -> Path:
    """
    Make an edition: the executed notebook, ``report.html``, and what the notebook writes into ``output_dir``.

    Parameters
    ----------
    notebook : Path
        A notebook with a cell tagged ``parameters``; if it declares ``output_dir``, it gets the folder to fill.
    target : Path
        The folder of the edition. An earlier edition there is replaced; any other folder is left alone.
    parameters : mapping
        Values by name, as from a command line; each is cast to the type of its default.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    InputError
        A parameter or the target is wrong, or a cell raised the package's InputError.
    WorkError
        A cell failed, or the page cannot be made. An earlier edition stays as it was.
    """
    declared = declared_parameters(notebook)
    if "output_dir" in parameters:
        raise InputError("output_dir is set by the run; leave it out and name the output folder instead")
    cast = cast_parameters(parameters, declared)
    if target.exists() and not (target / "report.html").exists() and (target.is_file() or any(target.iterdir())):
        raise InputError(f"output folder {target} holds something else than a report; name a new folder")

    def build(folder: Path) -> None:
        executed = folder / notebook.name
        execute(notebook, executed, cast | ({"output_dir": str(folder)} if "output_dir" in declared else {}))
        _forget(folder, executed)
        (folder / "report.html").write_text(to_html(executed), encoding="utf-8")
        _refuse_place(folder)

    return publish(build, target)


def _forget(folder: Path, executed: Path) -> None:
    """Write "." for the folder a notebook was built in, a path of this machine and new in each run."""
    import nbformat

    notebook = read_notebook(executed)
    for cell in notebook.cells:
        if cell.id == INJECTED:
            cell.source = re.sub(r"^output_dir = .*$", 'output_dir = "."', cell.source, flags=re.MULTILINE)
    quoted = json.dumps(str(folder), ensure_ascii=False)[1:-1]
    executed.write_text(nbformat.writes(notebook).replace(quoted, ".") + "\n", encoding="utf-8")


def _refuse_place(folder: Path) -> None:
    """Stop when a file still names the folder it was built in; two runs would then differ."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and folder.name.encode() in file.read_bytes():
            raise WorkError(f"{file.name} names the folder it was built in; write it without output_dir")
