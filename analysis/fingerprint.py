"""
What an edition is made of, as digests: the same fingerprint gives the same edition.

Holds the notebook, its parameters, the files that they name as those lie on the disk, the program with its data, and
the versions of the libraries. Not the browser that prints the PDF, nor the clock.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from analysis.claims import register_path
from analysis.errors import InputError
from analysis.manifest import Inputs, digest

__all__ = ["code_digest", "fingerprint", "together", "without_places"]

_PACKAGE = Path(__file__).parent
_LIBRARIES = (
    *("casualty-report", "numpy", "scipy", "matplotlib", "pydantic", "prov", "tabulate"),
    *("papermill", "nbconvert", "mistune", "pygments", "accessible-pygments", "latex2mathml"),
)


def fingerprint(notebook: Path, parameters: Mapping[str, object], *, terms: Mapping[str, object]) -> Inputs:
    """
    The fingerprint of an edition.

    Parameters
    ----------
    notebook : Path
        Before it runs.
    parameters : mapping
        All of them, with their defaults; ``output_dir`` aside.
    terms : mapping
        What else decides the edition: the bounds of its gates, an approval.

    Raises
    ------
    InputError
        The notebook or a file that a parameter names cannot be read.
    """
    try:
        files = {name: digest(file) for name, file in _read(parameters)}
        taken = digest(notebook)
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}") from error
    shown = without_places({name: value for name, value in parameters.items() if name != "output_dir"})
    if "register" in shown:
        shown["register"] = register_path(str(shown["register"])).stem  # a path is of one machine
    parts = {
        "parameters": {**shown, **terms},
        "notebook": taken,
        "code": code_digest(),
        "files": files,
        "versions": _versions(),
    }
    return Inputs(sha256=together(parts), **parts)


def together(parts: Mapping[str, object]) -> str:
    """SHA-256 of all inputs of an edition, as edition.json lists them."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def without_places(parameters: Mapping[str, object]) -> dict[str, object]:
    """
    Parameters as an edition may show them: of a path, the name, since folders are of one machine.

    Examples
    --------
    >>> without_places({"register": "/home/me/mine.csv", "level": 0.9, "weights": "NIS=2"})
    {'register': 'mine.csv', 'level': 0.9, 'weights': 'NIS=2'}
    """
    return {name: _named(value) for name, value in parameters.items()}


def _named(value: object) -> object:
    if not isinstance(value, str) or ("/" not in value and "\\" not in value):
        return value
    path = Path(value)
    return path.name if path.is_absolute() or _is_there(path) else value


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a zero byte: text, and no path
        return False


def _read(parameters: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    """The files that a notebook reads: those of the register by their names, others as parameter=name."""
    for name, value in parameters.items():
        if name in {"register", "output_dir"} or not isinstance(value, str):
            continue
        if _is_there(file := Path(value)) and file.is_file():
            yield f"{name}={file.name}", file
    if "register" not in parameters:
        return
    path = register_path(str(parameters["register"]))
    for file in (path, path.with_name(f"{path.stem}-context.csv"), path.with_name("sources.toml")):
        if file.is_file():  # what is missing is for whoever reads the register to say
            yield file.name, file


@cache
def code_digest() -> str:
    """SHA-256 of the program: its modules, its data, and the style of its figures."""
    whole = hashlib.sha256()
    style = _PACKAGE.parent / "figures" / "style.mplstyle"
    files = [file for file in _PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    for file in [*sorted(files), *([style] if style.is_file() else [])]:
        whole.update(f"{file.relative_to(_PACKAGE.parent).as_posix()}\0{digest(file)}\n".encode())
    return whole.hexdigest()


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
