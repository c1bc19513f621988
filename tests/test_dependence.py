"""What an answer depends on, as the report and its notebook show it: files, sentences, tables and pictures."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import jsonschema
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis import dependence_prose as prose
from analysis import dependence_tables as tables
from analysis.dependence import examine, to_json, write
from analysis.dependence_figures import FIGURES, publish
from analysis.figures import style_file
from analysis.parameters import declared_parameters
from analysis.pipeline import run
from analysis.settings import Settings
from tests.test_evidence import FORCE, ROW

ROOT = Path(__file__).parent.parent
DATA = ROOT / "analysis" / "data"
NOTEBOOK = ROOT / "notebooks" / "sensitivity.ipynb"
SCHEMA = json.loads((DATA / "sensitivity.schema.json").read_text(encoding="utf-8"))
QUICK = Settings(max_draws=16384)
FRONT = {**FORCE, "id": "front", "quantity": "engaged", "wording": "around 500"}
OTHER = {**ROW, "id": "b", "origin": "US DoD", "wording": "around 9,000"}


@pytest.fixture(scope="module")
def seed():
    return examine(run(QUICK))


def test_all_parts_give_the_answer_itself(seed):
    """The run, the pool of all origins, and the specification in use: three ways through the package."""
    ratio = seed.results.estimate("casualties_ratio")
    ends = ratio.interval(0.9)
    whole, used = seed.inputs.whole.estimate("casualties_ratio"), seed.choices.used.answer.estimate
    for one in (whole, used):
        found = one.interval(0.9)
        # Each with 16 replicates of at least 1,024 points; 1e-3 is far above their errors, and far below a digit.
        assert (found.low, one.median, found.high) == pytest.approx((ends.low, ratio.median, ends.high), rel=1e-3)
    assert seed.inputs.worth[0].width.now == pytest.approx(ends.high - ends.low, rel=2e-3)


def test_every_specification_lies_in_the_envelope_and_the_envelope_on_specifications(seed):
    box = seed.choices.envelope()
    quantiles = np.array([one.answer.quantiles for one in seed.choices.answered])
    assert np.all((box.low <= quantiles) & (quantiles <= box.high))
    assert np.all((quantiles == box.low).any(axis=0) & (quantiles == box.high).any(axis=0))
    assert np.all(box.low < seed.choices.used.answer.quantiles)
    assert np.all(seed.choices.used.answer.quantiles < box.high)


def test_the_file_keeps_its_schema_and_holds_no_path(seed, tmp_path):
    write(seed, tmp_path)
    text = (tmp_path / "sensitivity.json").read_text(encoding="utf-8")
    document = json.loads(text)
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert document["settings"]["register"] == "seed"
    assert len(document["choices"]["specifications"]) == 324
    assert str(ROOT) not in text
    write(seed, "")


def test_the_same_bytes_whoever_computes(seed):
    with ThreadPoolExecutor(2) as executor:
        assert to_json(examine(run(QUICK, executor=executor), executor=executor)) == to_json(seed)


def test_sentences_hold_the_numbers_of_the_file(seed):
    document = json.loads(to_json(seed))
    text = "\n".join(repr(one(seed)) for one in (prose.drives, prose.whatever, prose.narrows, prose.split))
    which = next(row for row in document["inputs"]["rows"] if row["input"]["kind"] == "origin")
    assert f"which origin is right {100 * which['total']:.0f} %" in text
    ratio = seed.results.estimate("casualties_ratio")
    width = 100 * (ratio.interval(0.9).high - ratio.interval(0.9).low)
    assert f"instead of {width:.1f} of every 100" in text
    medians = [one["median"] for one in document["choices"]["specifications"] if one["median"] is not None]
    assert f"the centre is between {100 * min(medians):.1f} and {100 * max(medians):.1f} of every 100" in text
    assert "324 specifications" in text
    assert "NIS 8.8, above the class in use (1.3 to 6.8)" in text


def test_the_killed_have_their_sentences(seed):
    """Which choice moves them most by hand: the largest centre over the smallest, of the levels of each choice."""
    document = json.loads(to_json(seed))
    by_choice = {}
    for one in document["choices"]["alternatives"]:
        by_choice.setdefault(one["choice"], []).append(one["killed"]["median"])
    times = {name: max(medians) / min(medians) for name, medians in by_choice.items()}
    assert max(times, key=times.get) == "wounded_per_killed"
    first, second, third = repr(prose.killed(seed)).splitlines()
    killed = {one.level.label: one.killed for one in seed.choices.alternatives()}
    low, used, high = (killed[name].text(0.9, digits=2) for name in ("modern-us", "historical", "confined"))
    assert used == seed.results.estimate("killed_ratio").text(0.9, digits=2)
    assert first == (
        "Of the choices, that of wounded per killed moves the centre of the killed most, in proportion: "
        f"{low} (modern-us) and {high} (confined) of the force instead of {used} (historical); 90 % intervals."
    )
    assert second == "Wounded per killed moves only the split: the casualties are the same."
    row = next(row for row in document["inputs_killed"]["rows"] if row["input"]["kind"] == "wounded_per_killed")
    assert f"wounded per killed (historical) {100 * row['total']:.0f} %" in third
    # Where an origin gives the wounded or the killed alone, R makes the casualties too.
    late = Settings(register="public-record", as_of="2026-02-01", pool="median", max_draws=16384)
    text = repr(prose.killed(examine(run(late))))
    assert "Wounded per killed moves the casualties as well as the split." in text
    assert "of the share killed in the linear pool" in text
    assert "modern-us" not in text
    assert text.endswith(" in the answer.")
    # NIS alone gives both parts: no class splits anything, and a larger force has the smaller share of the same killed.
    alone = repr(prose.killed(examine(run(replace(QUICK, weights="US=0")))))
    assert "that of size of the force moves the centre of the killed most" in alone
    assert "Wounded per killed moves" not in alone


def test_tables_say_what_was_chosen_and_what_has_no_answer(seed, write_rows):
    rows = tables.alternatives(seed).rows
    assert [row[1] for row in rows if "in use" in row[1]] == [
        "linear (in use)",
        "as read (in use)",
        "historical (in use)",
        "reported (in use)",
        "all origins (in use)",
    ]
    # R plays no part in the casualties of the seed; a larger force lowers the share by as much as it is larger.
    assert {row[4] for row in rows if row[0] == "wounded per killed"} == {"", "nothing"}
    # And it moves the killed: every class has its own.
    split = [row[5] for row in rows if row[0] == "wounded per killed"]
    assert len(set(split)) == 4
    assert split[0] == seed.results.estimate("killed_ratio").range(0.9, digits=2)
    assert tables.alternatives(seed).headings[3:] == (
        "casualties, median",
        "moves the median of the casualties, of every 100, by",
        "killed, of the force, 90 %",
    )
    shares = {row[0]: row[1:] for row in tables.inputs(seed).rows}
    # R only splits, and the wounded are none of the killed.
    assert shares["wounded per killed (historical)"][:2] == ("0 %", "0 %")
    assert shares["wounded per killed (historical)"][2] != "0 %"
    assert shares['NIS wounded, "approximately 1,000"'][2:] == ("0 %", "0 %")
    moved = {row[1]: row[4] for row in rows}
    assert moved["deployed"].startswith("−")
    assert [row[0] for row in tables.without(seed).rows] == ["all", "without NIS", "without US DoD"]
    assert tables.worth(seed).rows[0][0] == "which origin is right"
    assert len(tables.envelope(seed).rows) == 7
    assert [row[0] for row in tables.references(seed).rows][:3] == [
        "NIS (as read here)",
        "historical (class in use)",
        "most wars",
    ]
    small = examine(run(Settings(register=write_rows(ROW, FORCE, FRONT), max_draws=16384)))
    said = {row[1]: row[2] for row in tables.alternatives(small).rows}
    reason = "mine.csv:2: casualties is 'around 1,000', more than the whole force ('around 500', mine.csv:4)"
    assert said["theatre"].startswith(f"no answer: {reason}")
    assert reason in repr(prose.whatever(small))
    assert str(Path(small.results.settings.register).parent) not in to_json(small)
    assert "Only one origin counts" in prose.without_finding(small)


# Seed; four origins in two streams; one origin, one force; origins that have nothing in common.
SUBJECTS = {
    "seed": lambda _: QUICK,
    "record": lambda _: Settings(register="public-record", as_of="2025-01-22", max_draws=16384),
    "one": lambda write_rows: Settings(register=write_rows(ROW, FORCE), max_draws=16384),
    "apart": lambda write_rows: Settings(register=write_rows(ROW, FORCE, OTHER), pool="median", max_draws=16384),
    "small": lambda write_rows: Settings(register=write_rows(ROW, FORCE, FRONT), max_draws=16384),
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_picture_can_be_drawn_and_told(subject, write_rows):
    found = examine(run(SUBJECTS[subject](write_rows)))
    with mpl.rc_context(fname=style_file()):
        for name, plan in FIGURES.items():
            figure = Figure(figsize=plan.size(found))
            ax = plan.draw(figure.add_subplot(), found)
            figure.draw_without_rendering()
            box = figure._suptitle.get_window_extent()
            assert box.x0 >= -1, (subject, name)
            assert box.x1 <= figure.bbox.x1 + 1, (subject, name, "the title is cut off")
            for label in (*ax.get_yticklabels(), ax.xaxis.label):
                inside = label.get_window_extent()
                assert inside.x0 >= -1, (subject, name, label.get_text())
                assert inside.x1 <= figure.bbox.x1 + 1, (subject, name, label.get_text())
            assert ax.get_xlabel() or ax.figure.axes[-1].get_xlabel(), name
            assert len(plan.alt(found)) > 40
    for one in (prose.drives, prose.whatever, prose.killed, prose.narrows, prose.split, prose.assumptions):
        assert "nan" not in repr(one(found))
    for name in tables.__all__:
        assert getattr(tables, name)(found).rows, (subject, name)
    jsonschema.validate(json.loads(to_json(found)), SCHEMA, cls=jsonschema.Draft202012Validator)


def test_pictures_are_the_same_bytes_twice(seed, tmp_path):
    for name in ("drivers", "specifications"):
        one, other = publish(name, seed, tmp_path), publish(name, seed)
        assert one == other
        assert (tmp_path / "figures" / f"{name}.png").read_bytes() == one.png


def test_parameters_are_the_settings_and_who_computes():
    declared = declared_parameters(NOTEBOOK)
    assert declared.pop("output_dir") == ""
    assert (declared.pop("workers"), declared.pop("scheduler")) == (1, "")
    assert declared == asdict(Settings())


def test_plain_papermill_takes_every_parameter(tmp_path):
    given = {
        "register": str(DATA / "seed.csv"),
        "as_of": "2024-12-20",
        "force": "deployed",
        "pool": "logarithmic",
        "weights": "NIS=2, US=1",
        "width": "1.5",
        "window": "30",
        "wounded_per_killed": "4",
        "level": "0.8",
        "digits": "1",
        "max_draws": "16384",
        "seed": "7",
        "workers": "2",
        "output_dir": "made",
    }
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), "out.ipynb", "--no-progress-bar"]
    command += [part for name, value in given.items() for part in ("-p", name, value)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    made = sorted(path.name for path in (tmp_path / "made" / "figures").iterdir())
    assert made == sorted(f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg"))
    document = json.loads((tmp_path / "made" / "sensitivity.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    chosen = {choice["name"]: choice["levels"][choice["used"]]["label"] for choice in document["choices"]["choices"]}
    assert chosen["pool"] == "logarithmic"
    assert chosen["force"] == "deployed"


def test_the_command_line_prints_tables_or_the_file(seed):
    command = [sys.executable, "-m", "analysis", "sensitivity", "seed", "--max-draws", "16384"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT)
    assert done.stdout == to_json(seed)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=ROOT)
    assert "which origin is right" in done.stdout
    assert "without US DoD" in done.stdout
    wrong = subprocess.run(
        [*command, "--pool", "mean"], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert wrong.returncode == 2
    assert wrong.stderr == "casualty-report: pool is 'mean', expected one of linear, logarithmic, median\n"
