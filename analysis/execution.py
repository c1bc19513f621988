"""
Runs of notebooks: top to bottom in a fresh kernel, with parameters.

The only module that knows papermill. What it writes holds no time and no random id.
"""

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import InputError, WorkError
from analysis.parameters import read_notebook

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

__all__ = ["INJECTED", "execute"]

INJECTED = "injected-parameters"  # papermill's tag for the cell it adds; here also the cell's id
_LONGEST_SOCKET_FOLDER = 98  # a socket's path has at most 103 bytes on macOS and 107 on Linux; its name takes 4


def execute(notebook: Path, output: Path, parameters: Mapping[str, object]) -> None:
    """
    Run a notebook from top to bottom in a fresh kernel and write it, with its outputs, to another file.

    The kernel is this interpreter's, works in the current folder and listens on sockets in a private folder,
    so no port is opened and runs side by side do not meet. What is written holds no time and no random id.

    Parameters
    ----------
    notebook, output : Path
        The notebook, which stays as it is, and the file to write, which is written only when every cell ran.
    parameters : mapping
        Values by name for the cell after the one tagged ``parameters``; `cast_parameters` makes them.

    Raises
    ------
    InputError
        The file is not a notebook, or a cell raised the package's own InputError.
    WorkError
        A cell failed or the kernel died; the message names the notebook and the cell.
    """
    import nbformat
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel

    source = read_notebook(notebook)
    started: list[int] = []
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it logs is raised here as well
    try:
        with tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True) as private:
            executed = papermill.execute_notebook(
                source,
                None,
                dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                config=_sockets(Path(private)),
                # No start-up files of the user, and no word of an interrupt that only ends the kernel.
                extra_arguments=[f"--ipython-dir={private}", "--log-level=50"],
                coalesce_streams=True,  # how printed text is cut into messages differs from run to run
                record_timing=False,
                iopub_timeout=60,  # 4 s, the default, are too few on a busy machine
                on_cell_execute=lambda cell, cell_index: started.append(cell_index),  # noqa: ARG005
            )
    except papermill.PapermillExecutionError as error:
        raise _failure(notebook, error) from None
    except (NoSuchKernel, RuntimeError, TimeoutError) as error:  # a dead kernel is a RuntimeError
        place = f"In[{len(started)}]" if started else "before the first cell"
        raise WorkError(f"{notebook.name}, {place}: {_brief(str(error))}") from None
    _strip(executed)
    nbformat.write(executed, output)


def _sockets(private: Path) -> "Config":
    """Let the kernel listen on sockets in a private folder: a relative path, the default, can wait forever."""
    from traitlets.config import Config

    if len(os.fsencode(private)) > _LONGEST_SOCKET_FOLDER:
        raise InputError(f"the temporary folder is {private.parent}, expected a shorter path like /tmp; set TMPDIR")
    connection = {"transport": "ipc", "connection_file": str(private / "kernel.json"), "ip": str(private / "k")}
    return Config({"KernelManager": connection})


def _failure(notebook: Path, error: "PapermillExecutionError") -> InputError | WorkError:
    """Say which cell failed and why; the package's own InputError keeps its lines and its meaning."""
    if error.ename == "InputError":
        return InputError(*error.evalue.splitlines())
    reason = _brief(error.evalue)
    return WorkError(f"{notebook.name}, In[{error.exec_count}]: {error.ename}{': ' if reason else ''}{reason}")


def _brief(reason: str) -> str:
    """Cut a reason to five lines of at most 300 characters."""
    lines = [line[:300] for line in reason.strip().splitlines()]
    return "\n".join(lines[:5] + ["..."] * (len(lines) > 5))


def _strip(executed: "NotebookNode") -> None:
    """Take out what differs from run to run: papermill's record, times, and the id of the cell it adds."""
    executed.metadata.pop("papermill", None)
    for cell in executed.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
