"""
Where every number comes from, as W3C PROV: who said it, who printed it, how it was read, what was made of it.

The document holds each claim of the register with the SHA-256 of its row; the origin that it rests on
(``hadPrimarySource``), the claim that it says again (``wasQuotedFrom`` for a relay, ``wasDerivedFrom`` else), its
speaker, who spoke for the origin, and its outlet; its reading; and each estimate with the readings behind it.
PROV-JSON writes the first two as ``wasDerivedFrom`` of the types ``prov:PrimarySource`` and ``prov:Quotation``.
It holds no time and no machine, so the same results give the same bytes. Refused: a document that breaks PROV.

>>> from analysis.pipeline import run
>>> from analysis.settings import Settings
>>> document = to_prov(run(Settings(max_draws=1024)))
>>> "prov:Quotation" in document and "prov:PrimarySource" in document
True
"""

from __future__ import annotations

import io
from urllib.parse import quote

from prov.constants import PROV
from prov.identifier import Namespace
from prov.model import ProvDocument, ProvEntity
from prov.serializers.provjson import ProvJSONSerializer

from analysis.claims import Claim
from analysis.evidence import ReadClaim
from analysis.pipeline import Results, versions

__all__ = ["to_prov"]

_NAMESPACE = "urn:casualty-report:"
_KINDS = ("claim", "reading", "origin", "speaker", "outlet", "file", "estimate", "run", "software")
_TERMS = Namespace("term", f"{_NAMESPACE}term:")


def to_prov(results: Results) -> str:
    """
    The content of prov.json: W3C PROV in its JSON form.

    Parameters
    ----------
    results : Results

    Raises
    ------
    prov.Error
        If the document breaks a constraint of PROV, which no register should bring about.
    """
    document = ProvDocument()
    document.add_namespace(_TERMS)
    for kind in _KINDS:
        document.add_namespace(kind, f"{_NAMESPACE}{kind}:")
    _add_files(document, results)
    _add_origins(document, results)
    for one in results.claims:
        _add_claim(document, one)
    for one in results.claims:
        _add_ties(document, one.claim, results)
    _add_estimates(document, results)
    document = document.unified()  # merges what has one name; raises where two records of it contradict each other
    text = io.StringIO()
    # Not document.serialize, which first imports the parsers of all other formats.
    ProvJSONSerializer(document).serialize(text, indent=1, ensure_ascii=False)
    return f"{text.getvalue()}\n"


def _name(kind: str, text: str) -> str:
    """A name that PROV can write, whatever the text holds."""
    return f"{kind}:{quote(text, safe='')}"


def _add_files(document: ProvDocument, results: Results) -> None:
    for file, digest in {**results.register.digests, "lexicon.toml": results.lexicon_digest}.items():
        kind = PROV["Collection"] if file.endswith(".csv") else PROV["Plan"]
        document.entity(_name("file", file), {"prov:type": kind, "prov:label": file, "term:sha256": digest})


def _add_origins(document: ProvDocument, results: Results) -> None:
    """Each origin that a claim names, an agent and the source of its claims; and those who spoke for it."""
    for name in sorted({one.claim.origin for one in results.claims}):
        source = results.register.sources[name]
        known = {"interest": source.interest, "stream": source.stream, "reliability": source.reliability}
        facts = {"prov:label": source.name, **{f"term:{key}": value for key, value in known.items()}}
        document.agent(_name("origin", name), {"prov:type": PROV["Organization"], **facts})
        document.entity(_name("origin", name), facts)
    for origin, speaker in sorted({(one.claim.origin, one.claim.speaker) for one in results.claims}):
        if speaker:  # "an official, not named" is another person with another origin
            agent = document.agent(_speaker(origin, speaker), {"prov:label": speaker})
            document.delegation(agent, _name("origin", origin))


def _speaker(origin: str, speaker: str) -> str:
    return _name("speaker", f"{origin}: {speaker}")


def _add_claim(document: ProvDocument, one: ReadClaim) -> None:
    claim = one.claim
    facts = {"role": claim.role, "quantity": claim.quantity, "mode": claim.mode, "scope": claim.scope}
    days = {"published": claim.published.isoformat(), "as_of": claim.as_of.isoformat()}
    record = document.entity(
        _name("claim", claim.id),
        {
            "prov:type": _TERMS["Claim"],
            "prov:value": claim.wording,
            **{f"term:{key}": value for key, value in {**facts, **days, "sha256": claim.sha256}.items()},
            **({"prov:location": claim.url} if claim.url else {}),
        },
    )
    file = claim.file.rsplit("/", maxsplit=1)[-1]
    document.membership(_name("file", file), record)
    outlet = document.agent(_name("outlet", claim.outlet), {"prov:label": claim.outlet})
    document.attribution(record, outlet)
    if claim.speaker:
        document.attribution(record, _speaker(claim.origin, claim.speaker))
    _add_reading(document, one, record)


def _add_reading(document: ProvDocument, one: ReadClaim, record: ProvEntity) -> None:
    reading = one.reading
    facts: dict[str, object] = {"rule": reading.rule, "kind": reading.kind, "reporting": reading.reporting}
    if (quantiles := reading.quantiles()) is not None:
        # 6 digits: what a reader would look up; results.json has them all.
        facts |= {f"q{p}": f"{q:.6g}" for p, q in zip(("05", "25", "50", "75", "95"), quantiles, strict=True)}
    made = document.entity(
        _name("reading", one.claim.id),
        {"prov:type": _TERMS["Reading"], **{f"term:{key}": value for key, value in facts.items()}},
    )
    document.derivation(made, record)
    document.derivation(made, _name("file", "lexicon.toml"))


def _add_ties(document: ProvDocument, claim: Claim, results: Results) -> None:
    """What a claim rests on: its origin, and the claims that it says again."""
    this = _name("claim", claim.id)
    document.primary_source(this, _name("origin", claim.origin))
    claims = {one.claim.id for one in results.claims}
    for name in claim.rests_on:
        if name in claims:
            tie = document.quotation if claim.relation == "relay" else document.derivation
            tie(this, _name("claim", name))
        elif name != claim.origin:
            source = results.register.sources[name]
            document.entity(_name("origin", name), {"prov:label": source.name})
            document.primary_source(this, _name("origin", name))


def _add_estimates(document: ProvDocument, results: Results) -> None:
    software = document.agent(
        _name("software", f"casualty-report-{versions()['casualty-report']}"), {"prov:type": PROV["SoftwareAgent"]}
    )
    settings = results.settings
    run = document.activity(
        _name("run", f"{results.register.name}-{settings.as_of}"),
        other_attributes={"term:seed": settings.seed, "term:force": settings.force, "term:pool": settings.pool},
    )
    document.association(run, software, _name("file", "lexicon.toml"))
    losses = [one.claim.id for origin in results.evidence.origins for one in origin.given.values()]
    force = results.denominator.force
    behind = [*losses, *([one.claim.id for one in force.claims] if force else [])]
    for name in behind:
        document.usage(run, _name("reading", name))
    for estimate in results.estimates:
        interval = estimate.interval(settings.level)
        numbers = {"unit": estimate.unit, "level": settings.level, "low": interval.low, "high": interval.high}
        made = document.entity(
            _name("estimate", estimate.name),
            {
                "prov:type": _TERMS["Estimate"],
                "prov:value": f"{estimate.median:.12g}",
                **{
                    f"term:{key}": f"{value:.12g}" if isinstance(value, float) else value
                    for key, value in numbers.items()
                },
            },
        )
        document.generation(made, run)
        for claim in behind:
            document.derivation(made, _name("reading", claim), activity=run)
