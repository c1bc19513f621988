"""
What a report counts or works out from its own files: numbers that stand in none of them as they print.

>>> derive({"results.json": {"settings": {"as_of": "2024-12-19"}, "claims": [{"published": "2024-12-20"}]}})["later"]
1
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from analysis.sampling import tolerance
from analysis.summary import LIKELIHOOD, PHIA, Estimate
from analysis.wording import QUANTILES

__all__ = ["derive"]

_EXCEEDS = re.compile(r"casualties as (.+) gives them exceed the force in (\d+) % of the draws")


def derive(documents: Mapping[str, object]) -> dict[str, object]:
    """
    Count what the sentences and tables of a report count.

    Parameters
    ----------
    documents : mapping
        results.json, sensitivity.json and changes.json, parsed; those that are there.

    Returns
    -------
    dict
        By the names that ``analysis/data/printed.toml`` uses.
    """
    gaps = [{"low": high, "high": low} for (_, high), (low, _) in itertools.pairwise(PHIA)]
    words = [{"word": word, "low": low, "high": high} for low, high, word in LIKELIHOOD]
    found: dict[str, object] = {"readings_level": 0.9, "reading_levels": list(QUANTILES)}
    found |= {"likelihood": words, "likelihood_least": 1, "likelihood_most": 99, "phia_gaps": gaps}
    if isinstance(results := documents.get("results.json"), dict):
        found |= dict(_of_results(results))
    if isinstance(depends := documents.get("sensitivity.json"), dict):
        found |= dict(_of_inputs(depends))
        found |= dict(_of_choices(depends["choices"]))
    if isinstance(changes := documents.get("changes.json"), dict):
        found |= dict(_of_changes(changes))
    if isinstance(compliance := documents.get("compliance.json"), dict):
        outside = compliance["judged"]["outside"]
        level = results["settings"]["level"] if isinstance(results, dict) else 0.9
        found |= {"requirements": len(compliance["rows"]), "overall": level * (1 - outside)}
    if isinstance(kinds := documents.get("uncertainties.toml"), dict) and isinstance(depends, dict):
        found["moved"] = list(_moved(kinds, depends, found.get("centre")))
    return found


def _of_results(results: dict) -> Iterator[tuple[str, object]]:
    settings, claims = results["settings"], results["claims"]
    known = [one for one in claims if one["published"] <= settings["as_of"]]
    yield "known", len(known)
    yield "later", len(claims) - len(known)
    weighted = {one["name"]: one for one in results.get("origins", ()) if one["weight"] > 0}
    losses = [one for one in claims if one.get("used_as") == "loss" and one["origin"] in weighted]
    sizes = [one for one in claims if one.get("used_as") == "denominator"]
    yield "losses", len(losses)
    yield "all_losses", sum(one.get("used_as") == "loss" for one in claims)
    printed: dict[str, list[str]] = {}
    for one in known:
        printed.setdefault(one.get("outlet", ""), []).append(one["published"])
    yield (
        "outlets",
        [
            {"outlet": outlet, "claims": len(days), "first": min(days), "last": max(days)}
            for outlet, days in printed.items()
        ],
    )
    yield "number_of_outlets", len(printed)
    yield "sizes", len(sizes)
    yield "shown", len(known) - len(losses) - len(sizes)
    streams = {one["origin"]: weighted[one["origin"]]["source"]["stream"] for one in losses}
    yield "origins", len(streams)
    yield "streams", len(set(streams.values()))
    yield "counts", len({streams[one["origin"]] for one in losses if one["role"] == "count"})
    if losses:
        yield "latest", max(one["published"] for one in losses)
        days = [one["as_of"] for one in losses]
        yield "first_day", min(days)
        yield "last_day", max(days)
    medians = [_named(one["estimates"], "casualties")["median"] for one in weighted.values() if one["estimates"]]
    if medians and min(medians) > 0:
        yield "factor", max(medians) / min(medians)
    yield "readings", [reading for one in claims if (reading := _reading(one)) is not None]
    if "kept" in results:
        yield "corrected", 1 - results["kept"]
    if estimates := results.get("estimates"):
        ratio = _named(estimates, "casualties_ratio")
        ends = next(one for one in ratio["intervals"] if abs(one["level"] - settings["level"]) < 1e-9)
        yield "centre", ratio["median"]
        yield "headline_error", max(ratio["mcse"], ends["mcse_low"], ends["mcse_high"])
        yield "sampling", [_sampled(one, settings) for one in estimates]


def _named(estimates: Sequence[dict], name: str) -> dict:
    return next(one for one in estimates if one["name"] == name)


def _reading(claim: dict) -> dict[str, object] | None:
    """The ends and the middle of how a claim was read, in percent where its wording is."""
    reading = claim.get("with_reporting") or claim.get("reading") or {}
    if not (quantiles := reading.get("quantiles")):
        return None
    scale = 100 if "%" in claim["wording"] or claim["quantity"] == "casualty_ratio" else 1
    ends = {name: scale * quantiles[p] for name, p in (("low", "0.05"), ("median", "0.5"), ("high", "0.95"))}
    return {"quantity": claim["quantity"], "wording": claim["wording"], **ends}


def _sampled(record: dict, settings: dict) -> dict[str, object]:
    """The standard errors of an estimate as its table prints them: of 100 for a share."""
    estimate = Estimate.from_record(record)
    scale = 100 if estimate.is_share else 1
    chosen = estimate.interval(settings["level"])
    return {
        "name": estimate.name,
        "tolerance": scale * tolerance(estimate.sd, settings["digits"]),
        "mcse": scale * estimate.mcse,
        "mcse_mean": scale * estimate.mcse_mean,
        "intervals": [
            {"level": 100 * one.level, "mcse_low": scale * one.mcse_low, "mcse_high": scale * one.mcse_high}
            for one in estimate.intervals
        ],
        "supported": min(estimate.supported(one) for one in (estimate.mcse, chosen.mcse_low, chosen.mcse_high)),
    }


def _of_changes(changes: dict) -> Iterator[tuple[str, object]]:
    yield "came", len(changes["came"])
    yield "corrected_rows", len(changes["corrected"])
    moves, before = [], changes["before"]
    for step in changes["steps"]:
        after = step["answer"] or before
        moves.append({"cause": step["cause"], "before": before, "after": after})
        before = after
    yield "moves", moves


def _moved(kinds: dict, depends: dict, centre: object) -> Iterator[dict[str, object]]:
    """By what share of itself a choice moves the centre at most, for each uncertainty that a choice measures."""
    choices = depends["choices"]
    for one in kinds["uncertainty"]:
        moves = [
            abs(each["difference"])
            for each in choices["alternatives"]
            if each["choice"] == one.get("measured")
            and each["specification"] != choices["used"]
            and each["difference"] is not None
        ]
        if moves and isinstance(centre, float):
            share = max(moves) / centre
            yield {"what": one["what"], "share": share, "times": 1 + share}


def _of_inputs(depends: dict) -> Iterator[tuple[str, object]]:
    for name, suffix in (("inputs", ""), ("inputs_killed", "_killed")):
        rows = depends[name]["rows"]
        small = [one["total"] for one in rows if one["total"] < 0.01]  # below a hundredth they are told by number
        yield f"small_inputs{suffix}", len(small)
        yield f"largest_small_input{suffix}", max(small, default=0.0)
    yield "inputs_alone", min(sum(one["first"] for one in depends["inputs"]["rows"]), 1.0)


def _of_choices(choices: dict) -> Iterator[tuple[str, object]]:
    names = [one["name"] for one in choices["choices"]]
    answered = [one for one in choices["specifications"] if one["refused"] is None]
    yield "specifications", len(answered)
    what = {
        "median": ("what moves the centre", "centre"),
        "interval width": ("what moves the width", "width of the interval"),
    }
    drivers = [one for one in choices["drivers"] if one["variance"]]
    yield (
        "drivers",
        [
            {"of": what[one["output"]][0], "choice": name, "first": first, "total": total}
            for one in drivers
            for name, first, total in zip(names, one["first"], one["total"], strict=True)
        ],
    )
    strongest = [{"what": what[one["output"]][1], "share": min(max(one["total"]), 1.0)} for one in drivers]
    yield "strongest", strongest
    level = choices["level"]
    ends = {"centre": 0.5, "lower": (1 - level) / 2, "upper": (1 + level) / 2}
    box, at = choices["envelope"], choices["probabilities"]
    places = {name: min(range(len(at)), key=lambda place: abs(at[place] - p)) for name, p in ends.items()}
    yield "envelope", {name: {"low": box["low"][place], "high": box["high"][place]} for name, place in places.items()}
    yield from _refused([one["refused"] for one in choices["specifications"] if one["refused"] is not None])


def _refused(reasons: Sequence[str]) -> Iterator[tuple[str, object]]:
    """How many specifications have no answer, and for which reasons."""
    exceeding: dict[str, list[int]] = {}
    others: dict[str, int] = {}
    for line in (line for reason in reasons for line in reason.splitlines()):
        if told := _EXCEEDS.match(line):
            exceeding.setdefault(told[1], []).append(int(told[2]))
        else:
            kind = "logarithmic" if line.startswith("pool is 'logarithmic'") else line
            others[kind] = others.get(kind, 0) + 1
    yield "refused", len(reasons)
    yield (
        "refusals",
        [{"name": name, "count": len(p), "low": min(p), "high": max(p)} for name, p in sorted(exceeding.items())],
    )
    yield "other_refusals", [{"reason": reason, "count": count} for reason, count in others.items()]
