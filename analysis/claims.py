"""
The register: what was printed, verbatim, a row a claim, and who said it.

A register is a CSV file beside a ``sources.toml`` that describes its origins. A second file named
``<register>-context.csv`` may lie beside it: claims of the same days that are shown and never counted.

Refused: any row that is not sound. Every bad row is listed, not only the first, and none is dropped.

>>> register = read_register("seed")
>>> [claim.wording for claim in register.claims if claim.role == "seed" and claim.quantity == "killed"]
['at least 100']
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from analysis.cells import Row, decoded, hidden, path_shown, read_bytes, rows, tables
from analysis.displays import Displayed, Section, Table, abridged
from analysis.errors import Fault, InputError, printable, shown
from analysis.fields import COLUMNS, COUNTING_ROLES, EXAMPLE, Claim, Quantity, Source, expected, parse_date

__all__ = [
    "COLUMNS",
    "COUNTING_ROLES",
    "Claim",
    "Damaged",
    "Draft",
    "Quantity",
    "Register",
    "Source",
    "parse_date",
    "read_draft",
    "read_register",
    "register_path",
    "shipped",
]

DATA = Path(__file__).parent / "data"


def _faults(error: ValidationError, file: str, line: int | None, table: str = "") -> list[Fault]:
    """Each fault of a pydantic error as one of ours."""
    faults = []
    for fault in error.errors(include_url=False, include_context=False):
        field = str(fault["loc"][0])
        got = None if fault["type"] == "missing" else fault["input"]
        faults.append(Fault(file, line, field, got, expected(field, got), table=table))
    return faults


@dataclass(frozen=True, slots=True, repr=False)
class Register(Displayed):
    """
    All claims of a register, in the order of its files, and the origins they name.

    Parameters
    ----------
    name : str
        File name without its ending.
    claims : tuple of Claim
        Sound rows, those of the context file last.
    sources : mapping of str to Source
        By the name that the column ``origin`` uses.
    digests : mapping of str to str
        SHA-256 of each file read, by file name.
    layers : mapping of str to tuple of str and int
        File and line at which ``sources.toml`` names the reporting layer of each origin, for errors.

    Examples
    --------
    >>> print(read_register("seed"))  # doctest: +ELLIPSIS
    register seed: 26 claims of 6 origins; by their role 12 can count and 14 are only shown
        origin ...
    ...
    17  NIS                "nearly 1,000" wounded  2024-12-19  ...  variant: only shown
    ...
    A claim that can count is left out where it names no number or a newer one stands beside it; the results of a run
    say which are counted, and why the others are not.
    """

    name: str
    claims: tuple[Claim, ...]
    sources: Mapping[str, Source]
    digests: Mapping[str, str]
    layers: Mapping[str, tuple[str, int | None]]

    def sections(self) -> tuple[Section, ...]:
        """Its claims, those at both ends of many, and which of them can count."""
        able = sum(claim.role in COUNTING_ROLES for claim in self.claims)
        title = (
            f"register {self.name}: {_number(len(self.claims), 'claim')} of "
            f"{_number(len({claim.origin for claim in self.claims}), 'origin')}; by their role "
            f"{able:,} can count and {len(self.claims) - able:,} are only shown"
        )
        headings = ("", "origin", "as printed", "as of", "published", "outlet", "role")
        table = Table(headings, abridged(self.claims, _row), ("right", *("left",) * 6))
        return (Section(title, table, (_ON_A_DAY,)),)

    def origin_named(self, name: str) -> str | None:
        """The origin of this name or spelling, or ``None``."""
        for key, source in self.sources.items():
            if name in (key, source.name, *source.spellings):
                return key
        return None


_ON_A_DAY = (
    "A claim that can count is left out where it names no number or a newer one stands beside it; the results of a run "
    "say which are counted, and why the others are not."
)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _row(number: int, claim: Claim) -> tuple[str, ...]:
    role = f"{claim.role}: {'can count' if claim.role in COUNTING_ROLES else 'only shown'}"
    return f"{number:,}", claim.origin, claim.quoted, str(claim.as_of), str(claim.published), claim.outlet, role


def register_path(register: str | Path) -> Path:
    """
    Where a register lies: a path to a CSV file, with its ending or without, or the name of one that ships.

    Examples
    --------
    >>> register_path("seed").name
    'seed.csv'
    """
    path = Path(register)
    if path.suffix.lower() == ".csv":
        return path
    if len(path.parts) > 1:
        named = path if path.suffix or _exists(path) else path.with_suffix(".csv")
        if not _exists(named) and _is_folder(path):
            raise InputError(f"register is {str(register)!r}, which is a folder; expected a path to a .csv file")
        return named
    if str(register) in shipped():
        return DATA / f"{register}.csv"
    if path.name and _exists(path.with_suffix(".csv")):
        return path.with_suffix(".csv")
    reason = ", which is a folder;" if _is_folder(path) else ","
    raise InputError(
        f"register is {str(register)!r}{reason} expected a path to a .csv file or one of {', '.join(shipped())}"
    )


def shipped() -> tuple[str, ...]:
    """
    The names of the registers that ship.

    Examples
    --------
    >>> shipped()
    ('public-record', 'seed')
    """
    return tuple(sorted(file.stem for file in DATA.glob("*.csv") if _is_register(file)))


def _is_register(file: Path) -> bool:
    """Whether a file that ships is a register of its own, and neither context nor other data."""
    return not file.stem.endswith("-context") and file.read_bytes().startswith(b"id,role,")


@dataclass(frozen=True, slots=True)
class Damaged:
    """
    A row with faults in some of its fields, so that the others can still be checked.

    ``claim`` holds the row with an example in place of each of its ``doubtful`` fields.
    """

    claim: Claim
    doubtful: frozenset[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A register as it lies in its files, sound or not.

    Parameters
    ----------
    register : Register
        What could be read of it.
    damaged : tuple of Damaged
        Rows of which only a part could be read; they are no claims of the register.
    faults : tuple of Fault
        All that is wrong with the files, in the order of files and lines.
    """

    register: Register
    damaged: tuple[Damaged, ...]
    faults: tuple[Fault, ...]


def read_register(register: str | Path) -> Register:
    """
    Read and check a register.

    Parameters
    ----------
    register : str or Path
        A name like ``seed``, or a path to a CSV file with a ``sources.toml`` beside it.

    Raises
    ------
    InputError
        With a line for every fault of every file.
    """
    draft = read_draft(register)
    if draft.faults:
        raise InputError(*(fault.message for fault in draft.faults))
    return draft.register


def read_draft(register: str | Path) -> Draft:
    """
    Read as much of a register as can be read, with all that is wrong with it; takes what `read_register` takes.

    Raises
    ------
    InputError
        If there is no register of this name.
    """
    path = register_path(register)
    described = path.with_name("sources.toml")
    context = path.with_name(f"{path.stem}-context.csv")
    reading = _Reading([], [], [], {}, {})
    if not _exists(path) and reading.text(path) is None:  # of what should lie beside it there is nothing to say
        return Draft(Register(path.stem, (), {}, {}, {}), (), tuple(reading.faults))
    sources, known = _read_sources(described, reading)
    for file in [path, context] if _exists(context) else [path]:
        _read_claims(file, reading)
    claims = reading.claims
    if not reading.faults and not claims:
        expected = "at least one row below the header"
        told = f"no claims, expected {expected}"
        reading.faults.append(Fault(path_shown(path), None, "", None, expected, told=told))
    reading.faults.extend(_between_rows(reading, known))
    order = [path_shown(described), path_shown(path), path_shown(context)]
    faults = sorted(reading.faults, key=lambda fault: (order.index(fault.file), fault.line or 0))
    found = Register(path.stem, tuple(claims), sources, reading.digests, reading.layers)
    return Draft(found, tuple(reading.damaged), tuple(faults))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading the files has given so far."""

    claims: list[Claim]
    damaged: list[Damaged]
    faults: list[Fault]
    digests: dict[str, str]
    layers: dict[str, tuple[str, int | None]]

    def text(self, path: Path) -> str | None:
        """The text of a file, its digest noted; ``None`` and a fault if it has none."""
        content = read_bytes(path, self.faults)
        if content is None:
            return None
        self.digests[path.name] = hashlib.sha256(content).hexdigest()
        return decoded(content, path_shown(path), self.faults)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long; the register itself says so
        return False


def _read_sources(path: Path, reading: _Reading) -> tuple[dict[str, Source], tuple[str, ...] | None]:
    """The sound origins, and the names of all of them; ``None`` if the file could not be read."""
    where, faults = path_shown(path), reading.faults
    before = len(faults)
    text = reading.text(path)
    found = {} if text is None else tables(text, where, faults)
    if len(faults) > before:
        return {}, None
    sources = {}
    for key, table in found.items():
        if not isinstance(table, dict):
            told = f"is {shown(table)}, expected a table of its fields"
            faults.append(Fault(where, None, "", table, "a table of its fields", told=told, table=key))
            continue
        hiding = _hiding(key, table, where)
        faults += hiding
        try:
            sources[key] = Source.model_validate(table)
        except ValidationError as error:
            faults += _faults(error, where, None, key)
    lines = _lines(text or "")
    for at, fault in enumerate(faults[before:], before):
        line = lines.get((fault.table, fault.field), lines.get((fault.table, "")))
        faults[at] = replace(fault, line=line)
    reading.layers.update({name: (where, lines.get((name, "reporting"))) for name in sources})
    return sources, tuple(found)


def _hiding(key: str, table: Mapping[str, object], where: str) -> list[Fault]:
    """Names and values of a table with letters that nobody sees; TOML can spell them as escapes."""
    faults = []
    if name := hidden(key):
        expected = f"a name without {name}"
        faults.append(Fault(where, None, "", key, expected, told=f"holds {name}, expected {expected}", table=key))
    for field, value in table.items():
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        for name in filter(None, (hidden(text) for text in texts if isinstance(text, str))):
            faults.append(_hidden_fault(where, None, field, name, value, table=key))
    return faults


def _hidden_fault(file: str, line: int | None, field: str, name: str, got: object, *, table: str = "") -> Fault:
    expected = f"text without {name}"
    told = f"{field} is {shown(got)}, which holds {name}; expected {expected}"
    return Fault(file, line, field, got, expected, told=told, table=table)


def _lines(text: str) -> dict[tuple[str, str], int]:
    """The line of each table of a TOML file and of each of its fields, where they are written in the usual way."""
    lines: dict[tuple[str, str], int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if head := re.fullmatch(r"\s*\[+\s*(.*?)\s*\]+\s*(?:#.*)?", line):
            table = head[1].strip("\"'")
            lines.setdefault((table, ""), number)
        elif field := re.match(r"\s*[\"']?([^\"'=#]+?)[\"']?\s*=", line):
            lines.setdefault((table, field[1]) if table else (field[1], ""), number)
    return lines


def _read_claims(path: Path, reading: _Reading) -> None:
    where = path_shown(path)
    text = reading.text(path)
    if text is None:
        return
    if not text.strip():
        expected = f"the columns {','.join(COLUMNS)}"
        reading.faults.append(Fault(where, None, "", None, expected, told=f"is empty, expected {expected}"))
        return
    found = rows(text, where, reading.faults)
    if (first := next(found, None)) is None:
        return
    wrong = _header_faults(first.cells, where)
    reading.faults.extend(wrong)
    sheet = _Sheet(where, tuple(first.cells), bool(wrong), hidden(text) is not None)
    for row in found:
        _read_row(sheet, row, reading)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A file of rows: its name, its columns, whether those are wrong, and whether any cell hides letters."""

    file: str
    columns: tuple[str, ...]
    wrong: bool
    hiding: bool


def _read_row(sheet: _Sheet, row: Row, reading: _Reading) -> None:
    """Add what a row gives: a claim, or its faults and what is left of it."""
    if len(row.cells) != len(sheet.columns):
        if not sheet.wrong:  # else the cells belong to the columns that the header should have had
            expected = str(len(sheet.columns))
            told = f"has {len(row.cells)} cells, expected {expected}"
            reading.faults.append(Fault(sheet.file, row.line, "", len(row.cells), expected, told=told))
        return
    values: dict[str, object] = {name: cell.strip() for name, cell in zip(sheet.columns, row.cells, strict=True)}
    place = {"file": sheet.file, "line": row.line, "sha256": row.sha256}
    if not sheet.hiding and not sheet.wrong:
        try:
            reading.claims.append(Claim.model_validate(values | place))
        except ValidationError as error:
            _damage(values | place, _faults(error, sheet.file, row.line), reading)
        return
    _read_row_with_care(values, place, reading)


def _read_row_with_care(values: dict[str, object], place: dict[str, object], reading: _Reading) -> None:
    """The same for a file whose header is wrong, or with a cell somewhere that hides letters."""
    file, line = str(place["file"]), int(str(place["line"]))
    faults = []
    for name, value in values.items():
        if letter := hidden(str(value)):
            faults.append(_hidden_fault(file, line, name, letter, value))
    hiding = {fault.field for fault in faults} & set(COLUMNS)
    absent = {name for name in COLUMNS if name not in values}
    known = {name: value for name, value in values.items() if name in COLUMNS}
    whole = known | {name: EXAMPLE[name] for name in absent | hiding} | place
    try:
        claim = Claim.model_validate(whole)
    except ValidationError as error:
        _damage(whole, [*faults, *_faults(error, file, line)], reading, absent)
        return
    if faults or absent:
        _damage(whole, faults, reading, absent)
    else:
        reading.claims.append(claim)


def _damage(values: dict[str, object], faults: list[Fault], reading: _Reading, absent: Iterable[str] = ()) -> None:
    """Note a row's faults and keep what is sound of it, to be checked further."""
    reading.faults.extend(faults)
    doubtful = {fault.field for fault in faults if fault.field in COLUMNS} | set(absent)
    whole = values | {name: EXAMPLE[name] for name in doubtful}
    reading.damaged.append(Damaged(Claim.model_validate(whole), frozenset(doubtful)))


def _header_faults(header: list[str], where: str) -> list[Fault]:
    wrong = [(name, "is missing", "a cell of that name") for name in COLUMNS if name not in header]
    wrong += [(name, "is not known", "one of " + ", ".join(COLUMNS)) for name in header if name not in COLUMNS]
    wrong += [(name, "stands twice", "it once") for name in COLUMNS if header.count(name) > 1]
    return [
        Fault(where, 1, "", name, expected, told=f"column {shown(name)} {state}") for name, state, expected in wrong
    ]


_NOTHING: frozenset[str] = frozenset()


def _between_rows(reading: _Reading, known: tuple[str, ...] | None) -> list[Fault]:
    """
    Faults that no field shows alone.

    ``known`` names the origins; ``None`` if they could not be read, and nothing is said of them then.
    """
    faults: list[Fault] = []
    seen: dict[str, Claim] = {}
    every = [(claim, _NOTHING) for claim in reading.claims]
    if reading.damaged:
        every += [(row.claim, row.doubtful) for row in reading.damaged]
        every.sort(key=lambda row: (row[0].file.endswith("-context.csv"), row[0].line))
    origins, names = frozenset(known or ()), ", ".join(map(printable, known or ())) or "none yet"
    for claim, doubtful in every:
        if "id" not in doubtful:
            if claim.id in seen:
                told = f"id is {claim.id!r}, which {seen[claim.id].where} has already; expected a new one"
                faults.append(Fault(claim.file, claim.line, "id", claim.id, "a new one", told=told))
            seen.setdefault(claim.id, claim)
        if known is not None and "origin" not in doubtful and claim.origin not in origins:
            expected = f"an origin of sources.toml: {names}"
            faults.append(Fault(claim.file, claim.line, "origin", claim.origin, expected))
        faults += _within_row(claim, doubtful)
    for claim, doubtful in every:
        if claim.rests_on and "rests_on" not in doubtful and known is not None:
            faults += _unknown(claim, seen, origins)
    return [*faults, *_circles(reading.claims, reading.damaged)]


def _within_row(claim: Claim, doubtful: frozenset[str]) -> Iterator[Fault]:
    """Fields of one claim that do not go together; what is doubtful is no ground for a fault."""

    def fault(field: str, expected: str) -> Fault:
        value = getattr(claim, field)
        return Fault(claim.file, claim.line, field, "" if value in (None, ()) else str(value), expected)

    def sound(*fields: str) -> bool:
        return doubtful.isdisjoint(fields)

    if claim.role in COUNTING_ROLES and claim.file.endswith("-context.csv") and sound("role"):
        yield fault("role", "one that is never counted, like context")
    if claim.as_of > claim.published and claim.mode != "plan" and sound("as_of", "published", "mode"):
        yield fault("as_of", f"a day not after published, '{claim.published}'")
    if claim.period_start is None:
        if claim.mode == "incremental" and sound("period_start", "mode"):
            yield fault("period_start", "the first day of the flow, like 2024-12-01")
    elif claim.period_start > claim.as_of and sound("period_start", "as_of"):
        yield fault("period_start", f"a day not after as_of, '{claim.as_of}'")
    if claim.relation != "original" and not claim.rests_on and sound("relation", "rests_on"):
        yield fault("rests_on", "the id or the origin of what is said again, like NIS")


def _unknown(claim: Claim, claims: Mapping[str, Claim], origins: frozenset[str]) -> list[Fault]:
    """What a claim rests on exists."""
    expected = "an id of this register or an origin of sources.toml"
    return [
        Fault(claim.file, claim.line, "rests_on", name, expected)
        for name in claim.rests_on
        if name not in claims and name not in origins
    ]


def _circles(claims: list[Claim], damaged: Iterable[Damaged]) -> list[Fault]:
    """
    No claim rests on itself, however long the way.

    An origin that is named in ``rests_on`` stands for its claims of the same quantity. If one of them is original, the
    way ends there. Where a claim names its own origin no way leads on: it can only mean a figure that is not here.
    """
    by_id = {claim.id: claim for claim in claims if claim.rests_on}  # what rests on nothing is in no circle
    ids = {claim.id for claim in claims}
    of_origin: dict[str, list[str]] = {}
    for claim in by_id.values():
        of_origin.setdefault(_figures_of(claim.origin, claim), []).append(claim.id)
    for claim in (*claims, *(row.claim for row in damaged)):
        if claim.relation == "original":
            of_origin.pop(_figures_of(claim.origin, claim), None)
    below: dict[str, list[str]] = {}
    for claim in by_id.values():
        named = [_figures_of(name, claim) for name in claim.rests_on if name not in ids and name != claim.origin]
        below[claim.id] = [name for name in claim.rests_on if name in by_id] + named
        below |= {name: of_origin.get(name, []) for name in named}
    faults = []
    for ring in _rings(below):
        through = sorted({name.rpartition(": ")[0] for name in ring if name not in by_id})
        way = f" through {' and '.join(map(printable, through))}, without an original figure" if through else ""
        for claim in (by_id[name] for name in ring if name in by_id):
            told = f"rests_on leads back to {claim.id!r}{way}, expected no circle"
            faults.append(Fault(claim.file, claim.line, "rests_on", ";".join(claim.rests_on), "no circle", told=told))
    return faults


def _figures_of(origin: str, claim: Claim) -> str:
    """What an origin stands for where a claim names it, like "NIS: killed", which no id can be."""
    return f"{origin}: {claim.quantity}"


def _rings(below: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """
    Names that lead back to themselves, those of one ring together.

    Tarjan's strongly connected components (1972) with a stack of our own: O(names and what they lead to).
    """
    met: dict[str, int] = {}  # when a name was first met
    back: dict[str, int] = {}  # the earliest name that it leads back to
    waiting: list[str] = []
    settled: set[str] = set()
    for start in below:
        path = [] if start in met else [(start, iter(below[start]))]
        while path:
            one, ways = path[-1]
            if one not in met:
                met[one] = back[one] = len(met)
                waiting.append(one)
            name = next((name for name in ways if name not in settled), None)
            if name is not None and name not in met:
                path.append((name, iter(below[name])))
            elif name is not None:
                back[one] = min(back[one], met[name])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    back[above] = min(back[above], back[one])
                if back[one] == met[one]:
                    ring = waiting[_last(waiting, one) :]
                    del waiting[-len(ring) :]
                    settled.update(ring)
                    if len(ring) > 1 or one in below[one]:
                        yield ring


def _last(names: list[str], name: str) -> int:
    """Where a name stands, looked for from the end."""
    return next(at for at in range(len(names) - 1, -1, -1) if names[at] == name)
