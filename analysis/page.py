"""
Pages: an executed notebook as one HTML file that needs nothing but itself.

The only module that knows nbconvert. It refuses pictures without a text alternative, and anything on the page that
would ask a network. The same notebook gives the same bytes.
"""

import base64
import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from analysis.errors import WorkError, shown
from analysis.parameters import read_notebook

if TYPE_CHECKING:
    from mistune import HTMLRenderer

__all__ = ["to_html", "warm"]

_DATA = Path(__file__).parent / "data"
# What an output may be shown as, best first; scripts and widgets are not here and fall back to their text.
_SHOWN = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
_TEXT_WIDTH, _TEXT_HEIGHT = 493.2, 734.2  # points: A4 within the margins of style.css, 174 by 259 mm
_SHORT = 9  # rows, the headings among them, of a table that is kept on one page
_MOST_UPRIGHT = 10  # columns that fit on an upright page; a table of more is printed on a page that lies
_FOREIGN_TAGS = {"audio", "base", "embed", "form", "frame", "iframe", "link", "object", "script", "video"}
# The browser drops spaces and control characters before and in a scheme, so what is not plainly one of these is out.
_LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
# What nbconvert writes when a picture has no text; it hides the gap from accessibility checkers.
_STAND_IN = "No description has been provided for this image"


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading of the page; ``text`` is plain, ``anchor`` is its id."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class _Vector:
    """A figure as a vector: the address that holds it, and its printed width where it is cut over pages."""

    address: str
    printed: float | None


def to_html(notebook: Path, *, title: str | None = None, draft: Sequence[str] = (), vectors: Path | None = None) -> str:
    """
    Turn an executed notebook into one page that needs nothing but itself: no script, network or other file.

    Parameters
    ----------
    notebook : Path
        An executed notebook. Code is folded away; cells tagged ``hide-input`` show none.
    title : str, optional
        The page's title; by default the first ``# `` heading.
    draft : sequence of str, optional
        Why this is only a draft, a line each. The page then says so at its top, in its title and on every printed page.
    vectors : Path, optional
        The folder of the figures, NAME.svg beside NAME.png. A picture of the notebook that is one of these PNG files,
        byte for byte, is shown as its SVG: sharp at any size, and smaller.

    Returns
    -------
    str
        The page, the same for the same notebook.

    Raises
    ------
    InputError
        The file is not a notebook.
    WorkError
        A picture has no text alternative, a formula cannot be read, or the page would run or load something.
    """
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    exporter = HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
        template_name="template",
        extra_template_basedirs=[str(_DATA)],
        filters={"markdown2html": _markdown_filter()},
    )
    resources = {
        "title": title,
        "fallback": notebook.stem,
        "headings": [],
        "boxed": _boxed,
        "code_style": _code_style(),
        "draft": list(draft),
        "vectors": _vectors(vectors) if vectors else {},
        "css_string": _css_string,
    }
    page, _ = exporter.from_notebook_node(read_notebook(notebook), resources)
    audit = _Audit(page)
    if audit.faults:
        raise WorkError("\n".join(f"{notebook.name}: {fault}" for fault in audit.faults))
    return page


def warm() -> None:
    """Import what pages are made with, a second's work, so that the first page is made as fast as the next."""
    from nbconvert.exporters import HTMLExporter  # noqa: F401

    _renderer_class()


def _vectors(folder: Path) -> dict[str, _Vector]:
    """Each figure's SVG by the base64 of its PNG, which is what a notebook stores."""
    found = {}
    for path in sorted(folder.glob("*.svg")):
        png, svg = path.with_suffix(".png"), path.read_text(encoding="utf-8")
        if png.is_file():
            stored = base64.b64encode(png.read_bytes()).decode()
            found[stored] = _Vector(_address(_compact(svg)), _printed_width(svg))
    return found


def _printed_width(svg: str) -> float | None:
    """
    How wide a figure is printed that is taller than a page, in points; None for one that is not.

    The browser cuts it where a page ends. This is the most width at which no cut runs through a line of letters.
    """
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if size is None:
        return None
    width, height = float(size[1]), float(size[2])
    if height * min(1, _TEXT_WIDTH / width) <= _TEXT_HEIGHT:
        return None
    lines = [float(y) for y in re.findall(r"translate\([\d.]+ ([\d.]+)\) scale", svg)]
    for printed in range(int(min(width, _TEXT_WIDTH)), int(width / 2), -1):
        page = _TEXT_HEIGHT * width / printed  # in the figure's own points
        cuts = [page * number for number in range(1, int(height / page) + 1)]
        if not any(
            cut - 4 < line < cut + 10 for cut in cuts for line in lines
        ):  # a letter is 9 points, 2 below its line
            return float(printed)
    return None


def _compact(svg: str) -> str:
    """
    An SVG without what is not drawn, its coordinates to a hundredth of a point, which no printer resolves.

    Examples
    --------
    >>> _compact('<!DOCTYPE svg><svg> <!-- 1 --> <path d="M 1.23456 5" transform="scale(0.015625)"/> </svg>')
    '<svg><path d="M 1.23 5" transform="scale(0.015625)"/></svg>'
    """
    drawn = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    places = r'\b(?:d|x|y)="[^"]*"|translate\([^)]*\)'
    rounded = re.sub(places, lambda place: re.sub(r"(\.\d\d)\d+", r"\1", place[0]), drawn)
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", rounded)).strip()


def _address(svg: str) -> str:
    """Write an SVG as a data: address; base64 would be a quarter longer."""
    return "data:image/svg+xml," + quote(svg.replace('"', "'"), safe=" /=:;,()'-._~")


def _css_string(text: str) -> str:
    r"""
    Text as a string of CSS that stays one whatever it holds.

    Examples
    --------
    >>> _css_string('a "b'), _css_string("</style>")
    ('"a\\20 \\22 b"', '"\\3c \\2f style\\3e "')
    """
    return '"' + "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text) + '"'


def _markdown_filter() -> Callable[..., str]:
    """Make the template's Markdown filter: formulae as MathML, headings with anchors, tables that scroll."""
    from jinja2 import pass_context
    from jinja2.runtime import Context
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    renderer_class = _renderer_class()

    @pass_context
    def markdown(context: Context, source: str) -> str:
        renderer = renderer_class(escape=False, attachments=context.get("cell", {}).get("attachments"))
        renderer.headings = context["resources"]["headings"]
        return MarkdownWithMath(renderer=renderer).render(source)

    return markdown


def _renderer_class() -> type["HTMLRenderer"]:
    """Define the renderer here, because its base class is a second's import."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    class Renderer(IPythonRenderer):
        headings: list[_Heading]

        def inline_math(self, body: str) -> str:
            return _mathml(body, display="inline")

        def block_math(self, body: str) -> str:
            return _mathml(body, display="block")

        def latex_environment(self, name: str, body: str) -> str:
            return _mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display="block")

        def heading(self, text: str, level: int) -> str:
            heading = _heading(text, level, {known.anchor for known in self.headings})
            self.headings.append(heading)
            return f'<h{level} id="{html.escape(heading.anchor)}">{text}</h{level}>\n'

        def table(self, text: str) -> str:
            return f"{_boxed(f'<table>{text}</table>')}\n"

    return Renderer


def _boxed(table: str) -> str:
    """Put a table in a box of its own, which scrolls where the table is wider than the page."""
    columns = len(re.findall(r"<t[hd]\b", table.partition("</tr>")[0]))
    wide = " wide" if columns > _MOST_UPRIGHT else ""
    short = " short" if table.count("<tr") <= _SHORT else ""
    dated = re.sub(r"<td([^>]*)>(\d{4}-\d\d-\d\d *)</td>", r'<td\1 class="day">\2</td>', table)
    # A heading without words is announced as one and says nothing; as a cell it is passed over.
    dated = re.sub(r"<th\b([^>]*)>\s*</th>", r"<td\1></td>", dated)
    return f'<div class="scroll{wide}{short}" role="group" aria-label="Table" tabindex="0">{dated}</div>'


def _heading(text: str, level: int, taken: set[str]) -> _Heading:
    """Name a heading's anchor after its words; a second heading of the same words gets a number."""
    plain = html.unescape(re.sub(r"<[^>]*>", "", text)).strip()
    slug = re.sub(r"\W+", "-", plain.lower()).strip("-") or "section"
    numbered = (f"{slug}-{number}" for number in range(2, len(taken) + 4))
    anchor = next(name for name in (slug, *numbered) if name not in taken | {"report"})
    return _Heading(level, plain, anchor)


def _mathml(formula: str, *, display: str) -> str:
    """Turn a LaTeX formula into MathML, which browsers draw without a script and screen readers read."""
    from latex2mathml.converter import convert

    try:
        mathml = convert(formula.strip(), display=display)
    except Exception as error:  # its parser raises classes of its own without a common one, and IndexError
        raise WorkError(f"formula cannot be read, {type(error).__name__}: {formula.strip()}") from error
    if unknown := re.search(r"<mi>(\\\w+)", mathml):
        raise WorkError(f"formula cannot be read, {unknown[1]} is not a known command: {formula.strip()}")
    # On a phone a long formula scrolls in its own box, which a keyboard must reach.
    return mathml.replace("<math ", '<math tabindex="0" ', 1) if display == "block" else mathml


def _code_style() -> str:
    """Colour code so that every token stands out by 4.5 to 1 or more, on light (worst 6.8) and dark (7.4)."""
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark-high-contrast").get_style_defs(".highlight")
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


class _Audit(HTMLParser):
    """Read a finished page and collect what a self-contained page that everyone can read must not hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.pictures = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _FOREIGN_TAGS or given.get("http-equiv", "").lower() == "refresh":
            self.faults.append(f"<{tag}> on the page; a report runs no script and loads nothing")
        self.faults += [f"<{tag} {name}> on the page; a report runs no script" for name in given if name[:2] == "on"]
        for link in (given.get("href"), given.get("xlink:href")):
            if link is not None and not _LINK.match(link):
                self.faults.append(f"a link to {shown(link)}; a report links to http:, https:, mailto: and to itself")
        if tag != "img":
            return
        self.pictures += 1
        picture = f"picture {self.pictures}"
        if given.get("alt", "").strip() in {"", _STAND_IN}:
            self.faults.append(
                f"{picture} has no text alternative; display it with metadata "
                '{"image/png": {"alt": "what the picture shows"}}'
            )
        source = given.get("src", "")
        if not source.startswith("data:image/"):
            self.faults.append(f"{picture} is the file {shown(source)}; a report holds its pictures itself")
