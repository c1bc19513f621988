"""
Error against time for the headline quantiles of the default run, beside other Monte Carlo libraries on one problem.

The problem is the linear pool of the seed register: the 5, 50 and 95 % quantiles of the killed, wounded and casualties
ratios, nine numbers. The error is the root mean square of their relative errors over independent repetitions, against a
reference of many more points than any method here takes. All methods run in one thread of one process; times are the
processor's, so that other work on the machine counts for little.

A peer draws the same inputs, each with its own distributions where it has them; what it has none for is written in
NumPy over the peer's draws. Whenever there were two ways of doing something, the peer gets the quicker one. Peers that
are not installed are left out: ``pip install -r tests/benchmarks/requirements.txt``.

Run with ``python tests/benchmarks/bench_peers.py [--quick]``.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OPENTURNS_NUM_THREADS"] = "1"

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from analysis.distributions import LogNormal, LogUniform, Quotient, Reach, ShiftedExponential, Spliced, Truncated
from analysis.inputs import prepare
from analysis.model import RATIOS, draw, quantiles_of_ratios, summarize
from analysis.pipeline import run
from analysis.sampling import cube, replicate_seeds
from analysis.settings import REPLICATES, Settings

LEVELS = np.array([0.05, 0.5, 0.95])
# The last is about the error of a default run.
TARGETS = (0.01, 0.003, 0.001, 0.0001)
INPUTS = prepare(Settings())
QUESTION = INPUTS.questions["reported"]


@dataclass(frozen=True)
class Problem:
    """
    The seed's inputs taken apart, so that nobody has to know the tables of this package.

    An "around" is a center plus or minus a reach, lognormal and clipped; a reporting bias divides by a lognormal.
    """

    force: Reach
    below: LogUniform
    beyond: ShiftedExponential
    shares: tuple[float, ...]
    wounded: Reach
    wounded_bias: LogNormal
    total: LogNormal
    low: float
    high: float
    total_bias: LogNormal
    ratio: LogNormal

    @classmethod
    def of_the_seed(cls) -> "Problem":
        match [given for _, given in sorted(QUESTION.origins.items())]:
            case [
                {
                    "killed": Spliced(parts=(LogUniform() as below, _, ShiftedExponential() as beyond), weights=shares),
                    "wounded": Quotient(base=Reach() as wounded, bias=wounded_bias),
                },
                {"casualties": Quotient(base=Truncated(base=LogNormal() as total, low=low, high=high), bias=bias)},
            ] if set(QUESTION.weights.values()) == {0.5}:
                force, ratio = INPUTS.forces["reported"].distribution, QUESTION.wounded_per_killed
                return cls(force, below, beyond, shares, wounded, wounded_bias, total, low, high, bias, ratio)
            case other:
                raise ValueError(f"the seed reads {other}, expected readings that this benchmark knows")

    def killed(self, u: np.ndarray) -> np.ndarray:
        """Killed as NIS gives them, from uniform numbers: three stretches that follow each other, so one inverse."""
        first, second = self.shares[0], self.shares[0] + self.shares[1]
        start = self.beyond.start
        killed = np.full(u.shape, start)
        low, high = u < first, u > second
        killed[low] = self.below.low * (start / self.below.low) ** (u[low] / first)
        killed[high] = start - self.beyond.mean * np.log((1 - u[high]) / (1 - second))
        return killed

    def total_ends(self) -> tuple[float, float]:
        """The ends of the truncated total as normal scores."""
        return tuple(float((np.log(end / self.total.median)) / self.total.sd_log) for end in (self.low, self.high))


SEED = Problem.of_the_seed()


def around(reach: Reach, side: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The center plus or minus a reach; ``side`` from -1 to 1, ``h`` before it is clipped."""
    return reach.center + side * np.clip(h, reach.least, reach.most)


def headline(force, killed, wounded, total, ratio) -> np.ndarray:
    """
    The nine quantiles of draws of one origin beside those of the other, shape (9,).

    Casualties exceed the force in fewer than 1 in 10**8 draws, so peers are spared the condition that they must not.
    """
    fewer = total / (1 + ratio)
    sides = (killed, fewer), (wounded, total - fewer), (killed + wounded, total)
    pool = np.array([np.concatenate([one / force, other / force]) for one, other in sides])
    return np.quantile(pool, LEVELS, axis=1).T.ravel()


def ours(log2_points: int, seed: int, replicates: int = REPLICATES) -> np.ndarray:
    """As a run computes them: replicates of scrambled Sobol points, whose spread is their standard error."""
    found = []
    for one in replicate_seeds(np.random.default_rng(seed), replicates):
        drawn = draw(QUESTION, cube(one, log2_points=log2_points, dimensions=QUESTION.dimensions))
        found.append(quantiles_of_ratios(drawn, QUESTION, names=tuple(RATIOS), levels=LEVELS))
    return np.mean(found, axis=0).ravel()


def ours_once(log2_points: int, seed: int) -> np.ndarray:
    """One replicate: what a single run of a peer is, which says nothing of its own error."""
    return ours(log2_points, seed, 1)


def everything(log2_points: int, seed: int) -> None:
    """All that a run says of its pool: nine quantities with means, deviations and quantiles, and exceedances."""
    for one in replicate_seeds(np.random.default_rng(seed), REPLICATES):
        drawn = draw(QUESTION, cube(one, log2_points=log2_points, dimensions=QUESTION.dimensions))
        summarize(drawn, QUESTION, LEVELS)


def floor(log2_points: int, seed: int) -> None:
    """What any use of these points must pay: the points, and each ppf once."""
    for one in replicate_seeds(np.random.default_rng(seed), REPLICATES):
        points = cube(one, log2_points=log2_points, dimensions=QUESTION.dimensions)
        given = [figure for origin in QUESTION.origins.values() for figure in origin.values()]
        for column, input_ in enumerate((QUESTION.force, QUESTION.wounded_per_killed, *given)):
            input_.ppf(points[:, column])


def plain(draws: int, seed: int) -> np.ndarray:
    """Plain NumPy, each input in the quickest way: exp of normals, and whole draws redone outside a truncation."""
    rng = np.random.default_rng(seed)

    def lognormal(one: LogNormal | Reach) -> np.ndarray:
        median = one.median if isinstance(one, LogNormal) else one.reach
        return median * np.exp(one.sd_log * rng.standard_normal(draws))

    total = np.empty(0)
    while total.size < draws:  # 4 % fall outside
        more = SEED.total.median * np.exp(SEED.total.sd_log * rng.standard_normal(int(1.06 * draws) + 100))
        total = np.concatenate([total, more[(more >= SEED.low) & (more <= SEED.high)]])
    return headline(
        around(SEED.force, rng.uniform(-1, 1, draws), lognormal(SEED.force)),
        SEED.killed(rng.random(draws)),
        around(SEED.wounded, rng.uniform(-1, 1, draws), lognormal(SEED.wounded)) / lognormal(SEED.wounded_bias),
        total[:draws] / lognormal(SEED.total_bias),
        lognormal(SEED.ratio),
    )


def squigglepy(draws: int, seed: int) -> np.ndarray:
    """
    ``dist @ n`` for each input; one array each, for a distribution used twice in squigglepy is drawn twice.

    ``sq.mixture`` picks its part in a Python loop over the draws and ``lclip`` and ``rclip`` put on the end what is
    beyond (a truncation is something else), so a mixture is picked, and a truncation rejected, with NumPy: quicker.
    """
    import squigglepy as sq

    sq.set_seed(seed)

    def lognormal(median: float, sd_log: float):
        return sq.lognorm(norm_mean=float(np.log(median)), norm_sd=float(sd_log))

    total = np.empty(0)
    while total.size < draws:
        more = lognormal(SEED.total.median, SEED.total.sd_log) @ (int(1.06 * draws) + 100)
        total = np.concatenate([total, more[(more >= SEED.low) & (more <= SEED.high)]])
    h = [lognormal(reach.reach, reach.sd_log) @ draws for reach in (SEED.force, SEED.wounded)]
    bias = [lognormal(one.median, one.sd_log) @ draws for one in (SEED.wounded_bias, SEED.total_bias)]
    return headline(
        around(SEED.force, sq.uniform(-1, 1) @ draws, h[0]),
        SEED.killed(sq.uniform(0, 1) @ draws),
        around(SEED.wounded, sq.uniform(-1, 1) @ draws, h[1]) / bias[0],
        total[:draws] / bias[1],
        lognormal(SEED.ratio.median, SEED.ratio.sd_log) @ draws,
    )


def probabilit(draws: int, seed: int) -> np.ndarray:
    """
    A graph of scipy's distributions, sampled with its own scrambled Sobol points (``method="sobol"``).

    Lognormals are ``Exp`` of ``norm``, the truncated one ``Exp`` of its ``TruncatedNormal``: quicker than ``lognorm``.
    A mixture is no node of probabilit, so its uniform is taken through the inverse afterwards. ``NoOp`` is its way of
    sampling several nodes in one go.
    """
    from probabilit.distributions import Normal, TruncatedNormal, Uniform
    from probabilit.modeling import Exp, NoOp

    def lognormal(median: float, sd_log: float):
        return Exp(Normal(float(np.log(median)), float(sd_log)))

    nodes = [
        Uniform(-1, 1),
        lognormal(SEED.force.reach, SEED.force.sd_log),
        Uniform(0, 1),
        Uniform(-1, 1),
        lognormal(SEED.wounded.reach, SEED.wounded.sd_log),
        lognormal(SEED.wounded_bias.median, SEED.wounded_bias.sd_log),
        Exp(
            TruncatedNormal(np.log(SEED.total.median), SEED.total.sd_log, low=np.log(SEED.low), high=np.log(SEED.high))
        ),
        lognormal(SEED.total_bias.median, SEED.total_bias.sd_log),
        lognormal(SEED.ratio.median, SEED.ratio.sd_log),
    ]
    NoOp(*nodes).sample(draws, random_state=seed, method="sobol")
    return of_nine(*(node.samples_ for node in nodes))


def of_nine(force_side, force_reach, u, side, reach, wounded_bias, total, total_bias, ratio) -> np.ndarray:
    """The headline of nine independent inputs, in the order in which the quasi-random peers draw them."""
    return headline(
        around(SEED.force, force_side, force_reach),
        SEED.killed(u),
        around(SEED.wounded, side, reach) / wounded_bias,
        total / total_bias,
        ratio,
    )


def openturns(draws: int, seed: int) -> np.ndarray:
    """
    A joint distribution sampled by ``LowDiscrepancyExperiment`` over a Sobol sequence, shifted by chance.

    Its ``Mixture`` with a ``Dirac`` finds every quantile by search, so the uniform of the killed is taken through the
    inverse afterwards, which is quicker. ``setRandomize`` is the shift of L'Ecuyer that its documentation offers.
    """
    import openturns as ot

    ot.TBB.Disable()  # one thread, like all here
    ot.RandomGenerator.SetSeed(seed)

    def lognormal(median: float, sd_log: float):
        return ot.LogNormal(float(np.log(median)), float(sd_log), 0.0)

    inputs = ot.JointDistribution(
        [
            ot.Uniform(-1, 1),
            lognormal(SEED.force.reach, SEED.force.sd_log),
            ot.Uniform(0, 1),
            ot.Uniform(-1, 1),
            lognormal(SEED.wounded.reach, SEED.wounded.sd_log),
            lognormal(SEED.wounded_bias.median, SEED.wounded_bias.sd_log),
            ot.TruncatedDistribution(lognormal(SEED.total.median, SEED.total.sd_log), SEED.low, SEED.high),
            lognormal(SEED.total_bias.median, SEED.total_bias.sd_log),
            lognormal(SEED.ratio.median, SEED.ratio.sd_log),
        ]
    )
    experiment = ot.LowDiscrepancyExperiment(ot.SobolSequence(), inputs, draws)
    experiment.setRandomize(True)
    return of_nine(*np.ascontiguousarray(np.asarray(experiment.generate()).T))


def chaospy_joint():
    import chaospy

    def lognormal(median: float, sd_log: float):
        return chaospy.LogNormal(float(np.log(median)), float(sd_log))

    low, high = SEED.total_ends()
    return chaospy.J(
        chaospy.Uniform(-1, 1),
        lognormal(SEED.force.reach, SEED.force.sd_log),
        chaospy.Uniform(0, 1),
        chaospy.Uniform(-1, 1),
        lognormal(SEED.wounded.reach, SEED.wounded.sd_log),
        lognormal(SEED.wounded_bias.median, SEED.wounded_bias.sd_log),
        chaospy.TruncNormal(low, high),
        lognormal(SEED.total_bias.median, SEED.total_bias.sd_log),
        lognormal(SEED.ratio.median, SEED.ratio.sd_log),
    )


def chaospy_of(inputs: np.ndarray) -> np.ndarray:
    inputs[6] = SEED.total.median * np.exp(SEED.total.sd_log * inputs[6])
    return of_nine(*inputs)


def chaospy_hypercube(draws: int, seed: int) -> np.ndarray:
    """
    A joint distribution sampled by Latin hypercube, ``joint.sample(n, rule="latin_hypercube")``.

    The total is ``TruncNormal`` and exp: its ``Trunc`` of a ``LogNormal`` is slower.
    """
    return chaospy_of(chaospy_joint().sample(draws, rule="latin_hypercube", seed=seed))


def chaospy_sobol(draws: int, seed: int) -> np.ndarray:
    """
    The same with its Sobol sequence, which always is the same one and starts where ``seed`` says.

    So that repetitions differ at no cost, each is shifted by chance (Cranley and Patterson 1976).
    """
    import chaospy

    joint = chaospy_joint()
    points = chaospy.create_sobol_samples(draws, len(joint))
    points = (points + np.random.default_rng(seed).random((len(joint), 1))) % 1.0
    return chaospy_of(joint.inv(points))


@dataclass(frozen=True)
class Measured:
    """One method at one size: draws in all, root mean square relative error, median seconds."""

    draws: int
    error: float
    seconds: float


@dataclass(frozen=True)
class Method:
    """A way to the nine numbers; ``sizes`` rise, and ``each`` says how many draws a size stands for."""

    name: str
    package: str
    run: Callable[[int, int], np.ndarray]
    sizes: tuple[int, ...]
    each: Callable[[int], int] = int

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None

    def measured(self, size: int, reference: np.ndarray, repeats: int) -> Measured:
        self.run(size, 999)  # imports, tables, pages of memory
        errors, times = [], []
        for seed in range(repeats):
            start = time.process_time()
            value = self.run(size, 1000 + seed)
            times.append(time.process_time() - start)
            errors.append(value / reference - 1)
        return Measured(self.each(size), float(np.sqrt(np.mean(np.square(errors)))), statistics.median(times))


def of_replicates(log2_points: int) -> int:
    return REPLICATES * 2**log2_points


# Powers of two for the quasi-random ones, as their documentation asks; the largest takes a second or so.
OURS = (
    Method("this package, 16 replicates", "analysis", ours, (4, 6, 8, 10, 12, 14), of_replicates),
    Method("this package, 1 replicate", "analysis", ours_once, (6, 8, 10, 12, 14, 16), lambda m: 2**m),
)
PEERS = (
    Method("NumPy", "numpy", plain, (4_000, 40_000, 400_000, 2_000_000)),
    Method("squigglepy", "squigglepy", squigglepy, (4_000, 40_000, 400_000, 2_000_000)),
    Method("probabilit, sobol", "probabilit", probabilit, (2**10, 2**12, 2**14, 2**16, 2**18)),
    Method("openturns, sobol", "openturns", openturns, (2**10, 2**12, 2**14, 2**16, 2**18)),
    Method("chaospy, latin hypercube", "chaospy", chaospy_hypercube, (2**10, 2**12, 2**14, 2**16, 2**18)),
    Method("chaospy, sobol", "chaospy", chaospy_sobol, (2**10, 2**12, 2**14, 2**16)),
)


def seconds_to(target: float, rows: list[Measured]) -> tuple[float, str]:
    """
    Seconds to an error, between the two nearest sizes (both axes logarithmic).

    Marked "<" where the smallest size is good enough already, "~" where the line through the last and the last but
    two had to be continued.
    """
    error, seconds = (np.log([getattr(row, name) for row in rows]) for name in ("error", "seconds"))
    within = np.flatnonzero(error <= np.log(target))
    if within.size and within[0] == 0:
        return rows[0].seconds, "<"
    last = within[0] if within.size else len(rows) - 1
    before = last - 1 if within.size else last - 2
    slope = (seconds[last] - seconds[before]) / (error[last] - error[before])
    return float(np.exp(seconds[last] + slope * (np.log(target) - error[last]))), "" if within.size else "~"


def print_reference(depth: int, batches: int) -> np.ndarray:
    """The reference, and what plain NumPy says of it: another program, another kind of draws."""
    reference = ours(depth, 424242)
    check = np.array([plain(2_000_000, 7000 + seed) for seed in range(batches)])
    error = check.std(axis=0, ddof=1) / np.sqrt(batches)
    print(f"reference, {REPLICATES} x 2**{depth} points (5, 50, 95 %), and NumPy with {2 * batches} million draws:")
    for name, row in zip(RATIOS, range(0, 9, 3), strict=True):
        values = "  ".join(f"{reference[k]:.7f} ({check.mean(axis=0)[k]:.7f})" for k in range(row, row + 3))
        print(f"  {name:18}{values}")
    worst = np.abs(check.mean(axis=0) - reference) / error
    print(
        f"  they differ by at most {worst.max():.1f} standard errors, which are {100 * (error / reference).max():.3f} %"
    )
    return reference


def print_floor(reference: np.ndarray, repeats: int) -> None:
    """What the headline costs beside its floor, and beside all that a run says of its pool; in turns, size by size."""
    print(f"\n{'points':>12}{'floor':>12}{'headline':>12}{'/ floor':>9}{'all':>12}{'/ floor':>9}")
    for size in (8, 10, 12, 14, 16):
        times: dict[str, list[float]] = {"floor": [], "ours": [], "everything": []}
        for seed in range(repeats + 1):
            for method in (floor, ours, everything):
                start = time.process_time()
                method(size, seed)
                times[method.__name__].append(time.process_time() - start)
        least, headline_, all_ = (statistics.median(one[1:]) for one in times.values())
        print(
            f"{of_replicates(size):12,}{1e3 * least:9.1f} ms{1e3 * headline_:9.1f} ms{headline_ / least:9.2f}"
            f"{1e3 * all_:9.1f} ms{all_ / least:9.2f}"
        )


def main() -> None:
    quick = "--quick" in sys.argv
    depth, batches, repeats = (14, 4, 5) if quick else (18, 16, 15)
    reference = print_reference(depth, batches)
    found: dict[str, list[Measured]] = {}
    print(f"\n{'method':32}{'draws':>12}{'error':>11}{'time':>13}")
    for method in (*OURS, *PEERS):
        if not method.installed:
            print(f"{method.name:32}not installed: pip install -r tests/benchmarks/requirements.txt")
            continue
        found[method.name] = [method.measured(size, reference, repeats) for size in method.sizes]
        for row in found[method.name]:
            print(f"{method.name:32}{row.draws:12,}{100 * row.error:9.4f} %{1e3 * row.seconds:10.1f} ms")
    for one in OURS:
        print(f"\nmilliseconds to an error, and how many times those of {one.name}")
        print(f"{'':32}" + "".join(f"{100 * target:18g} %" for target in TARGETS))
        base = [seconds_to(target, found[one.name])[0] for target in TARGETS]
        for name in (one.name, *(peer.name for peer in PEERS if peer.name in found)):
            cells = [seconds_to(target, found[name]) for target in TARGETS]
            text = (f"{mark}{1e3 * s:.1f} ({s / b:.2f})" for (s, mark), b in zip(cells, base, strict=True))
            print(f"{name:32}" + "".join(f"{cell:>20}" for cell in text))
    print_floor(reference, 5 if quick else 9)
    times = []
    for _ in range(5):
        start = time.process_time()
        run(Settings())
        times.append(time.process_time() - start)
    points = run(Settings()).convergence.points
    print(f"\na whole run, {REPLICATES} x {points:,} points, one thread: {statistics.median(times):.2f} s")


if __name__ == "__main__":
    main()
