"""
What would change the answer: other explanations of the same claims, and what to watch for.

>>> from analysis.dependence import examine
>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> len(watch(examine(run(Settings(max_draws=16384)))).paragraphs) >= 3
True
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from analysis.claims import Claim
from analysis.dependence import Dependence
from analysis.dependence_prose import choice_label, worth_finding
from analysis.evidence import LOSSES
from analysis.pipeline import Results
from analysis.prose import Prose

__all__ = ["explanations", "watch"]


def _ranges(ratios: list[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {range_}" for name, range_ in ratios)


def explanations(found: Dependence) -> Prose:
    """Other accounts of the same claims, each with what the answer would be if it were the right one."""
    results, settings = found.results, found.results.settings
    level = f"{100 * settings.level:g} %"
    lines = []
    alone = [
        (one.name, one.estimate("casualties_ratio").range(settings.level, digits=settings.digits))
        for one in results.origins
        if one.estimates
    ]
    if len(alone) > 1:
        lines.append(
            f"One origin is right and the others are not. Casualties would be, in shares of the force ({level}), "
            f"{_ranges(alone)}."
        )
    others = _otherwise("wounded_per_killed", found)
    if others:
        lines.append(
            "The killed were counted short, or the wounded widely, and their relation was another. The killed would "
            f"be, in shares of the force ({level}), {_ranges(others)}."
        )
    forces = [
        (one.choice, one.estimate("casualties_ratio").range(settings.level, digits=settings.digits))
        for one in results.denominators
        if one.estimates and one.choice != settings.force
    ]
    if forces:
        lines.append(
            "The losses fell on another body of soldiers than the one they are divided by. Casualties would be, in "
            f"shares of that force ({level}), {_ranges(forces)}."
        )
    lines.append(
        "The figures were made up or passed on for effect. Then they say nothing of the losses, and no range here "
        "holds; counts by other means would show it."
    )
    return Prose(tuple(lines), listed=True)


def _otherwise(choice: str, found: Dependence) -> list[tuple[str, str]]:
    """The killed over the force under each other level of a choice, where that moves them."""
    settings = found.results.settings
    used = found.results.estimate("killed_ratio").range(settings.level, digits=settings.digits)
    ranges = [
        (choice_label(one.choice, one.level), one.killed.range(settings.level, digits=settings.digits))
        for one in found.choices.alternatives()
        if one.choice.name == choice and one.killed is not None and not one.specification.used
    ]
    return [(label, range_) for label, range_ in ranges if range_ != used]


def watch(found: Dependence) -> Prose:
    """What to watch for: the figures that would move or narrow the answer most if they came."""
    results = found.results
    claims = [one.claim for origin in results.evidence.origins for one in origin.given.values()]
    lines = [f"{worth_finding(found)} of every 100 soldiers."]
    lines += [line for quantity in LOSSES if (line := _second_voice(quantity, claims, results))]
    if not any(claim.role == "count" for claim in claims):
        lines.append("A count of any kind (names, graves, patients): none is among the claims that count.")
    newest: defaultdict[str, date] = defaultdict(lambda: date.min)
    for claim in claims:
        newest[claim.origin] = max(newest[claim.origin], claim.as_of)
    days = ", ".join(f"{origin} {day}" for origin, day in sorted(newest.items()))
    lines.append(f"A newer figure of the same origins; the latest describe {days}.")
    return Prose(tuple(lines), listed=True)


def _second_voice(quantity: str, claims: list[Claim], results: Results) -> str | None:
    """A line where at most one stream of information gives a quantity."""
    streams = {results.register.sources[claim.origin].stream for claim in claims if claim.quantity == quantity}
    if len(streams) > 1:
        return None
    if not streams:
        return f"A figure of the {quantity}: no origin that counts gives one."
    origins = sorted({claim.origin for claim in claims if claim.quantity == quantity})
    return f"A figure of the {quantity} from another stream of information: so far only {', '.join(origins)} gives one."
