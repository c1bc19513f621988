"""
The question itself: killed, wounded, casualties and the force, and the ratios between them.

It knows nothing of files, words or plots. In every draw killed + wounded = casualties holds exactly, and
casualties do not exceed the force.

>>> losses = split_by_ratio(casualties=np.array([400.0]), wounded_per_killed=np.array([3.0]))
>>> losses.killed, losses.wounded, losses.casualties
(array([100.]), array([300.]), array([400.]))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.distributions import Distribution, FloatArray, Tabulated
from analysis.sampling import weighted_quantiles
from analysis.smooth import Smooth, pooled_below, pooled_quantiles

__all__ = [
    "QUANTITIES",
    "RATIOS",
    "THRESHOLDS",
    "UNITS",
    "Draws",
    "Losses",
    "Pool",
    "Question",
    "Summary",
    "draw",
    "drawn_quantiles",
    "from_killed",
    "from_killed_and_wounded",
    "from_wounded",
    "losses_from",
    "needs_ratio",
    "over",
    "over_force",
    "pooled",
    "quantiles_of_ratios",
    "ratio_below",
    "ratio_quantiles",
    "split_by_ratio",
    "split_known",
    "summarize",
]

# The three ratios and the loss that each divides by the force.
RATIOS = {"killed_ratio": "killed", "wounded_ratio": "wounded", "casualties_ratio": "casualties"}

UNITS = {
    "killed": "soldiers",
    "wounded": "soldiers",
    "casualties": "soldiers",
    "force": "soldiers",
    "killed_ratio": "share of the force",
    "wounded_ratio": "share of the force",
    "casualties_ratio": "share of the force",
    "wounded_per_killed": "wounded per killed",
    "killed_share": "share of casualties",
}
QUANTITIES = tuple(UNITS)

# Draws of each origin that tell where to look for a quantile.
_FEW = 128

# Shares of the force that a ratio may exceed.
THRESHOLDS = (0.05, 0.10, 0.20, 0.33)


@dataclass(frozen=True, slots=True)
class Losses:
    """
    Killed and wounded, draw by draw; casualties are their sum by definition.

    Parameters
    ----------
    killed, wounded : array, shape (n,), soldiers
    """

    killed: FloatArray
    wounded: FloatArray

    @property
    def casualties(self) -> FloatArray:
        """Killed plus wounded, soldiers."""
        return self.killed + self.wounded


def from_killed_and_wounded(*, killed: FloatArray, wounded: FloatArray) -> Losses:
    """Losses of an origin that gives both; their sum is the casualties."""
    return Losses(killed, wounded)


def split_by_ratio(*, casualties: FloatArray, wounded_per_killed: FloatArray) -> Losses:
    """
    Losses of an origin that gives casualties T only: killed is T / (1 + R), wounded the rest.

    Parameters
    ----------
    casualties : array, shape (n,), soldiers
    wounded_per_killed : array, shape (n,), dimensionless, not negative
        R, drawn from a reference class.
    """
    killed = casualties / (1 + wounded_per_killed)
    return Losses(killed, casualties - killed)


def from_killed(*, killed: FloatArray, wounded_per_killed: FloatArray) -> Losses:
    """Losses of an origin that gives killed only: wounded is R times as many."""
    return Losses(killed, killed * wounded_per_killed)


def from_wounded(*, wounded: FloatArray, wounded_per_killed: FloatArray) -> Losses:
    """Losses of an origin that gives wounded only: killed is a share 1 / R of them."""
    return Losses(wounded / wounded_per_killed, wounded)


def split_known(*, casualties: FloatArray, killed: FloatArray) -> Losses:
    """
    Losses of an origin that gives casualties and killed: the wounded are the rest, at least 0.

    Where killed exceeds the total it stands, so the identity holds and casualties are the killed.
    """
    return Losses(killed, np.maximum(casualties - killed, 0.0))


@dataclass(frozen=True, slots=True)
class Question:
    """
    What a run draws from.

    Parameters
    ----------
    origins : mapping of str to mapping of str to Distribution
        For each origin what it gives, soldiers: killed and wounded, killed and casualties, or one of the three.
    weights : mapping of str to float
        Of each origin in the pool, adding to 1.
    wounded_per_killed : Distribution
        R, dimensionless.
    force : Tabulated
        Soldiers.
    """

    origins: Mapping[str, Mapping[str, Distribution]]
    weights: Mapping[str, float]
    wounded_per_killed: Distribution
    force: Tabulated

    @property
    def dimensions(self) -> int:
        """Columns of the unit cube: the force, R, and each figure given."""
        return 2 + sum(len(given) for given in self.origins.values())


@dataclass(frozen=True, slots=True)
class Draws:
    """
    One origin's draws in one replicate.

    Parameters
    ----------
    losses : Losses
        Shape (n,), soldiers.
    force : array, shape (n,), soldiers
        Given that it is at least the casualties.
    weight : array, shape (n,)
        Probability that the force is at least the casualties: the share of the draw that is kept.
    tilt : array, shape (n,), optional
        By how much a pool makes each draw more or less probable than the others, before the force is asked; without
        it all are alike.
    """

    losses: Losses
    force: FloatArray
    weight: FloatArray
    tilt: FloatArray | None = None

    @property
    def mass(self) -> FloatArray:
        """Probability of each draw, up to a factor that all share."""
        return self.weight if self.tilt is None else self.weight * self.tilt

    def quantity(self, name: str) -> FloatArray:
        """
        The draws of a quantity of `QUANTITIES`, shape (n,).

        Raises
        ------
        KeyError
            If there is no such quantity.
        """
        losses = self.losses
        if name in RATIOS:
            return getattr(losses, RATIOS[name]) / self.force
        return {
            "killed": lambda: losses.killed,
            "wounded": lambda: losses.wounded,
            "casualties": lambda: losses.casualties,
            "force": lambda: self.force,
            "wounded_per_killed": lambda: losses.wounded / losses.killed,
            "killed_share": lambda: losses.killed / losses.casualties,
        }[name]()

    def first(self, count: int) -> Draws:
        """The first draws only."""
        losses = Losses(self.losses.killed[:count], self.losses.wounded[:count])
        tilt = None if self.tilt is None else self.tilt[:count]
        return Draws(losses, self.force[:count], self.weight[:count], tilt)

    def exceeding(self, name: str, threshold: FloatArray, force: Tabulated) -> FloatArray:
        """
        Probability that a ratio exceeds each threshold, the force integrated out through its cdf.

        ``P(loss / F > t) = E[P(casualties <= F < loss / t)] / E[P(casualties <= F)]``: a smooth average over
        the losses, with an error far below that of counting draws.

        Parameters
        ----------
        name : str
            One of `RATIOS`.
        threshold : array, any shape
            Shares, positive.
        force : Tabulated
            The distribution that ``self.force`` was drawn from.
        """
        return self.smooth(name, force).exceeding(threshold)

    def smooth(self, name: str, force: Tabulated) -> Smooth:
        """The ratio's cdf with the force integrated out, as `exceeding` needs it; made once for many thresholds."""
        loss = getattr(self.losses, RATIOS[name])
        return Smooth.of(loss, self.losses.casualties, self.weight, force, tilt=self.tilt)


def draw(question: Question, points: FloatArray) -> dict[str, Draws]:
    """
    Draws of every origin, all from one matrix of points.

    Parameters
    ----------
    question : Question
    points : array, shape (n, question.dimensions)
        In the unit cube. Column 0 is the force, column 1 is R, then each figure in the order of the origins.

    Returns
    -------
    dict of str to Draws
        Origins share the force and R of a point.
    """
    ratio = question.wounded_per_killed.ppf(points[:, 1])
    force = question.force.ppf(points[:, 0])
    column, drawn = 2, {}
    for name, given in question.origins.items():
        figures = {}
        for quantity in sorted(given):
            figures[quantity] = given[quantity].ppf(points[:, column])
            column += 1
        drawn[name] = _given(losses_from(figures, ratio), force, points[:, 0], question.force)
    return drawn


def over(drawn: Mapping[str, Draws], question: Question, points: FloatArray) -> dict[str, Draws]:
    """
    The same losses over the force of another question: what `draw` gives for it, without drawing the losses again.

    Parameters
    ----------
    drawn : mapping of str to Draws
        Of a question with the same origins and R.
    question : Question
    points : array, shape (n, question.dimensions)
        That the losses were drawn from.
    """
    force = question.force.ppf(points[:, 0])
    return {name: _given(one.losses, force, points[:, 0], question.force) for name, one in drawn.items()}


def over_force(losses: Losses, force: Tabulated, places: FloatArray) -> Draws:
    """
    Losses over a force given that it is at least the casualties, so that no draw has to be thrown away.

    Parameters
    ----------
    losses : Losses
    force : Tabulated
        Soldiers.
    places : array, shape (n,)
        The force's column of the points.
    """
    return _given(losses, force.ppf(places), places, force)


def _given(losses: Losses, force: FloatArray, points: FloatArray, distribution: Tabulated) -> Draws:
    """The force given that it is at least the casualties, so that no draw has to be thrown away."""
    casualties = losses.casualties
    near = np.flatnonzero(casualties > distribution.x[0])  # the others lie below every force: it stands as drawn
    below = distribution.below(casualties[near])
    force, weight = force.copy(), np.ones(force.shape)
    force[near] = np.maximum(distribution.ppf(below + points[near] * (1 - below)), casualties[near])
    weight[near] = 1 - below
    return Draws(losses, force, weight)


def losses_from(figures: Mapping[str, FloatArray], ratio: FloatArray) -> Losses:
    """
    Losses of an origin from what it gives, and from R where it gives too little.

    Parameters
    ----------
    figures : mapping of str to array, shape (n,), soldiers
        Killed and wounded, killed and casualties, or one of the three.
    ratio : array, shape (n,)
        R, dimensionless.
    """
    match dict(figures):
        case {"killed": killed, "wounded": wounded}:
            return from_killed_and_wounded(killed=killed, wounded=wounded)
        case {"killed": killed, "casualties": casualties}:
            return split_known(casualties=casualties, killed=killed)
        case {"casualties": casualties}:
            return split_by_ratio(casualties=casualties, wounded_per_killed=ratio)
        case {"killed": killed}:
            return from_killed(killed=killed, wounded_per_killed=ratio)
        case {"wounded": wounded}:
            return from_wounded(wounded=wounded, wounded_per_killed=ratio)
        case _:
            expected = "killed and wounded, killed and casualties, or one of killed, wounded or casualties"
            raise ValueError(f"figures are {sorted(figures)}, expected {expected}")


def needs_ratio(given: Iterable[str]) -> bool:
    """
    Whether the casualties of an origin depend on R: where it gives one part of them and no more.

    Examples
    --------
    >>> needs_ratio(["killed"]), needs_ratio(["casualties"]), needs_ratio(["killed", "wounded"])
    (True, False, False)
    """
    return set(given) in ({"killed"}, {"wounded"})


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What one replicate says of a source (an origin, or the pool), quantities in the order of `QUANTITIES`.

    Parameters
    ----------
    mean, sd : array, shape (9,)
    quantiles : array, shape (9, len(levels))
    exceedance : array, shape (3, len(THRESHOLDS))
        For `RATIOS`.
    kept : float
        Share of the draws in which casualties do not exceed the force.
    violation : float
        Largest ``|killed + wounded - casualties|`` of any draw, and of casualties over force; 0 if all is well.
    """

    mean: FloatArray
    sd: FloatArray
    quantiles: FloatArray
    exceedance: FloatArray
    kept: float
    violation: float


@dataclass(frozen=True, slots=True)
class Pool:
    """
    The linear pool of some origins' draws in one replicate.

    Parameters
    ----------
    values : array, shape (9, n)
        Draws of all origins side by side, quantities in the order of `QUANTITIES`.
    weight : array, shape (n,)
        Of each draw, adding to 1.
    """

    values: FloatArray
    weight: FloatArray

    def mean(self) -> FloatArray:
        """Weighted means, shape (9,)."""
        return self.values @ self.weight

    def sd(self) -> FloatArray:
        """Weighted standard deviations, shape (9,): the standard uncertainties."""
        return np.sqrt((self.values - self.mean()[:, None]) ** 2 @ self.weight)


def pooled(drawn: Mapping[str, Draws], question: Question) -> Pool:
    """
    The linear pool of the origins drawn: each keeps the weight of the question, rescaled to add to 1.

    Origins whose weights are all zero (one of them looked at alone) share equally.
    """
    shares = _shares(drawn, question)
    return Pool(np.array([_joined(drawn, name) for name in QUANTITIES]), _weight(drawn, shares))


def _shares(drawn: Mapping[str, Draws], question: Question) -> dict[str, float]:
    total = sum(question.weights[name] for name in drawn)
    return {name: question.weights[name] / total if total else 1 / len(drawn) for name in drawn}


def _weight(drawn: Mapping[str, Draws], shares: Mapping[str, float]) -> FloatArray:
    """The weight of every draw, adding to 1; each origin's own draws add to its share."""
    return np.concatenate([shares[name] * one.mass / one.mass.sum() for name, one in drawn.items()])


def _joined(drawn: Mapping[str, Draws], name: str) -> FloatArray:
    return np.concatenate([one.quantity(name) for one in drawn.values()])


def ratio_below(drawn: Mapping[str, Draws], question: Question, *, name: str, threshold: FloatArray) -> FloatArray:
    """
    The pool's cdf of a ratio, smooth because the force is integrated out (see `Draws.exceeding`).

    Parameters
    ----------
    drawn : mapping of str to Draws
    question : Question
    name : str
        One of `RATIOS`.
    threshold : array, any shape
        Shares of the force.
    """
    return pooled_below(_smoothed(drawn, question, name), threshold)


def _smoothed(drawn: Mapping[str, Draws], question: Question, name: str) -> list[tuple[float, Smooth]]:
    """Each origin of the pool with its share, those without one left out."""
    shares = _shares(drawn, question)
    return [(share, drawn[one].smooth(name, question.force)) for one, share in shares.items() if share > 0]


def drawn_quantiles(drawn: Mapping[str, Draws], question: Question, *, name: str, levels: FloatArray) -> FloatArray:
    """
    The pool's quantiles of any quantity, read off the draws as they are: quicker and coarser than `ratio_quantiles`.

    Parameters
    ----------
    drawn : mapping of str to Draws
    question : Question
    name : str
        One of `QUANTITIES`.
    levels : array, shape (p,)
        Probabilities.
    """
    return weighted_quantiles(_joined(drawn, name), _weight(drawn, _shares(drawn, question)), levels)


def ratio_quantiles(drawn: Mapping[str, Draws], question: Question, *, name: str, levels: FloatArray) -> FloatArray:
    """
    The pool's quantiles of a ratio: roots of its smooth cdf, started from the draws' quantiles on either side.

    Parameters
    ----------
    drawn : mapping of str to Draws
    question : Question
    name : str
        One of `RATIOS`.
    levels : array, shape (p,)
        Probabilities, rising.
    """
    return quantiles_of_ratios(drawn, question, names=(name,), levels=levels)[0]


def quantiles_of_ratios(
    drawn: Mapping[str, Draws], question: Question, *, names: Sequence[str], levels: FloatArray
) -> FloatArray:
    """`ratio_quantiles` of several ratios side by side, which takes less time; shape (len(names), p)."""
    shares, least = _shares(drawn, question), float(question.force.x[0])
    if least == question.force.x[-1]:  # one value: nothing to integrate out
        weight = _weight(drawn, shares)
        return np.array([weighted_quantiles(_joined(drawn, name), weight, levels) for name in names])
    # The search starts from the quantiles of a few draws.
    few = {name: one.first(_FEW) for name, one in drawn.items()}
    if any(one.mass.sum() == 0 for one in few.values()):
        few = dict(drawn)
    weight = _weight(few, shares)
    aside = np.minimum(np.minimum(levels, 1 - levels) / 2, 0.002)
    beside = np.array([levels - aside, levels + aside])
    near = np.stack([weighted_quantiles(_joined(few, name), weight, beside) for name in names], axis=1)
    # No ratio is above 1 or the largest loss over the least force, and none is worth a quantile below a trillionth.
    largest = np.array(
        [max(float(getattr(one.losses, RATIOS[name]).max()) for one in drawn.values()) for name in names]
    )
    most = np.minimum(1.0 + 1e-9, largest / least) if least > 0 else np.ones(len(names))
    ends = np.array([1e-12 * np.maximum(most, 1e-12), most])
    pools = [_smoothed(drawn, question, name) for name in names]
    return pooled_quantiles(pools, levels, low=near[0], high=near[1], ends=ends)


def summarize(drawn: Mapping[str, Draws], question: Question, levels: FloatArray) -> Summary:
    """
    Summarize the linear pool of some origins' draws; of one origin, if only one is given.

    Parameters
    ----------
    drawn : mapping of str to Draws
        One or more origins of the question; their weights are made to add to 1.
    question : Question
    levels : array, shape (p,)
        Probabilities of the quantiles, rising.
    """
    pool = pooled(drawn, question)
    ratios = dict(zip(RATIOS, quantiles_of_ratios(drawn, question, names=tuple(RATIOS), levels=levels), strict=True))
    quantiles = np.array(
        [
            ratios[name] if name in RATIOS else weighted_quantiles(values, pool.weight, levels)
            for name, values in zip(QUANTITIES, pool.values, strict=True)
        ]
    )
    thresholds = np.array(THRESHOLDS)
    exceedance = np.array([1 - ratio_below(drawn, question, name=name, threshold=thresholds) for name in RATIOS])
    shares = _shares(drawn, question)
    kept = float(sum(share * drawn[name].weight.mean() for name, share in shares.items()))
    return Summary(pool.mean(), pool.sd(), quantiles, exceedance, kept, _violation(drawn))


def _violation(drawn: Mapping[str, Draws]) -> float:
    worst = 0.0
    for one in drawn.values():
        killed, wounded, casualties = (one.quantity(name) for name in ("killed", "wounded", "casualties"))
        worst = max(worst, float(np.abs(killed + wounded - casualties).max()), float((casualties - one.force).max()))
    return worst
