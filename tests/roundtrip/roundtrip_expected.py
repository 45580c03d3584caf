"""What the store must hold of a sender's file, worked out from the file itself and the field tables alone.

Shares nothing with the readers: lines are cut at their separators, columns named and classed by the field table, dates
and numbers read in the plainest way. Everything that is not kept on receipt is left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from provision.formats import tables
from provision.formats.base import Column, ColumnClass
from provision.formats.tables import Field, FieldTable

Row = dict[str, object]
_ERAS = {"1": 1867, "2": 1911, "3": 1925, "4": 1988, "5": 2018, "M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
_GONE = {
    ColumnClass.DIRECT, ColumnClass.LINK, ColumnClass.FREE, ColumnClass.TECHNICAL, ColumnClass.RESERVED,
    ColumnClass.PROVIDER_NAME,
}  # fmt: skip
_RELATIONS = {"世帯主": "01", "妻": "02", "夫": "02", "子": "03", "父": "04", "母": "04"}


@dataclass
class Expected:
    """Rows by table, each with `claim_no` counted from 0 (None: about the file), in the order of the file."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    claims: int = 0


def expected(form: str, files: Sequence[bytes], table: FieldTable) -> Expected:
    """Of all files of one drop."""
    found = Expected()
    for data in files:
        if form.startswith(("uke-", "recodeinfo-")):
            _claims(_records(data, form), table, found)
        elif form == "kaigo-claims":
            _care(data, table, found)
        elif form.startswith("kaigo-"):
            _care_lines(data, table, found)
        elif form == "member-ledger":
            _ledger(data, table, found)
        elif form == "dpc-form1":
            _form1(_tabbed(data), table, found)
        elif form == "dpc-form3":
            _form3(_tabbed(data), found)
        else:
            _survey(_tabbed(data), table, found)
    return found


def iso(text: str) -> str:
    """A day or month however it was written, as YYYY-MM-DD or YYYY-MM."""
    text = text.replace("/", "")
    if len(text) in (5, 7):
        text = f"{_ERAS[text[0]] + int(text[1:3]):04d}{text[3:]}"
    return "-".join(part for part in (text[:4], text[4:6], text[6:]) if part)


def stored(column: Column, text: str) -> object:
    """What a kept cell becomes."""
    text = text.strip(" \u3000")
    if not text or (column.domain == "date" and not text.strip("0")):
        return None
    if column.cls is ColumnClass.BIRTH or column.domain == "month":
        return iso(text)[:7]
    if column.cls is ColumnClass.ZIP:
        return text[:3]
    if column.cls is ColumnClass.INSURER:
        return re.sub(r"^00(\d{6})$", r"\1", text)
    if column.domain == "date":
        return iso(text)
    return {"string": str, "integer": int, "decimal": Decimal}[column.dtype](text)


def kept(fields: Iterable[Field], cells: Sequence[str]) -> Row:
    """The kept columns of one record."""
    return {
        f.column.name: stored(f.column, cells[f.index] if f.index < len(cells) else "")
        for f in fields
        if f.index < 900 and f.column.cls not in _GONE
    }


def _by_record(table: FieldTable) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = defaultdict(list)
    for item in table.fields:
        found[item.record].append(item)
    return found


def _records(data: bytes, form: str) -> list[list[str]]:
    """Records of a claims file; of an insurer's without the three columns in front."""
    text = data.decode("cp932").rstrip("\x1a")
    if form.startswith("recodeinfo-"):
        return [row[3:] for row in csv.reader(io.StringIO(text, newline=""))]
    return [line.split(",") for line in text.split("\r\n") if line]


def _claims(records: list[list[str]], table: FieldTable, found: Expected) -> None:
    by_record, derived = _by_record(table), {f.column.name for f in table.fields if f.index >= 900}
    head: Row = {}
    running: dict[str, int | str] = {}
    for cells in records:
        kind, fields = cells[0], by_record.get(cells[0], [])
        if not fields:
            continue
        name = fields[0].table
        if name == table.dataset.head and kind != "RE":
            head |= kept(fields, cells)
            continue
        row = kept(fields, cells)
        if kind == "RE":
            found.claims += 1
            running = _next_detail(running, cells, fields)
            row = head | row | ({"detail_no": running["detail"]} if "detail_no" in derived else {})
        row |= _position(kind, cells, fields, running)
        about_file = kind in ("UK", "GO", "HG")
        found.rows[name].append(row | {"claim_no": None if about_file else found.claims - 1})


def _next_detail(running: Mapping[str, int | str], cells: list[str], fields: list[Field]) -> dict[str, int | str]:
    """A new RE: numbers start again; a detail of a 総括 gets the next number."""
    left, number = int(running.get("left", 0)), int(running.get("detail", 0))
    place = next((f.index for f in fields if f.column.name == "details"), None)
    said = cells[place] if place is not None and place < len(cells) else ""
    return {"left": left - 1, "detail": number + 1} if left else {"left": int(said or 0), "detail": 0}


def _position(kind: str, cells: list[str], fields: list[Field], running: dict[str, int | str]) -> Row:
    """診療識別 and its group, or the numbers of SH and CZ that a record lies in."""
    names = {f.column.name for f in fields}
    if "service_category" in names and "group_no" in names:
        if cells[1]:
            running["category"], running["group"] = cells[1], int(running.get("group", 0)) + 1
        return {"service_category": running["category"], "group_no": running["group"]}
    if kind == "SH":
        running["group"], running["inner"] = int(running.get("group", 0)) + 1, 0
    if kind == "CZ":
        running["inner"] = int(running["inner"]) + 1
    row: Row = {"group_no": running["group"]} if "group_no" in names else {}
    return row | ({"dispensing_no": running["inner"]} if "dispensing_no" in names else {})


def _csv(data: bytes, encoding: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


def _care(data: bytes, table: FieldTable, found: Expected) -> None:
    by_record = _by_record(table)
    for cells in _csv(data, "cp932")[1:-1]:
        kind = "7111" if cells[2] == "7111" else cells[3]
        found.claims += kind == "01"
        number = None if kind == "7111" else found.claims - 1
        found.rows[by_record[kind][0].table].append(kept(by_record[kind], cells) | {"claim_no": number})


def _care_lines(data: bytes, table: FieldTable, found: Expected) -> None:
    """8124 and 8222: the lines up to number 99 are one claim, headed by the last of them; 7111 and 8211 are none."""
    by_record, head, place = _by_record(table), table.dataset.head, {"8124": 17, "8222": 9}
    for cells in _csv(data, "cp932")[1:-1]:
        fields = by_record[cells[2]]
        if cells[2] not in place:
            found.rows[fields[0].table].append(kept(fields, cells) | {"claim_no": None})
            continue
        last = cells[place[cells[2]]] == "99"
        for name in dict.fromkeys(f.table for f in fields):
            if last or name != head:
                own = kept([f for f in fields if f.table == name], cells)
                found.rows[name].append(own | {"claim_no": found.claims})
        found.claims += last


def _tabbed(data: bytes) -> list[list[str]]:
    rows = [line.split("\t") for line in data.decode("cp932").split("\r\n") if line]
    return rows[1:] if rows[0][0].startswith("施設") else rows


def _survey(rows: list[list[str]], table: FieldTable, found: Expected) -> None:
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


def _form1(rows: list[list[str]], table: FieldTable, found: Expected) -> None:
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
        if not cells[7 + place] or column is None or column.cls in _GONE:
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


def _form3(rows: list[list[str]], found: Expected) -> None:
    if not found.rows["facility_report"]:
        found.rows["facility_report"].append({"facility": rows[0][0], "claim_no": 0})
        found.claims = 1


def _ledger(data: bytes, table: FieldTable, found: Expected) -> None:
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "cp932"
    for cells in _csv(data, encoding)[1:]:
        for name in ("member", "checkup"):
            row = kept([f for f in table.fields if f.table == name], cells)
            if name == "member":
                row["relation"] = _RELATIONS[cells[5]]
            if name == "member" or any(value is not None for value in row.values()):
                found.rows[name].append(row | {"claim_no": found.claims})
        found.claims += 1
