"""The numbers of a page: where they are, what they print, and that a wrong one is named."""

import copy

import pytest

from analysis.derived import derive
from analysis.printed import Record, digit_runs, numbers, read_printed
from analysis.selectors import Leaf, filled, prints, select
from analysis.visible import Block, visible


def interval(level: float, low: float, high: float) -> dict[str, object]:
    return {"level": level, "kind": "equal-tailed", "low": low, "high": high, "mcse_low": 0.0, "mcse_high": 0.0}


def estimate(name: str, unit: str, median: float, sd: float, low: float, high: float) -> dict[str, object]:
    numbers = {"median": median, "mean": 1.02 * median, "sd": sd, "mcse": 0.0, "mcse_mean": 0.0}
    ends = [interval(0.5, (low + median) / 2, (high + median) / 2), interval(0.9, low, high)]
    return {"name": name, "unit": unit, **numbers, "intervals": ends}


CLAIM = {
    "id": "a",
    "role": "seed",
    "quantity": "killed",
    "wording": "at least 100",
    "published": "2024-12-19",
    "as_of": "2024-12-18",
    "origin": "NIS",
    "note": "Said in the same briefing as the 11,000 in Kursk.",
    "used_as": "loss",
    "reading": {"quantiles": {"0.05": 44.5, "0.25": 100.0, "0.5": 106.8, "0.75": 142.9, "0.95": 226.5}},
    "with_reporting": None,
}
RESULTS = {
    "settings": {"as_of": "2024-12-19", "level": 0.9, "digits": 2, "seed": 20241219},
    "estimates": [
        estimate("casualties", "soldiers", 831.0, 420.0, 288.0, 1534.0),
        estimate("casualties_ratio", "share of the force", 0.0823, 0.0436, 0.0279, 0.1581),
        estimate("force", "soldiers", 10_000.0, 1000.0, 8404.0, 11_596.0),
    ],
    "exceedance": [
        {"name": "casualties_ratio", "threshold": 0.05, "probability": 0.746, "mcse": 0.0},
        {"name": "casualties_ratio", "threshold": 0.1, "probability": 0.004, "mcse": 0.0},
    ],
    "origins": [{"name": "NIS", "weight": 1.0, "source": {"stream": "rok"}, "estimates": []}],
    "claims": [CLAIM],
}


@pytest.fixture
def record() -> Record:
    cells = [("markdown", "The split: $K = T / (1 + R)$."), ("code", "level = 0.9\nseed = 7")]
    return Record.of({"results.json": copy.deepcopy(RESULTS)}, {"Radford 2023: PNAS 120(34).": "lexicon.toml"}, cells)


def loose(text: str, record: Record, kind: str = "text") -> list[str]:
    return [one.text for one in read_printed([Block(kind, text)], record).loose]


def sources(text: str, record: Record) -> list[str]:
    found = read_printed([Block("text", text)], record)
    assert found.loose == ()
    return [proof.source for proof in found.proofs]


# ------------------------------------------------------------------------------------------------------ what is printed


@pytest.mark.parametrize(
    ("text", "value", "unit", "expected"),
    [
        ("2.8", 2.84, 1, True),
        ("2.8", 2.86, 1, False),
        ("8", 7.5, 1, True),  # a half goes either way
        ("1,530", 1534.9, 10, True),
        ("1,530", 1535.1, 10, False),
        ("1,530", 1534.9, 1, False),  # to the soldier
        ("1,531", 1534.9, 10, False),  # its last digit is none that was rounded away
        ("10,000", 9951.0, 100, True),
        ("10,000", 9949.0, 100, False),
        ("0", 0.4, 1, True),
        ("3e-05", 2.6e-05, 1, True),
        ("3e-05", 3.6e-05, 1, False),
        ("−1.1", -1.12, 1, True),
        ("+1.1", -1.12, 1, False),
        ("one", 1.0, 1, False),
    ],
)
def test_a_number_is_compared_at_its_last_place(text, value, unit, expected):
    assert prints(text, value, unit=unit) is expected


def test_numbers_are_found_with_their_signs_and_separators():
    text = "C01: 1,530 (8.2 %), −0.7; 3e-05; python 3.11.7, 2 to 15.8 %; COVID-19"
    assert [text[a:b] for a, b in numbers(text)] == ["1,530", "8.2", "−0.7", "3e-05", "3.11.7", "2", "15.8", "19"]


def test_a_digest_is_one_number_even_over_two_lines():
    digest = "12ab" * 16
    assert digit_runs(f"sha {digest[:20]} {digest[20:]} of 7", [digest]) == [digest, "7"]


def test_a_path_finds_its_values_by_field_place_and_each():
    document = {"file": {"rows": [{"name": "a/b", "at": 0, "n": [1, 2]}, {"name": "c", "at": 1, "n": []}]}}
    [leaf] = select(document, "file/rows[name={x}]/n[#{y}]", {"x": "a/b", "y": "1"})
    assert (leaf.pointer, leaf.value) == ("file#/rows/0/n/1", 2)
    assert [leaf.value for leaf in select(document, "file/rows[*]/at")] == [0, 1]
    start = Leaf("file#/rows/1", document["file"]["rows"][1])
    assert [leaf.pointer for leaf in select(document, "file/rows[#{at}]/name", start=start)] == ["file#/rows/1/name"]
    assert [leaf.value for leaf in select(document, "./name", start=start)] == ["c"]
    assert select(document, "other/rows") == select(document, "file/rows[name=d]") == ()
    assert filled("{q|share}", {"q": "97.5"}) == "0.975"


def test_what_is_not_seen_is_no_block():
    page = "<style>p { margin: 1px }</style><p>Seen <b>2</b></p><script>3</script><nav><a href='#a'>4</a></nav>"
    page += "<img alt='Dots: 5'><details class='code'><summary>Code</summary><pre>x = 6</pre></details>"
    page += "<p>With <math><mn>7</mn><annotation>8</annotation></math> in it</p>"
    kinds = [(block.kind, block.text) for block in visible(page)]
    assert kinds == [
        ("text", "Seen 2"),
        ("contents", "4"),
        ("alt", "Dots: 5"),
        ("text", "Code"),
        ("code", "x = 6"),
        ("formula", "7"),
        ("text", "With in it"),
    ]


def test_a_row_knows_its_headings():
    table = "<table><tr><th>a</th><th>90 %</th></tr><tr><td>x &lt; y</td><td>1</td></tr></table>"
    assert visible(table * 2)[3] == Block("row", "x < y | 1", ("a", "90 %"), ("x < y", "1"))


# --------------------------------------------------------------------------------------------------------- where from


def test_a_sentence_has_its_numbers_from_the_estimate_it_names(record):
    text = "In soldiers: 290 to 1,530, centre 830, of a force of 8,400 to 11,600, centre 10,000."
    assert sources(text, record) == [
        "results.json#/estimates/0/intervals/1/low",
        "results.json#/estimates/0/intervals/1/high",
        "results.json#/estimates/0/median",
        "results.json#/estimates/2/intervals/1/low",
        "results.json#/estimates/2/intervals/1/high",
        "results.json#/estimates/2/median",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [("290", "280"), ("1,530", "1,630"), ("830", "835"), ("8,400", "9,400"), ("centre 10,000", "centre 20,000")],
)
def test_one_wrong_digit_in_a_sentence_is_named_with_what_the_record_has(record, old, new):
    text = "In soldiers: 290 to 1,530, centre 830, of a force of 8,400 to 11,600, centre 10,000."
    found = read_printed([Block("text", text.replace(old, new))], record)
    assert any(one.text in new for one in found.loose)
    assert all("the record has " in one.why and "results.json#/estimates/" in one.why for one in found.loose)


def test_the_numbers_of_another_estimate_are_wrong_in_a_sentence(record):
    text = "In soldiers: 8,400 to 11,600, centre 10,000, of a force of 8,400 to 11,600, centre 10,000."
    assert loose(text, record) == ["8,400", "11,600", "10,000"]


def test_the_ends_of_a_range_are_of_one_interval(record):
    assert sources("So 2.8 % to 15.8 % of them.", record) == ["results.json#/estimates/1/intervals/1/low"] * 2
    assert loose("So 2.8 % to 12.0 % of them.", record) == ["2.8", "12.0"]  # the second is of the level of 50 %
    assert loose("So 290 to 11,600 of them.", record) == ["290", "11,600"]


def test_a_probability_is_that_of_its_threshold(record):
    text = (
        "Probability that the killed and wounded are more than 5 % (likely, 75 %) or 10 % (less than 1 %) of the force."
    )
    assert sources(text, record)[1::2] == [
        "results.json#/exceedance/0/probability",
        "results.json#/exceedance/1/probability",
    ]
    assert loose(text.replace("75 %", "76 %"), record) == ["76"]
    assert loose(text.replace("than 5 %", "than 20 %"), record) == ["20", "75"]
    assert loose(text.replace("less than 1 %", "less than 2 %"), record) == ["2"]
    assert loose(text.replace("75 %", "more than 99 %"), record) == ["99"]


def test_a_cell_is_of_its_row_and_column(record):
    headings = ("interval that holds", "50 %", "90 %", "median", "mean")
    cells = ("casualties", "560 to 1,180", "290 to 1,530", "830", "850")
    row = Block("row", " | ".join(cells), headings, cells)
    assert read_printed([row], record).loose == ()
    moved = (cells[0], cells[2], cells[1], *cells[3:])
    found = read_printed([Block("row", " | ".join(moved), headings, moved)], record)
    assert [one.text for one in found.loose] == ["290", "1,530", "560", "1,180"]
    named = ("size of the force", *cells[1:])
    assert len(read_printed([Block("row", " | ".join(named), headings, named)], record).loose) == 6


def test_the_registers_words_are_taken_letter_by_letter(record):
    assert sources(CLAIM["note"], record) == ["results.json#/claims/0/note"]
    assert sources('He said "at least 100" of them.', record) == ["results.json#/claims/0/wording"]
    assert loose("He said at least 100 of them.", record) == ["100"]  # not quoted
    assert loose(CLAIM["note"].replace("11,000", "12,000"), record) == ["12,000"]
    assert sources("Radford 2023: PNAS 120(34).", record) == ["lexicon.toml"] * 3


def test_days_are_those_of_the_record(record):
    assert sources("on 2024-12-18", record) == ["results.json#/claims/0/as_of"] * 3
    assert loose("on 18 November 2024", record) == ["18", "2024"]
    text = "The latest figure counted was published on 19 December 2024."
    assert sources(text, record) == ["derived#/latest"] * 2
    assert loose(text.replace("19", "18"), record) == ["18", "2024"]  # a day of the record, and not this one


def test_what_is_counted_is_counted_again(record):
    text = (
        "By 19 December 2024 the register holds 1 claim: 1 counted as losses, 0 as the size of the force, 0 shown and "
        "not counted, with the reason."
    )
    assert loose(text, record) == []
    assert loose(text.replace("holds 1", "holds 2"), record) == ["2"]


def test_code_and_formulae_are_the_notebooks(record):
    assert loose("level = 0.9 seed = 7", record, "code") == []
    assert loose("level = 0.8 seed = 7", record, "code") == ["0.8", "7"]
    assert loose("K = T 1 + R", record, "formula") == []
    assert loose("K = T 2 + R", record, "formula") == ["2"]


def test_a_number_from_nowhere_is_named_with_its_sentence(record):
    [one] = read_printed([Block("text", "About 4,711 were lost.")], record).loose
    assert (one.text, one.sentence, one.why) == ("4,711", "About 4,711 were lost.", "nothing in the record prints so")


def test_a_register_that_speaks_like_the_report_is_not_taken_for_it(record):
    note = "In soldiers: 1 to 2, centre 1, of a force of 3 to 4, centre 3."
    other = copy.deepcopy(RESULTS)
    other["claims"][0]["note"] = note
    assert loose(note, Record.of({"results.json": other}, {}, [])) == []
    assert len(loose(note, record)) == 6


def test_refusals_are_counted_by_their_reason():
    line = "casualties as {} gives them exceed the force in {} % of the draws"
    reasons = [line.format("NIS", 57), line.format("NIS", 80), line.format("GUR", 99), "no claim"]
    specifications = [{"refused": reason} for reason in reasons] + [{"refused": None}]
    choices = {"choices": [], "drivers": [], "level": 0.9, "probabilities": [0.05, 0.5, 0.95]}
    choices |= {"envelope": {"low": [1, 2, 3], "high": [4, 5, 6]}, "specifications": specifications}
    rows = {"rows": [{"first": 0.4, "total": 0.6}, {"first": 0.004, "total": 0.005}]}
    found = derive({"sensitivity.json": {"choices": choices, "inputs": rows, "inputs_killed": rows}})
    assert (found["refused"], found["specifications"], found["small_inputs"]) == (4, 1, 1)
    assert found["refusals"] == [
        {"name": "GUR", "count": 1, "low": 99, "high": 99},
        {"name": "NIS", "count": 2, "low": 57, "high": 80},
    ]
    assert found["other_refusals"] == [{"reason": "no claim", "count": 1}]
    assert found["envelope"]["upper"] == {"low": 3, "high": 6}
