"""The page: what it holds, what it refuses, and what a browser makes of it."""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from analysis.errors import WorkError
from analysis.page import to_html
from tests.made_notebooks import page, parameters, png, shown, write

CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


# -- the page -----------------------------------------------------------------------------------------------------


def test_the_page_has_a_title_a_language_landmarks_and_contents(tmp_path):
    lines = [
        "# Losses in *Kursk* & more",
        "## The answer",
        "### Detail",
        "## The answer",
        "## Über $x$ <b>1</b>",
        "## Report",
    ]
    html = page(tmp_path, new_markdown_cell("\n\n".join(lines)))
    assert re.match(r'<!DOCTYPE html>\s*<html lang="en">', html)
    assert "<title>Losses in Kursk &amp; more</title>" in html
    assert f'content="{CSP}; base-uri' in html
    assert '<a class="skip" href="#report">' in html
    assert '<main id="report"' in html
    nav = html[html.index("<nav") : html.index("</nav>")]
    assert re.findall(r'href="#([^"]+)">([^<]+)<', nav) == [
        ("the-answer", "The answer"),
        ("the-answer-2", "The answer"),
        ("über-x-1", "Über x 1"),
        ("report-2", "Report"),
    ]
    ids = re.findall(r' id="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_the_title_can_be_given_and_falls_back_on_the_name(tmp_path):
    notebook = write(tmp_path / "hindcast.ipynb", new_markdown_cell("Text."))
    assert "<title>hindcast</title>" in to_html(notebook)
    assert "<title>A &lt; B</title>" in to_html(notebook, title="A < B")
    assert "<nav" not in to_html(notebook)


def test_code_is_folded_or_hidden_and_has_no_prompt(tmp_path):
    injected = new_code_cell("seed = 8", metadata={"tags": ["injected-parameters"]}, execution_count=2)
    hidden = shown({"text/plain": "a < b"}, tags=("hide-input",))
    html = page(tmp_path, parameters("seed = 7"), injected, hidden, new_code_cell(""))
    assert html.count("<details") == html.count("<summary>Code</summary>") == 2
    assert "show" not in re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)
    assert '<pre tabindex="0">a &lt; b</pre>' in html
    assert not re.search(r"\b(In|Out)\s*(&nbsp;)?\[", html)


def test_formulae_become_mathml(tmp_path):
    block = "$$\n\\sum_{i=1}^{n} w_i\n$$"
    align = "\\begin{align}a &= b \\\\ c &= d\\end{align}"
    html = page(
        tmp_path, new_markdown_cell(f"With $R < 1$, costs \\$5.\n\n{block}\n\n{align}"), shown({"text/latex": "$\\mu$"})
    )
    assert html.count("<math ") == 4
    assert html.count('<math display="block"') == 2
    assert "<mo>&lt;</mo>" in html
    assert not re.search(r"\\sum|\\mu|\\begin|\$\$", html)
    with pytest.raises(WorkError, match=r"formula cannot be read, DoubleSubscriptsError: x_1_2"):
        page(tmp_path, new_markdown_cell("$x_1_2$"))
    with pytest.raises(WorkError, match=r"formula cannot be read, \\meen is not a known command: \\meen x"):
        page(tmp_path, new_markdown_cell("$\\meen x$"))


def test_the_alternative_text_is_on_the_picture(tmp_path):
    told = {"image/png": {"alt": 'Killed "over" time, <100'}}
    html = page(tmp_path, shown({"image/png": png() + "\n", "text/plain": "<Figure>"}, metadata=told))
    assert html.count("<img") == 1
    assert 'alt="Killed &quot;over&quot; time, &lt;100"' in html or "alt='Killed \"over\" time, &lt;100'" in html
    assert f'src="data:image/png;base64,{png()}"' in html
    assert "&lt;Figure&gt;" not in html


def svg(height: float, *lines: float) -> str:
    """Make a figure of 500 points by some, with a letter at each of the lines."""
    letters = "".join(f'<g transform="translate(10.5 {y}) scale(0.085 -0.085)"/>' for y in lines)
    return f'<svg width="500pt" height="{height}pt" xmlns="http://www.w3.org/2000/svg"><!-- 1 --> {letters}</svg>'


def test_a_picture_with_a_vector_beside_it_is_shown_as_that(tmp_path):
    (tmp_path / "a.png").write_bytes(base64.b64decode(png()))
    (tmp_path / "a.svg").write_text(svg(300, 7.123456))
    (tmp_path / "b.svg").write_text(svg(300))
    other = shown({"image/png": png(20, 10)}, metadata={"image/png": {"alt": "another"}})
    same = shown({"image/png": png() + "\n"}, metadata={"image/png": {"alt": "a"}})
    html = to_html(write(tmp_path / "n.ipynb", same, other), vectors=tmp_path)
    addresses = re.findall(r'src="([^"]+)"', html)
    assert addresses[1] == f"data:image/png;base64,{png(20, 10)}"
    vector = "<svg width='500pt' height='300pt' xmlns='http://www.w3.org/2000/svg'>"
    letter = "<g transform='translate(10.5 7.12) scale(0.085 -0.085)'/>"
    assert unquote(addresses[0]) == f"data:image/svg+xml,{vector}{letter}</svg>"
    assert "printed" not in html[html.index("<main") :]


@pytest.mark.parametrize(
    ("height", "lines", "printed"),
    [
        (700, (), None),  # shorter than a page: 734.2 points
        (744, (), None),  # 493.2 of 500 points wide, it is 733.9 tall
        (745, (), 493),
        (
            1400,
            (700, 720),
            493,
        ),  # cut at 734.2 * 500 / 493 = 744.6, and a letter is within 10 points above it or 4 below
        (1400, (744,), 482),  # 760.1 at 483 and 761.6 at 482 are the first past 744 + 10, yet 484 to 493 cut too near
    ],
)
def test_a_tall_figure_is_cut_between_lines(tmp_path, height, lines, printed):
    (tmp_path / "a.png").write_bytes(base64.b64decode(png()))
    (tmp_path / "a.svg").write_text(svg(height, *lines))
    cell = shown({"image/png": png()}, metadata={"image/png": {"alt": "a"}})
    html = to_html(write(tmp_path / "n.ipynb", cell), vectors=tmp_path)
    found = re.search(r'class="figure tall"[^>]*--printed: ([\d.]+)pt', html)
    assert (float(found[1]) if found else None) == printed


def test_a_draft_says_so_in_its_title_and_on_top(tmp_path):
    notebook = write(tmp_path / "n.ipynb", new_markdown_cell("# What <share>?\n\n## The answer"))
    html = to_html(notebook, draft=["A <reason>.", "Another."])
    assert "<title>DRAFT: What &lt;share&gt;?</title>" in html or "<title>DRAFT: What ?</title>" in html
    assert html.index('class="draft"') < html.index("A &lt;reason&gt;.") < html.index("Another.") < html.index("<h1")
    assert '@top-right { content: "DRAFT"; }' in html
    assert "DRAFT" not in to_html(notebook)


def test_a_table_is_boxed_by_its_size(tmp_path):
    def table(columns: int, rows: int) -> str:
        row = f"<tr>{'<td>2024-12-19</td>' * columns}</tr>"
        return f"<table><tr>{'<th> </th>' * columns}</tr>{row * rows}</table>"

    html = page(tmp_path, shown({"text/html": table(10, 8)}), shown({"text/html": table(11, 9)}))
    assert re.findall(r'class="(scroll[^"]*)"', html) == ["scroll short", "scroll wide"]
    assert "<th" not in html  # a heading without words is a cell
    assert html.count('<td class="day">2024-12-19</td>') == 10 * 8 + 11 * 9


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (shown({"image/png": png()}), "picture 1 has no text alternative"),
        (shown({"image/png": png()}, metadata={"image/png": {"alt": " "}}), "picture 1 has no text alternative"),
        (shown({"image/svg+xml": "<svg/>"}), "picture 1 has no text alternative"),
        (shown({"text/html": f"<img src='data:image/png;base64,{png()}'>"}), "picture 1 has no text alternative"),
        (new_markdown_cell(f"![](data:image/png;base64,{png()})"), "picture 1 has no text alternative"),
        (new_markdown_cell("![A map](map.png)"), "picture 1 is the file 'map.png'"),
        (new_markdown_cell("<img alt='a' src='https://example.org/a.png'>"), "picture 1 is the file 'https://ex"),
        (shown({"text/html": "<script>1</script>"}), "<script> on the page"),
        (new_markdown_cell("<b onclick='1'>x</b>"), "<b onclick> on the page"),
        (new_markdown_cell("<meta http-equiv='Refresh' content='0; url=/'>"), "<meta> on the page"),
        (new_markdown_cell("<a href='javascript:1'>x</a>"), "a link to 'javascript:1'"),
        (new_markdown_cell("<a href=' java\tscript&colon;1'>x</a>"), "a link to ' java\\tscript:1'"),
        (new_markdown_cell("<math><mi href='data:text/html,1'>x</mi></math>"), "a link to 'data:text/html,1'"),
        (new_markdown_cell("<iframe src='https://example.org'></iframe>"), "<iframe> on the page"),
    ],
)
def test_what_cannot_be_on_the_page_stops_it(tmp_path, cell, fault):
    with pytest.raises(WorkError, match=re.escape(f"page.ipynb: {fault}")):
        page(tmp_path, new_markdown_cell("# T"), cell)


def test_outputs_are_shown_as_what_they_are(tmp_path):
    script = {"application/javascript": "alert(1)", "text/plain": "<a chart>"}
    failed = new_code_cell("1/0", outputs=[new_output("error", ename="E", evalue="<v>", traceback=["/home/me"])])
    printed = new_code_cell("p", outputs=[new_output("stream", text="\x1b[31mred\x1b[0m <b>")])
    table = "| a | n |\n|---|--:|\n| b | 1 |\n"
    html = page(tmp_path, shown(script), failed, printed, shown({"text/markdown": table}), new_markdown_cell(table))
    assert "&lt;a chart&gt;" in html
    assert "alert" not in html
    assert "E: &lt;v&gt;" in html
    assert "/home/me" not in html
    assert "red &lt;b&gt;" in html
    assert html.count('<td style="text-align:right">1</td>') == 2
    assert html.count('class="scroll short"') == 2


def test_the_page_is_small_and_repeats_to_the_byte(tmp_path):
    cells = [new_markdown_cell("# T\n\n## A\n\n$x$"), shown({"image/png": png()}, metadata={"image/png": {"alt": "a"}})]
    html = page(tmp_path, *cells)
    assert html == to_html(tmp_path / "page.ipynb")
    assert len(html) < 30_000  # 1 MB is the limit with figures; without any, the frame and the styles are all there is
    assert not re.search(r"https?://(?!www\.w3\.org/1998/Math)", html)


# -- in a browser -------------------------------------------------------------------------------------------------

# It resolves no name, so that a test never leaves the machine.
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=5000",
]


@pytest.fixture(scope="module")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("chromium is not installed, and here it must be")
    pytest.skip("chromium is not installed")


@pytest.fixture(scope="module")
def rich(tmp_path_factory) -> Path:
    """Write a page with all that a report shows: formulae, a wide table, a picture, code, long printed lines."""
    head = "".join(f"<th style='text-align: right'>{level} % interval</th>" for level in range(50, 100, 5))
    row = "".join(f"<td style='text-align: right'>{n},{n}00 to {n + 1},000</td>" for n in range(10))
    table = f"<table><thead><tr><th>quantity</th>{head}</tr></thead><tr><td>killed</td>{row}</tr></table>"
    formula = (
        "$$\\hat q = \\sum_{i=1}^{n} w_i x_i + \\int_0^\\infty \\frac{\\ln c - \\mu}{\\sigma} f(c) dc + a + b + c$$"
    )
    printed = new_code_cell(
        "seed = 7\n" + "x = '" + "long " * 60 + "'", outputs=[new_output("stream", text="draw " * 60)]
    )
    place = tmp_path_factory.mktemp("rich")
    html = page(
        place,
        new_markdown_cell(
            f"# What share?\n\n[A link](http://link.invalid)\n\n## How\n\nWith $R$.\n\n{formula}\n\n## Limits"
        ),
        shown({"text/html": table}),
        shown({"image/png": png(1400, 500)}, metadata={"image/png": {"alt": "A grey field"}}),
        printed,
        *(new_markdown_cell(f"## A further section, number {n}") for n in range(6)),
    )
    (place / "page.html").write_text(html, encoding="utf-8")
    return place / "page.html"


def browse(chromium: str, place: Path, *options: str) -> str:
    """Run Chromium with a profile of its own."""
    command = [chromium, *QUIET, f"--user-data-dir={place / 'profile'}"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=120).stdout


def requested(chromium: str, html: Path, place: Path) -> set[str]:
    """
    List what a page asked for, from Chromium's own record of its network stack.

    A request of a page carries the page's origin as its initiator; what Chromium asks for on its own account (the
    time, its updates) has "not an origin" there. The page's file itself does not pass through the network stack.
    """
    log = place / f"{html.stem}.netlog.json"
    browse(
        chromium,
        place,
        f"--log-net-log={log}",
        "--net-log-capture-mode=Everything",
        f"--screenshot={log}.png",
        f"{html.as_uri()}",
    )
    record = json.loads(log.read_text())
    start = record["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    jobs = [event["params"] for event in record["events"] if event["type"] == start]
    begun = [job for job in jobs if "url" in job]  # the same event without a URL ends a job
    return {job["url"] for job in begun if job["initiator"] != "not an origin"}


def test_the_page_asks_for_nothing(chromium, rich, tmp_path):
    assert requested(chromium, rich, tmp_path) == set()


def test_a_page_that_asks_for_something_is_caught(chromium, rich, tmp_path):
    picture = '<img alt="x" src="http://picture.invalid/x.png">'
    (tmp_path / "open.html").write_text(f"<!DOCTYPE html><title>x</title>{picture}")
    assert requested(chromium, tmp_path / "open.html", tmp_path) == {"http://picture.invalid/x.png"}
    (tmp_path / "closed.html").write_text(rich.read_text().replace("</main>", f"{picture}</main>"))
    assert requested(chromium, tmp_path / "closed.html", tmp_path) == set()  # the policy on the page holds


MEASURE = """<!DOCTYPE html><title>m</title>
<iframe id="f" width="WIDTH" height="800" src="PAGE"></iframe><pre id="o"></pre>
<script>onload = () => {
  const page = document.getElementById("f").contentDocument, find = s => page.querySelector(s);
  const box = s => { const b = find(s).getBoundingClientRect(); return [b.width, b.height]; };
  document.getElementById("o").textContent = JSON.stringify({
    scroll: page.documentElement.scrollWidth, table: box(".scroll"), inner: box("table"), picture: box("img"),
    code: find("details pre").checkVisibility(), formula: box("math[display=block]"), text: box("main p"),
    paper: getComputedStyle(page.body).backgroundColor, card: getComputedStyle(find("img")).backgroundColor,
    align: getComputedStyle(find("tbody td:last-child")).textAlign,
    digits: getComputedStyle(find("table")).fontVariantNumeric,
  });
};</script>"""


def measured(chromium: str, html: Path, place: Path, *, width: int, dark: bool) -> dict[str, object]:
    """Lay a page out in a frame of a given width and read sizes and colours back."""
    frame = place / "frame.html"
    frame.write_text(MEASURE.replace("WIDTH", str(width)).replace("PAGE", html.as_uri()))
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    dom = browse(chromium, place, scheme, "--allow-file-access-from-files", "--dump-dom", frame.as_uri())
    return json.loads(re.search(r'<pre id="o">(.*?)</pre>', dom).group(1))


def test_the_page_fits_a_phone_and_a_desk_in_light_and_dark(chromium, rich, tmp_path):
    phone = measured(chromium, rich, tmp_path, width=390, dark=True)
    desk = measured(chromium, rich, tmp_path, width=1200, dark=False)
    assert phone["scroll"] <= 390
    assert desk["scroll"] <= 1200
    assert phone["inner"][0] > phone["table"][0]  # the table is wider than its box, which scrolls
    assert phone["picture"][0] > 500  # so that its words can be read; its own box scrolls, the page does not
    assert phone["formula"][1] > 20
    assert phone["code"] is False  # folded away
    assert 500 < desk["text"][0] < 720  # about 70 characters
    assert (desk["paper"], phone["paper"]) == ("rgb(255, 255, 255)", "rgb(23, 25, 28)")
    assert phone["card"] == "rgb(255, 255, 255)"
    assert desk["align"] == "right"
    assert "tabular-nums" in desk["digits"]


def test_a_page_that_does_not_fit_is_caught(chromium, rich, tmp_path):
    wide = tmp_path / "wide.html"
    wide.write_text(rich.read_text().replace(".scroll { overflow-x: auto;", ".scroll {"))
    assert measured(chromium, wide, tmp_path, width=390, dark=False)["scroll"] > 390
