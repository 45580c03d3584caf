"""Vectors of Microsoft Presidio for e-mail, IP, MAC, URL, card and Japanese telephone: everything it finds, we find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expectations.identifiers import Identifier, all_kinds

VECTORS = Path(__file__).parents[4] / "shared/oracles/presidio/recognizer_vectors.json"
KINDS = {kind.id: kind for kind in all_kinds()}
OURS = {"email": "email", "ip": "ip_address", "mac": "mac_address", "url": "url", "credit_card": "card_number"}

#: The twin: the same shapes with data of our own.
TWIN = {
    "email": ["info@example.site", "write to info@example.site today", "user@xn--80ak6aa92e.com"],
    "ip_address": [
        "192.0.2.17",
        "my ip: 2001:db8:1:2:3:4:5:6",
        "fe80::7%eth0",
        "::ffff:198.51.100.3",
        "[2001:db8::9]:443",
    ],
    "mac_address": ["00:1B:2C:3D:4E:5F", "MAC: 01-23-45-67-89-ab", "0013.4567.89ab"],
    "url": [
        "http://example.site",
        "example.com",
        '"https://www.example.org/"',
        "my domains: example.com example.co.il",
    ],
    "card_number": ["4111-1111-1111-1111", "5555 5555 5555 4444", "my card: 378282246310005"],
    "telephone": ["My Japanese number is 080-1234-5678", "080-1234-5678"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in TWIN.items() for text in texts])
def test_shapes_of_the_vectors_are_found(kind: str, text: str) -> None:
    assert KINDS[kind].find(text) is not None


def _positive(kind: str) -> list[str]:
    tables = json.loads(VECTORS.read_text("utf-8"))[kind]
    return [case[0] for table in tables for case in table.get("cases", []) if _expected(case) > 0]


def _expected(case: list[Any]) -> int:
    return case[1] if isinstance(case[1], int) else len(case[1])


@pytest.mark.parametrize("theirs", OURS)
def test_every_vector_is_found(theirs: str) -> None:
    if not VECTORS.exists():
        pytest.skip("Presidio's vectors are not here; the twin above runs on our own")
    kind: Identifier = KINDS[OURS[theirs]]
    texts = _positive(theirs)
    assert len(texts) > 5
    assert [text for text in texts if kind.find(text) is None] == []


def test_japanese_and_international_telephones_of_the_vectors_are_found() -> None:
    if not VECTORS.exists():
        pytest.skip("Presidio's vectors are not here; the twin above runs on our own")
    texts = [text for text in _positive("phone") if "Japanese" in text or "+" in text or "(415)" in text]
    assert len(texts) > 5
    missed = [t for t in texts if KINDS["telephone"].find(t) is None and KINDS["telephone_abroad"].find(t) is None]
    assert missed == []
