"""FHIR bundles: what is read of a patient's resources, what is dropped and counted, and every way to be no bundle."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from provision.errors import FixConfiguration
from provision.formats.base import BadFile, Report
from tests.support.fhir import (
    JLAC10,
    Json,
    Read,
    bundle,
    condition,
    document_format,
    named,
    observation,
    of_bundle,
    patient,
    written,
)  # fmt: skip

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def loinc(code: str) -> Json:
    """A code of LOINC."""
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def test_who_it_is() -> None:
    read = of_bundle()
    (row,) = read.people.drop("claim_no").iter_rows(named=True)
    assert {name: cell for name, cell in row.items() if cell} == {
        "name": "架空山 花子", "kana": "カクウヤマ ハナコ", "birth": "19560203", "sex": "2", "insurer": "012345",
        "symbol": "あいう", "number": "187", "branch": "05", "facility": "1319999994", "chart": "0012345",
        "phone": "03-0123-9999", "address": "東京都港区架空町１－２－３",
    }  # fmt: skip
    assert read.rows("patient_record") == [
        {"resource_type": "Bundle", "facility": "1319999994", "insurer": "012345", "zip": "106",
         "birth_month": "1956-02", "sex": "2"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "evidence", "kept"),
    [
        ("1956-02-03", "19560203", "1956-02"),
        ("1956-02", None, "1956-02"),
        ("1956", None, None),
        ("1956-02-30", None, None),
        ("昭和31年2月3日", None, "1956-02"),
        ("", None, None),
    ],
)
def test_births_without_a_day_are_no_evidence(said: str, evidence: str | None, kept: str | None) -> None:
    read = Read("fhir-bundle", written(bundle(patient(birthDate=said))))
    assert read.people["birth"].to_list() == [evidence]
    assert read.rows("patient_record")[0].get("birth_month") == kept


@pytest.mark.parametrize(("said", "kept"), [("male", "1"), ("female", "2"), ("other", None), ("unknown", None)])
def test_sex(said: str, kept: str | None) -> None:
    read = Read("fhir-bundle", written(bundle(patient(gender=said))))
    assert read.people["sex"].to_list() == [kept]
    assert read.rows("patient_record")[0].get("sex") == kept


def test_the_card_of_a_coverage_with_its_payor() -> None:
    url = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson"
    parts = {"Symbol": "架空", "Number": "１２３", "SubNumber": "02"}
    insurer = {"system": "http://jpfhir.jp/fhir/core/Idsystem/insurer-number", "value": "06132013"}
    organization = {"resourceType": "Organization", "id": "i1", "identifier": [insurer]}
    coverage = {
        "resourceType": "Coverage", "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"reference": "Organization/i1"}],
        "extension": [{"url": f"{url}{name}", "valueString": text} for name, text in parts.items()],
        "relationship": {"coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/subscriber-relationship", "code": "spouse"}
        ]},
    }  # fmt: skip
    read = Read("fhir-bundle", written(bundle(patient(identifier=[]), organization, coverage)))
    assert read.people.select("insurer", "symbol", "number", "branch").rows() == [("06132013", "架空", "１２３", "02")]
    assert read.rows("patient_record")[0]["insured_as"] == "spouse"


def test_a_name_without_representation_is_kana_where_it_is_nothing_else() -> None:
    names = [{"family": "カクウヤマ", "given": ["ハナコ", None]}, {"family": "架空山", "given": ["花子"]}]
    read = Read("fhir-bundle", written(bundle(patient(name=[*names, named("Kakuyama", "ABC")]))))
    assert read.people.select("name", "kana").rows() == [("架空山 花子", "カクウヤマ ハナコ")]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-05-03T23:59:00+09:00", "2025-05-03"),
        ("2025-05-03T20:00:00Z", "2025-05-04"),
        ("2025-05-03T20:00:00.000Z", "2025-05-04"),
        ("2025-05-03", "2025-05-03"),
        ("2025-05", None),
        ("2025-05-03Tnoon", None),
    ],
)
def test_days_are_those_of_japan(moment: str, day: str | None) -> None:
    assert of_bundle(observation(effectiveDateTime=moment)).rows("test_value")[0].get("observed") == day


@pytest.mark.parametrize(
    ("quantity", "kept"),
    [
        ({"value": 7.1, "unit": "%"}, ("7.1000", "%")),
        ({"value": 7, "code": "％"}, ("7.0000", "%")),
        ({"value": 75, "unit": "ml/min/1.73m2"}, ("75.0000", "mL/min/{1.73_m2}")),
        ({"value": 7.1}, ("7.1000", None)),
        ({"value": 7.100000000000001}, ("7.1000", None)),
        ({"value": 1e3}, ("1000.0000", None)),
        ({"value": 7.1, "unit": "架空単位"}, (None, None)),
        ({"value": "7.1"}, (None, None)),
        ({"value": 10**40}, (None, None)),
        ({"value": {"name": "架空山"}}, (None, None)),
    ],
)
def test_numbers_count_with_units_we_know(quantity: dict[str, Any], kept: tuple[str | None, str | None]) -> None:
    (row,) = of_bundle(observation(valueQuantity=quantity)).rows("test_value")
    assert (row.get("value_number"), row.get("unit")) == (kept[0] and Decimal(kept[0]), kept[1])


@pytest.mark.parametrize(
    ("text", "kept"),
    [("(-)", "neg"), ("（±）", "trace"), ("２＋", "2pos"), ("+++", "3pos"), ("架空山花子", None), ("7.1", None)],
)
def test_words_are_read_where_they_are_signs(text: str, kept: str | None) -> None:
    read = of_bundle(observation(valueQuantity=None, valueString=text) | {"valueQuantity": {}})
    assert read.rows("test_value")[0].get("value_code") == kept
    assert read.report.warnings.get("fhir.words:test_value", 0) == (kept is None)


def test_components_are_values_of_their_own() -> None:
    parts = [
        {"code": loinc(code), "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in (("8480-6", 140), ("8462-4", 90))
    ]  # fmt: skip
    one = observation(code=loinc("85354-9"), component=parts)
    del one["valueQuantity"]
    rows = of_bundle(one, observation()).rows("test_value")
    assert [(row["value_no"], row["item"]) for row in rows] == [(1, "systolic"), (2, "diastolic"), (3, "hba1c")]


@pytest.mark.parametrize(
    ("said", "kept"), [("not-performed", "not_done"), ("asked-declined", "refused"), ("error", "not_measurable")]
)
def test_why_there_is_no_value(said: str, kept: str) -> None:
    one = observation(dataAbsentReason={"coding": [{"system": ABSENT, "code": said}]})
    del one["valueQuantity"]
    assert of_bundle(one).rows("test_value")[0]["absent"] == kept


def test_a_code_that_is_an_item_is_preferred_and_one_of_no_system_is_dropped() -> None:
    codings = [
        {"system": "http://example.org/local", "code": "3D046000001906202"},
        {"system": JLAC10, "code": "9Z999000000000000"},
        {"system": JLAC10, "code": "3D046000001906202"},
    ]
    assert of_bundle(observation(code={"coding": codings})).rows("test_value")[0]["item"] == "hba1c"
    read = of_bundle(observation(code={"coding": codings[:1], "text": "架空検査"}), condition(code={"text": "架空病"}))
    assert read.rows("test_value") == read.rows("condition") == []
    assert read.report.warnings == {"fhir.no_known_code:test_value": 1, "fhir.no_known_code:condition": 1}


def test_a_source_declares_systems_and_questions() -> None:
    local, item = "http://example.org/hot", {"linkId": "Q1", "answer": [{"valueInteger": 3}]}
    code = {"coding": [{"system": local, "code": "103831601"}]}
    drug = {"resourceType": "MedicationStatement", "medicationCodeableConcept": code}
    answers = {"resourceType": "QuestionnaireResponse", "item": [item]}
    plain = of_bundle(drug, answers)
    assert plain.report.warnings == {"fhir.no_known_code:medication": 1, "fhir.unknown_question": 1}
    told = of_bundle(drug, answers, options={"systems": {"hot": [local]}, "questions": ["Q1"]})
    assert told.rows("medication") == [{"kind": "statement", "hot": "103831601"}]
    assert told.rows("answer") == [{"answer_no": 1, "question": "Q1", "answer_number": Decimal("3.0000")}]


@pytest.mark.parametrize(
    "options",
    [
        {"colour": 1}, {"systems": []}, {"systems": {"nobody": []}}, {"systems": {"hot": "x"}}, {"questions": ["氏名"]},
        {"systems": {"hot": ["http://loinc.org"]}}, {"questions": "Q1"},
    ],
)  # fmt: skip
def test_options_that_are_none(options: dict[str, object]) -> None:
    with pytest.raises(FixConfiguration):
        of_bundle(options=options)


def test_references_to_encounters_become_numbers() -> None:
    encounters = [{"resourceType": "Encounter", "id": f"e{n}", "status": "finished"} for n in (1, 2)]
    met = [
        condition(encounter={"reference": ref}) for ref in ("Encounter/e2", "urn:uuid:0000-1", "#inside", "Encounter/x")
    ]
    read = of_bundle(*encounters, *met)
    assert [row["encounter_no"] for row in read.rows("encounter")] == [1, 2]
    assert [row.get("encounter_no") for row in read.rows("condition")] == [2, 1, None, None]


def test_what_is_another_patients_is_dropped() -> None:
    others = [condition(subject={"reference": ref}) for ref in ("Patient/p2", "#p1", "urn:uuid:0000-7", "架空山花子")]
    mine = [condition(subject={"reference": ref}) for ref in ("Patient/p1", "urn:uuid:0000-0", "http://x/Patient/p1")]
    read = of_bundle(*others, *mine, condition(subject={"display": "架空山"}))
    assert len(read.rows("condition")) == 4
    assert read.report.warnings == {"fhir.other_patient": 4}


def test_what_was_entered_in_error_is_dropped() -> None:
    status = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"}]
    }
    read = of_bundle(observation(status="entered-in-error"), condition(verificationStatus=status))
    assert read.rows("test_value") == read.rows("condition") == []
    assert read.report.warnings == {"fhir.entered_in_error": 2}


def test_kinds_that_are_not_read_are_counted_and_unknown_ones_never_named() -> None:
    read = of_bundle({"resourceType": "Practitioner"}, {"resourceType": "架空山花子"}, observation())
    assert read.report.warnings == {"fhir.passed:Practitioner": 1, "fhir.unknown_kind": 1}
    assert len(read.rows("test_value")) == 1


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (b" \n", "file.empty"),
        (b"{", "fhir.json"),
        (b"[]", "fhir.shape"),
        (b"null", "fhir.shape"),
        (written(patient()), "fhir.no_bundle"),
        (written(bundle()), "fhir.patient"),
        (written(bundle(patient(), patient(id="p2"))), "fhir.patient"),
        (written(bundle(patient())) + b"x", "fhir.json"),
        (written(bundle(patient())).replace("架空".encode(), b"\xff\xfe", 1), "text.encoding"),
        (written(bundle(patient())).replace("架空".encode(), b"a\0", 1), "fhir.json"),
        (written(bundle(patient())).decode().encode("cp932"), "text.encoding"),
        (written(bundle(patient())).decode().encode("utf-16"), "text.encoding"),
        (written(bundle(patient(birthDate=5))), "fhir.shape"),
        (written(bundle(patient(name={"text": "架空山"}))), "fhir.shape"),
        (written(bundle(patient(), {"id": "no kind"})), "fhir.shape"),
        (b'{"resourceType":"Bundle","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "fhir.depth"),
        (b'{"resourceType":"Bundle","x":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}", "fhir.depth"),
    ],
)
def test_what_is_no_bundle_of_one_patient(data: bytes, rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        document_format().document(data, {})
    assert caught.value.rule == rule
    assert caught.value.remedy
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "架空" not in str(caught.value)


def test_an_error_names_the_element() -> None:
    with pytest.raises(BadFile) as caught:
        document_format().document(written(bundle(patient(), observation(status=["架空山"]))), {})
    assert caught.value.field.endswith("status")


def test_a_byte_order_mark_is_no_matter_and_the_last_of_two_members_counts() -> None:
    data = written(bundle(patient())).replace(b'"gender"', b'"gender": "male", "gender"')
    read = Read("fhir-bundle", b"\xef\xbb\xbf" + data)
    assert read.people["sex"].to_list() == ["2"]


def test_many_documents_are_one_parcel_and_numbers_go_on() -> None:
    source, report = document_format(), Report()
    documents = [source.document(written(bundle(patient(), observation())), {}) for _ in range(3)]
    first, second = source.parcel(documents, report, {}), source.parcel(documents[:1], report, {})
    assert first.tables["test_value"]["claim_no"].to_list() == [0, 1, 2]
    assert second.people["claim_no"].to_list() == [3]
    assert report.edition == "R4"
