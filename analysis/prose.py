"""
The report's sentences, made from results: no number is typed, and likelihood never shares one with confidence.

>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> results = run(Settings(max_draws=16384))
>>> headline(results.estimate("casualties_ratio"), level=0.9, digits=2)
'2.8 to 15.8 of every 100 soldiers killed or wounded, centre 8.2 (90 % interval)'
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.claims import Claim
from analysis.evidence import CORRELATION, effective_number
from analysis.lexicon import read_lexicon
from analysis.pipeline import PoolResult, Results
from analysis.summary import Estimate, likelihood, percent, rounded
from analysis.wording import Reading

__all__ = [
    "TAGS",
    "Prose",
    "answer",
    "confidence",
    "dependence",
    "headline",
    "limits",
    "references",
    "spoken",
    "summary",
    "whose",
    "written",
]

# ICD 203: what others reported, what is taken as given, and what is concluded are told apart.
TAGS = ("information", "assumption", "judgement")


@dataclass(frozen=True, slots=True)
class Prose:
    """
    Paragraphs, or points of a list; text from a register comes out letter by letter.

    Parameters
    ----------
    paragraphs : sequence of str
        Plain text.
    listed : bool
        As a list.
    lead : bool
        With the first paragraph in bold.
    tags : sequence of str
        Of `TAGS`, one for each of the first paragraphs: what kind of sentence it is; it prints in brackets behind it.
    """

    paragraphs: Sequence[str]
    listed: bool = False
    lead: bool = False
    tags: Sequence[str] = ()

    def __repr__(self) -> str:
        marks = [f" [{tag}]" for tag in self.tags] + [""] * (len(self.paragraphs) - len(self.tags))
        lines = zip(self.paragraphs, marks, strict=True)
        return "\n".join(("- " if self.listed else "") + text + mark for text, mark in lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        tag = "li" if self.listed else "p"
        texts = [html.escape(text) for text in self.paragraphs]
        if self.lead:
            texts[0] = f"<strong>{texts[0]}</strong>"
        texts[: len(self.tags)] = [
            f"{text} <small>[{tag}]</small>" for text, tag in zip(texts, self.tags, strict=False)
        ]
        inner = "\n".join(f"<{tag}>{text}</{tag}>" for text in texts)
        return {"text/html": f"<ul>\n{inner}\n</ul>" if self.listed else inner, "text/plain": repr(self)}


def headline(ratio: Estimate, *, level: float, digits: int) -> str:
    """
    The answer on one line: the range per 100 soldiers first, the centre second.

    Parameters
    ----------
    ratio : Estimate
        Casualties over the force.
    level : float
        Probability inside the range.
    digits : int
        Significant digits of the standard uncertainty that are shown.
    """
    low_high = ratio.range(level, digits=digits, signed=False)
    centre = ratio.centre(digits=digits, signed=False)
    return f"{low_high} of every 100 soldiers killed or wounded, centre {centre} ({100 * level:g} % interval)"


def spoken(reading: Reading) -> str:
    """
    A reading in words, to two digits of its width.

    Examples
    --------
    >>> from analysis.wording import read
    >>> spoken(read("around 10,000")), spoken(read("nearly 40%")), spoken(read("many"))
    ('8,400 to 11,600 (90 %), middle 10,000', '33.2 % to 40.0 % (90 %), middle 39.1 %', 'no number')
    """
    quantiles = reading.quantiles()
    if quantiles is None:
        return "no number"
    scale, unit = (100, " %") if reading.percent else (1, "")
    low, _, middle, _, high = scale * quantiles
    place = int(np.floor(np.log10(max(high - low, 1)))) - 1
    low, middle, high = (rounded(value, place) for value in (low, middle, high))
    return f"{low}{unit} to {high}{unit} (90 %), middle {middle}{unit}"


def whose(name: str) -> str:
    """
    Whose something is.

    Examples
    --------
    >>> whose("NIS"), whose("Western officials")
    ("NIS's", "Western officials'")
    """
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _per_100(ratio: Estimate, results: Results) -> str:
    level, digits = results.settings.level, results.settings.digits
    ends = ratio.range(level, digits=digits, signed=False)
    return f"{ends} of every 100 soldiers, centre {ratio.centre(digits=digits, signed=False)}"


def _in_soldiers(name: str, results: Results) -> str:
    return results.estimate(name).text(results.settings.level, digits=results.settings.digits)


def _day(results: Results) -> str:
    return written(results.settings.day)


def written(day: date) -> str:
    """A day in words, as sentences print it."""
    return f"{day.day} {day:%B %Y}"


def _pooled(results: Results) -> list[Claim]:
    """The loss claims that the pool rests on: those of origins with weight."""
    weighted = {origin.name for origin in results.origins if origin.weight > 0}
    chosen = [origin for origin in results.evidence.origins if origin.name in weighted]
    return [one.claim for origin in chosen for one in origin.given.values()]


def answer(results: Results) -> Prose:
    """The bottom line: range, centre, probability; confidence in a sentence of its own."""
    level = f"{100 * results.settings.level:g} %"
    return Prose(
        (
            f"By {_day(results)}, the claims in this register put the killed and wounded at "
            f"{_per_100(results.estimate('casualties_ratio'), results)}.",
            f"In soldiers: {_in_soldiers('casualties', results)}, of a force of {_in_soldiers('force', results)}.",
            f"Killed alone: {_per_100(results.estimate('killed_ratio'), results)}; "
            f"in soldiers, {_in_soldiers('killed', results)}.",
            f"Each range holds the true value with a probability of {level}, if the claims are read as set out below.",
            _likelihood(results),
            confidence(results),
        ),
        lead=True,
        tags=("judgement", "judgement", "judgement", "assumption", "judgement", "judgement"),
    )


def _likelihood(results: Results) -> str:
    """One sentence on the thresholds, each in words and numbers."""
    parts: list[str] = []
    for one in results.exceedance:
        if one.name == "casualties_ratio":
            word = likelihood(one.probability)
            named = f"{word}, {percent(one.probability)}" if word else percent(one.probability)
            parts.append(f"{100 * one.threshold:g} % ({named})")
    listed = f"{', '.join(parts[:-1])} or {parts[-1]}"
    return f"Probability that the killed and wounded are more than {listed} of the force."


def confidence(results: Results) -> str:
    """
    How far the answer itself can be trusted, apart from what it says: low, moderate or high.

    Judged by rule: low with fewer than three independent streams or no count among the claims, high with three
    streams that each hold a count, else moderate.
    """
    counted, sources = _pooled(results), results.register.sources
    streams = {sources[claim.origin].stream for claim in counted}
    with_count = {sources[claim.origin].stream for claim in counted if claim.role == "count"}
    sound = "high" if with_count == streams else "moderate"
    rating = sound if len(streams) >= 3 and with_count else "low"
    origins = sorted({claim.origin for claim in counted})
    counts = "none of them is a count" if not with_count else f"{len(with_count)} of them with a count"
    said = "origin speaks" if len(origins) == 1 else "origins speak"
    return (
        f"Confidence in this answer is {rating}: {len(origins)} {said} ({', '.join(origins)}), "
        f"in {len(streams)} {'stream' if len(streams) == 1 else 'streams'} of information, and {counts}."
        f"{_worth(results)}"
    )


def _worth(results: Results) -> str:
    """To how many independent origins those of the pool amount; empty where each is a stream of its own."""
    origins = sorted({claim.origin for claim in _pooled(results)})
    streams = [results.register.sources[origin].stream for origin in origins]
    if len(set(streams)) == len(origins):
        return ""
    number = effective_number(streams)
    return (
        f" They are worth {number:.1f} independent origins, if two of a stream err together with a correlation of "
        f"{CORRELATION:g}, which is judgement."
    )


def summary(results: Results) -> Prose:
    """What was reported, in one paragraph: how many claims, how many count."""
    published = [one for one in results.claims if one.claim.published <= results.settings.day]
    later = len(results.claims) - len(published)
    counted, force = len(_pooled(results)), results.denominator.force
    sizes = len(force.claims) if force else 0
    lines = [
        f"By {_day(results)} the register holds {_many(len(published), 'claim')}: {counted} counted as losses, {sizes} "
        f"as the size of the force, {len(published) - counted - sizes} shown and not counted, with the reason. "
        "Nothing is counted twice: headlines, relays and restatements of one utterance are one claim.",
    ]
    if without := [origin.name for origin in results.origins if origin.weight == 0]:
        lines.append(f"Left out of the pool by a weight of zero: {', '.join(without)}.")
    if later:
        lines.append(f"{_many(later, 'claim')} published later {'is' if later == 1 else 'are'} not shown.")
    return Prose(tuple(lines), tags=("information",) * len(lines))


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def dependence(results: Results) -> Prose:
    """What the answer depends on most: how far origins are apart, and what they imply about wounded and killed."""
    level, digits = results.settings.level, results.settings.digits
    lines = []
    weighted = [origin for origin in results.origins if origin.weight > 0]
    if len(weighted) > 1:
        ordered = sorted(weighted, key=lambda origin: origin.estimate("casualties").median)
        least, most = ordered[0], ordered[-1]
        factor = most.estimate("casualties").median / least.estimate("casualties").median
        lines.append(
            f"The origins differ by a factor of {factor:.1f}: {most.name} alone would give "
            f"{most.estimate('casualties').range(level, digits=digits)} casualties, {least.name} alone "
            f"{least.estimate('casualties').range(level, digits=digits)}. {_COMBINED[results.settings.pool]}"
        )
    lines += [line for origin in results.origins if (line := _unusual_ratio(origin.name, results))]
    pools = [one for one in results.pools if one.estimates]
    if len(weighted) > 1 and len(pools) > 1:
        ends = [f"{one.name} {one.estimate('casualties_ratio').range(level, digits=digits)}" for one in pools]
        lines.append(f"The way of combining the origins matters: {'; '.join(ends)} of the force.")
    lines += [line for one in pools if (line := _disagreement(one))]
    shares = [one for one in results.denominators if one.estimates]
    if len(shares) > 1:
        ends = [f"{one.choice} {one.estimate('casualties_ratio').range(level, digits=digits)}" for one in shares]
        lines.append(f"The denominator matters as well: {'; '.join(ends)} of the force.")
    return Prose(tuple(lines))


# Agreement below which a logarithmic pool rests on so little that a reader must be told. Judgement.
_LITTLE = 0.1


def _disagreement(pool: PoolResult) -> str | None:
    """A sentence where a logarithmic pool keeps next to nothing of what its origins say."""
    if pool.agreement >= _LITTLE:
        return None
    return (
        f"The origins hardly agree ({pool.agreement:.1g} on a scale from 0, no number of casualties in common, to 1, "
        "all the same): the logarithmic pool rests on the little that they share, and its narrow range is no evidence."
    )


_COMBINED = {
    "linear": "The pool keeps both, and its centre may lie where neither origin is most sure.",
    "logarithmic": "The pool keeps what they have in common.",
    "median": "The pool lies between them, where neither origin may be.",
}


def _unusual_ratio(name: str, results: Results) -> str | None:
    """A sentence where an origin's own killed and wounded lie outside the reference class."""
    given = next(origin.given for origin in results.evidence.origins if origin.name == name)
    alone = next(origin for origin in results.origins if origin.name == name)
    if not {"killed", "wounded"} <= set(given) or not alone.estimates:
        return None
    own = alone.estimate("wounded_per_killed")
    low, high = results.question.wounded_per_killed.ppf(np.array([0.05, 0.95]))
    if low <= own.median <= high:
        return None
    range_ = own.text(results.settings.level, digits=results.settings.digits)
    return (
        f"{whose(name)} own figures mean {range_} wounded for each killed, where the reference class has "
        f"{low:.1f} to {high:.1f}. Either its killed are a floor, or its wounded include the lightly hurt; the answer "
        "takes both figures as given."
    )


def limits(results: Results) -> Prose:
    """What is in the ranges, and what is not, with the direction in which it would move the answer."""
    counted = _pooled(results)
    reasons = sorted({(claim.origin, results.register.sources[claim.origin].reason) for claim in counted})
    days = sorted({claim.as_of for claim in counted})
    return Prose(
        (
            "In the ranges: what the words may mean, how far such a speaker's figures are from the truth, the split of "
            "casualties into killed and wounded where an origin gives no split, the size of the force, and the "
            "disagreement between origins where there is more than one.",
            "Not in the ranges: a shared error of all origins (either way), deliberate falsehood (either way), the "
            "missing and the captured (would raise losses), and soldiers who returned to duty (would lower the lasting "
            "loss).",
            f"The figures counted describe the situation {_between(days)}; losses after that are not in them.",
            "What is known about wordings comes from readers, polls and headlines elsewhere, not from this war, and "
            "from counts of losses, not of forces. The table of rules above says for each what is evidence and what is "
            "judgement.",
            *(f"{origin}: {reason}" for origin, reason in reasons),
        ),
        listed=True,
    )


def _between(days: list[date]) -> str:
    return f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"


def references(results: Results) -> Prose:
    """In full, every source that the readings in use name by a short name."""
    lexicon = read_lexicon()
    counted = [one for origin in results.evidence.origins for one in origin.given.values()]
    force = results.denominator.force
    used = [reading for one in (*counted, *(force.claims if force else ())) for reading in (one.wording, one.reading)]
    texts = [reading.source for reading in used]
    if layer := lexicon.wounded_per_killed.get(results.settings.wounded_per_killed):
        texts.append(layer.source)
    named = sorted(name for name in lexicon.references if any(name in text for text in texts))
    return Prose(tuple(f"{name}: {lexicon.references[name]}" for name in named), listed=True)
