"""What every reader needs, in a browser: axe-core's rules in light, in the dark and on a phone, and without scripts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from analysis.page import to_html

STAND_IN = "No description has been provided for this image"  # nbconvert's, which axe takes for a description
PHONE = 390
VIEWS = {"light": ("light", 1200), "dark": ("dark", 1200), "phone": ("light", PHONE), "dark phone": ("dark", PHONE)}
# What axe cannot decide, as "rule: element", and what was found by looking.
EXAMINED = {
    # A sign of a formula, which axe takes for no text. It has the ink of the text around it, as a test below says.
    r"color-contrast: .*\bmo\b[^ ]*",
}


@pytest.fixture(scope="module")
def opened(browser) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def draft(seed_edition) -> Path:
    page = seed_edition / "draft.html"
    reasons = ["The newest claim is 41 days old, more than 30.", "The stopping rule was not reached."]
    page.write_text(to_html(seed_edition / "report.ipynb", draft=reasons), encoding="utf-8")
    return page


@pytest.fixture
def report(request, seed_page) -> Path:
    return {"report": seed_page, "draft": None}[request.param] or request.getfixturevalue("draft")


def judged(opened: Browser, html: Path, scheme: str, width: int, *, kind: str) -> list[str]:
    """
    Run axe over a page with everything unfolded: its "violations", or what is "incomplete", as "rule: element".

    On a phone, for the latter, what scrolls in a box of its own is rolled out, and the page made as wide, so that axe
    can decide on what is beyond the edge.
    """
    # axe is a script, which the page's own policy would keep out.
    context = opened.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(html.as_uri())
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    if kind == "incomplete" and width == PHONE:
        wide = "html, body, main { width: max-content !important; max-width: none !important; }"
        page.add_style_tag(content=f"* {{ overflow: visible !important; }} {wide}")
    found = Axe().run(page).response[kind]
    context.close()
    return [f"{rule['id']}: {' '.join(node['target'])}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("report", ["report", "draft"], indirect=True)
def test_axe_finds_nothing_and_leaves_nothing_open(opened, report, view):
    assert judged(opened, report, *VIEWS[view], kind="violations") == []
    undecided = judged(opened, report, *VIEWS[view], kind="incomplete")
    assert [one for one in undecided if not any(re.fullmatch(pattern, one) for pattern in EXAMINED)] == []


def test_what_was_examined_has_the_ink_of_the_text(opened, seed_page):
    page, _ = read(opened, seed_page, color_scheme="dark")
    colours = "[...document.querySelectorAll('main > .text > p, mo')].map(one => getComputedStyle(one).color)"
    assert set(page.evaluate(colours)) == {"rgb(227, 227, 224)"}


def test_axe_would_find_what_is_wrong(opened, seed_page, tmp_path):
    broken = tmp_path / "broken.html"
    text = seed_page.read_text(encoding="utf-8").replace('lang="en"', "")
    broken.write_text(text.replace("--quiet: #565b62", "--quiet: #999999"), encoding="utf-8")
    found = judged(opened, broken, "light", 1200, kind="violations")
    assert {one.partition(":")[0] for one in found} == {"html-has-lang", "color-contrast"}


def test_each_picture_says_what_it_shows_and_not_that_nobody_said(seed_page):
    html = seed_page.read_text(encoding="utf-8")
    assert STAND_IN not in html
    texts = re.findall(r"<img alt=(?:\"([^\"]+)\"|'([^']+)')", html)
    assert len(texts) == html.count("<img ") == 6
    assert all(len("".join(text)) > 60 for text in texts)


def read(opened: Browser, html: Path, **options: object) -> tuple[Page, list[str]]:
    """Open a page and list what it asks for; pictures that it holds itself are no requests of a network."""
    context = opened.new_context(**options)
    page, requests = context.new_page(), []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(html.as_uri(), wait_until="networkidle")
    return page, [url for url in requests if not url.startswith("data:image/")]


def test_the_page_asks_for_nothing_but_itself(opened, seed_page):
    _, requests = read(opened, seed_page)
    assert requests == [seed_page.as_uri()]


def test_the_answer_reads_without_scripts(opened, seed_page):
    page, _ = read(opened, seed_page, java_script_enabled=False)
    assert "2.8 to 15.8 of every 100 soldiers" in page.locator("main").inner_text()
    page.locator("summary").first.click()  # folds open without a script too
    assert page.locator("details pre").first.is_visible()


def test_a_phone_shows_the_report_without_scrolling_sideways(opened, seed_page):
    page, _ = read(opened, seed_page, viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("link", name="Limits").click()
    assert page.evaluate("document.getElementById('limits').getBoundingClientRect().top") < 100


def test_a_keyboard_reaches_the_report_first(opened, seed_page):
    page, _ = read(opened, seed_page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"


def test_the_page_is_at_most_a_megabyte_and_its_figures_are_vectors(seed_page):
    content = seed_page.read_bytes()
    assert len(content) < 1_000_000
    assert content.count(b'src="data:image/svg+xml,') == 6
    assert b'src="data:image/png' not in content
