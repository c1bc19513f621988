"""
What standards ask of a report, a check a requirement: each looks at what is really in an edition's folder.

The requirements are in ``analysis/data/compliance.toml``; `CHECKS` holds the check of each by its id. A check reads
files and the outputs of the executed notebook, and says what it found. None takes anybody's word.

>>> sorted(CHECKS)[0], len(CHECKS)
('C01', 43)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args

from analysis import definitions, method, statements, uncertainties
from analysis.claims import Quantity
from analysis.errors import InputError
from analysis.fields import COLUMNS
from analysis.pipeline import versions
from analysis.prose import TAGS
from analysis.rendered import Edition, Finding, tags
from analysis.summary import Estimate, kept_place, likelihood

__all__ = ["CHECKS"]

_DATA = Path(__file__).parent / "data"
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")

Check = Callable[[Edition], Finding]
CHECKS: dict[str, Check] = {}


def _checks(name: str) -> Callable[[Check], Check]:
    """Enter a check under its id."""

    def entered(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return entered


def _met(when: object, detail: str, otherwise: str) -> Finding:
    return Finding("met", detail) if when else Finding("not met", otherwise)


def _without(found: list[str], what: str, detail: str) -> Finding:
    """Met where nothing was found that lacks something; else the first three of them by name."""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return _met(not found, detail, f"{what}: {', '.join(found[:3])}{more}.")


def _missing(wanted: str, text: str) -> bool:
    """Whether a text does not hold another, whatever the line ends."""
    return " ".join(wanted.split()) not in " ".join(text.split())


# ------------------------------------------------------------------------------------------------- what, and from where


@_checks("C01")
def _frame(edition: Edition) -> Finding:
    frame = edition.rows("question")
    cells = [cell["id"] for cell in edition.notebook.cells]
    first = cells.index("question") < cells.index("reported")
    whole = len(frame) == 4 and all(all(row) for row in frame) and all(_DAY.search(row[1]) for row in frame[2:])
    whole = whole and f"by {edition.results['settings']['as_of']}" in frame[3][1]
    return _met(
        whole and first,
        "Its four rows are filled, their dates in ISO 8601.",
        "A row is empty, a date is not in ISO 8601, or the table stands too late.",
    )


@_checks("C02")
def _interests(edition: Edition) -> Finding:
    told = statements.interests().paragraphs[0]
    return _met(not _missing(told, edition.text), f"{told.partition('. ')[0]}.", "The statement is not in the report.")


@_checks("C03")
def _found(edition: Edition) -> Finding:
    told, rows = edition.cell("found"), edition.rows("outlets")
    return _met(
        "is not recorded" not in told,
        f"How they were found is told; {len(rows)} outlets are listed.",
        f"How the claims of this register were found is not recorded; {len(rows)} outlets are listed.",
    )


@_checks("C04")
def _exclusions(edition: Edition) -> Finding:
    silent = [claim["id"] for claim in edition.published if not claim["used_as"] and not claim["reason"]]
    edition.cell("inclusion")
    left_out = len(edition.published) - len(edition.counted)
    return _without(silent, "Without a reason", f"{left_out} claims are left out, each with its reason.")


@_checks("C05")
def _sources(edition: Edition) -> Finding:
    wanted = ("origin", "as_of", "published", "quantity", "wording", "outlet", "url")
    bare = [f"{claim['id']} ({field})" for claim in edition.published for field in wanted if not claim[field]]
    listed = edition.cell("all-claims")
    bare += [claim["id"] for claim in edition.published if f"{claim['id']}: " not in listed]
    detail = f"{len(edition.published)} claims have origin, days, quantity, words, outlet and address."
    return _without(bare, "Something is missing of", detail)


@_checks("C06")
def _directions(edition: Edition) -> Finding:
    told = {row[0] for row in edition.rows("origins")}
    bare = [
        origin["name"]
        for origin in edition.results["origins"]
        if not (origin["source"]["interest"] and origin["source"]["bias"] and origin["name"] in told)
    ]
    return _without(bare, "Without a direction", f"{len(told)} origins have their side and a direction, or none known.")


@_checks("C07")
def _parameters(edition: Edition) -> Finding:
    rows = edition.rows("parameters-table")
    bare = [row[0] for row in rows if not (row[2] or row[3])]
    return _without(bare, "Without source or judgement", f"{len(rows)} parameters have a source or are judgement.")


@_checks("C08")
def _inputs(edition: Edition) -> Finding:
    files = edition.results["register"]["files"]
    other = [name for name, digest in files.items() if edition.digest(name) != digest]
    return _without(other, "Other than was read", f"{len(files)} files lie beside the report, as they were read.")


# ----------------------------------------------------------------------------------------------------------- the method


@_checks("C09")
def _diagram(edition: Edition) -> Finding:
    edition.bytes_of("figures/method.svg")
    edition.bytes_of("figures/method.png")
    told = edition.cell("method-figure")
    return _met(
        "Diagram" in told, "The figure is there, with a text alternative.", "The figure has no text alternative."
    )


@_checks("C10")
def _steps(edition: Edition) -> Finding:
    told, steps = edition.cell("method-steps"), method.read_steps()
    bare = [step.name for step in steps if any(_missing(part, told) for part in (*step.code, step.formula, step.does))]
    return _without(bare, "Not told in full", f"{len(steps)} steps, each with the functions that do it.")


@_checks("C11")
def _candidates(edition: Edition) -> Finding:
    pools = [one["name"] for one in edition.results["pools"] if one["estimates"]]
    answered = sum(one["median"] is not None for one in edition.sensitivity["choices"]["specifications"])
    return _met(
        len(pools) > 1,
        f"{len(pools)} ways of combining and {answered} specifications were computed.",
        f"Only one way of combining has an answer; {answered} specifications were computed.",
    )


@_checks("C12")
def _sensitivities(edition: Edition) -> Finding:
    weighted = {one["name"] for one in edition.results["origins"] if one["weight"] > 0}
    lacking = sorted(weighted - {one["name"] for one in edition.sensitivity["without"]} if len(weighted) > 1 else ())
    rows = len(edition.sensitivity["inputs"]["rows"])
    untested = "how the model performs on past claims is not tested here"
    detail = f"{len(weighted)} origins were each left out, {rows} inputs varied; {untested}."
    if len(weighted) == 1:
        detail = f"Only one origin counts; {rows} inputs were varied; {untested}."
    return _without(lacking, "Not left out", detail)


@_checks("C13")
def _kinds(edition: Edition) -> Finding:
    rows = edition.rows("uncertainties")
    told = {row[1]: row[2] for row in rows}
    bare = [kind for kind in uncertainties.KINDS if told.get(kind) not in uncertainties.TREATMENTS]
    return _without(bare, "Not listed", f"{len(uncertainties.KINDS)} kinds, each quantified, judged or not covered.")


@_checks("C14")
def _environment(edition: Edition) -> Finding:
    named, here = edition.results["versions"], versions()
    other = [
        name for name in here if named.get(name) != here[name] or _missing(here[name], edition.cell("provenance-table"))
    ]
    if not other and not edition.code:
        return Finding("not met", "Versions are named, but the digest of the code is not known here.")
    return _without(other, "Not this environment's", f"Versions are named; the code is {edition.code[:12]}.")


@_checks("C15")
def _machine_readable(edition: Edition) -> Finding:
    import jsonschema

    edition.bytes_of("estimates.csv")
    wrong = []
    for name in ("results", "sensitivity"):
        schema = json.loads((_DATA / f"{name}.schema.json").read_text(encoding="utf-8"))
        document = json.loads(edition.bytes_of(f"{name}.json"))
        if not jsonschema.validators.validator_for(schema)(schema).is_valid(document):
            wrong.append(f"{name}.json")
    return _without(
        wrong, "Not as its schema says", "Both files are as their schemas say; estimates.csv is beside them."
    )


# ---------------------------------------------------------------------------------------------------------- the numbers

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_RANGE = re.compile(rf"(?<![\d.,-])({_NUMBER})( %)? to ({_NUMBER})(?![\d,-])")
# The cells that print intervals of estimates and of nothing else.
_ESTIMATES = (
    *("answer-words", "answer-figure", "result-table", "depends-origins-table", "pools", "depends-force-table"),
    *("choices", "explanations"),
)


@_checks("C16")
def _no_naked_number(edition: Edition) -> Finding:
    known = list(_intervals((edition.results, edition.sensitivity)))
    naked, number = [], 0
    for name in _ESTIMATES:
        for found in _RANGE.finditer(edition.cell(name)):
            number += 1
            if not any(_prints(found[1], low) and _prints(found[3], high) for low, high in known):
                naked.append(f"{found[0]} ({name})")
    return _without(naked, "In no file of results", f"{number} ranges in words, tables and figures are in the results.")


def _intervals(value: object) -> Iterator[tuple[float, float]]:
    """Every interval that a document holds, as it is and in percent."""
    if isinstance(value, Mapping):
        low, high = value.get("low"), value.get("high")
        if isinstance(low, int | float) and isinstance(high, int | float):
            yield low, high
            yield 100 * low, 100 * high
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _intervals(one)


def _prints(printed: str, value: float) -> bool:
    """Whether a value prints so, at the place to which it is rounded."""
    digits = printed.replace(",", "")
    decimals = len(digits.partition(".")[2])
    whole = digits.rstrip("0") if not decimals else digits
    place = 10.0 ** (len(digits) - len(whole)) if not decimals else 10.0**-decimals
    # 1e-9 of the value is its binary form.
    return abs(float(digits) - value) <= 0.5 * place + 1e-9 * abs(value)


@_checks("C17")
def _comparison(edition: Edition) -> Finding:
    others = len(edition.sensitivity["killed_shares"]["references"])
    if edition.before is None:
        return Finding(
            "does not apply", f"First edition; {others} outside figures of wounded per killed stand beside it."
        )
    told = "\n".join(edition.shown[cell["id"]] for cell in edition.notebook.cells if "edition-changes" in tags(cell))
    named = edition.before.edition in told
    return _met(named, f"Compared with {edition.before.edition}.", f"{edition.before.edition} is not named.")


@_checks("C18")
def _limits(edition: Edition) -> Finding:
    edition.cell("limits-words")
    rows = edition.rows("uncertainties")
    sized = re.compile(r"\b(?:small|moderate|large|no other choice)\b")
    bare = [row[0] for row in rows if row[3] not in uncertainties.DIRECTIONS or not sized.search(row[4])]
    return _without(bare, "Without direction or size", f"{len(rows)} limits have a direction and a class of size.")


@_checks("C19")
def _told_apart(edition: Edition) -> Finding:
    lines = [line for name in ("answer-words", "reported-words") for line in edition.cell(name).splitlines()]
    bare = [line[:40] for line in lines if not line.endswith(tuple(f"[{tag}]" for tag in TAGS))]
    return _without(bare, "Without a mark", f"{len(lines)} key sentences are marked.")


@_checks("C20")
def _alternatives(edition: Edition) -> Finding:
    told = [line for line in edition.cell("explanations").splitlines() if _RANGE.search(line)]
    return _met(len(told) > 1, f"{len(told)} have numbers.", f"{len(told)} of two have numbers.")


@_checks("C21")
def _watch(edition: Edition) -> Finding:
    lines = edition.cell("watch").splitlines()
    return _met(lines, f"{len(lines)} things to watch for.", "Nothing is named.")


# ------------------------------------------------------------------------------------------------------------ the words


def _clean(edition: Edition, rule: str, detail: str) -> Finding:
    found = [one.message for one in edition.breaches if one.rule == rule]
    return _met(not found, detail, f"{len(found)} breaches, the first: {found[0] if found else ''}")


@_checks("C22")
def _one_table(edition: Edition) -> Finding:
    return _clean(edition, "likelihood", "No word of probability but those of the table, each beside its number.")


@_checks("C23")
def _apart(edition: Edition) -> Finding:
    if "Confidence" not in edition.cell("answer-words"):
        return Finding("not met", "The answer says nothing of confidence.")
    return _clean(edition, "confidence", "Confidence has a sentence of its own; no other holds both.")


@_checks("C24")
def _gaps(edition: Edition) -> Finding:
    edition.cell("likelihood-words")
    worded = [one["probability"] for one in edition.results["exceedance"] if 0.01 <= one["probability"] < 0.99]
    bare = [f"{p:g}" for p in (0.92, 0.37, *worded) if likelihood(p) is None]
    return _without(bare, "Without a word", f"{len(worded)} probabilities have one word each; gaps of PHIA are named.")


@_checks("C25")
def _grades(edition: Edition) -> Finding:
    marks = edition.rows("marks")
    bare = [row[1] for row in marks if not re.fullmatch(r"[A-F][1-6]", row[2])]
    graded = edition.rows("origins")
    bare += [
        row[0] for row in graded if not (re.match(r"[A-F], ", row[4]) and re.fullmatch(r"\d+ %", row[5]) and row[6])
    ]
    # A figure is confirmed by another origin only.
    alone = len({row[0] for row in marks}) == 1
    bare += [row[1] for row in marks if row[2].endswith("1") and alone]
    return _without(bare, "Not graded", f"{len(graded)} origins and {len(marks)} figures are graded.")


@_checks("C43")
def _tone(edition: Edition) -> Finding:
    if _missing(statements.read_statements()["tone"]["text"], edition.text):
        return Finding("not met", "The report does not say how it speaks.")
    return _clean(
        edition, "tone", "None of the words that make a score or a drama of it; no column holds names of the dead."
    )


# -------------------------------------------------------------------------------------------------- custody and sources


@_checks("C26")
def _items(edition: Edition) -> Finding:
    digests = {claim.id: claim.sha256 for claim in edition.register.claims}
    other = [claim["id"] for claim in edition.results["claims"] if digests.get(claim["id"]) != claim["sha256"]]
    if not other and "retrieved" not in COLUMNS:
        number = len(digests)
        return Finding(
            "not met", f"{number} rows have their digest and words; when each was retrieved is not recorded."
        )
    return _without(other, "Not the row that was read", f"{len(digests)} rows have digest, words and time.")


@_checks("C27")
def _unchanged(edition: Edition) -> Finding:
    files = edition.results["register"]["files"]
    changed = [name for name, digest in files.items() if edition.digest(name) != digest]
    return _without(changed, "Changed", f"{len(files)} copies have the digest that they had when they were read.")


@_checks("C28")
def _chain(edition: Edition) -> Finding:
    if edition.before is None:
        return Finding("does not apply", "First edition: the chain begins here.")
    kept = edition.digest("previous/results.json")
    same = kept == edition.before.results_sha256
    return _met(
        same, "The edition before is kept, with the digest that it had.", "The edition before is not what it was."
    )


@_checks("C29")
def _derivations(edition: Edition) -> Finding:
    document = json.loads(edition.bytes_of("prov.json"))
    used: dict[str, set[str]] = {}
    for one in document["wasDerivedFrom"].values():
        used.setdefault(one["prov:generatedEntity"], set()).add(one["prov:usedEntity"])
    estimates = [name for name in document["entity"] if name.startswith("estimate:")]
    lost = [name for name in estimates if not any(end.startswith("origin:") for end in _reached(name, used))]
    return _without(lost, "Reaches no source", f"{len(estimates)} estimates reach a source by derivation.")


def _reached(name: str, used: Mapping[str, set[str]]) -> set[str]:
    """All that a thing was derived from, step by step."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for one in used.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


@_checks("C30")
def _relays(edition: Edition) -> Finding:
    passed = [claim for claim in edition.results["claims"] if claim["relation"] != "original"]
    bare = [claim["id"] for claim in passed if not (claim["origin"] and claim["rests_on"])]
    return _without(bare, "Rests on nothing", f"{len(passed)} relays and restatements name what they repeat.")


@_checks("C31")
def _codebook(edition: Edition) -> Finding:
    told = {row[0]: row[1] for row in edition.rows("terms")}
    terms = {one.quantity: one.term for one in definitions.read_terms() if one.quantity}
    bare = [name for name in get_args(Quantity) if not told.get(terms.get(name, ""))]
    bare += [claim["id"] for claim in edition.results["claims"] if claim["quantity"] not in terms]
    bare += [name for name in COLUMNS if name not in {row[0] for row in edition.rows("codebook")}]
    return _without(bare, "Not defined", f"{len(terms)} quantities and {len(COLUMNS)} columns are defined.")


@_checks("C32")
def _corrections(edition: Edition) -> Finding:
    told = statements.read_statements()["corrections"]
    bare = [name for name in ("route", "policy") if _missing(told[name], edition.text)]
    return _without(bare, "Not told", "How to report an error, and what follows, are told.")


@_checks("C33")
def _readings(edition: Edition) -> Finding:
    told, rules = edition.cell("readings-table"), edition.cell("readings-rules")
    bare = []
    for claim in edition.counted:
        reading = claim["reading"]
        quantiles = list((reading["quantiles"] or {}).values())
        stated = reading["best"] if reading["kind"] in ("approx", "point") else None
        # Between the fitted 5 and 95 %: a plain or rounded figure that lies outside was fitted wrongly.
        back = len(quantiles) == 5 and quantiles == sorted(quantiles)
        back = back and (stated is None or quantiles[0] <= stated <= quantiles[-1])
        if not (
            back
            and reading["rule"]
            and reading["source"]
            and f'"{claim["wording"]}"' in told
            and claim["wording"] in rules
        ):
            bare.append(claim["id"])
    detail = f"{len(edition.counted)} counted figures have a rule, its source, and their quantiles shown back."
    return _without(bare, "Not shown back", detail)


@_checks("C34")
def _dissent(edition: Edition) -> Finding:
    edition.bytes_of("figures/sources.png")
    rows = {row[0] for row in edition.rows("depends-origins-table")}
    lacking = [one["name"] for one in edition.results["origins"] if f"{one['name']} alone" not in rows]
    return _without(lacking, "Not beside the pool", "Each origin alone stands beside the pool, and is in the figure.")


# ----------------------------------------------------------------------------------------------------------- the limits


@_checks("C35")
def _overall(edition: Edition) -> Finding:
    told = edition.cell("overall")
    number = re.search(r"with about (\S+ %)", told)
    return _met(number, f"Judged at about {number[1] if number else ''}.", "No number is given for all of it together.")


@_checks("C36")
def _stable(edition: Edition) -> Finding:
    found = edition.results["convergence"]
    number = (
        f"{found['digits']} significant digits after {found['replicates']} replicates of {found['points']:,} points"
    )
    return _met(found["reached"], f"Stable to {number}.", f"Not stable to {number}.")


@_checks("C37")
def _named_intervals(edition: Edition) -> Finding:
    level = f"{100 * edition.results['settings']['level']:g} %"
    kinds = {interval["kind"] for one in edition.results["estimates"] for interval in one["intervals"]}
    bare = [name for name in ("answer-words", "result-table") if level not in edition.cell(name)]
    bare += [] if kinds == {"equal-tailed"} and "equal-tailed" in edition.text else ["the type"]
    return _without(bare, "Not named", f"{level} and equal-tailed, in words and files.")


@_checks("C38")
def _digits(edition: Edition) -> Finding:
    settings, bold, number = edition.results["settings"], [], 0
    for record in edition.results["estimates"]:
        one = Estimate.from_record(record)
        interval = one.interval(settings["level"])
        ends = ((interval.low, interval.mcse_low), (one.median, one.mcse), (interval.high, interval.mcse_high))
        for value, mcse in ends:
            number += 1
            place = one.place(settings["digits"], mcse)
            if kept_place(value, place, least=-12 if one.is_share else 0) != place:
                bold.append(one.name)
    return _without(bold, "More digits than the error supports", f"{number} numbers, each within twice its error.")


@_checks("C39")
def _identity(edition: Edition) -> Finding:
    worst = edition.results["violation"]
    return _met(worst == 0, "The largest violation is 0.", f"The largest violation is {worst:g}.")


@_checks("C40")
def _again(edition: Edition) -> Finding:
    if edition.again is None:
        return Finding("not met", "The numbers were not computed a second time.")
    try:
        again = edition.again()
    except InputError:
        return Finding("not met", "A second run stopped, since it could not read what the first one read.")
    same = again.encode() == edition.bytes_of("results.json")
    return _met(same, "A second run gave the same results.json.", "A second run gave another results.json.")


@_checks("C41")
def _accessible(edition: Edition) -> Finding:
    bare = [
        cell["id"]
        for cell in edition.notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {}) and not output.get("metadata", {}).get("image/png", {}).get("alt")
    ]
    headings = re.findall(r"^(#+) ", "\n".join(_markdown(edition)), re.MULTILINE)
    levels = [len(marks) for marks in headings]
    steep = [f"heading {at}" for at in range(1, len(levels)) if levels[at] > levels[at - 1] + 1]
    return _without(
        bare + steep, "Without text, or out of order", "Each picture has text; headings go down step by step."
    )


def _markdown(edition: Edition) -> Iterator[str]:
    return ("".join(cell["source"]) for cell in edition.notebook.cells if cell["cell_type"] == "markdown")


@_checks("C42")
def _gated(edition: Edition) -> Finding:
    if edition.gates is None:
        return Finding("not met", "No gate was asked.")
    if edition.gates:
        return Finding("met", f"Published as a draft: {'; '.join(edition.gates)}.")
    return Finding("met", "The gates were asked, and none closed.")
