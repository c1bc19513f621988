"""
Stored notebooks: run from top to bottom, and with nothing in them that belongs to one session or one editor.

``python -m tests.stored_notebooks notebooks/report.ipynb`` is the hook of .pre-commit-config.yaml. It writes a notebook
anew where that says the same in our form, and refuses one whose counts are not in order: only a run mends those. Either
way it ends with 1, so that the change is looked at and added.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from analysis.errors import InputError
from analysis.lab import minimal
from analysis.parameters import read_notebook

__all__ = ["as_stored", "disorder", "main"]


def as_stored(notebook: NotebookNode) -> str:
    """
    The text of a notebook as it is committed: nbformat's own form, minimal metadata, and no widgets.

    Widgets live as long as their kernel, and what stands for them is stored beside them.
    """
    return nbformat.writes(nbformat.from_dict(minimal(notebook))) + "\n"


def disorder(notebook: NotebookNode) -> Iterator[str]:
    """
    Say which cells, counted from 1, were not run in their order in one fresh kernel.

    A code cell without source has no count, as JupyterLab leaves it.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> list(disorder(new_notebook(cells=[new_code_cell("1", execution_count=7)])))
    ['cell 1 has count 7, expected 1']
    """
    expected = 0
    for place, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        ran = bool(cell.source.strip())
        expected += ran
        wanted = expected if ran else None
        if cell.execution_count != wanted:
            yield f"cell {place} has count {cell.execution_count}, expected {wanted}"
        for output in cell.outputs:
            if output.output_type == "execute_result" and output.execution_count != wanted:
                yield f"cell {place} has an output with count {output.execution_count}, expected {wanted}"


def main(paths: list[str]) -> int:
    """Look at each notebook, write it anew where that is enough, and say what was found; 1 if anything was."""
    found = []
    for path in map(Path, paths):
        name = path.as_posix()
        try:
            notebook = read_notebook(path)
            nbformat.validate(notebook)
        except InputError as error:
            found += error.faults
            continue
        except nbformat.ValidationError as error:
            found.append(f"{name} is not a notebook: {str(error).splitlines()[0]}")
            continue
        found += [f"{name}: {fault}; run it from top to bottom" for fault in disorder(notebook)]
        after = as_stored(notebook).encode()
        if after != path.read_bytes():
            path.write_bytes(after)
            found.append(f"{name}: was written anew without what belongs to one session; add it again")
    print(*found, sep="\n", end="\n" * bool(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
