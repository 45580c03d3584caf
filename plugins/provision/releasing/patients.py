"""架空患者: fictitious patients whose identifiers are known, for every field that must not go out.

Two of them, so that no field is filled alike everywhere. Telephone numbers and addresses are of blocks that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from provision.formats.base import PEOPLE_COLUMNS, Column, ColumnClass, Table
from provision.formats.tables import polars_type

#: Classes of which no value may go out as it came; of births and ZIP codes a part does.
PLANTED = frozenset(
    {ColumnClass.DIRECT, ColumnClass.LINK, ColumnClass.FREE, ColumnClass.PROVIDER_NAME, ColumnClass.TECHNICAL,
     ColumnClass.RESERVED, ColumnClass.BIRTH, ColumnClass.ZIP}
)  # fmt: skip
#: Roles whose values alone point at one person: the gate must find every one of them.
STRONG = frozenset({"name", "kana", "phone", "address"})


@dataclass(frozen=True)
class Patient:
    """One of them, as a source would know them."""

    name: str
    kana: str
    birth: date
    sex: str
    phone: str
    address: str
    zip7: str
    insurer: str
    symbol: str
    number: str
    branch: str
    care_insurer: str
    care_number: str
    facility: str
    chart: str

    def said(self, column: str) -> str:
        """What stands in a column of `PEOPLE_COLUMNS`."""
        return f"{self.birth:%Y%m%d}" if column == "birth" else str(getattr(self, column))

    def value(self, column: Column) -> str:
        """What a sender would write into a field of the format, by its role, else by its class."""
        by_role = {
            "zip": self.zip7, "public_recipient": self.number, "claim": f"9{self.number}{self.chart}",
            "facility_name": f"架空{self.symbol}医院", "confirmed_symbol": self.symbol, "confirmed_number": self.number,
            "confirmed_insurer": self.insurer,
        }  # fmt: skip
        if column.cls is ColumnClass.BIRTH:
            return self.said("birth")
        if column.cls is ColumnClass.ZIP:
            return self.zip7
        if column.cls in {ColumnClass.FREE, ColumnClass.RESERVED}:
            return f"{self.name}様（{self.phone}）{self.address}"
        if column.cls is ColumnClass.PROVIDER_NAME:
            return by_role["facility_name"] if column.role == "facility_name" else f"{self.name}医師"
        if column.role in PEOPLE_COLUMNS:
            return self.said(column.role)
        return by_role.get(column.role, f"{self.chart}{self.care_number}")


PATIENTS = (
    Patient("架空花子", "カクウハナコ", date(1931, 7, 23), "2", "090-5550-0147", "東京都架空区鳥籠町3丁目14番15号",
            "1009853", "33139991", "架空93", "7054821", "9702", "139998", "0009471853", "1399997", "00083176"),
    Patient("仮野小鳥", "カリノコトリ", date(1974, 11, 5), "1", "03-5550-0182", "大阪府架空市金糸雀町926番地8号",
            "5309751", "06279992", "仮74", "3916057", "8603", "279997", "0006183947", "2799998", "00051792"),
)  # fmt: skip


#: When they were seen, the elder one long ago: a date before the release's months tells her age.
_VISIT = {"date": ["2003-06-14", "2025-04-17"], "month": ["2003-06", "2025-04"]}


def people() -> pl.DataFrame:
    """As `Parcel.people`: claim n is the n-th patient's."""
    rows = [[number, *(one.said(c) for c in PEOPLE_COLUMNS[1:])] for number, one in enumerate(PATIENTS, start=1)]
    schema = {"claim_no": pl.Int64(), **{name: pl.String() for name in PEOPLE_COLUMNS[1:]}}
    return pl.DataFrame(rows, schema=schema, orient="row")


def planted(table: Table) -> dict[str, list[str]]:
    """What is planted in the fields of a table: column -> a value per patient. Numbers are not planted: no field that
    must not go out is one."""
    columns = [c for c in table.columns if c.cls in PLANTED and c.dtype == "string" and c.name != "claim_no"]
    return {column.name: [patient.value(column) for patient in PATIENTS] for column in columns}


def raw(table: Table) -> pl.DataFrame:
    """One row per patient as a reader would yield it: typed, all columns. Dates and months that go out are those of a
    visit, so that rules have something to treat; everything else is empty."""
    values = {c.name: _VISIT[c.domain] for c in table.columns if c.domain in _VISIT and c.dtype == "string"}
    values |= planted(table)
    numbers = pl.DataFrame({"claim_no": range(1, len(PATIENTS) + 1)}, schema={"claim_no": pl.Int64})
    cells = [pl.Series(c.name, values.get(c.name, [None] * len(PATIENTS)), polars_type(c)) for c in table.columns]
    return numbers.with_columns(c for c in cells if c.name != "claim_no")
