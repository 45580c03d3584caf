"""Files of checkups in the plainest way: cells by their places, results by the lists of items and columns alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from roundtrip_cells import Expected, Row, by_record, iso, kept

from provision.formats.tables import FieldTable
from provision.formats.testvalues import item_of

_CODES = Path(__file__).parents[2] / "config" / "codes"


def rows(form: str, data: bytes) -> list[list[str]]:
    """The rows of a file, without a header."""
    found = list(csv.reader(io.StringIO(data.decode("cp932"), newline="")))
    return found[1:] if form == "checkup-c2xd-csv" and found[0][7] not in {"1", "2"} else found


def checkups(form: str, data: bytes, table: FieldTable, found: Expected) -> None:
    """A head row per line, then its values and its answers."""
    for cells in rows(form, data):
        head = kept(by_record(table)["row"], cells)
        found.rows["checkup"].append(head | {"claim_no": found.claims})
        results = _groups(cells) if form == "checkup-orca-csv" else _columns(cells)
        numbers = {"value": 0, "answer": 0}
        for code, kind, row in results:
            numbers[kind] += 1
            day = iso(str(head["checkup_date"]).replace("-", ""))
            found.rows["answer" if kind == "answer" else "test_value"].append(
                {"claim_no": found.claims, **_start(kind, numbers[kind], day, code), **row}
            )
        found.claims += 1


def _start(kind: str, number: int, day: str, code: str) -> Row:
    if kind == "answer":
        return {"answer_no": number, "answered": day, "question": code}
    start: Row = {"value_no": number, "observed": day, "code_system": "jlac10", "code": code}
    return start | {"item": item_of("jlac10", code) or None}


def _items() -> dict[str, list[str]]:
    lines = (_CODES / "checkup_item.tsv").read_text(encoding="utf-8").splitlines()[2:]
    return {row[0]: [*row, "", "", ""] for row in (line.split("\t") for line in lines)}


def _groups(cells: list[str]) -> Iterator[tuple[str, str, Row]]:
    for start in range(13, len(cells), 8):
        code, _, state, flag, _, result, _, limits = cells[start : start + 8]
        low, _, high = limits.partition("-")
        around = {"flag": flag or None, **{f"ref_{n}": Decimal(t) for n, t in (("low", low), ("high", high)) if t}}
        absent = {"0": "not_done", "2": "not_measurable"}.get(state)
        yield from _one(code, result, absent, around)


def _columns(cells: list[str]) -> Iterator[tuple[str, str, Row]]:
    lines = (_CODES / "checkup_c2xd_column.tsv").read_text(encoding="utf-8").splitlines()[15:]
    for line in lines:
        place, _, _, code = line.split("\t")
        if cells[int(place)]:
            yield from _one(code, cells[int(place)], None, {})


def _one(code: str, result: str, absent: str | None, around: Row) -> Iterator[tuple[str, str, Row]]:
    _, _, _, type_, kind, unit, system, *_ = _items()[code]
    prefix = "answer_" if kind == "answer" else "value_"
    if kind == "text":
        return
    if absent:
        yield code, kind, {"absent": absent}
    elif type_ == "PQ":
        yield code, kind, {f"{prefix}number": Decimal(result), "unit": unit or None, **around}
    else:
        yield code, kind, {f"{prefix}code": result, f"{prefix}system": system}
