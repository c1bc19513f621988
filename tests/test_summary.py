"""How numbers print."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.pipeline import run
from analysis.records import to_json
from analysis.settings import Settings
from analysis.summary import Estimate, Interval, likelihood, percent, rounded


def estimate(*, median=830.0, low=287.0, high=1537.0, sd=430.0, mcse=0.01, unit="soldiers") -> Estimate:
    interval = Interval(0.9, "equal-tailed", low, high, mcse, mcse)
    return Estimate("casualties", unit, median, median, sd, mcse, mcse, (interval,))


def test_each_number_has_the_digits_of_its_own_error():
    interval = Interval(0.9, "equal-tailed", 22.4, 1923.0, 0.1, 30.0)
    one = Estimate("casualties", "soldiers", 287.0, 540.0, 430.0, 1.0, 5.0, (interval,))
    assert one.text(0.9, digits=2) == "20 to 2,000, centre 290"
    assert one.average(digits=2) == "500"


@pytest.mark.parametrize(
    ("values", "digits", "text"),
    [
        ({}, 2, "290 to 1,540, centre 830"),
        ({}, 1, "300 to 1,500, centre 800"),
        ({}, 3, "287 to 1,537, centre 830"),
        ({"mcse": 3.0}, 2, "300 to 1,500, centre 800"),  # 2 x 3 exceeds half of 10, not half of 100
        ({"mcse": 2.4}, 2, "290 to 1,540, centre 830"),
        ({"mcse": 2.5}, 2, "290 to 1,540, centre 830"),  # 2 x 2.5 is half of 10 and does not exceed it
        ({"mcse": 30.0}, 2, "300 to 2,000, centre 800"),
        ({"mcse": 0.3}, 3, "290 to 1,540, centre 830"),
        ({"sd": 0.0, "median": 7.0, "low": 7.0, "high": 7.0, "mcse": 0.0}, 2, "7 to 7, centre 7"),
        ({"sd": 4.4, "median": 5.34, "low": 1.57, "high": 13.45}, 2, "1.6 to 13.4, centre 5.3"),
        (
            {"sd": 12_000.0, "median": 98_765.0, "low": 80_123.0, "high": 123_456.0},
            2,
            "80,000 to 123,000, centre 99,000",
        ),
    ],
)
def test_digits_follow_the_uncertainty(values, digits, text):
    assert estimate(**values).text(0.9, digits=digits) == text


def test_shares_print_as_percent():
    share = estimate(median=0.08265, low=0.0284, high=0.15839, sd=0.0436, mcse=1e-6, unit="share of the force")
    assert share.text(0.9, digits=2) == "2.8 % to 15.8 %, centre 8.3 %"
    assert share.range(0.9, digits=2, signed=False) == "2.8 to 15.8"
    assert share.centre(digits=1) == "8 %"


def test_shares_have_fewer_digits_where_their_error_asks_for_it():
    values = {"median": 0.08265, "low": 0.0284, "high": 0.15839, "sd": 0.0436, "unit": "share of casualties"}
    # Twice 0.0002 is under half of a tenth of a per cent, twice 0.0003 is over it.
    assert estimate(**values, mcse=0.0002).text(0.9, digits=2) == "2.8 % to 15.8 %, centre 8.3 %"
    assert estimate(**values, mcse=0.0003).text(0.9, digits=2) == "3 % to 16 %, centre 8 %"
    assert estimate(**values, mcse=0.0003).average(digits=2) == "8 %"


@pytest.mark.parametrize(("value", "text"), [(0.25, "25 %"), (0.6, "60 %"), (0.05, "5 %")])
def test_a_share_without_uncertainty_keeps_its_per_cents(value, text):
    share = estimate(median=value, low=value, high=value, sd=0.0, mcse=0.0, unit="share of the force")
    assert share.centre(digits=2) == text
    assert share.range(0.9, digits=2) == f"{text} to {text}"


@pytest.mark.parametrize(("value", "unit"), [(203.0, "soldiers"), (0.09643201542912272, "share of the force")])
def test_rounding_of_the_processor_is_no_uncertainty(value, unit):
    """What "exactly 100" of "exactly 1,037" gives: an sd of a few units in the last place of the value."""
    noise = estimate(median=value, low=value, high=value, sd=value * 2.6e-15, mcse=value * 1e-16, unit=unit)
    assert len(noise.centre(digits=2)) <= len("9.6432 %")
    assert len(noise.average(digits=2)) <= len("9.6432 %")


@given(st.floats(1.0, 9.99), st.integers(-6, 6), st.integers(1, 4), st.floats(0, 1))
def test_no_digit_prints_that_its_error_does_not_support(leading, size, digits, of_sd):
    one = estimate(sd=leading * 10.0**size, mcse=of_sd * leading * 10.0**size)
    place = one.place(digits, one.mcse)
    assert 2 * one.mcse <= 0.5 * 10.0**place
    # 1e-9: the leading digit of a float like 1.0 * 10**size.
    assert 10.0**place >= one.sd * (1 - 1e-9) * 10.0**-digits
    assert place == round(size - digits + 1) or 2 * one.mcse > 0.5 * 10.0 ** (place - 1)


def test_no_number_without_an_interval():
    with pytest.raises(ValueError, match="casualties has no interval"):
        Estimate("casualties", "soldiers", 1.0, 1.0, 1.0, 0.0, 0.0, ())


def test_a_level_that_is_not_there():
    with pytest.raises(KeyError, match=r"no interval of level 0\.5"):
        estimate().interval(0.5)


@pytest.mark.parametrize(
    ("value", "place", "text"),
    [
        (1536.6, 1, "1,540"),
        (2.84, -1, "2.8"),
        (0.5, 0, "0"),
        (1.5, 0, "2"),
        (1234567.0, 3, "1,235,000"),
        (0.0, -2, "0.00"),
        (0.9996, -3, "1.000"),
        (999.6, 0, "1,000"),
        (49.0, 2, "0"),
    ],
)
def test_rounded(value, place, text):
    assert rounded(value, place) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "less than 1 %"),
        (1e-9, "less than 1 %"),
        (0.0099, "less than 1 %"),
        (0.01, "1 %"),
        (0.362, "36 %"),
        (0.99, "99 %"),
        (0.9901, "more than 99 %"),
        (1 - 1e-9, "more than 99 %"),
        (1.0, "more than 99 %"),
    ],
)
def test_percent_never_says_certain(p, text):
    assert percent(p) == text


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (0.0, None),
        (0.009, None),
        (0.01, "almost no chance"),
        (0.049, "almost no chance"),
        (0.05, "very unlikely"),
        (0.199, "very unlikely"),
        (0.2, "unlikely"),
        (0.37, "unlikely"),
        (0.449, "unlikely"),
        (0.45, "roughly even chance"),
        (0.549, "roughly even chance"),
        (0.55, "likely"),
        (0.799, "likely"),
        (0.8, "very likely"),
        (0.92, "very likely"),
        (0.949, "very likely"),
        (0.95, "almost certain"),
        (0.989, "almost certain"),
        (0.99, None),
        (0.991, None),
        (1.0, None),
    ],
)
def test_likelihood_words_of_icd_203(p, word):
    assert likelihood(p) == word


def test_from_record_gives_the_estimate_back():
    one = estimate()
    assert Estimate.from_record(asdict(one)) == one
    assert Estimate.from_record(json.loads(json.dumps(asdict(one)))) == one


def test_results_json_prints_as_the_run_does():
    results = run(Settings(max_draws=16384))
    document = json.loads(to_json(results))
    read_back = [Estimate.from_record(record) for record in document["estimates"]]
    assert [one.text(0.9, digits=2) for one in read_back] == [one.text(0.9, digits=2) for one in results.estimates]
    # The file holds 12 significant digits.
    assert [one.median for one in read_back] == pytest.approx([one.median for one in results.estimates], rel=1e-11)
