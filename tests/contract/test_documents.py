"""What every format of single documents promises: any bytes end in a document, a refusal or a passing over, a document
once read is never refused, and what a group makes is what its documents make one by one."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from provision.formats import formats
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Parcel, Report
from provision.formats.documents import DOCUMENT_BYTES, DocumentFormat, Named, PassedOver
from provision.formats.tables import polars_type
from provision.sampledata.deliveries import document_stream, senders
from tests.fuzz.mutations import mutate
from tests.support.bombs import BOMBS, PLANTED, armed, planted
from tests.support.visits import Visits, index, visit

#: Formats of single documents, and a small one of our own: the tests hold for it where there is no other.
DOCUMENTS: dict[str, DocumentFormat] = {"visits": Visits()} | {
    name: found for name, found in sorted(formats().items()) if isinstance(found, DocumentFormat)
}
_RULE = re.compile(r"[a-z0-9_.-]+")


@pytest.fixture(params=DOCUMENTS)
def kind(request: pytest.FixtureRequest) -> DocumentFormat:
    return DOCUMENTS[request.param]


@cache
def good(name: str) -> tuple[bytes, ...]:
    """Documents as senders write them; none where the fictitious world has no sender of the format."""
    if name == "visits":
        return (visit(1), visit(2, values=["1", "2", "3"]), index(), visit(3, values=[]))
    return tuple(each.data for each in document_stream(name, 5, 12)) if name in senders() else ()


def taken(kind: DocumentFormat, data: bytes) -> Any:
    """The document, None where it is refused or passed over; nothing else may happen."""
    ended: BadFile | PassedOver
    try:
        return kind.document(data, {})
    except (BadFile, PassedOver) as error:
        ended = error
    assert _RULE.fullmatch(ended.rule)
    assert isinstance(ended, PassedOver) or ended.remedy
    assert ended.__cause__ is None
    return None


def parcel(kind: DocumentFormat, documents: Sequence[Any]) -> Parcel:
    """A parcel as the contract of formats wants it; nothing is left out of it."""
    report = Report()
    made = kind.parcel(documents, report, {})
    assert report.held == []
    assert tuple(made.people.columns) == PEOPLE_COLUMNS
    assert made.people.schema["claim_no"] == pl.Int64
    assert set(made.people.dtypes[1:]) <= {pl.String}
    assert (report.people, report.records) == (made.people.height, made.records)
    known = set(made.people["claim_no"])
    for name, frame in made.tables.items():
        columns = {column.name: column for column in kind.dataset.table(name).columns}
        assert frame.columns[0] == "claim_no"
        assert set(frame["claim_no"]) <= known
        assert {c: frame.schema[c] for c in frame.columns[1:]} == {
            c: polars_type(columns[c]) for c in frame.columns[1:]
        }
    return made


def ends_well(kind: DocumentFormat, data: bytes) -> None:
    """Alone, and by `read`, which gives the same parcel or the same refusal."""
    document = taken(kind, data)
    if document is None:
        with pytest.raises((BadFile, PassedOver)):
            list(kind.read(io.BytesIO(data), Report(), {}))
        return
    made, (read,) = parcel(kind, [document]), list(kind.read(io.BytesIO(data), Report(), {}))
    assert _rows(made) == _rows(read)


def _rows(made: Parcel) -> dict[str, list[tuple[object, ...]]]:
    return {"people": made.people.rows(), **{name: frame.rows() for name, frame in made.tables.items() if frame.height}}


def _counted(rows: Sequence[tuple[object, ...]], first: int) -> list[tuple[object, ...]]:
    return [(int(str(row[0])) + first, *row[1:]) for row in rows]


def test_an_empty_document_is_refused(kind: DocumentFormat) -> None:
    with pytest.raises(BadFile):
        kind.document(b"", {})


@pytest.mark.timeout(300)
def test_bombs_end_well(kind: DocumentFormat) -> None:
    for data in BOMBS.values():
        ends_well(kind, data)


@pytest.mark.timeout(300)
def test_bombs_inside_documents_end_well(kind: DocumentFormat) -> None:
    for document in good(kind.id)[:2]:
        for _, data in armed(document):
            ends_well(kind, data)


def test_nothing_from_elsewhere_comes_in(kind: DocumentFormat, tmp_path: Path) -> None:
    path, referring = planted(tmp_path)
    for data in good(kind.id)[:1]:
        referring += [(name, bomb.replace(b"file:///etc/passwd", path.as_uri().encode())) for name, bomb in armed(data)]
    for _, data in referring:
        document = taken(kind, data)
        assert document is None or PLANTED not in repr(_rows(parcel(kind, [document])))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(DOCUMENTS)), st.binary(max_size=400))
def test_random_bytes_end_well(name: str, data: bytes) -> None:
    ends_well(DOCUMENTS[name], data)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(DOCUMENTS)), st.integers(0, 2**32))
def test_spoiled_documents_end_well(name: str, seed: int) -> None:
    rng = random.Random(seed)
    documents = good(name)
    if documents:
        ends_well(DOCUMENTS[name], mutate(rng.choice(documents), rng))


@pytest.mark.parametrize("beginning", [b"", b"<a>", b'{"a":"'])
def test_a_document_over_the_limit_is_refused(kind: DocumentFormat, beginning: bytes) -> None:
    class Endless(io.RawIOBase):
        drawn = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20
            block = (beginning if not self.drawn else b"") + b"x" * size
            self.drawn += size
            return block[:size]

    stream = Endless()
    with pytest.raises(BadFile, match=r"document\.size"):
        list(kind.read(stream, Report(), {}))  # type: ignore[arg-type]
    assert stream.drawn <= DOCUMENT_BYTES + 1


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if good(name)])
def test_a_group_makes_what_its_documents_make_alone(name: str) -> None:
    kind = DOCUMENTS[name]
    documents = [document for data in good(name) if (document := taken(kind, data)) is not None]
    assert documents
    together, alone = parcel(kind, documents), [parcel(kind, [document]) for document in documents]
    first, expected = 0, dict[str, list[tuple[object, ...]]]()
    for made in alone:
        for table, rows in _rows(made).items():
            expected.setdefault(table, []).extend(_counted(rows, first))
        first += made.people.height
    assert _rows(together) == expected
    assert _rows(parcel(kind, documents)) == expected  # once more: making a parcel changes no document


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if good(name)])
def test_a_reader_says_its_edition(name: str) -> None:
    kind, report = DOCUMENTS[name], Report()
    documents = [document for data in good(name) if (document := taken(kind, data)) is not None]
    kind.parcel(documents, report, {})
    said = report.editions or {report.edition or kind.dataset.edition}
    assert said <= {table.dataset.edition for table in kind.editions}


_PIECES = st.sampled_from(["0000000001", "_", "/", "-", "20250401", "OML-11", "1", "0", ".xml"])
_PATHS = st.text(max_size=80) | st.lists(_PIECES, max_size=20).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(DOCUMENTS)), _PATHS)
def test_names_end_in_a_rule_that_says_nothing_of_them(name: str, path: str) -> None:
    kind = DOCUMENTS[name]
    if isinstance(kind, Named):
        rule = kind.passed_over(path)
        assert rule == "" or _RULE.fullmatch(rule)
        assert rule == kind.passed_over(path)
        assert "0000000001" not in rule


class Naive(Visits):
    """A reader as one writes it first."""

    def _parsed(self, data: bytes) -> dict[str, object]:
        return dict(json.loads(data))


def test_the_bombs_are_live() -> None:
    """A reader that knows nothing of them does not end well, and a file that is referred to comes in."""
    failed = set()
    for data in BOMBS.values():
        try:
            ends_well(Naive(), data)
        except Exception as error:
            failed.add(type(error))
    assert {RecursionError, json.JSONDecodeError, UnicodeDecodeError} <= failed


def test_what_is_planted_can_be_found(tmp_path: Path) -> None:
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=True)
    found = [etree.fromstring(data, parser) for name, data in planted(tmp_path)[1] if name == "entity"]
    assert [element.text for element in found] == [PLANTED]
