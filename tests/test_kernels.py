"""Forked kernels: the same bytes as ever, nothing of this package in the server, and no process left behind."""

import ast
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from analysis import execution, fork_server
from analysis.errors import WorkError
from analysis.kernels import Ended, Leash, Server
from analysis.run_record import Record

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


def write(path: Path, *sources: str) -> Path:
    cells = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources, start=1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def outputs(path: Path) -> list[str]:
    """What each cell printed or gave."""
    shown = [cell.outputs[0] for cell in nbformat.read(path, as_version=4).cells if cell.outputs]
    return [one.text.strip() if one.output_type == "stream" else one.data["text/plain"] for one in shown]


def is_gone(pid: int) -> bool:
    """A process is there for a moment after it was killed, until its parent or the system has taken note."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return True
    return process in psutil.wait_procs([process], timeout=30)[0]


@pytest.fixture(scope="module")
def server():
    with Server() as one:
        yield one
        assert one.reason == ""  # each kernel of these tests was forked


def run(server: Server, place: Path, *sources: str) -> list[str]:
    execution.execute(write(place / "n.ipynb", *sources), place / "out.ipynb", {}, fast=server)
    return outputs(place / "out.ipynb")


# -- the same as ever ---------------------------------------------------------------------------------------------


def test_the_seed_report_is_the_same_to_the_byte(server, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1734566400")
    target = tmp_path / "edition"
    made = []
    with Server(once=True) as waiting:
        for fast in (None, server, waiting):
            target.mkdir()
            execution.execute(
                ROOT / "notebooks" / "report.ipynb", target / "report.ipynb", {"output_dir": str(target)}, fast=fast
            )
            files = [path for path in target.rglob("*") if path.is_file()]
            made.append({str(path.relative_to(target)): path.read_bytes() for path in files})
            target.rename(tmp_path / f"{len(made)}")
        assert waiting.reason == ""
    started, forked, waited = made
    assert len(started) > 10
    assert {"report.ipynb", "results.json", "figures/answer.png", "figures/answer.svg"} <= set(started)
    assert [name for name in started if started[name] != forked.get(name)] == []
    assert [name for name in started if started[name] != waited.get(name)] == []
    assert set(started) == set(forked) == set(waited)


FACTS = """
import json, os, signal, sys, threading
import matplotlib, numpy
from IPython import get_ipython
print(json.dumps({
    "path": sys.path, "flags": list(sys.flags), "argv0": os.path.basename(sys.argv[0]), "main": __name__,
    "signals": {n.name: str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)},
    "backend": matplotlib.rcParams["backend"], "cwd": os.getcwd(),
    "stdin": os.read(0, 1).decode(), "leader": os.getsid(0) == os.getpid() == os.getpgid(0),
    "environment": sorted(name for name in os.environ if name != "JPY_PARENT_PID"),
    "errors": numpy.geterr(), "float": repr(numpy.float64(0.1)),
    "threads": sorted(type(t).__name__ for t in threading.enumerate()),
}, indent=1))
"""
PICTURE = """
import matplotlib.pyplot as plt
_ = plt.plot([1, 3, 2])
"""


@pytest.mark.parametrize("once", [False, True])
def test_a_forked_kernel_finds_the_world_as_one_that_was_started(tmp_path, monkeypatch, once):
    """Without MPLBACKEND, as where no one sets it: a picture drawn with pyplot is in the notebook."""
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = write(tmp_path / "n.ipynb", FACTS, PICTURE)
    with Server(once=once) as fresh:
        execution.execute(notebook, tmp_path / "forked.ipynb", {}, fast=fresh)
        assert fresh.reason == ""
    execution.execute(notebook, tmp_path / "started.ipynb", {})
    assert outputs(tmp_path / "forked.ipynb")[0] == outputs(tmp_path / "started.ipynb")[0]
    assert "image/png" in nbformat.read(tmp_path / "forked.ipynb", as_version=4).cells[1].outputs[0].data
    assert (tmp_path / "forked.ipynb").read_bytes() == (tmp_path / "started.ipynb").read_bytes()


def test_kernels_of_one_server_do_not_draw_the_same_numbers(server, tmp_path):
    draws = "import random, numpy\nprint(random.random(), numpy.random.random())"
    first, second = ([float(one) for one in run(server, tmp_path, draws)[0].split()] for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_a_kernel_may_start_processes_of_its_own(server, tmp_path):
    source = """
        import subprocess, sys
        from concurrent.futures import ProcessPoolExecutor
        with ProcessPoolExecutor(2) as pool:
            print(list(pool.map(abs, [-1, -2])), subprocess.run([sys.executable, "-c", "exit(5)"]).returncode)
    """
    assert run(server, tmp_path, textwrap.dedent(source)) == ["[1, 2] 5"]


def test_kernels_run_the_code_that_is_on_the_disk(server, tmp_path):
    source = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport edited\nedited.answer"
    for answer in ("1", "22"):
        (tmp_path / "edited.py").write_text(f"answer = {answer}\n")
        assert run(server, tmp_path, source) == [answer]


def test_the_server_has_imported_what_is_listed_and_nothing_of_this_package(server, tmp_path):
    source = "import sys\nprint(*sorted(sys.modules))"
    loaded = set(run(server, tmp_path, source)[0].split())
    assert not [name for name in loaded if name.split(".")[0] in ("analysis", "tests")]
    assert set(fork_server.PRELOADED) <= loaded
    assert "matplotlib_inline.backend_inline" not in loaded
    assert not [name for name in fork_server.PRELOADED if name.split(".")[0] == "analysis"]


def test_what_the_report_imports_is_there(server, tmp_path):
    """Modules of libraries that a report's imports still have to load in a forked kernel: a handful at most."""
    first = next(
        cell for cell in nbformat.read(ROOT / "notebooks" / "report.ipynb", 4).cells if cell.id == "run"
    ).source
    imports = "\n".join(ast.unparse(one) for one in ast.parse(first).body if isinstance(one, ast.ImportFrom))
    source = f"import sys\nbefore = set(sys.modules)\n{imports}\nprint(*sorted(set(sys.modules) - before))"
    late = [name for name in run(server, tmp_path, source)[0].split() if name.split(".")[0] != "analysis"]
    heavy = {name.split(".")[0] for name in late} & {"numpy", "scipy", "matplotlib", "pydantic", "prov", "jsonschema"}
    assert heavy == set()


def test_a_server_has_one_thread(server, tmp_path):
    run(server, tmp_path, "1")
    assert psutil.Process(server.pid).num_threads() == 1


# -- what cannot be served ----------------------------------------------------------------------------------------


def test_without_fork_kernels_are_started_as_ever(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "fork")
    with Server() as server:
        assert server.pid is None
        assert run(server, tmp_path, "1 + 1") == ["2"]
    assert server.reason == f"there is no fork on {sys.platform}"


def test_another_environment_is_not_served(tmp_path, monkeypatch):
    with Server() as server:
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert run(server, tmp_path, "import os\nos.environ['PYTHONPATH']") == [repr(str(tmp_path))]
        assert server.reason == "the folder or the environment has changed since the fork server began"


def test_a_variable_that_no_import_reads_reaches_the_kernel(server, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    assert run(server, tmp_path, "import os\nos.environ['SOURCE_DATE_EPOCH']") == ["'5'"]


@pytest.mark.parametrize("when", ["before", "in a cell"])
def test_when_the_server_dies_the_notebook_runs_in_a_kernel_of_its_own(tmp_path, when):
    kills = f"import os\nfirst = not os.path.exists({str(tmp_path / 'once')!r})\n"
    kills += f"if first:\n    open({str(tmp_path / 'once')!r}, 'w').close()\n    os.kill(os.getppid(), 9)\n"
    kills += "    import time; time.sleep(600)\n1 + 1"
    with Server() as server:
        if when == "before":
            psutil.Process(server.pid).kill()
        assert run(server, tmp_path, "1 + 1" if when == "before" else kills) == ["2"]
    assert server.reason == "the fork server died"


def test_a_kernel_in_waiting_is_for_one_run_and_tells_how_it_died(tmp_path):
    with Server(once=True) as server:
        with pytest.raises(WorkError, match=r"In\[1\]: the kernel died with exit code 7$"):
            run(server, tmp_path, "import os\nos._exit(7)")
        assert server.reason == ""
        assert run(server, tmp_path, "1 + 1") == ["2"]
        assert server.reason == "the kernel in waiting was for one run"


# -- nothing left behind ------------------------------------------------------------------------------------------


def family(server: Server) -> list[psutil.Process]:
    leader = psutil.Process(server.pid)
    return [leader, *leader.children(recursive=True)]


@pytest.mark.parametrize(
    ("source", "how"), [("os._exit(7)", "died with exit code 7"), ("os.kill(os.getpid(), 11)", "was killed by SIGSEGV")]
)
def test_how_a_forked_kernel_died_is_known(server, tmp_path, source, how):
    with pytest.raises(WorkError, match=f"the kernel {how}$"):
        run(server, tmp_path, "import os\n" + source)


def test_a_forked_kernel_out_of_time_is_interrupted_and_gone(server, tmp_path):
    record = Record()
    notebook = write(tmp_path / "n.ipynb", "import time\nwhile True: time.sleep(0.01)")
    with pytest.raises(WorkError, match=r"In\[1\]: timed out after 3 s$"):
        execution.execute(notebook, tmp_path / "out.ipynb", {}, record=record, deadline=record.begun + 3, fast=server)
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[0].outputs[0].ename == "KeyboardInterrupt"
    assert len(family(server)) == 1


def test_after_a_run_and_after_close_there_is_no_process(tmp_path):
    with Server() as server:
        run(server, tmp_path, "import subprocess\n_ = subprocess.Popen(['sleep', '600'])\n1")
        assert len(family(server)) == 1
        pid = server.pid
    assert is_gone(pid)
    server.close()  # a second time does nothing


@pytest.mark.parametrize("once", [False, True])
def test_a_server_closed_while_it_imports_is_gone(once):
    with Server(once=once) as server:
        pid = server.pid
    assert is_gone(pid)


def test_a_server_whose_asker_is_gone_ends_without_a_word():
    here, there = socket.socketpair()
    there.close()  # as of a run that was over before the imports were: nobody hears that it is ready
    with here:
        assert fork_server.serve(here) is None


def test_close_ends_the_kernels(tmp_path):
    notebook = write(tmp_path / "n.ipynb", "import time\ntime.sleep(600)")
    record = Record()
    with Server() as server, ThreadPoolExecutor(1) as pool:
        run = pool.submit(execution.execute, notebook, tmp_path / "out.ipynb", {}, record=record, fast=server)
        while not (record.cells and record.cells[0].state == "running"):
            time.sleep(0.01)
        processes = family(server)
        assert len(processes) == 2
        execution._runs.copy().pop().why = "interrupted"  # so that it is not run again without the server
        server.close()
        with pytest.raises(execution.Interrupted):
            run.result()
    assert all(is_gone(process.pid) for process in processes)


TWO_RUNS = """
import signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from analysis import execution
from analysis.kernels import Server
from analysis.run_record import Record

notebook, place = Path(sys.argv[1]), Path(sys.argv[2])
records = [Record(), Record()]

def run(number):
    try:
        execution.execute(notebook, place / f"{number}.ipynb", {}, record=records[number], fast=server)
    except execution.Interrupted as error:
        return f"{error}; {records[number].cells[0].state}"

signal.signal(signal.SIGTERM, lambda *_: execution.stop_all())
with Server() as server, ThreadPoolExecutor(2) as pool:
    runs = [pool.submit(run, number) for number in range(2)]
    while not all(record.cells and record.cells[0].state == "running" for record in records):
        threading.Event().wait(0.01)
    print(server.pid, flush=True)
    for one in runs:
        print(one.result(), flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_nothing_of_two_runs_is_left(tmp_path, how):
    """SIGTERM is handled by `stop_all`; SIGKILL cannot be, and the server notices that its parent is gone."""
    child = "import subprocess, time\n_ = subprocess.Popen(['sleep', '600'])\ntime.sleep(600)"
    command = [sys.executable, "-c", TWO_RUNS, write(tmp_path / "n.ipynb", child), tmp_path]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        server = int(process.stdout.readline())
        time.sleep(0.5)  # a moment for the cells to start their own
        processes = psutil.Process(process.pid).children(recursive=True)
        assert server in [one.pid for one in processes]
        assert len(processes) >= 3  # the server and two kernels, at least
        process.send_signal(how)
        said = process.stdout.read()
    assert all(is_gone(one.pid) for one in processes)
    assert said == ("" if how is signal.SIGKILL else "n.ipynb, In[1]: interrupted; interrupted\n" * 2)


def test_a_leash_that_was_ended_launches_nothing():
    leash = Leash()
    leash.end("interrupted")
    with pytest.raises(Ended, match="interrupted"):
        leash.admit(lambda: pytest.fail("a kernel was launched"))
    leash.end("timed out")
    assert leash.why == "interrupted"
