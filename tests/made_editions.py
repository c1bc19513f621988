"""Editions for tests: a folder that holds files already gets its edition.json."""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

from analysis.fingerprint import code_digest
from analysis.manifest import Edition, Inputs, digest, write_edition

RENDERED = datetime(2024, 12, 19, 6, 30, tzinfo=UTC)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(folder: Path, **changed: object) -> Edition:
    """Write edition.json for what is in a folder; every field of the manifest can be given."""
    (folder / "edition.json").unlink(missing_ok=True)
    files = {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    register, _, day = folder.name.partition("-2")
    inputs = Inputs(
        sha256=sha("inputs"),
        parameters={"register": register},
        notebook=sha("notebook"),
        code=code_digest(),
        files={name: files[name] for name in files if name.endswith((".csv", ".toml")) and name != "estimates.csv"},
        versions={},
    )
    fields = {
        "edition": folder.name,
        "register": register,
        "as_of": date.fromisoformat(f"2{day}") if day else None,
        "notebook": "report.ipynb",
        "title": "What share of the force has been lost?",
        "status": "published",
        "reasons": (),
        "approved": None,
        "rendered": RENDERED,
        "previous": None,
        "inputs": inputs,
        "files": files,
    }
    edition = Edition(**{**fields, **changed})
    write_edition(edition, folder)
    return edition
