"""Claims are recognised by content, each file by exactly one format of the family, and the reason shows no value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import formats
from provision.formats.base import HEAD_BYTES, BadFile
from provision.formats.recognising import refuse_another
from provision.formats.ukefile import UkeFormat
from provision.formats.ukerecognise import look
from tests.support.uke import Claim, encoded, file, lines
from tests.support.ukekinds import PLANTED
from tests.unit.formats import test_recodeinfo, test_uke_dental, test_uke_dispensing, test_uke_dpc, test_uke_returns
from tests.unit.formats.test_recodeinfo_kinds import INSURER_FILES

FAMILY = {name: source for name, source in formats().items() if isinstance(source, UkeFormat)}
FILES = {
    "uke-medical": file(Claim()),
    "uke-dpc": encoded([*test_uke_dpc.FILE, "GO,2,200,99"]),
    "uke-dental": encoded([test_uke_dental.UK, *test_uke_dental.CLAIM, test_uke_dental.GO]),
    "uke-dispensing": encoded([test_uke_dispensing.YK, *test_uke_dispensing.CLAIM, test_uke_dispensing.GO]),
    "recodeinfo-medical": encoded(test_recodeinfo.FILE),
    **{name: encoded(records) for name, records in INSURER_FILES.items()},
    **{name: encoded(records) for name, records in test_uke_returns.FILES.items()},
}


def recognised(head: bytes) -> dict[str, str]:
    return {name: reason for name, source in FAMILY.items() if (reason := source.recognise(head))}


def test_there_is_a_file_of_every_format() -> None:
    assert set(FILES) == set(FAMILY)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_exactly_one_format_knows_the_file(name: str, end: str) -> None:
    data = FILES[name].replace(b"\r\n", end.encode())
    found = recognised(data[:HEAD_BYTES])
    assert list(found) == [name]
    assert not [word for word in PLANTED if word in found[name]]
    assert found == recognised(data.rstrip(b"\x1a"))


def test_a_dental_file_of_2019_has_no_uk() -> None:
    ir = test_uke_dental.UK.replace("UK,", "IR,")
    assert list(recognised(encoded([ir, test_uke_dental.RE, test_uke_dental.HO]))) == ["uke-dental"]


def test_a_line_cut_off_by_the_head_does_not_matter() -> None:
    data = encoded(lines(*[Claim()] * 800))
    assert len(data) > HEAD_BYTES
    for size in range(HEAD_BYTES - 80, HEAD_BYTES):
        assert list(recognised((data * 2)[size - HEAD_BYTES :][:HEAD_BYTES])) in (["uke-medical"], [])
    assert list(recognised(data[:HEAD_BYTES])) == ["uke-medical"]


BEFORE = [test_uke_dpc.IR, *[test_uke_dpc.re(), test_uke_dpc.HO, "SI,50,1,150000490,,1000,1"] * 900]
DPC = encoded([*BEFORE, *test_uke_dpc.FILE[1:], "GO,902,90200,99"])


def test_a_dpc_file_may_begin_with_claims_by_the_medical_point_table() -> None:
    assert list(recognised(DPC[:HEAD_BYTES])) == ["uke-medical"]
    assert b"BU," in DPC[HEAD_BYTES:]
    refuse_another(FAMILY["uke-dpc"], DPC[:HEAD_BYTES])
    found, _, report = test_uke_dpc.read("uke-dpc", DPC.decode("cp932").rstrip("\x1a").splitlines())
    assert found["claim"].height == 900 + 5 - 1
    assert report.totals == {"payers": 902, "points": 90200}


def test_what_is_seen_whole_is_decided_and_so_are_other_kinds() -> None:
    whole = encoded(BEFORE[:400])
    assert len(whole) < HEAD_BYTES
    for name, head in [("uke-dpc", whole), ("recodeinfo-dpc", DPC[:HEAD_BYTES]), ("uke-dental", DPC[:HEAD_BYTES])]:
        with pytest.raises(BadFile) as caught:
            refuse_another(FAMILY[name], head)
        assert caught.value.rule == "format.another"


@pytest.mark.parametrize(
    "head",
    [
        b"", b"\x1a", b"\r\n", b"IR", b"IR,", b"IR,1,13,9,1234567,,,202506,00,", b"RE,1,1112,202505", b"PK\x03\x04",
        b"\xef\xbb\xbfIR,1,13,1,1234567,", b'"IR","1","13"', "氏名,カナ,生年月日\n".encode("cp932"),
        b'1,1,0,1,711,0,0,1370400012,00,1,202402,0\r\n2,2,"7111","202401"\r\n', b"IR,1,13,1,1234567,\r\nhello\r\n",
        "IR,1,13,1,1234567,,a,202506,00\r\n".encode("utf-16"), b"YK,1\r\n\r\nRE,1\r\n",
    ],
)  # fmt: skip
def test_what_is_none_of_them_is_not_recognised(head: bytes) -> None:
    assert recognised(head) == {}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"IR,1,13,1,", b"1,1,0,MN,", b"HI,1,", b"UK,", b"YK,"]))
def test_looking_never_raises(data: bytes, start: bytes) -> None:
    found = look(start + data)
    assert found is None or found[0] in {"plain", "insurer", "returns"}
    assert len(recognised(start + data)) <= 1
