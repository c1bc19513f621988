"""
Gates: what keeps an edition from being published without a mark.

An edition that meets a gate is a draft: it is made, marked on every page and in the index, and says why. A person who
has looked at it may approve it, except where the numbers themselves are unsound.

>>> Gate("age", "the newest claim is 40 days old on 2025-02-01; drafts begin after 30 days (--max-age)").approvable
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from analysis.summary import Estimate

if TYPE_CHECKING:
    from analysis.changes import Comparison

__all__ = ["MAX_AGE", "REJECTED", "Gate", "gates"]

# Days between the newest claim and the day of the edition. Judgement: twice the window of an out-of-date figure.
MAX_AGE = 30
# Share of the draws whose casualties exceed the force: beyond it, claims and force hardly fit. Judgement.
REJECTED = 0.05
# Killed + wounded = casualties and casualties <= force, as shares of a soldier; the model keeps both exactly.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Gate:
    """
    One gate that was met.

    Parameters
    ----------
    name : str
        age, jump, rejected, sampling or identity.
    reason : str
        One line.
    """

    name: str
    reason: str

    @property
    def approvable(self) -> bool:
        """Whether a person may approve it: what is a matter of evidence, and not of sound numbers."""
        return self.name in {"age", "jump", "rejected"}


def gates(record: Mapping[str, object], comparison: Comparison | None, *, max_age: int) -> tuple[Gate, ...]:
    """
    The gates that an edition meets.

    Parameters
    ----------
    record : mapping
        What results.json holds.
    comparison : Comparison or None
        With the last edition that was no draft; ``None`` for the first.
    max_age : int
        Days that the newest claim may be old on the edition's day.
    """
    return tuple(_met(record, comparison, max_age))


def _met(record: Mapping[str, object], comparison: Comparison | None, max_age: int) -> Iterator[Gate]:
    day = str(record["settings"]["as_of"])
    published = max(claim["published"] for claim in record["claims"] if claim["published"] <= day)
    age = (date.fromisoformat(day) - date.fromisoformat(published)).days
    if age > max_age:
        yield Gate("age", f"the newest claim is {age} days old on {day}; drafts begin after {max_age} days (--max-age)")
    if comparison is not None and _jumped(comparison):
        before, after = (one.text(0.5, digits=2) for one in (comparison.before, comparison.after))
        yield Gate(
            "jump",
            f"the answer moved from {before} to {after} (50 % interval) since {comparison.edition} without a new claim",
        )
    if record["kept"] < 1 - REJECTED:
        yield Gate("rejected", f"in {100 * (1 - record['kept']):.0f} % of the draws casualties exceed the force")
    convergence = record["convergence"]
    if not convergence["reached"]:
        yield Gate(
            "sampling",
            f"sampling stopped at {convergence['replicates'] * convergence['points']} draws before "
            f"{convergence['slowest']} was stable; raise --max-draws",
        )
    if record["violation"] > _ROUNDING:
        yield Gate(
            "identity", f"killed + wounded = casualties, or casualties <= force, fails by {record['violation']:g}"
        )


def _jumped(comparison: Comparison) -> bool:
    """
    Whether the centre left the 50 % interval of the last edition, or the last centre that of this one, with no reason.

    A claim that came is a reason where it is counted.
    """
    return not any(one.counted for one in comparison.came) and (
        _outside(comparison.after.median, comparison.before) or _outside(comparison.before.median, comparison.after)
    )


def _outside(value: float, estimate: Estimate) -> bool:
    half = estimate.interval(0.5)
    return not half.low <= value <= half.high
