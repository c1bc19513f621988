"""
The two ways a run can end early: the input is wrong, or the work failed. Neither shows a user a traceback.

A `Fault` is one thing that is wrong with a file, in parts; an `InputError` carries the lines that a user reads.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

__all__ = ["Fault", "InputError", "Stopped", "WorkError", "printable", "shown"]

# A longer cell is cut where a message quotes it.
_LONGEST = 80


class InputError(ValueError):
    r"""
    What the user gave is wrong; the command line prints each fault on a line and exits with 2.

    Parameters
    ----------
    *faults : str
        One line per fault: where, what was got, what was expected.

    Examples
    --------
    >>> str(InputError("level is 2", "seed is 'x'"))
    "level is 2\nseed is 'x'"
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults

    def __reduce__(self) -> tuple[type[InputError], tuple[str, ...]]:
        """Keep the faults apart where another process raised it."""
        return type(self), self.faults


class WorkError(RuntimeError):
    """The input was sound and the work failed; the command line prints the reason and exits with 1."""


class Stopped(BaseException):
    """
    A signal asked the process to end; ``code`` is what a shell expects of a process that it ended.

    Examples
    --------
    >>> str(Stopped(15)), Stopped(15).code
    ('SIGTERM', 143)
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


def shown(value: object) -> str:
    """
    A value as messages quote it: on one line, cut where it is long, letters that cannot be seen spelt out.

    Examples
    --------
    >>> shown("x" * 100)[-9:]
    "xxxxx...'"
    """
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}...")
    try:
        text = repr(value)
    except ValueError:  # Python prints no integer of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def printable(name: str) -> str:
    r"""
    A name as it is, unless it holds letters that cannot be seen: then as `shown`.

    Examples
    --------
    >>> printable("NIS"), printable("N\x1bIS")
    ('NIS', "'N\\x1bIS'")
    """
    return name if name.isprintable() else shown(name)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that is wrong with a file.

    Parameters
    ----------
    file : str
        As a user would type it; empty where there is none.
    line : int or None
        ``None`` where it is the file as a whole.
    field : str
        Column of a register, or key of a source; empty where it is no single one.
    got : object
        What stands there; ``None`` where nothing does.
    expected : str
        What should, with an example.
    told : str
        What is wrong in words of its own, where "field is got, expected ..." does not say it.
    table : str
        The table of a TOML file that holds the field.

    Examples
    --------
    >>> Fault("my.csv", 4, "published", "2024-13-19", "a date like 2024-12-19").message
    "my.csv:4: published is '2024-13-19', expected a date like 2024-12-19"
    """

    file: str
    line: int | None
    field: str
    got: object
    expected: str
    told: str = ""
    table: str = ""

    @property
    def message(self) -> str:
        """The line that a user reads: where, what was got, what was expected."""
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        table = printable(self.table)
        return ": ".join(part for part in (place, table and f"[{table}]", self._sentence()) if part)

    def _sentence(self) -> str:
        if self.told:
            return self.told
        state = "missing" if self.got is None else "empty" if self.got == "" else shown(self.got)
        return f"{printable(self.field)} is {state}, expected {self.expected}"

    def record(self) -> dict[str, object]:
        """The parts and the message, for JSON."""
        return {
            "file": self.file or None,
            "line": self.line,
            "field": ".".join(part for part in (self.table, self.field) if part) or None,
            "got": self.got if self.got is None or isinstance(self.got, str) else shown(self.got),
            "expected": self.expected or None,
            "message": self.message,
        }
