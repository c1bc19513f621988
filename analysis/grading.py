"""
How far sources and their figures are trusted: the Admiralty's two marks, and a number with its reason.

A letter is for the origin, a digit for the claim, and the two are given apart. The digit follows by rule from what
other origins say of the same quantity; an origin never confirms itself.

>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> [row[:2] for row in origins(run(Settings(max_draws=1024))).rows]
[('NIS', 'ally-of-opponent'), ('US DoD', 'ally-of-opponent'), ('unattributed', 'neutral')]
"""

from __future__ import annotations

from collections.abc import Iterable

from analysis.displays import Table
from analysis.evidence import ReadClaim
from analysis.pipeline import Results

__all__ = ["claims", "credibility", "origins"]

_LETTERS = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "cannot be judged",
}
_MISSES = {
    "under": "too low",
    "over": "too high",
    "either": "either way",
    "unknown": "no direction known",
}
# The digits that a rule can give. 3 and 5 need a judge who knows more than the figures, and are not given.
_DIGITS = {
    "1": "an origin of another stream says much the same",
    "2": "an origin of the same stream says much the same",
    "4": "other origins say otherwise",
    "6": "cannot be judged: no other origin gives this quantity",
}


def _counted(results: Results) -> list[ReadClaim]:
    losses = [one for origin in results.evidence.origins for one in origin.given.values()]
    force = results.denominator.force
    return [*losses, *(force.claims if force else ())]


def origins(results: Results) -> Table:
    """The origins that the answer rests on: where each stands, how it is expected to miss, its marks and why."""
    headings = ("origin", "stands", "stream", "its figures are expected to be", "reliability", "P(accurate)", "why")
    names = sorted({one.claim.origin for one in _counted(results)})
    sources = [(name, results.register.sources[name]) for name in names]
    rows = tuple(
        (
            name,
            source.interest,
            source.stream,
            _MISSES[source.bias],
            f"{source.reliability}, {_LETTERS[source.reliability]}",
            f"{100 * source.accuracy:.0f} %",
            source.reason,
        )
        for name, source in sources
    )
    return Table(headings, rows, (*("left",) * 5, "right", "left"))


def claims(results: Results) -> Table:
    """The claims that the answer rests on, each with the mark of its origin and its own."""
    streams = {name: source.stream for name, source in results.register.sources.items()}
    counted = _counted(results)
    rows = []
    for one in counted:
        digit = credibility(one, (other for other in counted if other is not one), streams=streams)
        letter = results.register.sources[one.claim.origin].reliability
        printed = f'"{one.claim.wording}" {one.claim.quantity}'
        rows.append((one.claim.origin, printed, f"{letter}{digit}", _DIGITS[digit]))
    headings = ("origin", "as printed", "mark", "the digit says")
    return Table(headings, tuple(rows), ("left",) * len(headings))


def credibility(one: ReadClaim, others: Iterable[ReadClaim], *, streams: dict[str, str]) -> str:
    """
    The digit of a claim: 1, 2, 4 or 6, by what other origins say of the same quantity.

    Two say much the same where the middle of each reading lies inside the 90 % of the other.

    Parameters
    ----------
    one : ReadClaim
    others : iterable of ReadClaim
        Those of the same origin play no part: nobody confirms himself.
    streams : dict of str to str
        Of each origin.
    """
    rivals = [
        other
        for other in others
        if other.claim.quantity == one.claim.quantity and other.claim.origin != one.claim.origin
    ]
    if not rivals:
        return "6"
    agreeing = [streams[other.claim.origin] for other in rivals if _agree(one, other)]
    if any(stream != streams[one.claim.origin] for stream in agreeing):
        return "1"
    return "2" if agreeing else "4"


def _agree(one: ReadClaim, other: ReadClaim) -> bool:
    first, second = one.reading.quantiles(), other.reading.quantiles()
    if first is None or second is None:
        return False
    return bool(first[0] <= second[2] <= first[4] and second[0] <= first[2] <= second[4])
