"""The identity, the bound by the force, the pool, and the force integrated out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from analysis.distributions import LogNormal, Truncated, as_table, point
from analysis.lexicon import read_lexicon
from analysis.model import (
    QUANTITIES,
    Question,
    draw,
    from_killed,
    from_wounded,
    pooled,
    ratio_below,
    ratio_quantiles,
    split_by_ratio,
    split_known,
    summarize,
)
from analysis.sampling import cube, replicate_seeds
from analysis.wording import read

SEEDS = replicate_seeds(np.random.default_rng(11), 8)
LEVELS = np.array([0.05, 0.5, 0.95])
POSITIVE = st.floats(1e-3, 1e6)


def question(origins, *, force, weights=None, ratio=None) -> Question:
    weights = weights or {name: 1 / len(origins) for name in origins}
    return Question(origins, weights, ratio or LogNormal(3.0, 0.5), as_table(force))


def drawn(asked: Question, *, seed=SEEDS[0], log2_points=12):
    return draw(asked, cube(seed, log2_points=log2_points, dimensions=asked.dimensions))


TWO = {
    "a": {"killed": LogNormal(100.0, 0.4), "wounded": LogNormal(1000.0, 0.3)},
    "b": {"casualties": LogNormal(500.0, 0.4)},
}
WAYS = [
    {"killed": LogNormal(100.0, 0.4), "wounded": LogNormal(1000.0, 0.3)},
    {"casualties": LogNormal(500.0, 0.4)},
    {"killed": LogNormal(100.0, 0.4)},
    {"wounded": LogNormal(300.0, 0.4)},
    {"killed": LogNormal(300.0, 0.4), "casualties": LogNormal(500.0, 0.4)},
]


def test_split_by_hand():
    losses = split_by_ratio(casualties=np.array([400.0]), wounded_per_killed=np.array([3.0]))
    assert (losses.killed, losses.wounded, losses.casualties) == (100.0, 300.0, 400.0)
    assert from_killed(killed=np.array([10.0]), wounded_per_killed=np.array([3.0])).casualties == 40.0
    assert from_wounded(wounded=np.array([30.0]), wounded_per_killed=np.array([3.0])).casualties == 40.0
    known = split_known(casualties=np.array([100.0, 100.0]), killed=np.array([30.0, 130.0]))
    assert known.wounded.tolist() == [70.0, 0.0]
    assert known.casualties.tolist() == [100.0, 130.0]


@given(POSITIVE, st.floats(0, 100))
def test_the_identity_holds_exactly_whatever_the_split(total, ratio):
    losses = split_by_ratio(casualties=np.array([total]), wounded_per_killed=np.array([ratio]))
    assert losses.killed + losses.wounded - losses.casualties == 0
    # Two roundings of one subtraction.
    assert losses.casualties == pytest.approx(total, rel=4e-16 * 2)


@pytest.mark.parametrize("given", WAYS, ids=lambda given: "+".join(given))
@pytest.mark.parametrize("force", [10_000.0, 700.0])
def test_identity_and_bound_in_every_draw(given, force):
    asked = question({"a": given}, force=LogNormal(force, 0.2))
    one = drawn(asked)["a"]
    killed, wounded, casualties = (one.quantity(name) for name in ("killed", "wounded", "casualties"))
    assert np.abs(killed + wounded - casualties).max() == 0
    assert (casualties - one.quantity("force")).max() <= 0
    assert killed.min() > 0
    assert one.weight.mean() < (0.9 if force == 700.0 else 1.01)


def test_historical_ratios_lie_in_the_reference_class_and_afghanistan_outside():
    low, high = read_lexicon().wounded_per_killed["historical"].distribution().ppf(np.array([0.05, 0.95]))
    us = [670_846 / 292_131, 103_284 / 33_651, 153_303 / 47_369, 467 / 148]
    assert np.round(us, 2).tolist() == [2.30, 3.07, 3.24, 3.16]
    assert all(low < ratio < high for ratio in us)
    assert high < 20_732 / 2_438


def test_force_integrated_out_against_a_closed_form():
    """Lognormal losses over a lognormal force far above them: the ratio is lognormal."""
    asked = question({"a": {"casualties": LogNormal(500.0, 0.4)}}, force=LogNormal(50_000.0, 0.3))
    found = np.array(
        [ratio_quantiles(drawn(asked, seed=seed), asked, name="casualties_ratio", levels=LEVELS) for seed in SEEDS]
    )
    exact = LogNormal(0.01, 0.5).ppf(LEVELS)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(SEEDS))
    # Five standard errors, plus 1e-5 for the table of the force.
    assert np.all(np.abs(found.mean(axis=0) - exact) < 5 * error + 1e-5 * exact)
    assert np.all(error < 2e-4 * exact)


def test_force_integrated_out_agrees_with_counting():
    asked = question(TWO, force=LogNormal(5_000.0, 0.3))
    pairs = []
    for seed in SEEDS:
        one = drawn(asked, seed=seed)
        pool = pooled(one, asked)
        thresholds = np.array([0.05, 0.1, 0.2])
        smooth = ratio_below(one, asked, name="killed_ratio", threshold=thresholds / 5)
        values = pool.values[QUANTITIES.index("killed_ratio")]
        pairs.append(smooth - [pool.weight[values <= t / 5].sum() for t in thresholds])
    error = np.std(pairs, axis=0, ddof=1) / np.sqrt(len(SEEDS))
    assert np.all(np.abs(np.mean(pairs, axis=0)) < 5 * error + 1e-12)
    assert np.all(error < 0.001)


def test_a_force_often_too_small_agrees_with_rejection():
    """Casualties exceed the force in a good third of the draws: weights must do what throwing away does."""
    asked = question({"a": {"casualties": LogNormal(500.0, 0.5)}}, force=LogNormal(600.0, 0.4))
    found = [summarize(drawn(asked, seed=seed), asked, LEVELS) for seed in SEEDS]
    rng = np.random.default_rng(5)
    n = 2_000_000
    casualties, force = (m * np.exp(s * rng.standard_normal(n)) for m, s in ((500.0, 0.5), (600.0, 0.4)))
    kept = casualties <= force
    assert 0.5 < kept.mean() < 0.7
    # 0.003: five standard errors of a quantile of 1.2 million draws at the least dense of the three.
    for name, values in (("casualties_ratio", casualties / force), ("casualties", casualties), ("force", force)):
        ours = np.mean([one.quantiles[QUANTITIES.index(name)] for one in found], axis=0)
        assert ours == pytest.approx(np.quantile(values[kept], LEVELS), rel=0.003)
    assert np.mean([one.kept for one in found]) == pytest.approx(kept.mean(), abs=0.002)


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_scaling_the_force_scales_the_ratios(scale):
    quantiles = []
    for size in (20_000.0, 20_000.0 * scale):
        asked = question(TWO, force=LogNormal(size, 0.2))
        quantiles.append(summarize(drawn(asked), asked, LEVELS).quantiles)
    for name in ("killed_ratio", "wounded_ratio", "casualties_ratio"):
        row = QUANTITIES.index(name)
        # 2e-6: losses stay as they are, the tables of the two forces round differently.
        assert quantiles[1][row] * scale == pytest.approx(quantiles[0][row], rel=2e-6)


def test_the_pool_lies_between_its_origins():
    asked = question(TWO, force=LogNormal(9_000.0, 0.2), weights={"a": 0.3, "b": 0.7})
    one = drawn(asked)
    thresholds = np.linspace(0.001, 0.5, 200)
    for name in ("killed_ratio", "wounded_ratio", "casualties_ratio"):
        alone = [ratio_below({key: one[key]}, asked, name=name, threshold=thresholds) for key in one]
        pool = ratio_below(one, asked, name=name, threshold=thresholds)
        # 1e-12: rounding of a weighted sum of two.
        assert np.all(pool <= np.maximum(*alone) + 1e-12)
        assert np.all(pool >= np.minimum(*alone) - 1e-12)
        assert np.any(np.abs(alone[0] - alone[1]) > 0.1)


def test_weight_one_is_the_origin_alone():
    asked = question(TWO, force=LogNormal(9_000.0, 0.2), weights={"a": 1.0, "b": 0.0})
    one = drawn(asked)
    both, alone = summarize(one, asked, LEVELS), summarize({"a": one["a"]}, asked, LEVELS)
    # 1e-9: rounding; draws of weight 0 count for nothing.
    assert both.quantiles == pytest.approx(alone.quantiles, rel=1e-9)
    assert summarize({"b": one["b"]}, asked, LEVELS).mean[2] < 0.7 * alone.mean[2]


@settings(max_examples=25, deadline=None)  # each example draws; a deadline would be a test of time
@given(st.integers(10, 400), st.integers(1, 200))
def test_raising_a_lower_bound_lowers_no_quantile(bound, more):
    found = []
    for number in (bound, bound + more):
        given_ = {"killed": read(f"at least {number}").distribution, "wounded": LogNormal(1000.0, 0.2)}
        asked = question({"a": given_}, force=point(50_000.0))
        found.append(summarize(drawn(asked, log2_points=8), asked, LEVELS).quantiles)
    for name in ("killed", "casualties", "killed_ratio", "casualties_ratio", "killed_share"):
        row = QUANTITIES.index(name)
        # 1e-9: rounding of a division.
        assert np.all(found[1][row] >= found[0][row] * (1 - 1e-9)), name


def test_a_force_of_one_value_divides_exactly():
    asked = question({"a": {"casualties": LogNormal(500.0, 0.4)}}, force=point(10_000.0))
    summary = summarize(drawn(asked), asked, LEVELS)
    casualties = LogNormal(500.0, 0.4).ppf(LEVELS)
    # 4,096 points: a step of the empirical cdf near the 95 % quantile is 1e-3 of the value.
    assert summary.quantiles[QUANTITIES.index("casualties_ratio")] == pytest.approx(casualties / 10_000, rel=3e-3)
    thresholds = np.array([0.05, 0.1])
    exceeded = 1 - ndtr(np.log(thresholds / 0.05) / 0.4)
    assert summary.exceedance[2][:2] == pytest.approx(exceeded, abs=1e-3)


def test_figures_that_are_none_are_refused():
    asked = question({"a": {"missing": LogNormal(5.0, 0.4)}}, force=point(100.0))
    with pytest.raises(ValueError, match="expected killed and wounded"):
        drawn(asked)


def test_truncated_force_is_never_exceeded():
    asked = question(
        {"a": {"casualties": LogNormal(900.0, 0.5)}}, force=Truncated(LogNormal(1000.0, 0.2), 800.0, 1500.0)
    )
    one = drawn(asked)["a"]
    accepted = one.weight > 0
    assert 0.1 < 1 - accepted.mean() < 0.4
    assert np.all(one.losses.casualties[accepted] <= one.force[accepted])
