"""
Verdicts: what each check of an edition found, and what all of them say together.

An edition is sound, not sound, or not confirmed: no check found a fault, and one could not decide. None of them says
who made the edition: its digests are not signed.

>>> Check("files", "sound", ("12 files have their digests",)).line
'files: sound; 12 files have their digests'
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analysis.errors import InputError, WorkError

__all__ = ["UNSIGNED", "Check", "Verified", "checked", "guarded"]

UNSIGNED = (
    "nothing here is signed: this shows accidents and careless edits, and not a forger who writes page, record and "
    "digests anew with this program"
)
_SHOWN = 20  # lines of one check on a terminal; the JSON has all
_CODES = {"sound": 0, "not sound": 1, "not confirmed": 4}  # 2 and 3 are wrong input and a draft
# What reading a file can raise that is not what it should be; html.parser answers some marked sections with the last.
_BROKEN = (
    *(InputError, WorkError, OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
    *(RecursionError, StopIteration, csv.Error, AssertionError),
)


@dataclass(frozen=True, slots=True)
class Check:
    """
    One check of an edition.

    Parameters
    ----------
    name : str
    state : str
        "sound", "fault", "not confirmed" (what it found may be a fault or not; from here nobody can tell) or
        "not made" (there is nothing to check).
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
    def verdict(self) -> str:
        """
        "sound", "not sound" or "not confirmed"; a fault outweighs what is not confirmed.

        Examples
        --------
        >>> Verified("seed-2024-12-19", (Check("files", "sound", ()), Check("page", "not confirmed", ()))).verdict
        'not confirmed'
        """
        states = {check.state for check in self.checks}
        return "not sound" if "fault" in states else "not confirmed" if "not confirmed" in states else "sound"

    @property
    def sound(self) -> bool:
        """Whether all that was checked holds."""
        return self.verdict == "sound"

    @property
    def code(self) -> int:
        """For the shell: 0 sound, 1 not sound, 4 not confirmed."""
        return _CODES[self.verdict]

    def text(self) -> str:
        """A line for each check, under it what it found where that is more than one thing; last the verdict."""
        lines = []
        for check in self.checks:
            if len(check.detail) == 1:
                lines.append(check.line)
                continue
            lines.append(f"{check.name}: {check.state}")
            lines += [f"  {one}" for one in check.detail[:_SHOWN]]
            if len(check.detail) > _SHOWN:
                lines.append(f"  and {len(check.detail) - _SHOWN} more")
        verdict = f"{self.edition} is {self.verdict}"
        if self.verdict == "not confirmed":
            undecided = [check.name for check in self.checks if check.state == "not confirmed"]
            verdict += f": no fault was found, and this could not be decided here: {', '.join(undecided)}"
        return "\n".join([*lines, f"signature: none; {UNSIGNED}", verdict])

    def to_json(self) -> str:
        """The same for machines."""
        checks = [{"name": one.name, "state": one.state, "detail": list(one.detail)} for one in self.checks]
        document = {"edition": self.edition, "verdict": self.verdict, "signed": False, "checks": checks}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def checked(name: str, faults: Sequence[str], sound: str, *, state: str = "fault") -> Check:
    """
    A check that is sound where it found nothing.

    Parameters
    ----------
    name : str
    faults : sequence of str
    sound : str
        What is said where there are none.
    state : str
        Where there are some.
    """
    return Check(name, state, tuple(faults)) if faults else Check(name, "sound", (sound,))


def guarded(name: str, make: Callable[[], Check | Iterable[Check]]) -> list[Check]:
    """
    What a check found; where a file is not what it should be and the check cannot go on, that is a fault.

    Examples
    --------
    >>> guarded("prov.json", lambda: checked("prov.json", [], json.loads("{}")["entity"]))[0].detail
    ("cannot be checked: KeyError: 'entity'",)
    """
    found: list[Check] = []
    try:
        made = make()
        if isinstance(made, Check):
            return [made]
        for one in made:
            found.append(one)  # what was found before it broke is kept
    except _BROKEN as error:
        said = error.faults if isinstance(error, InputError) else (f"{type(error).__name__}: {error}",)
        lines = (" ".join(line.split())[:300] for line in said)
        found.append(Check(name, "fault", tuple(f"cannot be checked: {line}" for line in lines)))
    return found
