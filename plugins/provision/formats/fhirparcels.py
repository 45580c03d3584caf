"""Parcels of FHIR records: heads, people and all tables, column by column over many records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import numpy as np
import polars as pl

from provision.formats.base import PEOPLE_COLUMNS, Dataset, Parcel, Report, Table
from provision.formats.codedcolumns import typed_rows
from provision.formats.fhircoded import Coded, Places, Rows, together
from provision.formats.fhircolumns import days, listed
from provision.formats.fhirelements import forget
from provision.formats.fhirpaths import is_read, table
from provision.formats.fhirrecords import HEAD, Records
from provision.formats.fhirrows import Group, plans, rows
from provision.formats.fhirsystems import Systems
from provision.formats.fhirvalues import answers, values
from provision.formats.ukekind import DERIVED

#: Rows that are numbered within their record, in the order of the file.
_NUMBERS = {"encounter": "encounter_no", "test_value": "value_no", "answer": "answer_no"}
#: By column, parts of it with the places of their cells.
Parts = dict[str, list[tuple[Places, Coded]]]
_DAYS = ("recorded", "deceased_month")
#: Columns of the head with codes of lists that a sender may go beyond.
_LISTS = {"document_type": "fhir_document", "insured_as": "fhir_subscriber"}


def parcel(dataset: Dataset, records: Records, systems: Systems, report: Report) -> Parcel:
    """One parcel of all records: claims are numbered on from `report.people`. Fills the report."""
    start = report.people
    found: dict[str, list[Rows]] = {HEAD: [_heads(dataset, records)]}
    for name, made in _tables(records, systems):
        if len(made.owners):
            found.setdefault(name, []).append(made)
    for rule, count in records.counts.items():
        report.warn(rule, count)
    whole = {one.name: _whole(one, found[one.name]) for one in dataset.tables if one.name in found}
    tables = typed_rows(dataset, whole, start, report)
    report.people += records.size
    report.records += records.size
    forget()
    return Parcel(tables, _people(records, start), records.size)


def _tables(records: Records, systems: Systems) -> Iterator[tuple[str, Rows]]:
    for kind, (owners, nodes) in records.resources.items():
        group = Group(owners, nodes, records.encounters)
        if kind == "Observation":
            yield "test_value", values(group, systems, records.counts)
        elif kind == "QuestionnaireResponse":
            yield "answer", answers(group, systems, records.counts)
        else:
            plan = plans()[kind]
            yield plan.table, rows(plan, group, systems, records.counts)


def _whole(one: Table, parts: list[Rows]) -> Rows:
    """The rows of a table by record; those of a record are numbered where the table has numbers."""
    made = parts[0]
    if len(parts) > 1:
        owners = np.concatenate([part.owners for part in parts])
        names = dict.fromkeys(name for part in parts for name in part.columns)
        columns = {
            name: together([part.columns.get(name) or Coded.nothing(len(part.owners)) for part in parts])
            for name in names
        }
        made = Rows(owners, columns).at(np.argsort(owners, kind="stable"))
    if (number := _NUMBERS.get(one.name)) is not None:
        order = np.arange(len(made.owners)) - np.searchsorted(made.owners, made.owners)
        made.columns[number] = Coded(order, [str(n + 1) for n in range(int(order.max()) + 1)])
    return made


def _heads(dataset: Dataset, records: Records) -> Rows:
    """A row per record with the columns that are ever filled."""
    names = [column.name for column in dataset.table(HEAD).columns if column.name not in _unread()]
    parts = _parts((one.places, one.heads()) for one in records.told)
    said = {name: Coded.placed(records.size, parts[name]) for name in names if name in parts}
    for name in said:
        if name in _DAYS:
            said[name] = days(said[name])
        elif name in _LISTS:
            said[name] = listed(said[name], _LISTS[name], records.counts, f"code:{HEAD}.{name}")
    columns = {name: said.get(name) or Coded.nothing(records.size) for name in names}
    return Rows(np.arange(records.size), columns)


@cache
def _unread() -> frozenset[str]:
    """Columns of the head that nothing ever fills."""
    own = (f for f in table().fields if f.table == HEAD and f.index < DERIVED)
    return frozenset(f.column.name for f in own if not is_read(f))


def _parts(told: Iterable[tuple[Places, Mapping[str, Coded]]]) -> Parts:
    """What is told of records by column."""
    parts: Parts = {}
    for places, columns in told:
        for name, cells in columns.items():
            parts.setdefault(name, []).append((places, cells))
    return parts


def _people(records: Records, start: int) -> pl.DataFrame:
    """Who the records are about, see `PEOPLE_COLUMNS`."""
    parts = _parts((one.places, one.people()) for one in records.told)
    numbers = pl.Series("claim_no", range(start, start + records.size), dtype=pl.Int64)
    columns = {name: Coded.placed(records.size, parts.get(name, ())) for name in PEOPLE_COLUMNS[1:]}
    return pl.DataFrame([numbers, *(column.series().alias(name) for name, column in columns.items())])
