"""A register that attacks its readers: what `check` lets through is letters on the page and on paper, and no more."""

import csv
import json
import re
import tomllib
from pathlib import Path

import pypdfium2
import pytest

from analysis import paper
from analysis.checks import check
from analysis.execution import execute
from analysis.page import to_html
from tests.conftest import DATA, NOTEBOOKS
from tests.test_paper import MOMENT

RUN = "document.title='run';window.run=1;alert(1)"
ATTACKS = (
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f"</td></table><svg onload={RUN}><a xlink:href='javascript:{RUN}'>",
    f'[link](javascript:{RUN}) <a href="jAvAsCrIpT&colon;{RUN}">link</a>',
    "![picture](http://picture.invalid/p.png) <http://link.invalid>",
    "&lt;b&gt; &#60;i&#62; &amp;amp;",
    "# Heading\n\n* **point** `code` | a | b |",
    r"$\meen x_1_2$ $$\frac{1}{$$ \begin{align} \(x\) \input{/etc/passwd} \href{javascript:1}{x}",
    "'\"`--><style>* { display: none }</style><!--",
    "{{ 7 * 7 }} {% raw %} ${7*7} %(name)s {0}",
)
LONG = 100_000
TEXT_COLUMNS = ("scope", "speaker", "outlet", "note")


def attack(folder: Path, texts: tuple[str, ...]) -> Path:
    """The seed with the texts in every column of words, in turn, in an origin's name, and in the sources."""
    with (DATA / "seed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    name = f"NIS {texts[0][:1000]}".replace("\n", " ").replace(";", ",")
    for number, row in enumerate(rows):
        for shift, column in enumerate(TEXT_COLUMNS):
            row[column] = texts[(number + shift) % len(texts)]
        row["url"] = f"https://example.org/{number}?<script>{texts[number % len(texts)][:60]}"
        row["url"] = re.sub(r"\s", "", row["url"])  # an address has no spaces: check refuses it
        row["origin"] = name if row["origin"] == "NIS" else row["origin"]
    with (folder / "attack.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sources = tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8"))
    sources[name] = sources.pop("NIS")
    tables = []
    for number, (origin, source) in enumerate(sources.items()):
        words = {"name": texts[number % len(texts)], "reason": texts[(number + 1) % len(texts)]}
        lines = (f"{key} = {json.dumps(value)}" for key, value in {**source, **words}.items())
        tables.append("\n".join((f"[{json.dumps(origin)}]", *lines)))
    (folder / "sources.toml").write_text("\n\n".join(tables), encoding="utf-8")
    return folder / "attack.csv"


@pytest.fixture(scope="module", params=["attacks", "long"])
def attacked(request, tmp_path_factory) -> Path:
    """The page of the report of such a register."""
    folder = tmp_path_factory.mktemp(request.param)
    texts = ATTACKS if request.param == "attacks" else ("x" * LONG, "word " * (LONG // 5), "<b>" * (LONG // 3))
    register = attack(folder, texts)
    assert check(register).faults == ()
    output = folder / "edition"
    output.mkdir()
    parameters = {"register": str(register), "as_of": "2024-12-19", "output_dir": str(output)}
    execute(NOTEBOOKS / "report.ipynb", output / "report.ipynb", parameters)
    page = output / "report.html"
    page.write_text(to_html(output / "report.ipynb", vectors=output / "figures"), encoding="utf-8")
    return page


def test_nothing_runs_nothing_is_asked_for_and_the_page_reads(browser, attacked):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        # The policy of the page is switched off: what is harmless with it must be so without it.
        context = opened.new_context(bypass_csp=True, viewport={"width": 390, "height": 800})
        seen, dialogs, requests = context.new_page(), [], []
        seen.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        seen.on("request", lambda request: requests.append(request.url))
        seen.goto(attacked.as_uri())
        asked = [url for url in requests if not url.startswith("data:image/svg+xml,")]
        assert asked == [attacked.as_uri()]
        assert dialogs == []
        assert seen.evaluate("window.run") is None
        assert seen.title() == "What share of the force has been lost?"
        assert seen.evaluate("document.querySelectorAll('script, main style, svg, [onerror], [onload]').length") == 0
        links = seen.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
        assert links
        assert all(link.startswith("#") for link in links)
        assert "of every 100 soldiers" in seen.inner_text("main")
        assert seen.locator("h2").last.is_visible()
        assert seen.evaluate("document.documentElement.scrollWidth") <= 390
        # A long word does not push the other columns out of reach: a table is at most a few screens wide.
        assert seen.evaluate("Math.max(...[...document.querySelectorAll('table')].map(t => t.scrollWidth))") < 4 * 390
        opened.close()


def test_attacks_are_printed_as_letters(attacked):
    page = attacked.read_text(encoding="utf-8")
    body = page[page.index("<main") :]
    assert not re.search(r"<(script|svg|style|iframe)\b", body)
    if "attacks" in str(attacked.parent.parent.name):
        assert "&lt;script&gt;" in body
        assert "&amp;lt;b&amp;gt;" in body
        assert "{{ 7 * 7 }}" in body
        assert "# Heading" in body


def test_it_prints(browser, attacked, tmp_path):
    paper.to_pdf(attacked, tmp_path / "x.pdf", browser=browser, moment=MOMENT)
    document = pypdfium2.PdfDocument(tmp_path / "x.pdf")
    content = (tmp_path / "x.pdf").read_bytes()
    assert b"/JavaScript" not in content
    assert b"/URI (javascript" not in content
    assert "of every 100 soldiers" in document[0].get_textpage().get_text_range()
    # A table wider than the paper would have made the browser shrink the whole report.
    width = max(right for left, bottom, right, top in (one.get_bounds() for one in document[0].get_objects()))
    assert 400 < width <= 595
