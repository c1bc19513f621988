"""The rules that every notebook keeps, so that a reader of one can read the others."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
# The answer comes first, whatever the notebook calls it.
FIRST = {
    "claims": "The record in short",
    "report": "The answer",
    "explore": "The answer",
    "sensitivity": "The answer in short",
    "wording": "The answer",
}
# What stands between limits and provenance for whoever looks something up.
APPENDED = ("Method, step by step", "Definitions", "About this report", "References", "Standards")


def notebook_of(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def statements(source: str) -> int:
    """Statements of a cell that do something: imports are none."""
    return sum(not isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body)


def test_every_notebook_is_known():
    assert [path.stem for path in NOTEBOOKS] == sorted(FIRST)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_starts_with_a_title_and_the_parameters_and_ran_from_top_to_bottom(path):
    notebook = notebook_of(path)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[0].source.startswith("# ")
    assert notebook.cells[1].metadata.tags == ["parameters"]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_calls_the_package_in_three_statements_at_most(path):
    for cell in notebook_of(path).cells:
        if cell.cell_type == "code":
            assert "def " not in cell.source
            assert "papermill" not in cell.metadata
            assert "parameters" in cell.metadata.tags or statements(cell.source) <= 3, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_number_is_typed_in_prose(path):
    for cell in notebook_of(path).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"\$+[^$]*\$+", "", cell.source)  # a formula is no result
            assert not re.search(r"\d", prose), f"a typed number in {cell.source!r}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_sections_lead_from_the_answer_to_limits_and_provenance(path):
    cells = notebook_of(path).cells
    sections = [cell.source.splitlines()[0][3:] for cell in cells if cell.source.startswith("## ")]
    assert sections[0] == FIRST[path.stem]
    assert [name for name in sections if name not in APPENDED][-2:] == ["Limits", "Provenance"]
