"""
Whether a register is sound: every fault of it at once, and apart from those what an analyst should look at.

A *fault* is an error: a run refuses the register. It is what cannot be true of any sound register: a field that holds
nothing it may hold, a circle, a wording that no rule reads, a counted row whose words count another quantity than its
column. A *caution* is a warning and stops nothing, because only a reader of the sources can decide it:

echo      the number that another origin gave within `ECHO_DAYS`, or that the same origin gave before. Two services may
          well arrive at the same number, so the claim counts until somebody says in the register that it is an echo.
sum       killed and wounded of one utterance do not make its casualties, or a part is larger than the whole; or they
          do not fit the origin's own total of `NEARBY_DAYS` around. Speakers do round, and outlets do mistake.
entered   the number of casualties stands in a row of killed or of wounded, of the same utterance or of any origin
          within `ECHO_DAYS`. All may have died, so it is no error.
words     a row that is shown and never counted has words that count another quantity: often that is why it is shown;
          or words count the dead among the wounded ("1,000 injured including 100 dead"), or the missing among the
          casualties.
unit      a number of another kind than its quantity: soldiers in a row of casualty_ratio, a share in a row of soldiers
          that rests on no other claim, 0 as the size of a force.
force     a loss larger than every size of the force that had been published by its day.
order     a counted relay printed before what it passes on; any other before the day of what it says again.
twice     two different figures of one origin, quantity and day: only one of them counts, the last by id.
alone     a relay of its own origin, of which the register has no original figure.
formula   a cell that a spreadsheet would run as a formula. It is text here.
example   the row that ``casualty-report new`` wrote is still there.

Refused: a pair compared with every other. Each check sorts or looks up, O(n log n).

>>> check("seed").sound
True
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from analysis.claims import COUNTING_ROLES, Claim, Register, read_draft
from analysis.errors import Fault, InputError, shown
from analysis.evidence import LOSSES, ReadClaim, named_otherwise, read_each

__all__ = ["ECHO_DAYS", "EXAMPLE_ID", "NEARBY_DAYS", "Caution", "Checked", "cautions", "check"]

# How long a number of one origin is likely to come back from another: the window of the specification.
ECHO_DAYS = 60
# How far an origin's own total may lie from its killed and wounded to be compared with them: one news cycle. Over
# weeks the totals themselves grow.
NEARBY_DAYS = 7
# The most by which killed and wounded may miss the casualties, in parts of these, however coarsely all three are
# rounded. Dead that are counted twice show as an excess of the killed share, which is 9 to 13 % in the figures of
# South Korea's service; half of the least of them still tells the two apart.
SUM_TOLERANCE = 0.05

EXAMPLE_ID = "example"

Kind = Literal["echo", "sum", "entered", "words", "unit", "force", "order", "twice", "alone", "formula", "example"]


@dataclass(frozen=True, slots=True)
class Caution:
    """
    What an analyst should look at; it stops nothing.

    Parameters
    ----------
    claim : Claim
        The row to look at.
    kind : Kind
        As the module lists them.
    told : str
        What does not go together, with both numbers.
    others : tuple of Claim
        The rows to compare with.
    """

    claim: Claim
    kind: Kind
    told: str
    others: tuple[Claim, ...] = ()

    @property
    def message(self) -> str:
        """The line that a user reads."""
        return f"{self.claim.where}: {self.told}"

    def record(self) -> dict[str, object]:
        """The parts and the message, for JSON."""
        others = [{"file": one.file, "line": one.line, "id": one.id} for one in self.others]
        place = {"file": self.claim.file, "line": self.claim.line}
        return {**place, "kind": self.kind, "message": self.message, "other": others}


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What checking a register has found.

    Parameters
    ----------
    name : str
    claims, origins : int
        How many were read.
    faults : tuple of Fault
        Errors: a run refuses the register.
    cautions : tuple of Caution
        Warnings.
    """

    name: str
    claims: int
    origins: int
    faults: tuple[Fault, ...]
    cautions: tuple[Caution, ...]

    @property
    def sound(self) -> bool:
        """Whether a run takes the register."""
        return not self.faults

    def summary(self) -> str:
        """One line: what was read, and whether it is sound."""
        state = "sound" if self.sound else "not sound"
        return f"{self.name}: {_number(self.claims, 'claim')} of {_number(self.origins, 'origin')}, {state}"

    def counts(self) -> str:
        """One line: how many errors and warnings there are."""
        return f"{_number(len(self.faults), 'error')}, {_number(len(self.cautions), 'warning')}"

    def to_json(self) -> str:
        """All of it, for machines."""
        document = {
            "register": self.name,
            "sound": self.sound,
            "claims": self.claims,
            "origins": self.origins,
            "errors": [fault.record() for fault in self.faults],
            "warnings": [caution.record() for caution in self.cautions],
        }
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def check(register: str | Path) -> Checked:
    """
    Find all that is wrong with a register, its sources and its wordings, and all that an analyst should look at.

    Parameters
    ----------
    register : str or Path
        A name like ``seed``, or a path to a CSV file with a ``sources.toml`` beside it.
    """
    try:
        draft = read_draft(register)
    except InputError as error:
        expected = "a path to a .csv file"
        faults = tuple(Fault("", None, "register", str(register), expected, told=told) for told in error.faults)
        return Checked(Path(register).stem, 0, 0, faults, ())
    found: Register = draft.register
    read, unread = read_each(found.claims, register=found)
    # What a damaged row has kept is checked in the same way, as far as it goes.
    kept = [row.claim for row in draft.damaged if row.doubtful.isdisjoint(("wording", "quantity", "role"))]
    _, unread_too = read_each(kept, register=found)
    told = {fault.table for fault in unread if fault.table}
    merged = [*draft.faults, *unread, *(fault for fault in unread_too if fault.table not in told)]
    files = {name: at for at, name in enumerate(dict.fromkeys(fault.file for fault in merged))}
    faults = sorted(merged, key=lambda fault: (files[fault.file], fault.line or 0))
    origins = len({claim.origin for claim in found.claims})
    rows = len(found.claims) + len(draft.damaged)
    return Checked(found.name, rows, origins, tuple(faults), cautions(read))


def cautions(claims: Iterable[ReadClaim]) -> tuple[Caution, ...]:
    """All warnings about claims, in the order of files and lines."""
    figures = [_Figure.of(one) for one in claims]
    found = [
        *_rows_to_look_at(figures),
        *_units(figures),
        *_larger_than_the_force(figures),
        *_relays(figures),
        *_twice(figures),
        *_echoes(figures),
        *(entered := [*_entered(figures)]),
    ]
    told = {one.claim.id for one in entered}
    found += [one for one in _sums(figures) if one.kind == "sum" or one.claim.id not in told]
    return tuple(sorted(found, key=lambda one: (one.claim.file.endswith("-context.csv"), one.claim.line)))


@dataclass(frozen=True, slots=True)
class _Figure:
    """
    A claim and the number that its words state.

    ``number`` is ``None`` for words without one, shares and rates; ``said`` is what two claims can have said alike:
    the numbers of the words, or the rule of a ``vague`` word like "several hundred". It is empty where there is none.
    """

    claim: Claim
    number: float | None
    said: tuple[object, ...]
    vague: bool
    words: ReadClaim

    @classmethod
    def of(cls, one: ReadClaim) -> _Figure:
        reading = one.wording
        plain = not reading.percent and not reading.rate
        numbers = sorted({n for n in (reading.low, reading.best, reading.high) if n is not None})
        stated: list[object] = [*numbers]
        if not numbers and reading.distribution is not None:
            stated = [reading.rule]
        said = (reading.percent, reading.rate, *stated) if stated else ()
        return cls(one.claim, reading.stated if plain else None, said, not numbers, one)

    @property
    def counted(self) -> bool:
        return self.claim.role in COUNTING_ROLES

    @property
    def quoted(self) -> str:
        """The figure and where it stands, as warnings name it."""
        return f"{shown(self.claim.wording)} ({self.claim.id}, line {self.claim.line})"


# A cell that begins so is run by spreadsheets; a number with its sign is not.
_FORMULA = re.compile(r"[=@]|[+-](?!\s*[\d.,\s]*%?$)")
_CELLS = ("wording", "scope", "speaker", "origin", "outlet", "note")


def _rows_to_look_at(figures: Iterable[_Figure]) -> Iterator[Caution]:
    """What a row shows alone."""
    for one in figures:
        claim = one.claim
        for name in _CELLS:
            value = getattr(claim, name)
            if value[:1] in "=@+-" and _FORMULA.match(value):
                told = f"{name} is {shown(value)}, which a spreadsheet would run as a formula; it stays text here"
                yield Caution(claim, "formula", told)
        if not one.counted and (named := named_otherwise(claim, one.words.wording)):
            yield Caution(claim, "words", f"quantity is {claim.quantity!r} in a row that is only shown, not {named}")
        parts = {"wounded": "killed", "killed": "wounded"}.get(claim.quantity)
        if claim.quantity in one.words.wording.counts and parts in one.words.wording.parts:
            told = f"wording is {shown(claim.wording)}, which counts {parts} among the {claim.quantity}"
            yield Caution(claim, "words", f"{told}; the figure may be of casualties")
        counts = one.words.wording.counts
        if claim.quantity == "casualties" and (others := [name for name in ("missing", "captured") if name in counts]):
            told = f"wording is {shown(claim.wording)}, which counts {' and '.join(others)} among the casualties"
            yield Caution(claim, "words", f"{told}; killed and wounded alone may be fewer")
        if claim.id == EXAMPLE_ID:
            told = "id is 'example': the row that a new register begins with; put a claim of your own in its place"
            yield Caution(claim, "example", told)


def _units(figures: list[_Figure]) -> Iterator[Caution]:
    """Numbers of another kind than the quantity of their row."""
    ids = {one.claim.id for one in figures}
    for one in figures:
        claim, wording = one.claim, one.words.wording
        named = f"{claim.quantity} is {shown(claim.wording)}"
        if claim.quantity == "casualty_ratio":
            if one.said and not wording.percent:
                yield Caution(claim, "unit", f"{named}, a number of soldiers; a ratio is a share, like 40%")
        elif wording.percent and ids.isdisjoint(claim.rests_on):
            told = f"{named}, a share; rests_on should name the claim of which it is a share"
            yield Caution(claim, "unit", told)
        elif claim.quantity in _SIZES and one.counted and one.number == 0:
            yield Caution(claim, "unit", f"{named}; a force of 0 is no denominator")


_SIZES = ("deployed", "engaged")
_TOTALS = ("cumulative", "stock")


def _larger_than_the_force(figures: list[_Figure]) -> Iterator[Caution]:
    """Losses above every size of the force, forecasts included, that had been published by the day of the claim."""
    largest: list[_Figure] = []  # so far, by day
    for one in sorted(figures, key=lambda one: one.claim.published):
        if one.claim.quantity in _SIZES and one.number and (not largest or one.number > (largest[-1].number or 0.0)):
            largest.append(one)
    days = [one.claim.published for one in largest]
    for one in figures:
        at = bisect_right(days, one.claim.published)
        if not at or not one.counted or one.number is None or one.claim.quantity not in LOSSES:
            continue
        force = largest[at - 1]
        if one.number > (force.number or 0.0):
            told = (
                f"{one.claim.quantity} is {one.number:,.0f}, more than the largest size of the force published by "
                f"{one.claim.published}: {force.claim.quantity} {force.number:,.0f}, {force.quoted}"
            )
            yield Caution(one.claim, "force", told, (force.claim,))


def _relays(figures: list[_Figure]) -> Iterator[Caution]:
    """Relays and restatements that do not go with what they rest on."""
    by_id = {one.claim.id: one.claim for one in figures}
    given = {
        (one.claim.origin, one.claim.quantity)
        for one in figures
        if one.counted
        and one.claim.relation == "original"
        and one.said
        and one.claim.mode in _TOTALS
        and not one.words.wording.rate
    }
    for claim in by_id.values():
        if claim.relation == "original":
            continue
        for base in (by_id[name] for name in claim.rests_on if name in by_id):
            # Other words for one utterance may well be printed before those that the register counts.
            relay = claim.relation == "relay" and claim.role in COUNTING_ROLES
            day, event = (base.published, "published") if relay else (base.as_of, "as of")
            if claim.published < day and (relay or base.mode != "plan"):
                told = f"relation is {claim.relation!r}, published {claim.published}, before what it rests on: "
                yield Caution(claim, "order", f"{told}{base.id}, {event} {day}", (base,))
        echoed = any(name in by_id or (name, claim.quantity) in given for name in claim.rests_on)
        if claim.origin in claim.rests_on and claim.role in COUNTING_ROLES and not echoed:
            told = f"rests on {claim.origin}, of which the register has no original figure of {claim.quantity}"
            yield Caution(claim, "alone", f"{told}; it counts as one itself")


def _twice(figures: list[_Figure]) -> Iterator[Caution]:
    """Figures of one origin, quantity and day of which a run can count only one; one number twice is an echo."""
    said: dict[tuple[object, ...], _Figure] = {}
    for one in sorted(figures, key=lambda one: one.claim.id, reverse=True):
        claim = one.claim
        if not one.counted or not one.said or claim.mode not in _TOTALS or claim.relation != "original":
            continue
        counted = said.setdefault((claim.origin, claim.quantity, claim.as_of, claim.published), one)
        if counted.said != one.said:
            told = f"{claim.quantity} is {shown(claim.wording)}, and {claim.origin} gave {counted.quoted} for that day"
            yield Caution(claim, "twice", f"{told} too; only the last by id counts", (counted.claim,))


# ------------------------------------------------------------------------------------------------------- echoes


@dataclass(slots=True)
class _Said:
    """
    Who has said one number so far, the latest of each origin.

    Totals and flows are kept apart: two flows over days that do not overlap count different soldiers, whatever
    their numbers. Of the totals the two latest origins are enough to find another origin; so a claim costs O(1)
    however often the number was said.
    """

    totals: dict[str, _Figure] = field(default_factory=dict)
    flows: dict[str, _Figure] = field(default_factory=dict)
    latest: list[_Figure] = field(default_factory=list)
    latest_flows: list[_Figure] = field(default_factory=list)

    def add(self, one: _Figure) -> None:
        flow = one.claim.mode == "incremental"
        of_origin, latest = (self.flows, self.latest_flows) if flow else (self.totals, self.latest)
        if one.claim.mode != "plan":  # what came of a plan is no repetition of it by the planner
            of_origin[one.claim.origin] = one
        latest[:] = [one, *(other for other in latest if other.claim.origin != one.claim.origin)][:2]

    def earlier(self, one: _Figure) -> _Figure | None:
        """The claim that this one may repeat: the origin's own first, then the latest of another one."""
        since = one.claim.published - timedelta(days=ECHO_DAYS)
        own = [self.totals.get(one.claim.origin), self.flows.get(one.claim.origin)]
        others = [found for found in (*self.latest, *self.latest_flows) if found.claim.origin != one.claim.origin]
        near = [found for found in others if found.claim.published >= since]
        for found in (own, near):
            fitting = [other for other in found if other is not None and _comparable(other.claim, one.claim)]
            if fitting:
                return max(fitting, key=lambda other: other.claim.published)
        return None


def _comparable(earlier: Claim, later: Claim) -> bool:
    """Whether two claims with the same number may be one: not two flows over different days, nor the later's echo."""
    if later.id in earlier.rests_on:
        return False
    if earlier.mode != "incremental" or later.mode != "incremental":
        return True
    return (earlier.period_start or earlier.as_of) <= later.as_of and (
        later.period_start or later.as_of
    ) <= earlier.as_of


def _echoes(figures: Iterable[_Figure]) -> Iterator[Caution]:
    """
    The same number for the same quantity, from another origin within `ECHO_DAYS` or again from the same one.

    Numbers are compared as the words state them, hedges aside: "more than 4,000" may echo "4,000". A claim that
    says in the register what it rests on is a declared echo, and a row that is never counted cannot count twice:
    neither is reported, and both can be what a later claim echoes.
    """
    groups: defaultdict[tuple[object, ...], list[_Figure]] = defaultdict(list)
    for one in figures:
        if one.said and not one.vague:
            groups[(one.claim.quantity, *one.said)].append(one)
    for group in groups.values():
        said = _Said()
        # Of one day, what declares itself an echo comes last: it is no source of the day's own figures.
        for one in sorted(group, key=lambda one: (one.claim.published, _declared(one.claim), one.claim.as_of)):
            if not _declared(one.claim) and (earlier := said.earlier(one)) and not _rests_on(one.claim, earlier.claim):
                yield _echo(one, earlier)
            said.add(one)


def _declared(claim: Claim) -> bool:
    """Whether a claim cannot be counted as a figure of its own, and says so itself."""
    shown_only = claim.role not in (*COUNTING_ROLES, "context")
    return claim.relation != "original" or shown_only or claim.mode == "plan"


def _rests_on(claim: Claim, earlier: Claim) -> bool:
    return earlier.id in claim.rests_on or earlier.origin in claim.rests_on


def _echo(one: _Figure, earlier: _Figure) -> Caution:
    claim, before = one.claim, earlier.claim
    who = f"{before.origin} itself" if before.origin == claim.origin else before.origin
    told = (
        f"{claim.quantity} is {shown(claim.wording)}, likely an echo: {who} gave that number on {before.published}, "
        f"{earlier.quoted}; if so, relation is restates and rests_on is {before.id}"
    )
    return Caution(claim, "echo", told, (before,))


# --------------------------------------------------------------------------------------- quantities of one utterance


def _utterance(claim: Claim) -> tuple[object, ...]:
    """
    What claims of one utterance share: who, about which day, how and where.

    Not the day of print, since one utterance is printed over days; the first day only for flows, since it is often
    left out of one of two totals.
    """
    start = claim.period_start if claim.mode == "incremental" else None
    return claim.origin, claim.as_of, claim.mode, claim.scope, start


def _entered(figures: list[_Figure]) -> Iterator[Caution]:
    """
    The number of casualties in a row of killed or wounded.

    They are those of the same utterance, of what the row rests on, or of any origin within `ECHO_DAYS`.
    """
    elsewhere = _Elsewhere.of(figures)
    whole: dict[tuple[object, ...], _Figure] = {}
    killed: dict[tuple[object, ...], _Figure] = {}
    by_id = {one.claim.id: one for one in figures}
    for one in figures:
        if one.said and one.claim.quantity == "casualties" and one.counted:
            whole.setdefault((*_utterance(one.claim), *one.said), one)
        if one.number is not None and one.claim.quantity == "killed" and one.counted:
            killed.setdefault(_utterance(one.claim), one)
    for one in figures:
        if not one.said or one.claim.quantity not in ("killed", "wounded"):
            continue
        bases = [by_id[name] for name in one.claim.rests_on if name in by_id]
        based = [base for base in bases if base.claim.quantity == "casualties" and base.said == one.said]
        total = whole.get((*_utterance(one.claim), *one.said)) or next(iter(based), None)
        dead = killed.get(_utterance(one.claim))
        beside = ()
        if one.claim.quantity == "wounded" and dead is not None:
            if dead.number == 0:
                continue
            beside = (dead,)
        total = total or elsewhere.total(one)
        if total is not None:
            yield _taken_for(one, total, beside)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """
    Counted totals by place and number, in the order of print, to find casualties that another utterance gave.

    ``casualties`` are by scope and what was said, ``sums`` by scope and number; ``parts`` and ``own`` are the killed,
    wounded and casualties of each utterance.
    """

    casualties: dict[tuple[object, ...], list[_Figure]]
    sums: dict[tuple[object, ...], list[_Figure]]
    parts: dict[tuple[object, ...], _Figure]

    @classmethod
    def of(cls, figures: list[_Figure]) -> _Elsewhere:
        made = cls({}, {}, {})
        for one in sorted(figures, key=lambda one: one.claim.published):
            claim = one.claim
            if one.number is None or claim.mode not in _TOTALS:
                continue
            if claim.quantity == "casualties":
                made.sums.setdefault((claim.scope, one.number), []).append(one)
                if one.counted:
                    made.casualties.setdefault((claim.scope, *one.said), []).append(one)
            if one.counted:
                made.parts[(*_utterance(claim), claim.quantity)] = one
        return made

    def total(self, one: _Figure) -> _Figure | None:
        """
        The casualties nearest in time that a row of killed or wounded may be.

        None if the row is explained: its own utterance gives a larger total, or somebody gave the sum of its killed
        and wounded as casualties.
        """
        claim = one.claim
        if not one.counted or one.number is None or claim.mode not in _TOTALS:
            return None
        found = _nearest(self.casualties.get((claim.scope, *one.said), []), claim)
        if found is None:
            return None
        own = self.parts.get((*_utterance(claim), "casualties"))
        if own is not None and (own.number or 0.0) > one.number:
            return None
        other = self.parts.get((*_utterance(claim), "killed" if claim.quantity == "wounded" else "wounded"))
        made = one.number + (other.number or 0.0 if other else 0.0)
        if made > one.number and _nearest(self.sums.get((claim.scope, made), []), claim):
            return None
        return found


def _nearest(figures: list[_Figure], claim: Claim) -> _Figure | None:
    """The figure published nearest to a claim, at most `ECHO_DAYS` away; of figures in the order of print."""
    at = bisect_right(figures, claim.published, key=lambda one: one.claim.published)
    near = figures[max(at - 1, 0) : at + 1]
    found = min(near, key=lambda one: abs(one.claim.published - claim.published), default=None)
    if found is None or abs(found.claim.published - claim.published) > timedelta(days=ECHO_DAYS):
        return None
    return found


def _taken_for(one: _Figure, total: _Figure, beside: tuple[_Figure, ...]) -> Caution:
    claim = one.claim
    told = f"{claim.quantity} is {shown(claim.wording)}, the number of casualties in {total.quoted}"
    if total.claim.origin != claim.origin and total.claim.id not in claim.rests_on:
        told += f" of {total.claim.origin} on {total.claim.published}"
    if beside:
        told += f", beside killed {beside[0].quoted}"
    told += f"; casualties may stand in a row of {claim.quantity}"
    if not one.counted:
        told += f" ({claim.role}: shown, never counted)"
    return Caution(claim, "entered", told, (total.claim, *(other.claim for other in beside)))


def _sums(figures: Iterable[_Figure]) -> Iterator[Caution]:
    """Killed and wounded against casualties, of one utterance or, where it gives no total, of the days around."""
    utterances: defaultdict[tuple[object, ...], dict[str, _Figure]] = defaultdict(dict)
    totals: defaultdict[tuple[object, ...], list[_Figure]] = defaultdict(list)
    for one in sorted(figures, key=lambda one: (one.claim.as_of, one.claim.published)):
        if one.counted and one.number is not None and one.claim.quantity in LOSSES and one.claim.mode != "plan":
            utterances[_utterance(one.claim)][one.claim.quantity] = one
            if one.claim.quantity == "casualties" and one.claim.mode == "cumulative":
                totals[one.claim.origin, one.claim.scope].append(one)
    for given in utterances.values():
        parts = [given[name] for name in ("killed", "wounded") if name in given]
        if "casualties" in given:
            yield from _compared(parts, given["casualties"])
        elif len(parts) == 2 and parts[0].claim.mode == "cumulative":
            claim = parts[0].claim
            yield from _compared_nearby(parts, totals[claim.origin, claim.scope])


def _compared(parts: list[_Figure], total: _Figure) -> Iterator[Caution]:
    made = sum(part.number or 0.0 for part in parts)
    whole = total.number or 0.0
    slack = _slack([*parts, total])
    if len(parts) == 2 and abs(made - whole) > slack:
        told = f"{_told(parts)} make {made:,.0f}, and casualties is {whole:,.0f}, {total.quoted}"
        yield Caution(total.claim, "sum", told, tuple(part.claim for part in parts))
    elif len(parts) == 1 and made - whole > slack:
        told = f"{_told(parts)} is more than casualties {whole:,.0f}, {total.quoted}"
        yield Caution(total.claim, "sum", told, (parts[0].claim,))


def _compared_nearby(parts: list[_Figure], totals: list[_Figure]) -> Iterator[Caution]:
    """Totals of an origin do not fall: what it said just before is no more, and what it says just after no less."""
    day = parts[0].claim.as_of
    made = sum(part.number or 0.0 for part in parts)
    before, after = _around(totals, day)
    for total, sign in ((before, -1), (after, 1)):
        if total is None or abs((total.claim.as_of - day).days) > NEARBY_DAYS:
            continue
        whole = total.number or 0.0
        taken = next((part for part in parts if part.number == whole), None)
        if taken is not None and made > whole:
            yield _taken_for(taken, total, tuple(part for part in parts if part is not taken))
        elif sign * (made - whole) > _slack([*parts, total]):
            told = f"{_told(parts)} make {made:,.0f} on {day}, and {total.claim.origin} gave casualties {whole:,.0f}"
            told += f" on {total.claim.as_of}, {total.quoted}"
            yield Caution(parts[1].claim, "sum", told, (parts[0].claim, total.claim))


def _around(totals: list[_Figure], day: date) -> tuple[_Figure | None, _Figure | None]:
    """The last total up to a day and the first after it, of totals in the order of their days."""
    at = bisect_right(totals, day, key=lambda one: one.claim.as_of)
    return (totals[at - 1] if at else None), (totals[at] if at < len(totals) else None)


def _told(parts: list[_Figure]) -> str:
    return " and ".join(f"{part.claim.quantity} {part.number:,.0f}, {part.quoted}," for part in parts).rstrip(",")


def _slack(figures: Iterable[_Figure]) -> float:
    """How far a sum of rounded figures may miss: half of the last digit's unit of each, at most `SUM_TOLERANCE`."""
    numbers = [one.number or 0.0 for one in figures]
    return min(sum(_half_unit(number) for number in numbers), SUM_TOLERANCE * numbers[-1])


def _half_unit(number: float) -> float:
    """Half of the unit of the last digit that is not 0: 50 for 4,700, 0.5 for 101."""
    digits = f"{number:.0f}"
    return 0.5 * 10.0 ** (len(digits) - len(digits.rstrip("0")))
