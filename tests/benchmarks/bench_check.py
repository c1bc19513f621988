"""
What `casualty-report check` costs on registers of 1,000, 10,000 and 100,000 rows: seconds, and memory beyond ten rows.

Each register is made by chance from a seed, as real ones look: 25 origins, two years, hedges and rounded numbers that
grow, four rows to an utterance, one row in four an echo that names what it rests on. Beside it two registers at their
worst: one number in all rows, and one chain in which each row rests on the row before. Every measurement is a process
of its own; the ratio to the row before it is what grows with the rows. Last, the start of ``casualty-report --help``.
"""

import csv
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "analysis" / "data"
SIZES = (1_000, 10_000, 100_000)
HEDGES = ("at least {}", "around {}", "about {}", "more than {}", "nearly {}", "some {}", "{}", "over {}", "{}")
FIRST = date(2024, 10, 1)
MEASURED = (
    "import json, resource, sys, time; start = time.perf_counter()\n"
    "from analysis.checks import check\n"
    "loaded = time.perf_counter(); checked = check(sys.argv[1]); done = time.perf_counter()\n"
    "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    "print(json.dumps([loaded - start, done - loaded, peak, len(checked.faults), len(checked.cautions)]))"
)


def columns() -> list[str]:
    with (DATA / "seed.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def realistic(count: int) -> list[dict[str, str]]:
    """Rows of a register as newspapers would fill it."""
    chance = random.Random(count)
    origins = list(tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8")))
    rows: list[dict[str, str]] = []
    while len(rows) < count:
        day = FIRST + timedelta(days=chance.randrange(730))
        origin, killed = chance.choice(origins), chance.randrange(10, 3000)
        wounded = round(killed * chance.uniform(1, 10))
        said = {"killed": killed, "wounded": wounded, "casualties": killed + wounded, "deployed": 15_000}
        for quantity, number in said.items():
            if chance.random() < 0.7:  # most figures are rounded to two digits
                number = round(number, 2 - len(str(number)))
            row = {
                "id": f"row-{len(rows)}",
                "role": "estimate",
                "quantity": quantity,
                "wording": chance.choice(HEDGES).format(f"{number:,}"),
                "published": (day + timedelta(days=chance.randrange(3))).isoformat(),
                "as_of": day.isoformat(),
                "period_start": "",
                "mode": "cumulative",
                "scope": "Kursk",
                "speaker": "a spokesperson",
                "origin": origin,
                "relation": "original",
                "rests_on": "",
                "outlet": f"outlet {chance.randrange(200)}",
                "url": f"https://example.org/{len(rows)}",
                "note": "Said at a briefing; read at the outlet." * chance.randrange(4),
            }
            if rows and chance.random() < 0.25:
                row |= {"relation": "relay", "rests_on": chance.choice(rows)["id"]}
            rows.append(row)
    return rows[:count]


def one_number(count: int) -> list[dict[str, str]]:
    same = {"quantity": "killed", "wording": "at least 100", "relation": "original", "rests_on": ""}
    return [row | same for row in realistic(count)]


def one_chain(count: int) -> list[dict[str, str]]:
    rows = realistic(count)
    return [
        row | {"relation": "relay", "rests_on": f"row-{number + 1}" if number + 1 < count else "NIS"}
        for number, row in enumerate(rows)
    ]


def one_circle(count: int) -> list[dict[str, str]]:
    return [*one_chain(count)[:-1], realistic(count)[-1] | {"relation": "relay", "rests_on": "row-0"}]


KINDS = {make.__name__: make for make in (realistic, one_number, one_chain, one_circle)}


def write(kind: str, count: int) -> None:
    """Write a register here and print how many wordings it has."""
    rows = KINDS[kind](count)
    with Path("mine.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns())
        writer.writeheader()
        writer.writerows(rows)
    print(len({row["wording"] for row in rows}))


def in_a_process(folder: Path, *arguments: str) -> str:
    # A process begins with the peak of the one that starts it, so this one makes no register itself.
    command = [sys.executable, *arguments]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment).stdout


def measured(folder: Path) -> list[float]:
    """Seconds to import, seconds to check, peak kilobytes, errors and warnings; the median of three by seconds."""
    found = [json.loads(in_a_process(folder, "-c", MEASURED, "mine.csv")) for _ in range(3)]
    return sorted(found, key=lambda one: one[1])[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(DATA / "sources.toml", folder / "sources.toml")
        in_a_process(folder, __file__, "realistic", "10")
        imports, _, small, _, _ = measured(folder)
        print(f"import {imports:.2f} s, {small / 1024:.0f} MB with 10 rows")
        print(f"{'register':12}{'rows':>9}{'wordings':>10}{'seconds':>9}{'ratio':>7}{'MB more':>9}{'ratio':>7}  found")
        for kind in KINDS:
            before = None
            for size in SIZES:
                wordings = int(in_a_process(folder, __file__, kind, str(size)))
                _, seconds, peak, errors, warnings = measured(folder)
                more = (peak - small) / 1024
                ratios = ("", "") if before is None else (f"{seconds / before[0]:.1f}", f"{more / before[1]:.1f}")
                print(
                    f"{kind:12}{size:9,}{wordings:10,}{seconds:9.2f}{ratios[0]:>7}{more:9.1f}{ratios[1]:>7}"
                    f"  {errors:,} errors, {warnings:,} warnings"
                )
                before = (seconds, max(more, 0.1))
        times = []
        for _ in range(7):
            start = time.perf_counter()
            in_a_process(ROOT, "-m", "analysis", "--help")
            times.append(time.perf_counter() - start)
        print(f"casualty-report --help {statistics.median(times):.2f} s, median of 7")


if __name__ == "__main__":
    if sys.argv[1:]:
        write(sys.argv[1], int(sys.argv[2]))
    else:
        main()
