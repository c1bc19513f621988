"""Hypothesis tries the same examples every time, so a run of the tests repeats; and registers of a few rows."""

import csv
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from analysis.claims import COLUMNS

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

DATA = Path(__file__).parent.parent / "analysis" / "data"


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
