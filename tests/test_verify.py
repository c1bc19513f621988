"""An edition is sound as it was made, and each thing that can go wrong with it is found and named."""

import dataclasses
import html
import json
import os
import random
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbformat.v4 import new_markdown_cell

from analysis import pipeline, report
from analysis.__main__ import cli
from analysis.errors import InputError
from analysis.manifest import Edition, Previous, digest, read_edition, write_edition
from analysis.printed import numbers, read_printed
from analysis.recomputed import computed_again
from analysis.traced import compared, record_of
from analysis.verdicts import UNSIGNED, Check, Verified
from analysis.verify import _documents, verify
from analysis.visible import Block, visible
from tests.made_notebooks import parameters, write

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "report.ipynb"
NAME = "seed-2024-12-19"
LATER = "seed-2025-03-01"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """An edition of the seed, once; no claim is too old for it, so that it is no draft."""
    folder = tmp_path_factory.mktemp("made") / NAME
    outcome = report.render(report.Order(NOTEBOOK, folder, {}, max_age=36_500))
    assert outcome.status == "published", outcome.reasons
    return folder


@pytest.fixture
def edition(made, tmp_path) -> Path:
    return unprinted(made, tmp_path)


@pytest.fixture(scope="module")
def draft(made) -> Path:
    """The edition of a later day beside it: compared with it, and a draft, since its claims are old."""
    folder = made.with_name(LATER)
    outcome = report.render(report.Order(NOTEBOOK, folder, {"as_of": "2025-03-01"}))
    assert outcome.status == "draft", outcome.reasons
    return folder


@pytest.fixture
def later(draft, tmp_path) -> Path:
    return unprinted(draft, tmp_path)


def unprinted(folder: Path, target: Path) -> Path:
    """A copy to spoil, without its paper."""
    copied = Path(shutil.copytree(folder, target / folder.name))
    (copied / "report.pdf").unlink(missing_ok=True)
    sign(copied)
    return copied


def sign(folder: Path, *, inputs: dict[str, object] | None = None, **changed: object) -> Edition:
    """Write the digests of edition.json anew, so that they fit what was spoilt, and whatever else is given."""
    was = read_edition(folder)
    files = {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "edition.json"
    }
    edition = dataclasses.replace(was, files=files, inputs=dataclasses.replace(was.inputs, **inputs or {}), **changed)
    write_edition(edition, folder)
    return edition


def states(verified) -> dict[str, str]:
    return {check.name: check.state for check in verified.checks}


def faults(folder: Path, *, signed: bool = True) -> dict[str, tuple[str, ...]]:
    """The faults by check; ``signed`` writes edition.json anew first, so that the digests fit what was spoilt."""
    if signed:
        sign(folder)
    verified = verify(folder, again=False)
    found = {check.name: check.detail for check in verified.checks if check.state == "fault"}
    assert (verified.verdict, verified.code) == (("not sound", 1) if found else ("sound", 0))
    return found


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
        "names": "sound",
        "schemas": "sound",
        "inputs": "sound",
        "edition before": "sound",
        "register": "sound",
        "results.json again": "sound",
        "sensitivity.json again": "sound",
        "estimates.csv": "sound",
        "prov.json": "sound",
        "gates": "sound",
        "compliance.json": "sound",
        "notebook": "sound",
        "notebook's source": "sound",
        "page again": "sound",
        "numbers in report.html": "sound",
        "numbers in report.pdf": paper,
    }
    assert verified.text().endswith(f"{NAME} is sound")
    assert verified.text().splitlines()[-2] == f"signature: none; {UNSIGNED}"
    assert len(verified.text().splitlines()) == len(verified.checks) + 2
    document = json.loads(verified.to_json())
    assert (document["edition"], document["verdict"], document["signed"]) == (NAME, "sound", False)
    assert len(document["checks"]) == len(verified.checks)
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_a_draft_as_it_was_made_is_sound_and_so_is_what_it_is_compared_with(draft):
    verified = verify(draft)
    assert verified.sound, verified.text()
    checks = {check.name: check.detail[0] for check in verified.checks}
    assert checks["edition before"] == f"{NAME}, as it was compared with"
    assert checks["gates"] == "it meets 1 gates"
    assert checks["changes.json again"].startswith("the same numbers")


def test_an_edition_without_a_paper_is_sound_and_says_that_it_has_none(edition):
    check = verify(edition, again=False).checks[-1]
    assert (check.name, check.state) == ("numbers in report.pdf", "not made")
    assert check.detail == ("edition.json lists no report.pdf: there was no browser to print it, or it was taken out",)
    assert faults(edition) == {}


OWN = "# Claims\n\nThere are 7."


@pytest.fixture(scope="module")
def others_edition(tmp_path_factory) -> tuple[Path, Path]:
    """An edition of a notebook that somebody wrote, and that notebook."""
    place = tmp_path_factory.mktemp("own")
    notebook = write(place / "own.ipynb", parameters('as_of = "2024-12-19"'), new_markdown_cell(OWN))
    outcome = report.render(report.Order(notebook, place / "own-2024-12-19", {}))
    assert outcome.status == "published", outcome.reasons
    return outcome.order.target, notebook


def test_numbers_that_nothing_traces_are_not_confirmed(others_edition):
    folder, notebook = others_edition
    verified = verify(folder, notebook=notebook)
    assert (verified.verdict, verified.code) == ("not confirmed", 4), verified.text()
    told = "no fault was found, and this could not be decided here: numbers in report.html"
    assert verified.text().endswith(f"own-2024-12-19 is not confirmed: {told}")
    line = "not confirmed; this edition has no results.json, so that nothing says where its numbers come from"
    assert f"numbers in report.html: {line}" in verified.text()


def test_words_of_a_notebook_that_is_not_here_are_not_confirmed(others_edition):
    folder, _ = others_edition
    [check] = [check for check in verify(folder).checks if check.name == "notebook's source"]
    assert (check.state, check.detail[0].startswith("there is no own.ipynb here: ")) == ("not confirmed", True)


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


def test_a_draft_says_so_on_its_page_and_why(later):
    reasons = read_edition(later).reasons
    assert verify(later, again=False).checks[0].line == f"manifest: sound; edition {LATER}, DRAFT: {reasons[0]}"
    page = (later / "report.html").read_text(encoding="utf-8")
    (later / "report.html").write_text(page.replace("DRAFT", "").replace(reasons[0], ""), encoding="utf-8")
    found = faults(later)
    assert found["draft mark"] == ("report.html does not say DRAFT",)
    assert "page again" in found
    sign(later, reasons=())
    assert "a draft without a reason" in faults(later, signed=False)["manifest"]


def test_a_record_that_breaks_its_schema_is_named_and_the_rest_left_alone(edition):
    replace(edition / "results.json", '"kept": 1.0', '"kept": "all"')
    assert faults(edition) == {"schemas": ("results.json: kept: 'all' is not of type 'number'",)}
    (edition / "results.json").write_text("{")
    [told] = faults(edition)["schemas"]
    assert told.startswith("results.json is no JSON: ")


# ------------------------------------------------------------------------------------------------------- computed again


def again(folder: Path, *, same: bool = True) -> dict[str, object]:
    """The check of the numbers computed again; without sensitivity.json, which takes ten times as long."""
    edition = read_edition(folder)
    documents, _ = _documents(folder, edition)
    documents.pop("sensitivity.json")
    return {check.name: check for check in computed_again(folder, edition, documents, same=same)}


def test_a_number_that_the_register_does_not_give_is_found_with_its_size(edition):
    document = json.loads((edition / "results.json").read_text())
    document["estimates"][2]["median"] *= 1.02
    (edition / "results.json").write_text(json.dumps(document))
    check = again(edition)["results.json again"]
    assert check.state == "fault"
    assert check.detail[0] == "made with the same versions: 1 values differ, by 2 % at most"
    assert check.detail[1].startswith("results.json#/estimates/2/median: ")


def test_with_another_version_a_difference_is_not_confirmed(edition, monkeypatch):
    document = json.loads((edition / "results.json").read_text())
    document["versions"]["scipy"] = "1.0.0"
    (edition / "results.json").write_text(json.dumps(document))
    now = pipeline.versions()["scipy"]
    told = f"made with other versions (scipy 1.0.0, now {now})"
    assert again(edition)["results.json again"].detail == (f"the same numbers; {told}",)
    document["estimates"][2]["median"] *= 1.02
    (edition / "results.json").write_text(json.dumps(document))
    check = again(edition)["results.json again"]
    assert (check.state, check.detail[0]) == ("not confirmed", f"{told}: 1 values differ, by 2 % at most")
    document["versions"]["scipy"] = now
    (edition / "results.json").write_text(json.dumps(document))
    assert again(edition, same=False)["results.json again"].state == "not confirmed"
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
    documents, _ = _documents(made, read_edition(made))
    return record_of(made, read_edition(made), documents)


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
    assert list(found) == ["page again", "numbers in report.html"]
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
    sign(edition)
    check = verify(edition, again=False).checks[-1]
    assert (check.name, check.state) == ("numbers in report.pdf", "sound"), check.detail
    replace(edition / "report.html", "In soldiers: ", "In soldiers, 47: ")
    assert "47 is 1 times on the page and not on the paper" in faults(edition)["numbers in report.pdf"]


def test_what_a_paper_may_have_more(edition):
    headings = ("loss", "90 %")
    page = [Block("row", "loss | 90 %", (), headings), Block("row", "killed | 46", headings, ("killed", "46"))]
    page += [Block("alt", "A chart of 7"), Block("code", "x = 8"), Block("contents", "9")]
    ours = [["loss 90 %", "killed 46", "1"], ["loss 90 %", "2"]]  # pages are numbered, and the table runs on
    assert compared(page, ours).state == "sound"
    assert compared(page, [["loss 90 %", "killed 46", "3"]]).detail == (
        "3 is 1 times on the paper and not on the page",
    )
    assert compared(page, [["loss 90 %", "killed 45"]]).detail == (
        "46 is 1 times on the page and not on the paper",
        "45 is 1 times on the paper and not on the page",
    )


def test_the_number_of_an_address_may_be_broken_over_lines():
    page = [Block("text", "https://example.org/7489788 and 290")]
    assert compared(page, [["https://example.org/74", "89788 and 290"]]).state == "sound"
    assert compared(page, [["https://example.org/74", "89789 and 290"]]).state == "fault"
    assert compared(page, [["https://example.org/7489788 and 2", "90"]]).state == "fault"  # no estimate may


def test_a_paper_that_is_none_is_a_fault(edition):
    (edition / "report.pdf").write_bytes(b"%PDF-no")
    [line] = faults(edition)["numbers in report.pdf"]
    assert line.startswith("report.pdf cannot be read as a PDF: ")


def test_hostile_text_in_a_page_stays_text_in_what_is_said(edition):
    replace(edition / "report.html", "In soldiers: ", f"In soldiers 4711 {html.escape('<script>')}: ")
    [line] = [one for one in faults(edition)["numbers in report.html"] if one.startswith("4711")]
    assert "\n" not in line


# ------------------------------------------------------------------------------------- digests that fit what was spoilt


def test_what_another_program_printed_is_not_confirmed_though_all_digests_fit(edition):
    replace(edition / "report.html", "In soldiers: 290 to", "In soldiers: 390 to")
    sign(edition, inputs={"code": "0" * 64})
    verified = verify(edition, again=False)
    assert (verified.verdict, verified.code) == ("not confirmed", 4)
    assert {check.name for check in verified.checks if check.state == "not confirmed"} == {
        "fingerprint",
        "compliance.json",
        "page again",
        "numbers in report.html",
    }


@pytest.mark.parametrize("kept", [True, False])
def test_an_edition_of_the_report_without_its_record_is_no_sound_one(edition, kept):
    names = ["results.json"] if kept else ["results.json", "estimates.csv", "prov.json", "changes.json"]
    for name in names:
        (edition / name).unlink()
    assert faults(edition)["names"] == tuple(
        f"{name} belongs to such an edition and is not in edition.json" for name in sorted(names)
    )


def test_a_draft_that_was_made_a_published_edition_by_hand_is_found(later):
    reason = read_edition(later).reasons[0]
    page = (later / "report.html").read_text(encoding="utf-8")
    (later / "report.html").write_text(page.replace("DRAFT", "").replace(reason, ""), encoding="utf-8")
    sign(later, status="published", reasons=())
    found = faults(later, signed=False)
    assert found["gates"] == (
        "status is 'published', the record has 'draft'",
        f"edition.json does not say that {reason}",
    )
    assert found["draft mark"] == ("report.ipynb says that this is a draft",)
    assert "page again" in found


def test_a_page_that_says_draft_is_not_of_a_published_edition(edition):
    replace(edition / "report.html", "<h1", "<p>DRAFT: old claims</p><h1")
    assert faults(edition)["draft mark"] == ("report.html says DRAFT, and edition.json does not",)


def test_an_approval_that_was_written_in_by_hand_is_found(later):
    sign(later, status="published", reasons=(), approved="A. Minister: fine")
    assert "approved is 'A. Minister: fine', what was asked for has None" in faults(later, signed=False)["gates"]


@pytest.mark.parametrize(
    ("changed", "check", "told"),
    [
        ({"register": "public-record"}, "inputs", "register is 'public-record', results.json has 'seed'"),
        ({"as_of": date(2025, 12, 19)}, "inputs", "as_of is '2025-12-19', results.json has '2024-12-19'"),
        ({"title": "All were killed"}, "notebook", "title is 'All were killed', the notebook has 'What share of the"),
        ({"approved": "A. Minister"}, "gates", "approved is 'A. Minister', what was asked for has None"),
        ({"status": "draft", "reasons": ("so",)}, "gates", "the record does not say that so"),
        ({"inputs": {"sha256": "1" * 64}}, "fingerprint", "inputs.sha256 is not that of the inputs that edition.json"),
        (
            {"inputs": {"files": {"seed.csv": "0" * 64}}},
            "inputs",
            f"inputs.files.seed.csv is '{'0' * 64}', results.json",
        ),
        ({"inputs": {"parameters": {"level": 0.5}}}, "inputs", "inputs.parameters.level is 0.5, results.json has 0.9"),
        ({"inputs": {"versions": {"numpy": "1"}}}, "inputs", "inputs.versions.numpy is '1', results.json has "),
        (
            {"previous": Previous(edition="seed-2020-01-01", results_sha256="0" * 64, code="0" * 64)},
            "edition before",
            "seed-2020-01-01 is named, and changes.json or previous/ has it not",
        ),
    ],
)
def test_each_field_of_the_manifest_is_held_against_the_record(edition, changed, check, told):
    sign(edition, **changed)
    found = faults(edition, signed=False)
    assert any(line.startswith(told) for line in found[check]), found


def test_the_edition_before_is_held_against_its_copy_and_what_is_said_of_it(later):
    last = read_edition(later).previous
    sign(later, previous=dataclasses.replace(last, edition="seed-2020-01-01", results_sha256="0" * 64))
    kept = digest(later / "previous" / "results.json")
    assert faults(later, signed=False)["edition before"] == (
        f"previous.edition is 'seed-2020-01-01', changes.json has '{NAME}'",
        f"previous.results_sha256 is '{'0' * 64}', previous/results.json has '{kept}'",
    )


def test_a_claim_that_never_came_is_found_in_what_changed(later):
    document = json.loads((later / "changes.json").read_text())
    came = {"id": "x", "origin": "NIS", "wording": "9", "quantity": "killed", "published": "2025-02-01"}
    document["came"] = [{**came, "outlet": "BBC", "used_as": "counted as loss"}]
    (later / "changes.json").write_text(json.dumps(document))
    check = again(later)["changes.json again"]
    assert check.state == "fault"
    assert check.detail[1].startswith("changes.json#/came: ")


def test_a_requirement_that_is_met_by_hand_is_found(edition):
    replace(edition / "compliance.json", '"state": "not met"', '"state": "met"')
    [line] = faults(edition)["compliance.json"]
    assert re.match(r"C\d\d is 'met' \(.*\); the check finds 'not met' \(", line)


SPOILT_PAGES = {
    "words": "<p>Nine in ten of the soldiers were killed.</p>",
    "a script": "<script>document.title = 1</script>",
    "a handler": '<p onclick="x()">more</p>',
    "text of a style": '<style>h1+style+p::before{content:"99 % killed"}</style><p></p>',
    "a picture that holds text": '<img alt="" src="data:image/svg+xml,%3Csvg%3E%3Ctext%3E99%25%3C/text%3E%3C/svg%3E">',
    "a marked section that stops Python's reader": "<![x",
}


@pytest.mark.parametrize("place", SPOILT_PAGES)
def test_what_the_notebook_does_not_give_is_no_part_of_the_page(edition, place):
    replace(edition / "report.html", "</h1>", f"</h1>{SPOILT_PAGES[place]}")
    found = faults(edition)
    assert "page again" in found
    assert ("page" in found) == (place in {"a script", "a handler"})


def test_a_script_is_a_fault_whoever_made_the_page(edition):
    replace(edition / "report.html", "</h1>", "</h1><script>document.title = 1</script>")
    sign(edition, inputs={"code": "0" * 64})
    assert faults(edition, signed=False)["page"] == ("<script> in report.html; a page runs nothing and loads nothing",)


def test_words_that_were_written_into_notebook_and_page_alike_are_found(edition):
    for name in ("report.html", "report.ipynb"):
        replace(edition / name, "Probability that", "It is certain that")
    text = (edition / "report.ipynb").read_text()
    (edition / "report.ipynb").write_text(text.replace("# What share of", "# Nine in ten, which share of", 1))
    found = faults(edition)
    assert found["notebook's source"][0].startswith("text '# Nine in ten, which share of the force")
    assert found["notebook"][0].startswith("title is 'What share of the force has been lost?'")


def test_another_parameter_in_the_notebook_is_found(edition):
    replace(edition / "report.ipynb", "level = 0.9\\n", "level = 0.5\\n")
    assert "level is 0.5 in the notebook, 0.9 in edition.json" in faults(edition)["notebook"]


def test_a_figure_that_is_no_picture_of_the_notebook_is_found(edition):
    shutil.copy(edition / "figures" / "plane.png", edition / "figures" / "answer.png")
    shutil.copy(edition / "figures" / "plane.svg", edition / "figures" / "readings.svg")
    found = faults(edition)
    assert found["page again"][0].startswith("report.html is not what this program makes of report.ipynb: ")
    (edition / "figures" / "answer.png").write_bytes(b"<svg/>")
    assert faults(edition)["notebook"] == ("figures/answer.png is no picture of the notebook",)


def test_a_file_of_no_such_edition_is_a_fault_though_its_digest_is_listed(edition):
    (edition / "extra.html").write_text("99 %")
    assert faults(edition)["names"] == ("extra.html is no file of such an edition",)
    (edition / "empty").mkdir()
    assert faults(edition)["files"] == ("empty is an empty folder, expected a file",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such file")
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(edition):
    (edition / "report.html").unlink()
    os.mkfifo(edition / "report.html")
    verified = verify(edition, again=False)
    assert verified.checks[1].detail[0] == "report.html is neither a file nor a folder, expected a file"
    assert verified.checks[-1].line == "the rest: not made; nothing is read beside what is no file"


# ------------------------------------------------------------------------------------------------ files that are broken

BROKEN = {
    "sources.toml": (b"x = = ", "numbers in report.html"),
    "report.ipynb": (b"{", "page again"),
    "estimates.csv": (b"\xff\xfe", "estimates.csv"),
    "seed.csv": (b"\xff\xfe", "numbers in report.html"),
    "results.json": (b"[" * 100_000, "schemas"),
    "changes.json": (b"[]", "gates"),
    "compliance.json": (b"{}", "compliance.json"),
    "prov.json": (b'{"entity":[]}', "prov.json"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_not_what_it_should_be_is_a_fault_and_no_crash(edition, name):
    content, check = BROKEN[name]
    (edition / name).write_bytes(content)
    found = faults(edition)
    assert check in found, found


def test_a_notebook_without_cells_and_a_provenance_that_is_a_list_are_faults(edition):
    (edition / "report.ipynb").write_text("{}")
    (edition / "prov.json").write_text("[]")
    found = faults(edition)
    assert found["prov.json"] == ("cannot be checked: TypeError: list indices must be integers or slices, not str",)
    assert "page again" in found


def test_a_register_that_leads_out_of_the_folder_is_not_read(edition):
    document = json.loads((edition / "results.json").read_text())
    document["register"]["name"] = "../elsewhere"
    document["register"]["files"]["../elsewhere.csv"] = "0" * 64
    (edition / "results.json").write_text(json.dumps(document))
    assert again(edition)["results.json again"].detail == ("../elsewhere.csv is not in edition.json",)
    assert faults(edition)["register"] == ("../elsewhere.csv is not the file that results.json was made of",)


# ----------------------------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize(("code", "state"), [(0, "sound"), (1, "fault"), (4, "not confirmed")])
def test_the_exit_code_says_which_of_three(monkeypatch, edition, code, state):
    verified = Verified(NAME, (Check("files", state, ("so it is",)),))
    monkeypatch.setattr("analysis.verify.verify", lambda *_, **__: verified)
    result = CliRunner().invoke(cli, ["verify", str(edition)])
    assert result.exit_code == code
    assert f"files: {state}; so it is" in result.output
    assert "nothing here is signed" in result.output
