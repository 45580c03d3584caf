"""What a stored value may look like: cells outside their column's domain are removed on receipt and counted.

A name written where a code belongs must not enter the store. A few such cells are counted as warnings; a column with
more than one in a hundred of the file so far is not what the format says, and the file is refused.
"""

from __future__ import annotations

import polars as pl

from provision import codes
from provision.formats.base import BadFile, Column, Report, Table
from provision.formats.tables import bounds

TOLERATED_SHARE = 0.01
TOLERATED_CELLS = 20

FORMS = {
    "month": r"[0-9]{4}-(0[1-9]|1[0-2])",
    "date": r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "zip3": r"[0-9]{3}",
    "insurer": r"[0-9]{6}|[0-9]{8}",
}


def admits(column: Column, name: str) -> pl.Expr | None:
    """True where the value of `name` lies in the column's domain; None where the domain is not closed."""
    word, _, rest = column.domain.partition(":")
    if word == "code":
        return pl.col(name).is_in(list(codes.load(rest).names))
    if word == "form":
        return pl.col(name).str.contains(rf"^(?:{rest})$")
    if word in FORMS:
        return pl.col(name).str.contains(rf"^(?:{FORMS[word]})$")
    if word == "range":
        low, high, _ = bounds(column.domain)
        return (
            pl.col(name).is_between(pl.lit(low), pl.lit(high))
            if column.dtype == "decimal"
            else pl.col(name).is_between(int(low), int(high))
        )
    return None


def enforce(table: Table, frame: pl.DataFrame, report: Report) -> pl.DataFrame:
    """Empty strings become null, cells outside their domain too; raises `BadFile` where it is more than a few."""
    columns = [c for c in table.columns if c.name in frame.columns]
    text = [pl.when(pl.col(c.name) != "").then(pl.col(c.name)).alias(c.name) for c in columns if c.dtype == "string"]
    frame = frame.with_columns(text)
    checks = {c.name: check for c in columns if (check := admits(c, c.name)) is not None}
    wrong = frame.select([(~check).fill_null(False).alias(name) for name, check in checks.items()])
    report.rows[table.name] = report.rows.get(table.name, 0) + frame.height
    for name, count in wrong.sum().row(0, named=True).items() if wrong.width else ():
        if not count:
            continue
        rule = f"outside_domain:{table.name}.{name}"
        report.warn(rule, int(count))
        if report.warnings[rule] > max(TOLERATED_CELLS, report.rows[table.name] * TOLERATED_SHARE):
            raise BadFile(
                "domain", field=f"{table.name}.{name}", remedy="the column holds something else; ask the sender"
            )
        frame = frame.with_columns(pl.when(~wrong[name]).then(pl.col(name)).alias(name))
    return frame
