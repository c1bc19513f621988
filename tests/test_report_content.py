"""What a report says of its question, method, limits and itself: complete, from data files, true of each run."""

import shutil
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from analysis import definitions, diagram, method, outlook, prose, statements, tables, uncertainties
from analysis.claims import Quantity
from analysis.dependence import examine
from analysis.folded import Folded
from analysis.pipeline import run
from analysis.settings import Settings

DATA = Path(__file__).parent.parent / "analysis" / "data"


@pytest.fixture(scope="module")
def results():
    return run(Settings(max_draws=16384))


@pytest.fixture(scope="module")
def found(results):
    return examine(results)


@pytest.fixture(scope="module")
def alone():
    """One origin counts: nothing can be left out, and no other pool differs."""
    return examine(run(Settings(register="public-record", as_of="2026-02-14", max_draws=16384)))


def written(tmp_path: Path, monkeypatch, module: object, name: str, old: str, new: str) -> None:
    """A data file changed in one place, read instead of the one that ships."""
    constant = next(one for one in vars(module) if one.isupper() and getattr(module, one) == DATA / name)
    text = (DATA / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(module, constant, tmp_path / name)


def test_the_question(results):
    assert tables.question(results).rows == (
        ("what is estimated", "soldiers killed or wounded, as a number and as a share of the force"),
        ("of whom", 'the force as reported: "around 10,000" deployed (unattributed); losses in Kursk'),
        ("for which days", "2024-12-01 to 2024-12-19, as far as the sources say"),
        ("what was known", "claims published by 2024-12-19; the newest that counts is of 2024-12-19"),
    )


def test_key_sentences_are_marked_and_the_text_stays(results):
    told = prose.answer(results)
    assert len(told.tags) == len(told.paragraphs)
    assert set(told.tags) <= set(prose.TAGS)
    page = told._repr_mimebundle_()["text/html"]
    assert page.startswith(f"<p><strong>{told.paragraphs[0]}</strong> <small>[judgement]</small></p>")
    assert repr(told).splitlines()[3] == f"{told.paragraphs[3]} [assumption]"


def test_prose_without_marks_is_as_it_was():
    told = prose.Prose(("a", "<b>"), listed=True, tags=("judgement",))
    assert repr(told) == "- a [judgement]\n- <b>"
    page = told._repr_mimebundle_()["text/html"]
    assert page == "<ul>\n<li>a <small>[judgement]</small></li>\n<li>&lt;b&gt;</li>\n</ul>"


def test_every_quantity_is_defined():
    assert {one.quantity for one in definitions.read_terms()} - {""} == set(get_args(Quantity))


def test_a_quantity_without_a_definition_is_refused(tmp_path, monkeypatch):
    written(tmp_path, monkeypatch, definitions, "definitions.toml", 'quantity = "missing"\n', "")
    definitions.read_terms.cache_clear()
    with pytest.raises(ValueError, match=r"definitions\.toml does not define missing"):
        definitions.read_terms()


def test_words_of_likelihood_name_what_lies_in_a_gap(results):
    """75 % is the end of a range of PHIA, 36 % and less lie between two of them or in one."""
    words = definitions.likelihood_words(results).paragraphs
    assert "likely: 55 to 80 %" in words[0]
    assert "gives no word to 5 to 10, 20 to 25, 35 to 40, 50 to 55, 75 to 80, 90 to 95 %" in words[1]
    assert "of the probabilities printed here, 36 % lies in one" in words[1]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "extrapolation"', 'kind = "other"', "no uncertainty of kind extrapolation"),
        ('treatment = "judged"', 'treatment = "guessed"', "treatment is 'guessed', expected one of quantified"),
        ('direction = "higher"', 'direction = "up"', "direction is 'up', expected one of higher"),
        ('size = "moderate"', 'size = "some"', "size is 'some', expected one of small"),
        ('size = "moderate"\n', "", "needs either a size or what it is measured by"),
    ],
)
def test_a_list_of_uncertainties_that_is_not_whole_is_refused(tmp_path, monkeypatch, old, new, told):
    written(tmp_path, monkeypatch, uncertainties, "uncertainties.toml", old, new)
    uncertainties.read_uncertainties.cache_clear()
    with pytest.raises(ValueError, match=told):
        uncertainties.read_uncertainties()


@pytest.fixture(autouse=True)
def _read_again():
    """What a test read from a file of its own is forgotten."""
    yield
    definitions.read_terms.cache_clear()
    method.read_steps.cache_clear()
    uncertainties.read_uncertainties.cache_clear()


def test_classes_of_size():
    known = uncertainties.read_uncertainties()
    assert [known.size(moved) for moved in (0.0, 0.1, 0.11, 0.5, 0.51, 3.0)] == [
        *("small", "small", "moderate", "moderate", "large", "large")
    ]


def test_measured_effects_are_those_of_the_choices(found):
    """The centre without NIS is 5.0 of every 100 instead of 8.2: 40 % of itself."""
    rows = {row[0]: row[4] for row in uncertainties.listed(found).rows}
    assert rows["which origins count"] == "moderate (measured: up to 40 %)"
    assert rows["how many are wounded for each one killed"] == "small (measured: nothing)"
    assert rows["deliberate falsehood"] == "large (judged)"


def test_what_has_no_other_choice_says_so(alone):
    rows = {row[0]: row[4] for row in uncertainties.listed(alone).rows}
    assert rows["which origins count"] == "no other choice has an answer"


def test_the_uncertainty_overall_is_a_judgement(results):
    """A level of 90 % and one in five outside for other reasons: 0.9 times 0.8 is 72 %."""
    told = uncertainties.overall(results)
    assert told.tags == ("judgement",)
    assert "to be 20 %, so that the interval holds it with about 72 %" in told.paragraphs[0]


def test_steps_name_code_that_is_there(tmp_path, monkeypatch):
    assert len(method.read_steps()) == len(method.here(run(Settings(max_draws=1024))))
    written(tmp_path, monkeypatch, method, "method.toml", "analysis.evidence.collect", "analysis.evidence.gather")
    method.read_steps.cache_clear()
    with pytest.raises(ValueError, match=r"step 'Choose' names analysis\.evidence\.gather"):
        method.read_steps()


def test_formulae_are_in_the_list_and_indented_under_their_step():
    text = method.steps()._repr_mimebundle_()["text/markdown"]
    for step in tomllib.loads((DATA / "method.toml").read_text(encoding="utf-8"))["step"]:
        assert step.get("formula", "") in text
    assert "\n    $$K = " in text


@pytest.mark.parametrize(
    ("changed", "row"),
    [
        ({}, ("wounded for each killed (historical)", "1.3 to 6.8 (90 %), middle 3.0")),
        ({"wounded_per_killed": "5"}, ("wounded for each killed (5)", "2.2 to 11.4 (90 %), middle 5.0")),
        ({"window": 30}, ("a figure is out of date", "30 days before the newest")),
        ({"width": 2.0}, ("width of the readings", "times 2")),
        ({"weights": "NIS=2, US=1"}, ("pool, and weights", "linear; NIS=2, US=1")),
    ],
)
def test_parameters_are_those_of_the_run_each_with_a_source_or_judgement(changed, row):
    rows = method.parameters(run(Settings(max_draws=1024, **changed))).rows
    assert row in [one[:2] for one in rows]
    assert all(source or judgement for _, _, source, judgement in rows)


def test_the_diagram_says_what_each_step_holds(results):
    told = diagram.publish("method", results).alt
    assert "2. Choose: 3 losses and the force count" in told
    assert "7. Combine: 2 origins, linear pool" in told
    assert "8. Sum up: 2.8 % to 15.8 % (90 %)." in told


def test_titles_in_the_diagram_fit_into_their_boxes(results):
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from analysis.figures import style_file

    with rc_context(fname=style_file()):
        figure = Figure(figsize=diagram.FIGURES["method"].size(results))
        ax = diagram.method(figure.add_subplot(), results)
        figure.canvas.draw()
        boxes = [patch.get_window_extent() for patch in ax.patches]
        texts = [one.get_window_extent() for one in ax.texts if one.get_text()]
    assert len(texts) == 2 * len(boxes)
    for text in texts:
        assert any(box.x0 < text.x0 and text.x1 < box.x1 and box.y0 < text.y0 and text.y1 < box.y1 for box in boxes)


def test_other_explanations_have_numbers(found, alone):
    lines = outlook.explanations(found).paragraphs
    assert "NIS: 7.3 % to 17.4 %; US DoD: 2.4 % to 9.8 %" in lines[0]
    assert len(lines) == 4
    assert not outlook.explanations(alone).paragraphs[0].startswith("One origin is right")


def test_what_to_watch_for(found, alone):
    lines = outlook.watch(found).paragraphs
    assert "A figure of the killed from another stream of information: so far only NIS gives one." in lines
    assert lines[-1] == "A newer figure of the same origins; the latest describe NIS 2024-12-19, US DoD 2024-12-17."
    assert "A figure of the wounded: no origin that counts gives one." in outlook.watch(alone).paragraphs


def test_how_claims_were_found_holds_for_the_very_file(tmp_path, results):
    assert statements.found(results).paragraphs[0].startswith("The register starts from one news article")
    for name in ("seed.csv", "seed-context.csv", "sources.toml"):
        shutil.copy(DATA / name, tmp_path / name)
    text = (tmp_path / "seed.csv").read_text(encoding="utf-8")
    (tmp_path / "seed.csv").write_text(text.replace("Over 100", "Over 101"), encoding="utf-8")
    other = run(Settings(register=str(tmp_path / "seed.csv"), max_draws=1024))
    assert statements.found(other).paragraphs == ("How the claims of this register were found is not recorded.",)


def test_all_claims_are_listed_with_what_they_repeat(results):
    lines = statements.claims(results).content.paragraphs
    assert len(lines) == 26
    (line,) = [line for line in lines if line.startswith("context-aju-casualties: ")]
    assert line.startswith(
        'context-aju-casualties: NIS (relay of seed-nis-killed, seed-nis-wounded), "some 1,100" casualties; '
        "cumulative, Kursk; describes 2024-12-19 from 2024-12-01; published 2024-12-19 by Aju Business Daily; "
    )
    assert line.endswith("f4f76abad67236352b54cf9c0c15577ba2cee29939c818b1e96bba685bb350f6")


def test_what_is_folded_is_escaped():
    page = Folded("<i>", prose.Prose(("<b>",)))._repr_mimebundle_()["text/html"]
    assert page == "<details><summary>&lt;i&gt;</summary>\n<p>&lt;b&gt;</p>\n</details>"
