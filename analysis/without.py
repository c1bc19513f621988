"""
The pool had one of its origins said nothing, beside the pool of all, from the same points.

Refused: an answer where none is left. What is missing then is the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from analysis.asked import ask
from analysis.distributions import FloatArray
from analysis.errors import InputError
from analysis.estimates import estimates_of, exceedances_of, probabilities
from analysis.evidence import parse_weights, weights_named
from analysis.inputs import Inputs
from analysis.model import Summary, draw, drawn_quantiles, summarize
from analysis.pools import Pooling
from analysis.sampling import cube, map_replicates
from analysis.settings import Settings, scrambles
from analysis.summary import Estimate, Exceedance

__all__ = ["CURVE", "Without", "without_each"]

# Probabilities of the quantiles that draw a distribution: 1 to 99 %.
CURVE = tuple(percent / 100 for percent in range(1, 100))
_RATIO = "casualties_ratio"
# Points of each replicate, as a power of two.
_LOG2_POINTS = 10


@dataclass(frozen=True, slots=True)
class Without:
    """
    The pool of all origins but one, or of all, for comparison: both from the same points.

    Parameters
    ----------
    name : str
        The origin left out; empty for the pool of all.
    weights : mapping of str to float
        Of those that are left, adding to 1; those of a stream share the weight of the stream anew.
    reason : str
        Why there is no answer without this origin; empty if there is one.
    estimates, exceedance : tuple
        Empty where there is a reason.
    curve : tuple of float
        Quantiles of casualties over force at the probabilities of `CURVE`, likewise.
    """

    name: str
    weights: Mapping[str, float]
    reason: str
    estimates: tuple[Estimate, ...]
    exceedance: tuple[Exceedance, ...]
    curve: tuple[float, ...]

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return next(one for one in self.estimates if one.name == name)


def without_each(
    settings: Settings, inputs: Inputs, in_use: Pooling, *, executor: Executor | None = None
) -> tuple[Without, ...]:
    """
    The pool of all origins, then without each of them, where there are two or more; from the seeds of a run.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
        Of these settings.
    in_use : Pooling
        Of the origins with weight.
    executor : Executor, optional
        Computes the replicates.
    """
    seeds = scrambles(settings)
    names = list(in_use.question.weights)
    pools: dict[str, Pooling | str] = {"": in_use}
    for name in names if len(names) > 1 else ():
        weights = _weights_without(name, settings, inputs)
        question = replace(in_use.question, weights={one: weights.get(one, 0.0) for one in names})
        try:
            pools[name] = ask(question, settings.pool, seeds[0])
        except InputError as error:
            pools[name] = "; ".join(error.faults)
    asked = {name: one for name, one in pools.items() if isinstance(one, Pooling)}
    done = map_replicates(partial(_pools_once, asked, settings.level), seeds, executor=executor)
    found = []
    for name, one in pools.items():
        if not isinstance(one, Pooling):
            found.append(Without(name, _weights_without(name, settings, inputs), one, (), (), ()))
            continue
        weights = {origin: weight for origin, weight in one.question.weights.items() if weight > 0}
        summaries = [replicate[name].summary for replicate in done]
        curve = np.mean([replicate[name].curve for replicate in done], axis=0)
        estimates = estimates_of(summaries, settings.level)
        exceedance = exceedances_of(summaries)
        found.append(Without(name, weights, "", estimates, exceedance, tuple(map(float, curve))))
    return tuple(found)


def _weights_without(name: str, settings: Settings, inputs: Inputs) -> dict[str, float]:
    """The weights had this origin said nothing: what the settings say of it goes, and its stream shares anew."""
    register = inputs.register
    parts = [part for origin, part in weights_named(settings.weights, register=register).items() if origin != name]
    others = [origin.name for origin in inputs.evidence.origins if origin.name != name]
    return parse_weights(", ".join(parts), register=register, origins=others)


@dataclass(frozen=True, slots=True)
class _Pooled:
    """What one replicate says of a pool."""

    summary: Summary
    curve: FloatArray


def _pools_once(pools: Mapping[str, Pooling], level: float, seed: np.random.SeedSequence) -> dict[str, _Pooled]:
    question = pools[""].question
    points = cube(seed, log2_points=_LOG2_POINTS, dimensions=question.dimensions)
    drawn = draw(question, points)
    found = {}
    for name, one in pools.items():
        combined = one.combine(drawn, points[:, 0])
        curve = drawn_quantiles(combined.draws, combined.question, name=_RATIO, levels=np.array(CURVE))
        found[name] = _Pooled(summarize(combined.draws, combined.question, probabilities(level)), curve)
    return found
