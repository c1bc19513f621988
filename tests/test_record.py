"""The record of a day: what is an origin's own, what a copy, what changed on the way; worked by hand."""

from datetime import date
from pathlib import Path

import pytest

from analysis import record_prose, record_tables
from analysis.claims import COLUMNS, read_register
from analysis.errors import InputError
from analysis.evidence import collect, effective_number, read_claims, reasons
from analysis.record import Record, read_record, record_of

DATA = Path(__file__).parent.parent / "analysis" / "data"
LAST = "2026-02-14"

SOURCES = "\n".join(
    f'[{name}]\nname = "{name}"\ninterest = "neutral"\nstream = "{stream}"\nbias = "unknown"\nreliability = "C"\n'
    f'accuracy = 0.5\nreporting = "none"\nreason = "made for a test"\n'
    for name, stream in (("A", "one"), ("B", "one"), ("C", "two"))
)
ROW = {
    "role": "estimate",
    "quantity": "casualties",
    "wording": "100",
    "published": "2025-01-02",
    "as_of": "2025-01-01",
    "period_start": "",
    "mode": "cumulative",
    "scope": "all",
    "speaker": "",
    "origin": "A",
    "relation": "original",
    "rests_on": "",
    "outlet": "Daily",
    "url": "",
    "note": "",
}


def small(folder: Path, *rows: dict[str, str], as_of: str = LAST, quantity: str = "all") -> Record:
    """The record of a register of few rows; each gives what differs from ROW."""
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    lines = [",".join(COLUMNS)]
    lines += [",".join(f'"{({**ROW, **row})[name]}"' for name in COLUMNS) for row in rows]
    (folder / "small.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_record(folder / "small.csv", as_of=as_of, quantity=quantity)


@pytest.fixture(scope="module")
def everything():
    return read_record("public-record", as_of=LAST)


def copy_of(record: Record, name: str):
    return next(copy for copy in record.copies if copy.one.claim.id == name)


def test_the_five_wordings_of_the_wounded_of_19_december(everything):
    utterance = next(u for u in everything.utterances if u.original.claim.id == "seed-nis-wounded-20241219")
    found = [(copy.one.claim.wording, copy.bound, copy.number, copy.days) for copy in utterance.copies]
    assert found == [
        ("nearly 1,000", ("approx", "just_below"), None, 0),
        ("more than 1,000", ("approx", "lower"), None, 0),
        ("1천여 명 (1,000-odd)", None, None, 0),
        ("approaching 1,000", ("approx", "just_below"), None, 0),
        ("1,000 including 100 dead", None, None, 1),
    ]


def test_six_thousand_killed_made_of_casualties(everything):
    died = copy_of(everything, "mut-independent-6000-died-202510")
    assert died.original.claim.id == "ukdi-6000-20250615"
    assert died.quantity == ("casualties", "killed")
    assert died.bound == ("lower", "approx")
    assert (died.number, died.origin) == (None, None)
    assert died.days == (date(2025, 10, 24) - date(2025, 6, 15)).days == 131
    assert record_prose.changes(died) == ("casualties became killed", "bound: a floor → about")


def test_dead_counted_twice(everything):
    injured = copy_of(everything, "mut-4700-injured-20250430")
    assert (injured.quantity, injured.bound) == (("casualties", "wounded"), ("point", "approx"))
    assert (injured.before, injured.after) == (4700, 4700)


def test_a_sum_is_compared_with_the_sum_through_two_hands(everything):
    # 100 killed and 1,000 wounded by NIS; added up by JCS; printed of JCS by The Independent.
    for name, origin in (("jcs-casualties-20241223", ("NIS", "ROK JCS")), ("var-aju-casualties-20241219", None)):
        copy = copy_of(everything, name)
        assert (copy.summed, copy.before, copy.after, copy.origin) == (True, 1100, 1100, origin)
        assert copy.drifted is False
    relayed = copy_of(everything, "mut-independent-1100-20241224")
    assert (relayed.original.claim.id, relayed.summed, relayed.before) == ("seed-nis-killed-20241219", True, 1100)


def test_a_stale_copy_knows_what_was_said_by_then(everything):
    stale = copy_of(everything, "stale-600-20251104")
    assert (stale.standing, stale.days) == ("stale", (date(2025, 11, 4) - date(2025, 4, 30)).days)
    assert stale.newer.claim.id == "nis-killed-20250902"
    assert 'by then: "around 2,000"' in record_prose.changes(stale)
    # Without a newer figure of the origin's own, its age in days is what there is to say: 168 from 15 January.
    assert record_prose.changes(copy_of(everything, "cnn-west-4000-20250702"))[-1] == "168 days old when printed"


def test_a_vague_word_by_the_middle_of_its_reading(everything):
    couple = copy_of(everything, "var-ap-us-casualties-20241217")
    before = couple.original.wording.quantiles()[2]
    assert couple.number == (before, couple.one.wording.quantiles()[2])
    assert before == pytest.approx(495, abs=1)  # as `casualty-report read "several hundred"` prints it
    assert couple.drifted


def test_copies_whose_original_nobody_found(everything):
    assert [copy.one.claim.id for copy in everything.strays] == [
        "gdc-stormshadow-20241124",
        "meduza-deployed-20250902",
        "stale-us1200-20251024",
    ]
    assert record_prose.changes(everything.strays[0]) == ("no original in the register",)


def test_every_claim_is_counted_or_has_its_reason(everything):
    assert len(everything.entries) == 135
    for entry in everything.entries:
        assert bool(entry.used) != bool(entry.left_out), entry.one.claim.id
    register = read_register("public-record")
    evidence = collect(read_claims(register), as_of=date(2026, 2, 14))
    counted = {one.claim.id for origin in evidence.origins for one in origin.given.values()}
    assert {entry.one.claim.id for entry in everything.entries if "loss" in entry.used} == counted
    by_id = {entry.one.claim.id: entry for entry in everything.entries}
    # The newest total that NIS said were sent stands; a plan, older totals and those there on a day do not.
    assert by_id["nis-deployed-20250430"].used == "reported, deployed"
    assert by_id["nis-present-20260212"].left_out == "who is there on a day, not who was sent in all"
    outdated = "out of date: it describes {}, and nis-deployed-20250430 describes 2025-04-30"
    assert by_id["nis-deployed-20241023"].left_out == outdated.format("2024-10-23")
    assert by_id["seed-deployed-10000"].left_out == outdated.format("2024-12-19")
    assert by_id["nis-plan-20241018"].left_out == "a forecast, not an observation"


def test_independent_origins_of_the_killed_by_hand():
    record = read_record("public-record", as_of=LAST, quantity="killed")
    streams = sorted(origin.source.stream for origin in record.speaking)
    # Copies give no origin (Ukraine GUR, US DoD, the press), nor do words without a number (US officials, Blue/Yellow).
    assert streams == ["dprk"] + ["ukraine-led"] * 3 + ["us-uk-led"] * 2
    assert record.effective_number(0) == 6
    assert record.effective_number(0.5) == 1 + 3 / 2 + 2 / 1.5
    assert record.effective_number(1) == 3
    table = record_tables.independence(record)
    assert table.rows[-1] == ("all streams", "6", "6.0", "3.8", "3.0")


def test_effective_number_of_one_stream_is_the_formula_of_equal_correlation():
    # k / (1 + (k - 1) rho) of a published table: 10 voices at 0.3 are 2.70, 20 at 0.1 are 6.90.
    assert effective_number(["s"] * 10, correlation=0.3) == pytest.approx(2.70, abs=0.005)  # its two decimals
    assert effective_number(["s"] * 20, correlation=0.1) == pytest.approx(6.90, abs=0.005)
    assert effective_number([], correlation=0.5) == 0
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match="correlation is"):
            effective_number(["s"], correlation=wrong)


def test_prints_do_not_add_origins(tmp_path):
    one = small(tmp_path, {"id": "a"}, {"id": "c", "origin": "C"})
    relays = [{"id": f"r{n}", "relation": "relay", "rests_on": "a", "outlet": f"Paper {n}"} for n in range(9)]
    many = small(tmp_path, {"id": "a"}, {"id": "c", "origin": "C"}, *relays)
    assert many.effective_number() == one.effective_number() == 2
    assert [origin.prints for origin in many.origins] == [10, 1]
    assert len(many.utterances[0].copies) == 9
    assert not any(copy.drifted for copy in many.copies)
    assert record_prose.changes(many.copies[0]) == ("nothing",)


def test_the_day_decides_what_is_known(tmp_path):
    rows = (
        {"id": "a", "wording": "about 100"},
        {"id": "b", "wording": "at least 80", "published": "2025-01-05", "relation": "relay", "rests_on": "a"},
        {"id": "late", "wording": "300", "published": "2025-02-01"},
    )
    before, after = small(tmp_path, *rows, as_of="2025-01-04"), small(tmp_path, *rows, as_of="2025-01-05")
    assert ([e.one.claim.id for e in before.entries], before.later, before.copies) == (["a"], 2, ())
    copy = after.copies[0]
    assert (copy.number, copy.bound, copy.days) == ((100, 80), ("approx", "lower"), 4)
    assert record_prose.changes(copy) == ("number: 100 → 80", "bound: about → a floor")


def test_what_rests_on_an_origin_rests_on_its_latest_figure_until_then(tmp_path):
    record = small(
        tmp_path,
        {"id": "first"},
        {"id": "second", "wording": "200", "published": "2025-01-10", "as_of": "2025-01-10"},
        {"id": "killed", "quantity": "killed", "wording": "50", "published": "2025-01-12", "as_of": "2025-01-12"},
        {"id": "echo", "origin": "B", "relation": "relay", "rests_on": "A", "published": "2025-01-20"},
        {"id": "third", "wording": "300", "published": "2025-01-25", "as_of": "2025-01-25"},
    )
    echo = record.copies[0]
    assert (echo.original.claim.id, echo.origin, echo.number) == ("second", ("A", "B"), (200, 100))


def test_a_restatement_of_what_is_not_published_is_all_that_is_known(tmp_path):
    rows = (
        {"id": "again", "relation": "restates", "rests_on": "first"},
        {"id": "first", "published": "2025-01-08"},
    )
    assert [e.standing for e in small(tmp_path, *rows, as_of="2025-01-05").entries] == ["original"]
    assert [e.standing for e in small(tmp_path, *rows).entries] == ["restatement", "original"]


def test_the_order_of_rows_changes_nothing():
    register = read_register("public-record")
    claims = read_claims(register)
    day = date(2026, 2, 14)
    assert record_of(claims, register=register, as_of=day) == record_of(claims[::-1], register=register, as_of=day)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("public-record", "2024-13-01", "all"), "as_of is '2024-13-01', expected a date like 2024-12-19"),
        (("public-record", 20241219, "all"), "as_of is 20241219, expected a date"),
        (("public-record", "2024-01-01", "all"), "no claim was published on or before 2024-01-01; the first"),
        (
            ("public-record", "2024-12-01", "captured"),
            "no claim about the captured was published on or before 2024-12-01",
        ),
        (("seed", "2024-12-19", "dead"), "quantity is 'dead', expected one of all, casualties, casualty_ratio,"),
        (("seed", "2024-12-19", "missing"), "quantity is 'missing', expected one of all"),
        (("sead", "2024-12-19", "all"), "register is 'sead', expected a path to a .csv file or one of"),
        (("", "2024-12-19", "all"), "register is '', expected a name"),
    ],
)
def test_wrong_input_is_one_line(arguments, message):
    register, as_of, quantity = arguments
    with pytest.raises(InputError) as caught:
        read_record(register, as_of=as_of, quantity=quantity)
    assert message in str(caught.value)
    assert len(caught.value.faults) == 1


def test_the_window_is_that_of_an_estimate():
    """With a longer window fewer figures are out of date, and nothing else changes."""
    known = {
        days: {
            entry.one.claim.id: entry.left_out
            for entry in read_record("public-record", as_of="2025-01-22", quantity="killed", window=days).entries
        }
        for days in (5, 400)
    }
    changed = {id_ for id_, reason in known[5].items() if reason != known[400][id_]}
    assert changed
    assert all(known[5][id_].startswith("out of date") for id_ in changed)
    with pytest.raises(InputError, match="window is -1, expected a number of days, like 14"):
        read_record("public-record", as_of="2025-01-22", window=-1)


def test_reasons_where_nothing_counts(tmp_path):
    record = small(tmp_path, {"id": "none", "wording": "no number"}, {"id": "zero", "wording": "0", "origin": "B"})
    assert {e.one.claim.id: e.left_out for e in record.entries} == {
        "none": "no number",
        "zero": "zero: the ratios have no meaning for it",
    }
    assert reasons([], as_of=date(2025, 1, 1)) == {}


def test_sentences_hold_the_numbers_of_the_register():
    text = repr(record_prose.answer(read_record("public-record", as_of=LAST, quantity="killed")))
    for words in (
        "By 14 February 2026, 33 claims about the killed had been printed; 6 origins gave figures of their own, worth "
        "3.8 independent ones.",
        "6.0 if each errs alone; 3.0 if each stream is one voice",
        "Claims of the origins' own: 17; copies: 12, 2 of them stale; context: 4.",
        "6 changed the quantity, 6 changed the bound, 2 changed the number, 5 changed the origin.",
        'NIS "around 2,000" killed (2025-09-02)',
    ):
        assert words in text


def test_tables_show_every_claim_once():
    record = read_record("public-record", as_of=LAST, quantity="killed")
    assert len(record_tables.claims(record).rows) == len(record_tables.addresses(record).rows) == 33
    counted = sum(", counted" in row[4] for row in record_tables.claims(record).rows)
    assert counted + len(record_tables.left_out(record).rows) == 33
    assert all(row[4] for row in record_tables.left_out(record).rows)
    assert sum(int(row[6]) for row in record_tables.origins(record).rows) == 33
    # What a note says to see also is an address too.
    addresses = {row[0]: row[2] for row in record_tables.addresses(record).rows}
    assert len(addresses["nis-killed-20250430"].split()) == 2
    assert addresses["seed-headline-over-100"] == "none given"
