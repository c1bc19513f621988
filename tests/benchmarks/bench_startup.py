"""
What starting costs: imports of each command, and ``casualty-report render`` beside its floor.

The floor is an empty papermill run plus nbconvert of the report's notebook, each as its own command line.
Prints medians of five and ratios taken in this run.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "scipy.special", "scipy.stats", "pydantic", "matplotlib", "jsonschema", "papermill", "nbconvert")


def timed(command: list[str], cwd: Path) -> float:
    """Median of five runs, in seconds."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, env={**os.environ, "MPLBACKEND": "agg"})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def imported(arguments: list[str], cwd: Path) -> str:
    """Which heavy modules a command leaves imported in its own process."""
    code = (
        "import sys; from analysis.__main__ import cli\n"
        f"cli({arguments!r}, standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if sys.modules.get(name)], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1]


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nothing = timed([python, "-c", "pass"], folder)
        numpy = timed([python, "-c", "import numpy, scipy.special"], folder)
        ours = timed([python, "-c", "import analysis.pipeline"], folder)
        print(f"python {nothing:.2f} s; numpy and scipy.special {numpy:.2f} s; analysis.pipeline {ours:.2f} s")
        for arguments in (["check"], ["read", "at least 100"], ["estimate"], ["render"]):
            seconds = timed([python, "-m", "analysis", *arguments], folder)
            print(f"casualty-report {' '.join(arguments):22} {seconds:5.2f} s  imports {imported(arguments, folder)}")
        seconds = timed([python, "-m", "analysis", "--help"], folder)
        print(f"casualty-report --help                 {seconds:5.2f} s")

        empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
        empty.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(empty, folder / "empty.ipynb")
        shutil.copy(ROOT / "notebooks" / "report.ipynb", folder / "report.ipynb")
        papermill = timed([python, "-m", "papermill", "--no-progress-bar", "empty.ipynb", "out.ipynb"], folder)
        nbconvert = timed([python, "-m", "jupyter", "nbconvert", "--to", "html", "report.ipynb"], folder)
        print(f"floor: empty papermill {papermill:.2f} s + nbconvert {nbconvert:.2f} s = {papermill + nbconvert:.2f} s")
        render = timed([python, "-m", "analysis", "render"], folder)
        print(f"render {render:.2f} s, {render / (papermill + nbconvert):.2f} of the floor")
        make = timed(["make", "--no-print-directory", "report"], ROOT)
        print(f"make report, installed {make:.2f} s, {make / (papermill + nbconvert):.2f} of the floor")


if __name__ == "__main__":
    main()
