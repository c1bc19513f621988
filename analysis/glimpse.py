"""
The answer at once: the pool alone, over one force, from 16 times 1,024 points, for who tries settings by hand.

The seeds are those of a run, so nothing that differs between two glimpses is chance, and what is asked is what a run
asks. What a run adds is more draws, until the digits stand still: a glimpse prints fewer digits where it knows fewer.

Refused: what a run refuses, in the same words.

>>> seen = glimpse(Settings())
>>> seen.estimate("casualties_ratio").text(0.9, digits=2)
'2.8 % to 15.8 %, centre 8.2 %'
>>> seen.dots.size
50
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.asked import ask
from analysis.distributions import FloatArray
from analysis.estimates import estimate_of, probabilities
from analysis.inputs import Inputs, prepare
from analysis.model import QUANTITIES, draw, pooled
from analysis.sampling import cube, weighted_quantiles
from analysis.settings import REPLICATES, Settings, scrambles
from analysis.summary import Estimate

__all__ = ["DOTS", "DRAWS", "Glimpse", "glimpse"]

# Points of each replicate, as a power of two.
_LOG2_POINTS = 10
DRAWS = REPLICATES * 2**_LOG2_POINTS
# Each dot is 2 % of the probability, as in the figure of the report.
DOTS = (np.arange(50) + 0.5) / 50

_RATIO = "casualties_ratio"


@dataclass(frozen=True, slots=True)
class Glimpse:
    """
    An answer, and what it was drawn from.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
        The claims as read, what counts and what does not.
    estimates : tuple of Estimate
        Of every quantity of `model.QUANTITIES`, in that order.
    dots : array, shape (50,)
        Quantiles of casualties over force, shares, at `DOTS`.
    kept : float
        Share of the draws in which casualties do not exceed the force.
    """

    settings: Settings
    inputs: Inputs
    estimates: tuple[Estimate, ...]
    dots: FloatArray
    kept: float

    def estimate(self, name: str) -> Estimate:
        """The estimate of this name."""
        return self.estimates[QUANTITIES.index(name)]

    @property
    def counted(self) -> Mapping[str, str]:
        """The origin of each claim that counts, losses and force, by the claim's id."""
        losses = [one for origin in self.inputs.evidence.origins for one in origin.given.values()]
        force = self.inputs.forces[self.settings.force].claims
        return {one.claim.id: one.claim.origin for one in (*losses, *force)}


def glimpse(settings: Settings) -> Glimpse:
    """
    Answer the question, coarsely and at once.

    Parameters
    ----------
    settings : Settings
        ``max_draws`` is not used.

    Raises
    ------
    InputError
        As `pipeline.run` does.
    """
    inputs = prepare(settings)
    question, seeds = inputs.questions[settings.force], scrambles(settings)
    pool, levels = ask(question, settings.pool, seeds[0]), probabilities(settings.level)
    means, sds, quantiles, dots, kept = [], [], [], [], []
    for seed in seeds:
        points = cube(seed, log2_points=_LOG2_POINTS, dimensions=question.dimensions)
        drawn = draw(question, points)
        combined = pool.combine(drawn, points[:, 0])
        one = pooled(combined.draws, combined.question)
        means.append(one.mean())
        sds.append(one.sd())
        quantiles.append([weighted_quantiles(values, one.weight, levels) for values in one.values])
        dots.append(weighted_quantiles(one.values[QUANTITIES.index(_RATIO)], one.weight, DOTS))
        shares = pool.question.weights
        kept.append(sum(weight * float(drawn[name].weight.mean()) for name, weight in shares.items() if weight > 0))
    mean, sd, at = np.array(means), np.array(sds), np.array(quantiles)
    estimates = tuple(
        estimate_of(name, settings.level, mean=mean[:, row], sd=sd[:, row], quantiles=at[:, row])
        for row, name in enumerate(QUANTITIES)
    )
    return Glimpse(settings, inputs, estimates, np.mean(dots, axis=0), float(np.mean(kept)))
