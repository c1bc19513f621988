"""
Pictures of readings: each wording beside the evidence for it, and readings of headlines against their outcomes.

Drawn in the style of `analysis.figures`, from readings and pairs only.

>>> from matplotlib.figure import Figure
>>> outcomes(Figure().add_subplot()).get_xlabel()
'count in the end, times the number in the headline (logarithmic scale)'
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from analysis import figures
from analysis.coverage import HEDGES, LEVELS, Pair, present, read_pairs, recommended
from analysis.figures import COLOURS, DARK, LIGHT, MARKERS, MIDDLE, Picture, Plan
from analysis.lexicon import Number, ferson_width, read_lexicon
from analysis.prose import spoken
from analysis.readings import Shown, Wordings, coverages

__all__ = ["FIGURES", "covered", "outcomes", "publish", "wordings"]

# More rows than this are no picture; the table has them all.
_MOST_ROWS = 24
_STYLE = {"at least": (COLOURS[1], MARKERS[1]), "bare": (COLOURS[0], MARKERS[0])}
_NAMED = {"at least": '"at least"', "bare": "no hedge"}


def wordings(ax: Axes, shown: Wordings) -> Axes:
    """A row a wording: what the words mean, the reading with its layer, and below them the evidence."""
    rows = _rows(shown)
    pairs = read_pairs()
    for row, one in enumerate(rows):
        _draw_reading(ax, -row, one)
        _draw_evidence(ax, -row, one, pairs)
        ax.annotate(
            spoken(one.reported),
            (1.01, -row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator([0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(0.3, 4)
    ax.axvline(1, color=LIGHT, linewidth=0.8, zorder=0)
    ax.set_yticks([-row for row in range(len(rows))], [f'"{one.one.wording}"' for one in rows])
    ax.set_ylim(-len(rows) + 0.35, 0.65)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(visible=True, axis="x")
    ax.set_xlabel("times the number stated; times the middle, where words state none (logarithmic scale)")
    ax.set_title(_widest(rows), loc="left")
    ax.figure.legend(handles=_keys(), loc="outside lower center", ncols=3, fontsize=8, handlelength=2.2)
    return ax


def _rows(shown: Wordings) -> tuple[Shown, ...]:
    """What is drawn: a zero has no place on a scale of ratios."""
    return tuple(one for one in shown.numbered if one.one.stated != 0)[:_MOST_ROWS]


def _scale(one: Shown) -> float:
    """What stands at 1: the largest number in the words, else the middle of what they mean."""
    quantiles = one.one.quantiles()
    if quantiles is None:
        raise ValueError("a wording without a number is not drawn")
    return one.one.stated or float(quantiles[2])


def _draw_reading(ax: Axes, y: float, one: Shown) -> None:
    layers = [(one.one, MIDDLE, 0.0)]
    if one.reported is not one.one:
        layers = [(one.one, LIGHT, 0.16), (one.reported, COLOURS[0], 0.0)]
    elif one.one.reporting_included:
        layers = [(one.one, COLOURS[0], 0.0)]
    for reading, colour, up in layers:
        low, quarter, median, three, high = (float(q) / _scale(one) for q in reading.quantiles())
        low, high = max(low, 0.31), min(high, 3.9)
        line = {"color": colour, "solid_capstyle": "butt"}
        ax.plot([low, high], [y + up] * 2, linewidth=1.2, **line)
        ax.plot([quarter, three], [y + up] * 2, linewidth=5, **line)
        ax.plot([median], [y + up], marker="|", markersize=10, markeredgewidth=1.6, color=DARK)


def _draw_evidence(ax: Axes, y: float, one: Shown, pairs: tuple[Pair, ...]) -> None:
    """Outcomes of headlines with this hedge as open circles; a listener's width as a bracket."""
    hedge = {"at least": "at least", "bare": "bare"}.get(one.one.rule)
    if hedge is not None and not one.one.percent:
        ratios = np.array(sorted(pair.ratio for pair in pairs if pair.hedge == hedge))
        place = y - 0.27 - 0.1 * (np.arange(ratios.size) % 2)
        ax.plot(ratios, place, "o", markersize=2.6, markerfacecolor="none", markeredgecolor=DARK, markeredgewidth=0.5)
    rule = next(rule for rule in read_lexicon().rule if rule.name == one.one.rule)
    coefficients = getattr(rule, "coefficients", None)
    if coefficients is not None and one.one.stated:
        number = Number(Decimal(f"{(100 if one.one.percent else 1) * one.one.stated:.12g}"))
        width = ferson_width(coefficients, number) / number.size
        reach = (1 - width, 1) if one.one.kind == "just_below" else (1 - width / 2, 1 + width / 2)
        ax.plot(reach, [y - 0.3] * 2, "|-", color=DARK, linewidth=0.8, markersize=5)


def _widest(rows: tuple[Shown, ...]) -> str:
    if not rows:
        return "No wording here states a number"
    ratios = [np.divide(*one.reported.quantiles()[[4, 0]]) for one in rows]
    widest = rows[int(np.argmax(ratios))]
    return f'"{widest.one.wording}" leaves the most room: {spoken(widest.reported)}'


def _keys() -> list[Line2D]:
    return [
        Line2D([], [], color=MIDDLE, linewidth=1.2, label="90 %: what the words mean"),
        Line2D([], [], color=COLOURS[0], linewidth=1.2, label="90 %: with the reporting layer"),
        Line2D([], [], color=MIDDLE, linewidth=5, label="50 %"),
        Line2D([], [], color=DARK, linestyle="none", marker="|", markersize=9, label="middle"),
        Line2D(
            [],
            [],
            color=DARK,
            linestyle="none",
            marker="o",
            markersize=3,
            markerfacecolor="none",
            label="a headline's outcome",
        ),
        Line2D(
            [], [], color=DARK, linewidth=0.8, marker="|", markersize=5, label="width that the median listener gives"
        ),
    ]


def outcomes(ax: Axes) -> Axes:
    """Shares of headlines that ended up to so many times their number, beside what the readings say."""
    pairs = read_pairs()
    grid = np.geomspace(0.25, 4.5, 800)
    for hedge in HEDGES:
        colour, _ = _STYLE[hedge]
        ratios = np.sort([pair.ratio for pair in pairs if pair.hedge == hedge])
        ax.step(
            [0.25, *ratios, 4.5],
            [0, *((np.arange(ratios.size) + 1) / ratios.size), 1],
            where="post",
            color=colour,
            linewidth=1.6,
        )
        # 37 is no round number: what a reading of it says holds for all that are none.
        one = Pair("", hedge, 37.0, 37.0, 2)
        ax.plot(grid, present(one).cdf(grid * 37), color=colour, linewidth=1, linestyle=(0, (4, 2)))
        ax.plot(grid, recommended(one).cdf(grid * 37), color=colour, linewidth=1, linestyle=(0, (1, 1.5)))
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator([0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlim(0.28, 4.3)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    ax.grid(visible=True)
    ax.set_xlabel("count in the end, times the number in the headline (logarithmic scale)")
    ax.set_ylabel("share of headlines")
    ax.set_title(_growth(pairs), loc="left")
    keys = [
        Line2D([], [], color=_STYLE[hedge][0], linewidth=1.6, label=f"{_NAMED[hedge]}: outcomes") for hedge in HEDGES
    ]
    keys += [
        Line2D([], [], color=MIDDLE, linewidth=1, linestyle=(0, (4, 2)), label="the reading"),
        Line2D([], [], color=MIDDLE, linewidth=1, linestyle=(0, (1, 1.5)), label="as it was recommended"),
    ]
    ax.legend(handles=keys, loc="upper left", fontsize=8.5)
    return ax


def _growth(pairs: tuple[Pair, ...]) -> str:
    shares = [np.mean([pair.ratio > 1 for pair in pairs if pair.hedge == hedge]) for hedge in HEDGES]
    first, second = (f"{100 * share:.0f} %" for share in shares)
    return f'{first} of "at least" and {second} of bare counts grew after the headline'


def covered(ax: Axes) -> Axes:
    """How often each interval held the outcome, with what so many pairs can tell; hollow as recommended before."""
    found = coverages()
    for hedge, side in zip(HEDGES, (-1, 1), strict=True):
        colour, marker = _STYLE[hedge]
        for kind, one in found:
            if one.hedge != hedge:
                continue
            if kind == "recommended":
                look = {"markerfacecolor": "white", "alpha": 0.8}
                x = 100 * one.level + 1.6 * side
            elif kind == "now":
                look = {"markerfacecolor": colour}
                x = 100 * one.level + 0.5 * side
            else:
                continue
            ax.plot([x, x], [100 * one.low, 100 * one.high], color=colour, linewidth=1, alpha=look.get("alpha", 1))
            ax.plot([x], [100 * one.share], marker, color=colour, markersize=7, **look)
    ax.plot([40, 100], [40, 100], color=MIDDLE, linewidth=0.8, zorder=0)
    ax.annotate("as often as it says", (60, 60), (6, -12), textcoords="offset points", fontsize=8.5, rotation=0)
    ax.set_xlim(44, 96)
    ax.set_ylim(30, 102)
    ax.set_xticks([100 * level for level in LEVELS], [f"{100 * level:.0f} %" for level in LEVELS])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f} %"))
    ax.grid(visible=True)
    ax.set_xlabel("probability that the interval should hold")
    ax.set_ylabel("share of outcomes that it held")
    ax.set_title(_held(), loc="left")
    keys = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=7, label=_NAMED[hedge])
        for hedge, (colour, marker) in _STYLE.items()
    ]
    keys += [
        Line2D(
            [],
            [],
            color=MIDDLE,
            marker="o",
            linestyle="none",
            markerfacecolor="white",
            markersize=7,
            label="as recommended before",
        ),
        Line2D([], [], color=MIDDLE, linewidth=1, label="95 % of what so many pairs can tell"),
    ]
    ax.legend(handles=keys, loc="lower right", fontsize=8.5)
    return ax


def _held() -> str:
    now = {one.hedge: one for kind, one in coverages() if kind == "now" and one.level == 0.9}
    counts = " and ".join(f"{now[hedge].covered} of {now[hedge].pairs}" for hedge in HEDGES)
    return f"Intervals of 90 % held {counts} outcomes"


def _wordings_alt(shown: Wordings) -> str:
    rows = "; ".join(f'"{one.one.wording}": {spoken(one.reported)}' for one in _rows(shown))
    left = len(shown.numbered) - _MOST_ROWS
    more = f" {left} more are in the table." if left > 0 else ""
    return f"Chart with a row for each wording. {rows or 'None has a number'}.{more}"


def _outcomes_alt() -> str:
    return f"Two staircases of outcomes with the readings' curves beside them. {_growth(read_pairs())}."


def _covered_alt() -> str:
    parts = "; ".join(
        f"{_NAMED[one.hedge]}, {100 * one.level:.0f} % interval, {kind}: {one.covered} of {one.pairs}"
        for kind, one in coverages()
    )
    return f"Chart of how often intervals held the outcome. {parts}."


# What a figure shows besides its pairs is not asked: outcomes and coverage are the same for any wordings.
FIGURES = {
    "wordings": Plan(wordings, lambda shown: (7.4, 1.4 + 0.44 * max(len(_rows(shown)), 1)), _wordings_alt),
    "outcomes": Plan(lambda ax, _: outcomes(ax), lambda _: (6.8, 4.2), lambda _: _outcomes_alt()),
    "covered": Plan(lambda ax, _: covered(ax), lambda _: (6.8, 4.2), lambda _: _covered_alt()),
}


def publish(name: str, shown: Wordings, folder: str | Path = "") -> Picture:
    """Draw one of `FIGURES`; see `analysis.figures.publish`."""
    return figures.publish(name, shown, folder, plans=FIGURES)
