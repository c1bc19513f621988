"""The whole way from the command line: editions of three days, what changed, a draft, its approval, no work twice."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from analysis.claims import register_path
from analysis.manifest import digest, read_edition
from analysis.paper import find_browser
from analysis.report import Order, Outcome, altered, render
from tests.made_notebooks import parameters, write

DAYS = ("2024-12-19", "2024-12-20", "2025-02-01")
QUICK = ("--digits", "1")  # few draws are enough for one digit


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, on a pinned day."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1738396800"}  # 2025-02-01
    command = [sys.executable, "-m", "analysis", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Path:
    """Editions of three days, the last of them asked for as today, rendered two at a time."""
    folder = tmp_path_factory.mktemp("three")
    done = call(folder, "render", "seed", *QUICK, "--as-of", "2024-12-19,2024-12-20,today", "--jobs", "2", "--fast")
    assert done.returncode == 3
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
        f"reports/seed-{day}/report.html" for day in DAYS
    ]
    # Of the lines of the last one; a machine without a browser has one more for each.
    assert done.stderr.splitlines()[-1] == (
        "casualty-report: seed-2025-02-01 is a DRAFT: the newest claim is 44 days old on 2025-02-01; "
        "drafts begin after 30 days (--max-age)"
    )
    return folder / "reports"


def test_each_is_whole_and_says_what_it_is_made_of(reports):
    for day in DAYS:
        edition = read_edition(reports / f"seed-{day}")
        assert altered(reports / f"seed-{day}", edition) == ()
        held = {file.relative_to(reports / f"seed-{day}").as_posix() for file in (reports / f"seed-{day}").rglob("*")}
        assert set(edition.files) == {
            name for name in held - {"edition.json"} if (reports / f"seed-{day}" / name).is_file()
        }
        assert ("report.pdf" in edition.files) == (find_browser() is not None)
        assert edition.inputs.parameters["as_of"] == day
        assert edition.rendered.isoformat() == "2025-02-01T08:00:00+00:00"


def test_each_says_what_changed_since_the_one_before(reports):
    first, second, third = ((reports / f"seed-{day}" / "report.html").read_text() for day in DAYS)
    assert "This is the first edition in its folder" in first
    assert "in seed-2024-12-19" in second
    assert "the day is 2024-12-20 instead of 2024-12-19" in second
    previous = read_edition(reports / "seed-2024-12-20").previous
    assert previous.edition == "seed-2024-12-19"
    assert previous.results_sha256 == digest(reports / "seed-2024-12-19" / "results.json")
    assert digest(reports / "seed-2024-12-20" / "previous" / "results.json") == previous.results_sha256
    assert read_edition(reports / "seed-2025-02-01").previous.edition == "seed-2024-12-20"
    assert "in seed-2024-12-20" in third


def test_a_draft_is_marked_in_page_notebook_and_index(reports):
    folder = reports / "seed-2025-02-01"
    edition = read_edition(folder)
    assert (edition.status, len(edition.reasons)) == ("draft", 1)
    assert not edition.title.startswith("filled in")  # the comment of the cell that holds the mark
    assert edition.title
    page = (folder / "report.html").read_text()
    assert "<title>DRAFT" in page
    assert "44 days old" in page
    executed = json.loads((folder / "report.ipynb").read_text())
    assert executed["cells"][0]["id"] == "edition-draft"
    index = (reports / "index.html").read_text()
    assert index.count("44 days old") >= 1
    assert "DRAFT" in index
    assert "DRAFT" in (reports / "feed.xml").read_text()
    assert "<title>DRAFT" not in (reports / "seed-2024-12-20" / "report.html").read_text()


def test_what_has_not_changed_is_not_made_again(reports):
    before = (reports / "seed-2024-12-19" / "edition.json").stat()
    done = call(reports.parent, "render", "seed", *QUICK, "--as-of", "2024-12-19")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reports/seed-2024-12-19/report.html: nothing has changed; ")
    after = (reports / "seed-2024-12-19" / "edition.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_made_again_it_has_the_same_bytes(reports):
    folder = reports / "seed-2024-12-20"
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    done = call(reports.parent, "render", "seed", *QUICK, "--as-of", "2024-12-20", "--again", "--timings")
    assert done.returncode == 0
    assert "nothing has changed" not in done.stdout
    assert {"notebook", "page", "print", "all"} <= {line.split()[0] for line in done.stderr.splitlines() if line}
    after = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert before.keys() == after.keys()
    for file, content in before.items():
        assert content == after[file], file.name


def test_a_person_may_approve_a_draft_of_old_claims(reports, tmp_path):
    done = call(reports.parent, "render", "seed", *QUICK, "--as-of", "today", "--approve", "A. Reader: no news since")
    assert done.returncode == 0
    assert "DRAFT" not in done.stderr
    edition = read_edition(reports / "seed-2025-02-01")
    assert (edition.status, edition.reasons, edition.approved) == ("published", (), "A. Reader: no news since")
    page = (reports / "seed-2025-02-01" / "report.html").read_text()
    assert "A. Reader: no news since" in page
    assert "<title>DRAFT" not in page
    assert "44 days old" in page  # what was approved is said
    # The next morning's plain command finds the very same approved, and lets it be.
    again = call(reports.parent, "render", "seed", *QUICK, "--as-of", "today")
    assert (again.returncode, "nothing has changed" in again.stdout) == (0, True)
    assert read_edition(reports / "seed-2025-02-01").approved == "A. Reader: no news since"
    # What is no longer the same is a draft again.
    other = call(reports.parent, "render", "seed", *QUICK, "--as-of", "today", "--max-age", "29")
    assert other.returncode == 3
    assert read_edition(reports / "seed-2025-02-01").approved is None


@pytest.mark.parametrize("name", ["../seed", "a\nb", "-x", "..", "mine/../../seed.csv", "x" * 300])
def test_names_that_lead_elsewhere_are_wrong_input(tmp_path, name):
    done = call(tmp_path, "render", "--", name)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "reports").exists()


def test_an_edition_that_was_tampered_with_is_not_compared_with(reports, tmp_path):
    results = reports / "seed-2024-12-20" / "results.json"
    kept = results.read_bytes()
    results.write_bytes(kept.replace(b"0.0", b"0.1", 1))
    try:
        done = call(reports.parent, "render", "seed", *QUICK, "--as-of", "2024-12-21")
    finally:
        results.write_bytes(kept)
    assert "seed-2024-12-20 is not as it was made (results.json); not compared with it" in done.stderr
    assert read_edition(reports / "seed-2024-12-21").previous.edition == "seed-2024-12-19"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size for a process")
def test_a_disk_that_takes_no_more_leaves_the_last_edition(reports):
    """No file may grow beyond 600 blocks, as on a full disk: sensitivity.json cannot be written."""
    folder = reports / "seed-2024-12-19"
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    command = [sys.executable, "-m", "analysis", "render", "seed", *QUICK, "--as-of", "2024-12-19", "--again"]
    done = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 600; exec "$@"', "sh", *command],
        cwd=reports.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert not [child for child in reports.iterdir() if child.name.startswith(".seed")]


# -- a small notebook, whose register is edited ---------------------------------------------------------------------

# The whole of an edition but its prose; few draws are enough for one digit.
RESULTS = """\
from pathlib import Path
from analysis.pipeline import run
from analysis.records import write
from analysis.settings import Settings
write(run(Settings(register=register, as_of=as_of, max_draws=16384, digits=1)), Path(output_dir))"""


@pytest.fixture
def register(tmp_path, monkeypatch) -> Path:
    """A copy of the seed register that may be edited; a page is enough here."""
    monkeypatch.setattr("analysis.report.find_browser", lambda: None)
    for name in ("seed.csv", "seed-context.csv", "sources.toml"):
        shutil.copy(register_path("seed").parent / name, tmp_path / name.replace("seed", "mine"))
    return tmp_path / "mine.csv"


def made(register: Path, *, before: str = "", after: str = "", day: str = "2024-12-19", max_age: int = 30) -> Outcome:
    """Render what a small notebook says of a register, with a cell before and one after the run."""
    cells = [new_code_cell(source) for source in (before, RESULTS, after)]
    given = parameters("register = 'seed'\nas_of = '2024-12-19'\noutput_dir = ''")
    notebook = write(register.parent / "small.ipynb", new_markdown_cell("# How many?"), given, *cells)
    target = register.parent / "out" / f"mine-{day}"
    return render(Order(notebook, target, {"register": str(register), "as_of": day}, max_age=max_age))


def edit(register: Path) -> None:
    """Let the sources say far more than they did, in rows that are not new."""
    text = register.read_text(encoding="utf-8")
    for old, new in (("approximately 1,000", "approximately 5,000"), ("several hundred", "several thousand")):
        assert old in text
        text = text.replace(old, new)
    register.write_text(text, encoding="utf-8")


def test_a_draft_that_jumped_stays_one_however_it_is_rendered_again(register):
    assert made(register).status == "published"
    edit(register)
    for max_age in (30, 31, 29):
        outcome = made(register, max_age=max_age)
        assert (outcome.made, outcome.status, outcome.code) == (True, "draft", 3), max_age
        assert outcome.reasons[0].endswith("since mine-2024-12-19 without a new claim")
    # What it is compared with is kept as it was made; if not, a line says so.
    kept = register.parent / "out" / "mine-2024-12-19" / "previous" / "results.json"
    kept.write_bytes(kept.read_bytes() + b" ")
    (note, *_) = made(register, max_age=31).notes
    assert note == "mine-2024-12-19 is not as it was made (previous/results.json); not compared with what it keeps"


def test_a_draft_is_compared_with_the_latest_day_that_is_none(register):
    before = register.read_bytes()
    assert made(register, day="2024-12-20").status == "published"
    edit(register)
    assert made(register, day="2024-12-22").status == "draft"
    edited = register.read_bytes()
    register.write_bytes(before)
    assert made(register, day="2024-12-21").status == "published"
    register.write_bytes(edited)
    assert made(register, day="2024-12-22", max_age=31).status == "draft"
    changed = json.loads((register.parent / "out" / "mine-2024-12-22" / "changes.json").read_text())
    assert changed["edition"] == "mine-2024-12-21"


@pytest.mark.parametrize("back", [False, True])
def test_a_register_edited_while_the_notebook_runs_makes_no_edition(register, back):
    """Nor does one that is put back once it was read."""
    edited = register.with_name("edited.csv")
    shutil.copy(register, edited)
    edit(edited)
    copied = "import shutil\n_ = shutil.copy({!r}, {!r})"
    kept = shutil.copy(register, register.with_name("kept.csv"))
    outcome = made(
        register,
        before=copied.format(str(edited), str(register)),
        after=copied.format(str(kept), str(register)) if back else "",
    )
    assert (outcome.status, outcome.code) == ("failed", 1)
    assert outcome.reasons == ("mine.csv was edited while the edition was made; render it again",)
    assert not (register.parent / "out" / "mine-2024-12-19").exists()


def test_a_program_edited_while_the_notebook_runs_makes_no_edition(register, monkeypatch):
    program = register.with_name("program.py")
    program.write_text("before", encoding="utf-8")
    monkeypatch.setattr("analysis.fingerprint.code_digest", lambda: digest(program))
    edited = f"from pathlib import Path\n_ = Path({str(program)!r}).write_text('after')"
    outcome = made(register, after=edited)
    assert (outcome.status, outcome.code) == ("failed", 1)
    assert outcome.reasons == ("the program was edited while the edition was made; render it again",)


def test_a_failure_after_the_notebook_leaves_the_whole_notebook(register, monkeypatch):
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr("analysis.page.to_html", broken)
    outcome = made(register)
    assert (outcome.status, outcome.code) == ("failed", 1)
    assert outcome.reasons[0].startswith("the edition could not be made: RuntimeError: no page (")
    failed = register.parent / "out" / "failed" / "mine-2024-12-19"
    states = [cell["state"] for cell in json.loads((failed / "run.json").read_text())["cells"]]
    assert set(states) == {"completed"}
    kept = json.loads((failed / "small.ipynb").read_text())["cells"]
    counts = [cell["execution_count"] for cell in kept if cell["cell_type"] == "code" and cell["source"]]
    assert counts == list(range(1, len(states) + 1))
    assert not (register.parent / "out" / "mine-2024-12-19").exists()
