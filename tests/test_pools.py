"""Three pools: closed forms, what each promises, and the identity in every draw of each."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import norm

from analysis.distributions import LogNormal, Scaled, Uniform, as_table, point
from analysis.errors import InputError
from analysis.inputs import prepare
from analysis.model import QUANTITIES, RATIOS, Question, draw, pooled, ratio_below, summarize
from analysis.pipeline import run
from analysis.pools import POOLS, RESOLUTION, _Casualties, _medians, pooling
from analysis.records import to_json
from analysis.sampling import cube, mean_and_mcse, replicate_seeds, weighted_quantiles
from analysis.settings import Settings
from analysis.wording import read

SEEDS = replicate_seeds(np.random.default_rng(23), 8)
LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
SCORES = ndtri(LEVELS)
CASUALTIES = QUANTITIES.index("casualties")
WAYS = {
    "both": {"killed": LogNormal(100.0, 0.4), "wounded": LogNormal(1000.0, 0.3)},
    "sum": {"casualties": LogNormal(500.0, 0.4)},
    "killed": {"killed": LogNormal(150.0, 0.4)},
    "wounded": {"wounded": LogNormal(300.0, 0.4)},
    "part": {"killed": LogNormal(300.0, 0.4), "casualties": LogNormal(500.0, 0.4)},
}


def asked(origins, *, weights=None, force=None) -> Question:
    weights = weights or {name: 1 / len(origins) for name in origins}
    return Question(origins, weights, LogNormal(3.0, 0.5), as_table(force or LogNormal(50_000.0, 0.1)))


def combined(question, pool, *, seed=SEEDS[0], log2_points=12):
    points = cube(seed, log2_points=log2_points, dimensions=question.dimensions)
    return pooling(question, pool).combine(draw(question, points), points[:, 0])


def summaries(question, pool, *, log2_points=12):
    """Quantiles of every replicate, shape (8, 9, levels)."""
    made = (combined(question, pool, seed=seed, log2_points=log2_points) for seed in SEEDS)
    return np.array([summarize(one.draws, one.question, LEVELS).quantiles for one in made])


@pytest.mark.parametrize("weight", [0.5, 0.8])
def test_the_logarithmic_pool_of_lognormals_is_the_lognormal_of_weighted_precisions(weight):
    """prod f**w of normals (m, s) in logarithms has the precision sum w/s**2 and the mean weighted by it."""
    (m, s), (n, t) = (400.0, 0.5), (700.0, 0.3)
    question = asked(
        {"a": {"casualties": LogNormal(m, s)}, "b": {"casualties": LogNormal(n, t)}},
        weights={"a": weight, "b": 1 - weight},
        force=point(1e6),
    )
    precision = np.array([weight / s**2, (1 - weight) / t**2])
    centre = precision @ np.log([m, n]) / precision.sum()
    expected = np.exp(centre + SCORES / np.sqrt(precision.sum()))
    found, mcse = mean_and_mcse(summaries(question, "logarithmic")[:, CASUALTIES])
    # The resolution of 5 % lets the tails of the linear pool in a little; worst seen 9e-3.
    assert found == pytest.approx(expected, rel=1.5e-2)
    assert np.all(mcse < 1e-3 * found)
    # Nothing else does: the same by integrating blurred normals, s**2 + 0.05**2, on a fine grid; worst seen 3e-4.
    x = np.linspace(np.log(50.0), np.log(8_000.0), 200_001)
    parts = [(weight, np.log(m), s), (1 - weight, np.log(n), t)]
    blurred = [norm.pdf(x, mean, np.hypot(sd, RESOLUTION)) for _, mean, sd in parts]
    product = np.exp(sum(w * np.log(one) for (w, _, _), one in zip(parts, blurred, strict=True)))
    average = sum(w * one for (w, _, _), one in zip(parts, blurred, strict=True))
    pool = sum(w * norm.pdf(x, mean, sd) for w, mean, sd in parts) * product / average
    integrated = np.exp(np.interp(LEVELS, np.cumsum(pool) / pool.sum(), x))
    assert found == pytest.approx(integrated, rel=1e-3)
    # The linear pool is far from it.
    assert summaries(question, "linear")[0, CASUALTIES, 0] < 0.95 * expected[0]


@pytest.mark.parametrize(("weight", "part"), [(0.5, 0.5), (0.75, 0.75), (0.6, 0.6)])
def test_the_median_of_two_lies_between_them_by_weight(weight, part):
    """Hazen's median of two numbers: as far from the first as the second's weight says."""
    one, other = LogNormal(400.0, 0.5), LogNormal(3000.0, 0.2)
    question = asked(
        {"a": {"casualties": one}, "b": {"casualties": other}},
        weights={"a": weight, "b": 1 - weight},
        force=point(1e6),
    )
    expected = part * one.ppf(LEVELS) + (1 - part) * other.ppf(LEVELS)
    found, mcse = mean_and_mcse(summaries(question, "median")[:, CASUALTIES])
    # A step of the empirical cdf of 4,096 points; worst seen 1e-4.
    assert found == pytest.approx(expected, rel=1e-3)
    assert np.all(mcse < 1e-3 * found)


def test_the_median_of_three_is_the_one_in_the_middle():
    origins = {name: {"casualties": LogNormal(centre, 0.2)} for name, centre in (("a", 1e3), ("b", 4e3), ("c", 9e3))}
    found = summaries(asked(origins, force=point(1e6)), "median")[0, CASUALTIES]
    assert found == pytest.approx(LogNormal(4e3, 0.2).ppf(LEVELS), rel=1e-3)


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        ([1.0, 3.0], [0.5, 0.5], 2.0),
        ([3.0, 1.0], [0.75, 0.25], 2.5),
        ([9.0, 1.0, 5.0], [1 / 3, 1 / 3, 1 / 3], 5.0),
        ([1.0, 5.0, 9.0], [0.8, 0.1, 0.1], 1 + 4 * 0.1 / 0.45),  # nodes at 0.4 and 0.85
        ([1.0, 5.0], [0.999, 0.001], 1 + 4 * 0.0005 / 0.5),
        ([2.0, 2.0, 2.0], [0.2, 0.2, 0.6], 2.0),
    ],
)
def test_weighted_medians_by_hand_and_by_the_package_s_quantiles(values, weights, expected):
    values, weights = np.array(values), np.array(weights)
    assert _medians(values[:, None], weights) == pytest.approx([expected])
    assert weighted_quantiles(values, weights, np.array([0.5])) == pytest.approx([expected])


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("way", WAYS)
def test_origins_that_say_the_same_are_worth_one(pool, way):
    alone = summaries(asked({"a": WAYS[way]}), "linear")
    # Another column of points for the second, so the draws are not the same; and any weights.
    twice = summaries(asked({"a": WAYS[way], "b": WAYS[way]}, weights={"a": 0.3, "b": 0.7}), pool)
    (one, error), (two, other) = mean_and_mcse(alone), mean_and_mcse(twice)
    # Five errors, or a step of the empirical cdf of 4,096 draws where that is more; 270 numbers are compared.
    assert np.all(np.abs(one - two) <= 5 * np.hypot(error, other) + 1e-3 * np.abs(one))
    if pool == "logarithmic":
        asking = asked({"a": WAYS[way], "b": WAYS[way]})
        assert pooling(asking, pool).agreement == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("pool", POOLS)
def test_an_origin_with_all_the_weight_is_the_pool_to_the_bit(pool):
    question = asked({"a": WAYS["both"], "b": WAYS["sum"]}, weights={"a": 1.0, "b": 0.0})
    points = cube(SEEDS[0], log2_points=8, dimensions=question.dimensions)
    drawn = draw(question, points)
    made = pooling(question, pool).combine(drawn, points[:, 0])
    assert list(made.draws) == ["a"]
    assert made.draws["a"] is drawn["a"]


@settings(max_examples=40, deadline=None)  # each example draws; a deadline would be a test of time
@given(
    st.sampled_from(list(combinations(WAYS, 2))),
    st.floats(0.05, 0.95),
    st.sampled_from([900.0, 2_000.0, 50_000.0]),
    st.sampled_from(POOLS),
)
def test_identity_and_bound_in_every_draw_of_every_pool(names, weight, force, pool):
    origins = {name: WAYS[name] for name in names}
    question = asked(origins, weights=dict(zip(names, (weight, 1 - weight), strict=True)), force=LogNormal(force, 0.2))
    made = combined(question, pool, log2_points=8)
    summary = summarize(made.draws, made.question, LEVELS)
    assert summary.violation == 0
    assert sum(made.question.weights.values()) == pytest.approx(1.0, abs=1e-12)
    pool_of = pooled(made.draws, made.question)
    assert pool_of.weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.all(np.isfinite(pool_of.values[:, pool_of.weight > 0]))
    for one in made.draws.values():
        assert np.all(one.losses.killed >= 0)
        assert np.all(one.losses.wounded >= 0)


@pytest.mark.parametrize("way", WAYS)
def test_an_origin_s_casualties_by_integration_agree_with_its_draws(way):
    """What the logarithmic pool compares is the distribution that the model draws."""
    question = asked({"a": WAYS[way]}, force=point(1e6))
    made = _Casualties.of(WAYS[way], question.wounded_per_killed)
    x = np.geomspace(100, 5_000, 40)
    found = []
    for seed in SEEDS:
        losses = draw(question, cube(seed, log2_points=12, dimensions=question.dimensions))["a"].losses
        found.append([(losses.casualties <= one).mean() for one in x])
    value, mcse = mean_and_mcse(np.array(found))
    # 1e-3: 512 nodes of what is integrated over, and the tables' 3e-5; worst seen 4e-4.
    assert np.all(np.abs(made.cdf(x) - value) <= 5 * mcse + 1e-3)
    assert np.all(mcse < 1e-3)
    low, high = made.ends()
    assert made.cdf(np.array([low]))[0] < 1e-6
    assert made.cdf(np.array([high]))[0] > 1 - 1e-6


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("force", [LogNormal(50_000.0, 0.2), LogNormal(1_500.0, 0.3)])
def test_force_integrated_out_agrees_with_counting_in_every_pool(pool, force):
    """`ratio_below` is smooth; counting the weighted draws is its slow twin. The small force ties many draws."""
    question = asked({"both": WAYS["both"], "sum": WAYS["sum"]}, force=force)
    thresholds = np.array([0.02, 0.1, 0.4, 0.7, 0.9])
    smooth, counted = [], []
    for seed in SEEDS:
        made = combined(question, pool, seed=seed)
        draws = pooled(made.draws, made.question)
        smooth.append(ratio_below(made.draws, made.question, name="casualties_ratio", threshold=thresholds))
        share = draws.values[QUANTITIES.index("casualties_ratio")]
        counted.append([draws.weight[share <= one].sum() for one in thresholds])
    (one, error), (two, other) = mean_and_mcse(np.array(smooth)), mean_and_mcse(np.array(counted))
    # Five errors of both, and 1e-4 where both are certain.
    assert np.all(np.abs(one - two) <= 5 * np.hypot(error, other) + 1e-4)
    assert np.all(other < 2e-3)
    # Somewhere in the thresholds the answer is open.
    assert np.any((one > 0.05) & (one < 0.95))


def test_linear_and_median_lie_between_the_origins_and_the_logarithmic_where_both_are():
    first, second = Uniform(300.0, 900.0), Uniform(600.0, 1500.0)
    origins = {"a": {"casualties": first}, "b": {"casualties": second}}
    question = asked(origins, force=point(1e6))
    for pool in ("linear", "median"):
        found = summaries(question, pool)[0, CASUALTIES]
        assert np.all(found >= first.ppf(LEVELS) * (1 - 1e-3)), pool  # a draw of 4,096
        assert np.all(found <= second.ppf(LEVELS) * (1 + 1e-3)), pool
    log = combined(question, "logarithmic")
    casualties = np.concatenate([one.losses.casualties[one.tilt > 0] for one in log.draws.values()])
    # Both ranges hold 600 to 900; the blur reaches four times 5 % further.
    assert casualties.min() > 600 * (1 - 5 * RESOLUTION)
    assert casualties.max() < 900 * (1 + 5 * RESOLUTION)
    found = summaries(question, "logarithmic")[0, CASUALTIES]
    # Flat by flat is flat between 600 and 900; its edges are blurred by twice 5 %. Worst seen 55.
    assert found == pytest.approx(600 + 300 * LEVELS, abs=2 * RESOLUTION * 750)


def test_an_origin_that_agrees_makes_no_pool_wider():
    """Standards: the logarithmic pool narrows towards what all say; the linear is no wider than its widest origin."""
    wide, narrow = LogNormal(500.0, 0.6), LogNormal(500.0, 0.2)
    two = asked({"a": {"casualties": wide}, "b": {"casualties": narrow}}, force=point(1e6))
    three = asked({**two.origins, "c": {"casualties": narrow}}, force=point(1e6))
    width = {}
    for pool in POOLS:
        for name, question in (("two", two), ("three", three)):
            quantiles = summaries(question, pool)[0, CASUALTIES]
            width[pool, name] = quantiles[-1] - quantiles[0]
        # 1e-3: a draw.
        assert width[pool, "three"] <= width[pool, "two"] * (1 + 1e-3)
        assert width[pool, "two"] <= np.ptp(wide.ppf(LEVELS))
    assert width["logarithmic", "two"] < 0.6 * width["linear", "two"]


def test_nothing_in_common_is_refused_with_the_origins_named():
    origins = {"NIS": {"casualties": point(1_000.0)}, "US DoD": {"casualties": point(3_000.0)}}
    with pytest.raises(InputError, match="pool is 'logarithmic', but NIS and US DoD have no number of casualties in"):
        pooling(asked(origins), "logarithmic")
    # Single numbers nearer than the resolution are one.
    near = {"NIS": {"casualties": point(1_000.0)}, "US DoD": {"casualties": point(1_001.0)}}
    assert pooling(asked(near), "logarithmic").agreement == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("pool", POOLS)
def test_scaling_everything_scales_the_numbers_and_leaves_the_ratios(pool):
    origins = {"a": {"casualties": LogNormal(500.0, 0.4)}, "b": {"casualties": LogNormal(900.0, 0.3)}}
    large = {name: {"casualties": Scaled(given["casualties"], 8.0)} for name, given in origins.items()}
    small, big = (
        summaries(asked(one, force=point(force)), pool, log2_points=10)
        for one, force in ((origins, 10_000.0), (large, 80_000.0))
    )
    for row, name in enumerate(QUANTITIES):
        factor = 1.0 if name in RATIOS or name in ("wounded_per_killed", "killed_share") else 8.0
        # Cells of the tilt begin elsewhere: a draw in 1,024 may change cells, each of which is 1 % wide.
        assert big[:, row] == pytest.approx(factor * small[:, row], rel=2e-3), name


@pytest.mark.parametrize("pool", POOLS)
def test_a_run_with_a_pool_is_the_pool_that_stands_beside_the_others(pool):
    results = run(Settings(pool=pool, max_draws=16384))
    beside = run(Settings(max_draws=16384))
    same = next(one for one in beside.pools if one.name == pool)
    assert results.estimates == same.estimates
    assert results.exceedance == same.exceedance
    assert results.denominator.estimates == results.estimates
    assert results.violation == 0
    assert [one.name for one in results.pools] == ["linear", "logarithmic", "median"]
    # The figures' draws are those of the pool: their median is its median.
    draws = pooled(results.combined.draws, results.combined.question)
    share = draws.values[QUANTITIES.index("casualties_ratio")]
    estimate = results.estimate("casualties_ratio")
    half = weighted_quantiles(share, draws.weight, np.array([0.5]))[0]
    assert half == pytest.approx(estimate.median, rel=1e-3)  # 16,384 draws against the force integrated out


@pytest.mark.parametrize("pool", POOLS)
def test_a_width_of_one_is_the_reading_itself_and_a_wider_reading_a_wider_answer(pool):
    as_read, wider, narrower = (run(Settings(pool=pool, width=width, max_draws=16384)) for width in (1.0, 2.0, 0.5))
    assert '"width": 1.0' in to_json(as_read)
    widths = [
        one.estimate("casualties_ratio").interval(0.9).high - one.estimate("casualties_ratio").interval(0.9).low
        for one in (narrower, as_read, wider)
    ]
    assert widths[0] < 0.8 * widths[1] < 0.64 * widths[2]


def test_settings_refuse_a_width_that_is_none():
    for wrong in (0.0, -1.0, 11.0, float("nan"), "wide"):
        with pytest.raises(InputError, match=r"width is .*, expected a number from 0.1 to 10, like 2"):
            Settings(width=wrong)
    assert Settings(width=2).width == 2.0
    assert replace(Settings(), width=0.5).width == 0.5


BOUNDS = (100, 150, 200, 300, 500, 800, 1200)


def quantiles_by_bound(pool: str) -> np.ndarray:
    """Killed and casualties of the seed, with NIS's "at least 100" raised bound by bound: (bound, 2, level)."""
    seed, found = prepare(Settings()).questions["reported"], []
    for bound in BOUNDS:
        nis = {**seed.origins["NIS"], "killed": read(f"at least {bound}").distribution}
        rows = summaries(replace(seed, origins={**seed.origins, "NIS": nis}), pool, log2_points=10).mean(axis=0)
        found.append(rows[[QUANTITIES.index("killed"), CASUALTIES]])
    return np.array(found)


def test_raising_a_lower_bound_lowers_no_quantile_of_the_linear_pool():
    found = quantiles_by_bound("linear")
    # 1e-9: rounding. All bounds are drawn from the same points.
    assert np.all(np.diff(found, axis=0) >= -1e-9 * found[:-1])
    assert found[-1, 0, 2] > 2 * found[0, 0, 2]


def test_raising_a_lower_bound_lowers_no_quantile_of_casualties_in_the_median_pool():
    found = quantiles_by_bound("median")[:, 1]
    # 1e-3: ranks of 1,024 draws, which another bound orders otherwise.
    assert np.all(np.diff(found, axis=0) >= -1e-3 * found[:-1])
    assert found[-1, 2] > 1.3 * found[0, 2]


def test_the_logarithmic_pool_may_fall_where_a_bound_rises():
    """Where two origins part, it goes to what they still share: the exception that `analysis.pools` states."""
    found = quantiles_by_bound("logarithmic")
    falls = np.diff(found, axis=0) / found[:-1]
    assert falls.min() < -0.02
    # What is far above that does rise: the lowest bound against the highest, at the middle of the casualties.
    assert found[-1, 1, 2] > found[0, 1, 2]


@pytest.mark.parametrize("pool", POOLS)
def test_scaling_the_force_alone_scales_the_ratios(pool):
    origins = {"a": WAYS["both"], "b": WAYS["sum"]}
    small, large = (summaries(asked(origins, force=point(f)), pool)[0] for f in (50_000.0, 400_000.0))
    for name in RATIOS:
        row = QUANTITIES.index(name)
        assert 8 * large[row] == pytest.approx(small[row], rel=1e-12), name  # a power of two is exact
