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
from analysis.displays import Displayed, Section, Table, abridged
from analysis.estimates import estimates_of, exceedances_of
from analysis.evidence import FORCES, Evidence, Exclusion, Force, ReadClaim
from analysis.inputs import prepare
from analysis.lexicon import read_lexicon
from analysis.model import Draws, Question, Summary
from analysis.pools import POOLS, Combined
from analysis.replicates import sample
from analysis.sampling import Convergence
from analysis.settings import Settings
from analysis.summary import Estimate, Exceedance, estimates_table, percent
from analysis.wording import range_cell

__all__ = ["Denominator", "OriginResult", "PoolResult", "Results", "run", "versions"]


@dataclass(frozen=True, slots=True, repr=False)
class OriginResult(Displayed):
    """
    What one origin alone would give, and its weight in the pool.

    ``estimates`` and ``exceedance`` are empty for an origin without weight whose casualties exceed the force in half
    of the draws or more: then they are none of this force.
    """

    name: str
    weight: float
    estimates: tuple[Estimate, ...]
    exceedance: tuple[Exceedance, ...]

    def sections(self) -> tuple[Section, ...]:
        """Its estimates, over the force in use."""
        title = f"{self.name} alone; weight in the pool {100 * self.weight:.3g} %"
        return (_estimated(title, self.estimates, "Casualties of this origin are more than the force in most draws."),)

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return _named(self.estimates, name)


@dataclass(frozen=True, slots=True, repr=False)
class Denominator(Displayed):
    """
    The pool over another reading of the force.

    ``force`` is ``None`` where no claim gives such a number; ``estimates`` is empty there, and where casualties
    exceed the force in half of the draws or more, so that it can be no denominator for these claims.
    """

    choice: str
    force: Force | None
    estimates: tuple[Estimate, ...]

    def sections(self) -> tuple[Section, ...]:
        """The claims behind the force, and the estimates over it."""
        title, none = f"force as {self.choice}", "No claim that counts gives a number of it."
        if self.force is not None:
            sizes = (f"{one.claim.quoted} ({one.claim.origin}, {one.claim.as_of})" for one in self.force.claims)
            title, none = f"{title}: {'; '.join(sizes)}", "It is smaller than the casualties in most draws."
        return (_estimated(title, self.estimates, none),)

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return _named(self.estimates, name)


@dataclass(frozen=True, slots=True, repr=False)
class PoolResult(Displayed):
    """
    One way of combining the origins, over the force in use.

    ``agreement`` is that of `pools.Pooling`. ``estimates`` and ``exceedance`` are empty for a logarithmic pool of
    origins that have no number in common.
    """

    name: str
    agreement: float
    estimates: tuple[Estimate, ...]
    exceedance: tuple[Exceedance, ...]

    def sections(self) -> tuple[Section, ...]:
        """Its estimates, over the force in use."""
        return (_estimated(f"{self.name} pool", self.estimates, "The origins have no number of casualties in common."),)

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return _named(self.estimates, name)


def _estimated(title: str, estimates: tuple[Estimate, ...], none: str) -> Section:
    """The estimates in a table, or why there is none."""
    return Section(title, estimates_table(estimates)) if estimates else Section(title, None, (none,))


def _named(estimates: tuple[Estimate, ...], name: str) -> Estimate:
    return next(estimate for estimate in estimates if estimate.name == name)


@dataclass(frozen=True, slots=True, repr=False)
class Results(Displayed):
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

    Examples
    --------
    >>> results = run(Settings(max_draws=16384))
    >>> print(results)  # doctest: +ELLIPSIS
    Losses of the force as reported, from the register seed as published by 2024-12-19; linear pool of NIS, US DoD
    interval that holds                  50 %             80 %             90 %             95 %    median    mean
    ------------------------  ---------------  ---------------  ---------------  ---------------  --------  ------
    killed                          94 to 159        59 to 218        46 to 260        39 to 310       113     131
    ...
    <BLANKLINE>
    counted: 4
    ...
    <BLANKLINE>
    not counted: 22
    ...
    >>> print(results.origins[1])  # doctest: +ELLIPSIS
    US DoD alone; weight in the pool 50 %
    interval that holds                  50 %             80 %             90 %             95 %    median    mean
    ...
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

    @property
    def counted(self) -> tuple[ReadClaim, ...]:
        """The claims that the answer rests on: losses of each origin, then the force."""
        losses = [one for origin in self.evidence.origins for one in origin.given.values()]
        force = self.denominator.force
        return (*losses, *(force.claims if force else ()))

    @property
    def not_counted(self) -> tuple[Exclusion, ...]:
        """Every other claim that was published by the day, with its reason."""
        used = {one.claim.id for one in self.counted}
        return tuple(
            one
            for one in self.evidence.excluded
            if one.claim.id not in used and one.claim.published <= self.settings.day
        )

    def sections(self) -> tuple[Section, ...]:
        """The estimates of the pool, the claims that are counted, and those that are not."""
        settings, sampled, left_out = self.settings, self.convergence, self.not_counted
        title = (
            f"Losses of the force as {settings.force}, from the register {self.register.name} as published by "
            f"{settings.as_of}; {settings.pool} pool of {', '.join(origin.name for origin in self.evidence.origins)}"
        )
        outcome = "reached" if sampled.reached else "not reached: the last digits may not hold"
        sampling = (
            f"Numbers print with the digits that their Monte Carlo standard error supports, at most {settings.digits} "
            f"of the standard uncertainty; stopping rule {outcome}."
        )
        notes = (sampling,)
        if self.kept < 1:
            left = f"In {percent(1 - self.kept)} of the draws casualties exceed the force; those draws do not count."
            notes = (sampling, left)
        headings = ("", "origin", "as printed", "as of", "as read, 90 %", "outlet")
        counted = Table(headings, abridged(self.counted, _counted), ("right", "left", "left", "left", "right", "left"))
        headings = ("", "origin", "as printed", "not counted because", "outlet")
        others = Table(headings, abridged(left_out, _left_out), ("right", *("left",) * 4))
        return (
            Section(title, estimates_table(self.estimates, digits=settings.digits), notes),
            Section(f"counted: {len(self.counted):,}", counted),
            Section(f"not counted: {len(left_out):,}", others if left_out else None),
        )


def _counted(number: int, one: ReadClaim) -> tuple[str, ...]:
    claim = one.claim
    return f"{number:,}", claim.origin, claim.quoted, str(claim.as_of), range_cell(one.reading), claim.outlet


def _left_out(number: int, one: Exclusion) -> tuple[str, ...]:
    return f"{number:,}", one.claim.origin, one.claim.quoted, one.reason, one.claim.outlet


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
