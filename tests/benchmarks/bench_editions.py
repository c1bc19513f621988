"""
What an edition costs beside its floor, and thirty editions on two cores beside thirty papermill command lines.

The floor of one edition is an empty notebook through papermill, plus a bare nbconvert of the executed report, each as
its own command line. The thirty are one register on thirty days, each papermill run with the same parameters and files.
What no start can save is the calculation: some 2 s for the seed, and up to 9 s for the public record on days with
much to compare (``--register public-record``). Prints medians of five and ratios taken in this run.

Run with ``make bench`` or ``python tests/benchmarks/bench_editions.py [--count 30] [--only one|many]``.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1"}
RENDER = [PYTHON, "-m", "analysis", "render"]
REPORT = ROOT / "notebooks" / "report.ipynb"
FIRST = date(2024, 12, 20)  # when either register has something to count

# Until the command has --jobs: the notebooks and their pages, in two threads with kernels from one server.
THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from analysis.kernels import Server
with Server() as server:
    from analysis import execution
    from analysis.page import to_html

    def render(day):
        folder = Path("ours") / day
        folder.mkdir(parents=True)
        parameters = {"register": sys.argv[2], "as_of": day, "output_dir": str(folder)}
        execution.execute(Path(sys.argv[1]), folder / "report.ipynb", parameters, fast=server)
        (folder / "report.html").write_text(to_html(folder / "report.ipynb"), encoding="utf-8")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(render, sys.argv[3:]))
    print(server.reason, end="")
"""


class Spent(NamedTuple):
    """Seconds by the clock, and of the processors, which others on a busy machine do not lengthen as much."""

    clock: float
    busy: float

    def __str__(self) -> str:
        return f"{self.clock:7.2f} s, processors {self.busy:7.2f} s"


def busy() -> float:
    """Seconds that the processors have spent on what this process started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spent(command: list[str], folder: Path) -> Spent:
    """By one run of a command; a failure ends the benchmark, a draft (exit code 3) is an edition like others."""
    start, before = time.perf_counter(), busy()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return Spent(time.perf_counter() - start, busy() - before)


def alternated(runs: dict[str, Callable[[], Spent]], times: int) -> dict[str, Spent]:
    """Medians of some runs of each, one after the other, so that a busy moment is nobody's own."""
    found: dict[str, list[Spent]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            found[name].append(run())
    return {name: Spent(*map(statistics.median, zip(*each, strict=True))) for name, each in found.items()}


def fresh(folder: Path) -> str:
    """A new folder for the output, or a second render finds an edition that is as it should be and does nothing."""
    return tempfile.mkdtemp(dir=folder)


def options() -> str:
    """What ``render`` can be told."""
    return subprocess.run([*RENDER, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def papermill(source: Path, target: Path, **parameters: str) -> list[str]:
    given = [part for name, value in parameters.items() for part in ("-r", name, value)]
    return [PYTHON, "-m", "papermill", "--no-progress-bar", str(source), str(target), *given]


def one(folder: Path) -> None:
    """One edition, by default and forked, beside its floor."""
    empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    empty.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(empty, folder / "empty.ipynb")
    spent(papermill(REPORT, folder / "executed.ipynb"), folder)
    convert = [PYTHON, "-m", "jupyter", "nbconvert", "--to", "html", "executed.ipynb"]
    runs = {
        "papermill, empty notebook": lambda: spent(papermill(folder / "empty.ipynb", folder / "out.ipynb"), folder),
        "nbconvert, executed report": lambda: spent(convert, folder),
        "papermill, the report": lambda: spent(papermill(REPORT, folder / "again.ipynb"), folder),
    }
    known = options()
    for name, extra in (("render seed", []), ("render seed --fast", ["--fast"])):
        if set(extra) <= set(known.split()):
            runs[name] = lambda extra=extra: spent([*RENDER, "seed", *extra, "--output", fresh(folder)], folder)
        else:
            print(f"{name}: the command has no {' '.join(extra)} yet")
    found = alternated(runs, 5)
    floor = found["papermill, empty notebook"].clock + found["nbconvert, executed report"].clock
    print(f"one edition, medians of 5, alternating; the floor is the sum of the first two, {floor:.2f} s")
    for name, median in found.items():
        print(f"  {name:28}{median}{median.clock / floor:7.2f} of the floor")


def many(folder: Path, register: str, count: int) -> None:
    """Editions of some days on two cores, beside as many papermill command lines one after the other."""
    days = [(FIRST + timedelta(days=number)).isoformat() for number in range(count)]
    if "--jobs" in options():
        ours = [*RENDER, register, "--as-of", ",".join(days), "--jobs", "2", "--fast"]
    else:
        print("render has no --jobs yet; two threads run the notebooks and make the pages in its place")
        ours = [PYTHON, "-c", THREADS, str(REPORT), register, *days]
    fast, slow = spent(ours, folder), Spent(0.0, 0.0)
    for day in days:
        place = folder / "papermill" / day
        place.mkdir(parents=True)
        command = papermill(REPORT, place / "report.ipynb", register=register, as_of=day, output_dir=str(place))
        one = spent(command, folder)
        slow = Spent(slow.clock + one.clock, slow.busy + one.busy)
    print(f"{count} editions of {register} on two cores{fast}{fast.clock / count:7.2f} s each")
    print(f"{count} papermill command lines in turn{slow}{slow.clock / count:7.2f} s each")
    print(f"{slow.clock / fast.clock:.1f} times as fast by the clock; {slow.busy / fast.busy:.1f} times less work")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--register", default="seed")
    parser.add_argument("--only", choices=("one", "many"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if asked.only != "many":
            one(Path(name))
        if asked.only != "one":
            many(Path(name), asked.register, asked.count)


if __name__ == "__main__":
    main()
