"""
Results as files: results.json, whose schema is ``analysis/data/results.schema.json``, and estimates.csv.

Nothing in them depends on when, where or by how many workers they were computed. Numbers have 12 significant
digits: what differs beyond them is rounding of the processor, not of the model.

>>> from analysis.wording import read
>>> reading_record(read("at least 100"))["low"]
100.0
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np

from analysis.cells import harmless
from analysis.claims import Claim, register_path
from analysis.curve import Curve, Drivers, Level, Specification
from analysis.custody import to_prov
from analysis.evidence import ReadClaim
from analysis.pipeline import Results, Settings, versions
from analysis.sampling import Convergence
from analysis.summary import Estimate, Exceedance, Interval
from analysis.wording import QUANTILES, Reading

__all__ = ["CSV_COLUMNS", "curve_record", "layers_record", "reading_record", "to_csv", "to_json", "write"]

CSV_COLUMNS = (
    *("source", "name", "unit", "median", "mean", "sd", "mcse", "mcse_mean"),
    *("level", "kind", "low", "high", "mcse_low", "mcse_high"),
)

_FILE_DIGITS = 12


def to_json(results: Results) -> str:
    """
    The content of results.json; its schema is ``analysis/data/results.schema.json``.

    Numbers have 12 significant digits: what differs beyond is rounding of the processor.
    """
    settings = {field.name: getattr(results.settings, field.name) for field in fields(Settings)}
    document = {
        "schema": "results-1",
        "settings": {**settings, "register": results.register.name},
        "register": {"name": results.register.name, "files": dict(results.register.digests)},
        "lexicon": {"sha256": results.lexicon_digest},
        "versions": versions(),
        "estimates": [_estimate_record(one) for one in results.estimates],
        "exceedance": [_record(one) for one in results.exceedance],
        "origins": [
            {
                "name": one.name,
                "weight": one.weight,
                "source": results.register.sources[one.name].model_dump(mode="json"),
                "estimates": [_estimate_record(estimate) for estimate in one.estimates],
                "exceedance": [_record(exceedance) for exceedance in one.exceedance],
            }
            for one in results.origins
        ],
        "pools": [
            {
                "name": one.name,
                "agreement": one.agreement,
                "estimates": [_estimate_record(estimate) for estimate in one.estimates],
                "exceedance": [_record(exceedance) for exceedance in one.exceedance],
            }
            for one in results.pools
        ],
        "denominators": [
            {
                "force": one.choice,
                "claims": [claim.claim.id for claim in one.force.claims] if one.force else [],
                "estimates": [_estimate_record(estimate) for estimate in one.estimates],
            }
            for one in results.denominators
        ],
        "claims": [_claim_record(one, results) for one in results.claims],
        "convergence": _record(results.convergence),
        "kept": results.kept,
        "violation": results.violation,
    }
    return json.dumps(_plain(document), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _record(one: Exceedance | Convergence | Interval | Level | Drivers) -> dict[str, object]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _estimate_record(estimate: Estimate) -> dict[str, object]:
    record: dict[str, object] = {field.name: getattr(estimate, field.name) for field in fields(estimate)}
    return {**record, "intervals": [_record(interval) for interval in estimate.intervals]}


def reading_record(reading: Reading) -> dict[str, object]:
    """A reading as JSON holds it."""
    quantiles = reading.quantiles()
    named = None
    if quantiles is not None:
        named = {f"{p:g}": float(q) for p, q in zip(QUANTILES, quantiles, strict=True)}
    return {
        "wording": reading.wording,
        "kind": reading.kind,
        "low": reading.low,
        "best": reading.best,
        "high": reading.high,
        "quantiles": named,
        "rule": reading.rule,
        "source": reading.source,
        "judgement": reading.judgement,
        "reporting": reading.reporting,
    }


def layers_record(one: Reading, reported: Reading) -> dict[str, object]:
    """Both layers of a reading: what ``casualty-report read --json`` prints, the numbers to use on top."""
    document = {**reading_record(reported), "intervals": None, "wording_layer": reading_record(one)}
    if reported.distribution is not None:
        levels = {level: np.array([(1 - level) / 2, (1 + level) / 2]).round(15) for level in (0.5, 0.8, 0.9, 0.95)}
        document["intervals"] = {f"{level:g}": reported.distribution.ppf(p).tolist() for level, p in levels.items()}
    return _plain(document)  # type: ignore[return-value]


def _claim_record(one: ReadClaim, results: Results) -> dict[str, object]:
    claim: Claim = one.claim
    reasons = {exclusion.claim.id: exclusion.reason for exclusion in results.evidence.excluded}
    denominator = results.denominator.force
    chosen = denominator is not None and claim.id in {used.claim.id for used in denominator.claims}
    return {
        **claim.model_dump(mode="json", exclude={"file", "line"}),
        "line": f"{Path(claim.file).name}:{claim.line}",
        "used_as": "denominator" if chosen else None if claim.id in reasons else "loss",
        "reason": None if chosen else reasons.get(claim.id),
        "reading": reading_record(one.wording),
        "with_reporting": reading_record(one.reading) if one.reading is not one.wording else None,
    }


def curve_record(curve: Curve) -> dict[str, object]:
    """
    Every specification and what follows from them, as JSON holds it: enough to draw all figures of it again.

    Specifications are in the order of the grid, and are named by their place there; their ``levels`` are places among
    those of each choice.
    """
    envelope, level = curve.envelope(), curve.settings.level
    low, high = round((1 - level) / 2, 15), round((1 + level) / 2, 15)
    place = {one.levels: at for at, one in enumerate(curve.specifications)}
    document = {
        "quantity": "casualties_ratio",
        "level": level,
        "choices": [
            {"name": one.name, "levels": [_record(level) for level in one.levels], "used": one.used}
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
            }
            for one in curve.alternatives()
        ],
        "drivers": [_record(one) for one in curve.drivers()],
    }
    return _plain(document)  # type: ignore[return-value]


def _specification_record(one: Specification, low: float, high: float) -> dict[str, object]:
    answer = one.answer
    return {
        "levels": list(one.levels),
        "refused": one.refused,
        "median": answer and answer.median,
        "low": answer and answer.at(low),
        "high": answer and answer.at(high),
        "quantiles": answer and answer.quantiles.tolist(),
        "mcse": answer and answer.mcse.tolist(),
        "exceedance": answer and [_record(each) for each in answer.exceedance],
        "kept": answer and answer.kept,
    }


def _plain(value: object) -> object:
    """The same with every float at the digits of the files."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.{_FILE_DIGITS}g}")
    return value


def to_csv(results: Results) -> str:
    """The content of estimates.csv: a row for each source, quantity and level, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    sources = [("pool", results.estimates), *((one.name, one.estimates) for one in results.origins)]
    for source, estimates in sources:
        for one in estimates:
            centre = [one.median, one.mean, one.sd, one.mcse, one.mcse_mean]
            for level in one.intervals:
                ends = [level.low, level.high, level.mcse_low, level.mcse_high]
                row = [harmless(source), one.name, one.unit, *centre, level.level, level.kind, *ends]
                writer.writerow([_plain(cell) for cell in row])
    return out.getvalue()


def write(results: Results, folder: str | Path) -> None:
    """Write results.json, estimates.csv, prov.json and the register as it was used; nothing if ``folder`` is empty."""
    if not str(folder):
        return
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "results.json").write_text(to_json(results), encoding="utf-8")
    (target / "estimates.csv").write_text(to_csv(results), encoding="utf-8")
    (target / "prov.json").write_text(to_prov(results), encoding="utf-8")
    origin = register_path(results.settings.register).parent
    for name in results.register.digests:
        (target / name).write_bytes((origin / name).read_bytes())
