"""
Rebuild what is committed but made: ``python tests/regenerate.py environment figures notebook readme``.

Tests call the same functions and compare with what is committed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent

# conda-forge's names where they differ from ours.
CONDA_NAMES = {"matplotlib": "matplotlib-base"}
WIDGET = "application/vnd.jupyter.widget-view+json"
BEGIN, END = "<!-- answer: begin -->", "<!-- answer: end -->"


def environment() -> str:
    """environment.yml from pyproject.toml: the same names and bounds in conda's form."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = sorted({*project["dependencies"], *project["optional-dependencies"]["dev"]})
    lines = [f"  - python {project['requires-python']}", *(f"  - {conda(one)}" for one in wanted), "  - pip"]
    head = [
        "# Generated from pyproject.toml by `make lock`. After `conda env create -f environment.yml`:",
        "#   conda activate casualty-report && pip install --no-deps --no-build-isolation --editable .",
        "name: casualty-report",
        "channels:",
        "  - conda-forge",
        "dependencies:",
    ]
    return "\n".join([*head, *lines]) + "\n"


def conda(requirement: str) -> str:
    """``numpy>=2.2,<3`` as ``numpy >=2.2,<3``, by conda's name."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9._-]+?)([<>=].*)", requirement).groups()
    return f"{CONDA_NAMES.get(name, name)} {bounds}"


def answer() -> str:
    """The README's block of the answer, its numbers from a run with the default settings."""
    from analysis import prose
    from analysis.pipeline import run
    from analysis.settings import Settings

    results = run(Settings())
    level, digits = results.settings.level, results.settings.digits
    lead, *rest = prose.answer(results).paragraphs
    alone, sizes = [], []
    for origin in results.origins:
        alone.append(f"{origin.name} alone {origin.estimate('casualties_ratio').range(level, digits=digits)}")
    pools = [f"{one.name} {one.estimate('casualties_ratio').range(level, digits=digits)}" for one in results.pools]
    for one in results.denominators:
        size = one.estimate("force").centre(digits=digits)
        sizes.append(f"{one.choice} ({size}) {one.estimate('casualties_ratio').range(level, digits=digits)}")
    lines = [
        f"**{lead}** {rest[0]}",
        *rest[1:],
        f"What moves it: {'; '.join(alone)} of the force. By size of the force: {'; '.join(sizes)}. "
        f"By the way of combining the origins: {'; '.join(pools)}.",
    ]
    return "\n\n".join(lines)


def readme(text: str) -> str:
    """The README with its block of the answer made anew."""
    before, _, tail = text.partition(BEGIN)
    _, _, after = tail.partition(END)
    return f"{before}{BEGIN}\n{answer()}\n{END}{after}"


def figures(folder: Path) -> None:
    """The seed report's pictures, below the folder."""
    from analysis.figures import FIGURES, publish
    from analysis.pipeline import run
    from analysis.settings import Settings

    results = run(Settings())
    for name in FIGURES:
        picture = publish(name, results)
        (folder / f"{name}.png").write_bytes(picture.png)
        (folder / f"{name}.svg").write_bytes(picture.svg)


def notebook(path: Path) -> None:
    """
    The notebook with its outputs stored, as nbval compares them.

    Widgets are not stored: they live as long as their kernel, and what stands for them is stored beside them.
    """
    import nbformat

    from analysis.execution import execute

    execute(path, path, {})
    made = nbformat.read(path, as_version=4)
    made.metadata.pop("widgets", None)
    for cell in made.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    path.write_text(nbformat.writes(made) + "\n", encoding="utf-8")


def main(wanted: list[str]) -> None:
    """Rebuild what is named."""
    if "environment" in wanted:
        (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
    if "figures" in wanted:
        figures(ROOT / "figures")
    if "notebook" in wanted:
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            notebook(path)
    if "readme" in wanted:
        path = ROOT / "README.md"
        path.write_text(readme(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(sys.argv[1:])
