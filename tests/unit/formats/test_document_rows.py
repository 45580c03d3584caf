"""Documents: drawn whole up to their limit, and gathered into one parcel with claims numbered on."""

from __future__ import annotations

import io

import pytest

from provision.formats.base import PEOPLE_COLUMNS, BadFile, Column, ColumnClass, Dataset, Report, Table
from provision.formats.documents import Document, gathered, whole

_VISIT = Table("visit", "受診", "Visit", (Column("sex", "性別", "Sex", ColumnClass.QUASI, "string", "code:sex"),))
_VALUE = Table("value", "値", "Value", (Column("n", "数", "n", ColumnClass.ORDINARY, "integer", "range:0..9"),))
_DATASET = Dataset("d", "d", "d", "1", "visit", (_VISIT, _VALUE))


def _person(name: str) -> list[str]:
    return [name, *[""] * (len(PEOPLE_COLUMNS) - 2)]


def _document(*names: str) -> Document:
    made = Document()
    for head, name in enumerate(names):
        made.people.append(_person(name))
        made.add("visit", ["1"], head)
        made.add("value", [str(head)], head)
    return made


def test_claims_are_numbered_across_documents_and_parcels() -> None:
    report = Report()
    first = gathered(_DATASET, [_document("架空一", "架空二"), Document(), _document("架空三")], report)
    second = gathered(_DATASET, [_document("架空四")], report)
    assert first.tables["visit"]["claim_no"].to_list() == [0, 1, 2]
    assert first.tables["value"]["n"].to_list() == [0, 1, 0]
    assert second.tables["value"]["claim_no"].to_list() == second.people["claim_no"].to_list() == [3]
    assert tuple(first.people.columns) == PEOPLE_COLUMNS
    assert (report.people, report.records) == (4, 4)


def test_cells_of_another_form_are_emptied_and_counted() -> None:
    document, report = Document([_person("架空一")]), Report()
    document.add("value", ["架空太郎"])
    assert gathered(_DATASET, [document], report).tables["value"]["n"].to_list() == [None]
    assert report.warnings == {"domain:value.n": 1}


def test_documents_without_rows_make_an_empty_parcel() -> None:
    parcel = gathered(_DATASET, [Document()], Report())
    assert parcel.tables == {}
    assert (parcel.people.height, parcel.people.columns) == (0, list(PEOPLE_COLUMNS))


def test_a_document_over_the_limit_is_refused_without_reading_on() -> None:
    stream = io.BytesIO(b"x" * 5_000_000)
    with pytest.raises(BadFile, match=r"document\.size"):
        whole(stream, 2_000_000)
    assert stream.tell() <= 2_000_001
    assert whole(io.BytesIO(b"x" * 2_000_000), 2_000_000) == b"x" * 2_000_000
