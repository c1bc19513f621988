"""
Editions: a parameterized notebook is executed, judged, turned into a page and a PDF, and put in place in one step.

The same inputs give the same bytes, and an edition whose inputs have not changed is not made again.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.claims import register_path
from analysis.clock import now
from analysis.editions import abandoned, checked_name, exclusive, fail, forget_failure, publish, recover, write_whole
from analysis.errors import InputError, WorkError, printable
from analysis.execution import INJECTED, execute, hide_places
from analysis.fingerprint import fingerprint, without_places
from analysis.gates import MAX_AGE
from analysis.manifest import MANIFEST, Edition, Inputs, Previous, digest, read_edition, write_edition
from analysis.paper import find_browser
from analysis.parameters import cast_parameters, declared_parameters, read_notebook
from analysis.run_record import Record

if TYPE_CHECKING:
    from analysis.kernels import Server
    from analysis.paper import Printers
    from analysis.settings import Settings
    from analysis.settled import Last, Settled

__all__ = ["Order", "Outcome", "Way", "altered", "clear_up", "render"]

_LONGEST = 200  # letters of an error that nobody foresaw


@dataclass(frozen=True, slots=True)
class Order:
    """
    One edition to make.

    Parameters
    ----------
    notebook : Path
        With a cell tagged ``parameters``; if it declares ``output_dir``, it gets the folder to fill.
    target : Path
        The folder of the edition. An earlier edition there is replaced; any other folder is left alone.
    parameters : mapping
        Values by name, as from a command line; each is cast to the type of its default.
    max_age : int
        Days that the newest claim may be old before the edition is a draft.
    approved : str
        Who has looked at what would make it a draft, and why it is published all the same.

    Raises
    ------
    InputError
        A parameter or the name of the folder is wrong.
    """

    notebook: Path
    target: Path
    parameters: Mapping[str, object]
    max_age: int = MAX_AGE
    approved: str = ""
    all_parameters: Mapping[str, object] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        checked_name(self.target.name, what="edition")
        if "output_dir" in self.parameters:
            raise InputError("output_dir is set by the run; leave it out and name the output folder instead")
        declared = declared_parameters(self.notebook)
        object.__setattr__(self, "all_parameters", declared | cast_parameters(self.parameters, declared))

    @property
    def register(self) -> str:
        """Of which register; empty for a notebook without one."""
        return str(self.all_parameters.get("register", ""))

    @property
    def day(self) -> str:
        """As of when; empty for a notebook that asks for no day."""
        return str(self.all_parameters.get("as_of", ""))


@dataclass(frozen=True, slots=True)
class Way:
    """
    How editions are made; nothing of it shows in them.

    Parameters
    ----------
    force : bool
        Make what has not changed as well.
    deadline : float, optional
        A moment of `time.monotonic` for all of them.
    fast : Server, optional
        Forks kernels.
    printers : Printers, optional
        Keep browsers warm.
    places : semaphore
        How many notebooks, pages and prints are worked on at once.
    stopped : Event
        When it is set, nobody waits for another run any longer.
    say : callable, optional
        Called with a line that cannot wait for the outcome, from any thread.
    """

    force: bool = False
    deadline: float | None = None
    fast: Server | None = None
    printers: Printers | None = None
    places: threading.Semaphore = field(default_factory=threading.Semaphore)
    stopped: threading.Event = field(default_factory=threading.Event)
    say: Callable[[str], object] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of an order.

    Parameters
    ----------
    order : Order
    status : str
        "published", "draft" or "failed".
    made : bool
        False where the edition is as it was, because nothing has changed or because it failed.
    reasons : tuple of str
        Why it is a draft or failed, a line each.
    notes : tuple of str
        What else a user should know.
    code : int
        0 published, 1 the work failed, 2 the input is wrong, 3 a draft.
    record : Record
        How long it took.
    """

    order: Order
    status: str
    made: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    code: int
    record: Record


def render(order: Order, way: Way | None = None, *, before: threading.Event | None = None) -> Outcome:
    """
    Make an edition.

    A failure is an outcome: what was there stays, and ``failed/<edition>`` beside it holds the notebook up to the
    failing cell and the record of the run.

    Parameters
    ----------
    order : Order
    way : Way, optional
    before : Event, optional
        Set when the edition of the day before is in place.
    """
    way = way or Way()
    record = Record()
    run = _Run(order, way, record, before)
    try:
        return run.outcome()
    except InputError as error:
        return run.failure(error.faults, 2)
    except WorkError as error:
        return run.failure((str(error),), 1)
    except Exception as error:  # whatever it is, the other editions are made, and this one says what to report
        return run.failure((_unforeseen(error),), 1)


@dataclass(slots=True)
class _Run:
    """One render on its way."""

    order: Order
    way: Way
    record: Record
    before: threading.Event | None
    notes: list[str] = field(default_factory=list)
    approved: str = ""  # as ordered, or as the same edition was before
    remains: str = ""  # the notebook up to the failing cell, or whole where something later fails
    second: Future[str] | None = None  # the results.json of a second run

    def outcome(self) -> Outcome:
        order = self.order
        target = order.target
        taken = self._taken()
        if (there := self._as_it_is(taken)) is not None:  # looks only, so it needs no lock
            return self._done(there, made=False)
        _check(order.all_parameters)
        way = self.way
        with exclusive(target, deadline=way.deadline, waiting=self._waits, stopped=way.stopped):
            for folder in recover(target):
                _keep(folder, target)
            if (there := self._as_it_is(taken)) is not None:  # made while this run waited
                return self._done(there, made=False)
            there = _edition_at(target)
            made: list[Edition] = []
            publish(lambda folder: made.append(self._build(folder, taken, there)), target)
            forget_failure(target)
        return self._done(made[0], made=True)

    def _waits(self) -> None:
        if self.way.say is not None:
            self.way.say(f"{self.order.target.name} is being written by another run; waiting for it")

    def _taken(self) -> Inputs:
        """What the edition is made of; an approval of the very same holds until something else is made."""
        order, there = self.order, _edition_at(self.order.target)
        for approved in (order.approved, (there and there.approved) or ""):
            terms = {"max_age": order.max_age, "approved": approved}
            taken = fingerprint(order.notebook, order.all_parameters, terms=terms)
            if order.approved or there is None or taken.sha256 == there.inputs.sha256:
                self.approved = approved
                return taken
        self.approved = ""
        return fingerprint(order.notebook, order.all_parameters, terms={"max_age": order.max_age, "approved": ""})

    def _done(self, edition: Edition, *, made: bool) -> Outcome:
        draft = edition.status == "draft"
        self.record.end("completed")
        return Outcome(
            self.order, edition.status, made, edition.reasons, tuple(self.notes), 3 if draft else 0, self.record
        )

    def _as_it_is(self, taken: Inputs) -> Edition | None:
        """The edition in place if it is of the same inputs and as it was made; one without a PDF may want one."""
        there = _edition_at(self.order.target)
        same = (
            not self.way.force
            and there is not None
            and there.inputs.sha256 == taken.sha256
            and not altered(self.order.target, there)
            and ("report.pdf" in there.files or find_browser() is None)
        )
        return there if same else None

    def _build(self, folder: Path, taken: Inputs, there: Edition | None) -> Edition:
        order, way, record = self.order, self.way, self.record
        executed = folder / order.notebook.name
        given = dict(order.all_parameters)
        if "output_dir" in given:
            given["output_dir"] = str(folder)
        try:
            if way.printers is not None:
                way.printers.warm()
            with way.places, record.stage("notebook"), self._kernel() as fast:
                execute(
                    order.notebook,
                    executed,
                    given,
                    record=record,
                    deadline=way.deadline,
                    fast=fast,
                    begun=self._meanwhile,
                )
        except (InputError, WorkError):
            if executed.is_file() and not executed.is_symlink():
                _forget(folder, executed, order.all_parameters)
                self.remains = executed.read_text(encoding="utf-8")
            raise
        _refuse_links(folder)
        self._refuse_edits(folder, taken)
        _forget(folder, executed, order.all_parameters)
        self.remains = executed.read_text(encoding="utf-8")
        self._wait()
        with way.places:
            with record.stage("comparison and standards"):
                settled = self._settle(folder, executed, taken, there)
            with record.stage("page"):
                self._page(folder, executed, settled.reasons)
            with record.stage("print"):
                self._print(folder)
        with record.stage("manifest"):
            edition = self._edition(folder, taken, settled)
            write_edition(edition, folder)
            _refuse_place(folder)
        return edition

    def _refuse_edits(self, folder: Path, taken: Inputs) -> None:
        """Stop when an input was edited while the notebook ran: the edition would not be of what it says it is of."""
        order = self.order
        terms = {"max_age": order.max_age, "approved": self.approved}
        after = fingerprint(order.notebook, order.all_parameters, terms=terms)
        edited = [name for name in {**taken.files, **after.files} if taken.files.get(name) != after.files.get(name)]
        edited += [order.notebook.name] if taken.notebook != after.notebook else []
        # Edited and put back in the meantime: what the run has read is in its results.
        edited += [name for name, used in _used(folder).items() if taken.files.get(name, used) != used]
        edited += ["the program"] if taken.code != after.code else []
        if edited:
            raise WorkError(f"{min(edited)} was edited while the edition was made; render it again")

    def _kernel(self) -> contextlib.AbstractContextManager[Server]:
        """What the kernel comes from: the server of forks, or one in waiting that imports while this process does."""
        from analysis.kernels import Server

        return contextlib.nullcontext(self.way.fast) if self.way.fast is not None else Server(once=True)

    def _meanwhile(self) -> None:
        """While the kernel works, compute the numbers a second time, and import what comes next."""
        settings = _settings(self.order.all_parameters)

        def work() -> str:
            from analysis import page, settled  # noqa: F401
            from analysis.pipeline import run
            from analysis.records import to_json

            page.warm()
            return to_json(run(settings)) if settings is not None else ""

        pool = ThreadPoolExecutor(max_workers=1)
        self.second = pool.submit(work)
        pool.shutdown(wait=False)

    def _wait(self) -> None:
        """Wait for the edition of the day before, which this one is compared with."""
        if self.before is None:
            return
        left = None if self.way.deadline is None else max(0.0, self.way.deadline - time.monotonic())
        if not self.before.wait(left):
            raise WorkError(f"{self.order.target.name}: the edition before it was not ready in time")

    def _settle(self, folder: Path, executed: Path, taken: Inputs, there: Edition | None) -> Settled:
        from analysis.settled import settle

        order = self.order
        last = self._last(taken, there)
        again = self.second.result if self.second is not None else None
        return settle(
            folder, executed, last=last, code=taken.code, max_age=order.max_age, approved=self.approved, again=again
        )

    def _last(self, taken: Inputs, there: Edition | None) -> Last | None:
        """
        The edition to compare with: the last one that was no draft.

        One made anew from the same inputs is compared with what it was compared with before; one that replaces
        another of the same day, with that one. A draft hands on what it keeps of the one it replaced: rendered again
        in any other way, the next is compared with that too.
        """
        from analysis.settled import Last

        target = self.order.target
        same = there is not None and there.inputs.sha256 == taken.sha256
        if same and there.previous is None:
            return None
        kept = self._kept(there) if there is not None else None
        if kept is not None and (same or (there.is_draft and kept.name == target.name)):
            return kept
        for edition in self._candidates(there):
            if changed := altered(target.parent / edition.edition, edition):
                self.notes.append(f"{edition.edition} is not as it was made ({changed[0]}); not compared with it")
                continue
            register = Path(edition.register).name
            wanted = ("results.json", f"{register}.csv", f"{register}-context.csv", "sources.toml")
            names = tuple(name for name in wanted if name in edition.files)
            return Last(edition.edition, edition.inputs.code, target.parent / edition.edition, names)
        return kept

    def _kept(self, there: Edition) -> Last | None:
        """What the edition in place was compared with, as it keeps it; nothing where that is not as it was made."""
        from analysis.settled import PREVIOUS, Last

        kept = tuple(sorted(name for name in there.files if name.startswith(f"{PREVIOUS}/")))
        if there.previous is None or f"{PREVIOUS}/results.json" not in kept:
            return None
        target = self.order.target
        if changed := [name for name in altered(target, there) if name in kept]:
            self.notes.append(f"{target.name} is not as it was made ({changed[0]}); not compared with what it keeps")
            return None
        names = tuple(name.removeprefix(f"{PREVIOUS}/") for name in kept)
        return Last(there.previous.edition, there.previous.code, target / PREVIOUS, names)

    def _candidates(self, there: Edition | None) -> Iterator[Edition]:
        """Editions of the same register and notebook that were no draft: the one in place, then from the latest on."""
        order = self.order
        if there is not None and there.status == "published" and "results.json" in there.files:
            yield there
        found = []
        for child in sorted(order.target.parent.iterdir()):
            if child.name.startswith(".") or child.is_symlink() or not (child / MANIFEST).is_file():
                continue
            with contextlib.suppress(InputError):
                found.append(read_edition(child))
        register = register_path(order.register).stem if order.register else ""
        earlier = [
            one
            for one in found
            if (one.register, one.notebook, one.status) == (register, order.notebook.name, "published")
            and one.as_of is not None
            and "results.json" in one.files
            and one.as_of.isoformat() < order.day
        ]
        yield from sorted(earlier, key=lambda one: one.as_of, reverse=True)

    def _page(self, folder: Path, executed: Path, reasons: tuple[str, ...]) -> None:
        from analysis.page import to_html

        page = to_html(executed, draft=reasons, vectors=folder / "figures")
        (folder / "report.html").write_text(page, encoding="utf-8")
        if reasons:
            from analysis.settled import mark_draft

            mark_draft(executed, reasons)

    def _print(self, folder: Path) -> None:
        from analysis.paper import to_pdf

        browser = find_browser()
        if browser is None:
            self.notes.append("no Chromium, Chrome or Edge was found, so there is no report.pdf; report.html is whole")
            return
        left = None if self.way.deadline is None else max(1.0, self.way.deadline - time.monotonic())
        page, printed = folder / "report.html", folder / "report.pdf"
        if self.way.printers is not None:
            self.way.printers.to_pdf(page, printed, timeout=left, moment=now())
        else:
            to_pdf(page, printed, browser=browser, timeout=left, moment=now())

    def _edition(self, folder: Path, taken: Inputs, settled: Settled) -> Edition:
        order = self.order
        from analysis.settled import PREVIOUS

        previous = None
        if (last := settled.last) is not None:
            kept = digest(folder / PREVIOUS / "results.json")
            previous = Previous(edition=last.name, results_sha256=kept, code=last.code)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return Edition(
            edition=order.target.name,
            register=register_path(order.register).stem if order.register else "",
            as_of=date.fromisoformat(order.day) if order.day else None,
            notebook=order.notebook.name,
            title=_title(folder / order.notebook.name),
            status="draft" if settled.reasons else "published",
            reasons=settled.reasons,
            approved=settled.approved,
            rendered=now(),
            previous=previous,
            inputs=taken,
            files={file.relative_to(folder).as_posix(): digest(file) for file in files},
        )

    def failure(self, reasons: tuple[str, ...], code: int) -> Outcome:
        """Keep what is left of a run that failed, where a notebook had begun."""
        self.record.end("failed", "\n".join(reasons))
        if self.remains:
            # A disk that is full, say: the reason for the failure is told all the same.
            with contextlib.suppress(InputError, WorkError):
                notebook = self.order.notebook.name
                kept = fail(self.order.target, {notebook: self.remains, "run.json": self.record.to_json()})
                self.notes.append(f"{kept} holds the notebook as far as it ran")
        return Outcome(self.order, "failed", False, reasons, tuple(self.notes), code, self.record)


def _unforeseen(error: Exception) -> str:
    """An error that nobody foresaw, on one line: what it is, and where in the program, by names alone."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if Path(one.filename).parent == Path(__file__).parent] or frames
    text = printable(hide_places(" ".join(str(error).split())))[:_LONGEST]
    where = f"{Path(ours[-1].filename).name}, line {ours[-1].lineno}"
    return f"the edition could not be made: {type(error).__name__}: {text} ({where})"


def clear_up(folder: Path) -> None:
    """Clear up behind runs that were killed, of any edition of a folder; what a run is still at is left to it."""
    for target in abandoned(folder):
        # What cannot be cleared up is in nobody's way: it is tried again by the next run.
        with contextlib.suppress(InputError, WorkError, OSError), exclusive(target, deadline=time.monotonic()):
            for left in recover(target):
                _keep(left, target)


def _keep(folder: Path, target: Path) -> None:
    """Keep what a killed run has left of its notebook, and remove the rest. Nothing of it stops this run."""
    notebooks = [file for file in sorted(folder.glob("*.ipynb")) if file.is_file() and not file.is_symlink()]
    if notebooks:
        record = Record()
        record.end("interrupted", "the run was killed before it ended")
        files = {"run.json": record.to_json()}
        for notebook in notebooks:
            with contextlib.suppress(InputError, WorkError):  # half a notebook, say, is worth nothing
                _forget(folder, notebook, declared_parameters(notebook, tag=INJECTED))
                files[notebook.name] = notebook.read_text(encoding="utf-8")
        with contextlib.suppress(InputError, WorkError):
            fail(target, files)
    shutil.rmtree(folder, ignore_errors=True)


def altered(folder: Path, edition: Edition) -> tuple[str, ...]:
    """
    The files of an edition that are not as its manifest says: changed, missing, or a symbolic link.

    Returns
    -------
    tuple of str
        Their names in the folder; empty where all is well.
    """
    return tuple(
        name
        for name, expected in edition.files.items()
        if (folder / name).is_symlink() or not (folder / name).is_file() or digest(folder / name) != expected
    )


def _edition_at(target: Path) -> Edition | None:
    """
    The edition in place, if there is one.

    Raises
    ------
    InputError
        Something else is there.
    """
    if not target.exists():
        return None
    if target.is_dir() and not any(target.iterdir()):
        return None
    if not (target / "report.html").is_file() or not (target / MANIFEST).is_file():
        raise InputError(f"output folder {target} holds something else than a report; name a new folder")
    with contextlib.suppress(InputError):  # of another version, say: it is replaced, and not compared with
        return read_edition(target)
    return None


def _check(parameters: Mapping[str, object]) -> None:
    """Find what is wrong with a register or a setting before a kernel starts, for a notebook that takes them all."""
    from analysis.inputs import prepare

    settings = _settings(parameters)
    if settings is not None:
        prepare(settings)


def _settings(parameters: Mapping[str, object]) -> Settings | None:
    """The settings of a run among the parameters of a notebook; ``None`` where it does not take them all."""
    from analysis.settings import Settings

    names = [one.name for one in fields(Settings)]
    return Settings(**{name: parameters[name] for name in names}) if set(names) <= parameters.keys() else None


def _used(folder: Path) -> Mapping[str, str]:
    """SHA-256 of the files of the register that the notebook has read, as its results.json says."""
    from analysis.settled import results

    record = results(folder) or {}
    register = record.get("register")
    return register["files"] if isinstance(register, dict) and isinstance(register.get("files"), dict) else {}


def _title(executed: Path) -> str:
    """The first heading of a notebook."""
    told = (cell for cell in read_notebook(executed).cells if cell.cell_type == "markdown")  # "# " of code is a comment
    lines = (line for cell in told for line in cell.source.splitlines())
    return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), executed.stem)


def _forget(folder: Path, executed: Path, parameters: Mapping[str, object]) -> None:
    """Write "." for the folder a notebook was built in, and of files that it was given the names alone."""
    import nbformat

    notebook = read_notebook(executed)
    for cell in notebook.cells:
        if cell.id == INJECTED:
            cell.source = re.sub(r"^output_dir = .*$", 'output_dir = "."', cell.source, flags=re.MULTILINE)
            for name, value in without_places(parameters).items():
                if value != parameters[name] and name != "output_dir":
                    line = f"{name} = {json.dumps(value)}"
                    cell.source = re.sub(rf"^{name} = .*$", lambda _, line=line: line, cell.source, flags=re.MULTILINE)
    quoted = json.dumps(str(folder), ensure_ascii=False)[1:-1]
    text = nbformat.writes(notebook).replace(quoted, ".")
    write_whole(executed, f"{text}\n".encode())


def _refuse_links(folder: Path) -> None:
    """Stop when the notebook has left a symbolic link: what is written next could go out of the folder through it."""
    for file in sorted(folder.rglob("*")):
        if file.is_symlink():
            raise WorkError(f"{file.relative_to(folder)} is a symbolic link; an edition holds files alone")


def _refuse_place(folder: Path) -> None:
    """Stop when a file still names the folder it was built in; two runs would then differ."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and folder.name.encode() in file.read_bytes():
            raise WorkError(f"{file.name} names the folder it was built in; write it without output_dir")
