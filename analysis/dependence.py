"""
What an answer depends on, all of it: its inputs, the choices of method, and the results that both are about.

``sensitivity.json`` is its file; its schema is ``analysis/data/sensitivity.schema.json``.

>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> found = examine(run(Settings(max_draws=16384)))
>>> found.choices.used.settings.pool, found.inputs.whole.name
('linear', '')
"""

from __future__ import annotations

import json
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from pathlib import Path

from analysis import sensitivity, specifications
from analysis.cells import path_shown
from analysis.claims import register_path
from analysis.curve import Curve, Specification
from analysis.killed_share import KilledShares
from analysis.pipeline import Results
from analysis.records import estimate_record, fields_record, plain, settings_record
from analysis.sensitivity import Sensitivity
from analysis.settings import Settings
from analysis.shares import Shares
from analysis.without import CURVE, Without

__all__ = ["Dependence", "choices_record", "examine", "inputs_record", "to_json", "without_folder", "write"]


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


def without_folder(reason: str, settings: Settings) -> str:
    """A reason with the register's files by their names: what is published tells nothing of a machine's folders."""
    path = register_path(settings.register)
    folder = path_shown(path)[: -len(path.name)]
    return reason.replace(folder, "") if folder else reason


def to_json(found: Dependence) -> str:
    """The content of sensitivity.json, whose numbers have 12 significant digits as those of results.json have."""
    document = {
        "schema": "sensitivity-1",
        "settings": settings_record(found.results),
        **inputs_record(found.inputs),
        "choices": choices_record(found.choices),
    }
    return json.dumps(plain(document), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write(found: Dependence, folder: str | Path) -> None:
    """Write sensitivity.json; nothing if ``folder`` is empty."""
    if not str(folder):
        return
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "sensitivity.json").write_text(to_json(found), encoding="utf-8", newline="")


def inputs_record(found: Sensitivity) -> dict[str, object]:
    """
    What the answer depends on among its inputs, as JSON holds it.

    Keys: ``inputs`` with the Sobol indices and what they are of, and ``inputs_killed`` with those of the killed over
    force; ``whole`` and ``without``, the pool of all origins and of all but one, each with its quantiles at the
    probabilities of ``curve_levels``; ``worth``, the width of the interval of casualties over force and the width
    expected if an input were exact; ``killed_shares``.
    What has no answer is null, with its reason or the probability of an answer beside it.
    """
    return {
        "quantity": "casualties_ratio",
        "inputs": _shares_record(found.inputs),
        "inputs_killed": _shares_record(found.killed),
        "curve_levels": list(CURVE),
        "whole": _without_record(found.whole),
        "without": [_without_record(one) for one in found.without],
        "worth": [
            {"input": fields_record(one.input), "level": found.settings.level, **fields_record(one.width)}
            for one in found.worth
        ],
        "killed_shares": _killed_shares_record(found.shares),
    }


def _shares_record(shares: Shares) -> dict[str, object]:
    return {
        **{name: value for name, value in fields_record(shares).items() if name != "rows"},
        "notes": list(shares.notes),
        "rows": [{**fields_record(row), "input": fields_record(row.input)} for row in shares.rows],
    }


def _without_record(one: Without) -> dict[str, object]:
    estimates = [estimate_record(estimate) for estimate in one.estimates]
    return {
        **fields_record(one),
        "estimates": estimates,
        "exceedance": [fields_record(exceedance) for exceedance in one.exceedance],
    }


def _killed_shares_record(found: KilledShares) -> dict[str, object]:
    return {
        "in_use": fields_record(found.in_use),
        "origins": [
            {
                **fields_record(one),
                "wounded_per_killed": estimate_record(one.wounded_per_killed),
                "killed_share": estimate_record(one.killed_share),
            }
            for one in found.origins
        ],
        "references": [one.model_dump(mode="json") for one in found.references],
    }


def choices_record(curve: Curve) -> dict[str, object]:
    """
    Every specification and what follows from them, as JSON holds it: enough to draw all figures of it again.

    Specifications are in the order of the grid, and are named by their place there; their ``levels`` are places among
    those of each choice.
    """
    envelope, level = curve.envelope(), curve.settings.level
    low, high = round((1 - level) / 2, 15), round((1 + level) / 2, 15)
    place = {one.levels: at for at, one in enumerate(curve.specifications)}
    return {
        "quantity": "casualties_ratio",
        "level": level,
        "choices": [
            {"name": one.name, "levels": [fields_record(level) for level in one.levels], "used": one.used}
            for one in curve.choices
        ],
        "used": place[curve.used.levels],
        "by_median": [place[one.levels] for one in curve.by_median()],
        "computed": curve.computed,
        "probabilities": envelope.probabilities.tolist(),
        "thresholds": envelope.thresholds.tolist(),
        "specifications": [_specification_record(one, low, high) for one in curve.specifications],
        "envelope": {
            name: getattr(envelope, name).tolist()
            for name in (one.name for one in fields(envelope))
            if name not in ("probabilities", "thresholds")
        },
        "alternatives": [
            {
                "choice": one.choice.name,
                "level": one.level.label,
                "specification": place[one.specification.levels],
                "difference": one.difference,
                "mcse": one.mcse,
                "killed": one.killed and estimate_record(one.killed),
            }
            for one in curve.alternatives()
        ],
        "drivers": [fields_record(one) for one in curve.drivers()],
    }


def _specification_record(one: Specification, low: float, high: float) -> dict[str, object]:
    answer = one.answer
    return {
        "levels": list(one.levels),
        "refused": one.refused and without_folder(one.refused, one.settings),
        "median": answer and answer.median,
        "low": answer and answer.at(low),
        "high": answer and answer.at(high),
        "quantiles": answer and answer.quantiles.tolist(),
        "mcse": answer and answer.mcse.tolist(),
        "exceedance": answer and [fields_record(each) for each in answer.exceedance],
        "kept": answer and answer.kept,
    }
