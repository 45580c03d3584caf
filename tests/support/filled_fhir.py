"""A FHIR bundle, and a bulk export, in which every field of the allow-list is filled: see `tests.support.filled`."""

from __future__ import annotations

import json
from typing import Any

from provision.formats.fhirpaths import Path, is_read, parse
from provision.formats.fhirsystems import systems
from provision.formats.tables import Field, FieldTable
from provision.formats.ukekind import DERIVED
from tests.support.filled import marker, value

Json = dict[str, Any]
_OWN = {"patient_record", "test_value", "answer"}
_KIND = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_CODED = "3D046000001906202"


def filled_fhir(form: str, table: FieldTable) -> list[bytes]:
    """One document with everything, its lines, or a file of each resource."""
    patient = _patient(table)
    made = [patient, _coverage(table), *_clinical(table), *_values(table), _answers()]
    for one in made[1:]:
        one[_subject(one)] = {"reference": "Patient/p1"}
    if form == "fhir-ndjson":
        return ["".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made).encode()]
    if form == "fhir-resource":
        return [json.dumps(one, ensure_ascii=False, indent=2).encode() for one in made]
    document: Json = {"resourceType": "Composition", "identifier": {"value": _mark(table, "record_id")}}
    document["date"] = "2025-05-03"
    _put(document, _only(table, "document_type"), "57133-1")
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": one} for n, one in enumerate([document, *made])]
    whole = {"resourceType": "Bundle", "type": "document", "entry": entries}
    return [json.dumps(whole, ensure_ascii=False).encode()]


def _subject(resource: Json) -> str:
    kind = resource["resourceType"]
    if kind == "Coverage":
        return "beneficiary"
    return "patient" if kind in {"AllergyIntolerance", "FamilyMemberHistory", "Immunization"} else "subject"


def _field(table: FieldTable, name: str) -> Field:
    return next(f for f in table.fields if f.table == "patient_record" and f.column.name == name)


def _mark(table: FieldTable, name: str) -> str:
    return marker(_field(table, name))


def _only(table: FieldTable, name: str) -> Path:
    return parse(_field(table, name).record)[0]


def _patient(table: FieldTable) -> Json:
    """Everything that says who it is, and everything that is never read."""
    number = [{"system": "urn:oid:1.2.392.100495.20.3.51.11311234567", "value": _mark(table, "chart")}]
    names = [
        {"extension": [{"url": _KIND, "valueCode": kind}], "text": _mark(table, name)}
        for kind, name in (("IDE", "name"), ("SYL", "kana"))
    ]
    unread = {f.column.name: marker(f) for f in table.fields if f.table == "patient_record" and not is_read(f)}
    return {
        "resourceType": "Patient", "id": "p1", "identifier": number, "name": names, "gender": "male",
        "birthDate": "1956-02-03", "deceasedDateTime": "2025-05-03", "telecom": [
            {"system": "phone", "value": _mark(table, "phone")}
        ],
        "address": [{"text": _mark(table, "address"), "postalCode": "100-0001"}],
        "text": {"div": unread["narrative"]}, "extension": [{"valueString": unread["extensions"]}],
        "contained": [{"resourceType": "Basic", "code": {"text": unread["words"]}}], "note": [{"text": unread["note"]}],
        "photo": [{"data": unread["attachments"]}], "managingOrganization": {"display": unread["displays"]},
    }  # fmt: skip


def _coverage(table: FieldTable) -> Json:
    number = ":".join(["06132013", *(_mark(table, name) for name in ("symbol", "number", "branch"))])
    made: Json = {
        "resourceType": "Coverage", "id": "v",
        "identifier": [{"system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID", "value": number}],
    }  # fmt: skip
    _put(made, _only(table, "insured_as"), "self")
    return made


def _clinical(table: FieldTable) -> list[Json]:
    """A resource for every table, all columns of it filled by the first path of its first kind."""
    found = []
    for one in table.dataset.tables:
        if one.name in _OWN:
            continue
        kind = one.source.split()[0].split(".")[0]
        made: Json = {"resourceType": kind, "id": "e1" if kind == "Encounter" else "x"}
        for field in table.fields:
            if field.table == one.name and field.index < DERIVED:
                _put(made, next(p for p in parse(field.record) if p.kind == kind), _value(field))
        found.append(made)
    return found


def _value(field: Field) -> Any:
    if field.column.name == "encounter_no":
        return "Encounter/e1"
    text = value(field)
    if field.column.dtype != "string":
        return int(text) if field.column.dtype == "integer" else float(text)
    return f"{text[:4]}-{text[4:6]}-{text[6:] or '03'}" if field.column.domain in {"date", "month"} else text


def _put(resource: Json, path: Path, text: Any) -> None:
    node: Any = resource
    for step in path.steps[:-1]:
        child = node.setdefault(step.name, [{}] if step.repeats else {})
        node = child[0] if step.repeats else child
    last = path.steps[-1]
    made = {"system": sorted(systems({}).of(last.word))[0], "code": text} if last.word else text
    if last.repeats:
        node.setdefault(last.name, []).append(made)
    elif last.word:
        node[last.name] = node.get(last.name, {}) | made
    else:
        node[last.name] = text


def _values(table: FieldTable) -> list[Json]:
    """A number with everything, a coded result, and one without a result."""
    shared = {"resourceType": "Observation", "id": "o", "effectiveDateTime": "2025-05-03", "code": {
        "coding": [{"system": "urn:oid:1.2.392.200119.4.504", "code": _CODED}]
    }}  # fmt: skip
    flag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "H"}
    reason = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-performed"}
    return [
        shared | {
            "valueQuantity": {"value": 7.1, "comparator": next(iter(_comparators())), "unit": "%"},
            "referenceRange": [{"low": {"value": 4}, "high": {"value": 6}}], "interpretation": [{"coding": [flag]}],
        },
        shared | {"valueCodeableConcept": {"coding": [{"system": "urn:oid:1.2.392.200119.6.2102", "code": "2"}]}},
        shared | {"valueString": _mark(table, "note")},
        shared | {"dataAbsentReason": {"coding": [reason]}},
    ]  # fmt: skip


def _comparators() -> list[str]:
    from provision import codes

    return list(codes.load("comparator").names)


def _answers() -> Json:
    coded = {"valueCoding": {"system": "urn:oid:1.2.392.200119.6.24060", "code": "2"}}
    number = {"valueQuantity": {"value": 3, "unit": "回"}}
    questions = ("9N736000000000011", coded), ("9N741000000000011", number), ("9N746000000000011", None)
    items = [{"linkId": link, **({"answer": [answer]} if answer else {})} for link, answer in questions]
    return {"resourceType": "QuestionnaireResponse", "id": "q", "authored": "2025-05-03", "item": items}
