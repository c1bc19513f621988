"""A lexicon is checked when it is read: each rule is tried, and a fault names where it is."""

import re

import pytest

from analysis.errors import InputError
from analysis.lexicon import LEXICON, read_lexicon
from analysis.wording import read


def test_a_broken_lexicon_is_refused(tmp_path):
    text = LEXICON.read_text(encoding="utf-8")
    for old, new, message in (
        ("sigma = 0.5837", "sigma = -1", "lexicon.toml: rule.0 (about).sigma: input should be greater than 0"),
        ('family = "exact"', 'family = "precise"', "rule"),
        ("\n[words]\n", "\n[words\n", "is not TOML"),
        ("largest = ", "biggest = ", "largest: field required"),
    ):
        path = tmp_path / "lexicon.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        read_lexicon.cache_clear()
        with pytest.raises(InputError, match=re.escape(message)):
            read_lexicon(path)
    read_lexicon.cache_clear()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("median = 3.4\n", "median = -3.4\n"),
        ("low = 2\nhigh = 8\n", "low = 8\nhigh = 2\n"),
        ("mode = 0.8\n", "mode = 1.8\n"),
        ("on = 0.24\n", "on = 0.95\n"),
        ("excess = 0.52\n", ""),
        ('rules = ["bare"]\n', 'rules = ["bar"]\n'),
        ('rules = ["bare"]\n', ""),
        ('layer = "first-day"\n', 'layer = "second-day"\n'),
        ("exact = 0.6\n", "exact = -0.6\n"),
        ("median = 2.2\nsd_log = 0.5\n", "median = 2.2\n"),
        ('"roughly #"', '"roughly # and #"'),
        ('"between # and #"', '"between #"'),
    ],
)
def test_a_lexicon_whose_numbers_make_no_distribution_is_refused(tmp_path, old, new):
    text = LEXICON.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "lexicon.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"^lexicon\.toml: (rule|reporting|breaking)[.:]"):
        read_lexicon(tmp_path / "lexicon.toml")


def test_a_phrase_of_ones_own_is_read(tmp_path):
    path = tmp_path / "lexicon.toml"
    text = LEXICON.read_text(encoding="utf-8")
    path.write_text(text.replace('"roughly #"', '"roughly #", "give or take #"'), encoding="utf-8")
    assert read("give or take 500", lexicon=read_lexicon(path)).rule == "roughly"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"roughly #"', '"roughly # and #"', "rule.1 (roughly): phrase 'roughly # and #' holds 2 #, expected 1 #"),
        ('"roughly #"', '"roughly"', "rule.1 (roughly): phrase 'roughly' holds 0 #, expected 1 #"),
        ('"roughly #"', '"roughly *"', "rule.1 (roughly): phrase 'roughly *'"),
        ('"roughly #"', '"about #"', "rule.1 (roughly): phrase 'about #' is also one of rule.0 (about)"),
        ('name = "roughly"', 'name = "about"', "rule.1 (about): name is there twice"),
        ('central = ["some # or more"', 'central = ["some # and more"', "(at least): central holds 'some # and more'"),
        ("mode = 0.8\n", "mode = 1.8\n", "(up to): "),
        ("median = 2.2\nsd_log = 0.5\n", "median = 2.2\n", "reporting.belligerent-enemy: states median alone"),
        ('sd_log = 0.5\nsource = "about 3', 'source = "about 3', "wounded_per_killed.historical: states median alone"),
        ("nine = 9\n", '"nine men" = 9\n', "words.numbers: value error, 'nine men' is not one word"),
        ("approx_from_zeros = 3", "approx_from_zeros = 0", "(bare).approx_from_zeros: input should be greater than"),
        ("widest_range = 100", "widest_range = 1", "widest_range: input should be greater than 1"),
    ],
)
def test_a_fault_of_a_lexicon_names_its_place(tmp_path, old, new, message):
    text = LEXICON.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "lexicon.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"^lexicon\.toml: ") as caught:
        read_lexicon(tmp_path / "lexicon.toml")
    assert message in str(caught.value)
