"""Columns of dates in plain digits, read all at once, are what reading them word by word makes of them."""

from __future__ import annotations

from typing import get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import dates, plaindates

_DAYS = st.dates().map(lambda day: f"{day:%Y%m%d}".zfill(8))
_PLAIN = st.one_of(_DAYS, st.sampled_from(["20240229", "20240230", "20241301", "19000229", "18671231", "22000101"]))
_DIVIDED = st.tuples(_PLAIN, st.sampled_from("/.-")).map(lambda d: f"{d[0][:4]}{d[1]}{d[0][4:6]}{d[1]}{d[0][6:]}")
_OPEN = st.sampled_from(["00000000", "99999999", "000000", "999999", "0000/00/00"])
_STRANGE = st.sampled_from(
    ["", " ", "5060401", "S570506", "2024/2/29", "２０２４０２２９", "架空", "0" * 300, "20240229 "]
)
_COLUMNS = st.one_of(
    st.lists(st.one_of(st.none(), kind, _OPEN), max_size=30)
    for kind in (_DAYS, _PLAIN, _DIVIDED, _PLAIN.map(lambda day: day[:6]))
)  # fmt: skip


@pytest.mark.parametrize("form", get_args(plaindates.Form))
@settings(max_examples=300, deadline=None)
@given(column=st.one_of(_COLUMNS, st.lists(st.one_of(_PLAIN, _STRANGE), max_size=5)), first=st.integers(0, 3))
def test_a_column_is_what_its_words_are(form: plaindates.Form, column: list[str | None], first: int) -> None:
    cells = pl.Series("day", column, dtype=pl.String)[first:]
    made = plaindates.read(cells, form)
    if made is not None:
        assert made.to_list() == dates._read(cells, dates._SHAPES[form]).to_list()


@pytest.mark.parametrize(
    ("form", "cells", "read"),
    [
        ("date", ["20240229", None, "00000000", "19570506"], ["2024-02-29", None, None, "1957-05-06"]),
        ("date", ["1957/05/06", None], ["1957-05-06", None]),
        ("day", ["1957-05-06", "20240229"], None),  # written in two ways
        ("day", ["1957-05-06"], ["19570506"]),
        ("day", ["195705"], None),
        ("month", ["195705", "999999"], ["1957-05", None]),
        ("month", ["19570506"], ["1957-05"]),
        ("digits", ["195705"], ["195705"]),
        ("digits", ["20240230"], None),  # no day: what is lost is for the careful way
        ("digits", [None, None], None),
    ],
)
def test_forms(form: plaindates.Form, cells: list[str | None], read: list[str | None] | None) -> None:
    made = plaindates.read(pl.Series(cells, dtype=pl.String), form)
    assert (made if made is None else made.to_list()) == read
