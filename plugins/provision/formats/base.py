"""The seam of a source format: what every reader offers, and the typed, classed tables it fills.

A format is one module in this package with a module-level ``FORMAT``; its field tables lie in ``fields/`` as
tab-separated data, one file per edition. Adding a format is one module, its table and its test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

import polars as pl

if TYPE_CHECKING:
    from provision.formats.tables import FieldTable


class ColumnClass(StrEnum):
    """Privacy class of a column: decides what happens to it on receipt."""

    DIRECT = "direct"  # 直接識別情報: names, addresses, telephone, chart numbers
    LINK = "link"  # 連結符号: insured symbol and number, public-expense recipient number
    BIRTH = "birth"  # 生年月日
    ZIP = "zip"  # 郵便番号
    INSURER = "insurer"  # 保険者番号
    FREE = "free"  # 自由記載
    PROVIDER = "provider"  # 医療機関・事業所
    PROVIDER_NAME = "provider_name"  # 医療従事者名・施設名称・電話
    TECHNICAL = "technical"  # レセプト番号・検索番号: leads back to the source record
    SENSITIVE = "sensitive"  # 公費・特記事項・傷病
    QUASI = "quasi"  # 準識別子
    ORDINARY = "ordinary"
    RESERVED = "reserved"  # 予備: emptied, vendors do write into it


@dataclass(frozen=True)
class Column:
    """One column of a table. `domain` is a domain word, see docs/datasets.md (``code:sex``, ``range:0..99``…)."""

    name: str
    ja: str
    en: str
    cls: ColumnClass
    dtype: str  # string | integer | decimal
    domain: str
    unit: str = ""
    category: int = 0  # content category 1-8 of the published policy, 0 where none applies
    role: str = ""  # what the identity and known-value steps need it for: name, kana, birth, chart, …


@dataclass(frozen=True)
class Table:
    """One table of a dataset; `source` names the records it comes from."""

    name: str
    ja: str
    en: str
    columns: tuple[Column, ...]
    source: str = ""

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Dataset:
    """What one format yields: tables that share `claim_no`; `head` has one row per person record (claim, member)."""

    id: str
    ja: str
    en: str
    edition: str
    head: str
    tables: tuple[Table, ...]
    #: 返戻・取下げ: id of the dataset whose claims are taken back by the rows of this one's head; "" where none are.
    withdraws: str = ""
    #: 差分の送付: an empty cell of a later record of one place leaves what an earlier one said; the reader notes the
    #: cells that take a value back (`formats/emptied.py`). Every table has at most one row a record.
    updates: bool = False

    def table(self, name: str) -> Table:
        """The table called `name`; KeyError where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)


#: Columns of `Parcel.people`: all strings, "" or null where the source has nothing. `claim_no` (Int64) joins it to
#: the head table. Births are YYYYMMDD, sex is "1" (male) or "2" (female).
PEOPLE_COLUMNS = (
    "claim_no",
    "name",
    "kana",
    "birth",
    "sex",
    "insurer",
    "symbol",
    "number",
    "branch",
    "care_insurer",
    "care_number",
    "facility",
    "chart",
    "phone",
    "address",
)

#: As `facility` in `Parcel.people`: the chart number is the source's own, such as an id of its FHIR server, and means
#: nobody else's patient. Formats say it on purpose; a chart number without a facility is nobody's.
THE_SOURCE = "*"


@dataclass
class Parcel:
    """One bounded piece of a file: raw typed tables (all columns, direct ones included) and who is in them."""

    tables: dict[str, pl.DataFrame]
    people: pl.DataFrame
    records: int


@dataclass(frozen=True)
class Problem:
    """Why a file was not taken: place and rule, never a value. `record` counts from 1, 0 means the whole file."""

    file: str  # an opaque name such as "file 2", never the sender's file name
    record: int
    field: str
    rule: str
    remedy: str


#: A file with more records that cannot be taken than this, or with more bytes in them, is not taken at all.
HELD_RECORDS, HELD_BYTES = 100, 1024 * 1024


@dataclass(frozen=True)
class Held:
    """A record (a whole claim, where records belong to one) that was left out of the parcels: its place in the file,
    the rule, and its bytes as they came, for quarantine. The bytes are never shown."""

    record: int
    rule: str
    raw: bytes = field(repr=False)


@dataclass
class Report:
    """Counts of one reading: filled while parcels are drawn, complete when the iterator ends. `edition` is the edition
    of the field table that the file was read by, `editions` those of a group of documents, where they have several.
    Where `outside` is a mapping, cells outside their domain refuse nothing: it is filled with whose they are."""

    records: int = 0
    people: int = 0
    edition: str = ""
    editions: set[str] = field(default_factory=set)
    warnings: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict, repr=False)  # table -> rows so far, what shares are of
    held: list[Held] = field(default_factory=list, repr=False)
    outside: dict[str, set[int]] | None = field(default=None, repr=False)  # table.column -> claim numbers

    def hold(self, record: int, rule: str, raw: bytes) -> None:
        """Keep a record that cannot be taken out of the parcels, for quarantine; it is counted as a warning, too.

        Raises `BadFile` ``rule`` where there are more than a few: then it is the file that is not what it should be.
        """
        self.held.append(Held(record, rule, raw))
        self.warn(f"held:{rule}")
        if len(self.held) > HELD_RECORDS or sum(len(held.raw) for held in self.held) > HELD_BYTES:
            first = self.held[0]
            raise BadFile(first.rule, record=first.record, remedy=_TOO_MANY_HELD)

    def warn(self, rule: str, count: int = 1) -> None:
        """Count `count` breaches of a rule that does not stop the file (a failing check digit, a filled reserve)."""
        if count:
            self.warnings[rule] = self.warnings.get(rule, 0) + count


_TOO_MANY_HELD = "too many records like this one for a slip; ask the sender for the file again"


class BadFile(Exception):
    """Raised by a reader when the file cannot be taken whole; carries place and rule, never a value."""

    def __init__(self, rule: str, *, record: int = 0, field: str = "", remedy: str) -> None:
        self.rule, self.record, self.field, self.remedy = rule, record, field, remedy
        super().__init__(f"record {record}, {field or 'whole record'}: {rule} -> {remedy}")


#: How much of a file is looked at to recognise its format.
HEAD_BYTES = 64 * 1024


class Format(Protocol):
    """What a source format offers."""

    @property
    def id(self) -> str:
        """Stable name used in `config/sources` and on the command line, such as ``uke-medical``."""

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people, keys ``ja`` and ``en``."""

    @property
    def dataset(self) -> Dataset:
        """The tables this format fills, with every column's class and domain."""

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """Every field table this format reads by, oldest first: all that is in a file, and what becomes of it."""

    def recognise(self, head: bytes) -> str:
        """Why a file that begins with these bytes (up to `HEAD_BYTES`, or the whole file) is of this format, in words
        for people without a value from it; "" where it is none. By content only; never raises."""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw bounded parcels from `stream`, in order. Raises `BadFile`; totals are checked before the last parcel
        is followed by the end, so a caller that commits only after the iterator ends has a reconciled file."""
