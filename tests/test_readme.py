"""The README says what is true today, and its commands run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.regenerate import readme

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh( run)?\n(.*?)```", TEXT, flags=re.DOTALL)
RUN = [line for marked, block in BLOCKS if marked for line in block.strip().splitlines()]
MAKE = [line for marked, block in BLOCKS if not marked for line in block.strip().splitlines()]


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


@pytest.mark.parametrize("line", RUN)
def test_command_runs(line, clone):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        shlex.split(line), cwd=clone, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


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
