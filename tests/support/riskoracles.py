"""Published figures of others (ARX, sdcMicro, pyCANON, ANJANA), where they lie beside the checkout; else skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from anonymization.risk.search.hierarchy import Hierarchy
from provision import plaintables

FOLDER = Path(__file__).parents[2].parent / "shared" / "oracles"
ADULT = ("sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation",
         "salary-class")  # fmt: skip


def oracle(name: str) -> Path:
    """A file of an oracle; skips the test where it is not there."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the oracle {name} is not beside this checkout")
    return path


def figures(name: str) -> Any:
    """Expected figures."""
    return json.loads(oracle(name).read_text(encoding="utf-8"))


def adult() -> pl.DataFrame:
    """ARX's Adult table, 30,162 rows."""
    return plaintables.read(oracle("arx/data/adult.csv"), ADULT)


def adult_hierarchies(columns: tuple[str, ...] = ADULT) -> list[Hierarchy]:
    """Its hierarchies, for these columns."""
    return [hierarchy("arx/data/adult_hierarchy_{}.csv", name) for name in columns]


def hierarchy(path: str, column: str) -> Hierarchy:
    """One hierarchy file."""
    return Hierarchy(column, tuple(plaintables.labels(oracle(path.format(column)), "hierarchy")))


def adult_subset(table: pl.DataFrame) -> pl.Series:
    """Which rows of Adult are the research subset of ARX's cases (3,016 rows, the first of equal ones)."""
    subset = plaintables.read(oracle("arx/data/adult_subset.csv"), ADULT)
    numbered = [frame.with_columns(n=pl.int_range(pl.len()).over(ADULT)) for frame in (table, subset)]
    marked = numbered[0].join(
        numbered[1].with_columns(hit=True), on=[*ADULT, "n"], how="left", maintain_order="left"
    )  # fmt: skip
    return marked["hit"].fill_null(False)
