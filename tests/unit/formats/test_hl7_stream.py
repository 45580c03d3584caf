"""Files of many HL7 messages: framing, batches and their counts, bad messages among good ones, bounded memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import get, hl7v2
from provision.formats.base import HELD_RECORDS, BadFile, Report
from provision.formats.hl7stream import pieces
from tests.support import hl7

ONE = hl7.message("ADT^A08", encoding="utf-8").strip(b"\x1c\r")
BAD = hl7.message("ADT^A08", "NTE\x01", encoding="utf-8").strip(b"\x1c\r")
FHS, BHS = rb"FHS|^~\&|HIS|SEND|||20250503||file", rb"BHS|^~\&|HIS|SEND|||20250503||batch"


def read(data: bytes, **options: object) -> Report:
    report = Report()
    list(get("hl7v2").read(io.BytesIO(data), report, options))
    return report


def refused(data: bytes) -> BadFile:
    with pytest.raises(BadFile) as caught:
        read(data)
    assert caught.value.remedy
    return caught.value


def lines(*parts: bytes, end: bytes = b"\r") -> bytes:
    return end.join([*parts, b""])


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_messages_one_after_another(end: bytes) -> None:
    data = lines(*[ONE.replace(b"\r", end)] * 3, end=end)
    assert read(data).people == 3


def test_framing_of_mllp_and_a_byte_order_mark() -> None:
    assert read(b"".join(b"\x0b" + ONE + b"\r\x1c\r" for _ in range(3))).people == 3
    assert read(b"\xef\xbb\xbf" + lines(ONE, ONE)).people == 2


def test_a_batch_of_a_file() -> None:
    report = read(lines(FHS, BHS, ONE, ONE, b"BTS|2", BHS, ONE, b"BTS|1", b"FTS|2"))
    assert (report.people, report.warnings) == (3, {})
    assert read(lines(BHS, ONE, b"BTS|1")).people == 1
    assert read(lines(FHS, BHS, ONE, b"BTS", b"FTS|1")).warnings == {"hl7.batches_not_counted": 1}


@pytest.mark.parametrize(
    "data",
    [
        lines(FHS, BHS, ONE, b"BTS|2", b"FTS|1"),
        lines(FHS, BHS, ONE, b"BTS|1", b"FTS|2"),
        lines(FHS, BHS, ONE, b"BTS|x", b"FTS|1"),
        lines(FHS, BHS, ONE),
        lines(FHS, BHS, ONE, b"BTS|1"),
        lines(BHS, ONE),
        lines(ONE, b"BTS|1"),
        lines(ONE, b"FTS|1"),
        lines(FHS, ONE, b"FTS|0"),
        lines(FHS, BHS, ONE, b"FTS|1"),
        lines(FHS, BHS, ONE, b"BTS|1", ONE, b"FTS|1"),
        lines(FHS, BHS, ONE, b"BTS|1", b"FTS|1", ONE),
        lines(FHS, BHS, ONE, b"BTS|1", b"FTS|1", FHS),
        lines(BHS, BHS, ONE, b"BTS|1"),
        lines(ONE, BHS, ONE, b"BTS|1"),
        lines(ONE, FHS, BHS, ONE, b"BTS|1", b"FTS|1"),
        lines(BHS, b"NTE|1||x", ONE, b"BTS|1"),
    ],
)
def test_an_envelope_that_is_not_whole(data: bytes) -> None:
    assert refused(data).rule == "hl7.batch"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "file.empty"),
        (b"\r\n\x0b\x1c\r", "file.empty"),
        (lines(FHS, BHS, b"BTS|0", b"FTS|1"), "file.empty"),
        (b"PID|1||4711\r" + ONE, "hl7.start"),
        ("MSH|^~\\&".encode("utf-16"), "text.utf16"),
        (b"A" * 3_000_000, "hl7.start"),
        (lines(ONE, ONE)[:-1], "hl7.cut_off"),
        (lines(ONE, ONE)[:-20], "hl7.cut_off"),
        (lines(BAD), "hl7.control"),
        (lines(BAD, BAD), "hl7.control"),
    ],
)
def test_files_of_which_nothing_is_taken(data: bytes, rule: str) -> None:
    assert refused(data).rule == rule


def test_a_bad_message_is_held_and_the_others_go_on() -> None:
    other = hl7.message("ADT^A99", encoding="utf-8").strip(b"\x1c\r")
    report = read(lines(ONE, BAD, ONE, other, ONE))
    assert (report.people, report.records) == (3, 5)
    assert [(held.record, held.rule) for held in report.held] == [(2, "hl7.control"), (4, "hl7.type")]
    assert report.held[0].raw == BAD


def test_too_many_bad_messages_are_a_bad_file() -> None:
    assert read(lines(ONE, *[BAD] * HELD_RECORDS)).people == 1
    assert refused(lines(ONE, *[BAD] * (HELD_RECORDS + 1))).rule == "hl7.control"


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "iso2022_jp"])
def test_the_last_character_of_a_message_is_part_of_it(encoding: str) -> None:
    """Every kind of byte that may end one: those of a byte order mark (ef bb bf) end characters of UTF-8 and CP932."""
    ends = "一丁七万丈三上下不与並中丸丹主久之乗乙九乱乳予争事二互五井亜亡交人什仁今介仏会心必忍志忘忙ｿﾟぁいァィ。、"
    texts = [sign for sign in ends if encoding != "iso2022_jp" or sign not in "ｿﾟ"]
    data = lines(*[hl7.message("ADT^A08", f"NTE|1||{sign}", encoding=encoding).strip(b"\x1c\r") for sign in texts])
    assert {sign.encode(encoding)[-1:] for sign in texts} >= ({b"\xbb", b"\xbf"} if encoding == "utf-8" else set())
    report = read(data)
    assert (report.people, report.held) == (len(texts), [])


def test_each_message_has_its_own_character_set() -> None:
    sets = [hl7.message("ADT^A08", encoding=name).strip(b"\x1c\r") for name in ("utf-8", "cp932", "iso2022_jp")]
    report = Report()
    (parcel,) = get("hl7v2").read(io.BytesIO(lines(*sets)), report, {})
    assert parcel.people["name"].to_list() == ["架空山　花子"] * 3


def test_the_option_says_the_set_of_messages_that_do_not() -> None:
    silent = ONE.replace(b"UNICODE UTF-8", b"").decode().encode("cp932")
    assert refused(lines(silent)).rule == "hl7.encoding"
    assert read(lines(silent), encoding="cp932").people == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(1, 200), st.sampled_from([b"\r", b"\r\n"]))
def test_messages_are_the_same_however_the_stream_is_cut(sizes: list[int], block: int, end: bytes) -> None:
    wanted = [b"MSH|^~\\&|" + b"x" * size + end + b"PID|1" for size in sizes]

    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(block)

    found = [piece.strip(b"\r\n") for piece in pieces(Dribble(end.join(wanted) + end))]
    assert [piece for piece in found if piece] == [message.strip() for message in wanted]


def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7v2, "PARCEL_DOCUMENTS", 200)

    def stream(messages: int) -> Iterator[bytes]:
        yield from (b"\x0b" + ONE + b"\x1c\r" for _ in range(messages))

    def peak(messages: int) -> int:
        source = _Stream(stream(messages))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in get("hl7v2").read(source, Report(), {}):  # type: ignore[arg-type]
            pass
        return tracemalloc.get_traced_memory()[1] - before

    peak(210)
    tracemalloc.start()
    try:
        small, large = peak(210), peak(1_620)
    finally:
        tracemalloc.stop()
    assert large < small + 500_000


class _Stream(io.RawIOBase):
    """Pieces as a stream, without ever having them all."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self.source = source

    def read(self, size: int = -1) -> bytes:
        return next(self.source, b"")
