"""
What an answer depends on, as tables.

>>> from analysis.dependence import examine
>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> alternatives(examine(run(Settings(max_draws=16384)))).rows[0][:2]
('pool', 'linear (in use)')
"""

from __future__ import annotations

from analysis.curve import Answer, Specification
from analysis.dependence import Dependence, without_folder
from analysis.dependence_prose import CHOICE_NAMES, choice_label, end, share, width_expected, width_now
from analysis.displays import Table
from analysis.model import THRESHOLDS
from analysis.summary import percent

__all__ = ["alternatives", "choices", "envelope", "inputs", "references", "without", "worth"]

_RATIO = "casualties_ratio"


def _level(found: Dependence) -> str:
    return f"{100 * found.results.settings.level:g} %"


def _range(answer: Answer, found: Dependence) -> str:
    return answer.estimate.range(found.results.settings.level, digits=found.results.settings.digits)


def _index(value: float, mcse: float) -> str:
    # 1e-9 is rounding: nothing depends on it.
    return "0 %" if abs(value) <= 1e-9 else f"{100 * value:.1f} % ± {100 * mcse:.1g}"


def inputs(found: Dependence) -> Table:
    """First-order and total Sobol indices of the inputs, with their Monte Carlo standard errors."""
    headings = (
        "input: its share of the variance of the logarithm",
        "of the share lost, alone",
        "of the share lost, in all",
        "of the share killed, alone",
        "of the share killed, in all",
    )
    both = zip(found.inputs.inputs.rows, found.inputs.killed.rows, strict=True)
    rows = tuple(
        (
            lost.input.label,
            *(
                _index(*one)
                for row in (lost, killed)
                for one in ((row.first, row.mcse_first), (row.total, row.mcse_total))
            ),
        )
        for lost, killed in sorted(both, key=lambda pair: -pair[0].total)
    )
    return Table(headings, rows)


def choices(found: Dependence) -> Table:
    """First-order and total Sobol indices of the choices of method: of the centre, and of the interval's width."""
    centre, width = found.choices.drivers()
    outputs = ("centre of the casualties", "width of their interval")
    headings = ("choice", *(f"{output}, {part}" for output in outputs for part in ("alone", "in all")))
    rows = tuple(
        (
            CHOICE_NAMES[choice.name],
            *(f"{100 * one[at]:.1f} %" for one in (centre.first, centre.total, width.first, width.total)),
        )
        for at, choice in enumerate(found.choices.choices)
    )
    return Table(headings, rows)


def alternatives(found: Dependence) -> Table:
    """
    Every level of every choice with all else as in use: interval and centre of the casualties, and how far it moves.

    Last the killed: wounded per killed moves these where it moves no casualties.
    """
    digits = found.results.settings.digits
    headings = (
        "choice",
        "made so",
        f"casualties, of the force, {_level(found)}",
        "casualties, median",
        "moves the median of the casualties, of every 100, by",
        f"killed, of the force, {_level(found)}",
    )
    rows = []
    for one in found.choices.alternatives():
        label = choice_label(one.choice, one.level)
        in_use = one.specification.used
        name = CHOICE_NAMES[one.choice.name]
        answer = one.specification.answer
        if answer is None or one.killed is None:
            reason = without_folder(one.specification.refused or "", one.specification.settings)
            rows.append((name, label, f"no answer: {reason}", *("–",) * 3))
            continue
        moved = "" if in_use else _signed(one.difference or 0.0, one.mcse or 0.0, found)
        centre, killed = (
            answer.estimate.centre(digits=digits),
            one.killed.range(found.results.settings.level, digits=digits),
        )
        rows.append((name, f"{label} (in use)" if in_use else label, _range(answer, found), centre, moved, killed))
    return Table(headings, tuple(rows), ("left", "left", *("right",) * 4))


def _signed(value: float, mcse: float, found: Dependence) -> str:
    if abs(value) <= 1e-9:  # rounding
        return "nothing"
    words = share(abs(value), found, mcse=mcse)
    return f"{'+' if value > 0 else '−'}{words}"


def envelope(found: Dependence) -> Table:
    """The least and the most of all specifications, and which gives them: ends, centre, probabilities of more."""
    box, level = found.choices.envelope(), found.results.settings.level
    headings = ("", "in use", "least", "given by", "most", "given by")
    answer = found.choices.used.answer
    rows = []
    for name, probability in (
        (f"lower end, {_level(found)}", (1 - level) / 2),
        ("centre", 0.5),
        (f"upper end, {_level(found)}", (1 + level) / 2),
    ):
        at = min(range(len(box.probabilities)), key=lambda place: abs(box.probabilities[place] - probability))
        ends = (
            f"{share(float(answer.quantiles[at]), found, mcse=float(answer.mcse[at]))} %" if answer else "–",
            f"{end(box.low, box.low_from, at, found)} %",
            f"{end(box.high, box.high_from, at, found)} %",
        )
        rows.append(
            (name, ends[0], ends[1], _made(int(box.low_from[at]), found), ends[2], _made(int(box.high_from[at]), found))
        )
    ratios = [one for one in found.results.exceedance if one.name == _RATIO]
    for at, (threshold, one) in enumerate(zip(THRESHOLDS, ratios, strict=True)):
        least, most = float(box.exceeding_low[at]), float(box.exceeding_high[at])
        made = (_made(int(box.exceeding_low_from[at]), found), _made(int(box.exceeding_high_from[at]), found))
        rows.append(
            (
                f"probability of more than {100 * threshold:g} %",
                percent(one.probability),
                percent(least),
                made[0],
                percent(most),
                made[1],
            )
        )
    return Table(headings, tuple(rows), ("left", "right", "right", "left", "right", "left"))


def _made(place: int, found: Dependence) -> str:
    """What is otherwise than in use in a specification."""
    one: Specification = found.choices.specifications[place]
    parts = [
        f"{CHOICE_NAMES[choice.name]}: {choice_label(choice, choice.levels[level])}"
        for choice, level in zip(found.choices.choices, one.levels, strict=True)
        if level != choice.used
    ]
    return "; ".join(parts) or "as in use"


def without(found: Dependence) -> Table:
    """The pool without each origin in turn."""
    level, digits = found.results.settings.level, found.results.settings.digits
    names = ("killed", "casualties", "killed_ratio", _RATIO)
    headings = ("origins", "killed", "casualties", "killed, of the force", "casualties, of the force", "median")
    rows = []
    for one in (found.inputs.whole, *found.inputs.without):
        label = f"without {one.name}" if one.name else "all"
        if not one.estimates:
            rows.append((label, f"no answer: {one.reason}", *("–",) * 4))
            continue
        ranges = (one.estimate(name).range(level, digits=digits) for name in names)
        rows.append((label, *ranges, one.estimate(_RATIO).centre(digits=digits)))
    return Table(headings, tuple(rows))


def worth(found: Dependence) -> Table:
    """The expected width of the interval if one thing were known exactly, the most useful first."""
    headings = (
        "if this were known exactly",
        f"expected width of the {_level(found)} interval",
        "now",
        "standard error of the change",
    )
    rows = []
    for one in found.inputs.narrowing:
        width = one.width
        if width.expected is None or width.mcse is None:
            rows.append((one.input.label, "no value of it has an answer", f"{width_now(found)} %", "–"))
            continue
        error = f"{100 * (width.mcse_change or 0.0):.1g} %"
        rows.append((one.input.label, f"{width_expected(one, found)} %", f"{width_now(found)} %", error))
    return Table(headings, tuple(rows))


def references(found: Dependence) -> Table:
    """Wounded per killed: each origin's own, the class in use, and what wars and other speakers gave, with sources."""
    shares, settings = found.inputs.shares, found.results.settings
    headings = ("whose", "wounded per killed", "killed, of casualties", "known", "source")
    rows = []
    for one in shares.origins:
        printed = "; ".join(f'{quantity} "{wording}"' for quantity, wording in one.wordings.items())
        if one.printed is not None:
            printed += f"; as printed {one.printed:.3g} wounded for each killed"
        ratio = one.wounded_per_killed.text(settings.level, digits=settings.digits)
        rows.append(
            (
                f"{one.name} (as read here)",
                ratio,
                one.killed_share.text(settings.level, digits=settings.digits),
                "yes",
                printed,
            )
        )
    in_use = shares.in_use
    rows.append(
        (
            f"{in_use.name} (class in use)",
            f"{in_use.low:.1f} to {in_use.high:.1f}, centre {in_use.median:.1f}",
            _killed(in_use.low, in_use.high),
            "yes",
            in_use.source,
        )
    )
    for one in shares.references:
        known = "yes" if one.known_on(settings.day) else f"later: {one.published}"
        rows.append((one.name, _between(one.low, one.high), _killed(one.low, one.high), known, one.source))
    return Table(headings, tuple(rows), ("left", "right", "right", "left", "left"))


def _between(low: float, high: float) -> str:
    return f"{low:.1f}" if low == high else f"{low:.1f} to {high:.1f}"


def _killed(low: float, high: float) -> str:
    """The killed share of casualties that goes with a range of wounded per killed."""
    most, least = 100 / (1 + low), 100 / (1 + high)
    return f"{least:.0f} %" if low == high else f"{least:.0f} % to {most:.0f} %"
