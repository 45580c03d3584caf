"""FHIR resources, one a file: read as a line of an export is, passed over, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provision.formats import formats
from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat, PassedOver
from provision.formats.recognising import of_file, recognise, refuse_another
from provision.identity import identities
from provision.joining import join
from tests.support.fhir import MEMBER, Json, Read, bundle, condition, lines, observation, patient, written

RESOURCE, NDJSON, BUNDLE = "fhir-resource", "fhir-ndjson", "fhir-bundle"
CARD = {"identifier": {"system": MEMBER, "value": "00012345:あいう:187:05"}}


def pretty(resource: Json) -> bytes:
    """Over several lines."""
    return json.dumps(resource, ensure_ascii=False, indent=2).encode()


def reader() -> DocumentFormat:
    found = formats()[RESOURCE]
    assert isinstance(found, DocumentFormat)
    return found


@pytest.mark.parametrize("made", [patient(), observation(), condition(), observation(subject=CARD)])
@pytest.mark.parametrize("write", [pretty, written])
def test_a_file_is_what_a_line_is(made: Json, write: Any) -> None:
    single, line = Read(RESOURCE, b"\xef\xbb\xbf" + write(made)), Read(NDJSON, lines(made))
    assert single.people.rows() == line.people.rows()
    assert {name: frame.rows() for name, frame in single.tables.items()} == {
        name: frame.rows() for name, frame in line.tables.items()
    }
    assert (single.report.warnings, single.report.edition) == (line.report.warnings, "R4")


def test_files_of_a_patient_meet_in_the_reference_and_on_the_card() -> None:
    sent = [patient(), observation(), condition(subject={"reference": "Patient/p2"}), observation(subject=CARD)]
    documents = [reader().document(pretty(one), {}) for one in sent]
    parcel = reader().parcel(documents, Report(), {})
    people, _ = join(identities(parcel.people, b"k" * 32, "server"))
    assert people[0] == people[1] == people[3] != people[2]
    assert parcel.tables["patient_record"]["resource_type"].to_list() == [one["resourceType"] for one in sent]


@pytest.mark.parametrize("kind", ["Organization", "Practitioner", "CarePlan"])
def test_what_is_not_read_is_passed_over(kind: str) -> None:
    with pytest.raises(PassedOver) as caught:
        reader().document(pretty({"resourceType": kind, "name": "架空"}), {})
    assert caught.value.rule == "fhir.passed"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b" \n", "file.empty"),
        (b"null", "fhir.unknown_kind"),
        (pretty({"resourceType": "架空山花子"}), "fhir.unknown_kind"),
        (pretty({"id": "1"}), "fhir.shape"),
        (b"[]", "fhir.shape"),
        (pretty(bundle(patient())), "fhir.bundle"),
        (pretty(observation(subject={"display": "架空山"})), "fhir.subject"),
        (pretty(observation(status=["架空山"])), "fhir.shape"),
        (lines(patient(), observation()), "fhir.json"),
        (pretty(patient())[:-1], "fhir.json"),
        (pretty(patient()).replace("架空".encode(), b"\xff\xfe", 1), "text.encoding"),
        (pretty(patient()).replace("架空".encode(), b"a\0", 1), "fhir.json"),
        (b'{"resourceType":"Patient","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "fhir.depth"),
    ],
)
def test_what_is_no_resource_of_a_person(data: bytes, rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        reader().document(data, {})
    assert (caught.value.rule, caught.value.record) == (rule, 0)
    assert caught.value.remedy
    assert "架空" not in str(caught.value)


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (pretty(patient()), RESOURCE),
        (b'\xef\xbb\xbf{"resourceType": "Patient",\n "id": "1"}', RESOURCE),
        (pretty({"resourceType": "Organization"}), RESOURCE),
        (written(patient()), NDJSON),
        (lines(patient(), observation()), NDJSON),
        (pretty(bundle(patient())), BUNDLE),
    ],
)
def test_one_format_recognises_it(head: bytes, form: str) -> None:
    assert recognise(head).format == form


@pytest.mark.parametrize("head", [pretty({"resourceType": "架空"}), pretty({"resourceType": "Nobody"}), pretty({})])
def test_unknown_kinds_are_nobodys(head: bytes) -> None:
    with pytest.raises(BadFile) as caught:
        recognise(head)
    assert caught.value.rule == "format.foreign"


def test_a_source_of_single_resources_takes_those_on_one_line_too() -> None:
    refuse_another(reader(), written(patient()))
    refuse_another(reader(), b"\xef\xbb\xbf" + written(patient()) + b"\n")
    for other in (lines(patient(), observation()), pretty(bundle(patient()))):
        with pytest.raises(BadFile) as caught:
            refuse_another(reader(), other)
        assert caught.value.rule == "format.another"
    both = [formats()[NDJSON], reader()]
    assert of_file(both, written(patient())).id == NDJSON
    assert of_file(both, pretty(patient())).id == RESOURCE
