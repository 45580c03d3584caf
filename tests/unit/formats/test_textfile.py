"""Text files in blocks of lines: undecodable lines are taken out and kept, files in another encoding are refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import HELD_RECORDS, BadFile, Report
from provision.formats.textfile import blocks, decode, decoded, undecodable, without

NAME = "架空山野花子"
#: Bytes that are no CP932: a lead byte before a digit's, one that has no character, one only Python knows.
BAD = [b"\x81 ", b"\x85\x9f", b"\xa0", b"\xfd", b"\x80"]
LINES = st.lists(st.sampled_from(["", "a\t1", NAME, "ｶｸｳ\t漢字", "①㈱髙"]), max_size=12)


def held(block: bytes, encoding: str = "cp932", before: int = 0) -> tuple[str, list[tuple[int, str, bytes]]]:
    kept: list[tuple[int, str, bytes]] = []
    text = decoded(block, encoding, before, lambda record, rule, raw: kept.append((record, rule, raw)))
    return text, kept


def refused(block: bytes, encoding: str = "cp932") -> BadFile:
    with pytest.raises(BadFile) as caught:
        held(block, encoding)
    assert caught.value.__context__ is None
    assert NAME not in repr(vars(caught.value))
    return caught.value


@pytest.mark.parametrize("bad", BAD)
def test_a_line_with_undecodable_bytes_is_taken_out_and_kept_as_it_came(bad: bytes) -> None:
    good = f"{NAME}\t1\r\n".encode("cp932")
    text, kept = held(good + b"a" + bad + b"1\r\n" + good, before=10)
    assert text == f"{NAME}\t1\r\n\n{NAME}\t1\r\n"
    assert kept == [(12, "text.encoding", b"a" + bad + b"1\r\n")]


def test_a_bad_line_of_utf8_is_kept_too() -> None:
    good = f"{NAME}\n".encode()
    text, kept = held(good + good[:4] + b"\n" + good, "utf-8")
    assert text == f"{NAME}\n\n{NAME}\n"
    assert [record for record, _, _ in kept] == [2]


@settings(max_examples=60, deadline=None)
@given(LINES, st.integers(0, 12), st.sampled_from(BAD))
def test_what_is_not_held_is_what_was_there(lines: list[str], at: int, bad: bytes) -> None:
    sound = [line.encode("cp932") + b"\r\n" for line in lines]
    text, kept = held(b"".join([*sound[:at], bad + b"\r\n", *sound[at:]]))
    expected = [line + "\r\n" for line in lines]
    assert text == "".join([*expected[:at], "\n", *expected[at:]])
    assert [(record, raw) for record, _, raw in kept] == [(min(at, len(lines)) + 1, bad + b"\r\n")]


def test_a_file_in_another_encoding_is_refused_as_a_file() -> None:
    rows = f"{NAME}\tかな\n" * 3
    assert refused(rows.encode()).rule == "text.encoding"
    assert refused(rows.encode("euc_jp")).rule == "text.encoding"
    assert refused(rows.encode("cp932"), "utf-8").rule == "text.encoding"
    assert refused(rows.encode() + b"\xff\n").rule == "text.encoding"
    assert refused(rows.encode("euc_jp"), "utf-8").rule == "text.encoding"


def test_a_file_cut_off_in_a_character_is_refused_as_a_file() -> None:
    assert refused(f"{NAME}\r\n{NAME}".encode("cp932")[:-1]).record == 2


def test_more_bad_lines_than_good_ones_are_no_slip() -> None:
    good = f"{NAME}\n".encode("cp932")
    assert refused(good + b"\x81 \n" * 2).record == 2
    assert len(held(good * 2 + b"\x81 \n" * 2)[1]) == 2


def test_too_many_held_lines_refuse_the_file() -> None:
    good, report = f"{NAME}\n".encode("cp932"), Report()
    with pytest.raises(BadFile) as caught:
        decoded((good + b"\x81 \n") * (HELD_RECORDS + 1), "cp932", 0, report.hold)
    assert caught.value.rule == "text.encoding"


@pytest.mark.parametrize("control", [b"\0", b"\x0b", b"\x1b", b"\x1f", b"\x7f", b"\r"])
def test_control_characters_refuse_the_file_at_their_line(control: bytes) -> None:
    for text in ("a", NAME):
        data = text.encode("cp932")
        for read in (decode, undecodable):
            with pytest.raises(BadFile) as caught:
                read(data + b"\r\n" + data + control + data + b"\r\n", "cp932", 5)
            assert (caught.value.rule, caught.value.record) == ("text.control", 7)


def test_lines_are_blanked_by_their_number() -> None:
    assert without(b"a\nb\nc", 10, {12}) == b"a\n\nc"
    assert without(b"a\x85\nb", 0, {2}) == b"a\x85\n\n"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([b"a", b"bc\r", b"", b"\x81\x40"]), min_size=1, max_size=30), st.integers(1, 40))
def test_blocks_put_together_are_the_file(lines: list[bytes], size: int) -> None:
    data = b"x\n" + b"\n".join(lines)
    made = list(blocks(io.BytesIO(data), size))
    assert b"".join(made) == data
    assert all(block.endswith(b"\n") for block in made[:-1])
