"""
One run: settings in, results out.

The same settings give the same results, byte for byte, whoever computes the replicates and however many workers there
are.

>>> from analysis.settings import Settings
>>> results = run(Settings(max_draws=16384))
>>> results.estimate("casualties_ratio").text(0.9, digits=2)
'2.8 % to 15.8 %, centre 8.2 %'
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib.metadata import version

from analysis.claims import Register
from analysis.estimates import estimates_of, exceedances_of
from analysis.evidence import FORCES, Evidence, Force, ReadClaim
from analysis.inputs import prepare
from analysis.lexicon import read_lexicon
from analysis.model import Draws, Question, Summary
from analysis.pools import POOLS, Combined
from analysis.replicates import sample
from analysis.sampling import Convergence
from analysis.settings import Settings
from analysis.summary import Estimate, Exceedance

__all__ = ["Denominator", "OriginResult", "PoolResult", "Results", "run", "versions"]


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
    sampled = sample(settings, questions, executor=executor)
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


def _both(summaries: list[Summary] | None, level: float) -> tuple[tuple[Estimate, ...], tuple[Exceedance, ...]]:
    """Estimates and exceedances; none of either for what could not be asked."""
    return (estimates_of(summaries, level), exceedances_of(summaries)) if summaries else ((), ())
