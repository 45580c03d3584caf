"""What identifiers in FHIR say: number in a hospital, insurance card, insurer.

* 患者番号: an identifier whose system ends in the number of the medical institution
  (``urn:oid:1.2.392.100495.20.3.51.1<10 digits>``) is facility and chart number; JP-CLINS also has it without a number.
* 被保険者: ``JP_Insurance_memberID`` is ``保険者番号8桁:記号:番号:枝番``.

Any other identifier is nobody's business: it is not read as one of these and not kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

#: Cells of many records, a list for each column.
Columns = dict[str, Sequence[str | None]]
#: 保険者番号, 記号, 番号, 枝番.
Card = tuple[str | None, str | None, str | None, str | None]
CARD = ("insurer", "symbol", "number", "branch")
NO_CARD: Card = (None, None, None, None)
#: What an identifier may be.
FACILITY, OWN, MEMBER, PAYER = "facility", "own", "member", "payer"
_FACILITY = re.compile(r"urn:oid:1\.2\.392\.(?:100495\.20\.3\.51|200119\.6\.102)\.1([0-9]{10})")
_PATTERNS = {
    OWN: re.compile(r"http://jpfhir\.jp/fhir/(?:eCS|clins|core)/I[dD][sS]ystem/JP_Hospital_PatientID"),
    MEMBER: re.compile(r"http://jpfhir\.jp/fhir/(?:core|clins|eCS)/I[dD][sS]ystem/JP_Insurance_[mM]ember[iI][dD]"),
    PAYER: re.compile(
        r"http://jpfhir\.jp/fhir/core/(?:mhlw/)?I[dD][sS]ystem/"
        r"(?:JP_IdSystem_InsurerNumber|insurer-number|InsurerNumber)"
        r"|urn:oid:1\.2\.392\.100495\.20\.3\.61|urn:oid:1\.2\.392\.200119\.6\.101"
    ),
}
_REFERENCE = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?", re.DOTALL)
_URN = re.compile(r"urn:(?:uuid|oid):([0-9A-Za-z.\-]{1,64})")
#: How many systems are remembered.
_REMEMBERED = 4_096


@lru_cache(maxsize=_REMEMBERED)
def meaning(system: str | None) -> tuple[str, str]:
    """What identifiers of a system are, "" where they are nobody's business; of chart numbers also of what facility."""
    if facility := _FACILITY.fullmatch(system or ""):
        return FACILITY, facility[1]
    return next((said for said, pattern in _PATTERNS.items() if pattern.fullmatch(system or "")), ""), ""


def card(identifier: Any) -> Card | None:
    """The card that an identifier is, None where it is none or has not four parts."""
    if identifier is None or not identifier.f_value or meaning(identifier.f_system)[0] != MEMBER:
        return None
    parts = unicodedata.normalize("NFKC", identifier.f_value).split(":")
    if len(parts) != len(CARD):
        return None
    insurer, symbol, number, branch = [part.strip() or None for part in parts]
    return (insurer, symbol, number, branch) if number else None


def completed(one: Card, other: Card | None) -> Card:
    """A card with what another has and it has not."""
    if other is None or one is NO_CARD:
        return other or one
    insurer, symbol, number, branch = (own or theirs for own, theirs in zip(one, other, strict=True))
    return insurer, symbol, number, branch


def columns(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> Columns:
    """Rows as columns of these names."""
    return dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))


def insurer_number(identifier: Any) -> str | None:
    """The number of an insurer that an identifier is, None where it is none."""
    if identifier is None or not identifier.f_value or meaning(identifier.f_system)[0] != PAYER:
        return None
    return str(identifier.f_value)


def patient_id(reference: str | None) -> str | None:
    """The id of a patient in a reference to it, such as ``Patient/<id>``; None where it is no such reference."""
    if not reference:
        return None
    found = _REFERENCE.fullmatch(reference) or _URN.fullmatch(reference)
    return found[1] if found else None
