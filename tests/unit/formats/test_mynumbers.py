"""My Numbers in a table: found by heading, by label and by check digit, in every kind of file, in any column."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.formats.base import BadFile
from provision.formats.mynumbers import is_heading, refuse_labels
from provision.formats.numbers import is_my_number
from tests.support.madeup import BASE, FILES, HEADER, ROWS, of_kind, read, workbook

KINDS = sorted(FILES)


def my_number(body: int) -> str:
    """A number of 12 digits that passes the check digit."""
    return next(number for digit in range(10) if is_my_number(number := f"{body:011d}{digit}"))


def other_number(body: int) -> str:
    """One that does not."""
    return next(number for digit in range(10) if not is_my_number(number := f"{body:011d}{digit}"))


NUMBERS = [my_number(23_456_789_012 + 7 * step) for step in range(30)]


def rule(kind: str, data: bytes, **changes: Any) -> str:
    """The rule by which the file is refused, "" where it is taken."""
    said = ""
    try:
        read(of_kind(kind, BASE, **changes), data)
    except BadFile as error:
        said, shown = error.rule, str(error) + repr(vars(error))
    assert not said or not any(number in shown for number in NUMBERS)
    return said


def with_column(cells: list[Any], heading: str = "整理番号") -> tuple[list[list[Any]], list[str]]:
    """Rows with one more column."""
    return [[*ROWS[at % 3], cell] for at, cell in enumerate(cells)], [*HEADER, heading]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "heading", ["個人番号", "マイナンバー", "ﾏｲﾅﾝﾊﾞｰ（12桁）", "My Number", "被保険者の個 人 番 号", "MYNUMBER"]
)
def test_by_heading(kind: str, heading: str) -> None:
    rows, header = with_column([1, 2, 3], heading)
    assert rule(kind, FILES[kind](rows, header)) == "my_number"
    assert rule(kind, FILES[kind](rows, header), unknown_columns="refuse") == "my_number"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "label", ["個人番号", "【マイナンバー】", "マイナンバー：", "個人番号(12桁)", "My number", "個人番号：123456789018"]
)
def test_by_label(kind: str, label: str) -> None:
    """In a column we drop, under a heading that says nothing."""
    assert rule(kind, FILES[kind](*with_column(["a", label, "c"]))) == "my_number"


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_with_the_word_is_no_label(kind: str) -> None:
    assert rule(kind, FILES[kind](*with_column(["マイナンバーカードで受付", "個人番号は聞いていない", "c"]))) == ""


@pytest.mark.parametrize("kind", ["delimited", "excel"])
def test_by_label_above_the_header(kind: str) -> None:
    settings = {"kind": kind, "header_row": 3}
    above = [["個人番号"] + [""] * (len(HEADER) - 1), [""] * len(HEADER), HEADER]
    assert rule(kind, FILES[kind]([*above[2:], *ROWS], above[0]), file={**settings, "header_row": 2}) == "my_number"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("heading", ["整理番号", "備考"])
@pytest.mark.parametrize("written", [str, int, lambda number: f"{number[:4]}-{number[4:8]}-{number[8:]}"])
def test_by_check_digit_in_any_column(kind: str, heading: str, written: Any) -> None:
    """In one nobody declared and in one we know, as text, as a number and in groups of four."""
    cells = [written(number) for number in NUMBERS]
    if heading == "整理番号":
        assert rule(kind, FILES[kind](*with_column(cells))) == "my_number"
    else:
        at = HEADER.index(heading)
        rows = [[*ROWS[0][:at], cell, *ROWS[0][at + 1 :]] for cell in cells]
        assert rule(kind, FILES[kind](rows, HEADER)) == "my_number"


@pytest.mark.parametrize("kind", KINDS)
def test_as_decimal_numbers_with_gaps(kind: str) -> None:
    """What a database writes of whole numbers where some are missing."""
    cells = [float(number) if at % 3 else None for at, number in enumerate(NUMBERS)]
    if kind == "delimited":
        cells = [None if cell is None else int(cell) for cell in cells]  # type: ignore[misc]
    assert rule(kind, FILES[kind](*with_column(cells))) == "my_number"


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_which_a_tenth_passes_are_none(kind: str) -> None:
    cells = [*(other_number(12_345_678_901 + step) for step in range(9)), *(my_number(5 + step) for step in range(2))]
    assert rule(kind, FILES[kind](*with_column(cells))) == ""


def test_another_sheet_is_searched_too() -> None:
    plain = workbook(also={"控え": [["番号"], ["12"]]})
    sheets = {"kind": "excel", "sheet": "調査"}
    assert rule("excel", plain, file=sheets) == ""
    for content in ([["整理"], *([number] for number in NUMBERS)], [["個人番号の控え"], [1]], [["控え"], ["個人番号"]]):
        assert rule("excel", workbook(also={"控え": content}), file=sheets) == "my_number"


@given(st.text(max_size=20))
def test_labels_never_break(text: str) -> None:
    is_heading(text)
    with contextlib.suppress(BadFile):
        refuse_labels([text])
