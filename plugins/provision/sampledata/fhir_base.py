"""What all FHIR resources of the fictitious hospital have: ids, numbers, codes, and a name wherever one fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from provision.sampledata.facilities import KITA
from provision.sampledata.illness import Visit
from provision.sampledata.numbering import scattered
from provision.sampledata.sheets.dispensing import DOCTORS

Json = dict[str, Any]
_JP, _CORE = "http://jpfhir.jp/fhir", "http://jpfhir.jp/fhir/core"


@dataclass(frozen=True)
class Part:
    """A resource, the table it becomes rows of ("" where none), and the cells that must be kept of each."""

    resource: Json
    table: str = ""
    kept: tuple[Mapping[str, object], ...] = ()


def coded(system: str, code: str, words: str = "架空の項目") -> Json:
    """A CodeableConcept with a code of ours, one that nobody knows, and words."""
    other = {"system": f"{_JP}/local/{KITA.number}", "code": words, "display": words}
    return {"coding": [other, {"system": system, "code": code, "display": words}], "text": words}


def day(visit: Visit, number: int = 0) -> str:
    """A day of the visit, YYYY-MM-DD."""
    return date.fromordinal(visit.month.first + visit.days[number] - 1).isoformat()


def patient_id(visit: Visit) -> str:
    """The id under which the hospital's server has the patient."""
    return f"pt-{scattered(visit.person.serial, 9, 41)}"


def key(visit: Visit, kind: str) -> str:
    """The id of a resource: that of the patient's month and a word."""
    return f"{kind}-{patient_id(visit)[3:]}-{visit.month.compact}"


def base(visit: Visit, kind: str, word: str, subject: str = "subject") -> Json:
    """What every resource has, with a person's name wherever one fits."""
    name, phone = visit.person.name, visit.person.phone
    return {
        "resourceType": kind,
        "id": key(visit, word),
        "meta": {"source": f"urn:chart:{KITA.chart(visit.person)}#{name}", "versionId": "1"},
        "text": {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{name} {phone}</div>'},
        "contained": [{"resourceType": "Patient", "id": "c", "name": [{"text": name}], "telecom": [{"value": phone}]}],
        "extension": [{"url": f"{_JP}/note", "valueString": f"{name}様 {visit.person.address.text}"}],
        "identifier": [
            {
                "system": f"{_CORE}/IdSystem/resourceInstance-identifier",
                "value": f"{KITA.number}-{KITA.chart(visit.person)}-{word}",
                "assigner": {"display": DOCTORS[0]},
            }
        ],
        subject: {"reference": f"Patient/{patient_id(visit)}", "display": name},
        "note": [{"text": f"{name}様の家族{visit.person.kin_name}へ説明", "authorString": DOCTORS[1]}],
    }
