"""
What a moved control costs in the kernel, how long the imports take, and whether memory grows.

From a moved control to all messages for the page made: the answer, both charts, the table. What the browser adds is not
in it. Prints median and 95th percentile of 50 changes of each register, without and with a what-if claim, the imports
of a fresh process (medians of 5) beside numpy, scipy.stats and matplotlib alone, and the resident memory after 100 and
after 600 changes.

Run with ``make bench`` or ``python tests/benchmarks/bench_controls.py``.
"""

import itertools
import statistics
import subprocess
import sys
import time

import numpy as np
import psutil

from analysis.controls import Explorer
from analysis.settings import Settings
from analysis.what_if import Hypothetical

REGISTERS = {"seed": "2024-12-19", "public-record": "2025-02-14"}
IMPORTS = {
    "numpy, scipy.stats, matplotlib": "import numpy, scipy.stats, matplotlib.figure",
    "analysis.pipeline, figures, tables": "import analysis.pipeline, analysis.figures, analysis.tables",
    "analysis.controls": "import analysis.controls",
}


def changes(explorer: Explorer):
    """Settings that differ from one to the next, without end; other days where an earlier one has an answer."""
    moves = [("width", 0.5), ("pool", "median"), ("wounded_per_killed", "3.0"), ("width", 2.0), ("pool", "logarithmic")]
    moves += [("wounded_per_killed", "historical"), ("pool", "linear"), ("level", 0.8), ("width", 1.0), ("level", 0.9)]
    moves += [("NIS", 2.0), ("window", 21), ("NIS", 1.0), ("window", 14)]
    days = explorer._fields["as_of"].control.options
    if len(days) > 30:
        moves += [("as_of", days[-20]), ("as_of", days[-10]), ("as_of", explorer.settings.as_of)]
    return itertools.cycle(moves)


def imported(code: str) -> float:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    return statistics.median(once() for _ in range(5))


def moved(explorer: Explorer) -> str:
    """What 50 changes took, after 10 that are not counted."""
    taken = []
    for name, value in itertools.islice(changes(explorer), 60):
        started = time.perf_counter()
        explorer.set(name, value)
        taken.append(time.perf_counter() - started)
        assert not explorer.error, explorer.error
    kept = 1000 * np.array(taken[10:])
    return f"median {np.median(kept):.0f} ms, 95th percentile {np.quantile(kept, 0.95):.0f} ms"


def main() -> None:
    for register, day in REGISTERS.items():
        explorer = Explorer(Settings(register=register, as_of=day))
        print(f"{register}: {moved(explorer)}")
        explorer.suppose(Hypothetical("killed", "at least 500", day, "origin X"))
        print(f"{register}, with a what-if claim: {moved(explorer)}")
    process, explorer = psutil.Process(), Explorer(Settings())
    for count, (name, value) in enumerate(itertools.islice(changes(explorer), 600), 1):
        explorer.set(name, value)
        if count in (100, 600):
            print(f"after {count} changes: {process.memory_info().rss / 2**20:.0f} MiB")
    for name, code in IMPORTS.items():
        print(f"import {name}: {imported(code):.2f} s")


if __name__ == "__main__":
    main()
