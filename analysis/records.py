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
from analysis.custody import to_prov
from analysis.evidence import CORRELATION, ReadClaim, effective_number
from analysis.pipeline import Results, versions
from analysis.summary import Estimate
from analysis.wording import QUANTILES, Reading

__all__ = [
    "CSV_COLUMNS",
    "estimate_record",
    "fields_record",
    "layers_record",
    "plain",
    "reading_record",
    "settings_record",
    "to_csv",
    "to_json",
    "write",
]

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
    document = {
        "schema": "results-1",
        "settings": settings_record(results),
        "register": {"name": results.register.name, "files": dict(results.register.digests)},
        "lexicon": {"sha256": results.lexicon_digest},
        "versions": versions(),
        "estimates": [estimate_record(one) for one in results.estimates],
        "exceedance": [fields_record(one) for one in results.exceedance],
        "origins": [
            {
                "name": one.name,
                "weight": one.weight,
                "source": results.register.sources[one.name].model_dump(mode="json"),
                "estimates": [estimate_record(estimate) for estimate in one.estimates],
                "exceedance": [fields_record(exceedance) for exceedance in one.exceedance],
            }
            for one in results.origins
        ],
        "effective_origins": _effective(results),
        "pools": [
            {
                "name": one.name,
                "agreement": one.agreement,
                "estimates": [estimate_record(estimate) for estimate in one.estimates],
                "exceedance": [fields_record(exceedance) for exceedance in one.exceedance],
            }
            for one in results.pools
        ],
        "denominators": [
            {
                "force": one.choice,
                "claims": [claim.claim.id for claim in one.force.claims] if one.force else [],
                "estimates": [estimate_record(estimate) for estimate in one.estimates],
            }
            for one in results.denominators
        ],
        "claims": [_claim_record(one, results) for one in results.claims],
        "convergence": fields_record(results.convergence),
        "kept": results.kept,
        "violation": results.violation,
    }
    return json.dumps(plain(document), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _effective(results: Results) -> dict[str, object]:
    """To how many independent origins those with weight amount, if two of a stream err together by the correlation."""
    names = [one.name for one in results.origins if one.weight > 0]
    number = effective_number(results.register.sources[name].stream for name in names)
    return {"correlation": CORRELATION, "number": number}


def settings_record(results: Results) -> dict[str, object]:
    """The settings of a run as JSON holds them: the register by its name, since a path is of one machine."""
    return {**fields_record(results.settings), "register": results.register.name}


def fields_record(one: object) -> dict[str, object]:
    """The fields of a dataclass by name."""
    return {field.name: getattr(one, field.name) for field in fields(one)}  # type: ignore[arg-type]


def estimate_record(estimate: Estimate) -> dict[str, object]:
    """An estimate as JSON holds it."""
    return {**fields_record(estimate), "intervals": [fields_record(interval) for interval in estimate.intervals]}


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
    return plain(document)  # type: ignore[return-value]


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


def plain(value: object) -> object:
    """The same with every float at the digits of the files."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
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
                writer.writerow([plain(cell) for cell in row])
    return out.getvalue()


def write(results: Results, folder: str | Path) -> None:
    """Write results.json, estimates.csv, prov.json and the register as it was used; nothing if ``folder`` is empty."""
    if not str(folder):
        return
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "results.json").write_text(to_json(results), encoding="utf-8", newline="")
    (target / "estimates.csv").write_text(to_csv(results), encoding="utf-8", newline="")
    (target / "prov.json").write_text(to_prov(results), encoding="utf-8", newline="")
    origin = register_path(results.settings.register).parent
    for name in results.register.digests:
        (target / name).write_bytes((origin / name).read_bytes())
