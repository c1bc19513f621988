"""Editions: what a notebook may be given, how it runs, what the page holds, and what is left when a run fails."""

import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from analysis.errors import InputError, WorkError
from analysis.paper import find_browser
from analysis.parameters import cast_parameters, declared_parameters
from analysis.report import Order, render
from tests.made_notebooks import parameters, png, write
from tests.rendering import rendered

DECLARED = {"register": "seed", "seed": 7, "level": 0.9, "verbose": False, "levels": [0.5, 0.9], "as_of": None}


# -- parameters ---------------------------------------------------------------------------------------------------


def test_declared_parameters_are_read_in_order(tmp_path):
    cell = parameters(
        '# what to read\nregister = "seed"  # a name\nlevel: float = -0.5\nseed: int = 7\nas_of = None\nx: int'
    )
    notebook = write(tmp_path / "n.ipynb", new_markdown_cell("# T"), cell, new_code_cell("later = 1"))
    declared = declared_parameters(notebook)
    assert list(declared.items()) == [("register", "seed"), ("level", -0.5), ("seed", 7), ("as_of", None)]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("n = 3\nm = n * 2", r"m is computed, 'n \* 2'"),
        ("a, b = 1, 2", r"'a, b = \(1, 2\)' is not a line like seed = 7"),
        ("a = 1\na += 1", "is not a line like seed = 7"),
        ("a = = 1", "parameters cell, line 1: invalid syntax"),
    ],
)
def test_a_parameters_cell_that_is_not_plain_is_refused(tmp_path, source, fault):
    with pytest.raises(InputError, match=fault):
        declared_parameters(write(tmp_path / "n.ipynb", parameters(source)))


def test_what_is_not_a_parameterized_notebook_is_refused(tmp_path):
    with pytest.raises(InputError, match="no cell is tagged 'parameters'"):
        declared_parameters(write(tmp_path / "n.ipynb", new_code_cell("seed = 7")))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        declared_parameters(tmp_path / "missing.ipynb")
    (tmp_path / "text.ipynb").write_text("seed = 7")
    with pytest.raises(InputError, match="is not a notebook: "):
        declared_parameters(tmp_path / "text.ipynb")
    (tmp_path / "old.ipynb").write_text('{"nbformat": 3, "worksheets": []}')
    with pytest.raises(InputError, match="not a notebook of format 4"):
        declared_parameters(tmp_path / "old.ipynb")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("register", "007", "007"),
        ("register", 7, "7"),
        ("register", 0.5, "0.5"),
        ("register", datetime.date(2024, 12, 19), "2024-12-19"),
        ("register", np.datetime64("2024-12-19"), "2024-12-19"),
        ("register", Path("claims.csv"), "claims.csv"),
        ("register", "no", "no"),
        ("seed", "7", 7),
        ("seed", np.int64(7), 7),
        ("level", "0.9", 0.9),
        ("level", "1e-3", 0.001),
        ("level", 1, 1.0),
        ("level", np.float32(0.5), 0.5),
        ("verbose", "true", True),
        ("verbose", "False", False),
        ("verbose", np.bool_(True), True),
        ("levels", [0.8], [0.8]),
        ("as_of", "2024-12-19", "2024-12-19"),
        ("as_of", None, None),
    ],
)
def test_a_value_takes_the_type_of_its_default(name, value, expected):
    (cast,) = cast_parameters({name: value}, DECLARED).values()
    assert cast == expected
    assert type(cast) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("seed", "x", "seed is 'x', expected an integer like 7"),
        ("seed", "7.5", "seed is '7.5', expected an integer like 7"),
        ("seed", 7.0, "seed is 7.0, expected an integer like 7"),
        ("seed", True, "seed is True, expected an integer like 7"),
        ("level", "high", "level is 'high', expected a number like 0.9"),
        ("level", "nan", "level is 'nan', expected a number like 0.9"),
        ("level", float("inf"), "level is inf, expected a number like 0.9"),
        ("level", 10**400, f"level is {10**400}, expected a number like 0.9"),
        ("verbose", "no", "verbose is 'no', expected true or false"),
        ("register", None, "register is None, expected text like 'seed'"),
        ("register", True, "register is True, expected text like 'seed'"),
        ("levels", "0.5", "levels is '0.5', expected a list like [0.5, 0.9]"),
        ("seed", np.array([1, 2]), "seed is array([1, 2]), expected an integer like 7"),
        (
            "sed",
            1,
            "sed is not a parameter, did you mean seed? Declared are register, seed, level, verbose, levels, as_of",
        ),
        ("zzz", 1, "zzz is not a parameter. Declared are register, seed, level, verbose, levels, as_of"),
        ("api_token", "x", "api_token looks like a secret, and parameters are printed in the report; leave it out"),
        ("Password", "x", "Password looks like a secret, and parameters are printed in the report; leave it out"),
    ],
)
def test_a_value_that_cannot_be_taken_says_what_was_expected(name, value, fault):
    with pytest.raises(InputError) as caught:
        cast_parameters({name: value}, DECLARED)
    assert caught.value.faults == (fault,)


def test_every_fault_is_listed():
    with pytest.raises(InputError) as caught:
        cast_parameters({"seed": "x", "level": 0.5, "my_secret": 1, "leve": 1}, DECLARED)
    assert [fault.split()[0] for fault in caught.value.faults] == ["seed", "my_secret", "leve"]


# -- running ------------------------------------------------------------------------------------------------------

KERNEL_FACTS = """\
from pathlib import Path
from ipykernel.kernelapp import IPKernelApp
print(IPKernelApp.instance().transport, Path(get_ipython().profile_dir.location).parent.name[:7], Path.cwd())"""

SHOW = f"""\
from IPython.display import HTML, display
display(HTML("<table><tr><th>killed</th><td style='text-align: right'>at least 100</td></tr></table>"))
display({{"image/png": "{png()}"}}, raw=True, metadata={{"image/png": {{"alt": "A grey field"}}}})"""


def notebook_of_a_run(path: Path) -> Path:
    return write(
        path,
        new_markdown_cell("# What share?\n\nWith ratio $R$."),
        parameters("seed = 7\nlabel = 'a'\noutput_dir = ''"),
        new_markdown_cell("## The answer\n\n$$K = \\frac{C}{1 + R}$$"),
        new_code_cell(SHOW, metadata={"tags": ["hide-input"]}),
        new_code_cell(KERNEL_FACTS),
        new_code_cell(
            "import sys\nfor n in range(40):\n    print(n)\n    print('note', n, file=sys.stderr, flush=True)"
        ),
        new_code_cell(
            "target = Path(output_dir) / 'results.json'\n"
            "_ = target.write_text(f'{{\"seed\": {seed}}}')\nprint(target)\nlabel, seed"
        ),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Render one notebook twice, into folders whose names need quoting, and see that no temporary file is left."""
    place = tmp_path_factory.mktemp("editions")
    notebook = notebook_of_a_run(place / "report.ipynb")
    before = notebook.read_bytes()
    with tempfile.TemporaryDirectory() as private, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", private)
        patch.setenv("SOURCE_DATE_EPOCH", "1734566400")
        for name in ("first", "second"):
            target = place / "n'é w" / name
            assert rendered(notebook, target, {"seed": "8", "label": 'a "quoted" Ω\n'}) == target
        assert list(Path(private).iterdir()) == []
    assert notebook.read_bytes() == before
    return place / "n'é w"


def test_two_renders_are_equal_to_the_byte_and_name_no_place(folder):
    assert sorted(child.name for child in folder.iterdir()) == [".locks", "first", "second"]  # no working folder
    first, second = ({file.name: file.read_bytes() for file in (folder / n).iterdir()} for n in ("first", "second"))
    printed = ["report.pdf"] if find_browser() else []
    assert sorted(first) == sorted(["edition.json", "report.html", "report.ipynb", "results.json", *printed])
    assert first["edition.json"].replace(b'"edition": "first"', b'"edition": "second"') == second["edition.json"]
    for name, content in first.items():
        assert name == "edition.json" or content == second[name], name
        assert str(folder).encode() not in content, name


def test_the_executed_notebook_holds_the_run_and_no_trace_of_when(folder):
    text = (folder / "first" / "report.ipynb").read_text()
    executed = nbformat.reads(text, as_version=4)
    injected = executed.cells[2]
    assert injected.id == "injected-parameters"
    assert injected.source == '# Parameters\nseed = 8\nlabel = "a \\"quoted\\" \\u03a9\\n"\noutput_dir = "."\n'
    assert "papermill" not in executed.metadata
    assert not any({"papermill", "execution"} & set(cell.metadata) for cell in executed.cells)
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text)
    result = executed.cells[-1].outputs
    assert result[0].text == "./results.json\n"
    assert result[1].data["text/plain"] == "('a \"quoted\" Ω\\n', 8)"
    assert json.loads((folder / "first" / "results.json").read_text()) == {"seed": 8}


def test_the_kernel_listens_on_private_sockets_and_runs_where_the_caller_is(folder):
    executed = nbformat.read(folder / "first" / "report.ipynb", as_version=4)
    assert executed.cells[5].outputs[0].text == f"ipc kernel- {Path.cwd()}\n"


def test_printed_text_is_one_piece(folder):
    executed = nbformat.read(folder / "first" / "report.ipynb", as_version=4)
    assert [output.name for output in executed.cells[6].outputs] == ["stdout", "stderr"]


def test_an_edition_can_be_read_by_others(folder):
    mask = os.umask(0)
    os.umask(mask)
    assert (folder / "first").stat().st_mode & 0o777 == 0o777 & ~mask


def test_a_failing_cell_is_named_and_the_last_edition_stays(tmp_path, capfd, caplog):
    target = tmp_path / "edition"
    target.mkdir()
    for name in ("report.html", "edition.json"):
        (target / name).write_text("the last good one")
    notebook = write(
        tmp_path / "broken.ipynb",
        parameters("seed = 7"),
        new_markdown_cell("text"),
        new_code_cell("def share(force):\n    raise ZeroDivisionError(f'force is {force}\\n' * 9)"),
        new_code_cell("share(0)"),
    )
    with pytest.raises(WorkError) as caught:
        rendered(notebook, target, {})
    line = "force is 0"
    assert str(caught.value).splitlines() == [f"broken.ipynb, In[4]: ZeroDivisionError: {line}", *[line] * 4, "..."]
    assert [file.read_text() for file in target.iterdir()] == ["the last good one"] * 2
    assert sorted(child.name for child in tmp_path.iterdir()) == [".locks", "broken.ipynb", "edition", "failed"]
    kept = nbformat.read(tmp_path / "failed" / "edition" / "broken.ipynb", as_version=4)
    assert kept.cells[-1].outputs[0].ename == "ZeroDivisionError"
    run = json.loads((tmp_path / "failed" / "edition" / "run.json").read_text())
    assert (run["status"], run["reason"].splitlines()[0]) == (
        "failed",
        "broken.ipynb, In[4]: ZeroDivisionError: force is 0",
    )
    assert [cell["state"] for cell in run["cells"]] == ["completed", "completed", "completed", "failed"]
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")


def test_render_refuses_before_a_kernel_starts(tmp_path):
    notebook = write(tmp_path / "n.ipynb", parameters("seed = 7\noutput_dir = ''"))
    with pytest.raises(InputError, match="did you mean seed"):
        rendered(notebook, tmp_path / "edition", {"sed": 1})
    with pytest.raises(InputError, match="output_dir is set by the run"):
        rendered(notebook, tmp_path / "edition", {"output_dir": "x"})
    with pytest.raises(InputError, match="holds something else than a report"):
        rendered(notebook, tmp_path, {})
    with pytest.raises(InputError, match="holds something else than a report"):
        rendered(notebook, notebook, {})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html").write_text("a page of somebody else")
    with pytest.raises(InputError, match="holds something else than a report"):
        rendered(notebook, tmp_path / "mine", {})
    assert sorted(child.name for child in tmp_path.iterdir()) == ["mine", "n.ipynb"]


def test_what_nobody_foresaw_is_a_line_and_the_others_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.report.find_browser", lambda: None)
    source = (
        "from pathlib import Path\n_ = (Path(output_dir) / 'results.json').write_text('{\"schema\": \"results-1\"}')"
    )
    notebook = write(tmp_path / "n.ipynb", parameters("output_dir = ''"), new_code_cell(source))
    outcome = render(Order(notebook, tmp_path / "edition", {}))
    assert (outcome.status, outcome.code) == ("failed", 1)
    (reason,) = outcome.reasons
    assert re.fullmatch(r"the edition could not be made: KeyError: 'settings' \(\w+\.py, line \d+\)", reason)
    assert outcome.record.status == "failed"


@pytest.mark.parametrize("name", ["report.html", "figures/a.svg"])
def test_a_symbolic_link_that_a_notebook_leaves_is_not_followed(tmp_path, name):
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    source = (
        f"from pathlib import Path\nplace = Path(output_dir) / {name!r}\n"
        f"place.parent.mkdir(exist_ok=True)\nplace.symlink_to({str(outside)!r})"
    )
    notebook = write(tmp_path / "n.ipynb", parameters("output_dir = ''"), new_code_cell(source))
    with pytest.raises(WorkError, match=rf"^{name} is a symbolic link; an edition holds files alone$"):
        rendered(notebook, tmp_path / "edition", {})
    assert outside.read_text() == "untouched"
    assert not (tmp_path / "edition").exists()


def test_a_file_that_names_its_folder_stops_the_edition(tmp_path):
    source = "from pathlib import Path\n_ = (Path(output_dir) / 'results.json').write_text(output_dir)"
    notebook = write(tmp_path / "n.ipynb", parameters("output_dir = ''"), new_code_cell(source))
    with pytest.raises(WorkError, match=r"^results.json names the folder it was built in"):
        rendered(notebook, tmp_path / "edition", {})
    assert sorted(child.name for child in tmp_path.iterdir()) == [".locks", "failed", "n.ipynb"]
    kept = (tmp_path / "failed" / "edition" / "n.ipynb").read_text(encoding="utf-8")
    assert r"output_dir = \".\"" in kept
    assert str(tmp_path) not in kept


def test_importing_the_module_loads_neither_papermill_nor_nbconvert():
    heavy = "{'papermill', 'nbconvert', 'nbformat', 'jupyter_client', 'jsonschema'}"
    code = f"import sys, analysis.report; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
