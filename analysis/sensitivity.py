"""
What the answer depends on among its inputs: the force, the wounded per killed, each counted figure, and who is right.

Everything here is about casualties over force, and the first of it about the killed over force as well. Three questions
are asked of the same model:

inputs   how much of the variance comes from each input: Sobol indices (`analysis.shares`)
without  what the pool says without one of its origins (`analysis.without`)
worth    how wide the interval is expected to be once one input were known exactly (`analysis.worth`)

and one of its data: the killed share beside a reference class (`analysis.killed_share`).

>>> found = analyse(Settings())
>>> max(found.inputs.rows, key=lambda one: one.total).input.label
'which origin is right'
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

from analysis.asked import ask
from analysis.inputs import prepare
from analysis.killed_share import KilledShares, killed_shares
from analysis.model import Question
from analysis.settings import Settings, scrambles
from analysis.shares import Shares, variance_shares
from analysis.without import Without, without_each
from analysis.worth import Worth, worth_of_inputs

__all__ = ["Sensitivity", "analyse"]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """
    What the answer depends on among its inputs.

    Parameters
    ----------
    settings : Settings
    inputs, killed : Shares
        Of casualties over force, and of the killed over it; rows in the same order.
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
    killed: Shares
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
    asked = ask(inputs.questions[settings.force], settings.pool, scrambles(settings)[0])
    in_use = replace(asked, question=_weighted(asked.question))
    together, *without = without_each(settings, inputs, in_use, executor=executor)
    return Sensitivity(
        settings,
        variance_shares(settings, inputs, in_use, executor=executor),
        variance_shares(settings, inputs, in_use, quantity="killed_ratio", executor=executor),
        together,
        tuple(without),
        worth_of_inputs(settings, inputs, in_use, executor=executor),
        killed_shares(settings, inputs, executor=executor),
    )


def _weighted(question: Question) -> Question:
    """The question of the origins with weight, these adding to 1: what has none is no input of the answer."""
    total = sum(question.weights.values())
    weights = {name: weight / total for name, weight in question.weights.items() if weight > 0}
    return replace(question, origins={name: question.origins[name] for name in weights}, weights=weights)
