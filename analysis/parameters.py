"""
Parameters of a notebook: which it declares, and values cast to the types declared.

Refused, before a kernel starts: names the notebook does not declare, values of the wrong type, and names that
look like secrets.

>>> declared = {"register": "seed", "seed": 7, "level": 0.9}
>>> cast_parameters({"seed": "11", "level": 1}, declared)
{'seed': 11, 'level': 1.0}
>>> cast_parameters({"sed": "11"}, declared)
Traceback (most recent call last):
    ...
analysis.errors.InputError: sed is not a parameter, did you mean seed? Declared are register, seed, level
"""

from __future__ import annotations

import ast
import datetime
import difflib
import json
import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import InputError

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["cast_parameters", "declared_parameters", "read_notebook", "shipped_notebook"]

# jsonschema compiles a grammar of rfc3987_syntax at import, a second or more that no notebook schema needs.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_SECRET = re.compile(r"token|password|passwd|secret|credential|api_?key", re.IGNORECASE)
_EXPECTED = {str: "text", bool: "true or false", int: "an integer", float: "a number", list: "a list"}
_BOOLEANS = {"true": True, "false": False}


def declared_parameters(notebook: Path, *, tag: str = "parameters") -> dict[str, object]:
    """
    Read the names and defaults of a notebook's parameters, without running it.

    Parameters
    ----------
    notebook : Path
        A notebook with a cell tagged ``parameters`` that holds lines like ``seed = 7``.
    tag : str
        Of the cell, where it is another: that of what an executed notebook was given, say.

    Returns
    -------
    dict
        Default values by name, in the order of the cell.

    Raises
    ------
    InputError
        The file is not a notebook, has no such cell, or a default is not a plain value. A default computed
        from another parameter would keep its old value when that parameter is set.
    """
    for cell in read_notebook(notebook).cells:
        if cell.cell_type == "code" and tag in cell.metadata.get("tags", []):
            return _assignments(cell.source, notebook)
    raise InputError(f"{notebook}: no cell is tagged {tag!r}; tag the cell that holds lines like seed = 7")


def _assignments(source: str, notebook: Path) -> dict[str, object]:
    """Read ``name = value`` and ``name: type = value`` lines; anything else that assigns is a fault."""
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise InputError(f"{notebook}: parameters cell, line {error.lineno}: {error.msg}") from None
    found, faults = {}, []
    for line in lines:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case ast.Assign() | ast.AugAssign():
                faults.append(f"{ast.unparse(line)!r} is not a line like seed = 7")
                continue
            case _:
                continue
        try:
            found[name] = ast.literal_eval(value)
        except ValueError:
            faults.append(f"{name} is computed, {ast.unparse(value)!r}; a default is a plain value like 7")
    if faults:
        raise InputError(*(f"{notebook}: parameters cell: {fault}" for fault in faults))
    return found


def cast_parameters(given: Mapping[str, object], declared: Mapping[str, object]) -> dict[str, object]:
    """
    Give each value the type of its declared default, or say why that cannot be.

    Parameters
    ----------
    given : mapping
        Values by name: text from a command line, numbers, dates, numpy scalars.
    declared : mapping
        Defaults by name, as read by `declared_parameters`. A default of None takes any plain value.

    Returns
    -------
    dict
        The given names only, with plain values.

    Raises
    ------
    InputError
        One line for each name that is not declared or looks like a secret, and each value of the wrong type.

    Examples
    --------
    >>> cast_parameters({"as_of": datetime.date(2024, 12, 19)}, {"as_of": ""})
    {'as_of': '2024-12-19'}
    >>> cast_parameters({"seed": "x"}, {"seed": 7})
    Traceback (most recent call last):
        ...
    analysis.errors.InputError: seed is 'x', expected an integer like 7
    """
    cast, faults = {}, []
    for name, value in given.items():
        if _SECRET.search(name):
            faults.append(f"{name} looks like a secret, and parameters are printed in the report; leave it out")
        elif name not in declared:
            near = difflib.get_close_matches(name, declared, n=1)
            hint = f", did you mean {near[0]}?" if near else "."
            faults.append(f"{name} is not a parameter{hint} Declared are {', '.join(declared) or 'none'}")
        else:
            try:
                cast[name] = _cast(_plain(value), declared[name])
            except (ValueError, KeyError, OverflowError):
                faults.append(f"{name} is {value!r}, expected {_expected(declared[name])}")
    if faults:
        raise InputError(*faults)
    return cast


def _expected(default: object) -> str:
    """Word what a default expects: the type, and the default as the example."""
    if isinstance(default, bool):
        return "true or false"
    return f"{_EXPECTED.get(type(default), f'a {type(default).__name__}')} like {default!r}"


def _plain(value: object) -> object:
    """Turn numpy scalars, dates and paths into what a notebook's parameters cell can hold."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return _plain(value.item())  # an array of several numbers raises ValueError
    return value


def _cast(value: object, default: object) -> object:
    """Give a plain value the type of its default; raise ValueError or KeyError when it has no such meaning."""
    kind = type(default)
    if default is None or (type(value) is kind and kind is not float):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = isinstance(value, str)
    if kind is str and number:
        return str(value)
    if kind is bool and text:
        return _BOOLEANS[value.strip().lower()]
    if kind is int and text:
        return int(value)
    if kind is float and (text or number) and math.isfinite(float(value)):
        return float(value)
    raise ValueError(value)


def read_notebook(notebook: Path) -> NotebookNode:
    """
    Read a notebook of format 4; cells without an id get their position as one, not a random one.

    Raises
    ------
    InputError
        If there is none, or it is none.
    """
    import nbformat

    try:
        raw = json.loads(notebook.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{notebook} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{notebook} is not a notebook: {error}") from error
    if not isinstance(raw, dict) or raw.get("nbformat") != 4 or not isinstance(raw.get("cells"), list):
        raise InputError(f"{notebook} is not a notebook of format 4; open and save it in JupyterLab")
    for number, cell in enumerate(raw["cells"]):
        cell.setdefault("id", f"cell-{number}")
    raw["nbformat_minor"] = max(5, raw.get("nbformat_minor", 0))
    return nbformat.reads(json.dumps(raw), as_version=4)


def shipped_notebook(name: str) -> Path | None:
    """The notebook of this name that comes with the program: of a checkout, or of a package."""
    package = Path(__file__).parent
    places = (package.parent / "notebooks" / name, package / "data" / "notebooks" / name)
    return next((place for place in places if place.is_file()), None)
