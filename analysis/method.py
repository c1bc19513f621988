"""
The method: its steps, each with its formula and the functions that do it, and its parameters with their sources.

Refused: a step whose code is not in the package.

>>> [step.name for step in read_steps()][:3]
['Collect', 'Choose', 'Read the words']
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from analysis.displays import Table
from analysis.evidence import CORRELATION
from analysis.lexicon import read_lexicon
from analysis.pipeline import Results

__all__ = ["Step", "Steps", "here", "parameters", "read_steps", "steps"]

_METHOD = Path(__file__).parent / "data" / "method.toml"


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its name, what it does, the functions that do it, and its formula in TeX (empty if none)."""

    name: str
    does: str
    code: tuple[str, ...]
    formula: str = ""


@lru_cache(maxsize=1)
def read_steps() -> tuple[Step, ...]:
    """
    The steps of method.toml.

    Raises
    ------
    ValueError
        If a function that a step names is not in the package.
    """
    found = []
    for one in tomllib.loads(_METHOD.read_text(encoding="utf-8"))["step"]:
        step = Step(**{**one, "code": tuple(one["code"])})
        for name in step.code:
            if not _exists(name):
                raise ValueError(f"{_METHOD.name}: step {step.name!r} names {name}, which is not in the package")
        found.append(step)
    return tuple(found)


def _exists(name: str) -> bool:
    """Whether a dotted name, like analysis.wording.Reading.reported_by, leads to something."""
    package, module, *rest = name.split(".")
    held: object = importlib.import_module(f"{package}.{module}")
    for part in rest:
        if not hasattr(held, part):
            return False
        held = getattr(held, part)
    return True


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps as a numbered list, their formulae as formulae."""

    steps: tuple[Step, ...]

    def __repr__(self) -> str:
        return "\n".join(f"{at}. {step.name}. {step.does}" for at, step in enumerate(self.steps, 1))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/markdown": "\n\n".join(self._lines()), "text/plain": repr(self)}

    def _lines(self) -> Iterator[str]:
        for at, step in enumerate(self.steps, 1):
            yield f"{at}. **{step.name}.** {step.does} Code: {', '.join(f'`{name}`' for name in step.code)}."
            if step.formula:
                yield f"    $${step.formula}$$"


def steps() -> Steps:
    """Every step with its formula, from the same file as the figure of the method."""
    return Steps(read_steps())


def here(results: Results) -> tuple[str, ...]:
    """What each step holds in this run, in the order of the steps: what the figure of the method prints."""
    published = [one for one in results.claims if one.claim.published <= results.settings.day]
    losses = [one for origin in results.evidence.origins for one in origin.given.values()]
    weighted = [origin for origin in results.origins if origin.weight > 0]
    settings, ratio = results.settings, results.estimate("casualties_ratio")
    ends = ratio.range(settings.level, digits=settings.digits)
    return (
        f"{len(published)} claims\nby {settings.as_of}",
        f"{len(losses)} {'loss' if len(losses) == 1 else 'losses'} and\nthe force count",
        "which number\nis meant?",
        "how far from\nthe truth?",
        f"wounded per killed:\n{settings.wounded_per_killed}",
        f"by the force:\n{settings.force}",
        f"{len(weighted)} {'origin' if len(weighted) == 1 else 'origins'},\n{settings.pool} pool",
        f"{ends}\n({100 * settings.level:g} %)",
    )


def parameters(results: Results) -> Table:
    """Every number that the answer rests on beside the claims themselves, with its source, or that it is judgement."""
    settings, lexicon = results.settings, read_lexicon()
    low, middle, high = results.question.wounded_per_killed.ppf(np.array([0.05, 0.5, 0.95]))
    layer = lexicon.wounded_per_killed.get(settings.wounded_per_killed)
    rows = [
        (
            f"wounded for each killed ({settings.wounded_per_killed})",
            f"{low:.1f} to {high:.1f} (90 %), middle {middle:.1f}",
            layer.source if layer else "the analyst's own median",
            layer.judgement if layer else "the median, and the spread of the class historical",
        )
    ]
    rows += list(_layers(results))
    rows += [
        ("a figure is out of date", f"{settings.window} days before the newest", "", "all of it"),
        ("width of the readings", f"times {settings.width:g}", "as the rules above give them", ""),
        ("correlation of two origins of a stream", f"{CORRELATION:g}", "", "all of it; shown, and moves no range"),
        ("pool, and weights", f"{settings.pool}; {settings.weights or 'equal for each stream'}", "", "all of it"),
    ]
    return Table(("parameter", "value", "source", "judgement"), tuple(rows), ("left",) * 4)


def _layers(results: Results) -> Iterator[tuple[str, str, str, str]]:
    """The reporting layers that the counted claims have."""
    lexicon = read_lexicon()
    losses = [one for origin in results.evidence.origins for one in origin.given.values()]
    for name in sorted({one.reading.reporting for one in losses if one.reading is not one.wording}):
        layer = lexicon.reporting[name]
        if layer.median is None or layer.sd_log is None:
            value = "as its rule gives it"
        else:
            value = f"figures are {layer.median:g} times the truth, spread of the logarithm {layer.sd_log:g}"
        yield (f"what such speakers report ({name})", value, layer.source, layer.judgement)
