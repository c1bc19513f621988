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

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analysis.errors import InputError

__all__ = ["COUNTING_ROLES", "Claim", "Quantity", "Register", "Source", "parse_date", "read_register", "register_path"]

DATA = Path(__file__).parent / "data"

Role = Literal["seed", "estimate", "count", "variant", "mutation", "stale", "context"]
Quantity = Literal["killed", "wounded", "casualties", "missing", "captured", "deployed", "engaged", "casualty_ratio"]
Mode = Literal["cumulative", "incremental", "stock", "plan"]
Relation = Literal["original", "relay", "restates"]
Interest = Literal["belligerent-opponent", "ally-of-opponent", "own-side", "neutral"]
Bias = Literal["under", "over", "either", "unknown"]
Reliability = Literal["A", "B", "C", "D", "E", "F"]

COUNTING_ROLES = ("seed", "estimate", "count")


def parse_date(text: str) -> date:
    """
    A calendar date as ISO 8601 writes it; nothing else is taken for a date.

    Examples
    --------
    >>> parse_date("2024-12-19")
    datetime.date(2024, 12, 19)
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("not a date")
    return date.fromisoformat(text)


def _optional_date(text: str) -> date | None:
    return parse_date(text) if text else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(";") if name.strip())


Text = Annotated[str, Field(min_length=1)]
Day = Annotated[date, BeforeValidator(parse_date)]


class Claim(BaseModel):
    """
    One reported figure as it was printed.

    ``as_of`` is the day the figure describes, ``published`` the day it was printed. An empty cell is missing
    (``None`` or an empty string), never zero. ``file`` and ``line`` say where the row stands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    role: Role
    quantity: Quantity
    wording: Text
    published: Day
    as_of: Day
    period_start: Annotated[date | None, BeforeValidator(_optional_date)]
    mode: Mode
    scope: Text
    speaker: str
    origin: Text
    relation: Relation
    rests_on: Annotated[tuple[str, ...], BeforeValidator(_names)]
    outlet: Text
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")]
    note: str
    file: str
    line: int

    @property
    def where(self) -> str:
        """File and line, as errors print it."""
        return f"{self.file}:{self.line}"


COLUMNS = tuple(name for name in Claim.model_fields if name not in ("file", "line"))


class Source(BaseModel):
    """
    An origin: who is speaking, for whom, and how far its figures have been right.

    ``accuracy`` is the probability, judged, that a figure of this origin is in the right region, beside the
    Admiralty letter; ``reporting`` names the layer of the lexicon that relates its figures to the truth.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    spellings: tuple[str, ...] = ()
    interest: Interest
    stream: Text
    bias: Bias
    reliability: Reliability
    accuracy: Annotated[float, Field(ge=0, le=1)]
    reporting: Text
    reason: Text


# What each field should have held, with an example, for the errors.
_EXPECTED = {
    "id": "a short name like nis-killed-20241219",
    "wording": 'the figure as quoted, like "at least 100"',
    "published": "a date like 2024-12-19",
    "as_of": "a date like 2024-12-19",
    "period_start": "a date like 2024-12-01, or nothing",
    "scope": "where the figure holds, like Kursk",
    "origin": "an origin of sources.toml, like NIS",
    "outlet": "who printed it, like BBC",
    "url": "an address that begins with https://, or nothing",
    "name": "the origin's full name",
    "stream": "a word for the origins that share information, like ukraine-led",
    "accuracy": "a probability from 0 to 1",
    "reporting": "a layer of the lexicon, like none",
    "reason": "why this reliability and bias",
    "spellings": 'a list of names, like ["NIS"]',
    "role": "one of " + ", ".join(get_args(Role)),
    "quantity": "one of " + ", ".join(get_args(Quantity)),
    "mode": "one of " + ", ".join(get_args(Mode)),
    "relation": "one of " + ", ".join(get_args(Relation)),
    "interest": "one of " + ", ".join(get_args(Interest)),
    "bias": "one of " + ", ".join(get_args(Bias)),
    "reliability": "one of " + ", ".join(get_args(Reliability)),
}


def _faults(error: ValidationError, where: str) -> list[str]:
    """Each fault of a pydantic error on a line of ours."""
    lines = []
    for fault in error.errors():
        field, got = str(fault["loc"][0]), fault["input"]
        expected = _EXPECTED.get(field, "nothing of that name")
        if fault["type"] == "missing":
            lines.append(f"{where}: {field} is missing, expected {expected}")
        elif got == "":
            lines.append(f"{where}: {field} is empty, expected {expected}")
        else:
            lines.append(f"{where}: {field} is {got!r}, expected {expected}")
    return lines


@dataclass(frozen=True, slots=True)
class Register:
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
    """

    name: str
    claims: tuple[Claim, ...]
    sources: Mapping[str, Source]
    digests: Mapping[str, str]

    def origin_named(self, name: str) -> str | None:
        """The origin of this name or spelling, or ``None``."""
        for key, source in self.sources.items():
            if name in (key, source.name, *source.spellings):
                return key
        return None


def register_path(register: str | Path) -> Path:
    """
    Where a register lies: a path to a CSV file, or the name of one that ships with the package.

    Examples
    --------
    >>> register_path("seed").name
    'seed.csv'
    """
    path = Path(register)
    if path.suffix == ".csv" or len(path.parts) > 1:
        return path
    shipped = sorted(file.stem for file in DATA.glob("*.csv") if _is_register(file))
    if str(register) not in shipped:
        raise InputError(
            f"register is {str(register)!r}, expected a path to a .csv file or one of {', '.join(shipped)}"
        )
    return DATA / f"{register}.csv"


def _is_register(file: Path) -> bool:
    """Whether a file that ships is a register of its own, and neither context nor other data."""
    return not file.stem.endswith("-context") and file.read_bytes().startswith(b"id,role,")


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
    path = register_path(register)
    context = path.with_name(f"{path.stem}-context.csv")
    files = [path, context] if context.is_file() else [path]
    faults: list[str] = []
    contents = {file.name: _read_bytes(file) for file in [*files, path.with_name("sources.toml")]}
    sources = _read_sources(path.with_name("sources.toml"), contents["sources.toml"], faults)
    claims: list[Claim] = []
    for file in files:
        claims += _read_claims(file, contents[file.name], faults)
    faults += _between_rows(claims, sources)
    if not faults:  # a row that could not be read would be missed by all that rest on it
        by_id = {claim.id: claim for claim in claims}
        faults += [fault for claim in claims for fault in _on_what_it_rests(claim, by_id, sources)]
    if not claims and not faults:
        faults.append(f"{_shown(path)}: no claims, expected at least one row below the header")
    if faults:
        raise InputError(*faults)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return Register(path.stem, tuple(claims), sources, digests)


def _shown(path: Path) -> str:
    """A path as a user would type it here."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(f"{_shown(path)}: {reason}, expected a file that can be read") from None


def _decoded(path: Path, content: bytes) -> str:
    if b"\0" in content:
        raise InputError(f"{_shown(path)}: holds binary data, expected text in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{_shown(path)}:{line}: is not UTF-8, expected text in UTF-8") from None


def _read_sources(path: Path, content: bytes, faults: list[str]) -> dict[str, Source]:
    where = _shown(path)
    try:
        tables = tomllib.loads(_decoded(path, content))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: is not TOML ({error}), expected one table for each origin") from None
    sources = {}
    for key, table in tables.items():
        if not isinstance(table, dict):
            faults.append(f"{where}: [{key}]: is {table!r}, expected a table of its fields")
            continue
        try:
            sources[key] = Source.model_validate(table)
        except ValidationError as error:
            faults += _faults(error, f"{where}: [{key}]")
    return sources


def _read_claims(path: Path, content: bytes, faults: list[str]) -> list[Claim]:
    where = _shown(path)
    text = _decoded(path, content)
    if not text.strip():
        raise InputError(f"{where}: is empty, expected the columns {','.join(COLUMNS)}")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    claims: list[Claim] = []
    try:
        header = next(reader)
        faults += _header_faults(header, where)
        if set(header) != set(COLUMNS) or len(header) != len(COLUMNS):
            return claims
        start = reader.line_num + 1
        for cells in reader:
            if cells:
                _read_row(header, cells, Row(where, start, claims, faults))
            start = reader.line_num + 1
    except csv.Error as error:
        faults.append(f"{where}:{reader.line_num}: is not CSV ({error}), expected cells split by commas")
    return claims


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row stands and where what it gives goes."""

    file: str
    line: int
    claims: list[Claim]
    faults: list[str]


def _read_row(header: list[str], cells: list[str], row: Row) -> None:
    where = f"{row.file}:{row.line}"
    if len(cells) != len(header):
        row.faults.append(f"{where}: has {len(cells)} cells, expected {len(header)}")
        return
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    try:
        row.claims.append(Claim.model_validate({**values, "file": row.file, "line": row.line}))
    except ValidationError as error:
        row.faults.extend(_faults(error, where))


def _header_faults(header: list[str], where: str) -> list[str]:
    faults = [f"{where}:1: column {name!r} is missing" for name in COLUMNS if name not in header]
    faults += [f"{where}:1: column {name!r} is not known" for name in header if name not in COLUMNS]
    faults += [f"{where}:1: column {name!r} stands twice" for name in COLUMNS if header.count(name) > 1]
    return faults


def _between_rows(claims: Iterable[Claim], sources: Mapping[str, Source]) -> list[str]:
    """Faults that no field shows alone."""
    faults: list[str] = []
    seen: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in seen:
            first = seen[claim.id].where
            faults.append(f"{claim.where}: id is {claim.id!r}, which {first} has already; expected a new one")
        seen.setdefault(claim.id, claim)
        if claim.origin not in sources:
            known = ", ".join(sources) or "none yet"
            faults.append(f"{claim.where}: origin is {claim.origin!r}, expected an origin of sources.toml: {known}")
        faults += _within_row(claim)
    return faults


def _within_row(claim: Claim) -> list[str]:
    """Fields of one claim that do not go together."""
    faults = []
    if claim.file.endswith("-context.csv") and claim.role in COUNTING_ROLES:
        faults.append(f"role is {claim.role!r}, expected one that is never counted, like context")
    if claim.as_of > claim.published and claim.mode != "plan":
        faults.append(f"as_of is '{claim.as_of}', expected a day not after published, '{claim.published}'")
    if claim.mode == "incremental" and claim.period_start is None:
        faults.append("period_start is empty, expected the first day of the flow, like 2024-12-01")
    if claim.period_start is not None and claim.period_start > claim.as_of:
        faults.append(f"period_start is '{claim.period_start}', expected a day not after as_of, '{claim.as_of}'")
    if claim.relation != "original" and not claim.rests_on:
        faults.append("rests_on is empty, expected the id or the origin of what is said again, like NIS")
    return [f"{claim.where}: {fault}" for fault in faults]


def _on_what_it_rests(claim: Claim, claims: Mapping[str, Claim], sources: Mapping[str, Source]) -> list[str]:
    """What a claim rests on exists, and does not rest on the claim."""
    unknown = [name for name in claim.rests_on if name not in claims and name not in sources]
    faults = [
        f"{claim.where}: rests_on is {name!r}, expected an id of this register or an origin of sources.toml"
        for name in unknown
    ]
    below, reached = list(claim.rests_on), set()
    while below:
        name = below.pop()
        if name == claim.id:
            return [*faults, f"{claim.where}: rests_on leads back to {name!r}, expected no circle"]
        if name in claims and name not in reached:
            reached.add(name)
            below += claims[name].rests_on
    return faults
