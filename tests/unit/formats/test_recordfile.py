"""Cutting a file of records into chunks and a chunk into lines, against the plainest way of doing it."""

from __future__ import annotations

import io
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import BadFile
from provision.formats.recordfile import LINE_LIMIT, Lines, chunks, refuse_other_encodings

KINDS = ("IR", "RE", "HO")
rows = st.lists(st.sampled_from([b"IR,1", b"RE,1,2", b"HO,,\x82\xa0,", b"HO", b"RE,\x8c\xa9", b""]), max_size=30)
ends = st.sampled_from([b"\n", b"\r\n"])


class _Dribble(io.BytesIO):
    """A stream that gives less than it is asked for, as pipes do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 1, 7))


@settings(max_examples=200, deadline=None)
@given(rows, ends, st.integers(10, 200), st.booleans())
def test_chunks_are_the_file_cut_before_the_boundary(lines: list[bytes], end: bytes, size: int, dribble: bool) -> None:
    data = end.join(lines) + end
    whole = data.rstrip(b"\r\n")
    try:
        found = list(chunks((_Dribble if dribble else io.BytesIO)(data), b"RE,", size))
    except BadFile as refusal:
        rule = refusal.rule
        assert rule == "uke.claim_too_long"
        assert max(len(piece) for piece in re.split(rb"(?<=\n)(?=RE,)", data)) > size
        return
    assert b"".join(found).rstrip(b"\r\n") == whole
    assert all(chunk.startswith(b"RE,") for chunk in found[1:])
    assert all(chunk.endswith(b"\n") for chunk in found)


@settings(max_examples=200, deadline=None)
@given(rows.filter(bool), ends, st.integers(0, 1000), st.data())
def test_lines_are_what_splitting_gives(lines: list[bytes], end: bytes, offset: int, data: st.DataObject) -> None:
    text = b"".join(line + end for line in lines)
    chunk = Lines(text, offset)
    plain = [line + b"\n" for line in text.split(b"\n")[:-1]]
    assert len(chunk.ends) == len(plain)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(plain), max_size=len(plain))))
    assert chunk.take(mask) == b"".join(line for line, chosen in zip(plain, mask, strict=True) if chosen)
    assert chunk.is_kind("RE").tolist() == [line.startswith(b"RE") for line in plain]
    assert [chunk.record(n) for n in range(len(plain))] == list(range(offset + 1, offset + len(plain) + 1))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=20), st.integers(0, 300), st.integers(0, 600))
def test_widths_are_counted_exactly(commas: list[int], least: int, more: int) -> None:
    most = least + more
    chunk = Lines(b"".join(b"RE," + b"," * count + b"\r\n" for count in commas), 0)
    wrong = [(n, columns) for n, columns in enumerate((c + 2 for c in commas), 1) if not least <= columns <= most]
    if not wrong:
        chunk.check_widths({"RE": (least, most)})
        return
    with pytest.raises(BadFile) as caught:
        chunk.check_widths({"RE": (least, most)})
    short = [n for n, columns in wrong if columns < least]
    assert caught.value.rule == ("uke.too_few_columns" if short else "uke.too_many_columns")
    assert caught.value.record == (short[0] if short else wrong[0][0])


@pytest.mark.parametrize(
    ("text", "rule", "record"),
    [
        (b"RE,1\nZZ,1\n", "uke.unknown_record", 2),
        (b"RE,1\nREX,1\n", "uke.unknown_record", 2),
        (b"RE,1\n\nRE,1\n", "uke.unknown_record", 2),
        (b"RE\n", "uke.unknown_record", 1),
        (b'RE,1\nRE,"\n', "uke.quote", 2),
        (b"RE,1\nRE,\x1b$B;3\x1b(B\n", "uke.encoding", 2),
        (b"RE,1\nRE,1\nRE,\0\n", "uke.not_text", 3),
        (b"RE,1\nRE," + b"1" * LINE_LIMIT + b"\n", "uke.line_too_long", 2),
    ],
)
def test_form_is_checked_and_the_record_named(text: bytes, rule: str, record: int) -> None:
    with pytest.raises(BadFile) as caught:
        Lines(text, 0).check_form(KINDS)
    assert (caught.value.rule, caught.value.record) == (rule, record)


@pytest.mark.parametrize(("encoding", "rule"), [("utf-8", "uke.encoding"), ("euc_jp", "uke.encoding"), ("cp932", None)])
@pytest.mark.parametrize("text", ["架空山花子", "カクウヤマハナコ", "東京都港区芝公園四丁目"])
def test_encodings_are_told_apart(text: str, encoding: str, rule: str | None) -> None:
    data = Lines(f"RE,1\r\nHO,{text},\r\n".encode(encoding), 0)
    if rule is None:
        assert data.damaged().tolist() == []
        return
    with pytest.raises(BadFile) as caught:
        data.damaged()
    assert caught.value.rule == rule
    assert text not in repr(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "euc_jp"])
def test_another_encoding_is_told_where_the_text_is_damaged_too(encoding: str) -> None:
    lines = [f"HO,架空山花子{number},".encode(encoding) for number in range(9)]
    lines[4] = lines[4][:5] + b"\xff" + lines[4][6:]
    with pytest.raises(BadFile) as caught:
        Lines(b"\n".join(lines) + b"\n", 0).damaged()
    assert caught.value.rule == "uke.encoding"


@pytest.mark.parametrize("byte", [b"\x82", b"\x80", b"\xa0", b"\xfd", b"\xff"])
def test_lines_that_cannot_be_decoded_are_found(byte: bytes) -> None:
    plain = "HO,架空山花子\r\n".encode("cp932")
    lines = Lines(plain + b"RE,1\nHO,\x82\xa0\nRE,2\nHO," + byte + b"\n" + plain, 0)
    assert lines.damaged().tolist() == [4]
    assert Lines(lines.data, 0, ["HO"]).damaged().tolist() == []


def test_vendor_characters_and_half_width_kana_are_text() -> None:
    assert Lines("RE,ｶｸｳ ﾊﾅｺ,架空花子\nRE,髙﨑①Ⅳ㈱\n".encode("cp932"), 0).damaged().tolist() == []


@pytest.mark.parametrize("head", [b"\xef\xbb\xbfIR,1", b"\xff\xfeI\0", b"\xfe\xff\0I", b"PK\x03\x04\0\0"])
def test_other_files_are_known_by_their_first_bytes(head: bytes) -> None:
    with pytest.raises(BadFile):
        refuse_other_encodings(head)
    with pytest.raises(BadFile):
        list(chunks(io.BytesIO(head + b"\n" * 100), b"RE,"))


COLUMNS: dict[str, pl.DataType] = {"kind": pl.String(), "text": pl.String(), "n": pl.Int64(), "d": pl.Decimal(9, 2)}


def test_parsing_fills_short_lines_and_reads_only_what_is_wanted() -> None:
    chunk = Lines("RE,あ,1,2.5\r\nRE,い\r\nHO,う,x\r\nRE,,3\r\n".encode("cp932"), 0)
    found = chunk.parse(chunk.is_kind("RE"), COLUMNS, ["text", "n"])
    assert found.rows() == [("あ", 1), ("い", None), (None, 3)]
    assert chunk.parse(chunk.is_kind("RE"), COLUMNS, ["d"], japanese=False)["d"].to_list()[1:] == [None, None]


@pytest.mark.parametrize(
    ("line", "field"), [("RE,あ,山田", "n"), ("RE,あ,１", "n"), ("RE,あ,1,1.5.2", "d"), ("RE,,1.5", "n")]
)
def test_what_is_no_number_is_named_and_never_shown(line: str, field: str) -> None:
    chunk = Lines(f"HO,1\nRE,い,2,1\n{line}\n".encode("cp932"), 10)
    with pytest.raises(BadFile) as caught:
        chunk.parse(chunk.is_kind("RE"), COLUMNS, ["text", "n", "d"])
    error = caught.value
    assert (error.rule, error.record, error.field) == ("uke.number", 13, field)
    assert error.__context__ is None
    assert "山田" not in repr(error)


def test_text_among_codes_is_the_text_and_no_other() -> None:
    lines = Lines("HI,1,項目,3\r\nHI,2,4,5\r\n".encode("cp932"), 0)
    columns: dict[str, pl.DataType] = {"_kind": pl.String(), "a": pl.String(), "b": pl.String(), "c": pl.Int64()}
    frame = lines.parse(lines.is_kind("HI"), columns, ["a", "b", "c"], japanese=False)
    assert frame["b"].to_list() == ["項目", "4"]
