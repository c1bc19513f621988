"""
What a run depends on, and the seeds that follow from it.

``scrambles`` is the only place where the random generator is made. Refused: settings that are wrong, all at once.

>>> Settings(level=2)
Traceback (most recent call last):
...
analysis.errors.InputError: level is 2.0, expected a number between 0.001 and 0.9999, like 0.9
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.claims import parse_date
from analysis.errors import InputError
from analysis.evidence import FORCES, WINDOW
from analysis.pools import POOLS
from analysis.sampling import replicate_seeds

__all__ = ["HELD_LOG2_POINTS", "REPLICATES", "Settings", "scrambles"]

REPLICATES = 16
# Longer replicates stream through: what is held of a run is at most a million draws of each origin.
HELD_LOG2_POINTS = 16
# 2**31 scrambled points is all that 32 bits of the sequence hold apart.
_LARGEST_MAX_DRAWS = 2**30


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What a run depends on; the same names are the parameters of ``notebooks/report.ipynb``.

    Parameters
    ----------
    register : str
        A register that ships with the package, or the path of one.
    as_of : str
        A date; claims published later are not known yet.
    force : str
        The denominator: reported, theatre or deployed.
    pool : str
        How origins are combined: linear, logarithmic or median.
    weights : str
        Of origins in the pool, like "NIS=2, US=1"; empty for equal weights of the streams of information.
    width : float
        Of the readings: 2 doubles their distances, in logarithms, 0.5 halves them.
    window : int
        Days after which a figure is out of date beside a newer one.
    wounded_per_killed : str
        A class of the lexicon, or the median of a lognormal with the spread of the class "historical".
    level : float
        Probability inside the headline interval.
    digits : int
        Significant digits of the standard uncertainty that must be stable, and print.
    max_draws : int
        Where sampling stops even if they are not. Beyond 1,048,576 draws they stream through, in the linear pool only.
    seed : int
        Of the random generator; every integer from 0 is a seed like any other.

    Raises
    ------
    InputError
        With a line for each setting that is wrong.
    """

    register: str = "seed"
    as_of: str = "2024-12-19"
    force: str = "reported"
    pool: str = "linear"
    weights: str = ""
    width: float = 1.0
    window: int = WINDOW
    wounded_per_killed: str = "historical"
    level: float = 0.9
    digits: int = 2
    max_draws: int = 1_048_576
    seed: int = 20241219

    def __post_init__(self) -> None:
        # papermill reads a parameter like 3 or 2024-12-19 as the type it looks like, not as the type declared.
        if isinstance(self.as_of, date):
            object.__setattr__(self, "as_of", self.as_of.isoformat())
        if type(self.wounded_per_killed) in (int, float):
            object.__setattr__(self, "wounded_per_killed", f"{self.wounded_per_killed:g}")
        for name in ("level", "width"):
            if type(getattr(self, name)) is int:
                object.__setattr__(self, name, float(getattr(self, name)))
        if faults := list(self._faults()):
            raise InputError(*faults)

    def _faults(self) -> Iterator[str]:
        if not isinstance(self.register, str) or not self.register:
            yield f"register is {self.register!r}, expected a name like seed or the path of a .csv file"
        if _date(self.as_of) is None:
            yield f"as_of is {self.as_of!r}, expected a date like 2024-12-19"
        if self.force not in FORCES:
            yield f"force is {self.force!r}, expected one of {', '.join(FORCES)}"
        if self.pool not in POOLS:
            yield f"pool is {self.pool!r}, expected one of {', '.join(POOLS)}"
        if not isinstance(self.weights, str):
            yield f"weights is {self.weights!r}, expected text like 'NIS=2, US=1', or nothing"
        if not isinstance(self.level, float) or not 0.001 <= self.level <= 0.9999:
            yield f"level is {self.level!r}, expected a number between 0.001 and 0.9999, like 0.9"
        if not isinstance(self.width, float) or not 0.1 <= self.width <= 10:
            yield f"width is {self.width!r}, expected a number from 0.1 to 10, like 2"
        for name, least, most, example in (
            ("window", 0, 36_500, WINDOW),
            ("digits", 1, 6, 2),
            ("max_draws", 1024, _LARGEST_MAX_DRAWS, 1_048_576),
            ("seed", 0, 2**63, 7),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                yield f"{name} is {value!r}, expected an integer from {least} to {most}, like {example}"
        held = REPLICATES * 2**HELD_LOG2_POINTS
        if self.pool in POOLS[1:] and type(self.max_draws) is int and self.max_draws > held:
            yield (
                f"max_draws is {self.max_draws} with the {self.pool} pool, expected at most {held}: "
                "more draws than can be held stream through, and only the linear pool can be made of them"
            )

    @property
    def day(self) -> date:
        """``as_of`` as a date."""
        return parse_date(self.as_of)


def _date(text: object) -> date | None:
    try:
        return parse_date(str(text))
    except ValueError:
        return None


def scrambles(settings: Settings) -> tuple[np.random.SeedSequence, ...]:
    """The seed of each replicate: where the random generator is made, and the only place."""
    return replicate_seeds(np.random.default_rng(settings.seed), REPLICATES)
