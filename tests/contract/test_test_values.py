"""One shape of test values and answers in every dataset, and items told by their codes alone."""

from __future__ import annotations

import polars as pl
import pytest

from provision import codes
from provision.formats import formats
from provision.formats.coverage import editions
from provision.formats.testvalues import ANSWER, DECLARED, JLAC10, LOINC, TEST_VALUE, is_number, item_of, items

SHAPES = {"test_value": TEST_VALUE, "answer": ANSWER}


@pytest.mark.parametrize("name", sorted(formats()))
def test_every_table_of_values_has_the_one_shape(name: str) -> None:
    for edition in editions(formats()[name]):
        for table in edition.dataset.tables:
            if table.name in SHAPES:
                assert table.columns == SHAPES[table.name]


@pytest.mark.parametrize(
    ("system", "code", "item"),
    [
        (JLAC10, "3D046000001906202", "hba1c"),
        (JLAC10, "3D046000001999902", "hba1c"),
        (JLAC10, "3D045000001906202", "hba1c_jds"),  # JDS and NGSP must not be compared
        (JLAC10, "3D010000001926101", "glucose_fasting"),
        (JLAC10, "3D010129901926101", "glucose_casual"),
        (JLAC10, "3A015000002327101", "albumin"),
        (JLAC10, "3A015000000106101", "urine_albumin"),  # the material tells serum from urine
        (JLAC10, "3A015000000106128", ""),  # per creatinine: another quantity
        (JLAC10, "3C015161602399911", ""),  # 対象者: who was tested, not what was found
        (JLAC10, "9A755000000000001", "systolic"),
        (JLAC10, "9N016160300000001", "waist"),
        (LOINC, "4548-4", "hba1c"),
        (LOINC, "9999-9", ""),
        (DECLARED, "3D046000001906202", ""),
    ],
)
def test_items_by_code(system: str, code: str, item: str) -> None:
    assert item_of(system, code) == item


def test_whole_columns_of_codes() -> None:
    systems = pl.Series([JLAC10, LOINC, None, JLAC10], dtype=pl.String)
    found = items(systems, pl.Series(["9N001000000000001", "8302-2", "8302-2", None], dtype=pl.String))
    assert found.to_list() == ["height", "height", None, None]


def test_every_item_has_a_code_and_no_code_two_items() -> None:
    path = next(folder / "test_item.tsv" for folder in codes.folders() if (folder / "test_item.tsv").is_file())
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[2:]]
    words = [word for row in rows for word in row[3].split()]
    assert all(row[3] for row in rows)
    assert len(words) == len(set(words))


def test_items_whose_result_is_a_sign_are_no_numbers() -> None:
    """Everything else of the list is measured; of a code that says it is something else, nothing is known."""
    every = codes.load("test_item").names
    assert {item for item in every if not is_number(item, DECLARED, None)} == {
        "urine_sugar", "urine_protein", "urine_occult_blood",
    }  # fmt: skip
    assert not is_number(None, LOINC, "9999-9")
    assert [is_number("hba1c", JLAC10, f"3D0460000019062{end}") for end in ("", "01", "02", "11", "49")] == [
        True, True, True, False, False,
    ]  # fmt: skip
