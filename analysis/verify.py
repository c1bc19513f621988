"""
Whether an edition agrees with itself: its files, its numbers and its page made again, each printed number traced.

Nothing in the folder is changed, no code of it is run, and no symbolic link is followed. A fault is told with its
place; a check that cannot be made says why. Refused: a folder that is no edition.

The digests are not signed. What is checked is that the parts of an edition agree with each other and with this program;
who writes all of them anew with this program is not found out. Nor are the words of the paper compared, only its
numbers, and what cells of the notebook have put out is not computed again: its numbers are traced, its words and
pictures are not.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from analysis import accounts
from analysis.errors import InputError
from analysis.fingerprint import code_digest
from analysis.manifest import MANIFEST, Edition, digest, read_edition
from analysis.parameters import shipped_notebook
from analysis.recomputed import computed_again, copies, provenance, table
from analysis.reprint import page_again, ran
from analysis.traced import paper, printed
from analysis.verdicts import Check, Verified, checked, guarded

__all__ = ["verify"]

_DATA = Path(__file__).parent / "data"
_KINDS = _DATA / "edition-files.toml"
# What is written beside results.json alone, by whatever notebook.
_BESIDE = ("estimates.csv", "prov.json", "changes.json", "compliance.json")


def verify(folder: Path, *, code: str | None = None, notebook: Path | None = None, again: bool = True) -> Verified:
    """
    Check an edition.

    Parameters
    ----------
    folder : Path
        Of the edition.
    code : str, optional
        SHA-256 of the program that verifies, by default the one that runs: an edition of another may have other
        numbers and other sentences, and where it has, it is not confirmed.
    notebook : Path, optional
        What the edition was run from, by default the notebook of that name that ships.
    again : bool
        Whether the numbers are computed again, which takes most of the time.

    Raises
    ------
    InputError
        The folder is no edition: there is no edition.json in it.
    """
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is no edition, expected a folder with {MANIFEST} like reports/seed-2024-12-19")
    name = folder.resolve().name
    try:
        edition = read_edition(folder)
    except (InputError, RecursionError) as error:
        lines = error.faults if isinstance(error, InputError) else (f"{MANIFEST} is nested too deeply",)
        return Verified(name, (Check("manifest", "fault", lines),))
    checks = [_manifest(edition, name), *guarded("files", lambda: _files(folder, edition)), _names(edition)]
    if any(what != "file" for _, what in _walked(folder)):
        return Verified(name, (*checks, Check("the rest", "not made", ("nothing is read beside what is no file",))))
    source = notebook or shipped_notebook(edition.notebook)
    return Verified(name, (*checks, *_read(folder, edition, code or code_digest(), source, again=again)))


def _read(folder: Path, edition: Edition, code: str, source: Path | None, *, again: bool) -> Iterator[Check]:
    """What needs the content of the files."""
    same = edition.inputs.code == code
    others = accounts.makers(edition, code)
    documents, schemas = _documents(folder, edition)
    yield schemas
    if schemas.state == "fault":
        yield Check("numbers", "not made", ("the record cannot be read",))
        return
    yield from guarded("inputs", lambda: accounts.inputs(edition, documents, same=same))
    yield from guarded("edition before", lambda: accounts.previous(folder, edition, documents))
    if "results.json" in documents:
        yield from _record(folder, edition, documents, others, again=again)
    elif edition.is_draft or edition.approved is not None:
        yield Check("gates", "fault", ("it is a draft or approved, and has no results.json",))
    yield from guarded("notebook", lambda: ran(folder, edition, source))
    yield from guarded("page again", lambda: page_again(folder, edition, others=others))
    yield from guarded("numbers in report.html", lambda: printed(folder, edition, documents, same=same))
    yield from guarded("numbers in report.pdf", lambda: paper(folder, edition))


def _record(
    folder: Path, edition: Edition, documents: Mapping[str, object], others: list[str], *, again: bool
) -> Iterator[Check]:
    """The record in itself, and computed again."""
    recorded: dict = documents["results.json"]  # type: ignore[assignment]
    same = "another program" not in others
    yield from guarded("register", lambda: copies(folder, edition, recorded))
    if again:
        yield from guarded("results.json again", lambda: computed_again(folder, edition, documents, same=same))
    else:
        yield Check("results.json again", "not made", ("not asked for",))
    yield from guarded("estimates.csv", lambda: table(folder, documents))
    yield from guarded("prov.json", lambda: provenance(folder, documents))
    yield from guarded("gates", lambda: accounts.judged(edition, documents, others=others))
    yield from guarded("compliance.json", lambda: accounts.requirements(folder, edition, others=others))


def _manifest(edition: Edition, name: str) -> Check:
    """Whether edition.json is about this folder."""
    faults = [] if edition.edition == name else [f"{MANIFEST} is of {edition.edition}, the folder is {name}"]
    if edition.is_draft and not edition.reasons:
        faults.append("a draft without a reason")
    told = f"DRAFT: {'; '.join(edition.reasons)}" if edition.is_draft else f"{edition.status}"
    return checked("manifest", faults, f"edition {edition.edition}, {told}")


def _files(folder: Path, edition: Edition) -> Check:
    """Every file against its SHA-256; each that is missing, changed, more, or no file at all by name."""
    faults, present = [], set()
    for name, what in _walked(folder):
        if what != "file":
            faults.append(f"{name} is {what}, expected a file")
        elif name != MANIFEST:
            present.add(name)
    expected = edition.files
    faults += [f"{name} is missing" for name in sorted(expected.keys() - present)]
    faults += [f"{name} is not in {MANIFEST}" for name in sorted(present - expected.keys())]
    faults += [
        f"{name} has changed since {MANIFEST} was written"
        for name in sorted(present & expected.keys())
        if digest(folder / name) != expected[name]
    ]
    return checked("files", faults, f"{len(expected)} files have their SHA-256")


def _names(edition: Edition) -> Check:
    """Whether it holds the files of its kind, and none else; one of another notebook may hold what that writes."""
    files, kinds = set(edition.files), tomllib.loads(_KINDS.read_text(encoding="utf-8"))
    every = {"report.html", edition.notebook}
    faults = []
    if edition.notebook in kinds:
        kind = kinds[edition.notebook]
        pictures = [f"figures/{name}.{ending}" for name in kind["figures"] for ending in ("png", "svg")]
        before = edition.previous is not None
        must = every | {*_of(edition, kind["record"]), *pictures, *_of(edition, kind["previous"] if before else [])}
        may = {"report.pdf", *_of(edition, kind["may"]), *_of(edition, kind["previous_may"] if before else [])}
        faults += [f"{name} is no file of such an edition" for name in sorted(files - must - may)]
    else:
        must = every | ({"results.json"} if files & set(_BESIDE) else set())
    faults += [f"{name} belongs to such an edition and is not in {MANIFEST}" for name in sorted(must - files)]
    return checked("names", faults, f"the files are those of an edition of {edition.notebook}")


def _of(edition: Edition, names: list[str]) -> list[str]:
    return [name.replace("REGISTER", edition.register) for name in names]


def _walked(folder: Path, within: str = "") -> Iterator[tuple[str, str]]:
    """Everything in a folder by its path, and what it is; links are named and not followed."""
    for entry in sorted(folder.iterdir()):
        name = f"{within}{entry.name}"
        if entry.is_symlink():
            yield name, "a symbolic link"
        elif entry.is_dir() and not any(entry.iterdir()):
            yield name, "an empty folder"
        elif entry.is_dir():
            yield from _walked(entry, f"{name}/")
        else:
            yield name, "file" if entry.is_file() else "neither a file nor a folder"


def _is_foreign(results: object) -> bool:
    """Whether a notebook of somebody's own wrote a results.json of its own kind, of which nothing is known here."""
    return isinstance(results, dict) and results.get("schema") != "results-1"


def _documents(folder: Path, edition: Edition) -> tuple[dict[str, object], Check]:
    """The JSON files of the record, parsed, and whether each has the form that its schema says."""
    from jsonschema import Draft202012Validator

    documents: dict[str, object] = {}
    faults, formed = [], []
    names = [MANIFEST, "results.json", "sensitivity.json", "changes.json", "compliance.json", "previous/results.json"]
    for name in names:
        file = folder / name
        if not file.is_file() or name not in {MANIFEST, *edition.files}:
            continue
        try:
            read = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            faults.append(f"{name} is no JSON: {error}")
            continue
        if name == "results.json" and edition.notebook != "report.ipynb" and _is_foreign(read):
            continue
        documents[name] = read
        schema = _DATA / f"{file.stem}.schema.json"
        if schema.is_file() and not name.startswith("previous/"):  # of an earlier version, perhaps
            validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
            formed.append(name)
            for error in validator.iter_errors(documents[name]):
                place = ".".join(str(part) for part in error.absolute_path) or "the file"
                faults.append(f"{name}: {place}: {error.message[:200]}")
    return documents, checked("schemas", faults, f"{', '.join(formed)} have the form of their schemas")
