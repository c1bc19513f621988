"""The notebook of the record with plain papermill and with render: any register, day and quantity; text stays text."""

import html
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.errors import InputError
from analysis.paper import find_browser
from analysis.parameters import declared_parameters
from tests.rendering import rendered

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "claims.ipynb"


def test_parameters():
    assert declared_parameters(NOTEBOOK) == {
        "register": "public-record",
        "as_of": "2026-02-14",
        "quantity": "killed",
        "window": 14,
        "output_dir": "",
    }


def test_plain_papermill_takes_every_parameter(tmp_path):
    """No code of ours around it, from another folder, every parameter changed."""
    register = str(ROOT / "analysis" / "data" / "seed.csv")
    given = {"register": register, "as_of": "2024-12-19", "quantity": "all", "output_dir": "made"}
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), "out.ipynb", "--no-progress-bar"]
    command += [part for name, value in given.items() for part in ("-p", name, value)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    made = sorted(path.name for path in (tmp_path / "made" / "figures").iterdir())
    assert made == ["drift.png", "drift.svg", "provenance.png", "provenance.svg", "timeline.png", "timeline.svg"]
    assert "26 claims had been printed" in (tmp_path / "out.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"as_of": "2024-10-17", "quantity": "all"}, "1 claim had been printed"),
        ({"as_of": "2024-11-10", "quantity": "casualties"}, "no origin gave a number of its own"),
        ({"register": "seed", "as_of": "2024-12-19", "quantity": "casualty_ratio"}, "1 claim about the casualty ratio"),
    ],
)
def test_days_and_quantities_with_little_to_show(tmp_path, parameters, words):
    folder = rendered(NOTEBOOK, tmp_path / "out", parameters)
    assert words in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"quantity": "dead"},
            "quantity is 'dead', expected one of all, captured, casualties, casualty_ratio, deployed",
        ),
        ({"as_of": "2024-01-01"}, "no claim about the killed was published on or before 2024-01-01; the first is of"),
        ({"as_of": "soon"}, "as_of is 'soon', expected a date like 2024-12-19"),
    ],
)
def test_wrong_input_is_one_line(tmp_path, parameters, message):
    with pytest.raises(InputError) as caught:
        rendered(NOTEBOOK, tmp_path / "out", parameters)
    assert message in caught.value.faults[0]
    assert len(caught.value.faults) == 1
    assert {path.name for path in tmp_path.iterdir()} == {".locks", "failed"}


def test_text_of_the_register_comes_out_as_text(tmp_path):
    for name in ("seed.csv", "sources.toml"):
        shutil.copy(ROOT / "analysis" / "data" / name, tmp_path / name)
    attack = "<script>alert(1)</script> **bold** [link](javascript:alert) $x^2$ &amp;"
    text = (tmp_path / "seed.csv").read_text(encoding="utf-8")
    text = text.replace("Confirms that there were casualties, no more.", attack)
    text = text.replace("BBC (as paraphrased in the seed article)", "<img src=x onerror=alert(2)>")
    (tmp_path / "seed.csv").write_text(text, encoding="utf-8")
    sources = (tmp_path / "sources.toml").read_text(encoding="utf-8")
    sources = sources.replace("Same government and same week", "<b>loud</b> # heading")
    (tmp_path / "sources.toml").write_text(sources, encoding="utf-8")
    parameters = {"register": str(tmp_path / "seed.csv"), "as_of": "2024-12-19", "quantity": "all"}
    folder = rendered(NOTEBOOK, tmp_path / "out", parameters)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    # In a cell of a table, and as a name in the text alternative of a picture.
    assert html.escape(attack) in page
    assert page.count("onerror") == page.count("&lt;img src=x onerror=alert(2)&gt;") > 10


def test_render_gives_it_a_folder_beside_the_report_s(tmp_path):
    """A bare name is the notebook that ships; its edition never replaces the report's."""
    command = [
        sys.executable,
        "-m",
        "analysis",
        "render",
        "seed",
        "--as-of",
        "2024-12-19",
        "--notebook",
        "claims.ipynb",
    ]
    command += ["-p", "quantity", "wounded", "--output", "made"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "made/seed-2024-12-19-claims/report.html: rendered\n"
    edition = tmp_path / "made" / "seed-2024-12-19-claims"
    made = {"claims.ipynb", "edition.json", "figures", "report.html", *(["report.pdf"] if find_browser() else [])}
    assert {path.name for path in edition.iterdir()} == made
    assert "claims about the wounded" in (edition / "report.html").read_text(encoding="utf-8")


def test_render_refuses_what_the_notebook_does_not_declare(tmp_path):
    command = [sys.executable, "-m", "analysis", "render", "seed", "--notebook", "claims.ipynb", "--force", "deployed"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "force is not a parameter" in done.stderr
    assert "Declared are register, as_of, quantity, window, output_dir" in done.stderr
    assert list(tmp_path.iterdir()) == []
