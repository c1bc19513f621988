"""
Time per draw and peak memory of replicates that stream through, from a million draws to a thousand million.

Each size is a process of its own: 16 replicates of the seed's headline question, one after the other in one thread,
with all nine quantities. Beside the smallest stands the same with all draws of a replicate held in memory. Ratios are
to the first row of the run. Run with ``python tests/benchmarks/bench_stream.py [--full]``; ``--full`` goes to 2**30
draws, which takes some fifteen minutes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIZES = (16, 19, 23)  # log2 of the points of a replicate: 10**6, 10**7 and 10**8 draws
FULL = 26
MEASURED = """
import json, resource, sys, time
import numpy as np
from analysis.model import draw, summarize
from analysis.inputs import prepare
from analysis.settings import REPLICATES, Settings
from analysis.sampling import cube, mean_and_mcse, replicate_seeds
from analysis.streaming import stream

levels, question = np.array([0.05, 0.5, 0.95]), prepare(Settings()).questions["reported"]


def held(seed, size):
    points = cube(seed, log2_points=size, dimensions=question.dimensions)
    return summarize(draw(question, points), question, levels)


def streamed(seed, size):
    return stream({"reported": question}, seed, log2_points=size)["reported"].summarize(levels)


one, size = {"held": held, "streamed": streamed}[sys.argv[1]], int(sys.argv[2])
seeds = replicate_seeds(np.random.default_rng(Settings().seed), REPLICATES)
one(seeds[0], 10)  # imports and tables
start, busy = time.perf_counter(), time.process_time()
found = np.array([one(seed, size).quantiles[6] for seed in seeds])
mean, mcse = mean_and_mcse(found)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.perf_counter() - start, time.process_time() - busy, peak, mean.tolist(), mcse.max()]))
"""


def measured(how: str, size: int) -> list:
    """Seconds by the clock and of the processor, peak megabytes, the casualties ratio and its largest MCSE."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", MEASURED, how, str(size)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


def main() -> None:
    print(
        f"{'':10}{'draws':>15}{'clock':>10}{'processor':>11}{'per draw':>11}{'ratio':>7}{'peak':>9}  casualties ratio"
    )
    first = None
    for how, size in (("held", SIZES[0]), *(("streamed", one) for one in SIZES), *[("streamed", FULL)]):
        if size == FULL and "--full" not in sys.argv:
            continue
        clock, busy, peak, mean, mcse = measured(how, size)
        draws = 16 * 2**size
        first = first or busy / draws
        values = " ".join(f"{100 * value:.6f} %" for value in mean)
        print(
            f"{how:10}{draws:15,}{clock:8.1f} s{busy:9.1f} s{1e9 * busy / draws:8.0f} ns{busy / draws / first:7.2f}"
            f"{peak:6.0f} MB  {values} (MCSE {100 * mcse:.1e} %)",
            flush=True,
        )


if __name__ == "__main__":
    main()
