"""
The public record as a register: made once from the evidence file, and proved to agree with it by a test.

``python tests/convert_public_record.py path/to/public-record.csv`` writes ``analysis/data/public-record.csv``.
The evidence file says in free text what a figure depends on; what that means for counting is decided here.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "analysis" / "data" / "public-record.csv"

COLUMNS = (
    *("id", "role", "quantity", "wording", "published", "as_of", "period_start", "mode", "scope"),
    *("speaker", "origin", "relation", "rests_on", "outlet", "url", "note"),
)
RENAMED = {
    "published": "date_published",
    "as_of": "date_as_of",
    "mode": "scope_mode",
    "scope": "scope_geo",
    "note": "notes",
}
# One origin under several names, and counts of one origin's own showing of its dead.
ORIGINS = {
    "unattributed (US/ROK/Ukraine consensus)": "unattributed",
    "unsourced website": "unattributed",
    "US": "US officials",
    "US + Ukraine officials": "US officials",
    "Ukraine": "Ukraine officials",
    "ISW (derived)": "ISW",
    "DPRK/KCNA (counted by NIS)": "DPRK/KCNA",
    "DPRK/KCNA (counted by NK News)": "DPRK/KCNA",
    "DPRK memorial (counted by NK News)": "DPRK/KCNA",
}
# Figures that say again what another claim says: they are echoes, whoever prints them.
RESTATES = {
    "jcs-casualties-20241223": "seed-nis-killed-20241219;seed-nis-wounded-20241219",
    "nis-casualties-20250113": "nis-killed-20250113;nis-wounded-20250113",
    "uags-4000-20250206": "zelensky-4000-20250109",
    "ukdi-4000-202502": "bbc-west-casualties-20250122",
    "isw-rate-20250116": "zelensky-3800-20250105",
    "var-aju-casualties-20241219": "seed-nis-killed-20241219;seed-nis-wounded-20241219",
    "mut-washtimes-nested-20241219": "seed-nis-killed-20241219;seed-nis-wounded-20241219",
    "insider-1500-202601": "ukdi-killedshare-20250328;ukdi-5000-20250328",
}
# Claims that rest on others and still say something of their own.
RESTS_ON = {
    "seed-nis-wounded-20241219": "seed-nis-killed-20241219",
    "nis-wounded-20250430": "nis-casualties-20250430;nis-killed-20250430",
}
# Figures that are no total of the force's losses: shown, and never counted.
ROLES = {
    "gur-joint-20241214": "context",  # Russian and North Korean soldiers together
    "zelensky-battalion-20250104": "context",  # the same
    # Portraits and names that the force's own side chose to show: a floor under the dead, and no total of them.
    "dprk-portraits-20250822": "context",
    "nis-dprk-disclosed-20250902": "context",
    "nknews-250-202601": "context",
}
# Flows whose first day the evidence file leaves open, with the day that its note gives or the day itself.
PERIOD_START = {
    "sbu-wounded-20241218": "2024-12-17",
    "ua-reinf-20250224": "2025-01-01",
}


def converted(row: dict[str, str], ids: set[str]) -> dict[str, str]:
    """A row of the evidence file as a row of the register."""
    made = {column: row.get(RENAMED.get(column, column), "") for column in COLUMNS}
    made["role"] = ROLES.get(row["id"], row["role"])
    made["origin"] = ORIGINS.get(row["origin"], row["origin"])
    named = [one for one in sorted(ids) if one in row["dependence"] and one != row["id"]]
    echo = row["id"] in RESTATES or (row["role"] in ("variant", "mutation", "stale") and bool(named))
    made["relation"] = ("relay" if row["role"] in ("mutation", "stale") else "restates") if echo else "original"
    made["rests_on"] = RESTATES.get(row["id"]) or RESTS_ON.get(row["id"]) or ";".join(named)
    if row["scope_mode"] == "incremental" and not row["period_start"]:
        made["period_start"] = PERIOD_START.get(row["id"], row["date_as_of"])
    made["as_of"] = row["date_as_of"] or row["date_published"]
    # What the register has no column for stays in the note: how close to the origin the passage was that was read.
    made["outlet"] = row["outlet"] or "not named"
    extra = [f"Read at: {row['verified_via']}."] if row["verified_via"] else []
    extra += [f"See also {row['url2']}"] if row["url2"] else []
    extra += [] if row["date_as_of"] else ["The day that it describes is not known; the day of print stands for it."]
    extra += [f"Depends: {row['dependence']}."] if row["dependence"] and not named else []
    made["note"] = " ".join(part for part in (row["notes"], *extra) if part)
    return made


def register(evidence: Path) -> str:
    """The whole register as CSV."""
    with evidence.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ids = {row["id"] for row in rows}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(converted(row, ids) for row in rows)
    return out.getvalue()


if __name__ == "__main__":
    TARGET.write_text(register(Path(sys.argv[1])), encoding="utf-8")
