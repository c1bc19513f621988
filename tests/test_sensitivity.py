"""What the answer depends on among its inputs: closed forms first, then the seed."""

import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from analysis.dependence import inputs_record
from analysis.distributions import LogNormal, Mixture, Tabulated, Uniform, as_table, point
from analysis.errors import InputError
from analysis.indices import indices
from analysis.inputs import prepare
from analysis.known import NODES, column_known, origin_known, size_known
from analysis.model import Question, draw, drawn_quantiles
from analysis.pipeline import run
from analysis.pools import pooling
from analysis.records import plain
from analysis.sampling import cube, replicate_seeds
from analysis.sensitivity import analyse
from analysis.settings import Settings, scrambles
from analysis.shares import Shares, _logarithm
from analysis.without import CURVE
from analysis.worth import widths

DATA = Path(__file__).parent.parent / "analysis" / "data"
SEEDS = replicate_seeds(np.random.default_rng(20241219), 16)
SEED = Settings()
# Estimates from 16 replicates have Student's t with 15 degrees of freedom: beyond five standard errors once in 6,000.
TIMES = 5


@pytest.fixture(scope="module")
def seed():
    return analyse(SEED)


def near(got, expected, mcse, *, small, beside=0.0):
    """Within a multiple of its own error (and of what the table of a distribution misses), which is small."""
    got, expected, mcse = np.asarray(got), np.asarray(expected), np.asarray(mcse)
    assert np.all(mcse < small), mcse
    assert np.all(np.abs(got - expected) <= TIMES * mcse + beside), (got, expected, mcse)


# --- indices ---


def ishigami(points):
    x = np.pi * (2 * points - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_ishigami():
    """Ishigami and Homma (1990) with a = 7, b = 0.1; the closed forms to four digits, hence half of the fourth."""
    found = indices(ishigami, 3, SEEDS, 12)
    near(found.first, [0.3139, 0.4424, 0.0], found.mcse_first, small=0.002, beside=5e-5)
    near(found.total, [0.5576, 0.4424, 0.2437], found.mcse_total, small=0.001, beside=5e-5)
    # Its variance: a**2 / 8 + b pi**4 / 5 + b**2 pi**8 / 18 + 1 / 2 = 13.8446.
    assert found.sd**2 == pytest.approx(13.8446, rel=2e-3)


SPREADS = np.array([0.3, 0.5, 0.2])


def lognormal_product(points):
    return np.exp(ndtri(points) @ SPREADS)


def test_a_lognormal_product_on_its_own_scale():
    """S_i = (e^(s_i^2) - 1) / (e^(sum s^2) - 1), T_i = (e^(s_i^2) - 1) e^(sum of the others) / (e^(sum s^2) - 1)."""
    found = indices(lognormal_product, 3, SEEDS, 12)
    squares = SPREADS**2
    whole = np.expm1(squares.sum())
    near(found.first, np.expm1(squares) / whole, found.mcse_first, small=0.003)
    near(found.total, np.expm1(squares) * np.exp(squares.sum() - squares) / whole, found.mcse_total, small=0.003)


def test_a_lognormal_product_on_the_logarithmic_scale():
    """A sum: both indices are s_i^2 over their sum."""
    found = indices(lambda points: np.log(lognormal_product(points)), 3, SEEDS, 12)
    expected = SPREADS**2 / (SPREADS**2).sum()
    near(found.first, expected, found.mcse_first, small=0.001)
    near(found.total, expected, found.mcse_total, small=0.001)
    assert found.sd == pytest.approx(np.sqrt((SPREADS**2).sum()), rel=2e-3)


def test_a_function_without_variance_has_no_indices():
    found = indices(lambda points: 0.1 + 0 * points[:, 0], 2, SEEDS, 4)
    assert found.first.tolist() == found.total.tolist() == [0.0, 0.0]


A, B, F = 0.3, 0.2, 0.1  # spreads of the logarithms
FORCE = as_table(LogNormal(100_000.0, F))


def two(weight=0.4):
    origins = {"A": {"casualties": LogNormal(1000.0, A)}, "B": {"casualties": LogNormal(2000.0, B)}}
    return Question(origins, {"A": weight, "B": 1 - weight}, LogNormal(3.0, 0.5), FORCE)


def test_the_model_s_indices_with_two_origins():
    """
    log ratio = (A or B) - F. With w of A, d = log 2 and v the variance of the whole:

    v = w a^2 + (1 - w) b^2 + w (1 - w) d^2 + f^2.
    First, over v: f^2; w^2 a^2; (1 - w)^2 b^2; w (1 - w) d^2.
    Total, over v: f^2; w a^2; (1 - w) b^2; w (1 - w) (d^2 + a^2 + b^2). R splits and does not matter.
    """
    w, d = 0.4, np.log(2)
    v = w * A**2 + (1 - w) * B**2 + w * (1 - w) * d**2 + F**2
    found = indices(partial(_logarithm, two(w)), 5, SEEDS, 12)
    first = [F**2, 0.0, w**2 * A**2, (1 - w) ** 2 * B**2, w * (1 - w) * d**2]
    total = [F**2, 0.0, w * A**2, (1 - w) * B**2, w * (1 - w) * (d**2 + A**2 + B**2)]
    near(found.first, np.array(first) / v, found.mcse_first, small=0.002, beside=1e-4)  # 1e-4: the force is a table
    near(found.total, np.array(total) / v, found.mcse_total, small=0.002, beside=1e-4)
    assert found.sd == pytest.approx(np.sqrt(v), rel=2e-3)


def test_the_analysed_function_is_the_model_s_own():
    question, points = two(), np.random.default_rng(3).random((64, 5))
    drawn = draw(question, points[:, :4])
    ratios = np.array([drawn[name].quantity("casualties_ratio") for name in ("A", "B")])
    expected = np.where(points[:, 4] < 0.4, ratios[0], ratios[1])
    # 1e-12: all forces hold the casualties, so that only rounding differs.
    assert _logarithm(question, points) == pytest.approx(np.log(expected), rel=1e-12)


def test_the_model_s_indices_of_the_killed():
    """
    A gives its killed, B its casualties, which R splits: killed of B = 2,000 B / (1 + R), R one of 1 and 3, evenly.

    With w of A, r = log(2) / 2 the spread of log(1 + R), and d the distance of the centres, log 100 - log 2,000 + the
    mean of log(1 + R), log(8) / 2: v = w a^2 + (1 - w)(b^2 + r^2) + w (1 - w) d^2 + f^2.
    First, over v: f^2; (1 - w)^2 r^2; w^2 a^2; (1 - w)^2 b^2; w (1 - w) d^2.
    Total, over v: f^2; (1 - w) r^2; w a^2; (1 - w) b^2; w (1 - w) (d^2 + a^2 + b^2 + r^2).
    """
    w, r, d = 0.4, np.log(2) / 2, np.log(100 / 2000) + np.log(8) / 2
    coin = Tabulated(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0.0, 0.5, 0.5, 1.0]))
    origins = {"A": {"killed": LogNormal(100.0, A)}, "B": {"casualties": LogNormal(2000.0, B)}}
    question = Question(origins, {"A": w, "B": 1 - w}, coin, FORCE)
    v = w * A**2 + (1 - w) * (B**2 + r**2) + w * (1 - w) * d**2 + F**2
    found = indices(partial(_logarithm, question, quantity="killed_ratio"), 5, SEEDS, 12)
    first = [F**2, (1 - w) ** 2 * r**2, w**2 * A**2, (1 - w) ** 2 * B**2, w * (1 - w) * d**2]
    total = [F**2, (1 - w) * r**2, w * A**2, (1 - w) * B**2, w * (1 - w) * (d**2 + A**2 + B**2 + r**2)]
    near(found.first, np.array(first) / v, found.mcse_first, small=0.002, beside=1e-4)  # 1e-4: the force is a table
    near(found.total, np.array(total) / v, found.mcse_total, small=0.002, beside=1e-4)
    assert found.sd == pytest.approx(np.sqrt(v), rel=2e-3)


# --- widths ---


def asked(question, rule, *known, seeds=SEEDS):
    return widths(question, rule, known, level=0.9, seeds=seeds)


# Quantiles between 1,024 weighted draws miss the width by so much of it; worst seen 1.1e-3 (median pool), and a tenth
# of that with four times the points. Values of an input are the means of 32 parts, which misses less.
BETWEEN = 1.5e-3
Z = ndtri(0.95)


def width(spread):
    """Of the 90 % interval of a lognormal of median 1."""
    return np.exp(Z * spread) - np.exp(-Z * spread)


def one():
    return Question({"A": {"casualties": LogNormal(1000.0, A)}}, {"A": 1.0}, LogNormal(3.0, 0.5), FORCE)


def test_one_figure_exact_leaves_the_width_of_the_force():
    """
    Casualties x over the force: the interval is x / 100,000 times that of 1 / F, and E[x] = 1,000 e^(a^2 / 2). An exact
    force leaves that of the casualties, times E[1 / F] = e^(f^2 / 2) / 100,000.
    """
    force, ratio, figure = asked(one(), "linear", *(column_known(one(), column) for column in range(3)))
    share = 1000 / 100_000
    near(figure.now, share * width(np.hypot(A, F)), figure.mcse_now, small=5e-5, beside=BETWEEN * figure.now)
    near(
        figure.expected, share * np.exp(A**2 / 2) * width(F), figure.mcse, small=2e-5, beside=BETWEEN * figure.expected
    )
    near(force.expected, share * np.exp(F**2 / 2) * width(A), force.mcse, small=5e-5, beside=BETWEEN * force.expected)
    # R splits casualties that are given: knowing it changes nothing, to the byte.
    assert (ratio.expected, ratio.change, ratio.mcse_change) == (ratio.now, 0.0, 0.0)
    assert figure.change == pytest.approx(figure.expected - figure.now, abs=1e-15)
    assert figure.answered == force.answered == ratio.answered == 1.0
    assert not figure.widens


@pytest.mark.parametrize("rule", ["linear", "logarithmic", "median"])
def test_the_fast_path_is_the_model_asked_again_for_each_value(rule):
    """The slow twin: `model.draw` of the question with the input exact, all columns from their readings."""
    origins = {
        "A": {"killed": LogNormal(250.0, 0.2)},
        "B": {"killed": LogNormal(200.0, B), "wounded": LogNormal(900.0, A)},
        "C": {"casualties": LogNormal(1500.0, B)},
    }
    question = Question(origins, {"A": 0.5, "B": 0.3, "C": 0.2}, LogNormal(3.0, 0.5), FORCE)
    known = [column_known(question, column) for column in range(6)] + [origin_known(question)]
    found = asked(question, rule, *known, seeds=SEEDS[:2])
    for one, got in zip(known, found, strict=True):
        expected = []
        for seed in SEEDS[:2]:
            points = cube(seed, log2_points=10, dimensions=6)
            for case in one.cases:
                combined = pooling(case.question, rule).combine(draw(case.question, points), points[:, 0])
                low, high = drawn_quantiles(
                    combined.draws, combined.question, name="casualties_ratio", levels=np.array([0.05, 0.95])
                )
                expected.append(case.probability * (high - low) / 2)
        # Rounding only.
        assert got.expected == pytest.approx(sum(expected), rel=1e-9)


def test_r_counts_where_an_origin_gives_only_the_killed():
    """Casualties are 100 (1 + R): an exact R leaves nothing but the force, a point here, so no width at all."""
    question = Question({"A": {"killed": point(100.0)}}, {"A": 1.0}, LogNormal(3.0, 0.5), point(10_000.0))
    (found,) = asked(question, "linear", column_known(question, 1))
    # R from 3 e^(-0.5 z) to 3 e^(0.5 z), times 100 / 10,000.
    near(found.now, 0.01 * 3 * width(0.5), found.mcse_now, small=2e-4, beside=BETWEEN * found.now)
    assert found.expected == pytest.approx(0.0, abs=1e-15)


def test_which_origin_is_right_leaves_each_alone():
    question = replace(two(), force=point(100_000.0))
    (found,) = asked(question, "linear", origin_known(question))
    expected = 0.4 * 0.01 * width(A) + 0.6 * 0.02 * width(B)
    near(found.expected, expected, found.mcse, small=5e-5, beside=BETWEEN * expected)


def test_one_of_two_claims_behind_the_force_changes_only_its_half():
    """
    Casualties 1,000 exactly; the force 9,900 to 10,100 or 19,800 to 20,200, evenly and equally likely.

    The 5 % quantile of the ratio is where the upper part has 10 % above it, the 95 % where the lower has 10 % below it.
    With the lower part exact at x the 95 % quantile is 1,000 / x, so that the expected width changes by
    E[1,000 / x] - 1,000 / 9,920, and E[1 / x] = log(10,100 / 9,900) / 200.
    """
    parts = (Uniform(9_900.0, 10_100.0), Uniform(19_800.0, 20_200.0))
    force = as_table(Mixture(parts, (0.5, 0.5)))
    question = Question({"A": {"casualties": point(1000.0)}}, {"A": 1.0}, LogNormal(3.0, 0.5), force)
    (found,) = asked(question, "linear", size_known(question, parts, 0))
    now = 1000 / 9_920 - 1000 / 20_160
    change = 1000 * np.log(10_100 / 9_900) / 200 - 1000 / 9_920
    # 3e-5 of probability is what a table misses, 1 / 200 of it in soldiers: far below 1e-6 of the ratio.
    near(found.now, now, found.mcse_now, small=2e-6, beside=2e-6)
    near(found.change, change, found.mcse_change, small=2e-6, beside=2e-6)


def test_knowing_can_widen_an_interval_and_then_says_so():
    """
    A says 100 and has 0.92 of the weight; B says 100 or 900, equally likely, and has 0.08. Now 4 % say 900, less than a
    tail of 5 %, so that the 90 % interval has no width. Is B exact at 900, then 8 % say so and the upper end is 900; is
    it exact at 100, the interval has no width again. The force is 10,000 exactly.
    """
    coin = Tabulated(np.array([100.0, 100.0, 900.0, 900.0]), np.array([0.0, 0.5, 0.5, 1.0]))
    origins = {"A": {"casualties": point(100.0)}, "B": {"casualties": coin}}
    question = Question(origins, {"A": 0.92, "B": 0.08}, LogNormal(3.0, 0.5), point(10_000.0))
    (found,) = asked(question, "linear", column_known(question, 3))
    assert found.now == pytest.approx(0.0, abs=1e-12)
    assert found.expected == pytest.approx(0.5 * 800 / 10_000, abs=1e-9)
    assert found.widens


def test_values_without_an_answer_are_left_out_and_counted():
    """Casualties evenly from 0 to 2,000 and a force of 1,000 exactly: half of the values are none of this force."""
    question = Question({"A": {"casualties": Uniform(1.0, 2_001.0)}}, {"A": 1.0}, LogNormal(3.0, 0.5), point(1_001.0))
    (found,) = asked(question, "linear", column_known(question, 2))
    assert found.answered == 0.5
    assert found.expected == pytest.approx(0.0, abs=1e-12)
    small = replace(question, force=point(1.5))
    beyond = replace(question, origins={"A": {"casualties": Uniform(2.0, 3.0)}})
    (none,) = widths(beyond, "linear", [size_known(beyond, (small.force,), 0)], level=0.9, seeds=SEEDS)
    assert (none.expected, none.mcse, none.change, none.answered) == (None, None, None, 0.0)
    assert not none.widens


def test_no_common_ground_is_no_answer():
    """B knows of 900 to 1,100 only, A of 100 (half) or of 900 to 1,100: half of A's values are none of B's."""
    half = Tabulated(np.array([100.0, 100.0, 900.0, 1_100.0]), np.array([0.0, 0.5, 0.5, 1.0]))
    origins = {"A": {"casualties": half}, "B": {"casualties": Uniform(900.0, 1_100.0)}}
    question = Question(origins, {"A": 0.5, "B": 0.5}, LogNormal(3.0, 0.5), as_table(LogNormal(100_000.0, F)))
    (found,) = asked(question, "logarithmic", column_known(question, 2), seeds=SEEDS[:2])
    assert found.answered == 0.5
    (linear,) = asked(question, "linear", column_known(question, 2), seeds=SEEDS[:2])
    assert linear.answered == 1.0


@pytest.mark.parametrize("rule", ["linear", "logarithmic", "median"])
def test_origins_that_say_the_same_are_one_in_every_pool(rule):
    """
    Two origins with the same reading: the pool is that reading in all three, and an exact force leaves its width.
    """
    origins = {name: {"casualties": LogNormal(1000.0, A)} for name in ("A", "B")}
    question = Question(origins, {"A": 0.5, "B": 0.5}, LogNormal(3.0, 0.5), FORCE)
    (found,) = asked(question, rule, column_known(question, 0))
    expected = 0.01 * np.exp(F**2 / 2) * width(A)
    near(found.expected, expected, found.mcse, small=5e-5, beside=BETWEEN * expected)


# --- the seed ---


def test_the_inputs_of_the_seed_have_names_and_are_in_the_order_of_the_model(seed):
    labels = [row.input.label for row in seed.inputs.rows]
    assert labels == [
        'force, "around 10,000"',
        "wounded per killed (historical)",
        'NIS killed, "at least 100"',
        'NIS wounded, "approximately 1,000"',
        'US DoD casualties, "several hundred"',
        "which origin is right",
    ]
    assert [one.input.label for one in seed.worth] == labels
    assert [row.input.claims for row in seed.inputs.rows][2:4] == [("seed-nis-killed",), ("seed-nis-wounded",)]
    assert seed.inputs.rule == seed.inputs.in_use == "linear"
    assert seed.inputs.notes == ()
    # Nobody has more casualties than soldiers there.
    assert seed.inputs.not_kept == pytest.approx(0.0, abs=1e-9)
    # The same law drawn in two ways, so only sampling differs.
    assert seed.inputs.sd == pytest.approx(seed.inputs.sd_in_use, rel=2e-3)


def test_shares_of_the_seed_add_up_as_shares_must(seed):
    rows = seed.inputs.rows
    for row in rows:
        assert row.first <= row.total + TIMES * (row.mcse_first + row.mcse_total), row.input.label
        assert row.mcse_first < 0.005
        assert row.mcse_total < 0.002
    assert sum(row.first for row in rows) <= 1 + TIMES * sum(row.mcse_first for row in rows)
    assert sum(row.total for row in rows) >= 1
    by_label = {row.input.kind: row for row in rows if row.input.kind != "figure"}
    # Both origins give casualties or their two parts: R only splits them.
    assert by_label["wounded_per_killed"].total == pytest.approx(0.0, abs=1e-12)
    # The force enters as a factor of its own: both indices are the same.
    force = by_label["force"]
    near(force.first, force.total, force.mcse_first + force.mcse_total, small=0.002)


def test_shares_of_the_killed_are_of_other_inputs(seed):
    lost, killed = seed.inputs, seed.killed
    assert (lost.quantity, killed.quantity) == ("casualties_ratio", "killed_ratio")
    assert [row.input for row in killed.rows] == [row.input for row in lost.rows]
    by_label = {row.input.label: row for row in killed.rows}
    for row in killed.rows:
        assert row.first <= row.total + TIMES * (row.mcse_first + row.mcse_total), row.input.label
    assert sum(row.total for row in killed.rows) >= 1
    # NIS counts the wounded apart: they are none of its killed. R splits the casualties of US DoD.
    assert by_label['NIS wounded, "approximately 1,000"'].total == 0.0
    assert by_label["wounded per killed (historical)"].first > 0.1
    # The same law drawn in two ways, so only sampling differs.
    assert killed.sd == pytest.approx(killed.sd_in_use, rel=2e-3)
    # NIS alone: its killed are its own, whatever the class.
    alone = analyse(replace(SEED, weights="US=0"))
    assert {row.input.kind: row.total for row in alone.killed.rows}["wounded_per_killed"] == 0.0


def test_without_an_origin_the_other_stands_alone(seed):
    results = run(replace(SEED, max_draws=16384))
    assert [one.name for one in seed.without] == ["NIS", "US DoD"]
    for left_out, alone in (("NIS", "US DoD"), ("US DoD", "NIS")):
        found = next(one for one in seed.without if one.name == left_out)
        assert found.weights == {alone: 1.0}
        assert found.reason == ""
        # The same points as a run of this size: equal to the last digit.
        expected = next(one for one in results.origins if one.name == alone)
        assert found.estimates == expected.estimates
        assert found.exceedance == expected.exceedance
    assert seed.whole.estimates == results.estimates
    assert seed.whole.name == ""
    curve = np.array(seed.whole.curve)
    assert curve.size == len(CURVE) == 99
    assert np.all(np.diff(curve) >= 0)
    # Read off the draws as they are, and with the force integrated out: a thousandth of the width at most.
    estimate = seed.whole.estimate("casualties_ratio")
    assert curve[[4, 49, 94]] == pytest.approx(
        [estimate.interval(0.9).low, estimate.median, estimate.interval(0.9).high], abs=1.5e-4
    )


def test_left_out_weights_are_those_of_the_streams_anew():
    """Of NIS and the President of Ukraine, one stream, and Western officials, another: without one, a half each."""
    found = analyse(replace(SEED, register="public-record", as_of="2025-02-01"))
    weights = {one.name: one.weights for one in found.without}
    assert found.whole.weights == {"NIS": 0.25, "Ukraine President": 0.25, "Western officials": 0.5}
    assert weights["NIS"] == {"Ukraine President": 0.5, "Western officials": 0.5}
    assert weights["Western officials"] == {"NIS": 0.5, "Ukraine President": 0.5}


def test_one_origin_with_weight_is_neither_left_out_nor_asked_who_is_right():
    found = analyse(replace(SEED, weights="US=0"))
    assert found.without == ()
    kinds = [row.input.kind for row in found.inputs.rows]
    assert kinds == ["force", "wounded_per_killed", "figure", "figure"]
    assert [one.input.kind for one in found.worth] == kinds
    # One account of losses that add up and a force that divides them: no interactions to speak of, so first-order
    # indices add to 1 but for the sum's own curvature on the scale of logarithms.
    assert sum(row.first for row in found.inputs.rows) == pytest.approx(1.0, abs=0.01)


def test_several_claims_behind_the_force_are_made_exact_one_by_one():
    settings = replace(SEED, register="public-record", as_of="2025-02-01", force="theatre")
    found = analyse(settings)
    claims = [one.claim.id for one in prepare(settings).forces["theatre"].claims]
    assert found.inputs.rows[0].input.label == "force (2 claims)"
    assert list(found.inputs.rows[0].input.claims) == claims
    sizes = [one for one in found.worth if one.input.kind == "size"]
    assert [one.input.claims for one in sizes] == [(claim,) for claim in claims]
    assert sizes[0].input.label == 'force, NIS "some 11,000, part of them in combat"'
    # A part of the killed among casualties that are given changes nothing beyond rounding.
    part = next(one for one in found.worth if one.input.label == 'Western officials killed, "around 1,000"')
    assert part.width.change == pytest.approx(0.0, abs=1e-12)
    assert not part.width.widens


def test_what_does_not_matter_changes_nothing_beyond_its_error(seed):
    by_kind = {one.input.kind: one.width for one in seed.worth if one.input.kind != "figure"}
    assert by_kind["wounded_per_killed"].change == 0.0
    # Ten times as many wounded as killed, so that the killed hardly count.
    killed = next(one.width for one in seed.worth if one.input.label.startswith("NIS killed"))
    assert abs(killed.change) < TIMES * killed.mcse_change < 0.002
    widths_now = {one.width.now for one in seed.worth}
    assert len(widths_now) == 1
    interval = run(replace(SEED, max_draws=16384)).estimate("casualties_ratio").interval(0.9)
    near(widths_now.pop(), interval.high - interval.low, seed.worth[0].width.mcse_now, small=5e-4)


def test_narrowing_has_the_most_useful_knowledge_first(seed):
    expected = [one.width.expected for one in seed.narrowing]
    assert expected == sorted(expected)
    assert seed.narrowing[0].input.label == "which origin is right"
    # An average over a quarter of the values comes last, however narrow.
    first, *others = seed.worth
    few = replace(first, width=replace(first.width, expected=1e-6, answered=0.25))
    assert replace(seed, worth=(few, *others)).narrowing[-1] == few


@pytest.mark.parametrize("pool", ["logarithmic", "median"])
def test_other_pools_have_their_own_widths_and_the_linear_pool_s_shares(seed, pool):
    found = analyse(replace(SEED, pool=pool))
    assert found.inputs.rows == seed.inputs.rows
    assert (found.inputs.rule, found.inputs.in_use) == ("linear", pool)
    assert found.inputs.notes[0].startswith("These are shares of the linear pool")
    assert found.inputs.sd_in_use < 0.7 * found.inputs.sd
    assert found.worth[0].width.now < 0.8 * seed.worth[0].width.now
    # An origin alone is the same in every pool.
    assert [one.estimates for one in found.without] == [one.estimates for one in seed.without]
    # Who is right is worth as much in every pool, once it is known.
    assert found.worth[-1].width.expected == seed.worth[-1].width.expected


def test_draws_that_are_not_kept_are_told():
    shares = Shares((), "linear", "linear", 0.5, 0.41, 0.12, 16, 1024)
    assert shares.notes[0].startswith("In 12 % of the draws casualties exceed the force.")
    assert shares.notes[1] == "The standard deviation of the logarithm is 0.50 here and 0.41 in the answer."
    assert replace(shares, not_kept=0.009).notes == ()


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_workers_change_nothing(seed, pool):
    with pool(2) as executor:
        again = analyse(SEED, executor=executor)
    assert again == seed
    assert inputs_record(again) == inputs_record(seed)


def test_the_record_is_plain_and_complete(seed):
    record = json.loads(json.dumps(plain(inputs_record(seed)), allow_nan=False))
    assert [row["input"]["label"] for row in record["inputs"]["rows"]][-1] == "which origin is right"
    assert record["inputs"]["rows"][0]["total"] == float(f"{seed.inputs.rows[0].total:.12g}")
    assert record["inputs"]["quantity"] == "casualties_ratio"
    assert record["inputs_killed"]["quantity"] == "killed_ratio"
    assert record["inputs_killed"]["rows"][1]["total"] == float(f"{seed.killed.rows[1].total:.12g}")
    assert len(record["whole"]["curve"]) == len(record["curve_levels"]) == 99
    assert [one["name"] for one in record["without"]] == ["NIS", "US DoD"]
    assert record["worth"][0]["level"] == 0.9
    assert record["killed_shares"]["origins"][0]["printed"] == 10.0
    assert record["killed_shares"]["references"][5]["published"] == "2025-01-13"


def test_wrong_input_is_refused_as_by_a_run():
    with pytest.raises(InputError, match=r"weights names 'X', expected a counted origin: NIS, US DoD"):
        analyse(replace(SEED, weights="X=1"))
    with pytest.raises(InputError, match=r"no claim was published on or before 2024-01-01"):
        analyse(replace(SEED, as_of="2024-01-01"))


def test_a_force_that_most_casualties_exceed_is_refused_as_by_a_run(tmp_path):
    """NIS says 1,000 wounded and at least 100 killed: a force of around 1,000 is not theirs."""
    for name in ("seed.csv", "sources.toml"):
        text = (DATA / name).read_text(encoding="utf-8").replace("around 10,000", "around 1,000")
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = replace(SEED, register=str(tmp_path / "seed.csv"))
    with pytest.raises(InputError, match="casualties as NIS gives them exceed the force in") as ours:
        analyse(settings)
    with pytest.raises(InputError) as theirs:
        run(settings)
    assert ours.value.faults == theirs.value.faults


def test_origins_without_common_ground_have_no_answer_until_one_is_left_out(tmp_path):
    """NIS counts 1,000 wounded, US DoD 20 casualties: no logarithmic pool, as in a run."""
    for name in ("seed.csv", "sources.toml"):
        text = (DATA / name).read_text(encoding="utf-8").replace("several hundred,", "exactly 20,")
        text = text.replace('reporting = "third-party"', 'reporting = "none"')
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = replace(SEED, register=str(tmp_path / "seed.csv"), pool="logarithmic")
    with pytest.raises(InputError, match="NIS and US DoD have no number of casualties in common"):
        analyse(settings)
    assert [one.name for one in analyse(replace(settings, pool="linear")).without] == ["NIS", "US DoD"]


def test_the_seeds_are_those_of_a_run():
    ours, theirs = scrambles(SEED), replicate_seeds(np.random.default_rng(SEED.seed), 16)
    assert [one.spawn_key for one in ours] == [one.spawn_key for one in theirs]
    assert NODES >= 32
