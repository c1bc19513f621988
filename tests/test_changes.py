"""What changed since the last edition, and which part of it is model, data correction or evidence."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import changes, changes_prose, records
from analysis.claims import register_path
from analysis.errors import InputError
from analysis.pipeline import run
from analysis.settings import Settings

QUICK = {"max_draws": 16384, "digits": 1}


def edition(folder: Path, register: Path | str, as_of: str = "2024-12-19", **settings: object) -> Path:
    """Write what an edition holds of a run."""
    records.write(run(Settings(register=str(register), as_of=as_of, **{**QUICK, **settings})), folder)
    return folder


@pytest.fixture
def mine(tmp_path) -> Path:
    """A copy of the seed register that may be edited."""
    folder = tmp_path / "register"
    folder.mkdir()
    for name in ("seed.csv", "seed-context.csv", "sources.toml"):
        shutil.copy(register_path("seed").parent / name, folder)
    return folder / "seed.csv"


def add(register: Path, **cells: str) -> None:
    """Add a row: the US killed and wounded with other cells."""
    lines = register.read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    row = dict.fromkeys(names, "") | {
        "role": "seed",
        "quantity": "killed",
        "mode": "cumulative",
        "scope": "Kursk",
        "relation": "original",
        "url": "https://example.org/a",
        "outlet": "an outlet",
        "speaker": "a speaker",
        "period_start": "2024-12-01",
        **cells,
    }
    register.write_text("\n".join([*lines, ",".join(row[name] for name in names)]) + "\n", encoding="utf-8")


def causes(comparison: changes.Comparison) -> list[bool]:
    """Whether the answer moved in each step."""
    reached, moved = comparison.before, []
    for step in comparison.steps:
        moved.append(step.answer.median != reached.median)
        reached = step.answer
    return moved


def test_a_first_edition_says_so():
    assert "first edition" in repr(changes_prose.since(None))
    assert json.loads(changes.to_json(None)) is None


def test_the_same_claims_and_model_are_no_change(tmp_path):
    one, other = edition(tmp_path / "1", "seed"), edition(tmp_path / "2", "seed")
    found = changes.compare(one, other, edition="seed-2024-12-19")
    assert found.same
    assert found.before == found.after
    assert causes(found) == [False, False, False]
    assert repr(changes_prose.since(found)).startswith("Nothing has changed since seed-2024-12-19: 2.8 % to 15.8 %")


def test_a_claim_that_came_is_evidence(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    add(mine, id="later", wording="at least 300", published="2024-12-21", as_of="2024-12-21", origin="NIS")
    other = edition(tmp_path / "2", mine, "2024-12-22")
    found = changes.compare(one, other, edition="seed-2024-12-19")
    assert [(came.id, came.wording, came.used_as) for came in found.came] == [
        ("later", "at least 300", "counted as loss")
    ]
    assert causes(found) == [False, False, True]
    assert found.steps[2].what == ('NIS: "at least 300" killed', "the day is 2024-12-22 instead of 2024-12-19")
    words = repr(changes_prose.since(found))
    assert "1 claim came, no rows corrected" in words
    assert "model none; data correction none; evidence from 8.2 % to 9.4 %" in words


def test_a_row_added_late_is_evidence_too(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    add(mine, id="late", wording="at least 300", published="2024-12-18", as_of="2024-12-18", origin="US DoD")
    found = changes.compare(one, edition(tmp_path / "2", mine), edition="seed-2024-12-19")
    assert [came.id for came in found.came] == ["late"]
    assert found.corrected == ()


def test_an_edited_row_is_a_data_correction(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    mine.write_text(mine.read_text().replace(",at least 100,", ",at least 200,"))
    found = changes.compare(one, edition(tmp_path / "2", mine, "2024-12-20"), edition="seed-2024-12-19")
    assert [one.what for one in found.corrected] == ["seed-nis-killed: wording edited"]
    assert found.came == ()
    assert causes(found) == [False, True, False]
    assert "no claims came" in repr(changes_prose.since(found)).lower()


def test_a_removed_row_is_a_data_correction(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    lines = mine.read_text().splitlines(keepends=True)
    gone = [line for line in lines if line.startswith("seed-headline-over-100")]
    assert len(gone) == 1
    mine.write_text("".join(line for line in lines if line not in gone))
    found = changes.compare(one, edition(tmp_path / "2", mine), edition="seed-2024-12-19")
    assert [one.what for one in found.corrected] == ["seed-headline-over-100 was removed"]
    assert causes(found) == [False, False, False]  # a restatement is never counted


def test_a_row_with_another_name_is_no_claim_that_came(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    text = mine.read_text(encoding="utf-8")
    mine.write_text(text.replace("\nseed-deployed,", "\ndeployed,"), encoding="utf-8")
    found = changes.compare(one, edition(tmp_path / "2", mine), edition="seed-2024-12-19")
    assert found.came == ()
    assert [row.what for row in found.corrected] == ["seed-deployed is named deployed now"]
    assert causes(found) == [False, False, False]


def test_a_row_named_and_worded_anew_is_the_same_figure_of_the_same_print(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    text = mine.read_text(encoding="utf-8")
    edited = text.replace("\nseed-deployed,", "\nother,").replace("around 10,000", "around 12,000")
    mine.write_text(edited, encoding="utf-8")
    found = changes.compare(one, edition(tmp_path / "2", mine), edition="seed-2024-12-19")
    assert found.came == ()
    assert "seed-deployed is named other now, and wording edited" in [row.what for row in found.corrected]
    # Of another print, one has come and the other has gone.
    (row,) = [line for line in edited.splitlines() if line.startswith("other,")]
    (url,) = [cell for cell in next(csv.reader([row])) if cell.startswith("http")]
    mine.write_text(edited.replace(row, row.replace(url, "https://example.org/another")), encoding="utf-8")
    found = changes.compare(one, edition(tmp_path / "3", mine), edition="seed-2024-12-19")
    assert [claim.id for claim in found.came] == ["other"]
    assert "seed-deployed was removed" in [row.what for row in found.corrected]


def test_an_origin_described_otherwise_is_a_data_correction(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    sources = mine.with_name("sources.toml")
    old = 'reporting = "third-party"'
    assert old in sources.read_text()
    sources.write_text(sources.read_text().replace(old, 'reporting = "none"'))
    found = changes.compare(one, edition(tmp_path / "2", mine), edition="seed-2024-12-19")
    assert "origin NIS is described otherwise" in [one.what for one in found.corrected]
    assert causes(found)[1]


def test_another_method_is_the_model(tmp_path):
    one = edition(tmp_path / "1", "seed")
    other = edition(tmp_path / "2", "seed", "2024-12-20", pool="median")
    found = changes.compare(one, other, edition="seed-2024-12-19")
    assert found.steps[0].what == ("pool is median, was linear",)
    assert causes(found) == [True, False, False]


def test_the_three_parts_lead_from_the_old_answer_to_the_new(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    mine.write_text(mine.read_text().replace(",at least 100,", ",at least 200,"))
    add(mine, id="later", wording="at least 300", published="2024-12-21", as_of="2024-12-21", origin="NIS")
    other = edition(tmp_path / "2", mine, "2024-12-22", width=2.0)
    found = changes.compare(one, other, edition="seed-2024-12-19")
    assert causes(found) == [True, True, True]
    # Each step is the run of its own that it says it is.
    wide = edition(tmp_path / "3", one / "seed.csv", width=2.0)
    assert found.steps[0].answer == changes.compare(wide, wide, edition="x").before
    assert found.steps[2].answer == found.after == changes.compare(other, other, edition="x").before
    table = repr(changes_prose.steps(found))
    assert "width is 2.0, was 1.0" in table
    assert "seed-nis-killed: wording edited" in table


def test_a_step_that_cannot_be_run_says_so(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    (one / "seed.csv").write_text("id,role\n")
    found = changes.compare(one, edition(tmp_path / "2", mine, width=2.0), edition="seed-2024-12-19")
    assert found.steps[0].answer is None
    assert "cannot be told apart from the next step" in found.steps[0].reason
    assert "model not told apart" in repr(changes_prose.since(replace(found)))


def test_the_record_is_plain_json(tmp_path, mine):
    one = edition(tmp_path / "1", mine)
    add(mine, id="later", wording="at least 300", published="2024-12-21", as_of="2024-12-21", origin="NIS")
    found = changes.compare(one, edition(tmp_path / "2", mine, "2024-12-22"), edition="seed-2024-12-19")
    record = json.loads(changes.to_json(found))
    assert record["came"][0]["id"] == "later"
    assert [step["cause"] for step in record["steps"]] == list(changes.CAUSES)
    assert record["after"]["median"] == found.after.median


def test_a_folder_without_results_is_wrong_input(tmp_path):
    with pytest.raises(InputError, match=r"1/results.json cannot be read"):
        changes.compare(tmp_path / "1", tmp_path / "2", edition="x")


def test_editions_of_different_levels_are_compared_at_a_level_that_both_have(tmp_path):
    one = edition(tmp_path / "1", "seed")
    other = edition(tmp_path / "2", "seed", level=0.85)
    found = changes.compare(one, other, edition="seed-2024-12-19")
    assert "(90 % interval)" in repr(changes_prose.since(found, level=0.85))
    assert "range (90 %)" in repr(changes_prose.steps(found, level=0.85))
