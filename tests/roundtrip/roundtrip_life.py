"""LIFE files as the store must hold them, read in the plainest way by the field tables alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from roundtrip_cells import Expected, Row, by_record, kept

from provision import formats
from provision.formats.tables import Field

#: Ids of the interface whose columns are called otherwise in our tables.
_OURS = {
    "care_facility_id": "facility", "insurer_no": "care_insurer", "insured_no": "care_number", "gender": "sex",
    "external_system_management_number": "external_number", "birthday": "birth_month",
    "external_system_management_detail_number": "external_detail_number",
}  # fmt: skip


def life(data: bytes, found: Expected) -> None:
    """One file: a head row and a row of its data type for every record."""
    for kind, cells in life_records(data):
        fields = life_layouts()[kind]
        for name in dict.fromkeys(field.table for field in fields):
            own = [field for field in fields if field.table == name]
            row = kept(own, cells)
            row["emptied"] = _taken_back(own, cells, row)
            head = {"form": "USER" if kind == "SERVICE_USER_INFO" else kind[5:9]} if name == "life_record" else {}
            found.rows[name].append(row | head | {"claim_no": found.claims})
        found.claims += 1


def _taken_back(fields: list[Field], cells: list[str], row: Row) -> str:
    """Kept columns in which something stands that is no value: a single space, which takes a value back."""
    filled = (f.column.name for f in fields if f.column.name in row and cells[f.index])
    return "".join(f" {name} " for name in filled if row[name] is None)


def life_layouts() -> dict[str, list[Field]]:
    """Fields by data type, in the order of the official list."""
    return {kind: found for table in formats.get("life").editions for kind, found in by_record(table).items()}


def life_records(data: bytes) -> Iterator[tuple[str, list[str]]]:
    """Data type and cells of every record, in the order of the official list."""
    text = data.decode("cp932" if not _is_utf8(data) else "utf-8-sig")
    lines = list(csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))))
    kind, ids = lines[0][0], [_OURS.get(cell, cell) for cell in lines[1]]
    names = [field.column.name for field in life_layouts()[kind] if field.index < 900]
    for cells in lines[2:]:
        own = dict(zip(ids, cells, strict=True))
        yield kind, [own.get(name, "") for name in names]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
