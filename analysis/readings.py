"""
Readings of several wordings side by side, beside the evidence for each and the outcomes that some can be held to.

What ``notebooks/wording.ipynb`` shows, in tables and sentences; its pictures are in `analysis.wording_figures`.

>>> shown = choose("at least 100; 20", layer="first-day")
>>> [one.reported.rule for one in shown.each]
['at least', 'bare']
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np

from analysis.claims import COUNTING_ROLES, read_register
from analysis.coverage import (
    HEDGES,
    LEVELS,
    PAIRS,
    Coverage,
    about_pairs,
    coverage,
    cross_validate,
    fit,
    read_pairs,
    recommended,
)
from analysis.displays import Table
from analysis.errors import InputError
from analysis.lexicon import Growth, read_lexicon
from analysis.prose import Prose, spoken
from analysis.summary import percent
from analysis.wording import QUANTILE_HEADINGS, Reading, quantile_cells, read

__all__ = [
    "SETTLED",
    "Shown",
    "Wordings",
    "answer",
    "choose",
    "coverages",
    "evidence",
    "growth",
    "held",
    "limits",
    "parameters",
    "provenance",
    "quantiles",
    "references",
]

SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A wording and its two layers.

    Parameters
    ----------
    one : Reading
        What the words mean.
    reported : Reading
        The same with the reporting layer, or the very same where none applies.
    prints : int
        How many claims of the register have these words; 0 if they come from no register.
    """

    one: Reading
    reported: Reading
    prints: int


@dataclass(frozen=True, slots=True)
class Wordings:
    """
    What is shown, and how it was chosen.

    Parameters
    ----------
    each : tuple of Shown
        Distinct wordings, those with a number first.
    layer : str
        A reporting layer of the lexicon, or ``settled``.
    """

    each: tuple[Shown, ...]
    layer: str

    @property
    def numbered(self) -> tuple[Shown, ...]:
        """Those that a distribution can be made of."""
        return tuple(one for one in self.each if one.reported.distribution is not None)


def choose(wordings: str | list[str] = "", *, layer: str, register: str = "seed") -> Wordings:
    """
    Read the wordings named, or all that a register holds.

    Parameters
    ----------
    wordings : str or list of str
        Split by semicolons, like "at least 100; several hundred". Empty: the distinct wordings of the register's
        counting claims.
    layer : str
        A reporting layer of the lexicon, on breaking news; or ``settled``, for settled counts without a layer.
    register : str
        A register that ships with the package, or the path of one.

    Raises
    ------
    InputError
        With a line for each wording that no rule fits; or if the layer is not known, or nothing is left to show.
    """
    lexicon = read_lexicon()
    if layer not in (*lexicon.reporting, SETTLED):
        raise InputError(f"layer is {layer!r}, expected {SETTLED} or one of {', '.join(lexicon.reporting)}")
    named = wordings if isinstance(wordings, list) else str(wordings).split(";")
    prints = Counter({text: 0 for text in (str(one).strip() for one in named) if text})
    if not prints:
        counting = [claim for claim in read_register(register).claims if claim.role in COUNTING_ROLES]
        prints = Counter(claim.wording for claim in counting)
    found, faults = [], []
    for wording, number in prints.items():
        try:
            one = read(wording, lexicon=lexicon, breaking=layer != SETTLED)
        except InputError as error:
            faults += error.faults
            continue
        reported = one if layer == SETTLED else one.reported_by(lexicon.reporting[layer], layer)
        found.append(Shown(one, reported, number))
    if faults:
        raise InputError(*faults)
    if not found:
        raise InputError("wordings is empty and no claim of the register counts; expected one like 'at least 100'")
    found.sort(key=lambda shown: shown.one.distribution is None)
    return Wordings(tuple(found), layer)


def answer(wordings: Wordings) -> Prose:
    """How wide the readings are, and how far they have been right."""
    pairs = read_pairs()
    held = {hedge: coverage(pairs, hedge, 0.9) for hedge in HEDGES}
    results = "; ".join(f"{_quoted(hedge)}: {one.covered} of {one.pairs}" for hedge, one in held.items())
    lines = [
        f"Of first-day headlines, the 90 % interval of the reading held the count that was coded in the end: {results}."
    ]
    if wordings.numbered:
        widest = max(wordings.numbered, key=lambda shown: _spread(shown.reported))
        lines.append(
            f"Of the wordings shown, {_quoted(widest.one.wording)} leaves the most room: {spoken(widest.reported)}."
        )
    without = len(wordings.each) - len(wordings.numbered)
    if without:
        lines.append(f"{without} of {len(wordings.each)} wordings name no number and are never counted.")
    return Prose(tuple(lines), lead=True)


def _quoted(text: str) -> str:
    return "counts without a hedge" if text == "bare" else f'"{text}"'


def _spread(reading: Reading) -> float:
    """Upper over lower end of 90 % of the probability."""
    low, *_, high = reading.quantiles()  # type: ignore[misc]
    return float(high / low) if low > 0 else float("inf") if high > 0 else 1.0


def quantiles(wordings: Wordings) -> Table:
    """Each wording with its kind and the quantiles of its reading, with its layer; and how often it was printed."""
    headings = ["as printed", "kind", "layer", *QUANTILE_HEADINGS]
    rows = []
    for shown in wordings.each:
        layer = shown.reported.reporting if shown.reported is not shown.one else _wording_layer(shown.one)
        kind = shown.one.kind.replace("_", " ")
        rows.append([f'"{shown.one.wording}"', kind, layer, *quantile_cells(shown.reported)])
    if any(shown.prints for shown in wordings.each):
        headings.append("claims")
        rows = [[*row, str(shown.prints)] for row, shown in zip(rows, wordings.each, strict=True)]
    align = ("left",) * 3 + ("right",) * (len(headings) - 3)
    return Table(tuple(headings), tuple(tuple(row) for row in rows), align)


def _wording_layer(one: Reading) -> str:
    return "in the rule" if one.reporting_included else "wording only"


def evidence(wordings: Wordings) -> Table:
    """The rule of each wording, where its numbers come from, and what is judgement in it; a row a rule and layer."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for shown in wordings.each:
        for one in (shown.one, shown.reported) if shown.reported is not shown.one else (shown.one,):
            name = one.reporting if one.reporting != "none" else one.rule
            rows.setdefault((name, one.source, one.judgement), []).append(f'"{one.wording}"')
    headings = ("rule or layer", "wordings", "evidence", "judgement")
    made = tuple(
        (name, ", ".join(dict.fromkeys(used)), source, judgement) for (name, source, judgement), used in rows.items()
    )
    return Table(headings, made, ("left",) * 4)


def coverages() -> tuple[tuple[str, Coverage], ...]:
    """Coverage of both hedges at each level: as recommended, as now, and on events that the fit had not seen."""
    pairs = read_pairs()
    found = []
    for hedge in HEDGES:
        for level in LEVELS:
            found.append(("recommended", coverage(pairs, hedge, level, reading=recommended)))
            found.append(("now", coverage(pairs, hedge, level)))
            found.append(("now, event left out", cross_validate(pairs, hedge, level)))
    return tuple(found)


def held() -> Table:
    """How often each interval held the outcome, with what so many pairs can tell, and the interval score."""
    headings = ("headline", "interval", "parameters", "held", "share", "95 % of the share", "interval score")
    rows = tuple(
        (
            _quoted(one.hedge),
            f"{100 * one.level:.0f} %",
            kind,
            f"{one.covered} of {one.pairs}",
            percent(one.share),
            f"{100 * one.low:.0f} to {100 * one.high:.0f} %",
            f"{one.score:.2f}",
        )
        for kind, one in coverages()
    )
    return Table(headings, rows, ("left", "right", "left", "right", "right", "right", "right"))


def parameters() -> Table:
    """The parameters of first-day counts: fitted now, and as the lexicon has them."""
    pairs, lexicon = read_pairs(), read_lexicon()
    in_use = {"at least": lexicon.growth_of("at least"), "bare": lexicon.reporting[lexicon.breaking.layer].growth}
    headings = ("headline", "", "ends below", "ends on it", "above, mean excess", "least part")
    rows = []
    for hedge in HEDGES:
        for label, one in (("fitted", fit(pairs, hedge)), ("in use", in_use[hedge])):
            if one is not None:
                rows.append((_quoted(hedge), label, *_growth_cells(one)))
    return Table(headings, tuple(rows), ("left", "left", "right", "right", "right", "right"))


def _growth_cells(one: Growth) -> tuple[str, ...]:
    return f"{one.below:.3f}", f"{one.on:.3f}", f"{one.excess or 0:.3f}", f"{one.floor:.3f}"


def growth() -> Prose:
    """How many headlines grew, and by how much, in a sentence for each hedge."""
    lines = []
    for hedge in HEDGES:
        ratios = np.array([pair.ratio for pair in read_pairs() if pair.hedge == hedge])
        shares = [percent(float(np.mean(where))) for where in (ratios < 1, ratios == 1, ratios > 1)]
        lines.append(
            f"{_quoted(hedge)[0].upper()}{_quoted(hedge)[1:]}: of {ratios.size} headlines {shares[0]} ended below "
            f"the number, {shares[1]} on it and {shares[2]} above; the middle one at {np.median(ratios):.2f} times it."
        )
    return Prose(tuple(lines), listed=True)


def limits() -> Prose:
    """What the pairs can tell and what they cannot."""
    about = about_pairs()
    ratios = [pair.ratio for pair in read_pairs()]
    return Prose(
        (
            f"The pairs: {about['chosen']}",
            f"What was cut off cannot be seen: the ratios here lie between {min(ratios):.2f} and {max(ratios):.2f}, "
            "and a correction beyond that is in no reading of a first-day count.",
            "They are headlines of single events in other wars, most of them in Syria, and most of fewer than a "
            "hundred dead. That a figure for a whole force grows in the same way is judgement.",
            "The outcome is what was coded in the end, which is itself an estimate.",
            "Where two headlines tell of one event, both count; to try the fit, the event is left out as a whole.",
        ),
        listed=True,
    )


def references(wordings: Wordings) -> Prose:
    """In full, every source that the readings shown name by a short name."""
    texts = [reading.source for shown in wordings.each for reading in (shown.one, shown.reported)]
    known = read_lexicon().references
    named = sorted(name for name in known if any(name in text for text in texts))
    return Prose(tuple(f"{name}: {known[name]}" for name in named), listed=True)


def provenance(wordings: Wordings) -> Table:
    """What was read: the lexicon, the pairs, their source and licence."""
    about = about_pairs()
    rows = (
        ("lexicon.toml, SHA-256", read_lexicon().digest),
        ("headline-pairs.csv, SHA-256", hashlib.sha256(PAIRS.read_bytes()).hexdigest()),
        ("pairs", str(about["source"])),
        ("licence of the pairs", str(about["licence"])),
        ("reporting layer", wordings.layer),
        ("wordings", str(len(wordings.each))),
    )
    return Table(("what", ""), rows, ("left", "left"))
