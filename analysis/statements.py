"""
What a report says of itself: who paid, how its claims were found and chosen, how it is corrected, how it speaks.

>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> interests().paragraphs[0]
'Funding: none. No funding is recorded for this report, and no interest of those who made it in any of its figures.'
>>> len(outlets(run(Settings(max_draws=1024))).content.rows)
12
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from analysis.claims import Claim, register_path, shipped
from analysis.displays import Table
from analysis.folded import Folded
from analysis.pipeline import Results
from analysis.prose import Prose

__all__ = ["claims", "conduct", "found", "inclusion", "interests", "outlets", "read_statements"]

_STATEMENTS = Path(__file__).parent / "data" / "statements.toml"


@lru_cache(maxsize=1)
def read_statements() -> Mapping[str, Mapping[str, str]]:
    """The tables of statements.toml."""
    return tomllib.loads(_STATEMENTS.read_text(encoding="utf-8"))


def interests() -> Prose:
    """Who paid, and whose interest there is."""
    told = read_statements()["interests"]
    return Prose((f"Funding: {told['funding']}. {told['text']}",))


def conduct() -> Prose:
    """How the report speaks, how errors are reported, and what happens then."""
    told = read_statements()
    corrections = told["corrections"]
    return Prose((told["tone"]["text"], f"Corrections: {corrections['route']} {corrections['policy']}"))


def found(results: Results) -> Prose:
    """How the claims were found: what is recorded for the register that was used, or that nothing is."""
    name, told = results.register.name, read_statements()["found"]
    if name in told and results.register.digests.get(f"{name}.csv") == _shipped_digest(name):
        return Prose((told[name]["text"],))
    return Prose(("How the claims of this register were found is not recorded.",))


def _shipped_digest(name: str) -> str | None:
    if name not in shipped():
        return None
    return hashlib.sha256(register_path(name).read_bytes()).hexdigest()


def _published(results: Results) -> list[Claim]:
    """The claims published by the day, in the order of the register."""
    return [one.claim for one in results.claims if one.claim.published <= results.settings.day]


def outlets(results: Results) -> Folded:
    """Where the claims were printed: each outlet with the days it printed them; folded."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for claim in _published(results):
        days[claim.outlet].append(claim.published)
    rows = tuple(
        (outlet, str(len(printed)), str(min(printed)), str(max(printed))) for outlet, printed in sorted(days.items())
    )
    table = Table(("printed by", "claims", "first", "last"), rows, ("left", "right", "left", "left"))
    return Folded(f"Where the claims were printed: {len(rows)} outlets", table)


def inclusion(results: Results) -> Prose:
    """What a claim must be in order to count."""
    settings = results.settings
    return Prose(
        (
            f"A claim counts if it was published by {settings.as_of}, gives killed, wounded or casualties so far as a "
            "number of soldiers of this force, and is an utterance of its own: no relay, no restatement, no forecast, "
            "no flow over a stretch of time. "
            f"Of each origin and quantity the latest counts, unless it describes a day more than {settings.window} "
            "days before the newest of that quantity. Every other claim is listed here with its reason.",
        )
    )


def claims(results: Results) -> Folded:
    """Every claim published by the day, with all that the register says of it; folded."""
    lines = tuple(_told(claim) for claim in _published(results))
    return Folded(f"All {len(lines)} claims, with their sources", Prose(lines, listed=True))


def _told(claim: Claim) -> str:
    """One claim on a line: id, words, who, when, where it can be read, and the digest of its row."""
    rests = f" ({claim.relation} of {', '.join(claim.rests_on)})" if claim.relation != "original" else ""
    start = f" from {claim.period_start}" if claim.period_start else ""
    parts = (
        f'{claim.id}: {claim.origin}{rests}, "{claim.wording}" {claim.quantity.replace("_", " ")}',
        f"{claim.mode}, {claim.scope}",
        f"describes {claim.as_of}{start}",
        f"published {claim.published} by {claim.outlet}",
        f"said by {claim.speaker or 'nobody named'}",
        claim.url or "no address",
        f"SHA-256 of its row {claim.sha256}",
    )
    return "; ".join(parts)
