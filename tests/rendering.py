"""Editions made by tests, and what is raised where one is not."""

from collections.abc import Mapping
from pathlib import Path

from analysis.errors import InputError, WorkError
from analysis.report import Order, Way, render


def rendered(notebook: Path, target: Path, parameters: Mapping[str, object], *, way: Way | None = None) -> Path:
    """Render an edition and return its folder; a failure is raised."""
    outcome = render(Order(notebook, target, parameters), way)
    if outcome.status == "failed":
        raise (InputError(*outcome.reasons) if outcome.code == 2 else WorkError(*outcome.reasons))
    return outcome.order.target
