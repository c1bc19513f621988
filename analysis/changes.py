"""
What changed since the last edition: the claims that came, the answer's old and new range, and why it moved.

The move is split by going from the old edition to the new one in three steps, each a run of its own: today's method on
the old claims (model), then the old claims as they stand now (data correction), then the claims that came and the days
that passed (evidence). The order matters where steps interact; it is always this one. A step in which nothing differs
costs no run.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.errors import InputError
from analysis.pipeline import run
from analysis.records import estimate_record, plain
from analysis.settings import Settings
from analysis.summary import Estimate

__all__ = ["CAUSES", "Came", "Comparison", "Corrected", "Step", "compare", "to_json"]

CAUSES = ("model", "data correction", "evidence")
_ANSWER = "casualties_ratio"
_COUNTED = "counted as "


@dataclass(frozen=True, slots=True)
class Came:
    """A claim that the last edition did not know, with what became of it: counted as, or the reason why not."""

    id: str
    origin: str
    wording: str
    quantity: str
    published: str
    outlet: str
    used_as: str

    @property
    def counted(self) -> bool:
        """Whether the answer rests on it."""
        return self.used_as.startswith(_COUNTED)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A row of the register that was edited or removed, or an origin that is described otherwise; ``what`` says so."""

    id: str
    what: str


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of the way from the last edition's answer to this one's.

    Parameters
    ----------
    cause : str
        One of `CAUSES`.
    what : tuple of str
        What differs; empty where nothing does.
    answer : Estimate or None
        After the step; ``None`` where it cannot be told apart from the next, and ``reason`` says why.
    reason : str
    """

    cause: str
    what: tuple[str, ...]
    answer: Estimate | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    An edition beside the last one that was no draft.

    Parameters
    ----------
    edition, as_of : str
        Of the last one.
    before, after : Estimate
        Casualties over the force.
    came : tuple of Came
    corrected : tuple of Corrected
    steps : tuple of Step
        One for each of `CAUSES`, in their order; the last ends at ``after``.
    """

    edition: str
    as_of: str
    before: Estimate
    after: Estimate
    came: tuple[Came, ...]
    corrected: tuple[Corrected, ...]
    steps: tuple[Step, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs, days apart."""
        return not any(step.what for step in self.steps)


def compare(previous: Path, current: Path, *, edition: str, model: tuple[str, ...] = ()) -> Comparison:
    """
    Compare two editions of one register.

    Parameters
    ----------
    previous, current : Path
        Folders that hold results.json and the register as it was used.
    edition : str
        The name of the last one.
    model : tuple of str
        What else of the method differs, in words, beyond what results.json tells: the program.

    Raises
    ------
    InputError
        A file is missing or is no results.json.
    """
    old, new = _results(previous), _results(current)
    before, after = _answer(old), _answer(new)
    known, now = _known(old), _known(new)
    renamed = _renamed(old, new)
    same = known.keys() | renamed.values()
    came = tuple(_came(now[name]) for name in sorted(now.keys() - same))
    corrected = _corrected(old, new, renamed)
    register = str(new["register"]["name"])
    settings = {**new["settings"], "as_of": old["settings"]["as_of"]}
    method = (*_method(old, new), *model)
    steps = [_step("model", method, before, lambda: _run(previous / f"{register}.csv", settings))]
    reached = steps[-1].answer or before
    rows = tuple(one.what for one in corrected)
    steps.append(_step("data correction", rows, reached, lambda: _run_some(current, register, same, settings)))
    arrived = tuple(f'{one.origin}: "{one.wording}" {one.quantity.replace("_", " ")}' for one in came)
    if old["settings"]["as_of"] != new["settings"]["as_of"]:
        arrived += (f"the day is {new['settings']['as_of']} instead of {old['settings']['as_of']}",)
    steps.append(Step("evidence", arrived, after))
    return Comparison(edition, str(old["settings"]["as_of"]), before, after, came, corrected, tuple(steps))


def _results(folder: Path) -> Mapping[str, object]:
    try:
        return json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder.name}/results.json cannot be read: {error}") from error


def _answer(record: Mapping[str, object]) -> Estimate:
    return next(Estimate.from_record(one) for one in record["estimates"] if one["name"] == _ANSWER)


def _known(record: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """The claims of a run that were public on its day, by name."""
    return {one["id"]: one for one in record["claims"] if one["published"] <= record["settings"]["as_of"]}


def _came(claim: Mapping[str, object]) -> Came:
    names = ("id", "origin", "wording", "quantity", "published", "outlet")
    use = f"{_COUNTED}{claim['used_as']}" if claim["used_as"] else f"not counted: {claim['reason']}"
    return Came(**{name: str(claim[name]) for name in names}, used_as=use)


def _renamed(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, str]:
    """
    The new names, by the old, of rows that are otherwise the same, or the same figure of the same print.

    Such a row is no claim that came, whatever else of it was edited with its name.
    """
    before, known, after = _known(old), _known(new), {one["id"] for one in new["claims"]}
    found: dict[str, str] = {}
    for alike in (_said, _figure):
        for name in sorted(known.keys() - before.keys() - set(found.values())):
            gone = sorted(before.keys() - after - found.keys())
            if match := next((one for one in gone if alike(before[one]) == alike(known[name])), None):
                found[match] = name
    return found


def _said(claim: Mapping[str, object]) -> dict[str, object]:
    """What a row says, its own name aside."""
    return {field: value for field, value in claim.items() if field not in _OF_THE_RUN | {"id"}}


def _figure(claim: Mapping[str, object]) -> tuple[object, ...]:
    """Whose figure a row gives, of what, and where it was printed."""
    return tuple(claim[field] for field in ("origin", "quantity", "url"))


def _corrected(
    old: Mapping[str, object], new: Mapping[str, object], renamed: Mapping[str, str]
) -> tuple[Corrected, ...]:
    """Rows that both editions could know and that differ, and origins that are described otherwise."""
    before, after = _known(old), {one["id"]: one for one in new["claims"]}
    found = []
    for name in sorted(before.keys() - after.keys()):
        if name not in renamed:
            found.append(Corrected(name, f"{name} was removed"))
            continue
        fields = _edited(_said(before[name]), after[renamed[name]])
        edited = f", and {', '.join(fields)} edited" if fields else ""
        found.append(Corrected(name, f"{name} is named {renamed[name]} now{edited}"))
    for name in sorted(before.keys() & after.keys()):
        if fields := _edited(_said(before[name]), after[name]):
            found.append(Corrected(name, f"{name}: {', '.join(fields)} edited"))
    sources = {one["name"]: one["source"] for one in old["origins"]}
    now = {one["name"]: one["source"] for one in new["origins"]}
    found += [
        Corrected(name, f"origin {name} is described otherwise")
        for name in sorted(sources.keys() & now.keys())
        if sources[name] != now[name]
    ]
    return tuple(found)


def _edited(said: Mapping[str, object], claim: Mapping[str, object]) -> list[str]:
    """The fields of a row that say something else than before."""
    return [field for field, value in said.items() if value != claim.get(field)]


# What a run adds to a row, or what says where the row lies; a row is what its other fields say.
_OF_THE_RUN = {"line", "used_as", "reason", "reading", "with_reporting", "sha256"}


def _method(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[str, ...]:
    """What of the method differs between two runs."""
    found = [
        f"{name} is {value}, was {old['settings'].get(name)}"
        for name, value in new["settings"].items()
        if name not in {"register", "as_of"} and value != old["settings"].get(name)
    ]
    if old["lexicon"] != new["lexicon"]:
        found.append("the lexicon of wordings was edited")
    found += [
        f"{name} is {value}, was {old['versions'].get(name)}"
        for name, value in new["versions"].items()
        if value != old["versions"].get(name)
    ]
    return tuple(found)


def _step(cause: str, what: tuple[str, ...], start: Estimate, rerun: Callable[[], Estimate]) -> Step:
    """The answer after a step: where nothing differs, the one before it."""
    if not what:
        return Step(cause, (), start)
    try:
        return Step(cause, what, rerun())
    except InputError as error:
        return Step(cause, what, None, f"cannot be told apart from the next step: {error.faults[0]}")


def _run(register: Path, settings: Mapping[str, object]) -> Estimate:
    return Estimate.from_record(
        plain(estimate_record(run(Settings(**{**settings, "register": str(register)})).estimate(_ANSWER)))
    )


def _run_some(folder: Path, register: str, wanted: Set[str], settings: Mapping[str, object]) -> Estimate:
    """The answer from some of an edition's claims: those that the last edition knew, as they stand now."""
    with tempfile.TemporaryDirectory(prefix="casualty-report-") as made:
        for name in (f"{register}.csv", f"{register}-context.csv"):
            if (folder / name).is_file():
                _copy_some(folder / name, Path(made) / name, wanted)
        shutil.copy(folder / "sources.toml", made)
        return _run(Path(made) / f"{register}.csv", settings)


def _copy_some(source: Path, target: Path, wanted: Set[str]) -> None:
    with source.open(encoding="utf-8-sig", newline="") as file, target.open("w", encoding="utf-8", newline="") as out:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(out, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in reader if row["id"] in wanted)


def to_json(comparison: Comparison | None) -> str:
    """The content of changes.json; ``null`` for a first edition."""
    record = plain(asdict(comparison)) if comparison else None
    return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
