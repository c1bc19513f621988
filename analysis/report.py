"""
Editions: a parameterized notebook is executed, turned into one page, and moved into place in one step.

The only module that knows papermill and nbconvert. It refuses pictures without a text alternative, and anything
on the page that would ask a network. The same notebook and parameters give the same bytes.
"""

import contextlib
import html
import json
import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import InputError, WorkError
from analysis.parameters import cast_parameters, declared_parameters, read_notebook

if TYPE_CHECKING:
    from mistune import HTMLRenderer
    from nbformat import NotebookNode
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

__all__ = ["execute", "publish", "render", "to_html"]


_DATA = Path(__file__).parent / "data"
_INJECTED = "injected-parameters"  # papermill's tag for the cell it adds; here also the cell's id
_LONGEST_SOCKET_FOLDER = 98  # a socket's path has at most 103 bytes on macOS and 107 on Linux; its name takes 4
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
_SCROLL_BOX = '<div class="scroll" role="group" aria-label="Table" tabindex="0">'
_FOREIGN_TAGS = {"audio", "base", "embed", "form", "frame", "iframe", "link", "object", "script", "video"}
# What nbconvert writes when a picture has no text; it hides the gap from accessibility checkers.
_STAND_IN = "No description has been provided for this image"


def execute(notebook: Path, output: Path, parameters: Mapping[str, object]) -> None:
    """
    Run a notebook from top to bottom in a fresh kernel and write it, with its outputs, to another file.

    The kernel is this interpreter's, works in the current folder and listens on sockets in a private folder,
    so no port is opened and runs side by side do not meet. What is written holds no time and no random id.

    Parameters
    ----------
    notebook, output : Path
        The notebook, which stays as it is, and the file to write, which is written only when every cell ran.
    parameters : mapping
        Values by name for the cell after the one tagged ``parameters``; `cast_parameters` makes them.

    Raises
    ------
    InputError
        The file is not a notebook, or a cell raised the package's own InputError.
    WorkError
        A cell failed or the kernel died; the message names the notebook and the cell.
    """
    import nbformat
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel

    source = read_notebook(notebook)
    started: list[int] = []
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it logs is raised here as well
    try:
        with tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True) as private:
            executed = papermill.execute_notebook(
                source,
                None,
                dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                config=_sockets(Path(private)),
                # No start-up files of the user, and no word of an interrupt that only ends the kernel.
                extra_arguments=[f"--ipython-dir={private}", "--log-level=50"],
                coalesce_streams=True,  # how printed text is cut into messages differs from run to run
                record_timing=False,
                iopub_timeout=60,  # 4 s, the default, are too few on a busy machine
                on_cell_execute=lambda cell, cell_index: started.append(cell_index),  # noqa: ARG005
            )
    except papermill.PapermillExecutionError as error:
        raise _failure(notebook, error) from None
    except (NoSuchKernel, RuntimeError, TimeoutError) as error:  # a dead kernel is a RuntimeError
        place = f"In[{len(started)}]" if started else "before the first cell"
        raise WorkError(f"{notebook.name}, {place}: {_brief(str(error))}") from None
    _strip(executed)
    nbformat.write(executed, output)


def _sockets(private: Path) -> "Config":
    """Let the kernel listen on sockets in a private folder: a relative path, the default, can wait forever."""
    from traitlets.config import Config

    if len(os.fsencode(private)) > _LONGEST_SOCKET_FOLDER:
        raise InputError(f"the temporary folder is {private.parent}, expected a shorter path like /tmp; set TMPDIR")
    connection = {"transport": "ipc", "connection_file": str(private / "kernel.json"), "ip": str(private / "k")}
    return Config({"KernelManager": connection})


def _failure(notebook: Path, error: "PapermillExecutionError") -> InputError | WorkError:
    """Say which cell failed and why; the package's own InputError keeps its lines and its meaning."""
    if error.ename == "InputError":
        return InputError(*error.evalue.splitlines())
    reason = _brief(error.evalue)
    return WorkError(f"{notebook.name}, In[{error.exec_count}]: {error.ename}{': ' if reason else ''}{reason}")


def _brief(reason: str) -> str:
    """Cut a reason to five lines of at most 300 characters."""
    lines = [line[:300] for line in reason.strip().splitlines()]
    return "\n".join(lines[:5] + ["..."] * (len(lines) > 5))


def _strip(executed: "NotebookNode") -> None:
    """Take out what differs from run to run: papermill's record, times, and the id of the cell it adds."""
    executed.metadata.pop("papermill", None)
    for cell in executed.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if _INJECTED in cell.metadata.get("tags", []):
            cell.id = _INJECTED


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading of the page; ``text`` is plain, ``anchor`` is its id."""

    level: int
    text: str
    anchor: str


def to_html(notebook: Path, *, title: str | None = None) -> str:
    """
    Turn an executed notebook into one page that needs nothing but itself: no script, network or other file.

    Parameters
    ----------
    notebook : Path
        An executed notebook. Code is folded away; cells tagged ``hide-input`` show none.
    title : str, optional
        The page's title; by default the first ``# `` heading.

    Returns
    -------
    str
        The page, the same for the same notebook.

    Raises
    ------
    InputError
        The file is not a notebook.
    WorkError
        A picture has no text alternative, a formula cannot be read, or the page would load something.
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
        "scroll_box": _SCROLL_BOX,
        "code_style": _code_style(),
    }
    page, _ = exporter.from_notebook_node(read_notebook(notebook), resources)
    audit = _Audit(page)
    if audit.faults:
        raise WorkError("\n".join(f"{notebook.name}: {fault}" for fault in audit.faults))
    return page


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
            return f"{_SCROLL_BOX}<table>{text}</table></div>\n"

    return Renderer


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
    return mathml


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
        if tag in _FOREIGN_TAGS:
            self.faults.append(f"<{tag}> on the page; a report runs no script and loads nothing")
        if tag != "img":
            return
        self.pictures += 1
        picture, given = f"picture {self.pictures}", dict(attrs)
        if (given.get("alt") or "").strip() in {"", _STAND_IN}:
            self.faults.append(
                f"{picture} has no text alternative; display it with metadata "
                '{"image/png": {"alt": "what the picture shows"}}'
            )
        if not (given.get("src") or "").startswith("data:image/"):
            self.faults.append(f"{picture} is the file {given.get('src')!r}; a report holds its pictures itself")


def publish(build: Callable[[Path], None], target: Path) -> Path:
    """
    Build a folder aside and move it into place in one step, so that nobody reads half of one.

    Parameters
    ----------
    build : callable
        Fills the empty folder it is given. When it raises, nothing is left of it and the target is as before.
    target : Path
        The folder to make. A folder already there is replaced as a whole.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    InputError
        The parent of the target cannot be made or written.
    WorkError
        The system refused to write or to move, for example on a full disk.
    """
    place = target.resolve()
    folder = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()  # and not tempfile's, which only its owner could read
    except OSError as error:
        raise InputError(f"output folder {target} cannot be written: {error.strerror}") from error
    try:
        build(folder)
        _move(folder, place)
    except OSError as error:
        raise WorkError(f"{target} was not written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gone already when all went well
    return target


def _move(folder: Path, place: Path) -> None:
    """Put the folder in place; what was there is set aside, and put back if that fails or else removed."""
    aside = folder.with_name(f"{folder.name}-previous")
    with contextlib.suppress(FileNotFoundError):
        place.rename(aside)
    try:
        folder.rename(place)
    except OSError:
        if aside.exists():
            aside.rename(place)
        raise
    if aside.is_dir():
        shutil.rmtree(aside)
    else:
        aside.unlink(missing_ok=True)


def render(notebook: Path, target: Path, parameters: Mapping[str, object]) -> Path:
    """
    Make an edition: the executed notebook, ``report.html``, and what the notebook writes into ``output_dir``.

    Parameters
    ----------
    notebook : Path
        A notebook with a cell tagged ``parameters``; if it declares ``output_dir``, it gets the folder to fill.
    target : Path
        The folder of the edition. An earlier edition there is replaced; any other folder is left alone.
    parameters : mapping
        Values by name, as from a command line; each is cast to the type of its default.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    InputError
        A parameter or the target is wrong, or a cell raised the package's InputError.
    WorkError
        A cell failed, or the page cannot be made. An earlier edition stays as it was.
    """
    declared = declared_parameters(notebook)
    if "output_dir" in parameters:
        raise InputError("output_dir is set by the run; leave it out and name the output folder instead")
    cast = cast_parameters(parameters, declared)
    if target.exists() and not (target / "report.html").exists() and (target.is_file() or any(target.iterdir())):
        raise InputError(f"output folder {target} holds something else than a report; name a new folder")

    def build(folder: Path) -> None:
        executed = folder / notebook.name
        execute(notebook, executed, cast | ({"output_dir": str(folder)} if "output_dir" in declared else {}))
        _forget(folder, executed)
        (folder / "report.html").write_text(to_html(executed), encoding="utf-8")
        _refuse_place(folder)

    return publish(build, target)


def _forget(folder: Path, executed: Path) -> None:
    """Write "." for the folder a notebook was built in, a path of this machine and new in each run."""
    import nbformat

    notebook = read_notebook(executed)
    for cell in notebook.cells:
        if cell.id == _INJECTED:
            cell.source = re.sub(r"^output_dir = .*$", 'output_dir = "."', cell.source, flags=re.MULTILINE)
    quoted = json.dumps(str(folder), ensure_ascii=False)[1:-1]
    executed.write_text(nbformat.writes(notebook).replace(quoted, ".") + "\n", encoding="utf-8")


def _refuse_place(folder: Path) -> None:
    """Stop when a file still names the folder it was built in; two runs would then differ."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and folder.name.encode() in file.read_bytes():
            raise WorkError(f"{file.name} names the folder it was built in; write it without output_dir")
