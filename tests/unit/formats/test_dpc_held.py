"""DPC rows with undecodable bytes are kept for quarantine, the rest of the file is taken; of Form 1 whole stays."""

from __future__ import annotations

import polars as pl
import pytest

from provision.formats import dpcfile
from provision.formats.base import Parcel, Report
from tests.support import dpc

#: A lead byte before a digit's: no character of CP932.
BAD = b"\x81 "
NAME = dpc.NAME.encode("cp932")


def torn(rows: list[dpc.Row], *at: int, headings: bool = False) -> tuple[bytes, list[bytes]]:
    """A file with undecodable bytes in these rows, and those rows."""
    lines = dpc.encoded(rows, headings=headings).splitlines(keepends=True)
    for place in at:
        lines[place + headings] = lines[place + headings].replace(NAME, BAD + NAME, 1)
    return b"".join(lines), [lines[place + headings] for place in at]


def read(format_id: str, data: bytes) -> tuple[list[Parcel], Report]:
    return dpc.read(format_id, data)


@pytest.mark.parametrize(
    ("format_id", "row", "table"),
    [("dpc-ef", dpc.ef(), "ef_item"), ("dpc-e", dpc.e(), "e_act"), ("dpc-f", dpc.f(), "f_detail"),
     ("dpc-d", dpc.d(), "d_item")],
)  # fmt: skip
@pytest.mark.parametrize("headings", [True, False])
def test_a_row_with_undecodable_bytes_is_held(format_id: str, row: dpc.Row, table: str, headings: bool) -> None:
    rows = [dpc.changed(row, c2=f"{n:010}") for n in range(1, 5)]
    data, kept = torn(rows, 1, headings=headings)
    parcels, report = read(format_id, data)
    assert parcels[0].people["chart"].to_list() == ["0000000001", "0000000003", "0000000004"]
    assert parcels[0].tables[table].height == 3
    assert [(held.record, held.rule, held.raw) for held in report.held] == [(2 + headings, "text.encoding", kept[0])]
    assert report.records == 4 + headings
    assert report.totals == {"stays": 3, "rows": 3}
    assert report.warnings == {"held:text.encoding": 1}


def test_the_number_of_a_later_row_counts_the_held_one() -> None:
    rows = [dpc.ef(), dpc.ef(), dpc.ef(), dpc.changed(dpc.ef(), c24="yesterday")]
    data, _ = torn(rows, 1)
    assert dpc.refused("dpc-ef", data).record == 4


def test_undecodable_bytes_in_a_surplus_column_hold_the_row_too() -> None:
    rows = [[*dpc.ef(f"{n:03}"), "x"] for n in range(3)]
    lines = dpc.encoded(rows).splitlines(keepends=True)
    parcels, report = read("dpc-ef", lines[0] + lines[1].replace(b"x\r\n", b"\xfd\r\n") + lines[2])
    assert parcels[0].tables["ef_item"]["detail_no"].to_list() == [0, 2]
    assert [held.record for held in report.held] == [2]


def test_a_stay_of_form_1_is_held_whole() -> None:
    stays = [dpc.form1(f"{n:010}") for n in range(1, 40)]
    rows = [row for stay in stays for row in stay]
    broken = 3 * 10 + 8  # the operation of the fourth stay
    data, _ = torn(rows, broken)
    parcels, report = read("dpc-form1", data)
    heads, items = (pl.concat([p.tables[name] for p in parcels]) for name in ("stay", "form1_item"))
    assert heads["data_id"].to_list() == [f"{n:010}" for n in range(1, 40) if n != 4]
    assert items.height == 38 * 20
    assert [held.record for held in report.held] == list(range(31, 41))
    assert b"".join(held.raw for held in report.held).decode("cp932", "replace").count("\t0000000004\t") == 10
    assert (report.records, report.people) == (390, 38)


def test_the_rows_of_a_held_stay_that_stand_apart_are_held_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpcfile, "CHUNK", 4096)
    *first, last = dpc.form1("0000000001")
    others = [row for n in range(2, 200) for row in dpc.form1(f"{n:010}")]
    broken = next(at for at, row in enumerate(first) if dpc.NAME in row)
    data, _ = torn([*first, *others, last], broken)
    parcels, report = read("dpc-form1", data)
    assert pl.concat([p.tables["stay"] for p in parcels]).height == 198
    assert len(report.held) == 10
    operation = dpc.form1("0000000001")[8]
    data, _ = torn([*first, last, *others, operation], len(first) + 1 + len(others))
    assert dpc.refused("dpc-form1", data).rule == "text.encoding"


def test_a_file_of_undecodable_rows_only_is_refused() -> None:
    assert dpc.refused("dpc-ef", torn([dpc.ef()], 0)[0]).rule == "text.encoding"
    assert dpc.refused("dpc-ef", torn([dpc.ef()] * 4, 0, 1, 2)[0]).rule == "text.encoding"
