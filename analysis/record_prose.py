"""
The record's sentences, made from the register: what changed in a copy, and how many voices stand behind the prints.

>>> from analysis.record import read_record
>>> record = read_record("public-record", as_of="2026-02-14", quantity="killed")
>>> [changes(copy) for copy in record.copies if copy.one.claim.id == "mut-efe-killed-20241219"]
[('bound: a floor → about',)]
"""

from __future__ import annotations

from collections import Counter

from analysis.claims import Claim
from analysis.evidence import CORRELATION, ReadClaim
from analysis.lexicon import Kind
from analysis.prose import Prose, written
from analysis.record import ALL, Copy, Entry, Record

__all__ = ["CORRELATIONS", "about", "answer", "changes", "figure", "limits", "many", "use"]

# The number of origins is shown for all independent, for the judgement in use, and for each stream one voice.
CORRELATIONS = (0.0, CORRELATION, 1.0)

LATEST = 6  # totals that the bottom line names

_BOUNDS: dict[Kind, str] = {
    "lower": "a floor",
    "upper": "a ceiling",
    "approx": "about",
    "point": "a plain number",
    "range": "a range",
    "just_below": "just below",
    "vague": "a vague word",
    "none": "no number",
}


def many(number: int, thing: str) -> str:
    """
    A number of things.

    Examples
    --------
    >>> many(1, "copy"), many(2, "copy"), many(2, "claim")
    ('1 copy', '2 copies', '2 claims')
    """
    plural = f"{thing[:-1]}ies" if thing.endswith("py") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else plural}"


def about(quantity: str) -> str:
    """What claims of a quantity are about, after the word claims; nothing for all of them."""
    return "" if quantity == ALL else f" about the {_name(quantity)}"


def figure(one: ReadClaim, value: float | None) -> str:
    """A figure of a claim in its unit: soldiers, or a share."""
    if value is None:
        return "none"
    if one.wording.percent:
        return f"{100 * value:.0f} %"
    return f"{value:,.0f}{' in a stretch of time' if one.wording.rate else ''}"


def changes(copy: Copy) -> tuple[str, ...]:
    """What a copy changed, in words, the gravest first."""
    original = copy.original
    if original is None:
        return ("no original in the register",)
    found = []
    if copy.quantity:
        found.append(f"{_name(copy.quantity[0])} became {_name(copy.quantity[1])}")
    if copy.summed:
        found.append("killed and wounded added up")
    if copy.number:
        vague = None in (original.wording.stated, copy.one.wording.stated) and None not in copy.number
        middle = "middle of the reading" if vague else "number"
        found.append(f"{middle}: {figure(original, copy.number[0])} → {figure(copy.one, copy.number[1])}")
    if copy.bound:
        found.append(f"bound: {_BOUNDS[copy.bound[0]]} → {_BOUNDS[copy.bound[1]]}")
    if copy.origin:
        found.append(f"origin: {copy.origin[0]} → {copy.origin[1]}")
    if copy.newer:
        found.append(f'by then: "{copy.newer.claim.wording}"')
    elif copy.standing == "stale":
        found.append(f"{many(copy.days or 0, 'day')} old when printed")
    if not found:
        same = original.claim.wording == copy.one.claim.wording
        found.append("nothing" if same else "other words, same bound and number")
    return tuple(found)


def _name(quantity: str) -> str:
    return quantity.replace("_", " ")


def use(entry: Entry) -> str:
    """What follows a claim's standing where an estimate of the day counts it; nothing where it does not."""
    if not entry.used:
        return ""
    return ", counted" if entry.used == "loss" else f", counted as the force ({entry.used.removeprefix('loss, ')})"


def answer(record: Record) -> Prose:
    """The bottom line: how many prints, origins and independent voices; how the copies drifted; what counts."""
    claims = f"{many(len(record.entries), 'claim')}{about(record.quantity)}"
    lines = [f"By {written(record.as_of)}, {claims} had been printed; {_worth(record)}."]
    lines += [*_voices(record), _copies(record), *_latest(record), _counted(record)]
    return Prose(tuple(lines), lead=True)


def _worth(record: Record) -> str:
    speaking = record.speaking
    if not speaking:
        return "no origin gave a number of its own"
    if len(speaking) == 1:
        return f"the one origin with figures of its own is {speaking[0].name}"
    worth = f"{record.effective_number():.1f}"
    return f"{len(speaking)} origins gave figures of their own, worth {worth} independent ones"


def _voices(record: Record) -> list[str]:
    """How the number of independent origins depends on what is assumed of a stream."""
    speaking = record.speaking
    if len(speaking) < 2:
        return []
    streams = Counter(origin.source.stream for origin in speaking)
    none, some, full = (f"{record.effective_number(rho):.1f}" for rho in CORRELATIONS)
    each = ", ".join(f"{stream} {number}" for stream, number in streams.most_common())
    return [
        f"Origins by stream of information: {each}. Independent origins: {some} if two of a stream err together with "
        f"a correlation of {CORRELATION:g}, which is judgement; {none} if each errs alone; {full} if each stream is "
        "one voice."
    ]


def _copies(record: Record) -> str:
    """What the claims are, and what the copies changed; those printed as another quantity are among them."""
    standings = Counter("copy" if entry.is_copy else entry.standing for entry in record.entries)
    stale = sum(entry.standing == "stale" for entry in record.entries)
    what = f"Claims of the origins' own: {standings['original']}; copies: {standings['copy']}"
    what += f", {stale} of them stale" if stale else ""
    what += f"; context: {standings['context']}." if standings["context"] else "."
    if not record.copies:
        return f"{what} Nothing has drifted: no figure had been copied."
    found = (
        ("the quantity", sum(copy.quantity is not None for copy in record.copies)),
        ("the bound", sum(copy.bound is not None for copy in record.copies)),
        ("the number", sum(copy.number is not None for copy in record.copies)),
        ("the origin", sum(copy.origin is not None for copy in record.copies)),
    )
    changed = ", ".join(f"{number} changed {words}" for words, number in found if number) or "none changed anything"
    return f"{what} Of {_all_copies(record)} {changed}."


def _all_copies(record: Record) -> str:
    number = len(record.copies)
    if all(record.quantity in (ALL, copy.one.claim.quantity) for copy in record.copies):
        return f"{many(number, 'copy')},"
    return f"{many(number, 'copy')} of such figures, whatever they were printed as,"


def _latest(record: Record) -> list[str]:
    """The latest total that each origin gave itself, the newest first."""
    latest: dict[tuple[str, str], Claim] = {}
    for entry in record.entries:
        claim, wording = entry.one.claim, entry.one.wording
        total = claim.mode in ("cumulative", "stock") and wording.distribution is not None and not wording.rate
        if total and entry.standing == "original" and (record.quantity == "casualty_ratio") == wording.percent:
            latest[claim.origin, claim.quantity] = claim
    newest = sorted(latest.values(), key=lambda claim: (claim.published, claim.id), reverse=True)
    if not newest:
        return []
    shown = newest[:LATEST]
    parts = (f'{claim.origin} "{claim.wording}" {_name(claim.quantity)} ({claim.published})' for claim in shown)
    more = f"; and {len(newest) - len(shown)} earlier" if len(newest) > len(shown) else ""
    return [f"Each origin's latest total, by day of print: {'; '.join(parts)}{more}."]


def _counted(record: Record) -> str:
    counted = sum(bool(entry.used) for entry in record.entries)
    line = (
        f"An estimate of this day would count {counted} of the claims; the others are left out, each with its reason."
    )
    if record.later:
        line += f" {many(record.later, 'claim')} published later {'is' if record.later == 1 else 'are'} not shown."
    return line


def limits(record: Record) -> Prose:
    """What the record does not show, and which of its numbers are judgement."""
    vague = sum(entry.one.wording.kind == "vague" for entry in record.entries)
    lines = [
        "The register holds what its makers found and could read; a claim that they did not find is missing here, and "
        "so is a copy. More copies would not add origins.",
        "Which claim a copy rests on is what the outlet says, or what the figures show; where neither does, a copy may "
        "stand as an origin's own figure (more origins than there are).",
        f"That two origins of a stream err together by {CORRELATION:g}, and those of two streams not at all, is "
        "judgement; the numbers for all apart and all alike bound it. Streams that share sources would lower it.",
        "A change is found in the words and the number, not in what the reader of an outlet understood.",
    ]
    if vague:
        has = "has no number" if vague == 1 else "have no number"
        lines.append(
            f"{many(vague, 'claim')} {has} of soldiers in {'its' if vague == 1 else 'their'} words; the middle "
            "of the reading stands for it, which is a judgement of the lexicon."
        )
    return Prose(tuple(lines), listed=True)
