"""
One run: settings in, results out.

``scrambles`` is the only place where the random generator is made. The same settings give the same results, byte for
byte, whoever computes the replicates and however many workers there are.

>>> results = run(Settings(max_draws=16384))
>>> results.estimate("casualties_ratio").text(0.9, digits=2)
'2.8 % to 15.8 %, centre 8.2 %'
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.metadata import version

import numpy as np

from analysis.claims import Register, parse_date, read_register
from analysis.distributions import Distribution, FloatArray, LogNormal, as_table
from analysis.errors import InputError
from analysis.evidence import (
    FORCES,
    WINDOW,
    Evidence,
    Force,
    ReadClaim,
    collect,
    force_readings,
    parse_weights,
    read_claims,
    size_reasons,
)
from analysis.lexicon import read_lexicon
from analysis.model import (
    QUANTITIES,
    RATIOS,
    THRESHOLDS,
    UNITS,
    Draws,
    Losses,
    Question,
    Summary,
    draw,
    pooled,
    summarize,
)
from analysis.pools import POOLS, Combined, Pooling, pooling
from analysis.sampling import (
    Convergence,
    cube,
    map_replicates,
    mean_and_mcse,
    replicate_seeds,
    tolerance,
    weighted_quantiles,
)
from analysis.streaming import stream
from analysis.summary import Estimate, Exceedance, Interval
from analysis.wording import Reading

__all__ = [
    "OriginResult",
    "PoolResult",
    "Results",
    "Settings",
    "ask",
    "estimate_of",
    "estimates_of",
    "exceedances_of",
    "prepare",
    "probabilities",
    "run",
    "scrambles",
    "versions",
]

LEVELS = (0.5, 0.8, 0.9, 0.95)
REPLICATES = 16

# 16,384 points in all: enough for the headline, so the stopping rule decides from there.
_FIRST_LOG2_POINTS = 10
# Longer replicates stream through: what is held of a run is at most a million draws of each origin.
_HELD_LOG2_POINTS = 16
# 2**31 scrambled points is all that 32 bits of the sequence hold apart.
_LARGEST_MAX_DRAWS = 2**30


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What a run depends on; the same names are the parameters of ``notebooks/report.ipynb``.

    Parameters
    ----------
    register : str
        A register that ships with the package, or the path of one.
    as_of : str
        A date; claims published later are not known yet.
    force : str
        The denominator: reported, theatre or deployed.
    pool : str
        How origins are combined: linear, logarithmic or median.
    weights : str
        Of origins in the pool, like "NIS=2, US=1"; empty for equal weights of the streams of information.
    width : float
        Of the readings: 2 doubles their distances, in logarithms, 0.5 halves them.
    window : int
        Days after which a figure is out of date beside a newer one.
    wounded_per_killed : str
        A class of the lexicon, or the median of a lognormal with the spread of the class "historical".
    level : float
        Probability inside the headline interval.
    digits : int
        Significant digits of the standard uncertainty that must be stable, and print.
    max_draws : int
        Where sampling stops even if they are not. Beyond 1,048,576 draws they stream through, in the linear pool only.
    seed : int
        Of the random generator; every integer from 0 is a seed like any other.

    Raises
    ------
    InputError
        With a line for each setting that is wrong.
    """

    register: str = "seed"
    as_of: str = "2024-12-19"
    force: str = "reported"
    pool: str = "linear"
    weights: str = ""
    width: float = 1.0
    window: int = WINDOW
    wounded_per_killed: str = "historical"
    level: float = 0.9
    digits: int = 2
    max_draws: int = 1_048_576
    seed: int = 20241219

    def __post_init__(self) -> None:
        # papermill reads a parameter like 3 or 2024-12-19 as the type it looks like, not as the type declared.
        if isinstance(self.as_of, date):
            object.__setattr__(self, "as_of", self.as_of.isoformat())
        if type(self.wounded_per_killed) in (int, float):
            object.__setattr__(self, "wounded_per_killed", f"{self.wounded_per_killed:g}")
        for name in ("level", "width"):
            if type(getattr(self, name)) is int:
                object.__setattr__(self, name, float(getattr(self, name)))
        if faults := list(self._faults()):
            raise InputError(*faults)

    def _faults(self) -> Iterator[str]:
        if not isinstance(self.register, str) or not self.register:
            yield f"register is {self.register!r}, expected a name like seed or the path of a .csv file"
        if _date(self.as_of) is None:
            yield f"as_of is {self.as_of!r}, expected a date like 2024-12-19"
        if self.force not in FORCES:
            yield f"force is {self.force!r}, expected one of {', '.join(FORCES)}"
        if self.pool not in POOLS:
            yield f"pool is {self.pool!r}, expected one of {', '.join(POOLS)}"
        if not isinstance(self.weights, str):
            yield f"weights is {self.weights!r}, expected text like 'NIS=2, US=1', or nothing"
        if not isinstance(self.level, float) or not 0 < self.level < 1:
            yield f"level is {self.level!r}, expected a number between 0 and 1, like 0.9"
        if not isinstance(self.width, float) or not 0.1 <= self.width <= 10:
            yield f"width is {self.width!r}, expected a number from 0.1 to 10, like 2"
        for name, least, most, example in (
            ("window", 0, 36_500, WINDOW),
            ("digits", 1, 6, 2),
            ("max_draws", 1024, _LARGEST_MAX_DRAWS, 1_048_576),
            ("seed", 0, 2**63, 7),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                yield f"{name} is {value!r}, expected an integer from {least} to {most}, like {example}"
        held = REPLICATES * 2**_HELD_LOG2_POINTS
        if self.pool in POOLS[1:] and type(self.max_draws) is int and self.max_draws >= 2 * held:
            yield (
                f"max_draws is {self.max_draws} with the {self.pool} pool, expected at most {held}: "
                "more draws than can be held stream through, and only the linear pool can be made of them"
            )

    @property
    def day(self) -> date:
        """``as_of`` as a date."""
        return parse_date(self.as_of)


def _date(text: object) -> date | None:
    try:
        return parse_date(str(text))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class OriginResult:
    """
    What one origin alone would give, and its weight in the pool.

    ``estimates`` and ``exceedance`` are empty for an origin without weight whose casualties exceed the force in half
    of the draws or more: then they are none of this force.
    """

    name: str
    weight: float
    estimates: tuple[Estimate, ...]
    exceedance: tuple[Exceedance, ...]

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return _named(self.estimates, name)


@dataclass(frozen=True, slots=True)
class Denominator:
    """
    The pool over another reading of the force.

    ``force`` is ``None`` where no claim gives such a number; ``estimates`` is empty there, and where casualties
    exceed the force in half of the draws or more, so that it can be no denominator for these claims.
    """

    choice: str
    force: Force | None
    estimates: tuple[Estimate, ...]

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return _named(self.estimates, name)


@dataclass(frozen=True, slots=True)
class PoolResult:
    """
    One way of combining the origins, over the force in use.

    ``agreement`` is that of `pools.Pooling`. ``estimates`` and ``exceedance`` are empty for a logarithmic pool of
    origins that have no number in common.
    """

    name: str
    agreement: float
    estimates: tuple[Estimate, ...]
    exceedance: tuple[Exceedance, ...]

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return _named(self.estimates, name)


def _named(estimates: tuple[Estimate, ...], name: str) -> Estimate:
    return next(estimate for estimate in estimates if estimate.name == name)


@dataclass(frozen=True, slots=True)
class Results:
    """
    All that a run knows.

    Parameters
    ----------
    settings : Settings
    register : Register
    lexicon_digest : str
        SHA-256 of the lexicon.
    claims : tuple of ReadClaim
        Every claim of the register with its readings, in its order.
    evidence : Evidence
        What was counted and what was left out.
    estimates, exceedance : tuple
        Of the pool.
    origins : tuple of OriginResult
        Each alone.
    pools : tuple of PoolResult
        Every way of combining the origins, side by side.
    denominators : tuple of Denominator
        The pool over each reading of the force, side by side.
    convergence : Convergence
    kept : float
        Share of the draws in which casualties do not exceed the force.
    violation : float
        Of the identity and of the bound by the force; 0 if all is well.
    draws : mapping of str to Draws
        Of each origin, all replicates one after the other: what the figures show. Not in the files.
    combined : Combined
        The pool's draws, likewise.
    """

    settings: Settings
    register: Register
    lexicon_digest: str
    claims: tuple[ReadClaim, ...]
    evidence: Evidence
    estimates: tuple[Estimate, ...]
    exceedance: tuple[Exceedance, ...]
    origins: tuple[OriginResult, ...]
    pools: tuple[PoolResult, ...]
    denominators: tuple[Denominator, ...]
    convergence: Convergence
    kept: float
    violation: float
    question: Question
    draws: Mapping[str, Draws]
    combined: Combined

    def estimate(self, name: str) -> Estimate:
        """The pool's estimate of a quantity."""
        return _named(self.estimates, name)

    @property
    def denominator(self) -> Denominator:
        """The one that was chosen."""
        return next(one for one in self.denominators if one.choice == self.settings.force)


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {name: version(name) for name in ("casualty-report", "numpy", "scipy", "matplotlib", "papermill")}
    return {"python": platform.python_version(), **found}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run draws from, read and checked: nothing has been sampled yet."""

    register: Register
    claims: tuple[ReadClaim, ...]
    evidence: Evidence
    forces: Mapping[str, Force]
    questions: Mapping[str, Question]


def prepare(settings: Settings) -> Inputs:
    """
    Read and check all that a run needs; quick.

    Raises
    ------
    InputError
        If the register, its wordings or the settings are wrong.
    """
    register = read_register(settings.register)
    claims = tuple(_widened(one, settings.width) for one in read_claims(register))
    evidence = collect(claims, as_of=settings.day, window=settings.window)
    forces = force_readings(claims, register=register, as_of=settings.day, window=settings.window)
    _check_force(settings, forces, evidence, left_out=_sizes_left_out(settings, claims, register))
    return Inputs(register, claims, evidence, forces, _questions(settings, register, evidence, forces))


def run(settings: Settings, *, executor: Executor | None = None) -> Results:
    """
    Answer the question once.

    Parameters
    ----------
    settings : Settings
    executor : Executor, optional
        Computes the replicates; any of `concurrent.futures`. It changes the time, never the result.

    Raises
    ------
    InputError
        If the register, its wordings or the settings are wrong.
    """
    inputs = prepare(settings)
    forces, questions = inputs.forces, inputs.questions
    sampled = _sample(settings, questions, executor)
    return Results(
        settings=settings,
        register=inputs.register,
        lexicon_digest=read_lexicon().digest,
        claims=inputs.claims,
        evidence=inputs.evidence,
        question=questions[settings.force],
        estimates=estimates_of(sampled.pools[settings.pool], settings.level),
        exceedance=exceedances_of(sampled.pools[settings.pool]),
        origins=tuple(
            OriginResult(name, weight, *_both(sampled.origins.get(name), settings.level))
            for name, weight in questions[settings.force].weights.items()
        ),
        pools=tuple(
            PoolResult(name, sampled.agreement[name], *_both(sampled.pools.get(name), settings.level)) for name in POOLS
        ),
        denominators=tuple(
            Denominator(
                choice,
                forces.get(choice),
                estimates_of(sampled.forces[choice], settings.level) if choice in sampled.forces else (),
            )
            for choice in FORCES
        ),
        convergence=sampled.convergence,
        kept=sampled.kept,
        violation=max(summary.violation for summary in sampled.pools[settings.pool]),
        draws=sampled.draws,
        combined=sampled.combined,
    )


def _sizes_left_out(settings: Settings, claims: Iterable[ReadClaim], register: Register) -> str:
    """The claims of the wanted size of the force that cannot be one, each with its reason; empty if there are none."""
    why = size_reasons(claims, register=register, as_of=settings.day, window=settings.window)
    quantity = "engaged" if settings.force == "theatre" else "deployed"
    named = [one.claim for one in claims if one.claim.quantity == quantity and one.claim.id in why]
    return "; ".join(f"{claim.where}: {claim.wording!r} is left out, {why[claim.id]}" for claim in named)


def _check_force(settings: Settings, forces: Mapping[str, Force], evidence: Evidence, *, left_out: str) -> None:
    if settings.force not in forces:
        known = ", ".join(forces) or "no size of the force at all: add a claim of quantity deployed or engaged"
        raise InputError(
            f"force is {settings.force!r}, but no claim published on or before {settings.as_of} gives that number; "
            f"the register gives {known}" + (f"; {left_out}" if left_out else "")
        )
    behind = forces[settings.force].claims
    largest = max((one.wording.stated or np.inf for one in behind), default=np.inf)
    counted = [one for origin in evidence.origins for one in origin.given.values()]
    faults = [
        f"{one.claim.where}: {one.claim.quantity} is {one.claim.wording!r}, more than the whole force "
        f"({behind[0].claim.wording!r}, {behind[0].claim.where}); expected a part of it"
        for one in counted
        if (one.wording.stated or 0) > largest
    ]
    if faults:
        raise InputError(*faults)


def _questions(
    settings: Settings, register: Register, evidence: Evidence, forces: Mapping[str, Force]
) -> dict[str, Question]:
    """The model's question for each denominator; all else is shared."""
    weights = parse_weights(settings.weights, register=register, origins=[origin.name for origin in evidence.origins])
    given: dict[str, dict[str, Distribution]] = {
        origin.name: {quantity: _sure(one.reading) for quantity, one in origin.given.items()}
        for origin in evidence.origins
    }
    ratio = _wounded_per_killed(settings.wounded_per_killed)
    return {choice: Question(given, weights, ratio, as_table(force.distribution)) for choice, force in forces.items()}


def _widened(one: ReadClaim, width: float) -> ReadClaim:
    wording = one.wording.widened(width)
    return replace(one, wording=wording, reading=wording if one.reading is one.wording else one.reading.widened(width))


def _sure(reading: Reading) -> Distribution:
    if reading.distribution is None:
        raise ValueError(f"{reading.wording!r} has no number and cannot be counted")
    return reading.distribution


def _wounded_per_killed(choice: str) -> Distribution:
    classes = read_lexicon().wounded_per_killed
    if choice in classes and (distribution := classes[choice].distribution()):
        return distribution
    historical = classes["historical"].sd_log
    try:
        median = float(choice)
    except ValueError:
        median = float("nan")
    if not 0.01 <= median < 1000 or historical is None:
        raise InputError(
            f"wounded_per_killed is {choice!r}, expected one of {', '.join(classes)}, or a median like 3.0"
        )
    return LogNormal(median, historical)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What every replicate is asked: the pool for each force, every pool for the force in use, and each origin."""

    forces: Mapping[str, Pooling]
    pools: Mapping[str, Pooling]
    origins: tuple[str, ...]
    settings: Settings

    @property
    def chosen(self) -> Pooling:
        return self.pools[self.settings.pool]


@dataclass(frozen=True, slots=True)
class _Replicate:
    """One replicate's summaries, by force, pool and origin; its draws, and those of the pool in use."""

    forces: Mapping[str, Summary]
    pools: Mapping[str, Summary]
    origins: Mapping[str, Summary]
    kept: float
    draws: Mapping[str, Draws]
    combined: Combined


@dataclass(frozen=True, slots=True)
class _Sampled:
    """The same over all replicates."""

    forces: Mapping[str, list[Summary]]
    pools: Mapping[str, list[Summary]]
    origins: Mapping[str, list[Summary]]
    agreement: Mapping[str, float]
    kept: float
    draws: Mapping[str, Draws]
    combined: Combined
    convergence: Convergence


def _levels(level: float) -> tuple[float, ...]:
    """Levels of the intervals, rising: the usual four and the one asked for."""
    return tuple(sorted({*LEVELS, level}))


def probabilities(level: float) -> FloatArray:
    """Every probability that an interval or a centre needs, rising."""
    ends = {round((1 + side * one) / 2, 15) for one in _levels(level) for side in (-1, 1)}
    return np.array(sorted({0.5, *ends}))


def _sample(settings: Settings, questions: Mapping[str, Question], executor: Executor | None) -> _Sampled:
    seeds = scrambles(settings)
    asked = _asked(settings, questions, seeds[0])
    most = max(int(np.log2(settings.max_draws / REPLICATES)), 0)
    for log2_points in range(min(_FIRST_LOG2_POINTS, most), most + 1):
        if log2_points > _HELD_LOG2_POINTS:
            done = map_replicates(partial(_streamed, asked, log2_points), seeds, executor=executor)
            watched = np.array([_printed(one.pools[settings.pool], settings.level) for one in done])
        else:
            watch = partial(_watched, asked.chosen, settings.level, log2_points)
            watched = np.array(map_replicates(watch, seeds, executor=executor))
        convergence = _convergence(watched, settings, 2**log2_points)
        if convergence.reached:
            break
    if log2_points <= _HELD_LOG2_POINTS:
        done = map_replicates(partial(_replicate, asked, log2_points), seeds, executor=executor)
    draws = {name: _joined([one.draws[name] for one in done]) for name in done[0].draws}
    return _Sampled(
        {choice: [one.forces[choice] for one in done] for choice in asked.forces},
        {name: [one.pools[name] for one in done] for name in asked.pools},
        {name: [one.origins[name] for one in done] for name in asked.origins},
        {name: asked.pools[name].agreement if name in asked.pools else 0.0 for name in POOLS},
        float(np.mean([one.kept for one in done])),
        draws,
        _joined_pool([one.combined for one in done], draws),
        convergence,
    )


def scrambles(settings: Settings) -> tuple[np.random.SeedSequence, ...]:
    """The seed of each replicate: where the random generator is made, and the only place."""
    return replicate_seeds(np.random.default_rng(settings.seed), REPLICATES)


def _asked(settings: Settings, questions: Mapping[str, Question], seed: np.random.SeedSequence) -> _Asked:
    """What can be asked: a force that most casualties exceed cannot, nor an origin beside such a force."""
    question = questions[settings.force]
    exceeding = _exceeding(question, seed)
    pools = {settings.pool: ask(question, settings.pool, seed)}
    for name in POOLS:
        if name not in pools and (made := _pooling(question, name)):
            pools[name] = made
    forces = {settings.force: pools[settings.pool]}
    for choice, other in questions.items():
        passed = choice == settings.force or _weighted(other, _exceeding(other, seed))
        if not passed and (made := _pooling(other, settings.pool)):
            forces[choice] = made
    return _Asked(forces, pools, tuple(name for name in question.origins if name not in exceeding), settings)


def ask(question: Question, rule: str, seed: np.random.SeedSequence) -> Pooling:
    """
    The pool of a question that can be answered, ready.

    Parameters
    ----------
    question : Question
    rule : str
        One of `pools.POOLS`.
    seed : SeedSequence
        Of the first replicate.

    Raises
    ------
    InputError
        If casualties of an origin with weight exceed the force in half of the draws or more, or the pool is
        logarithmic and the origins have no number in common.
    """
    _check_kept(question, _exceeding(question, seed))
    return pooling(question, rule)


def _pooling(question: Question, name: str) -> Pooling | None:
    """A pool that stands beside the one in use, if these origins have it."""
    try:
        return pooling(question, name)
    except InputError:
        return None


def _watched(asked: Pooling, level: float, log2_points: int, seed: np.random.SeedSequence) -> FloatArray:
    """Of one replicate, for each quantity: mean, median, the interval's ends and sd, shape (9, 5)."""
    points = cube(seed, log2_points=log2_points, dimensions=asked.question.dimensions)
    combined = asked.combine(draw(asked.question, points), points[:, 0])
    pool = pooled(combined.draws, combined.question)
    ends = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    quantiles = np.array([weighted_quantiles(values, pool.weight, ends) for values in pool.values])
    return np.column_stack([pool.mean(), quantiles, pool.sd()])


def _exceeding(question: Question, seed: np.random.SeedSequence) -> dict[str, float]:
    """Origins whose casualties exceed the force in half of the draws or more, with the share; from 256 points."""
    drawn = draw(question, cube(seed, log2_points=8, dimensions=question.dimensions))
    shares = {name: 1 - float(one.weight.mean()) for name, one in drawn.items()}
    return {name: share for name, share in shares.items() if share >= 0.5}


def _weighted(question: Question, exceeding: Mapping[str, float]) -> dict[str, float]:
    """Those of the origins that are in the pool."""
    return {name: share for name, share in exceeding.items() if question.weights[name] > 0}


def _check_kept(question: Question, exceeding: Mapping[str, float]) -> None:
    """Refuse to answer another question: the truth given that most of what was claimed is not so."""
    faults = [
        f"casualties as {name} gives them exceed the force in {100 * share:.0f} % of the draws; "
        "expected less than half: another force or another claim is needed"
        for name, share in _weighted(question, exceeding).items()
    ]
    if faults:
        raise InputError(*faults)


def _convergence(watched: FloatArray, settings: Settings, points: int) -> Convergence:
    """
    JCGM 101, 7.9.4: twice the standard errors of what is printed must not exceed the tolerance.

    The standard uncertainty itself need only be known to a tenth: it sets the tolerance and is not printed, and
    behind a Pareto tail of 3.5 no number of draws makes its own standard error small (no fourth moment).
    """
    value, mcse = mean_and_mcse(watched)
    shortfalls = []
    for row in range(len(QUANTITIES)):
        limit = tolerance(value[row, 4], settings.digits)
        wanted = 2 * mcse[row, :4].max() / limit if limit else 0.0
        shortfalls.append(max(wanted, 20 * mcse[row, 4] / value[row, 4] if value[row, 4] else 0.0))
    slowest = int(np.argmax(shortfalls))
    return Convergence(
        replicates=REPLICATES,
        points=points,
        reached=bool(shortfalls[slowest] <= 1),
        digits=settings.digits,
        slowest=QUANTITIES[slowest],
        shortfall=float(shortfalls[slowest]),
    )


def _replicate(asked: _Asked, log2_points: int, seed: np.random.SeedSequence) -> _Replicate:
    question = asked.chosen.question
    points = cube(seed, log2_points=log2_points, dimensions=question.dimensions)
    wanted = probabilities(asked.settings.level)
    drawn = draw(question, points)
    combined = {name: one.combine(drawn, points[:, 0]) for name, one in asked.pools.items()}
    pools = {name: summarize(one.draws, one.question, wanted) for name, one in combined.items()}
    forces = {asked.settings.force: pools[asked.settings.pool]}
    for choice, one in asked.forces.items():
        if choice not in forces:
            other = one.combine(draw(one.question, points), points[:, 0])
            forces[choice] = summarize(other.draws, other.question, wanted)
    origins = {name: summarize({name: drawn[name]}, question, wanted) for name in asked.origins}
    kept = sum(weight * float(drawn[name].weight.mean()) for name, weight in question.weights.items())
    return _Replicate(forces, pools, origins, kept, drawn, combined[asked.settings.pool])


def _streamed(asked: _Asked, log2_points: int, seed: np.random.SeedSequence) -> _Replicate:
    """A replicate too long to be held: linear pool and origins from all of its points, the rest from the first ones."""
    held = _replicate(asked, _HELD_LOG2_POINTS, seed)
    questions = {choice: one.question for choice, one in asked.forces.items()}
    found = stream(questions, seed, log2_points=log2_points)
    wanted = probabilities(asked.settings.level)
    forces = {choice: one.summarize(wanted) for choice, one in found.items()}
    chosen = asked.settings.force
    origins = {name: found[chosen].summarize(wanted, origins=[name]) for name in asked.origins}
    pools = {**held.pools, asked.settings.pool: forces[chosen]}
    return replace(held, forces=forces, pools=pools, origins=origins, kept=forces[chosen].kept)


def _printed(summary: Summary, level: float) -> FloatArray:
    """What `_watched` gives, from a summary."""
    at = np.searchsorted(probabilities(level), np.array([0.5, (1 - level) / 2, (1 + level) / 2]) - 1e-12)
    return np.column_stack([summary.mean, summary.quantiles[:, at], summary.sd])


def _joined(parts: list[Draws]) -> Draws:
    return Draws(
        Losses(
            np.concatenate([part.losses.killed for part in parts]),
            np.concatenate([part.losses.wounded for part in parts]),
        ),
        np.concatenate([part.force for part in parts]),
        np.concatenate([part.weight for part in parts]),
        None if parts[0].tilt is None else np.concatenate([part.tilt for part in parts if part.tilt is not None]),
    )


def _joined_pool(parts: list[Combined], draws: Mapping[str, Draws]) -> Combined:
    """One pool of all replicates; an origin's own draws are those of ``draws`` where the pool leaves them alone."""
    names = [name for name in parts[0].draws if all(name in part.draws for part in parts)]
    joined = {
        name: draws[name] if parts[0].draws[name].tilt is None else _joined([part.draws[name] for part in parts])
        for name in names
    }
    weights = {name: float(np.mean([part.question.weights[name] for part in parts])) for name in names}
    return Combined(joined, replace(parts[0].question, weights=weights))


def _both(summaries: list[Summary] | None, level: float) -> tuple[tuple[Estimate, ...], tuple[Exceedance, ...]]:
    """Estimates and exceedances; none of either for what could not be asked."""
    return (estimates_of(summaries, level), exceedances_of(summaries)) if summaries else ((), ())


def estimates_of(summaries: list[Summary], level: float) -> tuple[Estimate, ...]:
    """Every quantity's estimate over the replicates, summarized at `probabilities` of the level."""
    mean = np.array([summary.mean for summary in summaries])
    sd = np.array([summary.sd for summary in summaries])
    quantiles = np.array([summary.quantiles for summary in summaries])
    return tuple(
        estimate_of(name, level, mean=mean[:, row], sd=sd[:, row], quantiles=quantiles[:, row])
        for row, name in enumerate(QUANTITIES)
    )


def estimate_of(name: str, level: float, *, mean: FloatArray, sd: FloatArray, quantiles: FloatArray) -> Estimate:
    """
    One quantity's estimate from what each replicate says of it.

    Parameters
    ----------
    name : str
        Of `QUANTITIES`.
    level : float
    mean, sd : array, shape (replicates,)
    quantiles : array, shape (replicates, p)
        At `probabilities` of the level.
    """
    average, mcse_mean = mean_and_mcse(mean)
    quantile, mcse = mean_and_mcse(quantiles)
    at = {round(p, 12): column for column, p in enumerate(probabilities(level))}
    intervals = []
    for one in _levels(level):
        low, high = at[round((1 - one) / 2, 12)], at[round((1 + one) / 2, 12)]
        ends = quantile[low], quantile[high], mcse[low], mcse[high]
        intervals.append(Interval(one, "equal-tailed", *map(float, ends)))
    centre = float(quantile[at[0.5]]), float(average), float(sd.mean(axis=0))
    errors = float(mcse[at[0.5]]), float(mcse_mean)
    return Estimate(name, UNITS[name], *centre, *errors, tuple(intervals))


def exceedances_of(summaries: list[Summary]) -> tuple[Exceedance, ...]:
    """Every ratio's exceedances over the replicates."""
    mean, mcse = mean_and_mcse(np.array([summary.exceedance for summary in summaries]))
    return tuple(
        Exceedance(name, threshold, float(mean[row, column]), float(mcse[row, column]))
        for row, name in enumerate(RATIOS)
        for column, threshold in enumerate(THRESHOLDS)
    )
