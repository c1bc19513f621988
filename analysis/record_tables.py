"""
The record's tables; text from a register is escaped, whatever it holds.

>>> from analysis.record import read_record
>>> print(independence(read_record("public-record", as_of="2026-02-14", quantity="killed")))
stream         origins    correlation 0    correlation 0.5    correlation 1
-----------  ---------  ---------------  -----------------  ---------------
ukraine-led          3              3.0                1.5              1.0
us-uk-led            2              2.0                1.3              1.0
dprk                 1              1.0                1.0              1.0
all streams          6              6.0                3.8              3.0
"""

from __future__ import annotations

import re
from collections import Counter

from analysis.claims import Claim
from analysis.displays import Table
from analysis.evidence import effective_number
from analysis.lexicon import read_lexicon
from analysis.record import Copy, Record
from analysis.record_prose import CORRELATIONS, changes, use
from analysis.records import versions

__all__ = ["addresses", "claims", "copies", "independence", "left_out", "origins", "provenance"]

# Addresses in a note; they stand in the table of addresses, where their length squeezes no other column.
_SEE_ALSO = re.compile(r"\s*See also(?:[\s;]*https?://[^\s;]+)+\.?")


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    """Columns of words."""
    return Table(headings, tuple(rows), ("left",) * len(headings))


def claims(record: Record) -> Table:
    """Every claim in order of print: what was printed, whose it is, who printed it, and whether it counts."""
    headings = ("printed", "describes", "origin", "as printed", "standing", "outlet")
    rows = [
        (str(c.published), _days(c), c.origin, c.quoted, entry.standing + use(entry), c.outlet)
        for entry in record.entries
        for c in (entry.one.claim,)
    ]
    return _table(headings, rows)


def _days(claim: Claim) -> str:
    """The days that a figure is about."""
    if claim.mode == "incremental" and claim.period_start != claim.as_of:
        return f"{claim.period_start} to {claim.as_of}"
    return f"{claim.as_of} (planned)" if claim.mode == "plan" else str(claim.as_of)


def copies(record: Record) -> Table:
    """Every copy beside the claim behind it, and what changed on the way."""
    headings = ("original", "copy", "standing", "printed by", "printed", "days after", "what changed")
    return _table(headings, [_copy(one) for one in record.copies])


def _copy(copy: Copy) -> tuple[str, ...]:
    claim, original = copy.one.claim, copy.original
    first = f"{original.claim.origin}: {original.claim.quoted}" if original else "not found"
    days = "" if copy.days is None else f"{copy.days:,}"
    place = (claim.outlet, str(claim.published), days)
    return first, claim.quoted, copy.standing, *place, "; ".join(changes(copy))


def left_out(record: Record) -> Table:
    """Every claim that an estimate of this day would not count, with the reason."""
    headings = ("printed", "origin", "as printed", "outlet", "left out because", "note")
    rows = [
        (str(c.published), c.origin, c.quoted, c.outlet, entry.left_out, _SEE_ALSO.sub("", c.note))
        for entry in record.entries
        if not entry.used
        for c in (entry.one.claim,)
    ]
    return _table(headings, rows)


def origins(record: Record) -> Table:
    """Who speaks: stream, interest, how far its figures have been right and why, and how often it was printed."""
    headings = ("origin", "stream", "interest", "expected to miss", "reliability", "own figures", "prints", "reason")
    rows = [
        (
            f"{one.name}: {one.source.name}",
            one.source.stream,
            one.source.interest,
            one.source.bias,
            f"{one.source.reliability}, {one.source.accuracy:g}",
            str(one.originals),
            str(one.prints),
            one.source.reason,
        )
        for one in record.origins
    ]
    align = ("left",) * 5 + ("right", "right", "left")
    return Table(headings, tuple(rows), align)


def independence(record: Record) -> Table:
    """How many independent origins those with a figure of their own amount to, by stream and correlation in it."""
    headings = ("stream", "origins", *(f"correlation {rho:g}" for rho in CORRELATIONS))
    speaking = Counter(origin.source.stream for origin in record.speaking)
    rows = []
    for stream, number in speaking.most_common():
        worth = (effective_number([stream] * number, correlation=rho) for rho in CORRELATIONS)
        rows.append((stream, str(number), *(f"{one:.1f}" for one in worth)))
    total = (f"{record.effective_number(rho):.1f}" for rho in CORRELATIONS)
    rows.append(("all streams", str(len(record.speaking)), *total))
    return Table(headings, tuple(rows))


def addresses(record: Record) -> Table:
    """Where each claim can be read, as far as the register says; what its note names comes after."""
    headings = ("id", "outlet", "address")
    return _table(headings, [(c.id, c.outlet, _address(c)) for c in (entry.one.claim for entry in record.entries)])


def _address(claim: Claim) -> str:
    """All addresses of a claim."""
    named = [address for part in _SEE_ALSO.findall(claim.note) for address in re.findall(r"https?://[^\s;]+", part)]
    return " ".join(dict.fromkeys(address for address in (claim.url, *named) if address)) or "none given"


def provenance(record: Record) -> Table:
    """What has to be the same for the record to come out the same."""
    rows = [(f"{name}, SHA-256", digest) for name, digest in record.register.digests.items()]
    rows += [("lexicon.toml, SHA-256", read_lexicon().digest)]
    rows += [("versions", ", ".join(f"{name} {number}" for name, number in versions().items()))]
    rows += [("claims of the register", f"{len(record.register.claims):,}")]
    rows += [("shown here", f"{len(record.entries):,}, published by {record.as_of}")]
    return _table(("what", ""), rows)
