"""Insurer numbers, their check digits, and the shape of a My Number."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.formats.numbers import (
    canonical_care_number,
    canonical_insurer,
    check_digit,
    failing_insurer_numbers,
    is_my_number,
    passes_check,
)

DIGITS = st.text("0123456789", min_size=5, max_size=5) | st.text("0123456789", min_size=7, max_size=7)


def test_padding_and_width_make_no_difference() -> None:
    values = pl.Series("v", ["00138057", "  138057", "138057", "１３８０５７", "39-131234", "", " ", None])
    read = values.to_frame().select(canonical_insurer(pl.col("v"))).to_series().to_list()
    assert read == ["138057"] * 4 + ["39131234", None, None, None]


def test_care_numbers_have_ten_places() -> None:
    values = pl.Series("v", ["123", "0000000123", "h000000123", "Ｈ０００００００１２", "", None])
    read = values.to_frame().select(canonical_care_number(pl.col("v"))).to_series().to_list()
    assert read == ["0000000123", "0000000123", "H000000123", "H000000012", None, None]


@pytest.mark.parametrize("number", ["01130012", "06132013", "19136019", "33120015", "34130021", "01010016", "138057"])
def test_published_numbers_pass(number: str) -> None:
    assert passes_check(number)


@pytest.mark.parametrize("number", ["83136019", "67999991", "00012345", "", "1", "１３８０５７", "1380570", "13805x"])
def test_others_fail(number: str) -> None:
    assert not passes_check(number)


@given(DIGITS)
def test_exactly_one_digit_completes_a_number(body: str) -> None:
    assert [d for d in range(10) if passes_check(f"{body}{d}")] == [check_digit(body)]


@given(DIGITS, st.data())
def test_one_wrong_digit_is_always_noticed(body: str, data: st.DataObject) -> None:
    number = f"{body}{check_digit(body)}"
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    assert not passes_check(number[:place] + other + number[place + 1 :])


def test_failing_numbers_are_counted_by_row() -> None:
    assert failing_insurer_numbers(pl.Series(["138057", "138058", "138058", "", None], dtype=pl.String)) == 2


@given(st.text("0123456789", min_size=11, max_size=11))
def test_exactly_one_digit_completes_a_my_number(body: str) -> None:
    assert sum(is_my_number(f"{body}{digit}") for digit in range(10)) == 1


@pytest.mark.parametrize("text", ["123456789012", "12345678901", "１２３４５６７８９０１８", "12345678901a", ""])
def test_others_are_no_my_number(text: str) -> None:
    assert is_my_number("123456789018")
    assert not is_my_number(text)
