"""
The numbers of an edition computed again from its copy of the register, and its files beside each other.

A value that differs is a fault where the program and its libraries are those that made the edition; where they are
not, nobody can tell from here, and the check is not confirmed.

>>> [one.place for one in _differences("", {"low": 0.1, "high": 0.4}, {"low": 0.1, "high": 0.5})]
['/high']
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import changes, dependence, pipeline
from analysis.cells import harmless
from analysis.errors import InputError
from analysis.manifest import MANIFEST, Edition, digest
from analysis.pipeline import Results
from analysis.records import CSV_COLUMNS, to_json
from analysis.settings import Settings
from analysis.settled import PREVIOUS
from analysis.verdicts import Check, checked

__all__ = ["computed_again", "copies", "provenance", "table"]

# Another processor may round the last of a file's 12 digits, and sums of such; nothing else moves numbers so little.
_SAME = 1e-9


def computed_again(folder: Path, edition: Edition, documents: Mapping[str, object], *, same: bool) -> Iterator[Check]:
    """The numbers from the register's copy and the settings that results.json names, beside those of the files."""
    recorded: dict = documents["results.json"]  # type: ignore[assignment]
    register = f"{recorded['register']['name']}.csv"
    if register not in edition.files:
        yield Check("results.json again", "fault", (f"{register} is not in {MANIFEST}",))
        return
    try:
        settings = Settings(**{**recorded["settings"], "register": str(folder / register)})
        results = pipeline.run(settings)
    except (InputError, TypeError) as error:
        yield Check("results.json again", "fault", tuple(str(error).splitlines()))
        return
    others = _other_versions(recorded, results, same=same)
    yield _again("results.json", recorded, json.loads(to_json(results)), others)
    if (depends := documents.get("sensitivity.json")) is not None:
        again = json.loads(dependence.to_json(dependence.examine(results)))
        yield _again("sensitivity.json", depends, again, others)
    if (changed := documents.get("changes.json")) is not None and edition.previous is not None:
        yield _again("changes.json", changed, _changed_again(folder, edition), others)


def _changed_again(folder: Path, edition: Edition) -> object:
    """What changed since the edition before, of which this one holds a copy."""
    last = edition.previous
    model = () if last.code == edition.inputs.code else ("the program was changed",)
    return json.loads(changes.to_json(changes.compare(folder / PREVIOUS, folder, edition=last.edition, model=model)))


def copies(folder: Path, edition: Edition, recorded: dict) -> Check:
    """The copies of the register against the digests that the results name."""
    faults = [
        f"{name} is not the file that results.json was made of"
        for name, expected in recorded["register"]["files"].items()
        if name not in edition.files or not (folder / name).is_file() or digest(folder / name) != expected
    ]
    return checked("register", faults, f"{len(recorded['register']['files'])} copies are those that were read")


def _other_versions(recorded: dict, results: Results, *, same: bool) -> list[str]:
    """What else than the register and the settings differs from the present program."""
    now = pipeline.versions()
    others = [
        f"{name} {then}, now {now.get(name, 'none')}"
        for name, then in recorded["versions"].items()
        if now.get(name) != then
    ]
    if recorded["lexicon"]["sha256"] != results.lexicon_digest:
        others.append("another lexicon")
    if not same:
        others.append("another program")
    return others


def _again(name: str, recorded: object, again: object, others: Sequence[str]) -> Check:
    """One file beside the same computed again; versions may differ and are told."""
    check = f"{name} again"
    differing = [
        one for one in _differences("", recorded, again) if not one.place.startswith(("/versions", "/lexicon"))
    ]
    told = f"made with other versions ({'; '.join(others)})" if others else "made with the same versions"
    if not differing:
        return Check(check, "sound", (f"the same numbers; {told}",))
    size = max(one.size for one in differing)
    if size <= _SAME:
        return Check(check, "sound", (f"the same numbers to a relative difference of {size:.1g}; {told}",))
    largest = f"by {100 * size:.2g} % at most" if math.isfinite(size) else "and not in numbers alone"
    lines = [f"{told}: {len(differing)} values differ, {largest}"]
    lines += [f"{name}#{one.place}: {one.then}, now {one.now}" for one in sorted(differing, key=lambda one: -one.size)]
    return Check(check, "not confirmed" if others else "fault", tuple(lines))


@dataclass(frozen=True, slots=True)
class _Difference:
    """A value that is not the same; ``size`` is relative, and infinite where it is no number."""

    place: str
    then: str
    now: str
    size: float


def _differences(place: str, then: object, now: object) -> Iterator[_Difference]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from _differences(f"{place}/{key}", then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for at, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differences(f"{place}/{at}", one, other)
    elif then != now:
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (then, now))
        size = abs(then - now) / max(abs(then), abs(now)) if numbers else math.inf  # type: ignore[operator,type-var,arg-type]
        yield _Difference(place, _short(then), _short(now), size)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def table(folder: Path, documents: Mapping[str, object]) -> Check:
    """Whether estimates.csv says what results.json says."""
    recorded: dict = documents["results.json"]  # type: ignore[assignment]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    sources = [("pool", recorded["estimates"]), *((one["name"], one["estimates"]) for one in recorded["origins"])]
    for source, estimates in sources:
        for one in estimates:
            for interval in one["intervals"]:
                row = {"source": harmless(source), **one, **interval}
                writer.writerow([row[column] for column in CSV_COLUMNS])
    text = (folder / "estimates.csv").read_text(encoding="utf-8")
    lines, expected = text.splitlines(), out.getvalue().splitlines()
    faults = [
        f"line {at}: {line!r}" for at, line in enumerate(lines, 1) if at > len(expected) or line != expected[at - 1]
    ]
    if len(lines) < len(expected):
        faults.append(f"{len(expected) - len(lines)} lines are missing")
    return checked("estimates.csv", faults, f"{len(expected) - 1} rows are those of results.json")


def provenance(folder: Path, documents: Mapping[str, object]) -> Check:
    """Whether prov.json holds the estimates and the digests of results.json."""
    recorded: dict = documents["results.json"]  # type: ignore[assignment]
    entities = json.loads((folder / "prov.json").read_text(encoding="utf-8"))["entity"]
    faults = []
    for one in recorded["estimates"]:
        level = recorded["settings"]["level"]
        interval = next(each for each in one["intervals"] if abs(each["level"] - level) < 1e-9)
        expected = {"prov:value": one["median"], "term:low": interval["low"], "term:high": interval["high"]}
        entity = entities.get(f"estimate:{one['name']}", {})
        faults += [
            f"estimate:{one['name']}: {key} is {entity.get(key)!r}, results.json has {value:.12g}"
            for key, value in expected.items()
            if entity.get(key) != f"{value:.12g}"
        ]
    named = {
        entity.get("prov:label"): entity.get("term:sha256") for entity in entities.values() if isinstance(entity, dict)
    }
    files = {**recorded["register"]["files"], "lexicon.toml": recorded["lexicon"]["sha256"]}
    faults += [
        f"{name} has another digest than in results.json" for name, sha in files.items() if named.get(name) != sha
    ]
    return checked(
        "prov.json", faults, f"{len(recorded['estimates'])} estimates and {len(files)} files as in results.json"
    )
