"""The README says what is true today, and its commands run."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.regenerate import readme

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh(?: (run|cluster|conda))?\n(.*?)```", TEXT, flags=re.DOTALL)


def lines(mark: str) -> list[str]:
    return [line for marked, block in BLOCKS if marked == mark for line in block.strip().splitlines()]


RUN, MAKE, CLUSTER, CONDA = lines("run"), lines(""), lines("cluster"), lines("conda")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder like a clone, so that commands leave nothing in this one."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("notebooks", "analysis", "figures"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    return folder


def test_numbers_are_current():
    assert readme(TEXT) == TEXT, "run `make figures`"


def test_every_block_is_known():
    assert MAKE == ["make report", "make test"]
    assert len(RUN) >= 6


def test_conda_gets_what_is_there(clone):
    """conda is no part of the tests' environment: what its lines name is looked up, and ours of them run."""
    create, activate, install, render, lab = map(shlex.split, CONDA)
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert create == ["conda", "env", "create", "-f", "environment.yml"]
    assert activate == ["conda", "activate", conda["name"]]
    assert install[0] in conda["dependencies"]
    assert any(one.startswith("hatchling ") for one in conda["dependencies"])  # what --no-build-isolation builds with
    assert render[:3] == lab[:3] == ["python", "-m", "analysis"]
    done = run(shlex.join(render), clone)
    assert done.returncode == 0, done.stderr
    assert (clone / "reports" / "seed-2024-12-19" / "report.html").is_file()
    assert run(shlex.join([*lab, "--help"]), clone).returncode == 0


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run(line: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        shlex.split(line), cwd=folder, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("line", RUN)
def test_command_runs(line, clone):
    done = run(line, clone)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_cluster_works_as_it_is_started(clone):
    """The lines as they stand and in their order, each in a terminal of its own; only the port is one that is free."""
    *serving, work = CLUSTER
    assert [line.split()[:2] for line in CLUSTER] == [["dask", "scheduler"], ["dask", "worker"], RUN[0].split()[:2]]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    terminals = []
    try:
        for line, ready in zip(serving, ("Scheduler at:", "Registered to:"), strict=True):
            # The dashboard's port is fixed too, and it would listen to every network.
            command = [*shlex.split(line.replace("8786", port)), "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
            screen = clone / f"{line.split()[1]}.log"
            with screen.open("w") as log:
                terminals.append(
                    subprocess.Popen(
                        command, cwd=clone, env=environment(), stdout=log, stderr=log, start_new_session=True
                    )
                )
            deadline = time.monotonic() + 60  # s; it takes two, and a busy machine is no fault
            while ready not in screen.read_text(encoding="utf-8"):
                assert time.monotonic() < deadline, screen.read_text(encoding="utf-8")
                time.sleep(0.05)
        done = run(work.replace("8786", port), clone)
    finally:
        for terminal in terminals:
            os.killpg(terminal.pid, signal.SIGKILL)
            terminal.wait(60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "of every 100 soldiers" in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("line", [*MAKE, "make lab", "make bench", "make figures", "make lock"])
def test_make_target_exists(line):
    """A dry run: these very tests run inside `make test`, and .ci/run runs `make report`."""
    done = subprocess.run([*line.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_links_and_names_of_files_exist():
    for name in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`((?:analysis|notebooks|figures)/[\w./-]+)`", TEXT):
        assert (ROOT / name).exists(), name
