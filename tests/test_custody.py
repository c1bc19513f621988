"""Every number can be followed to the row that it comes from, and the record of it is PROV as W3C defines it."""

import csv
import hashlib
import importlib.resources
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import prov
import pytest
from prov.model import ProvDocument

from analysis.claims import COLUMNS, read_register
from analysis.custody import to_prov
from analysis.pipeline import run
from analysis.records import to_json, write
from analysis.settings import Settings

DATA = Path(__file__).parent.parent / "analysis" / "data"
QUICK = {"max_draws": 1024}


@pytest.fixture(scope="module")
def results():
    return run(Settings(**QUICK))


@pytest.fixture(scope="module")
def document(results):
    return json.loads(to_prov(results))


@pytest.fixture(scope="module")
def record():
    results = run(Settings(register="public-record", as_of="2025-01-22", **QUICK))
    return results, json.loads(to_prov(results))


def relations(document, kind: str, first: str, second: str) -> set[tuple[str, str]]:
    return {(one[f"prov:{first}"], one[f"prov:{second}"]) for one in document[kind].values()}


def derivations(document, kind: str | None) -> set[tuple[str, str]]:
    """PROV-JSON writes quotations and primary sources as derivations with a type."""
    wanted = {"$": f"prov:{kind}", "type": "xsd:QName"} if kind else None
    return {
        (one["prov:generatedEntity"], one["prov:usedEntity"])
        for one in document["wasDerivedFrom"].values()
        if one.get("prov:type") == wanted
    }


def lines_of(file: Path) -> dict[str, bytes]:
    """The bytes of each row by its id, by hand: rows of the registers that ship stand on one line each."""
    return {line.split(b",", 1)[0].decode(): line for line in file.read_bytes().splitlines()[1:]}


@pytest.mark.parametrize("name", ["seed", "public-record"])
def test_a_row_carries_the_digest_of_its_bytes(name):
    register = read_register(name)
    for file in {claim.file.rsplit("/", 1)[-1] for claim in register.claims}:
        lines = lines_of(DATA / file)
        of_file = [claim for claim in register.claims if claim.file.endswith(file)]
        assert len(of_file) == len(lines)
        for claim in of_file:
            assert claim.sha256 == hashlib.sha256(lines[claim.id]).hexdigest()


def test_a_row_of_several_lines_and_windows_ends(tmp_path):
    shutil.copy(DATA / "sources.toml", tmp_path)
    claim = read_register("seed").claims[0]
    row = {name: getattr(claim, name) for name in COLUMNS} | {
        "rests_on": "",
        "period_start": "",
        "note": "two\r\nlines",
    }
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(row)
    writer.writerow(row | {"id": "second", "note": ""})
    (tmp_path / "mine.csv").write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())
    first, second = read_register(tmp_path / "mine.csv").claims
    body = out.getvalue().encode().split(b"\r\n", 1)[1]
    cut = body.index(b"second,")
    assert first.sha256 == hashlib.sha256(body[:cut].removesuffix(b"\r\n")).hexdigest()
    assert second.sha256 == hashlib.sha256(body[cut:].removesuffix(b"\r\n")).hexdigest()


def test_results_hold_the_digest_of_every_row(results):
    claims = json.loads(to_json(results))["claims"]
    assert {one["id"]: one["sha256"] for one in claims} == {one.claim.id: one.claim.sha256 for one in results.claims}
    assert len({one["sha256"] for one in claims}) == len(claims) == 26


@pytest.mark.parametrize("which", ["seed", "record"])
def test_the_document_is_valid(which, document, record):
    made = document if which == "seed" else record[1]
    schema = importlib.resources.files("prov.tests").joinpath("schemas/prov-json.schema.json").read_text("utf-8")
    jsonschema.validate(made, json.loads(schema))
    read_back = ProvDocument.deserialize(content=json.dumps(made), format="json")
    assert json.loads(read_back.serialize(format="json")).keys() == made.keys()
    read_back.unified()
    assert len(read_back.get_records()) == sum(len(records) for kind, records in made.items() if kind != "prefix")


def test_a_document_that_contradicts_itself_is_refused():
    """What `to_prov` relies on: two times for one beginning of an activity break a constraint of PROV."""
    made = ProvDocument()
    made.add_namespace("x", "urn:x:")
    made.activity("x:a", startTime="2024-12-19T00:00:00")
    made.activity("x:a", startTime="2024-12-20T00:00:00")
    with pytest.raises(prov.Error):
        made.unified()


def test_everything_named_is_described(document, record):
    for made in (document, record[1]):
        known = set(made["entity"]) | set(made["agent"]) | set(made["activity"])
        for kind, records in made.items():
            if kind in ("prefix", "entity", "agent", "activity"):
                continue
            for one in records.values():
                named = {value for key, value in one.items() if key.startswith("prov:") and key != "prov:type"}
                assert named <= known, kind


def test_who_said_it_who_printed_it_and_what_it_rests_on(document):
    killed = document["entity"]["claim:seed-nis-killed"]
    assert killed["prov:value"] == "at least 100"
    assert killed["term:quantity"] == "killed"
    sources = derivations(document, "PrimarySource")
    assert ("claim:seed-nis-killed", "origin:NIS") in sources
    assert ("claim:seed-us-casualties", "origin:US%20DoD") in sources
    assert len({claim for claim, _ in sources}) == 26
    said = relations(document, "wasAttributedTo", "entity", "agent")
    outlet = next(one for claim, one in said if claim == "claim:seed-nis-killed" and one.startswith("outlet:"))
    assert document["agent"][outlet]["prov:label"].startswith("BBC")
    speaker = next(one for claim, one in said if claim == "claim:seed-nis-killed" and one.startswith("speaker:"))
    assert (speaker, "origin:NIS") in relations(document, "actedOnBehalfOf", "delegate", "responsible")


def test_a_relay_is_a_quotation_and_a_restatement_a_derivation(record):
    results, made = record
    quoted = derivations(made, "Quotation")
    assert ("claim:mut-efe-killed-20241219", "claim:seed-nis-killed-20241219") in quoted
    derived = derivations(made, None)
    assert ("claim:jcs-casualties-20241223", "claim:seed-nis-wounded-20241219") in derived
    relays = {one.claim.id for one in results.claims if one.claim.relation == "relay"}
    assert {claim.removeprefix("claim:") for claim, _ in quoted} <= relays


def test_an_estimate_comes_from_the_readings_that_count_and_no_others(results, document):
    counted = {one.claim.id for origin in results.evidence.origins for one in origin.given.values()}
    counted |= {one.claim.id for one in results.denominator.force.claims}
    derived = derivations(document, None)
    for estimate in results.estimates:
        behind = {one for made, one in derived if made == f"estimate:{estimate.name}"}
        assert behind == {f"reading:{claim}" for claim in counted}
    assert ("reading:seed-nis-killed", "claim:seed-nis-killed") in derived
    shown = document["entity"]["estimate:casualties_ratio"]
    assert float(shown["prov:value"]) == pytest.approx(results.estimate("casualties_ratio").median, rel=1e-11)
    assert document["entity"]["reading:seed-nis-killed"]["term:q50"] == "106.813"


def test_files_stand_with_their_digests(results, document):
    for name, digest in {**results.register.digests, "lexicon.toml": results.lexicon_digest}.items():
        assert document["entity"][f"file:{name}"]["term:sha256"] == digest
    members = relations(document, "hadMember", "collection", "entity")
    assert ("file:seed.csv", "claim:seed-nis-killed") in members
    assert len(members) == 26


def test_the_same_results_give_the_same_bytes_without_a_time(results):
    code = (
        "from analysis.custody import to_prov; from analysis.pipeline import run; "
        "from analysis.settings import Settings; "
        "print(to_prov(run(Settings(max_draws=1024))), end='')"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert other.stdout == to_prov(results)
    assert "startTime" not in other.stdout


def test_names_of_any_letters(tmp_path):
    name = '=HYPERLINK("x") <b>이성권</b> a:b/c%20 {}'
    sources = (DATA / "sources.toml").read_text(encoding="utf-8").replace("[NIS]", f"['{name}']")
    (tmp_path / "sources.toml").write_text(sources, encoding="utf-8")
    with (DATA / "seed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"origin": name if row["origin"] == "NIS" else row["origin"]} for row in rows)
    made = json.loads(to_prov(run(Settings(register=str(tmp_path / "mine.csv"), **QUICK))))
    assert ProvDocument.deserialize(content=json.dumps(made), format="json").get_records()
    (spelled,) = [key for key, one in made["agent"].items() if one.get("prov:label", "").startswith("National Intel")]
    assert spelled.startswith("origin:%3DHYPERLINK")


def test_an_edition_holds_it(results, tmp_path):
    write(results, tmp_path)
    assert (tmp_path / "prov.json").read_text(encoding="utf-8") == to_prov(results)
