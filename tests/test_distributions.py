"""One contract for every distribution, then each against a closed form or a simulation."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from analysis.distributions import (
    Censored,
    LogNormal,
    Mixture,
    Pareto,
    Pert,
    Quotient,
    Reach,
    Scaled,
    ShiftedExponential,
    Spliced,
    Tabulated,
    Truncated,
    Uniform,
    Widened,
    as_table,
    point,
    ready,
    tabulate,
)

ABOUT = Reach(1000.0, 56.3, 1.344, least=5.63, most=337.8, shape=1, above=0.5)
NEARLY = Reach(1000.0, 92.7, 1.374, least=0.0, most=300.0, shape=2, above=0.02)
AT_LEAST = Spliced((Uniform(50.0, 100.0), point(100.0), Pareto(100.0, 3.5)), (0.08, 0.22, 0.70))
BETWEEN = Spliced(
    (ShiftedExponential(10_000.0, -1000.0), Uniform(10_000.0, 12_000.0), ShiftedExponential(12_000.0, 1000.0)),
    (0.05, 0.9, 0.05),
)
EVERY = {
    "tabulated": Tabulated(np.array([1.0, 2.0, 2.0, 5.0]), np.array([0.0, 0.3, 0.6, 1.0])),
    "point": point(7.0),
    "couple": Tabulated(np.array([2.0, 2.0, 3.0, 3.0]), np.array([0.0, 0.85, 0.85, 1.0])),
    "uniform": Uniform(2.0, 6.0),
    "lognormal": LogNormal(3.0, 0.5),
    "pareto": Pareto(100.0, 3.5),
    "exponential up": ShiftedExponential(100.0, 20.0),
    "exponential down": ShiftedExponential(100.0, -20.0),
    "pert": Pert(5.0, 8.0, 10.0),
    "reach of about": ABOUT,
    "reach of nearly": NEARLY,
    "truncated": Truncated(LogNormal(500.0, 0.36), 200.0, 999.0),
    "censored": Censored(ShiftedExponential(100.0, 20.0), 150.0),
    "scaled": Scaled(Uniform(20.0, 60.0), 0.01),
    "spliced": AT_LEAST,
    "range with tails": BETWEEN,
    "mixture": Mixture((LogNormal(3.0, 0.5), point(3.0), Uniform(1.0, 9.0)), (0.4, 0.2, 0.4)),
    "quotient": Quotient(AT_LEAST, LogNormal(1.0, 0.25)),
}
# Where each begins and ends; tables of what has no end are finite, at probabilities of about 1e-15.
ENDS = {
    "tabulated": (1.0, 5.0),
    "point": (7.0, 7.0),
    "couple": (2.0, 3.0),
    "uniform": (2.0, 6.0),
    "lognormal": (0.0, np.inf),
    "pareto": (100.0, np.inf),
    "exponential up": (100.0, np.inf),
    "exponential down": (-np.inf, 100.0),
    "pert": (5.0, 10.0),
    "reach of about": (662.2, 1337.8),
    "reach of nearly": (700.0, 1300.0),
    "truncated": (200.0, 999.0),
    "censored": (100.0, 150.0),
    "scaled": (0.2, 0.6),
    "spliced": (50.0, np.inf),
    "range with tails": (-np.inf, np.inf),
}
P = np.concatenate([[0.0001], np.linspace(0.01, 0.99, 99), [0.9999]])
# Tables interpolate: worst seen 4e-6 in probability, at the kinks of a mixture.
TABLE = 2e-5
# Closed inverses: worst seen 1e-15, a few units in the last place.
CLOSED = 1e-13


def slack(one) -> float:
    """How far, in probability, ppf may miss the inverse of cdf."""
    return TABLE if isinstance(one, Reach | Mixture | Quotient) else CLOSED


@pytest.mark.parametrize("name", EVERY)
def test_contract(name):
    one = EVERY[name]
    x = one.ppf(P)
    assert np.all(np.diff(x) >= 0)
    between = np.sort(np.concatenate([x, (x[1:] + x[:-1]) / 2, x - 0.01, x + 0.01]))
    at, before = one.cdf(between), one.cdf(np.nextafter(between, -np.inf))
    # 1e-14: sums of partial moments, rounded; worst seen 2e-15.
    assert np.all(np.diff(at) >= -1e-14)
    assert np.all((at >= 0) & (at <= 1))
    # Right-continuous: what a single value carries is there at the value itself, not only beyond it.
    assert one.cdf(np.nextafter(between, np.inf)) == pytest.approx(at, abs=1e-9)
    assert np.all(before <= at + 1e-14)
    # ppf is the smallest x with cdf(x) >= p: at x the cdf has reached p, just before it has not passed it.
    assert np.all(one.cdf(x) >= P - slack(one))
    assert np.all(one.cdf(np.nextafter(x, -np.inf)) <= P + slack(one))
    # So it never leads beyond the value that a probability came from. 1e-9: the rounding of x itself.
    back = one.ppf(np.clip(at - slack(one), 0, 1))
    assert np.all((back <= between + 1e-9 * np.abs(between)) | (at <= slack(one)))


@pytest.mark.parametrize("name", EVERY)
def test_ends(name):
    one = EVERY[name]
    low, high = one.ppf(np.array([0.0, 1.0]))
    if name in ENDS:
        assert (low, high) == pytest.approx(ENDS[name], rel=1e-12)  # rounding of center -+ most
    assert one.cdf(np.array([-np.inf, np.inf])).tolist() == [0.0, 1.0]
    # 1e-12 and 1e-9: the little that a finite table of an endless distribution leaves beyond its ends.
    assert one.cdf(np.nextafter(low, -np.inf)) <= 1e-12
    assert one.cdf(high) >= 1 - 1e-9
    assert not np.isnan([low, high]).any()


@pytest.mark.parametrize("shape", [(), (1,), (0,), (6,), (2, 3), (3, 1, 2)])
@pytest.mark.parametrize("name", EVERY)
def test_shapes_are_kept(name, shape):
    one = EVERY[name]
    size = int(np.prod(shape))
    p = np.linspace(0.05, 0.95, size)
    x = one.ppf(p)
    found = one.ppf(p.reshape(shape)), one.cdf(x.reshape(shape))
    assert [value.shape for value in found] == [shape, shape]
    assert [np.asarray(value).dtype for value in found] == [np.float64, np.float64]
    assert np.array_equal(np.ravel(found[0]), x)
    assert np.array_equal(np.ravel(found[1]), one.cdf(x))


@pytest.mark.parametrize(
    ("one", "p", "smallest"),
    [
        (EVERY["couple"], 0.85, 2.0),
        (Tabulated([0.0, 1.0, 2.0, 3.0], [0.0, 0.5, 0.5, 1.0]), 0.5, 1.0),
        (Tabulated([0.0, 1.0, 2.0], [0.0, 1.0, 1.0]), 1.0, 1.0),
    ],
)
def test_over_a_gap_ppf_is_the_smallest_value(one, p, smallest):
    assert one.cdf(np.array(smallest)) == p
    assert one.ppf(np.array(p)) == smallest


@pytest.mark.parametrize("name", EVERY)
def test_draws_follow_the_cdf(name):
    one = EVERY[name]
    n = 20_000
    draws = np.sort(one.ppf((np.arange(n) + np.random.default_rng(1).random(n)) / n))
    at = one.cdf(draws)
    before = one.cdf(np.nextafter(draws, -np.inf))
    upper = np.arange(1, n + 1) / n
    # One draw lies in each n-th of the probability, so the empirical cdf is never further than 1/n away.
    assert np.all(at >= upper - 1 / n - slack(one))
    assert np.all(before <= upper + slack(one))


@given(st.floats(0.1, 1e4), st.floats(1.05, 50), st.floats(0.05, 0.99))
def test_lognormal_keeps_the_interval_it_was_made_from(low, factor, level):
    made = LogNormal.from_interval(low, low * factor, level=level)
    ends = made.ppf(np.array([(1 - level) / 2, (1 + level) / 2]))
    # 1e-9: logarithm and back, a few units in the last place.
    assert ends == pytest.approx([low, low * factor], rel=1e-9)


def test_against_scipy():
    pairs = [
        (LogNormal(3.0, 0.5), stats.lognorm(0.5, scale=3.0)),
        (Pareto(100.0, 3.5), stats.pareto(3.5, scale=100.0)),
        (ShiftedExponential(100.0, 20.0), stats.expon(100.0, 20.0)),
        (Pert(5.0, 8.0, 10.0), stats.beta(1 + 4 * 3 / 5, 1 + 4 * 2 / 5, loc=5.0, scale=5.0)),
        (Truncated(LogNormal(500.0, 0.36), 200.0, 999.0), None),
    ]
    for ours, theirs in pairs[:-1]:
        x = theirs.ppf(P)
        # 1e-9: two implementations of the same closed form.
        assert ours.cdf(x) == pytest.approx(theirs.cdf(x), abs=1e-9)
        assert ours.ppf(P) == pytest.approx(x, rel=1e-9)
    base = stats.lognorm(0.36, scale=500.0)
    inside = base.cdf(999.0) - base.cdf(200.0)
    x = np.array([250.0, 400.0, 900.0])
    assert pairs[-1][0].cdf(x) == pytest.approx((base.cdf(x) - base.cdf(200.0)) / inside, abs=1e-9)


def test_exponential_downwards_mirrors_upwards():
    up, down = ShiftedExponential(0.0, 5.0), ShiftedExponential(0.0, -5.0)
    assert down.ppf(P) == pytest.approx(-up.ppf(1 - P), abs=1e-9)


def test_below_leaves_single_values_out():
    table = Tabulated([1.0, 2.0, 2.0, 5.0], [0.0, 0.3, 0.6, 1.0])
    assert table.below(np.array([1.0, 2.0, 3.5])) == pytest.approx([0.0, 0.3, 0.8], abs=1e-11)
    assert table.cdf(np.array([1.0, 2.0, 3.5])) == pytest.approx([0.0, 0.6, 0.8])
    # 500 / 0.05 and the like: a unit in the last place above is still the value itself.
    assert table.below(np.nextafter(2.0, 3.0)) == pytest.approx(0.3, abs=1e-11)


def test_censored_places_the_rest_on_its_end():
    one = EVERY["censored"]
    assert one.cdf(np.array(150.0)) == 1
    assert one.cdf(np.array(149.999)) == pytest.approx(1 - np.exp(-2.5), abs=1e-5)
    # The atom begins where the rest of the probability, exp(-2.5), does.
    edge = 1 - np.exp(-2.5)
    assert one.ppf(np.array([edge + 1e-9, 0.95, 1.0])).tolist() == [150.0, 150.0, 150.0]
    assert one.ppf(np.array(edge - 1e-3)) < 150.0


def test_truncated_keeps_the_single_values_at_its_ends():
    one = Truncated(AT_LEAST, 100.0, 200.0)
    tail = 0.7 * (1 - 0.5**3.5)
    assert one.cdf(np.array([99.9, 100.0, 200.0])) == pytest.approx([0.0, 0.22 / (0.22 + tail), 1.0], rel=1e-12)
    whole = Truncated(AT_LEAST, 50.0, 100.0)
    assert whole.cdf(np.array(99.999)) == pytest.approx(0.08 / 0.30, rel=1e-4)  # 0.001 short of the end of 50
    assert whole.ppf(np.array([0.0, 0.5, 1.0])).tolist() == [50.0, 100.0, 100.0]


def test_spliced_single_values_by_hand():
    one = Spliced((point(1.0), point(2.0), point(5.0)), (0.25, 0.25, 0.5))
    assert one.ppf(np.array([0.0, 0.25, 0.26, 0.5, 0.51, 1.0])).tolist() == [1, 1, 2, 2, 5, 5]
    assert one.cdf(np.array([0.9, 1.0, 1.9, 2.0, 4.9, 5.0])).tolist() == [0, 0.25, 0.25, 0.5, 0.5, 1]


def test_scaled_by_hand():
    one = EVERY["scaled"]
    assert one.ppf(np.array([0.25, 0.5])) == pytest.approx([0.3, 0.4], rel=1e-12)
    assert one.cdf(np.array([0.3, 0.4])) == pytest.approx([0.25, 0.5], rel=1e-12)


def test_a_range_with_tails_by_hand():
    ends = BETWEEN.ppf(np.array([0.025, 0.05, 0.5, 0.95, 0.975]))
    # An exponential of mean 1,000 halves in 693: 2.5 % lie beyond.
    beyond = 1000 * np.log(2)
    assert ends == pytest.approx([10_000 - beyond, 10_000, 11_000, 12_000, 12_000 + beyond], rel=1e-12)


def test_at_least_by_hand():
    # 0.05 / 0.08 of the way from 50 to 100; the step holds 8 to 30 %; then 100 * (1 - (p - 0.3) / 0.7) ** (-1 / 3.5).
    assert AT_LEAST.ppf(np.array([0.05, 0.08, 0.2, 0.3])) == pytest.approx([81.25, 100, 100, 100])
    tail = 100 * (1 - (np.array([0.5, 0.95]) - 0.3) / 0.7) ** (-1 / 3.5)
    assert AT_LEAST.ppf(np.array([0.5, 0.95])) == pytest.approx(tail, rel=1e-12)


@pytest.mark.parametrize("one", [ABOUT, NEARLY], ids=["about", "nearly"])
def test_reach_against_numerical_integration(one):
    """The cdf by quadrature over the reach's normal score, clipped ends and all."""

    def beyond(t: float) -> float:
        def kernel(z: float) -> float:
            h = np.clip(one.reach * np.exp(one.sd_log * z), one.least, one.most)
            return stats.norm.pdf(z) * max(1 - t / h, 0.0) ** one.shape

        kinks = [np.log(max(value, 1e-9) / one.reach) / one.sd_log for value in (one.least, one.most, t) if value > 0]
        return integrate.quad(kernel, -12, 12, points=sorted(k for k in kinks if -12 < k < 12), limit=400)[0]

    for miss in (0.5, 6.0, 40.0, 150.0, 290.0):
        below, above = one.cdf(np.array([one.center - miss, one.center + miss]))
        # 1e-7: quad's own error beside the kinks.
        assert below == pytest.approx((1 - one.above) * beyond(miss), abs=1e-7)
        assert above == pytest.approx(1 - one.above * beyond(miss), abs=1e-7)


@pytest.mark.parametrize("one", [ABOUT, NEARLY], ids=["about", "nearly"])
def test_reach_against_direct_simulation(one):
    n = 200_000
    rng = np.random.default_rng(23)
    reach = np.clip(one.reach * np.exp(one.sd_log * rng.standard_normal(n)), one.least, one.most)
    side = np.where(rng.random(n) < one.above, 1, -1)
    statistic = stats.kstest(one.center + side * reach * rng.beta(1, one.shape, n), one.cdf).statistic
    # 2.2 / sqrt(n): a false alarm in about 8,000 (Kolmogorov's 2 exp(-2 * 2.2**2)); and it is small.
    assert statistic < 2.2 / np.sqrt(n) < 0.005


def test_quotient_of_lognormals_is_lognormal():
    made = Quotient(LogNormal(500.0, 0.36), LogNormal(2.0, 0.5))
    exact = LogNormal(250.0, float(np.hypot(0.36, 0.5)))
    # 512 midpoints stand for the base: 3e-4 is the worst seen, in the far tails where few midpoints lie.
    assert made.cdf(exact.ppf(P)) == pytest.approx(P, abs=3e-4)


def test_quotient_against_simulation():
    n = 200_000
    rng = np.random.default_rng(3)
    draws = np.sort(AT_LEAST.ppf(rng.random(n)) / np.exp(0.25 * rng.standard_normal(n)))
    # At every 200th draw: between two of them the cdf grows by no more than a thousandth.
    distance = np.abs(EVERY["quotient"].cdf(draws[::200]) - np.arange(0, n, 200) / n).max()
    # 2.2 / sqrt(n): a false alarm in about 8,000 (Kolmogorov's 2 exp(-2 * 2.2**2)); and it is small.
    assert distance < 2.2 / np.sqrt(n) < 0.005


@given(st.floats(0.05, 0.95), st.floats(0.5, 20.0))
def test_a_mixture_lies_between_its_parts(weight, x):
    parts = (LogNormal(3.0, 0.5), Uniform(1.0, 9.0))
    pool = Mixture(parts, (weight, 1 - weight)).cdf(np.array(x))
    ends = sorted(float(part.cdf(np.array(x))) for part in parts)
    assert ends[0] - 1e-12 <= pool <= ends[1] + 1e-12  # rounding of a weighted sum


@pytest.mark.parametrize("name", EVERY)
def test_tables_are_close_to_what_they_hold(name):
    one = EVERY[name]
    x = np.linspace(*one.ppf(np.array([0.001, 0.999])), 999)
    # Worst seen 2.8e-5 in probability, where a range's flat part meets its tails; 4e-6 elsewhere.
    assert np.abs(one.cdf(x) - as_table(one).cdf(x)).max() < 4e-5


@pytest.mark.parametrize("name", ["lognormal", "exponential up", "pert", "truncated", "censored"])
def test_quantiles_of_tables(name):
    one = EVERY[name]
    p = np.linspace(0.001, 0.999, 9999)
    spread = float(np.diff(one.ppf(np.array([0.05, 0.95])))[0])
    # What the docstring of tabulate says, in the spread from 5 to 95 %: worst seen 8e-6, at the last of the points.
    assert np.abs(as_table(one).ppf(p) - one.ppf(p)).max() < 1e-5 * spread


def test_a_table_keeps_steps():
    table = tabulate(point(5.0), np.array([1.0, 5.0, 9.0]))
    assert table.ppf(np.array([0.01, 0.99])) == pytest.approx([5.0, 5.0])
    assert table.cdf(np.array([4.999, 5.0])) == pytest.approx([0.0, 1.0])


NAN = float("nan")
FLAT = Uniform(0.0, 1.0)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Uniform(2.0, 2.0), "low < high"),
        (lambda: Uniform(NAN, 2.0), "low < high"),
        (lambda: LogNormal(0.0, 1.0), "positive median and sd_log"),
        (lambda: LogNormal(1.0, 0.0), "positive median and sd_log"),
        (lambda: LogNormal(1.0, NAN), "positive median and sd_log"),
        (lambda: LogNormal.from_interval(2.0, 1.0, level=0.9), "0 < low < high"),
        (lambda: LogNormal.from_interval(0.0, 1.0, level=0.9), "0 < low < high"),
        (lambda: LogNormal.from_interval(1.0, 2.0, level=1.0), "level between 0 and 1"),
        (lambda: Pareto(1.0, 0.0), "positive low and alpha"),
        (lambda: Pareto(-1.0, 3.0), "positive low and alpha"),
        (lambda: ShiftedExponential(1.0, 0.0), "mean other than 0"),
        (lambda: Pert(1.0, 5.0, 4.0), "low <= mode <= high"),
        (lambda: Pert(1.0, 1.0, 1.0), "low <= mode <= high"),
        (lambda: Reach(1.0, 0.0, 1.0, least=0.0, most=1.0, shape=1, above=0.5), "are positive"),
        (lambda: Reach(1.0, 1.0, 1.0, least=2.0, most=1.0, shape=1, above=0.5), "least < most"),
        (lambda: Reach(1.0, 1.0, 1.0, least=0.0, most=1.0, shape=3, above=0.5), "shape is 1 or 2"),
        (lambda: Reach(1.0, 1.0, 1.0, least=0.0, most=1.0, shape=1, above=1.1), "above a probability"),
        (lambda: Truncated(FLAT, 0.5, 0.5), "low < high"),
        (lambda: Truncated(FLAT, 2.0, 3.0), "nothing is left"),
        (lambda: Truncated(FLAT, -3.0, -2.0), "nothing is left"),
        (lambda: Scaled(FLAT, -1.0), "a scale is positive"),
        (lambda: Spliced((Uniform(0.0, 2.0), Uniform(1.0, 3.0)), (0.5, 0.5)), "must not overlap"),
        (lambda: Spliced((Uniform(1.0, 2.0), FLAT), (0.5, 0.5)), "must not overlap"),
        (lambda: Spliced((), ()), "at least one"),
        (lambda: Mixture((FLAT,), (0.9,)), "add to 1"),
        (lambda: Mixture((FLAT, point(3.0)), (1.0, 0.0)), "weights are positive"),
        (lambda: Mixture((FLAT, point(3.0)), (1.5, -0.5)), "weights are positive"),
        (lambda: Mixture((FLAT, point(3.0)), (1.0,)), "as many weights as parts"),
        (lambda: Tabulated([1.0, 0.0], [0.0, 1.0]), "must not decrease"),
        (lambda: Tabulated([0.0, 1.0, 2.0], [0.0, 1.0, 0.9]), "must not decrease"),
        (lambda: Tabulated([0.0, 1.0], [0.1, 1.0]), "from 0 to 1"),
        (lambda: Tabulated([0.0, 1.0, 2.0], [0.0, 1.0]), "as many probabilities as nodes"),
        (lambda: Tabulated([0.0], [1.0]), "at least two"),
        (lambda: point(NAN), "must not decrease"),
    ],
)
def test_what_is_no_distribution_is_refused(make, rule):
    with pytest.raises(ValueError, match=rule):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ShiftedExponential(1.0, NAN),
        lambda: ShiftedExponential(NAN, 1.0),
        lambda: Censored(FLAT, NAN),
        lambda: Quotient(Uniform(-1.0, 1.0), LogNormal(1.0, 0.25)),
    ],
)
def test_what_has_no_value_is_refused(make):
    with pytest.raises(ValueError, match=r"\w"):
        make()


@pytest.mark.parametrize("name", EVERY)
def test_what_is_made_ready_has_the_same_quantiles_to_the_bit_wherever_it_is_sent(name):
    p = np.random.default_rng(11).random(257)
    sent = pickle.loads(pickle.dumps(ready(EVERY[name])))
    assert sent.ppf(p).tobytes() == EVERY[name].ppf(p).tobytes()


@pytest.mark.parametrize("name", ["reach of about", "mixture", "quotient"])
def test_what_is_made_ready_has_its_table_with_it_however_deep(name):
    assert isinstance(ready(EVERY[name]), Tabulated)
    assert isinstance(ready(Scaled(Widened(EVERY[name], 3.0, 2.0), 0.5)).base.base, Tabulated)
