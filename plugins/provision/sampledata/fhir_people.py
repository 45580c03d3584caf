"""Who it is in FHIR: Patient, Coverage, Organization and Practitioner of a visit, and what is kept of them."""

from __future__ import annotations

from provision.sampledata.calendar import compact
from provision.sampledata.facilities import KITA
from provision.sampledata.fhir_base import Json, base, coded, patient_id
from provision.sampledata.illness import Visit
from provision.sampledata.names import wide
from provision.sampledata.sheets.claims import who as named
from provision.sampledata.sheets.dispensing import DOCTORS

_CORE = "http://jpfhir.jp/fhir/core"
_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"


def _name(text: str, representation: str) -> Json:
    family, given = text.split("　")
    said = [{"url": _REPRESENTATION, "valueCode": representation}]
    return {"extension": said, "use": "official", "text": f"{family} {given}", "family": family, "given": [given]}


def member(visit: Visit) -> str:
    """保険者番号:記号:番号:枝番, the numbers in full width as some write them; "" without a card."""
    card = visit.coverage
    return f"{card.insurer:0>8}:{card.symbol}:{wide(card.number)}:{card.branch}" if card else ""


def patient(visit: Visit) -> Json:
    """The Patient; the card stands on every other one, the others have it on their Coverage."""
    person = visit.person
    resource = base(visit, "Patient", "pt")
    del resource["subject"]
    numbers = [{"system": f"urn:oid:1.2.392.100495.20.3.51.1{KITA.number}", "value": KITA.chart(person)}]
    if _on_patient(visit):
        numbers.append({"system": _MEMBER, "value": member(visit)})
    born = compact(person.birth)
    kana = f"{person.surname.kana}　{person.given.kana}"
    return resource | {
        "id": patient_id(visit), "identifier": numbers, "name": [_name(person.name, "IDE"), _name(kana, "SYL")],
        "telecom": [{"system": "phone", "value": person.phone, "use": "home"}],
        "gender": {"1": "male", "2": "female"}[person.sex], "birthDate": f"{born[:4]}-{born[4:6]}-{born[6:]}",
        "address": [{"text": person.address.text, "postalCode": f"{person.address.zip[:3]}-{person.address.zip[3:]}"}],
        "contact": [{"name": {"text": person.kin_name}, "telecom": [{"value": person.phone}]}],
        "photo": [{"title": person.name}],
    }  # fmt: skip


def _on_patient(visit: Visit) -> bool:
    return visit.coverage is not None and visit.person.serial % 2 == 0


def coverage(visit: Visit) -> list[Json]:
    """The Coverage of a card, with symbol, number and branch as extensions; none without a card."""
    card = visit.coverage
    if card is None:
        return []
    url = f"{_CORE}/Extension/StructureDefinition/JP_Coverage_InsuredPerson"
    parts = {"Symbol": card.symbol, "Number": wide(card.number), "SubNumber": card.branch}
    resource = base(visit, "Coverage", "cov", "beneficiary")
    said = [{"url": f"{url}{name}", "valueString": text} for name, text in parts.items() if text]
    insurer = {"system": f"{_CORE}/Idsystem/insurer-number", "value": f"{card.insurer:0>8}"}
    return [
        resource
        | {
            "extension": [*resource["extension"], *said],
            "relationship": coded("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self"),
            "payor": [{"identifier": insurer, "display": visit.person.name}],
        }
    ]


def organization() -> Json:
    """The hospital itself."""
    return {
        "resourceType": "Organization", "id": "kita", "name": KITA.name,
        "identifier": [{"system": f"{_CORE}/IdSystem/insurance-medical-institution-no", "value": KITA.number}],
        "telecom": [{"system": "phone", "value": KITA.phone}],
    }  # fmt: skip


def practitioner() -> Json:
    """A doctor."""
    return {"resourceType": "Practitioner", "id": "doctor", "name": [_name(DOCTORS[0], "IDE")]}


def who(visit: Visit, *, card_only: bool = False) -> dict[str, str]:
    """What tells who it is, but for the number of the patient; of a Coverage the card only."""
    card = visit.coverage
    found = {} if card_only else named(visit.person)
    if card is not None:
        found |= {"insurer": card.insurer, "symbol": card.symbol, "number": card.number, "branch": card.branch}
    return found


def who_patient(visit: Visit) -> dict[str, str]:
    """What the Patient alone tells."""
    return who(visit) if _on_patient(visit) else dict(named(visit.person))


def kept_of_card(visit: Visit) -> Json:
    """What is kept of the Coverage."""
    card = visit.coverage
    return {"insured_as": "self", "insurer": card.insurer} if card else {}


def kept_of_person(visit: Visit, *, insured: bool = True) -> Json:
    """What is kept of the Patient, with the Coverage's where the two are one record."""
    born = compact(visit.person.birth)
    found = {
        "facility": KITA.number, "zip": visit.person.address.zip[:3], "sex": visit.person.sex,
        "birth_month": f"{born[:4]}-{born[4:6]}",
    }  # fmt: skip
    if insured:
        return found | kept_of_card(visit)
    return found | ({"insurer": visit.coverage.insurer} if visit.coverage and _on_patient(visit) else {})
