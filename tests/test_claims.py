"""The register: what is read, and every fault on a line of its own."""

import csv
import hashlib
import io
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.claims import COLUMNS, read_register, register_path
from analysis.errors import InputError

DATA = Path(__file__).parent.parent / "analysis" / "data"
GOOD = {
    "id": "a-1",
    "role": "seed",
    "quantity": "killed",
    "wording": "at least 100",
    "published": "2024-12-19",
    "as_of": "2024-12-19",
    "period_start": "",
    "mode": "cumulative",
    "scope": "Kursk",
    "speaker": "somebody",
    "origin": "NIS",
    "relation": "original",
    "rests_on": "",
    "outlet": "BBC",
    "url": "https://example.org/a",
    "note": "",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(DATA / "sources.toml", tmp_path / "sources.toml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_of(*rows: dict[str, str], columns=COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def faults(content: str | bytes, folder: Path) -> tuple[str, ...]:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "mine.csv").write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_register("mine.csv")
    return caught.value.faults


def test_the_seed_holds_what_the_article_says():
    register = read_register("seed")
    seed = [claim for claim in register.claims if claim.file.endswith("seed.csv")]
    numbered = [claim for claim in seed if re.search(r"\d|hundred", claim.wording)]
    assert {claim.wording: claim.quantity for claim in numbered if claim.role == "seed"} == {
        "at least 100": "killed",
        "approximately 1,000": "wounded",
        "around 10,000": "deployed",
        "several hundred": "casualties",
    }
    headline = next(claim for claim in seed if claim.wording == "Over 100")
    assert (headline.role, headline.rests_on) == ("variant", ("seed-nis-killed",))
    without = [claim.wording for claim in seed if not re.search(r"\d|hundred", claim.wording)]
    assert {"without providing specific numbers", "significant number", "many injuries"} <= set(without)
    assert all(claim.published.isoformat() == "2024-12-19" for claim in seed)
    assert register.digests == {
        name: hashlib.sha256((DATA / name).read_bytes()).hexdigest()
        for name in ("seed.csv", "seed-context.csv", "sources.toml")
    }


def test_missing_is_missing_and_not_zero(folder):
    (folder / "mine.csv").write_text(text_of(GOOD), encoding="utf-8")
    claim = read_register("mine.csv").claims[0]
    assert claim.period_start is None
    assert claim.rests_on == ()
    assert claim.where == "mine.csv:2"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("published", "2024-13-19", "published is '2024-13-19', expected a date like 2024-12-19"),
        ("published", "20241219", "published is '20241219', expected a date like 2024-12-19"),
        ("as_of", "yesterday", "as_of is 'yesterday', expected a date like 2024-12-19"),
        ("as_of", "", "as_of is empty, expected a date like 2024-12-19"),
        ("period_start", "2024-02-30", "period_start is '2024-02-30', expected a date like 2024-12-01, or nothing"),
        ("wording", "", 'wording is empty, expected the figure as quoted, like "at least 100"'),
        ("id", "a 1", "id is 'a 1', expected a short name like nis-killed-20241219"),
        ("role", "witness", "role is 'witness', expected one of seed, estimate, count"),
        ("quantity", "dead", "quantity is 'dead', expected one of killed, wounded, casualties"),
        ("mode", "daily", "mode is 'daily', expected one of cumulative, incremental, stock, plan"),
        ("scope", "", "scope is empty, expected where the figure holds, like Kursk"),
        ("origin", "", "origin is empty, expected an origin of sources.toml, like NIS"),
        ("origin", "KGB", "origin is 'KGB', expected an origin of sources.toml: NIS, US DoD"),
        ("relation", "copy", "relation is 'copy', expected one of original, relay, restates"),
        ("outlet", "", "outlet is empty, expected who printed it, like BBC"),
        ("url", "example.org", "url is 'example.org', expected an address that begins with https://, or nothing"),
    ],
)
def test_a_bad_field_is_named_with_its_line(field, value, message, folder):
    found = faults(text_of(GOOD, {**GOOD, "id": "a-2"}, {**GOOD, "id": "a-3", field: value}), folder)
    assert len(found) == 1
    assert found[0].startswith(f"mine.csv:4: {message}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"as_of": "2024-12-20"}, "as_of is '2024-12-20', expected a day not after published, '2024-12-19'"),
        ({"mode": "incremental"}, "period_start is empty, expected the first day of the flow"),
        ({"period_start": "2024-12-20"}, "period_start is '2024-12-20', expected a day not after as_of, '2024-12-19'"),
        ({"relation": "relay"}, "rests_on is empty, expected the id or the origin of what is said again, like NIS"),
        ({"rests_on": "a-1; gone"}, "rests_on is 'gone', expected an id of this register or an origin"),
        ({"rests_on": "a-3"}, "rests_on leads back to 'a-3', expected no circle"),
    ],
)
def test_fields_that_do_not_go_together(change, message, folder):
    found = faults(text_of(GOOD, {**GOOD, "id": "a-2"}, {**GOOD, "id": "a-3", **change}), folder)
    assert len(found) == 1
    assert found[0].startswith(f"mine.csv:4: {message}")


def test_a_circle_of_three_is_found(folder):
    rows = [{**GOOD, "id": one, "rests_on": other} for one, other in (("x", "y"), ("y", "z"), ("z", "x"))]
    assert len(faults(text_of(*rows), folder)) == 3


def through_origins(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    """Claims that restate what they rest on, or are original where that is empty: id, origin, rests_on."""
    relation = {True: "restates", False: "original"}
    made = ({"id": one, "origin": origin, "rests_on": base} for one, origin, base in rows)
    return [{**GOOD, **row, "relation": relation[bool(row["rests_on"])]} for row in made]


NIS_OF_JCS, JCS_OF_NIS = ("n", "NIS", "ROK JCS"), ("j", "ROK JCS", "NIS")


def test_a_circle_through_origins_is_found(folder):
    through = "through NIS and ROK JCS, without an original figure, expected no circle"
    assert set(faults(text_of(*through_origins(NIS_OF_JCS, JCS_OF_NIS)), folder)) == {
        f"mine.csv:2: rests_on leads back to 'n' {through}",
        f"mine.csv:3: rests_on leads back to 'j' {through}",
    }
    # By an id on the way there, by an origin on the way back.
    assert set(faults(text_of(*through_origins(("n", "NIS", "j"), JCS_OF_NIS)), folder)) == {
        "mine.csv:2: rests_on leads back to 'n' through NIS, without an original figure, expected no circle",
        "mine.csv:3: rests_on leads back to 'j' through NIS, without an original figure, expected no circle",
    }


@pytest.mark.parametrize(
    "rows",
    [
        # An original figure of either origin is where the way ends.
        through_origins(NIS_OF_JCS, JCS_OF_NIS, ("o", "NIS", "")),
        through_origins(("o", "ROK JCS", ""), NIS_OF_JCS, JCS_OF_NIS),
        # Another quantity is another figure; a claim's own origin leads nowhere.
        [through_origins(NIS_OF_JCS)[0], {**through_origins(JCS_OF_NIS)[0], "quantity": "wounded"}],
        through_origins(("n", "NIS", "NIS"), JCS_OF_NIS),
    ],
)
def test_what_is_no_circle_through_origins(rows, folder):
    (folder / "mine.csv").write_text(text_of(*rows), encoding="utf-8")
    assert len(read_register("mine.csv").claims) == len(rows)


def test_an_original_figure_with_a_fault_elsewhere_still_ends_the_way(folder):
    (original,) = through_origins(("o", "NIS", ""))
    rows = [*through_origins(NIS_OF_JCS, JCS_OF_NIS), {**original, "url": "x"}]
    (fault,) = faults(text_of(*rows), folder)
    assert fault.startswith("mine.csv:4: url is 'x'")


def test_a_plan_may_describe_a_day_to_come(folder):
    plan = {**GOOD, "mode": "plan", "as_of": "2025-12-31", "relation": "relay", "rests_on": "NIS"}
    (folder / "mine.csv").write_text(text_of(plan), encoding="utf-8")
    assert read_register("mine.csv").claims[0].rests_on == ("NIS",)


def test_all_faults_are_listed(folder):
    rows = [{**GOOD, "mode": "daily", "url": "x"}, {**GOOD, "id": "a-2"}, {**GOOD, "id": "a-3", "role": ""}]
    assert [fault.split(" ")[0:2] for fault in faults(text_of(*rows), folder)] == [
        ["mine.csv:2:", "mode"],
        ["mine.csv:2:", "url"],
        ["mine.csv:4:", "role"],
    ]


def test_a_duplicate_id(folder):
    assert faults(text_of(GOOD, GOOD), folder) == (
        "mine.csv:3: id is 'a-1', which mine.csv:2 has already; expected a new one",
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (COLUMNS[1:], "mine.csv:1: column 'id' is missing"),
        ((*COLUMNS, "surplus"), "mine.csv:1: column 'surplus' is not known"),
        ((*COLUMNS, "id"), "mine.csv:1: column 'id' stands twice"),
    ],
)
def test_columns(columns, message, folder):
    assert message in faults(text_of(GOOD, columns=columns), folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine.csv: is empty, expected the columns id,role"),
        (b"  \n", "mine.csv: is empty"),
        (b"id,role\0", "mine.csv: holds binary data, expected text in UTF-8"),
        (text_of(GOOD).encode() + b"\xff\xfe", "mine.csv:3: is not UTF-8, expected text in UTF-8"),
        (text_of().encode(), "mine.csv: no claims, expected at least one row"),
        (text_of(GOOD).encode() + b'"open', "mine.csv:3: is not CSV (unexpected end of data)"),
        (text_of(GOOD).encode() + b"a,b\n", f"mine.csv:3: has 2 cells, expected {len(COLUMNS)}"),
        (text_of(GOOD).encode() + b"," * 16 + b"\n", f"mine.csv:3: has 17 cells, expected {len(COLUMNS)}"),
        (text_of(GOOD).encode() + b"x" * 200_000, "mine.csv:3: is not CSV (field larger than field limit"),
        (text_of(GOOD).encode() + b'"a"b\n', "mine.csv:3: is not CSV ("),
    ],
)
def test_files_that_are_no_register(content, message, folder):
    assert faults(content, folder)[0].startswith(message)


def test_a_missing_file_a_folder_and_an_unknown_name(folder):
    for name, message in (
        ("none.csv", "none.csv: no such file or directory, expected a file that can be read"),
        ("sead", "register is 'sead', expected a path to a .csv file or one of "),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            read_register(name)
    (folder / "a.csv").mkdir()
    with pytest.raises(InputError, match="expected a file that can be read"):
        read_register("a.csv")


def test_a_folder_is_told_from_a_file(folder):
    (folder / "deep" / "reg").mkdir(parents=True)
    for name in ("deep/reg", str(folder / "deep" / "reg"), "deep", "."):
        told = re.escape(f"register is {name!r}, which is a folder; expected a path to a .csv file")
        with pytest.raises(InputError, match=f"^{told}") as caught:
            read_register(name)
        assert len(caught.value.faults) == 1
    # The folder beside a register of its name is not in its way.
    (folder / "deep.csv").write_text(text_of(GOOD), encoding="utf-8")
    assert read_register("deep").name == "deep"


def test_of_a_register_that_is_missing_only_that_is_said(folder):
    (folder / "none").mkdir()
    with pytest.raises(InputError) as caught:
        read_register("none/reg.csv")
    assert caught.value.faults == ("none/reg.csv: no such file or directory, expected a file that can be read",)


def test_lines_count_as_an_editor_counts_them(folder):
    first = {**GOOD, "note": "two\nlines"}
    assert faults(text_of(first, {**GOOD, "id": "a-2", "mode": "daily"}), folder)[0].startswith("mine.csv:4: mode")


def test_a_byte_order_mark_and_windows_line_ends_are_read(folder):
    (folder / "mine.csv").write_bytes(b"\xef\xbb\xbf" + text_of(GOOD).replace("\n", "\r\n").encode())
    assert read_register("mine.csv").claims[0].outlet == "BBC"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('interest = "ally-of-opponent"', 'interest = "friend"', r"\[NIS\]: interest is 'friend', expected one of"),
        ("accuracy = 0.6", "accuracy = 60", r"\[NIS\]: accuracy is 60, expected a probability from 0 to 1"),
        ('stream = "ukraine-led"\n', "", r"\[NIS\]: stream is missing, expected"),
        (
            'reliability = "C"',
            'reliability = "C"\nsurplus = 1',
            r"\[NIS\]: surplus is 1, expected nothing of that name",
        ),
        ("[NIS]", "[NIS", r"sources\.toml:\d+: is not TOML"),
        ("[NIS]", "NIS = 1\n[spare]", r"sources\.toml:\d+: \[NIS\]: is "),
        ("[NIS]", "[[NIS]]", r"sources\.toml:\d+: \[NIS\]: is "),
        ("# Who", "\0", r"sources\.toml: holds binary data"),
    ],
)
def test_sources_are_checked_too(old, new, message, folder):
    (folder / "mine.csv").write_text(text_of(GOOD), encoding="utf-8")
    text = (folder / "sources.toml").read_text(encoding="utf-8")
    (folder / "sources.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_register("mine.csv")


def test_a_missing_sources_file(folder):
    (folder / "sources.toml").unlink()
    assert "sources.toml: no such file" in faults(text_of(GOOD), folder)[0]


def test_a_context_file_never_counts(folder):
    (folder / "mine.csv").write_text(text_of(GOOD), encoding="utf-8")
    (folder / "mine-context.csv").write_text(text_of({**GOOD, "id": "c-1"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"mine-context\.csv:2: role is 'seed', expected one that is never counted"):
        read_register("mine.csv")


def test_an_id_is_used_once_in_both_files(folder):
    (folder / "mine-context.csv").write_text(text_of({**GOOD, "role": "context"}), encoding="utf-8")
    assert faults(text_of(GOOD), folder) == (
        "mine-context.csv:2: id is 'a-1', which mine.csv:2 has already; expected a new one",
    )


def test_cells_are_kept_as_they_were_printed(folder):
    printed = {"speaker": "<b>Lee</b> & 'co'", "note": '=1+1, "quoted", 1천여\n*not* $x$'}
    (folder / "mine.csv").write_text(text_of({**GOOD, **printed}), encoding="utf-8")
    claim = read_register("mine.csv").claims[0]
    assert {"speaker": claim.speaker, "note": claim.note} == printed


def test_origins_go_by_their_spellings():
    register = read_register("seed")
    assert register.origin_named("US") == "US DoD"
    assert register.origin_named("Pentagon") == "US DoD"
    assert register.origin_named("KGB") is None
    assert register_path("seed") == DATA / "seed.csv"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: (text_of(GOOD) + t).encode("utf-8", "ignore")))
def test_any_bytes_give_a_register_or_an_error(folder, content):
    (folder / "mine.csv").write_bytes(content)
    try:
        found = [claim.where for claim in read_register("mine.csv").claims]
    except InputError as error:
        found = list(error.faults)
    assert found
    assert all(one.startswith("mine.csv") for one in found)


LINES = st.sampled_from(
    ["[NIS]", "[[NIS]]", "[NIS.b]", "[a]", "NIS = 1", "a = []", 'name = "x"', "name = 2", "accuracy = nan"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.lists(LINES, max_size=6).map("\n".join).map(str.encode))
def test_any_bytes_of_sources_give_a_register_or_an_error(folder, content):
    (folder / "mine.csv").write_text(text_of(GOOD), encoding="utf-8")
    (folder / "sources.toml").write_bytes(content)
    # None of these describes the origin of the claim, so all are refused, and in words.
    with pytest.raises(InputError) as caught:
        read_register("mine.csv")
    assert all(re.match(r"(sources\.toml|mine\.csv):", fault) for fault in caught.value.faults)
