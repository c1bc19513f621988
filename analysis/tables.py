"""
The report's tables, made from results; text from a register is escaped, whatever it holds.

>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> exceedance(run(Settings(max_draws=16384))).rows[2][:3]
('casualties', '75 %, likely', '36 %, unlikely')
"""

from __future__ import annotations

import itertools
import textwrap

import numpy as np

from analysis.claims import Claim
from analysis.displays import Table
from analysis.evidence import QUANTITY_OF_FORCE, ReadClaim, size_reasons
from analysis.lexicon import read_lexicon
from analysis.model import RATIOS, THRESHOLDS
from analysis.pipeline import Results, versions
from analysis.sampling import tolerance
from analysis.summary import NAMES, estimates_table, likelihood, percent
from analysis.wording import QUANTILE_HEADINGS, QUANTILES, Reading, quantile_cells

__all__ = [
    "NAMES",
    "alternatives",
    "by_origin",
    "counted",
    "estimates",
    "exceedance",
    "not_counted",
    "pools",
    "provenance",
    "question",
    "reading",
    "readings",
    "rules",
    "sampling",
]


def _words(*columns: str) -> tuple[str, ...]:
    return tuple("left" for _ in columns)


def question(results: Results) -> Table:
    """What is estimated, of whom, for which days, and what was known when: the frame of the answer."""
    losses = [one.claim for origin in results.evidence.origins for one in origin.given.values()]
    force, settings = results.denominator.force, results.settings
    sizes = "; ".join(f"{one.claim.quoted} ({one.claim.origin})" for one in force.claims) if force else "no number"
    starts = [claim.period_start for claim in losses if claim.period_start]
    first = str(min(starts)) if starts else "a beginning that no source states"
    newest = max(claim.published for claim in losses)
    rows = (
        ("what is estimated", "soldiers killed or wounded, as a number and as a share of the force"),
        ("of whom", f"the force as {settings.force}: {sizes}; losses in {', '.join(_places(losses))}"),
        ("for which days", f"{first} to {max(claim.as_of for claim in losses)}, as far as the sources say"),
        ("what was known", f"claims published by {settings.as_of}; the newest that counts is of {newest}"),
    )
    return Table(("the question", "here"), rows, ("left", "left"))


def _places(losses: list[Claim]) -> list[str]:
    return sorted({claim.scope for claim in losses})


def counted(results: Results) -> Table:
    """The claims that count: who said what, as printed, and the trap in each."""
    headings = ("origin", "as printed", "as of", "said by", "note")
    rows = tuple(
        (c.origin, c.quoted, str(c.as_of), f"{c.speaker}; printed by {c.outlet}", c.note)
        for c in (one.claim for one in results.counted)
    )
    return Table(headings, rows, _words(*headings))


def not_counted(results: Results) -> Table:
    """Every other claim of the register, with the reason."""
    headings = ("origin", "as printed", "printed by", "not counted because", "note")
    rows = tuple(
        (one.claim.origin, one.claim.quoted, one.claim.outlet, one.reason, one.claim.note)
        for one in results.not_counted
    )
    return Table(headings, rows, _words(*headings))


def _layers(results: Results) -> list[tuple[ReadClaim, str, Reading]]:
    """Each counted claim's wording layer, and its reporting layer where it has one."""
    found = []
    for one in results.counted:
        found.append((one, "wording", one.wording))
        if one.reading is not one.wording:
            found.append((one, f"and reporting ({one.reading.reporting})", one.reading))
    return found


def readings(results: Results) -> Table:
    """How each counted wording was read: its quantiles, one row a layer."""
    headings = ("origin", "as printed", "layer", *QUANTILE_HEADINGS)
    rows = tuple(
        (one.claim.origin, one.claim.quoted, layer, *quantile_cells(reading))
        for one, layer, reading in _layers(results)
    )
    return Table(headings, rows, ("left",) * 3 + ("right",) * len(QUANTILES))


def rules(results: Results) -> Table:
    """Where each reading comes from: its rule's evidence, and what is judgement in it."""
    headings = ("as printed", "layer", "kind", "evidence", "judgement")
    rows = tuple(
        (f'"{one.claim.wording}"', layer, reading.kind.replace("_", " "), reading.source, reading.judgement)
        for one, layer, reading in _layers(results)
    )
    return Table(headings, rows, _words(*headings))


def reading(one: Reading, reported: Reading) -> Table:
    """
    One reading, a line each for what it says and where it comes from.

    Parameters
    ----------
    one : Reading
        What the words mean.
    reported : Reading
        The same with the reporting layer on it, or the very same where there is none.
    """
    rows = [("wording", f'"{one.wording}"'), ("kind", one.kind.replace("_", " "))]
    rows += [
        (name, f"{value:,g}")
        for name, value in (("low", one.low), ("best", one.best), ("high", one.high))
        if value is not None
    ]
    rows += [("rule", one.rule), *_layer(one)]
    if reported is not one:
        rows += [("", ""), ("with reporting", reported.reporting), *_layer(reported)]
    elif one.reporting_included:
        rows += [("with reporting", "the same: the rule holds it already")]
    named = [name for name in read_lexicon().references if name in one.source + reported.source]
    full = [f"{name}: {read_lexicon().references[name]}" for name in named]
    rows += [("", ""), *(("evidence", line) for text in full for line in textwrap.wrap(text, 88))] if full else []
    rows = [
        ("" if name == before else name, text) for (before, _), (name, text) in itertools.pairwise([("-", ""), *rows])
    ]
    return Table(("reading", ""), tuple(rows), ("left", "left"))


def _layer(one: Reading) -> list[tuple[str, str]]:
    """Quantiles of one layer, as numbers and as a line, and the evidence behind it."""
    quantiles = zip(QUANTILE_HEADINGS, quantile_cells(one), strict=True)
    rows = [(f"{heading} quantile", text) for heading, text in quantiles] if one.distribution else []
    rows += [("plot", line)] if (line := _line(one)) else [("quantiles", "none, since the words give no number")]
    rows += [("from", text) for text in textwrap.wrap(one.source, 88)]
    return rows + [("judgement", text) for text in textwrap.wrap(one.judgement or "none", 88)]


def _line(one: Reading, *, width: int = 56) -> str:
    """
    A reading drawn in letters, from its 5 to its 95 % quantile: ``=`` holds the middle half, ``#`` is the median.

    Examples
    --------
    >>> from analysis.wording import read
    >>> _line(read("between 10,000 and 12,000"), width=21)
    '10,000 ----======#======---- 12,000'
    """
    quantiles = one.quantiles()
    if quantiles is None:
        return ""
    low, quarter, median, three, high = quantiles
    if high == low:
        return f"# all on {quantile_cells(one)[0]}"
    places = np.round((width - 1) * (np.array([quarter, median, three]) - low) / (high - low)).astype(int)
    line = np.full(width, "-")
    line[places[0] : places[2] + 1] = "="
    line[places[1]] = "#"
    first, *_, last = quantile_cells(one)
    return f"{first} {''.join(line)} {last}"


def estimates(results: Results) -> Table:
    """Every quantity of the pool: equal-tailed intervals, median and mean."""
    return estimates_table(results.estimates, digits=results.settings.digits)


def exceedance(results: Results) -> Table:
    """How probable it is that more than 5, 10, 20 and 33 % of the force were lost: number and word of ICD 203."""
    headings = ("of the force", *(f"more than {100 * threshold:g} %" for threshold in THRESHOLDS))
    rows = []
    for ratio, loss in RATIOS.items():
        found = [one.probability for one in results.exceedance if one.name == ratio]
        words = (f", {word}" if (word := likelihood(p)) else "" for p in found)
        rows.append((loss, *(percent(p) + word for p, word in zip(found, words, strict=True))))
    return Table(headings, tuple(rows))


def by_origin(results: Results) -> Table:
    """Each origin alone beside the pool."""
    level, digits = results.settings.level, results.settings.digits
    headings = (
        "source",
        "weight",
        "killed",
        "wounded",
        "casualties",
        "casualties, of the force",
        "wounded for each killed",
    )
    names = ("killed", "wounded", "casualties", "casualties_ratio", "wounded_per_killed")
    rows = [("pool", "", *(results.estimate(name).range(level, digits=digits) for name in names))]
    for origin in results.origins:
        ranges = [origin.estimate(name).range(level, digits=digits) for name in names if origin.estimates]
        none = ["more than the force in most draws", *[""] * (len(names) - 1)]
        rows.append((f"{origin.name} alone", f"{100 * origin.weight:.3g} %", *(ranges or none)))
    return Table(headings, tuple(rows))


_RULES = {
    "linear": "averages the origins' probabilities, and keeps their disagreement",
    "logarithmic": "multiplies their densities of casualties, and keeps what they have in common",
    "median": "takes the median of their quantiles of casualties, and lies between them there",
}


def pools(results: Results) -> Table:
    """
    Every way of combining the origins, over the force in use; the one in use is marked.

    A pool is a rule for casualties; the killed follow by each origin's own split. Agreement is that of
    `pools.Pooling`: 1 where all say the same, 0 where they have no number in common.
    """
    level, digits = results.settings.level, results.settings.digits
    headings = ("pool", "what it does", "agreement", "casualties, of the force", "median", "killed, of the force")
    rows = []
    for one in results.pools:
        mark = f"{one.name} (in use)" if one.name == results.settings.pool else one.name
        if not one.estimates:
            rows.append((mark, "the origins have no number of casualties in common", "0", *("–",) * 3))
            continue
        casualties, killed = (one.estimate(name) for name in ("casualties_ratio", "killed_ratio"))
        agreement = f"{one.agreement:.2g}" if one.name == "logarithmic" else ""
        ranges = casualties.range(level, digits=digits), casualties.centre(digits=digits)
        rows.append((mark, _RULES[one.name], agreement, *ranges, killed.range(level, digits=digits)))
    return Table(headings, tuple(rows), ("left", "left", "right", "right", "right", "right"))


def alternatives(results: Results) -> Table:
    """The pool over each reading of the force; the one in use is marked."""
    level, digits = results.settings.level, results.settings.digits
    headings = ("force", "as printed", "size", "killed, of the force", "casualties, of the force", "median")
    rows = []
    for one in results.denominators:
        mark = f"{one.choice} (in use)" if one.choice == results.settings.force else one.choice
        if one.force is None:
            rows.append((mark, _without_force(one.choice, results), *("–",) * 4))
            continue
        printed = "; ".join(
            f'"{claim.claim.wording}" ({claim.claim.origin}, {claim.claim.as_of})' for claim in one.force.claims
        )
        if not one.estimates:
            rows.append((mark, f"{printed}: smaller than the casualties in most draws", *("–",) * 4))
            continue
        names = ("force", "killed_ratio", "casualties_ratio")
        ranges = (one.estimate(name).range(level, digits=digits) for name in names)
        rows.append((mark, printed, *ranges, one.estimate("casualties_ratio").centre(digits=digits)))
    return Table(headings, tuple(rows), ("left", "left", "right", "right", "right", "right"))


def _without_force(choice: str, results: Results) -> str:
    """Why no claim gives a size of the force: there is none, or each is left out."""
    quantity, settings = QUANTITY_OF_FORCE[choice], results.settings
    why = size_reasons(results.claims, register=results.register, as_of=settings.day, window=settings.window)
    left_out = [one.claim for one in results.claims if one.claim.quantity == quantity and one.claim.id in why]
    reasons = "; ".join(f'"{claim.wording}" ({claim.origin}): {why[claim.id]}' for claim in left_out)
    return reasons or "no number in this register"


def _reference_class(results: Results) -> str:
    """The distribution of R that splits casualties, and where it comes from."""
    low, middle, high = results.question.wounded_per_killed.ppf(np.array([0.05, 0.5, 0.95]))
    layer = read_lexicon().wounded_per_killed.get(results.settings.wounded_per_killed)
    source = layer.source if layer else "the analyst's own median, with the spread of the class historical"
    return f"{low:.1f} to {high:.1f} (90 %), middle {middle:.1f}: {source}"


def sampling(results: Results) -> Table:
    """
    How well each printed number is sampled: its Monte Carlo standard error and the digits that this supports.

    Digits are those of the standard uncertainty, as in `Estimate.supported`; numbers print with fewer.
    """
    level, digits = results.settings.level, results.settings.digits
    ends = [f"{100 * interval.level:g} %, {side}" for interval in results.estimates[0].intervals for side in _SIDES]
    headings = ("standard error of", "tolerance", "median", "mean", *ends, f"digits, {100 * level:g} % and median")
    rows = []
    for one in results.estimates:
        scale, sign = (100, " %") if one.is_share else (1, "")
        errors = [one.mcse, one.mcse_mean]
        errors += [error for each in one.intervals for error in (each.mcse_low, each.mcse_high)]
        chosen = one.interval(level)
        least = min(one.supported(error) for error in (one.mcse, chosen.mcse_low, chosen.mcse_high))
        shown = (f"{scale * error:.1g}{sign}" for error in (tolerance(one.sd, digits), *errors))
        rows.append((NAMES[one.name], *shown, f"{least}"))
    return Table(headings, tuple(rows))


_SIDES = ("low", "high")


def provenance(results: Results) -> Table:
    """What has to be the same for the numbers to come out the same, and how well the sampling converged."""
    settings, sampled = results.settings, results.convergence
    rows = [(f"{name}, SHA-256", digest) for name, digest in results.register.digests.items()]
    rows += [("lexicon.toml, SHA-256", results.lexicon_digest)]
    rows += [("versions", ", ".join(f"{name} {number}" for name, number in versions().items()))]
    rows += [("wounded for each killed", _reference_class(results))]
    rows += [("seed", str(settings.seed))]
    rows += [("draws", f"{sampled.replicates} scrambled Sobol replicates of {sampled.points:,} points")]
    outcome = "reached" if sampled.reached else "not reached before max_draws"
    rows += [
        (
            "stopping rule (JCGM 101, 7.9)",
            f"{sampled.digits} significant digits, {outcome}; last: {NAMES[sampled.slowest]}",
        )
    ]
    ratio = results.estimate("casualties_ratio")
    ends = ratio.interval(settings.level)
    worst = max(ends.mcse_low, ratio.mcse, ends.mcse_high)
    shown = "less than 0.001 %" if worst < 1e-5 else f"{100 * worst:.1g} %"
    rows += [("Monte Carlo standard error of the headline, at most", f"{shown} of the force")]
    conditioned = "none" if results.kept == 1 else percent(1 - results.kept)
    rows += [("draws corrected because casualties would exceed the force", conditioned)]
    rows += [("largest violation of killed + wounded = casualties, or of the force", f"{results.violation:g}")]
    return Table(("what", ""), tuple(rows), ("left", "left"))
