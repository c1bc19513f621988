"""
The time that one wording takes, over all distinct wordings of the public record: parsed alone, and with quantiles.

Run with ``make bench`` or ``python tests/benchmarks/bench_read.py``; prints medians and the slowest wording.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from analysis.claims import read_register
from analysis.lexicon import read_lexicon
from analysis.wording import _read, read

ROUNDS = 20


def microseconds(function: Callable[[str], object], wordings: list[str]) -> dict[str, float]:
    """The median of some rounds, for each wording."""
    found = {}
    for wording in wordings:
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            function(wording)
            times.append(time.perf_counter() - start)
        found[wording] = 1e6 * statistics.median(times)
    return found


def main() -> None:
    wordings = sorted({claim.wording for claim in read_register("public-record").claims})
    start = time.perf_counter()
    lexicon = read_lexicon()
    _read("100", lexicon, True)  # indexes the grammar
    print(f"the lexicon read and checked, once: {1e3 * (time.perf_counter() - start):.1f} ms")
    print(f"{len(wordings)} distinct wordings of the public record, median of {ROUNDS} readings each, microseconds")
    print(f"{'':44}{'median':>9}{'slowest':>9}  which")
    for name, function in (
        ("parsed, with its distribution", lambda wording: _read.__wrapped__(wording, lexicon, True)),
        (
            "parsed, with its distribution and quantiles",
            lambda wording: _read.__wrapped__(wording, lexicon, True).quantiles(),
        ),
        ("read again (kept)", lambda wording: read(wording, lexicon=lexicon)),
    ):
        times = microseconds(function, wordings)
        slowest = max(times, key=times.get)
        print(f"{name:44}{statistics.median(times.values()):9.1f}{times[slowest]:9.1f}  {slowest!r}")


if __name__ == "__main__":
    main()
