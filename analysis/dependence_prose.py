"""
What an answer depends on, in sentences: no number is typed, and what is judgement is said to be.

>>> from analysis.dependence import examine
>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> worth_finding(examine(run(Settings(max_draws=16384))))
'Knowing which origin is right would narrow the interval most: 8.7 instead of 13.0'
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray

from analysis.curve import Alternative, Choice, Drivers, Level, Specification
from analysis.dependence import Dependence, without_folder
from analysis.distributions import FloatArray
from analysis.prose import Prose, whose
from analysis.shares import Shares
from analysis.summary import kept_place, percent, rounded
from analysis.without import Without
from analysis.worth import Worth

__all__ = [
    "CHOICE_NAMES",
    "assumptions",
    "choice_label",
    "drives",
    "drives_finding",
    "end",
    "envelope_finding",
    "exceedance_finding",
    "killed",
    "narrows",
    "share",
    "specifications_finding",
    "split",
    "split_finding",
    "whatever",
    "width_expected",
    "width_now",
    "without_finding",
    "worth_finding",
]

CHOICE_NAMES = {
    "pool": "pool",
    "width": "width of the readings",
    "wounded_per_killed": "wounded per killed",
    "force": "size of the force",
    "origins": "origins that count",
}
_WIDTHS = {0.5: "half", 1.0: "as read", 2.0: "double"}
_RATIO = "casualties_ratio"
_ROUNDING = 1e-9  # of the processor: nothing differs by it


def choice_label(choice: Choice, level: Level) -> str:
    """A level as people read it."""
    if choice.name == "width" and isinstance(level.value, float):
        return _WIDTHS.get(level.value, f"times {level.value:g}")
    return level.label


def share(value: float, found: Dependence, *, mcse: float = 0.0) -> str:
    """
    A share of the force as soldiers of every 100, with the digits that the answer prints with.

    Parameters
    ----------
    value : float
        From 0 to 1.
    mcse : float
        Its Monte Carlo standard error; fewer digits print where it does not support them.
    """
    ratio = found.results.estimate(_RATIO)
    return rounded(100 * value, kept_place(value, ratio.place(found.results.settings.digits, mcse)) + 2)


def _level(found: Dependence) -> str:
    return f"{100 * found.results.settings.level:g} %"


# ---------------------------------------------------------------------------------------------------- titles of figures


def drives_finding(found: Dependence) -> str:
    """The input that carries most of the variance, and the choice that moves the centre most."""
    top = max(found.inputs.inputs.rows, key=lambda one: one.total)
    carried = f"{_capital(top.input.label)}: {percent(min(top.total, 1.0))} of the variance"
    centre = found.choices.drivers()[0]
    if not centre.variance:
        return carried
    return f"{carried}; of the choices, that of {_strongest(centre, found)} moves the centre most"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _strongest(one: Drivers, found: Dependence) -> str:
    choice, _ = max(zip(found.choices.choices, one.total, strict=True), key=lambda pair: pair[1])
    return CHOICE_NAMES[choice.name]


def specifications_finding(found: Dependence) -> str:
    """How many specifications, and from where to where their centres lie."""
    shown = found.choices.by_median()
    low, high = _centre(shown[0], found), _centre(shown[-1], found)
    return f"{_counted(found)}: centres from {low} to {high} of every 100 soldiers"


def _counted(found: Dependence) -> str:
    """How many specifications are answered, and how many of the answers differ."""
    number = len(found.choices.answered)
    several = min(found.choices.computed, number)
    return f"{number} specifications" if several == number else f"{number} specifications, {several} different answers"


def _centre(one: Specification, found: Dependence) -> str:
    if one.answer is None:
        return "no answer"
    return share(one.answer.median, found, mcse=one.answer.estimate.mcse)


def without_finding(found: Dependence) -> str:
    """The origin without which the centre would move most."""
    answered = [one for one in found.inputs.without if one.estimates]
    if not answered:
        return "Only one origin counts: nothing can be left out"
    now = found.inputs.whole.estimate(_RATIO).median
    most = max(answered, key=lambda one: abs(one.estimate(_RATIO).median - now))
    before = _median(found.inputs.whole, found)
    return f"Without {most.name}, the centre would be {_median(most, found)} instead of {before}"


def _median(one: Without, found: Dependence) -> str:
    estimate = one.estimate(_RATIO)
    return share(estimate.median, found, mcse=estimate.mcse)


def exceedance_finding(found: Dependence) -> str:
    """The threshold whose answer is most open, in the answer and whatever the choices."""
    box = found.choices.envelope()
    ratios = [one for one in found.results.exceedance if one.name == _RATIO]
    at = min(range(len(ratios)), key=lambda place: abs(ratios[place].probability - 0.5))
    ends = f"{percent(float(box.exceeding_low[at]))} to {percent(float(box.exceeding_high[at]))}"
    one = ratios[at]
    return f"More than {100 * one.threshold:g} of every 100: {percent(one.probability)}; whatever the choices, {ends}"


def envelope_finding(found: Dependence) -> str:
    """Between what the centre lies whatever the choice."""
    low, high = _ends(found, 0.5)
    return f"Whatever the choice within these, the centre is between {low} and {high} of every 100"


def _ends(found: Dependence, probability: float) -> tuple[str, str]:
    box = found.choices.envelope()
    at = min(range(len(box.probabilities)), key=lambda place: abs(box.probabilities[place] - probability))
    return end(box.low, box.low_from, at, found), end(box.high, box.high_from, at, found)


def end(values: FloatArray, by: NDArray[np.intp], at: int, found: Dependence) -> str:
    """An end of the envelope, with the digits that the error of the specification behind it supports."""
    answer = found.choices.specifications[int(by[at])].answer
    return share(float(values[at]), found, mcse=float(answer.mcse[at]) if answer else 0.0)


def split_finding(found: Dependence) -> str:
    """Where an origin's own wounded per killed lie beside the class in use."""
    shares = found.inputs.shares
    in_use = f"{shares.in_use.low:.1f} to {shares.in_use.high:.1f}"
    if not shares.origins:
        return f"No origin splits its own losses; the class in use has {in_use} wounded per killed"
    parts = [f"{one.name} {one.wounded_per_killed.median:.1f}, {one.place}" for one in shares.origins]
    return f"Wounded for each killed: {'; '.join(parts)} the class in use ({in_use})"


def worth_finding(found: Dependence) -> str:
    """What would narrow the interval most if it were known exactly."""
    best, now = found.inputs.narrowing[0], width_now(found)
    if best.width.expected is None or best.width.change is None or best.width.change >= 0:
        return f"Nothing here would narrow the interval ({now} wide) by being known exactly"
    return f"Knowing {_known(best)} would narrow the interval most: {width_expected(best, found)} instead of {now}"


def _known(one: Worth) -> str:
    return one.input.label if one.input.kind == "origin" else f"{one.input.label} exactly"


def width_now(found: Dependence) -> str:
    """The width of the interval, of every 100 soldiers."""
    width = found.inputs.worth[0].width
    return share(width.now, found, mcse=width.mcse_now)


def width_expected(one: Worth, found: Dependence) -> str:
    """The width if one thing were known; that of now and the change to it, where their common draws make this surer."""
    width = one.width
    together = max(width.mcse_now, width.mcse_change or 0.0)
    if width.expected is not None and width.mcse is not None and width.mcse <= together:
        return share(width.expected, found, mcse=width.mcse)
    return share(width.now + (width.change or 0.0), found, mcse=together)


# ------------------------------------------------------------------------------------------------------------ sentences


def _carried(shares: Shares) -> str:
    """The inputs with their shares of the variance, the largest first; those below a hundredth by their number."""
    rows = sorted(shares.rows, key=lambda one: -one.total)
    parts = [f"{one.input.label} {percent(min(max(one.total, 0.0), 1.0))}" for one in rows if one.total >= 0.01]
    rest = len(rows) - len(parts)
    others = f"; {'the other input' if rest == 1 else f'the other {rest} inputs'} less than 1 %" if rest else ""
    return f"{', '.join(parts)}{others}"


def drives(found: Dependence) -> Prose:
    """What drives the width, in one sentence; and what must be known to read the figure."""
    alone = sum(one.first for one in found.inputs.inputs.rows)
    lines = [
        f"What drives the width: of the variance of the logarithm of the share lost, {_carried(found.inputs.inputs)}.",
        "Each of these shares holds what the input does together with others, so they may add to more than 100 %; "
        f"alone, the inputs explain {percent(min(alone, 1.0))} together. Which origin is right is an input like the "
        "others.",
    ]
    lines += found.inputs.inputs.notes
    return Prose(tuple(lines), lead=True)


def whatever(found: Dependence) -> Prose:
    """The envelope of all specifications in sentences, and what the choices are responsible for."""
    choices = found.choices
    level = found.results.settings.level
    centre, low, high = _ends(found, 0.5), _ends(found, (1 - level) / 2), _ends(found, (1 + level) / 2)
    lines = [
        f"Whatever the choice within these {_counted(found)}, the centre is between {centre[0]} "
        f"and {centre[1]} of every 100 soldiers; the lower end of the {_level(found)} interval between {low[0]} and "
        f"{low[1]}, the upper end between {high[0]} and {high[1]}."
    ]
    for one in choices.drivers():
        if one.variance:
            what = "centre" if one.output == "median" else "width of the interval"
            explained = max(zip(one.total, choices.choices, strict=True), key=lambda pair: pair[0])[0]
            lines.append(
                f"What differs between the specifications' {what} comes first from the choice of "
                f"{_strongest(one, found)} ({percent(min(explained, 1.0))} of the variance of its logarithm)."
            )
    if choices.refused:
        reasons = _refusals(found)
        kinds = [reason.partition(", ")[2] for reason in reasons] if len(reasons) == 1 else reasons
        lines.append(f"{len(choices.refused)} more have no answer: {'; '.join(kinds)}.")
        lines.append(
            "Where some have none, the choices are not independent of each other: a choice may then explain more alone "
            "than it does with the others, and the shares say roughly which matter."
        )
    lines.append(
        "Which choices are crossed, and that each counts alike, is judgement; the envelope has no probability of its "
        "own."
    )
    return Prose(tuple(lines), lead=True)


_EXCEEDS = re.compile(r"casualties as (.+) gives them exceed the force in (\d+) % of the draws")


def _refusals(found: Dependence) -> list[str]:
    """Why specifications have no answer, each kind of reason once with how many there are."""
    exceeding: defaultdict[str, list[int]] = defaultdict(list)
    others: Counter[str] = Counter()
    for one in found.choices.refused:
        for reason in without_folder(one.refused or "", one.settings).splitlines():
            if told := _EXCEEDS.match(reason):
                exceeding[told[1]].append(int(told[2]))
            elif reason.startswith("pool is 'logarithmic'"):
                others["origins without a number of casualties in common have no logarithmic pool"] += 1
            else:
                others[reason] += 1
    lines = []
    for name, shares in sorted(exceeding.items()):
        ends = f"{min(shares)} to {max(shares)}" if min(shares) < max(shares) else f"{max(shares)}"
        lines.append(f"in {len(shares)}, casualties as {name} gives them exceed the force in {ends} % of the draws")
    return lines + [f"in {number}, {reason}" for reason, number in others.items()]


def killed(found: Dependence) -> Prose:
    """Which choice moves the killed most, what wounded per killed does to them, and which inputs they vary with."""
    by_choice = {
        choice.name: [one for one in found.choices.alternatives() if one.choice.name == choice.name and one.killed]
        for choice in found.choices.choices
    }
    ratio, strongest = "wounded_per_killed", max(by_choice, key=lambda name: _times(by_choice[name]))
    lines = []
    if _times(by_choice[strongest]) > 1 + _ROUNDING:
        lines.append(
            f"Of the choices, that of {CHOICE_NAMES[strongest]} moves the centre of the killed most, in proportion: "
            f"{_killed_moved(by_choice[strongest], found)}."
        )
    else:
        lines.append("No choice moves the killed.")
    if _times(by_choice[ratio]) > 1 + _ROUNDING:
        # A difference is None where there is no answer, and such are left out above.
        same = all(abs(one.difference or 0.0) <= _ROUNDING for one in by_choice[ratio])
        part = "only the split: the casualties are the same" if same else "the casualties as well as the split"
        moved = "" if strongest == ratio else f". Of the killed, {_killed_moved(by_choice[ratio], found)}"
        lines.append(f"Wounded per killed moves {part}{moved}.")
    shares = found.inputs.killed
    pool = "" if shares.in_use == shares.rule else f" in the {shares.rule} pool"
    lines.append(
        f"What the killed vary with: of the variance of the logarithm of the share killed{pool}, {_carried(shares)}. "
        "Here too each of these holds what the input does together with others."
    )
    lines += shares.notes[-1:]  # the spread here and in the answer; the others are those of the casualties
    return Prose(tuple(lines))


def _times(levels: list[Alternative]) -> float:
    """The largest centre of the killed under some levels over the smallest."""
    centres = [one.killed.median for one in levels if one.killed]
    if not centres or min(centres) == max(centres):
        return 1.0
    return max(centres) / min(centres) if min(centres) > 0 else float("inf")


def _killed_moved(levels: list[Alternative], found: Dependence) -> str:
    """The killed over the force where a choice makes them least and most, and as in use."""
    rising = sorted((one for one in levels if one.killed), key=lambda one: one.killed.median if one.killed else 0.0)
    used = next(one for one in rising if one.specification.used)
    ends = [_killed_of(one, found) for one in (rising[0], rising[-1]) if one is not used]
    return f"{' and '.join(ends)} of the force instead of {_killed_of(used, found)}; {_level(found)} intervals"


def _killed_of(one: Alternative, found: Dependence) -> str:
    settings = found.results.settings
    words = one.killed.text(settings.level, digits=settings.digits) if one.killed else "no answer"
    return f"{words} ({choice_label(one.choice, one.level)})"


def narrows(found: Dependence) -> Prose:
    """What evidence would narrow the answer most."""
    now = width_now(found)
    known = [one for one in found.inputs.narrowing if one.width.expected is not None]
    parts = [f"{one.input.label} {width_expected(one, found)}" for one in known]
    lines = [
        f"{worth_finding(found)} of every 100 soldiers.",
        f"Expected width of the {_level(found)} interval, now {now}, if one thing were known exactly: "
        f"{'; '.join(parts)}.",
    ]
    lines[1:1] = _best_claim(found)
    lines.append(
        "These are widths in soldiers of every 100, where the shares of the variance above are of logarithms: what is "
        "far out weighs more here, so the two may rank differently."
    )
    if wider := [one.input.label for one in known if one.width.widens]:
        lines.append(
            f"Knowing {' or '.join(wider)} is expected to widen it: an average of distances between quantiles can grow "
            "by knowledge, where an average of variances cannot."
        )
    if without := [one.input.label for one in found.inputs.worth if one.width.answered < 1]:
        lines.append(f"Averaged over those values only that leave an answer: {', '.join(without)}.")
    return Prose(tuple(lines))


def _best_claim(found: Dependence) -> list[str]:
    """The claim that would narrow most, where something that is no claim would narrow more."""
    narrowing = [one for one in found.inputs.narrowing if (one.width.change or 0.0) < 0]
    claims = [one for one in narrowing if one.input.claims]
    if not claims or claims[0] is narrowing[0]:
        return []
    expected, now = width_expected(claims[0], found), width_now(found)
    return [f"Of the claims, {claims[0].input.label} would narrow it most: {expected} instead of {now}."]


def split(found: Dependence) -> Prose:
    """The killed share of each origin beside the class in use and what others gave."""
    shares, settings = found.inputs.shares, found.results.settings
    lines = [f"{split_finding(found)}."]
    for one in shares.origins:
        range_ = one.killed_share.text(settings.level, digits=settings.digits)
        if one.printed is not None:
            lines.append(f"As printed, {whose(one.name)} figures are {one.printed:.3g} wounded for each killed.")
        lines.append(
            f"As read here, {whose(one.name)} own figures put the killed at {range_} of its casualties. "
            f"The probability that its wounded per killed lie inside {shares.in_use.low:.1f} to "
            f"{shares.in_use.high:.1f} is {percent(one.inside)}."
        )
    later = [one.name for one in shares.references if not one.known_on(settings.day)]
    if later:
        lines.append(
            f"Not yet known on {settings.as_of}, and used for nothing but this comparison: {', '.join(later)}."
        )
    return Prose(tuple(lines))


def assumptions(found: Dependence) -> Prose:
    """What was varied, and what was not."""
    choices = found.choices
    levels = "; ".join(
        f"{CHOICE_NAMES[choice.name]}: {', '.join(choice_label(choice, level) for level in choice.levels)}"
        for choice in choices.choices
    )
    return Prose(
        (
            f"Crossed with each other: {levels}.",
            f"{choices.computed} of the {len(choices.specifications)} specifications differ in their casualties: the "
            "wounded per killed play no part where every origin gives its casualties, and no pool matters where "
            "one origin is left.",
            *_missing_forces(found),
            "Not varied: which claims are in the register, what each rule of the lexicon is (only how wide), and "
            "errors that all origins share.",
        ),
        listed=True,
    )


def _missing_forces(found: Dependence) -> list[str]:
    """Sizes of the force that no claim gives, which are therefore no level."""
    missing = [one.choice for one in found.results.denominators if one.force is None]
    return [f"Left out, since no claim gives such a size of the force: {', '.join(missing)}."] if missing else []
