"""Hypothesis tries the same examples every time, so a run of the tests repeats."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
