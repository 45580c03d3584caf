"""The contract of every identifier kind: it keeps to its own examples, and says where it comes from."""

from __future__ import annotations

import pytest

from expectations.identifiers import Example, Identifier, Strength, all_kinds, detectors_version, find_all

KINDS = all_kinds()
MATCHES = [pytest.param(k, e, id=f"{k.id}-{i}") for k in KINDS for i, e in enumerate(k.must_match)]
OTHERS = [pytest.param(k, e, id=f"{k.id}-{i}") for k in KINDS for i, e in enumerate(k.must_not_match)]
REQUIRED = {
    "person_name",
    "telephone",
    "email",
    "url",
    "zip7",
    "full_address",
    "birth_date",
    "my_number",
    "insured_symbol_number",
    "care_insured_number",
    "claim_number",
    "chart_number",
    "driving_licence",
    "passport",
    "residence_card",
    "pension_number",
    "card_number",
    "bank_account",
}


@pytest.mark.parametrize(("kind", "example"), MATCHES)
def test_examples_are_found_with_their_strength(kind: Identifier, example: Example) -> None:
    assert kind.find(example.text, example.context) == example.strength


@pytest.mark.parametrize(("kind", "example"), OTHERS)
def test_counter_examples_are_at_most_weak(kind: Identifier, example: Example) -> None:
    assert (kind.find(example.text, example.context) or Strength.WEAK) == Strength.WEAK


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_kind_says_what_it_is_and_has_examples(kind: Identifier) -> None:
    assert all((kind.ja, kind.en, kind.legal, kind.source, kind.must_match, kind.must_not_match))
    assert any(example.strength >= Strength.LIKELY for example in kind.must_match)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_full_width_is_found_like_half_width(kind: Identifier) -> None:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    for example in kind.must_match:
        assert kind.find(example.text.translate(wide), example.context) == example.strength


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_nothing_is_found_in_nothing(kind: Identifier) -> None:
    assert kind.find("") is None
    assert kind.find("　 \u200b") is None


def test_all_required_kinds_are_there_once() -> None:
    ids = [kind.id for kind in KINDS]
    assert set(ids) >= REQUIRED
    assert len(set(ids)) == len(ids)
    assert len({kind.en for kind in KINDS}) == len(KINDS)


def test_find_all_agrees_with_every_kind() -> None:
    text = "山田 太郎様 03-5550-0123 1978-04-21"
    expected = {kind.id: found for kind in KINDS if (found := kind.find(text)) is not None}
    assert find_all(text) == expected
    assert {"person_name", "telephone", "birth_date"} <= set(expected)


def test_version_is_a_short_hash() -> None:
    assert len(detectors_version()) == 16
    assert int(detectors_version(), 16) > 0
