"""A module imports only from floors below its own; heavy libraries are known to one module each."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "analysis"

FLOORS = (
    ("errors",),
    ("distributions",),
    ("cells", "fields"),
    ("displays",),
    ("summary",),
    ("claims",),
    ("lexicon",),
    ("phrases",),
    ("numerals",),
    ("remarks",),
    ("wording",),
    ("coverage", "evidence"),
    ("checks", "starter", "record"),
    ("executors", "sampling"),
    ("smooth",),
    ("model",),
    ("pools", "lattice", "streaming"),
    ("linter",),
    ("settings", "estimates"),
    ("inputs", "asked"),
    ("indices", "replicates"),
    ("pipeline", "killed_share", "glimpse", "what_if", "saved"),
    ("known", "shares"),
    ("without", "worth"),
    ("sensitivity",),
    ("curve",),
    ("specifications",),
    ("custody",),
    ("records",),
    ("dependence",),
    ("tables", "prose"),
    ("folded", "method", "grading"),
    ("readings", "record_prose", "dependence_prose", "definitions", "statements", "uncertainties"),
    ("outlook", "rendered"),
    ("standards",),
    ("compliance",),
    ("record_tables", "dependence_tables"),
    ("figures",),
    ("record_figures", "wording_figures", "dependence_figures", "diagram"),
    ("charts",),
    ("controls",),
    ("parameters",),
    ("verdicts",),
    ("clock", "manifest", "run_record", "visible", "selectors", "derived"),
    ("changes", "fingerprint", "printed"),
    ("changes_prose", "gates"),
    ("fork_server",),
    ("page", "paper", "kernels", "editions"),
    ("execution",),
    ("settled",),
    ("report",),
    ("batch", "index"),
    ("accounts", "recomputed", "reprint", "traced"),
    ("verify",),
    ("lab",),
    ("__main__",),
)
FLOOR = {module: height for height, modules in enumerate(FLOORS) for module in modules}
OWNERS = {
    "matplotlib": ("figures", "record_figures", "wording_figures", "dependence_figures", "diagram"),
    "papermill": ("execution",),
    "nbconvert": ("page",),
    "click": ("__main__",),
    "feedgen": ("index",),
    "dask": ("executors",),
    "distributed": ("executors",),
    "prov": ("custody",),
    "jupyterlab": ("lab",),
    "jupyterlab_server": ("lab",),
    "wcwidth": ("displays",),
    "plotly": ("charts",),
    "ipywidgets": ("controls",),
    "itables": ("controls",),
    "pandas": ("controls",),
    "yaml": ("saved",),
}
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def imported(module: str) -> set[str]:
    """Every module that a module names in an import, wherever it stands."""
    names = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            names |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "analysis" else {node.module}
            )
    return names


def test_every_module_has_a_floor():
    assert set(MODULES) == set(FLOOR)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    for name in imported(module):
        if name.startswith("analysis."):
            below = name.split(".")[1]
            assert FLOOR[below] < FLOOR[module], f"{module} imports {below}"


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_have_one_owner(module):
    for name in imported(module):
        owners = OWNERS.get(name.split(".")[0], (module,))
        assert module in owners, f"{module} imports {name}, which is for {owners}"
