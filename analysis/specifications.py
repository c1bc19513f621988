"""
The same question under every combination of the choices that an analyst could have made: the specification curve.

Five choices are crossed: the pool, the width of the readings, the class of wounded per killed, the force, and which
origins count. Each combination is a `Settings`; `pipeline.run` answers any of them, and `specify` all of them from the
same points, so that what differs between two is the choice and not the sampling.

Which levels a choice has is judgement, and so is that all of them count alike. Refused: a combination dropped in
silence. One that cannot be answered is in the curve with its reason.

>>> curve = specify(Settings())
>>> len(curve.specifications), len(curve.refused)
(324, 0)
>>> box, at = curve.envelope(), np.searchsorted(PROBABILITIES, (0.05, 0.95))
>>> low, high = box.low[at[0]], box.high[at[1]]
>>> f"whatever the choice within these, between {100 * low:.0f} % and {100 * high:.0f} %"
'whatever the choice within these, between 1 % and 28 %'
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from analysis.asked import ask
from analysis.claims import Register
from analysis.curve import CHOICES, Answer, Choice, Curve, Level, Specification
from analysis.distributions import Distribution, FloatArray, ready
from analysis.errors import InputError
from analysis.estimates import estimate_at, estimate_of, probabilities
from analysis.evidence import FORCES, parse_weights, weights_named
from analysis.inputs import Inputs, prepare
from analysis.lattice import OnLattice, RatioTable, force_on, mixed, ratio_of
from analysis.lexicon import read_lexicon
from analysis.model import (
    THRESHOLDS,
    Draws,
    Losses,
    Question,
    losses_from,
    needs_ratio,
    over_force,
    quantiles_of_ratios,
    ratio_below,
)
from analysis.pools import POOLS, Combined, Pooling
from analysis.sampling import cube, map_replicates, mean_and_mcse, weighted_quantiles
from analysis.settings import REPLICATES, Settings, scrambles
from analysis.summary import Estimate, Exceedance

__all__ = [
    "PROBABILITIES",
    "WIDTHS",
    "choices",
    "grid",
    "specify",
]

# The evidence behind the lexicon asks for halved and doubled distances; as coded is between them.
WIDTHS = (0.5, 1.0, 2.0)
# Of the quantiles of every specification: steps of a fortieth hold the ends of all intervals that a run gives.
_TAILS = (0.001, 0.005, 0.01)
PROBABILITIES = tuple(sorted({*(round(k / 40, 15) for k in range(1, 40)), *_TAILS, *(1 - p for p in _TAILS)}))

_RATIO, _KILLED = "casualties_ratio", "killed_ratio"
_LOG2_POINTS = 10
_DRAWS = REPLICATES * 2**_LOG2_POINTS


def choices(settings: Settings) -> tuple[Choice, ...]:
    """
    The choices and their levels for a register on a day; the settings' own are always among them.

    Raises
    ------
    InputError
        As `pipeline.run` does.
    """
    return _choices(settings, prepare(settings))


def _choices(settings: Settings, inputs: Inputs) -> tuple[Choice, ...]:
    widths = sorted({*WIDTHS, settings.width})
    forces = [choice for choice in FORCES if choice in inputs.forces]
    origins, used = _origin_sets(settings, inputs)
    ratios, used_ratio = _ratios(settings, inputs)
    return (
        Choice("pool", tuple(Level(name, name) for name in POOLS), POOLS.index(settings.pool)),
        Choice("width", tuple(Level(width, f"{width:g}") for width in widths), widths.index(settings.width)),
        Choice("wounded_per_killed", ratios, used_ratio),
        Choice("force", tuple(Level(name, name) for name in forces), forces.index(settings.force)),
        Choice("origins", origins, used),
    )


def _ratios(settings: Settings, inputs: Inputs) -> tuple[tuple[Level, ...], int]:
    """Every class of the lexicon, and the analyst's own number unless it comes to the same as a class."""
    own = settings.wounded_per_killed
    wanted = inputs.questions[settings.force].wounded_per_killed
    classes = read_lexicon().wounded_per_killed
    names = [name for name, one in classes.items() if one.distribution()]
    alike = [at for at, name in enumerate(names) if name == own or classes[name].distribution() == wanted]
    used = alike[0] if alike else len(names)
    levels = [Level(own if at == used else name, name) for at, name in enumerate(names)]
    return (*levels, *([] if alike else [Level(own, own)])), used


def _origin_sets(settings: Settings, inputs: Inputs) -> tuple[tuple[Level, ...], int]:
    """
    All origins, and without each in turn, in the analyst's weights; these too if they are none of them.

    Weights of 0 are taken away before, so that an origin which the analyst leaves out is in the first set.
    """
    register, names = inputs.register, list(inputs.questions[settings.force].origins)
    own = weights_named(settings.weights, register=register)
    given = {name: part for name, part in own.items() if float(part.partition("=")[2]) > 0}
    sets = [Level(", ".join(given.values()), "all origins")]
    for name in names if len(names) > 1 else []:
        others = [part for other, part in given.items() if other != name]
        sets.append(Level(", ".join([*others, f"{_spelling(name, register)}=0"]), f"without {name}"))
    wanted = parse_weights(settings.weights, register=register, origins=names)
    for used, one in enumerate(sets):
        weights = parse_weights(str(one.value), register=register, origins=names)
        # 1e-12: weights that come to the same miss each other by the rounding of their sum.
        if all(abs(weights[name] - wanted[name]) < 1e-12 for name in names):
            return (*sets[:used], Level(settings.weights, one.label), *sets[used + 1 :]), used
    return (*sets, Level(settings.weights, settings.weights)), len(sets)


def _spelling(origin: str, register: Register) -> str:
    """A name of an origin that can stand among weights."""
    source = register.sources[origin]
    for name in (origin, source.name, *source.spellings):
        if not set(name) & set(",=") and name == name.strip() and register.origin_named(name) == origin:
            return name
    raise InputError(
        f"origin {origin!r} cannot be named among weights, since every name of it has a comma or an equals sign; "
        "expected a spelling without them"
    )


def grid(settings: Settings) -> tuple[Settings, ...]:
    """
    Every combination of the choices, each as settings of 16 x 2**10 draws at most; all else as in ``settings``.

    Raises
    ------
    InputError
        As `pipeline.run` does.
    """
    return _grid(settings, choices(settings))


def _grid(settings: Settings, crossed: tuple[Choice, ...]) -> tuple[Settings, ...]:
    return tuple(
        replace(
            settings,
            pool=str(pool.value),
            width=float(width.value),
            wounded_per_killed=str(ratio.value),
            force=str(force.value),
            weights=str(origins.value),
            max_draws=_DRAWS,
        )
        for pool, width, ratio, force, origins in itertools.product(*(choice.levels for choice in crossed))
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """
    What an answer depends on: no pool where one origin has weight, and no R where none of them needs it.

    ``force`` is the first choice that comes to the same claims.
    """

    rule: str
    width: float
    ratio: str | None
    force: str
    weights: tuple[tuple[str, float], ...]


# What the killed depend on: an answer, and the level of R that splits casualties; ``None`` where nothing is split by R.
_Split = tuple[_Cell, str | None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """
    What every replicate needs, made once.

    Parameters
    ----------
    figures : mapping of float to mapping of str to mapping of str to Distribution
        By width, origin and quantity.
    ratios : mapping of str to Distribution
        By the level's value.
    forces : mapping of pairs of float and str to OnLattice
        By width and choice.
    cells : mapping of _Cell to Pooling
    columns : mapping of pairs of str to int
        Of the points, by origin and quantity.
    probabilities : array, shape (p,)
    splits : tuple of _Split
        Of which the killed are wanted, each once.
    killed_at : array, shape (k,)
        Probabilities of the quantiles of the killed: those of a run.
    """

    figures: Mapping[float, Mapping[str, Mapping[str, Distribution]]]
    ratios: Mapping[str, Distribution]
    forces: Mapping[tuple[float, str], OnLattice]
    cells: Mapping[_Cell, Pooling]
    columns: Mapping[tuple[str, str], int]
    probabilities: FloatArray
    splits: tuple[_Split, ...]
    killed_at: FloatArray

    @property
    def dimensions(self) -> int:
        """Of the points: the force, R, and each figure."""
        return 2 + len(self.columns)


@dataclass(frozen=True, slots=True)
class _Levels:
    """What each level of a choice stands for, read and checked once."""

    widths: Mapping[float, Mapping[str, Question]]
    ratios: Mapping[str, Distribution]
    weights: Mapping[str, Mapping[str, float]]
    forces: Mapping[str, str]
    unasked: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings, crossed: tuple[Choice, ...], inputs: Inputs) -> _Levels:
        values = {choice.name: [level.value for level in choice.levels] for choice in crossed}
        names = list(inputs.questions[settings.force].origins)
        by_ratio = {str(one): prepare(replace(settings, wounded_per_killed=str(one))) for one in values[CHOICES[2]]}
        first = {force.claims: choice for choice, force in reversed(inputs.forces.items())}
        refusals = {str(one): _refusal(replace(settings, force=str(one))) for one in values["force"]}
        return cls(
            {float(one): prepare(replace(settings, width=float(one))).questions for one in values["width"]},
            {ratio: one.questions[settings.force].wounded_per_killed for ratio, one in by_ratio.items()},
            {str(one): parse_weights(str(one), register=inputs.register, origins=names) for one in values["origins"]},
            {choice: first[force.claims] for choice, force in inputs.forces.items()},
            {force: reason for force, reason in refusals.items() if reason},
        )

    def question(self, one: Settings) -> Question:
        return replace(
            self.widths[one.width][one.force],
            wounded_per_killed=self.ratios[one.wounded_per_killed],
            weights=self.weights[one.weights],
        )

    def cell(self, one: Settings) -> _Cell:
        origins = self.widths[one.width][one.force].origins
        weights = {name: weight for name, weight in self.weights[one.weights].items() if weight > 0}
        return _Cell(
            one.pool if len(weights) > 1 else POOLS[0],
            one.width,
            one.wounded_per_killed if any(needs_ratio(origins[name]) for name in weights) else None,
            self.forces[one.force],
            tuple(weights.items()),
        )

    def split(self, one: Settings) -> _Split:
        cell, origins = self.cell(one), self.widths[one.width][one.force].origins
        return cell, one.wounded_per_killed if any(_is_split(origins[name]) for name, _ in cell.weights) else None


def _is_split(given: Collection[str]) -> bool:
    """Whether R has a part in an origin's killed and wounded: where it gives one number and no more."""
    return len(given) == 1


def _refusal(settings: Settings) -> str | None:
    """What is wrong with settings before anything is sampled."""
    try:
        prepare(settings)
    except InputError as error:
        return str(error)
    return None


def specify(settings: Settings, *, executor: Executor | None = None) -> Curve:
    """
    Answer every specification of the grid.

    Parameters
    ----------
    settings : Settings
    executor : Executor, optional
        Computes the replicates, as in `pipeline.run`. It changes the time, never the result.

    Raises
    ------
    InputError
        As `pipeline.run` does for the settings in use.

    Notes
    -----
    The plain way is ``executor.map(run, grid(settings))``, and gives the same numbers: mean, sd and share kept to
    rounding, quantiles within 2e-5 of themselves, where their Monte Carlo standard error is 1e-4 (see `lattice`;
    within 1e-3 where the force is partly one value).

    Here a task is one replicate of all specifications. Points are made once, each figure is drawn once for a width,
    losses once for an origin and a width, and what pools and sets of origins differ in is how these are combined. For
    the seed that takes a second, and two and a half minutes the plain way. With the same tables and nothing
    shared it takes fifteen times as long, of which seven times is that 279 of the 324 come to the same as another.

    The killed over the force are found for the choices made one at a time only, 12 different ones of the seed's 324,
    and as a run finds them: roots to the last digit, which take a third of the whole time.
    """
    inputs = prepare(settings)
    crossed = _choices(settings, inputs)
    specifications = _grid(settings, crossed)
    levels = list(itertools.product(*(range(len(choice.levels)) for choice in crossed)))
    used = tuple(choice.used for choice in crossed)
    read = _Levels.of(settings, crossed, inputs)
    cells = [read.cell(one) for one in specifications]
    asked = _asked(specifications, cells, read, scrambles(settings)[0])
    reasons = [
        read.unasked.get(one.force) or (None if isinstance(asked[cell], Pooling) else str(asked[cell]))
        for one, cell in zip(specifications, cells, strict=True)
    ]
    if reason := reasons[levels.index(used)]:  # `run` would not answer, and nothing could be compared with it
        raise InputError(*reason.split("\n"))
    one_at_a_time = {
        at: read.split(one)
        for one, at, reason in zip(specifications, levels, reasons, strict=True)
        if not reason and sum(own != other for own, other in zip(used, at, strict=True)) <= 1
    }
    plan = _plan(settings, asked, read, tuple(dict.fromkeys(one_at_a_time.values())))
    done = map_replicates(partial(_replicate, plan), scrambles(settings), executor=executor)
    rows, killed = (np.array(part) for part in zip(*done, strict=True))
    answers = {cell: _answer(rows[:, at], plan.probabilities, settings.level) for at, cell in enumerate(plan.cells)}
    made = [
        Specification(one, at, at == used, None if reason else answers[cell], reason)
        for one, at, cell, reason in zip(specifications, levels, cells, reasons, strict=True)
    ]
    estimates = {split: _killed_estimate(killed[:, at], settings.level) for at, split in enumerate(plan.splits)}
    by_levels = {at: estimates[split] for at, split in one_at_a_time.items()}
    return Curve(settings, crossed, tuple(made), len(answers), by_levels)


def _asked(
    specifications: tuple[Settings, ...], cells: list[_Cell], read: _Levels, seed: np.random.SeedSequence
) -> dict[_Cell, Pooling | str]:
    """The pool of each cell, or why it has none."""
    asked: dict[_Cell, Pooling | str] = {}
    for one, cell in zip(specifications, cells, strict=True):
        if cell not in asked and one.force not in read.unasked:
            try:
                asked[cell] = ask(read.question(one), cell.rule, seed)
            except InputError as error:
                asked[cell] = str(error)
    return asked


def _plan(settings: Settings, asked: Mapping[_Cell, Pooling | str], read: _Levels, splits: tuple[_Split, ...]) -> _Plan:
    questions = {width: by_force[settings.force] for width, by_force in read.widths.items()}
    figures = {
        width: {
            origin: {quantity: ready(given[quantity]) for quantity in sorted(given)}
            for origin, given in question.origins.items()
        }
        for width, question in questions.items()
    }
    # What is sent to a worker has its tables with it, each of them once.
    cells = {
        cell: replace(one, question=replace(one.question, origins=figures[cell.width]))
        for cell, one in asked.items()
        if isinstance(one, Pooling)
    }
    forces = {(cell.width, cell.force): one.question.force for cell, one in cells.items()}
    on = {key: force_on(force) for key, force in forces.items()}
    pairs = [(origin, quantity) for origin, given in figures[settings.width].items() for quantity in given]
    columns = {pair: 2 + at for at, pair in enumerate(pairs)}
    levels = _probabilities(settings.level), splits, probabilities(settings.level)
    return _Plan(figures, read.ratios, on, cells, columns, *levels)


def _probabilities(level: float) -> FloatArray:
    return np.array(sorted({*PROBABILITIES, *(round((1 + side * level) / 2, 15) for side in (-1, 1))}))


def _replicate(plan: _Plan, seed: np.random.SeedSequence) -> tuple[FloatArray, FloatArray]:
    """
    Of one replicate a row for each cell, and one for each split.

    Quantiles, exceedances, mean, sd and share kept, shape (cells, p + 7); of the killed, quantiles, mean and sd, shape
    (splits, k + 2).
    """
    shared = _Shared(plan, cube(seed, log2_points=_LOG2_POINTS, dimensions=plan.dimensions), {}, {}, {}, {}, {})
    rows = []
    for cell, pool in plan.cells.items():
        drawn = {name: shared.draws(name, cell) for name, _ in cell.weights}
        combined = pool.combine(drawn, shared.points[:, 0])
        shares = combined.question.weights
        if cell.rule == POOLS[0]:  # the draws are left alone, so their tables are shared too
            table = mixed((shares[name], shared.table(name, cell)) for name in combined.draws)
        else:
            parts = ((shares[name], one) for name, one in combined.draws.items())
            table = ratio_of(parts, plan.forces[cell.width, cell.force])
        kept = sum(weight * float(drawn[name].weight.mean()) for name, weight in cell.weights)
        rows.append(np.append(_summary(combined, table, plan.probabilities), kept))
    killed = [_killed(shared, *split) for split in plan.splits]
    return np.array(rows), np.array(killed)


def _killed(shared: _Shared, cell: _Cell, ratio: str | None) -> FloatArray:
    """Quantiles, mean and sd of the killed over the force, as `model.summarize` has them."""
    plan = shared.plan
    drawn = {name: shared.draws(name, cell, ratio) for name, _ in cell.weights}
    combined = plan.cells[cell].combine(drawn, shared.points[:, 0])
    (quantiles,) = quantiles_of_ratios(combined.draws, combined.question, names=(_KILLED,), levels=plan.killed_at)
    values, weight = _weighted(combined, _KILLED)
    return np.append(quantiles, _moments(values, weight))


def _killed_estimate(rows: FloatArray, level: float) -> Estimate:
    """What the replicates of a split come to."""
    return estimate_of(_KILLED, level, mean=rows[:, -2], sd=rows[:, -1], quantiles=rows[:, :-2])


_Drawn = tuple[str, float, str | None, str]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the cells of one replicate share, each made when it is first asked for."""

    plan: _Plan
    points: FloatArray
    figures: dict[tuple[str, float], dict[str, FloatArray]]
    ratios: dict[str, FloatArray]
    losses: dict[tuple[str, float, str | None], Losses]
    drawn: dict[_Drawn, Draws]
    tables: dict[_Drawn, RatioTable]

    def draws(self, origin: str, cell: _Cell, ratio: str | None = None) -> Draws:
        """An origin's draws; how their casualties are split matters only where R is named."""
        key = self._key(origin, cell, ratio)
        if key not in self.drawn:
            force = self.plan.cells[cell].question.force
            self.drawn[key] = over_force(self._loss(*key[:3]), force, self.points[:, 0])
        return self.drawn[key]

    def table(self, origin: str, cell: _Cell) -> RatioTable:
        key = self._key(origin, cell)
        if key not in self.tables:
            self.tables[key] = ratio_of([(1.0, self.drawn[key])], self.plan.forces[cell.width, cell.force])
        return self.tables[key]

    def _key(self, origin: str, cell: _Cell, ratio: str | None = None) -> _Drawn:
        given = self.plan.figures[cell.width][origin]
        used = cell.ratio if needs_ratio(given) else ratio if _is_split(given) else None
        return origin, cell.width, used, cell.force

    def _loss(self, origin: str, width: float, ratio: str | None) -> Losses:
        key = origin, width, ratio
        if key not in self.losses:
            if (origin, width) not in self.figures:
                given = self.plan.figures[width][origin]
                columns = (self.points[:, self.plan.columns[origin, quantity]] for quantity in given)
                pairs = zip(given.items(), columns, strict=True)
                self.figures[origin, width] = {quantity: one.ppf(column) for (quantity, one), column in pairs}
            # Where R plays no part in the casualties any class splits them.
            used = ratio or next(iter(self.plan.ratios))
            if used not in self.ratios:
                self.ratios[used] = self.plan.ratios[used].ppf(self.points[:, 1])
            self.losses[key] = losses_from(self.figures[origin, width], self.ratios[used])
        return self.losses[key]


def _summary(combined: Combined, table: RatioTable, probabilities: FloatArray) -> FloatArray:
    """Quantiles, exceedances, mean and sd of the casualties ratio of a pool."""
    values, weight = _weighted(combined, _RATIO)
    thresholds, force = np.array(THRESHOLDS), combined.question.force
    if force.x[0] == force.x[-1]:  # one value: nothing to integrate out
        quantiles = weighted_quantiles(values, weight, probabilities)
        exceeding = 1 - ratio_below(combined.draws, combined.question, name=_RATIO, threshold=thresholds)
    else:
        quantiles, exceeding = table.quantiles(probabilities), table.exceeding(thresholds)
    return np.concatenate([quantiles, exceeding, _moments(values, weight)])


def _weighted(combined: Combined, name: str) -> tuple[FloatArray, FloatArray]:
    """The draws of a quantity, and their weights in the pool."""
    shares = combined.question.weights
    weight = [shares[origin] * one.mass / one.mass.sum() for origin, one in combined.draws.items()]
    return np.concatenate([one.quantity(name) for one in combined.draws.values()]), np.concatenate(weight)


def _moments(values: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Mean and sd."""
    mean = float(values @ weight)
    return mean, float(np.sqrt((values - mean) ** 2 @ weight))


def _answer(rows: FloatArray, probabilities: FloatArray, level: float) -> Answer:
    """What the replicates of a cell come to."""
    size, thresholds = probabilities.size, len(THRESHOLDS)
    value, mcse = mean_and_mcse(rows)
    mean, sd = size + thresholds, size + thresholds + 1
    moments = float(value[mean]), float(mcse[mean]), float(value[sd])
    estimate = estimate_at(_RATIO, level, probabilities, quantiles=(value[:size], mcse[:size]), moments=moments)
    exceedance = tuple(
        Exceedance(_RATIO, threshold, float(value[size + column]), float(mcse[size + column]))
        for column, threshold in enumerate(THRESHOLDS)
    )
    return Answer(
        probabilities,
        value[:size],
        mcse[:size],
        rows[:, :size],
        estimate,
        exceedance,
        float(value[size + thresholds + 2]),
    )
