"""
The command line: ``casualty-report``, or ``python -m analysis``.

Exit 0: done. Exit 1: the work failed. Exit 2: the input is wrong. A line for each fault on stderr, no traceback.
What a command does not need is not imported: ``--help`` knows neither numpy nor Jupyter.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from analysis.errors import InputError, WorkError

__all__ = ["main"]

# The settings that options give, with what they mean; their types and defaults are those of settings.Settings.
_OPTIONS = {
    "as_of": "A date; claims published later are not known yet.",
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
@click.argument("register", default="seed")
@_settings_options
@click.option("-p", "--parameter", "extra", nargs=2, multiple=True, metavar="NAME VALUE", help="Any of the notebook's.")
@click.option("--notebook", type=Path, help="One of your own, or claims.ipynb; without this, report.ipynb.")
@click.option("--output", type=Path, default=Path("reports"), show_default=True, help="Folder that holds the reports.")
def render(
    register: str, extra: tuple[tuple[str, str], ...], notebook: Path | None, output: Path, **options: str | None
) -> None:
    """Render the report of a register, or another notebook, into a folder of its own."""
    from analysis import report
    from analysis.parameters import cast_parameters, declared_parameters

    source = _notebook(notebook or Path("report.ipynb"))
    declared = declared_parameters(source)
    given = {"register": register, **{name: value for name, value in options.items() if value is not None}}
    parameters = cast_parameters({**given, **dict(extra)}, declared)
    if set(_OPTIONS) <= set(declared):
        settings = _settings(str(parameters["register"]), {name: parameters.get(name) for name in _OPTIONS})
        _checked(settings)
    target = output / _edition(source, {**declared, **parameters})
    _say(f"rendering {target}")
    folder = report.render(source, target, parameters)
    click.echo(f"{folder / 'report.html'}: {_headline(folder)}")


def _edition(notebook: Path, parameters: dict[str, object]) -> str:
    """The folder of what a notebook shows: of the report, the register and its day; of others, their name as well."""
    from analysis.claims import register_path

    day = [str(parameters["as_of"])] if "as_of" in parameters else []
    shown = [] if notebook.name == "report.ipynb" else [notebook.stem]
    parts = [register_path(str(parameters["register"])).stem, *day, *shown]
    return re.sub(r"[^\w.-]", "_", "-".join(parts))


def _settings(register: str, options: dict[str, object]) -> object:
    """Settings from text, each cast to the type of its default."""
    from dataclasses import asdict

    from analysis.parameters import cast_parameters
    from analysis.settings import Settings

    given = {name: value for name, value in options.items() if value is not None}
    return Settings(**cast_parameters({"register": register, **given}, asdict(Settings())))


def _checked(settings: object) -> None:
    """Find what is wrong with the input before a kernel starts."""
    from analysis.inputs import prepare

    prepare(settings)


def _headline(folder: Path) -> str:
    """The answer of an edition; a notebook without estimates has none."""
    from analysis.prose import headline
    from analysis.summary import Estimate

    if not (folder / "results.json").is_file():
        return "rendered"
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    record = next(one for one in results["estimates"] if one["name"] == "casualties_ratio")
    settings = results["settings"]
    return headline(Estimate.from_record(record), level=settings["level"], digits=settings["digits"])


def _notebook(path: Path) -> Path:
    """A notebook by its path; a bare name that is no file here is one that ships: of a checkout, or of a package."""
    if path.exists() or len(path.parts) > 1:
        return path
    package = Path(__file__).parent
    shipped = (package.parent / "notebooks" / path, package / "data" / "notebooks" / path)
    return next((one for one in shipped if one.is_file()), path)


def _say(text: str) -> None:
    """Progress, where somebody is watching."""
    if sys.stderr.isatty():
        click.echo(text, err=True)


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
    except (click.Abort, KeyboardInterrupt):
        code, lines = 130, ("interrupted",)
    else:
        sys.exit(code)
    for line in lines:
        click.echo(f"casualty-report: {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
