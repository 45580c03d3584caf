"""The contract of every identifier kind: it keeps to its own examples, and says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from expectations.identifiers import Example, Identifier, Strength, all_kinds, detectors_version, find_all

KINDS = all_kinds()
MATCHES = [pytest.param(k, e, id=f"{k.id}-{i}") for k in KINDS for i, e in enumerate(k.must_match)]
OTHERS = [pytest.param(k, e, id=f"{k.id}-{i}") for k in KINDS for i, e in enumerate(k.must_not_match)]
#: The kinds of individual identification codes in force since 2 December 2024 (Order art. 1, Rules art. 3 and 4).
CODES = {
    "1-1": {"dna", "face_image", "iris", "voice", "gait", "vein", "fingerprint"},
    "1-2": {"passport"},
    "1-3": {"national_health_number"},
    "1-4": {"pension_number"},
    "1-5": {"driving_licence"},
    "1-6": {"resident_record_code"},
    "1-7": {"late_elderly_number"},
    "1-8": {"care_insured_number"},
    "1-9": {"my_number"},
    "4-1": {"insured_symbol_number"},
    "4-2": {"seamens_insurance_number"},
    "4-3": {"foreign_passport"},
    "4-4": {"residence_card"},
    "4-5": {"private_school_aid_number"},
    "4-6": {"national_servants_aid_number"},
    "4-7": {"local_servants_aid_number"},
    "4-8": {"employment_insurance_number"},
    "4-9": {"special_permanent_resident"},
}
OTHER_DIRECT = {
    "person_name",
    "romaji_name",
    "doctor_name",
    "telephone",
    "telephone_abroad",
    "facility_telephone",
    "email",
    "url",
    "ip_address",
    "mac_address",
    "device_id",
    "zip7",
    "full_address",
    "building_name",
    "birth_date",
    "age_over_89",
    "public_payer_recipient",
    "claim_number",
    "chart_number",
    "certificate_number",
    "disability_certificate",
    "slip_number",
    "card_number",
    "bank_account",
    "vehicle_plate",
    "dicom_uid",
    "fhir_record_id",
}

_KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def _between_digits(text: str, what: str, with_what: str) -> str:
    return re.sub(rf"(?<=[0-9]){what}(?=[0-9])", with_what, text)


def _kanji(text: str) -> str:
    """Runs of six and more digits, and groups with hyphens, as kanji digits: others are read as amounts."""
    return re.sub(r"[0-9]+(?:-[0-9]+)+|[0-9]{6,}", lambda found: found.group().translate(_KANJI), text)


#: Ways to write the same: what a detector finds plainly it must find in each of them, as strong.
DISGUISES: dict[str, Callable[[str], str]] = {
    "full width": lambda text: text.translate(_WIDE),
    "wide digits": lambda text: text.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)}),
    "minus": lambda text: _between_digits(text, "-", "−"),
    "long mark": lambda text: _between_digits(text, "-", "ー"),
    "wide hyphen": lambda text: _between_digits(text, "-", "－"),
    "non-breaking hyphen": lambda text: _between_digits(text, "-", "\u2011"),
    "blanks round hyphens": lambda text: _between_digits(text, "-", " - "),
    "wide blanks": lambda text: text.replace(" ", "\u3000"),
    "blanks around": lambda text: f"\u3000{text} \n",
    "blanks between digits": lambda text: re.sub(
        "(?<![0-9 ])[0-9]{6,}(?![0-9 ])", lambda found: " ".join(found.group()), text
    ),
    "nothing visible inside": lambda text: "\u200b".join(text),
    "kanji digits": _kanji,
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
    assert kind.en.isascii()


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_a_disguise_hides_nothing(kind: Identifier, disguise: str) -> None:
    for example in kind.must_match:
        worn = DISGUISES[disguise](example.text)
        assert (kind.find(worn, example.context) or 0) >= example.strength, worn


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_nothing_is_found_in_nothing(kind: Identifier) -> None:
    assert kind.find("") is None
    assert kind.find("　 \u200b") is None


def test_every_individual_identification_code_and_direct_identifier_has_its_kind() -> None:
    ids = [kind.id for kind in KINDS]
    assert len(CODES) == 18
    assert set(ids) == set().union(OTHER_DIRECT, *CODES.values())
    assert len(set(ids)) == len(ids)
    assert len({kind.en for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("item", CODES)
def test_codes_name_the_item_that_makes_them_one(item: str) -> None:
    article, number = item.split("-")
    order = "Order art. 1" if article == "1" else "Rules art. 4"
    for kind in KINDS:
        if kind.id in CODES[item]:
            assert re.search(rf"{order} item {number}\b", kind.legal), kind.id


def test_find_all_agrees_with_every_kind() -> None:
    text = "山田 太郎様 03-5550-0123 1978-04-21"
    expected = {kind.id: found for kind in KINDS if (found := kind.find(text)) is not None}
    assert find_all(text) == expected
    assert {"person_name", "telephone", "birth_date"} <= set(expected)


def test_version_is_a_short_hash() -> None:
    assert len(detectors_version()) == 16
    assert int(detectors_version(), 16) > 0
