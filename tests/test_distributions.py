"""One contract for every distribution, then each against a closed form or a simulation."""

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
    as_table,
    point,
    tabulate,
)

ABOUT = Reach(1000.0, 56.3, 1.344, least=5.63, most=337.8, shape=1, above=0.5)
NEARLY = Reach(1000.0, 92.7, 1.374, least=0.0, most=300.0, shape=2, above=0.02)
AT_LEAST = Spliced((Uniform(50.0, 100.0), point(100.0), Pareto(100.0, 3.5)), (0.08, 0.22, 0.70))
EVERY = {
    "tabulated": Tabulated(np.array([1.0, 2.0, 2.0, 5.0]), np.array([0.0, 0.3, 0.6, 1.0])),
    "point": point(7.0),
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
    "mixture": Mixture((LogNormal(3.0, 0.5), point(3.0), Uniform(1.0, 9.0)), (0.4, 0.2, 0.4)),
    "quotient": Quotient(AT_LEAST, LogNormal(1.0, 0.25)),
}
P = np.concatenate([[0.0001], np.linspace(0.01, 0.99, 99), [0.9999]])
# Tables interpolate: worst seen 4e-6 in probability, at the kinks of a mixture.
TABLE = 2e-5


@pytest.mark.parametrize("name", EVERY)
def test_contract(name):
    one = EVERY[name]
    x = one.ppf(P)
    assert x.shape == P.shape
    assert np.all(np.diff(x) >= 0)
    at, before = one.cdf(x), one.cdf(np.nextafter(x, -np.inf))
    assert np.all(np.diff(at) >= 0)
    assert np.all((at >= 0) & (at <= 1))
    # ppf is the smallest x with cdf(x) >= p: at x the cdf has reached p, just before it has not passed it.
    assert np.all(at >= P - TABLE)
    assert np.all(before <= P + TABLE)
    grid = x.reshape(1, -1)
    assert np.array_equal(one.cdf(grid), at.reshape(1, -1))
    assert np.array_equal(one.ppf(P.reshape(1, -1)), grid)
    assert one.ppf(np.array(0.5)).shape == ()
    assert one.cdf(np.array(float(x[0]) - 1e9)) == 0
    assert one.cdf(np.array(float(x[-1]) + 1e9)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", EVERY)
def test_draws_follow_the_cdf(name):
    one = EVERY[name]
    n = 20_000
    draws = np.sort(one.ppf((np.arange(n) + np.random.default_rng(1).random(n)) / n))
    at = one.cdf(draws)
    before = one.cdf(np.nextafter(draws, -np.inf))
    upper = np.arange(1, n + 1) / n
    # One draw lies in each n-th of the probability, so the empirical cdf is never further than 1/n away.
    assert np.all(at >= upper - 1 / n - TABLE)
    assert np.all(before <= upper + TABLE)


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


def test_censored_places_the_rest_on_its_end():
    one = EVERY["censored"]
    assert one.cdf(np.array(150.0)) == 1
    assert one.cdf(np.array(149.999)) == pytest.approx(1 - np.exp(-2.5), abs=1e-5)


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


def test_quotient_of_lognormals_is_lognormal():
    made = Quotient(LogNormal(500.0, 0.36), LogNormal(2.0, 0.5))
    exact = LogNormal(250.0, float(np.hypot(0.36, 0.5)))
    # 512 midpoints stand for the base: 3e-4 is the worst seen, in the far tails where few midpoints lie.
    assert made.cdf(exact.ppf(P)) == pytest.approx(P, abs=3e-4)


def test_quotient_against_simulation():
    n = 200_000
    rng = np.random.default_rng(3)
    draws = AT_LEAST.ppf(rng.random(n)) / np.exp(0.25 * rng.standard_normal(n))
    statistic = stats.kstest(draws, EVERY["quotient"].cdf).statistic
    # 2.2 / sqrt(n): a false alarm in about 8,000 (Kolmogorov's 2 exp(-2 * 2.2**2)); and it is small.
    assert statistic < 2.2 / np.sqrt(n) < 0.005


@given(st.floats(0.05, 0.95), st.floats(0.5, 20.0))
def test_a_mixture_lies_between_its_parts(weight, x):
    parts = (LogNormal(3.0, 0.5), Uniform(1.0, 9.0))
    pool = Mixture(parts, (weight, 1 - weight)).cdf(np.array(x))
    ends = sorted(float(part.cdf(np.array(x))) for part in parts)
    assert ends[0] - 1e-12 <= pool <= ends[1] + 1e-12  # rounding of a weighted sum


def test_tables_are_as_exact_as_they_say():
    for name in ("reach of about", "reach of nearly", "quotient", "mixture"):
        one = EVERY[name]
        x = np.linspace(*one.ppf(np.array([0.001, 0.999])), 999)
        assert np.abs(one.cdf(x) - as_table(one).cdf(x)).max() < TABLE, name


def test_a_table_keeps_steps():
    table = tabulate(point(5.0), np.array([1.0, 5.0, 9.0]))
    assert table.ppf(np.array([0.01, 0.99])) == pytest.approx([5.0, 5.0])
    assert table.cdf(np.array([4.999, 5.0])) == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uniform(2.0, 2.0),
        lambda: LogNormal(0.0, 1.0),
        lambda: LogNormal(1.0, 0.0),
        lambda: LogNormal.from_interval(2.0, 1.0, level=0.9),
        lambda: Pareto(1.0, 0.0),
        lambda: ShiftedExponential(1.0, 0.0),
        lambda: Pert(1.0, 5.0, 4.0),
        lambda: Reach(1.0, 1.0, 1.0, least=2.0, most=1.0, shape=1, above=0.5),
        lambda: Reach(1.0, 1.0, 1.0, least=0.0, most=1.0, shape=3, above=0.5),
        lambda: Truncated(Uniform(0.0, 1.0), 2.0, 3.0),
        lambda: Scaled(Uniform(0.0, 1.0), -1.0),
        lambda: Spliced((Uniform(0.0, 2.0), Uniform(1.0, 3.0)), (0.5, 0.5)),
        lambda: Mixture((Uniform(0.0, 1.0),), (0.9,)),
        lambda: Mixture((Uniform(0.0, 1.0), Uniform(1.0, 2.0)), (1.0,)),
        lambda: Tabulated(np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        lambda: Tabulated(np.array([0.0, 1.0]), np.array([0.1, 1.0])),
    ],
)
def test_what_is_no_distribution_is_refused(make):
    with pytest.raises(ValueError, match=r"need|must|positive|left|cdf goes|overlap|shape|clipped|as many"):
        make()
