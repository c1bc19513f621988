"""
The place in which an analyst works: JupyterLab with the settings and the workspace that ship with the package.

It opens the notebook of the question beside the register. What JupyterLab keeps of a session lies in a folder of this
place, and the user's own settings are neither read nor written; what is committed changes only when somebody saves it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import InputError

__all__ = ["WORKSPACE", "Place", "keep_minimal", "minimal", "place_of", "start"]

PACKAGE = Path(__file__).resolve().parent
SHIPPED = PACKAGE / "data" / "lab"
WORKSPACE = "explore"
_STATE = ".lab"  # JupyterLab shows no folder whose name begins with a dot
_REGISTERS = ("seed.csv", "public-record.csv", "sources.toml")

# What a stored notebook says about itself and its cells. Times of a run, marks of an editor and the state of widgets
# are of one afternoon and one machine.
_OF_NOTEBOOK = ("kernelspec", "language_info")
_OF_CELL = ("jupyter", "tags")
_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where JupyterLab works.

    Parameters
    ----------
    root : Path
        The folder that it shows; notebooks are in ``notebooks``.
    registers : str
        The folder of the registers, below the root, with ``/`` on every system.
    checkout : bool
        Whether this is a clone, so that its own package is the one that notebooks import.
    """

    root: Path
    registers: str
    checkout: bool

    @property
    def state(self) -> Path:
        """The folder of settings, layouts and whatever else JupyterLab keeps."""
        return self.root / _STATE

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """
        Say which variables JupyterLab and its kernels get beside those that are there.

        Parameters
        ----------
        variables : mapping
            Those that are there, by name.

        Returns
        -------
        dict
            By name; those of lists of folders keep what was in them.
        """
        given = {
            "JUPYTER_CONFIG_DIR": str(self.state),
            "JUPYTER_CONFIG_PATH": _before(SHIPPED, variables.get("JUPYTER_CONFIG_PATH", "")),
            "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel is this Python's, also where the user has one of that name
            "JUPYTERLAB_SETTINGS_DIR": str(self.state / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.state / "workspaces"),
        }
        if self.checkout:
            given["PYTHONPATH"] = _before(PACKAGE.parent, variables.get("PYTHONPATH", ""))
        return given

    def workspace(self) -> str:
        """The workspace as JupyterLab reads it, with the register of this place."""
        text = (SHIPPED / f"{WORKSPACE}.jupyterlab-workspace").read_text(encoding="utf-8")
        return text.replace("analysis/data/seed.csv", f"{self.registers}/seed.csv")

    def arguments(self) -> list[str]:
        """What JupyterLab is told on its command line."""
        return [
            f"--ServerApp.root_dir={self.root}",
            f"--LabApp.default_url=/lab/workspaces/{WORKSPACE}",
            f"--LabApp.user_settings_dir={self.state / 'settings'}",
            f"--LabApp.workspaces_dir={self.state / 'workspaces'}",
            "--FileContentsManager.pre_save_hook=analysis.lab.keep_minimal",
        ]


def place_of(folder: Path | None = None) -> Place:
    """
    Find the place: the clone that holds this package, or a folder with copies of what ships with it.

    Parameters
    ----------
    folder : Path, optional
        Made where it is missing. Notebooks that are there already stay as they are. Without it, the clone, or
        ``casualty-report`` in the current folder where the package was installed.

    Returns
    -------
    Place

    Raises
    ------
    InputError
        The folder is a file.
    """
    checkout = (PACKAGE.parent / "notebooks" / "report.ipynb").is_file()
    if folder is None and checkout:
        return Place(PACKAGE.parent, "analysis/data", checkout=True)
    root = (folder or Path("casualty-report")).resolve()
    if root.exists() and not root.is_dir():
        raise InputError(f"--folder is '{folder}', which is a file, expected a folder like casualty-report")
    _furnish(root, PACKAGE.parent / "notebooks" if checkout else PACKAGE / "data" / "notebooks")
    return Place(root, "registers", checkout=checkout)


def start(place: Place, options: Sequence[str] = ()) -> None:
    """
    Start JupyterLab in this process and return when it ends.

    Parameters
    ----------
    place : Place
        As `place_of` gives it.
    options : sequence of str
        JupyterLab's own, like ``--no-browser``; they come after ours.
    """
    os.environ.update(place.environment(os.environ))
    os.environ.pop("MPLBACKEND", None)  # an analyst's own pictures are shown, whatever reports are drawn with
    # Imported here, since both look at the variables on import.
    from jupyterlab.labapp import LabApp
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    workspaces = WorkspacesManager(str(place.state / "workspaces"))
    if not workspaces.load(WORKSPACE)["data"]:  # else it is as the user left it
        workspaces.save(WORKSPACE, place.workspace())
    LabApp.launch_instance(argv=[*place.arguments(), *options])


def minimal(notebook: Mapping[str, object]) -> dict[str, object]:
    """
    Leave out of a notebook what belongs to one session: times of runs, marks of an editor, the state of widgets.

    Parameters
    ----------
    notebook : mapping
        As JSON gives it; it stays as it is.

    Returns
    -------
    dict
        The notebook with its sources and counts untouched, and its outputs but for the views of widgets.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": [], "execution": {"iopub.status.idle": "09:00"}}}
    >>> minimal({"cells": [cell], "metadata": {"widgets": {}}})
    {'cells': [{'cell_type': 'code', 'metadata': {'tags': []}}], 'metadata': {}}
    """
    cells = [_without_views({**cell, "metadata": _only(_OF_CELL, cell["metadata"])}) for cell in notebook["cells"]]
    return {**notebook, "cells": cells, "metadata": _only(_OF_NOTEBOOK, notebook["metadata"])}


def _without_views(cell: dict[str, object]) -> dict[str, object]:
    """A cell whose outputs show what stands for a widget, which lives as long as its kernel."""
    outputs = cell.get("outputs")
    if not isinstance(outputs, list):
        return cell
    return {**cell, "outputs": [_without_view(one) for one in outputs]}


def _without_view(output: Mapping[str, object]) -> Mapping[str, object]:
    data = output.get("data")
    if not isinstance(data, Mapping) or _VIEW not in data:
        return output
    return {**output, "data": {name: value for name, value in data.items() if name != _VIEW}}


def keep_minimal(*, model: dict[str, object], path: str, contents_manager: object) -> None:  # noqa: ARG001
    """Jupyter's hook before a file is saved: of a notebook, `minimal` is."""
    if model["type"] == "notebook":
        model["content"] = minimal(model["content"])


def _only(names: Sequence[str], metadata: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in metadata.items() if name in names}


def _before(folder: Path, others: str) -> str:
    """A list of folders as a variable holds it, with one more at its front."""
    return os.pathsep.join([str(folder), *(one for one in others.split(os.pathsep) if one and one != str(folder))])


def _furnish(root: Path, notebooks: Path) -> None:
    """Copy notebooks that are not there; of the registers, show a copy that cannot be mistaken for one to change."""
    for folder in ("notebooks", "registers"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for source in sorted(notebooks.glob("*.ipynb")):
        if not (root / "notebooks" / source.name).exists():
            shutil.copyfile(source, root / "notebooks" / source.name)
    for name in _REGISTERS:
        copy = root / "registers" / name
        if copy.exists() or copy.is_symlink():
            if not copy.is_symlink():
                copy.chmod(stat.S_IREAD | stat.S_IWRITE)  # what is read-only cannot be removed on Windows
            copy.unlink()
        shutil.copyfile(PACKAGE / "data" / name, copy)
        copy.chmod(stat.S_IREAD)
