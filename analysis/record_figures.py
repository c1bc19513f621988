"""
The record's pictures: when each figure was printed, through whose hands it came, and how one utterance drifted.

One function a figure, axes in, axes out, in the style of `figures`. Colour and shape say the stream of an origin;
what is hollow is no origin's own figure.

>>> from matplotlib.figure import Figure
>>> from analysis.record import read_record
>>> timeline(Figure().add_subplot(), read_record("seed", as_of="2024-12-19", quantity="killed")).get_ylabel()
'soldiers (logarithmic scale)'
"""

from __future__ import annotations

import itertools
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from analysis import figures
from analysis.evidence import ReadClaim
from analysis.figures import COLOURS, MARKERS, MIDDLE, Picture, Plan, is_latin, latin, logarithmic, printable, short
from analysis.prose import written
from analysis.record import ALL, Copy, Entry, Record, Utterance
from analysis.record_prose import about, changes, many

__all__ = ["FIGURES", "drift", "provenance", "publish", "timeline"]

LABELS = 12  # more would hide what they name
UTTERANCES = 3  # in the figure of drift
ARROW = 8  # points
TITLE = 70  # letters of a title in a line
LATE = 14  # days from the day described to the day of print that are drawn
_DASHES = (0, (3, 2))
_UP, _DOWN = ("lower",), ("upper", "just_below")


def _styles(record: Record) -> dict[str, tuple[str, str]]:
    """Colour and marker of each stream, in the order of sources.toml, whatever is shown; from the sixth on, one."""
    streams = dict.fromkeys(source.stream for source in record.register.sources.values())
    return {name: (COLOURS[min(n, 5)], MARKERS[min(n, 5)]) for n, name in enumerate(streams)}


def _style(record: Record, one: ReadClaim) -> tuple[str, str]:
    return _styles(record)[record.register.sources[one.claim.origin].stream]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A claim with a number on the timeline."""

    entry: Entry
    x: float
    y: float

    @property
    def is_total(self) -> bool:
        """Whether it says how many so far; a flow or a forecast does not."""
        return self.entry.one.claim.mode in ("cumulative", "stock") and not self.entry.one.wording.rate

    @property
    def lag(self) -> int:
        """Days from the day described to the day of print."""
        return (self.entry.one.claim.published - self.entry.one.claim.as_of).days


def _scale(record: Record) -> float:
    """Shares are drawn in percent."""
    return 100.0 if record.quantity == "casualty_ratio" else 1.0


def _height(record: Record, one: ReadClaim) -> float | None:
    """Where a claim stands: the number stated, else the middle of its reading; a share only among shares."""
    quantiles = one.wording.quantiles()
    if quantiles is None or one.wording.percent != (record.quantity == "casualty_ratio"):
        return None
    stated = one.wording.stated
    return _scale(record) * float(quantiles[2] if stated is None else stated) or None


def _marks(record: Record) -> list[_Mark]:
    found = []
    for entry in record.entries:
        height = _height(record, entry.one)
        if height is not None:
            found.append(_Mark(entry, float(date2num(entry.one.claim.published)), height))
    return found


def timeline(ax: Axes, record: Record) -> Axes:
    """Each claim on the day of its print: arrows are bounds, dashes vague words, hollow marks copies."""
    marks = _marks(record)
    numberless = [entry for entry in record.entries if _height(record, entry.one) is None]
    _time_axis(ax, record)
    _number_axis(ax, record, marks)
    _draw_paths(ax, record, marks)
    for mark in marks:
        _draw_mark(ax, record, mark)
    _draw_numberless(ax, record, numberless)
    ax.set_title(textwrap.fill(_timeline_finding(record, marks), TITLE))
    keys = _timeline_keys(record, marks)
    ax.figure.legend(handles=keys, loc="outside lower center", ncols=3, fontsize=8, handlelength=2.2)
    _label(ax, marks, record)
    return ax


def _time_axis(ax: Axes, record: Record) -> None:
    first = float(date2num(record.entries[0].one.claim.published))
    last = float(date2num(record.as_of))
    room = max(0.04 * (last - first), 1.5)
    ax.set_xlim(first - room, last + room)
    locator = AutoDateLocator(minticks=3, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    ax.set_xlabel(f"day of print, from {written(record.entries[0].one.claim.published)} to {written(record.as_of)}")


def _number_axis(ax: Axes, record: Record, marks: list[_Mark]) -> None:
    """Soldiers on a logarithmic axis, shares on a plain one; no numbers where no claim has one."""
    ends = [mark.y for mark in marks] + [end for mark in marks for end in _ends(record, mark)]
    room = 3.2 if len(marks) < len(record.entries) else 1.6  # below, for the ticks of claims without a number
    if record.quantity == "casualty_ratio":
        ax.set_ylabel("of the force, %")
        ax.set_ylim(0, max([*ends, 1.0]) * 1.3)
    else:
        ax.set_ylabel("soldiers (logarithmic scale)")
        logarithmic(ax.yaxis)
        ax.set_ylim(min(ends, default=10.0) / room, max(ends, default=1000.0) * 1.7)
    if not marks:
        ax.set_yticks([])
    ax.grid(visible=True, axis="y")


def _ends(record: Record, mark: _Mark) -> tuple[float, ...]:
    """The ends of the bar: of a range as stated, of a vague word's reading at 90 %; of others none."""
    wording, scale = mark.entry.one.wording, _scale(record)
    if wording.low is not None and wording.high is not None and wording.low < wording.high:
        return scale * wording.low, scale * wording.high
    if wording.kind == "vague":
        quantiles = wording.quantiles()
        return scale * float(quantiles[0]), scale * float(quantiles[4])
    return ()


def _draw_paths(ax: Axes, record: Record, marks: list[_Mark]) -> None:
    """A thin line through the successive totals of one origin."""
    for path in _totals(marks).values():
        colour, _ = _style(record, path[0].entry.one)
        x, y = [mark.x for mark in path], [mark.y for mark in path]
        ax.plot(x, y, color=colour, linewidth=0.8, alpha=0.6, zorder=2, label="_path")


def _draw_mark(ax: Axes, record: Record, mark: _Mark) -> None:
    one, (colour, marker) = mark.entry.one, _style(record, mark.entry.one)
    if ends := _ends(record, mark):
        dashes = _DASHES if one.wording.kind == "vague" else "solid"
        ax.plot([mark.x] * 2, ends, color=colour, linewidth=1.1, linestyle=dashes, zorder=2, label="_bar")
    if mark.lag > LATE:
        look = {"linestyle": (0, (1, 2)), "linewidth": 0.9, "zorder": 1, "label": "_late"}
        ax.plot([mark.x - mark.lag, mark.x], [mark.y] * 2, color=colour, **look)
    own = mark.entry.standing == "original"
    # A ring is wider and lies below, so that a copy of the same number on the same day is seen around its original.
    size = (6.5 if mark.is_total else 3.8) + (0 if own else 2)
    look = {"markersize": size, "markeredgecolor": colour, "markerfacecolor": colour if own else "white"}
    look |= {"markeredgewidth": 1.1, "zorder": 4 if own else 3}
    ax.plot([mark.x], [mark.y], marker, linestyle="none", label=f"_{one.claim.id}", **look)
    towards = 1 if one.wording.kind in _UP else -1 if one.wording.kind in _DOWN else 0
    if towards:
        # From the tip to the mark, with the head at the tip: an offset in points can only be given for the text's end.
        look = {"arrowstyle": "<|-,head_length=0.28,head_width=0.14", "color": colour, "linewidth": 1.0}
        arrow = {**look, "shrinkA": 0, "shrinkB": size / 2}
        tip = (0, towards * (size / 2 + ARROW))
        ax.annotate("", (mark.x, mark.y), tip, textcoords="offset points", arrowprops=arrow, zorder=3)


def _draw_numberless(ax: Axes, record: Record, entries: Iterable[Entry]) -> None:
    """Ticks at the bottom for the claims without a number."""
    across = ax.get_xaxis_transform()
    entries = tuple(entries)
    for entry in entries:
        x = float(date2num(entry.one.claim.published))
        ax.plot([x, x], [0, 0.035], color=_style(record, entry.one)[0], linewidth=2, transform=across, label="_none")
    if entries:
        first = float(date2num(entries[0].one.claim.published))
        left = first - ax.get_xlim()[0] < 0.7 * np.ptp(ax.get_xlim())
        words = "no number" if record.quantity == "casualty_ratio" else "no number of soldiers"
        ax.annotate(
            words,
            (first, 0.045),
            (-2 if left else 2, 1),
            xycoords=across,
            textcoords="offset points",
            ha="left" if left else "right",
            va="bottom",
            fontsize=8,
            color=MIDDLE,
        )


def _quoted(one: ReadClaim, width: int) -> str:
    """The wording in quotes, cut inside them."""
    words = printable(one)
    return f'"{short(words[1:-1], width)}"' if words.startswith('"') else words


def _label_text(record: Record, mark: _Mark) -> str:
    one = mark.entry.one
    quantity = f" {one.claim.quantity.replace('_', ' ')}" if record.quantity == ALL else ""
    who = _outlet(one.claim.outlet) if mark.entry.is_copy else latin(one.claim.origin)
    return f"{short(who, 26)}: {_quoted(one, 28)}{quantity}"


def _worth_naming(marks: list[_Mark]) -> list[_Mark]:
    """Which marks to name first: the highest copies, the last total of each origin, the highest, the latest."""
    own = [mark for mark in marks if mark.entry.standing == "original"]
    last = {mark.entry.one.claim.origin: mark for mark in own if mark.is_total}
    copies = sorted((mark for mark in marks if mark.entry.is_copy), key=lambda mark: -mark.y)
    ordered = [*copies[:3], *sorted(last.values(), key=lambda mark: -mark.x)]
    ordered += sorted(own, key=lambda mark: (not mark.is_total, -mark.y))
    ordered += sorted(marks, key=lambda mark: -mark.x)
    return list({mark.entry.one.claim.id: mark for mark in ordered}.values())


def _label(ax: Axes, marks: list[_Mark], record: Record) -> None:
    """Name marks where there is room; what would touch another name or mark stays unnamed."""
    _lay_out(ax)
    taken = [box for mark in marks for box in _covered(ax, record, mark)]
    for path in _totals(marks).values():
        taken += _along(ax, path)
    taken += [_box(text, 1) for text in ax.texts if text.get_text()]
    frame = ax.get_window_extent()
    named = 0
    for mark in _worth_naming(marks):
        if named == LABELS:
            return
        text = _placed(ax, _label_text(record, mark), mark, taken, frame)
        if text is not None:
            taken.append(_box(text, 1))
            named += 1


def _lay_out(ax: Axes) -> None:
    """Give the axes their place on paper and keep them there, so that what is measured is what is drawn."""
    ax.figure.draw_without_rendering()
    ax.figure.set_layout_engine("none")


def _covered(ax: Axes, record: Record, mark: _Mark) -> list[tuple[float, ...]]:
    """What a mark, its arrow and its bar cover: left, bottom, right and top, in pixels."""
    point, kind = ax.figure.dpi / 72, mark.entry.one.wording.kind
    x, y = ax.transData.transform((mark.x, mark.y))
    above = y + point * (6 + (ARROW if kind in _UP else 0))
    below = y - point * (6 + (ARROW if kind in _DOWN else 0))
    boxes = [(x - 5 * point, below, x + 5 * point, above)]
    if ends := _ends(record, mark):
        low, high = (float(ax.transData.transform((mark.x, end))[1]) for end in ends)
        boxes.append((x - 2 * point, low, x + 2 * point, high))
    if mark.lag > LATE:
        described = float(ax.transData.transform((mark.x - mark.lag, mark.y))[0])
        boxes.append((described, y - point, x, y + point))
    return boxes


def _along(ax: Axes, path: list[_Mark]) -> list[tuple[float, ...]]:
    """Small boxes along a line of totals."""
    corners = ax.transData.transform([(mark.x, mark.y) for mark in path])
    steps = np.linspace(0, 1, 60)[:, None]
    lines = [start + steps * (end - start) for start, end in itertools.pairwise(corners)]
    return [(x, y, x, y) for line in lines for x, y in line]


def _box(text: object, margin: float) -> tuple[float, float, float, float]:
    extent = text.get_window_extent()
    return extent.x0 - margin, extent.y0 - margin, extent.x1 + margin, extent.y1 + margin


_PLACES = (
    ((8, 0), "left", "center"),
    ((-8, 0), "right", "center"),
    ((7, 7), "left", "bottom"),
    ((-7, 7), "right", "bottom"),
    ((7, -7), "left", "top"),
    ((-7, -7), "right", "top"),
    ((0, 15), "center", "bottom"),
    ((0, -9), "center", "top"),
)


def _placed(ax: Axes, words: str, mark: _Mark, taken: list[tuple[float, ...]], frame: object) -> object | None:
    """The name at the first free place beside its mark, or ``None``."""
    for offset, across, up in _PLACES:
        text = ax.annotate(
            words,
            (mark.x, mark.y),
            offset,
            textcoords="offset points",
            ha=across,
            va=up,
            fontsize=8,
            zorder=5,
        )
        text.set_in_layout(False)
        left, bottom, right, top = _box(text, 1)
        inside = left >= frame.x0 and right <= frame.x1 and bottom >= frame.y0 + 8 and top <= frame.y1
        if inside and not any(left < r and right > x and bottom < t and top > y for x, y, r, t in taken):
            return text
        text.remove()
    return None


def _timeline_keys(record: Record, marks: list[_Mark]) -> list[Line2D]:
    """What the marks mean; only those that are drawn."""
    styles = _styles(record)
    shown = dict.fromkeys(origin.source.stream for origin in record.origins)
    look = {"linestyle": "none", "markersize": 6}
    keys = [
        Line2D([], [], color=styles[name][0], marker=styles[name][1], label=short(latin(name), 30), **look)
        for name in styles
        if name in shown
    ]
    line = partial(Line2D, [], [], color=MIDDLE)
    kinds = {mark.entry.one.wording.kind for mark in marks}
    if any(mark.entry.standing != "original" for mark in marks):
        keys.append(line(marker="o", markerfacecolor="white", label="hollow: a copy, or context", **look))
    if any(not mark.is_total for mark in marks):
        small = {**look, "markersize": 3.8}
        keys.append(line(marker="o", label="small: over some days, or planned", **small))
    if kinds & {*_UP, *_DOWN}:
        keys.append(line(marker="^", label="arrow: a bound, and its side", **look))
    if "vague" in kinds:
        keys.append(line(linewidth=1.1, linestyle=_DASHES, label="a vague word: 90 % of its reading"))
    if any(_ends(record, mark) and mark.entry.one.wording.kind != "vague" for mark in marks):
        keys.append(line(linewidth=1.1, label="a range, as stated"))
    if any(mark.lag > LATE for mark in marks):
        keys.append(line(linewidth=0.9, linestyle=(0, (1, 2)), label="back to the day described"))
    if any(len(path) > 1 for path in _totals(marks).values()):
        keys.append(line(linewidth=0.8, label="totals of one origin"))
    return keys


def _totals(marks: list[_Mark]) -> Mapping[tuple[str, str], list[_Mark]]:
    paths: dict[tuple[str, str], list[_Mark]] = {}
    for mark in marks:
        if mark.is_total and mark.entry.standing == "original":
            claim = mark.entry.one.claim
            paths.setdefault((claim.origin, claim.quantity), []).append(mark)
    return paths


def _timeline_finding(record: Record, marks: list[_Mark]) -> str:
    copies = sum(entry.is_copy for entry in record.entries)
    said = f"{many(len(record.entries), 'claim')}{about(record.quantity)}, {copies or 'none'} of them copies"
    unit = " %" if record.quantity == "casualty_ratio" else ""
    own = [mark.y for mark in marks if mark.entry.standing == "original"]
    copied = [mark.y for mark in marks if mark.entry.is_copy]
    if not own:
        return f"{said}; no origin gives a number"
    run = f"run from {min(own):,.0f} to {max(own):,.0f}{unit}" if min(own) < max(own) else f"give {min(own):,.0f}{unit}"
    if max(copied, default=0) > max(own):
        return f"The highest number, {max(copied):,.0f}{unit}, is a copy; origins' own {run}"
    return f"{said}; origins' own {run}"


def provenance(ax: Axes, record: Record) -> Axes:
    """From streams of information to origins to outlets; a band is as wide as the number of claims."""
    flow = _flow(record)
    height = max(sum(node.height for node in column) + GAP * (len(column) - 1) for column in flow.columns)
    for column, (left, right) in zip(flow.columns, _COLUMNS, strict=True):
        _place(column, height)
        for node in column:
            _draw_node(ax, node, left, right)
    ax.set_xlim(-0.003, 1.003)
    ax.set_ylim(height + 2 * LINE, -2 * LINE)
    for at in (0, 1):
        _draw_bands(ax, flow, at)
    heads = ("streams", "origins (claims)", "outlets (claims, where several)")
    for name, (left, _) in zip(heads, _COLUMNS, strict=True):
        ax.annotate(name, (left + 0.008, -LINE), ha="left", va="center", fontsize=8.5, color=MIDDLE)
    if any(not origin.originals for origin in record.origins):
        note = {"ha": "left", "va": "center", "fontsize": 8, "color": MIDDLE}
        ax.annotate("dashed: no figure of its own, not counted as an origin", (0.008, height + 1.2 * LINE), **note)
    ax.axis("off")
    ax.set_title(textwrap.fill(_provenance_finding(record), TITLE + 14), loc="left")
    return ax


# Inches: of a line of text, of a band of one claim at most, between two boxes; and how many outlets are named.
LINE, CLAIM, GAP = 0.17, 0.045, 0.045
OUTLETS = 36
_COLUMNS = ((0.0, 0.15), (0.27, 0.53), (0.68, 1.0))


@dataclass(slots=True)
class _Node:
    """A box of a column: what it says, how many claims pass it, and where it lies (inches from the top)."""

    name: str
    words: str
    claims: int
    colour: str
    claim: float
    own: bool = True
    top: float = 0.0
    left_used: float = 0.0
    right_used: float = 0.0

    @property
    def height(self) -> float:
        return max(LINE, self.claim * self.claims)


@dataclass(frozen=True, slots=True)
class _Flow:
    """Three columns of boxes, and for both gaps how many claims go from which box to which, with the stream."""

    columns: tuple[tuple[_Node, ...], ...]
    bands: tuple[Mapping[tuple[str, str], int], ...]


def _flow(record: Record) -> _Flow:
    styles = _styles(record)
    by_stream: dict[str, list] = {}
    for origin in record.origins:
        by_stream.setdefault(origin.source.stream, []).append(origin)
    streams = sorted(by_stream, key=lambda name: (-sum(one.prints for one in by_stream[name]), name))
    ordered = [origin for stream in streams for origin in by_stream[stream]]
    prints: Counter[str] = Counter()
    for origin in ordered:
        prints.update(origin.outlets)
    # Outlets with most prints are named; the rest stand together.
    named = [name for name, _ in sorted(prints.items(), key=lambda item: (-item[1], item[0]))]
    if len(named) > OUTLETS:
        named = named[: OUTLETS - 1]
    rest = f"{len(prints) - len(named)} more outlets"
    first, second = Counter(), Counter()
    for origin in ordered:
        first[origin.source.stream, origin.name] += origin.prints
        for outlet, number in origin.outlets.items():
            second[origin.name, outlet if outlet in named else rest] += number
    places = {origin.name: place for place, origin in enumerate(ordered)}
    outlets = {outlet: 0 for _, outlet in second}
    for (_, outlet), number in second.items():
        outlets[outlet] += number
    centre = {
        outlet: sum(places[name] * number for (name, to), number in second.items() if to == outlet) / outlets[outlet]
        for outlet in outlets
    }
    sort = sorted(outlets, key=lambda outlet: (outlet == rest, centre[outlet], outlet))
    claim = CLAIM * min(1.0, 60 / len(record.entries))  # many claims have thinner bands
    left = [
        _Node(name, short(latin(name), 16), sum(one.prints for one in by_stream[name]), styles[name][0], claim)
        for name in streams
    ]
    middle = [
        _Node(
            one.name,
            f"{short(latin(one.name), 27)} ({one.prints})",
            one.prints,
            styles[one.source.stream][0],
            claim,
            one.originals > 0,
        )
        for one in ordered
    ]
    right = [_Node(name, _outlet_words(name, outlets[name]), outlets[name], MIDDLE, claim) for name in sort]
    return _Flow((tuple(left), tuple(middle), tuple(right)), (first, second))


def _outlet(name: str) -> str:
    return name if is_latin(name) else "an outlet not in Latin script"


def _outlet_words(name: str, number: int) -> str:
    return short(_outlet(name), 33) + (f" ({number})" if number > 1 else "")


def _place(column: tuple[_Node, ...], height: float) -> None:
    """Boxes spread over the height, in order."""
    free = height - sum(node.height for node in column)
    gap = free / (len(column) + 1) if len(column) < 4 else free / max(len(column) - 1, 1)
    at = gap if len(column) < 4 else 0.0
    for node in column:
        node.top, at = at, at + node.height + gap


def _draw_node(ax: Axes, node: _Node, left: float, right: float) -> None:
    look = {"facecolor": "white", "edgecolor": node.colour, "linewidth": 0.8, "zorder": 3}
    ax.add_patch(Rectangle((left, node.top), right - left, node.height, linestyle="-" if node.own else "--", **look))
    at = (left + 0.008, node.top + node.height / 2)
    ax.annotate(node.words, at, ha="left", va="center", fontsize=8, zorder=4)


def _draw_bands(ax: Axes, flow: _Flow, at: int) -> None:
    """The bands between two columns, from top to bottom on both sides."""
    sources = {node.name: node for node in flow.columns[at]}
    targets = {node.name: node for node in flow.columns[at + 1]}
    start, end = _COLUMNS[at][1], _COLUMNS[at + 1][0]
    for source in flow.columns[at]:
        for target in flow.columns[at + 1]:
            number = flow.bands[at].get((source.name, target.name), 0)
            if number:
                colour = targets[target.name].colour if at == 0 else sources[source.name].colour
                ends = (start, _leaving(source, number)), (end, _entering(target, number))
                _draw_band(ax, *ends, colour, source.claim * number)


def _leaving(node: _Node, number: int) -> float:
    """The middle of the next band that leaves a box; all of them in the middle of its side."""
    place = node.top + node.height / 2 + node.claim * (node.right_used + (number - node.claims) / 2)
    node.right_used += number
    return place


def _entering(node: _Node, number: int) -> float:
    place = node.top + node.height / 2 + node.claim * (node.left_used + (number - node.claims) / 2)
    node.left_used += number
    return place


def _draw_band(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> None:
    """A curve of one width, level at both ends; the width in inches."""
    (x, y), (to, down) = start, end
    bend = (x + to) / 2
    curve = Outline([start, (bend, y), (bend, down), end], [Outline.MOVETO, *(Outline.CURVE4,) * 3])
    look = {"facecolor": "none", "edgecolor": colour, "alpha": 0.45, "capstyle": "butt"}
    ax.add_patch(PathPatch(curve, linewidth=72 * width, **look))


def _provenance_finding(record: Record) -> str:
    outlets = {outlet for origin in record.origins for outlet in origin.outlets}
    prints = f"{many(len(record.entries), 'claim')}{about(record.quantity)}, {many(len(outlets), 'outlet')}"
    if not record.speaking:
        return f"{prints}: no origin's own figure among them"
    number, worth = len(record.speaking), record.effective_number()
    return f"{prints}, {many(number, 'origin')}: worth {worth:.1f} independent one{'' if worth == 1 else 's'}"


def drift(ax: Axes, record: Record) -> Axes:
    """The utterances copied most: what was said on top, then each copy in order of print, and what it changed."""
    places = _placed_lines(record)
    _drift_axis(ax, [line for _, line in places])
    for y, line in places:
        _draw_reading(ax, record, y, line)
    for (above, _), (below, line) in itertools.pairwise(places):
        if line.copy is None:
            ax.axhline((above + below) / 2, color="#999999", linewidth=0.7)
    ax.set_ylim(places[-1][0] + 0.6, -0.6)
    _name_rows(ax, places)
    title = textwrap.fill(_drift_finding(record), TITLE + 14)
    ax.set_title(title)
    _lay_out(ax)
    edge = float(ax.transAxes.inverted().transform((0.06 * ax.figure.dpi, 0))[0])
    ax.set_title(title, x=edge, ha="left")  # begins at the left edge of the figure
    return ax


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the figure of drift: an original, or a copy of it."""

    one: ReadClaim
    copy: Copy | None


def _told(record: Record) -> tuple[Utterance, ...]:
    """The utterances with most copies; where nothing was copied, the latest alone."""
    copied = tuple(one for one in record.utterances if one.copies)[:UTTERANCES]
    return copied or record.utterances[:1]


def _placed_lines(record: Record) -> list[tuple[float, _Line]]:
    """The rows with their places, utterances a little apart; a register may hold nothing but copies of the lost."""
    found: list[tuple[float, _Line]] = []
    y = 0.0
    for utterance in _told(record):
        rows = [_Line(utterance.original, None), *(_Line(copy.one, copy) for copy in utterance.copies)]
        for row in rows:
            found.append((y, row))
            y += 1.0
        y += 0.3
    return found or [(0.0, _Line(copy.one, copy)) for copy in record.strays[:1]]


def _drift_axis(ax: Axes, lines: list[_Line]) -> None:
    """One axis for all rows: times the original's figure, wide enough for every reading."""
    ends = [end for line in lines if (found := _relative(line)) is not None for end in found]
    low, high = min(0.6, *ends, 1) / 1.12, max(1.7, *ends, 1) * 1.12
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    steps = [10.0**power for power in range(-8, 9)] if high / low > 50 else [0.1, 0.2, 0.5, 1, 2, 5, 10]
    ax.xaxis.set_major_locator(FixedLocator([one for one in steps if low <= one <= high]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.axvline(1, color="#999999", linewidth=0.7, zorder=0)
    ax.grid(visible=True, axis="x")
    ax.set_xlabel("times the original's figure\n(line: 90 % of the reading)", fontsize=8.5)


def _relative(line: _Line) -> tuple[float, float, float] | None:
    """The ends of the reading at 90 % and its mark, over the original's figure; ``None`` where one has no number."""
    one, copy = line.one, line.copy
    quantiles, original = one.wording.quantiles(), one if copy is None else copy.original
    if quantiles is None or original is None or original.wording.percent != one.wording.percent:
        return None
    stated = one.wording.stated
    at = float(quantiles[2] if stated is None else stated)
    whole = at if copy is None else copy.before
    if not whole or not quantiles[0] > 0:
        return None
    return float(quantiles[0]) / whole, at / whole, float(quantiles[4]) / whole


def _name_rows(ax: Axes, places: list[tuple[float, _Line]]) -> None:
    """The wording and who printed it at the left, what changed at the right."""
    claims = [(y, line, line.one.claim) for y, line in places]
    words = [f"{_quoted(line.one, 36)} {claim.quantity.replace('_', ' ')}" for _, line, claim in claims]
    who = [f"{short(_whose(line), 34)}, {claim.published}" for _, line, claim in claims]
    ax.set_yticks([y - 0.2 for y, _ in places], words, fontsize=8)
    ax.set_yticks([y + 0.22 for y, _ in places], who, minor=True, fontsize=8, color=MIDDLE)
    ax.tick_params(axis="y", which="both", length=0)
    told = ["as said" if line.copy is None else _two_lines("; ".join(changes(line.copy))) for _, line in places]
    right = ax.twinx()
    right.set_ylim(ax.get_ylim())
    right.set_yticks([y for y, _ in places], told, fontsize=8, linespacing=1.2)
    right.tick_params(axis="y", length=0)
    right.spines["left"].set_visible(False)
    for (_, line), name, change in zip(places, ax.get_yticklabels(), right.get_yticklabels(), strict=True):
        if line.copy is None:
            name.set_fontweight("bold")
            change.set_color(MIDDLE)


def _whose(line: _Line) -> str:
    return latin(line.one.claim.origin) if line.copy is None else _outlet(line.one.claim.outlet)


def _two_lines(text: str) -> str:
    lines = textwrap.wrap(text, 38)
    return "\n".join(lines) if len(lines) < 3 else f"{lines[0]}\n{short(lines[1] + ' ' + lines[2], 38)}"


def _draw_reading(ax: Axes, record: Record, y: float, line: _Line) -> None:
    found, (colour, marker) = _relative(line), _style(record, line.one)
    if found is None:
        words = "no number to compare"
        ax.annotate(words, (0.5, y), xycoords=ax.get_yaxis_transform(), ha="center", va="center", fontsize=8)
        return
    low, at, high = found
    dashes = _DASHES if line.one.wording.kind == "vague" else "solid"
    ax.plot([low, high], [y, y], color=colour, linewidth=1.1, linestyle=dashes, zorder=2, label="_reading")
    look = {"markersize": 6.5, "markeredgecolor": colour, "markeredgewidth": 1.1, "zorder": 4, "linestyle": "none"}
    face = colour if line.copy is None else "white"
    ax.plot([at], [y], marker, markerfacecolor=face, label=f"_{line.one.claim.id}", **look)


def _drift_finding(record: Record) -> str:
    told = _told(record)
    copies = [copy for utterance in told for copy in utterance.copies]
    if not copies:
        return f"No claim{about(record.quantity)} had been copied by {written(record.as_of)}"
    drifted = sum(copy.drifted for copy in copies)
    most = "the most copied utterance" if len(told) == 1 else f"the {len(told)} most copied utterances"
    return f"{drifted} of {many(len(copies), 'copy')} of {most} changed number, bound or quantity"


def _drift_size(record: Record) -> tuple[float, float]:
    return 7.2, 1.25 + 0.38 * len(_placed_lines(record))


def _drift_alt(record: Record) -> str:
    parts = []
    for _, line in _placed_lines(record):
        claim = line.one.claim
        words = f'{claim.published} "{claim.wording}" {claim.quantity.replace("_", " ")}'
        if line.copy is None:
            parts.append(f"{claim.origin} said on {words}")
        else:
            parts.append(f"{claim.outlet} printed on {words}: {', '.join(changes(line.copy))}")
    return f"Rows of utterances and their copies. {_drift_finding(record)}. {'; '.join(parts)}."


def _provenance_size(record: Record) -> tuple[float, float]:
    flow = _flow(record)
    height = max(sum(node.height for node in column) + GAP * (len(column) - 1) for column in flow.columns)
    return 7.2, height + 4 * LINE + 0.45


def _claim_words(record: Record, entry: Entry) -> str:
    claim = entry.one.claim
    quantity = "" if record.quantity != ALL else f" {claim.quantity.replace('_', ' ')}"
    standing = "" if entry.standing == "original" else f", {entry.standing}"
    number = "" if _height(record, entry.one) is not None else ", no number of soldiers"
    return f'{claim.published} {claim.origin}: "{claim.wording}"{quantity}{standing}{number}'


def _timeline_alt(record: Record) -> str:
    marks = _marks(record)
    listed = "; ".join(_claim_words(record, entry) for entry in record.entries)
    return f"Timeline of claims by day of print, on a logarithmic scale. {_timeline_finding(record, marks)}. {listed}."


def _provenance_alt(record: Record) -> str:
    parts = []
    for origin in record.origins:
        outlets = ", ".join(f"{outlet} {number}" for outlet, number in origin.outlets.items())
        parts.append(f"{origin.source.stream}, {origin.name}, {many(origin.prints, 'claim')}: {outlets}")
    return f"Diagram from streams to origins to outlets. {_provenance_finding(record)}. {'; '.join(parts)}."


# Enough to read, and three pictures of many letters still make a notebook of less than a megabyte.
_DPI = 160

FIGURES = {
    "timeline": Plan(timeline, lambda _: (7.2, 5.4), _timeline_alt, _DPI),
    "provenance": Plan(provenance, _provenance_size, _provenance_alt, _DPI),
    "drift": Plan(drift, _drift_size, _drift_alt, _DPI),
}


def publish(name: str, record: Record, folder: str | Path = "") -> Picture:
    """Draw one of `FIGURES` in the one style; see `figures.publish`."""
    return figures.publish(name, record, folder, plans=FIGURES)
