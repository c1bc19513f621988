"""The strict nbval plugin from outside: notebooks are written, run by pytest, and judged cell by cell."""

import base64
import copy
import getpass
import os
import re
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from configparser import ConfigParser
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from queue import Empty
from xml.etree import ElementTree

import nbformat
import nbval
import pytest
from matplotlib import style
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image, ImageDraw

from tests.nbval_strict import SocketKernelManager, StrictKernel, unlike_pictures, unlike_texts

PYTESTS_OWN = f"pytest-of-{getpass.getuser()}"  # the folder of tmp_path
ROOT = Path(__file__).resolve().parents[1]
SANITIZING = ROOT / "tests" / "nbval_sanitize.cfg"


def drawing(*, line: str = "navy", width: int = 640) -> Image.Image:
    """A plot in small: a line two pixels wide on white."""
    picture = Image.new("RGB", (width, 480), "white")
    ImageDraw.Draw(picture).line([(40, 440), (320, 100), (600, 300)], fill=line, width=2)
    return picture


def png(picture: Image.Image) -> str:
    file = BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


DRAW = """
from PIL import Image, ImageDraw
picture = Image.new("RGB", (640, 480), "white")
ImageDraw.Draw(picture).line([(40, 440), (320, 100), (600, 300)], fill="navy", width=2)
picture
""".strip()
BRIGHTER = [min(level + 1, 255) for level in range(256)] * 3  # red, green and blue by one grey level
HTML = "from IPython.display import HTML\nHTML('<td>0.25</td><td>12</td>')"


def stream(text: str) -> Callable[[NotebookNode], None]:
    return lambda cell: cell.update(outputs=[new_output("stream", name="stdout", text=text)])


def data(mime: str, content: str) -> Callable[[NotebookNode], None]:
    return lambda cell: cell.outputs[0].data.update({mime: content})


def untouched(cell: NotebookNode) -> None:
    """Leave the cell as the run left it."""


def never_run(cell: NotebookNode) -> None:
    cell.update(execution_count=None, outputs=[])


def no_output(cell: NotebookNode) -> None:
    cell.outputs.clear()


def no_picture(cell: NotebookNode) -> None:
    del cell.outputs[0].data["image/png"]


def other_stderr(cell: NotebookNode) -> None:
    (output,) = (output for output in cell.outputs if output.get("name") == "stderr")
    output.text = "/another/path"


@dataclass(frozen=True, slots=True)
class Case:
    """A cell, what is done to it after a real run, and what the failure must say (None: it passes)."""

    name: str
    source: str
    change: Callable[[NotebookNode], None]
    failure: str | None


RED, NARROW = png(drawing(line="red")), png(drawing(width=639))
GARBAGE = base64.b64encode(b"not a picture").decode()
SHOW_GARBAGE = f"display({{'image/png': '{GARBAGE}'}}, raw=True)"
CASES = [
    Case("text", "print(0.1 + 0.2, 'of', 7)", untouched, None),
    Case("value", "{'share': 0.125}", untouched, None),
    Case("page", HTML, untouched, None),
    Case("picture", DRAW, untouched, None),
    Case("semicolon", "0.125;", untouched, None),
    Case("no semicolon", "0.125", no_output, "Unexpected output fields"),
    Case("empty cell", "\n", never_run, None),
    Case("jitter", "print(0.1 + 0.2)", stream("0.3\n"), None),
    Case("last digit", "print(0.42)", stream("0.43\n"), "'0.43' is now '0.42'"),
    Case("last digit of a value", "0.42", data("text/plain", "0.41"), "'0.41' is now '0.42'"),
    Case("last digit in a page", HTML, data("text/html", "<td>0.24</td><td>12</td>"), "'0.24' is now '0.25'"),
    Case("word", "print('at least 100')", stream("at most 100\n"), "words or whole numbers differ"),
    Case("lost output", "print(1)", no_output, "Unexpected output fields"),
    Case("two values", "print(0.5)", stream("0.5 0.5\n"), "words or whole numbers differ"),
    Case("recoloured", DRAW, data("image/png", RED), "image/png: the pictures differ by RMS"),
    Case("recoloured jpeg", DRAW, data("image/jpeg", RED), "image/jpeg: the pictures differ by RMS"),
    Case("resized", DRAW, data("image/png", NARROW), "639 x 480 pixels is now 640 x 480"),
    Case("garbage", DRAW, data("image/png", GARBAGE), "the stored picture cannot be read"),
    Case("the same garbage", SHOW_GARBAGE, untouched, "the stored picture cannot be read"),
    Case("lost picture", DRAW, no_picture, "Unexpected output fields"),
    Case("grey level", DRAW, data("image/png", png(drawing().point(BRIGHTER))), None),
    Case("stderr", "import sys\nprint('/a/path', file=sys.stderr)", other_stderr, None),
    Case("no stderr", "print('/a/path', file=sys.stderr)", no_output, None),
    Case("never run", "later = 0.5", never_run, "cell was never run"),
    Case("after it", "later", untouched, None),
    Case("sockets", "get_ipython().kernel.parent.transport", data("text/plain", "'ipc'"), None),
]
DEAD = ["0.5;", "import os\nos._exit(1)", "1 + 1"]
TEST_OPTIONS = "def test_timeout(pytestconfig):\n    assert pytestconfig.option.nbval_cell_timeout == 120\n"
OPTIONS = [
    "--nbval",
    "--nbval-current-env",
    "-p",
    "tests.nbval_strict",
    "-p",
    "no:cacheprovider",
    "-W",
    "error",
]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of pytest said of each test, by file and name; None for a pass."""

    failures: dict[tuple[str, str], str | None]
    left_behind: list[str]


def run_pytest(folder: Path, *options: str) -> Run:
    """Run pytest with the plugin on a folder, in a process of its own and with every warning an error."""
    (folder / "pytest.ini").write_text("[pytest]\n")  # else an ini file further up would count
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # A short path, since that of a UNIX socket is limited to about 100 bytes.
    with tempfile.TemporaryDirectory(prefix="t") as temporary:
        # 60 s is half of the time limit of a cell, so waiting for a dead kernel shows as an error here.
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS, "--junit-xml", "junit.xml", *options],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(ROOT), "TMPDIR": temporary},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        left_behind = [file.name for file in Path(temporary).iterdir() if file.name != PYTESTS_OWN]
    assert done.returncode in (0, 1), (
        done.stdout + done.stderr
    )  # passed or failed, but neither crashed nor found no test
    failures = {}
    for test in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        parts = [child for child in test if child.tag in ("failure", "error", "skipped")]
        said = "\n".join(f"{part.tag}: {part.text}" for part in parts)
        failures[test.get("classname"), test.get("name")] = said or None
    return Run(failures, left_behind)


def write(path: Path, cells: list[NotebookNode]) -> None:
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def executed() -> list[NotebookNode]:
    """The cells of all cases after a real run."""
    notebook = new_notebook(cells=[new_code_cell(case.source) for case in CASES])
    client = NotebookClient(notebook, kernel_name="python3", kernel_manager_class=SocketKernelManager, timeout=60)
    return client.execute().cells


@pytest.fixture(scope="module")
def run(executed: list[NotebookNode], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run over all cases, a notebook whose kernel dies, and a look at the options."""
    folder = tmp_path_factory.mktemp("strict")
    cells = copy.deepcopy(executed)
    for case, cell in zip(CASES, cells, strict=True):
        case.change(cell)
    write(folder / "cases.ipynb", cells)
    write(folder / "dead.ipynb", [new_code_cell(source, execution_count=1) for source in DEAD])
    (folder / "test_options.py").write_text(TEST_OPTIONS)
    return run_pytest(folder)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_each_cell_passes_or_fails_for_its_own_reason(run: Run, number: int) -> None:
    said = run.failures["cases.ipynb", f"Cell {number}"]
    expected = CASES[number].failure
    if expected is None:
        assert said is None
    else:
        assert said is not None
        assert said.startswith("failure: ")
        assert expected in said


def test_a_dead_kernel_fails_its_cell_and_those_after_it(run: Run) -> None:
    assert run.failures["dead.ipynb", "Cell 0"] is None
    assert "the kernel died while it ran this cell" in run.failures["dead.ipynb", "Cell 1"]
    assert "Kernel dead on test start" in run.failures["dead.ipynb", "Cell 2"]


class SilentKernel(StrictKernel):
    """A living kernel that says nothing for a while, then answers; no process and no waiting."""

    def __init__(self, *, silences: int) -> None:
        self.kc, self.silences = self, silences

    def get_iopub_msg(self, *, timeout: float) -> dict:
        self.silences -= 1
        if self.silences >= 0:
            time.sleep(min(timeout, 0.001))
            raise Empty
        return {"msg_type": "status"}

    def is_alive(self) -> bool:
        return True


def test_a_slow_kernel_is_waited_for_but_only_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.nbval_strict.POLL", 0.001)
    assert SilentKernel(silences=3).get_message("iopub", timeout=60) == {"msg_type": "status"}
    assert SilentKernel(silences=3).get_message("iopub") == {"msg_type": "status"}
    with pytest.raises(Empty):
        SilentKernel(silences=10_000).get_message("iopub", timeout=0.01)


def test_a_cell_is_given_two_minutes_unless_told_otherwise(run: Run, in_parallel: Run) -> None:
    assert run.failures["test_options", "test_timeout"] is None
    assert "assert 30.0 == 120" in in_parallel.failures["test_options", "test_timeout"]


def test_kernels_leave_no_files_behind(run: Run, in_parallel: Run) -> None:
    assert run.left_behind == []
    assert in_parallel.left_behind == []


@pytest.fixture(scope="module")
def in_parallel(executed: list[NotebookNode], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two untouched notebooks on two workers, with a time limit of its own."""
    folder = tmp_path_factory.mktemp("parallel")
    for name in ("one.ipynb", "two.ipynb"):
        write(folder / name, executed[:5])
    (folder / "test_options.py").write_text(TEST_OPTIONS)
    return run_pytest(folder, "-n", "2", "--dist", "loadscope", "--nbval-cell-timeout", "30")


def test_untouched_notebooks_pass_in_parallel(in_parallel: Run) -> None:
    cells = {test: said for test, said in in_parallel.failures.items() if test[0] != "test_options"}
    names = [(file, f"Cell {number}") for file in ("one.ipynb", "two.ipynb") for number in range(5)]
    assert cells == dict.fromkeys(names)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("0.3", "0.30000000000000004"),
        ("1e-05", "1.0000000000000002e-05"),
        ("-0.3, 1.", "-0.30000000000000004, 1."),
        ("<td>0.3</td><td>0.3%</td>", "<td>0.30000000000000004</td><td>0.30000000000000004%</td>"),
        ("It was 0.3.", "It was 0.30000000000000004."),
    ],
)
def test_last_bits_of_floats_may_differ(stored: str, new: str) -> None:
    assert unlike_texts(stored, new) == ""
    assert unlike_texts(new, stored) == ""


@pytest.mark.parametrize(
    ("stored", "new", "said"),
    [
        ("0.12", "0.13", "'0.12' is now '0.13'"),
        ("0.12345678", "0.12345679", "'0.12345678' is now '0.12345679'"),
        ("0.3", "0.30", "'0.3' is now '0.30'"),  # printed with another precision
        ("0.0", "0.1", "'0.0' is now '0.1'"),
        ("5e-324", "0.0", "'5e-324' is now '0.0'"),
        ("10000000000", "10000000001", "words or whole numbers differ"),
        ("-0.3", "0.3", "words or whole numbers differ"),
        ("0.3 killed", "0.3 wounded", "words or whole numbers differ"),
        ("1.2.3", "1.2.4", "words or whole numbers differ"),
        ("a1.5", "a1.6", "words or whole numbers differ"),
        ("0.5", "0.5 0.5", "words or whole numbers differ"),
        ("nan", "inf", "words or whole numbers differ"),
    ],
)
def test_anything_else_in_a_text_may_not(stored: str, new: str, said: str) -> None:
    assert unlike_texts(stored, new) == said


def test_pictures_may_differ_by_two_grey_levels_and_no_more() -> None:
    grey = [png(Image.new("L", (8, 8), level)) for level in (100, 102, 103)]
    assert unlike_pictures(grey[0], grey[1]) == ""
    # 3 levels in three of four channels: 3 * sqrt(3 / 4) = 2.60
    assert unlike_pictures(grey[0], grey[2]) == "the pictures differ by RMS 2.60 of 255, allowed is 2"


def spotted(spots: int, level: int) -> str:
    """A grey field with some pixels of another level."""
    picture = Image.new("L", (100, 100), 100)
    for place in range(spots):
        picture.putpixel((place, 50), level)
    return png(picture)


def test_a_few_pixels_may_have_another_colour_and_no_more() -> None:
    field = spotted(0, 0)
    assert unlike_pictures(field, spotted(4, 133)) == ""
    assert unlike_pictures(field, spotted(40, 132)) == ""  # 32 * sqrt(3 / 4 * 40 / 10000) = 1.75 in the mean
    # For the mean they are few: 33 * sqrt(3 / 4 * 5 / 10000) = 0.64.
    assert unlike_pictures(field, spotted(5, 133)) == "5 pixels have another colour, allowed are 4"


def drawn(words: str, *, colour: str) -> str:
    """Words as the smallest of our figures have them: 8 points at 110 dots an inch, in the house's font."""
    file = BytesIO()
    with style.context(str(ROOT / "figures" / "style.mplstyle")):
        figure = Figure(figsize=(7.2, 2.6))
        figure.text(0.1, 0.5, words, fontsize=8, color=colour)
        figure.savefig(file, dpi=110)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("colour", ["black", "#767676"])
def test_one_digit_in_a_drawing_is_seen(colour: str) -> None:
    """Each by the one after it, and the two that are most alike, in the lightest grey that is still read on white."""
    digits = [drawn(digit, colour=colour) for digit in "0123456789"]
    assert unlike_pictures(digits[3], drawn("3", colour=colour)) == ""
    for one, other in [*((digit, (digit + 1) % 10) for digit in range(10)), (3, 8)]:
        assert unlike_pictures(digits[one], digits[other]) != ""


def test_transparency_counts() -> None:
    faint, full = (png(Image.new("RGBA", (8, 8), (100, 100, 100, alpha))) for alpha in (250, 255))
    assert unlike_pictures(faint, full) == "the pictures differ by RMS 2.50 of 255, allowed is 2"


@pytest.mark.parametrize("broken", ["", "bm90IGEgcGljdHVyZQ==", "a", png(drawing())[:400]])
def test_a_broken_picture_is_named(broken: str) -> None:
    whole = png(drawing())
    assert unlike_pictures(whole, broken).startswith("the new picture cannot be read: ")
    assert unlike_pictures(broken, whole).startswith("the stored picture cannot be read: ")


def test_another_nbval_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbval, "__version__", "0.12.0")
    with pytest.raises(pytest.UsageError, match=r"patches nbval 0\.11, found 0\.12\.0"):
        runpy.run_path(str(ROOT / "tests" / "nbval_strict.py"))


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXTS = ("text/plain", "text/html", "text/markdown")


def test_every_code_cell_of_every_notebook_is_collected() -> None:
    """By the settings of the project, as ``make test`` runs them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", "-n", "0", "notebooks"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=True,
    )
    found = {line for line in done.stdout.splitlines() if "::" in line}
    wanted = set()
    for path in NOTEBOOKS:
        code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        wanted |= {f"notebooks/{path.name}::Cell {number}" for number in range(len(code))}
    assert len(NOTEBOOKS) == 5
    assert found == wanted


def sanitizing() -> list[tuple[str, str]]:
    """The rules of the project, each a pattern and what stands for it."""
    rules = ConfigParser()
    rules.read(SANITIZING, encoding="utf-8")
    return [(rules[name]["regex"], rules[name]["replace"]) for name in rules.sections()]


def test_the_rules_of_what_may_differ_are_few_and_each_has_its_reason() -> None:
    assert sanitizing() == [(r"python \d+\.\d+\.\d+", "python VERSION")]
    for section in SANITIZING.read_text(encoding="utf-8").split("\n\n")[1:]:
        assert section.startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_stored_number_is_seen_when_its_last_digit_is_another(path: Path) -> None:
    """Line by line, as a line break is the end of any number; before a point and after it count as two numbers."""
    seen = 0
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            for text in [output.get("text", ""), *(output.get("data", {}).get(kind, "") for kind in TEXTS)]:
                for pattern, word in sanitizing():
                    text = re.sub(pattern, word, text)
                for line in text.splitlines():
                    for digit in re.finditer(r"\d(?!\d)", line):
                        other = str((int(digit[0]) + 1) % 10)
                        changed = f"{line[: digit.start()]}{other}{line[digit.end() :]}"
                        assert unlike_texts(line, changed), f"{digit.start()} of {line}"
                        seen += 1
    assert seen > 100


def bumped(text: str, pattern: str) -> str:
    """The text with the last digit of the first number that the pattern marks changed by one."""
    place = re.search(pattern, text).end(1) - 1
    return f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"


def test_a_changed_number_or_picture_in_a_committed_notebook_fails_its_cell_and_no_other(tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "wording.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tables = [number for number, cell in enumerate(code) if "<td" in str(cell.outputs)]
    pictures = [number for number, cell in enumerate(code) if "image/png" in str(cell.outputs)]
    in_text, in_page, *_ = tables
    recoloured, lost, exchanged = pictures
    expected = {}

    stored = code[in_text].outputs[0].data
    stored["text/plain"] = bumped(stored["text/plain"], r"(\d+)\n")
    expected[in_text] = "text/plain: words or whole numbers differ"
    stored = code[in_page].outputs[0].data
    stored["text/html"] = bumped(stored["text/html"], r">[^<]*?(\d+)[^\d<]*</td>")
    expected[in_page] = "text/html: "

    stored = code[recoloured].outputs[0].data
    picture = Image.open(BytesIO(base64.b64decode(stored["image/png"])))
    picture.paste("black", (700, 600, 705, 601))  # 5 pixels of a picture of 1,8 million
    stored["image/png"] = png(picture)
    expected[recoloured] = "image/png: 5 pixels have another colour, allowed are 4"
    del code[lost].outputs[0].data["image/png"]
    expected[lost] = "Unexpected output fields"
    code[exchanged].outputs[0].data["image/png"] = png(drawing())
    expected[exchanged] = "image/png: the picture of 640 x 480 pixels is now "

    nbformat.write(notebook, tmp_path / "wording.ipynb")
    run = run_pytest(tmp_path, "--nbval-sanitize-with", str(SANITIZING))
    assert run.left_behind == []
    failures = {test: said for test, said in run.failures.items() if said is not None}
    assert set(failures) == {("wording.ipynb", f"Cell {number}") for number in expected}
    for number, said in expected.items():
        told = failures["wording.ipynb", f"Cell {number}"]
        assert said in told
        assert f"Cell {number}: Cell outputs differ" in told
    assert len(run.failures) == len(code)
