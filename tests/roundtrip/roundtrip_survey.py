"""What the store must hold of DPC survey files: stays out of repeated keys, payloads out of codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from roundtrip_cells import GONE, Expected, Row, iso, kept, stored

from provision.formats import tables
from provision.formats.base import Column, ColumnClass
from provision.formats.tables import FieldTable


def tabbed(data: bytes) -> list[list[str]]:
    rows = [line.split("\t") for line in data.decode("cp932").split("\r\n") if line]
    return rows[1:] if rows[0][0].startswith("施設") else rows


def survey(rows: list[list[str]], table: FieldTable, found: Expected) -> None:
    """A head row per stay, in the order of their first rows, and a row per row in the other table, if there is one."""
    head = table.dataset.head
    keys = [f.index for f in table.fields if f.table == head and f.index < 900]
    numbers: dict[tuple[str, ...], int] = {}
    first: dict[int, Row] = {}
    for cells in rows:
        key = tuple(cells[index] for index in keys)
        number = numbers.setdefault(key, found.claims + len(numbers))
        if number not in first:
            first[number] = _stay(table, cells) | {"claim_no": number}
            found.rows[head].append(first[number])
        for item in table.dataset.tables:
            if item.name != head:
                row = kept([f for f in table.fields if f.table == item.name], cells)
                found.rows[item.name].append(row | {"claim_no": number})
                if "insurer" in first[number]:
                    first[number]["insurer"] = first[number]["insurer"] or row["row_insurer"]
    found.claims += len(numbers)


def _stay(table: FieldTable, cells: list[str]) -> Row:
    """Column 3 of EF, E and F is the discharge, or before the admission a birth."""
    own = [f for f in table.fields if f.table == table.dataset.head]
    row, derived = kept(own, cells), {f.column.name for f in own if f.index >= 900}
    if "discharged" in derived:
        born = cells[2] < cells[3]
        row |= {"discharged": None if born else iso(cells[2]), "birth_month": iso(cells[2])[:7] if born else None}
    month = _month(row) if "service_month" in derived else {}
    return row | ({"insurer": None} if "insurer" in derived else {}) | month


def _month(stay: Row) -> Row:
    """対象年月 of a stay: of its discharge, else of its admission or visit."""
    return {"service_month": str(stay.get("discharged") or stay["admitted"])[:7]}


def form1(rows: list[list[str]], table: FieldTable, found: Expected) -> None:
    ended = Counter(cells[8][:6] for cells in rows if cells[5] == "A000030")
    payloads = _payloads(max(ended, key=lambda month: ended[month]))
    numbers: dict[tuple[str, ...], int] = {}
    for cells in rows:
        number = numbers.setdefault(tuple(cells[:5]), found.claims + len(numbers))
        if number >= len(found.rows["stay"]):
            own = [f for f in table.fields if f.table == "stay"]
            found.rows["stay"].append(kept(own, cells) | {"claim_no": number})
        stay = found.rows["stay"][number]
        if cells[5] == "A000010":
            stay |= {"birth_month": iso(cells[8])[:7], "sex": cells[9], "zip3": cells[10][:3]}
        if cells[5] == "A000030":
            stay |= {"discharged": iso(cells[8])}
        stay |= _month(stay)
        found.rows["form1_item"] += _items(cells, payloads, number)
    found.claims += len(numbers)


def _payloads(month: str) -> dict[tuple[str, int], Column]:
    """The payload table of the fiscal year that a month (YYYYMM) lies in, else the newest older one."""
    years = [tables.load(f"dpc_form1_payload_{year}") for year in (2014, 2025, 2026)]
    chosen = [table for table in years if table.dataset.edition[:6] <= month][-1]
    return {(f.record, f.index): f.column for f in chosen.fields}


def _items(cells: list[str], payloads: Mapping[tuple[str, int], Column], number: int) -> list[Row]:
    rows: list[Row] = []
    for place in range(1, 10):
        column = payloads.get((cells[5], place))
        if not cells[7 + place] or column is None or column.cls in GONE:
            continue
        if column.cls in (ColumnClass.BIRTH, ColumnClass.ZIP) or column.role == "sex":
            continue
        value = stored(column, cells[7 + place])
        number_value = Decimal(str(value)) if column.dtype != "string" else None
        row: Row = {"code": cells[5], "version": cells[6], "serial": cells[7], "payload_no": place, "claim_no": number}
        plain = column.dtype == "string" and column.domain != "date"
        dated = value if column.domain == "date" else None
        rows.append(row | {"value": value if plain else None, "value_number": number_value, "value_date": dated})
    return rows


def form3(rows: list[list[str]], found: Expected) -> None:
    if not found.rows["facility_report"]:
        found.rows["facility_report"].append({"facility": rows[0][0], "claim_no": 0})
        found.claims = 1
