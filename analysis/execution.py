"""
Runs of notebooks: top to bottom in a fresh kernel, with parameters, in a given time, and stopped when asked.

The only module that knows papermill. What it writes holds no time and no random id. When a run fails, what is written
is the notebook up to the cell that failed, without the paths of this machine.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import logging
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from analysis.errors import InputError, WorkError
from analysis.kernels import Ended, Leash, Server, manager_class
from analysis.parameters import read_notebook
from analysis.run_record import Record, State

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

__all__ = ["INJECTED", "Interrupted", "execute", "hide_places", "stop_all"]

T = TypeVar("T")

INJECTED = "injected-parameters"  # papermill's tag for the cell it adds; here also the cell's id
_MARKER = "papermill-error-cell-tag"  # of the cells that papermill adds when one fails
_LONGEST_SOCKET_FOLDER = 98  # a socket's path has at most 103 bytes on macOS and 107 on Linux; its name takes 4
_SAVED_EVERY = 3.0  # seconds between writings of an unfinished notebook
_GRACE = 2.0  # seconds for a cell that is out of time to say where it was
_START = 60.0  # seconds for a kernel to be ready

_runs: set[Leash] = set()
_stopping = threading.Event()


class Interrupted(WorkError):  # noqa: N818
    """A run was stopped before its end, by the user or the system."""


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, object],
    *,
    record: Record | None = None,
    deadline: float | None = None,
    fast: Server | None = None,
    begun: Callable[[], object] | None = None,
) -> None:
    """
    Run a notebook from top to bottom in a fresh kernel and write it, with its outputs, to another file.

    The kernel is this interpreter's, works in the current folder and listens on sockets in a private folder,
    so no port is opened, but on Windows, and runs side by side do not meet; several threads may run notebooks at once.
    What is written holds no time and no random id. A kernel that dies before it is ready is started once more.

    Parameters
    ----------
    notebook, output : Path
        The notebook, which stays as it is, and the file to write. It is written every few seconds while the notebook
        runs; after a failure it holds the cells up to the one that failed, with its error.
    parameters : mapping
        Values by name for the cell after the one tagged ``parameters``; `cast_parameters` makes them.
    record : Record, optional
        Told which cells ran, for how long, and how it ended if that is badly.
    deadline : float, optional
        Of the whole run, start included, by ``time.monotonic``. The cell that runs then is interrupted, and the
        kernel killed.
    fast : Server, optional
        Forks the kernel, whose outputs are the same; where it cannot, ``fast.reason`` says so, and the kernel is
        started as ever.
    begun : callable, optional
        Called when the kernel has its first cell, and this process nothing to do but wait.

    Raises
    ------
    InputError
        The file is not a notebook, or a cell raised the package's own InputError.
    WorkError
        A cell failed, the kernel died, or the time was over; the message names the notebook and the cell.
    Interrupted
        `stop_all` was called.
    """
    source = read_notebook(notebook)
    run = _Run(notebook.name, output, Record() if record is None else record, begun)
    with _within(run, deadline):
        try:
            try:
                executed = _in_a_loop(lambda: run.attempt(source, parameters, fast))
            except RuntimeError:  # a dead kernel
                if run.leash.why or not (run.executed is None or (fast is not None and fast.lost)):
                    raise
                executed = _in_a_loop(lambda: run.attempt(source, parameters, None))
        except BaseException as error:
            fault, status = run.explained(error, deadline)
            run.record.end(status, hide_places(str(fault) or type(fault).__name__))
            run.write_failed(source, error, str(fault))
            if fault is error:
                raise
            raise fault from None
    _write(executed, output)


def stop_all() -> None:
    """
    Kill the kernels of all runs of this process at once; no run starts another. For a signal's handler.

    The threads in `execute` raise `Interrupted`, a second later at most.
    """
    _stopping.set()
    for leash in tuple(_runs):
        leash.end("interrupted")


def _in_a_loop(task: Callable[[], T]) -> T:
    """Close the event loop that nbclient makes for a thread; that of the main thread is kept for its next use."""
    if threading.current_thread() is threading.main_thread():
        return task()
    from jupyter_core.utils import ensure_event_loop

    def closed_after() -> T:
        loop = ensure_event_loop(prefer_selector_loop=True)  # on Windows the other kind cannot wait for kernels
        try:
            return task()
        finally:
            loop.run_until_complete(asyncio.sleep(0))  # what was cancelled hears of it
            loop.close()
            asyncio.set_event_loop(None)

    return contextvars.Context().run(closed_after)


@contextmanager
def _within(run: _Run, deadline: float | None) -> Iterator[None]:
    """Hold the run where `stop_all` finds it, and end it at the deadline; after the block its kernel is gone."""
    timer = None
    _runs.add(run.leash)
    if _stopping.is_set():
        run.leash.end("interrupted")
    if deadline is not None:
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), run.expire)
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        run.over.set()
        if timer is not None:
            timer.cancel()
        if run.leash.code != 0:
            run.leash.kill()
        _runs.discard(run.leash)


class _Run:
    """One notebook on its way: its kernel's leash, the cell that runs, and what is on the disk."""

    def __init__(self, name: str, output: Path, record: Record, begun: Callable[[], object] | None) -> None:
        self.name = name
        self.output = output
        self.record = record
        self._begun = begun
        self.leash = Leash()
        self.over = threading.Event()
        self.executed: NotebookNode | None = None  # once the kernel is ready
        self._cell: int | None = None  # the one that runs, or ran last
        self._busy = False
        self._places: dict[int, int] = {}
        self._saving: asyncio.TimerHandle | None = None

    def attempt(self, source: NotebookNode, parameters: Mapping[str, object], fast: Server | None) -> NotebookNode:
        """Run all cells in a new kernel."""
        import papermill

        self.executed, self._cell, self._busy = None, None, False
        logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it logs is raised here as well
        try:
            with tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True) as private:
                executed = papermill.execute_notebook(
                    source,
                    None,
                    dict(parameters),
                    kernel_name="python3",
                    progress_bar=False,
                    config=_sockets(Path(private)),
                    kernel_manager_class=manager_class(self.leash, fast),
                    # No start-up files of the user, and no word of an interrupt that only ends the kernel.
                    extra_arguments=[f"--ipython-dir={private}", "--log-level=50"],
                    coalesce_streams=True,  # how printed text is cut into messages differs from run to run
                    record_timing=False,
                    start_timeout=round(_START),
                    shell_timeout_interval=1,  # how often it looks, at the end, whether the kernel is alive
                    iopub_timeout=60,  # 4 s, the default, are too few on a busy machine
                    on_notebook_start=self._ready,
                    on_cell_execute=self._start,
                    on_cell_executed=self._stop,
                )
        finally:
            if self._saving is not None:
                self._saving.cancel()
                self._saving = None
        if self.leash.why:
            raise Ended(self.leash.why)
        return executed

    def _ready(self, notebook: NotebookNode) -> None:
        self.executed = notebook
        runnable = [place for place, cell in enumerate(notebook.cells) if _is_run(cell)]
        self._places = {place: count for count, place in enumerate(runnable)}
        self.record.expect([_id(notebook.cells[place]) for place in runnable])

    def _start(self, cell: NotebookNode, cell_index: int) -> None:
        if self.leash.why:
            raise Ended(self.leash.why)
        self._cell, self._busy = cell_index, True
        self.record.start(self._places[cell_index])
        if self._begun is not None:
            self._begun()
            self._begun = None
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(_SAVED_EVERY, self._save)

    def _stop(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, dict[str, str]]) -> None:
        self._busy = False
        failed = execute_reply["content"]["status"] != "ok"
        self.record.stop((self.leash.why or "failed") if failed else "completed")  # type: ignore[arg-type]

    def _save(self) -> None:
        """Write what there is, so that something is left when this process is killed; again in some seconds."""
        if self.executed is not None and self._cell is not None:
            try:
                _write(self.executed, self.output, last=self._cell)
            except OSError as full:  # the notebook itself, or the end of the run, will say so
                logging.getLogger(__name__).debug("%s was not written: %s", self.output, full)
        self._saving = asyncio.get_running_loop().call_later(_SAVED_EVERY, self._save)

    def expire(self) -> None:
        """End the run because its time is over; a cell that runs is interrupted first, so that it says where it was."""
        self.leash.why = self.leash.why or "timed out"
        if self._busy:
            self.leash.interrupt()
            self.over.wait(_GRACE)
        if not self.over.is_set():
            self.leash.end("timed out")

    def explained(self, error: BaseException, deadline: float | None) -> tuple[BaseException, State]:
        """What to raise for what came out of papermill, and how the run is said to have ended."""
        from jupyter_client.kernelspec import NoSuchKernel
        from papermill.exceptions import PapermillExecutionError

        if self.leash.why == "interrupted":
            return Interrupted(f"{self._where()}: interrupted"), "interrupted"
        if self.leash.why:
            seconds = round((deadline or 0.0) - self.record.begun, 1)
            return WorkError(f"{self._where()}: timed out after {max(seconds, 0.0):g} s"), "timed out"
        if isinstance(error, PapermillExecutionError):
            return _failure(self.name, error), "failed"
        if isinstance(error, RuntimeError) and self.leash.code is not None:
            early = "" if self.executed is not None else " before it was ready"
            return WorkError(f"{self._where()}: the kernel {_death(self.leash.code)}{early}"), "failed"
        if isinstance(error, NoSuchKernel | RuntimeError | TimeoutError):
            return WorkError(f"{self._where()}: {_brief(str(error))}"), "failed"
        return error, "failed" if isinstance(error, Exception) else "interrupted"

    def _where(self) -> str:
        if self._cell is None:
            return f"{self.name}, before the first cell"
        return f"{self.name}, In[{self._places[self._cell] + 1}]"

    def write_failed(self, source: NotebookNode, error: BaseException, reason: str) -> None:
        """Write the cells up to the one that failed; if that says nothing of it, with the reason as its error."""
        from nbformat.v4 import new_output

        notebook = source if self.executed is None else self.executed
        notebook.cells = [cell for cell in notebook.cells if _MARKER not in cell.metadata.get("tags", [])]
        last = getattr(error, "cell_index", self._cell)
        if last is None:
            last = next((place for place, cell in enumerate(notebook.cells) if _is_run(cell)), len(notebook.cells)) - 1
        else:
            cell = notebook.cells[last]
            if not any(output.output_type == "error" for output in cell.outputs):
                name = (self.leash.why or type(error).__name__).title().replace(" ", "")
                cell.outputs.append(new_output("error", ename=name, evalue=reason, traceback=[reason]))
        try:
            _write(notebook, self.output, last=last)
        except OSError as full:
            logging.getLogger(__name__).debug("%s was not written: %s", self.output, full)  # the fault itself is raised


def _is_run(cell: NotebookNode) -> bool:
    """Whether nbclient runs the cell; the others get no number."""
    return cell.cell_type == "code" and cell.source.strip() and "skip-execution" not in cell.metadata.get("tags", [])


def _id(cell: NotebookNode) -> str:
    return INJECTED if INJECTED in cell.metadata.get("tags", []) else cell.get("id", "")


def _sockets(private: Path) -> Config:
    """
    Let the kernel listen on sockets in a private folder: a relative path, the default, can wait forever.

    Windows has none. There it listens on ports of this machine alone, and hears only who knows the key of its run.
    """
    from traitlets.config import Config

    if not hasattr(socket, "AF_UNIX"):
        file = str(private / "kernel.json")
        return Config({"KernelManager": {"transport": "tcp", "connection_file": file, "ip": "127.0.0.1"}})
    if len(os.fsencode(private)) > _LONGEST_SOCKET_FOLDER:
        raise InputError(f"the temporary folder is {private.parent}, expected a shorter path like /tmp; set TMPDIR")
    connection = {"transport": "ipc", "connection_file": str(private / "kernel.json"), "ip": str(private / "k")}
    return Config({"KernelManager": connection})


def _failure(name: str, error: PapermillExecutionError) -> InputError | WorkError:
    """Say which cell failed and why; the package's own InputError keeps its lines and its meaning."""
    if error.ename == "InputError":
        return InputError(*error.evalue.splitlines())
    reason = _brief(error.evalue)
    return WorkError(f"{name}, In[{error.exec_count}]: {error.ename}{': ' if reason else ''}{reason}")


def _death(code: int) -> str:
    """How a kernel ended, from its exit code."""
    if code >= 0:
        return f"died with exit code {code}"
    name = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
    return f"was killed by {name}{', as happens when memory runs out' if name == 'SIGKILL' else ''}"


def _brief(reason: str) -> str:
    """Cut a reason to five lines of at most 300 characters."""
    lines = [line[:300] for line in reason.strip().splitlines()]
    return "\n".join(lines[:5] + ["..."] * (len(lines) > 5))


def _write(notebook: NotebookNode, output: Path, *, last: int | None = None) -> None:
    """
    Write a notebook in one step, up to the last cell wanted, without what differs from run to run or place to place.

    That is papermill's record, times, the id of the cell it adds, and in errors and warnings the paths of this machine.
    """
    import nbformat

    written = copy.copy(notebook)
    written.metadata = {name: value for name, value in notebook.metadata.items() if name != "papermill"}
    written.cells = copy.deepcopy(notebook.cells if last is None else notebook.cells[: last + 1])
    for cell in written.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        for printed in cell.get("outputs", []):
            if printed.output_type == "error":
                printed.evalue = hide_places(printed.evalue)
                printed.traceback = [hide_places(line) for line in printed.traceback]
            elif printed.output_type == "stream" and printed.name == "stderr":
                printed.text = hide_places(printed.text)
    aside = output.with_name(f".{output.name}.part")
    aside.write_text(f"{nbformat.writes(written)}\n", encoding="utf-8", newline="")
    aside.replace(output)


def hide_places(text: str) -> str:
    """
    Replace what names this machine in an error or a warning: folders, and the number of the kernel's process.

    Examples
    --------
    >>> hide_places(f"{Path(tempfile.gettempdir())}/ipykernel_123/456.py:1: no file {Path.home()}/claims.csv")
    '<cell>:1: no file <home>/claims.csv'
    """
    temporary = Path(tempfile.gettempdir())
    named = {
        "<package>": Path(__file__).parent,
        "<prefix>": Path(sys.prefix),
        "<python>": Path(sys.base_prefix),
        "<temp>": temporary,
        "<here>": Path.cwd(),
        "<home>": Path.home(),
    }
    hidden: dict[str, str] = {}
    for name, place in named.items():
        for path in (place, place.resolve()):
            if path == path.parent:  # the root says nothing, and is in every path
                continue
            hidden.setdefault(str(path), name)
            if path.is_relative_to(Path.home()) and path != Path.home():  # as IPython writes it
                hidden.setdefault(f"~{os.sep}{path.relative_to(Path.home())}", name)
    text = re.sub(r"[^\s\"']*ipykernel_\d+[/\\]\d+\.py", "<cell>", text)
    longest = sorted(hidden, key=len, reverse=True)
    return re.sub(f"({'|'.join(map(re.escape, longest))})(?![\\w-])", lambda found: hidden[found[1]], text)
