"""
The public record on a day: which claims are an origin's own, which are copies, and how each copy drifted.

An *utterance* is a claim that an origin made, with every copy that rests on it, through however many hands. Nothing
is estimated here: the numbers are those of the wordings. Refused: a claim that is neither shown as counted nor
with the reason why not.

>>> record = read_record("public-record", as_of="2026-02-14", quantity="wounded")
>>> first = record.utterances[0]
>>> first.original.claim.wording, [copy.one.claim.wording for copy in first.copies][:2]
('approximately 1,000', ['nearly 1,000', 'more than 1,000'])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from analysis.claims import Claim, Register, Source, parse_date, read_register
from analysis.errors import InputError
from analysis.evidence import (
    CORRELATION,
    WINDOW,
    ReadClaim,
    effective_number,
    force_readings,
    read_claims,
    reasons,
    size_reasons,
)
from analysis.lexicon import Kind

__all__ = [
    "ALL",
    "Copy",
    "Entry",
    "OriginRecord",
    "Record",
    "Standing",
    "Utterance",
    "read_record",
    "record_of",
]

ALL = "all"
Standing = Literal["original", "context", "relay", "restatement", "variant", "mutation", "stale"]
_COPIES: tuple[Standing, ...] = ("variant", "mutation", "stale")  # roles; a relation makes the others
_PARTS = ("killed", "wounded")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A published claim and its place in the record.

    Parameters
    ----------
    one : ReadClaim
    standing : Standing
        Original: the origin's own figure. Context: shown beside. The others are copies.
    left_out : str
        Why the claim is not counted on this day; empty if it is.
    used : str
        What it is counted as: "loss", or a size of the force like "deployed"; empty if it is not.
    """

    one: ReadClaim
    standing: Standing
    left_out: str
    used: str

    @property
    def is_copy(self) -> bool:
        """Whether another claim stands behind this one."""
        return self.standing not in ("original", "context")


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A claim that repeats another, and what it changed.

    Parameters
    ----------
    one : ReadClaim
    standing : Standing
    original : ReadClaim or None
        The claim that it is compared with; ``None`` if the register knows none.
    summed : bool
        Whether it is compared with the sum of an origin's killed and wounded.
    before, after : float or None
        The figure of the original and of the copy, soldiers or a share: the number stated, else the middle of the
        reading, else ``None``.
    newer : ReadClaim or None
        What the original's origin had said of the same quantity before the copy was printed, if it had said more.
    """

    one: ReadClaim
    standing: Standing
    original: ReadClaim | None
    summed: bool = False
    before: float | None = None
    after: float | None = None
    newer: ReadClaim | None = None

    @property
    def quantity(self) -> tuple[str, str] | None:
        """Original's quantity and copy's, if they differ; a sum of killed and wounded is what it says it is."""
        if self.original is None or self.summed or self.original.claim.quantity == self.one.claim.quantity:
            return None
        return self.original.claim.quantity, self.one.claim.quantity

    @property
    def bound(self) -> tuple[Kind, Kind] | None:
        """Original's kind of bound and copy's, if they differ; a sum of two bounds has none of its own."""
        if self.original is None or self.summed or self.original.wording.kind == self.one.wording.kind:
            return None
        return self.original.wording.kind, self.one.wording.kind

    @property
    def number(self) -> tuple[float | None, float | None] | None:
        """Original's figure and copy's, if they differ."""
        return None if self.original is None or self.before == self.after else (self.before, self.after)

    @property
    def origin(self) -> tuple[str, str] | None:
        """Original's origin and copy's, if they differ."""
        if self.original is None or self.original.claim.origin == self.one.claim.origin:
            return None
        return self.original.claim.origin, self.one.claim.origin

    @property
    def days(self) -> int | None:
        """Days from the day that the original describes to the day that the copy was printed."""
        return None if self.original is None else (self.one.claim.published - self.original.claim.as_of).days

    @property
    def drifted(self) -> bool:
        """Whether the number, the bound or the quantity is another."""
        return any(change is not None for change in (self.quantity, self.bound, self.number))


@dataclass(frozen=True, slots=True)
class Utterance:
    """A claim and its copies, in order of publication."""

    original: ReadClaim
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class OriginRecord:
    """
    An origin in the record.

    Parameters
    ----------
    name : str
    source : Source
    originals : int
        How many of its claims are its own figures; words without a number are none.
    outlets : mapping of str to int
        How many claims each outlet printed, in order of the first.
    """

    name: str
    source: Source
    originals: int
    outlets: Mapping[str, int]

    @property
    def prints(self) -> int:
        """How many claims are said to come from it."""
        return sum(self.outlets.values())


@dataclass(frozen=True, slots=True)
class Record:
    """
    What had been published by a day about a quantity.

    Parameters
    ----------
    register : Register
    as_of : date
    quantity : str
        One of the register's, or "all".
    entries : tuple of Entry
        Claims of the quantity, in order of publication.
    utterances : tuple of Utterance
        Those of which the original or a copy is about the quantity: most copies first, then the latest.
    strays : tuple of Copy
        Copies of the quantity whose original the register does not hold.
    origins : tuple of OriginRecord
        Most prints first.
    later : int
        Claims of the quantity that were published after the day.
    """

    register: Register
    as_of: date
    quantity: str
    entries: tuple[Entry, ...]
    utterances: tuple[Utterance, ...]
    strays: tuple[Copy, ...]
    origins: tuple[OriginRecord, ...]
    later: int

    @property
    def copies(self) -> tuple[Copy, ...]:
        """Every copy, in order of publication."""
        found = [copy for utterance in self.utterances for copy in utterance.copies]
        return tuple(sorted([*found, *self.strays], key=lambda copy: _order(copy.one)))

    @property
    def speaking(self) -> tuple[OriginRecord, ...]:
        """The origins with a figure of their own."""
        return tuple(origin for origin in self.origins if origin.originals)

    def effective_number(self, correlation: float = CORRELATION) -> float:
        """To how many independent origins those that speak amount; see `evidence.effective_number`."""
        streams = [origin.source.stream for origin in self.speaking]
        return effective_number(streams, correlation=correlation) if streams else 0.0


def read_record(register: str | Path, *, as_of: str | date, quantity: str = ALL, window: int = WINDOW) -> Record:
    """
    Read a register and say what it holds on a day about a quantity.

    Parameters
    ----------
    register : str or Path
        A name like ``public-record``, or a path to a CSV file.
    as_of : str or date
        Claims published later are not known yet.
    quantity : str
        One of the register's, or "all".
    window : int
        Days after which a figure is out of date beside a newer one, as an estimate counts.

    Raises
    ------
    InputError
        If the register is not sound, the date or the window is none, the quantity is not in the register, or nothing
        of it was published by then.

    Examples
    --------
    >>> record = read_record("public-record", as_of="2024-12-20", quantity="wounded")
    >>> len(record.entries), record.later, record.effective_number()
    (9, 6, 1.5)
    """
    try:
        day = parse_date(str(as_of))
    except ValueError:
        raise InputError(f"as_of is {as_of!r}, expected a date like 2024-12-19") from None
    if not isinstance(register, str | Path) or not str(register):
        raise InputError(f"register is {register!r}, expected a name like public-record or the path of a .csv file")
    if type(window) is not int or window < 0:
        raise InputError(f"window is {window!r}, expected a number of days, like {WINDOW}")
    found = read_register(register)
    return record_of(read_claims(found), register=found, as_of=day, quantity=quantity, window=window)


def record_of(
    claims: Iterable[ReadClaim], *, register: Register, as_of: date, quantity: str = ALL, window: int = WINDOW
) -> Record:
    """The same from claims that are read already, in any order."""
    ordered = sorted(claims, key=_order)
    known = {one.claim.quantity for one in ordered}
    if quantity not in (ALL, *known):
        names = ", ".join((ALL, *sorted(known)))
        raise InputError(f"quantity is {quantity!r}, expected one of {names}")
    wanted = [one for one in ordered if quantity in (ALL, one.claim.quantity)]
    published = [one for one in ordered if one.claim.published <= as_of]
    shown = [one for one in wanted if one.claim.published <= as_of]
    if not shown:
        what = "claim" if quantity == ALL else f"claim about the {quantity.replace('_', ' ')}"
        first = min(one.claim.published for one in wanted)
        raise InputError(f"no {what} was published on or before {as_of}; the first is of {first}")
    family = _Family(published)
    left_out, used = _use(published, register, as_of, window)
    entries = tuple(
        Entry(one, family.standing(one), left_out.get(one.claim.id, ""), used.get(one.claim.id, "")) for one in shown
    )
    utterances, strays = _utterances(published, family, quantity)
    origins = _origins(entries, register)
    return Record(register, as_of, quantity, entries, utterances, strays, origins, len(wanted) - len(shown))


def _order(one: ReadClaim) -> tuple[date, date, str]:
    """By the day of print; on one day, by the day described and the id."""
    return one.claim.published, one.claim.as_of, one.claim.id


class _Family:
    """What rests on what, among the claims published by a day."""

    def __init__(self, published: Iterable[ReadClaim]) -> None:
        self.published = tuple(published)
        self.by_id = {one.claim.id: one for one in self.published}

    def parents(self, one: ReadClaim) -> tuple[ReadClaim, ...]:
        """The published claims that a claim rests on; an origin stands for its latest own figure until then."""
        found = []
        for name in one.claim.rests_on:
            if name in self.by_id:
                found.append(self.by_id[name])
            elif latest := self._latest(name, one.claim):
                found.append(latest)
        return tuple(found)

    def _latest(self, origin: str, claim: Claim) -> ReadClaim | None:
        own = [
            one
            for one in self.published
            if (one.claim.origin, one.claim.quantity) == (origin, claim.quantity)
            and one.claim.relation == "original"
            and one.claim.role not in _COPIES
            and one.claim.published <= claim.published
            and one.claim.id != claim.id
        ]
        return max(own, key=lambda one: (one.claim.as_of, one.claim.published, one.claim.id), default=None)

    def standing(self, one: ReadClaim) -> Standing:
        """A restatement of what the register does not hold is all that is known: it stands as an original."""
        claim = one.claim
        if claim.role in (*_COPIES, "context"):
            return claim.role
        if claim.relation == "original" or not self.parents(one):
            return "original"
        return "restatement" if claim.relation == "restates" else "relay"

    def roots(self, one: ReadClaim) -> tuple[ReadClaim, ...]:
        """The claims that are no copies behind a copy, through however many hands; of another, itself."""
        if self.standing(one) in ("original", "context"):
            return (one,)
        found = [root for parent in self.parents(one) for root in self.roots(parent)]
        return tuple({root.claim.id: root for root in found}.values())

    def newer(self, original: ReadClaim, printed: date) -> ReadClaim | None:
        """The last figure of the same origin and quantity, printed before a day, of a day after the original's."""
        said = original.claim
        later = [
            one
            for one in self.published
            if (one.claim.origin, one.claim.quantity, one.claim.mode) == (said.origin, said.quantity, said.mode)
            and one.claim.published < printed
            and one.claim.as_of > said.as_of
            and self.standing(one) == "original"
        ]
        return max(later, key=lambda one: (one.claim.as_of, one.claim.published, one.claim.id), default=None)

    def copy(self, one: ReadClaim) -> Copy:
        """A copy beside what it is compared with: the same quantity, else its parts, else the first that it names."""
        roots, standing = self.roots(one), self.standing(one)
        same = [root for root in roots if root.claim.quantity == one.claim.quantity]
        parts = [root for root in roots if root.claim.quantity in _PARTS]
        if not roots:
            return Copy(one, standing, None)
        summed = not same and one.claim.quantity == "casualties" and [p.claim.quantity for p in parts] == [*_PARTS]
        original = next(iter(same or parts or roots))
        before = _said(original)
        if summed:
            numbers = [_said(part) for part in parts]
            before = None if None in numbers else sum(numbers)
        return Copy(one, standing, original, summed, before, _said(one), self.newer(original, one.claim.published))


def _said(one: ReadClaim) -> float | None:
    """The number stated, else the middle of the reading."""
    if one.wording.stated is not None:
        return one.wording.stated
    quantiles = one.wording.quantiles()
    return None if quantiles is None else float(quantiles[2])


def _utterances(
    published: Iterable[ReadClaim], family: _Family, quantity: str
) -> tuple[tuple[Utterance, ...], tuple[Copy, ...]]:
    """Each claim that is no copy with its copies; and the copies without one."""
    originals: dict[str, ReadClaim] = {}
    copies: dict[str, list[Copy]] = {}
    strays = []
    for one in published:
        if family.standing(one) in ("original", "context"):
            originals[one.claim.id] = one
            continue
        copy = family.copy(one)
        if copy.original is not None:
            copies.setdefault(copy.original.claim.id, []).append(copy)
        elif quantity in (ALL, one.claim.quantity):
            strays.append(copy)
    found = [Utterance(one, tuple(copies.get(name, ()))) for name, one in originals.items()]
    about = [
        utterance
        for utterance in found
        if quantity in (ALL, utterance.original.claim.quantity)
        or quantity in [copy.one.claim.quantity for copy in utterance.copies]
    ]
    about.sort(key=lambda utterance: _order(utterance.original), reverse=True)
    about.sort(key=lambda utterance: -len(utterance.copies))
    return tuple(about), tuple(strays)


def _use(
    published: list[ReadClaim], register: Register, as_of: date, window: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Why each claim is left out, and what each other one is counted as; by id."""
    left_out = reasons(published, as_of=as_of, window=window)
    used = {one.claim.id: "loss" for one in published if one.claim.id not in left_out}
    for choice, force in force_readings(published, register=register, as_of=as_of, window=window).items():
        for one in force.claims:
            sizes = [used[one.claim.id]] if one.claim.id in used else []
            used[one.claim.id] = ", ".join([*sizes, choice])
            left_out.pop(one.claim.id, None)
    sizes_left = size_reasons(published, register=register, as_of=as_of, window=window)
    left_out |= {name: sizes_left[name] for name in left_out.keys() & sizes_left.keys()}
    return left_out, used


def _origins(entries: Iterable[Entry], register: Register) -> tuple[OriginRecord, ...]:
    outlets: dict[str, Counter[str]] = {}
    own: Counter[str] = Counter()
    for entry in entries:
        claim = entry.one.claim
        outlets.setdefault(claim.origin, Counter())[claim.outlet] += 1
        own[claim.origin] += entry.standing == "original" and entry.one.wording.distribution is not None
    found = [OriginRecord(name, register.sources[name], own[name], dict(of)) for name, of in outlets.items()]
    return tuple(sorted(found, key=lambda origin: (-origin.prints, origin.name)))
