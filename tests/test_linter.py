"""The rules of words: each planted fault is found, and what is right passes."""

import re
from pathlib import Path

import nbformat
import pytest

from analysis.claims import read_register
from analysis.linter import PLAIN_WORDS, breaches, faults, sentences, taken_from, text_of
from analysis.summary import LIKELIHOOD, in_phia_gap, likelihood, percent

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    ("sentence", "rule", "told"),
    [
        ("It is likely that more fell.", "likelihood", '"likely" stands without its number'),
        ("More than 5 % (likely, 85 %) of the force.", "likelihood", '"likely" is 55 to 80 %, and stands beside 85 %'),
        ("More than 5 % (85 %, likely) of the force.", "likelihood", '"likely" is 55 to 80 %, and stands beside 85 %'),
        ("36 %, likely", "likelihood", '"likely" is 55 to 80 %, and stands beside 36 %'),
        ("Unlikely, 75 %.", "likelihood", '"unlikely" is 20 to 45 %, and stands beside 75 %'),
        ("Likely: 50 to 80 %.", "likelihood", '"likely" is 55 to 80 %, and is said to be 50 to 80 %'),
        ("They probably fell.", "likelihood", '"probably" is a word of probability outside the table'),
        ("That may well be so.", "likelihood", '"may well" is a word of probability outside the table'),
        ("There is a chance of more.", "likelihood", '"chance" is a word of probability outside the table'),
        ("Highly likely, 85 %.", "likelihood", '"Highly likely" is a word of probability outside the table'),
        ("A realistic possibility, 45 %.", "likelihood", '"realistic possibility" is a word of probability'),
        ("Confidence is low, and it is likely, 60 %.", "confidence", 'likelihood ("likely") and confidence share'),
        ("We are confident that it is possible.", "confidence", 'likelihood ("possible") and confidence share'),
        ("The force was decimated.", "tone", '"decimated" is no plain word'),
        ("A human wave attack.", "tone", '"human wave" is no plain word'),
        ("The body count rose.", "tone", '"body count" is no plain word'),
    ],
)
def test_a_planted_fault_is_found(sentence, rule, told):
    found = [one for one in breaches(sentence) if one.rule == rule]
    assert len(found) == 1
    assert found[0].message.startswith(told)
    assert found[0].message.endswith(f": {sentence}")


@pytest.mark.parametrize(
    "text",
    [
        "Probability that they are more than 5 % (likely, 75 %) or 10 % (unlikely, 36 %) of the force.",
        "62 %, likely",
        "roughly even chance: 45 to 55 %; likely: 55 to 80 %",
        "Almost no chance, 2 %.",
        "Confidence in this answer is low.\nLikely, 75 %.",
        "Confidence in this answer is low. More than 5 %: likely, 75 %.",
        'NIS said "probably more than 100, a massacre" that day.',
        "See https://example.org/possible/massacre for it.",
        "The setting is `might`.",
        "Unlikeliness and mightily are other words.",
        "What the words may mean is in the ranges.",
    ],
)
def test_what_is_right_passes(text):
    assert faults(text) == ()


def test_a_number_and_its_word_always_agree_as_they_print():
    """A rounded number can stand on the end of its word's range: 79.6 % prints as 80 %, and is likely."""
    for thousandths in range(1001):
        word, number = likelihood(thousandths / 1000), percent(thousandths / 1000)
        printed = f"({word}, {number})" if word else number
        assert faults(f"More than 5 % {printed} of the force.") == ()


def test_one_word_for_each_probability_between_1_and_99_percent():
    """ICD 203 has no gaps: each range begins where the last ended."""
    assert [high for _, high, _ in LIKELIHOOD[:-1]] == [low for low, _, _ in LIKELIHOOD[1:]]
    assert (LIKELIHOOD[0][0], LIKELIHOOD[-1][1]) == (1, 99)


@pytest.mark.parametrize(
    ("probability", "word", "gap"),
    [(0.92, "very likely", True), (0.37, "unlikely", True), (0.85, "very likely", False), (0.30, "unlikely", False)],
)
def test_gaps_of_phia_have_a_word_of_the_other_scale(probability, word, gap):
    assert likelihood(probability) == word
    assert in_phia_gap(probability) is gap


def test_what_a_register_says_is_left_alone():
    text = "Korean press: as conservative as possible.\nB. possible"
    assert len(faults(text)) == 2
    assert faults(text, verbatim=["Korean press: as conservative as possible.", "B. possible"]) == ()
    # A short text is left alone only where it is the whole line: "possible" in a note excuses no sentence of ours.
    assert len(faults("It is possible.", verbatim=["possible"])) == 1


def test_a_long_text_is_cut_where_it_is_quoted():
    (fault,) = faults(f"They probably fell {'and fell ' * 40}.")
    assert fault.endswith("...")
    assert len(fault) < 230


def test_sentences_end_at_lines_and_stops():
    assert list(sentences('One. Two 3.5 %! "A quote" follows\nfour\tfive')) == [
        "One.",
        "Two 3.5 %!",
        "… follows",
        "four",
        "five",
    ]


def test_text_of_a_page():
    page = (
        "<title>t</title><style>might</style><p>a <b>b</b>\nc</p><ul><li>d</li></ul><table><tr><td>e</td>"
        "<th>f</th></tr></table><pre>might</pre><p>g <code>might</code></p><img alt='h\ni'>"
        "<details><summary>j</summary>k</details>"
    )
    assert text_of(page).split("\n") == ["t", "a b c", "d", "e", "f", "g …", "h i", "j", "k"]


def test_every_word_of_the_lists_is_found():
    import tomllib

    tables = tomllib.loads(PLAIN_WORDS.read_text(encoding="utf-8"))
    for word in (*tables["probability"]["words"], *tables["probability"]["other_scales"], *tables["tone"]["words"]):
        assert breaches(f"They say {word.removesuffix('*')} of it."), word
    for word in tables["confidence"]["words"]:
        assert "confidence" in {one.rule for one in breaches(f"With {word}, likely, 60 %.")}, word


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_as_they_are_stored(path):
    """What every notebook shows with its defaults; notes and quotes of the registers are theirs."""
    verbatim = [text for name in ("seed", "public-record") for text in taken_from(read_register(name))]
    shown = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            shown += [re.sub(r"\$+[^$]*\$+", "", line) for line in cell.source.splitlines()]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown.append(text_of(data["text/html"]) if "text/html" in data else data.get("text/plain", ""))
    assert len(shown) > 20
    assert faults("\n".join(shown), verbatim=verbatim) == ()
