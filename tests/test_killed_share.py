"""The killed share beside its reference class: the data file against the register it quotes, and splits by hand."""

import shutil
from dataclasses import replace
from datetime import date

import pytest

from analysis.claims import read_register
from analysis.errors import InputError
from analysis.evidence import read_figure
from analysis.inputs import prepare
from analysis.killed_share import REFERENCES, killed_shares, read_references
from analysis.settings import Settings

SEED = Settings()
NAMED = {one.name: one for one in read_references()}


@pytest.fixture(scope="module")
def seed():
    return killed_shares(SEED, prepare(SEED))


def split(settings):
    return {one.name: one for one in killed_shares(settings, prepare(settings)).origins}


def test_every_statement_and_tally_names_claims_of_the_public_record_and_the_day_of_the_last():
    claims = {claim.id: claim for claim in read_register("public-record").claims}
    for one in NAMED.values():
        assert (one.kind == "war") == (not one.claims), one.name
        if one.claims:
            assert one.published == max(claims[name].published for name in one.claims), one.name


def stated(claim):
    return read_figure(claim.wording)[0].stated


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NIS, January 2025", 2700 / 300),
        ("Western officials, January 2025", (4000 - 1000) / 1000),
        ("NIS, September 2025 and February 2026", (6000 - 2000) / 2000),
    ],
)
def test_statements_are_the_register_s_numbers(name, expected):
    """Worked by hand, and read from the claims themselves."""
    claims = {claim.id: claim for claim in read_register("public-record").claims}
    by_quantity = {claims[one].quantity: stated(claims[one]) for one in NAMED[name].claims}
    killed = by_quantity["killed"]
    wounded = by_quantity["wounded"] if "wounded" in by_quantity else by_quantity["casualties"] - killed
    assert NAMED[name].low == NAMED[name].high == expected == wounded / killed


def test_the_other_statements_by_hand():
    assert NAMED["NIS, April 2025"].low == round(4100 / 600, 1)
    tallies = NAMED["Ukrainian special forces, four tallies"]
    each = [47 / 50, 20 / 12, 40 / 77, 40 / 21]
    assert (tallies.low, tallies.high) == (round(min(each), 2), round(max(each), 2))
    # A quarter killed leaves three wounded for one killed, a third two, two thirds a half.
    uk = NAMED["UK Defence Intelligence, 2025"]
    assert (uk.low, uk.high) == (2.0, 3.0)
    assert NAMED["President of Ukraine, February 2025"].low == 0.5
    wars = [round(wounded / killed, 2) for wounded, killed in ((670846, 292131), (153303, 47369))]
    assert [NAMED["US, 1941 to 1991"].low, NAMED["US, 1941 to 1991"].high] == wars


def test_what_was_not_known_on_the_day_is_marked():
    day = date(2024, 12, 19)
    known = {one.name for one in NAMED.values() if one.known_on(day)}
    assert known == {one.name for one in NAMED.values() if one.kind == "war"}
    assert NAMED["NIS, January 2025"].known_on(date(2025, 1, 13))


def test_the_seed_s_own_split_lies_above_the_class(seed):
    (own,) = seed.origins
    assert own.name == "NIS"
    assert own.wordings == {"killed": "at least 100", "wounded": "approximately 1,000"}
    assert own.printed == 1000 / 100
    assert own.place == "above"
    # The class: lognormal of median 3 and sd-log 0.5, whose 90 % are 3 exp(-+0.5 * 1.6449) = 1.318 and 6.828.
    assert (seed.in_use.low, seed.in_use.median, seed.in_use.high) == pytest.approx((1.3181, 3.0, 6.8280), abs=1e-4)
    assert own.wounded_per_killed.median > seed.in_use.high
    # One killed among 1 + R casualties: the quantiles of one are those of the other, turned round. Both are read off
    # the same draws between the same neighbours, so that only the interpolation differs.
    assert own.killed_share.median == pytest.approx(1 / (1 + own.wounded_per_killed.median), rel=1e-4)
    assert 0 < own.mcse < 0.01 < own.inside < 0.5


def test_an_origin_with_casualties_and_killed_splits_by_the_rest():
    own = split(replace(SEED, register="public-record", as_of="2025-02-01"))
    assert own["Western officials"].printed == 3.0
    assert own["Western officials"].place == "inside"
    assert own["NIS"].printed == 9.0
    assert "Ukraine President" not in own


def test_another_class_moves_the_place_and_not_the_split(seed):
    modern = killed_shares(wanted := replace(SEED, wounded_per_killed="modern-us"), prepare(wanted))
    # Flat from 8 to 17: 90 % from 8.45 to 16.55; the origin's own median is its own.
    assert (modern.in_use.low, modern.in_use.high) == pytest.approx((8.45, 16.55), abs=1e-9)
    assert modern.origins[0].wounded_per_killed == seed.origins[0].wounded_per_killed
    assert modern.origins[0].place == "inside"
    low = killed_shares(wanted := replace(SEED, wounded_per_killed="30"), prepare(wanted))
    assert low.origins[0].place == "below"
    assert low.in_use.median == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("low = 2.30", "low = 4.0", r"killed-share\.toml: reference\.1 \(US, 1941 to 1991\).*low is 4 and high 3\.24"),
        ("low = 2.30", "low = 0.0", r"reference\.1 \(US, 1941 to 1991\)\.low: input should be greater than 0"),
        ("low = 2.30", "", r"reference\.1 \(US, 1941 to 1991\)\.low: field required"),
        ("low = 2.30", "low = 2.30\nweight = 1", r"\.weight: extra inputs are not permitted"),
        ('kind = "tally"', 'kind = "guess"', r"\.kind: input should be 'war', 'statement' or 'tally'"),
        ("published = 2025-04-30", "", r"reference\.9 \(NIS, April 2025\).*published is missing"),
        ('source = "Fazal 2014', '# "', r"reference\.2 \(US, Iraq and Afghanistan\)\.source: field required"),
        ("[[reference]]\nname", "[reference]\nname", r"killed-share\.toml: is not TOML"),
        ("[[reference]]\nname", "[spare]\n[[reference]]\nname", r"holds spare, reference, expected \[\[reference\]\]"),
    ],
)
def test_a_bad_reference_stops_the_run(tmp_path, old, new, match):
    shutil.copy(REFERENCES, tmp_path)
    path = tmp_path / REFERENCES.name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=match):
        read_references(path)
