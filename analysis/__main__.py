"""
The command line: ``casualty-report``, or ``python -m analysis``.

Exit 0: done. Exit 1: the work failed. Exit 2: the input is wrong. Exit 3: an edition is a draft. Exit 4: an edition is
not confirmed. A line for each fault on stderr, no traceback.
What a command does not need is not imported: ``--help`` knows neither numpy nor Jupyter.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from analysis.errors import InputError, Stopped, WorkError, shown

__all__ = ["main"]

_PATIENCE = 5.0  # seconds that a stopped run waits to write the index
# The settings that options give, with what they mean; their types and defaults are those of settings.Settings.
_OPTIONS = {
    "as_of": "A date, or today; claims published later are not known yet.",
    "force": "The denominator: reported, theatre or deployed.",
    "pool": "How origins are combined: linear, logarithmic or median.",
    "weights": 'Of origins in the pool, like "NIS=2, US=1".',
    "width": "Of the readings: 2 doubles their distances, in logarithms, 0.5 halves them.",
    "window": "Days after which a figure is out of date beside a newer one.",
    "wounded_per_killed": "A class of the lexicon, or a median like 3.0.",
    "level": "Probability inside the headline interval.",
    "digits": "Significant digits that must be stable.",
    "max_draws": "Where sampling stops even if they are not.",
    "seed": "Of the random generator.",
}


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, meaning in reversed(_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, help=meaning, metavar="VALUE")(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="casualty-report", message="%(package)s %(version)s")
def cli() -> None:
    """Say what share of a force has been lost, given what has been publicly claimed, and how sure that is."""


@cli.command()
@click.argument("register", default="seed")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def check(context: click.Context, register: str, as_json: bool) -> None:
    """Read a register and say whether it is sound: all errors, and apart from them what to look at."""
    from analysis import checks

    checked = checks.check(register)
    if as_json:
        click.echo(checked.to_json(), nl=False)
        context.exit(0 if checked.sound else 2)
    click.echo(checked.summary())
    for caution in checked.cautions:
        click.echo(f"warning: {caution.message}")
    click.echo(checked.counts())
    if not checked.sound:
        raise InputError(*(fault.message for fault in checked.faults))


@cli.command()
@click.argument("register")
def new(register: str) -> None:
    """Start a register: a CSV file with an example row, its sources.toml, and schemas for an editor."""
    from analysis import starter

    started = starter.start(register)
    click.echo(started.next_steps())


@cli.command()
@click.argument("wording")
@click.option("--quantity", help="What is counted: killed, wounded, casualties, ...; a size of the force has no layer.")
@click.option("--origin", help="Who says so, by the name or a spelling in the register's sources.toml.")
@click.option("--register", default="public-record", show_default=True, help="Whose sources.toml names the origin.")
@click.option("--breaking/--settled", default=True, help="Breaking news (the default), or a settled count.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def read(wording: str, quantity: str | None, origin: str | None, register: str, breaking: bool, as_json: bool) -> None:
    """
    Show how a worded figure is read, like "at least 100".

    Two layers: what the words mean, and how the truth relates to what such a speaker says. Without --origin, the
    second is the growth of first-day counts, where one is known.
    """
    from analysis import evidence
    from analysis.records import layers_record

    one = evidence.read_figure(wording, quantity=quantity, origin=origin, register=register, breaking=breaking)
    if as_json:
        click.echo(json.dumps(layers_record(*one), ensure_ascii=False, indent=1))
        return
    from analysis import tables

    click.echo(tables.reading(*one))


def _executor_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--workers", type=click.IntRange(1), default=1, help="How many replicates are computed at once."),
        click.option("--processes", is_flag=True, help="Workers are processes; without this, threads."),
        click.option(
            "--scheduler", default="", metavar="ADDRESS", help="Of a Dask cluster that computes, like tcp://host:8786."
        ),
    )[::-1]:
        command = option(command)
    return command


@cli.command()
@click.argument("register", default="seed")
@_settings_options
@click.option("--json", "as_json", is_flag=True, help="Print what results.json holds.")
@_executor_options
def estimate(
    register: str, as_json: bool, workers: int, processes: bool, scheduler: str, **options: str | None
) -> None:
    """Print the table of estimates."""
    from analysis import pipeline, records
    from analysis.executors import executor_for

    settings = _settings(register, options)
    with executor_for(scheduler, workers=workers, processes=processes) as executor:
        results = pipeline.run(settings, executor=executor)
    if as_json:
        click.echo(records.to_json(results), nl=False)
        return
    from analysis import prose, tables

    ratio = results.estimate("casualties_ratio")
    click.echo(prose.headline(ratio, level=settings.level, digits=settings.digits))
    for table in (tables.estimates, tables.by_origin, tables.pools, tables.alternatives):
        click.echo(f"\n{table(results)}")
    click.echo(f"\n{prose.confidence(results)}")


@cli.command()
@click.argument("register", default="seed")
@_settings_options
@click.option("--json", "as_json", is_flag=True, help="Print what sensitivity.json holds.")
@_executor_options
def sensitivity(
    register: str, as_json: bool, workers: int, processes: bool, scheduler: str, **options: str | None
) -> None:
    """Print what the answer depends on: inputs, choices of method, origins, and what evidence would narrow it."""
    from analysis import dependence, pipeline
    from analysis.executors import executor_for

    settings = _settings(register, options)
    with executor_for(scheduler, workers=workers, processes=processes) as executor:
        found = dependence.examine(pipeline.run(settings, executor=executor), executor=executor)
    if as_json:
        click.echo(dependence.to_json(found), nl=False)
        return
    from analysis import dependence_prose, dependence_tables

    shown = (
        dependence_prose.whatever(found),
        dependence_prose.assumptions(found),
        dependence_tables.alternatives(found),
        dependence_prose.killed(found),
        dependence_prose.drives(found),
        dependence_tables.inputs(found),
        dependence_tables.choices(found),
        dependence_tables.without(found),
        dependence_prose.narrows(found),
        dependence_tables.worth(found),
        dependence_prose.split(found),
        dependence_tables.references(found),
    )
    click.echo("\n\n".join(map(repr, shown)))


@cli.command()
@click.argument("registers", nargs=-1, metavar="[REGISTER]...")
@_settings_options
@click.option("-p", "--parameter", "extra", nargs=2, multiple=True, metavar="NAME VALUE", help="Any of the notebook's.")
@click.option("-f", "--parameters-file", type=Path, help="Settings in YAML, as explore.ipynb writes them.")
@click.option("--notebook", type=Path, help="One of your own, or claims.ipynb; without this, report.ipynb.")
@click.option("--output", type=Path, default=Path("reports"), show_default=True, help="Folder that holds the reports.")
@click.option("--max-age", type=click.IntRange(0), help="Days of the newest claim after which it is a draft. [30]")
@click.option("--approve", default="", metavar="TEXT", help="Who has looked at a draft, and why it is published.")
@click.option("--again", is_flag=True, help="Render an edition that has not changed as well.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="How many at once.")
@click.option("--fast", is_flag=True, help="Fork kernels from one that has the libraries loaded; not on Windows.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="For all of it.")
@click.option("--timings", is_flag=True, help="Say where the time went.")
@click.option("--base-url", default="", metavar="URL", help="Where the folder is published, for links in the feed.")
@click.pass_context
def render(
    context: click.Context,
    registers: tuple[str, ...],
    extra: tuple[tuple[str, str], ...],
    parameters_file: Path | None,
    notebook: Path | None,
    output: Path,
    max_age: int | None,
    approve: str,
    again: bool,
    jobs: int,
    fast: bool,
    timeout: float | None,
    timings: bool,
    base_url: str,
    **options: str | None,
) -> None:
    """
    Render the report of registers, or another notebook, each into a folder of its own, and the index of all.

    Exit 3: one of them is a draft, and stderr says why. --as-of takes a date, today, several with commas between them,
    or first..last.
    """
    from analysis import batch
    from analysis.gates import MAX_AGE

    source = _notebook(notebook or Path("report.ipynb"))
    age = MAX_AGE if max_age is None else max_age
    typed = {name: value for name, value in options.items() if value is not None}
    given = {**_from_file(parameters_file), **typed, **dict(extra)}
    orders = [
        _order(source, output, {**given, "register": register, **day}, age, approve)
        for register in registers or (given.get("register") or "seed",)
        for day in _days(given.get("as_of"))
    ]
    codes = []
    deadline = None if timeout is None else time.monotonic() + timeout
    with _progress(len(orders)) as (advance, say):

        def tell(line: str) -> None:
            say(f"casualty-report: {line}", True)

        rendered = batch.render_all(
            orders, jobs=jobs, force=again, fast=fast, timeout=timeout, progress=advance, say=tell
        )
        try:
            for outcome in rendered:
                codes.append(outcome.code)
                for line, err in _lines(outcome, several=len(orders) > 1):
                    say(line, err)
                if timings:
                    say(outcome.record.table(), True)
        except BaseException:
            deadline = time.monotonic() + _PATIENCE  # whoever stops a run wants its end
            raise
        finally:
            codes += _write_index(output, base_url, deadline, tell)
    # What failed comes before a draft; of failures, wrong input before work that failed.
    context.exit(next((code for code in (2, 1, 3) if code in codes), 0))


def _from_file(path: Path | None) -> dict[str, object]:
    """The parameters of a file, which the command line's own go before."""
    if path is None:
        return {}
    from analysis.saved import read_file

    # YAML takes a date for one.
    return {name: str(value) if name == "as_of" else value for name, value in read_file(path).items()}


def _write_index(output: Path, base_url: str, deadline: float | None, tell: Callable[[str], None]) -> list[int]:
    """Write the index of all editions. What is wrong with it is a code and a line, and hides no other end of a run."""
    from analysis import index
    from analysis.editions import exclusive

    if not output.is_dir():
        return []
    waiting = partial(tell, "the index is being written by another run; waiting for it")
    try:
        with exclusive(output / index.PAGE, deadline=deadline, waiting=waiting):
            index.write(output, base_url=base_url)
    except InputError as error:
        for fault in error.faults:
            tell(fault)
        return [2]
    except WorkError as error:
        tell(str(error))
        return [1]
    return []


def _days(as_of: str | None) -> list[dict[str, str]]:
    """The days that are asked for: none, so that the notebook's stands; one; several; or each of a stretch."""
    from datetime import date, timedelta

    from analysis.clock import today

    if as_of is None:
        return [{}]
    days = []
    for part in (one.strip() for one in as_of.split(",")):
        first, _, last = part.replace("today", today().isoformat()).partition("..")
        try:
            begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            days.append(first)  # refused where the settings are
            continue
        if end < begin:
            raise InputError(f"as_of is {shown(part)}, expected the earlier day first, like 2024-12-19..2024-12-20")
        days += [(begin + timedelta(days=later)).isoformat() for later in range((end - begin).days + 1)]
    return [{"as_of": day} for day in dict.fromkeys(days)]


def _order(source: Path, output: Path, given: dict[str, str | None], max_age: int, approve: str) -> object:
    """One edition, its parameters looked at before anything starts."""
    from analysis.parameters import cast_parameters, declared_parameters
    from analysis.report import Order

    declared = declared_parameters(source)
    parameters = cast_parameters({name: value for name, value in given.items() if value is not None}, declared)
    target = output / _edition(source, {**declared, **parameters})
    return Order(source, target, parameters, max_age=max_age, approved=approve)


def _edition(notebook: Path, parameters: dict[str, object]) -> str:
    """The folder of what a notebook shows: of the report, the register and its day; of others, their name as well."""
    from analysis.claims import register_path
    from analysis.editions import checked_name

    day = [str(parameters["as_of"])] if "as_of" in parameters else []
    shown = [] if notebook.name == "report.ipynb" else [re.sub(r"[^\w.-]", "_", notebook.stem)]
    name = [checked_name(register_path(str(parameters["register"])).stem, what="the name of the register")]
    return "-".join(name + day + shown)


def _lines(outcome: object, *, several: bool) -> list[tuple[str, bool]]:
    """What is said of an outcome, each line with whether it goes to stderr."""
    target = outcome.order.target
    lines = [(f"casualty-report: {note}", True) for note in outcome.notes]
    if outcome.status == "failed":
        place = f"{target.name}: " if several else ""
        return [*((f"casualty-report: {place}{reason}", True) for reason in outcome.reasons), *lines]
    state = "" if outcome.made else "nothing has changed; "
    lines.append((f"{target / 'report.html'}: {state}{_headline(target)}", False))
    return lines + [(f"casualty-report: {target.name} is a DRAFT: {reason}", True) for reason in outcome.reasons]


@contextlib.contextmanager
def _progress(editions: int) -> Iterator[tuple[Callable[[], object], Callable[[str, bool], None]]]:
    """One bar for many editions, where somebody is watching; lines are printed above it."""
    if not sys.stderr.isatty():
        yield (lambda: None), (lambda line, err: click.echo(line, err=err))
        return
    from tqdm import tqdm

    with tqdm(total=editions, unit="edition", leave=False, file=sys.stderr) as bar:
        yield bar.update, (lambda line, err: bar.write(line, file=sys.stderr if err else sys.stdout))


@cli.command()
@click.argument("folder", type=Path)
@click.option("--notebook", type=Path, help="What the edition was run from, if that is one of your own.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def verify(context: click.Context, folder: Path, notebook: Path | None, as_json: bool) -> None:
    """
    Check an edition: its files, its numbers and its page made again, and each number that HTML and PDF print.

    Exit 0: sound. Exit 1: something does not hold. Exit 4: not confirmed, no fault was found and something could not be
    decided here, as for an edition of another version of the program. Nothing is signed: this shows accidents and
    careless edits, and not a forger who writes page, record and digests anew with this program.
    """
    from analysis import verify as verifying
    from analysis.fingerprint import code_digest

    source = None if notebook is None else _notebook(notebook)
    if source is not None and not source.is_file():
        raise InputError(f"--notebook is {str(notebook)!r}, which is no file; expected a notebook like report.ipynb")
    verified = verifying.verify(folder, code=code_digest(), notebook=source)
    click.echo(verified.to_json() if as_json else verified.text(), nl=not as_json)
    context.exit(verified.code)


def _settings(register: str, options: dict[str, object]) -> object:
    """Settings from text, each cast to the type of its default."""
    from dataclasses import asdict

    from analysis.clock import today
    from analysis.parameters import cast_parameters
    from analysis.settings import Settings

    given = {name: value for name, value in options.items() if value is not None}
    if given.get("as_of") == "today":
        given["as_of"] = today().isoformat()
    return Settings(**cast_parameters({"register": register, **given}, asdict(Settings())))


def _headline(folder: Path) -> str:
    """The answer of an edition; a notebook without estimates has none."""
    from analysis.prose import headline
    from analysis.summary import Estimate

    if not (folder / "results.json").is_file():
        return "rendered"
    try:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except ValueError:  # it is of another kind
        return "rendered"
    if not isinstance(results, dict) or results.get("schema") != "results-1":
        return "rendered"
    record = next(one for one in results["estimates"] if one["name"] == "casualties_ratio")
    settings = results["settings"]
    return headline(Estimate.from_record(record), level=settings["level"], digits=settings["digits"])


def _notebook(path: Path) -> Path:
    """A notebook by its path; a bare name that is no file here is one that ships: of a checkout, or of a package."""
    if path.exists() or len(path.parts) > 1:
        return path
    from analysis.parameters import shipped_notebook

    return shipped_notebook(path.name) or path


def main() -> None:
    """Run a command; turn its errors into lines and an exit code."""
    try:
        code = cli(standalone_mode=False) or 0
    except InputError as error:
        code, lines = 2, error.faults
    except WorkError as error:
        code, lines = 1, (str(error),)
    except click.ClickException as error:
        code, lines = 2, (error.format_message(),)
    except OSError as error:
        code, lines = 1, (f"{error.filename or 'output'}: {error.strerror or error}",)
    except Stopped as error:
        code, lines = error.code, (f"stopped by {error}",)
    except (click.Abort, KeyboardInterrupt):
        code, lines = 130, ("interrupted",)
    else:
        sys.exit(code)
    for line in lines:
        click.echo(f"casualty-report: {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
