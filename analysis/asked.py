"""
What can be asked of some origins: pools that have ground, over forces that are not less than most casualties.

Refused: another question than the one put, the truth given that most of what was claimed is not so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputError
from analysis.model import Question, draw
from analysis.pools import POOLS, Pooling, pooling
from analysis.sampling import cube
from analysis.settings import Settings

__all__ = ["Asked", "ask", "ask_all", "pool_if_any"]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What every replicate is asked.

    Parameters
    ----------
    forces : mapping of str to Pooling
        The pool in use, over each force that can be asked.
    pools : mapping of str to Pooling
        Every pool that has ground, over the force in use.
    origins : tuple of str
        Those whose casualties most draws of the force hold.
    settings : Settings
    """

    forces: Mapping[str, Pooling]
    pools: Mapping[str, Pooling]
    origins: tuple[str, ...]
    settings: Settings

    @property
    def chosen(self) -> Pooling:
        """The pool in use, over the force in use."""
        return self.pools[self.settings.pool]


def ask_all(settings: Settings, questions: Mapping[str, Question], seed: np.random.SeedSequence) -> Asked:
    """
    What can be asked: a force that most casualties exceed cannot, nor an origin beside such a force.

    Parameters
    ----------
    settings : Settings
    questions : mapping of str to Question
        For each choice of the force.
    seed : SeedSequence
        Of the first replicate.

    Raises
    ------
    InputError
        As `ask` does, for the force in use.
    """
    question = questions[settings.force]
    exceeding = _exceeding(question, seed)
    pools = {settings.pool: ask(question, settings.pool, seed)}
    for name in POOLS:
        if name not in pools and (made := pool_if_any(question, name)):
            pools[name] = made
    forces = {settings.force: pools[settings.pool]}
    for choice, other in questions.items():
        passed = choice == settings.force or _weighted(other, _exceeding(other, seed))
        if not passed and (made := pool_if_any(other, settings.pool)):
            forces[choice] = made
    return Asked(forces, pools, tuple(name for name in question.origins if name not in exceeding), settings)


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


def pool_if_any(question: Question, rule: str) -> Pooling | None:
    """The pool of a question, if its origins have ground for it."""
    try:
        return pooling(question, rule)
    except InputError:
        return None


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
