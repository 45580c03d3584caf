"""受領時の加工: the floor of de-identification, applied to every table before anything is stored.

This floor is code on purpose. Configuration can ask for more, never for less, so that no mistake in a file lets a
name, an address or an ID into the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from anonymization.rules import rules

#: column class -> rule; classes that are not here stay as they are. An unknown class is an error.
FLOOR: Mapping[str, str] = {
    "direct": "drop-column",
    "link": "drop-column",
    "free": "drop-column",
    "provider_name": "drop-column",
    "technical": "drop-column",
    "reserved": "drop-column",
    "birth": "birth-month",
    "zip": "zip3",
    "insurer": "insurer-number",
}
KEPT = frozenset({"provider", "sensitive", "quasi", "ordinary"})


@dataclass
class Applied:
    """Counts of what was done: rule -> cells that held something and were deleted or made coarser."""

    cells: dict[str, int] = field(default_factory=dict)

    def add(self, rule: str, count: int) -> None:
        """Count `count` more cells for `rule`."""
        if count:
            self.cells[rule] = self.cells.get(rule, 0) + count

    def add_all(self, other: Applied) -> None:
        """Count what was counted elsewhere."""
        for rule, count in other.cells.items():
            self.add(rule, count)


def on_receipt(frame: pl.DataFrame, classes: Mapping[str, str], applied: Applied) -> pl.DataFrame:
    """De-identify one raw table by the class of each column; columns without a class are refused (ValueError).

    `frame` may hold keys of ours (``claim_no``) that are not in `classes`: they must be listed there as ordinary.
    """
    unclassed = [name for name in frame.columns if name not in classes]
    if unclassed:
        raise ValueError(f"{len(unclassed)} columns without a class")
    kept: list[pl.Expr] = []
    changed = False
    for name in frame.columns:
        rule_id = FLOOR.get(classes[name])
        if rule_id is None:
            if classes[name] not in KEPT:
                raise ValueError(f"unknown class {classes[name]}")
            kept.append(pl.col(name))
            continue
        changed = True
        applied.add(rule_id, _filled(frame[name]))
        expression = rules()[rule_id].apply(rules()[rule_id].learn(frame.lazy(), name, {}))[name]
        if expression is not None:
            kept.append(expression)
    return frame.select(kept) if changed else frame


def _filled(column: pl.Series) -> int:
    if column.dtype == pl.String:
        return int((column != "").sum())  # null is neither
    return column.len() - column.null_count()
