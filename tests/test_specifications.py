"""The specification curve: what is in it, that its numbers are those of a run, and what follows from them."""

import json
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.curve import CHOICES, Answer, Choice, Curve, Level, Specification, apportion
from analysis.dependence import choices_record
from analysis.errors import InputError
from analysis.model import THRESHOLDS
from analysis.pipeline import run
from analysis.records import plain
from analysis.settings import Settings
from analysis.specifications import PROBABILITIES, choices, grid, specify
from analysis.summary import Estimate, Exceedance, Interval

DATA = Path(__file__).parent.parent / "analysis" / "data"
SEED = Settings()
LATE = Settings(register="public-record", as_of="2026-02-01")


@pytest.fixture(scope="module")
def curve():
    return specify(SEED)


@pytest.fixture(scope="module")
def late():
    return specify(LATE)


def labels(settings):
    return {one.name: [level.label for level in one.levels] for one in choices(settings)}


def used(settings):
    return {one.name: one.levels[one.used].label for one in choices(settings)}


def rewritten(folder: Path, *changes: tuple[str, str]) -> Settings:
    """The seed's register with pieces of its files replaced."""
    for name in ("seed.csv", "seed-context.csv", "sources.toml"):
        text = (DATA / name).read_text(encoding="utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        (folder / name.replace("seed", "mine")).write_text(text, encoding="utf-8")
    return Settings(register=str(folder / "mine.csv"))


def test_the_grid_of_the_seed_is_every_combination():
    assert labels(SEED) == {
        "pool": ["linear", "logarithmic", "median"],
        "width": ["0.5", "1", "2"],
        "wounded_per_killed": ["historical", "poor-evacuation", "confined", "modern-us"],
        "force": ["reported", "theatre", "deployed"],
        "origins": ["all origins", "without NIS", "without US DoD"],
    }
    settings = grid(SEED)
    assert len(settings) == len(set(settings)) == 3 * 3 * 4 * 3 * 3
    assert settings[0] == replace(SEED, width=0.5, max_draws=2**14)
    assert settings[1] == replace(SEED, width=0.5, max_draws=2**14, weights="NIS=0")
    assert replace(SEED, max_draws=2**14) in settings


def test_what_is_not_crossed_is_the_settings_own():
    own = replace(SEED, seed=3, level=0.8, digits=1, window=30)
    assert {(one.seed, one.level, one.digits, one.window) for one in grid(own)} == {(3, 0.8, 1, 30)}


def test_what_the_analyst_chose_becomes_a_level():
    own = replace(SEED, width=1.5, wounded_per_killed="4", weights="NIS=0", pool="median", force="deployed")
    assert labels(own)["width"] == ["0.5", "1", "1.5", "2"]
    assert labels(own)["wounded_per_killed"][-1] == "4"
    assert used(own) == {
        "pool": "median",
        "width": "1.5",
        "wounded_per_killed": "4",
        "force": "deployed",
        "origins": "without NIS",
    }
    settings = grid(own)
    assert len(settings) == len(set(settings)) == 3 * 4 * 5 * 3 * 3
    assert replace(own, max_draws=2**14) in settings


def test_what_comes_to_the_same_is_one_level():
    # A median of 3 with the historical spread is the class "historical"; equal weights are those of no weights.
    own = replace(SEED, wounded_per_killed="3", weights="NIS=1, US=1")
    assert labels(own) == labels(SEED)
    assert len(grid(own)) == 324
    assert replace(own, max_draws=2**14) in grid(own)


def test_origins_are_left_out_of_the_analysts_own_weights():
    [origins] = [one for one in choices(replace(SEED, weights="South Korean intelligence=2")) if one.name == "origins"]
    assert [level.value for level in origins.levels] == [
        "South Korean intelligence=2",
        "NIS=0",
        "South Korean intelligence=2, US DoD=0",
    ]


def test_weights_of_several_left_out_are_a_level_of_their_own():
    own = Settings(register="public-record", as_of="2025-01-22", weights="NIS=0, Zelensky=0, West=3")
    [origins] = [one for one in choices(own) if one.name == "origins"]
    assert [level.value for level in origins.levels] == [
        "West=3",
        "West=3, NIS=0",
        "West=3, Ukraine President=0",
        "Western officials=0",
        "NIS=0, Zelensky=0, West=3",
    ]
    assert origins.used == 4


def test_one_origin_is_one_set():
    alone = Settings(register="public-record", as_of="2025-03-01")
    assert labels(alone)["origins"] == ["all origins"]


def test_an_origin_with_a_comma_in_its_name_is_written_as_another_spelling_of_it(tmp_path):
    own = rewritten(tmp_path, (",US DoD,", ',"DoD, US",'), ('["US DoD"]', '["DoD, US"]'))
    assert [level.value for level in choices(own)[-1].levels] == ["", "United States Department of Defense=0", "NIS=0"]


def test_an_origin_that_no_weight_can_name_is_an_error(tmp_path):
    own = rewritten(
        tmp_path,
        (",US DoD,", ',"DoD, US",'),
        ('["US DoD"]', '["DoD, US"]'),
        ('["US", "Pentagon", "US military official"]', '["U,S"]'),
        ('"United States Department of Defense"', '"Defense, Department of"'),
    )
    with pytest.raises(InputError, match="origin 'DoD, US' cannot be named among weights"):
        choices(own)


TWINS = [
    {},
    {"pool": "logarithmic", "width": 2.0, "force": "theatre"},
    {"pool": "median", "width": 0.5, "force": "deployed", "wounded_per_killed": "modern-us"},
    {"pool": "median", "weights": "NIS=0", "wounded_per_killed": "confined"},
    {"width": 2.0, "weights": "US DoD=0", "force": "theatre"},
]


def same_as_run(one, results):
    """
    A specification is a run: mean, sd and share kept to rounding, quantiles to what the lattice costs.

    1e-12 is rounding of sums in another order. 2e-5: worst seen 1.3e-5 of a quantile where no force is one value.
    """
    ours, theirs = one.answer.estimate, results.estimate("casualties_ratio")
    assert (ours.mean, ours.sd, one.answer.kept) == pytest.approx((theirs.mean, theirs.sd, results.kept), rel=1e-12)
    assert ours.median == pytest.approx(theirs.median, rel=2e-5)
    for own, other in zip(ours.intervals, theirs.intervals, strict=True):
        assert own.level == other.level
        assert (own.low, own.high) == pytest.approx((other.low, other.high), rel=2e-5)
        # Errors of errors: the lattice moves every replicate alike.
        assert (own.mcse_low, own.mcse_high) == pytest.approx((other.mcse_low, other.mcse_high), rel=0.2)
    assert ours.mcse < 3e-4 * ours.median
    exceedance = [each for each in results.exceedance if each.name == "casualties_ratio"]
    assert [each.probability for each in one.answer.exceedance] == pytest.approx(
        [each.probability for each in exceedance], abs=2e-5
    )


@pytest.mark.parametrize("change", TWINS)
def test_a_specification_is_a_run(curve, change):
    wanted = replace(SEED, max_draws=2**14, **change)
    [one] = [one for one in curve.specifications if one.settings == wanted]
    same_as_run(one, run(wanted))


def killed_as_in_a_run(one, results):
    """
    The slow twin: quantiles of the killed to the last digit, since they are the same roots of the same draws.

    1e-12 is rounding: a run has the means of all quantities from one product of matrices. An error of a mean is itself
    a difference of replicates alike, so that it keeps fewer digits.
    """
    ours, theirs = one.killed, results.estimate("killed_ratio")
    assert (ours.name, ours.unit, ours.median, ours.mcse) == (theirs.name, theirs.unit, theirs.median, theirs.mcse)
    assert ours.intervals == theirs.intervals
    assert (ours.mean, ours.sd) == pytest.approx((theirs.mean, theirs.sd), rel=1e-12)
    assert ours.mcse_mean == pytest.approx(theirs.mcse_mean, rel=1e-6)


# In use, and each choice made otherwise.
ALONE = [
    {},
    {"pool": "logarithmic"},
    {"pool": "median"},
    {"width": 2.0},
    {"wounded_per_killed": "poor-evacuation"},
    {"wounded_per_killed": "confined"},
    {"wounded_per_killed": "modern-us"},
    {"force": "theatre"},
    {"force": "deployed"},
    {"weights": "NIS=0"},
    {"weights": "US DoD=0"},
]


@pytest.mark.parametrize("change", ALONE)
def test_the_killed_of_a_choice_made_otherwise_are_those_of_a_run(curve, change):
    wanted = replace(SEED, max_draws=2**14, **change)
    first, *others = [one for one in curve.alternatives() if one.specification.settings == wanted]
    assert [one.killed for one in others] == [first.killed] * len(others)
    killed_as_in_a_run(first, run(wanted))


@pytest.mark.parametrize("pool", ["logarithmic", "median"])
def test_so_are_they_beside_another_pool_and_where_casualties_need_wounded_per_killed(pool):
    own = replace(LATE, pool=pool, weights="NIS=2", width=1.5, level=0.8)
    for one in specify(own).alternatives():
        if one.level.label in ("1.5", "confined", "theatre", "without NIS"):
            killed_as_in_a_run(one, run(one.specification.settings))


def test_the_killed_are_found_once_and_for_choices_made_one_at_a_time(curve, late):
    # 16 levels, of which the 5 in use are one specification.
    assert set(curve.killed) == {one.specification.levels for one in curve.alternatives()}
    assert len(curve.killed) == len({id(one) for one in curve.killed.values()}) == 12
    # Of the same claims the force reported and the one deployed are one force.
    by_force = {one.level.label: one.killed for one in late.alternatives() if one.choice.name == "force"}
    assert by_force["reported"] is by_force["deployed"] is not by_force["theatre"]
    refused = [one for one in late.alternatives() if one.specification.refused]
    assert [(one.level.label, one.killed) for one in refused] == [("modern-us", None)]


def test_an_origin_that_gives_both_parts_is_split_by_no_class(curve):
    """NIS gives killed and wounded: where it counts alone no wounded per killed move its killed."""
    own = specify(replace(SEED, weights="US DoD=0"))
    assert len({id(one.killed) for one in own.alternatives() if one.choice.name == "wounded_per_killed"}) == 1
    # US DoD gives casualties, half of the pool: of 8 to 17 wounded for each killed fewer are killed than of 1.3 to 6.8.
    killed = {one.level.label: one.killed for one in curve.alternatives() if one.choice.name == "wounded_per_killed"}
    assert killed["modern-us"].interval(0.9).high < killed["historical"].interval(0.9).high
    assert killed["confined"].interval(0.9).high > 2 * killed["historical"].interval(0.9).high


@pytest.mark.parametrize(
    "change",
    [{"force": "theatre", "wounded_per_killed": "historical"}, {"force": "theatre", "weights": "NIS=0", "width": 2.0}],
)
def test_so_is_one_whose_casualties_need_wounded_per_killed(late, change):
    wanted = replace(LATE, max_draws=2**14, **change)
    [one] = [one for one in late.specifications if one.settings == wanted]
    same_as_run(one, run(wanted))


def test_a_force_that_is_partly_one_value_is_known_to_a_thousandth(late):
    # 15,000 with 0.6: the search of a run stops at the draws behind that value, the lattice at its nodes.
    results = run(replace(LATE, max_draws=2**14)).estimate("casualties_ratio")
    ours = late.used.answer.estimate
    assert ours.median == pytest.approx(results.median, rel=1e-3)
    for own, other in zip(ours.intervals, results.intervals, strict=True):
        assert (own.low, own.high) == pytest.approx((other.low, other.high), rel=1e-3)


def test_the_plain_way_gives_the_same(curve):
    """Settings mapped over `run` by an executor: what the curve stands for, for two that differ in one choice."""
    first, second = (replace(SEED, max_draws=2**14, width=width) for width in (1.0, 2.0))
    with ThreadPoolExecutor(2) as executor:
        one, two = (results.estimate("casualties_ratio") for results in executor.map(run, (first, second)))
    [wider] = [other for other in curve.alternatives() if (other.choice.name, other.level.label) == ("width", "2")]
    assert wider.difference == pytest.approx(two.median - one.median, rel=1e-4)
    # 0.23 % of it, from the same points in both; two medians of separate points would leave more.
    assert wider.mcse < 0.005 * wider.difference
    assert wider.mcse < np.hypot(one.mcse, two.mcse)


def test_what_cannot_be_answered_is_refused_with_the_reason_of_a_run(late):
    refused = late.refused
    assert len(late.answered) + len(refused) == len(late.specifications) == 324
    # NIS gives the killed alone: with 8 to 17 wounded for each the casualties are above any force, whatever the pool.
    assert {one.settings.wounded_per_killed for one in refused} == {"modern-us"}
    assert len(refused) == 54
    for one in (refused[0], refused[-1]):
        assert (one.answer, one.used) == (None, False)
        with pytest.raises(InputError) as caught:
            run(one.settings)
        assert str(caught.value) == one.refused


def test_origins_without_common_ground_have_no_logarithmic_pool(tmp_path):
    own = rewritten(tmp_path, (",several hundred,", ",exactly 5,"))
    apart = specify(own)
    both = [one for one in apart.specifications if one.settings.weights == ""]
    refused = [one for one in both if one.refused]
    assert {one.settings.pool for one in refused} == {"logarithmic"}
    narrow = next(one for one in refused if one.settings.width == 0.5)
    with pytest.raises(InputError) as caught:
        run(narrow.settings)
    assert str(caught.value) == narrow.refused
    # An origin alone is no pool, and its answer is the same under each.
    alone = [
        one.answer.median for one in apart.specifications if one.settings == replace(narrow.settings, weights="NIS=0")
    ]
    other = [
        one.answer.median
        for one in apart.specifications
        if one.settings == replace(narrow.settings, weights="NIS=0", pool="median")
    ]
    assert alone == other


def test_what_is_counted_as_more_than_a_force_refuses_all_of_that_force(tmp_path):
    # NIS counts 1,000 wounded: no part of 900 sent in all.
    made = specify(rewritten(tmp_path, ("roughly 12,000", "roughly 900")))
    assert {one.settings.force for one in made.refused} == {"deployed"}
    assert len(made.refused) == len(made.specifications) / 3
    with pytest.raises(InputError, match="more than the whole force") as caught:
        run(made.refused[0].settings)
    assert {str(caught.value)} == {one.refused for one in made.refused}


@pytest.mark.parametrize(
    "change",
    [
        {"weights": "GRU=1"},
        {"weights": "NIS=0, US=0"},
        {"as_of": "2024-01-01"},
        {"wounded_per_killed": "many"},
        {"register": "sead"},
        {"register": "public-record", "as_of": "2026-02-01", "wounded_per_killed": "modern-us"},
    ],
)
def test_wrong_settings_say_what_a_run_says(change):
    wrong = Settings(**change)
    with pytest.raises(InputError) as plain:
        run(wrong)
    with pytest.raises(InputError) as caught:
        specify(wrong)
    assert str(caught.value) == str(plain.value)
    assert caught.value.faults == plain.value.faults


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_workers_change_nothing(curve, pool):
    with pool(2) as executor:
        again = specify(SEED, executor=executor)
    assert json.dumps(choices_record(again)) == json.dumps(choices_record(curve))
    for one, other in zip(curve.specifications, again.specifications, strict=True):
        assert one.answer.replicates.tobytes() == other.answer.replicates.tobytes()
    assert again.killed == curve.killed


class Posted(ThreadPoolExecutor):
    """An executor that sends its tasks as bytes, as one on another machine does."""

    def map(self, task, *given):
        self.sent = pickle.dumps(task)
        return super().map(pickle.loads(self.sent), *given)


def test_a_task_can_be_sent_and_is_small(curve):
    with Posted(2) as executor:
        again = specify(SEED, executor=executor)
    assert json.dumps(choices_record(again)) == json.dumps(choices_record(curve))
    # Tables of the figures and forces of three widths, each once: 3.1 MB seen.
    assert len(executor.sent) < 8e6


def test_a_choice_that_plays_no_part_moves_nothing_at_all(curve):
    # Both origins of the seed give their casualties, so wounded per killed only splits them.
    others = [one for one in curve.alternatives() if one.choice.name == "wounded_per_killed"]
    assert [(one.difference, one.mcse) for one in others] == [(0.0, 0.0)] * 4
    at = CHOICES.index("wounded_per_killed")
    assert [(one.first[at], one.total[at]) for one in curve.drivers()] == [(0.0, 0.0)] * 2
    # 3 widths and 3 forces of 3 pools of both origins, and of each origin alone.
    assert curve.computed == 3 * 3 * 5


def test_the_one_in_use_is_marked_and_is_its_own_alternative(curve):
    assert [one.used for one in curve.specifications].count(True) == 1
    assert curve.used.settings == replace(SEED, max_draws=2**14)
    alternatives = curve.alternatives()
    assert len(alternatives) == 3 + 3 + 4 + 3 + 3
    own = [one for one in alternatives if one.specification.used]
    assert len(own) == len(CHOICES)
    assert all(one.difference == 0 for one in own)
    for one in alternatives:
        changed = [
            name
            for name, level, other in zip(CHOICES, one.specification.levels, curve.used.levels, strict=True)
            if level != other
        ]
        assert changed in ([], [one.choice.name])


def test_levels_point_at_what_the_settings_hold(curve):
    for one in (curve.specifications[0], curve.specifications[200], curve.used):
        values = [choice.levels[at].value for choice, at in zip(curve.choices, one.levels, strict=True)]
        settings = one.settings
        assert values == [
            settings.pool,
            settings.width,
            settings.wounded_per_killed,
            settings.force,
            settings.weights,
        ]


def test_medians_rise_along_the_curve(late):
    medians = [one.answer.median for one in late.by_median()]
    assert medians == sorted(medians)
    assert len(medians) == len(late.answered)


def test_a_level_of_ones_own_has_its_ends_among_the_quantiles():
    own = specify(replace(LATE, as_of="2025-07-01", level=0.9992))
    answer = own.used.answer
    assert answer.probabilities[[0, -1]].tolist() == [0.0004, 0.9996]
    assert set(PROBABILITIES) < set(answer.probabilities.tolist())
    interval = answer.interval(0.9992)
    assert (
        (interval.low, interval.high)
        == (answer.quantiles[0], answer.quantiles[-1])
        == (answer.at(0.0004), answer.at(0.9996))
    )
    with pytest.raises(KeyError, match="no quantile at"):
        answer.at(0.3333)


def answer(low, median, high, exceeding):
    """An answer of three quantiles, made by hand."""
    quantiles = np.array([low, median, high])
    interval = Interval(0.9, "equal-tailed", low, high, 0.0, 0.0)
    estimate = Estimate("casualties_ratio", "share of the force", median, median, 0.01, 0.0, 0.0, (interval,))
    exceedance = tuple(Exceedance("casualties_ratio", t, p, 0.0) for t, p in zip(THRESHOLDS, exceeding, strict=True))
    replicates = np.array([quantiles - 0.001, quantiles + 0.001])
    return Answer(np.array([0.05, 0.5, 0.95]), quantiles, np.zeros(3), replicates, estimate, exceedance, 1.0)


def by_hand():
    """Two pools by two widths, of which one is refused."""
    pool = Choice("pool", (Level("linear", "linear"), Level("median", "median")), 0)
    width = Choice("width", (Level(1.0, "1"), Level(2.0, "2")), 0)
    answers = [
        answer(0.04, 0.08, 0.16, (0.9, 0.4, 0.02, 0.0)),
        answer(0.02, 0.08, 0.32, (0.7, 0.4, 0.10, 0.01)),
        None,
        answer(0.08, 0.16, 0.20, (1.0, 0.9, 0.05, 0.0)),
    ]
    made = [
        Specification(SEED, levels, at == 0, one, None if one else "no answer")
        for at, (levels, one) in enumerate(zip([(0, 0), (0, 1), (1, 0), (1, 1)], answers, strict=True))
    ]
    return Curve(SEED, (pool, width), tuple(made), 3, {(0, 0): killed(0.01), (0, 1): killed(0.02)})


def killed(median):
    interval = Interval(0.9, "equal-tailed", median / 2, 2 * median, 0.0, 0.0)
    return Estimate("killed_ratio", "share of the force", median, median, 0.001, 0.0, 0.0, (interval,))


def test_the_envelope_by_hand():
    envelope = by_hand().envelope()
    assert envelope.low.tolist() == [0.02, 0.08, 0.16]
    assert envelope.low_from.tolist() == [1, 0, 0]
    assert envelope.high.tolist() == [0.08, 0.16, 0.32]
    assert envelope.high_from.tolist() == [3, 3, 1]
    assert envelope.thresholds.tolist() == list(THRESHOLDS)
    assert envelope.exceeding_low.tolist() == [0.7, 0.4, 0.02, 0.0]
    assert envelope.exceeding_low_from.tolist() == [1, 0, 0, 0]
    assert envelope.exceeding_high.tolist() == [1.0, 0.9, 0.10, 0.01]
    assert envelope.exceeding_high_from.tolist() == [3, 3, 1, 1]


def test_alternatives_and_order_by_hand():
    curve = by_hand()
    found = [(one.choice.name, one.level.label, one.difference, one.mcse) for one in curve.alternatives()]
    assert found == [
        ("pool", "linear", 0.0, 0.0),
        ("pool", "median", None, None),
        ("width", "1", 0.0, 0.0),
        ("width", "2", 0.0, 0.0),
    ]
    assert [one.killed for one in curve.alternatives()] == [killed(0.01), None, killed(0.01), killed(0.02)]
    assert [one.levels for one in curve.by_median()] == [(0, 0), (0, 1), (1, 1)]
    assert [one.levels for one in curve.refused] == [(1, 0)]


def test_drivers_by_hand_where_one_is_refused():
    # Logarithms of the medians to base 2 over 0.08: 0, 0 and 1, and none. Mean 1/3, variance 2/9.
    # Pool: means 0 (twice) and 1, so all of it is explained. Width: 0 once; 1/2 twice: (1/9 + 2/36) / 3 = 1/18.
    # Left with the width made: 0 alone; 0 and 1: 2/4/3 = 1/6. Left with the pool made: nothing.
    median, width = by_hand().drivers()
    assert (median.answered, median.combinations) == (3, 4)
    assert median.variance == pytest.approx(2 / 9 * np.log(2) ** 2, rel=1e-12)
    assert median.first == pytest.approx((1.0, 0.25), rel=1e-12)
    assert median.total == pytest.approx((0.75, 0.0), rel=1e-12)
    # Widths of the intervals: 0.12, 0.30, none, 0.12.
    one, two = np.log(0.12), np.log(0.30)
    assert width.variance == pytest.approx((one - two) ** 2 * 2 / 9, rel=1e-12)


def test_two_by_three_with_an_interaction():
    # Rows 0, 1 and columns 0, 1, 2: y = 3 i + j + 3 i j gives 0 1 2 / 3 7 11. Mean 4, variance 104/6 - ... by hand:
    # squares from the mean 16 9 4 / 1 9 49 sum to 88. Row means 1 and 7: 6 * 9 = 54. Column means 1.5, 4, 6.5:
    # 2 * (6.25 + 0 + 6.25) = 25. The rest, 9, is the interaction.
    found = apportion(np.array([[0.0, 1.0, 2.0], [3.0, 7.0, 11.0]]), "median")
    assert found.variance == pytest.approx(88 / 6, rel=1e-12)
    assert found.first == pytest.approx((54 / 88, 25 / 88), rel=1e-12)
    assert found.total == pytest.approx((63 / 88, 34 / 88), rel=1e-12)


def test_ishigami_on_a_grid():
    # sin a + 7 sin2 b + 0.1 c4 sin a. On n even steps of a circle the means of sin2 and of its square are exactly 1/2
    # and 3/8, so the closed form of Ishigami and Homma (1990) holds with the grid's own moments of c.
    at = (np.arange(24) + 0.5) / 24 * 2 * np.pi - np.pi
    a, b, c = np.meshgrid(at, at, at, indexing="ij")
    found = apportion(np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a), "median")
    fourth, eighth = np.mean(at**4), np.mean(at**8)
    alone, other = (1 + 0.1 * fourth) ** 2 / 2, 49 / 8
    together = 0.01 * (eighth - fourth**2) / 2
    variance = alone + other + together
    assert found.variance == pytest.approx(variance, rel=1e-12)
    assert found.first == pytest.approx((alone / variance, other / variance, 0.0), rel=1e-12)
    assert found.total == pytest.approx(
        ((alone + together) / variance, other / variance, together / variance), rel=1e-12
    )
    # Those of the continuous function, to what a grid of 24 misses: about 2 / 24**2.
    assert found.first == pytest.approx((0.3139, 0.4424, 0.0), abs=5e-3)
    assert found.total == pytest.approx((0.5576, 0.4424, 0.2437), abs=5e-3)


def test_where_nothing_differs_nothing_drives():
    found = apportion(np.full((2, 3), 0.1), "median")
    assert (found.first, found.total) == ((0.0, 0.0), (0.0, 0.0))
    # A level without any answer is no level.
    table = np.array([[0.0, 1.0, np.nan], [3.0, 4.0, np.nan]])
    assert apportion(table, "median").first == pytest.approx((0.9, 0.1), rel=1e-12)


def test_the_record_is_json_and_holds_what_the_figures_need(late):
    record = plain(choices_record(late))
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    told = {(one["choice"], one["level"]): one["killed"] for one in record["alternatives"]}
    assert told["wounded_per_killed", "modern-us"] is None
    assert told["wounded_per_killed", "confined"]["name"] == "killed_ratio"
    assert [one["name"] for one in record["choices"]] == list(CHOICES)
    assert len(record["specifications"]) == 324
    used = record["specifications"][record["used"]]
    assert used["median"] == pytest.approx(late.used.answer.median, rel=1e-11)  # 12 digits
    assert used["quantiles"][record["probabilities"].index(0.5)] == used["median"]
    assert used["quantiles"][record["probabilities"].index(0.05)] == used["low"]
    refused = [one for one in record["specifications"] if one["refused"]]
    assert len(refused) == 54
    assert all(one["median"] is None for one in refused)
    envelope = record["envelope"]
    for at, place in enumerate(envelope["low_from"]):
        assert record["specifications"][place]["quantiles"][at] == envelope["low"][at]
    medians = [record["specifications"][place]["median"] for place in record["by_median"]]
    assert medians == sorted(medians)
