"""Runs of notebooks: what is written, when time is over, when they are stopped, when a kernel dies."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis import execution
from analysis.errors import InputError, WorkError
from analysis.run_record import Record

ROOT = Path(__file__).parent.parent
FOR_EVER = "import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.01)"


def write(path: Path, *sources: str) -> Path:
    cells = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources, start=1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("# T", id="title"), *cells], metadata={"kernelspec": kernel}), path
    )
    return path


def read(path: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(path, as_version=4).cells


def states(record: Record) -> list[str]:
    return [cell.state for cell in record.cells]


def is_gone(pid: int) -> bool:
    """A process is there for a moment after it was killed, until its parent or the system has taken note."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return True
    return process in psutil.wait_procs([process], timeout=30)[0]


@pytest.fixture
def stopping(monkeypatch):
    """What `stop_all` leaves set for the rest of a process is put back for the next test."""
    monkeypatch.setattr(execution, "_stopping", threading.Event())


# -- failures -----------------------------------------------------------------------------------------------------


def test_an_input_error_in_a_cell_keeps_its_lines(tmp_path):
    source = "from analysis.errors import InputError\nraise InputError('claims.csv:4: wording is empty', 'second')"
    record = Record()
    with pytest.raises(InputError) as caught:
        execution.execute(write(tmp_path / "n.ipynb", source, "2"), tmp_path / "out.ipynb", {}, record=record)
    assert caught.value.faults == ("claims.csv:4: wording is empty", "second")
    assert (record.status, states(record)) == ("failed", ["failed", "not run"])


def test_a_failure_leaves_the_notebook_up_to_it_and_no_path_of_the_machine(tmp_path):
    source = (
        "import sys, tempfile, warnings\nfrom pathlib import Path\nimport json\n"
        "for place in (Path.home(), sys.prefix, Path.cwd(), tempfile.gettempdir()):\n"
        "    print(Path(place) / 'x', file=sys.stderr)\n"
        "warnings.warn('odd')\njson.loads('x' + str(Path.home() / 'secret'))"
    )
    notebook = write(tmp_path / "n.ipynb", "1 + 1", source, "3")
    with pytest.raises(WorkError, match=r"^n\.ipynb, In\[2\]: JSONDecodeError: Expecting value"):
        execution.execute(notebook, tmp_path / "out.ipynb", {})
    cells = read(tmp_path / "out.ipynb")
    assert [cell.id for cell in cells] == ["title", "cell-1", "cell-2"]
    assert cells[1].outputs[0].data["text/plain"] == "2"
    printed, error = cells[2].outputs
    assert printed.text.splitlines()[1] == "<prefix>/x"
    assert "<cell>:6: UserWarning: odd" in printed.text
    assert error.ename == "JSONDecodeError"
    shown = printed.text + "\n".join(error.traceback)
    for place in (Path.home(), sys.prefix, sys.base_prefix, Path.cwd(), tempfile.gettempdir()):
        assert str(place) not in shown
    assert "json.loads" in re.sub(r"\x1b\[[\d;]*m", "", shown)  # the line that failed is there
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.ipynb", "out.ipynb"]


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("os._exit(7)", "died with exit code 7"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL, as happens when memory runs out"),
        ("os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
    ],
)
def test_a_dead_kernel_is_noticed_and_its_children_end(tmp_path, capfd, source, how):
    child = "import os, subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    record = Record()
    with pytest.raises(WorkError, match=rf"^n.ipynb, In\[2\]: the kernel {re.escape(how)}$"):
        execution.execute(write(tmp_path / "n.ipynb", child, source, "3"), tmp_path / "out.ipynb", {}, record=record)
    assert capfd.readouterr() == ("", "")
    assert states(record) == ["completed", "failed", "not run"]
    cells = read(tmp_path / "out.ipynb")
    assert cells[-1].outputs[-1].evalue == f"n.ipynb, In[2]: the kernel {how}"
    assert is_gone(int(cells[1].outputs[0].text))


def test_a_kernel_that_dies_before_it_is_ready_is_started_once_more(tmp_path, monkeypatch):
    """A sitecustomize that ends the interpreter stands for what ends a kernel at its start; it counts itself."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nfrom pathlib import Path\n"
        "tries = Path(__file__).with_name('tries')\n"
        "tries.write_text((tries.read_text() if tries.exists() else '') + 'x')\n"
        "if len(tries.read_text()) <= int(os.environ['DIES']):\n    os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    notebook = write(tmp_path / "n.ipynb", "1")
    monkeypatch.setenv("DIES", "1")
    execution.execute(notebook, tmp_path / "out.ipynb", {})
    assert read(tmp_path / "out.ipynb")[1].outputs[0].data["text/plain"] == "1"
    assert (tmp_path / "tries").read_text() == "xx"
    monkeypatch.setenv("DIES", "9")
    record = Record()
    with pytest.raises(WorkError, match="before the first cell: the kernel died with exit code 3 before it was ready"):
        execution.execute(notebook, tmp_path / "bad.ipynb", {}, record=record)
    assert (tmp_path / "tries").read_text() == "xxxx"
    assert [cell.id for cell in read(tmp_path / "bad.ipynb")] == ["title"]
    assert record.cells == []


def test_a_notebook_without_ids_gets_the_same_ones_each_time(tmp_path):
    notebook = write(tmp_path / "n.ipynb", "1")
    raw = json.loads(notebook.read_text())
    raw["nbformat_minor"] = 4
    for cell in raw["cells"]:
        del cell["id"]
    notebook.write_text(json.dumps(raw))
    execution.execute(notebook, tmp_path / "out.ipynb", {})
    assert [cell.id for cell in read(tmp_path / "out.ipynb")] == ["cell-0", "cell-1"]


def test_a_temporary_folder_too_long_for_sockets_is_wrong_input(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(InputError, match="expected a shorter path like /tmp; set TMPDIR"):
        execution.execute(write(tmp_path / "n.ipynb", "1"), tmp_path / "out.ipynb", {})


# -- time ---------------------------------------------------------------------------------------------------------


def test_a_run_out_of_time_says_where_it_was_and_its_kernel_is_gone(tmp_path):
    record = Record()
    notebook = write(tmp_path / "n.ipynb", "import os\nprint(os.getpid())", FOR_EVER, "3")
    with pytest.raises(WorkError, match=r"^n\.ipynb, In\[2\]: timed out after 4 s$"):
        execution.execute(notebook, tmp_path / "out.ipynb", {}, record=record, deadline=record.begun + 4)
    assert (record.status, states(record)) == ("timed out", ["completed", "timed out", "not run"])
    cells = read(tmp_path / "out.ipynb")
    assert len(cells) == 3
    assert cells[2].outputs[0].text == "begun\n"
    assert cells[2].outputs[1].ename == "KeyboardInterrupt"
    assert "time.sleep" in re.sub(r"\x1b\[[\d;]*m", "", "\n".join(cells[2].outputs[1].traceback))
    assert is_gone(int(cells[1].outputs[0].text))


def test_a_cell_that_does_not_hear_the_interrupt_is_killed(tmp_path):
    deaf = (
        "import os, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True)\ntime.sleep(600)"
    )
    record = Record()
    with pytest.raises(WorkError, match=r"^n\.ipynb, In\[1\]: timed out after 4 s$"):
        execution.execute(
            write(tmp_path / "n.ipynb", deaf), tmp_path / "out.ipynb", {}, record=record, deadline=record.begun + 4
        )
    printed, error = read(tmp_path / "out.ipynb")[1].outputs
    assert (error.ename, error.evalue) == ("TimedOut", "n.ipynb, In[1]: timed out after 4 s")
    assert is_gone(int(printed.text))


def test_a_deadline_in_the_past_starts_nothing(tmp_path):
    record = Record()
    with pytest.raises(WorkError, match=r"^n\.ipynb, before the first cell: timed out after 0 s$"):
        execution.execute(
            write(tmp_path / "n.ipynb", "1"), tmp_path / "out.ipynb", {}, record=record, deadline=record.begun
        )
    assert (record.status, states(record)) == ("timed out", [])


def test_a_deadline_that_is_kept_changes_nothing(tmp_path):
    notebook = write(tmp_path / "n.ipynb", "1")
    execution.execute(notebook, tmp_path / "a.ipynb", {})
    execution.execute(notebook, tmp_path / "b.ipynb", {}, deadline=time.monotonic() + 600)
    assert (tmp_path / "a.ipynb").read_bytes() == (tmp_path / "b.ipynb").read_bytes()


# -- stopping -----------------------------------------------------------------------------------------------------


def test_stopped_runs_end_and_no_other_starts(tmp_path, stopping):
    notebook = write(tmp_path / "n.ipynb", FOR_EVER)
    records = [Record(), Record()]
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(execution.execute, notebook, tmp_path / f"{number}.ipynb", {}, record=record)
            for number, record in enumerate(records)
        ]
        while not all(record.cells and record.cells[0].state == "running" for record in records):
            time.sleep(0.01)
        kernels = psutil.Process().children()
        execution.stop_all()
        for run in runs:
            with pytest.raises(execution.Interrupted, match=r"^n\.ipynb, In\[1\]: interrupted$"):
                run.result()
    assert [(record.status, states(record)) for record in records] == [("interrupted", ["interrupted"])] * 2
    assert len(kernels) == 2
    assert all(is_gone(kernel.pid) for kernel in kernels)
    record = Record()
    with pytest.raises(execution.Interrupted, match="before the first cell: interrupted"):
        execution.execute(notebook, tmp_path / "late.ipynb", {}, record=record)
    assert record.cells == []


def test_threads_keep_their_notebooks_apart(tmp_path):
    """Eight runs in four threads: each notebook prints its own number, in order, and each has its kernel."""
    notebooks = [
        write(tmp_path / f"{n}.ipynb", f"for i in range(99): print({n}, i)", "import os\nos.getpid()") for n in range(8)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: execution.execute(one, tmp_path / f"out-{one.name}", {}), notebooks))
    kernels = set()
    for number in range(8):
        cells = read(tmp_path / f"out-{number}.ipynb")
        assert cells[1].outputs[0].text == "".join(f"{number} {i}\n" for i in range(99))
        kernels.add(cells[2].outputs[0].data["text/plain"])
    assert len(kernels) == 8


KILLED = """
import sys
from pathlib import Path
from analysis import execution
execution._SAVED_EVERY = 0.2
execution.execute(Path(sys.argv[1]), Path(sys.argv[2]), {})
"""


def test_a_process_that_is_killed_leaves_the_unfinished_notebook_and_no_kernel(tmp_path):
    source = "import os\nprint(os.getpid(), flush=True)\n" + FOR_EVER
    output = tmp_path / "out.ipynb"
    command = [sys.executable, "-c", KILLED, write(tmp_path / "n.ipynb", "1 + 1", source), output]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        while not (output.exists() and len(cells := read(output)) == 3 and cells[2].outputs):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert cells[1].outputs[0].data["text/plain"] == "2"
    assert is_gone(int(cells[2].outputs[0].text.split()[0]))  # it looks once a second whether its parent is there
