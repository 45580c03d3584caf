"""No place of a FHIR resource lets a name through: one test a place, and the law that what no path names is nothing."""

from __future__ import annotations

import base64
import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import HEAD_BYTES, BadFile
from provision.formats.documents import PassedOver
from provision.formats.fhirpaths import is_read, parse, table
from provision.formats.recognising import recognise
from provision.sampledata.blocks import World, make_block
from provision.sampledata.deliveries import senders
from provision.sampledata.illness import Visit
from tests.support.fhir import Json, Read, bundle, condition, lines, observation, patient, written
from tests.support.leaksearch import search

SECRET = "架空秘密子"
_DIV = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{SECRET}</div>'}
_DATA = base64.b64encode(SECRET.encode()).decode()
_SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "fhir_jpcore"


def _all(**more: Any) -> Callable[[], list[Json]]:
    return lambda: [one | copy.deepcopy(more) for one in (observation(), condition())]


#: Every place where formats.md of the field facts has seen a person or a key, with resources that have one there.
PLACES: dict[str, Callable[[], list[Json]]] = {
    "resource.id": _all(id=SECRET),
    "meta.source": _all(meta={"source": SECRET, "tag": [{"display": SECRET}]}),
    "Reference.display": _all(subject={"reference": "Patient/p1", "display": SECRET}, encounter={"display": SECRET}),
    "contained": _all(contained=[{"resourceType": "Patient", "name": [{"text": SECRET}]}]),
    "text.div": _all(text=_DIV),
    "extension.valueString": _all(extension=[{"url": SECRET, "valueString": SECRET}]),
    "identifier.assigner.display": _all(identifier=[{"value": "1", "assigner": {"display": SECRET}}]),
    "resourceInstance-identifier": _all(
        identifier=[{"system": "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier", "value": SECRET}]
    ),
    "Composition": lambda: [
        {"resourceType": "Composition", "title": SECRET, "author": [{"display": SECRET}],
         "custodian": {"display": SECRET}, "section": [{"title": SECRET, "text": _DIV, "section": [{"text": _DIV}]}]}
    ],
    "Practitioner": lambda: [
        {"resourceType": "Practitioner", "name": [{"text": SECRET}], "identifier": [{"value": SECRET}]},
        {"resourceType": "PractitionerRole", "practitioner": {"display": SECRET}},
    ],
    "Organization": lambda: [
        {"resourceType": "Organization", "name": SECRET, "telecom": [{"value": SECRET}], "address": [{"text": SECRET}]}
    ],
    "DocumentReference and Binary": lambda: [
        {"resourceType": "DocumentReference", "content": [{"attachment": {"data": _DATA, "title": SECRET}}]},
        {"resourceType": "Binary", "contentType": "application/pdf", "data": _DATA},
    ],
    "Annotation note": _all(note=[{"text": SECRET, "authorString": SECRET}]),
    "free answers": lambda: [
        {"resourceType": "QuestionnaireResponse", "item": [
            {"linkId": "9N736000000000011", "text": SECRET, "answer": [{"valueString": SECRET}]},
            {"linkId": SECRET, "answer": [{"valueCoding": {"code": "1", "display": SECRET}}]},
            {"linkId": "9N741000000000011", "answer": [{"valueCoding": {"code": SECRET, "system": SECRET}}]},
        ]}
    ],
    "Media": lambda: [{"resourceType": "Media", "content": {"data": _DATA, "title": SECRET}}],
    "Coding.display and text": _all(code={"coding": [
        {"system": "urn:oid:1.2.392.200119.4.504", "code": "3D046000001906202", "display": SECRET},
        {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E119", "display": SECRET},
    ], "text": SECRET}),
    "a name as a code": _all(code={"coding": [
        {"system": "urn:oid:1.2.392.200119.4.504", "code": SECRET},
        {"system": "http://hl7.org/fhir/sid/icd-10", "code": SECRET},
    ]}),
    "a name as a status": _all(status=SECRET, clinicalStatus={"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": SECRET}
    ]}),
    "a name as a date": _all(effectiveDateTime=SECRET, onsetDateTime=f"{SECRET}T1", recordedDate=SECRET),
    "a name as a value": _all(valueString=SECRET, valueQuantity={"unit": SECRET, "comparator": SECRET, "code": SECRET}),
    "a name as a coded value": _all(valueCodeableConcept={"coding": [{"system": "urn:oid:1.2", "code": SECRET}]}),
    "a name as a system": _all(valueCodeableConcept={"coding": [{"system": f"urn:oid:{SECRET}", "code": "1"}]}),
    "family": lambda: [
        {"resourceType": "FamilyMemberHistory", "name": SECRET, "condition": [{"code": {"text": SECRET}}]}
    ],
    "UIDs": lambda: [
        {"resourceType": "ImagingStudy", "identifier": [{"value": SECRET}],
         "series": [{"uid": SECRET, "description": SECRET}]}
    ],
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_no_place_of_a_resource_lets_a_name_through(place: str) -> None:
    resources = PLACES[place]()
    data = written(bundle(patient(), *resources))
    assert SECRET.encode() in data or _DATA.encode() in data
    for read in (Read("fhir-bundle", data), Read("fhir-ndjson", lines(patient(), *resources))):
        for hidden in (SECRET, _DATA):
            assert hidden not in read.text() + repr(read.report.warnings) + repr(read.people.rows())


def test_no_place_of_the_bundle_and_the_patient_lets_a_name_through() -> None:
    """What says who it is comes to the people and not further; the rest to neither."""
    who = patient(
        contact=[{"name": {"text": SECRET}}], photo=[{"data": _DATA}], text=_DIV, link=[{"other": {"display": SECRET}}]
    )
    who |= {"maritalStatus": {"text": SECRET}, "extension": [{"url": "birthPlace", "valueAddress": {"text": SECRET}}]}
    whole = bundle(who, observation()) | {"id": SECRET, "meta": {"source": SECRET}, "signature": {"data": _DATA}}
    whole["identifier"] = {"system": SECRET, "value": SECRET}
    whole["link"] = [{"relation": "self", "url": f"http://x/{SECRET}"}]
    read = Read("fhir-bundle", written(whole))
    assert SECRET not in read.text() + repr(read.people.rows())
    for name in ("架空山", "カクウヤマ", "0012345", "03-0123", "架空町", "あいう", "187"):
        assert name in repr(read.people.rows())
        assert name not in read.text()


def test_full_urls_and_ids_are_in_no_table() -> None:
    whole = bundle(
        patient(),
        {"resourceType": "Encounter", "id": SECRET},
        condition(encounter={"reference": f"Encounter/{SECRET}"}),
    )
    whole["entry"][1]["fullUrl"] = f"http://x/Encounter/{SECRET}"
    read = Read("fhir-bundle", written(whole))
    assert read.rows("condition")[0]["encounter_no"] == 1
    assert SECRET not in read.text()


def _every_object(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _every_object(below)


#: Names of elements that some path names: a member called so may mean something, all others mean nothing.
NAMED = {step.name for f in table().fields if is_read(f) for path in parse(f.record) for step in path.steps} | {
    "resourceType", "resource", "entry", "id", "url", "system", "code",
}  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5).map(lambda text: f"{SECRET}{text}"),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["a", "text", "value", SECRET]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
_OTHER_NAMES = st.sampled_from(
    ["display", "div", "note", "contained", "meta", "_birthDate", "comment", "photo", SECRET, ""]
)


def _world_bundle() -> Json:
    sender, world = senders()["fhir-bundle"], World.of(3, 40, ("2025-05",))
    delivery = sender.delivery(world.months[0], 0)
    (visit, *_) = sender.occasion(world, make_block(world, 0), world.months[0], True)
    found: Json = json.loads(delivery.documents(visit)[0].data)
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_members_that_no_path_names_change_nothing(data: st.DataObject) -> None:
    """許可リスト: what stands anywhere in a bundle under a name of no path, all cells of the output stay the same."""
    plain = _world_bundle()
    spoiled = copy.deepcopy(plain)
    places = list(_every_object(spoiled))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.sampled_from(places))
        place[data.draw(_OTHER_NAMES.filter(lambda name: name not in NAMED))] = data.draw(_JSON)
    before, after = Read("fhir-bundle", written(plain)), Read("fhir-bundle", written(spoiled))
    assert after.text() == before.text()
    assert after.people.equals(before.people)
    assert after.report.warnings == before.report.warnings


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_member_at_all_is_refused_or_leaks_nothing(data: st.DataObject) -> None:
    """A name under any name, those of paths too, in the place of anything that does not say who it is."""
    spoiled = _world_bundle()
    places = [one for one in _every_object(spoiled["entry"][4:]) if one]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(places))
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(st.just(SECRET) | _JSON)
    told = ""
    try:
        read = Read("fhir-bundle", written(spoiled))
        told = read.text() + repr(read.report.warnings)
    except BadFile as refusal:
        told = str(refusal)
    assert SECRET not in told


def _identifying(visit: Visit) -> list[tuple[str, str]]:
    person, card = visit.person, visit.coverage
    kana = f"{person.surname.kana}{person.given.kana}"
    found = [("name", person.name.replace("　", "")), ("name", person.name.replace("　", " ")), ("kana", kana)]
    found += [
        ("phone", person.phone),
        ("chart", person.chart),
        ("address", person.address.text),
        ("kin", person.kin_name),
    ]
    return found + ([("insured", f"{card.symbol}:{card.number}")] if card else [])


@pytest.mark.parametrize("form", ["fhir-bundle", "fhir-ndjson"])
def test_nothing_of_the_worlds_people_is_in_what_would_be_stored(form: str, tmp_path: Path) -> None:
    sender, world = senders()[form], World.of(4, 60, ("2025-05",))
    delivery, values = sender.delivery(world.months[0], 1), []
    for number, visit in enumerate(sender.occasion(world, make_block(world, 0), world.months[0], True)):
        values += _identifying(visit)
        read = Read(form, delivery.documents(visit)[0].data)
        for name, frame in read.tables.items():
            frame.write_parquet(tmp_path / f"{name}-{number}.parquet", compression="uncompressed")
            frame.write_csv(tmp_path / f"{name}-{number}.csv")
    assert len(values) > 100
    assert search([tmp_path], values) == []


def _texts(node: Any) -> Iterator[str]:
    """Everything of a sample that names somebody, or leads to a record."""
    for one in _every_object(node):
        for key in ("family", "display", "div", "fullUrl", "source"):
            if isinstance(one.get(key), str):
                yield one[key]
        if one.get("resourceType") in {"Patient", "Organization", "Practitioner"}:
            for inner in _every_object(one):
                for key in ("text", "value", "postalCode", "name"):
                    if isinstance(inner.get(key), str):
                        yield inner[key]


@pytest.mark.skipif(not _SAMPLES.is_dir(), reason="there are no FHIR samples beside this checkout")
def test_every_sample_is_taken_passed_over_or_refused_and_nothing_of_its_people_is_kept() -> None:
    """CLINS and eReferral examples by what they are recognised as; the twins on documents of our own are above and in
    test_fhir_resource. Refused is what does not say whose it is, passed over what is of nobody."""
    ended, subjects = Counter[str](), Counter[str]()
    for path in sorted(_SAMPLES.rglob("*.json")):
        data = path.read_bytes()
        form = recognise(data[:HEAD_BYTES]).format
        try:
            found = Read(form, data)
        except (BadFile, PassedOver) as other:
            ended[other.rule] += 1
            subjects[other.rule] += "subject" in json.loads(data)
            continue
        ended[form] += 1
        kept = {
            word for frame in found.tables.values() for row in frame.rows() for word in row if isinstance(word, str)
        }
        facilities = {row.get("facility") for row in found.rows("patient_record")}
        assert not {text for text in _texts(json.loads(data)) if len(text) > 2} & (kept - facilities)
        assert form != "fhir-bundle" or found.rows("patient_record")[0]["birth_month"]
    assert set(ended) == {"fhir-bundle", "fhir-resource", "fhir.passed", "fhir.subject"}
    assert not subjects["fhir.subject"]
    assert ended["fhir-bundle"] + ended["fhir-resource"] > ended["fhir.passed"] + ended["fhir.subject"]


@pytest.mark.skipif(not _SAMPLES.is_dir(), reason="there are no FHIR samples beside this checkout")
def test_single_resources_of_the_samples_are_lines_of_an_export() -> None:
    """Every one is taken, or held where nobody knows whose it is; the twin is in test_fhir_ndjson."""
    singles = [json.loads(path.read_bytes()) for path in sorted(_SAMPLES.rglob("*.json")) if "Bundle" not in path.name]
    read = Read("fhir-ndjson", lines(*singles))
    passed = sum(count for rule, count in read.report.warnings.items() if rule.startswith("fhir.passed:"))
    assert len(read.rows("patient_record")) + passed + len(read.report.held) == len(singles) > 50
    assert {held.rule for held in read.report.held} == {"fhir.subject"}
    kept = {word for frame in read.tables.values() for row in frame.rows() for word in row if isinstance(word, str)}
    facilities = {row.get("facility") for row in read.rows("patient_record")}
    assert not {text for single in singles for text in _texts(single) if len(text) > 2} & (kept - facilities)
    assert len(read.rows("medication")) > 10
