"""Any text, and texts made of the grammar's own pieces: no crash, no number from nowhere, and the printed form back."""

import itertools
import re
import tomllib
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.lexicon import LEXICON
from analysis.wording import read

TABLES = tomllib.loads(LEXICON.read_text(encoding="utf-8"))
WORDS = TABLES["words"]

# ---- An oracle that shares nothing with the parser: every number that a text can be said to hold.

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
VALUES = {word: value for value, word in enumerate([*ONES.split(), "eighteen", "nineteen"])}
VALUES |= {word: 20 + 10 * place for place, word in enumerate(TENS.split())}
UKRAINIAN = """
нуль=0 один=1 одна=1 одного=1 два=2 дві=2 двох=2 три=3 трьох=3 чотири=4 чотирьох=4 пять=5 пяти=5 пятьох=5 шість=6
шести=6 шістьох=6 сім=7 семи=7 сімох=7 вісім=8 восьми=8 вісьмох=8 девять=9 девяти=9 девятьох=9 десять=10 десяти=10
десятьох=10 одинадцять=11 одинадцяти=11 дванадцять=12 дванадцяти=12 тринадцять=13 чотирнадцять=14 пятнадцять=15
пятнадцяти=15 шістнадцять=16 сімнадцять=17 вісімнадцять=18 девятнадцять=19 двадцять=20 двадцяти=20 тридцять=30
тридцяти=30 сорок=40 сорока=40 пятдесят=50 пятдесяти=50 шістдесят=60 сімдесят=70 вісімдесят=80 девяносто=90 сто=100
ста=100 двісті=200 двохсот=200 триста=300 трьохсот=300 чотириста=400 чотирьохсот=400 пятсот=500 пятисот=500
шістсот=600 шестисот=600 сімсот=700 семисот=700 вісімсот=800 восьмисот=800 девятсот=900 девятисот=900
"""
VALUES |= {word: int(value) for word, value in (pair.split("=") for pair in UKRAINIAN.split())}
UNITS = {"dozen": 12, "hundred": 100, "thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6}
UNITS |= {"십": 10, "백": 100, "천": 1000, "만": 10**4}
UNITS |= dict.fromkeys(("тис", "тисяча", "тисячу", "тисячі", "тисяч"), 1000)
UNITS |= dict.fromkeys(("млн", "мільйон", "мільйона", "мільйони", "мільйонів"), 10**6)
SHARES = {"half": 1 / 2, "절반": 1 / 2, "половина": 1 / 2, "половини": 1 / 2, "половину": 1 / 2}
SHARES |= dict.fromkeys(("third", "thirds", "третина", "третини", "третину"), 1 / 3)
SHARES |= dict.fromkeys(("quarter", "quarters", "чверть", "чверті"), 1 / 4)
SHARES |= dict.fromkeys(("fifth", "fifths"), 1 / 5)
KOREAN_SHARES = {r"3분의\s*1": 1 / 3, r"3분의\s*2": 2 / 3, r"4분의\s*1": 1 / 4}
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u061c"
PIECE = re.compile(r"\d+(?:[.,]\d+)*|절반|[십백천만]|[^\W\d_가-힣]+|\S", re.UNICODE)


def pieces(text: str) -> list[str]:
    for letter in UNSEEN:
        text = text.replace(letter, "")
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3})", ",", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"(?<=[а-яіїєґ])['’ʼ`´](?=[а-яіїєґ])", "", text)
    return PIECE.findall(text)


def digits(piece: str) -> set[float]:
    """What a group of digits can mean: its commas between thousands, or one before decimals."""
    found = set()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?", piece):
        found.add(float(piece.replace(",", "")))
    if re.fullmatch(r"\d+,\d{1,2}", piece):
        found.add(float(piece.replace(",", ".")))
    return found


def value_of(run: list[str]) -> set[float]:
    """The numbers that a whole run of pieces can be: ones add up, units multiply what stands before them."""
    totals = {(0.0, 0.0, "")}  # what is complete, what is being made, what stood last
    for piece in run:
        after = set()
        for total, current, last in totals:
            if piece in ("and", "-", "."):
                after.add((total, current, last if piece == "." else piece))
            elif piece in ("a", "an"):
                after |= {(total, current, "a")} if last == "" else set()
            elif piece == "half":
                after |= {(total, 0.5, "half")} if last == "" else set()
            elif piece in UNITS:
                unit = UNITS[piece]
                made = (current or 1) * unit
                after.add((total, made, "unit") if unit < 1000 else (total + made, 0.0, "unit"))
                after.add((total + made, 0.0, "unit"))
                if unit >= 10**4 and total:
                    after.add(((total + current) * unit, 0.0, "unit"))
            elif piece in VALUES:
                after |= {(total, current + VALUES[piece], "word")} if last != "digits" else set()
            elif last in ("", "unit"):
                after |= {(total, current + one, "digits") for one in digits(piece)}
        totals = after
    return {total + current for total, current, last in totals if last not in ("and", "-", "a", "half")}


def splits(found: list[str], at: int) -> bool:
    """Whether a cut at a place parts tens from their ones: "thirty-two" holds neither 30 nor 2."""
    before, after = (found[at - 1 : at] == ["-"], found[at : at + 1] == ["-"])
    tens = found[max(at - 1 - before, 0) : at - before]
    ones = found[at + after : at + after + 1]
    return any(VALUES.get(one, 0) in range(20, 100, 10) for one in tens) and any(
        VALUES.get(one, 0) in range(1, 10) for one in ones
    )


def units_of(found: list[str]) -> set[float]:
    """What words for units multiply with, where they stand side by side: 100,000 in "three hundred thousand"."""
    sizes = set()
    for start in range(len(found)):
        product = 1
        for piece in itertools.takewhile(UNITS.get, found[start:]):
            product *= UNITS[piece]
            sizes.add(product)
    return sizes


def possible(text: str) -> dict[str, set[float]]:
    """Every number that the text holds, as ``whole`` numbers and as ``shares`` (of 1)."""
    found = pieces(text)
    whole: set[float] = set()
    for start, size in itertools.product(range(len(found)), range(1, 9)):
        run = found[start : start + size]
        if len(run) == size and not splits(found, start) and not splits(found, start + size):
            whole |= value_of(run)
    # Groups of three digits that a plain space sets apart.
    for spaced in re.findall(r"(?<!\d)\d{1,3}(?: \d{3})+(?!\d)", unicodedata.normalize("NFKC", text)):
        whole.add(float(spaced.replace(" ", "")))
        whole |= {float(spaced.replace(" ", "")) * unit for word, unit in UNITS.items() if word in found}
    shares = {one / 100 for one in whole} if re.search(r"%|per\s*cent|퍼센트|відсот", " ".join(found)) else set()
    # Counted shares stand beside their count: two-thirds.
    for at, piece in enumerate(found):
        if piece in SHARES:
            before = [one for one in found[max(at - 2, 0) : at] if one != "-"]
            shares |= {SHARES[piece]} | {VALUES[one] * SHARES[piece] for one in before if one in VALUES}
    joined = " ".join(found)
    for pattern, share in KOREAN_SHARES.items():
        shares |= {share} if re.search(pattern, joined.replace(" ", "")) else set()
    return {"whole": whole, "shares": shares}


def from_nowhere(text: str, reading) -> set[float]:
    """The numbers of a reading that its words do not hold."""
    held = possible(text)["shares" if reading.percent else "whole"]
    found = pieces(text)
    stated = {one for one in (reading.low, reading.best, reading.high) if one is not None}
    if reading.rule == "sum":  # the one rule that adds figures which stand apart
        held = {sum(pair) for pair in itertools.product(held, held)}
    if reading.kind == "range" and not reading.percent and near(reading.high, held):
        # "10 to 12 thousand": a unit named once behind the last, and only the first may borrow it.
        borrowed = (unit for unit in units_of(found) if near(reading.high / unit, held))
        stated -= {reading.low} if any(near(reading.low / unit, held) for unit in borrowed) else set()
    return {one for one in stated if not near(one, held)}


def near(one: float, held: set[float]) -> bool:
    return any(abs(one - known) <= 1e-9 * max(one, 1) for known in held)


@pytest.mark.parametrize(
    ("text", "held", "not_held"),
    [
        ("5,000 (1,000-odd)", (5000, 1000), (6000, 4000, 5_000_000)),
        ("two hundred and fifty", (250, 200, 50), (300, 2500, 205)),
        ("1,000, 2,000", (1000, 2000), (3000,)),
        ("1,000 2,000", (1000, 2000), (3000,)),
        ("1만 2천", (12000, 10000, 2000), (30000, 120000)),
        ("12 000", (12000,), (24000,)),
        ("killed 100, wounded 200", (100, 200), (300, 20000)),
        ("3 тис. 800", (3800, 3000, 800), (803, 11000)),
        ("1,5 тис.", (1500,), (15000,)),
        ("thirty-two hundred", (3200,), (30, 2, 200)),
        ("twenty five hundred", (2500,), (20, 5, 500)),
        ("twenty to five hundred", (20, 500), (2500, 25)),
    ],
)
def test_the_oracle_knows_what_a_text_holds(text, held, not_held):
    whole = possible(text)["whole"]
    assert set(held) <= whole
    assert not set(not_held) & whole


def test_the_oracle_finds_a_number_from_nowhere():
    text = "5,000 (1,000-odd)"
    assert from_nowhere(text, replace(read(text), best=6000.0)) == {6000.0}
    assert from_nowhere("10-12 thousand", replace(read("10-12 thousand"), low=22_000.0)) == {22_000.0}
    # Borrowed once, by the first; 1,000 and 10,000 are no unit of these words.
    thousands = read("10-12 thousand")
    assert from_nowhere("10-12 thousand", thousands) == set()
    assert from_nowhere("10-12 thousand", replace(thousands, high=12_000_000.0)) >= {12_000_000.0}
    assert from_nowhere("3 to 4 hundred", replace(read("3 to 4 hundred"), low=300_000.0)) == {300_000.0}
    thirty = replace(read("30 to 200"), wording="thirty-two hundred")
    assert from_nowhere("thirty-two hundred", thirty) == {30.0, 200.0}
    assert from_nowhere("two-thirds of 900", replace(read("two-thirds"), best=0.9)) == {0.9}


# ---- The sweep.


def check(text: str) -> bool:
    """Whether the text is read; if so its numbers are its own, and its printed form is the same reading."""
    try:
        reading = read(text)
    except InputError:
        return False
    assert not from_nowhere(text, reading), (text, reading)
    again = read(reading.printed)
    for name in ("rule", "kind", "low", "best", "high", "percent", "rate", "reporting_included", "printed"):
        assert getattr(again, name) == getattr(reading, name), (name, text, reading.printed)
    if reading.distribution is None:
        assert again.distribution is None
    else:
        quantiles = reading.quantiles()
        assert np.array_equal(again.quantiles(), quantiles), text
        assert np.all(np.isfinite(quantiles)), text
        assert np.all(np.diff(quantiles) >= 0), text
        assert quantiles[0] >= 0, text
        assert not np.any(np.signbit(quantiles)), text
        whole = [one for one in (reading.low, reading.best, reading.high) if one is not None]
        assert reading.percent or all(one == round(one) for one in whole), text
    return True


def grouped(value: int, sign: str) -> str:
    return f"{value:,}".replace(",", sign)


INTEGERS = st.integers(0, 10**7) | st.sampled_from([0, 1, 7, 12, 40, 100, 250, 1000, 1100, 4000, 10_000, 12_000, 10**6])
DIGITS = st.builds(grouped, INTEGERS, st.sampled_from([",", "", " ", "\u00a0", "\u202f", ".", "'"]))
DECIMALS = st.builds("{}{}{}".format, st.integers(0, 99), st.sampled_from([".", ","]), st.integers(0, 999))
SPELLED = st.lists(
    st.sampled_from([*WORDS["numbers"], *WORDS["multiples"], "a", "and", "-", "half"]), min_size=1, max_size=5
).map(" ".join)
COMPOSED = st.lists(
    st.tuples(INTEGERS.map(str) | st.sampled_from(["", "1,5", "2.5"]), st.sampled_from([*WORDS["places"], ""])),
    min_size=1,
    max_size=3,
).map(lambda parts: " ".join("".join(part) for part in parts))
SHARED = st.sampled_from([*WORDS["fractions"], "a third", "two-thirds", "40%", "12,5 відсотка", "ten percent"])
NUMBERS = DIGITS | DECIMALS | SPELLED | COMPOSED | SHARED
PHRASES = st.sampled_from([phrase for rule in TABLES["rule"] for phrase in rule["phrases"]])
NOUNS = st.sampled_from([*WORDS["nouns"], *itertools.chain(*WORDS["quantities"].values()), *WORDS["before"]])
REMARKS = st.sampled_from(
    [
        *WORDS["remarks"],
        *WORDS["rates"],
        *WORDS["takes_back"],
        *WORDS["hedges_behind"],
        *WORDS["partly"],
        *WORDS["linking"],
        *WORDS["joins"],
    ]
)
SIGNS = st.sampled_from(
    ["-", "–", "—", "~", "+", "(", ")", ",", ";", "/", "to", "до", "\u200b", "\u200f", "\u202e", "."]
)


@st.composite
def worded(draw) -> str:
    """A phrase of the lexicon with numbers in its places, and what may or may not stand around it."""
    text = draw(PHRASES)
    while "#" in text or "*" in text:
        text = text.replace("#", draw(NUMBERS), 1).replace("*", draw(PHRASES), 1) if len(text) < 200 else ""
    tail = draw(st.lists(NOUNS | REMARKS | SIGNS | NUMBERS, max_size=4))
    return draw(st.sampled_from([" ", "  ", "\u00a0"])).join([text, *tail])


JUMBLE = st.lists(PHRASES | NUMBERS | NOUNS | REMARKS | SIGNS, min_size=1, max_size=7)


@given(st.text(max_size=40))
def test_any_text_holds_what_is_read(text):
    check(text)


@settings(max_examples=1500)
@given(worded())
@example("5,000 (1,000-odd)")
@example("10 to 12 thousand")
@example("between a third and a half")
@example("thirty-two hundred")
@example("twenty five hundred soldiers")
@example("a hundred and thirty-two hundred")
@example("two to three hundred thousand")
def test_phrases_with_numbers_and_remarks_hold_what_is_read(text):
    check(text)


@settings(max_examples=1000)
@given(JUMBLE, st.sampled_from([" ", "", ", "]))
def test_the_grammar_in_any_order_holds_what_is_read(parts, between):
    check(between.join(parts))


def test_the_sweep_reads_much_and_refuses_much():
    """Of phrases with plain numbers all are read: the sweep's silence is no silence of the parser."""
    for rule in TABLES["rule"]:
        for phrase in rule["phrases"]:
            text = phrase.replace("#", "1만 2천", 1).replace("#", "14 thousand").replace("*", "several hundred")
            assert check(text), text
