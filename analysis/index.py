"""
The page and the feed of all editions in a folder: index.html and feed.xml.

The same editions give the same bytes. A folder that is no readable edition is named in a line of its own and stops
nothing; symbolic links are not followed. The only module that knows feedgen.
"""

from __future__ import annotations

import os
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic_core import from_json

from analysis.editions import write_whole
from analysis.errors import InputError, printable
from analysis.manifest import MANIFEST, Edition, read_edition
from analysis.summary import Estimate

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

__all__ = ["FEED", "PAGE", "Written", "write"]

PAGE, FEED = "index.html", "feed.xml"

_TEMPLATES = Path(__file__).parent / "data" / "template"
_NAMESPACE = uuid.UUID("5b0c6a0e-6f0c-5d8e-9a55-2f5c3f8f3a11")  # of this feed's ids; any, and always the same
_FAILED = "failed"
_NEWEST = 100  # entries of the feed
_FEW = 60  # editions that a table shows without folding years, and a chart as bars
# results.json begins with its estimates; the claims that follow are most of it, and no part of this page.
_HEAD = 65_536


@dataclass(frozen=True, slots=True)
class Written:
    """
    What was written.

    Parameters
    ----------
    page, feed : Path
    editions : int
        How many are on the page.
    unreadable : tuple of str
        A line for each folder that is no readable edition.
    """

    page: Path
    feed: Path
    editions: int
    unreadable: tuple[str, ...]


def write(folder: Path, *, base_url: str = "") -> Written:
    """
    Write the page and the feed of all editions in a folder, each replaced in one step.

    Parameters
    ----------
    folder : Path
    base_url : str
        Where the folder is published, for the links of the feed; relative without it.

    Raises
    ------
    InputError
        The folder cannot be read, or the address is none of http or https.
    WorkError
        A file cannot be written.
    """
    if base_url and not re.fullmatch(r"https?://[^\s<>\"]+", base_url):
        raise InputError(f"base_url is {base_url!r}, expected an address like https://example.org/reports/")
    entries, unreadable = _entries(folder)
    address = f"{base_url.rstrip('/')}/" if base_url else ""
    made = Written(folder / PAGE, folder / FEED, len(entries), tuple(unreadable))
    write_whole(made.page, _page(entries, unreadable))
    write_whole(made.feed, _feed(entries, address))
    return made


# ------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer of an edition: casualties over the force, at its level and digits."""

    ratio: Estimate
    level: float
    digits: int

    @property
    def range(self) -> str:
        return self.ratio.range(self.level, digits=self.digits)

    @property
    def centre(self) -> str:
        return self.ratio.centre(digits=self.digits)

    @property
    def text(self) -> str:
        return f"{self.range}, centre {self.centre}"


@dataclass(frozen=True)
class _Entry:
    """An edition of the folder; ``answer`` is ``None`` for a notebook that has no results."""

    edition: Edition
    answer: _Answer | None
    moved: str

    @cached_property
    def order(self) -> tuple[date, datetime, str]:
        """For sorting; an edition without a day comes before all that have one."""
        return self.edition.as_of or date.min, self.edition.rendered, self.edition.edition

    def href(self, file: str) -> str:
        """A relative link to a file; empty where the edition has none."""
        return f"{quote(self.edition.edition)}/{quote(file)}" if file in self.edition.files else ""


def _day(edition: Edition) -> str:
    """The day it is of; empty for a notebook that asks for none."""
    return edition.as_of.isoformat() if edition.as_of else ""


def _entries(folder: Path) -> tuple[list[_Entry], list[str]]:
    """The editions of a folder, newest first, and a line for each folder that is none."""
    found, unreadable = [], []
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if _is_candidate(entry))
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from error
    for name in names:
        try:
            found.append(_entry(folder / name))
        except (InputError, OSError, ValueError, KeyError, TypeError) as error:
            unreadable.append(f"{printable(name)}: {_reason(error, folder / name)}")
    return sorted(found, key=lambda one: one.order, reverse=True), unreadable


def _is_candidate(entry: os.DirEntry[str]) -> bool:
    hidden = entry.name.startswith(".") or entry.name == _FAILED
    return not hidden and not entry.is_symlink() and entry.is_dir(follow_symlinks=False)


def _reason(error: Exception, folder: Path) -> str:
    """Why a folder is no edition, on one line and without its path."""
    text = str(error).replace(f"{folder}{os.sep}", "") if isinstance(error, InputError) else f"{type(error).__name__}"
    return " ".join(text.split())[:300]


def _entry(folder: Path) -> _Entry:
    edition = read_edition(folder)
    if edition.edition != folder.name:
        raise InputError(f"{MANIFEST} is of {edition.edition!r}")
    answer, moved = None, ""
    if "results.json" in edition.files:
        answer = _answer(folder)
        if "changes.json" in edition.files:
            moved = _moved(_parsed(folder / "changes.json"), answer)
    return _Entry(edition, answer, moved)


def _parsed(file: Path, *, most: int | None = None) -> object:
    """A JSON file, or what its first letters hold."""
    if file.is_symlink():
        raise InputError(f"{file} is a symbolic link")
    with file.open("rb") as opened:
        content = opened.read(most)
    if most is not None and len(content) == most:
        return from_json(content.decode("utf-8", "ignore"), allow_partial=True)
    return from_json(content)


def _answer(folder: Path) -> _Answer:
    """The answer in results.json, of which the beginning is enough."""
    results = _parsed(folder / "results.json", most=_HEAD)
    if not isinstance(results, dict) or "exceedance" not in results:  # what follows the estimates is not there yet
        results = _parsed(folder / "results.json")
    if not isinstance(results, dict):
        raise InputError("results.json is no object")
    record = next((one for one in results["estimates"] if one["name"] == "casualties_ratio"), None)
    if record is None:
        raise InputError("results.json has no casualties_ratio")
    answer = _Answer(Estimate.from_record(record), results["settings"]["level"], results["settings"]["digits"])
    answer.ratio.interval(answer.level)
    return answer


def _moved(changes: object, answer: _Answer) -> str:
    """What changed since the last edition, from changes.json, in one sentence; empty for a first edition."""
    if not isinstance(changes, dict):
        return ""
    steps = [one for one in changes["steps"] if one["what"]]
    if not steps:
        return f"Nothing since {changes['edition']}."
    before = Estimate.from_record(changes["before"])
    parts, start = [], before
    for step in steps:
        if step["answer"] is None:
            parts.append(f"{step['cause']} not told apart")
            continue
        end = Estimate.from_record(step["answer"])
        parts.append(f"{step['cause']} {start.centre(digits=answer.digits)} to {end.centre(digits=answer.digits)}")
        start = end
    came, corrected = len(changes["came"]), len(changes["corrected"])
    counts = [f"{came} claim{'s' if came != 1 else ''} came"] if came else []
    counts += [f"{corrected} row{'s' if corrected != 1 else ''} corrected"] if corrected else []
    arrived = f" {', '.join(counts)}." if counts else ""
    return f"Was {before.text(answer.level, digits=answer.digits)}.{arrived} Of the centre: {'; '.join(parts)}."


# ------------------------------------------------------------------------------------------------------------ the page


@dataclass(frozen=True, slots=True)
class _Link:
    word: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    title: str
    register: str
    day: str
    page: str
    range: str
    centre: str
    moved: str
    draft: bool
    status: str
    links: tuple[_Link, ...]


@dataclass(frozen=True, slots=True)
class _Year:
    name: str
    count: str
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class _Register:
    name: str
    anchor: str
    lead: str
    chart: Markup | None
    drafts: bool
    years: tuple[_Year, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    range_heading: str
    registers: tuple[_Register, ...]
    others: tuple[_Row, ...]
    unreadable: tuple[str, ...]


def _clean(text: str) -> str:
    """A text without what neither HTML nor XML may hold, and without marks that turn the direction of reading."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co") or letter in _TURNING
        else letter
        for letter in " ".join(text.split())
    )


_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FILES = (("HTML", "report.html"), ("PDF", "report.pdf"), ("JSON", "results.json"))


def _status(edition: Edition) -> str:
    told = f"draft: {'; '.join(edition.reasons)}" if edition.is_draft else "published"
    return f"{told}; approved: {edition.approved}" if edition.approved else told


def _row(entry: _Entry, levels: Set[float] = frozenset()) -> _Row:
    """A line of the table; its range says its level where the heading of several levels does not."""
    edition = entry.edition
    level = f" ({100 * entry.answer.level:g} %)" if entry.answer and len(levels) > 1 else ""
    return _Row(
        name=_clean(edition.edition),
        title=_clean(edition.title) or _clean(edition.edition),
        register=_clean(edition.register),
        day=_day(edition),
        page=entry.href("report.html"),
        range=f"{entry.answer.range}{level}" if entry.answer else "",
        centre=entry.answer.centre if entry.answer else "",
        moved=_clean(entry.moved).replace(" %", "\N{NO-BREAK SPACE}%"),
        draft=edition.is_draft,
        status=_clean(_status(edition)),
        links=tuple(_Link(word, file, href) for word, file in _FILES if (href := entry.href(file))),
    )


def _page(entries: Sequence[_Entry], unreadable: Sequence[str]) -> bytes:
    answered = [entry for entry in entries if entry.answer]
    groups: dict[str, list[_Entry]] = {}
    for entry in sorted(answered, key=lambda one: one.edition.register):  # stable: newest first within
        groups.setdefault(entry.edition.register, []).append(entry)
    levels = {entry.answer.level for entry in answered if entry.answer}
    page = _Page(
        f"range ({100 * next(iter(levels)):g} %)" if len(levels) == 1 else "range",
        tuple(_register(name, group, place, levels) for place, (name, group) in enumerate(groups.items(), 1)),
        tuple(_row(entry) for entry in entries if not entry.answer),
        tuple(_clean(line) for line in unreadable),
    )
    lines = (line.rstrip() for line in _template().render(page=page).splitlines())
    return "".join(f"{line}\n" for line in lines if line).encode("utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True)
    return environment.get_template("index-page.html.j2")


def _register(name: str, entries: Sequence[_Entry], place: int, levels: Set[float]) -> _Register:
    latest = next((one for one in entries if not one.edition.is_draft), None)
    lead = ""
    if latest and latest.answer:
        day = f"As of {latest.edition.as_of}: " if latest.edition.as_of else ""
        lead = f"{day}{latest.answer.text} of the force killed or wounded ({100 * latest.answer.level:g} % interval)."
    if len(entries) > _FEW:
        grouped = groupby(entries, key=lambda one: _day(one.edition)[:4] or "without a day")
        years = tuple(_year(year, [_row(one, levels) for one in group]) for year, group in grouped)
    else:
        years = (_year("", [_row(one, levels) for one in entries]),)
    drafts = any(one.edition.is_draft for one in entries)
    return _Register(_clean(name) or "without a register", f"register-{place}", lead, _chart(entries), drafts, years)


def _year(name: str, rows: Sequence[_Row]) -> _Year:
    return _Year(name, f"{len(rows)} edition{'s' if len(rows) != 1 else ''}", tuple(rows))


# ----------------------------------------------------------------------------------------------------------- the chart

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 220, 52, 16, 12, 30


@dataclass(frozen=True, slots=True)
class _Mark:
    """An edition in the chart: where it stands, in units of the picture."""

    x: float
    low: float
    centre: float
    high: float
    draft: bool


def _chart(entries: Sequence[_Entry]) -> Markup | None:
    """Range and centre of each edition over its day; bars for few, a band for many. None for a single edition."""
    from markupsafe import Markup, escape

    shown = [one for one in reversed(entries) if one.answer and one.edition.as_of]
    if len(shown) < 2:
        return None
    ends = [one.answer.ratio.interval(one.answer.level) for one in shown if one.answer]
    step, top = _scale(100 * max(end.high for end in ends))
    first, last = shown[0].edition.as_of, shown[-1].edition.as_of
    days = max((last - first).days, 1)
    inset = 10
    width, height = _WIDTH - _LEFT - _RIGHT - 2 * inset, _HEIGHT - _TOP - _BOTTOM

    def down(share: float) -> float:
        return _TOP + height * (1 - 100 * share / top)

    marks = [
        _Mark(
            _LEFT + inset + width * (one.edition.as_of - first).days / days,
            *(down(value) for value in (end.low, one.answer.ratio.median, end.high)),
            one.edition.is_draft,
        )
        for one, end in zip(shown, ends, strict=True)
        if one.answer
    ]
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(_alt(shown))}">']
    ticks = [step * place for place in range(round(top / step) + 1)]
    for tick in ticks:
        y = down(tick / 100)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">{tick:g} %</text>')
    parts += _bars(marks) if len(marks) <= _FEW else _band(marks)
    foot = _HEIGHT - 8
    if first < last:
        parts.append(f'<text x="{_LEFT}" y="{foot}">{first}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{foot}" text-anchor="end">{last}</text></svg>')
    return Markup("\n".join(parts))  # noqa: S704 the one text in it is escaped above; all else are numbers


def _scale(most: float) -> tuple[float, float]:
    """Between ticks, and the last of them: three to six ticks above 0 in steps of 1, 2 or 5."""
    step = next(size * 10.0**power for power in range(-9, 3) for size in (1, 2, 5) if most <= 5 * size * 10.0**power)
    return step, step * max(1, -(-most // step))


def _bars(marks: Sequence[_Mark]) -> Iterator[str]:
    for one in marks:
        kind = "range draft-range" if one.draft else "range"
        yield f'<line class="{kind}" x1="{one.x:.1f}" x2="{one.x:.1f}" y1="{one.low:.1f}" y2="{one.high:.1f}"/>'
    for one in marks:
        yield _dot(one, 4.5)


def _dot(one: _Mark, radius: float) -> str:
    kind = "hollow" if one.draft else "centre"
    return f'<circle class="{kind}" cx="{one.x:.1f}" cy="{one.centre:.1f}" r="{radius}"/>'


def _band(marks: Sequence[_Mark]) -> Iterator[str]:
    edge = [(one.x, one.high) for one in marks] + [(one.x, one.low) for one in reversed(marks)]
    yield f'<polygon class="band" points="{_points(edge)}"/>'
    yield f'<polyline class="middle" points="{_points([(one.x, one.centre) for one in marks])}"/>'
    for one in marks:
        if one.draft:
            yield _dot(one, 3)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _alt(shown: Sequence[_Entry]) -> str:
    first, last = shown[0], shown[-1]
    drafts = sum(one.edition.is_draft for one in shown)
    ends = "; ".join(f"{one.edition.as_of}: {one.answer.text}" for one in (first, last) if one.answer)
    more = f" {drafts} of them {'is a draft' if drafts == 1 else 'are drafts'}." if drafts else ""
    return (
        f"Chart of the killed and wounded, of the force, in {len(shown)} editions. The first and the last: {ends}."
        f"{more} The table below has them all."
    )


# ------------------------------------------------------------------------------------------------------------ the feed


def _feed(entries: Sequence[_Entry], address: str) -> bytes:
    """The newest editions as Atom; ids are of the edition's name and its results, so that a change is an entry."""
    from feedgen.feed import FeedGenerator

    newest = sorted(entries, key=lambda one: (one.edition.rendered, *one.order), reverse=True)[:_NEWEST]
    feed = FeedGenerator()
    feed.id(uuid.uuid5(_NAMESPACE, f"feed\n{address}").urn)
    feed.title("Casualty reports: all editions")
    feed.author(name="casualty-report")
    feed.link(href=f"{address}{FEED}", rel="self")
    feed.link(href=f"{address}{PAGE}", rel="alternate")
    feed.updated(newest[0].edition.rendered if newest else datetime(1970, 1, 1, tzinfo=UTC))
    for one in newest:
        edition = one.edition
        entry = feed.add_entry(order="append")
        entry.id(uuid.uuid5(_NAMESPACE, f"{edition.edition}\n{_identity(edition.files)}").urn)
        entry.title(_title(one))
        entry.updated(edition.rendered)
        entry.link(href=f"{address}{one.href('report.html') or quote(edition.edition) + '/'}", rel="alternate")
        entry.summary(_summary(one))
    return feed.atom_str(pretty=True)


def _identity(files: Mapping[str, str]) -> str:
    return files.get("results.json") or files.get("report.html") or ""


def _title(one: _Entry) -> str:
    edition = one.edition
    mark = "DRAFT: " if edition.is_draft else ""
    what = one.answer.text if one.answer else edition.title
    of = ", ".join(part for part in (edition.register, _day(edition)) if part)
    return _clean(f"{mark}{of}: {what}" if of else f"{mark}{what}")


def _summary(one: _Entry) -> str:
    parts = []
    if one.answer:
        level = f"{100 * one.answer.level:g} % interval"
        parts.append(f"{one.answer.text} of the force killed or wounded ({level}).")
    if one.moved:
        parts.append(one.moved)
    if one.edition.is_draft:
        parts.append(f"DRAFT: {'; '.join(one.edition.reasons)}.")
    if one.edition.approved:
        parts.append(f"Approved: {one.edition.approved}.")
    return _clean(" ".join(parts) or one.edition.title)
