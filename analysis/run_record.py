"""
The record of one render: its stages and cells, how long each took, and how it ended.

It is this package's own, because papermill's calls cells "completed" that timed out or never ran. Seconds are by the
clock of this machine, so a record belongs beside a failed run and on a terminal, never into an edition.

>>> record = Record()
>>> with record.stage("execute"):
...     record.expect(["imports", "answer"])
...     record.start(0)
...     record.stop("completed")
>>> record.end("completed")
>>> [(cell.id, cell.state) for cell in record.cells]
[('imports', 'completed'), ('answer', 'not run')]
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from tabulate import tabulate

__all__ = ["Cell", "Record", "Stage", "State"]

State = Literal["running", "completed", "failed", "timed out", "interrupted", "not run"]
_SLOWEST = 10  # cells in the table


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a render, like "execute" or "page", with its seconds; running until it is over."""

    name: str
    state: State = "running"
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: the n of its In[n], its id, and its seconds if it was started."""

    number: int
    id: str
    state: State = "not run"
    seconds: float | None = None


class Record:
    """
    What happened in one render, collected while it runs by the thread that runs it.

    Attributes
    ----------
    stages : list of Stage
        In the order in which they began.
    cells : list of Cell
        All code cells of the notebook, also those that never ran.
    status : str
        "running" until `end` says how the render ended.
    reason : str
        Why it did not complete; empty if it did.
    begun : float
        When the record was made, by ``time.monotonic``.
    """

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.stages: list[Stage] = []
        self.cells: list[Cell] = []
        self.status: State = "running"
        self.reason = ""
        self._ended: float | None = None
        self._current: tuple[int, float] | None = None

    @property
    def seconds(self) -> float:
        """Since the record was made, until its end if it has ended."""
        return (self._ended or time.monotonic()) - self.begun

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a part of the render; an exception from it ends the record, unless it has ended already."""
        place, start = len(self.stages), time.monotonic()
        self.stages.append(Stage(name))
        state: State = "completed"
        try:
            yield
        except BaseException as error:
            self.end("failed" if isinstance(error, Exception) else "interrupted", str(error) or type(error).__name__)
            state = self.status
            raise
        finally:
            self.stages[place] = Stage(name, state, time.monotonic() - start)

    def expect(self, ids: Sequence[str]) -> None:
        """Name the code cells that are to run; none has been, also where an earlier attempt ran some."""
        self.cells = [Cell(number, name) for number, name in enumerate(ids, start=1)]
        self._current = None

    def start(self, place: int) -> None:
        """Say that the cell at this place of those expected, counted from 0, runs from now on."""
        self._current = place, time.monotonic()
        self.cells[place] = Cell(place + 1, self.cells[place].id, "running")

    def stop(self, state: State) -> None:
        """Say how the running cell ended; nothing happens if none is running."""
        if self._current is not None:
            place, start = self._current
            self.cells[place] = Cell(place + 1, self.cells[place].id, state, time.monotonic() - start)
            self._current = None

    def end(self, status: State, reason: str = "") -> None:
        """Say how the render ended. The first word counts: what follows from a failure does not explain it."""
        if self.status == "running":
            self.stop(status)
            self.status, self.reason, self._ended = status, reason, time.monotonic()

    def to_json(self) -> str:
        """The record as the text of run.json, seconds to the millisecond."""
        record = {
            "schema": "run-1",
            "status": self.status,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "stages": [
                {"name": one.name, "state": one.state, "seconds": _milliseconds(one.seconds)} for one in self.stages
            ],
            "cells": [
                {"number": one.number, "id": one.id, "state": one.state, "seconds": _milliseconds(one.seconds)}
                for one in self.cells
            ],
        }
        return json.dumps(record, ensure_ascii=False, indent=1) + "\n"

    def table(self) -> str:
        """Where the time went, as aligned text: the stages in their order, then the slowest cells, then all of it."""
        rows = [[one.name, one.seconds, _remark(one.state)] for one in self.stages]
        begun = [one for one in self.cells if one.seconds is not None]
        slowest = sorted(begun, key=lambda one: -(one.seconds or 0))[:_SLOWEST]
        rows += [[f"  In[{one.number}] {one.id}", one.seconds, _remark(one.state)] for one in slowest]
        if rest := [one.seconds or 0 for one in begun if one not in slowest]:
            rows.append([f"  {len(rest)} other cells", sum(rest), ""])
        rows.append(["all", self.seconds, _remark(self.status)])
        shown = [[name, "" if seconds is None else f"{seconds:.2f} s", remark] for name, seconds, remark in rows]
        return tabulate(
            shown, tablefmt="plain", colalign=("left", "right", "left"), disable_numparse=True, preserve_whitespace=True
        )


def _remark(state: State) -> str:
    return "" if state == "completed" else state


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
