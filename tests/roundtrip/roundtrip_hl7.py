"""What the store must hold of a file of HL7 messages: cut at its separators, fields named by the field table.

The world's messages use no escapes in what is kept, and one repetition of everything that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from roundtrip_cells import Expected, Row, iso, stored

from provision.formats.base import ColumnClass
from provision.formats.tables import DROPPED, FieldTable

Cells = list[str]
_SYSTEMS = {"JC10": "JLAC10", "HOT9": "HOT9"}
_SPELLED = {"g/dl": "g/dL", "mg/dl": "mg/dL", "IU/L": "U/L"}
_ITEMS = {
    "9N001": "height", "9N006": "weight", "3D046": "hba1c", "3A010": "total_protein", "3B035": "ast",
    "3C015": "creatinine",
}  # fmt: skip


def segments(data: bytes) -> Iterator[tuple[str, Cells]]:
    """Every segment with its name; fields by HL7 number."""
    encoding = "iso2022_jp" if b"~ISO IR87" in data else "utf-8" if b"UNICODE" in data else "cp932"
    for line in data.decode(encoding).translate({0x0B: None, 0x1C: None}).split("\r"):
        if line:
            name, *fields = line.split("|")
            yield name, [name, *(["|"] if name in ("MSH", "FHS", "BHS") else []), *fields]


def hl7(data: bytes, table: FieldTable, found: Expected) -> None:
    """The rows of every message."""
    message: list[Cells] = []
    for name, cells in [*segments(data), ("MSH", [])]:
        if name == "MSH" and message:
            for place, row in list(_rows(message, table)):  # rows are filled by the segments behind
                found.rows[place].append(row | {"claim_no": found.claims})
            found.claims += 1
            message = []
        if cells and name not in ("FHS", "BHS", "BTS", "FTS"):
            message.append(cells)


def _rows(message: list[Cells], table: FieldTable) -> Iterator[tuple[str, Row]]:
    order: Row = {}
    row: Row
    head, opened, number, line = _head(message, table), Row(), 0, 0
    for cells in message:
        name, kind = cells[0], message[0][9]
        if name == "IN1":
            yield "insurance", _insurance(cells)
            head["insurer"] = head["insurer"] or _insurance(cells)["insurer"]
        elif name == "ZI1":
            head["insurer"] = head["insurer"] or cells[3].removeprefix("00")
        elif name in ("PV1", "PRB", "IAM"):
            row = _direct(cells, table)
            row |= {"icd10": str(row["icd10"]).replace(".", "")} if name == "PRB" else {}
            row |= {"allergen_system": "HOT9"} if name == "IAM" else {}
            yield {"PV1": "encounter", "PRB": "diagnosis", "IAM": "allergy"}[name], row
        elif name == "ORC":
            order = {"order_control": cells[1], "ordered": iso(cells[9][:8]) if len(cells) > 9 and cells[9] else None}
            order["setting"] = cells[29][0] if len(cells) > 29 else None
            if kind.startswith("OUL"):
                opened |= order
        elif name == "RXE":
            line += 1
            opened = {**order, **_direct(cells, table), "line": line, "drug_system": "HOT9"}
            yield "prescription", opened
        elif name == "TQ1":
            opened |= _direct(cells, table) | {"usage": cells[3].split("&")[0]}
        elif name == "RXR":
            opened |= _direct(cells, table, "prescription")
        elif name == "OBR":
            opened = {**_direct(cells, table), "service_system": _SYSTEMS[cells[4].split("^")[2]]}
            yield "examination", opened
        elif name == "OBX" and cells[2] != "TX":
            number += 1
            yield "test_value", _value(cells, number, message)
    yield "message", head


def _direct(cells: Cells, table: FieldTable, only: str = "") -> Row:
    """The kept fields of a segment, first components."""
    row: Row = {}
    for item in table.record(cells[0]):
        column = item.column
        if item.index >= 900 or column.cls in DROPPED or (only and item.table != only) or item.table == "message":
            continue
        text = re.split(r"[~^&]", cells[item.index])[0] if item.index < len(cells) else ""
        row[column.name] = stored(column, text[:8] if column.domain == "date" else text)
    return row


def _head(message: list[Cells], table: FieldTable) -> Row:
    found = {cells[0]: cells for cells in message}
    msh, pid, evn = found["MSH"], found["PID"], found.get("EVN", [])
    (birth,) = [f.column for f in table.record("PID") if f.column.cls is ColumnClass.BIRTH]
    place = pid[11].split("^")[4] if len(pid) > 11 else ""
    return {
        "facility": msh[4], "message_type": msh[9].replace("^", ""), "action": "N", "message_date": iso(msh[7][:8]),
        "service_month": iso(msh[7][:6]), "event_date": iso(evn[6][:8]) if len(evn) > 6 else None,
        "birth_month": stored(birth, pid[7]), "sex": {"M": "1", "F": "2"}[pid[8]], "zip3": place[:3] or None,
        "insurer": None,
    }  # fmt: skip


def _insurance(cells: Cells) -> Row:
    law, public = cells[2][:2], "公費" in cells[2]
    return {
        "plan": None if law == "C0" else law, "insurer": None if public else re.sub("^00", "", cells[3]),
        "payer": cells[3] if public else None, "relation": cells[17][:3] if len(cells) > 17 else None,
    }  # fmt: skip


def _value(cells: Cells, number: int, message: list[Cells]) -> Row:
    code, unit = cells[3].split("^")[0], cells[6].split("^")[0]
    coded = cells[2] == "CWE"
    low, _, high = cells[7].partition("-")
    day = cells[14] if len(cells) > 14 else ""
    return {
        "value_no": number, "observed": iso(day[:8]) if day else None, "item": _ITEMS.get(code[:5]),
        "code_system": "jlac10", "code": code, "value_number": None if coded else Decimal(cells[5]),
        "value_code": cells[5].split("^")[0] if coded else None, "unit": _SPELLED.get(unit, unit) or None,
        "ref_low": Decimal(low) if low else None, "ref_high": Decimal(high) if high else None, "flag": cells[8] or None,
    }  # fmt: skip
