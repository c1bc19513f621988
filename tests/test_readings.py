"""Readings side by side: what is chosen, what is told of it, and what the pictures show."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis import readings, wording_figures
from analysis.claims import read_register
from analysis.errors import InputError
from analysis.readings import choose
from tests.rendering import rendered

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "wording.ipynb"
FEW = choose("at least 100; 120 killed; around 10,000; several hundred; many", layer="first-day")


def text_of(ax) -> str:
    return "\n".join(one.get_text() for one in ax.findobj(match=lambda item: hasattr(item, "get_text")))


def test_wordings_are_chosen_by_name_and_those_without_a_number_come_last():
    assert [one.one.wording for one in FEW.each] == [
        *("at least 100", "120 killed", "around 10,000", "several hundred"),
        "many",
    ]
    assert len(FEW.numbered) == 4
    assert [one.one.wording for one in choose(["20", 30], layer="none").each] == ["20", "30"]


def test_without_a_name_the_wordings_of_a_register_are_chosen_once_each_with_their_prints():
    chosen = choose(layer="first-day", register="public-record")
    counting = [c for c in read_register("public-record").claims if c.role in ("seed", "estimate", "count")]
    assert {one.one.wording for one in chosen.each} == {claim.wording for claim in counting}
    assert sum(one.prints for one in chosen.each) == len(counting)
    # Zelensky in January 2025, Western officials the same month, South Korea's Joint Chiefs in March.
    assert next(one.prints for one in chosen.each if one.one.wording == "4,000") == 3


def test_a_register_of_ones_own_by_its_path(tmp_path):
    for name in ("seed.csv", "sources.toml"):
        shutil.copy(ROOT / "analysis" / "data" / name, tmp_path / name)
    (tmp_path / "seed.csv").rename(tmp_path / "mine.csv")
    assert "at least 100" in [one.one.wording for one in choose(layer="none", register=str(tmp_path / "mine.csv")).each]


def test_the_layer_is_the_one_that_was_asked_for():
    layers = {
        layer: [one.reported.reporting for one in choose("120; about 100", layer=layer).each]
        for layer in ("first-day", "third-party", "none", "settled")
    }
    assert layers == {
        "first-day": ["first-day", "none"],
        "third-party": ["third-party", "third-party"],
        "none": ["none", "none"],
        "settled": ["none", "none"],
    }
    settled, fresh = (choose("at least 100", layer=layer).each[0].one.quantiles() for layer in ("settled", "none"))
    assert settled[0] == 100 > fresh[0]


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ({"wordings": "oodles; 20; lashings", "layer": "none"}, ["wording is 'oodles'", "wording is 'lashings'"]),
        ({"layer": "third"}, ["layer is 'third', expected settled or one of none, third-party"]),
        ({"layer": "none", "register": str(ROOT / "analysis" / "data" / "none.csv")}, ["none.csv: no such file"]),
    ],
)
def test_wrong_input_is_named(arguments, messages):
    with pytest.raises(InputError) as caught:
        choose(**arguments)
    assert len(caught.value.faults) == len(messages)
    for fault, message in zip(caught.value.faults, messages, strict=True):
        assert message in fault


def test_the_answer_says_how_far_readings_have_been_right_and_which_is_widest():
    lines = readings.answer(FEW).paragraphs
    assert '"at least": 19 of 21; counts without a hedge: 152 of 165' in lines[0]
    # 120 ends between 120 / 3 * 3 ** (0.05 / 0.26) = 49 and 120 * (1 + 0.52 * ln(0.47 / 0.05)) = 260: 5.3 times.
    assert '"120 killed" leaves the most room: 50 to 260 (90 %), middle 120' in lines[1]
    assert lines[2] == "1 of 5 wordings name no number and are never counted."


def test_tables_hold_each_wording_its_layer_and_its_evidence():
    rows = {row[0]: row for row in readings.quantiles(FEW).rows}
    assert rows['"at least 100"'][2] == "in the rule"
    assert rows['"120 killed"'][2:8] == ("first-day", "49", "115", "120", "159", "260")
    assert rows['"around 10,000"'][2] == "wording only"
    assert set(rows['"many"'][3:8]) == {"no number"}
    found = {row[0]: row for row in readings.evidence(FEW).rows}
    assert found["first-day"][1] == '"120 killed"'
    assert found["first-day"][2].startswith("UCDP pairs, bare counts")
    assert "numberly" in found["several hundred"][2]


def test_old_and_new_coverage_stand_side_by_side():
    rows = {(row[0], row[1], row[2]): row for row in readings.held().rows}
    assert rows['"at least"', "90 %", "recommended"][3:5] == ("17 of 21", "81 %")
    assert rows['"at least"', "90 %", "now"][3:] == ("19 of 21", "90 %", "70 to 99 %", "2.39")
    assert rows["counts without a hedge", "90 %", "now, event left out"][3] == "151 of 165"
    assert len(rows) == 2 * 3 * 3


def test_the_picture_of_wordings():
    ax = wording_figures.wordings(Figure(figsize=(7, 4)).add_subplot(), FEW)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        *('"at least 100"', '"120 killed"', '"around 10,000"', '"several hundred"')
    ]
    assert ax.get_title(loc="left").startswith('"120 killed" leaves the most room')
    circles = [line for line in ax.lines if line.get_marker() == "o"]
    assert sorted(line.get_xdata().size for line in circles) == [21, 165]
    # The median listener's width of "around 10,000" is 1,403 (Ferson et al. 2015): 0.93 to 1.07 times the number.
    (bracket,) = [line for line in ax.lines if line.get_marker() == "|" and np.size(line.get_xdata()) == 2]
    assert bracket.get_xdata() == pytest.approx([0.9299, 1.0701], abs=1e-4)
    assert "280 to 840 (90 %), middle 500" in text_of(ax)


def test_the_pictures_of_outcomes_and_coverage():
    ax = wording_figures.outcomes(Figure().add_subplot())
    assert ax.get_title(loc="left") == '57 % of "at least" and 47 % of bare counts grew after the headline'
    steps = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert [line.get_xdata().size for line in steps] == [21 + 2, 165 + 2]
    ax = wording_figures.covered(Figure().add_subplot())
    assert ax.get_title(loc="left") == "Intervals of 90 % held 19 of 21 and 152 of 165 outcomes"
    marks = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    hollow = [float(line.get_ydata()[0]) for line in marks if line.get_markerfacecolor() == "white"]
    assert sorted(hollow) == pytest.approx(sorted(100 * k / n for k, n in RECOMMENDED))


RECOMMENDED = [(13, 21), (15, 21), (17, 21), (98, 165), (126, 165), (145, 165)]


@pytest.mark.parametrize("name", wording_figures.FIGURES)
def test_each_picture_is_told_in_words(name, tmp_path):
    picture = wording_figures.publish(name, FEW, tmp_path)
    assert (tmp_path / "figures" / f"{name}.png").read_bytes() == picture.png
    assert picture.alt.endswith(".")
    wanted = {"wordings": "several hundred", "outcomes": "57 %", "covered": "19 of 21"}[name]
    assert wanted in picture.alt
    assert wording_figures.publish(name, FEW).png == picture.png


def test_plain_papermill_and_a_page(tmp_path):
    out = tmp_path / "out.ipynb"
    given = ("-p", "wordings", "more than 5; <script>1</script> 20", "-p", "layer", "settled")
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), str(out), *given, "--no-progress-bar"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    assert "wording is '<script>1</script> 20'" in done.stderr
    register = {"wordings": "", "register": str(ROOT / "analysis" / "data" / "public-record.csv")}
    folder = rendered(NOTEBOOK, tmp_path / "page", register)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.search(r"1,000 sappers and 5,000 builders", page)
    assert sorted(path.name for path in (folder / "figures").iterdir()) == sorted(
        f"{name}.{kind}" for name in wording_figures.FIGURES for kind in ("png", "svg")
    )


def test_zero_and_one_are_counts_and_a_bare_number_is_a_wording():
    shown = choose("0; 1; 20%", layer="settled")
    rows = {row[0]: row[3:8] for row in readings.quantiles(shown).rows}
    assert rows == {'"0"': ("0.0",) * 5, '"1"': ("1.0",) * 5, '"20%"': rows['"20%"']}
    assert rows['"20%"'][2] == "20.0 %"
    assert wording_figures.publish("wordings", shown).alt.startswith('Chart with a row for each wording. "1"')
    assert readings.answer(shown).paragraphs
    assert [one.one.wording for one in choose(100, layer="none").each] == ["100"]
