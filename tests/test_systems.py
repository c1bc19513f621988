"""Windows and macOS: nothing needs what they lack, and files hold the same bytes there; shown as far as Linux can."""

import ast
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis import execution, paper, saved
from analysis.errors import InputError
from analysis.kernels import Leash
from tests.without_posix import ABSENT, MODULES

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "analysis").glob("*.py"))
# What Windows lacks may be named where nothing comes to it there: `kernels.Server` forks and `paper` prints only where
# the system can, which they ask first, and fork_server.py is what such a server runs.
GUARDED = {"fork_server", "kernels", "paper"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call, dict[str, object]]]:
    """Every call: the name of what is called, the call, and its named arguments that are constants."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield name, node, {one.arg: getattr(one.value, "value", ...) for one in node.keywords}


def is_text(name: str, call: ast.Call, arguments: dict[str, object]) -> bool:
    """Whether a call of ``open`` opens text; ``os.open`` gives no file."""
    if name != "open" or ast.unparse(call.func) == "os.open":
        return False
    place = 0 if isinstance(call.func, ast.Attribute) else 1
    mode = arguments.get("mode", getattr(call.args[place], "value", "b") if len(call.args) > place else "r")
    return "b" not in str(mode)


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.stem)
def test_what_windows_lacks_is_named_only_where_nothing_comes_to_it_there(path):
    for node in tree(path).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        assert not {*MODULES} & {*names}, f"{path.name} imports {names} at its top"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and path.stem not in GUARDED:
            assert node.attr not in ABSENT.get(node.value.id, ()), f"{path.name} uses {ast.unparse(node)}"


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.stem)
def test_text_is_read_and_written_as_utf8_and_its_lines_end_as_they_are(path):
    """Windows reads and writes its own code page, and puts CRLF at every end of a line, where nothing else is said."""
    for name, call, arguments in calls(path):
        where = f"{path.name}:{call.lineno}: {ast.unparse(call)}"
        if name == "write_text":
            assert arguments.get("encoding") == "utf-8", where
            assert arguments.get("newline") == "", where
        if name == "read_text" or is_text(name, call, arguments):
            assert str(arguments.get("encoding")).startswith("utf-8"), where
        if is_text(name, call, arguments) and "r" not in str(getattr(call.args[0], "value", "r") if call.args else "r"):
            assert arguments.get("newline") == "", where
        assert ast.unparse(call.func) not in ("nbformat.write", "os.system", "os.popen", "json.dump"), where
        assert "shell" not in arguments, where
        assert arguments.get("text") is not True or "encoding" in arguments, where


def test_the_walk_knows_text_from_bytes():
    opened = {
        "file.open()": True,
        "file.open('w')": True,
        "file.open('rb')": False,
        "open(name)": True,
        "open(name, 'wb')": False,
        "file.open(mode='ab')": False,
        "os.open(name, 0)": False,
        "file.open(MODE)": False,
    }
    for source, expected in opened.items():
        call = ast.parse(source, mode="eval").body
        arguments = {one.arg: one.value.value for one in call.keywords}
        assert is_text("open", call, arguments) is expected, source


def ran(*words: str, module: str = "tests.without_posix", **variables: str) -> subprocess.CompletedProcess:
    """Run a module in a process of its own, as on Windows if that module sees to it; every warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        timeout=600,
        check=False,
    )


def test_every_module_is_imported_without_what_windows_lacks():
    code = "from tests.without_posix import take_away\ntake_away()\nimport importlib\n" + "".join(
        f"importlib.import_module('analysis.{path.stem}')\n" for path in PACKAGE
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_taken_away():
    """The tests here would pass if nothing were."""
    code = "from tests.without_posix import take_away\ntake_away()\nimport os, signal, socket, fcntl"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "import of fcntl halted" in done.stderr
    for one in ("os.fork", "os.killpg", "os.posix_spawn", "signal.SIGKILL", "socket.AF_UNIX"):
        used = code.replace(", fcntl", f"\n{one}")
        done = subprocess.run([sys.executable, "-c", used], cwd=ROOT, capture_output=True, text=True, check=False)
        assert f"has no attribute '{one.split('.')[1]}'" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        'read "at least 100"',
        'read "약 1만 1천여 명"',  # whose letters Windows' own code page has not
        "check public-record",
        "estimate seed --json",
    ],
)
def test_a_command_prints_the_same_as_everywhere(line):
    there = ran("analysis", *shlex.split(line))
    here = ran(*shlex.split(line), module="analysis")
    assert (there.returncode, there.stderr) == (here.returncode, here.stderr) == (0, b"")
    assert there.stdout == here.stdout
    assert there.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    return folder / "seed-2024-12-19", ran("analysis", "render", "seed", "--output", str(folder))


def test_an_edition_has_the_page_alone_and_says_so(rendered):
    folder, done = rendered
    assert done.returncode == 0, done.stderr.decode()
    told = f"casualty-report: no PDF is printed on {sys.platform}, so there is no report.pdf; report.html is whole\n"
    assert done.stderr.decode() == told
    assert (folder / "report.html").is_file()
    assert not (folder / "report.pdf").exists()


def test_its_numbers_and_pictures_are_the_same_bytes_as_everywhere(rendered, seed_edition):
    folder, _ = rendered
    made = ["results.json", "estimates.csv", "sensitivity.json", "seed.csv", "sources.toml"]
    made += [f"figures/{path.name}" for path in (seed_edition / "figures").iterdir()]
    assert len(made) > 10
    for name in made:
        assert (folder / name).read_bytes() == (seed_edition / name).read_bytes(), name


def test_its_names_are_names_on_windows(rendered):
    folder, _ = rendered
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [*done.stdout.split("\0"), *(path.relative_to(folder).as_posix() for path in folder.rglob("*"))]
    for name in filter(None, names):
        for part in name.split("/"):
            assert not re.search(r"[<>:\"|?*\\]|[. ]$", part), name
            assert part.split(".")[0].lower() not in {"con", "prn", "aux", "nul"}, name
    assert len({name.lower() for name in names}) == len(set(names))


def test_a_browser_that_is_named_where_none_prints_is_refused(monkeypatch, browser):
    monkeypatch.delattr(os, "posix_spawn")
    assert paper.find_browser({"PATH": str(browser.parent)}) is None
    with pytest.raises(
        InputError, match=rf"^{paper.BROWSER} is '.*', expected no such variable: no PDF is printed on "
    ):
        paper.find_browser({paper.BROWSER: str(browser)})


def test_kernels_listen_on_this_machine_alone_where_there_are_no_private_sockets(monkeypatch, tmp_path):
    monkeypatch.delattr(socket, "AF_UNIX")
    found = execution._sockets(tmp_path).KernelManager
    assert (found.transport, found.ip) == ("tcp", "127.0.0.1")


def test_a_cell_is_not_sent_a_signal_that_windows_refuses(monkeypatch):
    """psutil raises ValueError for it there, and a run that is out of time would not end."""

    class Process:
        def send_signal(self, number: int) -> None:
            raise ValueError(number)

    leash = Leash()
    leash._process = Process()
    with pytest.raises(ValueError, match="2"):
        leash.interrupt()
    monkeypatch.setattr(sys, "platform", "win32")
    leash.interrupt()


def test_the_command_of_settings_is_quoted_as_the_system_reads_it(monkeypatch):
    assert saved.command("my settings.yaml") == "casualty-report render -f 'my settings.yaml'"
    monkeypatch.setattr(sys, "platform", "win32")
    assert saved.command("my settings.yaml") == 'casualty-report render -f "my settings.yaml"'


def test_what_the_user_says_of_the_encoding_counts():
    done = ran("read", "약 1만 1천여 명", module="analysis", PYTHONIOENCODING="utf-16-le")
    assert done.returncode == 0
    assert "약 1만 1천여 명" in done.stdout.decode("utf-16-le")
