"""What keeps committed notebooks in order: the page that names them, hooks before a commit, and their differences."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests import stored_notebooks

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGE = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8").splitlines()
CONFIGURATION = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for repository in CONFIGURATION["repos"] for hook in repository["hooks"]}
WIDGET = "application/vnd.jupyter.widget-view+json"


def test_the_page_of_notebooks_has_five_lines_and_each_says_a_question():
    assert len(PAGE) == len(NOTEBOOKS) == 5
    named = {}
    for line in PAGE:
        text, link, question, answers = re.fullmatch(r"- \[(.+?)\]\((.+?)\): \*\*(.+?\?)\*\* (.+\.)", line).groups()
        assert text == link
        assert len(answers.split()) >= 5, line
        named[link] = question
    assert sorted(named) == [path.name for path in NOTEBOOKS]
    for path in NOTEBOOKS:
        heading = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
        assert named[path.name] == heading.removeprefix("# "), path.name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_cell_asks_a_question_and_says_what_is_found_here(path):
    first = nbformat.read(path, as_version=4).cells[0]
    heading, blank, *said = first.source.splitlines()
    assert first.cell_type == "markdown"
    assert re.fullmatch(r"# .+\?", heading)
    assert blank == ""
    assert len(" ".join(said).split()) >= 20  # two sentences, and more than the question once again


def made(**metadata: object) -> NotebookNode:
    """Two cells that ran one after the other, one without source, and whatever an editor has left."""
    outputs = [new_output("execute_result", data={"text/plain": "0.5", WIDGET: {"model_id": "7"}}, execution_count=2)]
    cells = [
        new_markdown_cell("# How many?", metadata={"collapsed": True}),
        new_code_cell("share = 0.5", execution_count=1, metadata={"tags": ["parameters"], "execution": {"a": "09:00"}}),
        new_code_cell(""),
        new_code_cell("share", execution_count=2, outputs=outputs, metadata={"scrolled": False}),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "widgets": {"a": 1}, **metadata})


def test_what_belongs_to_one_session_is_left_out_and_nothing_else():
    text = stored_notebooks.as_stored(made(toc={"base_numbering": 1}))
    kept = nbformat.reads(text, as_version=4)
    assert set(kept.metadata) == {"kernelspec"}
    assert [dict(cell.metadata) for cell in kept.cells] == [{}, {"tags": ["parameters"]}, {}, {}]
    assert [cell.source for cell in kept.cells] == ["# How many?", "share = 0.5", "", "share"]
    assert [cell.get("execution_count") for cell in kept.cells] == [None, 1, None, 2]
    assert kept.cells[3].outputs[0].data == {"text/plain": "0.5"}
    assert stored_notebooks.as_stored(kept) == text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_are_as_stored(path):
    notebook = nbformat.read(path, as_version=4)
    assert path.read_bytes() == stored_notebooks.as_stored(notebook).encode()
    assert list(stored_notebooks.disorder(notebook)) == []


@pytest.mark.parametrize(
    ("place", "count", "said"),
    [
        (1, None, "cell 2 has count None, expected 1"),
        (1, 2, "cell 2 has count 2, expected 1"),
        (3, 3, "cell 4 has count 3, expected 2"),
        (2, 2, "cell 3 has count 2, expected None"),
    ],
)
def test_a_count_out_of_order_is_named(place, count, said):
    notebook = made()
    notebook.cells[place].execution_count = count
    assert list(stored_notebooks.disorder(notebook)) == [said]


def test_an_output_of_another_run_is_named():
    notebook = made()
    notebook.cells[3].outputs[0].execution_count = 9
    assert list(stored_notebooks.disorder(notebook)) == ["cell 4 has an output with count 9, expected 2"]


def test_the_hook_writes_anew_what_it_can_and_fails_so_that_it_is_added_again(tmp_path, capsys):
    path = tmp_path / "one.ipynb"
    nbformat.write(made(), path)
    assert stored_notebooks.main([str(path)]) == 1
    expected = f"{path.as_posix()}: was written anew without what belongs to one session; add it again\n"
    assert capsys.readouterr().out == expected
    assert path.read_bytes() == stored_notebooks.as_stored(made_of(path)).encode()
    assert stored_notebooks.main([str(path)]) == 0
    assert capsys.readouterr().out == ""
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as an editor on Windows may save it
    assert stored_notebooks.main([str(path)]) == 1
    assert b"\r" not in path.read_bytes()


def made_of(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b"\xff", b"words", b'{"nbformat": 4, "nbformat_minor": 5, "cells": []}']
)
def test_the_hook_names_a_file_that_is_no_notebook_and_leaves_it_as_it_is(content, tmp_path, capsys):
    path = tmp_path / "one.ipynb"
    path.write_bytes(content)
    assert stored_notebooks.main([str(path)]) == 1
    assert capsys.readouterr().out.startswith(f"{path} is not a notebook")
    assert path.read_bytes() == content


def test_hooks_fetch_nothing_and_need_no_shell():
    assert {repository["repo"] for repository in CONFIGURATION["repos"]} == {"local"}
    for hook in HOOKS.values():
        assert hook["language"] == "system"
        assert hook["entry"].startswith("python -m ")
        assert "additional_dependencies" not in hook
    assert "nbstripout" not in str(CONFIGURATION)


def environment(home: Path) -> dict[str, str]:
    """Where this Python is ``python``, a cache of one's own, and no setting of git but what the clone has."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        # Where nothing listens: whoever asks a network fails.
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }


@pytest.fixture
def clone(tmp_path):
    """A repository with what the hooks look at, committed, and a way to run a command in it."""
    folder, home = tmp_path / "clone", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    for name in (".gitattributes", ".pre-commit-config.yaml", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "analysis", folder / "analysis", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "stored_notebooks.py"):
        (folder / "tests").mkdir(exist_ok=True)
        shutil.copyfile(ROOT / "tests" / name, folder / "tests" / name)
    (folder / "notebooks").mkdir()
    shutil.copyfile(ROOT / "notebooks" / "wording.ipynb", folder / "notebooks" / "wording.ipynb")

    def run(*command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, cwd=folder, env=environment(home), capture_output=True, text=True, encoding="utf-8", check=False
        )

    def committed(*options: str) -> subprocess.CompletedProcess:
        run("git", "add", "--all")
        return run("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-m", "A change", *options)

    run("git", "init", "--quiet")
    assert committed().returncode == 0
    run.folder, run.committed = folder, committed
    return run


PRE_COMMIT = (sys.executable, "-m", "pre_commit")


def test_pre_commit_runs_every_hook_on_what_is_committed_here(clone):
    done = clone(*PRE_COMMIT, "run", "--all-files", "--color", "never")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [re.sub(r"\.{3,}", " ", line) for line in done.stdout.splitlines()]
    assert lines == [f"{hook['name']} Passed" for hook in HOOKS.values()]


def test_a_commit_with_counts_out_of_order_or_marks_of_a_session_is_refused_until_it_is_mended(clone):
    assert clone(*PRE_COMMIT, "install").returncode == 0
    path = clone.folder / "notebooks" / "wording.ipynb"
    whole = path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["execution"] = {"iopub.status.idle": "2024-12-19T09:00:00Z"}
    nbformat.write(notebook, path)
    refused = clone.committed()
    assert refused.returncode == 1
    assert "notebooks/wording.ipynb: was written anew without what belongs to one session" in refused.stderr
    assert path.read_bytes() == whole

    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[2].execution_count = 9
    nbformat.write(notebook, path)
    refused = clone.committed()
    assert refused.returncode == 1
    assert (
        f"notebooks/wording.ipynb: cell {notebook.cells.index(code[2]) + 1} has count 9, expected 3" in refused.stderr
    )

    path.write_bytes(whole)
    (clone.folder / "notebooks" / "README.md").write_text("- a line\n", encoding="utf-8")
    mended = clone.committed()
    assert mended.returncode == 0, mended.stdout + mended.stderr


def test_a_commit_of_unsound_python_is_refused(clone):
    assert clone(*PRE_COMMIT, "install").returncode == 0
    (clone.folder / "tests" / "wrong.py").write_text("import os\nx = {  }\n", encoding="utf-8")
    refused = clone.committed()
    assert refused.returncode == 1
    assert "F401" in refused.stderr
    assert "files were modified by this hook" in refused.stderr


def changed(path: Path) -> tuple[str, str]:
    """Change the first number of the first table by one in its last digit; its text before and after."""
    notebook = nbformat.read(path, as_version=4)
    tables = (cell.outputs[0].data for cell in notebook.cells if cell.get("outputs") and "<td" in str(cell.outputs))
    data = next(tables)
    before = re.search(r"\d+\.\d+|\d{2,}", data["text/plain"])[0]
    after = before[:-1] + str((int(before[-1]) + 1) % 10)
    data["text/plain"] = data["text/plain"].replace(before, after, 1)
    path.write_text(stored_notebooks.as_stored(notebook), encoding="utf-8", newline="")
    return before, after


def test_nbdiff_shows_a_changed_number(tmp_path):
    one, other = tmp_path / "one.ipynb", tmp_path / "other.ipynb"
    for path in (one, other):
        shutil.copyfile(ROOT / "notebooks" / "wording.ipynb", path)
    before, after = changed(other)
    done = subprocess.run(
        [sys.executable, "-m", "nbdime", "diff", "--no-color", str(one), str(other)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("-") and before in line]
    assert [line for line in lines if line.startswith("+") and after in line]
    assert re.search(r"outputs/0/data/text/plain", done.stdout)


def test_git_compares_and_merges_notebooks_as_text_until_nbdime_is_enabled_and_by_cells_then(clone):
    path = clone.folder / "notebooks" / "wording.ipynb"
    _, after = changed(path)
    plain = clone("git", "diff")
    assert plain.returncode == 0
    assert plain.stdout.startswith("diff --git a/notebooks/wording.ipynb")
    assert [line for line in plain.stdout.splitlines() if line.startswith("+ ") and after in line]

    clone("git", "checkout", "-q", "-b", "other")
    assert clone.committed("--no-verify").returncode == 0
    clone("git", "checkout", "-q", "-")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].outputs[0].data["text/plain"] += "\nmore"
    path.write_text(stored_notebooks.as_stored(notebook), encoding="utf-8", newline="")
    assert clone.committed("--no-verify").returncode == 0
    merged = clone("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "merge", "-m", "Both", "other")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert "\nmore" in nbformat.read(path, as_version=4).cells[-1].outputs[0].data["text/plain"]

    assert clone(sys.executable, "-m", "nbdime", "config-git", "--enable").returncode == 0
    assert clone("git", "config", "diff.jupyternotebook.command").returncode == 0
    assert (clone.folder / ".gitattributes").read_bytes() == (ROOT / ".gitattributes").read_bytes()
    by_cell = clone("git", "diff", "HEAD~1")
    assert "nbdiff" in by_cell.stdout
    assert "## modified /cells/" in re.sub(r"\x1b\[[0-9;]*m", "", by_cell.stdout)


def test_files_are_the_same_bytes_on_every_system(clone):
    """Windows' git would give CRLF to what is checked out, and every digest of a register would be another."""
    clone("git", "config", "core.autocrlf", "true")
    path = clone.folder / "analysis" / "data" / "seed.csv"
    path.unlink()
    assert clone("git", "checkout", "--", "analysis/data/seed.csv").returncode == 0
    assert path.read_bytes() == (ROOT / "analysis" / "data" / "seed.csv").read_bytes()
    assert clone("git", "status", "--porcelain").stdout == ""
