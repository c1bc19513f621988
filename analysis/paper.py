"""
Paper: a page as a PDF, printed by a Chromium, Chrome or Edge that is installed; too old a one is refused.

The browser gets a profile of its own that is thrown away, runs no script, finds no network, and ends with the process
that started it. The same page gives the same bytes from the same browser and fonts.

>>> str(find_browser({"CASUALTY_REPORT_BROWSER": __file__}) or "") == __file__
True
"""

import base64
import contextlib
import json
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from analysis.errors import InputError, WorkError

__all__ = ["BROWSER", "PLACES", "Printer", "Printers", "find_browser", "stop_all", "to_pdf", "why_none"]

BROWSER = "CASUALTY_REPORT_BROWSER"  # the environment variable that names the browser to use
_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# The first Chromium that prints page numbers, the boxes in the margin of CSS Paged Media.
_OLDEST = 131
_SWITCHES = (
    "--headless",
    "--remote-debugging-pipe",  # orders come on a pipe and not on a port; when it closes, the browser ends
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--font-render-hinting=none",  # letters keep their widths whatever the screen's settings are
    "--lang=en-US",
    "--user-agent=casualty-report",  # it is the PDF's /Creator, and would name the machine's system
)
_PRINT = {
    "preferCSSPageSize": True,
    "printBackground": False,
    "displayHeaderFooter": False,
    "generateTaggedPDF": True,
    "generateDocumentOutline": True,
}
_LONGEST_PLACE = 46  # bytes: the browser's socket below it takes 57 more, and on macOS a socket's path has 103
_PATIENCE = 120.0  # seconds for a page; 1 is usual
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[+-]\d\d'\d\d'\)")
_NODE = re.compile(rb"\(node\d{8}\)")
_running: "set[Printer]" = set()

_Answer = dict[str, Any]  # what the browser says, as JSON; the keys are the protocol's


def find_browser(environment: Mapping[str, str] | None = None) -> Path | None:
    """
    Find a browser that prints: the one that CASUALTY_REPORT_BROWSER names, or one in a usual place.

    Parameters
    ----------
    environment : mapping, optional
        Variables by name; by default those of the process.

    Returns
    -------
    Path or None
        Chromium before Chrome before Edge. None on Windows, where a browser cannot be given pipes by number.

    Raises
    ------
    InputError
        CASUALTY_REPORT_BROWSER names what is no program, or a browser on Windows.
    """
    variables = os.environ if environment is None else environment
    if named := variables.get(BROWSER):
        found = shutil.which(named) or (named if Path(named).is_file() else None)
        if found is None:
            raise InputError(f"{BROWSER} is {named!r}, expected the path of Chromium, Chrome or Edge")
        if not _prints():
            raise InputError(f"{BROWSER} is {named!r}, expected no such variable: {why_none()}")
        return Path(found)
    if not _prints():
        return None
    path = variables.get("PATH")
    found = next((place for name in _NAMES if (place := shutil.which(name, path=path))), None)
    return Path(found) if found else next((Path(place) for place in PLACES if Path(place).is_file()), None)


def why_none() -> str:
    """Say why `find_browser` has found none."""
    return "no Chromium, Chrome or Edge was found" if _prints() else f"no PDF is printed on {sys.platform}"


def _prints() -> bool:
    """Whether the system starts a program with pipes that have given numbers."""
    return hasattr(os, "posix_spawn")


def to_pdf(page: Path, target: Path, *, browser: Path, moment: datetime, timeout: float | None = None) -> None:
    """
    Print a page; `Printer.to_pdf` with a browser that is started for it.

    Parameters
    ----------
    page, target : Path
        The HTML file and the PDF to write.
    browser : Path
        As `find_browser` gives it.
    moment : datetime
        When the PDF says it was made.
    timeout : float, optional
        Seconds for all of it, 120 without it.

    Raises
    ------
    WorkError
        The browser cannot be started, is too old, failed, or took too long. Nothing is written.
    """
    deadline = time.monotonic() + (_PATIENCE if timeout is None else timeout)
    with Printer(browser) as printer:
        printer.to_pdf(page, target, moment=moment, timeout=deadline - time.monotonic())


def stop_all() -> None:
    """Kill every browser that prints, from whatever thread; what waits for one then raises a WorkError."""
    for printer in list(_running):
        printer.kill()


class Printer:
    """
    A browser that prints pages one after the other; for many pages it is started once.

    Use it in a ``with`` block, in one thread at a time.

    Parameters
    ----------
    browser : Path
        As `find_browser` gives it.

    Raises
    ------
    WorkError
        The browser cannot be started.
    """

    def __init__(self, browser: Path) -> None:
        self.browser = browser
        self._pid = 0
        self._orders = self._answers = -1
        self._number = 0
        self._unread = b""
        self._deadline = 0.0

    def __enter__(self) -> Self:
        usual = tempfile.gettempdir()
        short = usual if len(os.fsencode(usual)) <= _LONGEST_PLACE else "/tmp"  # noqa: S108, the folder made in it is private
        self._place = tempfile.mkdtemp(prefix="pdf-", dir=short)
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def to_pdf(self, page: Path, target: Path, *, moment: datetime, timeout: float | None = None) -> None:
        """
        Print a page.

        Parameters
        ----------
        page, target, moment, timeout
            As of the function `to_pdf`.

        Raises
        ------
        WorkError
            The browser is too old, failed, or took too long. Nothing is written, and this printer is of no more use.
        """
        self._deadline = time.monotonic() + (_PATIENCE if timeout is None else timeout)
        try:
            printed = self._print(page)
        except BaseException:
            self.kill()  # it may be in the middle of the page
            raise
        target.write_bytes(_settled(printed, moment))

    def kill(self) -> None:
        """End the browser and all its processes at once, from whatever thread."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    def _start(self) -> None:
        """Start the browser with pipes for orders and answers, which it knows by the numbers 3 and 4."""
        import fcntl  # Windows has none, and `find_browser` finds no browser there

        (heard, self._orders), (self._answers, said) = os.pipe(), os.pipe()
        # Above 4, so that neither is put over the other.
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 5) for end in (heard, said)]
        actions = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        actions += [(os.POSIX_SPAWN_DUP2, end, number) for end, number in zip(theirs, (3, 4), strict=True)]
        root = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root it does not start otherwise
        command = [str(self.browser), *_SWITCHES, *root, f"--user-data-dir={self._place}/profile", "about:blank"]
        try:
            # Not subprocess, which can put pipes at given numbers only in ways that are unsafe beside other threads.
            self._pid = os.posix_spawn(
                self.browser, command, {**os.environ, "TMPDIR": self._place}, file_actions=actions, setpgroup=0
            )
        except OSError as error:
            raise WorkError(f"{self.browser} cannot be started: {error.strerror}") from error
        finally:
            for end in (heard, said, *theirs):
                os.close(end)
        _running.add(self)

    def _end(self) -> None:
        """Kill the browser, wait for it, and remove its profile."""
        _running.discard(self)
        self.kill()
        pid, self._pid = self._pid, 0
        if pid:
            os.waitpid(pid, 0)
        for end in (self._orders, self._answers):
            os.close(end)
        for _ in range(50):  # its killed processes may still be ending, and hold files
            shutil.rmtree(self._place, ignore_errors=True)
            if not Path(self._place).exists():
                break
            time.sleep(0.02)

    def _print(self, page: Path) -> bytes:
        product = str(self._call("Browser.getVersion")["product"])
        version = re.search(r"/(\d+)\.", product)
        if version is None or int(version[1]) < _OLDEST:
            raise WorkError(f"{self.browser} is {product}, expected Chromium, Chrome or Edge {_OLDEST} or later")
        tab = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self._call("Target.attachToTarget", {"targetId": tab, "flatten": True})["sessionId"]
        self._call("Emulation.setScriptExecutionDisabled", {"value": True}, session)
        self._call("Page.enable", {}, session)
        opened = self._call("Page.navigate", {"url": page.resolve().as_uri()}, session)
        if "errorText" in opened:
            raise WorkError(f"{page.name} cannot be opened to print it: {opened['errorText']}")
        while self._message().get("method") != "Page.loadEventFired":
            pass
        printed = base64.b64decode(self._call("Page.printToPDF", _PRINT, session)["data"])
        self._call("Target.closeTarget", {"targetId": tab})
        return printed

    def _call(self, method: str, parameters: Mapping[str, object] | None = None, session: str = "") -> _Answer:
        """Give an order of the DevTools protocol, and wait for its answer."""
        self._number += 1
        order = {"id": self._number, "method": method, "params": dict(parameters or {})}
        if session:
            order["sessionId"] = session
        try:
            os.write(self._orders, json.dumps(order).encode() + b"\0")
        except BrokenPipeError:
            raise WorkError(_ended(self.browser)) from None
        while (answer := self._message()).get("id") != self._number:
            pass
        if "error" in answer:
            raise WorkError(f"{self.browser} cannot do {method}: {answer['error']['message']}")
        return answer["result"]

    def _message(self) -> _Answer:
        """Read the next message; it ends with a zero byte."""
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while b"\0" not in self._unread:
            left = self._deadline - time.monotonic()
            if left <= 0 or not poll.poll(1000 * left):
                raise WorkError(f"{self.browser} took too long to print the page")
            got = os.read(self._answers, 1 << 20)
            if not got:
                raise WorkError(_ended(self.browser))
            self._unread += got
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)


class Printers:
    """
    Printers for several threads: each is taken by one at a time, and kept for the next page.

    Use it in a ``with`` block, which ends all of them.
    """

    def __init__(self, browser: Path) -> None:
        self.browser = browser
        self._idle: list[Printer] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for printer in self._idle:
            printer.__exit__(kind, error, trace)
        self._idle.clear()

    def warm(self) -> None:
        """Have a printer ready: its browser starts while something else is done."""
        with self._lock:
            if not self._idle:
                self._idle.append(Printer(self.browser).__enter__())

    def to_pdf(self, page: Path, target: Path, *, moment: datetime, timeout: float | None = None) -> None:
        """Print a page, with a printer that is idle or a new one; arguments and errors as of the function `to_pdf`."""
        with self._lock:
            printer = self._idle.pop() if self._idle else None
        printer = printer or Printer(self.browser).__enter__()
        try:
            printer.to_pdf(page, target, moment=moment, timeout=timeout)
        except BaseException:
            printer.__exit__(None, None, None)
            raise
        with self._lock:
            self._idle.append(printer)


def _ended(browser: Path) -> str:
    return f"{browser} ended before it had printed the page; run it by hand to see why"


def _settled(printed: bytes, moment: datetime) -> bytes:
    """
    Take out of a PDF what differs from print to print, at equal length, so that no place in it moves.

    That is the two dates, and the names of table headings, which count from where the browser's own counter stood.

    Raises
    ------
    WorkError
        There are not two dates of the known form.
    """
    stamp = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+00'00'").encode()
    dated, number = _DATE.subn(rb"/\1 (D:" + stamp + rb")", printed)
    if number != 2:
        raise WorkError(f"the browser wrote a PDF with {number} dates in it, expected 2; its version is not known here")
    names = sorted(set(_NODE.findall(dated)))  # in order, as the tree of names is searched by halves
    ranks = {name: b"(node%08d)" % rank for rank, name in enumerate(names)}
    return _NODE.sub(lambda node: ranks[node[0]], dated)
