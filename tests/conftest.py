"""Hypothesis tries the same examples every time, so a run of the tests repeats; a few rows, a browser, an edition."""

import csv
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from analysis import paper
from analysis.claims import COLUMNS
from analysis.execution import execute
from analysis.page import to_html

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

DATA = Path(__file__).parent.parent / "analysis" / "data"
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@pytest.fixture
def write_rows(tmp_path):
    """Writes rows as a register beside the sources that ship with the package, and gives its path."""
    shutil.copy(DATA / "sources.toml", tmp_path / "sources.toml")

    def written(*rows: dict[str, str]) -> str:
        with (tmp_path / "mine.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return str(tmp_path / "mine.csv")

    return written


@pytest.fixture(scope="session")
def browser() -> Path:
    """An installed browser that prints; where none is, the test is skipped, and fails where CI must have one."""
    found = paper.find_browser()
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("no Chromium, Chrome or Edge is installed, and here one must be")
    if found is None:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    return found


@pytest.fixture(scope="module")
def laboratory(browser, tmp_path_factory):
    """JupyterLab as ``python -m analysis lab`` starts it, on a copy of the repository, and a browser to open it in."""
    from tests import laboratory as kit

    with kit.started(kit.clone(tmp_path_factory.mktemp("clone")), tmp_path_factory.mktemp("home"), browser) as made:
        yield made


@pytest.fixture(scope="session")
def seed_edition(tmp_path_factory) -> Path:
    """The seed report as executed once, with the figures and files that it writes."""
    folder = tmp_path_factory.mktemp("seed")
    execute(NOTEBOOKS / "report.ipynb", folder / "report.ipynb", {"output_dir": str(folder)})
    return folder


@pytest.fixture(scope="session")
def seed_page(seed_edition) -> Path:
    """Its page, with the figures as vectors."""
    page = seed_edition / "report.html"
    page.write_text(to_html(seed_edition / "report.ipynb", vectors=seed_edition / "figures"), encoding="utf-8")
    return page
