"""
A new register: a CSV file with one example row, the ``sources.toml`` of its origin, and schemas for an editor.

The schemas and every explanation come from the fields themselves (`analysis.fields`), so none of them can differ from
what ``check`` accepts: ``sources.schema.json`` is a JSON Schema, which editors of TOML find by the first line of
``sources.toml``; ``datapackage.json`` is a Frictionless Data Package, whose Table Schema describes the columns.

Refused: a file that exists already, the name of a register that ships, and half of a register: all files appear, or
none.

>>> columns = table_schema()["fields"]
>>> columns[0]["name"], columns[1]["constraints"]["enum"][:3]
('id', ['seed', 'estimate', 'count'])
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from analysis.cells import hidden, path_shown
from analysis.claims import shipped
from analysis.errors import InputError, WorkError
from analysis.fields import COLUMNS, DAY, EXAMPLE, Claim, Source

__all__ = ["Started", "source_schema", "start", "table_schema"]

# The example depends on nothing and names nobody who exists: what is left of it by mistake must not pass for a report.
_ORIGIN = "Example Ministry"
_ROW = {
    **EXAMPLE,
    "id": "example",
    "scope": "Example Valley",
    "speaker": "a spokesperson",
    "origin": _ORIGIN,
    "rests_on": "",
    "outlet": "The Example Gazette",
    "url": "https://example.org/article",
    "note": "An example: put your first claim in its place. datapackage.json says what each column means.",
}
_SOURCE = {
    "name": "Ministry of Examples",
    "spellings": ["the ministry"],
    "stream": "example-led",
}
_DRAFT_7 = "http://json-schema.org/draft-07/schema#"  # what editors of TOML understand
_EXPECTED = "a path like mine.csv or folder/mine"


@dataclass(frozen=True, slots=True)
class Started:
    """A register that has just been written: where its rows are, and all of its files."""

    register: Path
    files: tuple[Path, ...]

    def next_steps(self) -> str:
        """What was written and what to do next, for a terminal."""
        folder = path_shown(self.register.parent)
        names = ", ".join(path.name for path in self.files)
        register = path_shown(self.register)
        return (
            f"{names} are in {'this folder' if folder == '.' else folder}.\n"
            "Next: put your claims in place of the example, and their origins into sources.toml. An answer needs a\n"
            "loss (killed, wounded or casualties) and a size of the force (deployed or engaged). Then run:\n"
            f"casualty-report check {register}"
        )


def start(register: str) -> Started:
    """
    Write a new register.

    Parameters
    ----------
    register : str
        Where its rows go: ``mine.csv``, ``folder/mine``, or a bare name. Its folder is made if need be.

    Raises
    ------
    InputError
        If that is no name for a register, or with a line for every file that exists already.
    WorkError
        If the files cannot be written.
    """
    path = _path(register)
    texts = {
        path.name: _rows(),
        "sources.toml": _sources(),
        "sources.schema.json": _json(source_schema()),
        "datapackage.json": _json(_package(path)),
    }
    files = tuple(path.parent / name for name in texts)
    if there := [file for file in files if os.path.lexists(file)]:
        expected = "expected a folder without it; nothing was written"
        raise InputError(*(f"{path_shown(file)}: exists already, {expected}" for file in there))
    try:
        _publish(path.parent, texts)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(f"{path_shown(path.parent)}: {reason}, expected a folder that can be written") from None
    except OSError as error:
        raise WorkError(f"{path_shown(path.parent)}: {(error.strerror or 'cannot be written').lower()}") from None
    return Started(path, files)


def _path(register: str) -> Path:
    """The path of the CSV file, if the name is one for a register."""
    path = Path(register)
    reason = ""
    if not register.strip():
        reason = "is empty"
    elif hidden(register) or not register.isprintable():
        reason = f"is {register!r}, which holds letters that cannot be seen"
    elif register.endswith(("/", os.sep)) or path.name in ("", "."):
        reason = f"is {register!r}, which names a folder"
    elif ".." in path.parts:
        reason = f"is {register!r}, which leads out of a folder by '..'"
    elif any(part.startswith(("-", "~")) for part in path.parts):
        reason = f"is {register!r}, which begins like an option or a home folder"
    elif path.suffix not in ("", ".csv") or path.name.startswith("."):
        reason = f"is {register!r}, which does not end in .csv"
    elif path.stem.endswith("-context"):
        reason = f"is {register!r}, which names the context of another register"
    elif path.stem in shipped():
        reason = f"is {register!r}; {path.stem!r} is a register that ships, which check and run would read instead"
    if reason:
        raise InputError(f"register {reason}, expected {_EXPECTED}")
    return path.with_suffix(".csv")


def _publish(folder: Path, texts: dict[str, str]) -> None:
    """Write all files aside, then move them to their places; leave nothing behind if one of them cannot be."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    moved: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        try:
            for name, text in texts.items():
                (aside / name).write_text(text, encoding="utf-8", newline="")
            for name in texts:
                _move(aside / name, folder / name)
                moved.append(folder / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        for one in made:
            if one.is_dir() and not any(one.iterdir()):
                one.rmdir()
        raise


def _move(source: Path, target: Path) -> None:
    """Give a file its place, unless something stands there: a link never overwrites, where the disk has links."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        with target.open("xb") as file:
            file.write(source.read_bytes())


def _rows() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerow(_ROW[name] for name in COLUMNS)
    return out.getvalue()


def _sources() -> str:
    """The origin of the example, each field under what it means."""
    lines = [
        "#:schema ./sources.schema.json",
        "# Who speaks. One table for each origin, named as the column origin of the register names it.",
        "",
        f"[{json.dumps(_ORIGIN)}]",
    ]
    for name, field in Source.model_fields.items():
        example = _SOURCE.get(name, (field.examples or [""])[0])
        choices = source_schema()["additionalProperties"]["properties"][name].get("enum")
        words = f"{field.description} One of: {', '.join(choices)}." if choices else str(field.description)
        lines += [f"# {line}" for line in wrap(words, 110)]
        lines.append(f"{name} = {json.dumps(example, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def source_schema() -> dict[str, object]:
    """
    The JSON Schema of ``sources.toml``.

    Examples
    --------
    >>> source_schema()["additionalProperties"]["properties"]["reliability"]["enum"]
    ['A', 'B', 'C', 'D', 'E', 'F']
    """
    table = Source.model_json_schema()
    table.pop("description", None)
    return {
        "$schema": _DRAFT_7,
        "title": "The origins of a register of claims",
        "type": "object",
        "additionalProperties": {**table, "description": "An origin: who is speaking, and how far it has been right."},
    }


def table_schema() -> dict[str, object]:
    """The Table Schema of a register: type, constraints, meaning and example of each column, in their order."""
    properties = Claim.model_json_schema(mode="validation")["properties"]
    fields = []
    for name in COLUMNS:
        told = properties[name]
        date = told.get("format") == "date" or any(one.get("format") == "date" for one in told.get("anyOf", ()))
        limits = {key: told[key] for key in ("enum", "pattern", "minLength", "maxLength") if key in told}
        if date:
            limits["pattern"] = DAY
        optional = name == "period_start" or not (date or limits.get("minLength") or {"enum", "pattern"} & set(limits))
        optional = optional or name == "url"
        fields.append(
            {
                "name": name,
                "type": "date" if date else "string",
                "description": told["description"],
                "example": EXAMPLE[name],
                "constraints": {"required": not optional, **({"unique": True} if name == "id" else {}), **limits},
            }
        )
    return {"fields": fields, "primaryKey": "id", "missingValues": [""]}


def _package(path: Path) -> dict[str, object]:
    resource = {
        "name": "claims",
        "path": path.name,
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "schema": table_schema(),
    }
    return {"profile": "tabular-data-package", "name": "register", "resources": [resource]}


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
