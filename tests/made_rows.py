"""Rows of a register, made for tests."""

ROW = {
    "id": "a",
    "role": "estimate",
    "quantity": "casualties",
    "wording": "around 1,000",
    "published": "2024-12-19",
    "as_of": "2024-12-19",
    "mode": "cumulative",
    "scope": "Kursk",
    "speaker": "somebody",
    "origin": "NIS",
    "relation": "original",
    "outlet": "BBC",
}
FORCE = {**ROW, "id": "force", "quantity": "deployed", "wording": "around 10,000", "origin": "US DoD"}
