"""What the store must hold of a sender's file, worked out from the file itself and the field tables alone.

Shares nothing with the readers: lines are cut at their separators, columns named and classed by the field table, dates
and numbers read in the plainest way. Everything that is not kept on receipt is left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from roundtrip_cells import GONE, Expected, Row, by_record, kept
from roundtrip_checkups import checkups
from roundtrip_checkups import rows as checkup_rows
from roundtrip_hl7 import hl7, segments
from roundtrip_life import life, life_layouts, life_records
from roundtrip_survey import form1, form3, survey, tabbed

from provision.formats.tables import Field, FieldTable

_RELATIONS = {"世帯主": "01", "妻": "02", "夫": "02", "子": "03", "父": "04", "母": "04"}


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
        elif form == "life":
            life(data, found)
        elif form == "hl7v2":
            hl7(data, table, found)
        elif form.startswith("checkup-"):
            checkups(form, data, table, found)
        elif form == "dpc-form1":
            form1(tabbed(data), table, found)
        elif form == "dpc-form3":
            form3(tabbed(data), found)
        else:
            survey(tabbed(data), table, found)
    return found


def dropped(form: str, data: bytes, table: FieldTable) -> set[tuple[str, str]]:
    """(class, text) of every cell of eight characters or more that must not be kept, as the sender wrote it.

    Payloads of 様式1 are left out: their class is told by their code, not by their column.
    """
    layouts, found = by_record(table) if form != "life" else life_layouts(), set()
    for kind, cells in _kinds(form, data):
        for item in layouts.get(kind, []):
            text = cells[item.index].strip(" \u3000") if item.index < len(cells) else ""
            payload = form == "dpc-form1" and item.index > 7
            if item.column.cls in GONE and len(text) >= 8 and not payload:
                found.add((str(item.column.cls), text))
    return found


def _kinds(form: str, data: bytes) -> Iterator[tuple[str, list[str]]]:
    """Every record of a file with its kind, as the field table names it."""
    if form.startswith(("uke-", "recodeinfo-")):
        yield from ((cells[0], cells) for cells in _records(data, form))
    elif form == "life":
        yield from life_records(data)
    elif form == "hl7v2":
        yield from segments(data)
    elif form.startswith("kaigo-"):
        for cells in _csv(data, "cp932")[1:-1]:
            yield (cells[3] if cells[2].startswith("713") else cells[2]), cells
    elif form.startswith("checkup-"):
        yield from (("row", cells) for cells in checkup_rows(form, data))
    else:
        rows = _ledger_rows(data) if form == "member-ledger" else tabbed(data)
        yield from (("row", cells) for cells in rows)


def _records(data: bytes, form: str) -> list[list[str]]:
    """Records of a claims file; of an insurer's without the three columns in front."""
    text = data.decode("cp932").rstrip("\x1a")
    if form.startswith("recodeinfo-"):
        return [row[3:] for row in csv.reader(io.StringIO(text, newline=""))]
    return [line.split(",") for line in text.split("\r\n") if line]


def _claims(records: list[list[str]], table: FieldTable, found: Expected) -> None:
    layouts, derived = by_record(table), {f.column.name for f in table.fields if f.index >= 900}
    head: Row = {}
    running: dict[str, int | str] = {}
    for cells in records:
        kind, fields = cells[0], layouts.get(cells[0], [])
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
    layouts = by_record(table)
    for cells in _csv(data, "cp932")[1:-1]:
        kind = "7111" if cells[2] == "7111" else cells[3]
        found.claims += kind == "01"
        number = None if kind == "7111" else found.claims - 1
        found.rows[layouts[kind][0].table].append(kept(layouts[kind], cells) | {"claim_no": number})


def _care_lines(data: bytes, table: FieldTable, found: Expected) -> None:
    """8124 and 8222: the lines up to number 99 are one claim, headed by the last of them; 7111 and 8211 are none."""
    layouts, head, place = by_record(table), table.dataset.head, {"8124": 17, "8222": 9}
    for cells in _csv(data, "cp932")[1:-1]:
        fields = layouts[cells[2]]
        if cells[2] not in place:
            found.rows[fields[0].table].append(kept(fields, cells) | {"claim_no": None})
            continue
        last = cells[place[cells[2]]] == "99"
        for name in dict.fromkeys(f.table for f in fields):
            if last or name != head:
                own = kept([f for f in fields if f.table == name], cells)
                found.rows[name].append(own | {"claim_no": found.claims})
        found.claims += last


def _ledger(data: bytes, table: FieldTable, found: Expected) -> None:
    for cells in _ledger_rows(data):
        for name in ("member", "checkup"):
            row = kept([f for f in table.fields if f.table == name], cells)
            if name == "member":
                row["relation"] = _RELATIONS[cells[5]]
            if name == "member" or any(value is not None for value in row.values()):
                found.rows[name].append(row | {"claim_no": found.claims})
        found.claims += 1


def _ledger_rows(data: bytes) -> list[list[str]]:
    return _csv(data, "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "cp932")[1:]
