"""
The fields of a claim and of a source: what each means, what it may hold, and an example, said once.

Errors, schemas and new registers take their words from here. Nothing here knows where a row lies.

>>> EXAMPLE["wording"], expected("mode", "daily")
('at least 100', 'one of cumulative, incremental, stock, plan')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["COLUMNS", "COUNTING_ROLES", "DAY", "EXAMPLE", "Claim", "Source", "expected", "parse_date"]

Role = Literal["seed", "estimate", "count", "variant", "mutation", "stale", "context"]
Quantity = Literal["killed", "wounded", "casualties", "missing", "captured", "deployed", "engaged", "casualty_ratio"]
Mode = Literal["cumulative", "incremental", "stock", "plan"]
Relation = Literal["original", "relay", "restates"]
Interest = Literal["belligerent-opponent", "ally-of-opponent", "own-side", "neutral"]
Bias = Literal["under", "over", "either", "unknown"]
Reliability = Literal["A", "B", "C", "D", "E", "F"]

COUNTING_ROLES = ("seed", "estimate", "count")

# Digits of ASCII and years in which a report of a war can have been printed: 1403-09-29 and 2567-12-19 are days of
# other calendars, and 0113-12-19 is too.
DAY = r"^(18|19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$"


@lru_cache(maxsize=65_536)
def parse_date(text: str) -> date:
    """
    A calendar date as ISO 8601 writes it, Gregorian, from 1800 to 2199; nothing else is taken for a date.

    Examples
    --------
    >>> parse_date("2024-12-19")
    datetime.date(2024, 12, 19)
    """
    if not re.fullmatch(DAY, text):
        raise ValueError("not a date")
    return date.fromisoformat(text)


def _optional_date(text: str) -> date | None:
    return parse_date(text) if text else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(";") if name.strip()) if text else ()


Text = Annotated[str, Field(min_length=1)]
Day = Annotated[date, BeforeValidator(parse_date)]


class Claim(BaseModel):
    """
    One reported figure as it was printed.

    ``as_of`` is the day the figure describes, ``published`` the day it was printed. An empty cell is missing
    (``None`` or an empty string), never zero. ``file`` and ``line`` say where the row stands. What each column
    means, with an example, is said here once: errors, schemas and new registers take it from here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
            description="A short name of the claim, used once in the register: letters, digits, dots and dashes.",
            examples=["nis-killed-20241219"],
        ),
    ]
    role: Annotated[
        Role,
        Field(
            description="What the claim is for. Counted: seed (of the article that the register starts from), "
            "estimate, count (a tally that somebody made). Shown and never counted: variant (other words for the same "
            "utterance), mutation (a later outlet changed it), stale (an old number printed again), context.",
            examples=["estimate"],
        ),
    ]
    quantity: Annotated[
        Quantity,
        Field(
            description="What is counted. casualties are killed and wounded together; deployed are those sent, engaged "
            "those in the theatre; casualty_ratio is a share of the force. An answer needs a loss and a force.",
            examples=["killed"],
        ),
    ]
    wording: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1000,
            description="The figure as it was printed, with its hedge and its nouns, nothing rounded or corrected.",
            examples=["at least 100"],
        ),
    ]
    published: Annotated[Day, Field(description="The day on which it was printed.", examples=["2024-12-19"])]
    as_of: Annotated[
        Day,
        Field(
            description="The day that the figure describes: not after published, unless mode is plan.",
            examples=["2024-12-19"],
        ),
    ]
    period_start: Annotated[
        date | None,
        BeforeValidator(_optional_date),
        Field(
            description="The first day that the figure covers; needed where mode is incremental, else it may be empty.",
            examples=["2024-12-01"],
        ),
    ]
    mode: Annotated[
        Mode,
        Field(
            description="cumulative: a total so far. incremental: a flow from period_start to as_of. stock: those "
            "present on the day. plan: a forecast, never an observation.",
            examples=["cumulative"],
        ),
    ]
    scope: Annotated[Text, Field(description="Where the figure holds.", examples=["Kursk"])]
    speaker: Annotated[
        str, Field(description="Who said it, as far as it is known.", examples=["a lawmaker, after a briefing by NIS"])
    ]
    origin: Annotated[
        Text, Field(description="Whose figure it is: the name of a table of sources.toml.", examples=["NIS"])
    ]
    relation: Annotated[
        Relation,
        Field(
            description="original: the origin's own figure. relay: somebody passes it on. restates: the same figure "
            "again. A relay or a restatement names in rests_on what it repeats, and is counted once with it.",
            examples=["original"],
        ),
    ]
    rests_on: Annotated[
        tuple[str, ...],
        BeforeValidator(_names),
        Field(
            description="Ids of claims or names of origins that this one depends on, split by semicolons.",
            examples=["nis-killed-20241219; NIS"],
        ),
    ]
    outlet: Annotated[Text, Field(description="Who printed it.", examples=["BBC"])]
    url: Annotated[
        str,
        Field(
            pattern=r"^(https?://\S+)?$",
            description="Where it can be read.",
            examples=["https://example.org/article"],
        ),
    ]
    note: Annotated[str, Field(description="What else a reader should know.", examples=["Said at a closed briefing."])]
    file: str
    line: int
    sha256: str

    @property
    def where(self) -> str:
        """File and line, as errors print it."""
        return f"{self.file}:{self.line}"

    @property
    def quoted(self) -> str:
        """The figure in quotes with what it counts: "at least 100" killed."""
        return f'"{self.wording}" {self.quantity.replace("_", " ")}'


COLUMNS = tuple(name for name in Claim.model_fields if name not in ("file", "line", "sha256"))
# A row in which every column holds its example.
EXAMPLE: Mapping[str, str] = {name: str(Claim.model_fields[name].examples[0]) for name in COLUMNS}


class Source(BaseModel):
    """
    An origin: who is speaking, for whom, and how far its figures have been right.

    ``accuracy`` is the probability, judged, that a figure of this origin is in the right region, beside the
    Admiralty letter; ``reporting`` names the layer of the lexicon that relates its figures to the truth.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[
        Text,
        Field(description="The origin's full name.", examples=["National Intelligence Service, South Korea"]),
    ]
    spellings: Annotated[
        tuple[str, ...],
        Field(description="Other names by which settings may call it.", examples=[["South Korean intelligence"]]),
    ] = ()
    interest: Annotated[
        Interest,
        Field(description="On whose side the origin stands, seen from the force counted.", examples=["neutral"]),
    ]
    stream: Annotated[
        Text,
        Field(
            description="A word for the origins that share information: those of one stream are not independent.",
            examples=["ukraine-led"],
        ),
    ]
    bias: Annotated[
        Bias,
        Field(description="The direction in which its loss figures are expected to miss.", examples=["unknown"]),
    ]
    reliability: Annotated[
        Reliability,
        Field(
            description="Admiralty letter, from A (completely reliable) to E (unreliable); F: cannot be judged.",
            examples=["F"],
        ),
    ]
    accuracy: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="The probability, by your own judgement, that a figure of this origin is in the right region.",
            examples=[0.5],
        ),
    ]
    reporting: Annotated[
        Text,
        Field(
            description="The layer of the lexicon that relates its loss figures to the truth: none, third-party, "
            "belligerent-enemy or another of lexicon.toml.",
            examples=["none"],
        ),
    ]
    reason: Annotated[
        Text,
        Field(
            description="Why this reliability and this bias; readers of the report see it.",
            examples=["How it learnt its figures, and how far they have been right."],
        ),
    ]


# What each field should have held, with an example, for the errors.
_EXPECTED = {
    "id": "a short name like nis-killed-20241219",
    "wording": 'the figure as quoted, like "at least 100"',
    "published": "a date like 2024-12-19",
    "as_of": "a date like 2024-12-19",
    "period_start": "a date like 2024-12-01, or nothing",
    "scope": "where the figure holds, like Kursk",
    "origin": "an origin of sources.toml, like NIS",
    "outlet": "who printed it, like BBC",
    "url": "an address that begins with https://, or nothing",
    "name": "the origin's full name",
    "stream": "a word for the origins that share information, like ukraine-led",
    "accuracy": "a probability from 0 to 1",
    "reporting": "a layer of the lexicon, like none",
    "reason": "why this reliability and bias",
    "spellings": 'a list of names, like ["NIS"]',
    "role": "one of " + ", ".join(get_args(Role)),
    "quantity": "one of " + ", ".join(get_args(Quantity)),
    "mode": "one of " + ", ".join(get_args(Mode)),
    "relation": "one of " + ", ".join(get_args(Relation)),
    "interest": "one of " + ", ".join(get_args(Interest)),
    "bias": "one of " + ", ".join(get_args(Bias)),
    "reliability": "one of " + ", ".join(get_args(Reliability)),
}


def expected(field: str, got: object) -> str:
    """
    What a field should have held instead of what it got, for an error.

    Examples
    --------
    >>> expected("published", "2567-12-19")
    'a date like 2024-12-19, of the Gregorian calendar, from 1800 to 2199, in the digits 0 to 9'
    """
    words = _EXPECTED.get(field, "nothing of that name")
    foreign = isinstance(got, str) and (not got.isascii() or re.match(r"\d{4}-(?<!18..-|19..-|20..-|21..-)", got))
    if words.startswith("a date") and foreign:
        return f"{words}, of the Gregorian calendar, from 1800 to 2199, in the digits 0 to 9"
    return words
