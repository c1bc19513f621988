"""Fresh set-up: ``make env`` in a copy of the checkout, its time, and the count and size of what it installs."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "clone"
        shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".venv", ".git", "reports", "__pycache__"))
        start = time.perf_counter()
        subprocess.run(["make", "--silent", "env"], cwd=clone, check=True)
        first = time.perf_counter() - start
        start = time.perf_counter()
        subprocess.run(["make", "--silent", "env"], cwd=clone, check=True)
        again = time.perf_counter() - start
        packages = len(list(clone.glob(".venv/lib/*/site-packages/*.dist-info")))
        size = sum(path.stat().st_size for path in (clone / ".venv").rglob("*") if path.is_file())
        print(f"make env: {first:.1f} s fresh (package cache as it is), {again:.2f} s the second time")
        print(f"{packages} packages, {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
