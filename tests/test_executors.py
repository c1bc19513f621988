"""
Who computes changes nothing: a real Dask scheduler and real workers on loopback, one killed in the middle.

Every wait has a limit, and the processes end with the test that needed them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from analysis import dependence, executors
from analysis.dependence import choices_record
from analysis.errors import InputError, WorkError
from analysis.executors import executor_for
from analysis.pipeline import run
from analysis.records import to_csv, to_json
from analysis.settings import Settings
from analysis.specifications import specify

ROOT = Path(__file__).parent.parent
QUICK = Settings(max_draws=16384)
LIMIT = 60.0  # s; a start takes two, and a busy machine is no fault
ANSWER = executors._ANSWER


def until(found: Callable[[], object], what: str) -> object:
    """Wait for something true."""
    deadline = time.monotonic() + LIMIT
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited {LIMIT:g} s for {what}"
        time.sleep(0.02)
    return value


class Cluster:
    """Processes of Dask on loopback, each in a process group of its own and without a nanny that would restart it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, []
        record = folder / "scheduler.json"
        # Idle for two minutes, it ends by itself and its workers with it: no test run, however it ends, leaves one.
        options = ("--port", "0", "--scheduler-file", str(record), "--idle-timeout", "120")
        self.scheduler = self._start("scheduler", *options)
        written = until(
            lambda: record.exists() and record.read_text().endswith("}") and record.read_text(), "a scheduler"
        )
        self.address = json.loads(written)["address"]

    def worker(self, name: str, **variables: str) -> subprocess.Popen:
        options = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--local-directory", str(self.folder))
        return self._start("worker", self.address, "--name", name, *options, **variables)

    def _start(self, kind: str, *options: str, **variables: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        loopback = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        alone = {"OPENBLAS_NUM_THREADS": "1", "DASK_CONFIG": str(self.folder / "none"), **variables}
        with (self.folder / f"{kind}-{len(self.processes)}.log").open("w") as log:
            process = subprocess.Popen(
                [*command, *loopback],
                cwd=ROOT,
                env={**os.environ, **alone},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LIMIT)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """Two workers, which no test ends."""
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as one:
        one.worker("first")
        one.worker("second")
        yield one


@pytest.fixture
def scheduler(tmp_path) -> Iterator[Cluster]:
    """A scheduler of the test's own, which has no workers yet."""
    with closing(Cluster(tmp_path)) as one:
        yield one


@pytest.fixture(scope="module")
def local() -> tuple[str, str]:
    """What one process computes, replicate by replicate."""
    return files(QUICK)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Workers of a busy machine are slow to start; their loss is noticed soon."""
    monkeypatch.setattr(executors, "_ANSWER", LIMIT)
    monkeypatch.setattr(executors, "_WITHOUT_WORKERS", 1.0)
    monkeypatch.setattr(executors, "_GLANCE", 0.1)


# -- what is sent, by its name ------------------------------------------------------------------------------------


def files(settings: Settings, executor: Executor | None = None) -> tuple[str, str]:
    results = run(settings, executor=executor)
    return to_json(results), to_csv(results)


def specifications(settings: Settings, executor: Executor | None = None) -> str:
    return json.dumps(choices_record(specify(settings, executor=executor)))


def fresh(_: object) -> str:
    return uuid.uuid4().hex


def same(one: object) -> object:
    return one


def large(_: object) -> bytes:
    return bytes(2_000_000)


def mark(folder: Path, name: str) -> None:
    """Leave a word for the test; the process that works is in it."""
    (folder / f"{name}-{os.getpid()}-{uuid.uuid4().hex}").touch()


def fail(folder: Path, error: Exception) -> None:
    mark(folder, "tried")
    raise error


def hold(folder: Path) -> None:
    mark(folder, "begun")
    until(lambda: (folder / "go").exists(), "go")


def held(folder: Path, task: Callable[[object], object], numbered: tuple[int, object]) -> object:
    """A task that says when it has begun, and is in the middle of its work until it is let go."""
    number, argument = numbered
    mark(folder, f"begun-{number}")
    until(lambda: (folder / "go").exists(), "go")
    return task(argument)


# -- the result ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"processes": True}, {"scheduler": "", "workers": 1}])
def test_one_worker_is_none(options):
    with executor_for(**options) as executor:
        assert executor is None


@pytest.mark.parametrize(("processes", "kind"), [(False, ThreadPoolExecutor), (True, ProcessPoolExecutor)])
def test_workers_of_this_machine(processes, kind, local):
    with executor_for(workers=2, processes=processes) as executor:
        assert type(executor) is kind
        assert files(QUICK, executor) == local


def test_a_cluster_gives_the_same_bytes(cluster, local):
    with executor_for(cluster.address) as executor:
        assert files(QUICK, executor) == local


def test_what_an_answer_depends_on_is_the_same_on_a_cluster(cluster):
    with executor_for(cluster.address) as executor:
        there = dependence.to_json(dependence.examine(run(QUICK, executor=executor), executor=executor))
    assert there == dependence.to_json(dependence.examine(run(QUICK)))


class Holding(Executor):
    """An executor whose last round of tasks is in the middle of its work until it is let go."""

    def __init__(self, executor: Executor, folder: Path, last: int) -> None:
        self.executor, self.folder, self.last, self.rounds = executor, folder, last, 0

    def map(self, task, *iterables, timeout=None, chunksize=1):
        self.rounds += 1
        if self.rounds != self.last:
            return self.executor.map(task, *iterables)
        return self.executor.map(partial(held, self.folder, task), enumerate(*iterables))


@pytest.mark.parametrize(("compute", "last"), [(files, 2), (specifications, 1)])
def test_a_worker_killed_in_the_middle_changes_nothing(scheduler, compute, last, tmp_path):
    """In the middle of a run, and of a grid of specifications."""
    local, words = compute(QUICK), tmp_path / "words"
    words.mkdir()
    victim, survivor = (scheduler.worker(name) for name in ("victim", "survivor"))

    def begun() -> list[list[str]]:
        """Number of the task and process, for each time that a task was begun."""
        return [path.name.split("-")[1:3] for path in words.glob("begun-*")]

    def kill() -> str:
        until(lambda: len({process for _, process in begun()}) == 2, "both workers to be at work")
        [task] = [number for number, process in begun() if process == str(victim.pid)]
        victim.send_signal(signal.SIGKILL)
        victim.wait(LIMIT)
        (words / "go").touch()
        return task

    with executor_for(scheduler.address) as executor, ThreadPoolExecutor(1) as other:
        until(lambda: len(workers_of(executor)) == 2, "two workers")
        killed = other.submit(kill)
        holding = Holding(executor, words, last)
        assert compute(QUICK, holding) == local
        assert holding.rounds == last
    # The task that the victim was at was begun once more, by the one that was left.
    attempts = [process for number, process in begun() if number == killed.result()]
    assert len(attempts) == 2
    assert set(attempts) == {str(victim.pid), str(survivor.pid)}

    lost = pytest.raises(WorkError, match=f"scheduler {scheduler.address}: no worker was left for 1 s")
    with lost, executor_for(scheduler.address) as executor:
        lose(executor, survivor, tmp_path)


def lose(executor: Executor, lost: subprocess.Popen, folder: Path) -> None:
    """Send work, and lose a process in the middle of it."""
    waiting = executor.map(hold, [folder])
    until(lambda: list(folder.glob("begun-*")), "the work to begin")
    lost.send_signal(signal.SIGKILL)
    list(waiting)


def workers_of(executor: Executor) -> dict[str, int]:
    return executor._tasks._client.nthreads()


def test_whole_runs_are_mapped_over_settings(cluster, local):
    deployed = replace(QUICK, force="deployed")
    with executor_for(cluster.address) as executor:
        assert list(executor.map(files, [deployed, QUICK])) == [files(deployed), local]


def test_order_is_kept_and_equal_tasks_are_each_computed(cluster):
    with executor_for(cluster.address) as executor:
        assert list(executor.map(same, range(40))) == list(range(40))
        assert list(executor.map(same, iter("ab"))) == ["a", "b"]
        # Dask once took such tuples in arguments for tasks of its own.
        assert list(executor.map(same, [(len, "ab")])) == [(len, "ab")]
        found = [*executor.map(fresh, [1, 1, 1]), *executor.map(fresh, [1]), executor.submit(fresh, 1).result()]
        assert len(set(found)) == 5


def test_nothing_but_the_address_given_is_connected_to(cluster):
    def remotes() -> set[str]:
        return {f"tcp://{one.raddr.ip}:{one.raddr.port}" for one in psutil.Process().net_connections() if one.raddr}

    before = remotes()
    with executor_for(cluster.address) as executor:
        assert [len(one) for one in executor.map(large, range(4))] == [2_000_000] * 4
        assert remotes() - before == {cluster.address}


# -- what goes wrong in the work ----------------------------------------------------------------------------------


def test_an_input_error_of_a_task_arrives_whole_and_is_not_tried_again(cluster, tmp_path):
    error = InputError("level is 2", "seed is 'x'")
    with pytest.raises(InputError) as caught, executor_for(cluster.address) as executor:
        list(executor.map(partial(fail, tmp_path), [error]))
    assert caught.value.faults == ("level is 2", "seed is 'x'")
    assert len(list(tmp_path.glob("tried-*"))) == 1


def test_an_error_of_a_task_is_no_lost_connection(cluster, tmp_path):
    with pytest.raises(FileNotFoundError, match="none"), executor_for(cluster.address) as executor:
        list(executor.map(partial(fail, tmp_path), [FileNotFoundError("none.csv")]))


def test_a_worker_with_other_code_is_refused(cluster, monkeypatch):
    monkeypatch.setattr(executors, "_digest", lambda: "0" * 64)
    refused = pytest.raises(InputError, match=r"a worker on .* runs another casualty-report")
    with refused, executor_for(cluster.address) as executor:
        list(executor.map(same, [1]))


def test_a_lost_scheduler_is_failed_work(scheduler, tmp_path):
    scheduler.worker("only")
    # Which of the two is noticed first, the closed connection or the missing answer, is a race.
    words = "(the connection was lost|the scheduler did not answer for)"
    lost = pytest.raises(WorkError, match=f"scheduler {scheduler.address}: {words}")
    with lost, executor_for(scheduler.address) as executor:
        lose(executor, scheduler.scheduler, tmp_path)


# -- what is refused before any work ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("foo", "host:8786", "http://host:8786", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0"),
        *("tcp://host:65536", "tcp://host:8786/", "tcp://user@host:8786", "tcp://::1:8786", "tcp://ho st:8786"),
        *("tcp://host:8786\n", "tcp://host:8786 "),
    ],
)
def test_an_address_that_is_none(address):
    with pytest.raises(InputError) as caught, executor_for(address):
        pass
    assert str(caught.value) == f"scheduler is {address!r}, expected an address like tcp://192.0.2.1:8786"


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "tcp://localhost:65535", "tcp://[::1]:8786", "tcp://a-b.c:80"]
)
def test_an_address_that_is_one(address):
    executors._check_address(address)


@pytest.mark.parametrize("options", [{"workers": 2}, {"processes": True}])
def test_workers_of_two_places(options):
    with pytest.raises(InputError, match="are of this machine"), executor_for("tcp://127.0.0.1:1", **options):
        pass


def test_the_extra_is_named_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused = pytest.raises(InputError, match=r"expected: pip install 'casualty-report\[cluster\]'")
    with refused, executor_for("tcp://127.0.0.1:1"):
        pass


def test_no_workers_and_workers_of_another_version(scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_ANSWER", 1.0)
    with pytest.raises(InputError) as caught, executor_for(scheduler.address):
        pass
    assert str(caught.value) == (
        f"scheduler is {scheduler.address}, and it has no workers after 1 s; "
        f"expected some, started by: dask worker {scheduler.address}"
    )
    # A worker in whose environment another scipy is installed, as far as metadata tell.
    (tmp_path / "scipy-1.0.dist-info").mkdir()
    (tmp_path / "scipy-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 1.0\n")
    scheduler.worker("odd", PYTHONPATH=str(tmp_path))
    monkeypatch.setattr(executors, "_ANSWER", LIMIT)
    with pytest.raises(InputError) as caught, executor_for(scheduler.address):
        pass
    [fault] = caught.value.faults
    assert fault.startswith("worker tcp://127.0.0.1:")
    assert f": scipy is 1.0, expected {executors._versions()['scipy']}; " in fault


def test_versions_are_named_once_for_all_that_have_them():
    here = executors._versions()
    other = {"packages": {**here, "python": "3.10.1.final.0", "casualty-report": None}}
    with pytest.raises(InputError) as caught:
        executors._check_versions(
            {"the scheduler": {"packages": here}, **dict.fromkeys(("a", "b", "c", "d", "e"), other)}
        )
    first, second = caught.value.faults
    ours = here["python"].removesuffix(".final.0")
    assert first.startswith(f"a, b, c and 2 more: python is 3.10.1, expected {ours}; ")
    assert second.startswith("a, b, c and 2 more: casualty-report is missing, expected 0.1.0; ")
    executors._check_versions({"the scheduler": {"packages": here}})


def test_a_worker_is_no_scheduler(cluster):
    with executor_for(cluster.address) as executor:
        address = next(iter(workers_of(executor)))
    refused = pytest.raises(InputError, match=f"scheduler is {address}, and that is a worker; expected its scheduler")
    with refused, executor_for(address):
        pass


# -- the command line ---------------------------------------------------------------------------------------------

# In a process of its own, since Dask's logs go to the stderr that was when it was imported; and hasty.
COMMAND = (
    "import sys; from analysis import executors; executors._ANSWER = float(sys.argv.pop(1)); "
    "from analysis.__main__ import main; main()"
)


def estimate(folder: Path, address: str, patience: float) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", COMMAND, str(patience), "estimate", "--json", "--max-draws", "16384"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "--scheduler", address],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def test_an_answer_comes_within_15_seconds():
    assert ANSWER <= 10  # s; imports take two more


def test_estimate_on_a_cluster_prints_the_same(cluster, local, tmp_path):
    done = estimate(tmp_path, cluster.address, LIMIT)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", local[0])


@pytest.fixture(params=["refused", "silent", "another", "closed"])
def wrong_port(request) -> Iterator[int]:
    """A port where nothing listens; that accepts and never speaks; of a server of another kind; that hangs up."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param != "refused":
            server.listen()
        if request.param in ("another", "closed"):

            def serve() -> None:
                while True:
                    try:
                        with server.accept()[0] as connection:
                            if request.param == "another":
                                connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
                                connection.recv(1)
                    except OSError:  # the test is over
                        return

            threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        if request.param != "refused":
            server.shutdown(socket.SHUT_RDWR)


def no_answer(port: int, seconds: str) -> str:
    return (
        f"scheduler is tcp://127.0.0.1:{port}, and no Dask scheduler answers there within {seconds} s; "
        "expected one, started by: dask scheduler"
    )


def test_a_scheduler_that_does_not_answer(wrong_port, monkeypatch):
    monkeypatch.setattr(executors, "_ANSWER", 0.5)
    with pytest.raises(InputError) as caught, executor_for(f"tcp://127.0.0.1:{wrong_port}"):
        pass
    assert str(caught.value) == no_answer(wrong_port, "0.5")


@pytest.mark.parametrize("wrong_port", ["silent", "another"], indirect=True)
def test_estimate_without_an_answer_leaves_a_line_and_nothing_else(wrong_port, tmp_path):
    done = estimate(tmp_path, f"tcp://127.0.0.1:{wrong_port}", 0.5)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"casualty-report: {no_answer(wrong_port, '0.5')}\n"
    assert list(tmp_path.iterdir()) == []
