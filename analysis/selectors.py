"""
Values of a record by a path with names, and whether a printed number is one of them.

A path is like ``results.json/estimates[name=killed]/median``: keys, and in brackets which of a list, by the value of a
field or, after ``#``, by its place; ``[*]`` is each. ``{name}`` stands for a text that was read from the page or for a
field of the element at hand, which a path that starts with ``.`` starts at.

>>> record = {"results.json": {"estimates": [{"name": "killed", "median": 112.7}]}}
>>> [leaf] = select(record, "results.json/estimates[name={which}]/median", {"which": "killed"})
>>> leaf.pointer, leaf.value
('results.json#/estimates/0/median', 112.7)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

__all__ = ["Leaf", "field", "filled", "prints", "select"]

_SEGMENT = re.compile(r"([^/\[\]]+)((?:\[[^\]]*\])*)")
_SLOT = re.compile(r"\{([^{}|]+)(?:\|([^{}]+))?\}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """
    A value of a record, with its way there.

    Parameters
    ----------
    pointer : str
        The file and the JSON pointer in it, like "results.json#/estimates/2/median".
    value : object
    above : tuple
        The objects on the way, the nearest last.
    """

    pointer: str
    value: object
    above: tuple[object, ...] = ()

    def down(self, key: str | int) -> Leaf:
        """The value under a key of this one."""
        inner = self.value[key]  # type: ignore[index]
        joint = "" if self.pointer.endswith("#") else "/"
        pointer = f"{self.pointer}#/{key}" if "#" not in self.pointer else f"{self.pointer}{joint}{key}"
        return Leaf(pointer, inner, (*self.above, self.value))


def select(
    record: Mapping[str, object], path: str, told: Mapping[str, str] | None = None, *, start: Leaf | None = None
) -> tuple[Leaf, ...]:
    """
    The values under a path; none if it leads nowhere.

    Parameters
    ----------
    record : mapping
        Documents by file name.
    path : str
    told : mapping of str to str, optional
        What the names in braces stand for.
    start : Leaf, optional
        The element that a path with a leading dot starts at, and whose fields stand for names that are not told.
    """
    told = told or {}
    segments = list(_SEGMENT.finditer(path))
    if segments and segments[0][1] == ".":
        found = [start] if start else []
    else:
        name = segments[0][1]
        found = [Leaf(name, record[name])] if name in record else []
    found = _filtered(found, segments[0][2], told, start)
    for segment in segments[1:]:
        key = filled(segment[1], told, start)
        found = [leaf.down(key) for leaf in found if isinstance(leaf.value, Mapping) and key in leaf.value]
        found = _filtered(found, segment[2], told, start)
    return tuple(found)


def _filtered(found: list[Leaf], filters: str, told: Mapping[str, str], start: Leaf | None) -> list[Leaf]:
    for one in re.findall(r"\[([^\]]*)\]", filters):
        if one == "*":
            found = [inner for leaf in found for inner in _each(leaf)]
        elif one.startswith("#"):
            place = filled(one[1:], told, start)
            found = [leaf.down(int(place)) for leaf in found if place.isdecimal() and int(place) < _length(leaf.value)]
        else:
            key, _, wanted = one.partition("=")
            percent, wanted = wanted.endswith("%"), filled(wanted.removesuffix("%"), told, start)
            found = [
                inner for leaf in found for inner in _each(leaf) if _equal(field(inner.value, key), wanted, percent)
            ]
    return found


def _each(leaf: Leaf) -> Iterator[Leaf]:
    if isinstance(leaf.value, list):
        yield from (leaf.down(place) for place in range(len(leaf.value)))
    elif isinstance(leaf.value, Mapping):  # one that an earlier pair of brackets has found
        yield leaf


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _equal(value: object, wanted: str, percent: bool) -> bool:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value) == wanted
    if isinstance(value, int | float):
        return prints(wanted, 100 * value if percent else value)
    return False


def field(value: object, name: str) -> object:
    """A field of an object, or of one inside it: "input.label"; ``None`` where there is none."""
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def filled(template: str, told: Mapping[str, str], start: Leaf | None = None) -> str:
    """
    A template with its names in braces replaced; a name that stands for nothing leaves an empty place.

    Examples
    --------
    >>> filled("quantiles/{q|share}", {"q": "5"})
    'quantiles/0.05'
    """

    def text(match: re.Match[str]) -> str:
        value = told[match[1]] if match[1] in told else field(start.value, match[1]) if start else None
        if match[2] == "share":
            return f"{float(str(value)) / 100:g}"
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    return _SLOT.sub(text, template)


def prints(text: str, value: float, *, unit: float = 1.0) -> bool:
    """
    Whether a number prints so: rounded at the last place that the text shows.

    Parameters
    ----------
    text : str
        Like "1,530", "2.8", "+0.7", "3e-05".
    value : float
    unit : float
        To what a whole number with zeros at its end may have been rounded: 10 lets 1,530 stand for 1,534.

    Examples
    --------
    >>> prints("2.8", 2.84), prints("1,530", 1534.2), prints("1,530", 1534.2, unit=10), prints("1,630", 1534.2, unit=10)
    (True, False, True, False)
    """
    try:
        number = Decimal(text.replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return False
    place = int(number.as_tuple().exponent)
    if place >= 0 and "e" not in text.lower():
        digits = text.replace(",", "").lstrip("+-−")
        zeros = len(digits) - len(digits.rstrip("0")) if digits.strip("0") else len(digits)
        place = max((k for k in range(zeros + 1) if 10.0**k <= unit * (1 + 1e-9)), default=0)
    # 1e-9 of the value: 12 digits are in the file, and a half that is rounded either way.
    return abs(value - float(number)) <= 0.5 * 10.0**place + 1e-9 * abs(value) + 1e-15
