"""
Kernels of runs: each on a leash by which another thread can end it, and forked from a warm server if one is given.

A notebook spends seconds on imports. A `Server` does the third-party ones once, and each kernel is a copy of it:
outputs are the same to the byte. It serves where there is ``fork``; where there is none, or it dies, kernels are
started as ever, and `Server.reason` says why in one line. BLAS runs on one thread in forked kernels.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil

from analysis.fork_server import SETTLED

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

__all__ = ["Ended", "Forked", "Leash", "Server", "manager_class"]

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_WARM = 60.0  # seconds for the imports of a server, on a busy machine; it takes 2 to 4
_MOMENT = 0.1
_ANSWER = 10.0  # for an answer of one that has them; it takes milliseconds
_LAUNCHER = "ipykernel_launcher"
_NOTHING: dict[str, dict[str, str]] = {"parent_header": {}, "content": {}}  # a message that answers nothing


class Ended(Exception):  # noqa: N818
    """A run was ended from outside, and no kernel is started for it."""


class _NotServed(Exception):  # noqa: N818
    """The server does not fork this kernel; the text says why."""


class Leash:
    """
    Holds the kernel of one run, so that another thread, or a signal handler, can end it at any moment.

    Attributes
    ----------
    name : str
        Of the kernel, for jupyter_client.
    why : str
        Why the run was ended from outside, like "interrupted"; empty if it was not.
    code : int or None
        The exit code of the kernel once it is gone, negative for a signal; None while it runs or if nobody knows.
    """

    def __init__(self) -> None:
        self.name = str(uuid.uuid4())
        self.why = ""
        self.code: int | None = None
        self._process: psutil.Process | None = None

    def admit(self, launch: Callable[[], Popen]) -> Popen:
        """Launch a kernel unless the run is ended; one that is ended meanwhile is killed at once."""
        if self.why:
            raise Ended(self.why)
        self._process, self.code = None, None
        process = launch()
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process = psutil.Process(process.pid)
        if self.why:
            self.kill()
            raise Ended(self.why)
        return process

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the cell that runs; Windows has no such signal for another process."""
        if self._process is not None and sys.platform != "win32":
            with contextlib.suppress(psutil.Error):
                self._process.send_signal(signal.SIGINT)

    def end(self, why: str) -> None:
        """End the run: kill the kernel and what it started, and let no other be launched. The first reason stays."""
        self.why = self.why or why
        self.kill()

    def kill(self) -> None:
        """Kill the kernel and all that it started."""
        if (leader := self._process) is None:
            return
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            family = [leader, *leader.children(recursive=True)]
        if hasattr(os, "killpg"):  # a child whose parent is gone is in the kernel's group still
            with contextlib.suppress(OSError):
                os.killpg(leader.pid, signal.SIGKILL)
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()


class Forked:
    """A kernel that the server forked, with the part of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._server = server

    def poll(self) -> int | None:
        """The exit code, or None while the kernel runs."""
        if self.returncode is None:
            self.returncode = self._server.exit_code(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the kernel to end."""
        waited = 0.0
        while (code := self.poll()) is None:
            if timeout is not None and waited >= timeout:
                raise subprocess.TimeoutExpired(_LAUNCHER, timeout)
            threading.Event().wait(0.01)
            waited += 0.01
        return code

    def send_signal(self, number: int) -> None:
        """Signal the kernel, unless it is known to be gone: its number is its own until then."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Popen = subprocess.Popen[bytes] | Forked


class Server:
    """
    A process with the third-party imports done, of which kernels are forks; a context manager.

    It starts in the background: enter it first thing, and import meanwhile. It and its kernels end with the process
    that made it, however that ends. Threads may share it.

    Parameters
    ----------
    once : bool
        For one run: the process does not fork, and becomes that run's kernel itself, with as many threads of BLAS as
        ever. All that is gained is that its imports are done while this process does its own.

    Attributes
    ----------
    reason : str
        Why kernels are not forked, in one line; empty while they are.
    lost : bool
        Whether the server is gone, and its kernels with it.
    """

    def __init__(self, *, once: bool = False) -> None:
        self.once = once
        self.reason = "" if hasattr(os, "fork") else f"there is no fork on {sys.platform}"
        self._lock = threading.Lock()
        self.lost = bool(self.reason)
        self._given = False
        self._ready = False
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._environment = dict(os.environ)
        self._folder = str(Path.cwd())

    def __enter__(self) -> Self:
        if self.reason:
            return self
        self._channel, theirs = socket.socketpair()
        # The current folder leaves the path, as in a kernel's launcher: its modules are not for the server.
        code = (
            "import runpy, sys; sys.path[:1] = [] if sys.path[:1] == [''] else sys.path[:1]; "
            "runpy.run_path(sys.argv.pop(1), run_name='__main__')"
        )
        script = str(Path(__file__).with_name("fork_server.py"))
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-c", code, script, str(theirs.fileno()), "once" if self.once else "fork"],
                    stdin=subprocess.DEVNULL,
                    env=self._environment | ({} if self.once else _ONE_THREAD),
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # an interrupt from the keyboard is for the parent, which ends it
                )
            except OSError as error:
                self.reason, self.lost = f"the fork server does not start: {error.strerror}", True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and its kernels; safe to call twice, and from a signal handler."""
        self.lost = True
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_RDWR)  # the server kills its kernels and goes
        if self._process is not None:
            try:
                self._process.wait(1.0)
            except subprocess.TimeoutExpired:  # it imports, and has no kernels yet
                self._process.kill()
                self._process.wait()
        if self._channel is not None:
            self._channel.close()

    @property
    def pid(self) -> int | None:
        """Of the server; None where it did not start."""
        return None if self._process is None else self._process.pid

    def fork(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        *,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Popen:
        """
        Fork a kernel.

        Parameters
        ----------
        command : sequence of str
            As for `subprocess.Popen`; it has to be this interpreter with ``-m ipykernel_launcher``.
        environment : mapping of str
            All of the kernel's; what is read at imports has to be as it was when the server began.
        folder : str
            The current folder of the kernel.
        wanted : callable, optional
            Asked now and then while the server gets ready.

        Raises
        ------
        Exception
            If the server does not serve this kernel; `manager_class` then starts it as ever.
        """
        if self._given:
            raise _NotServed("the kernel in waiting was for one run")
        match list(command):
            case [interpreter, "-m", launcher, *rest] if (interpreter, launcher) == (sys.executable, _LAUNCHER):
                pass
            case _:
                raise _NotServed(f"the kernel is not {_LAUNCHER} of this interpreter")
        if folder != self._folder or _settled(environment) != _settled(self._environment):
            raise _NotServed("the folder or the environment has changed since the fork server began")
        self._warm(wanted)
        answer = self._ask({"fork": rest, "env": dict(environment), "cwd": folder})
        if self.once and self._process is not None:
            self._given = True
            return self._process
        return Forked(self, answer["pid"])

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a kernel; None while it runs. Where the server is gone, nobody knows, and it is 255."""
        try:
            return self._ask({"poll": pid})["code"]
        except _NotServed:
            return None if psutil.pid_exists(pid) else 255

    def _warm(self, wanted: Callable[[], bool]) -> None:
        """Wait until the imports are done, a moment at a time."""
        begun = time.monotonic()
        while not self._ready:
            with self._lock:
                if not self._ready:
                    with contextlib.suppress(TimeoutError):
                        self._hear(_MOMENT)
                        self._ready = True
            if not wanted():
                raise _NotServed("the kernel is no longer wanted")
            if time.monotonic() - begun > _WARM:
                raise self._lose(f"was not ready within {_WARM:g} s")

    def _ask(self, question: Mapping[str, object]) -> dict[str, int]:
        with self._lock:
            try:
                if self._channel is not None and not self.lost:
                    self._channel.sendall(json.dumps(question).encode() + b"\n")
                return self._hear(_ANSWER)
            except OSError as error:
                waited = isinstance(error, TimeoutError)
                raise self._lose(f"does not answer within {_ANSWER:g} s" if waited else "died") from None

    def _hear(self, seconds: float) -> dict[str, int]:
        if self.lost or self._channel is None:
            raise _NotServed(self.reason or "the fork server is not running")
        self._channel.settimeout(seconds)
        answer = b""
        while not answer.endswith(b"\n"):
            if not (part := self._channel.recv(4096)):
                raise self._lose("died")
            answer += part
        return json.loads(answer)

    def _lose(self, how: str) -> _NotServed:
        """Give the server up; one that was closed was not lost by itself."""
        if not self.lost:
            self.lost, self.reason = True, f"the fork server {how}"
        return _NotServed(self.reason)


def _settled(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(SETTLED)}


def manager_class(leash: Leash, server: Server | None) -> type[AsyncKernelManager]:
    """
    Make the class of kernel managers whose kernel is on a leash, and forked if there is a server that serves.

    It is made for one run and passed to it, so kernels of other runs are not touched. It is quicker than its base: it
    waits for what the kernel says and not for a fixed time, at the start and at the end.
    """
    from queue import Empty

    from jupyter_client.asynchronous import AsyncKernelClient
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning import LocalProvisioner
    from traitlets import default

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **options: object) -> dict[str, object]:
            self.process = leash.admit(lambda: self._launched(cmd, options))
            self.pid = self.pgid = self.process.pid
            return self.connection_info

        def _launched(self, cmd: list[str], options: dict[str, object]) -> Popen:
            from jupyter_client.launcher import launch_kernel

            scrubbed = self._scrub_kwargs(options)
            if server is not None:
                folder = str(scrubbed.get("cwd") or Path.cwd())
                try:
                    return server.fork(cmd, scrubbed["env"], folder, wanted=lambda: not leash.why)
                except _NotServed as refused:
                    if not leash.why:
                        server.reason = server.reason or str(refused)
            return launch_kernel(cmd, **scrubbed)

        async def poll(self) -> int | None:
            code = await super().poll()
            if self.process is not None and code is not None:
                leash.code = code
            return code

    class Client(AsyncKernelClient):
        async def wait_for_ready(self, timeout: float | None = None) -> None:
            begun = time.monotonic()
            while True:
                with contextlib.suppress(Empty):
                    return await self._told()
                if not await self._async_is_alive():
                    raise RuntimeError("the kernel died before it was ready")
                if timeout is not None and time.monotonic() - begun > timeout:
                    raise RuntimeError(f"the kernel was not ready within {timeout:g} s")

        async def _told(self) -> None:
            """Ask who is there, and hear the answer on both channels; what came before has then been heard too."""
            asked, reply, heard = self.kernel_info(), _NOTHING, _NOTHING
            while reply["parent_header"].get("msg_id") != asked:
                reply = await self.get_shell_msg(timeout=1)
            while (heard["parent_header"].get("msg_id"), heard["content"].get("execution_state")) != (asked, "idle"):
                heard = await self.get_iopub_msg(timeout=0.2)  # not connected yet if it is silent
            self._handle_kernel_info_reply(reply)

    class Manager(AsyncKernelManager):
        @default("log")
        def _log_default(self) -> logging.Logger:
            return logging.getLogger("papermill")  # which is silent: what fails is raised

        @default("client_factory")
        def _client_factory_default(self) -> type[AsyncKernelClient]:
            return Client

        async def _async_pre_start_kernel(self, **options: object) -> tuple[list[str], dict[str, object]]:
            self.provisioner = Provisioner(kernel_id=leash.name, kernel_spec=self.kernel_spec, parent=self)
            return await super()._async_pre_start_kernel(**options)

        async def _async_finish_shutdown(
            self, waittime: float | None = None, pollinterval: float = 0.01, restart: bool = False
        ) -> None:
            await super()._async_finish_shutdown(waittime, pollinterval, restart)

    return Manager
