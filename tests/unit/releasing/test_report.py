"""The recipients' report: what they could count themselves, under the small-cell rule, and nothing of the method."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from provision.config import load_plans, load_profiles
from provision.formats.base import Column, ColumnClass
from provision.packaging.report import report
from provision.packaging.tableformats import TABLE_FORMATS
from provision.packaging.utility import read
from provision.releasing.shapes import NUMBERS, PERSON, ReleaseTable
from tests.support.house import ROOT

PLAN = load_plans(ROOT / "config").items["claims-for-university"]
SEX = Column("sex", "性別", "Sex", ColumnClass.QUASI, "string", "code:sex")
POINTS = Column("points", "点数", "Points", ColumnClass.ORDINARY, "integer", "range:0..9")
SHAPE = ReleaseTable(
    "claim", "d", "レセプト", "Claim", (NUMBERS[PERSON], SEX, POINTS), head=True, counted={"sex": "sex"}
)


def frame() -> pl.DataFrame:
    """Fifteen men with two rows each, four women, and one row of points nobody filled."""
    rows = [(p, "1" if p < 15 else "2", 7 if p else None) for p in range(19) for _ in range(2 if p < 15 else 1)]
    return pl.DataFrame(rows, schema=[PERSON, "sex", "points"], orient="row")


def test_counts_of_people_under_the_small_cell_rule() -> None:
    page = report(PLAN, "r-x", [SHAPE], {"claim": frame()})
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "34 行 rows、19 人 people" in text
    assert re.search(r"sex 性別 Sex 0\.0% 1 .{1,20}: 15 ", text)  # the four women are not even told together
    assert re.search(r"points 点数 Points 5\.9% ", text)
    assert page == report(PLAN, "r-x", [SHAPE], {"claim": frame()})


def test_nothing_of_the_method(tmp_path: Path) -> None:
    profile = load_profiles(ROOT / "config").items[PLAN.profile]
    page = report(PLAN, "r-x", [SHAPE], {"claim": frame()})
    for word in (profile.id, profile.law, "suppress", "除外", "一般化", "k-", "rule", "規則"):
        assert word not in page


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_table_of_either_format_is_read_as_text(tmp_path: Path, kind: str) -> None:
    form = TABLE_FORMATS[kind]
    (tmp_path / "data" / "tables").mkdir(parents=True)
    form.write(frame(), tmp_path / "data" / "tables" / f"claim.{form.ending}")
    assert read(tmp_path, SHAPE).equals(frame().cast(pl.String))
