"""How numbers print."""

import pytest

from analysis.summary import Estimate, Interval, likelihood, percent, rounded


def estimate(*, median=830.0, low=287.0, high=1537.0, sd=430.0, mcse=0.01, unit="soldiers") -> Estimate:
    interval = Interval(0.9, "equal-tailed", low, high, mcse, mcse)
    return Estimate("casualties", unit, median, median, sd, mcse, mcse, (interval,))


def test_each_number_has_the_digits_of_its_own_error():
    interval = Interval(0.9, "equal-tailed", 22.4, 1923.0, 0.1, 30.0)
    one = Estimate("casualties", "soldiers", 287.0, 540.0, 430.0, 1.0, 5.0, (interval,))
    assert one.text(0.9, digits=2) == "20 to 2,000, centre 290"
    assert one.average(digits=2) == "500"


THOUSANDS = "80,000 to 123,000, centre 99,000"


@pytest.mark.parametrize(
    ("values", "digits", "text"),
    [
        ({}, 2, "290 to 1,540, centre 830"),
        ({}, 1, "300 to 1,500, centre 800"),
        ({}, 3, "287 to 1,537, centre 830"),
        ({"mcse": 3.0}, 2, "300 to 1,500, centre 800"),  # 2 x 3 exceeds half of 10, not half of 100
        ({"mcse": 2.4}, 2, "290 to 1,540, centre 830"),
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
    ],
)
def test_rounded(value, place, text):
    assert rounded(value, place) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "less than 1 %"),
        (0.0099, "less than 1 %"),
        (0.01, "1 %"),
        (0.362, "36 %"),
        (0.99, "99 %"),
        (0.9901, "more than 99 %"),
    ],
)
def test_percent_never_says_certain(p, text):
    assert percent(p) == text


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (0.009, None),
        (0.01, "almost no chance"),
        (0.05, "very unlikely"),
        (0.2, "unlikely"),
        (0.37, "unlikely"),
        (0.45, "roughly even chance"),
        (0.55, "likely"),
        (0.8, "very likely"),
        (0.92, "very likely"),
        (0.95, "almost certain"),
        (0.99, None),
    ],
)
def test_likelihood_words_of_icd_203(p, word):
    assert likelihood(p) == word


def test_from_record_gives_the_estimate_back():
    from dataclasses import asdict

    one = estimate()
    assert Estimate.from_record(asdict(one)) == one
