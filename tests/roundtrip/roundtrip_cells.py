"""Cells as the store must hold them: read in the plainest way, by the words of the field table alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from provision.formats.base import Column, ColumnClass
from provision.formats.tables import Field, FieldTable

Row = dict[str, object]
_ERAS = {"1": 1867, "2": 1911, "3": 1925, "4": 1988, "5": 2018, "M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
GONE = {
    ColumnClass.DIRECT, ColumnClass.LINK, ColumnClass.FREE, ColumnClass.TECHNICAL, ColumnClass.RESERVED,
    ColumnClass.PROVIDER_NAME,
}  # fmt: skip


@dataclass
class Expected:
    """Rows by table, each with `claim_no` counted from 0 (None: about the file), in the order of the file."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    claims: int = 0


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
        if f.index < 900 and f.column.cls not in GONE
    }


def by_record(table: FieldTable) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = defaultdict(list)
    for item in table.fields:
        found[item.record].append(item)
    return found
