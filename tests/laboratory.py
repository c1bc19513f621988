"""
JupyterLab in a browser, as an analyst has it: started from a copy of the repository, and driven by its own menus.

A test takes the fixture ``laboratory`` and opens what it needs:

    with laboratory.page() as page:
        laboratory.open_notebook(page, "notebooks/report.ipynb")
        restart_and_run_all(page)
        assert cell_errors(page) == []
    assert laboratory.complaints == []

What is waited for is a state of the page and never a time; `PATIENCE` only ends a wait for what will not come.
"""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, Playwright, Request, sync_playwright

ROOT = Path(__file__).parent.parent
PATIENCE = 120.0  # s for a notebook; on a busy machine with two cores it takes ten
# Where pictures of pages are kept to be looked at; the workflow of the tests holds them.
SCREENSHOTS = ROOT / "reports" / "screenshots"
COMMITTED = ("analysis", "figures", "notebooks", ".gitignore", "README.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".lab")

# What Chromium's console may say of JupyterLab's own, as a pattern, with why it is no fault of a notebook.
IGNORED: Mapping[str, str] = {
    r"^Could not restore the debugger state: Canceled future for debug_request": (
        "JupyterLab asks each new kernel whether it is being debugged, and a restart comes before the answer"
    ),
    r"^Unsatisfied version \S+ from CORE_FEDERATION of shared singleton module @jupyter(lab)?/": (
        "jupyter-scheduler was built with an early version of the next JupyterLab; the present one serves it"
    ),
    r"^Connection lost, reconnecting in 0 seconds\.$": (
        "a kernel that restarts closes its connection, and JupyterLab opens another at once"
    ),
}


@dataclass(frozen=True, slots=True)
class Laboratory:
    """A JupyterLab that serves a copy of the repository, and what its pages have said."""

    root: Path
    home: Path
    url: str
    token: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, *, color_scheme: str = "light", width: int = 1600) -> Iterator[Page]:
        """Give an empty page; what its console says is among the complaints, until the next page."""
        self.complaints.clear()
        self.strangers.clear()
        context = self.browser.new_context(color_scheme=color_scheme, viewport={"width": width, "height": 1000})
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))
        page.on("request", lambda request: self._meet(request))
        try:
            yield page
        finally:
            context.close()

    def open(self, page: Page, path: str = "") -> None:
        """Open an address of JupyterLab, its own start page without one, and wait until it stands."""
        page.goto(f"{self.url}{path}?token={self.token}")
        page.wait_for_selector("#jp-main-dock-panel")
        page.wait_for_selector("#jupyterlab-splash", state="detached")

    def open_notebook(self, page: Page, path: str) -> None:
        """Open a notebook alone, in a workspace of that name, and wait until its kernel is ready."""
        workspace = re.sub(r"\W", "-", path)
        self.open(page, f"lab/workspaces/{workspace}/tree/{path}")
        wait_for_kernel(page)

    def setting(self, plugin: str) -> dict[str, object]:
        """Give what the server says of a plugin's settings: their schema with our defaults, and the user's own."""
        with urllib.request.urlopen(self._asked(f"lab/api/settings/{plugin}"), timeout=60) as answer:
            return json.load(answer)

    def change_setting(self, plugin: str, raw: str) -> None:
        """Set the user's own settings of a plugin, as the settings editor does."""
        asked = self._asked(f"lab/api/settings/{plugin}")
        asked.method, asked.data = "PUT", json.dumps({"raw": raw}).encode()
        urllib.request.urlopen(asked, timeout=60).close()

    def _asked(self, path: str) -> urllib.request.Request:
        return urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"token {self.token}"})

    def changes(self) -> str:
        """Say what git finds changed in the copy."""
        return git(self.root, "status", "--porcelain")

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(re.search(pattern, text) for pattern in IGNORED):
            self.complaints.append(text)

    def _meet(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws", 1), "data:", "blob:")):
            self.strangers.append(request.url)


def wait_for_kernel(page: Page) -> None:
    """Wait until the notebook in front is shown and its kernel has nothing to do."""
    page.wait_for_selector(".jp-NotebookPanel:visible .jp-Cell")
    page.locator("#jp-main-statusbar").get_by_text(re.compile(r"\| Idle$")).wait_for()


def menu(page: Page, *names: str) -> None:
    """Click through a menu of JupyterLab, like Run and then one of its lines."""
    first, *rest = names
    page.locator("#jp-MainMenu .lm-MenuBar-itemLabel", has_text=re.compile(f"^{first}$")).click()
    for name in rest:
        page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()


# Whether every cell with code has a number, no output is from before, and the kernel has nothing to do.
_DONE = """() => {
  const panel = [...document.querySelectorAll('.jp-NotebookPanel')].find(one => one.offsetParent);
  const prompts = [...panel.querySelectorAll('.jp-CodeCell')]
    .filter(cell => cell.querySelector('.cm-content')?.textContent.trim())
    .map(cell => cell.querySelector('.jp-InputPrompt').textContent);
  return prompts.length > 0 && prompts.every(prompt => /^\\[\\d+\\]:$/.test(prompt))
    && !panel.querySelector('[data-from-before]')
    && panel.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status === 'idle';
}"""


def restart_and_run_all(page: Page) -> None:
    """Restart the kernel of the notebook in front, run all its cells from the menu, and wait until they have run."""
    page.evaluate("document.querySelectorAll('.jp-OutputArea-child').forEach(one => one.dataset.fromBefore = 'yes')")
    menu(page, "Run", "Restart Kernel and Run All Cells…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_function(_DONE, polling=100)


def cell_errors(page: Page) -> list[str]:
    """List the errors and warnings that cells of the notebook in front show."""
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    return page.locator(
        ", ".join(f".jp-NotebookPanel:visible .jp-OutputArea-output[data-mime-type='{kind}']" for kind in kinds)
    ).all_inner_texts()


def save(page: Page) -> None:
    """Save the notebook in front from the menu, and wait until it is saved."""
    with page.expect_response(lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url):
        menu(page, "File", "Save Notebook")


def keep_screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the page for whoever changes it to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=picture)
    return picture


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, with nobody's settings."""
    known = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.autocrlf=false")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, env=known, check=True, capture_output=True, text=True).stdout


def clone(folder: Path) -> Path:
    """Copy what is committed that a session needs, with a commit of it, so that this checkout is left alone."""
    for name in COMMITTED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, folder / name, **({"ignore": LEFT_OUT} if (ROOT / name).is_dir() else {}))
    if not (folder / "notebooks" / "explore.ipynb").exists():
        shutil.copyfile(folder / "notebooks" / "wording.ipynb", folder / "notebooks" / "explore.ipynb")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as shipped")
    return folder


@contextmanager
def served(root: Path, home: Path, *options: str) -> Iterator[tuple[str, str]]:
    """Start JupyterLab as ``python -m analysis lab`` does for somebody with that home, and give address and token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "analysis", "lab", *options, "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={port}", f"--IdentityProvider.token={token}"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON", "XDG_"))}
    variables = {**kept, "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "PYTHONPATH": str(root)}
    log = home / "jupyterlab.log"
    with log.open("w", encoding="utf-8") as screen:
        process = subprocess.Popen(command, cwd=root, env=variables, stdout=screen, stderr=screen)
        try:
            yield _address(process, home / "runtime", token, log), token
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    """End JupyterLab and its kernels; what does not end when asked is killed."""
    family = []
    if process.poll() is None:
        leader = psutil.Process(process.pid)
        family = [leader, *leader.children(recursive=True)]
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.terminate()
    for one in psutil.wait_procs(family, timeout=20)[1]:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait(60)


def _address(process: subprocess.Popen, runtime: Path, token: str, log: Path) -> str:
    """Wait for the address at which JupyterLab answers; it takes another port where somebody has taken the free one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        for file in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(file.read_text(encoding="utf-8"))["url"]
                asked = urllib.request.Request(f"{url}api/status", headers={"Authorization": f"token {token}"})
                with urllib.request.urlopen(asked, timeout=10):
                    return url
            except (OSError, ValueError):  # half written, or not listening yet
                continue
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


@contextmanager
def started(root: Path, home: Path, executable: Path, *options: str) -> Iterator[Laboratory]:
    """Serve a copy of the repository and start a browser for it."""
    home.mkdir(parents=True, exist_ok=True)
    with served(root, home, *options) as (url, token), sync_playwright() as playwright:
        browser = _browser(playwright, executable)
        yield Laboratory(root, home, url, token, browser)
        browser.close()


def _browser(playwright: Playwright, executable: Path) -> Browser:
    return playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
