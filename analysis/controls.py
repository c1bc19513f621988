"""
Controls over the settings of an answer, for an afternoon in JupyterLab; what they show changes with them at once.

An `Explorer` holds one question. Its panels are its parts in cells of a notebook: each shows controls where there is a
kernel to move them, and beside that the answer to the settings as they were given, as stored output for those who
read the notebook elsewhere.

A setting that cannot be is refused beside its control, in the line that the command prints, and the last good answer
stays, marked as such. The register's files are read again at each change: what is broken there is told with its line.

The only importer of ipywidgets, itables and pandas.

>>> explorer = Explorer(Settings())
>>> explorer.seen.estimate("casualties_ratio").text(0.9, digits=2)
'2.8 % to 15.8 %, centre 8.2 %'
>>> explorer.set("pool", "median")
>>> explorer.settings.pool, explorer.error
('median', '')
>>> explorer.set("wounded_per_killed", "none")
>>> explorer.settings.wounded_per_killed, explorer.error[:28]
('historical', "wounded_per_killed is 'none'")
"""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import ipywidgets as widgets
import pandas as pd
from IPython.display import display
from itables.widget import ITable

from analysis import figures, prose, saved, tables, wording_figures
from analysis.cells import path_shown
from analysis.charts import Answer, Sources
from analysis.displays import Table
from analysis.errors import InputError, WorkError
from analysis.evidence import FORCES, LOSSES, ReadClaim, reasons, size_reasons, weights_named
from analysis.glimpse import DRAWS, Glimpse, glimpse
from analysis.inputs import prepare
from analysis.lexicon import read_lexicon
from analysis.pipeline import Results, run
from analysis.pools import POOLS
from analysis.prose import Prose
from analysis.readings import choose
from analysis.settings import Settings
from analysis.what_if import HYPOTHETICAL, Hypothetical, with_claim

__all__ = ["Explorer", "Panel", "Panels"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_WIDTHS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
_LEVELS = (0.5, 0.8, 0.9, 0.95)
_MOST_WEIGHT = 4.0
_COLUMN = "250px"
# Letters and lines of the charts in the colours of the theme; no toolbar over them. A panel whose kernel is gone has
# nothing to show: its numbers are no longer anyone's answer.
_STYLE = """<style>
.casualty-panel .js-plotly-plot text { fill: var(--jp-content-font-color1, currentColor) !important; }
.casualty-panel .modebar { display: none; }
.casualty-panel .casualty-error { color: var(--jp-error-color1, #b00020); line-height: 1.4; }
.casualty-panel table { border-collapse: collapse; }
.casualty-panel td, .casualty-panel th { padding: 2px 10px 2px 0; vertical-align: top; line-height: 1.4; }
.casualty-panel thead input { width: 100%; box-sizing: border-box; }
.casualty-panel .widget-html-content { line-height: 1.5; }
.casualty-panel.jupyter-widgets-disconnected > *, .casualty-panel.jupyter-widgets-disconnected:not(:has(> *)) {
  display: none;
}
.casualty-panel.jupyter-widgets-disconnected:has(> *)::after {
  content: "The kernel that gave these numbers is gone. Run the notebook again.";
}
</style>"""


@dataclass(frozen=True, slots=True)
class Panel:
    """
    A widget, and what stands for it where there is none: a picture, a table or text, as stored output.

    Parameters
    ----------
    widget : Widget
    instead : Picture or Table
    """

    widget: widgets.Widget
    instead: figures.Picture | Table

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        shown = self.instead._repr_mimebundle_()
        data, about = shown if isinstance(shown, tuple) else (shown, {})
        return {**data, _VIEW: self.widget.get_view_spec()}, about


@dataclass(frozen=True, slots=True)
class Panels:
    """Panels one under the other."""

    each: tuple[Panel, ...]

    def _ipython_display_(self) -> None:
        for one in self.each:
            display(one)


class _Field:
    """A control with its name above it and room for what is wrong below."""

    def __init__(self, label: str, control: widgets.DOMWidget) -> None:
        self.control = control
        self.label = widgets.HTML()
        self.wrong = widgets.HTML()
        self.box = widgets.VBox([self.label, control, self.wrong], layout={"margin": "0 0 6px 0"})
        self.name(label)
        control.layout.width = "97%"

    def name(self, label: str) -> None:
        self.label.value = f"<small><b>{html.escape(label)}</b></small>"

    def tell(self, lines: str) -> None:
        self.wrong.value = _wrong(lines)


def _wrong(lines: str) -> str:
    """What is wrong, line by line, or nothing."""
    told = "<br>".join(html.escape(line) for line in lines.splitlines())
    return f'<div class="casualty-error" role="alert">{told}</div>' if told else ""


class Explorer:
    """
    One question with its controls.

    Parameters
    ----------
    settings : Settings
        What the controls begin with.

    Attributes
    ----------
    settings : Settings
        Of the answer that is shown: the last that could be given.
    seen : Glimpse
        That answer.
    error : str
        Why there is no answer to what the controls say now; empty if there is one.
    pinned : Glimpse or None
        What answers are compared with.

    Raises
    ------
    InputError
        If these settings have no answer.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seen = glimpse(settings)
        self.error = ""
        self.pinned: Glimpse | None = None
        self._register = settings.register  # without the what-if claim
        self._first = self.seen  # what the panels show where there are no widgets
        self._ran: Results | None = None
        self._claim: Hypothetical | None = None
        self._day_before = settings.as_of  # before there was a what-if claim
        self._without: Glimpse | None = None
        self._copies = tempfile.TemporaryDirectory(prefix="what-if-", ignore_cleanup_errors=True)
        self._moving = False
        self._answer, self._sources = Answer(self.seen), Sources(self.seen, self.pick)
        self._numbers, self._state, self._picked = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._picked.add_class("casualty-picked")
        self._picked_row, self._compared = widgets.HTML(), widgets.HTML()
        self._picked_id = ""
        self._list: ITable | None = None
        self._listed: tuple[str, ...] = ()
        self._listed_of: object = None
        self._by_hand = _named_weights(self.seen)  # of origins
        self._weights: dict[str, _Field] = {}
        self._sliders = widgets.Box(layout={"display": "contents"})
        self._fields = self._made_fields()
        self._match_weights(self.seen)
        self._show()

    def set(self, name: str, value: object) -> None:
        """
        Move a control, as a hand would.

        Parameters
        ----------
        name : str
            A setting: as_of, force, pool, width, window, wounded_per_killed, level; or an origin, for its weight.
        value : object
            As the setting takes it.
        """
        field = self._fields.get(name) or self._weights[name]
        field.control.value = value

    def pick(self, claim: str) -> None:
        """Show a claim's reading, evidence and link."""
        self._picked_id = claim
        self._tell_picked()

    def pin(self) -> None:
        """Compare with the answer that is shown now."""
        self.pinned = self.seen
        self._show()

    def unpin(self) -> None:
        """Compare with nothing."""
        self.pinned = None
        self._show()

    def save(self, path: str | Path = "settings.yaml") -> str:
        """
        Write the settings of the answer shown as a file for papermill, and a what-if claim's register beside it.

        Returns
        -------
        str
            The command that renders them.

        Raises
        ------
        WorkError
            A file cannot be written.
        """
        target, settings = Path(path), self.settings
        if self._claim is not None:
            # Of this file alone: another may hold another claim.
            copy = with_claim(self._register, self._claim, target.parent / f"{target.stem}-{HYPOTHETICAL}")
            settings = replace(settings, register=str(copy))
        if (path := Path(settings.register)).is_file():  # wherever the command is run
            settings = replace(settings, register=path.resolve().as_posix())
        return saved.command(saved.write_file(settings, target).resolve())

    def suppose(self, claim: Hypothetical | None) -> None:
        """
        Add a claim that nobody has made, or take it away again.

        Raises
        ------
        InputError
            It is no sound claim, or has no answer; nothing changes then.
        """
        if claim is None:
            moved = self._claim is None or self.settings.as_of != max(self._day_before, self._claim.published)
            day = self.settings.as_of if moved else self._day_before
            settings = self._weighed(replace(self.settings, register=self._register, as_of=day))
            seen = glimpse(settings)
            self._claim = None
            self._use(settings, seen)
            return
        copy = self._copy(claim)
        day = max(self.settings.as_of, claim.published)
        try:
            seen = glimpse(self._weighed(replace(self.settings, register=str(copy), as_of=day)))
            without = glimpse(self._weighed(replace(self.settings, register=self._register, as_of=day)))
        except InputError as error:
            raise InputError(*(self._plain(line, copy) for line in error.faults)) from None
        if self._claim is None:
            self._day_before = self.settings.as_of
        self._claim = claim
        self._use(seen.settings, seen, without)

    # Panels

    def answer(self) -> Panels:
        """The controls, the answer, what each source said, and the numbers."""
        fields = [field.box for field in self._fields.values()]
        results = self._results()
        # Beside the charts where there is room; above them, in columns, where there is not.
        column = {"flex": "1 1 270px", "flex_flow": "row wrap", "align_content": "flex-start"}
        left = widgets.Box([*fields, self._sliders], layout=column)
        scrolled = widgets.Box(
            [self._sources.widget], layout={"max_height": "420px", "overflow": "hidden auto", "display": "block"}
        )
        right = widgets.VBox(
            [self._answer.widget, self._state, self._numbers, scrolled, self._picked, self._buttons()],
            layout={"flex": "100 1 440px", "min_width": "0"},
        )
        main = _panel([widgets.HTML(_STYLE), widgets.HBox([left, right], layout={"flex_flow": "row wrap"})])
        return Panels(
            (
                Panel(main, figures.publish("answer", results)),
                Panel(_panel([]), figures.publish("sources", results)),
                Panel(_panel([]), _numbers(self._first, {})),
            )
        )

    def claims(self) -> Panel:
        """The register as a table to sort and to filter; a row that is clicked is told in full below."""
        self._list = ITable(
            pd.DataFrame(),
            select="single",
            scrollX=True,
            scrollY="420px",
            scrollCollapse=True,
            paging=False,
            classes="display compact",
            layout={"topStart": "info", "topEnd": "search", "bottomStart": None},
            column_filters="header",
            maxBytes=0,
        )
        self._fill_list()

        def chosen(change: Mapping[str, object]) -> None:
            rows = change["new"]
            if rows:
                self.pick(self._listed[rows[0]])

        self._list.observe(chosen, "selected_rows")
        return Panel(_panel([self._list, self._picked_row]), _register_table(self._first))

    def what_if(self) -> Panel:
        """A form for a claim that nobody has made, and the answer with and without it."""
        origins = sorted({one.claim.origin for one in self.seen.inputs.claims})
        quantity = _Field("what is counted", widgets.Dropdown(options=[*LOSSES, "deployed", "engaged"]))
        wording = _Field("the words", widgets.Text("at least 500"))
        published = _Field("published", widgets.Text(self.settings.as_of))
        origin = _Field("whose figure: an origin of the register, or a new name", widgets.Combobox(options=origins))
        origin.control.value = "origin X"
        fields = {"quantity": quantity, "wording": wording, "published": published, "origin": origin}
        wrong = widgets.HTML()
        add = widgets.Button(description="Try this claim", button_style="primary")
        remove = widgets.Button(description="Without it")

        def tried(_: object) -> None:
            try:
                self.suppose(Hypothetical(**{name: field.control.value.strip() for name, field in fields.items()}))
            except (InputError, WorkError) as error:
                say(str(error).splitlines())
            else:
                say(())

        def removed(_: object) -> None:
            say(())
            try:
                self.suppose(None)
            except (InputError, WorkError) as error:
                say(str(error).splitlines())

        def say(lines: Sequence[str]) -> None:
            """Each line beside the field that it names first; the others under the buttons."""
            for name, field in fields.items():
                field.tell("\n".join(line for line in lines if line.partition(" ")[0] == name))
            wrong.value = _wrong("\n".join(line for line in lines if line.partition(" ")[0] not in fields))

        add.on_click(tried)
        remove.on_click(removed)
        form = widgets.VBox(
            [*(field.box for field in fields.values()), widgets.HBox([add, remove]), wrong],
            layout={"width": "340px", "min_width": "340px"},
        )
        instead = Table(("a what-if claim",), (("The form needs JupyterLab and a running kernel.",),))
        return Panel(_panel([widgets.HBox([form, self._compared])]), instead)

    def wording(self, words: str = "at least 100") -> Panel:
        """Any words, and how they are read."""
        box = _Field("the words", widgets.Text(words, continuous_update=False))
        image, told = widgets.Image(format="png", layout={"max_width": "720px"}), widgets.HTML()

        def read(text: str) -> figures.Picture | Table:
            shown = choose([text], layer="none", register=self._register)
            one = shown.each[0]
            told.value = (table := tables.reading(one.one, one.reported))._repr_html_()
            image.layout.display = "" if shown.numbered else "none"
            if not shown.numbered:
                return table
            picture = wording_figures.publish("wordings", shown)
            image.value, image.alt_text = picture.png, picture.alt
            return picture

        def typed(change: Mapping[str, object]) -> None:
            try:
                read(str(change["new"]))
            except InputError as error:
                box.tell(str(error))
            else:
                box.tell("")

        box.control.observe(typed, "value")
        return Panel(_panel([box.box, image, told]), read(words))

    def limits(self) -> Prose:
        """What is not in the answer to the settings given."""
        return prose.limits(self._results())

    def provenance(self) -> Table:
        """What the answer to the settings given was made from."""
        return tables.provenance(self._results())

    def _results(self) -> Results:
        """A run of the settings given, for what stands where there are no widgets."""
        if self._ran is None:
            self._ran = run(replace(self._first.settings, max_draws=DRAWS))
        return self._ran

    # How they are made

    def _made_fields(self) -> dict[str, _Field]:
        settings, classes = self.settings, read_lexicon().wounded_per_killed
        named = [name for name, one in classes.items() if one.distribution()]
        widths = sorted({*_WIDTHS, settings.width})
        levels = sorted({*_LEVELS, settings.level})
        days = self._days()
        made = {
            "as_of": _Field(
                "what was known by", widgets.SelectionSlider(options=days, value=settings.as_of, continuous_update=True)
            ),
            "force": _Field("the force", widgets.Dropdown(options=list(FORCES), value=settings.force)),
            "pool": _Field("how origins are combined", widgets.Dropdown(options=list(POOLS), value=settings.pool)),
            "width": _Field(
                "width of the readings (2 doubles their distances)",
                widgets.SelectionSlider(options=[(f"{one:g}", one) for one in widths], value=settings.width),
            ),
            "wounded_per_killed": _Field(
                f"wounded per killed: {', '.join(named)}, or a median like 3.0",
                widgets.Combobox(options=named, value=settings.wounded_per_killed, continuous_update=False),
            ),
            "window": _Field(
                "days after which a figure is out of date beside a newer one",
                widgets.IntSlider(settings.window, min=0, max=max(60, settings.window)),
            ),
            "level": _Field(
                "probability inside the interval",
                widgets.Dropdown(options=[(f"{100 * one:g} %", one) for one in levels], value=settings.level),
            ),
        }
        for name, field in made.items():
            field.box.layout.width = _COLUMN
            field.control.observe(self._moved(name), "value")
        return made

    def _days(self) -> list[str]:
        """Every day from the first loss that was claimed to the last claim of all."""
        printed = [one.claim.published for one in self.seen.inputs.claims]
        losses = [one.claim.published for one in self.seen.inputs.claims if one.claim.quantity in LOSSES]
        first, last = min([*losses, self.settings.day]), max([*printed, self.settings.day])
        return [(first + timedelta(days=later)).isoformat() for later in range((last - first).days + 1)]

    def _match_weights(self, seen: Glimpse) -> None:
        """Have a slider for each origin that ever gives a loss, that of a what-if claim as well, and for no other."""
        wanted = sorted({one.claim.origin for one in seen.inputs.claims if one.claim.quantity in LOSSES})
        if wanted == list(self._weights):
            return
        self._by_hand = {name: value for name, value in self._by_hand.items() if name in wanted}
        self._weights = {name: self._weights.get(name) or self._made_weight(name) for name in wanted}
        self._sliders.children = [field.box for field in self._weights.values()]

    def _made_weight(self, name: str) -> _Field:
        value = self._by_hand.get(name, 1.0)
        control = widgets.FloatSlider(value, min=0, max=max(_MOST_WEIGHT, value), step=0.25, readout_format=".2f")
        control.observe(self._moved(name), "value")
        field = _Field(name, control)
        field.box.layout.width = _COLUMN
        return field

    def _buttons(self) -> widgets.Widget:
        pin, unpin = widgets.Button(description="Pin for comparison"), widgets.Button(description="Unpin")
        reset, save = widgets.Button(description="Back to the start"), widgets.Button(description="Write settings")
        name = widgets.Text("settings.yaml", layout={"width": "150px"})
        told = widgets.HTML()

        def saved_to(_: object) -> None:
            try:
                line = self.save(name.value.strip() or "settings.yaml")
            except (InputError, WorkError) as error:
                told.value = _wrong(str(error))
                return
            told.value = f"Written. This renders them: <code>{html.escape(line)}</code>"

        def started_over(_: object) -> None:
            told.value = ""
            try:
                self.reset()
            except InputError as error:
                told.value = _wrong(str(error))

        pin.on_click(lambda _: self.pin())
        unpin.on_click(lambda _: self.unpin())
        reset.on_click(started_over)
        save.on_click(saved_to)
        row = widgets.HBox([pin, unpin, reset, name, save], layout={"flex_flow": "row wrap"})
        return widgets.VBox([row, told])

    # What a change does

    def reset(self) -> None:
        """Back to the settings that the controls began with; a pinned answer stays."""
        settings = self._first.settings
        seen = glimpse(settings)  # of the register as it is now
        self._by_hand, self._claim = _named_weights(seen), None
        self._use(settings, seen)

    def _moved(self, name: str) -> Callable[[object], None]:
        """What happens when a control is moved."""

        def moved(_: object) -> None:
            if self._moving:  # by ourselves, to show settings
                return
            if name in self._weights:
                self._by_hand[name] = float(self._weights[name].control.value)
            self._try(name)

        return moved

    def _wanted(self) -> Settings:
        """What the controls say."""
        values = {name: field.control.value for name, field in self._fields.items()}
        values["wounded_per_killed"] = str(values["wounded_per_killed"]).strip()
        return self._weighed(replace(self.settings, **values))

    def _weighed(self, settings: Settings) -> Settings:
        """Settings with the weights moved by hand, of the origins that count on their day in their register."""
        plain = replace(settings, weights="")
        if not self._by_hand:
            return plain
        counting = next(iter(prepare(plain).questions.values())).origins
        named = (f"{name}={value:g}" for name, value in self._by_hand.items() if name in counting)
        return replace(plain, weights=", ".join(named))

    def _try(self, name: str) -> None:
        """Answer what the controls say; where that cannot be, say so beside the control that was moved."""
        for field in (*self._fields.values(), *self._weights.values()):
            field.tell("")
        copy = Path(self.settings.register)
        try:
            wanted, without = self._wanted(), None
            if self._claim is not None and self._without is not None:
                without = glimpse(self._weighed(replace(wanted, register=self._register)))
                if without.inputs.register.digests != self._without.inputs.register.digests:  # edited since
                    copy = self._copy(self._claim)
                    wanted = self._weighed(replace(wanted, register=str(copy)))
            seen = glimpse(wanted)
        except InputError as error:
            lines = [self._plain(line, copy) for line in error.faults]
            self.error = "\n".join(lines)
            moved = self._fields.get(name) or self._weights[name]
            places = [self._fields.get(line.partition(" ")[0], moved) for line in lines]
            for field in {id(one): one for one in places}.values():
                field.tell("\n".join(line for line, place in zip(lines, places, strict=True) if place is field))
            self._tell_state()
            return
        self._use(wanted, seen, without)

    def _copy(self, claim: Hypothetical) -> Path:
        """A copy of the register, as it is now, with a what-if claim."""
        return with_claim(self._register, claim, Path(tempfile.mkdtemp(dir=self._copies.name)))

    def _plain(self, line: str, copy: Path) -> str:
        """A line of an error, without the folder of a copy that nobody sees."""
        return line.replace(path_shown(copy), copy.name) if self._copies.name in str(copy) else line

    def _use(self, settings: Settings, seen: Glimpse, without: Glimpse | None = None) -> None:
        """Show an answer, and put the controls where it stands."""
        self.seen, self.settings, self._without, self.error = seen, settings, without, ""
        self._match_weights(seen)
        self._moving = True
        try:
            for field in self._weights.values():
                field.tell("")
            for name, field in self._fields.items():
                field.tell("")
                value = getattr(settings, name)
                if name == "as_of" and value not in field.control.options:
                    field.control.options = self._days()
                field.control.value = value
        finally:
            self._moving = False
        self._show()

    # What is shown

    def _show(self) -> None:
        grey, named = (self.pinned, "pinned") if self.pinned is not None else (self._without, "without the claim")
        self._answer.show(self.seen, grey, named=named)
        self._sources.show(self.seen)
        others = {"without the what-if claim": self._without, "pinned": self.pinned}
        shown = {name: one for name, one in others.items() if one is not None}
        others = {"without the what-if claim": self._without}
        self._numbers.value = _numbers(self.seen, shown)._repr_html_()
        self._show_weights()
        self._fill_list()
        self._tell_picked()
        self._compared.value = "" if self._claim is None else _numbers(self.seen, others)._repr_html_()
        self._tell_state()

    def _tell_picked(self) -> None:
        """The claim that was clicked, as it is read now, under the chart and under the register."""
        found = [one for one in self.seen.inputs.claims if one.claim.id == self._picked_id]
        self._picked.value = self._picked_row.value = _told(found[0], self.seen) if found else ""

    def _tell_state(self) -> None:
        """Of which day and of how many draws the answer is, and whether the controls have gone on without it."""
        state = f"claims published by {self.settings.as_of}; {DRAWS:,} draws"
        if self._claim is not None:
            words = f"“{self._claim.wording}” {self._claim.quantity}, {self._claim.origin}"
            state += f"; with the what-if claim {words}"
        if self.error:
            state = f"The controls cannot be answered; this is the last good answer: {state}"
        mark = ' class="casualty-error"' if self.error else ""
        self._state.value = f"<small{mark}>{html.escape(state)}</small>"

    def _show_weights(self) -> None:
        """Each origin's share of the pool in the name of its slider; one that says nothing on the day cannot move."""
        question = self.seen.inputs.questions[self.settings.force]
        sources = self.seen.inputs.register.sources
        streams = [sources[name].stream for name in question.origins if self._by_hand.get(name) != 0]
        self._moving = True
        try:
            for name, field in self._weights.items():
                counts = name in question.origins
                field.control.disabled = not counts
                field.name(f"{name}: {100 * question.weights[name]:.0f} %" if counts else f"{name}: does not count yet")
                field.box.layout.display = "" if counts else "none"
                if counts:
                    share = 1 / max(streams.count(sources[name].stream), 1)
                    field.control.value = self._by_hand.get(name, share)
        finally:
            self._moving = False

    def _fill_list(self) -> None:
        """The register's table, where it is asked for and has changed."""
        if self._list is None:
            return
        key = self.seen.inputs.register.digests, self.settings.as_of, self.settings.window, self.settings.force
        if key == self._listed_of:
            return
        self._listed_of = key
        rows = _claim_rows(self.seen)
        self._listed = tuple(rows)
        self._list.update(pd.DataFrame.from_records(list(rows.values()), columns=_HEADINGS), selected_rows=[])


def _named_weights(seen: Glimpse) -> dict[str, float]:
    """The weights that settings name, by origin: as if they had been moved by hand."""
    named = weights_named(seen.settings.weights, register=seen.inputs.register)
    return {name: float(part.partition("=")[2]) for name, part in named.items()}


def _panel(children: Iterable[widgets.Widget]) -> widgets.VBox:
    panel = widgets.VBox(list(children))
    panel.add_class("casualty-panel")
    return panel


_SHOWN = ("casualties_ratio", "killed_ratio", "casualties", "killed", "wounded")


def _numbers(seen: Glimpse, others: Mapping[str, Glimpse]) -> Table:
    """The answer in numbers, the range first, beside others."""
    level, digits = seen.settings.level, seen.settings.digits
    headings = ["", f"{100 * level:g} % interval", "centre"]
    rows = [
        [tables.NAMES[name], seen.estimate(name).range(level, digits=digits), seen.estimate(name).centre(digits=digits)]
        for name in _SHOWN
    ]
    for heading, other in others.items():
        headings.append(f"{heading} ({100 * other.settings.level:g} %)")
        for row, name in zip(rows, _SHOWN, strict=True):
            row.append(other.estimate(name).range(other.settings.level, digits=other.settings.digits))
    return Table(tuple(headings), tuple(map(tuple, rows)))


_HEADINGS = ("published", "origin", "as printed", "what", "counted", "outlet")


def _claim_rows(seen: Glimpse) -> dict[str, tuple[str, ...]]:
    """A row for each claim of the register, by its id."""
    states, rows = _states(seen), {}
    for claim in (one.claim for one in seen.inputs.claims):
        what = claim.quantity.replace("_", " ")
        shown = (claim.published.isoformat(), claim.origin, claim.wording, what, states[claim.id], claim.outlet)
        rows[claim.id] = shown
    return rows


def _states(seen: Glimpse) -> dict[str, str]:
    """Whether each claim counts, or why it does not, by its id."""
    inputs, settings = seen.inputs, seen.settings
    terms = {"as_of": settings.day, "window": settings.window}
    why = reasons(inputs.claims, **terms) | size_reasons(inputs.claims, register=inputs.register, **terms)
    states = dict.fromkeys((one.claim.id for one in inputs.claims), "not known yet")
    known = (one.claim.id for one in inputs.claims if one.claim.published <= settings.day)
    return states | {claim: why.get(claim, "no") for claim in known} | dict.fromkeys(seen.counted, "yes")


def _told(one: ReadClaim, seen: Glimpse) -> str:
    """A claim in full: what was printed, whether it counts, how it is read and on what evidence."""
    claim = one.claim
    rows = [
        ("as printed", f"“{claim.wording}” {claim.quantity.replace('_', ' ')}"),
        ("origin", claim.origin),
        ("said by", claim.speaker),
        ("printed by", f"{claim.outlet}, {claim.published}"),
        ("figure of", str(claim.as_of)),
        ("counted", _states(seen)[claim.id]),
        ("note", claim.note),
    ]
    link = html.escape(claim.url)
    address = f'<p><a href="{link}" target="_blank" rel="noopener noreferrer">{link}</a></p>' if link else ""
    facts = Table(("claim", claim.id), tuple(row for row in rows if row[1]), ("left", "left"))
    return facts._repr_html_() + address + tables.reading(one.wording, one.reading)._repr_html_()


def _register_table(seen: Glimpse) -> Table:
    return Table(_HEADINGS, tuple(_claim_rows(seen).values()), ("left",) * len(_HEADINGS))
