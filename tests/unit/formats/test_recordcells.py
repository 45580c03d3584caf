"""Columns cut at the commas are those that the careful parser reads, cell by cell, or none at all."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.recordfile import Lines, _scan
from provision.formats.recordtext import OTHERS, as_cp932, decodes

_COLUMNS: dict[str, pl.DataType] = {
    "kind": pl.String(), "code": pl.String(), "count": pl.Int16(), "text": pl.String(), "share": pl.Decimal(18, 2),
    "last": pl.String(),
}  # fmt: skip
_WANTED = ["code", "count", "text", "share", "last"]

_CODE = st.sampled_from(
    ["", "1", "12345678901", "123456789012", "1234567890123", "202504131999999", "9" * 28, "Z" * 70]
)
_TEXT = st.one_of(_CODE, st.text("架空ｶｸｳ花１ 0A", max_size=20))
_COUNT = st.one_of(
    st.just(""), st.integers(-999, 9999).map(str), st.sampled_from(["007", "+1", " 1", "1 ", "x", "1.0"])
)
_SHARE = st.sampled_from(["", "1", "1.5", "0.25", "-2", "12.345", ".5", "1.", "x", "1e2"])
_LINE = st.tuples(_CODE, _COUNT, _TEXT, _SHARE, _CODE, st.integers(2, 7))
_END = st.sampled_from(["\n", "\r\n"])


def _record(cells: tuple[str, str, str, str, str, int]) -> str:
    return ",".join(["SI", *cells[:5], "surplus"][: cells[5]])


def _lines(text: str) -> Lines:
    return Lines(text.encode("cp932"), 0)


def _careful(lines: Lines, mask: np.ndarray) -> pl.DataFrame | None:
    try:
        return _scan(lines.take(mask).decode("cp932").encode(), _COLUMNS, _WANTED)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        return None


@settings(deadline=None)
@given(st.lists(st.tuples(_LINE, _END), min_size=1, max_size=12))
def test_what_is_taken_is_what_is_read(records: list[tuple[tuple[str, str, str, str, str, int], str]]) -> None:
    """Every second line is of another kind; short records, surplus columns, both line ends, blanks and Japanese."""
    lines = _lines("".join(f"{_record(cells)}{end}GO,架空,1{end}" for cells, end in records))
    mask = lines.is_kind("SI")
    taken = lines.cells.frame(mask, _COLUMNS, _WANTED, japanese=True)
    careful = _careful(lines, mask)
    if taken is not None:
        assert careful is not None
        assert taken.schema == careful.schema
        assert taken.equals(careful)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["SI", "GO"]), _LINE, _END), min_size=1, max_size=12))
def test_lines_that_are_passed_over_change_nothing(
    records: list[tuple[str, tuple[str, str, str, str, str, int], str]],
) -> None:
    """Where the cells of one kind are not looked for, those of the other are where they were."""
    data = "".join(f"{kind}{_record(cells)[2:]}{end}" for kind, cells, end in records).encode("cp932")
    every, some = Lines(data, 0), Lines(data, 0, ["GO"])
    whole, taken = (
        lines.cells.frame(lines.is_kind("SI"), _COLUMNS, _WANTED, japanese=True) for lines in (every, some)
    )  # fmt: skip
    assert (whole is None) == (taken is None)
    assert whole is None or taken is None or taken.equals(whole)
    if every.is_kind("GO").any():
        assert some.cells.frame(some.is_kind("GO"), _COLUMNS, _WANTED, japanese=True) is None


_PIECES = [b"1", b",", b"\\", b"\x83\x5c", b"\xb1", b"\x83", b"\x80", b"\xfd", *(c.encode() for c in "花é")]
_PIECES += [c.encode("cp932") for c in "花ソ能ｶ①髙"] + [c.encode("euc_jp") for c in "花子"]
_BYTES = st.one_of(st.sampled_from(_PIECES), st.binary(max_size=3))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"RE,", b"SI,"]), st.lists(_BYTES, max_size=8)), min_size=1, max_size=6))
def test_text_is_judged_by_what_is_no_ascii_as_by_all_of_it(records: list[tuple[bytes, list[bytes]]]) -> None:
    """What is left out are characters of their own: the rest decodes exactly where the whole does."""
    lines = Lines(b"".join(kind + b"".join(parts).replace(b"\n", b"") + b"\n" for kind, parts in records), 0)
    for encoding in ("cp932", *OTHERS):
        assert decodes(lines._beyond_ascii(), encoding) == decodes(lines.data, encoding)
    assert (as_cp932(lines._beyond_ascii()) is None) == (as_cp932(lines.data) is None)
    read = b"".join(line + b"\n" for line in lines.data.split(b"\n") if line.startswith(b"RE"))
    assert Lines(lines.data, 0, ["SI"])._beyond_ascii() == (Lines(read, 0)._beyond_ascii() if read else b"")


def test_plain_records_are_taken() -> None:
    """Nothing of an ordinary chunk is left to the careful parser."""
    lines = _lines("SI,12,3,架空　花子,1.5,1234567890123\r\nRE,あ\r\nSI,,,,,\r\nSI,12\r\nSI,7,40,ascii,2,x\r\n")
    found = lines.cells.frame(lines.is_kind("SI"), _COLUMNS, _WANTED, japanese=True)
    assert found is not None
    assert found["code"].to_list() == ["12", None, "12", "7"]
    assert found["count"].to_list() == [3, None, None, 40]
    assert found["text"].to_list() == ["架空　花子", None, None, "ascii"]
    assert found["share"].cast(pl.String).to_list() == ["1.50", None, None, "2.00"]
    assert found["last"].to_list() == ["1234567890123", None, None, "x"]


@pytest.mark.parametrize(
    ("text", "japanese"),
    [
        ("SI,1,x,a,1,b\n", True),  # no number
        ("SI,1,40000,a,1,b\n", True),  # no number of this type
        ("SI,1,1,a\rb,1,b\n", True),  # CR inside
        ("SI,1,1,a,1,b\r\r\n", True),
        ("SI,1,1,a,1,b", True),  # no end of line
        ("SI,1,1,架空,1,b\n", False),
        ("SI,1,1,aaaaaaaaaaaaaaaaaaaa架空,1,b\n", False),
        ("SI,1,1,aaaaaaaaaaaaaaaa架空aaaaaaaaaaaaaaaaaaaaaa,1,b\n", False),
    ],
)
def test_what_is_not_plain_is_left_to_the_careful_parser(text: str, *, japanese: bool) -> None:
    """The careful parser decides, and words the error where there is one."""
    lines = _lines(text)
    assert lines.cells.frame(lines.is_kind("SI"), _COLUMNS, _WANTED, japanese=japanese) is None


def test_a_column_behind_the_widest_record_is_left_to_the_careful_parser() -> None:
    """Places are looked up with so much room only."""
    columns: dict[str, pl.DataType] = {f"c{n}": pl.String() for n in range(600)}
    lines = _lines("SI,1\n")
    assert lines.cells.frame(lines.is_kind("SI"), columns, ["c599"], japanese=True) is None
    short = lines.cells.frame(lines.is_kind("SI"), columns, ["c1", "c500"], japanese=True)
    assert short is not None
    assert short.row(0) == ("1", None)
