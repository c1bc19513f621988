"""
What edition.json says of an edition, beside what its record says: inputs, the edition before, gates and requirements.

>>> _told("as_of", "2025-12-19", "2024-12-19", "results.json")
["as_of is '2025-12-19', results.json has '2024-12-19'"]
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from analysis import compliance
from analysis.changes import Came, Comparison, Corrected, Step
from analysis.errors import InputError
from analysis.fingerprint import together
from analysis.gates import gates
from analysis.manifest import Edition, digest
from analysis.parameters import read_notebook
from analysis.summary import Estimate
from analysis.verdicts import Check, checked

__all__ = ["inputs", "judged", "makers", "previous", "requirements"]


def makers(edition: Edition, code: str) -> list[str]:
    """What differs between the program here and the one that made the edition: its code, Python, its libraries."""
    import platform

    found = []
    for name, then in edition.inputs.versions.items():
        try:
            now = platform.python_version() if name == "python" else version(name)
        except (PackageNotFoundError, ValueError):
            now = "none"
        if now != then:
            found.append(f"{name} {then}, now {now}")
    return found + (["another program"] if edition.inputs.code != code else [])


def inputs(edition: Edition, documents: Mapping[str, object], *, same: bool) -> Iterator[Check]:
    """Whether the inputs of edition.json have their digest, and are those that results.json names."""
    given = edition.inputs
    parts = {name: value for name, value in asdict(given).items() if name != "sha256"}
    if given.sha256 != together(parts):
        state = "fault" if same else "not confirmed"  # another program may have had another way to take it
        yield Check("fingerprint", state, ("inputs.sha256 is not that of the inputs that edition.json lists",))
    parameters = given.parameters
    faults = _told("register", edition.register, parameters.get("register", ""), "its parameters")
    day = edition.as_of.isoformat() if edition.as_of else ""
    faults += _told("as_of", day, parameters.get("as_of", ""), "its parameters")
    recorded = documents.get("results.json")
    if isinstance(recorded, dict):
        register, settings = recorded["register"], recorded["settings"]
        faults += _told("register", edition.register, register["name"], "results.json")
        faults += _told("as_of", day, settings["as_of"], "results.json")
        for name in parameters.keys() & settings.keys() - {"register"}:
            faults += _told(f"inputs.parameters.{name}", parameters[name], settings[name], "results.json")
        own = {f"{edition.register}.csv", f"{edition.register}-context.csv", "sources.toml"}
        for name in sorted(register["files"].keys() | (own & given.files.keys())):
            faults += _told(f"inputs.files.{name}", given.files.get(name), register["files"].get(name), "results.json")
        for name in given.versions.keys() & recorded["versions"].keys():
            faults += _told(f"inputs.versions.{name}", given.versions[name], recorded["versions"][name], "results.json")
    told = "register, day, parameters and files are those of the record" if recorded else "register and day as asked"
    yield checked("inputs", faults, told)


def _told(place: str, got: object, expected: object, where: str) -> list[str]:
    return [] if got == expected else [f"{place} is {got!r}, {where} has {expected!r}"]


def previous(folder: Path, edition: Edition, documents: Mapping[str, object]) -> Check:
    """Whether the edition that it is compared with is the same in edition.json, changes.json and previous/."""
    last, changed = edition.previous, documents.get("changes.json")
    kept = folder / "previous" / "results.json"
    if last is None:
        faults = ["changes.json compares with an edition, edition.json names none"] if changed is not None else []
        faults += ["previous/results.json is there, edition.json names no edition before"] if kept.is_file() else []
        return checked("edition before", faults, "there is none")
    if not isinstance(changed, dict) or not kept.is_file():
        return Check("edition before", "fault", (f"{last.edition} is named, and changes.json or previous/ has it not",))
    faults = _told("previous.edition", last.edition, changed["edition"], "changes.json")
    faults += _told("previous.results_sha256", last.results_sha256, digest(kept), "previous/results.json")
    recorded = json.loads(kept.read_text(encoding="utf-8"))
    faults += _told("as_of in changes.json", changed["as_of"], recorded["settings"]["as_of"], "previous/results.json")
    return checked("edition before", faults, f"{last.edition}, as it was compared with")


def judged(edition: Edition, documents: Mapping[str, object], *, others: Sequence[str]) -> Check:
    """Whether the edition is what its gates make of it: published or a draft, for these reasons, approved or not."""
    parameters = edition.inputs.parameters
    age, wanted = parameters.get("max_age"), parameters.get("approved")
    if not isinstance(age, int) or not isinstance(wanted, str):
        raise InputError(f"inputs.parameters has max_age {age!r} and approved {wanted!r}, expected days and a text")
    record: Mapping[str, object] = documents["results.json"]  # type: ignore[assignment]
    met = gates(record, _comparison(documents.get("changes.json")), max_age=age)
    approved = wanted if met and wanted and all(gate.approvable for gate in met) else None
    reasons = () if approved else tuple(gate.reason for gate in met)
    faults = _told("status", edition.status, "draft" if reasons else "published", "the record")
    faults += [f"edition.json does not say that {one}" for one in reasons if one not in edition.reasons]
    faults += [f"the record does not say that {one}" for one in edition.reasons if one not in reasons]
    faults += _told("approved", edition.approved, approved, "what was asked for")
    told = f"it meets {len(met)} gates" if met else "it meets none"
    if faults and others:
        faults.insert(0, f"made with others, whose gates may differ: {'; '.join(others)}")
    return checked("gates", faults, told, state="not confirmed" if others else "fault")


def _comparison(changed: Mapping[str, object] | None) -> Comparison | None:
    if changed is None:
        return None
    steps = [
        Step(**{**one, "what": tuple(one["what"]), "answer": one["answer"] and Estimate.from_record(one["answer"])})
        for one in changed["steps"]
    ]
    return Comparison(
        edition=changed["edition"],
        as_of=changed["as_of"],
        before=Estimate.from_record(changed["before"]),
        after=Estimate.from_record(changed["after"]),
        came=tuple(Came(**one) for one in changed["came"]),
        corrected=tuple(Corrected(**one) for one in changed["corrected"]),
        steps=tuple(steps),
    )


def _row(row: Mapping[str, object] | None) -> str:
    return f"{row['state']!r} ({row['detail']})" if row else "not there"


def requirements(folder: Path, edition: Edition, *, others: Sequence[str]) -> Check:
    """Whether compliance.json says what the checks of the standards find now."""
    notebook = read_notebook(folder / edition.notebook)
    notebook.cells = [cell for cell in notebook.cells if cell.id not in {"edition-draft", "edition-compliance-filled"}]
    before = edition.previous and compliance.Before(edition.previous.edition, edition.previous.results_sha256)
    found = compliance.check(
        folder,
        notebook,
        before=before,
        gates=edition.reasons,
        code=edition.inputs.code,
        again=lambda: (folder / "results.json").read_text(encoding="utf-8"),  # the numbers have a check of their own
    )
    now = json.loads(compliance.to_json(found))
    then = json.loads((folder / "compliance.json").read_text(encoding="utf-8"))
    rows = {row["id"]: row for row in then["rows"]}
    faults = [
        f"{row['id']} is {_row(rows.get(row['id']))}; the check finds {_row(row)}"
        for row in now["rows"]
        if rows.get(row["id"]) != row
    ]
    if not faults and then != now:
        faults = ["counts, judged numbers or rows are not those that the checks give"]
    if faults and others:
        faults.insert(0, f"made with others, whose checks may differ: {'; '.join(others)}")
    return checked("compliance.json", faults, found.sentence, state="not confirmed" if others else "fault")
