"""The public record becomes a sound register that agrees with the evidence file, row by row."""

import csv
import io
import os
from pathlib import Path

import pytest

from analysis.claims import read_register
from analysis.evidence import read_claims
from tests.convert_public_record import ORIGINS, RENAMED, ROLES, TARGET, register

EVIDENCE = Path(__file__).parents[2] / "shared" / "evidence" / "public-record.csv"

pytestmark = pytest.mark.skipif(
    not EVIDENCE.is_file() and os.environ.get("CI") != "true",
    reason="the evidence file of the public record is not here",
)


@pytest.fixture(scope="module")
def pairs():
    with EVIDENCE.open(encoding="utf-8", newline="") as file:
        theirs = list(csv.DictReader(file))
    ours = list(csv.DictReader(io.StringIO(register(EVIDENCE))))
    return list(zip(ours, theirs, strict=True))


def test_what_ships_is_what_the_script_makes():
    assert TARGET.read_text(encoding="utf-8") == register(EVIDENCE)


def test_it_is_a_sound_register_whose_wordings_are_read():
    found = read_register("public-record")
    assert len(found.claims) == len(read_claims(found)) == 135


def test_facts_are_carried_over_letter_by_letter(pairs):
    for ours, theirs in pairs:
        assert ours["role"] == ROLES.get(theirs["id"], theirs["role"])
        for column in ("id", "quantity", "wording", "published", "mode", "scope", "speaker", "url"):
            assert ours[column] == theirs[RENAMED.get(column, column)], ours["id"]
        assert ours["origin"] in (theirs["origin"], ORIGINS.get(theirs["origin"]))
        assert theirs["notes"] in ours["note"]
        assert ours["as_of"] == (theirs["date_as_of"] or theirs["date_published"])
        assert ours["period_start"] == theirs["period_start"] or not theirs["period_start"]


def test_no_variant_mutation_or_stale_copy_passes_for_an_original(pairs):
    for ours, theirs in pairs:
        if theirs["role"] in ("variant", "mutation", "stale") and theirs["dependence"]:
            assert ours["relation"] != "original", ours["id"]
            assert ours["rests_on"], ours["id"]
    by_id = {ours["id"]: ours for ours, _ in pairs}
    assert by_id["jcs-casualties-20241223"]["relation"] == "restates"
    assert by_id["seed-nis-wounded-20241219"]["relation"] == "original"
