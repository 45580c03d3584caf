"""What the payloads of DPC 様式1 are: one table per fiscal year, and the long, typed items made with it.

A code keeps its version (バージョン) over many years while payloads are added to it, moved or renamed, so the version
does not tell the edition. It is chosen per file, by the month most stays ended in; where no table covers that month,
the newest older one is used (else the oldest), which is counted. Codes and payloads a table does not know are dropped
and counted, and a value that has not the shape of its payload is emptied and counted: nothing is guessed.

A new edition is a new table ``fields/dpc_form1_payload_<fiscal year>.tsv``; its line ``#effective`` says when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats import tables
from provision.formats.base import Column, ColumnClass, Report
from provision.formats.columns import typed
from provision.formats.delimited import Coded
from provision.formats.tables import DROPPED, FieldTable

PREFIX = "dpc_form1_payload_"
PAYLOADS = range(1, 10)
#: Physical index of payload 1 is `BEFORE` + 1.
BEFORE = 7
NO_DAY = ["", "00000000", "99999999"]
_UNKNOWN_NUMBER = "a"  # 不明, where 9 is a number
Numbers = npt.NDArray[np.integer[Any]]

#: Classes of payloads that go to the head table or nowhere.
_ELSEWHERE = DROPPED | {ColumnClass.BIRTH, ColumnClass.ZIP}


@dataclass(frozen=True)
class Payload:
    """What a payload of a code is; `dropped`: no item, as it goes to the head table or nowhere."""

    dtype: str
    domain: str
    dropped: bool
    reserved: bool


@dataclass(frozen=True)
class Edition:
    """The payload table of one fiscal year, in force for stays that end in its months."""

    year: str
    table: FieldTable

    @cached_property
    def payloads(self) -> Mapping[tuple[str, int], Payload]:
        """What every payload is, by code and number."""
        return {
            (f.record, f.index): Payload(
                f.column.dtype,
                f.column.domain,
                f.column.cls in _ELSEWHERE or f.column.role == "sex",
                f.column.cls is ColumnClass.RESERVED,
            )
            for f in self.table.fields
        }


@cache
def editions() -> tuple[Edition, ...]:
    """Every edition, the oldest first."""
    found = (files(__package__) / "fields").iterdir()
    years = sorted(f.name.removeprefix(PREFIX).removesuffix(".tsv") for f in found if f.name.startswith(PREFIX))
    return tuple(Edition(year, tables.load(PREFIX + year)) for year in years)


def choose(rows: Coded, report: Report) -> Edition:
    """The edition of a file, from its first rows (``code``, ``c2``, ``c8``, ``c9``, as the file has them)."""
    ends = [_where_code(rows, code).strings(place) for code, place in (("A000030", "c8"), ("A000031", "c9"))]
    months = _months(pl.concat([end.alias("end") for end in ends]))
    month = _month(str((months if len(months) else _months(rows.strings("c2"))).mode().max() or ""))
    begun = [e for e in editions() if e.table.since <= month]
    edition = begun[-1] if begun else editions()[0]
    report.warn("dpc.form1_edition", int(not edition.table.in_force(month)))
    return edition


def _where_code(rows: Coded, code: str) -> Coded:
    return rows.only(rows.where("code", lambda word: word == code))


def _month(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:]}"


def _months(days: pl.Series) -> pl.Series:
    days = days.drop_nulls().str.strip_chars(" ")
    return days.filter(days.str.contains(r"^[0-9]{8}$") & ~days.is_in(NO_DAY)).str.slice(0, 6)


def value_column(dtype: str, domain: str) -> str:
    """Column of the long table that holds the values of a payload."""
    return "value_date" if domain == "date" else "value" if dtype == "string" else "value_number"


def items(rows: Coded, edition: Edition, columns: tuple[Column, ...], report: Report) -> pl.DataFrame:
    """The long table of `rows` (``claim_no``, code, version, serial, ``c8`` to ``c16``): one row per filled payload.

    A value stands in ``value``, ``value_number`` or ``value_date``, by the domain of its payload.
    """
    cells = _Cells.of(rows, edition, report)
    values = [_values(cells, kind, column, report) for kind, column in cells.kinds()]
    made: dict[str, pl.Series] = {}
    for name in ("value", "value_number", "value_date"):
        parts = [(places, read) for places, read in values if read.name == name]
        made[name] = _put_together(parts, len(cells.words), next(c for c in columns if c.name == name))
    own = rows.codes.select("claim_no", "code", "version", "serial")[cells.row]
    fixed = [rows.words[name].gather(own[name]).alias(name) for name in ("code", "version", "serial")]
    long = pl.DataFrame([own["claim_no"], *fixed, pl.Series("payload_no", cells.payload + 1, pl.Int16), *made.values()])
    empty = pl.all_horizontal(pl.col(list(made)).is_null())
    kept = long.filter(~empty) if long.select(empty.any()).item() else long
    return kept.select("claim_no", *[column.name for column in columns])


@dataclass(frozen=True)
class _Cells:
    """Every filled payload, by row and number (from 0): the number of its word in `text`, and what it is in `spec`."""

    row: Numbers
    payload: Numbers
    words: Numbers
    kind: Numbers
    text: pl.Series
    spec: tuple[Payload, ...]

    @classmethod
    def of(cls, rows: Coded, edition: Edition, report: Report) -> Self:
        """The cells; those of unknown payloads and filled reserves are counted."""
        places = [f"c{BEFORE + number}" for number in PAYLOADS]
        text = [rows.words[place].str.strip_chars(" \u3000") for place in places]
        numbers = np.stack([rows.codes[place].to_numpy() for place in places], axis=1, dtype=np.int32, casting="unsafe")
        offsets = np.cumsum([0, *(words.len() for words in text[:-1])], dtype=np.int32)
        every = pl.concat([words.alias("word") for words in text])
        numbers += offsets
        row, payload = np.nonzero((every != "").to_numpy()[numbers])
        spec = tuple(dict.fromkeys(edition.payloads.values()))
        by_code = _kinds(rows.words["code"].to_list(), edition.payloads, spec)
        kind = by_code[rows.codes["code"].to_numpy()[row], payload]
        report.warn("dpc.unknown_payload", int((kind < 0).sum()))
        reserved = np.array([*(payload.reserved for payload in spec), False])
        report.warn("reserved_filled:form1_item", int(reserved[kind].sum()))
        items = ~np.array([*(payload.dropped for payload in spec), True])[kind]
        row, payload, kind = row[items], payload[items], kind[items]
        return cls(row, payload, numbers[row, payload], kind, every, spec)

    def kinds(self) -> Iterator[tuple[int, Column]]:
        """The kinds of payload that are items, as columns of the long table."""
        there = np.bincount(self.kind, minlength=len(self.spec))
        for kind, payload in enumerate(self.spec):
            if there[kind]:
                name = value_column(payload.dtype, payload.domain)
                yield kind, Column(name, name, name, ColumnClass.QUASI, payload.dtype, payload.domain)


def _kinds(codes: Sequence[str], known: Mapping[tuple[str, int], Payload], spec: Sequence[Payload]) -> Numbers:
    """Place in `spec` of every payload of these codes; -1 where the code has no such payload."""
    places = {payload: place for place, payload in enumerate(spec)}
    found = [[places[known[code, n]] if (code, n) in known else -1 for n in PAYLOADS] for code in codes]
    return np.array(found, np.int64).reshape(len(codes), len(PAYLOADS))


def _values(cells: _Cells, kind: int, column: Column, report: Report) -> tuple[Numbers, pl.Series]:
    """The values of one kind, read, and their places among the cells. A special code for "unknown" is no value."""
    at = np.flatnonzero(cells.kind == kind)
    used = np.unique(cells.words[at])
    words = cells.text.gather(used)
    if column.dtype != "string":
        words = words.replace(_UNKNOWN_NUMBER, "")
    raw = pl.DataFrame({column.name: np.searchsorted(used, cells.words[at]).astype(np.uint32)})
    read = typed(raw, "form1_item", [column], report, words={column.name: words})[column.name]
    return at, read


def _put_together(parts: Sequence[tuple[Numbers, pl.Series]], cells: int, column: Column) -> pl.Series:
    """One column over all cells, of values that were read in parts; null where a cell has none of this type."""
    wanted = tables.polars_type(column)
    filled = [(places, read.cast(wanted)) for places, read in parts if len(places)]
    if not filled:
        return pl.repeat(None, cells, dtype=wanted, eager=True).alias(column.name)
    places = np.concatenate([at for at, _ in filled])
    order = np.full(cells, -1, np.int64)
    order[places] = np.arange(len(places))
    numbers = pl.Series(order)
    return pl.concat([read for _, read in filled]).gather(numbers.set(numbers < 0, None)).alias(column.name)
