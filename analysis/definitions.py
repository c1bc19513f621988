"""
What the report's words mean: losses, forces and voices, the columns of a register, and the words of likelihood.

Refused: a quantity that a claim may have and that is not defined.

>>> [one.term for one in read_terms() if one.quantity in ("killed", "casualties")]
['killed', 'casualties']
"""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

from analysis.claims import Quantity
from analysis.displays import Table
from analysis.fields import COLUMNS, Claim
from analysis.folded import Folded
from analysis.pipeline import Results
from analysis.prose import Prose
from analysis.summary import LIKELIHOOD, PHIA, in_phia_gap, percent

__all__ = ["Term", "codebook", "likelihood_words", "read_terms", "terms"]

_DEFINITIONS = Path(__file__).parent / "data" / "definitions.toml"


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the report, the register's quantity that it names (empty if none), and what it means."""

    term: str
    means: str
    quantity: str = ""


@lru_cache(maxsize=1)
def read_terms() -> tuple[Term, ...]:
    """
    The terms of definitions.toml.

    Raises
    ------
    ValueError
        If a quantity of the register is not defined.
    """
    found = tuple(Term(**one) for one in tomllib.loads(_DEFINITIONS.read_text(encoding="utf-8"))["term"])
    if missing := set(get_args(Quantity)) - {one.quantity for one in found}:
        raise ValueError(f"{_DEFINITIONS.name} does not define {', '.join(sorted(missing))}")
    return found


def terms() -> Table:
    """The terms and what they mean."""
    return Table(("word", "what it means here"), tuple((one.term, one.means) for one in read_terms()), ("left", "left"))


def codebook() -> Folded:
    """Every column of a register and what it may hold, as errors and schemas say it too; folded."""
    rows = tuple((name, Claim.model_fields[name].description or "") for name in COLUMNS)
    return Folded("The columns of a register", Table(("column", "what it holds"), rows, ("left", "left")))


def likelihood_words(results: Results) -> Prose:
    """The words of likelihood with their ranges, and what the gaps of another scale mean for the numbers printed."""
    words = "; ".join(f"{word}: {low} to {high} %" for low, high, word in LIKELIHOOD)
    gaps = ", ".join(f"{high} to {low}" for (_, high), (low, _) in itertools.pairwise(PHIA))
    inside = sorted({percent(one.probability) for one in results.exceedance if in_phia_gap(one.probability)})
    printed = f"of the probabilities printed here, {_listed(inside)} {'lies' if len(inside) == 1 else 'lie'} in one"
    return Prose(
        (
            f"Words of likelihood are those of one scale (ICD 203), each beside its number: {words}. Below 1 % and "
            "above 99 % there is only the number.",
            f"Another scale, PHIA of the United Kingdom, gives no word to {gaps} %; "
            f"{printed if inside else 'none of the probabilities printed here lies in such a gap'}. Its words are not "
            "used, and where a word and a number seem to differ, the number is meant.",
        )
    )


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
