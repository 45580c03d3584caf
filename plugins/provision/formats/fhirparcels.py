"""Parcels of FHIR records: heads, people and all tables, column by column over many records."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from provision.formats.base import PEOPLE_COLUMNS, Column, Dataset, Parcel, Report, Table
from provision.formats.columns import typed_together
from provision.formats.documents import Row
from provision.formats.fhircolumns import days, listed, nothing, series
from provision.formats.fhirpaths import is_read, table
from provision.formats.fhirrecords import HEAD, Records
from provision.formats.fhirrows import Group, plans, rows
from provision.formats.fhirsystems import Systems
from provision.formats.fhirvalues import answers, values
from provision.formats.ukekind import DERIVED

#: Rows that are numbered within their record, in the order of the file.
_NUMBERS = {"encounter": "encounter_no", "test_value": "value_no", "answer": "answer_no"}
_DAYS = ("recorded", "deceased_month")
#: Columns of the head with codes of lists that a sender may go beyond.
_LISTS = {"document_type": "fhir_document", "insured_as": "fhir_subscriber"}


def parcel(dataset: Dataset, records: Records, systems: Systems, report: Report) -> Parcel:
    """One parcel of all records: claims are numbered on from `report.people`. Fills the report."""
    first = report.people
    found: dict[str, list[pl.DataFrame]] = {HEAD: [_heads(dataset, records)]}
    for name, frame in _tables(records, systems):
        if frame.height:
            found.setdefault(name, []).append(frame)
    for rule, count in records.counts.items():
        report.warn(rule, count)
    raws = {t.name: _numbered(t, found[t.name], first) for t in dataset.tables if t.name in found}
    tables = typed_together(raws, report)
    report.people += len(records.heads)
    report.records += len(records.heads)
    return Parcel(tables, _people(records.people, first), len(records.heads))


def _tables(records: Records, systems: Systems) -> Iterator[tuple[str, pl.DataFrame]]:
    for kind, (owners, nodes) in records.resources.items():
        group = Group(owners, nodes, records.encounters)
        if kind == "Observation":
            yield "test_value", values(group, systems, records.counts)
        elif kind == "QuestionnaireResponse":
            yield "answer", answers(group, systems, records.counts)
        else:
            plan = plans()[kind]
            yield plan.table, rows(plan, group, systems, records.counts)


def _numbered(one: Table, frames: list[pl.DataFrame], first: int) -> tuple[pl.DataFrame, list[Column]]:
    """The texts of a table by record, rows of a record numbered, and its columns that there are."""
    made = pl.concat(frames, how="diagonal").sort("claim_no", maintain_order=True) if len(frames) > 1 else frames[0]
    if (number := _NUMBERS.get(one.name)) is not None:
        made = made.with_columns(pl.int_range(1, pl.len() + 1).over("claim_no").cast(pl.String).alias(number))
    columns = [column for column in one.columns if column.name in made.columns]
    return made.select((pl.col("claim_no") + first).cast(pl.Int64), *[column.name for column in columns]), columns


def _heads(dataset: Dataset, records: Records) -> pl.DataFrame:
    """A row per record with the columns that are ever filled."""
    unread = {f.column.name for f in table().fields if f.table == HEAD and f.index < DERIVED and not is_read(f)}
    names = [column.name for column in dataset.table(HEAD).columns if column.name not in unread]
    said: dict[str, list[str | None]] = {}
    for place, head in enumerate(records.heads):  # most heads of lines say very little
        for name, text in head.items():
            if name not in said:
                said[name] = [None] * len(records.heads)
            said[name][place] = text
    for name in _DAYS:
        if name in said:
            said[name] = days(said[name])
    for name, codes in _LISTS.items():
        if name in said:
            said[name] = listed(said[name], codes, records.counts, f"code:{HEAD}.{name}")
    made = {name: series(said[name]) if name in said else nothing(len(records.heads)) for name in names}
    return pl.DataFrame({"claim_no": pl.int_range(len(records.heads), dtype=pl.Int64, eager=True), **made})


def _people(people: list[Row], first: int) -> pl.DataFrame:
    columns = dict(zip(PEOPLE_COLUMNS[1:], zip(*people, strict=True), strict=True)) if people else {}
    numbers = pl.Series("claim_no", range(first, first + len(people)), dtype=pl.Int64)
    texts = [series(columns.get(name, ())).alias(name) for name in PEOPLE_COLUMNS[1:]]
    return pl.DataFrame([numbers, *texts])
