"""
Settings as a file: YAML that papermill takes with ``-f``, and the command that renders a report from it.

Refused: a file that is none, and one whose values are no plain ones.

>>> from analysis.settings import Settings
>>> print(to_yaml(Settings(pool="median")).splitlines()[-9])
pool: median
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import yaml

from analysis.cells import decoded, path_shown, read_bytes
from analysis.errors import Fault, InputError, WorkError
from analysis.settings import Settings

__all__ = ["command", "read_file", "to_yaml", "write_file"]


def to_yaml(settings: Settings) -> str:
    """Every setting on a line of its own, as papermill reads it."""
    head = "# Settings of a report: casualty-report render -f FILE, or papermill notebooks/report.ipynb OUT -f FILE\n"
    return head + yaml.safe_dump(asdict(settings), sort_keys=False, allow_unicode=True)


def write_file(settings: Settings, path: str | Path) -> Path:
    """
    Write settings, over a file of that name if there is one.

    Raises
    ------
    WorkError
        It cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(to_yaml(settings), encoding="utf-8", newline="")
    except OSError as error:
        raise WorkError(f"{path_shown(target)}: {(error.strerror or 'cannot be written').lower()}") from None
    return target


def read_file(path: str | Path) -> Mapping[str, object]:
    """
    Parameters by name, from a file as `write_file` writes it; a part of them is enough.

    Raises
    ------
    InputError
        The file cannot be read, or holds something else.
    """
    target, faults = Path(path), []
    where = path_shown(target)
    content = read_bytes(target, faults)
    text = None if content is None else decoded(content, where, faults)
    expected = "lines like pool: median"
    found: object = {}
    if text is not None:
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            told = f"is not YAML, expected {expected}"
            faults.append(Fault(where, mark.line + 1 if mark else None, "", None, expected, told=told))
    if not faults and not (isinstance(found, dict) and all(isinstance(name, str) for name in found)):
        faults.append(Fault(where, None, "", None, expected, told=f"holds no names with values, expected {expected}"))
    if faults:
        raise InputError(*(fault.message for fault in faults))
    return dict(found)  # type: ignore[call-overload]


def command(path: str | Path) -> str:
    """
    The line that renders a report from a file of settings.

    Examples
    --------
    >>> command("settings.yaml")
    'casualty-report render -f settings.yaml'
    """
    return shlex.join(["casualty-report", "render", "-f", Path(path).as_posix()])
