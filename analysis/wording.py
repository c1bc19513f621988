"""
From a worded figure to a reading: what kind of bound it is, its numbers, and a probability distribution.

The rules are data (see `analysis.lexicon`); this module fits text to them, whole words, longest template first.
What no rule fits raises and says where to add one; it never guesses.

>>> reading = read("at least 100")
>>> reading.kind, reading.low, reading.rule
('lower', 100.0, 'at least')
>>> reading.quantiles().round(1)
array([ 44.5, 100. , 106.8, 142.9, 226.5])
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from analysis.displays import Displayed, Section, Table
from analysis.distributions import Distribution, FloatArray, LogNormal, Quotient, Scaled, Truncated, Widened
from analysis.errors import InputError
from analysis.lexicon import AnyRule, Kind, Layer, Lexicon, Number, read_lexicon, tokenize
from analysis.numerals import Numerals
from analysis.phrases import Item, Phrases
from analysis.remarks import Remark, Remarks
from analysis.summary import rounded

__all__ = ["QUANTILES", "QUANTILE_HEADINGS", "Reading", "quantile_cells", "range_cell", "read", "readings_table"]

# The probabilities at which every reading is shown back.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
QUANTILE_HEADINGS = tuple(f"{100 * p:.0f} %" for p in QUANTILES)


@dataclass(frozen=True, slots=True)
class Reading(Displayed):
    """
    What a worded figure is taken to mean.

    Parameters
    ----------
    wording : str
        As it was printed.
    kind : Kind
        How the figure binds.
    low, best, high : float or None
        Only numbers that the words contain; soldiers, or a share from 0 to 1 for percentages.
    distribution : Distribution or None
        ``None`` for words without a number.
    rule, source, judgement : str
        The rule of the lexicon, where its numbers come from, and what is judgement in it.
    printed : str
        The phrase that fitted, with its numbers written out; read again, it is the same reading.
    percent : bool
        Whether the numbers are shares.
    rate : bool
        Whether the words make it a rate or a flow ("per day"), never a total.
    counts, parts : tuple of str
        Quantities that the nouns behind the figure name, and those that a remark names for a part of it.
    reporting_included : bool
        Whether the rule already holds what the reporting layer would add.
    reporting : str
        The reporting layer on it, or "none".

    Examples
    --------
    >>> print(read("around 10,000"))
    "around 10,000"
    layer         90 % range       50 % range    median
    -------  ---------------  ---------------  --------
    wording  8,404 to 11,596  9,716 to 10,284    10,000
    Kind: approx; numbers in the words: best 10,000. Rule: around.
    Evidence for the wording: Ferson 2015, row 'around'
    Judgement in the wording: the spread between listeners is read as a spread between speakers; reach clipped to 0.1 to
    6 times its median
    """

    wording: str
    kind: Kind
    low: float | None
    best: float | None
    high: float | None
    distribution: Distribution | None
    rule: str
    source: str
    judgement: str
    printed: str
    percent: bool = False
    rate: bool = False
    counts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    reporting_included: bool = False
    reporting: str = "none"

    def sections(self) -> tuple[Section, ...]:
        """Its ranges, what the words name, and where the numbers come from."""
        return (Section(f'"{self.wording}"', readings_table((self,)), self.grounds()),)

    def grounds(self) -> tuple[str, ...]:
        """The rule of the words, the evidence for the numbers and what is judgement in them, a line each."""
        layer = "wording" if self.reporting == "none" else "reporting"
        named = (("low", self.low), ("best", self.best), ("high", self.high))
        size, sign = (100, " %") if self.percent else (1, "")
        numbers = [f"{name} {size * value:,g}{sign}" for name, value in named if value is not None]
        kind = f"Kind: {self.kind.replace('_', ' ')}; numbers in the words: {', '.join(numbers) or 'none'}"
        judgement = (f"Judgement in the {layer}: {self.judgement}",) if self.judgement else ()
        return (f"{kind}. Rule: {self.rule}.", f"Evidence for the {layer}: {self.source}", *judgement)

    @property
    def layer(self) -> str:
        """Which layers are in it."""
        return "wording" if self.reporting == "none" else f"and reporting ({self.reporting})"

    def quantiles(self) -> FloatArray | None:
        """The 5, 25, 50, 75 and 95 % quantiles, shape (5,), or ``None`` for words without a number."""
        # Plus 0.0: what is nothing has no sign.
        return None if self.distribution is None else self.distribution.ppf(np.array(QUANTILES)) + 0.0

    @property
    def stated(self) -> float | None:
        """The largest number that the words contain."""
        return max((n for n in (self.low, self.best, self.high) if n is not None), default=None)

    def widened(self, width: float) -> Reading:
        """
        The same reading wider or narrower, for asking what depends on that.

        Parameters
        ----------
        width : float
            Distances, in logarithms, times this. They are measured from the number that a bound states, so that it
            stays one, and from the median of all other readings.

        Examples
        --------
        >>> read("around 10,000").widened(2.0).quantiles().round(-2)
        array([ 7100.,  9400., 10000., 10600., 13400.])
        >>> read("at least 100").quantiles().round(), read("at least 100").widened(0.5).quantiles().round()
        (array([ 45., 100., 107., 143., 227.]), array([ 67., 100., 103., 120., 151.]))
        """
        if width == 1 or self.distribution is None or self.percent or self.stated == 0:
            return self
        bound = {"lower": self.low, "upper": self.high}.get(self.kind)
        anchor = bound or float(self.distribution.ppf(np.array([0.5]))[0])
        return replace(self, distribution=Widened(self.distribution, anchor, width)) if anchor > 0 else self

    def reported_by(self, layer: Layer, name: str, *, breaking: bool = True) -> Reading:
        """
        The same reading with a reporting layer on it, unless it holds one or the layer does not apply.

        Parameters
        ----------
        layer : Layer
            Of the origin, from the lexicon.
        name : str
            Its name there.
        breaking : bool
            Whether it is breaking news: only then do first counts grow.

        Examples
        --------
        >>> layer = read_lexicon().reporting["third-party"]
        >>> read("approximately 1,000").reported_by(layer, "third-party").quantiles().round(-1)
        array([ 640.,  830., 1000., 1190., 1540.])
        """
        if self.stated == 0 or self.distribution is None or self.reporting_included:
            return self
        bias = layer.distribution()
        if layer.growth and self.stated and breaking and self.rule in layer.rules and not self.percent:
            reported: Distribution = layer.growth.distribution(self.stated)
        elif isinstance(bias, LogNormal):
            reported = Quotient(self.distribution, bias)
        else:
            return self
        return replace(
            self,
            distribution=reported,
            source=layer.source,
            judgement=layer.judgement,
            reporting_included=True,
            reporting=name,
        )


def quantile_cells(reading: Reading) -> tuple[str, ...]:
    """The quantiles of a reading as text, one for each of `QUANTILE_HEADINGS`."""
    quantiles = reading.quantiles()
    if quantiles is None:
        return ("no number",) * len(QUANTILES)
    quantiles = quantiles + 0.0  # no minus sign before a zero
    if reading.percent:
        return tuple(f"{100 * q:.1f} %" for q in quantiles)
    whole = max(quantiles) >= 20 and not 0 < quantiles[-1] - quantiles[0] < 10
    return tuple(rounded(q, 0 if whole else -1) for q in quantiles)


def readings_table(readings: Sequence[Reading]) -> Table:
    """Each reading's ranges and its median, a row a reading."""
    headings = ("layer", "90 % range", "50 % range", "median")
    rows = []
    for one in readings:
        _, quarter, median, three, _ = quantile_cells(one)
        rows.append((one.layer, range_cell(one), _range(quarter, three), median))
    return Table(headings, tuple(rows))


def range_cell(reading: Reading) -> str:
    """
    The range that holds 90 % of a reading, as text.

    Examples
    --------
    >>> range_cell(read("at least 100")), range_cell(read("exactly 120")), range_cell(read("many"))
    ('45 to 227', '120', 'no number')
    """
    low, *_, high = quantile_cells(reading)
    return _range(low, high)


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def read(wording: str, *, lexicon: Lexicon | None = None, breaking: bool = True) -> Reading:
    """
    Read a worded figure, wording layer only.

    Parameters
    ----------
    wording : str
        As printed, like "at least 100".
    lexicon : Lexicon, optional
        The one that ships, unless another is given.
    breaking : bool
        Whether it is breaking news; "at least" is then read wider and may be broken downwards.

    Raises
    ------
    InputError
        If no rule fits, a second figure contradicts the first, a number is negative, zero under a hedge, a fraction of
        a person, or absurd, or the words hold signs that show a reader something else.
    """
    return _read(wording, lexicon or read_lexicon(), breaking)


@dataclass(frozen=True, slots=True)
class _Template:
    """A phrase as words and places: # stands for a number, * for a vague word with its own rule."""

    items: tuple[Item, ...]
    phrase: str
    rule: AnyRule


@dataclass(frozen=True, slots=True)
class _Grammar:
    """A lexicon made ready: numbers, templates by their first word (longest first), and what stands around them."""

    numerals: Numerals
    templates: Mapping[Item, tuple[_Template, ...]]
    vague: Mapping[Item, tuple[_Template, ...]]
    before: Phrases[str]
    remarks: Remarks
    # Tens, a dash that may be "to", and ones before a hundred: "thirty - two hundred".
    apart: re.Pattern[str]


@lru_cache(maxsize=8)
def _grammar(lexicon: Lexicon) -> _Grammar:
    numerals = Numerals(lexicon.words)
    found = [
        _Template(tuple(numerals.items(tokenize(phrase))[0]), phrase, rule)
        for rule in lexicon.rule
        for phrase in rule.phrases
    ]
    found.sort(key=lambda template: -len(template.items))
    quantities = {phrase: name for name, phrases in lexicon.words.quantities.items() for phrase in phrases}
    before = Phrases((tuple(tokenize(noun)), quantities.get(noun, "")) for noun in lexicon.words.before)
    vague = [template for template in found if template.rule.family == "vague"]
    return _Grammar(numerals, _by_first(found), _by_first(vague), before, Remarks(lexicon.words), _apart(lexicon))


def _apart(lexicon: Lexicon) -> re.Pattern[str]:
    numbers = lexicon.words.numbers
    tens = "|".join(word for word, value in numbers.items() if value in range(20, 100, 10))
    ones = "|".join(word for word, value in numbers.items() if value in range(1, 10))
    hundreds = "|".join(word for word, value in lexicon.words.multiples.items() if value == 100)
    dash = r"(?:\s+[-\u2010-\u2015\u2212]\s*|[-\u2010-\u2015\u2212]\s+|[\u2012-\u2015\u2212])"
    return re.compile(rf"\b(?:{tens}){dash}(?:{ones})\s+(?:{hundreds})\b", re.IGNORECASE)


def _by_first(templates: list[_Template]) -> dict[Item, tuple[_Template, ...]]:
    firsts = [_first(template.items) for template in templates]
    return {
        first: tuple(template for template, its in zip(templates, firsts, strict=True) if its == first)
        for first in dict.fromkeys(firsts)
    }


def _first(items: Sequence[Item]) -> Item:
    """What templates are looked up by: the first word, or # for any number."""
    return "" if not items else items[0] if isinstance(items[0], str) else "#"


@dataclass(frozen=True, slots=True)
class _Fit:
    """A template that fits a text, with its numbers and what follows them."""

    template: _Template
    numbers: tuple[Number, ...]
    word: _Template | None
    rest: tuple[Item, ...]
    remark: Remark

    @property
    def rule(self) -> AnyRule:
        return self.template.rule


@lru_cache(maxsize=4096)
def _read(wording: str, lexicon: Lexicon, breaking: bool) -> Reading:
    grammar = _grammar(lexicon)
    shown = _as_shown(wording)
    if unclear := grammar.apart.search(shown):
        expected = "expected a hyphen without spaces, or a range in digits"
        raise InputError(f"wording is {wording!r}, where {unclear.group()!r} may be one number or two; {expected}")
    items, odd = grammar.numerals.items(tokenize(shown))
    at, named = 0, ""
    while found := grammar.before.longest(items, at):
        at, named = at + len(found[0]), named or found[1]
    fit = _fit(items[at:], grammar, named) or (_fit(items, grammar) if at else None)
    if fit is None and (hedged := grammar.remarks.hedged_first(items[at:])):
        fit = _fit(hedged, grammar, named)
    if fit is None:
        raise _unread(wording, odd, lexicon)
    if second := _second_figure(fit, grammar):
        raise InputError(
            f"wording is {wording!r}, where {second}; expected one figure, or a range like 10,000 to 12,000"
        )
    numbers = _same_unit(fit.numbers, wording) if fit.rule.kind == "range" else fit.numbers
    _check_numbers(numbers, fit.rule, wording, lexicon)
    return _reading(wording, replace(fit, numbers=numbers), breaking=breaking)


def _unread(wording: str, odd: str | None, lexicon: Lexicon) -> InputError:
    if odd is not None:
        return InputError(f"wording is {wording!r}, where {odd!r} is not a plain number; expected one like 10,000")
    if re.match(r"\W*-\s*\d", wording) or re.search(r"[^\W\d_]\s+-\d", wording):
        return InputError(f"wording is {wording!r}; expected a figure that is not negative")
    where = f"no rule of {lexicon.file} fits; add its words to the phrases of a rule there"
    return InputError(f"wording is {wording!r}, which {where}")


# Letters that are not seen and change nothing: zero-width spaces and joiners, a soft hyphen, a left-to-right mark.
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e"))
# Right-to-left marks: beside one number they change nothing, between two they can show them the other way round.
_TURNING = dict.fromkeys(map(ord, "\u200f\u061c"))


def _as_shown(wording: str) -> str:
    """The words without letters that nobody sees; refused where what is seen is not what is stored."""
    if wording.isascii():
        return wording
    if any(unicodedata.category(letter) == "No" for letter in wording):  # a raised 2 is a note, or a power
        raise InputError(f"wording is {wording!r}; expected digits that stand on the line")
    shown = wording.translate(_UNSEEN)
    if len(re.findall(r"\d[\d.,]*", shown)) < 2:
        shown = shown.translate(_TURNING)
    for letter in shown:
        if unicodedata.category(letter) == "Cf":
            name = f"U+{ord(letter):04X}, {unicodedata.name(letter, 'without a name').lower()}"
            raise InputError(
                f"wording is {wording!r}, which is shown otherwise than stored ({name}); expected plain text"
            )
    return shown


def _fit(items: Sequence[Item], grammar: _Grammar, named: str = "") -> _Fit | None:
    """The longest template at the beginning behind which nothing changes the figure; ``named`` stood before it."""
    for template in grammar.templates.get(_first(items), ()):
        size = len(template.items)
        numbers = _fitted(template.items, items)
        if numbers is None:
            continue
        if template.items[-1] != "*":
            if (remark := grammar.remarks.read(items[size:], named)) is not None:
                return _Fit(template, numbers, None, tuple(items[size:]), remark)
            continue
        behind = items[size - 1 :]
        for word in grammar.vague.get(_first(behind), ()):
            rest = behind[len(word.items) :]
            if _fitted(word.items, behind) is None:
                continue
            if (remark := grammar.remarks.read(rest, named)) is not None:
                return _Fit(template, numbers, word, tuple(rest), remark)
    return None


def _fitted(template: tuple[Item, ...], items: Sequence[Item]) -> tuple[Number, ...] | None:
    """The numbers at the places of #, if the items begin as the template says."""
    if len(items) < len(template):
        return None
    numbers = []
    for expected, item in zip(template, items, strict=False):
        if expected == "#" and isinstance(item, Number):
            numbers.append(item)
        elif expected == "#" or expected not in (item, "*"):  # a # or * in a text is a sign like any other
            return None
    return tuple(numbers)


def _second_figure(fit: _Fit, grammar: _Grammar) -> str | None:
    """What takes the figure back, or stands beside it as another one; a part of it, or another count, does neither."""
    if not fit.rest:
        return None
    if fit.rule.family != "none":
        for at in dict.fromkeys((fit.remark.at, fit.remark.end)):
            if second := _second_figure_at(fit, at, grammar):
                return second
        if _another_behind(fit, grammar):
            return "two figures stand side by side"
    for hedge in grammar.remarks.hedges_behind:
        if fit.rest[-len(hedge) :] == hedge:
            return f"{' '.join(hedge)!r} at the end may hedge the figure"
    return None


def _another_behind(fit: _Fit, grammar: _Grammar) -> bool:
    """Whether a clause of a remark is another figure, "100 in Kursk and 200 in Belgorod"; a bare one may be a date."""
    rest = fit.rest
    breaks = [at for at in range(fit.remark.at, len(rest)) if rest[at] in ("and", ",", ";")]
    past = fit.remark.at
    for at, end in itertools.pairwise([*breaks, len(rest)]):
        if any(item in grammar.remarks.partly for item in rest[past : at + 1]):
            return False  # of a part: "including 3,000 in Kursk and 2,000 in Belgorod"
        past, clause = at, rest[at + 1 : end]
        if _stands_alone(fit, _fit(clause, grammar)) and not (len(clause) == 1 and isinstance(clause[0], Number)):
            return True
    return False


def _second_figure_at(fit: _Fit, at: int, grammar: _Grammar) -> str | None:
    """The same where the nouns end, of the figure itself or of the remark behind it."""
    if fit.rest[at : at + 1] not in ((",",), (";",), ("(",), ("/",)):
        return None
    behind = fit.rest[at + 1 :]
    if taken := grammar.remarks.takes_back.longest(behind, 0):
        return f"{' '.join(map(str, taken[0]))!r} takes the figure back"
    if fit.rest[at] == "(":
        return None
    second = _fit(behind, grammar)
    if second is None and len(behind) > 1 and isinstance(behind[0], Number) and behind[1] in ("to", "-", "or", "~"):
        return "two figures stand side by side"
    return "two figures stand side by side" if _stands_alone(fit, second) else None


def _stands_alone(fit: _Fit, second: _Fit | None) -> bool:
    """Whether a second figure is neither a share, nor a part of the first, nor another count beside it."""
    if second is None or second.rule.family == "none" or second.remark.counts or second.remark.parts:
        return False
    if second.numbers and all(number.percent for number in second.numbers):
        return False
    return not (fit.remark.nouns and second.remark.nouns and fit.remark.nouns != second.remark.nouns)


def _same_unit(numbers: tuple[Number, ...], wording: str) -> tuple[Number, ...]:
    """The ends of a range in one unit: "10-12 thousand" and "5 to 10 %" name it once."""
    first, last = numbers[0], numbers[-1]
    if last.percent and not last.text and not first.percent:  # "half" names no unit
        first = Number(first.value, percent=True)
    elif last.multiple > 1 and first.multiple == 1 and not first.percent and first.value < last.value / last.multiple:
        first = Number(first.value * last.multiple, multiple=last.multiple)
    elif last.multiple == 1 and first.value * 1000 <= last.value:
        expected = "expected a range like 10,000 to 12,000"
        raise InputError(f"wording is {wording!r}, whose first number may mean thousands; {expected}")
    return (first, *numbers[1:])


def _check_numbers(numbers: tuple[Number, ...], rule: AnyRule, wording: str, lexicon: Lexicon) -> None:
    for number in numbers:
        most = 100 if number.percent else lexicon.largest
        if number.value > most:
            raise InputError(f"wording is {wording!r}, more than {most:,.0f}; expected a number that can be true")
        if not number.percent and number.value % 1:
            raise InputError(
                f"wording is {wording!r}, where {number.written} is no whole number; expected a number of people"
            )
        if number.size == 0 and rule.family not in ("bare", "exact"):
            raise InputError(f"wording is {wording!r}; expected a number above 0 behind a hedge")
    if len({one.percent for one in numbers}) > 1:
        raise InputError(f"wording is {wording!r}; expected a range of shares or of soldiers, and not of both")
    if rule.family == "sum" and sum(one.value for one in numbers) > (100 if numbers[0].percent else lexicon.largest):
        raise InputError(f"wording is {wording!r}; expected parts whose sum can be true")
    if rule.kind != "range":
        return
    if numbers[0].value >= numbers[-1].value:
        raise InputError(f"wording is {wording!r}; expected a range from a smaller to a larger number")
    if numbers[0].size * lexicon.widest_range < numbers[-1].size:
        apart = f"more than {lexicon.widest_range:,.0f} times the other"
        raise InputError(f"wording is {wording!r}, where one end is {apart}; expected a range like 10,000 to 12,000")


def _reading(wording: str, fit: _Fit, *, breaking: bool) -> Reading:
    rule, numbers = fit.rule, fit.numbers
    percent = any(number.percent for number in numbers)
    sizes = [number.size / 100 if percent else number.size for number in numbers]
    distribution = None
    try:
        made = rule.of(fit.word.rule) if fit.word else rule.distribution(numbers, breaking=breaking)
        if made is not None:
            distribution = _bounded(made, percent=percent)
    except ValueError as error:
        raise InputError(f"wording is {wording!r}; expected a figure that can be true ({error})") from None
    if rule.family == "sum":
        sizes = [sum(sizes)]
    first, last = (sizes[0], sizes[-1]) if sizes and distribution else (None, None)
    kind = rule.kind_of(numbers)
    central = kind in ("approx", "point", "just_below") or fit.template.phrase in rule.central
    return Reading(
        wording=wording,
        kind=kind,
        low=first if kind in ("lower", "range") else None,
        best=first if central else None,
        high=last if kind in ("upper", "range", "just_below") else None,
        distribution=distribution,
        rule=rule.name,
        source=rule.source,
        judgement=rule.judgement,
        printed=_printed(fit),
        percent=percent,
        rate=bool(fit.remark.rate),
        counts=fit.remark.counts,
        parts=fit.remark.parts,
        reporting_included=rule.reporting_included,
    )


def _printed(fit: _Fit) -> str:
    """The phrase that fitted with its numbers written out, and the rate words if it is a rate."""
    printed = fit.template.phrase
    for number in fit.numbers:
        printed = printed.replace("#", number.written, 1)
    if fit.word is not None:
        printed = printed.replace("*", fit.word.phrase)
    return f"{printed} {fit.remark.rate}".rstrip()


def _bounded(distribution: Distribution, *, percent: bool) -> Distribution:
    """Nobody can be lost less than zero times, nor more than the whole."""
    top = 100.0 if percent else np.inf
    if distribution.ppf(np.array([0.0]))[0] < 0 or (percent and distribution.ppf(np.array([1.0]))[0] > top):
        distribution = Truncated(distribution, 0.0, top)
    return Scaled(distribution, 0.01) if percent else distribution
