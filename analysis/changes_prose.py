"""
What changed since the last edition, for readers: the sentence, the steps, the claims that came, the rows corrected.

>>> print(since(None))
This is the first edition in its folder: there is none to compare it with.
"""

from __future__ import annotations

from analysis.changes import Comparison, Step
from analysis.displays import Table
from analysis.prose import Prose
from analysis.summary import Estimate

__all__ = ["came", "corrected", "since", "steps"]

_MEANING = {
    "model": "the method, the lexicon, the program",
    "data correction": "rows that were known and were edited or removed",
    "evidence": "claims that came, and the days that passed",
}


def since(comparison: Comparison | None, *, level: float = 0.9, digits: int = 2) -> Prose:
    """The answer's old and new range, what came, and which part of the move is what."""
    if comparison is None:
        return Prose(("This is the first edition in its folder: there is none to compare it with.",))
    level = _shared(comparison, level)
    before, after = (one.text(level, digits=digits) for one in (comparison.before, comparison.after))
    of_force = f"of the force ({100 * level:g} % interval)"
    if comparison.same:
        return Prose((f"Nothing has changed since {comparison.edition}: {after} {of_force}.",))
    moved = "is as it was" if before == after else f"was {before}"
    first = f"The answer {moved} in {comparison.edition}; it is now {after} {of_force}."
    if before == after:
        first = f"The answer is as it was in {comparison.edition}: {after} {of_force}."
    count = len(comparison.came)
    claims = f"{count or 'No'} claim{'' if count == 1 else 's'} came"
    rows = f"{len(comparison.corrected) or 'no'} row{'' if len(comparison.corrected) == 1 else 's'} corrected"
    return Prose((f"{first} {claims}, {rows}.", _parts(comparison, digits)))


def _shared(comparison: Comparison, level: float) -> float:
    """The level, or 90 % where an edition was made with another one and has no interval of it; all have 90 %."""
    reached = [step.answer for step in comparison.steps if step.answer]
    every = (comparison.before, comparison.after, *reached)
    return level if all(level in {one.level for one in estimate.intervals} for estimate in every) else 0.9


def _parts(comparison: Comparison, digits: int) -> str:
    """The move of the centre, cause by cause."""
    parts, start = [], comparison.before
    for step in comparison.steps:
        parts.append(f"{step.cause} {_moved(start, step, digits)}")
        start = step.answer or start
    return f"Of the move of the centre: {'; '.join(parts)}."


def _moved(start: Estimate, step: Step, digits: int) -> str:
    if not step.what:
        return "none"
    if step.answer is None:
        return "not told apart"
    return f"from {start.centre(digits=digits)} to {step.answer.centre(digits=digits)}"


def steps(comparison: Comparison, *, level: float = 0.9, digits: int = 2) -> Table:
    """Each step of the way, with what differs and the answer after it."""
    level = _shared(comparison, level)
    name = f"range ({100 * level:g} %)"
    rows = [
        (
            "the last edition",
            f"{comparison.edition}, as of {comparison.as_of}",
            *_cells(comparison.before, level, digits),
        )
    ]
    for step in comparison.steps:
        differs = "; ".join(step.what) or "nothing differs"
        cells = _cells(step.answer, level, digits) if step.answer else (step.reason, "")
        rows.append((f"{step.cause}: {_MEANING[step.cause]}", differs, *cells))
    return Table(("step", "what differs", name, "centre"), tuple(rows), ("left", "left", "right", "right"))


def _cells(estimate: Estimate, level: float, digits: int) -> tuple[str, str]:
    return estimate.range(level, digits=digits), estimate.centre(digits=digits)


def came(comparison: Comparison) -> Table:
    """The claims that the last edition did not know."""
    rows = tuple(
        (one.origin, f'"{one.wording}" {one.quantity.replace("_", " ")}', one.published, one.outlet, one.used_as)
        for one in comparison.came
    )
    return Table(("origin", "as printed", "published", "printed by", "use"), rows, ("left",) * 5)


def corrected(comparison: Comparison) -> Table:
    """The rows that were edited or removed."""
    return Table(("row", "what"), tuple((one.id, one.what) for one in comparison.corrected), ("left", "left"))
