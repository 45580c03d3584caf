"""定義の変更: what the batches in the store were taken in by, against what config/layouts says today.

A layout may gain columns, headings and words. What a stored column means may not change under one name: rows of before
and after would be mixed in one table. The log keeps the shape of every accepted batch; a change asks for a new column
name, or a new layout id, which is a dataset of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provision.context import Context
from provision.errors import FixConfiguration
from provision.layouts import Answer, Layout, LayoutColumn, TestValue

#: Column of a table -> what it is, and what the words of the sender mean.
Shape = dict[str, dict[str, object]]


def shape(layout: Layout) -> Shape:
    """What is stored by a layout, as the log keeps it: columns, test values and answers, and the head table's name."""
    made: Shape = {"": {"is": [layout.head.name]}}
    for _, column in layout.headed():
        if not isinstance(column, LayoutColumn) or column.stored:
            name, said = _said(column)
            # several columns of one item are one: their order in the file says nothing
            made[name] = {"is": sorted({*map(str, _list(made.get(name, {}).get("is"))), *said}), "words": column.values}
    return made


def _said(column: LayoutColumn | TestValue | Answer) -> tuple[str, list[str]]:
    if isinstance(column, LayoutColumn):
        said = f"{column.cls} {column.dtype} {column.domain} {column.unit}"
        return column.name, [said.strip()]
    if isinstance(column, TestValue):
        name = column.item or f"{column.system} {column.code}"
        return f"test_value {name}", [f"{column.system or ''} {column.code or ''} {column.unit}".strip()]
    return f"answer {column.question}", [f"{column.system or ''} {column.number} {column.unit}".strip()]


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def shapes_of(ctx: Context, datasets: Iterable[str]) -> dict[str, Shape]:
    """Shapes of those of the datasets that layouts define, for the log."""
    return {name: shape(ctx.layouts[name]) for name in sorted(datasets) if name in ctx.layouts}


def check_layouts(ctx: Context, datasets: Iterable[str]) -> None:
    """Raise `FixConfiguration` where accepted batches of one of the datasets were taken in by another meaning."""
    now = shapes_of(ctx, datasets)
    if not now:
        return
    for entry in ctx.ledger.entries(type="batch.accepted"):
        then: Mapping[str, Any] = entry.payload.get("layouts", {})
        for dataset in now.keys() & then.keys():
            changed = sorted(name for name in then[dataset] if _differs(then[dataset][name], now[dataset].get(name)))
            if changed:
                raise FixConfiguration(
                    f"the layout changed what is stored as {changed[0] or 'the head table'}: batches in the store have"
                    " the former meaning",
                    where=f"config/layouts/{dataset}.yaml", rule="layout.changed",
                    remedy="give the column another name, or the changed layout an id of its own",
                )  # fmt: skip


def _differs(then: Mapping[str, Any], now: Mapping[str, Any] | None) -> bool:
    """Whether a stored column is another one now. One that is not asked for any more is none; words may be added."""
    if now is None:
        return False
    words = now.get("words", {})
    moved = any(word in words and words[word] != code for word, code in then.get("words", {}).items())
    return then["is"] != now["is"] or moved
