"""Places of checkups: one that is sent again has the place of the one before, another one has another."""

from __future__ import annotations

import io

import pytest

from provision.formats import formats
from provision.formats.base import Parcel, Report
from provision.intake.keying import places
from provision.sampledata import format_stream
from tests.support.checkups import HEAD, by_hand, result, written

KEY = bytes(32)


def place(form: str, data: bytes) -> str | None:
    """The place of the first claim of a file."""
    parcel: Parcel = next(iter(formats()[form].read(io.BytesIO(data), Report(), {})))
    made = places(KEY, formats()[form].dataset, parcel)
    assert made is not None
    found = made["key"][0]
    return None if found is None else str(found)


def changed(old: str, new: str) -> bytes:
    assert old in "".join(HEAD.values())
    return by_hand(head={name: part.replace(old, new) for name, part in HEAD.items()})


FIRST = place("checkup-cda", by_hand())


@pytest.mark.parametrize(
    "again",
    [
        by_hand(result("9N001000000000001", '<value xsi:type="PQ" value="171" unit="cm"/>')),
        changed("東京都港区架空町７－８", "東京都港区架空町９"),
        changed("カクウ　タロウ", "カクウ　タロオ"),
        changed('"20250520"', '"20250620"'),  # written again, a month later
        changed("架空１２", "架空12"),
        changed('extension="01"', 'extension="1"'),
    ],
)
def test_a_checkup_sent_again_has_the_place_of_the_first(again: bytes) -> None:
    assert FIRST is not None
    assert place("checkup-cda", again) == FIRST


@pytest.mark.parametrize(
    "other",
    [
        changed('value="20250510"', 'value="20250511"'),
        changed('code code="10"', 'code code="40"'),
        changed("1312345678", "1312345679"),
        changed("9876501", "9876502"),
        changed("06132013", "06132014"),
        changed("19600501", "19610501"),
        changed('GenderCode code="1"', 'GenderCode code="2"'),
    ],
)
def test_another_checkup_has_another_place(other: bytes) -> None:
    assert place("checkup-cda", other) not in {None, FIRST}


def test_without_a_facility_or_a_card_there_is_no_place() -> None:
    assert place("checkup-cda", changed('extension="1312345678"', 'extension=""')) is None
    assert place("checkup-cda", changed('205" extension="9876501"', '299" extension="9876501"')) is None


def test_stages_of_guidance_are_different_ones() -> None:
    first, second = (by_hand(head={"code": HEAD["code"].replace('"10"', f'"{code}"')}) for code in (21, 22))
    assert place("guidance-cda", first) != place("guidance-cda", second)


@pytest.mark.parametrize("form", ["checkup-claim", "guidance-claim"])
def test_payments_have_the_place_of_their_voucher(form: str) -> None:
    one, other = (data for _, (_, data) in written(form, 2))
    assert place(form, one) == place(form, one.replace(b"<settlement>", b"<settlement> ")) != place(form, other)


@pytest.mark.parametrize("form", ["checkup-orca-csv", "checkup-c2xd-csv"])
def test_rows_have_places(form: str) -> None:
    data = b"".join(format_stream(form, 3, 9_000, 3))
    lines = data.splitlines(keepends=True)
    found = [place(form, line) for line in lines]
    assert None not in found
    assert len(set(found)) == len(lines) > 1
