"""
Who computes: this process, its threads or processes, or the workers of a Dask cluster. The result never depends on it.

A cluster is refused before any work is sent to it if it does not answer, has no workers, or runs other versions than
this process does, whose last digits might differ. Whatever is sent carries a digest of this package, so that a
worker that joins later, or that still runs what was since edited, is refused as well. Dask is the extra ``cluster``
and is imported only where an address is given.

>>> with executor_for(workers=2) as executor:
...     list(executor.map(abs, [-2, -1]))
[2, 1]
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import platform
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from analysis.errors import InputError, WorkError, shown

__all__ = ["executor_for"]

T = TypeVar("T")

# Beside Python: what numbers depend on, and Dask itself.
_SAME = ("casualty-report", "numpy", "scipy", "distributed")
_ADDRESS = re.compile(r"tcp://(\[[0-9A-Fa-f:.]+\]|[\w.-]+):(\d{1,5})")

# Seconds. A scheduler and its workers may be starting at the same moment; an error comes within 15.
_ANSWER = 8.0
# A worker that died may be restarted by its nanny, or by hand.
_WITHOUT_WORKERS = 60.0
_GLANCE = 1.0

# These have handlers or levels of their own, which distributed sets when it is imported.
_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")


@contextmanager
def executor_for(scheduler: str = "", *, workers: int = 1, processes: bool = False) -> Iterator[Executor | None]:
    """
    What computes replicates or whole runs: pass it to `analysis.pipeline.run`, or map over it.

    Parameters
    ----------
    scheduler : str
        Address of a Dask scheduler, like "tcp://192.0.2.1:8786"; empty for this machine. Its workers need the same
        versions as this process, and import what is sent by its name.
    workers : int
        Of this machine; 1 gives ``None``: one by one in this process.
    processes : bool
        Workers of this machine are processes; without this, threads.

    Raises
    ------
    InputError
        If the address is none, the extra ``cluster`` is not installed, no scheduler answers there, it has no
        workers, or they run other versions; within 15 seconds, and before work is sent.
    WorkError
        If the cluster is lost during the work.

    Examples
    --------
    >>> with executor_for() as executor:
    ...     print(executor)
    None
    >>> with executor_for("192.0.2.1"):
    ...     pass
    Traceback (most recent call last):
        ...
    analysis.errors.InputError: scheduler is '192.0.2.1', expected an address like tcp://192.0.2.1:8786
    """
    if scheduler:
        _check_address(scheduler)
        if workers != 1 or processes:
            raise InputError("workers and processes are of this machine; expected none of them beside scheduler")
        with _cluster(scheduler) as executor:
            yield executor
    elif workers == 1:
        yield None
    else:
        with (ProcessPoolExecutor if processes else ThreadPoolExecutor)(workers) as executor:
            yield executor


def _check_address(scheduler: str) -> None:
    matched = _ADDRESS.fullmatch(scheduler)
    if matched is None or not 0 < int(matched[2]) < 65_536:
        raise InputError(f"scheduler is {shown(scheduler)}, expected an address like tcp://192.0.2.1:8786")


@contextmanager
def _cluster(scheduler: str) -> Iterator[Executor]:
    try:
        from distributed import Client
        from distributed.versions import VersionMismatchWarning
    except ImportError as error:
        raise InputError(
            f"scheduler is {scheduler}, and Dask is not installed ({error}); "
            "expected: pip install 'casualty-report[cluster]'"
        ) from error
    with _quiet():
        # A loop of its own in a thread of its own, because in a notebook this thread has a running one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _meet(scheduler)).result()
        with warnings.catch_warnings():
            # _meet has compared what matters; of tornado or msgpack, another version will do.
            warnings.simplefilter("ignore", VersionMismatchWarning)
            # Not direct_to_workers: all that this process ever connects to is the address it was given.
            client = Client(scheduler, timeout=_ANSWER, set_as_default=False, direct_to_workers=False)
        lost: list[str] = []
        try:
            with _watched(client, lost):
                yield _ClusterExecutor(client)
        except Exception as error:
            if (reason := lost[0] if lost else _given_up(error)) is None:
                raise
            raise WorkError(f"scheduler {scheduler}: {reason}") from error
        finally:
            with suppress(TimeoutError):
                client.close(timeout=_ANSWER)


def _given_up(error: Exception) -> str | None:
    """Why Dask gave up a task; ``None`` for an error of the task's own."""
    from distributed import KilledWorker
    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError

    if isinstance(error, KilledWorker):
        return f"{error.allowed_failures + 1} workers died of the same task, as they do without enough memory"
    if isinstance(error, CancelledError | ClosedClientError | CommClosedError):
        return "the connection was lost"
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs to stderr what reaches the user as one line, or is mended by itself."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


async def _meet(scheduler: str) -> None:
    """Wait for the scheduler and for a worker; compare versions. Bounded even if the other end never speaks."""
    from distributed import rpc

    waiting = f"no Dask scheduler answers there within {_ANSWER:g} s; expected one, started by: dask scheduler"
    try:
        async with asyncio.timeout(_ANSWER), rpc(scheduler, timeout=_ANSWER) as far:
            if (kind := (await far.identity())["type"]) != "Scheduler":
                raise InputError(f"scheduler is {scheduler}, and that is a {kind.lower()}; expected its scheduler")
            waiting = f"it has no workers after {_ANSWER:g} s; expected some, started by: dask worker {scheduler}"
            while not await far.ncores():
                await asyncio.sleep(0.1)
            waiting = f"its workers do not answer within {_ANSWER:g} s; expected them to"
            at_scheduler = await far.versions(packages=_SAME)
            at_workers = await far.broadcast(msg={"op": "versions", "packages": _SAME}, on_error="ignore")
    except InputError:
        raise
    except Exception as error:  # another kind of server says anything: "SSH-2.0-" is read as a length of 2.8 EiB
        raise InputError(f"scheduler is {scheduler}, and {waiting}") from error
    _check_versions({"the scheduler": at_scheduler, **{f"worker {one}": far for one, far in at_workers.items()}})


def _check_versions(places: Mapping[str, Mapping[str, Mapping[str, str | None]]]) -> None:
    """Refuse a scheduler or workers that run other versions, a line for each version that differs."""
    expected = _versions()
    where: dict[tuple[str, str], list[str]] = {}
    for place, found in places.items():
        packages = found["packages"]
        for name, here in expected.items():
            if (there := packages.get(name) or "missing") != here:
                where.setdefault((name, there), []).append(place)
    faults = []
    for (name, there), some in where.items():
        named = ", ".join(some[:3]) + (f" and {len(some) - 3} more" if len(some) > 3 else "")
        here, there = (one.removesuffix(".final.0") for one in (expected[name], there))
        faults.append(f"{named}: {name} is {there}, expected {here}; other versions than here may give other digits")
    if faults:
        raise InputError(*faults)


def _versions() -> dict[str, str]:
    """In the form that Dask's own answer has."""
    found = {"python": ".".join(map(str, sys.version_info))}
    for name in _SAME:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a folder, without an installation
            found[name] = "missing"
    return found


@cache
def _digest() -> str:
    """SHA-256 of this package's code and data, as they were when a process first asked."""
    package = Path(__file__).parent
    total = hashlib.sha256()
    for pattern in ("*.py", "data/*.toml", "data/*.csv"):
        for path in sorted(package.glob(pattern)):
            total.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _as_sent(digest: str, versions: Mapping[str, str], task: Callable[..., T], *arguments: object) -> T:
    """Compute a task on a worker, if it runs what the sender runs."""
    if versions != _versions() or digest != _digest():
        raise InputError(
            f"a worker on {platform.node()} runs another casualty-report or other versions than this process; "
            "expected the same, and workers restarted after a change"
        )
    return task(*arguments)


class _ClusterExecutor(Executor):
    """
    A Dask client with the interface of `concurrent.futures`.

    Keys of tasks are new each time (``pure=False``): a key made of names and arguments would serve results of an
    edited function from before its edit, to anyone who shares the scheduler.
    """

    def __init__(self, client: object) -> None:
        self._tasks = client.get_executor(pure=False)  # type: ignore[attr-defined]

    def submit(self, task: Callable[..., T], /, *arguments: object) -> Future[T]:
        return self._tasks.submit(self._sent(task), *arguments)

    def map(
        self,
        task: Callable[..., T],
        *iterables: Iterable[object],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[T]:
        return self._tasks.map(self._sent(task), *map(list, iterables), timeout=timeout)

    def _sent(self, task: Callable[..., T]) -> Callable[..., T]:
        return partial(_as_sent, _digest(), _versions(), task)


@contextmanager
def _watched(client: object, lost: list[str]) -> Iterator[None]:
    """Give up what is waited for if the cluster is gone for long, because Dask waits for ever; say why in ``lost``."""
    from distributed import Future as Sent

    stop = threading.Event()

    def watch() -> None:
        seen = time.monotonic()
        while not stop.wait(_GLANCE):
            reason = "the scheduler did not answer"
            try:
                cores = client.sync(client.scheduler.ncores, callback_timeout=_ANSWER)  # type: ignore[attr-defined]
                reason = "no worker was left"
            except (OSError, AttributeError, RuntimeError):  # it connects again, or has closed itself
                cores = {}
            if cores:
                seen = time.monotonic()
            elif time.monotonic() - seen > _WITHOUT_WORKERS:
                lost.append(f"{reason} for {_WITHOUT_WORKERS:g} s")
                # Not client.close(), which stops the loop that who waits still has to ask.
                client.cancel([Sent(key, client) for key in list(client.futures)])  # type: ignore[attr-defined]

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2 * _ANSWER)
