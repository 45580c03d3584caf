"""Closed domains on receipt: what lies outside is emptied and counted, however often a word occurs."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.base import BadFile, Column, ColumnClass, Report, Table
from provision.intake.domains import TOLERATED_CELLS, enforce


def column(name: str, dtype: str, domain: str) -> Column:
    return Column(name, name, name, ColumnClass.ORDINARY, dtype, domain)


TABLE = Table(
    "t",
    "t",
    "t",
    (
        column("code", "string", "form:[A-Z][0-9]"),
        column("month", "string", "month"),
        column("sex", "string", "code:sex"),
        column("count", "integer", "range:0..9"),
        column("dose", "decimal", "range:0..9/0.1"),
        column("any", "string", "none"),
    ),
)


def test_cells_outside_their_domain_are_emptied_and_counted_by_column() -> None:
    frame = pl.DataFrame(
        {
            "claim_no": [1, 2, 3],
            "code": ["A1", "", "山"],
            "month": ["2025-13", "2025-12", None],
            "sex": ["1", "3", ""],
            "count": [10, 9, None],
            "dose": [Decimal("9.1"), Decimal("0.0"), None],
            "any": ["", "x", None],
        },
        schema_overrides={"dose": pl.Decimal(18, 1)},
    )
    report = Report()
    made = enforce(TABLE, frame, report)
    assert made.columns == frame.columns
    assert made.schema == frame.schema
    assert made.rows() == [
        (1, "A1", None, "1", None, None, None),
        (2, None, "2025-12", None, 9, Decimal("0.0"), "x"),
        (3, None, None, None, None, None, None),
    ]
    assert report.warnings == {f"outside_domain:t.{name}": 1 for name in ("code", "month", "sex", "count", "dose")}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["A1", "B2", "", None, "x", "山"]), max_size=15), st.integers(1, 300))
def test_a_column_that_repeats_itself_is_judged_as_cell_by_cell(words: list[str | None], times: int) -> None:
    cells = words * times
    wrong = sum(cell in {"x", "山"} for cell in cells)
    frame, report = pl.DataFrame({"code": cells}, schema={"code": pl.String}), Report()
    if wrong > max(TOLERATED_CELLS, len(cells) * 0.01):
        with pytest.raises(BadFile) as caught:
            enforce(TABLE, frame, report)
        assert (caught.value.rule, caught.value.field) == ("domain", "t.code")
        assert caught.value.__context__ is None
    else:
        made = enforce(TABLE, frame, report)
        assert made["code"].to_list() == [cell if cell in {"A1", "B2"} else None for cell in cells]
    assert report.warnings.get("outside_domain:t.code", 0) == wrong
