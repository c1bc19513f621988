"""
The manifest of an edition, edition.json: what it is, what went into it, and the SHA-256 of each of its files.

Its schema is ``analysis/data/edition.schema.json``, made of the classes here. Refused: a key that is missing, unknown
or of another kind, and names of files that lead out of the folder.

>>> Previous(edition="seed-2024-12-18", results_sha256="0" * 64, code="0" * 64).edition
'seed-2024-12-18'
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict, JsonValue, StringConstraints, TypeAdapter, ValidationError

from analysis.errors import InputError, WorkError, shown

__all__ = ["MANIFEST", "Edition", "Inputs", "Previous", "digest", "read_edition", "schema", "to_json", "write_edition"]

MANIFEST = "edition.json"

# The first letter is none of "." and "-": no hidden file, no option of a command line, and never "..".
_PART = r"[^/\\.\-\s\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*"
Name = Annotated[str, StringConstraints(pattern=rf"^{_PART}$", max_length=200)]
FileName = Annotated[str, StringConstraints(pattern=rf"^{_PART}(/{_PART})*$", max_length=400)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_STRICT = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """
    The edition that this one is compared with.

    Parameters
    ----------
    edition : str
    results_sha256 : str
        Of its results.json.
    code : str
        SHA-256 of the program that made it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    edition: Name
    results_sha256: Digest
    code: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """
    What an edition was made of: the same inputs give the same edition.

    Parameters
    ----------
    sha256 : str
        Of all inputs together.
    parameters : mapping
        Of the notebook, by name.
    notebook, code : str
        SHA-256 of the notebook before it ran, and of the program.
    files : mapping of str to str
        SHA-256 of each file that was read, by name; of one that another parameter than the register names, by
        parameter=name.
    versions : mapping of str to str
        Of what the numbers depend on.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    sha256: Digest
    parameters: Mapping[str, JsonValue]
    notebook: Digest
    code: Digest
    files: Mapping[str, Digest]
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """
    An edition as its manifest tells it.

    Parameters
    ----------
    edition : str
        Its name, which is that of its folder.
    register : str
        Its name; empty for a notebook without one.
    as_of : date or None
        ``None`` for a notebook that asks for no day.
    notebook : str
        File name of the notebook.
    title : str
    status : str
        "published" or "draft".
    reasons : tuple of str
        Why it is a draft, a line each; empty where it is none.
    approved : str or None
        Who approved it all the same, and why.
    rendered : datetime
        When it was made, with its time zone.
    previous : Previous or None
    inputs : Inputs
    files : mapping of str to str
        SHA-256 of every file but edition.json, by its path in the folder.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(**_STRICT, title="edition.json of casualty-report")

    schema: Literal["edition-1"] = "edition-1"
    edition: Name
    register: str
    as_of: date | None
    notebook: Name
    title: str
    status: Literal["published", "draft"]
    reasons: tuple[str, ...]
    approved: str | None
    rendered: AwareDatetime
    previous: Previous | None
    inputs: Inputs
    files: Mapping[FileName, Digest]

    @property
    def is_draft(self) -> bool:
        """Whether it must not be cited without its reasons."""
        return self.status == "draft"


_ADAPTER: TypeAdapter[Edition] = TypeAdapter(Edition)


def schema() -> str:
    """The content of ``analysis/data/edition.schema.json``."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ADAPTER.json_schema()}
    return json.dumps(_short(made), ensure_ascii=False, indent=1) + "\n"


def _short(value: object) -> object:
    """The same with the first sentence of each description only: the rest is about Python."""
    if isinstance(value, dict):
        return {
            key: one.split("\n\n")[0] if key == "description" and isinstance(one, str) else _short(one)
            for key, one in value.items()
        }
    return [_short(one) for one in value] if isinstance(value, list) else value


def to_json(edition: Edition) -> str:
    """The content of edition.json."""
    return json.dumps(_ADAPTER.dump_python(edition, mode="json"), ensure_ascii=False, indent=1) + "\n"


def write_edition(edition: Edition, folder: Path) -> None:
    """
    Write edition.json, last of all files of an edition.

    Raises
    ------
    WorkError
        It holds what `read_edition` would refuse, so that nobody could read it back.
    """
    text = to_json(edition)
    try:
        _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise WorkError("\n".join(_faults(folder / MANIFEST, error))) from error
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_edition(folder: Path) -> Edition:
    """
    Read the manifest of an edition.

    Raises
    ------
    InputError
        There is none, it is a symbolic link, or it is wrong; with a line for each fault.
    """
    file = folder / MANIFEST
    if file.is_symlink():
        raise InputError(f"{file} is a symbolic link, expected a file")
    try:
        return _ADAPTER.validate_json(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise InputError(*_faults(file, error)) from error


def _faults(file: Path, error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        got = "missing" if fault["type"] == "missing" else shown(fault["input"])
        lines.append(f"{file}: {place} is {got}; {fault['msg'][:1].lower()}{fault['msg'][1:]}")
    return lines


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
