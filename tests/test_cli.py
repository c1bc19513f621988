"""The command line: what it prints, and that wrong input gives a line for each fault, exit code 2, and nothing else."""

import errno
import io
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from analysis import __main__ as command
from analysis.pipeline import run
from analysis.records import to_json
from analysis.settings import Settings

DATA = Path(__file__).parent.parent / "analysis" / "data"
QUICK = ("--max-draws", "16384")


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a command in this process: its exit code, stdout and stderr."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["casualty-report", *arguments])
        with pytest.raises(SystemExit) as caught:
            command.main()
        out, err = capsys.readouterr()
        return caught.value.code, out, err

    return run_command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a register of one's own, as the place where commands run."""
    for name in ("seed.csv", "sources.toml"):
        shutil.copy(DATA / name, tmp_path / name)
    (tmp_path / "seed.csv").rename(tmp_path / "mine.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_estimate_prints_the_headline_and_the_tables(call):
    code, out, err = call("estimate", "seed", *QUICK)
    assert (code, err) == (0, "")
    assert re.match(r"[\d.]+ to [\d.]+ of every 100 soldiers killed or wounded, centre [\d.]+ \(90 % interval\)\n", out)
    for words in ("wounded for each killed", "NIS alone", "deployed", "Confidence in this answer is low"):
        assert words in out


@pytest.mark.parametrize("workers", [(), ("--workers", "2"), ("--workers", "2", "--processes")])
def test_json_is_the_same_bytes_whatever_the_workers(call, workers):
    code, out, err = call("estimate", "seed", "--json", *QUICK, *workers)
    assert (code, err) == (0, "")
    assert out == to_json(run(Settings(max_draws=16384)))


def test_options_are_settings(call):
    options = ("--as-of", "2024-12-20", "--force", "deployed", "--weights", "NIS=2", "--seed", "007", "--level", ".8")
    code, out, _ = call("estimate", "--json", *options, "--wounded-per-killed", "2.5", "--digits", "1", *QUICK)
    settings = json.loads(out)["settings"]
    assert code == 0
    assert settings["seed"] == 7
    assert (settings["level"], settings["force"], settings["digits"]) == (0.8, "deployed", 1)
    assert settings["wounded_per_killed"] == "2.5"


def test_read_shows_a_reading(call):
    code, out, _ = call("read", "at least 100", "--json")
    shown = json.loads(out)
    assert code == 0
    assert {"wording", "kind", "low", "best", "high", "quantiles", "rule", "source"} <= set(shown)
    assert (shown["kind"], shown["low"], shown["best"]) == ("lower", 100, None)
    assert list(shown["quantiles"]) == ["0.05", "0.25", "0.5", "0.75", "0.95"]
    # A third of 100 times 3 ** (0.05 / 0.19): the fit to headline pairs.
    assert shown["quantiles"]["0.05"] == pytest.approx(100 / 3 * 3 ** (0.05 / 0.19))
    assert shown["intervals"]["0.9"] == [shown["quantiles"]["0.05"], shown["quantiles"]["0.95"]]
    assert json.loads(call("read", "at least 100", "--json", "--settled")[1])["quantiles"]["0.05"] == 100
    code, out, _ = call("read", "several hundred")
    assert code == 0
    assert re.search(r"50 % quantile +495\n", out)
    assert "numberly: zonination" in out  # the short name and the source in full
    without = json.loads(call("read", "no number", "--json")[1])
    assert (without["quantiles"], without["intervals"]) == (None, None)
    assert "none, since the words give no number" in call("read", "no number")[1]


def test_read_shows_both_layers(call):
    one = json.loads(call("read", "120 killed", "--json")[1])
    assert (one["reporting"], one["wording_layer"]["reporting"]) == ("first-day", "none")
    assert one["wording_layer"]["quantiles"]["0.5"] == 120
    assert one["quantiles"]["0.95"] == pytest.approx(120 * (1 + 0.52 * math.log(0.47 / 0.05)))
    settled = json.loads(call("read", "120 killed", "--json", "--settled")[1])
    assert settled["quantiles"] == one["wording_layer"]["quantiles"]
    assert json.loads(call("read", "120", "--json", "--quantity", "deployed")[1])["reporting"] == "none"
    enemy = json.loads(call("read", "more than 3,000", "--json", "--origin", "Zelensky")[1])
    assert enemy["reporting"] == "belligerent-enemy"
    code, out, _ = call("read", "between 10,000 and 12,000", "--quantity", "engaged")
    assert code == 0
    assert re.search(r"plot +10,000 -+=+#=+-+ 12,000\n", out)
    out = call("read", "120 killed")[1]
    assert re.search(r"with reporting +first-day\n", out)
    assert re.search(r"plot +119\.5 -+#-+ 120\.5\n", out)
    assert "the same: the rule holds it already" in call("read", "at least 100")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--origin", "KGB"), "origin is 'KGB', expected one of NIS"),
        (("--quantity", "dead"), "quantity is 'dead', expected one of killed"),
        (("--origin", "NIS", "--register", "none.csv"), "none.csv: no such file"),
    ],
)
def test_read_refuses_what_it_does_not_know(call, folder, arguments, message):
    refused(call("read", "100", *arguments), message)


def test_check(call):
    assert call("check", "seed") == (0, "seed: 26 claims of 6 origins, sound\n0 errors, 0 warnings\n", "")


def test_check_tells_errors_and_warnings_apart(call, folder):
    path = folder / "mine.csv"
    text = path.read_text(encoding="utf-8")
    row = text.splitlines()[1].replace("seed-nis-killed,", "again,")  # the first claim once more, under another id
    path.write_text(f"{text}{row}\n", encoding="utf-8")
    code, out, err = call("check", "mine.csv")
    assert (code, err) == (0, "")
    first, warning, last = out.splitlines()
    assert (first, last) == ("mine: 16 claims of 4 origins, sound", "0 errors, 1 warning")
    assert warning.startswith("warning: mine.csv:17: killed is 'at least 100', likely an echo: NIS itself gave that")
    path.write_text(f"{text.replace('several hundred,', 'oodles,')}{row}\n", encoding="utf-8")
    code, out, err = call("check", "mine.csv")
    assert code == 2
    assert out.splitlines() == ["mine: 16 claims of 4 origins, not sound", warning, "1 error, 1 warning"]
    assert err.startswith("casualty-report: mine.csv:12: wording is 'oodles', which no rule of lexicon.toml fits")
    # A run refuses what is an error, and takes what is a warning.
    assert call("estimate", "mine.csv", *QUICK)[0] == 2
    path.write_text(f"{text}{row}\n", encoding="utf-8")
    assert call("estimate", "mine.csv", *QUICK)[0] == 0


def test_check_for_machines(call, folder):
    path = folder / "mine.csv"
    text = path.read_text(encoding="utf-8").replace("several hundred,", "oodles,").replace(",NIS,orig", ",KGB,orig", 1)
    path.write_text(text, encoding="utf-8")
    code, out, err = call("check", "mine.csv", "--json")
    assert (code, err) == (2, "")
    found = json.loads(out)
    assert list(found) == ["register", "sound", "claims", "origins", "errors", "warnings"]
    assert (found["register"], found["sound"], found["claims"]) == ("mine", False, 15)
    first, last = found["errors"]
    assert list(first) == ["file", "line", "field", "got", "expected", "message"]
    assert (first["file"], first["line"], first["field"], first["got"]) == ("mine.csv", 2, "origin", "KGB")
    assert (last["line"], last["field"], last["got"]) == (12, "wording", "oodles")
    assert last["message"].startswith("mine.csv:12: wording is 'oodles', which")
    assert json.loads(call("check", "public-record", "--json")[1])["warnings"][0].keys() == {
        *("file", "line", "kind", "message", "other"),
    }
    code, out, err = call("check", "sead", "--json")
    assert (code, err, json.loads(out)["errors"][0]["field"]) == (2, "", "register")


def test_help_is_quick_to_import():
    code = (
        "import sys; from analysis.__main__ import main\n"
        "sys.argv = ['casualty-report', '--help']\n"
        "try: main()\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "print([name for name in ('numpy', 'pydantic', 'scipy', 'distributed') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "estimate" in done.stdout


@pytest.mark.parametrize("module", ["analysis.pipeline", "analysis.tables", "analysis.report", "analysis.executors"])
def test_what_a_module_does_not_import(module):
    heavy = ["scipy.stats", "matplotlib", "papermill", "nbconvert", "dask", "distributed"]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_version_and_module(call):
    assert call("--version")[1] == "casualty-report 0.1.0\n"
    done = subprocess.run([sys.executable, "-m", "analysis", "check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def refused(result: tuple[int, str, str], *messages: str) -> None:
    """Exit 2, a line for each fault, nothing on stdout, no traceback."""
    code, out, err = result
    assert code == 2, err
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == len(messages), err
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith("casualty-report: ")
        assert message in line


@pytest.mark.parametrize("days", ["2024-12-20..2024-12-19", "2024-12-19,2024-12-21..2024-12-20"])
def test_days_from_the_later_to_the_earlier_are_refused(call, folder, days):
    """And not taken for no day at all, of which nothing would be rendered without a word."""
    before = sorted(folder.iterdir())
    last = days.rpartition(",")[2]
    refused(
        call("render", "--as-of", days),
        f"as_of is '{last}', expected the earlier day first, like 2024-12-19..2024-12-20",
    )
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("verb", ["estimate", "render"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sead",), "register is 'sead', expected a path to a .csv file or one of "),
        (("none.csv",), "none.csv: no such file or directory"),
        (("--as-of", "2024-13-01"), "as_of is '2024-13-01', expected a date like 2024-12-19"),
        (("--as-of", "2023-01-01"), "no claim was published on or before 2023-01-01"),
        (("--force", "half"), "force is 'half', expected one of reported, theatre, deployed"),
        (("--pool", "mean"), "pool is 'mean', expected one of linear, logarithmic, median"),
        (("--weights", "NIS=-1"), "weights gives NIS -1"),
        (("--weights", "NIS=0,US=0"), "leaves every origin out"),
        (("--weights", "KGB=1"), "weights names 'KGB'"),
        (("--level", "1.5"), "level is 1.5, expected a number between 0.001 and 0.9999"),
        (("--level", "x"), "level is 'x', expected a number like 0.9"),
        (("--seed", "x"), "seed is 'x', expected an integer like 20241219"),
        (("--seed", "7.5"), "seed is '7.5', expected an integer"),
        (("--digits", "0"), "digits is 0, expected an integer from 1 to 6"),
        (("--max-draws", "5"), "max_draws is 5"),
        (("--wounded-per-killed", "lots"), "wounded_per_killed is 'lots', expected one of historical"),
    ],
)
def test_wrong_options(call, folder, verb, arguments, message):
    before = sorted(folder.iterdir())
    refused(call(verb, *arguments), message)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id,role", "role", "mine.csv:1: column 'id' is missing"),
        ("id,role", "id,extra,role", "mine.csv:1: column 'extra' is not known"),
        ("seed-deployed,seed", "seed-nis-killed,seed", "id is 'seed-nis-killed', which mine.csv:2 has already"),
        ("several hundred,", "oodles,", "mine.csv:12: wording is 'oodles', which no rule of lexicon.toml fits"),
        (
            "at least 100",
            "at least -100",
            "mine.csv:2: wording is 'at least -100'; expected a figure that is not negative",
        ),
        ("at least 100", "at least 1000000000", "mine.csv:2: wording is 'at least 1000000000', more than 100,000,000"),
        ("at least 100", "at least 30000", "mine.csv:2: killed is 'at least 30000', more than the whole force"),
        ("2024-12-17,,cumulative", "2024-17-12,,cumulative", "mine.csv:12: as_of is '2024-17-12', expected a date"),
        (",NIS,original", ",,original", "mine.csv:2: origin is empty"),
    ],
)
def test_wrong_registers(call, folder, old, new, message):
    path = folder / "mine.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    before = sorted(folder.iterdir())
    refused(call("render", "mine.csv"), message)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine.csv: is empty"),
        (b"\x00\x01", "mine.csv: holds binary data"),
        (b"id,role\n\xff\xfe", "mine.csv:2: is not UTF-8"),
    ],
)
def test_files_that_are_no_register(call, folder, content, message):
    (folder / "mine.csv").write_bytes(content)
    refused(call("estimate", "mine.csv"), message)


def test_several_faults_on_several_lines(call, folder):
    path = folder / "mine.csv"
    text = path.read_text(encoding="utf-8").replace("several hundred,", "oodles,").replace("around 10,000", "lashings")
    path.write_text(text, encoding="utf-8")
    refused(call("estimate", "mine.csv"), "mine.csv:10: wording is 'lashings'", "mine.csv:12: wording is 'oodles'")


def test_an_unknown_parameter_is_refused_with_those_declared(call, folder):
    refused(call("render", "-p", "sed", "3"), "sed is not a parameter, did you mean seed? Declared are register, as_of")
    refused(call("render", "-p", "colour", "red"), "colour is not a parameter")
    refused(call("render", "-p", "sed", "3", "-p", "colour", "red"), "sed is not a parameter", "colour is not")
    assert not (folder / "reports").exists()


def test_a_notebook_that_is_none(call, folder):
    (folder / "text.ipynb").write_text("seed = 7")
    for name, message in (("none", "No such file"), (".", "Is a directory"), ("text.ipynb", "is not a notebook")):
        refused(call("render", "--notebook", name), message)
    assert not (folder / "reports").exists()


def test_the_command_itself_refuses_without_a_traceback(folder):
    command_line = [sys.executable, "-m", "analysis", "estimate", "mine.csv", "--seed", "x", "--level", "y"]
    done = subprocess.run(command_line, capture_output=True, text=True, check=False)
    refused((done.returncode, done.stdout, done.stderr), "seed is 'x', expected", "level is 'y', expected")


def test_a_ratio_near_zero_is_no_ratio(call):
    refused(call("estimate", "--wounded-per-killed", "1e-300", *QUICK), "wounded_per_killed is '1e-300', expected")


def test_output_that_cannot_be_written_is_failed_work(call, monkeypatch):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    code, _, err = call("check")
    assert code == 1
    assert err.startswith("casualty-report: ")
    assert "No space left on device" in err
    assert len(err.splitlines()) == 1


def test_an_output_folder_that_cannot_be_written(call, folder):
    (folder / "file").write_text("")
    refused(call("render", "--output", "file/below", *QUICK), "cannot be written")


def test_words_of_the_command_line_itself(call):
    assert call("estimate", "--colour")[0] == 2
    assert call("paint")[0] == 2
    refused(call("read"), "Missing argument 'WORDING'")
    refused(call("read", "oodles"), "wording is 'oodles'")
    refused(call("read", ""), "wording is ''")
    refused(call("estimate", "--workers", "0"), "Invalid value for '--workers'")


def test_a_failing_cell_exits_1_and_leaves_the_report_alone(call, folder):
    notebook = nbformat.read(DATA.parent.parent / "notebooks" / "report.ipynb", as_version=4)
    notebook.cells = [*notebook.cells[:2], nbformat.v4.new_code_cell("x = 1\nraise OSError('the disk is full')")]
    nbformat.write(notebook, folder / "broken.ipynb")
    report = folder / "reports" / "seed-2024-12-19"
    report.mkdir(parents=True)
    (report / "report.html").write_text("the last good one")
    (report / "report.ipynb").write_text("{}")
    code, out, err = call("render", "--notebook", "broken.ipynb")
    assert (code, out) == (1, "")
    assert re.search(r"In\[\d\]", err)
    assert "OSError: the disk is full" in err
    assert len(err.splitlines()) <= 5
    assert "Traceback" not in err
    assert sorted(path.name for path in report.iterdir()) == ["report.html", "report.ipynb"]
    assert (report / "report.html").read_text() == "the last good one"
    left = {path.name for path in (folder / "reports").iterdir()}
    assert left == {".locks", "failed", "feed.xml", "index.html", "seed-2024-12-19"}
