"""One run: what its files hold, and that they are the same whoever computes them."""

import csv
import io
import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from analysis.errors import InputError
from analysis.model import QUANTITIES
from analysis.pipeline import run
from analysis.records import to_csv, to_json, write
from analysis.settings import Settings

DATA = Path(__file__).parent.parent / "analysis" / "data"
QUICK = Settings(max_draws=16384)


@pytest.fixture(scope="module")
def results():
    return run(QUICK)


@pytest.fixture(scope="module")
def document(results):
    return json.loads(to_json(results))


def test_results_json_keeps_its_schema(document):
    schema = json.loads((DATA / "results.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["estimates"].pop(),
        lambda d: d["estimates"][0].pop("intervals"),
        lambda d: d["estimates"][0].update(name="dead"),
        lambda d: d["register"]["files"].update({"seed.csv": "0"}),
        lambda d: d["claims"][0].update(surplus=1),
        lambda d: d.update(violation=1e-9),
    ],
)
def test_the_schema_refuses_a_spoiled_document(document, spoil):
    schema = json.loads((DATA / "results.schema.json").read_text(encoding="utf-8"))
    spoiled = json.loads(json.dumps(document))
    spoil(spoiled)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(spoiled)


def test_estimates_have_every_name_for_the_pool_and_each_origin(document):
    assert [one["name"] for one in document["estimates"]] == list(QUANTITIES)
    assert [one["name"] for one in document["origins"]] == ["NIS", "US DoD"]
    for origin in document["origins"]:
        assert [one["name"] for one in origin["estimates"]] == list(QUANTITIES)
    for one in document["estimates"]:
        assert [interval["level"] for interval in one["intervals"]] == [0.5, 0.8, 0.9, 0.95]
        lows = [interval["low"] for interval in one["intervals"]]
        ends = [*reversed(lows), one["median"], *(interval["high"] for interval in one["intervals"])]
        assert ends == sorted(ends)


def test_the_same_settings_give_the_same_bytes(results):
    again = run(QUICK)
    assert to_json(again) == to_json(results)
    assert to_csv(again) == to_csv(results)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_workers_change_nothing(results, pool):
    with pool(2) as executor:
        assert to_json(run(QUICK, executor=executor)) == to_json(results)


def test_another_seed_changes_the_draws_and_not_the_answer(results):
    other = run(replace(QUICK, seed=0))
    ours, theirs = results.estimate("casualties_ratio"), other.estimate("casualties_ratio")
    assert ours.median != theirs.median
    # Five combined standard errors: one false alarm in about 1.7 million.
    assert abs(ours.median - theirs.median) < 5 * (ours.mcse**2 + theirs.mcse**2) ** 0.5
    assert ours.mcse < 1e-4


def test_seed_zero_is_a_seed():
    assert to_json(run(replace(QUICK, seed=0))) == to_json(run(replace(QUICK, seed=0)))


def test_csv_holds_the_same_numbers_as_json(results, document):
    rows = list(csv.DictReader(io.StringIO(to_csv(results))))
    assert len(rows) == 3 * 9 * 4
    by_key = {(row["source"], row["name"], float(row["level"])): row for row in rows}
    sources = {"pool": document["estimates"], **{one["name"]: one["estimates"] for one in document["origins"]}}
    for source, estimates in sources.items():
        for one in estimates:
            for interval in one["intervals"]:
                row = by_key[source, one["name"], interval["level"]]
                assert float(row["low"]) == interval["low"]
                assert float(row["high"]) == interval["high"]
                assert float(row["median"]) == one["median"]
                assert row["unit"] == one["unit"]


def test_every_claim_is_counted_or_has_a_reason(document):
    used = [one["id"] for one in document["claims"] if one["used_as"] == "loss"]
    assert used == ["seed-nis-killed", "seed-nis-wounded", "seed-us-casualties"]
    assert [one["id"] for one in document["claims"] if one["used_as"] == "denominator"] == ["seed-deployed"]
    for one in document["claims"]:
        assert (one["used_as"] is None) == (one["reason"] is not None), one["id"]


def test_the_stopping_rule_is_met_by_default_and_said_where_it_is_not(results):
    assert not results.convergence.reached
    assert results.convergence.shortfall > 1
    assert results.convergence.replicates * results.convergence.points == QUICK.max_draws
    full = run(Settings())
    assert full.convergence.reached
    assert full.convergence.shortfall <= 1
    assert full.convergence.points > results.convergence.points


def test_more_digits_need_more_draws():
    one, two = (run(Settings(digits=digits)).convergence for digits in (1, 2))
    assert one.points < two.points


def test_a_level_of_ones_own_is_among_the_intervals():
    results = run(replace(QUICK, level=0.85))
    levels = [interval.level for interval in results.estimate("killed").intervals]
    assert levels == [0.5, 0.8, 0.85, 0.9, 0.95]


def test_denominators_stand_side_by_side(results):
    sizes = {one.choice: one.estimate("force").median for one in results.denominators}
    assert list(sizes) == ["reported", "theatre", "deployed"]
    assert sizes["reported"] < sizes["theatre"] < sizes["deployed"]
    chosen = run(replace(QUICK, force="deployed"))
    # 1e-12: the two runs draw the same points; only the order of a sum may differ.
    assert chosen.estimate("casualties_ratio").median == pytest.approx(
        results.denominators[2].estimate("casualties_ratio").median, rel=1e-12
    )


def test_weights_move_the_pool_towards_an_origin(results):
    nis = run(replace(QUICK, weights="NIS=1, US=0"))
    assert nis.estimate("casualties_ratio").median == pytest.approx(
        results.origins[0].estimate("casualties_ratio").median, rel=1e-12
    )
    between = run(replace(QUICK, weights="NIS=3")).estimate("casualties_ratio").median
    assert results.estimate("casualties_ratio").median < between < nis.estimate("casualties_ratio").median


def test_wounded_per_killed_splits_only_what_has_to_be_split(results):
    other = run(replace(QUICK, wounded_per_killed="modern-us"))
    assert other.origins[0].estimate("killed").median == results.origins[0].estimate("killed").median
    assert other.origins[1].estimate("killed").median < results.origins[1].estimate("killed").median / 2
    assert run(replace(QUICK, wounded_per_killed="3")).estimates == results.estimates


def test_write_leaves_the_files_and_nothing_without_a_folder(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(results, "")
    assert list(tmp_path.iterdir()) == []
    write(results, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["estimates.csv", "prov.json", "results.json", "seed-context.csv", "seed.csv", "sources.toml"]
    assert (tmp_path / "out" / "seed.csv").read_bytes() == (DATA / "seed.csv").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"as_of": "2024-13-19"}, "as_of is '2024-13-19', expected a date like 2024-12-19"),
        ({"as_of": "2024-01-01"}, "no claim was published on or before 2024-01-01; the first is of 2024-12-04"),
        ({"as_of": "2024-12-18"}, "no claim was published on or before 2024-12-18"),
        ({"register": 5}, "register is 5, expected a name like seed"),
        ({"force": "half"}, "force is 'half', expected one of reported, theatre, deployed"),
        ({"pool": "mean"}, "pool is 'mean', expected one of linear, logarithmic, median"),
        ({"level": 1.0}, "level is 1.0, expected a number between 0.001 and 0.9999"),
        ({"level": float("nan")}, "level is nan"),
        ({"digits": 0}, "digits is 0, expected an integer from 1 to 6"),
        ({"max_draws": 10}, "max_draws is 10"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 7.5}, "seed is 7.5"),
        ({"seed": True}, "seed is True"),
        ({"wounded_per_killed": "many"}, "wounded_per_killed is 'many', expected one of historical"),
        ({"wounded_per_killed": "-1"}, "wounded_per_killed is '-1'"),
        ({"weights": "NIS=-1"}, "weights gives NIS -1"),
        ({"register": "sead"}, "register is 'sead'"),
    ],
)
def test_wrong_settings_are_refused(change, message):
    with pytest.raises(InputError) as caught:
        run(Settings(**change))
    assert message in str(caught.value)


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(InputError) as caught:
        Settings(level=2.0, seed=-1, pool="mean")
    assert len(caught.value.faults) == 3
