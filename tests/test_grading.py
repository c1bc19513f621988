"""Marks of figures follow from what other origins say, and nobody confirms himself."""

from dataclasses import replace
from datetime import date

import pytest

from analysis import grading
from analysis.claims import read_register
from analysis.evidence import ReadClaim, read_claims
from analysis.pipeline import run
from analysis.settings import Settings
from analysis.wording import read

STREAMS = {"NIS": "ukraine-led", "ROK JCS": "ukraine-led", "US DoD": "us-uk-led"}


def said(origin: str, wording: str, quantity: str = "killed") -> ReadClaim:
    (one, *_) = read_claims(read_register("seed"))
    claim = one.claim.model_copy(update={"origin": origin, "wording": wording, "quantity": quantity})
    return replace(one, claim=claim, wording=read(wording), reading=read(wording))


@pytest.mark.parametrize(
    ("others", "digit"),
    [
        ([], "6"),
        ([said("US DoD", "about 100", "wounded")], "6"),
        ([said("NIS", "about 100")], "6"),
        ([said("US DoD", "about 900")], "4"),
        ([said("ROK JCS", "about 100")], "2"),
        ([said("US DoD", "about 100")], "1"),
        ([said("US DoD", "about 100"), said("ROK JCS", "about 900")], "1"),
        ([said("US DoD", "about 900"), said("ROK JCS", "about 100")], "2"),
    ],
)
def test_the_digit_of_a_figure(others, digit):
    assert grading.credibility(said("NIS", "about 100"), others, streams=STREAMS) == digit


def test_words_without_a_number_confirm_nothing():
    assert grading.credibility(said("NIS", "about 100"), [said("US DoD", "many")], streams=STREAMS) == "4"


def test_an_origin_that_cannot_be_judged_has_an_f():
    """F is a mark of its own, and not the worst: the force of the seed is nobody's figure."""
    results = run(Settings(max_draws=1024))
    (row,) = [row for row in grading.origins(results).rows if row[0] == "unattributed"]
    assert row[4] == "F, cannot be judged"
    assert [(row[0], row[2]) for row in grading.claims(results).rows] == [
        *(("NIS", "C6"), ("NIS", "C6"), ("US DoD", "C6"), ("unattributed", "F6"))
    ]


def test_marks_of_the_public_record():
    """In January 2025 the US figure of December and the Ukrainian one were a factor of four apart."""
    results = run(Settings(register="public-record", as_of=date(2025, 1, 20).isoformat(), max_draws=1024))
    marks = {(row[0], row[1]): row[2] for row in grading.claims(results).rows}
    assert marks["US DoD", '"about 1,000" casualties'] == "C4"
    assert marks["Ukraine President", '"4,000" casualties'] == "D4"
