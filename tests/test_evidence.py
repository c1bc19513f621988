"""What counts on a day, once for each origin, and why the rest does not."""

import json
import random
import re
from datetime import date
from pathlib import Path

import pytest

from analysis import prose, tables
from analysis.claims import read_register
from analysis.errors import InputError
from analysis.evidence import collect, force_readings, parse_weights, read_claims, read_figure
from analysis.pipeline import run
from analysis.pools import POOLS
from analysis.records import to_csv, to_json
from analysis.settings import Settings
from tests.made_rows import FORCE, ROW

DATA = Path(__file__).parent.parent / "analysis" / "data"
DAY = date(2024, 12, 19)


def answered(path: str, **change) -> str:
    return to_csv(run(Settings(register=path, max_draws=16384, **change)))


def reasons(path: str) -> dict[str, str]:
    found = collect(read_claims(read_register(path)), as_of=DAY)
    return {one.claim.id: one.reason for one in found.excluded}


def given(path: str) -> dict[str, dict[str, str]]:
    found = collect(read_claims(read_register(path)), as_of=DAY)
    return {one.name: {quantity: claim.claim.id for quantity, claim in one.given.items()} for one in found.origins}


OTHER = {**ROW, "id": "other", "origin": "US DoD", "wording": "several hundred"}


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("times", [1, 7])
def test_repeating_a_relay_changes_nothing_to_the_byte(write_rows, times, pool):
    alone = answered(write_rows(ROW, FORCE, OTHER), pool=pool)
    relays = [
        {**ROW, "id": f"relay-{i}", "wording": "more than 900", "relation": "relay", "rests_on": "a", "outlet": f"O{i}"}
        for i in range(times)
    ]
    assert answered(write_rows(ROW, FORCE, OTHER, *relays), pool=pool) == alone


def test_a_relay_that_names_the_origin_is_an_echo_too(write_rows):
    relay = {**ROW, "id": "z", "wording": "more than 900", "relation": "relay", "rests_on": "NIS", "outlet": "O"}
    path = write_rows(ROW, FORCE, relay)
    assert given(path) == {"NIS": {"casualties": "a"}}
    assert reasons(path)["z"] == "an echo of NIS"


def test_a_relay_printed_before_its_original_stands_until_then(write_rows):
    early = {
        **ROW,
        "id": "early",
        "relation": "relay",
        "rests_on": "a",
        "published": "2024-12-18",
        "as_of": "2024-12-17",
    }
    claims = read_claims(read_register(write_rows(ROW, early, FORCE)))
    known = [collect(claims, as_of=date(2024, 12, day)).origins[0].given["casualties"].claim.id for day in (18, 19)]
    assert known == ["early", "a"]


def test_markup_in_cells_reaches_the_results_as_it_was_printed(write_rows):
    marked = {"speaker": "<script>이성권</script>", "scope": "*Kursk* & $x$", "wording": "around 1,000 (<b>c</b>)"}
    text = to_json(run(Settings(register=write_rows({**ROW, **marked}, FORCE), max_draws=1024)))
    assert all(one in text for one in marked.values())
    claim = json.loads(text)["claims"][0]
    assert {name: claim[name] for name in marked} == marked
    assert claim["reading"]["wording"] == marked["wording"]


def test_the_order_of_rows_changes_nothing_to_the_byte(write_rows):
    rows = [
        ROW,
        FORCE,
        {**ROW, "id": "b", "origin": "US DoD", "wording": "several hundred"},
        {**ROW, "id": "c", "origin": "Ukraine GUR", "quantity": "killed", "wording": "at least 200"},
        {**ROW, "id": "d", "wording": "about 900", "as_of": "2024-12-10"},
    ]
    expected = {pool: answered(write_rows(*rows), pool=pool) for pool in POOLS}
    assert len(set(expected.values())) == len(POOLS)
    for pool in POOLS:
        random.Random(pool).shuffle(rows)
        assert answered(write_rows(*rows), pool=pool) == expected[pool]


def test_an_origin_speaks_with_its_latest_figure(write_rows):
    older = {**ROW, "id": "older", "wording": "around 500", "as_of": "2024-12-10", "published": "2024-12-19"}
    path = write_rows(ROW, older, FORCE)
    assert given(path) == {"NIS": {"casualties": "a"}}
    assert reasons(path)["older"] == "superseded by a"
    assert answered(path) == answered(write_rows(ROW, FORCE))


def test_the_latest_figure_is_the_one_of_the_latest_day_and_not_the_last_printed(write_rows):
    late = {**ROW, "id": "printed-last", "as_of": "2024-12-10", "published": "2024-12-19"}
    new = {**ROW, "id": "newest", "as_of": "2024-12-15", "published": "2024-12-16"}
    assert given(write_rows(new, late, FORCE)) == {"NIS": {"casualties": "newest"}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"published": "2024-12-20"}, "published after 2024-12-19"),
        ({"mode": "plan"}, "a forecast, not an observation"),
        ({"mode": "incremental", "period_start": "2024-12-18"}, "a flow over a period, not a total"),
        ({"wording": "heavy losses"}, "no number"),
        ({"wording": "about a third"}, "a share, not a number of soldiers"),
        ({"wording": "40%", "quantity": "casualty_ratio"}, "a share, not a number of soldiers"),
        ({"wording": "3", "quantity": "casualty_ratio"}, "a share, not a number of soldiers"),
        ({"wording": "100%"}, "a share, not a number of soldiers"),
        ({"wording": "100 per day"}, "a rate or a flow, not a total"),
        ({"relation": "relay", "rests_on": "NIS"}, "an echo of NIS"),
        ({"role": "variant"}, "variant: shown, never counted"),
        ({"role": "stale"}, "stale: shown, never counted"),
        ({"relation": "relay", "rests_on": "a"}, "an echo of a"),
        ({"relation": "restates", "rests_on": "White House; a"}, "an echo of a"),
        ({"quantity": "captured"}, "captured is not part of killed and wounded"),
        ({"quantity": "engaged"}, "a size of the force: a denominator, not a loss"),
    ],
)
def test_what_does_not_count_says_why(write_rows, change, reason):
    other = {**ROW, "id": "other", "origin": "US DoD", **change}
    path = write_rows(ROW, other, FORCE)
    assert reasons(path)["other"] == reason
    assert given(path) == {"NIS": {"casualties": "a"}}


def test_a_relay_whose_original_is_not_here_is_the_only_trace_and_counts(write_rows):
    assert given(write_rows({**ROW, "relation": "relay", "rests_on": "NIS"}, FORCE)) == {"NIS": {"casualties": "a"}}


def test_killed_and_wounded_give_the_sum(write_rows):
    killed = {**ROW, "id": "k", "quantity": "killed", "wording": "100"}
    wounded = {**ROW, "id": "w", "quantity": "wounded", "wording": "1,000"}
    path = write_rows(ROW, killed, wounded, FORCE)
    assert given(path) == {"NIS": {"killed": "k", "wounded": "w"}}
    assert reasons(path)["a"] == "the origin's killed and wounded give the sum"
    pair = run(Settings(register=write_rows(ROW, killed, FORCE), max_draws=16384))
    assert pair.violation == 0
    # Killed 100 of casualties around 1,000: the rest is wounded.
    assert pair.estimate("wounded").median == pytest.approx(900, rel=0.02)


def test_wounded_beside_casualties_say_nothing_of_the_killed(write_rows):
    wounded = {**ROW, "id": "w", "quantity": "wounded", "wording": "around 950"}
    path = write_rows(ROW, wounded, FORCE)
    assert given(path) == {"NIS": {"casualties": "a"}}
    assert reasons(path)["w"] == "the origin's casualties are split by the reference class"
    assert answered(path) == answered(write_rows(ROW, FORCE))


def test_one_of_the_two_gives_the_other_by_the_reference_class(write_rows):
    killed = {**ROW, "quantity": "killed", "wording": "exactly 100"}
    results = run(Settings(register=write_rows(killed, FORCE), max_draws=16384))
    # Median 3 for each killed; 16 x 1,024 points know a lognormal's median to 1e-3.
    assert results.estimate("wounded").median == pytest.approx(300, rel=2e-3)
    assert results.estimate("killed").median == pytest.approx(100, rel=2e-3)


def test_wounded_alone_give_the_killed(write_rows):
    results = run(
        Settings(register=write_rows({**ROW, "quantity": "wounded", "wording": "exactly 900"}, FORCE), max_draws=16384)
    )
    # 900 over a lognormal of median 3; the reporting layer moves no median. 2e-3 as above.
    assert results.estimate("killed").median == pytest.approx(300, rel=2e-3)


def test_killed_that_may_exceed_the_casualties_are_no_failure(write_rows):
    killed = {**ROW, "id": "k", "quantity": "killed", "wording": "about 900"}
    results = run(Settings(register=write_rows(ROW, killed, FORCE), max_draws=16384))
    assert results.violation == 0
    assert not re.search("nan|inf", to_csv(results))
    # Around 1,000 less about 900, each off by a quarter: in many draws nobody is left to be wounded.
    assert results.estimate("wounded").interval(0.9).low == 0


def test_the_reporting_layer_is_for_losses_and_not_for_the_force(write_rows):
    sent = {**FORCE, "origin": "NIS"}
    read = {one.claim.id: one for one in read_claims(read_register(write_rows(ROW, sent)))}
    assert (read["a"].reading.reporting, read["a"].wording.reporting) == ("third-party", "none")
    assert read["force"].reading.reporting == "none"
    assert read["force"].reading is read["force"].wording


def test_every_claim_is_accounted_for():
    register = read_register("seed")
    evidence = collect(read_claims(register), as_of=DAY)
    counted = {one.claim.id for origin in evidence.origins for one in origin.given.values()}
    excluded = [one.claim.id for one in evidence.excluded]
    assert counted == {"seed-nis-killed", "seed-nis-wounded", "seed-us-casualties"}
    assert len(excluded) == len(set(excluded))
    assert counted | set(excluded) == {claim.id for claim in register.claims}
    assert not counted & set(excluded)


def test_nothing_known_yet_and_nothing_countable(write_rows):
    claims = read_claims(read_register(write_rows(ROW, FORCE)))
    with pytest.raises(InputError, match="no claim was published on or before 2024-01-01; the first is of 2024-12-19"):
        collect(claims, as_of=date(2024, 1, 1))
    claims = read_claims(read_register(write_rows(FORCE)))
    with pytest.raises(InputError, match="no claim was published on or before 2024-12-19 that counts and gives killed"):
        collect(claims, as_of=DAY)


def test_a_figure_of_zero_stops_and_is_never_replaced(write_rows):
    none = {**ROW, "id": "none", "quantity": "killed", "wording": "0"}
    claims = read_claims(read_register(write_rows({**ROW, "quantity": "wounded"}, none, FORCE)))
    with pytest.raises(InputError, match=r"mine\.csv:3: wording is '0', expected a number above 0"):
        collect(claims, as_of=DAY)


def test_denominators_of_the_seed():
    register = read_register("seed")
    forces = force_readings(read_claims(register), register=register, as_of=DAY)
    assert {choice: [one.claim.id for one in force.claims] for choice, force in forces.items()} == {
        "reported": ["seed-deployed"],
        "theatre": ["context-nis-kursk", "context-gur-kursk"],
        "deployed": ["context-us-deployed"],
    }


def test_a_denominator_that_no_claim_gives(write_rows):
    path = write_rows(ROW, FORCE)
    with pytest.raises(InputError, match=r"force is 'theatre', but no claim .* gives that number; the register gives"):
        run(Settings(register=path, force="theatre"))
    with pytest.raises(InputError, match="the register gives no size of the force at all"):
        run(Settings(register=write_rows(ROW)))
    left = {**FORCE, "mode": "stock"}
    message = r"; .*mine\.csv:3: 'around 10,000' is left out, who is there on a day, not who was sent in all$"
    with pytest.raises(InputError, match=message):
        run(Settings(register=write_rows(ROW, left)))


def test_more_killed_than_soldiers(write_rows):
    path = write_rows({**ROW, "quantity": "killed", "wording": "at least 20,000"}, FORCE)
    message = r"mine\.csv:2: killed is 'at least 20,000', more than the whole force \('around 10,000', .*mine\.csv:3\)"
    with pytest.raises(InputError, match=message):
        run(Settings(register=path))


def test_casualties_that_mostly_exceed_the_force(write_rows):
    rows = ({**ROW, "id": one, "quantity": one, "wording": "at least 7,000"} for one in ("killed", "wounded"))
    with pytest.raises(InputError, match=r"casualties as NIS gives them exceed the force in 9\d % of the draws"):
        run(Settings(register=write_rows(*rows, FORCE)))


def test_an_alternative_force_that_is_too_small_is_shown_and_gives_no_number(write_rows):
    engaged = {**FORCE, "id": "front", "quantity": "engaged", "wording": "around 500"}
    results = run(Settings(register=write_rows(ROW, FORCE, engaged), max_draws=16384))
    theatre = next(one for one in results.denominators if one.choice == "theatre")
    assert theatre.force is not None
    assert theatre.estimates == ()
    assert "smaller than the casualties in most draws" in repr(tables.alternatives(results))
    assert "theatre" not in repr(prose.dependence(results))
    to_json(results)


def test_an_origin_that_exceeds_the_force_is_refused_unless_it_has_no_weight(write_rows):
    large = {**ROW, "id": "b", "origin": "NIS", "wording": "at least 9,500"}
    other = {**ROW, "origin": "US DoD"}
    path = write_rows(other, FORCE, {**large, "quantity": "wounded"}, {**large, "id": "c", "quantity": "killed"})
    with pytest.raises(InputError, match="casualties as NIS gives them exceed the force"):
        run(Settings(register=path))
    results = run(Settings(register=path, weights="NIS=0", max_draws=16384))
    assert [bool(one.estimates) for one in results.origins] == [False, True]
    assert "more than the force in most draws" in repr(tables.by_origin(results))
    to_json(results)


def test_unknown_wordings_are_all_listed_with_their_lines(write_rows):
    path = write_rows(ROW, {**ROW, "id": "b", "wording": "oodles"}, {**ROW, "id": "c", "wording": "at least -3"}, FORCE)
    with pytest.raises(InputError) as caught:
        read_claims(read_register(path))
    assert [re.search(r"mine\.csv:(\d)", fault).group(1) for fault in caught.value.faults] == ["3", "4"]
    assert "add its words to the phrases of a rule" in caught.value.faults[0]


def test_an_unknown_reporting_layer(write_rows, tmp_path):
    path = write_rows(ROW, FORCE)
    text = (tmp_path / "sources.toml").read_text(encoding="utf-8").replace('"third-party"', '"gossip"', 1)
    (tmp_path / "sources.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"sources\.toml:19: \[NIS\]: reporting is 'gossip', expected one of none"):
        read_claims(read_register(path))


def test_breaking_news_is_read_wider_than_a_settled_count(write_rows):
    fresh = {**ROW, "wording": "at least 100"}
    late = {**fresh, "id": "late", "as_of": "2024-11-01", "origin": "US DoD"}
    count = {**fresh, "id": "count", "role": "count", "origin": "Ukraine GUR"}
    read = {one.claim.id: one.wording for one in read_claims(read_register(write_rows(fresh, late, count)))}
    assert read["a"].quantiles()[0] < 100
    assert read["late"].quantiles()[0] == 100
    assert read["count"].quantiles()[0] == 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"NIS": 0.5, "US DoD": 0.5}),
        ("NIS=3", {"NIS": 0.75, "US DoD": 0.25}),
        ("US=1, NIS=0", {"NIS": 0.0, "US DoD": 1.0}),
        (" Pentagon = 1 , NIS = 1 ", {"NIS": 0.5, "US DoD": 0.5}),
        ("NIS=1e308, US=1e308", {"NIS": 0.5, "US DoD": 0.5}),
    ],
)
def test_weights(text, expected):
    assert parse_weights(text, register=read_register("seed"), origins=["NIS", "US DoD"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # NIS and the two of Ukraine share what Ukraine knows; two of the US and UK share likewise.
        ("", {"NIS": 1 / 6, "Ukraine GUR": 1 / 6, "Ukraine President": 1 / 6, "US DoD": 1 / 4, "White House": 1 / 4}),
        # As if NIS had said nothing.
        ("NIS=0", {"NIS": 0, "Ukraine GUR": 1 / 4, "Ukraine President": 1 / 4, "US DoD": 1 / 4, "White House": 1 / 4}),
        ("NIS=0, GUR=0, Zelensky=0", {"NIS": 0, "Ukraine GUR": 0, "Ukraine President": 0, "US DoD": 1 / 2}),
        ("NIS=1, GUR=1, Zelensky=1", {"NIS": 1 / 4, "Ukraine GUR": 1 / 4, "Ukraine President": 1 / 4}),
    ],
)
def test_origins_of_one_stream_share_a_weight(text, expected):
    names = ["NIS", "Ukraine GUR", "Ukraine President", "US DoD", "White House"]
    found = parse_weights(text, register=read_register("seed"), origins=names)
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("KGB=1", "weights names 'KGB', expected a counted origin: NIS, US DoD"),
        ("White House=1", "weights names 'White House', expected a counted origin"),
        ("NIS=-1", "weights gives NIS -1, expected a number of at least 0"),
        ("NIS=nan", "weights gives NIS nan, expected a number of at least 0"),
        ("NIS=two", "weights gives NIS 'two', expected a number, like NIS=2"),
        ("NIS=1, NIS=2", "weights names NIS twice, expected it once"),
        ("NIS", "weights gives NIS '', expected a number, like NIS=2"),
        ("NIS=0, US=0", "weights is 'NIS=0, US=0', which leaves every origin out"),
        ("NIS=1e-300, US=1", "weights is 'NIS=1e-300, US=1', which leaves NIS next to nothing; expected weights of at"),
    ],
)
def test_wrong_weights(text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        parse_weights(text, register=read_register("seed"), origins=["NIS", "US DoD"])


# ------------------------------------------------------------------------------------------------ out of date


def loss(name: str, quantity: str, wording: str, day: str, **change: str) -> dict[str, str]:
    return {**ROW, "id": name, "quantity": quantity, "wording": wording, "published": day, "as_of": day, **change}


def collected(path: str, day: str, **options):
    return collect(read_claims(read_register(path)), as_of=date.fromisoformat(day), **options)


def test_a_total_of_long_before_the_newest_does_not_count(write_rows):
    old = loss("old", "casualties", "several dozens", "2024-12-05", origin="US DoD")
    new = loss("new", "casualties", "around 1,100", "2024-12-20")
    path = write_rows(old, new, FORCE)
    found = collected(path, "2024-12-31")
    assert [origin.name for origin in found.origins] == ["NIS"]
    reasons = {one.claim.id: one.reason for one in found.excluded}
    assert reasons["old"] == "out of date: it describes 2024-12-05, and new describes 2024-12-20"
    # Both ends of the window: 15 days lie between the two.
    assert [origin.name for origin in collected(path, "2024-12-31", window=15).origins] == ["NIS", "US DoD"]
    assert [origin.name for origin in collected(path, "2024-12-31", window=14).origins] == ["NIS"]
    # Before the newer one was published the older one stands.
    assert [origin.name for origin in collected(path, "2024-12-19").origins] == ["US DoD"]


def test_a_quantity_has_its_own_newest_figure(write_rows):
    """A newer count of the killed says nothing against another origin's last total."""
    total = loss("total", "casualties", "more than 6,000", "2025-06-15", origin="UK Defence Intelligence")
    killed = loss("killed", "killed", "around 2,000", "2025-09-02")
    force = {**FORCE, "wording": "15,000"}
    found = collected(write_rows(total, killed, force), "2025-09-30")
    assert {one.name: sorted(one.given) for one in found.origins} == {
        "NIS": ["killed"],
        "UK Defence Intelligence": ["casualties"],
    }


def test_an_old_part_does_not_go_with_the_new_total_of_its_origin(write_rows):
    rows = (
        loss("killed", "killed", "around 300", "2025-01-13"),
        loss("wounded", "wounded", "around 2,700", "2025-01-13"),
        loss("total", "casualties", "around 4,000", "2025-03-15"),
    )
    found = collected(write_rows(*rows, FORCE), "2025-03-31")
    assert {one.name: sorted(one.given) for one in found.origins} == {"NIS": ["casualties"]}
    assert [one.reason for one in found.excluded if one.claim.id == "killed"] == [
        "out of date: it describes 2025-01-13, and total describes 2025-03-15"
    ]


@pytest.mark.parametrize(
    ("days", "counted", "reason"),
    [
        (("2025-01-13",) * 3, ["killed", "wounded"], "the origin's killed and wounded give the sum"),
        (
            ("2025-01-13", "2025-01-13", "2025-01-14"),
            ["casualties", "killed"],
            "the origin's casualties and killed give it",
        ),
        (("2025-01-14", "2025-01-14", "2025-01-13"), ["killed", "wounded"], "give the sum"),
    ],
)
def test_of_three_figures_two_count_and_a_newer_total_is_one_of_them(write_rows, days, counted, reason):
    names = ("killed", "wounded", "casualties")
    wordings = ("around 300", "around 2,700", "around 3,000")
    rows = [loss(name, name, words, day) for name, words, day in zip(names, wordings, days, strict=True)]
    found = collected(write_rows(*rows, FORCE), "2025-01-31")
    assert [sorted(one.given) for one in found.origins] == [counted]
    assert any(one.reason.endswith(reason) for one in found.excluded)


def test_who_is_there_on_a_day_is_not_who_was_sent(write_rows):
    sent = {**FORCE, "id": "sent", "wording": "15,000", "published": "2025-04-30", "as_of": "2025-04-30"}
    there = {**FORCE, "id": "there", "wording": "11,000", "published": "2026-02-12", "as_of": "2026-02-12"}
    register = read_register(write_rows(ROW, sent, {**there, "mode": "stock"}))
    forces = force_readings(read_claims(register), register=register, as_of=date(2026, 2, 14))
    assert [one.claim.id for one in forces["deployed"].claims] == ["sent"]


def test_the_registers_own_size_of_the_force_gives_way_when_it_is_out_of_date(write_rows):
    seed = {**FORCE, "id": "seed", "role": "seed"}
    later = {**FORCE, "id": "later", "wording": "15,000", "published": "2025-04-30", "as_of": "2025-04-30"}
    register = read_register(write_rows(ROW, seed, later))
    claims = read_claims(register)
    chosen = [force_readings(claims, register=register, as_of=date(2025, 4, day))["reported"] for day in (29, 30)]
    assert [[one.claim.id for one in force.claims] for force in chosen] == [["seed"], ["later"]]


@pytest.mark.parametrize(
    ("day", "origins"),
    [
        ("2024-12-19", {"NIS", "US DoD", "White House", "Ukraine GUR", "Ukraine NSDC-CCD"}),
        ("2025-01-22", {"NIS", "Ukraine President", "Western officials"}),
        ("2025-04-30", {"NIS", "Ukraine General Staff"}),
        ("2025-09-30", {"NIS", "UK Defence Intelligence"}),
        ("2026-02-14", {"NIS"}),
    ],
)
def test_the_public_record_through_time(day, origins):
    found = collect(read_claims(read_register("public-record")), as_of=date.fromisoformat(day))
    assert {one.name for one in found.origins} == origins


def test_the_window_is_a_setting(write_rows):
    old = loss("old", "casualties", "several dozens", "2024-12-05", origin="US DoD")
    new = loss("new", "casualties", "around 1,100", "2024-12-20")
    path = write_rows(old, new, FORCE)
    names = [
        [one.name for one in run(Settings(register=path, as_of="2024-12-31", window=days, max_draws=1024)).origins]
        for days in (14, 15)
    ]
    assert names == [["NIS"], ["NIS", "US DoD"]]
    with pytest.raises(InputError, match="window is -1, expected an integer from 0 to 36500, like 14"):
        Settings(window=-1)


# ------------------------------------------------------------------------------------------------ one figure


def test_a_figure_of_no_register():
    assert read_figure("at least 100")[1].quantiles()[2] == pytest.approx(106.8, abs=0.1)
    words, reported = read_figure("20 killed")
    assert (words.reporting, reported.reporting) == ("none", "first-day")
    settled = read_figure("20 killed", breaking=False)
    assert settled[1] is settled[0]
    assert read_figure("20", quantity="deployed")[1].reporting == "none"
    by_origin = read_figure("approximately 1,000", origin="Pentagon")[1]
    assert by_origin.reporting == "third-party"
    assert read_figure("about 20")[1].reporting == "none"  # the pairs say nothing of other hedges


def test_a_figure_of_an_unknown_origin_or_quantity():
    with pytest.raises(InputError, match="origin is 'KGB', expected one of NIS, "):
        read_figure("20", origin="KGB")
    with pytest.raises(InputError, match="quantity is 'dead', expected one of killed, "):
        read_figure("20", quantity="dead")


def test_a_settled_count_has_no_growth_even_where_its_origin_has(write_rows, tmp_path):
    text = (tmp_path / "sources.toml").read_text(encoding="utf-8")
    (tmp_path / "sources.toml").write_text(
        text.replace('reporting = "third-party"', 'reporting = "first-day"', 1), encoding="utf-8"
    )
    late = {**ROW, "id": "late", "wording": "1,037", "published": "2024-12-30"}
    fresh = {**ROW, "id": "fresh", "wording": "1,037", "quantity": "killed"}
    readings = {one.claim.id: one.reading for one in read_claims(read_register(write_rows(late, fresh)))}
    assert {name: reading.reporting for name, reading in readings.items()} == {"late": "none", "fresh": "first-day"}


def test_an_old_count_of_the_killed_is_out_of_date_beside_a_newer_total(write_rows):
    old = loss("old", "killed", "around 1,000", "2025-01-15", origin="US DoD")
    total = loss("total", "casualties", "more than 4,500", "2025-04-26")
    assert [one.name for one in collected(write_rows(old, total, FORCE), "2025-04-30").origins] == ["NIS"]


@pytest.mark.parametrize("times", [1, 5])
def test_repeating_a_relay_of_a_size_of_the_force_changes_nothing_to_the_byte(write_rows, times):
    alone = answered(write_rows(ROW, FORCE))
    relays = [
        {**FORCE, "id": f"z{i}", "wording": "around 15,000", "relation": "relay", "rests_on": "force", "origin": origin}
        for i, origin in zip(range(times), ("US DoD", "NIS", "ROK JCS", "ISW", "Russia"), strict=False)
    ]
    assert answered(write_rows(ROW, FORCE, *relays)) == alone


def test_those_who_are_left_in_the_theatre_are_no_denominator(write_rows):
    left = {**FORCE, "id": "left", "quantity": "engaged", "mode": "stock", "wording": "about 8,000"}
    register = read_register(write_rows(ROW, FORCE, left))
    forces = force_readings(read_claims(register), register=register, as_of=DAY)
    assert "theatre" not in forces


def test_two_figures_of_one_day_are_said_to_be_so(write_rows):
    twin = {**ROW, "id": "b", "wording": "around 900"}
    assert reasons(write_rows(ROW, twin, FORCE))["a"] == "one figure of a day counts, the last by id: b"
