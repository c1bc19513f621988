"""
A claim that nobody has made, beside those of a register: what the answer would be if somebody made it.

The register itself is never touched. The claim goes into a copy, which is read and checked as every register is, so
that a run, a report and the checks take it like any other.

Refused: what `claims.read_register` refuses, and an origin that neither the register nor the form describes.

>>> import tempfile
>>> from analysis.glimpse import glimpse
>>> from analysis.settings import Settings
>>> claim = Hypothetical("killed", "at least 500", "2024-12-23", "NIS")
>>> with tempfile.TemporaryDirectory() as folder:
...     copy = with_claim("seed", claim, folder)
...     seen = glimpse(Settings(register=str(copy), as_of="2024-12-23"))
>>> seen.counted["what-if"]
'NIS'
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from analysis.cells import hidden, path_shown
from analysis.claims import COLUMNS, Register, read_register, register_path
from analysis.errors import InputError, WorkError
from analysis.evidence import read_claims
from analysis.fields import Source

__all__ = ["HYPOTHETICAL", "Hypothetical", "with_claim"]

# The id of the claim, and what the copy says of where it was printed.
HYPOTHETICAL = "what-if"
_NOWHERE = "nobody: a claim made up to see what it would change"


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """
    A claim to try, a total so far of the force's losses, or its size.

    Parameters
    ----------
    quantity, wording, published, origin : str
        As the columns of a register.
    stream : str
        Of an origin that the register does not know: whose information it shares. Empty: a stream of its own.
    """

    quantity: str
    wording: str
    published: str
    origin: str
    stream: str = ""


def with_claim(register: str | Path, claim: Hypothetical, folder: str | Path) -> Path:
    """
    Write a copy of a register with one claim more.

    Parameters
    ----------
    register : str or Path
        As `claims.read_register` takes it.
    claim : Hypothetical
    folder : str or Path
        Where the copy goes; made if it is not there.

    Returns
    -------
    Path
        Of the copy, which `settings.Settings` takes as its register.

    Raises
    ------
    InputError
        The register is not sound, or would not be with this claim.
    WorkError
        The copy cannot be written.
    """
    path = register_path(register)
    known = read_register(register)
    origin = known.origin_named(claim.origin.strip()) or claim.origin.strip()
    if found := hidden(origin):
        raise InputError(f"origin holds {found}, expected letters that are shown")
    # A name of its own: an edition of it is not taken for one of the register.
    name = f"{path.stem}-{HYPOTHETICAL}.csv"
    context = path.with_name(f"{path.stem}-context.csv")
    texts = {
        name: _ended(path.read_text(encoding="utf-8-sig")) + _row(path, claim, origin, known),
        "sources.toml": _ended(path.with_name("sources.toml").read_text(encoding="utf-8-sig"))
        + ("" if origin in known.sources or not origin else _source(origin, claim.stream)),
    }
    if context.is_file():
        texts[f"{path.stem}-{HYPOTHETICAL}-context.csv"] = context.read_text(encoding="utf-8-sig")
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (target / file).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise WorkError(f"{path_shown(target)}: {(error.strerror or 'cannot be written').lower()}") from None
    copy = target / name
    try:
        read_claims(read_register(copy))
    except InputError as error:
        # The claim is what the user typed: its row in a copy that nobody sees would be no help.
        place = f"{path_shown(copy)}:"
        lines = [_without_place(line, place) for line in error.faults]
        # The day of the figure is that of the print, so what is wrong with it is told already.
        raise InputError(*(line for line in lines if not line.startswith("as_of is "))) from None
    return copy


def _without_place(line: str, place: str) -> str:
    return line if not line.startswith(place) else line[len(place) :].partition(": ")[2]


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _row(path: Path, claim: Hypothetical, origin: str, known: Register) -> str:
    """The claim as a row, in the order of the file's own columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        columns = next(csv.reader(file))
    places = [one.scope for one in known.claims if one.origin == origin] or [one.scope for one in known.claims]
    cells = dict.fromkeys(COLUMNS, "") | {
        "id": HYPOTHETICAL,
        "role": "estimate",
        "quantity": claim.quantity,
        "wording": claim.wording,
        "published": claim.published,
        "as_of": claim.published,
        "mode": "stock" if claim.quantity in ("deployed", "engaged") else "cumulative",
        "scope": max(sorted(set(places)), key=places.count),
        "speaker": _NOWHERE,
        "origin": origin,
        "relation": "original",
        "outlet": _NOWHERE,
        "note": "A what-if claim. Nobody has made it.",
    }
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells[name] for name in columns)
    return out.getvalue()


def _source(origin: str, stream: str) -> str:
    """An origin of which nothing is known: no lean, no letter, and its words taken as they are."""
    fields = {
        "name": origin,
        "interest": "neutral",
        "stream": stream.strip() or origin,
        "bias": "unknown",
        "reliability": "F",
        "accuracy": 0.5,
        "reporting": "none",
        "reason": "Made up to see what its claim would change.",
    }
    source = Source.model_validate(fields)
    lines = [f"{name} = {json.dumps(getattr(source, name), ensure_ascii=False)}" for name in fields]
    return "\n".join(["", f"[{json.dumps(origin, ensure_ascii=False)}]", *lines, ""])
