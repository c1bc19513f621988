"""
An input made exact: the values that it may have, each with its probability and the question that it leaves.

>>> from analysis.distributions import Uniform, as_table
>>> force, casualties = as_table(Uniform(500.0, 1000.0)), Uniform(0.0, 320.0)
>>> question = Question({"NIS": {"casualties": casualties}}, {"NIS": 1.0}, Uniform(2.0, 4.0), force)
>>> [round(case.value, 6) for case in column_known(question, 2).cases[:3]]
[5.0, 15.0, 25.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.distributions import Distribution, FloatArray, Mixture, Tabulated, point, tabulate
from analysis.model import Question, needs_ratio

__all__ = ["NODES", "Case", "Known", "column_known", "figure_places", "origin_known", "size_known"]

# Values that an input may have, equally likely, to average over what it would show if it were known.
NODES = 32
_FINE = 32  # parts of a node, whose mean it is


@dataclass(frozen=True, slots=True)
class Case:
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

    cases: tuple[Case, ...]


def column_known(question: Question, column: int) -> Known:
    """
    A column of `model.draw` made exact: 0 is the force, 1 is R, then each figure in the order of the origins.

    What one origin counts is made exact for that origin alone: in the pool the others still say what they say.
    """
    if column == 0:
        return size_known(question, (question.force,), 0)
    if column == 1:
        users = tuple(name for name, given in question.origins.items() if needs_ratio(given))
        if not users:  # casualties are given, and R does no more than split them
            return Known((Case(1.0, question),))
        values = _nodes(question.wounded_per_killed)
        given = [replace(question, wounded_per_killed=point(value)) for value in values]
    else:
        name, quantity = figure_places(question)[column - 2]
        users, values = (name,), _nodes(question.origins[name][quantity])
        given = [
            replace(question, origins={**question.origins, name: {**question.origins[name], quantity: point(value)}})
            for value in values
        ]
    cases = zip(given, values, strict=True)
    return Known(tuple(Case(1 / NODES, one, users, column, float(value)) for one, value in cases))


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
        cases.append(Case(1 / NODES, replace(question, force=force), tuple(question.origins)))
    return Known(tuple(cases))


def origin_known(question: Question) -> Known:
    """Which origin is right made exact: each alone, as probable as its weight."""
    return Known(
        tuple(
            Case(weight, replace(question, weights={one: float(one == name) for one in question.weights}))
            for name, weight in question.weights.items()
            if weight > 0
        )
    )


def figure_places(question: Question) -> list[tuple[str, str]]:
    """Origin and quantity of each figure, in the order of the columns."""
    return [(name, quantity) for name, given in question.origins.items() for quantity in sorted(given)]


def _nodes(distribution: Distribution) -> FloatArray:
    """
    The means of `NODES` equally likely parts of a distribution, so that an average over them has the right mean.

    Examples
    --------
    >>> from analysis.distributions import Uniform
    >>> _nodes(Uniform(0.0, 32.0))[:3]
    array([0.5, 1.5, 2.5])
    """
    p = (np.arange(NODES * _FINE) + 0.5) / (NODES * _FINE)
    return distribution.ppf(p).reshape(NODES, _FINE).mean(axis=1)


def _mixed(parts: tuple[Distribution, ...]) -> Tabulated:
    mixture = Mixture(parts, (1 / len(parts),) * len(parts))
    return tabulate(mixture, mixture.nodes())  # not `as_table`, which would keep it
