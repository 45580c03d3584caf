"""Who Patients of FHIR are: many at once, by the columns of the head.

Each is looked through once from end to end: what was decoded long ago is no longer near the processor, and fetching it
costs more than what is done with it.

氏名: of the names that with the representation IDE (kanji) is the written one, SYL the kana; a name without a
representation is kana where it holds nothing else. Numbers and cards: `fhiridentifiers`, `fhircards`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from provision.formats.documents import Row
from provision.formats.fhiridentifiers import (
    CARD,
    FACILITY,
    MEMBER,
    NO_CARD,
    OWN,
    Columns,
    card,
    columns,
    completed,
    meaning,
)

_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_NAMES = {"IDE": "name", "SYL": "kana"}
_PHONES = frozenset({"phone", "sms"})
_KANA = re.compile(r"[ァ-ヿｦ-ﾟぁ-ゖ\s・]+")
_SEX = {"male": "1", "female": "2"}
_CHARTS = frozenset({FACILITY, OWN})
_COLUMNS = (
    "name",
    "kana",
    "phone",
    "address",
    "zip",
    "facility",
    "chart",
    *CARD,
    "sex",
    "birth_month",
    "deceased_month",
)


def of_patients(patients: Sequence[Any]) -> Columns:
    """What Patients say of themselves, by the columns of the head."""
    return columns(_COLUMNS, list(map(_row, patients)))


def _row(patient: Any) -> Row:
    return (
        *_names(patient.f_name),
        _phone(patient.f_telecom),
        *_address(patient.f_address),
        *_numbers(patient.f_identifier),
        _SEX.get(patient.f_gender or ""),
        patient.f_birthDate,
        patient.f_deceasedDateTime,
    )


def _names(names: Any) -> tuple[str | None, str | None]:
    """Name and kana."""
    found: dict[str, str] = {}
    for one in names or ():
        if one is not None and (text := one.f_text or _spelt(one)):
            found.setdefault(_part(one.f_extension, text), text)
    return found.get("name"), found.get("kana")


def _spelt(name: Any) -> str:
    return " ".join(filter(None, [name.f_family, *(name.f_given or ())]))


def _part(extensions: Any, text: str) -> str:
    """Which of the names one is, "" where its representation is another."""
    for one in extensions or ():
        if one is not None and one.f_url == _REPRESENTATION:
            return _NAMES.get(one.f_valueCode or "", "")
    return "kana" if _KANA.fullmatch(text) else "name"


def _phone(telecoms: Any) -> str | None:
    for one in telecoms or ():
        if one is not None and one.f_value and one.f_system in _PHONES:
            return str(one.f_value)
    return None


def _address(addresses: Any) -> tuple[str | None, str | None]:
    """Address and postal code."""
    address, code = None, None
    for one in addresses or ():
        if one is not None:
            address = address or one.f_text or " ".join(filter(None, one.f_line or ())) or None
            code = code or one.f_postalCode
    return address, code


def _numbers(identifiers: Any) -> tuple[str | None, ...]:
    """Facility and chart number, and the card."""
    facility, chart, held = None, None, NO_CARD
    for one in identifiers or ():
        what, number = meaning(one.f_system) if one is not None and one.f_value else ("", "")
        if what == MEMBER:
            held = completed(held, card(one))
        elif what in _CHARTS:
            facility, chart = facility or number or None, chart or one.f_value
    return facility, chart, *held
