"""
The method as one picture: eight steps from the claims to the share lost, each with what it holds in this run.

>>> from matplotlib.figure import Figure
>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> len(method(Figure().add_subplot(), run(Settings(max_draws=1024))).patches)
8
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from analysis import figures
from analysis.figures import COLOURS, DARK, LIGHT, MIDDLE, Picture, Plan
from analysis.method import here, read_steps
from analysis.pipeline import Results

__all__ = ["FIGURES", "method", "publish"]

_COLUMNS = 4
_WIDTH, _HEIGHT = 0.88, 0.66  # of a box, where boxes stand 1 apart


def method(ax: Axes, results: Results) -> Axes:
    """Eight boxes in two rows, read from left to right, an arrow from each to the next."""
    told = here(results)
    rows = -(-len(told) // _COLUMNS)
    for at, (step, words) in enumerate(zip(read_steps(), told, strict=True)):
        x, y = at % _COLUMNS, -(at // _COLUMNS)
        last = at == len(told) - 1
        _draw_box(ax, x, y, f"{at + 1}  {step.name}", words, colour=COLOURS[0] if last else MIDDLE)
        if not last:
            _draw_arrow(ax, x, y, turns=x == _COLUMNS - 1)
    ax.set_xlim(-0.5, _COLUMNS - 0.5)
    ax.set_ylim(-rows + 0.55, 0.45)
    ax.axis("off")
    number, _, _ = told[0].partition(" claims")
    ends, _, _ = told[-1].partition("\n")
    ax.set_title(f"From {number} claims to the share lost: {ends}")
    return ax


def _draw_box(ax: Axes, x: float, y: float, name: str, words: str, *, colour: str) -> None:
    corner, style = (x - _WIDTH / 2, y - _HEIGHT / 2), "round,pad=0,rounding_size=0.05"
    ax.add_patch(
        FancyBboxPatch(corner, _WIDTH, _HEIGHT, boxstyle=style, facecolor="white", edgecolor=colour, linewidth=1.2)
    )
    ax.annotate(name, (x, y + 0.19), ha="center", va="center", fontsize=8, fontweight="bold", color=DARK)
    ax.annotate(words, (x, y - 0.09), ha="center", va="center", fontsize=8, color=DARK, linespacing=1.25)


def _draw_arrow(ax: Axes, x: float, y: float, *, turns: bool) -> None:
    """An arrow to the box on the right, or round to the first of the next row."""
    arrow = {"arrowstyle": "-|>", "color": MIDDLE, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    if not turns:
        ax.annotate("", (x + 1 - _WIDTH / 2, y), (x + _WIDTH / 2, y), arrowprops=arrow)
        return
    middle, below = y - 0.5, y - 1 + _HEIGHT / 2
    ax.plot([x, x, 0, 0], [y - _HEIGHT / 2, middle, middle, middle], color=LIGHT, linewidth=1.1)
    ax.annotate("", (0, below), (0, middle), arrowprops=arrow)


def _alt(results: Results) -> str:
    told = zip(read_steps(), here(results), strict=True)
    steps = "; ".join(f"{at}. {step.name}: {' '.join(words.split())}" for at, (step, words) in enumerate(told, 1))
    return f"Diagram of the method, an arrow from each step to the next. {steps}."


FIGURES: Mapping[str, Plan[Results]] = {"method": Plan(method, lambda _: (7.2, 2.6), _alt, dpi=110)}


def publish(name: str, results: Results, folder: str | Path = "") -> Picture:
    """Draw one of `FIGURES`; see `analysis.figures.publish`."""
    return figures.publish(name, results, folder, plans=FIGURES)
