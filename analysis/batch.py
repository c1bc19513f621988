"""
Many editions at once: a pool of runs, output in order, and nothing left behind when it is stopped.

Kernels and browsers do the work, so threads of one process are enough. At most `jobs` of them work at a time; an
edition whose notebook has run waits for the one before it, since it says what changed, without holding a place.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType

from analysis.errors import InputError, Stopped
from analysis.report import Order, Outcome, Way, clear_up, render

__all__ = ["render_all"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an edition stands in the line of its register: what it waits for, and what waits for it."""

    before: threading.Event | None
    done: threading.Event


def render_all(
    orders: Sequence[Order],
    *,
    jobs: int = 1,
    force: bool = False,
    fast: bool = False,
    timeout: float | None = None,
    progress: Callable[[], object] | None = None,
    say: Callable[[str], object] | None = None,
) -> Iterator[Outcome]:
    """
    Render editions and yield their outcomes in the order they were asked for.

    Parameters
    ----------
    orders : sequence of Order
        No two of the same folder.
    jobs : int
        How many notebooks, pages and prints are worked on at once.
    force : bool
        Render what has not changed as well.
    fast : bool
        Fork kernels from one that has the libraries imported.
    timeout : float, optional
        Seconds for all of it.
    progress : callable, optional
        Called when an edition is done, from any thread.
    say : callable, optional
        Called with a line that cannot wait for an outcome, from any thread.

    Raises
    ------
    InputError
        Two orders are for one folder.
    Stopped
        SIGINT or SIGTERM came; every kernel and browser is gone, and editions already in place stay.
    """
    from analysis import execution, kernels, paper

    if len({order.target for order in orders}) < len(orders):
        raise InputError("two of these editions are for the same folder; name each register and day once")
    for folder in sorted({order.target.parent for order in orders}):
        clear_up(folder)
    deadline = None if timeout is None else time.monotonic() + timeout
    with contextlib.ExitStack() as stack:
        stack.enter_context(_signals())
        server = stack.enter_context(kernels.Server()) if fast else None
        browser = paper.find_browser()
        printers = stack.enter_context(paper.Printers(browser)) if browser else None
        way = Way(force, deadline, server, printers, threading.BoundedSemaphore(jobs), say=say)
        # Threads that only wait for the edition before them hold no place, so there are more threads than places.
        pool = ThreadPoolExecutor(max_workers=max(1, min(len(orders), 3 * jobs)))
        futures: dict[int, Future[Outcome]] = {}
        try:
            for index, place in _line(orders):
                futures[index] = pool.submit(_one, orders[index], place, way)
                if progress is not None:
                    futures[index].add_done_callback(lambda _: progress())
            for index in range(len(orders)):
                yield futures[index].result()
        except BaseException:
            for future in futures.values():
                future.cancel()
            way.stopped.set()
            execution.stop_all()
            paper.stop_all()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _line(orders: Sequence[Order]) -> list[tuple[int, _Place]]:
    """
    Let each edition of a register wait for the day before it.

    Whoever is waited for comes earlier in the list: threads take it in this order, so that none waits for an edition
    that no thread has begun.
    """
    line: list[tuple[int, _Place]] = []
    last: dict[tuple[str, ...], threading.Event] = {}
    for index in sorted(range(len(orders)), key=lambda index: orders[index].day):
        order = orders[index]
        series = (str(order.target.parent), order.register, order.notebook.name)
        line.append((index, _Place(last.get(series), threading.Event())))
        last[series] = line[-1][1].done
    return line


def _one(order: Order, place: _Place, way: Way) -> Outcome:
    try:
        return render(order, way, before=place.before)
    finally:
        place.done.set()


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """While it lasts, the first SIGINT or SIGTERM raises `Stopped` in the main thread; elsewhere, nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        if not stopped.is_set():  # a second signal does not keep the first from clearing up
            stopped.set()
            raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
