"""
Which inputs the variance of the answer comes from.

Indices are those of independent inputs. The model's inputs are: the force and R are shared by all origins as one
column each, and which origin is right is one more input of the linear pool. They are not under the two other pools,
so shares are always of the linear pool, and say so.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.distributions import FloatArray
from analysis.evidence import Force
from analysis.indices import indices
from analysis.inputs import Inputs
from analysis.model import RATIOS, Question, draw
from analysis.pools import Pooling
from analysis.sampling import cube, map_replicates
from analysis.settings import Settings, scrambles

__all__ = [
    "RIGHT",
    "SMALL",
    "Index",
    "Input",
    "Shares",
    "figure_inputs",
    "force_input",
    "ratio_input",
    "size_inputs",
    "variance_shares",
]

# Points of each replicate, as powers of two, so that the whole takes a second or two.
_INDEX_POINTS = _POOL_POINTS = 10
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

    The answer is the logarithm of casualties over force, or of the killed over force: shares are made by multiplying
    and dividing, so that on this scale twice as many and half as many count alike. On the scale of the shares
    themselves large ones count for more. Measured on the seed at 2**13 points, casualties over force: which origin is
    right comes first either way (0.58 of the variance alone, or 0.56), the two figures behind it change places (wounded
    of NIS 0.05 and casualties of US DoD 0.14, or 0.11 and 0.07), and the Monte Carlo standard errors of the total
    indices are about four times as large.

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
    quantity : str
        casualties_ratio or killed_ratio: that whose logarithm it is.
    """

    rows: tuple[Index, ...]
    rule: str
    in_use: str
    sd: float
    sd_in_use: float
    not_kept: float
    replicates: int
    points: int
    quantity: str = "casualties_ratio"

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


def force_input(force: Force) -> Input:
    """The force, of one claim or several."""
    claims = tuple(one.claim.id for one in force.claims)
    if len(claims) == 1:
        return Input(f'force, "{force.claims[0].claim.wording}"', "force", claims)
    return Input(f"force ({len(claims)} claims)", "force", claims)


def size_inputs(force: Force) -> tuple[Input, ...]:
    """Each of several claims behind a force."""
    return tuple(
        Input(f'force, {one.claim.origin} "{one.claim.wording}"', "size", (one.claim.id,)) for one in force.claims
    )


def ratio_input(choice: str) -> Input:
    """R, by the setting that chooses it."""
    named = f"median {choice}" if choice.replace(".", "", 1).isdigit() else choice
    return Input(f"wounded per killed ({named})", "wounded_per_killed")


def figure_inputs(inputs: Inputs, question: Question) -> tuple[Input, ...]:
    """The counted figures in the order of the columns that `model.draw` takes them from."""
    given = {origin.name: origin.given for origin in inputs.evidence.origins}
    return tuple(
        Input(f'{name} {quantity}, "{one.claim.wording}"', "figure", (one.claim.id,))
        for name in question.origins
        for quantity, one in sorted(given[name].items())
    )


RIGHT = Input("which origin is right", "origin")


def variance_shares(
    settings: Settings,
    inputs: Inputs,
    in_use: Pooling,
    *,
    quantity: str = "casualties_ratio",
    executor: Executor | None = None,
) -> Shares:
    """
    Which inputs the variance of the answer comes from, in replicates of the seeds of a run.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
        Of these settings.
    in_use : Pooling
        Of the origins with weight.
    quantity : str
        One of `model.RATIOS`.
    executor : Executor, optional
        Computes the replicates.
    """
    seeds = scrambles(settings)
    question = in_use.question
    named = [
        force_input(inputs.forces[settings.force]),
        ratio_input(settings.wounded_per_killed),
        *figure_inputs(inputs, question),
    ]
    if len(question.weights) > 1:
        named.append(RIGHT)
    found = indices(
        partial(_logarithm, question, quantity=quantity), len(named), seeds, _INDEX_POINTS, executor=executor
    )
    columns = found.first, found.mcse_first, found.total, found.mcse_total
    rows = tuple(Index(one, *map(float, numbers)) for one, *numbers in zip(named, *columns, strict=True))
    task = partial(_kept_and_spread, in_use, quantity)
    kept, spread = np.mean(map_replicates(task, seeds, executor=executor), axis=0)
    return Shares(
        rows,
        rule="linear",
        in_use=settings.pool,
        sd=found.sd,
        sd_in_use=float(spread),
        not_kept=1 - float(kept),
        replicates=len(seeds),
        points=2**_INDEX_POINTS,
        quantity=quantity,
    )


def _logarithm(question: Question, points: FloatArray, *, quantity: str = "casualties_ratio") -> FloatArray:
    """
    The logarithm of a ratio, casualties over force, of the linear pool, every input a column; shape (n,).

    The force is as its reading has it, whether or not it holds the casualties. With two origins or more the last
    column picks one of them, by weight. Less than one soldier has no logarithm that means anything, and counts as one.
    """
    drawn = draw(question, points)
    edges = np.cumsum(list(question.weights.values()))
    which = np.searchsorted(edges[:-1], points[:, -1], side="right") if len(edges) > 1 else np.zeros(len(points), int)
    lost = np.choose(which, [getattr(drawn[name].losses, RATIOS[quantity]) for name in question.weights])
    return np.log(np.maximum(lost, 1.0)) - np.log(np.maximum(question.force.ppf(points[:, 0]), 1.0))


def _kept_and_spread(in_use: Pooling, quantity: str, seed: np.random.SeedSequence) -> tuple[float, float]:
    """Of one replicate: the share of draws kept, and the logarithm's standard deviation in the pool in use."""
    question = in_use.question
    points = cube(seed, log2_points=_POOL_POINTS, dimensions=question.dimensions)
    drawn = draw(question, points)
    kept = sum(weight * float(drawn[name].weight.mean()) for name, weight in question.weights.items())
    combined = in_use.combine(drawn, points[:, 0])
    parts = [(combined.question.weights[name] * one.mass / one.mass.sum(), one) for name, one in combined.draws.items()]
    mass = np.concatenate([share for share, _ in parts])
    lost = np.concatenate([getattr(one.losses, RATIOS[quantity]) for _, one in parts])
    values = np.log(np.maximum(lost, 1.0)) - np.log(np.maximum(np.concatenate([one.force for _, one in parts]), 1.0))
    return kept, float(np.sqrt(mass @ (values - mass @ values) ** 2))
