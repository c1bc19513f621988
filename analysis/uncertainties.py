"""
What is uncertain in an answer, kind by kind: what is in its ranges, what is not, and what that comes to in all.

The kinds are those of EFSA's guidance on uncertainty (2018). Refused: a list without one of them.

>>> sorted({one.treatment for one in read_uncertainties().each})
['judged', 'not covered', 'quantified']
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analysis.dependence import Dependence
from analysis.displays import Table
from analysis.pipeline import Results
from analysis.prose import Prose
from analysis.summary import percent

__all__ = [
    "DIRECTIONS",
    "KINDS",
    "TREATMENTS",
    "Uncertainties",
    "Uncertainty",
    "listed",
    "overall",
    "read_uncertainties",
]

KINDS = (
    *("ambiguity", "accuracy", "sampling", "missing data", "missing studies", "assumptions", "statistical model"),
    *("extrapolation", "other", "model structure", "dependencies", "expert judgement", "combination"),
)
TREATMENTS = ("quantified", "judged", "not covered")
DIRECTIONS = ("higher", "lower", "either way")

_UNCERTAINTIES = Path(__file__).parent / "data" / "uncertainties.toml"


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """
    One thing that is uncertain.

    Parameters
    ----------
    kind : str
        Of `KINDS`.
    what, note : str
    treatment : str
        Of `TREATMENTS`.
    direction : str
        Of `DIRECTIONS`: how losses would come out if it were known.
    size : str
        A class of size, judged; empty where ``measured`` names the choice that a run measures it by.
    measured : str
    """

    kind: str
    what: str
    treatment: str
    direction: str
    note: str
    size: str = ""
    measured: str = ""


@dataclass(frozen=True, slots=True)
class Uncertainties:
    """All of them; the classes of size, rising; and the judged probability that the truth lies outside the ranges."""

    each: tuple[Uncertainty, ...]
    sizes: Mapping[str, float]
    outside: float
    reason: str

    def size(self, moved: float) -> str:
        """The class of a share by which the centre moves."""
        return next((name for name, most in self.sizes.items() if moved <= most), "large")


@lru_cache(maxsize=1)
def read_uncertainties() -> Uncertainties:
    """
    The content of uncertainties.toml.

    Raises
    ------
    ValueError
        If a kind of EFSA is missing, or a field holds none of its words.
    """
    tables = tomllib.loads(_UNCERTAINTIES.read_text(encoding="utf-8"))
    each = tuple(Uncertainty(**one) for one in tables["uncertainty"])
    if missing := set(KINDS) - {one.kind for one in each}:
        raise ValueError(f"{_UNCERTAINTIES.name} has no uncertainty of kind {', '.join(sorted(missing))}")
    sizes = tables["sizes"]
    for one in each:
        for name, got, known in (
            ("kind", one.kind, KINDS),
            ("treatment", one.treatment, TREATMENTS),
            ("direction", one.direction, DIRECTIONS),
            ("size", one.size or "large", (*sizes, "large")),
        ):
            if got not in known:
                raise ValueError(f"{_UNCERTAINTIES.name}: {name} is {got!r}, expected one of {', '.join(known)}")
        if bool(one.size) == bool(one.measured):
            raise ValueError(f"{_UNCERTAINTIES.name}: {one.what!r} needs either a size or what it is measured by")
    return Uncertainties(each, sizes, **tables["overall"])


def listed(found: Dependence) -> Table:
    """Every uncertainty: whether it is in the ranges, how the losses would come out, and how far the centre moves."""
    known = read_uncertainties()
    headings = ("what is uncertain", "kind", "in the ranges", "losses would be", "effect on the centre", "note")
    rows = tuple(
        (one.what, one.kind, one.treatment, one.direction, _effect(one, known, found), one.note)
        for treatment in reversed(TREATMENTS)
        for one in known.each
        if one.treatment == treatment
    )
    return Table(headings, rows, ("left",) * len(headings))


def _effect(one: Uncertainty, known: Uncertainties, found: Dependence) -> str:
    """The class of size: judged, or measured by what the choices do."""
    if not one.measured:
        return f"{one.size} (judged)"
    moved = _moved(one.measured, found)
    return "no other choice has an answer" if moved is None else f"{known.size(moved)} (measured: {_percent(moved)})"


def _percent(moved: float) -> str:
    return "nothing" if moved < 1e-9 else f"up to {percent(moved)}" if moved <= 0.99 else f"up to {1 + moved:.1f} times"


def _moved(choice: str, found: Dependence) -> float | None:
    """By what share of itself the centre moves at most, if the choice is made otherwise; ``None`` without an answer."""
    now = found.results.estimate("casualties_ratio").median
    moves = [
        abs(one.difference) / now
        for one in found.choices.alternatives()
        if one.choice.name == choice and not one.specification.used and one.difference is not None
    ]
    return max(moves, default=None)


def overall(results: Results) -> Prose:
    """What all of it comes to, what is not in the ranges included: a judgement, and said to be one."""
    known, level = read_uncertainties(), results.settings.level
    return Prose(
        (
            f"Overall: an interval of {100 * level:g} % holds the true value with that probability only if the claims "
            f"are read rightly and nothing else is wrong. We judge the probability that something outside the ranges "
            f"has put the truth outside them to be {percent(known.outside)}, so that the interval holds it with about "
            f"{percent(level * (1 - known.outside))}: {known.reason}.",
            f"An effect is small where the centre moves by up to {percent(known.sizes['small'])} of itself, moderate "
            f"up to {percent(known.sizes['moderate'])}, large beyond.",
        ),
        tags=("judgement",),
    )
