"""The paper: what a reader, a screen reader and a machine find in the PDF, and what is left of a browser that fails."""

import os
import re
import signal
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psutil
import pypdfium2
import pytest
from nbformat.v4 import new_markdown_cell

from analysis import paper
from analysis.errors import InputError, WorkError
from analysis.page import to_html
from tests.made_notebooks import png, shown, write

MOMENT = datetime(2024, 12, 19, 16, 30, 5, tzinfo=UTC)
PICTURE_OBJECT = 3  # FPDF_PAGEOBJ_IMAGE


@pytest.fixture(scope="module")
def printed(browser, seed_page) -> Path:
    target = seed_page.with_suffix(".pdf")
    paper.to_pdf(seed_page, target, browser=browser, moment=MOMENT)
    return target


@pytest.fixture
def place(tmp_path, monkeypatch):  # tmp_path is asked for so that it is made before this moves
    """A folder for what is private, so that what is left there is seen; pytest's own has a name too long for it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def small(folder: Path, *, draft: tuple[str, ...] = (), title: str | None = None) -> Path:
    """Make a page of a few words, a formula, a picture and a table of 13 columns."""
    row = "".join(f"<td style='text-align: right'>0.{n:04} %</td>" for n in range(13))
    heads = "".join(f"<th>column {n}</th>" for n in range(13))
    notebook = write(
        folder / "small.ipynb",
        new_markdown_cell("# Losses (so far)\n\n## The answer\n\nWith $R$.\n\n## Limits"),
        shown({"image/png": png()}, metadata={"image/png": {"alt": "A grey field"}}),
        *(new_markdown_cell(f"Paragraph {n}. " + "Words that fill it. " * 60) for n in range(8)),
        shown({"text/html": f"<table><tr>{heads}</tr><tr>{row}</tr></table>"}),
    )
    page = folder / "small.html"
    page.write_text(to_html(notebook, draft=draft, title=title), encoding="utf-8")
    return page


def texts(pdf: Path) -> list[str]:
    return [one.get_textpage().get_text_range() for one in pypdfium2.PdfDocument(pdf)]


def left_over(place: Path) -> list[str]:
    """Processes that were started with a profile in the folder and still run."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] != psutil.STATUS_ZOMBIE and str(place) in " ".join(process.info["cmdline"] or []):
            found.append(process.info["cmdline"][0])
    return found


# -- the PDF ------------------------------------------------------------------------------------------------------


def test_every_page_is_numbered_and_names_the_report(printed):
    pages = texts(printed)
    assert 20 <= len(pages) <= 30
    for number, text in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in text
        assert "What share of the force has been lost?" in text


def test_the_answer_its_figure_and_the_contents_are_on_the_first_page(printed):
    document = pypdfium2.PdfDocument(printed)
    first = texts(printed)[0]
    assert "of every 100 soldiers" in first
    assert first.index("Contents") < first.index("Provenance") < first.index("By 19 December 2024")
    # The figure's title is drawn as letters' outlines; what is seen of it is paths, hundreds of them.
    assert sum(1 for one in document[0].get_objects() if one.type == 2) > 200


def test_sections_are_an_outline_and_links_work(printed):
    document = pypdfium2.PdfDocument(printed)
    outline = [(mark.level, mark.get_title()) for mark in document.get_toc()]
    sections = [title for level, title in outline if level == 1]
    assert outline[0] == (0, "What share of the force has been lost?")
    assert sections[0] == "The answer"
    assert sections[-1] == "Provenance"
    assert printed.read_bytes().count(b"/Subtype /Link") >= len(sections)


def test_it_is_tagged_with_a_language_a_title_and_the_text_of_each_picture(printed):
    content = printed.read_bytes()
    assert b"/Marked true" in content
    assert b"/Lang (en)" in content
    assert b"/DisplayDocTitle true" in content
    document = pypdfium2.PdfDocument(printed)
    assert document.get_metadata_value("Title") == "What share of the force has been lost?"
    figures = len(re.findall(rb"/S /Figure", content))
    assert figures == len(re.findall(rb"/Alt [(<]", content)) == 6
    assert b"/Alt (Quantile dotplot of 50 dots: 2.8 to 15.8 of every 100 soldiers" in content
    for tag in (b"H1", b"H2", b"Table", b"TH", b"TD", b"L"):
        assert b"/S /" + tag + b"\n" in content


def test_fonts_are_embedded(printed):
    content = printed.read_bytes()
    assert content.count(b"/Type /FontDescriptor") == len(re.findall(rb"/FontFile[23]? \d+ 0 R", content)) > 0
    assert b"/Type3" not in content


def test_figures_are_vectors(printed):
    document = pypdfium2.PdfDocument(printed)
    pictures = [one for page in document for one in page.get_objects(filter=[PICTURE_OBJECT])]
    assert len(pictures) == 1  # the points of killed by wounded, a picture in its SVG as well


def test_code_is_not_printed(printed):
    text = "\n".join(texts(printed))
    assert not re.search(r"^Code\b", text, re.MULTILINE)
    assert "import" not in text


def test_a_wide_table_lies_on_its_side_and_nothing_is_shrunk(printed):
    sizes = [(round(page.get_width()), round(page.get_height())) for page in pypdfium2.PdfDocument(printed)]
    assert set(sizes) == {(595, 842), (842, 595)}  # A4 in points
    assert sizes[0] == (595, 842)
    lying = [text for size, text in zip(sizes, texts(printed), strict=True) if size == (842, 595)]
    assert all("standard error" in text for text in lying)
    # A page that is wider than the paper is shrunk as a whole, and smaller letters would be the sign.
    assert b"/FontFile" in printed.read_bytes()


def test_two_prints_are_equal_to_the_byte(browser, seed_page, printed, tmp_path):
    with paper.Printer(browser) as printer:
        for name in ("a.pdf", "b.pdf"):
            printer.to_pdf(seed_page, tmp_path / name, moment=MOMENT)
            assert (tmp_path / name).read_bytes() == printed.read_bytes()


def test_the_moment_is_in_it_and_nothing_of_the_machine(browser, printed, tmp_path):
    metadata = pypdfium2.PdfDocument(printed).get_metadata_dict()
    assert metadata["CreationDate"] == metadata["ModDate"] == "D:20241219163005+00'00'"
    assert metadata["Creator"] == "casualty-report"
    content = printed.read_bytes()
    for word in (b"Linux", b"file:", str(printed.parent).encode(), str(Path.home()).encode() + b"/"):
        assert word not in content
    later = MOMENT.astimezone(timezone(timedelta(hours=9))) + timedelta(days=1)
    paper.to_pdf(small(tmp_path), tmp_path / "later.pdf", browser=browser, moment=later)
    assert pypdfium2.PdfDocument(tmp_path / "later.pdf").get_metadata_value("ModDate") == "D:20241220163005+00'00'"


def test_a_draft_says_so_on_every_page(browser, tmp_path):
    reasons = ("The newest claim is 41 days old, more than 30.", "A 'rejected' draw <b>.")
    page = small(tmp_path, draft=reasons)
    paper.to_pdf(page, tmp_path / "draft.pdf", browser=browser, moment=MOMENT)
    pages = texts(tmp_path / "draft.pdf")
    assert len(pages) >= 3
    for text in pages:
        assert re.search(r"^DRAFT\s*$", text, re.MULTILINE)  # the mark, apart from the title at the foot
        assert "DRAFT: Losses (so far)" in text
    assert all(reason in pages[0].replace("\r\n", " ") for reason in reasons)
    paper.to_pdf(small(tmp_path), tmp_path / "final.pdf", browser=browser, moment=MOMENT)
    assert not any("DRAFT" in text for text in texts(tmp_path / "final.pdf"))


def test_a_title_with_quotes_and_tags_is_a_title(browser, tmp_path):
    title = 'A "B" \\ </style><b>é; } 北'
    page = small(tmp_path, title=title)
    assert page.read_text(encoding="utf-8").count("</style>") == 1
    paper.to_pdf(page, tmp_path / "title.pdf", browser=browser, moment=MOMENT)
    assert pypdfium2.PdfDocument(tmp_path / "title.pdf").get_metadata_value("Title") == title
    assert 'A "B" \\ </style><b>é; }' in texts(tmp_path / "title.pdf")[-1]


# -- the browser --------------------------------------------------------------------------------------------------


ANSWER = r"""printf '{"id": 1, %s}\0' >&4; sleep 60"""  # to the first order, on the pipe where answers go


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_browser_is_found_by_name_or_as_the_variable_says(tmp_path):
    edge = program(tmp_path / "microsoft-edge", "")
    assert paper.find_browser({"PATH": str(tmp_path)}) == edge
    chrome = program(tmp_path / "google-chrome", "")
    assert paper.find_browser({"PATH": str(tmp_path)}) == chrome
    assert paper.find_browser({"PATH": str(tmp_path), paper.BROWSER: str(edge)}) == edge
    empty = tmp_path / "empty"
    empty.mkdir()
    if not any(Path(one).is_file() for one in paper.PLACES):
        assert paper.find_browser({"PATH": str(empty)}) is None
    with pytest.raises(InputError, match=f"{paper.BROWSER} is '/no/such', expected the path of Chromium, Chrome or"):
        paper.find_browser({paper.BROWSER: "/no/such"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("exit 3", r"fake ended before it had printed the page; run it by hand to see why"),
        ("sleep 60", r"fake took too long to print the page"),
        (ANSWER % '"result": {"product": "Chrome/130.0.1"}', "fake is Chrome/130.0.1, expected Chromium, Chrome or E"),
        (ANSWER % '"result": {"product": "Lynx"}', "fake is Lynx, expected Chromium"),
        (ANSWER % '"error": {"message": "no"}', "fake cannot do Browser.getVersion: no"),
    ],
    ids=["ends", "hangs", "old", "other", "refuses"],
)
def test_a_browser_that_fails_is_one_clear_line_and_nothing_is_left(place, tmp_path, text, fault):
    fake = program(tmp_path / "fake", text)
    with pytest.raises(WorkError, match=fault) as caught:
        paper.to_pdf(small(tmp_path), tmp_path / "x.pdf", browser=fake, moment=MOMENT, timeout=1)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "x.pdf").exists()
    assert list(place.iterdir()) == []
    assert left_over(place) == []


def test_a_file_that_is_no_program_or_no_page(browser, place, tmp_path):
    (tmp_path / "text").write_text("no program")
    with pytest.raises(WorkError, match=r"text cannot be started: (Permission denied|Exec format error)"):
        paper.to_pdf(small(tmp_path), tmp_path / "x.pdf", browser=tmp_path / "text", moment=MOMENT)
    with pytest.raises(WorkError, match=r"missing\.html cannot be opened to print it: net::ERR_FILE_NOT_FOUND"):
        paper.to_pdf(tmp_path / "missing.html", tmp_path / "x.pdf", browser=browser, moment=MOMENT)
    assert list(place.iterdir()) == []


def test_a_time_out_leaves_no_process_and_no_file(browser, place, tmp_path):
    with pytest.raises(WorkError, match="took too long to print the page"):
        paper.to_pdf(small(tmp_path), tmp_path / "x.pdf", browser=browser, moment=MOMENT, timeout=0.05)
    assert left_over(place) == []
    assert list(place.iterdir()) == []


def test_a_print_leaves_no_process_and_no_file(browser, place, tmp_path):
    paper.to_pdf(small(tmp_path), tmp_path / "x.pdf", browser=browser, moment=MOMENT)
    assert left_over(place) == []
    assert list(place.iterdir()) == []


def test_a_temporary_folder_too_long_for_sockets_is_not_used(browser, tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 60)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    paper.to_pdf(small(tmp_path), tmp_path / "x.pdf", browser=browser, moment=MOMENT)
    assert list(deep.iterdir()) == []


def test_stop_all_ends_a_print_in_another_thread(place, tmp_path):
    fake = program(tmp_path / "fake", "sleep 60")
    page, failures = small(tmp_path), []

    def print_it() -> None:
        try:
            paper.to_pdf(page, tmp_path / "x.pdf", browser=fake, moment=MOMENT)
        except WorkError as error:
            failures.append(str(error))

    thread = threading.Thread(target=print_it)
    thread.start()
    while not left_over(place):
        time.sleep(0.01)
    paper.stop_all()
    thread.join(timeout=30)
    assert failures == [f"{fake} ended before it had printed the page; run it by hand to see why"]
    assert left_over(place) == []
    assert list(place.iterdir()) == []


def test_an_interrupt_ends_the_browser(place, tmp_path):
    fake = program(tmp_path / "fake", "sleep 60")
    page, heard = small(tmp_path), threading.Event()

    def interrupt() -> None:
        while not left_over(place):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        while not heard.wait(10):  # Python drops one that comes while it collects garbage, say
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        paper.to_pdf(page, tmp_path / "x.pdf", browser=fake, moment=MOMENT)
    heard.set()
    thread.join()
    assert left_over(place) == []
    assert list(place.iterdir()) == []


def test_a_pdf_of_an_unknown_kind_is_refused():
    with pytest.raises(WorkError, match="a PDF with 0 dates in it, expected 2"):
        paper._settled(b"%PDF-1.4", MOMENT)
