"""What makes an edition a draft, and what a person may approve."""

import copy
import json
from dataclasses import replace

import pytest

from analysis.changes import Came, Comparison, Step
from analysis.gates import MAX_AGE, REJECTED, gates
from analysis.pipeline import run
from analysis.records import to_json
from analysis.settings import Settings
from analysis.summary import Estimate, Interval


@pytest.fixture(scope="module")
def sound() -> dict[str, object]:
    """What results.json holds of a run that meets no gate."""
    return json.loads(to_json(run(Settings())))


def answer(low: float, centre: float, high: float) -> Estimate:
    """An estimate with this 50 % interval."""
    half = Interval(level=0.5, kind="equal-tailed", low=low, high=high, mcse_low=0.0, mcse_high=0.0)
    return Estimate(
        name="casualties_ratio",
        unit="share of the force",
        median=centre,
        mean=centre,
        sd=0.04,
        mcse=0.0,
        mcse_mean=0.0,
        intervals=(half,),
    )


def comparison(before: Estimate, after: Estimate, *, came: int = 0, use: str = "counted as loss") -> Comparison:
    claims = tuple(Came(f"c{n}", "NIS", "at least 100", "killed", "2024-12-19", "BBC", use) for n in range(came))
    return Comparison("seed-2024-12-18", "2024-12-18", before, after, claims, (), (Step("evidence", (), after),))


def met(record: dict[str, object], found: Comparison | None = None, **changed: object) -> list[str]:
    return [gate.name for gate in gates({**record, **changed}, found, max_age=MAX_AGE)]


def test_a_sound_edition_meets_none(sound):
    assert met(sound) == []


@pytest.mark.parametrize(("day", "names"), [("2025-01-18", []), ("2025-01-19", ["age"])])  # 30 and 31 days on
def test_old_claims(sound, day, names):
    assert met(sound, settings={**sound["settings"], "as_of": day}) == names


def test_the_age_is_of_the_newest_claim_that_was_known(sound):
    claims = copy.deepcopy(sound["claims"])
    claims[0]["published"] = "2025-06-01"
    (gate,) = gates(
        {**sound, "claims": claims, "settings": {**sound["settings"], "as_of": "2025-02-01"}}, None, max_age=MAX_AGE
    )
    assert gate.reason == "the newest claim is 44 days old on 2025-02-01; drafts begin after 30 days (--max-age)"
    assert gate.approvable


@pytest.mark.parametrize(
    ("before", "after", "came", "names"),
    [
        ((0.06, 0.08, 0.10), (0.07, 0.09, 0.11), 0, []),
        ((0.06, 0.08, 0.10), (0.06, 0.10, 0.12), 0, []),  # on the edge, each inside the other's
        ((0.06, 0.08, 0.10), (0.07, 0.11, 0.12), 0, ["jump"]),  # the new centre left the old interval
        ((0.01, 0.08, 0.30), (0.09, 0.10, 0.11), 0, ["jump"]),  # the old centre lies outside the new interval
        ((0.06, 0.08, 0.10), (0.40, 0.50, 0.60), 1, []),  # a claim came
    ],
)
def test_an_answer_that_jumps_without_a_new_claim(sound, before, after, came, names):
    assert met(sound, comparison(answer(*before), answer(*after), came=came)) == names


def test_a_claim_that_is_not_counted_is_no_reason_for_a_jump(sound):
    found = comparison(answer(0.06, 0.08, 0.10), answer(0.4, 0.5, 0.6), came=2, use="not counted: a restatement")
    assert met(sound, found) == ["jump"]
    (counted,) = comparison(found.before, found.after, came=1).came
    assert met(sound, replace(found, came=(*found.came, counted))) == []


def test_a_jump_says_from_where_to_where(sound):
    found = comparison(answer(0.06, 0.08, 0.10), answer(0.4, 0.5, 0.6))
    (gate,) = gates(sound, found, max_age=MAX_AGE)
    assert gate.reason == (
        "the answer moved from 6.0 % to 10.0 %, centre 8.0 % to 40.0 % to 60.0 %, centre 50.0 % (50 % interval) "
        "since seed-2024-12-18 without a new claim"
    )
    assert gate.approvable


@pytest.mark.parametrize(("kept", "names"), [(1 - REJECTED, []), (1 - REJECTED - 0.001, ["rejected"])])
def test_rejected_draws(sound, kept, names):
    assert met(sound, kept=kept) == names


def test_sampling_that_stopped_early_cannot_be_approved(sound):
    (gate,) = gates({**sound, "convergence": {**sound["convergence"], "reached": False}}, None, max_age=MAX_AGE)
    assert gate.reason == "sampling stopped at 65536 draws before killed_ratio was stable; raise --max-draws"
    assert not gate.approvable


def test_an_identity_that_fails_cannot_be_approved(sound):
    (gate,) = gates({**sound, "violation": 1e-6}, None, max_age=MAX_AGE)
    assert gate.reason.endswith("fails by 1e-06")
    assert not gate.approvable


def test_every_gate_is_told(sound):
    wrong = {"kept": 0.5, "violation": 1.0, "convergence": {**sound["convergence"], "reached": False}}
    found = replace(comparison(answer(0.06, 0.08, 0.10), answer(0.4, 0.5, 0.6)))
    settings = {**sound["settings"], "as_of": "2026-01-01"}
    assert met(sound, found, settings=settings, **wrong) == ["age", "jump", "rejected", "sampling", "identity"]
