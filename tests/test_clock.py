"""The clock, and the moment that pins it."""

from datetime import UTC, date, datetime

import pytest

from analysis import clock
from analysis.errors import InputError


def test_the_moment_is_the_pinned_one(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1734566400")  # date -u -d @1734566400
    assert clock.now() == datetime(2024, 12, 19, tzinfo=UTC)
    assert clock.today() == date(2024, 12, 19)
    assert clock.stamp(clock.now()) == "2024-12-19T00:00:00Z"


def test_without_a_pin_it_is_now_in_whole_seconds(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().microsecond == 0


@pytest.mark.parametrize("wrong", ["yesterday", "1e9", "9" * 30])
def test_a_pin_that_is_no_moment_is_wrong_input(monkeypatch, wrong):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
    with pytest.raises(InputError, match=r"SOURCE_DATE_EPOCH is '.*', expected seconds since 1970 like 1734566400"):
        clock.now()
