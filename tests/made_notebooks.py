"""Notebooks made cell by cell for tests: pictures, outputs, and the page they become."""

import base64
import struct
import zlib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from analysis.page import to_html


def png(width: int = 60, height: int = 30) -> str:
    """Make a grey picture, in base64, without a plotting library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x99" * width) * height)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(picture).decode()


def parameters(source: str) -> nbformat.NotebookNode:
    return new_code_cell(source, metadata={"tags": ["parameters"]})


def shown(
    data: dict[str, str], *, metadata: dict[str, object] | None = None, tags: tuple[str, ...] = ()
) -> nbformat.NotebookNode:
    """Make a code cell that has been run and displayed something."""
    output = new_output("display_data", data=data, metadata=metadata or {})
    return new_code_cell("show(result)", outputs=[output], execution_count=1, metadata={"tags": list(tags)})


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def page(tmp_path: Path, *cells: nbformat.NotebookNode) -> str:
    return to_html(write(tmp_path / "page.ipynb", *cells))
