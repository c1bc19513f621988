"""
Whether an edition can be trusted: its files, their forms, its numbers computed again, each printed number traced.

Nothing in the folder is changed, and no symbolic link is followed. A fault is told with its place; a check that
cannot be made says why. Refused: a folder that is no edition.

>>> Check("files", "sound", ("12 files have their digests",)).line
'files: sound; 12 files have their digests'
"""

from __future__ import annotations

import csv
import io
import json
import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from analysis import dependence, pipeline
from analysis.cells import harmless
from analysis.errors import InputError, WorkError
from analysis.fingerprint import code_digest
from analysis.lexicon import read_lexicon
from analysis.manifest import MANIFEST, Edition, digest, read_edition
from analysis.pipeline import Results
from analysis.printed import Reading, Record, digit_runs, read_printed
from analysis.records import CSV_COLUMNS, to_json
from analysis.settings import Settings
from analysis.visible import Block, paper_lines, visible

__all__ = ["Check", "Verified", "verify"]

_DATA = Path(__file__).parent / "data"
# Another processor may round the last of a file's 12 digits, and sums of such; nothing else moves numbers so little.
_SAME = 1e-9
_LONG = 5  # digits of a number that may be broken over lines: in an address, never in an estimate
_SHOWN = 20  # lines of one check on a terminal; the JSON has all


@dataclass(frozen=True, slots=True)
class Check:
    """
    One check of an edition.

    Parameters
    ----------
    name : str
    state : str
        "sound", "fault", "finding" (told, and no fault of the edition) or "not made".
    detail : tuple of str
        What was found, a line each.
    """

    name: str
    state: str
    detail: tuple[str, ...]

    @property
    def line(self) -> str:
        """The check on one line."""
        more = f" (and {len(self.detail) - 1} more)" if len(self.detail) > 1 else ""
        return f"{self.name}: {self.state}; {self.detail[0] if self.detail else ''}{more}"


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What was checked of an edition.

    Parameters
    ----------
    edition : str
        Name of its folder.
    checks : tuple of Check
    """

    edition: str
    checks: tuple[Check, ...]

    @property
    def sound(self) -> bool:
        """Whether no check found a fault."""
        return all(check.state != "fault" for check in self.checks)

    def text(self) -> str:
        """A line for each check, and under it what it found where that is more than one thing."""
        lines = []
        for check in self.checks:
            if len(check.detail) == 1:
                lines.append(check.line)
                continue
            lines.append(f"{check.name}: {check.state}")
            lines += [f"  {one}" for one in check.detail[:_SHOWN]]
            if len(check.detail) > _SHOWN:
                lines.append(f"  and {len(check.detail) - _SHOWN} more")
        return "\n".join([*lines, f"{self.edition} is {'sound' if self.sound else 'not sound'}"])

    def to_json(self) -> str:
        """The same for machines."""
        checks = [{"name": one.name, "state": one.state, "detail": list(one.detail)} for one in self.checks]
        document = {"edition": self.edition, "sound": self.sound, "checks": checks}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def verify(folder: Path, *, code: str | None = None, again: bool = True) -> Verified:
    """
    Check an edition.

    Parameters
    ----------
    folder : Path
        Of the edition.
    code : str, optional
        SHA-256 of the program that verifies, by default the one that runs: an edition of another may have other
        numbers and other sentences, and where it has, that is a finding.
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
    except InputError as error:
        return Verified(name, (Check("manifest", "fault", error.faults),))
    same = edition.inputs.code == (code or code_digest())
    checks = [_manifest(edition, name), _files(folder, edition)]
    documents, schemas = _documents(folder)
    checks.append(schemas)
    if schemas.state == "fault":
        return Verified(name, (*checks, Check("numbers", "not made", ("the record cannot be read",))))
    if "results.json" not in documents:
        return Verified(name, (*checks, Check("numbers", "not made", ("this edition has no results.json",))))
    checks.append(_copies(folder, documents["results.json"]))  # type: ignore[arg-type]
    if again:
        checks += _computed_again(folder, documents, same=same)
    else:
        checks.append(Check("results.json again", "not made", ("not asked for",)))
    checks += [_table(folder, documents), _provenance(folder, documents)]
    checks += _printed(folder, edition, documents, same=same)
    return Verified(name, tuple(checks))


def _settled(name: str, faults: Sequence[str], sound: str, *, state: str = "fault") -> Check:
    return Check(name, state, tuple(faults)) if faults else Check(name, "sound", (sound,))


def _manifest(edition: Edition, name: str) -> Check:
    """Whether edition.json is about this folder."""
    faults = [] if edition.edition == name else [f"{MANIFEST} is of {edition.edition}, the folder is {name}"]
    if edition.is_draft and not edition.reasons:
        faults.append("a draft without a reason")
    told = f"DRAFT: {'; '.join(edition.reasons)}" if edition.is_draft else f"{edition.status}"
    return _settled("manifest", faults, f"edition {edition.edition}, {told}")


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
    return _settled("files", faults, f"{len(expected)} files have their SHA-256")


def _walked(folder: Path, within: str = "") -> Iterator[tuple[str, str]]:
    """Everything in a folder by its path, and what it is; links are named and not followed."""
    for entry in sorted(folder.iterdir()):
        name = f"{within}{entry.name}"
        if entry.is_symlink():
            yield name, "a symbolic link"
        elif entry.is_dir():
            yield from _walked(entry, f"{name}/")
        else:
            yield name, "file" if entry.is_file() else "neither a file nor a folder"


def _documents(folder: Path) -> tuple[dict[str, object], Check]:
    """The JSON files of the record, parsed, and whether each has the form that its schema says."""
    from jsonschema import Draft202012Validator

    documents: dict[str, object] = {}
    faults, checked = [], []
    names = [MANIFEST, "results.json", "sensitivity.json", "changes.json", "compliance.json", "previous/results.json"]
    for name in names:
        file = folder / name
        if not file.is_file() or file.is_symlink() or file.parent.is_symlink():
            continue
        try:
            documents[name] = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            faults.append(f"{name} is no JSON: {error}")
            continue
        schema = _DATA / f"{file.stem}.schema.json"
        if schema.is_file() and not name.startswith("previous/"):  # of an earlier version, perhaps
            validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
            checked.append(name)
            for error in validator.iter_errors(documents[name]):
                place = ".".join(str(part) for part in error.absolute_path) or "the file"
                faults.append(f"{name}: {place}: {error.message[:200]}")
    return documents, _settled("schemas", faults, f"{', '.join(checked)} have the form of their schemas")


# ------------------------------------------------------------------------------------------------------ computed again


def _computed_again(folder: Path, documents: Mapping[str, object], *, same: bool) -> Iterator[Check]:
    """The numbers from the register's copy and the settings that results.json names, beside those of the files."""
    recorded: dict = documents["results.json"]  # type: ignore[assignment]
    name = recorded["register"]["name"]
    try:
        settings = Settings(**{**recorded["settings"], "register": str(folder / f"{name}.csv")})
        results = pipeline.run(settings)
    except (InputError, TypeError) as error:
        yield Check("results.json again", "fault", tuple(str(error).splitlines()))
        return
    others = _other_versions(recorded, results, same=same)
    yield _again("results.json", recorded, json.loads(to_json(results)), others)
    if (depends := documents.get("sensitivity.json")) is not None:
        again = json.loads(dependence.to_json(dependence.examine(results)))
        yield _again("sensitivity.json", depends, again, others)


def _copies(folder: Path, recorded: dict) -> Check:
    """The copies of the register against the digests that the results name."""
    faults = [
        f"{name} is not the file that results.json was made of"
        for name, expected in recorded["register"]["files"].items()
        if not (folder / name).is_file() or (folder / name).is_symlink() or digest(folder / name) != expected
    ]
    return _settled("register", faults, f"{len(recorded['register']['files'])} copies are those that were read")


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
    return Check(check, "finding" if others else "fault", tuple(lines))


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


def _table(folder: Path, documents: Mapping[str, object]) -> Check:
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
    try:
        text = (folder / "estimates.csv").read_text(encoding="utf-8")
    except OSError as error:
        return Check("estimates.csv", "fault", (f"cannot be read: {error.strerror}",))
    lines, expected = text.splitlines(), out.getvalue().splitlines()
    faults = [
        f"line {at}: {line!r}" for at, line in enumerate(lines, 1) if at > len(expected) or line != expected[at - 1]
    ]
    if len(lines) < len(expected):
        faults.append(f"{len(expected) - len(lines)} lines are missing")
    return _settled("estimates.csv", faults, f"{len(expected) - 1} rows are those of results.json")


def _provenance(folder: Path, documents: Mapping[str, object]) -> Check:
    """Whether prov.json holds the estimates and the digests of results.json."""
    recorded: dict = documents["results.json"]  # type: ignore[assignment]
    try:
        entities = json.loads((folder / "prov.json").read_text(encoding="utf-8"))["entity"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Check("prov.json", "fault", (f"cannot be read: {error}",))
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
    return _settled(
        "prov.json", faults, f"{len(recorded['estimates'])} estimates and {len(files)} files as in results.json"
    )


# --------------------------------------------------------------------------------------------------- numbers in print


def _printed(folder: Path, edition: Edition, documents: Mapping[str, object], *, same: bool) -> Iterator[Check]:
    """Each number of the page to its place in the record, and those of the paper beside those of the page."""
    try:
        page = (folder / "report.html").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        yield Check("numbers in report.html", "fault", (f"cannot be read: {error}",))
        return
    blocks = visible(page)
    found = read_printed(blocks, _record(folder, edition, documents))
    yield _traced(found, same=same)
    if edition.is_draft:
        marked = any("DRAFT" in block.text for block in blocks)
        yield _settled("draft mark", [] if marked else ["report.html does not say DRAFT"], "report.html says DRAFT")
    if not (folder / "report.pdf").is_file():
        yield Check("numbers in report.pdf", "not made", ("this edition has no report.pdf",))
        return
    try:
        pages = paper_lines(folder / "report.pdf")
    except WorkError as error:
        yield Check("numbers in report.pdf", "fault", (str(error),))
        return
    yield _compared(blocks, pages)


# Of the package's data, what pages print from them: numbers by name, and words letter by letter.
_VALUES = ("lexicon.toml", "uncertainties.toml")
_WORDS = ("definitions.toml", "method.toml", "statements.toml", "uncertainties.toml")


def _record(folder: Path, edition: Edition, documents: Mapping[str, object]) -> Record:
    """What the numbers of this edition may come from."""
    more = {f"{name}: {text}": "lexicon.toml" for name, text in read_lexicon().references.items()}
    more |= {text: name for name in _WORDS for text in _texts(_DATA / name)}
    more |= {text: name for name in edition.inputs.files for text in _texts(folder / name)}
    tables: dict[str, object] = {
        file.name: tomllib.loads(file.read_text(encoding="utf-8"))
        for file in (*(_DATA / name for name in _VALUES), folder / "sources.toml")
        if file.is_file() and not file.is_symlink()
    }
    notebook = folder / edition.notebook
    cells = list(_cells(json.loads(notebook.read_text(encoding="utf-8")))) if notebook.is_file() else []
    return Record.of({**documents, **tables}, more, cells)


def _cells(notebook: dict) -> Iterator[tuple[str, str]]:
    """Kind and source of each cell; what one has put out as Markdown is one more, for its formulae."""
    for cell in notebook["cells"]:
        yield cell["cell_type"], _joined(cell["source"])
        for output in cell.get("outputs", ()):
            if "text/markdown" in output.get("data", {}):
                yield "markdown", _joined(output["data"]["text/markdown"])


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _texts(file: Path) -> Iterator[str]:
    """The texts of a register's file; none of any other."""
    if not file.is_file() or file.is_symlink():
        return
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            yield from (cell for row in csv.reader(opened) for cell in row)
    elif file.suffix == ".toml":
        yield from _strings(tomllib.loads(file.read_text(encoding="utf-8")))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


_HOW = {
    "form": "by the form of their sentence or table",
    "text": "in texts printed letter by letter",
    "cell": "as a text of the record",
    "date": "as dates of the record",
    "range": "as a range of one estimate",
    "fixed": "in fixed phrases",
}


def _traced(found: Reading, *, same: bool) -> Check:
    """All numbers are traced, or which are not; another program may have had other sentences, which is a finding."""
    counts = Counter(proof.how for proof in found.proofs)
    parts = [f"{counts[how]} {words}" for how, words in _HOW.items() if counts[how]]
    faults = [f"{one.text} ({one.why}) in: {_cut(one.sentence, one.text)}" for one in found.loose]
    if faults and not same:
        told = "made by another program, whose sentences may differ"
        faults.insert(0, f"{told}: {len(found.loose)} of {len(found.proofs) + len(found.loose)} are not traced")
    return _settled(
        "numbers in report.html",
        faults,
        f"all {len(found.proofs)} are traced: {', '.join(parts)}",
        state="fault" if same else "finding",
    )


def _cut(sentence: str, text: str) -> str:
    """A sentence around a number of it, where it is long."""
    at = sentence.find(text)
    start, end = max(0, at - 80), at + len(text) + 80
    return f"{'...' if start else ''}{sentence[start:end]}{'...' if end < len(sentence) else ''}"


def _compared(blocks: Sequence[Block], pages: Sequence[Sequence[str]]) -> Check:
    """
    The numbers of the paper against those of the page, each as often as it occurs.

    The paper has no links to sections, no code and no texts of pictures. It may have more: numbers of pages, in
    headings and contents, and the headings of tables again on a further page.
    """
    page = [block for block in blocks if block.kind not in ("contents", "code", "alt")]
    digests = {word for block in page for word in block.text.split() if len(word) == 64 and word.isalnum()}
    expected = Counter(run for block in page for run in digit_runs(block.text, digests))
    addresses = {word for block in page for word in block.text.split() if "://" in word}
    printed = Counter(run for lines in pages for run in digit_runs(_unbroken(lines, addresses), digests))
    again = Counter(
        run for block in page if block.kind == "row" and not block.headings for run in digit_runs(block.text)
    )
    missing, more = _joined_again(expected - printed, printed - expected)
    numbered = {str(number) for number in range(1, len(pages) + 1)}
    faults = [f"{run} is {count} times on the page and not on the paper" for run, count in sorted(missing.items())]
    further = {
        run: count
        for run, count in sorted(more.items())
        if run not in numbered and count > again[run] * (len(pages) - 1)
    }
    faults += [f"{run} is {count} times on the paper and not on the page" for run, count in further.items()]
    told = f"all {expected.total()} are those of report.html, on {len(pages)} pages"
    if allowed := more.total():
        told += f"; {allowed} more are numbers of pages and headings of tables that run on"
    return _settled("numbers in report.pdf", faults, told)


def _unbroken(lines: Sequence[str], addresses: Set[str]) -> str:
    """
    The words of a printed page, addresses whole that are broken over lines.

    Examples
    --------
    >>> _unbroken(["see https://example.org/20", "24/a page"], {"https://example.org/2024/a"})
    'see https://example.org/2024/a page'
    """
    words: list[str] = []
    for line in lines:
        parts = line.split()
        if words and parts and "://" in words[-1]:
            joined = words[-1] + parts[0]
            if any(address.startswith(joined) for address in addresses):
                words[-1] = joined
                del parts[0]
        words += parts
    return " ".join(words)


def _joined_again(missing: Counter[str], more: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """The same without long numbers, of addresses, that the paper has broken over two lines."""
    missing, more = Counter(missing), Counter(more)
    for run in [run for run in missing.elements() if len(run) >= _LONG]:
        for at in range(1, len(run)):
            halves = Counter([run[:at], run[at:]])
            if halves <= more:
                missing, more = missing - Counter([run]), more - halves
                break
    return missing, more
