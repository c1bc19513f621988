"""
What a run draws from, read and checked: nothing has been sampled yet.

Refused: a force that no claim gives, a figure larger than the whole force, a class of wounded per killed that is none.

>>> inputs = prepare(Settings())
>>> list(inputs.forces), list(inputs.questions["reported"].origins)
(['reported', 'theatre', 'deployed'], ['NIS', 'US DoD'])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.claims import Register, read_register
from analysis.distributions import Distribution, LogNormal, as_table
from analysis.errors import InputError
from analysis.evidence import (
    QUANTITY_OF_FORCE,
    Evidence,
    Force,
    ReadClaim,
    collect,
    force_readings,
    parse_weights,
    read_claims,
    size_reasons,
)
from analysis.lexicon import read_lexicon
from analysis.model import Question
from analysis.settings import Settings
from analysis.wording import Reading

__all__ = ["Inputs", "prepare"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run draws from, read and checked: nothing has been sampled yet."""

    register: Register
    claims: tuple[ReadClaim, ...]
    evidence: Evidence
    forces: Mapping[str, Force]
    questions: Mapping[str, Question]


def prepare(settings: Settings) -> Inputs:
    """
    Read and check all that a run needs; quick.

    Raises
    ------
    InputError
        If the register, its wordings or the settings are wrong.
    """
    register = read_register(settings.register)
    claims = tuple(_widened(one, settings.width) for one in read_claims(register))
    evidence = collect(claims, as_of=settings.day, window=settings.window)
    forces = force_readings(claims, register=register, as_of=settings.day, window=settings.window)
    _check_force(settings, forces, evidence, left_out=_sizes_left_out(settings, claims, register))
    return Inputs(register, claims, evidence, forces, _questions(settings, register, evidence, forces))


def _sizes_left_out(settings: Settings, claims: Iterable[ReadClaim], register: Register) -> str:
    """The claims of the wanted size of the force that cannot be one, each with its reason; empty if there are none."""
    why = size_reasons(claims, register=register, as_of=settings.day, window=settings.window)
    quantity = QUANTITY_OF_FORCE[settings.force]
    named = [one.claim for one in claims if one.claim.quantity == quantity and one.claim.id in why]
    return "; ".join(f"{claim.where}: {claim.wording!r} is left out, {why[claim.id]}" for claim in named)


def _check_force(settings: Settings, forces: Mapping[str, Force], evidence: Evidence, *, left_out: str) -> None:
    if settings.force not in forces:
        known = ", ".join(forces) or "no size of the force at all: add a claim of quantity deployed or engaged"
        raise InputError(
            f"force is {settings.force!r}, but no claim published on or before {settings.as_of} gives that number; "
            f"the register gives {known}" + (f"; {left_out}" if left_out else "")
        )
    behind = forces[settings.force].claims
    largest = max((one.wording.stated or np.inf for one in behind), default=np.inf)
    counted = [one for origin in evidence.origins for one in origin.given.values()]
    faults = [
        f"{one.claim.where}: {one.claim.quantity} is {one.claim.wording!r}, more than the whole force "
        f"({behind[0].claim.wording!r}, {behind[0].claim.where}); expected a part of it"
        for one in counted
        if (one.wording.stated or 0) > largest
    ]
    if faults:
        raise InputError(*faults)


def _questions(
    settings: Settings, register: Register, evidence: Evidence, forces: Mapping[str, Force]
) -> dict[str, Question]:
    """The model's question for each denominator; all else is shared."""
    weights = parse_weights(settings.weights, register=register, origins=[origin.name for origin in evidence.origins])
    given: dict[str, dict[str, Distribution]] = {
        origin.name: {quantity: _sure(one.reading) for quantity, one in origin.given.items()}
        for origin in evidence.origins
    }
    ratio = _wounded_per_killed(settings.wounded_per_killed)
    return {choice: Question(given, weights, ratio, as_table(force.distribution)) for choice, force in forces.items()}


def _widened(one: ReadClaim, width: float) -> ReadClaim:
    wording = one.wording.widened(width)
    return replace(one, wording=wording, reading=wording if one.reading is one.wording else one.reading.widened(width))


def _sure(reading: Reading) -> Distribution:
    if reading.distribution is None:
        raise ValueError(f"{reading.wording!r} has no number and cannot be counted")
    return reading.distribution


def _wounded_per_killed(choice: str) -> Distribution:
    classes = read_lexicon().wounded_per_killed
    if choice in classes and (distribution := classes[choice].distribution()):
        return distribution
    historical = classes["historical"].sd_log
    try:
        median = float(choice)
    except ValueError:
        median = float("nan")
    if not 0.01 <= median < 1000 or historical is None:
        raise InputError(
            f"wounded_per_killed is {choice!r}, expected one of {', '.join(classes)}, or a median like 3.0"
        )
    return LogNormal(median, historical)
