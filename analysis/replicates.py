"""
Replicates of what is asked, as long as the stopping rule wants them, and their summaries.

A replicate is computed from its seed alone, whoever computes it, and the replicates come together in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from analysis.asked import Asked, ask_all
from analysis.distributions import FloatArray
from analysis.estimates import probabilities
from analysis.model import QUANTITIES, Draws, Losses, Question, Summary, draw, pooled, summarize
from analysis.pools import POOLS, Combined, Pooling
from analysis.sampling import Convergence, cube, map_replicates, mean_and_mcse, tolerance, weighted_quantiles
from analysis.settings import HELD_LOG2_POINTS, REPLICATES, Settings, scrambles
from analysis.streaming import stream

__all__ = ["Sampled", "sample"]

# 16,384 points in all: enough for the headline, so the stopping rule decides from there.
_FIRST_LOG2_POINTS = 10


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
class Sampled:
    """
    All replicates of a run.

    Parameters
    ----------
    forces, pools, origins : mapping of str to list of Summary
        A summary for each replicate, by what was asked; see `Asked`.
    agreement : mapping of str to float
        Of every pool, 0 for one without ground; see `pools.Pooling`.
    kept : float
        Share of the draws in which casualties do not exceed the force.
    draws : mapping of str to Draws
        Of each origin, all replicates one after the other.
    combined : Combined
        The draws of the pool in use, likewise.
    convergence : Convergence
    """

    forces: Mapping[str, list[Summary]]
    pools: Mapping[str, list[Summary]]
    origins: Mapping[str, list[Summary]]
    agreement: Mapping[str, float]
    kept: float
    draws: Mapping[str, Draws]
    combined: Combined
    convergence: Convergence


def sample(settings: Settings, questions: Mapping[str, Question], *, executor: Executor | None = None) -> Sampled:
    """
    Replicates of each question, twice as many points each time until the stopping rule is met.

    Parameters
    ----------
    settings : Settings
    questions : mapping of str to Question
        For each choice of the force.
    executor : Executor, optional
        Computes the replicates.

    Raises
    ------
    InputError
        If the question in use has no answer; see `asked.ask`.
    """
    seeds = scrambles(settings)
    asked = ask_all(settings, questions, seeds[0])
    most = max(int(np.log2(settings.max_draws / REPLICATES)), 0)
    for log2_points in range(min(_FIRST_LOG2_POINTS, most), most + 1):
        if log2_points > HELD_LOG2_POINTS:
            done = map_replicates(partial(_streamed, asked, log2_points), seeds, executor=executor)
            watched = np.array([_printed(one.pools[settings.pool], settings.level) for one in done])
        else:
            watch = partial(_watched, asked.chosen, settings.level, log2_points)
            watched = np.array(map_replicates(watch, seeds, executor=executor))
        convergence = _convergence(watched, settings, 2**log2_points)
        if convergence.reached:
            break
    if log2_points <= HELD_LOG2_POINTS:
        done = map_replicates(partial(_replicate, asked, log2_points), seeds, executor=executor)
    draws = {name: _joined([one.draws[name] for one in done]) for name in done[0].draws}
    return Sampled(
        {choice: [one.forces[choice] for one in done] for choice in asked.forces},
        {name: [one.pools[name] for one in done] for name in asked.pools},
        {name: [one.origins[name] for one in done] for name in asked.origins},
        {name: asked.pools[name].agreement if name in asked.pools else 0.0 for name in POOLS},
        float(np.mean([one.kept for one in done])),
        draws,
        _joined_pool([one.combined for one in done], draws),
        convergence,
    )


def _watched(asked: Pooling, level: float, log2_points: int, seed: np.random.SeedSequence) -> FloatArray:
    """Of one replicate, for each quantity: mean, median, the interval's ends and sd, shape (9, 5)."""
    points = cube(seed, log2_points=log2_points, dimensions=asked.question.dimensions)
    combined = asked.combine(draw(asked.question, points), points[:, 0])
    pool = pooled(combined.draws, combined.question)
    ends = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    quantiles = np.array([weighted_quantiles(values, pool.weight, ends) for values in pool.values])
    return np.column_stack([pool.mean(), quantiles, pool.sd()])


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


def _replicate(asked: Asked, log2_points: int, seed: np.random.SeedSequence) -> _Replicate:
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


def _streamed(asked: Asked, log2_points: int, seed: np.random.SeedSequence) -> _Replicate:
    """A replicate too long to be held: linear pool and origins from all of its points, the rest from the first ones."""
    held = _replicate(asked, HELD_LOG2_POINTS, seed)
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
