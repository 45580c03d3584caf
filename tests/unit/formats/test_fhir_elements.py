"""Elements that stay bytes until many are read together say what they say where none does: every element made as it is
decoded is how FHIR was read before, and the plainest way to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import fhirdecoding, fhirelements, fhirpaths, get
from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat, PassedOver, documents_of
from provision.formats.pieces import InPieces, Piece
from provision.sampledata.deliveries import document_stream
from tests.support.fhir import bundle, condition, observation, patient, written
from tests.support.filled_fhir import filled_fhir
from tests.support.spoiled_fhir import spoiled

_CACHES = (
    fhirpaths.types, fhirelements.made_of, fhirelements._looks, fhirdecoding._resources, fhirdecoding._whole,
    fhirdecoding._bundles,
)  # fmt: skip


@contextmanager
def _nothing_stays(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every element is made of its bytes when its resource is."""
    with patch.context() as now:
        now.setattr(fhirpaths, "_AMOUNTS", frozenset())
        for one in _CACHES:
            one.cache_clear()
        assert not fhirpaths.types().elements
        yield
    for one in _CACHES:
        one.cache_clear()


@cache
def _good(form: str) -> list[bytes]:
    """Documents of the fictitious world, and one with everything; of an export its lines."""
    files = [one.data for one in islice(document_stream(form, 1, 40), 40)] + filled_fhir(form, get(form).editions[0])
    return [line for data in files for line in data.split(b"\n") if line] if form == "fhir-ndjson" else files


def _said(one: Any) -> tuple[object, ...]:
    if isinstance(one, BadFile):
        return one.rule, one.field, one.record, one.remedy
    return (one.rule,) if isinstance(one, PassedOver) else ("taken",)


def _read(form: str, datas: Sequence[bytes]) -> tuple[object, dict[str, pl.DataFrame], object]:
    """Verdicts, tables with people, and what was counted."""
    source, report = get(form), Report()
    if isinstance(source, InPieces):
        parcel = source.of_piece(Piece(b"\n".join(datas), 7), report, {})
        verdicts: object = [(held.record, held.rule, held.raw) for held in report.held]
    else:
        assert isinstance(source, DocumentFormat)
        found = documents_of(source, datas, {})
        verdicts = list(map(_said, found))
        if not (taken := [one for one in found if _said(one) == ("taken",)]):
            return verdicts, {}, ()
        parcel = source.parcel(taken, report, {})
    counted = (report.records, report.people, report.warnings)
    return verdicts, {**parcel.tables, "people": parcel.people}, counted


@pytest.mark.parametrize("form", ["fhir-bundle", "fhir-ndjson", "fhir-resource"])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_elements_that_stay_bytes_say_what_they_say_otherwise(form: str, data: st.DataObject) -> None:
    good = _good(form)
    chosen = data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=12))
    datas = [good[at] if data.draw(st.booleans()) else data.draw(spoiled(good[at])) for at in chosen]
    verdicts, tables, counted = _read(form, datas)
    with _nothing_stays(pytest.MonkeyPatch()):
        expected = _read(form, datas)
    assert verdicts == expected[0]
    assert counted == expected[2]
    assert tables.keys() == expected[1].keys()
    assert all(frame.equals(expected[1][name]) for name, frame in tables.items())


def test_only_elements_of_codes_and_amounts_stay_bytes() -> None:
    staying = fhirpaths.types().elements
    assert {("Observation", "code"), ("Condition", "verificationStatus"), ("Encounter", "class")} <= staying.keys()
    assert {("MedicationRequest", "dispenseRequest"), ("Observation", "valueQuantity")} <= staying.keys()
    assert not {name for _, name in staying} & {"subject", "patient", "identifier", "name", "component", "item", "id"}
    assert not {kind for kind, _ in staying} & {"Patient", "Coverage", "Composition", "Organization", "Bundle"}


def test_of_an_element_that_stands_twice_the_last_counts() -> None:
    source = get("fhir-bundle")
    assert isinstance(source, DocumentFormat)
    whole = written(bundle(patient(), observation()))
    before, behind = (whole.replace(name, b'"code": 5, ' + name) for name in (b'"status"', b'"effectiveDateTime"'))
    parcel = source.parcel([source.document(before, {})], Report(), {})
    assert parcel.tables["test_value"]["item"].to_list() == ["hba1c"]
    with pytest.raises(BadFile, match=r"fhir\.shape"):
        source.document(behind, {})


def test_an_element_is_read_once_for_all_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fhirelements.forget()
    read: list[bytes] = []
    made = fhirelements.made_of("Observation")["code"]
    decode = made._decode
    monkeypatch.setattr(made, "_decode", lambda raw: read.append(raw) or decode(raw))
    source = get("fhir-bundle")
    assert isinstance(source, DocumentFormat)
    found = documents_of(source, [written(bundle(patient(), observation())) for _ in range(50)], {})
    parcel = source.parcel(found, Report(), {})
    assert parcel.tables["test_value"]["item"].to_list() == ["hba1c"] * 50
    assert len(read) == 1


def test_nothing_is_held_of_elements_after_their_parcel() -> None:
    source = get("fhir-bundle")
    assert isinstance(source, DocumentFormat)
    named = observation(referenceRange=[{"low": {"value": 1}, "text": "架空山 花子"}])
    found = documents_of(source, [written(bundle(patient(), named, condition()))], {})
    source.parcel(found, Report(), {})
    assert not any(fhirelements.made_of(kind)[name] for kind, name in fhirpaths.types().elements)


def test_elements_are_bounded_in_number_and_length() -> None:
    made = fhirelements.made_of("Observation")["code"]
    for number in range(fhirelements._MOST + 10):
        assert made[b'{"coding": [{"code": "%d"}]}' % number].f_coding[0].f_code == str(number)
        assert len(made) <= fhirelements._MOST
    long = b'{"text": "%s"}' % (b"x" * fhirelements._LONGEST)
    assert made[long].f_coding is None
    assert long not in made
    fhirelements.forget()


def test_what_is_wrong_only_alone_is_refused_and_never_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def always(_: Any) -> None:
        raise msgspec.ValidationError("架空山 花子")

    monkeypatch.setattr(fhirdecoding, "check", always)
    source = get("fhir-bundle")
    assert isinstance(source, DocumentFormat)
    with pytest.raises(BadFile) as refusal:
        source.document(written(bundle(patient(), observation())), {})
    assert refusal.value.rule == "fhir.shape"
    assert "架空" not in str(refusal.value)
