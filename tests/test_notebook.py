"""The report's notebook with plain papermill: every declared parameter can change, and the page tells the truth."""

import html
import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from analysis.errors import InputError
from analysis.figures import FIGURES
from analysis.parameters import declared_parameters
from analysis.settings import Settings
from tests.rendering import rendered

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "report.ipynb"
CHANGES = {
    "register": str(ROOT / "analysis" / "data" / "seed.csv"),
    "as_of": "2024-12-20",
    "force": "deployed",
    "pool": "median",
    "width": "2.0",
    "weights": "NIS=2, US=1",
    "window": "30",
    "wounded_per_killed": "3",
    "level": "0.8",
    "digits": "1",
    "max_draws": "16384",
    "seed": "7",
}


def test_parameters_are_the_settings_with_their_defaults():
    declared = declared_parameters(NOTEBOOK)
    assert declared.pop("output_dir") == ""
    assert declared == asdict(Settings())
    assert set(CHANGES) == set(declared)


def test_plain_papermill_takes_every_parameter(tmp_path):
    """No code of ours around it, from another folder, every parameter changed, types as papermill guesses them."""
    out = tmp_path / "out.ipynb"
    given = [part for name, value in CHANGES.items() for part in ("-p", name, value)]
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), str(out), *given, "-p", "output_dir", "made"]
    done = subprocess.run(
        [*command, "--no-progress-bar"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    settings = json.loads((tmp_path / "made" / "results.json").read_text(encoding="utf-8"))["settings"]
    for name, value in CHANGES.items():
        assert str(settings[name]) == ("seed" if name == "register" else value)
    document = json.loads((tmp_path / "made" / "sensitivity.json").read_text(encoding="utf-8"))
    assert document["settings"] == settings
    names = [*FIGURES, "drivers", "method"]  # the last two are of `dependence_figures` and `diagram`
    made = sorted(path.name for path in (tmp_path / "made" / "figures").iterdir())
    assert made == sorted(f"{name}.{kind}" for name in names for kind in ("png", "svg"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A report of a register whose cells hold markup."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("seed.csv", "sources.toml"):
        shutil.copy(ROOT / "analysis" / "data" / name, folder / name)
    text = (folder / "seed.csv").read_text(encoding="utf-8")
    attack = "<script>alert(1)</script> **bold** [link](javascript:alert) $x^2$ &amp;"
    text = text.replace("Confirms that there were casualties, no more.", attack)
    text = text.replace("Pentagon spokesperson", "<img src=x onerror=alert(2)>")
    text = text.replace("The article's central claim.", "<b>loud</b> # heading")
    (folder / "seed.csv").write_text(text, encoding="utf-8")
    parameters = {"register": str(folder / "seed.csv"), "max_draws": 16384}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1734566400")
        return rendered(NOTEBOOK, folder / "out", parameters)


def test_text_of_the_register_comes_out_as_text(hostile):
    page = (hostile / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "onerror" not in page.replace(html.escape("<img src=x onerror=alert(2)>"), "")
    assert html.escape("<script>alert(1)</script> **bold** [link](javascript:alert) $x^2$ &amp;") in page
    assert "&lt;b&gt;loud&lt;/b&gt; # heading" in page


def test_every_number_of_the_answer_is_in_the_results(hostile):
    from analysis.summary import Estimate

    results = json.loads((hostile / "results.json").read_text(encoding="utf-8"))
    page = (hostile / "report.html").read_text(encoding="utf-8")
    lead = re.search(r"<p><strong>(By .*?)</strong>", page).group(1)
    record = next(one for one in results["estimates"] if one["name"] == "casualties_ratio")
    ratio, settings = Estimate.from_record(record), results["settings"]
    low_high = ratio.range(settings["level"], digits=settings["digits"], signed=False)
    assert f"{low_high} of every 100 soldiers" in lead


def test_two_renders_give_the_same_bytes(hostile, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1734566400")
    parameters = {"register": str(hostile.parent / "seed.csv"), "max_draws": 16384}
    again = rendered(NOTEBOOK, tmp_path / "out", parameters)
    files = sorted(path.relative_to(hostile) for path in hostile.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for name in files:
        assert (hostile / name).read_bytes() == (again / name).read_bytes(), name


def test_no_file_names_a_folder_of_this_machine(hostile):
    """The register was given by its path; its copy lies beside the notebook, which runs there by its name."""
    for file in (path for path in hostile.rglob("*") if path.is_file()):
        assert str(hostile.parent).encode() not in file.read_bytes(), file.name
    executed = json.loads((hostile / "report.ipynb").read_text(encoding="utf-8"))
    injected = next(cell for cell in executed["cells"] if cell["id"] == "injected-parameters")
    assert 'register = "seed.csv"\n' in injected["source"]
    assert (hostile / "seed.csv").is_file()


def test_wrong_input_in_the_notebook_is_wrong_input(tmp_path):
    with pytest.raises(InputError, match="force is 'half'"):
        rendered(NOTEBOOK, tmp_path / "out", {"force": "half"})
    assert list(tmp_path.iterdir()) == []
