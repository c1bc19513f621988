"""
nbval made strict: a committed notebook passes only if it was run and gives the same outputs again.

Load it with ``-p tests.nbval_strict`` beside ``--nbval``. Five faults of nbval 0.11 are mended: pictures are
compared, a cell that was never run fails, a trailing ``;`` hides the value as in JupyterLab, floats may
differ in the last bits, and a dead kernel fails its cell at once. Kernels are reached over private UNIX
sockets. It patches private names of nbval 0.11 and refuses every other version.
"""

# ruff: noqa: E402, because the shim must come before the first Jupyter import.
import sys

# For IRIs, which no notebook holds, jsonschema compiles a grammar at import (1 s); None makes it do without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import base64
import math
import re
import shutil
import tempfile
import time
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from queue import Empty

import nbval
import pytest
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbval import kernel, plugin
from PIL import Image, ImageChops, ImageStat
from traitlets import default

__all__ = ["KernelDiedError", "SocketKernelManager", "StrictKernel", "unlike_pictures", "unlike_texts"]

if not nbval.__version__.startswith("0.11"):
    raise pytest.UsageError(
        f"tests/nbval_strict.py patches nbval 0.11, found {nbval.__version__}; "
        'install "nbval==0.11.*" or check each patch against the new source'
    )

# Another CPU or BLAS moves a long sum by about 1e-15 of itself; what is printed on purpose has fewer digits.
RELATIVE_TOLERANCE = 1e-9
# Edges one grey level off give at most 1. Measured on a 640 by 480 figure: a recoloured line of 0.5 pt gives
# 4.4, of 1.5 pt 9 to 11. One changed digit of a title gives 1.8 and passes: print such numbers as text too.
PICTURE_TOLERANCE = 2.0
CELL_TIMEOUT = 120.0  # s; nbval waits 2000 s, longer than a whole test run may take
POLL = 0.5  # s between two looks at whether a silent kernel still lives

WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = ("image/png", "image/jpeg")
# A number with a point or an exponent. Whole numbers never jitter, signs neither: both count as text.
FLOAT = re.compile(r"(?<![\w.])((?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?!\w|\.\d)")


def unlike_texts(stored: str, new: str) -> str:
    """
    Compare two texts, word for word except for the last bits of floats.

    Returns
    -------
    str
        The first difference, empty if there is none. ``0.3`` and ``0.30`` are the same number printed
        differently, so they differ.

    Examples
    --------
    >>> unlike_texts("loss 0.3", "loss 0.30000000000000004")
    ''
    >>> unlike_texts("loss 0.12", "loss 0.13")
    "'0.12' is now '0.13'"
    """
    was, now = FLOAT.split(stored), FLOAT.split(new)  # text, float, text, float, ..., text
    if was[::2] != now[::2]:
        return "words or whole numbers differ"
    for old, fresh in zip(was[1::2], now[1::2], strict=True):
        is_jitter = 0 < abs(float(old) - float(fresh)) <= RELATIVE_TOLERANCE * float(old)
        if old != fresh and not is_jitter:
            return f"{old!r} is now {fresh!r}"
    return ""


def unlike_pictures(stored: str, new: str) -> str:
    """
    Compare two pictures in base64 by size and by the RMS difference of red, green, blue and alpha.

    Returns
    -------
    str
        What differs, empty if nothing does.
    """
    pictures = []
    for name, text in (("stored", stored), ("new", new)):
        try:
            pictures.append(Image.open(BytesIO(base64.b64decode(text))).convert("RGBA"))
        except (OSError, SyntaxError, ValueError) as error:  # Pillow raises all three for broken files
            return f"the {name} picture cannot be read: {error}"
    was, now = pictures
    if was.size != now.size:
        return f"the picture of {was.width} x {was.height} pixels is now {now.width} x {now.height}"
    difference = math.hypot(*ImageStat.Stat(ImageChops.difference(was, now)).rms) / 2  # of four channels
    if difference <= PICTURE_TOLERANCE:
        return ""
    return f"the pictures differ by RMS {difference:.2f} of 255, allowed is {PICTURE_TOLERANCE:g}"


def _places(outputs: list[NotebookNode]) -> dict[str, list[tuple[NotebookNode, str]]]:
    """Where the content of each kind (a MIME type or a stream) is, in nbval's order: node and key."""
    places = defaultdict(list)
    for output in outputs:
        if output["output_type"] == "stream":
            places[output["name"]].append((output, "text"))
        for mime in output.get("data", {}):
            places[mime].append((output["data"], mime))
    return places


nbval_compare_outputs, nbval_runtest = plugin.IPyNbCell.compare_outputs, plugin.IPyNbCell.runtest


def compare_outputs(cell: plugin.IPyNbCell, test: list[NotebookNode], ref: list[NotebookNode]) -> bool:
    """Set new content that agrees with the stored to the stored, then let nbval compare and report."""
    # stderr holds warnings with paths and line numbers of the environment, which are no result of a notebook.
    # A widget has a new name each time; what stands for it where there is none is stored, and compared.
    skipped = ({*cell.parent.skip_compare} - {*PICTURES}) | {"stderr", WIDGET}
    remarks, new_places, stored_places = [], _places(test), _places(ref)
    for kind in stored_places.keys() - skipped:
        unlike = unlike_pictures if kind in PICTURES else unlike_texts
        for (stored, key), (new, _) in zip(stored_places[kind], new_places[kind], strict=False):
            if not isinstance(stored[key], str) or not isinstance(new[key], str):
                continue  # JSON, which nbval compares as it is
            if remark := unlike(cell.sanitize(stored[key]), cell.sanitize(new[key])):
                remarks.append(f"{kind}: {remark}")
            else:
                new[key] = stored[key]
    same = nbval_compare_outputs(cell, test, ref, skipped)
    cell.comparison_traceback += remarks
    return same and not remarks  # the same broken picture twice has a remark


def runtest(cell: plugin.IPyNbCell) -> None:
    """Run a cell; fail if the kernel dies on the way or if the committed cell was never run."""
    try:
        nbval_runtest(cell)
    except KernelDiedError:
        cell.raise_cell_error("the kernel died while it ran this cell; the cells after it cannot run")
    # After the run, because later cells need its variables. nbval's lax mode does not look at outputs at all.
    if cell.parent.compare_outputs and cell.cell.source.strip() and cell.cell.execution_count is None:
        cell.raise_cell_error("cell was never run: run the notebook from top to bottom and save it")


class KernelDiedError(RuntimeError):
    """The process of the kernel ended while an answer was due."""


class StrictKernel(kernel.RunningKernel):
    """A kernel that keeps history, as a trailing ``;`` needs, and whose death is noticed."""

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """Wait for a message as nbval does, but in short steps with a look at the kernel after each."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            try:
                return super().get_message(stream, timeout=max(0.0, min(POLL, left)))
            except Empty:
                if not self.is_alive():
                    raise KernelDiedError(f"the kernel died before it answered on {stream}") from None
                if left <= POLL:
                    raise

    def is_alive(self) -> bool:
        alive = super().is_alive()
        if not alive and hasattr(self, "km"):  # nbval would leave channels and files of a dead kernel behind
            self.stop()
        return alive


class SocketKernelManager(KernelManager):
    """
    Talks to its kernel over UNIX sockets in a private folder.

    TCP ports are chosen by one process and bound by another, so kernels started in parallel sometimes take
    each other's and die; and ipykernel 7.4 warns about TCP at every start.
    """

    @default("transport")
    def _sockets(self) -> str:
        return "ipc"

    @default("connection_file")
    def _private_file(self) -> str:
        # Absolute, since kernels run in the folder of their notebook. The sockets are named after this file.
        return str(Path(tempfile.mkdtemp(prefix="nbval-"), "kernel.json"))

    def cleanup_ipc_files(self) -> None:
        super().cleanup_ipc_files()
        folder = Path(self.connection_file).parent
        if folder.exists():  # some clients clean up twice
            shutil.rmtree(folder)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Give the time limit of a cell a default: what is set before the command line is read yields to it."""
    early_config.option.nbval_cell_timeout = CELL_TIMEOUT


# Methods, not subclasses: nbval writes super(IPyNbCell, self), which would find a subclass of that name.
plugin.IPyNbCell.compare_outputs = compare_outputs
plugin.IPyNbCell.runtest = runtest
plugin.RunningKernel = StrictKernel
kernel.KernelManager = SocketKernelManager
