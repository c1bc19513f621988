"""Many editions at once, and runs that are stopped: in order, one for each folder, nothing left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis import __main__, batch
from analysis.editions import exclusive
from analysis.errors import InputError
from analysis.manifest import digest, read_edition
from analysis.report import Order

DAYS = ["2024-12-21", "2024-12-19", "2024-12-20"]


def notebook(path: Path, *sources: str) -> Path:
    """A notebook of a register and a day that needs no time of its own."""
    parameters = new_code_cell(
        'register = "seed"\nas_of = "2024-12-19"\noutput_dir = ""', metadata={"tags": ["parameters"]}
    )
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [new_markdown_cell("# What day is it?"), parameters, *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch, request):
    """A page is enough here; prints are tested elsewhere."""
    if "browser" not in request.keywords:
        monkeypatch.setattr("analysis.report.find_browser", lambda: None)


def orders(source: Path, folder: Path, days: list[str] = DAYS) -> list[Order]:
    return [Order(source, folder / f"seed-{day}", {"as_of": day}) for day in days]


def test_outcomes_come_in_the_order_that_was_asked_for(tmp_path):
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    done = []
    found = list(batch.render_all(orders(source, tmp_path / "out"), jobs=2, progress=lambda: done.append(1)))
    assert [one.order.day for one in found] == DAYS
    assert [(one.status, one.code, one.made) for one in found] == [("published", 0, True)] * 3
    assert done == [1, 1, 1]
    for day in DAYS:
        assert f'<pre tabindex="0">{day}' in (tmp_path / "out" / f"seed-{day}" / "report.html").read_text()
    again = list(batch.render_all(orders(source, tmp_path / "out"), jobs=2))
    assert [(one.status, one.made) for one in again] == [("published", False)] * 3


def test_whoever_is_waited_for_is_begun_first(tmp_path):
    source = notebook(tmp_path / "day.ipynb")
    line = batch._line(orders(source, tmp_path / "out"))
    assert [index for index, _ in line] == [1, 2, 0]
    assert line[0][1].before is None
    assert line[1][1].before is line[0][1].done
    assert line[2][1].before is line[1][1].done


def test_one_that_fails_leaves_the_others_and_what_was_there(tmp_path):
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    list(batch.render_all(orders(source, tmp_path / "out")))
    before = (tmp_path / "out" / "seed-2024-12-20" / "report.html").read_bytes()
    notebook(source, "print(as_of)", "1 / 0 if as_of == '2024-12-20' else print('newer')")
    found = list(batch.render_all(orders(source, tmp_path / "out"), jobs=3))
    assert [(one.status, one.code) for one in found] == [("published", 0), ("published", 0), ("failed", 1)]
    assert found[2].reasons == ("day.ipynb, In[4]: ZeroDivisionError: division by zero",)
    assert (tmp_path / "out" / "seed-2024-12-20" / "report.html").read_bytes() == before
    kept = tmp_path / "out" / "failed" / "seed-2024-12-20"
    assert found[2].notes == (f"{kept} holds the notebook as far as it ran",)
    run = json.loads((kept / "run.json").read_text())
    assert [cell["state"] for cell in run["cells"]] == ["completed", "completed", "completed", "failed"]
    # When it succeeds at last, nothing is left to look at.
    notebook(source, "print(as_of)")
    assert {one.status for one in batch.render_all(orders(source, tmp_path / "out"))} == {"published"}
    assert not kept.exists()


def test_another_content_of_a_file_that_a_parameter_names_is_another_edition(tmp_path):
    source = notebook(tmp_path / "day.ipynb", "print(open(data).read())")
    text = source.read_text().replace('as_of = \\"2024', 'data = \\"none\\"\\nas_of = \\"2024')
    source.write_text(text)
    order = Order(source, tmp_path / "out" / "seed-2024-12-19", {"data": str(tmp_path / "d.txt")})
    for content, made in (("one", True), ("one", False), ("other", True)):
        (tmp_path / "d.txt").write_text(content)
        (found,) = batch.render_all([order])
        assert (found.status, found.made) == ("published", made), content
        assert f'<pre tabindex="0">{content}' in (order.target / "report.html").read_text()
    files = read_edition(order.target).inputs.files
    assert files["data=d.txt"] == digest(tmp_path / "d.txt")
    assert set(files) == {"seed.csv", "seed-context.csv", "sources.toml", "data=d.txt"}


def test_two_editions_of_one_folder_are_wrong_input(tmp_path):
    source = notebook(tmp_path / "day.ipynb")
    twice = orders(source, tmp_path / "out", ["2024-12-19"] * 2)
    with pytest.raises(InputError, match="two of these editions are for the same folder"):
        list(batch.render_all(twice))


def test_one_deadline_is_for_all(tmp_path):
    source = notebook(tmp_path / "slow.ipynb", "print('begun')", "import time\ntime.sleep(600)", "print('never')")
    begun = time.monotonic()
    found = list(batch.render_all(orders(source, tmp_path / "out"), jobs=2, timeout=15))
    assert time.monotonic() - begun < 120  # of 1,800 s of sleep
    assert {one.code for one in found} == {1}
    assert any("timed out" in one.reasons[0] for one in found)
    runs = [json.loads(file.read_text()) for file in sorted((tmp_path / "out" / "failed").glob("*/run.json"))]
    begun = [run["cells"] for run in runs if len(run["cells"]) > 1]  # on a busy machine a kernel may come too late
    assert begun
    assert all([cell["state"] for cell in cells][-2:] == ["timed out", "not run"] for cells in begun)


def test_two_processes_do_not_render_one_edition_at_once(tmp_path):
    """The second finds what the first has made, and makes nothing."""
    source = notebook(tmp_path / "day.ipynb", "import time\ntime.sleep(1)\nprint(as_of)")
    command = [sys.executable, "-m", "analysis", "render", "seed", "--notebook", str(source), "--output", "out"]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = sorted(run.communicate(timeout=120)[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    place = "out/seed-2024-12-19-day/report.html"
    assert said == [f"{place}: nothing has changed; rendered\n", f"{place}: rendered\n"]


# -- stopped ------------------------------------------------------------------------------------------------------


def start(tmp_path: Path, *options: str, days: str = "2024-12-19..2024-12-22") -> subprocess.Popen:
    """A run of slow notebooks, in the middle of at least one of them, beside an edition that is in place."""
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    output = tmp_path / "out"
    list(batch.render_all([Order(source, output / "seed-2024-12-19-day", {"as_of": "2024-12-19"})]))
    flag = tmp_path / "begun"
    notebook(
        source, "print('so far')", f"open({str(flag)!r}, 'a').write(as_of)", "import time\ntime.sleep(600)", "1 + 1"
    )
    command = [sys.executable, "-m", "analysis", "render", "seed", "--notebook", str(source), "--output", str(output)]
    process = subprocess.Popen(
        [*command, "--as-of", days, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    give_up = time.monotonic() + 120
    while not flag.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.05)
    time.sleep(1)  # it is in the next cell now, which sleeps
    return process


def descendants(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run after half a minute, in which a kernel whose parent has died ends by itself."""
    _, left = psutil.wait_procs(processes, timeout=30)
    return [one for one in left if one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [["--jobs", "2"], ["--jobs", "2", "--fast"]])
def test_a_signal_ends_every_kernel_and_leaves_what_was_there(tmp_path, number, options):
    with start(tmp_path, *options) as process:
        before = (tmp_path / "out" / "seed-2024-12-19-day" / "report.html").read_bytes()
        children = descendants(process)
        assert children
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err.splitlines()[-1] == f"casualty-report: stopped by {signal.Signals(number).name}"
    assert "Traceback" not in out + err
    assert alive(children) == []
    output = tmp_path / "out"
    assert (output / "seed-2024-12-19-day" / "report.html").read_bytes() == before
    assert "seed-2024-12-19-day" in (output / "index.html").read_text()
    assert not [child for child in output.iterdir() if child.name.startswith(".seed")]
    # Of the editions that had begun, at least one was in its long cell.
    runs = {file.parent: json.loads(file.read_text()) for file in (output / "failed").glob("*/run.json")}
    assert {run["status"] for run in runs.values()} == {"interrupted"}
    ends = {at: [cell["state"] for cell in run["cells"]][-2:] for at, run in runs.items()}
    folder = next(at for at, end in ends.items() if end == ["interrupted", "not run"])
    kept = nbformat.read(folder / "day.ipynb", as_version=4)
    assert kept.cells[3].outputs[0].text == "so far\n"


HOLD = """
import pathlib, sys, time
from analysis.editions import exclusive
with exclusive(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def held(place: Path) -> Iterator[None]:
    """Let another process have the lock of an edition, or of the index."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(place)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_waits_for_another_says_so_and_can_be_stopped(tmp_path, number):
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    command = [sys.executable, "-m", "analysis", "render", "seed", "--notebook", str(source), "--output", "out"]
    with (
        held(tmp_path / "out" / "seed-2024-12-19-day"),
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        said = process.stderr.readline()
        assert said == ("casualty-report: seed-2024-12-19-day is being written by another run; waiting for it\n")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert (out, err) == ("", f"casualty-report: stopped by {signal.Signals(number).name}\n")


def test_the_wait_for_the_index_ends_with_the_time_for_all_and_hides_no_other_end(tmp_path):
    lines = []
    with held(tmp_path / "index.html"):
        assert __main__._write_index(tmp_path, "", time.monotonic() + 0.1, lines.append) == [1]
    assert lines == [
        "the index is being written by another run; waiting for it",
        f"{tmp_path / 'index.html'} is being written by another run, which did not end in time",
    ]
    assert not (tmp_path / "index.html").exists()
    lines.clear()
    assert __main__._write_index(tmp_path, "ftp://x", None, lines.append) == [2]
    assert lines == ["base_url is 'ftp://x', expected an address like https://example.org/reports/"]
    assert __main__._write_index(tmp_path, "", None, lines.append) == []
    assert (tmp_path / "index.html").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("options", [[], ["--fast"]])
def test_a_killed_run_leaves_what_was_there_and_the_next_one_clears_up(tmp_path, options):
    with start(tmp_path, *options, days="2024-12-19") as process:
        before = (tmp_path / "out" / "seed-2024-12-19-day" / "report.html").read_bytes()
        time.sleep(4)  # what has run so far is written every few seconds
        children = descendants(process)
        os.kill(process.pid, signal.SIGKILL)
    assert alive(children) == []
    output = tmp_path / "out"
    assert (output / "seed-2024-12-19-day" / "report.html").read_bytes() == before
    assert read_edition(output / "seed-2024-12-19-day").status == "published"
    source = notebook(tmp_path / "day.ipynb", "1 / 0")
    (found,) = batch.render_all([Order(source, output / "seed-2024-12-19-day", {"as_of": "2024-12-19"})])
    assert found.status == "failed"
    assert not [child for child in output.iterdir() if child.name.startswith(".seed")]
    assert (output / "seed-2024-12-19-day" / "report.html").read_bytes() == before


def left_of(order: Order) -> Path:
    """Make what a killed run leaves of an edition, whose register is given by its path on this machine."""
    folder = order.target.with_name(f".{order.target.name}-abcdef12")
    folder.mkdir(parents=True)
    injected = new_code_cell(
        f"register = {str(order.target.parent / 'mine.csv')!r}\noutput_dir = {str(folder)!r}",
        id="injected-parameters",
        metadata={"tags": ["injected-parameters"]},
    )
    nbformat.write(new_notebook(cells=[injected, new_code_cell("so_far")]), folder / "day.ipynb")
    return folder


def test_what_killed_runs_have_left_of_other_editions_is_cleared_up(tmp_path):
    """A run of the next day does it, and leaves alone what another run is still at."""
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    killed, running, wanted = orders(source, tmp_path / "out", ["2024-12-19", "2024-12-20", "2024-12-21"])
    (left, of_another) = (left_of(one) for one in (killed, running))
    (tmp_path / "out" / "mine.csv").touch()
    aside = tmp_path / "out" / ".seed-2024-12-18-abcdef12-previous"
    aside.mkdir()
    for name in ("seed-2024-12-18", "seed-2024-12-19"):
        with exclusive(tmp_path / "out" / name):
            pass
    with held(running.target):
        (found,) = batch.render_all([wanted])
    assert found.status == "published"
    assert (left.exists(), of_another.exists(), aside.exists()) == (False, True, False)
    assert (tmp_path / "out" / "seed-2024-12-18").is_dir()
    kept = tmp_path / "out" / "failed" / "seed-2024-12-19"
    assert json.loads((kept / "run.json").read_text())["status"] == "interrupted"
    cells = nbformat.read(kept / "day.ipynb", as_version=4).cells
    assert [cell.source for cell in cells] == ['register = "mine.csv"\noutput_dir = "."', "so_far"]


@pytest.mark.parametrize("linked", [False, True])
def test_half_a_notebook_of_a_killed_run_stops_nothing(tmp_path, linked):
    """Nor does a folder of failures that must not be written."""
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    (order,) = orders(source, tmp_path / "out", ["2024-12-19"])
    left = tmp_path / "out" / ".seed-2024-12-19-abcdef12"
    left.mkdir(parents=True)
    (left / "day.ipynb").write_text('{"cells": [')
    if linked:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "out" / "failed").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (found,) = batch.render_all([order])
    assert found.status == "published"
    assert not left.exists()
    assert not linked or not list((tmp_path / "elsewhere").iterdir())


def test_a_thread_that_is_not_the_first_may_render(tmp_path):
    """Signals are for the main thread; elsewhere they are left alone."""
    source = notebook(tmp_path / "day.ipynb", "print(as_of)")
    found = []
    thread = threading.Thread(target=lambda: found.extend(batch.render_all(orders(source, tmp_path / "out"))))
    thread.start()
    thread.join(timeout=120)
    assert [one.status for one in found] == ["published"] * 3
