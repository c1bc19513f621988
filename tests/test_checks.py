"""Warnings: what an analyst should look at, each with both numbers, none where there is nothing to look at."""

import csv
import io
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.checks import ECHO_DAYS, SUM_TOLERANCE, cautions, check
from analysis.claims import COLUMNS, read_register
from analysis.errors import InputError
from analysis.evidence import read_claims
from tests.test_claims import GOOD

DATA = Path(__file__).parent.parent / "analysis" / "data"
# Scopes differ where a test wants no utterance in common.
ROW = {**GOOD, "role": "estimate", "wording": "4,000", "quantity": "casualties"}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write rows as a register; every row has an id of its own unless it names one."""
    shutil.copy(DATA / "sources.toml", tmp_path / "sources.toml")
    monkeypatch.chdir(tmp_path)

    def write_rows(*changes: dict[str, str]) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for number, change in enumerate(changes, 2):
            day = {"published": change["as_of"]} if "as_of" in change else {}
            writer.writerow({**ROW, "id": f"row-{number}", **day, **change})
        (tmp_path / "mine.csv").write_text(out.getvalue(), encoding="utf-8")
        return "mine.csv"

    return write_rows


def found(register: str) -> list[tuple[int, str, tuple[str, ...]]]:
    """Line, kind and the ids named, of each warning; the register must be sound."""
    checked = check(register)
    assert checked.faults == ()
    return [(one.claim.line, one.kind, tuple(other.id for other in one.others)) for one in checked.cautions]


LATER = (date(2024, 12, 19) + timedelta(days=ECHO_DAYS)).isoformat()  # 2025-02-17
TOO_LATE = (date(2024, 12, 19) + timedelta(days=ECHO_DAYS + 1)).isoformat()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # Another origin: up to 60 days, the 60th included.
        ({"origin": "US DoD", "as_of": "2024-12-20"}, [(3, "echo", ("row-2",))]),
        ({"origin": "US DoD", "as_of": LATER}, [(3, "echo", ("row-2",))]),
        ({"origin": "US DoD", "as_of": TOO_LATE}, []),
        # The same origin: however late; with another hedge it is the same number.
        ({"as_of": "2026-12-19"}, [(3, "echo", ("row-2",))]),
        ({"as_of": "2026-12-19", "wording": "more than 4,000"}, [(3, "echo", ("row-2",))]),
        ({"as_of": "2026-12-19", "wording": "4 thousand"}, [(3, "echo", ("row-2",))]),
        # The very same row once more, and one printed before it.
        ({}, [(3, "echo", ("row-2",))]),
        ({"as_of": "2024-12-18"}, [(2, "echo", ("row-3",))]),
        # Another number, another quantity, a range that ends in the number, a share.
        ({"as_of": "2026-12-19", "wording": "4,001"}, []),
        ({"as_of": "2026-12-19", "quantity": "missing"}, []),
        ({"as_of": "2026-12-19", "wording": "3,000 to 4,000"}, []),
        ({"as_of": "2026-12-19", "wording": "40%"}, []),
        # Declared: a relation, or what it rests on by id or by origin.
        ({"origin": "US DoD", "relation": "restates", "rests_on": "row-2"}, []),
        ({"origin": "US DoD", "relation": "relay", "rests_on": "NIS"}, []),
        ({"origin": "US DoD", "rests_on": "row-2"}, []),
        ({"origin": "US DoD", "rests_on": "NIS"}, []),
        # Never counted, and no observation.
        ({"origin": "US DoD", "role": "stale"}, []),
        ({"origin": "US DoD", "mode": "plan"}, []),
    ],
)
def test_echoes(write, change, expected):
    # Scope keeps the two from being one utterance, which other tests are about.
    assert found(write({}, {"scope": "all", **change})) == expected


def test_an_echo_names_the_earlier_claim_and_says_what_to_do(write):
    register = write({"wording": "4,000"}, {"origin": "US DoD", "wording": "around 4,000", "as_of": "2025-01-02"})
    assert check(register).cautions[0].message == (
        "mine.csv:3: casualties is 'around 4,000', likely an echo: NIS gave that number on 2024-12-19, "
        "'4,000' (row-2, line 2); if so, relation is restates and rests_on is row-2"
    )
    # Never dropped: both claims stay, and both are read.
    assert [one.claim.id for one in read_claims(read_register(register))] == ["row-2", "row-3"]


def test_an_own_figure_explains_a_number_better_than_another_origin_s(write):
    own, other = {"as_of": "2024-11-01"}, {"origin": "US DoD", "as_of": "2024-12-01"}
    assert found(write(own, other, {}))[-1] == (4, "echo", ("row-2",))


def test_of_several_origins_the_latest_before_is_named_and_not_a_mutation_of_the_claim_itself(write):
    days = ({"origin": one, "as_of": f"2024-12-0{day}"} for day, one in ((1, "NIS"), (2, "US DoD"), (3, "White House")))
    assert found(write(*days)) == [(3, "echo", ("row-2",)), (4, "echo", ("row-3",))]
    changed = {"role": "mutation", "relation": "relay", "rests_on": "row-3", "origin": "US DoD"}
    assert found(write(changed, {})) == []
    assert found(write(changed, {"as_of": "2024-12-20", "id": "row-3"})) == []
    # What somebody else changed is a source like any other.
    assert found(write({**changed, "rests_on": "NIS"}, {"as_of": "2024-12-20"})) == [(3, "echo", ("row-2",))]


def test_flows_are_the_same_only_over_days_in_common(write):
    week = {"mode": "incremental", "period_start": "2024-12-01", "as_of": "2024-12-07"}
    next_week = {"mode": "incremental", "period_start": "2024-12-08", "as_of": "2024-12-14"}
    overlap = {"mode": "incremental", "period_start": "2024-12-07", "as_of": "2024-12-14"}
    assert found(write(week, next_week)) == []
    assert found(write(week, overlap)) == [(3, "echo", ("row-2",))]
    assert found(write(week, {"as_of": "2024-12-14"})) == [(3, "echo", ("row-2",))]  # a flow taken for a total


def slow_echoes(rows):
    """Lines that repeat a number, each compared with every other: what the quick way must find."""
    lines = []
    for at, later in enumerate(rows):
        for before, earlier in enumerate(rows):
            order = (earlier["as_of"], before) < (later["as_of"], at)
            days = (date.fromisoformat(later["as_of"]) - date.fromisoformat(earlier["as_of"])).days
            near = later["origin"] == earlier["origin"] or days <= ECHO_DAYS
            if order and near and earlier["wording"] == later["wording"]:
                lines.append(at + 2)
                break
    return lines


def test_the_quick_way_finds_what_comparing_all_pairs_finds(write):
    chance = random.Random(20241219)
    rows = [
        {
            "origin": chance.choice(["NIS", "US DoD", "White House", "Ukraine GUR"]),
            "as_of": (date(2024, 1, 1) + timedelta(days=chance.randrange(700))).isoformat(),
            "wording": chance.choice(["4,000", "5,000", "6,000"]),
            "scope": f"place {number}",
        }
        for number in range(60)
    ]
    expected = slow_echoes(rows)
    assert 20 < len(expected) < 60  # some rows repeat nothing, so the test can fail both ways
    assert [line for line, _, _ in found(write(*rows))] == expected


def three(killed: str, wounded: str, casualties: str) -> list[dict[str, str]]:
    given = {"killed": killed, "wounded": wounded, "casualties": casualties}
    return [{"id": name, "quantity": name, "wording": wording} for name, wording in given.items() if wording]


@pytest.mark.parametrize(
    ("numbers", "sound"),
    [
        (("300", "2,700", "3,000"), True),
        (("about 600", "4,100", "4,700"), True),
        (("at least 100", "approximately 1,000", "around 1,100"), True),
        (("around 1,000", "nearly 3,000", "4,000"), True),
        # Rounded: half of the last digits' units is 50 + 50 + 50, of which 5 % of 2,000 is the most: 100.
        (("700", "1,400", "2,000"), True),
        (("700", "1,401", "2,000"), False),
        # Counts are exact but for the last digit: 0.5 each.
        (("51", "47", "99"), True),
        (("51", "47", "101"), False),
        (("600", "4,700", "5,000"), False),
        (("1,000", "3,000", "5,000"), False),
        (("5,000", "", "4,000"), False),
        (("", "5,000", "4,000"), False),
        (("100", "", "4,000"), True),
        (("several hundred", "1,000", "4,000"), True),
        (("two-thirds of them", "2,000", "4,000"), True),
    ],
)
def test_killed_and_wounded_of_one_utterance_add_up_to_its_casualties(write, numbers, sound):
    assert SUM_TOLERANCE == 0.05
    given = three(*numbers)
    parts = tuple(one["id"] for one in given if one["quantity"] != "casualties")
    assert found(write(*given)) == ([] if sound else [(len(given) + 1, "sum", parts)])


def test_a_sum_is_told_with_both_numbers(write):
    assert check(write(*three("600", "4,700", "5,000"))).cautions[0].message == (
        "mine.csv:4: killed 600, '600' (killed, line 2), and wounded 4,700, '4,700' (wounded, line 3) make 5,300, "
        "and casualties is 5,000, '5,000' (casualties, line 4)"
    )


@pytest.mark.parametrize(
    "change",
    [{"origin": "US DoD"}, {"as_of": "2024-12-18"}, {"scope": "all"}, {"mode": "stock"}, {"role": "context"}],
)
def test_only_what_was_said_together_is_added(write, change):
    killed, wounded, casualties = three("600", "4,400", "4,000")
    kinds = {kind for _, kind, _ in found(write(killed, wounded, {**casualties, **change}))}
    assert "sum" not in kinds


@pytest.mark.parametrize(
    ("day", "total", "kinds"),
    [
        ("2024-12-26", "4,000", ["sum"]),  # a week later the total is smaller than its parts were
        ("2024-12-26", "6,000", []),  # it has grown
        ("2024-12-27", "4,000", []),  # too far apart to say
        ("2024-12-12", "6,000", ["sum"]),  # a week before it was larger already
        ("2024-12-12", "4,000", []),
        ("2024-12-20", "4,400", ["entered"]),  # the dead counted twice
    ],
)
def test_parts_without_a_total_are_compared_with_the_origin_s_total_of_the_days_around(write, day, total, kinds):
    killed, wounded, casualties = three("600", "4,400", total)
    assert [kind for _, kind, _ in found(write(killed, wounded, {**casualties, "as_of": day}))] == kinds


# ------------------------------------------------------------------------------ identity errors of the field


@pytest.mark.parametrize(
    ("quantity", "wording", "expected"),
    [
        ("killed", "4,000 casualties, a quarter killed", "casualties, which the words count"),
        ("killed", "around 4,000, a quarter killed", "the whole, of which the words name killed as a part"),
        ("killed", "4,700 casualties including 600 deaths", "casualties, which the words count"),
        ("wounded", "4,700 casualties including 600 deaths", "casualties, which the words count"),
        ("wounded", "4,700 including 600 deaths", "casualties, since the words hold killed as a part"),
        ("wounded", "1,100 killed and wounded", "casualties, which the words count"),
        ("casualties", "at least 100 killed", "killed, which the words count"),
        ("deployed", "4,000 casualties", "casualties, which the words count"),
    ],
)
def test_words_that_count_another_quantity_stop_a_run_where_the_row_counts(write, quantity, wording, expected):
    register = write({"quantity": quantity, "wording": wording})
    message = f"mine.csv:2: quantity is '{quantity}', expected {expected}: '{wording}'"
    assert [fault.message for fault in check(register).faults] == [message]
    with pytest.raises(InputError) as caught:
        read_claims(read_register(register))
    assert caught.value.faults == (message,)
    # Where it is shown because it is wrong, it is a warning.
    assert found(write({"quantity": quantity, "wording": wording, "role": "mutation"})) == [(2, "words", ())]


@pytest.mark.parametrize(
    ("quantity", "wording"),
    [
        ("casualties", "4,000 casualties, a quarter killed"),
        ("casualties", "4,700 casualties including 600 deaths"),
        ("casualties", "1,100 killed and wounded"),
        ("killed", "at least 100 dead"),
        ("wounded", "1,000 injured"),
        ("killed", "20 coffins"),
        ("deployed", "12,000 troops, 4,000 killed"),
        ("engaged", "8,000 soldiers"),
        ("killed", "100 killed, 1,000 wounded"),
    ],
)
def test_words_that_count_what_the_row_says(write, quantity, wording):
    assert found(write({"quantity": quantity, "wording": wording})) == []


def test_the_dead_among_the_wounded(write):
    assert found(write({"quantity": "wounded", "wording": "1,000 injured including 100 dead"})) == [(2, "words", ())]


def test_dead_counted_twice(write):
    """4,700 casualties including 600 deaths, entered as 600 killed and 4,700 wounded."""
    given = three("600", "4,700", "4,700")
    entered, added = check(write(*given)).cautions
    assert (entered.claim.id, entered.kind) == ("wounded", "entered")
    assert entered.message == (
        "mine.csv:3: wounded is '4,700', the number of casualties in '4,700' (casualties, line 4), beside killed "
        "'600' (killed, line 2); casualties may stand in a row of wounded"
    )
    assert (added.claim.id, added.kind) == ("casualties", "sum")
    assert "make 5,300, and casualties is 4,700" in added.message


def test_casualties_entered_as_killed_or_wounded(write):
    assert found(write(*three("4,000", "", "around 4,000"))) == [(2, "entered", ("casualties",))]
    assert found(write(*three("", "4,000", "4,000"))) == [(2, "entered", ("casualties",))]
    assert found(write(*three("0", "4,000", "4,000"))) == []  # nobody died: so all are wounded
    # Vague words are compared by their rule, and a relay with what it rests on.
    relay = {"quantity": "killed", "role": "mutation", "relation": "relay", "rests_on": "row-2", "origin": "US DoD"}
    vague = {"wording": "several hundred"}
    assert found(write(vague, {**relay, **vague})) == [(3, "entered", ("row-2",))]
    assert found(write(vague, {**relay, "wording": "several dozens"})) == []


def test_formula_cells_stay_text_and_are_named(write):
    cells = {"note": '=HYPERLINK("http://example.org","x")', "speaker": "@sum", "outlet": "+1 more", "scope": "- all"}
    checked = check(write({**cells, "wording": "4,000"}))
    assert [one.kind for one in checked.cautions] == ["formula"] * 4
    assert "note is '=HYPERLINK(" in " ".join(one.message for one in checked.cautions)
    claim = read_register("mine.csv").claims[0]
    assert claim.note == cells["note"]
    assert found(write({"note": "-5 %", "speaker": "+1,000"})) == []  # numbers with a sign


# ------------------------------------------------------------------------------------- the registers that ship


def test_what_ships_is_sound_and_its_warnings_are_those_that_were_read():
    assert check("seed").cautions == ()
    record = check("public-record")
    assert record.sound
    found = {one.claim.id: one for one in record.cautions if one.kind != "echo"}
    # The drift catalogue of the evidence, where a number shows it.
    assert set(found) == {
        "mut-200-killed-dprk-20241216",
        "mut-guardian-us-killed-20241218",
        "mut-washtimes-nested-20241219",
        "mut-upi-3000-killed-20250111",
        "mut-zelensky-4000-killed-20250121",
        "mut-4700-injured-20250430",
        "mut-independent-6000-died-202510",
        "mut-6000-killed-20260106",
    }
    injured = found["mut-4700-injured-20250430"].message
    assert "4,700" in injured
    assert "600" in injured
    echoes = {one.claim.id: one.others[0].id for one in record.cautions if one.kind == "echo"}
    assert echoes["bbc-west-casualties-20250122"] == "zelensky-4000-20250109"
    assert echoes["nis-4000-20250331"] == "jcs-4000-20250327"
    assert len(echoes) == 19


def test_the_order_of_rows_changes_no_warning(write):
    rows = [
        {"id": "a"},
        {"id": "b", "origin": "US DoD", "as_of": "2024-12-20"},
        {"id": "c", "quantity": "killed", "wording": "600"},
        {"id": "d", "quantity": "wounded", "wording": "4,000"},
    ]
    said = {
        tuple(sorted((one.claim.id, one.kind) for one in cautions(read_claims(read_register(write(*order))))))
        for order in (rows, rows[::-1], rows[2:] + rows[:2])
    }
    assert said == {(("a", "sum"), ("b", "echo"), ("d", "entered"))}


def test_readings_are_in_order():
    for name in ("seed", "public-record"):
        for one in read_claims(read_register(name)):
            numbers = [n for n in (one.wording.low, one.wording.best, one.wording.high) if n is not None]
            assert numbers == sorted(numbers), one.claim.id


@pytest.mark.parametrize("wording", ["12,000 to 10,000", "between 5,000 and 4,000", "4,000-3,000"])
def test_a_range_that_runs_down_is_an_error(write, wording):
    fault = check(write({"wording": wording})).faults[0]
    assert fault.message.startswith(f"mine.csv:2: wording is '{wording}'")
    assert "from a smaller to a larger number" in fault.message


def test_all_faults_of_register_sources_and_wordings_come_in_one_run(write, tmp_path):
    write(
        {"wording": "oodles"},
        {"mode": "daily", "wording": "lashings", "origin": "KGB", "as_of": "2024-12-20", "published": "2024-12-19"},
        {"url": "x", "rests_on": "gone"},
        {"quantity": "killed", "wording": "4,000 casualties", "origin": "US DoD"},
    )
    path = tmp_path / "sources.toml"
    text = path.read_text(encoding="utf-8").replace("accuracy = 0.6", "accuracy = 60", 1)
    path.write_text(text.replace('reporting = "third-party"', 'reporting = "gossip"', 2), encoding="utf-8")
    checked = check("mine.csv")
    assert [(fault.file, fault.line, fault.field) for fault in checked.faults] == [
        ("sources.toml", 18, "accuracy"),
        ("sources.toml", 30, "reporting"),
        ("mine.csv", 2, "wording"),
        ("mine.csv", 3, "mode"),
        ("mine.csv", 3, "origin"),
        ("mine.csv", 3, "wording"),
        ("mine.csv", 4, "url"),
        ("mine.csv", 4, "rests_on"),
        ("mine.csv", 5, "quantity"),
    ]
    assert checked.claims == 4
