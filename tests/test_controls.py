"""Controls from outside: what a hand would move, what is then shown, and what is refused."""

import json
import shutil
from dataclasses import fields
from pathlib import Path

import ipywidgets as widgets
import pytest
import yaml
from click.testing import CliRunner

from analysis import saved
from analysis.__main__ import cli
from analysis.claims import read_register, register_path
from analysis.controls import Explorer, Panels
from analysis.errors import InputError
from analysis.glimpse import glimpse
from analysis.pipeline import run
from analysis.settings import Settings
from analysis.what_if import Hypothetical, with_claim

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def explorer():
    return Explorer(Settings())


def shown_title(explorer: Explorer) -> str:
    return explorer._answer.widget.layout.title.text


@pytest.mark.parametrize(
    "given",
    [{}, {"pool": "logarithmic"}, {"pool": "median", "force": "theatre"}, {"weights": "NIS=0", "width": 2.0}],
    ids=str,
)
def test_a_glimpse_is_the_answer_of_a_run_within_its_own_error(given):
    seen, results = glimpse(Settings(**given)), run(Settings(**given))
    for ours, theirs in zip(seen.estimates, results.estimates, strict=True):
        # Four standard errors; a glimpse uses a part of the run's points, so the two do not err apart. 1e-3 of the
        # value is what quantiles of draws lose to those with the force integrated out.
        for one, other in zip(ours.intervals, theirs.intervals, strict=True):
            assert abs(one.low - other.low) <= 4 * one.mcse_low + 1e-3 * other.low
            assert abs(one.high - other.high) <= 4 * one.mcse_high + 1e-3 * other.high


def test_a_moved_control_moves_dots_sources_and_table(explorer):
    numbers, pooled = explorer._numbers.value, tuple(explorer._sources.widget.data[5].x)
    explorer.set("pool", "median")
    assert explorer.settings == Settings(pool="median")
    assert shown_title(explorer) == "Killed and wounded: 4.9 to 13.6 of every 100 soldiers (90 %)"
    assert "4.9 % to 13.6 %" in explorer._numbers.value
    assert explorer._numbers.value != numbers
    assert tuple(explorer._sources.widget.data[5].x) != pooled


def test_what_cannot_be_is_told_beside_the_control_and_the_last_good_answer_stays(explorer):
    before = shown_title(explorer)
    explorer.set("wounded_per_killed", "none")
    with pytest.raises(InputError) as refused:
        run(Settings(wounded_per_killed="none"))
    assert explorer.error == str(refused.value)  # the line of the command
    assert "wounded_per_killed is &#x27;none&#x27;" in explorer._fields["wounded_per_killed"].wrong.value
    assert shown_title(explorer) == before
    assert "last good answer" in explorer._state.value
    explorer.set("wounded_per_killed", "historical")
    assert (explorer.error, explorer._fields["wounded_per_killed"].wrong.value) == ("", "")
    assert "last good answer" not in explorer._state.value


def test_weights_are_named_only_where_a_hand_has_moved_them(explorer):
    explorer.set("NIS", 0.0)
    assert explorer.settings.weights == "NIS=0"
    explorer.set("US DoD", 0.0)
    assert "leaves every origin out" in explorer._weights["US DoD"].wrong.value
    assert explorer.settings.weights == "NIS=0"
    explorer.reset()
    assert explorer.settings == Settings()
    assert explorer._weights["NIS"].control.value == 1


def test_weights_that_were_given_are_as_if_moved_by_hand_and_come_back():
    explorer = Explorer(Settings(weights="NIS=2"))
    explorer.set("width", 2.0)
    assert explorer.settings.weights == "NIS=2"
    explorer.set("NIS", 0.5)
    assert explorer.settings.weights == "NIS=0.5"
    explorer.reset()
    assert (explorer.settings.weights, explorer._weights["NIS"].control.value) == ("NIS=2", 2)
    explorer.set("pool", "median")
    assert explorer.settings.weights == "NIS=2"


def test_a_claim_whose_day_is_none_is_told_in_one_line(explorer):
    with pytest.raises(InputError) as refused:
        explorer.suppose(Hypothetical("killed", "at least 500", "2024-12-3", "NIS"))
    assert refused.value.faults == ("published is '2024-12-3', expected a date like 2024-12-19",)


def test_a_pinned_answer_is_drawn_behind_and_stands_in_the_table(explorer):
    explorer.pin()
    explorer.set("width", 2.0)
    assert len(explorer._answer.widget.data[0].x) == 50
    assert "pinned (90 %)" in explorer._numbers.value
    assert "2.8 % to 15.8 %" in explorer._numbers.value
    explorer.unpin()
    assert len(explorer._answer.widget.data[0].x) == 0


def test_a_claim_that_is_picked_tells_its_words_evidence_and_link(explorer):
    explorer.pick("seed-nis-killed")
    told = explorer._picked.value
    assert "“at least 100” killed" in told
    assert 'href="https://news.az/news/at-least-100-north-koreans-dead-in-ukraine-war-says-south"' in told
    assert "UCDP" in told


def test_a_claim_of_markup_is_letters(tmp_path):
    folder = copied(tmp_path)
    path = folder / "seed.csv"
    hostile = "<img src=x onerror=alert(1)>"
    path.write_text(path.read_text(encoding="utf-8").replace("BBC (as paraphrased in the seed article)", hostile, 1))
    explorer = Explorer(Settings(register=str(path)))
    explorer.pick("seed-nis-killed")
    assert "<img" not in explorer._picked.value
    assert not any("<img" in text for text in explorer._sources.widget.data[2].text)


def copied(tmp_path: Path) -> Path:
    for name in ("seed.csv", "seed-context.csv", "sources.toml"):
        if (there := register_path("seed").with_name(name)).is_file():
            shutil.copy(there, tmp_path / name)
    return tmp_path


def test_a_register_broken_meanwhile_is_told_with_its_line_and_the_session_goes_on(tmp_path):
    path = copied(tmp_path) / "seed.csv"
    sound = path.read_text(encoding="utf-8")
    explorer = Explorer(Settings(register=str(path)))
    path.write_text(sound.replace("at least 100,2024-12-19,", "at least 100,2024-13-19,", 1), encoding="utf-8")
    explorer.set("pool", "median")
    assert "seed.csv:2: published is '2024-13-19', expected a date like 2024-12-19" in explorer.error
    assert explorer.settings.pool == "linear"
    path.write_text(sound, encoding="utf-8")
    explorer.set("pool", "logarithmic")
    assert (explorer.error, explorer.settings.pool) == ("", "logarithmic")


def test_a_what_if_claim_is_checked_as_a_row_is_and_told_apart(explorer):
    explorer.suppose(Hypothetical("killed", "at least 500", "2024-12-23", "origin X"))
    assert explorer.settings.as_of == "2024-12-23"
    assert explorer.seen.counted["what-if"] == "origin X"
    assert "without the what-if claim" in explorer._numbers.value
    killed, without = (one.estimate("killed").median for one in (explorer.seen, explorer._without))
    assert killed > without
    explorer.suppose(None)
    assert "what-if" not in explorer.seen.counted
    assert "what-if" not in explorer._numbers.value


def test_an_origin_that_only_a_what_if_claim_has_gets_a_weight_and_loses_it_with_the_claim(explorer):
    explorer.suppose(Hypothetical("killed", "at least 500", "2024-12-23", "origin X"))
    boxes = len(explorer._sliders.children)
    explorer.set("origin X", 0.25)
    explorer.set("NIS", 2.0)
    assert explorer.error == ""
    assert explorer.settings.weights == "origin X=0.25, NIS=2"
    assert explorer._without.settings.weights == "NIS=2"
    # Another claim in its place has another origin.
    explorer.suppose(Hypothetical("killed", "at least 600", "2024-12-23", "origin Y"))
    assert "origin X" not in explorer._weights
    assert "origin Y" in explorer._weights
    assert explorer.settings.weights == "NIS=2"
    explorer.suppose(None)
    assert "origin Y" not in explorer._weights
    assert len(explorer._sliders.children) == boxes - 1
    assert (explorer.settings.weights, explorer.error) == ("NIS=2", "")


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        (Hypothetical("killed", "at least lots", "2024-12-23", "NIS"), "wording is 'at least lots'"),
        (Hypothetical("killed", "at least 500", "2024-12-3", "NIS"), "published is '2024-12-3', expected a date like"),
        (Hypothetical("kild", "at least 500", "2024-12-23", "NIS"), "quantity is 'kild', expected one of"),
        (Hypothetical("killed", "at least 500", "2024-12-23", ""), "origin is empty"),
        (Hypothetical("killed", "at least 50,000", "2024-12-23", "NIS"), "more than the whole force"),
    ],
    ids=lambda one: one.wording if isinstance(one, Hypothetical) else "",
)
def test_a_what_if_claim_that_is_none_is_refused_and_nothing_changes(explorer, claim, line):
    before = explorer.settings
    with pytest.raises(InputError, match=line) as refused:
        explorer.suppose(claim)
    assert str(explorer._copies.name) not in str(refused.value)  # a folder that nobody sees
    assert explorer.settings == before


def ticks(explorer: Explorer) -> list[str]:
    return list(explorer._sources.widget.layout.yaxis.ticktext)


def inside(panels: Panels) -> list[widgets.Widget]:
    """Every widget in panels."""
    found = [one.widget for one in panels.each]
    for one in found:
        found.extend(getattr(one, "children", ()))
    return found


def test_a_claim_in_place_of_another_of_that_name_is_drawn(explorer):
    for words in ("at least 500", "at least 700"):
        explorer.suppose(Hypothetical("killed", words, "2024-12-19", "origin X"))
        assert [one for one in ticks(explorer) if "origin X" in one] == [f"origin X: “{words}” killed"]


def test_without_the_claim_the_day_is_as_it_was_and_nothing_of_it_is_left(explorer):
    explorer.what_if()
    explorer.suppose(Hypothetical("killed", "at least 500", "2024-12-23", "origin X"))
    explorer.pick("what-if")
    assert "at least 500" in explorer._picked.value
    before = explorer._compared.value
    explorer.set("pool", "median")
    assert explorer._compared.value not in ("", before)
    explorer.suppose(None)
    assert explorer.settings.as_of == "2024-12-19"
    assert (explorer._compared.value, explorer._picked.value) == ("", "")


def test_a_picked_claim_is_told_as_it_is_read_now(explorer):
    explorer.pick("seed-nis-killed")
    before = explorer._picked.value
    explorer.set("width", 2.0)
    assert explorer._picked.value not in ("", before)
    assert explorer._picked_row.value == explorer._picked.value


def test_an_edited_register_is_read_with_and_without_the_claim(tmp_path):
    path = copied(tmp_path) / "seed.csv"
    explorer = Explorer(Settings(register=str(path)))
    explorer.suppose(Hypothetical("killed", "at least 500", "2024-12-23", "origin X"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("at least 100,2024-12-19,", "at least 2000,2024-12-19,", 1), encoding="utf-8")
    explorer.set("pool", "median")
    assert explorer.error == ""
    for seen in (explorer.seen, explorer._without):
        (row,) = [one for one in seen.inputs.claims if one.claim.id == "seed-nis-killed"]
        assert row.claim.wording == "at least 2000"


def test_what_is_wrong_stays_beside_its_own_control_until_there_is_an_answer(explorer):
    explorer.set("wounded_per_killed", "none")
    explorer.set("pool", "median")
    assert "wounded_per_killed is &#x27;none&#x27;" in explorer._fields["wounded_per_killed"].wrong.value
    assert explorer._fields["pool"].wrong.value == ""
    explorer.set("wounded_per_killed", "historical")
    assert explorer._fields["wounded_per_killed"].wrong.value == ""
    for name in ("NIS", "US DoD"):
        explorer.set(name, 0.0)
    assert explorer._weights["US DoD"].wrong.value
    explorer.reset()
    assert explorer._weights["US DoD"].wrong.value == ""


def test_a_broken_register_is_told_under_the_buttons(tmp_path):
    path = copied(tmp_path) / "seed.csv"
    explorer = Explorer(Settings(register=str(path), max_draws=16384))
    shown = inside(explorer.answer())
    (back,) = [one for one in shown if getattr(one, "description", "") == "Back to the start"]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("at least 100,2024-12-19,", "at least 100,2024-13-19,", 1), encoding="utf-8")
    back.click()
    told = [one.value for one in shown if isinstance(one, widgets.HTML)]
    assert [one for one in told if "seed.csv:2: published is &#x27;2024-13-19&#x27;" in one]


def test_each_file_of_settings_has_its_own_claim_and_no_name_of_the_register(explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, words in (("a", "at least 500"), ("b", "at least 700")):
        explorer.suppose(Hypothetical("killed", words, "2024-12-23", "origin X"))
        explorer.save(f"{name}.yaml")
    monkeypatch.chdir("/")  # a command is run from anywhere
    for name, words in (("a", "at least 500"), ("b", "at least 700")):
        settings = Settings(**saved.read_file(tmp_path / f"{name}.yaml"))
        (claim,) = [one for one in read_register(settings.register).claims if one.id == "what-if"]
        assert claim.wording == words
        assert register_path(settings.register).stem == "seed-what-if"
        assert glimpse(settings).settings.as_of == "2024-12-23"


def test_an_origin_with_a_letter_that_hides_others_is_refused_without_a_folder(explorer):
    with pytest.raises(InputError) as refused:
        explorer.suppose(Hypothetical("killed", "at least 500", "2024-12-23", "origin\u202e X"))
    expected = "origin holds RIGHT-TO-LEFT OVERRIDE (U+202E), expected letters that are shown"
    assert refused.value.faults == (expected,)


def test_a_what_if_claim_leaves_the_register_alone(tmp_path):
    before = register_path("seed").read_bytes()
    copy = with_claim("seed", Hypothetical("killed", "at least 500", "2024-12-23", "NIS"), tmp_path / "there")
    assert register_path("seed").read_bytes() == before
    assert len(read_register(copy).claims) == len(read_register("seed").claims) + 1


def test_settings_written_are_what_papermill_and_render_read(explorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer.set("pool", "median")
    explorer.set("wounded_per_killed", "3.0")
    assert explorer.save() == f"casualty-report render -f {tmp_path / 'settings.yaml'}"
    written = yaml.safe_load(Path("settings.yaml").read_text(encoding="utf-8"))
    assert list(written) == [one.name for one in fields(Settings)]
    assert Settings(**saved.read_file("settings.yaml")) == explorer.settings


def test_render_takes_a_file_and_what_is_typed_goes_before_it(tmp_path):
    file = saved.write_file(Settings(pool="median", max_draws=16384), tmp_path / "settings.yaml")
    output = tmp_path / "reports"
    terms = ["--width", "2", "--max-age", "36500", "--output", str(output)]
    done = CliRunner().invoke(cli, ["render", "-f", str(file), *terms])
    assert done.exit_code in (0, 3), done.output
    settings = json.loads((output / "seed-2024-12-19" / "results.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["pool"], settings["width"], settings["max_draws"]) == ("median", 2.0, 16384)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pool: [", "settings.yaml:1: is not YAML"),
        ("just words", "holds no names with values"),
        ("3: 4", "holds no names with values"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path, text, line):
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=line):
        saved.read_file(path)


def test_every_panel_has_something_to_show_without_widgets(explorer):
    panels = [*explorer.answer().each, explorer.what_if(), explorer.claims(), explorer.wording()]
    for panel in panels:
        data, _ = panel._repr_mimebundle_()
        assert VIEW in data
        assert {"image/png", "text/html"} & data.keys()
        assert data["text/plain"]
