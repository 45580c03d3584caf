"""文書: formats whose files hold one document each (a checkup, a message, a bundle), thousands of them in a delivery.

A document is read, judged and refused alone, so that a bad one costs only itself; tables are made of many documents
together, since making a data frame costs more than reading a document. Intake draws the documents of a batch one by
one, hands on those that `DocumentFormat.document` takes, and makes a parcel of them whenever `PARCEL_DOCUMENTS` or
`PARCEL_BYTES` are reached, so memory does not grow with the number of documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol, runtime_checkable

import polars as pl

from provision.formats.base import PEOPLE_COLUMNS, BadFile, Column, Dataset, Format, Parcel, Report
from provision.formats.columns import typed_together

#: A document over this size is not read. The largest real ones (a bundle with years of values) have a few megabytes.
DOCUMENT_BYTES = 32 * 1024 * 1024
#: A parcel is made of so many documents, or of documents of so many bytes in all, whatever comes first. Making one
#: costs ten milliseconds whatever is in it, as much as reading 500 payments.
PARCEL_DOCUMENTS, PARCEL_BYTES = 6_000, 16 * 1024 * 1024


class PassedOver(Exception):
    """Raised for a file that belongs to a delivery and holds nothing to take: an index, a schema, a deleted version.

    It is counted under `rule` and is neither taken nor quarantined.
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@runtime_checkable
class DocumentFormat(Format, Protocol):
    """A format of single documents. `read` of one is `read_one`."""

    def document(self, data: bytes, options: Mapping[str, object]) -> Any:
        """What is needed of one whole file to make a parcel of it. Raises `BadFile` (for this file only, without a
        record number where the file is one record) and `PassedOver`; nothing else, whatever the bytes."""

    def parcel(self, documents: Sequence[Any], report: Report, options: Mapping[str, object]) -> Parcel:
        """One parcel of what `document` gave, in order; fills `report`. Never refuses what `document` took."""


@runtime_checkable
class ManyAtOnce(Protocol):
    """A format of small documents, of which reading many together costs less than reading each."""

    def documents(self, datas: Sequence[bytes], options: Mapping[str, object]) -> list[Any]:
        """For each what `DocumentFormat.document` gives or raises, the exceptions as they are."""


@runtime_checkable
class Named(Protocol):
    """A format whose files say in their names what cannot be known of the content (SS-MIX2's condition flag)."""

    def passed_over(self, name: str) -> str:
        """The rule under which a file of this name (with its folders, ``/`` between them) holds nothing to take, ""
        where it is to be read. The name is the sender's: it may hold patients' numbers and goes nowhere else."""


def whole(stream: BinaryIO, limit: int = DOCUMENT_BYTES) -> bytes:
    """All of one document. Raises `BadFile` ``document.size`` above `limit`, without reading further."""
    data = bytearray()
    while len(data) <= limit and (block := stream.read(min(1 << 20, limit + 1 - len(data)))):
        data += block
    if len(data) > limit:
        remedy = f"a document has at most {limit // 2**20} MiB; ask the sender what it is"
        raise BadFile("document.size", remedy=remedy)
    return bytes(data)


def documents_of(source: DocumentFormat, datas: Sequence[bytes], options: Mapping[str, object]) -> list[Any]:
    """For each document what the format gives, or the `BadFile` or `PassedOver` that it raises."""
    if isinstance(source, ManyAtOnce):
        return source.documents(datas, options)
    return [_document_of(source, data, options) for data in datas]


def _document_of(source: DocumentFormat, data: bytes, options: Mapping[str, object]) -> Any:
    try:
        return source.document(data, options)
    except (BadFile, PassedOver) as verdict:
        return verdict.with_traceback(None)


def read_one(
    source: DocumentFormat, stream: BinaryIO, report: Report, options: Mapping[str, object]
) -> Iterator[Parcel]:
    """The parcel of a file that is one document: what `read` of a document format is."""
    document = source.document(whole(stream), options)
    yield source.parcel([document], report, options)


#: Cells of a row as the document writes them, in the order of the table's columns; None where there is nothing.
Row = Sequence[str | None]


@dataclass
class Document:
    """Rows of one document, for formats that take documents apart in Python.

    `rows` holds for every table its rows, each with the place (from 0) of its head row in this document before it;
    `people` one row per head row: `PEOPLE_COLUMNS` without ``claim_no``, "" or None where the document has nothing.
    `edition` is the edition of the field table that it was read by, "" where the format has one only.
    """

    people: list[Row] = field(default_factory=list)
    rows: dict[str, list[tuple[int, Row]]] = field(default_factory=dict)
    edition: str = ""

    def add(self, table: str, cells: Row, head: int = 0) -> None:
        """One more row of a table, of the head row `head`."""
        self.rows.setdefault(table, []).append((head, cells))


def gathered(dataset: Dataset, documents: Sequence[Document], report: Report) -> Parcel:
    """One parcel of many documents: claims are numbered on from `report.people`, cells of another form than their
    column's are emptied and counted. Counts records (head rows) and people, and notes editions."""
    report.editions.update(document.edition for document in documents if document.edition)
    first = report.people
    starts = [first]
    for document in documents:
        starts.append(starts[-1] + len(document.people))
    raws: dict[str, tuple[pl.DataFrame, Sequence[Column]]] = {}
    for table in dataset.tables:
        found = [
            (start + head, cells)
            for start, document in zip(starts, documents, strict=False)
            for head, cells in document.rows.get(table.name, ())
        ]
        if found:
            names = [column.name for column in table.columns]
            raw = _frame([number for number, _ in found], [cells for _, cells in found], names)
            raws[table.name] = raw, table.columns
    tables = typed_together(raws, report)
    everybody = [row for document in documents for row in document.people]
    report.people += len(everybody)
    report.records += len(everybody)
    people = _frame(list(range(first, first + len(everybody))), everybody, PEOPLE_COLUMNS[1:])
    return Parcel(tables, people, len(everybody))


def _frame(numbers: Sequence[int], rows: Sequence[Row], names: Sequence[str]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    made = [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(names, columns, strict=True)]
    return pl.DataFrame([pl.Series("claim_no", numbers, dtype=pl.Int64), *made])
