"""
The report's pictures: one function a figure, axes in, axes out, drawn from results only.

With `record_figures`, the only importer of matplotlib. Every figure has a title that says its finding, labels with
units, and a text alternative; colours differ in lightness too, and shapes say the same as colours.

>>> from matplotlib.figure import Figure
>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> answer(Figure().add_subplot(), run(Settings(max_draws=16384))).get_xlabel()
'killed and wounded, of every 100 soldiers'
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from analysis.distributions import Distribution, FloatArray
from analysis.evidence import LOSSES, ReadClaim
from analysis.model import QUANTITIES, pooled
from analysis.pipeline import Results
from analysis.prose import headline, spoken, whose
from analysis.sampling import weighted_quantiles
from analysis.summary import Estimate

__all__ = [
    "COLOURS",
    "DARK",
    "FIGURES",
    "LIGHT",
    "MARKERS",
    "MIDDLE",
    "Picture",
    "Plan",
    "answer",
    "is_latin",
    "latin",
    "logarithmic",
    "losses_known",
    "plane",
    "printable",
    "publish",
    "quantile_dots",
    "readings",
    "short",
    "sources",
    "style_file",
]

Subject = TypeVar("Subject")

# Okabe and Ito (2008), told apart by the colour-blind and in grey. The order is that of the origins by name.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
DARK, MIDDLE, LIGHT = "#1a1a1a", "#6b6b6b", "#b5b5b5"

_THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")


def style_file() -> Path:
    """Where the one style lies: ``figures/style.mplstyle`` of a checkout, a copy of it in an installed package."""
    checkout = Path(__file__).parent.parent / "figures" / "style.mplstyle"
    return checkout if checkout.is_file() else Path(__file__).parent / "data" / "style.mplstyle"


def quantile_dots(values: FloatArray, width: float) -> tuple[FloatArray, FloatArray]:
    """
    Where the dots of a quantile dotplot lie: stacked, a dot wide, lowest value first (Wilkinson 1999).

    Parameters
    ----------
    values : array, shape (n,), rising
    width : float
        Of a dot, in the unit of the values.

    Returns
    -------
    x, height : array, shape (n,)
        Centre of each dot's stack and its place in it, from 0.

    Examples
    --------
    >>> quantile_dots(np.array([1.0, 1.2, 3.0]), 1.0)
    (array([1.1, 1.1, 3. ]), array([0., 1., 0.]))
    """
    x, height = np.empty(values.size), np.empty(values.size)
    start = 0
    while start < values.size:
        end = start + int(np.searchsorted(values[start:], values[start] + width))
        x[start:end] = values[start:end].mean()
        height[start:end] = np.arange(end - start)
        start = end
    return x, height


def answer(ax: Axes, results: Results) -> Axes:
    """The answer: 50 dots, each 2 % of the probability, over bars of 50, 80 and 95 %."""
    ratio = results.estimate("casualties_ratio")
    pool = pooled(results.combined.draws, results.combined.question)
    share = pool.values[QUANTITIES.index("casualties_ratio")]
    dots = 100 * weighted_quantiles(share, pool.weight, (np.arange(50) + 0.5) / 50)
    # Room on the right for the words of the widest bar.
    span = max(1.05 * dots[-1], 145 * ratio.interval(0.95).high)
    width, height = ax.figure.get_size_inches() * (0.96, 0.62)  # of the axes, about
    x, stack = quantile_dots(dots, span / 34)
    ax.set_xlim(0, span)
    ax.scatter(x, stack + 0.5, s=(0.92 * 72 * width / 34) ** 2, color=COLOURS[0], linewidths=0, zorder=3)
    # A unit of height is a dot, so that stacked dots touch; the bars lie below them.
    bars = 4.6
    ax.set_ylim(-bars, max(34 * height / width - bars, stack.max() + 1.5))
    for row, (level, colour) in enumerate(((0.5, DARK), (0.8, MIDDLE), (0.95, LIGHT))):
        _draw_bar(ax, ratio, level, y=-1.2 - 1.3 * row, colour=colour, digits=results.settings.digits)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("killed and wounded, of every 100 soldiers")
    _draw_soldiers_axis(ax, results.estimate("force").median)
    note = {"xycoords": "axes fraction", "ha": "right", "va": "top", "fontsize": 8.5}
    ax.annotate("each dot is 2 %\nof the probability", (0.99, 0.95), **note)
    ends = ratio.range(results.settings.level, digits=results.settings.digits, signed=False)
    ax.set_title(f"Killed and wounded: {ends} of every 100 soldiers ({100 * results.settings.level:g} %)")
    return ax


def _draw_bar(ax: Axes, ratio: Estimate, level: float, *, y: float, colour: str, digits: int) -> None:
    one = ratio.interval(level)
    ax.plot([100 * one.low, 100 * one.high], [y, y], color=colour, linewidth=6, solid_capstyle="butt")
    words = f"{100 * level:g} % of the probability: {ratio.range(level, digits=digits, signed=False)}"
    ax.annotate(words, (100 * one.high, y), (6, 0), textcoords="offset points", va="center", fontsize=8.5)


def _draw_soldiers_axis(ax: Axes, force: float) -> None:
    """The same axis in soldiers, for the middle of the force."""
    soldiers = ax.secondary_xaxis("top", functions=(lambda x: x * force / 100, lambda x: x * 100 / force))
    soldiers.set_xlabel(f"soldiers, if the force is {force:,.0f}", fontsize=8.5)
    soldiers.xaxis.set_major_formatter(_THOUSANDS)
    soldiers.spines["top"].set_visible(True)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the figure of sources."""

    label: str
    one: ReadClaim
    counts: bool


def _counted(results: Results) -> list[ReadClaim]:
    return [one for origin in results.evidence.origins for one in origin.given.values()]


def _source_rows(results: Results) -> list[_Row]:
    """Loss claims with a number: origins that count first, in each the claims that count before the others."""
    counted = {one.claim.id for one in _counted(results)}
    return [
        _Row(f"{_named(one.claim.origin)}: {printable(one)} {one.claim.quantity}", one, one.claim.id in counted)
        for one in losses_known(results.claims, results.settings.day, counted=counted, origins=results.draws)
    ]


def losses_known(
    claims: Iterable[ReadClaim], day: date, *, counted: Collection[str], origins: Collection[str]
) -> list[ReadClaim]:
    """
    Loss claims with a number that are known on a day, in the order in which they are drawn.

    Parameters
    ----------
    claims : iterable of ReadClaim
    day : date
    counted : collection of str
        Ids of the claims that count; of an origin's claims of one quantity, they come first.
    origins : collection of str
        Those that count; theirs come first.
    """

    def place(one: ReadClaim) -> tuple[bool, str, int, bool, str]:
        claim = one.claim
        apart = claim.origin not in origins, claim.origin
        return *apart, LOSSES.index(claim.quantity), claim.id not in counted, claim.id

    known = (one for one in claims if one.wording.distribution is not None and one.claim.quantity in LOSSES)
    return sorted((one for one in known if one.claim.published <= day), key=place)


def printable(one: ReadClaim) -> str:
    """The wording in quotes; where the figures' font lacks a letter, its number and that it is not Latin."""
    if is_latin(one.claim.wording):
        return f'"{short(one.claim.wording, 40)}"'
    return f"{one.wording.stated or 0:,.0f} (not in Latin script)"


def is_latin(text: str) -> bool:
    """Whether the figures' font has the letters of a text."""
    return all(ord(letter) < 0x250 or letter in "–—‘’“”" for letter in text)


def short(text: str, longest: int) -> str:
    """
    A text as it is, or cut, so that what a register says never pushes a figure off its page.

    Examples
    --------
    >>> short("Ukraine General Staff", 12)
    'Ukraine Gen…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def latin(label: str) -> str:
    """A label, or that the figures' font lacks its letters."""
    return short(label, 60) if is_latin(label) else "an origin not in Latin script"


def _named(origin: str) -> str:
    """An origin's name beside other words."""
    return short(latin(origin), 30)


def sources(ax: Axes, results: Results) -> Axes:
    """What each source said: a row a claim; arrows are bounds, dashes vague words, hollow marks do not count."""
    rows = _source_rows(results)
    for y, row in enumerate(rows):
        _draw_claim(ax, -y, row, _origin_style(results, row.one.claim.origin))
    start = len(rows) + 0.4
    ax.axhline(-(start - 0.7), color="#999999", linewidth=0.7)
    for y, name in enumerate(LOSSES):
        _draw_estimate(ax, -(start + y), results.estimate(name))
    labels = [*(row.label for row in rows), *(f"pooled result: {name}" for name in LOSSES)]
    ax.set_yticks([-y for y in (*range(len(rows)), *(start + y for y in range(len(LOSSES))))], labels)
    ax.set_ylim(-(start + 2.7), 0.8)
    logarithmic(ax.xaxis)
    ax.grid(visible=True, axis="x")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("soldiers (logarithmic scale)")
    ax.set_title(_sources_finding(results))
    ax.figure.legend(handles=_source_keys(), loc="outside lower center", ncols=3, fontsize=8, handlelength=2.4)
    return ax


def _source_keys() -> list[Line2D]:
    """What the marks mean."""
    line = partial(Line2D, [], [], color=MIDDLE)
    return [
        line(marker="o", linestyle="none", label="stated figure, counted"),
        line(marker="o", linestyle="none", markerfacecolor="white", label="shown, not counted"),
        line(marker=">", linestyle="none", label="a bound, and its side"),
        line(linewidth=1, label="90 % of the reading"),
        line(linewidth=3.5, label="50 % of the reading"),
        line(linewidth=1, linestyle=(0, (3, 2)), label="a vague word (mark: its middle)"),
    ]


def logarithmic(axis: Axis) -> None:
    """A logarithmic axis with plain numbers at 1, 2 and 5."""
    (axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale)("log")
    axis.set_major_locator(FixedLocator([step * 10**power for power in range(7) for step in (1, 2, 5)]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(_THOUSANDS)
    axis.set_minor_formatter(NullFormatter())


def _sources_finding(results: Results) -> str:
    origins = [origin for origin in results.origins if origin.estimates]
    medians = sorted((origin.estimate("casualties").median, origin.name) for origin in origins)
    if len(medians) < 2:
        return f"One origin counts; its figures imply {medians[0][0]:,.0f} casualties"
    (low, least), (high, most) = medians[0], medians[-1]
    return f"{whose(_named(most))} figures imply {high / low:.1f} times the casualties of {whose(_named(least))}"


def _origin_style(results: Results, origin: str) -> tuple[str, str]:
    names = [one.name for one in results.origins]
    if origin not in names:
        return MIDDLE, "o"
    place = names.index(origin) % len(COLOURS)
    return COLOURS[place], MARKERS[place]


def _draw_claim(ax: Axes, y: float, row: _Row, style: tuple[str, str]) -> None:
    (colour, marker), one, counts = style, row.one, row.counts
    low, quarter, median, three, high = one.reading.quantiles()
    vague = one.wording.kind == "vague"
    dashes = (0, (3, 2)) if vague else "solid"
    ax.plot([low, high], [y, y], color=colour, linewidth=1, linestyle=dashes, alpha=1 if counts else 0.55)
    if counts:
        ax.plot([quarter, three], [y, y], color=colour, linewidth=3.5, solid_capstyle="butt", linestyle="solid")
    at = one.wording.stated if one.wording.stated is not None else median
    face = colour if counts else "white"
    ax.plot([at], [y], marker, markersize=6.5, markeredgecolor=colour, markerfacecolor=face, zorder=4)
    towards = {"lower": 1.35, "upper": 1 / 1.35, "just_below": 1 / 1.35}.get(one.wording.kind)
    if towards is not None:
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (at * towards, y + 0.32), (at, y + 0.32), arrowprops=arrow)


def _draw_estimate(ax: Axes, y: float, estimate: Estimate) -> None:
    for level, width in ((0.9, 1.0), (0.5, 3.5)):
        interval = estimate.interval(level)
        ax.plot([interval.low, interval.high], [y, y], color=DARK, linewidth=width, solid_capstyle="butt")
    ax.plot([estimate.median], [y], marker="|", markersize=11, markeredgewidth=1.8, color=DARK)


def _deciding(results: Results) -> list[ReadClaim]:
    """The claims that the answer rests on: the losses that count, and the force in use."""
    force = results.denominator.force
    return [*_counted(results), *(force.claims if force else ())]


def readings(ax: Axes, results: Results) -> Axes:
    """How each counted wording was read: 20 dots, each 5 %, on a scale where 1 is the middle of the reading."""
    shown = _deciding(results)
    spread = [_relative(one.reading.distribution) for one in shown]
    low = min(0.5, *(float(values[0]) for values in spread)) * 0.9
    high = max(1.5, *(float(values[-1]) for values in spread)) * 1.05
    step = 6.5
    for row, (one, values) in enumerate(zip(shown, spread, strict=True)):
        _draw_strip(ax, -row * step, values, high - low, _origin_style(results, one.claim.origin)[0])
        words = f"{printable(one)} {one.claim.quantity}, {_named(one.claim.origin)}\n{spoken(one.reading)}"
        ax.annotate(words, (high, -row * step + 3.2), ha="right", va="center", fontsize=8.5)
    ax.axvline(1, color="#999999", linewidth=0.7, zorder=0)
    ax.set_xlim(low, high)
    ax.set_ylim(-(len(shown) - 1) * step - 0.8, step)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("times the middle of the reading; each dot is 5 % of the probability")
    widest = max(shown, key=lambda one: _width(one.reading.distribution))
    ax.set_title(f"{printable(widest)} leaves the most room: {spoken(widest.reading)}")
    return ax


def _relative(distribution: Distribution | None) -> FloatArray:
    if distribution is None:
        raise ValueError("a counted claim has a number")
    values = distribution.ppf((np.arange(20) + 0.5) / 20)
    return values / float(distribution.ppf(np.array(0.5)))


def _width(distribution: Distribution | None) -> float:
    values = _relative(distribution)
    return float(np.log(values[-1] / values[0]))


def _draw_strip(ax: Axes, base: float, values: FloatArray, span: float, colour: str) -> None:
    width = span / 55
    x, height = quantile_dots(values, width)
    # Tall stacks are drawn closer together, so that a strip never reaches the next.
    step = min(0.8, 5.2 / (height.max() + 1))
    ax.scatter(x, base + height * step, s=22, color=colour, linewidths=0.3, edgecolors="white", zorder=3)
    ax.axhline(base - 0.45, color="#cccccc", linewidth=0.6, zorder=0)


def plane(ax: Axes, results: Results) -> Axes:
    """Killed by wounded: a sample of the draws of each origin, with rays of wounded for each killed."""
    for origin in results.origins:
        losses = results.draws[origin.name].losses
        # Points are spread evenly over the replicates, not taken from the first of them.
        every = max(losses.killed.size // 700, 1)
        colour, marker = _origin_style(results, origin.name)
        look = {"markersize": 2.6, "markeredgewidth": 0, "alpha": 0.45, "color": colour, "rasterized": True}
        points = losses.wounded[::every], losses.killed[::every]
        ax.plot(*points, marker, linestyle="none", label=f"from {_named(origin.name)} alone", **look)
    wide = _limits([one.losses.wounded for one in results.draws.values()])
    high = _limits([one.losses.killed for one in results.draws.values()])
    for rate in (2, 3, 5, 10):
        wounded = np.array([max(wide[0], high[0] * rate), min(wide[1], high[1] * rate)])
        ax.plot(wounded, wounded / rate, color=DARK, linewidth=0.8, zorder=1)
        box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        at = 0.92 * wounded[1]
        ax.annotate(f"{rate}", (at, at / rate), ha="center", va="center", fontweight="bold", fontsize=8.5, bbox=box)
    logarithmic(ax.xaxis)
    logarithmic(ax.yaxis)
    ax.set_xlim(*wide)
    ax.set_ylim(*high)
    ax.set_xlabel("wounded, soldiers (logarithmic scale)")
    ax.set_ylabel("killed, soldiers (logarithmic scale)")
    ax.grid(visible=True)
    ax.legend(markerscale=3, loc="lower right")
    ax.set_title(_plane_finding(results))
    ax.annotate("lines: wounded for each killed", (0.02, 0.97), xycoords="axes fraction", va="top", fontsize=8.5)
    return ax


def _limits(values: Iterable[FloatArray]) -> tuple[float, float]:
    joined = np.concatenate(list(values))
    low, high = np.quantile(joined, [0.002, 0.998])
    return float(low) * 0.9, float(high) * 1.1


def _plane_finding(results: Results) -> str:
    """What the origins that give both killed and wounded say of their relation, beside the reference class."""
    both = {origin.name for origin in results.evidence.origins if {"killed", "wounded"} <= set(origin.given)}
    parts = [
        f"{whose(_named(origin.name))} own figures {origin.estimate('wounded_per_killed').median:.1f}"
        for origin in results.origins
        if origin.name in both and origin.estimates
    ]
    reference = float(results.question.wounded_per_killed.ppf(np.array(0.5)))
    return f"Wounded for each killed: {', '.join([*parts, f'reference class {reference:.1f}'])}"


@dataclass(frozen=True, slots=True)
class Plan(Generic[Subject]):
    """How a figure of a subject is made and told: its function, size in inches, text alternative, dots per inch."""

    draw: Callable[[Axes, Subject], Axes]
    size: Callable[[Subject], tuple[float, float]]
    alt: Callable[[Subject], str]
    dpi: int = 200


def _answer_alt(results: Results) -> str:
    ratio, level, digits = results.estimate("casualties_ratio"), results.settings.level, results.settings.digits
    bars = "; ".join(f"{100 * one:g} %: {ratio.range(one, digits=digits)}" for one in (0.5, 0.8, 0.95))
    line = headline(ratio, level=level, digits=digits)
    return f"Quantile dotplot of 50 dots: {line}. Bars below it: {bars} of the force."


def _sources_alt(results: Results) -> str:
    level, digits = results.settings.level, results.settings.digits
    rows = "; ".join(row.label + ("" if row.counts else ", not counted") for row in _source_rows(results))
    pool = "; ".join(f"{name} {results.estimate(name).text(level, digits=digits)}" for name in LOSSES)
    return f"Chart with a row for each claim: {rows}. Pooled result below: {pool}."


def _readings_alt(results: Results) -> str:
    parts = (f"{printable(one)} {one.claim.quantity}: {spoken(one.reading)}" for one in _deciding(results))
    return f"Dotplots of how each counted wording was read. {'; '.join(parts)}."


def _plane_alt(results: Results) -> str:
    lines = "with lines of 2, 3, 5 and 10 wounded for each killed"
    return f"Scatter plot of killed by wounded, {lines}. {_plane_finding(results)}."


def _sources_size(results: Results) -> tuple[float, float]:
    return 7.2, 2.1 + 0.26 * (len(_source_rows(results)) + len(LOSSES))


def _readings_size(results: Results) -> tuple[float, float]:
    return 6.8, 0.8 + 0.85 * len(_deciding(results))


FIGURES = {
    "answer": Plan(answer, lambda _: (6.8, 3.1), _answer_alt),
    "sources": Plan(sources, _sources_size, _sources_alt),
    "readings": Plan(readings, _readings_size, _readings_alt),
    "plane": Plan(plane, lambda _: (6.4, 4.6), _plane_alt),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn figure with its text alternative, as a notebook shows it."""

    png: bytes
    svg: bytes
    alt: str

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        return {"image/png": self.png, "text/plain": repr(self)}, {"image/png": {"alt": self.alt}}


def publish(
    name: str, results: Subject, folder: str | Path = "", *, plans: Mapping[str, Plan[Subject]] = FIGURES
) -> Picture:
    """
    Draw a figure in the one style; write it as PNG and SVG where a folder is given.

    Parameters
    ----------
    name : str
        One of the plans.
    results : Results
        Or what else the plans draw.
    folder : str or Path, optional
        ``figures/<name>.png`` and ``.svg`` are written below it; nothing without it.
    plans : mapping of str to Plan, optional
        Those of the report, unless others are given.
    """
    plan = plans[name]
    with mpl.rc_context(fname=style_file()):
        figure = _LaidOut(figsize=plan.size(results))
        plan.draw(figure.add_subplot(), results)
        picture = Picture(_saved(figure, "png", plan.dpi), _saved(figure, "svg", plan.dpi), plan.alt(results))
    if str(folder):
        target = Path(folder) / "figures"
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{name}.png").write_bytes(picture.png)
        (target / f"{name}.svg").write_bytes(picture.svg)
    return picture


class _LaidOut(Figure):
    """
    A figure that is drawn once for each file.

    Matplotlib draws it twice when it saves it: first without ink, for the layout, then with the layout set. The
    first drawing has no other use, and here it is the layout alone.
    """

    def draw(self, renderer: RendererBase) -> None:
        layout = self.get_layout_engine()
        if isinstance(layout, ConstrainedLayoutEngine):
            layout.execute(self)
        else:
            super().draw(renderer)


def _saved(figure: Figure, kind: str, dpi: int) -> bytes:
    """The figure's bytes, without a date or the version of the program in them."""
    out = io.BytesIO()
    figure.savefig(out, format=kind, dpi=dpi, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return out.getvalue()
