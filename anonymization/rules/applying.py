"""Applying a rule to a table: columns, rows that stay, their order; and the short form used in docstrings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from anonymization.rules import rule
from anonymization.rules.base import Columns, Parameters

#: The name under which columns of several tables stand in one.
_ANY = "\x00any"


def treated(frame: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """The table afterwards: order, then rows, then columns, each worked out on what was there before."""
    made = rule(parameters.rule)
    order, keep = made.order(parameters), made.keep(parameters)
    after = made.apply(parameters)
    frame = frame if order is None else frame.sort(order)
    frame = frame if keep is None else frame.filter(keep)
    frame = frame.with_columns(expression for expression in after.values() if expression is not None)
    return frame.drop(name for name, expression in after.items() if expression is None)


def together(
    name: str,
    tables: Sequence[tuple[pl.LazyFrame, Columns]],
    options: Mapping[str, object],
    *,
    person: str | None = None,
) -> list[Parameters]:
    """Parameters for several tables of one release: a rule that is `shared` learns once, over all of them.

    Else a person would get two offsets, and a code that ten people carry in two tables would be rare in both.
    """
    made = rule(name)
    if not made.shared:
        return [made.learn(frame, columns, options, person=person) for frame, columns in tables]
    placed = [made.placed(columns) for _, columns in tables]
    own = [] if person is None else [pl.col(person)]
    long = [
        frame.select(*own, *([] if column is None else [pl.col(column).alias(_ANY)]))
        for (frame, _), parts in zip(tables, placed, strict=True)
        for column in (*parts.get(made.parts[0].name, ()),) or (None,)
    ]
    columns = {made.parts[0].name: _ANY} if any(any(parts.values()) for parts in placed) else {}
    learnt = made.learn(pl.concat(long, how="diagonal_relaxed"), columns, options, person=person)
    kinds = [made.kinds(frame, parts) for (frame, _), parts in zip(tables, placed, strict=True)]
    return [replace(learnt, columns=parts, kinds=kind) for parts, kind in zip(placed, kinds, strict=True)]


def after(
    name: str,
    table: Mapping[str, Sequence[object]] | Sequence[object],
    columns: Columns | None = None,
    person: str | None = None,
    **options: object,
) -> list[object] | dict[str, list[object]]:
    """A rule on a small table, for examples: a list is one column ``x``, and so is what comes out."""
    one = not isinstance(table, Mapping)
    cells = table if isinstance(table, Mapping) else {"x": table}
    frame = pl.LazyFrame({column: list(values) for column, values in cells.items()})
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
    asked = [n for n in frame.collect_schema().names() if n != person] if columns is None else columns
    made = treated(frame, rule(name).learn(frame, asked, options, person=person)).collect()
    return made["x"].to_list() if one and "x" in made.columns else made.to_dict(as_series=False)
