"""Whose FHIR records are: many people read together are as each alone, and what counts where two say something."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.formats.base import Report
from provision.intake.deidentify import deidentify
from tests.support.fhir import (
    CHART,
    MEMBER,
    Json,
    Read,
    bundle,
    document_format,
    lines,
    named,
    observation,
    of_bundle,
    patient,
    written,
)

EXTENSION = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson"
INSURER = "http://jpfhir.jp/fhir/core/Idsystem/insurer-number"
OWN_CHART = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Hospital_PatientID"
SUBSCRIBER = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
BENEFICIARY: Json = {"reference": "Patient/p1"}


def coverage(**more: Any) -> Json:
    """The card 06132013 記号:番号 of the patient, without a branch."""
    return {
        "resourceType": "Coverage", "id": "v1", "beneficiary": BENEFICIARY, "subscriberId": "記号:１２３",
        "payor": [{"identifier": {"system": INSURER, "value": "06132013"}}],
    } | more  # fmt: skip


def card_of(read: Read) -> list[tuple[Any, ...]]:
    return read.people.select("insurer", "symbol", "number", "branch").rows()


_texts = st.sampled_from(
    [None, "", " ", "架空", "カクウ", "1956-02-03", "1956-02", "00012345:あ:１８７:05", "06132013"]
)
_systems = st.sampled_from([CHART, OWN_CHART, MEMBER, INSURER, "urn:oid:1.2.3", None])


def _some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.none() | one, max_size=3)


_identifiers = _some(st.fixed_dictionaries({"system": _systems, "value": _texts}))
_references = st.fixed_dictionaries(
    {"reference": st.sampled_from([None, "", "Patient/p1", "urn:uuid:p2", "Group/p1"])},
    optional={"identifier": st.fixed_dictionaries({"system": _systems, "value": _texts})},
)
_patients = st.fixed_dictionaries(
    {"resourceType": st.just("Patient")},
    optional={
        "id": st.sampled_from(["p1", "p2", "", None]), "birthDate": _texts, "deceasedDateTime": _texts,
        "gender": st.sampled_from(["male", "female", "other", None]), "identifier": _identifiers,
        "name": _some(st.builds(named, _texts, st.sampled_from(["IDE", "SYL", ""])) | st.builds(dict, family=_texts)),
        "telecom": _some(st.builds(dict, system=st.sampled_from(["phone", "email", None]), value=_texts)),
        "address": _some(st.builds(dict, text=_texts, line=_some(_texts), postalCode=_texts)),
    },
)  # fmt: skip
_extensions = st.builds(
    lambda part, text: {"url": EXTENSION + part, "valueString": text},
    st.sampled_from(["Symbol", "Number", "SubNumber", "架空"]), _texts,
)  # fmt: skip
_coverages = st.fixed_dictionaries(
    {"resourceType": st.just("Coverage")},
    optional={
        "id": st.just("v1"), "beneficiary": _references, "identifier": _identifiers, "extension": _some(_extensions),
        "subscriberId": st.sampled_from([None, "", "記号:１", ":１", "記号:", "記号"]), "dependent": _texts,
        "payor": _some(st.builds(dict, identifier=st.builds(dict, system=_systems, value=_texts))),
        "relationship": st.builds(dict, coding=_some(st.just({"system": SUBSCRIBER, "code": "self"}))),
    },
)  # fmt: skip
_observations = st.builds(lambda subject: observation(subject=subject), st.none() | _references)


@settings(max_examples=40, deadline=None)
@given(resources=st.lists(_patients | _coverages | _observations, min_size=1, max_size=12))
def test_lines_read_together_are_as_each_alone(resources: list[Json]) -> None:
    sure = observation(subject={"reference": "Patient/p3"})
    together = Read("fhir-ndjson", lines(sure, *resources))
    alone = [Read("fhir-ndjson", lines(sure, one)) for one in resources]
    people = [row for read in alone for row in read.people.drop("claim_no").rows()[1:]]
    assert together.people.drop("claim_no").rows()[1:] == people
    assert together.rows("patient_record")[1:] == [row for read in alone for row in read.rows("patient_record")[1:]]
    held = [number for number, read in enumerate(alone, 2) if read.report.held]
    assert [one.record for one in together.report.held] == held


@settings(max_examples=25, deadline=None)
@given(said=st.lists(st.tuples(_patients, st.lists(_coverages, max_size=2)), min_size=1, max_size=6))
def test_bundles_read_together_are_as_each_alone(said: list[tuple[Json, list[Json]]]) -> None:
    whole = [written(bundle(one, *cards)) for one, cards in said]
    together = Together(whole)
    alone = [Read("fhir-bundle", one) for one in whole]
    assert together.people.drop("claim_no").rows() == [r for read in alone for r in read.people.drop("claim_no").rows()]
    assert together.rows("patient_record") == [row for read in alone for row in read.rows("patient_record")]


class Together(Read):
    """Many bundles in one parcel."""

    def __init__(self, datas: list[bytes]) -> None:
        source, self.report = document_format(), Report()
        parcel = source.parcel([source.document(data, {}) for data in datas], self.report, {})
        self.tables, self.people = deidentify(parcel, source.dataset, self.report, Applied()), parcel.people


def test_a_patients_own_card_counts_more_than_a_coverage() -> None:
    card = [{"system": MEMBER, "value": "00012345:あいう:187:"}]
    assert card_of(of_bundle(coverage())) == [("012345", "あいう", "187", "05")]
    without_branch = Read("fhir-bundle", written(bundle(patient(identifier=card), coverage(dependent="02"))))
    assert card_of(without_branch) == [("012345", "あいう", "187", None)]
    no_card = Read("fhir-bundle", written(bundle(patient(identifier=[]), coverage(dependent="02"))))
    assert card_of(no_card) == [("06132013", "記号", "123", "02")]


def test_the_first_coverage_with_a_number_is_a_bundles_card() -> None:
    empty = coverage(subscriberId=None, payor=[{"identifier": {"system": INSURER, "value": "00099999"}}])
    own = bundle(patient(identifier=[]), empty, coverage(), coverage(subscriberId="別:9"))
    assert card_of(Read("fhir-bundle", written(own))) == [("06132013", "記号", "123", None)]


def test_cards_of_a_patient_complete_each_other() -> None:
    cards = [{"system": MEMBER, "value": value} for value in ("::187:", "06132013:あいう:999:05", "1:2")]
    assert card_of(Read("fhir-ndjson", lines(patient(identifier=cards)))) == [("06132013", "あいう", "187", "05")]


def test_a_coverage_as_one_identifier_is_all_of_the_card() -> None:
    whole = [None, {"system": OWN_CHART, "value": "1"}, {"system": MEMBER, "value": "06132013:あ:1:"}]
    read = Read("fhir-ndjson", lines(coverage(identifier=whole, dependent="02", subscriberId="記号:2")))
    assert card_of(read) == [("06132013", "あ", "1", None)]


def test_what_a_coverage_does_not_say_the_card_beside_its_reference_does() -> None:
    beside = {"identifier": {"system": MEMBER, "value": "00012345:あいう:187:05"}}
    (row,) = card_of(Read("fhir-ndjson", lines(coverage(beneficiary=beside, subscriberId=None))))
    assert row == ("06132013", "あいう", "187", "05")
    (row,) = card_of(Read("fhir-ndjson", lines(coverage(beneficiary=beside))))
    assert row == ("06132013", "記号", "123", "05")


@pytest.mark.parametrize(
    "resource",
    [
        coverage(beneficiary=None),
        coverage(beneficiary={"reference": "Group/1"}, subscriberId=None),
        patient(id=None, identifier=[{"system": CHART, "value": "1"}]),
        patient(id="", identifier=[]),
        observation(subject={"identifier": {"system": OWN_CHART, "value": "1"}}),
    ],
)
def test_of_whom_nobody_knows_is_held(resource: Json) -> None:
    read = Read("fhir-ndjson", lines(observation(), resource))
    assert [(one.record, one.rule) for one in read.report.held] == [(2, "fhir.subject")]
    assert [row["resource_type"] for row in read.rows("patient_record")] == ["Observation"]


def test_a_patient_without_an_id_is_known_by_the_card() -> None:
    assert card_of(Read("fhir-ndjson", lines(patient(id=None)))) == [("012345", "あいう", "187", "05")]


def test_patients_alone_are_a_file() -> None:
    read = Read("fhir-ndjson", lines(patient(), {"resourceType": "Practitioner"}, patient(id="p2")))
    assert read.people["chart"].to_list() == ["p1", "p2"]
    assert [row["resource_type"] for row in read.rows("patient_record")] == ["Patient", "Patient"]
