"""
What an answer depends on, all of it: its inputs, the choices of method, and the results that both are about.

``sensitivity.json`` is its file; its schema is ``analysis/data/sensitivity.schema.json``.

>>> from analysis.pipeline import Settings, run
>>> found = examine(run(Settings(max_draws=16384)))
>>> found.choices.used.settings.pool, found.inputs.whole.name
('linear', '')
"""

from __future__ import annotations

import json
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from analysis import sensitivity, specifications
from analysis.pipeline import Results
from analysis.records import settings_record
from analysis.sensitivity import Sensitivity
from analysis.specifications import Curve

__all__ = ["Dependence", "examine", "to_json", "write"]


@dataclass(frozen=True, slots=True)
class Dependence:
    """
    Results, and what moves them.

    Parameters
    ----------
    results : Results
    inputs : Sensitivity
        The same settings with each input varied, known, or left out.
    choices : Curve
        Every combination of the choices that an analyst could have made.
    """

    results: Results
    inputs: Sensitivity
    choices: Curve


def examine(results: Results, *, executor: Executor | None = None) -> Dependence:
    """
    Find what results depend on; a few seconds.

    Parameters
    ----------
    results : Results
    executor : Executor, optional
        Computes the replicates; it changes the time, never the result.

    Raises
    ------
    InputError
        If the settings have no answer.
    """
    settings = results.settings
    return Dependence(
        results,
        sensitivity.analyse(settings, executor=executor),
        specifications.specify(settings, executor=executor),
    )


def to_json(found: Dependence) -> str:
    """The content of sensitivity.json."""
    document = {
        "schema": "sensitivity-1",
        "settings": settings_record(found.results),
        "inputs": sensitivity.to_record(found.inputs),
        "choices": specifications.to_record(found.choices),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write(found: Dependence, folder: str | Path) -> None:
    """Write sensitivity.json; nothing if ``folder`` is empty."""
    if not str(folder):
        return
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "sensitivity.json").write_text(to_json(found), encoding="utf-8")
