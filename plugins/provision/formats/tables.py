"""Field tables: what a source format's records hold, kept as tab-separated data in ``fields/`` and loaded here.

One file per format and edition, called ``<family>_<year, or year and month>.tsv`` where there may be several: `family`
finds them all, so a new edition is a new file. Lines, in this order:

* ``# ...`` comments: source, edition, grade of the knowledge;
* ``#dataset <id> <ja> <en> <edition> <head table>``, once (tab-separated, as are all lines);
* ``#effective <first month> <last month>``, at most once: the claim months YYYY-MM of the edition, ``-`` where open;
* ``#withdraws <dataset id>``, at most once: the head's rows take back claims of that dataset (返戻・取下げ);
* ``#table <name> <ja> <en> <source record>``, once per table, in the order the tables are delivered;
* the header ``table record index name ja en class dtype domain unit category role``;
* one line per field of every physical record, the dropped ones included, so that coverage can be counted.

`index` is the field's position in the physical record, counted from 0. Column names are unique within a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from provision.errors import FixConfiguration
from provision.formats.base import Column, ColumnClass, Dataset, Table
from provision.formats.domainwords import PLAIN, known_domain
from provision.formats.domainwords import bounds as bounds

HEADER = ("table", "record", "index", "name", "ja", "en", "class", "dtype", "domain", "unit", "category", "role")
DTYPES = frozenset({"string", "integer", "decimal"})

#: Classes whose values never reach the store: their domain is ``none`` or ``free``.
DROPPED = frozenset(
    {
        ColumnClass.DIRECT,
        ColumnClass.LINK,
        ColumnClass.FREE,
        ColumnClass.TECHNICAL,
        ColumnClass.RESERVED,
        ColumnClass.PROVIDER_NAME,
    }
)

#: Columns of ours in the store and in what is made of it: one of a sender's with such a name would take their place.
RESERVED_NAMES = frozenset(
    {"claim_no", "alias", "claim_token", "claim_place", "emptied", "batch", "source", "dataset", "person"}
)
#: The random numbers of a release. A column that is kept may not be called so: it would go out in their stead.
NUMBER_NAMES = frozenset({"person_number", "claim_number"})

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MONTH = re.compile(r"-|[0-9]{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Field:
    """One field of a physical record and the column it fills. `index` counts from 0 in the physical record."""

    table: str
    record: str
    index: int
    column: Column


@dataclass(frozen=True)
class FieldTable:
    """A loaded field table: the dataset it describes and the place of every column in the physical records.

    `since` and `until` are the claim months (YYYY-MM, both included) in which this edition is in force, "" where open.
    """

    dataset: Dataset
    fields: tuple[Field, ...]
    since: str = ""
    until: str = ""

    def in_force(self, month: str) -> bool:
        """Whether files of this claim month (YYYY-MM) are written by this edition."""
        return (not self.since or self.since <= month) and (not self.until or month <= self.until)

    def record(self, record: str) -> tuple[Field, ...]:
        """Fields of one record kind, by index; KeyError where the table knows no such record."""
        found = tuple(sorted((f for f in self.fields if f.record == record), key=lambda f: f.index))
        if not found:
            raise KeyError(record)
        return found


def polars_type(column: Column) -> pl.DataType:
    """Type of a column in a parcel: String, the integer its range needs with room to spare, or Decimal(18) with as many
    places as the domain's step."""
    if column.dtype == "string":
        return pl.String()
    if column.dtype == "integer":
        low, high, _ = bounds(column.domain) if column.domain.startswith("range:") else (-(10**15), 10**15, 1)
        widest = max(-low, high)
        return pl.Int16() if widest <= 9_999 else pl.Int32() if widest <= 999_999_999 else pl.Int64()
    return pl.Decimal(18, max(0, -int(bounds(column.domain)[2].as_tuple().exponent)))


@cache
def load(name: str) -> FieldTable:
    """Load ``fields/<name>.tsv`` of this package. `FixConfiguration` names file and line of the first mistake."""
    source = files(__package__) / "fields" / f"{name}.tsv"
    if not source.is_file():
        raise FixConfiguration(
            "there is no such field table", where=f"fields/{name}.tsv", rule="fields.file", remedy="add the file"
        )
    return parse(source.read_text(encoding="utf-8"), f"fields/{name}.tsv")


@cache
def family(name: str) -> tuple[str, ...]:
    """Names of all editions ``fields/<name>_<YYYY or YYYYMM>.tsv``, oldest first. `FixConfiguration` where none is."""
    shape = re.compile(re.escape(name) + r"_[0-9]{4}(?:[0-9]{2})?\.tsv")
    found = (file.name for file in (files(__package__) / "fields").iterdir())
    names = tuple(sorted(file.removesuffix(".tsv") for file in found if shape.fullmatch(file)))
    if not names:
        raise FixConfiguration(
            "there is no such field table", where=f"fields/{name}_*.tsv", rule="fields.file", remedy="add the file"
        )
    return names


def parse(text: str, where: str) -> FieldTable:
    """Parse the text of a field table; `where` is the file name used in errors (`FixConfiguration`)."""
    return _Parser(where).parse(text.splitlines())


class _Parser:
    """Reads the lines of one field table, remembering the line number for errors."""

    def __init__(self, where: str) -> None:
        self.where, self.line = where, 0
        self.dataset: tuple[str, ...] | None = None
        self.effective: tuple[str, ...] = ()
        self.withdraws = ""
        self.tables: dict[str, tuple[str, ...]] = {}
        self.fields: list[Field] = []
        self.seen: set[tuple[str, ...]] = set()

    def fail(self, what: str, rule: str, remedy: str) -> FixConfiguration:
        return FixConfiguration(what, where=f"{self.where}:{self.line}", rule=f"fields.{rule}", remedy=remedy)

    def parse(self, lines: Iterable[str]) -> FieldTable:
        header = False
        for cells in self._lines(lines):
            if cells[0] == "#dataset":
                self._dataset(cells[1:])
            elif cells[0] == "#table":
                self._table(cells[1:])
            elif cells[0] == "#effective":
                self._effective(cells[1:])
            elif cells[0] == "#withdraws":
                self._withdraws(cells[1:])
            elif cells[0].startswith("#"):
                continue
            elif not header:
                header = self._header(cells)
            else:
                self.fields.append(self._field(cells))
        return self._finish()

    def _lines(self, lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
        for self.line, line in enumerate(lines, 1):
            if line.strip():
                yield tuple(cell.strip() for cell in line.split("\t"))

    def _dataset(self, cells: tuple[str, ...]) -> None:
        if self.dataset is not None or len(cells) != 5 or not all(cells):
            raise self.fail("#dataset is not id, ja, en, edition, head table", "dataset", "write it once, complete")
        self.dataset = cells

    def _effective(self, cells: tuple[str, ...]) -> None:
        if self.effective or len(cells) != 2 or not all(map(_MONTH.fullmatch, cells)):
            raise self.fail("#effective is not first and last month", "effective", "write YYYY-MM or - twice, once")
        self.effective = tuple("" if cell == "-" else cell for cell in cells)

    def _withdraws(self, cells: tuple[str, ...]) -> None:
        if self.withdraws or len(cells) != 1 or not cells[0]:
            raise self.fail("#withdraws is not one dataset", "withdraws", "name one dataset, once")
        self.withdraws = cells[0]

    def _table(self, cells: tuple[str, ...]) -> None:
        if len(cells) != 4 or not all(cells) or cells[0] in self.tables or not _NAME.fullmatch(cells[0]):
            raise self.fail("#table is not name, ja, en, source record", "table", "write it complete, once per table")
        self.tables[cells[0]] = cells

    def _header(self, cells: tuple[str, ...]) -> bool:
        if cells != HEADER:
            raise self.fail("the header is another one", "header", f"expected: {' '.join(HEADER)}")
        return True

    def _field(self, cells: tuple[str, ...]) -> Field:
        cells += ("",) * (len(HEADER) - len(cells))
        if len(cells) != len(HEADER):
            raise self.fail(f"{len(cells)} cells instead of {len(HEADER)}", "cells", "separate cells by one tab")
        row = dict(zip(HEADER, cells, strict=True))
        if row["table"] not in self.tables:
            raise self.fail("the table is not declared", "table", "add a #table line above")
        if not row["record"] or not re.fullmatch(r"[0-9]{1,3}", row["index"]):
            raise self.fail("record or index is missing", "place", "index counts from 0 in the physical record")
        self._once(row)
        return Field(row["table"], row["record"], int(row["index"]), self._column(row))

    def _once(self, row: dict[str, str]) -> None:
        for key in (("name", row["table"], row["name"]), ("place", row["record"], str(int(row["index"])))):
            if key in self.seen:
                raise self.fail(f"the {key[0]} occurs twice", "duplicate", "every column and every place has one line")
            self.seen.add(key)

    def _column(self, row: dict[str, str]) -> Column:
        if not _NAME.fullmatch(row["name"]) or row["name"] in RESERVED_NAMES:
            raise self.fail("the name is not a column name", "name", "lower-case letters, digits, _; no name of ours")
        if not row["ja"] or not row["en"]:
            raise self.fail("ja or en is missing", "words", "every column has a Japanese and an English name")
        if row["dtype"] not in DTYPES:
            raise self.fail("unknown dtype", "dtype", f"one of {', '.join(sorted(DTYPES))}")
        if row["category"] not in {"", *"012345678"}:
            raise self.fail("unknown category", "category", "a content category 0-8, empty for 0")
        cls = self._class(row["class"])
        if row["name"] in NUMBER_NAMES and cls not in DROPPED:
            raise self.fail("the name is that of a release's random number", "name", "choose another name")
        self._domain(row["domain"], row["dtype"], cls)
        return Column(
            name=row["name"],
            ja=row["ja"],
            en=row["en"],
            cls=cls,
            dtype=row["dtype"],
            domain=row["domain"],
            unit=row["unit"],
            category=int(row["category"] or 0),
            role=row["role"],
        )

    def _class(self, word: str) -> ColumnClass:
        try:
            return ColumnClass(word)
        except ValueError:
            raise self.fail("unknown class", "class", f"one of {', '.join(sorted(ColumnClass))}") from None

    def _domain(self, domain: str, dtype: str, cls: ColumnClass) -> None:
        if not known_domain(domain):
            raise self.fail("unknown domain word", "domain", f"code:, range:, form:, {', '.join(sorted(PLAIN))}")
        if domain.startswith("range:") and dtype == "string":
            raise self.fail("a string has no range", "domain", "use dtype integer or decimal, or another domain")
        if dtype == "decimal" and not domain.startswith("range:"):
            raise self.fail("a decimal needs a range with a step", "domain", "write range:low..high/step")
        if cls in DROPPED and domain not in {"none", "free"}:
            raise self.fail("a dropped class has a domain", "domain", "write none (or free for free text)")

    def _finish(self) -> FieldTable:
        self.line += 1
        if self.dataset is None:
            raise self.fail("there is no #dataset line", "dataset", "add it above the header")
        empty = [name for name in self.tables if not any(f.table == name for f in self.fields)]
        if empty or self.dataset[4] not in self.tables:
            raise self.fail("a table has no fields, or the head table is not declared", "table", "declare and fill it")
        tables = tuple(self._build(cells) for cells in self.tables.values())
        ident, ja, en, edition, head = self.dataset
        made = Dataset(ident, ja, en, edition, head, tables, self.withdraws)
        return FieldTable(made, tuple(self.fields), *self.effective)

    def _build(self, cells: tuple[str, ...]) -> Table:
        name, ja, en, source = cells
        return Table(name, ja, en, tuple(f.column for f in self.fields if f.table == name), source)
