"""DPC survey files that must not be taken: broken ones, one kind sent as another, and K files always."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import get
from provision.formats.base import BadFile, Report
from provision.formats.tables import DROPPED
from tests.support import dpc

GOOD = dpc.encoded([dpc.ef("000"), dpc.ef("001")])
TEXT = "\t".join(dpc.ef())


def ef(**values: str) -> bytes:
    return dpc.encoded([dpc.ef("000"), dpc.changed(dpc.ef(), **values)])


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "file.empty"),
    "0x1A alone": (lambda: b"\x1a", "file.empty"),
    "only line ends": (lambda: b"\r\n\r\n\x1a", "file.empty"),
    "only headings": (lambda: dpc.encoded([dpc.ef()], headings=True).split(b"\n")[0] + b"\n", "file.empty"),
    "cut in a row": (lambda: GOOD[:-40], "dpc.columns"),
    "cut in a character": (lambda: GOOD[: GOOD.rindex(dpc.NAME.encode("cp932")) + 1], "text.encoding"),
    "one column too few": (lambda: dpc.encoded([dpc.ef(), dpc.ef()[:-1]]), "dpc.columns"),
    "one column too many": (lambda: dpc.encoded([dpc.ef(), [*dpc.ef(), ""]]), "dpc.columns"),
    "headings twice": (lambda: dpc.encoded([dpc.HEADINGS + [""] * 29, dpc.ef()], headings=True), "dpc.layout"),
    "UTF-16": (lambda: dpc.encoded([dpc.ef()], encoding="utf-16"), "text.utf16"),
    "UTF-8": (lambda: dpc.encoded([dpc.ef()], encoding="utf-8"), "text.encoding"),
    "UTF-8 BOM": (lambda: dpc.encoded([dpc.ef()], encoding="utf-8-sig"), "text.encoding"),
    "EUC-JP": (lambda: dpc.encoded([dpc.ef()], encoding="euc_jp"), "text.encoding"),
    "ISO-2022-JP": (lambda: dpc.encoded([dpc.ef()], encoding="iso2022_jp"), "text.control"),
    "CR only": (lambda: GOOD.replace(b"\r\n", b"\r"), "text.control"),
    "comma separated": (lambda: GOOD.replace(b"\t", b","), "dpc.columns"),
    "quoted": (lambda: dpc.encoded([[f'"{cell}"' for cell in dpc.ef()]]), "dpc.layout"),
    "UKE": (lambda: "IR,1,13,1,1234567,,架空病院,202401,,\r\n".encode("cp932"), "dpc.columns"),
    "zip": (lambda: b"PK\x03\x04" + b"\0" * 99, "file.kind"),
    "facility of 10 digits": (lambda: ef(c1=dpc.FACILITY + "1"), "dpc.layout"),
    "no data id": (lambda: ef(c2=""), "dpc.layout"),
    "name as data id": (lambda: ef(c2=dpc.NAME), "dpc.layout"),
    "date with slashes": (lambda: ef(c4="2025/04/03"), "dpc.layout"),
    "points that are a name": (lambda: ef(c18=dpc.NAME), "number"),
    "full-width points": (lambda: ef(c18="２７０"), "number"),
    "too many points": (lambda: ef(c18="9" * 12), "number"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_without_a_value(case: str) -> None:
    make, rule = BROKEN[case]
    assert dpc.refused("dpc-ef", make()).rule == rule


def test_the_refused_row_is_named() -> None:
    rows = [dpc.ef(), dpc.ef(), dpc.changed(dpc.ef(), c24="yesterday")]
    error = dpc.refused("dpc-ef", dpc.encoded(rows, headings=True))
    assert (error.record, error.field) == (4, "done_on")
    error = dpc.refused("dpc-ef", dpc.encoded([dpc.ef(), dpc.ef(), dpc.changed(dpc.ef(), c19="x")]))
    assert (error.record, error.field) == (3, "drug_amount")


@pytest.mark.parametrize("sent", dpc.FILES)
@pytest.mark.parametrize("expected", [*dpc.FILES, "dpc-k"])
def test_every_file_is_taken_by_its_own_format_only(sent: str, expected: str) -> None:
    data = dpc.encoded(dpc.FILES[sent], headings=True)
    if sent == expected:
        assert dpc.read(expected, data)[0]
    else:
        assert dpc.refused(expected, data).rule in {"dpc.columns", "dpc.layout", "dpc.patients"}


@pytest.mark.parametrize("format_id", dpc.FILES)
def test_no_format_takes_a_k_file(format_id: str) -> None:
    for headings in (True, False):
        assert dpc.refused(format_id, dpc.encoded(dpc.k(), headings=headings)).rule.startswith("dpc.")


def test_a_k_file_is_recognised_and_refused() -> None:
    for headings in (True, False):
        assert dpc.refused("dpc-k", dpc.encoded(dpc.k(), headings=headings)).rule == "dpc.k_file"
    short = dpc.encoded([["施設ｺｰﾄﾞ", "ﾃﾞｰﾀ識別番号", "一次共通ＩＤ"], [dpc.FACILITY, dpc.DATA_ID, "short"]])
    assert dpc.refused("dpc-k", short).rule == "dpc.k_file"
    assert dpc.refused("dpc-k", b"").rule == "file.empty"
    assert dpc.refused("dpc-k", "何か\r\n".encode("cp932")).rule == "dpc.layout"


def test_nothing_of_a_k_file_has_a_class_that_is_stored() -> None:
    assert all(column.cls in DROPPED for table in get("dpc-k").dataset.tables for column in table.columns)


def test_form3_keeps_small_numbers_with_their_place_and_nobody() -> None:
    parcels, report = dpc.read("dpc-form3", dpc.encoded(dpc.form3(), headings=True))
    (parcel,) = parcels
    assert parcel.tables["facility_report"]["facility"].to_list() == [dpc.FACILITY]
    assert parcel.tables["facility_number"].rows() == [(1, 2, 3, 120), (1, 3, 3, 118)]
    assert parcel.people.height == 0
    assert report.warnings == {"dpc.form3_dropped": 5}


class _Endless(io.RawIOBase):
    """A line without an end that counts what is read of it."""

    given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.given >= 50 * 2**20:
            return b""
        self.given += size
        return b"1" * size


@pytest.mark.parametrize("format_id", [*dpc.FILES, "dpc-k"])
def test_a_line_of_50_mb_is_not_read_to_its_end(format_id: str) -> None:
    stream = _Endless()
    with pytest.raises(BadFile) as caught:
        list(get(format_id).read(stream, Report(), {}))  # type: ignore[arg-type]
    assert caught.value.rule == "text.line_length"
    assert stream.given <= 4 * 64 * 1024


PIECES = st.sampled_from(
    [b"\t", b"\r\n", b"\n", b" ", b"\x1a", b"131234567", b"20250401", b"A000010", TEXT.encode("cp932")]
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(dpc.FILES)), st.lists(PIECES | st.binary(max_size=6), max_size=12), st.integers(0, 400))
def test_a_good_file_with_pieces_put_in_ends_well(format_id: str, pieces: list[bytes], at: int) -> None:
    data = dpc.encoded(dpc.FILES[format_id])
    refusal: BadFile | None = None
    try:
        dpc.read(format_id, data[:at] + b"".join(pieces) + data[at:])
    except BadFile as error:
        refusal = error
    assert refusal is None or (refusal.rule and refusal.remedy)
