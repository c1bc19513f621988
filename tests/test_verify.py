"""An edition is sound as it was made, and each thing that can go wrong with it is found and named."""

import dataclasses
import html
import json
import random
import re
import shutil
from pathlib import Path

import pytest

from analysis import pipeline, report
from analysis.errors import InputError
from analysis.printed import numbers, read_printed
from analysis.verify import _compared, _computed_again, _documents, _record, verify
from analysis.visible import Block, visible
from tests.made_editions import manifest

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "report.ipynb"
NAME = "seed-2024-12-19"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """An edition of the seed, once; no claim is too old for it, so that it is no draft."""
    folder = tmp_path_factory.mktemp("made") / NAME
    outcome = report.render(report.Order(NOTEBOOK, folder, {}, max_age=36_500))
    assert outcome.status == "published", outcome.reasons
    return folder


@pytest.fixture
def edition(made, tmp_path) -> Path:
    """A copy to spoil, without its paper."""
    copied = Path(shutil.copytree(made, tmp_path / NAME))
    (copied / "report.pdf").unlink(missing_ok=True)
    manifest(copied)
    return copied


def states(verified) -> dict[str, str]:
    return {check.name: check.state for check in verified.checks}


def faults(folder: Path, *, signed: bool = True) -> dict[str, tuple[str, ...]]:
    """The faults by check; ``signed`` writes edition.json anew first, so that the digests fit what was spoilt."""
    if signed:
        manifest(folder)
    verified = verify(folder, again=False)
    assert verified.sound == all(check.state != "fault" for check in verified.checks)
    return {check.name: check.detail for check in verified.checks if check.state == "fault"}


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------- sound


def test_an_edition_as_it_was_made_is_sound(made):
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    verified = verify(made)
    assert verified.sound, verified.text()
    paper = "sound" if (made / "report.pdf").exists() else "not made"
    assert states(verified) == {
        "manifest": "sound",
        "files": "sound",
        "schemas": "sound",
        "register": "sound",
        "results.json again": "sound",
        "sensitivity.json again": "sound",
        "estimates.csv": "sound",
        "prov.json": "sound",
        "numbers in report.html": "sound",
        "numbers in report.pdf": paper,
    }
    assert verified.text().endswith(f"{NAME} is sound")
    assert len(verified.text().splitlines()) == len(verified.checks) + 1
    document = json.loads(verified.to_json())
    assert (document["edition"], document["sound"], len(document["checks"])) == (NAME, True, len(verified.checks))
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_another_notebooks_edition_has_its_files_checked_and_no_numbers(tmp_path):
    folder = tmp_path / "claims-2024-12-19"
    folder.mkdir()
    (folder / "report.html").write_text("<p>7 claims</p>")
    manifest(folder, notebook="claims.ipynb")
    verified = verify(folder)
    assert verified.sound
    assert verified.checks[-1].line == "numbers: not made; this edition has no results.json"


def test_what_is_no_edition_is_wrong_input(tmp_path):
    with pytest.raises(InputError, match=r"is no edition, expected a folder with edition\.json like reports/"):
        verify(tmp_path)


# ------------------------------------------------------------------------------------------------------------- files


def test_a_changed_a_missing_and_another_file_are_each_named(edition):
    (edition / "figures" / "answer.png").write_bytes(b"")
    (edition / "estimates.csv").unlink()
    (edition / "more.txt").write_text("")
    assert faults(edition, signed=False)["files"] == (
        "estimates.csv is missing",
        "more.txt is not in edition.json",
        "figures/answer.png has changed since edition.json was written",
    )


def test_a_symbolic_link_is_refused_whatever_it_leads_to(edition, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (edition / "report.html").rename(elsewhere)
    (edition / "report.html").symlink_to(elsewhere)
    shutil.move(edition / "figures", tmp_path / "figures")
    (edition / "figures").symlink_to(tmp_path / "figures")
    found = faults(edition, signed=False)["files"]
    assert found[:2] == (
        "figures is a symbolic link, expected a file",
        "report.html is a symbolic link, expected a file",
    )
    assert "report.html is missing" in found


def test_a_manifest_of_another_edition_or_none_that_can_be_read_is_a_fault(edition):
    other = edition.rename(edition.with_name("other-2024-12-19"))
    assert faults(other, signed=False)["manifest"] == (f"edition.json is of {NAME}, the folder is {other.name}",)
    replace(other / "edition.json", '"published"', '"final"')
    verified = verify(other)
    assert [check.state for check in verified.checks] == ["fault"]
    assert "status is 'final'" in verified.text()


def test_a_draft_says_so_on_its_page_and_why(edition):
    manifest(edition, status="draft", reasons=())
    found = {check.name: check.detail for check in verify(edition, again=False).checks if check.state == "fault"}
    assert found == {"manifest": ("a draft without a reason",), "draft mark": ("report.html does not say DRAFT",)}
    replace(edition / "report.html", "<h1", "<p>DRAFT: old claims</p><h1")
    manifest(edition, status="draft", reasons=("old claims",))
    verified = verify(edition, again=False)
    assert verified.sound
    assert verified.checks[0].line == f"manifest: sound; edition {NAME}, DRAFT: old claims"


def test_a_record_that_breaks_its_schema_is_named_and_the_rest_left_alone(edition):
    replace(edition / "results.json", '"kept": 1.0', '"kept": "all"')
    assert faults(edition) == {"schemas": ("results.json: kept: 'all' is not of type 'number'",)}
    (edition / "results.json").write_text("{")
    [told] = faults(edition)["schemas"]
    assert told.startswith("results.json is no JSON: ")


# ------------------------------------------------------------------------------------------------------- computed again


def again(folder: Path, *, same: bool = True) -> dict[str, object]:
    """The check of the numbers computed again; without sensitivity.json, which takes ten times as long."""
    documents, _ = _documents(folder)
    documents.pop("sensitivity.json")
    return {check.name: check for check in _computed_again(folder, documents, same=same)}


def test_a_number_that_the_register_does_not_give_is_found_with_its_size(edition):
    document = json.loads((edition / "results.json").read_text())
    document["estimates"][2]["median"] *= 1.02
    (edition / "results.json").write_text(json.dumps(document))
    check = again(edition)["results.json again"]
    assert check.state == "fault"
    assert check.detail[0] == "made with the same versions: 1 values differ, by 2 % at most"
    assert check.detail[1].startswith("results.json#/estimates/2/median: ")


def test_with_another_version_a_difference_is_a_finding(edition, monkeypatch):
    document = json.loads((edition / "results.json").read_text())
    document["versions"]["scipy"] = "1.0.0"
    (edition / "results.json").write_text(json.dumps(document))
    now = pipeline.versions()["scipy"]
    told = f"made with other versions (scipy 1.0.0, now {now})"
    assert again(edition)["results.json again"].detail == (f"the same numbers; {told}",)
    document["estimates"][2]["median"] *= 1.02
    (edition / "results.json").write_text(json.dumps(document))
    check = again(edition)["results.json again"]
    assert (check.state, check.detail[0]) == ("finding", f"{told}: 1 values differ, by 2 % at most")
    document["versions"]["scipy"] = now
    (edition / "results.json").write_text(json.dumps(document))
    assert again(edition, same=False)["results.json again"].state == "finding"
    assert again(edition)["results.json again"].state == "fault"


def test_rounding_of_another_processor_is_no_difference(edition):
    document = json.loads((edition / "results.json").read_text())
    document["estimates"][2]["median"] *= 1 + 1e-11
    (edition / "results.json").write_text(json.dumps(document))
    check = again(edition)["results.json again"]
    assert check.state == "sound"
    assert "to a relative difference of 1e-11" in check.detail[0]


def test_a_register_that_was_edited_afterwards_is_found(edition):
    replace(edition / "seed.csv", "several hundred", "several thousand")
    assert faults(edition)["register"] == ("seed.csv is not the file that results.json was made of",)
    assert again(edition)["results.json again"].state == "fault"


def test_a_register_that_cannot_be_read_is_a_fault_and_no_crash(edition):
    replace(edition / "seed.csv", "2024-12-19", "2024-13-19")
    [line] = again(edition)["results.json again"].detail
    assert "expected a date like 2024-12-19" in line


def test_a_table_and_a_provenance_that_say_otherwise_are_found(edition):
    rows = (edition / "estimates.csv").read_text().splitlines()
    rows[3] = rows[3].replace("pool", "NIS", 1)
    (edition / "estimates.csv").write_text("\n".join(rows[:-1]) + "\n")
    document = json.loads((edition / "prov.json").read_text())
    document["entity"]["estimate:killed"]["term:low"] = "1"
    document["entity"]["file:seed.csv"]["term:sha256"] = "0" * 64
    (edition / "prov.json").write_text(json.dumps(document))
    found = faults(edition)
    assert found["estimates.csv"] == (f"line 4: {rows[3]!r}", "1 lines are missing")
    assert found["prov.json"][0].startswith("estimate:killed: term:low is '1', results.json has ")
    assert found["prov.json"][1] == "seed.csv has another digest than in results.json"


# ------------------------------------------------------------------------------------------------------------ in print

PLACES = {
    "the headline": (r"<strong>By [^<]* at (\d+\.\d)", "put the killed and wounded at"),
    "its centre": (r"<strong>By [^<]*centre (\d+\.\d)", "put the killed and wounded at"),
    "soldiers": (r"<p>In soldiers: (\d+)", "In soldiers:"),
    "a probability": (r"\(likely, (\d+) %\)", "Probability that"),
    "a count": (r"the register holds (\d+) claims", "the register holds"),
    "a cell of the estimates": (
        r"<td>casualties, of the force *</td>(?:<td[^>]*>[^<]*</td>){2}<td[^>]*> *(\d)",
        "casualties",
    ),
    "a mean": (r"<td>killed *</td>(?:<td[^>]*>[^<]*</td>){5}<td[^>]*> *(\d+)", "killed | "),
    "an origin alone": (r"NIS alone would give (\d+)", "The origins differ"),
    "what drives the width": (r"which origin is right (\d+) %", "What drives the width: "),
    "the envelope": (r"the upper end between (\d+)", "Whatever the choice"),
    "a standard error": (
        r"<td>wounded per killed *</td>(?:<td[^>]*>[^<]*</td>){1}<td[^>]*> *0\.00(\d)",
        "wounded per killed",
    ),
    "a claim": ('"at least (100)" killed', "at least"),
    "the draws": (r"scrambled Sobol replicates of (\d)", "draws | "),
    "a digest": (r">([0-9a-f]{64})", "SHA-256"),
    "a picture's text": (r"alt=\"Quantile dotplot of 50 dots: (\d)", "Quantile dotplot"),
}


@pytest.fixture(scope="module")
def record(made):
    documents, _ = _documents(made)
    return _record(made, manifest(made), documents)


@pytest.mark.parametrize("place", PLACES)
def test_one_digit_changed_in_the_page_is_found_and_named(made, record, place):
    pattern, sentence = PLACES[place]
    page = (made / "report.html").read_text(encoding="utf-8")
    match = re.search(pattern, page)
    assert match, place
    number = match[1]
    wrong = f"{'1' if number[0] != '1' else '2'}{number[1:]}"
    found = read_printed(visible(page[: match.start(1)] + wrong + page[match.end(1) :]), record).loose
    assert any(wrong in one.text and sentence in one.sentence for one in found), found


def test_a_wrong_digit_makes_an_edition_unsound_though_its_digests_fit(edition):
    replace(edition / "report.html", "In soldiers: 290 to", "In soldiers: 390 to")
    found = faults(edition)
    assert list(found) == ["numbers in report.html"]
    low = next(one for one in found["numbers in report.html"] if one.startswith("390 (the record has 28"))
    assert "results.json#/estimates/2) in: In soldiers: 390 to " in low


def changed(block: Block, at: int, digit: str) -> Block:
    """A block with another digit at a place of its text; cells likewise."""
    text = block.text[:at] + digit + block.text[at + 1 :]
    cells = tuple(text.split(" | ")) if block.cells else ()
    return dataclasses.replace(block, text=text, cells=cells)


def test_of_single_digits_changed_anywhere_nearly_all_are_found(made, record):
    """
    Five hundred changes, each alone, of any digit of any number on the page.

    Of all 2,401 digits changed once each, 99.7 % were found; most of the rest print the right value to more places.
    0.985 is more than four standard errors of such a sample below that.
    """
    blocks = visible((made / "report.html").read_text(encoding="utf-8"))
    plain = [block for block in blocks if not block.cells or len(block.text.split(" | ")) == len(block.cells)]
    spots = [(block, at) for block in plain for a, b in numbers(block.text) for at in range(a, b)]
    spots = [(block, at) for block, at in spots if block.text[at].isdecimal()]
    rng = random.Random(20241219)
    chosen = rng.sample(spots, 500)
    spoilt = [changed(block, at, rng.choice([d for d in "0123456789" if d != block.text[at]])) for block, at in chosen]
    alone = {block for block, _ in chosen}
    assert read_printed(list(alone), record).loose == ()
    found = {one.sentence for one in read_printed(spoilt, record).loose}
    caught = sum(block.text in found or any(cell in found for cell in block.cells if cell) for block in spoilt)
    assert caught >= 0.985 * len(spoilt)


# ---------------------------------------------------------------------------------------------------------- on paper


def test_the_numbers_of_a_paper_are_those_of_the_page(browser, made, edition):
    shutil.copy(made / "report.pdf", edition / "report.pdf")
    manifest(edition)
    check = verify(edition, again=False).checks[-1]
    assert (check.name, check.state) == ("numbers in report.pdf", "sound"), check.detail
    replace(edition / "report.html", "In soldiers: ", "In soldiers, 47: ")
    assert "47 is 1 times on the page and not on the paper" in faults(edition)["numbers in report.pdf"]


def test_what_a_paper_may_have_more(edition):
    headings = ("loss", "90 %")
    page = [Block("row", "loss | 90 %", (), headings), Block("row", "killed | 46", headings, ("killed", "46"))]
    page += [Block("alt", "A chart of 7"), Block("code", "x = 8"), Block("contents", "9")]
    ours = [["loss 90 %", "killed 46", "1"], ["loss 90 %", "2"]]  # pages are numbered, and the table runs on
    assert _compared(page, ours).state == "sound"
    assert _compared(page, [["loss 90 %", "killed 46", "3"]]).detail == (
        "3 is 1 times on the paper and not on the page",
    )
    assert _compared(page, [["loss 90 %", "killed 45"]]).detail == (
        "46 is 1 times on the page and not on the paper",
        "45 is 1 times on the paper and not on the page",
    )


def test_the_number_of_an_address_may_be_broken_over_lines():
    page = [Block("text", "https://example.org/7489788 and 290")]
    assert _compared(page, [["https://example.org/74", "89788 and 290"]]).state == "sound"
    assert _compared(page, [["https://example.org/74", "89789 and 290"]]).state == "fault"
    assert _compared(page, [["https://example.org/7489788 and 2", "90"]]).state == "fault"  # no estimate may


def test_a_paper_that_is_none_is_a_fault(edition):
    (edition / "report.pdf").write_bytes(b"%PDF-no")
    [line] = faults(edition)["numbers in report.pdf"]
    assert line.startswith("report.pdf cannot be read as a PDF: ")


def test_hostile_text_in_a_page_stays_text_in_what_is_said(edition):
    replace(edition / "report.html", "In soldiers: ", f"In soldiers 4711 {html.escape('<script>')}: ")
    [line] = [one for one in faults(edition)["numbers in report.html"] if one.startswith("4711")]
    assert "\n" not in line
