"""
What the answer depends on among its inputs: the force, the wounded per killed, each counted figure, and who is right.

Everything here is about casualties over force. Three questions are asked of the same model:

inputs   how much of the variance comes from each input: Sobol indices (`indices`)
without  what the pool says without one of its origins
worth    how wide the interval is expected to be once one input were known exactly (`widths`)

and one of its data: the killed share beside a reference class (`analysis.killed_share`).

Indices are those of independent inputs. The model's inputs are: the force and R are shared by all origins as one
column each, and which origin is right is one more input of the linear pool. They are not under the two other pools,
so `Sensitivity.inputs` is always of the linear pool, and says so.

>>> found = analyse(Settings())
>>> max(found.inputs.rows, key=lambda one: one.total).input.label
'which origin is right'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from analysis.distributions import Distribution, FloatArray, Mixture, Tabulated, Uniform, point, tabulate
from analysis.errors import InputError
from analysis.evidence import Force, parse_weights
from analysis.killed_share import KilledShares, killed_shares
from analysis.model import Draws, Question, Summary, draw, drawn_quantiles, summarize
from analysis.pipeline import (
    Inputs,
    Settings,
    ask,
    estimates_of,
    exceedances_of,
    prepare,
    probabilities,
    scrambles,
)
from analysis.pools import Pooling, pooling
from analysis.sampling import cube, map_replicates, mean_and_mcse
from analysis.summary import Estimate, Exceedance

__all__ = [
    "CURVE",
    "NODES",
    "SMALL",
    "Index",
    "Indices",
    "Input",
    "Known",
    "Sensitivity",
    "Shares",
    "Width",
    "Without",
    "Worth",
    "analyse",
    "column_known",
    "indices",
    "origin_known",
    "size_known",
    "widths",
]

RATIO = "casualties_ratio"
# Probabilities of the quantiles that draw a distribution: 1 to 99 %.
CURVE = tuple(percent / 100 for percent in range(1, 100))
# Values that an input may have, equally likely, to average over what it would show if it were known.
NODES = 32
_FINE = 32  # parts of a node, whose mean it is
# Points of each replicate, as powers of two, so that the whole takes a second or two.
_INDEX_POINTS = _POOL_POINTS = _WIDTH_POINTS = 10
# A share of draws not kept that is worth a sentence. Judgement.
SMALL = 0.01


@dataclass(frozen=True, slots=True)
class Input:
    """
    One thing that the answer depends on.

    Parameters
    ----------
    label : str
        As figures and tables print it.
    kind : str
        force, size (one of several claims behind the force), wounded_per_killed, figure, or origin (which is right).
    claims : tuple of str
        Ids of the claims behind it.
    """

    label: str
    kind: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indices:
    """
    Sobol indices of a function of independent inputs, arrays of shape (dimensions,).

    Parameters
    ----------
    first, mcse_first : array
        Share of the variance that goes if this input alone were known, on average, and its Monte Carlo standard error.
    total, mcse_total : array
        Share of the variance that stays if all other inputs were known, likewise.
    sd : float
        Standard deviation of the function.
    """

    first: FloatArray
    mcse_first: FloatArray
    total: FloatArray
    mcse_total: FloatArray
    sd: float


@dataclass(frozen=True, slots=True)
class Index:
    """The indices of one input; see `Indices`."""

    input: Input
    first: float
    mcse_first: float
    total: float
    mcse_total: float


@dataclass(frozen=True, slots=True)
class Shares:
    """
    Which inputs the variance of the answer comes from.

    The answer is the logarithm of casualties over force: shares are made by multiplying and dividing, so that on this
    scale twice as many and half as many count alike. On the scale of the shares themselves large ones count for more.
    Measured on the seed at 2**13 points: which origin is right comes first either way (0.58 of the variance alone, or
    0.56), the two figures behind it change places (wounded of NIS 0.05 and casualties of US DoD 0.14, or 0.11 and
    0.07), and the Monte Carlo standard errors of the total indices are about four times as large.

    Parameters
    ----------
    rows : tuple of Index
        In the order of the model: the force, R, each figure, and which origin is right.
    rule, in_use : str
        The pool that the indices are of, which is the linear one, and the pool of the settings.
    sd, sd_in_use : float
        Standard deviation of the logarithm under the indices' model, and in the pool in use.
    not_kept : float
        Share of the draws in which casualties exceed the force. They count here, since inputs that must not
        contradict each other are not independent; they count in no other number of a report.
    replicates, points : int
    """

    rows: tuple[Index, ...]
    rule: str
    in_use: str
    sd: float
    sd_in_use: float
    not_kept: float
    replicates: int
    points: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the indices, a sentence each; none where they are of the answer itself."""
        why = []
        if self.in_use == "logarithmic":
            why.append("These are shares of the linear pool: the logarithmic pool ties its inputs to each other.")
        if self.in_use == "median":
            why.append("These are shares of the linear pool: a median of quantiles is no function of single draws.")
        if self.not_kept > SMALL:
            why.append(
                f"In {100 * self.not_kept:.0f} % of the draws casualties exceed the force. These shares count such "
                "draws, since inputs that must not contradict each other are not independent; no other number does."
            )
        if why:
            why.append(
                f"The standard deviation of the logarithm is {self.sd:.2f} here and {self.sd_in_use:.2f} in the answer."
            )
        return tuple(why)


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


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """
    What the answer depends on among its inputs.

    Parameters
    ----------
    settings : Settings
    inputs : Shares
    whole : Without
        The pool of all origins, without none.
    without : tuple of Without
        For each origin with weight; empty if there is only one.
    worth : tuple of Worth
        For each claim behind the force, R, each counted figure, and which origin is right; in this order.
    shares : KilledShares
    """

    settings: Settings
    inputs: Shares
    whole: Without
    without: tuple[Without, ...]
    worth: tuple[Worth, ...]
    shares: KilledShares

    @property
    def narrowing(self) -> tuple[Worth, ...]:
        """
        ``worth`` with what is expected to narrow the interval most first.

        Last come inputs of whose values less than half have an answer: their average is of another question.
        """
        return tuple(
            sorted(self.worth, key=lambda one: (one.width.answered < 0.5, one.width.expected or 0.0)),
        )


def analyse(settings: Settings, *, executor: Executor | None = None) -> Sensitivity:
    """
    Ask what the answer depends on among its inputs.

    Parameters
    ----------
    settings : Settings
    executor : Executor, optional
        Computes the replicates; any of `concurrent.futures`. It changes the time, never the result.

    Raises
    ------
    InputError
        What `pipeline.run` refuses.
    """
    inputs = prepare(settings)
    seeds = scrambles(settings)
    asked = ask(inputs.questions[settings.force], settings.pool, seeds[0])
    in_use = replace(asked, question=_weighted(asked.question))
    together, *without = _left_out(settings, inputs, in_use, seeds, executor)
    return Sensitivity(
        settings,
        _shares(settings, inputs, in_use, seeds, executor),
        together,
        tuple(without),
        _worth(settings, inputs, in_use, seeds, executor),
        killed_shares(settings, inputs, executor=executor),
    )


def _weighted(question: Question) -> Question:
    """The question of the origins with weight, these adding to 1: what has none is no input of the answer."""
    total = sum(question.weights.values())
    weights = {name: weight / total for name, weight in question.weights.items() if weight > 0}
    return replace(question, origins={name: question.origins[name] for name in weights}, weights=weights)


# --- the inputs, by name ---


def _force(force: Force) -> Input:
    claims = tuple(one.claim.id for one in force.claims)
    if len(claims) == 1:
        return Input(f'force, "{force.claims[0].claim.wording}"', "force", claims)
    return Input(f"force ({len(claims)} claims)", "force", claims)


def _sizes(force: Force) -> tuple[Input, ...]:
    """Each of several claims behind a force."""
    return tuple(
        Input(f'force, {one.claim.origin} "{one.claim.wording}"', "size", (one.claim.id,)) for one in force.claims
    )


def _ratio(choice: str) -> Input:
    named = f"median {choice}" if choice.replace(".", "", 1).isdigit() else choice
    return Input(f"wounded per killed ({named})", "wounded_per_killed")


def _figures(inputs: Inputs, question: Question) -> tuple[Input, ...]:
    """The counted figures in the order of the columns that `model.draw` takes them from."""
    given = {origin.name: origin.given for origin in inputs.evidence.origins}
    return tuple(
        Input(f'{name} {quantity}, "{one.claim.wording}"', "figure", (one.claim.id,))
        for name in question.origins
        for quantity, one in sorted(given[name].items())
    )


_RIGHT = Input("which origin is right", "origin")


# --- shares of the variance ---


def indices(
    function: Callable[[FloatArray], FloatArray],
    dimensions: int,
    seeds: Sequence[np.random.SeedSequence],
    log2_points: int,
    *,
    executor: Executor | None = None,
) -> Indices:
    """
    First-order and total Sobol indices of a function of independent inputs.

    Parameters
    ----------
    function : callable
        Takes points of the unit cube, shape (n, dimensions), and gives their values, shape (n,). Must be picklable
        for an executor of processes.
    dimensions : int
        At least two.
    seeds : sequence
        One for each replicate; two or more.
    log2_points : int
        Each replicate evaluates ``(dimensions + 2) * 2**log2_points`` points.
    executor : Executor, optional

    Notes
    -----
    Saltelli et al. (2010), table 2 (b) and (f), as `scipy.stats.sobol_indices` computes them, on the points of
    `sampling.cube`. Indices that are 0 scatter about it, to either side. A function without variance has none.

    Examples
    --------
    A sum of two inputs, one with twice the spread of the other, so four times its variance:

    >>> from analysis.sampling import replicate_seeds
    >>> seeds = replicate_seeds(np.random.default_rng(1), 4)
    >>> indices(lambda points: 2 * points[:, 0] + points[:, 1], 2, seeds, 8).first.round(2)
    array([0.8, 0.2])
    """
    task = partial(_indices_once, function, dimensions, log2_points)
    found = np.array(map_replicates(task, seeds, executor=executor))
    (first, total, spread), (mcse_first, mcse_total, _) = mean_and_mcse(found)
    return Indices(first, mcse_first, total, mcse_total, float(spread[0]))


def _indices_once(
    function: Callable[[FloatArray], FloatArray], dimensions: int, log2_points: int, seed: np.random.SeedSequence
) -> FloatArray:
    """One replicate: first-order indices, total indices, and the standard deviation; shape (3, dimensions)."""
    from scipy.stats import sobol_indices  # a second of imports: only when asked for

    points = cube(seed, log2_points=log2_points, dimensions=2 * dimensions)
    a, b = points[:, :dimensions], points[:, dimensions:]
    crossed = []
    for column in range(dimensions):
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        crossed.append(function(mixed)[None, :])
    at_a, at_b = function(a), function(b)
    both = np.concatenate([at_a, at_b])
    # Rounding is no variance, and shares of it would be any numbers.
    if np.ptp(both) <= 1e-12 * np.abs(both).max():
        return np.zeros((3, dimensions))
    values = {"f_A": at_a[None, :], "f_B": at_b[None, :], "f_AB": np.array(crossed)}
    found = sobol_indices(func=values, n=2**log2_points)
    return np.array([found.first_order, found.total_order, np.full(dimensions, both.std())])


def _shares(
    settings: Settings,
    inputs: Inputs,
    in_use: Pooling,
    seeds: Sequence[np.random.SeedSequence],
    executor: Executor | None,
) -> Shares:
    question = in_use.question
    named = [_force(inputs.forces[settings.force]), _ratio(settings.wounded_per_killed), *_figures(inputs, question)]
    if len(question.weights) > 1:
        named.append(_RIGHT)
    found = indices(partial(_logarithm, question), len(named), seeds, _INDEX_POINTS, executor=executor)
    columns = found.first, found.mcse_first, found.total, found.mcse_total
    rows = tuple(Index(one, *map(float, numbers)) for one, *numbers in zip(named, *columns, strict=True))
    kept, spread = np.mean(map_replicates(partial(_kept_and_spread, in_use), seeds, executor=executor), axis=0)
    return Shares(
        rows,
        rule="linear",
        in_use=settings.pool,
        sd=found.sd,
        sd_in_use=float(spread),
        not_kept=1 - float(kept),
        replicates=len(seeds),
        points=2**_INDEX_POINTS,
    )


def _logarithm(question: Question, points: FloatArray) -> FloatArray:
    """
    The logarithm of casualties over force of the linear pool, every input a column; shape (n,).

    The force is as its reading has it, whether or not it holds the casualties. With two origins or more the last
    column picks one of them, by weight. Less than one soldier has no logarithm that means anything, and counts as one.
    """
    drawn = draw(question, points)
    edges = np.cumsum(list(question.weights.values()))
    which = np.searchsorted(edges[:-1], points[:, -1], side="right") if len(edges) > 1 else np.zeros(len(points), int)
    casualties = np.choose(which, [drawn[name].losses.casualties for name in question.weights])
    return np.log(np.maximum(casualties, 1.0)) - np.log(np.maximum(question.force.ppf(points[:, 0]), 1.0))


def _kept_and_spread(in_use: Pooling, seed: np.random.SeedSequence) -> tuple[float, float]:
    """Of one replicate: the share of draws kept, and the logarithm's standard deviation in the pool in use."""
    question = in_use.question
    points = cube(seed, log2_points=_POOL_POINTS, dimensions=question.dimensions)
    drawn = draw(question, points)
    kept = sum(weight * float(drawn[name].weight.mean()) for name, weight in question.weights.items())
    combined = in_use.combine(drawn, points[:, 0])
    parts = [(combined.question.weights[name] * one.mass / one.mass.sum(), one) for name, one in combined.draws.items()]
    mass = np.concatenate([share for share, _ in parts])
    values = np.concatenate(
        [np.log(np.maximum(one.losses.casualties, 1.0)) - np.log(np.maximum(one.force, 1.0)) for _, one in parts]
    )
    return kept, float(np.sqrt(mass @ (values - mass @ values) ** 2))


# --- one origin less ---


def _left_out(
    settings: Settings,
    inputs: Inputs,
    in_use: Pooling,
    seeds: Sequence[np.random.SeedSequence],
    executor: Executor | None,
) -> Iterator[Without]:
    """The pool of all origins, then without each of them, where there are two or more."""
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
    for name, one in pools.items():
        if not isinstance(one, Pooling):
            yield Without(name, _weights_without(name, settings, inputs), one, (), (), ())
            continue
        weights = {origin: weight for origin, weight in one.question.weights.items() if weight > 0}
        summaries = [replicate[name].summary for replicate in done]
        curve = np.mean([replicate[name].curve for replicate in done], axis=0)
        estimates = estimates_of(summaries, settings.level)
        yield Without(name, weights, "", estimates, exceedances_of(summaries), tuple(map(float, curve)))


def _weights_without(name: str, settings: Settings, inputs: Inputs) -> dict[str, float]:
    """The weights had this origin said nothing: what the settings say of it goes, and its stream shares anew."""
    register = inputs.register
    parts = [
        part for part in settings.weights.split(",") if register.origin_named(part.partition("=")[0].strip()) != name
    ]
    others = [origin.name for origin in inputs.evidence.origins if origin.name != name]
    return parse_weights(",".join(parts), register=register, origins=others)


@dataclass(frozen=True, slots=True)
class _Pooled:
    """What one replicate says of a pool."""

    summary: Summary
    curve: FloatArray


def _pools_once(pools: Mapping[str, Pooling], level: float, seed: np.random.SeedSequence) -> dict[str, _Pooled]:
    question = pools[""].question
    points = cube(seed, log2_points=_POOL_POINTS, dimensions=question.dimensions)
    drawn = draw(question, points)
    found = {}
    for name, one in pools.items():
        combined = one.combine(drawn, points[:, 0])
        curve = drawn_quantiles(combined.draws, combined.question, name=RATIO, levels=np.array(CURVE))
        found[name] = _Pooled(summarize(combined.draws, combined.question, probabilities(level)), curve)
    return found


# --- what it would be worth to know ---


@dataclass(frozen=True, slots=True)
class _Case:
    """
    A value that an input may have.

    Parameters
    ----------
    probability : float
    question : Question
        With the input exact.
    origins : tuple of str
        Whose draws it changes.
    column : int or None
        The column of the draws that is ``value`` in all of them; ``None`` where the change is in the question alone.
    value : float
    """

    probability: float
    question: Question
    origins: tuple[str, ...] = ()
    column: int | None = None
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Known:
    """An input made exact: a case for each value that it may have."""

    cases: tuple[_Case, ...]


def column_known(question: Question, column: int) -> Known:
    """
    A column of `model.draw` made exact: 0 is the force, 1 is R, then each figure in the order of the origins.

    What one origin counts is made exact for that origin alone: in the pool the others still say what they say.
    """
    if column == 0:
        return size_known(question, (question.force,), 0)
    if column == 1:
        users = tuple(name for name, given in question.origins.items() if set(given) in ({"killed"}, {"wounded"}))
        if not users:  # casualties are given, and R does no more than split them
            return Known((_Case(1.0, question),))
        values = _nodes(question.wounded_per_killed)
        given = [replace(question, wounded_per_killed=point(value)) for value in values]
    else:
        name, quantity = _places(question)[column - 2]
        users, values = (name,), _nodes(question.origins[name][quantity])
        given = [
            replace(question, origins={**question.origins, name: {**question.origins[name], quantity: point(value)}})
            for value in values
        ]
    cases = zip(given, values, strict=True)
    return Known(tuple(_Case(1 / NODES, one, users, column, float(value)) for one, value in cases))


def size_known(question: Question, parts: Sequence[Distribution], which: int) -> Known:
    """
    One of the claims behind the force made exact; the others stay as they are, each with the same weight.

    Parameters
    ----------
    question : Question
    parts : sequence of Distribution
        The readings of the claims that the force is pooled of, soldiers.
    which : int
    """
    cases = []
    for value in _nodes(parts[which]):
        exact = tuple(point(value) if place == which else part for place, part in enumerate(parts))
        force = exact[0] if len(parts) == 1 else _mixed(exact)
        cases.append(_Case(1 / NODES, replace(question, force=force), tuple(question.origins)))
    return Known(tuple(cases))


def origin_known(question: Question) -> Known:
    """Which origin is right made exact: each alone, as probable as its weight."""
    return Known(
        tuple(
            _Case(weight, replace(question, weights={one: float(one == name) for one in question.weights}))
            for name, weight in question.weights.items()
            if weight > 0
        )
    )


def _places(question: Question) -> list[tuple[str, str]]:
    """Origin and quantity of each figure, in the order of the columns."""
    return [(name, quantity) for name, given in question.origins.items() for quantity in sorted(given)]


def _nodes(distribution: Distribution) -> FloatArray:
    """
    The means of `NODES` equally likely parts of a distribution, so that an average over them has the right mean.

    Examples
    --------
    >>> _nodes(Uniform(0.0, 32.0))[:3]
    array([0.5, 1.5, 2.5])
    """
    p = (np.arange(NODES * _FINE) + 0.5) / (NODES * _FINE)
    return distribution.ppf(p).reshape(NODES, _FINE).mean(axis=1)


def _mixed(parts: tuple[Distribution, ...]) -> Tabulated:
    mixture = Mixture(parts, (1 / len(parts),) * len(parts))
    return tabulate(mixture, mixture.nodes())  # not `as_table`, which would keep it


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
    made = partial(_pooling, rule)
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


def _pooling(rule: str, question: Question) -> Pooling | None:
    """The pool given a value, if it has ground there."""
    try:
        return pooling(question, rule)
    except InputError:
        return None


def _widths_once(
    now: Pooling,
    cases: tuple[_Case, ...],
    pools: tuple[Pooling | None, ...],
    level: float,
    seed: np.random.SeedSequence,
) -> FloatArray:
    """One replicate, as it is and for each case: the width, and the least share of draws that an origin keeps."""
    question = now.question
    points = cube(seed, log2_points=_WIDTH_POINTS, dimensions=question.dimensions)
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
    low, high = drawn_quantiles(combined.draws, combined.question, name=RATIO, levels=ends)
    return float(high - low), kept


def _redrawn(case: _Case, question: Question, values: FloatArray) -> dict[str, Draws]:
    """The draws of the origins that a case changes."""
    if not case.origins:
        return {}
    owners = [name for name, _ in _places(question)]
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
    for column, (name, quantity) in enumerate(_places(question), 2):
        values[:, column] = question.origins[name][quantity].ppf(points[:, column])
    origins = {name: dict.fromkeys(given, as_it_is) for name, given in question.origins.items()}
    return values, replace(question, origins=origins, wounded_per_killed=as_it_is)


def _worth(
    settings: Settings,
    inputs: Inputs,
    in_use: Pooling,
    seeds: Sequence[np.random.SeedSequence],
    executor: Executor | None,
) -> tuple[Worth, ...]:
    question, force = in_use.question, inputs.forces[settings.force]
    if isinstance(force.distribution, Mixture) and len(force.claims) > 1:
        parts, named = force.distribution.parts, list(_sizes(force))
    else:
        parts, named = (force.distribution,), [_force(force)]
    known = [size_known(question, parts, which) for which in range(len(parts))]
    named += [_ratio(settings.wounded_per_killed), *_figures(inputs, question)]
    known += [column_known(question, column) for column in range(1, question.dimensions)]
    if len(question.weights) > 1:
        named.append(_RIGHT)
        known.append(origin_known(question))
    found = widths(question, in_use.rule, known, level=settings.level, seeds=seeds, executor=executor)
    return tuple(Worth(*one) for one in zip(named, found, strict=True))
