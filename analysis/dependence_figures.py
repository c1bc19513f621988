"""
Pictures of what an answer depends on: one function a figure, axes in, axes out, drawn from a `Dependence`.

They follow `figures`: a title that says the finding, labels with units, a text alternative. Two colours keep the two
groups apart, inputs and choices of method; the answer itself is always the darkest line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from analysis import figures
from analysis.curve import Specification
from analysis.dependence import Dependence
from analysis.dependence_prose import (
    CHOICE_NAMES,
    choice_label,
    drives_finding,
    envelope_finding,
    exceedance_finding,
    specifications_finding,
    split_finding,
    width_expected,
    width_now,
    without_finding,
    worth_finding,
)
from analysis.distributions import FloatArray
from analysis.figures import COLOURS, DARK, LIGHT, MIDDLE, Picture, Plan, latin, logarithmic, quantile_dots
from analysis.model import THRESHOLDS, ratio_below
from analysis.summary import percent

__all__ = [
    "FIGURES",
    "drivers",
    "envelope",
    "exceedance",
    "killed_share",
    "publish",
    "specifications",
    "without",
    "worth",
]

INPUTS, CHOICES = COLOURS[0], COLOURS[1]
_PERCENT = FuncFormatter(lambda value, _: f"{value:g} %")


def _title(ax: Axes, finding: str) -> None:
    """A finding from the figure's left edge on, over as many lines as it needs, however long the labels below."""
    figure = ax.figure
    letters = int(10.5 * figure.get_size_inches()[0])  # of the bold ten points that titles have
    words = textwrap.fill(finding, letters)
    size, weight = mpl.rcParams["axes.titlesize"], mpl.rcParams["axes.titleweight"]
    figure.suptitle(words, x=0.012, ha="left", fontsize=size, fontweight=weight)


# ------------------------------------------------------------------------------------------------ what drives the width


def drivers(ax: Axes, found: Dependence) -> Axes:
    """Shares of the variance in two groups: the inputs of the answer, and the choices of method."""
    rows = _driver_rows(found)
    for y, (label, first, total, colour) in zip(_places(rows), rows, strict=True):
        if colour is None:
            ax.annotate(label, (0, y), (-4, 0), textcoords="offset points", ha="left", va="center", fontweight="bold")
            continue
        ax.barh(y, 100 * total, height=0.62, color=colour, alpha=0.35, linewidth=0)
        ax.barh(y, 100 * first, height=0.62, color=colour, linewidth=0)
        ax.annotate(
            _share(max(first, total)),
            (100 * max(first, total), y),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    named = [(y, row[0]) for y, row in zip(_places(rows), rows, strict=True) if row[3] is not None]
    ax.set_yticks([y for y, _ in named], [label for _, label in named])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(_places(rows)[-1] - 0.7, 0.7)
    ax.set_xlim(0, max(100.0, 105 * max(total for _, _, total, colour in rows if colour)))
    ax.xaxis.set_major_formatter(_PERCENT)
    ax.set_xlabel(
        "share of the variance of the logarithm: dark, of this alone;\nlight, with what it does together with others"
    )
    ax.spines["left"].set_visible(False)
    _title(ax, drives_finding(found))
    return ax


def _share(value: float) -> str:
    return "nothing" if value <= 1e-9 else percent(min(value, 1.0))


def _driver_rows(found: Dependence) -> list[tuple[str, float, float, str | None]]:
    """Label, first-order and total index, and colour of each row; headings have no colour."""
    inputs = sorted(found.inputs.inputs.rows, key=lambda one: -one.total)
    rows: list[tuple[str, float, float, str | None]] = [("Inputs: what the answer varies with", 0.0, 0.0, None)]
    rows += [(latin(one.input.label), max(one.first, 0.0), max(one.total, 0.0), INPUTS) for one in inputs]
    headings = {
        "median": "Choices of method: what moves the centre",
        "interval width": "Choices of method: what moves the width",
    }
    for one in found.choices.drivers():
        rows.append((headings[one.output], 0.0, 0.0, None))
        shares = zip(found.choices.choices, one.first, one.total, strict=True)
        rows += [
            (CHOICE_NAMES[choice.name], first, total, CHOICES)
            for choice, first, total in sorted(shares, key=lambda share: -share[2])
        ]
    return rows


def _places(rows: Sequence[tuple[str, float, float, str | None]]) -> list[float]:
    """From the top down, with some room above each heading but the first."""
    places, y = [], 0.0
    for row in rows:
        if row[3] is None and places:
            y -= 0.5
        places.append(y)
        y -= 1.0
    return places


# --------------------------------------------------------------------------------------------------- the specifications


def specifications(ax: Axes, found: Dependence) -> Axes:
    """Every specification sorted by its centre, with its interval, and below it the choices that make it."""
    shown = found.choices.by_median()
    parts = ax.get_subplotspec().subgridspec(2, 1, height_ratios=(1.0, 1.25))
    marks = ax.figure.add_subplot(parts[1])
    ax.set_subplotspec(parts[0])
    marks.sharex(ax)
    level = found.results.settings.level
    for x, one in enumerate(shown):
        interval = one.answer.interval(level)
        ends = 100 * np.array([interval.low, interval.high])
        ax.plot(
            [x, x],
            ends,
            color=DARK if one.used else LIGHT,
            linewidth=2.0 if one.used else _thin(shown),
            zorder=3 if one.used else 1,
        )
    ax.plot(range(len(shown)), [100 * one.answer.median for one in shown], color=CHOICES, linewidth=1.6, zorder=2)
    used = next(x for x, one in enumerate(shown) if one.used)
    ax.plot(used, 100 * shown[used].answer.median, "o", color=DARK, markersize=5, zorder=4)
    ax.annotate(
        "in use",
        (used, 100 * shown[used].answer.interval(level).high),
        (0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
    )
    ax.set_ylabel("casualties, of every\n100 soldiers")
    ax.set_ylim(0, None)
    ax.tick_params(axis="x", labelbottom=False, length=0)
    ax.spines["bottom"].set_visible(False)
    ax.grid(visible=True, axis="y")
    ax.legend(
        handles=[
            Line2D([], [], color=CHOICES, linewidth=1.6, label="centre of each"),
            Line2D([], [], color=LIGHT, linewidth=3, label=f"its {100 * level:g} % interval"),
        ],
        loc="upper left",
    )
    _title(ax, specifications_finding(found))
    _draw_marks(marks, found, shown)
    return ax


def _thin(shown: Sequence[Specification]) -> float:
    """Lines side by side that leave no gap and do not overlap."""
    return min(3.0, 380 / max(len(shown), 1))


def _draw_marks(ax: Axes, found: Dependence, shown: Sequence[Specification]) -> None:
    y, ticks, labels = 0.0, [], []
    for at, choice in enumerate(found.choices.choices):
        ax.annotate(
            CHOICE_NAMES[choice.name],
            (0, y),
            (0, -1),
            textcoords="offset points",
            ha="left",
            va="center",
            fontweight="bold",
            fontsize=8,
        )
        y -= 1.0
        for place, level in enumerate(choice.levels):
            chosen = [x for x, one in enumerate(shown) if one.levels[at] == place]
            in_use = place == choice.used
            ax.vlines(
                chosen,
                y - 0.36,
                y + 0.36,
                color=DARK if in_use else MIDDLE,
                linewidth=_thin(shown),
                alpha=1 if in_use else 0.55,
            )
            ticks.append(y)
            labels.append(latin(choice_label(choice, level)) + (" *" if in_use else ""))
            y -= 1.0
        y -= 0.25
    ax.set_yticks(ticks, labels, fontsize=8)
    ax.tick_params(axis="both", length=0)
    ax.set_ylim(y + 0.6, 0.6)
    ax.set_xlim(-1, len(shown))
    ax.set_xticks([])
    ax.set_xlabel("specifications, by their centre; * in use")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


# ---------------------------------------------------------------------------------------------------- without an origin


def without(ax: Axes, found: Dependence) -> Axes:
    """The pool of all origins, and without each: 50 dots each, over its interval."""
    rows = [found.inputs.whole, *(one for one in found.inputs.without if one.curve)]
    values = [100 * np.array(one.curve[::2]) for one in rows]
    span = 1.03 * max(float(one[-1]) for one in values)
    step, level = 7.5, found.results.settings.level
    for row, (one, dots) in enumerate(zip(rows, values, strict=True)):
        base = -row * step
        colour = DARK if not one.name else INPUTS
        x, height = quantile_dots(dots, span / 52)
        spacing = min(0.95, 5.6 / (height.max() + 1))
        ax.scatter(x, base + height * spacing, s=70, color=colour, linewidths=0.3, edgecolors="white", zorder=3)
        interval = one.estimate("casualties_ratio").interval(level)
        ax.plot(
            [100 * interval.low, 100 * interval.high],
            [base - 1.1] * 2,
            color=colour,
            linewidth=3,
            solid_capstyle="butt",
        )
        words = one.estimate("casualties_ratio").range(level, digits=found.results.settings.digits, signed=False)
        ax.annotate(
            f"{_left_out(one.name)}\n{words} of every 100", (span, base + 3.0), ha="right", va="center", fontsize=8.5
        )
    ax.set_xlim(0, span)
    ax.set_ylim(-(len(rows) - 1) * step - 1.9, step - 1.0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(
        f"killed and wounded, of every 100 soldiers; each dot is 2 % of the probability, each bar {100 * level:g} %"
    )
    _title(ax, without_finding(found))
    return ax


def _left_out(name: str) -> str:
    return f"without {latin(name)}" if name else "all origins"


# ------------------------------------------------------------------------------------------ how probable is more than x


def exceedance(ax: Axes, found: Dependence) -> Axes:
    """Probability of more than each share of the force, with the thresholds read off, in the band of all choices."""
    results = found.results
    least, most = _band(found)
    limit = 112 * max(float(most.max()), 0.36)
    shares = np.linspace(0.0, min(limit, 100.0), 241)
    pool = results.combined
    above = 1 - ratio_below(
        pool.draws, pool.question, name="casualties_ratio", threshold=np.maximum(shares, 1e-6) / 100
    )
    levels = 1 - np.array(found.choices.envelope().probabilities)
    ax.fill_betweenx(levels, 100 * least, 100 * most, color=LIGHT, alpha=0.55, linewidth=0)
    ax.plot(shares, above, color=DARK, linewidth=1.8)
    read_off = [one for one in results.exceedance if one.name == "casualties_ratio"]
    for one in read_off:
        at = (100 * one.threshold, one.probability)
        ax.plot([at[0], at[0]], [0, at[1]], color=INPUTS, linewidth=0.9)
        ax.plot(*at, "o", color=INPUTS, markersize=5, zorder=4)
    ax.set_xlim(0, shares[-1])
    ax.set_ylim(0, 1.02)
    _probabilities(ax, "probability of more")
    keys = [
        Line2D([], [], color=DARK, linewidth=1.8, label="as computed here"),
        Patch(color=LIGHT, alpha=0.55, linewidth=0, label="whatever the choices"),
    ]
    keys += [
        Line2D(
            [],
            [],
            color=INPUTS,
            marker="o",
            markersize=5,
            linestyle="none",
            label=f"more than {100 * one.threshold:g}: {percent(one.probability)}",
        )
        for one in read_off
    ]
    ax.legend(handles=keys, loc="upper right")
    _title(ax, exceedance_finding(found))
    return ax


def _probabilities(ax: Axes, label: str) -> None:
    """Axes of a probability over casualties."""
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    ax.set_xlabel("killed and wounded, of every 100 soldiers")
    ax.set_ylabel(label)
    ax.grid(visible=True)


def _band(found: Dependence) -> tuple[FloatArray, FloatArray]:
    box = found.choices.envelope()
    return box.low, box.high


def envelope(ax: Axes, found: Dependence) -> Axes:
    """The p-box of all specifications with the answer in it."""
    box, answer = found.choices.envelope(), found.choices.used.answer
    ax.fill_betweenx(box.probabilities, 100 * box.low, 100 * box.high, color=LIGHT, alpha=0.55, linewidth=0)
    for ends in (box.low, box.high):
        ax.plot(100 * ends, box.probabilities, color=CHOICES, linewidth=1.4)
    ax.plot(100 * answer.quantiles, answer.probabilities, color=DARK, linewidth=1.8)
    half = int(np.flatnonzero(box.probabilities == 0.5)[0])
    middle = 100 * np.array([box.low[half], box.high[half]])
    ax.plot(middle, [0.5, 0.5], color=CHOICES, linewidth=1.4, linestyle=(0, (3, 2)))
    ax.set_xlim(0, 103 * float(box.high[-1]))
    ax.set_ylim(0, 1)
    _probabilities(ax, "probability of at most so many")
    keys = [
        Line2D([], [], color=DARK, linewidth=1.8, label="as computed here"),
        Line2D([], [], color=CHOICES, linewidth=1.4, label="least and most of all choices"),
        Line2D([], [], color=CHOICES, linewidth=1.4, linestyle=(0, (3, 2)), label="where the centre may lie"),
    ]
    ax.legend(handles=keys, loc="lower right")
    _title(ax, envelope_finding(found))
    return ax


# --------------------------------------------------------------------------------------- the killed share and its class


def killed_share(ax: Axes, found: Dependence) -> Axes:
    """Wounded for each killed: each origin's own, the class in use, and what wars and other speakers gave."""
    rows = _split_rows(found)
    for y, (_, low, middle, high, colour) in enumerate(reversed(rows)):
        ax.plot([low, high], [y, y], color=colour, linewidth=4, solid_capstyle="butt", alpha=0.85)
        # What gives a range only has no centre, and none is made up.
        if middle is not None or low == high:
            ax.plot(middle if middle is not None else low, y, "o", color=colour, markersize=5.5)
    in_use = found.inputs.shares.in_use
    ax.axvspan(in_use.low, in_use.high, color="#eeeeee", zorder=0, linewidth=0)
    logarithmic(ax.xaxis)
    ax.set_yticks(range(len(rows)), [latin(row[0]) for row in reversed(rows)])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("wounded per killed (logarithmic scale);\ngrey: 90 % of the class in use")
    _title(ax, split_finding(found))
    return ax


def _split_rows(found: Dependence) -> list[tuple[str, float, float | None, float, str]]:
    shares, settings = found.inputs.shares, found.results.settings
    rows: list[tuple[str, float, float | None, float, str]] = []
    for one in shares.origins:
        interval = one.wounded_per_killed.interval(settings.level)
        rows.append((f"{one.name}, as read here", interval.low, one.wounded_per_killed.median, interval.high, DARK))
    rows.append(
        (f"class in use: {shares.in_use.name}", shares.in_use.low, shares.in_use.median, shares.in_use.high, CHOICES)
    )
    for one in shares.references:
        known = "" if one.known_on(settings.day) else ", later"
        rows.append((f"{one.name}{known}", one.low, None, one.high, INPUTS if one.kind == "war" else MIDDLE))
    return rows


# ------------------------------------------------------------------------------------------------- what would narrow it


def worth(ax: Axes, found: Dependence) -> Axes:
    """How wide the interval would be, on average, with one thing known exactly."""
    shown = [one for one in found.inputs.narrowing if one.width.expected is not None]
    now = 100 * found.inputs.worth[0].width.now
    for y, one in enumerate(reversed(shown)):
        width = 100 * (one.width.now + (one.width.change or 0.0))
        ax.plot([width, now], [y, y], color=INPUTS, linewidth=2)
        ax.plot(width, y, "o", color=INPUTS, markersize=6)
        words = width_expected(one, found)
        ax.annotate(
            words, (min(width, now), y), (-7, 0), textcoords="offset points", ha="right", va="center", fontsize=8.5
        )
    ax.axvline(now, color=DARK, linewidth=1.2)
    ax.annotate(
        f"now {width_now(found)}",
        (now, len(shown) - 0.45),
        (-4, 0),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8.5,
    )
    ax.set_yticks(range(len(shown)), [latin(one.input.label) for one in reversed(shown)])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.6, len(shown) - 0.05)
    ax.set_xlim(0, 1.12 * max(now, *(100 * (one.width.expected or 0.0) for one in shown)))
    ax.spines["left"].set_visible(False)
    level = 100 * found.results.settings.level
    ax.set_xlabel(f"width of the {level:g} % interval if this were known exactly,\nof every 100 soldiers")
    _title(ax, worth_finding(found))
    return ax


# ---------------------------------------------------------------------------------------------------------------- plans


def _drivers_alt(found: Dependence) -> str:
    parts = (
        f"{label}" if colour is None else f"{label} {_share(first)} alone, {_share(total)} in all"
        for label, first, total, colour in _driver_rows(found)
    )
    return f"Bars of shares of the variance. {'; '.join(parts)}."


def _specifications_alt(found: Dependence) -> str:
    return f"Chart of {len(found.choices.answered)} specifications with their choices. {specifications_finding(found)}."


def _without_alt(found: Dependence) -> str:
    level, digits = found.results.settings.level, found.results.settings.digits
    rows = [found.inputs.whole, *(one for one in found.inputs.without if one.curve)]
    parts = (f"{_left_out(one.name)} {one.estimate('casualties_ratio').text(level, digits=digits)}" for one in rows)
    return f"Dotplots of the share lost: {'; '.join(parts)}."


def _exceedance_alt(found: Dependence) -> str:
    box = found.choices.envelope()
    parts = (
        f"more than {100 * threshold:g}: {percent(one.probability)}, "
        f"whatever the choices {percent(low)} to {percent(high)}"
        for threshold, one, low, high in zip(
            THRESHOLDS,
            (one for one in found.results.exceedance if one.name == "casualties_ratio"),
            box.exceeding_low,
            box.exceeding_high,
            strict=True,
        )
    )
    return f"Falling curve of the probability of more than a share of the force. {'; '.join(parts)}."


def _envelope_alt(found: Dependence) -> str:
    return f"Two rising curves with the answer's between them. {envelope_finding(found)}."


def _split_alt(found: Dependence) -> str:
    parts = (f"{label}: {low:.1f} to {high:.1f}" for label, low, _, high, _ in _split_rows(found))
    return f"Chart of wounded for each killed. {'; '.join(parts)}."


def _worth_alt(found: Dependence) -> str:
    known = [one for one in found.inputs.narrowing if one.width.expected is not None]
    parts = (f"{one.input.label} {width_expected(one, found)}" for one in known)
    now = width_now(found)
    return f"Width of the interval now {now} of every 100 soldiers; if known exactly: {'; '.join(parts)}."


def _rows_size(rows: Iterable[object], each: float = 0.3, more: float = 1.1, width: float = 7.2) -> tuple[float, float]:
    return width, more + each * len(list(rows))


def _marks(found: Dependence) -> int:
    return sum(len(choice.levels) + 1 for choice in found.choices.choices)


# Seven pictures in a page: as sharp as a screen shows them.
_DPI = 140
FIGURES = {
    "drivers": Plan(drivers, lambda found: _rows_size(_driver_rows(found), 0.26), _drivers_alt, _DPI),
    "specifications": Plan(specifications, lambda found: (7.4, 3.0 + 0.165 * _marks(found)), _specifications_alt, _DPI),
    "without": Plan(without, lambda found: _rows_size([1, *found.inputs.without], 1.0, 0.9), _without_alt, _DPI),
    "exceedance": Plan(exceedance, lambda _: (6.8, 3.8), _exceedance_alt, _DPI),
    "envelope": Plan(envelope, lambda _: (6.8, 3.8), _envelope_alt, _DPI),
    "killed_share": Plan(killed_share, lambda found: _rows_size(_split_rows(found)), _split_alt, _DPI),
    "worth": Plan(worth, lambda found: _rows_size(found.inputs.worth, 0.34, 1.0), _worth_alt, _DPI),
}


def publish(name: str, found: Dependence, folder: str | Path = "") -> Picture:
    """Draw one of `FIGURES`; see `analysis.figures.publish`."""
    return figures.publish(name, found, folder, plans=FIGURES)
