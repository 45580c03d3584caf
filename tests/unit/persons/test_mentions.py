"""Whether a text names one person: however it is written, in whatever encoding, and never somebody else."""

from __future__ import annotations

import io
import json
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.persons.mentions import Mention, Needles
from provision.persons.rawtext import PIECE, NoText, readings, texts
from tests.support.leaving import asked

#: 架空　三子 of the test's people, with a name and numbers that are long enough to say something.
HER = Needles(
    asked("B", name="髙橋　花子", kana="タカハシ ハナコ", number="1234567", chart="0004711", phone="03-1234-5678")
)

BIRTHS = (
    "19530203",
    "1953-02-03",
    "1953/2/3",
    "1953年2月3日",
    "S28.2.3",
    "昭和28年02月03日",
    "3280203",
    "1953年２月３日",
)
NAMES = ("髙橋　花子", "高橋花子", "高橋・花子", "ﾀｶﾊｼ ﾊﾅｺ", "たかはし はなこ", "タカハシハナコ")
NUMBERS = ("1234567", "123-4567", "０１２３４５６７", "03(1234)5678", "0312345678")


@pytest.mark.parametrize("birth", BIRTHS)
@pytest.mark.parametrize("value", [*NAMES, *NUMBERS])
def test_a_birth_beside_a_name_or_a_long_number_is_the_person(birth: str, value: str) -> None:
    assert HER.judge(f"1,あ,{value},2,{birth},東京都") is Mention.THEIRS


@pytest.mark.parametrize("value", [*NAMES, *NUMBERS])
def test_alone_it_may_be(value: str) -> None:
    assert HER.judge(f"1,あ,{value},2,19530204") is Mention.PERHAPS


@pytest.mark.parametrize("birth", BIRTHS)
def test_a_short_number_is_in_every_file_and_says_little(birth: str) -> None:
    text = f"1,{birth},4711,x"
    assert HER.judge(text) is Mention.PERHAPS
    assert HER.record(text) is Mention.THEIRS
    assert HER.judge(f"1,{birth},x") is HER.judge("4711") is Mention.NONE
    assert HER.record(f"1,{birth},14711,47110") is Mention.NONE


@pytest.mark.parametrize(
    "text",
    ["高橋花代,19530203", "19530213,3280213,S28.2.30", "1953/2/31", "昭和28年12月3日", "平成28年2月3日,1234568"],
)
def test_somebody_else_is_not_meant(text: str) -> None:
    assert HER.judge(text) is Mention.NONE


def test_far_apart_they_are_two_records() -> None:
    far = "あ" * 10_000
    assert HER.judge(f"19530203{far}高橋花子{far}") is Mention.PERHAPS
    assert HER.judge(f"{far}19530203{'い' * 1000}高橋花子{far}") is Mention.THEIRS


@pytest.mark.parametrize(
    ("birth", "text"), [("20190501", "令和元年5月1日"), ("19890107", "昭和64年1月7日"), ("19890108", "H1.1.8")]
)
def test_first_years_of_an_era(birth: str, text: str) -> None:
    needles = Needles(asked("B", name="架空　花子", birth=birth))
    assert needles.judge(f"架空花子 {text}") is Mention.THEIRS


@given(st.dates(date(1868, 10, 23), date(2030, 12, 31)))
def test_every_birth_is_found_as_itself_and_not_as_the_next_day(day: date) -> None:
    needles = Needles(asked("B", birth=f"{day:%Y%m%d}"))
    assert needles.record(f"架空三子 {day:%Y-%m-%d}") is needles.record(f"架空三子 {day:%Y%m%d}") is Mention.THEIRS
    other = date.fromordinal(day.toordinal() + 1)
    assert needles.record(f"架空三子 {other:%Y-%m-%d} {other:%Y%m%d}") is Mention.PERHAPS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-16-be"])
def test_in_every_encoding(encoding: str) -> None:
    raw = "1,氏名,高橋花子,生年月日,1953/02/03\r\n".encode(encoding)
    assert max(map(HER.judge, texts(io.BytesIO(raw)))) is Mention.THEIRS


@pytest.mark.parametrize("raw", [
    json.dumps({"name": "高橋花子", "birth": "1953-02-03"}).encode(),
    "".join(f"&#x{ord(c):x};" for c in "高橋花子").encode() + b' <birthTime value="19530203"/>',
    "高橋花子".encode("cp932") + b"\xf0\x40\x81,19530203",
])  # fmt: skip
def test_behind_escapes_and_beside_damage(raw: bytes) -> None:
    assert max(map(HER.record, readings(raw))) is Mention.THEIRS


@pytest.mark.parametrize("cut", [PIECE - 20, PIECE - 3, PIECE, 2 * PIECE - 5])
def test_where_two_pieces_meet(cut: int) -> None:
    filling = "架,空\r\n".encode("cp932")
    raw = filling * (cut // len(filling)) + "高橋花子,19530203".encode("cp932") + filling * 50_000
    assert max(map(HER.judge, texts(io.BytesIO(raw)))) is Mention.THEIRS


@pytest.mark.parametrize("raw", [
    random.Random(7).randbytes(4096), b"\x00" * 100, 
    "高橋花子\x01".encode(), "高橋花子,19530203\r\n".encode("cp932") * 20 + b"\0", b"\x89PNG\r\n\x1a\n" + bytes(50),
])  # fmt: skip
def test_what_is_no_text_is_not_called_searched(raw: bytes) -> None:
    with pytest.raises(NoText):
        list(texts(io.BytesIO(raw)))


def test_an_empty_file_holds_nobody() -> None:
    assert list(texts(io.BytesIO(b""))) == []


def test_nothing_of_the_person_shows() -> None:
    assert "高橋" not in repr(HER)
    assert "1953" not in repr(HER)
