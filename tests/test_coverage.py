"""How well readings cover outcomes: the recorded figures, the fit, and the score by hand."""

import csv
import math
import re
from pathlib import Path

import numpy as np
import pytest

from analysis import coverage as module
from analysis.coverage import (
    HEDGES,
    LEVELS,
    Pair,
    about_pairs,
    coverage,
    cross_validate,
    fit,
    fitted,
    interval_score,
    present,
    read_pairs,
    recommended,
)
from analysis.errors import InputError
from analysis.lexicon import Growth, read_lexicon

EVIDENCE = Path(__file__).parents[2] / "shared" / "evidence" / "headline-pairs.csv"
PAIRS = read_pairs()

# Pairs covered by the 50, 80 and 90 % interval, and the interval score at 90 %: as recommended, as fitted to all
# pairs, and fitted without the event that is read. Old and new are recorded; a change of either must be meant.
RECORDED = {
    "at least": {
        "pairs": 21,
        "recommended": ((13, 15, 17), 2.602),
        "present": ((13, 19, 19), 2.394),
        "cross-validated": ((13, 18, 19), 2.486),
    },
    "bare": {
        "pairs": 165,
        "recommended": ((98, 126, 145), 2.357),
        "present": ((81, 132, 152), 2.253),
        "cross-validated": ((81, 129, 151), 2.288),
    },
}


def found(hedge: str, kind: str, level: float):
    if kind == "cross-validated":
        return cross_validate(PAIRS, hedge, level)
    return coverage(PAIRS, hedge, level, reading={"recommended": recommended, "present": present}[kind])


@pytest.mark.parametrize("hedge", HEDGES)
@pytest.mark.parametrize("kind", ["recommended", "present", "cross-validated"])
def test_recorded_coverage(hedge, kind):
    covered, score = RECORDED[hedge][kind]
    results = [found(hedge, kind, level) for level in LEVELS]
    assert tuple(one.covered for one in results) == covered
    assert {one.pairs for one in results} == {RECORDED[hedge]["pairs"]}
    # Half a unit of the last digit that is recorded.
    assert results[-1].score == pytest.approx(score, abs=5e-4)


@pytest.mark.parametrize("hedge", HEDGES)
def test_the_readings_cover_what_they_say_within_what_so_many_pairs_can_tell(hedge):
    for level in LEVELS:
        one = cross_validate(PAIRS, hedge, level)
        assert one.low <= level <= one.high


@pytest.mark.parametrize("hedge", HEDGES)
def test_the_fit_is_better_than_what_was_recommended_on_events_that_it_has_not_seen(hedge):
    assert found(hedge, "cross-validated", 0.9).score < found(hedge, "recommended", 0.9).score


@pytest.mark.parametrize(("hedge", "growth"), [("at least", "rule"), ("bare", "layer")])
def test_the_lexicon_holds_the_fit_in_two_digits(hedge, growth):
    lexicon = read_lexicon()
    used = (
        next(rule for rule in lexicon.rule if rule.name == "at least").breaking
        if growth == "rule"
        else lexicon.reporting[lexicon.breaking.layer].growth
    )
    made = fit(PAIRS, hedge)
    assert used == Growth(
        below=round(made.below, 2), floor=made.floor, on=round(made.on, 2), excess=round(made.excess, 2)
    )


def test_the_fit_agrees_with_the_larger_sample_that_was_not_used():
    """
    UCDP headlines of two or more sources, of which the pairs here are a part: quantiles of the final count over the
    stated one, printed in the evidence on wordings, section 6c.
    """
    p = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    at_least = fitted(fit(PAIRS, "at least"))(Pair("", "at least", 1.0, 1.0, 2)).ppf(p)
    bare = fitted(fit(PAIRS, "bare"))(Pair("", "bare", 1.0, 1.0, 2)).ppf(p)
    # 45 headlines leave about 0.15 at the ends and 0.2 at the upper quartile; 336 leave 0.1.
    assert at_least == pytest.approx([0.57, 1.00, 1.06, 1.22, 1.77], abs=0.22)
    assert bare == pytest.approx([0.53, 0.95, 1.00, 1.40, 1.89], abs=0.1)


def test_a_fit_by_hand():
    """Four pairs of the hedge: one below, one on, two above; every pair's excess counts."""
    ratios = {"at least": (0.5, 1.0, 1.5, 2.0), "bare": (1.0, 1.5)}
    pairs = [Pair(f"{h}{r}", h, 10.0, 10 * r, 2) for h, values in ratios.items() for r in values]
    made = fit(pairs, "at least")
    assert (made.below, made.on) == (0.25, 0.25)
    # The excesses are 0.5, 1 and 0.5; cut at 3 their mean 2 / 3 stands for a mean m with m - 3 / (e**(3 / m) - 1).
    m = made.excess
    assert m - 3 / math.expm1(3 / m) == pytest.approx(2 / 3, rel=1e-9)
    assert m > 2 / 3


def test_the_fit_finds_what_made_the_pairs():
    """20,000 outcomes of known parameters, cut off as the pairs are; tolerances are 4 standard errors."""
    rng = np.random.default_rng(5)
    true = Growth(below=0.2, floor=1 / 3, on=0.25, excess=0.8)
    drawn = true.distribution(1.0).ppf(rng.random(20_000))
    kept = drawn[drawn < 4]
    made = fit([Pair(str(i), "bare", 1.0, float(r), 2) for i, r in enumerate(kept)], "bare")
    n = kept.size
    share = n / drawn.size  # what the cut leaves out makes the other shares larger
    assert made.below == pytest.approx(0.2 / share, abs=4 * math.sqrt(0.2 * 0.8 / n))
    assert made.on == pytest.approx(0.25 / share, abs=4 * math.sqrt(0.25 * 0.75 / n))
    assert made.excess == pytest.approx(0.8, abs=4 * 2 * 0.8 / math.sqrt(0.55 * n))  # 2: the cut costs half


@pytest.mark.parametrize(
    ("value", "score"),
    [(2.0, 2.0), (1.0, 2.0), (3.0, 2.0), (0.5, 2 + 0.5 * 2 / 0.2), (4.0, 2 + 1 * 2 / 0.2)],
)
def test_the_interval_score_by_hand(value, score):
    found = interval_score(np.array([1.0]), np.array([3.0]), np.array([value]), level=0.8)
    assert found == pytest.approx([score])


def test_the_score_is_least_for_the_true_quantiles():
    """It is proper: 100,000 exponential outcomes, intervals moved to either side score worse."""
    outcomes = -np.log((np.arange(100_000) + 0.5) / 100_000)
    low, high = -np.log(0.95), -np.log(0.05)
    best = interval_score(np.full(1, low), np.full(1, high), outcomes, level=0.9).mean()
    for factor_low, factor_high in ((0.5, 1), (1.5, 1), (1, 0.8), (1, 1.25)):
        other = interval_score(np.full(1, low * factor_low), np.full(1, high * factor_high), outcomes, level=0.9)
        assert other.mean() > best


def test_an_outcome_on_the_end_of_an_interval_is_inside():
    on_it = Growth(below=0.1, floor=0.5, on=0.8, excess=1.0)  # the 50 % interval is the number itself
    pairs = [Pair("a", "bare", 30.0, 30.0, 2), Pair("b", "bare", 30.0, 31.0, 2)]
    assert coverage(pairs, "bare", 0.5, reading=fitted(on_it)).covered == 1


def test_the_binomial_interval_is_clopper_and_pearsons():
    pairs = [Pair(str(i), "bare", 10.0, 10.0 if i < 8 else 100.0, 2) for i in range(10)]
    one = coverage(pairs, "bare", 0.5, reading=fitted(Growth(below=0.1, floor=0.5, on=0.8, excess=1.0)))
    # 8 of 10: 44.4 to 97.5 %, a textbook value (Clopper and Pearson 1934).
    assert (one.covered, round(one.low, 3), round(one.high, 3)) == (8, 0.444, 0.975)


def test_the_pairs_are_those_of_the_evidence():
    with module.PAIRS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(PAIRS) == 211
    assert sum(pair.hedge == "at least" for pair in PAIRS) == 21
    if EVIDENCE.is_file():
        assert module.PAIRS.read_bytes() == EVIDENCE.read_bytes()
    about = about_pairs()
    assert about["licence"].startswith("CC BY 4.0")
    assert "UCDP" in about["source"]
    assert set(about["columns"]) == set(rows[0])
    ratios = [pair.ratio for pair in PAIRS]
    assert about["trimmed_below"] < min(ratios)
    assert max(ratios) < about["trimmed_above"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,X,bare,ten,1,1,1,2", "pairs.csv:2: is "),
        ("1,X,bare,10,1,0,1,2", "pairs.csv:2: stated and best are 10 and 0, expected > 0"),
        ("1,X,bare,10,1,nan,1,2", "pairs.csv:2: stated and best are 10 and nan, expected > 0"),
    ],
)
def test_pairs_without_numbers_are_refused(tmp_path, row, message):
    path = tmp_path / "pairs.csv"
    path.write_text(f"event_id,country,hedge,stated,low,best,high,sources\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read_pairs(path)


def test_a_hedge_without_pairs_is_refused():
    with pytest.raises(InputError, match="hedge is 'at most', expected one that pairs have"):
        coverage(PAIRS, "at most", 0.9)
