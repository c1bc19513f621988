"""
The compliance table of an edition: what standards ask, what satisfies it, and whether a check found it so.

`check` runs after the notebook was executed and before the page is made. Refused: a row that is met because somebody
says so; a requirement without a check, or a check without a requirement.

>>> {row.id for row in read_requirements()} == set(CHECKS)
True
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from analysis.displays import Table
from analysis.rendered import Before, Edition, Finding, MissingError, State
from analysis.standards import CHECKS
from analysis.uncertainties import read_uncertainties

__all__ = ["Before", "Compliance", "Requirement", "Row", "check", "finding", "markdown", "read_requirements", "to_json"]

_COMPLIANCE = Path(__file__).parent / "data" / "compliance.toml"
# What Markdown or HTML would take for more than a letter.
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~$&])")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a standard asks, in our own words, and what satisfies it."""

    id: str
    asks: str
    standard: str
    by: str


@dataclass(frozen=True, slots=True)
class Row:
    """
    A requirement, and what its check found in one edition.

    Parameters
    ----------
    id, requirement, standard, satisfied_by : str
    state : {"met", "not met", "does not apply"}
    detail : str
        One sentence of what the check found.
    """

    id: str
    requirement: str
    standard: str
    satisfied_by: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Compliance:
    """The rows of an edition, in the order of their ids; shown as a table."""

    rows: tuple[Row, ...]

    def of(self, state: State) -> tuple[Row, ...]:
        """The rows in a state."""
        return tuple(row for row in self.rows if row.state == state)

    @property
    def sentence(self) -> str:
        """How many are met, and which are not."""
        parts = [f"Of {len(self.rows)} requirements {len(self.of('met'))} are met"]
        for rows, verb in ((self.of("not met"), "not met"), (self.of("does not apply"), "without application here")):
            if rows:
                parts.append(f"{len(rows)} {verb} ({', '.join(row.id for row in rows)})")
        return f"{'; '.join(parts)}."

    def table(self) -> Table:
        """A row a requirement."""
        headings = ("id", "what is asked", "by", "what satisfies it", "state", "what the check found")
        rows = tuple((r.id, r.requirement, r.standard, r.satisfied_by, r.state, r.detail) for r in self.rows)
        return Table(headings, rows, ("left",) * len(headings))


@lru_cache(maxsize=1)
def read_requirements() -> tuple[Requirement, ...]:
    """
    The requirements of compliance.toml, by id.

    Raises
    ------
    ValueError
        If one has no check, or a check has none.
    """
    tables = tomllib.loads(_COMPLIANCE.read_text(encoding="utf-8"))
    if odd := set(tables) ^ set(CHECKS):
        raise ValueError(f"{_COMPLIANCE.name}: {', '.join(sorted(odd))} has no check, or is not there")
    return tuple(Requirement(id=name, **tables[name]) for name in sorted(tables))


def check(
    folder: Path,
    notebook: Any,
    *,
    before: Before | None = None,
    gates: tuple[str, ...] | None = None,
    code: str = "",
    again: Callable[[], str] | None = None,
) -> Compliance:
    """
    Check an edition in the making.

    Parameters
    ----------
    folder : Path
        Holds results.json, sensitivity.json, prov.json, estimates.csv, the register's copies, figures/, and
        previous/results.json where there is an edition before. The page need not be there.
    notebook : NotebookNode
        Executed; its cells tagged ``edition-changes`` are filled already.
    before : Before, optional
        The edition that this one is compared with; without it, this one is the first.
    gates : tuple of str, optional
        The reasons that make it a draft, empty if there are none; without it, no gate was asked.
    code : str
        SHA-256 of the package's code.
    again : callable, optional
        Gives the results.json of a second run, as `rendered.second_run` does; without it, there was none.
    """
    edition = Edition(folder, notebook, before, gates, code, again)
    rows = []
    for one in read_requirements():
        found = finding(one.id, edition)
        rows.append(Row(one.id, one.asks, one.standard, one.by, found.state, found.detail))
    return Compliance(tuple(rows))


def finding(name: str, edition: Edition) -> Finding:
    """What the check of one id finds; where it has nothing to look at, the row is not met."""
    try:
        return CHECKS[name](edition)
    except MissingError as error:
        return Finding("not met", f"{str(error)[:1].upper()}{str(error)[1:]}.")


def to_json(found: Compliance) -> str:
    """
    The content of compliance.json: the rows, how many are in each state, and the judged numbers of the report.

    The judged numbers are in no other file: the probability that the truth lies outside the ranges for reasons that
    are not in them, and the classes of size.
    """
    known = read_uncertainties()
    document = {
        "schema": "compliance-1",
        "counts": {state: Counter(row.state for row in found.rows)[state] for state in get_args(State)},
        "judged": {"outside": known.outside, "sizes": dict(known.sizes)},
        "rows": [asdict(row) for row in found.rows],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def markdown(found: Compliance) -> str:
    """
    The source of the notebook's cell tagged ``edition-compliance``: heading, sentence and table.

    Examples
    --------
    >>> row = Row("C39", "The sum holds", "own", "the model", "met", "The largest violation is 0.")
    >>> print(markdown(Compliance((row,))))
    ## Standards
    <BLANKLINE>
    Of 1 requirements 1 are met.
    <BLANKLINE>
    | id | what is asked | by | what satisfies it | state | what the check found |
    |---|---|---|---|---|---|
    | C39 | The sum holds | own | the model | met | The largest violation is 0. |
    """
    table = found.table()
    lines = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in table.rows]
    head = [f"| {' | '.join(table.headings)} |", "|---" * len(table.headings) + "|"]
    return "\n".join(["## Standards", "", _plain(found.sentence), "", *head, *lines])


def _plain(text: str) -> str:
    """Text that Markdown prints letter by letter, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
