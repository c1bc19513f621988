"""
The numbers that an edition prints: each of its page to its place in the record, those of its paper to its page.

>>> _cut("In soldiers: 290 to 1,530.", "290")
'In soldiers: 290 to 1,530.'
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

from analysis.errors import WorkError
from analysis.lexicon import read_lexicon
from analysis.manifest import Edition
from analysis.printed import Reading, Record, digit_runs, read_printed
from analysis.verdicts import Check, checked
from analysis.visible import Block, paper_lines, visible

__all__ = ["compared", "paper", "printed", "record_of", "traced"]

_DATA = Path(__file__).parent / "data"
_LONG = 5  # digits of a number that may be broken over lines: in an address, never in an estimate


def printed(folder: Path, edition: Edition, documents: Mapping[str, object], *, same: bool) -> Iterator[Check]:
    """Each number of the page to its place in the record, and those of the paper beside those of the page."""
    blocks = visible((folder / "report.html").read_text(encoding="utf-8"))
    if "results.json" in documents:
        yield traced(read_printed(blocks, record_of(folder, edition, documents)), same=same)
    else:
        line = "this edition has no results.json, so that nothing says where its numbers come from"
        yield Check("numbers in report.html", "not confirmed", (line,))
    marked = any(block.text.startswith("DRAFT") for block in blocks)
    if edition.is_draft or marked:
        wrong = "says DRAFT, and edition.json does not" if marked else "does not say DRAFT"
        faults = [] if marked == edition.is_draft else [f"report.html {wrong}"]
        yield checked("draft mark", faults, "report.html says DRAFT")


def paper(folder: Path, edition: Edition) -> Check:
    """The numbers of the paper beside those of the page."""
    if "report.pdf" not in edition.files:
        line = "edition.json lists no report.pdf: there was no browser to print it, or it was taken out"
        return Check("numbers in report.pdf", "not made", (line,))
    blocks = visible((folder / "report.html").read_text(encoding="utf-8"))
    try:
        return compared(blocks, paper_lines(folder / "report.pdf"))
    except WorkError as error:
        return Check("numbers in report.pdf", "fault", (str(error),))


# Of the package's data, what pages print from them: numbers by name, and words letter by letter.
_VALUES = ("lexicon.toml", "uncertainties.toml")
_WORDS = ("definitions.toml", "method.toml", "statements.toml", "uncertainties.toml")


def record_of(folder: Path, edition: Edition, documents: Mapping[str, object]) -> Record:
    """What the numbers of this edition may come from."""
    more = {f"{name}: {text}": "lexicon.toml" for name, text in read_lexicon().references.items()}
    more |= {text: name for name in _WORDS for text in _texts(_DATA / name)}
    copies = edition.inputs.files.keys() & edition.files.keys()
    more |= {text: name for name in copies for text in _texts(folder / name)}
    tables: dict[str, object] = {
        file.name: tomllib.loads(file.read_text(encoding="utf-8"))
        for file in (*(_DATA / name for name in _VALUES), folder / "sources.toml")
        if file.is_file() and not file.is_symlink()
    }
    notebook = folder / edition.notebook
    cells = list(_cells(json.loads(notebook.read_text(encoding="utf-8")))) if notebook.is_file() else []
    return Record.of({**documents, **tables}, more, cells)


def _cells(notebook: dict) -> Iterator[tuple[str, str]]:
    """Kind and source of each cell; what one has put out as Markdown is one more, for its formulae."""
    for cell in notebook["cells"]:
        yield cell["cell_type"], _joined(cell["source"])
        for output in cell.get("outputs", ()):
            if "text/markdown" in output.get("data", {}):
                yield "markdown", _joined(output["data"]["text/markdown"])


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _texts(file: Path) -> Iterator[str]:
    """The texts of a register's file; none of any other."""
    if not file.is_file() or file.is_symlink():
        return
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            yield from (cell for row in csv.reader(opened) for cell in row)
    elif file.suffix == ".toml":
        yield from _strings(tomllib.loads(file.read_text(encoding="utf-8")))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


_HOW = {
    "form": "by the form of their sentence or table",
    "text": "in texts printed letter by letter",
    "cell": "as a text of the record",
    "date": "as dates of the record",
    "range": "as a range of one estimate",
    "fixed": "in fixed phrases",
}


def traced(found: Reading, *, same: bool) -> Check:
    """All numbers are traced, or which are not; another program may have had other sentences."""
    counts = Counter(proof.how for proof in found.proofs)
    parts = [f"{counts[how]} {words}" for how, words in _HOW.items() if counts[how]]
    faults = [f"{one.text} ({one.why}) in: {_cut(one.sentence, one.text)}" for one in found.loose]
    if faults and not same:
        told = "made by another program, whose sentences may differ"
        faults.insert(0, f"{told}: {len(found.loose)} of {len(found.proofs) + len(found.loose)} are not traced")
    return checked(
        "numbers in report.html",
        faults,
        f"all {len(found.proofs)} are traced: {', '.join(parts)}",
        state="fault" if same else "not confirmed",
    )


def _cut(sentence: str, text: str) -> str:
    """A sentence around a number of it, where it is long."""
    at = sentence.find(text)
    start, end = max(0, at - 80), at + len(text) + 80
    return f"{'...' if start else ''}{sentence[start:end]}{'...' if end < len(sentence) else ''}"


def compared(blocks: Sequence[Block], pages: Sequence[Sequence[str]]) -> Check:
    """
    The numbers of the paper against those of the page, each as often as it occurs.

    The paper has no links to sections, no code and no texts of pictures. It may have more: numbers of pages, in
    headings and contents, and the headings of tables again on a further page.
    """
    page = [block for block in blocks if block.kind not in ("contents", "code", "alt")]
    digests = {word for block in page for word in block.text.split() if len(word) == 64 and word.isalnum()}
    expected = Counter(run for block in page for run in digit_runs(block.text, digests))
    addresses = {word for block in page for word in block.text.split() if "://" in word}
    printed = Counter(run for lines in pages for run in digit_runs(_unbroken(lines, addresses), digests))
    again = Counter(
        run for block in page if block.kind == "row" and not block.headings for run in digit_runs(block.text)
    )
    missing, more = _joined_again(expected - printed, printed - expected)
    numbered = {str(number) for number in range(1, len(pages) + 1)}
    faults = [f"{run} is {count} times on the page and not on the paper" for run, count in sorted(missing.items())]
    further = {
        run: count
        for run, count in sorted(more.items())
        if run not in numbered and count > again[run] * (len(pages) - 1)
    }
    faults += [f"{run} is {count} times on the paper and not on the page" for run, count in further.items()]
    told = f"all {expected.total()} are those of report.html, on {len(pages)} pages"
    if allowed := more.total():
        told += f"; {allowed} more are numbers of pages and headings of tables that run on"
    return checked("numbers in report.pdf", faults, told)


def _unbroken(lines: Sequence[str], addresses: Set[str]) -> str:
    """
    The words of a printed page, addresses whole that are broken over lines.

    Examples
    --------
    >>> _unbroken(["see https://example.org/20", "24/a page"], {"https://example.org/2024/a"})
    'see https://example.org/2024/a page'
    """
    words: list[str] = []
    for line in lines:
        parts = line.split()
        if words and parts and "://" in words[-1]:
            joined = words[-1] + parts[0]
            if any(address.startswith(joined) for address in addresses):
                words[-1] = joined
                del parts[0]
        words += parts
    return " ".join(words)


def _joined_again(missing: Counter[str], more: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """The same without long numbers, of addresses, that the paper has broken over two lines."""
    missing, more = Counter(missing), Counter(more)
    for run in [run for run in missing.elements() if len(run) >= _LONG]:
        for at in range(1, len(run)):
            halves = Counter([run[:at], run[at:]])
            if halves <= more:
                missing, more = missing - Counter([run]), more - halves
                break
    return missing, more
