"""edition.json: what it holds, and what is refused before anybody trusts it."""

import copy
import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from analysis.errors import InputError, WorkError
from analysis.manifest import Edition, digest, read_edition, schema, to_json, write_edition

DATA = Path(__file__).parent.parent / "analysis" / "data"
ZERO = "0" * 64
DOCUMENT = {
    "schema": "edition-1",
    "edition": "seed-2024-12-19",
    "register": "seed",
    "as_of": "2024-12-19",
    "notebook": "report.ipynb",
    "title": "What share of the force has been lost?",
    "status": "draft",
    "reasons": ["the newest claim is 20 days old"],
    "approved": None,
    "rendered": "2026-11-25T16:30:00Z",
    "previous": {"edition": "seed-2024-12-18", "results_sha256": ZERO, "code": ZERO},
    "inputs": {
        "sha256": ZERO,
        "parameters": {"register": "seed", "level": 0.9, "weights": ""},
        "notebook": ZERO,
        "code": ZERO,
        "files": {"seed.csv": ZERO},
        "versions": {"numpy": "2.4.6"},
    },
    "files": {"report.html": ZERO, "figures/answer.png": ZERO},
}


def written(folder: Path, document: object) -> Path:
    (folder / "edition.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def changed(place: str, value: object) -> dict[str, object]:
    document = copy.deepcopy(DOCUMENT)
    *way, last = place.split(".")
    inner = document
    for key in way:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return document


def test_it_comes_back_as_it_was_written(tmp_path):
    edition = read_edition(written(tmp_path, DOCUMENT))
    assert edition.is_draft
    assert (edition.as_of.isoformat(), edition.previous.edition) == ("2024-12-19", "seed-2024-12-18")
    assert json.loads(to_json(edition)) == DOCUMENT
    write_edition(edition, tmp_path)
    assert read_edition(tmp_path) == edition


def test_the_committed_schema_is_that_of_the_classes():
    text = (DATA / "edition.schema.json").read_text(encoding="utf-8")
    assert text == schema(), "write analysis.manifest.schema() to analysis/data/edition.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("schema", "edition-2"),
        ("edition", "../seed"),
        ("edition", "-rf"),
        ("edition", ".hidden"),
        ("edition", "a/b"),
        ("edition", "a\nb"),
        ("edition", ...),
        ("as_of", "2024-13-19"),
        ("as_of", 20241219),
        ("status", "final"),
        ("reasons", "one line"),
        ("reasons", [1]),
        ("approved", True),
        ("rendered", "2026-11-25"),
        ("rendered", "2026-11-25T16:30:00"),
        ("previous.results_sha256", "0"),
        ("inputs.files", {"seed.csv": "0" * 63 + "G"}),
        ("inputs.code", ...),
        ("files", {"/etc/passwd": ZERO}),
        ("files", {"figures/../../x": ZERO}),
        ("files", {"figures\\x": ZERO}),
        ("files", {"report.html": None}),
        ("more", 1),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_with_its_place(tmp_path, place, value):
    with pytest.raises(InputError) as caught:
        read_edition(written(tmp_path, changed(place, value)))
    assert caught.value.faults[0].startswith(f"{tmp_path / 'edition.json'}: {place.split('.')[0]}")
    assert all("\n" not in fault for fault in caught.value.faults)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": "edition-1"', '"\\ud800"', "\udcff"])
def test_what_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / "edition.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError):
        read_edition(tmp_path)


def test_a_manifest_that_is_missing_or_a_link_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"edition\.json cannot be read: No such file"):
        read_edition(tmp_path)
    written(tmp_path, DOCUMENT).joinpath("edition.json").rename(tmp_path / "real.json")
    (tmp_path / "edition.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(InputError, match="is a symbolic link"):
        read_edition(tmp_path)


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    edition = read_edition(written(tmp_path, DOCUMENT))
    wrong = Edition(**{name: getattr(edition, name) for name in Edition.__slots__} | {"edition": "../x"})
    (tmp_path / "edition.json").unlink()
    with pytest.raises(WorkError, match=r"edition is '\.\./x'"):
        write_edition(wrong, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_digest_is_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert digest(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()
