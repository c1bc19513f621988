"""
What the register says on a day: one reading per origin and quantity, echoes collapsed, and what was left out.

Refused: a claim dropped in silence. Every claim is either counted, or listed with its reason.

>>> from analysis.claims import read_register
>>> evidence = collect(read_claims(read_register("seed")), as_of=date(2024, 12, 19))
>>> [(origin.name, sorted(origin.given)) for origin in evidence.origins]
[('NIS', ['killed', 'wounded']), ('US DoD', ['casualties'])]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import get_args

from analysis.claims import COUNTING_ROLES, Claim, Quantity, Register, read_register
from analysis.displays import Displayed, Section
from analysis.distributions import Distribution, Mixture
from analysis.errors import Fault, InputError, shown
from analysis.lexicon import Layer, Lexicon, read_lexicon
from analysis.wording import Reading, read, readings_table

__all__ = [
    "CORRELATION",
    "FORCES",
    "LOSSES",
    "QUANTITY_OF_FORCE",
    "WINDOW",
    "Evidence",
    "Exclusion",
    "Force",
    "OriginEvidence",
    "ReadClaim",
    "collect",
    "effective_number",
    "force_readings",
    "named_otherwise",
    "parse_weights",
    "read_claims",
    "read_each",
    "read_figure",
    "reasons",
    "size_reasons",
]

LOSSES = ("killed", "wounded", "casualties")
FORCES = ("reported", "theatre", "deployed")
# What a claim has to count to be one.
QUANTITY_OF_FORCE = {"reported": "deployed", "theatre": "engaged", "deployed": "deployed"}

# Days after which a total is out of date beside a newer one. Judgement: in the public record of the first case NIS's
# total grew from 1,100 to 3,000 in 25 days, so that a total of a fortnight before was about half.
WINDOW = 14
# A smaller share of the largest weight is a slip of the hand, or meant to be 0.
_LEAST_WEIGHT = 1e-6
# Judgement: how far two origins of one stream err together. Shown beside 0 and 1, which bound it.
CORRELATION = 0.5


@dataclass(frozen=True, slots=True)
class ReadClaim(Displayed):
    """
    A claim and its reading.

    Parameters
    ----------
    claim : Claim
        As printed.
    wording : Reading
        What the words mean.
    reading : Reading
        The same with the reporting layer of the origin, where one applies.

    Examples
    --------
    >>> print(read_claims(read_register("seed"))[4])  # doctest: +ELLIPSIS
    NIS: "approximately 1,000" wounded, as of 2024-12-19, published 2024-12-19 by BBC (as paraphrased in the seed
    article)
    layer                          90 % range    50 % range    median
    ---------------------------  ------------  ------------  --------
    wording                      832 to 1,168  975 to 1,025     1,000
    and reporting (third-party)  638 to 1,544  832 to 1,192       997
    Role: seed; it can count.
    ...
    """

    claim: Claim
    wording: Reading
    reading: Reading

    def sections(self) -> tuple[Section, ...]:
        """Its layers, the grounds of each, and whether it can count."""
        claim = self.claim
        days = f"as of {claim.as_of}, published {claim.published} by {claim.outlet}"
        can = "can count" if claim.role in COUNTING_ROLES else "is only shown"
        if self.reading.distribution is None:
            can = "is never counted, since its words give no number"
        layers = (self.wording,) if self.reading is self.wording else (self.wording, self.reading)
        grounds = dict.fromkeys(line for one in layers for line in one.grounds())
        notes = (f"Role: {claim.role}; it {can}.", *grounds)
        return (Section(f"{claim.origin}: {claim.quoted}, {days}", readings_table(layers), notes),)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A claim that is not counted, and why."""

    claim: Claim
    reason: str


@dataclass(frozen=True, slots=True)
class OriginEvidence:
    """
    What one origin says: its counted figures by quantity (killed, wounded, casualties).

    ``given`` holds one claim for each quantity that enters the model.
    """

    name: str
    given: Mapping[str, ReadClaim]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is counted on a day, origins by name, and what is not."""

    as_of: date
    origins: tuple[OriginEvidence, ...]
    excluded: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True)
class Force:
    """
    A reading of the size of the force: a choice of denominator and the claims behind it.

    ``distribution`` is the linear pool of the claims' readings, soldiers.
    """

    choice: str
    claims: tuple[ReadClaim, ...]
    distribution: Distribution


def read_claims(register: Register, *, lexicon: Lexicon | None = None) -> tuple[ReadClaim, ...]:
    """
    Read the wording of every claim of a register.

    Raises
    ------
    InputError
        With a line for every wording that no rule fits, or that says of what it counts something else than its row.
    """
    found, faults = read_each(register.claims, register=register, lexicon=lexicon)
    if faults:
        raise InputError(*dict.fromkeys(fault.message for fault in faults))
    return found


def read_each(
    claims: Iterable[Claim], *, register: Register, lexicon: Lexicon | None = None
) -> tuple[tuple[ReadClaim, ...], tuple[Fault, ...]]:
    """
    Read as many wordings as can be read, with a fault for each of the others.

    A wording is read once, however many claims repeat it. An origin that the register's sources do not describe has
    no reporting layer.
    """
    lexicon = lexicon or read_lexicon()
    known: dict[tuple[str, bool, str], tuple[Reading, Reading] | InputError] = {}
    found, faults = [], []
    layers = {name: one.reporting for name, one in register.sources.items() if one.reporting in lexicon.reporting}
    for origin in sorted({claim.origin for claim in claims} & (set(register.sources) - set(layers))):
        got, expected = register.sources[origin].reporting, f"one of {', '.join(lexicon.reporting)}"
        faults.append(Fault(*register.layers[origin], "reporting", got, expected, table=origin))
    for claim in claims:
        key = (claim.wording, _fresh(claim, lexicon), layers.get(claim.origin, "none"))
        if key not in known:
            known[key] = _readings(*key, lexicon)
        if isinstance(read_so := known[key], InputError):
            faults += [_wording_fault(claim, told) for told in read_so.faults]
            continue
        wording, reported = read_so
        faults += _misnamed(claim, wording)
        found.append(ReadClaim(claim, wording, reported if claim.quantity in LOSSES else wording))
    return tuple(found), tuple(faults)


def read_figure(
    wording: str,
    *,
    quantity: str | None = None,
    origin: str | None = None,
    register: str = "public-record",
    breaking: bool = True,
) -> tuple[Reading, Reading]:
    """
    Read one figure that stands in no register.

    Parameters
    ----------
    wording : str
        As printed.
    quantity : str, optional
        Of the register's; only losses have a reporting layer. Without one, it is taken for a loss.
    origin : str, optional
        Name or spelling of an origin, whose layer is used. Without one, the layer of breaking news.
    register : str
        Whose ``sources.toml`` names the origin.
    breaking : bool
        Whether it is breaking news or a settled count.

    Returns
    -------
    wording, reported : Reading
        What the words mean; and that with the reporting layer, or the very same where none applies.

    Raises
    ------
    InputError
        If no rule fits, or quantity or origin is not known.

    Examples
    --------
    >>> read_figure("20")[1].quantiles().round()
    array([ 8., 19., 20., 27., 43.])
    """
    lexicon = read_lexicon()
    if quantity is not None and quantity not in get_args(Quantity):
        raise InputError(f"quantity is {quantity!r}, expected one of {', '.join(get_args(Quantity))}")
    layer = lexicon.breaking.layer
    if origin is not None:
        known = read_register(register)
        if (name := known.origin_named(origin)) is None:
            raise InputError(f"origin is {origin!r}, expected one of {', '.join(known.sources)}")
        layer = known.sources[name].reporting
    one = read(wording, lexicon=lexicon, breaking=breaking)
    if quantity not in (None, *LOSSES):
        return one, one
    return one, one.reported_by(_layer(layer, lexicon), layer, breaking=breaking)


def _layer(name: str, lexicon: Lexicon) -> Layer:
    if name not in lexicon.reporting:
        raise InputError(f"reporting is {name!r}, expected one of {', '.join(lexicon.reporting)}")
    return lexicon.reporting[name]


def _fresh(claim: Claim, lexicon: Lexicon) -> bool:
    """Whether a claim is breaking news; a count never is."""
    return (claim.published - claim.as_of).days <= lexicon.breaking.days and claim.role != "count"


def _readings(wording: str, fresh: bool, layer: str, lexicon: Lexicon) -> tuple[Reading, Reading] | InputError:
    """A wording read, without and with a reporting layer, or what is wrong with it."""
    try:
        words = read(wording, lexicon=lexicon, breaking=fresh)
    except InputError as error:
        return error
    return words, words.reported_by(lexicon.reporting[layer], layer, breaking=fresh)


def _wording_fault(claim: Claim, told: str) -> Fault:
    expected = re.split("; (?:expected )?", told)[-1]
    return Fault(claim.file, claim.line, "wording", claim.wording, expected, told=told)


def _misnamed(claim: Claim, wording: Reading) -> list[Fault]:
    if claim.role not in COUNTING_ROLES or not (named := named_otherwise(claim, wording)):
        return []
    return [Fault(claim.file, claim.line, "quantity", claim.quantity, named)]


def named_otherwise(claim: Claim, wording: Reading) -> str:
    """
    What the words say that they count, where it is not the quantity of the row; empty if the two agree.

    "4,000 casualties, a quarter killed" are not 4,000 killed, and "4,700 including 600 deaths" are not 4,700 wounded.
    Where such a row would be counted it is an error, since every number after it would be wrong; where it is only
    shown, a warning. For "1,100 killed, wounded or missing" no quantity is right; casualties is the nearest, and
    taken.
    """
    words = shown(claim.wording)
    counts, parts = set(wording.counts), set(wording.parts)
    if {"killed", "wounded"} <= counts:  # both together are casualties
        counts = counts - {"killed", "wounded"} | {"casualties"}
    alike = {"deployed": "engaged", "engaged": "deployed"}.get(claim.quantity)
    if counts & {"missing", "captured"} and counts & set(LOSSES) and claim.quantity != "casualty_ratio":
        named = " and ".join(sorted(wording.counts))
        return "" if claim.quantity == "casualties" else f"casualties, the nearest to {named} together: {words}"
    if claim.quantity == "casualty_ratio" or counts & {claim.quantity, alike}:
        return ""
    if counts:
        return f"{' or '.join(sorted(counts))}, which the words count: {words}"
    if claim.quantity in parts:
        return f"the whole, of which the words name {claim.quantity} as a part: {words}"
    other = {"killed": "wounded", "wounded": "killed"}.get(claim.quantity)
    if other in parts:
        return f"casualties, since the words hold {other} as a part: {words}"
    return ""


def collect(claims: Iterable[ReadClaim], *, as_of: date, window: int = WINDOW) -> Evidence:
    """
    Choose the claims that count on a day.

    Parameters
    ----------
    claims : iterable of ReadClaim
        In any order; the order changes nothing.
    as_of : date
        Claims published later are left out.
    window : int
        Days. A figure that describes a day so long before the newest one of the same quantity is out of date: a
        total of the first week says nothing of the total after a year.

    Raises
    ------
    InputError
        If no claim was published by then, or none of them gives a loss as a number.
    """
    ordered = sorted(claims, key=lambda one: (one.claim.origin, one.claim.quantity, *_recency(one.claim)))
    if not any(one.claim.published <= as_of for one in ordered):
        first = min((one.claim.published for one in ordered), default=None)
        raise InputError(f"no claim was published on or before {as_of}; the first is of {first}")
    known = _known(ordered, as_of)
    excluded = [Exclusion(one.claim, reason) for one in ordered if (reason := _reason(one, as_of, known))]
    left_out = {exclusion.claim.id for exclusion in excluded}
    counted = [one for one in ordered if one.claim.id not in left_out]
    if zeros := [one.claim for one in counted if one.wording.stated == 0]:
        expected = "expected a number above 0, or the role context: the ratios have no meaning for 0"
        raise InputError(*(f"{claim.where}: wording is {claim.wording!r}, {expected}" for claim in zeros))
    in_time, outdated = _in_time(counted, window)
    excluded += outdated
    origins = []
    in_time.sort(key=lambda one: (one.claim.origin, one.claim.quantity, *_recency(one.claim)))
    for name, of_origin in groupby(in_time, key=lambda one: one.claim.origin):
        given, superseded = _latest(of_origin)
        origins.append(OriginEvidence(name, given))
        excluded += superseded
    if not origins:
        found = "counts and gives killed, wounded or casualties as a number"
        raise InputError(f"no claim was published on or before {as_of} that {found}")
    excluded.sort(key=lambda exclusion: (exclusion.claim.file, exclusion.claim.line))
    return Evidence(as_of, tuple(origins), tuple(excluded))


def _recency(claim: Claim) -> tuple[date, date, str]:
    return claim.as_of, claim.published, claim.id


def _known(claims: Iterable[ReadClaim], as_of: date) -> set[tuple[str, str]]:
    """What an echo may rest on: ids published by then, and origins with an original figure; each with a quantity."""
    known = set()
    for one in claims:
        if one.claim.published <= as_of:
            known.add((one.claim.id, ""))
            counts = one.claim.role in COUNTING_ROLES or _may_size(one.claim)
            if one.claim.relation == "original" and counts and not _unusable(one, as_of):
                known.add((one.claim.origin, one.claim.quantity))
    return known


def _may_size(claim: Claim) -> bool:
    """Whether a row, by its quantity and role, may be a denominator."""
    return claim.quantity in ("deployed", "engaged") and claim.role in (*COUNTING_ROLES, "context")


def _echoed(claim: Claim, known: set[tuple[str, str]]) -> list[str]:
    """What a claim says again, as far as it is known."""
    if claim.relation == "original":
        return []
    return [name for name in claim.rests_on if {(name, ""), (name, claim.quantity)} & known]


def _reason(one: ReadClaim, as_of: date, known: set[tuple[str, str]]) -> str | None:
    """Why a claim is no observation of losses on this day, or ``None`` if it is one."""
    claim = one.claim
    if early := _unusable(one, as_of):
        return early
    if claim.role not in COUNTING_ROLES and not _may_size(claim):
        return f"{claim.role}: shown, never counted"
    if echoed := _echoed(claim, known):
        return f"an echo of {', '.join(echoed)}"
    if _may_size(claim):
        return "a size of the force: a denominator, not a loss"
    if claim.quantity not in LOSSES:
        return f"{claim.quantity} is not part of killed and wounded"
    return None


def _unusable(one: ReadClaim, as_of: date) -> str | None:
    """Why a claim gives no number of soldiers on this day, whatever it is about."""
    claim, reading = one.claim, one.wording
    if claim.published > as_of:
        return f"published after {as_of}"
    if claim.mode == "plan":
        return "a forecast, not an observation"
    if claim.mode == "incremental":
        return "a flow over a period, not a total"
    if reading.distribution is None:
        return "no number"
    if reading.rate:
        return "a rate or a flow, not a total"
    if claim.quantity == "casualty_ratio" or reading.percent:
        return "a share, not a number of soldiers"
    return None


def _in_time(claims: Iterable[ReadClaim], window: int) -> tuple[list[ReadClaim], list[Exclusion]]:
    """
    What is in time and what is out of date.

    A figure is out of date if it describes a day more than ``window`` days before the newest figure of its
    quantity; a loss also if so long before the newest figure that holds the wounded (wounded, or casualties), or
    before the newest loss of its origin: an old part does not go with a new total. A newer figure of the killed
    alone says nothing against an older total.
    """
    claims = sorted(claims, key=lambda one: _recency(one.claim))
    newest: dict[tuple[str, str], Claim] = {}
    for one in claims:
        newest["", one.claim.quantity] = one.claim
        if one.claim.quantity in LOSSES:
            newest[one.claim.origin, "loss"] = one.claim
        if one.claim.quantity in ("wounded", "casualties"):
            newest["", "total"] = one.claim
    kept, outdated = [], []
    for one in claims:
        keys = [("", one.claim.quantity)]
        if one.claim.quantity in LOSSES:
            keys += [(one.claim.origin, "loss"), ("", "total")]
        newer = max((newest[key] for key in keys if key in newest), key=_recency)
        if (newer.as_of - one.claim.as_of).days <= window:
            kept.append(one)
        else:
            reason = f"out of date: it describes {one.claim.as_of}, and {newer.id} describes {newer.as_of}"
            outdated.append(Exclusion(one.claim, reason))
    return kept, outdated


def _latest(of_origin: Iterable[ReadClaim]) -> tuple[dict[str, ReadClaim], list[Exclusion]]:
    """The newest claim for each quantity of one origin; of killed, wounded and casualties at most two count."""
    given: dict[str, ReadClaim] = {}
    excluded = []
    for one in of_origin:
        if older := given.get(one.claim.quantity):
            same = _recency(older.claim)[:2] == _recency(one.claim)[:2]
            reason = f"one figure of a day counts, the last by id: {one.claim.id}" if same else ""
            excluded.append(Exclusion(older.claim, reason or f"superseded by {one.claim.id}"))
        given[one.claim.quantity] = one
    if set(given) == {"killed", "wounded", "casualties"}:
        total = given["casualties"].claim
        if all(given[part].claim.as_of >= total.as_of for part in ("killed", "wounded")):
            excluded.append(Exclusion(given.pop("casualties").claim, "the origin's killed and wounded give the sum"))
        else:
            excluded.append(Exclusion(given.pop("wounded").claim, "the origin's casualties and killed give it"))
    elif set(given) == {"wounded", "casualties"}:
        # What is left of two figures so near to each other would say nothing of the killed.
        part = given.pop("wounded")
        excluded.append(Exclusion(part.claim, "the origin's casualties are split by the reference class"))
    return given, excluded


def force_readings(
    claims: Iterable[ReadClaim], *, register: Register, as_of: date, window: int = WINDOW
) -> dict[str, Force]:
    """
    The denominators that the claims offer on a day, by choice; one that no claim gives is absent.

    ``reported`` is the register's own figure (its seed claims, while they are in time), ``theatre`` what is said to
    have been in the combat zone, ``deployed`` what is said to have been sent in all; who is left there on a day
    (mode stock) is neither. Echoes do not count, nor does an origin that cannot be judged (reliability F) beside one
    that can. The figures of the latest day of each origin are pooled with equal weights; ``window`` is that of
    `collect`.
    """
    usable, _ = _in_time(_sizes(claims, as_of), window)
    sent = [one for one in usable if one.claim.quantity == "deployed"]
    judged = [one for one in sent if register.sources[one.claim.origin].reliability != "F"]
    chosen = {
        "reported": [one for one in sent if one.claim.role == "seed"] or judged or sent,
        "theatre": [one for one in usable if one.claim.quantity == "engaged"],
        "deployed": judged or sent,
    }
    return {choice: _pooled(choice, found) for choice, found in chosen.items() if found}


def _sizes(claims: Iterable[ReadClaim], as_of: date) -> list[ReadClaim]:
    """The claims that may be a denominator on this day: no echoes, and nobody counted who is left of those sent."""
    claims = list(claims)
    known = _known(claims, as_of)
    return [
        one
        for one in claims
        if _may_size(one.claim)
        and one.claim.mode != "stock"
        and not _unusable(one, as_of)
        and not _echoed(one.claim, known)
    ]


def size_reasons(
    claims: Iterable[ReadClaim], *, register: Register, as_of: date, window: int = WINDOW
) -> dict[str, str]:
    """Why each claim of a size of the force, counting and published by a day, is no denominator; by id."""
    claims = list(claims)
    forces = force_readings(claims, register=register, as_of=as_of, window=window)
    used = {one.claim.id for force in forces.values() for one in force.claims}
    newest = {(one.claim.origin, one.claim.quantity): one.claim.id for f in forces.values() for one in f.claims}
    usable, outdated = _in_time(_sizes(claims, as_of), window)
    found = {one.claim.id: one.reason for one in outdated}
    for one in usable:
        if one.claim.id not in used:
            by = newest.get((one.claim.origin, one.claim.quantity))
            found[one.claim.id] = f"superseded by {by}" if by else "its origin cannot be judged, and others can"
    for one in claims:
        if _may_size(one.claim) and one.claim.mode == "stock" and not _unusable(one, as_of):
            found[one.claim.id] = "who is there on a day, not who was sent in all"
    return found


def _pooled(choice: str, found: list[ReadClaim]) -> Force:
    newest = {one.claim.origin: one for one in found}  # the last of each origin, since they come by recency
    latest = tuple(newest[origin] for origin in sorted(newest))
    readings = tuple(one.wording.distribution for one in latest)
    if len(readings) == 1:
        return Force(choice, latest, readings[0])
    return Force(choice, latest, Mixture(readings, (1 / len(readings),) * len(readings)))


def parse_weights(text: str, *, register: Register, origins: Iterable[str]) -> dict[str, float]:
    """
    The weight of each counted origin in the pool, adding to 1.

    Origins of one stream share information and so they share a weight: each stream has 1, divided equally among those
    of its origins that are counted. An origin of weight 0 counts as little as if it had said nothing.

    Parameters
    ----------
    text : str
        Empty for these weights, or like ``NIS=2, US=1``: what each named origin has instead.
    register : Register
        Its origins and their spellings may be named.
    origins : iterable of str
        The counted ones.

    Raises
    ------
    InputError
        With a line for each weight that is no number, negative, or of no counted origin; or if all are zero.
    """
    streams = {name: register.sources[name].stream for name in origins}
    given: dict[str, float] = {}
    faults = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        name, _, value = (piece.strip() for piece in part.partition("="))
        origin = register.origin_named(name)
        if origin not in streams:
            faults.append(f"weights names {name!r}, expected a counted origin: {', '.join(streams)}")
            continue
        if origin in given:
            faults.append(f"weights names {origin} twice, expected it once")
        try:
            given[origin] = float(value)
        except ValueError:
            faults.append(f"weights gives {name} {value!r}, expected a number, like {name}=2")
            continue
        if not 0 <= given[origin] < float("inf"):
            faults.append(f"weights gives {name} {value}, expected a number of at least 0")
    if faults:
        raise InputError(*faults)
    together = Counter(stream for name, stream in streams.items() if given.get(name) != 0)
    weights = {name: given.get(name, 1 / max(together[stream], 1)) for name, stream in streams.items()}
    if sum(weights.values()) == 0:
        raise InputError(f"weights is {text!r}, which leaves every origin out; expected one above 0")
    largest = max(weights.values())
    relative = {name: weight / largest for name, weight in weights.items()}  # so that no sum is infinite
    if lost := [name for name, one in relative.items() if one < _LEAST_WEIGHT and weights[name] > 0]:
        raise InputError(
            f"weights is {text!r}, which leaves {' and '.join(lost)} next to nothing; "
            f"expected weights of at least {_LEAST_WEIGHT:g} of the largest, or 0"
        )
    total = sum(relative.values())
    return {name: weight / total for name, weight in relative.items()}


def weights_named(text: str, *, register: Register) -> dict[str, str]:
    """
    The parts of a text of weights, each by the origin that it names; of a text that `parse_weights` takes.

    Examples
    --------
    >>> from analysis.claims import read_register
    >>> weights_named("NIS=2, US=1", register=read_register("seed"))
    {'NIS': 'NIS=2', 'US DoD': 'US=1'}
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return {register.origin_named(part.partition("=")[0].strip()): part for part in parts}


def reasons(claims: Iterable[ReadClaim], *, as_of: date, window: int = WINDOW) -> dict[str, str]:
    """
    Why each claim published by a day is not counted as a loss, by id; the others count.

    Unlike `collect`, it also answers where nothing counts; ``window`` is that of `collect`.
    """
    claims = [one for one in claims if one.claim.published <= as_of]
    known = _known(claims, as_of)
    early = {one.claim.id: reason for one in claims if (reason := _reason(one, as_of, known))}
    zeros = {
        one.claim.id: "zero: the ratios have no meaning for it"
        for one in claims
        if one.wording.stated == 0 and one.claim.id not in early
    }
    rest = [one for one in claims if one.claim.id not in zeros]
    if all(one.claim.id in early for one in rest):
        return early | zeros
    return {one.claim.id: one.reason for one in collect(rest, as_of=as_of, window=window).excluded} | zeros


def effective_number(streams: Iterable[str], *, correlation: float = CORRELATION) -> float:
    """
    To how many independent origins a number of origins amounts.

    Origins of one stream share information, so k of them are worth k / (1 + (k - 1) rho): Kish's design effect
    (Survey Sampling, 1965) with the correlation rho inside a stream and none between streams.

    Parameters
    ----------
    streams : iterable of str
        The stream of each origin.
    correlation : float
        rho, from 0 (all independent) to 1 (each stream is one voice). It is judgement.

    Raises
    ------
    InputError
        If the correlation is not from 0 to 1.

    Examples
    --------
    >>> effective_number(["ukraine-led"] * 3 + ["us-uk-led"], correlation=0.5)
    2.5
    """
    if not 0 <= correlation <= 1:
        raise InputError(f"correlation is {correlation}, expected a number from 0 to 1")
    return sum(k / (1 + (k - 1) * correlation) for k in Counter(streams).values())
