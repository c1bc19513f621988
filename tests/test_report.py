"""Editions: what a notebook may be given, how it runs, what the page holds, and what is left when a run fails."""

import base64
import datetime
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from analysis import editions, report
from analysis.errors import InputError, WorkError
from analysis.page import to_html
from analysis.parameters import cast_parameters, declared_parameters

DECLARED = {"register": "seed", "seed": 7, "level": 0.9, "verbose": False, "levels": [0.5, 0.9], "as_of": None}
CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def png(width: int = 60, height: int = 30) -> str:
    """Make a grey picture, in base64, without a plotting library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x99" * width) * height)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(picture).decode()


def parameters(source: str) -> nbformat.NotebookNode:
    return new_code_cell(source, metadata={"tags": ["parameters"]})


def shown(
    data: dict[str, str], *, metadata: dict[str, object] | None = None, tags: tuple[str, ...] = ()
) -> nbformat.NotebookNode:
    """Make a code cell that has been run and displayed something."""
    output = new_output("display_data", data=data, metadata=metadata or {})
    return new_code_cell("show(result)", outputs=[output], execution_count=1, metadata={"tags": list(tags)})


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def page(tmp_path: Path, *cells: nbformat.NotebookNode) -> str:
    return to_html(write(tmp_path / "page.ipynb", *cells))


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
        for name in ("first", "sécond 'one'"):
            target = place / "new" / name
            assert report.render(notebook, target, {"seed": "8", "label": 'a "quoted" Ω\n'}) == target
        assert list(Path(private).iterdir()) == []
    assert notebook.read_bytes() == before
    return place / "new"


def test_two_renders_are_equal_to_the_byte_and_name_no_place(folder):
    first, second = ({file.name: file.read_bytes() for file in child.iterdir()} for child in sorted(folder.iterdir()))
    assert sorted(first) == ["report.html", "report.ipynb", "results.json"]
    for name, content in first.items():
        assert content == second[name], name
        assert str(folder).encode() not in content, name
    assert len(list(folder.iterdir())) == 2  # no working folder is left beside them


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
    (target / "report.html").write_text("the last good one")
    notebook = write(
        tmp_path / "broken.ipynb",
        parameters("seed = 7"),
        new_markdown_cell("text"),
        new_code_cell("def share(force):\n    raise ZeroDivisionError(f'force is {force}\\n' * 9)"),
        new_code_cell("share(0)"),
    )
    with pytest.raises(WorkError) as caught:
        report.render(notebook, target, {})
    line = "force is 0"
    assert str(caught.value).splitlines() == [f"broken.ipynb, In[3]: ZeroDivisionError: {line}", *[line] * 4, "..."]
    assert [file.read_text() for file in target.iterdir()] == ["the last good one"]
    assert sorted(child.name for child in tmp_path.iterdir()) == ["broken.ipynb", "edition"]
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")


def test_render_refuses_before_a_kernel_starts(tmp_path):
    notebook = write(tmp_path / "n.ipynb", parameters("seed = 7\noutput_dir = ''"))
    with pytest.raises(InputError, match="did you mean seed"):
        report.render(notebook, tmp_path / "edition", {"sed": 1})
    with pytest.raises(InputError, match="output_dir is set by the run"):
        report.render(notebook, tmp_path / "edition", {"output_dir": "x"})
    with pytest.raises(InputError, match="holds something else than a report"):
        report.render(notebook, tmp_path, {})
    with pytest.raises(InputError, match="holds something else than a report"):
        report.render(notebook, notebook, {})
    assert [child.name for child in tmp_path.iterdir()] == ["n.ipynb"]


def test_a_file_that_names_its_folder_stops_the_edition(tmp_path):
    source = "from pathlib import Path\n_ = (Path(output_dir) / 'results.json').write_text(output_dir)"
    notebook = write(tmp_path / "n.ipynb", parameters("output_dir = ''"), new_code_cell(source))
    with pytest.raises(WorkError, match=r"^results.json names the folder it was built in"):
        report.render(notebook, tmp_path / "edition", {})
    assert [child.name for child in tmp_path.iterdir()] == ["n.ipynb"]


def test_importing_the_module_loads_neither_papermill_nor_nbconvert():
    heavy = "{'papermill', 'nbconvert', 'nbformat', 'jupyter_client', 'jsonschema'}"
    code = f"import sys, analysis.report; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


# -- publishing ---------------------------------------------------------------------------------------------------


def contents(target: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in target.iterdir()}


def test_publish_makes_and_replaces_a_folder_as_a_whole(tmp_path):
    target = tmp_path / "a" / "b" / "edition"
    assert editions.publish(lambda folder: (folder / "old").write_text("1") and None, target) == target
    assert contents(target) == {"old": "1"}

    def build(folder: Path) -> None:
        assert folder.parent == target.parent  # the same disk, so that moving is one step
        assert contents(target) == {"old": "1"}  # readers have the old one until the end
        (folder / "new").write_text("2")

    editions.publish(build, target)
    assert contents(target) == {"new": "2"}
    assert [child.name for child in target.parent.iterdir()] == ["edition"]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
def test_a_build_that_fails_leaves_nothing(tmp_path, failure):
    target = tmp_path / "edition"
    editions.publish(lambda folder: (folder / "old").write_text("1") and None, target)

    def build(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise failure

    with pytest.raises(type(failure)):
        editions.publish(build, target)
    assert contents(target) == {"old": "1"}
    assert [child.name for child in tmp_path.iterdir()] == ["edition"]


def test_a_move_that_fails_puts_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "edition"
    editions.publish(lambda folder: (folder / "old").write_text("1") and None, target)
    rename = Path.rename

    def refuse(self: Path, to: Path) -> Path:
        if to == target and not self.name.endswith("-previous"):
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(WorkError, match="edition was not written: No space left on device"):
        editions.publish(lambda folder: (folder / "new").write_text("2") and None, target)
    assert contents(target) == {"old": "1"}
    assert [child.name for child in tmp_path.iterdir()] == ["edition"]


def test_a_folder_that_cannot_be_made_is_wrong_input(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        InputError, match=r"output folder .*file/edition cannot be written: (Not a directory|File exists)"
    ):
        editions.publish(lambda folder: None, tmp_path / "file" / "edition")  # noqa: ARG005


def test_a_full_disk_is_failed_work(tmp_path):
    def build(folder: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    with pytest.raises(WorkError, match=r"edition was not written: No space left on device$"):
        editions.publish(build, tmp_path / "edition")


# -- the page -----------------------------------------------------------------------------------------------------


def test_the_page_has_a_title_a_language_landmarks_and_contents(tmp_path):
    lines = [
        "# Losses in *Kursk* & more",
        "## The answer",
        "### Detail",
        "## The answer",
        "## Über $x$ <b>1</b>",
        "## Report",
    ]
    html = page(tmp_path, new_markdown_cell("\n\n".join(lines)))
    assert re.match(r'<!DOCTYPE html>\s*<html lang="en">', html)
    assert "<title>Losses in Kursk &amp; more</title>" in html
    assert f'content="{CSP}; base-uri' in html
    assert '<a class="skip" href="#report">' in html
    assert '<main id="report"' in html
    nav = html[html.index("<nav") : html.index("</nav>")]
    assert re.findall(r'href="#([^"]+)">([^<]+)<', nav) == [
        ("the-answer", "The answer"),
        ("the-answer-2", "The answer"),
        ("über-x-1", "Über x 1"),
        ("report-2", "Report"),
    ]
    ids = re.findall(r' id="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_the_title_can_be_given_and_falls_back_on_the_name(tmp_path):
    notebook = write(tmp_path / "hindcast.ipynb", new_markdown_cell("Text."))
    assert "<title>hindcast</title>" in to_html(notebook)
    assert "<title>A &lt; B</title>" in to_html(notebook, title="A < B")
    assert "<nav" not in to_html(notebook)


def test_code_is_folded_or_hidden_and_has_no_prompt(tmp_path):
    injected = new_code_cell("seed = 8", metadata={"tags": ["injected-parameters"]}, execution_count=2)
    hidden = shown({"text/plain": "a < b"}, tags=("hide-input",))
    html = page(tmp_path, parameters("seed = 7"), injected, hidden, new_code_cell(""))
    assert html.count("<details") == html.count("<summary>Code</summary>") == 2
    assert "show" not in re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)
    assert '<pre tabindex="0">a &lt; b</pre>' in html
    assert not re.search(r"\b(In|Out)\s*(&nbsp;)?\[", html)


def test_formulae_become_mathml(tmp_path):
    block = "$$\n\\sum_{i=1}^{n} w_i\n$$"
    align = "\\begin{align}a &= b \\\\ c &= d\\end{align}"
    html = page(
        tmp_path, new_markdown_cell(f"With $R < 1$, costs \\$5.\n\n{block}\n\n{align}"), shown({"text/latex": "$\\mu$"})
    )
    assert html.count("<math ") == 4
    assert html.count('<math display="block"') == 2
    assert "<mo>&lt;</mo>" in html
    assert not re.search(r"\\sum|\\mu|\\begin|\$\$", html)
    with pytest.raises(WorkError, match=r"formula cannot be read, DoubleSubscriptsError: x_1_2"):
        page(tmp_path, new_markdown_cell("$x_1_2$"))
    with pytest.raises(WorkError, match=r"formula cannot be read, \\meen is not a known command: \\meen x"):
        page(tmp_path, new_markdown_cell("$\\meen x$"))


def test_the_alternative_text_is_on_the_picture(tmp_path):
    told = {"image/png": {"alt": 'Killed "over" time, <100'}}
    html = page(tmp_path, shown({"image/png": png() + "\n", "text/plain": "<Figure>"}, metadata=told))
    assert html.count("<img") == 1
    assert 'alt="Killed &quot;over&quot; time, &lt;100"' in html or "alt='Killed \"over\" time, &lt;100'" in html
    assert f'src="data:image/png;base64,{png()}"' in html
    assert "&lt;Figure&gt;" not in html


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (shown({"image/png": png()}), "picture 1 has no text alternative"),
        (shown({"image/png": png()}, metadata={"image/png": {"alt": " "}}), "picture 1 has no text alternative"),
        (shown({"image/svg+xml": "<svg/>"}), "picture 1 has no text alternative"),
        (shown({"text/html": f"<img src='data:image/png;base64,{png()}'>"}), "picture 1 has no text alternative"),
        (new_markdown_cell(f"![](data:image/png;base64,{png()})"), "picture 1 has no text alternative"),
        (new_markdown_cell("![A map](map.png)"), "picture 1 is the file 'map.png'"),
        (new_markdown_cell("<img alt='a' src='https://example.org/a.png'>"), "picture 1 is the file 'https://ex"),
        (shown({"text/html": "<script>1</script>"}), "<script> on the page"),
        (new_markdown_cell("<iframe src='https://example.org'></iframe>"), "<iframe> on the page"),
    ],
)
def test_what_cannot_be_on_the_page_stops_it(tmp_path, cell, fault):
    with pytest.raises(WorkError, match=re.escape(f"page.ipynb: {fault}")):
        page(tmp_path, new_markdown_cell("# T"), cell)


def test_outputs_are_shown_as_what_they_are(tmp_path):
    script = {"application/javascript": "alert(1)", "text/plain": "<a chart>"}
    failed = new_code_cell("1/0", outputs=[new_output("error", ename="E", evalue="<v>", traceback=["/home/me"])])
    printed = new_code_cell("p", outputs=[new_output("stream", text="\x1b[31mred\x1b[0m <b>")])
    table = "| a | n |\n|---|--:|\n| b | 1 |\n"
    html = page(tmp_path, shown(script), failed, printed, shown({"text/markdown": table}), new_markdown_cell(table))
    assert "&lt;a chart&gt;" in html
    assert "alert" not in html
    assert "E: &lt;v&gt;" in html
    assert "/home/me" not in html
    assert "red &lt;b&gt;" in html
    assert html.count('<td style="text-align:right">1</td>') == 2
    assert html.count('class="scroll"') == 2


def test_the_page_is_small_and_repeats_to_the_byte(tmp_path):
    cells = [new_markdown_cell("# T\n\n## A\n\n$x$"), shown({"image/png": png()}, metadata={"image/png": {"alt": "a"}})]
    html = page(tmp_path, *cells)
    assert html == to_html(tmp_path / "page.ipynb")
    assert len(html) < 30_000  # 1 MB is the limit with figures; without any, the frame and the styles are all there is
    assert not re.search(r"https?://(?!www\.w3\.org/1998/Math)", html)


# -- in a browser -------------------------------------------------------------------------------------------------

# It resolves no name, so that a test never leaves the machine.
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=5000",
]


@pytest.fixture(scope="module")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("chromium is not installed, and here it must be")
    pytest.skip("chromium is not installed")


@pytest.fixture(scope="module")
def rich(tmp_path_factory) -> Path:
    """Write a page with all that a report shows: formulae, a wide table, a picture, code, long printed lines."""
    head = "".join(f"<th style='text-align: right'>{level} % interval</th>" for level in range(50, 100, 5))
    row = "".join(f"<td style='text-align: right'>{n},{n}00 to {n + 1},000</td>" for n in range(10))
    table = f"<table><thead><tr><th>quantity</th>{head}</tr></thead><tr><td>killed</td>{row}</tr></table>"
    formula = (
        "$$\\hat q = \\sum_{i=1}^{n} w_i x_i + \\int_0^\\infty \\frac{\\ln c - \\mu}{\\sigma} f(c) dc + a + b + c$$"
    )
    printed = new_code_cell(
        "seed = 7\n" + "x = '" + "long " * 60 + "'", outputs=[new_output("stream", text="draw " * 60)]
    )
    place = tmp_path_factory.mktemp("rich")
    html = page(
        place,
        new_markdown_cell(
            f"# What share?\n\n[A link](http://link.invalid)\n\n## How\n\nWith $R$.\n\n{formula}\n\n## Limits"
        ),
        shown({"text/html": table}),
        shown({"image/png": png(1400, 500)}, metadata={"image/png": {"alt": "A grey field"}}),
        printed,
        *(new_markdown_cell(f"## A further section, number {n}") for n in range(6)),
    )
    (place / "page.html").write_text(html, encoding="utf-8")
    return place / "page.html"


def browse(chromium: str, place: Path, *options: str) -> str:
    """Run Chromium with a profile of its own."""
    command = [chromium, *QUIET, f"--user-data-dir={place / 'profile'}"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=120).stdout


def requested(chromium: str, html: Path, place: Path) -> set[str]:
    """
    List what a page asked for, from Chromium's own record of its network stack.

    A request of a page carries the page's origin as its initiator; what Chromium asks for on its own account (the
    time, its updates) has "not an origin" there. The page's file itself does not pass through the network stack.
    """
    log = place / f"{html.stem}.netlog.json"
    browse(
        chromium,
        place,
        f"--log-net-log={log}",
        "--net-log-capture-mode=Everything",
        f"--screenshot={log}.png",
        f"{html.as_uri()}",
    )
    record = json.loads(log.read_text())
    start = record["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    jobs = [event["params"] for event in record["events"] if event["type"] == start]
    begun = [job for job in jobs if "url" in job]  # the same event without a URL ends a job
    return {job["url"] for job in begun if job["initiator"] != "not an origin"}


def test_the_page_asks_for_nothing(chromium, rich, tmp_path):
    assert requested(chromium, rich, tmp_path) == set()


def test_a_page_that_asks_for_something_is_caught(chromium, rich, tmp_path):
    picture = '<img alt="x" src="http://picture.invalid/x.png">'
    (tmp_path / "open.html").write_text(f"<!DOCTYPE html><title>x</title>{picture}")
    assert requested(chromium, tmp_path / "open.html", tmp_path) == {"http://picture.invalid/x.png"}
    (tmp_path / "closed.html").write_text(rich.read_text().replace("</main>", f"{picture}</main>"))
    assert requested(chromium, tmp_path / "closed.html", tmp_path) == set()  # the policy on the page holds


MEASURE = """<!DOCTYPE html><title>m</title>
<iframe id="f" width="WIDTH" height="800" src="PAGE"></iframe><pre id="o"></pre>
<script>onload = () => {
  const page = document.getElementById("f").contentDocument, find = s => page.querySelector(s);
  const box = s => { const b = find(s).getBoundingClientRect(); return [b.width, b.height]; };
  document.getElementById("o").textContent = JSON.stringify({
    scroll: page.documentElement.scrollWidth, table: box(".scroll"), inner: box("table"), picture: box("img"),
    code: find("details pre").checkVisibility(), formula: box("math[display=block]"), text: box("main p"),
    paper: getComputedStyle(page.body).backgroundColor, card: getComputedStyle(find("img")).backgroundColor,
    align: getComputedStyle(find("tbody td:last-child")).textAlign,
    digits: getComputedStyle(find("table")).fontVariantNumeric,
  });
};</script>"""


def measured(chromium: str, html: Path, place: Path, *, width: int, dark: bool) -> dict[str, object]:
    """Lay a page out in a frame of a given width and read sizes and colours back."""
    frame = place / "frame.html"
    frame.write_text(MEASURE.replace("WIDTH", str(width)).replace("PAGE", html.as_uri()))
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    dom = browse(chromium, place, scheme, "--allow-file-access-from-files", "--dump-dom", frame.as_uri())
    return json.loads(re.search(r'<pre id="o">(.*?)</pre>', dom).group(1))


def test_the_page_fits_a_phone_and_a_desk_in_light_and_dark(chromium, rich, tmp_path):
    phone = measured(chromium, rich, tmp_path, width=390, dark=True)
    desk = measured(chromium, rich, tmp_path, width=1200, dark=False)
    assert phone["scroll"] <= 390
    assert desk["scroll"] <= 1200
    assert phone["inner"][0] > phone["table"][0]  # the table is wider than its box, which scrolls
    assert phone["picture"][0] > 500  # so that its words can be read; its own box scrolls, the page does not
    assert phone["formula"][1] > 20
    assert phone["code"] is False  # folded away
    assert 500 < desk["text"][0] < 720  # about 70 characters
    assert (desk["paper"], phone["paper"]) == ("rgb(255, 255, 255)", "rgb(23, 25, 28)")
    assert phone["card"] == "rgb(255, 255, 255)"
    assert desk["align"] == "right"
    assert "tabular-nums" in desk["digits"]


def test_a_page_that_does_not_fit_is_caught(chromium, rich, tmp_path):
    wide = tmp_path / "wide.html"
    wide.write_text(rich.read_text().replace(".scroll { overflow-x: auto;", ".scroll {"))
    assert measured(chromium, wide, tmp_path, width=390, dark=False)["scroll"] > 390
