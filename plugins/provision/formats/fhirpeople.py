"""Who a FHIR record is about: Patient, Coverage and references to a patient -> identity cells and `PEOPLE_COLUMNS`.

* 患者番号: an identifier whose system ends in the number of the medical institution
  (``urn:oid:1.2.392.100495.20.3.51.1<10 digits>``) is facility and chart number; JP-CLINS also has it without a number.
* 被保険者: ``JP_Insurance_memberID`` is ``保険者番号8桁:記号:番号:枝番``; Coverage has symbol, number and branch as
  extensions, the insurer as its payor.
* 氏名: of the names that with the representation IDE (kanji) is the written one, SYL the kana; a name without a
  representation is kana where it holds nothing else.

Any other identifier is nobody's business: it is not read as one of these and not kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from provision.formats.base import PEOPLE_COLUMNS
from provision.formats.documents import Row

Cells = dict[str, str | None]
_CHART = re.compile(r"urn:oid:1\.2\.392\.(?:100495\.20\.3\.51|200119\.6\.102)\.1([0-9]{10})")
_OWN_CHART = re.compile(r"http://jpfhir\.jp/fhir/(?:eCS|clins|core)/I[dD][sS]ystem/JP_Hospital_PatientID")
_MEMBER = re.compile(r"http://jpfhir\.jp/fhir/(?:core|clins|eCS)/I[dD][sS]ystem/JP_Insurance_[mM]ember[iI][dD]")
_INSURER = re.compile(
    r"http://jpfhir\.jp/fhir/core/(?:mhlw/)?I[dD][sS]ystem/(?:JP_IdSystem_InsurerNumber|insurer-number|InsurerNumber)"
    r"|urn:oid:1\.2\.392\.100495\.20\.3\.61|urn:oid:1\.2\.392\.200119\.6\.101"
)
_EXTENSION = re.compile(
    r"http://jpfhir\.jp/fhir/core/(?:Extension/)?StructureDefinition/JP_Coverage_InsuredPerson(Symbol|Number|SubNumber)"
)
_PARTS = {"Symbol": "symbol", "Number": "number", "SubNumber": "branch"}
_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_NAMES = {"IDE": "name", "SYL": "kana"}
_PHONES = frozenset({"phone", "sms"})
#: What identifiers may be, by their system, and how many systems are remembered.
_FACILITY, _OWN, _CARD, _PAYER = "facility", "own", "card", "payer"
_REMEMBERED = 4_096
_KANA = re.compile(r"[ァ-ヿｦ-ﾟぁ-ゖ\s・]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_SEX = {"male": "1", "female": "2"}
_REFERENCE = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?", re.DOTALL)
_URN = re.compile(r"urn:(?:uuid|oid):([0-9A-Za-z.\-]{1,64})")


def of_patient(patient: Any) -> Cells:
    """The cells of a Patient."""
    found: Cells = {"sex": _SEX.get(patient.f_gender or ""), "phone": _phone(patient), **_names(patient)}
    found["birth_month"], found["deceased_month"] = _birth(patient.f_birthDate), patient.f_deceasedDateTime
    for address in patient.f_address or ():
        if address is not None:
            lines = " ".join(filter(None, address.f_line or ()))
            found["address"] = found.get("address") or address.f_text or lines or None
            found["zip"] = found.get("zip") or address.f_postalCode
    for identifier in patient.f_identifier or ():
        for name, cell in numbered(identifier).items() if identifier is not None else ():
            found[name] = found.get(name) or cell
    return found


def _birth(text: str | None) -> str | None:
    """A whole birth date; a month gets a day that is cut off again on receipt and stands in no evidence (`person`)."""
    return f"{text}-01" if text and _MONTH.fullmatch(text) else text


def _phone(patient: Any) -> str | None:
    for one in patient.f_telecom or ():
        if one is not None and one.f_value and one.f_system in _PHONES:
            return str(one.f_value)
    return None


def _names(patient: Any) -> Cells:
    found: Cells = {}
    for name in patient.f_name or ():
        if name is None:
            continue
        text = name.f_text or " ".join(filter(None, [name.f_family, *(name.f_given or ())]))
        if not text:
            continue
        said = [e.f_valueCode for e in name.f_extension or () if e is not None and e.f_url == _REPRESENTATION]
        part = _NAMES.get(said[0] or "") if said else "kana" if _KANA.fullmatch(text) else "name"
        if part and not found.get(part):
            found[part] = text
    return found


@lru_cache(maxsize=_REMEMBERED)
def _meaning(system: str) -> tuple[str, str]:
    """What identifiers of a system are, "" where they are nobody's business; of chart numbers also of what facility."""
    if chart := _CHART.fullmatch(system):
        return _FACILITY, chart[1]
    for meaning, pattern in ((_OWN, _OWN_CHART), (_CARD, _MEMBER), (_PAYER, _INSURER)):
        if pattern.fullmatch(system):
            return meaning, ""
    return "", ""


@lru_cache(maxsize=_REMEMBERED)
def _part(url: str) -> str:
    """The part of a card that an extension of Coverage holds, "" for any other."""
    named = _EXTENSION.fullmatch(url)
    return _PARTS[named[1]] if named else ""


def numbered(identifier: Any) -> Cells:
    """The cells of one identifier of a patient or card; none where it is of no system of these."""
    if not (value := identifier.f_value):
        return {}
    meaning, facility = _meaning(identifier.f_system or "")
    if meaning == _FACILITY:
        return {"facility": facility, "chart": value}
    if meaning == _OWN:
        return {"chart": value}
    return member(value) if meaning == _CARD else {}


def member(value: str) -> Cells:
    """``保険者番号:記号:番号:枝番`` taken apart; nothing where it has not four parts."""
    parts = unicodedata.normalize("NFKC", value).split(":")
    if len(parts) != 4 or not parts[2].strip():
        return {}
    return dict(zip(("insurer", "symbol", "number", "branch"), (part.strip() or None for part in parts), strict=True))


def of_coverage(coverage: Any, organizations: Mapping[str, Any]) -> Cells:
    """The cells of a Coverage; `organizations` by their references, for the insurer."""
    found: Cells = {}
    for identifier in coverage.f_identifier or ():
        if identifier is not None and not found:
            found = {k: v for k, v in numbered(identifier).items() if k not in {"facility", "chart"}}
    for extension in coverage.f_extension or ():
        if extension is not None and extension.f_valueString and (part := _part(extension.f_url or "")):
            found.setdefault(part, extension.f_valueString)
    if coverage.f_subscriberId:
        symbol, colon, number = unicodedata.normalize("NFKC", coverage.f_subscriberId).partition(":")
        if colon and number:
            found.setdefault("symbol", symbol or None)
            found.setdefault("number", number)
    if coverage.f_dependent:
        found.setdefault("branch", coverage.f_dependent)
    if "insurer" not in found:
        found["insurer"] = _payer(coverage, organizations)
    return found


def _payer(coverage: Any, organizations: Mapping[str, Any]) -> str | None:
    """The number of the first payor that has one as insurers have it."""
    for payor in coverage.f_payor or ():
        if payor is None:
            continue
        own = getattr(organizations.get(payor.f_reference), "f_identifier", None) or ()
        for one in (payor.f_identifier, *own):
            if one is not None and one.f_value and _meaning(one.f_system or "")[0] == _PAYER:
                return str(one.f_value)
    return None


def patient_id(reference: str | None) -> str | None:
    """The id of a patient in a reference to it, such as ``Patient/<id>``; None where it is no such reference."""
    if not reference:
        return None
    found = _REFERENCE.fullmatch(reference) or _URN.fullmatch(reference)
    return found[1] if found else None


def person(cells: Cells, born: str | None, facility: str = "") -> Row:
    """A row of people (`PEOPLE_COLUMNS` without the claim number). `born` as the Patient says it: evidence is a whole
    date that exists, else nothing. `facility` stands for that of the cells."""
    row = list(map(cells.get, _PEOPLE))
    if facility:
        row[_FACILITY_AT] = facility
    row[_BIRTH] = _evidence(born) if born else None
    row[_INSURER_AT] = _insurer(row[_INSURER_AT])
    return tuple(row)


_PEOPLE = PEOPLE_COLUMNS[1:]
_BIRTH, _INSURER_AT, _FACILITY_AT = (_PEOPLE.index(name) for name in ("birth", "insurer", "facility"))


def _evidence(born: str) -> str | None:
    if not _DAY.fullmatch(born):
        return None
    try:
        date.fromisoformat(born)
    except ValueError:
        return None
    return born.replace("-", "")


def _insurer(number: str | None) -> str | None:
    """As insurers are compared everywhere: six digits without zeros in front (`numbers.canonical_insurer`)."""
    if not number:
        return None
    bare = (number if number.isascii() else unicodedata.normalize("NFKC", number)).strip()
    return bare[2:] if len(bare) == 8 and bare.startswith("00") else bare
