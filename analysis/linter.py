r"""
Whether printed text keeps the rules of words: likelihood from one table and by number, plain tone.

Five rules. A word of ICD 203 stands beside its number, and agrees with it; no sentence holds both likelihood and
confidence; no other word of probability is used; and none of the words that make a score or a drama of people's lives.
The words are in ``analysis/data/plain-words.toml``.

Left alone: what is quoted in double quotes, addresses, code, and texts that the caller names as taken from a register.

>>> faults('More than 5 % (likely, 75 %) of the force. The claim says "probably 100".')
()
>>> faults("More than 5 % (likely, 85 %) of the force.")
('"likely" is 55 to 80 %, and stands beside 85 %: More than 5 % (likely, 85 %) of the force.',)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from analysis.claims import Register
from analysis.summary import LIKELIHOOD

__all__ = ["PLAIN_WORDS", "Breach", "breaches", "faults", "sentences", "taken_from", "text_of"]

PLAIN_WORDS = Path(__file__).parent / "data" / "plain-words.toml"

_QUOTED = re.compile(r"\"[^\"\n]{1,1000}\"|“[^“”\n]{1,1000}”")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")
_CODE = re.compile(r"`[^`\n]*`")
# A sentence ends at the end of a line, or at a stop before a capital, a bracket or what was taken out.
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z…(\[])|[\n\r\t]+")
_SHORTEST_VERBATIM = 12  # letters; a shorter cell of a register is left alone only where it is all there is
_SHOWN = 160  # letters of a sentence that a fault quotes

_RANGES = {word: (low, high) for low, high, word in LIKELIHOOD}
_WORDS = "|".join(sorted(map(re.escape, _RANGES), key=len, reverse=True))
_NUMBER = r"(?P<number>\d+(?:\.\d+)?)\s?%"
_WORD = re.compile(rf"\b(?P<word>{_WORDS})\b", re.IGNORECASE)
# "likely, 75 %" and "likely (75 %)"; "75 %, likely" and "75 % (likely)"; "likely: 55 to 80 %" where the table prints.
_AFTER = re.compile(rf"(?:,| \(|:)?\s*{_NUMBER}")
_BEFORE = re.compile(rf"{_NUMBER}(?:,\s*| \(|\s+)$")
_DEFINED = re.compile(r":\s*(?P<low>\d+) to (?P<high>\d+)\s?%")


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The patterns of plain-words.toml."""

    probability: re.Pattern[str]
    other_scales: re.Pattern[str]
    confidence: re.Pattern[str]
    tone: re.Pattern[str]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    tables = tomllib.loads(PLAIN_WORDS.read_text(encoding="utf-8"))
    return _Lexicon(
        _any(tables["probability"]["words"]),
        _any(tables["probability"]["other_scales"]),
        _any(tables["confidence"]["words"]),
        _any(tables["tone"]["words"]),
    )


def _any(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, the longest first, whole; a star stands for any ending."""
    ordered = sorted(words, key=len, reverse=True)
    parts = [re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in ordered]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a text breaks a rule: the rule (likelihood, confidence or tone) and a line that says how."""

    rule: str
    message: str


def faults(text: str, *, verbatim: Iterable[str] = ()) -> tuple[str, ...]:
    """
    Where a text breaks the rules of words, a line each; empty if it keeps them.

    Parameters
    ----------
    text : str
        What is printed, a block (paragraph, cell, heading) a line; `text_of` makes it of a page.
    verbatim : iterable of str
        Texts from a register, as they stand there: what they say is theirs, and is left alone.

    Examples
    --------
    >>> for fault in faults("They probably fell. Confidence is low that it is likely, 60 %."):
    ...     print(fault)
    "probably" is a word of probability outside the table: They probably fell.
    likelihood ("likely") and confidence share a sentence: Confidence is low that it is likely, 60 %.
    """
    return tuple(one.message for one in breaches(text, verbatim=verbatim))


def breaches(text: str, *, verbatim: Iterable[str] = ()) -> tuple[Breach, ...]:
    """The same, each with the rule that is broken."""
    found: list[Breach] = []
    for sentence in sentences(text, verbatim=verbatim):
        shown = sentence if len(sentence) <= _SHOWN else f"{sentence[: _SHOWN - 3]}..."
        found += (Breach(one.rule, f"{one.message}: {shown}") for one in _breaches(sentence))
    return tuple(dict.fromkeys(found))


def taken_from(register: Register) -> tuple[str, ...]:
    """What a report prints of a register as it stands there: not the report's words, but those of its sources."""
    fields = ("id", "wording", "note", "speaker", "outlet", "scope", "origin")
    found = {getattr(claim, field) for claim in register.claims for field in fields}
    found |= {text for name, one in register.sources.items() for text in (name, one.name, one.stream, one.reason)}
    return tuple(sorted(found - {""}))


def sentences(text: str, *, verbatim: Iterable[str] = ()) -> Iterator[str]:
    """
    The sentences of a text without what is quoted, verbatim, an address or code; each loss is marked by an ellipsis.

    Examples
    --------
    >>> list(sentences('NIS said "perhaps 100". See https://example.org/perhaps for it.'))
    ['NIS said ….', 'See … for it.']
    """
    whole, long = set(), set()
    for one in verbatim:
        for line in one.splitlines():
            if stripped := " ".join(line.split()):
                (long if len(stripped) >= _SHORTEST_VERBATIM else whole).add(stripped)
    taken = re.compile("|".join(map(re.escape, sorted(long, key=len, reverse=True)))) if long else None
    for line in re.split(r"[\n\r\t]+", text):
        kept = " ".join(line.split())
        if kept in whole:
            continue
        for pattern in (taken, _ADDRESS, _CODE, _QUOTED):
            kept = pattern.sub("…", kept) if pattern else kept
        yield from (part for part in _END.split(kept) if part.strip(" …"))


def _breaches(sentence: str) -> Iterator[Breach]:
    """What is wrong with one sentence."""
    words = _lexicon()
    plain = words.other_scales.sub("…", sentence)
    likelihood = [found["word"] for found in _WORD.finditer(plain)]
    others = [found[0] for found in words.other_scales.finditer(sentence)]
    others += [found[0] for found in words.probability.finditer(_WORD.sub("…", plain))]
    for word in others:
        yield Breach("likelihood", f'"{word}" is a word of probability outside the table')
    yield from (Breach("likelihood", told) for told in _beside(plain))
    if (named := likelihood + others) and words.confidence.search(sentence):
        yield Breach("confidence", f'likelihood ("{named[0]}") and confidence share a sentence')
    for found in words.tone.finditer(sentence):
        yield Breach("tone", f'"{found[0]}" is no plain word for what happened to people')


def _beside(sentence: str) -> Iterator[str]:
    """Words of the table without their number, or with one that is not theirs."""
    for found in _WORD.finditer(sentence):
        word = found["word"].lower()
        low, high = _RANGES[word]
        before, after = sentence[: found.start()], sentence[found.end() :]
        if defined := _DEFINED.match(after):
            if (float(defined["low"]), float(defined["high"])) != (low, high):
                yield f'"{word}" is {low} to {high} %, and is said to be {defined["low"]} to {defined["high"]} %'
        elif number := _AFTER.match(after) or _BEFORE.search(before):
            # Both ends count: a number is rounded before it prints, and what rounds to an end belongs to either side.
            if not low <= float(number["number"]) <= high:
                yield f'"{word}" is {low} to {high} %, and stands beside {number["number"]} %'
        else:
            yield f'"{word}" stands without its number'


_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt"),
        *(
            "figcaption",
            "figure",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
        ),
        *(
            "main",
            "nav",
            "ol",
            "p",
            "section",
            "summary",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "title",
            "tr",
            "ul",
        ),
    )
)
_APART = frozenset({"style", "script", "pre", "template"})
_UNREAD = _APART | {"code", "math", "svg"}


def text_of(page: str) -> str:
    r"""
    What a reader reads of HTML, a block a line, text for pictures among them; code and formulae are left out.

    Examples
    --------
    >>> text_of("<table><tr><td>62 %, likely</td><td>a</td></tr></table><pre>perhaps</pre><img alt='a chart'>")
    '62 %, likely\na\na chart'
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Collects text; a block begins and ends a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self.unread.append(tag)
        if tag in _BLOCKS or tag in _UNREAD:
            self.parts.append("\n" if tag in _BLOCKS | _APART else " … ")
        for name, value in attrs:
            if name in ("alt", "aria-label") and value:
                self.parts.append(f"\n{value.replace(chr(10), ' ')}\n")

    def handle_endtag(self, tag: str) -> None:
        if self.unread and self.unread[-1] == tag:
            self.unread.pop()
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.parts.append(data.replace("\n", " "))
