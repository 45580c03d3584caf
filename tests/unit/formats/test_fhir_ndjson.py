"""FHIR bulk exports: a line is a record, its person the one it refers to, a bad line costs itself alone."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import formats
from provision.formats.base import HELD_RECORDS, BadFile, Report
from provision.formats.fhir_ndjson import BLOCK, LINE_LIMIT
from provision.identity import identities
from provision.intake.keying import claim_tokens
from provision.joining import join
from tests.support.fhir import MEMBER, Read, bundle, condition, lines, observation, of_bundle, patient, written

ENCOUNTER = {"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": "Patient/p1"}}
NDJSON = "fhir-ndjson"


def test_a_line_is_a_record_of_its_kind() -> None:
    read = Read(NDJSON, lines(patient(), ENCOUNTER, observation(), condition(encounter={"reference": "Encounter/e1"})))
    kinds = [row["resource_type"] for row in read.rows("patient_record")]
    assert kinds == ["Patient", "Encounter", "Observation", "Condition"]
    assert read.tables["test_value"]["claim_no"].to_list() == [2]
    assert read.rows("encounter") == [{"encounter_no": 1, "status": "finished"}]
    assert read.rows("condition") == [{"icd10": "E119"}]
    assert (read.report.records, read.report.people, read.report.edition) == (4, 4, "R4")


@pytest.mark.parametrize(
    "reference", ["Patient/p1", "http://server/fhir/Patient/p1", "Patient/p1/_history/3", "urn:uuid:p1"]
)
def test_all_lines_of_a_patient_meet_in_the_reference(reference: str) -> None:
    data = lines(
        observation(subject={"reference": reference}), patient(), observation(subject={"reference": "Patient/p2"})
    )
    people, _ = join(identities(Read(NDJSON, data).people, b"k" * 32, "export"))
    assert people[0] == people[1] != people[2]


def test_ids_of_two_sources_are_two_people_and_a_card_is_one() -> None:
    card = {"identifier": {"system": MEMBER, "value": "00012345:あいう:187:05"}}
    people = Read(NDJSON, lines(observation())).people
    one, other = (identities(people, b"k" * 32, source)["facility_chart"][0] for source in ("a", "b"))
    assert one != other
    by_card = identities(Read(NDJSON, lines(observation(subject=card))).people, b"k" * 32, "a")["health_branch"][0]
    assert by_card == identities(of_bundle().people, b"k" * 32, "b")["health_branch"][0]


BAD = {
    "fhir.json": b'{"resourceType":"Observation"',
    "fhir.shape": written(observation(status=["final"])),
    "text.encoding": written(observation()).replace(b"final", b"\xff\xfe"),
    "fhir.subject": written(observation(subject={"display": "架空山"})),
    "fhir.bundle": written(bundle(patient())),
    "fhir.depth": b'{"resourceType":"Observation","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("rule", BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_line_is_held_and_the_others_go_on(rule: str, place: int) -> None:
    good = [written(patient()), written(observation())]
    read = Read(NDJSON, lines(*good[:place], BAD[rule], *good[place:]))
    assert [(held.record, held.rule, held.raw) for held in read.report.held] == [(place + 1, rule, BAD[rule])]
    assert read.report.warnings == {f"held:{rule}": 1}
    assert len(read.rows("patient_record")) == 2
    assert len(read.rows("test_value")) == 1


def test_more_than_a_few_bad_lines_are_a_bad_file() -> None:
    with pytest.raises(BadFile) as caught:
        Read(NDJSON, lines(patient(), *[BAD["fhir.json"]] * (HELD_RECORDS + 1)))
    assert (caught.value.rule, caught.value.record) == ("fhir.json", 2)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf\n\n", "file.empty"),
        (BAD["fhir.json"], "fhir.json"),
        (lines(BAD["fhir.subject"]), "fhir.subject"),
        (lines(bundle(patient()))[:-2], "fhir.json"),
    ],
)
def test_a_file_of_which_nothing_can_be_taken_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        Read(NDJSON, data)
    assert caught.value.rule == rule


class Endless(io.RawIOBase):
    """A line that never ends; says how much of it was read."""

    told = 0

    def read(self, size: int = -1) -> bytes:
        self.told += size
        return b"x" * size


def test_a_line_without_end_is_refused_without_reading_on() -> None:
    stream = Endless()
    with pytest.raises(BadFile) as caught:
        list(formats()[NDJSON].read(stream, Report(), {}))  # type: ignore[arg-type]
    assert caught.value.rule == "fhir.line_length"
    assert stream.told <= BLOCK + LINE_LIMIT + 2**20


def test_kinds_that_are_not_read_make_no_record() -> None:
    read = Read(NDJSON, lines({"resourceType": "Practitioner"}, {"resourceType": "架空"}, patient()))
    assert read.report.warnings == {"fhir.passed:Practitioner": 1, "fhir.unknown_kind": 1}
    assert len(read.rows("patient_record")) == 1


def test_what_was_entered_in_error_is_a_record_without_rows() -> None:
    """So that it replaces what was sent before it."""
    read = Read(NDJSON, lines(observation(status="entered-in-error")))
    assert read.rows("patient_record") == [{"resource_type": "Observation"}]
    assert read.rows("test_value") == []


def _tokens(form: str, data: bytes) -> list[str | None]:
    source = formats()[form]
    (parcel,) = source.read(io.BytesIO(data), Report(), {})
    made = claim_tokens(b"k" * 32, source.dataset, parcel)
    assert made is not None
    return made["key"].to_list()


def test_a_version_sent_later_has_the_number_of_the_earlier_one() -> None:
    first, second, other = observation(), observation(meta={"versionId": "2"}), observation(id="o2")
    tokens = _tokens(NDJSON, lines(first, second, other, condition(id="o1"), condition(id=None)))
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 4
    assert tokens[-1] is None


def test_a_document_sent_again_has_the_number_of_its_composition() -> None:
    def sent(composition: str | None, number: str) -> str | None:
        said = {"identifier": {"system": "s", "value": composition}} if composition else {}
        document = bundle(
            {"resourceType": "Composition", **said}, patient(), identifier={"system": "b", "value": number}
        )
        return _tokens("fhir-bundle", written(document))[0]

    assert sent("1", "a") == sent("1", "b")
    assert len({sent("1", "a"), sent("2", "a"), sent(None, "a"), sent(None, "b")}) == 4


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_blocks_of_any_size_give_the_same(seed: int, size: int) -> None:
    resources = [patient(), *(observation(id=f"o{n}", valueQuantity={"value": n}) for n in range(20))]
    data = lines(*resources)
    whole, chance = Read(NDJSON, data), random.Random(seed)

    class Dripping(io.BytesIO):
        def read(self, wanted: int | None = -1) -> bytes:
            return super().read(chance.randint(1, size))

    tables = [parcel.tables["test_value"] for parcel in formats()[NDJSON].read(Dripping(data), Report(), {})]
    assert [frame["value_number"].to_list() for frame in tables] == [
        whole.tables["test_value"]["value_number"].to_list()
    ]


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (lines(patient(), observation()), NDJSON),
        (b"\xef\xbb\xbf" + lines(observation()), NDJSON),
        (written(patient()), NDJSON),
        (written(bundle(patient())), "fhir-bundle"),
        (b'\xef\xbb\xbf {\n "resourceType" : "Bundle"', "fhir-bundle"),
        (b'{"resourceType": "Patient",\n "id": "1"}', ""),
        (b'{"a": 1}\n', ""),
        (b"[]", ""),
        (b"{}", ""),
    ],
)
def test_which_of_the_two_recognises_what(head: bytes, form: str) -> None:
    assert [name for name in ("fhir-bundle", NDJSON) if formats()[name].recognise(head)] == ([form] if form else [])
