"""What a stored value may look like: cells outside their column's domain are removed on receipt and counted.

A name written where a code belongs must not enter the store. A few such cells are counted as warnings; a column with
more than one in a hundred of the file so far is not what the format says, and the file is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from provision import codes
from provision.formats.base import BadFile, Column, Report, Table
from provision.formats.tables import bounds

#: Cells outside their domain are counted under this and their column.
OUTSIDE = "outside_domain:"
TOLERATED_SHARE = 0.01
TOLERATED_CELLS = 20
_SAMPLE = 1_000
#: Tables of so few rows are looked at as a whole first.
_FEW = 16_000

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
    report.rows[table.name] = report.rows.get(table.name, 0) + frame.height
    names = set(frame.columns)
    columns = [column for column in table.columns if column.name in names]
    if frame.height <= _FEW and _all_inside(columns, frame):
        return frame
    return frame.with_columns(_inside(table.name, column, frame, report) for column in columns)


def _all_inside(columns: Sequence[Column], frame: pl.DataFrame) -> bool:
    """Whether no cell is empty text or outside its domain: asked of all columns at once, as a question costs more than
    looking at a few cells."""
    filled = (column for column in columns if frame[column.name].null_count() < frame.height)
    asked = [check for column in filled if (check := _whole(column, codes.of_domain(column.domain))) is not None]
    return not asked or all(frame.select(asked).row(0))


@lru_cache(maxsize=4_096)
def _whole(column: Column, _: codes.CodeTable | None) -> pl.Expr | None:
    """True where no cell of a column is empty text or outside its domain, None where any value may stand in it. Made
    once per column and code list (another configuration may have another): an expression costs as much as what it asks
    of a few cells."""
    cells, inside = pl.col(column.name), admits(column, column.name)
    filled = cells != "" if column.dtype == "string" else None
    both = inside if filled is None else filled if inside is None else filled & inside
    return None if both is None else both.all()  # of null cells it asks nothing


def _inside(table: str, column: Column, frame: pl.DataFrame, report: Report) -> pl.Series:
    """The cells without the ones that are empty or outside the domain; those are counted."""
    cells = frame[column.name]
    if column.dtype == "string" and (blank := cells == "").any():
        cells = cells.set(blank, None)
    check = admits(column, column.name)
    if check is None or not cells.len():
        return cells
    words = _words(cells)  # a form is looked at once per word, not per cell
    outside = words.filter(~words.to_frame().select(check).to_series().fill_null(True))
    if not outside.len():
        return cells
    wrong = cells.is_in(outside.implode()).fill_null(False)
    _count(table, column, frame.filter(wrong), report)
    return cells.set(wrong, None)


def _count(table: str, column: Column, wrong: pl.DataFrame, report: Report) -> None:
    place = f"{table}.{column.name}"
    report.warn(f"{OUTSIDE}{place}", wrong.height)
    if report.outside is not None:
        report.outside.setdefault(place, set()).update(wrong["claim_no"])
    else:
        check_share(report, place)


def check_share(report: Report, place: str) -> None:
    """Raises `BadFile` where more than a few cells of a column (``table.column``) were outside its domain so far."""
    rows = report.rows.get(place.partition(".")[0], 0)
    if report.warnings.get(f"{OUTSIDE}{place}", 0) > max(TOLERATED_CELLS, rows * TOLERATED_SHARE):
        raise BadFile("domain", field=place, remedy="the column holds something else; ask the sender")


def _words(cells: pl.Series) -> pl.Series:
    """The different cells of a text column that repeats itself; of any other column its cells."""
    repeats = cells.dtype == pl.String and cells.head(_SAMPLE).n_unique() <= max(1, min(cells.len(), _SAMPLE) // 2)
    return cells.unique() if repeats else cells
