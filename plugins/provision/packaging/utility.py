"""有用性: what the made tables still say: marginals, associations, empty cells. From made tables alone.

Small-cell rule: a value stands by its name only if at least `LEAST` people have it (rows, where no number tells people
apart); the others are counted together, and not even that where they are fewer than `LEAST` (NDB: no cell under 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl

from provision.releasing.shapes import CLAIM, PERSON, ReleaseTable

LEAST = 10
#: Values of a column that are named, the most frequent first.
NAMED = 20
OTHERS = "*"


def read(bag: Path, shape: ReleaseTable) -> pl.DataFrame:
    """A table of the payload, all text, empty cells null; Parquet where the plan asked for it."""
    tables = bag / "data" / "tables"
    parquet = tables / f"{shape.name}.parquet"
    if parquet.is_file():
        return pl.read_parquet(parquet).cast(pl.String)
    return pl.read_csv(tables / f"{shape.name}.csv", infer_schema=False)


def utility(bag: Path, shapes: Sequence[ReleaseTable]) -> dict[str, object]:
    """Marginals of every column with a closed list of values, and associations of what is counted of people."""
    marginals, associations = [], []
    for shape in shapes:
        frame = read(bag, shape)
        marginals += [
            {"table": shape.name, "column": column.name, **marginal(frame, column.name)}
            for column in shape.columns if column.name not in (PERSON, CLAIM)
        ]  # fmt: skip
        for one, other in combinations(sorted(shape.counted), 2):
            found = association(frame, one, other)
            associations.append({"table": shape.name, "columns": [one, other], "cramers_v": found})
    return {"least": LEAST, "marginals": marginals, "associations": associations}


def marginal(frame: pl.DataFrame, column: str) -> dict[str, object]:
    """Rows, filled cells, and people (or rows) by value under the small-cell rule."""
    counts = _counts(frame, column)
    named = counts.filter(pl.col("n") >= LEAST).head(NAMED)
    rest = int(counts["n"].sum()) - int(named["n"].sum())
    values = [{"value": value, "count": n} for value, n in named.iter_rows()]
    if rest >= LEAST:
        values.append({"value": OTHERS, "count": rest})
    return {"rows": frame.height, "filled": frame[column].count(), "different": counts.height, "values": values}


def association(frame: pl.DataFrame, one: str, other: str) -> str | None:
    """Cramér's V of two columns over rows, between values that pass the small-cell rule; None where there is none."""
    kept = frame.select(one, other).drop_nulls()
    for name in (one, other):
        named = _counts(frame, name).filter(pl.col("n") >= LEAST)[name]
        kept = kept.filter(pl.col(name).is_in(named.implode()))
    cells = kept.group_by(one, other).len().pivot(on=other, index=one, values="len").drop(one).fill_null(0).to_numpy()
    if kept.height == 0 or min(cells.shape) < 2:
        return None
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0)) / cells.sum()
    square = float(((cells - expected) ** 2 / expected).sum())
    return f"{(square / (cells.sum() * (min(cells.shape) - 1))) ** 0.5:.4f}"


def _counts(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Value and people who have it, the most frequent first; rows where no number tells people apart."""
    people = pl.col(PERSON).n_unique() if PERSON in frame.columns else pl.len()
    filled = frame.filter(pl.col(column).is_not_null())
    return filled.group_by(column).agg(people.alias("n")).sort(["n", column], descending=[True, False])


def loss(made: Mapping[str, object]) -> list[dict[str, object]]:
    """Per generalised column what is left of its values: levels, labels of so many values."""
    found = made.get("generalisation")
    columns = found["columns"] if isinstance(found, Mapping) else []
    return [
        {name: one[name] for name in ("column", "hierarchy", "level", "height", "labels", "values")} for one in columns
    ]
