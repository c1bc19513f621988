"""A new register: sound from the first minute, described by schemas that say what `check` says, never over a file."""

import csv
import json
import os
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from analysis.checks import check
from analysis.claims import COLUMNS, read_register
from analysis.errors import InputError, WorkError
from analysis.fields import Claim, Source
from analysis.pipeline import run
from analysis.settings import Settings
from analysis.starter import source_schema, start, table_schema
from tests.test_claims import GOOD

DATA = Path(__file__).parent.parent / "analysis" / "data"
FILES = ["datapackage.json", "mine.csv", "sources.schema.json", "sources.toml"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["mine", "mine.csv", "./mine.csv"])
def test_a_new_register_is_sound_and_says_that_it_is_an_example(folder, name):
    started = start(name)
    assert names(folder) == FILES
    assert started.register == Path("mine.csv")
    checked = check("mine.csv")
    assert (checked.sound, checked.claims) == (True, 1)
    assert [one.kind for one in checked.cautions] == ["example"]
    for words in ("deployed or engaged", "casualty-report check mine.csv"):
        assert words in started.next_steps()
    assert len(started.next_steps().splitlines()) == 4


def test_a_name_works_with_its_ending_and_without(folder):
    start("mine")
    start("deep/er/one")
    assert read_register("mine").claims == read_register("mine.csv").claims
    assert [claim.where for claim in read_register("deep/er/one").claims] == ["deep/er/one.csv:2"]


def test_an_answer_needs_a_force_and_the_error_says_how(folder):
    start("mine.csv")
    with pytest.raises(InputError, match="no size of the force at all: add a claim of quantity deployed or engaged"):
        run(Settings(register="mine.csv"))
    header, row = (folder / "mine.csv").read_text(encoding="utf-8").splitlines()
    sent = row.replace("example,estimate,killed,at least 100", 'sent,estimate,deployed,"around 10,000"')
    (folder / "mine.csv").write_text(f"{header}\n{row}\n{sent}\n", encoding="utf-8")
    assert run(Settings(register="mine.csv", force="deployed", max_draws=16384)).estimate("killed_ratio").median > 0


@pytest.mark.parametrize("there", FILES)
def test_nothing_is_overwritten_and_nothing_half_written(folder, there):
    (folder / there).write_text("mine")
    with pytest.raises(InputError, match=f"{there}: exists already"):
        start("mine.csv")
    assert names(folder) == [there]
    assert (folder / there).read_text() == "mine"


def test_a_link_that_leads_nowhere_is_a_file_that_exists(folder):
    (folder / "sources.toml").symlink_to("elsewhere.toml")
    with pytest.raises(InputError, match=r"sources\.toml: exists already"):
        start("mine.csv")
    assert not (folder / "elsewhere.toml").exists()


@pytest.mark.parametrize("failing", [0, 2, 3])
def test_a_disk_that_fails_leaves_nothing(folder, monkeypatch, failing):
    link, done = os.link, []

    def full(source, target):
        if len(done) == failing:
            raise OSError(28, "No space left on device")
        done.append(target)
        link(source, target)

    opened = Path.open

    def fails(path, mode="r", *arguments, **options):
        if "x" not in mode:  # the disk can still be read
            return opened(path, mode, *arguments, **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis.starter.os.link", full)
    monkeypatch.setattr(Path, "open", fails)  # what is done where the disk has no links
    with pytest.raises(WorkError, match="deep/er: no space left on device"):
        start("deep/er/mine.csv")
    assert list(folder.iterdir()) == []


def test_a_disk_without_links(folder, monkeypatch):
    def no_link(source, target):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("analysis.starter.os.link", no_link)
    start("mine.csv")
    assert names(folder) == FILES
    assert check("mine.csv").sound


def test_a_file_that_appears_meanwhile_is_kept(folder, monkeypatch):
    monkeypatch.setattr("analysis.starter.os.path.lexists", lambda _: False)
    (folder / "sources.schema.json").write_text("mine")
    with pytest.raises(InputError, match=r"file exists, expected a folder"):
        start("mine.csv")
    assert names(folder) == ["sources.schema.json"]
    assert (folder / "sources.schema.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("..", "leads out of a folder"),
        ("../mine.csv", "leads out of a folder"),
        ("a/../../mine", "leads out of a folder"),
        ("mine/", "names a folder"),
        (".", "names a folder"),
        ("/", "names a folder"),
        ("-mine", "begins like an option"),
        ("a/-b.csv", "begins like an option"),
        ("~/mine.csv", "begins like an option or a home folder"),
        ("mi\nne.csv", "holds letters that cannot be seen"),
        ("mi\0ne.csv", "holds letters that cannot be seen"),
        ("mi\u202ene.csv", "holds letters that cannot be seen"),
        ("mine.txt", "does not end in .csv"),
        (".csv", "does not end in .csv"),
        ("mine-context.csv", "names the context of another register"),
    ],
)
def test_names_that_are_none(folder, name, reason):
    with pytest.raises(InputError, match=re.escape(reason)) as caught:
        start(name)
    assert str(caught.value).endswith("expected a path like mine.csv or folder/mine")
    assert len(caught.value.faults) == 1
    assert "\n" not in str(caught.value)
    assert names(folder) == []


@pytest.mark.parametrize("name", ["seed", "seed.csv", "./public-record", "folder/seed"])
def test_the_name_of_a_register_that_ships_is_refused(folder, name):
    shipped = Path(name).stem
    with pytest.raises(InputError) as caught:
        start(name)
    assert caught.value.faults == (
        f"register is {name!r}; {shipped!r} is a register that ships, which check and run would read instead, "
        "expected a path like mine.csv or folder/mine",
    )
    assert names(folder) == []


def test_a_folder_that_is_a_file(folder):
    (folder / "file").write_text("")
    with pytest.raises(InputError, match="expected a folder that can be written"):
        start("file/mine.csv")
    assert names(folder) == ["file"]


# --------------------------------------------------------------------------------- the schemas tell the truth


def cell_schemas() -> dict[str, dict[str, object]]:
    """The constraints of each column as a JSON Schema of its cell; the two share these words."""
    made = {}
    for column in table_schema()["fields"]:
        limits = {key: value for key, value in column["constraints"].items() if key not in ("required", "unique")}
        filled = {"type": "string", **limits, "minLength": limits.get("minLength", 1)}
        made[column["name"]] = filled if column["constraints"]["required"] else {"anyOf": [{"const": ""}, filled]}
    return made


def accepted(cell: str, schema: dict[str, object]) -> bool:
    return jsonschema.Draft7Validator(schema).is_valid(cell)


@pytest.mark.parametrize("name", ["seed", "seed-context", "public-record"])
def test_every_row_that_ships_fits_the_table_schema(name):
    schemas = cell_schemas()
    assert list(schemas) == list(COLUMNS)
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert [column for column, cell in row.items() if not accepted(cell, schemas[column])] == [], row["id"]


# A cell that no column of the kind takes; the others are free text, which is never refused.
WRONG = {
    **{name: ["", "other", "Seed", "killed "] for name in ("role", "quantity", "mode", "relation")},
    **{name: ["", "2024-1-1", "1403-09-29", "2567-12-19", "٢٠٢٤-١٢-١٩", "x"] for name in ("published", "as_of")},
    "period_start": ["2024-1-1", "1403-09-29", "x"],
    "id": ["", "a b", "-a", "ä"],
    "url": ["example.org", "ftp://example.org"],
    **{name: [""] for name in ("wording", "scope", "origin", "outlet")},
}


def test_the_table_schema_and_the_reader_refuse_and_accept_the_same():
    schemas = cell_schemas()
    place = {"file": "mine.csv", "line": 2, "sha256": ""}
    for column in COLUMNS:
        for cell in [GOOD[column], *WRONG.get(column, []), ""]:
            try:
                Claim.model_validate({**GOOD, **place, column: cell})
                sound = True
            except ValueError:
                sound = False
            assert accepted(cell, schemas[column]) is sound, (column, cell)
    for column in WRONG:
        assert not accepted(WRONG[column][-1], schemas[column])


def test_every_value_of_an_enumeration_is_allowed_and_no_other():
    fields = {one["name"]: one for one in table_schema()["fields"]}
    for name in ("role", "quantity", "mode", "relation"):
        allowed = fields[name]["constraints"]["enum"]
        for value in allowed:
            Claim.model_validate({**GOOD, "file": "", "line": 2, "sha256": "", name: value})
        assert not set(allowed) & set(WRONG[name])


SOURCES = tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8"))


def test_every_source_that_ships_fits_the_schema():
    jsonschema.Draft7Validator.check_schema(source_schema())
    assert len(SOURCES) >= 25
    jsonschema.validate(SOURCES, source_schema(), jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interest", "friend"),
        ("bias", "left"),
        ("reliability", "G"),
        ("accuracy", 1.5),
        ("accuracy", "high"),
        ("name", ""),
        ("stream", None),
        ("spellings", "NIS"),
        ("surplus", 1),
    ],
)
def test_the_schema_of_sources_refuses_what_the_reader_refuses(field, value):
    table = {**SOURCES["NIS"], field: value}
    if value is None:
        del table[field]
    assert not jsonschema.Draft7Validator(source_schema()).is_valid({"NIS": table})
    with pytest.raises(ValueError, match=field):
        Source.model_validate(table)


def test_the_written_files_are_these_schemas_and_fit_each_other(folder):
    start("mine.csv")
    schema = json.loads((folder / "sources.schema.json").read_text(encoding="utf-8"))
    assert schema == json.loads(json.dumps(source_schema()))
    text = (folder / "sources.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ./sources.schema.json\n")
    jsonschema.validate(tomllib.loads(text), schema, jsonschema.Draft7Validator)
    for name, field in Source.model_fields.items():
        assert re.search(rf"^# {re.escape(field.description[:40])}.*(\n# .*)*\n{name} = ", text, flags=re.MULTILINE), (
            name
        )
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    (resource,) = package["resources"]
    assert resource["path"] == "mine.csv"
    assert resource["schema"] == json.loads(json.dumps(table_schema()))
    for column in resource["schema"]["fields"]:
        assert len(column["description"]) > 10, column["name"]
        assert column["example"]
    with (folder / "mine.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    schemas = cell_schemas()
    assert all(accepted(cell, schemas[column]) for column, cell in row.items())
