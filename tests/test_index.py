"""The page and the feed of all editions: complete, readable by everyone, inert, and the same bytes each time."""

import copy
import json
import os
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from analysis import index
from analysis.errors import InputError, WorkError
from tests.made_editions import RENDERED, manifest

RESULTS = {
    "schema": "results-1",
    "settings": {"level": 0.9, "digits": 2},
    "estimates": [
        {
            "name": "casualties_ratio",
            "unit": "share of the force",
            "median": 0.0823,
            "mean": 0.0854,
            "sd": 0.0436,
            "mcse": 0.0,
            "mcse_mean": 0.0,
            "intervals": [
                {"level": 0.9, "kind": "equal-tailed", "low": 0.0279, "high": 0.1581, "mcse_low": 0.0, "mcse_high": 0.0}
            ],
        }
    ],
    "exceedance": [],
}


def results(times: float = 1.0) -> dict[str, object]:
    document = copy.deepcopy(RESULTS)
    [record] = document["estimates"]
    record["median"] *= times
    for end in ("low", "high"):
        record["intervals"][0][end] *= times
    return document


def edition(folder: Path, name: str, *, times: float = 1.0, changes: object = None, **changed: object) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "report.html").write_text("page")
    (place / "report.pdf").write_text("paper")
    (place / "results.json").write_text(json.dumps(results(times)))
    if changes is not None:
        (place / "changes.json").write_text(json.dumps(changes))
    manifest(place, **changed)
    return place


def moved(before: float, after: float) -> dict[str, object]:
    """A changes.json of an evidence step from one multiple of the answer to another."""
    old, new = (results(times)["estimates"][0] for times in (before, after))
    quiet = {"what": [], "answer": old, "reason": ""}
    steps = [{"cause": "model", **quiet}, {"cause": "data correction", **quiet}]
    steps.append({"cause": "evidence", "what": ['NIS: "3,000" killed'], "answer": new, "reason": ""})
    return {
        "edition": "seed-2024-12-18",
        "as_of": "2024-12-18",
        "before": old,
        "after": new,
        "came": [{}, {}],
        "corrected": [],
        "steps": steps,
    }


@pytest.fixture
def reports(tmp_path) -> Path:
    """A few editions of two registers, a draft, another notebook's, one that cannot be read, a failed one, a link."""
    folder = tmp_path / "reports"
    edition(folder, "seed-2024-12-18")
    edition(folder, "seed-2024-12-19", times=1.5, changes=moved(1, 1.5))
    edition(folder, "seed-2024-12-20", times=2, status="draft", reasons=("the newest claim is 40 days old",))
    edition(folder, "public-record-2026-02-14", times=3, approved="A. Editor: known")
    other = folder / "claims-2024-12-19"
    other.mkdir()
    (other / "report.html").write_text("page")
    manifest(other, title="What has been claimed?", notebook="claims.ipynb")
    (folder / "half").mkdir()
    (folder / "failed" / "seed-2024-12-21").mkdir(parents=True)
    (folder / ".seed-2024-12-22-aa").mkdir()
    (folder / "link-2024-12-19").symlink_to(folder / "seed-2024-12-18")
    return folder


def page(folder: Path) -> str:
    return index.write(folder).page.read_text(encoding="utf-8")


def rows(text: str) -> list[str]:
    plain = [re.sub(r"<[^>]*>", " ", row) for row in re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", text, re.DOTALL)]
    return [" ".join(row.split()) for row in plain]


# ------------------------------------------------------------------------------------------------------------ the page


def test_each_edition_is_a_row_with_what_it_says_and_what_moved_it(reports):
    text = page(reports)
    assert rows(text) == [
        "2026-02-14 8.4 % to 47.4 % 24.7 % published; approved: A. Editor: known HTML PDF JSON",
        "2024-12-20 DRAFT 5.6 % to 31.6 % 16.5 % draft: the newest claim is 40 days old HTML PDF JSON",
        "2024-12-19 4.2 % to 23.7 % 12.3 % Was 2.8 % to 15.8 %, centre 8.2 %. 2 claims came. Of the centre: "
        "evidence 8.2 % to 12.3 %. published HTML PDF JSON",
        "2024-12-18 2.8 % to 15.8 % 8.2 % published HTML PDF JSON",
    ]
    assert re.findall(r"<h2[^>]*>([^<]*)<", text) == ["public-record", "seed", "Other notebooks", "Not readable"]
    # the lead is of the newest that is no draft
    assert "As of 2024-12-19: 4.2 % to 23.7 %, centre 12.3 % of the force killed or wounded (90 % interval)." in text
    assert 'href="seed-2024-12-18/report.pdf"' in text
    assert '<a href="claims-2024-12-19/report.html">What has been claimed?</a>' in text


def test_editions_of_no_day_and_no_register_are_listed_after_those_that_have_one(reports):
    """A notebook need not ask for either."""
    before = page(reports)
    edition(reports, "seed-early", register="seed", times=4)
    edition(reports, "seed-late", register="seed", times=4, rendered=RENDERED + timedelta(days=1))
    edition(reports, "own", register="", times=2)
    other = reports / "notes"
    other.mkdir()
    (other / "report.html").write_text("page")
    manifest(other, title="Notes", register="")
    text = page(reports)
    assert [row.split(" 90 %")[0].split()[0] for row in rows(text)] == [
        *("own", "2026-02-14", "2024-12-20", "2024-12-19", "2024-12-18", "seed-late", "seed-early")
    ]
    assert '<h2 id="register-1">without a register</h2>' in text
    assert "<strong>5.6 % to 31.6 %, centre 16.5 % of the force killed or wounded (90 % interval).</strong>" in text
    assert '<li><a href="notes/report.html">Notes</a></li>' in text
    # The chart is over days.
    (chart,) = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert chart in before
    assert {one.title for one in parsed(reports).entries} >= {
        "seed: 11.2 % to 63.2 %, centre 32.9 %",
        "5.6 % to 31.6 %, centre 16.5 %",
        "Notes",
    }


def test_what_is_no_edition_is_named_on_a_line_and_stops_nothing(reports):
    written = index.write(reports)
    assert written.editions == 5
    assert written.unreadable == ("half: edition.json cannot be read: No such file or directory",)
    text = written.page.read_text(encoding="utf-8")
    assert not any(name in text for name in ("failed", "2024-12-21", "2024-12-22", "link-", str(reports)))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("results.json", "{", "ValueError"),
        ("results.json", "[]", "results.json is no object"),
        ("results.json", '{"estimates": [], "exceedance": []}', "results.json has no casualties_ratio"),
        ("results.json", '{"settings": {}}', "KeyError"),
        ("changes.json", '{"steps": [{}]}', "KeyError"),
        ("edition.json", "{}", "edition.json: edition is missing; field required"),
    ],
)
def test_a_broken_file_is_told_without_its_folder(reports, name, content, told):
    (reports / "seed-2024-12-19" / name).write_text(content)
    [_, line] = index.write(reports).unreadable
    assert line.startswith(f"seed-2024-12-19: {told}")
    assert str(reports) not in line


def test_a_link_inside_an_edition_is_not_followed(reports, tmp_path):
    target = reports / "seed-2024-12-19" / "results.json"
    target.rename(tmp_path / "elsewhere.json")
    target.symlink_to(tmp_path / "elsewhere.json")
    assert "seed-2024-12-19: results.json is a symbolic link" in index.write(reports).unreadable


def test_the_beginning_of_results_is_enough_and_a_late_beginning_is_read_whole(reports):
    document = {**results(), "claims": ["é" * 50] * 3000}  # a cut in the middle of a letter
    file = reports / "seed-2024-12-18" / "results.json"
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    assert file.stat().st_size > 2 * index._HEAD
    before = page(reports)
    file.write_text(json.dumps({"claims": document.pop("claims"), **document}, ensure_ascii=False), encoding="utf-8")
    assert page(reports) == before
    assert len(rows(before)) == 4


def test_nothing_changed_is_said(reports):
    same = moved(1, 1)
    for step in same["steps"]:
        step["what"] = []
    edition(reports, "seed-2024-12-17", changes=same)
    assert (
        rows(page(reports))[-1]
        == "2024-12-17 2.8 % to 15.8 % 8.2 % Nothing since seed-2024-12-18. published HTML PDF JSON"
    )


def test_the_chart_has_a_mark_for_each_edition_and_says_so_in_words(reports):
    text = page(reports)
    [chart] = re.findall(r"<svg.*?</svg>", text, re.DOTALL)  # one edition alone has no chart
    svg = ElementTree.fromstring(chart)
    circles = [one for one in svg if one.tag == "circle"]
    assert [one.get("class") for one in circles] == ["centre", "centre", "hollow"]
    across = [float(one.get("cx")) for one in circles]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.11)  # printed to a tenth
    down = [float(one.get("cy")) for one in circles]
    zero = max(float(one.get("y1")) for one in svg if one.get("class") == "grid")
    # 1, 1.5 and 2 times the first, from the line of zero up; ends are printed to a tenth
    assert [(zero - y) / (zero - down[0]) for y in down] == pytest.approx([1, 1.5, 2], rel=0.01)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == (
        "Chart of the killed and wounded, of the force, in 3 editions. The first and the last: 2024-12-18: 2.8 % to "
        "15.8 %, centre 8.2 %; 2024-12-20: 5.6 % to 31.6 %, centre 16.5 %. 1 of them is a draft. The table below has "
        "them all."
    )


@pytest.mark.parametrize(
    ("most", "step", "top"), [(0.4, 0.1, 0.4), (5.0, 1, 5), (5.1, 2, 6), (15.8, 5, 20), (31.6, 10, 40), (100, 20, 100)]
)
def test_the_scale_of_the_chart_holds_all_in_round_steps(most, step, top):
    assert index._scale(most) == pytest.approx((step, top))


def test_many_editions_are_folded_by_year_and_drawn_as_a_band(tmp_path):
    for day in range(70):
        one = date(2024, 12, 1) + timedelta(days=day)
        edition(tmp_path, f"seed-{one}", status="draft" if day == 3 else "published", reasons=("old",) * (day == 3))
    edition(tmp_path, "seed-always", register="seed")
    text = page(tmp_path)
    assert re.findall(r"<details class=\"year\"( open)?><summary>([^<]*)<", text) == [
        (" open", "2025: 39 editions"),
        ("", "2024: 31 editions"),
        ("", "without a day: 1 edition"),
    ]
    assert (text.count("<polygon"), text.count("<circle"), text.count('class="hollow"')) == (1, 1, 1)
    assert len(rows(text)) == 71


def test_an_empty_folder_has_a_page_and_a_feed_that_say_so(tmp_path):
    assert "There is no edition yet." in page(tmp_path)
    assert feedparser.parse((tmp_path / "feed.xml").read_bytes()).entries == []


def test_the_same_editions_give_the_same_bytes_in_any_folder(reports, tmp_path):
    index.write(reports)
    first = [(reports / name).read_bytes() for name in ("index.html", "feed.xml")]
    moved_to = shutil.copytree(reports, tmp_path / "b" / "elsewhere", symlinks=True)
    for file in (moved_to / "seed-2024-12-18").iterdir():
        os.utime(file, (0, 0))
    index.write(moved_to)
    assert [(moved_to / name).read_bytes() for name in ("index.html", "feed.xml")] == first


def test_it_is_replaced_in_one_step_and_a_link_in_its_place_is_not_followed(reports, tmp_path, monkeypatch):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (reports / "index.html").symlink_to(precious)
    index.write(reports)
    assert precious.read_text() == "precious"
    assert not (reports / "index.html").is_symlink()
    before = (reports / "index.html").read_bytes()

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WorkError, match=r"index\.html was not written: No space left on device"):
        index.write(reports)
    assert (reports / "index.html").read_bytes() == before
    assert not [entry for entry in reports.iterdir() if entry.name.startswith(".index")]


def test_a_folder_that_is_none_and_an_address_that_is_none_are_wrong_input(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        index.write(tmp_path / "none")
    for address in ("javascript:alert(1)", "https://a b", 'https://a"b', "//example.org"):
        with pytest.raises(InputError, match="base_url is "):
            index.write(tmp_path, base_url=address)


# ------------------------------------------------------------------------------------------------------------ the feed


def parsed(folder: Path, **given: str) -> feedparser.FeedParserDict:
    found = feedparser.parse(index.write(folder, **given).feed.read_bytes())
    assert not found.bozo, found.get("bozo_exception")
    return found


def test_the_feed_has_the_newest_first_with_range_change_and_mark(reports):
    manifest(
        reports / "seed-2024-12-20", status="draft", reasons=("old",), rendered=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    )
    found = parsed(reports)
    assert found.version == "atom10"
    assert found.feed.updated == found.entries[0].updated == "2026-01-02T03:04:00+00:00"
    assert [entry.title for entry in found.entries] == [
        "DRAFT: seed, 2024-12-20: 5.6 % to 31.6 %, centre 16.5 %",
        "public-record, 2026-02-14: 8.4 % to 47.4 %, centre 24.7 %",
        "seed, 2024-12-19: 4.2 % to 23.7 %, centre 12.3 %",
        "claims, 2024-12-19: What has been claimed?",
        "seed, 2024-12-18: 2.8 % to 15.8 %, centre 8.2 %",
    ]
    summaries = [entry.summary for entry in found.entries]
    assert summaries[0] == "5.6 % to 31.6 %, centre 16.5 % of the force killed or wounded (90 % interval). DRAFT: old."
    assert summaries[2].endswith(
        "Was 2.8 % to 15.8 %, centre 8.2 %. 2 claims came. Of the centre: evidence 8.2 % to 12.3 %."
    )
    assert summaries[1].endswith("Approved: A. Editor: known.")
    assert [entry.link for entry in found.entries][4] == "seed-2024-12-18/report.html"


def test_links_are_absolute_where_the_address_is_known(reports):
    found = parsed(reports, base_url="https://example.org/reports")
    assert {entry.link for entry in found.entries} >= {"https://example.org/reports/seed-2024-12-18/report.html"}
    assert {link.href for link in found.feed.links} == {
        "https://example.org/reports/feed.xml",
        "https://example.org/reports/index.html",
    }


def test_an_entry_is_another_only_if_its_results_are(reports):
    before = [entry.id for entry in parsed(reports).entries]
    assert len(set(before)) == 5
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in before)
    manifest(reports / "seed-2024-12-18", reasons=(), rendered=datetime(2024, 12, 20, tzinfo=UTC))
    assert {entry.id for entry in parsed(reports).entries} == set(before)
    (reports / "seed-2024-12-18" / "results.json").write_text(json.dumps(results(1.01)))
    manifest(reports / "seed-2024-12-18")
    assert len({entry.id for entry in parsed(reports).entries} - set(before)) == 1


def test_the_feed_holds_a_hundred(tmp_path):
    for day in range(103):
        one = date(2024, 1, 1) + timedelta(days=day)
        edition(tmp_path, f"seed-{one}", rendered=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day))
    titles = [entry.title for entry in parsed(tmp_path).entries]
    assert len(titles) == 100
    assert titles[0].startswith("seed, 2024-04-12")
    assert titles[-1].startswith("seed, 2024-01-04")


# ------------------------------------------------------------------------------------------------------- hostile text

HOSTILE = (
    '<script>document.title = "run"</script><img src=x onerror="document.title=\'run\'"> &amp; &#60;b&#62; ]]> '
    "<!-- x --> {{ 7*7 }} {% raw %} \x00\x08\x1b[31m\ufffe\u202e\x85 $x^2$ [a](javascript:alert(1)) " + "y" * 1000
)


@pytest.fixture
def hostile(tmp_path) -> Path:
    folder = tmp_path / "reports"
    changes = moved(1, 1.5)
    changes["steps"][2]["cause"] = changes["edition"] = HOSTILE
    told = {"register": HOSTILE, "approved": HOSTILE, "status": "draft", "reasons": (HOSTILE, HOSTILE)}
    edition(folder, "seed-2024-12-18", **told)
    edition(folder, "a&b'\" <i>-2024-12-19", times=1.5, changes=changes, as_of=date(2024, 12, 19), **told)
    other = folder / "claims-2024-12-19"
    other.mkdir()
    (other / "report.html").write_text("page")
    manifest(other, title=HOSTILE, **told)
    (folder / "<b>half\n").mkdir()
    return folder


def test_hostile_text_is_text_on_the_page(hostile):
    text = page(hostile)
    assert not re.search(r"<script|<img|<i>|<b>|<!-- x|onerror=\"", text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\u202e]", text)
    assert text.count("&lt;script&gt;") >= 8
    assert "{{ 7*7 }}" in text
    assert 'href="a%26b%27%22%20%3Ci%3E-2024-12-19/report.html"' in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_hostile_text_is_text_in_the_feed(hostile):
    content = index.write(hostile).feed.read_bytes()
    ElementTree.fromstring(content)
    found = feedparser.parse(content, sanitize_html=False)
    assert not found.bozo
    for entry in found.entries:
        assert entry.title_detail.type == entry.summary_detail.type == "text/plain"
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\u202e]", entry.title + entry.summary)
    assert any("<script>document.title" in entry.title for entry in found.entries)  # as letters
    assert b"<script" not in content


# ------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def opened_browser(browser):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        yield opened
        opened.close()


def contrast(one: str, other: str) -> float:
    """The contrast of two colours like "rgb(1, 2, 3)", as WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_definition():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") == pytest.approx(4.54, abs=0.005)  # the known grey


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_everyone_can_read_the_page(opened_browser, reports, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    for day in range(1, 70):  # more than fit one table, so that years are folded
        edition(reports, f"long-{date(2024, 12, 1) + timedelta(days=day)}", reasons=())
    context = opened_browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    opened = context.new_page()
    opened.goto(index.write(reports).page.as_uri())
    found = Axe().run(opened).response
    assert [one["id"] for one in found["violations"]] == []
    # axe cannot tell what is behind the letters of a chart, nor behind a link that its strip has scrolled out of
    # sight; nothing is, and their contrast is reckoned here
    for one in found["incomplete"]:
        assert one["id"] == "color-contrast"
        assert all(node["html"].startswith(("<text ", '<a href="#')) for node in one["nodes"]), one["nodes"]
    fills, paper = opened.evaluate(
        "[[...document.querySelectorAll('svg text')].map(one => getComputedStyle(one).fill)"
        " .concat([...document.querySelectorAll('nav a')].map(one => getComputedStyle(one).color)),"
        " getComputedStyle(document.body).backgroundColor]"
    )
    assert len(fills) > 4
    assert min(contrast(fill, paper) for fill in fills) >= 4.5  # WCAG 2.2, 1.4.3
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate("document.documentElement.lang") == "en"
    context.close()


def test_nothing_runs_and_nothing_is_asked_for(opened_browser, hostile):
    context = opened_browser.new_context()
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("dialog", lambda dialog: asked.append(dialog.message))
    file = index.write(hostile).page.as_uri()
    opened.goto(file)
    opened.wait_for_load_state("networkidle")
    assert asked == [file]
    assert opened.title() == "All editions"
    context.close()
