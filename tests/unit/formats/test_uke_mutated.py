"""Mutated valid files of the UKE family end parsed or refused, and what is stored of them holds nothing planted."""

from __future__ import annotations

import io
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import formats
from provision.formats.base import BadFile, Report
from tests.support.uke import encoded
from tests.support.ukekinds import PLANTED
from tests.unit.formats import test_recodeinfo, test_uke_dental, test_uke_dispensing, test_uke_dpc

FILES = {
    "uke-dental": encoded([test_uke_dental.UK, *test_uke_dental.CLAIM, *test_uke_dental.CLAIM, test_uke_dental.GO]),
    "uke-dispensing": encoded(
        [test_uke_dispensing.YK, *test_uke_dispensing.CLAIM, *test_uke_dispensing.CLAIM, test_uke_dispensing.GO]
    ),
    "uke-dpc": encoded([*test_uke_dpc.FILE, "GO,2,200,99"]),
    "recodeinfo-medical": encoded(test_recodeinfo.FILE),
}
CUTS = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from([b"", b",", b"\r\n", b'"', b"RE,", b"IR,", b"9"]))


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(CUTS, min_size=1, max_size=3))
def test_a_mutated_file_ends_well(form: str, cuts: list[tuple[float, int, bytes]]) -> None:
    data = FILES[form]
    for where, length, put in cuts:
        at = int(where * len(data))
        data = data[:at] + put + data[at + length :]
    error: BadFile | None = None
    try:
        for parcel in formats()[form].read(io.BytesIO(data), Report(), {}):
            claims = parcel.tables.get("claim")
            assert parcel.people.height == (0 if claims is None else claims.height)
    except BadFile as caught:
        error = caught
    if error is not None:
        shown = "".join(traceback.format_exception(error))
        assert error.rule
        assert error.remedy
        assert not [word for word in PLANTED if word in shown]
