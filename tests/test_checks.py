"""Warnings: what an analyst should look at, each with both numbers, none where there is nothing to look at."""

import csv
import io
import random
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.checks import ECHO_DAYS, SUM_TOLERANCE, cautions, check
from analysis.claims import COLUMNS, read_register
from analysis.errors import InputError
from analysis.evidence import named_otherwise, read_claims
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
        ({"as_of": "2026-12-19", "wording": "40%", "rests_on": "row-2"}, []),
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
    assert found(write(changed, {"as_of": "2024-12-20", "id": "row-3"})) == [(2, "order", ("row-3",))]
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
    given[0]["rests_on"] = "casualties" if "of them" in numbers[0] else ""
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


KILLED, WOUNDED = {"quantity": "killed", "wording": "100"}, {"quantity": "wounded", "wording": "4,700"}
JCS = {"origin": "ROK JCS", "wording": "4,700"}
DAY = date(2024, 12, 19)


def days_on(days: int) -> str:
    return (DAY + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"as_of": days_on(17)}, True),
        ({"as_of": days_on(-17)}, True),
        ({"as_of": days_on(ECHO_DAYS)}, True),
        ({"as_of": days_on(-ECHO_DAYS)}, True),
        ({"as_of": days_on(ECHO_DAYS + 1)}, False),
        ({"as_of": days_on(-ECHO_DAYS - 1)}, False),
        ({"origin": "NIS", "as_of": days_on(17)}, True),  # the same origin, later
        ({"wording": "around 4,700"}, True),
        ({"wording": "4,800"}, False),
        ({"scope": "all"}, False),
        ({"role": "context"}, False),
        ({"mode": "plan"}, False),
    ],
)
def test_casualties_of_any_origin_entered_as_wounded(write, change, expected):
    entered = [(3, "entered", ("row-4", "row-2"))] if expected else []
    assert [one for one in found(write(KILLED, WOUNDED, {**JCS, **change})) if one[1] == "entered"] == entered


def test_what_another_origin_s_casualties_are_compared_with_is_told_with_its_day(write):
    assert check(write(KILLED, WOUNDED, {**JCS, "as_of": days_on(17)})).cautions[0].message == (
        "mine.csv:3: wounded is '4,700', the number of casualties in '4,700' (row-4, line 4) of ROK JCS on 2025-01-05, "
        "beside killed '100' (row-2, line 2); casualties may stand in a row of wounded"
    )


def test_wounded_that_are_explained_are_not_taken_for_casualties(write):
    # Somebody gave the sum, 100 + 4,700; or the utterance itself gives a larger total.
    assert found(write(KILLED, WOUNDED, JCS, {"origin": "US DoD", "wording": "4,800"})) == []
    assert found(write(KILLED, WOUNDED, JCS, {"wording": "4,900"})) == []  # within 150, half of the last digits' units
    assert found(write(KILLED, WOUNDED, JCS, {"wording": "4,600"}))[0][1] == "entered"
    # Nobody died: so all casualties are wounded.
    assert found(write({**KILLED, "wording": "0"}, WOUNDED, JCS)) == []


def test_casualties_are_found_among_many_as_by_comparing_all(write):
    chance = random.Random(20250430)
    rows = [
        {
            "quantity": chance.choice(["wounded", "casualties"]),
            "origin": f"{chance.choice(['NIS', 'ROK JCS', 'US DoD'])}",
            "as_of": (date(2024, 1, 1) + timedelta(days=chance.randrange(600))).isoformat(),
            "wording": chance.choice(["4,000", "5,000", "6,000"]),
        }
        for _ in range(50)
    ]
    expected = [
        at
        for at, row in enumerate(rows, 2)
        if row["quantity"] == "wounded"
        and any(
            one["quantity"] == "casualties"
            and one["wording"] == row["wording"]
            and abs((date.fromisoformat(one["as_of"]) - date.fromisoformat(row["as_of"])).days) <= ECHO_DAYS
            for one in rows
        )
    ]
    wounded = sum(row["quantity"] == "wounded" for row in rows)
    assert 5 < len(expected) < wounded - 2  # so the test can fail both ways
    assert [line for line, kind, _ in found(write(*rows)) if kind == "entered"] == expected


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"quantity": "casualty_ratio", "wording": "4,000"}, "casualty_ratio is '4,000', a number of soldiers"),
        ({"quantity": "casualty_ratio", "wording": "several hundred"}, "'several hundred', a number of soldiers"),
        ({"quantity": "casualty_ratio", "wording": "40%"}, ""),
        ({"quantity": "killed", "wording": "40%"}, "killed is '40%', a share; rests_on should name the claim"),
        ({"quantity": "killed", "wording": "40%", "rests_on": "US DoD"}, "killed is '40%', a share; rests_on should"),
        ({"quantity": "killed", "wording": "two-thirds of them", "rests_on": "row-3"}, ""),
        ({"quantity": "deployed", "wording": "0"}, "deployed is '0'; a force of 0 is no denominator"),
        ({"quantity": "engaged", "wording": "0"}, "engaged is '0'; a force of 0 is no denominator"),
        ({"quantity": "deployed", "wording": "1"}, ""),
    ],
)
def test_numbers_of_another_kind_than_their_quantity(write, change, told):
    checked = check(write(change, {"wording": "5,000", "scope": "all"}))
    units = [one.message for one in checked.cautions if one.kind == "unit"]
    assert checked.sound
    assert len(units) == bool(told)
    assert all(told in one for one in units)


FORCE = {"quantity": "deployed", "scope": "all", "wording": "3,000"}


@pytest.mark.parametrize(
    ("forces", "expected"),
    [
        ([FORCE], [(2, "force", ("row-3",))]),
        ([FORCE, {**FORCE, "wording": "4,000", "origin": "US DoD"}], []),  # not more than the largest
        ([FORCE, {**FORCE, "wording": "3,000 to 3,999", "quantity": "engaged"}], [(2, "force", ("row-4",))]),
        ([FORCE, {**FORCE, "wording": "9,000", "as_of": "2024-12-20"}], [(2, "force", ("row-3",))]),  # not known yet
        ([FORCE, {**FORCE, "wording": "9,000", "as_of": "2024-12-18", "mode": "plan"}], []),
        ([{**FORCE, "as_of": "2024-12-20"}], []),
        ([{**FORCE, "wording": "several thousand"}], []),
    ],
)
def test_a_loss_larger_than_every_size_of_the_force(write, forces, expected):
    assert [one for one in found(write({}, *forces)) if one[1] == "force"] == expected


def test_a_loss_larger_than_the_force_is_told_with_both_numbers(write):
    assert check(write({}, FORCE)).cautions[0].message == (
        "mine.csv:2: casualties is 4,000, more than the largest size of the force published by 2024-12-19: "
        "deployed 3,000, '3,000' (row-3, line 3)"
    )
    # Shown and never counted: no loss that could be wrong in an answer.
    assert found(write({"role": "stale"}, FORCE)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"relation": "relay", "as_of": "2024-12-18"}, [(3, "order", ("row-2",))]),
        ({"relation": "relay"}, []),
        # Of one utterance other words may be printed first; but not before its day.
        ({"relation": "restates", "as_of": "2024-12-16"}, [(3, "order", ("row-2",))]),
        ({"relation": "restates", "as_of": "2024-12-18"}, []),
        ({"relation": "relay", "as_of": "2024-12-18", "role": "variant"}, []),
    ],
)
def test_a_relay_comes_after_what_it_rests_on(write, change, expected):
    said = {"published": "2024-12-19", "as_of": "2024-12-17"}
    assert found(write({**said, "published": "2024-12-19"}, {"origin": "US DoD", "rests_on": "row-2", **change})) == (
        expected
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], [(2, "alone", ())]),
        ([{"quantity": "wounded", "wording": "50"}], [(2, "alone", ())]),
        ([{"origin": "US DoD", "quantity": "killed", "wording": "50"}], [(2, "alone", ())]),
        ([{"quantity": "killed", "wording": "50"}], []),
        ([{"quantity": "killed", "wording": "50", "role": "context"}], [(2, "alone", ())]),
        ([{"quantity": "killed", "wording": "no number"}], [(2, "alone", ())]),
        ([{"quantity": "killed", "wording": "50 per day"}], [(2, "alone", ())]),
        (
            [{"quantity": "killed", "wording": "50", "mode": "incremental", "period_start": "2024-12-01"}],
            [(2, "alone", ())],
        ),
    ],
)
def test_a_relay_of_its_own_origin_without_an_original(write, rows, expected):
    relay = {"quantity": "killed", "wording": "100", "relation": "relay", "rests_on": "NIS"}
    register = write(relay, *rows)
    assert found(register) == expected
    if expected:
        assert check(register).cautions[0].message == (
            "mine.csv:2: rests on NIS, of which the register has no original figure of killed; it counts as one itself"
        )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [(2, "twice", ("row-3",))]),
        ({"origin": "US DoD"}, []),
        ({"quantity": "wounded"}, []),
        ({"as_of": "2024-12-16"}, []),
        ({"published": "2024-12-20"}, []),
        ({"role": "context"}, []),
        ({"wording": "100"}, [(3, "echo", ("row-2",))]),
        ({"wording": "no number"}, []),
    ],
)
def test_two_figures_of_an_origin_for_one_day(write, change, expected):
    said = {"quantity": "killed", "published": "2024-12-18", "as_of": "2024-12-17", "wording": "100"}
    assert found(write(said, {**said, "wording": "120", **change})) == expected


def test_of_two_figures_for_one_day_the_one_that_counts_is_named(write):
    register = write({"quantity": "killed", "wording": "100"}, {"quantity": "killed", "wording": "120"})
    assert check(register).cautions[0].message == (
        "mine.csv:2: killed is '100', and NIS gave '120' (row-3, line 3) for that day too; only the last by id counts"
    )


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        (("killed", "wounded", "missing"), "killed and missing and wounded"),
        (("killed", "missing"), "killed and missing"),
        (("wounded", "captured"), "captured and wounded"),
    ],
)
def test_words_that_count_the_missing_too_are_neither_killed_nor_wounded(write, counts, named):
    for one in read_claims(read_register(write({"wording": "1,100"}))):
        reading = replace(one.wording, counts=counts)
        for quantity in ("killed", "wounded", "missing", "captured"):
            other = one.claim.model_copy(update={"quantity": quantity})
            expected = f"casualties, the nearest to {named} together: '1,100'"
            assert named_otherwise(other, reading) == expected
        assert named_otherwise(one.claim, reading) == ""
        (caution,) = cautions([replace(one, wording=reading)])
        assert (caution.kind, caution.claim.quantity) == ("words", "casualties")
        beside = " and ".join(name for name in ("missing", "captured") if name in counts)
        assert f"which counts {beside} among the casualties" in caution.message


@pytest.mark.parametrize("wording", ["1,100 killed, wounded or missing", "1,100 (killed, wounded, or missing)"])
def test_a_list_with_the_missing_is_refused_but_as_casualties(write, wording):
    for quantity in ("killed", "wounded", "missing"):
        (fault,) = check(write({"wording": wording, "quantity": quantity})).faults
        assert fault.message == (
            f"mine.csv:2: quantity is {quantity!r}, expected casualties, the nearest to killed and missing and wounded "
            f"together: {wording!r}"
        )
    checked = check(write({"wording": wording, "quantity": "casualties"}))
    assert checked.sound
    assert [(one.kind, one.message) for one in checked.cautions] == [
        (
            "words",
            f"mine.csv:2: wording is {wording!r}, which counts missing among the casualties; killed and wounded alone "
            "may be fewer",
        )
    ]


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
