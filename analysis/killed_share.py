"""
The killed share held against a reference class: how many wounded each origin gives for one killed, and what others had.

An origin that gives both killed and wounded says itself how its losses split, and the model takes it at its word: the
reference class splits only what an origin leaves whole. So its own split is worth a look beside that class, beside
wars, and beside what was said later. ``analysis/data/killed-share.toml`` holds these.

Refused: a reference without a source.

>>> next((one.low, one.high) for one in read_references() if one.name == "US, Iraq and Afghanistan")
(10.0, 17.0)
"""

from __future__ import annotations

import tomllib
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.distributions import FloatArray
from analysis.errors import InputError
from analysis.estimates import estimate_of, probabilities
from analysis.evidence import OriginEvidence
from analysis.inputs import Inputs
from analysis.lexicon import read_lexicon
from analysis.model import Question, draw
from analysis.sampling import cube, map_replicates, mean_and_mcse, weighted_quantiles
from analysis.settings import Settings, scrambles
from analysis.summary import Estimate

__all__ = ["CLASS_LEVEL", "REFERENCES", "ClassInUse", "KilledShares", "OwnSplit", "Reference", "killed_shares"]
__all__ += ["read_references"]

REFERENCES = Path(__file__).parent / "data" / "killed-share.toml"

# The interval of the class that an origin is held against.
CLASS_LEVEL = 0.9
# 16,384 points in all: Monte Carlo errors below a thousandth of what is read off.
_LOG2_POINTS = 10


class Reference(BaseModel):
    """Wounded per killed of a war, or as someone said it; the fields are explained in ``killed-share.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["war", "statement", "tally"]
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]
    published: date | None = None
    claims: tuple[str, ...] = ()
    source: Annotated[str, Field(min_length=1)]
    judgement: str = ""

    @model_validator(mode="after")
    def _rising(self) -> Reference:
        if self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}, expected low not above high")
        if self.kind != "war" and self.published is None:
            raise ValueError("published is missing, expected a date like 2025-01-13")
        return self

    def known_on(self, day: date) -> bool:
        """Whether it was public on a day."""
        return self.published is None or self.published <= day


@cache
def read_references(path: Path = REFERENCES) -> tuple[Reference, ...]:
    """
    Read and check the references.

    Raises
    ------
    InputError
        With a line for every fault.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name}: is not TOML ({error})") from None
    rows = tables.get("reference")
    if set(tables) != {"reference"} or not isinstance(rows, list):
        raise InputError(f"{path.name}: holds {', '.join(tables) or 'nothing'}, expected [[reference]] and no more")
    found, faults = [], []
    for place, row in enumerate(rows):
        where = f"{path.name}: reference.{place} ({row.get('name', 'no name')})"
        try:
            found.append(Reference.model_validate(row))
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = "".join(f".{step}" for step in fault["loc"])
                faults.append(f"{where}{field}: {fault['msg'].lower()}")
    if faults:
        raise InputError(*faults)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ClassInUse:
    """
    The reference class that splits what an origin leaves whole.

    Parameters
    ----------
    name : str
        As the setting names it.
    low, median, high : float
        Wounded per killed; ``low`` and ``high`` hold `CLASS_LEVEL` of it.
    source, judgement : str
    """

    name: str
    low: float
    median: float
    high: float
    source: str
    judgement: str


@dataclass(frozen=True, slots=True)
class OwnSplit:
    """
    How one origin's own figures split.

    Parameters
    ----------
    name : str
        Of the origin.
    wordings : mapping of str to str
        What it gives, by quantity, as printed.
    printed : float or None
        Wounded per killed of the numbers as printed, hedges left aside; ``None`` if they leave none.
    wounded_per_killed, killed_share : Estimate
        As the draws of the model give them, hedges and reporting layer and all.
    place : str
        Where the median lies beside the class in use: inside, below or above its `CLASS_LEVEL` interval.
    inside, mcse : float
        Probability that the origin's own ratio lies inside that interval, and its Monte Carlo standard error.
    """

    name: str
    wordings: dict[str, str]
    printed: float | None
    wounded_per_killed: Estimate
    killed_share: Estimate
    place: str
    inside: float
    mcse: float


@dataclass(frozen=True, slots=True)
class KilledShares:
    """Each origin that splits its own losses, beside the class in use and the references of ``killed-share.toml``."""

    origins: tuple[OwnSplit, ...]
    in_use: ClassInUse
    references: tuple[Reference, ...]


def killed_shares(settings: Settings, inputs: Inputs, *, executor: Executor | None = None) -> KilledShares:
    """
    Hold the origins' own killed shares against the reference class.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
        Of these settings, from `inputs.prepare`.
    executor : Executor, optional
        Computes the replicates; it changes the time, never the result.

    Examples
    --------
    >>> from analysis.inputs import prepare
    >>> settings = Settings()
    >>> split, = killed_shares(settings, prepare(settings)).origins
    >>> split.name, split.printed, split.place
    ('NIS', 10.0, 'above')
    """
    question = inputs.questions[settings.force]
    in_use = _class_in_use(settings, question)
    both = [one for one in inputs.evidence.origins if len(one.given) == 2]
    task = partial(_splits, question, tuple(one.name for one in both), in_use, settings.level)
    drawn = np.array(map_replicates(task, scrambles(settings), executor=executor))
    origins = tuple(_own(one, drawn[:, row], in_use, settings.level) for row, one in enumerate(both))
    return KilledShares(origins, in_use, read_references())


def _class_in_use(settings: Settings, question: Question) -> ClassInUse:
    low, median, high = question.wounded_per_killed.ppf(np.array([(1 - CLASS_LEVEL) / 2, 0.5, (1 + CLASS_LEVEL) / 2]))
    classes = read_lexicon().wounded_per_killed
    name = settings.wounded_per_killed
    source, judgement = "the setting", "the median is the setting's, the spread that of the class historical"
    if name in classes:
        source, judgement = classes[name].source, classes[name].judgement
    return ClassInUse(name, float(low), float(median), float(high), source, judgement)


def _splits(
    question: Question, names: tuple[str, ...], in_use: ClassInUse, level: float, seed: np.random.SeedSequence
) -> FloatArray:
    """
    Of one replicate, for each origin and each of wounded per killed and killed share: mean, sd, and quantiles.

    Shape (origins, 2, 3 + probabilities); the third number is the probability of lying inside the class in use.
    """
    drawn = draw(question, cube(seed, log2_points=_LOG2_POINTS, dimensions=question.dimensions))
    found = []
    for name in names:
        one = drawn[name]
        weight = one.mass / one.mass.sum()
        ratio = one.quantity("wounded_per_killed")
        inside = float(weight @ ((ratio >= in_use.low) & (ratio <= in_use.high)))
        for values in (ratio, one.quantity("killed_share")):
            mean = float(weight @ values)
            sd = float(np.sqrt(weight @ (values - mean) ** 2))
            found.append([mean, sd, inside, *weighted_quantiles(values, weight, probabilities(level))])
    return np.array(found).reshape(len(names), 2, 3 + probabilities(level).size)


def _own(one: OriginEvidence, drawn: FloatArray, in_use: ClassInUse, level: float) -> OwnSplit:
    """One origin's split, from its replicates, shape (replicates, 2, 3 + probabilities)."""
    ratio, share = (
        estimate_of(name, level, mean=drawn[:, row, 0], sd=drawn[:, row, 1], quantiles=drawn[:, row, 3:])
        for row, name in enumerate(("wounded_per_killed", "killed_share"))
    )
    place = "below" if ratio.median < in_use.low else "above" if ratio.median > in_use.high else "inside"
    inside, mcse = mean_and_mcse(drawn[:, 0, 2])
    wordings = {quantity: read.claim.wording for quantity, read in one.given.items()}
    return OwnSplit(one.name, wordings, _printed(one), ratio, share, place, float(inside), float(mcse))


def _printed(one: OriginEvidence) -> float | None:
    stated = {quantity: read.wording.stated for quantity, read in one.given.items()}
    killed, total = stated.get("killed"), stated.get("casualties")
    wounded = stated.get("wounded") if total is None else total - killed if killed is not None else None
    return None if not killed or wounded is None or wounded <= 0 else wounded / killed
