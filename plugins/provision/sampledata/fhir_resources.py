"""FHIR resources of a visit, as a hospital's program writes them, and beside each what the store must hold of it.

Every place of a resource that can name somebody does: narrative, notes, names on display, contained resources,
extensions, sources, numbers of resources, attachments. All codes have their form and mean nothing.
"""

from __future__ import annotations

import base64
from decimal import Decimal

from provision.sampledata.facilities import KITA
from provision.sampledata.fhir_base import Json, Part, base, coded, day, key
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.dispensing import DOCTORS

_HL7, _CORE = "http://terminology.hl7.org/CodeSystem", "http://jpfhir.jp/fhir/core"
JLAC10 = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
_KEY = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"
_ICD10 = f"{_CORE}/mhlw/CodeSystem/ICD10-2013-full"
_YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
_UNITS = f"{_CORE}/mhlw/CodeSystem/MedicationUnitMERIT9Code"


def parts(visit: Visit) -> list[Part]:
    """All resources of a visit but for those that say who it is; the Encounter comes first."""
    made = [_encounter(visit), *_conditions(visit), *_observations(visit), _medication(visit)]
    chosen = (_report, _procedure, _immunization, _allergy, _family, _request, _specimen, _imaging, _questionnaire)
    made += [make(visit) for number, make in enumerate(chosen) if (visit.person.serial + number) % 3 == 0]
    return [*made, _document(visit), *([_unheard_of(visit)] if visit.person.serial % 16 == 1 else [])]


def _met(visit: Visit, element: str = "encounter") -> Json:
    return {element: {"reference": f"Encounter/{key(visit, 'enc')}", "display": visit.person.name}}


def _encounter(visit: Visit) -> Part:
    kind = "IMP" if visit.inpatient else "AMB"
    resource = base(visit, "Encounter", "enc") | {
        "status": "finished",
        "class": {"system": f"{_HL7}/v3-ActCode", "code": kind, "display": "受診"},
        "period": {"start": f"{day(visit)}T09:10:00+09:00", "end": f"{day(visit, -1)}T23:59:00+09:00"},
        "reasonCode": [{"text": f"{visit.person.name}様 腹痛"}],
    }
    kept = {"encounter_no": 1, "class": kind, "status": "finished", "started": day(visit), "ended": day(visit, -1)}
    return Part(resource, "encounter", (kept,))


def _conditions(visit: Visit) -> list[Part]:
    made = []
    for number, illness in enumerate(visit.illnesses):
        code = f"2{illness.code}"
        resource = base(visit, "Condition", f"con{number}") | _met(visit) | {
            "clinicalStatus": {"coding": [{"system": f"{_HL7}/condition-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": f"{_HL7}/condition-ver-status", "code": "confirmed"}]},
            "category": [coded(f"{_HL7}/condition-category", "encounter-diagnosis")],
            "code": coded(_KEY, code, illness.name),
            "onsetDateTime": day(visit)[:7],
            "recordedDate": day(visit),
            "recorder": {"display": DOCTORS[0]},
        }  # fmt: skip
        resource["code"]["coding"].append({"system": _ICD10, "code": "E11.9"})
        kept = {
            "encounter_no": 1, "category": "encounter-diagnosis", "status": "active", "verification": "confirmed",
            "icd10": "E119", "disease_key": code, "onset_month": day(visit)[:7], "recorded": day(visit),
        }  # fmt: skip
        made.append(Part(resource, "condition", (kept,)))
    return made


def _observations(visit: Visit) -> list[Part]:
    """HbA1c; blood pressure of two components; a qualitative test in words; a finding in words that must go."""
    a1c, high = Decimal(f"{5 + 4 * visit.draws[15]:.1f}"), Decimal(100 + int(visit.draws[16] * 80))
    when, low = day(visit), Decimal(60 + int(visit.draws[17] * 40))
    first = {"status": "final", "effectiveDateTime": f"{when}T08:30:00+09:00", "performer": [{"display": DOCTORS[0]}]}
    sugar = base(visit, "Observation", "a1c") | _met(visit) | first | {
        "code": coded(JLAC10, "3D046000001906202"),
        "valueQuantity": {"value": float(a1c), "unit": "％", "system": "http://unitsofmeasure.org", "code": "%"},
        "referenceRange": [{"low": {"value": 4.6}, "high": {"value": 6.2}, "text": visit.person.name}],
        "interpretation": [coded(f"{_HL7}/v3-ObservationInterpretation", "H" if a1c > Decimal("6.2") else "N")],
    }  # fmt: skip
    pressure = base(visit, "Observation", "bp") | first | {
        "code": coded("http://loinc.org", "85354-9"),
        "component": [
            {"code": coded("http://loinc.org", code), "valueQuantity": {"value": int(value), "unit": "mm[Hg]"}}
            for code, value in (("8480-6", high), ("8462-4", low))
        ],
    }  # fmt: skip
    sign = base(visit, "Observation", "tp") | first | {
        "code": coded(JLAC10, "1A010000000191111"), "valueString": "（±）",
    }  # fmt: skip
    words = base(visit, "Observation", "obs") | first | {
        "code": coded(JLAC10, "9N501000000000011"), "valueString": f"{visit.person.name}様 {visit.person.phone}",
    }  # fmt: skip
    number = {"observed": when, "value_no": 1}
    tests = {"code_system": "jlac10", **number}
    kept_a1c = {
        "item": "hba1c", "code": "3D046000001906202", "value_number": a1c.quantize(Decimal("0.0001")), "unit": "%",
        "ref_low": Decimal("4.6000"), "ref_high": Decimal("6.2000"), "flag": "H" if a1c > Decimal("6.2") else "N",
    }  # fmt: skip
    both = tuple(
        number | {"item": item, "code_system": "loinc", "code": code, "value_number": value, "unit": "mmHg"}
        for item, code, value in (("systolic", "8480-6", high), ("diastolic", "8462-4", low))
    )
    protein = {"item": "urine_protein", "code": "1A010000000191111", "value_code": "trace"}
    return [
        Part(sugar, "test_value", (tests | kept_a1c,)),
        Part(pressure, "test_value", both),
        Part(sign, "test_value", (tests | protein,)),
        Part(words, "test_value", (tests | {"code": "9N501000000000011"},)),
    ]


def _medication(visit: Visit) -> Part:
    days = 7 + int(visit.draws[14] * 50)
    resource = base(visit, "MedicationRequest", "rx") | _met(visit) | {
        "status": "completed", "intent": "order", "authoredOn": f"{day(visit)}T10:00:00+09:00",
        "medicationCodeableConcept": coded(_YJ, "2149039F1023"),
        "requester": {"display": DOCTORS[1]},
        "dosageInstruction": [{
            "text": f"{visit.person.name}様 1日1回",
            "timing": {"code": coded("http://jami.jp/CodeSystem/MedicationUsage", "1011000400000000")},
            "doseAndRate": [{"doseQuantity": {"value": 1.5, "code": "TAB", "system": _UNITS, "unit": "錠"}}],
        }],
        "dispenseRequest": {
            "quantity": {"value": days, "code": "TAB", "system": _UNITS},
            "expectedSupplyDuration": {"value": days, "unit": "日"},
        },
    }  # fmt: skip
    kept = {
        "encounter_no": 1, "kind": "request", "status": "completed", "yj": "2149039F1023", "given": day(visit),
        "usage": "1011000400000000", "dose": Decimal("1.5000"), "dose_unit": "TAB", "quantity": Decimal(f"{days}.0000"),
        "quantity_unit": "TAB", "days": days,
    }  # fmt: skip
    return Part(resource, "medication", (kept,))


def _simple(visit: Visit, kind: str, word: str, table: str, more: Json, kept: Json, subject: str = "subject") -> Part:
    return Part(base(visit, kind, word, subject) | _met(visit) | more, table, ({"encounter_no": 1} | kept,))


def _report(visit: Visit) -> Part:
    more = {
        "status": "final", "code": coded("http://loinc.org", "11502-2"), "effectiveDateTime": day(visit),
        "category": [coded(f"{_HL7}/v2-0074", "LAB")], "conclusion": f"{visit.person.name}様 異常なし",
        "presentedForm": [{"contentType": "text/plain", "data": _base64(visit)}],
    }  # fmt: skip
    kept = {"status": "final", "category": "LAB", "loinc": "11502-2", "reported": day(visit)}
    return _simple(visit, "DiagnosticReport", "rep", "report", more, kept)


def _procedure(visit: Visit) -> Part:
    more = {
        "status": "completed", "performedPeriod": {"start": day(visit), "end": day(visit)},
        "code": coded("http://hl7.org/fhir/sid/icd-9-cm", "45.23"), "performer": [{"actor": {"display": DOCTORS[0]}}],
    }  # fmt: skip
    kept = {"status": "completed", "started": day(visit), "ended": day(visit), "icd9cm": "45.23"}
    return _simple(visit, "Procedure", "pro", "procedure", more, kept)


def _immunization(visit: Visit) -> Part:
    more = {
        "status": "completed", "occurrenceDateTime": day(visit), "lotNumber": visit.person.phone,
        "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "150"), "protocolApplied": [{"doseNumberPositiveInt": 2}],
    }  # fmt: skip
    kept = {"status": "completed", "given": day(visit), "cvx": "150", "dose_number": 2}
    return _simple(visit, "Immunization", "vac", "immunization", more, kept, "patient")


def _allergy(visit: Visit) -> Part:
    more = {
        "clinicalStatus": coded(f"{_HL7}/allergyintolerance-clinical", "active"), "category": ["food"],
        "code": coded(f"{_CORE}/CodeSystem/JP_JfagyFoodAllergen_CS", "J9FA32540000"), "criticality": "low",
        "onsetDateTime": "2020-04-10", "asserter": {"display": visit.person.kin_name},
    }  # fmt: skip
    kept = {
        "status": "active", "category": "food", "criticality": "low", "food": "J9FA32540000", "onset_month": "2020-04",
    }  # fmt: skip
    return _simple(visit, "AllergyIntolerance", "all", "allergy", more, kept, "patient")


def _family(visit: Visit) -> Part:
    conditions = [{"code": coded(_ICD10, code), "note": [{"text": visit.person.kin_name}]} for code in ("C169", "I10")]
    resource = base(visit, "FamilyMemberHistory", "fam", "patient") | {
        "status": "completed", "name": visit.person.kin_name, "relationship": coded(f"{_HL7}/v3-RoleCode", "MTH"),
        "condition": [*conditions, {"code": {"text": f"{visit.person.kin_name} 胃がん"}}],
    }  # fmt: skip
    kept = tuple({"relationship": "MTH", "icd10": code} for code in ("C169", "I10"))
    return Part(resource, "family_history", kept)


def _request(visit: Visit) -> Part:
    more = {
        "status": "active", "intent": "order", "authoredOn": day(visit), "patientInstruction": visit.person.name,
        "code": coded("http://loinc.org", "24627-2"),
    }  # fmt: skip
    kept = {"status": "active", "intent": "order", "requested": day(visit), "loinc": "24627-2"}
    return _simple(visit, "ServiceRequest", "req", "service_request", more, kept)


def _specimen(visit: Visit) -> Part:
    resource = base(visit, "Specimen", "spe") | {
        "type": coded(f"{_CORE}/CodeSystem/JP_ObservationSampleMaterialCode_CS", "023"),
        "accessionIdentifier": {"value": KITA.chart(visit.person)}, "collection": {"collectedDateTime": day(visit)},
    }  # fmt: skip
    return Part(resource, "specimen", ({"material": "023", "collected": day(visit)},))


def _imaging(visit: Visit) -> Part:
    more = {
        "status": "available", "started": f"{day(visit)}T11:00:00+09:00", "numberOfSeries": 2, "numberOfInstances": 48,
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}],
        "series": [{"uid": f"1.2.392.200036.{KITA.chart(visit.person)}.1", "description": visit.person.name}],
        "description": visit.person.name,
    }  # fmt: skip
    kept = {"status": "available", "modality": "CT", "started": day(visit), "series": 2, "instances": 48}
    return _simple(visit, "ImagingStudy", "img", "imaging_study", more, kept)


def _questionnaire(visit: Visit) -> Part:
    def item(question: str, **answer: object) -> Json:
        return {"linkId": question, "text": visit.person.name, "answer": [answer]}

    smokes = {"system": "urn:oid:1.2.392.200119.6.24060", "code": "2", "display": visit.person.name}
    resource = base(visit, "QuestionnaireResponse", "qre") | {
        "status": "completed", "authored": f"{day(visit)}T08:00:00+09:00",
        "item": [
            {"linkId": "page", "item": [item("9N736000000000011", valueCoding=smokes)]},
            item("9N741000000000011", valueString=f"{visit.person.name}です"),
            item("free", valueString=visit.person.phone),
            item("9N771000000000011", valueBoolean=True),
        ],
    }  # fmt: skip
    kept = (
        {"question": "9N736000000000011", "answer_code": "2", "answer_system": "1.2.392.200119.6.24060"},
        {"question": "9N771000000000011", "answer_code": "true"},
    )
    rows = tuple({"answer_no": number, "answered": day(visit)} | row for number, row in enumerate(kept, 1))
    return Part(resource, "answer", rows)


def _base64(visit: Visit) -> str:
    return base64.b64encode(f"患者{visit.person.name}様 {visit.person.phone}".encode()).decode()


def _document(visit: Visit) -> Part:
    return Part(
        base(visit, "DocumentReference", "doc")
        | {"content": [{"attachment": {"title": visit.person.name, "data": _base64(visit)}}]}
    )


def _unheard_of(visit: Visit) -> Part:
    return Part(base(visit, "VendorsOwnResource", "own") | {"memo": visit.person.name})
