"""
The clock: now, or the moment that SOURCE_DATE_EPOCH pins, so that a build repeats to the byte.

The only module that asks for the time of day.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

from analysis.errors import InputError, shown

__all__ = ["now", "stamp", "today"]

_PIN = "SOURCE_DATE_EPOCH"  # reproducible-builds.org, the specification of 2017


def now() -> datetime:
    """
    The moment, in UTC and whole seconds; that of SOURCE_DATE_EPOCH where the environment sets it.

    Raises
    ------
    InputError
        SOURCE_DATE_EPOCH is no number of seconds since 1970.
    """
    pinned = os.environ.get(_PIN, "")
    if not pinned:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(pinned), UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(f"{_PIN} is {shown(pinned)}, expected seconds since 1970 like 1734566400") from None


def today() -> date:
    """The day of `now`."""
    return now().date()


def stamp(moment: datetime) -> str:
    """
    A moment as files hold it.

    Examples
    --------
    >>> stamp(datetime(2024, 12, 19, 6, 30, tzinfo=UTC))
    '2024-12-19T06:30:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
