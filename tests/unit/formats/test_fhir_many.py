"""Documents that are read together, and pieces of a file, are what they are alone."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import get
from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat, ManyAtOnce, PassedOver, documents_of
from provision.formats.pieces import InPieces
from tests.support.fhir import bundle, condition, lines, observation, patient, written

_WHOLE = {
    "fhir-bundle": written(bundle(patient(), observation(), condition(), {"resourceType": "架空山花子"})),
    "fhir-resource": b"{\n" + written(observation())[1:],
}
_ODD = [
    b"", b" \n", b"\xff", b"\xef\xbb\xbf{}", b"null", b'{"resourceType":"Practitioner"}', b"{",
    "架空".encode("shift_jis"), b'{"resourceType":"Bundle","entry":5}', b"[" * 3_000,
]  # fmt: skip


def said(one: Any) -> tuple[object, ...]:
    if isinstance(one, BadFile):
        return one.rule, one.field, one.record, one.remedy
    return (one.rule,) if isinstance(one, PassedOver) else ("taken",)


def alone(source: DocumentFormat, data: bytes) -> Any:
    try:
        return source.document(data, {})
    except (BadFile, PassedOver) as verdict:
        return verdict


@pytest.mark.parametrize("form", sorted(_WHOLE))
@settings(max_examples=40, deadline=None)
@given(odd=st.lists(st.sampled_from(_ODD), max_size=4), cut=st.integers(0, 400))
def test_documents_read_together_are_judged_as_alone(form: str, odd: list[bytes], cut: int) -> None:
    source = get(form)
    assert isinstance(source, DocumentFormat)
    assert isinstance(source, ManyAtOnce)
    datas = [_WHOLE[form], *odd, _WHOLE[form][:cut], _WHOLE[form][cut:] + b"\n", _WHOLE[form]]
    together, each = documents_of(source, datas, {}), [alone(source, data) for data in datas]
    assert list(map(said, together)) == list(map(said, each))
    made = [
        source.parcel([one for one in found if said(one) == ("taken",)], Report(), {}).tables
        for found in (together, each)
    ]
    assert all(made[0][name].equals(frame) for name, frame in made[1].items())


def test_pieces_of_a_file_are_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    source = get("fhir-ndjson")
    assert isinstance(source, InPieces)
    data = lines(*[observation(id=f"o{n}") for n in range(40)], b"{", condition(), b"", patient())
    whole, counted = Report(), Report()
    (expected,) = source.read(io.BytesIO(data), whole, {})
    monkeypatch.setattr("provision.formats.fhir_ndjson.BLOCK", 1_000)
    monkeypatch.setattr("provision.formats.fhir_ndjson._PIECE", 100)
    pieces = list(source.pieces(io.BytesIO(data)))
    assert b"".join(piece.data for piece in pieces) == data
    assert [piece.before for piece in pieces] == [
        sum(piece.data.count(b"\n") for piece in pieces[:n]) for n in range(len(pieces))
    ]
    assert len(pieces) > 5
    parcels = [source.of_piece(piece, counted, {}) for piece in pieces]
    source.check_whole(counted)
    assert (counted.records, counted.warnings, counted.held) == (whole.records, whole.warnings, whole.held)
    for name, frame in expected.tables.items():
        assert pl.concat([parcel.tables[name] for parcel in parcels if name in parcel.tables]).equals(frame)


def test_a_month_is_a_month_and_a_day_is_a_day() -> None:
    source = get("fhir-bundle")
    moments = {"2020-04": "2020-04", "2020-04-09": "2020-04", "2020": None, "2020-13": None, "２０２０-04": "2020-04"}
    for said_, kept in moments.items():
        data = written(bundle(patient(), condition(onsetDateTime=said_)))
        (parcel,) = source.read(io.BytesIO(data), Report(), {})
        assert parcel.tables["condition"]["onset_month"].to_list() == [kept]
