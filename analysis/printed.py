"""
The numbers that a report prints, each with its place in the edition's own record, or named where it has none.

A number is proven, in this order, by the register's and the record's own texts, letter by letter; by the form of its
sentence or table (``analysis/data/printed.toml``), which says which value it must be, so that another value is a fault;
by a range whose two ends are one interval of one estimate; or by a phrase that is fixed. What is left is named.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from analysis.derived import derive
from analysis.selectors import Leaf, field, filled, prints, select
from analysis.summary import Estimate
from analysis.visible import Block

__all__ = ["Loose", "Proof", "Reading", "Record", "digit_runs", "numbers", "read_printed"]

_FORMS = Path(__file__).parent / "data" / "printed.toml"

_NUM = r"[+\-−]?\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+-]?\d+)?"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAY = rf"\d{{1,2}} (?:{'|'.join(_MONTHS)}) \d{{4}}"
_RANGE = rf"{_NUM}(?: %)? to {_NUM}(?: %)?"
_SHORT = {
    "RANGEC100": rf"{_RANGE} of every 100 soldiers, centre {_NUM}",
    "RANGEC": rf"{_RANGE}(?:, centre {_NUM}(?: %)?)?",
    "RANGE": _RANGE,
    "PCT": rf"(?:less than |more than )?{_NUM} %",
    "NUM": _NUM,
    "DAY": _DAY,
    "DATE": r"\d{4}-\d\d-\d\d",
}
# A digest and a version like 3.11.7 are one number each; the digits of a word like C01 are none.
_TOKEN = re.compile(
    rf"(?<![\w.,])(?:[0-9a-f]{{64}}|\d+(?:\.\d+){{2,}}|(?<![\w)%\]]){_NUM}|\d(?:[\d,]*\d)?(?:\.\d+)?)(?!\w)"
)
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(rf"\b(?:\d{{4}}-\d\d-\d\d|{_DAY})\b")
# What "less than" and "more than" are said of: `summary.percent`, and the error of the headline.
_LEAST, _MOST = ("1", "0.001"), "99"
# A text with fewer letters proves a number only in quotation marks, or where it is all there is.
_FEW_LETTERS = 12
_NAME = 8  # letters and digits of a word that is no accident either: an id like gur-30-20241216


@dataclass(frozen=True, slots=True)
class Proof:
    """
    A printed number and where it comes from.

    Parameters
    ----------
    text, sentence : str
        The number, and what it stands in.
    source : str
        Like "results.json#/estimates/2/intervals/1/low".
    how : str
        "form", "text", "cell", "date", "range" or "fixed".
    """

    text: str
    sentence: str
    source: str
    how: str


@dataclass(frozen=True, slots=True)
class Loose:
    """A printed number that comes from nowhere in the record, or is another than the record has; ``why`` says which."""

    text: str
    sentence: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of a page: those that are proven, and those that are not."""

    proofs: tuple[Proof, ...]
    loose: tuple[Loose, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """
    What the numbers of a report may come from.

    Parameters
    ----------
    documents : mapping
        results.json and the others by name, parsed.
    texts : mapping of str to str
        Texts of the register, the record and the lexicon that may be printed letter by letter; where each is from.
    code : mapping of str to str
        Cells of the notebook's code, each on one line, likewise.
    formulae : mapping of str to str
        Formulae of the notebook, likewise.
    """

    documents: Mapping[str, object]
    texts: Mapping[str, str]
    code: Mapping[str, str]
    formulae: Mapping[str, str]

    @classmethod
    def of(cls, documents: Mapping[str, object], more: Mapping[str, str], cells: Sequence[tuple[str, str]]) -> Record:
        """
        Make a record of an edition's documents.

        Parameters
        ----------
        documents : mapping
            By file name, parsed; results.json among them.
        more : mapping of str to str
            Texts that are not in the documents, and where each is from.
        cells : sequence of pairs
            Kind and source of each cell of the notebook.
        """
        texts: dict[str, str] = {}
        for name, document in documents.items():
            for leaf in _leaves(Leaf(name, document)):
                if isinstance(leaf.value, str) and _DIGITS.search(leaf.value):
                    texts.setdefault(_line(leaf.value), leaf.pointer)
        for text, source in more.items():
            if _DIGITS.search(text):
                texts.setdefault(_line(text), source)
        code, formulae = {}, {}
        for place, (kind, source) in enumerate(cells):
            if kind == "code":
                code[_line(source)] = f"report.ipynb#/cells/{place}"
            for formula in re.findall(r"\$+([^$]+)\$+", source) if kind == "markdown" else ():
                formulae[_line(formula)] = f"report.ipynb#/cells/{place}"
        return cls({**documents, "derived": derive(documents)}, texts, code, formulae)


def _line(text: str) -> str:
    return " ".join(text.split())


def _leaves(leaf: Leaf) -> Iterator[Leaf]:
    yield leaf
    keys = leaf.value if isinstance(leaf.value, Mapping) else range(len(leaf.value)) if _is_list(leaf.value) else ()
    for key in keys:
        yield from _leaves(leaf.down(key))


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def numbers(text: str) -> list[tuple[int, int]]:
    """
    Where the numbers of a text are.

    Examples
    --------
    >>> text = "C01: 1,530 of 10,000, 2.8 to 15.8 %"
    >>> [text[a:b] for a, b in numbers(text)]
    ['1,530', '10,000', '2.8', '15.8']
    """
    return [match.span() for match in _TOKEN.finditer(text)]


def digit_runs(text: str, digests: Iterable[str] = ()) -> list[str]:
    """
    The numbers of a text without their signs and units, to compare two of its prints.

    A print may lose the space before a number, and may break a digest over lines: digests that are given are taken
    out, one of them as a whole.

    Examples
    --------
    >>> digit_runs("poor-evacuation2.8 % to 1,530 on 2024-12-19")
    ['2.8', '1,530', '2024', '12', '19']
    """
    found = []
    for digest in digests:
        pattern = _compiled(r"\s*".join(digest))
        found += [digest] * len(pattern.findall(text))
        text = pattern.sub(" ", text)
    return found + re.findall(r"\d+(?:[.,]\d+)*", text)


@dataclass(frozen=True, slots=True)
class _Form:
    """One sentence, table or heading of ``printed.toml``."""

    where: str
    each: str
    pattern: str
    slots: Mapping[str, tuple[str, ...]]
    headings: str = ""
    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class _Forms:
    sentences: tuple[_Form, ...]
    tables: tuple[_Form, ...]
    headings: tuple[_Form, ...]
    fixed: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]]


def _paths(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@lru_cache(maxsize=1)
def _forms() -> _Forms:
    with _FORMS.open("rb") as opened:
        data = tomllib.load(opened)

    def sentence(one: dict[str, str]) -> _Form:
        slots = {name: _paths(value) for name, value in one.items() if name not in ("where", "each", "pattern")}
        return _Form(one.get("where", ""), one.get("each", ""), _long(one["pattern"]), slots)

    tables = (
        _Form(
            "",
            one.get("each", ""),
            _long(one["key"]),
            {},
            one["headings"],
            tuple((_long(heading), _paths(paths)) for heading, paths in one["columns"]),
        )
        for one in data["table"]
    )
    return _Forms(
        tuple(sentence(one) for one in data["form"]),
        tuple(tables),
        tuple(sentence(one) for one in data["heading"]),
        tuple(one["text"] for one in data["fixed"]),
        data["words"],
    )


def _long(pattern: str) -> str:
    return re.sub(r"\b(?:RANGEC100|RANGEC|RANGE|PCT|NUM|DAY|DATE)\b", lambda match: _SHORT[match[0]], pattern)


_FIELD = re.compile(r"\{([A-Za-z_][\w.]*)(?:\|(\w+))?\}")


def _pattern(template: str, element: Leaf | None, words: Mapping[str, Mapping[str, str]]) -> re.Pattern[str] | None:
    """The pattern for one element; ``None`` where a field that it needs is empty."""
    empty = False

    def text(match: re.Match[str]) -> str:
        nonlocal empty
        value = field(element.value, match[1]) if element else None
        if value is None or value == "":
            empty = True
        plain = _line(f"{value:g}" if isinstance(value, float) else str(value))
        if match[2] == "spaced":
            plain = plain.replace("_", " ")
        elif match[2]:
            plain = words[match[2]].get(plain, plain)
        return re.escape(plain)

    made = _FIELD.sub(text, template)
    return None if empty else _compiled(made)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def read_printed(blocks: Sequence[Block], record: Record) -> Reading:
    """
    Find every number of a page and where it comes from.

    Parameters
    ----------
    blocks : sequence of Block
        What a reader sees; see `analysis.visible`.
    record : Record
    """
    reader = _Reader(record)
    for block in blocks:
        reader.read(block)
    return Reading(tuple(reader.proofs), tuple(reader.loose))


class _Reader:
    """Reads block by block."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.proofs: list[Proof] = []
        self.loose: list[Loose] = []
        self.forms = _forms()
        self._elements: dict[str, tuple[Leaf | None, ...]] = {}
        leaves = [leaf for name, document in record.documents.items() for leaf in _leaves(Leaf(name, document))]
        self._ranges = [leaf for leaf in leaves if _is_range(leaf.value)]
        self._days = {
            day: leaf.pointer
            for leaf in reversed(leaves)  # the first of the record is kept
            if isinstance(leaf.value, str)
            for day in re.findall(r"\b\d{4}-\d\d-\d\d\b", leaf.value)
        }
        self._sorted_texts = sorted(record.texts.items(), key=lambda pair: -len(pair[0]))

    def read(self, block: Block) -> None:
        if not _DIGITS.search(block.text):
            return
        if block.kind in ("code", "formula"):
            known = self.record.code if block.kind == "code" else self.record.formulae
            source = known.get(block.text) if block.kind == "code" else self._formula(block.text)
            self._all(block.text, source, f"no {block.kind} of the notebook")
        elif block.kind == "row":
            self._row(block)
        else:
            self._piece(block.text, block.text, self._sentence(block.text, block.text))

    def _formula(self, text: str) -> str | None:
        """A formula of the notebook with the same digits in the same order."""
        digits = re.findall(r"\d+(?:\.\d+)?", text)
        known = self.record.formulae.items()
        return next((source for one, source in known if re.findall(r"\d+(?:\.\d+)?", one) == digits), None)

    def _all(self, text: str, source: str | None, why: str) -> None:
        for start, end in numbers(text):
            if source is None:
                self.loose.append(Loose(text[start:end], text, why))
            else:
                self.proofs.append(Proof(text[start:end], text, source, "text"))

    # ---------------------------------------------------------------------------------------------------- forms

    def _each(self, path: str) -> tuple[Leaf | None, ...]:
        if path not in self._elements:
            found: list[Leaf | None] = []
            for leaf in select(self.record.documents, path):
                if isinstance(leaf.value, Mapping):
                    found += [
                        Leaf(f"{leaf.pointer}/{key}", {"key": key, "value": value}) for key, value in leaf.value.items()
                    ]
                elif isinstance(leaf.value, list):
                    found += [leaf.down(place) for place in range(len(leaf.value))]
            self._elements[path] = tuple(found)
        return self._elements[path]

    def _sentence(
        self, text: str, sentence: str, forms: Sequence[_Form] | None = None
    ) -> dict[tuple[int, int], object]:
        """What the forms say of each number: a Proof, or a Loose where the record has another value."""
        found: dict[tuple[int, int], object] = {}
        for form in self.forms.sentences if forms is None else forms:
            if form.where and not _compiled(form.where).search(text):
                continue
            best: dict[frozenset[tuple[int, int]], dict[tuple[int, int], object]] = {}  # elements may share a place
            for element in self._each(form.each) if form.each else (None,):
                pattern = _pattern(form.pattern, element, self.forms.words)
                for match in pattern.finditer(text) if pattern else ():
                    verdicts = self._match(form, match, element, sentence)
                    place = frozenset(verdicts)
                    if place not in best or _faults(verdicts) < _faults(best[place]):
                        best[place] = verdicts
            for verdicts in best.values():
                for span, verdict in verdicts.items():
                    if not isinstance(found.get(span), Proof):  # one form that fits is enough
                        found[span] = verdict
        return found

    def _match(
        self, form: _Form, match: re.Match[str], element: Leaf | None, sentence: str
    ) -> dict[tuple[int, int], object]:
        told = {name: value for name, value in match.groupdict().items() if value is not None}
        found: dict[tuple[int, int], object] = {}
        own = _own_numbers(form.pattern, element)
        for start, end in numbers(match[0]):
            if match[0][start:end] in own and element:  # of the element's own words, which the pattern holds
                span = (match.start() + start, match.start() + end)
                found[span] = Proof(match.string[slice(*span)], sentence, element.pointer, "form")
        for name, paths in form.slots.items():
            if name in told:
                start = match.start(name)
                for span, verdict in self._slot(told[name], paths, told, element, sentence).items():
                    found[start + span[0], start + span[1]] = verdict
        return found

    def _slot(
        self, text: str, paths: Sequence[str], told: Mapping[str, str], element: Leaf | None, sentence: str
    ) -> dict[tuple[int, int], object]:
        """The numbers of one slot against the values that its paths lead to."""
        tokens = _slot_numbers(text)
        has = "the record has none"
        for path in paths:
            for value in self._values(path, told, element):
                sources = value.sources(text, [text[a:b] for a, b in tokens], self._digits)
                if sources is not None:
                    return {
                        span: Proof(text[slice(*span)], sentence, source, "form")
                        for span, source in zip(tokens, sources, strict=True)
                    }
                has = f"the record has {value}"
        return {span: Loose(text[slice(*span)], sentence, has) for span in tokens}

    @property
    def _digits(self) -> int:
        digits = field(self.record.documents.get("results.json"), "settings.digits")
        return digits if isinstance(digits, int) else 2

    def _values(self, path: str, told: Mapping[str, str], element: Leaf | None) -> Iterator[_Value]:
        scale = 100.0 if path.startswith("100 * ") else 1.0
        path, _, level = path.removeprefix("100 * ").partition(" @ ")
        if level:
            wanted = float(filled(level, told, element)) / 100
        else:
            wanted = float(field(self.record.documents.get("results.json"), "settings.level") or 0.9)
        parts = [select(self.record.documents, part, told, start=element) for part in path.split(" + ")]
        if len(parts) == 1:
            yield from (_Value(leaf, leaf.value, scale, wanted) for leaf in parts[0])
        elif all(parts):
            values = [part[0].value for part in parts]
            if all(isinstance(value, int | float) for value in values):
                yield _Value(parts[0][0], sum(values), scale, wanted)  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------------------------ tables

    def _row(self, block: Block) -> None:
        if not block.headings:
            for cell in block.cells:
                self._piece(cell, block.text, self._sentence(cell, block.text, self.forms.headings))
            return
        verdicts = self._table(block)
        whole = self._sentence(block.text, block.text)
        start = 0
        for place, cell in enumerate(block.cells):
            inside = {
                (a - start, b - start): verdict for (a, b), verdict in whole.items() if start <= a < start + len(cell)
            }
            self._piece(cell, block.text, {**inside, **verdicts.get(place, {})})
            start += len(cell) + 3

    def _table(self, block: Block) -> dict[int, dict[tuple[int, int], object]]:
        """What the table's form says of each cell: of all elements that the row may be, the one that fits best."""
        joined = " | ".join(block.headings)
        candidates = []
        for form in self.forms.tables:
            if not joined.startswith(form.headings):
                continue
            for element in self._each(form.each) if form.each else (None,):
                pattern = _pattern(form.pattern, element, self.forms.words)
                if pattern and (match := pattern.search(block.text)):
                    candidates.append(self._cells(form, block, match, element))
        if not candidates:
            return {}
        return min(candidates, key=lambda cells: sum(_faults(cell) for cell in cells.values()))

    def _cells(
        self, form: _Form, block: Block, match: re.Match[str], element: Leaf | None
    ) -> dict[int, dict[tuple[int, int], object]]:
        found = {}
        for place, (heading, cell) in enumerate(zip(block.headings, block.cells, strict=False)):
            for pattern, paths in form.columns:
                head = _compiled(pattern).fullmatch(heading)
                if head and _DIGITS.search(cell) and place > 0 and not cell.startswith("no "):
                    told = {**match.groupdict(), **head.groupdict()}
                    found[place] = self._slot(cell, paths, told, element, block.text)
        return found

    # ------------------------------------------------------------------------------------------------- everything else

    def _piece(self, text: str, sentence: str, verdicts: Mapping[tuple[int, int], object]) -> None:
        """Settle each number of a piece of text: by its form, or else by a text, a date, a range or a phrase."""
        tokens = numbers(text)
        if not tokens:
            return
        known = self._known(text)
        for start, end in tokens:
            around = ((source, how) for a, b, source, how in known if a <= start and end <= b)
            told, how = next(around, (None, ""))
            verdict = next((one for (a, b), one in verdicts.items() if a < end and start < b), None)
            if isinstance(verdict, Proof):
                self.proofs.append(Proof(text[start:end], sentence, verdict.source, "form"))
            elif told is not None and (verdict is None or how == "text"):
                self.proofs.append(Proof(text[start:end], sentence, told, how))
            elif isinstance(verdict, Loose):
                self.loose.append(Loose(text[start:end], sentence, verdict.why))
            else:
                self.loose.append(Loose(text[start:end], sentence, "nothing in the record prints so"))

    def _known(self, text: str) -> list[tuple[int, int, str, str]]:
        """Spans of a text that are known as a whole: from where to where, the source, and how."""
        spans = []
        for known, source in self._sorted_texts:
            at = text.find(known)
            while at >= 0:
                end = at + len(known)
                if how := _stands(text, at, end, known):
                    spans.append((at, end, source, how))
                at = text.find(known, end)
        for match in _DATE.finditer(text):
            if (day := _iso(match[0])) in self._days:
                spans.append((*match.span(), self._days[day], "date"))
        for phrase in self.forms.fixed:
            spans += [(one.start(), one.end(), phrase, "fixed") for one in re.finditer(re.escape(phrase), text)]
        for match in re.finditer(_SHORT["RANGEC"], text):
            if source := self._range(match[0]):
                spans.append((*match.span(), source, "range"))
        return spans

    def _range(self, text: str) -> str | None:
        tokens = [text[a:b] for a, b in _slot_numbers(text)]
        for leaf in self._ranges:
            levels = [one.get("level") for one in leaf.value.get("intervals", [{}])]  # type: ignore[attr-defined]
            for level in levels:
                scale = 100.0 if "%" in text and "unit" not in leaf.value else 1.0  # type: ignore[operator]
                sources = _Value(leaf, leaf.value, scale, level or 0.9).sources(text, tokens, self._digits)
                if sources is not None:
                    return sources[0]
        return None


def _own_numbers(pattern: str, element: Leaf | None) -> set[str]:
    """The numbers in those fields of an element that a pattern holds."""
    values = [field(element.value, match[1]) for match in _FIELD.finditer(pattern)] if element else []
    return {text[a:b] for text in map(str, values) for a, b in numbers(text)}


def _faults(verdicts: Mapping[tuple[int, int], object]) -> int:
    return sum(isinstance(one, Loose) for one in verdicts.values())


def _is_range(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    ends = all(isinstance(value.get(key), int | float) for key in ("low", "high"))
    return _is_estimate(value) or (ends and "mcse_low" not in value)


def _is_estimate(value: object) -> bool:
    return isinstance(value, Mapping) and "intervals" in value and "unit" in value


def _stands(text: str, start: int, end: int, known: str) -> str:
    """
    How a known text stands in another: as a "text" where it is quoted or has letters enough to be no accident.

    As a "cell" where it is all there is, or a name; nothing where it is half a word, or a bare number amid others.
    """
    before, after = text[:start][-1:], text[end:][:1]
    if (before.isalnum() and known[0].isalnum()) or (after.isalnum() and known[-1].isalnum()):
        return ""
    quoted = before and after and before in "\"'“‘" and after in "\"'”’"
    if quoted or sum(letter.isalpha() for letter in known) >= _FEW_LETTERS:
        return "text"
    name = len(known) >= _NAME and " " not in known and any(letter.isalpha() for letter in known)
    return "cell" if name or (start == 0 and end == len(text)) else ""


def _iso(text: str) -> str:
    """A day as files hold it; empty where it is none."""
    if re.fullmatch(_DAY, text):
        day, month, year = text.split()
        text = f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}"
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _slot_numbers(text: str) -> list[tuple[int, int]]:
    """The numbers of a slot; "of every 100" in it is none, and a day is one."""
    if re.fullmatch(_DAY, text):
        return [(0, len(text))]
    fixed = [match.span() for match in re.finditer(r"of every 100\b", text)]
    return [(a, b) for a, b in numbers(text) if not any(start <= a < end for start, end in fixed)]


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of the record as a page may print it."""

    leaf: Leaf
    value: object
    scale: float
    level: float

    def sources(self, text: str, tokens: Sequence[str], digits: int) -> list[str] | None:
        """Where each number of the text is in the record; ``None`` if one of them is not this value."""
        if isinstance(self.value, Mapping):
            ends = self._ends(digits)
            if len(tokens) > len(ends):
                return None
            pairs = zip(tokens, ends, strict=False)
            fits = len(tokens) >= 2 and all(prints(one, value, unit=unit) for one, (value, unit, _) in pairs)
            return [source for _, _, source in ends[: len(tokens)]] if fits else None
        if isinstance(self.value, str):
            return [self.leaf.pointer] * len(tokens) if _line(self.value) in (text, _iso(text)) else None
        if not isinstance(self.value, int | float) or len(tokens) != 1:
            return None
        value, unit = self._scaled(digits)
        if text.startswith("less than "):
            fits = tokens[0] in _LEAST and value <= float(tokens[0])
        elif text.startswith("more than "):
            fits = tokens[0] == _MOST and value >= float(tokens[0])
        else:
            fits = prints(tokens[0], value, unit=unit)
        return [self.leaf.pointer] if fits else None

    def _scaled(self, digits: int) -> tuple[float, float]:
        """The number and to what it may have been rounded."""
        value = float(self.value)  # type: ignore[arg-type]
        above = self.leaf.above[-1] if self.leaf.above else None
        if _is_estimate(above):
            estimate = Estimate.from_record(above)
            mcse = estimate.mcse_mean if self.leaf.pointer.endswith("/mean") else estimate.mcse
            scale = 100.0 if estimate.is_share else 1.0
            return scale * value, scale * 10.0 ** estimate.place(digits, mcse)
        if _is_range(above):
            return self.scale * value, self.scale * _tenth(above)  # type: ignore[arg-type]
        return self.scale * value, 1.0

    def _ends(self, digits: int) -> list[tuple[float, float, str]]:
        """Low, high and centre: the number, to what it may have been rounded, and where it is."""
        pointer, value = self.leaf.pointer, self.value
        if not _is_estimate(value):
            unit = self.scale * _tenth(value)  # type: ignore[arg-type]
            named = [key for key in ("low", "high", "median") if isinstance(value.get(key), int | float)]  # type: ignore[attr-defined]
            return [(self.scale * value[key], unit, f"{pointer}/{key}") for key in named]  # type: ignore[index]
        estimate = Estimate.from_record(value)  # type: ignore[arg-type]
        scale = 100.0 if estimate.is_share else 1.0
        for place, one in enumerate(estimate.intervals):
            if abs(one.level - self.level) < 1e-9:  # a typed decimal and its hundredfold
                interval = f"{pointer}/intervals/{place}"
                found = [
                    (one.low, one.mcse_low, f"{interval}/low"),
                    (one.high, one.mcse_high, f"{interval}/high"),
                    (estimate.median, estimate.mcse, f"{pointer}/median"),
                ]
                return [
                    (scale * number, scale * 10.0 ** estimate.place(digits, mcse), source)
                    for number, mcse, source in found
                ]
        return []

    def __str__(self) -> str:
        if isinstance(self.value, Mapping):
            return f"{' to '.join(f'{value:.6g}' for value, _, _ in self._ends(2)[:2])} at {self.leaf.pointer}"
        shown = f"{self._scaled(2)[0]:.6g}" if isinstance(self.value, int | float) else repr(self.value)
        return f"{shown} at {self.leaf.pointer}"


def _tenth(value: Mapping[str, float]) -> float:
    """To what the ends of a range may be rounded: to two digits of its width."""
    return abs(value["high"] - value["low"]) / 10
