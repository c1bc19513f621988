"""How objects show themselves, in a notebook and on a terminal: ranges first, aligned, and nothing of a cell acts."""

import pickle
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from nbformat import v4
from wcwidth import wcswidth

from analysis.claims import read_register
from analysis.displays import Section, Table, abridged
from analysis.evidence import read_claims
from analysis.pipeline import run
from analysis.settings import Settings
from analysis.summary import Estimate, Interval
from analysis.wording import read
from tests import made_rows

DAY = "2024-12-18"  # of the figure; it was published on the next
ROW, FORCE = ({**row, "as_of": DAY} for row in (made_rows.ROW, made_rows.FORCE))
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = f"{SCRIPT} &amp; \"q\" 's' $x^2$ **b** [a](http://b.example) | c |"
# What acts on a terminal or turns the letters around it: no register holds these, since reading one refuses them.
TURNING = "\x1b[2J\x1b]0;title\x07 \u202egnp.exe\u2066 \x9b31m \ud800 \x00"


class Page(HTMLParser):
    """The elements, their attributes and the texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.texts, self.open = [], set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.open.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def page_of(one) -> Page:
    page = Page(one._repr_mimebundle_()["text/html"])
    assert page.open == []
    return page


def rows_of(one) -> list[list[str]]:
    """The cells of every table on the page, row by row."""
    page = one._repr_mimebundle_()["text/html"]
    return [
        ["".join(Page(cell).texts).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", page, re.S)
    ]


@pytest.fixture(scope="module")
def results():
    return run(Settings(max_draws=16384))


@pytest.fixture(scope="module")
def shown(results):
    """One of everything that shows itself."""
    register = read_register("seed")
    return {
        "estimate": results.estimate("casualties_ratio"),
        "reading": read("around 10,000"),
        "claim": read_claims(register)[4],
        "register": register,
        "results": results,
        "origin": results.origins[0],
        "pool": results.pools[0],
        "denominator": results.denominators[0],
    }


KINDS = ("estimate", "reading", "claim", "register", "results", "origin", "pool", "denominator")


# On a terminal


def test_letters_of_east_asia_are_two_columns_wide():
    table = Table(("who", "share"), (("북한군", "1.1 %"), ("ab", "10 %"), ("é한", "2 %")))
    assert Section("t", table).text().splitlines() == [
        "t",
        "who       share",
        "------  -------",
        "북한군    1.1 %",
        "ab         10 %",
        "é한         2 %",
    ]


def test_words_are_wrapped_by_their_width_and_numbers_stay_whole():
    # 116 columns, less 2 between and 9 of the number, leave 105 to the words: 21 of five columns, or 10 of ten.
    table = Table(("said", "n"), (("abcd " * 24, "1,000,000"), ("한국군인 " * 20, "2")))
    lines = Section("t", table).text().splitlines()[3:]
    assert [wcswidth(line[:105].rstrip()) for line in lines[:2]] == [104, 14]
    assert lines[0].endswith("  1,000,000")
    assert [line.count("한국군인") for line in lines[2:]] == [11, 9]  # 11 of 9 columns and a space: 105 less 7
    assert max(map(wcswidth, lines)) <= 116


def test_room_is_shared_by_width_and_not_by_letters():
    # 114 columns for two: 39 letters are 59 columns wide, more than half, so each column may have 57.
    table = Table(("a", "b"), (("한 " * 20, "xy " * 33),), ("left",) * 2)
    _, _, rule, *_ = Section("t", table).text().splitlines()
    assert [len(line) for line in rule.split()] == [56, 56]  # 19 of three columns, less the last space


def test_words_that_are_longer_than_three_lines_are_cut_with_a_sign():
    text = Section("t", Table(("a", "b"), (("x" * 100_000, "y " * 50_000),), ("left",) * 2)).text()
    assert len(text.splitlines()) == 1 + 2 + 3  # title, headings and rule, three lines
    assert text.count("…") == 2
    assert max(map(wcswidth, text.splitlines())) <= 116


def test_a_title_of_any_length_is_a_few_lines():
    assert len(Section("x " * 50_000, None).text()) < 320  # 300 letters, an ellipsis and ends of lines
    assert len(Section("x" * 100_000, None).html()) < 320


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", ["40", "200"])
def test_text_is_the_same_on_every_terminal(shown, monkeypatch, kind, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    before = str(shown[kind])
    monkeypatch.setenv("COLUMNS", columns)
    assert str(shown[kind]) == before
    assert max(map(wcswidth, before.splitlines())) <= 116


@pytest.mark.parametrize("kind", KINDS)
def test_no_line_ends_in_blanks(shown, kind):
    assert [line for line in str(shown[kind]).splitlines() if line != line.rstrip()] == []


# What comes from a cell does nothing


def test_no_cell_becomes_markup_and_each_is_read_as_it_was():
    section = Section(HOSTILE, Table((HOSTILE, "n"), ((HOSTILE, HOSTILE),)), (HOSTILE,))
    page = Page(section.html())
    assert set(page.elements) == {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    assert page.attributes <= {"style", "scope"}
    assert [text.strip() for text in page.texts if text.strip()] == [HOSTILE, HOSTILE, "n", HOSTILE, HOSTILE, HOSTILE]


def test_a_cell_cannot_take_the_place_of_the_caption_or_of_a_style():
    cell = '<table> <th style= style="text-align: right;" </table>'
    page = Page(Section("t", Table(("a",), ((cell,),))).html())
    assert page.elements == ["table", "caption", "thead", "tr", "th", "tbody", "tr", "td"]
    assert cell in [text.strip() for text in page.texts]


def test_every_cell_says_its_side_and_numbers_and_days_stay_on_a_line(write_rows):
    # JupyterLab sets to the right what says nothing.
    page = read_register(write_rows(ROW))._repr_mimebundle_()["text/html"]
    left, right = 'style="text-align: left;"', 'style="text-align: right; white-space: nowrap;"'
    assert f'<th scope="col" {left}>origin' in page
    assert f"<td {left}>NIS" in page
    assert re.search(rf"<td {right}> *1</td>", page)
    assert re.search(r'<td style="text-align: left; white-space: nowrap;">2024-12-18 *</td>', page)
    assert not re.search("<t[hd]>", page)


def test_letters_that_act_on_a_terminal_or_turn_others_are_named():
    section = Section(TURNING, Table((TURNING, "n"), ((TURNING, "1"),)), (TURNING,))
    for text in (section.text(), section.html()):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
        assert "U+001B" in text
        assert "U+202E" in text
        assert "U+D800" in text
        text.encode("utf-8")


def test_mathjax_is_told_to_leave_every_cell_alone(shown):
    # tex2jax_ignore is read by MathJax 2 of an nbconvert page, mathjax_ignore by MathJax 3 of JupyterLab.
    for one in shown.values():
        assert re.match(r'<div class="tex2jax_ignore mathjax_ignore"', one._repr_mimebundle_()["text/html"])


def test_markdown_around_the_page_never_sees_a_cell(shown):
    # A blank line would end the block of HTML where a page of Markdown holds it.
    for one in shown.values():
        assert "\n\n" not in one._repr_mimebundle_()["text/html"]


def test_a_register_of_hostile_cells_is_shown_as_it_is_and_does_nothing(write_rows):
    marked = {"outlet": HOSTILE, "speaker": SCRIPT, "note": SCRIPT, "wording": "around 1,000 (<b>c</b> $x$)"}
    path = write_rows({**ROW, **marked}, FORCE)
    register, claims = read_register(path), read_claims(read_register(path))
    for one in (register, claims[0], claims[0].wording, run(Settings(register=path, max_draws=1024))):
        page = page_of(one)
        assert not {"script", "img", "b"} & set(page.elements)
        assert '"around 1,000 (<b>c</b> $x$)"' in " ".join(page.texts)
    assert rows_of(register)[1][5] == HOSTILE


def test_nothing_that_is_hidden_gets_into_a_reading():
    one = replace(read("around 10"), wording=f"around 10 {TURNING}")
    assert "\x1b" not in str(one) + one._repr_mimebundle_()["text/html"]


# What each shows, worked by hand


def test_an_estimate_shows_its_ranges_first_then_its_centres():
    # sd 430 and 2 digits: tens. Twice 0.01 is far below half of 10, so all tens stay; 4 x 0.01 = 0.04 is below 0.1
    # and above 0.01: place -1, so digits 3 - (-1) = 4. Twice 2.6 is above half of 10: hundreds; 4 x 2.6 = 10.4 is
    # below 100: place 2, digits 3 - 2 = 1.
    ranges = (
        Interval(0.5, "equal-tailed", 487.0, 1133.0, 0.01, 0.01),
        Interval(0.9, "equal-tailed", 287.0, 1537.0, 0.01, 2.6),
    )
    one = Estimate("casualties", "soldiers", 834.0, 846.0, 430.0, 0.01, 2.6, ranges)
    assert rows_of(one) == [
        ["measure", "value", "Monte Carlo standard error", "digits that it supports"],
        ["50 % range", "490 to 1,130", "0.01 and 0.01", "4"],
        ["90 % range", "290 to 1,500", "0.01 and 3", "1"],
        ["median", "830", "0.01", "4"],
        ["mean", "800", "3", "1"],
        ["standard uncertainty", "430", "", ""],
    ]
    assert str(one).splitlines()[0] == "casualties, soldiers"


def test_a_share_is_shown_in_percent_with_its_errors_in_percent():
    # 4.36 % with 2 digits: tenths of a percent.
    interval = Interval(0.9, "equal-tailed", 0.0284, 0.15839, 1e-6, 1e-6)
    one = Estimate("casualties_ratio", "share of the force", 0.08265, 0.0855, 0.0436, 1e-6, 1e-6, (interval,))
    assert [row[:3] for row in rows_of(one)[1:]] == [
        ["90 % range", "2.8 to 15.8 %", "0.0001 and 0.0001 %"],
        ["median", "8.3 %", "0.0001 %"],
        ["mean", "8.6 %", "0.0001 %"],
        ["standard uncertainty", "4.4 %", ""],
    ]


def test_a_number_that_is_certain_has_no_error():
    interval = Interval(0.9, "equal-tailed", 7.0, 7.0, 0.0, 0.0)
    one = Estimate("killed", "soldiers", 7.0, 7.0, 0.0, 0.0, 0.0, (interval,))
    assert [row[1:3] for row in rows_of(one)[1:]] == [["7 to 7", "0 and 0"], ["7", "0"], ["7", "0"], ["0", ""]]


def test_a_reading_shows_its_range_first():
    assert rows_of(read("exactly 120")) == [
        ["layer", "90 % range", "50 % range", "median"],
        ["wording", "120", "120", "120"],
    ]


def test_words_without_a_number_say_so():
    assert rows_of(read("many"))[1] == ["wording", "no number", "no number", "no number"]
    assert "numbers in the words: none" in str(read("many"))


def test_a_reading_in_percent_has_the_sign_once():
    # "10 %" is exact with probability 0.6, else evenly 9.5 to 10.5 or 8.5 to 11.5 (the lexicon's bare rule).
    cells = rows_of(read("10 %"))[1]
    assert re.fullmatch(r"\d+\.\d to \d+\.\d %", cells[1])
    assert cells[2:] == ["10.0 %", "10.0 %"]
    assert "numbers in the words: best 10 %" in str(read("10 %"))


def test_a_claim_with_a_reporting_layer_shows_both_layers_and_one_without_shows_one(write_rows):
    claims = read_claims(read_register(write_rows(ROW, FORCE)))
    assert [row[0] for row in rows_of(claims[0])[1:]] == ["wording", "and reporting (third-party)"]
    assert [row[0] for row in rows_of(claims[1])[1:]] == ["wording"]
    assert 'NIS: "around 1,000" casualties, as of 2024-12-18, published 2024-12-19 by BBC' in str(claims[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Role: estimate; it can count."),
        ({"role": "context"}, "Role: context; it is only shown."),
        ({"wording": "many"}, "Role: estimate; it is never counted, since its words give no number."),
    ],
)
def test_a_claim_says_whether_it_can_count(write_rows, change, said):
    assert said in str(read_claims(read_register(write_rows({**ROW, **change})))[0])


def test_a_register_of_one_claim(write_rows):
    one = read_register(write_rows(ROW))
    assert rows_of(one)[1:] == [
        ["1", "NIS", '"around 1,000" casualties', "2024-12-18", "2024-12-19", "BBC", "estimate: can count"]
    ]
    assert str(one).startswith("register mine: 1 claim of 1 origin; by their role 1 can count and 0 are only shown\n")


def test_a_register_of_no_claim():
    none = replace(read_register("seed"), claims=())
    assert str(none).startswith("register seed: 0 claims of 0 origins; by their role 0 can count")
    assert rows_of(none) == [["", "origin", "as printed", "as of", "published", "outlet", "role"]]


@pytest.mark.parametrize(("claims", "shown"), [(30, 30), (31, 21)])
def test_a_long_table_is_shown_at_both_ends(claims, shown):
    rows = abridged(range(claims), lambda number, item: (str(number), str(item), "x"))
    assert len(rows) == shown
    if claims > shown:
        assert rows[9:12] == (("10", "9", "x"), ("…", "11 more", "…"), ("22", "21", "x"))


def test_a_row_that_is_not_shown_is_not_made():
    made = []
    abridged(range(5000), lambda _, item: (made.append(item), str(item))[1:])
    assert made == [*range(10), *range(4990, 5000)]


def test_results_show_the_ranges_and_what_they_rest_on(results):
    headings, first, *_ = rows_of(results)
    assert headings == ["interval that holds", "50 %", "80 %", "90 %", "95 %", "median", "mean"]
    assert first[3] == results.estimate("killed").range(0.9, digits=2)
    titles = [section.title for section in results.sections()]
    assert titles[1:] == ["counted: 4", "not counted: 22"]  # of the 26 claims of the seed
    assert "linear pool of NIS, US DoD" in titles[0]
    assert "stopping rule not reached" in str(results)


def test_results_say_how_many_draws_do_not_count(write_rows):
    few = {**FORCE, "wording": "around 1,100"}
    some = run(Settings(register=write_rows(ROW, few), max_draws=1024))
    assert 0 < some.kept < 1
    assert f"In {100 * (1 - some.kept):.0f} % of the draws casualties exceed the force; those draws do not count." in (
        " ".join(str(some).split())
    )
    whole = run(Settings(register=write_rows(ROW, FORCE), max_draws=1024))
    assert whole.kept == 1
    assert "exceed the force" not in str(whole)


def test_a_force_of_which_nobody_speaks_is_said_to_be_missing(write_rows):
    found = run(Settings(register=write_rows(ROW, FORCE), max_draws=1024))
    [none] = [one for one in found.denominators if one.force is None]
    assert str(none) == "force as theatre\nNo claim that counts gives a number of it."
    assert "table" not in page_of(none).elements


def test_where_every_claim_counts_nothing_is_left_out(write_rows):
    found = run(Settings(register=write_rows(ROW, FORCE), max_draws=1024))
    assert str(found).endswith("\n\nnot counted: 0")
    assert [section.table is None for section in found.sections()] == [False, False, True]


# What else the objects do is as before


@pytest.mark.parametrize("kind", KINDS)
def test_what_shows_itself_is_still_a_value(shown, kind):
    one = shown[kind]
    assert not hasattr(one, "__dict__")
    again = pickle.loads(pickle.dumps(one))
    assert str(again) == str(one)
    if kind != "results":  # which hold arrays of draws, and arrays are not equal as a whole
        assert again == one
        assert replace(one) == one


def test_the_repr_of_a_number_is_exact_and_that_of_a_collection_is_its_text(shown):
    one = shown["estimate"]
    assert eval(repr(one), {"Estimate": Estimate, "Interval": Interval}) == one
    assert repr(shown["reading"]).startswith("Reading(wording='around 10,000', ")
    for kind in ("register", "results", "origin", "pool", "denominator"):
        assert repr(shown[kind]) == str(shown[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_ipython_takes_both_forms(shown, kind):
    formatted, metadata = DisplayFormatter().format(shown[kind])
    assert formatted == {**shown[kind]._repr_mimebundle_()}
    assert metadata == {}


def test_a_kernel_shows_both_forms():
    cell = "from analysis.claims import read_register\nread_register('seed')"
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell)])
    root = Path(__file__).parent.parent
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(root)}}).execute()
    [output] = notebook.cells[0].outputs
    assert output.data == read_register("seed")._repr_mimebundle_()
