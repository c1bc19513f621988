"""
The answer and its sources as charts in a browser, redrawn by moving their data: for who tries settings by hand.

The figures of `figures` take 0.1 to 0.7 s to draw; these change in a few hundredths. They say the same by the same
marks: dots of 2 %, bars of 50, 80 and 95 %, hollow marks for what is not counted.

The only importer of plotly. Text from a register is shown letter by letter, never as markup.

>>> from analysis.glimpse import glimpse
>>> from analysis.settings import Settings
>>> drawn = Answer(glimpse(Settings()))
>>> drawn.widget.layout.title.text
'Killed and wounded: 2.8 to 15.8 of every 100 soldiers (90 %)'
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path

import plotly.graph_objects as go
import traitlets

from analysis.evidence import LOSSES, ReadClaim
from analysis.figures import losses_known, quantile_dots, short
from analysis.glimpse import Glimpse
from analysis.summary import Estimate

__all__ = ["COLOURS", "Answer", "Sources", "lettered"]

# Of Okabe and Ito (2008), those with a contrast of 3 or more against white and against near black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b8619a", "#a87400")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
# Letters, lines: readable on white and on near black; a page with a theme of its own sets them by its style sheet.
_INK, _FAINT = "#7a7a7a", "rgba(128, 128, 128, 0.35)"
_ANSWER, _REFERENCE = COLOURS[0], "#8c8c8c"

_RATIO = "casualties_ratio"
_LEVELS = (0.5, 0.8, 0.95)
_THICK = (9, 5, 2)  # of their bars, pixels
_ACROSS = 34  # dots from end to end
_STACK = 9.0  # dots that there is room for at least, one on the other
_ENDS = (2, 5, 10, 20, 30, 40, 60, 80, 100)  # where the axis may end, so that it does not move with every change
_ROW = 22  # pixels of a row of the sources
_MARK = {"size": 10, "line": {"width": 1.5}}
_MIDDLE = {"symbol": "line-ns-open", "size": 13, "color": _INK, "line": {"width": 2}}
_TICKS = [step * 10**power for power in range(7) for step in (1, 2, 5)]


def lettered(text: str, longest: int = 60) -> str:
    """
    A text for a chart, cut where it is long, with its letters alone.

    Examples
    --------
    >>> lettered("<b>120</b> killed")
    '&lt;b&gt;120&lt;/b&gt; killed'
    """
    return html.escape(short(" ".join(text.split()), longest), quote=False)


class _Chart(go.FigureWidget):
    """A figure as a widget that fills its column; it waits for the code of plotly, which a `_FirstChart` brings."""

    # Few lines, so that the browser has read them long before anywidget gives up.
    _esm = (Path(__file__).parent / "data" / "chart.mjs").read_text(encoding="utf-8")
    _plotly = traitlets.Unicode().tag(sync=True)

    def __init__(self, figure: go.Figure) -> None:
        super().__init__(figure)
        self._config = {**self._config, "responsive": True}


class _FirstChart(_Chart):
    """One that brings plotly's code, 5 MB, for every chart of its page."""

    _plotly = traitlets.Unicode(str(go.FigureWidget._esm)).tag(sync=True)  # noqa: SLF001, a name of anywidget


def _figure(height: int, **layout: object) -> go.Figure:
    return go.Figure(
        layout={
            "template": None,
            "height": height,
            "paper_bgcolor": "rgba(0, 0, 0, 0)",
            "plot_bgcolor": "rgba(0, 0, 0, 0)",
            "font": {"size": 12, "color": _INK, "family": "DejaVu Sans, Verdana, sans-serif"},
            "showlegend": False,
            "hovermode": "closest",
            "title": {"x": 0, "xanchor": "left", "font": {"size": 14}},
            **layout,
        }
    )


class Answer:
    """
    The dotplot of casualties over force, beside a reference in grey.

    Parameters
    ----------
    seen : Glimpse
        What it shows first.

    Attributes
    ----------
    widget : FigureWidget
        For a notebook.
    """

    def __init__(self, seen: Glimpse) -> None:
        self.widget = _figure(
            310,
            margin={"l": 10, "r": 10, "t": 36, "b": 44},
            xaxis={
                "title": "killed and wounded, of every 100 soldiers",
                "showgrid": False,
                "zeroline": False,
                "linecolor": _INK,
                "ticks": "outside",
                "fixedrange": True,
            },
            yaxis={"visible": False, "fixedrange": True},
        )
        nothing = {"x": [], "y": [], "hoverinfo": "skip"}
        dots = {"mode": "markers", **nothing}
        traces = [
            go.Scatter(marker={"color": "rgba(0, 0, 0, 0)", "line": {"color": _REFERENCE, "width": 1.2}}, **dots),
            go.Scatter(marker={"color": _ANSWER}, **dots),
        ]
        for colour in (_ANSWER, _REFERENCE):
            traces += [
                go.Scatter(
                    mode="lines+text",
                    line={"color": colour, "width": width},
                    textposition="middle right",
                    textfont={"size": 11},
                    **nothing,
                )
                for width in _THICK
            ]
        self.widget.add_traces(traces)
        self.show(seen)
        # Only now: what a widget is told before its page has loaded is lost.
        self.widget = _FirstChart(self.widget)

    def show(self, seen: Glimpse, reference: Glimpse | None = None, *, named: str = "pinned") -> None:
        """Draw an answer, with a reference of this name behind it."""
        both = [seen] if reference is None else [seen, reference]
        widest = max(max(100 * one.dots[-1], 140 * one.estimate(_RATIO).interval(0.95).high) for one in both)
        span = next((end for end in _ENDS if end >= widest), 100)
        ratio, settings = seen.estimate(_RATIO), seen.settings
        ends = ratio.range(settings.level, digits=settings.digits, signed=False)
        figure = self.widget
        with figure.batch_update():
            figure.layout.title.text = f"Killed and wounded: {ends} of every 100 soldiers ({100 * settings.level:g} %)"
            figure.layout.xaxis.range = [0, span]
            highest = [self._dots(1, seen, span), self._dots(0, reference, span)]
            rows = 2 * len(_LEVELS) if reference is not None else len(_LEVELS)
            figure.layout.yaxis.range = [-1.4 * rows - 0.8, max(_STACK, *highest) + 0.7]
            self._bars(2, seen, first=0, words="{level:g} %: {range}")
            self._bars(2 + len(_LEVELS), reference, first=len(_LEVELS), words=f"{named}, {{level:g}} %: {{range}}")

    def _dots(self, trace: int, seen: Glimpse | None, span: float) -> float:
        """Move the dots of a trace; how high they are stacked."""
        one = self.widget.data[trace]
        if seen is None:
            one.x, one.y = [], []
            return 0.0
        x, stack = quantile_dots(100 * seen.dots, span / _ACROSS)
        one.x, one.y = x, stack + 0.5
        one.marker.size = 14
        return float(stack.max()) + 1

    def _bars(self, trace: int, seen: Glimpse | None, *, first: int, words: str) -> None:
        for at, level in enumerate(_LEVELS):
            one = self.widget.data[trace + at]
            if seen is None:
                one.x, one.y, one.text = [], [], []
                continue
            ratio = seen.estimate(_RATIO)
            interval, y = ratio.interval(level), -1.2 - 1.4 * (first + at)
            told = words.format(level=100 * level, range=ratio.range(level, digits=seen.settings.digits, signed=False))
            one.x, one.y, one.text = [100 * interval.low, 100 * interval.high], [y, y], ["", f" {told}"]


class Sources:
    """
    What each source said and how it is read, a row a claim, with the pooled answer below.

    Parameters
    ----------
    seen : Glimpse
        What it shows first.
    picked : callable
        Takes the id of a claim whose row was clicked.

    Attributes
    ----------
    widget : FigureWidget
        For a notebook.
    """

    def __init__(self, seen: Glimpse, picked: Callable[[str], None]) -> None:
        self._ids: tuple[str, ...] = ()
        self._drawn: object = None
        self.widget = _figure(
            300,
            margin={"l": 10, "r": 16, "t": 36, "b": 44},
            xaxis={
                "type": "log",
                "title": "soldiers (logarithmic scale)",
                "gridcolor": _FAINT,
                "tickvals": _TICKS,
                "ticktext": [f"{tick:,}" for tick in _TICKS],
                "zeroline": False,
                "fixedrange": True,
            },
            yaxis={"automargin": True, "showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True},
        )
        lines = {"mode": "lines", "x": [], "y": [], "hoverinfo": "skip"}
        self.widget.add_traces(
            [
                go.Scatter(line={"color": _INK, "width": 1}, **lines),
                go.Scatter(line={"color": _INK, "width": 4}, **lines),
                go.Scatter(mode="markers", x=[], y=[], marker=_MARK, hovertemplate="%{text}<extra></extra>"),
                go.Scatter(line={"color": _ANSWER, "width": 2}, **lines),
                go.Scatter(line={"color": _ANSWER, "width": 7}, **lines),
                go.Scatter(mode="markers", x=[], y=[], marker=_MIDDLE, hoverinfo="skip"),
            ]
        )

        self.show(seen)
        self.widget = _Chart(self.widget)

        def clicked(_: object, points: object, __: object) -> None:
            if points.point_inds:
                picked(self._ids[points.point_inds[0]])

        self.widget.data[2].on_click(clicked)

    def show(self, seen: Glimpse) -> None:
        """Draw the claims known on the day, and the answer."""
        counted, counting = set(seen.counted), seen.inputs.questions[seen.settings.force].origins
        rows = losses_known(seen.inputs.claims, seen.settings.day, counted=counted, origins=counting)
        figure = self.widget
        with figure.batch_update():
            texts = tuple(sorted(seen.inputs.register.digests.items()))  # a row may say something else now
            key = texts, seen.settings.width, tuple((one.claim.id, one.claim.id in counted) for one in rows)
            if key != self._drawn:
                self._drawn, self._ids = key, tuple(one.claim.id for one in rows)
                self._show_claims(rows, counted)
            figure.layout.title.text = f"{len(counted & set(self._ids))} of {len(rows)} claims count"
            self._show_pool([seen.estimate(name) for name in LOSSES], start=len(rows) + 0.4)

    def _show_claims(self, rows: Sequence[ReadClaim], counted: set[str]) -> None:
        figure, start = self.widget, len(rows) + 0.4
        names = sorted({one.claim.origin for one in rows if one.claim.id in counted})
        thin, thick, at = [], [], []
        for y, one in enumerate(rows):
            low, quarter, median, three, high = one.reading.quantiles()
            thin.append((low, high, -y))
            if one.claim.id in counted:
                thick.append((quarter, three, -y))
            at.append(one.wording.stated or median)
        for trace, pieces in ((0, thin), (1, thick)):
            figure.data[trace].x, figure.data[trace].y = _pieces(pieces)
        places = [names.index(one.claim.origin) if one.claim.origin in names else -1 for one in rows]
        colours = [COLOURS[place % len(COLOURS)] if place >= 0 else _INK for place in places]
        hollow = [one.claim.id not in counted for one in rows]
        marks = figure.data[2]
        marks.x, marks.y = at, [-y for y in range(len(rows))]
        marks.text = [lettered(f"{one.claim.published}, {one.claim.outlet}; click for more", 110) for one in rows]
        marks.marker.color = marks.marker.line.color = colours
        marks.marker.symbol = [
            f"{_SYMBOLS[place % len(_SYMBOLS) if place >= 0 else 0]}{'-open' if empty else ''}"
            for place, empty in zip(places, hollow, strict=True)
        ]
        labels = [
            lettered(f"{short(one.claim.origin, 24)}: “{short(one.claim.wording, 34)}” {one.claim.quantity}", 72)
            for one in rows
        ]
        figure.layout.yaxis.tickvals = [-y for y in (*range(len(rows)), *(start + row for row in range(len(LOSSES))))]
        figure.layout.yaxis.ticktext = [*labels, *(f"pooled: {name}" for name in LOSSES)]
        figure.layout.yaxis.range = [-(start + len(LOSSES) - 0.3), 0.8]
        figure.layout.height = 90 + _ROW * (len(rows) + len(LOSSES) + 1)

    def _show_pool(self, estimates: Sequence[Estimate], *, start: float) -> None:
        for trace, level in ((3, 0.9), (4, 0.5)):
            ends = [
                (one.interval(level).low, one.interval(level).high, -(start + y)) for y, one in enumerate(estimates)
            ]
            self.widget.data[trace].x, self.widget.data[trace].y = _pieces(ends)
        middle = self.widget.data[5]
        middle.x, middle.y = [one.median for one in estimates], [-(start + y) for y in range(len(estimates))]


def _pieces(ends: Sequence[tuple[float, float, float]]) -> tuple[list[float | None], list[float | None]]:
    """Lines from low to high at a height, as one trace with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    for low, high, height in ends:
        x += [low, high, None]
        y += [height, height, None]
    return x, y
