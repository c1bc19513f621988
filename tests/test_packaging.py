"""``pip install .`` into an empty environment gives a working command with its data, away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        ROOT,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_wheel_carries_the_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {path.relative_to(ROOT).as_posix() for path in (ROOT / "analysis" / "data").rglob("*") if path.is_file()}
    assert data <= names
    notebooks = {f"analysis/data/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks | {"analysis/data/style.mplstyle"} <= names
    assert not [name for name in names if name.startswith(("tests/", "reports/"))]


@pytest.mark.skipif(
    os.environ.get("CI") != "true" and os.environ.get("CASUALTY_REPORT_SLOW") != "1",
    reason="installs everything once more; CI does it, or CASUALTY_REPORT_SLOW=1",
)
def test_installed_into_an_empty_environment(wheel, tmp_path):
    """The locked versions, so that a release of tomorrow cannot break this; the project's own name has no lock."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty"], check=True)
    python = tmp_path / "empty" / "bin" / "python"
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    subprocess.run([*install, "--constraints", ROOT / "requirements.lock", wheel], check=True, env=environment)
    command = python.parent / "casualty-report"
    for arguments in (["read", "at least 100"], ["estimate", "seed"], ["render", "seed"]):
        done = subprocess.run(
            [command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "seed-2024-12-19" / "report.html").is_file()
