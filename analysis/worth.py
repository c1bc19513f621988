"""
How wide the interval of casualties over force is expected to be once one input were known exactly.

Refused: a width where there is no answer. Values of an input without one are left out, and how probable they are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from analysis.asked import pool_if_any
from analysis.distributions import FloatArray, Mixture, Uniform
from analysis.inputs import Inputs
from analysis.known import Case, Known, column_known, figure_places, origin_known, size_known
from analysis.model import Draws, Question, draw, drawn_quantiles
from analysis.pools import Pooling, pooling
from analysis.sampling import cube, map_replicates, mean_and_mcse
from analysis.settings import Settings, scrambles
from analysis.shares import RIGHT, Input, figure_inputs, force_input, ratio_input, size_inputs

__all__ = ["Width", "Worth", "widths", "worth_of_inputs"]

_RATIO = "casualties_ratio"
# Points of each replicate, as a power of two, so that the whole takes a second or two.
_LOG2_POINTS = 10


@dataclass(frozen=True, slots=True)
class Width:
    """
    The width of the interval of casualties over force, a share of the force, and what it would be.

    Parameters
    ----------
    now, mcse_now : float
        The width as it is, and its Monte Carlo standard error.
    expected, mcse : float or None
        The width if the input were exact, averaged over its own reading; ``None`` where no value of it has an answer.
    change, mcse_change : float or None
        Expected less now, from the same draws. Above 0, knowing the input is expected to widen the interval: an
        average of variances cannot grow by knowledge, an average of distances between quantiles can.
    answered : float
        Probability, by the input's own reading, of a value with an answer: there the pool has ground, and more than
        half of the draws of each origin keep casualties within the force.
    """

    now: float
    mcse_now: float
    expected: float | None
    mcse: float | None
    change: float | None
    mcse_change: float | None
    answered: float

    @property
    def widens(self) -> bool:
        """Whether the interval is expected to be wider, by more than three Monte Carlo standard errors."""
        if self.change is None or self.mcse_change is None:
            return False
        # 1e-9 of the width is rounding.
        return self.change > max(3 * self.mcse_change, 1e-9 * self.now)


@dataclass(frozen=True, slots=True)
class Worth:
    """What it would be worth to know one input exactly."""

    input: Input
    width: Width


def worth_of_inputs(
    settings: Settings, inputs: Inputs, in_use: Pooling, *, executor: Executor | None = None
) -> tuple[Worth, ...]:
    """
    What it would be worth to know each input exactly, in the order of `Sensitivity.worth`; from the seeds of a run.

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
    question, force = in_use.question, inputs.forces[settings.force]
    if isinstance(force.distribution, Mixture) and len(force.claims) > 1:
        parts, named = force.distribution.parts, list(size_inputs(force))
    else:
        parts, named = (force.distribution,), [force_input(force)]
    known = [size_known(question, parts, which) for which in range(len(parts))]
    named += [ratio_input(settings.wounded_per_killed), *figure_inputs(inputs, question)]
    known += [column_known(question, column) for column in range(1, question.dimensions)]
    if len(question.weights) > 1:
        named.append(RIGHT)
        known.append(origin_known(question))
    found = widths(question, in_use.rule, known, level=settings.level, seeds=scrambles(settings), executor=executor)
    return tuple(Worth(*one) for one in zip(named, found, strict=True))


def widths(
    question: Question,
    rule: str,
    known: Sequence[Known],
    *,
    level: float,
    seeds: Sequence[np.random.SeedSequence],
    executor: Executor | None = None,
) -> tuple[Width, ...]:
    """
    The expected width of the interval of casualties over force if one input were exact, for each of several.

    Parameters
    ----------
    question : Question
        Of origins with weight.
    rule : str
        Of `pools.POOLS`.
    known : sequence of Known
        Of this question.
    level : float
        Probability inside the interval.
    seeds : sequence
        One for each replicate; two or more.
    executor : Executor, optional

    Raises
    ------
    InputError
        If the pool has no ground.

    Notes
    -----
    All widths of a replicate are from the same points, at `NODES` values of an input. More values would change little:
    on the seed by 0.05 % of the width at most in the linear pool (against 512), by 0.3 % in the others (against 128).

    In a logarithmic pool an exact figure is a density of no width, which leaves to the others only how probable they
    make it: there, exactness of one figure is agreement of all.
    """
    cases = tuple(case for one in known for case in one.cases)
    made = partial(pool_if_any, rule=rule)
    # Only the logarithmic pool takes work to make.
    across = map if executor is None or rule != "logarithmic" else executor.map
    pools = tuple(across(made, [case.question for case in cases]))
    task = partial(_widths_once, pooling(question, rule), cases, pools, level)
    done = np.array(map_replicates(task, seeds, executor=executor))
    now, mcse_now = map(float, mean_and_mcse(done[:, 0, 0]))
    answered = done[:, 1:, 1].mean(axis=0) > 0.5
    found, start = [], 1
    for one in known:
        here = slice(start, start + len(one.cases))
        start = here.stop
        share = np.array([case.probability for case in one.cases]) * answered[here.start - 1 : here.stop - 1]
        if not share.any():
            found.append(Width(now, mcse_now, None, None, None, None, 0.0))
            continue
        with_answer = share > 0
        expected = done[:, here, 0][:, with_answer] @ (share[with_answer] / share.sum())
        after, change = mean_and_mcse(expected), mean_and_mcse(expected - done[:, 0, 0])
        # Weights add to 1 but for their rounding.
        probability = 1.0 if with_answer.all() else float(share.sum())
        found.append(Width(now, mcse_now, *map(float, (*after, *change)), probability))
    return tuple(found)


def _widths_once(
    now: Pooling,
    cases: tuple[Case, ...],
    pools: tuple[Pooling | None, ...],
    level: float,
    seed: np.random.SeedSequence,
) -> FloatArray:
    """One replicate, as it is and for each case: the width, and the least share of draws that an origin keeps."""
    question = now.question
    points = cube(seed, log2_points=_LOG2_POINTS, dimensions=question.dimensions)
    values, as_drawn = _turned(question, points)
    ends = np.array([(1 - level) / 2, (1 + level) / 2])
    drawn = draw(as_drawn, values)
    found = [_width_and_kept(now, drawn, points[:, 0], ends)]
    for case, given in zip(cases, pools, strict=True):
        if given is None:
            found.append((0.0, 0.0))
            continue
        changed = {**drawn, **_redrawn(case, as_drawn, values)}
        found.append(_width_and_kept(given, changed, points[:, 0], ends))
    return np.array(found)


def _width_and_kept(
    pool: Pooling, drawn: Mapping[str, Draws], places: FloatArray, ends: FloatArray
) -> tuple[float, float]:
    kept = min(float(drawn[name].weight.mean()) for name, weight in pool.question.weights.items() if weight > 0)
    if kept == 0:
        return 0.0, 0.0
    combined = pool.combine(drawn, places)
    low, high = drawn_quantiles(combined.draws, combined.question, name=_RATIO, levels=ends)
    return float(high - low), kept


def _redrawn(case: Case, question: Question, values: FloatArray) -> dict[str, Draws]:
    """The draws of the origins that a case changes."""
    if not case.origins:
        return {}
    owners = [name for name, _ in figure_places(question)]
    columns = [0, 1, *(column for column, name in enumerate(owners, 2) if name in case.origins)]
    part = values[:, columns]
    if case.column is not None:
        part[:, columns.index(case.column)] = case.value
    origins = {name: given for name, given in question.origins.items() if name in case.origins}
    return draw(replace(question, origins=origins, force=case.question.force), part)


def _turned(question: Question, points: FloatArray) -> tuple[FloatArray, Question]:
    """
    Points with each column but the force turned into soldiers (R into a ratio), and the question that takes them so.

    Turning them is most of the work of `model.draw`, and is the same for all cases.
    """
    as_it_is = Uniform(0.0, 1.0)  # whose ppf gives any number back
    values = points.copy()
    values[:, 1] = question.wounded_per_killed.ppf(points[:, 1])
    for column, (name, quantity) in enumerate(figure_places(question), 2):
        values[:, column] = question.origins[name][quantity].ppf(points[:, column])
    origins = {name: dict.fromkeys(given, as_it_is) for name, given in question.origins.items()}
    return values, replace(question, origins=origins, wounded_per_killed=as_it_is)
